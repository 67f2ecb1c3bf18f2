//! The numbers of one plan, so that plans can be laid side by side.

use catchment::plan::{Method, Plan, Proof};
use catchment::units::Distance;
use serde::Serialize;

use crate::lookups::Lookups;
use crate::routing::{self, Routed};

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
    /// Adds up a plan. `best` is one that is proven to be the best for the same orders. O(orders log orders).
    pub(crate) fn of(routed: &Routed, best: &Plan, lookups: &Lookups) -> Self {
        let plan = &routed.plan;
        let walks = Walks::of(plan);
        let assigned = walks.0.len();
        let loads = plan.loads().iter();
        let beyond_capacity = loads
            .clone()
            .map(|load| u64::from(load.load.0.saturating_sub(load.capacity.0)))
            .sum();
        let full_sites = loads.filter(|load| load.capacity.0 > 0 && load.room().0 == 0);
        Self {
            method: routing::name(plan.method()),
            assigned,
            unassigned: plan.decisions().len() - assigned,
            total_m: metres(walks.sum()),
            mean_m: walks.mean(),
            p50_m: walks.percentile(50),
            p95_m: walks.percentile(95),
            max_m: walks.percentile(100),
            detour_m: detour(plan, lookups),
            full_sites: full_sites.count(),
            beyond_capacity,
            proven: plan.proof() == Proof::Optimal,
            gap: gap(plan, best).filter(|_| beyond_capacity == 0),
            seconds_solve: routed.seconds,
        }
    }

    /// What is proven, in a word.
    pub(crate) fn proof(&self) -> &'static str {
        if self.proven { "optimal" } else { "none" }
    }
}

/// How far assigned orders are from their sites, in ascending order.
struct Walks(Vec<Distance>);

impl Walks {
    fn of(plan: &Plan) -> Self {
        let assigned = plan.decisions().iter().filter_map(|one| one.assigned());
        let mut walks: Vec<_> = assigned.map(|assigned| assigned.distance).collect();
        walks.sort_unstable();
        Self(walks)
    }

    /// In millimetres. A hundred million walks round half the Earth are a ninth of what 64 bits hold.
    fn sum(&self) -> u64 {
        self.0.iter().map(|walk| walk.as_millimetres()).sum()
    }

    fn mean(&self) -> Option<f64> {
        mean(self.sum(), self.0.len())
    }

    /// The nearest rank: at least `percent` of the walks are no longer than this one.
    fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100);
        let walk = self.0.get(rank.checked_sub(1)?)?;
        Some(walk.as_metres_f64())
    }
}

/// The mean detour.
fn detour(plan: &Plan, lookups: &Lookups) -> Option<f64> {
    let (mut sum, mut count) = (0, 0);
    for (decision, nearest) in plan.decisions().iter().zip(&lookups.nearest) {
        if let (Some(assigned), Some(nearest)) = (decision.assigned(), nearest) {
            sum += assigned
                .distance
                .saturating_sub(nearest.distance)
                .as_millimetres();
            count += 1;
        }
    }
    mean(sum, count)
}

/// Millimetres divided among so many, in metres.
fn mean(sum: u64, count: usize) -> Option<f64> {
    let count = count as u64;
    (sum + count / 2).checked_div(count).map(metres)
}

fn metres(millimetres: u64) -> f64 {
    Distance::from_millimetres(millimetres).as_metres_f64()
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
