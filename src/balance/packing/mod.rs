//! Orders of different sizes, which may not be split: a good plan, and a bound that says how good.
//!
//! # The problem
//!
//! Order i takes w(i) units of room, wherever it goes; site j has u(j) units. With x(i, j) = 1 if order i goes to site
//! j, and y(i) = 1 if it goes nowhere:
//!
//! ```text
//! minimise    Σ c(i, j) x(i, j) + Σ c(i, ∅) y(i)
//! subject to  Σⱼ x(i, j) + y(i) = 1        for every order i
//!             Σᵢ w(i) x(i, j) ≤ u(j)       for every site j
//!             x(i, j) ∈ {0, 1}             for every candidate with w(i) ≤ u(j)
//! ```
//!
//! This is the generalised assignment problem with sizes that do not depend on the site. It is NP-hard, and so is
//! already the question whether everybody fits. Under
//! [`Objective::FewestUnassigned`](crate::balance::Objective::FewestUnassigned) the number of unassigned *orders*, not
//! of units, comes before the cost.
//!
//! # The bound
//!
//! Without the last line the problem is a transportation problem: w(i) units of order i, at c(i, j) / w(i) each. So
//! [`solve_over`](crate::balance::solve_over) finds its prices. Any prices p ≥ 0 of a unit of room, good or bad, make
//! a bound (Lagrange):
//!
//! ```text
//! L(p) = Σᵢ min(c(i, ∅), minⱼ (c(i, j) + w(i) p(j))) − Σⱼ u(j) p(j)  ≤  the value of every plan
//! ```
//!
//! It is computed in whole numbers of 128 bits at the prices found, and rounded up: plans cost whole numbers. The
//! prices are those of costs that were scaled by 2ˢ and divided by w(i), rounded down. That makes L(p) smaller than
//! the optimum of the relaxation by less than Σ w(i) / 2ˢ, with s up to 20. Costs up to 10⁴ metres get s = 12 where
//! orders are counted: 100,000 units lose less than 25 metres, of some 5 · 10⁷.
//!
//! Where orders are counted, the bound is a pair. The first part is L for the problem in which an unassigned order
//! costs 1 and nothing else costs anything. Its prices are 0, or one order for so many units: those to which the
//! prices of the relaxation are nearest. The second part bounds the cost of plans with just so many unassigned
//! orders: those which would pay most are left out. If room is short, the relaxation is solved again with several
//! worths of an order for this.
//!
//! # The algorithm
//!
//! The difference between a plan and L(p) is the sum of the orders' *regrets* (what an order pays at its place beyond
//! what it would pay at its best place) and of the worth of all unused room, p(j) a unit. So both lead the search.
//!
//! 1. *Relax.* At most one order for each full site is split in a basic solution. Every order goes where most of it is.
//! 2. *Repair.* While a site is over its capacity, the cheapest chain of ejections a unit: an order goes to another
//!    site, another order leaves that one, until one finds room. Dijkstra's algorithm, on sites and the units that must
//!    leave them.
//! 3. *Improve.* In turn, until neither helps:
//!    - move an order that regrets, or one that fits into worthy room; relieve the site that it goes to; and fill the
//!      room that it leaves by a chain of orders that come;
//!    - take two neighbouring sites and divide their orders anew, exactly: a knapsack problem with those orders whose
//!      difference is less than what could be gained, solved by Bellman's recursion.
//! 4. *Widen.* The same again, with moves that at first lose as much as the mean regret, and with knapsacks for all
//!    pairs of sites that a move has touched.
//!
//! A change is kept if the exact cost falls, so the plan only gets better. The work is counted in looks at a candidate
//! or a state and limited by the size of the problem; no clock decides.
//!
//! Orders of one size are solved exactly by [`solve`], in places instead of units.
//!
//! # Complexity
//!
//! The relaxation takes as long as a problem of Σ w(i) unit orders. All else is linear in the candidates: passes over
//! them, and 48 looks at each at most. Memory: 8 bytes for each candidate that a search has seen and 16 for each that
//! might come to a full site, about 60 bytes an order, and the solver's for the units.
//!
//! # Limits
//!
//! - A plan is not proven to be an optimum unless it meets the bound. The bound of a single small site may be far below
//!   the optimum: the relaxation fills it to the brim, which whole orders may not be able to.
//! - Under [`Objective::FewestUnassigned`](crate::balance::Objective::FewestUnassigned), if room is short, more orders
//!   than necessary may stay unassigned. The bound says how many at most.
//! - If sizes are above 8 in the mean, after division by their greatest common divisor, they are rounded to a coarser
//!   grain for the prices. Bound and plan stay valid and get a little worse.
//!
//! # Literature
//!
//! - Martello, Toth, *Knapsack Problems*, Wiley 1990, chapter 7: generalised assignment, its relaxations and bounds.
//! - Fisher, *The Lagrangian relaxation method for solving integer programming problems*, Management Science 27 (1981).
//! - Yagiura, Ibaraki, Glover, *An ejection chain approach for the generalized assignment problem*, INFORMS Journal on
//!   Computing 16 (2004).
//! - Shmoys, Tardos, *An approximation algorithm for the generalized assignment problem*, Mathematical Programming 62
//!   (1993): why few orders are split.
//! - Pisinger, *An expanding-core algorithm for the exact 0–1 knapsack problem*, European Journal of Operational
//!   Research 87 (1995): why few orders are in question.

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

/// Why sizes do not belong to a problem.
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

/// A plan for orders of different sizes, and a bound that no plan can beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packing {
    sites: Vec<u32>,
    total: Total,
    bound: Total,
}

/// How far a plan may be from the optimum: a pair, compared in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gap {
    /// So many orders more than the bound are unassigned. Always 0 if unassigned orders have a price.
    pub unassigned: u64,
    /// So much does the plan cost above the bound. If more orders than the bound are unassigned, this compares plans
    /// with different numbers of orders, and may be negative.
    pub cost: i64,
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

    /// How far this plan may be from the optimum.
    #[must_use]
    pub fn gap(&self) -> Gap {
        Gap {
            unassigned: self.total.unassigned - self.bound.unassigned,
            cost: self.total.cost - self.bound.cost,
        }
    }

    /// Whether this plan is certainly an optimal one: it meets the bound.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.total == self.bound
    }
}

/// A good plan for orders of these sizes, one for each order of the problem, in the units of its capacities.
///
/// Never over a capacity. The same input gives the same plan. If all sizes are equal, it is the optimum. See the
/// [module](self) for the algorithm and what it takes.
///
/// ```
/// use catchment::balance::{Candidate, Objective, Problem, Rows, pack};
/// // Three orders would all like to be at site 0, which has room for two boxes.
/// let mut rows = Rows::default();
/// rows.push([Candidate::new(0, 100)?, Candidate::new(1, 250)?]);
/// rows.push([Candidate::new(0, 110)?, Candidate::new(1, 400)?]);
/// rows.push([Candidate::new(0, 120)?, Candidate::new(1, 150)?]);
/// let problem = Problem::new(vec![2, 9], rows, Objective::FewestUnassigned)?;
/// let packing = pack(&problem, &[1, 1, 2])?;
/// assert_eq!(packing.sites().collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
/// assert_eq!(packing.total().cost, 360);
/// assert!(packing.is_proven());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`PackingError`] if there is not one size for each order, or if one is 0.
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
    let relaxation = Relaxation::solve(&task, LEVEL_BITS);
    let prices = Prices::lifted(&task, &relaxation);
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

/// An unassigned order counts for 2^10 times the range of costs in the relaxation, if orders are counted.
const LEVEL_BITS: i32 = 10;

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
