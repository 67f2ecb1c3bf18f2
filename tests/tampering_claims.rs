//! A stored plan that says something else of itself, or of the reasons for which its orders go nowhere, is refused.

use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Method, Objective, Plan, Proof, Router, Unassigned};
use catchment::site::{Network, Site};
use catchment::units::{Distance, Units};
use catchment::verify::{self, Violation};
use serde_json::{Value, json};

use crate::tampering::{ORDER, SITE, at, check, numbers, street};
use crate::verifying::{draw, router};
use crate::workload::Random;

#[test]
fn a_proof_that_the_method_has_not_is_named() {
    for (name, method) in [("greedy", Method::Greedy), ("nearest", Method::Nearest)] {
        let proof = Proof::Optimal;
        check(
            |stored| stored["settings"]["method"] = json!(name),
            &[Violation::Proof { method, proof }],
        );
    }
    let (proof, listed) = (Proof::Optimal, Some(5));
    check(
        |stored| stored["settings"]["listed"] = json!(5),
        &[Violation::Listed { proof, listed }],
    );
    check(
        |stored| stored["settings"]["has_own_costs"] = json!(true),
        &[Violation::OwnCosts],
    );

    let (network, orders) = street();
    let twice = |_: &Order, _: &Site, walk: Distance| {
        Some(Cost::from_millimetres(
            2 * Cost::from(walk).as_millimetres(),
        ))
    };
    let plan = Router::new(&network).costs(&twice).route(&orders);
    let mut stored = serde_json::to_value(plan.expect("a sound batch")).expect("a plan is data");
    stored["settings"]["has_own_costs"] = json!(false);
    let hidden: Plan = serde_json::from_value(stored).expect("still a plan by its form");
    let found = verify::plan_by_costs(&network, &orders, &hidden, &twice);
    assert_eq!(
        found.expect_err("not by distance").kept(),
        [Violation::ByDistance]
    );
}

/// Order 1 would cost too much, or has no place, by costs that have no bound: of orders that differ in size, and of
/// others over a list of one site.
#[test]
fn a_false_reason_by_costs_without_a_bound_is_named() {
    let by_site = |dear: i64, cheap: i64| {
        move |_: &Order, site: &Site, _: Distance| {
            let metres = if site.id == SITE[1] { dear } else { cheap };
            Some(Cost::from_millimetres(metres * 1_000))
        }
    };
    let check = |(size, places): (u32, u32),
                 (dear, cheap),
                 listed,
                 reason: Unassigned,
                 other: Unassigned| {
        let sites = [(1, 121.400, places), (2, 121.403, 9)];
        let sites = sites.map(|(id, lng, places)| Site::leader(SiteId(id), at(lng), Units(places)));
        let network = Network::builder()
            .sites(sites)
            .build()
            .expect("sound sites");
        let mut orders = [1, 2, 3].map(|id| Order::new(OrderId(id), at(121.400)));
        orders[1].wish = Wish::Site(SITE[1]);
        orders[0].size = Units(size);
        let costs = by_site(dear, cheap);
        let router = Router::new(&network).listed(listed).costs(&costs);
        let price = Objective::UnassignedAt(Distance::from_metres(500));
        let plan = router
            .objective(price)
            .route(&orders)
            .expect("a sound batch");
        let told = verify::plan_by_costs(&network, &orders, &plan, &costs);
        assert_eq!(told, Ok(()));
        let mut stored = serde_json::to_value(&plan).expect("a plan is data");
        assert_eq!(
            stored["decisions"][0]["outcome"]["unassigned"],
            reason.name()
        );
        stored["decisions"][0]["outcome"]["unassigned"] = json!(other.name());
        let changed: Plan = serde_json::from_value(stored).expect("still a plan by its form");
        let (order, claimed, expected) = (ORDER[1], other, reason);
        let found = verify::plan_by_costs(&network, &orders, &changed, &costs);
        let false_reason = Violation::Reason {
            order,
            claimed,
            expected,
        };
        assert_eq!(found.expect_err("another reason").kept()[0], false_reason);
    };
    let [dear, full] = [Unassigned::TooDear, Unassigned::NoRoom];
    check((2, 2), (900, 800), 2, dear, full);
    check((2, 2), (900, 800), 1, dear, full);
    check((2, 9), (900, 100), 1, dear, full);
    check((2, 2), (900, 800), 1, dear, Unassigned::NoEligibleSite);
    check((2, 2), (100, 800), 2, full, dear);
    check((1, 2), (900, 100), 1, dear, full);
    check((1, 2), (900, 800), 1, dear, full);
}

#[test]
fn what_is_stored_can_be_explained_or_is_refused_whatever_it_says() {
    let mut explained = 0;
    for seed in 0..400 {
        let (network, orders) = draw(seed ^ 0xe4b1, 1 + seed as usize % 40, 10);
        let mut random = Random::new(seed);
        let router = router(&network, &mut random);
        let method = [Method::Greedy, Method::Balanced][seed as usize % 2];
        let plan = router.method(method).route(&orders).expect("a sound batch");
        let stored = serde_json::to_value(&plan).expect("a plan is data");
        let mut all = Vec::new();
        numbers(&stored, "", &mut all);
        let mut changed = stored;
        let mut change = |place: &str, value: Value| {
            let mut next = changed.clone();
            *next.pointer_mut(place).expect("it is there") = value;
            // What is no plan by its form is refused, and not tried.
            if serde_json::from_value::<Plan>(next.clone()).is_ok() {
                changed = next;
            }
        };
        for _ in 0..12 {
            let number = &all[random.below(all.len())];
            let other = [0, 7, -40_000_000, 4_000_000_000, i64::MAX, i64::MIN][random.below(6)];
            if number != "/version" {
                change(number, json!(other));
            }
        }
        if random.one_in(4) {
            change("/proof", json!("optimal"));
        }
        if random.one_in(4) {
            change("/proof", json!("over_listed_candidates"));
            change("/settings/listed", json!(u64::MAX));
        }
        if random.one_in(4) {
            change("/settings/has_own_costs", json!(true));
        }
        if random.one_in(8) {
            let mut loads = changed["loads"].clone();
            let last = loads.as_array_mut().and_then(Vec::pop);
            if random.one_in(2)
                && let Some(mut load) = last
            {
                load["site"] = json!(1_000_000);
                loads.as_array_mut().expect("a list").push(load);
            }
            let mut next = changed.clone();
            next["loads"] = loads;
            if serde_json::from_value::<Plan>(next.clone()).is_ok() {
                changed = next;
            }
        }
        let changed: Plan = serde_json::from_value(changed).expect("still a plan by its form");
        let ids: Vec<OrderId> = changed
            .decisions()
            .iter()
            .map(|decision| decision.order)
            .collect();
        for explanation in changed.explain_each(&network, &ids).into_iter().flatten() {
            explained += usize::from(!explanation.to_string().is_empty());
        }
        let unbounded = |_: &Order, _: &Site, walk: Distance| Some(Cost::from(walk));
        let _ = changed.explain_each_by_costs(&network, &orders, &unbounded, &ids);
        let _ = verify::plan(&network, &orders, &changed);
        let _ = verify::plan_by_costs(&network, &orders, &changed, &unbounded);
    }
    assert!(explained > 3_000, "{explained} explained");
}
