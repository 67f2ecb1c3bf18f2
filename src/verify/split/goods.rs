//! What goes together, and how much of it is where, counted line by line.

use std::collections::BTreeMap;

use crate::fulfil::{Missing, Pieces};
use crate::id::SkuId;
use crate::units::Quantity;
use crate::verify::SplitTask;

/// What comes only in whole sets: a bundle, or a line by the piece.
pub(super) struct Goods {
    /// The number of a line and the pieces of it in one set.
    pub(super) content: Vec<(usize, u32)>,
    pub(super) wanted: u32,
    /// What a set is worth.
    pub(super) worth: u64,
}

/// All goods of an order, and what each site has of them.
pub(super) struct Count {
    pub(super) goods: Vec<Goods>,
    /// Sets at each site, at most as many as are wanted.
    pub(super) has: Vec<Vec<u32>>,
}

impl Count {
    /// By pieces and sets, or by whole lines and bundles.
    pub(super) fn new(task: &SplitTask<'_>, pieces: Pieces) -> Self {
        let goods = goods(task, pieces);
        let at_site = |stock: &[Quantity]| {
            let sets = goods.iter().map(|goods| {
                let by_line = goods.content.iter().map(|(line, pieces)| {
                    let stock = stock.get(*line).map_or(0, |stock| stock.0);
                    stock.checked_div(*pieces).unwrap_or(0)
                });
                by_line.min().unwrap_or(0).min(goods.wanted)
            });
            sets.collect::<Vec<u32>>()
        };
        let has = task.stock.iter().map(|stock| at_site(&stock.pieces));
        let has = has.collect();
        Self { goods, has }
    }

    /// How many sets of each the sites have together, at most as many as are wanted.
    pub(super) fn found(&self) -> Vec<u32> {
        let sums = self.goods.iter().enumerate().map(|(item, goods)| {
            let sum: u64 = self.has.iter().map(|row| u64::from(row[item])).sum();
            u32::try_from(sum).map_or(goods.wanted, |sum| sum.min(goods.wanted))
        });
        sums.collect()
    }

    pub(super) fn wanted(&self) -> Vec<u32> {
        self.goods.iter().map(|goods| goods.wanted).collect()
    }

    /// So many sets of each as pieces, line by line.
    pub(super) fn pieces(&self, sets: &[u32], lines: usize) -> Vec<u32> {
        let mut pieces = vec![0; lines];
        for (goods, sets) in self.goods.iter().zip(sets) {
            for (line, per_set) in &goods.content {
                pieces[*line] += sets * per_set;
            }
        }
        pieces
    }

    /// The sets that so many pieces of each line make; `None` if some are left over.
    pub(super) fn sets(&self, pieces: &[u32]) -> Option<Vec<u32>> {
        let of = |goods: &Goods| {
            let mut counts = goods.content.iter().map(|(line, per_set)| {
                let is_whole = pieces[*line].is_multiple_of(*per_set);
                is_whole.then(|| pieces[*line] / per_set)
            });
            let first = counts.next()??;
            counts.all(|count| count == Some(first)).then_some(first)
        };
        self.goods.iter().map(of).collect()
    }

    pub(super) fn worth(&self, sets: &[u32]) -> u64 {
        let worth = self.goods.iter().zip(sets);
        worth
            .map(|(goods, sets)| goods.worth.saturating_mul((*sets).into()))
            .fold(0, u64::saturating_add)
    }

    /// The lines of which fewer than all pieces are there, if so many sets are.
    pub(super) fn missing(&self, task: &SplitTask<'_>, sets: &[u32]) -> Vec<Missing> {
        let there = self.pieces(sets, task.lines.len());
        let lines = task.lines.iter().zip(there);
        let missing = lines.map(|(priced, found)| Missing {
            sku: priced.line.sku,
            wanted: priced.line.quantity,
            found: Quantity(found),
        });
        missing
            .filter(|missing| missing.found < missing.wanted)
            .collect()
    }
}

fn goods(task: &SplitTask<'_>, pieces: Pieces) -> Vec<Goods> {
    let places = task.lines.iter().enumerate();
    let places: BTreeMap<SkuId, usize> = places
        .map(|(place, priced)| (priced.line.sku, place))
        .collect();
    let mut is_free = vec![true; task.lines.len()];
    let mut goods = Vec::new();
    for bundle in task.bundles {
        let sets = match pieces {
            Pieces::FromSeveral => bundle.sets.0.max(1),
            Pieces::FromOne => 1,
        };
        let lines = bundle.skus.iter().filter_map(|sku| places.get(sku));
        let lines: Vec<usize> = lines.copied().collect();
        for line in &lines {
            is_free[*line] = false;
        }
        let content = lines
            .iter()
            .map(|line| (*line, task.lines[*line].line.quantity.0 / sets));
        goods.push(of(task, content.collect(), sets));
    }
    for line in (0..task.lines.len()).filter(|line| is_free[*line]) {
        let quantity = task.lines[line].line.quantity.0;
        goods.push(match pieces {
            Pieces::FromSeveral => of(task, vec![(line, 1)], quantity),
            Pieces::FromOne => of(task, vec![(line, quantity)], 1),
        });
    }
    goods
}

fn of(task: &SplitTask<'_>, content: Vec<(usize, u32)>, wanted: u32) -> Goods {
    let worth = content.iter().map(|(line, pieces)| {
        let price = task.lines[*line].price.0;
        price.saturating_mul(u64::from(*pieces))
    });
    Goods {
        worth: worth.fold(0, u64::saturating_add),
        content,
        wanted,
    }
}
