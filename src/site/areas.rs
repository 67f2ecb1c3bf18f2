//! Which service areas may contain an address: an R-tree (rstar) of area envelopes.
//!
//! Envelopes are boxes round spherical caps in three dimensions, so that neither a pole nor the antimeridian is
//! special. The packed part groups areas of about equal size that lie next to each other into pages of [`PAGE`]
//! and keeps one envelope a page: a sixteenth of the memory of an R-tree of single areas, and faster. The exact
//! test of each area follows at the caller's.

use rstar::{AABB, RTree, RTreeObject};

use crate::geo::{CompiledArea, UnitVector};

/// Areas behind one envelope: enough for the envelopes to cost little memory, few enough to test one by one. Not tuned:
/// other sizes have not been measured.
const PAGE: usize = 16;

/// A cap round a service area: a centre and the squared chord of its farthest point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AreaCap {
    pub(crate) centre: UnitVector,
    pub(crate) chord2: f64,
}

impl AreaCap {
    /// Round the area of a site at `site`; `None` if it has no limit.
    pub(crate) fn of(area: &CompiledArea, site: UnitVector) -> Option<Self> {
        area.cap(site)
            .map(|(centre, chord2)| Self { centre, chord2 })
    }

    fn envelope(self) -> AABB<[f64; 3]> {
        // A little more than the chord: the square root rounds.
        let radius = self.chord2.sqrt() * (1.0 + 1e-15);
        AABB::from_corners(
            self.centre.0.map(|coordinate| coordinate - radius),
            self.centre.0.map(|coordinate| coordinate + radius),
        )
    }
}

/// The areas of one packed generation, by slot.
#[derive(Debug, Default)]
pub(crate) struct PackedAreas {
    pages: RTree<Page>,
    /// Slots whose areas have no limit.
    everywhere: Vec<u32>,
}

#[derive(Debug)]
struct Page {
    envelope: AABB<[f64; 3]>,
    slots: Box<[u32]>,
}

impl RTreeObject for Page {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl PackedAreas {
    /// Packs the areas of the slots in order; `None` is an area without limit. Neighbouring slots should lie close
    /// to each other. O(n log n).
    pub(crate) fn build(caps: impl Iterator<Item = Option<AreaCap>>) -> Self {
        let mut everywhere = Vec::new();
        let mut limited = Vec::new();
        for (slot, cap) in (0..).zip(caps) {
            match cap {
                Some(cap) => limited.push((cap, slot)),
                None => everywhere.push(slot),
            }
        }
        // One wide area would blow up the envelope of fifteen small ones: group by the size's power of four first.
        // The sort is stable, so that slots stay in order within a size.
        limited.sort_by_key(|(cap, _)| libm::ilogb(cap.chord2) / 2);
        let pages = limited
            .chunk_by(|(a, _), (b, _)| libm::ilogb(a.chord2) / 2 == libm::ilogb(b.chord2) / 2)
            .flat_map(|same_size| same_size.chunks(PAGE))
            .map(|page| Page {
                envelope: AABB::from_corners(
                    [0, 1, 2].map(|axis| low(page, axis)),
                    [0, 1, 2].map(|axis| high(page, axis)),
                ),
                slots: page.iter().map(|(_, slot)| *slot).collect(),
            })
            .collect();
        Self {
            pages: RTree::bulk_load(pages),
            everywhere,
        }
    }

    /// The slots whose areas may contain a point, in no particular order: all that do, and a few more.
    pub(crate) fn candidates(&self, at: UnitVector) -> impl Iterator<Item = u32> {
        let pages = self
            .pages
            .locate_in_envelope_intersecting(AABB::from_point(at.0));
        pages
            .flat_map(|page| page.slots.iter())
            .chain(&self.everywhere)
            .copied()
    }
}

fn low(page: &[(AreaCap, u32)], axis: usize) -> f64 {
    page.iter()
        .map(|(cap, _)| cap.envelope().lower()[axis])
        .fold(f64::INFINITY, f64::min)
}

fn high(page: &[(AreaCap, u32)], axis: usize) -> f64 {
    page.iter()
        .map(|(cap, _)| cap.envelope().upper()[axis])
        .fold(f64::NEG_INFINITY, f64::max)
}

/// The areas outside the packed generation, one envelope each.
#[derive(Clone, Debug, Default)]
pub(crate) struct OverlayAreas {
    areas: RTree<OverlayArea>,
    everywhere: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq)]
struct OverlayArea {
    cap: AreaCap,
    slot: u32,
}

impl RTreeObject for OverlayArea {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        self.cap.envelope()
    }
}

impl OverlayAreas {
    pub(crate) fn insert(&mut self, slot: u32, cap: Option<AreaCap>) {
        match cap {
            Some(cap) => self.areas.insert(OverlayArea { cap, slot }),
            None => self.everywhere.push(slot),
        }
    }

    pub(crate) fn remove(&mut self, slot: u32, cap: Option<AreaCap>) {
        match cap {
            Some(cap) => drop(self.areas.remove(&OverlayArea { cap, slot })),
            None => self.everywhere.retain(|other| *other != slot),
        }
    }

    pub(crate) fn candidates(&self, at: UnitVector) -> impl Iterator<Item = u32> {
        let areas = self
            .areas
            .locate_in_envelope_intersecting(AABB::from_point(at.0));
        areas
            .map(|area| area.slot)
            .chain(self.everywhere.iter().copied())
    }
}
