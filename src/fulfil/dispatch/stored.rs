//! A dispatch as data.

use std::sync::Arc;

use crate::desk::{Counter, DeskFault, OrderState, StoredDesk};
use crate::fulfil::dispatch::parts::{Divided, Part, Parts};
use crate::fulfil::dispatch::{Dispatcher, Service};
use crate::fulfil::{Couriers, CouriersFault, Life, RideState, StoredCouriers, Way};
use crate::id::OrderId;
use crate::ledger::Storable;
use crate::limits::Limits;
use crate::order::Order;

/// The state of a dispatch as plain data: the part of a snapshot that is its own. To be kept, not to be read.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredDispatch {
    desk: StoredDesk,
    parts: Vec<StoredPart>,
    divided: Vec<(Arc<Order>, Vec<OrderId>)>,
    couriers: StoredCouriers,
    service: Service,
}

/// A part of a stored dispatch.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredPart {
    part: OrderId,
    of: OrderId,
    way: Way,
    life: Life,
}

/// Stored data that is no dispatch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchFault {
    /// The desk is none.
    #[error(transparent)]
    Desk(#[from] DeskFault),
    /// A part that is there twice, belongs to nothing, or lives otherwise than its order at the desk.
    #[error("part {part} is repeated, or not one of this desk")]
    Part {
        /// Which.
        part: OrderId,
    },
    /// The couriers are none.
    #[error(transparent)]
    Couriers(#[from] CouriersFault),
    /// A part that is brought has no courier, or one that is not has one.
    #[error("part {part} has a ride that it should not have, or lacks one")]
    Ride {
        /// Which.
        part: OrderId,
    },
    /// An order at the desk without a life.
    #[error("order {order} has no life")]
    Lifeless {
        /// Which.
        order: OrderId,
    },
}

impl Storable for Dispatcher {
    type Stored = StoredDispatch;
    type Fault = DispatchFault;
    const FORMAT: u32 = 1;

    fn store(&self) -> StoredDispatch {
        let parts = self.parts.iter().map(|part| StoredPart {
            part: part.id,
            of: part.of,
            way: part.way,
            life: part.life,
        });
        let divided = self.parts.all_divided();
        StoredDispatch {
            couriers: self.couriers.store(),
            service: (*self.service).clone(),
            desk: self.counter.store(),
            parts: parts.collect(),
            divided: divided
                .map(|divided| (Arc::clone(&divided.order), divided.parts.clone()))
                .collect(),
        }
    }

    fn restore(stored: StoredDispatch, limits: &Limits) -> Result<Self, DispatchFault> {
        let counter = Counter::restore(stored.desk, limits)?;
        let mut parts = Parts::default();
        for part in stored.parts {
            let fault = DispatchFault::Part { part: part.part };
            let state = counter.order(part.part).map(|order| order.state);
            if !state.is_some_and(|state| lives_so(part.life, state)) {
                return Err(fault);
            }
            let pushed = parts.push(Part {
                id: part.part,
                of: part.of,
                way: part.way,
                life: part.life,
            });
            pushed.map_err(|_| fault)?;
        }
        for (order, ids) in stored.divided {
            for id in &ids {
                let is_own = parts.get(*id).is_some_and(|part| part.of == order.id);
                is_own
                    .then_some(())
                    .ok_or(DispatchFault::Part { part: *id })?;
            }
            let fault = DispatchFault::Part { part: order.id };
            let divided = Divided { order, parts: ids };
            parts.divide(divided).map_err(|_| fault)?;
        }
        let lost = parts.iter().find(|part| {
            let whole = || part.of == part.id;
            let has = |divided: &Divided| divided.parts.contains(&part.id);
            !(whole() || parts.divided(part.of).is_some_and(has))
        });
        if let Some(part) = lost {
            return Err(DispatchFault::Part { part: part.id });
        }
        let lifeless = counter
            .orders()
            .find(|order| parts.find(order.order).is_none());
        if let Some(order) = lifeless {
            return Err(DispatchFault::Lifeless { order: order.order });
        }
        let couriers = Couriers::restore(stored.couriers, limits)?;
        let dispatcher = Self {
            counter,
            parts,
            couriers,
            service: Arc::new(stored.service),
            limits: *limits,
            advice: None,
        };
        dispatcher.check_rides()?;
        Ok(dispatcher)
    }
}

impl Dispatcher {
    /// Whoever is brought has a courier, and nobody else has.
    fn check_rides(&self) -> Result<(), DispatchFault> {
        let stranger = self
            .couriers
            .rides()
            .find(|held| self.parts.get(held.order).is_none());
        if let Some(held) = stranger {
            return Err(DispatchFault::Ride { part: held.order });
        }
        for part in self.parts.iter() {
            let ride = self.couriers.ride(part.id).map(|held| held.state);
            let state = self.counter.order(part.id).map(|order| order.state);
            let certain = match state {
                Some(OrderState::Held) => RideState::Held,
                _ => RideState::Confirmed,
            };
            let is_so = match (part.way, part.life) {
                (Way::Delivery, Life::Accepted | Life::Ready | Life::OutForDelivery) => {
                    ride == Some(certain)
                }
                // What is done is forgotten when its courier or window goes.
                (Way::Delivery, Life::Delivered | Life::Returned) => {
                    ride.is_none_or(|ride| ride == RideState::Done)
                }
                _ => ride.is_none(),
            };
            if !is_so {
                return Err(DispatchFault::Ride { part: part.id });
            }
        }
        Ok(())
    }
}

/// Whether an order at the desk that stands there may stand so in its life.
const fn lives_so(life: Life, state: OrderState) -> bool {
    match state {
        OrderState::Held => matches!(life, Life::Accepted | Life::Waiting),
        OrderState::Confirmed => matches!(life, Life::Accepted | Life::Waiting | Life::Ready),
        OrderState::HandedOver => matches!(
            life,
            Life::PickedUp | Life::OutForDelivery | Life::Delivered | Life::Returned
        ),
        OrderState::Released | OrderState::Expired => matches!(life, Life::Cancelled),
        OrderState::Failed => matches!(life, Life::Rejected),
    }
}
