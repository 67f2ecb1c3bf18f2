//! A stored plan that says something else of itself, or of the reasons for which its orders go nowhere, is refused.

use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Method, Objective, Plan, Proof, Router, Unassigned};
use catchment::site::{Network, Site};
use catchment::units::{Distance, Units};
use catchment::verify::{self, Violation};
use serde_json::json;

use crate::tampering::{ORDER, SITE, at, check, street};

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
