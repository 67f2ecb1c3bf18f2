//! A desk as data.

use std::sync::Arc;

use crate::balance::{Candidate, Price};
use crate::desk::counter::Counter;
use crate::desk::due::Due;
use crate::desk::holds::Hold;
use crate::desk::market::Market;
use crate::desk::places::NOWHERE;
use crate::desk::tentative::Tentative;
use crate::desk::{OrderState, Policy, SafetyLevel, StockLevel, Told};
use crate::id::{CustomerId, OrderId, SiteId};
use crate::ledger::Storable;
use crate::limits::Limits;
use crate::order::Order;
use crate::plan::Cost;
use crate::site::{Network, NetworkFaults, Site, SiteKind};
use crate::time::Timestamp;
use crate::units::{Quantity, Units};

/// The state of a desk as plain data: the part of a snapshot that is the desk's own. To be kept, not to be read.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredDesk {
    policy: Policy,
    network: Vec<Site>,
    sites: Vec<StoredSite>,
    stock: Vec<StockLevel>,
    safety: Vec<(SafetyLevel, Quantity)>,
    orders: Vec<StoredOrder>,
    homes: Vec<(CustomerId, SiteId)>,
    plan: Option<StoredPlan>,
}

/// A site of a stored desk, beyond what the network says of it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredSite {
    site: SiteId,
    kind: SiteKind,
    pool: SiteId,
    load: Units,
    price: Cost,
    cools_until: Option<Timestamp>,
}

/// An order of a stored desk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredOrder {
    id: OrderId,
    until: Timestamp,
    state: OrderState,
    told: Told,
    attempts: u8,
    /// The site and the pool of its goods.
    site: Option<(SiteId, SiteId)>,
    order: Option<Arc<Order>>,
    rejected_by: Vec<SiteId>,
}

/// The tentative plan of a stored desk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredPlan {
    /// Orders with their candidates.
    orders: Vec<(OrderId, Vec<(SiteId, Cost)>)>,
    /// For each site, in their sequence, what the plan may use of it, and its price.
    sites: Vec<(Units, Price)>,
}

/// Stored data that is no desk.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskFault {
    /// The sites are no network.
    #[error("sites are no network: {0}")]
    Network(NetworkFaults),
    /// A site that is named and not there, or there twice.
    #[error("site {site} is missing or repeated")]
    Site {
        /// Which.
        site: SiteId,
    },
    /// An order that is there twice, or lacks what its state needs.
    #[error("order {order} is repeated or not whole")]
    Order {
        /// Which.
        order: OrderId,
    },
    /// More is held than is there.
    #[error("goods of order {order} are not there")]
    Stock {
        /// For which order.
        order: OrderId,
    },
    /// The tentative plan is none, or not that of these orders.
    #[error("the tentative plan is not one of these orders and sites")]
    Plan,
    /// More orders than the limits allow.
    #[error("{orders} orders, limit is {limit}")]
    TooManyOrders {
        /// How many there are.
        orders: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl Storable for Counter {
    type Stored = StoredDesk;
    type Fault = DeskFault;
    const FORMAT: u32 = 1;

    fn store(&self) -> StoredDesk {
        let id = |place: u32| self.places[place].id;
        let sites = self.places.iter().map(|place| StoredSite {
            site: place.id,
            kind: place.kind,
            pool: id(place.pool),
            load: Units(place.load),
            price: Cost::from_millimetres(place.price),
            cools_until: place.cools_until,
        });
        let orders = self.holds.iter().map(|(slot, hold)| StoredOrder {
            id: hold.id,
            until: hold.until,
            state: hold.state,
            told: hold.told,
            attempts: hold.attempts,
            site: hold.is_placed().then(|| (id(hold.place), id(hold.pool))),
            order: hold.order.clone(),
            rejected_by: self
                .holds
                .rejected_by(slot)
                .iter()
                .map(|place| id(*place))
                .collect(),
        });
        let row = |row: &[Candidate]| {
            let listed = row.iter();
            let listed = listed.map(|at| (id(at.site()), Cost::from_millimetres(at.cost())));
            listed.collect()
        };
        let plan = self.plan.as_ref().map(|plan| StoredPlan {
            orders: plan
                .orders()
                .map(|(slot, candidates)| (self.holds[slot].id, row(candidates)))
                .collect(),
            sites: plan
                .capacities()
                .into_iter()
                .map(Units)
                .zip(plan.balancer.prices())
                .collect(),
        });
        StoredDesk {
            plan,
            policy: (*self.policy).clone(),
            network: self.market.network.sites().cloned().collect(),
            sites: sites.collect(),
            stock: self.stock.levels(&self.places),
            safety: self.stock.safeties(&self.places),
            orders: orders.collect(),
            homes: self
                .homes
                .iter()
                .map(|home| (home.customer, id(home.place)))
                .collect(),
        }
    }

    fn restore(stored: StoredDesk, limits: &Limits) -> Result<Self, DeskFault> {
        let StoredDesk {
            policy,
            network,
            sites,
            stock,
            safety,
            orders,
            homes,
            plan,
        } = stored;
        let (count, limit) = (orders.len(), limits.orders_max);
        if count > limit {
            return Err(DeskFault::TooManyOrders {
                orders: count,
                limit,
            });
        }
        let network = Network::builder().limits(*limits).sites(network).build();
        let network = network.map_err(DeskFault::Network)?;
        let mut counter = Self::new(
            Network::builder().build().map_err(DeskFault::Network)?,
            policy,
        );
        counter.limits = *limits;
        counter.restore_sites(&network, &sites)?;
        let market = Market::new(network, &counter.places, &counter.policy);
        counter.market = Arc::new(market);
        counter.restore_stock(&stock, &safety)?;
        for order in orders {
            counter.restore_order(order)?;
        }
        for (customer, site) in homes {
            let place = counter.known(site)?;
            counter
                .homes
                .set(customer, place)
                .ok_or(DeskFault::Site { site })?;
        }
        counter.restore_plan(plan)?;
        counter.settle_due();
        Ok(counter)
    }
}

impl Counter {
    fn restore_sites(&mut self, network: &Network, sites: &[StoredSite]) -> Result<(), DeskFault> {
        for stored in sites {
            let site = stored.site;
            let place = self
                .places
                .restore(site, stored.kind)
                .ok_or(DeskFault::Site { site })?;
            let place = &mut self.places[place];
            place.load = stored.load.0;
            place.price = stored.price.as_millimetres();
            place.cools_until = stored.cools_until;
        }
        for stored in sites {
            let pool = self.known(stored.pool)?;
            let place = self.known(stored.site)?;
            self.places[place].pool = pool;
            if let Some(until) = stored.cools_until {
                self.cooling += 1;
                self.due.push(until, Due::Site(place).number());
            }
        }
        for site in network.sites() {
            let id = site.id;
            let place = self.known(id)?;
            self.places
                .learn(site, &self.policy)
                .ok_or(DeskFault::Site { site: id })?;
            let supplier = site.supplied_by.unwrap_or(id);
            if self.places[self.places[place].pool].id != supplier {
                return Err(DeskFault::Site { site: id });
            }
        }
        Ok(())
    }

    fn restore_stock(
        &mut self,
        stock: &[StockLevel],
        safety: &[(SafetyLevel, Quantity)],
    ) -> Result<(), DeskFault> {
        for level in stock {
            let pool = self.known(level.site)?;
            let put = self.stock.put_in(pool, level);
            put.ok_or(DeskFault::Site { site: level.site })?;
        }
        for (level, pieces) in safety {
            let pool = match level {
                SafetyLevel::Network => None,
                SafetyLevel::Site(site) | SafetyLevel::Sku { site, .. } => Some(self.known(*site)?),
            };
            // Neither of the two levels that are stored here can be one too many.
            let _ = self.stock.set_safety(pool, None, Some(*pieces));
        }
        Ok(())
    }

    fn restore_order(&mut self, stored: StoredOrder) -> Result<(), DeskFault> {
        let id = stored.id;
        let fault = DeskFault::Order { order: id };
        let is_whole = stored.order.is_some() == stored.state.is_live()
            && stored.order.as_ref().is_none_or(|order| order.id == id);
        if !is_whole || self.holds.find(id).is_some() {
            return Err(fault);
        }
        let (place, pool) = match stored.site {
            Some((site, pool)) => (self.known(site)?, self.known(pool)?),
            None => (NOWHERE, NOWHERE),
        };
        if let Some(order) = &stored.order
            && place != NOWHERE
        {
            self.stock
                .take(pool, &order.lines)
                .ok_or(DeskFault::Stock { order: id })?;
        }
        let hold = Hold {
            order: stored.order,
            id,
            until: stored.until,
            place,
            pool,
            state: stored.state,
            told: stored.told,
            attempts: 0,
            number: NOWHERE,
        };
        let slot = self.holds.push(hold).ok_or(fault)?;
        for site in stored.rejected_by {
            let place = self.known(site)?;
            self.holds.reject(slot, place);
        }
        self.holds[slot].attempts = stored.attempts;
        if stored.state == OrderState::Held {
            self.due.push(stored.until, Due::Hold(slot).number());
        }
        Ok(())
    }

    /// The plan, checked: every order of it may be moved, and is where it costs least at the prices.
    fn restore_plan(&mut self, stored: Option<StoredPlan>) -> Result<(), DeskFault> {
        /// Prices are a level and a sum of costs at most: see [`Problem`](crate::balance::Problem).
        const COST_MAX: i64 = 1 << 58;
        for place in 0..self.places.len() {
            self.places[place].pinned = self.places[place].load;
        }
        let Some(stored) = stored else {
            return if self.plan.is_none() {
                Ok(())
            } else {
                Err(DeskFault::Plan)
            };
        };
        let is_price =
            |price: &Price| (0..=1).contains(&price.unassigned) && price.cost.abs() <= COST_MAX;
        let (capacities, prices): (Vec<u32>, Vec<Price>) = stored
            .sites
            .iter()
            .map(|(capacity, price)| (capacity.0, *price))
            .unzip();
        let is_whole = self.plan.is_some()
            && capacities.len() == self.places.len() as usize
            && prices.iter().all(is_price);
        if !is_whole {
            return Err(DeskFault::Plan);
        }
        let mut orders = Vec::with_capacity(stored.orders.len());
        for (order, listed) in stored.orders {
            let slot = self.holds.find(order).ok_or(DeskFault::Plan)?;
            let hold = &mut self.holds[slot];
            let is_managed = hold.number == NOWHERE
                && hold.told == Told::NotYet
                && hold.is_placed()
                && hold
                    .order
                    .as_ref()
                    .is_some_and(|order| order.size == Units(1));
            if !is_managed {
                return Err(DeskFault::Plan);
            }
            hold.number = orders.len() as u32;
            let place = hold.place;
            let pinned = self.places[place].pinned.checked_sub(1);
            self.places[place].pinned = pinned.ok_or(DeskFault::Plan)?;
            let mut row = Vec::with_capacity(listed.len());
            for (site, cost) in listed {
                let candidate = Candidate::new(self.known(site)?, cost.as_millimetres());
                row.push(candidate.map_err(|_| DeskFault::Plan)?);
            }
            let value = |candidate: &Candidate| {
                let price = prices[candidate.site() as usize];
                (price.unassigned, price.cost + candidate.cost())
            };
            let here = row
                .iter()
                .filter(|candidate| candidate.site() == place)
                .map(value)
                .min();
            if here.is_none() || here != row.iter().map(value).min() {
                return Err(DeskFault::Plan);
            }
            orders.push((slot, row));
        }
        let plan = Tentative::resume(capacities, orders, &prices, &self.holds);
        let plan = plan.ok_or(DeskFault::Plan)?;
        if (0..self.places.len())
            .any(|place| plan.balancer.capacity_of(place) < plan.managed[place as usize])
        {
            return Err(DeskFault::Plan);
        }
        self.plan = Some(plan);
        Ok(())
    }

    fn known(&self, site: SiteId) -> Result<u32, DeskFault> {
        self.places.find(site).ok_or(DeskFault::Site { site })
    }
}
