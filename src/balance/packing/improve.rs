//! Repair and improvement.

use core::cmp::Reverse;

use crate::balance::packing::chains::Search;
use crate::balance::packing::load::{FAR, Load};
use crate::balance::packing::pairs::Table;

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
        let mut table = Table::default();
        self.pulls = self.pulls();
        let mut tried = vec![0; self.task.orders()];
        let mut shared = vec![0; self.task.capacities.len()];
        for _round in 0..20 {
            self.regret_most = self.regret.iter().copied().max().unwrap_or(0);
            let mut starts = self.starts();
            starts.sort_unstable_by_key(|(gain, order, site)| (Reverse(*gain), *order, *site));
            let (mut better, mut n) = (0, 0);
            let round = self.changes;
            for (_, order, site) in starts {
                let last = tried[order as usize];
                let from = self.place[order as usize];
                if self.changed[from as usize].max(self.changed[site as usize]) > last {
                    n += 1;
                    better += i64::from(self.attempt(&mut search, order, site));
                }
            }
            for order in &mut tried {
                *order = round;
            }
            let work = self.work;
            let (mut m, mut shares) = (0, 0);
            let mut others = Vec::new();
            let round = self.changes;
            for site in 0..self.task.nowhere() {
                self.neighbours(site, &mut others);
                let last = shared[site as usize];
                for other in &others {
                    if self.changed[site as usize].max(self.changed[*other as usize]) > last {
                        m += 1;
                        if self.share(&mut table, [site, *other]) {
                            shares += 1;
                            self.commit();
                        }
                    }
                }
                shared[site as usize] = round;
            }
            eprintln!("    starts {n} better {better} work {work} pairs {m} better {shares} work {}", self.work);
            if better + shares == 0 {
                break;
            }
        }
    }

    /// Sites that share orders with a site that has a price.
    fn neighbours(&mut self, site: u32, others: &mut Vec<u32>) {
        others.clear();
        let price = self.price(site);
        if price == 0 {
            return;
        }
        let mut worth = self.room[site as usize].saturating_mul(price);
        for order in &self.members[site as usize] {
            worth = worth.saturating_add(self.regret[*order as usize]);
        }
        for member in 0..self.members[site as usize].len() {
            let order = self.members[site as usize][member];
            let own = self.regret[order as usize];
            for at in self.near(order) {
                let near = self.near_entry(at);
                if near.cost() > own.saturating_add(worth) {
                    break;
                }
                if near.site() != site {
                    others.push(near.site());
                }
            }
        }
        others.sort_unstable();
        others.dedup();
    }

    /// Moves that could pay by themselves: (how much at most, order, site).
    fn starts(&mut self) -> Vec<(i64, u32, u32)> {
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
            for (regret, order) in &self.pulls[site as usize] {
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
        for orders in &mut pulls {
            orders.sort_unstable();
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
        let limit = added.saturating_neg().saturating_add(hole);
        self.credit = 0;
        let relieved = self.relieve(search, to, limit, 64);
        if let Some(relieved) = relieved
            && from != self.task.nowhere()
            && self.room[from as usize] > 0
        {
            let _ = relieved;
            self.fill(search, from, 64);
        }
        let is_better = relieved.is_some() && self.gain_of(0) < 0;
        if !is_better {
            self.undo(0);
        }
        self.commit();
        is_better
    }
}
