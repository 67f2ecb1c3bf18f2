use fearless_simd::{Level, dispatch};

use crate::geo::chord2_tied;
use crate::index::Point;
use crate::index::tiles::Tiles;
use crate::index::tiles::geometry::Outline;

/// Finds which points a tile must list. Holds the buffers, which are used again for every tile.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    points: &'a [Point],
    k: usize,
    /// Lists longer than this are not thinned by dominance: the tile will be split anyhow, or given up.
    thinned_max: usize,
    in_range: Vec<Near>,
    listed: Vec<Near>,
    /// How far the listed points are from each corner, squared.
    corners2: [Vec<f64>; 4],
}

/// A point within range of a tile.
#[derive(Clone, Copy, Debug)]
struct Near {
    chord2: f64,
    slot: u32,
}

impl Near {
    /// Bits of floats that are not negative are in the order of the floats, and faster to sort by.
    fn key(&self) -> u64 {
        self.chord2.to_bits()
    }
}

impl<'a> Candidates<'a> {
    /// For lists that are to hold `short` points if it can be helped.
    pub(super) fn new(points: &'a [Point], k: usize, short: usize) -> Self {
        Self {
            points,
            k,
            thinned_max: 4 * short + 16,
            in_range: Vec::new(),
            listed: Vec::new(),
            corners2: [const { Vec::new() }; 4],
        }
    }

    /// How many points in range of a tile that [is far](Outline::is_far) are looked at. If there are more, it lists
    /// none: from afar all points of a town are in range, however small the tile. Up to that many are thinned at once,
    /// since splitting would not make them fewer.
    pub(super) fn far_max(&self) -> usize {
        self.thinned_max.max(Tiles::LONG)
    }

    /// Appends to `list` the slots out of `source` that the tile must list, nearest to its centre first, and
    /// returns the chord from the centre to the k-th nearest point. `source` must hold all that it must list.
    pub(super) fn select(&mut self, tile: &Outline, source: &[u32], list: &mut Vec<u32>) -> f64 {
        dispatch!(Level::new(), _simd => self.select_inlined(tile, source, list))
    }

    #[inline(always)]
    fn select_inlined(&mut self, tile: &Outline, source: &[u32], list: &mut Vec<u32>) -> f64 {
        let kth = self.range(tile, source);
        let thinned_max = if tile.is_far(kth) {
            self.far_max()
        } else {
            self.thinned_max
        };
        if self.in_range.len() > thinned_max {
            list.extend(self.in_range.iter().map(|near| near.slot));
        } else {
            self.sort();
            self.thin(tile, list);
        }
        kth
    }

    /// Step 1: all within d + 2R of the centre, and room for ties.
    #[inline(always)]
    fn range(&mut self, tile: &Outline, source: &[u32]) -> f64 {
        self.in_range.clear();
        self.in_range.extend(source.iter().map(|slot| Near {
            chord2: self.points[*slot as usize].at.chord2(tile.centre),
            slot: *slot,
        }));
        let kth = self.kth_smallest().sqrt();
        let reach = reach_of(tile.radius, kth);
        self.in_range.retain(|near| near.chord2 <= reach);
        kth
    }

    fn kth_smallest(&mut self) -> f64 {
        let near = &mut self.in_range;
        if 1 < self.k && self.k < near.len() {
            return near
                .select_nth_unstable_by_key(self.k - 1, Near::key)
                .1
                .chord2;
        }
        let chords2 = near.iter().map(|near| near.chord2);
        if self.k == 1 {
            chords2.fold(f64::INFINITY, f64::min)
        } else {
            chords2.fold(0.0, f64::max)
        }
    }

    /// Nearest first, then by id. The ids lie elsewhere and are looked up for ties alone.
    fn sort(&mut self) {
        self.in_range.sort_unstable_by_key(Near::key);
        for tied in self
            .in_range
            .chunk_by_mut(|a, b| Near::key(a) == Near::key(b))
        {
            if tied.len() > 1 {
                tied.sort_unstable_by_key(|near| self.points[near.slot as usize].id);
            }
        }
    }

    /// Step 2: drops every point that k listed ones beat all over the tile.
    #[inline(always)]
    fn thin(&mut self, tile: &Outline, list: &mut Vec<u32>) {
        self.listed.clear();
        self.corners2.iter_mut().for_each(Vec::clear);
        for near in &self.in_range {
            let at = self.points[near.slot as usize].at;
            let corner2 = [
                tile.corners[0].chord2(at),
                tile.corners[1].chord2(at),
                tile.corners[2].chord2(at),
                tile.corners[3].chord2(at),
            ];
            let farthest = corner2.iter().copied().fold(0.0, f64::max);
            let margin = chord2_tied(farthest) - farthest;
            // Those at the very same place are as far from the centre, and those with smaller ids come first.
            let as_far = self.listed.iter().rev();
            let same_place = as_far
                .take_while(|other| other.chord2 >= near.chord2)
                .filter(|other| self.points[other.slot as usize].at == at)
                .count();
            if count_ahead(&self.corners2, corner2, margin) + same_place < self.k {
                self.listed.push(*near);
                for (corners2, corner2) in self.corners2.iter_mut().zip(corner2) {
                    corners2.push(corner2);
                }
                list.push(near.slot);
            }
        }
    }
}

/// How many points are nearer to all corners by a margin. No loop is left early, so that it vectorises.
#[expect(clippy::needless_bitwise_bool, reason = "nothing may branch")]
#[inline(always)]
fn count_ahead(corners2: &[Vec<f64>; 4], limits: [f64; 4], margin: f64) -> usize {
    let [a, b, c, d] = corners2;
    let mut count = 0;
    for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
        let ahead = (a + margin <= limits[0])
            & (b + margin <= limits[1])
            & (c + margin <= limits[2])
            & (d + margin <= limits[3]);
        count += usize::from(ahead);
    }
    count
}

/// The squared chord from the centre within which all lie that can be among the k nearest somewhere in a tile of this
/// radius, if the k-th nearest to the centre is `kth` away.
pub(super) fn reach_of(radius: f64, kth: f64) -> f64 {
    let farthest = kth + radius;
    let reach = chord2_tied(farthest * farthest).sqrt() + radius;
    reach * reach * (1.0 + 1e-12)
}
