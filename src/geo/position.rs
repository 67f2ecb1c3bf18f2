use core::fmt;

use crate::geo::sphere::UnitVector;
use crate::units::Distance;

/// A place on Earth in WGS 84 degrees (EPSG:4326), valid by construction.
///
/// Both numbers are finite, latitude is within ±90° and longitude in (-180°, 180°]: the antimeridian has one
/// name, -180° becomes 180°, and -0.0 becomes 0.0. So equal places compare equal (a pole keeps the
/// longitude it was given, and `PartialEq` tells those apart).
///
/// There is no constructor with two bare numbers in a row: write [`Position::new`] with named fields of [`LngLat`], or
/// convert from [`geo::Point`], whose `x` is longitude and `y` latitude. Coordinates from Chinese map services are not
/// WGS 84: read them as [`Gcj02`](crate::geo::Gcj02) or [`Bd09`](crate::geo::Bd09) and convert.
///
/// In serde form it is `{"lng": 121.49, "lat": 31.24}`: a text with two bare numbers in a row is refused there too.
/// Serde keeps every bit of a position; not every format does. With `serde_json` turn on its feature
/// `float_roundtrip`, or the last bit of some longitudes changes on the way through text.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// let bund = Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?;
/// assert_eq!(bund.lat(), 31.2397);
/// assert!(Position::new(LngLat { lng: 31.2397, lat: 121.4903 }).is_err()); // swapped
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "LngLat", into = "LngLat"))]
pub struct Position {
    lng: f64,
    lat: f64,
}

/// Longitude and latitude in degrees by name, not yet checked. The serde form of a [`Position`].
///
/// ```
/// use catchment::geo::LngLat;
/// let raw = LngLat { lat: 31.2, lng: 121.5 };
/// assert_eq!(raw.lng, 121.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LngLat {
    /// Degrees east of Greenwich.
    pub lng: f64,
    /// Degrees north of the equator.
    pub lat: f64,
}

impl Position {
    /// Checks and normalises WGS 84 degrees.
    ///
    /// # Errors
    ///
    /// [`PositionError`] if a number is not finite or out of range: latitude ±90°, longitude ±180°.
    #[expect(clippy::float_cmp, reason = "the antimeridian is one exact number")]
    pub fn new(at: LngLat) -> Result<Self, PositionError> {
        let LngLat { lng, lat } = at;
        if !(lng.is_finite() && lat.is_finite()) {
            return Err(PositionError::NotFinite { lng, lat });
        }
        if lat.abs() > 90.0 {
            return Err(PositionError::Latitude { lat });
        }
        if lng.abs() > 180.0 {
            return Err(PositionError::Longitude { lng });
        }
        let lng = if lng == -180.0 { 180.0 } else { lng };
        // Adding zero turns -0.0 into 0.0 and leaves every other number as it is.
        Ok(Self {
            lng: lng + 0.0,
            lat: lat + 0.0,
        })
    }

    /// Degrees east of Greenwich, in (-180, 180].
    #[inline]
    #[must_use]
    pub const fn lng(self) -> f64 {
        self.lng
    }

    /// Degrees north of the equator, in [-90, 90].
    #[inline]
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }

    /// The great-circle distance on the sphere of radius [`EARTH_RADIUS`](crate::geo::EARTH_RADIUS), to the
    /// nearest millimetre.
    ///
    /// This is *the* distance of the library: look-ups, service radii and costs all use it. It is symmetric,
    /// and deterministic on every platform. The sphere is within 0.56 % of the ellipsoid; where that
    /// matters, see [`geodesic_to`](Self::geodesic_to). O(1), about 40 ns.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// let shanghai = Position::new(LngLat { lng: 121.4737, lat: 31.2304 })?;
    /// let beijing = Position::new(LngLat { lng: 116.4074, lat: 39.9042 })?;
    /// assert_eq!(shanghai.distance_to(beijing).to_string(), "1,067,312 m");
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    #[must_use]
    pub fn distance_to(self, other: Self) -> Distance {
        self.unit_vector().distance_to(other.unit_vector())
    }

    #[inline]
    pub(crate) fn unit_vector(self) -> UnitVector {
        UnitVector::of(self)
    }
}

impl fmt::Display for Position {
    /// Latitude first, as people write it, with letters that leave no doubt: `31.239700°N 121.490300°E`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let north = if self.lat < 0.0 { 'S' } else { 'N' };
        let east = if self.lng < 0.0 { 'W' } else { 'E' };
        write!(
            f,
            "{:.6}°{north} {:.6}°{east}",
            self.lat.abs(),
            self.lng.abs()
        )
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position {{ lng: {}, lat: {} }}", self.lng, self.lat)
    }
}

impl TryFrom<LngLat> for Position {
    type Error = PositionError;

    fn try_from(at: LngLat) -> Result<Self, PositionError> {
        Self::new(at)
    }
}

impl From<Position> for LngLat {
    fn from(position: Position) -> Self {
        Self {
            lng: position.lng,
            lat: position.lat,
        }
    }
}

impl TryFrom<geo::Point<f64>> for Position {
    type Error = PositionError;

    /// `x` is longitude, `y` latitude.
    fn try_from(point: geo::Point<f64>) -> Result<Self, PositionError> {
        Self::new(LngLat {
            lng: point.x(),
            lat: point.y(),
        })
    }
}

impl From<Position> for geo::Point<f64> {
    fn from(position: Position) -> Self {
        geo::Point::new(position.lng, position.lat)
    }
}

/// Two numbers that are no place on Earth.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PositionError {
    /// NaN or infinite.
    #[error("position lng {lng}, lat {lat} is not finite")]
    NotFinite {
        /// The longitude given.
        lng: f64,
        /// The latitude given.
        lat: f64,
    },
    /// Beyond a pole; often a sign of swapped longitude and latitude.
    #[error("latitude {lat} is outside -90 to 90 degrees")]
    Latitude {
        /// The latitude given.
        lat: f64,
    },
    /// Beyond the antimeridian.
    #[error("longitude {lng} is outside -180 to 180 degrees")]
    Longitude {
        /// The longitude given.
        lng: f64,
    },
}
