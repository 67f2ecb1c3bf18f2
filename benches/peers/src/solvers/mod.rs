//! The solvers that are linked into this program.

mod catchment;
mod mcmf;

use ::catchment::balance::{ProblemError, Total};
use clap::ValueEnum;
use thiserror::Error;

use crate::instance::Instance;
use crate::measure::Run;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Solver {
    /// This library's `balance`.
    Catchment,
    /// The crate `mcmf` (MIT): LEMON's network simplex behind a Rust interface.
    Mcmf,
}

#[derive(Debug, Error)]
pub(crate) enum SolveError {
    #[error("no problem for catchment: {0}")]
    Problem(#[from] ProblemError),
    #[error("{solver} sent order {order} to site {site}, which is not in its row")]
    NoCandidate {
        solver: &'static str,
        order: usize,
        site: u32,
    },
    #[error("{solver} sent {orders} orders to site {site}, which takes {capacity}")]
    Overfull {
        solver: &'static str,
        site: usize,
        orders: u32,
        capacity: u32,
    },
    #[error("catchment's total is {said:?}, its assignments make {counted:?}")]
    WrongTotal { said: Total, counted: Total },
    #[error("a cost or price of {0} is more than mcmf's 32 bits hold")]
    TooLargeForMcmf(i64),
}

impl Solver {
    pub(crate) fn run(self, instance: &Instance) -> Result<Run, SolveError> {
        match self {
            Self::Catchment => catchment::run(instance),
            Self::Mcmf => mcmf::run(instance),
        }
    }
}

/// What a plan comes to, counted from the plan alone.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// Of the orders with a site.
    costs: i64,
    /// Of the orders without.
    prices: i64,
    unassigned: u64,
}

/// Counts a plan, which must send orders to candidates of theirs and keep to the capacities.
fn count(
    instance: &Instance,
    solver: &'static str,
    plan: impl Iterator<Item = Option<u32>>,
) -> Result<Count, SolveError> {
    let mut count = Count::default();
    let mut loads = vec![0; instance.capacities.len()];
    for (order, site) in plan.enumerate() {
        let Some(site) = site else {
            count.prices += instance.prices[order];
            count.unassigned += 1;
            continue;
        };
        let here = instance.row(order).filter(|(other, _)| *other == site);
        let cost = here.map(|(_, cost)| cost).min();
        let cost = cost.ok_or(SolveError::NoCandidate {
            solver,
            order,
            site,
        })?;
        count.costs += i64::from(cost);
        loads[site as usize] += 1;
    }
    let loads = loads.into_iter().zip(&instance.capacities).enumerate();
    for (site, (orders, capacity)) in loads {
        if orders > *capacity {
            return Err(SolveError::Overfull {
                solver,
                site,
                orders,
                capacity: *capacity,
            });
        }
    }
    Ok(count)
}
