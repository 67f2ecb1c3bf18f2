//! Ejection chains: an order moves in, another moves out, and so on until one finds room.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::balance::packing::load::{FAR, Load};

/// A site at which something must leave.
#[derive(Clone, Copy, Debug)]
struct Stop {
    site: u32,
    /// So many units must leave at least.
    deficit: i64,
    /// What the chain has added so far.
    added: i64,
    /// The order that moved here, and what it pays beyond its least.
    order: u32,
    regret: i64,
    from: u32,
    /// So many units were taken from the first site.
    relieved: i64,
    depth: u32,
}

/// The end of a chain.
#[derive(Clone, Copy, Debug)]
struct End {
    added: i64,
    relieved: i64,
    from: u32,
    order: u32,
    to: u32,
    regret: i64,
}

/// Memory for searches.
#[derive(Default)]
pub(super) struct Search {
    stops: Vec<Stop>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
    best: Vec<[i64; BUCKETS]>,
    touched: Vec<u32>,
}

const BUCKETS: usize = 8;
const START: u32 = u32::MAX;

fn bucket(deficit: i64) -> usize {
    ((64 - (deficit - 1).leading_zeros()) as usize).min(BUCKETS - 1)
}

impl Search {
    fn begin(&mut self, places: usize) {
        self.best.resize(places, [FAR; BUCKETS]);
        for site in self.touched.drain(..) {
            self.best[site as usize] = [FAR; BUCKETS];
        }
        self.stops.clear();
        self.heap.clear();
    }

    fn visits(&self, mut stop: u32, site: u32) -> bool {
        while stop != START {
            let here = &self.stops[stop as usize];
            if here.site == site {
                return true;
            }
            stop = here.from;
        }
        false
    }

    fn push(&mut self, stop: Stop) {
        let best = &mut self.best[stop.site as usize];
        let bucket = bucket(stop.deficit);
        if best[bucket] <= stop.added {
            return;
        }
        best[bucket] = stop.added;
        self.touched.push(stop.site);
        self.stops.push(stop);
        self.heap
            .push(Reverse((stop.added, self.stops.len() as u32 - 1)));
    }
}

impl Load<'_> {
    /// Moves orders away from a site with too many along the cheapest chains, as long as all of them add less than
    /// `limit`. Returns what they add to regrets and to the worth of unused room, or `None` if it would be more.
    pub(super) fn relieve(
        &mut self,
        search: &mut Search,
        site: u32,
        limit: i64,
        effort: u32,
    ) -> Option<i64> {
        let mut added = 0;
        while self.room[site as usize] < 0 {
            let end = self.cheapest_chain(search, site, limit.saturating_sub(added), effort)?;
            added += end.added;
            self.follow(search, end);
        }
        Some(added)
    }

    fn follow(&mut self, search: &Search, end: End) {
        // Last moves first, so that no site is over capacity for longer than needed.
        let (mut order, mut to, mut regret, mut from) = (end.order, end.to, end.regret, end.from);
        loop {
            self.transfer(order, to, regret);
            if from == START {
                break;
            }
            let stop = search.stops[from as usize];
            if stop.from == START {
                break;
            }
            (order, to, regret, from) = (stop.order, stop.site, stop.regret, stop.from);
        }
    }

    fn cheapest_chain(
        &mut self,
        search: &mut Search,
        site: u32,
        limit: i64,
        effort: u32,
    ) -> Option<End> {
        search.begin(self.room.len());
        let excess = -self.room[site as usize];
        search.push(Stop {
            site,
            deficit: excess,
            added: 0,
            order: START,
            regret: 0,
            from: START,
            relieved: 0,
            depth: 0,
        });
        let mut best: Option<End> = None;
        let mut expanded = 0;
        while let Some(Reverse((added, number))) = search.heap.pop() {
            let stop = search.stops[number as usize];
            if search.best[stop.site as usize][bucket(stop.deficit)] < added {
                continue;
            }
            if let Some(best) = best {
                // Even relieving all at once would not be cheaper a unit.
                let most = excess;
                if added.saturating_mul(best.relieved) >= best.added.saturating_mul(most)
                    && added > 0
                {
                    break;
                }
            }
            if expanded >= effort && (best.is_some() || limit < FAR) {
                break;
            }
            expanded += 1;
            self.expand(search, number, limit, &mut best);
        }
        best
    }

    /// Tries every order that could leave a stop.
    fn expand(&mut self, search: &mut Search, number: u32, limit: i64, best: &mut Option<End>) {
        let stop = search.stops[number as usize];
        let is_first = stop.from == START;
        let nowhere = self.task.nowhere();
        let price = self.price(stop.site);
        for member in 0..self.members[stop.site as usize].len() {
            let order = self.members[stop.site as usize][member];
            let size = self.size(order);
            if !is_first && size < stop.deficit {
                continue;
            }
            let waste = (size - stop.deficit).max(0).saturating_mul(price);
            let relieved = if is_first {
                size.min(stop.deficit)
            } else {
                stop.relieved
            };
            let base = (stop.added + waste).saturating_sub(self.regret[order as usize]);
            // A chain that costs more a unit than the best is of no use.
            let worth = |best: &Option<End>| {
                best.map_or(limit, |best| {
                    limit.min(
                        (i128::from(best.added) * i128::from(relieved) / i128::from(best.relieved))
                            as i64
                            + 1,
                    )
                })
            };
            let mut most = worth(best);
            let near = self.near(order);
            self.work += 1;
            for at in near {
                let candidate = self.near_entry(at);
                self.work += 1;
                let to = candidate.site();
                let added = base + candidate.cost();
                if added >= most.saturating_add(self.credit) {
                    break;
                }
                if to == stop.site {
                    continue;
                }
                let room = self.room[to as usize];
                let used = room.clamp(0, size);
                let added = added - used.saturating_mul(self.price(to));
                if room >= size {
                    if added < most && !search.visits(number, to) {
                        *best = Some(End {
                            added,
                            relieved,
                            from: number,
                            order,
                            to,
                            regret: candidate.cost(),
                        });
                        most = worth(best);
                    }
                } else if added < most.saturating_add(self.credit)
                    && stop.depth < 24
                    && !search.visits(number, to)
                {
                    search.push(Stop {
                        site: to,
                        deficit: size - used,
                        added,
                        order,
                        regret: candidate.cost(),
                        from: number,
                        relieved,
                        depth: stop.depth + 1,
                    });
                }
            }
            let regret = self.regret_nowhere(order);
            let added = base.saturating_add(regret);
            if added < most {
                *best = Some(End {
                    added,
                    relieved,
                    from: number,
                    order,
                    to: nowhere,
                    regret,
                });
            }
        }
    }
}

impl Load<'_> {
    /// Moves orders into the unused room of a site along the best chain, if that lowers the worth of unused room and
    /// the regrets together. Returns what it adds, which is not positive.
    pub(super) fn fill(&mut self, search: &mut Search, site: u32, effort: u32) -> i64 {
        let hole = self.room[site as usize];
        let worth = hole.saturating_mul(self.price(site));
        if worth <= 0 {
            return 0;
        }
        search.begin(self.room.len());
        search.push(Stop {
            site,
            deficit: hole,
            added: 0,
            order: START,
            regret: 0,
            from: START,
            relieved: hole,
            depth: 0,
        });
        let mut best = (worth, 0);
        let mut expanded = 0;
        while let Some(Reverse((added, number))) = search.heap.pop() {
            if added >= best.0 || expanded == effort {
                break;
            }
            let stop = search.stops[number as usize];
            if search.best[stop.site as usize][bucket(stop.deficit)] < added {
                continue;
            }
            expanded += 1;
            self.work += self.pulls[stop.site as usize].len() as u64;
            let price = self.price(stop.site);
            for at in 0..self.pulls[stop.site as usize].len() {
                let (regret, order) = self.pulls[stop.site as usize][at];
                if added + regret - self.regret_most >= best.0 {
                    break;
                }
                let (size, place) = (self.size(order), self.place[order as usize]);
                if size > stop.deficit || place == stop.site {
                    continue;
                }
                let waste = (stop.deficit - size).saturating_mul(price);
                let room = if place == self.task.nowhere() { 0 } else { self.room[place as usize].max(0) };
                let next = added + regret - self.regret[order as usize] + waste
                    - room.saturating_mul(self.price(place));
                if next >= best.0 || stop.depth >= 24 || search.visits(number, place) {
                    continue;
                }
                let before = search.stops.len();
                search.push(Stop {
                    site: place,
                    deficit: room + size,
                    added: next,
                    order,
                    regret,
                    from: number,
                    relieved: room + size,
                    depth: stop.depth + 1,
                });
                let left = next + (room + size).saturating_mul(self.price(place));
                if search.stops.len() > before && left < best.0 {
                    best = (left, before as u32);
                }
            }
        }
        // The order of a stop goes to the stop before.
        let mut number = best.1;
        while number != 0 {
            let stop = search.stops[number as usize];
            self.transfer(stop.order, search.stops[stop.from as usize].site, stop.regret);
            number = stop.from;
        }
        best.0 - worth
    }
}
