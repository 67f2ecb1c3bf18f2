//! Explanations are true: what they say would happen does happen when it is done.

use std::borrow::Cow;
use std::collections::BTreeMap;

use catchment::balance::Price;
use catchment::geo::{Position, ServiceArea};
use catchment::id::{DisplayWith, Names, OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{
    Because, ExplainError, Explanation, Merit, Method, Objective, Outcome, Plan, Preferences,
    Remedy, Router, Unassigned,
};
use catchment::site::{Network, Opening, Schedule, Site};
use catchment::units::{Distance, Units};
use proptest::prelude::*;

use crate::brute::Brute;
use crate::plans::{Case, World};
use crate::workload::degrees;

fn explain_all(case: &Case, plan: &Plan) -> Vec<Explanation> {
    let ids: Vec<OrderId> = plan
        .decisions()
        .iter()
        .map(|decision| decision.order)
        .collect();
    let explained = plan.explain_each(&case.network(), &ids);
    explained.expect("the plan's own network and orders")
}

/// Names that can be taken away again.
struct Letters;

impl Names for Letters {
    fn site(&self, site: SiteId) -> Cow<'_, str> {
        format!("S{site}").into()
    }

    fn order(&self, order: OrderId) -> Cow<'_, str> {
        format!("O{order}").into()
    }
}

/// Orders of one size, which is more than 1 in two cases of three: some sites then have room that nobody can use.
fn draw_equal(world: World, seed: u64) -> Case {
    let mut case = Case::draw(world, seed);
    for order in &mut case.orders {
        order.size = Units(1 + (seed % 3) as u32);
    }
    case
}

fn balanced(case: &Case) -> Plan {
    case.route(Method::Balanced)
}

/// The objective over all orders.
fn objective(case: &Case, plan: &Plan) -> (i64, i64) {
    let (unassigned, cost) = case.value_to(plan, case.orders.iter());
    (i64::from(unassigned), cost)
}

/// The case with another wish of one order.
fn with_wish(mut case: Case, id: OrderId, wish: Wish) -> Case {
    let order = case
        .orders
        .iter_mut()
        .find(|order| order.id == id)
        .expect("an order");
    order.wish = wish;
    case
}

fn site_of(case: &mut Case, id: SiteId) -> &mut Site {
    let found = case.sites.iter_mut().find(|site| site.id == id);
    found.expect("a site")
}

fn check_reason(case: &Case, plan: &Plan, brute: &Brute, explanation: &Explanation) {
    let id = explanation.order;
    let order = case
        .orders
        .iter()
        .find(|order| order.id == id)
        .expect("an order");
    let costs = case.costs(brute, order);
    let is_full = |site: SiteId| plan.load(site).expect("a site").room() < order.size;
    let least = costs.iter().map(|(site, cost)| (*cost, *site)).min();
    let Outcome::Assigned(assigned) = explanation.outcome else {
        let Outcome::Unassigned(why) = explanation.outcome else {
            unreachable!()
        };
        return assert_eq!(explanation.because, Because::Unassigned(why));
    };
    let cost = assigned.cost.as_millimetres();
    let nearest = explanation.nearest.expect("the assigned site is eligible");
    assert!(nearest.distance <= assigned.distance);
    assert_eq!(
        explanation.detour,
        Some(assigned.distance.saturating_sub(nearest.distance))
    );
    let (least_cost, least_site) = least.expect("the assigned site is eligible");
    match explanation.because {
        Because::Chosen => assert_eq!(order.wish, Wish::Site(assigned.site)),
        Because::Nearest => {
            assert_eq!((assigned.distance, cost), (nearest.distance, least_cost));
        }
        Because::Preferred { saves } => {
            assert!(assigned.distance > nearest.distance && cost == least_cost);
            assert_eq!(saves.as_millimetres(), costs[&nearest.site] - cost);
        }
        Because::NearestWasFull {
            nearest: full,
            price,
        } => {
            assert_eq!((full, full.site), (nearest, least_site));
            assert!(is_full(full.site) && costs[&full.site] < cost);
            assert_eq!(price, plan.load(full.site).expect("a site").price);
        }
        Because::CheapestWasFull { cheapest, .. } => {
            assert_eq!(cheapest.site, least_site);
            assert!(cheapest.site != nearest.site && is_full(cheapest.site) && least_cost < cost);
        }
        Because::Packed => assert!(!is_full(least_site) && least_cost < cost),
        other => unreachable!("{other:?}"),
    }
    check_considered(explanation, &costs);
}

fn check_considered(explanation: &Explanation, costs: &BTreeMap<SiteId, i64>) {
    assert!(
        explanation
            .considered
            .is_sorted_by_key(|considered| considered.neighbour)
    );
    for considered in &explanation.considered {
        let expected = costs.get(&considered.neighbour.site).copied();
        let said = match considered.merit {
            Merit::Eligible { cost, .. } => Some(cost.as_millimetres()),
            Merit::Rejected(_) => None,
        };
        assert_eq!(said, expected, "{considered:?}");
    }
}

/// Gives the order the place of which the exchange speaks.
pub(crate) fn check_exchange(
    case: Case,
    plan: &Plan,
    explanation: &Explanation,
    route: &dyn Fn(&Case) -> Plan,
) {
    let Some(exchange) = &explanation.exchange else {
        return;
    };
    let first = exchange.steps.first().expect("the order itself");
    assert_eq!(first.order, explanation.order);
    assert!(exchange.costs >= Price::default(), "{exchange:?}");
    for step in &exchange.steps {
        let assigned = plan.decision(step.order).expect("decided").assigned();
        assert_eq!(assigned.map(|assigned| assigned.site), step.from);
    }
    let breaks = exchange
        .steps
        .windows(2)
        .filter(|pair| pair[0].to != pair[1].from);
    assert!(breaks.count() <= 1, "two chains at most: {exchange:?}");
    let before = objective(&case, plan);
    let place = first.to.expect("a site");
    let forced = with_wish(case, explanation.order, Wish::Site(place));
    let after = objective(&forced, &route(&forced));
    let expected = (
        before.0 + exchange.costs.unassigned,
        before.1 + exchange.costs.cost,
    );
    assert_eq!(after, expected, "{explanation}");
}

/// More capacity in all windows.
fn enlarge(site: &mut Site, more: Units) {
    site.capacity.0 += more.0;
    if !site.schedule.is_always() {
        let openings = site.schedule.openings().iter().map(|opening| Opening {
            capacity: opening.capacity.map(|capacity| Units(capacity.0 + more.0)),
            ..*opening
        });
        site.schedule = Schedule::from_openings(openings).expect("as before");
    }
}

/// Does what would help.
pub(crate) fn check_remedy(
    mut case: Case,
    id: OrderId,
    remedy: &Remedy,
    route: &dyn Fn(&Case) -> Plan,
) {
    let order = case
        .orders
        .iter()
        .find(|order| order.id == id)
        .expect("an order")
        .clone();
    let case = match *remedy {
        Remedy::Capacity { site, more } => {
            enlarge(site_of(&mut case, site), more);
            if matches!(order.wish, Wish::Site(_)) {
                case
            } else {
                // Of several orders that are worth the place the plan may serve another, but no better.
                let served = route(&case);
                let forced = with_wish(case, id, Wish::Site(site));
                let expected = objective(&forced, &served);
                assert_eq!(objective(&forced, &route(&forced)), expected);
                forced
            }
        }
        Remedy::Reach { site, more } => {
            let area = &mut site_of(&mut case, site).area;
            let ServiceArea::Radius(radius) = area else {
                unreachable!("{remedy:?}")
            };
            *radius = radius.checked_add(more).expect("on Earth");
            // Others whom the radius now reaches may come before this order.
            let brute = Brute::new(case.sites.iter().cloned());
            assert!(case.costs(&brute, &order).contains_key(&site), "{remedy:?}");
            return;
        }
        Remedy::Walk { more, .. } => {
            let Wish::Within(limit) = order.wish else {
                unreachable!("{remedy:?}")
            };
            with_wish(
                case,
                id,
                Wish::Within(limit.checked_add(more).expect("on Earth")),
            )
        }
        Remedy::OtherSite { neighbour } => with_wish(case, id, Wish::Site(neighbour.site)),
        _ => return,
    };
    let after = route(&case);
    assert!(
        after.decision(id).expect("decided").assigned().is_some(),
        "{remedy:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn reasons_are_true(seed: u64) {
        for (world, method) in [
            (World::Bare, Method::Balanced),
            (World::Full, Method::Balanced),
            (World::Full, Method::Greedy),
            (World::Full, Method::Nearest),
            (World::Sized, Method::Balanced),
        ] {
            let case = Case::draw(world, seed);
            let plan = case.route(method);
            let brute = Brute::new(case.sites.iter().cloned());
            for explanation in explain_all(&case, &plan) {
                check_reason(&case, &plan, &brute, &explanation);
                let named = explanation.display_with(&Letters).to_string();
                let numbers = named.replace("site S", "site ").replace("order O", "order ");
                prop_assert_eq!(explanation.to_string(), &numbers[..]);
                prop_assert_ne!(numbers, named);
            }
        }
    }

    #[test]
    fn an_exchange_costs_what_it_is_said_to_cost(seed: u64) {
        for world in [World::Bare, World::Full] {
            let case = draw_equal(world, seed);
            let plan = case.route(Method::Balanced);
            for explanation in explain_all(&case, &plan) {
                check_exchange(draw_equal(world, seed), &plan, &explanation, &balanced);
            }
        }
    }

    #[test]
    fn remedies_help(seed: u64) {
        for world in [World::Bare, World::Full] {
            let case = draw_equal(world, seed);
            let plan = case.route(Method::Balanced);
            for explanation in explain_all(&case, &plan) {
                for remedy in &explanation.remedies {
                    check_remedy(draw_equal(world, seed), explanation.order, remedy, &balanced);
                }
            }
        }
    }
}

/// Two orders of size 2 at a site with this much room, and perhaps another site far away.
fn of_two_units(room: u32, far: bool) -> Explanation {
    let leader = |id, lng| Site::leader(SiteId(id), at(lng), Units(room));
    let sites = [leader(1, 121.400), leader(9, 121.500)];
    let sites = sites.into_iter().take(1 + usize::from(far));
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    let mut orders = [(1, 121.400), (2, 121.403)].map(|(id, lng)| Order::new(OrderId(id), at(lng)));
    for order in &mut orders {
        order.size = Units(2);
    }
    let plan = Router::new(&network).route(&orders).expect("a sound batch");
    plan.explain(&network, OrderId(2)).expect("its own network")
}

#[test]
fn room_that_is_too_small_for_an_order_is_no_place() {
    for (room, more) in [(2, 2), (3, 1)] {
        let explanation = of_two_units(room, false);
        let site = SiteId(1);
        assert_eq!(
            explanation.remedies[0],
            Remedy::Capacity {
                site,
                more: Units(more)
            }
        );
        let said = explanation.to_string();
        assert!(
            said.contains("order 1 would go nowhere and all together would walk 285 m more"),
            "{said}"
        );
        let exchange = of_two_units(room, true)
            .exchange
            .expect("the other gives way");
        let gives_way = exchange.steps[1];
        assert_eq!(
            (gives_way.order, gives_way.to),
            (OrderId(1), Some(SiteId(9)))
        );
        let back = at(121.400).distance_to(at(121.500)).as_millimetres();
        let saved = at(121.403).distance_to(at(121.500)).as_millimetres();
        let walk = at(121.403).distance_to(at(121.400)).as_millimetres();
        assert_eq!(exchange.costs.cost.cast_unsigned(), back + walk - saved);
    }
}

fn at(lng: f64) -> Position {
    degrees(lng, 31.2)
}

/// A street with a full leader, a store farther on, and a leader who serves only his own block.
fn street() -> (Network, Vec<Order>) {
    let mut own_block = Site::leader(SiteId(30), at(121.440), Units(9));
    own_block.area = ServiceArea::Radius(Distance::from_metres(300));
    let sites = [
        Site::leader(SiteId(10), at(121.400), Units(1)),
        Site::store(SiteId(20), at(121.406), Units(2)),
        own_block,
    ];
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    let homes = [121.401, 121.403, 121.404, 121.405];
    let orders = (1..)
        .zip(homes)
        .map(|(id, lng)| Order::new(OrderId(id), at(lng)));
    (network, orders.collect())
}

#[test]
fn sentences_say_why() {
    let (network, mut orders) = street();
    orders[3].home = Some(SiteId(10));
    let preferences = Preferences {
        home: Distance::from_metres(400),
        ..Preferences::default()
    };
    let plan = Router::new(&network)
        .preferences(preferences)
        .route(&orders)
        .expect("sound");
    let say = |id| {
        plan.explain(&network, OrderId(id))
            .expect("in the plan")
            .to_string()
    };
    let said: Vec<String> = (1..=4).map(say).collect();
    assert_eq!(
        said,
        [
            "order 1 goes to site 10 at 95 m because it is the nearest that may take it",
            "order 2 goes nowhere because every eligible site is full; to give it a place at site 20, order 3 would \
             go nowhere and all together would walk 95 m more; 1 more capacity at site 20 would help",
            "order 3 goes to site 20 at 190 m because it is the nearest that may take it",
            "order 4 goes to site 20 at 95 m because the preferred site 10 at 476 m is full; to give it a place at \
             site 10, order 1 would go nowhere and order 2 would go to site 20 and all together would walk 171 m more",
        ]
    );
}

#[test]
fn what_can_t_be_explained_is_said() {
    let (network, orders) = street();
    let plan = Router::new(&network).route(&orders).expect("sound");
    let next = network.with_changes([]).expect("no change");
    let order = OrderId(99);
    assert_eq!(
        plan.explain(&network, order),
        Err(ExplainError::UnknownOrder { order })
    );
    assert_eq!(
        plan.explain(&next, OrderId(1)),
        Err(ExplainError::OtherVersion {
            plan: network.version(),
            network: next.version()
        })
    );
    let twice = |_: &Order, _: &Site, distance: Distance| Some(distance.into());
    let plan = Router::new(&network)
        .costs(&twice)
        .route(&orders)
        .expect("sound");
    assert_eq!(
        plan.explain(&network, OrderId(1)),
        Err(ExplainError::OwnCosts)
    );
    assert_eq!(plan.objective(), Objective::FewestUnassigned);
    assert!(
        plan.decisions().iter().all(|decision| {
            decision.outcome != Outcome::Unassigned(Unassigned::NoEligibleSite)
        })
    );
}
