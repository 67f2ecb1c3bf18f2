//! What commands do: first all reasons against, then the events.

use std::sync::Arc;

use crate::desk::counter::Counter;
use crate::desk::market::Found;
use crate::desk::{
    Action, Cause, Event, Goods, OrderState, Proposal, Refusal, SafetyLevel, Scope, Told,
};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::plan::Cost;
use crate::site::SiteKind;
use crate::time::Timestamp;
use crate::units::{Quantity, Units};

impl Counter {
    pub(super) fn decide(
        &mut self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let from = events.len();
        if let Some(foretold) = self.foretell(now, action, events) {
            foretold?;
            self.happen(from, events);
            return Ok(());
        }
        match action {
            Action::Place { order, .. } => self.place_tentatively(now, order, events),
            Action::Reject { order, site } => self.reject(now, *order, *site, events),
            Action::Announce { scope } => self.announce(*scope, events),
            Action::Adopt { changes } => self.adopt_changes(changes, events),
            Action::Count(pieces) => {
                self.count(*pieces, events);
                Ok(())
            }
            // All others are foretold.
            _ => Ok(()),
        }
    }

    /// What an action would do, as far as that can be told without doing it.
    pub(super) fn look_ahead(
        &self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Option<Result<(), Refusal>> {
        if let Action::Adopt { changes } = action {
            return self.look_at_changes(changes, events);
        }
        let foretold = self.foretell(now, action, events)?;
        let moves_somebody = matches!(action, Action::Release { .. } | Action::Consent { .. });
        let is_all = foretold.is_err() || self.plan.is_none() || !moves_somebody;
        is_all.then_some(foretold)
    }

    /// All events of an action, but for moves of the plan between them; nothing has happened yet. `None` if what comes
    /// first decides what comes after it.
    fn foretell(
        &self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Option<Result<(), Refusal>> {
        let is_firm = self.plan.is_none();
        Some(match action {
            Action::Place { order, proposal } if is_firm => {
                self.place_firmly(now, order, *proposal, events)
            }
            Action::Reject { order, site } if is_firm => {
                self.reject_firmly(now, *order, *site, events)
            }
            Action::Place { .. }
            | Action::Reject { .. }
            | Action::Announce { .. }
            | Action::Adopt { .. } => return None,
            Action::Count(pieces) => match self.counted(*pieces) {
                Ok(None) => return None,
                Ok(Some(event)) => told(events, Ok(event)),
                Err(refusal) => Err(refusal),
            },
            Action::Consent { order, wish } => self.consent(*order, *wish, events),
            Action::Confirm { order } => told(events, self.confirmed(*order)),
            Action::HandOver { order } => told(events, self.fetched(*order)),
            Action::Release { order } => {
                let live = self.live_slot(*order);
                told(events, live.map(|_| Event::Released { order: *order }))
            }
            Action::SetPrices { prices } => told(events, self.priced(prices)),
            Action::Deliver(pieces) => told(events, self.delivered(*pieces)),
            Action::Sell(pieces) => told(events, self.sold(*pieces)),
            Action::SetSafety { level, pieces } => told(events, self.secured(*level, *pieces)),
            Action::Transfer { leaver, heir } => told(events, self.transferred(*leaver, *heir)),
        })
    }

    fn place_firmly(
        &self,
        now: Timestamp,
        order: &Arc<Order>,
        proposal: Option<Proposal>,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.new_order(order.id)?;
        let home = self.home_of(order);
        let proposed = proposal.and_then(|proposal| self.still_best(order, home, proposal));
        let found = match proposed {
            Some(found) => found,
            None => self.choose(order, None)?,
        };
        events.push(self.placement(now, order, found));
        events.extend(self.welcome(order, found.site));
        Ok(())
    }

    fn place_tentatively(
        &mut self,
        now: Timestamp,
        order: &Arc<Order>,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.new_order(order.id)?;
        let found = self.admit(order, self.holds.len(), None)?;
        self.emit(self.placement(now, order, found), events);
        Ok(())
    }

    fn new_order(&self, order: OrderId) -> Result<(), Refusal> {
        if self.holds.find(order).is_some() {
            return Err(Refusal::KnownOrder { order });
        }
        let limit = self.limits.orders_max;
        if self.holds.len() as usize >= limit {
            return Err(Refusal::TooManyOrders { limit });
        }
        Ok(())
    }

    fn placement(&self, now: Timestamp, order: &Arc<Order>, found: Found) -> Event {
        let until = now.checked_add(self.policy.hold_for);
        Event::Placed {
            order: Arc::clone(order),
            site: found.site,
            cost: Cost::from_millimetres(found.cost),
            until: until.unwrap_or(Timestamp::MAX),
        }
    }

    /// What a placement would find as things stand, to go with it later; `None` if it has to look for itself.
    pub(crate) fn propose(&self, order: &Order) -> Option<Proposal> {
        if matches!(order.wish, Wish::Site(_)) || self.plan.is_some() {
            return None;
        }
        let home = self.home_of(order);
        let may = |place: u32| self.can_take(order, place, None);
        Some(Proposal {
            found: self.market.cheapest(order, home, may)?,
            home,
            version: self.market.version,
            gains: self.gains,
        })
    }

    /// What was found beforehand, if nothing can have become better since: whatever was passed over then is no better
    /// now, so only the site itself has to be asked again.
    fn still_best(&self, order: &Order, home: Option<SiteId>, proposal: Proposal) -> Option<Found> {
        let Proposal {
            found,
            home: assumed,
            version,
            gains,
        } = proposal;
        let is_current = (version, gains, assumed) == (self.market.version, self.gains, home);
        (is_current && self.can_take(order, found.place, None)).then_some(found)
    }

    /// The cheapest site with room and goods, or why there is none. `own` is the order's slot if it has one.
    pub(super) fn choose(&self, order: &Order, own: Option<u32>) -> Result<Found, Refusal> {
        let home = self.home_of(order);
        let rejected_by = own.map_or(&[][..], |own| self.holds.rejected_by(own));
        let is_tried = |place: &u32| rejected_by.contains(place);
        if let Wish::Site(site) = order.wish {
            let place = self.open_site(site)?;
            let found = self
                .market
                .at_site(order, home, site)
                .filter(|_| !is_tried(&place));
            let found = found.ok_or(Refusal::NotEligible { site })?;
            let room = self.places[place].room();
            if room < order.size.0 {
                return Err(Refusal::SiteFull {
                    site,
                    room: Units(room),
                });
            }
            return self.with_goods(order, found, own);
        }
        let may = |place: u32| !is_tried(&place) && self.can_take(order, place, own);
        if let Some(found) = self.market.cheapest(order, home, may) {
            return Ok(found);
        }
        // Nothing: what was it that failed, for the site that came closest?
        let eligible = self.market.cheapest(order, home, |place| !is_tried(&place));
        eligible.ok_or(Refusal::NoEligibleSite)?;
        let has_room = |place: u32| !is_tried(&place) && self.places[place].room() >= order.size.0;
        let roomy = self.market.cheapest(order, home, has_room);
        self.with_goods(order, roomy.ok_or(Refusal::EverySiteFull)?, own)
    }

    #[inline]
    pub(super) fn can_take(&self, order: &Order, place: u32, own: Option<u32>) -> bool {
        self.places[place].room() >= order.size.0 && self.has_goods(order, place, own)
    }

    fn with_goods(&self, order: &Order, found: Found, own: Option<u32>) -> Result<Found, Refusal> {
        if self.has_goods(order, found.place, own) {
            return Ok(found);
        }
        let (site, pool) = (found.site, self.places[found.place].pool);
        let missing = self.stock.missing(pool, &order.lines);
        let Some(sku) = missing else {
            return Ok(found);
        };
        Err(Refusal::OutOfStock {
            site,
            sku,
            free: self.stock.free(pool, sku),
        })
    }

    /// A customer without a home gets one: the one that the order names, or else the leader who serves it.
    fn welcome(&self, order: &Order, site: SiteId) -> Option<Event> {
        let customer = order.customer?;
        let before = self.homes.of(customer);
        if before.is_some_and(|place| !self.places[place].is_closed) {
            return None;
        }
        let is_leader = |place: &u32| self.places[*place].kind == SiteKind::Leader;
        let named = order
            .home
            .and_then(|home| self.places.open(home))
            .filter(is_leader);
        let place = named.or_else(|| self.places.open(site).filter(is_leader))?;
        let from = before.map(|place| self.places[place].id);
        let to = self.places[place].id;
        Some(Event::HandedOff { customer, from, to })
    }

    fn consent(&self, id: OrderId, wish: Wish, events: &mut Vec<Event>) -> Result<(), Refusal> {
        let slot = self.live_slot(id)?;
        let mut order = self.details(slot);
        Arc::make_mut(&mut order).wish = wish;
        let from = self.holds[slot]
            .is_placed()
            .then(|| self.places[self.holds[slot].place].id);
        let home = self.home_of(&order);
        let stays = from.is_some_and(|site| {
            let is_wished = !matches!(wish, Wish::Site(wished) if wished != site);
            is_wished && self.market.at_site(&order, home, site).is_some()
        });
        let found = if stays {
            None
        } else {
            Some(self.choose(&order, Some(slot))?)
        };
        events.push(Event::Consented { order: id, wish });
        events.extend(found.map(|found| Event::Moved {
            order: id,
            from,
            to: found.site,
            because: Cause::Consent,
        }));
        Ok(())
    }

    fn announce(&mut self, scope: Scope, events: &mut Vec<Event>) -> Result<(), Refusal> {
        let slots: Vec<u32> = match scope {
            Scope::All => self.holds.slots().collect(),
            Scope::Site(site) => self.holds.at(self.open_site(site)?).collect(),
            Scope::Order(order) => {
                let slot = self.live_slot(order)?;
                self.placed_at(slot)?;
                vec![slot]
            }
        };
        if scope == Scope::All && self.plan.is_some() {
            self.emit(Event::Weighed, events);
        }
        for slot in slots {
            let hold = &self.holds[slot];
            if hold.state.is_live() && hold.told == Told::NotYet && hold.is_placed() {
                let (order, site) = (hold.id, self.places[hold.place].id);
                let details = self.details(slot);
                self.emit(Event::Announced { order, site }, events);
                if let Some(handed_off) = self.welcome(&details, site) {
                    self.emit(handed_off, events);
                }
            }
        }
        Ok(())
    }

    fn confirmed(&self, order: OrderId) -> Result<Event, Refusal> {
        let slot = self.in_state(order, OrderState::Held)?;
        self.placed_at(slot)?;
        Ok(Event::Confirmed { order })
    }

    fn fetched(&self, order: OrderId) -> Result<Event, Refusal> {
        let slot = self.in_state(order, OrderState::Confirmed)?;
        self.placed_at(slot)?;
        Ok(Event::HandedOver { order })
    }

    fn priced(&self, prices: &[(SiteId, Cost)]) -> Result<Event, Refusal> {
        for (site, _) in prices {
            self.open_site(*site)?;
        }
        let prices = prices.to_vec();
        Ok(Event::PricesSet { prices })
    }

    fn secured(&self, level: SafetyLevel, pieces: Option<Quantity>) -> Result<Event, Refusal> {
        if let SafetyLevel::Site(site) | SafetyLevel::Sku { site, .. } = level {
            self.open_site(site)?;
        }
        Ok(Event::SafetySet { level, pieces })
    }

    fn delivered(&self, pieces: Goods) -> Result<Event, Refusal> {
        let Goods {
            site,
            sku,
            pieces: more,
        } = pieces;
        let pool = self.places[self.open_site(site)?].pool;
        let on_hand = self.stock.on_hand(pool, sku);
        on_hand
            .0
            .checked_add(more.0)
            .ok_or(Refusal::TooManyPieces { site, sku })?;
        Ok(Event::Delivered(pieces))
    }

    fn sold(&self, pieces: Goods) -> Result<Event, Refusal> {
        let Goods {
            site,
            sku,
            pieces: sold,
        } = pieces;
        let pool = self.places[self.open_site(site)?].pool;
        let unheld = self.stock.unheld(pool, sku);
        if unheld < sold {
            return Err(Refusal::HeldForOrders { site, sku, unheld });
        }
        Ok(Event::Sold(pieces))
    }

    fn transferred(&self, leaver: SiteId, heir: SiteId) -> Result<Event, Refusal> {
        if self.places.find(leaver).is_none() {
            return Err(Refusal::UnknownSite { site: leaver });
        }
        let place = self.open_site(heir)?;
        if self.places[place].kind != SiteKind::Leader {
            return Err(Refusal::NoLeader { site: heir });
        }
        Ok(Event::Transferred { leaver, heir })
    }

    /// The place of a site that is in the network.
    pub(super) fn open_site(&self, site: SiteId) -> Result<u32, Refusal> {
        self.places.open(site).ok_or(Refusal::UnknownSite { site })
    }

    /// The slot of a live order.
    pub(super) fn live_slot(&self, order: OrderId) -> Result<u32, Refusal> {
        let slot = self
            .holds
            .find(order)
            .ok_or(Refusal::UnknownOrder { order })?;
        let state = self.holds[slot].state;
        if state.is_live() {
            Ok(slot)
        } else {
            Err(Refusal::WrongState { order, state })
        }
    }

    fn in_state(&self, order: OrderId, wanted: OrderState) -> Result<u32, Refusal> {
        let slot = self.live_slot(order)?;
        let state = self.holds[slot].state;
        if state == wanted {
            Ok(slot)
        } else {
            Err(Refusal::WrongState { order, state })
        }
    }

    /// Where an order is.
    pub(super) fn placed_at(&self, slot: u32) -> Result<u32, Refusal> {
        let hold = &self.holds[slot];
        if hold.is_placed() {
            Ok(hold.place)
        } else {
            Err(Refusal::Stranded { order: hold.id })
        }
    }

    /// What a live order asks.
    pub(super) fn details(&self, slot: u32) -> Arc<Order> {
        let order = self.holds[slot].order.clone();
        order.expect("a live order has its details")
    }
}

/// Tells the one event of an action, if it is not refused.
fn told(events: &mut Vec<Event>, event: Result<Event, Refusal>) -> Result<(), Refusal> {
    events.push(event?);
    Ok(())
}
