//! Couriers as data.

use crate::fulfil::{Courier, Couriers, DeliveryWindow, DeliveryWindows, Fleet, FleetFaults};
use crate::fulfil::{HeldRide, RideState, WindowFaults};
use crate::id::OrderId;
use crate::limits::Limits;

/// The state of couriers as plain data. To be kept, not to be read.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredCouriers {
    windows: Vec<DeliveryWindow>,
    couriers: Vec<Courier>,
    rides: Vec<HeldRide>,
}

/// Stored data that are no couriers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CouriersFault {
    /// The windows are none.
    #[error("windows: {0}")]
    Windows(WindowFaults),
    /// The couriers are no fleet.
    #[error("couriers: {0}")]
    Fleet(FleetFaults),
    /// More rides than orders may be.
    #[error("{rides} rides, limit is {limit}")]
    TooManyRides {
        /// How many there are.
        rides: usize,
        /// [`Limits::orders_max`].
        limit: usize,
    },
    /// A ride that is there twice, is promised after its window, or is one too many to be counted.
    #[error("the ride of order {order} can't be")]
    Ride {
        /// Whose.
        order: OrderId,
    },
}

impl Couriers {
    /// The state as plain data. O(n).
    ///
    /// ```
    /// use catchment::fulfil::{Couriers, DeliveryWindows, Fleet};
    /// use catchment::ledger::Encoder;
    /// use catchment::limits::Limits;
    /// let limits = Limits::default();
    /// let couriers = Couriers::new(Fleet::new(DeliveryWindows::default(), Vec::new(), &limits)?);
    /// let again = Couriers::restore(couriers.store(), &limits)?;
    /// assert_eq!(Encoder::hash_of(&again), Encoder::hash_of(&couriers));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn store(&self) -> StoredCouriers {
        StoredCouriers {
            windows: self.fleet().windows().as_slice().to_vec(),
            couriers: self.fleet().couriers().to_vec(),
            rides: self.rides().copied().collect(),
        }
    }

    /// The state again; loads are added up anew. O(n log n).
    ///
    /// # Errors
    ///
    /// The first [`CouriersFault`].
    pub fn restore(stored: StoredCouriers, limits: &Limits) -> Result<Self, CouriersFault> {
        let (rides, limit) = (stored.rides.len(), limits.orders_max);
        if rides > limit {
            return Err(CouriersFault::TooManyRides { rides, limit });
        }
        let windows = DeliveryWindows::new(stored.windows, limits);
        let windows = windows.map_err(CouriersFault::Windows)?;
        let fleet = Fleet::new(windows, stored.couriers, limits);
        let mut couriers = Self::new(fleet.map_err(CouriersFault::Fleet)?);
        for held in stored.rides {
            let ride = &held.ride;
            // What is done and no longer known would have been forgotten.
            let is_current =
                held.state != RideState::Done || couriers.load(ride.courier, ride.window).is_some();
            let order = held.order;
            let put_in = (ride.is_within_its_window() && is_current)
                .then(|| couriers.put_in(held))
                .flatten();
            put_in.ok_or(CouriersFault::Ride { order })?;
        }
        Ok(couriers)
    }
}
