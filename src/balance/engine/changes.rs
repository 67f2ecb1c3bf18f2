//! Orders and prices come and go: the changes that leave the invariants as they are.

use super::{ABSENT, Engine, NowhereCosts, Spot, Step};
use crate::balance::{Candidate, CandidateSource, Named, Total};

impl<S: CandidateSource> Engine<S> {
    /// Starts from these prices, one a site, before any order is placed.
    pub(in crate::balance) fn set_prices(&mut self, prices: impl Iterator<Item = i64>) {
        for (node, price) in self.nodes.iter_mut().zip(prices) {
            node.price = price;
        }
        self.is_least = false;
        self.refresh_floors();
    }

    /// Puts an order at a place, which must be one where its cost + price is least.
    pub(in crate::balance) fn place(&mut self, order: u32, place: u32, cost: i64) {
        self.note(order, ABSENT, place, cost);
        self.spots[order as usize].cost = cost;
        self.take_room(place, 1);
        self.enter(place, order);
    }

    /// Puts every order at a place, when none has one and nothing is listed. `choose` gets the order and what it costs
    /// nowhere, and returns the place and its cost there.
    pub(in crate::balance) fn place_all(&mut self, choose: impl Fn(u32, i64) -> (u32, i64)) {
        let mut counts = vec![0_u32; self.nodes.len()];
        for (order, spot) in (0..).zip(&mut self.spots) {
            (spot.place, spot.cost) = choose(order, self.nowhere_costs.cost(order));
            let count = &mut counts[spot.place as usize];
            spot.member = *count;
            *count += 1;
            self.sum += spot.cost;
        }
        self.unassigned = counts.last().map_or(0, |count| i64::from(*count));
        for (place, count) in (0..).zip(counts) {
            self.sites[place as usize]
                .members
                .reserve_exact(count as usize);
            self.take_room(place, i64::from(count));
        }
        for (order, spot) in (0..).zip(&self.spots) {
            self.sites[spot.place as usize].members.push(order);
        }
    }

    /// One more order, which is nowhere yet, not even unassigned.
    pub(in crate::balance) fn push_order(&mut self, nowhere_cost: i64) {
        self.spots.push(Spot::NONE);
        if let NowhereCosts::Each(costs) = &mut self.nowhere_costs {
            costs.push(nowhere_cost);
        }
    }

    /// Takes back the last [`push_order`](Self::push_order).
    pub(in crate::balance) fn pop_order(&mut self) {
        self.spots.pop();
        if let NowhereCosts::Each(costs) = &mut self.nowhere_costs {
            costs.pop();
        }
    }

    /// Puts an order where it is best off, and makes room for it.
    pub(in crate::balance) fn admit(&mut self, order: u32) {
        let (place, cost) = self.best_place(order, None, None);
        self.place(order, place, cost);
        self.relieve_site(place);
    }

    /// Takes an order out of the problem. Returns the place it leaves.
    pub(in crate::balance) fn remove(&mut self, order: u32) -> u32 {
        let cost = self.spots[order as usize].cost;
        let place = self.leave(order);
        self.note(order, place, ABSENT, -cost);
        self.take_room(place, -1);
        // Chains that ended with this order are gone, so what one more place would save may be less now.
        self.is_least = false;
        place
    }

    /// So much less room at a place; nowhere has room for everybody.
    pub(in crate::balance) fn take_room(&mut self, place: u32, units: i64) {
        if place != self.nowhere() {
            self.nodes[place as usize].room -= units;
            // One more place may save less than the one before.
            self.is_least &= units >= 0;
        }
    }

    /// Where an order would be best off: the place and its cost there.
    ///
    /// `hint` is a candidate of the order, the cheaper the better. Of several that are best it is `own`, a place
    /// (nowhere is one) and the cost there.
    pub(in crate::balance) fn best_place(
        &mut self,
        order: u32,
        hint: Option<Candidate>,
        own: Option<(u32, i64)>,
    ) -> (u32, i64) {
        let nowhere = self.nowhere();
        let unassigned = self.nowhere_cost(order);
        let mut best = (unassigned + self.level(), nowhere, unassigned);
        let Self { source, nodes, .. } = self;
        let value = |site: u32, cost: i64| (cost + nodes[site as usize].price, site, cost);
        let mut limit = 8 * self.stride;
        let hint = hint.map(|hint| (hint.site(), hint.cost()));
        for (place, cost) in hint.into_iter().chain(own) {
            best = best.min(value(place, cost));
            limit = best.0.saturating_add(1);
        }
        loop {
            let named = source.below(order, limit, |site, cost| {
                best = best.min(value(site, cost));
            });
            if named == Named::All || best.0 < limit {
                break;
            }
            limit = limit.saturating_mul(8).max(8);
        }
        let (_, place, cost) = own
            .map(|(place, cost)| value(place, cost))
            .filter(|own| own.0 <= best.0)
            .unwrap_or(best);
        (place, cost)
    }

    /// The value of the plan: unassigned orders, and the sum of costs without levels.
    pub(in crate::balance) fn total(&self) -> Total {
        let counted = self.level() > 0;
        Total {
            unassigned: if counted { self.unassigned as u64 } else { 0 },
            cost: self.sum,
        }
    }

    /// From now on every move is written down.
    pub(in crate::balance) fn begin_journal(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// The moves since [`begin_journal`](Self::begin_journal).
    pub(in crate::balance) fn end_journal(&mut self) -> Vec<Step> {
        self.journal.take().unwrap_or_default()
    }

    /// Takes back moves, and returns to the prices at which the orders were where they were.
    pub(in crate::balance) fn undo(&mut self, steps: &[Step], prices: &[i64]) {
        self.keep_entrances();
        let mut sunk = 0;
        for (site, price) in prices.iter().enumerate() {
            let fall = self.nodes[site].price - price;
            if fall > 0 {
                sunk = sunk.max(self.lower_price(site as u32, fall));
            } else if fall < 0 {
                self.nodes[site].price = *price;
                self.unsure.push(site as u32);
            }
        }
        self.sink(sunk);
        for step in steps.iter().rev() {
            if step.to == ABSENT {
                self.place(step.order, step.from, -step.delta);
            } else if step.from == ABSENT {
                self.remove(step.order);
            } else {
                self.take_room(step.to, -1);
                self.take_room(step.from, 1);
                self.transfer(step.order, step.from, -step.delta);
            }
        }
        self.is_least = false;
    }

    /// How many orders are at sites beyond their capacities.
    pub(in crate::balance) fn surplus(&self) -> i64 {
        self.nodes.iter().map(|node| (-node.room).max(0)).sum()
    }

    /// The prices of all sites, with levels.
    pub(in crate::balance) fn prices(&self) -> Vec<i64> {
        let sites = self.nodes.len() - 1;
        self.nodes[..sites].iter().map(|node| node.price).collect()
    }

    /// Gives every order another cost where it is, and forgets what was listed.
    pub(in crate::balance) fn reprice(&mut self, costs: impl Iterator<Item = i64>) {
        for (spot, cost) in self.spots.iter_mut().zip(costs) {
            if spot.place != ABSENT {
                self.sum += cost - spot.cost;
                spot.cost = cost;
            }
        }
        for lists in &mut self.sites {
            lists.forget();
        }
        self.entrances = None;
        self.is_least = false;
    }

    /// Moves every order to where it is best off, then makes the plan optimal.
    pub(in crate::balance) fn settle(&mut self) {
        for order in 0..self.spots.len() as u32 {
            let spot = self.spots[order as usize];
            if spot.place == ABSENT {
                continue;
            }
            let (place, cost) = self.best_place(order, None, None);
            let value = |place: u32, cost: i64| cost + self.nodes[place as usize].price;
            if value(place, cost) < value(spot.place, spot.cost) {
                self.take_room(place, 1);
                self.take_room(spot.place, -1);
                self.transfer(order, place, cost - spot.cost);
            }
        }
        let sites = self.nowhere();
        self.relieve(0..sites);
        self.fill(0..sites);
    }
}
