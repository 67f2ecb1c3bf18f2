use std::sync::Arc;

use crate::desk;
use crate::fulfil::dispatch::Refusal;
use crate::fulfil::{CourierRefusal, Deed, Fleet, Life, Ride, Way};
use crate::id::OrderId;
use crate::ledger;
use crate::order::Order;
use crate::units::Units;

/// What a command, or time, did to the dispatch: all events of one instant, to be stored and told together.
pub type Step = ledger::Step<Event, Refusal>;

/// Something that has happened to an order, or at the desk.
///
/// ```
/// use catchment::fulfil::dispatch::Event;
/// use catchment::fulfil::{Deed, Life};
/// use catchment::id::OrderId;
/// let packed = Event::Turned { part: OrderId(7), deed: Deed::Ready, to: Life::Ready };
/// assert_eq!(packed.part(), Some(OrderId(7)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// Something at the desk. What it means for lives and couriers is in the events after it.
    Desk(desk::Event),
    /// An order comes in parts: each of them is taken in this step.
    Divided {
        /// The order.
        order: Arc<Order>,
        /// The ids of its parts.
        parts: Vec<OrderId>,
    },
    /// A part, or an order that is whole, begins its life.
    Taken {
        /// Which; it was placed at the desk just before.
        part: OrderId,
        /// The order that it belongs to: itself, if that is whole.
        of: OrderId,
        /// How the customer gets it.
        way: Way,
    },
    /// A settled pledge could not be taken. Its id is free: it may come again.
    NotTaken {
        /// Which.
        order: OrderId,
        /// Why.
        refusal: Refusal,
    },
    /// The life of a part has gone on.
    Turned {
        /// Which.
        part: OrderId,
        /// By what.
        deed: Deed,
        /// Where it stands now.
        to: Life,
    },
    /// A courier keeps room for a part.
    RideHeld {
        /// Which.
        part: OrderId,
        /// Who brings it, when and for how much.
        ride: Ride,
        /// How much room it takes.
        size: Units,
    },
    /// The courier's room is certain, as the order is.
    RideConfirmed {
        /// For which part.
        part: OrderId,
    },
    /// The courier's room is free again.
    RideReleased {
        /// For which part.
        part: OrderId,
    },
    /// The courier has brought the part, or brought it back.
    RideDone {
        /// Which.
        part: OrderId,
    },
    /// Other couriers bring orders from now on.
    Staffed {
        /// Who.
        fleet: Arc<Fleet>,
    },
}

/// An event that can't have happened: the log is damaged, or another dispatch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// At the desk.
    #[error(transparent)]
    Desk(#[from] desk::Mismatch),
    /// A part that is not known, or not there at the desk.
    #[error("no part {part}")]
    Part {
        /// Which.
        part: OrderId,
    },
    /// An id that was used before.
    #[error("order {order} was taken before")]
    KnownOrder {
        /// Which.
        order: OrderId,
    },
    /// A life does not go on like that.
    #[error("part {part} is {life}: {deed} does not lead to {to}")]
    Life {
        /// Whose.
        part: OrderId,
        /// Where it stood.
        life: Life,
        /// What is said to have happened.
        deed: Deed,
        /// Where that is said to have led.
        to: Life,
    },
    /// A courier can't have taken or brought it.
    #[error(transparent)]
    Courier(#[from] CourierRefusal),
    /// More of something than can be numbered.
    #[error("more than can be numbered")]
    TooMany,
}

impl Event {
    /// The part, or the order, that it is about, if it is about one.
    #[must_use]
    pub fn part(&self) -> Option<OrderId> {
        match self {
            Self::Desk(event) => event.order(),
            Self::Divided { order, .. } => Some(order.id),
            Self::Taken { part, .. }
            | Self::Turned { part, .. }
            | Self::RideHeld { part, .. }
            | Self::RideConfirmed { part }
            | Self::RideReleased { part }
            | Self::RideDone { part } => Some(*part),
            Self::NotTaken { order, .. } => Some(*order),
            Self::Staffed { .. } => None,
        }
    }
}
