//! The rings of a shape in plain form: checked one by one, closed, without repeated vertices, all directed so that
//! the polygon lies to their left.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, LineString, MultiPolygon};

use super::{RegionError, RingIndex, lng_lat};

/// A shape whose rings are sound in themselves, but may still cross themselves and each other.
#[derive(Debug)]
pub(super) struct Outline {
    rings: Vec<Ring>,
}

/// A closed ring: the last vertex is the first; no two in a row are equal. Shells run counterclockwise, holes
/// clockwise, so the polygon lies to the left of every edge.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) index: RingIndex,
    pub(super) vertices: Vec<Coord<f64>>,
}

impl Outline {
    pub(super) fn of(shape: &MultiPolygon<f64>) -> Result<Self, RegionError> {
        let mut rings = Vec::new();
        for (polygon, rings_of_polygon) in shape.iter().enumerate() {
            let holes = rings_of_polygon.interiors();
            let all = core::iter::once(rings_of_polygon.exterior()).chain(holes);
            for (ring, line) in all.enumerate() {
                rings.push(Ring::of(line, RingIndex { polygon, ring })?);
            }
        }
        if rings.is_empty() {
            return Err(RegionError::Empty);
        }
        Ok(Self { rings })
    }

    /// The rings of one polygon after the other, its shell first.
    pub(super) fn polygons(&self) -> impl Iterator<Item = &[Ring]> {
        self.rings
            .chunk_by(|a, b| a.index.polygon == b.index.polygon)
    }

    pub(super) fn rings(&self) -> &[Ring] {
        &self.rings
    }

    /// The south-west and north-east corner of the box round all vertices.
    pub(super) fn bounds(&self) -> (Coord<f64>, Coord<f64>) {
        let vertices = self.rings.iter().flat_map(|ring| &ring.vertices);
        vertices.fold(
            (
                Coord {
                    x: f64::INFINITY,
                    y: f64::INFINITY,
                },
                Coord {
                    x: f64::NEG_INFINITY,
                    y: f64::NEG_INFINITY,
                },
            ),
            |(low, high), vertex| {
                (
                    Coord {
                        x: low.x.min(vertex.x),
                        y: low.y.min(vertex.y),
                    },
                    Coord {
                        x: high.x.max(vertex.x),
                        y: high.y.max(vertex.y),
                    },
                )
            },
        )
    }

    /// The narrower of two intervals of longitude round all vertices: the one within ±180°, and the one with the
    /// polygons of the western hemisphere moved by 360° to the east, which suits shapes cut at the antimeridian.
    pub(super) fn longitudes(&self) -> (f64, f64) {
        let mut plain = (f64::INFINITY, f64::NEG_INFINITY);
        let mut moved = plain;
        for rings in self.polygons() {
            // The shell is enough: holes are inside.
            let shell = rings.iter().take(1).flat_map(|ring| &ring.vertices);
            let (west, east) = shell.fold(
                (f64::INFINITY, f64::NEG_INFINITY),
                |(west, east), vertex| (west.min(vertex.x), east.max(vertex.x)),
            );
            let turn = if east <= 0.0 { 360.0 } else { 0.0 };
            plain = (plain.0.min(west), plain.1.max(east));
            moved = (moved.0.min(west + turn), moved.1.max(east + turn));
        }
        if moved.1 - moved.0 < plain.1 - plain.0 {
            moved
        } else {
            plain
        }
    }
}

impl Ring {
    fn of(line: &LineString<f64>, index: RingIndex) -> Result<Self, RegionError> {
        let mut vertices = Vec::with_capacity(line.0.len() + 1);
        for &vertex in &line.0 {
            check_vertex(vertex, index)?;
            // Adding zero turns -0.0 into 0.0, so that equal vertices have equal bits.
            let vertex = Coord {
                x: vertex.x + 0.0,
                y: vertex.y + 0.0,
            };
            if vertices.last() != Some(&vertex) {
                vertices.push(vertex);
            }
        }
        if vertices.len() > 1 && vertices.first() == vertices.last() {
            vertices.pop();
        }
        if vertices.len() < 3 {
            return Err(RegionError::TooFewVertices {
                ring: index,
                vertices: vertices.len(),
            });
        }
        vertices.push(vertices[0]);
        check_jumps(&vertices, index)?;
        let counterclockwise = direction(&vertices[1..], index)?;
        if counterclockwise != (index.ring == 0) {
            vertices.reverse();
        }
        Ok(Self { index, vertices })
    }
}

/// On which side of the line from `from` to `to` a point lies: counterclockwise is left. Exact.
#[inline]
pub(super) fn side(from: Coord<f64>, to: Coord<f64>, point: Coord<f64>) -> Orientation {
    RobustKernel::orient2d(from, to, point)
}

fn check_vertex(vertex: Coord<f64>, ring: RingIndex) -> Result<(), RegionError> {
    let at = lng_lat(vertex);
    if !(vertex.x.is_finite() && vertex.y.is_finite()) {
        return Err(RegionError::NotFinite { ring, at });
    }
    if vertex.x.abs() > 180.0 || vertex.y.abs() > 90.0 {
        return Err(RegionError::OutOfRange { ring, at });
    }
    Ok(())
}

fn check_jumps(closed: &[Coord<f64>], ring: RingIndex) -> Result<(), RegionError> {
    for edge in closed.windows(2) {
        let (from, to) = (edge[0], edge[1]);
        let degrees = (from.x - to.x).abs();
        // 360° go from one name of the antimeridian to the other: a whole parallel.
        if degrees > 180.0 && degrees < 360.0 {
            let (from, to) = (lng_lat(from), lng_lat(to));
            return Err(RegionError::Antimeridian { ring, from, to });
        }
    }
    Ok(())
}

/// Whether an open ring of three or more vertices runs counterclockwise, if it is simple.
///
/// At the westernmost vertex (the southernmost of several) a simple ring makes a proper turn, the same way as the
/// whole ring does.
fn direction(vertices: &[Coord<f64>], ring: RingIndex) -> Result<bool, RegionError> {
    let count = vertices.len();
    let (first, second) = (vertices[0], vertices[1]);
    if vertices
        .iter()
        .all(|&vertex| side(first, second, vertex) == Orientation::Collinear)
    {
        return Err(RegionError::NoArea { ring });
    }
    let mut extreme = 0;
    for (slot, vertex) in vertices.iter().enumerate() {
        if (vertex.x, vertex.y) < (vertices[extreme].x, vertices[extreme].y) {
            extreme = slot;
        }
    }
    let at = vertices[extreme];
    let before = vertices[(extreme + count - 1) % count];
    let after = vertices[(extreme + 1) % count];
    match side(before, at, after) {
        Orientation::CounterClockwise => Ok(true),
        Orientation::Clockwise => Ok(false),
        // Both neighbours lie the same way from the extreme vertex: the ring runs back on itself.
        Orientation::Collinear => Err(RegionError::SelfIntersection {
            ring,
            at: lng_lat(at),
        }),
    }
}
