//! Every refusal of the desk in the order of precedence, and what `verify` finds in a log that was tampered with.

// A surprise ends the test; a table is as long as it is.
#![allow(clippy::panic, clippy::needless_pass_by_value, clippy::too_many_lines)]

use std::sync::Arc;

use catchment::desk::{
    Action, Cause, Command, Desk, Event, Goods, OrderState, Pace, Policy, Promise, Refusal, Step,
};
use catchment::geo::{LngLat, Position, ServiceArea};
use catchment::id::{CommandId, CustomerId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, CommandError};
use catchment::limits::Limits;
use catchment::order::{Order, OrderLine, Wish};
use catchment::plan::Cost;
use catchment::site::{Change, Network, Site};
use catchment::time::Timestamp;
use catchment::units::{Distance, Orders, Quantity, Units};
use catchment::verify::{self, DeskViolation};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn spot(step: u32) -> Position {
    let lng = 121.4 + 0.01 * f64::from(step);
    Position::new(LngLat { lng, lat: 31.2 }).expect("in range")
}

/// A store with room for two, and a leader that it supplies with room for one who serves 2 km; order 1 is at the
/// leader, order 2 is released, and 3 pieces of SKU 9 are at the store, of which order 1 holds one.
fn desk(limits: Limits) -> (Desk, Vec<Step>) {
    let store = Site::store(SiteId(1), spot(3), Units(2));
    let mut leader = Site::leader(SiteId(2), spot(0), Units(1));
    leader.supplied_by = Some(SiteId(1));
    leader.area = ServiceArea::Radius(Distance::from_metres(2_000));
    let network = Network::builder()
        .limits(limits)
        .sites([store, leader])
        .build();
    let mut desk = Desk::open(network.expect("sound"), Policy::default());
    let sku = SkuId(9);
    let goods = |pieces| Goods {
        site: SiteId(1),
        sku,
        pieces: Quantity(pieces),
    };
    let mut steps = Vec::new();
    let begin = [
        Action::Deliver(goods(3)),
        place(with(order(1), |order| {
            order.wish = Wish::Site(SiteId(2));
            order.lines = lines(1);
        })),
        place(order(2)),
        Action::Release { order: OrderId(2) },
    ];
    for (number, action) in begin.into_iter().enumerate() {
        let command = Command::new(CommandId(number as u64), action);
        match desk.apply(at(0), &command) {
            Ok(Answer::Decided(step)) => {
                assert!(
                    step.decided
                        .is_some_and(|decided| decided.outcome.is_accepted())
                );
                steps.push(step);
            }
            other => panic!("{other:?}"),
        }
    }
    (desk, steps)
}

fn order(id: u64) -> Order {
    let mut order = Order::new(OrderId(id), spot(0));
    order.customer = Some(CustomerId(id));
    order
}

fn with(mut order: Order, change: impl FnOnce(&mut Order)) -> Order {
    change(&mut order);
    order
}

fn lines(pieces: u32) -> Vec<OrderLine> {
    vec![OrderLine {
        sku: SkuId(9),
        quantity: Quantity(pieces),
    }]
}

fn place(order: Order) -> Action {
    Action::Place {
        order: Arc::new(order),
        proposal: None,
    }
}

fn check(limits: Limits, action: Action, expected: Refusal) {
    let (mut desk, _) = desk(limits);
    let before = desk.machine().clone();
    let command = Command::new(CommandId(100), action.clone());
    let answer = desk.apply(at(1), &command).expect("well-formed");
    assert_eq!(answer.outcome().refusal(), Some(&expected), "{action:?}");
    assert_eq!(answer.events().count(), 0);
    assert_eq!(
        desk.machine().orders().collect::<Vec<_>>(),
        before.orders().collect::<Vec<_>>()
    );
    // The id is used: the same is answered again, and something else is a conflict.
    let again = desk.apply(at(2), &command).expect("well-formed");
    assert!(matches!(again, Answer::Replayed { .. }));
    assert_eq!(again.outcome().refusal(), Some(&expected));
    let other = Command::new(CommandId(100), Action::Release { order: OrderId(77) });
    assert!(matches!(
        desk.apply(at(2), &other),
        Err(CommandError::IdConflict { .. })
    ));
}

#[test]
fn refusals_come_in_their_order() {
    let default = Limits::default();
    let [one, two] = [OrderId(1), OrderId(2)];
    let [store, leader, nobody] = [SiteId(1), SiteId(2), SiteId(3)];
    let sku = SkuId(9);
    let chosen = |id, site| {
        with(order(id), |order| {
            order.wish = Wish::Site(site);
        })
    };
    let goods = |site, pieces| Goods {
        site,
        sku,
        pieces: Quantity(pieces),
    };
    let few = Limits {
        orders_max: 2,
        ..default
    };

    // What holds of all those that hold: the first.
    check(
        few,
        place(chosen(1, nobody)),
        Refusal::KnownOrder { order: one },
    );
    check(
        few,
        place(chosen(3, nobody)),
        Refusal::TooManyOrders { limit: 2 },
    );
    check(
        default,
        place(chosen(3, nobody)),
        Refusal::UnknownSite { site: nobody },
    );
    let far = with(chosen(3, leader), |order| {
        order.position = spot(9);
        order.size = Units(2);
    });
    check(default, place(far), Refusal::NotEligible { site: leader });
    let full = with(chosen(3, leader), |order| {
        order.lines = lines(9);
    });
    check(
        default,
        place(full),
        Refusal::SiteFull {
            site: leader,
            room: Units(0),
        },
    );
    let short = with(chosen(3, store), |order| {
        order.lines = lines(9);
    });
    let free = Quantity(2);
    check(
        default,
        place(short),
        Refusal::OutOfStock {
            site: store,
            sku,
            free,
        },
    );

    let within = with(order(3), |order| {
        order.wish = Wish::Within(Distance::from_metres(1));
        order.position = spot(9);
    });
    check(default, place(within), Refusal::NoEligibleSite);
    let large = with(order(3), |order| {
        order.size = Units(1);
        order.wish = Wish::Within(Distance::from_metres(10));
    });
    check(default, place(large), Refusal::EverySiteFull);
    let short = with(order(3), |order| {
        order.lines = lines(9);
    });
    check(
        default,
        place(short),
        Refusal::OutOfStock {
            site: store,
            sku,
            free,
        },
    );

    let unknown = OrderId(7);
    check(
        default,
        Action::Confirm { order: unknown },
        Refusal::UnknownOrder { order: unknown },
    );
    let released = Refusal::WrongState {
        order: two,
        state: OrderState::Released,
    };
    check(default, Action::Confirm { order: two }, released);
    check(default, Action::Release { order: two }, released);
    let held = Refusal::WrongState {
        order: one,
        state: OrderState::Held,
    };
    check(default, Action::HandOver { order: one }, held);
    check(
        default,
        Action::Reject {
            order: unknown,
            site: nobody,
        },
        Refusal::UnknownOrder { order: unknown },
    );
    check(
        default,
        Action::Reject {
            order: one,
            site: nobody,
        },
        Refusal::UnknownSite { site: nobody },
    );
    check(
        default,
        Action::Reject {
            order: one,
            site: store,
        },
        Refusal::NotThere {
            order: one,
            site: store,
        },
    );
    let wish = Wish::Site(nobody);
    check(
        default,
        Action::Consent { order: one, wish },
        Refusal::UnknownSite { site: nobody },
    );
    let close = Action::Adopt {
        changes: vec![Change::Close(nobody)],
    };
    check(default, close, Refusal::UnsoundChanges { faults: 1 });
    let prices = vec![(nobody, Cost::ZERO)];
    check(
        default,
        Action::SetPrices { prices },
        Refusal::UnknownSite { site: nobody },
    );
    check(
        default,
        Action::Sell(goods(nobody, 9)),
        Refusal::UnknownSite { site: nobody },
    );
    let unheld = Quantity(2);
    check(
        default,
        Action::Sell(goods(leader, 3)),
        Refusal::HeldForOrders {
            site: leader,
            sku,
            unheld,
        },
    );
    check(
        default,
        Action::Deliver(goods(store, u32::MAX)),
        Refusal::TooManyPieces { site: store, sku },
    );
    let transfer = |leaver, heir| Action::Transfer { leaver, heir };
    check(
        default,
        transfer(nobody, store),
        Refusal::UnknownSite { site: nobody },
    );
    check(
        default,
        transfer(leader, nobody),
        Refusal::UnknownSite { site: nobody },
    );
    check(
        default,
        transfer(leader, store),
        Refusal::NoLeader { site: store },
    );
}

#[test]
fn a_stranded_order_waits_for_a_consent() {
    let (mut desk, _) = desk(Limits::default());
    let mut apply = |id, action| {
        let answer = desk
            .apply(at(1), &Command::new(CommandId(id), action))
            .expect("well-formed");
        (
            answer.outcome().refusal().copied(),
            answer.events().cloned().collect::<Vec<_>>(),
        )
    };
    let one = OrderId(1);
    let (_, events) = apply(
        100,
        Action::Reject {
            order: one,
            site: SiteId(2),
        },
    );
    let stranded = Event::Stranded {
        order: one,
        from: SiteId(2),
        because: Cause::Rejected,
    };
    assert_eq!(
        events.last(),
        Some(&stranded),
        "a chosen site is not replaced"
    );
    assert_eq!(
        apply(101, Action::Confirm { order: one }).0,
        Some(Refusal::Stranded { order: one })
    );
    let (_, events) = apply(
        102,
        Action::Consent {
            order: one,
            wish: Wish::Any,
        },
    );
    let moved = Event::Moved {
        order: one,
        from: None,
        to: SiteId(1),
        because: Cause::Consent,
    };
    assert_eq!(events.last(), Some(&moved));
    assert_eq!(apply(103, Action::Confirm { order: one }).0, None);
}

#[test]
fn malformed_commands_use_no_id() {
    let (mut desk, _) = desk(Limits::default());
    let malformed = place(with(order(3), |order| {
        order.size = Units(0);
    }));
    let answer = desk.apply(at(1), &Command::new(CommandId(100), malformed));
    let said = answer.expect_err("malformed").to_string();
    assert_eq!(
        said, "order 3 has size 0",
        "an order that came alone has no index"
    );
    let answer = desk.apply(at(1), &Command::new(CommandId(100), place(order(3))));
    assert!(answer.is_ok_and(|answer| answer.outcome().is_accepted()));
}

/// The log with one thing changed, and what is found.
fn tampered(change: impl FnOnce(&mut Vec<Step>), is_found: impl Fn(&DeskViolation) -> bool) {
    let (desk, mut steps) = desk(Limits::default());
    let (first, policy) = (self::desk(Limits::default()).0, Policy::default());
    let network = first.machine().network();
    assert_eq!(verify::desk(network, &policy, &steps), Ok(()));
    drop(desk);
    change(&mut steps);
    let violations = verify::desk(network, &policy, &steps).expect_err("it was changed");
    assert!(violations.kept().iter().any(is_found), "{violations}");
}

#[test]
fn a_log_that_was_tampered_with_is_found_out() {
    use DeskViolation as V;
    tampered(
        |steps| drop(steps.remove(1)),
        |found| matches!(found, V::Sequence { .. }),
    );
    tampered(
        |steps| steps[2].at = at(-5),
        |found| matches!(found, V::Time { .. }),
    );
    tampered(
        |steps| {
            let first = steps[0].decided;
            steps[1].decided = first;
        },
        |found| matches!(found, V::CommandTwice { .. }),
    );
    let order = OrderId(2);
    tampered(
        |steps| steps[3].events = vec![Event::HandedOver { order }],
        |found| matches!(found, V::Fate { .. }),
    );
    tampered(
        |steps| steps[3].events = vec![Event::Expired { order }],
        |found| matches!(found, V::Deadline { .. }),
    );
    let placed = |steps: &mut Vec<Step>, change: &dyn Fn(&mut SiteId, &mut Cost)| {
        for event in steps.iter_mut().flat_map(|step| &mut step.events) {
            if let Event::Placed {
                order, site, cost, ..
            } = event
                && order.id == OrderId(2)
            {
                change(site, cost);
            }
        }
    };
    tampered(
        |steps| placed(steps, &|site, _| *site = SiteId(2)),
        |found| matches!(found, V::OverCapacity { .. }),
    );
    tampered(
        |steps| placed(steps, &|site, _| *site = SiteId(9)),
        |found| matches!(found, V::UnknownSite { .. }),
    );
    for off in [-1, 1, 86_400_000] {
        let held = move |steps: &mut Vec<Step>| {
            for event in steps.iter_mut().flat_map(|step| &mut step.events) {
                if let Event::Placed { until, .. } = event {
                    *until = Timestamp::from_unix_millis(until.as_unix_millis() + off);
                }
            }
        };
        tampered(held, |found| matches!(found, V::HeldUntil { .. }));
    }
    tampered(
        |steps| placed(steps, &|_, cost| *cost = Cost::ZERO),
        |found| matches!(found, V::WrongCost { .. }),
    );
    tampered(
        |steps| {
            let sold = Goods {
                site: SiteId(1),
                sku: SkuId(9),
                pieces: Quantity(3),
            };
            steps[3].events = vec![Event::Sold(sold)];
        },
        |found| matches!(found, V::Oversold { .. }),
    );
    let moved = |because| Event::Moved {
        order,
        from: Some(SiteId(1)),
        to: SiteId(1),
        because,
    };
    for because in [
        Cause::Balance,
        Cause::Rejected,
        Cause::SiteClosed,
        Cause::OutOfStock,
    ] {
        tampered(
            |steps| steps[3].events = vec![moved(because)],
            |found| matches!(found, V::MovedWithoutCause { .. }),
        );
    }
}

#[test]
fn the_tentative_desk_refuses_alike() {
    let sites = [Site::leader(SiteId(1), spot(0), Units(1))];
    let network = Network::builder().sites(sites).build().expect("sound");
    let policy = Policy {
        promise: Promise::Tentative,
        ..Policy::default()
    };
    let mut desk = Desk::open(network, policy);
    let mut apply = |id, action| {
        let answer = desk
            .apply(at(1), &Command::new(CommandId(id), action))
            .expect("well-formed");
        answer.outcome().refusal().copied()
    };
    assert_eq!(apply(1, place(order(1))), None);
    assert_eq!(
        apply(2, place(order(1))),
        Some(Refusal::KnownOrder { order: OrderId(1) })
    );
    assert_eq!(apply(3, place(order(2))), Some(Refusal::EverySiteFull));
    let chosen = with(order(3), |order| {
        order.wish = Wish::Site(SiteId(1));
    });
    let full = Refusal::SiteFull {
        site: SiteId(1),
        room: Units(0),
    };
    assert_eq!(apply(4, place(chosen)), Some(full));
    let within = with(order(4), |order| {
        order.wish = Wish::Within(Distance::ZERO);
        order.position = spot(1);
    });
    assert_eq!(apply(5, place(within)), Some(Refusal::NoEligibleSite));
}

#[test]
fn of_a_site_that_a_forecast_names_twice_the_last_price_counts() {
    let (desk, _) = desk(Limits::default());
    let price = |metres| Cost::from(Distance::from_metres(metres));
    let pace = Pace {
        come: Orders(0),
        expected: Orders(9),
        worth: Distance::from_metres(500),
    };
    let paced = |forecast: &[_]| desk.machine().paced_prices(forecast, pace);
    let once = paced(&[(SiteId(1), price(900)), (SiteId(2), price(40))]);
    for forecast in [
        [
            (SiteId(1), price(7)),
            (SiteId(2), price(40)),
            (SiteId(1), price(900)),
        ],
        [
            (SiteId(2), price(999)),
            (SiteId(1), price(900)),
            (SiteId(2), price(40)),
        ],
    ] {
        assert_eq!(paced(&forecast), once);
    }
    assert_ne!(paced(&[(SiteId(1), price(7))]), once);
}
