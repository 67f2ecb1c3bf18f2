//! Which leader knows which customer (用户资产归属).

use crate::id::CustomerId;
use crate::ledger::{Canonical, Encoder, IdTable, Pages};

/// Every customer's home, from the first order on.
#[derive(Clone, Debug, Default)]
pub(super) struct Homes {
    list: Pages<Home>,
    by_customer: IdTable,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) customer: CustomerId,
    pub(super) place: u32,
}

impl Homes {
    /// O(1).
    pub(super) fn of(&self, customer: CustomerId) -> Option<u32> {
        let slot = self
            .by_customer
            .find(customer.0, |slot| self.list[slot].customer.0)?;
        Some(self.list[slot].place)
    }

    /// The homes of these customers, and no others.
    pub(super) fn excerpt(&self, customers: impl Iterator<Item = CustomerId>) -> Self {
        let mut excerpt = Self::default();
        for customer in customers {
            if let Some(place) = self.of(customer) {
                excerpt
                    .set(customer, place)
                    .expect("no more than there are");
            }
        }
        excerpt
    }

    /// `None` past 2³² − 1 customers.
    #[must_use]
    pub(super) fn set(&mut self, customer: CustomerId, place: u32) -> Option<()> {
        let list = &mut self.list;
        let known = self
            .by_customer
            .find(customer.0, |slot| list[slot].customer.0);
        if let Some(slot) = known {
            list[slot].place = place;
        } else {
            let slot = list.push(Home { customer, place })?;
            self.by_customer.insert(customer.0, slot);
        }
        Some(())
    }

    /// All customers of one leader go to another. O(customers).
    pub(super) fn transfer(&mut self, leaver: u32, heir: u32) {
        for slot in 0..self.list.len() as u32 {
            let home = &mut self.list[slot];
            if home.place == leaver {
                home.place = heir;
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Home> {
        self.list.iter()
    }
}

impl Canonical for Homes {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.list.len());
        for home in self.list.iter() {
            to.u64(home.customer.0);
            to.u32(home.place);
        }
    }
}
