//! The way to the fewest sources: what can't be of use is left out, then one search for each number of them.

use core::cmp::Reverse;

use crate::fulfil::split::problem::Problem;
use crate::fulfil::split::search::{Chosen, SOURCES_EXACT, Search, covers};
use crate::fulfil::{SplitPolicy, SplitProof, Unsplit};
use crate::money::Amount;

/// The fewest sources, two or more, that are enough for what is wanted, and of those the nearest.
///
/// All sources together are enough, and none is alone.
pub(super) fn fewest(
    problem: &Problem<'_>,
    policy: &SplitPolicy,
) -> Result<(Chosen, SplitProof), Unsplit> {
    let limit = usize::from(policy.sources_max.get()).min(problem.len());
    let minimum = policy.part_value_min.0;
    let refused = match within(problem, limit, minimum) {
        Ok(found) => return Ok(found),
        Err(proof) => proof,
    };
    if minimum > 0
        && let Ok((without, _)) = within(problem, limit, 0)
    {
        return Err(below_minimum(problem, &without, policy, refused));
    }
    let all: Vec<usize> = (0..problem.len()).collect();
    let enough = greedy(problem, &all).map_or(all.len(), |sources| sources.len());
    Err(Unsplit::TooManySources {
        limit: policy.sources_max.get(),
        enough: u16::try_from(enough).unwrap_or(u16::MAX),
        proof: refused,
    })
}

/// The fewest within a limit; if there are none, whether that is proven.
fn within(
    problem: &Problem<'_>,
    limit: usize,
    minimum: u64,
) -> Result<(Chosen, SplitProof), SplitProof> {
    let useful = useful(problem, limit, minimum);
    let greedy = greedy(problem, &useful).unwrap_or_default();
    let (listed, mut proof) = listed(problem, useful, &greedy);
    let mut search = Search::new(problem, listed, minimum);
    for size in 2..=limit {
        let start = (greedy.len() == size).then_some(greedy.as_slice());
        let (best, of_size) = search.of_size(size, start);
        proof = proof.max(of_size);
        if let Some(chosen) = best {
            return Ok((chosen, proof));
        }
    }
    Err(proof)
}

/// The sources that can be in the cheapest choice.
///
/// Left out is who can't have a part of enough value, and who is displaced: by one nearer source that has all that is
/// wanted of whatever the source has, or by as many as there may be that are nearer and have no less of anything.
fn useful(problem: &Problem<'_>, limit: usize, minimum: u64) -> Vec<usize> {
    let mut useful: Vec<usize> = Vec::new();
    for source in 0..problem.len() {
        let row = problem.row(source);
        if row.iter().all(|has| *has == 0) || problem.value(row) < minimum {
            continue;
        }
        let mut displacing = 0;
        for nearer in &useful {
            let nearer = problem.row(*nearer);
            if covers(nearer, row) {
                displacing += 1;
                let has_all =
                    |(item, has): (usize, &u32)| *has == 0 || nearer[item] == problem.wanted[item];
                if displacing == limit || row.iter().enumerate().all(has_all) {
                    displacing = limit;
                    break;
                }
            }
        }
        if displacing < limit {
            useful.push(source);
        }
    }
    useful
}

/// As many sources as the search can take: of more, the greedy choice and those who have the most of the order.
fn listed(problem: &Problem<'_>, useful: Vec<usize>, greedy: &[usize]) -> (Vec<usize>, SplitProof) {
    if useful.len() <= SOURCES_EXACT {
        return (useful, SplitProof::Exact);
    }
    let mut listed = useful;
    listed.sort_by_cached_key(|source| {
        let is_greedy = greedy.contains(source);
        Reverse((is_greedy, share(problem, *source, &problem.wanted)))
    });
    listed.truncate(SOURCES_EXACT);
    listed.sort_unstable();
    (listed, SplitProof::Bounded)
}

/// Takes, again and again, the source that has the greatest share of what is still wanted; then drops who is not
/// needed. `None` if all are not enough. O(sources² · items).
fn greedy(problem: &Problem<'_>, sources: &[usize]) -> Option<Vec<usize>> {
    let mut wanted = problem.wanted.clone();
    let mut chosen: Vec<usize> = Vec::new();
    while wanted.iter().any(|wanted| *wanted > 0) {
        let others = sources.iter().filter(|source| !chosen.contains(source));
        let shares = others.map(|source| (share(problem, *source, &wanted), Reverse(*source)));
        let (1.., Reverse(best)) = shares.max()? else {
            return None;
        };
        for (wanted, has) in wanted.iter_mut().zip(problem.row(best)) {
            *wanted = wanted.saturating_sub(*has);
        }
        chosen.push(best);
    }
    chosen.sort_unstable();
    for place in (0..chosen.len()).rev() {
        let mut others = chosen.clone();
        others.remove(place);
        if is_enough(problem, &others) {
            chosen = others;
        }
    }
    Some(chosen)
}

/// How much of what is still wanted a source has: the sum of its shares of the items, a whole item being 2³².
fn share(problem: &Problem<'_>, source: usize, wanted: &[u32]) -> u64 {
    let items = problem.row(source).iter().zip(wanted).zip(&problem.wanted);
    items
        .filter(|((_, _), all)| **all > 0)
        .map(|((has, wanted), all)| (u64::from(*has.min(wanted)) << 32) / u64::from(*all))
        .sum()
}

fn is_enough(problem: &Problem<'_>, sources: &[usize]) -> bool {
    (0..problem.items()).all(|item| {
        let has = sources
            .iter()
            .map(|source| u64::from(problem.row(*source)[item]));
        has.sum::<u64>() >= problem.wanted[item].into()
    })
}

/// The refusal that names a part of the split that there would be without a minimum.
fn below_minimum(
    problem: &Problem<'_>,
    without: &Chosen,
    policy: &SplitPolicy,
    proof: SplitProof,
) -> Unsplit {
    let parts = without
        .sources
        .iter()
        .zip(without.given.chunks(problem.items()));
    let parts = parts.map(|(source, row)| (problem.value(row), problem.site(*source)));
    let (value, site) = parts.min().expect("a choice has a source");
    Unsplit::BelowMinimum {
        site,
        value: Amount(value),
        minimum: policy.part_value_min,
        proof,
    }
}
