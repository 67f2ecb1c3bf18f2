//! H3 cells: the hexagons of service areas, roll-ups and maps.
//!
//! H3 (I. Brodsky, *H3: Uber's Hexagonal Hierarchical Spatial Index*, 2018, <https://h3geo.org>) covers the Earth
//! with hexagons, and twelve pentagons, in 16 resolutions, each cell having seven children. The work is done by the
//! `h3o` crate; these wrappers keep unchecked coordinates away from it and its types out of our interface.
//!
//! # The number of a cell
//!
//! ```text
//!  63 62   59 58  56 55     52 51    45 44 42 41 39       2   0
//! ┌──┬───────┬──────┬─────────┬────────┬─────┬─────┬─────┬─────┐
//! │ 0│ 0001  │ 000  │ resol.  │  base  │ d1  │ d2  │  …  │ d15 │
//! └──┴───────┴──────┴─────────┴────────┴─────┴─────┴─────┴─────┘
//! ```
//!
//! (<https://h3geo.org/docs/core-library/h3Indexing>.) Starting from one of 122 base cells, a digit 0 to 6 for each
//! resolution chooses the child; digits beyond the cell's resolution are 7. So all descendants of a cell share its
//! leading digits, and at any one resolution, where the bits above are equal too, they lie next to each other in
//! numerical order: see [`Cell::range_at_finest`].

use core::fmt;
use core::ops::RangeInclusive;
use core::str::FromStr;

use crate::geo::{LngLat, Position};

/// How fine a cell is: 0 (122 cells, 1,281 km across an edge) to 15 (0.6 m). Each step has seven times more cells.
///
/// For cities, 8 (edge of 0.5 km) and 9 (0.2 km) are usual.
///
/// ```
/// use catchment::geo::{CellError, Resolution};
/// assert_eq!(Resolution::new(9)?.as_u8(), 9);
/// assert_eq!(Resolution::new(16), Err(CellError::Resolution { resolution: 16 }));
/// assert!(Resolution::COARSEST < Resolution::FINEST);
/// # Ok::<(), CellError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u8", into = "u8"))]
pub struct Resolution(h3o::Resolution);

/// One H3 cell, valid by construction.
///
/// Text and serde form is the usual hexadecimal string. The order is that of the numbers: by resolution first, then
/// along the curve on which relatives are neighbours.
///
/// ```
/// use catchment::geo::{Cell, LngLat, Position, Resolution};
/// let bund = Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?;
/// let cell = Cell::at(bund, Resolution::new(9)?);
/// assert_eq!(cell.to_string(), "89309958ac7ffff");
/// assert_eq!("89309958ac7ffff".parse(), Ok(cell));
/// assert!(cell.contains(bund));
/// assert!(cell.centre().distance_to(bund).as_millimetres() < 200_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Cell(h3o::CellIndex);

/// A corner that three cells share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Vertex(h3o::VertexIndex);

impl Vertex {
    /// Where it is, the same for all three cells.
    pub(crate) fn position(self) -> Position {
        our_position(self.0.into())
    }
}

impl Resolution {
    /// Resolution 0: cells of continental size.
    pub const COARSEST: Self = Self(h3o::Resolution::Zero);
    /// Resolution 15: cells of one square metre.
    pub const FINEST: Self = Self(h3o::Resolution::Fifteen);

    /// Checks a resolution.
    ///
    /// # Errors
    ///
    /// [`CellError::Resolution`] above 15.
    pub fn new(resolution: u8) -> Result<Self, CellError> {
        match h3o::Resolution::try_from(resolution) {
            Ok(checked) => Ok(Self(checked)),
            Err(_) => Err(CellError::Resolution { resolution }),
        }
    }

    /// The number, 0 to 15.
    #[must_use]
    pub fn as_u8(self) -> u8 {
        self.0.into()
    }
}

impl Cell {
    /// The cell of a resolution that contains a position. O(1), about 1.5 µs.
    ///
    /// The edges of H3 cells are great circles of a projection onto an icosahedron; on an edge itself, rounding
    /// decides, the same way on every platform.
    #[must_use]
    pub fn at(position: Position, resolution: Resolution) -> Self {
        Self(h3o_position(position).to_cell(resolution.0))
    }

    /// How fine the cell is. O(1).
    #[must_use]
    pub fn resolution(self) -> Resolution {
        Resolution(self.0.resolution())
    }

    /// Whether a position lies in this cell: whether [`Cell::at`] says so. O(1), about 1.5 µs.
    #[must_use]
    pub fn contains(self, position: Position) -> bool {
        Self::at(position, self.resolution()) == self
    }

    /// The cell of a coarser resolution that this one descends from (itself at its own resolution), or `None` if
    /// the resolution asked for is finer. O(1), a few bit operations.
    ///
    /// Descent goes by number. Seven hexagons don't tile a hexagon: a child may stick out of its parent, so a position
    /// near the edge can lie in a cell and not in that cell's parent.
    ///
    /// ```
    /// use catchment::geo::{Cell, Resolution};
    /// let cell: Cell = "89309958ac7ffff".parse()?;
    /// assert_eq!(cell.parent(Resolution::new(8)?), Some("88309958adfffff".parse()?));
    /// assert_eq!(cell.parent(Resolution::FINEST), None);
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn parent(self, resolution: Resolution) -> Option<Self> {
        self.0.parent(resolution.0).map(Self)
    }

    /// Whether `other` is this cell or descends from it. O(1), a few bit operations.
    ///
    /// ```
    /// use catchment::geo::Cell;
    /// let (cell, parent): (Cell, Cell) = ("89309958ac7ffff".parse()?, "88309958adfffff".parse()?);
    /// assert!(parent.is_ancestor_or_self_of(cell) && cell.is_ancestor_or_self_of(cell));
    /// assert!(!cell.is_ancestor_or_self_of(parent));
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn is_ancestor_or_self_of(self, other: Self) -> bool {
        other.parent(self.resolution()) == Some(self)
    }

    /// How many cells of a resolution descend from this one: 1 at its own, none at a coarser one. O(1).
    ///
    /// ```
    /// use catchment::geo::{Cell, Resolution};
    /// let cell: Cell = "88309958adfffff".parse()?;
    /// assert_eq!(cell.children_count(Resolution::new(10)?), 49);
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn children_count(self, resolution: Resolution) -> u64 {
        self.0.children_count(resolution.0)
    }

    /// The cells of a finer resolution that descend from this one, in ascending order. O(number of them).
    ///
    /// # Errors
    ///
    /// [`CellError::Coarser`] if the resolution is coarser than the cell's, [`CellError::TooMany`] if there are more
    /// than `cells_max`, before any of them is made.
    ///
    /// ```
    /// use catchment::geo::{Cell, CellError, Resolution};
    /// let cell: Cell = "88309958adfffff".parse()?;
    /// assert_eq!(cell.children(Resolution::new(9)?, 10)?.len(), 7);
    /// let refused = cell.children(Resolution::FINEST, 1_000);
    /// assert_eq!(refused, Err(CellError::TooMany { cells: 823_543, cells_max: 1_000 }));
    /// # Ok::<(), CellError>(())
    /// ```
    pub fn children(
        self,
        resolution: Resolution,
        cells_max: usize,
    ) -> Result<Vec<Self>, CellError> {
        match self.children_count(resolution) {
            0 => Err(CellError::Coarser {
                cell: self,
                resolution,
            }),
            cells if cells > cells_max as u64 => Err(CellError::TooMany { cells, cells_max }),
            _ => Ok(self.0.children(resolution.0).map(Self).collect()),
        }
    }

    /// The middle of the cell. O(1), about 0.3 µs.
    #[must_use]
    pub fn centre(self) -> Position {
        our_position(self.0.into())
    }

    /// The corners, counterclockwise, the first not repeated. O(1), about 2 µs.
    ///
    /// Six for most cells, five for a pentagon, and up to five more where an edge of the icosahedron bends the
    /// outline. The corners of a cell on the antimeridian have longitudes of both signs.
    ///
    /// ```
    /// use catchment::geo::Cell;
    /// let cell: Cell = "89309958ac7ffff".parse()?;
    /// assert_eq!(cell.boundary().len(), 6);
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn boundary(self) -> Vec<Position> {
        self.0
            .boundary()
            .iter()
            .copied()
            .map(our_position)
            .collect()
    }

    /// The numbers of the corners that three cells share, in the order of [`boundary`](Self::boundary), without
    /// those where an edge bends. Neighbours give a shared corner the same number.
    pub(crate) fn vertices(self) -> impl Iterator<Item = Vertex> {
        self.0.vertexes().map(Vertex)
    }

    /// The cell's number, as databases and other H3 libraries store it.
    ///
    /// ```
    /// use catchment::geo::Cell;
    /// let cell = Cell::try_from(0x0893_0995_8ac7_ffff_u64)?;
    /// assert_eq!(cell.to_u64(), 0x0893_0995_8ac7_ffff);
    /// # Ok::<(), catchment::geo::CellError>(())
    /// ```
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0.into()
    }

    /// The 122 cells that all others descend from, in ascending order.
    pub(crate) fn base_cells() -> impl Iterator<Item = Self> {
        h3o::CellIndex::base_cells().map(Self)
    }

    /// The numbers from the first to the last cell of [`Resolution::FINEST`] that descends from this one.
    ///
    /// One sorted array of finest cells thus answers any resolution by binary search: what lies in a cell is the
    /// run of numbers in this range. Its lower end has the digit 0 in every place below the cell's resolution, its
    /// upper end the digit 6; no other cell's descendant can lie between, because it would have to share the
    /// leading digits. (Some numbers in between are no cells: a digit 7, and in pentagons a first digit 1.)
    pub(crate) fn range_at_finest(self) -> RangeInclusive<u64> {
        const RESOLUTION: u64 = 15 << 52;
        /// The digit 6 in all fifteen places.
        const SIXES: u64 = 0o666_666_666_666_666;
        let places = 3 * (15 - u32::from(self.resolution().as_u8()));
        let below = (1 << places) - 1;
        let first = (self.to_u64() | RESOLUTION) & !below;
        first..=first | (SIXES & below)
    }
}

/// The only way into h3o, whose own constructor accepts 540°: a [`Position`] is finite and in range.
fn h3o_position(position: Position) -> h3o::LatLng {
    h3o::LatLng::new(position.lat(), position.lng()).expect("a position is finite")
}

/// The way back, for the centres and corners of valid cells.
fn our_position(at: h3o::LatLng) -> Position {
    Position::new(LngLat {
        lng: at.lng(),
        lat: at.lat(),
    })
    .expect("centres and corners of cells are on Earth")
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cell {
    /// By number. (h3o leaves the resolution out; ours is what a database sees.)
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_u64().cmp(&other.to_u64())
    }
}

impl TryFrom<u64> for Cell {
    type Error = CellError;

    /// Checks all that h3o checks: mode, base cell, digits, and the digit that pentagons lack.
    fn try_from(index: u64) -> Result<Self, CellError> {
        match h3o::CellIndex::try_from(index) {
            Ok(checked) => Ok(Self(checked)),
            Err(_) => Err(CellError::Index { index }),
        }
    }
}

impl FromStr for Cell {
    type Err = CellError;

    /// Reads hexadecimal digits of either case, without prefix or sign.
    fn from_str(text: &str) -> Result<Self, CellError> {
        let digits_only = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(index) if digits_only => Self::try_from(index),
            _ => Err(CellError::Text {
                text: text.chars().take(CellError::TEXT_MAX).collect(),
            }),
        }
    }
}

impl TryFrom<String> for Cell {
    type Error = CellError;

    fn try_from(text: String) -> Result<Self, CellError> {
        text.parse()
    }
}

impl From<Cell> for String {
    fn from(cell: Cell) -> Self {
        cell.to_string()
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.to_u64(), f)
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({self})")
    }
}

impl TryFrom<u8> for Resolution {
    type Error = CellError;

    fn try_from(resolution: u8) -> Result<Self, CellError> {
        Self::new(resolution)
    }
}

impl From<Resolution> for u8 {
    fn from(resolution: Resolution) -> Self {
        resolution.as_u8()
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_u8(), f)
    }
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resolution({self})")
    }
}

/// A request for cells that makes no sense. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellError {
    /// A resolution that H3 does not have.
    #[error("h3 resolution {resolution} is outside 0 to 15")]
    Resolution {
        /// The resolution given.
        resolution: u8,
    },
    /// A number that is no cell; H3 numbers its directed edges and corners too.
    #[error("{index:#x} is not an h3 cell")]
    Index {
        /// The number given.
        index: u64,
    },
    /// A text that is no 64-bit hexadecimal number.
    #[error("{text:?} is not an h3 cell in hexadecimal digits")]
    Text {
        /// The text given, or its first 32 characters.
        text: String,
    },
    /// Children at a resolution coarser than the cell's.
    #[error("cell {cell} of resolution {} has no children at resolution {resolution}", cell.resolution())]
    Coarser {
        /// The cell.
        cell: Cell,
        /// The resolution asked for.
        resolution: Resolution,
    },
    /// More cells than the caller's limit.
    #[error("asked for {cells} cells, limit is {cells_max}")]
    TooMany {
        /// How many cells it would be, or a lower bound.
        cells: u64,
        /// The limit.
        cells_max: usize,
    },
}

impl CellError {
    /// How many characters of a wrong text an error keeps.
    const TEXT_MAX: usize = 32;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All cells of a resolution, straight from h3o.
    fn all(resolution: h3o::Resolution) -> impl Iterator<Item = h3o::CellIndex> {
        h3o::CellIndex::base_cells().flat_map(move |base| base.children(resolution))
    }

    /// The range must hold all finest descendants, end at two of them, and hold nothing else.
    fn check_range(cell: h3o::CellIndex) {
        let range = Cell(cell).range_at_finest();
        let finest = h3o::Resolution::Fifteen;
        let last = cell.children_count(finest) - 1;
        let ends = [0, last].map(|place| u64::from(cell.child_at(place, finest).expect("a child")));
        assert_eq!(range, ends[0]..=ends[1], "{cell}");
    }

    #[test]
    fn a_range_goes_from_the_first_to_the_last_descendant() {
        for resolution in h3o::Resolution::range(h3o::Resolution::Zero, h3o::Resolution::Four) {
            all(resolution).for_each(check_range);
        }
        for resolution in h3o::Resolution::range(h3o::Resolution::Zero, h3o::Resolution::Fifteen) {
            resolution.pentagons().for_each(check_range);
            // Next to a pentagon the leading digits are those of its base cell.
            for pentagon in resolution.pentagons() {
                pentagon
                    .grid_disk::<Vec<_>>(2)
                    .into_iter()
                    .for_each(check_range);
            }
        }
    }

    #[test]
    fn ranges_of_one_resolution_do_not_overlap() {
        for resolution in h3o::Resolution::range(h3o::Resolution::Zero, h3o::Resolution::Four) {
            let mut ranges: Vec<_> = all(resolution)
                .map(|cell| Cell(cell).range_at_finest())
                .collect();
            ranges.sort_by_key(|range| *range.start());
            assert!(
                ranges
                    .windows(2)
                    .all(|pair| pair[0].end() < pair[1].start())
            );
        }
    }

    #[test]
    fn a_range_holds_exactly_the_descendants() {
        // Every finest cell under two cells of resolution 11 and a pentagon of 10, against ranges of all their kin.
        let pentagon = h3o::Resolution::Ten
            .pentagons()
            .next()
            .expect("twelve of them");
        let hexagon = h3o::CellIndex::try_from(0x08b3_0995_8ac7_1fff).expect("a cell");
        for top in [pentagon, hexagon, pentagon.grid_disk::<Vec<_>>(1)[1]] {
            let mut finest: Vec<u64> = top
                .children(h3o::Resolution::Fifteen)
                .map(u64::from)
                .collect();
            finest.sort_unstable();
            for resolution in h3o::Resolution::range(top.resolution(), h3o::Resolution::Fifteen) {
                for kin in top.children(resolution) {
                    let range = Cell(kin).range_at_finest();
                    let from = finest.partition_point(|index| index < range.start());
                    let to = finest.partition_point(|index| index <= range.end());
                    let mut expected: Vec<u64> = kin
                        .children(h3o::Resolution::Fifteen)
                        .map(u64::from)
                        .collect();
                    expected.sort_unstable();
                    assert_eq!(finest[from..to], expected[..], "{kin}");
                }
            }
        }
    }
}
