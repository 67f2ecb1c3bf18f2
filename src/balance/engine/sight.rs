//! How far the moves into a place are known, which is what searches backward need to be certain.
//!
//! A source names the sites of an order, not the orders of a site, so moves *into* a site are known when those out of
//! all others are. Every place is listed up to its own price and [`listed_beyond`](Engine::listed_beyond) above it,
//! where moves to a site count with the floor of the site's price. So whatever is not listed and leads to a site has a
//! reduced length of at least [`certain`](Engine::certain): the farther a floor is below the price, the more.
//!
//! Where a source prunes, floors are at the prices when searches turn backward, and nothing need be listed. Then the
//! floors of those sites are lowered that a search has asked for, and all orders are asked for these sites alone.

use super::lists::{Door, Entrances, FAR, GONE, Move};
use super::{CandidateSource, Engine};

/// What is wanted of the moves into one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    /// Moves of smaller reduced lengths are to be listed.
    reach: i64,
    /// How often that was the case: each time, twice as much more is listed than is wanted, as prices will fall.
    times: u32,
}

impl<S: CandidateSource> Engine<S> {
    /// No move into this site that is not listed has a smaller reduced length.
    #[inline]
    pub(super) fn certain(&self, site: u32) -> i64 {
        if self.listed_beyond < 0 {
            return -1;
        }
        let (node, site) = (&self.nodes[site as usize], site as usize);
        self.listed_beyond + (node.price - self.floors[site]) - self.fallen[site]
    }

    /// How far to look next when all within a horizon is known.
    pub(super) fn farther(&self, horizon: i64) -> i64 {
        if S::PRUNES && horizon < FAR / 4 {
            2 * horizon + 2 * self.stride
        } else {
            FAR
        }
    }

    /// From now on every place knows the exits that lead to it.
    pub(super) fn keep_entrances(&mut self) {
        if self.entrances.is_some() {
            return;
        }
        self.listed_beyond = -1;
        if S::PRUNES {
            self.list_nothing_beyond();
        }
        let mut entrances: Entrances = vec![Vec::new(); self.nodes.len()];
        for (from, lists) in (0..).zip(&mut self.sites) {
            lists.doors.clear();
            lists.pass_on_all();
            for (number, exit) in (0..).zip(&lists.exits) {
                let (doors, low) = (&mut entrances[exit.to as usize], exit.low);
                lists.doors.push(doors.len() as u32);
                doors.push(Door { from, number, low });
            }
        }
        self.entrances = Some(entrances);
        if !S::PRUNES {
            self.lower_floors();
        }
    }

    /// From now on prices may fall. What was listed so far left out what lower floors do not exclude, so it counts as
    /// not listed.
    fn lower_floors(&mut self) {
        let margin = self.margin();
        let sites = self.nodes.len() - 1;
        for (floor, node) in self.floors[..sites].iter_mut().zip(&self.nodes) {
            *floor = (*floor).min(node.price - margin).max(0);
        }
        self.source.floors_changed(&self.floors[..sites]);
        for lists in &mut self.sites {
            lists.listed_below = -FAR;
        }
    }

    /// Nothing that is not listed goes below the prices of where it starts: by the first invariant, as floors are at
    /// the prices.
    fn list_nothing_beyond(&mut self) {
        self.refresh_floors();
        self.fallen.fill(0);
        self.listed_beyond = 0;
        for site in 0..self.nodes.len() as u32 {
            let (price, sunk) = (self.nodes[site as usize].price, self.sunk);
            let listed_below = self.listed_below(site);
            let Self { sites, spots, .. } = self;
            let lists = &mut sites[site as usize];
            if !lists.is_listed || listed_below < price {
                lists.clear(|order, member| spots[order as usize].member = member);
                lists.is_listed = true;
            }
            lists.listed_below = listed_below.max(price);
            lists.sunk = sunk;
        }
    }

    /// Asks that the moves into a site be certain up to this reduced length.
    pub(super) fn want(&mut self, site: u32, reach: i64) {
        if self.certain(site) >= reach {
            return;
        }
        let sight = &mut self.sights[site as usize];
        if sight.reach == 0 {
            self.wanted.push(site);
        }
        sight.reach = sight.reach.max(reach);
    }

    /// Lists what is wanted, and returns whether that was anything.
    pub(super) fn look_farther(&mut self) -> bool {
        let wanted = core::mem::take(&mut self.wanted);
        if S::PRUNES && !wanted.is_empty() {
            self.list_entrances(&wanted);
        } else if !wanted.is_empty() {
            let reaches = wanted.iter().map(|site| self.sights[*site as usize].reach);
            self.list_all_beyond(reaches.max().unwrap_or(0));
        }
        for site in &wanted {
            self.sights[*site as usize].reach = 0;
        }
        !wanted.is_empty()
    }

    /// Lists the moves into these sites as far as they are wanted, and some beyond; and those into all others a little,
    /// as orders are asked anyway: otherwise search after search would be stopped by one site on its way.
    fn list_entrances(&mut self, wanted: &[u32]) {
        /// All are certain to so many strides, if they are not to half as many. With 1 in place of 4, half as much
        /// again is to be listed again at 200,000 orders.
        const STRIDES: i64 = 4;
        /// The first time that more is wanted, so many strides are listed beyond, then always twice as many.
        const SLACK: i64 = 1;
        const TIMES_MAX: u32 = 20;
        let sites = self.nodes.len() - 1;
        let reach = STRIDES * self.stride;
        for site in 0..sites as u32 {
            if self.certain(site) < reach / 2 {
                let sight = &mut self.sights[site as usize];
                sight.reach = sight.reach.max(reach);
            }
        }
        for site in wanted {
            let sight = &mut self.sights[*site as usize];
            sight.reach += (SLACK * self.stride) << sight.times;
            sight.times = (sight.times + 1).min(TIMES_MAX);
        }
        let mut floors = vec![FAR; sites + 1];
        for (site, floor_now) in floors[..sites].iter_mut().enumerate() {
            let reach = core::mem::take(&mut self.sights[site].reach);
            // No price falls below 0.
            let floor = (self.nodes[site].price - (reach - self.listed_beyond)).max(0);
            if reach > 0 && (floor < self.floors[site] || self.fallen[site] > 0) {
                self.floors[site] = self.floors[site].min(floor);
                self.fallen[site] = 0;
                *floor_now = self.floors[site];
            }
        }
        self.source.floors_changed(&floors[..sites]);
        for from in 0..=sites as u32 {
            self.list_moves_to(from, &floors);
        }
        self.source.floors_changed(&self.floors[..sites]);
    }

    /// Lists the moves from a place to those sites that have a floor anew.
    fn list_moves_to(&mut self, from: u32, floors: &[i64]) {
        let limit = self.nodes[from as usize].price + self.listed_beyond;
        let listed_below = self.listed_below(from).min(limit);
        let Self {
            source,
            nodes,
            spots,
            sites,
            exit_of,
            entrances,
            sunk,
            ..
        } = self;
        let lists = &mut sites[from as usize];
        if lists.listed_below == FAR {
            // All is listed.
            return;
        }
        for (number, exit) in lists.exits.iter_mut().enumerate() {
            exit_of[exit.to as usize] = number as u32;
            if floors[exit.to as usize] < FAR {
                exit.clear();
                lists.keys[number] = FAR;
            }
        }
        (lists.listed_below, lists.sunk) = (listed_below, *sunk);
        for member in 0..lists.members.len() {
            let order = lists.members[member];
            if order & GONE != 0 {
                continue;
            }
            let own = spots[order as usize].cost;
            source.below(order, own.saturating_add(limit), |to, cost| {
                let (delta, floor) = (cost - own, floors[to as usize]);
                if to == from || floor == FAR || delta + floor >= limit {
                    return;
                }
                let exit = lists.exit_to(to, from, exit_of, entrances);
                lists.push(exit, Move::new(delta, member as u32), entrances);
                let key = &mut lists.keys[exit];
                *key = (*key).min(delta + nodes[to as usize].price);
            });
        }
    }

    /// Lists every place so far that each exit of a reduced length up to `length` is known, and some beyond.
    fn list_all_beyond(&mut self, length: i64) {
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
