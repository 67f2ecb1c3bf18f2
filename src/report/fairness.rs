use core::fmt;

use crate::desk::Counter;
use crate::plan::SiteLoad;
use crate::units::Units;

/// A part of a whole, in millionths. More than a million is more than the whole: a site that is too full.
///
/// ```
/// use catchment::report::Ppm;
/// assert_eq!(Ppm::of(1, 3), Some(Ppm(333_333)));
/// assert_eq!(Ppm::of(1, 3).map(|third| third.to_string()).as_deref(), Some("33.3 %"));
/// assert_eq!(Ppm::of(1, 0), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Ppm(pub u64);

/// How evenly sites are loaded: R. Jain's index, (Σx)² / (n Σx²), which is 1 if all have the same and k/n if k of n
/// sites share everything evenly and the others have nothing (R. Jain, D.-M. Chiu, W. R. Hawe, "A Quantitative Measure
/// of Fairness and Discrimination for Resource Allocation in Shared Computer Systems", DEC-TR-301, 1984).
///
/// Over all sites that take anything in the window. A network in which nobody has anything is fair.
///
/// ```
/// use catchment::balance::Price;
/// use catchment::id::SiteId;
/// use catchment::plan::SiteLoad;
/// use catchment::report::{Fairness, Ppm};
/// use catchment::units::Units;
/// let site = |id, load, capacity| SiteLoad {
///     site: SiteId(id), capacity: Units(capacity), load: Units(load), locked: Units(0), price: Price::default(),
/// };
/// // The store has twice the load of the leader, and twice the room.
/// let fairness = Fairness::of(&[site(1, 40, 80), site(2, 20, 40)]);
/// assert_eq!((fairness.load, fairness.fill), (Ppm(900_000), Ppm(1_000_000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Fairness {
    /// Of what sites have: whether leaders earn the same.
    #[cfg_attr(feature = "serde", serde(rename = "load_ppm"))]
    pub load: Ppm,
    /// Of load divided by capacity: whether they work equally near their limits.
    #[cfg_attr(feature = "serde", serde(rename = "fill_ppm"))]
    pub fill: Ppm,
}

impl Ppm {
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// The part as millionths of the whole, rounded down; `None` of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        let millionths = (u128::from(part) * 1_000_000).checked_div(u128::from(whole))?;
        Some(Self(u64::try_from(millionths).unwrap_or(u64::MAX)))
    }
}

impl Fairness {
    /// O(sites).
    #[must_use]
    pub fn of(loads: &[SiteLoad]) -> Self {
        Self::over(loads.iter().map(|load| (load.capacity, load.load)))
    }

    /// Of a desk as it is now. O(sites).
    #[must_use]
    pub fn at_desk(counter: &Counter) -> Self {
        Self::over(counter.sites().map(|site| (site.capacity, site.load)))
    }

    fn over(sites: impl Iterator<Item = (Units, Units)>) -> Self {
        let taking = sites.filter(|(capacity, _)| capacity.0 > 0);
        let (loads, fills): (Vec<u64>, Vec<u64>) = taking
            .map(|(capacity, load)| {
                let fill = Ppm::of(load.0.into(), capacity.0.into());
                (u64::from(load.0), fill.unwrap_or_default().0)
            })
            .unzip();
        Self {
            load: jain(&loads),
            fill: jain(&fills),
        }
    }
}

/// Jain's index of these values, rounded down.
fn jain(values: &[u64]) -> Ppm {
    /// Larger values are counted in larger units: of 2²⁴ sites the sum then is at most 2⁵², its square times a million
    /// at most 2¹²⁴.
    const VALUE_MAX: u64 = 1 << 28;
    let largest = values.iter().copied().max().unwrap_or(0);
    let unit = largest / VALUE_MAX + 1;
    let (mut sum, mut squares) = (0_u128, 0_u128);
    for value in values {
        let value = u128::from(value / unit);
        sum += value;
        squares += value * value;
    }
    let millionths = sum.saturating_mul(sum).saturating_mul(1_000_000);
    let index = millionths.checked_div(squares.saturating_mul(values.len() as u128));
    // Nobody has anything: all have the same.
    index.map_or(Ppm::ONE, |index| Ppm(index as u64))
}

impl fmt::Display for Ppm {
    /// Per cent with one decimal, rounded half up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permille = self.0 / 1_000 + u64::from(self.0 % 1_000 >= 500);
        f.pad(&format!("{}.{} %", permille / 10, permille % 10))
    }
}
