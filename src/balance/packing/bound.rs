//! The Lagrangian bound: room is sold at prices instead of being limited. Whatever the prices are, no plan is cheaper.

use crate::balance::Total;
use crate::balance::packing::prices::Prices;
use crate::balance::packing::relaxation::Relaxation;
use crate::balance::packing::task::Task;

/// No plan has a lower value than this.
pub(super) fn bound(task: &Task<'_>, prices: &Prices) -> Total {
    if task.is_counted() {
        let unassigned = fewest_unassigned(task, prices);
        let cost = if is_short(task, unassigned) {
            cost_in_shortage(task, unassigned)
        } else {
            cost_without(task, prices, unassigned)
        };
        return Total { unassigned, cost };
    }
    let pays = (0..task.orders()).map(|order| {
        let nowhere = i128::from(task.problem.unassigned_at(order)) << prices.bits();
        least(task, prices, order).map_or(nowhere, |pay| pay.min(nowhere))
    });
    Total {
        unassigned: 0,
        cost: cost_of(pays.sum(), task, prices),
    }
}

/// Whether more orders stay unassigned than those which fit nowhere.
fn is_short(task: &Task<'_>, unassigned: u64) -> bool {
    let fits_nowhere = |order: &usize| task.row(*order).next().is_none();
    (0..task.orders()).filter(fits_nowhere).count() < unassigned as usize
}

/// The same as [`cost_without`] where room is short.
///
/// Prices that hold an order worth any detour make a poor bound of costs: the relaxation leaves a little less than a
/// whole number of orders unassigned, and the rest of one order counts as much. The best prices hold it worth as much
/// as the last one saves, and the bound rises towards them from both sides: powers of two are tried.
fn cost_in_shortage(task: &Task<'_>, unassigned: u64) -> i64 {
    /// The best ones were 0 to 3 on instances of 2,000 to 20,000 orders with 0 to 15 % too little room.
    const BITS_FIRST: i32 = 2;
    const BITS: [i32; 2] = [-2, 8];
    let at = |bits: i32| {
        let prices = Prices::plain(&Relaxation::solve(task, bits));
        cost_without(task, &prices, unassigned)
    };
    let mut best = at(BITS_FIRST);
    for step in [1, -1] {
        let mut bits = BITS_FIRST + step;
        let first = best;
        while (BITS[0]..=BITS[1]).contains(&bits) {
            let cost = at(bits);
            if cost <= best {
                break;
            }
            best = cost;
            bits += step;
        }
        if best > first {
            break;
        }
    }
    best
}

/// No plan that leaves exactly so many orders unassigned costs less than this.
///
/// They are the ones that would pay most.
fn cost_without(task: &Task<'_>, prices: &Prices, unassigned: u64) -> i64 {
    let mut pays: Vec<i128> = (0..task.orders())
        .filter_map(|order| least(task, prices, order))
        .collect();
    let without_site = task.orders() - pays.len();
    let out = (unassigned as usize)
        .saturating_sub(without_site)
        .min(pays.len());
    if out > 0 {
        let kept = pays.len() - out;
        pays.select_nth_unstable(kept);
        pays.truncate(kept);
    }
    cost_of(pays.iter().sum(), task, prices)
}

/// No plan leaves fewer orders unassigned.
///
/// The same bound for the problem in which nothing costs anything but an unassigned order, which costs 1.
fn fewest_unassigned(task: &Task<'_>, prices: &Prices) -> u64 {
    const ONE: i128 = 1 << 64;
    let price = |site: u32| match prices.units_per_order(site) {
        0 => 0,
        units => ONE / i128::from(units),
    };
    let mut sum = 0;
    for order in 0..task.orders() {
        let size = i128::from(task.sizes[order]);
        let pays = task
            .row(order)
            .map(|candidate| size * price(candidate.site()));
        sum += pays.min().map_or(ONE, |pay| pay.min(ONE));
    }
    for (site, room) in task.capacities.iter().enumerate() {
        sum -= i128::from(*room) * price(site as u32);
    }
    ceil_div(sum, ONE).max(0) as u64
}

/// What an order pays at its best site.
fn least(task: &Task<'_>, prices: &Prices, order: usize) -> Option<i128> {
    let size = task.sizes[order];
    let pays = task
        .row(order)
        .map(|candidate| prices.pay_exactly(candidate.cost(), size, candidate.site()));
    pays.min()
}

/// What is left of the payments when all room was paid for, as a whole cost.
fn cost_of(pays: i128, task: &Task<'_>, prices: &Prices) -> i64 {
    let rooms = task.capacities.iter().enumerate();
    let paid: i128 = rooms
        .map(|(site, room)| i128::from(*room) * prices.exactly(site as u32))
        .sum();
    // Plans cost whole numbers. The bound of bad prices may be far below all totals.
    ceil_div(pays - paid, 1 << prices.bits()).clamp(-TOTAL_MAX, TOTAL_MAX) as i64
}

/// No total is farther from 0: see [`Problem::new`](crate::balance::Problem::new).
const TOTAL_MAX: i128 = 1 << 62;

fn ceil_div(sum: i128, parts: i128) -> i128 {
    -(-sum).div_euclid(parts)
}
