//! What a network holds, and the one search that every look-up goes through.
//!
//! Sites live in *slots*. A *generation* packs all of them at once and fixes the slots; changes then only set aside
//! what they touch: a site that moves, opens or gets another area goes into the *overlay*, and its packed entry counts
//! no longer. When the overlay has grown, the next change packs a new generation.

use std::sync::{Arc, OnceLock};

use crate::geo::{Position, UnitVector};
use crate::index::{Best, Collect, Overlay, PackedTree, Point, Ranked, Tiles, Unpacked, Within};
use crate::limits::Limits;
use crate::site::areas::{AreaCap, OverlayAreas, PackedAreas};
use crate::site::directory::Directory;
use crate::site::network::{Record, Version};
use crate::site::paged::Paged;
use crate::site::slots::SlotSet;
use crate::site::{SiteKind, SiteStatus};

/// One version.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) version: Version,
    pub(crate) limits: Limits,
    /// By slot; `None` where a site has closed.
    pub(crate) records: Paged<Option<Record>>,
    /// Packed entries that still count.
    pub(crate) current: SlotSet,
    /// Those of them whose sites are open.
    pub(crate) open: SlotSet,
    /// Packed entries that are stores.
    pub(crate) stores: SlotSet,
    pub(crate) directory: Directory,
    pub(crate) generation: Arc<Generation>,
    pub(crate) overlay: Arc<SiteOverlay>,
    /// Packed entries that no longer count.
    pub(crate) stale: usize,
    /// Sites in the network.
    pub(crate) live: usize,
}

/// The packed indexes, immutable and shared by all versions until the next packing.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) tree: PackedTree,
    pub(crate) areas: PackedAreas,
    for_one: OnceLock<Option<Tiles>>,
    for_several: OnceLock<Option<Tiles>>,
}

/// The dynamic indexes of what has changed since.
#[derive(Clone, Debug, Default)]
pub(crate) struct SiteOverlay {
    pub(crate) points: Overlay,
    pub(crate) areas: OverlayAreas,
}

impl State {
    /// Packs the records, which must be in the order of their ids, into a new generation.
    pub(crate) fn pack(version: Version, limits: Limits, mut records: Vec<Record>) -> Self {
        let mut unpacked: Vec<Unpacked> = (0..)
            .zip(&records)
            .map(|(source, record)| {
                let at = record.site.position.unit_vector();
                let point = Point {
                    at,
                    id: record.site.id,
                };
                Unpacked {
                    point,
                    reach2: record.area.reach2(at),
                    source,
                }
            })
            .collect();
        let tree = PackedTree::build(&mut unpacked);
        let live = records.len();
        // From the order of ids to the order of slots, moving every record once.
        let mut by_id: Vec<Option<Record>> = records.drain(..).map(Some).collect();
        let by_slot = unpacked.iter().map(|unpacked| {
            let record = by_id[unpacked.source as usize].take();
            record.map(|record| Record {
                packed: true,
                ..record
            })
        });
        let records = Paged::from_iter(by_slot);
        let current = SlotSet::of(records.iter().map(|_| true));
        let open = SlotSet::of(
            records
                .iter()
                .map(|record| record.as_ref().is_some_and(is_open)),
        );
        let stores = SlotSet::of(
            records
                .iter()
                .map(|record| record.as_ref().is_some_and(is_store)),
        );
        let caps = records.iter().zip(tree.points()).map(|(record, point)| {
            record
                .as_ref()
                .and_then(|record| AreaCap::of(&record.area, point.at))
        });
        let areas = PackedAreas::build(caps);
        let directory = Directory::of(tree.points().iter().map(|point| point.id));
        let generation = Arc::new(Generation {
            tree,
            areas,
            for_one: OnceLock::new(),
            for_several: OnceLock::new(),
        });
        Self {
            version,
            limits,
            records,
            current,
            open,
            stores,
            directory,
            generation,
            overlay: Arc::default(),
            stale: 0,
            live,
        }
    }

    #[inline]
    pub(crate) fn record(&self, slot: u32) -> Option<&Record> {
        self.records.get(slot)?.as_ref()
    }

    /// To be called after every change of a record: what is known beside it follows.
    pub(crate) fn follow(&mut self, slot: u32) {
        let packed = self.record(slot).filter(|record| record.packed);
        let (current, open) = (packed.is_some(), packed.is_some_and(is_open));
        let is_store = packed.is_some_and(is_store);
        self.current.set(slot, current);
        self.open.set(slot, open);
        self.stores.set(slot, is_store);
    }

    /// Where the site in a slot is, as a vector.
    #[inline]
    pub(crate) fn vector(&self, slot: u32, record: &Record) -> UnitVector {
        match self.generation.tree.points().get(slot as usize) {
            Some(point) if record.packed => point.at,
            _ => record.site.position.unit_vector(),
        }
    }

    /// Shows `into` every open site whose area may contain the address, that `accept` lets pass, and that may belong
    /// among its best.
    pub(crate) fn search_open(
        &self,
        address: UnitVector,
        into: &mut impl Collect,
        mut accept: impl FnMut(&Record, &Ranked) -> bool,
    ) {
        self.generation
            .tree
            .search(address, Within::Reach, into, |slot, ranked| {
                self.open.contains(slot)
                    && self
                        .record(slot)
                        .is_some_and(|record| accept(record, ranked))
            });
        for slot in self.overlay.areas.candidates(address) {
            let Some(record) = self.record(slot) else {
                continue;
            };
            let chord = address.chord(record.site.position.unit_vector());
            let ranked = Ranked {
                chord,
                id: record.site.id,
                slot,
            };
            if is_open(record) && chord.chord2 <= into.bound() && accept(record, &ranked) {
                into.offer(ranked);
            }
        }
    }

    /// Shows `into` every site that may belong among its best. No record is read while none is stale.
    pub(crate) fn search_all(&self, from: UnitVector, into: &mut impl Collect) {
        self.generation
            .tree
            .search(from, Within::Anywhere, into, |slot, _| {
                self.stale == 0 || self.current.contains(slot)
            });
        self.overlay.points.search(from, into);
    }

    /// Shows `into` every store that may belong among its best, open or not. No record of a packed site is read.
    pub(crate) fn search_stores(&self, from: UnitVector, into: &mut impl Collect) {
        self.generation
            .tree
            .search(from, Within::Anywhere, into, |slot, _| {
                self.stores.contains(slot)
            });
        self.overlay
            .points
            .search(from, &mut Stores { state: self, into });
    }

    /// The nearest site, by the tiles if they can prove it.
    #[inline(always)]
    pub(crate) fn nearest_by_tiles<A: From<Ranked>>(
        &self,
        tiles: &Tiles,
        from: Position,
    ) -> Option<A> {
        match tiles.nearest(self.generation.tree.points(), from) {
            Some(found) if self.is_as_packed() => Some(found.into()),
            Some(found) => self
                .nearest_beside(found, from)
                .map(A::from)
                .or_else(|| self.nearest_by_tree(from)),
            None => self.nearest_by_tree(from),
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn nearest_by_tree<A: From<Ranked>>(&self, from: Position) -> Option<A> {
        let mut best = Best::new(f64::INFINITY);
        self.search_all(from.unit_vector(), &mut best);
        best.into_found().map(A::from)
    }

    /// The `k` nearest sites in order, if the tiles are there and can prove it.
    #[inline]
    pub(crate) fn nearest_k_by_tiles<A: From<Ranked>>(
        &self,
        from: Position,
        k: usize,
    ) -> Option<Vec<A>> {
        if !self.is_as_packed() {
            return None;
        }
        self.generation
            .for_several()?
            .nearest_k(self.generation.tree.points(), from, k)
    }

    /// The nearest open site that `accept` lets pass, none beyond the squared chord `bound`, if the tiles are there
    /// and can prove it.
    #[inline]
    pub(crate) fn nearest_open_by_tiles(
        &self,
        from: Position,
        at: UnitVector,
        bound: f64,
        mut accept: impl FnMut(&Record, &Ranked) -> bool,
    ) -> Option<Ranked> {
        if !self.is_as_packed() {
            return None;
        }
        let tiles = self
            .generation
            .for_several()
            .filter(|tiles| tiles.are_near())?;
        let tree = &self.generation.tree;
        tiles.nearest_where(tree.points(), from, at, bound, |ranked| {
            self.open.contains(ranked.slot)
                && tree.reaches_from(ranked.slot, ranked.chord.chord2)
                && self
                    .record(ranked.slot)
                    .is_some_and(|record| accept(record, ranked))
        })
    }

    /// Whether nothing has changed since the packing that an index knows of.
    #[inline]
    pub(crate) fn is_as_packed(&self) -> bool {
        self.stale == 0 && self.overlay.points.len() == 0
    }

    /// The nearest of all sites, given the nearest packed entry; `None` if that entry no longer counts.
    #[cold]
    #[inline(never)]
    fn nearest_beside(&self, packed: Ranked, from: Position) -> Option<Ranked> {
        if self.is_as_packed() {
            return Some(packed);
        }
        if !self.current.contains(packed.slot) {
            return None;
        }
        let mut best = Best::new(packed.bound());
        best.offer(packed);
        self.overlay.points.search(from.unit_vector(), &mut best);
        best.into_found()
    }
}

/// Lets only stores through.
struct Stores<'a, C> {
    state: &'a State,
    into: &'a mut C,
}

impl<C: Collect> Collect for Stores<'_, C> {
    fn bound(&self) -> f64 {
        self.into.bound()
    }

    fn offer(&mut self, point: Ranked) {
        if self.state.record(point.slot).is_some_and(is_store) {
            self.into.offer(point);
        }
    }
}

fn is_open(record: &Record) -> bool {
    record.site.status == SiteStatus::Open
}

fn is_store(record: &Record) -> bool {
    record.site.kind == SiteKind::Store
}

impl Generation {
    /// The most neighbours for which there are tiles.
    pub(crate) const SEVERAL: usize = 8;

    /// Builds all tiles.
    pub(crate) fn prepare(&self) {
        self.for_one.get_or_init(|| Tiles::build(&self.tree, 1));
        self.for_several
            .get_or_init(|| Tiles::build(&self.tree, Self::SEVERAL));
    }

    /// Builds the tiles for `k` neighbours if so many look-ups pay for them: to build them costs a site about as
    /// much as fifty look-ups in the tree cost more than in the tiles.
    pub(crate) fn prepare_for(&self, lookups: usize, k: usize) {
        if lookups / 50 < self.tree.points().len() {
            return;
        }
        if k == 1 {
            self.for_one.get_or_init(|| Tiles::build(&self.tree, 1));
        } else if k <= Self::SEVERAL {
            self.for_several
                .get_or_init(|| Tiles::build(&self.tree, Self::SEVERAL));
        }
    }

    /// The tiles for the nearest site, if somebody has built them.
    #[inline]
    pub(crate) fn for_one(&self) -> Option<&Tiles> {
        self.for_one.get()?.as_ref()
    }

    /// The tiles for up to [`SEVERAL`](Self::SEVERAL) neighbours, if somebody has built them.
    #[inline]
    pub(crate) fn for_several(&self) -> Option<&Tiles> {
        self.for_several.get()?.as_ref()
    }
}
