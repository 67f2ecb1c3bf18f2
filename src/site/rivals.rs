//! Which sites of the overlay can be nearer than a packed entry.

use core::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::geo::UnitVector;
use crate::index::{Among, Overlay, OverlayPoint, PackedTree, Point};
use crate::site::paged::Paged;

/// For each packed entry, how far away the next site of the overlay is, and which are the next few.
///
/// Most look-ups then need not search the overlay: a site within chord b of a position is within a + b of every packed
/// entry that is at chord a from that position. Nothing is known of what is farther than [`FAR2`]. It takes 32 bytes an
/// entry, once there is something in the overlay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rivals {
    next: Arc<Next>,
    /// Sites in the overlay's tree, by slot of the packed entry.
    lists: Paged<List>,
    /// The greatest squared chord of any list in a run.
    farthest: Vec<f32>,
    /// How many sites have been entered.
    entered: usize,
}

/// How far the next site of the overlay is from each packed entry, at least, or [`FAR2`].
///
/// All versions of a generation share it, so that it stays in the caches of whoever looks up. It is only ever lowered,
/// so a version without the site for which that was done searches in vain, no more. And no version is published before
/// its own sites are in, so whoever has it finds them.
#[derive(Debug, Default)]
struct Next {
    /// The bits of squared chords, by slot. As these are never negative, bits compare as the numbers do.
    chords2: Box<[AtomicU32]>,
    runs: Box<[Run]>,
}

/// Successive slots, whose entries are near each other.
#[derive(Debug)]
struct Run {
    slots: Range<usize>,
    centre: UnitVector,
    /// No entry is farther from the centre than this chord.
    radius: f64,
    /// The bits of a squared chord that no entry exceeds.
    farthest: AtomicU32,
}

/// The sites next to a packed entry, nearest first; where there are fewer, [`FAR2`] stands for their chords.
#[derive(Clone, Copy, Debug)]
struct List {
    slots: [u32; LISTED],
    /// Squared chords, or a little less; the last is that of the next site that is not listed.
    chords2: [f32; LISTED + 1],
}

/// Where one entry in eight has a site set aside, about one look-up in a hundred is concerned with more.
const LISTED: usize = 3;

/// Entries of a run: few, so that one which is near no site does not make many be looked at.
const RUN: usize = 64;

/// The squared chord of some 100 km: a site concerns the entries round it, not all in the world.
const FAR2: f32 = 2.5e-4;

/// More than the relative error of a computed squared chord, and of rounding it to `f32`.
const ERROR: f64 = 1e-6;

impl Rivals {
    /// Those of an overlay, shared with no other version.
    pub(crate) fn of(tree: &PackedTree, overlay: &Overlay) -> Self {
        let mut rivals = Self::default();
        for site in overlay.settled() {
            rivals.enter(tree, site);
            rivals.list(tree, site);
        }
        for site in overlay.recent() {
            rivals.enter(tree, site);
        }
        rivals
    }

    /// To be called with each site that goes into the overlay. O(n / [`RUN`] + entries to which it may be next).
    pub(crate) fn enter(&mut self, tree: &PackedTree, site: &OverlayPoint) {
        if self.entered == 0 {
            self.next = Arc::new(Next::of(tree.points()));
        }
        self.next.enter(tree.points(), site.point.at);
        self.entered += 1;
    }

    /// To be called with each site that has been entered when it settles in the overlay's tree. It costs as much.
    pub(crate) fn list(&mut self, tree: &PackedTree, site: &OverlayPoint) {
        if self.farthest.is_empty() {
            self.lists = Paged::from_iter(tree.points().iter().map(|_| List::EMPTY));
            self.farthest = vec![FAR2; self.next.runs.len()];
        }
        for (run, farthest) in self.next.runs.iter().zip(&mut self.farthest) {
            if run.may_be_within(site.point.at, *farthest) {
                let lists = &mut self.lists;
                let listed = run.slots.clone().map(|slot| {
                    let chord2 = chord2(&tree.points()[slot], site.point.at);
                    list(lists, slot as u32, chord2, site.slot)
                });
                *farthest = listed.fold(0.0, f32::max);
            }
        }
    }

    /// Whether so many have been entered that have left the overlay again that it is better to begin anew.
    pub(crate) fn are_outdated(&self, overlay: &Overlay) -> bool {
        self.entered > 2 * overlay.len() + 256
    }

    /// What of the overlay can be within the squared chord `b2` of a position, `None` if nothing can; given that the
    /// packed entry in `slot` is at the squared chord `a2` from the position.
    #[inline]
    pub(crate) fn within(&self, slot: u32, a2: f64, b2: f64) -> Option<Among<'_>> {
        // (a + b)² ≤ 2 (a² + b²), with hardly a difference where the two are alike.
        let far2 = 2.0 * (a2 + b2);
        let next = self.next.chords2.get(slot as usize)?;
        if number(next.load(Ordering::Relaxed)) > far2 {
            return None;
        }
        let slots = match self.lists.get(slot) {
            Some(list) => {
                let chords2 = list.chords2.iter();
                let near = chords2.take_while(|chord2| f64::from(**chord2) <= far2);
                list.slots.get(..near.count())
            }
            None => Some(&[][..]),
        };
        Some(slots.map_or(Among::All, Among::Only))
    }
}

impl Next {
    fn of(points: &[Point]) -> Self {
        let far2 = || AtomicU32::new(FAR2.to_bits());
        let runs = (0..points.len()).step_by(RUN).map(|first| {
            let slots = first..points.len().min(first + RUN);
            let centre = points[first.midpoint(slots.end)].at;
            let chords2 = points[slots.clone()]
                .iter()
                .map(|point| point.at.chord2(centre));
            Run {
                slots,
                centre,
                radius: chords2.fold(0.0, f64::max).sqrt(),
                farthest: far2(),
            }
        });
        Self {
            chords2: points.iter().map(|_| far2()).collect(),
            runs: runs.collect(),
        }
    }

    fn enter(&self, points: &[Point], at: UnitVector) {
        for run in &self.runs {
            if !run.may_be_within(at, f32::from_bits(run.farthest.load(Ordering::Relaxed))) {
                continue;
            }
            let entered = run.slots.clone().map(|slot| {
                let chord2 = chord2(&points[slot], at).to_bits();
                let next = &self.chords2[slot];
                if chord2 < next.load(Ordering::Relaxed) {
                    next.fetch_min(chord2, Ordering::Relaxed);
                }
                next.load(Ordering::Relaxed)
            });
            // They may fall meanwhile, so this may be more than the greatest of them, but never less.
            let farthest = entered.fold(0, u32::max);
            run.farthest.store(farthest, Ordering::Relaxed);
        }
    }
}

impl Run {
    /// Whether an entry can be within the squared chord.
    fn may_be_within(&self, at: UnitVector, chord2: f32) -> bool {
        let far = self.radius + f64::from(chord2).sqrt();
        self.centre.chord2(at) * (1.0 - 4.0 * ERROR) <= far * far
    }
}

impl List {
    const EMPTY: Self = Self {
        slots: [0; LISTED],
        chords2: [FAR2; LISTED + 1],
    };

    /// A site that is listed already, from where it was before, is listed once, with the lesser chord.
    fn insert(&mut self, chord2: f32, slot: u32) {
        let listed = self.slots.iter().position(|own| *own == slot);
        let last = listed.unwrap_or(LISTED);
        let nearer = self.chords2[..=last].iter();
        let place = nearer.take_while(|own| **own <= chord2).count();
        if place > last {
            return;
        }
        insert_first(&mut self.chords2[place..=last], chord2);
        insert_first(&mut self.slots[place..LISTED.min(last + 1)], slot);
    }
}

/// Lists a site for a packed entry if it is near enough, and returns the last squared chord of the entry's list.
fn list(lists: &mut Paged<List>, entry: u32, chord2: f32, slot: u32) -> f32 {
    let last = |list: &List| list.chords2[LISTED];
    if lists.get(entry).is_some_and(|list| chord2 < last(list))
        && let Some(list) = lists.get_mut(entry)
    {
        list.insert(chord2, slot);
    }
    lists.get(entry).map_or(0.0, last)
}

/// Moves all on by one; the last drops out.
fn insert_first<T>(values: &mut [T], value: T) {
    values.rotate_right(usize::from(!values.is_empty()));
    if let Some(first) = values.first_mut() {
        *first = value;
    }
}

/// The squared chord from a point, or a little less.
fn chord2(point: &Point, at: UnitVector) -> f32 {
    (point.at.chord2(at) * (1.0 - ERROR)) as f32
}

fn number(bits: u32) -> f64 {
    f64::from(f32::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;
    use crate::id::SiteId;
    use crate::index::{All, Changed, Unpacked};

    fn near_the_equator(state: &mut u64) -> UnitVector {
        // Crowded in the middle, some in the same place.
        let mut step = || (60.0 * random(state).powi(3)).floor() * 0.001 + 0.000_3 * random(state);
        let at = [1.0, step(), step()];
        let length = at.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
        UnitVector(at.map(|axis| axis / length))
    }

    fn packed(count: u32, state: &mut u64) -> PackedTree {
        let mut unpacked: Vec<Unpacked> = (0..count)
            .map(|source| Unpacked {
                point: Point {
                    at: near_the_equator(state),
                    id: SiteId(u64::from(source)),
                },
                reach2: 0.0,
                source,
            })
            .collect();
        PackedTree::build(&mut unpacked)
    }

    /// One version with what it must hold.
    #[derive(Clone, Default)]
    struct Kept {
        overlay: Overlay,
        rivals: Rivals,
        sites: Vec<(u32, UnitVector)>,
    }

    impl Kept {
        fn change(&mut self, tree: &PackedTree, fresh: u32, state: &mut u64) {
            let (mut slot, mut at) = (fresh, near_the_equator(state));
            if self.sites.len() > 60 || random(state) < 0.2 && !self.sites.is_empty() {
                let place = (random(state) * self.sites.len() as f64) as usize;
                let (left, from) = self.sites.swap_remove(place);
                self.overlay.remove(left);
                if random(state) < 0.5 {
                    slot = left;
                }
                if random(state) < 0.5 {
                    at = from;
                }
            }
            let site = OverlayPoint {
                point: Point {
                    at,
                    id: SiteId(u64::from(slot)),
                },
                slot,
                reach2: 4.0,
                changed: Changed::PositionAndArea,
            };
            self.sites.push((slot, at));
            self.overlay.insert(site);
            self.rivals.enter(tree, &site);
            let rivals = &mut self.rivals;
            self.overlay.settle(|site| rivals.list(tree, site));
            if rivals.are_outdated(&self.overlay) {
                *rivals = Rivals::of(tree, &self.overlay);
            }
        }

        /// What a search finds within a squared chord, and whether it had to look at all.
        fn check(&self, tree: &PackedTree, from: UnitVector, slot: u32, b2: f64) -> bool {
            let mut expected: Vec<u32> = self
                .sites
                .iter()
                .filter(|(_, at)| from.chord2(*at) <= b2)
                .map(|(slot, _)| *slot)
                .collect();
            expected.sort_unstable();
            let a2 = from.chord2(tree.points()[slot as usize].at);
            let among = self.rivals.within(slot, a2, b2);
            let mut all = All::new(b2);
            if let Some(among) = among {
                self.overlay.search(from, among, &mut all);
            }
            let mut found: Vec<u32> = all.found.iter().map(|found| found.slot).collect();
            found.sort_unstable();
            assert_eq!(found, expected);
            among == Some(Among::All)
        }
    }

    #[test]
    fn nothing_within_is_left_out() {
        let mut state = 13;
        for count in [1, 63, 700] {
            let tree = packed(count, &mut state);
            let mut newest = Kept::default();
            let mut older = Vec::new();
            let (mut asked, mut searched) = (0, 0);
            for change in 0..1_200 {
                newest.change(&tree, 1_000 + change, &mut state);
                if change % 100 == 7 {
                    // Lowers what is shared with it, too.
                    let mut branch = newest.clone();
                    branch.change(&tree, 5_000, &mut state);
                    older.extend([newest.clone(), branch]);
                }
                let kept = older.iter().rev().take(3).chain([&newest]);
                for kept in kept {
                    let from = near_the_equator(&mut state);
                    let slot = (random(&mut state) * f64::from(count)) as u32;
                    kept.check(&tree, from, slot, 0.000_1 * random(&mut state));
                    let chord2 = |slot: &u32| from.chord2(tree.points()[*slot as usize].at);
                    let nearest = (0..count).min_by(|a, b| chord2(a).total_cmp(&chord2(b)));
                    let nearest = nearest.expect("there are points");
                    let all = kept.check(&tree, from, nearest, chord2(&nearest));
                    asked += 1;
                    searched += u32::from(all);
                }
            }
            assert!(
                count < 700 || 10 * searched < asked,
                "{searched} of {asked}"
            );
        }
    }
}
