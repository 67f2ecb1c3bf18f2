//! The library that this package measures. The only file that knows its interface.

use catchment::balance::{Arrays, Objective, ProblemError, Solution, Total, solve_arrays};

use super::{SolveError, count};
use crate::instance::{self, Instance};
use crate::measure::{Run, Stopwatch};

/// The clock starts at plain arrays: checks and all preprocessing count as solving.
pub(super) fn run(instance: &Instance) -> Result<Run, SolveError> {
    let stopwatch = Stopwatch::start();
    let solution = solve(instance)?;
    let solve = stopwatch.seconds();

    let count = count(instance, "catchment", solution.sites())?;
    let said = solution.total();
    let counted = match instance.objective {
        instance::Objective::Priced => Total {
            unassigned: 0,
            cost: count.costs + count.prices,
        },
        instance::Objective::Fewest => Total {
            unassigned: count.unassigned,
            cost: count.costs,
        },
    };
    if said != counted {
        return Err(SolveError::WrongTotal { said, counted });
    }
    Ok(Run {
        build: 0.0,
        solve,
        objective: count.costs + count.prices,
        unassigned: count.unassigned,
    })
}

fn solve(instance: &Instance) -> Result<Solution, ProblemError> {
    let objective = match instance.objective {
        instance::Objective::Fewest => Objective::FewestUnassigned,
        instance::Objective::Priced => match instance.common_price() {
            Some(price) => Objective::UnassignedAt(price),
            None => Objective::UnassignedAtEach(instance.prices.clone()),
        },
    };
    let arrays = Arrays {
        starts: &instance.starts,
        sites: &instance.sites,
        costs: &instance.costs,
    };
    solve_arrays(instance.capacities.clone(), arrays, objective)
}
