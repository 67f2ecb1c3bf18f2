//! The optimiser against oracles that share nothing with it: trying everything, and a textbook flow.
//!
//! Whatever the plan, its total and its least prices are the same, so both are compared; and every solution must prove
//! itself (`Instance::check`).

use std::ops::RangeInclusive;

use catchment::balance::{
    Candidate, CandidateSource, Named, Objective, Price, Problem, ProblemError, Solution, Total,
    solve, solve_from, solve_over, solve_over_from,
};
use proptest::prelude::*;

use crate::balance_brute::{Instance, rows, value_of_price, value_of_total};
use crate::workload::Random;

const COST_MAX: i64 = Candidate::COST_MAX;
const FEWEST: Objective = Objective::FewestUnassigned;

/// How costs lie.
#[derive(Clone, Copy, Debug)]
struct Costs {
    least: i64,
    /// How many different ones there are: few make ties.
    spread: i64,
}

impl Costs {
    fn draw(random: &mut Random) -> Self {
        let spread = [1, 3, 8, 100, 1_000_000, 2 * COST_MAX + 1][random.below(6)];
        let least = match random.below(3) {
            0 => -(spread / 2),
            1 if spread <= COST_MAX => 1 - spread,
            _ if spread <= COST_MAX => 0,
            _ => -COST_MAX,
        };
        Self { least, spread }
    }

    fn one(self, random: &mut Random) -> i64 {
        match random.below(8) {
            0 => self.least,
            1 => self.least + self.spread - 1,
            _ => self.least + random.below(self.spread as usize).cast_signed() as i64,
        }
    }
}

/// An instance of any kind: no order, one site, zero capacities, shortage, ties, repeated rows and candidates, empty
/// rows, rewards.
pub(crate) fn draw(random: &mut Random, orders_max: usize, sites_max: usize) -> Instance {
    let sites = 1 + random.below(sites_max);
    let orders = random.below(orders_max + 1);
    let costs = Costs::draw(random);
    let capacity_max = match random.below(4) {
        0 => 1,
        1 => 2 * orders / sites,
        2 => 1 + orders / sites,
        _ => orders,
    };
    let capacities = (0..sites).map(|_| random.below(capacity_max + 1) as u32);
    let mut instance = Instance {
        capacities: capacities.collect(),
        rows: Vec::new(),
        objective: Objective::FewestUnassigned,
    };
    let row_max = [1, 2, 4, sites][random.below(4)];
    let repeats = [2, 5, 1_000][random.below(3)];
    for order in 0..orders {
        let row = if order > 0 && random.one_in(repeats) {
            instance.rows[random.below(order)].clone()
        } else {
            let length = random.below(row_max + 1);
            let one = |_| (random.below(sites) as u32, costs.one(random));
            (0..length).map(one).collect()
        };
        instance.rows.push(row);
    }
    instance.objective = match random.below(3) {
        0 => Objective::FewestUnassigned,
        1 => Objective::UnassignedAt(costs.one(random)),
        _ => Objective::UnassignedAtEach((0..orders).map(|_| costs.one(random)).collect()),
    };
    instance
}

/// Orders and sites on a line, every site a candidate: prices spread over long chains.
fn draw_on_a_line(random: &mut Random, orders_max: usize, sites_max: usize) -> Instance {
    let sites = 1 + random.below(sites_max);
    let orders = random.below(orders_max + 1);
    let length: usize = [20, 1_000_000][random.below(2)];
    let mut places =
        |count: usize| -> Vec<usize> { (0..count).map(|_| random.below(length)).collect() };
    let (doors, homes) = (places(sites), places(orders));
    let row = |home: &usize| {
        let cost = |door: &usize| door.abs_diff(*home).cast_signed() as i64;
        (0..).zip(doors.iter().map(cost)).collect()
    };
    let capacity = orders / sites + random.below(2);
    Instance {
        capacities: vec![capacity as u32; sites],
        rows: homes.iter().map(row).collect(),
        objective: match random.below(2) {
            0 => Objective::FewestUnassigned,
            _ => Objective::UnassignedAt((length / 4).cast_signed() as i64),
        },
    }
}

/// Prices as a caller may have them from somewhere else, of any size.
fn any_prices(random: &mut Random, instance: &Instance) -> Vec<Price> {
    let costs = Costs::draw(random);
    let sites = random.below(instance.capacities.len() + 2);
    let price = |_| Price {
        unassigned: random.below(3).cast_signed() as i64 - i64::from(random.one_in(4)),
        cost: match random.below(16) {
            0 => random.next().cast_signed(),
            1 => [i64::MIN, 1 << 60, i64::MAX][random.below(3)],
            _ => costs.one(random),
        },
    };
    (0..sites).map(price).collect()
}

/// The solution, checked to prove itself; one that was begun at other prices must agree.
fn solved(instance: &Instance, random: &mut Random) -> Solution {
    let problem = instance.problem();
    let solution = solve(&problem);
    instance.check(&solution);
    let prices = any_prices(random, instance);
    let warm = solve_from(&problem, &prices);
    instance.check(&warm);
    assert_eq!(warm.total(), solution.total(), "{prices:?} {instance:?}");
    assert_eq!(warm.prices(), solution.prices(), "{prices:?} {instance:?}");
    solution
}

#[test]
fn tiny_problems_are_solved_as_by_trying_everything() {
    let mut full = 0;
    for seed in 0..24_000 {
        let mut random = Random::new(seed);
        let instance = draw(&mut random, 6, 5);
        let solution = solved(&instance, &mut random);
        let least = instance.least_by_trying_all();
        assert_eq!(
            value_of_total(solution.total()),
            least,
            "seed {seed}: {instance:?}"
        );
        for (site, price) in solution.prices().iter().enumerate() {
            let saved = least - instance.with_one_more(site).least_by_trying_all();
            assert_eq!(
                value_of_price(*price),
                saved,
                "seed {seed}, site {site}: {instance:?}"
            );
            full += usize::from(saved > 0);
        }
    }
    assert!(full > 10_000, "the test must hit: {full} prices");
}

#[test]
fn problems_are_solved_as_by_a_textbook_flow() {
    let (mut full, mut unassigned) = (0, 0);
    for seed in 0..600 {
        let mut random = Random::new(seed ^ 0xf10e);
        let instance = match seed % 3 {
            0 => draw(&mut random, 200, 20),
            1 => draw(&mut random, 40, 8),
            _ => draw_on_a_line(&mut random, 100, 20),
        };
        let solution = solved(&instance, &mut random);
        let least = instance.least_by_flow();
        assert_eq!(
            value_of_total(solution.total()),
            least,
            "seed {seed}: {instance:?}"
        );
        for _ in 0..3 {
            let site = random.below(instance.capacities.len());
            let saved = least - instance.with_one_more(site).least_by_flow();
            assert_eq!(
                value_of_price(solution.prices()[site]),
                saved,
                "seed {seed}, site {site}"
            );
            full += usize::from(saved > 0);
        }
        unassigned += solution.unassigned();
    }
    assert!(
        full > 400 && unassigned > 2_000,
        "the test must hit: {full} prices, {unassigned}"
    );
}

/// A street with most orders in the middle, so that many have to make way as far as its ends: enough of them that the
/// optimiser does not begin at prices of zero.
#[test]
fn large_problems_prove_themselves() {
    for (orders, sites, percent) in [
        (120_000, 400, 104),
        (120_000, 40, 98),
        (150_000, 2_000, 130),
    ] {
        let mut random = Random::new(percent);
        let street = 1_000_000.0;
        let gap = street / f64::from(sites);
        let row = |_| {
            let home = (0.5 + 0.2 * random.normal()).clamp(0.0, 1.0) * street;
            let middle = (home / gap) as i64;
            let near = (middle - 6..middle + 6)
                .chain((0..3).map(|_| random.below(sites as usize).cast_signed() as i64));
            let in_street = near.filter(|site| (0..i64::from(sites)).contains(site));
            let walk = |site: i64| (site as f64 * gap - home).abs() as i64;
            in_street.map(|site| (site as u32, walk(site))).collect()
        };
        let rows: Vec<Vec<(u32, i64)>> = (0..orders).map(row).collect();
        let capacity = (orders as u64 * percent / 100 / sites as u64) as u32;
        for objective in [
            Objective::FewestUnassigned,
            Objective::UnassignedAt(300_000),
        ] {
            let instance = Instance {
                capacities: vec![capacity; sites as usize],
                rows: rows.clone(),
                objective,
            };
            let solution = solve(&instance.problem());
            instance.check(&solution);
            assert!(
                solution
                    .prices()
                    .iter()
                    .any(|price| *price > Price::default())
            );
        }
    }
}

/// All pairs of orders and sites, told no sooner than they are asked for.
struct Dense<'a> {
    instance: &'a Instance,
    floors: Vec<i64>,
    told: usize,
    /// The range of costs, if it is not told as it is.
    said: Option<RangeInclusive<i64>>,
}

impl<'a> Dense<'a> {
    fn new(instance: &'a Instance) -> Self {
        let floors = vec![0; instance.capacities.len()];
        Self {
            instance,
            floors,
            told: 0,
            said: None,
        }
    }
}

impl CandidateSource for Dense<'_> {
    fn costs(&self) -> RangeInclusive<i64> {
        if let Some(said) = &self.said {
            return said.clone();
        }
        let costs = || self.instance.rows.iter().flatten().map(|(_, cost)| *cost);
        costs().min().unwrap_or(0)..=costs().max().unwrap_or(0)
    }

    fn below(&mut self, order: u32, limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let row = &self.instance.rows[order as usize];
        let told = self.told;
        for (site, cost) in row {
            if cost + self.floors.get(*site as usize).unwrap_or(&0) < limit {
                self.told += 1;
                found(*site, *cost);
            }
        }
        if self.told - told == row.len() {
            Named::All
        } else {
            Named::Below
        }
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        assert_eq!(floors.len(), self.floors.len());
        self.floors.copy_from_slice(floors);
    }
}

/// The problem whose rows are only the beginnings of the instance's, cheapest first.
fn beginnings(instance: &Instance, random: &mut Random) -> Problem {
    let mut short = instance.rows.clone();
    for row in &mut short {
        row.sort_unstable_by_key(|(site, cost)| (*cost, *site));
        row.truncate(1 + random.below(2));
    }
    let costs = Dense::new(instance).costs();
    let (capacities, objective) = (instance.capacities.clone(), instance.objective.clone());
    let problem = Problem::new(capacities, rows(&short), objective);
    let problem = problem.and_then(|problem| problem.with_costs_within(costs));
    problem.expect("a small problem")
}

#[test]
fn a_source_that_tells_no_more_than_it_must_leads_to_the_same_optimum() {
    let (mut told, mut pairs) = (0, 0);
    for seed in 0..6_000 {
        let mut random = Random::new(seed ^ 0xde5e);
        let instance = match seed % 8 {
            0 => draw(&mut random, 60, 20),
            1 | 2 => draw_on_a_line(&mut random, 60, 20),
            _ => draw(&mut random, 8, 6),
        };
        let expected = solve(&instance.problem());
        let short = beginnings(&instance, &mut random);
        let mut dense = Dense::new(&instance);
        let solution = solve_over(&short, &mut dense).expect("costs are within");
        told += dense.told;
        pairs += instance.rows.iter().map(Vec::len).sum::<usize>();
        // A source may be used again: it is told that prices begin anew.
        let again = solve_over(&short, &mut dense).expect("costs are within");
        let prices = any_prices(&mut random, &instance);
        let warm = solve_over_from(&short, Dense::new(&instance), &prices);
        let warm = warm.expect("costs are within");
        for solution in [solution, again, warm] {
            instance.check(&solution);
            assert_eq!(
                solution.total(),
                expected.total(),
                "seed {seed}: {instance:?}"
            );
            assert_eq!(
                solution.prices(),
                expected.prices(),
                "seed {seed}: {instance:?}"
            );
        }
    }
    assert!(told > 0 && pairs > 0, "{told} of {pairs}");
}

/// Most sites are in the middle of the map and so are most orders; the places at its rim are the last to be taken.
/// Prices of all places are high then, but only what leads to the last ones need be looked at closely.
#[test]
fn in_a_shortage_few_pairs_are_asked_for() {
    let mut random = Random::new(0x5407);
    let mut at = |count: usize| -> Vec<[i64; 2]> {
        let place = |_| [0; 2].map(|_: i64| (random.normal() * 1e6) as i64);
        (0..count).map(place).collect()
    };
    let (doors, homes) = (at(200), at(4_000));
    let row = |home: &[i64; 2]| {
        let cost = |door: &[i64; 2]| (door[0] - home[0]).abs() + (door[1] - home[1]).abs();
        (0..).zip(doors.iter().map(cost)).collect()
    };
    let instance = Instance {
        capacities: vec![19; doors.len()],
        rows: homes.iter().map(row).collect(),
        objective: FEWEST,
    };
    let short = beginnings(&instance, &mut random);
    let mut dense = Dense::new(&instance);
    let solution = solve_over(&short, &mut dense).expect("costs are within");
    instance.check(&solution);
    assert_eq!(solution.unassigned(), 200);
    let (told, pairs) = (dense.told, doors.len() * homes.len());
    assert!(told < pairs, "{told} of {pairs}");
}

/// Two orders at the one place of site 0; the second place is so far away that only the source knows of it.
#[test]
fn a_source_may_name_no_costs_but_those_the_problem_was_said_to_have() {
    let rows_of = |more: &[(u32, i64)]| vec![[&[(0, 1)], more].concat(), vec![(0, 2)]];
    let problem = Problem::new(vec![1, 1], rows(&rows_of(&[])), FEWEST).expect("small");
    let check = |problem: &Problem, named, said, expected: Result<u64, ProblemError>| {
        let instance = Instance {
            capacities: vec![1, 1],
            rows: rows_of(&[named]),
            objective: FEWEST,
        };
        let mut dense = Dense::new(&instance);
        dense.said = said;
        let solution = solve_over(problem, dense);
        assert_eq!(solution.map(|found| found.total().unassigned), expected);
    };
    let refused = |cost, least, greatest| {
        Err(ProblemError::CostOutOfRange {
            cost,
            least,
            greatest,
        })
    };
    let far = 1_000_000_000;
    check(&problem, (1, 2), None, Ok(0));
    check(&problem, (1, far), None, refused(far, 0, 2));
    check(&problem, (1, -1), None, refused(-1, 0, 2));
    // What was not said is found when it is named.
    check(&problem, (1, 3), Some(0..=2), refused(3, 0, 2));
    check(&problem, (1, -1), Some(0..=2), refused(-1, 0, 2));
    let no_such_site = ProblemError::NoSuchSite { site: 2, sites: 2 };
    check(&problem, (2, 1), None, Err(no_such_site));
    let wider = |costs| problem.clone().with_costs_within(costs).expect("small");
    check(&wider(0..=far), (1, far), None, Ok(0));
    check(
        &wider(0..=far - 1),
        (1, far),
        None,
        refused(far, 0, far - 1),
    );
    check(&wider(-1..=0), (1, -1), None, Ok(0));
    for cost in [COST_MAX + 1, -COST_MAX - 1, i64::MAX, i64::MIN] {
        let refused = problem.clone().with_costs_within(cost..=cost);
        assert_eq!(refused, Err(ProblemError::CostTooLarge { cost }));
    }
}

#[test]
fn prices_of_any_size_are_a_beginning() {
    let instance = Instance {
        capacities: vec![1],
        rows: Vec::new(),
        objective: Objective::UnassignedAt(0),
    };
    let unassigned = 0;
    let prices = [i64::MAX, 1 << 60].map(|cost| Price { unassigned, cost });
    for price in prices {
        instance.check(&solve_from(&instance.problem(), &[price]));
    }
}

fn any_instance() -> impl Strategy<Value = Instance> {
    any::<u64>().prop_map(|seed| {
        let mut random = Random::new(seed);
        match seed % 4 {
            0 => draw(&mut random, 120, 20),
            1 => draw_on_a_line(&mut random, 80, 20),
            _ => draw(&mut random, 20, 8),
        }
    })
}

/// The same without rewards: an order that pays is missed when it is gone.
fn without_rewards(mut instance: Instance) -> Instance {
    for (_, cost) in instance.rows.iter_mut().flatten() {
        *cost = cost.abs();
    }
    match &mut instance.objective {
        Objective::UnassignedAt(price) => *price = price.abs(),
        Objective::UnassignedAtEach(prices) => {
            for price in prices {
                *price = price.abs();
            }
        }
        _ => {}
    }
    instance
}

/// Orders in another sequence, with the prices of leaving them.
fn shuffled(instance: &Instance, random: &mut Random) -> Instance {
    let mut numbers: Vec<usize> = (0..instance.rows.len()).collect();
    random.shuffle(&mut numbers);
    let mut other = instance.clone();
    other.rows = numbers.iter().map(|n| instance.rows[*n].clone()).collect();
    for row in &mut other.rows {
        random.shuffle(row);
    }
    if let Objective::UnassignedAtEach(prices) = &instance.objective {
        other.objective = Objective::UnassignedAtEach(numbers.iter().map(|n| prices[*n]).collect());
    }
    other
}

/// Costs of half the size, and a price for leaving each order.
fn with_room_for_more_cost(mut instance: Instance) -> Instance {
    let dearest = instance.rows.iter().flatten().map(|(_, cost)| cost / 2);
    let dearest = dearest.max().unwrap_or(0);
    for (_, cost) in instance.rows.iter_mut().flatten() {
        *cost /= 2;
    }
    instance.objective = Objective::UnassignedAtEach(vec![dearest; instance.rows.len()]);
    instance
}

fn without_order(instance: &Instance, order: usize) -> Instance {
    let mut fewer = instance.clone();
    fewer.rows.remove(order);
    if let Objective::UnassignedAtEach(prices) = &mut fewer.objective {
        prices.remove(order);
    }
    fewer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn shuffling_orders_and_candidates_changes_neither_total_nor_prices(instance in any_instance(), seed: u64) {
        let (one, other) = (instance.problem(), shuffled(&instance, &mut Random::new(seed)).problem());
        let (one, other) = (solve(&one), solve(&other));
        prop_assert_eq!(one.total(), other.total());
        prop_assert_eq!(one.prices(), other.prices());
    }

    #[test]
    fn shuffling_candidates_of_each_order_changes_nothing(mut instance in any_instance(), seed: u64) {
        let solution = solve(&instance.problem());
        let mut random = Random::new(seed);
        instance.rows.iter_mut().for_each(|row| random.shuffle(row));
        prop_assert_eq!(solve(&instance.problem()), solution);
    }

    #[test]
    fn more_capacity_worsens_nothing_and_raises_no_price(instance in any_instance(), chosen: usize, more in 1..9_u32) {
        let before = solve(&instance.problem());
        let mut larger = instance;
        let site = chosen % larger.capacities.len();
        larger.capacities[site] += more;
        let after = solve(&larger.problem());
        prop_assert!(after.total() <= before.total());
        prop_assert!(after.prices().iter().zip(before.prices()).all(|(after, before)| after <= before));
    }

    #[test]
    fn adding_a_site_worsens_nothing_and_raises_no_price(instance in any_instance(), seed: u64) {
        let before = solve(&instance.problem());
        let mut random = Random::new(seed);
        let costs = Costs::draw(&mut random);
        let mut larger = instance;
        let added = larger.capacities.len() as u32;
        larger.capacities.push(random.below(6) as u32);
        for row in &mut larger.rows {
            if random.one_in(2) {
                row.push((added, costs.one(&mut random)));
            }
        }
        let after = solve(&larger.problem());
        prop_assert!(after.total() <= before.total());
        prop_assert!(after.prices().iter().zip(before.prices()).all(|(after, before)| after <= before));
    }

    #[test]
    fn removing_an_order_worsens_nothing_and_raises_no_price(instance in any_instance(), chosen: usize) {
        let instance = without_rewards(instance);
        let before = solve(&instance.problem());
        if !instance.rows.is_empty() {
            let fewer = without_order(&instance, chosen % instance.rows.len());
            let after = solve(&fewer.problem());
            prop_assert!(after.total() <= before.total());
            prop_assert!(after.prices().iter().zip(before.prices()).all(|(after, before)| after <= before));
        }
    }

    #[test]
    fn sites_with_room_have_no_price(instance in any_instance()) {
        let solution = solve(&instance.problem());
        let mut room = instance.capacities.clone();
        for site in solution.sites().flatten() {
            room[site as usize] -= 1;
        }
        for (room, price) in room.iter().zip(solution.prices()) {
            prop_assert!(*room == 0 || *price == Price::default());
        }
    }

    #[test]
    fn everything_twice_costs_twice_at_the_same_prices(instance in any_instance()) {
        let once = solve(&instance.problem());
        let mut twice = instance.clone();
        twice.rows.extend(instance.rows.iter().cloned());
        twice.capacities.iter_mut().for_each(|capacity| *capacity *= 2);
        if let Objective::UnassignedAtEach(prices) = &mut twice.objective {
            prices.extend_from_within(..);
        }
        let twice = solve(&twice.problem());
        let Total { unassigned, cost } = once.total();
        prop_assert_eq!(twice.total(), Total { unassigned: 2 * unassigned, cost: 2 * cost });
        prop_assert_eq!(twice.prices(), once.prices());
    }

    #[test]
    fn what_an_order_costs_wherever_it_goes_moves_the_total_alone(instance in any_instance(), dearer in -999..999_i64) {
        let mut instance = with_room_for_more_cost(instance);
        prop_assume!(!instance.rows.is_empty());
        let before = solve(&instance.problem());
        instance.rows[0].iter_mut().for_each(|(_, cost)| *cost += dearer);
        if let Objective::UnassignedAtEach(prices) = &mut instance.objective {
            prices[0] += dearer;
        }
        let after = solve(&instance.problem());
        prop_assert_eq!(after.total().cost, before.total().cost + dearer);
        prop_assert_eq!(after.prices(), before.prices());
    }
}
