//! Which packed site is the nearest where the nearest has gone.

use std::sync::Arc;

use crate::geo::{Chord, UnitVector, chord2_tied};
use crate::index::{Best, BySlot, Collect, HasSlot, PackedTree, Point, Ranked, Ranking, Within};

/// For each packed entry that no longer counts, the packed entries next to it.
///
/// Where such an entry is still the nearest one, the nearest that counts is nearly always among those: if every entry
/// that is not listed is at least R from the gone one, and that is c from a position, then nothing unlisted is within
/// R − c of the position.
///
/// Versions share all lists but the latest, so that they stay in the caches of whoever looks up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heirs {
    settled: Arc<BySlot<Gone>>,
    recent: Vec<Gone>,
}

/// An entry that has gone.
#[derive(Clone, Copy, Debug)]
struct Gone {
    slot: u32,
    /// Nearest first. The last is the nearest of all that are not heirs.
    near: [u32; LISTED + 1],
}

/// Twice as many as have a border with the gone one on average, as neighbours go, too. With the slot and the next one a
/// cache line.
const LISTED: usize = 14;

/// How many lists a version copies.
const RECENT: usize = 32;

/// More than the relative error of a computed chord.
const CHORD_ERROR: f64 = 1e-12;

impl Heirs {
    /// As many as there can be: more changes are packed anyway.
    const MAX: usize = 4_096;

    /// To be called when a packed entry counts no longer. O(log n), and once in a while a copy of all lists.
    pub(crate) fn insert(&mut self, tree: &PackedTree, slot: u32) {
        let listed = self.settled.len() + self.recent.len();
        if listed >= Self::MAX || self.find(slot).is_some() {
            return;
        }
        let points = tree.points();
        let mut near = Ranking::new(LISTED + 1, points.len(), f64::INFINITY);
        let at = points[slot as usize].at;
        tree.search(at, Within::Anywhere, &mut near, |other, _| other != slot);
        let near = near.into_sorted();
        if near.len() <= LISTED {
            return;
        }
        let near = core::array::from_fn(|heir| near[heir].slot);
        self.recent.push(Gone { slot, near });
        if self.recent.len() > RECENT {
            let settled = Arc::make_mut(&mut self.settled);
            for gone in self.recent.drain(..) {
                settled.insert(gone);
            }
        }
    }

    fn find(&self, slot: u32) -> Option<&Gone> {
        let settled = self.settled.get(slot);
        settled.or_else(|| self.recent.iter().find(|gone| gone.slot == slot))
    }

    /// The nearest entry to `from` of those that pass `counts`, given the nearest of all, which has gone; `None` if
    /// that can't be proven.
    pub(crate) fn nearest(
        &self,
        points: &[Point],
        gone: &Ranked,
        from: UnitVector,
        counts: impl Fn(u32) -> bool,
    ) -> Option<Ranked> {
        let list = &self.find(gone.slot)?.near;
        let mut best = Best::new(Chord::SHORT);
        for slot in &list[..LISTED] {
            let point = &points[*slot as usize];
            let chord2 = from.chord2(point.at);
            if chord2 <= best.bound() && counts(*slot) {
                best.offer(Ranked {
                    chord: Chord::short(chord2),
                    id: point.id,
                    slot: *slot,
                });
            }
        }
        let found = best.into_found()?;
        let unlisted = points[list[LISTED] as usize].at;
        let reach = points[gone.slot as usize].at.chord2(unlisted).sqrt() * (1.0 - CHORD_ERROR);
        let clear = reach - gone.chord.chord2.sqrt() * (1.0 + CHORD_ERROR);
        (clear > 0.0 && clear * clear > chord2_tied(found.chord.chord2)).then_some(found)
    }
}

impl HasSlot for Gone {
    fn slot(&self) -> u32 {
        self.slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;
    use crate::id::SiteId;
    use crate::index::Unpacked;

    fn near_the_equator(state: &mut u64) -> UnitVector {
        // Some in the same place.
        let step = |state: &mut u64| {
            (40.0 * random(state)).floor() * 0.001 + 0.0003 * random(state).round()
        };
        let at = [1.0, step(state), step(state)];
        let length = at.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
        UnitVector(at.map(|axis| axis / length))
    }

    #[test]
    fn what_is_proven_is_the_nearest_that_counts() {
        let mut state = 11;
        for count in [1, 10, 17, 400] {
            let mut unpacked: Vec<Unpacked> = (0..count)
                .map(|source| Unpacked {
                    point: Point {
                        at: near_the_equator(&mut state),
                        id: SiteId(u64::from(source)),
                    },
                    reach2: 0.0,
                    source,
                })
                .collect();
            let tree = PackedTree::build(&mut unpacked);
            let points = tree.points();
            let (mut heirs, mut gone) = (Heirs::default(), vec![false; points.len()]);
            let (mut proven, mut asked) = (0, 0);
            for _ in 0..4_000 {
                let slot = (random(&mut state) * points.len() as f64) as usize;
                if gone.iter().filter(|gone| **gone).count() < points.len() / 8 {
                    gone[slot] = true;
                    heirs.insert(&tree, slot as u32);
                }
                let from = near_the_equator(&mut state);
                let nearest = |counts: &dyn Fn(u32) -> bool| {
                    let mut best = Best::new(f64::INFINITY);
                    tree.search(from, Within::Anywhere, &mut best, |slot, _| counts(slot));
                    best.into_found()
                };
                let counts = |slot: u32| !gone[slot as usize];
                let Some(first) = nearest(&|_| true).filter(|first| gone[first.slot as usize])
                else {
                    continue;
                };
                let found = heirs.nearest(points, &first, from, counts);
                asked += 1;
                proven += u32::from(found.is_some());
                assert!(
                    found.is_none_or(|found| Some(found) == nearest(&counts)),
                    "{found:?}"
                );
            }
            assert!(
                count < 400 || (asked > 200 && 10 * proven > 9 * asked),
                "{proven} of {asked}"
            );
        }
    }
}
