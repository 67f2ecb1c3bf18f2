//! The optimiser at the limits of its numbers, and on problems with published values.

use std::fs;
use std::path::Path;

use catchment::balance::{Candidate, Objective, Price, Problem, ProblemError, Rows, Total, solve};

use crate::balance_brute::{Instance, candidate, rows, value_of_price, value_of_total};
use crate::shared_data::shared_data;
use crate::workload::Random;

const COST_MAX: i64 = Candidate::COST_MAX;
const FEWEST: Objective = Objective::FewestUnassigned;

#[test]
fn costs_at_the_limit_are_told_apart() {
    let ends = [-COST_MAX, 1 - COST_MAX, -1, 0, 1, COST_MAX - 1, COST_MAX];
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let (sites, orders) = (1 + random.below(4), random.below(6));
        let mut cost = || ends[random.below(ends.len())];
        let row = |_| (0..sites as u32).map(|site| (site, cost())).collect();
        let rows: Vec<Vec<(u32, i64)>> = (0..orders).map(row).collect();
        let objective = match seed % 3 {
            0 => FEWEST,
            1 => Objective::UnassignedAt(cost()),
            _ => Objective::UnassignedAtEach((0..orders).map(|_| cost()).collect()),
        };
        let capacities = [0, 1, 2, u32::MAX];
        let instance = Instance {
            capacities: (0..sites).map(|_| capacities[random.below(4)]).collect(),
            rows,
            objective,
        };
        let solution = solve(&instance.problem());
        instance.check(&solution);
        let least = instance.least_by_trying_all();
        assert_eq!(
            value_of_total(solution.total()),
            least,
            "seed {seed}: {instance:?}"
        );
    }
}

/// One order too many at the first of many sites, and room at the last only: all the others move on by one site, each
/// at the largest difference of costs that there is.
#[test]
fn a_chain_through_all_sites_at_the_largest_costs_is_found() {
    const SITES: u32 = 500_000;
    let mut rows = Rows::default();
    rows.push([candidate(0, -COST_MAX)]);
    for site in 1..SITES {
        rows.push([candidate(site - 1, -COST_MAX), candidate(site, COST_MAX)]);
    }
    let problem = Problem::new(vec![1; SITES as usize], rows, FEWEST).expect("just fits");
    let solution = solve(&problem);
    assert!((0..SITES).all(|order| solution.site(order as usize) == Some(order)));
    let cost = i64::from(SITES - 2) * COST_MAX;
    assert_eq!(
        solution.total(),
        Total {
            unassigned: 0,
            cost
        }
    );
    for (site, price) in (1..).zip(solution.prices()) {
        let moves = i64::from(SITES) - site;
        assert_eq!(
            *price,
            Price {
                unassigned: 0,
                cost: moves * 2 * COST_MAX
            }
        );
    }
}

#[test]
fn problems_beyond_the_limits_are_refused_with_their_numbers() {
    let one_row = |row: &[(u32, i64)]| rows(&[row.to_vec()]);
    let cost_max = one_row(&[(0, COST_MAX), (0, -COST_MAX)]);
    let empty_rows = |orders: usize| {
        let mut rows = Rows::with_capacity(orders, 0);
        (0..orders).for_each(|_| rows.push([]));
        rows
    };
    let at = Objective::UnassignedAt;
    // (m + 2) × (range + 1) must be below 2⁵⁸, and the range here is 2³⁹ − 2.
    let (range, sites_max) = (2 * COST_MAX + 1, (1 << 19) - 2);
    let orders_max = Problem::ORDERS_MAX;
    let beyond = |items: usize, range: i64| ProblemError::CostsTooFarApart { items, range };
    for (sites, rows, objective, error) in [
        (
            1,
            one_row(&[(0, 1), (1, 1)]),
            FEWEST,
            Some(ProblemError::NoSuchSite { site: 1, sites: 1 }),
        ),
        (
            0,
            one_row(&[(0, 1)]),
            FEWEST,
            Some(ProblemError::NoSuchSite { site: 0, sites: 0 }),
        ),
        (0, one_row(&[]), FEWEST, None),
        (0, Rows::default(), FEWEST, None),
        (1, one_row(&[]), at(COST_MAX), None),
        (
            1,
            one_row(&[]),
            at(COST_MAX + 1),
            Some(ProblemError::CostTooLarge { cost: COST_MAX + 1 }),
        ),
        (
            1,
            one_row(&[]),
            at(i64::MIN),
            Some(ProblemError::CostTooLarge { cost: i64::MIN }),
        ),
        (
            1,
            one_row(&[]),
            Objective::UnassignedAtEach(vec![5, 5]),
            Some(ProblemError::PricesMissing {
                prices: 2,
                orders: 1,
            }),
        ),
        (
            1,
            one_row(&[]),
            Objective::UnassignedAtEach(vec![-COST_MAX - 1]),
            Some(ProblemError::CostTooLarge {
                cost: -COST_MAX - 1,
            }),
        ),
        (sites_max, cost_max.clone(), FEWEST, None),
        (
            sites_max + 1,
            cost_max,
            FEWEST,
            Some(beyond(sites_max + 1, range)),
        ),
        (1, empty_rows(orders_max), at(COST_MAX), None),
        (
            1,
            empty_rows(orders_max + 1),
            FEWEST,
            Some(ProblemError::TooManyOrders {
                orders: orders_max + 1,
            }),
        ),
        (
            (1 << 24) + 1,
            Rows::default(),
            FEWEST,
            Some(ProblemError::TooManySites {
                sites: (1 << 24) + 1,
            }),
        ),
    ] {
        let orders = rows.len();
        let refused = Problem::new(vec![0; sites], rows, objective).err();
        assert_eq!(refused, error, "{sites} sites, {orders} orders");
    }
}

#[test]
fn candidates_beyond_the_limits_are_refused_with_their_numbers() {
    let last = Candidate::SITES_MAX - 1;
    for cost in [-COST_MAX, -1, 0, 1, COST_MAX] {
        for site in [0, 1, last] {
            let candidate = candidate(site, cost);
            assert_eq!((candidate.site(), candidate.cost()), (site, cost));
        }
    }
    for cost in [COST_MAX + 1, -COST_MAX - 1, i64::MAX, i64::MIN] {
        let refused = Candidate::new(last, cost);
        assert_eq!(refused, Err(ProblemError::CostTooLarge { cost }));
    }
    for site in [last + 1, u32::MAX] {
        let refused = Candidate::new(site, 0);
        assert_eq!(refused, Err(ProblemError::SiteTooLarge { site }));
    }
}

#[test]
fn errors_say_what_is_so() {
    let (site, price, items, range) = (u32::MAX, -1, 1 << 20, (1 << 39) - 1);
    for (error, said) in [
        (
            ProblemError::SiteTooLarge { site },
            "site 4294967295 is beyond the limit of 16777216 sites",
        ),
        (
            ProblemError::MovePrice { price },
            "move price -1 is negative or takes a cost below the limit of -274877906943",
        ),
        (
            ProblemError::StartMisfit { start: 1 },
            "the first row starts at 1, not at 0",
        ),
        (
            ProblemError::RowMisfit {
                row: 0,
                sites: 2,
                costs: 3,
            },
            "row 0 does not fit into arrays of lengths 2 and 3",
        ),
        (
            ProblemError::CostsTooFarApart { items, range },
            "costs of up to 549755813887 for each of 1048576 sites or orders leave no room to count with 64 bits",
        ),
    ] {
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn rows_with_memory_for_more_than_there_is_are_rows() {
    for (orders, candidates) in [
        (usize::MAX, 0),
        (0, usize::MAX),
        (5, usize::MAX),
        (usize::MAX - 1, usize::MAX),
    ] {
        let mut rows = Rows::with_capacity(orders, candidates);
        rows.push([candidate(0, 3)]);
        rows.push([candidate(1, 2), candidate(0, 4)]);
        let expected = [vec![(0, 3)], vec![(1, 2), (0, 4)]];
        assert_eq!(rows, self::rows(&expected));
    }
}

#[test]
fn the_largest_capacities_are_as_good_as_none() {
    let mut random = Random::new(7);
    let row = |random: &mut Random| {
        (0..9)
            .map(|site| (site, random.below(50).cast_signed() as i64))
            .collect()
    };
    let instance = Instance {
        capacities: vec![u32::MAX; 9],
        rows: (0..500).map(|_| row(&mut random)).collect(),
        objective: FEWEST,
    };
    let solution = solve(&instance.problem());
    instance.check(&solution);
    assert!(
        solution
            .prices()
            .iter()
            .all(|price| value_of_price(*price) == 0)
    );
    let cheapest = instance
        .rows
        .iter()
        .map(|row| row.iter().map(|(_, cost)| cost).min());
    assert_eq!(solution.total().cost, cheapest.flatten().sum::<i64>());
}

/// The published optimum of every instance of generalised assignment, where orders have sizes that differ from site to
/// site. If each takes as little of a site as the smallest order there, it is our problem, which is never harder: no
/// published value is below ours, and ours proves itself.
#[test]
fn no_published_value_is_below_the_optimum_without_sizes() {
    let Some(list) = shared_data("instances/optima.csv") else {
        return;
    };
    let folder = list.parent().expect("a folder of instances");
    let text = fs::read_to_string(&list).expect("a list of instances");
    let (mut checked, mut equal) = (0, 0);
    for line in text.lines().filter(|line| line.starts_with("GAP,")) {
        let fields: Vec<&str> = line.split(',').collect();
        let [_, name, file, sense, _, orders, published] = fields[..7] else {
            unreachable!("{line} has seven fields and more");
        };
        let sign = if sense == "max" { -1 } else { 1 };
        let instance = without_sizes(&folder.join(file), sign);
        assert_eq!(instance.rows.len().to_string(), orders, "{name}");
        let solution = solve(&instance.problem());
        instance.check(&solution);
        let published: i64 = published.parse().expect("a whole number");
        let Total { unassigned, cost } = solution.total();
        assert!(
            unassigned == 0 && cost <= sign * published,
            "{name}: {cost} > {published}"
        );
        equal += usize::from(cost == sign * published);
        checked += 1;
    }
    assert!(checked > 100, "{checked} instances, {equal} of equal value");
}

/// `m n`, then m × n costs, m × n sizes and m capacities.
fn without_sizes(file: &Path, sign: i64) -> Instance {
    let text = fs::read_to_string(file).expect("an instance");
    let mut numbers = text
        .split_whitespace()
        .map(|word| word.parse::<i64>().expect("a number"));
    let mut next = || numbers.next().expect("as many numbers as the head says");
    let (sites, orders) = (next() as u32, next() as usize);
    let mut rows = vec![Vec::new(); orders];
    for site in 0..sites {
        for row in &mut rows {
            row.push((site, sign * next()));
        }
    }
    let mut smallest = || (0..orders).map(|_| next()).min().expect("an order");
    let smallest: Vec<i64> = (0..sites).map(|_| smallest()).collect();
    let capacities = smallest.iter().map(|size| (next() / size) as u32);
    Instance {
        capacities: capacities.collect(),
        rows,
        objective: FEWEST,
    }
}

#[test]
fn rows_are_what_was_pushed() {
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        // Equally long ones at first, then others.
        let (width, equal, orders) = (random.below(4), random.below(6), random.below(12));
        let length = |order: usize, random: &mut Random| match order {
            order if order < equal => width,
            _ => random.below(4),
        };
        let mut lists = Vec::new();
        for order in 0..orders {
            let site = |_| (random.below(5) as u32, i64::from(random.below(5) as u32));
            let length = length(order, &mut Random::new(seed + order as u64));
            lists.push((0..length).map(site).collect::<Vec<(u32, i64)>>());
        }
        let rows = rows(&lists);
        assert_eq!((rows.len(), rows.is_empty()), (orders, orders == 0));
        for (order, list) in lists.iter().enumerate() {
            let mut row: Vec<Candidate> = list.iter().map(|(s, c)| candidate(*s, *c)).collect();
            row.sort();
            assert_eq!(rows.row(order), row, "seed {seed}");
        }
        assert!(rows.row(orders).is_empty() && rows.row(usize::MAX).is_empty());
        assert_eq!(
            rows.candidates().len(),
            lists.iter().map(Vec::len).sum::<usize>()
        );
    }
}
