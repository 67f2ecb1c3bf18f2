//! A packed k-d tree (Bentley 1975, with the median splits and buckets of Friedman, Bentley and Finkel 1977).
//!
//! Points lie bucket after bucket in one array, in the order of the leaves; a point's place is its *slot*. The shape
//! is implicit: level by level the slots are halved, so the tree is an array of splitting planes in heap order and
//! nothing else. A search descends to the bucket on the query's side of every plane and comes back for the far sides
//! whose distance, accumulated axis by axis (Arya and Mount 1993), still meets the bound.
//!
//! Each node also knows the greatest *reach* of the points below it: how far from the query a point can be and still
//! serve it. A search among points that serve skips nodes out of reach, so an address that nobody serves costs a
//! short descent and not a walk round the world.
//!
//! Build O(n log n) time, O(n) space; nearest O(log n) expected for k small; no look-up allocates but for its result.

use core::ops::Range;

use crate::geo::UnitVector;
use crate::id::SiteId;
use crate::index::{Collect, Ranked};

/// One point: 32 bytes and aligned to them, so that it never straddles two cache lines.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(32))]
pub(crate) struct Point {
    pub(crate) at: UnitVector,
    pub(crate) id: SiteId,
}

#[derive(Debug)]
pub(crate) struct PackedTree {
    points: Vec<Point>,
    /// Inner nodes in heap order from index 1; node i has the children 2i and 2i + 1.
    planes: Vec<Plane>,
    /// The squared reach of each point.
    point_reach2: Vec<f32>,
    /// The greatest squared reach below each node, leaves included, in heap order from index 1.
    reach2: Vec<f32>,
    levels: u32,
}

#[derive(Clone, Copy, Debug)]
struct Plane {
    at: f64,
    axis: usize,
}

/// Which part of the tree a search may skip besides what lies beyond its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// Nothing: every point counts.
    Anywhere,
    /// Points whose own reach ends before the query.
    Reach,
}

/// A point to pack, with the squared chord of its reach and the caller's own index for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unpacked {
    pub(crate) point: Point,
    pub(crate) reach2: f64,
    pub(crate) source: u32,
}

/// A subtree still to be visited: its node, its squared distance, and the distance along each axis.
type Pending = (u32, f64, [f64; 3]);

impl PackedTree {
    /// 7 to 12 points a bucket: fewer make the planes outgrow the cache, more are computed in vain. Not tuned: other
    /// sizes have not been measured.
    const BUCKET_MAX: usize = 12;
    /// Slots are below 2³⁰ ([`Limits::SITES_CEILING`](crate::limits::Limits::SITES_CEILING)).
    const LEVELS_MAX: usize = 32;
    /// Levels of trees of up to 12,000 points.
    const LEVELS_FEW: u32 = 10;

    /// Packs the points, reordering them by slot: afterwards `unpacked[slot].source` is the caller's index.
    pub(crate) fn build(unpacked: &mut [Unpacked]) -> Self {
        let mut levels = 0;
        while unpacked.len() >> levels > Self::BUCKET_MAX {
            levels += 1;
        }
        let mut planes = vec![Plane { at: 0.0, axis: 0 }; 1 << levels];
        let mut reach2 = vec![0.0; 2 << levels];
        let count = unpacked.len();
        Splitter {
            planes: &mut planes,
            reach2: &mut reach2,
            count,
            levels,
        }
        .split(unpacked, 1, 0..1 << levels);
        let points = unpacked.iter().map(|unpacked| unpacked.point).collect();
        let point_reach2 = unpacked
            .iter()
            .map(|unpacked| round_up(unpacked.reach2))
            .collect();
        Self {
            points,
            planes,
            point_reach2,
            reach2,
            levels,
        }
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    /// There are 2 to the power of this many buckets.
    pub(super) fn levels(&self) -> u32 {
        self.levels
    }

    /// Whether the point in a slot reaches so far.
    #[inline]
    pub(crate) fn reaches_from(&self, slot: u32, chord2: f64) -> bool {
        chord2 <= f64::from(self.point_reach2[slot as usize])
    }

    /// [`surely_reaches`] of the point in a slot.
    #[inline]
    pub(crate) fn surely_reaches_from(&self, slot: u32, chord2: f64) -> bool {
        surely_reaches(f64::from(self.point_reach2[slot as usize]), chord2)
    }

    /// A squared chord beyond which no point reaches.
    #[inline]
    pub(crate) fn farthest_reach2(&self) -> f64 {
        self.reach2.get(1).map_or(0.0, |reach2| f64::from(*reach2))
    }

    /// Shows `into` every point that `accept` lets pass and that may belong among its best.
    ///
    /// `accept` is asked only about points within the bound of the moment; it gets the slot and the point.
    pub(crate) fn search(
        &self,
        from: UnitVector,
        within: Within,
        into: &mut impl Collect,
        accept: impl FnMut(u32, &Ranked) -> bool,
    ) {
        // To clear a long list of what is pending takes as long as to search a small tree.
        if self.levels <= Self::LEVELS_FEW {
            self.search_levels::<{ Self::LEVELS_FEW as usize }>(from, within, into, accept);
        } else {
            self.search_levels::<{ Self::LEVELS_MAX }>(from, within, into, accept);
        }
    }

    #[inline]
    fn search_levels<const LEVELS: usize>(
        &self,
        from: UnitVector,
        within: Within,
        into: &mut impl Collect,
        mut accept: impl FnMut(u32, &Ranked) -> bool,
    ) {
        let mut pending: [Pending; LEVELS] = [(0, 0.0, [0.0; 3]); LEVELS];
        let mut depth = 0;
        let (mut node, mut distance2, mut offset) = (1, 0.0, [0.0; 3]);
        loop {
            while let Some(Plane { at, axis }) = self.plane(node) {
                let along = from.0[axis] - at;
                let near = 2 * node + usize::from(along >= 0.0);
                let far2 = distance2 - offset[axis] * offset[axis] + along * along;
                if far2 <= into.bound() && self.reaches(near ^ 1, far2, within) {
                    let mut far_offset = offset;
                    far_offset[axis] = along;
                    pending[depth] = ((near ^ 1) as u32, far2, far_offset);
                    depth += 1;
                }
                node = near;
                if !self.reaches(node, distance2, within) {
                    break;
                }
            }
            if node >= self.leaf(0) && self.reaches(node, distance2, within) {
                self.search_bucket(node, from, within, into, &mut accept);
            }
            loop {
                if depth == 0 {
                    return;
                }
                depth -= 1;
                (node, distance2, offset) = (
                    pending[depth].0 as usize,
                    pending[depth].1,
                    pending[depth].2,
                );
                if distance2 <= into.bound() {
                    break;
                }
            }
        }
    }

    #[inline]
    fn search_bucket(
        &self,
        node: usize,
        from: UnitVector,
        within: Within,
        into: &mut impl Collect,
        accept: &mut impl FnMut(u32, &Ranked) -> bool,
    ) {
        let bucket = node - self.leaf(0);
        let (first, end) = (self.first_slot(bucket), self.first_slot(bucket + 1));
        let points = self.points[first..end]
            .iter()
            .zip(&self.point_reach2[first..end]);
        for (slot, (point, reach2)) in (first as u32..).zip(points) {
            let chord2 = from.chord2(point.at);
            let reaches = within == Within::Anywhere || chord2 <= f64::from(*reach2);
            if reaches && chord2 <= into.bound() {
                let ranked = Ranked {
                    chord: from.chord(point.at),
                    id: point.id,
                    slot,
                };
                if accept(slot, &ranked) {
                    into.offer(ranked);
                }
            }
        }
    }

    #[inline]
    fn plane(&self, node: usize) -> Option<Plane> {
        self.planes.get(node).copied()
    }

    #[inline]
    fn reaches(&self, node: usize, distance2: f64, within: Within) -> bool {
        within == Within::Anywhere || distance2 <= f64::from(self.reach2[node])
    }

    fn leaf(&self, bucket: usize) -> usize {
        (1 << self.levels) + bucket
    }

    /// Where the points of a bucket begin.
    #[inline]
    pub(super) fn first_slot(&self, bucket: usize) -> usize {
        (self.points.len() * bucket) >> self.levels
    }
}

/// The build in progress.
struct Splitter<'a> {
    planes: &'a mut [Plane],
    reach2: &'a mut [f32],
    count: usize,
    levels: u32,
}

impl Splitter<'_> {
    /// Splits the points below `node`, which fill the buckets `buckets`, and returns their reach.
    fn split(&mut self, below: &mut [Unpacked], node: usize, buckets: Range<usize>) -> f32 {
        let reach2 = if buckets.len() == 1 {
            below
                .iter()
                .map(|unpacked| round_up(unpacked.reach2))
                .fold(0.0, f32::max)
        } else {
            let axis = widest_axis(below);
            let middle = buckets.start.midpoint(buckets.end);
            let first = (self.count * buckets.start) >> self.levels;
            let at = ((self.count * middle) >> self.levels) - first;
            let key = |unpacked: &Unpacked| (unpacked.point.at.0[axis], unpacked.point.id);
            let (_, median, _) = below.select_nth_unstable_by(at, |a, b| {
                let (a, b) = (key(a), key(b));
                a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
            });
            self.planes[node] = Plane {
                at: median.point.at.0[axis],
                axis,
            };
            let (near, far) = below.split_at_mut(at);
            let near = self.split(near, 2 * node, buckets.start..middle);
            near.max(self.split(far, 2 * node + 1, middle..buckets.end))
        };
        self.reach2[node] = reach2;
        reach2
    }
}

fn widest_axis(points: &[Unpacked]) -> usize {
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    for Unpacked { point, .. } in points {
        for axis in 0..3 {
            low[axis] = low[axis].min(point.at.0[axis]);
            high[axis] = high[axis].max(point.at.0[axis]);
        }
    }
    let width = |axis: usize| high[axis] - low[axis];
    (1..3).fold(0, |widest, axis| {
        if width(axis) > width(widest) {
            axis
        } else {
            widest
        }
    })
}

/// Whether a point with this squared reach reaches so far and a thousandth farther. Never sure of less than some ten
/// metres.
#[inline]
pub(super) fn surely_reaches(reach2: f64, chord2: f64) -> bool {
    const TEN_METRES: f64 = 2.5e-12;
    reach2 >= TEN_METRES && chord2 <= reach2 * (1.0 - 1e-3)
}

/// The next larger `f32`: a reach may only ever be overstated.
pub(super) fn round_up(reach2: f64) -> f32 {
    (reach2 as f32).next_up()
}
