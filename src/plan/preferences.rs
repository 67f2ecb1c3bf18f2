use std::collections::BTreeMap;

use crate::id::SiteId;
use crate::units::Distance;

/// What the retailer would rather have, in metres of walk: the one currency in which everything is weighed.
///
/// *Stay with the home leader: worth 400 m. Prefer a store over a leader: worth 150 m*, which is to say that a leader
/// costs 150 m more. By default nothing but the walk counts. No preference makes a site eligible that is not, and
/// none stands against the buyer's wish. More preferences may be added: end with `..Preferences::default()`.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::plan::Preferences;
/// use catchment::units::Distance;
/// let preferences = Preferences {
///     home: Distance::from_metres(400),
///     leader: Distance::from_metres(150),
///     sites: [(SiteId(17), Distance::from_metres(1_000))].into(), // a noisy street
///     ..Preferences::default()
/// };
/// assert_eq!(preferences.store, Distance::ZERO);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Preferences {
    /// How much farther a customer walks to stay with the [`home`](crate::order::Order::home) leader: taken off the
    /// cost there.
    pub home: Distance,
    /// Added to the cost at every store.
    pub store: Distance,
    /// Added to the cost at every leader.
    pub leader: Distance,
    /// Added to the cost at single sites. Those that the network doesn't have are skipped.
    pub sites: BTreeMap<SiteId, Distance>,
}

impl Preferences {
    /// The most that one preference may be worth: 10,000 km, a quarter of the way round the Earth.
    pub const WORTH_MAX: Distance = Distance::from_metres(10_000_000);
}
