//! What events do to the desk.

use std::sync::Arc;

use crate::desk::counter::Counter;
use crate::desk::due::Due;
use crate::desk::holds::Hold;
use crate::desk::places::NOWHERE;
use crate::desk::{Cause, Event, Goods, Mismatch, OrderState, SafetyLevel, Told};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::plan::Cost;
use crate::site::{Change, Network};
use crate::time::Timestamp;
use crate::units::Quantity;

impl Counter {
    pub(super) fn enact(&mut self, event: &Event) -> Result<(), Mismatch> {
        // What takes room or goods makes no site better for anybody.
        let is_gain = !matches!(
            event,
            Event::Placed { .. }
                | Event::Confirmed { .. }
                | Event::HandedOver { .. }
                | Event::Sold(_)
        );
        self.gains += u64::from(is_gain);
        // After moves of the plan comes their telling, and nothing else.
        if self.has_untold_moves() && !matches!(event, Event::Moved { .. }) {
            return Err(Mismatch::Untold);
        }
        match event {
            Event::Placed {
                order, site, until, ..
            } => self.placed(order, *site, *until),
            Event::Confirmed { order } => {
                self.advance(*order, OrderState::Held, OrderState::Confirmed)
            }
            Event::HandedOver { order } => self.handed_over(*order),
            Event::Released { order } => self.ended(*order, OrderState::Released),
            Event::Expired { order } => self.ended(*order, OrderState::Expired),
            Event::Failed { order } => self.ended(*order, OrderState::Failed),
            Event::Consented { order, wish } => self.consented(*order, *wish),
            Event::Rejected {
                order,
                site,
                cools_until,
            } => self.rejected(*order, *site, *cools_until),
            Event::Cooled { site } => {
                let place = self.place(*site)?;
                self.set_cooling(place, None);
                Ok(())
            }
            Event::Moved {
                order, to, because, ..
            } => self.moved(*order, *to, *because),
            Event::Stranded { order, because, .. } => {
                let slot = self.live_order(*order)?;
                if *because == Cause::OutOfStock {
                    self.shun(slot);
                }
                self.leave(slot);
                Ok(())
            }
            Event::Weighed => {
                self.weigh();
                Ok(())
            }
            Event::Announced { order, .. } => {
                let slot = self.live_order(*order)?;
                self.pin(slot);
                self.holds[slot].told = Told::Announced;
                Ok(())
            }
            Event::HandedOff { customer, to, .. } => {
                let place = self.place(*to)?;
                self.homes.set(*customer, place).ok_or(Mismatch::TooMany)
            }
            Event::Transferred { leaver, heir } => {
                let (leaver, heir) = (self.place(*leaver)?, self.place(*heir)?);
                self.homes.transfer(leaver, heir);
                Ok(())
            }
            Event::NetworkChanged { changes } => {
                let next = self.market.network.with_changes(changes.iter().cloned());
                let next = next.map_err(|faults| Mismatch::Changes {
                    faults: faults.total(),
                })?;
                self.adopt(next, changes)
            }
            Event::PricesSet { prices } => self.prices_set(prices),
            Event::Delivered(pieces) => {
                self.stocked(pieces, |on_hand| on_hand.checked_add(pieces.pieces.0))
            }
            Event::Sold(pieces) => {
                self.stocked(pieces, |on_hand| on_hand.checked_sub(pieces.pieces.0))
            }
            Event::Counted(pieces) => self.stocked(pieces, |_| Some(pieces.pieces.0)),
            Event::SafetySet { level, pieces } => self.safety_set(*level, *pieces),
        }
    }

    /// Takes over the next version of the network.
    pub(super) fn adopt(&mut self, next: Network, changes: &[Change]) -> Result<(), Mismatch> {
        // Stores first: leaders name them as suppliers.
        let sites = || changes.iter().filter_map(|change| next.site(change.site()));
        let supplied = |wanted: bool| move |site: &&_| is_supplied(site) == wanted;
        for site in sites()
            .filter(supplied(false))
            .chain(sites().filter(supplied(true)))
        {
            self.places
                .learn(site, &self.policy)
                .ok_or(Mismatch::TooMany)?;
        }
        for site in changes
            .iter()
            .map(Change::site)
            .filter(|site| next.site(*site).is_none())
        {
            // A site that opens and closes within the same changes was never known.
            if let Some(place) = self.places.find(site) {
                let place = &mut self.places[place];
                (place.capacity, place.is_closed) = (0, true);
            }
        }
        let market = self.market.follow(next, &self.places, &self.policy);
        self.market = Arc::new(market);
        self.follow_sites();
        for change in changes {
            if let Some(place) = self.places.find(change.site()) {
                self.touch(place);
                let is_beside_rows = matches!(
                    change,
                    Change::Close(_) | Change::SetStatus { .. } | Change::SetCapacity { .. }
                );
                if !is_beside_rows {
                    self.revise(place);
                }
                self.follow_room(place);
            }
        }
        Ok(())
    }

    fn placed(
        &mut self,
        order: &Arc<Order>,
        site: SiteId,
        until: Timestamp,
    ) -> Result<(), Mismatch> {
        if self.holds.find(order.id).is_some() {
            return Err(Mismatch::KnownOrder { order: order.id });
        }
        let place = self.place(site)?;
        let number = self.take_up(order, self.holds.len(), None, place)?;
        let hold = Hold {
            order: Some(Arc::clone(order)),
            id: order.id,
            until,
            place: NOWHERE,
            pool: NOWHERE,
            state: OrderState::Held,
            told: self.told_at_once(),
            attempts: 0,
            number,
        };
        let slot = self.holds.push(hold).ok_or(Mismatch::TooMany)?;
        self.due.push(until, Due::Hold(slot).number());
        self.arrive(slot, place)
    }

    fn advance(
        &mut self,
        order: OrderId,
        from: OrderState,
        to: OrderState,
    ) -> Result<(), Mismatch> {
        let slot = self.live_order(order)?;
        if self.holds[slot].state != from {
            return Err(Mismatch::Order { order });
        }
        self.holds.set_state(slot, to);
        Ok(())
    }

    fn handed_over(&mut self, order: OrderId) -> Result<(), Mismatch> {
        let slot = self.live_order(order)?;
        let hold = &self.holds[slot];
        let details = hold.order.clone().filter(|_| hold.is_placed());
        let details = details.ok_or(Mismatch::Order { order })?;
        self.stock.hand_out(hold.pool, &details.lines);
        self.pin(slot);
        self.advance(order, OrderState::Confirmed, OrderState::HandedOver)
    }

    fn ended(&mut self, order: OrderId, state: OrderState) -> Result<(), Mismatch> {
        let slot = self.live_order(order)?;
        self.leave(slot);
        self.holds.set_state(slot, state);
        Ok(())
    }

    fn consented(&mut self, order: OrderId, wish: Wish) -> Result<(), Mismatch> {
        let slot = self.live_order(order)?;
        self.pin(slot);
        if let Some(order) = &mut self.holds[slot].order {
            Arc::make_mut(order).wish = wish;
        }
        Ok(())
    }

    fn rejected(
        &mut self,
        order: OrderId,
        site: SiteId,
        cools_until: Option<Timestamp>,
    ) -> Result<(), Mismatch> {
        let slot = self.live_order(order)?;
        let place = self.place(site)?;
        self.pin(slot);
        self.holds.reject(slot, place);
        if cools_until.is_some() {
            self.set_cooling(place, cools_until);
        }
        Ok(())
    }

    fn moved(&mut self, id: OrderId, to: SiteId, because: Cause) -> Result<(), Mismatch> {
        let slot = self.live_order(id)?;
        let place = self.place(to)?;
        if self.is_next_move(slot, place) {
            return Ok(());
        } else if self.has_untold_moves() {
            return Err(Mismatch::Untold);
        }
        if because == Cause::OutOfStock {
            self.shun(slot);
        }
        let hold = &self.holds[slot];
        let order = hold.order.clone().ok_or(Mismatch::Order { order: id })?;
        let is_free = hold.told == Told::NotYet && because != Cause::Consent;
        self.pin(slot);
        let number = if is_free {
            self.take_up(&order, slot, Some(because), place)?
        } else {
            NOWHERE
        };
        // The plan may fill the room that is left with this very order: only once it has arrived elsewhere.
        let left = self.depart(slot);
        self.holds[slot].number = number;
        self.arrive(slot, place)?;
        if let Some(left) = left {
            self.follow_room(left);
        }
        Ok(())
    }

    fn prices_set(&mut self, prices: &[(SiteId, Cost)]) -> Result<(), Mismatch> {
        for place in 0..self.places.len() {
            self.places[place].price = 0;
        }
        for (site, price) in prices {
            let place = self.place(*site)?;
            self.places[place].price = price.as_millimetres();
        }
        Arc::make_mut(&mut self.market).price(&self.places, &self.policy);
        Ok(())
    }

    fn stocked(
        &mut self,
        pieces: &Goods,
        change: impl FnOnce(u32) -> Option<u32>,
    ) -> Result<(), Mismatch> {
        let pool = self.places[self.place(pieces.site)?].pool;
        let changed = self.stock.change(pool, pieces.sku, change);
        changed.ok_or(Mismatch::Stock { site: pieces.site })
    }

    fn safety_set(&mut self, level: SafetyLevel, pieces: Option<Quantity>) -> Result<(), Mismatch> {
        let (site, sku) = match level {
            SafetyLevel::Network => (None, None),
            SafetyLevel::Site(site) => (Some(site), None),
            SafetyLevel::Sku { site, sku } => (Some(site), Some(sku)),
        };
        let pool = match site {
            Some(site) => Some(self.places[self.place(site)?].pool),
            None => None,
        };
        self.stock
            .set_safety(pool, sku, pieces)
            .ok_or(Mismatch::TooMany)
    }

    /// Takes capacity and goods, or neither.
    fn arrive(&mut self, slot: u32, place: u32) -> Result<(), Mismatch> {
        let Self {
            holds,
            places,
            stock,
            ..
        } = self;
        // Borrowed, not counted: an atomic count would wait for all that was just written of the hold.
        let hold = &mut holds[slot];
        let order = hold.order.as_deref();
        let order = order.ok_or(Mismatch::Order { order: hold.id })?;
        let size = order.size.0;
        let there = &mut places[place];
        let (site, pool) = (there.id, there.pool);
        let load = there.load.checked_add(size).ok_or(Mismatch::TooMany)?;
        stock
            .take(pool, &order.lines)
            .ok_or(Mismatch::Stock { site })?;
        there.load = load;
        (hold.place, hold.pool) = (place, pool);
        let is_pinned = hold.number == NOWHERE;
        if is_pinned {
            there.pinned += size;
        }
        self.touch(place);
        if is_pinned {
            self.follow_room(place);
        }
        Ok(())
    }

    /// Gives capacity and goods back.
    fn leave(&mut self, slot: u32) {
        if let Some(left) = self.depart(slot) {
            self.follow_room(left);
        }
    }

    /// The same, while the plan does not know yet that there is room again; returns where.
    fn depart(&mut self, slot: u32) -> Option<u32> {
        self.pin(slot);
        let hold = &mut self.holds[slot];
        let place = core::mem::replace(&mut hold.place, NOWHERE);
        let pool = core::mem::replace(&mut hold.pool, NOWHERE);
        let order = hold.order.as_ref().filter(|_| place != NOWHERE)?;
        self.places[place].load -= order.size.0;
        self.places[place].pinned -= order.size.0;
        self.stock.give_back(pool, &order.lines);
        self.touch(place);
        Some(place)
    }

    fn set_cooling(&mut self, place: u32, until: Option<Timestamp>) {
        let before = core::mem::replace(&mut self.places[place].cools_until, until);
        self.cooling -= usize::from(before.is_some());
        self.cooling += usize::from(until.is_some());
        self.touch(place);
        if let Some(until) = until {
            self.due.push(until, Due::Site(place).number());
        }
        self.follow_room(place);
    }

    fn place(&self, site: SiteId) -> Result<u32, Mismatch> {
        self.places.find(site).ok_or(Mismatch::Site { site })
    }

    fn live_order(&self, order: OrderId) -> Result<u32, Mismatch> {
        let slot = self.holds.find(order);
        let live = slot.filter(|slot| self.holds[*slot].state.is_live());
        live.ok_or(Mismatch::Order { order })
    }
}

fn is_supplied(site: &crate::site::Site) -> bool {
    site.supplied_by.is_some()
}
