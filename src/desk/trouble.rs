//! When a site rejects, closes or runs out: orders go elsewhere, with as few moves as can be.

use crate::balance::{Candidate, Objective, Problem, Rows, solve};
use crate::desk::counter::Counter;
use crate::desk::places::NOWHERE;
use crate::desk::{Cause, Event, Pieces, Refusal, Told};
use crate::id::{OrderId, SiteId};
use crate::order::Wish;
use crate::site::Change;
use crate::time::Timestamp;

impl Counter {
    pub(super) fn reject(
        &mut self,
        now: Timestamp,
        order: OrderId,
        site: SiteId,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let slot = self.live_slot(order)?;
        let at = self.placed_at(slot)?;
        if self
            .places
            .find(site)
            .ok_or(Refusal::UnknownSite { site })?
            != at
        {
            return Err(Refusal::NotThere { order, site });
        }
        let cooling_off = self.policy.cooling_off;
        let cools_until = now.checked_add(cooling_off).unwrap_or(Timestamp::MAX);
        let cools_until = Some(cools_until).filter(|until| *until > now);
        self.emit(
            Event::Rejected {
                order,
                site,
                cools_until,
            },
            events,
        );
        if self.holds[slot].attempts >= self.policy.attempts_max {
            self.emit(Event::Failed { order }, events);
        } else {
            self.reroute(slot, Cause::Rejected, events);
        }
        Ok(())
    }

    /// The network changes; whose site has closed goes elsewhere.
    pub(super) fn adopt_changes(
        &mut self,
        changes: &[Change],
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let next = self.market.network.with_changes(changes.iter().cloned());
        let next = next.map_err(|faults| Refusal::UnsoundChanges {
            faults: faults.total() as u32,
        })?;
        self.gains += 1;
        self.adopt(next, changes).expect("changes were checked");
        self.settle_due();
        events.push(Event::NetworkChanged {
            changes: changes.to_vec(),
        });
        let mut closed: Vec<u32> = changes
            .iter()
            .filter(|change| matches!(change, Change::Close(_)))
            .filter_map(|change| self.places.find(change.site()))
            .filter(|place| self.places[*place].is_closed)
            .collect();
        closed.sort_unstable();
        closed.dedup();
        if !closed.is_empty() {
            let is_out = |hold: &crate::desk::holds::Hold| {
                hold.state.is_live() && closed.binary_search(&hold.place).is_ok()
            };
            let out = self.holds.iter().filter(|(_, hold)| is_out(hold));
            let out: Vec<u32> = out.map(|(slot, _)| slot).collect();
            self.reroute_all(&out, Cause::SiteClosed, events);
        }
        Ok(())
    }

    /// So many pieces are there. Orders whose goods are not go elsewhere: those that nobody was told of first, and of
    /// these the last that came.
    pub(super) fn count(&mut self, pieces: Pieces, events: &mut Vec<Event>) -> Result<(), Refusal> {
        let pool = self.places[self.open_site(pieces.site)?].pool;
        let sku = pieces.sku;
        let mut short = self.stock.held(pool, sku).saturating_sub(pieces.pieces.0);
        if short > 0 {
            let mut holders: Vec<(Told, core::cmp::Reverse<u32>, u32)> = Vec::new();
            for (slot, hold) in self.holds.iter().filter(|(_, hold)| hold.pool == pool) {
                let lines = hold.order.iter().flat_map(|order| &order.lines);
                if let Some(line) = lines.into_iter().find(|line| line.sku == sku) {
                    holders.push((hold.told, core::cmp::Reverse(slot), line.quantity.0));
                }
            }
            holders.sort_unstable();
            // What is there now must not be promised to those who have to leave.
            for (_, core::cmp::Reverse(slot), quantity) in holders {
                if short == 0 {
                    break;
                }
                short = short.saturating_sub(quantity);
                self.reroute_away(slot, pool, events);
            }
        }
        self.emit(Event::Counted(pieces), events);
        Ok(())
    }

    /// Sends an order to the cheapest site that takes it. A buyer's own choice is not replaced by another.
    pub(super) fn reroute(&mut self, slot: u32, because: Cause, events: &mut Vec<Event>) {
        self.reroute_from(slot, None, because, events);
    }

    fn reroute_away(&mut self, slot: u32, pool: u32, events: &mut Vec<Event>) {
        self.reroute_from(slot, Some(pool), Cause::OutOfStock, events);
    }

    fn reroute_from(
        &mut self,
        slot: u32,
        without: Option<u32>,
        because: Cause,
        events: &mut Vec<Event>,
    ) {
        let order = self.details(slot);
        let at = self.holds[slot].place;
        let (id, from) = (order.id, self.places[at].id);
        let may = |place: u32| {
            place != at
                && without != Some(self.places[place].pool)
                && !self.holds.rejected_by(slot).contains(&place)
                && self.can_take(&order, place, Some(slot))
        };
        let found = match order.wish {
            Wish::Site(_) => None,
            _ => self.market.cheapest(&order, self.home_of(&order), may),
        };
        let event = match found {
            Some(found) => Event::Moved {
                order: id,
                from: Some(from),
                to: found.site,
                because,
            },
            None => Event::Stranded {
                order: id,
                from,
                because,
            },
        };
        self.emit(event, events);
    }

    /// Sends orders elsewhere so that together they walk least, as far as room goes; goods may upset that. Nobody
    /// else moves: these moves are the fewest.
    fn reroute_all(&mut self, slots: &[u32], because: Cause, events: &mut Vec<Event>) {
        let wanted = self
            .together(slots)
            .unwrap_or_else(|| vec![None; slots.len()]);
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
