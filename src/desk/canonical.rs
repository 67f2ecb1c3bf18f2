//! Commands, refusals and sites as bytes.

use crate::desk::{Action, Goods, Policy, Refusal, SafetyLevel, Scope};
use crate::geo::{Position, ServiceArea};
use crate::ledger::{Canonical, Encoder};
use crate::order::{Order, Wish};
use crate::plan::Preferences;
use crate::site::{Change, Schedule, Site, SiteStatus};
use crate::units::Distance;

impl Canonical for Action {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Place { order, proposal: _ } => {
                to.u8(0);
                order.encode(to);
            }
            Self::Confirm { order } => numbers(to, 1, &[order.0]),
            Self::Release { order } => numbers(to, 2, &[order.0]),
            Self::HandOver { order } => numbers(to, 3, &[order.0]),
            Self::Consent { order, wish } => {
                numbers(to, 4, &[order.0]);
                encode_wish(*wish, to);
            }
            Self::Reject { order, site } => numbers(to, 5, &[order.0, site.0]),
            Self::Announce { scope: Scope::All } => numbers(to, 6, &[]),
            Self::Announce {
                scope: Scope::Site(site),
            } => numbers(to, 7, &[site.0]),
            Self::Announce {
                scope: Scope::Order(order),
            } => numbers(to, 8, &[order.0]),
            Self::Adopt { changes } => {
                to.u8(9);
                to.all(changes.iter());
            }
            Self::SetPrices { prices } => {
                to.u8(10);
                to.len(prices.len());
                for (site, price) in prices {
                    to.u64(site.0);
                    to.i64(price.as_millimetres());
                }
            }
            Self::Deliver(pieces) => encode_pieces(to, 11, pieces),
            Self::Sell(pieces) => encode_pieces(to, 12, pieces),
            Self::Count(pieces) => encode_pieces(to, 13, pieces),
            Self::SetSafety { level, pieces } => {
                match level {
                    SafetyLevel::Network => numbers(to, 14, &[]),
                    SafetyLevel::Site(site) => numbers(to, 15, &[site.0]),
                    SafetyLevel::Sku { site, sku } => numbers(to, 16, &[site.0, sku.0]),
                }
                to.option(*pieces, |to, pieces| to.u32(pieces.0));
            }
            Self::Transfer { leaver, heir } => numbers(to, 17, &[leaver.0, heir.0]),
        }
    }
}

impl Canonical for Refusal {
    fn encode(&self, to: &mut Encoder) {
        match *self {
            Self::KnownOrder { order } => numbers(to, 0, &[order.0]),
            Self::TooManyOrders { limit } => numbers(to, 1, &[limit as u64]),
            Self::UnknownOrder { order } => numbers(to, 2, &[order.0]),
            Self::WrongState { order, state } => numbers(to, 3, &[order.0, state as u64]),
            Self::Stranded { order } => numbers(to, 4, &[order.0]),
            Self::UnknownSite { site } => numbers(to, 5, &[site.0]),
            Self::NotThere { order, site } => numbers(to, 6, &[order.0, site.0]),
            Self::NoLeader { site } => numbers(to, 7, &[site.0]),
            Self::UnsoundChanges { faults } => numbers(to, 8, &[u64::from(faults)]),
            Self::NotEligible { site } => numbers(to, 9, &[site.0]),
            Self::NoEligibleSite => to.u8(10),
            Self::SiteFull { site, room } => numbers(to, 11, &[site.0, room.0.into()]),
            Self::EverySiteFull => to.u8(12),
            Self::OutOfStock { site, sku, free } => {
                numbers(to, 13, &[site.0, sku.0, free.0.into()]);
            }
            Self::HeldForOrders { site, sku, unheld } => {
                numbers(to, 14, &[site.0, sku.0, unheld.0.into()]);
            }
            Self::TooManyPieces { site, sku } => numbers(to, 15, &[site.0, sku.0]),
        }
    }
}

impl Canonical for Preferences {
    fn encode(&self, to: &mut Encoder) {
        for worth in [self.home, self.store, self.leader] {
            to.u64(worth.as_millimetres());
        }
        to.len(self.sites.len());
        for (site, worth) in &self.sites {
            to.u64(site.0);
            to.u64(worth.as_millimetres());
        }
    }
}

impl Canonical for Policy {
    fn encode(&self, to: &mut Encoder) {
        to.u8(self.promise as u8);
        for duration in [self.hold_for, self.cooling_off] {
            to.u64(duration.as_secs());
            to.u32(duration.subsec_nanos());
        }
        to.option(self.open_at, |to, at| to.i64(at.as_unix_millis()));
        self.preferences.encode(to);
        to.u32(self.safety_stock.0);
        to.u8(self.attempts_max);
        to.i64(self.horizon.as_unix_millis());
        to.len(self.listed);
    }
}

impl Canonical for Order {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.id.0);
        encode_position(self.position, to);
        to.option(self.customer, |to, customer| to.u64(customer.0));
        to.option(self.home, |to, home| to.u64(home.0));
        to.len(self.lines.len());
        for line in &self.lines {
            to.u64(line.sku.0);
            to.u32(line.quantity.0);
        }
        to.u32(self.size.0);
        encode_tags(self.required_tags, to);
        encode_wish(self.wish, to);
    }
}

impl Canonical for Change {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Open(site) => {
                to.u8(0);
                site.encode(to);
            }
            Self::Close(site) => numbers(to, 1, &[site.0]),
            Self::SetStatus { site, status } => {
                numbers(to, 2, &[site.0, u64::from(*status == SiteStatus::Open)]);
            }
            Self::Move { site, to: position } => {
                numbers(to, 3, &[site.0]);
                encode_position(*position, to);
            }
            Self::SetCapacity { site, capacity } => numbers(to, 4, &[site.0, capacity.0.into()]),
            Self::SetArea { site, area } => {
                numbers(to, 5, &[site.0]);
                area.encode(to);
            }
            Self::SetTags { site, tags } => {
                numbers(to, 6, &[site.0]);
                encode_tags(*tags, to);
            }
            Self::SetSchedule { site, schedule } => {
                numbers(to, 7, &[site.0]);
                encode_schedule(schedule, to);
            }
            Self::SetSupplier { site, supplied_by } => {
                numbers(to, 8, &[site.0]);
                to.option(*supplied_by, |to, supplier| to.u64(supplier.0));
            }
        }
    }
}

impl Canonical for Site {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.id.0);
        to.u8(self.kind as u8);
        encode_position(self.position, to);
        to.u32(self.capacity.0);
        to.u8(u8::from(self.status == SiteStatus::Open));
        self.area.encode(to);
        encode_tags(self.tags, to);
        to.option(self.supplied_by, |to, supplier| to.u64(supplier.0));
        encode_schedule(&self.schedule, to);
    }
}

impl Canonical for ServiceArea {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Unlimited => to.u8(0),
            Self::Radius(radius) => numbers(to, 1, &[Distance::as_millimetres(*radius)]),
            Self::Polygon(polygons) => {
                to.u8(2);
                to.len(polygons.0.len());
                for polygon in &polygons.0 {
                    to.len(1 + polygon.interiors().len());
                    for ring in core::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                        to.len(ring.0.len());
                        for corner in &ring.0 {
                            to.u64(corner.x.to_bits());
                            to.u64(corner.y.to_bits());
                        }
                    }
                }
            }
            Self::Cells(cells) => {
                to.u8(3);
                to.len(cells.len());
                cells.iter().for_each(|cell| to.u64(cell.to_u64()));
            }
        }
    }
}

fn numbers(to: &mut Encoder, variant: u8, numbers: &[u64]) {
    to.u8(variant);
    for number in numbers {
        to.u64(*number);
    }
}

fn encode_pieces(to: &mut Encoder, variant: u8, pieces: &Goods) {
    numbers(to, variant, &[pieces.site.0, pieces.sku.0]);
    to.u32(pieces.pieces.0);
}

fn encode_wish(wish: Wish, to: &mut Encoder) {
    match wish {
        Wish::Any => to.u8(0),
        Wish::Site(site) => numbers(to, 1, &[site.0]),
        Wish::Within(distance) => numbers(to, 2, &[distance.as_millimetres()]),
        Wish::Deliver => to.u8(3),
    }
}

fn encode_position(position: Position, to: &mut Encoder) {
    to.u64(position.lng().to_bits());
    to.u64(position.lat().to_bits());
}

fn encode_tags(tags: crate::site::Tags, to: &mut Encoder) {
    let bits = tags.iter().fold(0, |bits, tag| bits | 1 << tag.number());
    to.u64(bits);
}

fn encode_schedule(schedule: &Schedule, to: &mut Encoder) {
    to.u8(u8::from(schedule.is_always()));
    to.len(schedule.openings().len());
    for opening in schedule.openings() {
        to.i64(opening.window.opens_at().as_unix_millis());
        to.i64(opening.window.closes_at().as_unix_millis());
        to.option(opening.capacity, |to, capacity| to.u32(capacity.0));
    }
}
