//! Candidates in arrays lead to the same plan as the same candidates in rows, and arrays that are none are refused.

use catchment::balance::{
    Arrays, Candidate, Objective, Problem, ProblemError, Solution, solve, solve_arrays,
};
use proptest::prelude::*;

use crate::balance_brute::Instance;
use crate::balancing::draw;
use crate::workload::Random;

/// The rows of an instance as arrays.
#[derive(Debug, Default)]
struct Lists {
    starts: Vec<u32>,
    sites: Vec<u32>,
    costs: Vec<i64>,
}

impl Lists {
    fn of(instance: &Instance) -> Self {
        let mut lists = Self::default();
        lists.starts.push(0);
        for row in &instance.rows {
            lists.sites.extend(row.iter().map(|(site, _)| site));
            lists.costs.extend(row.iter().map(|(_, cost)| cost));
            lists.starts.push(lists.sites.len() as u32);
        }
        lists
    }

    fn solve(&self, instance: &Instance) -> Result<Solution, ProblemError> {
        let arrays = Arrays {
            starts: &self.starts,
            sites: &self.sites,
            costs: &self.costs,
        };
        let (capacities, objective) = (instance.capacities.clone(), instance.objective.clone());
        solve_arrays(capacities, arrays, objective)
    }
}

/// The same plan, not only an equally good one: as the rows are given, with sorted rows, and with one that is not among
/// many that are.
fn check(mut instance: Instance, random: &mut Random) -> Result<(), TestCaseError> {
    let wanted = Ok(solve(&instance.problem()));
    prop_assert_eq!(&Lists::of(&instance).solve(&instance), &wanted);
    instance
        .rows
        .iter_mut()
        .for_each(|row| row.sort_by_key(|(_, cost)| *cost));
    prop_assert_eq!(&Lists::of(&instance).solve(&instance), &wanted);
    if !instance.rows.is_empty() {
        let reversed = random.below(instance.rows.len());
        instance.rows[reversed].reverse();
        prop_assert_eq!(&Lists::of(&instance).solve(&instance), &wanted);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arrays_lead_where_rows_lead(seed: u64, large in proptest::bool::weighted(0.1)) {
        let mut random = Random::new(seed);
        // More rows than are looked through at a time.
        let orders_max = if large { 500 } else { 30 };
        let instance = draw(&mut random, orders_max, 12);
        check(instance, &mut random)?;
    }
}

#[test]
fn there_may_be_no_candidate_and_no_site() {
    for (starts, capacities) in [
        (vec![], vec![]),
        (vec![0], vec![]),
        (vec![0, 0], vec![]),
        (vec![0, 0], vec![3]),
    ] {
        let instance = Instance {
            capacities,
            rows: vec![Vec::new(); starts.len().saturating_sub(1)],
            objective: Objective::FewestUnassigned,
        };
        let solution = Lists {
            starts,
            ..Lists::default()
        }
        .solve(&instance);
        assert_eq!(solution, Ok(solve(&instance.problem())));
    }
}

#[test]
fn arrays_that_are_no_rows_are_refused() {
    let misfit =
        |row: usize, sites: usize, costs: usize| ProblemError::RowMisfit { row, sites, costs };
    let late = |start| ProblemError::StartMisfit { start };
    let cost_max = Candidate::COST_MAX;
    let orders = Problem::ORDERS_MAX + 1;
    for (starts, sites, costs, error) in [
        (vec![], vec![], vec![], None),
        (vec![0], vec![], vec![], None),
        (vec![0, 0, 0], vec![], vec![], None),
        (vec![], vec![0], vec![1], Some(misfit(0, 1, 1))),
        (vec![1], vec![0], vec![1], Some(late(1))),
        (vec![1, 1], vec![0], vec![1], Some(late(1))),
        (vec![7, 2], vec![0, 1], vec![1, 2], Some(late(7))),
        (vec![0, 1], vec![0], vec![], Some(misfit(0, 1, 0))),
        (vec![0, 1], vec![], vec![1], Some(misfit(0, 0, 1))),
        (vec![0, 1, 1], vec![0, 1], vec![1, 2], Some(misfit(1, 2, 2))),
        (vec![0, 3, 2], vec![0, 1], vec![1, 2], Some(misfit(1, 2, 2))),
        (
            vec![0, 9, 2, 2],
            vec![0, 1],
            vec![1, 2],
            Some(misfit(1, 2, 2)),
        ),
        (
            vec![0, 2],
            vec![0, 2],
            vec![2, 1],
            Some(ProblemError::NoSuchSite { site: 2, sites: 2 }),
        ),
        (
            vec![0, 2],
            vec![0, u32::MAX],
            vec![2, 1],
            Some(ProblemError::SiteTooLarge { site: u32::MAX }),
        ),
        (
            vec![0, 2],
            vec![0, 1],
            vec![cost_max + 1, 1],
            Some(ProblemError::CostTooLarge { cost: cost_max + 1 }),
        ),
        (
            vec![0, 2],
            vec![0, 1],
            vec![3, i64::MIN],
            Some(ProblemError::CostTooLarge { cost: i64::MIN }),
        ),
        (
            vec![0; orders + 1],
            vec![],
            vec![],
            Some(ProblemError::TooManyOrders { orders }),
        ),
    ] {
        let instance = Instance {
            capacities: vec![1, 1],
            rows: Vec::new(),
            objective: Objective::FewestUnassigned,
        };
        let lists = Lists {
            starts,
            sites,
            costs,
        };
        assert_eq!(lists.solve(&instance).err(), error, "{:?}", lists.sites);
    }
}
