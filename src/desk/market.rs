//! Which site is cheapest for an order: asked of an immutable snapshot, so that nobody waits for it.

use core::cell::LazyCell;
use std::sync::Arc;

use crate::candidates::Filter;
use crate::desk::Policy;
use crate::desk::places::{NOWHERE, Places};
use crate::geo::{Address, chord2_reaching};
use crate::id::SiteId;
use crate::index::{Collect, Ranked};
use crate::order::{Order, Wish};
use crate::plan::Cost;
use crate::site::{Network, Record, SiteKind};
use crate::time::Timestamp;
use crate::units::Distance;

/// One version of the network, with what the desk adds to the walk.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) network: Network,
    /// Counted up whenever something here changes.
    pub(super) version: u64,
    /// The place of the site in each slot of the network.
    place_of: Arc<Vec<u32>>,
    /// What preferences and prices add to the walk, by place, in millimetres.
    extras: Arc<Vec<i64>>,
    least_extra: i64,
    is_flat: bool,
    /// What it is worth to stay with the home.
    reward: i64,
    open_at: Option<Timestamp>,
}

/// A site for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// The walk with all that is added to it, in millimetres.
    pub(super) cost: i64,
    pub(super) site: SiteId,
    pub(super) place: u32,
}

impl Market {
    /// O(sites).
    pub(super) fn new(network: Network, places: &Places, policy: &Policy) -> Self {
        let mut market = Self {
            network,
            version: 0,
            place_of: Arc::default(),
            extras: Arc::default(),
            least_extra: 0,
            is_flat: true,
            reward: Cost::from(policy.preferences.home).as_millimetres(),
            open_at: policy.open_at,
        };
        market.place_of = Arc::new(market.places_by_slot(places));
        market.price(places, policy);
        market
    }

    /// The next version. O(1) if no site has opened and the sites were not packed anew, else O(sites).
    pub(super) fn follow(&self, network: Network, places: &Places, policy: &Policy) -> Self {
        let version = self.version + 1;
        let mut next = Self {
            network,
            version,
            ..self.clone()
        };
        let (old, new) = (&self.network.state, &next.network.state);
        let same =
            Arc::ptr_eq(&old.generation, &new.generation) && old.records.len() == new.records.len();
        if !same {
            next.place_of = Arc::new(next.places_by_slot(places));
        }
        if self.extras.len() < places.len() as usize {
            next.price(places, policy);
        }
        next
    }

    /// The same version with the prices of now. O(sites).
    pub(super) fn price(&mut self, places: &Places, policy: &Policy) {
        let preferences = &policy.preferences;
        let extras: Vec<i64> = places
            .iter()
            .map(|place| {
                let by_kind = match place.kind {
                    SiteKind::Store => preferences.store,
                    SiteKind::Leader => preferences.leader,
                };
                let own = preferences
                    .sites
                    .get(&place.id)
                    .copied()
                    .unwrap_or_default();
                place.price
                    + Cost::from(by_kind).as_millimetres()
                    + Cost::from(own).as_millimetres()
            })
            .collect();
        self.version += 1;
        self.least_extra = extras.iter().copied().min().unwrap_or(0);
        self.is_flat = extras.iter().all(|extra| *extra == self.least_extra);
        self.extras = Arc::new(extras);
    }

    /// The same with other prices on top of what is added, by place.
    pub(super) fn with_prices(&self, prices: &[i64]) -> Self {
        let extras = self.extras.iter().zip(prices);
        let extras: Vec<i64> = extras.map(|(extra, price)| extra + price).collect();
        Self {
            least_extra: extras.iter().copied().min().unwrap_or(0),
            extras: Arc::new(extras),
            is_flat: false,
            ..self.clone()
        }
    }

    /// The cheapest site that may take the order and for which `may` holds; ties go to the smaller id.
    pub(super) fn cheapest(
        &self,
        order: &Order,
        home: Option<SiteId>,
        may: impl Fn(u32) -> bool,
    ) -> Option<Found> {
        if let Wish::Site(site) = order.wish {
            return self
                .at_site(order, home, site)
                .filter(|found| may(found.place));
        }
        if self.is_flat && (home.is_none() || self.reward == 0) {
            return self.nearest(order, may);
        }
        self.listed(order, home, 1, may).pop()
    }

    /// The cheapest few, cheapest first.
    pub(super) fn listed(
        &self,
        order: &Order,
        home: Option<SiteId>,
        wanted: usize,
        may: impl Fn(u32) -> bool,
    ) -> Vec<Found> {
        if let Wish::Site(site) = order.wish {
            let found = self
                .at_site(order, home, site)
                .filter(|found| may(found.place));
            return found.into_iter().collect();
        }
        let filter = self.filter(order);
        let address = Address::from(order.position);
        let at_home = home.and_then(|home| self.at_site(order, Some(home), home));
        let mut cheapest = Cheapest {
            market: self,
            wanted,
            home: home.unwrap_or(SiteId(u64::MAX)),
            found: Vec::new(),
            bound: bound_of(order),
        };
        cheapest.consider(at_home.filter(|found| may(found.place)));
        self.network
            .state
            .search_open(address.at, &mut cheapest, |record, ranked| {
                filter.first_unmet(record, &address, ranked.chord).is_none()
                    && may(self.place_of(ranked.slot))
            });
        cheapest.found
    }

    /// One site, if it may take the order: whatever the order's wish is not about.
    pub(super) fn at_site(
        &self,
        order: &Order,
        home: Option<SiteId>,
        site: SiteId,
    ) -> Option<Found> {
        let state = &self.network.state;
        let slot = state.directory.slot(site)?;
        let record = state.record(slot)?;
        let address = Address::from(order.position);
        let chord = address.at.chord(state.vector(slot, record));
        let filter = self.filter(order);
        filter
            .first_unmet(record, &address, chord)
            .is_none()
            .then(|| {
                let reward = if home == Some(site) { self.reward } else { 0 };
                self.found(
                    &Ranked {
                        chord,
                        id: site,
                        slot,
                    },
                    reward,
                )
            })
    }

    /// What an order must be asked about a site.
    pub(super) fn filter<'f>(&self, order: &Order) -> Filter<'f> {
        let filter = Filter::for_order(order);
        match self.open_at {
            Some(at) => filter.open_at(at),
            None => filter,
        }
    }

    /// The nearest, where nothing is added to the walk, or the same everywhere.
    fn nearest(&self, order: &Order, may: impl Fn(u32) -> bool) -> Option<Found> {
        let state = &self.network.state;
        let filter = self.filter(order);
        // Most look-ups are answered without it.
        let address = LazyCell::new(|| Address::from(order.position));
        let bound = bound_of(order);
        let accept = |record: &Record, ranked: &Ranked| {
            may(self.place_of(ranked.slot))
                && filter.first_unmet(record, &address, ranked.chord).is_none()
        };
        let any_will_do = filter.asks_nothing_more();
        let at_once = |ranked: &Ranked| any_will_do && may(self.place_of(ranked.slot));
        let nearest = state.nearest_open(order.position, bound, accept, at_once);
        nearest.map(|nearest| self.found(&nearest, 0))
    }

    #[inline]
    fn found(&self, ranked: &Ranked, reward: i64) -> Found {
        let place = self.place_of(ranked.slot);
        let walk = Cost::from(ranked.distance()).as_millimetres();
        let extra = self.extras.get(place as usize).copied().unwrap_or(0);
        Found {
            cost: walk + extra - reward,
            site: ranked.id,
            place,
        }
    }

    #[inline]
    fn place_of(&self, slot: u32) -> u32 {
        self.place_of.get(slot as usize).copied().unwrap_or(NOWHERE)
    }

    fn places_by_slot(&self, places: &Places) -> Vec<u32> {
        let state = &self.network.state;
        let slots = 0..state.records.len() as u32;
        let ids = slots.map(|slot| state.record(slot).map(|record| record.site.id));
        ids.map(|id| id.and_then(|id| places.find(id)).unwrap_or(NOWHERE))
            .collect()
    }
}

/// A squared chord that no site can exceed.
fn bound_of(order: &Order) -> f64 {
    match order.wish {
        Wish::Within(limit) => chord2_reaching(limit),
        _ => f64::INFINITY,
    }
}

/// The few sites with the least (cost, id).
///
/// No price is negative, so a site whose walk alone exceeds the dearest of the few, less what is added at least, can't
/// be among them: that bounds the search.
struct Cheapest<'a> {
    market: &'a Market,
    wanted: usize,
    /// It was considered before, with its reward.
    home: SiteId,
    found: Vec<Found>,
    bound: f64,
}

impl Cheapest<'_> {
    fn consider(&mut self, found: Option<Found>) {
        let Some(found) = found else {
            return;
        };
        let at = self.found.partition_point(|other| *other < found);
        if at == self.wanted {
            return;
        }
        self.found.insert(at, found);
        self.found.truncate(self.wanted);
        if let Some(last) = self.found.get(self.wanted - 1) {
            let walk = u64::try_from(last.cost - self.market.least_extra).unwrap_or(0);
            self.bound = self
                .bound
                .min(chord2_reaching(Distance::from_millimetres(walk)));
        }
    }
}

impl Collect for Cheapest<'_> {
    #[inline]
    fn bound(&self) -> f64 {
        self.bound
    }

    fn offer(&mut self, point: Ranked) {
        if point.id != self.home {
            self.consider(Some(self.market.found(&point, 0)));
        }
    }
}
