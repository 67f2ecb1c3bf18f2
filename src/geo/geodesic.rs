//! Distance on the ellipsoid.

use geo::{Distance as _, Geodesic};

use crate::geo::Position;
use crate::units::Distance;

impl Position {
    /// The length of the shortest path over the WGS 84 ellipsoid, to the nearest millimetre.
    ///
    /// For contracts, invoices and comparison with surveys. Look-ups, radii and costs use
    /// [`distance_to`](Self::distance_to), which takes the Earth for a sphere and is within 0.56 % of this.
    ///
    /// The algorithm is that of C. F. F. Karney, *Algorithms for geodesics*, Journal of Geodesy 87 (2013),
    /// pp. 43–55, as in the `geographiclib-rs` crate behind [`geo::Geodesic`]. It converges for every pair,
    /// antipodes included, and its error is some nanometres. Unlike the rest of this library it uses the
    /// platform's sines, so the last bits of the result may differ between platforms; after rounding that can
    /// show, once in many thousand pairs, as one millimetre. O(1), about 0.5 µs.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// let jfk = Position::new(LngLat { lng: -73.8, lat: 40.6 })?;
    /// let lhr = Position::new(LngLat { lng: -0.5, lat: 51.6 })?;
    /// assert_eq!(format!("{:#}", jfk.geodesic_to(lhr)), "5,551,759.400 m");
    /// assert_eq!(jfk.distance_to(lhr).to_string(), "5,536,892 m");
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    #[must_use]
    pub fn geodesic_to(self, other: Self) -> Distance {
        // Both directions may round differently; an order makes the distance symmetric to the bit.
        let (from, to) = if (self.lat(), self.lng()) <= (other.lat(), other.lng()) {
            (self, other)
        } else {
            (other, self)
        };
        over_the_ellipsoid(from, to)
    }
}

fn over_the_ellipsoid(from: Position, to: Position) -> Distance {
    let metres = Geodesic.distance(geo::Point::from(from), geo::Point::from(to));
    Distance::from_metres_f64(metres)
        .expect("a geodesic between two places is finite and not negative")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LngLat;
    use proptest::prelude::*;

    fn place(lat: f64, lng: f64) -> Position {
        Position::new(LngLat { lng, lat }).expect("test coordinates are in range")
    }

    /// Latitude first, as the sources have it; metres, and how far off they may be for being printed rounded.
    fn check(from: (f64, f64), to: (f64, f64), metres: f64, tolerance: f64) {
        let (from, to) = (place(from.0, from.1), place(to.0, to.1));
        let found = from.geodesic_to(to).as_metres_f64();
        assert!(
            (found - metres).abs() <= tolerance + 0.000_5,
            "{from:?} to {to:?}: {found} instead of {metres}"
        );
    }

    #[test]
    fn karneys_published_pairs_come_out() {
        // The test suite of GeographicLib (C. F. F. Karney): pairs all over the globe ...
        for (from, to, metres) in [
            (
                (35.60777, -139.44815),
                (-11.17491, -69.95921),
                8_935_244.560_481_83,
            ),
            (
                (55.52454, 106.05087),
                (77.03196, -162.81766),
                4_105_086.171_392_441,
            ),
            (
                (-21.97856, 142.59065),
                (41.84138, 98.56635),
                8_394_328.894_657_671,
            ),
            (
                (-66.99028, 112.2363),
                (-12.70631, -74.09656),
                11_150_344.231_208_024,
            ),
            (
                (-17.42761, 173.34268),
                (-15.84784, 5.93557),
                16_076_603.163_118_067,
            ),
            (
                (32.84994, 48.28919),
                (-56.28556, -157.70868),
                16_727_068.943_816_446,
            ),
            (
                (6.96833, 52.74123),
                (-7.39675, -153.82709),
                17_102_477.249_695_839,
            ),
        ] {
            check(from, to, metres, 0.0);
        }
        // ... and its troublemakers: short, nearly antipodal, equatorial, through a pole.
        for (from, to, metres) in [
            (
                (36.493_349_428_792, 0.0),
                (36.493_349_428_792_01, 0.000_000_8),
                0.072,
            ),
            (
                (88.202_499_451_857, 0.0),
                (-88.202_499_451_857, 179.981_022_032_992_86),
                20_003_898.214,
            ),
            (
                (56.320_923_501_171, 0.0),
                (-56.320_923_501_171, 179.664_747_671_772_9),
                19_993_558.287,
            ),
        ] {
            check(from, to, metres, 0.000_5);
        }
        for (from, to, metres) in [
            ((40.6, -73.8), (49.016_666_67, 2.55), 5_853_226.0),
            ((0.0, 0.0), (0.0, 179.0), 19_926_189.0),
            ((0.0, 0.0), (0.0, 179.5), 19_980_862.0),
            ((0.0, 0.0), (0.0, 180.0), 20_003_931.0),
            ((0.0, 0.0), (1.0, 180.0), 19_893_357.0),
            ((90.0, 0.0), (-90.0, 77.0), 20_003_931.0),
        ] {
            check(from, to, metres, 0.5);
        }
    }

    #[test]
    fn awkward_pairs_have_a_distance() {
        let nudges = [
            0.0, 5e-324, 1e-300, 1e-20, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.5, 0.6, 1.0,
        ];
        let latitudes = [0.0, 1e-9, 30.0, 45.0, 89.0, 90.0 - 1e-9, 90.0];
        for lat in latitudes {
            for dlat in nudges {
                for dlng in nudges {
                    let from = place(lat, 0.0);
                    for to in [
                        place(lat - dlat, dlng),
                        place(-lat + dlat, 180.0 - dlng),
                        place(dlat - lat, dlng - 180.0),
                    ] {
                        assert!(from.geodesic_to(to) <= Distance::from_metres(20_003_932));
                        assert_eq!(from.geodesic_to(to), to.geodesic_to(from));
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_sphere_is_within_its_bound_and_order_does_not_matter(
            from in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            to in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            near in 0.0..=1.0_f64,
        ) {
            let from_place = place(from.0, from.1);
            // Pairs of every length, from metres to the antipode.
            let share = libm::pow(10.0, -7.0 * near);
            let to_place = place(from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            let ellipsoid = from_place.geodesic_to(to_place);
            prop_assert_eq!(ellipsoid, to_place.geodesic_to(from_place));
            let (exact, sphere) = (ellipsoid.as_metres_f64(), from_place.distance_to(to_place).as_metres_f64());
            prop_assert!((exact - sphere).abs() <= 0.0056 * sphere + 0.001, "{} {}", exact, sphere);
        }
    }
}
