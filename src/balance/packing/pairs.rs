//! Two sites share their orders anew: a knapsack problem, solved exactly.

use crate::balance::packing::load::Load;

/// No more orders than this change sides at a time; the others are too far from indifferent.
const ORDERS_MAX: usize = 40;
/// No more units than this.
const UNITS_MAX: i64 = 2000;

/// Memory for [`Load::share`].
#[derive(Default)]
pub(super) struct Table {
    /// (how far from indifferent, order, regret here, regret there)
    open: Vec<(i64, u32, i64, i64)>,
    /// For so many units here: the least regrets.
    least: Vec<i64>,
    /// For each order, whether it is here in the best plan with so many units here.
    here: Vec<bool>,
}

impl Load<'_> {
    /// Finds the best division of the orders at two sites among the two. Returns whether it is a better one.
    pub(super) fn share(&mut self, table: &mut Table, [here, there]: [u32; 2]) -> bool {
        let [price_here, price_there] = [here, there].map(|site| self.price(site));
        let [room_here, room_there] = [here, there].map(|site| self.room[site as usize]);
        table.open.clear();
        let mut value = room_here.saturating_mul(price_here).saturating_add(room_there.saturating_mul(price_there));
        for site in [here, there] {
            for member in 0..self.members[site as usize].len() {
                let order = self.members[site as usize][member];
                self.work += 1;
                let Some(regret_here) = self.regret_at(order, here) else { continue };
                let Some(regret_there) = self.regret_at(order, there) else { continue };
                value += self.regret[order as usize] - regret_here.min(regret_there);
                table.open.push(((regret_here - regret_there).abs(), order, regret_here, regret_there));
            }
        }
        table.open.retain(|open| open.0 < value);
        if value <= 0 || table.open.is_empty() {
            return false;
        }
        table.open.sort_unstable();
        table.open.truncate(ORDERS_MAX);
        let (mut units, mut units_here, mut now) = (0, 0, 0);
        for (_, order, ..) in &table.open {
            let size = self.size(*order);
            units += size;
            if self.place[*order as usize] == here {
                units_here += size;
            }
            now += self.regret[*order as usize];
        }
        if units > UNITS_MAX {
            return false;
        }
        // What may be here: `low..=high` units.
        let high = (units_here + room_here).min(units);
        let low = (units_here - room_there).max(0);
        let width = units as usize + 1;
        table.least.clear();
        table.least.resize(width, i64::MAX / 2);
        table.least[0] = 0;
        table.here.clear();
        table.here.resize(width * table.open.len(), false);
        let mut most = 0;
        for (number, (_, order, regret_here, regret_there)) in table.open.iter().enumerate() {
            let size = self.task.sizes[*order as usize] as usize;
            most += size;
            self.work += most as u64 / 4;
            let row = &mut table.here[number * width..][..width];
            for units in (0..=most).rev() {
                let stay = table.least[units] + regret_there;
                let come = if units >= size { table.least[units - size] + regret_here } else { i64::MAX / 2 };
                row[units] = come < stay;
                table.least[units] = come.min(stay).min(i64::MAX / 2);
            }
        }
        // A unit here instead of there leaves one unit unused there instead of here.
        let slope = price_there - price_here;
        let worth = |units: i64| units.saturating_mul(slope);
        let best = (low..=high).min_by_key(|units| table.least[*units as usize].saturating_add(worth(*units)));
        let Some(best) = best else { return false };
        if table.least[best as usize].saturating_add(worth(best)) >= now + worth(units_here) {
            return false;
        }
        let mut units = best as usize;
        for number in (0..table.open.len()).rev() {
            let (_, order, regret_here, regret_there) = table.open[number];
            let is_here = table.here[number * width + units];
            let (to, regret) = if is_here { (here, regret_here) } else { (there, regret_there) };
            if is_here {
                units -= self.task.sizes[order as usize] as usize;
            }
            if self.place[order as usize] != to {
                self.transfer(order, to, regret);
            }
        }
        let is_better = self.gain_of(0) < 0;
        if !is_better {
            self.undo(0);
        }
        is_better
    }
}
