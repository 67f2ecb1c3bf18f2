//! The Chinese map datums: GCJ-02 (国测局坐标, "Mars coordinates") and BD-09 (百度坐标).
//!
//! Map services in China do not speak WGS 84. Amap, Tencent and `WeChat` answer in GCJ-02, 100–700 m away from
//! where a satellite receiver stands; Baidu shifts once more, by about 1 km in all. Both are types of their own
//! here, so that neither can be taken for a [`Position`].
//!
//! # The transform
//!
//! Inside a rectangle round China, GCJ-02 = WGS 84 + d, where d is a smooth offset in metres (polynomial, square
//! root and sines, in [`offset_metres`]) turned into degrees on the Krasovsky ellipsoid of 1940. BD-09 turns and
//! stretches GCJ-02 by a little and adds a constant. Neither has been published by its author; the formulas are
//! those in common use since *eviltransform* (googollee/eviltransform) and the Baidu conversion that map libraries
//! carry beside it. The tests quote their numbers.
//!
//! # The inverse
//!
//! Both shifts change slowly (by less than 3 % of a step), so the fixed point of p = g − d(p) is found by plain
//! iteration: each round leaves less than 3 % of the error. What is left at the end is far below a millimetre.
//!
//! # Why not a crate
//!
//! Of those on crates.io, `coord-transform` 0.1 and `coordtransform-rs` 0.1 invert in one step, which leaves up to
//! 4.9 m; `gcj02` 0.1 iterates to 10⁻⁶ degrees with a loop that has no bound, and inverts BD-09 in one step;
//! `coordtransform` 0.4 refines both inverses well, but decides by a simplified border polygon where others use
//! the rectangle. All work on bare numbers without checks and use the platform's sines.

use core::f64::consts::PI;

use crate::geo::{LngLat, Position, PositionError};

/// A coordinate in GCJ-02 degrees, as Amap (高德), Tencent and `WeChat` give it. Not yet checked.
///
/// # The edge of the rectangle
///
/// The datum shifts places in a rectangle round China (longitude 72.004 to 137.8347, latitude 0.8293 to 55.8271,
/// edges included) and no others. The offset does not fade out towards the edge, it stops: the map jumps there, by
/// up to 0.8 km in GCJ-02 and 1.5 km in [`Bd09`]. So along the edge some coordinates have two origins (one shifted
/// from inside, one unshifted from outside) and some have none. The inverse is a function all the same:
///
/// 1. a coordinate that a place inside the rectangle is shifted to means that place;
/// 2. any other coordinate outside the rectangle means itself;
/// 3. what is left lies inside the rectangle and has no origin: it is treated as shifted like its neighbours, and
///    comes from just outside the rectangle.
///
/// So every place in the rectangle survives the round trip, and so does every place more than 0.02° outside it.
/// The edge runs through the sea and other countries, far from any Chinese city. China's neighbours within the
/// rectangle, Hong Kong, Macau and Taiwan are shifted as well: if a map service uses WGS 84 there, so should you.
///
/// # Example
///
/// ```
/// use catchment::geo::{Gcj02, LngLat, Position};
/// let pin = Gcj02 { lng: 116.41024449916938, lat: 39.91640428150164 };
/// let place = pin.to_wgs84()?;
/// assert!(place.distance_to(Position::new(LngLat { lng: 116.404, lat: 39.915 })?).as_millimetres() <= 1);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
///
/// It is no [`Position`], and the compiler knows:
///
/// ```compile_fail,E0308
/// use catchment::geo::{Gcj02, LngLat, Position};
/// let home = Position::new(LngLat { lng: 121.49, lat: 31.24 }).unwrap();
/// home.distance_to(Gcj02 { lng: 121.50, lat: 31.24 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Gcj02 {
    /// Degrees east, in GCJ-02.
    pub lng: f64,
    /// Degrees north, in GCJ-02.
    pub lat: f64,
}

/// A coordinate in BD-09 degrees (`bd09ll`), as Baidu gives it. Not yet checked.
///
/// It builds on [`Gcj02`] and shares its rectangle: outside, both are WGS 84.
///
/// ```
/// use catchment::geo::{Bd09, LngLat, Position};
/// let place = Position::new(LngLat { lng: 116.404, lat: 39.915 })?;
/// let pin = Bd09::from_wgs84(place);
/// assert!((pin.lng - 116.416627).abs() < 1e-6 && (pin.lat - 39.922700).abs() < 1e-6);
/// assert!(pin.to_wgs84()?.distance_to(place).as_millimetres() <= 1);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Bd09 {
    /// Degrees east, in BD-09.
    pub lng: f64,
    /// Degrees north, in BD-09.
    pub lat: f64,
}

impl Gcj02 {
    /// What a map service in GCJ-02 calls this place: the same numbers outside the rectangle round China. O(1),
    /// about 0.2 µs.
    ///
    /// ```
    /// use catchment::geo::{Gcj02, LngLat, Position};
    /// let helsinki = Position::new(LngLat { lng: 24.94, lat: 60.17 })?;
    /// assert_eq!(Gcj02::from_wgs84(helsinki), Gcj02 { lng: 24.94, lat: 60.17 });
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    #[must_use]
    pub fn from_wgs84(place: Position) -> Self {
        let (lng, lat) = (place.lng(), place.lat());
        if RECTANGLE.contains(lng, lat, 0.0) {
            let (shift_lng, shift_lat) = offset_degrees(lng, lat);
            Self {
                lng: lng + shift_lng,
                lat: lat + shift_lat,
            }
        } else {
            Self { lng, lat }
        }
    }

    /// The place meant, to well below a millimetre. O(1), about 0.8 µs.
    ///
    /// # Errors
    ///
    /// [`PositionError`] if a number is not finite or out of range.
    ///
    /// ```
    /// use catchment::geo::{Gcj02, PositionError};
    /// let swapped = Gcj02 { lng: 31.24, lat: 121.49 };
    /// assert_eq!(swapped.to_wgs84(), Err(PositionError::Latitude { lat: 121.49 }));
    /// ```
    pub fn to_wgs84(self) -> Result<Position, PositionError> {
        let checked = checked(self.lng, self.lat)?;
        self.origin()
            .map_or(Ok(checked), |(lng, lat)| Position::new(LngLat { lng, lat }))
    }

    /// The same place as Baidu calls it. Unchanged where GCJ-02 is not shifted either.
    ///
    /// # Errors
    ///
    /// [`PositionError`] if a number is not finite or out of range.
    ///
    /// ```
    /// use catchment::geo::Gcj02;
    /// let pin = Gcj02 { lng: 116.404, lat: 39.915 }.to_bd09()?;
    /// assert!((pin.lng - 116.41036949371029).abs() < 1e-12 && (pin.lat - 39.92133699351022).abs() < 1e-12);
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    pub fn to_bd09(self) -> Result<Bd09, PositionError> {
        checked(self.lng, self.lat)?;
        let (lng, lat) = match self.origin() {
            Some(_) => baidu(self.lng, self.lat),
            None => (self.lng, self.lat),
        };
        Ok(Bd09 { lng, lat })
    }

    /// The WGS 84 degrees that this coordinate is shifted from, or `None` if it is not shifted.
    fn origin(self) -> Option<(f64, f64)> {
        if !RECTANGLE.contains(self.lng, self.lat, REACH) {
            return None;
        }
        let (lng, lat) = undo((self.lng, self.lat), |lng, lat| {
            let (shift_lng, shift_lat) = offset_degrees(lng, lat);
            (lng + shift_lng, lat + shift_lat)
        });
        if RECTANGLE.contains(lng, lat, SNAP) {
            Some(RECTANGLE.clamp(lng, lat))
        } else {
            RECTANGLE
                .contains(self.lng, self.lat, SNAP)
                .then_some((lng, lat))
        }
    }
}

impl Bd09 {
    /// What Baidu calls this place: the same numbers outside the rectangle round China. O(1), about 0.3 µs.
    #[must_use]
    pub fn from_wgs84(place: Position) -> Self {
        let Gcj02 { lng, lat } = Gcj02::from_wgs84(place);
        let (lng, lat) = if RECTANGLE.contains(place.lng(), place.lat(), 0.0) {
            baidu(lng, lat)
        } else {
            (lng, lat)
        };
        Self { lng, lat }
    }

    /// The place meant, to well below a millimetre. O(1), about 1.6 µs.
    ///
    /// # Errors
    ///
    /// [`PositionError`] if a number is not finite or out of range.
    pub fn to_wgs84(self) -> Result<Position, PositionError> {
        self.to_gcj02()?.to_wgs84()
    }

    /// The same place in GCJ-02. Unchanged where GCJ-02 itself is not shifted.
    ///
    /// # Errors
    ///
    /// [`PositionError`] if a number is not finite or out of range.
    ///
    /// ```
    /// use catchment::geo::Bd09;
    /// let pin = Bd09 { lng: 116.404, lat: 39.915 }.to_gcj02()?;
    /// assert!((pin.lng - 116.397627).abs() < 1e-5 && (pin.lat - 39.908657).abs() < 1e-5);
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    pub fn to_gcj02(self) -> Result<Gcj02, PositionError> {
        checked(self.lng, self.lat)?;
        let unshifted = Gcj02 {
            lng: self.lng,
            lat: self.lat,
        };
        if !RECTANGLE.contains(self.lng, self.lat, REACH) {
            return Ok(unshifted);
        }
        let (lng, lat) = undo((self.lng, self.lat), baidu);
        let shifted = Gcj02 { lng, lat };
        Ok(if shifted.origin().is_some() {
            shifted
        } else {
            unshifted
        })
    }
}

/// Two numbers that could be degrees, or the reason why not.
fn checked(lng: f64, lat: f64) -> Result<Position, PositionError> {
    Position::new(LngLat { lng, lat })
}

/// Where the transform applies, in WGS 84 degrees, edges included.
const RECTANGLE: Rectangle = Rectangle {
    west: 72.004,
    east: 137.8347,
    south: 0.8293,
    north: 55.8271,
};

/// No coordinate farther outside the rectangle than this, in degrees, is shifted from inside it: GCJ-02 moves by
/// at most 0.011° along the edge, BD-09 by 0.007° more (a test walks the edge).
const REACH: f64 = 0.02;

/// How far outside the rectangle, in degrees, an inverse may land for want of precision: 0.1 mm.
const SNAP: f64 = 1e-9;

/// An axis-parallel rectangle in degrees.
struct Rectangle {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Rectangle {
    fn contains(&self, lng: f64, lat: f64, margin: f64) -> bool {
        (self.west - margin..=self.east + margin).contains(&lng)
            && (self.south - margin..=self.north + margin).contains(&lat)
    }

    fn clamp(&self, lng: f64, lat: f64) -> (f64, f64) {
        (
            lng.clamp(self.west, self.east),
            lat.clamp(self.south, self.north),
        )
    }
}

/// More rounds than any inverse needs: a step shrinks to 3 % in each, from 0.02° to the last bit in eight.
const ROUNDS: u32 = 12;

/// The point that `shift` moves to `goal`, by fixed-point iteration; `shift` must change every step by far less
/// than its length.
fn undo(goal: (f64, f64), shift: impl Fn(f64, f64) -> (f64, f64)) -> (f64, f64) {
    /// A ten-thousandth of a millimetre, in degrees.
    const CLOSE: f64 = 1e-12;
    let (mut lng, mut lat) = goal;
    for _ in 0..ROUNDS {
        let (shifted_lng, shifted_lat) = shift(lng, lat);
        let (miss_lng, miss_lat) = (shifted_lng - goal.0, shifted_lat - goal.1);
        lng -= miss_lng;
        lat -= miss_lat;
        if miss_lng.abs() < CLOSE && miss_lat.abs() < CLOSE {
            break;
        }
    }
    (lng, lat)
}

/// The GCJ-02 offset at a WGS 84 place, in degrees of longitude and latitude.
fn offset_degrees(lng: f64, lat: f64) -> (f64, f64) {
    /// Semi-major axis of the Krasovsky ellipsoid, in metres.
    const A: f64 = 6_378_245.0;
    /// Its first eccentricity squared.
    const EE: f64 = 0.006_693_421_622_965_943;
    let (east, north) = offset_metres(lng - 105.0, lat - 35.0);
    let phi = lat / 180.0 * PI;
    let sine = libm::sin(phi);
    let w2 = 1.0 - EE * sine * sine;
    let w = w2.sqrt();
    // Radii of curvature: across the meridian N = A/w, along it M = A(1 − EE)/w³.
    (
        east * 180.0 / (A / w * libm::cos(phi) * PI),
        north * 180.0 / (A * (1.0 - EE) / (w2 * w) * PI),
    )
}

/// The GCJ-02 offset in metres east and north, `x` and `y` degrees away from 105° E, 35° N.
fn offset_metres(x: f64, y: f64) -> (f64, f64) {
    let wave = |amplitude: f64, angle: f64| amplitude * libm::sin(angle * PI);
    let root = x.abs().sqrt();
    let ripple = wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x);
    let east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
    let east_waves = ripple
        + wave(20.0, x)
        + wave(40.0, x / 3.0)
        + wave(150.0, x / 12.0)
        + wave(300.0, x / 30.0);
    let north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
    let north_waves = ripple
        + wave(20.0, y)
        + wave(40.0, y / 3.0)
        + wave(160.0, y / 12.0)
        + wave(320.0, y / 30.0);
    (
        east + east_waves * 2.0 / 3.0,
        north + north_waves * 2.0 / 3.0,
    )
}

/// BD-09 from GCJ-02, degrees taken as plane coordinates about (0, 0).
fn baidu(lng: f64, lat: f64) -> (f64, f64) {
    /// The wave number of the small distortions, π · 3000/180 per degree.
    const X_PI: f64 = PI * 3000.0 / 180.0;
    let radius = (lng * lng + lat * lat).sqrt() + 0.000_02 * libm::sin(lat * X_PI);
    let angle = libm::atan2(lat, lng) + 0.000_003 * libm::cos(lng * X_PI);
    (
        radius * libm::cos(angle) + 0.0065,
        radius * libm::sin(angle) + 0.006,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places on the rectangle's edge, 0.005° apart.
    fn edge() -> impl Iterator<Item = (f64, f64)> {
        let at = |low: f64, high: f64, step: u32| low + (high - low) * f64::from(step) / 13_200.0;
        (0..=13_200).flat_map(move |step| {
            let lng = at(RECTANGLE.west, RECTANGLE.east, step);
            let lat = at(RECTANGLE.south, RECTANGLE.north, step);
            [
                (lng, RECTANGLE.south),
                (lng, RECTANGLE.north),
                (RECTANGLE.west, lat),
                (RECTANGLE.east, lat),
            ]
        })
    }

    #[test]
    fn no_shift_out_of_the_rectangle_exceeds_its_bound() {
        let mut farthest = (0.0_f64, 0.0_f64);
        for (lng, lat) in edge() {
            let (shift_lng, shift_lat) = offset_degrees(lng, lat);
            let (gcj_lng, gcj_lat) = (lng + shift_lng, lat + shift_lat);
            let (bd_lng, bd_lat) = baidu(gcj_lng, gcj_lat);
            farthest.0 = farthest.0.max(shift_lng.abs()).max(shift_lat.abs());
            farthest.1 = farthest
                .1
                .max((bd_lng - lng).abs())
                .max((bd_lat - lat).abs());
        }
        assert!(farthest.0 > 0.01 && farthest.0 < 0.011, "{farthest:?}");
        assert!(farthest.1 < REACH - 0.002, "{farthest:?}");
    }

    #[test]
    fn both_shifts_change_by_less_than_three_percent_of_a_step() {
        let step = 1e-4;
        let mut steepest = 0.0_f64;
        for cell in 0..400_000_u32 {
            let lng = 72.0 + 66.0 * f64::from(cell % 1000) / 1000.0;
            let lat = 0.8 + 55.1 * f64::from(cell / 1000) / 400.0;
            for shift in [
                |lng, lat| offset_degrees(lng, lat),
                |lng, lat| {
                    let (bd_lng, bd_lat) = baidu(lng, lat);
                    (bd_lng - lng, bd_lat - lat)
                },
            ] {
                let here = shift(lng, lat);
                for there in [shift(lng + step, lat), shift(lng, lat + step)] {
                    let change = (there.0 - here.0).abs().max((there.1 - here.1).abs());
                    steepest = steepest.max(change / step);
                }
            }
        }
        assert!(steepest < 0.03, "{steepest}");
    }
}
