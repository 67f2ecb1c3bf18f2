//! From the relaxation to a plan, and from a plan to a better one.

use core::cmp::Reverse;

use crate::balance::packing::fill::Callers;
use crate::balance::packing::load::Load;
use crate::balance::packing::prices::FAR;
use crate::balance::packing::relieve::Reach;
use crate::balance::packing::search::Search;
use crate::balance::packing::share::Knapsack;

/// So many stops does a search look at, where an order costs more than it could.
const STOPS: u32 = 64;
/// And so many where an order would otherwise stay unassigned.
const STOPS_LAST: u32 = 4_096;

/// How much work goes into improvement: so much for each candidate, and so much in any case.
const WORK_PER_CANDIDATE: u64 = 48;
const WORK_FREE: u64 = 1 << 22;

/// A plan and all that is needed to improve it.
pub(super) struct Improver<'a, 'b> {
    load: &'b mut Load<'a>,
    search: Search,
    knapsack: Knapsack,
    callers: Callers,
    work_max: u64,
    /// How many orders stay unassigned in any plan.
    unassigned_min: u64,
}

/// An order that could go to a site, and what there is to be gained at most, the consequences apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    gain: Reverse<i64>,
    order: u32,
    to: u32,
}

impl Load<'_> {
    /// Takes so many orders away from overfull sites that none is over its capacity.
    pub(super) fn repair(&mut self) {
        let mut search = Search::default();
        let reach = Reach {
            added_below: FAR,
            stops: STOPS_LAST,
        };
        for site in 0..self.task.nowhere() {
            self.relieve(&mut search, site, reach);
            self.keep();
        }
    }
}

impl<'a, 'b> Improver<'a, 'b> {
    pub(super) fn new(load: &'b mut Load<'a>, unassigned_min: u64) -> Self {
        let candidates = load.task.problem.rows().candidates().len() as u64;
        Self {
            search: Search::default(),
            knapsack: Knapsack::default(),
            callers: Callers::new(load),
            work_max: load.work + WORK_PER_CANDIDATE * candidates + WORK_FREE,
            unassigned_min,
            load,
        }
    }

    /// Makes the plan better until nothing more is found or enough work is done: first with moves that pay by
    /// themselves, then also with moves that cost about as much as is lost with one order.
    pub(super) fn improve(mut self) {
        self.rounds(0);
        let regrets = self.load.regrets().iter().filter(|regret| **regret > 0);
        let (count, sum) = regrets.fold((0, 0_i128), |(count, sum), regret| {
            (count + 1, sum + i128::from(*regret))
        });
        let mean = (sum / i128::from(count.max(1))) as i64;
        self.rounds(mean.clamp(1, FAR));
    }

    /// Goes over all orders and sites again and again. What has not changed since is not tried twice.
    fn rounds(&mut self, tolerance: i64) {
        let mut seen = 0;
        let mut shared = 0;
        loop {
            let before = self.load.changes();
            self.move_orders(tolerance, seen);
            seen = before;
            let between = self.load.changes();
            self.share_sites(shared);
            shared = between;
            if self.load.changes() == before || self.is_over() {
                break;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.load.work >= self.work_max
    }

    /// Tries the moves that may pay, the most promising first.
    fn move_orders(&mut self, tolerance: i64, seen: u32) {
        self.callers.look_at(self.load);
        let mut starts = self.starts(tolerance, seen);
        starts.sort_unstable();
        for start in starts {
            if self.is_over() {
                break;
            }
            let from = self.load.place(start.order);
            if from == start.to || !self.load.changed_since(seen, [from, start.to]) {
                continue;
            }
            if self.attempt(start, tolerance) {
                self.load.keep();
            } else {
                self.load.undo(0);
            }
        }
    }

    /// The orders that pay more than elsewhere, and those that could use room that has a price; without those whose
    /// place and goal are as they were.
    fn starts(&self, tolerance: i64, seen: u32) -> Vec<Start> {
        let mut starts = Vec::new();
        for order in 0..self.load.task.orders() as u32 {
            let own = self.load.regret(order);
            let place = self.load.place(order);
            if own == 0 && (tolerance == 0 || !self.load.prices.is_priced(place)) {
                continue;
            }
            for candidate in self.load.task.row(order as usize) {
                let to = candidate.site();
                if to == place || !self.load.changed_since(seen, [place, to]) {
                    continue;
                }
                let regret = self.load.regret_of(order, candidate);
                if regret < own + tolerance {
                    starts.push(Start {
                        gain: Reverse(own - regret),
                        order,
                        to,
                    });
                }
            }
        }
        for site in 0..self.load.task.nowhere() {
            let room = self.load.room(site);
            if room <= 0 || !self.load.prices.is_priced(site) {
                continue;
            }
            for (regret, order) in self.callers.of(site) {
                let own = self.load.regret(*order);
                let used = room.min(self.load.size(*order));
                let gain = self.load.prices.worth(used, site) - (regret - own);
                // The others are there already.
                if gain > 0 && *regret >= own + tolerance {
                    starts.push(Start {
                        gain: Reverse(gain),
                        order: *order,
                        to: site,
                    });
                }
            }
        }
        starts
    }

    /// Moves an order and makes room for it, fills the room that it leaves, and tells whether all that is better.
    fn attempt(&mut self, start: Start, tolerance: i64) -> bool {
        let Start { order, to, .. } = start;
        let Some(regret) = self.load.regret_at(order, to) else {
            return false;
        };
        let nowhere = self.load.task.nowhere();
        let from = self.load.place(order);
        let used = self.load.room(to).clamp(0, self.load.size(order));
        let gain = self.load.regret(order) - regret + self.load.prices.worth(used, to);
        let is_last =
            from == nowhere && self.load.members(nowhere).len() as u64 > self.unassigned_min;
        self.load.transfer(order, to, regret);
        let reach = Reach {
            added_below: gain + tolerance,
            stops: if is_last { STOPS_LAST } else { STOPS },
        };
        if self.load.relieve(&mut self.search, to, reach).is_none() {
            return false;
        }
        if from != nowhere {
            self.load.fill(&mut self.search, &self.callers, from, STOPS);
        }
        self.load.is_cheaper(0)
            || (tolerance > 0 && self.share_touched() && self.load.is_cheaper(0))
    }

    /// Divides the orders of all pairs of sites anew that the moves have touched. Returns whether that helped.
    fn share_touched(&mut self) -> bool {
        let mut sites = self.load.touched();
        sites.retain(|site| *site != self.load.task.nowhere());
        let mut is_better = false;
        for (number, site) in sites.iter().enumerate() {
            for other in &sites[..number] {
                is_better |= self.load.share(&mut self.knapsack, [*site, *other]);
            }
        }
        is_better
    }

    /// Divides the orders of every two neighbours anew, of which one has changed.
    fn share_sites(&mut self, seen: u32) {
        let mut others = Vec::new();
        for site in 0..self.load.task.nowhere() {
            if self.is_over() {
                break;
            }
            if !self.load.changed_since(seen, [site, site]) {
                continue;
            }
            self.neighbours(site, &mut others);
            for other in &others {
                if self.load.share(&mut self.knapsack, [site, *other]) {
                    self.load.keep();
                }
            }
        }
    }

    /// The sites at which orders of a site would pay little more than they could gain.
    fn neighbours(&self, site: u32, others: &mut Vec<u32>) {
        others.clear();
        if !self.load.prices.is_priced(site) {
            return;
        }
        let members = self.load.members(site).iter();
        let unused = self.load.prices.worth(self.load.room(site), site);
        let gain = members.fold(unused, |gain, order| {
            gain.saturating_add(self.load.regret(*order))
        });
        for order in self.load.members(site).iter().copied() {
            let own = self.load.regret(order);
            for candidate in self.load.task.row(order as usize) {
                let regret = self.load.regret_of(order, candidate);
                if regret <= own.saturating_add(gain) && candidate.site() != site {
                    others.push(candidate.site());
                }
            }
        }
        others.sort_unstable();
        others.dedup();
    }
}
