use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::desk::{Cause, Event, Goods, OrderState, Policy, Promise, SafetyLevel};
use crate::id::{CommandId, CustomerId, OrderId, SiteId, SkuId};
use crate::ledger::Step;
use crate::order::Order;
use crate::plan::Cost;
use crate::site::{Network, Site};
use crate::time::Timestamp;
use crate::units::Quantity;
use crate::verify::desk::{DeskViolation, DeskViolations};

/// What the events so far add up to.
pub(in crate::verify) struct Evening<'a> {
    pub(super) policy: &'a Policy,
    pub(in crate::verify) violations: DeskViolations,
    sequence: u64,
    now: Timestamp,
    commands: BTreeSet<CommandId>,
    pub(in crate::verify) sites: BTreeMap<SiteId, Follower>,
    orders: BTreeMap<OrderId, Known>,
    /// By the site of the pool.
    pub(super) stock: BTreeMap<(SiteId, SkuId), Level>,
    pub(super) safety: BTreeMap<(Option<SiteId>, Option<SkuId>), Quantity>,
    pub(super) homes: BTreeMap<CustomerId, SiteId>,
    /// What this step has added to.
    filled: BTreeMap<SiteId, u64>,
    promised: BTreeSet<(SiteId, SkuId)>,
    counted: bool,
}

/// A site as the events leave it.
pub(in crate::verify) struct Follower {
    pub(in crate::verify) site: Site,
    pub(super) is_closed: bool,
    pub(super) is_cooling: bool,
    pub(super) price: i64,
    pub(super) load: u64,
}

struct Known {
    order: Arc<Order>,
    state: OrderState,
    until: Timestamp,
    is_told: bool,
    /// The site and the site of its pool.
    at: Option<(SiteId, SiteId)>,
    rejected_by: Vec<SiteId>,
    /// What has just happened to it that lets it move.
    cause: Option<Cause>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Level {
    pub(super) on_hand: i64,
    pub(super) held: i64,
}

impl<'a> Evening<'a> {
    pub(in crate::verify) fn new(network: &Network, policy: &'a Policy) -> Self {
        let mut safety = BTreeMap::new();
        safety.insert((None, None), policy.safety_stock);
        let sites = network
            .sites()
            .map(|site| (site.id, Follower::new(site.clone())));
        Self {
            policy,
            violations: DeskViolations::none(),
            sequence: 0,
            now: Timestamp::MIN,
            commands: BTreeSet::new(),
            sites: sites.collect(),
            orders: BTreeMap::new(),
            stock: BTreeMap::new(),
            safety,
            homes: BTreeMap::new(),
            filled: BTreeMap::new(),
            promised: BTreeSet::new(),
            counted: false,
        }
    }

    pub(super) fn into_violations(self) -> DeskViolations {
        self.violations
    }

    /// Follows a step of a desk, or the part of another machine's step that is the desk's.
    pub(in crate::verify) fn hear<E, R>(
        &mut self,
        step: &Step<E, R>,
        of_desk: impl Fn(&E) -> Option<&Event>,
    ) {
        if step.sequence != self.sequence {
            let (expected, found) = (self.sequence, step.sequence);
            self.violations
                .push(DeskViolation::Sequence { expected, found });
        }
        if step.at < self.now {
            self.violations.push(DeskViolation::Time {
                sequence: step.sequence,
            });
        }
        if let Some(decided) = &step.decided {
            let command = decided.command;
            if !self.commands.insert(command) {
                self.violations
                    .push(DeskViolation::CommandTwice { command });
            }
            if !decided.outcome.is_accepted() && !step.events.is_empty() {
                self.violations
                    .push(DeskViolation::RefusedWithEvents { command });
            }
        }
        (self.sequence, self.now) = (step.sequence, step.at);
        self.counted = step
            .events
            .iter()
            .filter_map(&of_desk)
            .any(|event| matches!(event, Event::Counted(_)));
        for event in step.all_events().filter_map(of_desk) {
            self.follow(event);
        }
        self.sequence = step.sequence_after();
        self.check_sums();
    }

    /// What an order is, where it stands, and at which site.
    pub(in crate::verify) fn standing(
        &self,
        order: OrderId,
    ) -> Option<(&Order, OrderState, Option<SiteId>)> {
        let known = self.orders.get(&order)?;
        Some((&known.order, known.state, known.at.map(|at| at.0)))
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::Placed {
                order,
                site,
                cost,
                until,
            } => self.placed(order, *site, *cost, *until),
            Event::Confirmed { order } => {
                let is_late = self
                    .orders
                    .get(order)
                    .is_some_and(|known| known.until <= self.now);
                self.deadline(*order, is_late);
                self.advance(*order, &[OrderState::Held], OrderState::Confirmed);
            }
            Event::HandedOver { order } => self.handed_over(*order),
            Event::Released { order } => self.ended(*order, OrderState::Released),
            Event::Failed { order } => self.ended(*order, OrderState::Failed),
            Event::Expired { order } => {
                let is_early = self
                    .orders
                    .get(order)
                    .is_some_and(|known| known.until > self.now);
                self.deadline(*order, is_early);
                self.ended(*order, OrderState::Expired);
            }
            Event::Consented { order, wish } => {
                if let Some(known) = self.live(*order) {
                    Arc::make_mut(&mut known.order).wish = *wish;
                    known.cause = Some(Cause::Consent);
                }
            }
            Event::Rejected {
                order,
                site,
                cools_until,
            } => {
                if let Some(known) = self.live(*order) {
                    known.rejected_by.push(*site);
                    known.cause = Some(Cause::Rejected);
                }
                self.with_site(*site, |follower| {
                    follower.is_cooling |= cools_until.is_some();
                });
            }
            Event::Cooled { site } => self.with_site(*site, |follower| follower.is_cooling = false),
            Event::Moved {
                order,
                from,
                to,
                because,
            } => self.moved(*order, *from, *to, *because),
            Event::Stranded {
                order,
                from,
                because,
            } => {
                self.check_cause(*order, Some(*from), *because);
                self.leave(*order);
            }
            Event::Announced { order, site } => {
                if let Some(known) = self.live(*order) {
                    known.is_told = true;
                    if known.at.map(|at| at.0) != Some(*site) {
                        self.without_cause(*order);
                    }
                }
            }
            Event::HandedOff { customer, to, .. } => {
                self.homes.insert(*customer, *to);
            }
            Event::Transferred { leaver, heir } => {
                let theirs = self.homes.values_mut().filter(|home| *home == leaver);
                theirs.for_each(|home| *home = *heir);
            }
            Event::NetworkChanged { changes } => {
                for change in changes {
                    self.change(change);
                }
            }
            Event::PricesSet { prices } => {
                self.sites
                    .values_mut()
                    .for_each(|follower| follower.price = 0);
                for (site, price) in prices {
                    self.with_site(*site, |follower| follower.price = price.as_millimetres());
                }
            }
            Event::Delivered(pieces) => self.stocked(pieces, |on_hand, pieces| on_hand + pieces),
            Event::Sold(pieces) => self.stocked(pieces, |on_hand, pieces| on_hand - pieces),
            Event::Counted(pieces) => self.stocked(pieces, |_, pieces| pieces),
            Event::SafetySet { level, pieces } => self.safety_set(*level, *pieces),
            _ => {}
        }
    }

    fn placed(&mut self, order: &Arc<Order>, site: SiteId, claimed: Cost, until: Timestamp) {
        if let Some(known) = self.orders.get(&order.id) {
            let (sequence, state) = (self.sequence, Some(known.state));
            self.violations.push(DeskViolation::Fate {
                sequence,
                order: order.id,
                state,
            });
            return;
        }
        let id = order.id;
        let end = self.now.checked_add(self.policy.hold_for);
        let expected = end.unwrap_or(Timestamp::MAX);
        if until != expected {
            let order = id;
            self.violations.push(DeskViolation::HeldUntil {
                order,
                until,
                expected,
            });
        }
        match self.cost(order, site) {
            Some(cost) if cost != claimed => {
                self.violations.push(DeskViolation::WrongCost {
                    order: id,
                    cost,
                    claimed,
                });
            }
            Some(_) => {}
            None => self
                .violations
                .push(DeskViolation::NotEligible { order: id, site }),
        }
        if self.policy.promise == Promise::Firm {
            let can_take = |follower: &&Follower| self.can_take(follower, order);
            let sites = self.sites.values().filter(can_take);
            let costs =
                sites.filter_map(|other| Some((self.cost(order, other.site.id)?, other.site.id)));
            if let Some((_, better)) = costs.min().filter(|best| best.1 != site) {
                self.violations.push(DeskViolation::NotTheBest {
                    order: id,
                    site,
                    better,
                });
            }
        }
        let known = Known {
            order: Arc::clone(order),
            state: OrderState::Held,
            until,
            is_told: self.policy.promise == Promise::Firm,
            at: None,
            rejected_by: Vec::new(),
            cause: None,
        };
        self.orders.insert(id, known);
        self.arrive(id, site);
    }

    fn moved(&mut self, id: OrderId, from: Option<SiteId>, to: SiteId, because: Cause) {
        self.check_cause(id, from, because);
        let Some(known) = self.live(id) else {
            return;
        };
        known.cause = None;
        let (order, was_rejected) = (Arc::clone(&known.order), known.rejected_by.contains(&to));
        if was_rejected || self.cost(&order, to).is_none() {
            self.violations.push(DeskViolation::NotEligible {
                order: id,
                site: to,
            });
        }
        self.leave(id);
        self.arrive(id, to);
    }

    fn check_cause(&mut self, id: OrderId, from: Option<SiteId>, because: Cause) {
        let is_closed = from.is_some_and(|from| {
            self.sites
                .get(&from)
                .is_none_or(|follower| follower.is_closed)
        });
        let Some(known) = self.orders.get(&id) else {
            return;
        };
        let is_from = known.at.map(|at| at.0) == from;
        let is_just = match because {
            Cause::Rejected | Cause::Consent => known.cause == Some(because),
            Cause::SiteClosed => is_closed,
            Cause::OutOfStock => self.counted,
            Cause::Balance => !known.is_told,
        };
        if !is_from || !is_just {
            self.without_cause(id);
        }
    }

    fn without_cause(&mut self, order: OrderId) {
        let sequence = self.sequence;
        self.violations
            .push(DeskViolation::MovedWithoutCause { sequence, order });
    }

    fn handed_over(&mut self, id: OrderId) {
        if let Some(known) = self.live(id) {
            let order = Arc::clone(&known.order);
            if let Some((_, pool)) = known.at {
                for line in &order.lines {
                    let level = self.stock.entry((pool, line.sku)).or_default();
                    level.held -= i64::from(line.quantity.0);
                    level.on_hand -= i64::from(line.quantity.0);
                }
            }
        }
        self.advance(id, &[OrderState::Confirmed], OrderState::HandedOver);
    }

    fn ended(&mut self, id: OrderId, state: OrderState) {
        self.leave(id);
        let from = match state {
            OrderState::Expired => &[OrderState::Held][..],
            _ => &[OrderState::Held, OrderState::Confirmed],
        };
        self.advance(id, from, state);
    }

    fn advance(&mut self, order: OrderId, from: &[OrderState], to: OrderState) {
        let sequence = self.sequence;
        match self.orders.get_mut(&order) {
            Some(known) if from.contains(&known.state) => known.state = to,
            other => {
                let state = other.map(|known| known.state);
                self.violations.push(DeskViolation::Fate {
                    sequence,
                    order,
                    state,
                });
            }
        }
    }

    fn deadline(&mut self, order: OrderId, is_missed: bool) {
        if is_missed {
            let sequence = self.sequence;
            self.violations
                .push(DeskViolation::Deadline { sequence, order });
        }
    }

    /// A live order; notes if there is none.
    fn live(&mut self, order: OrderId) -> Option<&mut Known> {
        let state = self.orders.get(&order).map(|known| known.state);
        if !state.is_some_and(OrderState::is_live) {
            let sequence = self.sequence;
            self.violations.push(DeskViolation::Fate {
                sequence,
                order,
                state,
            });
            return None;
        }
        self.orders.get_mut(&order)
    }

    fn arrive(&mut self, id: OrderId, site: SiteId) {
        let Some(follower) = self.sites.get_mut(&site) else {
            self.violations.push(DeskViolation::UnknownSite { site });
            return;
        };
        let pool = follower.site.supplied_by.unwrap_or(site);
        let Some(known) = self.orders.get_mut(&id) else {
            return;
        };
        self.filled.entry(site).or_insert(follower.load);
        follower.load += u64::from(known.order.size.0);
        known.at = Some((site, pool));
        for line in &known.order.lines {
            let level = self.stock.entry((pool, line.sku)).or_default();
            level.held += i64::from(line.quantity.0);
            self.promised.insert((pool, line.sku));
        }
    }

    fn leave(&mut self, id: OrderId) {
        let Some(known) = self.orders.get_mut(&id) else {
            return;
        };
        let Some((site, pool)) = known.at.take() else {
            return;
        };
        for line in &known.order.lines {
            let level = self.stock.entry((pool, line.sku)).or_default();
            level.held -= i64::from(line.quantity.0);
        }
        if let Some(follower) = self.sites.get_mut(&site) {
            self.filled.entry(site).or_insert(follower.load);
            follower.load -= u64::from(known.order.size.0);
        }
    }

    fn stocked(&mut self, pieces: &Goods, change: impl FnOnce(i64, i64) -> i64) {
        let pool = self.pool(pieces.site);
        let level = self.stock.entry((pool, pieces.sku)).or_default();
        level.on_hand = change(level.on_hand, i64::from(pieces.pieces.0));
        self.check_stock(pool, pieces.sku);
    }

    fn safety_set(&mut self, level: SafetyLevel, pieces: Option<Quantity>) {
        let key = match level {
            SafetyLevel::Network => (None, None),
            SafetyLevel::Site(site) => (Some(self.pool(site)), None),
            SafetyLevel::Sku { site, sku } => (Some(self.pool(site)), Some(sku)),
        };
        self.safety.remove(&key);
        self.safety.extend(pieces.map(|pieces| (key, pieces)));
    }

    /// What this step has filled is not overfull, and what it has promised is there.
    fn check_sums(&mut self) {
        for (site, before) in core::mem::take(&mut self.filled) {
            let Some(follower) = self.sites.get(&site) else {
                continue;
            };
            let (load, capacity) = (follower.load, self.capacity(follower));
            if load > before && load > u64::from(capacity.0) {
                self.violations.push(DeskViolation::OverCapacity {
                    site,
                    load,
                    capacity,
                });
            }
        }
        for (pool, sku) in core::mem::take(&mut self.promised) {
            self.check_stock(pool, sku);
        }
    }

    fn check_stock(&mut self, site: SiteId, sku: SkuId) {
        let level = self.stock.get(&(site, sku)).copied().unwrap_or_default();
        if level.on_hand < level.held {
            let [on_hand, held] =
                [level.on_hand, level.held].map(|pieces| pieces.max(0).unsigned_abs());
            self.violations.push(DeskViolation::Oversold {
                site,
                sku,
                on_hand,
                held,
            });
        }
    }
}

impl Follower {
    pub(super) fn new(site: Site) -> Self {
        Self {
            site,
            is_closed: false,
            is_cooling: false,
            price: 0,
            load: 0,
        }
    }
}
