use crate::desk;
use crate::fulfil::{Deed, Life, Way};
use crate::id::OrderId;
use crate::ledger::{Canonical, Encoder};

/// Why a command is refused, as things stand. Nothing has changed but that the command's id is used.
///
/// Refusals are checked in the order of the variants: of several that hold, the first is given. Where an action is
/// about several parts they are asked in their order, and the first that refuses is named.
///
/// ```
/// use catchment::fulfil::dispatch::Refusal;
/// use catchment::fulfil::{Deed, Life, Way};
/// use catchment::id::OrderId;
/// let part = OrderId(7);
/// let early = Refusal::WrongLife { part, way: Way::Pickup, life: Life::Accepted, deed: Deed::PickUp };
/// assert_eq!(early.to_string(), "order 7, a pickup, is accepted: no pick up");
/// assert!(early.is_transient()); // once it is ready
/// let gone = Refusal::WrongLife { part, way: Way::Pickup, life: Life::PickedUp, deed: Deed::Cancel };
/// assert!(!gone.is_transient());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Refusal {
    /// An order or a part with this id was taken before.
    #[error("order {order} was taken before")]
    KnownOrder {
        /// The id.
        order: OrderId,
    },
    /// No such order or part was taken.
    #[error("no order {order}")]
    UnknownOrder {
        /// The id.
        order: OrderId,
    },
    /// The order is in parts, and only one of them can be meant.
    #[error("order {order} is in parts")]
    InParts {
        /// The id.
        order: OrderId,
    },
    /// Only a whole order is confirmed.
    #[error("order {part} is a part of order {of}")]
    NotWhole {
        /// The part.
        part: OrderId,
        /// The order.
        of: OrderId,
    },
    /// The life of the part does not go on like that.
    #[error("order {part}, a {way}, is {life}: no {deed}")]
    WrongLife {
        /// Whose.
        part: OrderId,
        /// How the customer gets it.
        way: Way,
        /// Where it stands.
        life: Life,
        /// What was to be done.
        deed: Deed,
    },
    /// The order would be had another way than it was taken: it can be cancelled and come anew.
    #[error("order {part} was taken as a {way}")]
    OtherWay {
        /// Which.
        part: OrderId,
        /// How it was taken.
        way: Way,
    },
    /// Nobody packs what is not paid or agreed.
    #[error("order {part} is not confirmed")]
    NotConfirmed {
        /// Which.
        part: OrderId,
    },
    /// The desk refuses.
    #[error(transparent)]
    Desk(#[from] desk::Refusal),
    /// Stores could, and no courier brings it from one of them in time.
    #[error("no courier brings order {part}")]
    NoCourier {
        /// Which.
        part: OrderId,
    },
}

impl Refusal {
    /// Whether the same wish, under a new command id, may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match *self {
            Self::WrongLife {
                way, life, deed, ..
            } => life.may_come_to(way, deed),
            Self::NotConfirmed { .. } | Self::NoCourier { .. } => true,
            Self::Desk(refusal) => refusal.is_transient(),
            _ => false,
        }
    }
}

impl Canonical for Refusal {
    fn encode(&self, to: &mut Encoder) {
        match *self {
            Self::KnownOrder { order } => numbered(to, 0, order),
            Self::UnknownOrder { order } => numbered(to, 1, order),
            Self::InParts { order } => numbered(to, 2, order),
            Self::NotWhole { part, of } => {
                numbered(to, 3, part);
                to.u64(of.0);
            }
            Self::WrongLife {
                part,
                way,
                life,
                deed,
            } => {
                numbered(to, 4, part);
                to.u8(way as u8);
                to.u8(life as u8);
                to.u8(deed as u8);
            }
            Self::OtherWay { part, way } => {
                numbered(to, 5, part);
                to.u8(way as u8);
            }
            Self::NotConfirmed { part } => numbered(to, 6, part),
            Self::Desk(refusal) => {
                to.u8(7);
                refusal.encode(to);
            }
            Self::NoCourier { part } => numbered(to, 8, part),
        }
    }
}

fn numbered(to: &mut Encoder, variant: u8, order: OrderId) {
    to.u8(variant);
    to.u64(order.0);
}
