//! The dynamic part: the sites that appeared, moved or got another area since the packed tree was built.
//!
//! They are in an R-tree (rstar) by position, whose nodes know how far the sites below them reach. Beside it is a short
//! list of what has changed since the tree was last brought up to date, which the next change after [`RECENT`] of them
//! does. So a new version copies a list and shares the tree, which stays in the caches of whoever looks up.

use std::sync::Arc;

use rstar::{ParentNode, RTree, RTreeNode, RTreeObject};

use crate::geo::UnitVector;
use crate::index::around::Around;
use crate::index::by_slot::{BySlot, HasSlot};
use crate::index::packed::surely_reaches;
use crate::index::{Collect, Point, Ranked};

/// How many changes are listed: few enough to look at each, enough that copying the tree costs little when spread over
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

/// Which sites of the overlay a search has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among<'a> {
    All,
    /// The listed ones, and of those in the tree the ones in these slots.
    Only(&'a [u32]),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    tree: Arc<RTree<OverlayPoint>>,
    /// What is in the tree.
    settled: Arc<BySlot<OverlayPoint>>,
    /// Slots of those in the tree that no longer count.
    gone: Vec<u32>,
    /// Those not in the tree yet.
    recent: Vec<OverlayPoint>,
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

    /// A squared chord beyond which no site reaches.
    pub(crate) fn farthest_reach2(&self) -> f64 {
        let settled = self.tree.root().envelope().reach2();
        let recent = self.recent.iter().map(|site| site.reach2);
        recent.fold(settled, f64::max)
    }

    /// Those in the tree that count.
    pub(crate) fn settled(&self) -> impl Iterator<Item = &OverlayPoint> {
        self.tree.iter().filter(|site| self.counts(site))
    }

    /// Those not in the tree yet.
    pub(crate) fn recent(&self) -> &[OverlayPoint] {
        &self.recent
    }

    /// Adds a site that is not in it. O(1).
    pub(crate) fn insert(&mut self, site: OverlayPoint) {
        self.moved += usize::from(site.is_moved());
        self.recent.push(site);
    }

    /// Takes out the site in a slot, which must be there. O(1).
    pub(crate) fn remove(&mut self, slot: u32) {
        let recent = self.recent.iter().position(|site| site.slot == slot);
        let removed = if let Some(place) = recent {
            self.recent.swap_remove(place)
        } else {
            self.gone.push(slot);
            let settled = self.settled.get(slot);
            *settled.expect("what is removed has been inserted")
        };
        self.moved -= usize::from(removed.is_moved());
    }

    /// To be called when a version is complete; `settles` is shown what goes into the tree. O(n) once in a while, else
    /// O(1).
    pub(crate) fn settle(&mut self, mut settles: impl FnMut(&OverlayPoint)) {
        if self.recent.len() + self.gone.len() <= RECENT {
            return;
        }
        let tree = Arc::make_mut(&mut self.tree);
        let settled = Arc::make_mut(&mut self.settled);
        for slot in self.gone.drain(..) {
            if let Some(site) = settled.remove(slot) {
                tree.remove(&site);
            }
        }
        for site in self.recent.drain(..) {
            settles(&site);
            settled.insert(site);
            tree.insert(site);
        }
    }

    /// Shows `into` every moved site that may belong among its best.
    pub(crate) fn search(&self, from: UnitVector, among: Among<'_>, into: &mut impl Collect) {
        let near = |around: &Around, bound: f64| around.may_have(from, bound);
        self.search_where(from, among, into, near, &mut |site, _| site.is_moved());
    }

    /// Shows `into` every site that reaches so far, that `accept` lets pass, and that may belong among its best.
    pub(crate) fn search_reaching(
        &self,
        from: UnitVector,
        among: Among<'_>,
        into: &mut impl Collect,
        mut accept: impl FnMut(&OverlayPoint, &Ranked) -> bool,
    ) {
        let near = |around: &Around, bound: f64| around.may_have(from, bound.min(around.reach2()));
        self.search_where(from, among, into, near, &mut |site, ranked| {
            ranked.chord.chord2 <= site.reach2 && accept(site, ranked)
        });
    }

    /// Skips what is below a node that is not `near` enough for the bound of the moment.
    #[inline]
    fn search_where(
        &self,
        from: UnitVector,
        among: Among<'_>,
        into: &mut impl Collect,
        near: impl Fn(&Around, f64) -> bool + Copy,
        accept: &mut impl FnMut(&OverlayPoint, &Ranked) -> bool,
    ) {
        for site in &self.recent {
            offer(site, from, into, accept);
        }
        let mut accept =
            |site: &OverlayPoint, ranked: &Ranked| self.counts(site) && accept(site, ranked);
        match among {
            Among::All => descend(self.tree.root(), from, into, near, &mut accept),
            Among::Only(slots) => {
                for site in slots.iter().filter_map(|slot| self.settled.get(*slot)) {
                    offer(site, from, into, &mut accept);
                }
            }
        }
    }

    /// Whether a site in the tree still counts.
    fn counts(&self, site: &OverlayPoint) -> bool {
        !self.gone.contains(&site.slot)
    }
}

fn descend(
    node: &ParentNode<OverlayPoint>,
    from: UnitVector,
    into: &mut impl Collect,
    near: impl Fn(&Around, f64) -> bool + Copy,
    accept: &mut impl FnMut(&OverlayPoint, &Ranked) -> bool,
) {
    for child in node.children() {
        match child {
            RTreeNode::Leaf(site) => offer(site, from, into, accept),
            RTreeNode::Parent(node) => {
                if near(&node.envelope(), into.bound()) {
                    descend(node, from, into, near, accept);
                }
            }
        }
    }
}

#[inline]
fn offer(
    site: &OverlayPoint,
    from: UnitVector,
    into: &mut impl Collect,
    accept: &mut impl FnMut(&OverlayPoint, &Ranked) -> bool,
) {
    let chord = from.chord(site.point.at);
    if chord.chord2 <= into.bound() {
        let ranked = Ranked {
            chord,
            id: site.point.id,
            slot: site.slot,
        };
        if accept(site, &ranked) {
            into.offer(ranked);
        }
    }
}

impl OverlayPoint {
    fn is_moved(&self) -> bool {
        self.changed == Changed::PositionAndArea
    }

    /// Whether it reaches so far and a thousandth farther, as [`surely_reaches`] has it.
    #[inline]
    pub(crate) fn surely_reaches(&self, chord2: f64) -> bool {
        surely_reaches(self.reach2, chord2)
    }
}

impl HasSlot for OverlayPoint {
    fn slot(&self) -> u32 {
        self.slot
    }
}

impl RTreeObject for OverlayPoint {
    type Envelope = Around;

    fn envelope(&self) -> Around {
        Around::site(self.point.at, self.reach2)
    }
}

impl PartialEq for OverlayPoint {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot
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

    fn same(overlay: &Overlay, sites: &[OverlayPoint], from: UnitVector, among: Among<'_>) {
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
        overlay.search(from, among, &mut near);
        assert_eq!(
            slots(near),
            expected(&|site| site.is_moved() && chord2(site) <= 0.000_1)
        );
        let mut reaching = All::new(4.0);
        overlay.search_reaching(from, among, &mut reaching, |_, found| found.slot % 3 != 0);
        assert_eq!(
            slots(reaching),
            expected(&|site| site.slot % 3 != 0 && chord2(site) <= site.reach2)
        );
    }

    #[test]
    fn it_holds_what_was_inserted_and_not_removed() {
        let mut state = 7;
        let mut overlay = Overlay::default();
        let (mut sites, mut left): (Vec<OverlayPoint>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut settled = Vec::new();
        for fresh in 0..2_000 {
            if random(&mut state) < 0.3 && !sites.is_empty() {
                let place = (random(&mut state) * sites.len() as f64) as usize;
                left.push(sites.swap_remove(place).slot);
                overlay.remove(left[left.len() - 1]);
            } else {
                let back = left.pop().filter(|_| random(&mut state) < 0.5);
                sites.push(site(back.unwrap_or(fresh), &mut state));
                overlay.insert(sites[sites.len() - 1]);
            }
            let older = overlay.clone();
            if random(&mut state) < 0.8 {
                overlay.settle(|site| settled.push(site.slot));
            }
            settled.sort_unstable();
            settled.dedup();
            let from = site(0, &mut state).point.at;
            for among in [Among::All, Among::Only(&settled)] {
                same(&overlay, &sites, from, among);
            }
            same(&older, &sites, from, Among::All);
        }
    }
}
