//! What a network holds, and the one search that every look-up goes through.
//!
//! Sites live in *slots*. A *generation* packs all of them at once and fixes the slots; changes then only set aside
//! what they touch: a site that moves, opens or gets another area goes into the *overlay*, and its packed entry counts
//! no longer, or only its position does. When the overlay has grown, the next change packs a new generation.

use core::cell::LazyCell;
use std::sync::{Arc, OnceLock};

use crate::geo::{CompiledArea, Position, UnitVector};
use crate::index::{
    Among, Best, Changed, Collect, Found, Overlay, OverlayPoint, PackedTree, Passing, Point,
    Ranked, Ranking, Tiles, Unpacked, Within,
};
use crate::limits::Limits;
use crate::site::areas::{AreaCap, PackedAreas};
use crate::site::directory::Directory;
use crate::site::heirs::Heirs;
use crate::site::network::{Packed, Record, Version};
use crate::site::paged::Paged;
use crate::site::rivals::Rivals;
use crate::site::slots::SlotSet;
use crate::site::{SiteKind, SiteStatus};
use crate::units::Units;

/// One version.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) version: Version,
    pub(crate) limits: Limits,
    /// By slot; `None` where a site has closed.
    pub(crate) records: Paged<Option<Record>>,
    /// Packed entries whose positions still count.
    pub(crate) current: SlotSet,
    /// Those of them whose areas count, too.
    pub(crate) served: SlotSet,
    /// Those of these whose sites are open.
    pub(crate) open: SlotSet,
    /// Packed entries whose positions count and that are stores.
    pub(crate) stores: SlotSet,
    /// Slots that were packed and whose sites are open, with room for a unit by their capacity and an area that is a
    /// circle or unlimited; wherever they are now.
    pub(crate) plain: SlotSet,
    pub(crate) directory: Directory,
    pub(crate) generation: Arc<Generation>,
    pub(crate) overlay: Arc<Overlay>,
    pub(crate) heirs: Arc<Heirs>,
    pub(crate) rivals: Rivals,
    /// Packed entries whose positions no longer count.
    pub(crate) stale: usize,
    /// Packed entries whose areas no longer count.
    pub(crate) stale_areas: usize,
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
                packed: Packed::PositionAndArea,
                ..record
            })
        });
        let records = Paged::<_>::from_iter(by_slot);
        let current = SlotSet::of(records.iter().map(|_| true));
        let served = current.clone();
        let open = SlotSet::of(
            records
                .iter()
                .map(|record| record.as_ref().is_some_and(is_open)),
        );
        let plain = SlotSet::of(
            records
                .iter()
                .map(|record| record.as_ref().is_some_and(is_plain)),
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
            served,
            open,
            plain,
            stores,
            directory,
            generation,
            overlay: Arc::default(),
            heirs: Arc::default(),
            rivals: Rivals::default(),
            stale: 0,
            stale_areas: 0,
            live,
        }
    }

    #[inline]
    pub(crate) fn record(&self, slot: u32) -> Option<&Record> {
        self.records.get(slot)?.as_ref()
    }

    /// To be called after every change of a record: what is known beside it follows.
    pub(crate) fn follow(&mut self, slot: u32) {
        let at_least = |packed| self.record(slot).filter(|record| record.packed >= packed);
        let (placed, whole) = (
            at_least(Packed::Position),
            at_least(Packed::PositionAndArea),
        );
        let (current, is_store) = (placed.is_some(), placed.is_some_and(is_store));
        let (served, open) = (whole.is_some(), whole.is_some_and(is_open));
        let plain = self.record(slot).is_some_and(is_plain);
        self.current.set(slot, current);
        self.served.set(slot, served);
        self.open.set(slot, open);
        self.plain.set(slot, plain);
        self.stores.set(slot, is_store);
    }

    /// To be called when a version is complete.
    pub(crate) fn settle(&mut self) {
        // Nothing in it has changed if other versions have it, too.
        let Some(overlay) = Arc::get_mut(&mut self.overlay) else {
            return;
        };
        let (tree, rivals) = (&self.generation.tree, &mut self.rivals);
        overlay.settle(|site| rivals.list(tree, site));
        if rivals.are_outdated(overlay) {
            *rivals = Rivals::of(tree, overlay);
        }
    }

    /// Where the site in a slot is, as a vector.
    #[inline]
    pub(crate) fn vector(&self, slot: u32, record: &Record) -> UnitVector {
        match self.generation.tree.points().get(slot as usize) {
            Some(point) if record.packed >= Packed::Position => point.at,
            _ => record.site.position.unit_vector(),
        }
    }

    /// The site in a slot as the overlay has it.
    pub(crate) fn aside(&self, slot: u32, record: &Record) -> OverlayPoint {
        let (at, id) = (self.vector(slot, record), record.site.id);
        OverlayPoint {
            point: Point { at, id },
            slot,
            reach2: record.area.reach2(at),
            changed: match record.packed {
                Packed::Nothing => Changed::PositionAndArea,
                Packed::Position | Packed::PositionAndArea => Changed::Area,
            },
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
        let overlay = &self.overlay;
        overlay.search_reaching(address, Among::All, into, |_, ranked| {
            self.is_open_and(ranked, &mut accept)
        });
    }

    fn is_open_and(
        &self,
        ranked: &Ranked,
        accept: &mut impl FnMut(&Record, &Ranked) -> bool,
    ) -> bool {
        let open = self.record(ranked.slot).filter(|record| is_open(record));
        open.is_some_and(|record| accept(record, ranked))
    }

    /// Shows `into` every site that may belong among its best. No record is read while none is stale.
    pub(crate) fn search_all(&self, from: UnitVector, into: &mut impl Collect) {
        self.generation
            .tree
            .search(from, Within::Anywhere, into, |slot, _| {
                self.stale == 0 || self.current.contains(slot)
            });
        self.overlay.search(from, Among::All, into);
    }

    /// Shows `into` every store that may belong among its best, open or not. No record of a packed site is read.
    pub(crate) fn search_stores(&self, from: UnitVector, into: &mut impl Collect) {
        self.generation
            .tree
            .search(from, Within::Anywhere, into, |slot, _| {
                self.stores.contains(slot)
            });
        self.overlay
            .search(from, Among::All, &mut Stores { state: self, into });
    }

    /// The nearest site, by the tiles if they can prove it.
    #[inline(always)]
    pub(crate) fn nearest_by_tiles<A: Found>(&self, tiles: &Tiles, from: Position) -> Option<A> {
        if !self.is_as_packed() {
            return self.nearest_amid_changes(tiles, from).map(A::from);
        }
        match tiles.nearest(self.generation.tree.points(), from) {
            None => self.nearest_by_tree(from),
            found => found,
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
    pub(crate) fn nearest_k_by_tiles<A: Found>(&self, from: Position, k: usize) -> Option<Vec<A>> {
        let tiles = self.generation.for_several()?;
        if !self.is_as_packed() {
            return self.nearest_k_aside(tiles, from, k);
        }
        tiles.nearest_k(self.generation.tree.points(), from, k)
    }

    /// The `k` nearest where some sites have changed: those that still count of the nearest packed entries, if they are
    /// enough, and what the overlay has.
    #[inline(never)]
    fn nearest_k_aside<A: From<Ranked>>(
        &self,
        tiles: &Tiles,
        from: Position,
        k: usize,
    ) -> Option<Vec<A>> {
        let points = self.generation.tree.points();
        let listed: Vec<Ranked> = tiles.nearest_k(points, from, Generation::SEVERAL)?;
        let mut best = Ranking::new(k, self.live, f64::INFINITY);
        let current = |found: &&Ranked| self.current.contains(found.slot);
        let mut count = 0;
        for found in listed.iter().filter(current).take(k) {
            best.offer(*found);
            count += 1;
        }
        if count < k && listed.len() < points.len() {
            return None;
        }
        let rivals = listed.first().map_or(Some(Among::All), |first| {
            let near = first.chord.chord2;
            self.rivals.within(first.slot, near, best.bound())
        });
        if let Some(rivals) = rivals {
            self.overlay.search(from.unit_vector(), rivals, &mut best);
        }
        Some(best.into_sorted().into_iter().map(A::from).collect())
    }

    /// The nearest open site that `accept` lets pass, none beyond the squared chord `bound`.
    ///
    /// What `at_once` lets pass is taken without fetching its record, if it is known without it that the site is open
    /// for one unit and that its area contains the address.
    #[inline]
    pub(crate) fn nearest_open(
        &self,
        from: Position,
        bound: f64,
        mut accept: impl FnMut(&Record, &Ranked) -> bool,
        at_once: impl FnMut(&Ranked) -> bool,
    ) -> Option<Ranked> {
        match self.nearest_open_by_tiles(from, bound, &mut accept, at_once) {
            Passing::Nearest(found) => Some(found),
            Passing::Nobody(_) => None,
            Passing::Unproven => {
                let mut best = Best::new(bound);
                self.search_open(from.unit_vector(), &mut best, accept);
                best.into_found()
            }
        }
    }

    /// [`nearest_open`](Self::nearest_open) if the tiles are there and can prove which it is, or that there is none.
    #[inline]
    fn nearest_open_by_tiles(
        &self,
        from: Position,
        bound: f64,
        accept: &mut impl FnMut(&Record, &Ranked) -> bool,
        mut at_once: impl FnMut(&Ranked) -> bool,
    ) -> Passing {
        let Some(tiles) = self.generation.for_several() else {
            return Passing::Unproven;
        };
        let tree = &self.generation.tree;
        let farthest = bound.min(tree.farthest_reach2());
        let packed = tiles.nearest_where(tree.points(), from, farthest, |ranked| {
            let (slot, chord2) = (ranked.slot, ranked.chord.chord2);
            let is_certain = self.plain.contains(slot) && tree.surely_reaches_from(slot, chord2);
            self.open.contains(slot)
                && tree.reaches_from(slot, chord2)
                && (is_certain && at_once(ranked)
                    || self
                        .record(slot)
                        .is_some_and(|record| accept(record, ranked)))
        });
        if self.overlay.len() == 0 {
            return packed;
        }
        let (entry, found, bound) = match packed {
            Passing::Nearest(found) => (found, Some(found), bound.min(found.bound())),
            Passing::Nobody(beyond) => (beyond, None, bound.min(self.overlay.farthest_reach2())),
            Passing::Unproven => return packed,
        };
        let Some(rivals) = self.rivals.within(entry.slot, entry.chord.chord2, bound) else {
            return packed;
        };
        let mut best = Best::new(bound);
        if let Some(found) = found {
            best.offer(found);
        }
        let address = from.unit_vector();
        let overlay = &self.overlay;
        overlay.search_reaching(address, rivals, &mut best, |site, ranked| {
            let chord2 = ranked.chord.chord2;
            let is_certain = self.plain.contains(ranked.slot) && site.surely_reaches(chord2);
            is_certain && at_once(ranked) || self.is_open_and(ranked, accept)
        });
        best.into_found().map_or(packed, Passing::Nearest)
    }

    /// Whether no site has come, gone or moved since the packing.
    #[inline]
    pub(crate) fn is_as_packed(&self) -> bool {
        self.stale == 0 && self.overlay.moved() == 0
    }

    /// The nearest of all sites where some have changed since the packing: the nearest packed entry that still counts,
    /// or what lies in the overlay.
    #[inline(never)]
    fn nearest_amid_changes(&self, tiles: &Tiles, from: Position) -> Option<Ranked> {
        let points = self.generation.tree.points();
        let counts = |slot| self.current.contains(slot);
        let Some(first) = tiles.nearest::<Ranked>(points, from) else {
            return self.nearest_by_tree(from);
        };
        let at = LazyCell::new(|| from.unit_vector());
        let packed = if counts(first.slot) {
            first
        } else {
            match self.heirs.nearest(points, &first, *at, counts) {
                Some(heir) => heir,
                None => return self.nearest_by_tree(from),
            }
        };
        let bound = packed.bound();
        let rivals = self.rivals.within(first.slot, first.chord.chord2, bound);
        let Some(rivals) = rivals else {
            return Some(packed);
        };
        let mut best = Best::new(bound);
        best.offer(packed);
        self.overlay.search(*at, rivals, &mut best);
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

fn is_plain(record: &Record) -> bool {
    let is_round = matches!(
        record.area,
        CompiledArea::Unlimited | CompiledArea::Radius { .. }
    );
    is_open(record) && is_round && record.site.capacity >= Units(1)
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
