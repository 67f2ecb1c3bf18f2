//! From which store something is brought, and by whom.

use std::sync::Arc;

use crate::desk;
use crate::fulfil::dispatch::{Choice, Dispatcher, Event, Refusal};
use crate::fulfil::{Couriers, Ride, Trip, Way, WindowWish};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::site::{SiteKind, Tag};
use crate::time::Timestamp;

/// A store and who brings it from there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) store: SiteId,
    pub(super) ride: Ride,
}

/// What a choice comes to: the order as the desk gets it, and the route if it is to be brought.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) order: Arc<Order>,
    pub(super) way: Way,
    pub(super) route: Option<Route>,
}

impl Dispatcher {
    /// Looks for a route, if there has to be one. Nothing is held yet.
    pub(super) fn plan(
        &self,
        now: Timestamp,
        order: &Arc<Order>,
        choice: &Choice,
    ) -> Result<Planned, Refusal> {
        let way = choice.way();
        let mut order = Arc::clone(order);
        let route = match *choice {
            Choice::Pickup => None,
            Choice::PickupAt(site) => {
                Arc::make_mut(&mut order).wish = Wish::Site(site);
                None
            }
            Choice::Deliver { .. } | Choice::DeliverFrom { .. } => {
                let asked = Arc::make_mut(&mut order);
                asked.required_tags = asked.required_tags.with(Tag::DELIVERY);
                let route = self.route(now, asked, choice, &self.couriers)?;
                asked.wish = Wish::Site(route.store);
                Some(route)
            }
        };
        Ok(Planned { order, way, route })
    }

    /// The store from which an order is there in the earliest window; of several, the cheapest for the desk. An order
    /// that has a store already stays there if it can.
    pub(super) fn route(
        &self,
        now: Timestamp,
        order: &Order,
        choice: &Choice,
        couriers: &Couriers,
    ) -> Result<Route, Refusal> {
        let (wish, when) = match *choice {
            Choice::DeliverFrom { store, when } => (Wish::Site(store), when),
            Choice::Deliver { when } => (Wish::Deliver, when),
            Choice::Pickup | Choice::PickupAt(_) => (order.wish, WindowWish::Earliest),
        };
        let order = Order {
            wish,
            ..order.clone()
        };
        let here = self.counter.order(order.id).and_then(|order| order.site);
        let here = here.filter(|site| !matches!(wish, Wish::Site(wished) if wished != *site));
        if let Some(store) = here
            && let Some(ride) = self.ride_from(now, &order, store, when, couriers)
        {
            return Ok(Route { store, ride });
        }
        let stores = self.counter.choices(&order, self.service.stores_asked)?;
        let routes = stores
            .into_iter()
            .enumerate()
            .filter_map(|(rank, (store, _))| {
                let ride = self.ride_from(now, &order, store, when, couriers)?;
                Some(((ride.window, rank), Route { store, ride }))
            });
        let first = routes.min_by_key(|(rank, _)| *rank);
        first
            .map(|(_, route)| route)
            .ok_or(Refusal::NoCourier { part: order.id })
    }

    /// Who brings an order from a store.
    pub(super) fn ride_from(
        &self,
        now: Timestamp,
        order: &Order,
        store: SiteId,
        when: WindowWish,
        couriers: &Couriers,
    ) -> Option<Ride> {
        let site = self.counter.network().site(store)?;
        let (from, options) = (site.position, &self.service.options);
        let distance = from.distance_to(order.position);
        let settings = options.settings();
        if site.kind != SiteKind::Store || distance > settings.delivery_distance_max {
            return None;
        }
        let trip = Trip {
            store,
            from,
            to: order.position,
            size: order.size,
            ready_at: settings.preparation.ready_at(site, now),
            travel: options.travel(distance),
        };
        couriers.choose(now, &trip, when)
    }

    /// A delivery that has lost its store is brought from another in the window that was promised, or waits.
    pub(super) fn offer_again(
        &mut self,
        now: Timestamp,
        part: OrderId,
        when: WindowWish,
        events: &mut Vec<Event>,
    ) {
        let Some(order) = self.counter.asked(part).cloned() else {
            return;
        };
        if let Ok(route) = self.route(now, &order, &Choice::Deliver { when }, &self.couriers) {
            let led = self.reroute(now, &order, &route, events);
            debug_assert!(led.is_ok(), "the desk was asked just now");
        }
    }

    /// The buyer of a delivery chooses another store or window. O(rides).
    pub(super) fn deliver_otherwise(
        &mut self,
        now: Timestamp,
        part: OrderId,
        choice: &Choice,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let order = self.counter.asked(part).cloned();
        let order = order.ok_or(Refusal::UnknownOrder { order: part })?;
        // The room that it has with its courier is its own.
        let mut without = self.couriers.clone();
        let had = without.release(part).is_ok();
        let route = self.route(now, &order, choice, &without)?;
        if had && self.couriers.ride(part).map(|held| held.ride) == Some(route.ride) {
            let here = self.counter.order(part).and_then(|order| order.site);
            if here == Some(route.store) {
                return Ok(());
            }
        }
        self.reroute(now, &order, &route, events)
    }

    /// Sends a part another way: to the store if it is not there, then with the courier.
    fn reroute(
        &mut self,
        now: Timestamp,
        order: &Order,
        route: &Route,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let part = order.id;
        let here = self.counter.order(part).and_then(|order| order.site);
        if here != Some(route.store) {
            let wish = Wish::Site(route.store);
            self.ask(now, &desk::Action::Consent { order: part, wish }, events)?;
        }
        self.release_ride(part, events);
        self.hold_ride(order, route, events);
        Ok(())
    }

    /// A courier takes it on; for an order that is certain, for certain.
    pub(super) fn hold_ride(&mut self, order: &Order, route: &Route, events: &mut Vec<Event>) {
        let (part, ride, size) = (order.id, route.ride, order.size);
        self.emit(Event::RideHeld { part, ride, size }, events);
        self.confirm_ride(part, events);
    }
}
