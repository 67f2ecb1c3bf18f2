//! What was found for a command before its turn came, on a view that may be old by then.

use std::sync::Arc;

use crate::desk::{self, Proposal};
use crate::fulfil::WindowWish;
use crate::fulfil::dispatch::deliver::Planned;
use crate::fulfil::dispatch::{Action, Choice, Dispatcher, Event, Refusal, Share};
use crate::id::{OrderId, SiteId};
use crate::ledger::Machine;
use crate::order::Order;
use crate::time::{Timestamp, Window};

/// What a search found for an order. It is asked again when the order is taken; what does not hold any more is looked
/// for anew.
#[derive(Clone, Debug)]
pub(super) struct Advice {
    order: OrderId,
    found: Found,
}

#[derive(Clone, Debug)]
enum Found {
    /// The site that the desk would choose.
    Place(Proposal),
    /// The store, and the window in which it is brought from there.
    Route(SiteId, Window),
    /// The parts, when no single site had all of it and nothing had become better more often than that.
    Shares(Vec<Share>, u64),
}

impl Dispatcher {
    /// Searches for a command without changing anything; `None` if there is nothing to search for, or to be found.
    pub(super) fn advise(&self, now: Timestamp, action: &Action) -> Option<Advice> {
        let Action::Take {
            order,
            choice,
            division,
        } = action
        else {
            return None;
        };
        self.check(action).ok()?;
        let in_parts = |refusal: Refusal| match (refusal, division) {
            (Refusal::Desk(desk::Refusal::OutOfStock { .. }), Some(division)) => {
                let shares = self.divide(now, order, choice, division).ok()?;
                Some(Found::Shares(shares, self.counter.gains()))
            }
            _ => None,
        };
        let found = match choice {
            Choice::Pickup => {
                let proposed = self.counter.propose(order).map(Found::Place);
                proposed.or_else(|| {
                    let none = self.counter.choices(order, 1).err();
                    none.and_then(|refusal| in_parts(refusal.into()))
                })
            }
            Choice::Deliver { .. } => match self.plan(now, order, choice) {
                Ok(Planned { route, .. }) => {
                    route.map(|route| Found::Route(route.store, route.ride.window))
                }
                Err(refusal) => in_parts(refusal),
            },
            Choice::PickupAt(_) | Choice::DeliverFrom { .. } => None,
        };
        let order = order.id;
        found.map(|found| Advice { order, found })
    }

    /// The site that was found for an order.
    pub(super) fn proposed(&self, order: OrderId) -> Option<Proposal> {
        match &self.advice {
            Some(Advice {
                order: advised,
                found: Found::Place(proposal),
            }) if *advised == order => Some(*proposal),
            _ => None,
        }
    }

    /// Takes an order as it was advised, if that can still be done; otherwise nothing has happened.
    pub(super) fn take_as_advised(
        &mut self,
        now: Timestamp,
        order: &Arc<Order>,
        events: &mut Vec<Event>,
    ) -> bool {
        let advice = self
            .advice
            .take_if(|advice| advice.order == order.id && !matches!(advice.found, Found::Place(_)));
        match advice.map(|advice| advice.found) {
            Some(Found::Route(store, window)) => {
                let when = WindowWish::In(window);
                let choice = Choice::DeliverFrom { store, when };
                self.take(now, order, order.id, &choice, events).is_ok()
            }
            Some(Found::Shares(shares, gains)) if gains == self.counter.gains() => {
                self.take_parts(now, order, &shares, events).is_ok()
            }
            _ => false,
        }
    }
}
