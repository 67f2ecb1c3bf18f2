//! What events at the desk mean for lives and rides.

use crate::desk::{self, OrderState};
use crate::fulfil::dispatch::{Dispatcher, Event};
use crate::fulfil::{Deed, RideState, Way, WindowWish};
use crate::id::OrderId;
use crate::time::Timestamp;

impl Dispatcher {
    /// The desk has changed: first its own events, then what they mean.
    pub(super) fn hear(
        &mut self,
        now: Timestamp,
        heard: Vec<desk::Event>,
        events: &mut Vec<Event>,
    ) {
        let first = events.len();
        events.extend(heard.into_iter().map(Event::Desk));
        for number in first..events.len() {
            if let Event::Desk(event) = &events[number]
                && let Some(part) = event.order()
                && let Some(known) = self.parts.get(part)
            {
                let (event, way) = (event.clone(), known.way);
                self.follow(now, &event, part, way, events);
            }
        }
    }

    /// Follows an event about a part.
    fn follow(
        &mut self,
        now: Timestamp,
        event: &desk::Event,
        part: OrderId,
        way: Way,
        events: &mut Vec<Event>,
    ) {
        let deed = match event {
            desk::Event::Confirmed { .. } => return self.confirm_ride(part, events),
            desk::Event::HandedOver { .. } if way == Way::Pickup => Deed::PickUp,
            desk::Event::HandedOver { .. } => Deed::SendOut,
            desk::Event::Released { .. } => Deed::Cancel,
            desk::Event::Expired { .. } => Deed::Expire,
            desk::Event::Failed { .. } => Deed::Reject,
            desk::Event::Moved { .. } => Deed::Move,
            desk::Event::Stranded { .. } => Deed::Strand,
            _ => return,
        };
        self.turn(part, deed, events);
        if way == Way::Pickup || deed == Deed::SendOut {
            return;
        }
        let promised = self.couriers.ride(part).map(|held| held.ride.window);
        self.release_ride(part, events);
        if let Some(window) = promised.filter(|_| deed == Deed::Strand) {
            self.offer_again(now, part, WindowWish::In(window), events);
        }
    }

    /// The life of a part goes on, where the deed changes anything.
    pub(super) fn turn(&mut self, part: OrderId, deed: Deed, events: &mut Vec<Event>) {
        let Some(known) = self.parts.get(part) else {
            return;
        };
        let to = known.life.after(known.way, deed);
        debug_assert!(to.is_some(), "{part} is {}: no {deed}", known.life);
        if let Some(to) = to.filter(|to| *to != known.life) {
            self.emit(Event::Turned { part, deed, to }, events);
        }
    }

    /// The ride of a confirmed order is certain.
    pub(super) fn confirm_ride(&mut self, part: OrderId, events: &mut Vec<Event>) {
        let order = self.counter.order(part).map(|order| order.state);
        let ride = self.couriers.ride(part).map(|held| held.state);
        if (order, ride) == (Some(OrderState::Confirmed), Some(RideState::Held)) {
            self.emit(Event::RideConfirmed { part }, events);
        }
    }

    pub(super) fn release_ride(&mut self, part: OrderId, events: &mut Vec<Event>) {
        let ride = self.couriers.ride(part);
        if ride.is_some_and(|held| held.state != RideState::Done) {
            self.emit(Event::RideReleased { part }, events);
        }
    }

    pub(super) fn finish_ride(&mut self, part: OrderId, events: &mut Vec<Event>) {
        let ride = self.couriers.ride(part);
        if ride.is_some_and(|held| held.state == RideState::Confirmed) {
            self.emit(Event::RideDone { part }, events);
        }
    }
}
