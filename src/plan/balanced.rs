//! The balanced method: the optimiser's problem, and what its solution says of each order.

use crate::balance::{self, Candidate, Problem, Rows, Solution};
use crate::plan::everywhere::Everywhere;
use crate::plan::routing::Draft;
use crate::plan::terms::Asker;
use crate::plan::{Cost, Objective, Proof, RouteError, Total};
use crate::units::{Orders, Units};

/// The best plan for all askers together, over all sites where that can be proven.
///
/// Orders of one size are the optimiser's own case: in units of that size each takes one. Where sizes differ, to count
/// each as the smallest makes a problem that is never harder, whose optimum is the bound.
pub(super) fn balance(
    draft: &mut Draft<'_>,
    askers: &[Asker],
    mut everywhere: Everywhere<'_>,
) -> Result<(), RouteError> {
    let sizes = || askers.iter().map(|asker| draft.size(asker));
    let least = sizes().min().unwrap_or(Units(1));
    let is_one_size = sizes().max().is_none_or(|largest| largest == least);
    let rooms = draft.loads.iter().map(|load| load.room().0 / least.0);
    let problem = Problem::new(
        rooms.collect(),
        everywhere.rows(askers),
        objective(draft.terms.settings.objective),
    )?;
    let solution = if everywhere.is_bounded() {
        balance::solve_over(&problem, (&mut everywhere, askers))
    } else {
        balance::solve(&problem)
    };
    if is_one_size {
        carry_out(draft, askers, problem.rows(), &solution);
        draft.proof = if everywhere.is_bounded() {
            Proof::Optimal
        } else {
            Proof::OverListedCandidates
        };
    } else {
        let bound = bound(draft, askers, &solution)?;
        pack(draft, askers, problem.rows(), &solution, &mut everywhere);
        draft.proof = Proof::Bounded { bound };
    }
    Ok(())
}

fn objective(objective: Objective) -> balance::Objective {
    match objective {
        Objective::FewestUnassigned => balance::Objective::FewestUnassigned,
        Objective::UnassignedAt(price) => {
            balance::Objective::UnassignedAt(Cost::from(price).as_millimetres())
        }
    }
}

/// Every order to the site that the solution has for it.
fn carry_out(draft: &mut Draft<'_>, askers: &[Asker], rows: &Rows, solution: &Solution) {
    for (load, price) in draft.loads.iter_mut().zip(solution.prices()) {
        load.price = *price;
    }
    for (number, (asker, site)) in askers.iter().zip(solution.sites()).enumerate() {
        match site {
            Some(slot) => draft.send(asker, slot),
            None => draft.leave_for_want_of(asker.rank, cheapest(rows, number)),
        }
    }
}

/// The large orders first, each to the site that the solution has for it, or else to the cheapest with room.
fn pack(
    draft: &mut Draft<'_>,
    askers: &[Asker],
    rows: &Rows,
    solution: &Solution,
    everywhere: &mut Everywhere<'_>,
) {
    everywhere.leave_out(|_| false);
    let mut numbers: Vec<usize> = (0..askers.len()).collect();
    numbers.sort_unstable_by_key(|number| {
        let asker = &askers[*number];
        (core::cmp::Reverse(draft.size(asker)), asker.rank)
    });
    for number in numbers {
        let asker = &askers[number];
        let size = draft.size(asker);
        match solution.site(number) {
            Some(slot) if draft.has_room(slot, size) => draft.send(asker, slot),
            _ => {
                let found = everywhere.cheapest(asker, |slot| draft.has_room(slot, size));
                draft.settle(asker, found, cheapest(rows, number));
            }
        }
    }
}

fn cheapest(rows: &Rows, number: usize) -> Option<Candidate> {
    rows.row(number).first().copied()
}

/// The value of the easier problem, with the orders that chose their sites.
fn bound(draft: &Draft<'_>, askers: &[Asker], easier: &Solution) -> Result<Total, RouteError> {
    // None of the askers has been placed yet.
    let chosen = draft.total()?;
    let homeless = chosen.unassigned.0 - askers.len() as u32;
    let (unassigned, price) = match draft.terms.settings.objective {
        Objective::FewestUnassigned => (homeless + easier.unassigned() as u32, 0),
        Objective::UnassignedAt(price) => (0, Cost::from(price).as_millimetres()),
    };
    let sum = (i64::from(homeless).checked_mul(price))
        .and_then(|sum| sum.checked_add(chosen.cost.as_millimetres()))
        .and_then(|sum| sum.checked_add(easier.total().cost));
    Ok(Total {
        unassigned: Orders(unassigned),
        cost: Cost::from_millimetres(sum.ok_or(RouteError::TotalTooLarge)?),
    })
}
