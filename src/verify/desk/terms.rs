//! Who may be where and at what cost, as far as the events say.

use crate::id::{SiteId, SkuId};
use crate::order::{Order, Wish};
use crate::plan::Cost;
use crate::site::{Change, SiteKind, SiteStatus, Tag};
use crate::units::{Distance, Quantity, Units};
use crate::verify::areas::{Address, Area};
use crate::verify::desk::DeskViolation;
use crate::verify::desk::evening::{Evening, Follower};

impl Evening<'_> {
    pub(super) fn change(&mut self, change: &Change) {
        let id = change.site();
        if let Change::Open(site) = change {
            let before = self.sites.remove(&id);
            let mut follower = Follower::new(site.clone());
            if let Some(before) = before {
                follower.load = before.load;
                (follower.price, follower.is_cooling) = (before.price, before.is_cooling);
            }
            self.sites.insert(id, follower);
            return;
        }
        self.with_site(id, |follower| {
            let site = &mut follower.site;
            match change {
                Change::Close(_) => follower.is_closed = true,
                Change::SetStatus { status, .. } => site.status = *status,
                Change::Move { to, .. } => site.position = *to,
                Change::SetCapacity { capacity, .. } => site.capacity = *capacity,
                Change::SetArea { area, .. } => site.area = area.clone(),
                Change::SetTags { tags, .. } => site.tags = *tags,
                Change::SetSchedule { schedule, .. } => site.schedule = schedule.clone(),
                Change::SetSupplier { supplied_by, .. } => site.supplied_by = *supplied_by,
                Change::Open(_) => {}
            }
        });
    }

    pub(super) fn with_site(&mut self, site: SiteId, change: impl FnOnce(&mut Follower)) {
        match self.sites.get_mut(&site) {
            Some(follower) => change(follower),
            None => self.violations.push(DeskViolation::UnknownSite { site }),
        }
    }

    pub(super) fn pool(&self, site: SiteId) -> SiteId {
        let follower = self.sites.get(&site);
        follower
            .and_then(|follower| follower.site.supplied_by)
            .unwrap_or(site)
    }

    fn safety(&self, pool: SiteId, sku: SkuId) -> Quantity {
        let levels = [(Some(pool), Some(sku)), (Some(pool), None), (None, None)];
        let found = levels.iter().find_map(|level| self.safety.get(level));
        found.copied().unwrap_or(Quantity(0))
    }

    /// Whether a site is eligible for an order, and has room and goods for it.
    pub(in crate::verify) fn could_take(&self, order: &Order, site: SiteId) -> bool {
        let follower = self.sites.get(&site);
        let has_all = follower.is_some_and(|follower| self.can_take(follower, order));
        has_all && self.cost(order, site).is_some()
    }

    pub(super) fn can_take(&self, follower: &Follower, order: &Order) -> bool {
        let room = u64::from(self.capacity(follower).0).saturating_sub(follower.load);
        let pool = follower.site.supplied_by.unwrap_or(follower.site.id);
        let has_goods = order.lines.iter().all(|line| {
            let level = self
                .stock
                .get(&(pool, line.sku))
                .copied()
                .unwrap_or_default();
            let safety = i64::from(self.safety(pool, line.sku).0);
            level.on_hand - level.held - safety >= i64::from(line.quantity.0)
        });
        !follower.is_cooling && room >= u64::from(order.size.0) && has_goods
    }

    /// What an order costs at a site; `None` if it may not be there.
    pub(super) fn cost(&self, order: &Order, site: SiteId) -> Option<Cost> {
        let follower = self
            .sites
            .get(&site)
            .filter(|follower| !follower.is_closed)?;
        let there = &follower.site;
        let walk = order.position.distance_to(there.position);
        let is_wished = match order.wish {
            Wish::Site(wished) => wished == site,
            Wish::Within(limit) => walk <= limit,
            Wish::Deliver => there.tags.contains(Tag::DELIVERY),
            Wish::Any => true,
        };
        let is_eligible = is_wished
            && there.status == SiteStatus::Open
            && self.capacity(follower) >= order.size
            && there.tags.contains_all(order.required_tags)
            && self
                .policy
                .open_at
                .is_none_or(|at| there.schedule.is_open_at(at))
            && Area::from(&there.area).serves(&Address::new(order.position), walk);
        if !is_eligible {
            return None;
        }
        let preferences = &self.policy.preferences;
        let by_kind = match there.kind {
            SiteKind::Store => preferences.store,
            SiteKind::Leader => preferences.leader,
        };
        let own = preferences.sites.get(&site).copied().unwrap_or_default();
        let is_open = |home: &SiteId| {
            self.sites
                .get(home)
                .is_some_and(|follower| !follower.is_closed)
        };
        let known = order
            .customer
            .and_then(|customer| self.homes.get(&customer))
            .copied();
        let home = known.filter(is_open).or(order.home.filter(is_open));
        let loyalty = if home == Some(site) {
            preferences.home
        } else {
            Distance::ZERO
        };
        let sum: i64 = [walk, by_kind, own]
            .map(|part| Cost::from(part).as_millimetres())
            .iter()
            .sum();
        let cost = sum + follower.price - Cost::from(loyalty).as_millimetres();
        Some(Cost::from_millimetres(cost))
    }

    pub(super) fn capacity(&self, follower: &Follower) -> Units {
        if follower.is_closed {
            return Units(0);
        }
        let site = &follower.site;
        let opening = self
            .policy
            .open_at
            .and_then(|at| site.schedule.opening_at(at));
        opening
            .and_then(|opening| opening.capacity)
            .unwrap_or(site.capacity)
    }
}
