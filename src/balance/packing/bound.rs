//! The Lagrangian bound.

use crate::balance::Total;
use crate::balance::packing::Task;
use crate::balance::packing::prices::Prices;

/// No plan is below this.
pub(super) fn bound(task: &Task<'_>, prices: &Prices) -> Total {
    let room: i128 = prices
        .of
        .iter()
        .zip(&task.capacities)
        .map(|(price, room)| i128::from(*price) * i128::from(*room))
        .sum();
    let parts = i128::from(prices.parts());
    let least = |order: usize| {
        let size = task.sizes[order];
        let pays = task.row(order).map(move |candidate| {
            i128::from(candidate.cost()) * parts
                + i128::from(size) * i128::from(prices.of[candidate.site() as usize])
        });
        pays.min()
    };
    let orders = 0..task.orders();
    if prices.level == 0 {
        let pays = orders.map(|order| {
            let nowhere = i128::from(task.problem.unassigned_at(order)) * parts;
            least(order).map_or(nowhere, |pay| pay.min(nowhere))
        });
        let sum = pays.sum::<i128>() - room;
        return Total {
            unassigned: 0,
            cost: ceil_div(sum, parts),
        };
    }
    let mut pays: Vec<i128> = orders.filter_map(least).collect();
    let forced = task.orders() - pays.len();
    let unassigned = fewest_unassigned(task, prices).max(forced as u64);
    let out = (unassigned as usize - forced).min(pays.len());
    if out > 0 {
        let kept = pays.len() - out;
        pays.select_nth_unstable(kept);
        pays.truncate(kept);
    }
    Total {
        unassigned,
        cost: ceil_div(pays.iter().sum::<i128>() - room, parts),
    }
}

/// No plan leaves fewer orders unassigned.
fn fewest_unassigned(task: &Task<'_>, prices: &Prices) -> u64 {
    /// One order. Its share for a size of 32 bits is still a number.
    const ONE: i128 = 1 << 64;
    let price = |site: u32| match prices.scarce[site as usize] {
        0 => 0,
        size => ONE / i128::from(size),
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

fn ceil_div(sum: i128, parts: i128) -> i64 {
    (-(-sum).div_euclid(parts)) as i64
}
