//! A balancer after every change, against the same problem solved from scratch.
//!
//! The total of an optimum and its least prices do not depend on which optimal plan it is, so they must be equal;
//! and a plan with that total is optimal if it keeps the capacities and every order has a site of its row.

// Numbers here are small.
#![allow(clippy::cast_possible_wrap)]

use catchment::balance::{
    Balancer, Candidate, Edit, EditError, Objective, Price, Problem, ProblemError, Rows, Solution,
    Total, solve,
};

use crate::workload::Random;

/// What the balancer should know: the same orders and sites in plain lists.
struct Twin {
    capacities: Vec<u32>,
    orders: Vec<Option<Row>>,
    locked: Vec<Option<Lock>>,
    objective: Objective,
}

/// Where an order has to stay: a site, or none.
#[derive(Clone, Copy, PartialEq)]
struct Lock(Option<u32>);

#[derive(Clone)]
struct Row {
    candidates: Vec<Candidate>,
    unassigned_at: i64,
}

impl Twin {
    /// The problem without locked orders and the places they take, and the numbers of the others.
    fn problem(&self) -> (Problem, Vec<u32>) {
        let mut capacities = self.capacities.clone();
        let (mut rows, mut numbers, mut prices) = (Rows::default(), Vec::new(), Vec::new());
        for (number, row) in self.orders.iter().enumerate() {
            match (row, self.locked[number]) {
                (Some(row), None) => {
                    rows.push(row.candidates.iter().copied());
                    prices.push(row.unassigned_at);
                    numbers.push(number as u32);
                }
                (Some(_), Some(Lock(Some(site)))) => capacities[site as usize] -= 1,
                _ => {}
            }
        }
        let objective = match &self.objective {
            Objective::UnassignedAtEach(_) => Objective::UnassignedAtEach(prices),
            objective => objective.clone(),
        };
        let problem = Problem::new(capacities, rows, objective).expect("numbers are small");
        (problem, numbers)
    }

    /// The value of the balancer's plan, which must keep the rules.
    fn value(&self, balancer: &Balancer) -> Total {
        let mut loads = vec![0; self.capacities.len()];
        let mut total = Total::default();
        for (number, row) in self.orders.iter().enumerate() {
            let site = balancer.site(number as u32);
            if let Some(site) = site {
                loads[site as usize] += 1;
            }
            match (row, self.locked[number]) {
                (None, _) => assert_eq!(site, None, "order {number} is gone"),
                (_, Some(Lock(lock))) => assert_eq!(site, lock, "order {number} is locked"),
                (Some(row), None) => total.add(row, site, &self.objective),
            }
        }
        for (site, load) in loads.iter().enumerate() {
            assert!(*load <= self.capacities[site], "site {site} takes {load}");
        }
        total
    }
}

trait Add {
    fn add(&mut self, row: &Row, site: Option<u32>, objective: &Objective);
}

impl Add for Total {
    fn add(&mut self, row: &Row, site: Option<u32>, objective: &Objective) {
        let at_site = |site| {
            let costs = row
                .candidates
                .iter()
                .filter(|candidate| candidate.site() == site);
            costs
                .map(|candidate| candidate.cost())
                .min()
                .expect("a site of the row")
        };
        match (site, objective) {
            (Some(site), _) => self.cost += at_site(site),
            (None, Objective::UnassignedAt(price)) => self.cost += price,
            (None, Objective::UnassignedAtEach(_)) => self.cost += row.unassigned_at,
            (None, _) => self.unassigned += 1,
        }
    }
}

fn row(random: &mut Random, sites: usize, spread: usize) -> Row {
    let length = random.below(sites.min(6) + 1);
    Row {
        candidates: (0..length)
            .map(|_| {
                let cost = random.below(spread) as i64 - spread as i64 / 8;
                Candidate::new(random.below(sites) as u32, cost).expect("in range")
            })
            .collect(),
        unassigned_at: random.below(2 * spread) as i64,
    }
}

fn edit(random: &mut Random, twin: &Twin, spread: usize) -> Edit {
    let sites = twin.capacities.len();
    let order = random.below(twin.orders.len() + 1) as u32;
    match random.below(12) {
        0..5 => {
            let row = row(random, sites, spread);
            Edit::Add {
                row: row.candidates,
                unassigned_at: Some(row.unassigned_at),
            }
        }
        5..8 => Edit::Remove { order },
        8 => Edit::SetRow {
            order,
            row: row(random, sites, spread).candidates,
        },
        9 => Edit::SetCapacity {
            site: random.below(sites) as u32,
            capacity: random.below(5) as u32,
        },
        10 => Edit::Lock { order },
        _ => Edit::Unlock { order },
    }
}

/// Makes the edit in plain lists; `false` if it makes no sense.
fn is_made(twin: &mut Twin, edit: &Edit, balancer: &Balancer) -> bool {
    let lock = |twin: &Twin, order: u32| {
        let row = twin.orders.get(order as usize)?.as_ref();
        row.map(|_| twin.locked[order as usize])
    };
    match edit {
        Edit::Add { row, unassigned_at } => {
            twin.orders.push(Some(Row {
                candidates: row.clone(),
                unassigned_at: unassigned_at.expect("always given"),
            }));
            twin.locked.push(None);
            true
        }
        Edit::Remove { order } => {
            let exists = lock(twin, *order).is_some();
            if exists {
                twin.orders[*order as usize] = None;
                twin.locked[*order as usize] = None;
            }
            exists
        }
        Edit::SetRow { order, row } => {
            let is_free = lock(twin, *order) == Some(None);
            if let (true, Some(Some(old))) = (is_free, twin.orders.get_mut(*order as usize)) {
                old.candidates.clone_from(row);
            }
            is_free
        }
        Edit::SetCapacity { site, capacity } => {
            let here = |lock: &&Option<Lock>| **lock == Some(Lock(Some(*site)));
            let fits = twin.locked.iter().filter(here).count() <= *capacity as usize;
            if fits {
                twin.capacities[*site as usize] = *capacity;
            }
            fits
        }
        Edit::Lock { order } => {
            let is_free = lock(twin, *order) == Some(None);
            if is_free {
                twin.locked[*order as usize] = Some(Lock(balancer.site(*order)));
            }
            is_free
        }
        Edit::Unlock { order } => {
            let is_locked = matches!(lock(twin, *order), Some(Some(_)));
            if is_locked {
                twin.locked[*order as usize] = None;
            }
            is_locked
        }
        _ => unreachable!("no other edits are made here"),
    }
}

/// The plan as it should be: the value of the optimum, and what one unit more or less is worth everywhere.
fn check(twin: &Twin, balancer: &mut Balancer, random: &mut Random) {
    let (problem, numbers) = twin.problem();
    let best = solve(&problem);
    assert_eq!(twin.value(balancer), best.total());
    assert_eq!(balancer.total(), best.total());
    let site = random.below(twin.capacities.len());
    let marginal = balancer.marginal(site as u32).expect("a site");
    assert_eq!(marginal.one_more, best.prices()[site], "site {site}");
    if problem.capacities()[site] == 0 {
        assert_eq!(marginal.one_less, None);
    } else {
        let loss = loss_of_one(&problem, site, &best);
        assert_eq!(marginal.one_less, Some(loss), "site {site}");
    }
    if random.one_in(4) {
        let solution = balancer.solution();
        assert_eq!(solution.prices(), best.prices());
        assert_eq!(solution.total(), best.total());
        for number in numbers {
            assert_eq!(solution.site(number as usize), balancer.site(number));
        }
    }
}

fn loss_of_one(problem: &Problem, site: usize, best: &Solution) -> Price {
    let mut capacities = problem.capacities().to_vec();
    capacities[site] -= 1;
    let fewer = Problem::new(
        capacities,
        problem.rows().clone(),
        problem.objective().clone(),
    );
    let worse = solve(&fewer.expect("a smaller problem")).total();
    Price {
        unassigned: worse.unassigned as i64 - best.total().unassigned as i64,
        cost: worse.cost - best.total().cost,
    }
}

fn snapshot(balancer: &Balancer, orders: usize) -> (Vec<Option<u32>>, Total) {
    let sites = (0..orders as u32).map(|order| balancer.site(order));
    (sites.collect(), balancer.total())
}

/// Random changes to a random problem. Returns how many were made.
fn run(seed: u64, changes: usize) -> usize {
    let mut random = Random::new(seed);
    let sites = 1 + random.below(8);
    // Small spreads make ties, large ones none.
    let spread = [4, 30, 1_000_000][random.below(3)];
    let mut twin = Twin {
        capacities: (0..sites).map(|_| random.below(4) as u32).collect(),
        orders: (0..random.below(20))
            .map(|_| Some(row(&mut random, sites, spread)))
            .collect(),
        locked: Vec::new(),
        objective: match random.below(3) {
            0 => Objective::FewestUnassigned,
            1 => Objective::UnassignedAt(spread as i64 / 2),
            _ => Objective::UnassignedAtEach(Vec::new()),
        },
    };
    twin.locked = vec![None; twin.orders.len()];
    let mut balancer = Balancer::new(&twin.problem().0).expect("a small problem");
    check(&twin, &mut balancer, &mut random);
    let mut made = 0;
    for _ in 0..changes {
        let edit = edit(&mut random, &twin, spread);
        let orders = twin.orders.len();
        let before = snapshot(&balancer, orders);
        let foreseen = random.one_in(2).then(|| balancer.what_if(edit.clone()));
        assert_eq!(
            snapshot(&balancer, orders),
            before,
            "what_if changes nothing"
        );
        if is_made(&mut twin, &edit, &balancer) {
            made += 1;
            let changed = balancer.apply(edit).expect("it makes sense");
            assert_eq!(
                (changed.before, changed.after),
                (before.1, balancer.total())
            );
            if let Some(foreseen) = foreseen {
                assert_eq!(foreseen.map(|foreseen| foreseen.after), Ok(changed.after));
            }
            let mut after = before.0;
            after.resize(twin.orders.len(), None);
            for moved in &changed.moved {
                assert_eq!(after[moved.order as usize], moved.from);
                after[moved.order as usize] = moved.to;
            }
            assert_eq!(after, snapshot(&balancer, twin.orders.len()).0);
        } else {
            let refused = balancer.apply(edit);
            assert!(refused.is_err());
            assert!(foreseen.is_none_or(|foreseen| foreseen == refused));
            assert_eq!(
                snapshot(&balancer, orders),
                before,
                "a refused edit changes nothing"
            );
        }
        check(&twin, &mut balancer, &mut random);
    }
    made
}

#[test]
fn after_each_of_many_changes_the_plan_is_as_good_as_from_scratch() {
    let made: usize = (0..1_500).map(|seed| run(seed, 100)).sum();
    assert!(made >= 100_000, "{made} changes");
}

#[test]
fn a_price_of_moves_holds_orders_back_and_is_not_counted() {
    let candidate = |site, cost| Candidate::new(site, cost).expect("in range");
    let mut rows = Rows::default();
    rows.push([candidate(0, 10), candidate(1, 30)]);
    rows.push([candidate(0, 10), candidate(1, 90)]);
    let problem = Problem::new(vec![1, 2], rows, Objective::FewestUnassigned).expect("small");
    let mut balancer = Balancer::new(&problem).expect("small");
    assert_eq!((balancer.site(0), balancer.site(1)), (Some(1), Some(0)));
    balancer.set_move_price(25).expect("small");
    assert_eq!(balancer.total().cost, 40);

    // Order 0 would gain 20 by moving up, which is less than the price of 25.
    let gone = balancer
        .apply(Edit::Remove { order: 1 })
        .expect("it is there");
    assert_eq!(gone.after.cost, 30);
    assert_eq!(balancer.site(0), Some(1));
    balancer.set_move_price(15).expect("small");
    assert_eq!(balancer.site(0), Some(0));
    assert_eq!(balancer.total().cost, 10);
    for price in [-1, i64::MIN, i64::MAX] {
        let refused = balancer.set_move_price(price);
        assert_eq!(refused, Err(ProblemError::MovePrice { price }));
    }
    assert_eq!(balancer.total().cost, 10);
}

#[test]
fn with_a_price_of_moves_a_plan_is_best_among_those_that_pay_it() {
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        let (sites, spread) = (1 + random.below(5), [6, 500][random.below(2)]);
        let mut rows: Vec<Row> = (0..random.below(12))
            .map(|_| row(&mut random, sites, spread))
            .collect();
        let capacities: Vec<u32> = (0..sites).map(|_| random.below(4) as u32).collect();
        let problem = |rows: &[Row]| {
            let mut listed = Rows::default();
            for row in rows {
                listed.push(row.candidates.iter().copied());
            }
            Problem::new(capacities.clone(), listed, Objective::FewestUnassigned).expect("small")
        };
        let mut balancer = Balancer::new(&problem(&rows)).expect("small");
        let anchors = snapshot(&balancer, rows.len()).0;
        let price = random.below(spread) as i64;
        balancer.set_move_price(price).expect("small");
        let added = row(&mut random, sites, spread);
        balancer
            .apply(Edit::add(added.candidates.clone()))
            .expect("small");
        // The oracle: the anchored site of each order costs less by the price.
        for (row, anchor) in rows.iter_mut().zip(&anchors) {
            for candidate in &mut row.candidates {
                if Some(candidate.site()) == *anchor {
                    *candidate = Candidate::new(candidate.site(), candidate.cost() - price)
                        .expect("in range");
                }
            }
        }
        rows.push(added);
        let best = solve(&problem(&rows)).total();
        let kept = anchors
            .iter()
            .enumerate()
            .filter(|(order, anchor)| anchor.is_some() && balancer.site(*order as u32) == **anchor);
        let rewards = kept.count() as i64 * price;
        let total = balancer.total();
        assert_eq!(
            (total.unassigned, total.cost - rewards),
            (best.unassigned, best.cost)
        );
    }
}

#[test]
fn edits_that_make_no_sense_are_refused_with_their_numbers() {
    let problem = Problem::new(
        vec![2],
        Rows::default(),
        Objective::UnassignedAtEach(Vec::new()),
    );
    let mut balancer = Balancer::new(&problem.expect("small")).expect("small");
    let candidate = |site| Candidate::new(site, 5).expect("in range");
    let add = |site, unassigned_at| Edit::Add {
        row: vec![candidate(site)],
        unassigned_at,
    };
    let check = |balancer: &mut Balancer, edit: Edit, error: EditError| {
        assert_eq!(balancer.what_if(edit.clone()), Err(error));
        assert_eq!(balancer.apply(edit), Err(error));
    };
    let site = ProblemError::NoSuchSite { site: 1, sites: 1 };
    check(
        &mut balancer,
        add(0, None),
        EditError::PriceMissing { order: 0 },
    );
    check(&mut balancer, add(1, Some(3)), EditError::Problem(site));
    let cost = i64::MAX;
    let too_large = ProblemError::CostTooLarge { cost };
    check(
        &mut balancer,
        add(0, Some(cost)),
        EditError::Problem(too_large),
    );
    check(
        &mut balancer,
        Edit::Lock { order: 0 },
        EditError::NoSuchOrder { order: 0 },
    );

    balancer.apply(add(0, Some(9))).expect("it makes sense");
    check(
        &mut balancer,
        Edit::Unlock { order: 0 },
        EditError::NotLocked { order: 0 },
    );
    balancer
        .apply(Edit::Lock { order: 0 })
        .expect("it makes sense");
    check(
        &mut balancer,
        Edit::Lock { order: 0 },
        EditError::Locked { order: 0 },
    );
    let close = Edit::SetCapacity {
        site: 0,
        capacity: 0,
    };
    let locked = EditError::TooManyLocked {
        site: 0,
        capacity: 0,
        locked: 1,
    };
    check(&mut balancer, close, locked);
    balancer
        .apply(Edit::Remove { order: 0 })
        .expect("a locked order can be cancelled");
    check(
        &mut balancer,
        Edit::Remove { order: 0 },
        EditError::NoSuchOrder { order: 0 },
    );
    assert_eq!(balancer.total(), Total::default());
}
