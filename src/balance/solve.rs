use crate::balance::arrays::ArraySource;
use crate::balance::engine::{Engine, NowhereCosts};
use crate::balance::estimate::estimate;
use crate::balance::source::{Checked, RowSource};
use crate::balance::{
    Arrays, Candidate, CandidateSource, Objective, Price, Problem, ProblemError, Solution,
};

/// The best plan over the listed candidates, with the least prices that prove it.
///
/// Of several best plans it is always the same one: the result depends on the problem alone. Up to 100,000 orders it
/// is the one that this leads to: every order goes to its cheapest site, of several the first by number. Sites with
/// too many are relieved, those with the fewest too many first, then by number; each time along the cheapest chain of
/// moves to a place with room, of several such places to the first by number, by way of those that are nearer or, if
/// as near, the first by number; and of orders that could move at the same cost the first by number does. (More
/// orders, and those of a shortage, may begin at other prices, which follow from the problem as well.)
///
/// # Complexity
///
/// One chain of moves for each order beyond the capacity of its cheapest site, found by a search that settles the
/// sites nearer than the nearest room: O(candidates + e × (s log s + x)) for e chains that settle s sites with x exits
/// between them, and O(candidates) memory. Thousands of orders with one and the same row are the hard case: rows that
/// reach far, and a long way to the next room. (20,000 orders, all at one address among 800 sites: 3 s.)
///
/// ```
/// use catchment::balance::{Candidate, Objective, Price, Problem, Rows, solve};
/// let mut rows = Rows::default();
/// for (near, far) in [(100, 250), (110, 400), (90, 120)] {
///     rows.push([Candidate::new(0, near)?, Candidate::new(1, far)?]);
/// }
/// let problem = Problem::new(vec![1, 5], rows, Objective::FewestUnassigned)?;
/// let solution = solve(&problem);
/// // The one place at site 0 goes to the order that loses most by going elsewhere ...
/// assert_eq!(solution.sites().collect::<Vec<_>>(), [Some(1), Some(0), Some(1)]);
/// // ... and a second place there would save 150, which is its price.
/// assert_eq!(solution.prices(), [Price { unassigned: 0, cost: 150 }, Price::default()]);
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
#[must_use]
pub fn solve(problem: &Problem) -> Solution {
    solve_over_trusted(problem, RowSource(problem), &[])
}

/// The same as [`solve`] for candidates in arrays, which are not copied into [`Rows`](crate::balance::Rows): at a
/// million orders, most of them near a site with room, it takes two thirds of the time.
///
/// O(candidates) to look through the arrays, then as [`solve`]; 8 bytes an order in place of the rows.
///
/// # Errors
///
/// As [`Problem::new`], and [`ProblemError::StartMisfit`] and [`ProblemError::RowMisfit`].
///
/// ```
/// use catchment::balance::{Arrays, Objective, solve_arrays};
/// let arrays = Arrays {
///     starts: &[0, 2, 4, 6],
///     sites: &[0, 1, 0, 1, 0, 1],
///     costs: &[100, 250, 110, 400, 90, 120],
/// };
/// let solution = solve_arrays(vec![1, 5], arrays, Objective::FewestUnassigned)?;
/// assert_eq!(solution.sites().collect::<Vec<_>>(), [Some(1), Some(0), Some(1)]);
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
pub fn solve_arrays<C: Copy + Ord + Into<i64>>(
    capacities: Vec<u32>,
    arrays: Arrays<'_, C>,
    objective: Objective,
) -> Result<Solution, ProblemError> {
    let (source, rows) = ArraySource::new(arrays)?;
    let problem = Problem::new(capacities, rows, objective)?;
    Ok(solve_over_trusted(&problem, source, &[]))
}

/// The best plan over all candidates that the source knows. The rows of the problem hold some of each order's
/// candidates, among them its cheapest; the [range of its costs](Problem::with_costs_within) holds all that the source
/// names.
///
/// # Errors
///
/// [`ProblemError::CostOutOfRange`] and [`ProblemError::NoSuchSite`] if the source may name or names what is not in
/// the problem.
pub fn solve_over<S: CandidateSource>(
    problem: &Problem,
    source: S,
) -> Result<Solution, ProblemError> {
    solve_over_from(problem, source, &[])
}

/// The same as [`solve`], begun at these prices, one a site; missing ones are 0.
///
/// The better the prices, the less is left to do: those of yesterday's plan, or of the plan before a change. The
/// result is optimal whatever the prices are, but which of several optimal plans it is may depend on them.
///
/// ```
/// use catchment::balance::{Candidate, Objective, Problem, Rows, solve, solve_from};
/// let mut rows = Rows::default();
/// for (near, far) in [(100, 250), (110, 400), (90, 120)] {
///     rows.push([Candidate::new(0, near)?, Candidate::new(1, far)?]);
/// }
/// let problem = Problem::new(vec![1, 5], rows.clone(), Objective::FewestUnassigned)?;
/// let before = solve(&problem);
/// let larger = Problem::new(vec![2, 5], rows, Objective::FewestUnassigned)?;
/// let after = solve_from(&larger, before.prices());
/// assert_eq!(after, solve(&larger));
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
#[must_use]
pub fn solve_from(problem: &Problem, prices: &[Price]) -> Solution {
    solve_over_trusted(problem, RowSource(problem), prices)
}

/// The same as [`solve_over`], begun at these prices as in [`solve_from`].
///
/// # Errors
///
/// As [`solve_over`].
pub fn solve_over_from<S: CandidateSource>(
    problem: &Problem,
    source: S,
    prices: &[Price],
) -> Result<Solution, ProblemError> {
    let mut fault = None;
    let source = Checked::new(problem, source, &mut fault)?;
    let solution = solve_over_trusted(problem, source, prices);
    fault.map_or(Ok(solution), Err)
}

/// Where a plan begins: at the prices and places of an earlier one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// One a site; missing ones are 0.
    pub prices: &'a [Price],
    /// Where each order was, with what that costs now; `None` where it was nowhere, is new, or may not be any more.
    pub places: &'a [Option<Candidate>],
}

/// The same as [`solve_from`], and an order stays in its place, or nowhere, if nothing is better for it at these
/// prices: of several best plans it is one near the earlier one.
///
/// # Errors
///
/// [`ProblemError::CostOutOfRange`] and [`ProblemError::NoSuchSite`] if a place is not in the problem. (One that is,
/// but is not a candidate of its order at that cost, leads to a plan with that cost.)
///
/// ```
/// use catchment::balance::{Candidate, Objective, Problem, Rows, Start, resume};
/// let mut rows = Rows::default();
/// for _ in 0..2 {
///     rows.push([Candidate::new(0, 100)?, Candidate::new(1, 100)?]);
/// }
/// let problem = Problem::new(vec![1, 1], rows, Objective::FewestUnassigned)?;
/// let places = [Some(Candidate::new(1, 100)?), Some(Candidate::new(0, 100)?)];
/// let solution = resume(&problem, &Start { prices: &[], places: &places })?;
/// assert_eq!(solution.sites().collect::<Vec<_>>(), [Some(1), Some(0)]);
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
pub fn resume(problem: &Problem, start: &Start<'_>) -> Result<Solution, ProblemError> {
    resume_over(problem, RowSource(problem), start)
}

/// The same as [`solve_over`], begun as in [`resume`].
///
/// # Errors
///
/// As [`solve_over`] and [`resume`].
pub fn resume_over<S: CandidateSource>(
    problem: &Problem,
    source: S,
    start: &Start<'_>,
) -> Result<Solution, ProblemError> {
    for place in start.places.iter().flatten() {
        problem.check_site(place.site())?;
        problem.check_cost(place.cost())?;
    }
    let mut fault = None;
    let source = Checked::new(problem, source, &mut fault)?;
    let mut engine = resumed_engine(problem, source, start);
    engine.make_prices_least();
    let solution = solution(&engine);
    drop(engine);
    fault.map_or(Ok(solution), Err)
}

/// The problem at an optimum, by repair of the earlier plan, or anew where that is quicker.
fn resumed_engine<S: CandidateSource>(
    problem: &Problem,
    source: S,
    start: &Start<'_>,
) -> Engine<S> {
    let level = problem.level();
    // A plan with room for everybody has prices far too low for a shortage, and one in a shortage far too high ones.
    if knows_no_shortage(problem, start) {
        return engine_from_nothing(problem, source, level, start.places);
    }
    let mut engine = empty_engine(problem, source, level);
    let sums = (0..problem.sites()).map(|site| {
        let price = start.prices.get(site);
        price.map_or(0, |price| price.to_sum(level))
    });
    place_from(problem, &mut engine, sums, start.places);
    if must_leave_many(problem, &engine) || has_many_dear_places(&engine) {
        return engine_from_nothing(problem, engine.into_source(), level, start.places);
    }
    repair(&mut engine);
    engine
}

/// Whether the prices are of a plan with room for everybody, in what is a shortage now: they would have everybody
/// placed who has a candidate, as [`must_leave_many`] would then see.
fn knows_no_shortage(problem: &Problem, start: &Start<'_>) -> bool {
    if !is_short(problem) || start.prices.iter().any(|price| price.unassigned > 0) {
        return false;
    }
    let orders = 0..problem.orders() as u32;
    let placed = orders.filter(|order| problem.rows().first(*order).is_some());
    are_many_too_many(problem, placed.count() as u64)
}

/// The same with a source that is known to name only what fits the problem.
pub(super) fn solve_over_trusted<S: CandidateSource>(
    problem: &Problem,
    source: S,
    prices: &[Price],
) -> Solution {
    let mut engine = optimal_engine(problem, source, problem.level(), prices);
    engine.make_prices_least();
    solution(&engine)
}

/// The problem as an exchange graph, at an optimum.
pub(super) fn optimal_engine<S: CandidateSource>(
    problem: &Problem,
    source: S,
    level: i64,
    prices: &[Price],
) -> Engine<S> {
    if prices.is_empty() {
        return engine_from_nothing(problem, source, level, &[]);
    }
    let mut engine = empty_engine(problem, source, level);
    let sums = prices.iter().map(|price| price.to_sum(level));
    repair_from(problem, &mut engine, sums.collect());
    engine
}

/// From prices that are the same everywhere, or from estimated ones where that takes long. Orders begin in their own
/// places where these are as good as any.
fn engine_from_nothing<S: CandidateSource>(
    problem: &Problem,
    source: S,
    level: i64,
    places: &[Option<Candidate>],
) -> Engine<S> {
    if problem.orders() < ESTIMATE_MIN {
        return chained_engine_near(problem, source, level, places);
    }
    let mut engine = empty_engine(problem, source, level);
    if !is_short(problem) {
        place_at_cheapest(problem, &mut engine, 0, places);
        if relieve_while_easy(&mut engine) {
            return engine;
        }
    }
    let mut source = engine.into_source();
    let prices = estimate(problem, &mut source, typical_stride(problem));
    engine = empty_engine(problem, source, level);
    place_from(problem, &mut engine, prices.into_iter(), places);
    repair(&mut engine);
    engine
}

/// Below this an estimate costs more than it saves (measured at 20,000 orders; it pays at 200,000).
const ESTIMATE_MIN: usize = 100_000;

/// By chains of moves from prices that are the same everywhere, however long it takes: from 0, or in a shortage from
/// those at which an order has a site if that costs less than it is [worth](worth_in_shortage).
///
/// From 0 the first search for an order too many would have to see that no place in the world is free, however dear,
/// before the order may stay unassigned.
pub(super) fn chained_engine<S: CandidateSource>(
    problem: &Problem,
    source: S,
    level: i64,
) -> Engine<S> {
    chained_engine_near(problem, source, level, &[])
}

/// The same, and orders begin in their own places where these are as good as any.
fn chained_engine_near<S: CandidateSource>(
    problem: &Problem,
    source: S,
    level: i64,
    places: &[Option<Candidate>],
) -> Engine<S> {
    let mut engine = empty_engine(problem, source, level);
    let sites = engine.nowhere();
    let price = least_at_first(problem);
    if price > 0 {
        engine.set_prices((0..sites).map(|_| price));
    }
    place_at_cheapest(problem, &mut engine, price, places);
    engine.relieve(0..sites);
    engine.fill(0..sites);
    engine
}

/// What every site costs at first: nothing, or in a shortage so much that an order has a site if that costs less than
/// it is [worth](worth_in_shortage).
fn least_at_first(problem: &Problem) -> i64 {
    if is_short(problem) {
        (problem.level() - worth_in_shortage(problem)).max(0)
    } else {
        0
    }
}

/// Whether there are fewer places than orders, and each is worth more than it can cost.
pub(super) fn is_short(problem: &Problem) -> bool {
    problem.level() > 0 && places(problem) < problem.orders() as u64
}

fn places(problem: &Problem) -> u64 {
    problem.capacities().iter().copied().map(u64::from).sum()
}

/// What an order is worth at first in a shortage: so much that hardly a place remains empty, a few
/// times the cost of the cheapest orders that can't all have one.
fn worth_in_shortage(problem: &Problem) -> i64 {
    /// With less, more places are left to be filled, one search each; with more, prices have farther to rise. At
    /// 20,000 orders 2 to 8 take the same time.
    const TIMES: i64 = 4;
    /// Where sites have few places, as in a sample, more of them remain empty.
    const TIMES_OF_FEW: i64 = 16;
    const FEW: usize = 8;
    let orders = problem.orders() as u32;
    let firsts = (0..orders).filter_map(|order| problem.rows().first(order));
    let mut costs: Vec<i64> = firsts.map(Candidate::cost).collect();
    let places = places(problem) as usize;
    let dearest = match costs.len() {
        0 => 0,
        count => *costs.select_nth_unstable(places.min(count - 1)).1,
    };
    let is_few = places / problem.sites().max(1) < FEW;
    let times = if is_few { TIMES_OF_FEW } else { TIMES };
    (times * dearest).max(8 * typical_stride(problem))
}

fn empty_engine<S: CandidateSource>(problem: &Problem, source: S, level: i64) -> Engine<S> {
    let nowhere_costs = NowhereCosts::of(problem.objective());
    let (capacities, orders) = (problem.capacities(), problem.orders());
    let mut engine = Engine::new(source, capacities, orders, nowhere_costs, level);
    engine.set_stride(typical_stride(problem));
    engine
}

/// Relieves all sites, or returns `false` when that turns out to be so much work that estimated prices are quicker.
fn relieve_while_easy<S: CandidateSource>(engine: &mut Engine<S>) -> bool {
    /// If the work for less than this share of the surplus has settled so many sites for each order, the rest will take
    /// many times that.
    const EASY_PERCENT: i64 = 80;
    /// A settled site costs twice as much at 1,000,000 orders as at 200,000, an order in the estimate the same.
    const SETTLED: usize = 3;
    const SETTLED_OF_MANY: usize = 1;
    const MANY: usize = 500_000;

    let sites = engine.nowhere();
    let surplus = engine.surplus();
    let orders = engine.spots.len();
    let settled = if orders < MANY {
        SETTLED
    } else {
        SETTLED_OF_MANY
    };
    let mut is_judged = false;
    for site in 0..sites {
        if !is_judged && engine.settles > settled * orders {
            is_judged = true;
            if engine.surplus() * 100 > surplus * (100 - EASY_PERCENT) {
                return false;
            }
        }
        engine.relieve_site(site);
    }
    true
}

/// Every order where it is best off at these prices, then both kinds of repair.
fn repair_from<S: CandidateSource>(problem: &Problem, engine: &mut Engine<S>, prices: Vec<i64>) {
    place_from(problem, engine, prices.into_iter(), &[]);
    repair(engine);
}

/// Every order where it is best off at these prices, in its own place if that is as good.
fn place_from<S: CandidateSource>(
    problem: &Problem,
    engine: &mut Engine<S>,
    prices: impl Iterator<Item = i64>,
    places: &[Option<Candidate>],
) {
    let sites = engine.nowhere();
    engine.set_prices(prices.take(sites as usize));
    for order in 0..problem.orders() as u32 {
        let own = places.get(order as usize).map(|place| match place {
            Some(place) => (place.site(), place.cost()),
            None => (sites, engine.nowhere_cost(order)),
        });
        let (place, cost) = engine.best_place(order, problem.rows().first(order), own);
        engine.place(order, place, cost);
    }
}

fn repair<S: CandidateSource>(engine: &mut Engine<S>) {
    let sites = engine.nowhere();
    engine.relieve(0..sites);
    engine.fill(0..sites);
}

/// If so many of all orders must be moved one by one from where prices have put them, to begin anew is quicker: at
/// 24,000 orders one takes up to 7 ms, and everything anew about a second.
const MANY_OF: usize = 256;

/// Whether so many places are free at sites with a price that filling them takes longer than to begin anew.
fn has_many_dear_places<S: CandidateSource>(engine: &Engine<S>) -> bool {
    let sites = &engine.nodes[..engine.nowhere() as usize];
    let dear = sites.iter().filter(|site| site.price > 0);
    let free: i64 = dear.map(|site| site.room.max(0)).sum();
    free > (engine.spots.len() / MANY_OF) as i64
}

/// Whether there is a shortage, and so many more orders have a site than there are places that to begin anew is quicker
/// than to search for each that no place in the world is free.
fn must_leave_many<S: CandidateSource>(problem: &Problem, engine: &Engine<S>) -> bool {
    let placed = problem.orders() as u64 - engine.total().unassigned;
    is_short(problem) && are_many_too_many(problem, placed)
}

fn are_many_too_many(problem: &Problem, placed: u64) -> bool {
    placed > places(problem) + placed / MANY_OF as u64
}

/// What an engine at an optimum with least prices has found.
pub(super) fn solution<S: CandidateSource>(engine: &Engine<S>) -> Solution {
    let nowhere = engine.nowhere();
    let site = |place: u32| {
        if place < nowhere {
            place
        } else {
            Solution::NOWHERE
        }
    };
    let level = engine.level();
    Solution {
        sites: engine.spots.iter().map(|spot| site(spot.place)).collect(),
        prices: engine.nodes[..nowhere as usize]
            .iter()
            .map(|node| Price::from_sum(node.price, level))
            .collect(),
        total: engine.total(),
    }
}

/// Every order at its cheapest place, when all sites have this price; in its own if that is as good.
fn place_at_cheapest<S: CandidateSource>(
    problem: &Problem,
    engine: &mut Engine<S>,
    price: i64,
    places: &[Option<Candidate>],
) {
    let (nowhere, worth) = (engine.nowhere(), engine.level() - price);
    engine.place_all(|order, unassigned| {
        let first = problem.rows().first(order);
        let own = places.get(order as usize).copied();
        let found = match (first, own) {
            (Some(first), Some(Some(own))) if own.cost() <= first.cost() => Some(own),
            (None, Some(Some(own))) => Some(own),
            (Some(first), Some(None)) if first.cost() >= unassigned + worth => None,
            _ => first,
        };
        match found.filter(|found| found.cost() <= unassigned + worth) {
            Some(found) => (found.site(), found.cost()),
            None => (nowhere, unassigned),
        }
    });
}

/// The size of a step from one candidate to the next: about half of the cost of the nearest.
fn typical_stride(problem: &Problem) -> i64 {
    let orders = problem.orders() as u32;
    let firsts = (0..orders).filter_map(|order| problem.rows().first(order));
    let sum: i64 = firsts.map(|first| first.cost().abs()).sum();
    sum / i64::from(orders.max(1)) / 2
}
