//! Wherever a plan begins, it ends at the same value with the same least prices; and at its own end it stays.

use catchment::balance::{
    Candidate, Objective, Price, Problem, ProblemError, Rows, Solution, Start, resume, solve,
};
use proptest::prelude::*;

use crate::workload::Random;

fn draw(random: &mut Random) -> (Problem, Vec<Vec<Candidate>>) {
    let (sites, orders) = (1 + random.below(6), random.below(30));
    let mut lists = Vec::new();
    for _ in 0..orders {
        let mut row = Vec::new();
        for site in 0..sites {
            if random.one_in(2) {
                // Few different costs, so that there are many best plans.
                let cost = i64::from(random.below(5) as u32) * 100;
                row.push(Candidate::new(site as u32, cost).expect("in range"));
            }
        }
        lists.push(row);
    }
    let mut rows = Rows::default();
    for row in &lists {
        rows.push(row.iter().copied());
    }
    let capacities = (0..sites).map(|_| random.below(7) as u32).collect();
    let objective = match random.below(3) {
        0 => Objective::UnassignedAt(i64::from(random.below(6) as u32) * 100),
        _ => Objective::FewestUnassigned,
    };
    let problem = Problem::new(capacities, rows, objective).expect("small");
    (problem, lists)
}

/// Any prices, any places out of the rows: nothing that a plan would have.
fn anything(lists: &[Vec<Candidate>], random: &mut Random) -> (Vec<Price>, Vec<Option<Candidate>>) {
    let prices = (0..random.below(8)).map(|_| Price {
        unassigned: i64::from(random.below(3) as u32) - 1,
        cost: 100 * (i64::from(random.below(20) as u32) - 5),
    });
    let prices = prices.collect();
    let place = |row: &Vec<Candidate>| {
        let chosen = row.get(random.below(row.len() + 1));
        chosen.copied()
    };
    (prices, lists.iter().map(place).collect())
}

fn places(solution: &Solution, lists: &[Vec<Candidate>]) -> Vec<Option<Candidate>> {
    let sites = solution.sites().zip(lists);
    sites
        .map(|(site, row)| {
            row.iter()
                .copied()
                .find(|candidate| Some(candidate.site()) == site)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_beginning_does_not_change_the_value(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let (problem, lists) = draw(&mut random);
        let best = solve(&problem);
        let (prices, anywhere) = anything(&lists, &mut random);
        let start = Start { prices: &prices, places: &anywhere };
        let found = resume(&problem, &start).expect("places of the problem");
        prop_assert_eq!(found.total(), best.total());
        prop_assert_eq!(found.prices(), best.prices());
        for (order, row) in lists.iter().enumerate() {
            let site = found.site(order);
            prop_assert!(site.is_none_or(|site| row.iter().any(|one| one.site() == site)));
        }
    }

    #[test]
    fn a_plan_stays_where_it_is(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let (problem, lists) = draw(&mut random);
        let (prices, anywhere) = anything(&lists, &mut random);
        let somewhere = Start { prices: &prices, places: &anywhere };
        let found = resume(&problem, &somewhere).expect("places of the problem");
        let own = places(&found, &lists);
        let start = Start { prices: found.prices(), places: &own };
        let again = resume(&problem, &start).expect("places of the problem");
        prop_assert_eq!(again, found);
    }
}

#[test]
fn places_that_are_not_in_the_problem_are_refused() {
    let place = |site, cost| Some(Candidate::new(site, cost).expect("in range"));
    let check = |places: &[Option<Candidate>], expected: fn(&ProblemError) -> bool| {
        let mut rows = Rows::default();
        rows.push(place(0, 100));
        let problem = Problem::new(vec![1], rows, Objective::FewestUnassigned).expect("small");
        let refused = resume(
            &problem,
            &Start {
                prices: &[],
                places,
            },
        )
        .expect_err("not in it");
        assert!(expected(&refused), "{refused}");
    };
    check(&[place(1, 100)], |error| {
        matches!(error, ProblemError::NoSuchSite { .. })
    });
    check(&[place(0, 101)], |error| {
        matches!(error, ProblemError::CostOutOfRange { .. })
    });
}
