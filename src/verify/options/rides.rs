//! One courier after the other, window by window, with loads that are summed up from the rides.

use std::collections::BTreeMap;

use crate::fulfil::{
    Courier, CourierChoice, CourierKind, Couriers, DeliveryWindow, NoRide, Parcels, PassedOver,
    Ride, WindowWish,
};
use crate::geo::ServiceArea;
use crate::id::{CourierId, SiteId};
use crate::time::{Span, Timestamp, Window};
use crate::units::{Distance, Orders, Units};
use crate::verify::areas::{Address, Area};

/// What is brought.
#[derive(Clone, Copy)]
pub(super) struct Errand {
    pub(super) store: SiteId,
    pub(super) distance: Distance,
    pub(super) size: Units,
    pub(super) ready_at: Timestamp,
    pub(super) travel: Span,
}

/// Couriers, and what each has in each window.
pub(super) struct Rides<'a> {
    couriers: &'a Couriers,
    loads: BTreeMap<(CourierId, Window), (u64, u64)>,
}

impl<'a> Rides<'a> {
    /// O(rides).
    pub(super) fn new(couriers: &'a Couriers) -> Self {
        let mut loads = BTreeMap::new();
        for held in couriers.rides() {
            let load: &mut (u64, u64) = loads
                .entry((held.ride.courier, held.ride.window))
                .or_default();
            load.0 += 1;
            load.1 += u64::from(held.size.0);
        }
        Self { couriers, loads }
    }

    /// Who brings it, what else would do, and why nobody else.
    pub(super) fn choice(
        &self,
        at: Timestamp,
        errand: &Errand,
        address: &Address,
        (wish, alternatives_max): (WindowWish, usize),
    ) -> CourierChoice {
        let mut choice = CourierChoice::default();
        let (able, never): (Vec<_>, Vec<_>) = self
            .asked(errand.store)
            .into_iter()
            .map(|courier| (courier, never(courier, errand, address)))
            .partition(|(_, why)| why.is_none());
        let never = never.into_iter().filter_map(|(courier, why)| {
            Some(PassedOver {
                courier: Some(courier.id),
                window: None,
                why: why?,
            })
        });
        choice.passed_over.extend(never);
        let able: Vec<&Courier> = able.into_iter().map(|(courier, _)| courier).collect();

        let slots = self.couriers.fleet().windows().as_slice();
        let mut slots: Vec<&DeliveryWindow> = slots.iter().collect();
        match wish {
            WindowWish::In(window) => {
                slots.retain(|slot| slot.window >= window);
                if slots.first().is_none_or(|slot| slot.window != window) {
                    choice.passed_over.push(PassedOver {
                        courier: None,
                        window: Some(window),
                        why: NoRide::UnknownWindow,
                    });
                    return choice;
                }
            }
            WindowWish::Earliest => slots.retain(|slot| slot.window.closes_at() > at),
        }
        for (place, slot) in slots.into_iter().enumerate() {
            let is_for_ride = choice.ride.is_none() && (place == 0 || wish == WindowWish::Earliest);
            if !is_for_ride && choice.alternatives.len() == alternatives_max {
                break;
            }
            let (ride, passed_over) = self.in_window(at, errand, slot, (&able, is_for_ride));
            choice.passed_over.extend(passed_over);
            if is_for_ride {
                choice.ride = ride;
            } else {
                choice.alternatives.extend(ride);
            }
        }
        choice
    }

    /// The store's own riders by id, then carriers by preference and id.
    fn asked(&self, store: SiteId) -> Vec<&'a Courier> {
        let couriers = self.couriers.fleet().couriers().iter();
        let mut asked: Vec<(u64, &Courier)> = couriers
            .filter_map(|courier| match courier.kind {
                CourierKind::Riders { store: own } => (own == store).then_some((0, courier)),
                CourierKind::Carrier { preference } => Some((1 + u64::from(preference), courier)),
            })
            .collect();
        asked.sort_by_key(|(rank, courier)| (*rank, courier.id));
        asked.into_iter().map(|(_, courier)| courier).collect()
    }

    fn in_window(
        &self,
        at: Timestamp,
        errand: &Errand,
        slot: &DeliveryWindow,
        (able, names_those_behind): (&[&Courier], bool),
    ) -> (Option<Ride>, Vec<PassedOver>) {
        let passed = |courier: Option<CourierId>, why| PassedOver {
            courier,
            window: Some(slot.window),
            why,
        };
        if at > slot.order_by {
            let order_by = slot.order_by;
            let why = NoRide::PastCutOff { at, order_by };
            return (None, vec![passed(None, why)]);
        }
        let mut ride: Option<Ride> = None;
        let mut passed_over = Vec::new();
        for courier in able {
            let why = match &ride {
                Some(ride) if names_those_behind => NoRide::Behind {
                    chosen: ride.courier,
                },
                Some(_) => break,
                None => match self.ride(courier, errand, slot.window) {
                    Ok(found) => {
                        ride = Some(found);
                        continue;
                    }
                    Err(why) => why,
                },
            };
            passed_over.push(passed(Some(courier.id), why));
        }
        (ride, passed_over)
    }

    fn ride(&self, courier: &Courier, errand: &Errand, window: Window) -> Result<Ride, NoRide> {
        // It leaves when it is ready, but not so early that it arrives before the window.
        let millis = |at: Timestamp| i128::from(at.as_unix_millis());
        let travel = i128::from(errand.travel.as_millis());
        let leaves = millis(errand.ready_at).max(millis(window.opens_at()) - travel);
        let latest = leaves + i128::from(courier.promised.as_millis());
        if latest > millis(window.closes_at()) {
            return Err(NoRide::TooLate {
                latest: timestamp(latest),
                closes_at: window.closes_at(),
            });
        }
        let exception = courier
            .exceptions
            .iter()
            .find(|exception| exception.window == window);
        let capacity = exception.map_or(courier.capacity, |exception| exception.capacity);
        let (orders, units) = self.load(courier.id, window);
        let load = Parcels {
            orders: Orders(orders as u32),
            units: Units(units as u32),
        };
        if orders >= u64::from(capacity.orders.0) {
            return Err(NoRide::FullOrders {
                load: load.orders,
                capacity: capacity.orders,
            });
        }
        if units + u64::from(errand.size.0) > u64::from(capacity.units.0) {
            return Err(NoRide::FullUnits {
                load: load.units,
                size: errand.size,
                capacity: capacity.units,
            });
        }
        let mut fee = courier.tariff.base;
        let begun = errand.distance.as_millimetres().div_ceil(1_000_000);
        fee.0 += courier.tariff.per_kilometre.0 * begun;
        Ok(Ride {
            courier: courier.id,
            window,
            fee,
            earliest: timestamp(leaves + travel),
            latest: timestamp(latest),
        })
    }

    fn load(&self, courier: CourierId, window: Window) -> (u64, u64) {
        let load = self.loads.get(&(courier, window));
        load.copied().unwrap_or_default()
    }
}

/// What holds against a courier in every window.
fn never(courier: &Courier, errand: &Errand, address: &Address) -> Option<NoRide> {
    let Errand {
        distance,
        size,
        travel,
        ..
    } = *errand;
    if size > courier.size_max {
        let limit = courier.size_max;
        return Some(NoRide::TooLarge { size, limit });
    }
    if distance > courier.distance_max {
        let limit = courier.distance_max;
        return Some(NoRide::TooFar { distance, limit });
    }
    if travel > courier.promised {
        let promised = courier.promised;
        return Some(NoRide::TooSlow { travel, promised });
    }
    match courier.area {
        ServiceArea::Radius(radius) if distance > radius => {
            Some(NoRide::OutsideRadius { distance, radius })
        }
        _ => {
            let is_inside = Area::from(&courier.area).serves(address, distance);
            (!is_inside).then_some(NoRide::OutsideArea)
        }
    }
}

/// The nearest instant that there is.
fn timestamp(millis: i128) -> Timestamp {
    let within = millis.clamp(i64::MIN.into(), i64::MAX.into());
    Timestamp::from_unix_millis(within as i64)
}
