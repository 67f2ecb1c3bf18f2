//! Orders that no single site can fill, divided over the fewest sites.
//!
//! # Problem
//!
//! An order wants pieces of articles; *sources* have pieces of some of them. Which sources are enough together, as few
//! as possible, and of those the ones with the least distance in sum? (Ties go to the smaller site ids, compared from
//! the smallest.) Lines may belong together ([`Bundle`]), and each part may have to be worth something. This is the
//! *multi-set multi-cover* problem, which contains set cover: no fast algorithm is known for every case, but orders are
//! small.
//!
//! # Idea
//!
//! No article is in two lines, so what a source gives of one line takes nothing from what it has of another: sources
//! are enough if their sums are, item by item. Who gives how much can wait until the sources are chosen. A minimum
//! value does not change that: if some sources can all have a part of enough value, so can any of them that are enough
//! without the others, which only get more. So the search looks at sets that are just enough, and at no larger ones.
//!
//! # Steps
//!
//! 1. *Single*: the nearest source that has everything. Most orders end here.
//! 2. *Useful*: a source is left out if it can't be in the best choice, because a nearer one has all that it could
//!    give, or as many nearer ones as may be chosen have no less of anything.
//! 3. *Search*, first for two sources, then for three, up to the limit: branch on the item that the fewest sources
//!    offer, nearest source first. A branch ends where an item can't be filled by as many sources as are left; where
//!    items that no source shares need more of them; or where the nearest that are left are too far.
//! 4. *Fill*: of the chosen, the highest ranked gives all that it has, then the next. If that leaves a part below the
//!    minimum value, a search over shares finds one that doesn't, if there is one.
//!
//! # Limits
//!
//! Exact for at most 64 useful sources, as long as the search for each number of sources takes fewer than 200,000
//! steps. Without a minimum value a step is a set that more sources are added to, and no set comes twice: so orders
//! over 17 sources are exact with any limit, over 30 with a limit of 6 and over 64 with a limit of 4, whatever the
//! sources have; in practice far beyond. Where a search is ended, the best that was found is said to be
//! [`Bounded`](SplitProof::Bounded); it is no worse than the greedy choice, of the most of what is still wanted.
//!
//! The greedy choice is that of V. Chvátal, "A greedy heuristic for the set-covering problem", Mathematics of
//! Operations Research 4 (1979). Branching on rows, and bounding by rows that share no column, is as in E. Balas and
//! A. Ho, "Set covering algorithms using cutting planes, heuristics, and subgradient optimization", Mathematical
//! Programming Study 12 (1980).

mod basket;
mod fill;
mod policy;
mod problem;
mod result;
mod search;
mod several;
mod sources;

pub use basket::{Basket, BasketFault, BasketFaults, Bundle, PricedLine};
pub use policy::{Pieces, SplitMode, SplitPolicy};
pub use result::{Missing, Part, Split, SplitProof, Unsplit};
pub use sources::{SourceFault, Sources};

use crate::fulfil::split::problem::Problem;
use crate::fulfil::split::search::Chosen;

/// Divides an order over the fewest sources, then over the nearest; over one, if one has everything.
///
/// See the [policy](SplitPolicy) for what may be divided. About 10 µs for 10 lines over 30 sources; O(sources² · lines)
/// and the search, which is ended
/// where it takes long: 80 ms was the most for 60 lines over 300 sources.
///
/// # Errors
///
/// [`Unsplit`]: why the order is not divided, as data that holds until stock changes.
///
/// ```
/// use catchment::fulfil::{Basket, Sources, SplitMode, SplitPolicy, Unsplit, split};
/// use catchment::id::{SiteId, SkuId};
/// use catchment::limits::Limits;
/// use catchment::order::OrderLine;
/// use catchment::units::{Distance, Quantity};
///
/// let melons = |pieces| OrderLine { sku: SkuId(9), quantity: Quantity(pieces) };
/// let basket = Basket::new(&[melons(150).into()], &[], &Limits::default())?;
/// let mut sources = Sources::new(&basket, &Limits::default());
/// sources.add(SiteId(1), Distance::from_metres(400), |_| Quantity(55))?;
/// sources.add(SiteId(2), Distance::from_metres(900), |_| Quantity(30))?;
///
/// let policy = SplitPolicy::default();
/// let refused = split(&sources, &policy).unwrap_err();
/// assert_eq!(refused.to_string(), "too little of sku 9: 150 wanted, 85 there");
///
/// let partial = split(&sources, &SplitPolicy { mode: SplitMode::Partial, ..policy })?;
/// assert_eq!(partial.parts[0].lines, [melons(55)]);
/// assert_eq!(partial.parts[1].lines, [melons(30)]);
/// assert_eq!(partial.unfilled, [melons(65)]);
/// assert_eq!(partial.distance, Distance::from_metres(1_300));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split(sources: &Sources<'_>, policy: &SplitPolicy) -> Result<Split, Unsplit> {
    let problem = Problem::new(sources, policy.pieces);
    if let Some(source) = problem.single() {
        return Ok(problem.assemble(&[source], &problem.wanted, SplitProof::Exact));
    }
    match policy.mode {
        SplitMode::Split => all(&problem, policy),
        SplitMode::Partial => partial(problem, policy),
        SplitMode::Whole => whole(&Problem::new(sources, Pieces::FromSeveral)),
        SplitMode::Refuse => Err(Unsplit::NoSingleSource),
    }
}

/// All of the order, over several sources.
fn all(problem: &Problem<'_>, policy: &SplitPolicy) -> Result<Split, Unsplit> {
    let found = problem.found();
    if found != problem.wanted {
        let missing = problem.missing(&found);
        return Err(Unsplit::Short { missing });
    }
    several(problem, policy)
}

fn several(problem: &Problem<'_>, policy: &SplitPolicy) -> Result<Split, Unsplit> {
    let (Chosen { sources, given }, proof) = several::fewest(problem, policy)?;
    Ok(problem.assemble(&sources, &given, proof))
}

/// As much of the order as there is; where that takes too many sites or too small parts, as much as the highest ranked
/// have.
fn partial(problem: Problem<'_>, policy: &SplitPolicy) -> Result<Split, Unsplit> {
    let found = problem.found();
    if found.iter().all(|found| *found == 0) {
        let missing = problem.missing(&found);
        return Err(Unsplit::Short { missing });
    }
    let problem = problem.reduced_to(found);
    if let Some(source) = problem.single() {
        return Ok(problem.assemble(&[source], &problem.wanted, SplitProof::Exact));
    }
    several(&problem, policy).or_else(|_| match fill::as_far_as_it_goes(&problem, policy) {
        (sources, _) if sources.is_empty() => whole(&problem),
        (sources, given) => Ok(problem.assemble(&sources, &given, SplitProof::Bounded)),
    })
}

/// All of the order at the site where the fewest pieces are missing, which it waits for.
fn whole(problem: &Problem<'_>) -> Result<Split, Unsplit> {
    let fewest_missing = (0..problem.len()).min_by_key(|source| {
        let missing = problem.missing(problem.row(*source));
        missing
            .iter()
            .map(|missing| u64::from(missing.short().0))
            .sum::<u64>()
    });
    match fewest_missing {
        Some(source) => Ok(problem.assemble(&[source], problem.row(source), SplitProof::Exact)),
        None => Err(Unsplit::Short {
            missing: problem.missing(&problem.found()),
        }),
    }
}
