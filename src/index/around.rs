use rstar::{AABB, Envelope, RTreeObject};

use crate::geo::UnitVector;
use crate::index::packed::round_up;

/// What a node of an R-tree knows of the sites below it: a cube round them, and how far they reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Around {
    /// In `f32`, so that more nodes fit the caches: see [`Around::may_have`].
    cube: AABB<[f32; 3]>,
    reach2: f32,
}

impl Around {
    pub(super) fn site(at: UnitVector, reach2: f64) -> Self {
        Self {
            cube: AABB::from_point(single(at)),
            reach2: round_up(reach2),
        }
    }

    /// The greatest squared reach.
    pub(super) fn reach2(&self) -> f64 {
        f64::from(self.reach2)
    }

    /// Whether a site within the squared chord `chord2` can be among them.
    ///
    /// Rounded to `f32`, place and cube are off by 6 · 10⁻⁸ along each axis, so their distance by e < 3 · 10⁻⁷ with all
    /// that is computed from it. By the inequality of the means (c + e)² ≤ (1 + t) c² + (1 + 1/t) e² for every t > 0;
    /// here t = 10⁻².
    #[inline]
    pub(super) fn may_have(&self, from: UnitVector, chord2: f64) -> bool {
        let (at, lower, upper) = (single(from), self.cube.lower(), self.cube.upper());
        let gap = |axis: usize| {
            (lower[axis] - at[axis])
                .max(at[axis] - upper[axis])
                .max(0.0)
        };
        let (x, y, z) = (gap(0), gap(1), gap(2));
        f64::from(x * x + y * y + z * z) <= chord2 * 1.01 + 1e-11
    }
}

#[inline]
fn single(at: UnitVector) -> [f32; 3] {
    at.0.map(|axis| axis as f32)
}

/// All but the reach is left to the cube.
impl Envelope for Around {
    type Point = [f32; 3];

    fn new_empty() -> Self {
        Self {
            cube: AABB::new_empty(),
            reach2: 0.0,
        }
    }

    fn contains_point(&self, point: &[f32; 3]) -> bool {
        self.cube.contains_point(point)
    }

    fn contains_envelope(&self, other: &Self) -> bool {
        self.cube.contains_envelope(&other.cube) && self.reach2 >= other.reach2
    }

    fn merge(&mut self, other: &Self) {
        self.cube.merge(&other.cube);
        self.reach2 = self.reach2.max(other.reach2);
    }

    fn merged(&self, other: &Self) -> Self {
        let mut merged = *self;
        merged.merge(other);
        merged
    }

    fn intersects(&self, other: &Self) -> bool {
        self.cube.intersects(&other.cube)
    }

    fn intersection_area(&self, other: &Self) -> f32 {
        self.cube.intersection_area(&other.cube)
    }

    fn area(&self) -> f32 {
        self.cube.area()
    }

    fn distance_2(&self, point: &[f32; 3]) -> f32 {
        self.cube.distance_2(point)
    }

    fn min_max_dist_2(&self, point: &[f32; 3]) -> f32 {
        self.cube.min_max_dist_2(point)
    }

    fn center(&self) -> [f32; 3] {
        self.cube.center()
    }

    fn perimeter_value(&self) -> f32 {
        self.cube.perimeter_value()
    }

    fn sort_envelopes<T: RTreeObject<Envelope = Self>>(axis: usize, objects: &mut [T]) {
        objects.sort_unstable_by(|a, b| along(axis, a).total_cmp(&along(axis, b)));
    }

    fn partition_envelopes<T: RTreeObject<Envelope = Self>>(
        axis: usize,
        objects: &mut [T],
        first: usize,
    ) {
        objects.select_nth_unstable_by(first, |a, b| along(axis, a).total_cmp(&along(axis, b)));
    }
}

fn along(axis: usize, object: &impl RTreeObject<Envelope = Around>) -> f32 {
    object.envelope().cube.lower()[axis]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;

    #[test]
    fn what_is_within_is_never_ruled_out() {
        let mut state = 5;
        for exponent in 0..9 {
            let spread = 0.1_f64.powi(exponent);
            let place = |state: &mut u64| {
                let at = [1.0, 1.0, 0.3].map(|axis| axis + spread * (random(state) - 0.5));
                let length = at.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
                UnitVector(at.map(|axis| axis / length))
            };
            let mut ruled_out = 0;
            for _ in 0..2_000 {
                let sites = [place(&mut state), place(&mut state)];
                let reaches2 = [random(&mut state), random(&mut state)];
                let around = Around::site(sites[0], reaches2[0])
                    .merged(&Around::site(sites[1], reaches2[1]));
                let from = place(&mut state);
                let nearest2 = from.chord2(sites[0]).min(from.chord2(sites[1]));
                assert!(around.may_have(from, nearest2), "{exponent}");
                assert!(around.reach2() >= reaches2[0].max(reaches2[1]));
                ruled_out += u32::from(!around.may_have(from, 0.1 * nearest2));
            }
            // A few metres are as good as nothing.
            assert!(exponent > 4 || ruled_out > 500, "{exponent}: {ruled_out}");
        }
    }
}
