//! Draft page.

mod bound;
mod chains;
mod improve;
mod load;
mod pairs;
mod prices;
mod relaxation;

use crate::balance::{Candidate, Objective, Problem, Solution, Total, solve};

use bound::bound;
use load::Load;
use prices::Prices;
use relaxation::Relaxation;

/// Why sizes do not fit a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackingError {
    /// Not one size for each order.
    #[error("{sizes} sizes for {orders} orders")]
    SizesMissing {
        /// The number of sizes.
        sizes: usize,
        /// The number of orders.
        orders: usize,
    },
    /// An order that takes no room.
    #[error("order {order} has size 0")]
    SizeZero {
        /// The order.
        order: usize,
    },
}

/// A plan for orders of different sizes, and how far from the optimum it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    sites: Vec<u32>,
    total: Total,
    bound: Total,
}

impl Packing {
    /// The site slot of an order, or `None` if it stays unassigned or is not there. O(1).
    #[must_use]
    pub fn site(&self, order: usize) -> Option<u32> {
        let site = self.sites.get(order).copied();
        site.filter(|site| *site != Solution::NOWHERE)
    }

    /// The site slots of all orders in turn.
    #[must_use]
    pub fn sites(&self) -> impl ExactSizeIterator<Item = Option<u32>> + '_ {
        let sites = self.sites.iter();
        sites.map(|site| Some(*site).filter(|site| *site != Solution::NOWHERE))
    }

    /// The value of this plan.
    #[must_use]
    pub fn total(&self) -> Total {
        self.total
    }

    /// No plan has a lower value than this.
    #[must_use]
    pub fn bound(&self) -> Total {
        self.bound
    }

    /// Whether this plan is an optimal one for certain.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.total == self.bound
    }
}

/// A good plan for orders of these sizes.
pub fn pack(problem: &Problem, sizes: &[u32]) -> Result<Packing, PackingError> {
    let orders = problem.orders();
    if sizes.len() != orders {
        let sizes = sizes.len();
        return Err(PackingError::SizesMissing { sizes, orders });
    }
    if let Some(order) = sizes.iter().position(|size| *size == 0) {
        return Err(PackingError::SizeZero { order });
    }
    let unit = sizes.iter().fold(0, |unit, size| gcd(unit, *size)).max(1);
    if sizes.iter().all(|size| *size == unit) {
        return Ok(pack_equal(problem, unit));
    }
    let task = Task::new(problem, sizes, unit);
    let t = std::time::Instant::now();
    let relaxation = Relaxation::solve(&task);
    let t1 = t.elapsed();
    let prices = Prices::new(&task, &relaxation);
    let bound = bound(&task, &prices);
    let mut load = Load::new(&task, &prices, &relaxation);
    let t2 = t.elapsed();
    let w0 = load.work;
    eprintln!("over {} excess {}", load.room.iter().filter(|r| **r < 0).count(), -load.room.iter().filter(|r| **r < 0).sum::<i64>());
    load.repair();
    let t3 = t.elapsed();
    let stat = |load: &Load<'_>| {
        let slack: i128 = (0..task.nowhere()).map(|s| i128::from(load.room[s as usize]) * i128::from(load.price(s))).sum();
        let regret: i128 = load.regret.iter().map(|r| i128::from(*r)).sum();
        let one = i128::from(prices.parts());
        let total = i128::from(bound.cost);
        eprintln!("  regret {} ({:.4}%) slack {} ({:.4}%) regretful {} priced {} priced slack {}", regret/one, 100.0*(regret/one) as f64/total as f64, slack/one, 100.0*(slack/one) as f64/total as f64,
            load.regret.iter().filter(|r| **r > 0).count(), prices.of.iter().filter(|p| **p>0).count(), (0..task.nowhere()).filter(|s| load.room[*s as usize]>0 && load.price(*s)>0).count());
    };
    stat(&load);
    let w1 = load.work;
    load.improve();
    stat(&load);
    eprintln!("relax {t1:?} bound+load {:?} repair {:?} (work {}) improve {:?} (work {})", t2-t1, t3-t2, w1-w0, t.elapsed()-t3, load.work-w1);
    let sites = load.places();
    let total = task.total(&sites);
    Ok(Packing {
        sites,
        total,
        bound,
    })
}

/// Orders of one size: places instead of units of room, and the optimum.
fn pack_equal(problem: &Problem, size: u32) -> Packing {
    let solution = if size == 1 {
        solve(problem)
    } else {
        let capacities = problem.capacities().iter().map(|room| room / size);
        let (rows, objective) = (problem.rows().clone(), problem.objective().clone());
        let fewer = Problem::new(capacities.collect(), rows, objective);
        solve(&fewer.expect("only the capacities differ"))
    };
    let total = solution.total();
    Packing {
        sites: solution.sites,
        total,
        bound: total,
    }
}

/// A problem with sizes, in units of their greatest common divisor.
struct Task<'a> {
    problem: &'a Problem,
    sizes: Vec<u32>,
    capacities: Vec<u32>,
}

impl<'a> Task<'a> {
    fn new(problem: &'a Problem, sizes: &[u32], unit: u32) -> Self {
        Self {
            problem,
            sizes: sizes.iter().map(|size| size / unit).collect(),
            capacities: problem
                .capacities()
                .iter()
                .map(|room| room / unit)
                .collect(),
        }
    }

    fn orders(&self) -> usize {
        self.sizes.len()
    }

    /// The least and the largest cost or price apart.
    fn range(&self) -> i64 {
        let costs = self.problem.rows().candidates().iter();
        let own = costs.map(|candidate| candidate.cost());
        let prices = match self.problem.objective() {
            Objective::FewestUnassigned => &[],
            Objective::UnassignedAt(price) => core::slice::from_ref(price),
            Objective::UnassignedAtEach(prices) => prices.as_slice(),
        };
        let (mut low, mut high) = (0, 0);
        for cost in own.chain(prices.iter().copied()) {
            low = low.min(cost);
            high = high.max(cost);
        }
        high - low
    }

    /// In place of a site: no site.
    fn nowhere(&self) -> u32 {
        self.capacities.len() as u32
    }

    /// The candidates of an order at which it fits.
    #[inline]
    fn row(&self, order: usize) -> impl Iterator<Item = Candidate> + '_ {
        let size = self.sizes[order];
        let row = self.problem.rows().row(order).iter().copied();
        row.filter(move |candidate| self.capacities[candidate.site() as usize] >= size)
    }

    /// What an order costs at a place, without what one more unassigned order is worth.
    fn cost(&self, order: usize, place: u32) -> i64 {
        let at = self
            .row(order)
            .filter(|candidate| candidate.site() == place);
        at.map(Candidate::cost)
            .min()
            .unwrap_or_else(|| self.problem.unassigned_at(order))
    }

    fn total(&self, places: &[u32]) -> Total {
        let costs = places
            .iter()
            .enumerate()
            .map(|(order, place)| (*place != Solution::NOWHERE).then(|| self.cost(order, *place)));
        Total::of(self.problem, costs)
    }
}

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
