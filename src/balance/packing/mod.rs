//! Draft page.

mod bound;
mod fill;
mod improve;
mod load;
mod prices;
mod relaxation;
mod relieve;
mod search;
mod share;
mod task;

use crate::balance::{Problem, Solution, Total, solve};
use improve::Improver;
use load::Load;
use prices::Prices;
use relaxation::Relaxation;
use task::Task;

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
    let relaxation = Relaxation::solve(&task, 10);
    let prices = Prices::new(&task, &relaxation);
    let bound = bound::bound(&task, &prices);
    let mut load = Load::new(&task, &prices, &relaxation.places);
    load.repair();
    Improver::new(&mut load, bound.unassigned).improve();
    Ok(Packing {
        total: task.total(load.places()),
        sites: task.sites(load.places()),
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

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
