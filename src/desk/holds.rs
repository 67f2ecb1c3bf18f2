//! Every order that ever had a place, and what has become of it.

use core::ops::{Index, IndexMut};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk::places::NOWHERE;
use crate::id::OrderId;
use crate::ledger::{Canonical, Encoder, IdTable, Pages};
use crate::order::Order;
use crate::time::Timestamp;

/// Where an order stands.
///
/// ```text
/// place ──→ Held ──→ Confirmed ──→ HandedOver
///             │          │
///             ├→ Expired  │
///             └──────────┴→ Released │ Failed (rejected too often)
/// ```
///
/// ```
/// use catchment::desk::OrderState;
/// assert!(OrderState::Confirmed.is_live());
/// assert!(!OrderState::Expired.is_live());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum OrderState {
    /// It waits for its confirmation.
    Held,
    /// It is paid or agreed, and waits for its pickup.
    Confirmed,
    /// The customer has it.
    HandedOver,
    /// It was given up.
    Released,
    /// Nobody confirmed it in time.
    Expired,
    /// More sites rejected it than may.
    Failed,
}

impl OrderState {
    /// Whether it holds a place, or waits for one.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Held | Self::Confirmed)
    }
}

impl core::fmt::Display for OrderState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Confirmed => "confirmed",
            Self::HandedOver => "handed over",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Failed => "failed",
        })
    }
}

/// Whether the buyer knows the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Told {
    /// The site may still change.
    NotYet,
    /// The site is promised.
    Announced,
}

/// One order. 48 bytes, and the order itself as long as it is live.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) order: Option<Arc<Order>>,
    pub(super) id: OrderId,
    pub(super) until: Timestamp,
    /// [`NOWHERE`] if it has lost its place.
    pub(super) place: u32,
    /// The pool of its goods.
    pub(super) pool: u32,
    pub(super) state: OrderState,
    pub(super) told: Told,
    pub(super) attempts: u8,
    /// Its number in the tentative plan; [`NOWHERE`] if that does not move it.
    pub(super) number: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Holds {
    list: Pages<Hold>,
    by_id: IdTable,
    /// The places that rejected an order, for the few orders that were.
    rejected_by: BTreeMap<u32, Vec<u32>>,
    /// How many orders an excerpt leaves out.
    left_out: u32,
    /// How many are in state `Held`, how many live.
    pub(super) held: usize,
    pub(super) live: usize,
}

impl Holds {
    /// How many orders there were, those that an excerpt leaves out included.
    pub(super) fn len(&self) -> u32 {
        self.list.len() as u32 + self.left_out
    }

    /// The slots of all orders.
    pub(super) fn slots(&self) -> core::ops::Range<u32> {
        0..self.list.len() as u32
    }

    /// The orders in these slots, in their sequence, and no others.
    pub(super) fn excerpt(&self, slots: &[u32]) -> Self {
        let mut excerpt = Self::default();
        for slot in slots {
            let own = excerpt.push(self.list[*slot].clone());
            let rejected_by = self.rejected_by.get(slot).cloned();
            excerpt.rejected_by.extend(own.zip(rejected_by));
        }
        excerpt.left_out = self.len() - slots.len() as u32;
        excerpt
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Hold> {
        self.list.get(slot)
    }

    #[inline]
    pub(super) fn find(&self, order: OrderId) -> Option<u32> {
        self.by_id.find(order.0, |slot| self.list[slot].id.0)
    }

    /// `None` past 2³² − 1 orders.
    #[must_use]
    pub(super) fn push(&mut self, hold: Hold) -> Option<u32> {
        let (id, state) = (hold.id, hold.state);
        let slot = self.list.push(hold)?;
        self.by_id.insert(id.0, slot);
        self.held += usize::from(state == OrderState::Held);
        self.live += usize::from(state.is_live());
        Some(slot)
    }

    /// Sets the state. An order that ends leaves its details behind.
    pub(super) fn set_state(&mut self, slot: u32, state: OrderState) {
        let hold = &mut self.list[slot];
        let before = core::mem::replace(&mut hold.state, state);
        if !state.is_live() {
            hold.order = None;
            self.rejected_by.remove(&slot);
        }
        self.held -= usize::from(before == OrderState::Held);
        self.held += usize::from(state == OrderState::Held);
        self.live -= usize::from(before.is_live());
        self.live += usize::from(state.is_live());
    }

    pub(super) fn reject(&mut self, slot: u32, place: u32) {
        self.list[slot].attempts = self.list[slot].attempts.saturating_add(1);
        self.rejected_by.entry(slot).or_default().push(place);
    }

    /// The places that rejected the order.
    #[inline]
    pub(super) fn rejected_by(&self, slot: u32) -> &[u32] {
        self.rejected_by.get(&slot).map_or(&[], Vec::as_slice)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Hold)> {
        (0..).zip(self.list.iter())
    }

    /// The live orders at a place, in the order in which they came. O(orders).
    pub(super) fn at(&self, place: u32) -> impl Iterator<Item = u32> {
        let there = self
            .iter()
            .filter(move |(_, hold)| hold.place == place && hold.state.is_live());
        there.map(|(slot, _)| slot)
    }
}

impl Hold {
    pub(super) fn is_placed(&self) -> bool {
        self.place != NOWHERE
    }
}

impl Index<u32> for Holds {
    type Output = Hold;

    #[inline]
    fn index(&self, slot: u32) -> &Hold {
        &self.list[slot]
    }
}

impl IndexMut<u32> for Holds {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Hold {
        &mut self.list[slot]
    }
}

impl Canonical for Holds {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.list.len());
        for (slot, hold) in self.iter() {
            to.u64(hold.id.0);
            to.i64(hold.until.as_unix_millis());
            to.u32(hold.place);
            to.u32(hold.pool);
            to.u8(hold.state as u8);
            to.u8(hold.told as u8);
            to.u8(hold.attempts);
            to.option(hold.order.as_deref(), |to, order| order.encode(to));
            let rejected_by = self.rejected_by(slot);
            to.len(rejected_by.len());
            for place in rejected_by {
                to.u32(*place);
            }
        }
    }
}
