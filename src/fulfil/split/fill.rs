//! Who of the chosen gives how much.

use crate::fulfil::SplitPolicy;
use crate::fulfil::split::problem::Problem;

/// How deep the search for parts of enough value goes: calls on the stack.
const DEPTH_MAX: usize = 512;

/// Whether the chosen can all have a part of enough value.
pub(super) enum Filled {
    /// They can: what each gives, a row each.
    Yes(Vec<u32>),
    /// They can't.
    No,
    /// The steps were not enough to tell.
    Unknown,
}

/// Each gives all that it has, in the order of the sources, until nothing is wanted. `given` is what they give already.
/// O(sources · items).
pub(super) fn in_order(problem: &Problem<'_>, sources: &[usize], mut given: Vec<u32>) -> Vec<u32> {
    let items = problem.items();
    let mut left = problem.wanted.clone();
    for row in given.chunks(items) {
        for (left, given) in left.iter_mut().zip(row) {
            *left -= given;
        }
    }
    for (source, row) in sources.iter().zip(given.chunks_mut(items)) {
        for ((given, has), left) in row.iter_mut().zip(problem.row(*source)).zip(&mut left) {
            let more = (has - *given).min(*left);
            *given += more;
            *left -= more;
        }
    }
    given
}

/// Nobody gives anything yet.
pub(super) fn nothing(problem: &Problem<'_>, sources: &[usize]) -> Vec<u32> {
    vec![0; sources.len() * problem.items()]
}

/// Divides so that every source gives at least `minimum`. The sources are enough for all that is wanted.
///
/// First [`in_order`]; if that leaves a part below, a search that gives each source no more than brings it there, the
/// most valuable items first. The rest goes in order on top, for which there is always room.
pub(super) fn with_minimum(
    problem: &Problem<'_>,
    sources: &[usize],
    minimum: u64,
    steps: &mut u32,
) -> Filled {
    let given = in_order(problem, sources, nothing(problem, sources));
    if least(problem, &given) >= minimum {
        return Filled::Yes(given);
    }
    let mut items: Vec<usize> = (0..problem.items())
        .filter(|item| problem.values[*item] > 0)
        .collect();
    items.sort_by_key(|item| core::cmp::Reverse(problem.values[*item]));
    let listed = DEPTH_MAX / sources.len();
    let all_listed = items.len() <= listed;
    items.truncate(listed);
    let mut search = Shares {
        problem,
        sources,
        items,
        minimum,
        left: problem.wanted.clone(),
        given: nothing(problem, sources),
        steps,
    };
    if search.all_can(0) && search.reach(0, 0, minimum) {
        let given = core::mem::take(&mut search.given);
        Filled::Yes(in_order(problem, sources, given))
    } else if all_listed && *search.steps > 0 {
        Filled::No
    } else {
        Filled::Unknown
    }
}

/// Who gives how much when all is taken from the highest ranked, as many as the policy allows, but for parts that would
/// be worth too little.
pub(super) fn as_far_as_it_goes(
    problem: &Problem<'_>,
    policy: &SplitPolicy,
) -> (Vec<usize>, Vec<u32>) {
    let mut ranked: Vec<usize> = (0..problem.len()).collect();
    problem.rank(&mut ranked);
    let mut left = problem.wanted.clone();
    let (mut sources, mut given) = (Vec::new(), Vec::new());
    for source in ranked {
        if sources.len() == usize::from(policy.sources_max.get()) {
            break;
        }
        let both = problem.row(source).iter().zip(&left);
        let row: Vec<u32> = both.map(|(has, left)| *has.min(left)).collect();
        let is_empty = row.iter().all(|units| *units == 0);
        if is_empty || problem.value(&row) < policy.part_value_min.0 {
            continue;
        }
        for (left, gives) in left.iter_mut().zip(&row) {
            *left -= gives;
        }
        sources.push(source);
        given.extend(row);
    }
    (sources, given)
}

/// What the least valuable part is worth.
fn least(problem: &Problem<'_>, given: &[u32]) -> u64 {
    let parts = given.chunks(problem.items());
    parts.map(|row| problem.value(row)).min().unwrap_or(0)
}

/// A search for parts of enough value, source by source and item by item.
struct Shares<'a> {
    problem: &'a Problem<'a>,
    sources: &'a [usize],
    /// The most valuable first.
    items: Vec<usize>,
    minimum: u64,
    left: Vec<u32>,
    given: Vec<u32>,
    steps: &'a mut u32,
}

impl Shares<'_> {
    /// Whether the source `at` and all later ones come to enough, when `at` still needs so much from the items behind.
    fn reach(&mut self, at: usize, behind: usize, still: u64) -> bool {
        if still == 0 {
            let next = at + 1;
            return next == self.sources.len()
                || self.all_can(next) && self.reach(next, 0, self.minimum);
        }
        let Some(&item) = self.items.get(behind) else {
            return false;
        };
        *self.steps = self.steps.saturating_sub(1);
        let value = self.problem.values[item];
        let later = self.can_give(at, behind + 1);
        let least = still.saturating_sub(later).div_ceil(value);
        let has = self.problem.row(self.sources[at])[item].min(self.left[item]);
        let most = u64::from(has).min(still.div_ceil(value));
        let slot = at * self.problem.items() + item;
        for units in (least..=most).rev() {
            if *self.steps == 0 {
                return false;
            }
            let taken = units as u32; // at most what the source has
            self.left[item] -= taken;
            self.given[slot] = taken;
            if self.reach(at, behind + 1, still.saturating_sub(units * value)) {
                return true;
            }
            self.left[item] += taken;
            self.given[slot] = 0;
        }
        false
    }

    /// Whether each source from `at` on could come to enough if it were alone.
    fn all_can(&self, at: usize) -> bool {
        (at..self.sources.len()).all(|at| self.can_give(at, 0) >= self.minimum)
    }

    /// What a source could give of the items from there on.
    fn can_give(&self, at: usize, behind: usize) -> u64 {
        let row = self.problem.row(self.sources[at]);
        let worth = self.items[behind.min(self.items.len())..].iter();
        worth
            .map(|&item| u64::from(row[item].min(self.left[item])) * self.problem.values[item])
            .sum()
    }
}
