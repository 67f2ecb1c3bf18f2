//! From a place with room and a price, back along the chain of orders that gain most by moving up.

use core::cmp::Ordering;

use super::lists::FAR;
use super::{CandidateSource, Engine, Reached};

impl<S: CandidateSource> Engine<S> {
    /// Fills the room of sites that have a price, or takes the price away where nobody wants the room.
    ///
    /// No site may be over its capacity. Sites take turns: whichever can't be filled with what is listed waits until
    /// more is listed for all of them together.
    pub(in crate::balance) fn fill(&mut self, sites: impl Iterator<Item = u32>) {
        let mut rest: Vec<u32> = sites.filter(|site| self.has_dear_room(*site)).collect();
        while !rest.is_empty() {
            self.keep_entrances();
            self.list_unsure();
            rest.retain(|site| !self.fill_if_certain(*site));
            self.look_farther();
        }
    }

    fn has_dear_room(&self, site: u32) -> bool {
        let node = &self.nodes[site as usize];
        node.room > 0 && node.price > 0
    }

    /// Moves orders up along the best chains that end in the room of `goal`, and lowers prices so that the invariants
    /// hold. Returns `false` if more has to be listed first.
    #[inline(never)]
    fn fill_if_certain(&mut self, goal: u32) -> bool {
        while self.has_dear_room(goal) {
            let Some((start, length)) = self.certain_taker(goal) else {
                return false;
            };
            self.is_least = false;
            self.move_up(start, goal);
            self.lower_prices(length);
        }
        true
    }

    /// The place from which a chain of moves to `goal` is best begun, and by how much the price of one unit there is
    /// above what the chain saves. It is `goal` itself if nobody wants its room.
    ///
    /// A chain may begin nowhere: an unassigned order gets a site. Or it begins at a site whose own room is then
    /// left empty, so that its price must become 0.
    pub(in crate::balance) fn best_taker(&mut self, goal: u32) -> (u32, i64) {
        self.keep_entrances();
        loop {
            self.list_unsure();
            if let Some(found) = self.certain_taker(goal) {
                return found;
            }
            self.look_farther();
        }
    }

    /// The same, if a better chain can't be out of sight. If it can, remembers what has to be listed.
    fn certain_taker(&mut self, goal: u32) -> Option<(u32, i64)> {
        let (best, horizon) = self.search_backward(goal);
        // Where all candidates are at hand, chains as good as the best have to be in sight as well: of them the first
        // by number is taken, so that a plan that is taken up again goes on in the same way.
        let enough = best.1.saturating_add(i64::from(!S::PRUNES));
        if enough <= horizon {
            return Some(best);
        }
        let target = enough.min(self.farther(horizon));
        for settled in 0..self.settled.len() {
            let site = self.settled[settled].0;
            self.want(site, target - self.nodes[site as usize].dist);
        }
        None
    }

    /// Dijkstra's algorithm on reduced lengths, against the direction of the moves. The result is the best start known
    /// and its length, and a horizon: no chain that is not known is shorter than that.
    fn search_backward(&mut self, goal: u32) -> ((u32, i64), i64) {
        self.begin_search();
        self.reach_first(goal, 0);
        let nowhere = self.nowhere();
        let mut best = (goal, self.nodes[goal as usize].price);
        let mut horizon = FAR;
        while let Some(reached) = self.heap.pop() {
            let (dist, site) = (reached.dist(), reached.node());
            // Chains that are as good as the best are looked at too: of them the first by number is taken.
            if dist > best.1 || dist >= self.farther(horizon) {
                break;
            }
            if dist != self.nodes[site as usize].dist {
                continue;
            }
            horizon = horizon.min(dist.saturating_add(self.certain(site)));
            self.settled.push((site, 0));
            let Self {
                nodes,
                sites,
                entrances: Some(entrances),
                heap,
                touched,
                ..
            } = self
            else {
                break;
            };
            let price = nodes[site as usize].price;
            let doors = &mut entrances[site as usize];
            for door in doors {
                let (from, number) = (door.from, door.number as usize);
                let node = &mut nodes[from as usize];
                let length = |delta: i64| dist + delta + price - node.price;
                // As far as the best: of several equally good ones the first by number is taken, whoever found it.
                let limit = best.1.saturating_add(1).min(node.dist);
                if length(door.low) >= limit {
                    continue;
                }
                let exit = sites[from as usize].exits.get(number);
                // If there is no such exit, the place was listed anew since.
                let Some(exit) = exit.filter(|exit| exit.to == site) else {
                    door.low = FAR;
                    continue;
                };
                door.low = exit.low;
                let length = length(exit.low);
                if length >= limit {
                    continue;
                }
                let order = sites[from as usize].first_order(door.number);
                if node.dist == FAR {
                    touched.push(from);
                }
                node.dist = length;
                node.via = site;
                node.order = order;
                heap.push(Reached::new(length, from));
                let released = if from == nowhere { 0 } else { node.price };
                let is_better = match (length + released).cmp(&best.1) {
                    Ordering::Less => true,
                    // To leave the room empty is as good as any.
                    Ordering::Equal => best.0 != goal && from < best.0,
                    Ordering::Greater => false,
                };
                if is_better {
                    best = (from, length + released);
                }
            }
        }
        (best, horizon)
    }

    /// Moves an order along every step of the chain that the search has found.
    fn move_up(&mut self, start: u32, goal: u32) {
        self.take_room(goal, 1);
        self.take_room(start, -1);
        let mut from = start;
        while from != goal {
            let node = self.nodes[from as usize];
            let to = self.nodes[node.via as usize];
            let delta = (node.dist + node.price) - (to.dist + to.price);
            self.transfer(node.order, node.via, delta);
            from = node.via;
        }
    }

    /// Lowers the price of every settled place by what is missing to the length of the chain.
    fn lower_prices(&mut self, length: i64) {
        let mut sunk = 0;
        for settled in 0..self.settled.len() {
            let site = self.settled[settled].0;
            let fall = length - self.nodes[site as usize].dist;
            if fall > 0 {
                sunk = sunk.max(self.lower_price(site, fall));
            }
        }
        self.sink(sunk);
    }

    /// Lowers one price, and returns how far its floor had to go with it.
    pub(super) fn lower_price(&mut self, site: u32, fall: i64) -> i64 {
        let node = &mut self.nodes[site as usize];
        node.price -= fall;
        let price = node.price;
        if let Some(entrances) = &mut self.entrances {
            for door in &entrances[site as usize] {
                let lists = &mut self.sites[door.from as usize];
                let number = door.number as usize;
                if let Some(exit) = lists.exits.get(number).filter(|exit| exit.to == site) {
                    let key = &mut lists.keys[number];
                    *key = (*key).min(exit.low.saturating_add(price));
                }
            }
        }
        let floor = &mut self.floors[site as usize];
        if price >= *floor {
            return 0;
        }
        let sunk = *floor - (price - self.margin()).max(0).min(price);
        self.floors[site as usize] -= sunk;
        self.fallen[site as usize] += sunk;
        sunk
    }

    /// Takes note that floors have sunk: what was listed is less certain by so much.
    pub(super) fn sink(&mut self, sunk: i64) {
        if sunk > 0 {
            self.sunk += sunk;
            let sites = self.nodes.len() - 1;
            self.source.floors_changed(&self.floors[..sites]);
        }
    }
}
