//! Polygons that answer "is this address inside?" exactly and fast.
//!
//! # Geometry
//!
//! Edges are straight lines in longitude and latitude, as RFC 7946 (*The `GeoJSON` Format*, 2016, §3.1.1) has
//! them: not great circles. A shape that crosses the antimeridian is cut there into several polygons (§3.1.9);
//! one that surrounds a pole runs along the antimeridian to the pole and along its parallel, for instance
//! (-180, 80), (180, 80), (180, 90), (-180, 90). The boundary belongs to the region, rims of holes included.
//!
//! # How
//!
//! The module [`outline`] copies the rings without repeated vertices, shells counterclockwise and holes
//! clockwise; [`sweep`] proves them simple and nested; [`bands`] sorts the edges into bands of latitude, so that one
//! look-up reads the edges of one band; [`caps`] finds a cap round the region and one inside it. With n vertices:
//! O(n log n) to build, about 30 bytes a vertex beside the shared shape.

mod bands;
mod caps;
mod error;
mod outline;
mod sweep;

use std::sync::Arc;

use geo::{Coord, MultiPolygon};

use crate::geo::sphere::UnitVector;
use crate::geo::{LngLat, Position};

use bands::Bands;
use caps::Caps;
use outline::Outline;

pub use error::{RegionError, RingIndex};

/// A validated multipolygon in WGS 84 degrees, compiled for fast point tests.
///
/// - **Edges** are straight in longitude and latitude, as in RFC 7946.
/// - **The boundary belongs to the region**: every vertex and every point of an edge, of the shells and of the
///   holes. The decision is exact, without a tolerance.
/// - **The antimeridian** is one line: a region that reaches it from either side contains its points. A ring
///   may not jump across it; it is cut there (RFC 7946 §3.1.9). **A pole** is one point: it belongs to every
///   region that reaches its latitude, whatever the longitude.
/// - **Overlapping polygons** are harmless and mean their union. Holes belong to their own polygon only.
/// - The direction of rings, repeated consecutive vertices and a missing closing vertex do not matter.
///
/// ```
/// use catchment::geo::{LngLat, Position, Region};
/// use geo::polygon;
///
/// let block = polygon![
///     (x: 121.47, y: 31.23), (x: 121.49, y: 31.23), (x: 121.49, y: 31.25), (x: 121.47, y: 31.25),
/// ];
/// let region = Region::new(std::sync::Arc::new(block.into()))?;
/// let at = |lng, lat| Position::new(LngLat { lng, lat });
/// assert!(region.contains(at(121.48, 31.24)?));
/// assert!(region.contains(at(121.49, 31.24)?), "the boundary belongs to the region");
/// assert!(!region.contains(at(121.50, 31.24)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Region {
    shape: Arc<MultiPolygon<f64>>,
    south_west: Coord<f64>,
    north_east: Coord<f64>,
    bands: Bands,
    caps: Caps,
}

impl Region {
    /// The most vertices one region can have: its edges are numbered in 32 bits, several times over.
    pub const VERTICES_CEILING: usize = 1 << 28;

    /// Validates and compiles a shape, which is shared, not copied. O(n log n) for n vertices, about
    /// 0.4 µs each.
    ///
    /// # Errors
    ///
    /// [`RegionError`] says which ring is at fault, and where: a vertex that is not finite or out of range, a ring
    /// without area or with fewer than three corners, a jump across the antimeridian, a ring that crosses or
    /// touches itself, rings that cross or share a stretch, a hole outside its shell or inside another hole.
    /// Rings of one polygon may touch in single points.
    ///
    /// All that is decided exactly, as long as products of differences of coordinates are numbers: corners nearer to
    /// each other than some 10⁻¹⁵⁰ degrees may be taken to lie on one line, and their ring to have no area.
    ///
    /// ```
    /// use catchment::geo::{Region, RegionError};
    /// use geo::polygon;
    /// let bow_tie = polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0), (x: 0.0, y: 2.0)];
    /// let error = Region::new(std::sync::Arc::new(bow_tie.into())).unwrap_err();
    /// assert_eq!(error.to_string(), "outer ring of polygon 0 crosses or touches itself at lng 1, lat 1");
    /// ```
    pub fn new(shape: Arc<MultiPolygon<f64>>) -> Result<Self, RegionError> {
        Self::with_vertices_max(shape, Self::VERTICES_CEILING)
    }

    /// As [`new`](Self::new), with a limit of the caller's.
    pub(crate) fn with_vertices_max(
        shape: Arc<MultiPolygon<f64>>,
        vertices_max: usize,
    ) -> Result<Self, RegionError> {
        let limit = vertices_max.min(Self::VERTICES_CEILING);
        let vertices = vertices(&shape);
        if vertices > limit {
            return Err(RegionError::TooManyVertices { vertices, limit });
        }
        let outline = Outline::of(&shape)?;
        sweep::check(&outline)?;
        let (south_west, north_east) = outline.bounds();
        let bands = Bands::of(outline.rings());
        let caps = Caps::of(&outline, |point| bands.contains(point));
        Ok(Self {
            shape,
            south_west,
            north_east,
            bands,
            caps,
        })
    }

    /// Whether a position lies inside or on the boundary. Exact.
    ///
    /// Costs the edges in one band of latitude: about 25 ns with 20 vertices and with 2,000, 100 ns with 100,000; O(n)
    /// at worst, for combs of long teeth.
    #[must_use]
    #[inline]
    pub fn contains(&self, position: Position) -> bool {
        let (x, y) = (position.lng(), position.lat());
        if !(self.south_west.y <= y && y <= self.north_east.y) {
            return false;
        }
        if y.abs() >= 90.0 {
            return true;
        }
        // A position calls the antimeridian 180°, a shape may call it -180° as well.
        self.contains_plane(x, y) || (x >= 180.0 && self.contains_plane(-180.0, y))
    }

    /// The shape as it was given.
    ///
    /// ```
    /// # use catchment::geo::Region;
    /// # use geo::polygon;
    /// # let triangle = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 0.0, y: 1.0)];
    /// let region = Region::new(std::sync::Arc::new(triangle.clone().into()))?;
    /// assert_eq!(region.shape().0, [triangle]);
    /// # Ok::<(), catchment::geo::RegionError>(())
    /// ```
    #[must_use]
    pub fn shape(&self) -> &MultiPolygon<f64> {
        &self.shape
    }

    /// A centre and a squared chord that no point of the region is beyond.
    pub(crate) fn cap(&self) -> (UnitVector, f64) {
        (self.caps.centre, self.caps.outer2)
    }

    /// A squared chord to the centre of the [`cap`](Self::cap): every point with no larger one is in the region.
    pub(crate) fn core2(&self) -> f64 {
        self.caps.inner2
    }

    #[inline]
    fn contains_plane(&self, x: f64, y: f64) -> bool {
        self.south_west.x <= x && x <= self.north_east.x && self.bands.contains(Coord { x, y })
    }
}

/// How many vertices a shape has, closing ones included.
fn vertices(shape: &MultiPolygon<f64>) -> usize {
    let rings = shape
        .iter()
        .flat_map(|polygon| core::iter::once(polygon.exterior()).chain(polygon.interiors()));
    rings.map(|ring| ring.0.len()).sum()
}

/// A squared chord from `from` that nothing in a cap is beyond: the chords add up at most.
pub(crate) fn cap_reach_from((centre, chord2_max): (UnitVector, f64), from: UnitVector) -> f64 {
    let chord = from.chord2(centre).sqrt() + chord2_max.sqrt() + CHORD_ERROR;
    (chord * chord).min(WHOLE_SPHERE)
}

/// More than any squared chord, computed errors included.
pub(crate) const WHOLE_SPHERE: f64 = 4.0 + 1e-9;

/// More than the error of a computed chord between two unit vectors, each of which is off by less than 5·10⁻¹⁶.
pub(crate) const CHORD_ERROR: f64 = 4e-15;

fn lng_lat(at: Coord<f64>) -> LngLat {
    LngLat {
        lng: at.x,
        lat: at.y,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(west: f64, south: f64, east: f64, north: f64) -> geo::Polygon<f64> {
        geo::Rect::new((west, south), (east, north)).to_polygon()
    }

    fn unit(lng: f64, lat: f64) -> UnitVector {
        Position::new(LngLat { lng, lat })
            .expect("a valid position")
            .unit_vector()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_cap_covers_the_box(
            west in -180.0..179.0_f64, width in 0.001..1.0_f64, south in -90.0..89.9_f64, height in 0.001..1.0_f64,
            from in (-180.0..180.0_f64, -90.0..90.0_f64),
            shares in prop::collection::vec((0.0..=1.0_f64, 0.0..=1.0_f64), 50),
        ) {
            let (east, north) = (west + width * (180.0 - west), south + height * (90.0 - south));
            let region = Region::new(Arc::new(boxed(west, south, east, north).into()));
            // An upper or lower side more than half round the Earth is refused.
            prop_assume!(region.is_ok());
            let region = region.expect("checked above");
            let ((centre, chord2_max), from) = (region.cap(), unit(from.0, from.1));
            let sides = [0.0, 0.5, 1.0].into_iter().flat_map(|a| [(a, 0.0), (a, 1.0), (0.0, a), (1.0, a)]);
            for (x, y) in shares.into_iter().chain(sides) {
                let point = unit(
                    (west + x * (east - west)).min(east),
                    (south + y * (north - south)).min(north),
                );
                prop_assert!(centre.chord2(point) <= chord2_max);
                prop_assert!(from.chord2(point) <= cap_reach_from(region.cap(), from));
            }
        }
    }

    #[test]
    fn caps_are_tight_and_know_the_antimeridian() {
        let cut = vec![
            boxed(179.0, -18.0, 180.0, -17.0),
            boxed(-180.0, -18.0, -179.0, -17.0),
        ];
        for (shape, chord_max) in [
            (MultiPolygon::from(boxed(0.0, 0.0, 2.0, 1.0)), 0.02),
            (cut.into(), 0.02),
            (boxed(-180.0, 80.0, 180.0, 90.0).into(), 2.001),
            (boxed(0.0, 80.0, 170.0, 90.0).into(), 0.2),
        ] {
            let region = Region::new(Arc::new(shape)).expect("a valid region");
            let (centre, chord2_max) = region.cap();
            assert!(chord2_max.sqrt() < chord_max, "{chord2_max} {chord_max}");
            assert!((centre.0.iter().map(|axis| axis * axis).sum::<f64>() - 1.0).abs() < 1e-15);
            for vertex in region
                .shape()
                .iter()
                .flat_map(|polygon| &polygon.exterior().0)
            {
                assert!(centre.chord2(unit(vertex.x, vertex.y)) <= chord2_max);
            }
        }
    }

    #[test]
    fn vertices_are_counted_with_the_closing_ones() {
        let shape = vec![boxed(1.0, 2.0, 3.0, 4.0), boxed(-5.0, 3.0, -4.0, 7.0)];
        assert_eq!(vertices(&shape.into()), 10);
    }
}
