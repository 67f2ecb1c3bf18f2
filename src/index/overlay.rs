//! The dynamic part: an R-tree (rstar; Guttman 1984, with the R* insertion of Beckmann et al. 1990) of the points that
//! appeared or moved since the packed tree was built.
//!
//! It stays small, so that a new version of it is a cheap copy, and a look-up that finds it empty pays one comparison.

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::geo::UnitVector;
use crate::index::{Collect, Point, Ranked};

/// A point outside the packed tree, with the slot its owner gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OverlayPoint {
    pub(crate) point: Point,
    pub(crate) slot: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    tree: RTree<OverlayPoint>,
}

impl Overlay {
    pub(crate) fn len(&self) -> usize {
        self.tree.size()
    }

    /// Adds a point. O(log n) expected.
    pub(crate) fn insert(&mut self, point: OverlayPoint) {
        self.tree.insert(point);
    }

    /// Takes a point out again; it must be the very one that was inserted. O(log n) expected.
    pub(crate) fn remove(&mut self, point: &OverlayPoint) {
        let removed = self.tree.remove(point);
        debug_assert!(removed.is_some(), "{point:?} was never inserted");
    }

    /// Shows `into` every point that may belong among its best.
    ///
    /// Cheap where `into` already has a bound, which is why the packed tree comes first: then only the nodes within
    /// the bound are visited. Without one the points come nearest first, until there is one.
    pub(crate) fn search(&self, from: UnitVector, into: &mut impl Collect) {
        let ranked = |found: &OverlayPoint| Ranked {
            chord: from.chord(found.point.at),
            id: found.point.id,
            slot: found.slot,
        };
        if into.bound() < WHOLE_SPHERE {
            for found in self.tree.locate_within_distance(from.0, into.bound()) {
                if from.chord2(found.point.at) <= into.bound() {
                    into.offer(ranked(found));
                }
            }
            return;
        }
        for (found, chord2) in self.tree.nearest_neighbor_iter_with_distance_2(from.0) {
            if chord2 > into.bound() {
                return;
            }
            into.offer(ranked(found));
        }
    }
}

/// No squared chord exceeds this.
const WHOLE_SPHERE: f64 = 4.0;

impl RTreeObject for OverlayPoint {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.point.at.0)
    }
}

impl PointDistance for OverlayPoint {
    fn distance_2(&self, from: &[f64; 3]) -> f64 {
        UnitVector(*from).chord2(self.point.at)
    }
}
