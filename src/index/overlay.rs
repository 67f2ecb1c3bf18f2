//! The dynamic part: the sites that appeared, moved or got another area since the packed tree was built.
//!
//! They are in two R-trees (rstar): by position, and by the cubes that hold their caps, so that an address finds those
//! that reach it. Beside them is a short list of what has changed since the trees were last brought up to date, which
//! the next change after [`RECENT`] of them does. So a new version copies a list and shares the trees, which stay in
//! the caches of whoever looks up; and a look-up that finds nothing changed pays one comparison.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::geo::UnitVector;
use crate::index::{Collect, Point, Ranked};

/// How many changes are listed: few enough to look at each, enough that copying the trees costs little when spread over
/// them.
const RECENT: usize = 16;

/// A site of which the packed tree is not right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverlayPoint {
    pub(crate) point: Point,
    /// The number its owner gave it.
    pub(crate) slot: u32,
    /// No address that it serves has a larger squared chord.
    pub(crate) reach2: f64,
    pub(crate) changed: Changed,
}

/// What of a site the packed tree has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Area,
    PositionAndArea,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    /// Those that have moved.
    by_position: Arc<RTree<Placed>>,
    by_reach: Arc<RTree<Reaching>>,
    /// What is in the trees, by slot.
    settled: Arc<BTreeMap<u32, OverlayPoint>>,
    /// Slots of those in the trees that no longer count.
    gone: Vec<u32>,
    /// Those not in the trees yet, by slot.
    recent: BTreeMap<u32, OverlayPoint>,
    /// How many have changed their positions.
    moved: usize,
}

impl Overlay {
    pub(crate) fn len(&self) -> usize {
        self.settled.len() - self.gone.len() + self.recent.len()
    }

    /// How many sites are elsewhere than the packed tree has them, or not in it at all.
    #[inline]
    pub(crate) fn moved(&self) -> usize {
        self.moved
    }

    /// Adds a site that is not in it. O(log n).
    pub(crate) fn insert(&mut self, site: OverlayPoint) {
        self.moved += usize::from(site.is_moved());
        self.recent.insert(site.slot, site);
    }

    /// Takes out the site in a slot, which must be there. O(log n).
    pub(crate) fn remove(&mut self, slot: u32) {
        let removed = self.recent.remove(&slot).unwrap_or_else(|| {
            self.gone.push(slot);
            *self
                .settled
                .get(&slot)
                .expect("what is removed has been inserted")
        });
        self.moved -= usize::from(removed.is_moved());
    }

    /// To be called when a version is complete. O(n) once in a while, else O(1).
    pub(crate) fn settle(&mut self) {
        if self.recent.len() + self.gone.len() <= RECENT {
            return;
        }
        let settled = Arc::make_mut(&mut self.settled);
        let by_position = Arc::make_mut(&mut self.by_position);
        let by_reach = Arc::make_mut(&mut self.by_reach);
        for slot in self.gone.drain(..) {
            if let Some(site) = settled.remove(&slot) {
                by_position.remove(&Placed(site));
                by_reach.remove(&Reaching(site));
            }
        }
        for (slot, site) in core::mem::take(&mut self.recent) {
            if site.is_moved() {
                by_position.insert(Placed(site));
            }
            by_reach.insert(Reaching(site));
            settled.insert(slot, site);
        }
    }

    /// Shows `into` every moved site that may belong among its best.
    pub(crate) fn search(&self, from: UnitVector, into: &mut impl Collect) {
        let offer = |site: &OverlayPoint, into: &mut _| {
            offer(site, from, into, |_| true);
        };
        for site in self.recent.values().filter(|site| site.is_moved()) {
            offer(site, into);
        }
        if self.by_position.size() == 0 {
            return;
        }
        let bound = into.bound();
        if bound <= FARTHEST {
            for Placed(site) in self
                .by_position
                .locate_within_distance(from.0, widened(bound))
            {
                if self.counts(site) {
                    offer(site, into);
                }
            }
            return;
        }
        for (Placed(site), chord2) in self
            .by_position
            .nearest_neighbor_iter_with_distance_2(from.0)
        {
            if chord2 > widened(into.bound()) {
                break;
            }
            if self.counts(site) {
                offer(site, into);
            }
        }
    }

    /// Shows `into` every site that reaches so far, that `accept` lets pass, and that may belong among its best.
    pub(crate) fn search_reaching(
        &self,
        from: UnitVector,
        into: &mut impl Collect,
        mut accept: impl FnMut(&Ranked) -> bool,
    ) {
        for site in self.recent.values() {
            if from.chord2(site.point.at) <= site.reach2 {
                offer(site, from, into, &mut accept);
            }
        }
        for Reaching(site) in self.by_reach.locate_all_at_point(from.0) {
            if from.chord2(site.point.at) <= site.reach2 && self.counts(site) {
                offer(site, from, into, &mut accept);
            }
        }
    }

    fn counts(&self, site: &OverlayPoint) -> bool {
        !self.gone.contains(&site.slot)
    }
}

/// The squared chord between antipodes.
const FARTHEST: f64 = 4.0;

/// The trees compute squared chords themselves: a little room for what they round differently.
fn widened(chord2: f64) -> f64 {
    chord2 * (1.0 + 1e-9)
}

#[inline]
fn offer(
    site: &OverlayPoint,
    from: UnitVector,
    into: &mut impl Collect,
    mut accept: impl FnMut(&Ranked) -> bool,
) {
    let chord = from.chord(site.point.at);
    if chord.chord2 <= into.bound() {
        let ranked = Ranked {
            chord,
            id: site.point.id,
            slot: site.slot,
        };
        if accept(&ranked) {
            into.offer(ranked);
        }
    }
}

impl OverlayPoint {
    fn is_moved(&self) -> bool {
        self.changed == Changed::PositionAndArea
    }
}

/// A site where it is.
#[derive(Clone, Copy, Debug)]
struct Placed(OverlayPoint);

impl RTreeObject for Placed {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.0.point.at.0)
    }
}

impl PointDistance for Placed {
    fn distance_2(&self, from: &[f64; 3]) -> f64 {
        self.0.point.at.chord2(UnitVector(*from))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.0.slot == other.0.slot
    }
}

/// A site by the cube round all the addresses that it reaches.
#[derive(Clone, Copy, Debug)]
struct Reaching(OverlayPoint);

impl RTreeObject for Reaching {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        // Beyond two there is no address; the rest is room for rounding.
        let reach = (self.0.reach2.sqrt() * (1.0 + 1e-9) + 1e-12).min(2.0);
        let at = self.0.point.at.0;
        AABB::from_corners(at.map(|axis| axis - reach), at.map(|axis| axis + reach))
    }
}

impl PointDistance for Reaching {
    fn distance_2(&self, from: &[f64; 3]) -> f64 {
        self.envelope().distance_2(from)
    }
}

impl PartialEq for Reaching {
    fn eq(&self, other: &Self) -> bool {
        self.0.slot == other.0.slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;
    use crate::id::SiteId;
    use crate::index::All;

    /// A site near the others or anywhere, with a reach of its own.
    fn site(slot: u32, state: &mut u64) -> OverlayPoint {
        let spread = if random(state) < 0.8 { 0.01 } else { 1.0 };
        let at = [1.0, 0.0, 0.0].map(|axis| axis + spread * (random(state) - 0.5));
        let length = at.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
        OverlayPoint {
            point: Point {
                at: UnitVector(at.map(|axis| axis / length)),
                id: SiteId(u64::from(slot)),
            },
            slot,
            reach2: 0.000_1 * random(state),
            changed: if random(state) < 0.5 {
                Changed::Area
            } else {
                Changed::PositionAndArea
            },
        }
    }

    fn same(overlay: &Overlay, sites: &[OverlayPoint], from: UnitVector) {
        assert_eq!(overlay.len(), sites.len());
        assert_eq!(
            overlay.moved(),
            sites.iter().filter(|site| site.is_moved()).count()
        );
        let slots = |all: All| {
            let mut slots: Vec<u32> = all.found.iter().map(|found| found.slot).collect();
            slots.sort_unstable();
            slots
        };
        let expected = |counts: &dyn Fn(&&OverlayPoint) -> bool| {
            let mut slots: Vec<u32> = sites.iter().filter(counts).map(|site| site.slot).collect();
            slots.sort_unstable();
            slots
        };
        let chord2 = |site: &OverlayPoint| from.chord2(site.point.at);
        let mut near = All::new(0.000_1);
        overlay.search(from, &mut near);
        assert_eq!(
            slots(near),
            expected(&|site| site.is_moved() && chord2(site) <= 0.000_1)
        );
        let mut reaching = All::new(4.0);
        overlay.search_reaching(from, &mut reaching, |found| found.slot % 3 != 0);
        assert_eq!(
            slots(reaching),
            expected(&|site| site.slot % 3 != 0 && chord2(site) <= site.reach2)
        );
    }

    #[test]
    fn it_holds_what_was_inserted_and_not_removed() {
        let mut state = 7;
        let mut overlay = Overlay::default();
        let mut sites: Vec<OverlayPoint> = Vec::new();
        for slot in 0..2_000 {
            if random(&mut state) < 0.3 && !sites.is_empty() {
                let place = (random(&mut state) * sites.len() as f64) as usize;
                overlay.remove(sites.swap_remove(place).slot);
            } else {
                sites.push(site(slot, &mut state));
                overlay.insert(sites[sites.len() - 1]);
            }
            let older = overlay.clone();
            if random(&mut state) < 0.8 {
                overlay.settle();
            }
            let from = site(0, &mut state).point.at;
            same(&overlay, &sites, from);
            same(&older, &sites, from);
        }
    }
}
