//! Moves of the plan: goods go with them.

use crate::balance::Changed;
use crate::desk::counter::Counter;
use crate::desk::places::NOWHERE;
use crate::desk::tentative::Shift;
use crate::id::SkuId;
use crate::order::Order;

impl Counter {
    /// The moves of a change in an order in which everybody finds their goods; `None` if there is none. `first` takes
    /// its goods before anybody moves.
    pub(super) fn sequence(
        &self,
        slots: &[u32],
        shunned: u32,
        first: Option<(&Order, u32, u32)>,
        changed: &Changed,
    ) -> Option<Vec<Shift>> {
        let others = changed
            .moved
            .iter()
            .filter(|moved| first.is_none() || Some(moved.order) != changed.order);
        let shifts = others.map(|moved| {
            let slot = slots[moved.order as usize];
            let (from, to) = (moved.from.unwrap_or(NOWHERE), moved.to.unwrap_or(NOWHERE));
            Shift { slot, from, to }
        });
        let mut open: Vec<Shift> = shifts.collect();
        let has_lines = |shift: &Shift| {
            let order = self.holds[shift.slot].order.as_ref();
            order.is_some_and(|order| !order.lines.is_empty())
        };
        if !open.iter().any(has_lines) {
            return Some(open);
        }
        let mut goods = Goods {
            counter: self,
            taken: Vec::new(),
        };
        if let Some((order, slot, place)) = first {
            let is_known = slot < self.holds.len();
            let from = if is_known {
                self.holds[slot].pool
            } else {
                NOWHERE
            };
            goods.carry(order, from, self.places[place].pool);
        }
        let mut sequence = Vec::with_capacity(open.len());
        while !open.is_empty() {
            let next = open.iter().position(|shift| {
                let pool = self.places[shift.to].pool;
                let is_shunned = pool == shunned && has_lines(shift);
                !is_shunned && goods.can_carry(shift.slot, pool)
            })?;
            let shift = open.remove(next);
            if let Some(order) = &self.holds[shift.slot].order {
                goods.carry(
                    order,
                    self.holds[shift.slot].pool,
                    self.places[shift.to].pool,
                );
            }
            sequence.push(shift);
        }
        Some(sequence)
    }

    /// Makes moves happen: loads and goods follow.
    pub(super) fn book(&mut self, shifts: &[Shift]) {
        for &Shift { slot, from, to } in shifts {
            let pool = self.places[to].pool;
            let hold = &mut self.holds[slot];
            hold.place = to;
            let before = core::mem::replace(&mut hold.pool, pool);
            if let Some(order) = &hold.order
                && before != pool
            {
                self.stock.give_back(before, &order.lines);
                self.stock
                    .take(pool, &order.lines)
                    .expect("goods were looked for");
            }
            self.places[from].load -= 1;
            self.places[to].load += 1;
            self.touch(from);
            self.touch(to);
            if let Some(plan) = &mut self.plan {
                plan.managed[from as usize] -= 1;
                plan.managed[to as usize] += 1;
            }
        }
    }
}

/// The stock with the moves of a change that were gone through so far.
struct Goods<'a> {
    counter: &'a Counter,
    /// (pool, article, pieces): more taken than before, or less.
    taken: Vec<(u32, SkuId, i64)>,
}

impl Goods<'_> {
    fn can_carry(&self, slot: u32, pool: u32) -> bool {
        let hold = &self.counter.holds[slot];
        let Some(order) = &hold.order else {
            return true;
        };
        hold.pool == pool
            || order.lines.iter().all(|line| {
                let same = |taken: &&(u32, SkuId, i64)| (taken.0, taken.1) == (pool, line.sku);
                let taken: i64 = self.taken.iter().filter(same).map(|taken| taken.2).sum();
                let free = self.counter.stock.free(pool, line.sku);
                i64::from(free.0) - taken >= i64::from(line.quantity.0)
            })
    }

    fn carry(&mut self, order: &Order, from: u32, to: u32) {
        if from != to {
            for line in &order.lines {
                let pieces = i64::from(line.quantity.0);
                self.taken
                    .extend([(to, line.sku, pieces), (from, line.sku, -pieces)]);
            }
        }
    }
}
