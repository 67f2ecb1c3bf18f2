//! Trigonometry with the same bits on every platform, fast enough for look-ups.
//!
//! Everything here equals `libm` (the Rust port of musl's, itself FreeBSD's msun) to the bit, or nearly: see
//! each function. Written out, without calls and without branches, independent evaluations overlap and
//! vectorise.

#![expect(
    clippy::excessive_precision,
    reason = "constants stand as they were published"
)]

/// Sines and cosines of angles in degrees, each within ±180.
///
/// An angle is first reduced to [-45°, 45°] in degrees, where reduction is exact (so cos 90° is 0, not 6·10⁻¹⁷), then
/// converted to radians and evaluated with the minimax polynomials of msun's `k_sin.c` and `k_cos.c` (Sun
/// Microsystems, 1993), as `libm` does on that interval: the results have the bits of `libm::sin` and `libm::cos`
/// of the reduced angle.
#[inline(always)]
pub(crate) fn sin_cos_degrees<const N: usize>(degrees: [f64; N]) -> ([f64; N], [f64; N]) {
    // 1.5 * 2^52: adding it leaves the integer nearest to the quotient in the low bits of the mantissa.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let mut quotient = [0.0; N];
    let mut radians = [0.0; N];
    for lane in 0..N {
        quotient[lane] = degrees[lane] * (1.0 / 90.0) + ROUND;
        radians[lane] =
            (degrees[lane] - 90.0 * (quotient[lane] - ROUND)) * (core::f64::consts::PI / 180.0);
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

/// Sines on [-π/4, π/4].
#[inline(always)]
fn sine_kernel<const N: usize>(mut x: [f64; N]) -> [f64; N] {
    const S: [f64; 6] = [
        -1.666_666_666_666_663_243_48e-01,
        8.333_333_333_322_489_461_24e-03,
        -1.984_126_982_985_794_931_34e-04,
        2.755_731_370_707_006_767_89e-06,
        -2.505_076_025_340_686_341_95e-08,
        1.589_690_995_211_550_102_21e-10,
    ];
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
    const C: [f64; 6] = [
        4.166_666_666_666_660_190_37e-02,
        -1.388_888_888_887_410_957_49e-03,
        2.480_158_728_947_672_941_78e-05,
        -2.755_731_435_139_066_330_35e-07,
        2.087_572_321_298_174_827_90e-09,
        -1.135_964_755_778_819_482_65e-11,
    ];
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
    const SERIES: [f64; 4] = [1.0 / 6.0, 3.0 / 40.0, 15.0 / 336.0, 105.0 / 3_456.0];
    let z = x * x;
    x + (x * z) * ((SERIES[0] + z * SERIES[1]) + (z * z) * (SERIES[2] + z * SERIES[3]))
}

#[cfg(test)]
pub(crate) mod tests {
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
