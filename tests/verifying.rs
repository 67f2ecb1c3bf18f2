//! The check of plans accepts every plan that the router makes, and none in which a number has been changed.

use catchment::balance::Price;
use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Costs, Method, Objective, Plan, Preferences, Proof, Router};
use catchment::site::{Network, Opening, Schedule, Site, Tag, Tags};
use catchment::time::{Timestamp, Window};
use catchment::units::{Distance, Units};
use catchment::verify;
use serde_json::{Value, json};

use crate::workload::{Areas, Random, World, pause_half, sites};

const EVENING: Timestamp = Timestamp::from_unix_millis(18 * 3_600_000);

/// A network and a batch with everything that there is, or only some of it.
fn draw(seed: u64, orders: usize, sites_max: usize) -> (Network, Vec<Order>) {
    let mut random = Random::new(seed);
    // Polygons are cut at the antimeridian and at the poles, which not all of these kinds are.
    let all = [
        Areas::Unlimited,
        Areas::Radii,
        Areas::Cells,
        Areas::Boxes,
        Areas::Mixed,
    ];
    let (world, kinds) = match random.below(7) {
        0 => (World::Poles, 3),
        1 => (World::Antimeridian, 4),
        2 => (World::GridTies, 5),
        3 => (World::Duplicates, 5),
        _ => (World::City, 5),
    };
    let kinds = if random.one_in(2) { 1 } else { kinds };
    let mut sites = sites(world, seed, 1 + random.below(sites_max), &all[..kinds]);
    let room = 1 + 2 * orders / sites.len();
    if random.one_in(4) {
        pause_half(&mut sites);
    }
    for site in &mut sites {
        site.capacity = Units(random.below(room + 1) as u32);
        if random.one_in(4) {
            let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
            let window =
                Window::new(hour(16 + random.below(4) as i64), hour(21)).expect("not empty");
            let capacity = random
                .one_in(2)
                .then(|| Units(random.below(room + 1) as u32));
            site.schedule = Schedule::from_openings([Opening { window, capacity }]).expect("one");
        }
        if random.one_in(3) {
            site.tags = Tags::of(&[Tag::COLD_CHAIN, Tag::DELIVERY]);
        }
    }
    let is_plain = random.one_in(3);
    let is_sized = random.one_in(4);
    let homes = world.positions(seed ^ 1, 1 + random.below(orders + 1));
    let count = sites.len();
    let mut batch: Vec<Order> = (0..orders)
        .map(|id| {
            let mut order = Order::new(OrderId(3 * id as u64), homes[random.below(homes.len())]);
            if !is_plain {
                ask(&mut order, count, &mut random);
            }
            if is_sized {
                order.size = Units(1 + random.below(3) as u32);
            }
            order
        })
        .collect();
    random.shuffle(&mut batch);
    (
        Network::builder()
            .sites(sites)
            .build()
            .expect("sound sites"),
        batch,
    )
}

fn ask(order: &mut Order, sites: usize, random: &mut Random) {
    let site = |random: &mut Random| SiteId(random.below(sites + 1) as u64);
    order.wish = match random.below(8) {
        0 | 1 => Wish::Site(site(random)),
        2 => Wish::Within(Distance::from_metres(random.below(9_000) as u32)),
        3 => Wish::Deliver,
        _ => Wish::Any,
    };
    order.home = random.one_in(3).then(|| site(random));
    if random.one_in(6) {
        order.required_tags = Tag::COLD_CHAIN.into();
    }
}

fn router<'a>(network: &'a Network, random: &mut Random) -> Router<'a> {
    let mut worth = || Distance::from_metres(random.below(1_500) as u32);
    let preferences = Preferences {
        home: worth(),
        store: worth(),
        leader: worth(),
        sites: [(SiteId(1), worth()), (SiteId(777), worth())].into(),
    };
    let price = Distance::from_metres(random.below(90_000) as u32);
    let router = Router::new(network);
    let router = if random.one_in(2) {
        router.preferences(preferences)
    } else {
        router
    };
    let router = if random.one_in(2) {
        router.open_at(EVENING)
    } else {
        router
    };
    if random.one_in(2) {
        router.objective(Objective::UnassignedAt(price))
    } else {
        router
    }
}

#[test]
fn every_plan_is_accepted() {
    let (mut priced, mut unassigned, mut optimal) = (0, 0, 0);
    for seed in 0..1_200 {
        let orders = if seed % 100 == 0 {
            3_000
        } else {
            1 + seed as usize % 80
        };
        let (network, orders) = draw(seed, orders, if orders > 100 { 60 } else { 12 });
        let mut random = Random::new(seed);
        let router = router(&network, &mut random);
        for method in [Method::Nearest, Method::Greedy, Method::Balanced] {
            let plan = router
                .clone()
                .method(method)
                .route(&orders)
                .expect("a sound batch");
            let verdict = verify::plan(&network, &orders, &plan);
            assert_eq!(verdict, Ok(()), "seed {seed}, {method:?}");
            optimal += usize::from(plan.proof() == Proof::Optimal);
            unassigned += plan.total().unassigned.0;
            priced += plan
                .loads()
                .iter()
                .filter(|load| load.price > Price::default())
                .count();
        }
    }
    assert!(
        optimal > 500 && priced > 1_000 && unassigned > 5_000,
        "{optimal} {priced} {unassigned}"
    );
}

/// Twice the walk, and no way to sites of an odd number from far away.
struct Detours;

impl Costs for Detours {
    fn cost(&self, _: &Order, site: &Site, distance: Distance) -> Option<Cost> {
        let is_cut_off = site.id.0 % 2 == 1 && distance > Distance::from_metres(3_000);
        let walk = Cost::from(distance).as_millimetres();
        (!is_cut_off).then(|| Cost::from_millimetres(2 * walk + 7))
    }

    fn least_per_kilometre(&self) -> Option<Distance> {
        Some(Distance::from_metres(2_000))
    }
}

#[test]
fn every_plan_by_other_costs_is_accepted_with_them() {
    for seed in 0..300 {
        let (network, orders) = draw(seed ^ 0xc057, 1 + seed as usize % 60, 12);
        let mut random = Random::new(seed);
        let router = router(&network, &mut random);
        let unbounded =
            |order: &Order, site: &Site, distance: Distance| Detours.cost(order, site, distance);
        for method in [Method::Nearest, Method::Greedy, Method::Balanced] {
            for costs in [&Detours as &dyn Costs, &unbounded] {
                let router = router.clone().method(method).costs(costs);
                let plan = router.route(&orders).expect("a sound batch");
                let verdict = verify::plan_by_costs(&network, &orders, &plan, costs);
                assert_eq!(
                    verdict,
                    Ok(()),
                    "seed {seed}, {method:?}, {:?}",
                    plan.proof()
                );
            }
        }
    }
}

/// Where the whole numbers of a stored plan are, as JSON pointers.
fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                numbers(item, &format!("{at}/{number}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                numbers(field, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_number_of_a_decision_load_or_total_can_be_another() {
    let (mut rejected, mut malformed) = (0, 0);
    for seed in 0..600 {
        let (network, orders) = draw(seed ^ 0x7a3b, 1 + seed as usize % 40, 10);
        let mut random = Random::new(seed);
        let router = router(&network, &mut random);
        let method = [Method::Nearest, Method::Greedy, Method::Balanced][seed as usize % 3];
        let plan = router.method(method).route(&orders).expect("a sound batch");
        let stored = serde_json::to_value(&plan).expect("a plan can be stored");
        let mut all = Vec::new();
        for part in ["/version", "/decisions", "/loads", "/total"] {
            numbers(&stored[&part[1..]], part, &mut all);
        }
        for _ in 0..20 {
            let number = &all[random.below(all.len())];
            let mut changed = stored.clone();
            let old = changed.pointer_mut(number).expect("a number is there");
            let by = [-1, 1, 1_000][random.below(3)];
            *old = json!(old.as_i64().expect("a whole number") + by);
            let Ok(changed) = serde_json::from_value::<Plan>(changed) else {
                malformed += 1;
                continue;
            };
            let verdict = verify::plan(&network, &orders, &changed);
            assert!(
                verdict.is_err(),
                "seed {seed}, {method:?}: {number} by {by}"
            );
            rejected += 1;
        }
    }
    assert!(
        rejected > 5_000,
        "{rejected} rejected, {malformed} malformed"
    );
}

#[test]
fn no_exchange_of_two_orders_is_as_good_as_it_says() {
    let mut rejected = 0;
    for seed in 0..2_400 {
        let (network, orders) = draw(seed ^ 0x5a9, 2 + seed as usize % 40, 10);
        let mut random = Random::new(seed);
        let plan = Router::new(&network).route(&orders).expect("a sound batch");
        let mut stored = serde_json::to_value(&plan).expect("a plan can be stored");
        let count = plan.decisions().len();
        let [one, other] = [random.below(count), random.below(count)];
        let ids = [one, other].map(|at| plan.decisions()[at].order);
        let free = |id: &OrderId| {
            orders
                .iter()
                .any(|order| order.id == *id && order.size == Units(1) && order.wish == Wish::Any)
        };
        let places = [one, other].map(|at| {
            plan.decisions()[at]
                .assigned()
                .map(|assigned| assigned.site)
        });
        let [Some(a), Some(b)] = places else { continue };
        if a == b || plan.proof() != Proof::Optimal || !ids.iter().all(free) {
            continue;
        }
        let before = plan.total().cost.as_millimetres();
        let mut after = before;
        for (at, id, place) in [(one, ids[0], b), (other, ids[1], a)] {
            let order = orders
                .iter()
                .find(|order| order.id == id)
                .expect("in the batch");
            let site = network.site(place).expect("in the network");
            let walk = Cost::from(order.position.distance_to(site.position)).as_millimetres();
            let old = &mut stored["decisions"][at]["outcome"]["assigned"];
            after += walk - old["cost"].as_i64().expect("a cost");
            *old = json!({"site": place.0, "distance": walk, "cost": walk});
        }
        stored["total"]["cost"] = json!(after);
        let changed: Plan = serde_json::from_value(stored).expect("still a plan by its form");
        let verdict = verify::plan(&network, &orders, &changed);
        if after > before {
            assert!(verdict.is_err(), "seed {seed}");
            rejected += 1;
        }
    }
    assert!(rejected > 150, "{rejected} rejected");
}
