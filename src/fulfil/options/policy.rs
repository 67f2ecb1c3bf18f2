use std::collections::BTreeMap;

use crate::faults::Faults;
use crate::fulfil::{Rules, RulesData, RulesFault, Way};
use crate::id::SiteId;
use crate::limits::Limits;
use crate::money::Amount;
use crate::site::{Site, SiteKind};
use crate::time::{Span, Timestamp};
use crate::units::Distance;

/// What a retailer offers, as plain data: an [`OptionsPolicy`] is made of it.
///
/// More may be added: end with `..OptionsSettings::default()`.
///
/// ```
/// use catchment::fulfil::OptionsSettings;
/// use catchment::money::Amount;
/// let settings = OptionsSettings { pickup_discount: Amount(200), ..OptionsSettings::default() };
/// assert_eq!((settings.pickups_max, settings.deliveries_max), (3, 3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct OptionsSettings {
    /// At how many sites the order may be picked up.
    pub pickups_max: usize,
    /// From how many stores it may be brought.
    pub deliveries_max: usize,
    /// Of how many sites, each way, it is said why they are not offered.
    pub rejected_max: usize,
    /// How many later windows are named where no courier can.
    pub alternatives_max: usize,
    /// How far anybody should walk. Not asked of a site that the buyer chose.
    pub walk_max: Distance,
    /// How far a store may be from which something is brought.
    pub delivery_distance_max: Distance,
    /// What a buyer saves who picks up, in minor units.
    pub pickup_discount: Amount,
    /// How fast couriers are along the straight line, in metres an hour; whoever knows better passes travel times.
    pub metres_per_hour: u32,
    /// How long it takes until an order is ready.
    pub preparation: Preparation,
    /// Which of the sites that can serve an order are offered, and in which order. By default the nearest are,
    /// [by price, promise and distance](crate::fulfil::OptionsFinder#in-which-order).
    pub rules: RulesData,
}

impl Default for OptionsSettings {
    /// Three of each, a walk of up to 2 km, delivery up to 5 km at 12 km/h, which are 15 km/h on the streets.
    fn default() -> Self {
        Self {
            pickups_max: 3,
            deliveries_max: 3,
            rejected_max: 5,
            alternatives_max: 3,
            walk_max: Distance::from_metres(2_000),
            delivery_distance_max: Distance::from_metres(5_000),
            pickup_discount: Amount::ZERO,
            metres_per_hour: 12_000,
            preparation: Preparation::default(),
            rules: RulesData::default(),
        }
    }
}

/// How long it takes from the order until it can be fetched, or leave the house.
///
/// ```
/// use catchment::fulfil::Preparation;
/// use catchment::time::Span;
/// assert_eq!(Preparation::default().store, Span::from_minutes(15));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Preparation {
    /// At a store. By default a quarter of an hour.
    pub store: Span,
    /// At a leader, to whom goods are brought first. By default four hours.
    pub leader: Span,
    /// At single sites that differ. By default none.
    pub sites: BTreeMap<SiteId, Span>,
}

impl Default for Preparation {
    /// A quarter of an hour at a store, four hours at a leader.
    fn default() -> Self {
        Self {
            store: Span::from_minutes(15),
            leader: Span::from_hours(4),
            sites: BTreeMap::new(),
        }
    }
}

impl Preparation {
    /// When an order is ready that is placed at `at`; the last instant there is if that is past it. O(log n).
    #[must_use]
    pub fn ready_at(&self, site: &Site, at: Timestamp) -> Timestamp {
        let by_kind = match site.kind {
            SiteKind::Store => self.store,
            SiteKind::Leader => self.leader,
        };
        let own = self.sites.get(&site.id).copied();
        let ready_at = own.unwrap_or(by_kind).after(at);
        ready_at.unwrap_or(Timestamp::MAX)
    }
}

/// What a retailer offers, checked.
///
/// Serde form is that of the [settings](OptionsSettings).
///
/// ```
/// use catchment::fulfil::{OptionsPolicy, OptionsSettings};
/// use catchment::limits::Limits;
/// use catchment::units::Distance;
/// let stands = OptionsSettings { metres_per_hour: 0, ..OptionsSettings::default() };
/// let fault = OptionsPolicy::new(stands, &Limits::default()).unwrap_err();
/// assert_eq!(fault.to_string(), "1 fault: metres_per_hour is 0: couriers never arrive");
///
/// let travel = OptionsPolicy::default().travel(Distance::from_metres(1_000));
/// assert_eq!(travel.to_string(), "300 s");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "OptionsSettings", into = "OptionsSettings")
)]
pub struct OptionsPolicy {
    settings: OptionsSettings,
    /// Those of the settings, checked.
    rules: Rules,
}

impl OptionsPolicy {
    /// The policy that the settings make. O(1), and the [check of the rules](Rules::new).
    ///
    /// # Errors
    ///
    /// [`OptionsFaults`]: all that is wrong, each with the names of its settings; what is wrong with the rules last.
    pub fn new(settings: OptionsSettings, limits: &Limits) -> Result<Self, OptionsFaults> {
        let mut faults = OptionsFaults::none();
        let limit = limits.candidates_max;
        for (field, count) in [
            ("pickups_max", settings.pickups_max),
            ("deliveries_max", settings.deliveries_max),
            ("rejected_max", settings.rejected_max),
            ("alternatives_max", settings.alternatives_max),
        ] {
            if count > limit {
                faults.push(OptionsFault::TooMany {
                    field,
                    count,
                    limit,
                });
            }
        }
        if settings.pickups_max == 0 && settings.deliveries_max == 0 {
            faults.push(OptionsFault::NothingToOffer);
        }
        if settings.metres_per_hour == 0 {
            faults.push(OptionsFault::NoSpeed);
        }
        let rules = match Rules::new(settings.rules.clone()) {
            Ok(rules) => rules,
            Err(wrong) => {
                for fault in wrong.kept() {
                    faults.push(OptionsFault::Rules(fault.clone()));
                }
                Rules::default()
            }
        };
        faults.into_result().map(|()| Self { settings, rules })
    }

    /// What it is made of.
    #[must_use]
    pub const fn settings(&self) -> &OptionsSettings {
        &self.settings
    }

    /// The rules, checked.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How long a courier travels so far, at the speed of the policy, to the next millisecond.
    #[must_use]
    pub fn travel(&self, distance: Distance) -> Span {
        // Millimetres by metres an hour are thousandths of an hour: 3,600 ms.
        let millis = u128::from(distance.as_millimetres()) * 3_600;
        let millis = millis.div_ceil(self.settings.metres_per_hour.max(1).into());
        Span::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// How many sites are offered for a way.
    pub(super) const fn wanted(&self, way: Way) -> usize {
        match way {
            Way::Pickup => self.settings.pickups_max,
            Way::Delivery => self.settings.deliveries_max,
        }
    }
}

impl TryFrom<OptionsSettings> for OptionsPolicy {
    type Error = OptionsFaults;

    /// Within the default limits.
    fn try_from(settings: OptionsSettings) -> Result<Self, OptionsFaults> {
        Self::new(settings, &Limits::default())
    }
}

impl From<OptionsPolicy> for OptionsSettings {
    fn from(policy: OptionsPolicy) -> Self {
        policy.settings
    }
}

/// Everything that is wrong with the settings of options.
pub type OptionsFaults = Faults<OptionsFault>;

/// One thing wrong with the settings of options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsFault {
    /// More of something than the limit.
    #[error("{field} is {count}, limit is {limit}")]
    TooMany {
        /// Which setting.
        field: &'static str,
        /// What it says.
        count: usize,
        /// [`Limits::candidates_max`].
        limit: usize,
    },
    /// Neither pickup nor delivery.
    #[error("pickups_max and deliveries_max are 0: there is nothing to offer")]
    NothingToOffer,
    /// No speed.
    #[error("metres_per_hour is 0: couriers never arrive")]
    NoSpeed,
    /// A field of the rules.
    #[error("rules.{0}")]
    Rules(RulesFault),
}
