//! From a site with too many orders to the nearest place with room.

use super::lists::FAR;
use super::{CandidateSource, Engine, Reached};

impl<S: CandidateSource> Engine<S> {
    /// Moves one order along each step of the cheapest chain from an overfull site to a place with room, and raises
    /// prices so that the invariants hold. Returns the price of the move.
    ///
    /// Dijkstra's algorithm on reduced lengths, within a window that widens when it is exhausted: most chains are
    /// short, and a window spares the queues of the sites around from being looked at.
    #[inline(never)]
    pub(super) fn relieve_one(&mut self, start: u32) -> i64 {
        let (end, length) = self.nearest_room(start);
        self.usual_length += (length - self.usual_length) / 16;
        self.move_along(start, end);
        self.raise_prices(length);
        length
    }

    /// Relieves every site that has too many orders, in the order given.
    pub(in crate::balance) fn relieve(&mut self, sites: impl Iterator<Item = u32>) {
        for site in sites {
            while self.nodes[site as usize].room < 0 {
                self.relieve_one(site);
            }
        }
    }

    /// The place with room that is nearest to `start`, and how far it is.
    pub(in crate::balance) fn nearest_room(&mut self, start: u32) -> (u32, i64) {
        self.begin_search();
        self.reach_first(start, 0);
        let mut bound = FAR;
        let mut window = self.usual_length + 1;
        loop {
            while let Some(reached) = self.heap.pop() {
                let (dist, site) = (reached.dist(), reached.node());
                let node = &self.nodes[site as usize];
                if dist != node.dist {
                    continue;
                }
                if node.room > 0 {
                    return (site, dist);
                }
                let beyond = self.scan(site, window, &mut bound);
                self.settles += 1;
                self.settled.push((site, beyond));
            }
            // No room within the window. Look again where something lay beyond it.
            let next = self.settled.iter().map(|(_, beyond)| *beyond).min();
            window = (2 * window)
                .max(next.unwrap_or(FAR) + window / 2 + 1)
                .min(FAR);
            for place in 0..self.settled.len() {
                let (site, beyond) = self.settled[place];
                if beyond < window {
                    self.settled[place].1 = self.scan(site, window, &mut bound);
                }
            }
        }
    }

    /// Relaxes the exits of a settled site that lead no farther than `window` and no farther than the nearest room
    /// known. Returns a lower bound of how far all others lead.
    #[inline]
    fn scan(&mut self, site: u32, window: i64, bound: &mut i64) -> i64 {
        let node = self.nodes[site as usize];
        let base = node.dist - node.price;
        // As far as the nearest room: of several equally near the first by number is taken, whoever found it.
        let mut within = (window.min(bound.saturating_add(1)) - base).min(FAR);
        let mut beyond = self.listed_below(site);
        if within > beyond {
            self.widen(site, within.max(node.price));
            beyond = self.listed_below(site);
        }
        let Self {
            nodes,
            sites,
            heap,
            touched,
            near,
            ..
        } = self;
        let lists = &mut sites[site as usize];
        let count = lists.nearer_than(within, near, &mut beyond);
        for number in &near[..count] {
            let number = *number as usize;
            let (key, exit) = (&mut lists.keys[number], &lists.exits[number]);
            let goal = &mut nodes[exit.to as usize];
            *key = exit.low + goal.price;
            let (is_near, dist) = (*key < within, base + *key);
            beyond = beyond.min(if is_near { FAR } else { *key });
            if !is_near || dist >= goal.dist {
                continue;
            }
            touched.push(exit.to);
            goal.dist = dist;
            goal.via = site;
            goal.order = exit.order;
            if goal.room > 0 {
                *bound = goal.dist;
                within = within.min(*key + 1);
            }
            heap.push(Reached::new(goal.dist, exit.to));
        }
        base.saturating_add(beyond).min(FAR)
    }

    /// Lists a site again, farther than `needed`.
    fn widen(&mut self, site: u32, needed: i64) {
        let more = if needed > self.level() && self.level() > 0 {
            needed
        } else {
            (needed / 2).clamp(self.stride, 4 * self.stride)
        };
        self.list(site, needed.saturating_add(more).min(FAR));
    }

    /// Moves an order along every step of the chain that the search has found.
    fn move_along(&mut self, start: u32, end: u32) {
        self.take_room(end, 1);
        self.nodes[start as usize].room += 1;
        let mut to = end;
        while to != start {
            let node = self.nodes[to as usize];
            let from = self.nodes[node.via as usize];
            let delta = (node.dist - node.price) - (from.dist - from.price);
            self.transfer(node.order, to, delta);
            to = node.via;
        }
    }

    /// Raises the price of every site nearer than the room by the difference, which keeps all orders content.
    fn raise_prices(&mut self, length: i64) {
        let keeps_entrances = self.entrances.is_some();
        for settled in 0..self.settled.len() {
            let site = self.settled[settled].0;
            let node = &mut self.nodes[site as usize];
            node.price += (length - node.dist).max(0);
            let price = node.price;
            if !keeps_entrances {
                self.floors[site as usize] = price;
            } else if self.sites[site as usize].listed_below - price < self.listed_beyond {
                self.unsure.push(site);
            }
        }
    }
}
