//! The city by H3 cell: how much is ordered in each, how much of it goes nowhere, and whose catchment is where.

use std::collections::BTreeMap;
use std::sync::Arc;

use catchment::candidates::Filter;
use catchment::coverage::{CatchmentMap, CoverageError, DemandMap};
use catchment::geo::{Cell, Region, Resolution, dissolve};
use catchment::id::SiteId;
use catchment::units::Distance;
use geo::MultiPolygon;

use crate::export::{Planned, Verdict};
use crate::failure::Failure;

/// No map has more cells than this: the finest resolution is taken that has not.
const CELLS_MAX: usize = 4_000;
/// A street corner, and half a continent.
const RESOLUTIONS: [u8; 8] = [9, 8, 7, 6, 5, 4, 3, 2];

pub(super) struct Cells {
    pub(super) resolution: Resolution,
    pub(super) counts: BTreeMap<Cell, Count>,
    /// The areas whose addresses have the same nearest eligible site, where anybody orders.
    pub(super) catchments: Vec<(SiteId, MultiPolygon<f64>)>,
}

/// What becomes of the orders of a cell.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) orders: u32,
    pub(super) unassigned: u32,
    pub(super) detoured: u32,
    /// All walks together, in millimetres.
    pub(super) walk: u64,
}

impl Cells {
    /// O(orders + cells).
    pub(super) fn of(planned: &Planned<'_>) -> Result<Self, Failure> {
        let (resolution, demand) = demand(planned)?;
        let mut counts = BTreeMap::<Cell, Count>::new();
        for order in planned.routed() {
            let count = counts
                .entry(Cell::at(order.position, resolution))
                .or_default();
            count.orders += 1;
            count.unassigned += u32::from(order.verdict() == Verdict::Unassigned);
            count.detoured += u32::from(order.verdict() == Verdict::Detour);
            count.walk += order.distance().map_or(0, Distance::as_millimetres);
        }
        assert_eq!(
            counts.len(),
            demand.iter().len(),
            "orders are where demand is"
        );
        Ok(Self {
            resolution,
            counts,
            catchments: catchments(planned, &demand)?,
        })
    }
}

/// Demand at the finest resolution that does not make too many cells.
fn demand(planned: &Planned<'_>) -> Result<(Resolution, DemandMap), CoverageError> {
    let limits = planned.network().limits();
    let mut finest = None;
    for resolution in RESOLUTIONS {
        let resolution = Resolution::new(resolution).expect("H3 has this resolution");
        let map = DemandMap::of(planned.orders, resolution, limits)?;
        let few = map.iter().len() <= CELLS_MAX;
        finest = Some((resolution, map));
        if few {
            break;
        }
    }
    Ok(finest.expect("there are resolutions"))
}

/// Catchments one step finer than the demand, in the cells one step coarser that have any.
fn catchments(
    planned: &Planned<'_>,
    demand: &DemandMap,
) -> Result<Vec<(SiteId, MultiPolygon<f64>)>, Failure> {
    let step = |by: i8| Resolution::new(demand.resolution().as_u8().saturating_add_signed(by));
    let (coarse, fine) = (step(-1).expect("coarser"), step(1).expect("finer"));
    let inhabited = demand.roll_up(coarse)?;
    if inhabited.iter().len() == 0 {
        return Ok(Vec::new());
    }
    let shape = dissolve(inhabited.iter().map(|(cell, _)| cell));
    let region = Region::new(Arc::new(shape))?;
    let filter = Filter::default();
    let map = CatchmentMap::of(planned.network(), &region, fine, Some(&filter))?;
    Ok(map
        .sizes()
        .map(|(site, _)| (site, map.shape_of(site)))
        .collect())
}
