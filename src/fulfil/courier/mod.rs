//! Couriers as capacity: who brings what from where, in which window, for how much.
//!
//! A [`Fleet`] says who there is: the riders of a store (自有骑手) and third-party carriers (第三方配送), each with an
//! area, a tariff, a promised span and what they take in one window. [`Couriers`] are the fleet at work: what each has
//! taken in which window, for which order.
//!
//! # Who is chosen
//!
//! For one [`Trip`] the window comes first: the earliest that works, or the one that the buyer asks for. In it the
//! store's own riders are asked first, while they last, in the order of their ids; then the carriers, in the order of
//! the retailer's preference and of their ids. The first who can is the one. So the choice is unique, and
//! [`explain`](Couriers::explain) says of everybody before them why not.
//!
//! # When it arrives
//!
//! An order is ready at the store at some instant and travels for some time, while a courier promises the door within
//! a longer span from the store. The courier leaves when the order is ready, but no earlier than that it arrives when
//! the window opens. A window works if the promise ends before it closes.
//!
//! ```text
//!          ready      opens                               closes
//! ───────────┬──────────╞═════════════════════════════════╡──────→ time
//!            └── wait ─┬── travel ──→ earliest            │
//!                      └── promised span ───────→ latest ─┘ may be no later
//! ```

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
