//! Explanations of plans by the caller's own costs are true of those costs, over all sites or over those listed.

use std::collections::BTreeMap;

use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, OrderLine, Wish};
use catchment::plan::{
    Because, Cost, Costs, Counted, ExplainError, Explanation, Merit, Method, Outcome, Plan, Proof,
    Router,
};
use catchment::site::{Network, Site};
use catchment::units::{Distance, Quantity, Units};
use proptest::prelude::*;

use crate::brute::Brute;
use crate::explanations::{check_exchange, check_remedy};
use crate::plans::{Case, World};
use crate::workload::{Random, degrees};

/// Ways by which some sites can't be reached, and others are much farther than they look.
struct Ways {
    seed: u64,
    /// Whether it is said that no way is shorter than a straight line.
    is_bounded: bool,
}

impl Ways {
    fn length(&self, order: &Order, site: SiteId, distance: Distance) -> Option<i64> {
        let pair = order.id.0.wrapping_mul(1_009).wrapping_add(site.0);
        let mut random = Random::new(self.seed ^ pair);
        let straight = distance.as_millimetres().cast_signed();
        let (detour, bends) = (random.below(3_000_000), random.below(4));
        let [detour, bends] = [detour, bends].map(|draw| (draw as u64).cast_signed());
        (!random.one_in(9)).then_some(straight + straight / 2 * bends + detour)
    }
}

impl Costs for Ways {
    fn cost(&self, order: &Order, site: &Site, distance: Distance) -> Option<Cost> {
        let length = self.length(order, site.id, distance)?;
        Some(Cost::from_millimetres(length))
    }

    fn least_per_kilometre(&self) -> Option<Distance> {
        self.is_bounded.then_some(Distance::from_metres(1_000))
    }
}

/// How many sites are listed for each order: few, so that it matters.
const LISTED: usize = 3;

fn route(case: &Case, ways: &Ways, method: Method) -> Plan {
    let network = case.network();
    let router = case.router(&network).method(method).listed(LISTED);
    let routed = router.costs(ways).route(&case.orders);
    routed.expect("a sound batch")
}

fn explain_all(case: &Case, ways: &Ways, plan: &Plan) -> Vec<Explanation> {
    let decisions = plan.decisions().iter();
    let ids: Vec<OrderId> = decisions.map(|decision| decision.order).collect();
    let explained = plan.explain_each_by_costs(&case.network(), &case.orders, ways, &ids);
    explained.expect("the plan's own network, orders and costs")
}

/// What each eligible site with a way costs the order, and how far it is.
fn costs(case: &Case, brute: &Brute, ways: &Ways, order: &Order) -> BTreeMap<SiteId, (i64, i64)> {
    let by_distance = case.costs(brute, order).into_iter();
    let with_ways = by_distance.filter_map(|(id, cost)| {
        let site = case.sites.iter().find(|site| site.id == id)?;
        let distance = order.position.distance_to(site.position);
        let length = ways.length(order, id, distance)?;
        let straight = distance.as_millimetres().cast_signed();
        Some((id, (cost - straight + length, straight)))
    });
    with_ways.collect()
}

/// Those of which a plan knows: the order's home, and then the nearest.
fn known(
    all: &BTreeMap<SiteId, (i64, i64)>,
    order: &Order,
    plan: &Plan,
) -> BTreeMap<SiteId, (i64, i64)> {
    let listed = plan.listed().unwrap_or(usize::MAX);
    let mut ranked: Vec<_> = all.iter().collect();
    ranked.sort_by_key(|(site, (_, straight))| (order.home != Some(**site), *straight, **site));
    let listed = ranked.into_iter().take(listed);
    listed.map(|(site, costs)| (*site, *costs)).collect()
}

fn check_reason(case: &Case, ways: &Ways, plan: &Plan, brute: &Brute, explanation: &Explanation) {
    let orders = case.orders.iter();
    let order = orders.clone().find(|order| order.id == explanation.order);
    let order = order.expect("in the batch");
    let all = costs(case, brute, ways, order);
    let known = known(&all, order, plan);
    assert_eq!(explanation.counted, Counted::OwnCosts);
    for considered in &explanation.considered {
        let said = match considered.merit {
            Merit::Eligible { cost, .. } => Some(cost.as_millimetres()),
            Merit::Rejected(_) => None,
        };
        let cost = all.get(&considered.neighbour.site).map(|(cost, _)| *cost);
        assert_eq!(said, cost, "{considered:?}");
    }
    let Outcome::Assigned(assigned) = explanation.outcome else {
        return;
    };
    if matches!(order.wish, Wish::Site(_)) {
        return assert_eq!(explanation.because, Because::Chosen);
    }
    let cost = assigned.cost.as_millimetres();
    let nearest = explanation.nearest.expect("the assigned site is eligible");
    let least_walk = all.values().map(|(_, straight)| *straight).min();
    let straight = |distance: Distance| distance.as_millimetres().cast_signed();
    assert_eq!(Some(straight(nearest.distance)), least_walk);
    let (least, least_site) = known
        .iter()
        .map(|(site, (cost, _))| (*cost, *site))
        .min()
        .expect("the assigned site is known");
    let is_full = |site| plan.load(site).expect("a site").room() < order.size;
    match explanation.because {
        Because::Nearest => assert_eq!((assigned.distance, cost), (nearest.distance, least)),
        Because::Cheapest { saves } => {
            assert_eq!(cost, least);
            assert_eq!(saves.as_millimetres(), all[&nearest.site].0 - cost);
            assert!(saves >= Cost::ZERO);
        }
        Because::NearestWasFull { nearest: full, .. } => {
            assert_eq!((full, full.site), (nearest, least_site));
            assert!(is_full(full.site) && least < cost);
        }
        Because::CheapestWasFull { cheapest, .. } => {
            assert_eq!(cheapest.site, least_site);
            assert!(cheapest.site != nearest.site && is_full(cheapest.site) && least < cost);
        }
        Because::NotListed { cheapest } => {
            assert!(!ways.is_bounded && all[&cheapest.site].0 < cost);
            assert!(plan.proof() == Proof::Nothing || !known.contains_key(&cheapest.site));
        }
        Because::Packed => assert!(!is_full(least_site) && least < cost),
        other => unreachable!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn reasons_by_own_costs_are_true(seed: u64, is_bounded: bool) {
        let ways = Ways { seed, is_bounded };
        for (world, method) in [
            (World::Bare, Method::Balanced),
            (World::Full, Method::Balanced),
            (World::Full, Method::Greedy),
            (World::Full, Method::Nearest),
            (World::Sized, Method::Balanced),
        ] {
            let case = Case::draw(world, seed);
            let plan = route(&case, &ways, method);
            let brute = Brute::new(case.sites.iter().cloned());
            for explanation in explain_all(&case, &ways, &plan) {
                check_reason(&case, &ways, &plan, &brute, &explanation);
                prop_assert!(!explanation.to_string().is_empty());
            }
        }
    }

    #[test]
    fn exchanges_and_remedies_by_own_costs_do_what_they_say(seed: u64, is_bounded: bool) {
        let ways = Ways { seed, is_bounded };
        let again = |case: &Case| route(case, &ways, Method::Balanced);
        for world in [World::Bare, World::Full] {
            let case = Case::draw(world, seed);
            let plan = again(&case);
            for explanation in explain_all(&case, &ways, &plan) {
                check_exchange(Case::draw(world, seed), &plan, &explanation, &again);
                for remedy in &explanation.remedies {
                    check_remedy(Case::draw(world, seed), explanation.order, remedy, &again);
                }
            }
        }
    }
}

/// Two leaders, the nearer with one place, and two orders that ask for it.
fn corner() -> (Network, Vec<Order>) {
    let at = |lng| degrees(lng, 31.2);
    let sites = [
        Site::leader(SiteId(1), at(121.400), Units(1)),
        Site::leader(SiteId(2), at(121.410), Units(60)),
    ];
    let network = Network::builder().sites(sites).build();
    let orders = [(7, 121.404), (8, 121.399)];
    let orders = orders.map(|(id, lng)| Order::new(OrderId(id), at(lng)));
    (network.expect("sound sites"), orders.into())
}

/// What a kilometre costs depends on what is carried, which a plan does not remember.
#[allow(clippy::unnecessary_wraps, reason = "what costs look like")]
fn by_weight(order: &Order, _: &Site, distance: Distance) -> Option<Cost> {
    let pieces: u32 = order.lines.iter().map(|line| line.quantity.0).sum();
    let metres = distance.as_millimetres().cast_signed();
    Some(Cost::from_millimetres(metres * i64::from(1 + pieces)))
}

#[test]
fn orders_and_costs_must_be_those_of_the_plan() {
    let (network, mut orders) = corner();
    orders[1].lines = vec![OrderLine {
        sku: catchment::id::SkuId(1),
        quantity: Quantity(4),
    }];
    let plan = Router::new(&network).costs(&by_weight).route(&orders);
    let plan = plan.expect("sound");
    let why = |orders: &[Order]| {
        let why = plan.explain_by_costs(&network, orders, &by_weight, OrderId(7));
        why.map(|why| why.exchange.expect("the place is taken").costs.cost)
    };
    let walks = [571, 380, 1_046, 95];
    let metres = why(&orders).expect("explained") / 1_000;
    let expected = (walks[1] + 5 * walks[2]) - (walks[0] + 5 * walks[3]);
    assert!(
        (metres - expected).abs() <= 5,
        "{metres} m, not {expected} m"
    );

    let other = |order| {
        Err(ExplainError::OtherOrders {
            order: OrderId(order),
        })
    };
    assert_eq!(why(&orders[1..]), other(7));
    assert_eq!(why(&orders[..1]), other(8));
    assert_eq!(why(&[&orders[..], &orders[..1]].concat()), other(7));
    let mut moved = orders.clone();
    moved[0].position = moved[1].position;
    assert_eq!(why(&moved), other(7));
    orders[1].lines[0].quantity = Quantity(5);
    let (order, site) = (OrderId(8), SiteId(1));
    assert_eq!(why(&orders), Err(ExplainError::OtherCosts { order, site }));
}

#[test]
fn a_cost_out_of_range_that_routing_did_not_meet_is_said() {
    let (network, orders) = corner();
    let plan = Router::new(&network)
        .listed(1)
        .costs(&by_weight)
        .route(&orders);
    let plan = plan.expect("sound");
    let spoilt = |order: &Order, site: &Site, distance: Distance| {
        let is_asked = plan
            .decision(order.id)?
            .assigned()
            .is_some_and(|at| at.site == site.id);
        if is_asked {
            by_weight(order, site, distance)
        } else {
            Some(Cost::from_millimetres(i64::MAX))
        }
    };
    let why = plan.explain_by_costs(&network, &orders, &spoilt, OrderId(8));
    assert!(
        matches!(why, Err(ExplainError::CostOutOfRange { .. })),
        "{why:?}"
    );
}

/// The cost of each order at its site is still the plan's, and less elsewhere: then searches went in circles.
#[test]
fn costs_that_refute_the_plan_are_found_out() {
    let at = |place: u64| degrees(121.40 + 0.01 * place as f64, 31.2);
    let sites = (1..=3).map(|place| Site::leader(SiteId(place), at(place), Units(1)));
    let network = Network::builder().sites(sites).build().expect("sound");
    let orders = [1, 2, 3].map(|place| Order::new(OrderId(place), at(place)));
    let elsewhere = |cost: i64| {
        move |order: &Order, site: &Site, _: Distance| {
            let cost = if order.id.0 == site.id.0 {
                800_000
            } else {
                cost
            };
            Some(Cost::from_millimetres(cost))
        }
    };
    let plan = Router::new(&network)
        .costs(&elsewhere(1_600_000))
        .route(&orders);
    let plan = plan.expect("sound");
    for cost in [799_999, 400_000, 0, -1, i64::MIN] {
        for order in [1, 2, 3].map(OrderId) {
            let why = plan.explain_by_costs(&network, &orders, &elsewhere(cost), order);
            let is_told = matches!(
                why,
                Err(ExplainError::OtherCosts { .. } | ExplainError::CostOutOfRange { .. })
            );
            assert!(is_told, "{cost} {order}: {why:?}");
        }
    }
}
