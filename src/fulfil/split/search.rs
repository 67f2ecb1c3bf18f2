//! The fewest sources that are enough, and of those the nearest.

use crate::fulfil::SplitProof;
use crate::fulfil::split::fill::{self, Filled};
use crate::fulfil::split::problem::Problem;

/// As many sources as a set of 64 bits holds.
pub(super) const SOURCES_EXACT: usize = 64;

/// Steps of the search for each number of sources; a step is one set that others are added to, or one share that is
/// tried for the minimum value.
pub(super) const STEPS_MAX: u32 = 200_000;

/// A depth-first search for the cheapest set of a given size that is enough.
///
/// The cost of a source is its distance, in the high bits, less a bit of its own, which is higher the smaller its id.
/// So costs of sets are sums, no two sets cost the same, and of sets that are equally far the one with the smallest
/// ids is cheapest.
pub(super) struct Search<'a> {
    problem: &'a Problem<'a>,
    /// The sources, cheapest first.
    sources: Vec<usize>,
    costs: Vec<i128>,
    minimum: u64,
    /// By item: the sources that have any.
    offering: Vec<u64>,
    /// By item: the sources that have any, those with the most first.
    falling: Vec<Vec<u8>>,
    /// By source: those that have no more of anything and cost more. Without it they are not in the cheapest set.
    displaced: Vec<u64>,
    /// The items, those that the fewest offer first.
    items: Vec<usize>,
    /// What is still wanted, by depth and item.
    needs: Vec<u32>,
    size: usize,
    /// Steps for the next size: half as many after each search that was ended.
    budget: u32,
    /// Steps that are left.
    steps: u32,
    proof: SplitProof,
    best: Option<Best>,
}

/// The cheapest set that was found.
struct Best {
    cost: i128,
    chosen: Chosen,
}

/// Sources that are enough, in their rank, and what each gives.
pub(super) struct Chosen {
    pub(super) sources: Vec<usize>,
    /// A row for each source.
    pub(super) given: Vec<u32>,
}

impl<'a> Search<'a> {
    /// At most [`SOURCES_EXACT`] sources, in the order of their costs.
    pub(super) fn new(problem: &'a Problem<'a>, sources: Vec<usize>, minimum: u64) -> Self {
        let (count, items) = (sources.len(), problem.items());
        let mut by_id: Vec<usize> = (0..count).collect();
        by_id.sort_unstable_by_key(|source| problem.site(sources[*source]));
        let mut costs: Vec<i128> = sources
            .iter()
            .map(|source| i128::from(problem.distance(*source).as_millimetres()) << 64)
            .collect();
        for (place, source) in by_id.into_iter().enumerate() {
            costs[source] -= 1 << (63 - place);
        }
        let mut offering = vec![0_u64; items];
        let mut falling = vec![Vec::new(); items];
        for (source, place) in (0_u8..).zip(&sources) {
            for (item, has) in problem.row(*place).iter().enumerate() {
                if *has > 0 {
                    offering[item] |= 1 << source;
                    falling[item].push(source);
                }
            }
        }
        for (item, falling) in falling.iter_mut().enumerate() {
            falling.sort_by_key(|source| {
                core::cmp::Reverse(problem.row(sources[usize::from(*source)])[item])
            });
        }
        let mut order: Vec<usize> = (0..items)
            .filter(|item| problem.wanted[*item] > 0)
            .collect();
        order.sort_by_key(|item| offering[*item].count_ones());
        let mut displaced = vec![0_u64; count];
        for source in 0..count {
            for later in source + 1..count {
                if covers(problem.row(sources[source]), problem.row(sources[later])) {
                    displaced[source] |= 1 << later;
                }
            }
        }
        Self {
            problem,
            sources,
            costs,
            minimum,
            offering,
            falling,
            displaced,
            items: order,
            needs: Vec::new(),
            size: 0,
            budget: STEPS_MAX,
            steps: 0,
            proof: SplitProof::Exact,
            best: None,
        }
    }

    /// The cheapest set of exactly this size that is enough, if there is none of a smaller size. `start` is one that is
    /// known.
    pub(super) fn of_size(
        &mut self,
        size: usize,
        start: Option<&[usize]>,
    ) -> (Option<Chosen>, SplitProof) {
        self.size = size;
        self.steps = self.budget;
        self.proof = SplitProof::Exact;
        self.best = start.and_then(|start| self.known(start));
        self.needs.clear();
        self.needs.extend(&self.problem.wanted);
        self.needs.resize((size + 1) * self.problem.items(), 0);
        let all = (0..self.sources.len()).fold(0, |set, source| set | 1 << source);
        self.visit(0, 0, all, 0);
        if self.steps == 0 {
            self.budget /= 2;
            self.proof = SplitProof::Bounded;
        }
        (self.best.take().map(|best| best.chosen), self.proof)
    }

    fn known(&mut self, start: &[usize]) -> Option<Best> {
        let (mut set, mut cost) = (0, 0);
        for source in start {
            let source = self.sources.iter().position(|other| other == source)?;
            set |= 1 << source;
            cost += self.costs[source];
        }
        let chosen = self.fill(set)?;
        Some(Best { cost, chosen })
    }

    /// Looks at all sets that consist of the chosen and of allowed ones.
    fn visit(&mut self, depth: usize, chosen: u64, allowed: u64, cost: i128) {
        self.steps = self.steps.saturating_sub(1);
        let left = self.size - depth;
        let Some((scarce, bound)) = self.bound(depth, left, allowed) else {
            return;
        };
        if self.is_too_dear(cost + bound) {
            return;
        }
        let mut allowed = allowed;
        for source in bits(allowed & self.offering[scarce]) {
            if self.steps == 0 {
                return;
            }
            let bit = 1 << source;
            if allowed & bit == 0 {
                continue;
            }
            let cost = cost + self.costs[source];
            let is_enough = self.take(depth, source);
            if is_enough {
                // Of fewer it was known before that they won't do, and neither do more that contain them.
                if left == 1 && !self.is_too_dear(cost) {
                    let chosen = self.fill(chosen | bit);
                    let better = chosen.map(|chosen| Best { cost, chosen });
                    self.best = better.or(self.best.take());
                }
            } else if left > 1 {
                self.visit(depth + 1, chosen | bit, allowed & !bit, cost);
            }
            allowed &= !(bit | self.displaced[source]);
        }
    }

    fn is_too_dear(&self, cost: i128) -> bool {
        self.best.as_ref().is_some_and(|best| best.cost <= cost)
    }

    /// The item to go on with, the one that the fewest offer, and what `left` more sources cost at least. `None` if
    /// they can't be enough.
    fn bound(&self, depth: usize, left: usize, allowed: u64) -> Option<(usize, i128)> {
        let needs = &self.needs[depth * self.problem.items()..][..self.problem.items()];
        let cheapest: i128 = bits(allowed)
            .take(left)
            .map(|source| self.costs[source])
            .sum();
        // Items that no source shares need sources of their own.
        let (mut apart, mut count, mut cost) = (0_u64, 0, 0);
        let mut scarce = None;
        for &item in &self.items {
            if needs[item] == 0 {
                continue;
            }
            let enough = self.fewest(item, needs[item], allowed, left)?;
            let offering = allowed & self.offering[item];
            let offers = offering.count_ones();
            if scarce.is_none_or(|(_, fewest)| offers < fewest) {
                scarce = Some((item, offers));
            }
            if offering & apart == 0 {
                apart |= offering;
                count += enough;
                cost += bits(offering)
                    .take(enough)
                    .map(|source| self.costs[source])
                    .sum::<i128>();
            }
        }
        let others = left.checked_sub(count)?;
        let first = bits(allowed).next().map_or(0, |source| self.costs[source]);
        let (item, _) = scarce?;
        Some((item, cheapest.max(cost + first * others as i128)))
    }

    /// How many allowed sources it takes to have so much of one item; `None` if more than `most`.
    fn fewest(&self, item: usize, need: u32, allowed: u64, most: usize) -> Option<usize> {
        let mut need = need;
        let falling = self.falling[item].iter().map(|source| usize::from(*source));
        for (count, source) in falling
            .filter(|source| allowed >> source & 1 == 1)
            .take(most)
            .enumerate()
        {
            need = need.saturating_sub(self.problem.row(self.sources[source])[item]);
            if need == 0 {
                return Some(count + 1);
            }
        }
        None
    }

    /// Notes what is wanted when this source gives all that it has; whether that is nothing.
    fn take(&mut self, depth: usize, source: usize) -> bool {
        let items = self.problem.items();
        let row = self.problem.row(self.sources[source]);
        let (now, then) = self.needs[depth * items..].split_at_mut(items);
        let mut rest = 0;
        for ((then, now), has) in then.iter_mut().zip(now).zip(row) {
            *then = now.saturating_sub(*has);
            rest |= *then;
        }
        rest == 0
    }

    /// Divides what is wanted over a set that is enough, if every part can be worth enough.
    fn fill(&mut self, set: u64) -> Option<Chosen> {
        let mut sources: Vec<usize> = bits(set).map(|source| self.sources[source]).collect();
        self.problem.rank(&mut sources);
        match fill::with_minimum(self.problem, &sources, self.minimum, &mut self.steps) {
            Filled::Yes(given) => Some(Chosen { sources, given }),
            Filled::No => None,
            Filled::Unknown => {
                self.proof = SplitProof::Bounded;
                None
            }
        }
    }
}

/// Whether one row is nowhere less than another.
pub(super) fn covers(row: &[u32], other: &[u32]) -> bool {
    row.iter().zip(other).all(|(has, other)| has >= other)
}

/// The numbers in a set, ascending.
fn bits(set: u64) -> impl Iterator<Item = usize> {
    let mut rest = set;
    core::iter::from_fn(move || {
        let lowest = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(lowest)
    })
}
