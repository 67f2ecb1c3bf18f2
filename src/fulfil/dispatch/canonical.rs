//! Commands and policies as bytes.

use crate::fulfil::dispatch::{Action, Division, Share};
use crate::fulfil::{OptionsPolicy, SplitPolicy};
use crate::id::OrderId;
use crate::ledger::{Canonical, Encoder};

impl Canonical for Action {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Take {
                order,
                choice,
                division,
            } => {
                to.u8(0);
                order.encode(to);
                choice.encode(to);
                to.option(division.as_ref(), |to, division| division.encode(to));
            }
            Self::TakeParts { order, parts } => {
                to.u8(1);
                order.encode(to);
                to.all(parts.iter());
            }
            Self::TakeSettled { orders } => {
                to.u8(2);
                to.len(orders.len());
                for order in orders {
                    order.encode(to);
                }
            }
            Self::Confirm { order } => numbered(to, 3, *order),
            Self::Cancel { order } => numbered(to, 4, *order),
            Self::Choose { part, choice } => {
                numbered(to, 5, *part);
                choice.encode(to);
            }
            Self::Ready { part } => numbered(to, 6, *part),
            Self::PickUp { part } => numbered(to, 7, *part),
            Self::SendOut { part } => numbered(to, 8, *part),
            Self::Deliver { part } => numbered(to, 9, *part),
            Self::Return { part } => numbered(to, 10, *part),
            Self::Reject { part, site } => {
                numbered(to, 11, *part);
                to.u64(site.0);
            }
            Self::Desk(action) => {
                to.u8(12);
                action.encode(to);
            }
            Self::Staff { fleet } => {
                to.u8(13);
                fleet.encode(to);
            }
        }
    }
}

impl Canonical for Division {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.parts.len());
        for part in &self.parts {
            to.u64(part.0);
        }
        to.len(self.prices.len());
        for price in &self.prices {
            to.u64(price.0);
        }
        to.len(self.bundles.len());
        for bundle in &self.bundles {
            to.len(bundle.skus.len());
            for sku in &bundle.skus {
                to.u64(sku.0);
            }
            to.u32(bundle.sets.0);
        }
    }
}

impl Canonical for OptionsPolicy {
    fn encode(&self, to: &mut Encoder) {
        let settings = self.settings();
        for count in [
            settings.pickups_max,
            settings.deliveries_max,
            settings.rejected_max,
            settings.alternatives_max,
        ] {
            to.len(count);
        }
        to.u64(settings.walk_max.as_millimetres());
        to.u64(settings.delivery_distance_max.as_millimetres());
        to.u64(settings.pickup_discount.0);
        to.u32(settings.metres_per_hour);
        let preparation = &settings.preparation;
        to.u64(preparation.store.as_millis());
        to.u64(preparation.leader.as_millis());
        to.len(preparation.sites.len());
        for (site, span) in &preparation.sites {
            to.u64(site.0);
            to.u64(span.as_millis());
        }
        self.rules().encode(to);
    }
}

impl Canonical for SplitPolicy {
    fn encode(&self, to: &mut Encoder) {
        to.u8(self.mode as u8);
        to.u8(self.sources_max.get());
        to.u64(self.part_value_min.0);
        to.u8(self.pieces as u8);
    }
}

impl Canonical for Share {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.part.0);
        to.len(self.lines.len());
        for line in &self.lines {
            to.u64(line.sku.0);
            to.u32(line.quantity.0);
        }
        to.u32(self.size.0);
        self.choice.encode(to);
    }
}

fn numbered(to: &mut Encoder, variant: u8, order: OrderId) {
    to.u8(variant);
    to.u64(order.0);
}
