//! Great-circle geometry with unit vectors in three dimensions.
//!
//! A chord through the sphere is monotone in the great circle above it, so whatever orders chords orders
//! distances, with no special case at a pole or at the antimeridian.
//!
//! # The definition of distance
//!
//! All structures of the library must agree to the millimetre, so the distance is defined by its arithmetic,
//! not only by its value. For unit vectors *a*, *b* of two positions:
//!
//! 1. *a* = (cos φ cos λ, cos φ sin λ, sin φ), sine and cosine as in [`trig`](crate::geo::trig);
//! 2. c² = |a − b|², summed in the order x, y, z;
//! 3. the angle is 2 asin(c/2) where c² ≤ 2, else π − 2 asin(|a + b|/2), so that it is well conditioned for
//!    neighbours and antipodes alike;
//! 4. millimetres = round(R · angle).
//!
//! Only IEEE additions, multiplications, divisions, square roots and the arc sine of [`trig`](crate::geo::trig)
//! take part, none of which differs between platforms. The error is below 10⁻⁵ mm before rounding.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f64x4};

use crate::geo::trig::{
    ARC_SINE_NEAR, arc_sine, near_arc_sine, near_arc_sine_wide, sin_cos_degrees,
    sin_cos_degrees_wide,
};
use crate::geo::{LngLat, Position};
use crate::units::Distance;

/// The Earth's mean radius R₁ = (2a + b)/3 = 6,371,008.771 m, to the decimetre, as in H. Moritz, *Geodetic
/// Reference System 1980*, Journal of Geodesy 74 (2000), p. 131 (WGS 84 has the same value to that precision).
///
/// ```
/// use catchment::geo::EARTH_RADIUS;
/// assert_eq!(EARTH_RADIUS.as_millimetres(), 6_371_008_800);
/// ```
pub const EARTH_RADIUS: Distance = Distance::from_millimetres(6_371_008_800);

const RADIUS_MM: f64 = 6_371_008_800.0;

/// A point of the unit sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UnitVector(pub(crate) [f64; 3]);

impl UnitVector {
    #[inline]
    pub(crate) fn of(position: Position) -> Self {
        Self::of_degrees(position.into())
    }

    /// Step 1, for degrees within the range of a position.
    #[inline]
    pub(crate) fn of_degrees(at: LngLat) -> Self {
        let ([sin_lat, sin_lng], [cos_lat, cos_lng]) = sin_cos_degrees([at.lat, at.lng]);
        Self([cos_lat * cos_lng, cos_lat * sin_lng, sin_lat])
    }

    /// [`of`](Self::of) with the vectors at hand.
    #[inline(always)]
    pub(crate) fn of_wide<S: Simd>(simd: S, LngLat { lng, lat }: LngLat) -> Self {
        let both = sin_cos_degrees_wide(simd, lat, lng);
        let [sin_lat, sin_lng, cos_lat, cos_lng] = both.into();
        Self([cos_lat * cos_lng, cos_lat * sin_lng, sin_lat])
    }

    /// Step 1 for many positions at once, given all latitudes and then all longitudes: axis by axis.
    #[inline(always)]
    pub(crate) fn of_degrees_each<const N: usize>([lats, lngs]: [[f64; N]; 2]) -> [[f64; N]; 3] {
        let (sin_lats, cos_lats) = sin_cos_degrees(lats);
        let (sin_lngs, cos_lngs) = sin_cos_degrees(lngs);
        let mut vectors = [[0.0; N]; 3];
        for n in 0..N {
            vectors[0][n] = cos_lats[n] * cos_lngs[n];
            vectors[1][n] = cos_lats[n] * sin_lngs[n];
            vectors[2][n] = sin_lats[n];
        }
        vectors
    }

    /// The squared chord |a − b|², from 0 to 4.
    #[inline(always)]
    pub(crate) fn chord2(self, other: Self) -> f64 {
        let [ax, ay, az] = self.0;
        let [bx, by, bz] = other.0;
        let (x, y, z) = (ax - bx, ay - by, az - bz);
        x * x + y * y + z * z
    }

    /// Both chords of step 3 as far as they are needed.
    #[inline]
    pub(crate) fn chord(self, other: Self) -> Chord {
        let chord2 = self.chord2(other);
        let opposite2 = if chord2 > Chord::SHORT {
            self.chord2(Self(other.0.map(|coordinate| -coordinate)))
        } else {
            0.0
        };
        Chord { chord2, opposite2 }
    }

    /// The distance as defined at the head of this module.
    #[inline]
    pub(crate) fn distance_to(self, other: Self) -> Distance {
        self.chord(other).distance()
    }
}

/// What separates two unit vectors, cheap to compare and enough to compute their distance. Equal ones are equal
/// distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chord {
    /// |a − b|².
    pub(crate) chord2: f64,
    /// |a + b|² where c² > 2, otherwise unused and zero.
    opposite2: f64,
}

impl Chord {
    /// The largest squared chord that is all there is to know.
    pub(crate) const SHORT: f64 = 2.0;

    /// The largest squared chord whose arc sine is a short series: 199 km.
    pub(crate) const NEAR: f64 = 4.0 * ARC_SINE_NEAR * ARC_SINE_NEAR;

    /// A squared chord up to [`SHORT`](Self::SHORT).
    #[inline]
    pub(crate) const fn short(chord2: f64) -> Self {
        Self {
            chord2,
            opposite2: 0.0,
        }
    }

    /// Steps 3 and 4 of the definition for squared chords up to [`NEAR`](Self::NEAR), without a branch: so many at once
    /// vectorise.
    #[inline(always)]
    pub(crate) fn near_distance(chord2: f64) -> Distance {
        let angle = 2.0 * near_arc_sine(0.5 * chord2.sqrt());
        Distance::from_millimetres((RADIUS_MM * angle + 0.5) as u64)
    }

    /// [`near_distance`](Self::near_distance) for four.
    #[inline(always)]
    pub(crate) fn near_distances<S: Simd>(simd: S, chords2: [f64; 4]) -> [Distance; 4] {
        // From 2⁵² to 2⁵³ floats are whole numbers, which stand in their lowest bits.
        const MIDDLE: f64 = (1_u64 << 52) as f64;
        let each = |value: f64| f64x4::splat(simd, value);
        let angles =
            each(2.0) * near_arc_sine_wide(each(0.5) * f64x4::simd_from(simd, chords2).sqrt());
        let millimetres: [f64; 4] =
            ((each(RADIUS_MM) * angles + each(0.5)).floor() + each(MIDDLE)).into();
        millimetres.map(|shifted| Distance::from_millimetres(shifted.to_bits() ^ MIDDLE.to_bits()))
    }

    /// Steps 3 and 4 of the definition.
    #[inline]
    pub(crate) fn distance(self) -> Distance {
        let angle = if self.chord2 <= Self::SHORT {
            2.0 * arc_sine(0.5 * self.chord2.sqrt())
        } else {
            core::f64::consts::PI - 2.0 * arc_sine(0.5 * self.opposite2.sqrt())
        };
        // Half up is rounding to nearest for what is never negative; the cast drops the fraction.
        Distance::from_millimetres((RADIUS_MM * angle + 0.5) as u64)
    }
}

/// A relative bound on the error of a computed squared chord: a few units in the last place for the squares and
/// their sum, and as much again, near the antipode, for vectors that are not of length one exactly.
const CHORD2_ERROR: f64 = 1e-14;

/// A squared chord that no point within `distance` (as computed, in millimetres) can exceed.
///
/// One millimetre and [`CHORD2_ERROR`] are added, so that pruning with the result never loses a tie.
pub(crate) fn chord2_reaching(distance: Distance) -> f64 {
    let angle = (distance.as_millimetres() as f64 + 1.0) / RADIUS_MM;
    if angle >= core::f64::consts::PI {
        return f64::INFINITY;
    }
    let half = libm::sin(0.5 * angle);
    4.0 * half * half * (1.0 + CHORD2_ERROR)
}

/// A squared chord that every point must exceed to be farther, by its computed millimetres, than one at `chord2`.
///
/// A millimetre of great circle is at most m = 1/R of chord, so the exact limit is (c + m)² = c² + 2cm + m². By the
/// inequality of the means 2cm ≤ t c² + m²/t for every t > 0; with t = 10⁻⁶ the limit is linear in c², needs
/// no root, leaves room for [`CHORD2_ERROR`], and stays within centimetres of the exact one up to 100 km.
#[inline(always)]
pub(crate) fn chord2_tied(chord2: f64) -> f64 {
    const MILLIMETRE: f64 = 1.0 / RADIUS_MM;
    const T: f64 = 1e-6;
    chord2 * (1.0 + 1.1 * T) + 1.1 * MILLIMETRE * MILLIMETRE / T
}

/// A squared chord that only points within `distance` (as computed, in millimetres) have, given
/// [`chord2_reaching`]`(distance)`. Negative for less than two metres.
///
/// That one reaches 1 mm beyond the distance, so what ends 2 mm before it is within, rounding included. A great circle
/// 2 mm shorter has a chord of c − 2m or more, and (c − 2m)² > c² − 4cm ≥ (1 − t) c² − 4m²/t as in [`chord2_tied`].
/// From a radius that takes in the whole Earth this leaves the last 13 km before the antipode.
#[inline(always)]
pub(crate) fn chord2_within(reaching2: f64) -> f64 {
    const MILLIMETRE: f64 = 1.0 / RADIUS_MM;
    const T: f64 = 1e-6;
    reaching2.min(4.0) * (1.0 - 1.1 * T) - 4.4 * MILLIMETRE * MILLIMETRE / T
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;

    #[test]
    fn chords_decide_only_what_millimetres_would() {
        let mut state = 3;
        for turn in 0..100_000 {
            let near = libm::exp(-17.0 * random(&mut state));
            let chord2 = if turn % 2 == 0 {
                4.0 * near
            } else {
                4.0 * (1.0 - near)
            };
            let [sine, height] = [chord2 * (1.0 - 0.25 * chord2), 1.0 - 0.5 * chord2];
            let (from, to) = (
                UnitVector([1.0, 0.0, 0.0]),
                UnitVector([height, sine.sqrt(), 0.0]),
            );
            let (chord2, distance) = (from.chord2(to), from.distance_to(to));
            let reaching2 = |millimetres| chord2_reaching(Distance::from_millimetres(millimetres));
            let exact = distance.as_millimetres();
            assert!(chord2 <= reaching2(exact), "{distance}");
            assert!(
                exact == 0 || chord2 > chord2_within(reaching2(exact - 1)),
                "{distance}"
            );
            let far = exact + 100 + exact / 1_000_000;
            assert!(
                exact < 2_000 || chord2 > 2.0 || chord2 <= chord2_within(reaching2(far)),
                "{distance}"
            );
        }
        let all = chord2_within(chord2_reaching(Distance::from_metres(30_000_000)));
        assert!((3.99..4.0).contains(&all), "{all}");
    }
}
