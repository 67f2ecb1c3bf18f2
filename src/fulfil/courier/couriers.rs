use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::fulfil::courier::fleet::capacity_of;
use crate::fulfil::{Fleet, Parcels, Ride};
use crate::id::{CourierId, OrderId};
use crate::time::Window;
use crate::units::Units;

/// A fleet at work: which order rides with whom, and so how much everybody has in every window.
///
/// A ride is *held* with its order, then *confirmed* or released, and *done* when the order has been brought: what was
/// brought still counts in its window. No courier ever gets more than they take: a ride that would be too much is
/// refused, and loads are the sums of rides. (A new fleet may lower a capacity below the load: then no more is taken.)
///
/// See [`choose`](Self::choose) for an example.
///
/// # Who is chosen
///
/// For one [`Trip`](crate::fulfil::Trip) the window comes first: the earliest that works, or the one that the buyer
/// asks for. In it the store's own riders are asked first, while they last, in the order of their ids; then the
/// carriers, in the order of the retailer's preference and of their ids. The first who can is the one. So the choice
/// is unique, and [`explain`](Self::explain) says of everybody before them why not.
///
/// # When it arrives
///
/// An order is ready at the store at some instant and travels for some time, while a courier promises the door within
/// a longer span from the store. The courier leaves when the order is ready, but no earlier than that it arrives when
/// the window opens. A window works if the promise ends before it closes.
///
/// ```text
///          ready      opens                               closes
/// ───────────┬──────────╞═════════════════════════════════╡──────→ time
///            └── wait ─┬── travel ──→ earliest            │
///                      └── promised span ───────→ latest ─┘ may be no later
/// ```
#[derive(Clone, Debug)]
pub struct Couriers {
    fleet: Arc<Fleet>,
    rides: BTreeMap<OrderId, HeldRide>,
    /// By courier and window; a courier who has had nothing yet has no row.
    loads: Vec<Vec<Parcels>>,
}

/// The ride of an order.
///
/// ```
/// use catchment::fulfil::RideState;
/// assert!(RideState::Held < RideState::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct HeldRide {
    /// Whose.
    pub order: OrderId,
    /// Who brings it, when and for how much.
    pub ride: Ride,
    /// How much room it takes.
    pub size: Units,
    /// Where it stands.
    pub state: RideState,
}

/// Where a ride stands.
///
/// ```text
///        hold        confirm            finish
///  ───────────→ Held ───────→ Confirmed ───────→ Done
///                 └──── release ──┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RideState {
    /// For an order that may still expire.
    Held,
    /// For an order that is certain.
    Confirmed,
    /// The order was brought.
    Done,
}

impl Couriers {
    /// A fleet without orders.
    #[must_use]
    pub fn new(fleet: Fleet) -> Self {
        let loads = vec![Vec::new(); fleet.couriers().len()];
        Self {
            fleet: Arc::new(fleet),
            rides: BTreeMap::new(),
            loads,
        }
    }

    /// Who there is.
    #[must_use]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The ride of one order. O(log n).
    #[must_use]
    pub fn ride(&self, order: OrderId) -> Option<&HeldRide> {
        self.rides.get(&order)
    }

    /// All rides in the order of their orders' ids.
    #[must_use]
    pub fn rides(&self) -> impl ExactSizeIterator<Item = &HeldRide> + Clone {
        self.rides.values()
    }

    /// What a courier has in a window; `None` if the fleet does not have one of the two. O(log n).
    #[must_use]
    pub fn load(&self, courier: CourierId, window: Window) -> Option<Parcels> {
        let courier = self.fleet.index(courier)?;
        let window = self.fleet.windows().index(window)?;
        Some(self.load_at(courier, window))
    }

    /// Takes an order on. The ride is believed but for the capacity and the window. O(log n).
    ///
    /// # Errors
    ///
    /// [`CourierRefusal`]; nothing has changed then.
    pub fn hold(&mut self, order: OrderId, ride: &Ride, size: Units) -> Result<(), CourierRefusal> {
        if self.rides.contains_key(&order) {
            return Err(CourierRefusal::KnownOrder { order });
        }
        if !ride.is_within_its_window() {
            return Err(CourierRefusal::NoPromise { order });
        }
        let (at, load) = self.room_for(ride, size)?;
        *self.load_mut(at) = load;
        let held = HeldRide {
            order,
            ride: *ride,
            size,
            state: RideState::Held,
        };
        self.rides.insert(order, held);
        Ok(())
    }

    /// The order of a held ride is certain. O(log n).
    ///
    /// # Errors
    ///
    /// [`CourierRefusal::UnknownOrder`] or [`WrongState`](CourierRefusal::WrongState) unless the ride is held.
    pub fn confirm(&mut self, order: OrderId) -> Result<(), CourierRefusal> {
        self.step(order, RideState::Held, RideState::Confirmed)
    }

    /// The order of a confirmed ride was brought. What it took is not free again. O(log n).
    ///
    /// # Errors
    ///
    /// [`CourierRefusal::UnknownOrder`] or [`WrongState`](CourierRefusal::WrongState) unless the ride is confirmed.
    pub fn finish(&mut self, order: OrderId) -> Result<(), CourierRefusal> {
        self.step(order, RideState::Confirmed, RideState::Done)
    }

    /// Gives the room of a ride back that is not done, and forgets it. O(log n).
    ///
    /// # Errors
    ///
    /// [`CourierRefusal::UnknownOrder`] or [`WrongState`](CourierRefusal::WrongState) if there is none, or it is done.
    pub fn release(&mut self, order: OrderId) -> Result<HeldRide, CourierRefusal> {
        let Entry::Occupied(entry) = self.rides.entry(order) else {
            return Err(CourierRefusal::UnknownOrder { order });
        };
        let state = entry.get().state;
        if state == RideState::Done {
            return Err(CourierRefusal::WrongState { order, state });
        }
        let held = entry.remove();
        if let Some(at) = self.place_of(&held.ride) {
            let load = self.load_mut(at);
            *load = load.without(held.size);
        }
        Ok(held)
    }

    /// Goes on with another fleet: riders fall ill, windows come and go. O(couriers + rides).
    ///
    /// All rides stay as they were told, whatever the new fleet would say of them; only those are forgotten that are
    /// done and whose courier or window is gone.
    pub fn adopt(&mut self, fleet: Fleet) {
        let rides = core::mem::take(&mut self.rides);
        *self = Self::new(fleet);
        for held in rides.into_values() {
            let is_known = self.place_of(&held.ride).is_some();
            if is_known || held.state != RideState::Done {
                let kept = self.put_in(held);
                debug_assert!(kept.is_some(), "each was there once, and counted");
            }
        }
    }

    /// Puts a ride in that was taken on before, whatever the capacity says now; `None` if there is one for its order,
    /// or more than can be counted.
    #[must_use]
    pub(super) fn put_in(&mut self, held: HeldRide) -> Option<()> {
        if self.rides.contains_key(&held.order) {
            return None;
        }
        if let Some(at) = self.place_of(&held.ride) {
            let load = self.load_mut(at);
            *load = load.with(held.size)?;
        }
        self.rides.insert(held.order, held);
        Some(())
    }

    /// What a courier has in a window.
    #[inline]
    pub(super) fn load_at(&self, courier: usize, window: usize) -> Parcels {
        let row = &self.loads[courier];
        row.get(window).copied().unwrap_or_default()
    }

    /// Courier and window of a ride, and what the courier would have in it.
    fn room_for(
        &self,
        ride: &Ride,
        size: Units,
    ) -> Result<((usize, usize), Parcels), CourierRefusal> {
        let (id, window) = (ride.courier, ride.window);
        let index = self.fleet.index(id);
        let index = index.ok_or(CourierRefusal::UnknownCourier { courier: id })?;
        let slot = self.fleet.windows().index(window);
        let slot = slot.ok_or(CourierRefusal::UnknownWindow { window })?;
        let load = self.load_at(index, slot);
        let capacity = capacity_of(&self.fleet.couriers()[index], window);
        let more = load.with(size).filter(|more| more.fits(capacity));
        let more = more.ok_or(CourierRefusal::Full {
            courier: id,
            window,
            load,
            capacity,
        })?;
        Ok(((index, slot), more))
    }

    fn place_of(&self, ride: &Ride) -> Option<(usize, usize)> {
        let courier = self.fleet.index(ride.courier)?;
        let window = self.fleet.windows().index(ride.window)?;
        Some((courier, window))
    }

    fn load_mut(&mut self, (courier, window): (usize, usize)) -> &mut Parcels {
        let row = &mut self.loads[courier];
        if row.is_empty() {
            row.resize(self.fleet.windows().as_slice().len(), Parcels::default());
        }
        &mut row[window]
    }

    fn step(
        &mut self,
        order: OrderId,
        from: RideState,
        to: RideState,
    ) -> Result<(), CourierRefusal> {
        let held = self.rides.get_mut(&order);
        let held = held.ok_or(CourierRefusal::UnknownOrder { order })?;
        if held.state != from {
            let state = held.state;
            return Err(CourierRefusal::WrongState { order, state });
        }
        held.state = to;
        Ok(())
    }
}

/// Why the couriers refuse a change, as things stand. Nothing has changed then.
///
/// ```
/// use catchment::fulfil::CourierRefusal;
/// use catchment::id::OrderId;
/// let refusal = CourierRefusal::UnknownOrder { order: OrderId(7) };
/// assert_eq!(refusal.to_string(), "order 7 has no ride");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CourierRefusal {
    /// The order has a ride.
    #[error("order {order} has a ride")]
    KnownOrder {
        /// Which.
        order: OrderId,
    },
    /// The order has no ride.
    #[error("order {order} has no ride")]
    UnknownOrder {
        /// Which.
        order: OrderId,
    },
    /// The ride is past that, or not yet there.
    #[error("the ride of order {order} is {state:?}")]
    WrongState {
        /// Whose.
        order: OrderId,
        /// Where it stands.
        state: RideState,
    },
    /// The ride is not promised within its window.
    #[error("the ride of order {order} is not promised within its window")]
    NoPromise {
        /// Whose.
        order: OrderId,
    },
    /// The fleet has no such courier.
    #[error("no courier {courier}")]
    UnknownCourier {
        /// Which.
        courier: CourierId,
    },
    /// The fleet has no such window.
    #[error("no window from {} to {}", window.opens_at(), window.closes_at())]
    UnknownWindow {
        /// Which.
        window: Window,
    },
    /// The courier would have more than they take.
    #[error(
        "courier {courier} has {} of {} orders, {} of {} units",
        load.orders, capacity.orders, load.units, capacity.units
    )]
    Full {
        /// Who.
        courier: CourierId,
        /// In which window.
        window: Window,
        /// What they have.
        load: Parcels,
        /// What they take.
        capacity: Parcels,
    },
}
