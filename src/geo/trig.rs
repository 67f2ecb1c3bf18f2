//! Trigonometry with the same bits on every platform, fast enough for look-ups.
//!
//! Everything here equals `libm` (the Rust port of musl's, itself FreeBSD's msun) to the bit, or nearly: see
//! each function. Written out, without calls and without branches, independent evaluations overlap and
//! vectorise.

#![expect(
    clippy::excessive_precision,
    reason = "constants stand as they were published"
)]

use fearless_simd::prelude::*;
use fearless_simd::{f64x4, mask64x4, u64x4};

/// Sines and cosines of angles in degrees, each within ±180.
///
/// An angle is first reduced to [-45°, 45°] in degrees, where reduction is exact (so cos 90° is 0, not 6·10⁻¹⁷), then
/// converted to radians and evaluated with the minimax polynomials of msun's `k_sin.c` and `k_cos.c` (Sun
/// Microsystems, 1993), as `libm` does on that interval: the results have the bits of `libm::sin` and `libm::cos`
/// of the reduced angle.
#[inline(always)]
pub(crate) fn sin_cos_degrees<const N: usize>(degrees: [f64; N]) -> ([f64; N], [f64; N]) {
    let mut quotient = [0.0; N];
    let mut radians = [0.0; N];
    for lane in 0..N {
        quotient[lane] = degrees[lane] * (1.0 / 90.0) + ROUND;
        radians[lane] = (degrees[lane] - 90.0 * (quotient[lane] - ROUND)) * RADIANS;
    }
    let (mut sines, mut cosines) = (sine_kernel(radians), cosine_kernel(radians));
    for lane in 0..N {
        // Quadrants 1 and 3 swap sine and cosine; 2 and 3 negate the sine, 1 and 2 the cosine.
        let quadrant = quotient[lane].to_bits();
        let swap = (quadrant & 1).wrapping_neg();
        let (sine, cosine) = (sines[lane].to_bits(), cosines[lane].to_bits());
        let difference = (sine ^ cosine) & swap;
        let sine_sign = (quadrant & 2) << 62;
        let cosine_sign = (quadrant.wrapping_add(1) & 2) << 62;
        sines[lane] = f64::from_bits(sine ^ difference ^ sine_sign);
        cosines[lane] = f64::from_bits(cosine ^ difference ^ cosine_sign);
    }
    (sines, cosines)
}

/// [`sin_cos_degrees`] of one latitude and longitude in a vector of four: both sines, then both cosines.
///
/// The polynomials of sine and cosine are evaluated as one, with coefficients by lane. Where one of them has a factor
/// or term more, the other's is 1 or 0, which changes no bit.
#[inline(always)]
pub(crate) fn sin_cos_degrees_wide<S: Simd>(simd: S, lat: f64, lng: f64) -> f64x4<S> {
    let lanes = |lanes: [f64; 4]| f64x4::simd_from(simd, lanes);
    let each = |value: f64| f64x4::splat(simd, value);
    let by_kind = |sine: f64, cosine: f64| lanes([sine, sine, cosine, cosine]);
    let of_cosine = mask64x4::from_bitmask(simd, 0b1100);

    let degrees = lanes([lat, lng, lat, lng]);
    let quotient = degrees * each(1.0 / 90.0) + each(ROUND);
    let x = (degrees - (quotient - each(ROUND)) * each(90.0)) * each(RADIANS);

    let z = x * x;
    let w = z * z;
    let a = by_kind(S[1], C[0]) + z * (by_kind(S[2], C[1]) + z * by_kind(S[3], C[2]));
    let b = by_kind(S[4], C[3]) + z * (by_kind(S[5], C[4]) + z * by_kind(0.0, C[5]));
    // Sine: a + z w b, then x + z x (S₀ + z r). Cosine: z a + w w b, then high + (low + z r).
    let r = of_cosine.select(z, each(1.0)) * a + of_cosine.select(w, z) * w * b;
    let half = z * each(0.5);
    let high = each(1.0) - half;
    let low = (each(1.0) - high) - half;
    let factor = of_cosine.select(each(1.0), z * x);
    let value = of_cosine.select(high, x) + factor * (of_cosine.select(low, each(S[0])) + z * r);

    // Quadrants 1 and 3 swap sine and cosine; 2 and 3 negate the sine, 1 and 2 the cosine.
    let quadrant: u64x4<S> = quotient.bitcast();
    let swap = u64x4::splat(simd, 0) - (quadrant & 1);
    let sign = ((quadrant + u64x4::simd_from(simd, [0, 0, 1, 1])) & 2) << 62;
    let (value, other): (u64x4<S>, u64x4<S>) = (value.bitcast(), value.slide::<2>(value).bitcast());
    (value ^ ((value ^ other) & swap) ^ sign).bitcast()
}

/// 1.5 · 2⁵²: adding it leaves the integer nearest to a quotient in the low bits of the mantissa.
const ROUND: f64 = 6_755_399_441_055_744.0;

const RADIANS: f64 = core::f64::consts::PI / 180.0;

/// Coefficients of the sine, `k_sin.c`.
const S: [f64; 6] = [
    -1.666_666_666_666_663_243_48e-01,
    8.333_333_333_322_489_461_24e-03,
    -1.984_126_982_985_794_931_34e-04,
    2.755_731_370_707_006_767_89e-06,
    -2.505_076_025_340_686_341_95e-08,
    1.589_690_995_211_550_102_21e-10,
];

/// Coefficients of the cosine, `k_cos.c`.
const C: [f64; 6] = [
    4.166_666_666_666_660_190_37e-02,
    -1.388_888_888_887_410_957_49e-03,
    2.480_158_728_947_672_941_78e-05,
    -2.755_731_435_139_066_330_35e-07,
    2.087_572_321_298_174_827_90e-09,
    -1.135_964_755_778_819_482_65e-11,
];

/// Sines on [-π/4, π/4].
#[inline(always)]
fn sine_kernel<const N: usize>(mut x: [f64; N]) -> [f64; N] {
    for x in &mut x {
        let z = *x * *x;
        let r = S[1] + z * (S[2] + z * S[3]) + z * (z * z) * (S[4] + z * S[5]);
        *x += (z * *x) * (S[0] + z * r);
    }
    x
}

/// Cosines on [-π/4, π/4].
#[inline(always)]
fn cosine_kernel<const N: usize>(mut x: [f64; N]) -> [f64; N] {
    for x in &mut x {
        let z = *x * *x;
        let w = z * z;
        let r = z * (C[0] + z * (C[1] + z * C[2])) + w * w * (C[3] + z * (C[4] + z * C[5]));
        let half = 0.5 * z;
        let high = 1.0 - half;
        *x = high + (((1.0 - high) - half) + z * r);
    }
    x
}

/// Arc sine on [0, 1].
///
/// Up to 1/64, which is as far as a customer goes (half the chord of 199 km), the Taylor series to x⁹: the next term is
/// below a sixteenth of a unit in the last place, so the error is that of `libm`. Beyond, `libm`.
#[inline]
pub(crate) fn arc_sine(x: f64) -> f64 {
    if x > ARC_SINE_NEAR {
        return libm::asin(x);
    }
    near_arc_sine(x)
}

/// Up to here the arc sine is a short series.
pub(crate) const ARC_SINE_NEAR: f64 = 1.0 / 64.0;

/// [`arc_sine`] up to [`ARC_SINE_NEAR`].
#[inline(always)]
pub(crate) fn near_arc_sine(x: f64) -> f64 {
    let z = x * x;
    x + (x * z) * ((SERIES[0] + z * SERIES[1]) + (z * z) * (SERIES[2] + z * SERIES[3]))
}

/// [`near_arc_sine`] of four.
#[inline(always)]
pub(crate) fn near_arc_sine_wide<S: Simd>(x: f64x4<S>) -> f64x4<S> {
    let [a, b, c, d] = SERIES.map(|coefficient| f64x4::splat(x.token(), coefficient));
    let z = x * x;
    x + (x * z) * ((a + z * b) + (z * z) * (c + z * d))
}

/// Coefficients of x³, x⁵, x⁷ and x⁹ in the series of the arc sine.
const SERIES: [f64; 4] = [1.0 / 6.0, 3.0 / 40.0, 15.0 / 336.0, 105.0 / 3_456.0];

#[cfg(test)]
pub(crate) mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// Numbers from 0 to below 1 (D. E. Knuth's linear congruential generator MMIX).
    pub(crate) fn random(state: &mut u64) -> f64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    }

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
    fn wide_functions_have_the_same_bits() {
        let mut state = 3;
        let levels = [Level::new(), Level::baseline()];
        for step in 0..400_000_u64 {
            let lng = match step % 2 {
                0 => 360.0 * random(&mut state) - 180.0,
                _ => (step / 2 % 721) as f64 * 0.5 - 180.0,
            };
            let lat = 180.0 * random(&mut state) - 90.0;
            let near = [lat, lng, 90.0, 0.0].map(|degrees| degrees.abs() / 180.0 * ARC_SINE_NEAR);
            let ([sin_lat, sin_lng], [cos_lat, cos_lng]) = sin_cos_degrees([lat, lng]);
            for level in levels {
                let (both, arcs): ([f64; 4], [f64; 4]) = dispatch!(level, simd => (
                    sin_cos_degrees_wide(simd, lat, lng).into(),
                    near_arc_sine_wide(f64x4::simd_from(simd, near)).into(),
                ));
                let bits = |values: [f64; 4]| values.map(f64::to_bits);
                assert_eq!(
                    bits(both),
                    bits([sin_lat, sin_lng, cos_lat, cos_lng]),
                    "{lat} {lng} {level:?}"
                );
                assert_eq!(
                    bits(arcs),
                    bits(near.map(near_arc_sine)),
                    "{near:?} {level:?}"
                );
            }
        }
    }

    #[test]
    fn sine_and_cosine_have_libms_bits() {
        let mut state = 1;
        for step in 0..2_000_000_u64 {
            let degrees = match step % 3 {
                0 => 360.0 * random(&mut state) - 180.0,
                1 => (step / 3 % 721) as f64 * 0.5 - 180.0,
                _ => (random(&mut state) - 0.5) * 1e-6,
            };
            let (sines, cosines) = sin_cos_degrees([degrees, -degrees]);
            for (lane, degrees) in [degrees, -degrees].into_iter().enumerate() {
                let (slow_sine, slow_cosine) = slow(degrees);
                assert_eq!(sines[lane].to_bits(), slow_sine.to_bits(), "sin {degrees}");
                assert_eq!(
                    cosines[lane].to_bits(),
                    slow_cosine.to_bits(),
                    "cos {degrees}"
                );
            }
        }
    }

    #[test]
    fn the_arc_sine_is_within_a_unit_in_the_last_place_of_libms() {
        let mut state = 1;
        for step in 0..2_000_000_u64 {
            let x = match step % 3 {
                0 => random(&mut state),
                1 => random(&mut state) / 64.0,
                _ => random(&mut state) * 1e-5,
            };
            let apart = arc_sine(x).to_bits().abs_diff(libm::asin(x).to_bits());
            assert!(apart <= 1, "asin {x}: {apart} units");
        }
        assert_eq!(
            (arc_sine(0.0), arc_sine(1.0)),
            (0.0, core::f64::consts::FRAC_PI_2)
        );
    }
}
