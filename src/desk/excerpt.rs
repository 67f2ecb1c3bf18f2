//! A part of the desk on which one action can be tried.

use crate::desk::counter::Counter;
use crate::desk::due::Due;
use crate::desk::holds::Hold;
use crate::desk::{Action, Goods, Scope, Told};
use crate::id::{OrderId, SkuId};
use crate::ledger::Deadlines;
use crate::order::Order;
use crate::site::Change;
use crate::time::Timestamp;

impl Counter {
    /// The sites, and of orders, goods and homes those that fall due or that the action is about. With a plan in which
    /// everybody may move for everybody: all.
    pub(super) fn cut_out(&self, now: Timestamp, action: &Action) -> Self {
        if self.plan.is_some() {
            return self.clone();
        }
        let due = self.due.due(now).into_iter();
        let due: Vec<_> = due.map(|(at, number)| (at, Due::of(number))).collect();
        let mut slots = self.touched_by(action);
        slots.extend(due.iter().filter_map(|(_, due)| match due {
            Due::Hold(slot) => Some(*slot),
            Due::Site(_) => None,
        }));
        slots.sort_unstable();
        slots.dedup();
        let known = slots
            .iter()
            .filter_map(|slot| self.holds[*slot].order.as_deref());
        let orders: Vec<&Order> = known.chain(new_order(action)).collect();
        let customers = orders.iter().filter_map(|order| order.customer);
        let mut excerpt = Self {
            policy: self.policy.clone(),
            limits: self.limits,
            market: self.market.clone(),
            places: self.places.clone(),
            stock: self
                .stock
                .excerpt(self.places.len(), &articles(&orders, action)),
            holds: self.holds.excerpt(&slots),
            homes: self.homes.excerpt(customers),
            due: Deadlines::default(),
            cooling: self.cooling,
            gains: self.gains,
            touched: None,
            plan: None,
        };
        for (at, due) in due {
            let own = match due {
                Due::Hold(slot) => slots.binary_search(&slot).map(|own| Due::Hold(own as u32)),
                Due::Site(place) => Ok(Due::Site(place)),
            };
            if let Ok(own) = own {
                excerpt.due.push(at, own.number());
            }
        }
        excerpt.settle_due();
        excerpt
    }

    /// The orders that an action names, moves or may tell. O(1) for one order, else O(orders).
    fn touched_by(&self, action: &Action) -> Vec<u32> {
        let one = |order: OrderId| self.holds.find(order).into_iter().collect();
        match action {
            Action::Place { order, .. } => one(order.id),
            Action::Confirm { order }
            | Action::Release { order }
            | Action::HandOver { order }
            | Action::Consent { order, .. }
            | Action::Reject { order, .. }
            | Action::Announce {
                scope: Scope::Order(order),
            } => one(*order),
            Action::Announce { .. } => self.live_where(|hold| hold.told == Told::NotYet),
            Action::Adopt { changes } => {
                let closed = self.closed_by(changes);
                self.live_where(|hold| closed.contains(&hold.place))
            }
            Action::Count(Goods { site, sku, .. }) => {
                let pool = self.places.find(*site).map(|place| self.places[place].pool);
                let asks = |order: &Order| order.lines.iter().any(|line| line.sku == *sku);
                self.live_where(|hold| {
                    Some(hold.pool) == pool && hold.order.as_deref().is_some_and(asks)
                })
            }
            Action::SetPrices { .. }
            | Action::Deliver(_)
            | Action::Sell(_)
            | Action::SetSafety { .. }
            | Action::Transfer { .. } => Vec::new(),
        }
    }

    /// The places of sites that these changes close; they may open them again.
    pub(super) fn closed_by(&self, changes: &[Change]) -> Vec<u32> {
        let closed = changes
            .iter()
            .filter(|change| matches!(change, Change::Close(_)));
        closed
            .filter_map(|change| self.places.find(change.site()))
            .collect()
    }

    /// The slots of live orders that are wanted. O(orders).
    pub(super) fn live_where(&self, wanted: impl Fn(&Hold) -> bool) -> Vec<u32> {
        let found = self
            .holds
            .iter()
            .filter(|(_, hold)| hold.state.is_live() && wanted(hold));
        found.map(|(slot, _)| slot).collect()
    }
}

fn new_order(action: &Action) -> Option<&Order> {
    match action {
        Action::Place { order, .. } => Some(order),
        _ => None,
    }
}

/// The articles that these orders and the action ask for, each once.
fn articles(orders: &[&Order], action: &Action) -> Vec<SkuId> {
    let lines = orders.iter().flat_map(|order| &order.lines);
    let mut skus: Vec<SkuId> = lines.map(|line| line.sku).collect();
    if let Action::Deliver(goods) | Action::Sell(goods) | Action::Count(goods) = action {
        skus.push(goods.sku);
    }
    skus.sort_unstable();
    skus.dedup();
    skus
}
