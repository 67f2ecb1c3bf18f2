use core::ops::Range;

use crate::geo::UnitVector;
use crate::index::Point;
use crate::index::tiles::candidates::reach_of;
use crate::index::tiles::geometry::Outline;

/// A box holds so many points at most; then looking at each is as fast as looking at two boxes.
const BOX_MAX: usize = 8;

/// Finds the points that a root tile may have to list, also from across the Earth.
///
/// The tree is cut at planes, and its outermost cells have no end: to somebody far away none of them is certainly far,
/// and a search goes through a whole town. Boxes just round the points have an end. They are those of the tree's own
/// cells, since the points come in its order.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    points: &'a [Point],
    /// Number 1 holds all points, 2n and 2n + 1 the halves of n. There is no number 0.
    boxes: Vec<Bounds>,
}

impl<'a> Sources<'a> {
    /// For points in the order of their tree. O(n).
    pub(super) fn of(points: &'a [Point]) -> Self {
        let leaves = points.len().div_ceil(BOX_MAX).next_power_of_two();
        let mut sources = Self {
            points,
            boxes: vec![Bounds::EMPTY; 2 * leaves],
        };
        for number in (1..2 * leaves).rev() {
            sources.boxes[number] = if number < leaves {
                sources.boxes[2 * number].and(&sources.boxes[2 * number + 1])
            } else {
                let held = &points[sources.held(number)];
                held.iter().fold(Bounds::EMPTY, |bounds, point| {
                    bounds.and(&Bounds::at(point.at))
                })
            };
        }
        sources
    }

    /// All slots that a root tile may have to list for the `k` nearest, in order; none if the tile is far and they are
    /// more than `far_max`. Else every tile of the empty land between two cities would gather a whole city.
    pub(super) fn gather(&self, tile: &Outline, k: usize, far_max: usize) -> Vec<u32> {
        let mut nearest = Vec::with_capacity(k + 1);
        let mut bound = f64::INFINITY;
        self.search(1, tile.centre, &mut bound, &mut |_, chord2| {
            nearest.insert(nearest.partition_point(|other| *other <= chord2), chord2);
            nearest.truncate(k);
            *nearest.get(k - 1).unwrap_or(&f64::INFINITY)
        });
        let kth = nearest.last().map_or(0.0, |chord2: &f64| chord2.sqrt());
        let reach = reach_of(tile.radius, kth);
        let most = if tile.is_far(kth) {
            far_max
        } else {
            usize::MAX
        };
        let mut slots = Vec::new();
        bound = reach;
        self.search(1, tile.centre, &mut bound, &mut |slot, _| {
            slots.push(slot);
            // A negative bound ends the search.
            if slots.len() > most { -1.0 } else { reach }
        });
        if slots.len() > most {
            slots.clear();
        }
        slots.sort_unstable();
        slots
    }

    /// Shows every point of a box within the squared chord `bound`, with its own; each time `show` says the next bound.
    fn search(
        &self,
        number: usize,
        from: UnitVector,
        bound: &mut f64,
        show: &mut impl FnMut(u32, f64) -> f64,
    ) {
        if 2 * number >= self.boxes.len() {
            for slot in self.held(number) {
                let chord2 = self.points[slot].at.chord2(from);
                if chord2 <= *bound {
                    *bound = show(slot as u32, chord2);
                }
            }
            return;
        }
        let mut halves =
            [2 * number, 2 * number + 1].map(|half| (self.boxes[half].chord2(from), half));
        if halves[1].0 < halves[0].0 {
            halves.swap(0, 1);
        }
        for (chord2, half) in halves {
            if chord2 <= *bound {
                self.search(half, from, bound, show);
            }
        }
    }

    /// The slots of the points in a box.
    fn held(&self, number: usize) -> Range<usize> {
        let level = number.ilog2();
        let place = number - (1 << level);
        let start = |place: usize| (self.points.len() * place) >> level;
        start(place)..start(place + 1)
    }
}

/// A box along the axes.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: [f64; 3],
    most: [f64; 3],
}

impl Bounds {
    const EMPTY: Self = Self {
        least: [f64::INFINITY; 3],
        most: [f64::NEG_INFINITY; 3],
    };

    fn at(place: UnitVector) -> Self {
        Self {
            least: place.0,
            most: place.0,
        }
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            least: [0, 1, 2].map(|axis| self.least[axis].min(other.least[axis])),
            most: [0, 1, 2].map(|axis| self.most[axis].max(other.most[axis])),
        }
    }

    /// At most the squared chord to any place in the box. It is added up like that of a place, so that rounding cannot
    /// make it more.
    fn chord2(&self, from: UnitVector) -> f64 {
        let nearest = [0, 1, 2].map(|axis| from.0[axis].max(self.least[axis]).min(self.most[axis]));
        UnitVector(nearest).chord2(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::{LngLat, random};
    use crate::id::SiteId;
    use crate::index::tiles::geometry::{Frame, Tile};
    use crate::index::{PackedTree, Unpacked};

    fn tree(places: impl Iterator<Item = UnitVector>) -> PackedTree {
        let unpacked = |(number, at): (u32, UnitVector)| Unpacked {
            point: Point {
                at,
                id: SiteId(u64::from(number)),
            },
            reach2: 0.0,
            source: number,
        };
        PackedTree::build(&mut (0..).zip(places).map(unpacked).collect::<Vec<_>>())
    }

    fn in_town(state: &mut u64) -> UnitVector {
        UnitVector::of_degrees(LngLat {
            lng: 121.4 + 0.3 * random(state),
            lat: 31.2 + 0.3 * random(state),
        })
    }

    fn anywhere(state: &mut u64) -> UnitVector {
        UnitVector::of_degrees(LngLat {
            lng: 360.0 * random(state) - 180.0,
            lat: 180.0 * random(state) - 90.0,
        })
    }

    #[test]
    fn gathers_what_a_loop_would() {
        let mut state = 11;
        let mut given_up = 0;
        for count in [16, 17, 100, 2_000] {
            // Most are in one town, each sixth is anywhere on Earth, and two of six stand at the same place.
            let mut last = in_town(&mut state);
            let places = (0..count).map(|number| {
                last = match number % 6 {
                    0 => anywhere(&mut state),
                    5 => last,
                    _ => in_town(&mut state),
                };
                last
            });
            let tree = tree(places);
            let (points, sources) = (tree.points(), Sources::of(tree.points()));
            let frame = Frame::of(points).expect("not all at a pole");
            for round in 0..1_000 {
                let level = 3 + (random(&mut state) * 22.0) as u32;
                let side = 360.0 / f64::from(1_u32 << level);
                let outline = frame.outline(Tile {
                    level,
                    column: (random(&mut state) * 360.0 / side) as u32,
                    row: ((5.0 + 170.0 * random(&mut state)) / side) as u32,
                });
                let k = if round % 2 == 0 { 1 } else { 8 };
                let chords2: Vec<f64> = points
                    .iter()
                    .map(|point| point.at.chord2(outline.centre))
                    .collect();
                let mut sorted = chords2.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                let kth = sorted[k - 1].sqrt();
                let reach = reach_of(outline.radius, kth);
                let in_range = |slot: &u32| chords2[*slot as usize] <= reach;
                let mut expected: Vec<u32> = (0..count as u32).filter(in_range).collect();
                if outline.is_far(kth) && expected.len() > 64 {
                    expected.clear();
                    given_up += 1;
                }
                assert_eq!(
                    sources.gather(&outline, k, 64),
                    expected,
                    "{count} {outline:?}"
                );
            }
        }
        assert!(given_up > 20, "{given_up}");
    }

    /// From afar hardly any box can hold the nearest point, though a cell of the tree without end could.
    #[test]
    fn boxes_are_far_from_who_is_far() {
        let mut state = 13;
        let town = tree((0..2_000).map(|_| in_town(&mut state)));
        let sources = Sources::of(town.points());
        let boxes = &sources.boxes[sources.boxes.len() / 2..];
        let mut near = 0;
        for _ in 0..200 {
            let from = anywhere(&mut state);
            let chords2 = town.points().iter().map(|point| point.at.chord2(from));
            let nearest = chords2.fold(4.0, f64::min);
            near += boxes
                .iter()
                .filter(|bounds| bounds.chord2(from) <= nearest)
                .count();
        }
        assert!(near <= 200 * boxes.len() / 20, "{near}");
    }
}
