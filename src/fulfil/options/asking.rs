//! One question: the nearest sites judged one by one.

use std::cell::RefCell;

use crate::candidates::{Demand, Filter, rejection};
use crate::fulfil::{NotOffered, Offer, OfferTerms, Options, OptionsFinder, Trip, Way, WhyNot};
use crate::geo::{Address, chord2_reaching};
use crate::id::SiteId;
use crate::index::{Ranked, Ranking};
use crate::order::{Order, OrderLine, Wish};
use crate::site::{Neighbour, Record, Site, SiteKind, Tag};
use crate::time::Timestamp;
use crate::units::{Distance, Quantity, Units};

/// One question.
pub(super) struct Asking<'a> {
    pub(super) finder: OptionsFinder<'a>,
    at: Timestamp,
    pub(super) order: &'a Order,
    address: Address,
    /// Of the articles of the lines.
    numbers: Vec<Option<u32>>,
    /// What is short where goods come from, as far as was asked: neighbours share a store.
    pools: RefCell<Vec<(SiteId, Option<Short>)>>,
}

/// A line of the order, and how many pieces of it may be promised.
type Short = (OrderLine, Quantity);

/// Of so many stores: the list is gone through, which takes less time than to ask for one article.
const POOLS_KEPT: usize = 128;

/// How many offers and reasons there may be when a way is done with.
#[derive(Clone, Copy)]
struct Ends {
    offers: usize,
    reasons: usize,
}

/// What is the matter with a site, in few bytes: sentences are made only of what is said.
#[derive(Clone, Copy)]
pub(super) enum Snag {
    Rule(Demand),
    Cooling(Timestamp),
    NoRoom(Units),
    OutOfStock(OrderLine, Quantity),
    NoWay,
    NoCourier,
}

impl<'a> Asking<'a> {
    pub(super) fn new(finder: OptionsFinder<'a>, at: Timestamp, order: &'a Order) -> Self {
        Self {
            finder,
            at,
            order,
            address: Address::from(order.position),
            numbers: finder.counter.article_numbers(&order.lines),
            pools: RefCell::default(),
        }
    }

    /// Adds what is offered for one way, and why nothing nearer is.
    pub(super) fn consider(&self, way: Way, options: &mut Options) {
        let wanted = self.wanted(way);
        if wanted == 0 {
            return;
        }
        let reasons_max = self.finder.policy.settings().rejected_max;
        let first = options.offers.len();
        let ends = Ends {
            offers: first + wanted,
            reasons: options.rejected.len() + reasons_max,
        };
        let filter = self.filter(way);
        if let Wish::Site(site) = self.order.wish {
            match self.ranked(site) {
                Some(chosen) => self.judge(way, &filter, &[chosen], (ends, options)),
                None if reasons_max > 0 => options.rejected.push(no_such(site, way)),
                None => {}
            }
            return;
        }
        let all = wanted.saturating_add(reasons_max);
        // Among the sites at hand some are always out of reach; most stores deliver, and the next ones are farther.
        let few = match way {
            Way::Pickup => all,
            Way::Delivery => wanted,
        };
        let limit = self.distance_max(way);
        let mut judged = 0;
        // Judging costs more than listing: by steps, no site is judged that is farther than the last offer.
        for listed in [few, all, all.saturating_mul(4), all.saturating_mul(16)] {
            if judged == listed {
                continue;
            }
            let near = self.nearest(way, listed);
            self.judge(way, &filter, &near[judged..], (ends, options));
            judged = near.len();
            let is_beyond = |last: &Ranked| listed >= all && last.distance() > limit;
            if options.offers.len() == ends.offers
                || judged < listed
                || near.last().is_some_and(is_beyond)
            {
                return;
            }
        }
        options.offers.truncate(first);
        self.search_on(way, &filter, wanted, &mut options.offers);
    }

    /// How many sites are offered for a way.
    pub(super) fn wanted(&self, way: Way) -> usize {
        match (way, self.order.wish) {
            (Way::Pickup, Wish::Deliver) => 0,
            _ => self.finder.policy.wanted(way),
        }
    }

    /// Offers, and reasons against, one site after the other, until there are enough offers.
    fn judge(
        &self,
        way: Way,
        filter: &Filter<'_>,
        near: &[Ranked],
        (ends, options): (Ends, &mut Options),
    ) {
        for ranked in near {
            if options.offers.len() == ends.offers {
                return;
            }
            let Some(record) = self.record(ranked) else {
                continue;
            };
            match self.terms(way, filter, record, ranked) {
                Ok(terms) => options.offers.push(offer(ranked, terms)),
                Err(snag) if options.rejected.len() < ends.reasons => {
                    let why = self.why_not(snag, filter, record, ranked);
                    options.rejected.push(NotOffered {
                        site: ranked.id,
                        distance: Some(ranked.distance()),
                        way,
                        why,
                    });
                }
                Err(_) => {}
            }
        }
    }

    /// The nearest sites that can serve the order, however many are nearer that can't.
    #[cold]
    fn search_on(&self, way: Way, filter: &Filter<'_>, wanted: usize, offers: &mut Vec<Offer>) {
        let network = self.finder.counter.network();
        let bound = chord2_reaching(self.distance_max(way));
        let mut ranking = Ranking::new(wanted, network.len(), bound);
        network
            .state
            .search_open(self.address.at, &mut ranking, |record, ranked| {
                self.terms(way, filter, record, ranked).is_ok()
            });
        for ranked in ranking.into_sorted() {
            let terms = self
                .record(&ranked)
                .and_then(|record| self.terms(way, filter, record, &ranked).ok());
            offers.extend(terms.map(|terms| offer(&ranked, terms)));
        }
    }

    /// What the site offers, or the first thing that is the matter with it.
    pub(super) fn terms(
        &self,
        way: Way,
        filter: &Filter<'_>,
        record: &Record,
        ranked: &Ranked,
    ) -> Result<OfferTerms, Snag> {
        let OptionsFinder {
            counter, policy, ..
        } = self.finder;
        let (order, site) = (self.order, &record.site);
        if let Some(demand) = filter.first_unmet(record, &self.address, ranked.chord) {
            return Err(Snag::Rule(demand));
        }
        let view = counter.site(site.id).ok_or(Snag::NoWay)?;
        if let Some(until) = view.cools_until {
            return Err(Snag::Cooling(until));
        }
        if view.room < order.size {
            return Err(Snag::NoRoom(view.room));
        }
        if let Some((line, free)) = self.short_of(site) {
            return Err(Snag::OutOfStock(line, free));
        }
        let settings = policy.settings();
        match way {
            Way::Pickup => Ok(OfferTerms::Pickup {
                discount: settings.pickup_discount,
                ready_at: settings.preparation.ready_at(site, self.at),
            }),
            Way::Delivery => {
                let trip = self.trip(site, ranked).ok_or(Snag::NoWay)?;
                let OptionsFinder {
                    couriers, window, ..
                } = self.finder;
                let ride = couriers.choose_to(self.at, &trip, window, &self.address);
                ride.map(OfferTerms::Delivery).ok_or(Snag::NoCourier)
            }
        }
    }

    /// The first line for which too little is free where the site's goods come from.
    fn short_of(&self, site: &Site) -> Option<Short> {
        if self.order.lines.is_empty() {
            return None;
        }
        let pool = site.supplied_by.unwrap_or(site.id);
        let mut pools = self.pools.borrow_mut();
        if let Some((_, short)) = pools.iter().find(|(known, _)| *known == pool) {
            return *short;
        }
        let counter = self.finder.counter;
        let short = counter.short_of(site.id, &self.order.lines, &self.numbers);
        if pools.len() < POOLS_KEPT {
            pools.push((pool, short));
        }
        short
    }

    /// All that there is to say of a site that is not offered.
    pub(super) fn why_not(
        &self,
        snag: Snag,
        filter: &Filter<'_>,
        record: &Record,
        ranked: &Ranked,
    ) -> WhyNot {
        let finder = &self.finder;
        match snag {
            Snag::Rule(demand) => {
                WhyNot::NotEligible(rejection(demand, filter, record, ranked.chord))
            }
            Snag::Cooling(until) => WhyNot::Cooling { until },
            Snag::NoRoom(room) => WhyNot::NoRoom {
                room,
                size: self.order.size,
            },
            Snag::OutOfStock(line, free) => WhyNot::OutOfStock {
                sku: line.sku,
                wanted: line.quantity,
                free,
            },
            Snag::NoWay => WhyNot::NoWay,
            Snag::NoCourier => {
                let Some(trip) = self.trip(&record.site, ranked) else {
                    return WhyNot::NoWay;
                };
                let more = finder.policy.settings().alternatives_max;
                WhyNot::NoCourier(finder.couriers.explain(self.at, &trip, finder.window, more))
            }
        }
    }

    /// What it would be to bring the order from a store; `None` if there is no way.
    fn trip(&self, store: &Site, ranked: &Ranked) -> Option<Trip> {
        let OptionsFinder {
            policy,
            travel_times,
            ..
        } = self.finder;
        let distance = ranked.distance();
        let travel = match travel_times {
            Some(times) => times.travel(self.order, store, distance)?,
            None => policy.travel(distance),
        };
        Some(Trip {
            store: store.id,
            from: store.position,
            to: self.order.position,
            size: self.order.size,
            ready_at: policy.settings().preparation.ready_at(store, self.at),
            travel,
        })
    }

    /// What a site must fulfil before its room and its stock are asked.
    pub(super) fn filter(&self, way: Way) -> Filter<'static> {
        let order = self.order;
        let filter = match (way, order.wish) {
            (Way::Pickup, Wish::Site(_)) => Filter::for_order(order),
            (Way::Pickup, _) => Filter::for_order(order).max_distance(self.distance_max(way)),
            (Way::Delivery, _) => Filter::default()
                .kind(SiteKind::Store)
                .size(order.size)
                .tags(order.required_tags.with(Tag::DELIVERY))
                .max_distance(self.distance_max(way)),
        };
        match self.finder.counter.policy().open_at {
            Some(at) => filter.open_at(at),
            None => filter,
        }
    }

    pub(super) fn distance_max(&self, way: Way) -> Distance {
        let settings = self.finder.policy.settings();
        match (way, self.order.wish) {
            (Way::Pickup, Wish::Within(limit)) => limit.min(settings.walk_max),
            (Way::Pickup, _) => settings.walk_max,
            (Way::Delivery, _) => settings.delivery_distance_max,
        }
    }

    /// The nearest sites that are considered for a way.
    pub(super) fn nearest(&self, way: Way, listed: usize) -> Vec<Ranked> {
        let network = self.finder.counter.network();
        let state = &network.state;
        match way {
            Way::Pickup => state
                .nearest_k_by_tiles(self.order.position, listed)
                .unwrap_or_else(|| network.nearest_ranked(self.address.at, listed)),
            Way::Delivery => {
                let mut stores = Ranking::new(listed, network.len(), f64::INFINITY);
                state.search_stores(self.address.at, &mut stores);
                stores.into_sorted()
            }
        }
    }

    pub(super) fn ranked(&self, site: SiteId) -> Option<Ranked> {
        let state = &self.finder.counter.network().state;
        let slot = state.directory.slot(site)?;
        let record = state.record(slot)?;
        let chord = self.address.at.chord(state.vector(slot, record));
        Some(Ranked {
            chord,
            id: site,
            slot,
        })
    }

    pub(super) fn record(&self, ranked: &Ranked) -> Option<&Record> {
        self.finder.counter.network().state.record(ranked.slot)
    }
}

pub(super) fn no_such(site: SiteId, way: Way) -> NotOffered {
    NotOffered {
        site,
        distance: None,
        way,
        why: WhyNot::UnknownSite,
    }
}

pub(super) fn offer(ranked: &Ranked, terms: OfferTerms) -> Offer {
    let Neighbour { site, distance } = Neighbour::from(*ranked);
    Offer {
        site,
        distance,
        terms,
    }
}
