//! A desk so slow and plain that it can be believed: every site is asked, every sum is made anew. It shares nothing
//! with the library but the vocabulary and the distance between two positions.

// What a test draws is small; a surprise ends it.
#![allow(clippy::cast_possible_wrap, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;

use catchment::desk::{Action, Cause, Event, Goods, OrderState, Refusal, SafetyLevel, Scope};
use catchment::geo::{Position, ServiceArea};
use catchment::id::{CustomerId, OrderId, SiteId, SkuId};
use catchment::order::{Order, Wish};
use catchment::site::{Change, Site, SiteKind, SiteStatus};
use catchment::units::{Quantity, Units};

use crate::desk::Rules;

#[derive(Clone, Debug)]
pub(crate) struct ModelSite {
    pub(crate) site: Site,
    pub(crate) closed: bool,
    pub(crate) price: i64,
    pub(crate) cools_until: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelOrder {
    pub(crate) order: Order,
    pub(crate) state: OrderState,
    /// The site and the site of the pool.
    pub(crate) at: Option<(SiteId, SiteId)>,
    pub(crate) until: i64,
    pub(crate) rejected_by: Vec<SiteId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) rules: Rules,
    /// By id: the order in which the desk numbers them is of no matter.
    pub(crate) sites: BTreeMap<SiteId, ModelSite>,
    /// In the order in which they came.
    pub(crate) orders: Vec<ModelOrder>,
    pub(crate) on_hand: BTreeMap<(SiteId, SkuId), u32>,
    pub(crate) safety: BTreeMap<(Option<SiteId>, Option<SkuId>), u32>,
    pub(crate) homes: BTreeMap<CustomerId, SiteId>,
}

impl Model {
    pub(crate) fn new(sites: &[Site], rules: Rules) -> Self {
        let blank = |site: &Site| ModelSite {
            site: site.clone(),
            closed: false,
            price: 0,
            cools_until: None,
        };
        let mut safety = BTreeMap::new();
        safety.insert((None, None), rules.safety);
        Self {
            rules,
            sites: sites.iter().map(|site| (site.id, blank(site))).collect(),
            orders: Vec::new(),
            on_hand: BTreeMap::new(),
            safety,
            homes: BTreeMap::new(),
        }
    }

    /// What falls due first, as (instant, kind, which).
    pub(crate) fn next_due(&self) -> Option<(i64, u8, u64)> {
        let held = self.orders.iter().enumerate();
        let held = held.filter(|(_, order)| order.state == OrderState::Held);
        let holds = held.map(|(number, order)| (order.until, 0, number as u64));
        let cooling = self.sites.values();
        let cooling = cooling.filter_map(|site| Some((site.cools_until?, 1, site.site.id.0)));
        holds.chain(cooling).min()
    }

    pub(crate) fn pass(&mut self, now: i64) {
        while let Some((at, kind, which)) = self.next_due().filter(|due| due.0 <= now) {
            if kind == 0 {
                let order = &mut self.orders[which as usize];
                (order.state, order.at) = (OrderState::Expired, None);
            } else {
                // Several sites may cool at one instant; which comes first makes no difference.
                let site = self.sites.get_mut(&SiteId(which)).expect("it cools");
                assert_eq!(site.cools_until.take(), Some(at));
            }
        }
    }

    pub(crate) fn load(&self, site: SiteId) -> u32 {
        let there = self
            .orders
            .iter()
            .filter(|order| order.at.is_some_and(|at| at.0 == site));
        there.map(|order| order.order.size.0).sum()
    }

    pub(crate) fn room(&self, site: SiteId) -> u32 {
        let known = &self.sites[&site];
        if known.closed || known.cools_until.is_some() {
            return 0;
        }
        known.site.capacity.0.saturating_sub(self.load(site))
    }

    pub(crate) fn held(&self, pool: SiteId, sku: SkuId) -> u32 {
        let there = self
            .orders
            .iter()
            .filter(|order| order.state.is_live() && order.at.is_some_and(|at| at.1 == pool));
        let lines = there.flat_map(|order| &order.order.lines);
        lines
            .filter(|line| line.sku == sku)
            .map(|line| line.quantity.0)
            .sum()
    }

    pub(crate) fn pool(&self, site: SiteId) -> SiteId {
        self.sites[&site].site.supplied_by.unwrap_or(site)
    }

    pub(crate) fn free(&self, pool: SiteId, sku: SkuId) -> u32 {
        let levels = [(Some(pool), Some(sku)), (Some(pool), None), (None, None)];
        let safety = levels
            .iter()
            .find_map(|level| self.safety.get(level))
            .copied();
        let there = self.on_hand.get(&(pool, sku)).copied().unwrap_or(0);
        (there - self.held(pool, sku)).saturating_sub(safety.unwrap_or(0))
    }

    fn open(&self, site: SiteId) -> Result<(), Refusal> {
        match self.sites.get(&site) {
            Some(known) if !known.closed => Ok(()),
            _ => Err(Refusal::UnknownSite { site }),
        }
    }

    pub(crate) fn home(&self, order: &Order) -> Option<SiteId> {
        let known = order
            .customer
            .and_then(|customer| self.homes.get(&customer))
            .copied();
        let is_open = |site: &SiteId| self.open(*site).is_ok();
        known.filter(is_open).or(order.home.filter(is_open))
    }

    pub(crate) fn is_eligible(&self, order: &Order, site: SiteId) -> bool {
        let known = &self.sites[&site];
        let walk = walk(order.position, known.site.position);
        let serves = match &known.site.area {
            ServiceArea::Radius(radius) => walk <= radius.as_millimetres() as i64,
            _ => true,
        };
        let is_wished = match order.wish {
            Wish::Site(wished) => wished == site,
            Wish::Within(limit) => walk <= limit.as_millimetres() as i64,
            _ => true,
        };
        !known.closed
            && known.site.status == SiteStatus::Open
            && known.site.capacity >= order.size
            && known.site.tags.contains_all(order.required_tags)
            && serves
            && is_wished
    }

    pub(crate) fn cost(&self, order: &Order, site: SiteId) -> i64 {
        let known = &self.sites[&site];
        let is_store = known.site.kind == SiteKind::Store;
        let store = i64::from(is_store) * self.rules.store;
        let loyalty = if self.home(order) == Some(site) {
            self.rules.loyalty
        } else {
            0
        };
        walk(order.position, known.site.position) + store + known.price - loyalty
    }

    fn has_goods(&self, order: &Order, site: SiteId, own: Option<usize>) -> bool {
        let pool = self.pool(site);
        let is_own = own.is_some_and(|own| self.orders[own].at.is_some_and(|at| at.1 == pool));
        is_own
            || order
                .lines
                .iter()
                .all(|line| self.free(pool, line.sku) >= line.quantity.0)
    }

    pub(crate) fn can_take(&self, order: &Order, site: SiteId, own: Option<usize>) -> bool {
        self.room(site) >= order.size.0 && self.has_goods(order, site, own)
    }

    /// The site of least (cost, id) for which `may` holds.
    fn best(&self, order: &Order, may: impl Fn(SiteId) -> bool) -> Option<SiteId> {
        let eligible = self
            .sites
            .keys()
            .copied()
            .filter(|site| self.is_eligible(order, *site));
        eligible
            .filter(|site| may(*site))
            .min_by_key(|site| (self.cost(order, *site), *site))
    }

    fn choose(&self, order: &Order, own: Option<usize>) -> Result<SiteId, Refusal> {
        let tried = own.map_or(&[][..], |own| &self.orders[own].rejected_by[..]);
        let out_of_stock = |site: SiteId| {
            let pool = self.pool(site);
            let short = order
                .lines
                .iter()
                .find(|line| self.free(pool, line.sku) < line.quantity.0);
            let sku = short.expect("a line is short").sku;
            Refusal::OutOfStock {
                site,
                sku,
                free: Quantity(self.free(pool, sku)),
            }
        };
        if let Wish::Site(site) = order.wish {
            self.open(site)?;
            if !self.is_eligible(order, site) || tried.contains(&site) {
                return Err(Refusal::NotEligible { site });
            } else if self.room(site) < order.size.0 {
                return Err(Refusal::SiteFull {
                    site,
                    room: Units(self.room(site)),
                });
            } else if !self.has_goods(order, site, own) {
                return Err(out_of_stock(site));
            }
            return Ok(site);
        }
        let untried = |site: SiteId| !tried.contains(&site);
        let has_room = |site: SiteId| untried(site) && self.room(site) >= order.size.0;
        let best = self.best(order, |site| {
            has_room(site) && self.has_goods(order, site, own)
        });
        if let Some(site) = best {
            return Ok(site);
        }
        self.best(order, untried).ok_or(Refusal::NoEligibleSite)?;
        Err(out_of_stock(
            self.best(order, has_room).ok_or(Refusal::EverySiteFull)?,
        ))
    }

    fn live(&self, id: OrderId) -> Result<usize, Refusal> {
        let found = self.orders.iter().position(|order| order.order.id == id);
        let number = found.ok_or(Refusal::UnknownOrder { order: id })?;
        let state = self.orders[number].state;
        if state.is_live() {
            Ok(number)
        } else {
            Err(Refusal::WrongState { order: id, state })
        }
    }

    fn in_state(&self, id: OrderId, wanted: OrderState) -> Result<usize, Refusal> {
        let number = self.live(id)?;
        let state = self.orders[number].state;
        if state != wanted {
            return Err(Refusal::WrongState { order: id, state });
        }
        self.placed(number)?;
        Ok(number)
    }

    fn placed(&self, number: usize) -> Result<SiteId, Refusal> {
        let order = &self.orders[number];
        order.at.map(|at| at.0).ok_or(Refusal::Stranded {
            order: order.order.id,
        })
    }

    fn welcome(&mut self, number: usize) {
        let order = &self.orders[number];
        let (Some(customer), Some((site, _))) = (order.order.customer, order.at) else {
            return;
        };
        if self
            .homes
            .get(&customer)
            .is_some_and(|home| self.open(*home).is_ok())
        {
            return;
        }
        let is_leader = |site: &SiteId| {
            self.open(*site).is_ok() && self.sites[site].site.kind == SiteKind::Leader
        };
        let leader = order
            .order
            .home
            .filter(is_leader)
            .or(Some(site).filter(is_leader));
        if let Some(leader) = leader {
            self.homes.insert(customer, leader);
        }
    }

    /// Decides an action as the rules say. Where a rule leaves a choice, `events` say how it was made, and it is
    /// checked that it could be made so.
    pub(crate) fn act(
        &mut self,
        now: i64,
        action: &Action,
        events: &[Event],
    ) -> Result<(), Refusal> {
        match action {
            Action::Place { order, .. } => self.place(now, order),
            Action::Confirm { order } => {
                let number = self.in_state(*order, OrderState::Held)?;
                self.orders[number].state = OrderState::Confirmed;
                Ok(())
            }
            Action::HandOver { order } => self.hand_over(*order),
            Action::Release { order } => {
                let number = self.live(*order)?;
                (self.orders[number].state, self.orders[number].at) = (OrderState::Released, None);
                Ok(())
            }
            Action::Consent { order, wish } => self.consent(*order, *wish),
            Action::Reject { order, site } => self.reject(now, *order, *site),
            Action::Announce { scope } => self.announce(*scope),
            Action::Adopt { changes } => self.adopt(changes, events),
            Action::SetPrices { prices } => {
                prices.iter().try_for_each(|(site, _)| self.open(*site))?;
                self.sites.values_mut().for_each(|site| site.price = 0);
                for (site, price) in prices {
                    self.sites.get_mut(site).expect("open").price = price.as_millimetres();
                }
                Ok(())
            }
            Action::Deliver(Goods { site, sku, pieces }) => {
                self.open(*site)?;
                *self.on_hand.entry((self.pool(*site), *sku)).or_default() += pieces.0;
                Ok(())
            }
            Action::Sell(pieces) => self.sell(*pieces),
            Action::Count(pieces) => self.count(*pieces),
            Action::SetSafety { level, pieces } => self.set_safety(*level, *pieces),
            Action::Transfer { leaver, heir } => self.transfer(*leaver, *heir),
            _ => unreachable!("all are modelled"),
        }
    }

    fn place(&mut self, now: i64, order: &Order) -> Result<(), Refusal> {
        if self.orders.iter().any(|known| known.order.id == order.id) {
            return Err(Refusal::KnownOrder { order: order.id });
        }
        let site = self.choose(order, None)?;
        self.orders.push(ModelOrder {
            order: order.clone(),
            state: OrderState::Held,
            at: Some((site, self.pool(site))),
            until: now + self.rules.hold_for,
            rejected_by: Vec::new(),
        });
        self.welcome(self.orders.len() - 1);
        Ok(())
    }

    fn hand_over(&mut self, id: OrderId) -> Result<(), Refusal> {
        let number = self.in_state(id, OrderState::Confirmed)?;
        let (_, pool) = self.orders[number].at.expect("placed");
        for line in self.orders[number].order.lines.clone() {
            *self.on_hand.get_mut(&(pool, line.sku)).expect("held") -= line.quantity.0;
        }
        self.orders[number].state = OrderState::HandedOver;
        Ok(())
    }

    fn consent(&mut self, id: OrderId, wish: Wish) -> Result<(), Refusal> {
        let number = self.live(id)?;
        let mut order = self.orders[number].order.clone();
        order.wish = wish;
        let here = self.orders[number].at.map(|at| at.0);
        let stays = here.is_some_and(|here| self.is_eligible(&order, here));
        if !stays {
            let site = self.choose(&order, Some(number))?;
            self.orders[number].at = Some((site, self.pool(site)));
        }
        self.orders[number].order = order;
        Ok(())
    }

    fn reject(&mut self, now: i64, id: OrderId, site: SiteId) -> Result<(), Refusal> {
        let number = self.live(id)?;
        let at = self.placed(number)?;
        if !self.sites.contains_key(&site) {
            return Err(Refusal::UnknownSite { site });
        } else if at != site {
            return Err(Refusal::NotThere { order: id, site });
        }
        self.orders[number].rejected_by.push(site);
        if self.rules.cooling_off > 0 {
            let known = self.sites.get_mut(&site).expect("known");
            known.cools_until = Some(now + self.rules.cooling_off);
        }
        if self.orders[number].rejected_by.len() >= usize::from(self.rules.attempts_max) {
            (self.orders[number].state, self.orders[number].at) = (OrderState::Failed, None);
        } else {
            self.reroute(number, |_| true);
        }
        Ok(())
    }

    fn reroute(&mut self, number: usize, may: impl Fn(SiteId) -> bool) {
        let order = self.orders[number].order.clone();
        let to = match order.wish {
            Wish::Site(_) => None,
            _ => self.best(&order, |site| {
                may(site)
                    && self.orders[number].at.is_none_or(|at| at.0 != site)
                    && !self.orders[number].rejected_by.contains(&site)
                    && self.can_take(&order, site, Some(number))
            }),
        };
        self.orders[number].at = to.map(|site| (site, self.pool(site)));
    }

    fn announce(&mut self, scope: Scope) -> Result<(), Refusal> {
        match scope {
            Scope::Site(site) => self.open(site),
            Scope::Order(order) => {
                let number = self.live(order)?;
                self.placed(number).map(|_| ())
            }
            Scope::All => Ok(()),
        }
    }

    fn adopt(&mut self, changes: &[Change], events: &[Event]) -> Result<(), Refusal> {
        let before = self.sites.clone();
        for change in changes {
            let is_sound = self.change(change);
            if !is_sound {
                self.sites = before;
                return Err(Refusal::UnsoundChanges { faults: 1 });
            }
        }
        for event in events {
            match event {
                Event::NetworkChanged { changes: told } => assert_eq!(told, changes),
                Event::Moved {
                    order,
                    from,
                    to,
                    because: Cause::SiteClosed,
                } => {
                    let number = self.live(*order).expect("live");
                    let asked = self.orders[number].order.clone();
                    assert!(
                        !matches!(asked.wish, Wish::Site(_)),
                        "a chosen site is not replaced"
                    );
                    assert_eq!(Some(self.placed(number).expect("placed")), *from);
                    assert!(self.sites[&from.expect("placed")].closed);
                    assert!(
                        self.is_eligible(&asked, *to) && self.can_take(&asked, *to, Some(number))
                    );
                    self.orders[number].at = Some((*to, self.pool(*to)));
                }
                Event::Stranded {
                    order,
                    from,
                    because: Cause::SiteClosed,
                } => {
                    let number = self.live(*order).expect("live");
                    assert!(self.sites[from].closed);
                    self.reroute(number, |_| true);
                    assert_eq!(self.orders[number].at, None, "there was a place");
                }
                other => panic!("{other:?}"),
            }
        }
        let stays = |order: &&ModelOrder| {
            order.state.is_live() && order.at.is_some_and(|at| self.sites[&at.0].closed)
        };
        assert_eq!(
            self.orders.iter().find(stays).map(|order| order.order.id),
            None
        );
        Ok(())
    }

    fn change(&mut self, change: &Change) -> bool {
        let id = change.site();
        if let Change::Open(site) = change {
            let is_free = self.open(id).is_err();
            let known = self.sites.get(&id).cloned();
            let mut opened = Model::new(core::slice::from_ref(site), self.rules.clone());
            let mut opened = opened.sites.remove(&id).expect("one");
            if let Some(known) = known {
                (opened.price, opened.cools_until) = (known.price, known.cools_until);
            }
            if is_free {
                self.sites.insert(id, opened);
            }
            return is_free;
        }
        let Some(known) = self.sites.get_mut(&id).filter(|site| !site.closed) else {
            return false;
        };
        match change {
            Change::Close(_) => known.closed = true,
            Change::SetStatus { status, .. } => known.site.status = *status,
            Change::SetCapacity { capacity, .. } => known.site.capacity = *capacity,
            Change::SetArea { area, .. } => known.site.area = area.clone(),
            other => panic!("{other:?}"),
        }
        true
    }

    fn sell(&mut self, Goods { site, sku, pieces }: Goods) -> Result<(), Refusal> {
        self.open(site)?;
        let pool = self.pool(site);
        let there = self.on_hand.get(&(pool, sku)).copied().unwrap_or(0);
        let unheld = there - self.held(pool, sku);
        if unheld < pieces.0 {
            return Err(Refusal::HeldForOrders {
                site,
                sku,
                unheld: Quantity(unheld),
            });
        }
        self.on_hand.insert((pool, sku), there - pieces.0);
        Ok(())
    }

    fn count(&mut self, Goods { site, sku, pieces }: Goods) -> Result<(), Refusal> {
        self.open(site)?;
        let pool = self.pool(site);
        while self.held(pool, sku) > pieces.0 {
            let holds = |order: &ModelOrder| {
                order.state.is_live()
                    && order.at.is_some_and(|at| at.1 == pool)
                    && order.order.lines.iter().any(|line| line.sku == sku)
            };
            let last = self
                .orders
                .iter()
                .rposition(holds)
                .expect("somebody holds them");
            let pools: BTreeMap<SiteId, SiteId> = self
                .sites
                .keys()
                .map(|site| (*site, self.pool(*site)))
                .collect();
            self.reroute(last, |site| pools[&site] != pool);
        }
        self.on_hand.insert((pool, sku), pieces.0);
        Ok(())
    }

    fn set_safety(&mut self, level: SafetyLevel, pieces: Option<Quantity>) -> Result<(), Refusal> {
        let key = match level {
            SafetyLevel::Network => (None, None),
            SafetyLevel::Site(site) => {
                self.open(site)?;
                (Some(self.pool(site)), None)
            }
            SafetyLevel::Sku { site, sku } => {
                self.open(site)?;
                (Some(self.pool(site)), Some(sku))
            }
        };
        match pieces {
            Some(pieces) => self.safety.insert(key, pieces.0),
            None => self.safety.remove(&key),
        };
        Ok(())
    }

    fn transfer(&mut self, leaver: SiteId, heir: SiteId) -> Result<(), Refusal> {
        if !self.sites.contains_key(&leaver) {
            return Err(Refusal::UnknownSite { site: leaver });
        }
        self.open(heir)?;
        if self.sites[&heir].site.kind != SiteKind::Leader {
            return Err(Refusal::NoLeader { site: heir });
        }
        let theirs = self.homes.values_mut().filter(|home| **home == leaver);
        theirs.for_each(|home| *home = heir);
        Ok(())
    }
}

fn walk(a: Position, b: Position) -> i64 {
    i64::try_from(a.distance_to(b).as_millimetres()).expect("on Earth")
}
