//! Service areas: which addresses a site serves.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use geo::MultiPolygon;

use crate::geo::covering::reach_of;
use crate::geo::region::{CHORD_ERROR, WHOLE_SPHERE, cap_reach_from};
use crate::geo::sphere::{Chord, UnitVector, chord2_reaching, chord2_within};
use crate::geo::{Cell, Position, Region, RegionError, Resolution};
use crate::limits::Limits;
use crate::units::Distance;

/// Which addresses a site serves (服务范围). By default, all.
///
/// Plain data, cheap to clone; the builder of a network checks it. Polygons are of the crate `geo` 0.33: depend on it.
///
/// Serde forms: `"unlimited"`, `{"radius": 1000000}` in mm, `{"cells": ["89309958ac7ffff"]}`, and for polygons that of
/// `geo`, which is not GeoJSON: `{"polygon": [{"exterior": [{"x": 121.47, "y": 31.23}, …], "interiors": []}]}`. (With
/// the crate `geojson` a GeoJSON geometry becomes a `geo::MultiPolygon`.)
///
/// ```
/// use catchment::geo::{Cell, ServiceArea};
/// use catchment::units::Distance;
/// use geo::polygon;
///
/// let walk = ServiceArea::Radius(Distance::from_metres(1_500));
/// let block = ServiceArea::polygon(polygon![
///     (x: 121.47, y: 31.23), (x: 121.49, y: 31.23), (x: 121.48, y: 31.25),
/// ]);
/// let bund: Cell = "89309958ac7ffff".parse()?;
/// let cells = ServiceArea::cells([bund]);
/// assert_eq!(ServiceArea::default(), ServiceArea::Unlimited);
/// assert!(walk != block && block != cells);
/// # Ok::<(), catchment::geo::CellError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ServiceArea {
    /// The whole Earth.
    #[default]
    Unlimited,
    /// Addresses up to this far from the site by [`Position::distance_to`], the limit included. Zero serves only the
    /// site's own address; half the Earth's circumference, 20,016 km, serves all.
    Radius(Distance),
    /// Addresses inside these polygons or on their boundary, in WGS 84 degrees, `x` being longitude: see
    /// [`Region`] for the rules.
    Polygon(Arc<MultiPolygon<f64>>),
    /// Addresses in these H3 cells, which may differ in resolution.
    ///
    /// An address is inside if its cell, at the finest resolution in the set, is one of the cells or descends from one.
    /// Descent goes by number; as seven hexagons don't tile a hexagon, the area of a coarse cell in a set
    /// with finer ones has the ragged edge of its descendants.
    Cells(Arc<BTreeSet<Cell>>),
}

impl ServiceArea {
    /// The inside of a polygon, or of several.
    ///
    /// ```
    /// use catchment::geo::ServiceArea;
    /// use geo::polygon;
    /// let triangle = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 0.0, y: 1.0)];
    /// let same = ServiceArea::polygon(geo::MultiPolygon::from(triangle.clone()));
    /// assert_eq!(ServiceArea::polygon(triangle), same);
    /// ```
    #[must_use]
    pub fn polygon(shape: impl Into<MultiPolygon<f64>>) -> Self {
        Self::Polygon(Arc::new(shape.into()))
    }

    /// A set of H3 cells, in any order.
    ///
    /// ```
    /// use catchment::geo::{Cell, ServiceArea};
    /// let (a, b): (Cell, Cell) = ("89309958ac7ffff".parse()?, "88309958adfffff".parse()?);
    /// assert_eq!(ServiceArea::cells([a, b]), ServiceArea::cells([b, a, b]));
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn cells(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self::Cells(Arc::new(cells.into_iter().collect()))
    }
}

/// A service area that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AreaError {
    /// The polygons are at fault, or have too many vertices.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// A set of cells without a cell: nobody would be served.
    #[error("area has no cell")]
    NoCells,
    /// More cells than allowed.
    #[error("area has {cells} cells, limit is {limit}")]
    TooManyCells {
        /// How many there are.
        cells: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// A checked service area, ready for point tests. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum CompiledArea {
    Unlimited,
    Radius {
        radius: Distance,
        /// No address within the radius has a larger squared chord to the site. Infinite beyond half the Earth.
        chord2_max: f64,
    },
    Region(Arc<Region>),
    Cells(Arc<CellSet>),
}

impl CompiledArea {
    /// O(n log n) for n vertices or cells.
    pub(crate) fn compile(area: &ServiceArea, limits: &Limits) -> Result<Self, AreaError> {
        Ok(match area {
            ServiceArea::Unlimited => Self::Unlimited,
            ServiceArea::Radius(radius) => Self::Radius {
                radius: *radius,
                chord2_max: chord2_reaching(*radius),
            },
            ServiceArea::Polygon(shape) => {
                let region = Region::with_vertices_max(shape.clone(), limits.area_vertices_max)?;
                Self::Region(Arc::new(region))
            }
            ServiceArea::Cells(cells) => {
                Self::Cells(Arc::new(CellSet::of(cells, limits.area_cells_max)?))
            }
        })
    }

    /// Whether an address is served by a site this far from it.
    #[inline]
    pub(crate) fn contains(&self, address: &Address, chord: Chord) -> bool {
        match self {
            Self::Unlimited => true,
            // The chord spares all addresses but those on the edge the arc sine.
            Self::Radius { radius, chord2_max } => {
                chord.chord2 <= chord2_within(*chord2_max)
                    || (chord.chord2 <= *chord2_max && chord.distance() <= *radius)
            }
            Self::Region(region) => region.contains(address.position),
            Self::Cells(cells) => cells.contains(address),
        }
    }

    /// A centre and a squared chord that nothing in the area is beyond, or `None` if the area is unlimited.
    pub(crate) fn cap(&self, site: UnitVector) -> Option<(UnitVector, f64)> {
        match self {
            Self::Unlimited => None,
            Self::Radius { chord2_max, .. } => {
                chord2_max.is_finite().then_some((site, *chord2_max))
            }
            Self::Region(region) => Some(region.cap()),
            Self::Cells(cells) => Some(cells.cap),
        }
    }

    /// An address with no larger squared chord to the site is served for certain; negative if that can't be said.
    pub(crate) fn certain2(&self) -> f64 {
        match self {
            Self::Unlimited => f64::INFINITY,
            Self::Radius { chord2_max, .. } => chord2_within(*chord2_max),
            Self::Region(_) | Self::Cells(_) => -1.0,
        }
    }

    /// A squared chord to the centre of the [`cap`](Self::cap): every address with no larger one is in the area for
    /// certain. Negative if that can't be said.
    pub(crate) fn core2(&self) -> f64 {
        match self {
            Self::Region(region) => region.core2(),
            _ => self.certain2(),
        }
    }

    /// A squared chord from the site that nothing in the area is beyond; infinite if the area is unlimited.
    pub(crate) fn reach2(&self, site: UnitVector) -> f64 {
        self.cap(site).map_or(f64::INFINITY, |cap| match self {
            Self::Radius { .. } => cap.1,
            _ => cap_reach_from(cap, site),
        })
    }
}

/// An address under test, in the forms that tests need.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) position: Position,
    pub(crate) at: UnitVector,
    /// By resolution, the number of the address's cell there: see [`key`]. To find it costs more than a
    /// hundred tests of other kinds, so each is found when first asked for.
    keys: OnceCell<Box<[OnceCell<u64>; 16]>>,
}

impl From<Position> for Address {
    #[inline]
    fn from(position: Position) -> Self {
        Self::known(position, position.unit_vector())
    }
}

impl Address {
    /// An address whose vector is known already.
    #[inline]
    pub(crate) fn known(position: Position, at: UnitVector) -> Self {
        Self {
            position,
            at,
            keys: OnceCell::new(),
        }
    }

    fn key_at(&self, resolution: Resolution) -> u64 {
        let keys = self.keys.get_or_init(Box::default);
        *keys[usize::from(resolution.as_u8())]
            .get_or_init(|| key(Cell::at(self.position, resolution)))
    }
}

/// A set of H3 cells as disjoint ranges of the numbers of their finest descendants.
///
/// A cell is in such a range as a whole or not at all unless it is coarser than the cells of the range, which the cell
/// of an address, taken at the finest resolution present, never is. So its first descendant decides.
#[derive(Debug)]
pub(crate) struct CellSet {
    /// Ascending.
    firsts: Box<[u64]>,
    /// The other end of each range, inclusive.
    lasts: Box<[u64]>,
    finest: Resolution,
    cap: (UnitVector, f64),
}

impl CellSet {
    fn of(cells: &BTreeSet<Cell>, limit: usize) -> Result<Self, AreaError> {
        if cells.len() > limit {
            return Err(AreaError::TooManyCells {
                cells: cells.len(),
                limit,
            });
        }
        let finest = cells.iter().map(|cell| cell.resolution()).max();
        let finest = finest.ok_or(AreaError::NoCells)?;
        let mut ranges: Vec<_> = cells.iter().map(|cell| cell.range_at_finest()).collect();
        // An ancestor starts with or before its descendants and ends with or after them: keep the ancestor.
        ranges.sort_unstable_by_key(|range| (*range.start(), u64::MAX - range.end()));
        ranges.dedup_by(|later, kept| later.end() <= kept.end());
        let (firsts, lasts): (Vec<_>, Vec<_>) =
            ranges.into_iter().map(RangeInclusive::into_inner).unzip();
        Ok(Self {
            firsts: firsts.into(),
            lasts: lasts.into(),
            finest,
            cap: cap_of(cells),
        })
    }

    /// O(log n), and once per address and resolution the search for its cell.
    fn contains(&self, address: &Address) -> bool {
        let key = address.key_at(self.finest);
        let after = self.firsts.partition_point(|&first| first <= key);
        after
            .checked_sub(1)
            .is_some_and(|slot| key <= self.lasts[slot])
    }
}

/// The number of a cell's first descendant.
fn key(cell: Cell) -> u64 {
    *cell.range_at_finest().start()
}

/// A cap round the mean of the cells' centres, wide enough for descendants that stick out of their ancestors.
fn cap_of(cells: &BTreeSet<Cell>) -> (UnitVector, f64) {
    let centres: Vec<_> = cells
        .iter()
        .map(|cell| cell.centre().unit_vector())
        .collect();
    let sum = centres.iter().fold([0.0; 3], |sum, centre| {
        [0, 1, 2].map(|axis| sum[axis] + centre.0[axis])
    });
    let length = sum.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
    // Cells all round the Earth have no middle.
    if length < 1e-3 * centres.len() as f64 {
        return (centres[0], WHOLE_SPHERE);
    }
    let middle = UnitVector(sum.map(|axis| axis / length));
    // The reach is an angle, and no chord is longer than its angle.
    let farthest = |(cell, &centre): (&Cell, &UnitVector)| {
        middle.chord2(centre).sqrt() + reach_of(cell.resolution())
    };
    let chord = cells.iter().zip(&centres).map(farthest).fold(0.0, f64::max) + CHORD_ERROR;
    (middle, (chord * chord).min(WHOLE_SPHERE))
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;
    use crate::geo::LngLat;

    struct Random(u64);

    impl Random {
        fn below(&mut self, count: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) % count
        }

        fn position(&mut self) -> Position {
            let share = |random: &mut Self| random.below(1 << 30) as f64 / f64::from(1 << 30);
            let lat = libm::asin(2.0 * share(self) - 1.0).to_degrees();
            at(360.0 * share(self) - 180.0, lat)
        }
    }

    fn at(lng: f64, lat: f64) -> Position {
        Position::new(LngLat { lng, lat }).expect("a valid position")
    }

    fn compile(area: &ServiceArea) -> CompiledArea {
        CompiledArea::compile(area, &Limits::default()).expect("a valid area")
    }

    fn contains(area: &CompiledArea, site: Position, address: Position) -> bool {
        let address = Address::from(address);
        area.contains(&address, site.unit_vector().chord(address.at))
    }

    #[test]
    fn a_radius_includes_its_end() {
        let (site, address) = (at(121.47, 31.23), at(121.48, 31.24));
        let distance = site.distance_to(address);
        let shorter = Distance::from_millimetres(distance.as_millimetres() - 1);
        let everywhere = Distance::from_metres(30_000_000);
        for (radius, to, inside) in [
            (distance, address, true),
            (shorter, address, false),
            (Distance::ZERO, site, true),
            (Distance::ZERO, at(121.47, 31.230_000_1), false),
            (everywhere, at(-58.53, -31.23), true),
            (Distance::MAX, at(-58.53, -31.23), true),
        ] {
            let area = compile(&ServiceArea::Radius(radius));
            assert_eq!(contains(&area, site, to), inside, "{radius} {to}");
            let (site, to) = (site.unit_vector(), to.unit_vector());
            assert!(!inside || site.chord2(to) <= area.reach2(site));
        }
    }

    #[test]
    fn a_set_contains_what_descends_from_its_cells() {
        let mut random = Random(1);
        let (mut inside, mut tests) = (0, 0);
        while tests < 60_000 {
            let near = random.position();
            let jitter = |random: &mut Random| (random.below(2_001) as f64 - 1_000.0) * 3e-6;
            let around = |random: &mut Random| {
                let (lng, lat) = (near.lng() + jitter(random), near.lat() + jitter(random));
                at(lng.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0))
            };
            let cells: BTreeSet<_> = (0..=random.below(12))
                .map(|_| {
                    let resolution =
                        Resolution::new(9 + random.below(4) as u8).expect("at most 15");
                    Cell::at(around(&mut random), resolution)
                })
                .collect();
            let finest = cells
                .iter()
                .map(|cell| cell.resolution())
                .max()
                .expect("not empty");
            let area = compile(&ServiceArea::cells(cells.iter().copied()));
            for _ in 0..200 {
                let address = around(&mut random);
                let cell = Cell::at(address, finest);
                let expected = cells
                    .iter()
                    .any(|ancestor| ancestor.is_ancestor_or_self_of(cell));
                assert_eq!(
                    contains(&area, near, address),
                    expected,
                    "{cells:?} {address}"
                );
                tests += 1;
                inside += u32::from(expected);
            }
        }
        assert!(inside > 5_000, "the test must hit: {inside}");
    }

    #[test]
    fn one_address_may_be_tested_against_sets_of_any_resolution() {
        let place = at(121.47, 31.23);
        let address = Address::from(place);
        for number in (0..16).chain(0..16) {
            let resolution = Resolution::new(number).expect("at most 15");
            let area = compile(&ServiceArea::cells([Cell::at(place, resolution)]));
            assert!(
                area.contains(&address, address.at.chord(address.at)),
                "{number}"
            );
        }
    }

    /// Follows the children whose centres are farthest from the ancestor's.
    #[test]
    fn no_descendant_reaches_beyond_its_ancestors_cap() {
        let mut random = Random(2);
        let mut farthest = 0.0_f64;
        for turn in 0..3_000_u16 {
            let resolution = Resolution::new((turn % 13) as u8).expect("at most 15");
            let ancestor = Cell::at(random.position(), resolution);
            let centre = ancestor.centre().unit_vector();
            let mut cell = ancestor;
            for finer in resolution.as_u8() + 1..=15.min(resolution.as_u8() + 5) {
                let finer = Resolution::new(finer).expect("at most 15");
                let children = cell.children(finer, 7).expect("seven children at most");
                let chord2 = |cell: &Cell| centre.chord2(cell.centre().unit_vector());
                cell = children
                    .into_iter()
                    .max_by(|a, b| chord2(a).total_cmp(&chord2(b)))
                    .expect("a cell has children");
            }
            let area = compile(&ServiceArea::cells([ancestor]));
            let (middle, chord2_max) = area.cap(centre).expect("a set of cells is bounded");
            for corner in cell.boundary().into_iter().chain(ancestor.boundary()) {
                let corner = corner.unit_vector();
                let share = (middle.chord2(corner) / chord2_max).sqrt();
                farthest = farthest.max(share);
                assert!(share <= 1.0, "{ancestor} {cell} {share}");
                assert!(centre.chord2(corner) <= area.reach2(centre));
            }
        }
        assert!((0.9..0.95).contains(&farthest), "{farthest}");
    }

    #[test]
    fn caps_of_sets_cover_all_their_cells() {
        let mut random = Random(3);
        for turn in 0..300_u16 {
            let resolution = Resolution::new((turn % 6) as u8).expect("at most 15");
            let cells: Vec<_> = (0..=random.below(20))
                .map(|_| Cell::at(random.position(), resolution))
                .collect();
            let area = compile(&ServiceArea::cells(cells.iter().copied()));
            let site = random.position().unit_vector();
            let (middle, chord2_max) = area.cap(site).expect("a set of cells is bounded");
            for corner in cells.iter().flat_map(|cell| cell.boundary()) {
                assert!(middle.chord2(corner.unit_vector()) <= chord2_max);
                assert!(site.chord2(corner.unit_vector()) <= area.reach2(site));
            }
        }
    }

    #[test]
    fn what_is_no_area_is_refused() {
        let cell = Cell::at(at(121.47, 31.23), Resolution::FINEST);
        let triangle = polygon![(x: 0.0, y: 0.0), (x: 1.0, y: 0.0), (x: 0.0, y: 1.0)];
        let limits = Limits {
            area_vertices_max: 3,
            area_cells_max: 0,
            ..Limits::default()
        };
        for (area, message) in [
            (ServiceArea::cells([]), "area has no cell"),
            (ServiceArea::cells([cell]), "area has 1 cells, limit is 0"),
            (
                ServiceArea::polygon(triangle),
                "area has 4 vertices, limit is 3",
            ),
            (
                ServiceArea::polygon(MultiPolygon::new(vec![])),
                "area has no polygon",
            ),
        ] {
            let error = CompiledArea::compile(&area, &limits).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        assert!(CompiledArea::compile(&ServiceArea::Unlimited, &limits).is_ok());
    }
}
