use std::sync::Arc;

use crate::desk::{self, Counter, OrderState};
use crate::fulfil::dispatch::advice::Advice;
use crate::fulfil::dispatch::parts::{Divided, Part, Parts};
use crate::fulfil::dispatch::{Action, Event, Malformed, Mismatch, Refusal, Service, Terms};
use crate::fulfil::{Couriers, Deed, Fleet, Life, Way};
use crate::id::{OrderId, SiteId};
use crate::ledger::{Canonical, Encoder, Ledger, Machine};
use crate::limits::Limits;
use crate::order::Order;
use crate::site::Network;
use crate::time::Timestamp;

/// A desk with the lives of its orders: a [`Ledger`] round a [`Dispatcher`].
///
/// ```
/// use std::sync::Arc;
/// use catchment::fulfil::Life;
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch, Terms};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
/// let mut dispatch = Dispatch::open(network, Terms::default());
/// let (now, part) = (Timestamp::from_unix_millis(0), OrderId(7));
/// let order = Arc::new(Order::new(part, door));
/// let evening = [
///     Action::Take { order, choice: Choice::Pickup, division: None },
///     Action::Confirm { order: part },
///     Action::Ready { part },
///     Action::PickUp { part },
/// ];
/// for (number, action) in (1..).zip(evening) {
///     let answer = dispatch.apply(now, &Command::new(CommandId(number), action))?;
///     assert!(answer.outcome().is_accepted());
/// }
/// assert_eq!(dispatch.machine().part(part).map(|part| part.life), Some(Life::PickedUp));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Dispatch = Ledger<Dispatcher>;

/// The state of a dispatch: the desk and the lives of all parts.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    pub(super) counter: Counter,
    pub(super) parts: Parts,
    pub(super) couriers: Couriers,
    pub(super) service: Arc<Service>,
    pub(super) limits: Limits,
    /// What was found for the next command before it came; never a part of the state.
    pub(super) advice: Option<Advice>,
}

/// A part, or an order that is whole, as the dispatch shows it.
///
/// ```
/// use catchment::fulfil::dispatch::PartView;
/// use catchment::fulfil::{Life, Way};
/// use catchment::id::{OrderId, SiteId};
/// let view = PartView {
///     part: OrderId(7), of: OrderId(7), way: Way::Pickup, life: Life::Ready, site: Some(SiteId(17)),
/// };
/// assert!(view.life.is_open());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartView {
    /// Its id.
    pub part: OrderId,
    /// The order that it belongs to: itself, if that is whole.
    pub of: OrderId,
    /// How the customer gets it.
    pub way: Way,
    /// Where it stands.
    pub life: Life,
    /// Where its goods are, or were when they went out; `None` if it has no place.
    pub site: Option<SiteId>,
}

impl Ledger<Dispatcher> {
    /// A dispatch with all sites empty and no stock. O(sites).
    #[must_use]
    pub fn open(network: Network, terms: Terms) -> Self {
        let limits = *network.limits();
        let dispatcher = Dispatcher {
            counter: Counter::new(network, terms.desk),
            parts: Parts::default(),
            couriers: Couriers::new(terms.fleet),
            service: Arc::new(terms.service),
            limits,
            advice: None,
        };
        Self::new(dispatcher, &limits)
    }
}

impl Dispatcher {
    /// The desk, for reading.
    #[must_use]
    pub const fn counter(&self) -> &Counter {
        &self.counter
    }

    /// The couriers with all rides, for reading.
    #[must_use]
    pub const fn couriers(&self) -> &Couriers {
        &self.couriers
    }

    /// One part, or an order that is whole; those that are over included. O(1).
    #[must_use]
    pub fn part(&self, part: OrderId) -> Option<PartView> {
        self.parts.get(part).map(|part| self.view(part))
    }

    /// All parts in the order in which they came.
    pub fn parts(&self) -> impl Iterator<Item = PartView> + '_ {
        self.parts.iter().map(|part| self.view(part))
    }

    /// The ids of an order's parts: its own, if it is whole; none, if it is not known. O(log n).
    #[must_use]
    pub fn parts_of(&self, order: OrderId) -> Vec<OrderId> {
        match self.parts.divided(order) {
            Some(divided) => divided.parts.clone(),
            None => self
                .parts
                .get(order)
                .map(|part| part.id)
                .into_iter()
                .collect(),
        }
    }

    /// An order that was taken in parts, as it was before. O(log n).
    #[must_use]
    pub fn divided(&self, order: OrderId) -> Option<&Arc<Order>> {
        self.parts.divided(order).map(|divided| &divided.order)
    }

    fn view(&self, part: &Part) -> PartView {
        PartView {
            part: part.id,
            of: part.of,
            way: part.way,
            life: part.life,
            site: self.counter.order(part.id).and_then(|order| order.site),
        }
    }
}

impl Machine for Dispatcher {
    type Action = Action;
    type Event = Event;
    type Refusal = Refusal;
    type Malformed = Malformed;
    type Mismatch = Mismatch;

    fn horizon(&self) -> Timestamp {
        self.counter.horizon()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.counter.next_deadline()
    }

    fn check(&self, action: &Action) -> Result<(), Malformed> {
        action.check(&self.limits)?;
        let place = |order: Arc<Order>| {
            let proposal = None;
            self.counter.check(&desk::Action::Place { order, proposal })
        };
        match action {
            Action::Take { order, .. } => place(Arc::clone(order))?,
            Action::TakeParts { order, parts } => {
                place(Arc::clone(order))?;
                for share in parts {
                    place(Arc::new(share.of(order)))?;
                }
            }
            Action::TakeSettled { orders } => {
                for order in orders {
                    place(Arc::clone(order))?;
                }
            }
            Action::Desk(action) => self.counter.check(action)?,
            _ => {}
        }
        Ok(())
    }

    fn act(
        &mut self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.decide(now, action, events)
    }

    fn fire(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let mut heard = Vec::new();
        self.counter.fire(now, &mut heard);
        self.hear(now, heard, events);
    }

    fn evolve(&mut self, event: &Event) -> Result<(), Mismatch> {
        match event {
            Event::Desk(event) => Ok(self.counter.evolve(event)?),
            Event::Divided { order, parts } => self.parts.divide(Divided {
                order: Arc::clone(order),
                parts: parts.clone(),
            }),
            Event::Taken { part, of, way } => self.taken(*part, *of, *way),
            Event::NotTaken { .. } => Ok(()),
            Event::Turned { part, deed, to } => self.turned(*part, *deed, *to),
            Event::RideHeld { part, ride, size } => {
                self.parts
                    .get(*part)
                    .ok_or(Mismatch::Part { part: *part })?;
                Ok(self.couriers.hold(*part, ride, *size)?)
            }
            Event::RideConfirmed { part } => Ok(self.couriers.confirm(*part)?),
            Event::RideReleased { part } => {
                self.couriers.release(*part)?;
                Ok(())
            }
            Event::RideDone { part } => Ok(self.couriers.finish(*part)?),
            Event::Staffed { fleet } => {
                self.couriers.adopt(Fleet::clone(fleet));
                Ok(())
            }
        }
    }
}

impl Dispatcher {
    /// Makes an event happen that was decided on.
    pub(super) fn emit(&mut self, event: Event, events: &mut Vec<Event>) {
        self.evolve(&event).expect("what was decided on can happen");
        events.push(event);
    }

    /// Lets the desk act, and follows what came of it.
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        action: &desk::Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let mut heard = Vec::new();
        self.counter.act(now, action, &mut heard)?;
        self.hear(now, heard, events);
        Ok(())
    }

    fn taken(&mut self, id: OrderId, of: OrderId, way: Way) -> Result<(), Mismatch> {
        let mismatch = Mismatch::Part { part: id };
        let held = self.counter.order(id);
        held.filter(|order| order.state == OrderState::Held)
            .ok_or(mismatch)?;
        if of != id {
            let divided = self.parts.divided(of).ok_or(mismatch)?;
            if !divided.parts.contains(&id) {
                return Err(mismatch);
            }
        }
        self.parts.push(Part {
            id,
            of,
            way,
            life: Life::FIRST,
        })
    }

    fn turned(&mut self, id: OrderId, deed: Deed, to: Life) -> Result<(), Mismatch> {
        let part = self.parts.get_mut(id).ok_or(Mismatch::Part { part: id })?;
        if part.life.after(part.way, deed) != Some(to) {
            let life = part.life;
            return Err(Mismatch::Life {
                part: id,
                life,
                deed,
                to,
            });
        }
        part.life = to;
        Ok(())
    }
}

impl Canonical for Dispatcher {
    fn encode(&self, to: &mut Encoder) {
        self.counter.encode(to);
        self.parts.encode(to);
        self.couriers.encode(to);
        self.service.encode(to);
    }
}
