use core::fmt;

use crate::units::Distance;

/// What it costs to send an order to a site: the walk and all preferences in one number, in millimetres.
///
/// Negative where preferences are worth more than the walk. If the caller's own [`Costs`](crate::plan::Costs) count
/// something else than millimetres, so does this. `Display` prints whole metres.
///
/// ```
/// use catchment::plan::Cost;
/// use catchment::units::Distance;
/// let walk = Cost::from(Distance::from_metres(250));
/// assert_eq!(walk.to_string(), "250 m");
/// assert_eq!(Cost::from_millimetres(-150_000).to_string(), "-150 m");
/// assert!(Cost::from_millimetres(-1) < walk);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Cost(i64);

impl Cost {
    /// No cost at all.
    pub const ZERO: Self = Self(0);

    /// A cost of so many millimetres.
    #[must_use]
    pub const fn from_millimetres(millimetres: i64) -> Self {
        Self(millimetres)
    }

    /// The cost in millimetres.
    #[must_use]
    pub const fn as_millimetres(self) -> i64 {
        self.0
    }
}

impl From<Distance> for Cost {
    /// A walk and nothing else. (Distances of more than 2⁶³ mm, which the Earth has no room for, become that.)
    fn from(distance: Distance) -> Self {
        Self(i64::try_from(distance.as_millimetres()).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = Distance::from_millimetres(self.0.unsigned_abs());
        let text = size.to_string();
        let sign = if self.0 < 0 && text != "0 m" { "-" } else { "" };
        f.pad(&format!("{sign}{text}"))
    }
}
