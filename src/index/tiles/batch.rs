//! The nearest points by tiles for many positions at once.

use fearless_simd::{Level, dispatch};

use crate::geo::{Chord, Position, UnitVector, chord2_tied};
use crate::id::SiteId;
use crate::index::Point;
use crate::index::tiles::Tiles;
use crate::index::tiles::nearest::{BEYOND, PLACE_MASK, nearest_two};
use crate::index::tiles::table::{Cursor, Entry, INLINE_MAX};
use crate::units::Distance;

/// Look-ups that a batch keeps in flight: enough to fill the queues of a processor's caches with loads, few enough for
/// all that is known of them to stay in the first cache. Of 16, 32, 64 and 128 the fastest from 20,000 sites on.
pub(crate) const STAGED: usize = 64;

/// What so many look-ups know, by query.
///
/// [`Tiles::nearest_staged`] brings all of them one stage further before any goes on to the next, so that the
/// processor waits for the memory of all at once; and each stage is a loop over arrays without a branch, which the
/// compiler turns into vector instructions.
#[derive(Debug)]
pub(crate) struct Staged {
    columns: [u32; STAGED],
    rows: [u32; STAGED],
    at: [u32; STAGED],
    below: [u32; STAGED],
    entries: [Entry; STAGED],
    from: Vectors,
    listed: [Vectors; INLINE_MAX],
    ids: [[SiteId; INLINE_MAX]; STAGED],
    places: [usize; STAGED],
    chords2: [f64; STAGED],
    clear: [bool; STAGED],
    distances: [Distance; STAGED],
}

/// Unit vectors, axis by axis.
type Vectors = [[f64; STAGED]; 3];

impl Tiles {
    /// [`nearest`](Self::nearest) for [`STAGED`] positions at once.
    pub(crate) fn nearest_staged(
        &self,
        points: &[Point],
        from: &[Position; STAGED],
        staged: &mut Staged,
    ) {
        // The same code once for each width of vectors; there is no fused arithmetic in it, so the bits are the same.
        dispatch!(Level::new(), _simd => {
            staged.locate(self, from);
            staged.aim(from);
            staged.descend(self);
            staged.gather(points);
            staged.decide();
        });
    }
}

#[expect(
    clippy::needless_range_loop,
    clippy::needless_bitwise_bool,
    reason = "each stage is a plain loop over parallel arrays, without a branch"
)]
impl Staged {
    pub(crate) fn new() -> Self {
        Self {
            columns: [0; STAGED],
            rows: [0; STAGED],
            at: [0; STAGED],
            below: [0; STAGED],
            entries: [Entry::UNKNOWN; STAGED],
            from: [[0.0; STAGED]; 3],
            listed: [[[0.0; STAGED]; 3]; INLINE_MAX],
            ids: [[SiteId(0); INLINE_MAX]; STAGED],
            places: [0; STAGED],
            chords2: [0.0; STAGED],
            clear: [false; STAGED],
            distances: [Distance::ZERO; STAGED],
        }
    }

    /// The nearest site and how far away it is, unless that is doubtful.
    #[inline(always)]
    pub(crate) fn found<A: From<(Distance, SiteId)>>(&self, query: usize) -> A {
        let id = self.ids[query][self.places[query] % INLINE_MAX];
        (self.distances[query], id).into()
    }

    /// The queries whose answers are not clear from a short list.
    pub(crate) fn doubtful(&self) -> impl Iterator<Item = usize> {
        let clear = self.clear.iter().enumerate();
        clear.filter(|(_, clear)| !**clear).map(|(query, _)| query)
    }

    /// Column, row and root entry.
    #[inline(always)]
    fn locate(&mut self, tiles: &Tiles, from: &[Position; STAGED]) {
        for query in 0..STAGED {
            (self.columns[query], self.rows[query]) = tiles.frame.finest(from[query].into());
        }
        for query in 0..STAGED {
            let root = tiles.table.root(self.columns[query], self.rows[query]);
            (self.at[query], self.below[query]) = (root.at, root.below);
        }
        self.load(tiles);
    }

    #[inline(always)]
    fn load(&mut self, tiles: &Tiles) {
        for query in 0..STAGED {
            self.entries[query] = tiles.table.entries[self.at[query] as usize];
        }
    }

    /// Unit vectors.
    #[inline(always)]
    fn aim(&mut self, from: &[Position; STAGED]) {
        // As many as the widest registers hold.
        const LANES: usize = 8;
        for first in (0..STAGED).step_by(LANES) {
            let mut degrees = [[0.0; LANES]; 2];
            for lane in 0..LANES {
                degrees[0][lane] = from[first + lane].lat();
                degrees[1][lane] = from[first + lane].lng();
            }
            let vectors = UnitVector::of_degrees_each(degrees);
            for axis in 0..3 {
                self.from[axis][first..first + LANES].copy_from_slice(&vectors[axis]);
            }
        }
    }

    /// From the root to the leaves.
    #[inline(always)]
    fn descend(&mut self, tiles: &Tiles) {
        while self
            .entries
            .iter()
            .fold(false, |any, entry| any | entry.is_grid())
        {
            for query in 0..STAGED {
                let cursor = Cursor {
                    at: self.at[query],
                    below: self.below[query],
                };
                let next =
                    self.entries[query].descend(cursor, self.columns[query], self.rows[query]);
                (self.at[query], self.below[query]) = (next.at, next.below);
            }
            self.load(tiles);
        }
    }

    /// The points that the leaves list.
    #[inline(always)]
    fn gather(&mut self, points: &[Point]) {
        let Some(any) = points.first() else { return };
        let mut listed = [[any; INLINE_MAX]; STAGED];
        // Ids first, by themselves: few instructions, so that the loads of many look-ups are under way at once.
        for query in 0..STAGED {
            let entry = self.entries[query];
            let few = if entry.is_few() {
                entry
            } else {
                Entry::UNKNOWN
            };
            let [a, b, c, d] = few.slots();
            let [a, b, c, d] = [
                &points[a as usize],
                &points[b as usize],
                &points[c as usize],
                &points[d as usize],
            ];
            listed[query] = [a, b, c, d];
            self.ids[query] = [a.id, b.id, c.id, d.id];
        }
        for query in 0..STAGED {
            for place in 0..INLINE_MAX {
                for axis in 0..3 {
                    self.listed[place][axis][query] = listed[query][place].at.0[axis];
                }
            }
        }
    }

    /// Which of them is the nearest, and whether that is beyond doubt.
    #[inline(always)]
    fn decide(&mut self) {
        for query in 0..STAGED {
            let at = |vectors: &Vectors| {
                UnitVector([vectors[0][query], vectors[1][query], vectors[2][query]])
            };
            let from = at(&self.from);
            let chords2 = [
                from.chord2(at(&self.listed[0])),
                from.chord2(at(&self.listed[1])),
                from.chord2(at(&self.listed[2])),
                from.chord2(at(&self.listed[3])),
            ];
            let entry = self.entries[query];
            let count = entry.count();
            let [nearest, runner_up] = nearest_two([
                chords2[0],
                if count > 1 { chords2[1] } else { BEYOND },
                if count > 2 { chords2[2] } else { BEYOND },
                if count > 3 { chords2[3] } else { BEYOND },
            ]);
            let place = (nearest.to_bits() & PLACE_MASK) as usize;
            let first = if place & 1 == 0 {
                chords2[0]
            } else {
                chords2[1]
            };
            let second = if place & 1 == 0 {
                chords2[2]
            } else {
                chords2[3]
            };
            let chord2 = if place & 2 == 0 { first } else { second };
            self.places[query] = place;
            self.chords2[query] = chord2;
            self.clear[query] =
                entry.is_few() & (runner_up > chord2_tied(chord2)) & (chord2 <= Chord::NEAR);
        }
        for query in 0..STAGED {
            self.distances[query] = Chord::near_distance(self.chords2[query]);
        }
    }
}
