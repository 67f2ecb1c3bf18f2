//! The check of plans accepts every plan that the router makes.

use catchment::balance::Price;
use catchment::geo::{LngLat, Position};
use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Costs, Method, Objective, Preferences, Proof, Router};
use catchment::site::{Network, Opening, Schedule, Site, Tag, Tags};
use catchment::time::{Timestamp, Window};
use catchment::units::{Distance, Units};
use catchment::verify;

use crate::workload::{Areas, Random, World, pause_half, sites};

const EVENING: Timestamp = Timestamp::from_unix_millis(18 * 3_600_000);

/// A network and a batch with everything that there is, or only some of it.
pub(crate) fn draw(seed: u64, orders: usize, sites_max: usize) -> (Network, Vec<Order>) {
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
            let window = Window::new(hour(16 + random.below(4).cast_signed() as i64), hour(21))
                .expect("not empty");
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

pub(crate) fn router<'a>(network: &'a Network, random: &mut Random) -> Router<'a> {
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
        let router = router(&network, &mut random).listed(1 + seed as usize % 5);
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

/// Two orders at the one place of the nearest site, which therefore has a price. Without it the one that had to give
/// way would be better off there.
#[cfg(feature = "serde")]
#[test]
fn over_listed_sites_a_false_price_is_refused() {
    use catchment::plan::Plan;

    let at = |lng| Position::new(LngLat { lng, lat: 31.2 }).expect("in range");
    let leader = |id, lng, places| Site::leader(SiteId(id), at(lng), Units(places));
    let sites = [
        leader(1, 121.40, 1),
        leader(2, 121.41, 9),
        leader(3, 121.45, 9),
    ];
    let network = Network::builder().sites(sites).build().expect("sound");
    let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40)));
    let costs = |_: &Order, _: &Site, distance: Distance| Some(Cost::from(distance));
    let check = |listed, price: i64, accepted| {
        let router = Router::new(&network).listed(listed).costs(&costs);
        let plan = router.route(&orders).expect("a sound batch");
        assert_eq!(plan.listed(), Some(listed).filter(|listed| *listed < 3));
        let mut stored = serde_json::to_value(&plan).expect("serializable");
        let cost = &mut stored["loads"][0]["price"]["cost"];
        assert!(cost.as_i64() > Some(0) || listed == 1, "{cost}");
        *cost = (cost.as_i64().expect("a cost") + price).into();
        let plan: Plan = serde_json::from_value(stored).expect("a plan");
        let verdict = verify::plan_by_costs(&network, &orders, &plan, &costs);
        assert_eq!(
            verdict.is_ok(),
            accepted,
            "{listed} listed, {price} more: {verdict:?}"
        );
    };
    for listed in 2..5 {
        check(listed, 0, true);
        check(listed, 1, false);
        check(listed, -1, false);
    }
    check(1, 0, true);
}
