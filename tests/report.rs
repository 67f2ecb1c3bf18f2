//! Reports say what the decisions say: every number is counted again here, by a plain loop over decisions, distances
//! and rules that the library has no part in.

use std::collections::{BTreeMap, BTreeSet};

use catchment::id::{OrderId, SiteId};
use catchment::order::Order;
use catchment::plan::{Assigned, Cost, Method, Outcome, Plan, Unassigned};
use catchment::report::{
    self, Agreement, Difference, Fairness, Ppm, Report, ReportError, Spread, Summary,
};
use catchment::site::{Change, Network, SiteStatus};
use catchment::units::{Distance, Orders, Units};
use proptest::prelude::*;

use crate::brute::Brute;
use crate::plans::{Case, World};
use crate::workload::Random;

const METHODS: [Method; 3] = [Method::Nearest, Method::Greedy, Method::Balanced];

/// What the plan says, as plain numbers.
struct Told {
    walks: Vec<u64>,
    detours: Vec<u64>,
    per_site: BTreeMap<SiteId, Vec<u64>>,
    unassigned: BTreeMap<String, u32>,
}

impl Told {
    fn of(case: &Case, plan: &Plan) -> Self {
        let brute = Brute::new(case.sites.iter().cloned());
        let mut told = Self {
            walks: Vec::new(),
            detours: Vec::new(),
            per_site: BTreeMap::new(),
            unassigned: BTreeMap::new(),
        };
        for decision in plan.decisions() {
            let order = order(&case.orders, decision.order);
            match decision.outcome {
                Outcome::Unassigned(why) => {
                    *told.unassigned.entry(why.to_string()).or_default() += 1;
                }
                Outcome::Assigned(Assigned { site, distance, .. }) => {
                    let walk = distance.as_millimetres();
                    let eligible = case.costs(&brute, order).into_keys();
                    let near = eligible.map(|site| far(case, order, site)).min();
                    told.walks.push(walk);
                    told.detours
                        .push(walk - near.expect("its own site is eligible"));
                    told.per_site.entry(site).or_default().push(walk);
                }
            }
        }
        told.walks.sort_unstable();
        told.detours.sort_unstable();
        told
    }
}

fn order(orders: &[Order], id: OrderId) -> &Order {
    let found = orders.iter().find(|order| order.id == id);
    found.expect("an order of the case")
}

fn far(case: &Case, order: &Order, site: SiteId) -> u64 {
    let found = case.sites.iter().find(|other| other.id == site);
    let site = found.expect("a site of the case");
    order.position.distance_to(site.position).as_millimetres()
}

/// The least length that at least so many per cent are no longer than, by trying every length.
fn percentile(lengths: &[u64], percent: usize) -> Option<u64> {
    let enough = |limit: &&u64| {
        let within = lengths.iter().filter(|length| length <= limit).count();
        within * 100 >= percent * lengths.len()
    };
    lengths.iter().filter(enough).min().copied()
}

fn check_spread(spread: Option<Spread>, lengths: &[u64]) {
    let Some(spread) = spread else {
        assert!(lengths.is_empty());
        return;
    };
    assert_eq!(spread.count, lengths.len() as u64);
    assert_eq!(spread.sum.as_millimetres(), lengths.iter().sum::<u64>());
    let ranks = [
        (1, spread.shortest),
        (50, spread.p50),
        (90, spread.p90),
        (95, spread.p95),
        (99, spread.p99),
        (100, spread.longest),
    ];
    for (percent, found) in &ranks[1..] {
        assert_eq!(
            Some(found.as_millimetres()),
            percentile(lengths, *percent),
            "{percent} %"
        );
    }
    assert_eq!(
        lengths.iter().min().copied(),
        Some(spread.shortest.as_millimetres())
    );
    assert!(ranks.is_sorted_by_key(|(_, length)| *length));
    let twice = 2 * u128::from(spread.mean().as_millimetres()) * u128::from(spread.count);
    let off = twice.abs_diff(2 * u128::from(spread.sum.as_millimetres()));
    assert!(
        off <= u128::from(spread.count),
        "the mean is the nearest millimetre"
    );
}

fn check_summary(case: &Case, plan: &Plan) {
    let network = case.network();
    let report = Report::of(&network, &case.orders, plan).expect("they belong together");
    let (summary, told) = (report.summary(), Told::of(case, plan));
    check_spread(summary.walk, &told.walks);
    check_spread(summary.detour, &told.detours);
    let unassigned = summary
        .unassigned
        .iter()
        .map(|(why, count)| (why.to_string(), count.0));
    assert_eq!(unassigned.collect::<BTreeMap<_, _>>(), told.unassigned);
    assert_eq!(summary.orders.0 as usize, case.orders.len());
    assert_eq!(
        summary.orders.0,
        summary.assigned.0 + summary.unassigned().0
    );
    let at_nearest = told.detours.iter().filter(|detour| **detour == 0).count();
    assert_eq!(summary.at_nearest.0 as usize, at_nearest);

    check_refusals(case, plan, &summary);

    let (mut load, mut room, mut beyond) = (0, 0, 0);
    let sizes = |site| {
        let decided = plan.decisions().iter().filter(move |decision| {
            decision
                .assigned()
                .is_some_and(|assigned| assigned.site == site)
        });
        decided.map(|decision| u64::from(order(&case.orders, decision.order).size.0))
    };
    for (row, site) in report.sites().iter().zip(&case.sites) {
        assert_eq!((row.site, row.kind), (site.id, site.kind));
        let own: u64 = sizes(site.id).sum();
        assert_eq!(u64::from(row.load.0), own);
        let walks = told.per_site.get(&site.id).cloned().unwrap_or_default();
        assert_eq!(row.orders.0 as usize, walks.len());
        let longest = row.walk_longest.map(Distance::as_millimetres);
        assert_eq!(longest, walks.iter().max().copied());
        assert_eq!(
            row.walk_p95.map(Distance::as_millimetres),
            percentile(&walks, 95)
        );
        load += own;
        room += u64::from(row.room.0);
        beyond += own.saturating_sub(row.capacity.0.into());
    }
    let loads = summary.loads;
    assert_eq!((loads.load, loads.beyond_capacity), (load, beyond));
    assert_eq!(
        loads.capacity + beyond,
        load + room,
        "places are taken or free"
    );
    for (row, decision) in report.decisions().iter().zip(plan.decisions()) {
        assert_eq!(row.to_string(), decision.to_string());
        assert_eq!(row.site.is_none(), row.unassigned.is_some());
    }
    let shown = summary.to_string();
    assert!(shown.lines().all(|line| line == line.trim_end()), "{shown}");
}

/// Each order that no site may take is counted under the rule that its nearest site has against it.
fn check_refusals(case: &Case, plan: &Plan, summary: &Summary) {
    let refused: u32 = summary
        .nearest_refuses
        .values()
        .map(|orders| orders.0)
        .sum();
    let none = summary.unassigned.get(&Unassigned::NoEligibleSite);
    assert_eq!(refused, none.map_or(0, |orders| orders.0));
    let is_paused = |order: &Order| {
        let nearest = case
            .sites
            .iter()
            .min_by_key(|site| (far(case, order, site.id), site.id));
        nearest.is_some_and(|site| site.status == SiteStatus::Paused)
    };
    let nowhere = Outcome::Unassigned(Unassigned::NoEligibleSite);
    let decisions = plan
        .decisions()
        .iter()
        .filter(|decision| decision.outcome == nowhere);
    let paused = decisions.filter(|decision| is_paused(order(&case.orders, decision.order)));
    let found = summary.nearest_refuses.get("paused");
    assert_eq!(found.map_or(0, |orders| orders.0) as usize, paused.count());
}

#[test]
fn a_plan_is_so_much_dearer_than_another() {
    let mut compared = 0;
    for seed in 0..40 {
        let case = Case::draw(World::Bare, seed);
        let network = case.network();
        let summary = |method| {
            let plan = case.route(method);
            report::summary(&network, &case.orders, &plan).expect("they belong together")
        };
        let (greedy, best) = (summary(Method::Greedy), summary(Method::Balanced));
        let Some(more) = greedy.excess_over(&best) else {
            continue;
        };
        compared += 1;
        let (own, least) = (greedy.cost.as_millimetres(), best.cost.as_millimetres());
        let exact = (own - least) as f64 / least as f64;
        assert!(exact >= 0.0 && (more.0 as f64 - 1e6 * exact).abs() <= 1.0);
        assert!(best.excess_over(&greedy).is_none_or(|less| less == Ppm(0)));
    }
    assert!(compared > 5, "{compared}");
}

#[test]
fn summaries_are_what_the_decisions_add_up_to() {
    for world in [World::Bare, World::Full, World::Sized] {
        for seed in 0..40 {
            let case = Case::draw(world, seed);
            for method in METHODS {
                check_summary(&case, &case.route(method));
            }
        }
    }
}

/// A plan, and one for the same orders after one site has left, with some orders gone and some new.
fn before_and_after(seed: u64) -> (Case, Case) {
    let before = Case::draw(World::Full, seed);
    let mut after = Case::draw(World::Full, seed);
    let mut random = Random::new(seed);
    if after.sites.len() > 1 {
        let leaver = random.below(after.sites.len());
        after.sites.remove(leaver);
    }
    after.orders.retain(|order| !order.id.0.is_multiple_of(5));
    let newcomers: Vec<Order> = after.orders.iter().take(3).cloned().collect();
    for (number, mut order) in newcomers.into_iter().enumerate() {
        order.id = OrderId(1_000 + number as u64);
        after.orders.push(order);
    }
    (before, after)
}

fn cost_of(plan: &Plan, ids: &[OrderId]) -> i64 {
    let decisions = ids.iter().filter_map(|id| plan.decision(*id)?.assigned());
    decisions
        .map(|assigned| assigned.cost.as_millimetres())
        .sum()
}

#[test]
fn differences_account_for_everybody_and_every_millimetre() {
    for seed in 0..60 {
        let (one, other) = before_and_after(seed);
        let (was, is) = (one.route(Method::Balanced), other.route(Method::Balanced));
        let (old, new) = (one.network(), other.network());
        let before = Report::of(&old, &one.orders, &was).expect("they belong together");
        let after = Report::of(&new, &other.orders, &is).expect("they belong together");
        let difference = after.difference_from(&before);

        let ids = |case: &Case| {
            case.orders
                .iter()
                .map(|order| order.id)
                .collect::<BTreeSet<_>>()
        };
        let (old_ids, new_ids) = (ids(&one), ids(&other));
        let left: Vec<OrderId> = old_ids.difference(&new_ids).copied().collect();
        let came: Vec<OrderId> = new_ids.difference(&old_ids).copied().collect();
        assert_eq!(
            (&difference.only_before, &difference.only_after),
            (&left, &came)
        );

        let site = |plan: &Plan, id| plan.decision(id).and_then(|one| Some(one.assigned()?.site));
        let stayed = old_ids.intersection(&new_ids);
        let moved: Vec<OrderId> = stayed
            .copied()
            .filter(|id| site(&was, *id) != site(&is, *id))
            .collect();
        assert_eq!(
            difference
                .moves
                .iter()
                .map(|one| one.order)
                .collect::<Vec<_>>(),
            moved
        );

        // Nobody's address changed, so that only moves, arrivals and departures change the sum.
        let sum = |plan: &Plan| plan.total().cost.as_millimetres();
        let by_moves = cost_of(&is, &moved) - cost_of(&was, &moved);
        let by_others = cost_of(&is, &came) - cost_of(&was, &left);
        assert_eq!(sum(&is) - sum(&was), by_moves + by_others, "seed {seed}");
        check_reasons(&difference, &other);
        let counted: u32 = difference
            .by_cause()
            .iter()
            .map(|(_, count, _)| count)
            .sum();
        assert_eq!(counted as usize, difference.moves.len());
        check_most_affected(&difference);
    }
}

fn check_reasons(difference: &Difference, after: &Case) {
    let brute = Brute::new(after.sites.iter().cloned());
    for one in &difference.moves {
        let costs = after.costs(&brute, order(&after.orders, one.order));
        let is_lost = one.from.is_some_and(|from| !costs.contains_key(&from.site));
        let is_there = |site| after.sites.iter().any(|other| other.id == site);
        let cost = |assigned: Option<Assigned>| assigned.map(|assigned| assigned.cost);
        let expected: &[&str] = match (one.from, one.to) {
            (Some(from), _) if !is_there(from.site) => &["site_gone"],
            _ if is_lost => &["refused"],
            (None, _) => &["place_found"],
            (_, None) => &["place_lost"],
            _ if cost(one.to) > cost(one.from) => &["gave_way"],
            _ if cost(one.to) < cost(one.from) => &["room_found", "site_new"],
            _ => &["as_good", "site_new"],
        };
        assert!(expected.contains(&one.why.name()), "{one}");
    }
}

fn check_most_affected(difference: &Difference) {
    let all = difference.most_affected(usize::MAX);
    let key = |index: usize| {
        all[index]
            .extra_walk()
            .map_or(i64::MAX, Cost::as_millimetres)
    };
    assert!((1..all.len()).all(|index| key(index - 1) >= key(index)));
    let losers = difference.moves.iter().filter(|one| {
        one.from.is_some()
            && one
                .extra_walk()
                .is_none_or(|walk| walk.as_millimetres() > 0)
    });
    assert_eq!(all.len(), losers.count());
    assert_eq!(difference.most_affected(3), all[..all.len().min(3)]);
}

#[test]
fn a_plan_does_not_differ_from_itself() {
    for seed in 0..20 {
        let case = Case::draw(World::Sized, seed);
        let (network, plan) = (case.network(), case.route(Method::Balanced));
        let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
        let difference = report.difference_from(&report);
        assert!(difference.is_empty() && difference.loads.is_empty());
        assert_eq!(difference.before, difference.after);
    }
}

#[test]
fn agreement_counts_each_known_order_once() {
    for seed in 0..40 {
        let case = Case::draw(World::Full, seed);
        let (network, plan) = (case.network(), case.route(Method::Balanced));
        let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
        let mut random = Random::new(seed);
        let really: BTreeMap<OrderId, SiteId> = (0..100)
            .map(|_| {
                (
                    OrderId(random.below(200) as u64),
                    SiteId(random.below(15) as u64),
                )
            })
            .collect();
        let mut expected = Agreement::default();
        let (mut walked, mut planned) = (0, 0);
        for (id, site) in &really {
            let Some(decision) = plan.decision(*id) else {
                continue;
            };
            expected.known.0 += 1;
            let is_there = case.sites.iter().any(|other| other.id == *site);
            expected.unknown_site.0 += u32::from(!is_there);
            let Some(assigned) = decision.assigned() else {
                expected.unassigned.0 += 1;
                continue;
            };
            expected.same.0 += u32::from(assigned.site == *site);
            expected.elsewhere.0 += u32::from(assigned.site != *site);
            if is_there {
                walked += far(&case, order(&case.orders, *id), *site);
                planned += assigned.distance.as_millimetres();
            }
        }
        expected.walked = Distance::from_millimetres(walked);
        expected.planned = Distance::from_millimetres(planned);
        assert_eq!(report.agreement(&really), expected);
        // Whoever did what the plan says agrees with it.
        let as_planned = plan.decisions().iter();
        let as_planned = as_planned.filter_map(|one| Some((one.order, one.assigned()?.site)));
        let agreement = report.agreement(&as_planned.collect());
        assert!(agreement.share().is_none_or(|share| share == Ppm::ONE));
        assert_eq!(
            (agreement.walked, agreement.elsewhere),
            (agreement.planned, Orders(0))
        );
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let case = Case::draw(World::Bare, 3);
    let (network, plan) = (case.network(), case.route(Method::Balanced));
    let pause = Change::SetCapacity {
        site: case.sites[0].id,
        capacity: Units(9),
    };
    let check = |network: &Network, orders: &[Order], expected: ReportError| {
        let found = Report::of(network, orders, &plan).err();
        assert_eq!(found, Some(expected));
        assert_eq!(
            report::summary(network, orders, &plan).err(),
            Some(expected)
        );
    };
    let other = network.with_changes([pause]).expect("a change that fits");
    let (one, two) = (plan.version(), other.version());
    check(
        &other,
        &case.orders,
        ReportError::OtherVersion {
            plan: one,
            network: two,
        },
    );
    let largest = case
        .orders
        .iter()
        .map(|order| order.id)
        .max()
        .expect("orders");
    let fewer: Vec<Order> = case
        .orders
        .iter()
        .filter(|order| order.id != largest)
        .cloned()
        .collect();
    check(
        &network,
        &fewer,
        ReportError::OtherOrders { order: largest },
    );
    let doubled: Vec<Order> = case
        .orders
        .iter()
        .chain(&case.orders[..1])
        .cloned()
        .collect();
    let again = case.orders[0].id;
    let found = Report::of(&network, &doubled, &plan).err();
    assert!(matches!(found, Some(ReportError::OtherOrders { order }) if order >= again));
    let fewer = Network::builder()
        .sites(case.sites[1..].iter().cloned())
        .build()
        .expect("sound sites");
    check(
        &fewer,
        &case.orders,
        ReportError::OtherSites {
            site: case.sites[0].id,
        },
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Jain's index lies between 1/n and 1, is 1 for equal loads and does not depend on the unit.
    #[test]
    fn fairness_is_between_one_of_n_and_one(loads in prop::collection::vec((0_u32..1_000, 1_u32..1_000), 1..40)) {
        let site = |(id, (load, capacity)): (usize, &(u32, u32))| catchment::plan::SiteLoad {
            site: SiteId(id as u64),
            capacity: Units(*capacity),
            load: Units(*load),
            locked: Units(0),
            price: catchment::balance::Price::default(),
        };
        let sites: Vec<_> = loads.iter().enumerate().map(site).collect();
        let Fairness { load, fill } = Fairness::of(&sites);
        for index in [load, fill] {
            prop_assert!(index <= Ppm::ONE && index.0 >= 1_000_000 / loads.len() as u64);
        }
        let (sum, squares) = loads.iter().fold((0.0, 0.0), |(sum, squares), (load, _)| {
            let load = f64::from(*load);
            (sum + load, squares + load * load)
        });
        if squares > 0.0 {
            let exact: f64 = sum * sum / (squares * loads.len() as f64);
            prop_assert!((exact - load.0 as f64 / 1e6).abs() < 2e-6);
        }
        let tenfold: Vec<_> = sites.iter().map(|site| {
            let mut site = *site;
            site.load.0 *= 10;
            site
        }).collect();
        prop_assert_eq!(Fairness::of(&tenfold).load, load);
    }
}
