//! Which orders may go to which sites, and what that costs: the terms of one batch.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use crate::balance::Candidate;
use crate::candidates::Filter;
use crate::geo::{Address, Chord, Position, UnitVector};
use crate::id::{OrderId, SiteId};
use crate::index::map_in_order;
use crate::order::{Order, Wish};
use crate::plan::batch::Batch;
use crate::plan::result::Settings;
use crate::plan::{Cost, Costs, RouteError};
use crate::site::{Network, Record, SiteKind, Tags};
use crate::units::{Distance, Units};

/// Sites by *slot*, which here is their place in the order of ids, with what every order is asked of them.
pub(super) struct Terms<'a> {
    pub(super) sites: Vec<SiteTerms<'a>>,
    pub(super) batch: Batch<'a>,
    pub(super) settings: &'a Settings,
    costs: Option<&'a dyn Costs>,
    /// What it is worth to stay with the home, in millimetres.
    reward: i64,
    /// The first cost that is out of range, in the order of ids, whichever thread met it.
    fault: Mutex<Option<CostFault>>,
}

/// One site.
pub(super) struct SiteTerms<'a> {
    pub(super) record: &'a Record,
    pub(super) at: UnitVector,
    /// What it takes in the window.
    pub(super) capacity: Units,
    /// What is added to the walk, in millimetres.
    pub(super) surcharge: i64,
    /// Whether it takes any order at all.
    pub(super) is_open: bool,
    /// It serves all addresses with a squared chord up to this.
    certain2: f64,
}

/// What is asked about an order again and again: 40 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) at: UnitVector,
    /// The order's place in the order of ids.
    pub(super) rank: u32,
    /// The slot of its home, or [`NO_HOME`](Self::NO_HOME).
    pub(super) home: u32,
    /// Whether it asks no more than every order does.
    pub(super) is_plain: bool,
}

/// An order and a site for which the caller's costs are out of range, the cost, and the bound that it is below; `None`
/// if it is too large.
pub(super) type CostFault = (OrderId, SiteId, Cost, Option<Cost>);

impl Asker {
    pub(super) const NO_HOME: u32 = u32::MAX;
}

impl<'a> Terms<'a> {
    /// O(sites).
    pub(super) fn new(
        network: &'a Network,
        batch: Batch<'a>,
        settings: &'a Settings,
        costs: Option<&'a dyn Costs>,
    ) -> Self {
        let state = &network.state;
        let demands = settings.filter(Filter::default());
        let preferences = &settings.preferences;
        let slots = state.directory.slots_by_id();
        let records = slots.filter_map(|slot| Some((slot, state.record(slot)?)));
        let sites = records.map(|(slot, record)| {
            let site = &record.site;
            let by_kind = match site.kind {
                SiteKind::Store => preferences.store,
                SiteKind::Leader => preferences.leader,
            };
            let own = preferences.sites.get(&site.id).copied();
            let surcharges = [by_kind, own.unwrap_or_default()].map(Cost::from);
            SiteTerms {
                record,
                at: state.vector(slot, record),
                capacity: demands.capacity_of(site),
                surcharge: surcharges.iter().map(|cost| cost.as_millimetres()).sum(),
                is_open: demands.first_unmet_anywhere(site).is_none(),
                certain2: record.area.certain2(),
            }
        });
        Self {
            sites: sites.collect(),
            batch,
            settings,
            costs,
            reward: Cost::from(preferences.home).as_millimetres(),
            fault: Mutex::new(None),
        }
    }

    /// The slot of a site. O(log n).
    pub(super) fn slot(&self, site: SiteId) -> Option<u32> {
        let found = self
            .sites
            .binary_search_by_key(&site, |site| site.record.site.id);
        found.ok().map(|slot| slot as u32)
    }

    pub(super) fn site(&self, slot: u32) -> &SiteTerms<'a> {
        &self.sites[slot as usize]
    }

    /// The orders whose buyers chose no site, along a curve through the map: the optimiser then finds neighbours
    /// beside each other in memory.
    pub(super) fn free_along_curve(&self) -> Vec<Asker> {
        let free = self
            .batch
            .ranked()
            .filter(|(_, order)| !matches!(order.wish, Wish::Site(_)));
        let mut keys: Vec<(u64, u32)> = free
            .map(|(rank, order)| (along_curve(order.position), rank))
            .collect();
        keys.sort_unstable();
        map_in_order(&keys, 1_024, |(_, rank)| self.asker(*rank))
    }

    pub(super) fn asker(&self, rank: u32) -> Asker {
        let order = self.order(rank);
        let home = order.home.and_then(|home| self.slot(home));
        let asks_nothing = order.wish == Wish::Any && order.required_tags == Tags::NONE;
        Asker {
            at: order.position.unit_vector(),
            rank,
            home: home.unwrap_or(Asker::NO_HOME),
            is_plain: asks_nothing && order.size == Units(1),
        }
    }

    pub(super) fn order(&self, rank: u32) -> Cow<'a, Order> {
        self.batch.order(rank)
    }

    /// What the order costs at an open site; `None` if it can't go there.
    #[inline]
    pub(super) fn cost(&self, asker: &Asker, slot: u32, chord: Chord) -> Option<i64> {
        let site = self.site(slot);
        // A plain order asks no more of an open site than that it serves the address.
        let is_certain = asker.is_plain && chord.chord2 <= site.certain2;
        if !is_certain && !self.allows(asker, slot, chord) {
            return None;
        }
        let walk = match self.costs {
            None => chord.distance().as_millimetres().cast_signed(),
            Some(costs) => self.walk_by(costs, asker, site, chord.distance())?,
        };
        Some(walk + self.surcharge(asker, slot))
    }

    /// What the order would cost at a site so far away, whether or not it may go there; `None` if the caller's costs
    /// have none.
    pub(super) fn cost_of_walk(&self, asker: &Asker, slot: u32, walk: Distance) -> Option<i64> {
        let cost = match self.costs {
            None => walk.as_millimetres().cast_signed(),
            Some(costs) => self.walk_by(costs, asker, self.site(slot), walk)?,
        };
        Some(cost + self.surcharge(asker, slot))
    }

    /// What preferences add to the walk.
    #[inline]
    fn surcharge(&self, asker: &Asker, slot: u32) -> i64 {
        let reward = if asker.home == slot { self.reward } else { 0 };
        self.site(slot).surcharge - reward
    }

    /// No order gets more for going somewhere.
    pub(super) fn reward_max(&self) -> i64 {
        self.reward
    }

    /// Whether the order may go to a site.
    #[inline(never)]
    pub(super) fn allows(&self, asker: &Asker, slot: u32, chord: Chord) -> bool {
        let order = self.order(asker.rank);
        let filter = self.settings.filter(Filter::for_order(&order));
        let address = Address::known(order.position, asker.at);
        let unmet = filter.first_unmet(self.site(slot).record, &address, chord);
        unmet.is_none()
    }

    /// Whether a walk costs what the caller says, and not its length.
    pub(super) fn has_own_costs(&self) -> bool {
        self.costs.is_some()
    }

    /// What each kilometre costs at least, in millimetres; `None` if that is not known.
    pub(super) fn least_per_kilometre(&self) -> Option<u64> {
        match self.costs {
            None => Some(1_000_000),
            Some(costs) => costs.least_per_kilometre().map(Distance::as_millimetres),
        }
    }

    /// The first cost that was out of range, if any was.
    pub(super) fn fault(&self) -> Option<CostFault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails if the caller's costs were out of range.
    pub(super) fn check(&self) -> Result<(), RouteError> {
        match self.fault() {
            None => Ok(()),
            Some((order, site, cost, Some(bound))) => Err(RouteError::CostBelowBound {
                order,
                site,
                cost,
                bound,
            }),
            Some((order, site, cost, None)) => Err(RouteError::CostTooLarge {
                order,
                site,
                cost,
                limit: Cost::from_millimetres(Self::WALK_MAX),
            }),
        }
    }

    /// The walk as the caller counts it. A cost out of range is noted, and set to where it is in range.
    fn walk_by(
        &self,
        costs: &dyn Costs,
        asker: &Asker,
        site: &SiteTerms<'_>,
        distance: Distance,
    ) -> Option<i64> {
        let order = self.order(asker.rank);
        let cost = costs.cost(&order, &site.record.site, distance)?;
        let walk = cost.as_millimetres();
        let share = self.least_per_kilometre().map(|least| {
            let share = u128::from(least) * u128::from(distance.as_millimetres()) / 1_000_000;
            i64::try_from(share).unwrap_or(i64::MAX)
        });
        let bound = share.filter(|share| walk < *share);
        if bound.is_none() && walk.unsigned_abs() <= Self::WALK_MAX.unsigned_abs() {
            return Some(walk);
        }
        let bound = bound.map(Cost::from_millimetres);
        let found = (order.id, site.record.site.id, cost, bound);
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if fault.is_none_or(|first| found < first) {
            *fault = Some(found);
        }
        Some(walk.clamp(-Self::WALK_MAX, Self::WALK_MAX))
    }

    /// What is left of a candidate's cost when all preferences are as large as they may be.
    pub(super) const WALK_MAX: i64 = Candidate::COST_MAX / 2;
}

impl Settings {
    /// The filter with what the plan asks of every site.
    #[inline]
    pub(super) fn filter<'f>(&self, filter: Filter<'f>) -> Filter<'f> {
        match self.open_at {
            Some(at) => filter.open_at(at),
            None => filter,
        }
    }
}

/// Where a position is along a curve through the whole Earth that keeps neighbours together (G. M. Morton, 1966: the
/// bits of longitude and latitude take turns).
pub(super) fn along_curve(position: Position) -> u64 {
    let share = |part: f64, whole: f64| (part / whole * f64::from(u32::MAX)) as u32;
    let x = share(position.lng() + 180.0, 360.0);
    let y = share(position.lat() + 90.0, 180.0);
    spread(x) | spread(y) << 1
}

/// Moves the bits apart, so that there is room for another between each two.
fn spread(bits: u32) -> u64 {
    let mut bits = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}
