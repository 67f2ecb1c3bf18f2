//! The relaxation: every order split into units, which is a problem of unit sizes.

use crate::balance::packing::Task;
use crate::balance::{Candidate, CandidateSource, Objective, Problem, Rows, Solution, solve_over};

/// Near-optimal prices of the relaxation, and where it puts the orders.
pub(super) struct Relaxation {
    /// The price of one unit of room at each site, in parts of 2^-`scale` of a cost.
    pub(super) prices: Vec<i64>,
    /// The place that takes most units of each order.
    pub(super) places: Vec<u32>,
    /// Costs were multiplied by two to this power.
    pub(super) scale: i32,
    /// What an unassigned order was worth, on that scale; 0 if it has its own price.
    pub(super) level: i64,
    /// Whether an order with candidates stayed unassigned in part.
    pub(super) is_short: bool,
}

impl Relaxation {
    /// Solves the relaxation.
    pub(super) fn solve(task: &Task<'_>) -> Self {
        let range = task.range() + 1;
        let units: u64 = task.sizes.iter().map(|size| u64::from(*size)).sum();
        // What `Problem` allows: costs, the longest chain, the sum of all.
        let bits = |number: u64| 64 - number.leading_zeros() as i32;
        let allowed = 38
            .min(58 - bits(task.capacities.len() as u64 + 2))
            .min(62 - bits(units))
            - 1;
        let is_counted = task.problem.level() > 0;
        let scale =
            (allowed - bits(range as u64) - if is_counted { LEVEL_BITS } else { 0 }).min(20);
        let level = if is_counted { 1_i64 << allowed } else { 0 };
        let split = Split::new(task, scale, level);
        let mut rows = Rows::with_capacity(split.order_of.len(), 2 * split.order_of.len());
        let mut nowhere = Vec::with_capacity(split.order_of.len());
        for unit in 0..split.order_of.len() as u32 {
            let order = split.order_of[unit as usize] as usize;
            let row = || split.row(order);
            rows.push(row().min().into_iter().chain(row().max()));
            nowhere.push(split.nowhere(order));
        }
        let problem = Problem::new(
            task.capacities.clone(),
            rows,
            Objective::UnassignedAtEach(nowhere),
        )
        .expect("the scale was chosen so that all sums fit");
        let solution = solve_over(&problem, &split);
        let prices: Vec<i64> = solution.prices().iter().map(|price| price.cost).collect();
        let places = most_units(task, &split, &solution);
        let is_short = (0..task.orders())
            .any(|order| places[order] == task.nowhere() && task.row(order).next().is_some());
        Self {
            prices,
            places,
            scale,
            level,
            is_short,
        }
    }
}

/// An unassigned order is worth at least so many times the range of costs.
const LEVEL_BITS: i32 = 10;

/// Orders split into units, as the solver's source of candidates.
struct Split<'a> {
    task: &'a Task<'a>,
    scale: i32,
    level: i64,
    order_of: Vec<u32>,
}

impl<'a> Split<'a> {
    fn new(task: &'a Task<'a>, scale: i32, level: i64) -> Self {
        let mut order_of = Vec::new();
        for (order, size) in task.sizes.iter().enumerate() {
            order_of.extend(core::iter::repeat_n(order as u32, *size as usize));
        }
        Self {
            task,
            scale,
            level,
            order_of,
        }
    }

    #[inline]
    fn scaled(&self, cost: i64) -> i64 {
        if self.scale >= 0 {
            cost << self.scale
        } else {
            cost >> -self.scale
        }
    }

    fn row(&self, order: usize) -> impl Iterator<Item = Candidate> + '_ {
        let size = i64::from(self.task.sizes[order]);
        self.task.row(order).map(move |candidate| {
            Candidate::new(
                candidate.site(),
                self.scaled(candidate.cost()).div_euclid(size),
            )
            .expect("a part of a cost in range")
        })
    }

    fn nowhere(&self, order: usize) -> i64 {
        let price = if self.level > 0 {
            self.level
        } else {
            self.scaled(self.task.problem.unassigned_at(order))
        };
        price.div_euclid(i64::from(self.task.sizes[order]))
    }
}

impl CandidateSource for &Split<'_> {
    const COMPLETE: bool = true;

    #[inline]
    fn below(&mut self, order: u32, _limit: i64, mut found: impl FnMut(u32, i64)) {
        let order = self.order_of[order as usize] as usize;
        let size = self.task.sizes[order];
        for candidate in self.task.row(order) {
            let cost = self.scaled(candidate.cost());
            found(candidate.site(), cost.div_euclid(i64::from(size)));
        }
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}

/// For each order the place of most of its units; of several the first.
fn most_units(task: &Task<'_>, split: &Split<'_>, solution: &Solution) -> Vec<u32> {
    let mut sites = solution.sites();
    let mut own = Vec::new();
    let mut places = Vec::with_capacity(task.orders());
    debug_assert_eq!(split.order_of.len(), sites.len());
    for size in &task.sizes {
        own.clear();
        own.extend(
            sites
                .by_ref()
                .take(*size as usize)
                .map(|site| site.unwrap_or(task.nowhere())),
        );
        own.sort_unstable();
        let most = own
            .chunk_by(|a, b| a == b)
            .max_by_key(|chunk| (chunk.len(), core::cmp::Reverse(chunk[0])));
        places.push(most.map_or(task.nowhere(), |chunk| chunk[0]));
    }
    places
}
