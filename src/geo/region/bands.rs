//! Which edges can a point of a given latitude meet? Those of its band.

use geo::Coord;
use geo::kernels::Orientation;

use super::outline::{Ring, side};

/// The edges of a region, found by bands of latitude of equal height.
///
/// A point's winding number is counted along the ray to its east: edges going north on its right count +1,
/// edges going south -1. As the polygon lies to the left of each of its edges, that is the number of polygons round
/// the point. An edge has its southern end but not its northern one, so a vertex on the ray counts once or
/// not at all.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    /// Ring after ring, each closed: edge number i goes from vertex i to vertex i + 1.
    vertices: Box<[Coord<f64>]>,
    /// The numbers of the edges that meet each band, one band after the other.
    edges: Box<[u32]>,
    /// Where in `edges` each band starts, and where the last one ends.
    starts: Box<[u32]>,
    scale: Scale,
}

/// From latitude to band. It is monotone also as computed: an edge meets exactly the bands between those of its ends.
#[derive(Clone, Copy, Debug)]
struct Scale {
    south: f64,
    bands_per_degree: f64,
    last: usize,
}

impl Bands {
    /// Half as many bands as edges: two edges end in each, on average. Fewer where edges are long: an edge is listed
    /// in [`LISTED_MAX`] bands on average at most, which bounds the memory.
    pub(super) fn of(rings: &[Ring]) -> Self {
        let vertices: Box<[_]> = rings
            .iter()
            .flat_map(|ring| ring.vertices.iter().copied())
            .collect();
        let numbers = edge_numbers(rings);
        let (south, north) = vertices.iter().fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(south, north), vertex| (south.min(vertex.y), north.max(vertex.y)),
        );
        let mut bands = (numbers.len() / 2).max(1);
        let scale = loop {
            let scale = Scale::new(south, north, bands);
            let listed: usize = numbers
                .iter()
                .map(|&edge| {
                    let (low, high) = scale.bands_of(&vertices, edge);
                    high - low + 1
                })
                .sum();
            if bands == 1 || listed <= LISTED_MAX * numbers.len() {
                break scale;
            }
            bands /= 2;
        };
        let (starts, edges) = list(&vertices, &numbers, scale);
        Self {
            vertices,
            edges,
            starts,
            scale,
        }
    }

    /// Whether a point is inside or on the boundary.
    ///
    /// The side of each edge comes from a float determinant and its error bound; where that does not decide, on
    /// the boundary first of all, the band is done again exactly. The bound is J. R. Shewchuk's, *Adaptive
    /// Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates*, Discrete & Computational Geometry 18
    /// (1997), p. 334: (3 + 16ε)ε with ε = 2⁻⁵³. No branch depends on an edge: they can't be foretold.
    #[inline]
    #[allow(clippy::needless_bitwise_bool)]
    pub(super) fn contains(&self, point: Coord<f64>) -> bool {
        const EPSILON: f64 = f64::EPSILON / 2.0;
        const ERROR: f64 = (3.0 + 16.0 * EPSILON) * EPSILON;
        let Coord { x, y } = point;
        let mut winding = 0_i32;
        let mut undecided = false;
        for &edge in self.edges_at(y) {
            let (from, to) = self.ends(edge);
            let left = (to.x - from.x) * (y - from.y);
            let right = (to.y - from.y) * (x - from.x);
            let determinant = left - right;
            let (from_below, to_below) = (from.y <= y, to.y <= y);
            let north = from_below & !to_below & (determinant > 0.0);
            let south = to_below & !from_below & (determinant < 0.0);
            winding += i32::from(north) - i32::from(south);
            let meets = (from_below | to_below) & ((from.y >= y) | (to.y >= y));
            undecided |= meets & (determinant.abs() <= ERROR * (left.abs() + right.abs()));
        }
        if undecided {
            return self.contains_exactly(point);
        }
        winding > 0
    }

    #[cold]
    fn contains_exactly(&self, point: Coord<f64>) -> bool {
        let mut winding = 0_i32;
        for &edge in self.edges_at(point.y) {
            let (from, to) = self.ends(edge);
            let side = side(from, to, point);
            if side == Orientation::Collinear && in_box(from, to, point) {
                return true;
            }
            let (from_below, to_below) = (from.y <= point.y, to.y <= point.y);
            if from_below && !to_below && side == Orientation::CounterClockwise {
                winding += 1;
            } else if to_below && !from_below && side == Orientation::Clockwise {
                winding -= 1;
            }
        }
        winding > 0
    }

    #[inline]
    fn edges_at(&self, lat: f64) -> &[u32] {
        let band = self.scale.band(lat);
        &self.edges[self.starts[band] as usize..self.starts[band + 1] as usize]
    }

    #[inline]
    fn ends(&self, edge: u32) -> (Coord<f64>, Coord<f64>) {
        let ends = &self.vertices[edge as usize..edge as usize + 2];
        (ends[0], ends[1])
    }
}

/// How many bands an edge may be listed in on average. Outlines of districts and circles need 2 to 3.
const LISTED_MAX: usize = 4;

impl Scale {
    fn new(south: f64, north: f64, bands: usize) -> Self {
        Self {
            south,
            bands_per_degree: bands as f64 / (north - south),
            last: bands - 1,
        }
    }

    #[inline]
    fn band(self, lat: f64) -> usize {
        // The cast drops the fraction; it makes 0 of NaN, which 0 times infinity could give in a flat region.
        (((lat - self.south) * self.bands_per_degree) as usize).min(self.last)
    }

    /// The first and the last band an edge meets.
    fn bands_of(self, vertices: &[Coord<f64>], edge: u32) -> (usize, usize) {
        let from = self.band(vertices[edge as usize].y);
        let to = self.band(vertices[edge as usize + 1].y);
        (from.min(to), from.max(to))
    }
}

/// All numbers of vertices but the last of each ring, from which no edge goes.
fn edge_numbers(rings: &[Ring]) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut start = 0;
    for ring in rings {
        let end = start + ring.vertices.len() as u32;
        numbers.extend(start..end - 1);
        start = end;
    }
    numbers
}

/// Counts, then places: the edges of every band in order of their numbers, and where each band starts.
fn list(vertices: &[Coord<f64>], numbers: &[u32], scale: Scale) -> (Box<[u32]>, Box<[u32]>) {
    let mut starts = vec![0_u32; scale.last + 2];
    for &edge in numbers {
        let (low, high) = scale.bands_of(vertices, edge);
        for band in low..=high {
            starts[band + 1] += 1;
        }
    }
    for band in 0..=scale.last {
        starts[band + 1] += starts[band];
    }
    let mut next = starts.clone();
    let mut edges = vec![0_u32; starts[scale.last + 1] as usize];
    for &edge in numbers {
        let (low, high) = scale.bands_of(vertices, edge);
        for slot in &mut next[low..=high] {
            edges[*slot as usize] = edge;
            *slot += 1;
        }
    }
    (starts.into(), edges.into())
}

fn in_box(from: Coord<f64>, to: Coord<f64>, point: Coord<f64>) -> bool {
    (from.x.min(to.x)..=from.x.max(to.x)).contains(&point.x)
        && (from.y.min(to.y)..=from.y.max(to.y)).contains(&point.y)
}
