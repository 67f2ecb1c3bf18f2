use crate::geo::{Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::table::{Entry, INLINE_MAX, Meaning};
use crate::index::{Best, Collect, Point, Ranked};

/// Look-ups that a batch keeps in flight: enough to overlap their waits for memory, few enough for the first cache
/// (16 and 32 took the same time; others have not been measured).
pub(crate) const STAGED: usize = 16;

impl Tiles {
    /// The nearest of the tree's points, if the tiles can prove which it is.
    #[inline]
    pub(crate) fn nearest(&self, points: &[Point], from: Position) -> Option<Ranked> {
        let (column, row) = self.frame.finest(from);
        let at = from.unit_vector();
        match self.table.leaf(column, row).meaning() {
            Meaning::Inline(count, slots) => {
                let few = slots.map(|slot| &points[slot as usize]);
                Some(nearest_of_few(at, count, slots, few))
            }
            Meaning::List(start, len) => {
                let slots = &self.table.lists[start..start + len];
                slots.iter().map(|slot| ranked(points, at, *slot)).min()
            }
            Meaning::Unknown | Meaning::Grid(..) => None,
        }
    }

    /// [`nearest`](Self::nearest) for up to [`STAGED`] positions, stage by stage: first all keys, then all first
    /// loads, then all second loads …, so that the processor waits for the memory of all look-ups at once.
    pub(crate) fn nearest_staged(
        &self,
        points: &[Point],
        from: &[Position],
        mut answer: impl FnMut(usize, Option<Ranked>),
    ) {
        let mut keys = [(0, 0); STAGED];
        let mut degrees = [[0.0; STAGED]; 2];
        let mut entries = [Entry::UNKNOWN; STAGED];
        let mut below = [0; STAGED];
        for (query, from) in from.iter().enumerate().take(STAGED) {
            keys[query] = self.frame.finest(*from);
            degrees[0][query] = from.lat();
            degrees[1][query] = from.lng();
            if let Some(root) = self.table.root(keys[query].0, keys[query].1) {
                (entries[query], below[query]) = (self.table.entries[root.at], root.below);
            }
        }
        while entries.iter().any(|entry| entry.is_grid()) {
            for query in 0..STAGED {
                if entries[query].is_grid() {
                    let (column, row) = keys[query];
                    let cursor = entries[query].descend(below[query], column, row);
                    (entries[query], below[query]) = (self.table.entries[cursor.at], cursor.below);
                }
            }
        }
        let few = entries.map(|entry| match entry.meaning() {
            Meaning::Inline(count, slots) => (count, slots),
            _ => (0, [0; INLINE_MAX]),
        });
        let gathered = few.map(|(_, slots)| slots.map(|slot| points[slot as usize]));
        let vectors = UnitVector::of_degrees_each(degrees);
        for (query, from) in from.iter().enumerate().take(STAGED) {
            let (count, slots) = few[query];
            answer(
                query,
                match count {
                    0 => self.nearest(points, *from),
                    _ => Some(nearest_of_few(
                        vectors[query],
                        count,
                        slots,
                        gathered[query].each_ref(),
                    )),
                },
            );
        }
    }

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
        let mut inline = [0; INLINE_MAX];
        let slots = self.listed(from, &mut inline)?;
        Some(Seen::of(points, from.unit_vector(), slots).nearest_k(k))
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
        mut accept: impl FnMut(&Ranked) -> bool,
    ) -> Option<Ranked> {
        let mut inline = [0; INLINE_MAX];
        let slots = self.listed(from, &mut inline)?;
        let mut chords2 = [f64::INFINITY; Self::LONG];
        let mut best = Best::new(bound);
        // In the order of the list: to sort it first, or to take the nearest again and again, cost more than it saved.
        for (slot, chord2) in slots.iter().zip(&mut chords2) {
            let ranked = ranked(points, at, *slot);
            *chord2 = ranked.chord.chord2;
            if *chord2 <= best.bound() && accept(&ranked) {
                best.offer(ranked);
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
    fn listed<'a>(
        &'a self,
        from: Position,
        inline: &'a mut [u32; INLINE_MAX],
    ) -> Option<&'a [u32]> {
        let (column, row) = self.frame.finest(from);
        match self.table.leaf(column, row).meaning() {
            Meaning::List(start, len) => Some(&self.table.lists[start..start + len]),
            Meaning::Inline(count, slots) => {
                *inline = slots;
                Some(&inline[..count])
            }
            Meaning::Unknown | Meaning::Grid(..) => None,
        }
    }

    /// Whether lists are closer at hand than the buckets of the tree, which are smaller.
    pub(crate) fn are_near(&self) -> bool {
        // Measured with a filter that half the sites pass: at 20,000 sites (some 6 MiB) lists took 0.7 of the
        // time of the tree, at 200,000 sites 1.5.
        self.table.bytes() <= 1 << 24
    }

    /// Whether the tiles outgrow a cache, so that look-ups one by one wait for memory.
    pub(crate) fn is_large(&self) -> bool {
        // Half the second-level cache of a server core of these years.
        self.table.bytes() > 1 << 20
    }
}

/// The points of a list as seen from a position.
struct Seen<'a> {
    from: UnitVector,
    points: &'a [Point],
    slots: &'a [u32],
    /// Squared chords, with the place in the list in the lowest bits, which are far below what a millimetre decides.
    keys: [u64; Tiles::LONG],
}

impl<'a> Seen<'a> {
    const PLACE_MASK: u64 = Tiles::LONG as u64 - 1;

    #[inline]
    fn of(points: &'a [Point], from: UnitVector, slots: &'a [u32]) -> Self {
        let slots = &slots[..slots.len().min(Tiles::LONG)];
        let mut keys = [0; Tiles::LONG];
        for ((place, slot), key) in (0..).zip(slots).zip(&mut keys) {
            let chord2 = from.chord2(points[*slot as usize].at);
            *key = (chord2.to_bits() & !Self::PLACE_MASK) | place;
        }
        Self {
            from,
            points,
            slots,
            keys,
        }
    }

    #[inline]
    fn place(key: u64) -> usize {
        (key & Self::PLACE_MASK) as usize
    }

    #[inline]
    fn ranked(&self, key: u64) -> Ranked {
        ranked(self.points, self.from, self.slots[Self::place(key)])
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

/// The nearest of up to four points.
///
/// There is no branch, nor anything a compiler would turn into one, that depends on which of the points wins: it
/// is anybody's guess, and after a wrong guess a processor has to start over with the next look-up, whose memory
/// it could have been fetching all the while. So the number of a point rides in the lowest bits of its squared
/// chord through a network of minima and maxima, which are single instructions.
#[inline]
fn nearest_of_few(
    from: UnitVector,
    count: usize,
    slots: [u32; INLINE_MAX],
    points: [&Point; INLINE_MAX],
) -> Ranked {
    let mut keys = [0.0; INLINE_MAX];
    for place in 0..INLINE_MAX {
        let chord2 = from.chord2(points[place].at) + ABSENT[count % ABSENT.len()][place];
        keys[place] = f64::from_bits((chord2.to_bits() & !PLACE_MASK) | place as u64);
    }
    let [a, b, c, d] = keys;
    let (first, second) = (lesser(a, b), lesser(c, d));
    let nearest = lesser(first, second);
    let runner_up = lesser(greater(first, second), lesser(greater(a, b), greater(c, d)));
    let winner = (nearest.to_bits() & PLACE_MASK) as usize;
    let ranked = |place: usize| Ranked {
        chord: from.chord(points[place].at),
        id: points[place].id,
        slot: slots[place],
    };
    let winner = ranked(winner);
    if runner_up > winner.bound() {
        return winner;
    }
    (0..count).map(ranked).fold(
        winner,
        |best, other| if other.precedes(&best) { other } else { best },
    )
}

/// The bits of a squared chord that hold the number of its point.
const PLACE_MASK: u64 = INLINE_MAX as u64 - 1;

/// What is added to the squared chords of so many points to remove those that are not there.
const ABSENT: [[f64; INLINE_MAX]; 8] = {
    // Beyond every chord on the sphere.
    const NO: f64 = 8.0;
    const ALL: [f64; INLINE_MAX] = [0.0; INLINE_MAX];
    [
        ALL,
        [0.0, NO, NO, NO],
        [0.0, 0.0, NO, NO],
        [0.0, 0.0, 0.0, NO],
        ALL,
        ALL,
        ALL,
        ALL,
    ]
};

#[inline]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline]
fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
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
