//! Small problems of any kind against trying everything: totals, least prices, certificates, from any start.

#![no_main]

use std::ops::RangeInclusive;

use catchment::balance::{
    CandidateSource, Named, Objective, Price, Problem, Solution, solve, solve_from, solve_over_from,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/balance_brute.rs"]
mod balance_brute;

use balance_brute::{Instance, candidate, rows, value_of_price, value_of_total};

fuzz_target!(|case: Case| {
    let instance = case.instance();
    let problem = instance.problem();
    let cold = solve(&problem);
    instance.check(&cold);
    let least = instance.least_by_trying_all();
    assert_eq!(value_of_total(cold.total()), least);
    for (site, price) in cold.prices().iter().enumerate() {
        let saved = least - instance.with_one_more(site).least_by_trying_all();
        assert_eq!(value_of_price(*price), saved, "site {site}");
    }
    let prices: Vec<Price> = case.start.iter().map(RawPrice::price).collect();
    agree(&instance, &cold, &solve_from(&problem, &prices));
    let short = case.beginnings(&instance);
    agree(
        &instance,
        &cold,
        &solve_over_from(&short, Dense::new(&instance), &prices).expect("costs are within"),
    );
    agree(
        &instance,
        &cold,
        &solve_over_from(&short, Dense::new(&instance), &[]).expect("costs are within"),
    );
});

fn agree(instance: &Instance, cold: &Solution, other: &Solution) {
    instance.check(other);
    assert_eq!(other.total(), cold.total());
    assert_eq!(other.prices(), cold.prices());
}

#[derive(Arbitrary, Debug)]
struct Case {
    capacities: Vec<u8>,
    rows: Vec<Vec<(u8, RawCost)>>,
    objective: RawObjective,
    start: Vec<RawPrice>,
    /// How many candidates of each order the rows hold from the beginning.
    listed: [u8; 6],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum RawCost {
    Small(i8),
    Medium(i32),
    Large(i64),
}

#[derive(Arbitrary, Debug)]
enum RawObjective {
    Fewest,
    At(RawCost),
    Each([RawCost; 6]),
}

#[derive(Arbitrary, Debug)]
struct RawPrice {
    unassigned: i8,
    cost: RawCost,
}

impl Case {
    /// At most 6 orders and 5 sites, so that trying everything takes microseconds.
    fn instance(&self) -> Instance {
        let capacities: Vec<u32> = self.capacities.iter().take(5).map(capacity).collect();
        let sites = capacities.len();
        let row = |row: &Vec<(u8, RawCost)>| {
            let named = row.iter().take(if sites == 0 { 0 } else { 6 });
            let slot = |site: u8| u32::from(site) % sites.max(1) as u32;
            named
                .map(|(site, cost)| (slot(*site), cost.cost()))
                .collect()
        };
        let rows: Vec<_> = self.rows.iter().take(6).map(row).collect();
        let objective = match &self.objective {
            RawObjective::Fewest => Objective::FewestUnassigned,
            RawObjective::At(price) => Objective::UnassignedAt(price.cost()),
            RawObjective::Each(prices) => {
                let prices = prices.iter().take(rows.len());
                Objective::UnassignedAtEach(prices.map(|price| price.cost()).collect())
            }
        };
        Instance {
            capacities,
            rows,
            objective,
        }
    }

    /// The problem with only the cheapest candidates of each order, and with room for the costs of all.
    fn beginnings(&self, instance: &Instance) -> Problem {
        let mut short = instance.rows.clone();
        for (row, listed) in short.iter_mut().zip(self.listed) {
            row.sort_unstable_by_key(|(site, cost)| candidate(*site, *cost));
            row.truncate(1 + usize::from(listed) % 3);
        }
        let (capacities, objective) = (instance.capacities.clone(), instance.objective.clone());
        let problem = Problem::new(capacities, rows(&short), objective);
        let problem =
            problem.and_then(|problem| problem.with_costs_within(Dense::new(instance).costs()));
        problem.expect("a small problem")
    }
}

/// Mostly few places, now and then as many as there can be.
fn capacity(raw: &u8) -> u32 {
    match raw {
        255 => u32::MAX,
        raw => u32::from(raw % 4),
    }
}

impl RawCost {
    fn cost(self) -> i64 {
        const COST_MAX: i64 = catchment::balance::Candidate::COST_MAX;
        match self {
            Self::Small(cost) => i64::from(cost),
            Self::Medium(cost) => i64::from(cost),
            Self::Large(cost) => cost % (COST_MAX + 1),
        }
    }
}

impl RawPrice {
    fn price(&self) -> Price {
        let cost = match self.cost {
            RawCost::Large(cost) => cost,
            small => small.cost(),
        };
        Price {
            unassigned: i64::from(self.unassigned),
            cost,
        }
    }
}

/// All candidates, told no sooner than they are asked for.
struct Dense<'a> {
    instance: &'a Instance,
    floors: Vec<i64>,
}

impl<'a> Dense<'a> {
    fn new(instance: &'a Instance) -> Self {
        let floors = vec![0; instance.capacities.len()];
        Self { instance, floors }
    }
}

impl CandidateSource for Dense<'_> {
    fn costs(&self) -> RangeInclusive<i64> {
        let costs = || self.instance.rows.iter().flatten().map(|(_, cost)| *cost);
        costs().min().unwrap_or(0)..=costs().max().unwrap_or(0)
    }

    fn below(&mut self, order: u32, limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let mut named = Named::All;
        for (site, cost) in &self.instance.rows[order as usize] {
            if cost + self.floors[*site as usize] < limit {
                found(*site, *cost);
            } else {
                named = Named::Below;
            }
        }
        named
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        self.floors.copy_from_slice(floors);
    }
}
