//! Every order and part that was ever taken, and where it stands in its life.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fulfil::dispatch::Mismatch;
use crate::fulfil::{Life, Way};
use crate::id::OrderId;
use crate::ledger::{Canonical, Encoder, IdTable, Pages};
use crate::order::Order;

/// One part of an order, or an order that is whole.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) id: OrderId,
    /// The order that it belongs to: itself, if that is whole.
    pub(super) of: OrderId,
    pub(super) way: Way,
    pub(super) life: Life,
}

/// An order that was taken in parts.
#[derive(Clone, Debug)]
pub(super) struct Divided {
    pub(super) order: Arc<Order>,
    pub(super) parts: Vec<OrderId>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    list: Pages<Part>,
    by_id: IdTable,
    /// The few orders that came in parts.
    divided: BTreeMap<OrderId, Divided>,
}

impl Parts {
    /// How many parts there are: as many as orders at the desk.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The slot of a part. O(1).
    pub(super) fn find(&self, part: OrderId) -> Option<u32> {
        self.by_id.find(part.0, |slot| self.list[slot].id.0)
    }

    /// O(1).
    pub(super) fn get(&self, part: OrderId) -> Option<&Part> {
        self.find(part).map(|slot| &self.list[slot])
    }

    pub(super) fn get_mut(&mut self, part: OrderId) -> Option<&mut Part> {
        let slot = self.find(part)?;
        self.list.get_mut(slot)
    }

    /// An order that is in parts. O(log n) in such orders.
    pub(super) fn divided(&self, order: OrderId) -> Option<&Divided> {
        self.divided.get(&order)
    }

    /// Whether a part or an order has this id.
    pub(super) fn knows(&self, id: OrderId) -> bool {
        self.find(id).is_some() || self.divided.contains_key(&id)
    }

    pub(super) fn push(&mut self, part: Part) -> Result<(), Mismatch> {
        if self.knows(part.id) {
            return Err(Mismatch::KnownOrder { order: part.id });
        }
        let id = part.id;
        let slot = self.list.push(part).ok_or(Mismatch::TooMany)?;
        self.by_id.insert(id.0, slot);
        Ok(())
    }

    pub(super) fn divide(&mut self, divided: Divided) -> Result<(), Mismatch> {
        let order = divided.order.id;
        if self.knows(order) {
            return Err(Mismatch::KnownOrder { order });
        }
        self.divided.insert(order, divided);
        Ok(())
    }

    /// In the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.list.iter()
    }

    /// The orders in parts, in the order of their ids.
    pub(super) fn all_divided(&self) -> impl Iterator<Item = &Divided> {
        self.divided.values()
    }
}

impl Canonical for Parts {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.list.len());
        for part in self.iter() {
            to.u64(part.id.0);
            to.u64(part.of.0);
            to.u8(part.way as u8);
            to.u8(part.life as u8);
        }
        to.len(self.divided.len());
        for divided in self.all_divided() {
            divided.order.encode(to);
            to.len(divided.parts.len());
            for part in &divided.parts {
                to.u64(part.0);
            }
        }
    }
}
