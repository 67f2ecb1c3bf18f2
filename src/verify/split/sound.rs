//! Part by part: what is in it, what that is worth, and whether it is all there is to be.

use std::collections::BTreeSet;

use crate::fulfil::{Part, Split, SplitMode};
use crate::money::Amount;
use crate::units::{Distance, Quantity};
use crate::verify::split::goods::Count;
use crate::verify::{SplitTask, SplitViolation, SplitViolations};

/// All that needs no search.
pub(super) fn check(
    task: &SplitTask<'_>,
    count: &Count,
    split: &Split,
    violations: &mut SplitViolations,
) {
    if split.parts.is_empty() {
        violations.push(SplitViolation::NoParts);
    }
    let mut known = BTreeSet::new();
    for part in &split.parts {
        let place = task.stock.iter().position(|stock| stock.site == part.site);
        match place.filter(|place| known.insert(*place)) {
            Some(place) => check_part(task, count, split, (part, place), violations),
            None => violations.push(SplitViolation::Stranger { site: part.site }),
        }
    }
    check_sums(task, count, split, violations);
    check_all_parts(task, split, violations);
    if violations.total() == 0 {
        check_turns(task, count, split, violations);
    }
}

/// How many sets of each goods the parts of a sound split hold together.
pub(super) fn given(task: &SplitTask<'_>, count: &Count, split: &Split) -> Vec<u32> {
    let mut sums = vec![0_u32; count.goods.len()];
    for part in &split.parts {
        let sets = pieces_of(task, part).and_then(|pieces| count.sets(&pieces));
        for (sum, sets) in sums.iter_mut().zip(sets.unwrap_or_default()) {
            *sum = sum.saturating_add(sets);
        }
    }
    sums
}

/// The pieces of each line; `None` if the lines are not the order's, in its order.
fn pieces_of(task: &SplitTask<'_>, part: &Part) -> Option<Vec<u32>> {
    let mut pieces = vec![0; task.lines.len()];
    let mut from = 0;
    for line in &part.lines {
        let mut later = task.lines[from..].iter();
        let place = from + later.position(|priced| priced.line.sku == line.sku)?;
        if line.quantity.0 == 0 {
            return None;
        }
        pieces[place] = line.quantity.0;
        from = place + 1;
    }
    Some(pieces)
}

fn check_part(
    task: &SplitTask<'_>,
    count: &Count,
    split: &Split,
    (part, place): (&Part, usize),
    violations: &mut SplitViolations,
) {
    let (site, stock) = (part.site, &task.stock[place]);
    if part.distance != stock.distance {
        violations.push(SplitViolation::Distance {
            site,
            claimed: part.distance,
            actual: stock.distance,
        });
    }
    let may_be_empty = split.parts.len() == 1 && task.policy.mode == SplitMode::Whole;
    let pieces = pieces_of(task, part);
    let Some(pieces) = pieces.filter(|_| may_be_empty || !part.lines.is_empty()) else {
        violations.push(SplitViolation::Lines { site });
        return;
    };
    for (line, given) in pieces.iter().enumerate() {
        let free = stock.pieces.get(line).copied().unwrap_or_default();
        if *given > free.0 {
            violations.push(SplitViolation::OverStock {
                site,
                sku: task.lines[line].line.sku,
                given: Quantity(*given),
                free,
            });
        }
    }
    let worth = pieces.iter().zip(task.lines).map(|(pieces, priced)| {
        let price = priced.price.0;
        price.saturating_mul(u64::from(*pieces))
    });
    let actual = Amount(worth.fold(0, u64::saturating_add));
    if count.sets(&pieces).is_none() {
        violations.push(SplitViolation::Torn { site });
    }
    if part.value != actual {
        violations.push(SplitViolation::Value {
            site,
            claimed: part.value,
            actual,
        });
    }
    let minimum = task.policy.part_value_min;
    if split.parts.len() > 1 && actual < minimum {
        violations.push(SplitViolation::BelowMinimum {
            site,
            value: actual,
            minimum,
        });
    }
}

/// Line by line: what is in parts and what is not make the order, and nothing is left without need.
fn check_sums(
    task: &SplitTask<'_>,
    count: &Count,
    split: &Split,
    violations: &mut SplitViolations,
) {
    let found = count.pieces(&count.found(), task.lines.len());
    for (line, priced) in task.lines.iter().enumerate() {
        let (sku, wanted) = (priced.line.sku, priced.line.quantity);
        let of_sku = |lines: &[crate::order::OrderLine]| -> u64 {
            let own = lines.iter().filter(|line| line.sku == sku);
            own.map(|line| u64::from(line.quantity.0)).sum()
        };
        let unfilled = of_sku(&split.unfilled);
        let parts: u64 = split.parts.iter().map(|part| of_sku(&part.lines)).sum();
        if parts + unfilled != u64::from(wanted.0) {
            violations.push(SplitViolation::Sum {
                sku,
                wanted,
                found: parts + unfilled,
            });
        }
        let least = match task.policy.mode {
            SplitMode::Split | SplitMode::Refuse => 0,
            SplitMode::Partial | SplitMode::Whole => wanted.0.saturating_sub(found[line]),
        };
        let may_be_more = match task.policy.mode {
            SplitMode::Whole => true,
            SplitMode::Partial => {
                split.proof == crate::fulfil::SplitProof::Bounded || split.parts.len() == 1
            }
            SplitMode::Split | SplitMode::Refuse => false,
        };
        let least_64 = u64::from(least);
        if unfilled < least_64 || (unfilled > least_64 && !may_be_more) {
            violations.push(SplitViolation::Unfilled {
                sku,
                claimed: Quantity(u32::try_from(unfilled).unwrap_or(u32::MAX)),
                actual: Quantity(least),
            });
        }
    }
    let mut unfilled = split.unfilled.iter();
    let is_ordered = |sku| task.lines.iter().any(|priced| priced.line.sku == sku);
    if let Some(stray) = unfilled.find(|line| line.quantity.0 == 0 || !is_ordered(line.sku)) {
        violations.push(SplitViolation::Sum {
            sku: stray.sku,
            wanted: Quantity(0),
            found: stray.quantity.0.into(),
        });
    }
}

/// Their rank, their number and the sum of their distances.
fn check_all_parts(task: &SplitTask<'_>, split: &Split, violations: &mut SplitViolations) {
    let rank = |part: &Part| task.stock.iter().position(|stock| stock.site == part.site);
    for (place, pair) in split.parts.windows(2).enumerate() {
        if rank(&pair[0]) > rank(&pair[1]) {
            violations.push(SplitViolation::Rank { place });
        }
    }
    let far = split.parts.iter().map(|part| part.distance);
    let far = far.map(Distance::as_millimetres);
    let actual = Distance::from_millimetres(far.fold(0, u64::saturating_add));
    if split.distance != actual {
        let claimed = split.distance;
        violations.push(SplitViolation::TotalDistance { claimed, actual });
    }
    let limit = match task.policy.mode {
        SplitMode::Split | SplitMode::Partial => usize::from(task.policy.sources_max.get()),
        SplitMode::Whole | SplitMode::Refuse => 1,
    };
    let parts = split.parts.len();
    if parts > limit {
        violations.push(SplitViolation::TooManyParts { parts, limit });
    }
}

/// The first gives all that it has, then the next; where some part would then be worth too little, whatever they give
/// is right. Of what stays unfilled everybody gives all.
fn check_turns(
    task: &SplitTask<'_>,
    count: &Count,
    split: &Split,
    violations: &mut SplitViolations,
) {
    let mut left = given(task, count, split);
    let is_short: Vec<bool> = left
        .iter()
        .zip(&count.goods)
        .map(|(given, goods)| *given < goods.wanted)
        .collect();
    let minimum = task.policy.part_value_min.0;
    let mut turns = Vec::new();
    for part in &split.parts {
        let (Some(place), Some(own)) = (
            task.stock.iter().position(|stock| stock.site == part.site),
            pieces_of(task, part).and_then(|pieces| count.sets(&pieces)),
        ) else {
            return;
        };
        let has = &count.has[place];
        let turn: Vec<u32> = has
            .iter()
            .zip(&left)
            .map(|(has, left)| *has.min(left))
            .collect();
        for (left, gives) in left.iter_mut().zip(&turn) {
            *left -= gives;
        }
        let keeps = (0..own.len()).any(|item| is_short[item] && own[item] < has[item]);
        turns.push((part.site, turn, own, keeps));
    }
    let several = turns.len() > 1;
    let is_below = |turn: &[u32]| several && count.worth(turn) < minimum;
    let by_turn = !turns.iter().any(|(_, turn, ..)| is_below(turn));
    for (site, turn, own, keeps) in turns {
        if keeps || (by_turn && turn != own) {
            violations.push(SplitViolation::Turn { site });
        }
    }
}
