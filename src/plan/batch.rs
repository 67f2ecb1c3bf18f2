use std::borrow::Cow;

use crate::id::OrderId;
use crate::order::Order;
use crate::plan::Decision;
use crate::plan::result::Asked;

/// The orders of a batch by *rank*, their place in the order of ids: whatever is done in this order does not depend
/// on the order in which they came.
pub(super) enum Batch<'a> {
    /// As they were given, with the index of each by rank.
    Given {
        orders: &'a [Order],
        by_id: Vec<u32>,
    },
    /// As a plan remembers them.
    Remembered {
        decisions: &'a [Decision],
        asked: &'a [Asked],
    },
}

impl<'a> Batch<'a> {
    /// O(n log n), O(n) if they come in the order of their ids. The number of orders must fit into 32 bits.
    pub(super) fn given(orders: &'a [Order]) -> Self {
        let mut by_id: Vec<u32> = (0..orders.len() as u32).collect();
        by_id.sort_by_key(|index| orders[*index as usize].id);
        Self::Given { orders, by_id }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Given { orders, .. } => orders.len(),
            Self::Remembered { asked, .. } => asked.len(),
        }
    }

    #[inline]
    pub(super) fn order(&self, rank: u32) -> Cow<'a, Order> {
        let rank = rank as usize;
        match self {
            Self::Given { orders, by_id } => Cow::Borrowed(&orders[by_id[rank] as usize]),
            Self::Remembered { decisions, asked } => {
                Cow::Owned(asked[rank].order(decisions[rank].order))
            }
        }
    }

    /// All orders with their ranks.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (u32, Cow<'a, Order>)> {
        (0..self.len() as u32).map(|rank| (rank, self.order(rank)))
    }

    /// What each order asked, by rank.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.ranked()
            .map(|(_, order)| Asked::from(&*order))
            .collect()
    }
}

impl Asked {
    /// The order as far as it is remembered.
    pub(super) fn order(&self, id: OrderId) -> Order {
        let mut order = Order::new(id, self.position);
        order.size = self.size;
        order.required_tags = self.required_tags;
        order.wish = self.wish;
        order.home = self.home;
        order
    }
}
