//! The nearest point by tiles: one look-up, and many at once.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f64x4};

use crate::geo::{Chord, LngLat, Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::table::{INLINE_MAX, LIST_MAX};
use crate::index::{Found, Point, Ranked};

/// What a look-up needs, on its way into code for wider vectors, which the compiler does not inline.
///
/// Longitude and latitude are kept apart: side by side they would be written as two numbers and read as one vector, for
/// which a processor has to wait until both have left its queue of stores, and with them all look-ups before. Measured
/// at 200,000 sites: 290 ns a look-up against 130.
#[repr(C)]
pub(super) struct Query<'a> {
    pub(super) lng: f64,
    pub(super) points: &'a [Point],
    pub(super) lat: f64,
}

impl<'a> Query<'a> {
    pub(super) fn new(points: &'a [Point], from: Position) -> Self {
        Self {
            lng: from.lng(),
            points,
            lat: from.lat(),
        }
    }
}

impl Tiles {
    /// The nearest of the tree's points, if the tiles can prove which it is.
    #[inline(always)]
    pub(crate) fn nearest<A: Found>(&self, points: &[Point], from: Position) -> Option<A> {
        let query = &Query::new(points, from);
        dispatch!(Level::new(), simd => match self.leader(simd, query) {
            Some(leader) => Some(A::near(leader, Chord::near_distance(leader.chord.chord2))),
            None => self.nearest_listed(query).map(A::from),
        })
    }

    /// The nearest point, unless that is doubtful.
    #[inline(always)]
    fn leader<S: Simd>(&self, simd: S, &Query { lng, points, lat }: &Query<'_>) -> Option<Ranked> {
        let (column, row) = self.frame.finest(LngLat { lng, lat });
        let entry = self.table.leaf(column, row);
        if !entry.is_few() {
            return None;
        }
        let from = UnitVector::of_wide(simd, LngLat { lng, lat });
        let few = entry.slots().map(|slot| &points[slot as usize]);
        let won = Won::among(simd, from, few, entry.count());
        let slot = entry.slot(won.place());
        won.is_clear().then(|| Ranked {
            chord: Chord::short(won.chord2),
            id: points[slot as usize].id,
            slot,
        })
    }

    /// The nearest of the listed points by the exact order.
    #[cold]
    #[inline(never)]
    pub(super) fn nearest_listed(&self, &Query { lng, points, lat }: &Query<'_>) -> Option<Ranked> {
        let at = LngLat { lng, lat };
        let (column, row) = self.frame.finest(at);
        let from = UnitVector::of_degrees(at);
        let ranked = |slot: &u32| {
            let point = &points[*slot as usize];
            Ranked {
                chord: from.chord(point.at),
                id: point.id,
                slot: *slot,
            }
        };
        let mut slots = [0; LIST_MAX];
        let listed = self
            .table
            .listed(self.table.leaf(column, row), &mut slots)?;
        listed.iter().map(ranked).min()
    }
}

/// Which of up to four points is the nearest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Won {
    pub(super) chord2: f64,
    /// One bit for each point that is as near, as far as squared chords can tell.
    tied: u32,
}

impl Won {
    /// There is no branch that depends on which of the points wins: it is anybody's guess, and after a wrong guess a
    /// processor has to start over with the next look-up, whose memory it could have been fetching all the while.
    #[inline(always)]
    pub(super) fn among<S: Simd>(
        simd: S,
        from: UnitVector,
        points: [&Point; INLINE_MAX],
        count: usize,
    ) -> Self {
        let chords2 = chords2(simd, from, points);
        let chord2 = chords2.reduce_min();
        let tied = chords2.simd_le(f64x4::splat(simd, chord2_tied(chord2)));
        Self {
            chord2,
            // Those beyond the count stand in for the first.
            tied: tied.to_bitmask() as u32 & ((1 << count) - 1),
        }
    }

    #[inline(always)]
    fn place(self) -> u32 {
        self.tied.trailing_zeros()
    }

    /// Whether no other is so near that whole millimetres and ids have to decide, and the winner on this side of the
    /// Earth.
    #[inline(always)]
    pub(super) fn is_clear(self) -> bool {
        self.tied & self.tied.wrapping_sub(1) == 0 && self.chord2 <= Chord::NEAR
    }
}

/// The squared chords from one place to four points.
#[inline(always)]
pub(super) fn chords2<S: Simd>(simd: S, from: UnitVector, points: [&Point; 4]) -> f64x4<S> {
    let apart = |axis: usize| {
        let [a, b, c, d] = points.map(|point| point.at.0[axis]);
        f64x4::simd_from(simd, [a, b, c, d]) - f64x4::splat(simd, from.0[axis])
    };
    let (x, y, z) = (apart(0), apart(1), apart(2));
    x * x + y * y + z * z
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
