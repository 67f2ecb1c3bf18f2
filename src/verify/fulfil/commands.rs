//! Does each step do what its command says, all of it and nothing else?

use std::sync::Arc;

use crate::desk;
use crate::fulfil::Deed;
use crate::fulfil::dispatch::{Action, Command, Event, Refusal, Step};
use crate::id::OrderId;
use crate::ledger::Encoder;
use crate::order::{Order, Wish};
use crate::verify::fulfil::lives::Lives;
use crate::verify::fulfil::{DispatchViolation, DispatchViolations};

/// What only a command brings about, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Divided(OrderId),
    Taken(OrderId),
    NotTaken(OrderId),
    Confirmed(OrderId),
    Turned(OrderId, Deed),
    Staffed,
}

/// Checks a step whose events have been followed.
pub(super) fn check(
    lives: &Lives<'_>,
    command: Option<&Command>,
    step: &Step,
    violations: &mut DispatchViolations,
) {
    let sequence = step.sequence;
    let other = DispatchViolation::OtherCommand { sequence };
    let is_accepted = match (command, &step.decided) {
        (None, None) => false,
        (Some(command), Some(decided)) => {
            let body = Encoder::hash_of(&command.action).low();
            if (command.id, body) != (decided.command, decided.body) {
                violations.push(other);
                return;
            }
            decided.outcome.is_accepted()
        }
        _ => {
            violations.push(other);
            return;
        }
    };
    let action = command
        .filter(|_| is_accepted)
        .map(|command| &command.action);
    let mut asked = action.map_or_else(Vec::new, |action| asked_of(lives, action, step));
    let unasked = step.due.iter().chain(&step.events).filter_map(told);
    for told in unasked {
        match asked.iter().position(|asked| *asked == told) {
            Some(place) => drop(asked.swap_remove(place)),
            None => violations.push(DispatchViolation::Unasked { sequence }),
        }
    }
    if !asked.is_empty() {
        violations.push(DispatchViolation::Undone { sequence });
    }
    match action {
        Some(Action::Staff { fleet }) => {
            let others = step.events.iter().filter(|event| match event {
                Event::Staffed { fleet: told } => told != fleet,
                _ => false,
            });
            for _ in others {
                violations.push(DispatchViolation::Unasked { sequence });
            }
        }
        Some(Action::TakeSettled { orders }) => {
            check_lost(lives, orders, step, violations);
        }
        _ => {}
    }
}

/// What an accepted command has to bring about.
fn asked_of(lives: &Lives<'_>, action: &Action, step: &Step) -> Vec<Told> {
    let is_told = |wanted: Told| {
        step.events
            .iter()
            .filter_map(told)
            .any(|told| told == wanted)
    };
    match action {
        Action::Take { order, .. } => match lives.parts_of(order.id) {
            Some(parts) if is_told(Told::Divided(order.id)) => all_of(order.id, parts),
            _ => vec![Told::Taken(order.id)],
        },
        Action::TakeParts { order, parts } => {
            all_of(order.id, parts.iter().map(|share| share.part))
        }
        Action::TakeSettled { orders } => settled(orders, step),
        Action::Confirm { order } => every(lives, *order, |part| is_told(Told::Confirmed(part)))
            .map(Told::Confirmed)
            .collect(),
        Action::Cancel { order } => {
            let cancelled = |part| Told::Turned(part, Deed::Cancel);
            let parts = every(lives, *order, |part| is_told(cancelled(part)));
            parts.map(cancelled).collect()
        }
        Action::Ready { part } => vec![Told::Turned(*part, Deed::Ready)],
        Action::PickUp { part } => vec![Told::Turned(*part, Deed::PickUp)],
        Action::SendOut { part } => vec![Told::Turned(*part, Deed::SendOut)],
        Action::Deliver { part } => vec![Told::Turned(*part, Deed::Deliver)],
        Action::Return { part } => vec![Told::Turned(*part, Deed::Return)],
        Action::Staff { .. } => vec![Told::Staffed],
        Action::Choose { .. } | Action::Reject { .. } | Action::Desk(_) => Vec::new(),
    }
}

fn all_of(order: OrderId, parts: impl IntoIterator<Item = OrderId>) -> Vec<Told> {
    let divided = [Told::Divided(order)];
    let parts = parts.into_iter().map(Told::Taken);
    divided.into_iter().chain(parts).collect()
}

/// The parts of an order that something was done to; if to none, the first, to which it should have been.
fn every(
    lives: &Lives<'_>,
    order: OrderId,
    is_done: impl Fn(OrderId) -> bool,
) -> impl Iterator<Item = OrderId> {
    let parts = lives.parts_of(order).unwrap_or_else(|| vec![order]);
    let done: Vec<OrderId> = parts
        .iter()
        .copied()
        .filter(|part| is_done(*part))
        .collect();
    let first: Vec<OrderId> = parts.into_iter().take(1).collect();
    let asked = if done.is_empty() { first } else { done };
    asked.into_iter()
}

/// Each settled pledge is taken and confirmed, or reported; if it is neither, it should have been taken.
fn settled(orders: &[Arc<Order>], step: &Step) -> Vec<Told> {
    let mut said: Vec<Told> = step.events.iter().filter_map(told).collect();
    let mut asked = Vec::new();
    for order in orders.iter().map(|order| order.id) {
        let lost = said.iter().position(|told| *told == Told::NotTaken(order));
        let taken = said.iter().position(|told| *told == Told::Taken(order));
        match (taken, lost) {
            (None, Some(place)) => {
                said.swap_remove(place);
                asked.push(Told::NotTaken(order));
            }
            (taken, _) => {
                taken.map(|place| said.swap_remove(place));
                asked.extend([Told::Taken(order), Told::Confirmed(order)]);
            }
        }
    }
    asked
}

/// Who was reported as not taken was there before, or finds no room or no goods even now.
fn check_lost(
    lives: &Lives<'_>,
    orders: &[Arc<Order>],
    step: &Step,
    violations: &mut DispatchViolations,
) {
    let sequence = step.sequence;
    for event in &step.events {
        let Event::NotTaken { order, refusal } = event else {
            continue;
        };
        let order = *order;
        let known = lives.is_known(order);
        let asked = orders.iter().find(|asked| asked.id == order);
        let is_so = match (refusal, asked) {
            (Refusal::KnownOrder { .. }, _) => known,
            (Refusal::Desk(desk::Refusal::TooManyOrders { .. }), _) => !known,
            (_, Some(asked)) => match asked.wish {
                Wish::Site(site) => !known && !lives.could_take(asked, site),
                _ => !known,
            },
            (_, None) => true, // nobody asked for it, which was said
        };
        if !is_so {
            violations.push(DispatchViolation::LostInVain { sequence, order });
        }
    }
}

/// Of an event what no time and no other event brings about.
fn told(event: &Event) -> Option<Told> {
    Some(match event {
        Event::Divided { order, .. } => Told::Divided(order.id),
        Event::Taken { part, .. } => Told::Taken(*part),
        Event::NotTaken { order, .. } => Told::NotTaken(*order),
        Event::Desk(desk::Event::Confirmed { order }) => Told::Confirmed(*order),
        Event::Turned { part, deed, .. } => match deed {
            Deed::Ready
            | Deed::PickUp
            | Deed::SendOut
            | Deed::Deliver
            | Deed::Return
            | Deed::Cancel => Told::Turned(*part, *deed),
            Deed::Expire | Deed::Move | Deed::Strand | Deed::Reject => return None,
        },
        Event::Staffed { .. } => Told::Staffed,
        Event::Desk(_)
        | Event::RideHeld { .. }
        | Event::RideConfirmed { .. }
        | Event::RideReleased { .. }
        | Event::RideDone { .. } => return None,
    })
}
