use crate::balance::{Candidate, Problem};

/// A price of capacity: a pair, compared in this order.
///
/// Under [`UnassignedAt`](crate::balance::Objective::UnassignedAt) the first part is always 0. Under
/// [`FewestUnassigned`](crate::balance::Objective::FewestUnassigned) it is 1 where one more place would give an
/// unassigned order a site, and then the second part says at what cost (which may be negative or positive).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Price {
    /// Unassigned orders.
    pub unassigned: i64,
    /// Cost, in the unit of the candidates' costs.
    pub cost: i64,
}

/// The value of a plan: a pair, compared in this order. Less is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Total {
    /// Under [`FewestUnassigned`](crate::balance::Objective::FewestUnassigned) the number of unassigned orders,
    /// otherwise 0.
    pub unassigned: u64,
    /// The cost of the assigned orders, and under [`UnassignedAt`](crate::balance::Objective::UnassignedAt) the price
    /// of the others.
    pub cost: i64,
}

/// An optimal plan and the prices that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    pub(super) sites: Vec<u32>,
    pub(super) prices: Vec<Price>,
    pub(super) total: Total,
}

impl Solution {
    /// In [`sites`](Self::sites): no site.
    pub(super) const NOWHERE: u32 = u32::MAX;

    /// The site slot of an order, or `None` if it stays unassigned or is not there. O(1).
    #[must_use]
    pub fn site(&self, order: usize) -> Option<u32> {
        self.sites
            .get(order)
            .copied()
            .filter(|site| *site != Self::NOWHERE)
    }

    /// The site slots of all orders in turn.
    #[must_use]
    pub fn sites(&self) -> impl ExactSizeIterator<Item = Option<u32>> + '_ {
        self.sites
            .iter()
            .map(|site| Some(*site).filter(|site| *site != Self::NOWHERE))
    }

    /// The number of orders without a site. O(orders).
    #[must_use]
    pub fn unassigned(&self) -> usize {
        self.sites().filter(Option::is_none).count()
    }

    /// The least price of each site at which this plan is optimal: what one more place there would save.
    ///
    /// They do not depend on which of several optimal plans this is.
    #[must_use]
    pub fn prices(&self) -> &[Price] {
        &self.prices
    }

    /// The value of the plan: the least that any plan has.
    #[must_use]
    pub fn total(&self) -> Total {
        self.total
    }
}

impl Price {
    /// The pair that a sum of levels and costs stands for.
    pub(super) fn from_sum(sum: i64, level: i64) -> Self {
        if level == 0 {
            return Self {
                unassigned: 0,
                cost: sum,
            };
        }
        // Costs in a sum are below a quarter of a level in size, so the nearest multiple is the one.
        let unassigned = (sum + level / 2).div_euclid(level);
        Self {
            unassigned,
            cost: sum - unassigned * level,
        }
    }

    /// The pair as one number, as far as it can be a price in a problem with this level.
    pub(super) fn to_sum(self, level: i64) -> i64 {
        if level == 0 {
            // No price is above what it costs to go nowhere instead of to the cheapest place.
            return self.cost.clamp(0, 2 * Candidate::COST_MAX);
        }
        match self.unassigned {
            ..0 => 0,
            0 => self.cost.clamp(0, level / 4),
            1.. => level + self.cost.clamp(-level / 4, level / 4),
        }
    }
}

impl Total {
    /// The value of a plan that puts each order at this cost, `None` for unassigned.
    pub(super) fn of(problem: &Problem, costs: impl Iterator<Item = Option<i64>>) -> Self {
        let mut total = Self::default();
        for (order, cost) in costs.enumerate() {
            total.cost += cost.unwrap_or_else(|| problem.unassigned_at(order));
            total.unassigned += u64::from(cost.is_none() && problem.level() > 0);
        }
        total
    }
}
