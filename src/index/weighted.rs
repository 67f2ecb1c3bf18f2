//! Points with weights: which are nearest when each weight is added to the distance?
//!
//! The optimiser asks this of every order, over and over: *all sites whose cost and price together are below a limit*,
//! where the cost is a distance and a surcharge. That is a range query in an additively weighted space, as in Voronoi
//! diagrams of circles, and prices change between queries.
//!
//! The tree has the shape of a [`PackedTree`]: points bucket after bucket, nodes in heap order, slots halved level by
//! level. In place of a splitting plane each node knows the box round its points, the least weight among them, and
//! the greatest reach of their service areas, in half a cache line. A point counts if weight + distance is below the
//! limit; a node is skipped if its least weight and the straight way through the Earth to its box are not. A chord is
//! never longer than the great circle above it, so no arc sine is needed to skip, and nothing that counts is
//! skipped. What is reached is shown to the caller, who computes the exact cost.
//!
//! Build O(n log n), change of all weights O(n), query O(log n + found) expected, without allocation.

use crate::geo::{Chord, EARTH_RADIUS, UnitVector};
use crate::index::{PackedTree, Unpacked};

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct WeightedTree {
    points: Vec<Weighted>,
    /// Inner nodes and leaves in heap order from index 1.
    nodes: Vec<Node>,
    /// The caller's number of each point.
    sources: Vec<u32>,
    /// The weight of each point without its floor.
    weights: Vec<i64>,
    levels: u32,
    /// How much chord, on the unit sphere, one millimetre of cost pays for at most.
    chord_per_cost: f64,
}

/// A point and what is added to the distance to it: 32 bytes, aligned to them.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Weighted {
    at: UnitVector,
    least: i64,
}

/// What is known of all points below a node, rounded so that it holds.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Node {
    low: [f32; 3],
    high: [f32; 3],
    /// No point has a lower weight.
    least: f32,
    /// No point serves anything at a larger squared chord.
    reach2: f32,
}

/// Which points a search has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All that may serve.
    All,
    /// All that may serve and are below the limit.
    Below,
}

impl WeightedTree {
    /// As many levels as a [`PackedTree`] may have, with one subtree pending for each and one to begin with.
    const PENDING_MAX: usize = 33;

    /// Packs the points. `weight(source)` is what is added to the distance to a point, in millimetres of cost, and
    /// every kilometre of distance costs at least `per_kilometre`. O(n log n).
    pub(crate) fn build(
        unpacked: &mut [Unpacked],
        per_kilometre: u64,
        weight: impl Fn(u32) -> i64,
    ) -> Self {
        let packed = PackedTree::build(unpacked);
        let sources: Vec<u32> = unpacked.iter().map(|unpacked| unpacked.source).collect();
        let weights: Vec<i64> = sources.iter().map(|source| weight(*source)).collect();
        let points = unpacked.iter().zip(&weights);
        let levels = packed.levels();
        let cost_per_chord =
            EARTH_RADIUS.as_millimetres() as f64 * (per_kilometre as f64 / 1_000_000.0);
        let mut tree = Self {
            points: points
                .map(|(unpacked, least)| Weighted {
                    at: unpacked.point.at,
                    least: *least,
                })
                .collect(),
            nodes: vec![Node::EMPTY; 2 << levels],
            sources,
            weights,
            levels,
            chord_per_cost: 1.0 / cost_per_chord,
        };
        for bucket in 0..1 << levels {
            let places = packed.first_slot(bucket)..packed.first_slot(bucket + 1);
            let leaf = &mut tree.nodes[(1 << levels) + bucket];
            for unpacked in &unpacked[places] {
                leaf.include(unpacked.point.at, unpacked.reach2);
            }
        }
        for node in (1..1 << levels).rev() {
            tree.nodes[node] = Node::round(tree.nodes[2 * node], tree.nodes[2 * node + 1]);
        }
        tree.refresh();
        tree
    }

    /// From now on every point weighs its own weight and `floor(source)`. O(n).
    pub(crate) fn set_floors(&mut self, floor: impl Fn(u32) -> i64) {
        let points = self.points.iter_mut().zip(&self.weights);
        for ((point, weight), source) in points.zip(&self.sources) {
            point.least = weight.saturating_add(floor(*source));
        }
        self.refresh();
    }

    /// Shows `visit` every point that serves `from` and whose weight + cost of the distance is below the limit, and
    /// some others. `visit` gets the source and the chord, and returns the limit from then on, which must not rise.
    /// The result says whether any point that may serve was left out because of the limit.
    ///
    /// Nearer subtrees come first, so a limit that sinks to the best so far sinks soon.
    #[inline]
    pub(crate) fn search(
        &self,
        from: UnitVector,
        mut limit: i64,
        mut visit: impl FnMut(u32, Chord) -> i64,
    ) -> Shown {
        let mut shown = Shown::All;
        let mut pending = [(0_u32, 0.0_f64); Self::PENDING_MAX];
        let mut depth = 0;
        let mut node = 1;
        let mut chord2 = self.nodes[1].chord2(from);
        let leaf = 1 << self.levels;
        loop {
            if self.is_below(node, chord2, limit) {
                if node < leaf {
                    let (left, right) = (2 * node, 2 * node + 1);
                    let lefts = self.nodes[left].chord2(from);
                    let rights = self.nodes[right].chord2(from);
                    let (near, far) = if lefts <= rights {
                        ((left, lefts), (right, rights))
                    } else {
                        ((right, rights), (left, lefts))
                    };
                    if self.reaches(far.0, far.1) {
                        pending[depth] = (far.0 as u32, far.1);
                        depth += 1;
                    }
                    if self.reaches(near.0, near.1) {
                        (node, chord2) = near;
                        continue;
                    }
                } else {
                    limit = self.search_bucket(node - leaf, from, limit, &mut shown, &mut visit);
                }
            } else {
                shown = Shown::Below;
            }
            if depth == 0 {
                return shown;
            }
            depth -= 1;
            (node, chord2) = (pending[depth].0 as usize, pending[depth].1);
        }
    }

    #[inline]
    fn search_bucket(
        &self,
        bucket: usize,
        from: UnitVector,
        mut limit: i64,
        shown: &mut Shown,
        visit: &mut impl FnMut(u32, Chord) -> i64,
    ) -> i64 {
        let (first, end) = (self.first_place(bucket), self.first_place(bucket + 1));
        let points = self.points[first..end].iter();
        for (point, source) in points.zip(&self.sources[first..end]) {
            let left = limit.saturating_sub(point.least);
            if left > 0 && from.chord2(point.at) <= self.chord2_for(left as f64) {
                limit = visit(*source, from.chord(point.at));
            } else {
                *shown = Shown::Below;
            }
        }
        limit
    }

    /// Whether a point below a node, whose box is at this squared chord, may be below the limit.
    #[inline]
    fn is_below(&self, node: usize, chord2: f64, limit: i64) -> bool {
        let left = limit as f64 - f64::from(self.nodes[node].least);
        left > 0.0 && chord2 <= self.chord2_for(left)
    }

    /// Whether a point below a node, whose box is at this squared chord, may serve.
    #[inline]
    fn reaches(&self, node: usize, chord2: f64) -> bool {
        chord2 <= f64::from(self.nodes[node].reach2)
    }

    /// No point that costs less than `left` without its weight has a larger squared chord.
    ///
    /// Two millimetres are added: distance and cost are rounded, by less than one each. What a limit loses as a float
    /// is far less than the weight of a node was rounded down by.
    #[inline]
    fn chord2_for(&self, left: f64) -> f64 {
        let chord = (left + 2.0) * self.chord_per_cost;
        chord * chord
    }

    /// Carries the weights of the points up to the root.
    fn refresh(&mut self) {
        let leaf = 1 << self.levels;
        for bucket in 0..leaf {
            let places = self.first_place(bucket)..self.first_place(bucket + 1);
            let least = self.points[places].iter().map(|point| point.least).min();
            self.nodes[leaf + bucket].least = round_down(least.unwrap_or(i64::MAX) as f64);
        }
        for node in (1..leaf).rev() {
            self.nodes[node].least = self.nodes[2 * node]
                .least
                .min(self.nodes[2 * node + 1].least);
        }
    }

    #[inline]
    fn first_place(&self, bucket: usize) -> usize {
        (self.points.len() * bucket) >> self.levels
    }
}

impl Node {
    const EMPTY: Self = Self {
        low: [f32::INFINITY; 3],
        high: [f32::NEG_INFINITY; 3],
        least: f32::INFINITY,
        reach2: 0.0,
    };

    fn include(&mut self, at: UnitVector, reach2: f64) {
        for axis in 0..3 {
            self.low[axis] = self.low[axis].min(round_down(at.0[axis]));
            self.high[axis] = self.high[axis].max(round_up(at.0[axis]));
        }
        self.reach2 = self.reach2.max(round_up(reach2));
    }

    /// The node round two others.
    fn round(a: Self, b: Self) -> Self {
        let each = |f: fn(f32, f32) -> f32, a: [f32; 3], b: [f32; 3]| {
            [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2])]
        };
        Self {
            low: each(f32::min, a.low, b.low),
            high: each(f32::max, a.high, b.high),
            least: a.least.min(b.least),
            reach2: a.reach2.max(b.reach2),
        }
    }

    /// The squared chord to the box.
    #[inline]
    fn chord2(&self, from: UnitVector) -> f64 {
        let along = |axis: usize| {
            let below = f64::from(self.low[axis]) - from.0[axis];
            let above = from.0[axis] - f64::from(self.high[axis]);
            below.max(above).max(0.0)
        };
        let (x, y, z) = (along(0), along(1), along(2));
        x * x + y * y + z * z
    }
}

fn round_down(number: f64) -> f32 {
    (number as f32).next_down()
}

fn round_up(number: f64) -> f32 {
    (number as f32).next_up()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::{LngLat, Position, chord2_reaching};
    use crate::id::SiteId;
    use crate::index::Point;
    use crate::units::Distance;

    /// Numbers with no pattern that matters (Weyl's sequence), from 0 to 1.
    fn scattered(n: u32) -> f64 {
        (f64::from(n) * 0.618_033_988_749_895).fract()
    }

    fn position(n: u32) -> Position {
        let at = LngLat {
            lng: 121.0 + 0.5 * scattered(n),
            lat: 31.0 + 0.4 * scattered(7 * n + 1),
        };
        Position::new(at).expect("in range")
    }

    struct World {
        tree: WeightedTree,
        /// Position, weight and reach of each source.
        points: Vec<(UnitVector, i64, f64)>,
    }

    impl World {
        fn new(count: u32) -> Self {
            let points: Vec<_> = (0..count)
                .map(|n| {
                    let reach = match n % 3 {
                        0 => f64::INFINITY,
                        _ => chord2_reaching(Distance::from_metres(2_000 + 100 * (n % 50))),
                    };
                    let weight = i64::from(n % 11) * 100_000;
                    (position(n).unit_vector(), weight, reach)
                })
                .collect();
            let mut unpacked: Vec<Unpacked> = (0..)
                .zip(&points)
                .map(|(source, (at, _, reach2))| Unpacked {
                    point: Point {
                        at: *at,
                        id: SiteId(u64::from(source)),
                    },
                    reach2: *reach2,
                    source,
                })
                .collect();
            let weight = |source: u32| points[source as usize].1;
            let tree = WeightedTree::build(&mut unpacked, 1_000_000, weight);
            Self { tree, points }
        }

        fn cost(&self, from: UnitVector, source: u32) -> i64 {
            let (at, weight, _) = self.points[source as usize];
            from.distance_to(at).as_millimetres().cast_signed() + weight
        }

        fn check(&self, from: UnitVector, limit: i64, floor: impl Fn(u32) -> i64) {
            let below = |source: u32| {
                let (at, _, reach2) = self.points[source as usize];
                from.chord2(at) <= reach2 && self.cost(from, source) + floor(source) < limit
            };
            let expected: Vec<u32> = (0..self.points.len() as u32)
                .filter(|s| below(*s))
                .collect();
            let mut found = Vec::new();
            let result = self.tree.search(from, limit, |source, _| {
                found.push(source);
                limit
            });
            let shown = found.len();
            let serving = (0..).zip(&self.points);
            let mut serving = serving.filter(|(_, (at, _, reach2))| from.chord2(*at) <= *reach2);
            if result == Shown::All {
                assert!(serving.all(|(source, _)| found.contains(&source)));
            } else {
                assert!(limit < i64::MAX || self.points.is_empty());
            }
            found.retain(|source| below(*source));
            found.sort_unstable();
            assert_eq!(found, expected, "limit {limit}");
            assert!(
                shown <= 4 * expected.len() + 60,
                "{shown} of {}",
                expected.len()
            );
        }
    }

    #[test]
    fn a_search_shows_all_that_is_below_the_limit() {
        for count in [0, 1, 7, 12, 13, 300, 4_000] {
            let mut world = World::new(count);
            for n in 0..200 {
                let limit = [0, 1, 700_000, 2_500_000, 9_000_000, i64::MAX][n as usize % 6];
                world.check(position(90_000 + n).unit_vector(), limit, |_| 0);
            }
            let floor = |source: u32| [0, 40_000, 3_000_000, 1 << 55][source as usize % 4];
            world.tree.set_floors(floor);
            for n in 0..200 {
                let limit = [1, 900_000, 4_500_000, (1 << 55) + 900_000][n as usize % 4];
                world.check(position(70_000 + n).unit_vector(), limit, floor);
            }
        }
    }

    #[test]
    fn a_limit_that_sinks_leads_to_the_cheapest() {
        let world = World::new(2_000);
        for n in 0..500 {
            let from = position(50_000 + n).unit_vector();
            let mut best = (i64::MAX, u32::MAX);
            world.tree.search(from, i64::MAX, |source, chord| {
                if chord.chord2 <= world.points[source as usize].2 {
                    best = best.min((world.cost(from, source), source));
                }
                best.0.saturating_add(1)
            });
            let serving = (0..2_000).filter(|source: &u32| {
                let (at, _, reach2) = world.points[*source as usize];
                from.chord2(at) <= reach2
            });
            let expected = serving
                .map(|source| (world.cost(from, source), source))
                .min();
            assert_eq!(Some(best), expected);
        }
    }
}
