use core::ops::Range;

use crate::balance::Candidate;
use crate::balance::packing::prices::{FAR, Prices};
use crate::balance::packing::task::Task;

/// A plan that is being worked on: who is where, and what each order pays beyond its least. In between, sites may be
/// over their capacity.
///
/// What a plan costs beyond the bound is the sum of the orders' *regrets*, each being what the order pays at its place
/// beyond its best place, and of the worth of all unused room. So both tell where something is to be gained.
pub(super) struct Load<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) prices: &'a Prices,
    /// What each order pays at its best place.
    least: Vec<i64>,
    place: Vec<u32>,
    regret: Vec<i64>,
    /// Where each order is among the members of its place.
    member: Vec<u32>,
    members: Vec<Vec<u32>>,
    /// Unused units of each site; negative where there are too many orders.
    room: Vec<i64>,
    /// Moves that are not kept yet.
    moves: Vec<Move>,
    /// For each place the number of kept changes when it last changed.
    changed: Vec<u32>,
    changes: u32,
    near: Vec<Candidate>,
    /// Which of them are an order's, once it was asked.
    near_of: Vec<(usize, u32)>,
    /// Looks at a candidate or a state so far: the measure of work, the same on every machine.
    pub(super) work: u64,
}

/// An order came from there, where it paid so much beyond its least.
#[derive(Clone, Copy)]
struct Move {
    order: u32,
    from: u32,
    regret: i64,
}

const NOT_ASKED: (usize, u32) = (usize::MAX, 0);

impl<'a> Load<'a> {
    /// The plan that puts each order at the place given, whether there is room or not.
    pub(super) fn new(task: &'a Task<'a>, prices: &'a Prices, places: &[u32]) -> Self {
        let nodes = task.capacities.len() + 1;
        let mut load = Self {
            task,
            prices,
            least: Vec::with_capacity(task.orders()),
            place: places.to_vec(),
            regret: Vec::with_capacity(task.orders()),
            member: vec![0; task.orders()],
            members: vec![Vec::new(); nodes],
            room: task
                .capacities
                .iter()
                .map(|room| i64::from(*room))
                .collect(),
            moves: Vec::new(),
            changed: vec![1; nodes],
            changes: 1,
            near: Vec::new(),
            near_of: vec![NOT_ASKED; task.orders()],
            work: 0,
        };
        load.room.push(FAR);
        for (order, place) in places.iter().enumerate() {
            let nowhere = prices.pay_nowhere(task, order);
            let mut least = nowhere;
            let mut own = if *place == task.nowhere() {
                nowhere
            } else {
                i64::MAX
            };
            for candidate in task.row(order) {
                let pay = prices.pay(candidate.cost(), task.sizes[order], candidate.site());
                least = least.min(pay);
                if candidate.site() == *place {
                    own = own.min(pay);
                }
            }
            load.least.push(least);
            load.regret.push(own - least);
            load.enter(order as u32, *place);
        }
        load
    }

    /// Where each order is.
    pub(super) fn places(&self) -> &[u32] {
        &self.place
    }

    pub(super) fn place(&self, order: u32) -> u32 {
        self.place[order as usize]
    }

    pub(super) fn size(&self, order: u32) -> i64 {
        i64::from(self.task.sizes[order as usize])
    }

    /// Unused units of a place; negative if there are too many orders.
    pub(super) fn room(&self, place: u32) -> i64 {
        self.room[place as usize]
    }

    pub(super) fn members(&self, place: u32) -> &[u32] {
        &self.members[place as usize]
    }

    /// What an order pays beyond its least.
    pub(super) fn regret(&self, order: u32) -> i64 {
        self.regret[order as usize]
    }

    /// What each order pays beyond its least.
    pub(super) fn regrets(&self) -> &[i64] {
        &self.regret
    }

    /// What an order would pay beyond its least if it stayed unassigned.
    pub(super) fn regret_nowhere(&self, order: u32) -> i64 {
        self.prices.pay_nowhere(self.task, order as usize) - self.least[order as usize]
    }

    /// What an order would pay beyond its least at a candidate.
    pub(super) fn regret_of(&self, order: u32, candidate: Candidate) -> i64 {
        let size = self.task.sizes[order as usize];
        self.prices.pay(candidate.cost(), size, candidate.site()) - self.least[order as usize]
    }

    /// What an order would pay beyond its least at a site, if that is worth thinking of.
    pub(super) fn regret_at(&mut self, order: u32, site: u32) -> Option<i64> {
        let near = self.near(order);
        let mut there = self.near[near].iter().filter(|near| near.site() == site);
        there.next().map(|near| near.cost())
    }

    /// Where in [`near_at`](Self::near_at) the sites of an order are, by what it would pay beyond its least.
    ///
    /// They are sorted when first asked for: most orders are never in question.
    #[inline]
    pub(super) fn near(&mut self, order: u32) -> Range<usize> {
        let (start, len) = self.near_of[order as usize];
        if (start, len) != NOT_ASKED {
            return start..start + len as usize;
        }
        let start = self.near.len();
        for candidate in self.task.row(order as usize) {
            let regret = self.regret_of(order, candidate);
            // Regrets that a candidate can't hold are of the size of an unassigned order.
            self.near.extend(Candidate::new(candidate.site(), regret));
        }
        self.near[start..].sort_unstable();
        self.near_of[order as usize] = (start, (self.near.len() - start) as u32);
        start..self.near.len()
    }

    #[inline]
    pub(super) fn near_at(&self, at: usize) -> Candidate {
        self.near[at]
    }

    /// Moves an order to another place, where it pays so much beyond its least.
    pub(super) fn transfer(&mut self, order: u32, to: u32, regret: i64) {
        self.moves.push(Move {
            order,
            from: self.place(order),
            regret: self.regret(order),
        });
        self.put(order, to, regret);
    }

    /// How many moves are not kept yet.
    pub(super) fn moves(&self) -> usize {
        self.moves.len()
    }

    /// The places that the moves not kept yet have touched, sorted.
    pub(super) fn touched(&self) -> Vec<u32> {
        let ends = self
            .moves
            .iter()
            .flat_map(|step| [step.from, self.place(step.order)]);
        let mut places: Vec<u32> = ends.collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Keeps all moves.
    pub(super) fn keep(&mut self) {
        self.changes += 1;
        for step in core::mem::take(&mut self.moves) {
            let to = self.place(step.order);
            self.changed[step.from as usize] = self.changes;
            self.changed[to as usize] = self.changes;
        }
    }

    /// Takes back all moves but the first few.
    pub(super) fn undo(&mut self, kept: usize) {
        while self.moves.len() > kept
            && let Some(step) = self.moves.pop()
        {
            self.put(step.order, step.from, step.regret);
        }
    }

    /// How many changes have been kept.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// Whether one of two places has changed since there were so many changes.
    pub(super) fn changed_since(&self, changes: u32, places: [u32; 2]) -> bool {
        places
            .iter()
            .any(|place| self.changed[*place as usize] > changes)
    }

    /// Whether the moves but the first few make the plan cheaper, unassigned orders counting most.
    pub(super) fn is_cheaper(&self, kept: usize) -> bool {
        let moves = &self.moves[kept..];
        let cost = |order: u32, place: u32| {
            let level = if place == self.task.nowhere() {
                self.prices.level()
            } else {
                0
            };
            level + self.prices.scaled(self.task.cost(order as usize, place))
        };
        let added: i128 = moves
            .iter()
            .enumerate()
            .map(|(number, step)| {
                // An order that moves on moves from where this move took it.
                let next = moves[number + 1..]
                    .iter()
                    .find(|next| next.order == step.order);
                let to = next.map_or(self.place(step.order), |next| next.from);
                i128::from(cost(step.order, to)) - i128::from(cost(step.order, step.from))
            })
            .sum();
        added < 0
    }

    fn put(&mut self, order: u32, to: u32, regret: i64) {
        self.leave(order);
        self.place[order as usize] = to;
        self.regret[order as usize] = regret;
        self.enter(order, to);
    }

    fn enter(&mut self, order: u32, place: u32) {
        let members = &mut self.members[place as usize];
        self.member[order as usize] = members.len() as u32;
        members.push(order);
        if place != self.task.nowhere() {
            self.room[place as usize] -= self.size(order);
        }
    }

    fn leave(&mut self, order: u32) {
        let place = self.place(order);
        let member = self.member[order as usize];
        let members = &mut self.members[place as usize];
        members.swap_remove(member as usize);
        if let Some(moved) = members.get(member as usize) {
            self.member[*moved as usize] = member;
        }
        if place != self.task.nowhere() {
            self.room[place as usize] += self.size(order);
        }
    }
}
