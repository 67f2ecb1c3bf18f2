//! Couriers against a loop over everybody, and their books against sums.

use std::collections::BTreeMap;

use catchment::fulfil::{
    Courier, CourierKind, Couriers, DeliveryWindow, Fleet, HeldRide, Parcels, Ride, RideState,
    Tariff, Trip, WindowWish,
};
use catchment::geo::ServiceArea;
use catchment::id::{CourierId, OrderId, SiteId};
use catchment::ledger::Encoder;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Distance, Units};
use proptest::prelude::*;

use crate::fulfil_couriers::{fleet, minute, parcels, slot, spot};

/// What the couriers are asked for, one after the other.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Order {
        at: i64,
        trip: Trip,
        wish: WindowWish,
    },
    Confirm(u64),
    Release(u64),
    Finish(u64),
}

fn any_slot() -> impl Strategy<Value = DeliveryWindow> {
    (0..12_i64, 1..5_i64, 0..6_i64).prop_map(|(from, length, before)| {
        let (from, to) = (from * 60, (from + length) * 60);
        slot(from, to, (from - before * 20).min(to - 1))
    })
}

fn any_courier() -> impl Strategy<Value = Courier> {
    let kind = prop_oneof![
        (1..3_u64).prop_map(|store| CourierKind::Riders {
            store: SiteId(store)
        }),
        (0..2_u32).prop_map(|preference| CourierKind::Carrier { preference }),
    ];
    let limits = (1..6_u32, 10..180_u32, 1..9_u32, 0..5_u32);
    (0..99_u64, kind, (0..4_u32, 0..9_u32), limits).prop_map(
        |(id, kind, (orders, units), (far, promised, size_max, radius))| {
            let mut courier = Courier::new(CourierId(id), kind, parcels(orders, units));
            courier.distance_max = Distance::from_metres(far * 1_000);
            courier.promised = Span::from_minutes(promised);
            courier.size_max = Units(size_max);
            courier.tariff = Tariff {
                base: Amount(id),
                per_kilometre: Amount(7),
            };
            if radius > 0 {
                courier.area = ServiceArea::Radius(Distance::from_metres(radius * 1_000));
            }
            courier
        },
    )
}

fn any_fleet() -> impl Strategy<Value = Fleet> {
    let slots = prop::collection::btree_map(0..40_u8, any_slot(), 0..5);
    let couriers = prop::collection::btree_map(0..99_u8, any_courier(), 0..7);
    (slots, couriers).prop_map(|(slots, couriers)| {
        let by_window: BTreeMap<Window, DeliveryWindow> = slots
            .into_values()
            .map(|slot| (slot.window, slot))
            .collect();
        let slots: Vec<DeliveryWindow> = by_window.into_values().collect();
        let by_id: BTreeMap<CourierId, Courier> = couriers
            .into_values()
            .map(|courier| (courier.id, courier))
            .collect();
        fleet(&slots, by_id.into_values().collect())
    })
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let trip = (1..3_u64, 0..6_u32, 1..5_u32, 0..120_u32, 0..90_u32);
    let wish = prop_oneof![
        3 => Just(WindowWish::Earliest),
        1 => any_slot().prop_map(|slot| WindowWish::In(slot.window)),
    ];
    prop_oneof![
        5 => (0..600_i64, trip, wish).prop_map(|(at, (store, to, size, ready, travel), wish)| {
            let trip = Trip {
                store: SiteId(store),
                from: spot(3),
                to: spot(to),
                size: Units(size),
                ready_at: minute(at + i64::from(ready)),
                travel: Span::from_minutes(travel),
            };
            Deed::Order { at, trip, wish }
        }),
        1 => (0..30_u64).prop_map(Deed::Confirm),
        1 => (0..30_u64).prop_map(Deed::Release),
        1 => (0..30_u64).prop_map(Deed::Finish),
    ]
}

/// The loop over all windows and couriers, with loads that are summed up each time.
fn oracle(couriers: &Couriers, at: Timestamp, trip: &Trip, wish: WindowWish) -> Option<Ride> {
    let fleet = couriers.fleet();
    let mut asked: Vec<(u32, &Courier)> = Vec::new();
    for courier in fleet.couriers() {
        match courier.kind {
            CourierKind::Riders { store } if store == trip.store => asked.push((0, courier)),
            CourierKind::Riders { .. } => {}
            CourierKind::Carrier { preference } => asked.push((1 + preference, courier)),
        }
    }
    asked.sort_by_key(|(rank, courier)| (*rank, courier.id));
    let mut slots = fleet.windows().as_slice().to_vec();
    slots.sort_by_key(|slot| (slot.window.opens_at(), slot.window.closes_at()));
    slots.retain(|slot| at <= slot.order_by);
    if let WindowWish::In(window) = wish {
        slots.retain(|slot| slot.window == window);
    }
    let distance = trip.from.distance_to(trip.to);
    for slot in slots {
        for (_, courier) in &asked {
            let load = sum(couriers, courier.id, slot.window);
            let earliest = trip.travel.after(trip.ready_at).expect("in range");
            let earliest = earliest.max(slot.window.opens_at());
            let slack = courier
                .promised
                .as_millis()
                .checked_sub(trip.travel.as_millis());
            let latest =
                slack.map(|slack| Span::from_millis(slack).after(earliest).expect("in range"));
            let can = courier.capacity.orders.0 > load.orders.0
                && courier.capacity.units.0 >= load.units.0 + trip.size.0
                && trip.size <= courier.size_max
                && distance <= courier.distance_max
                && match courier.area {
                    ServiceArea::Radius(radius) => distance <= radius,
                    _ => true,
                };
            if let Some(latest) = latest.filter(|latest| can && *latest <= slot.window.closes_at())
            {
                let kilometres = distance.as_millimetres().div_ceil(1_000_000);
                return Some(Ride {
                    courier: courier.id,
                    window: slot.window,
                    fee: Amount(
                        courier.tariff.base.0 + kilometres * courier.tariff.per_kilometre.0,
                    ),
                    earliest,
                    latest,
                });
            }
        }
    }
    None
}

fn sum(couriers: &Couriers, courier: CourierId, window: Window) -> Parcels {
    let there = couriers
        .rides()
        .filter(|held| held.ride.courier == courier && held.ride.window == window);
    there.fold(parcels(0, 0), |sum, held| {
        parcels(sum.orders.0 + 1, sum.units.0 + held.size.0)
    })
}

/// A fleet, another that takes its place at the end, and what is asked of it.
pub(crate) fn any_evening() -> impl Strategy<Value = (Fleet, Fleet, Vec<Deed>)> {
    let deeds = prop::collection::vec(any_deed(), 1..40);
    (any_fleet(), any_fleet(), deeds)
}

pub(crate) fn as_the_loop(
    fleet: Fleet,
    other: Fleet,
    deeds: Vec<Deed>,
) -> Result<(), TestCaseError> {
    let mut couriers = Couriers::new(fleet);
    for (order, deed) in (0..).zip(deeds) {
        match deed {
            Deed::Order { at, trip, wish } => {
                let at = minute(at);
                let ride = couriers.choose(at, &trip, wish);
                prop_assert_eq!(ride, oracle(&couriers, at, &trip, wish));
                let choice = couriers.explain(at, &trip, wish, 3);
                prop_assert_eq!(choice.ride, ride);
                for later in choice.alternatives {
                    let again = oracle(&couriers, at, &trip, WindowWish::In(later.window));
                    prop_assert_eq!(again, Some(later));
                }
                if let Some(ride) = ride {
                    let held = couriers.hold(OrderId(order), &ride, trip.size);
                    prop_assert_eq!(held, Ok(()));
                }
            }
            Deed::Confirm(order) => drop(couriers.confirm(OrderId(order))),
            Deed::Release(order) => drop(couriers.release(OrderId(order))),
            Deed::Finish(order) => drop(couriers.finish(OrderId(order))),
        }
        for courier in couriers.fleet().couriers() {
            for slot in couriers.fleet().windows().as_slice() {
                let load = couriers.load(courier.id, slot.window);
                let load = load.expect("both are there");
                prop_assert_eq!(load, sum(&couriers, courier.id, slot.window));
                prop_assert!(load.orders <= courier.capacity.orders);
                prop_assert!(load.units <= courier.capacity.units);
            }
        }
    }
    stored_and_adopted(couriers, other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_choice_is_that_of_the_loop_and_nobody_is_over_capacity(
        (fleet, other, deeds) in any_evening(),
    ) {
        as_the_loop(fleet, other, deeds)?;
    }
}

/// Couriers come back from data as they were; with a new fleet nobody loses a ride that is not done.
fn stored_and_adopted(mut couriers: Couriers, other: Fleet) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    let again = Couriers::restore(couriers.store(), &limits).expect("it was stored");
    prop_assert_eq!(Encoder::hash_of(&again), Encoder::hash_of(&couriers));
    prop_assert_eq!(again.store(), couriers.store());
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&couriers.store()).expect("plain data");
        let stored = serde_json::from_str(&text).expect("it was written");
        prop_assert_eq!(&couriers.store(), &stored);
        let text = serde_json::to_string(couriers.fleet()).expect("plain data");
        let fleet: Fleet = serde_json::from_str(&text).expect("it was written");
        prop_assert_eq!(&fleet, couriers.fleet());
    }
    let before: Vec<HeldRide> = couriers.rides().copied().collect();
    couriers.adopt(other);
    for held in before {
        let is_known = couriers.load(held.ride.courier, held.ride.window).is_some();
        let is_kept = is_known || held.state != RideState::Done;
        prop_assert_eq!(couriers.ride(held.order), is_kept.then_some(&held));
        if is_known {
            let load = couriers.load(held.ride.courier, held.ride.window);
            prop_assert_eq!(
                load,
                Some(sum(&couriers, held.ride.courier, held.ride.window))
            );
        }
    }
    let again = Couriers::restore(couriers.store(), &limits).expect("it was stored");
    prop_assert_eq!(Encoder::hash_of(&again), Encoder::hash_of(&couriers));
    Ok(())
}
