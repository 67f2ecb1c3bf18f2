use core::fmt;

use crate::geo::Position;
use crate::id::{CourierId, SiteId};
use crate::money::Amount;
use crate::time::{Span, Timestamp, Window};
use crate::units::{Distance, Orders, Units};

/// Something to be brought from a store to an address.
///
/// ```
/// use catchment::fulfil::Trip;
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::time::{Span, Timestamp};
/// use catchment::units::Units;
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let trip = Trip {
///     store: SiteId(7), from: at(121.40)?, to: at(121.41)?, size: Units(1),
///     ready_at: Timestamp::from_unix_millis(600_000), travel: Span::from_minutes(12),
/// };
/// assert_eq!(trip.distance().to_string(), "951 m");
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    /// From which store.
    pub store: SiteId,
    /// Where the store is.
    pub from: Position,
    /// Where the buyer is.
    pub to: Position,
    /// How much room the order takes.
    pub size: Units,
    /// When the store has it ready.
    pub ready_at: Timestamp,
    /// How long it travels.
    pub travel: Span,
}

impl Trip {
    /// How far it is, as the crow flies.
    #[must_use]
    pub fn distance(&self) -> Distance {
        self.from.distance_to(self.to)
    }
}

/// Who brings an order, when, and for how much.
///
/// ```
/// use catchment::fulfil::Ride;
/// use catchment::id::CourierId;
/// use catchment::money::Amount;
/// use catchment::time::{Timestamp, Window};
/// let at = |minutes: i64| Timestamp::from_unix_millis(minutes * 60_000);
/// let ride = Ride {
///     courier: CourierId(1), window: Window::new(at(0), at(120))?, fee: Amount(500),
///     earliest: at(30), latest: at(110),
/// };
/// assert!(ride.latest <= ride.window.closes_at());
/// # Ok::<(), catchment::time::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Ride {
    /// Who.
    pub courier: CourierId,
    /// In which window.
    pub window: Window,
    /// What it costs.
    pub fee: Amount,
    /// The order does not arrive before.
    pub earliest: Timestamp,
    /// It is promised by then: within the window.
    pub latest: Timestamp,
}

impl Ride {
    pub(super) fn is_within_its_window(&self) -> bool {
        self.window.opens_at() <= self.earliest
            && self.earliest <= self.latest
            && self.latest <= self.window.closes_at()
    }
}

/// What was found for a trip, and why nothing better was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CourierChoice {
    /// The ride, if there is one.
    pub ride: Option<Ride>,
    /// The next windows that work, each with the courier who would be chosen.
    pub alternatives: Vec<Ride>,
    /// Whoever was considered and not chosen: first what holds in every window, courier by courier, then window by
    /// window. Nothing is said of windows after the last alternative, nor of ones that have closed.
    pub passed_over: Vec<PassedOver>,
}

/// A courier in a window that was considered and not chosen.
///
/// `Display` is a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PassedOver {
    /// Who; `None` if it holds for everybody.
    pub courier: Option<CourierId>,
    /// In which window; `None` if it holds in all.
    pub window: Option<Window>,
    /// Why.
    pub why: NoRide,
}

/// Why a courier does not bring an order.
///
/// They are checked in the order of the variants; the first that holds is given.
///
/// ```
/// use catchment::fulfil::NoRide;
/// use catchment::units::Units;
/// let why = NoRide::TooLarge { size: Units(9), limit: Units(6) };
/// assert_eq!(why.to_string(), "too large: size 9 > 6");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NoRide {
    /// The order is larger than the courier takes any.
    TooLarge {
        /// Of the order.
        size: Units,
        /// Of the courier.
        limit: Units,
    },
    /// The address is farther from the store than the courier goes.
    TooFar {
        /// From store to address.
        distance: Distance,
        /// How far the courier goes.
        limit: Distance,
    },
    /// The order would travel longer than the courier promises.
    TooSlow {
        /// How long it travels.
        travel: Span,
        /// What is promised.
        promised: Span,
    },
    /// The address is outside the radius round the store that the courier serves.
    OutsideRadius {
        /// From store to address.
        distance: Distance,
        /// What is served.
        radius: Distance,
    },
    /// The address is outside the polygons or cells that the courier serves.
    OutsideArea,
    /// The fleet has no such window.
    UnknownWindow,
    /// It is too late to order for the window.
    PastCutOff {
        /// When the buyer orders.
        at: Timestamp,
        /// Until when it was possible.
        order_by: Timestamp,
    },
    /// The order could be later than the window.
    TooLate {
        /// When the promise ends.
        latest: Timestamp,
        /// When the window does.
        closes_at: Timestamp,
    },
    /// The courier has as many orders in the window as they take.
    FullOrders {
        /// What they have.
        load: Orders,
        /// What they take.
        capacity: Orders,
    },
    /// What the courier has in the window leaves too little room for an order of this size.
    FullUnits {
        /// What they have.
        load: Units,
        /// Of the order.
        size: Units,
        /// What they take.
        capacity: Units,
    },
    /// Somebody who is asked before can.
    Behind {
        /// Who.
        chosen: CourierId,
    },
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.courier {
            Some(courier) => write!(f, "courier {courier}")?,
            None => f.write_str("no courier")?,
        }
        if let Some(window) = self.window {
            write!(f, " from {} to {}", window.opens_at(), window.closes_at())?;
        }
        write!(f, ": {}", self.why)
    }
}

impl fmt::Display for NoRide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size, limit } => write!(f, "too large: size {size} > {limit}"),
            Self::TooFar { distance, limit } => write!(f, "too far: {distance:#} > {limit:#}"),
            Self::TooSlow { travel, promised } => {
                write!(f, "too slow: travels {travel} > {promised}")
            }
            Self::OutsideRadius { distance, radius } => {
                write!(f, "outside service area: {distance:#} > {radius:#}")
            }
            Self::OutsideArea => f.write_str("outside service area"),
            Self::UnknownWindow => f.write_str("no such window"),
            Self::PastCutOff { at, order_by } => {
                write!(f, "past the cut-off: {at} > {order_by}")
            }
            Self::TooLate { latest, closes_at } => {
                write!(f, "too late: {latest} > {closes_at}")
            }
            Self::FullOrders { load, capacity } => write!(f, "has {load} of {capacity} orders"),
            Self::FullUnits {
                load,
                size,
                capacity,
            } => write!(f, "has {load} of {capacity} units, {size} more do not fit"),
            Self::Behind { chosen } => write!(f, "courier {chosen} is asked before"),
        }
    }
}
