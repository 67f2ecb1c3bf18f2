//! When a site rejects, closes or runs out: orders go elsewhere, with as few moves as can be.

use core::cmp::Reverse;

use crate::balance::{Candidate, Objective, Problem, Rows, solve};
use crate::desk::counter::Counter;
use crate::desk::market::Found;
use crate::desk::places::NOWHERE;
use crate::desk::{Cause, Event, Goods, Refusal, Told};
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::site::{Change, Network};
use crate::time::Timestamp;

impl Counter {
    /// Where nobody has to wait for the plan: what comes after the rejection is known before it, since an order never
    /// goes back to the place that it leaves.
    pub(super) fn reject_firmly(
        &self,
        now: Timestamp,
        order: OrderId,
        site: SiteId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (slot, rejected) = self.rejection(now, order, site)?;
        events.push(rejected);
        events.push(if self.is_last_attempt(slot) {
            Event::Failed { order }
        } else {
            self.rerouted(slot, Cause::Rejected)
        });
        Ok(())
    }

    pub(super) fn reject(
        &mut self,
        now: Timestamp,
        order: OrderId,
        site: SiteId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (slot, rejected) = self.rejection(now, order, site)?;
        let is_last = self.is_last_attempt(slot);
        self.emit(rejected, events);
        if is_last {
            self.emit(Event::Failed { order }, events);
        } else {
            self.reroute(slot, Cause::Rejected, events);
        }
        Ok(())
    }

    /// Whether one rejection more is too many.
    fn is_last_attempt(&self, slot: u32) -> bool {
        self.holds[slot].attempts.saturating_add(1) >= self.policy.attempts_max
    }

    /// The slot of an order that is at the site which rejects it, and that it does.
    fn rejection(
        &self,
        now: Timestamp,
        order: OrderId,
        site: SiteId,
    ) -> Result<(u32, Event), Refusal> {
        let slot = self.live_slot(order)?;
        let at = self.placed_at(slot)?;
        let place = self.places.find(site);
        if place.ok_or(Refusal::UnknownSite { site })? != at {
            return Err(Refusal::NotThere { order, site });
        }
        let cooling_off = self.policy.cooling_off;
        let cools_until = now.checked_add(cooling_off).unwrap_or(Timestamp::MAX);
        let cools_until = Some(cools_until).filter(|until| *until > now);
        let rejected = Event::Rejected {
            order,
            site,
            cools_until,
        };
        Ok((slot, rejected))
    }

    /// What changes would do, if nobody has to move for them.
    pub(super) fn look_at_changes(
        &self,
        changes: &[Change],
        events: &mut Vec<Event>,
    ) -> Option<Result<(), Refusal>> {
        let is_empty = |place: &u32| self.places[*place].load == 0;
        if self.plan.is_some() || !self.closed_by(changes).iter().all(is_empty) {
            return None;
        }
        let changes = changes.to_vec();
        let changed = self.changed(&changes);
        events.extend(changed.is_ok().then_some(Event::NetworkChanged { changes }));
        Some(changed.map(drop))
    }

    fn changed(&self, changes: &[Change]) -> Result<Network, Refusal> {
        let next = self.market.network.with_changes(changes.iter().cloned());
        next.map_err(|faults| Refusal::UnsoundChanges {
            faults: faults.total() as u32,
        })
    }

    /// The network changes; whose site has closed goes elsewhere.
    pub(super) fn adopt_changes(
        &mut self,
        changes: &[Change],
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let next = self.changed(changes)?;
        self.gains += 1;
        self.adopt(next, changes).expect("changes were checked");
        self.settle_due();
        self.merge_moves();
        events.push(Event::NetworkChanged {
            changes: changes.to_vec(),
        });
        self.tell_moves(events);
        let mut closed = self.closed_by(changes);
        closed.retain(|place| self.places[*place].is_closed);
        closed.sort_unstable();
        closed.dedup();
        if !closed.is_empty() {
            let out = self.live_where(|hold| closed.binary_search(&hold.place).is_ok());
            self.reroute_all(&out, Cause::SiteClosed, events);
        }
        Ok(())
    }

    /// That so many pieces are there, if that is enough for all who hold some.
    pub(super) fn counted(&self, pieces: Goods) -> Result<Option<Event>, Refusal> {
        let pool = self.places[self.open_site(pieces.site)?].pool;
        let is_enough = self.stock.held(pool, pieces.sku) <= pieces.pieces.0;
        Ok(is_enough.then_some(Event::Counted(pieces)))
    }

    /// Fewer pieces are there than are held. Orders whose goods are not go elsewhere: those that nobody was told of
    /// first, and of these the last that came.
    pub(super) fn count(&mut self, pieces: Goods, events: &mut Vec<Event>) {
        let sku = pieces.sku;
        if let Some(pool) = self
            .places
            .find(pieces.site)
            .map(|place| self.places[place].pool)
        {
            let mut holders: Vec<(Told, Reverse<u32>)> = Vec::new();
            for (slot, hold) in self.holds.iter().filter(|(_, hold)| hold.pool == pool) {
                let mut lines = hold.order.iter().flat_map(|order| &order.lines);
                if lines.any(|line| line.sku == sku) {
                    holders.push((hold.told, Reverse(slot)));
                }
            }
            holders.sort_unstable();
            for (_, Reverse(slot)) in holders {
                if self.stock.held(pool, sku) <= pieces.pieces.0 {
                    break;
                }
                // Some may have gone by themselves meanwhile.
                if self.holds[slot].pool == pool {
                    self.reroute(slot, Cause::OutOfStock, events);
                }
            }
        }
        self.emit(Event::Counted(pieces), events);
    }

    /// Sends an order to the cheapest site that takes it. A buyer's own choice is not replaced by another.
    fn reroute(&mut self, slot: u32, because: Cause, events: &mut Vec<Event>) {
        let order = self.details(slot);
        let is_weighed = self.plan.is_some() && self.holds[slot].told == Told::NotYet;
        let event = if is_weighed && !matches!(order.wish, Wish::Site(_)) {
            self.pin(slot);
            let found = self.admit(&order, slot, Some(because)).ok();
            self.sent(slot, found, because)
        } else {
            self.rerouted(slot, because)
        };
        self.emit(event, events);
    }

    /// The same without the plan, and nothing has happened yet.
    fn rerouted(&self, slot: u32, because: Cause) -> Event {
        let order = self.details(slot);
        let found = match order.wish {
            Wish::Site(_) => None,
            _ => self.elsewhere(&order, slot, because),
        };
        self.sent(slot, found, because)
    }

    fn sent(&self, slot: u32, found: Option<Found>, because: Cause) -> Event {
        let hold = &self.holds[slot];
        let (order, from) = (hold.id, self.places[hold.place].id);
        match found {
            Some(found) => Event::Moved {
                order,
                from: Some(from),
                to: found.site,
                because,
            },
            None => Event::Stranded {
                order,
                from,
                because,
            },
        }
    }

    /// The cheapest site with room and goods but the one where the order is.
    pub(super) fn elsewhere(&self, order: &Order, slot: u32, because: Cause) -> Option<Found> {
        let may = |place: u32| {
            self.may_go(slot, place, Some(because)) && self.can_take(order, place, Some(slot))
        };
        self.market.cheapest(order, self.home_of(order), may)
    }

    /// Whether an order that has to leave may come to a place, or if it need not, stay: nobody goes back to where they
    /// were rejected, or finds goods where they ran out.
    pub(super) fn may_go(&self, slot: u32, place: u32, because: Option<Cause>) -> bool {
        let hold = &self.holds[slot];
        let is_left = because.is_some() && place == hold.place;
        let is_out = because == Some(Cause::OutOfStock) && self.places[place].pool == hold.pool;
        !is_left && !is_out && !self.holds.rejected_by(slot).contains(&place)
    }

    /// Sends orders elsewhere so that together they walk least, as far as room goes; goods may upset that. Nobody
    /// else moves: these moves are the fewest.
    fn reroute_all(&mut self, slots: &[u32], because: Cause, events: &mut Vec<Event>) {
        // A tentative plan finds the best for each by itself.
        let wanted = if self.plan.is_none() {
            self.together(slots)
        } else {
            None
        };
        let wanted = wanted.unwrap_or_else(|| vec![None; slots.len()]);
        for (slot, to) in slots.iter().zip(wanted) {
            let order = self.details(*slot);
            let from = self.places[self.holds[*slot].place].id;
            match to.filter(|to| self.can_take(&order, *to, Some(*slot))) {
                Some(to) => {
                    let to = self.places[to].id;
                    self.emit(
                        Event::Moved {
                            order: order.id,
                            from: Some(from),
                            to,
                            because,
                        },
                        events,
                    );
                }
                None => self.reroute(*slot, because, events),
            }
        }
    }

    /// The best places for these orders together, of the cheapest few for each.
    fn together(&self, slots: &[u32]) -> Option<Vec<Option<u32>>> {
        let mut columns: Vec<u32> = Vec::new();
        let mut lists = Vec::with_capacity(slots.len());
        for slot in slots {
            let order = self.details(*slot);
            let may = |place: u32| {
                !self.holds.rejected_by(*slot).contains(&place)
                    && self.can_take(&order, place, Some(*slot))
            };
            let list = match order.wish {
                Wish::Site(_) => Vec::new(),
                _ => self
                    .market
                    .listed(&order, self.home_of(&order), self.policy.listed, may),
            };
            columns.extend(list.iter().map(|found| found.place));
            lists.push(list);
        }
        columns.sort_unstable();
        columns.dedup();
        let mut rows = Rows::default();
        for list in &lists {
            let row = list.iter().map(|found| {
                let column = columns.binary_search(&found.place).unwrap_or(0);
                Candidate::new(column as u32, found.cost)
            });
            rows.push(row.collect::<Result<Vec<_>, _>>().ok()?);
        }
        let capacities = columns
            .iter()
            .map(|place| self.places[*place].room())
            .collect();
        let problem = Problem::new(capacities, rows, Objective::FewestUnassigned).ok()?;
        let solution = solve(&problem);
        let place = |column: Option<u32>| column.map(|column| columns[column as usize]);
        Some(
            solution
                .sites()
                .map(place)
                .filter(|place| *place != Some(NOWHERE))
                .collect(),
        )
    }
}
