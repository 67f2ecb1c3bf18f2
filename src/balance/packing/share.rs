//! Two sites share their orders anew, which is a knapsack problem and solved exactly.

use crate::balance::packing::load::Load;
use crate::balance::packing::prices::FAR;

/// No more orders than this are in question at a time: those that care least.
const ORDERS_MAX: usize = 40;

/// No more units than this are in question.
const UNITS_MAX: usize = 2_000;

/// Memory for [`Load::share`].
#[derive(Default)]
pub(super) struct Knapsack {
    items: Vec<Item>,
    /// For so many units here, the least sum of regrets.
    least: Vec<i64>,
    /// A row for each item: whether it is here in the best plan of those up to it with so many units here.
    is_here: Vec<bool>,
}

/// An order that could be at both sites. Sorts by how much it cares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    differs_by: i64,
    order: u32,
    size: usize,
    /// What it would pay beyond its least at one site and at the other.
    here: i64,
    there: i64,
}

impl Load<'_> {
    /// Divides the orders at two sites among the two in the best way. Returns whether that is a better way; its moves
    /// are not kept yet.
    pub(super) fn share(&mut self, knapsack: &mut Knapsack, [here, there]: [u32; 2]) -> bool {
        self.question(knapsack, [here, there]);
        if knapsack.items.is_empty() {
            return false;
        }
        let is_here = |item: &&Item| self.place(item.order) == here;
        let units: usize = knapsack.items.iter().map(|item| item.size).sum();
        let units_here: usize = knapsack
            .items
            .iter()
            .filter(is_here)
            .map(|item| item.size)
            .sum();
        let [more, fewer] = [here, there].map(|site| self.room(site));
        if units > UNITS_MAX || more < 0 || fewer < 0 {
            return false;
        }
        self.work += knapsack.solve(units);
        let low = units_here.saturating_sub(fewer as usize);
        let high = units_here.saturating_add(more as usize).min(units);
        // With more units here, there is less unused room here and more there.
        let value = |units: usize| {
            let shifted = units as i64 - units_here as i64;
            let unused =
                self.prices.worth(more - shifted, here) + self.prices.worth(fewer + shifted, there);
            knapsack.least[units].saturating_add(unused)
        };
        let Some(best) = (low..=high).min_by_key(|units| value(*units)) else {
            return false;
        };
        let kept = self.moves();
        knapsack.unpack(best, |item, is_here| {
            let (to, regret) = if is_here {
                (here, item.here)
            } else {
                (there, item.there)
            };
            if self.place(item.order) != to {
                self.transfer(item.order, to, regret);
            }
        });
        let is_better = self.is_cheaper(kept);
        if !is_better {
            self.undo(kept);
        }
        is_better
    }

    /// Puts those orders into question whose move costs less than all that could be gained.
    fn question(&mut self, knapsack: &mut Knapsack, sites: [u32; 2]) {
        let [here, there] = sites;
        knapsack.items.clear();
        let mut gain: i64 = sites
            .iter()
            .map(|site| self.prices.worth(self.room(*site), *site))
            .sum();
        for site in sites {
            for member in 0..self.members(site).len() {
                let order = self.members(site)[member];
                self.work += 1;
                if let Some(here) = self.regret_at(order, here)
                    && let Some(there) = self.regret_at(order, there)
                {
                    gain = gain.saturating_add(self.regret(order) - here.min(there));
                    knapsack.items.push(Item {
                        differs_by: (here - there).abs(),
                        order,
                        size: self.size(order) as usize,
                        here,
                        there,
                    });
                }
            }
        }
        knapsack.items.retain(|item| item.differs_by < gain);
        knapsack.items.sort_unstable();
        knapsack.items.truncate(ORDERS_MAX);
    }
}

impl Knapsack {
    /// For every number of units here, the best way to have just so many. Bellman's recursion over the items. Returns
    /// the number of steps.
    fn solve(&mut self, units: usize) -> u64 {
        let width = units + 1;
        self.least.clear();
        self.least.resize(width, FAR);
        self.least[0] = 0;
        self.is_here.clear();
        self.is_here.resize(width * self.items.len(), false);
        let mut most = 0;
        for (item, is_here) in self.items.iter().zip(self.is_here.chunks_mut(width)) {
            most += item.size;
            for units in (0..=most).rev() {
                let stays = self.least[units] + item.there;
                let comes = units
                    .checked_sub(item.size)
                    .map_or(FAR, |rest| self.least[rest] + item.here);
                is_here[units] = comes < stays;
                self.least[units] = comes.min(stays).min(FAR);
            }
        }
        // A step is much cheaper than a look at a candidate.
        (self.items.len() * width) as u64 / 4
    }

    /// Tells for every item whether it is here in the best plan with so many units here.
    fn unpack(&self, mut units: usize, mut told: impl FnMut(&Item, bool)) {
        let width = self.least.len();
        for (number, item) in self.items.iter().enumerate().rev() {
            let is_here = self.is_here[number * width + units];
            if is_here {
                units -= item.size;
            }
            told(item, is_here);
        }
    }
}
