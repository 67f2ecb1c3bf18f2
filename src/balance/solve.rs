use crate::balance::engine::{Engine, NowhereCosts};
use crate::balance::source::RowSource;
use crate::balance::{CandidateSource, Objective, Price, Problem, Solution, Total};

/// The best plan over the listed candidates, with the least prices that prove it.
#[must_use]
pub fn solve(problem: &Problem) -> Solution {
    solve_over(problem, RowSource(problem))
}

/// The best plan over all candidates that the source knows; the rows of the problem are each order's cheapest.
#[must_use]
pub fn solve_over<S: CandidateSource>(problem: &Problem, source: S) -> Solution {
    let (sites, orders) = (problem.sites(), problem.orders());
    let nowhere_costs = match problem.objective() {
        Objective::FewestUnassigned => NowhereCosts::All(0),
        Objective::UnassignedAt(price) => NowhereCosts::All(*price),
        Objective::UnassignedAtEach(prices) => NowhereCosts::Each(prices.clone()),
    };
    let level = problem.level();
    let mut engine = Engine::new(source, problem.capacities(), orders, nowhere_costs, level);
    start(problem, &mut engine);
    engine.relieve(0..sites as u32);
    let nowhere = engine.nowhere();
    let at = |place: u32| (place != nowhere).then_some(place);
    let total = Total::of(
        problem,
        engine
            .spots
            .iter()
            .map(|spot| at(spot.place).map(|_| spot.cost)),
    );
    Solution {
        sites: engine
            .spots
            .iter()
            .map(|spot| at(spot.place).unwrap_or(Solution::NOWHERE))
            .collect(),
        prices: engine.nodes[..sites]
            .iter()
            .map(|node| Price::from_sum(node.price, level))
            .collect(),
        total,
    }
}

/// Every order at its cheapest place.
fn start<S: CandidateSource>(problem: &Problem, engine: &mut Engine<S>) {
    let nowhere = engine.nowhere();
    let mut sum = 0;
    for order in 0..problem.orders() as u32 {
        let unassigned = engine.nowhere_cost(order);
        let best = problem.rows().row(order as usize).iter().min();
        match best {
            Some(best) if best.cost() <= unassigned + engine.level() => {
                sum += best.cost().abs();
                engine.place(order, best.site(), best.cost());
            }
            _ => engine.place(order, nowhere, unassigned),
        }
    }
    engine.set_stride(sum / problem.orders().max(1) as i64 / 2);
}
