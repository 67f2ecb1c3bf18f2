use crate::order::{Order, Wish};
use crate::plan::result::Asked;
use crate::plan::terms::{Asker, Terms, along_curve};

/// The orders of a batch by *rank*, their place in the order of ids: whatever is done in this order does not depend
/// on the order in which they came.
pub(super) struct Batch<'a> {
    orders: &'a [Order],
    by_id: Vec<u32>,
}

impl<'a> Batch<'a> {
    /// O(n log n), O(n) if they come in the order of their ids. The number of orders must fit into 32 bits.
    pub(super) fn new(orders: &'a [Order]) -> Self {
        let mut by_id: Vec<u32> = (0..orders.len() as u32).collect();
        by_id.sort_by_key(|index| orders[*index as usize].id);
        Self { orders, by_id }
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    #[inline]
    pub(super) fn order(&self, rank: u32) -> &'a Order {
        &self.orders[self.by_id[rank as usize] as usize]
    }

    /// All orders with their ranks.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (u32, &'a Order)> {
        (0..self.len() as u32).map(|rank| (rank, self.order(rank)))
    }

    /// What each order asked, by rank.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.ranked().map(|(_, order)| Asked::from(order)).collect()
    }

    /// The orders whose buyers chose no site, along a curve through the map: the optimiser then finds neighbours
    /// beside each other in memory.
    pub(super) fn free_along_curve(&self, terms: &Terms<'_>) -> Vec<Asker> {
        let free = self
            .ranked()
            .filter(|(_, order)| !matches!(order.wish, Wish::Site(_)));
        let mut keys: Vec<(u64, u32)> = free
            .map(|(rank, order)| (along_curve(order.position), rank))
            .collect();
        keys.sort_unstable();
        keys.iter()
            .map(|(_, rank)| terms.asker(self.order(*rank), *rank))
            .collect()
    }
}
