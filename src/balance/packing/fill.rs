//! Chains into unused room: an order comes, another comes into the room that it leaves, and so on until the room that
//! is left is worth little.

use crate::balance::packing::load::Load;
use crate::balance::packing::search::{Search, Stop};

/// For each site whose room has a price, the orders that might come there, by what they would pay beyond their least.
pub(super) struct Callers {
    of: Vec<Vec<(i64, u32)>>,
    /// No order pays more beyond its least than this where it is.
    regret_max: i64,
}

impl Callers {
    /// An order that would pay more beyond its least than its room is worth gains nothing by coming.
    pub(super) fn new(load: &Load<'_>) -> Self {
        let mut of = vec![Vec::new(); load.task.capacities.len() + 1];
        for order in 0..load.task.orders() as u32 {
            for candidate in load.task.row(order as usize) {
                let site = candidate.site();
                if load.prices.is_priced(site) {
                    let regret = load.regret_of(order, candidate);
                    if regret < load.prices.worth(load.size(order), site) {
                        of[site as usize].push((regret, order));
                    }
                }
            }
        }
        for callers in &mut of {
            callers.sort_unstable();
        }
        Self { of, regret_max: 0 }
    }

    /// Takes note of what orders pay now.
    pub(super) fn look_at(&mut self, load: &Load<'_>) {
        self.regret_max = load.regrets().iter().copied().max().unwrap_or(0);
    }

    /// What each caller of a site would pay beyond its least, and its number.
    pub(super) fn of(&self, site: u32) -> &[(i64, u32)] {
        &self.of[site as usize]
    }
}

impl Load<'_> {
    /// Moves orders into the unused room of a site along the best chain, if there is one that lowers regrets and the
    /// worth of unused room taken together.
    pub(super) fn fill(&mut self, search: &mut Search, callers: &Callers, site: u32, stops: u32) {
        let room = self.room(site);
        if room <= 0 || !self.prices.is_priced(site) {
            return;
        }
        search.begin(self.task.capacities.len() + 1, site, room);
        // What a chain adds if it ends here, the room that is left included.
        let (mut least, mut end) = (self.prices.worth(room, site), 0);
        for _ in 0..stops {
            let Some((number, stop)) = search.pop() else {
                break;
            };
            if stop.added >= least {
                break;
            }
            for (regret, order) in callers.of(stop.site) {
                self.work += 1;
                if stop.added + regret - callers.regret_max >= least {
                    break;
                }
                let place = self.place(*order);
                let size = self.size(*order);
                if size > stop.units || place == stop.site {
                    continue;
                }
                // What is unused there already comes on top of what the order leaves.
                let unused = if place == self.task.nowhere() {
                    0
                } else {
                    self.room(place).max(0)
                };
                let added = stop.added + regret - self.regret(*order)
                    + self.prices.worth(stop.units - size, stop.site)
                    - self.prices.worth(unused, place);
                let next = Stop {
                    site: place,
                    units: unused + size,
                    added,
                    before: number,
                    order: *order,
                    regret: *regret,
                    relieved: 0,
                    depth: stop.depth + 1,
                };
                if added < least && search.push(next) {
                    let left = added + self.prices.worth(unused + size, place);
                    if left < least {
                        (least, end) = (left, search.last());
                    }
                }
            }
        }
        let mut stop = search.stop(end);
        while stop.before != Search::NONE {
            let before = search.stop(stop.before);
            self.transfer(stop.order, before.site, stop.regret);
            stop = before;
        }
    }
}
