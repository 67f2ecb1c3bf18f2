use crate::geo::{Position, UnitVector, chord2_tied};
use crate::index::tiles::Tiles;
use crate::index::tiles::table::{INLINE_MAX, Meaning};
use crate::index::{Point, Ranked};

impl Tiles {
    /// The nearest of the tree's points, if the tiles can prove it.
    #[inline]
    pub(crate) fn nearest(&self, points: &[Point], from: Position) -> Option<Ranked> {
        let (column, row) = self.frame.finest(from);
        let at = from.unit_vector();
        match self.table.leaf(column, row).meaning() {
            Meaning::Inline(_, slots) => Some(nearest_of_few(points, at, slots)),
            Meaning::List(start, len) => {
                nearest_of(points, at, &self.table.lists[start..start + len])
            }
            Meaning::Unknown | Meaning::Grid(..) => None,
        }
    }
}

/// The nearest of four slots, of which the later ones may repeat the first.
///
/// Without a branch that depends on the points, so that a processor can start the next look-up while this one waits for
/// memory: which of the four wins is anybody's guess, and a wrong guess would cost more than all the arithmetic.
#[inline]
fn nearest_of_few(points: &[Point], from: UnitVector, slots: [u32; INLINE_MAX]) -> Ranked {
    let chords2 = slots.map(|slot| from.chord2(points[slot as usize].at));
    let nearest = chords2[0].min(chords2[1]).min(chords2[2].min(chords2[3]));
    let tied = chord2_tied(nearest);
    let mut winner = 0;
    let mut winners = u32::from(chords2[0] <= tied);
    for (slot, chord2) in slots.into_iter().zip(chords2) {
        let wins = u32::from(chord2 <= tied);
        winner |= wins.wrapping_neg() & slot;
        winners += wins & u32::from(slot != slots[0]);
    }
    if winners == 1 {
        return ranked(points, from, winner);
    }
    slots
        .into_iter()
        .map(|slot| ranked(points, from, slot))
        .min()
        .unwrap_or_else(|| ranked(points, from, slots[0]))
}

fn nearest_of(points: &[Point], from: UnitVector, slots: &[u32]) -> Option<Ranked> {
    slots.iter().map(|slot| ranked(points, from, *slot)).min()
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
