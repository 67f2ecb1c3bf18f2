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

    /// Shows `into` every point that `accept` lets pass and that may belong among its best, nearest first.
    pub(crate) fn search(
        &self,
        from: UnitVector,
        into: &mut impl Collect,
        mut accept: impl FnMut(u32, &Ranked) -> bool,
    ) {
        if self.tree.size() == 0 {
            return;
        }
        for (OverlayPoint { point, slot }, chord2) in
            self.tree.nearest_neighbor_iter_with_distance_2(from.0)
        {
            if chord2 > into.bound() {
                return;
            }
            let ranked = Ranked {
                chord: from.chord(point.at),
                id: point.id,
                slot: *slot,
            };
            if accept(*slot, &ranked) {
                into.offer(ranked);
            }
        }
    }
}

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
