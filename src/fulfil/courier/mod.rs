//! Couriers as capacity: who brings what from where, in which window, for how much.
//!
//! A [`Fleet`] says who there is: the riders of a store (自有骑手) and third-party carriers (第三方配送), each with an
//! area, a tariff, a promised span and what they take in one window. [`Couriers`] are the fleet at work: what each has
//! taken in which window, for which order.

mod canonical;
mod choose;
mod couriers;
mod definition;
mod fleet;
mod ride;
mod stored;

pub use couriers::{CourierRefusal, Couriers, HeldRide, RideState};
pub use definition::{Courier, CourierKind, Parcels, Tariff, WindowCapacity};
pub use fleet::{Fleet, FleetFault, FleetFaults};
pub use ride::{CourierChoice, NoRide, PassedOver, Ride, Trip};
pub use stored::{CouriersFault, StoredCouriers};
