//! Prices to start from, when chains of moves alone would take long.
//!
//! Where most sites are full, an order too many pushes along a chain of many moves, and the search for each chain
//! settles half of the map. But prices that are nearly right leave little to push, and over short ways. They are
//! found in three steps:
//!
//! 1. **A sample.** One order in [`SAMPLE`] and as small a share of every capacity make a problem that chains solve
//!    in a fraction of the time. Its prices are right on the whole and wrong by chance at every site.
//! 2. **Contenders.** At these prices only some candidates of an order are near enough to its best to matter: those
//!    within [`CONTEST`] strides.
//! 3. **Newton's method on the smoothed dual.** The dual function Σᵢ minⱼ (c + p) − Σⱼ u(j) p(j) has the slope load −
//!    capacity at each site. Smoothed over a width h (an order between two places whose values differ by less than h
//!    is in both, in shares), its second derivative is the Laplacian of the graph of such orders, and the prices that
//!    make loads and capacities equal follow from a sparse linear system. The width shrinks from step to step. This is
//!    the method for semi-discrete optimal transport of J. Kitagawa, Q. Mérigot and B. Thibert, *Convergence of a
//!    Newton algorithm for semi-discrete optimal transport*, Journal of the European Mathematical Society 21 (2019),
//!    with a fixed damping in place of their line search. In a shortage it aims at loads a little above the capacities.
//! 4. **Sales.** Where a site has room and a price, the price falls to what would fill the room.
//!
//! The result is only where the exact solver starts, so floats do no harm: any prices lead to an optimum. Only the
//! four basic operations are used, in a fixed order, so it is the same on every machine.

mod dual;
mod laplacian;

use core::ops::RangeInclusive;

use crate::balance::solve::{chained_engine, is_short};
use crate::balance::{Candidate, CandidateSource, Named, Objective, Problem, Rows};
use dual::Dual;

/// One order in so many is in the sample. At 200,000 orders 8, 16 and 32 differ little, 4 takes longer.
const SAMPLE: usize = 16;

/// The widths of the steps, in strides of cost. Begun wider, prices are pulled apart; ended earlier, more is
/// left to the chains than a step costs (measured on instances of 200,000 and 1,000,000 orders with hardly any
/// slack).
const WIDTHS: [f64; 19] = [
    1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125,
    0.125, 0.125,
];

/// How many strides of cost a candidate may be behind the best at the sample's prices to be a contender.
const CONTEST: i64 = 4;

/// In a shortage all capacities count for so much more: an order too many then goes nowhere, which is never far, while
/// a place too many is filled by a long chain of moves. (At 200,000 orders 1 % takes a fifth longer, 5 % as long.)
const LEAN: f64 = 1.03;

/// Prices near the optimal ones, one a site.
pub(super) fn estimate<S: CandidateSource>(
    problem: &Problem,
    source: &mut S,
    stride: i64,
) -> Vec<i64> {
    let prices = sample_prices(problem, source);
    let contenders = contenders(problem, source, &prices, CONTEST * stride.max(1));
    let lean = if is_short(problem) { LEAN } else { 1.0 };
    let mut dual = Dual::new(problem, contenders, &prices, lean);
    for width in WIDTHS {
        dual.step((width * stride as f64).max(1.0), stride as f64);
    }
    dual.sell();
    dual.prices()
}

/// The optimal prices of a sample of the orders.
fn sample_prices<S: CandidateSource>(problem: &Problem, source: &mut S) -> Vec<i64> {
    let orders = problem.orders();
    let mut rows = Rows::with_capacity(orders / SAMPLE + 1, orders / SAMPLE + 1);
    for order in (0..orders).step_by(SAMPLE) {
        // Only the first is asked for, as further ones come from the source.
        rows.push(problem.rows().first(order as u32));
    }
    // The shares are rounded so that every run of sites has its share to within one place.
    let mut sum = 0;
    let capacities = problem.capacities().iter().map(|capacity| {
        let before = sum / SAMPLE as u64;
        sum += u64::from(*capacity);
        (sum / SAMPLE as u64 - before) as u32
    });
    let objective = match problem.objective() {
        Objective::UnassignedAtEach(prices) => {
            Objective::UnassignedAtEach(prices.iter().copied().step_by(SAMPLE).collect())
        }
        objective => objective.clone(),
    };
    let Ok(sample) = Problem::new(capacities.collect(), rows, objective) else {
        return vec![0; problem.sites()];
    };
    // At the level of the whole problem, so that prices compare.
    chained_engine(&sample, Sampled(source), problem.level()).prices()
}

/// For each order the candidates whose cost + price is less than `margin` above the best.
fn contenders<S: CandidateSource>(
    problem: &Problem,
    source: &mut S,
    prices: &[i64],
    margin: i64,
) -> Rows {
    let orders = problem.orders();
    let mut rows = Rows::with_capacity(orders, 4 * orders);
    source.floors_changed(prices);
    let mut near = Vec::new();
    for order in 0..orders as u32 {
        let nowhere = problem.unassigned_at(order as usize) + problem.level();
        let value = |site: u32, cost: i64| cost + prices[site as usize];
        let first = problem.rows().first(order);
        let mut best = first.map_or(nowhere, |first| {
            value(first.site(), first.cost()).min(nowhere)
        });
        near.clear();
        source.below(order, best.saturating_add(margin), |site, cost| {
            best = best.min(value(site, cost));
            near.push((site, cost));
        });
        let limit = best.saturating_add(margin);
        let near = near
            .iter()
            .filter(|(site, cost)| value(*site, *cost) < limit);
        // What can't be a candidate is no contender either.
        rows.push(near.filter_map(|(site, cost)| Candidate::new(*site, *cost).ok()));
    }
    rows
}

/// Every [`SAMPLE`]th order of a source.
struct Sampled<'a, S>(&'a mut S);

impl<S: CandidateSource> CandidateSource for Sampled<'_, S> {
    const PRUNES: bool = S::PRUNES;

    fn costs(&self) -> RangeInclusive<i64> {
        self.0.costs()
    }

    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64)) -> Named {
        self.0.below(order * SAMPLE as u32, limit, found)
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        self.0.floors_changed(floors);
    }
}
