//! The relaxation: every order split into units, each of which may go elsewhere. That is a problem of unit sizes, so
//! the exact solver finds its prices.

use core::iter::repeat_n;
use core::ops::RangeInclusive;

use crate::balance::packing::task::Task;
use crate::balance::solve::solve_over_trusted;
use crate::balance::{Candidate, CandidateSource, Named, Objective, Problem, Rows, Solution};

/// Optimal prices of the relaxation, up to rounding, and where it puts the orders.
pub(super) struct Relaxation {
    /// The price of one part at each site, in 2^-[`scale`](Self::scale) of a cost.
    pub(super) prices: Vec<i64>,
    /// The place that takes most parts of each order.
    pub(super) places: Vec<u32>,
    /// Costs were multiplied by two to this power.
    pub(super) scale: i32,
    /// So many units of room are one part.
    pub(super) grain: u32,
    /// What an unassigned order was worth, on that scale; 0 if it has its own price.
    pub(super) level: i64,
}

/// How many parts an order has in the mean, at most, and how many any problem may have. Larger sizes are rounded to
/// multiples of a grain, which makes prices worse, not wrong.
const PARTS_MEAN_MAX: u64 = 8;
const PARTS_FREE: u64 = 1 << 16;

/// Costs are scaled up by no more than two to this power.
const SCALE_MAX: i32 = 20;

impl Relaxation {
    /// Solves the relaxation, an unassigned order being worth 2^`level_bits` times the range of costs if it has no
    /// price.
    pub(super) fn solve(task: &Task<'_>, level_bits: i32) -> Self {
        let split = Split::new(task, level_bits);
        let problem = split.problem();
        let solution = solve_over_trusted(&problem, &split, &[]);
        Self {
            prices: solution.prices().iter().map(|price| price.cost).collect(),
            places: split.places(&solution),
            scale: split.scale,
            grain: split.grain,
            level: split.level,
        }
    }

    /// In how many parts an order of this size is split.
    pub(super) fn parts(grain: u32, size: u32) -> u32 {
        ((u64::from(size) + u64::from(grain / 2)) / u64::from(grain)).max(1) as u32
    }
}

/// Orders split into parts, as the solver's source of candidates.
struct Split<'a> {
    task: &'a Task<'a>,
    scale: i32,
    grain: u32,
    level: i64,
    /// The order of each part.
    order_of: Vec<u32>,
    /// For each order 2^[`INVERSE_BITS`] by the number of its parts, rounded up: dividing takes longer.
    inverse: Vec<i64>,
}

const INVERSE_BITS: u32 = 62;

impl<'a> Split<'a> {
    fn new(task: &'a Task<'a>, level_bits: i32) -> Self {
        let units: u64 = task.sizes.iter().map(|size| u64::from(*size)).sum();
        let parts_max = (PARTS_MEAN_MAX * task.orders() as u64).max(PARTS_FREE);
        let grain = u32::try_from(units.div_ceil(parts_max)).unwrap_or(u32::MAX);
        let mut order_of = Vec::new();
        let mut inverse = Vec::with_capacity(task.orders());
        for (order, size) in task.sizes.iter().enumerate() {
            let parts = Relaxation::parts(grain, *size);
            order_of.extend(repeat_n(order as u32, parts as usize));
            inverse.push(((1 << INVERSE_BITS) - 1) / i64::from(parts) + 1);
        }
        // What `Problem` allows for a cost, for the longest chain and for the sum of all.
        let bits = |number: u64| (u64::BITS - number.leading_zeros()) as i32;
        let in_chains = 57 - bits(task.capacities.len() as u64 + 2);
        let in_sums = 61 - bits(order_of.len() as u64);
        let allowed = in_chains.min(in_sums).min(36);
        let level_bits = if task.is_counted() { level_bits } else { 0 };
        let range = task.range + 1;
        let scale = (allowed - bits(range as u64) - level_bits).min(SCALE_MAX);
        let level = if task.is_counted() {
            scaled(range, scale + level_bits)
        } else {
            0
        };
        Self {
            task,
            scale,
            grain,
            level,
            order_of,
            inverse,
        }
    }

    /// The parts as orders. Their rows hold the cheapest site, from which the solver starts; it asks the source for the
    /// others.
    fn problem(&self) -> Problem {
        let parts = self.order_of.len();
        let mut rows = Rows::with_capacity(parts, parts);
        let mut dearest = 0;
        let mut nowhere = Vec::with_capacity(parts);
        for chunk in self.order_of.chunk_by(|a, b| a == b) {
            let order = chunk[0] as usize;
            // Rows are sorted by cost.
            let mut row = self.task.row(order).map(|candidate| {
                let cost = self.part_of(order, candidate.cost());
                (candidate.site(), cost)
            });
            let first = row.next();
            let last = row.last().or(first);
            dearest = last.map_or(dearest, |(_, cost)| dearest.max(cost));
            let first = first.and_then(|(site, cost)| Candidate::new(site, cost).ok());
            for _ in chunk {
                rows.push(first);
            }
            nowhere.extend(repeat_n(self.part_of_nowhere(order), chunk.len()));
        }
        let capacities = self.task.capacities.iter().map(|room| room / self.grain);
        let objective = Objective::UnassignedAtEach(nowhere);
        let problem = Problem::new(capacities.collect(), rows, objective);
        let problem = problem.and_then(|problem| problem.with_costs_within(0..=dearest));
        problem.expect("the scale was chosen so that all sums fit")
    }

    /// One part's share of an order's cost.
    #[inline]
    fn part_of(&self, order: usize, cost: i64) -> i64 {
        self.share(order, scaled(cost, self.scale))
    }

    fn part_of_nowhere(&self, order: usize) -> i64 {
        if self.level > 0 {
            self.share(order, self.level)
        } else {
            self.part_of(order, self.task.problem.unassigned_at(order))
        }
    }

    #[inline]
    fn share(&self, order: usize, scaled: i64) -> i64 {
        ((i128::from(scaled) * i128::from(self.inverse[order])) >> INVERSE_BITS) as i64
    }

    /// For each order the place of most of its parts; of several the first.
    fn places(&self, solution: &Solution) -> Vec<u32> {
        let nowhere = self.task.nowhere();
        let mut sites: Vec<u32> = solution
            .sites()
            .map(|site| site.unwrap_or(nowhere))
            .collect();
        let mut places = Vec::with_capacity(self.task.orders());
        let mut rest = sites.as_mut_slice();
        for chunk in self.order_of.chunk_by(|a, b| a == b) {
            let (own, others) = rest.split_at_mut(chunk.len());
            rest = others;
            own.sort_unstable();
            let most = own
                .chunk_by(|a, b| a == b)
                .rev()
                .max_by_key(|same| same.len());
            places.push(most.map_or(nowhere, |same| same[0]));
        }
        places
    }
}

/// A number times two to some power.
#[inline]
fn scaled(number: i64, scale: i32) -> i64 {
    if scale >= 0 {
        number << scale
    } else {
        number >> -scale
    }
}

impl CandidateSource for &Split<'_> {
    fn costs(&self) -> RangeInclusive<i64> {
        let range = scaled(self.task.range, self.scale);
        -range..=range
    }

    #[inline]
    fn below(&mut self, part: u32, _limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let order = self.order_of[part as usize] as usize;
        for candidate in self.task.row(order) {
            found(candidate.site(), self.part_of(order, candidate.cost()));
        }
        Named::All
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}
