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
//! 1. *a* = (cos φ cos λ, cos φ sin λ, sin φ), sine and cosine as in [`sin_cos_degrees`];
//! 2. c² = |a − b|², summed in the order x, y, z;
//! 3. the angle is 2 asin(c/2) where c² ≤ 2, else π − 2 asin(|a + b|/2), so that it is well conditioned for
//!    neighbours and antipodes alike;
//! 4. millimetres = round(R · angle).
//!
//! Only IEEE additions, multiplications, divisions, square roots and `libm`'s arc sine take part, none of which
//! differs between platforms. The error is below 10⁻⁵ mm before rounding.

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
        let (sin_lat, cos_lat) = sin_cos_degrees(at.lat);
        let (sin_lng, cos_lng) = sin_cos_degrees(at.lng);
        Self([cos_lat * cos_lng, cos_lat * sin_lng, sin_lat])
    }

    /// The squared chord |a − b|², from 0 to 4.
    #[inline]
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
        let opposite2 = if chord2 > 2.0 {
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

/// What separates two unit vectors, cheap to compare and enough to compute their distance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chord {
    /// |a − b|².
    pub(crate) chord2: f64,
    /// |a + b|² where c² > 2, otherwise unused and zero.
    opposite2: f64,
}

impl Chord {
    /// Steps 3 and 4 of the definition.
    #[inline]
    pub(crate) fn distance(self) -> Distance {
        let angle = if self.chord2 < 1.0 {
            2.0 * arc_sine_kernel(0.5 * self.chord2.sqrt())
        } else if self.chord2 <= 2.0 {
            2.0 * libm::asin(0.5 * self.chord2.sqrt())
        } else {
            core::f64::consts::PI - 2.0 * libm::asin(0.5 * self.opposite2.sqrt())
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
#[inline]
pub(crate) fn chord2_tied(chord2: f64) -> f64 {
    const MILLIMETRE: f64 = 1.0 / RADIUS_MM;
    const T: f64 = 1e-6;
    chord2 * (1.0 + 1.1 * T) + 1.1 * MILLIMETRE * MILLIMETRE / T
}

/// Sine and cosine of an angle in degrees, |degrees| ≤ 180.
///
/// The angle is first reduced to [-45°, 45°] in degrees, where reduction is exact (so cos 90° is 0, not
/// 6·10⁻¹⁷), then converted to radians and evaluated with the minimax polynomials of FreeBSD's msun
/// (`k_sin.c`, `k_cos.c`; Sun Microsystems, 1993), as `libm` does on that interval: the result has the same
/// bits as `libm::sin` and `libm::cos` of the reduced angle, which a test checks. Written out here it has no
/// branch, so that both series overlap and loops over it vectorise: four times as fast.
#[inline]
pub(crate) fn sin_cos_degrees(degrees: f64) -> (f64, f64) {
    // 1.5 * 2^52: adding it leaves the integer nearest to the quotient in the low bits of the mantissa.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let quotient = degrees * (1.0 / 90.0) + ROUND;
    let quadrant = quotient.to_bits();
    let radians = (degrees - 90.0 * (quotient - ROUND)) * (core::f64::consts::PI / 180.0);
    let (sine, cosine) = sin_cos_kernel(radians);

    // Quadrants 1 and 3 swap sine and cosine; 2 and 3 negate the sine, 1 and 2 the cosine.
    let swap = (quadrant & 1).wrapping_neg();
    let (sine_bits, cosine_bits) = (sine.to_bits(), cosine.to_bits());
    let sine_sign = (quadrant & 2) << 62;
    let cosine_sign = (quadrant.wrapping_add(1) & 2) << 62;
    (
        f64::from_bits(((sine_bits & !swap) | (cosine_bits & swap)) ^ sine_sign),
        f64::from_bits(((cosine_bits & !swap) | (sine_bits & swap)) ^ cosine_sign),
    )
}

/// Sine and cosine on [-π/4, π/4].
#[inline]
fn sin_cos_kernel(x: f64) -> (f64, f64) {
    const S: [f64; 6] = [
        -1.666_666_666_666_663_243_48e-01,
        8.333_333_333_322_489_461_24e-03,
        -1.984_126_982_985_794_931_34e-04,
        2.755_731_370_707_006_767_89e-06,
        -2.505_076_025_340_686_341_95e-08,
        1.589_690_995_211_550_102_21e-10,
    ];
    const C: [f64; 6] = [
        4.166_666_666_666_660_190_37e-02,
        -1.388_888_888_887_410_957_49e-03,
        2.480_158_728_947_672_941_78e-05,
        -2.755_731_435_139_066_330_35e-07,
        2.087_572_321_298_174_827_90e-09,
        -1.135_964_755_778_819_482_65e-11,
    ];
    let z = x * x;
    let w = z * z;
    let r = S[1] + z * (S[2] + z * S[3]) + z * w * (S[4] + z * S[5]);
    let sine = x + (z * x) * (S[0] + z * r);
    let r = z * (C[0] + z * (C[1] + z * C[2])) + w * w * (C[3] + z * (C[4] + z * C[5]));
    let half = 0.5 * z;
    let high = 1.0 - half;
    let cosine = high + (((1.0 - high) - half) + z * r);
    (sine, cosine)
}

/// Arc sine on [0, 1/2): the rational approximation of msun's `e_asin.c`, written out for the reasons above, with the
/// bits of `libm::asin`.
#[inline]
fn arc_sine_kernel(x: f64) -> f64 {
    const P: [f64; 6] = [
        1.666_666_666_666_666_574_15e-01,
        -3.255_658_186_224_009_154_05e-01,
        2.012_125_321_348_629_258_81e-01,
        -4.005_553_450_067_941_140_27e-02,
        7.915_349_942_898_145_321_76e-04,
        3.479_331_075_960_211_675_70e-05,
    ];
    const Q: [f64; 4] = [
        -2.403_394_911_734_414_218_78,
        2.020_945_760_233_505_694_71,
        -6.882_839_716_054_532_930_30e-01,
        7.703_815_055_590_193_527_91e-02,
    ];
    let z = x * x;
    let p = z * (P[0] + z * (P[1] + z * (P[2] + z * (P[3] + z * (P[4] + z * P[5])))));
    let q = 1.0 + z * (Q[0] + z * (Q[1] + z * (Q[2] + z * Q[3])));
    x + x * (p / q)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same reduction with `libm` for the series: the slow twin.
    fn slow(degrees: f64) -> (f64, f64) {
        let quadrant = libm::rint(degrees * (1.0 / 90.0));
        let radians = (degrees - 90.0 * quadrant) * (core::f64::consts::PI / 180.0);
        let (sine, cosine) = (libm::sin(radians), libm::cos(radians));
        match (quadrant as i64).rem_euclid(4) {
            0 => (sine, cosine),
            1 => (cosine, -sine),
            2 => (-sine, -cosine),
            _ => (-cosine, sine),
        }
    }

    #[test]
    fn sine_and_cosine_have_libms_bits() {
        let mut state = 1_u64;
        for step in 0..2_000_000_u64 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let degrees = match step % 3 {
                0 => (state >> 11) as f64 / (1_u64 << 53) as f64 * 360.0 - 180.0,
                1 => (step / 3 % 721) as f64 * 0.5 - 180.0,
                _ => ((state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) * 1e-6,
            };
            let (sine, cosine) = sin_cos_degrees(degrees);
            let (slow_sine, slow_cosine) = slow(degrees);
            assert_eq!(sine.to_bits(), slow_sine.to_bits(), "sin {degrees}");
            assert_eq!(cosine.to_bits(), slow_cosine.to_bits(), "cos {degrees}");
        }
    }

    #[test]
    fn the_arc_sine_has_libms_bits() {
        let mut state = 1_u64;
        for step in 0..2_000_000_u64 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let x = match step % 3 {
                0 => 0.5 * uniform,
                1 => 1e-3 * uniform,
                _ => f64::from_bits(state >> 2) % 0.5,
            };
            assert_eq!(
                arc_sine_kernel(x).to_bits(),
                libm::asin(x).to_bits(),
                "asin {x}"
            );
        }
    }
}
