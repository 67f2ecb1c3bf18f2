//! The plan compared with all sites.

use crate::balance::{Candidate, Edit};
use crate::desk::counter::Counter;
use crate::desk::market::Market;

impl Counter {
    /// Compares every managed order with all sites, at the prices of the plan, and lists those that are better than
    /// where it is, until none is: then the plan is the best over all sites, not only over those listed.
    pub(in crate::desk) fn weigh(&mut self) {
        /// Prices settle in a few rounds; a round that only reshuffles ties must not go on for ever.
        const ROUNDS_MAX: usize = 32;
        for _ in 0..ROUNDS_MAX {
            let mut has_changed = false;
            let Some(plan) = &self.plan else {
                return;
            };
            let prices: Vec<i64> = (0..self.places.len())
                .map(|place| plan.balancer.price_sum(place))
                .collect();
            let market = self.market.with_prices(&prices);
            for number in 0..self.plan.as_ref().map_or(0, |plan| plan.slots.len() as u32) {
                if let Some(row) = self.better_row(number, &market, &prices) {
                    has_changed |= self.edit(Edit::SetRow { order: number, row });
                }
            }
            if !has_changed {
                return;
            }
        }
    }

    /// The row of an order with the sites added that are better than where it is; `None` if there are none.
    fn better_row(&self, number: u32, market: &Market, prices: &[i64]) -> Option<Vec<Candidate>> {
        let plan = self.plan.as_ref()?;
        let slot = plan.slots[number as usize];
        let order = self.holds.get(slot)?.order.as_ref()?;
        let row = plan.balancer.row(number);
        let at = self.holds[slot].place;
        let here = row.iter().find(|candidate| candidate.site() == at)?;
        let value = here.cost() + prices[at as usize];
        let is_listed = |place: u32| row.iter().any(|candidate| candidate.site() == place);
        let may = |place: u32| {
            !is_listed(place)
                && self.places[place].effective() > 0
                && self.may_go(slot, place, None)
                && self.has_goods(order, place, Some(slot))
        };
        let found = market.listed(order, self.home_of(order), self.policy.listed.max(1), may);
        let better = found.iter().filter(|found| found.cost < value);
        let more = better
            .map(|found| Candidate::new(found.place, found.cost - prices[found.place as usize]));
        let more: Vec<Candidate> = more.filter_map(Result::ok).collect();
        if more.is_empty() {
            return None;
        }
        let mut row = row.to_vec();
        row.extend(more);
        row.sort_unstable();
        Some(row)
    }
}
