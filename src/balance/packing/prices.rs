use crate::balance::packing::relaxation::Relaxation;
use crate::balance::packing::task::Task;

/// Room is worth no more than this, which is more than an unassigned order is; chains of such sums fit.
const WORTH_MAX: i64 = 1 << 50;

/// More than any chain of moves adds.
pub(super) const FAR: i64 = 1 << 60;

/// No more moves than this are weighed together, so that they can't outweigh an unassigned order.
pub(super) const MOVES_MAX: usize = 1 << MOVES_BITS;
const MOVES_BITS: u32 = 10;

/// The price of one unit of room at each site.
pub(super) struct Prices {
    /// In 2^-([`shift`](Self::shift) + [`fraction`](Self::fraction)) of a cost.
    per_unit: Vec<i64>,
    /// The part of each price that stands for unassigned orders: one for so many units. 0 for none.
    units_per_order: Vec<u64>,
    /// What an unassigned order is worth, on the scale of [`scaled`](Self::scaled); 0 if it has its own price.
    level: i64,
    shift: u32,
    fraction: u32,
}

impl Prices {
    /// The prices of a relaxation as they are.
    pub(super) fn plain(relaxation: &Relaxation) -> Self {
        Self::with(relaxation, relaxation.level, &[])
    }

    /// The prices of a relaxation, with what an unassigned order is worth lifted beyond all exchanges of sites.
    pub(super) fn lifted(task: &Task<'_>, relaxation: &Relaxation) -> Self {
        let mut parts = Vec::new();
        if is_short(task, relaxation) {
            let grain = relaxation.grain;
            parts.extend(
                task.sizes
                    .iter()
                    .map(|size| Relaxation::parts(grain, *size)),
            );
            parts.sort_unstable();
            parts.dedup();
        }
        let level = match relaxation.level {
            0 => 0,
            _ => (task.range + 1) << (relaxation.scale.max(0) as u32 + MOVES_BITS),
        };
        Self::with(relaxation, level, &parts)
    }

    /// Prices whose shares of the level, for orders of so many parts each, are shares of another level instead.
    fn with(relaxation: &Relaxation, level: i64, parts: &[u32]) -> Self {
        let lift = (-relaxation.scale).max(0) as u32;
        let grain = relaxation.grain;
        let fraction = grain.ilog2();
        let mut prices = Self {
            per_unit: Vec::with_capacity(relaxation.prices.len()),
            units_per_order: Vec::with_capacity(relaxation.prices.len()),
            level,
            shift: relaxation.scale.max(0) as u32,
            fraction,
        };
        for price in &relaxation.prices {
            let parts = nearest_share(parts, relaxation.level, *price);
            let share = |level: i64| {
                i128::from(level) / i128::from(parts.max(1)) * i128::from(parts.min(1))
            };
            let cost = (i128::from(*price) - share(relaxation.level)) << lift;
            let per_part = (cost + share(level)).clamp(0, i128::from(FAR));
            let per_unit = (per_part << fraction) / i128::from(grain);
            prices.per_unit.push(per_unit as i64);
            prices
                .units_per_order
                .push(u64::from(parts) * u64::from(grain));
        }
        prices
    }

    /// A cost on the scale of what orders pay.
    #[inline]
    pub(super) fn scaled(&self, cost: i64) -> i64 {
        cost << self.shift
    }

    /// What an unassigned order is worth on that scale, beside its own price.
    pub(super) fn level(&self) -> i64 {
        self.level
    }

    /// Whether room at a place has a price.
    #[inline]
    pub(super) fn is_priced(&self, place: u32) -> bool {
        self.per_unit
            .get(place as usize)
            .is_some_and(|price| *price > 0)
    }

    /// What so many units of room are worth at a place.
    #[inline]
    pub(super) fn worth(&self, units: i64, place: u32) -> i64 {
        let price = self.per_unit.get(place as usize).copied().unwrap_or(0);
        let worth = (i128::from(units) * i128::from(price)) >> self.fraction;
        worth.clamp(i128::from(-WORTH_MAX), i128::from(WORTH_MAX)) as i64
    }

    /// What an order pays at a site: its cost, and the room it takes.
    #[inline]
    pub(super) fn pay(&self, cost: i64, size: u32, site: u32) -> i64 {
        self.scaled(cost) + self.worth(i64::from(size), site)
    }

    /// What an order pays for staying unassigned.
    pub(super) fn pay_nowhere(&self, task: &Task<'_>, order: usize) -> i64 {
        self.level + self.scaled(task.problem.unassigned_at(order))
    }

    /// What an order pays at a site, in 2^-[`bits`](Self::bits) of a cost and without any rounding.
    pub(super) fn pay_exactly(&self, cost: i64, size: u32, site: u32) -> i128 {
        (i128::from(cost) << self.bits()) + i128::from(size) * self.exactly(site)
    }

    /// The price of a unit, in 2^-[`bits`](Self::bits) of a cost.
    pub(super) fn exactly(&self, site: u32) -> i128 {
        i128::from(self.per_unit[site as usize])
    }

    pub(super) fn bits(&self) -> u32 {
        self.shift + self.fraction
    }

    /// For so many units of room at a site, one order fewer is unassigned; 0 if more room there would not help.
    pub(super) fn units_per_order(&self, site: u32) -> u64 {
        self.units_per_order[site as usize]
    }
}

/// Whether an order that has candidates stays unassigned, at least in its larger part.
fn is_short(task: &Task<'_>, relaxation: &Relaxation) -> bool {
    let nowhere = |order: &usize| relaxation.places[*order] == task.nowhere();
    let mut unassigned = (0..task.orders()).filter(nowhere);
    relaxation.level > 0 && unassigned.any(|order| task.row(order).next().is_some())
}

/// The number of parts of an order whose share of the level is nearest to a price; 0 if nothing is nearer.
///
/// Exchanges of sites change a price by far less than a level, and of orders it holds whole shares.
fn nearest_share(parts: &[u32], level: i64, price: i64) -> u32 {
    let distance = |parts: u32| match parts {
        0 => price,
        parts => (price - level / i64::from(parts)).abs(),
    };
    let all = parts.iter().copied().chain([0]);
    all.min_by_key(|parts| distance(*parts)).unwrap_or(0)
}
