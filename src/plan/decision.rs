use core::fmt;

use crate::balance::Price;
use crate::id::{DisplayWith, Names, Numbers, OrderId, SiteId};
use crate::plan::Cost;
use crate::units::{Distance, Orders, Units};

/// What became of one order.
///
/// ```
/// use catchment::id::{OrderId, SiteId};
/// use catchment::plan::{Decision, Outcome, Unassigned};
/// let decision = Decision { order: OrderId(4711), outcome: Outcome::Unassigned(Unassigned::NoRoom) };
/// assert_eq!(decision.assigned(), None);
/// assert_eq!(decision.to_string(), "order 4711: every eligible site is full");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Decision {
    /// The order.
    pub order: OrderId,
    /// Where it goes, or why it goes nowhere.
    pub outcome: Outcome,
}

impl Decision {
    /// Where the order goes, or `None` if it goes nowhere.
    #[must_use]
    pub const fn assigned(&self) -> Option<&Assigned> {
        match &self.outcome {
            Outcome::Assigned(assigned) => Some(assigned),
            Outcome::Unassigned(_) => None,
        }
    }
}

/// Assigned or unassigned.
///
/// In serde form `{"assigned": {"site": 17, "distance": 153000, "cost": 153000}}` or, for example,
/// `{"unassigned": "no_room"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// It goes to a site.
    Assigned(Assigned),
    /// It goes nowhere.
    Unassigned(Unassigned),
}

/// The site of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Assigned {
    /// Which site.
    pub site: SiteId,
    /// How far it is.
    pub distance: Distance,
    /// What it costs: the distance with all preferences.
    pub cost: Cost,
}

/// Why an order goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unassigned {
    /// No site may take it, even if all were empty.
    NoEligibleSite,
    /// The buyer chose a site that the network doesn't have.
    ChosenSiteUnknown,
    /// The buyer chose a site that may not take it.
    ChosenSiteRefuses,
    /// The buyer chose a site that is full of orders which chose it as well and have smaller ids.
    ChosenSiteFull,
    /// Every eligible site is full, and no exchange of orders would make room for one more (or, under
    /// [`UnassignedAt`](crate::plan::Objective::UnassignedAt), none that is worth its cost).
    NoRoom,
    /// Under [`UnassignedAt`](crate::plan::Objective::UnassignedAt): even at an empty site it would cost more than
    /// to leave it.
    TooDear,
}

/// How full a site is, and what one more place there would be worth.
///
/// ```
/// use catchment::balance::Price;
/// use catchment::id::SiteId;
/// use catchment::plan::SiteLoad;
/// use catchment::units::Units;
/// let load = SiteLoad {
///     site: SiteId(17),
///     capacity: Units(60),
///     load: Units(58),
///     locked: Units(3),
///     price: Price::default(),
/// };
/// assert_eq!(load.room(), Units(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct SiteLoad {
    /// The site.
    pub site: SiteId,
    /// What it takes in the window that the plan is for.
    pub capacity: Units,
    /// What the plan sends there: the sum of the orders' sizes. More than the capacity only with
    /// [`Method::Nearest`](crate::plan::Method::Nearest).
    pub load: Units,
    /// How much of the load is orders whose buyers chose the site.
    pub locked: Units,
    /// What one more place would save: the least optimal price, in millimetres. A place is room for one order: those
    /// of a proven plan have one size, except where buyers chose their site. Zero where a place is left (room for 1 is
    /// none for orders of size 2), and wherever a plan is not proven.
    pub price: Price,
}

impl SiteLoad {
    /// How much more the site takes; zero if it is full or too full.
    #[must_use]
    pub const fn room(&self) -> Units {
        Units(self.capacity.0.saturating_sub(self.load.0))
    }
}

/// The value of a plan, compared in this order: less is better.
///
/// ```
/// use catchment::plan::{Cost, Total};
/// use catchment::units::Orders;
/// let short = Total { unassigned: Orders(1), cost: Cost::ZERO };
/// let long = Total { unassigned: Orders(0), cost: Cost::from_millimetres(9_000_000) };
/// assert!(long < short);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Total {
    /// Orders that go nowhere.
    pub unassigned: Orders,
    /// The sum of what the others cost.
    pub cost: Cost,
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unassigned, {}", self.unassigned, self.cost)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Decision {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}: ", names.order(self.order))?;
        match &self.outcome {
            Outcome::Assigned(assigned) => {
                let site = names.site(assigned.site);
                write!(f, "site {site} at {}", assigned.distance)
            }
            Outcome::Unassigned(why) => fmt::Display::fmt(why, f),
        }
    }
}

impl Unassigned {
    /// The name of the reason: that of the serde form.
    ///
    /// ```
    /// assert_eq!(catchment::plan::Unassigned::NoRoom.name(), "no_room");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoEligibleSite => "no_eligible_site",
            Self::ChosenSiteUnknown => "chosen_site_unknown",
            Self::ChosenSiteRefuses => "chosen_site_refuses",
            Self::ChosenSiteFull => "chosen_site_full",
            Self::NoRoom => "no_room",
            Self::TooDear => "too_dear",
        }
    }
}

impl fmt::Display for Unassigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoEligibleSite => "no site may take it",
            Self::ChosenSiteUnknown => "the chosen site is not in the network",
            Self::ChosenSiteRefuses => "the chosen site may not take it",
            Self::ChosenSiteFull => "the chosen site is full",
            Self::NoRoom => "every eligible site is full",
            Self::TooDear => "every eligible site costs more than to leave it",
        })
    }
}
