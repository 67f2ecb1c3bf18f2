//! The library that this package measures. The only file that knows its interface.

use catchment::balance::{Objective, Problem, ProblemError, Rows, Total, solve};

use super::{SolveError, count};
use crate::instance::{self, Instance};
use crate::measure::{Run, Stopwatch};

/// The clock starts at plain arrays: rows, checks and all preprocessing count as solving.
pub(super) fn run(instance: &Instance) -> Result<Run, SolveError> {
    let stopwatch = Stopwatch::start();
    let problem = problem(instance)?;
    let build = stopwatch.seconds();
    let solution = solve(&problem);
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
        build,
        solve,
        ready: Some(solve - build),
        objective: count.costs + count.prices,
        unassigned: count.unassigned,
    })
}

fn problem(instance: &Instance) -> Result<Problem, ProblemError> {
    let mut rows = Rows::with_capacity(instance.orders(), instance.sites.len());
    for order in 0..instance.orders() {
        let row = instance.row(order);
        rows.push_costs(row.map(|(site, cost)| (site, i64::from(cost))))?;
    }
    let objective = match instance.objective {
        instance::Objective::Fewest => Objective::FewestUnassigned,
        instance::Objective::Priced => match instance.common_price() {
            Some(price) => Objective::UnassignedAt(price),
            None => Objective::UnassignedAtEach(instance.prices.clone()),
        },
    };
    Problem::new(instance.capacities.clone(), rows, objective)
}
