//! The dynamic part: the sites that appeared, moved or got another area since the packed tree was built.
//!
//! It is a small packed tree, and beside it a list of what has changed since that was built. The next change after
//! [`RECENT`] of them builds it anew. So a new version copies a short list and shares the tree, which stays in the
//! caches of whoever looks up; and a look-up that finds nothing changed pays one comparison.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::geo::UnitVector;
use crate::index::packed::Unpacked;
use crate::index::{Collect, PackedTree, Point, Ranked, Within};

/// How many changes are listed: few enough to look at each, enough that building the tree costs little when spread
/// over them.
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

#[derive(Clone, Debug)]
pub(crate) struct Overlay {
    tree: Arc<PackedTree>,
    /// By place in the tree.
    packed: Arc<[OverlayPoint]>,
    /// Places in the tree that no longer count.
    gone: Vec<u32>,
    /// By slot.
    recent: BTreeMap<u32, OverlayPoint>,
    /// How many have changed their positions.
    moved: usize,
}

impl Default for Overlay {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Overlay {
    fn of(points: &[OverlayPoint]) -> Self {
        let mut unpacked: Vec<Unpacked> = (0..)
            .zip(points)
            .map(|(source, site)| Unpacked {
                point: site.point,
                reach2: site.reach2,
                source,
            })
            .collect();
        let tree = PackedTree::build(&mut unpacked);
        let packed = unpacked.iter().map(|site| points[site.source as usize]);
        Self {
            tree: Arc::new(tree),
            packed: packed.collect(),
            gone: Vec::new(),
            recent: BTreeMap::new(),
            moved: points.iter().filter(|site| site.is_moved()).count(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.packed.len() - self.gone.len() + self.recent.len()
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

    /// Takes out the site in a slot, which must be there. O(n) for n sites in the tree, at a nanosecond each.
    pub(crate) fn remove(&mut self, slot: u32) {
        let recent = self.recent.remove(&slot);
        let removed = recent.unwrap_or_else(|| self.remove_packed(slot));
        self.moved -= usize::from(removed.is_moved());
    }

    fn remove_packed(&mut self, slot: u32) -> OverlayPoint {
        let mut packed = (0..).zip(&*self.packed);
        let (place, site) = packed
            .find(|(place, site)| site.slot == slot && self.counts(*place))
            .expect("what is removed has been inserted");
        self.gone.push(place);
        *site
    }

    /// To be called when a version is complete. O(n log n) once in a while, else O(1).
    pub(crate) fn settle(&mut self) {
        if self.recent.len() + self.gone.len() > RECENT {
            let packed = (0..).zip(&*self.packed);
            let counting = packed.filter(|(place, _)| self.counts(*place));
            let all: Vec<_> = counting
                .map(|(_, site)| site)
                .chain(self.recent.values())
                .copied()
                .collect();
            *self = Self::of(&all);
        }
    }

    fn counts(&self, place: u32) -> bool {
        !self.gone.contains(&place)
    }

    /// Shows `into` every moved site that may belong among its best.
    pub(crate) fn search(&self, from: UnitVector, into: &mut impl Collect) {
        self.visit(from, Within::Anywhere, into, |site, _| site.is_moved());
    }

    /// Shows `into` every site that reaches so far, that `accept` lets pass, and that may belong among its best.
    pub(crate) fn search_reaching(
        &self,
        from: UnitVector,
        into: &mut impl Collect,
        mut accept: impl FnMut(&Ranked) -> bool,
    ) {
        self.visit(from, Within::Reach, into, |_, ranked| accept(ranked));
    }

    #[inline]
    fn visit(
        &self,
        from: UnitVector,
        within: Within,
        into: &mut impl Collect,
        mut accept: impl FnMut(&OverlayPoint, &Ranked) -> bool,
    ) {
        for site in self.recent.values() {
            let chord2 = from.chord2(site.point.at);
            if chord2 <= into.bound() && (within == Within::Anywhere || chord2 <= site.reach2) {
                let ranked = Ranked {
                    chord: from.chord(site.point.at),
                    id: site.point.id,
                    slot: site.slot,
                };
                if accept(site, &ranked) {
                    into.offer(ranked);
                }
            }
        }
        let mut into = BySlot {
            packed: &self.packed,
            into,
        };
        self.tree.search(from, within, &mut into, |place, ranked| {
            let site = &self.packed[place as usize];
            let ranked = Ranked {
                slot: site.slot,
                ..*ranked
            };
            self.counts(place) && accept(site, &ranked)
        });
    }
}

impl OverlayPoint {
    fn is_moved(&self) -> bool {
        self.changed == Changed::PositionAndArea
    }
}

/// Numbers the tree's places by the slots of their sites.
struct BySlot<'a, C> {
    packed: &'a [OverlayPoint],
    into: &'a mut C,
}

impl<C: Collect> Collect for BySlot<'_, C> {
    #[inline]
    fn bound(&self) -> f64 {
        self.into.bound()
    }

    #[inline]
    fn offer(&mut self, point: Ranked) {
        let slot = self.packed[point.slot as usize].slot;
        self.into.offer(Ranked { slot, ..point });
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
        // The tree keeps a reach in single precision, rounded up.
        let reaches = |site: &OverlayPoint| chord2(site) <= site.reach2 * (1.0 + 1e-6);
        let found = slots(reaching);
        assert!(
            expected(&|site| site.slot % 3 != 0 && chord2(site) <= site.reach2)
                .iter()
                .all(|slot| found.contains(slot))
        );
        let may = expected(&|site| site.slot % 3 != 0 && reaches(site));
        assert!(found.iter().all(|slot| may.contains(slot)));
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
