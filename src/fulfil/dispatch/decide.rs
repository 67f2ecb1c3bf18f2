//! What commands do: first all reasons against, then the events.

use std::sync::Arc;

use crate::desk::{self, OrderState, Scope, Told};
use crate::fulfil::Deed;
use crate::fulfil::dispatch::deliver::Planned;
use crate::fulfil::dispatch::parts::Part;
use crate::fulfil::dispatch::{Action, Choice, Dispatcher, Event, Refusal};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::time::Timestamp;

impl Dispatcher {
    pub(super) fn decide(
        &mut self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        match action {
            Action::Take {
                order,
                choice,
                division,
            } => {
                self.is_new(order.id)?;
                if self.take_as_advised(now, order, events) {
                    return Ok(());
                }
                let taken = self.take(now, order, order.id, choice, events);
                match (taken, division) {
                    (Err(Refusal::Desk(desk::Refusal::OutOfStock { .. })), Some(division))
                        if !matches!(choice, Choice::PickupAt(_) | Choice::DeliverFrom { .. }) =>
                    {
                        let shares = self.divide(now, order, choice, division)?;
                        self.take_parts(now, order, &shares, events)
                    }
                    (taken, _) => taken,
                }
            }
            Action::TakeParts { order, parts } => {
                self.is_new(order.id)?;
                self.may_be_in_parts(order.id)?;
                self.take_parts(now, order, parts, events)
            }
            Action::TakeSettled { orders } => {
                self.take_settled(now, orders, events);
                Ok(())
            }
            Action::Confirm { order } => self.confirm(now, *order, events),
            Action::Cancel { order } => self.cancel(now, *order, events),
            Action::Choose { part, choice } => self.choose(now, *part, choice, events),
            Action::Ready { part } => self.ready(now, *part, events),
            Action::PickUp { part } => self.hand_over(now, *part, Deed::PickUp, events),
            Action::SendOut { part } => self.hand_over(now, *part, Deed::SendOut, events),
            Action::Deliver { part } => self.come_to_an_end(*part, Deed::Deliver, events),
            Action::Return { part } => self.come_to_an_end(*part, Deed::Return, events),
            Action::Staff { fleet } => {
                let fleet = Arc::clone(fleet);
                self.emit(Event::Staffed { fleet }, events);
                Ok(())
            }
            Action::Reject { part, site } => self.reject(now, *part, *site, events),
            Action::Desk(action) => self.ask(now, action, events),
        }
    }

    /// A part, or an order that is whole, gets what was chosen for it.
    pub(super) fn take(
        &mut self,
        now: Timestamp,
        order: &Arc<Order>,
        of: OrderId,
        choice: &Choice,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let planned = self.plan(now, order, choice)?;
        self.place(now, of, &planned, events)
    }

    /// What was planned is held: the place, the goods and the ride.
    pub(super) fn place(
        &mut self,
        now: Timestamp,
        of: OrderId,
        planned: &Planned,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let Planned { order, way, route } = planned;
        let placed = desk::Action::Place {
            order: Arc::clone(order),
            proposal: self.proposed(order.id),
        };
        self.ask(now, &placed, events)?;
        let (part, way) = (order.id, *way);
        self.emit(Event::Taken { part, of, way }, events);
        if let Some(route) = route {
            self.hold_ride(order, route, events);
        }
        Ok(())
    }

    /// Each by itself: first all are placed, then those that were are confirmed, and then they are announced.
    fn take_settled(&mut self, now: Timestamp, orders: &[Arc<Order>], events: &mut Vec<Event>) {
        let mut taken = Vec::with_capacity(orders.len());
        for order in orders {
            let id = order.id;
            let placed = self
                .is_new(id)
                .and_then(|()| self.take(now, order, id, &Choice::Pickup, events));
            match placed {
                Ok(()) => taken.push(id),
                Err(refusal) => self.emit(Event::NotTaken { order: id, refusal }, events),
            }
        }
        for order in &taken {
            let confirmed = self.ask(now, &desk::Action::Confirm { order: *order }, events);
            debug_assert!(confirmed.is_ok(), "it was placed just now");
        }
        for order in taken {
            self.announce(now, order, events);
        }
    }

    fn confirm(
        &mut self,
        now: Timestamp,
        order: OrderId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let open = self.open_parts(order)?;
        if let Some(part) = self.parts.get(order).filter(|part| part.of != order) {
            let of = part.of;
            return Err(Refusal::NotWhole { part: order, of });
        }
        for part in &open {
            self.may_confirm(*part)?;
        }
        for order in open {
            self.ask(now, &desk::Action::Confirm { order }, events)?;
        }
        Ok(())
    }

    /// What the desk would say.
    fn may_confirm(&self, order: OrderId) -> Result<(), desk::Refusal> {
        let held = self.counter.order(order);
        let held = held.ok_or(desk::Refusal::UnknownOrder { order })?;
        let state = held.state;
        if state != OrderState::Held {
            return Err(desk::Refusal::WrongState { order, state });
        }
        held.site.ok_or(desk::Refusal::Stranded { order })?;
        Ok(())
    }

    fn cancel(
        &mut self,
        now: Timestamp,
        order: OrderId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let open = self.open_parts(order)?;
        for part in &open {
            self.may(*part, Deed::Cancel)?;
        }
        for order in open {
            self.ask(now, &desk::Action::Release { order }, events)?;
        }
        Ok(())
    }

    fn choose(
        &mut self,
        now: Timestamp,
        part: OrderId,
        choice: &Choice,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let way = self.may(part, Deed::Move)?.way;
        if way != choice.way() {
            return Err(Refusal::OtherWay { part, way });
        }
        let wish = match *choice {
            Choice::Pickup => Wish::Any,
            Choice::PickupAt(site) => Wish::Site(site),
            Choice::Deliver { .. } | Choice::DeliverFrom { .. } => {
                return self.deliver_otherwise(now, part, choice, events);
            }
        };
        let order = part;
        self.ask(now, &desk::Action::Consent { order, wish }, events)
    }

    /// What is packed stays where it is, so the buyer is told.
    fn ready(
        &mut self,
        now: Timestamp,
        part: OrderId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.may(part, Deed::Ready)?;
        let state = self.counter.order(part).map(|order| order.state);
        if state != Some(OrderState::Confirmed) {
            return Err(Refusal::NotConfirmed { part });
        }
        self.announce(now, part, events);
        self.turn(part, Deed::Ready, events);
        Ok(())
    }

    fn hand_over(
        &mut self,
        now: Timestamp,
        part: OrderId,
        deed: Deed,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.may(part, deed)?;
        self.ask(now, &desk::Action::HandOver { order: part }, events)
    }

    /// With the door, or back at the store, the ride is done.
    fn come_to_an_end(
        &mut self,
        part: OrderId,
        deed: Deed,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.may(part, deed)?;
        self.turn(part, deed, events);
        self.finish_ride(part, events);
        Ok(())
    }

    fn reject(
        &mut self,
        now: Timestamp,
        part: OrderId,
        site: SiteId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        // What a site may reject it may also be the last to reject.
        self.may(part, Deed::Reject)?;
        self.ask(now, &desk::Action::Reject { order: part, site }, events)
    }

    /// Tells where a placed order stays, if that was not told yet.
    fn announce(&mut self, now: Timestamp, order: OrderId, events: &mut Vec<Event>) {
        let known = self.counter.order(order);
        if known.is_some_and(|order| order.told == Told::NotYet && order.site.is_some()) {
            let scope = Scope::Order(order);
            let announced = self.ask(now, &desk::Action::Announce { scope }, events);
            debug_assert!(announced.is_ok(), "an order that has a place can be told");
        }
    }

    pub(super) fn is_new(&self, order: OrderId) -> Result<(), Refusal> {
        if self.parts.knows(order) {
            Err(Refusal::KnownOrder { order })
        } else {
            Ok(())
        }
    }

    /// A part whose life allows the deed.
    fn may(&self, id: OrderId, deed: Deed) -> Result<&Part, Refusal> {
        let Some(part) = self.parts.get(id) else {
            return Err(match self.parts.divided(id) {
                Some(_) => Refusal::InParts { order: id },
                None => Refusal::UnknownOrder { order: id },
            });
        };
        if part.life.after(part.way, deed).is_some() {
            return Ok(part);
        }
        let (way, life) = (part.way, part.life);
        Err(Refusal::WrongLife {
            part: id,
            way,
            life,
            deed,
        })
    }

    /// The parts of an order that are not over; all of them if none is, so that the first can say why not.
    fn open_parts(&self, order: OrderId) -> Result<Vec<OrderId>, Refusal> {
        let parts = self.parts_of(order);
        if parts.is_empty() {
            return Err(Refusal::UnknownOrder { order });
        }
        let is_open = |part: &OrderId| {
            let part = self.parts.get(*part);
            part.is_some_and(|part| part.life.is_open())
        };
        let open: Vec<OrderId> = parts.iter().copied().filter(is_open).collect();
        Ok(if open.is_empty() { parts } else { open })
    }
}
