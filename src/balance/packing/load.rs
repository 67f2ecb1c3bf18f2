//! A plan that is being worked on: who is where, and what each order would pay more elsewhere.

use crate::balance::packing::Task;
use crate::balance::packing::prices::Prices;
use crate::balance::packing::relaxation::Relaxation;
use crate::balance::{Candidate, Solution};

/// More than any regret, and twice it is still a number.
pub(super) const FAR: i64 = i64::MAX / 4;

/// An order's move, for taking it back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) order: u32,
    pub(super) from: u32,
    pub(super) regret: i64,
}

/// A plan. Sites may be over capacity in between.
pub(super) struct Load<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) prices: &'a Prices,
    /// What each order pays at its best place.
    pub(super) least: Vec<i64>,
    /// Where each order is.
    pub(super) place: Vec<u32>,
    /// What it pays there beyond the least.
    pub(super) regret: Vec<i64>,
    member: Vec<u32>,
    pub(super) members: Vec<Vec<u32>>,
    /// Free units at each place; negative where there are too many.
    pub(super) room: Vec<i64>,
    pub(super) steps: Vec<Step>,
    near: Vec<Candidate>,
    near_at: Vec<(u32, u32)>,
    pub(super) work: u64,
    /// When each place changed for the last time, counted in changes.
    pub(super) changed: Vec<u32>,
    pub(super) changes: u32,
    /// For each site with a price the orders that might come, and what they would pay beyond the least.
    pub(super) pulls: Vec<Vec<(i64, u32)>>,
    /// No order pays more beyond its least.
    pub(super) regret_most: i64,
    /// What unused room at the site a move began from is worth.
    pub(super) credit: i64,
}

impl<'a> Load<'a> {
    pub(super) fn new(task: &'a Task<'a>, prices: &'a Prices, relaxation: &Relaxation) -> Self {
        let places = task.capacities.len() + 1;
        let mut load = Self {
            task,
            prices,
            least: Vec::with_capacity(task.orders()),
            place: relaxation.places.clone(),
            regret: Vec::with_capacity(task.orders()),
            member: Vec::with_capacity(task.orders()),
            members: vec![Vec::new(); places],
            room: task
                .capacities
                .iter()
                .map(|room| i64::from(*room))
                .collect(),
            steps: Vec::new(),
            near: vec![],
            near_at: vec![(0, u32::MAX); task.orders()],
            work: 0,
            changed: vec![1; places],
            changes: 1,
            pulls: Vec::new(),
            regret_most: 0,
            credit: 0,
        };
        load.room.push(FAR);
        for order in 0..task.orders() {
            let place = load.place[order];
            let size = task.sizes[order];
            let nowhere = prices.pay_nowhere(task, order);
            let (mut least, mut own) = (nowhere, nowhere);
            let mut found = place == task.nowhere();
            for candidate in task.row(order) {
                let pay = prices.pay(candidate.cost(), size, candidate.site());
                least = least.min(pay);
                if candidate.site() == place {
                    own = if found { own.min(pay) } else { pay };
                    found = true;
                }
            }
            load.least.push(least);
            load.regret.push(own - least);
            load.enter(order as u32, place);
        }
        load
    }

    /// The sites of all orders as results name them.
    pub(super) fn places(&self) -> Vec<u32> {
        let nowhere = self.task.nowhere();
        let sites = self.place.iter();
        sites
            .map(|place| {
                if *place == nowhere {
                    Solution::NOWHERE
                } else {
                    *place
                }
            })
            .collect()
    }

    pub(super) fn size(&self, order: u32) -> i64 {
        i64::from(self.task.sizes[order as usize])
    }

    pub(super) fn price(&self, place: u32) -> i64 {
        self.prices.of.get(place as usize).copied().unwrap_or(0)
    }

    /// What an order would pay for nothing at all.
    pub(super) fn regret_nowhere(&self, order: u32) -> i64 {
        self.prices.pay_nowhere(self.task, order as usize) - self.least[order as usize]
    }

    /// The sites that an order could be at with what it would pay beyond the least, sorted by that.
    #[inline]
    pub(super) fn near(&mut self, order: u32) -> core::ops::Range<usize> {
        let (start, len) = self.near_at[order as usize];
        if len != u32::MAX {
            return start as usize..(start + len) as usize;
        }
        let start = self.near.len();
        let size = self.task.sizes[order as usize];
        let least = self.least[order as usize];
        for candidate in self.task.row(order as usize) {
            let site = candidate.site();
            let regret = self.prices.pay(candidate.cost(), size, site) - least;
            self.near.extend(Candidate::new(site, regret));
        }
        self.near[start..].sort_unstable();
        let len = self.near.len() - start;
        self.near_at[order as usize] = (start as u32, len as u32);
        start..start + len
    }

    #[inline]
    pub(super) fn near_entry(&self, at: usize) -> Candidate {
        self.near[at]
    }

    /// What an order pays beyond the least at a place; `None` if it can't be there.
    pub(super) fn regret_at(&mut self, order: u32, place: u32) -> Option<i64> {
        if place == self.task.nowhere() {
            return Some(self.regret_nowhere(order));
        }
        let near = self.near(order);
        let mut found = self.near[near].iter().filter(|near| near.site() == place);
        found.next().map(|near| near.cost())
    }

    fn enter(&mut self, order: u32, place: u32) {
        let members = &mut self.members[place as usize];
        let member = members.len() as u32;
        members.push(order);
        if let Some(own) = self.member.get_mut(order as usize) {
            *own = member;
        } else {
            self.member.push(member);
        }
        self.place[order as usize] = place;
        if place != self.task.nowhere() {
            self.room[place as usize] -= self.size(order);
        }
    }

    fn leave(&mut self, order: u32) {
        let place = self.place[order as usize];
        let member = self.member[order as usize] as usize;
        let members = &mut self.members[place as usize];
        members.swap_remove(member);
        if let Some(moved) = members.get(member) {
            self.member[*moved as usize] = member as u32;
        }
        if place != self.task.nowhere() {
            self.room[place as usize] += self.size(order);
        }
    }

    /// Moves an order to another place, where it pays so much beyond the least.
    pub(super) fn transfer(&mut self, order: u32, to: u32, regret: i64) {
        self.steps.push(Step {
            order,
            from: self.place[order as usize],
            regret: self.regret[order as usize],
        });
        self.leave(order);
        self.enter(order, to);
        self.regret[order as usize] = regret;
    }

    /// Keeps all moves.
    pub(super) fn commit(&mut self) {
        self.changes += 1;
        for step in self.steps.drain(..) {
            self.changed[step.from as usize] = self.changes;
            self.changed[self.place[step.order as usize] as usize] = self.changes;
        }
    }

    /// Takes back all moves after the first few.
    pub(super) fn undo(&mut self, keep: usize) {
        while self.steps.len() > keep {
            let Some(step) = self.steps.pop() else { break };
            self.leave(step.order);
            self.enter(step.order, step.from);
            self.regret[step.order as usize] = step.regret;
        }
    }

    /// What the moves after the first few add to the value, on the scale of the prices.
    pub(super) fn gain_of(&self, keep: usize) -> i64 {
        let mut added = 0;
        for (at, step) in self.steps.iter().enumerate().skip(keep) {
            let own = |place: u32| {
                let cost = self
                    .prices
                    .scaled(self.task.cost(step.order as usize, place));
                cost + if place == self.task.nowhere() {
                    self.prices.level
                } else {
                    0
                }
            };
            // Where it went: the next step of the same order began there.
            let later = self.steps[at + 1..]
                .iter()
                .find(|later| later.order == step.order);
            let to = later.map_or(self.place[step.order as usize], |later| later.from);
            added += own(to) - own(step.from);
        }
        added
    }
}
