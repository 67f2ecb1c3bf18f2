//! Couriers case by case: who is chosen, who is passed over and why, and what becomes of rides.

// A surprise ends the test; a table is as long as it is.
#![allow(clippy::panic, clippy::too_many_lines)]

use catchment::fulfil::{
    Courier, CourierKind, CourierRefusal, Couriers, DeliveryWindow, DeliveryWindows, Fleet,
    FleetFault, HeldRide, NoRide, Parcels, Ride, RideState, Tariff, Trip, WindowCapacity,
    WindowFault, WindowWish,
};
use catchment::geo::{LngLat, Position, ServiceArea};
use catchment::id::{CourierId, OrderId, SiteId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Distance, Orders, Units};

pub(crate) fn minute(minute: i64) -> Timestamp {
    Timestamp::from_unix_millis(minute * 60_000)
}

pub(crate) fn window(from: i64, to: i64) -> Window {
    Window::new(minute(from), minute(to)).expect("not empty")
}

pub(crate) fn slot(from: i64, to: i64, order_by: i64) -> DeliveryWindow {
    DeliveryWindow {
        window: window(from, to),
        order_by: minute(order_by),
    }
}

/// A hundredth of a degree is 951 m here.
pub(crate) fn spot(step: u32) -> Position {
    let lng = 121.4 + 0.01 * f64::from(step);
    Position::new(LngLat { lng, lat: 31.2 }).expect("in range")
}

pub(crate) fn parcels(orders: u32, units: u32) -> Parcels {
    Parcels {
        orders: Orders(orders),
        units: Units(units),
    }
}

fn riders(id: u64, store: u64, capacity: Parcels) -> Courier {
    let kind = CourierKind::Riders {
        store: SiteId(store),
    };
    Courier::new(CourierId(id), kind, capacity)
}

fn carrier(id: u64, preference: u32, capacity: Parcels) -> Courier {
    Courier::new(CourierId(id), CourierKind::Carrier { preference }, capacity)
}

pub(crate) fn fleet(slots: &[DeliveryWindow], couriers: Vec<Courier>) -> Fleet {
    let limits = Limits::default();
    let windows = DeliveryWindows::new(slots.iter().copied(), &limits).expect("sound windows");
    Fleet::new(windows, couriers, &limits).expect("a sound fleet")
}

/// From store 1 two steps along, ready after 10 minutes, on the way for 20.
fn trip() -> Trip {
    Trip {
        store: SiteId(1),
        from: spot(0),
        to: spot(2),
        size: Units(2),
        ready_at: minute(10),
        travel: Span::from_minutes(20),
    }
}

/// Own riders with room for one order; carrier 5 is preferred to carrier 4 and has room for 5 units.
fn couriers() -> Couriers {
    let slots = [slot(0, 150, 60), slot(120, 300, 100)];
    let mut own = riders(9, 1, parcels(1, 9));
    own.promised = Span::from_minutes(40);
    let elsewhere = riders(1, 2, parcels(99, 99));
    let mut preferred = carrier(5, 0, parcels(9, 5));
    preferred.tariff = Tariff {
        base: Amount(500),
        per_kilometre: Amount(100),
    };
    let last = carrier(4, 1, parcels(9, 9));
    Couriers::new(fleet(&slots, vec![own, elsewhere, preferred, last]))
}

#[test]
fn own_riders_then_carriers_by_preference_then_the_next_window() {
    let mut couriers = couriers();
    let expected = [
        // Two of 9; 5 takes 2 + 2 of 5 units, 4 the rest of the window: then the next one.
        (9, window(0, 150), (30, 50), 0),
        (5, window(0, 150), (30, 130), 700),
        (5, window(0, 150), (30, 130), 700),
        (4, window(0, 150), (30, 130), 0),
        (4, window(0, 150), (30, 130), 0),
        (4, window(0, 150), (30, 130), 0),
        (4, window(0, 150), (30, 130), 0),
        (9, window(120, 300), (120, 140), 0),
        (5, window(120, 300), (120, 220), 700),
    ];
    for (order, (courier, window, (earliest, latest), fee)) in (0..).zip(expected) {
        let ride = couriers.choose(minute(5), &trip(), WindowWish::Earliest);
        let wanted = Ride {
            courier: CourierId(courier),
            window,
            fee: Amount(fee),
            earliest: minute(earliest),
            latest: minute(latest),
        };
        assert_eq!(ride, Some(wanted), "order {order}");
        let held = couriers.hold(OrderId(order), &wanted, trip().size);
        assert_eq!(held, Ok(()), "order {order}");
    }
}

#[test]
fn whoever_is_passed_over_has_a_reason() {
    /// What changes, whom it concerns, and in which window.
    type Case = (&'static str, fn(&mut Courier), NoRide, Option<Window>);
    let first = Some(window(0, 150));
    let kilometre = Distance::from_metres(1_000);
    let far = trip().distance();
    let cases: [Case; 8] = [
        (
            "too large",
            |courier| courier.size_max = Units(1),
            NoRide::TooLarge {
                size: Units(2),
                limit: Units(1),
            },
            None,
        ),
        (
            "too far",
            |courier| courier.distance_max = Distance::from_metres(1_000),
            NoRide::TooFar {
                distance: far,
                limit: kilometre,
            },
            None,
        ),
        (
            "too slow",
            |courier| courier.promised = Span::from_minutes(19),
            NoRide::TooSlow {
                travel: Span::from_minutes(20),
                promised: Span::from_minutes(19),
            },
            None,
        ),
        (
            "outside the radius",
            |courier| courier.area = ServiceArea::Radius(Distance::from_metres(1_000)),
            NoRide::OutsideRadius {
                distance: far,
                radius: kilometre,
            },
            None,
        ),
        (
            "outside the cells",
            |courier| {
                let bund = "89309958ac7ffff".parse().expect("a cell");
                courier.area = ServiceArea::cells([bund]);
            },
            NoRide::OutsideArea,
            None,
        ),
        (
            "too late",
            |courier| courier.promised = Span::from_minutes(141),
            NoRide::TooLate {
                latest: minute(151),
                closes_at: minute(150),
            },
            first,
        ),
        (
            "no orders",
            |courier| courier.capacity = parcels(0, 9),
            NoRide::FullOrders {
                load: Orders(0),
                capacity: Orders(0),
            },
            first,
        ),
        (
            "no room in this window",
            |courier| {
                courier.exceptions = vec![WindowCapacity {
                    window: window(0, 150),
                    capacity: parcels(1, 1),
                }];
            },
            NoRide::FullUnits {
                load: Units(0),
                size: Units(2),
                capacity: Units(1),
            },
            first,
        ),
    ];
    for (name, change, why, in_window) in cases {
        let mut own = couriers()
            .fleet()
            .courier(CourierId(9))
            .cloned()
            .expect(name);
        change(&mut own);
        let last = carrier(4, 1, parcels(9, 9));
        let couriers = Couriers::new(fleet(&[slot(0, 150, 60)], vec![own, last]));
        let choice = couriers.explain(minute(5), &trip(), WindowWish::Earliest, 0);
        assert_eq!(
            choice.ride.map(|ride| ride.courier),
            Some(CourierId(4)),
            "{name}"
        );
        let [passed] = choice.passed_over[..] else {
            panic!("{name}: {choice:?}");
        };
        assert_eq!(passed.courier, Some(CourierId(9)), "{name}");
        assert_eq!((passed.why, passed.window), (why, in_window), "{name}");
    }
}

#[test]
fn a_window_that_is_full_or_past_has_alternatives() {
    let couriers = couriers();
    let passed = |at: i64, wish| {
        let choice = couriers.explain(minute(at), &trip(), wish, 9);
        let rides = choice.ride.iter().chain(&choice.alternatives);
        let windows: Vec<Window> = rides.map(|ride| ride.window).collect();
        let why: Vec<NoRide> = choice.passed_over.iter().map(|passed| passed.why).collect();
        (choice.ride.is_some(), windows, why)
    };
    let behind = NoRide::Behind {
        chosen: CourierId(9),
    };
    let past = |at: i64, order_by: i64| NoRide::PastCutOff {
        at: minute(at),
        order_by: minute(order_by),
    };
    let (first, second) = (window(0, 150), window(120, 300));
    let asked = WindowWish::In(first);
    assert_eq!(
        passed(60, asked),
        (true, vec![first, second], vec![behind, behind])
    );
    assert_eq!(passed(61, asked), (false, vec![second], vec![past(61, 60)]));
    let earliest = passed(61, WindowWish::Earliest);
    assert_eq!(
        earliest,
        (true, vec![second], vec![past(61, 60), behind, behind])
    );
    let too_late = passed(101, asked);
    assert_eq!(
        too_late,
        (false, vec![], vec![past(101, 60), past(101, 100)])
    );
    // Nothing is said of what has closed, unless it was asked for.
    assert_eq!(
        passed(150, WindowWish::Earliest),
        (false, vec![], vec![past(150, 100)])
    );
    let unknown = WindowWish::In(window(1, 2));
    assert_eq!(
        passed(5, unknown),
        (false, vec![], vec![NoRide::UnknownWindow])
    );
}

#[test]
fn rides_have_one_life() {
    let mut couriers = couriers();
    let ride = couriers.choose(minute(5), &trip(), WindowWish::Earliest);
    let ride = ride.expect("nobody has anything");
    let order = OrderId(1);
    let load = |couriers: &Couriers| couriers.load(ride.courier, ride.window);
    let wrong = |state| Err(CourierRefusal::WrongState { order, state });
    let unknown = Err(CourierRefusal::UnknownOrder { order });

    assert_eq!(couriers.confirm(order), unknown);
    assert_eq!(couriers.finish(order), unknown);
    assert_eq!(couriers.release(order), unknown.map(|()| held(&ride)));
    assert_eq!(couriers.hold(order, &ride, Units(2)), Ok(()));
    let known = CourierRefusal::KnownOrder { order };
    assert_eq!(couriers.hold(order, &ride, Units(2)), Err(known));
    assert_eq!(couriers.finish(order), wrong(RideState::Held));
    assert_eq!(couriers.release(order), Ok(held(&ride)));
    assert_eq!(load(&couriers), Some(parcels(0, 0)));
    assert_eq!(couriers.hold(order, &ride, Units(2)), Ok(()));
    assert_eq!(couriers.confirm(order), Ok(()));
    assert_eq!(couriers.confirm(order), wrong(RideState::Confirmed));
    assert_eq!(couriers.finish(order), Ok(()));
    assert_eq!(couriers.finish(order), wrong(RideState::Done));
    assert!(couriers.release(order).is_err());
    assert_eq!(load(&couriers), Some(parcels(1, 2)));

    // What was brought still counts, until its window is gone.
    let full = CourierRefusal::Full {
        courier: ride.courier,
        window: ride.window,
        load: parcels(1, 2),
        capacity: parcels(1, 9),
    };
    assert_eq!(couriers.hold(OrderId(2), &ride, Units(1)), Err(full));
    let nobody = Ride {
        courier: CourierId(77),
        ..ride
    };
    let courier = CourierId(77);
    let refused = couriers.hold(OrderId(2), &nobody, Units(1));
    assert_eq!(refused, Err(CourierRefusal::UnknownCourier { courier }));
    let late = Ride {
        latest: minute(151),
        ..ride
    };
    let refused = couriers.hold(OrderId(2), &late, Units(1));
    let order = OrderId(2);
    assert_eq!(refused, Err(CourierRefusal::NoPromise { order }));
    couriers.adopt(fleet(
        &[slot(120, 300, 100)],
        vec![riders(9, 1, parcels(1, 9))],
    ));
    assert_eq!(couriers.ride(OrderId(1)), None);
    let window = ride.window;
    let refused = couriers.hold(OrderId(2), &ride, Units(1));
    assert_eq!(refused, Err(CourierRefusal::UnknownWindow { window }));
}

fn held(ride: &Ride) -> HeldRide {
    HeldRide {
        order: OrderId(1),
        ride: *ride,
        size: Units(2),
        state: RideState::Held,
    }
}

#[test]
fn every_fault_of_windows_and_fleets_is_named() {
    let limits = Limits {
        windows_max: 3,
        couriers_max: 4,
        ..Limits::default()
    };
    let wrong = [slot(0, 9, 9), slot(0, 9, 3), slot(5, 6, 2)];
    let faults = DeliveryWindows::new(wrong, &limits).expect_err("two faults");
    let late = WindowFault::LateCutOff {
        window: window(0, 9),
        order_by: minute(9),
    };
    let repeated = WindowFault::Repeated {
        window: window(0, 9),
    };
    assert_eq!(faults.kept(), [repeated, late]);
    let four = (0..4).map(|n| slot(n, n + 1, n));
    let faults = DeliveryWindows::new(four, &limits).expect_err("one too many");
    assert_eq!(faults.kept(), [WindowFault::TooMany { limit: 3 }]);

    let windows = DeliveryWindows::new([slot(0, 9, 3)], &limits).expect("sound");
    let exception = |from| WindowCapacity {
        window: window(from, 9),
        capacity: parcels(0, 0),
    };
    let mut bad = riders(2, 1, parcels(1, 1));
    bad.promised = Span::ZERO;
    bad.size_max = Units(0);
    bad.tariff.per_kilometre = Amount(u64::MAX / 2);
    bad.exceptions = vec![exception(0), exception(1), exception(0)];
    bad.area = ServiceArea::cells([]);
    let twin = riders(1, 1, parcels(1, 1));
    let couriers = vec![bad, twin.clone(), twin.clone()];
    let faults = Fleet::new(windows.clone(), couriers, &limits).expect_err("many");
    let courier = CourierId(2);
    let [repeated, no_time, no_size, tariff, unknown, twice, area] = faults.kept() else {
        panic!("{faults:#}");
    };
    let id = CourierId(1);
    assert_eq!(*repeated, FleetFault::Repeated { courier: id });
    assert_eq!(*no_time, FleetFault::NoTime { courier });
    assert_eq!(*no_size, FleetFault::NoSize { courier });
    assert_eq!(*tariff, FleetFault::Tariff { courier });
    let [here, elsewhere] = [window(0, 9), window(1, 9)];
    let window = elsewhere;
    assert_eq!(*unknown, FleetFault::UnknownWindow { courier, window });
    let window = here;
    assert_eq!(*twice, FleetFault::RepeatedWindow { courier, window });
    assert!(matches!(area, FleetFault::Area { .. }), "{area}");

    let five = (1..=5).map(|id| riders(id, 1, parcels(1, 1))).collect();
    let faults = Fleet::new(windows, five, &limits).expect_err("one too many");
    assert_eq!(faults.total(), 1);
}

#[test]
fn damaged_couriers_do_not_come_back() {
    let mut couriers = couriers();
    let ride = couriers
        .choose(minute(5), &trip(), WindowWish::Earliest)
        .expect("free");
    couriers.hold(OrderId(1), &ride, Units(2)).expect("room");
    let limits = Limits::default();
    let few = Limits {
        orders_max: 0,
        ..limits
    };
    assert!(Couriers::restore(couriers.store(), &few).is_err());
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&couriers.store()).expect("plain data");
        let twice = {
            let mut value: serde_json::Value = serde_json::from_str(&text).expect("json");
            let rides = value["rides"].as_array_mut().expect("a list");
            rides.push(rides[0].clone());
            value.to_string()
        };
        let late = text.replace("\"latest\":3000000", "\"latest\":9000001");
        let gone = text
            .replace("\"held\"", "\"done\"")
            .replace("\"courier\":9", "\"courier\":99");
        for damaged in [twice, late, gone] {
            assert_ne!(damaged, text);
            let stored = serde_json::from_str(&damaged).expect("still of that form");
            assert!(Couriers::restore(stored, &limits).is_err(), "{damaged}");
        }
        let no_window = r#"[{"window":{"opens_at":0,"closes_at":5},"order_by":5}]"#;
        assert!(serde_json::from_str::<DeliveryWindows>(no_window).is_err());
    }
}
