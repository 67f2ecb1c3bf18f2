//! The sites of the desk by *place*: a number that a site keeps through all versions of the network.

use core::ops::{Index, IndexMut};

use crate::candidates::Filter;
use crate::desk::Policy;
use crate::id::SiteId;
use crate::ledger::{Canonical, Encoder, IdTable, Pages};
use crate::site::{Site, SiteKind, SiteStatus};
use crate::time::Timestamp;

/// No place.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What the desk knows of a site beyond the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) id: SiteId,
    pub(super) kind: SiteKind,
    /// What it takes in the window; 0 once it has closed.
    pub(super) capacity: u32,
    /// What it has.
    pub(super) load: u32,
    /// The part of the load that the tentative plan does not move.
    pub(super) pinned: u32,
    /// The place whose stock it draws on.
    pub(super) pool: u32,
    /// What prices add to the walk, in millimetres.
    pub(super) price: i64,
    /// Until when it gets no new orders.
    pub(super) cools_until: Option<Timestamp>,
    pub(super) is_closed: bool,
    /// Paused, or not open in the window.
    pub(super) is_shut: bool,
}

impl Place {
    const fn new(id: SiteId, kind: SiteKind) -> Self {
        Self {
            id,
            kind,
            capacity: 0,
            load: 0,
            pinned: 0,
            pool: NOWHERE,
            price: 0,
            cools_until: None,
            is_closed: false,
            is_shut: false,
        }
    }

    /// How many orders it may have now.
    pub(super) fn effective(&self) -> u32 {
        let is_out = self.is_closed || self.is_shut || self.cools_until.is_some();
        if is_out { 0 } else { self.capacity }
    }

    /// How much more it takes.
    #[inline]
    pub(super) fn room(&self) -> u32 {
        if self.cools_until.is_some() {
            return 0;
        }
        self.capacity.saturating_sub(self.load)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    list: Pages<Place>,
    by_id: IdTable,
}

impl Places {
    pub(super) fn len(&self) -> u32 {
        self.list.len() as u32
    }

    /// O(1).
    #[inline]
    pub(super) fn find(&self, id: SiteId) -> Option<u32> {
        self.by_id.find(id.0, |slot| self.list[slot].id.0)
    }

    /// The place of a site that is in the network now.
    pub(super) fn open(&self, id: SiteId) -> Option<u32> {
        self.find(id).filter(|place| !self.list[*place].is_closed)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.list.iter()
    }

    /// A site of a stored desk, closed until the network says otherwise; `None` if it is there already.
    pub(super) fn restore(&mut self, id: SiteId, kind: SiteKind) -> Option<u32> {
        if self.find(id).is_some() {
            return None;
        }
        self.enter(Place {
            is_closed: true,
            ..Place::new(id, kind)
        })
    }

    /// Takes a site in, or what has changed about it. Stores must come before the leaders that they supply.
    pub(super) fn learn(&mut self, site: &Site, policy: &Policy) -> Option<u32> {
        let filter = match policy.open_at {
            Some(at) => Filter::default().open_at(at),
            None => Filter::default(),
        };
        let slot = match self.find(site.id) {
            Some(slot) => slot,
            None => self.enter(Place::new(site.id, site.kind))?,
        };
        let pool = site.supplied_by.and_then(|supplier| self.find(supplier));
        let place = &mut self.list[slot];
        place.kind = site.kind;
        place.capacity = filter.capacity_of(site).0;
        place.pool = pool.unwrap_or(slot);
        place.is_closed = false;
        place.is_shut = site.status == SiteStatus::Paused
            || policy
                .open_at
                .is_some_and(|at| !site.schedule.is_open_at(at));
        Some(slot)
    }

    fn enter(&mut self, place: Place) -> Option<u32> {
        let slot = self.list.push(place)?;
        self.list[slot].pool = slot;
        self.by_id.insert(place.id.0, slot);
        Some(slot)
    }
}

impl Index<u32> for Places {
    type Output = Place;

    #[inline]
    fn index(&self, place: u32) -> &Place {
        &self.list[place]
    }
}

impl IndexMut<u32> for Places {
    #[inline]
    fn index_mut(&mut self, place: u32) -> &mut Place {
        &mut self.list[place]
    }
}

impl Canonical for Places {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.list.len());
        for place in self.list.iter() {
            to.u64(place.id.0);
            to.u32(place.capacity);
            to.u32(place.load);
            to.u32(place.pool);
            to.i64(place.price);
            to.option(place.cools_until, |to, until| {
                to.i64(until.as_unix_millis());
            });
            to.u8(u8::from(place.is_closed));
        }
    }
}
