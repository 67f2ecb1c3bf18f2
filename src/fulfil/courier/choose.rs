//! Who brings it: one search, once for the answer alone and once with all reasons.

use core::ops::Range;

use crate::fulfil::courier::couriers::Couriers;
use crate::fulfil::courier::definition::Courier;
use crate::fulfil::courier::fleet::capacity_of;
use crate::fulfil::{CourierChoice, DeliveryWindow, NoRide, PassedOver, Ride, Trip, WindowWish};
use crate::geo::{Address, Chord, CompiledArea};
use crate::time::Timestamp;
use crate::units::Distance;

impl Couriers {
    /// Who brings it, or `None` if nobody does: see [`explain`](Self::explain) for why.
    ///
    /// O(log couriers + (riders of the store + carriers) × windows); nothing is allocated.
    ///
    /// ```
    /// use catchment::fulfil::{
    ///     Courier, CourierKind, Couriers, DeliveryWindow, DeliveryWindows, Fleet, Parcels, Trip, WindowWish,
    /// };
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CourierId, OrderId, SiteId};
    /// use catchment::limits::Limits;
    /// use catchment::time::{Span, Timestamp, Window};
    /// use catchment::units::{Orders, Units};
    ///
    /// let minute = |minute: i64| Timestamp::from_unix_millis(minute * 60_000);
    /// let evening = DeliveryWindow { window: Window::new(minute(0), minute(240))?, order_by: minute(120) };
    /// let windows = DeliveryWindows::new([evening], &Limits::default())?;
    /// let one = Parcels { orders: Orders(1), units: Units(10) };
    /// let riders = Courier::new(CourierId(1), CourierKind::Riders { store: SiteId(7) }, one);
    /// let carrier = Courier::new(CourierId(2), CourierKind::Carrier { preference: 0 }, one);
    /// let mut couriers = Couriers::new(Fleet::new(windows, vec![riders, carrier], &Limits::default())?);
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let trip = Trip {
    ///     store: SiteId(7), from: at(121.40)?, to: at(121.41)?, size: Units(1),
    ///     ready_at: minute(20), travel: Span::from_minutes(10),
    /// };
    /// let first = couriers.choose(minute(5), &trip, WindowWish::Earliest).expect("nobody has anything yet");
    /// assert_eq!((first.courier, first.earliest, first.latest), (CourierId(1), minute(30), minute(140)));
    ///
    /// // Own riders while they last, then a third party, then nobody.
    /// couriers.hold(OrderId(1), &first, trip.size)?;
    /// let second = couriers.choose(minute(5), &trip, WindowWish::Earliest).expect("the carrier has nothing yet");
    /// assert_eq!(second.courier, CourierId(2));
    /// couriers.hold(OrderId(2), &second, trip.size)?;
    /// assert_eq!(couriers.choose(minute(5), &trip, WindowWish::Earliest), None);
    /// let why = couriers.explain(minute(5), &trip, WindowWish::Earliest, 0);
    /// assert_eq!(
    ///     why.passed_over[0].to_string(),
    ///     "courier 1 from 1970-01-01T00:00:00Z to 1970-01-01T04:00:00Z: has 1 of 1 orders",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn choose(&self, at: Timestamp, trip: &Trip, wish: WindowWish) -> Option<Ride> {
        self.choose_to(at, trip, wish, &Address::from(trip.to))
    }

    /// Who brings it, in which later windows somebody would, at most `alternatives_max`, and why nobody better or
    /// earlier does.
    ///
    /// O(log couriers + (riders of the store + carriers) × windows).
    #[must_use]
    pub fn explain(
        &self,
        at: Timestamp,
        trip: &Trip,
        wish: WindowWish,
        alternatives_max: usize,
    ) -> CourierChoice {
        let address = Address::from(trip.to);
        Asking::new(self, at, trip, &address).all(wish, alternatives_max)
    }

    /// As [`choose`](Self::choose), for an address that is known already.
    pub(in crate::fulfil) fn choose_to(
        &self,
        at: Timestamp,
        trip: &Trip,
        wish: WindowWish,
        address: &Address,
    ) -> Option<Ride> {
        Asking::new(self, at, trip, address).first(wish)
    }
}

/// One question to the couriers.
struct Asking<'a> {
    couriers: &'a Couriers,
    at: Timestamp,
    trip: &'a Trip,
    distance: Distance,
    address: &'a Address,
}

impl<'a> Asking<'a> {
    fn new(couriers: &'a Couriers, at: Timestamp, trip: &'a Trip, address: &'a Address) -> Self {
        let distance = trip.from.unit_vector().distance_to(address.at);
        Self {
            couriers,
            at,
            trip,
            distance,
            address,
        }
    }

    /// The first courier in the first window. Courier by courier, as most are found in the first window that takes
    /// orders: whoever comes later must be earlier, not as early.
    fn first(&self, wish: WindowWish) -> Option<Ride> {
        let fleet = self.couriers.fleet();
        let mut windows = self.asked(wish)?;
        if matches!(wish, WindowWish::In(_)) {
            windows.end = windows.start + 1;
        }
        let mut best = None;
        for index in fleet.of_store(self.trip.store) {
            if windows.is_empty() {
                break;
            }
            let courier = &fleet.couriers()[index];
            if self.never(index, courier).is_some() {
                continue;
            }
            let takes_orders = |window: &usize| self.slot(*window).takes_orders_at(self.at);
            let found = windows.clone().filter(takes_orders).find_map(|window| {
                let ride = self.ride(index, courier, window).ok()?;
                Some((window, ride))
            });
            if let Some((window, ride)) = found {
                windows.end = window;
                best = Some(ride);
            }
        }
        best
    }

    /// The same window by window, with all that is not chosen.
    fn all(&self, wish: WindowWish, alternatives_max: usize) -> CourierChoice {
        let mut choice = CourierChoice::default();
        let passed_over = &mut choice.passed_over;
        let fleet = self.couriers.fleet();
        let mut able = Vec::new();
        for index in fleet.of_store(self.trip.store) {
            let courier = &fleet.couriers()[index];
            match self.never(index, courier) {
                None => able.push((index, courier)),
                Some(why) => passed_over.push(PassedOver {
                    courier: Some(courier.id),
                    window: None,
                    why,
                }),
            }
        }
        let Some(windows) = self.asked(wish) else {
            if let WindowWish::In(window) = wish {
                passed_over.push(PassedOver {
                    courier: None,
                    window: Some(window),
                    why: NoRide::UnknownWindow,
                });
            }
            return choice;
        };
        let asked = windows.start;
        for window in windows {
            let slot = self.slot(window);
            let is_asked = wish == WindowWish::Earliest || window == asked;
            if choice.alternatives.len() == alternatives_max && (choice.ride.is_some() || !is_asked)
            {
                break;
            }
            let is_over = slot.window.closes_at() <= self.at;
            if is_over && wish == WindowWish::Earliest {
                continue;
            }
            let found = self.in_window(window, &able, &mut choice.passed_over);
            match found {
                Some(ride) if is_asked && choice.ride.is_none() => {
                    choice.ride = Some(ride);
                    behind(&ride, &able, &mut choice.passed_over);
                }
                Some(ride) => choice.alternatives.push(ride),
                None => {}
            }
        }
        choice
    }

    /// The first courier in one window, and why those before can't.
    fn in_window(
        &self,
        window: usize,
        able: &[(usize, &Courier)],
        passed_over: &mut Vec<PassedOver>,
    ) -> Option<Ride> {
        let slot = self.slot(window);
        let mut pass_over = |courier: Option<&Courier>, why| {
            passed_over.push(PassedOver {
                courier: courier.map(|courier| courier.id),
                window: Some(slot.window),
                why,
            });
        };
        if !slot.takes_orders_at(self.at) {
            let (at, order_by) = (self.at, slot.order_by);
            pass_over(None, NoRide::PastCutOff { at, order_by });
            return None;
        }
        for (index, courier) in able {
            match self.ride(*index, courier, window) {
                Ok(ride) => return Some(ride),
                Err(why) => pass_over(Some(courier), why),
            }
        }
        None
    }

    /// The windows to look at: from the first on, or from the one that is asked for; `None` if there is no such one.
    fn asked(&self, wish: WindowWish) -> Option<Range<usize>> {
        let windows = self.couriers.fleet().windows();
        let first = match wish {
            WindowWish::Earliest => 0,
            WindowWish::In(window) => windows.index(window)?,
        };
        Some(first..windows.as_slice().len())
    }

    fn slot(&self, window: usize) -> &DeliveryWindow {
        &self.couriers.fleet().windows().as_slice()[window]
    }

    /// Why a courier can't bring it in any window.
    fn never(&self, index: usize, courier: &Courier) -> Option<NoRide> {
        let trip = self.trip;
        if trip.size > courier.size_max {
            let (size, limit) = (trip.size, courier.size_max);
            return Some(NoRide::TooLarge { size, limit });
        }
        if self.distance > courier.distance_max {
            let (distance, limit) = (self.distance, courier.distance_max);
            return Some(NoRide::TooFar { distance, limit });
        }
        if trip.travel > courier.promised {
            let (travel, promised) = (trip.travel, courier.promised);
            return Some(NoRide::TooSlow { travel, promised });
        }
        match self.couriers.fleet().area(index) {
            CompiledArea::Unlimited => None,
            CompiledArea::Radius { radius, .. } => {
                let (distance, radius) = (self.distance, *radius);
                (distance > radius).then_some(NoRide::OutsideRadius { distance, radius })
            }
            // The other kinds lie where they lie: no chord is asked.
            area => {
                let is_inside = area.contains(self.address, Chord::short(0.0));
                (!is_inside).then_some(NoRide::OutsideArea)
            }
        }
    }

    /// The ride of a courier who can, in a window that takes orders; or why not.
    fn ride(&self, index: usize, courier: &Courier, window: usize) -> Result<Ride, NoRide> {
        let span = self.slot(window).window;
        let (opens_at, closes_at) = (span.opens_at(), span.closes_at());
        let millis = |at: Timestamp| i128::from(at.as_unix_millis());
        let [travel, promised] =
            [self.trip.travel, courier.promised].map(|span| i128::from(span.as_millis()));
        let earliest = (millis(self.trip.ready_at) + travel).max(millis(opens_at));
        let latest = earliest - travel + promised;
        let stamp = |millis: i128| match i64::try_from(millis) {
            Ok(millis) => Timestamp::from_unix_millis(millis),
            Err(_) => Timestamp::MAX,
        };
        if latest > millis(closes_at) {
            let latest = stamp(latest);
            return Err(NoRide::TooLate { latest, closes_at });
        }
        let load = self.couriers.load_at(index, window);
        let capacity = capacity_of(courier, span);
        let size = self.trip.size;
        if load.orders >= capacity.orders {
            return Err(NoRide::FullOrders {
                load: load.orders,
                capacity: capacity.orders,
            });
        }
        if load.with(size).is_none_or(|more| !more.fits(capacity)) {
            return Err(NoRide::FullUnits {
                load: load.units,
                size,
                capacity: capacity.units,
            });
        }
        let fee = courier.tariff.fee(self.distance);
        Ok(Ride {
            courier: courier.id,
            window: span,
            fee: fee.expect("the fleet has checked the fee of the longest way"),
            earliest: stamp(earliest),
            latest: stamp(latest),
        })
    }
}

/// Whoever is asked after the one who was chosen.
fn behind(ride: &Ride, able: &[(usize, &Courier)], passed_over: &mut Vec<PassedOver>) {
    let from_chosen = able
        .iter()
        .skip_while(|(_, courier)| courier.id != ride.courier);
    for (_, courier) in from_chosen.skip(1) {
        passed_over.push(PassedOver {
            courier: Some(courier.id),
            window: Some(ride.window),
            why: NoRide::Behind {
                chosen: ride.courier,
            },
        });
    }
}
