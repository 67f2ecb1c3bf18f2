//! Who would have to move so that an order gets a place at a full site: the cheapest exchange.
//!
//! If one order more comes to a full site, one must leave it, for a place with room, for nowhere, or for another full
//! site, which one must then leave in turn. The place that the order itself leaves may be taken by another, whose place
//! by another again. All this is one shortest path (R. K. Ahuja, T. L. Magnanti, J. B. Orlin, *Network Flows*, 1993,
//! section 9.7) in a graph with a node for each site and one, *slack*, for all that is empty and for nowhere:
//!
//! - from a to b, the cheapest move of an order at a to b;
//! - from a to slack, for nothing if a has room for one more, else the cheapest move of an order at a to nowhere;
//! - from slack to b, for nothing, to leave one more place at b empty; or the cheapest move from nowhere to b.
//!
//! It leads from the full site to the site that the order leaves, or to slack if it comes from nowhere. With the prices
//! of an optimal plan as potentials, 0 for slack, no edge is shorter than 0, so Dijkstra's algorithm finds it. From
//! each node it looks no farther than a window, which widens until the goal is inside.

use core::cell::{Cell, RefCell};
use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use crate::balance::Price;
use crate::order::Wish;
use crate::plan::everywhere::Everywhere;
use crate::plan::terms::{Asker, Terms};
use crate::plan::{Exchange, Objective, Plan, Preferences, Step};
use crate::units::Units;

/// An optimal plan as the graph of its exchanges.
pub(super) struct Exchanges<'a> {
    plan: &'a Plan,
    terms: &'a Terms<'a>,
    everywhere: Everywhere<'a>,
    /// The price of each slot as one number: levels and millimetres.
    prices: Vec<i64>,
    level: i64,
    /// What one place is: the size of the orders that may move, as all have one.
    size: Units,
    /// The ranks of the orders that may move, slot after slot and slack as the last, and where each slot's begin.
    members: Vec<u32>,
    begins: Vec<u32>,
    exits: RefCell<KnownExits>,
    /// The rank of an order and the slot where it would cost less than where it is, prices included: then the prices
    /// prove nothing with these costs. The least pair that was met.
    refuted: Cell<Option<(u32, u32)>>,
}

/// Where the orders of one slot could go, by how much more that would cost, prices included.
struct Exits {
    /// All that are no longer are there.
    up_to: i64,
    /// The length, and the rank of the order that would move.
    to_nowhere: Option<(i64, u32)>,
    /// The slot, the length and the rank; the shortest first, and of each slot the shortest alone.
    to_sites: Vec<(u32, i64, u32)>,
}

/// What searches have found already.
struct KnownExits {
    by_slot: Vec<Option<Rc<Exits>>>,
    count: usize,
}

/// A search in progress.
struct Search {
    /// By slot, with slack as the last.
    dist: Vec<i64>,
    /// For each, the slot before it and the rank of the order that moves.
    via: Vec<(u32, u32)>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl<'a> Exchanges<'a> {
    /// `None` if prices and costs don't fit into one number. O(orders + sites).
    pub(super) fn new(
        plan: &'a Plan,
        terms: &'a Terms<'a>,
        mut everywhere: Everywhere<'a>,
    ) -> Option<Self> {
        const WALK_MAX: i64 = 20_100_000_000;
        const WORTH_MAX: i64 = Preferences::WORTH_MAX.as_millimetres().cast_signed();
        // Twice a walk round half the Earth, or whatever the caller's own costs may be, with all preferences; and the
        // levels that a chain may add up to.
        let walk_max = if terms.has_own_costs() {
            Terms::WALK_MAX
        } else {
            WALK_MAX
        };
        let range = 2 * (walk_max + 3 * WORTH_MAX);
        let sites = i64::try_from(plan.loads().len()).ok()?;
        let level = match plan.objective() {
            Objective::FewestUnassigned => (4 * range).checked_mul(sites + 2)?,
            Objective::UnassignedAt(_) => 0,
        };
        if level > i64::MAX / 8 {
            return None;
        }
        // What is stored need not be true: no price of a plan that is can be out of range.
        let sum = |price: Price| {
            let levels = price.unassigned.checked_mul(level)?;
            let sum = levels.checked_add(price.cost)?;
            (0..=i64::MAX / 8).contains(&sum).then_some(sum)
        };
        let prices = plan.loads().iter().map(|load| sum(load.price));
        let prices: Vec<i64> = prices.collect::<Option<_>>()?;
        if everywhere.is_bounded() {
            everywhere.set_prices(&prices);
        }
        let (members, begins) = movable(plan, terms);
        let size = members
            .first()
            .map_or(Units(1), |rank| terms.order(*rank).size);
        Some(Self {
            plan,
            terms,
            everywhere,
            prices,
            level,
            size,
            members,
            begins,
            exits: RefCell::new(KnownExits {
                by_slot: vec![None; plan.loads().len() + 1],
                count: 0,
            }),
            refuted: Cell::new(None),
        })
    }

    /// The cheapest exchange that gives `asker`, which is at `from`, a place at the slot `to`.
    pub(super) fn cheapest(&self, asker: &Asker, from: Option<u32>, to: u32) -> Option<Exchange> {
        const WINDOW_MAX: i64 = i64::MAX / 16;
        let goal = from.unwrap_or(self.slack());
        let mut window = 100_000;
        let search = loop {
            let search = self.search(to, goal, window);
            let length = search.dist[goal as usize];
            if length <= window {
                break search;
            } else if window == WINDOW_MAX {
                return None;
            }
            window = (8 * window).min(WINDOW_MAX);
        };
        let chord = asker.at.chord(self.terms.site(to).at);
        let left = match from {
            Some(from) => self.cost_at(asker, from)? + self.prices[from as usize],
            None => self.nowhere(),
        };
        let entered = self.terms.cost(asker, to, chord)? + self.prices[to as usize];
        let sum = entered - left + search.dist[goal as usize];
        let mut steps = vec![self.step(asker.rank, from, Some(to))];
        let named = |slot: u32| Some(slot).filter(|slot| *slot != self.slack());
        for (rank, from, to) in search.steps(to, goal).into_iter().rev() {
            steps.push(self.step(rank, named(from), named(to)));
        }
        let costs = self.split(sum);
        Some(Exchange { steps, costs })
    }

    /// The order and the site that show that the costs are not those that the plan's prices are of, if any was met.
    pub(super) fn refuted(&self) -> Option<(u32, u32)> {
        self.refuted.get()
    }

    /// Dijkstra's algorithm along edges that end within the window.
    fn search(&self, start: u32, goal: u32, window: i64) -> Search {
        let mut search = Search::new(self.prices.len(), start);
        while let Some(Reverse((dist, slot))) = search.heap.pop() {
            if slot == goal {
                break;
            }
            if dist == search.dist[slot as usize] {
                // What is beyond the goal is of no use either.
                let window = window.min(search.dist[goal as usize]);
                if slot == self.slack() {
                    self.leave_slack(&mut search, window);
                } else {
                    self.leave_site(&mut search, slot, window);
                }
            }
        }
        search
    }

    fn leave_site(&self, search: &mut Search, slot: u32, window: i64) {
        let dist = search.dist[slot as usize];
        if self.has_room(slot) {
            search.relax(self.slack(), dist, (slot, Search::NOBODY));
        }
        let exits = self.exits(slot, window - dist);
        if let Some((length, rank)) = exits.to_nowhere {
            search.relax(self.slack(), dist + length, (slot, rank));
        }
        search.follow(&exits, slot, window);
    }

    fn leave_slack(&self, search: &mut Search, window: i64) {
        let slack = self.slack();
        let dist = search.dist[slack as usize];
        for (slot, price) in (0..).zip(&self.prices) {
            if dist.saturating_add(*price) <= window {
                search.relax(slot, dist + price, (slack, Search::NOBODY));
            }
        }
        if dist <= window {
            search.follow(&self.exits(slack, window - dist), slack, window);
        }
    }

    /// The ways out of a slot that are no longer than `length`, and perhaps more: found once for all searches.
    fn exits(&self, slot: u32, length: i64) -> Rc<Exits> {
        /// So many are kept: a gigabyte is not.
        const KEPT_MAX: usize = 1 << 22;
        let mut kept = self.exits.borrow_mut();
        if let Some(known) = &kept.by_slot[slot as usize]
            && known.up_to >= length
        {
            return Rc::clone(known);
        }
        // The next search may look a little farther.
        let up_to = (length.unsigned_abs() + 1)
            .next_power_of_two()
            .cast_signed();
        let exits = Rc::new(self.find_exits(slot, up_to));
        kept.count += exits.to_sites.len();
        if kept.count > KEPT_MAX {
            kept.count = exits.to_sites.len();
            kept.by_slot.fill(None);
        }
        kept.by_slot[slot as usize] = Some(Rc::clone(&exits));
        exits
    }

    fn find_exits(&self, slot: u32, up_to: i64) -> Exits {
        let mut to_sites = Vec::new();
        let mut to_nowhere: Option<(i64, u32)> = None;
        for rank in self.members(slot) {
            let asker = self.terms.asker(*rank);
            let own = if slot == self.slack() {
                self.nowhere()
            } else {
                let Some(cost) = self.cost_at(&asker, slot) else {
                    self.refute(*rank, slot);
                    continue;
                };
                let own = cost + self.prices[slot as usize];
                let way = ((self.nowhere() - own).max(0), *rank);
                to_nowhere = Some(to_nowhere.map_or(way, |known| known.min(way)));
                own
            };
            let limit = own.saturating_add(up_to).saturating_add(1);
            self.everywhere.each_known_below(&asker, limit, |to, cost| {
                let there = cost + self.prices[to as usize];
                if to != slot && there < limit {
                    if there < own {
                        self.refute(*rank, to);
                    }
                    // Nothing is shorter than 0, or searches would not end.
                    to_sites.push((to, there.saturating_sub(own).max(0), *rank));
                }
            });
        }
        // The shortest to each site; of equals that of the first order.
        to_sites.sort_unstable();
        to_sites.dedup_by_key(|(to, ..)| *to);
        to_sites.sort_unstable_by_key(|(to, length, _)| (*length, *to));
        Exits {
            up_to,
            to_nowhere,
            to_sites,
        }
    }

    /// The ranks of the orders at a slot that may move.
    fn members(&self, slot: u32) -> &[u32] {
        let [begin, end] = [slot, slot + 1].map(|slot| self.begins[slot as usize] as usize);
        &self.members[begin..end]
    }

    fn refute(&self, rank: u32, slot: u32) {
        let met = (rank, slot);
        let least = self.refuted.get().map_or(met, |known| known.min(met));
        self.refuted.set(Some(least));
    }

    /// What an order costs where the plan has it; `None` if it may not go there, which no plan that is true does.
    fn cost_at(&self, asker: &Asker, slot: u32) -> Option<i64> {
        let chord = asker.at.chord(self.terms.site(slot).at);
        self.terms.cost(asker, slot, chord)
    }

    /// What it costs to be nowhere.
    fn nowhere(&self) -> i64 {
        match self.plan.objective() {
            Objective::FewestUnassigned => self.level,
            Objective::UnassignedAt(price) => price.as_millimetres().cast_signed(),
        }
    }

    /// The node for whatever is empty and for nowhere.
    fn slack(&self) -> u32 {
        self.prices.len() as u32
    }

    fn has_room(&self, slot: u32) -> bool {
        self.plan.loads()[slot as usize].room() >= self.size
    }

    fn step(&self, rank: u32, from: Option<u32>, to: Option<u32>) -> Step {
        let site = |slot: u32| self.plan.loads()[slot as usize].site;
        Step {
            order: self.plan.decisions()[rank as usize].order,
            from: from.map(site),
            to: to.map(site),
        }
    }

    /// The pair that a sum of levels and millimetres stands for: the nearest number of levels, and what is left.
    fn split(&self, sum: i64) -> Price {
        if self.level == 0 {
            return Price {
                unassigned: 0,
                cost: sum,
            };
        }
        let unassigned = (sum + self.level / 2).div_euclid(self.level);
        Price {
            unassigned,
            cost: sum - unassigned * self.level,
        }
    }
}

impl Search {
    /// In place of a rank, where no order moves.
    const NOBODY: u32 = u32::MAX;

    fn new(sites: usize, start: u32) -> Self {
        let mut search = Self {
            dist: vec![i64::MAX; sites + 1],
            via: vec![(start, Self::NOBODY); sites + 1],
            heap: BinaryHeap::new(),
        };
        search.relax(start, 0, (start, Self::NOBODY));
        search
    }

    fn relax(&mut self, slot: u32, dist: i64, via: (u32, u32)) {
        let known = &mut self.dist[slot as usize];
        if dist < *known {
            *known = dist;
            self.via[slot as usize] = via;
            self.heap.push(Reverse((dist, slot)));
        }
    }

    /// Every way out of a slot that ends within the window.
    fn follow(&mut self, exits: &Exits, slot: u32, window: i64) {
        let dist = self.dist[slot as usize];
        let near = exits.to_sites.iter();
        for (to, length, rank) in near.take_while(|(_, length, _)| *length <= window - dist) {
            self.relax(*to, dist + length, (slot, *rank));
        }
    }

    /// The moves on the path as (rank, from, to), last first.
    fn steps(&self, start: u32, end: u32) -> Vec<(u32, u32, u32)> {
        let mut steps = Vec::new();
        let mut to = end;
        while to != start {
            let (from, rank) = self.via[to as usize];
            if rank != Self::NOBODY {
                steps.push((rank, from, to));
            }
            to = from;
        }
        steps
    }
}

/// The orders at each slot whose buyers did not choose it, those that are nowhere as the last, and where each slot's
/// begin.
fn movable(plan: &Plan, terms: &Terms<'_>) -> (Vec<u32>, Vec<u32>) {
    let slack = plan.loads().len();
    let free = || {
        let decided = (0..).zip(plan.decisions()).zip(&plan.inner.asked);
        let free = decided.filter(|(_, asked)| !matches!(asked.wish, Wish::Site(_)));
        free.map(|((rank, decision), _)| {
            let site = decision
                .assigned()
                .and_then(|assigned| terms.slot(assigned.site));
            (rank, site.map_or(slack, |slot| slot as usize))
        })
    };
    let mut begins = vec![0_u32; slack + 2];
    for (_, slot) in free() {
        begins[slot + 1] += 1;
    }
    for slot in 0..=slack {
        begins[slot + 1] += begins[slot];
    }
    let mut next = begins.clone();
    let mut members = vec![0; next.last().map_or(0, |end| *end as usize)];
    for (rank, slot) in free() {
        members[next[slot] as usize] = rank;
        next[slot] += 1;
    }
    (members, begins)
}
