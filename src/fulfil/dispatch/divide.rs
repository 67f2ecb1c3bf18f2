//! Which site gets which part of an order that no single site can fill.

use std::collections::BTreeSet;

use crate::fulfil::dispatch::{Choice, Dispatcher, Division, NotDivided, Refusal, Share};
use crate::fulfil::{Basket, Sources, Split, SplitMode, Unsplit, WindowWish, split};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::site::Tag;
use crate::time::Timestamp;
use crate::units::Quantity;

impl Dispatcher {
    /// Whether the policy lets an order come in parts that its buyer has chosen.
    pub(super) fn may_be_in_parts(&self, order: OrderId) -> Result<(), Refusal> {
        match self.service.split.mode {
            SplitMode::Split | SplitMode::Partial => Ok(()),
            SplitMode::Whole | SplitMode::Refuse => Err(Refusal::NotDivided {
                order,
                because: NotDivided::ByPolicy,
            }),
        }
    }

    /// The parts of an order, each for the site that gives it. Nothing is taken yet.
    pub(super) fn divide(
        &self,
        now: Timestamp,
        order: &Order,
        choice: &Choice,
        division: &Division,
    ) -> Result<Vec<Share>, Refusal> {
        let not = |because| Refusal::NotDivided {
            order: order.id,
            because,
        };
        let policy = &self.service.split;
        let basket = division.basket(order, &self.limits);
        let basket = basket.map_err(|_| not(NotDivided::ByPolicy))?;
        let sources = self.sources(now, order, choice, &basket)?;
        let split = split(&sources, policy).map_err(|why| not(said_in_short(&why)))?;
        if !split.unfilled.is_empty() {
            return Err(not(left_open(policy.mode, &split)));
        }
        let (parts, ids) = (split.parts.len() as u32, division.parts.len() as u32);
        if parts > ids {
            return Err(not(NotDivided::TooFewIds { parts, ids }));
        }
        let shares = division.parts.iter().zip(split.parts);
        let shares = shares.map(|(part, given)| Share {
            part: *part,
            lines: given.lines,
            size: order.size,
            choice: choice.at(given.site),
        });
        Ok(shares.collect())
    }

    /// The cheapest sites that have room for a part and can give it the way that was chosen, each with its own stock.
    fn sources<'b>(
        &self,
        now: Timestamp,
        order: &Order,
        choice: &Choice,
        basket: &'b Basket,
    ) -> Result<Sources<'b>, Refusal> {
        let mut empty = Order {
            lines: Vec::new(),
            ..order.clone()
        };
        if let Choice::Deliver { .. } = choice {
            empty.wish = Wish::Deliver;
            empty.required_tags = empty.required_tags.with(Tag::DELIVERY);
        }
        let network = self.counter.network();
        let mut sources = Sources::new(basket, &self.limits);
        let mut pools: BTreeSet<SiteId> = BTreeSet::new();
        for (id, _) in self.counter.choices(&empty, self.service.sites_asked)? {
            let Some(site) = network.site(id) else {
                continue;
            };
            let is_brought = |when: WindowWish| {
                let ride = self.ride_from(now, &empty, id, when, &self.couriers);
                ride.is_some()
            };
            let is_there = match *choice {
                Choice::Deliver { when } => is_brought(when),
                _ => true,
            };
            if is_there && pools.insert(site.supplied_by.unwrap_or(id)) {
                let distance = site.position.distance_to(order.position);
                // More sites than may be asked: the cheapest were.
                let added = sources.add(id, distance, |sku| self.counter.free_stock(id, sku));
                if added.is_err() {
                    break;
                }
            }
        }
        Ok(sources)
    }
}

/// No order at a desk is without some of its goods: one that is kept whole comes again when they are there.
fn left_open(mode: SplitMode, split: &Split) -> NotDivided {
    let lines = split.unfilled.iter().map(|line| line.quantity.0);
    match (mode, split.parts.first()) {
        (SplitMode::Whole, Some(part)) => NotDivided::KeptWhole {
            site: part.site,
            missing: Quantity(lines.fold(0, u32::saturating_add)),
        },
        _ => NotDivided::ByPolicy,
    }
}

fn said_in_short(why: &Unsplit) -> NotDivided {
    match *why {
        Unsplit::Short { ref missing } => NotDivided::Short {
            missing: missing.len() as u32,
        },
        Unsplit::TooManySources { limit, enough, .. } => NotDivided::TooManySites { limit, enough },
        Unsplit::BelowMinimum { site, .. } => NotDivided::BelowMinimum { site },
        Unsplit::NoSingleSource => NotDivided::ByPolicy,
    }
}
