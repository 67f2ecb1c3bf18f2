//! Who brings what: loads added up again, and every promise worked out again.

use std::collections::BTreeMap;

use crate::fulfil::dispatch::Terms;
use crate::fulfil::{Courier, CourierKind, Fleet, OptionsSettings, Parcels, Ride};
use crate::geo::Position;
use crate::id::{CourierId, OrderId};
use crate::order::Order;
use crate::site::{Site, SiteKind};
use crate::time::{Timestamp, Window};
use crate::units::{Distance, Units};
use crate::verify::areas::{Address, Area};
use crate::verify::fulfil::{DispatchViolation, DispatchViolations};

/// What the events so far say of the couriers.
pub(super) struct Rides {
    fleet: Fleet,
    settings: OptionsSettings,
    taken: BTreeMap<OrderId, Taken>,
    /// Orders and units.
    loads: BTreeMap<(CourierId, Window), (u64, u64)>,
}

struct Taken {
    ride: Ride,
    size: Units,
    stands: Stands,
}

/// Where a ride stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Held,
    Certain,
    Done,
}

impl Rides {
    pub(super) fn new(terms: &Terms) -> Self {
        Self {
            fleet: terms.fleet.clone(),
            settings: terms.service.options.settings().clone(),
            taken: BTreeMap::new(),
            loads: BTreeMap::new(),
        }
    }

    pub(super) fn staffed(&mut self, fleet: &Fleet) {
        self.fleet = fleet.clone();
    }

    /// Where the ride of a part stands; `None` if it has none.
    pub(super) fn stands(&self, part: OrderId) -> Option<Stands> {
        self.taken.get(&part).map(|taken| taken.stands)
    }

    /// A courier takes a part on: one that has no ride, with room for it.
    pub(super) fn held(
        &mut self,
        sequence: u64,
        part: OrderId,
        (ride, size): (Ride, Units),
        violations: &mut DispatchViolations,
    ) {
        let stands = Stands::Held;
        let taken = Taken { ride, size, stands };
        if self.taken.insert(part, taken).is_some() {
            violations.push(DispatchViolation::Ride { sequence, part });
        }
        let (courier, window) = (ride.courier, ride.window);
        let load = self.loads.entry((courier, window)).or_default();
        *load = (load.0 + 1, load.1 + u64::from(size.0));
        let (orders, units) = *load;
        let limit = self.courier(courier).map(|known| takes(known, window));
        let limit = limit.unwrap_or_default();
        if orders > u64::from(limit.orders.0) || units > u64::from(limit.units.0) {
            violations.push(DispatchViolation::OverLoaded {
                courier,
                window,
                orders,
                units,
            });
        }
    }

    /// A ride goes on, from where it has to stand.
    pub(super) fn goes_on(
        &mut self,
        sequence: u64,
        part: OrderId,
        (from, to): (Stands, Stands),
        violations: &mut DispatchViolations,
    ) {
        match self.taken.get_mut(&part) {
            Some(taken) if taken.stands == from => taken.stands = to,
            _ => violations.push(DispatchViolation::Ride { sequence, part }),
        }
    }

    pub(super) fn released(
        &mut self,
        sequence: u64,
        part: OrderId,
        violations: &mut DispatchViolations,
    ) {
        let taken = self.taken.remove(&part);
        let Some(taken) = taken.filter(|taken| taken.stands != Stands::Done) else {
            violations.push(DispatchViolation::Ride { sequence, part });
            return;
        };
        let key = (taken.ride.courier, taken.ride.window);
        if let Some(load) = self.loads.get_mut(&key) {
            *load = (
                load.0.saturating_sub(1),
                load.1.saturating_sub(u64::from(taken.size.0)),
            );
        }
    }

    /// Whether the ride that a part was given at an instant is one that its courier gives from its store.
    pub(super) fn is_sound(&self, at: Timestamp, order: &Order, store: &Site) -> bool {
        let Some(taken) = self.taken.get(&order.id) else {
            return false;
        };
        let ride = &taken.ride;
        let slots = self.fleet.windows().as_slice().iter();
        let mut in_time = slots.filter(|slot| slot.window == ride.window && at <= slot.order_by);
        self.courier(ride.courier).is_some_and(|courier| {
            let (from, to) = (store.position, order.position);
            let distance = from.distance_to(to);
            let is_theirs = match courier.kind {
                CourierKind::Riders { store: theirs } => theirs == store.id,
                CourierKind::Carrier { .. } => true,
            };
            in_time.next().is_some()
                && is_theirs
                && store.kind == SiteKind::Store
                && distance <= self.settings.delivery_distance_max
                && taken.size == order.size
                && order.size <= courier.size_max
                && distance <= courier.distance_max
                && serves(courier, to, distance)
                && self.is_promised(at, ride, courier, (store, distance))
        })
    }

    /// Whether fee and times of a ride are those of its courier, for this distance.
    fn is_promised(
        &self,
        at: Timestamp,
        ride: &Ride,
        courier: &Courier,
        (store, far): (&Site, Distance),
    ) -> bool {
        let (opens, closes) = (ride.window.opens_at(), ride.window.closes_at());
        let [at, opens, closes] =
            [at, opens, closes].map(|instant| i128::from(instant.as_unix_millis()));
        let millimetres = i128::from(far.as_millimetres());
        let hourly = i128::from(self.settings.metres_per_hour) * 1_000;
        let travel = (millimetres * 3_600_000 + hourly - 1) / hourly;
        let packs = &self.settings.preparation;
        let packs = packs.sites.get(&store.id).unwrap_or(&packs.store);
        let leaves = (at + i128::from(packs.as_millis())).max(opens - travel);
        let promised = i128::from(courier.promised.as_millis());
        let begun = (millimetres + 999_999) / 1_000_000;
        let tariff = &courier.tariff;
        let fee = i128::from(tariff.base.0) + begun * i128::from(tariff.per_kilometre.0);
        travel <= promised
            && leaves + promised <= closes
            && i128::from(ride.earliest.as_unix_millis()) == leaves + travel
            && i128::from(ride.latest.as_unix_millis()) == leaves + promised
            && i128::from(ride.fee.0) == fee
    }

    fn courier(&self, id: CourierId) -> Option<&Courier> {
        self.fleet
            .couriers()
            .iter()
            .find(|courier| courier.id == id)
    }
}

/// What a courier takes in a window.
fn takes(courier: &Courier, window: Window) -> Parcels {
    let exception = courier
        .exceptions
        .iter()
        .find(|exception| exception.window == window);
    exception.map_or(courier.capacity, |exception| exception.capacity)
}

fn serves(courier: &Courier, to: Position, distance: Distance) -> bool {
    Area::from(&courier.area).serves(&Address::new(to), distance)
}
