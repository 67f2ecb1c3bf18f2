//! Prices of room, and what each order pays with them.

use crate::balance::packing::Task;
use crate::balance::packing::relaxation::Relaxation;

/// The price of one unit of room at each site.
pub(super) struct Prices {
    /// On the scale of [`scaled`](Self::scaled).
    pub(super) of: Vec<i64>,
    /// The part of a price that is worth one unassigned order for this many units; 0 for no part.
    pub(super) scarce: Vec<u32>,
    /// What an unassigned order is worth on that scale, 0 if it has its own price.
    pub(super) level: i64,
    shift: u32,
}

impl Prices {
    /// From the relaxation. Prices are lifted to a level that no exchange of sites can outweigh.
    pub(super) fn new(task: &Task<'_>, relaxation: &Relaxation) -> Self {
        let shift = relaxation.scale.max(0) as u32;
        let lift = (-relaxation.scale).max(0) as u32;
        let level = match relaxation.level {
            0 => 0,
            _ => (task.range() + 1) << (shift + MOVES_BITS),
        };
        let mut sizes = task.sizes.clone();
        sizes.sort_unstable();
        sizes.dedup();
        let mut scarce = vec![0; task.capacities.len()];
        let mut of = relaxation.prices.clone();
        for (price, scarce) in of.iter_mut().zip(&mut scarce) {
            if relaxation.is_short {
                *scarce = nearest_share(&sizes, relaxation.level, *price);
            }
            let share = |level: i64| match *scarce {
                0 => 0,
                size => level / i64::from(size),
            };
            let cost = (*price - share(relaxation.level)) << lift;
            *price = cost.saturating_add(share(level)).max(0);
        }
        Self {
            of,
            scarce,
            level,
            shift,
        }
    }

    /// A cost on the scale of the prices.
    #[inline]
    pub(super) fn scaled(&self, cost: i64) -> i64 {
        cost << self.shift
    }

    /// How many parts of a price make one unit of cost.
    pub(super) fn parts(&self) -> i64 {
        1 << self.shift
    }

    /// What an order pays at a site: its cost, and the room it takes.
    #[inline]
    pub(super) fn pay(&self, cost: i64, size: u32, site: u32) -> i64 {
        let room = i64::from(size).saturating_mul(self.of[site as usize]);
        self.scaled(cost).saturating_add(room)
    }

    /// What an order pays for staying unassigned.
    #[inline]
    pub(super) fn pay_nowhere(&self, task: &Task<'_>, order: usize) -> i64 {
        self.level + self.scaled(task.problem.unassigned_at(order))
    }
}

/// So many moves at a time can't outweigh an unassigned order.
pub(super) const MOVES_BITS: u32 = 10;

/// The size whose share of the level is nearest to a price; 0 if nothing is nearer.
fn nearest_share(sizes: &[u32], level: i64, price: i64) -> u32 {
    let distance = |size: u32| match size {
        0 => price,
        size => (price - level / i64::from(size)).abs(),
    };
    let all = sizes.iter().copied().chain([0]);
    all.min_by_key(|size| distance(*size)).unwrap_or(0)
}
