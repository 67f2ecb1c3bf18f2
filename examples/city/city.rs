//! A city: pickup points and orders, wherever they come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use catchment::geo::{Position, ServiceArea};
use catchment::id::{OrderId, SiteId};
use catchment::order::Order;
use catchment::site::{Site, SiteKind};
use catchment::units::Units;

use crate::capacity::Capacity;
use crate::records::{Demand, Pickup};
use crate::seeded::Drawn;

/// A file that says nothing of capacities sets no limit.
pub(crate) const UNLIMITED: Units = Units(u32::MAX);

/// Pickup points and orders.
///
/// Names are strings outside and numbers inside: the site whose name comes n-th in alphabetical order is
/// `SiteId(n)`, from 0. So the order of the rows in a file changes no answer, not even where two sites are
/// equally near.
pub(crate) struct City {
    sites: Vec<Site>,
    site_names: Vec<Arc<str>>,
    orders: Vec<Demand>,
    /// When each order was placed, in seconds since the stream began; empty if nobody knows.
    placed: Vec<u32>,
}

impl City {
    /// Numbers the sites, whose names all differ.
    pub(crate) fn new(mut sites: Vec<(Arc<str>, Site)>, orders: Vec<Demand>) -> Self {
        sites.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (site_names, sites) = (0..)
            .zip(sites)
            .map(|(number, (name, mut site))| {
                site.id = SiteId(number);
                (name, site)
            })
            .unzip();
        Self {
            sites,
            site_names,
            orders,
            placed: Vec::new(),
        }
    }

    /// The city that a blueprint draws.
    pub(crate) fn drawn(drawn: Drawn) -> Self {
        let sites = drawn
            .sites
            .into_iter()
            .map(|(name, site)| (name.into(), site));
        let orders = (1..).zip(drawn.homes).map(|(number, position)| Demand {
            id: format!("{number:06}").into(),
            position,
            actual_site: None,
        });
        Self {
            placed: drawn.placed,
            ..Self::new(sites.collect(), orders.collect())
        }
    }

    pub(crate) fn from_records(pickups: Vec<Pickup>, orders: Vec<Demand>) -> Self {
        let sites = pickups
            .into_iter()
            .map(|pickup| (Arc::clone(&pickup.id), site(&pickup)));
        Self::new(sites.collect(), orders)
    }

    /// Sets what every site takes.
    pub(crate) fn set_capacity(&mut self, capacity: Capacity) {
        let (orders, sites) = (self.orders.len(), self.sites.len());
        for site in &mut self.sites {
            site.capacity = capacity.of(site.capacity, orders, sites);
        }
    }

    pub(crate) fn site(&self, site: SiteId) -> &Site {
        &self.sites[site.0 as usize]
    }

    /// In the order of their ids: `SiteId(n)` is at place n.
    pub(crate) fn sites(&self) -> &[Site] {
        &self.sites
    }

    pub(crate) fn orders(&self) -> &[Demand] {
        &self.orders
    }

    /// When the orders were placed, in their order and in seconds since the stream began; nothing if nobody knows.
    pub(crate) fn placed(&self) -> &[u32] {
        &self.placed
    }

    /// Where the orders are, in their order: what a batch of look-ups takes.
    pub(crate) fn addresses(&self) -> Vec<Position> {
        self.orders.iter().map(|order| order.position).collect()
    }

    /// The orders as the library knows them: the n-th is `OrderId(n)`, from 0.
    pub(crate) fn batch(&self) -> Vec<Order> {
        let orders = (0..).map(OrderId).zip(&self.orders);
        orders
            .map(|(id, order)| Order::new(id, order.position))
            .collect()
    }

    pub(crate) fn order_name(&self, order: OrderId) -> &str {
        &self.orders[order.0 as usize].id
    }

    /// The order of that name, which is any of the names in the file. O(orders).
    pub(crate) fn order_named(&self, name: &str) -> Option<OrderId> {
        let place = self.orders.iter().position(|order| &*order.id == name)?;
        Some(OrderId(place as u64))
    }

    /// To which sites orders really went, as far as the file says. A name that no site has is the first number that
    /// no site has. O(orders log sites).
    pub(crate) fn really(&self) -> BTreeMap<OrderId, SiteId> {
        let nobody = SiteId(self.sites.len() as u64);
        let site = |name| self.site_names.binary_search(name);
        let orders = (0..).map(OrderId).zip(&self.orders);
        let known = orders.filter_map(|(id, order)| Some((id, order.actual_site.as_ref()?)));
        known
            .map(|(id, name)| (id, site(name).map_or(nobody, |place| SiteId(place as u64))))
            .collect()
    }

    pub(crate) fn site_name(&self, site: SiteId) -> &str {
        &self.site_names[site.0 as usize]
    }
}

fn site(pickup: &Pickup) -> Site {
    let id = SiteId(0);
    let capacity = pickup.capacity.unwrap_or(UNLIMITED);
    let mut site = match pickup.kind {
        SiteKind::Store => Site::store(id, pickup.position, capacity),
        SiteKind::Leader => Site::leader(id, pickup.position, capacity),
    };
    if let Some(radius) = pickup.radius {
        site.area = ServiceArea::Radius(radius);
    }
    site
}
