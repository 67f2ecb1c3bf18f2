use crate::geo::Position;
use crate::units::Distance;

/// What holds within a circle: a fee, a promised time span, a minimum order.
///
/// Circles may overlap, as those of one store at 1, 3 and 5 km do; [`smallest_radius`] says which one counts.
///
/// ```
/// use catchment::fulfil::RadiusRule;
/// use catchment::geo::{LngLat, Position};
/// use catchment::money::Amount;
/// use catchment::units::Distance;
/// let centre = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let free_nearby = RadiusRule { centre, radius: Distance::from_metres(1_000), then: Amount::ZERO };
/// assert!(free_nearby.contains(centre));
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct RadiusRule<T> {
    /// The middle of the circle.
    pub centre: Position,
    /// How far it reaches; who is exactly so far away is in it.
    pub radius: Distance,
    /// What holds in it.
    pub then: T,
}

impl<T> RadiusRule<T> {
    /// Whether an address is in the circle.
    #[must_use]
    pub fn contains(&self, address: Position) -> bool {
        self.centre.distance_to(address) <= self.radius
    }
}

/// The smallest of the circles that an address is in; of equally small ones the one with the nearest centre, then the
/// first. `None` if it is in none. O(n).
///
/// ```
/// use catchment::fulfil::{RadiusRule, smallest_radius};
/// use catchment::geo::{LngLat, Position};
/// use catchment::money::Amount;
/// use catchment::units::Distance;
/// let at = |lng| Position::new(LngLat { lng, lat: 31.23 });
/// let (centre, radius) = (at(121.47)?, Distance::from_metres);
/// let fees = [
///     RadiusRule { centre, radius: radius(5_000), then: Amount(800) },
///     RadiusRule { centre, radius: radius(1_000), then: Amount(0) },
/// ];
/// let fee = |lng| Ok::<_, catchment::geo::PositionError>(smallest_radius(&fees, at(lng)?).map(|rule| rule.then));
/// assert_eq!(fee(121.475)?, Some(Amount(0))); // about 500 m
/// assert_eq!(fee(121.490)?, Some(Amount(800))); // about 1.9 km
/// assert_eq!(fee(121.570)?, None);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
pub fn smallest_radius<T>(rules: &[RadiusRule<T>], address: Position) -> Option<&RadiusRule<T>> {
    let reached = rules.iter().filter_map(|rule| {
        let distance = rule.centre.distance_to(address);
        (distance <= rule.radius).then_some((rule, distance))
    });
    let smallest = reached.min_by_key(|(rule, distance)| (rule.radius, *distance));
    smallest.map(|(rule, _)| rule)
}
