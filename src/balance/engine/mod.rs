//! The exchange graph: sites as nodes, and for every pair of sites the cheapest order that could go from one to the
//! other.
//!
//! # Invariants
//!
//! Between two steps, for the price p of a site, the constant [`level`](Engine::level) in place of a price for
//! "nowhere", and the cost c of an order at a site:
//!
//! 1. every order is at a place where c + p is least of all its candidates and nowhere;
//! 2. p ≥ 0;
//! 3. whatever is not in a site's queues has delta + p ≥ the site's [`listed_below`](Engine::listed_below).
//!
//! What is missing to an optimum is then only that no site is over its capacity ([`relieve`](Engine::relieve)), and
//! that no site with room left has a price ([`fill`](Engine::fill)).

mod backward;
mod changes;
mod forward;
mod least;
mod lists;
mod sight;

use std::collections::BinaryHeap;

use crate::balance::{CandidateSource, Named, Objective};
use lists::{Door, Entrances, Exit, FAR, Move, SiteLists};
use sight::Sight;

/// The place of an order that is not in the problem at the moment.
pub(super) const ABSENT: u32 = u32::MAX;

/// A site as a node of the exchange graph.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) price: i64,
    /// How many more orders it could take; negative if it has too many.
    pub(super) room: i64,
    /// In a search: the reduced length of the shortest path so far, [`FAR`] if there is none.
    dist: i64,
    /// In a search: the neighbour on that path, and the order that would move between the two.
    via: u32,
    order: u32,
}

/// Where an order is.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// A site slot, or [`nowhere`](Engine::nowhere), or [`ABSENT`].
    pub(super) place: u32,
    /// The order's place among the members there.
    member: u32,
    /// What it costs there.
    pub(super) cost: i64,
}

impl Spot {
    const NONE: Self = Self {
        place: ABSENT,
        member: 0,
        cost: 0,
    };
}

/// A node that a search has reached. The greatest is the nearest, of equally near ones the first by number: one number,
/// because that is compared faster than a pair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reached(i128);

impl Reached {
    #[inline]
    fn new(dist: i64, node: u32) -> Self {
        Self(!(i128::from(dist) << 32 | i128::from(node)))
    }

    #[inline]
    fn dist(self) -> i64 {
        (!self.0 >> 32) as i64
    }

    #[inline]
    fn node(self) -> u32 {
        !self.0 as u32
    }
}

/// A move of one order, in or out or from one place to another, which then cost `delta` more.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) order: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    delta: i64,
}

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Engine<S> {
    pub(super) source: S,
    pub(super) nodes: Vec<Node>,
    pub(super) spots: Vec<Spot>,
    sites: Vec<SiteLists>,
    /// The costs of all orders where they are.
    sum: i64,
    /// How many orders are nowhere.
    unassigned: i64,
    journal: Option<Vec<Step>>,
    /// What an order costs nowhere, without the level.
    nowhere_costs: NowhereCosts,
    /// A lower bound of each price, as the source knows it.
    floors: Vec<i64>,
    /// How far floors have sunk in all: so much less is certain of what was listed before, seen from where it starts.
    sunk: i64,
    /// How far the floor of each place has sunk since all was listed: so much less is certain of what leads there.
    fallen: Vec<i64>,
    /// A typical step of cost between one candidate and the next: how far to list beyond what is needed at once.
    stride: i64,
    listings: u32,
    /// How many sites searches for room have settled: the measure of the work so far.
    pub(super) settles: usize,
    /// For each place the exits that lead to it, kept once searches go backward.
    entrances: Option<Entrances>,
    /// With entrances kept, all places but the unsure ones are listed so far beyond their own prices.
    listed_beyond: i64,
    unsure: Vec<u32>,
    /// How far to list the moves into each place when that is wanted, and the places for which it is.
    sights: Vec<Sight>,
    wanted: Vec<u32>,
    /// Prices are known to be the least ones.
    is_least: bool,
    heap: BinaryHeap<Reached>,
    touched: Vec<u32>,
    settled: Vec<(u32, i64)>,
    /// A running mean of path lengths: how wide the next search starts.
    usual_length: i64,
    exit_of: Vec<u32>,
    /// The exits of a scan that may lead near enough.
    near: Vec<u32>,
    /// Moves that are looked at, as many as there ever were at a time.
    moves: Vec<(u32, Move)>,
}

/// What staying unassigned costs each order within its level.
#[derive(Clone)]
pub(super) enum NowhereCosts {
    All(i64),
    Each(Vec<i64>),
}

impl NowhereCosts {
    pub(super) fn of(objective: &Objective) -> Self {
        match objective {
            Objective::FewestUnassigned => Self::All(0),
            Objective::UnassignedAt(price) => Self::All(*price),
            Objective::UnassignedAtEach(prices) => Self::Each(prices.clone()),
        }
    }

    #[inline]
    fn cost(&self, order: u32) -> i64 {
        match self {
            Self::All(cost) => *cost,
            Self::Each(costs) => costs[order as usize],
        }
    }
}

impl<S: CandidateSource> Engine<S> {
    /// Sites with these capacities, no order and no price.
    pub(super) fn new(
        mut source: S,
        capacities: &[u32],
        orders: usize,
        nowhere_costs: NowhereCosts,
        level: i64,
    ) -> Self {
        let node = |room, price| Node {
            price,
            room,
            dist: FAR,
            via: 0,
            order: 0,
        };
        let places = capacities.len() + 1;
        let mut nodes = Vec::with_capacity(places);
        nodes.extend(capacities.iter().map(|room| node(i64::from(*room), 0)));
        nodes.push(node(FAR, level));
        let mut floors = vec![0; places];
        floors[places - 1] = level;
        // The source may remember the prices of a solution before this one.
        source.floors_changed(&floors[..places - 1]);
        Self {
            source,
            nodes,
            spots: vec![Spot::NONE; orders],
            sites: (0..places).map(|_| SiteLists::EMPTY).collect(),
            sum: 0,
            unassigned: 0,
            journal: None,
            nowhere_costs,
            floors,
            sunk: 0,
            fallen: vec![0; places],
            stride: 1,
            listings: 0,
            settles: 0,
            entrances: None,
            listed_beyond: -1,
            unsure: Vec::new(),
            sights: vec![Sight::default(); places],
            wanted: Vec::new(),
            is_least: true,
            heap: BinaryHeap::new(),
            touched: Vec::new(),
            settled: Vec::new(),
            usual_length: 8,
            exit_of: vec![0; places],
            near: Vec::new(),
            moves: Vec::new(),
        }
    }

    /// The source, when the rest is not needed any more.
    pub(super) fn into_source(self) -> S {
        self.source
    }

    /// The node for "unassigned": its price is constant and it always has room.
    pub(super) fn nowhere(&self) -> u32 {
        self.nodes.len() as u32 - 1
    }

    /// What one unassigned order is worth beyond its price.
    pub(super) fn level(&self) -> i64 {
        self.nodes[self.nowhere() as usize].price
    }

    pub(super) fn nowhere_cost(&self, order: u32) -> i64 {
        self.nowhere_costs.cost(order)
    }

    /// Sets the typical step of cost between candidates; any positive number gives the same result.
    pub(super) fn set_stride(&mut self, stride: i64) {
        self.stride = stride.max(1);
        self.usual_length = self.stride;
    }

    /// Everything not in the queues of this site has at least this delta + price at the goal.
    #[inline]
    fn listed_below(&self, site: u32) -> i64 {
        let lists = &self.sites[site as usize];
        lists.listed_below - (self.sunk - lists.sunk)
    }

    /// Lists the moves away from a site anew: all with delta + price below `limit`, and some more.
    #[inline(never)]
    fn list(&mut self, site: u32, limit: i64) {
        self.listings += 1;
        if self.listings.is_multiple_of(64) && self.entrances.is_none() {
            self.refresh_floors();
        }
        let nowhere = self.nowhere();
        let Self {
            source,
            spots,
            nodes,
            floors,
            moves,
            exit_of,
            nowhere_costs,
            ..
        } = self;
        let lists = &mut self.sites[site as usize];
        lists.clear(|order, member| spots[order as usize].member = member);
        lists.sunk = self.sunk;
        lists.is_listed = true;
        let mut count = 0;
        // If the source names all, what is left out here was seen, so the bound is known exactly.
        let mut listed_below = FAR;
        let mut unnamed_below = FAR;
        source.expect(&lists.members);
        for member in 0..lists.members.len() {
            let order = lists.members[member];
            let own = spots[order as usize].cost;
            let mut found = |to: u32, cost: i64| {
                let delta = cost - own;
                let bound = delta + floors[to as usize];
                let (is_other, is_below) = (to != site, bound < limit);
                let left_out = if is_other && !is_below { bound } else { FAR };
                listed_below = listed_below.min(left_out);
                let leave = (to, Move::new(delta, member as u32));
                count += keep_if(leave, is_other & is_below, count, moves);
            };
            found(nowhere, nowhere_costs.cost(order));
            if source.below(order, own.saturating_add(limit), found) == Named::Below {
                unnamed_below = limit;
            }
        }
        lists.listed_below = listed_below.min(unnamed_below);
        lists.layout(site, &mut moves[..count], exit_of);
        let key = |exit: &Exit| exit.low + nodes[exit.to as usize].price;
        for (known, exit) in lists.keys.iter_mut().zip(&lists.exits) {
            *known = key(exit);
        }
        if let Some(entrances) = &mut self.entrances {
            lists.doors.clear();
            for (number, exit) in (0..).zip(&lists.exits) {
                let door = Door {
                    from: site,
                    number,
                    low: exit.low,
                };
                let doors = &mut entrances[exit.to as usize];
                let known = doors.iter().position(|door| door.from == site);
                let place = known.unwrap_or(doors.len());
                match doors.get_mut(place) {
                    Some(known) => *known = door,
                    None => doors.push(door),
                }
                lists.doors.push(place as u32);
            }
        }
    }

    /// An order arrives at a place. Its moves away from there are queued as far as those of the others are.
    fn enter(&mut self, site: u32, order: u32) {
        if self.sites[site as usize].members.len() == Move::MEMBERS_MAX {
            let limit = self.listed_below(site);
            self.list(site, limit);
        }
        let nowhere = self.nowhere();
        let lists = &mut self.sites[site as usize];
        let listed_below = lists.listed_below;
        let member = lists.members.len() as u32;
        let spot = &mut self.spots[order as usize];
        spot.place = site;
        spot.member = member;
        lists.members.push(order);
        if !lists.is_listed {
            return;
        }
        for (number, exit) in lists.exits.iter().enumerate() {
            self.exit_of[exit.to as usize] = number as u32;
        }
        let own = spot.cost;
        let Self {
            source,
            nodes,
            floors,
            moves,
            exit_of,
            entrances,
            ..
        } = self;
        let mut count = 0;
        let mut found = |to: u32, cost: i64| {
            let delta = cost - own;
            let (is_other, is_below) = (to != site, delta + floors[to as usize] < listed_below);
            let leave = (to, Move::new(delta, member));
            count += keep_if(leave, is_other & is_below, count, moves);
        };
        found(nowhere, self.nowhere_costs.cost(order));
        source.below(order, own.saturating_add(listed_below), found);
        for (to, leave) in &moves[..count] {
            let exit = lists.exit_to(*to, site, exit_of, entrances);
            lists.push(exit, *leave, entrances);
            let key = &mut lists.keys[exit];
            *key = (*key).min(leave.delta() + nodes[*to as usize].price);
        }
    }

    /// An order leaves its place. Queues find out when they come to it; searches backward look at the first moves of
    /// many, so once they are possible those are told at once.
    fn leave(&mut self, order: u32) -> u32 {
        let spot = &mut self.spots[order as usize];
        let lists = &mut self.sites[spot.place as usize];
        lists.leave(spot.member as usize);
        if self.entrances.is_some() {
            lists.pass_on(spot.member as usize);
        }
        core::mem::replace(&mut spot.place, ABSENT)
    }

    /// Moves an order to another place, where it costs `delta` more.
    fn transfer(&mut self, order: u32, to: u32, delta: i64) {
        let from = self.leave(order);
        self.note(order, from, to, delta);
        self.spots[order as usize].cost += delta;
        self.enter(to, order);
    }

    /// Counts a step, and writes it down if somebody wants to know.
    fn note(&mut self, order: u32, from: u32, to: u32, delta: i64) {
        self.sum += delta;
        self.unassigned += i64::from(to == self.nowhere()) - i64::from(from == self.nowhere());
        if let Some(journal) = &mut self.journal {
            journal.push(Step {
                order,
                from,
                to,
                delta,
            });
        }
    }

    /// How far below its price a floor is kept: not at all while no search has gone backward, as prices only rise.
    ///
    /// When a price falls below its floor, all is listed anew, so a wide margin saves listings (measured at 200,000
    /// orders: with 2 strides they take most of the time). Where floors prune, it would make each longer; there only
    /// those floors are lowered that prices will fall to.
    fn margin(&self) -> i64 {
        if S::PRUNES || self.entrances.is_none() {
            0
        } else {
            24 * self.stride
        }
    }

    /// Tells the source the prices of now, as far as they may still fall a little.
    fn refresh_floors(&mut self) {
        let margin = self.margin();
        let sites = self.nodes.len() - 1;
        for (floor, node) in self.floors[..sites].iter_mut().zip(&self.nodes) {
            *floor = (*floor).max(node.price - margin);
        }
        self.source.floors_changed(&self.floors[..sites]);
    }

    /// Starts a search: no node is reached.
    fn begin_search(&mut self) {
        for node in self.touched.drain(..) {
            self.nodes[node as usize].dist = FAR;
        }
        self.settled.clear();
        self.heap.clear();
    }

    /// Starts a search at this node.
    fn reach_first(&mut self, node: u32, dist: i64) {
        self.nodes[node as usize].dist = dist;
        self.touched.push(node);
        self.heap.push(Reached::new(dist, node));
    }
}

/// Writes a move down behind the first `count`. Returns 1 if it is wanted, so that it stays, else 0.
///
/// Without branches: which moves are wanted is anybody's guess.
#[inline(always)]
fn keep_if(
    leave: (u32, Move),
    is_wanted: bool,
    count: usize,
    moves: &mut Vec<(u32, Move)>,
) -> usize {
    if count == moves.len() {
        moves.resize(2 * count + 64, (0, Move::new(0, 0)));
    }
    moves[count] = leave;
    usize::from(is_wanted)
}
