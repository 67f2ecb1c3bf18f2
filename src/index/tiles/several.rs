//! The k nearest points by tiles, and the nearest that passes a filter.

use crate::geo::{Chord, Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::table::LIST_MAX;
use crate::index::{Best, Collect, Point, Ranked};

impl Tiles {
    /// As many points as nearly all lists for eight neighbours hold at most.
    const USUAL: usize = 16;

    /// The `k` nearest of the tree's points in order, if the tiles can prove which they are.
    pub(crate) fn nearest_k<A: From<Ranked>>(
        &self,
        points: &[Point],
        from: Position,
        k: usize,
    ) -> Option<Vec<A>> {
        if k > self.k {
            return None;
        }
        let mut slots = [0; LIST_MAX];
        let slots = self.listed(from, &mut slots)?;
        let at = from.unit_vector();
        Some(if slots.len() <= Self::USUAL {
            Seen::<{ Self::USUAL }>::of(points, at, slots).nearest_k(k)
        } else {
            Seen::<{ Self::LONG }>::of(points, at, slots).nearest_k(k)
        })
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
        let slots = self.listed(from, &mut slots)?;
        if slots.len() <= Self::USUAL {
            self.nearest_of::<{ Self::USUAL }>(points, slots, at, bound, accept)
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
    fn listed<'a>(&self, from: Position, slots: &'a mut [u32; LIST_MAX]) -> Option<&'a [u32]> {
        let (column, row) = self.frame.finest(from);
        self.table.listed(self.table.leaf(column, row), slots)
    }

    /// Whether lists are closer at hand than the buckets of the tree, which are smaller.
    pub(crate) fn are_near(&self) -> bool {
        // Measured with a filter that half the sites pass: at 20,000 sites (some 4 MiB) lists took 0.7 of the
        // time of the tree, at 200,000 sites 1.5.
        self.table.bytes() <= 1 << 24
    }
}

/// The points of a list of up to `MAX` as seen from a position.
struct Seen<'a, const MAX: usize> {
    from: UnitVector,
    points: &'a [Point],
    slots: &'a [u32],
    chords2: [f64; MAX],
    /// Squared chords, with the place in the list in the lowest bits, which are far below what a millimetre decides.
    keys: [u64; MAX],
}

impl<'a, const MAX: usize> Seen<'a, MAX> {
    const PLACE_MASK: u64 = MAX as u64 - 1;

    #[inline]
    fn of(points: &'a [Point], from: UnitVector, slots: &'a [u32]) -> Self {
        let slots = &slots[..slots.len().min(MAX)];
        let (mut chords2, mut keys) = ([0.0; MAX], [0; MAX]);
        for (place, slot) in slots.iter().enumerate() {
            let chord2 = from.chord2(points[*slot as usize].at);
            chords2[place] = chord2;
            keys[place] = (chord2.to_bits() & !Self::PLACE_MASK) | place as u64;
        }
        Self {
            from,
            points,
            slots,
            chords2,
            keys,
        }
    }

    #[inline]
    fn ranked(&self, key: u64) -> Ranked {
        let place = (key & Self::PLACE_MASK) as usize;
        let (chord2, slot) = (self.chords2[place], self.slots[place]);
        let point = &self.points[slot as usize];
        let chord = if chord2 <= Chord::SHORT {
            Chord::short(chord2)
        } else {
            self.from.chord(point.at)
        };
        Ranked {
            chord,
            id: point.id,
            slot,
        }
    }

    /// The k nearest in order: by their keys, and where that leaves neighbours in doubt by the exact order.
    #[inline]
    fn nearest_k<A: From<Ranked>>(mut self, k: usize) -> Vec<A> {
        let count = self.slots.len();
        self.keys[..count].sort_unstable();
        // One more than wanted: the last in may be in doubt with the first out.
        let decided = self.keys[..count.min(k + 1)].windows(2).all(|pair| {
            let (nearer, farther) = (pair[0] | Self::PLACE_MASK, pair[1] & !Self::PLACE_MASK);
            f64::from_bits(farther) > chord2_tied(f64::from_bits(nearer))
        });
        if decided {
            return self.keys[..count.min(k)]
                .iter()
                .map(|key| self.ranked(*key).into())
                .collect();
        }
        let mut exact: Vec<Ranked> = self.keys[..count]
            .iter()
            .map(|key| self.ranked(*key))
            .collect();
        exact.sort_unstable();
        exact.into_iter().take(k).map(A::from).collect()
    }
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
