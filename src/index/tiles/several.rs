//! The k nearest points by tiles, and the nearest that passes a filter.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x8, f64x4, u32x8, u64x4};

use crate::geo::{Chord, LngLat, Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::nearest::{self, BEYOND, Query};
use crate::index::tiles::table::{LIST_MAX, USUAL};
use crate::index::{Best, Collect, Found, Point, Ranked};

impl Tiles {
    /// The `k` nearest of the tree's points in order, if the tiles can prove which they are.
    pub(crate) fn nearest_k<A: Found>(
        &self,
        points: &[Point],
        from: Position,
        k: usize,
    ) -> Option<Vec<A>> {
        if k > self.k {
            return None;
        }
        let query = &Query::new(points, from);
        dispatch!(level(), simd => match self.seen(simd, query) {
            Some(seen) if seen.are_clear(k) => Some(seen.nearest_k(simd, points, k)),
            _ => self.nearest_k_listed(query, k),
        })
    }

    /// The usual list in the order of distance.
    #[inline(always)]
    fn seen<S: Simd>(&self, simd: S, &Query { lng, points, lat }: &Query<'_>) -> Option<Seen> {
        let (column, row) = self.frame.finest(LngLat { lng, lat });
        let (slots, count) = self.table.usual(self.table.leaf(column, row))?;
        let from = UnitVector::of_wide(simd, LngLat { lng, lat });
        Some(Seen::of(simd, points, from, slots, count))
    }

    /// The k nearest of the listed points by the exact order.
    #[cold]
    #[inline(never)]
    fn nearest_k_listed<A: From<Ranked>>(
        &self,
        &Query { lng, points, lat }: &Query<'_>,
        k: usize,
    ) -> Option<Vec<A>> {
        let at = LngLat { lng, lat };
        let mut slots = [0; LIST_MAX];
        let slots = self.listed(at, &mut slots)?;
        let from = UnitVector::of_degrees(at);
        let mut ranked: Vec<Ranked> = slots
            .iter()
            .map(|slot| ranked(points, from, *slot))
            .collect();
        ranked.sort_unstable();
        Some(ranked.into_iter().take(k).map(A::from).collect())
    }

    /// The nearest of the tree's points that `accept` lets pass, none beyond the squared chord `bound`.
    ///
    /// Proven if it is among the k nearest of all: every point before it is then in the list, too. Otherwise `None`.
    pub(crate) fn nearest_where(
        &self,
        points: &[Point],
        from: Position,
        at: UnitVector,
        bound: f64,
        accept: impl FnMut(&Ranked) -> bool,
    ) -> Option<Ranked> {
        let mut slots = [0; LIST_MAX];
        let slots = self.listed(from.into(), &mut slots)?;
        if slots.len() <= USUAL {
            self.nearest_of::<USUAL>(points, slots, at, bound, accept)
        } else {
            self.nearest_of::<{ Self::LONG }>(points, slots, at, bound, accept)
        }
    }

    /// [`nearest_where`](Self::nearest_where) in a list of up to `MAX`.
    #[inline]
    fn nearest_of<const MAX: usize>(
        &self,
        points: &[Point],
        slots: &[u32],
        at: UnitVector,
        bound: f64,
        mut accept: impl FnMut(&Ranked) -> bool,
    ) -> Option<Ranked> {
        let mut chords2 = [f64::INFINITY; MAX];
        let mut best = Best::new(bound);
        // In the order of the list: to sort it first, or to take the nearest again and again, cost more than it saved.
        for (slot, chord2) in slots.iter().zip(&mut chords2) {
            *chord2 = at.chord2(points[*slot as usize].at);
            if *chord2 <= best.bound() {
                let ranked = ranked(points, at, *slot);
                if accept(&ranked) {
                    best.offer(ranked);
                }
            }
        }
        let found = best.into_found()?;
        let up_to_it = chords2
            .iter()
            .filter(|chord2| **chord2 <= found.bound())
            .count();
        (up_to_it <= self.k).then_some(found)
    }

    /// The slots listed for a position, if any.
    #[inline]
    fn listed<'a>(&self, at: LngLat, slots: &'a mut [u32; LIST_MAX]) -> Option<&'a [u32]> {
        let (column, row) = self.frame.finest(at);
        self.table.listed(self.table.leaf(column, row), slots)
    }

    /// Whether lists are closer at hand than the buckets of the tree, which are smaller.
    pub(crate) fn are_near(&self) -> bool {
        // Measured with a filter that half the sites pass: at 20,000 sites (some 4 MiB) lists took 0.7 of the
        // time of the tree, at 200,000 sites 1.5.
        self.table.bytes() <= 1 << 24
    }
}

/// The points of a list of up to [`USUAL`] as seen from a position.
///
/// They are sorted by counting for each how many are nearer, all against all: more comparisons than any other way to
/// sort, and no branch among them that a processor could guess wrong. Squared chords are rounded to 32 bits for that;
/// whether they are so far apart that it does no harm is asked afterwards.
struct Seen {
    count: usize,
    slots: [u32; USUAL],
    /// By place in the list. After the last, what is no chord at all.
    chords2: [f64; PLACES],
    /// Places in the order of distance.
    order: [u32; USUAL],
}

/// Room for a place more than [`USUAL`], and a power of two, so that no index needs to be checked.
const PLACES: usize = USUAL.next_power_of_two();

impl Seen {
    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        points: &[Point],
        from: UnitVector,
        slots: [u32; USUAL],
        count: usize,
    ) -> Self {
        let mut chords2 = [-1.0; PLACES];
        let mut lanes = [f64x4::splat(simd, BEYOND); USUAL / 4];
        for (group, lanes) in lanes.iter_mut().enumerate() {
            let first = 4 * group;
            let four = [
                &points[slots[first] as usize],
                &points[slots[first + 1] as usize],
                &points[slots[first + 2] as usize],
                &points[slots[first + 3] as usize],
            ];
            let place = first as u64;
            let places = u64x4::simd_from(simd, [place, place + 1, place + 2, place + 3]);
            let there = places.simd_lt(u64x4::splat(simd, count as u64));
            let near = nearest::chords2(simd, from, four);
            *lanes = there.select(near, f64x4::splat(simd, BEYOND));
            lanes.store_slice(&mut chords2[first..first + 4]);
        }
        let mut keys = [f32x8::splat(simd, 0.0); USUAL / 8];
        for (eight, fours) in keys.iter_mut().zip(lanes.as_chunks::<2>().0) {
            *eight = simd.narrow_f64x4(fours[0], fours[1]);
        }
        let (none, one) = (u32x8::splat(simd, 0), u32x8::splat(simd, 1));
        let mut ranks = [none; USUAL / 8];
        for key in 0..USUAL {
            let key = f32x8::splat(simd, keys[key / 8][key % 8]);
            for (ranks, keys) in ranks.iter_mut().zip(&keys) {
                *ranks += key.simd_lt(*keys).select(one, none);
            }
        }
        // Where two have the same rank, one rank stays without a place.
        let mut order = [USUAL as u32; USUAL];
        for place in 0..USUAL {
            order[ranks[place / 8][place % 8] as usize % USUAL] = place as u32;
        }
        Self {
            count,
            slots,
            chords2,
            order,
        }
    }

    /// The squared chord of the one so many are nearer than.
    #[inline(always)]
    fn chord2(&self, rank: usize) -> f64 {
        self.chords2[self.order[rank] as usize % PLACES]
    }

    /// Whether the order of the k nearest and of the next is beyond doubt, and none is far away.
    #[inline(always)]
    fn are_clear(&self, k: usize) -> bool {
        // One more than wanted: the last in may be in doubt with the first out.
        let k = k.min(self.count).min(USUAL - 1);
        let mut clear = k > 0 && self.chord2(k - 1) <= Chord::NEAR;
        for rank in 0..k {
            clear &= self.chord2(rank + 1) > chord2_tied(self.chord2(rank));
        }
        clear
    }

    /// The k nearest in order, where they are clear.
    #[inline(always)]
    fn nearest_k<A: Found, S: Simd>(&self, simd: S, points: &[Point], k: usize) -> Vec<A> {
        let k = k.min(self.count).min(USUAL);
        let mut found = Vec::with_capacity(k);
        for four in self.order.as_chunks::<4>().0.iter().take(k.div_ceil(4)) {
            let places = four.map(|place| place as usize);
            let distances =
                Chord::near_distances(simd, places.map(|place| self.chords2[place % PLACES]));
            for (place, distance) in places.into_iter().zip(distances) {
                let slot = self.slots[place % USUAL];
                let ranked = Ranked {
                    chord: Chord::short(self.chords2[place % PLACES]),
                    id: points[slot as usize].id,
                    slot,
                };
                if found.len() < k {
                    found.push(A::near(ranked, distance));
                }
            }
        }
        found
    }
}

/// The vectors that a look-up for several uses: four numbers wide, where the processor has them.
///
/// Wider ones compare into registers of their own, one at a time: with them eight neighbours took 1.15 times as long.
fn level() -> Level {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if let Some(avx2) = Level::new().as_avx2() {
        return avx2.level();
    }
    Level::new()
}

#[inline]
fn ranked(points: &[Point], from: UnitVector, slot: u32) -> Ranked {
    let point = &points[slot as usize];
    Ranked {
        chord: from.chord(point.at),
        id: point.id,
        slot,
    }
}
