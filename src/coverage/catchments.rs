use std::collections::BTreeMap;

use geo::MultiPolygon;

use crate::candidates::Filter;
use crate::coverage::CoverageError;
use crate::geo::{Cell, Position, Region, Resolution, dissolve};
use crate::id::SiteId;
use crate::index::map_in_order;
use crate::site::{Neighbour, Network, TOGETHER};

/// The catchments of a region in H3 cells: for each cell the site nearest to its centre.
///
/// **Approximate**: an address may have another nearest site than the centre of its cell has. For an address ask the
/// network.
///
/// ```
/// use catchment::coverage::CatchmentMap;
/// use catchment::geo::{Cell, LngLat, Position, Region, Resolution};
/// use catchment::id::SiteId;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
/// use geo::polygon;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.25 });
/// let network = Network::builder()
///     .site(Site::store(SiteId(1), at(121.42)?, Units(500)))
///     .site(Site::store(SiteId(2), at(121.48)?, Units(500)))
///     .build()?;
/// let block = polygon![(x: 121.4, y: 31.2), (x: 121.5, y: 31.2), (x: 121.5, y: 31.3), (x: 121.4, y: 31.3)];
/// let region = Region::new(std::sync::Arc::new(block.into()))?;
/// let map = CatchmentMap::of(&network, &region, Resolution::new(8)?, None)?;
///
/// let sizes: Vec<(SiteId, usize)> = map.sizes().collect();
/// assert_eq!(sizes, [(SiteId(1), 93), (SiteId(2), 93)]);
/// let here = Cell::at(at(121.47)?, map.resolution());
/// assert_eq!(map.owner(here).map(|nearest| nearest.site), Some(SiteId(2)));
/// assert_eq!(map.shape_of(SiteId(2)).0.len(), 1); // in one piece
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Unchecked", into = "Unchecked"))]
pub struct CatchmentMap {
    resolution: Resolution,
    /// Ascending.
    cells: Vec<(Cell, Option<Neighbour>)>,
    /// The cells of each site, ascending; of nobody, under `None`.
    catchments: BTreeMap<Option<SiteId>, Vec<Cell>>,
}

impl CatchmentMap {
    /// The nearest site for each cell whose centre lies in the region; with a filter, the nearest eligible one.
    ///
    /// The cells of adjacent regions never overlap. One look-up for each cell, on all threads of the current rayon
    /// pool (feature `rayon`), and what [`Region::cells`] costs; 40 bytes a cell.
    ///
    /// # Errors
    ///
    /// [`CoverageError::Cells`] if there are more cells than the network's
    /// [`map_cells_max`](crate::limits::Limits::map_cells_max), before any look-up.
    pub fn of(
        network: &Network,
        region: &Region,
        resolution: Resolution,
        filter: Option<&Filter<'_>>,
    ) -> Result<Self, CoverageError> {
        let cells = region.cells(resolution, network.limits().map_cells_max)?;
        let cells: Vec<Cell> = cells.into_iter().collect();
        let centres: Vec<Position> = map_in_order(&cells, TOGETHER, |cell| cell.centre());
        let owners = match filter {
            None => network.nearest_site_batch(&centres),
            Some(filter) => network.nearest_eligible_site_batch(&centres, filter),
        };
        Ok(Self::from_sorted(
            resolution,
            cells.into_iter().zip(owners).collect(),
        ))
    }

    /// The resolution of all cells.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The site whose catchment a cell belongs to, with its distance from the cell's centre. `None` if the cell is not
    /// on the map, or no site is eligible there. O(log n).
    #[must_use]
    pub fn owner(&self, cell: Cell) -> Option<Neighbour> {
        let place = self.cells.binary_search_by_key(&cell, |(cell, _)| *cell);
        self.cells[place.ok()?].1
    }

    /// All cells with their owners, in ascending order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Cell, Option<Neighbour>)> {
        self.cells.iter().copied()
    }

    /// The cells of one site's catchment, in ascending order; none if it has no catchment here. O(log sites).
    #[must_use]
    pub fn cells_of(&self, site: SiteId) -> &[Cell] {
        self.catchments.get(&Some(site)).map_or(&[], Vec::as_slice)
    }

    /// The cells that no site is eligible for, in ascending order.
    #[must_use]
    pub fn cells_of_nobody(&self) -> &[Cell] {
        self.catchments.get(&None).map_or(&[], Vec::as_slice)
    }

    /// How many cells each site's catchment has, in the order of ids; sites without one are left out.
    pub fn sizes(&self) -> impl Iterator<Item = (SiteId, usize)> {
        let catchments = self.catchments.iter();
        catchments.filter_map(|(site, cells)| Some(((*site)?, cells.len())))
    }

    /// The outline of one site's catchment, as [`dissolve`] draws it: empty if it has none. May serve as a
    /// [service area](crate::geo::ServiceArea::polygon) that keeps neighbours apart.
    #[must_use]
    pub fn shape_of(&self, site: SiteId) -> MultiPolygon<f64> {
        dissolve(self.cells_of(site).iter().copied())
    }

    fn from_sorted(resolution: Resolution, cells: Vec<(Cell, Option<Neighbour>)>) -> Self {
        let mut catchments: BTreeMap<_, Vec<Cell>> = BTreeMap::new();
        for (cell, owner) in &cells {
            let site = owner.map(|owner| owner.site);
            catchments.entry(site).or_default().push(*cell);
        }
        Self {
            resolution,
            cells,
            catchments,
        }
    }

    #[cfg(feature = "geojson")]
    pub(super) fn catchments(&self) -> &BTreeMap<Option<SiteId>, Vec<Cell>> {
        &self.catchments
    }
}

/// The serde form.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    resolution: Resolution,
    cells: BTreeMap<Cell, Option<Neighbour>>,
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for CatchmentMap {
    type Error = CoverageError;

    fn try_from(Unchecked { resolution, cells }: Unchecked) -> Result<Self, CoverageError> {
        for cell in cells.keys() {
            CoverageError::check_resolution(*cell, resolution)?;
        }
        Ok(Self::from_sorted(resolution, cells.into_iter().collect()))
    }
}

#[cfg(feature = "serde")]
impl From<CatchmentMap> for Unchecked {
    fn from(map: CatchmentMap) -> Self {
        Self {
            resolution: map.resolution,
            cells: map.cells.into_iter().collect(),
        }
    }
}
