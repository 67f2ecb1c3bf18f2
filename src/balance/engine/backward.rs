//! From a place with room and a price, back along the chain of orders that gain most by moving up.

use core::cmp::{Ordering, Reverse};

use super::lists::FAR;
use super::{CandidateSource, Engine};

impl<S: CandidateSource> Engine<S> {
    /// Fills the room of sites that have a price, or takes the price away where nobody wants the room.
    ///
    /// No site may be over its capacity.
    pub(in crate::balance) fn fill(&mut self, sites: impl Iterator<Item = u32>) {
        for site in sites {
            while self.has_dear_room(site) {
                self.fill_one(site);
            }
        }
    }

    fn has_dear_room(&self, site: u32) -> bool {
        let node = &self.nodes[site as usize];
        node.room > 0 && node.price > 0
    }

    /// Moves orders up along the best chain that ends in the room of `goal`, and lowers prices so that the
    /// invariants hold. Returns by how much the price of `goal` falls.
    #[inline(never)]
    fn fill_one(&mut self, goal: u32) -> i64 {
        let (start, length) = self.best_taker(goal);
        self.is_least = false;
        self.move_up(start, goal);
        self.lower_prices(length);
        length
    }

    /// The place from which a chain of moves to `goal` is best begun, and by how much the price of one unit there is
    /// above what the chain saves. It is `goal` itself if nobody wants its room.
    ///
    /// A chain may begin nowhere: an unassigned order gets a site. Or it begins at a site whose own room is then
    /// left empty, so that its price must become 0.
    ///
    /// Dijkstra's algorithm on reduced lengths, against the direction of the moves.
    pub(in crate::balance) fn best_taker(&mut self, goal: u32) -> (u32, i64) {
        self.keep_entrances();
        loop {
            self.list_unsure();
            let (start, length) = self.search_backward(goal);
            let needed = self.settled.iter().map(|(site, _)| {
                length - self.nodes[*site as usize].dist + self.fallen[*site as usize]
            });
            if needed.max().unwrap_or(0) <= self.listed_beyond {
                return (start, length);
            }
            // A shorter chain may have been out of sight.
            self.list_all_beyond(length);
        }
    }

    fn search_backward(&mut self, goal: u32) -> (u32, i64) {
        self.begin_search();
        self.reach_first(goal, 0);
        let nowhere = self.nowhere();
        let mut best = (goal, self.nodes[goal as usize].price);
        while let Some(Reverse((dist, site))) = self.heap.pop() {
            if dist > best.1 {
                break;
            }
            if dist != self.nodes[site as usize].dist {
                continue;
            }
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
            let mut door = 0;
            while let Some((from, number)) = doors.get(door).copied() {
                let lists = &mut sites[from as usize];
                let number = number as usize;
                let Some(exit) = lists.exits.get(number).filter(|exit| exit.to == site) else {
                    // It was listed anew since.
                    doors.swap_remove(door);
                    continue;
                };
                door += 1;
                let node = &mut nodes[from as usize];
                let length = |delta: i64| dist + delta + price - node.price;
                // As far as the best: of several equally good ones the first by number is taken, whoever found it.
                let limit = best.1.saturating_add(1).min(node.dist);
                if exit.low == FAR || length(exit.low) >= limit {
                    continue;
                }
                let Some((delta, order)) = lists.first(number) else {
                    continue;
                };
                let length = length(delta);
                if length >= limit {
                    continue;
                }
                if node.dist == FAR {
                    touched.push(from);
                }
                node.dist = length;
                node.via = site;
                node.order = order;
                heap.push(Reverse((length, from)));
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
        best
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
            for (from, number) in &entrances[site as usize] {
                let lists = &mut self.sites[*from as usize];
                let number = *number as usize;
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

    /// From now on every place knows the exits that lead to it.
    pub(super) fn keep_entrances(&mut self) {
        if self.entrances.is_some() {
            return;
        }
        let mut entrances = vec![Vec::new(); self.nodes.len()];
        for (site, lists) in self.sites.iter().enumerate() {
            for (number, exit) in lists.exits.iter().enumerate() {
                entrances[exit.to as usize].push((site as u32, number as u32));
            }
        }
        self.entrances = Some(entrances);
        self.listed_beyond = -1;
    }

    /// Lists every place so far that each exit of a reduced length up to `length` is known, and some beyond.
    pub(super) fn list_all_beyond(&mut self, length: i64) {
        let beyond = length
            .saturating_add(length / 2)
            .saturating_add(self.stride)
            .min(FAR / 2);
        // What was listed under floors that have fallen since is certain again only when it is listed again.
        let is_stale = self.fallen.iter().any(|fall| *fall > 0);
        self.refresh_floors();
        self.fallen.fill(0);
        for site in 0..self.nodes.len() as u32 {
            if is_stale {
                self.sites[site as usize].listed_below = -FAR;
            }
            self.list_beyond(site, beyond);
        }
        self.listed_beyond = beyond;
        self.unsure.clear();
    }

    /// Lists again those places whose price has risen since, so that they are as certain as the others.
    pub(super) fn list_unsure(&mut self) {
        while let Some(site) = self.unsure.pop() {
            self.list_beyond(site, self.listed_beyond);
        }
    }

    fn list_beyond(&mut self, site: u32, beyond: i64) {
        let needed = self.nodes[site as usize].price + beyond;
        if self.sites[site as usize].listed_below < needed {
            self.list(site, needed + beyond / 4);
        }
    }
}
