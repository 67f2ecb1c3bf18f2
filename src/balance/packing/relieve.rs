//! Chains of ejections: an order leaves an overfull site for another, another order leaves that one, and so on until
//! one finds room.

use crate::balance::packing::load::Load;
use crate::balance::packing::prices::{FAR, MOVES_MAX};
use crate::balance::packing::search::{Search, Stop};

/// How far a search goes.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    /// What it adds to regrets and to the worth of unused room must be below.
    pub(super) added_below: i64,
    /// How many stops it looks at. Without a limit to what it adds, it goes on until it has found something.
    pub(super) stops: u32,
}

/// The last move of a chain.
#[derive(Clone, Copy)]
struct End {
    before: u32,
    order: u32,
    to: u32,
    regret: i64,
    added: i64,
    relieved: i64,
}

impl Load<'_> {
    /// Moves orders away from a site that has too many, one chain after another, each the cheapest a unit. Returns
    /// what they add to regrets and to the worth of unused room; `None` if that is too much.
    pub(super) fn relieve(&mut self, search: &mut Search, site: u32, reach: Reach) -> Option<i64> {
        let mut added = 0;
        while self.room(site) < 0 {
            let rest = Reach {
                added_below: reach.added_below.saturating_sub(added),
                ..reach
            };
            let end = self.cheapest_chain(search, site, rest)?;
            added = end.added.saturating_add(added);
            self.follow(search, end);
            if self.moves() > MOVES_MAX && reach.added_below < FAR {
                return None;
            }
        }
        Some(added)
    }

    /// The chain that adds least for each unit of excess that it takes away.
    fn cheapest_chain(&mut self, search: &mut Search, site: u32, reach: Reach) -> Option<End> {
        let excess = -self.room(site);
        search.begin(self.task.capacities.len() + 1, site, excess);
        let mut best: Option<End> = None;
        let mut looked = 0;
        while let Some((number, stop)) = search.pop() {
            let is_hopeless =
                best.is_some_and(|best| stop.added > 0 && stop.added >= best.allows(excess));
            let is_tired = looked >= reach.stops && (best.is_some() || reach.added_below < FAR);
            if is_hopeless || is_tired {
                break;
            }
            looked += 1;
            for member in 0..self.members(stop.site).len() {
                let order = self.members(stop.site)[member];
                // At the start a part of the excess will do; later chains take the rest.
                if stop.before == Search::NONE || self.size(order) >= stop.units {
                    self.eject(search, number, order, reach.added_below, &mut best);
                }
            }
        }
        best
    }

    /// Tries all places that an order at a stop could leave for.
    #[inline]
    fn eject(
        &mut self,
        search: &mut Search,
        number: u32,
        order: u32,
        below: i64,
        best: &mut Option<End>,
    ) {
        let stop = search.stop(number);
        let size = self.size(order);
        let relieved = if stop.before == Search::NONE {
            size.min(stop.units)
        } else {
            stop.relieved
        };
        let mut base = stop.added - self.regret(order);
        if size > stop.units {
            base += self.prices.worth(size - stop.units, stop.site);
        }
        let mut below = best.map_or(below, |best| below.min(best.allows(relieved)));
        let end = |to: u32, regret: i64, added: i64| End {
            before: number,
            order,
            to,
            regret,
            added,
            relieved,
        };
        let near = self.near(order);
        self.work += 1;
        for at in near {
            let candidate = self.near_at(at);
            let (to, regret) = (candidate.site(), candidate.cost());
            let mut added = base + regret;
            self.work += 1;
            if added >= below {
                break;
            }
            if to == stop.site {
                continue;
            }
            let used = self.room(to).clamp(0, size);
            if used > 0 {
                added -= self.prices.worth(used, to);
            }
            if used < size {
                search.push(Stop {
                    site: to,
                    units: size - used,
                    added,
                    before: number,
                    order,
                    regret,
                    relieved,
                    depth: stop.depth + 1,
                });
            } else if !search.visits(number, to) {
                *best = Some(end(to, regret, added));
                below = added;
            }
        }
        let regret = self.regret_nowhere(order);
        let added = base + regret;
        if added < below {
            *best = Some(end(self.task.nowhere(), regret, added));
        }
    }

    /// Makes the moves of a chain, the last one first.
    fn follow(&mut self, search: &Search, end: End) {
        self.transfer(end.order, end.to, end.regret);
        let mut stop = search.stop(end.before);
        while stop.before != Search::NONE {
            self.transfer(stop.order, stop.site, stop.regret);
            stop = search.stop(stop.before);
        }
    }
}

impl End {
    /// A chain that takes away so many units and adds this is as cheap a unit.
    fn allows(self, relieved: i64) -> i64 {
        (i128::from(self.added) * i128::from(relieved) / i128::from(self.relieved)) as i64
    }
}
