//! The nearest point by tiles: one look-up, and many at once.

use crate::geo::{Chord, Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::table::{Entry, INLINE_MAX, LIST_MAX};
use crate::index::{Point, Ranked};

impl Tiles {
    /// The nearest of the tree's points, if the tiles can prove which it is.
    #[inline(always)]
    pub(crate) fn nearest(&self, points: &[Point], from: Position) -> Option<Ranked> {
        let (column, row) = self.frame.finest(from);
        let at = from.unit_vector();
        let entry = self.table.leaf(column, row);
        if entry.is_few() {
            let slots = entry.slots();
            let [a, b, c, d] = slots;
            let few = [
                &points[a as usize],
                &points[b as usize],
                &points[c as usize],
                &points[d as usize],
            ];
            let won = Won::among(at, few, entry.count());
            if won.is_clear() {
                return Some(Ranked {
                    chord: Chord::short(won.chord2),
                    id: few[won.place].id,
                    slot: slots[won.place],
                });
            }
        }
        self.nearest_listed(points, at, entry)
    }

    /// The nearest of an entry's points by the exact order.
    #[cold]
    #[inline(never)]
    pub(super) fn nearest_listed(
        &self,
        points: &[Point],
        from: UnitVector,
        entry: Entry,
    ) -> Option<Ranked> {
        let ranked = |slot: &u32| {
            let point = &points[*slot as usize];
            Ranked {
                chord: from.chord(point.at),
                id: point.id,
                slot: *slot,
            }
        };
        let mut slots = [0; LIST_MAX];
        let listed = self.table.listed(entry, &mut slots)?;
        listed.iter().map(ranked).min()
    }
}

/// Which of up to four points is the nearest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Won {
    pub(super) place: usize,
    pub(super) chord2: f64,
    /// The squared chord of the next, or a little less.
    runner_up: f64,
}

impl Won {
    /// There is no branch, nor anything a compiler would turn into one, that depends on which of the points wins: it
    /// is anybody's guess, and after a wrong guess a processor has to start over with the next look-up, whose memory
    /// it could have been fetching all the while. So the number of a point rides in the lowest bits of its squared
    /// chord through a network of minima and maxima, which are single instructions.
    #[inline(always)]
    pub(super) fn among(from: UnitVector, points: [&Point; INLINE_MAX], count: usize) -> Self {
        let chords2 = [
            from.chord2(points[0].at),
            from.chord2(points[1].at),
            from.chord2(points[2].at),
            from.chord2(points[3].at),
        ];
        let absent = &ABSENT[count % ABSENT.len()];
        let [nearest, runner_up] = nearest_two([
            chords2[0] + absent[0],
            chords2[1] + absent[1],
            chords2[2] + absent[2],
            chords2[3] + absent[3],
        ]);
        let place = (nearest.to_bits() & PLACE_MASK) as usize;
        Self {
            place,
            chord2: chords2[place],
            runner_up,
        }
    }

    /// Whether no other is so near that whole millimetres and ids have to decide, and the winner on this side of the
    /// Earth.
    #[inline(always)]
    pub(super) fn is_clear(self) -> bool {
        self.runner_up > chord2_tied(self.chord2) && self.chord2 <= Chord::NEAR
    }
}

/// The least two of so many squared chords, with their places in the lowest bits.
#[inline(always)]
pub(super) fn nearest_two(chords2: [f64; INLINE_MAX]) -> [f64; 2] {
    let mut keys = [0.0; INLINE_MAX];
    for place in 0..INLINE_MAX {
        keys[place] = f64::from_bits((chords2[place].to_bits() & !PLACE_MASK) | place as u64);
    }
    let [a, b, c, d] = keys;
    let (first, second) = (lesser(a, b), lesser(c, d));
    let nearest = lesser(first, second);
    let runner_up = lesser(greater(first, second), lesser(greater(a, b), greater(c, d)));
    [nearest, runner_up]
}

/// Beyond every squared chord on the sphere.
pub(super) const BEYOND: f64 = 8.0;

/// What is added to the squared chords of so many points to remove those that are not there.
const ABSENT: [[f64; INLINE_MAX]; 8] = {
    const ALL: [f64; INLINE_MAX] = [0.0; INLINE_MAX];
    [
        ALL,
        [0.0, BEYOND, BEYOND, BEYOND],
        [0.0, 0.0, BEYOND, BEYOND],
        [0.0, 0.0, 0.0, BEYOND],
        ALL,
        ALL,
        ALL,
        ALL,
    ]
};

/// The bits of a squared chord that hold the number of its point.
pub(super) const PLACE_MASK: u64 = INLINE_MAX as u64 - 1;

#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline(always)]
fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
