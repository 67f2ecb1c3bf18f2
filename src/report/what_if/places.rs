use core::cmp::Reverse;
use core::fmt;
use std::collections::BinaryHeap;

use crate::candidates::Filter;
use crate::id::{DisplayWith, Names, Numbers, SiteId};
use crate::order::{Order, Wish};
use crate::plan::{Cost, Costs, Objective, Plan, Proof, Router, Total};
use crate::report::{Align, Report, Table, WhatIfError};
use crate::site::{Change, Network, Site};

/// What a site more is worth: less is better in a [`Total`], more is better here. Compared in this order.
///
/// ```
/// use catchment::plan::Cost;
/// use catchment::report::Gain;
/// let place = Gain { orders: 1, cost: Cost::from_millimetres(-400_000) };
/// let short_cut = Gain { orders: 0, cost: Cost::from_millimetres(900_000) };
/// assert!(place > short_cut);
/// assert_eq!(place.to_string(), "1 more with a place, -400 m saved");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Gain {
    /// How many orders more have a site. Always 0 under [`Objective::UnassignedAt`], where they are in the cost.
    pub orders: i64,
    /// What is saved: walks and preferences, and under [`Objective::UnassignedAt`] the price of every order that has a
    /// site.
    #[cfg_attr(feature = "serde", serde(rename = "saved_mm"))]
    pub cost: Cost,
}

/// A site chosen by [`Report::next_places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Pick {
    /// Which.
    pub site: SiteId,
    /// What it gains with all chosen before it: exact.
    pub gain: Gain,
    /// The value of the plan with it and all chosen before it.
    pub total: Total,
}

/// The best next sites, best first. `Display` is a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct NextPlaces {
    /// The chosen sites; fewer than wanted if no other gains anything.
    pub picks: Vec<Pick>,
    /// No choice of as many candidates as were wanted gains more than this. `None` if plans are not proven optimal:
    /// then nothing is known of other choices.
    pub bound: Option<Gain>,
    /// How many plans were made.
    pub plans: u64,
}

/// The search: what is open so far, and what every other candidate could add to it.
struct Search<'a> {
    orders: Vec<Order>,
    costs: Option<&'a dyn Costs>,
    candidates: &'a [Site],
    network: Network,
    plan: Plan,
    /// The largest first; of equals the smallest site id.
    bounds: BinaryHeap<Bound>,
    plans: u64,
}

/// What a candidate gains at most; with the number of sites that had been chosen when that was found to be exact.
type Bound = (Gain, Reverse<SiteId>, usize, Option<usize>);

impl Report<'_> {
    /// Chooses sites among candidates, one after the other the one that gains most by an exact plan; of equals the one
    /// with the smallest id. See the [module](crate::report::what_if) for what is guaranteed.
    ///
    /// About one plan for each candidate that could be the best by its bound; at worst one for each candidate and
    /// step.
    ///
    /// # Errors
    ///
    /// [`WhatIfError::Network`] if the candidates can't all be opened, for example under an id that is taken, and as
    /// [`what_if`](Self::what_if).
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder().site(Site::store(SiteId(1), at(121.40)?, Units(60))).build()?;
    /// let orders = [121.41, 121.42, 121.42].into_iter().zip(1..);
    /// let orders: Vec<Order> = orders.map(|(lng, id)| Order::new(OrderId(id), at(lng).expect("in range"))).collect();
    /// let plan = Router::new(&network).route(&orders)?;
    ///
    /// let homes = [(2, 121.41), (3, 121.42), (4, 121.42)];
    /// let leader = |(id, lng)| Site::leader(SiteId(id), at(lng).expect("in range"), Units(60));
    /// let next = Report::of(&network, &orders, &plan)?.next_places(&homes.map(leader), 2)?;
    /// assert_eq!(next.picks.iter().map(|pick| pick.site.0).collect::<Vec<_>>(), [3, 2]);
    /// assert_eq!(next.picks[0].gain.to_string(), "3,804 m saved");
    /// assert_eq!(next.bound, Some(next.gain())); // no two of the three are better
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_places(
        &self,
        candidates: &[Site],
        wanted: usize,
    ) -> Result<NextPlaces, WhatIfError> {
        if !self.plan().is_by_distance() {
            return Err(WhatIfError::OwnCosts);
        }
        self.places((candidates, wanted), None)
    }

    /// [`next_places`](Self::next_places) for a plan with the caller's own costs: the same costs, which know the
    /// candidates too.
    ///
    /// With a [lower bound](Costs::least_per_kilometre) of the costs all is as with distances. Without one nothing is
    /// known of a candidate before it is planned, so that all are in every step, and there is no bound.
    ///
    /// # Errors
    ///
    /// As [`next_places`](Self::next_places), and [`WhatIfError::ByDistance`] if the plan is not by own costs.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::{Cost, Router};
    /// use catchment::report::{Report, WhatIfError};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder().site(Site::store(SiteId(1), at(121.40)?, Units(60))).build()?;
    /// let orders = [Order::new(OrderId(1), at(121.41)?)];
    /// // Ten minutes to a site with an odd number, five to one with an even number.
    /// let by_bus = |_: &Order, site: &Site, _: Distance| {
    ///     Some(Cost::from_millimetres(if site.id.0 % 2 == 0 { 400_000 } else { 800_000 }))
    /// };
    /// let plan = Router::new(&network).costs(&by_bus).route(&orders)?;
    /// let homes = [2, 3].map(|id| Site::leader(SiteId(id), at(121.42).expect("in range"), Units(60)));
    /// let report = Report::of(&network, &orders, &plan)?;
    /// assert_eq!(report.next_places(&homes, 1), Err(WhatIfError::OwnCosts));
    /// let next = report.next_places_by_costs(&homes, 1, &by_bus)?;
    /// assert_eq!((next.picks[0].site, next.picks[0].gain.to_string()), (SiteId(2), "400 m saved".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_places_by_costs(
        &self,
        candidates: &[Site],
        wanted: usize,
        costs: &dyn Costs,
    ) -> Result<NextPlaces, WhatIfError> {
        if self.plan().is_by_distance() {
            return Err(WhatIfError::ByDistance);
        }
        self.places((candidates, wanted), Some(costs))
    }

    fn places(
        &self,
        (candidates, wanted): (&[Site], usize),
        costs: Option<&dyn Costs>,
    ) -> Result<NextPlaces, WhatIfError> {
        let mut search = Search::new(self, candidates, costs)?;
        // Lists that leave nothing out now may do so with a site more.
        let is_bounded = costs.is_none_or(|costs| costs.least_per_kilometre().is_some());
        let is_proven = is_bounded && self.plan().proof() == Proof::Optimal;
        let (mut picks, mut gained, mut bound) = (Vec::new(), Gain::default(), None);
        while picks.len() < wanted {
            let best = search.best(picks.len(), is_proven)?;
            let at_most = gained.plus(search.most(wanted, best.as_ref()));
            bound = Some(bound.map_or(at_most, |bound: Gain| bound.min(at_most)));
            let Some(best) = best.filter(|best| best.gain > Gain::default()) else {
                break;
            };
            gained = gained.plus(best.gain);
            picks.push(Pick {
                site: best.site,
                gain: best.gain,
                total: best.plan.total(),
            });
            (search.network, search.plan) = (best.network, best.plan);
        }
        Ok(NextPlaces {
            picks,
            bound: is_proven.then_some(bound.unwrap_or_default()),
            plans: search.plans,
        })
    }
}

/// A candidate as it would be.
struct Opened {
    site: SiteId,
    gain: Gain,
    network: Network,
    plan: Plan,
}

impl<'a> Search<'a> {
    fn new(
        report: &Report<'_>,
        candidates: &'a [Site],
        costs: Option<&'a dyn Costs>,
    ) -> Result<Self, WhatIfError> {
        let all = candidates.iter().cloned().map(Change::Open);
        let all = report.network().with_changes(all)?;
        let orders: Vec<Order> = report
            .orders()
            .iter()
            .map(|order| (*order).clone())
            .collect();
        let bounds = (0..).zip(candidates).map(|(index, site)| {
            let router = router_like(&all, report.plan(), costs);
            let most = most_gained(&router, &orders, report.plan(), site);
            (most, Reverse(site.id), index, None)
        });
        Ok(Self {
            bounds: bounds.collect(),
            orders,
            costs,
            candidates,
            network: report.network().clone(),
            plan: report.plan().clone(),
            plans: 0,
        })
    }

    /// The candidate that gains most, taken out of the bounds. If bounds do not hold, all are planned.
    fn best(&mut self, chosen: usize, is_proven: bool) -> Result<Option<Opened>, WhatIfError> {
        let mut best: Option<Opened> = None;
        if !is_proven {
            let unknown = |(_, id, index, _): Bound| (Gain::MAX, id, index, None);
            self.bounds = self.bounds.drain().map(unknown).collect();
        }
        while let Some((_, id, index, planned_at)) = self.bounds.pop() {
            if planned_at == Some(chosen) {
                // The first of those that were planned: the best of all, as the others' bounds are no more.
                return Ok(best);
            }
            let opened = self.open(&self.candidates[index])?;
            self.plans += 1;
            self.bounds.push((opened.gain, id, index, Some(chosen)));
            let rank = |one: &Opened| (one.gain, Reverse(one.site));
            if best.as_ref().is_none_or(|best| rank(&opened) > rank(best)) {
                best = Some(opened);
            }
        }
        Ok(best)
    }

    /// The plan with one site more than now.
    fn open(&self, site: &Site) -> Result<Opened, WhatIfError> {
        let network = self.network.with_changes([Change::Open(site.clone())])?;
        let router = router_like(&network, &self.plan, self.costs).starting_at(&self.plan);
        let plan = router.route(&self.orders)?;
        Ok(Opened {
            site: site.id,
            gain: Gain::between(&self.plan, &plan),
            network,
            plan,
        })
    }

    /// What so many candidates, the best one among them, gain at most together.
    fn most(&self, wanted: usize, best: Option<&Opened>) -> Gain {
        let mut bounds: Vec<Gain> = self.bounds.iter().map(|(gain, ..)| *gain).collect();
        bounds.extend(best.map(|best| best.gain));
        bounds.sort_unstable_by_key(|gain| Reverse(*gain));
        let largest = bounds.into_iter().take(wanted);
        largest
            .filter(|gain| *gain > Gain::default())
            .fold(Gain::default(), Gain::plus)
    }
}

fn router_like<'a>(network: &'a Network, plan: &Plan, costs: Option<&'a dyn Costs>) -> Router<'a> {
    let router = Router::like(network, plan);
    match costs {
        Some(costs) => router.costs(costs),
        None => router,
    }
}

/// What opening a site gains at most, by the prices of the plan: see the module. The router is for a version of the
/// network with the site.
fn most_gained(router: &Router<'_>, orders: &[Order], plan: &Plan, site: &Site) -> Gain {
    let is_free = |order: &Order| !matches!(order.wish, Wish::Site(_));
    let is_chosen = |order: &Order| order.wish == Wish::Site(site.id);
    if plan.proof() != Proof::Optimal || orders.iter().any(is_chosen) {
        return Gain::MAX;
    }
    let filter = match plan.open_at() {
        Some(at) => Filter::default().open_at(at),
        None => Filter::default(),
    };
    let free = orders.iter().find(|order| is_free(order));
    let size = free.map_or(1, |order| order.size.0.max(1));
    let room = (filter.capacity_of(site).0 / size) as usize;
    let costs = router.costs_at(orders, site.id);
    let paid = orders.iter().zip(plan.decisions()).zip(costs);
    let mut gains: Vec<Gain> = paid
        .filter(|((order, _), _)| is_free(order))
        .filter_map(|((_, decision), cost)| {
            let pays = match decision.assigned() {
                Some(assigned) => {
                    let price = plan.load(assigned.site).map(|load| load.price);
                    let price = price.unwrap_or_default();
                    Gain::new(price.unassigned, price.cost).plus(Gain {
                        orders: 0,
                        cost: assigned.cost,
                    })
                }
                None => match plan.objective() {
                    Objective::FewestUnassigned => Gain::new(1, 0),
                    Objective::UnassignedAt(price) => Gain {
                        orders: 0,
                        cost: price.into(),
                    },
                },
            };
            let there = Gain::new(0, cost?.as_millimetres().saturating_neg());
            Some(pays.plus(there))
        })
        .filter(|gain| *gain > Gain::default())
        .collect();
    gains.sort_unstable_by_key(|gain| Reverse(*gain));
    let largest = gains.into_iter().take(room);
    largest.fold(Gain::default(), Gain::plus)
}

impl Gain {
    /// More than anything gains, and half of what a sum holds.
    const MAX: Self = Self::new(i64::MAX / 2, 0);

    const fn new(orders: i64, cost: i64) -> Self {
        Self {
            orders,
            cost: Cost::from_millimetres(cost),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        let cost = self.cost.as_millimetres();
        Self::new(
            self.orders.saturating_add(other.orders),
            cost.saturating_add(other.cost.as_millimetres()),
        )
    }

    /// By how much the second plan is better, in terms of what was to be least.
    fn between(before: &Plan, after: &Plan) -> Self {
        let value = |plan: &Plan| {
            let Total { unassigned, cost } = plan.total();
            let (unassigned, cost) = (i64::from(unassigned.0), cost.as_millimetres());
            match plan.objective() {
                Objective::FewestUnassigned => (unassigned, cost),
                Objective::UnassignedAt(price) => {
                    let price = Cost::from(price).as_millimetres();
                    (0, cost.saturating_add(unassigned.saturating_mul(price)))
                }
            }
        };
        let (before, after) = (value(before), value(after));
        Self::new(before.0 - after.0, before.1.saturating_sub(after.1))
    }
}

impl NextPlaces {
    /// What all chosen sites gain together.
    #[must_use]
    pub fn gain(&self) -> Gain {
        let gains = self.picks.iter().map(|pick| pick.gain);
        gains.fold(Gain::default(), Gain::plus)
    }
}

impl fmt::Display for Gain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.orders {
            0 => f.pad(&format!("{} saved", self.cost)),
            more => f.pad(&format!("{more} more with a place, {} saved", self.cost)),
        }
    }
}

impl fmt::Display for NextPlaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for NextPlaces {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = [("next", Align::Left), ("gain", Align::Left)];
        let mut table = Table::new(left.into_iter().chain([("then", Align::Left)]));
        for pick in &self.picks {
            let site = format!("site {}", names.site(pick.site));
            table.row([site, pick.gain.to_string(), pick.total.to_string()]);
        }
        write!(f, "{table}")?;
        match self.bound {
            Some(bound) => writeln!(
                f,
                "together {}; no choice gains more than {bound}",
                self.gain()
            ),
            None => Ok(()),
        }
    }
}
