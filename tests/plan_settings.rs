//! What a router is told: costs of the caller's own, limits, threads; and plans that are stored.

use std::sync::atomic::{AtomicUsize, Ordering};

use catchment::balance::Price;
use catchment::geo::Position;
use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, OrderFault, Wish};
use catchment::plan::{
    Cost, Costs, Method, Objective, Outcome, Plan, Preferences, Proof, RouteError, Router,
    Unassigned,
};
use catchment::site::{Network, Site};
use catchment::units::{Distance, Orders, Units};
use catchment::verify::{self, Violation};
use proptest::prelude::*;

use crate::brute::Brute;
use crate::plans::{Case, World};
use crate::workload::degrees;

/// Twice the distance and a surcharge that has nothing to do with it; one pair in seven is not allowed.
struct Streets {
    least_per_kilometre: Option<Distance>,
}

impl Streets {
    fn draw(order: OrderId, site: SiteId) -> u64 {
        (order.0 * 31 + site.0 * 17).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
    }
}

impl Costs for Streets {
    fn cost(&self, order: &Order, site: &Site, distance: Distance) -> Option<Cost> {
        let draw = Self::draw(order.id, site.id);
        let walk = 2 * distance.as_millimetres() + draw % 3_000_000;
        (!draw.is_multiple_of(7)).then(|| Cost::from(Distance::from_millimetres(walk)))
    }

    fn least_per_kilometre(&self) -> Option<Distance> {
        self.least_per_kilometre
    }
}

fn route(case: &Case, costs: &dyn Costs) -> Plan {
    let network = case.network();
    let router = Router::new(&network).objective(case.objective).costs(costs);
    router.route(&case.orders).expect("a sound batch")
}

/// Every pair of order and site against the prices; the world has no other rules.
fn check_certificate(case: &Case, plan: &Plan, costs: &dyn Costs) {
    let nowhere = match case.objective {
        Objective::UnassignedAt(price) => (0, price.as_millimetres().cast_signed()),
        _ => (1, 0),
    };
    for load in plan.loads() {
        assert!(
            load.room() == Units(0) || load.price == Price::default(),
            "{load:?}"
        );
    }
    for order in &case.orders {
        let open = case.sites.iter().filter(|site| site.capacity > Units(0));
        let values = open.filter_map(|site| {
            let distance = order.position.distance_to(site.position);
            let cost = costs.cost(order, site, distance)?.as_millimetres();
            let price = plan.load(site.id).expect("a site").price;
            Some((site.id, (price.unassigned, price.cost + cost)))
        });
        let values: Vec<_> = values.collect();
        let own = match &plan.decision(order.id).expect("decided").outcome {
            Outcome::Unassigned(why) => {
                assert_eq!(*why == Unassigned::NoEligibleSite, values.is_empty());
                nowhere
            }
            Outcome::Assigned(assigned) => {
                let found = values.iter().find(|(site, _)| *site == assigned.site);
                found.expect("an allowed site").1
            }
        };
        assert!(
            own <= nowhere && values.iter().all(|(_, value)| own <= *value),
            "{order:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bounded_costs_are_balanced_over_all_sites(seed: u64) {
        let case = Case::draw(World::Bare, seed);
        // A bound as the crow flies must not be taken for costs as the crow flies.
        for metres in [0, 700, 1_000, 2_000] {
            let streets = Streets { least_per_kilometre: Some(Distance::from_metres(metres)) };
            let plan = route(&case, &streets);
            prop_assert_eq!(plan.proof(), Proof::Optimal);
            prop_assert!(!plan.is_by_distance());
            check_certificate(&case, &plan, &streets);
        }
    }

    #[test]
    fn costs_without_a_bound_are_balanced_over_the_list(seed: u64) {
        let case = Case::draw(World::Bare, seed);
        let streets = Streets { least_per_kilometre: None };
        let plan = route(&case, &streets);
        // The list is longer than there are sites: nothing is left out.
        prop_assert_eq!(plan.proof(), Proof::Optimal);
        prop_assert_eq!(plan.listed(), None);
        check_certificate(&case, &plan, &streets);
    }

    #[test]
    fn a_list_proves_all_sites_if_it_leaves_none_out(seed: u64, listed in 1..16_usize) {
        let case = Case::draw(World::Full, seed);
        let streets = Streets { least_per_kilometre: None };
        let network = case.network();
        let plan = case.router(&network).listed(listed).costs(&streets).route(&case.orders);
        let plan = plan.expect("a sound batch");
        let brute = Brute::new(case.sites.iter().cloned());
        let eligible = |order: &Order| {
            let sites = case.costs(&brute, order).into_keys();
            sites.filter(|site| !Streets::draw(order.id, *site).is_multiple_of(7)).count()
        };
        let free = case.orders.iter().filter(|order| !matches!(order.wish, Wish::Site(_)));
        let is_cut = free.map(eligible).any(|sites| sites > listed);
        prop_assert!(!is_cut || plan.listed() == Some(listed));
        prop_assert_eq!(plan.listed().is_some(), plan.proof() == Proof::OverListedCandidates);
        prop_assert_eq!(plan.gap().is_some(), plan.proof() == Proof::Optimal);
        let verdict = verify::plan_by_costs(&network, &case.orders, &plan, &streets);
        prop_assert_eq!(verdict, Ok(()));
        let refused = verify::plan(&network, &case.orders, &plan).expect_err("own costs");
        prop_assert_eq!(refused.kept(), &[Violation::OwnCosts][..]);
    }

    #[test]
    fn threads_change_nothing(seed: u64) {
        let case = Case::draw(World::Full, seed);
        let pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| case.route(Method::Balanced))
        };
        prop_assert_eq!(pool(1), pool(3));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn plans_survive_serde(seed: u64) {
        for world in [World::Bare, World::Full, World::Sized] {
            let case = Case::draw(world, seed);
            let plan = case.route(Method::Balanced);
            let text = serde_json::to_string(&plan).expect("serializable");
            let back: Plan = serde_json::from_str(&text).expect("a plan");
            prop_assert_eq!(&back, &plan);
            if let Some(decision) = plan.decisions().first() {
                let network = case.network();
                prop_assert_eq!(
                    back.explain(&network, decision.order),
                    plan.explain(&network, decision.order)
                );
            }
        }
    }
}

fn at(lng: f64) -> Position {
    degrees(lng, 31.2)
}

/// Two sites and three orders on one street.
fn street() -> (Network, Vec<Order>) {
    let sites = [
        Site::leader(SiteId(1), at(121.40), Units(1)),
        Site::store(SiteId(2), at(121.41), Units(1)),
    ];
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    let order = |id| Order::new(OrderId(id), at(121.40));
    (network, [5, 3, 4].map(order).to_vec())
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let (network, orders) = street();
    let router = || Router::new(&network);
    let fails = |router: Router<'_>| {
        router
            .route(&orders)
            .expect_err("makes no sense")
            .to_string()
    };

    let twice = [orders[0].clone(), orders[0].clone()];
    let error = router().route(&twice).expect_err("the same id twice");
    let RouteError::Orders(faults) = error else {
        unreachable!("{error}")
    };
    assert!(matches!(faults.kept(), [OrderFault::DuplicateId { .. }]));

    let far = Distance::from_metres(10_000_001);
    let preferences = |site| Preferences {
        sites: [(site, far)].into(),
        ..Preferences::default()
    };
    let cases = [
        (
            router().preferences(Preferences {
                home: far,
                ..Preferences::default()
            }),
            "preference home is worth 10,000,001 m, limit is 10,000,000 m",
        ),
        (
            router().preferences(preferences(SiteId(9))),
            "preference sites is worth 10,000,001 m, limit is 10,000,000 m",
        ),
        (
            router().objective(Objective::UnassignedAt(far)),
            "preference unassigned is worth 10,000,001 m, limit is 10,000,000 m",
        ),
        (
            router().listed(0),
            "asked to list 0 candidates for each order, limit is 1 to 1000",
        ),
        (
            router().listed(1_001),
            "asked to list 1001 candidates for each order, limit is 1 to 1000",
        ),
    ];
    for (router, message) in cases {
        assert_eq!(fails(router), message);
    }
}

/// Less than the straight line.
struct Tunnel;
impl Costs for Tunnel {
    fn cost(&self, _: &Order, _: &Site, distance: Distance) -> Option<Cost> {
        Some(Cost::from_millimetres(
            Cost::from(distance).as_millimetres() / 2,
        ))
    }
    fn least_per_kilometre(&self) -> Option<Distance> {
        Some(Distance::from_metres(1_000))
    }
}

#[test]
fn costs_out_of_range_are_refused_and_the_first_is_named() {
    let (network, orders) = street();
    let fails = |costs: &dyn Costs| {
        let router = Router::new(&network).costs(costs);
        router.route(&orders).expect_err("out of range").to_string()
    };
    let huge = |_: &Order, _: &Site, _: Distance| Some(Cost::from_millimetres(i64::MIN));
    assert_eq!(
        fails(&huge),
        "order 3 at site 1 costs -9223372036854775808 mm, limit is 137438953471 mm"
    );

    assert_eq!(
        fails(&Tunnel),
        "order 3 at site 2 costs 475561 mm, below the bound of 951123 mm"
    );
}

/// The walk for the first questions, and then no cost.
struct Forgetful {
    left: AtomicUsize,
    least_per_kilometre: Option<Distance>,
}

impl Costs for Forgetful {
    fn cost(&self, _: &Order, _: &Site, distance: Distance) -> Option<Cost> {
        let less = |left: usize| left.checked_sub(1);
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        left.is_ok().then(|| Cost::from(distance))
    }

    fn least_per_kilometre(&self) -> Option<Distance> {
        self.least_per_kilometre
    }
}

#[test]
fn costs_that_are_gone_when_asked_again_are_an_error() {
    let sites =
        (0..5).map(|id| Site::store(SiteId(id), at(121.40 + id as f64 / 1_000.0), Units(2)));
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    for size in [1, 2] {
        let mut orders: Vec<Order> = (0..8)
            .map(|id| Order::new(OrderId(id), at(121.4)))
            .collect();
        orders[0].size = Units(size);
        for least_per_kilometre in [
            None,
            Some(Distance::ZERO),
            Some(Distance::from_metres(1_000)),
        ] {
            let mut gone = 0;
            for left in 0..120 {
                let left = AtomicUsize::new(left);
                let costs = Forgetful {
                    left,
                    least_per_kilometre,
                };
                match Router::new(&network).costs(&costs).route(&orders) {
                    Ok(_) => {}
                    Err(RouteError::CostGone { order, site }) => {
                        assert!(order.0 < 8 && site.0 < 5);
                        gone += 1;
                    }
                    Err(other) => unreachable!("{other}"),
                }
            }
            assert!(
                gone > 5,
                "{gone} of size {size} at least {least_per_kilometre:?}"
            );
        }
    }
}

#[test]
fn a_bound_beyond_all_costs_is_refused_as_any_that_is_too_high() {
    let network = Network::builder().site(Site::store(SiteId(1), at(121.4), Units(9)));
    let network = network.build().expect("a sound site");
    let orders = [Order::new(OrderId(5), at(121.5))];
    for bits in 21..=64_u32 {
        let bound = Distance::from_millimetres(u64::MAX >> (64 - bits));
        let (left, least_per_kilometre) = (AtomicUsize::new(usize::MAX), Some(bound));
        let costs = Forgetful {
            left,
            least_per_kilometre,
        };
        let refused = Router::new(&network).costs(&costs).route(&orders).err();
        let is_named = matches!(refused, Some(RouteError::CostBelowBound { .. }));
        assert!(is_named, "{bits} bits: {refused:?}");
    }
}

#[test]
fn an_empty_batch_and_an_empty_network_have_plans() {
    let (network, orders) = street();
    let empty = Network::builder().build().expect("no site");
    for method in [Method::Nearest, Method::Greedy, Method::Balanced] {
        let plan = Router::new(&network)
            .method(method)
            .route(&[])
            .expect("sound");
        assert_eq!((plan.decisions().len(), plan.loads().len()), (0, 2));
        let plan = Router::new(&empty)
            .method(method)
            .route(&orders)
            .expect("sound");
        let outcomes = plan.decisions().iter().map(|decision| decision.outcome);
        let lost = Outcome::Unassigned(Unassigned::NoEligibleSite);
        assert!(outcomes.eq([lost; 3]));
    }
}

#[cfg(feature = "serde")]
#[test]
fn what_is_stored_must_be_a_plan() {
    let (network, orders) = street();
    let plan = Router::new(&network).route(&orders).expect("sound");
    let text = serde_json::to_value(&plan).expect("serializable");
    let fails = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = text.clone();
        change(&mut changed);
        let error = serde_json::from_value::<Plan>(changed).expect_err("not a plan");
        error.to_string()
    };
    for (message, change) in [
        (
            "decision on order 3 is out of order",
            &(|plan: &mut serde_json::Value| {
                *plan.pointer_mut("/decisions/1/order").expect("there") = 3.into();
            }) as &dyn Fn(&mut serde_json::Value),
        ),
        ("load of site 0 is out of order", &|plan| {
            *plan.pointer_mut("/loads/1/site").expect("there") = 0.into();
        }),
        ("2 orders for 3 decisions", &|plan| {
            plan["asked"].as_array_mut().expect("a list").pop();
        }),
        (
            "preference home is worth 20,000,000 m, limit is 10,000,000 m",
            &|plan| {
                let home = "/settings/preferences/home";
                *plan.pointer_mut(home).expect("there") = 20_000_000_000_u64.into();
            },
        ),
        ("order 3 goes to site 9, which has no load", &|plan| {
            let site = "/decisions/0/outcome/assigned/site";
            *plan.pointer_mut(site).expect("there") = 9.into();
        }),
    ] {
        assert_eq!(fails(change), message);
    }
}

/// Lists of one site were made where the optimiser would ask for more itself; a packing asks for nothing.
#[test]
fn orders_of_several_sizes_go_beyond_their_nearest_site() {
    let sites = (0_u32..4).map(|number| {
        let door = degrees(121.40 + 0.01 * f64::from(number), 31.2);
        Site::leader(SiteId(u64::from(number) + 1), door, Units(5))
    });
    let network = Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites");
    // All live nearest to the first; a site takes a large parcel and a small one.
    let orders: Vec<Order> = (1..=8)
        .map(|number| {
            let mut order = Order::new(OrderId(number), degrees(121.39, 31.2));
            order.size = Units(if number % 2 == 0 { 3 } else { 2 });
            order
        })
        .collect();
    let plan = Router::new(&network).route(&orders).expect("a sound batch");
    assert_eq!(plan.total().unassigned, Orders(0));
    assert!(plan.loads().iter().all(|load| load.room() == Units(0)));
    let few = Router::new(&network)
        .listed(2)
        .route(&orders)
        .expect("a sound batch");
    assert!(few.total() >= plan.total());
}
