use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::desk::{self, OrderState};
use crate::faults::Faults;
use crate::fulfil::dispatch::{Command, Event, Refusal, Step, Terms};
use crate::fulfil::{Deed, Life, Way};
use crate::id::{OrderId, SiteId, SkuId};
use crate::order::Order;
use crate::site::Network;
use crate::time::Timestamp;
use crate::verify::desk::Evening;
use crate::verify::fulfil::rides::{Rides, Stands};
use crate::verify::fulfil::{DispatchViolation, DispatchViolations, commands};

/// What the events so far say of every life.
pub(super) struct Lives<'a> {
    evening: Evening<'a>,
    rides: Rides,
    violations: DispatchViolations,
    sequence: u64,
    parts: BTreeMap<OrderId, Lived>,
    divided: BTreeMap<OrderId, (Arc<Order>, Vec<OrderId>)>,
    /// Of this step: orders of which something was said, what the desk did to them, which moved, which got a ride,
    /// which came in parts, and which were not taken.
    touched: BTreeSet<OrderId>,
    owed: BTreeMap<OrderId, VecDeque<Owed>>,
    moved: BTreeSet<OrderId>,
    given: BTreeSet<OrderId>,
    came: Vec<OrderId>,
    lost: Vec<OrderId>,
}

struct Lived {
    of: OrderId,
    way: Way,
    life: Life,
}

/// What the desk did to an order and its life has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Deed(Deed),
    /// A pick up or a send out, as the order is fetched or brought.
    HandOver,
}

impl<'a> Lives<'a> {
    pub(super) fn new(network: &Network, terms: &'a Terms) -> Self {
        Self {
            evening: Evening::new(network, &terms.desk),
            rides: Rides::new(terms),
            violations: DispatchViolations::none(),
            sequence: 0,
            parts: BTreeMap::new(),
            divided: BTreeMap::new(),
            touched: BTreeSet::new(),
            owed: BTreeMap::new(),
            moved: BTreeSet::new(),
            given: BTreeSet::new(),
            came: Vec::new(),
            lost: Vec::new(),
        }
    }

    pub(super) fn into_violations(self) -> DispatchViolations {
        self.violations
    }

    /// Follows a step and checks that it does what its command says.
    pub(super) fn hear_told(&mut self, command: Option<&Command>, step: &Step) {
        self.hear(step);
        let mut violations = core::mem::replace(&mut self.violations, Faults::none());
        commands::check(self, command, step, &mut violations);
        self.violations = violations;
    }

    /// Whether an order or a part with this id was taken.
    pub(super) fn is_known(&self, id: OrderId) -> bool {
        self.parts.contains_key(&id) || self.divided.contains_key(&id)
    }

    /// The parts of an order that came in parts.
    pub(super) fn parts_of(&self, order: OrderId) -> Option<Vec<OrderId>> {
        self.divided.get(&order).map(|(_, parts)| parts.clone())
    }

    pub(super) fn could_take(&self, order: &Order, site: SiteId) -> bool {
        self.evening.could_take(order, site)
    }

    pub(super) fn hear(&mut self, step: &Step) {
        self.sequence = step.sequence;
        self.evening.hear(step, |event| match event {
            Event::Desk(event) => Some(event),
            _ => None,
        });
        let wrong = core::mem::replace(&mut self.evening.violations, Faults::none());
        for violation in wrong.kept() {
            self.violations
                .push(DispatchViolation::Desk(violation.clone()));
        }
        for event in step.all_events() {
            self.follow(event);
        }
        self.check_owed();
        self.check_lives();
        self.check_rides(step.at);
        self.check_parts();
        for order in core::mem::take(&mut self.lost) {
            if self.evening.standing(order).is_some() {
                let sequence = self.sequence;
                let fault = DispatchViolation::FalselyLost { sequence, order };
                self.violations.push(fault);
            }
        }
    }

    fn follow(&mut self, event: &Event) {
        let (rides, violations) = (&mut self.rides, &mut self.violations);
        let sequence = self.sequence;
        match event {
            Event::Desk(event) => {
                if let desk::Event::Moved { order, .. } = event {
                    self.moved.insert(*order);
                }
                if let Some((order, owed)) = owed_by(event) {
                    self.owed.entry(order).or_default().push_back(owed);
                }
            }
            Event::Divided { order, parts } => {
                let id = order.id;
                let divided = (Arc::clone(order), parts.clone());
                let is_known = self.parts.contains_key(&id);
                if self.divided.insert(id, divided).is_some() || is_known {
                    self.stray(id);
                }
                self.came.push(id);
            }
            Event::Taken { part, of, way } => {
                let is_of_it =
                    |parts: &Vec<OrderId>| self.came.contains(of) && parts.contains(part);
                let named = self
                    .divided
                    .get(of)
                    .is_some_and(|(_, parts)| is_of_it(parts));
                let is_own = part == of && !self.divided.contains_key(part);
                let lived = Lived {
                    of: *of,
                    way: *way,
                    life: Life::Accepted,
                };
                if self.parts.insert(*part, lived).is_some() || !(named || is_own) {
                    self.stray(*part);
                }
            }
            Event::NotTaken { order, refusal } => {
                if !matches!(
                    refusal,
                    Refusal::KnownOrder { .. } | Refusal::Desk(desk::Refusal::KnownOrder { .. })
                ) {
                    self.lost.push(*order);
                }
            }
            Event::Turned { part, deed, to } => self.turned(*part, *deed, *to),
            Event::RideHeld { part, ride, size } => {
                let taken = (*ride, *size);
                rides.held(sequence, *part, taken, violations);
                self.given.insert(*part);
            }
            Event::RideConfirmed { part } => {
                let steps = (Stands::Held, Stands::Certain);
                rides.goes_on(sequence, *part, steps, violations);
            }
            Event::RideReleased { part } => rides.released(sequence, *part, violations),
            Event::RideDone { part } => {
                let steps = (Stands::Certain, Stands::Done);
                rides.goes_on(sequence, *part, steps, violations);
            }
            Event::Staffed { fleet } => rides.staffed(fleet),
        }
        if !matches!(event, Event::Divided { .. } | Event::NotTaken { .. }) {
            self.touched.extend(event.part());
        }
    }

    fn turned(&mut self, part: OrderId, deed: Deed, to: Life) {
        self.pay(part, deed);
        if to == Life::Ready {
            // Time may have moved it before the command was decided.
            self.moved.remove(&part);
        }
        let lived = self.parts.get_mut(&part);
        let from = lived.as_ref().map(|lived| lived.life);
        let is_arrow = lived.is_some_and(|lived| {
            let is_arrow = ARROWS.iter().any(|(way, from, does, leads)| {
                way.is_none_or(|way| way == lived.way)
                    && (*from, *does, *leads) == (lived.life, deed, to)
            });
            lived.life = to;
            is_arrow
        });
        if !is_arrow {
            let sequence = self.sequence;
            self.violations.push(DispatchViolation::Leap {
                sequence,
                part,
                from,
                deed,
                to,
            });
        }
    }

    /// A deed of the desk is told after it was done, and in its order.
    fn pay(&mut self, part: OrderId, deed: Deed) {
        let is_own = matches!(deed, Deed::Ready | Deed::Deliver | Deed::Return);
        self.forgive(part);
        let mut owed = self.owed.get_mut(&part);
        let next = owed.as_mut().and_then(|owed| owed.front().copied());
        let is_next = next.is_some_and(|owed| match owed {
            Owed::Deed(owed) => owed == deed,
            Owed::HandOver => matches!(deed, Deed::PickUp | Deed::SendOut),
        });
        if is_next {
            owed.and_then(VecDeque::pop_front);
        } else if !is_own {
            self.untold(part, deed);
        }
    }

    /// Nobody tells that an accepted order has moved: it is accepted as before.
    fn forgive(&mut self, part: OrderId) {
        let life = self.parts.get(&part).map(|lived| lived.life);
        if life.is_none_or(|life| life == Life::Accepted)
            && let Some(owed) = self.owed.get_mut(&part)
        {
            while owed.front() == Some(&Owed::Deed(Deed::Move)) {
                owed.pop_front();
            }
        }
    }

    fn check_owed(&mut self) {
        let parts: Vec<OrderId> = self.owed.keys().copied().collect();
        for part in parts {
            self.forgive(part);
            let left = self
                .owed
                .remove(&part)
                .and_then(|owed| owed.front().copied());
            match left {
                Some(Owed::Deed(deed)) => self.untold(part, deed),
                Some(Owed::HandOver) => self.untold(part, Deed::PickUp),
                None => {}
            }
        }
    }

    fn untold(&mut self, part: OrderId, deed: Deed) {
        let sequence = self.sequence;
        self.violations.push(DispatchViolation::Untold {
            sequence,
            part,
            deed,
        });
    }

    fn stray(&mut self, part: OrderId) {
        let sequence = self.sequence;
        self.violations
            .push(DispatchViolation::Stray { sequence, part });
    }

    /// Each life of this step is what the desk says of the order.
    fn check_lives(&mut self) {
        let sequence = self.sequence;
        let moved = core::mem::take(&mut self.moved);
        for part in core::mem::take(&mut self.touched) {
            let standing = self.evening.standing(part);
            let Some(lived) = self.parts.get(&part) else {
                let order = part;
                let fault = DispatchViolation::Lifeless { sequence, order };
                self.violations.push(fault);
                continue;
            };
            let state = standing.map(|(_, state, _)| state);
            let is_placed = standing.is_some_and(|(_, _, site)| site.is_some());
            let life = lived.life;
            if !state.is_some_and(|state| is_so(life, lived.way, state, is_placed)) {
                self.violations.push(DispatchViolation::Apart {
                    sequence,
                    part,
                    life,
                    state,
                    is_placed,
                });
            }
            if life == Life::Ready && moved.contains(&part) {
                self.violations
                    .push(DispatchViolation::MovedWhenReady { sequence, part });
            }
            if !may_ride(lived, state).contains(&self.rides.stands(part)) {
                self.violations
                    .push(DispatchViolation::Ride { sequence, part });
            }
            if state == Some(OrderState::Confirmed) {
                self.check_confirmed(lived.of);
            }
        }
    }

    /// What was given in this step is what the couriers give.
    fn check_rides(&mut self, at: Timestamp) {
        let sequence = self.sequence;
        for part in core::mem::take(&mut self.given) {
            let standing = self.evening.standing(part);
            let is_sound = standing.is_some_and(|(order, _, site)| {
                let store = site.and_then(|site| self.evening.sites.get(&site));
                // Who lost the store again in this step has lost the ride as well, which was checked.
                store.is_none_or(|store| self.rides.is_sound(at, order, &store.site))
            });
            if !is_sound {
                self.violations
                    .push(DispatchViolation::WrongRide { sequence, part });
            }
        }
    }

    /// No part waits for its confirmation when another has it.
    fn check_confirmed(&mut self, order: OrderId) {
        let Some((_, parts)) = self.divided.get(&order) else {
            return;
        };
        let mut states = parts.iter().filter_map(|part| self.evening.standing(*part));
        if states.any(|(_, state, _)| state == OrderState::Held) {
            let sequence = self.sequence;
            self.violations
                .push(DispatchViolation::HalfConfirmed { sequence, order });
        }
    }

    /// The orders that came in parts in this step are there with all of them, and nothing else.
    fn check_parts(&mut self) {
        let sequence = self.sequence;
        for order in core::mem::take(&mut self.came) {
            let Some((whole, parts)) = self.divided.get(&order) else {
                continue;
            };
            let mut sums: BTreeMap<SkuId, (u64, u64)> = BTreeMap::new();
            for line in &whole.lines {
                sums.entry(line.sku).or_default().0 += u64::from(line.quantity.0);
            }
            for part in parts {
                let is_taken = self.parts.get(part).is_some_and(|lived| lived.of == order);
                let standing = self.evening.standing(*part).filter(|_| is_taken);
                let Some((placed, ..)) = standing.filter(|(placed, ..)| is_same(whole, placed))
                else {
                    let part = *part;
                    self.violations.push(DispatchViolation::MissingPart {
                        sequence,
                        order,
                        part,
                    });
                    continue;
                };
                for line in &placed.lines {
                    sums.entry(line.sku).or_default().1 += u64::from(line.quantity.0);
                }
            }
            for (sku, (wanted, found)) in sums {
                if wanted != found {
                    self.violations.push(DispatchViolation::NotTheOrder {
                        order,
                        sku,
                        wanted,
                        found,
                    });
                }
            }
        }
    }
}

/// The arrows of the drawing beside [`Life`], copied by hand; those without a way are of both.
#[rustfmt::skip]
const ARROWS: [(Option<Way>, Life, Deed, Life); 18] = [
    (None, Life::Accepted, Deed::Ready, Life::Ready),
    (None, Life::Accepted, Deed::Cancel, Life::Cancelled),
    (None, Life::Accepted, Deed::Expire, Life::Cancelled),
    (None, Life::Accepted, Deed::Strand, Life::Waiting),
    (None, Life::Accepted, Deed::Reject, Life::Rejected),
    (None, Life::Waiting, Deed::Move, Life::Accepted),
    (None, Life::Waiting, Deed::Cancel, Life::Cancelled),
    (None, Life::Waiting, Deed::Expire, Life::Cancelled),
    (None, Life::Ready, Deed::Move, Life::Accepted),
    (None, Life::Ready, Deed::Strand, Life::Waiting),
    (None, Life::Ready, Deed::Cancel, Life::Cancelled),
    (None, Life::Ready, Deed::Reject, Life::Rejected),
    (Some(Way::Pickup), Life::Ready, Deed::PickUp, Life::PickedUp),
    (Some(Way::Pickup), Life::PickedUp, Deed::Return, Life::Returned),
    (Some(Way::Delivery), Life::Ready, Deed::SendOut, Life::OutForDelivery),
    (Some(Way::Delivery), Life::OutForDelivery, Deed::Deliver, Life::Delivered),
    (Some(Way::Delivery), Life::OutForDelivery, Deed::Return, Life::Returned),
    (Some(Way::Delivery), Life::Delivered, Deed::Return, Life::Returned),
];

fn owed_by(event: &desk::Event) -> Option<(OrderId, Owed)> {
    let order = event.order()?;
    let deed = match event {
        desk::Event::HandedOver { .. } => return Some((order, Owed::HandOver)),
        desk::Event::Released { .. } => Deed::Cancel,
        desk::Event::Expired { .. } => Deed::Expire,
        desk::Event::Failed { .. } => Deed::Reject,
        desk::Event::Moved { .. } => Deed::Move,
        desk::Event::Stranded { .. } => Deed::Strand,
        _ => return None,
    };
    Some((order, Owed::Deed(deed)))
}

/// Whether an order that stands so at the desk may stand so in its life.
fn is_so(life: Life, way: Way, state: OrderState, is_placed: bool) -> bool {
    let lives: &[Life] = match (state, is_placed, way) {
        (OrderState::Held, true, _) => &[Life::Accepted],
        (OrderState::Confirmed, true, _) => &[Life::Accepted, Life::Ready],
        (OrderState::Held | OrderState::Confirmed, false, _) => &[Life::Waiting],
        (OrderState::HandedOver, _, Way::Pickup) => &[Life::PickedUp, Life::Returned],
        (OrderState::HandedOver, _, Way::Delivery) => {
            &[Life::OutForDelivery, Life::Delivered, Life::Returned]
        }
        (OrderState::Released | OrderState::Expired, ..) => &[Life::Cancelled],
        (OrderState::Failed, ..) => &[Life::Rejected],
    };
    lives.contains(&life)
}

/// Where the ride of a part may stand.
fn may_ride(lived: &Lived, state: Option<OrderState>) -> &'static [Option<Stands>] {
    match (lived.way, lived.life) {
        (Way::Delivery, Life::Accepted | Life::Ready | Life::OutForDelivery) => match state {
            Some(OrderState::Held) => &[Some(Stands::Held)],
            _ => &[Some(Stands::Certain)],
        },
        // Not forgotten here, though the dispatch may forget it.
        (Way::Delivery, Life::Delivered | Life::Returned) => &[Some(Stands::Done)],
        _ => &[None],
    }
}

/// Whether a part goes to the buyer of the whole.
fn is_same(whole: &Order, part: &Order) -> bool {
    (whole.position, whole.customer) == (part.position, part.customer)
}
