use crate::geo::chord2_tied;
use crate::index::Point;
use crate::index::tiles::geometry::Outline;

/// Finds which points a tile must list. Holds the buffers, which are used again for every tile.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    points: &'a [Point],
    k: usize,
    /// Lists longer than this are not thinned by dominance: the tile will be split anyhow.
    thinned_max: usize,
    in_range: Vec<Near>,
    chords2: Vec<f64>,
    listed: Vec<Seen>,
}

/// A point within range of a tile.
#[derive(Clone, Copy, Debug)]
struct Near {
    chord2: f64,
    slot: u32,
}

/// A listed point as seen from the corners.
#[derive(Clone, Copy, Debug)]
struct Seen {
    corner2: [f64; 4],
    point: Point,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(points: &'a [Point], k: usize, thinned_max: usize) -> Self {
        Self {
            points,
            k,
            thinned_max,
            in_range: Vec::new(),
            chords2: Vec::new(),
            listed: Vec::new(),
        }
    }

    /// Appends to `list` the slots out of `source` that the tile must list, nearest to its centre first, and
    /// returns the chord from the centre to the k-th nearest point. `source` must hold all that it must list.
    pub(super) fn select(&mut self, tile: &Outline, source: &[u32], list: &mut Vec<u32>) -> f64 {
        let kth = self.range(tile, source);
        if self.in_range.len() > self.thinned_max {
            list.extend(self.in_range.iter().map(|near| near.slot));
        } else {
            self.in_range.sort_unstable_by(|a, b| {
                let id = |near: &Near| self.points[near.slot as usize].id;
                a.chord2
                    .total_cmp(&b.chord2)
                    .then_with(|| id(a).cmp(&id(b)))
            });
            self.thin(tile, list);
        }
        kth
    }

    /// Step 1: all within d + 2R of the centre, and room for ties.
    fn range(&mut self, tile: &Outline, source: &[u32]) -> f64 {
        let centre = tile.centre;
        self.chords2.clear();
        self.chords2.extend(
            source
                .iter()
                .map(|slot| self.points[*slot as usize].at.chord2(centre)),
        );
        let kth = self.kth_smallest().sqrt();
        let reach = reach_of(tile.radius, kth);
        self.in_range.clear();
        let near = source
            .iter()
            .zip(&self.chords2)
            .filter(|(_, chord2)| **chord2 <= reach);
        self.in_range.extend(near.map(|(slot, chord2)| Near {
            chord2: *chord2,
            slot: *slot,
        }));
        kth
    }

    fn kth_smallest(&self) -> f64 {
        if self.k == 1 {
            return self.chords2.iter().copied().fold(f64::INFINITY, f64::min);
        }
        if self.chords2.len() <= self.k {
            return self.chords2.iter().copied().fold(0.0, f64::max);
        }
        let mut chords2 = self.chords2.clone();
        *chords2.select_nth_unstable_by(self.k - 1, f64::total_cmp).1
    }

    /// Step 2: drops every point that k listed ones beat all over the tile.
    fn thin(&mut self, tile: &Outline, list: &mut Vec<u32>) {
        self.listed.clear();
        for near in &self.in_range {
            let point = self.points[near.slot as usize];
            let corner2 = tile.corners.map(|corner| corner.chord2(point.at));
            let seen = Seen { corner2, point };
            let farthest = corner2.iter().copied().fold(0.0, f64::max);
            let margin = chord2_tied(farthest) - farthest;
            let beaten = self
                .listed
                .iter()
                .filter(|other| other.beats(&seen, margin))
                .take(self.k)
                .count();
            if beaten < self.k {
                self.listed.push(seen);
                list.push(near.slot);
            }
        }
    }
}

impl Seen {
    #[inline]
    fn beats(&self, other: &Self, margin: f64) -> bool {
        let ahead = |corner: usize| self.corner2[corner] + margin <= other.corner2[corner];
        (ahead(0) & ahead(1) & ahead(2) & ahead(3))
            || (self.point.at == other.point.at && self.point.id < other.point.id)
    }
}

/// The squared chord from the centre within which all lie that can be among the k nearest somewhere in a tile of this
/// radius, if the k-th nearest to the centre is `kth` away.
pub(super) fn reach_of(radius: f64, kth: f64) -> f64 {
    let farthest = kth + radius;
    let reach = chord2_tied(farthest * farthest).sqrt() + radius;
    reach * reach * (1.0 + 1e-12)
}
