//! Batches of orders: every fault is found, in the stated order, and nothing else is.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::geo::{LngLat, Position};
use catchment::id::{OrderId, SkuId};
use catchment::limits::Limits;
use catchment::order::{Order, OrderFault, OrderFaults, OrderLine, Wish, check_batch};
use catchment::units::{Quantity, Units};
use proptest::prelude::*;

fn limits() -> Limits {
    Limits {
        orders_max: 40,
        order_lines_max: 3,
        line_quantity_max: 5,
        ..Limits::default()
    }
}

fn order(id: u64, lines: &[(u64, u32)]) -> Order {
    let home = Position::new(LngLat {
        lng: 121.5,
        lat: 31.2,
    })
    .unwrap();
    let mut order = Order::new(OrderId(id), home);
    let line = |&(sku, quantity)| OrderLine {
        sku: SkuId(sku),
        quantity: Quantity(quantity),
    };
    order.lines = lines.iter().map(line).collect();
    order
}

fn sized(id: u64, size: u32) -> Order {
    let mut order = order(id, &[]);
    order.size = Units(size);
    order
}

#[test]
fn every_fault_is_reported_by_place() {
    let check = |orders: &[Order], messages: &[&str]| {
        let found = match check_batch(orders, &limits()) {
            Ok(()) => Vec::new(),
            Err(faults) => faults.kept().iter().map(ToString::to_string).collect(),
        };
        assert_eq!(found, messages);
    };
    check(&[], &[]);
    check(&[order(2, &[(1, 1), (2, 5), (3, 5)]), order(1, &[])], &[]);
    check(&[sized(1, 0)], &["order 1 at index 0 has size 0"]);
    check(
        &[order(1, &[(7, 0)])],
        &["order 1 at index 0 asks for 0 pieces of sku 7 in line 0"],
    );
    check(
        &[order(1, &[(7, 5), (8, 6)])],
        &["order 1 at index 0 asks for 6 pieces of sku 8 in line 1, limit is 5"],
    );
    check(
        &[order(1, &[(8, 1), (7, 1), (8, 2)])],
        &["order 1 at index 0 names sku 8 in line 2 and before in line 0"],
    );
    check(
        &[order(1, &[(8, 0), (8, 0), (8, 0), (8, 0)])],
        &["order 1 at index 0 has 4 lines, limit is 3"],
    );
    check(
        &[sized(9, 0), order(5, &[(1, 9)]), sized(9, 0), order(9, &[])],
        &[
            "order 9 at index 0 has size 0",
            "order 5 at index 1 asks for 9 pieces of sku 1 in line 0, limit is 5",
            "order 9 at index 2 has the id of the order at index 0",
            "order 9 at index 2 has size 0",
            "order 9 at index 3 has the id of the order at index 0",
        ],
    );
}

#[test]
fn of_too_many_orders_nothing_else_is_looked_at() {
    let faults = check_batch(&vec![sized(1, 0); 41], &limits()).unwrap_err();
    let too_many = OrderFault::TooManyOrders {
        orders: 41,
        limit: 40,
    };
    assert_eq!((faults.kept(), faults.total()), ([too_many].as_slice(), 1));
    assert_eq!(faults.kept()[0].order(), None);
}

#[test]
fn a_report_is_bounded_and_counts_everything() {
    let faults = check_batch(&vec![sized(1, 0); 5_000], &Limits::default()).unwrap_err();
    assert_eq!(faults.kept().len(), OrderFaults::KEPT_MAX);
    assert_eq!(faults.total(), 5_000 + 4_999);
}

/// The definition of a sound batch, fault by fault, with no care for speed.
fn faults_one_by_one(orders: &[Order], limits: &Limits) -> Vec<OrderFault> {
    let mut found = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        let id = order.id;
        if let Some(first_index) = orders[..index].iter().position(|other| other.id == id) {
            found.push(OrderFault::DuplicateId {
                id,
                index,
                first_index,
            });
        }
        if order.size == Units(0) {
            found.push(OrderFault::ZeroSize { id, index });
        }
        let (lines, limit) = (order.lines.len(), limits.order_lines_max);
        if lines > limit {
            found.push(OrderFault::TooManyLines {
                id,
                index,
                lines,
                limit,
            });
        }
        for (line, &OrderLine { sku, quantity }) in order.lines.iter().enumerate() {
            if lines > limit {
                break;
            }
            if quantity == Quantity(0) {
                found.push(OrderFault::ZeroQuantity {
                    id,
                    index,
                    line,
                    sku,
                });
            }
            let limit = Quantity(limits.line_quantity_max);
            if quantity > limit {
                found.push(OrderFault::QuantityTooLarge {
                    id,
                    index,
                    line,
                    sku,
                    quantity,
                    limit,
                });
            }
            if let Some(first_line) = order.lines[..line].iter().position(|l| l.sku == sku) {
                found.push(OrderFault::RepeatedSku {
                    id,
                    index,
                    line,
                    sku,
                    first_line,
                });
            }
        }
    }
    found
}

fn any_order() -> impl Strategy<Value = Order> {
    let lines = prop::collection::vec((0..6_u64, 0..8_u32), 0..5);
    (0..30_u64, 0..4_u32, lines).prop_map(|(id, size, lines)| {
        let mut order = order(id, &lines);
        order.size = Units(size);
        order
    })
}

proptest! {
    #[test]
    fn the_report_is_the_definition_fault_by_fault(orders in prop::collection::vec(any_order(), 0..40)) {
        let expected = faults_one_by_one(&orders, &limits());
        match check_batch(&orders, &limits()) {
            Ok(()) => prop_assert_eq!(expected, []),
            Err(faults) => {
                prop_assert_eq!(faults.total(), expected.len());
                prop_assert_eq!(faults.kept(), expected);
            }
        }
    }

    #[test]
    fn shuffling_a_batch_changes_places_only(
        (orders, shuffled) in prop::collection::vec(any_order(), 0..40)
            .prop_flat_map(|orders| (Just(orders.clone()), Just(orders).prop_shuffle()))
    ) {
        // Which order has which fault, without the places.
        let report = |orders: &[Order]| {
            let faults = check_batch(orders, &limits()).err();
            let mut texts: Vec<String> = faults
                .into_iter()
                .flatten()
                .map(|fault| {
                    let text = fault.to_string();
                    let parts = text.split(" index ");
                    parts.map(|part| part.trim_start_matches(char::is_numeric)).collect()
                })
                .collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(report(&orders), report(&shuffled));
    }
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Order>();
    check::<OrderLine>();
    check::<Wish>();
    check::<OrderFault>();
    check::<OrderFaults>();
}

#[cfg(feature = "serde")]
mod serde_form {
    use super::*;

    use catchment::id::{CustomerId, SiteId};
    use catchment::site::Tag;
    use catchment::units::Distance;

    #[test]
    fn what_an_order_leaves_out_has_its_default() {
        let json = r#"{"id": 7, "position": {"lng": 121.5, "lat": 31.2}}"#;
        assert_eq!(serde_json::from_str::<Order>(json).unwrap(), order(7, &[]));
    }

    #[test]
    fn orders_survive_a_round_trip() {
        for wish in [
            Wish::Any,
            Wish::Deliver,
            Wish::Site(SiteId(7)),
            Wish::Within(Distance::from_metres(800)),
        ] {
            let mut order = order(7, &[(1, 2), (3, 4)]);
            order.customer = Some(CustomerId(5));
            order.size = Units(3);
            order.required_tags = Tag::COLD_CHAIN.into();
            order.wish = wish;
            let json = serde_json::to_string(&order).unwrap();
            assert_eq!(serde_json::from_str::<Order>(&json).unwrap(), order);
        }
    }

    #[test]
    fn the_wish_has_a_stable_form() {
        for (wish, json) in [
            (Wish::Any, r#""any""#),
            (Wish::Deliver, r#""deliver""#),
            (Wish::Site(SiteId(7)), r#"{"site":7}"#),
            (
                Wish::Within(Distance::from_metres(800)),
                r#"{"within":800000}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&wish).unwrap(), json);
        }
    }

    #[test]
    fn what_is_no_order_is_refused() {
        for json in [
            r#"{"id": 7}"#,
            r#"{"id": 7, "position": {"lng": 121.5, "lat": 91}}"#,
            r#"{"id": -7, "position": {"lng": 121.5, "lat": 31.2}}"#,
            r#"{"id": 7, "position": {"lng": 121.5, "lat": 31.2}, "wishes": "any"}"#,
            r#"{"id": 7, "position": {"lng": 121.5, "lat": 31.2}, "wish": {"within": -1}}"#,
            r#"{"id": 7, "position": {"lng": 121.5, "lat": 31.2}, "required_tags": ["warm"]}"#,
        ] {
            assert!(serde_json::from_str::<Order>(json).is_err(), "{json}");
        }
    }
}
