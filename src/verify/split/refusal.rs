//! Is that why the order is not divided?

use crate::fulfil::{SplitMode, SplitProof, Unsplit};
use crate::verify::split::goods::Count;
use crate::verify::split::search;
use crate::verify::{SplitTask, SplitViolation, SplitViolations};

/// First whether there is a way, then whether the reason is the one.
pub(super) fn check(
    task: &SplitTask<'_>,
    count: &Count,
    unsplit: &Unsplit,
    violations: &mut SplitViolations,
) {
    let policy = task.policy;
    let proof = match unsplit {
        Unsplit::TooManySources { proof, .. } | Unsplit::BelowMinimum { proof, .. } => *proof,
        Unsplit::Short { .. } | Unsplit::NoSingleSource => SplitProof::Exact,
    };
    let limit = match (policy.mode, proof) {
        (SplitMode::Split | SplitMode::Partial, SplitProof::Exact) => {
            usize::from(policy.sources_max.get())
        }
        _ => 1,
    };
    if let Some((.., best)) = search::best(task, count, &count.wanted(), limit) {
        violations.push(SplitViolation::Divisible { best });
        return;
    }
    if !is_so(task, count, unsplit) {
        violations.push(SplitViolation::Reason);
    }
}

fn is_so(task: &SplitTask<'_>, count: &Count, unsplit: &Unsplit) -> bool {
    let policy = task.policy;
    let found = count.found();
    let is_short = found != count.wanted();
    let is_split = policy.mode == SplitMode::Split;
    match unsplit {
        Unsplit::Short { missing } => {
            let nothing_to_do = match policy.mode {
                SplitMode::Split => is_short,
                SplitMode::Partial => found.iter().all(|sets| *sets == 0),
                SplitMode::Whole => task.stock.is_empty(),
                SplitMode::Refuse => false,
            };
            nothing_to_do && *missing == count.missing(task, &found)
        }
        Unsplit::NoSingleSource => policy.mode == SplitMode::Refuse,
        Unsplit::TooManySources { limit, enough, .. } => {
            let stated = usize::from(*enough);
            let is_possible = stated > usize::from(*limit) && stated <= task.stock.len();
            is_split && !is_short && *limit == policy.sources_max.get() && is_possible
        }
        Unsplit::BelowMinimum {
            site,
            value,
            minimum,
            ..
        } => {
            let is_known = task.stock.iter().any(|stock| stock.site == *site);
            let is_below = value < minimum && *minimum == policy.part_value_min;
            is_split && !is_short && is_known && is_below
        }
    }
}
