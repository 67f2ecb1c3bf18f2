use crate::desk;
use crate::fulfil::{Deed, Life, Way};
use crate::id::{OrderId, SiteId};
use crate::ledger::{Canonical, Encoder};
use crate::units::Quantity;

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
    /// No single site has all the goods, which the desk would say, and it can't be divided.
    #[error("order {order} is not divided: {because}")]
    NotDivided {
        /// Which.
        order: OrderId,
        /// Why.
        because: NotDivided,
    },
    /// Stores could, and no courier brings it from one of them in time.
    #[error("no courier brings order {part}")]
    NoCourier {
        /// Which.
        part: OrderId,
    },
}

/// Why an order is not divided. [`split`](crate::fulfil::split()) says it at length.
///
/// ```
/// use catchment::fulfil::dispatch::NotDivided;
/// let why = NotDivided::TooFewIds { parts: 3, ids: 2 };
/// assert_eq!(why.to_string(), "3 parts are needed, there are ids for 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NotDivided {
    /// All sites that were asked have too little together.
    #[error("{missing} articles are missing")]
    Short {
        /// Of how many articles.
        missing: u32,
    },
    /// It would take more sites than the policy allows.
    #[error("more than {limit} sites are needed, {enough} are enough")]
    TooManySites {
        /// What the policy allows.
        limit: u8,
        /// How many would do, if parts of any value were allowed.
        enough: u16,
    },
    /// Some part would be worth too little.
    #[error("the part of site {site} is worth too little")]
    BelowMinimum {
        /// Whose part.
        site: SiteId,
    },
    /// The policy [refuses](crate::fulfil::SplitMode::Refuse) to divide, keeps orders whole that were sent in parts, or
    /// would leave something [unfilled](crate::fulfil::SplitMode::Partial), which no order at a desk can be.
    #[error("the policy divides no order whole")]
    ByPolicy,
    /// The policy keeps orders [whole](crate::fulfil::SplitMode::Whole): nobody has all of it. It can come again for
    /// this site when the goods are there.
    #[error("it is kept whole: {missing} pieces are missing at site {site}, the fewest")]
    KeptWhole {
        /// Where the fewest pieces are missing.
        site: SiteId,
        /// How many, of all articles.
        missing: Quantity,
    },
    /// More parts than there are ids for.
    #[error("{parts} parts are needed, there are ids for {ids}")]
    TooFewIds {
        /// How many parts.
        parts: u32,
        /// How many ids.
        ids: u32,
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
            Self::NotDivided { because, .. } => !matches!(because, NotDivided::ByPolicy),
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
            Self::NotDivided { order, because } => {
                numbered(to, 8, order);
                because.encode(to);
            }
            Self::NoCourier { part } => numbered(to, 9, part),
        }
    }
}

impl Canonical for NotDivided {
    fn encode(&self, to: &mut Encoder) {
        match *self {
            Self::Short { missing } => {
                to.u8(0);
                to.u32(missing);
            }
            Self::TooManySites { limit, enough } => {
                to.u8(1);
                to.u8(limit);
                to.u32(enough.into());
            }
            Self::BelowMinimum { site } => {
                to.u8(2);
                to.u64(site.0);
            }
            Self::ByPolicy => to.u8(3),
            Self::TooFewIds { parts, ids } => {
                to.u8(4);
                to.u32(parts);
                to.u32(ids);
            }
            Self::KeptWhole { site, missing } => {
                to.u8(5);
                to.u64(site.0);
                to.u32(missing.0);
            }
        }
    }
}

fn numbered(to: &mut Encoder, variant: u8, order: OrderId) {
    to.u8(variant);
    to.u64(order.0);
}
