//! Orders that are brought: a store, a courier and a window together, or nothing; and what happens when one is lost.

use std::sync::Arc;

use catchment::desk::{self, Policy};
use catchment::fulfil::dispatch::{Action, Choice, Event, Refusal, Service, Share, Terms};
use catchment::fulfil::{
    Courier, CourierKind, Deed, DeliveryWindow, DeliveryWindows, Fleet, HeldRide, Life, OfferTerms,
    OptionsFinder, OptionsPolicy, OptionsSettings, Parcels, Preparation, RideState, Tariff, Way,
    WindowWish,
};
use catchment::id::{CourierId, OrderId, SiteId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::Order;
use catchment::site::{Change, SiteStatus};
use catchment::time::{Span, Window};
use catchment::units::{Orders, Quantity, Units};

use crate::fulfil_dispatch::{
    MELON, Play, RICE, at, lines_of, order, share, street, take, turns, wrong,
};

const MINUTE: i64 = 60_000;

/// Two hours that begin so many hours from now.
pub(crate) fn slot(hour: i64) -> Window {
    let window = Window::new(at(hour * 60 * MINUTE), at((hour + 2) * 60 * MINUTE));
    window.expect("not empty")
}

/// One rider at each store, and one carrier for all, in three windows.
pub(crate) fn fleet(orders: u32) -> Fleet {
    let windows = [0, 2, 4].map(|hour| DeliveryWindow {
        window: slot(hour),
        order_by: at((hour + 1) * 60 * MINUTE),
    });
    let limits = Limits::default();
    let windows = DeliveryWindows::new(windows, &limits).expect("sound windows");
    let capacity = Parcels {
        orders: Orders(orders),
        units: Units(10),
    };
    let riders = |store| {
        let kind = CourierKind::Riders {
            store: SiteId(store),
        };
        let mut riders = Courier::new(CourierId(store), kind, capacity);
        riders.promised = Span::from_minutes(60);
        riders
    };
    let mut carrier = Courier::new(
        CourierId(9),
        CourierKind::Carrier { preference: 0 },
        capacity,
    );
    carrier.promised = Span::from_minutes(90);
    carrier.tariff = Tariff {
        base: Amount(500),
        per_kilometre: Amount(100),
    };
    let fleet = Fleet::new(windows, vec![riders(1), riders(2), carrier], &limits);
    fleet.expect("a sound fleet")
}

/// Stores pack in ten minutes and couriers travel a kilometre in five.
pub(crate) fn service(stores_asked: usize) -> Service {
    let preparation = Preparation {
        store: Span::from_minutes(10),
        ..Preparation::default()
    };
    let settings = OptionsSettings {
        preparation,
        metres_per_hour: 12_000,
        ..OptionsSettings::default()
    };
    let options = OptionsPolicy::new(settings, &Limits::default());
    Service {
        options: options.expect("a sound policy"),
        stores_asked,
        ..Service::default()
    }
}

pub(crate) fn town(orders: u32, desk: Policy) -> Play {
    let service = service(4);
    let terms = Terms {
        desk,
        fleet: fleet(orders),
        service,
    };
    Play::on(street(), terms)
}

pub(crate) const EARLIEST: Choice = Choice::Deliver {
    when: WindowWish::Earliest,
};

fn ride(play: &Play, part: u64) -> HeldRide {
    let ride = play.machine().couriers().ride(OrderId(part));
    *ride.expect("it has a ride")
}

fn load(play: &Play, courier: u64, hour: i64) -> u32 {
    let couriers = play.machine().couriers();
    let load = couriers.load(CourierId(courier), slot(hour));
    load.expect("in the fleet").orders.0
}

/// The states of the rides, part by part.
fn rides(play: &Play) -> Vec<(u64, RideState)> {
    let rides = play.machine().couriers().rides();
    rides.map(|held| (held.order.0, held.state)).collect()
}

#[test]
fn an_order_is_brought_by_its_store_s_riders_within_the_promise() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 3);
    let part = OrderId(1);
    let taken = play.must(take(order(1, 10.0, &[(MELON, 1)]), EARLIEST));
    assert!(matches!(taken.last(), Some(Event::RideHeld { .. })));
    let held = ride(&play, 1);
    // Packed in ten minutes, and a kilometre in five.
    assert_eq!((play.site(1), held.ride.courier), (Some(1), CourierId(1)));
    let minutes =
        |instant: catchment::time::Timestamp| (instant.as_unix_millis() + MINUTE - 1) / MINUTE;
    assert_eq!(
        (minutes(held.ride.earliest), minutes(held.ride.latest)),
        (16, 70)
    );
    play.must(Action::Confirm { order: part });
    assert_eq!(rides(&play), [(1, RideState::Confirmed)]);
    play.must(Action::Ready { part });
    assert_eq!(
        play.tell(Action::PickUp { part }),
        Err(wrong(1, Way::Delivery, Life::Ready, Deed::PickUp))
    );
    let gone = play.must(Action::SendOut { part });
    assert_eq!(turns(&gone), [(1, Deed::SendOut, Life::OutForDelivery)]);
    assert_eq!(
        play.tell(Action::Cancel { order: part }),
        Err(wrong(1, Way::Delivery, Life::OutForDelivery, Deed::Cancel))
    );
    play.must(Action::Deliver { part });
    assert_eq!(rides(&play), [(1, RideState::Done)]);
    play.must(Action::Return { part });
    assert_eq!((play.life(1), load(&play, 1, 0)), (Life::Returned, 1));
    play.end();
}

#[test]
fn own_riders_first_then_carriers_then_later_windows_and_other_stores_then_nobody() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 9);
    play.stock(2, MELON, 9);
    let mut given = Vec::new();
    for id in 1..=9 {
        let taken = play.tell(take(order(id, 2.0, &[(MELON, 1)]), EARLIEST));
        if taken.is_ok() {
            let held = ride(&play, id);
            let hour = held.ride.window.opens_at().as_unix_millis() / (60 * MINUTE);
            given.push((play.site(id).unwrap_or(0), held.ride.courier.0, hour));
        } else {
            let refusal = taken.expect_err("no");
            assert!(refusal.is_transient(), "{refusal}");
        }
    }
    // Each store has room for four orders, each courier for one in a window.
    assert_eq!(
        given,
        [
            (1, 1, 0),
            (1, 9, 0),
            (2, 2, 0),
            (1, 1, 2),
            (1, 9, 2),
            (2, 2, 2),
            (2, 2, 4),
            (2, 9, 4)
        ]
    );
    play.end();
}

#[test]
fn what_is_offered_is_held() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 9);
    play.stock(2, MELON, 9);
    let options = play.terms.service.options.clone();
    let mut held = 0;
    for id in 1..=9 {
        let order = order(id, 2.0, &[(MELON, 1)]);
        let machine = play.machine();
        let finder = OptionsFinder::new(machine.counter(), machine.couriers(), &options);
        let offers = finder.options(at(0), &order).offers;
        let brought = offers.iter().find_map(|offer| match offer.terms {
            OfferTerms::Delivery(ride) => Some((offer.site, ride)),
            OfferTerms::Pickup { .. } => None,
        });
        let Some((store, offered)) = brought else {
            assert!(play.tell(take(order, EARLIEST)).is_err());
            continue;
        };
        let when = WindowWish::Earliest;
        play.must(take(order, Choice::DeliverFrom { store, when }));
        assert_eq!(ride(&play, id).ride, offered);
        held += 1;
    }
    assert_eq!(held, 8);
    play.end();
}

#[test]
fn a_window_that_is_asked_for_is_that_or_none() {
    let mut play = town(1, Policy::default());
    let at_two = |store| Choice::DeliverFrom {
        store: SiteId(store),
        when: WindowWish::In(slot(2)),
    };
    play.must(take(order(1, 2.0, &[]), at_two(1)));
    play.must(take(order(2, 2.0, &[]), at_two(1)));
    assert_eq!((load(&play, 1, 2), load(&play, 9, 2)), (1, 1));
    let part = OrderId(3);
    let full = play.refused(take(order(3, 2.0, &[]), at_two(1)));
    assert_eq!(full, Refusal::NoCourier { part });
    play.must(take(order(3, 2.0, &[]), at_two(2)));
    // A cancelled order gives back all three: place, goods, courier.
    play.must(Action::Cancel { order: OrderId(1) });
    assert_eq!(load(&play, 1, 2), 0);
    // After the cut-off it is too late.
    play.now = 181 * MINUTE;
    let late = play.refused(take(order(4, 2.0, &[]), at_two(1)));
    assert_eq!(late, Refusal::NoCourier { part: OrderId(4) });
    let leader = Choice::DeliverFrom {
        store: SiteId(17),
        when: WindowWish::Earliest,
    };
    let site = SiteId(17);
    assert_eq!(
        play.refused(take(order(4, 2.0, &[]), leader)),
        Refusal::Desk(desk::Refusal::NotEligible { site })
    );
    play.end();
}

#[test]
fn a_ride_that_is_not_confirmed_in_time_is_free_again() {
    let mut play = town(1, Policy::default());
    play.must(take(order(1, 2.0, &[]), EARLIEST));
    play.tick(15 * MINUTE);
    let due = &play.log.last().expect("a step").due;
    assert_eq!(turns(due), [(1, Deed::Expire, Life::Cancelled)]);
    assert_eq!(due.last(), Some(&Event::RideReleased { part: OrderId(1) }));
    assert_eq!(load(&play, 1, 0), 0);
    play.end();
}

#[test]
fn a_delivery_that_loses_its_store_is_offered_again_in_the_promised_window() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 2);
    play.stock(2, MELON, 1);
    for id in [1, 2] {
        let order = order(id, 2.0, &[(MELON, 1)]);
        play.must(take(order, EARLIEST));
        let order = OrderId(id);
        play.must(Action::Confirm { order });
        play.must(Action::Ready { part: order });
    }
    assert_eq!(
        (ride(&play, 1).ride.courier, ride(&play, 2).ride.courier),
        (CourierId(1), CourierId(9))
    );
    let changes = vec![Change::Close(SiteId(17)), Change::Close(SiteId(1))];
    let events = play.must(Action::Desk(desk::Action::Adopt { changes }));
    assert_eq!(
        turns(&events),
        [
            (1, Deed::Strand, Life::Waiting),
            (1, Deed::Move, Life::Accepted),
            // Site 2 has one melon, and order 1 has it.
            (2, Deed::Strand, Life::Waiting)
        ]
    );
    let held = ride(&play, 1);
    assert_eq!(
        (held.ride.courier, held.state),
        (CourierId(2), RideState::Confirmed)
    );
    assert_eq!(rides(&play).len(), 1);
    // More melons do not bring it by themselves: the buyer chooses, here a later window.
    play.stock(2, MELON, 1);
    let (part, choice) = (
        OrderId(2),
        Choice::Deliver {
            when: WindowWish::In(slot(2)),
        },
    );
    let chosen = play.must(Action::Choose { part, choice });
    assert_eq!(turns(&chosen), [(2, Deed::Move, Life::Accepted)]);
    assert_eq!((play.site(2), load(&play, 2, 2)), (Some(2), 1));
    // Choosing again gives the old ride back, even where it is the only one.
    let choice = EARLIEST;
    play.must(Action::Choose { part, choice });
    assert_eq!((load(&play, 9, 0), load(&play, 2, 2)), (1, 0));
    assert!(play.must(Action::Choose { part, choice }).is_empty());
    let other = play.refused(Action::Choose {
        part,
        choice: Choice::Pickup,
    });
    let way = Way::Delivery;
    assert_eq!(other, Refusal::OtherWay { part, way });
    play.end();
}

#[test]
fn a_delivery_that_stores_reject_goes_on_until_the_last_attempt() {
    let policy = Policy {
        attempts_max: 2,
        ..Policy::default()
    };
    let mut play = town(1, policy);
    let part = OrderId(1);
    play.must(take(order(1, 2.0, &[]), EARLIEST));
    let site = SiteId(1);
    let events = play.must(Action::Reject { part, site });
    assert_eq!(
        turns(&events),
        [
            (1, Deed::Strand, Life::Waiting),
            (1, Deed::Move, Life::Accepted)
        ]
    );
    assert_eq!(
        (play.site(1), load(&play, 1, 0), load(&play, 2, 0)),
        (Some(2), 0, 1)
    );
    // The first store is cooling off; and for order 1 it stays excluded.
    let (store, when) = (SiteId(1), WindowWish::Earliest);
    let back = Choice::DeliverFrom { store, when };
    assert!(play.tell(take(order(2, 2.0, &[]), back)).is_err());
    play.tick(10 * MINUTE);
    play.must(take(order(2, 2.0, &[]), back));
    assert!(play.tell(Action::Choose { part, choice: back }).is_err());
    let site = SiteId(2);
    let events = play.must(Action::Reject { part, site });
    assert_eq!(turns(&events), [(1, Deed::Reject, Life::Rejected)]);
    assert_eq!(load(&play, 2, 0), 0);
    play.end();
}

#[test]
fn parts_are_fetched_and_brought_together() {
    let mut play = town(1, Policy::default());
    play.stock(1, RICE, 1);
    play.stock(18, MELON, 2);
    let both = order(1, 6.0, &[(MELON, 2), (RICE, 1)]);
    let parts = |when| {
        let fetched = share(11, &[(MELON, 2)], Choice::PickupAt(SiteId(18)));
        let brought = share(12, &[(RICE, 1)], Choice::Deliver { when });
        Action::TakeParts {
            order: Arc::clone(&both),
            parts: vec![fetched, brought],
        }
    };
    // Nobody brings anything in a window that is not there, so nothing is fetched either.
    let never = parts(WindowWish::In(slot(7)));
    let part = OrderId(12);
    assert_eq!(play.refused(never), Refusal::NoCourier { part });
    assert_eq!(
        play.machine().counter().free_stock(SiteId(18), MELON),
        Quantity(2)
    );
    play.must(parts(WindowWish::Earliest));
    let order = OrderId(1);
    play.must(Action::Confirm { order });
    assert_eq!(rides(&play), [(12, RideState::Confirmed)]);
    play.must(Action::Cancel { order });
    assert!(rides(&play).is_empty());
    assert_eq!(
        play.machine().counter().free_stock(SiteId(18), MELON),
        Quantity(2)
    );
    play.end();
}

#[test]
fn other_couriers_keep_what_was_promised() {
    let mut play = town(2, Policy::default());
    play.must(take(order(1, 2.0, &[]), EARLIEST));
    play.must(take(order(2, 2.0, &[]), EARLIEST));
    let fleet = Arc::new(fleet(1));
    play.must(Action::Staff { fleet });
    assert_eq!(load(&play, 1, 0), 2);
    play.must(take(order(3, 2.0, &[]), EARLIEST));
    assert_eq!(ride(&play, 3).ride.courier, CourierId(9));
    let status = SiteStatus::Paused;
    let site = SiteId(1);
    let changes = vec![Change::SetStatus { site, status }];
    play.must(Action::Desk(desk::Action::Adopt { changes }));
    assert_eq!(play.site(1), Some(1));
    play.end();
}

#[cfg(feature = "serde")]
#[test]
fn actions_and_events_are_written_and_read() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 2);
    play.stock(18, RICE, 2);
    let whole = order(1, 3.0, &[(MELON, 1), (RICE, 1)]);
    let brought = Share {
        part: OrderId(11),
        lines: lines_of(&[(MELON, 1)]),
        size: Units(1),
        choice: EARLIEST,
    };
    let fetched = share(12, &[(RICE, 1)], Choice::Pickup);
    let parts = Action::TakeParts {
        order: whole,
        parts: vec![brought, fetched],
    };
    let mut settled = Order::clone(&order(2, 3.0, &[]));
    settled.wish = catchment::order::Wish::Site(SiteId(99));
    let settled = Action::TakeSettled {
        orders: vec![Arc::new(settled)],
    };
    let fleet = Arc::new(fleet(3));
    for action in [parts, settled, Action::Staff { fleet }] {
        let text = serde_json::to_string(&action).expect("it can be written");
        let again: Action = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(again, action);
        play.must(action);
    }
    play.must(Action::Cancel { order: OrderId(1) });
    for step in &play.log {
        let text = serde_json::to_string(step).expect("it can be written");
        let again: catchment::fulfil::dispatch::Step =
            serde_json::from_str(&text).expect("it can be read");
        assert_eq!(&again, step);
    }
    play.end();
}
