//! The numbers of one plan, so that plans can be laid side by side.

use catchment::plan::{Method, Plan, Proof};
use catchment::report::{Report, Spread};
use catchment::units::Distance;
use serde::Serialize;

use crate::routing;

/// What one method comes to.
///
/// Distances are in metres with three decimals, from whole millimetres; null if no order was assigned. A
/// percentile is the nearest rank: the smallest distance that is not exceeded by at least so many per cent of
/// the assigned orders. A mean is the exact sum, divided once and rounded to the millimetre.
#[derive(Clone, Serialize)]
pub(crate) struct Tally {
    pub(crate) method: &'static str,
    pub(crate) assigned: usize,
    pub(crate) unassigned: usize,
    /// All walks together.
    pub(crate) total_m: f64,
    pub(crate) mean_m: Option<f64>,
    pub(crate) p50_m: Option<f64>,
    pub(crate) p95_m: Option<f64>,
    pub(crate) max_m: Option<f64>,
    /// How much farther than to the nearest eligible site, in the mean.
    pub(crate) detour_m: Option<f64>,
    /// Sites without room for another order, of those that had any.
    pub(crate) full_sites: usize,
    /// Orders that their sites have no room for: only by the method that does not ask.
    pub(crate) beyond_capacity: u64,
    /// Whether it is proven that no plan is better.
    pub(crate) proven: bool,
    /// By which part of the least total this one is longer, if that is known: 0 if proven. Null where plans can't be
    /// compared, because another number of orders is assigned or capacities are exceeded.
    pub(crate) gap: Option<f64>,
    /// From orders in memory to the plan, candidates included.
    pub(crate) seconds_solve: f64,
}

impl Tally {
    /// The numbers of a plan that took so long. `best` is one that is proven to be the best for the same orders.
    /// O(orders log orders).
    pub(crate) fn of(report: &Report<'_>, seconds_solve: f64, best: &Plan) -> Self {
        let (plan, summary) = (report.plan(), report.summary());
        let walk = |length: fn(&Spread) -> Distance| {
            let length = summary.walk.as_ref().map(length);
            length.map(Distance::as_metres_f64)
        };
        let beyond_capacity = summary.loads.beyond_capacity;
        Self {
            method: routing::name(plan.method()),
            assigned: summary.assigned.0 as usize,
            unassigned: summary.unassigned().0 as usize,
            total_m: walk(|walk| walk.sum).unwrap_or(0.0),
            mean_m: walk(Spread::mean),
            p50_m: walk(|walk| walk.p50),
            p95_m: walk(|walk| walk.p95),
            max_m: walk(|walk| walk.longest),
            detour_m: summary.detour.map(|detour| detour.mean().as_metres_f64()),
            full_sites: summary.loads.full as usize,
            beyond_capacity,
            proven: plan.proof() == Proof::Optimal,
            gap: gap(plan, best).filter(|_| beyond_capacity == 0),
            seconds_solve,
        }
    }

    /// What is proven, in a word.
    pub(crate) fn proof(&self) -> &'static str {
        if self.proven { "optimal" } else { "none" }
    }
}

/// By which part of the best total a plan is longer, if both assign as many orders.
fn gap(plan: &Plan, best: &Plan) -> Option<f64> {
    if best.proof() != Proof::Optimal || best.method() != Method::Balanced {
        return None;
    }
    let (total, least) = (plan.total(), best.total());
    let more = total.cost.as_millimetres() - least.cost.as_millimetres();
    match (total.unassigned == least.unassigned, more) {
        (false, _) => None,
        (true, 0) => Some(0.0),
        (true, more) => Some(more as f64 / least.cost.as_millimetres() as f64),
    }
}
