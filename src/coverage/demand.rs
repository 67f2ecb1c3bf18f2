use std::collections::BTreeMap;

use crate::coverage::CoverageError;
use crate::geo::{Cell, Position, Resolution};
use crate::index::map_in_order;
use crate::limits::Limits;
use crate::order::Order;
use crate::units::Units;

/// How much is wanted: a sum over orders. Sums stop at 2⁶⁴ − 1, which no real demand comes near.
///
/// ```
/// use catchment::coverage::Demand;
/// use catchment::units::Units;
/// let crate_of_melons = Demand::of_order(Units(4));
/// assert_eq!(crate_of_melons.merge(Demand::of_order(Units(1))), Demand { orders: 2, units: 5 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Demand {
    /// Orders, each counted once whatever its size. (A sum of [`Orders`](crate::units::Orders), wide enough for all.)
    pub orders: u64,
    /// What they take of capacity together: a sum of [`Units`].
    pub units: u64,
}

/// Demand at one address. An [`Order`] is one, and so is a spot where many orders are known to come from.
///
/// ```
/// use catchment::coverage::{Demand, DemandPoint};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::OrderId;
/// use catchment::order::Order;
///
/// let home = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let spot = DemandPoint { position: home, demand: Demand { orders: 99, units: 120 } };
/// let order = DemandPoint::from(&Order::new(OrderId(1), home));
/// assert_eq!(order.demand, Demand { orders: 1, units: 1 });
/// assert_eq!(order.position, spot.position);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct DemandPoint {
    /// Where.
    pub position: Position,
    /// How much.
    pub demand: Demand,
}

/// Demand by H3 cell, all cells of one resolution.
///
/// ```
/// use catchment::coverage::{Demand, DemandMap};
/// use catchment::geo::{Cell, LngLat, Position, Resolution};
/// use catchment::id::OrderId;
/// use catchment::limits::Limits;
/// use catchment::order::Order;
///
/// let bund = Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?;
/// let orders = [1, 2].map(|id| Order::new(OrderId(id), bund));
/// let map = DemandMap::of(&orders, Resolution::new(9)?, &Limits::default())?;
/// assert_eq!(map.get("89309958ac7ffff".parse()?), Demand { orders: 2, units: 2 });
///
/// let coarse = map.roll_up(Resolution::new(8)?)?;
/// assert_eq!(coarse.get("88309958adfffff".parse()?), Demand { orders: 2, units: 2 });
/// assert_eq!(coarse.total(), map.total());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Unchecked"))]
pub struct DemandMap {
    resolution: Resolution,
    cells: BTreeMap<Cell, Demand>,
}

impl Demand {
    /// The demand of one order of a size.
    #[must_use]
    pub const fn of_order(size: Units) -> Self {
        Self {
            orders: 1,
            units: size.0 as u64,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            units: self.units.saturating_add(other.units),
        }
    }
}

impl core::iter::Sum for Demand {
    fn sum<I: Iterator<Item = Self>>(demands: I) -> Self {
        demands.fold(Self::default(), Self::merge)
    }
}

impl From<&Order> for DemandPoint {
    fn from(order: &Order) -> Self {
        Self {
            position: order.position,
            demand: Demand::of_order(order.size),
        }
    }
}

impl From<&Self> for DemandPoint {
    fn from(point: &Self) -> Self {
        *point
    }
}

impl DemandMap {
    /// Points that one thread tallies at a time: about 25 ms of work, and few enough tallies to merge.
    const TALLIED_TOGETHER: usize = 16_384;

    /// Counts orders (or [`DemandPoint`]s) by the cell they are in.
    ///
    /// O(n log n) for n points, about 1.6 µs each, on all threads of the current rayon pool (feature `rayon`). Neither
    /// their number nor the order of the points changes the map.
    ///
    /// # Errors
    ///
    /// [`CoverageError::Cells`] if there are more cells than [`Limits::map_cells_max`].
    pub fn of<'a, P>(
        points: &'a [P],
        resolution: Resolution,
        limits: &Limits,
    ) -> Result<Self, CoverageError>
    where
        P: Sync,
        DemandPoint: From<&'a P>,
    {
        let chunks: Vec<&[P]> = points.chunks(Self::TALLIED_TOGETHER).collect();
        let tallies = map_in_order(&chunks, 1, |points| tally(points, resolution));
        let mut cells = BTreeMap::new();
        for (cell, demand) in tallies.into_iter().flatten() {
            add(&mut cells, cell, demand);
            CoverageError::check_count(cells.len(), limits.map_cells_max)?;
        }
        Ok(Self { resolution, cells })
    }

    /// The resolution of all its cells.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The demand in a cell; none in cells that the map does not have. O(log n).
    #[must_use]
    pub fn get(&self, cell: Cell) -> Demand {
        self.cells.get(&cell).copied().unwrap_or_default()
    }

    /// Cells with their demand, in ascending order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Cell, Demand)> {
        self.cells.iter().map(|(cell, demand)| (*cell, *demand))
    }

    /// The demand of all cells together. O(n).
    #[must_use]
    pub fn total(&self) -> Demand {
        self.cells.values().copied().sum()
    }

    /// The same demand in the cells of a coarser resolution that these descend from. O(n).
    ///
    /// The total stays the same. See [the module](crate::coverage) for how this differs from counting anew.
    ///
    /// # Errors
    ///
    /// [`CoverageError::Finer`] if the resolution is finer.
    pub fn roll_up(&self, resolution: Resolution) -> Result<Self, CoverageError> {
        if resolution > self.resolution {
            return Err(CoverageError::Finer {
                from: self.resolution,
                to: resolution,
            });
        }
        let mut cells = BTreeMap::new();
        // All have a parent at a resolution that is not finer.
        for (parent, demand) in self
            .iter()
            .filter_map(|(cell, demand)| Some((cell.parent(resolution)?, demand)))
        {
            add(&mut cells, parent, demand);
        }
        Ok(Self { resolution, cells })
    }

    /// The demand of both maps together, for example of two evenings. O(m log n) for m cells of `other`.
    ///
    /// # Errors
    ///
    /// [`CoverageError::OtherResolution`] unless both have one resolution, [`CoverageError::Cells`] if there are more
    /// cells than [`Limits::map_cells_max`].
    ///
    /// ```
    /// use catchment::coverage::DemandMap;
    /// use catchment::geo::{LngLat, Position, Resolution};
    /// use catchment::id::OrderId;
    /// use catchment::limits::Limits;
    /// use catchment::order::Order;
    ///
    /// let orders = [Order::new(OrderId(1), Position::new(LngLat { lng: 121.47, lat: 31.23 })?)];
    /// let friday = DemandMap::of(&orders, Resolution::new(9)?, &Limits::default())?;
    /// let saturday = friday.clone();
    /// let weekend = friday.merge(&saturday, &Limits::default())?;
    /// assert_eq!(weekend.total().orders, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(mut self, other: &Self, limits: &Limits) -> Result<Self, CoverageError> {
        for (cell, demand) in other.iter() {
            CoverageError::check_resolution(cell, self.resolution)?;
            add(&mut self.cells, cell, demand);
            CoverageError::check_count(self.cells.len(), limits.map_cells_max)?;
        }
        Ok(self)
    }
}

fn add(cells: &mut BTreeMap<Cell, Demand>, cell: Cell, demand: Demand) {
    let sum = cells.entry(cell).or_default();
    *sum = sum.merge(demand);
}

/// Demand by cell, each cell once.
fn tally<'a, P>(points: &'a [P], resolution: Resolution) -> Vec<(Cell, Demand)>
where
    DemandPoint: From<&'a P>,
{
    let located = points.iter().map(|point| {
        let DemandPoint { position, demand } = point.into();
        (Cell::at(position, resolution), demand)
    });
    let mut tally: Vec<(Cell, Demand)> = located.collect();
    tally.sort_unstable();
    tally.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = kept.1.merge(later.1);
        }
        same
    });
    tally
}

/// A map as it was read.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    resolution: Resolution,
    cells: BTreeMap<Cell, Demand>,
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for DemandMap {
    type Error = CoverageError;

    fn try_from(Unchecked { resolution, cells }: Unchecked) -> Result<Self, CoverageError> {
        for cell in cells.keys() {
            CoverageError::check_resolution(*cell, resolution)?;
        }
        Ok(Self { resolution, cells })
    }
}
