use core::fmt;

use crate::candidates::Rejection;
use crate::fulfil::{CourierChoice, ExcludedBy, Ride, Way};
use crate::id::{OrderId, SiteId, SkuId};
use crate::money::Amount;
use crate::time::Timestamp;
use crate::units::{Distance, Quantity, Units};

/// What a buyer may choose, the best first, and why nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Options {
    /// For which order.
    pub order: OrderId,
    /// As things stood when.
    pub at: Timestamp,
    /// What is offered, [the best first](crate::fulfil::OptionsFinder#in-which-order).
    pub offers: Vec<Offer>,
    /// What was considered and is not offered: pickups, then deliveries, each the nearest first.
    pub rejected: Vec<NotOffered>,
    /// The soft rules that were relaxed because no site meets them: pickups, then deliveries, each in the order of the
    /// rules.
    #[cfg_attr(feature = "serde", serde(default))]
    pub relaxed: Vec<Relaxed>,
}

/// A soft rule that some site breaks which may be offered, as no site meets all.
///
/// ```
/// use catchment::fulfil::{Relaxed, Way};
/// let relaxed = Relaxed { way: Way::Pickup, soft: 0 };
/// assert_eq!(relaxed.to_string(), "pickup: soft[0] is relaxed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Relaxed {
    /// For which way.
    pub way: Way,
    /// Its place among the soft rules of the [policy](crate::fulfil::OptionsSettings::rules).
    pub soft: usize,
}

/// One thing that the buyer may choose.
///
/// `Display` is a sentence.
///
/// ```
/// use catchment::fulfil::{Offer, OfferTerms, Way};
/// use catchment::id::SiteId;
/// use catchment::money::Amount;
/// use catchment::time::Timestamp;
/// use catchment::units::Distance;
/// let terms = OfferTerms::Pickup { discount: Amount(200), ready_at: Timestamp::from_unix_millis(900_000) };
/// let offer = Offer { site: SiteId(17), distance: Distance::from_metres(240), terms };
/// assert_eq!(offer.terms.way(), Way::Pickup);
/// assert_eq!(offer.to_string(), "pickup at site 17, 240 m away, from 1970-01-01T00:15:00Z, saves 200");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Offer {
    /// Where it is picked up, or the store that it is brought from.
    pub site: SiteId,
    /// How far away that is.
    pub distance: Distance,
    /// How, when and for how much.
    pub terms: OfferTerms,
}

/// How an order gets to its buyer, when and for how much.
///
/// ```
/// use catchment::fulfil::OfferTerms;
/// use catchment::money::Amount;
/// use catchment::time::Timestamp;
/// let now = Timestamp::from_unix_millis(0);
/// let pickup = OfferTerms::Pickup { discount: Amount(200), ready_at: now };
/// assert_eq!((pickup.price(), pickup.promised_by()), (-200, now));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum OfferTerms {
    /// The buyer fetches it.
    Pickup {
        /// What the buyer saves.
        discount: Amount,
        /// From when on.
        ready_at: Timestamp,
    },
    /// A courier brings it.
    Delivery(Ride),
}

impl OfferTerms {
    /// Which way.
    #[must_use]
    pub const fn way(&self) -> Way {
        match self {
            Self::Pickup { .. } => Way::Pickup,
            Self::Delivery(_) => Way::Delivery,
        }
    }

    /// What it adds to the price of the goods, in minor units; less than nothing for a discount.
    #[must_use]
    pub fn price(&self) -> i128 {
        match self {
            Self::Pickup { discount, .. } => -i128::from(discount.0),
            Self::Delivery(ride) => ride.fee.0.into(),
        }
    }

    /// The instant at which the promise ends: ready to be fetched, or at the door.
    #[must_use]
    pub const fn promised_by(&self) -> Timestamp {
        match self {
            Self::Pickup { ready_at, .. } => *ready_at,
            Self::Delivery(ride) => ride.latest,
        }
    }
}

/// A site that was considered and is not offered.
///
/// `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NotOffered {
    /// Which.
    pub site: SiteId,
    /// How far away it is; `None` if [there is no such site](WhyNot::UnknownSite).
    pub distance: Option<Distance>,
    /// For which way.
    pub way: Way,
    /// Why not.
    pub why: WhyNot,
}

/// Why a site is not offered.
///
/// The reasons are checked in the order of the variants; the first that holds is given.
///
/// ```
/// use catchment::fulfil::WhyNot;
/// use catchment::id::SkuId;
/// use catchment::units::Quantity;
/// let why = WhyNot::OutOfStock { sku: SkuId(9), wanted: Quantity(3), free: Quantity(1) };
/// assert_eq!(why.to_string(), "out of stock: sku 9, 3 wanted, 1 free");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WhyNot {
    /// The buyer chose a site that the network does not have, or no longer.
    UnknownSite,
    /// A rule is against it: paused, too small, closed, outside its area, beyond the longest walk.
    NotEligible(Rejection),
    /// It rejected an order and gets none for a while.
    Cooling {
        /// Until when.
        until: Timestamp,
    },
    /// Too little room is left.
    NoRoom {
        /// What is left.
        room: Units,
        /// What the order takes.
        size: Units,
    },
    /// Too little may still be promised of an article.
    OutOfStock {
        /// The first article of the order that is short.
        sku: SkuId,
        /// What the order asks for.
        wanted: Quantity,
        /// What may be promised.
        free: Quantity,
    },
    /// The caller's travel times know no way.
    NoWay,
    /// Nobody brings it, in the window that was asked for or in any: everybody's reasons, and the windows in which
    /// somebody would.
    NoCourier(CourierChoice),
    /// It could serve the order, and a [rule](crate::fulfil::OptionsSettings::rules) excludes it: the first that it
    /// breaks, by its place.
    ByRule(ExcludedBy),
    /// It could serve the order, and by the rules as many as are offered come before it.
    Behind,
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { site, distance, .. } = self;
        match &self.terms {
            OfferTerms::Pickup { discount, ready_at } => write!(
                f,
                "pickup at site {site}, {distance} away, from {ready_at}, saves {}",
                discount.0
            ),
            OfferTerms::Delivery(ride) => write!(
                f,
                "delivery from site {site}, {distance} away, by courier {} from {} to {}, costs {}",
                ride.courier, ride.earliest, ride.latest, ride.fee.0
            ),
        }
    }
}

impl fmt::Display for Relaxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: soft[{}] is relaxed", self.way, self.soft)
    }
}

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            site,
            distance,
            way,
            why,
        } = self;
        write!(f, "no {way} at site {site}")?;
        if let Some(distance) = distance {
            write!(f, ", {distance} away")?;
        }
        write!(f, ": {why}")
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSite => f.write_str("there is no such site"),
            Self::NotEligible(rejection) => rejection.fmt(f),
            Self::Cooling { until } => write!(f, "takes no orders until {until}"),
            Self::NoRoom { room, size } => write!(f, "no room: {size} wanted, {room} left"),
            Self::OutOfStock { sku, wanted, free } => {
                write!(f, "out of stock: sku {sku}, {wanted} wanted, {free} free")
            }
            Self::NoWay => f.write_str("no way there"),
            Self::NoCourier(choice) => {
                f.write_str("no courier")?;
                for (at, passed) in choice.passed_over.iter().enumerate() {
                    f.write_str(if at == 0 { ": " } else { "; " })?;
                    passed.fmt(f)?;
                }
                Ok(())
            }
            Self::ByRule(by) => write!(f, "excluded by {by}"),
            Self::Behind => f.write_str("others come before it"),
        }
    }
}
