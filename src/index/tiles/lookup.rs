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

/// The nearest of four slots, some of which may be the same.
#[inline]
fn nearest_of_few(points: &[Point], from: UnitVector, slots: [u32; INLINE_MAX]) -> Ranked {
    let chords2 = slots.map(|slot| from.chord2(points[slot as usize].at));
    let nearest = chords2[0].min(chords2[1]).min(chords2[2].min(chords2[3]));
    let tied = chord2_tied(nearest);
    let mut best = slots[0];
    let mut ties = 0;
    for (slot, chord2) in slots.into_iter().zip(chords2) {
        if chord2 <= tied {
            ties += u32::from(ties == 0 || slot != best);
            best = slot;
        }
    }
    if ties == 1 {
        return ranked(points, from, best);
    }
    slots
        .into_iter()
        .map(|slot| ranked(points, from, slot))
        .min()
        .unwrap_or_else(|| ranked(points, from, best))
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
