//! Couriers as bytes.

use crate::fulfil::{
    Courier, CourierKind, Couriers, Fleet, HeldRide, Parcels, Ride, Tariff, WindowCapacity,
};
use crate::ledger::{Canonical, Encoder};
use crate::time::Window;

impl Canonical for Couriers {
    fn encode(&self, to: &mut Encoder) {
        self.fleet().encode(to);
        to.all(self.rides());
    }
}

impl Canonical for Fleet {
    fn encode(&self, to: &mut Encoder) {
        self.windows().encode(to);
        to.all(self.couriers().iter());
    }
}

impl Canonical for Courier {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.id.0);
        self.kind.encode(to);
        self.area.encode(to);
        to.u64(self.distance_max.as_millimetres());
        to.u32(self.size_max.0);
        self.tariff.encode(to);
        to.u64(self.promised.as_millis());
        self.capacity.encode(to);
        to.all(self.exceptions.iter());
    }
}

impl Canonical for CourierKind {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Riders { store } => {
                to.u8(0);
                to.u64(store.0);
            }
            Self::Carrier { preference } => {
                to.u8(1);
                to.u32(*preference);
            }
        }
    }
}

impl Canonical for Parcels {
    fn encode(&self, to: &mut Encoder) {
        to.u32(self.orders.0);
        to.u32(self.units.0);
    }
}

impl Canonical for Tariff {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.base.0);
        to.u64(self.per_kilometre.0);
    }
}

impl Canonical for WindowCapacity {
    fn encode(&self, to: &mut Encoder) {
        encode_window(self.window, to);
        self.capacity.encode(to);
    }
}

impl Canonical for Ride {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.courier.0);
        encode_window(self.window, to);
        to.u64(self.fee.0);
        to.i64(self.earliest.as_unix_millis());
        to.i64(self.latest.as_unix_millis());
    }
}

impl Canonical for HeldRide {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.order.0);
        self.ride.encode(to);
        to.u32(self.size.0);
        to.u8(self.state as u8);
    }
}

fn encode_window(window: Window, to: &mut Encoder) {
    to.i64(window.opens_at().as_unix_millis());
    to.i64(window.closes_at().as_unix_millis());
}
