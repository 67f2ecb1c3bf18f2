use crate::balance::{Candidate, Problem, Solution, Total};

/// A problem with sizes, both in units of the sizes' greatest common divisor.
pub(super) struct Task<'a> {
    pub(super) problem: &'a Problem,
    pub(super) sizes: Vec<u32>,
    pub(super) capacities: Vec<u32>,
    /// No two costs or prices are farther apart.
    pub(super) range: i64,
}

impl<'a> Task<'a> {
    pub(super) fn new(problem: &'a Problem, sizes: &[u32], unit: u32) -> Self {
        let in_units = |sizes: &[u32]| sizes.iter().map(|size| size / unit).collect();
        Self {
            problem,
            sizes: in_units(sizes),
            capacities: in_units(problem.capacities()),
            range: problem.costs().end() - problem.costs().start(),
        }
    }

    pub(super) fn orders(&self) -> usize {
        self.sizes.len()
    }

    /// In place of a site: no site.
    pub(super) fn nowhere(&self) -> u32 {
        self.capacities.len() as u32
    }

    /// Whether unassigned orders are counted before costs are.
    pub(super) fn is_counted(&self) -> bool {
        self.problem.level() > 0
    }

    /// The candidates of an order at which there is room for one of its size.
    #[inline]
    pub(super) fn row(&self, order: usize) -> impl Iterator<Item = Candidate> + '_ {
        let size = self.sizes[order];
        let row = self.problem.rows().row(order).iter().copied();
        row.filter(move |candidate| self.capacities[candidate.site() as usize] >= size)
    }

    /// What an order costs at a place, without what one more unassigned order is worth.
    pub(super) fn cost(&self, order: usize, place: u32) -> i64 {
        let there = self
            .row(order)
            .filter(|candidate| candidate.site() == place);
        let cost = there.map(Candidate::cost).min();
        cost.unwrap_or_else(|| self.problem.unassigned_at(order))
    }

    /// The value of a plan, in which [`nowhere`](Self::nowhere) stands for no site.
    pub(super) fn total(&self, places: &[u32]) -> Total {
        let costs = places
            .iter()
            .enumerate()
            .map(|(order, place)| (*place != self.nowhere()).then(|| self.cost(order, *place)));
        Total::of(self.problem, costs)
    }

    /// The plan as a result names its sites.
    pub(super) fn sites(&self, places: &[u32]) -> Vec<u32> {
        let name = |place: u32| {
            if place == self.nowhere() {
                Solution::NOWHERE
            } else {
                place
            }
        };
        places.iter().map(|place| name(*place)).collect()
    }
}
