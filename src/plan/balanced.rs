//! The balanced method: the optimiser's problem, and what its solution says of each order.

use core::cmp::Reverse;

use crate::balance::{self, Candidate, Price, Problem, Rows, Start};
use crate::index::map_in_order;
use crate::plan::everywhere::Everywhere;
use crate::plan::routing::Draft;
use crate::plan::terms::Asker;
use crate::plan::{Cost, Objective, Plan, Proof, RouteError, Total};
use crate::units::{Orders, Units};

/// The best plan for all askers together, over all sites where that can be proven.
///
/// Orders of one size are the optimiser's own case: in units of that size each takes one.
pub(super) fn balance(
    draft: &mut Draft<'_>,
    askers: &[Asker],
    everywhere: &mut Everywhere<'_>,
    start: Option<&Plan>,
) -> Result<(), RouteError> {
    let sizes: Vec<u32> = askers.iter().map(|asker| draft.size(asker).0).collect();
    let first = sizes.first().copied().unwrap_or(1);
    if sizes.iter().all(|size| *size == first) {
        balance_equal(draft, (askers, first), everywhere, start)
    } else {
        pack(draft, askers, everywhere, &sizes)
    }
}

fn balance_equal(
    draft: &mut Draft<'_>,
    (askers, size): (&[Asker], u32),
    everywhere: &mut Everywhere<'_>,
    start: Option<&Plan>,
) -> Result<(), RouteError> {
    let places = draft.loads.iter().map(|load| load.room().0 / size);
    let rows = everywhere.rows(askers);
    let mut problem = Problem::new(places.collect(), rows, objective(draft))?;
    let solution = if everywhere.is_bounded() {
        draft.proof = Proof::Optimal;
        problem = problem.with_costs_within(everywhere.costs(askers))?;
        match start {
            None => balance::solve_over(&problem, (everywhere, askers))?,
            Some(plan) => {
                let (prices, places) = start_of(draft, askers, plan);
                let start = Start {
                    prices: &prices,
                    places: &places,
                };
                balance::resume_over(&problem, (everywhere, askers), &start)?
            }
        }
    } else {
        draft.proof = if everywhere.lists_all(problem.rows()) {
            Proof::Optimal
        } else {
            Proof::OverListedCandidates
        };
        balance::solve(&problem)
    };
    for (load, price) in draft.loads.iter_mut().zip(solution.prices()) {
        load.price = *price;
    }
    for (number, (asker, site)) in askers.iter().zip(solution.sites()).enumerate() {
        match site {
            Some(slot) => draft.send(asker, slot)?,
            None => draft.leave_for_want_of(asker.rank, cheapest(problem.rows(), number)),
        }
    }
    Ok(())
}

/// The prices of an earlier plan, by slot (sites that it did not have are free), and where its orders were, if they may
/// still go there, with what it costs them now.
fn start_of(
    draft: &Draft<'_>,
    askers: &[Asker],
    plan: &Plan,
) -> (Vec<Price>, Vec<Option<Candidate>>) {
    let terms = draft.terms;
    let prices = draft.loads.iter().map(|load| plan.load(load.site));
    let prices = prices.map(|load| load.map(|load| load.price).unwrap_or_default());
    let places = map_in_order(askers, 1_024, |asker| {
        let order = draft.decisions[asker.rank as usize].order;
        let slot = terms.slot(plan.decision(order)?.assigned()?.site)?;
        let site = terms.site(slot);
        let cost = terms.cost(asker, slot, asker.at.chord(site.at));
        Candidate::new(slot, cost.filter(|_| site.is_open)?).ok()
    });
    (prices.collect(), places)
}

/// The best that is found for orders of different sizes: a packing over the listed sites. Whom it leaves out goes to
/// the cheapest site with room, the large ones first.
fn pack(
    draft: &mut Draft<'_>,
    askers: &[Asker],
    everywhere: &Everywhere<'_>,
    sizes: &[u32],
) -> Result<(), RouteError> {
    let rooms: Vec<u32> = draft.loads.iter().map(|load| load.room().0).collect();
    if everywhere.is_bounded() {
        let bound = bound_over_all_sites(draft, askers, everywhere, (&rooms, sizes))?;
        draft.proof = Proof::Bounded { bound };
    }
    let rows = everywhere.listed_rows(askers, None);
    let problem = Problem::new(rooms, rows, objective(draft))?;
    let packing = balance::pack(&problem, sizes).expect(CHECKED);
    let mut left = Vec::new();
    for (number, (asker, site)) in askers.iter().zip(packing.sites()).enumerate() {
        match site {
            Some(slot) => draft.send(asker, slot)?,
            None => left.push(number),
        }
    }
    left.sort_unstable_by_key(|number| (Reverse(sizes[*number]), askers[*number].rank));
    for number in left {
        let (asker, size) = (&askers[number], Units(sizes[number]));
        let found = everywhere.cheapest(asker, |slot| draft.has_room(slot, size));
        draft.settle(asker, found, cheapest(problem.rows(), number));
    }
    Ok(())
}

/// Why sizes fit their problem.
const CHECKED: &str = "there is one size for each order, and the batch was checked for sizes of 0";

/// The bound of an easier problem: one site more stands for all that are not listed, has room for everybody, and costs
/// each order as much as the dearest site listed.
fn bound_over_all_sites(
    draft: &Draft<'_>,
    askers: &[Asker],
    everywhere: &Everywhere<'_>,
    (rooms, sizes): (&[u32], &[u32]),
) -> Result<Total, RouteError> {
    let elsewhere = rooms.len() as u32;
    let all = sizes
        .iter()
        .fold(0, |sum: u32, size| sum.saturating_add(*size));
    let rooms = rooms.iter().copied().chain([all]).collect();
    let rows = everywhere.listed_rows(askers, Some(elsewhere));
    let problem = Problem::new(rooms, rows, objective(draft))?;
    let easier = balance::pack(&problem, sizes).expect(CHECKED).bound();
    bound(draft, askers, easier)
}

fn objective(draft: &Draft<'_>) -> balance::Objective {
    match draft.terms.settings.objective {
        Objective::FewestUnassigned => balance::Objective::FewestUnassigned,
        Objective::UnassignedAt(price) => {
            balance::Objective::UnassignedAt(Cost::from(price).as_millimetres())
        }
    }
}

fn cheapest(rows: &Rows, number: usize) -> Option<Candidate> {
    rows.row(number).first().copied()
}

/// A bound for the askers, with the orders that chose their sites.
fn bound(draft: &Draft<'_>, askers: &[Asker], easier: balance::Total) -> Result<Total, RouteError> {
    // None of the askers has been placed yet.
    let chosen = draft.total()?;
    let homeless = chosen.unassigned.0 - askers.len() as u32;
    let (unassigned, price) = match draft.terms.settings.objective {
        Objective::FewestUnassigned => (homeless + easier.unassigned as u32, 0),
        Objective::UnassignedAt(price) => (0, Cost::from(price).as_millimetres()),
    };
    let sum = (i64::from(homeless).checked_mul(price))
        .and_then(|sum| sum.checked_add(chosen.cost.as_millimetres()))
        .and_then(|sum| sum.checked_add(easier.cost));
    Ok(Total {
        unassigned: Orders(unassigned),
        cost: Cost::from_millimetres(sum.ok_or(RouteError::TotalTooLarge)?),
    })
}
