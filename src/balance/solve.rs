use crate::balance::engine::{Engine, NowhereCosts};
use crate::balance::source::RowSource;
use crate::balance::{CandidateSource, Price, Problem, Solution};

/// The best plan over the listed candidates, with the least prices that prove it.
///
/// Of several best plans it is always the same one: the result depends on the problem alone.
///
/// # Complexity
///
/// One chain of moves for each order beyond the capacity of its cheapest site, found by a search that settles the
/// sites nearer than the nearest room: O(candidates + e × (s log s + x)) for e chains that settle s sites with x exits
/// between them, and O(candidates) memory.
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
    solve_over(problem, RowSource(problem))
}

/// The best plan over all candidates that the source knows. The rows of the problem hold some of each order's
/// candidates, among them its cheapest.
#[must_use]
pub fn solve_over<S: CandidateSource>(problem: &Problem, source: S) -> Solution {
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
    solve_over_from(problem, RowSource(problem), prices)
}

/// The same as [`solve_over`], begun at these prices as in [`solve_from`].
#[must_use]
pub fn solve_over_from<S: CandidateSource>(
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
    let (sites, orders) = (problem.sites() as u32, problem.orders());
    let nowhere_costs = NowhereCosts::of(problem.objective());
    let mut engine = Engine::new(source, problem.capacities(), orders, nowhere_costs, level);
    if prices.is_empty() {
        place_at_cheapest(problem, &mut engine);
        engine.relieve(0..sites);
        return engine;
    }
    engine.set_stride(typical_stride(problem));
    let sums = prices.iter().map(|price| price.to_sum(level));
    engine.set_prices(sums.take(sites as usize));
    for order in 0..orders as u32 {
        let hint = problem.rows().first(order);
        let (place, cost) = engine.best_place(order, hint);
        engine.place(order, place, cost);
    }
    engine.relieve(0..sites);
    engine.fill(0..sites);
    engine
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

/// Every order at its cheapest place, when nothing has a price.
fn place_at_cheapest<S: CandidateSource>(problem: &Problem, engine: &mut Engine<S>) {
    let (nowhere, level) = (engine.nowhere(), engine.level());
    engine.place_all(|order, unassigned| match problem.rows().first(order) {
        Some(first) if first.cost() <= unassigned + level => (first.site(), first.cost()),
        _ => (nowhere, unassigned),
    });
    engine.set_stride(typical_stride(problem));
}

/// The size of a step from one candidate to the next: about half of the cost of the nearest.
fn typical_stride(problem: &Problem) -> i64 {
    let orders = problem.orders() as u32;
    let firsts = (0..orders).filter_map(|order| problem.rows().first(order));
    let sum: i64 = firsts.map(|first| first.cost().abs()).sum();
    sum / i64::from(orders.max(1)) / 2
}
