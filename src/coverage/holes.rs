use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::candidates::{Candidate, Filter};
use crate::coverage::{CoverageError, Demand, DemandPoint};
use crate::geo::{Cell, LngLat, Position, Resolution};
use crate::index::map_in_order;
use crate::site::{Network, TOGETHER};

/// A cell with demand that no site may serve: a hole in the coverage (服务盲区).
///
/// The reason is that of its worst-off address, the one farthest from its nearest site (of several, the one whose
/// nearest site has the smallest id, then the westernmost, then the southernmost): an example, not a list.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Hole {
    /// The cell.
    pub cell: Cell,
    /// The demand in it that no site may serve; there may be other demand that is served.
    pub unserved: Demand,
    /// The worst-off address.
    pub worst_at: Position,
    /// The site nearest to that address and why it may not serve it. `None` in a network without sites.
    pub nearest: Option<Candidate>,
}

/// Where demand has no eligible site, by cell: most orders first, then by cell.
///
/// ```
/// use catchment::candidates::Filter;
/// use catchment::coverage::{Demand, Holes};
/// use catchment::geo::{LngLat, Position, Resolution, ServiceArea};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::units::{Distance, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let mut leader = Site::leader(SiteId(17), at(121.400)?, Units(60));
/// leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
/// let network = Network::builder().site(leader).build()?;
/// let orders = [Order::new(OrderId(1), at(121.401)?), Order::new(OrderId(2), at(121.413)?)];
///
/// let holes = Holes::of(&network, &orders, &Filter::default(), Resolution::new(8)?)?;
/// assert_eq!(holes.served(), Demand { orders: 1, units: 1 });
/// let [hole] = holes.as_slice() else { panic!("one hole") };
/// assert_eq!(hole.unserved, Demand { orders: 1, units: 1 });
/// assert_eq!(
///     hole.nearest.as_ref().map(ToString::to_string).as_deref(),
///     Some("site 17 at 1,236 m: outside service area: 1,236 m > 1,000 m"),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Unchecked"))]
pub struct Holes {
    resolution: Resolution,
    served: Demand,
    cells: Vec<Hole>,
}

impl Holes {
    /// Looks for an eligible site at every address, and gathers by cell those that have none.
    ///
    /// Judged at the addresses, so exact. The filter says what a site must fulfil; what an order wishes or requires for
    /// itself is not asked: to see where cold-chain orders are lost, pass those orders and a filter with that
    /// tag. One look-up for each address, two for those without a site, on all threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// [`CoverageError::Cells`] if there are holes in more cells than the network's
    /// [`map_cells_max`](crate::limits::Limits::map_cells_max).
    pub fn of<'a, P>(
        network: &Network,
        points: &'a [P],
        filter: &Filter<'_>,
        resolution: Resolution,
    ) -> Result<Self, CoverageError>
    where
        P: Sync,
        DemandPoint: From<&'a P>,
    {
        let chunks: Vec<&[P]> = points.chunks(TOGETHER).collect();
        let judged = map_in_order(&chunks, 1, |points| {
            judge(network, points, filter, resolution)
        });
        let mut served = Demand::default();
        let mut by_cell: BTreeMap<Cell, Hole> = BTreeMap::new();
        for (demand, holes) in judged {
            served = served.merge(demand);
            for hole in holes {
                match by_cell.get_mut(&hole.cell) {
                    Some(known) => known.absorb(hole),
                    None => {
                        by_cell.insert(hole.cell, hole);
                    }
                }
                CoverageError::check_count(by_cell.len(), network.limits().map_cells_max)?;
            }
        }
        Ok(Self::sorted(
            resolution,
            served,
            by_cell.into_values().collect(),
        ))
    }

    /// The resolution of all cells.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The holes, most orders first.
    #[must_use]
    pub fn as_slice(&self) -> &[Hole] {
        &self.cells
    }

    /// The demand that has an eligible site.
    #[must_use]
    pub fn served(&self) -> Demand {
        self.served
    }

    /// The demand that has none. O(holes).
    #[must_use]
    pub fn unserved(&self) -> Demand {
        self.cells.iter().map(|hole| hole.unserved).sum()
    }

    fn sorted(resolution: Resolution, served: Demand, mut cells: Vec<Hole>) -> Self {
        cells.sort_by_key(|hole| (Reverse(hole.unserved.orders), hole.cell));
        Self {
            resolution,
            served,
            cells,
        }
    }
}

impl Hole {
    /// Takes in another hole in the same cell.
    fn absorb(&mut self, other: Self) {
        self.unserved = self.unserved.merge(other.unserved);
        if other.is_worse_than(self) {
            self.worst_at = other.worst_at;
            self.nearest = other.nearest;
        }
    }

    fn is_worse_than(&self, other: &Self) -> bool {
        let rank = |hole: &Self| {
            let nearest = hole.nearest.as_ref().map(|candidate| candidate.neighbour);
            nearest.map(|nearest| (nearest.distance, Reverse(nearest.site)))
        };
        let by_place = || {
            let (here, there) = (LngLat::from(self.worst_at), LngLat::from(other.worst_at));
            (here.lng, here.lat) < (there.lng, there.lat)
        };
        rank(self) > rank(other) || (rank(self) == rank(other) && by_place())
    }
}

/// The demand that is served, and a hole for each address that is not.
fn judge<'a, P>(
    network: &Network,
    points: &'a [P],
    filter: &Filter<'_>,
    resolution: Resolution,
) -> (Demand, Vec<Hole>)
where
    DemandPoint: From<&'a P>,
{
    let mut served = Demand::default();
    let mut holes = Vec::new();
    for point in points {
        let DemandPoint { position, demand } = point.into();
        if network.nearest_eligible_site(position, filter).is_some() {
            served = served.merge(demand);
        } else {
            holes.push(Hole {
                cell: Cell::at(position, resolution),
                unserved: demand,
                worst_at: position,
                nearest: network.explain(position, 1, filter).pop(),
            });
        }
    }
    (served, holes)
}

/// Holes as they were read.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    resolution: Resolution,
    served: Demand,
    cells: Vec<Hole>,
}

#[cfg(feature = "serde")]
impl TryFrom<Unchecked> for Holes {
    type Error = CoverageError;

    fn try_from(read: Unchecked) -> Result<Self, CoverageError> {
        for hole in &read.cells {
            CoverageError::check_resolution(hole.cell, read.resolution)?;
        }
        Ok(Self::sorted(read.resolution, read.served, read.cells))
    }
}
