//! What lies where and how much of it is promised.

use std::collections::BTreeMap;

use crate::desk::SafetyLevel;
use crate::desk::places::Places;
use crate::id::SkuId;
use crate::ledger::{Canonical, Encoder, IdTable, Pages};
use crate::order::OrderLine;
use crate::units::Quantity;

/// The stock of all *pools*: a store's own, from which the leaders that it supplies draw as well, or a leader's own if
/// nobody supplies it. A pool has the number of its [place](crate::desk::places).
///
/// One stock for shop floor and stream: what is on hand, less what is held for orders, less the safety stock, may be
/// promised. Held never exceeds on hand; an article that was never delivered is not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Stock {
    skus: Pages<SkuId>,
    by_sku: IdTable,
    levels: Pages<Level>,
    by_key: IdTable,
    safety: u32,
    safety_at: BTreeMap<u32, u32>,
}

/// One article in one pool.
#[derive(Clone, Copy, Debug)]
struct Level {
    pool: u32,
    sku: u32,
    on_hand: u32,
    held: u32,
    safety: Option<u32>,
}

/// One level as plain data, and how the desk shows it.
///
/// ```
/// use catchment::desk::StockLevel;
/// use catchment::id::{SiteId, SkuId};
/// use catchment::units::Quantity;
/// let level = StockLevel {
///     site: SiteId(1), sku: SkuId(9), on_hand: Quantity(5), held: Quantity(2), safety: None,
/// };
/// assert!(level.held <= level.on_hand);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StockLevel {
    /// The store, or the leader who has stock of their own.
    pub site: crate::id::SiteId,
    /// The article.
    pub sku: SkuId,
    /// Pieces that are there.
    pub on_hand: Quantity,
    /// Pieces of these that orders hold.
    pub held: Quantity,
    /// The safety stock of this article at this site, if it has one of its own.
    pub safety: Option<Quantity>,
}

impl Level {
    const fn key(&self) -> u64 {
        key(self.pool, self.sku)
    }
}

const fn key(pool: u32, sku: u32) -> u64 {
    (pool as u64) << 32 | sku as u64
}

impl Stock {
    pub(super) fn new(safety: Quantity) -> Self {
        Self {
            safety: safety.0,
            ..Self::default()
        }
    }

    /// What may still be promised. O(1).
    pub(super) fn free(&self, pool: u32, sku: SkuId) -> Quantity {
        self.free_of(pool, self.number(sku))
    }

    /// The same for an article whose number is known; of one without a number there is none.
    #[inline]
    pub(super) fn free_of(&self, pool: u32, number: Option<u32>) -> Quantity {
        let slot = number.and_then(|number| self.slot(pool, number));
        let free = slot.map(|slot| {
            let level = &self.levels[slot];
            let safety = level
                .safety
                .or(self.safety_at.get(&pool).copied())
                .unwrap_or(self.safety);
            (level.on_hand - level.held).saturating_sub(safety)
        });
        Quantity(free.unwrap_or(0))
    }

    /// What is there.
    pub(super) fn on_hand(&self, pool: u32, sku: SkuId) -> Quantity {
        Quantity(
            self.find(pool, sku)
                .map_or(0, |slot| self.levels[slot].on_hand),
        )
    }

    /// What orders hold.
    pub(super) fn held(&self, pool: u32, sku: SkuId) -> u32 {
        self.find(pool, sku)
            .map_or(0, |slot| self.levels[slot].held)
    }

    /// What is there and held by nobody: what the shop floor may sell.
    pub(super) fn unheld(&self, pool: u32, sku: SkuId) -> Quantity {
        let slot = self.find(pool, sku);
        Quantity(slot.map_or(0, |slot| self.levels[slot].on_hand - self.levels[slot].held))
    }

    /// The first line for which too little is free.
    pub(super) fn missing(&self, pool: u32, lines: &[OrderLine]) -> Option<SkuId> {
        let short = |line: &&OrderLine| self.free(pool, line.sku) < line.quantity;
        lines.iter().find(short).map(|line| line.sku)
    }

    /// These articles at the first so many pools, and no others. O(pools · articles).
    pub(super) fn excerpt(&self, pools: u32, skus: &[SkuId]) -> Self {
        let mut excerpt = Self {
            safety: self.safety,
            safety_at: self.safety_at.clone(),
            ..Self::default()
        };
        for sku in skus {
            for pool in 0..pools {
                if let Some(slot) = self.find(pool, *sku)
                    && let Some(own) = excerpt.enter(pool, *sku)
                {
                    let sku = excerpt.levels[own].sku;
                    excerpt.levels[own] = Level {
                        sku,
                        ..self.levels[slot]
                    };
                }
            }
        }
        excerpt
    }

    /// Holds the pieces of all lines, or none: `None` if more would be held than is there. The safety stock is not
    /// asked: that is for who decides.
    #[must_use]
    pub(super) fn take(&mut self, pool: u32, lines: &[OrderLine]) -> Option<()> {
        // One look-up a line; what was taken before one that is short goes back.
        for (taken, line) in lines.iter().enumerate() {
            if self.take_line(pool, line).is_none() {
                self.give_back(pool, &lines[..taken]);
                return None;
            }
        }
        Some(())
    }

    fn take_line(&mut self, pool: u32, line: &OrderLine) -> Option<()> {
        let slot = self.find(pool, line.sku)?;
        let level = &mut self.levels[slot];
        if level.on_hand - level.held < line.quantity.0 {
            return None;
        }
        level.held += line.quantity.0;
        Some(())
    }

    /// The pieces of an order are free again.
    pub(super) fn give_back(&mut self, pool: u32, lines: &[OrderLine]) {
        self.each(pool, lines, |level, pieces| level.held -= pieces);
    }

    /// The pieces of an order leave the house.
    pub(super) fn hand_out(&mut self, pool: u32, lines: &[OrderLine]) {
        self.each(pool, lines, |level, pieces| {
            level.held -= pieces;
            level.on_hand -= pieces;
        });
    }

    /// Changes one level, which is made if there is none; `None` if `change` does, or if there are too many levels.
    #[must_use]
    pub(super) fn change(
        &mut self,
        pool: u32,
        sku: SkuId,
        change: impl FnOnce(u32) -> Option<u32>,
    ) -> Option<()> {
        let slot = self.enter(pool, sku)?;
        let level = &mut self.levels[slot];
        let on_hand = change(level.on_hand).filter(|on_hand| level.held <= *on_hand)?;
        level.on_hand = on_hand;
        Some(())
    }

    /// Sets or clears the safety stock at one level.
    #[must_use]
    pub(super) fn set_safety(
        &mut self,
        pool: Option<u32>,
        sku: Option<SkuId>,
        pieces: Option<Quantity>,
    ) -> Option<()> {
        let pieces = pieces.map(|pieces| pieces.0);
        match (pool, sku) {
            (None, _) => self.safety = pieces.unwrap_or(0),
            (Some(pool), None) => {
                self.safety_at.remove(&pool);
                self.safety_at.extend(pieces.map(|pieces| (pool, pieces)));
            }
            (Some(pool), Some(sku)) => {
                let slot = self.enter(pool, sku)?;
                self.levels[slot].safety = pieces;
            }
        }
        Some(())
    }

    /// All levels, in the order in which they were first named.
    pub(super) fn levels(&self, places: &Places) -> Vec<StockLevel> {
        let levels = self.levels.iter();
        let shown = levels.map(|level| StockLevel {
            site: places[level.pool].id,
            sku: self.skus[level.sku],
            on_hand: Quantity(level.on_hand),
            held: Quantity(level.held),
            safety: level.safety.map(Quantity),
        });
        shown.collect()
    }

    /// The safety stock of the network, then that of single sites.
    pub(super) fn safeties(&self, places: &Places) -> Vec<(SafetyLevel, Quantity)> {
        let at = self.safety_at.iter();
        let sites =
            at.map(|(pool, pieces)| (SafetyLevel::Site(places[*pool].id), Quantity(*pieces)));
        core::iter::once((SafetyLevel::Network, Quantity(self.safety)))
            .chain(sites)
            .collect()
    }

    /// Puts stored levels in, without what is held.
    #[must_use]
    pub(super) fn put_in(&mut self, pool: u32, level: &StockLevel) -> Option<()> {
        if self.find(pool, level.sku).is_some() {
            return None;
        }
        self.change(pool, level.sku, |_| Some(level.on_hand.0))?;
        self.set_safety(Some(pool), Some(level.sku), level.safety)
    }

    fn each(&mut self, pool: u32, lines: &[OrderLine], change: impl Fn(&mut Level, u32)) {
        for line in lines {
            if let Some(slot) = self.find(pool, line.sku) {
                change(&mut self.levels[slot], line.quantity.0);
            }
        }
    }

    /// The number by which all pools know an article.
    #[inline]
    pub(super) fn number(&self, sku: SkuId) -> Option<u32> {
        self.by_sku.find(sku.0, |slot| self.skus[slot].0)
    }

    fn find(&self, pool: u32, sku: SkuId) -> Option<u32> {
        self.slot(pool, self.number(sku)?)
    }

    #[inline]
    fn slot(&self, pool: u32, number: u32) -> Option<u32> {
        self.by_key
            .find(key(pool, number), |slot| self.levels[slot].key())
    }

    fn enter(&mut self, pool: u32, sku: SkuId) -> Option<u32> {
        if let Some(slot) = self.find(pool, sku) {
            return Some(slot);
        }
        let number = if let Some(number) = self.number(sku) {
            number
        } else {
            let number = self.skus.push(sku)?;
            self.by_sku.insert(sku.0, number);
            number
        };
        let level = Level {
            pool,
            sku: number,
            on_hand: 0,
            held: 0,
            safety: None,
        };
        let slot = self.levels.push(level)?;
        self.by_key.insert(level.key(), slot);
        Some(slot)
    }
}

impl Canonical for Stock {
    fn encode(&self, to: &mut Encoder) {
        to.u32(self.safety);
        to.len(self.safety_at.len());
        for (pool, pieces) in &self.safety_at {
            to.u32(*pool);
            to.u32(*pieces);
        }
        to.len(self.levels.len());
        for level in self.levels.iter() {
            to.u32(level.pool);
            to.u64(self.skus[level.sku].0);
            to.u32(level.on_hand);
            to.u32(level.held);
            to.option(level.safety, Encoder::u32);
        }
    }
}
