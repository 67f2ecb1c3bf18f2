//! What the policy's rules make of the sites that can serve an order, rule by rule.

use core::cmp::Ordering;
use std::collections::BTreeSet;

use crate::fulfil::{Condition, ExcludedBy, Offer, OfferTerms, RankBy, RulesData, Way};
use crate::id::SiteId;
use crate::order::Order;
use crate::site::{Site, SiteKind};
use crate::units::Units;
use crate::verify::options::sites::Judge;

/// What may be offered, from a site with so much room.
#[derive(Clone, Copy)]
pub(super) struct Able<'a> {
    pub(super) site: &'a Site,
    pub(super) offer: Offer,
    room: Units,
}

/// Rules, and of whom they are asked.
pub(super) struct Ruling<'a> {
    rules: &'a RulesData,
    order: &'a Order,
    home: Option<SiteId>,
}

/// What became of those who are able, each way.
pub(super) struct Ruled<'a> {
    /// Who is left, the best first.
    pub(super) left: Vec<Able<'a>>,
    pub(super) excluded: Vec<(SiteId, ExcludedBy)>,
    /// The soft rules that were relaxed.
    pub(super) relaxed: BTreeSet<usize>,
}

impl<'a> Able<'a> {
    pub(super) fn new(judge: &Judge<'_>, site: &'a Site, offer: Offer) -> Self {
        let view = judge.finder.counter().site(site.id);
        let room = view.map_or(0, |view| view.capacity.0.saturating_sub(view.load.0));
        Self {
            site,
            offer,
            room: Units(room),
        }
    }
}

impl<'a> Ruling<'a> {
    pub(super) fn new(judge: &Judge<'a>) -> Self {
        let counter = judge.finder.counter();
        let is_there = |home: &SiteId| counter.network().site(*home).is_some();
        let known = judge
            .order
            .customer
            .and_then(|customer| counter.home(customer));
        let known = known.filter(is_there);
        Self {
            rules: &judge.finder.policy().settings().rules,
            order: judge.order,
            home: known.or_else(|| judge.order.home.filter(is_there)),
        }
    }

    /// First all soft rules count; as long as nobody is left, one less, from the last up.
    pub(super) fn ruled(&self, able: &[Able<'a>]) -> Ruled<'a> {
        let mut counted = self.rules.soft.len();
        loop {
            let (mut left, mut excluded) = (Vec::new(), Vec::new());
            for one in able {
                match self.broken(one, counted) {
                    Some(by) => excluded.push((one.site.id, by)),
                    None => left.push(*one),
                }
            }
            let only_hard = excluded
                .iter()
                .all(|(_, by)| matches!(by, ExcludedBy::Hard(_)));
            if left.is_empty() && !only_hard {
                counted -= 1;
                continue;
            }
            let uncounted = counted..self.rules.soft.len();
            let relaxed = uncounted.filter(|place| {
                let soft = &self.rules.soft[*place];
                left.iter().any(|one| !self.meets(one, soft))
            });
            let relaxed = relaxed.collect();
            left.sort_by(|a, b| {
                self.compare(a, b)
                    .then(self.cost(a).cmp(&self.cost(b)))
                    .then(a.site.id.cmp(&b.site.id))
            });
            return Ruled {
                left,
                excluded,
                relaxed,
            };
        }
    }

    /// Which of two offers, of whatever ways, comes first.
    pub(super) fn which_first(&self, a: &Able<'_>, b: &Able<'_>) -> Ordering {
        let terms = |one: &Able<'_>| {
            let promised_by = one.offer.terms.promised_by();
            match one.offer.terms {
                OfferTerms::Pickup { discount, .. } => (-i128::from(discount.0), promised_by),
                OfferTerms::Delivery(ride) => (i128::from(ride.fee.0), promised_by),
            }
        };
        let way = |one: &Able<'_>| one.offer.terms.way() == Way::Delivery;
        self.compare(a, b)
            .then(terms(a).cmp(&terms(b)))
            .then(self.cost(a).cmp(&self.cost(b)))
            .then(a.site.id.cmp(&b.site.id))
            .then(way(a).cmp(&way(b)))
    }

    fn broken(&self, one: &Able<'_>, soft_counted: usize) -> Option<ExcludedBy> {
        for (place, hard) in self.rules.hard.iter().enumerate() {
            if !self.meets(one, hard) {
                return Some(ExcludedBy::Hard(place));
            }
        }
        for (place, soft) in self.rules.soft[..soft_counted].iter().enumerate() {
            if !self.meets(one, soft) {
                return Some(ExcludedBy::Soft(place));
            }
        }
        None
    }

    fn meets(&self, one: &Able<'_>, condition: &Condition) -> bool {
        let site = one.site;
        match condition {
            Condition::Kind(kind) => site.kind == *kind,
            Condition::Tags(tags) => tags.missing_from(site.tags).is_empty(),
            Condition::Within(limit) => one.offer.distance <= *limit,
            Condition::Room(least) => one.room >= *least,
            Condition::Stock(least) => self.pieces() >= u64::from(least.0),
            Condition::Among(sites) => sites.contains(&site.id),
            Condition::Not(sites) => sites.iter().all(|named| *named != site.id),
        }
    }

    /// Who can serve the order has all of it.
    fn pieces(&self) -> u64 {
        let lines = self.order.lines.iter();
        lines.map(|line| u64::from(line.quantity.0)).sum()
    }

    fn compare(&self, a: &Able<'_>, b: &Able<'_>) -> Ordering {
        for rule in &self.rules.rank {
            let first = match rule {
                RankBy::Kind(kind) => preferred(a.site.kind == *kind, b.site.kind == *kind),
                RankBy::Tags(tags) => {
                    let [a, b] = [a, b].map(|one| tags.missing_from(one.site.tags).is_empty());
                    preferred(a, b)
                }
                RankBy::Home => {
                    let [a, b] = [a, b].map(|one| Some(one.site.id) == self.home);
                    preferred(a, b)
                }
                RankBy::Sites(sites) => {
                    let place = |one: &Able<'_>| {
                        let before = sites.iter().take_while(|named| **named != one.site.id);
                        before.count()
                    };
                    place(a).cmp(&place(b))
                }
                RankBy::Bucket(width) => {
                    let bucket = |one: &Able<'_>| {
                        let far = one.offer.distance.as_millimetres();
                        far - far % width.as_millimetres()
                    };
                    bucket(a).cmp(&bucket(b))
                }
                // Everybody has all pieces of the order.
                RankBy::Stock => Ordering::Equal,
                RankBy::Room => b.room.cmp(&a.room),
            };
            if first != Ordering::Equal {
                return first;
            }
        }
        Ordering::Equal
    }

    /// The distance with what the preferences add and take off, in millimetres.
    fn cost(&self, one: &Able<'_>) -> i128 {
        let preferences = &self.rules.preferences;
        let site = one.site;
        let mut cost = i128::from(one.offer.distance.as_millimetres());
        cost += i128::from(match site.kind {
            SiteKind::Store => preferences.store.as_millimetres(),
            SiteKind::Leader => preferences.leader.as_millimetres(),
        });
        for (named, worth) in &preferences.sites {
            if *named == site.id {
                cost += i128::from(worth.as_millimetres());
            }
        }
        if self.home == Some(site.id) {
            cost -= i128::from(preferences.home.as_millimetres());
        }
        cost
    }
}

/// Who has it comes before who has it not.
fn preferred(a: bool, b: bool) -> Ordering {
    b.cmp(&a)
}
