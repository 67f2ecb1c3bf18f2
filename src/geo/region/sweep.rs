//! Are the rings of a polygon simple, and nested as they should be? One sweep tells.
//!
//! **Idea.** A vertical line moves over the plane from west to east and keeps the edges it meets from south to north
//! (M. I. Shamos, D. Hoey, *Geometric Intersection Problems*, FOCS 1976, p. 208). Where two edges cross, they were
//! neighbours in that order just before; so it is enough to test neighbours, each time two edges become so.
//!
//! **Nesting.** The same neighbours tell whether rings are nested: the polygon lies to the left of every edge, so
//! each edge knows what is directly north and directly south of it ([`Ground`]). In a valid polygon neighbours
//! agree about the ground between them, and below the first and above the last edge is the outside. Conversely, if they
//! agree everywhere then every place is in the shell and in at most one hole.
//!
//! **Touching.** Rings may touch each other in points: touching edges keep their order, so the sweep is not disturbed.
//! A ring may not touch itself: its vertices are distinct, and none lies on another edge of the ring.
//!
//! "West" is west, or south on the same meridian, so that edges along meridians need no special case. Sides come
//! from the exact predicate. For n vertices: O(n log n) comparisons; the order is a plain vector, whose insertions move
//! O(n) words at worst but few in a shape that is not a comb.

use core::cmp::Ordering;

use geo::Coord;
use geo::kernels::Orientation;

use super::outline::{Outline, Ring, side};
use super::{RegionError, lng_lat};

pub(super) fn check(outline: &Outline) -> Result<(), RegionError> {
    outline.polygons().try_for_each(check_polygon)
}

fn check_polygon(rings: &[Ring]) -> Result<(), RegionError> {
    let edges = Edge::all(rings);
    let vertices = Vertex::all(rings);
    let mut sweep = Sweep {
        rings,
        edges: &edges,
        order: Vec::new(),
        misfit: None,
    };
    for vertices in vertices.chunk_by(|a, b| a.at == b.at) {
        sweep.pass(vertices)?;
    }
    // Crossings explain misfits, so those are reported only when there are none.
    sweep.misfit.map_or(Ok(()), Err)
}

/// An edge, its ends in the order of the sweep.
#[derive(Clone, Copy, Debug)]
struct Edge {
    west: Coord<f64>,
    east: Coord<f64>,
    ring: usize,
    /// What lies directly to the right of it, seen from its western end.
    south: Ground,
    /// What lies directly to the left of it.
    north: Ground,
}

/// What lies beside an edge: the polygon itself, or what its ring keeps out, which is the outside for the shell (ring
/// 0) and the hole for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Polygon,
    Beyond { ring: usize },
}

const OUTSIDE: Ground = Ground::Beyond { ring: 0 };

/// A vertex, and the two edges it joins.
#[derive(Clone, Copy, Debug)]
struct Vertex {
    at: Coord<f64>,
    ring: usize,
    edges: [u32; 2],
}

struct Sweep<'a> {
    rings: &'a [Ring],
    edges: &'a [Edge],
    /// The edges that the line meets, from south to north.
    order: Vec<u32>,
    /// The first place where neighbours disagree about the ground between them.
    misfit: Option<RegionError>,
}

impl Sweep<'_> {
    /// Moves the line past a point: edges that end there go, edges that start there come, new neighbours are tested.
    fn pass(&mut self, vertices: &[Vertex]) -> Result<(), RegionError> {
        let at = vertices[0].at;
        if let Some(pair) = vertices
            .windows(2)
            .find(|pair| pair[0].ring == pair[1].ring)
        {
            return Err(self.self_intersection(pair[0].ring, at));
        }
        let mut changed = Gaps {
            first: usize::MAX,
            last: 0,
        };
        let edges = || vertices.iter().flat_map(|vertex| vertex.edges);
        for edge in edges().filter(|&edge| self.edges[edge as usize].east == at) {
            let slot = self.slot_of(edge);
            self.order.remove(slot);
            changed.close(slot);
        }
        for edge in edges().filter(|&edge| self.edges[edge as usize].west == at) {
            let slot = self.slot_for(edge);
            self.order.insert(slot, edge);
            changed.open(slot);
        }
        self.check_touching(vertices, &changed)?;
        (changed.first..=changed.last).try_for_each(|gap| self.check_gap(gap, at))
    }

    /// Tests whether a vertex lies inside an edge of its own ring. The edges through a point are neighbours.
    fn check_touching(&self, vertices: &[Vertex], changed: &Gaps) -> Result<(), RegionError> {
        let at = vertices[0].at;
        let edge = |&slot: &u32| &self.edges[slot as usize];
        let through = |edge: &&Edge| side(edge.west, edge.east, at) == Orientation::Collinear;
        let below = self.order[..changed.first]
            .iter()
            .rev()
            .map(edge)
            .take_while(through);
        let between = self.order[changed.first..changed.last].iter().map(edge);
        let above = self.order[changed.last..]
            .iter()
            .map(edge)
            .take_while(through);
        let mut passing = below
            .chain(between)
            .chain(above)
            .filter(|edge| edge.west != at);
        match passing.find(|edge| vertices.iter().any(|vertex| vertex.ring == edge.ring)) {
            Some(edge) => Err(self.self_intersection(edge.ring, at)),
            None => Ok(()),
        }
    }

    /// Tests the edges on both sides of a gap in the order: gap g is south of the edge in slot g.
    fn check_gap(&mut self, gap: usize, at: Coord<f64>) -> Result<(), RegionError> {
        let edge = |slot: usize| self.order.get(slot).map(|&edge| &self.edges[edge as usize]);
        let (below, above) = (gap.checked_sub(1).and_then(edge), edge(gap));
        if let (Some(a), Some(b)) = (below, above)
            && let Some(meeting) = a.conflict(b)
        {
            return Err(self.crossing(a.ring, b.ring, meeting));
        }
        let (south, north) = (
            below.map_or(OUTSIDE, |edge| edge.north),
            above.map_or(OUTSIDE, |edge| edge.south),
        );
        if south != north && self.misfit.is_none() {
            let rings = (
                below.map_or(0, |edge| edge.ring),
                above.map_or(0, |edge| edge.ring),
            );
            self.misfit = Some(self.misfit_of(rings, at));
        }
        Ok(())
    }

    /// Where an edge that ends at the line's point stands.
    fn slot_of(&self, edge: u32) -> usize {
        let at = self.edges[edge as usize].east;
        let start = self.order.partition_point(|&other| {
            let other = &self.edges[other as usize];
            side(other.west, other.east, at) == Orientation::CounterClockwise
        });
        let place = |from: usize| self.order[from..].iter().position(|&other| other == edge);
        // The order can be wrong only where edges cross in this very point, which is found once it is passed.
        (place(start).map(|slot| start + slot))
            .or_else(|| place(0))
            .expect("an edge is in the order from its western to its eastern end")
    }

    /// Where an edge that starts at the line's point belongs.
    fn slot_for(&self, edge: u32) -> usize {
        let edge = &self.edges[edge as usize];
        self.order.partition_point(|&other| {
            let other = &self.edges[other as usize];
            let start = side(other.west, other.east, edge.west);
            start == Orientation::CounterClockwise
                || start == Orientation::Collinear
                    && side(other.west, other.east, edge.east) == Orientation::CounterClockwise
        })
    }

    fn self_intersection(&self, ring: usize, at: Coord<f64>) -> RegionError {
        RegionError::SelfIntersection {
            ring: self.rings[ring].index,
            at: lng_lat(at),
        }
    }

    fn crossing(&self, a: usize, b: usize, at: Coord<f64>) -> RegionError {
        if a == b {
            return self.self_intersection(a, at);
        }
        let (ring, other) = (self.rings[a.min(b)].index, self.rings[a.max(b)].index);
        RegionError::RingsCross {
            ring,
            other,
            at: lng_lat(at),
        }
    }

    /// Rings disagree about the ground between them: a hole with the shell, or two holes.
    fn misfit_of(&self, (a, b): (usize, usize), at: Coord<f64>) -> RegionError {
        if a == b {
            return self.self_intersection(a, at);
        }
        let (other, hole) = (self.rings[a.min(b)].index, self.rings[a.max(b)].index);
        let at = lng_lat(at);
        if other.ring == 0 {
            RegionError::HoleOutside { hole, at }
        } else {
            RegionError::HolesOverlap { hole, other, at }
        }
    }
}

impl Edge {
    /// All edges, ring after ring.
    fn all(rings: &[Ring]) -> Vec<Self> {
        let edges_of = |(ring, vertices): (usize, &Ring)| {
            let beyond = Ground::Beyond { ring };
            let edges = vertices.vertices.windows(2).map(move |ends| {
                // The polygon is on the left: north of an edge that goes east.
                if precedes(ends[0], ends[1]).is_lt() {
                    Self {
                        west: ends[0],
                        east: ends[1],
                        ring,
                        south: beyond,
                        north: Ground::Polygon,
                    }
                } else {
                    Self {
                        west: ends[1],
                        east: ends[0],
                        ring,
                        south: Ground::Polygon,
                        north: beyond,
                    }
                }
            });
            edges.collect::<Vec<_>>()
        };
        rings.iter().enumerate().flat_map(edges_of).collect()
    }

    /// A point where two edges cross or overlap, if there is one. An end of one on the other is no crossing.
    fn conflict(&self, other: &Self) -> Option<Coord<f64>> {
        let of_other = [other.west, other.east].map(|end| side(self.west, self.east, end));
        if of_other[0] == of_other[1] && of_other[0] != Orientation::Collinear {
            return None;
        }
        let of_self = [self.west, self.east].map(|end| side(other.west, other.east, end));
        if of_self[0] == of_self[1] {
            if of_self[0] != Orientation::Collinear {
                return None;
            }
            // On one line: they overlap if the later start comes before the earlier end.
            let start = if precedes(self.west, other.west).is_lt() {
                other.west
            } else {
                self.west
            };
            let end = if precedes(self.east, other.east).is_lt() {
                self.east
            } else {
                other.east
            };
            return precedes(start, end).is_lt().then_some(start);
        }
        let touching = of_self
            .iter()
            .chain(&of_other)
            .any(|&side| side == Orientation::Collinear);
        (!touching).then(|| self.meeting(other))
    }

    /// Where two crossing edges cross, for people.
    fn meeting(&self, other: &Self) -> Coord<f64> {
        let (along, across) = (self.east - self.west, other.east - other.west);
        let apart = other.west - self.west;
        let share =
            (apart.x * across.y - apart.y * across.x) / (along.x * across.y - along.y * across.x);
        self.west + along * share
    }
}

impl Vertex {
    /// All vertices in the order of the sweep, and of their rings where several share a point.
    fn all(rings: &[Ring]) -> Vec<Self> {
        let mut vertices = Vec::new();
        for (
            ring,
            Ring {
                vertices: closed, ..
            },
        ) in rings.iter().enumerate()
        {
            let first = vertices.len() as u32;
            let count = closed.len() as u32 - 1;
            vertices.extend(closed.iter().zip(0..count).map(|(&at, slot)| Self {
                at,
                ring,
                edges: [first + (slot + count - 1) % count, first + slot],
            }));
        }
        vertices.sort_unstable_by(|a, b| precedes(a.at, b.at).then(a.ring.cmp(&b.ring)));
        vertices
    }
}

/// The gaps between edges whose neighbours have changed.
struct Gaps {
    first: usize,
    last: usize,
}

impl Gaps {
    /// The edge in a slot has gone: the gaps on its two sides have become one.
    fn close(&mut self, slot: usize) {
        self.first = self.first.min(slot);
        self.last = if self.last > slot {
            self.last - 1
        } else {
            slot
        };
    }

    /// An edge has come into a slot: its gap has become two.
    fn open(&mut self, slot: usize) {
        self.first = self.first.min(slot);
        self.last = if self.last > slot {
            self.last + 1
        } else {
            slot + 1
        };
    }
}

/// The order of the sweep: west to east, south to north on one meridian.
fn precedes(a: Coord<f64>, b: Coord<f64>) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}
