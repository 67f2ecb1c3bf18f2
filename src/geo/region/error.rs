use core::fmt;

use crate::geo::LngLat;

/// Which ring of a multipolygon: the 0th of a polygon is its outer ring (shell), the others are its holes.
///
/// ```
/// use catchment::geo::RingIndex;
/// assert_eq!(RingIndex { polygon: 3, ring: 0 }.to_string(), "outer ring of polygon 3");
/// assert_eq!(RingIndex { polygon: 3, ring: 2 }.to_string(), "hole 1 of polygon 3"); // holes count from 0
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RingIndex {
    /// The polygon, from 0.
    pub polygon: usize,
    /// 0 for the outer ring, 1 for the first hole.
    pub ring: usize,
}

impl fmt::Display for RingIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ring {
            0 => write!(f, "outer ring of polygon {}", self.polygon),
            hole => write!(f, "hole {} of polygon {}", hole - 1, self.polygon),
        }
    }
}

/// A multipolygon that can't be a [`Region`](crate::geo::Region): which ring is at fault, where, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegionError {
    /// There is no polygon.
    #[error("area has no polygon")]
    Empty,
    /// More vertices than allowed, closing ones included.
    #[error("area has {vertices} vertices, limit is {limit}")]
    TooManyVertices {
        /// How many there are.
        vertices: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A vertex is NaN or infinite.
    #[error("{ring} has a vertex at lng {}, lat {}, which is not finite", at.lng, at.lat)]
    NotFinite {
        /// The ring.
        ring: RingIndex,
        /// The vertex.
        at: LngLat,
    },
    /// A vertex is outside ±180° of longitude or ±90° of latitude; often a sign of swapped coordinates.
    #[error(
        "{ring} has a vertex at lng {}, lat {}, outside -180 to 180 and -90 to 90 degrees", at.lng, at.lat
    )]
    OutOfRange {
        /// The ring.
        ring: RingIndex,
        /// The vertex.
        at: LngLat,
    },
    /// An edge is longer than 180° of longitude: the ring jumps across the antimeridian, or round a pole.
    ///
    /// Cut the shape at ±180° into several polygons (RFC 7946 §3.1.9), or, where the long way round is
    /// meant, add a vertex between. Only an edge from one side of the antimeridian to the other, exactly ±180°, may be
    /// that long: it is a whole parallel.
    #[error(
        "{ring} jumps across the antimeridian from lng {}, lat {} to lng {}, lat {}: cut it at 180 degrees",
        from.lng, from.lat, to.lng, to.lat
    )]
    Antimeridian {
        /// The ring.
        ring: RingIndex,
        /// The vertex before the jump.
        from: LngLat,
        /// The vertex after it.
        to: LngLat,
    },
    /// Fewer than three vertices, repeated ones counted once.
    #[error("{ring} has {vertices} distinct vertices in a row, needs 3")]
    TooFewVertices {
        /// The ring.
        ring: RingIndex,
        /// How many there are.
        vertices: usize,
    },
    /// All vertices lie on one straight line.
    #[error("{ring} lies on one line and has no area")]
    NoArea {
        /// The ring.
        ring: RingIndex,
    },
    /// A ring is not simple: it crosses itself, touches itself, or runs back on itself.
    #[error("{ring} crosses or touches itself at lng {}, lat {}", at.lng, at.lat)]
    SelfIntersection {
        /// The ring.
        ring: RingIndex,
        /// A place where it does, the southernmost of the westernmost such places found.
        at: LngLat,
    },
    /// Two rings of a polygon cross or share a stretch. They may touch in single points.
    #[error("{ring} crosses {other} at lng {}, lat {}", at.lng, at.lat)]
    RingsCross {
        /// The first ring.
        ring: RingIndex,
        /// The second ring.
        other: RingIndex,
        /// A place where they do.
        at: LngLat,
    },
    /// A hole is not inside the outer ring of its polygon.
    #[error("{hole} is outside the outer ring at lng {}, lat {}", at.lng, at.lat)]
    HoleOutside {
        /// The hole.
        hole: RingIndex,
        /// A place where it is outside.
        at: LngLat,
    },
    /// A hole is inside another, or overlaps it.
    #[error("{hole} overlaps {other} at lng {}, lat {}", at.lng, at.lat)]
    HolesOverlap {
        /// One hole.
        hole: RingIndex,
        /// The other.
        other: RingIndex,
        /// A place where they overlap.
        at: LngLat,
    },
}
