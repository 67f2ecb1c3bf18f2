//! The plan of the orders that nobody was told of: kept optimal with every order that comes or goes.
//!
//! An order is *managed* while the plan may move it: it has size 1, is not announced, and its site was not settled by a
//! trouble or a consent. All others are *pinned*: their load is taken off the capacity that the plan sees. So the plan
//! is one of [`Balancer`], whose capacity at a site is never more than what the site takes less its pinned load.
//!
//! # Why a restored desk goes on like the first
//!
//! What the balancer decides depends on rows, capacities, places, prices and the order of its numbers, and these are
//! stored. An event that makes the plan change ([`Placed`](crate::desk::Event::Placed),
//! [`Released`](crate::desk::Event::Released) …) makes it change again when a log is followed; the
//! [`Moved`](crate::desk::Event::Moved) events after it tell what changed, and have to agree.

mod admit;
mod moves;
mod weigh;

use std::collections::VecDeque;

use crate::balance::{Balancer, Candidate, Edit, Price};
use crate::desk::counter::Counter;
use crate::desk::holds::Holds;
use crate::desk::places::{NOWHERE, Place, Places};
use crate::desk::tentative::admit::Admitted;
use crate::desk::{Cause, Event};
use crate::ledger::{Canonical, Encoder};

#[derive(Clone, Debug)]
pub(super) struct Tentative {
    pub(super) balancer: Balancer,
    /// The order of each number; [`NOWHERE`] if it is not managed any more.
    pub(super) slots: Vec<u32>,
    /// How many managed orders are at each place.
    pub(super) managed: Vec<u32>,
    /// What has moved and was not told yet.
    moves: VecDeque<Shift>,
    /// How many of the first moves are of different orders.
    merged: usize,
    /// Where an order was admitted that is about to be placed.
    admitted: Option<Admitted>,
    /// A pool that nobody may move to, as it is running out.
    shunned: u32,
}

/// A managed order has gone from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shift {
    slot: u32,
    from: u32,
    to: u32,
}

/// How far apart the candidates of an order are, typically: 200 m.
const STRIDE: i64 = 200_000;

impl Tentative {
    pub(super) fn new(places: &Places) -> Self {
        let capacities: Vec<u32> = places.iter().map(Place::effective).collect();
        let prices = vec![Price::default(); capacities.len()];
        Self::resume(capacities, Vec::new(), &prices, &Holds::default())
            .expect("sites without orders are a plan")
    }

    /// The plan again, from what was stored of it: managed orders by number, with their rows.
    pub(super) fn resume(
        capacities: Vec<u32>,
        orders: Vec<(u32, Vec<Candidate>)>,
        prices: &[Price],
        holds: &Holds,
    ) -> Option<Self> {
        let mut managed = vec![0; capacities.len()];
        for (slot, _) in &orders {
            *managed.get_mut(holds[*slot].place as usize)? += 1;
        }
        let slots = orders.iter().map(|(slot, _)| *slot).collect();
        let rows = orders
            .into_iter()
            .map(|(slot, row)| (row, holds[slot].place));
        Some(Self {
            balancer: Balancer::resume(capacities, rows, prices, STRIDE).ok()?,
            slots,
            managed,
            moves: VecDeque::new(),
            merged: 0,
            admitted: None,
            shunned: NOWHERE,
        })
    }

    /// Managed orders in the order of their numbers.
    pub(super) fn orders(&self) -> impl Iterator<Item = (u32, &[Candidate])> {
        let numbered = (0..).zip(&self.slots).filter(|(_, slot)| **slot != NOWHERE);
        numbered.map(|(number, slot)| (*slot, self.balancer.row(number)))
    }

    /// The capacity that the plan sees at each place.
    pub(super) fn capacities(&self) -> Vec<u32> {
        (0..self.managed.len() as u32)
            .map(|place| self.balancer.capacity_of(place))
            .collect()
    }
}

impl Canonical for Tentative {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.managed.iter().map(|managed| *managed as usize).sum());
        for (slot, row) in self.orders() {
            to.u32(slot);
            to.len(row.len());
            for candidate in row {
                to.u32(candidate.site());
                to.i64(candidate.cost());
            }
        }
        to.len(self.managed.len());
        for (capacity, price) in self.capacities().into_iter().zip(self.balancer.prices()) {
            to.u32(capacity);
            to.i64(price.unassigned);
            to.i64(price.cost);
        }
    }
}

impl Counter {
    /// From now on the plan does not move an order.
    pub(super) fn pin(&mut self, slot: u32) {
        let number = core::mem::replace(&mut self.holds[slot].number, NOWHERE);
        if number == NOWHERE {
            return;
        }
        let place = self.holds[slot].place;
        if let Some(plan) = &mut self.plan {
            plan.balancer
                .withdraw(number)
                .expect("a managed order is in the plan");
            plan.slots[number as usize] = NOWHERE;
            plan.managed[place as usize] -= 1;
        }
        self.places[place].pinned += 1;
    }

    /// The plan follows what a place takes now.
    pub(super) fn follow_room(&mut self, place: u32) {
        let Some(plan) = &self.plan else {
            return;
        };
        let there = &self.places[place];
        let capacity = there.effective().saturating_sub(there.pinned);
        let before = plan.balancer.capacity_of(place);
        if capacity == before
            || self.edit(Edit::SetCapacity {
                site: place,
                capacity,
            })
        {
            return;
        }
        // More room can't be used, as goods are not there; less is not possible, as somebody would have no place.
        if capacity < before {
            if self.places[place].effective() == 0 {
                self.pin_all(place);
            }
            let managed = self
                .plan
                .as_ref()
                .map_or(0, |plan| plan.managed[place as usize]);
            self.edit(Edit::SetCapacity {
                site: place,
                capacity: capacity.max(managed),
            });
        }
    }

    /// A site has another place, area or offer: rows that list it follow. Who is there and may not be there any more
    /// stays: the place was promised. O(candidates).
    pub(super) fn revise(&mut self, place: u32) {
        let numbers = self.plan.as_ref().map_or(0, |plan| plan.slots.len() as u32);
        let site = self.places[place].id;
        for order in 0..numbers {
            let Some(plan) = &self.plan else {
                return;
            };
            let slot = plan.slots[order as usize];
            let Some(asked) = self.holds.get(slot).and_then(|hold| hold.order.as_ref()) else {
                continue;
            };
            let row = plan.balancer.row(order);
            let Some(at) = row.iter().position(|candidate| candidate.site() == place) else {
                continue;
            };
            let cost = self
                .market
                .at_site(asked, self.home_of(asked), site)
                .map(|found| found.cost);
            if cost == Some(row[at].cost()) {
                continue;
            }
            let mut row = row.to_vec();
            row.remove(at);
            row.extend(cost.and_then(|cost| Candidate::new(place, cost).ok()));
            row.sort_unstable();
            let must_stay = cost.is_none() && self.holds[slot].place == place;
            if must_stay || !self.edit(Edit::SetRow { order, row }) {
                self.pin(slot);
            }
        }
    }

    /// The plan learns of sites that it does not know.
    pub(super) fn follow_sites(&mut self) {
        if self
            .plan
            .as_ref()
            .is_some_and(|plan| plan.managed.len() < self.places.len() as usize)
        {
            self.renumber();
        }
    }

    /// The next move that was not told yet.
    pub(super) fn next_move(&self) -> Option<Event> {
        let shift = self.plan.as_ref()?.moves.front()?;
        let from = &self.places[shift.from];
        Some(Event::Moved {
            order: self.holds[shift.slot].id,
            from: Some(from.id),
            to: self.places[shift.to].id,
            because: if from.is_closed {
                Cause::SiteClosed
            } else {
                Cause::Balance
            },
        })
    }

    /// Whether this is the next move that was not told yet; then it is told.
    pub(super) fn is_next_move(&mut self, slot: u32, to: u32) -> bool {
        let Some(plan) = &mut self.plan else {
            return false;
        };
        let is_next = plan
            .moves
            .front()
            .is_some_and(|shift| (shift.slot, shift.to) == (slot, to));
        if is_next {
            plan.moves.pop_front();
            plan.merged = plan.merged.saturating_sub(1);
        }
        is_next
    }

    pub(super) fn has_untold_moves(&self) -> bool {
        self.plan
            .as_ref()
            .is_some_and(|plan| !plan.moves.is_empty())
    }

    /// At the end of an event: nobody is told of a way, only of where it leads.
    pub(super) fn merge_moves(&mut self) {
        let Some(plan) = &mut self.plan else {
            return;
        };
        plan.shunned = NOWHERE;
        if plan.moves.len() == plan.merged {
            return;
        }
        // An order's moves together, the first of them where it came from and the last where it ends.
        let mut steps: Vec<(usize, Shift)> = plan.moves.drain(..).enumerate().collect();
        steps.sort_by_key(|(at, shift)| (shift.slot, *at));
        let ways = steps.chunk_by(|(_, one), (_, other)| one.slot == other.slot);
        let mut merged: Vec<(usize, Shift)> = ways
            .filter_map(|way| {
                let ((at, first), (_, last)) = (*way.first()?, way.last()?);
                let to = last.to;
                (first.from != to).then_some((at, Shift { to, ..first }))
            })
            .collect();
        merged.sort_by_key(|(at, _)| *at);
        plan.moves = merged.into_iter().map(|(_, shift)| shift).collect();
        plan.merged = plan.moves.len();
    }

    /// Nobody moves to the pool of an order as long as this event lasts.
    pub(super) fn shun(&mut self, slot: u32) {
        if let Some(plan) = &mut self.plan
            && self.holds[slot].pool != NOWHERE
        {
            plan.shunned = self.holds[slot].pool;
        }
    }

    /// Changes the plan, if everybody keeps a place and finds their goods.
    fn edit(&mut self, edit: Edit) -> bool {
        let Some(mut plan) = self.plan.take() else {
            return false;
        };
        let Tentative {
            balancer,
            slots,
            shunned,
            ..
        } = &mut plan;
        let mut shifts = None;
        let made = balancer.apply_if(edit, |_, changed| {
            if changed.after.unassigned == 0 {
                shifts = self.sequence(slots, *shunned, None, changed);
            }
            shifts.is_some()
        });
        self.plan = Some(plan);
        let is_made = matches!(made, Ok(Some(_)));
        if is_made {
            let moves = shifts.unwrap_or_default();
            self.book(&moves);
            if let Some(plan) = &mut self.plan {
                plan.moves.extend(moves);
            }
        }
        is_made
    }

    fn pin_all(&mut self, place: u32) {
        let managed: Vec<u32> = match &self.plan {
            Some(plan) => {
                let slots = plan.slots.iter().copied();
                let there = slots.filter(|slot| {
                    self.holds
                        .get(*slot)
                        .is_some_and(|hold| hold.place == place)
                });
                there.collect()
            }
            None => Vec::new(),
        };
        for slot in managed {
            self.pin(slot);
        }
    }

    /// Numbers are not used again, so once in a while all orders get new ones, in the same sequence: what the plan
    /// decides stays the same.
    fn make_room_for_numbers(&mut self) {
        const SPARE: usize = 1_024;
        let Some(plan) = &self.plan else {
            return;
        };
        let managed: u32 = plan.managed.iter().sum();
        if plan.slots.len() > 2 * managed as usize + SPARE {
            self.renumber();
        }
    }

    fn renumber(&mut self) {
        let Some(plan) = &self.plan else {
            return;
        };
        let orders = plan.orders().map(|(slot, row)| (slot, row.to_vec()));
        let orders: Vec<(u32, Vec<Candidate>)> = orders.collect();
        let (mut capacities, mut prices) = (plan.capacities(), plan.balancer.prices());
        capacities.resize(self.places.len() as usize, 0);
        prices.resize(capacities.len(), Price::default());
        let again = Tentative::resume(capacities, orders, &prices, &self.holds);
        let mut again = again.expect("a plan can be taken up again");
        again.moves.clone_from(&plan.moves);
        again.merged = plan.merged;
        again.shunned = plan.shunned;
        for (number, slot) in (0..).zip(&again.slots) {
            self.holds[*slot].number = number;
        }
        self.plan = Some(again);
    }
}
