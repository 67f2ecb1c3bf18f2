//! Prices to start from, when chains of moves alone would take long.
//!
//! Where most sites are full, an order too many pushes along a chain of many moves, and the search for each chain
//! settles half of the map. But prices that are nearly right leave little to push, and over short ways. They are
//! found in three steps:
//!
//! 1. **A sample.** One order in [`SAMPLE`] and as small a share of every capacity make a problem that chains solve
//!    in a fraction of the time. Its prices are right on the whole and wrong by chance at every site.
//! 2. **Newton's method on the smoothed dual.** The dual function Σᵢ minⱼ (c + p) − Σⱼ u(j) p(j) has the slope load −
//!    capacity at each site. Smoothed over a width h (an order between two places whose values differ by less than h
//!    is in both, in shares), its second derivative is the Laplacian of the graph of such orders, and the prices that
//!    make loads and capacities equal follow from a sparse linear system. The width shrinks from step to step. This is
//!    the method for semi-discrete optimal transport of J. Kitagawa, Q. Mérigot and B. Thibert, *Convergence of a
//!    Newton algorithm for semi-discrete optimal transport*, Journal of the European Mathematical Society 21 (2019),
//!    with a fixed damping in place of their line search.
//! 3. **Sales.** Where a site has room and a price, the price falls to what would fill the room.
//!
//! The result is only where the exact solver starts, so floats do no harm: any prices lead to an optimum. Only the
//! four basic operations are used, in a fixed order, so it is the same on every machine.

mod dual;
mod laplacian;

use crate::balance::solve::optimal_engine;
use crate::balance::source::RowSource;
use crate::balance::{Objective, Problem, Rows};
use dual::Dual;

/// One order in so many is in the sample. At 200,000 orders 8, 16 and 32 differ little, 4 takes longer.
const SAMPLE: usize = 16;

/// The widths of the steps, in strides of cost. Begun wider, prices are pulled apart; ended earlier, more is left to the
/// chains than a step costs (measured on instances of 200,000 and 1,000,000 orders with hardly any slack).
const WIDTHS: [f64; 19] = [
    1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125,
    0.125, 0.125,
];

/// Prices near the optimal ones, one a site.
pub(super) fn estimate(problem: &Problem, stride: i64) -> Vec<i64> {
    let mut dual = Dual::new(problem, sample_prices(problem));
    for width in WIDTHS {
        dual.step((width * stride as f64).max(1.0), stride as f64);
    }
    dual.sell();
    dual.prices()
}

/// The optimal prices of a sample of the orders.
fn sample_prices(problem: &Problem) -> Vec<f64> {
    let orders = problem.orders();
    let mut rows = Rows::with_capacity(
        orders / SAMPLE + 1,
        problem.rows().candidates().len() / SAMPLE,
    );
    for order in (0..orders).step_by(SAMPLE) {
        rows.push(problem.rows().row(order).iter().copied());
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
        return vec![0.0; problem.sites()];
    };
    // At the level of the whole problem, so that prices compare.
    let engine = optimal_engine(&sample, RowSource(&sample), problem.level(), &[]);
    engine
        .prices()
        .into_iter()
        .map(|price| price as f64)
        .collect()
}
