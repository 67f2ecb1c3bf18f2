//! The k nearest points by tiles, and the nearest that passes a filter.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x8, f64x4, u32x8, u64x4};

use crate::geo::{Chord, LngLat, Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::nearest::{self, BEYOND, Query};
use crate::index::tiles::table::{LIST_MAX, USUAL};
use crate::index::{Found, Point, Ranked};

/// What the tiles can tell of the nearest point that passes a filter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Passing {
    Nearest(Ranked),
    Nobody(Ranked),
    Unproven,
}

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
        let known = dispatch!(level(), simd => self.seen(simd, query, |seen| {
            let sorted = Sorted::of(&seen);
            sorted.are_clear(k).then(|| sorted.nearest_k(simd, points, k))
        }));
        known.or_else(|| self.nearest_k_listed(query, k))
    }

    /// Asks the usual list, as seen from the query.
    #[inline(always)]
    fn seen<S: Simd, A>(
        &self,
        simd: S,
        &Query { lng, points, lat }: &Query<'_>,
        ask: impl FnOnce(Seen<S>) -> Option<A>,
    ) -> Option<A> {
        let (column, row) = self.frame.finest(LngLat { lng, lat });
        let (slots, count) = self.table.usual(self.table.leaf(column, row))?;
        let from = UnitVector::of_wide(simd, LngLat { lng, lat });
        ask(Seen::of(simd, points, from, slots, count))
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
    /// Proven as far as the k nearest of all: every point before them is in the list, too.
    pub(crate) fn nearest_where(
        &self,
        points: &[Point],
        from: Position,
        bound: f64,
        mut accept: impl FnMut(&Ranked) -> bool,
    ) -> Passing {
        let query = &Query::new(points, from);
        let proven = dispatch!(level(), simd => self.seen(simd, query, |mut seen| {
            for _ in 0..self.k.min(seen.count) {
                let ranked = seen.take_nearest(points)?;
                if ranked.chord.chord2 > bound {
                    return Some(Passing::Nobody(ranked));
                }
                if accept(&ranked) {
                    return Some(Passing::Nearest(ranked));
                }
            }
            None
        }));
        proven.unwrap_or(Passing::Unproven)
    }

    /// The slots listed for a position, if any.
    #[inline]
    fn listed<'a>(&self, at: LngLat, slots: &'a mut [u32; LIST_MAX]) -> Option<&'a [u32]> {
        let (column, row) = self.frame.finest(at);
        self.table.listed(self.table.leaf(column, row), slots)
    }
}

/// The points of a list of up to [`USUAL`] as seen from a position.
struct Seen<S: Simd> {
    simd: S,
    count: usize,
    slots: [u32; USUAL],
    /// Squared chords by place in the list, beyond all where nothing is listed.
    chords2: [f64x4<S>; USUAL / 4],
}

impl<S: Simd> Seen<S> {
    #[inline(always)]
    fn of(simd: S, points: &[Point], from: UnitVector, slots: [u32; USUAL], count: usize) -> Self {
        let mut chords2 = [f64x4::splat(simd, BEYOND); USUAL / 4];
        for (group, chords2) in chords2.iter_mut().enumerate() {
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
            *chords2 = there.select(near, *chords2);
        }
        Self {
            simd,
            count,
            slots,
            chords2,
        }
    }

    /// Removes the nearest point, if that is beyond doubt and it is not far away.
    #[inline(always)]
    fn take_nearest(&mut self, points: &[Point]) -> Option<Ranked> {
        let beyond = f64x4::splat(self.simd, BEYOND);
        let least = self
            .chords2
            .iter()
            .fold(beyond, |least, four| least.min(*four));
        let chord2 = least.reduce_min();
        let limit = f64x4::splat(self.simd, chord2_tied(chord2));
        let mut tied = 0;
        for (group, four) in self.chords2.iter_mut().enumerate() {
            let near = four.simd_le(limit);
            tied |= near.to_bitmask() << (4 * group);
            *four = near.select(beyond, *four);
        }
        if tied & (tied - 1) != 0 || chord2 > Chord::NEAR {
            return None;
        }
        let slot = self.slots[tied.trailing_zeros() as usize % USUAL];
        Some(Ranked {
            chord: Chord::short(chord2),
            id: points[slot as usize].id,
            slot,
        })
    }
}

/// The points of a list in the order of distance.
///
/// They are sorted by counting for each how many are nearer, all against all: more comparisons than any other way to
/// sort, and no branch among them that a processor could guess wrong. Squared chords are rounded to 32 bits for that;
/// whether they are so far apart that it does no harm is asked afterwards.
struct Sorted {
    count: usize,
    slots: [u32; USUAL],
    /// By place in the list. After the last, what is no chord at all.
    chords2: [f64; PLACES],
    /// Places in the order of distance.
    order: [u32; USUAL],
}

/// Room for a place more than [`USUAL`], and a power of two, so that no index needs to be checked.
const PLACES: usize = USUAL.next_power_of_two();

impl Sorted {
    #[inline(always)]
    fn of<S: Simd>(seen: &Seen<S>) -> Self {
        let simd = seen.simd;
        let mut chords2 = [-1.0; PLACES];
        for (four, stored) in seen.chords2.iter().zip(chords2.as_chunks_mut::<4>().0) {
            *stored = (*four).into();
        }
        let mut keys = [f32x8::splat(simd, 0.0); USUAL / 8];
        for (eight, fours) in keys.iter_mut().zip(seen.chords2.as_chunks::<2>().0) {
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
            count: seen.count,
            slots: seen.slots,
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
