//! Parts of one order: all of them are taken, or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk::Promise;
use crate::fulfil::dispatch::deliver::Planned;
use crate::fulfil::dispatch::{Dispatcher, Event, Refusal, Share};
use crate::id::{CourierId, SiteId, SkuId};
use crate::order::Order;
use crate::time::{Timestamp, Window};

impl Dispatcher {
    /// All parts or none. Mostly there is enough of everything for all of them, and they are placed one by one. Where
    /// that can't be told beforehand, a copy of the state tries, and takes over if all goes well. O(parts), or O(state).
    pub(super) fn take_parts(
        &mut self,
        now: Timestamp,
        order: &Arc<Order>,
        shares: &[Share],
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let of = order.id;
        self.is_new(of)?;
        for share in shares {
            self.is_new(share.part)?;
        }
        let parts: Vec<Arc<Order>> = shares.iter().map(|share| share.of(order).into()).collect();
        let planned = parts.iter().zip(shares);
        let planned = planned.map(|(part, share)| self.plan(now, part, &share.choice));
        let planned = planned.collect::<Result<Vec<Planned>, Refusal>>()?;
        let divided = Event::Divided {
            order: Arc::clone(order),
            parts: shares.iter().map(|share| share.part).collect(),
        };
        if self.is_enough_for(&planned)? {
            self.emit(divided, events);
            for planned in &planned {
                let placed = self.place(now, of, planned, events);
                placed.expect("there is enough of everything for all parts");
            }
            return Ok(());
        }
        let (mut trial, mut heard) = (self.clone(), Vec::new());
        trial.emit(divided, &mut heard);
        for (part, share) in parts.iter().zip(shares) {
            trial.take(now, part, of, &share.choice, &mut heard)?;
        }
        *self = trial;
        events.append(&mut heard);
        Ok(())
    }

    /// Whether room, goods and couriers are surely enough for all, where each finds its best. Then each still finds it
    /// after the others: what one takes makes nothing better for another.
    ///
    /// A tentative desk moves others for an order, so of that nothing is sure; nor is it where the first part may give a
    /// customer a home, to which the next would rather go.
    fn is_enough_for(&self, planned: &[Planned]) -> Result<bool, Refusal> {
        let mut sums = Sums::default();
        for Planned { order, route, .. } in planned {
            let best = self.counter.choices(order, 1)?;
            if let Some((site, _)) = best.first() {
                let network = self.counter.network();
                let pool = network.site(*site).and_then(|site| site.supplied_by);
                sums.add(order, (*site, pool.unwrap_or(*site)));
            }
            if let Some(route) = route {
                sums.bring(order, (route.ride.courier, route.ride.window));
            }
        }
        let is_room = self.parts.len() + planned.len() <= self.limits.orders_max;
        let is_firm = self.counter.policy().promise == Promise::Firm;
        let is_at_home = planned
            .iter()
            .all(|planned| self.is_at_home(&planned.order));
        Ok(is_firm && is_room && is_at_home && self.has(&sums))
    }

    /// Whether a place changes nothing about whose customer it is.
    fn is_at_home(&self, order: &Order) -> bool {
        order.customer.is_none_or(|customer| {
            let home = self.counter.home(customer);
            home.is_some_and(|home| self.counter.network().site(home).is_some())
        })
    }

    fn has(&self, sums: &Sums) -> bool {
        let has_room = sums.sizes.iter().all(|(site, size)| {
            let view = self.counter.site(*site);
            view.is_some_and(|view| u64::from(view.room.0) >= *size)
        });
        let has_goods = sums.pieces.iter().all(|((pool, sku), pieces)| {
            let free = self.counter.free_stock(*pool, *sku);
            u64::from(free.0) >= *pieces
        });
        let couriers = &self.couriers;
        let is_brought = sums.rides.iter().all(|((courier, window), more)| {
            let load = couriers.load(*courier, *window);
            let capacity = couriers.fleet().capacity(*courier, *window);
            load.zip(capacity).is_some_and(|(load, capacity)| {
                let fits = |load: u32, more: u64, most: u32| u64::from(load) + more <= most.into();
                fits(load.orders.0, more.0, capacity.orders.0)
                    && fits(load.units.0, more.1, capacity.units.0)
            })
        });
        has_room && has_goods && is_brought
    }
}

/// What several parts need together.
#[derive(Default)]
struct Sums {
    sizes: BTreeMap<SiteId, u64>,
    /// By the site of the pool.
    pieces: BTreeMap<(SiteId, SkuId), u64>,
    /// Orders and units.
    rides: BTreeMap<(CourierId, Window), (u64, u64)>,
}

impl Sums {
    fn add(&mut self, order: &Order, (site, pool): (SiteId, SiteId)) {
        *self.sizes.entry(site).or_default() += u64::from(order.size.0);
        for line in &order.lines {
            *self.pieces.entry((pool, line.sku)).or_default() += u64::from(line.quantity.0);
        }
    }

    fn bring(&mut self, order: &Order, ride: (CourierId, Window)) {
        let sum = self.rides.entry(ride).or_default();
        *sum = (sum.0 + 1, sum.1 + u64::from(order.size.0));
    }
}
