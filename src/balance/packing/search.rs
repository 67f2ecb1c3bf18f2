use core::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::balance::packing::prices::FAR;

/// A site on the way of a chain of moves.
#[derive(Clone, Copy)]
pub(super) struct Stop {
    pub(super) site: u32,
    /// The units that must leave here at least, or that may come here at most.
    pub(super) units: i64,
    /// What the chain has added so far to regrets and to the worth of unused room.
    pub(super) added: i64,
    /// Which stop was before; [`Search::NONE`] at the start.
    pub(super) before: u32,
    /// The order that moves between the two, and what it will pay beyond its least.
    pub(super) order: u32,
    pub(super) regret: i64,
    /// So many units of the excess at the start does the chain take away.
    pub(super) relieved: i64,
    pub(super) depth: u32,
}

/// Dijkstra's algorithm over stops: which are open, and how cheaply each was reached.
///
/// Stops at a site differ in their units. They are compared with those of about the same number only: within a
/// factor of two.
#[derive(Default)]
pub(super) struct Search {
    stops: Vec<Stop>,
    open: BinaryHeap<Reverse<(i64, u32)>>,
    reached: Vec<[i64; CLASSES]>,
    touched: Vec<u32>,
}

const CLASSES: usize = 8;

/// Longer chains than this hardly ever pay.
const DEPTH_MAX: u32 = 24;

impl Search {
    pub(super) const NONE: u32 = u32::MAX;

    /// Starts again, at one site.
    pub(super) fn begin(&mut self, places: usize, site: u32, units: i64) {
        self.reached.resize(places, [FAR; CLASSES]);
        for site in self.touched.drain(..) {
            self.reached[site as usize] = [FAR; CLASSES];
        }
        self.stops.clear();
        self.open.clear();
        self.push(Stop {
            site,
            units,
            added: 0,
            before: Self::NONE,
            order: Self::NONE,
            regret: 0,
            relieved: 0,
            depth: 0,
        });
    }

    /// A stop that is not worse than what is known, and on a short chain that visits no site twice. Returns whether
    /// it is one.
    pub(super) fn push(&mut self, stop: Stop) -> bool {
        let reached = &mut self.reached[stop.site as usize][class(stop.units)];
        if *reached <= stop.added || stop.depth > DEPTH_MAX {
            return false;
        }
        if self.visits(stop.before, stop.site) {
            return false;
        }
        self.reached[stop.site as usize][class(stop.units)] = stop.added;
        self.touched.push(stop.site);
        self.open
            .push(Reverse((stop.added, self.stops.len() as u32)));
        self.stops.push(stop);
        true
    }

    /// The cheapest open stop.
    pub(super) fn pop(&mut self) -> Option<(u32, Stop)> {
        while let Some(Reverse((added, number))) = self.open.pop() {
            let stop = self.stops[number as usize];
            if self.reached[stop.site as usize][class(stop.units)] == added {
                return Some((number, stop));
            }
        }
        None
    }

    pub(super) fn stop(&self, number: u32) -> Stop {
        self.stops[number as usize]
    }

    /// The number of the last stop pushed.
    pub(super) fn last(&self) -> u32 {
        self.stops.len() as u32 - 1
    }

    /// Whether a chain comes through a site.
    pub(super) fn visits(&self, mut number: u32, site: u32) -> bool {
        while let Some(stop) = self.stops.get(number as usize) {
            if stop.site == site {
                return true;
            }
            number = stop.before;
        }
        false
    }
}

fn class(units: i64) -> usize {
    ((i64::BITS - (units - 1).leading_zeros()) as usize).min(CLASSES - 1)
}
