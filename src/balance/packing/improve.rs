//! Repair and improvement.

use crate::balance::packing::chains::Search;
use crate::balance::packing::load::{FAR, Load};

impl Load<'_> {
    /// Makes the plan feasible.
    pub(super) fn repair(&mut self) {
        let mut search = Search::default();
        for site in 0..self.task.nowhere() {
            self.relieve(&mut search, site, FAR, 4000);
        }
        self.steps.clear();
    }

    /// Makes the plan better until nothing more is found.
    pub(super) fn improve(&mut self) {
        let mut search = Search::default();
        let pulls = self.pulls();
        for _round in 0..20 {
            let mut starts = self.starts(&pulls);
            starts.sort_unstable_by_key(|(gain, order, site)| {
                (core::cmp::Reverse(*gain), *order, *site)
            });
            let mut better = 0;
            for (_, order, site) in starts {
                better += i64::from(self.attempt(&mut search, order, site));
            }
            if better == 0 {
                break;
            }
        }
    }

    /// Moves that could pay by themselves: (how much at most, order, site).
    fn starts(&mut self, pulls: &[Vec<(i64, u32)>]) -> Vec<(i64, u32, u32)> {
        let mut starts = Vec::new();
        for order in 0..self.task.orders() as u32 {
            let own = self.regret[order as usize];
            if own > 0 {
                for at in self.near(order) {
                    let near = self.near_entry(at);
                    if near.cost() >= own {
                        break;
                    }
                    starts.push((own - near.cost(), order, near.site()));
                }
            }
        }
        for site in 0..self.task.nowhere() {
            let (room, price) = (self.room[site as usize], self.price(site));
            if room <= 0 || price <= 0 {
                continue;
            }
            for (regret, order) in &pulls[site as usize] {
                if self.place[*order as usize] == site {
                    continue;
                }
                let own = self.regret[*order as usize];
                let gain = room.min(self.size(*order)).saturating_mul(price) - (regret - own);
                if gain > 0 && *regret >= own {
                    starts.push((gain, *order, site));
                }
            }
        }
        starts
    }

    /// For each site with a price the orders that might come.
    fn pulls(&mut self) -> Vec<Vec<(i64, u32)>> {
        let mut pulls = vec![Vec::new(); self.task.capacities.len()];
        for order in 0..self.task.orders() as u32 {
            let size = self.task.sizes[order as usize];
            for candidate in self.task.row(order as usize) {
                let site = candidate.site();
                let price = self.price(site);
                if price == 0 {
                    continue;
                }
                let regret =
                    self.prices.pay(candidate.cost(), size, site) - self.least[order as usize];
                if regret < price.saturating_mul(i64::from(size)) {
                    pulls[site as usize].push((regret, order));
                }
            }
        }
        pulls
    }

    /// Moves an order, and whatever it takes to make room; keeps it if that is better.
    fn attempt(&mut self, search: &mut Search, order: u32, to: u32) -> bool {
        let from = self.place[order as usize];
        if from == to {
            return false;
        }
        let Some(regret) = self.regret_at(order, to) else {
            return false;
        };
        debug_assert!(self.steps.is_empty());
        let size = self.size(order);
        let used = self.room[to as usize].clamp(0, size);
        let hole = if from == self.task.nowhere() {
            0
        } else {
            size.saturating_mul(self.price(from))
        };
        let added =
            regret - self.regret[order as usize] - used.saturating_mul(self.price(to)) + hole;
        self.transfer(order, to, regret);
        self.credit = hole;
        let relieved = self.relieve(search, to, added.saturating_neg(), 64);
        self.credit = 0;
        let is_better = relieved.is_some() && self.gain_of(0) < 0;
        if !is_better {
            self.undo(0);
        }
        self.steps.clear();
        is_better
    }
}
