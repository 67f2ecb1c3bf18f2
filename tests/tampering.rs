//! The check of plans names exactly what has been changed in one, and no number in a plan can be another.

use catchment::balance::Price;
use catchment::candidates::Rejection;
use catchment::geo::{Position, ServiceArea};
use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Method, Plan, Proof, Router, Total, Unassigned};
use catchment::site::{Network, Site, SiteStatus, Version};
use catchment::units::{Distance, Orders, Units};
use catchment::verify::{self, Violation};
use serde_json::{Value, json};

use crate::verifying::{draw, router};
use crate::workload::{Random, degrees};

const ORDER_1_AT_SITE_2: i64 = 1_426_684;
const ORDER_1_AT_SITE_1: i64 = 475_561;
const ORDER_2_AT_SITE_2: i64 = 1_902_246;
const PRICE: i64 = ORDER_1_AT_SITE_2 - ORDER_1_AT_SITE_1;

pub(crate) fn at(lng: f64) -> Position {
    degrees(lng, 31.2)
}

/// A street from west to east: site 1 with one place, 3 paused, 2 with nine, 4 which serves 500 m.
pub(crate) fn street() -> (Network, Vec<Order>) {
    let mut paused = Site::leader(SiteId(3), at(121.41), Units(9));
    paused.status = SiteStatus::Paused;
    let mut small = Site::store(SiteId(4), at(121.43), Units(5));
    small.area = ServiceArea::Radius(Distance::from_metres(500));
    let sites = [
        Site::leader(SiteId(1), at(121.40), Units(1)),
        Site::leader(SiteId(2), at(121.42), Units(9)),
        paused,
        small,
    ];
    let mut orders: Vec<Order> = [(1, 121.405), (2, 121.40), (3, 121.42), (4, 121.50)]
        .map(|(id, lng)| Order::new(OrderId(id), at(lng)))
        .into();
    orders[2].wish = Wish::Site(SiteId(2));
    orders[3].wish = Wish::Within(Distance::from_metres(1_000));
    (
        Network::builder()
            .sites(sites)
            .build()
            .expect("sound sites"),
        orders,
    )
}

/// Changes the plan of the street as stored, and compares all that is found wrong.
#[track_caller]
pub(crate) fn check(change: impl Fn(&mut Value), expected: &[Violation]) {
    let (network, orders) = street();
    let plan = Router::new(&network).route(&orders).expect("a sound batch");
    assert_eq!(verify::plan(&network, &orders, &plan), Ok(()));
    let mut stored = serde_json::to_value(&plan).expect("a plan can be stored");
    change(&mut stored);
    let changed: Plan = serde_json::from_value(stored).expect("still a plan by its form");
    assert_ne!(changed, plan, "the change must change something");
    let found = verify::plan(&network, &orders, &changed).expect_err("it is not what it was");
    assert_eq!(found.kept(), expected);
}

/// Sends an order of the stored plan to a site, and sets loads and total right.
fn send(stored: &mut Value, order: usize, site: u64, millimetres: i64) {
    let old = stored["decisions"][order]["outcome"]["assigned"].clone();
    shift(
        &mut stored["total"]["cost"],
        millimetres - old["cost"].as_i64().expect("a cost"),
    );
    let place = |site: &Value| site.as_u64().expect("an id") as usize - 1;
    shift(&mut stored["loads"][place(&old["site"])]["load"], -1);
    shift(&mut stored["loads"][place(&json!(site))]["load"], 1);
    stored["decisions"][order]["outcome"]["assigned"] =
        json!({"site": site, "distance": millimetres, "cost": millimetres});
}

fn shift(number: &mut Value, by: i64) {
    *number = json!(number.as_i64().expect("a number") + by);
}

fn price(cost: i64) -> Price {
    Price {
        unassigned: 0,
        cost,
    }
}

pub(crate) const ORDER: [OrderId; 5] = [OrderId(0), OrderId(1), OrderId(2), OrderId(3), OrderId(4)];
pub(crate) const SITE: [SiteId; 5] = [SiteId(0), SiteId(1), SiteId(2), SiteId(3), SiteId(4)];

fn not_least(cost: i64) -> Violation {
    Violation::PriceNotLeast {
        site: SITE[1],
        price: price(cost),
    }
}

#[test]
fn a_plan_for_another_version_is_rejected() {
    let (plan, network) = (Version(1), Version(0));
    check(
        |stored| stored["version"] = json!(1),
        &[Violation::OtherVersion { plan, network }],
    );
}

#[test]
fn orders_left_out_added_or_repeated_are_named() {
    let drop_last = |list: &mut Value| drop(list.as_array_mut().expect("a list").pop());
    let missing = |stored: &mut Value| {
        drop_last(&mut stored["decisions"]);
        drop_last(&mut stored["asked"]);
        stored["total"]["unassigned"] = json!(0);
    };
    check(missing, &[Violation::NotDecided { order: ORDER[4] }]);
    let stranger = |stored: &mut Value| {
        let asked = stored["asked"][3].clone();
        stored["asked"].as_array_mut().expect("a list").push(asked);
        let decision = json!({"order": 99, "outcome": {"unassigned": "no_room"}});
        stored["decisions"]
            .as_array_mut()
            .expect("a list")
            .push(decision);
    };
    check(stranger, &[Violation::UnknownOrder { order: OrderId(99) }]);

    let (network, mut orders) = street();
    let plan = Router::new(&network).route(&orders).expect("a sound batch");
    orders.push(orders[1].clone());
    let found = verify::plan(&network, &orders, &plan).expect_err("a batch that is not sound");
    assert_eq!(found.kept(), [Violation::OrderTwice { order: ORDER[2] }]);
}

#[test]
fn an_order_at_a_site_that_may_not_take_it_is_named() {
    let (order, site) = (ORDER[1], SITE[3]);
    let paused = Violation::NotEligible {
        order,
        site,
        why: Rejection::Paused,
    };
    check(
        |stored| send(stored, 0, 3, 475_561),
        &[paused, not_least(PRICE)],
    );
    let distance = at(121.405).distance_to(at(121.43));
    let radius = Distance::from_metres(500);
    let outside = Violation::NotEligible {
        order,
        site: SITE[4],
        why: Rejection::OutsideRadius { distance, radius },
    };
    check(
        |stored| send(stored, 0, 4, Cost::from(distance).as_millimetres()),
        &[outside, not_least(PRICE)],
    );
}

#[test]
fn a_wish_for_a_site_that_is_not_honoured_is_named() {
    let order = ORDER[3];
    let not_chosen = Violation::NotEligible {
        order,
        site: SITE[1],
        why: Rejection::NotChosen { chosen: SITE[2] },
    };
    let full = Violation::OverCapacity {
        site: SITE[1],
        load: 2,
        capacity: Units(1),
    };
    let elsewhere = |stored: &mut Value| {
        send(stored, 2, 1, 1_902_246);
        stored["loads"][1]["locked"] = json!(0);
    };
    check(elsewhere, &[not_chosen, full]);
    let nowhere = |stored: &mut Value| {
        stored["decisions"][2]["outcome"] = json!({"unassigned": "chosen_site_full"});
        stored["loads"][1]["locked"] = json!(0);
        shift(&mut stored["loads"][1]["load"], -1);
        stored["total"]["unassigned"] = json!(2);
    };
    let claimed = Some(Unassigned::ChosenSiteFull);
    check(
        nowhere,
        &[Violation::ChosenSite {
            order,
            claimed,
            expected: None,
        }],
    );
}

#[test]
fn a_distance_or_cost_that_is_off_by_a_millimetre_is_named() {
    let (order, site) = (ORDER[1], SITE[2]);
    let [claimed, actual] = [ORDER_1_AT_SITE_2 - 1, ORDER_1_AT_SITE_2]
        .map(|walk| Distance::from_millimetres(walk.unsigned_abs()));
    check(
        |stored| {
            shift(
                &mut stored["decisions"][0]["outcome"]["assigned"]["distance"],
                -1,
            );
        },
        &[Violation::Distance {
            order,
            site,
            claimed,
            actual,
        }],
    );
    let cheaper = |stored: &mut Value| {
        shift(
            &mut stored["decisions"][0]["outcome"]["assigned"]["cost"],
            -1,
        );
        shift(&mut stored["total"]["cost"], -1);
    };
    let [claimed, actual] = [claimed, actual].map(Cost::from);
    check(
        cheaper,
        &[Violation::Cost {
            order,
            site,
            claimed,
            actual,
        }],
    );
}

#[test]
fn loads_and_totals_that_do_not_add_up_are_named() {
    let load = |site: usize, what, claimed, actual| Violation::Load {
        site: SITE[site],
        what,
        claimed: Units(claimed),
        actual,
    };
    let set = |place: usize, what: &'static str, to: u32| {
        move |stored: &mut Value| stored["loads"][place][what] = json!(to)
    };
    check(set(1, "load", 3), &[load(2, "load", 3, 2)]);
    check(set(1, "locked", 2), &[load(2, "locked load", 2, 1)]);
    check(set(0, "capacity", 2), &[load(1, "capacity", 2, 1)]);
    let total = |unassigned, cost| Violation::Total {
        claimed: Total {
            unassigned: Orders(unassigned),
            cost: Cost::from_millimetres(cost),
        },
        unassigned: Orders(1),
        millimetres: i128::from(ORDER_1_AT_SITE_2),
    };
    let sum = ORDER_1_AT_SITE_2;
    check(
        |stored| stored["total"]["unassigned"] = json!(0),
        &[total(0, sum)],
    );
    check(
        |stored| shift(&mut stored["total"]["cost"], -1),
        &[total(1, sum - 1)],
    );
}

#[test]
fn loads_of_other_sites_are_named() {
    let lost = |stored: &mut Value| drop(stored["loads"].as_array_mut().expect("a list").remove(2));
    check(lost, &[Violation::NoLoad { site: SITE[3] }]);
    let stranger = |stored: &mut Value| {
        let mut load = stored["loads"][2].clone();
        load["site"] = json!(99);
        stored["loads"].as_array_mut().expect("a list").push(load);
    };
    check(stranger, &[Violation::UnknownLoad { site: SiteId(99) }]);
}

#[test]
fn a_site_over_its_capacity_is_named() {
    let full = Violation::OverCapacity {
        site: SITE[1],
        load: 2,
        capacity: Units(1),
    };
    check(
        |stored| send(stored, 0, 1, ORDER_1_AT_SITE_1),
        &[full, not_least(PRICE)],
    );
}

#[test]
fn an_exchange_that_makes_the_plan_worse_is_named() {
    let swapped = |stored: &mut Value| {
        send(stored, 0, 1, ORDER_1_AT_SITE_1);
        send(stored, 1, 2, ORDER_2_AT_SITE_2);
    };
    let worse = Violation::BetterElsewhere {
        order: ORDER[2],
        site: Some(SITE[2]),
        value: price(ORDER_2_AT_SITE_2),
        better_site: SITE[1],
        better_value: price(PRICE),
    };
    check(swapped, &[worse, not_least(PRICE)]);
}

#[test]
fn an_order_left_without_need_is_named() {
    let left = |stored: &mut Value| {
        stored["decisions"][0]["outcome"] = json!({"unassigned": "no_room"});
        shift(&mut stored["loads"][1]["load"], -1);
        stored["total"] = json!({"unassigned": 2, "cost": 0});
    };
    let worse = Violation::BetterElsewhere {
        order: ORDER[1],
        site: None,
        value: Price {
            unassigned: 1,
            cost: 0,
        },
        better_site: SITE[1],
        better_value: price(ORDER_1_AT_SITE_2),
    };
    check(left, &[worse, not_least(PRICE)]);
}

#[test]
fn a_false_reason_is_named() {
    for (reason, claimed) in [
        ("no_room", Unassigned::NoRoom),
        ("too_dear", Unassigned::TooDear),
        ("chosen_site_full", Unassigned::ChosenSiteFull),
    ] {
        let change = |stored: &mut Value| {
            stored["decisions"][3]["outcome"] = json!({"unassigned": reason});
        };
        let (order, expected) = (ORDER[4], Unassigned::NoEligibleSite);
        check(
            change,
            &[Violation::Reason {
                order,
                claimed,
                expected,
            }],
        );
    }
}

#[test]
fn prices_that_prove_nothing_are_named() {
    let set = |place: usize, cost: i64| {
        move |stored: &mut Value| stored["loads"][place]["price"]["cost"] = json!(cost)
    };
    let (site, room) = (SITE[2], 7);
    let despite_room = Violation::PriceDespiteRoom {
        site,
        price: price(5),
        room,
    };
    let order_1_is_off = Violation::BetterElsewhere {
        order: ORDER[1],
        site: Some(SITE[2]),
        value: price(ORDER_1_AT_SITE_2 + 5),
        better_site: SITE[1],
        better_value: price(ORDER_1_AT_SITE_2),
    };
    check(set(1, 5), &[order_1_is_off, not_least(PRICE), despite_room]);
    check(set(0, PRICE + 1), &[not_least(PRICE + 1)]);
    let too_low = Violation::BetterElsewhere {
        order: ORDER[1],
        site: Some(SITE[2]),
        value: price(ORDER_1_AT_SITE_2),
        better_site: SITE[1],
        better_value: price(ORDER_1_AT_SITE_2 - 1),
    };
    check(set(0, PRICE - 1), &[too_low, not_least(PRICE - 1)]);
    let site = SITE[3];
    check(
        set(2, -1),
        &[Violation::PriceNegative {
            site,
            price: price(-1),
        }],
    );
}

#[test]
fn prices_without_proof_and_bounds_above_the_plan_are_named() {
    let (site, unproven) = (SITE[1], price(PRICE));
    let unproven = Violation::PriceUnproven {
        site,
        price: unproven,
    };
    let misfit = |proof| Violation::Proof {
        method: Method::Balanced,
        proof,
    };
    check(
        |stored| stored["proof"] = json!("nothing"),
        &[misfit(Proof::Nothing), unproven.clone()],
    );
    let cost = ORDER_1_AT_SITE_2 + 1;
    let bound = Total {
        unassigned: Orders(1),
        cost: Cost::from_millimetres(cost),
    };
    let bounded = |stored: &mut Value| {
        stored["proof"] = json!({"bounded": {"bound": {"unassigned": 1, "cost": cost}}});
    };
    let misfit = misfit(Proof::Bounded { bound });
    check(
        bounded,
        &[Violation::BoundAbove { bound }, misfit, unproven],
    );
}

#[test]
fn what_an_order_asked_can_not_be_something_else() {
    for (field, change, what) in [
        ("position", json!({"lng": 121.406, "lat": 31.2}), "position"),
        ("size", json!(2), "size"),
        ("required_tags", json!(["delivery"]), "set of required tags"),
        ("wish", json!({"within": 5_000_000}), "wish"),
        ("home", json!(2), "home"),
    ] {
        let order = ORDER[1];
        check(
            |stored| stored["asked"][0][field] = change.clone(),
            &[Violation::Remembered { order, what }],
        );
    }
}

#[test]
fn an_order_that_would_rather_go_nowhere_is_named() {
    let cheap = json!({"unassigned_at": 1_000_000});
    let better_nowhere = Violation::BetterNowhere {
        order: ORDER[1],
        own: price(ORDER_1_AT_SITE_2),
        nowhere: price(1_000_000),
    };
    check(
        |stored| stored["settings"]["objective"] = cheap.clone(),
        &[better_nowhere],
    );
}

/// Where the whole numbers of a stored plan are, as JSON pointers.
pub(crate) fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
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
fn no_number_of_an_order_decision_load_or_total_can_be_another() {
    let (mut rejected, mut malformed) = (0, 0);
    for seed in 0..600 {
        let (network, orders) = draw(seed ^ 0x7a3b, 1 + seed as usize % 40, 10);
        let mut random = Random::new(seed);
        let router = router(&network, &mut random);
        let method = [Method::Nearest, Method::Greedy, Method::Balanced][seed as usize % 3];
        let plan = router.method(method).route(&orders).expect("a sound batch");
        let stored = serde_json::to_value(&plan).expect("a plan can be stored");
        let mut all = Vec::new();
        for part in ["/version", "/decisions", "/loads", "/total", "/asked"] {
            numbers(&stored[&part[1..]], part, &mut all);
        }
        for _ in 0..20 {
            let number = &all[random.below(all.len())];
            let mut changed = stored.clone();
            let old = changed.pointer_mut(number).expect("a number is there");
            let by = [-1, 1, 1_000][random.below(3)];
            *old = match (old.as_i64(), old.as_f64()) {
                (None, Some(degrees)) => json!(degrees + 1e-9 * by as f64),
                (whole, _) => json!(whole.expect("a whole number") + by),
            };
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
