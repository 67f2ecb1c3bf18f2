use std::sync::Arc;

use crate::geo::Position;
use crate::id::{OrderId, SiteId};
use crate::order::{Order, Wish};
use crate::plan::{Cost, Decision, Method, Objective, Preferences, SiteLoad, Total};
use crate::site::{Tags, Version};
use crate::time::Timestamp;
use crate::units::{Orders, Units};

/// The decisions for a batch of orders: one for each, with the loads of all sites and what is proven of the whole.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder().site(Site::leader(SiteId(1), at(121.40)?, Units(1))).build()?;
/// let orders = [121.40, 121.41].map(|lng| Order::new(OrderId((lng * 100.0) as u64), at(lng).expect("in range")));
/// let plan = Router::new(&network).route(&orders)?;
/// assert_eq!(plan.total().to_string(), "1 unassigned, 0 m");
/// let load = plan.load(SiteId(1)).expect("in the network");
/// assert_eq!((load.load, load.room(), load.price.unassigned), (Units(1), Units(0), 1)); // a place is worth an order
/// let decision = plan.decision(OrderId(12_141)).expect("in the batch");
/// assert_eq!(decision.to_string(), "order 12141: every eligible site is full");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A clone is one reference count. Two plans are equal if all that they say is: the same orders in any sequence give
/// equal plans, on any number of threads.
///
/// In serde form it is stored with what its orders asked, so that it can still be explained; the caller's own costs
/// are not stored.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Inner"))]
pub struct Plan {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Inner {
    pub(super) version: Version,
    pub(super) settings: Settings,
    pub(super) decisions: Vec<Decision>,
    pub(super) loads: Vec<SiteLoad>,
    pub(super) total: Total,
    pub(super) proof: Proof,
    /// What the orders asked, beside the decisions.
    pub(super) asked: Vec<Asked>,
}

/// What explanations need of an order, and checks compare with it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Asked {
    pub(crate) position: Position,
    pub(crate) size: Units,
    pub(crate) required_tags: Tags,
    pub(crate) wish: Wish,
    pub(crate) home: Option<SiteId>,
}

impl From<&Order> for Asked {
    fn from(order: &Order) -> Self {
        Self {
            position: order.position,
            size: order.size,
            required_tags: order.required_tags,
            wish: order.wish,
            home: order.home,
        }
    }
}

/// What a plan was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Settings {
    pub(super) method: Method,
    pub(super) objective: Objective,
    pub(super) preferences: Preferences,
    pub(super) open_at: Option<Timestamp>,
    /// Whether costs were the caller's own.
    pub(super) has_own_costs: bool,
    /// How many candidates each order had, if the plan knows of no others.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) listed: Option<usize>,
}

/// What is proven of a plan's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Proof {
    /// No plan is better, whatever eligible sites its orders go to: the prices in the loads prove it.
    Optimal,
    /// No plan is better that sends each order to one of the sites listed for it. What is beyond the lists is unknown,
    /// because the caller's costs have no [lower bound](crate::plan::Costs::least_per_kilometre). If the lists leave
    /// nothing out, the plan is [`Optimal`](Self::Optimal).
    OverListedCandidates,
    /// Orders differ in size: this is the best plan that was found.
    Bounded {
        /// No plan has a lower value. Under [`UnassignedAt`](Objective::UnassignedAt) the orders that go nowhere are in
        /// the cost, at their price.
        bound: Total,
    },
    /// Nothing was proven: the plan is not by [`Method::Balanced`], or orders differ in size and costs have no bound.
    Nothing,
}

impl Plan {
    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The version of the network that it was made for.
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.version
    }

    /// How it was made.
    #[must_use]
    pub fn method(&self) -> Method {
        self.inner.settings.method
    }

    /// What was to be least.
    #[must_use]
    pub fn objective(&self) -> Objective {
        self.inner.settings.objective
    }

    /// What was preferred.
    #[must_use]
    pub fn preferences(&self) -> &Preferences {
        &self.inner.settings.preferences
    }

    /// When sites had to be open, if that was asked.
    #[must_use]
    pub fn open_at(&self) -> Option<Timestamp> {
        self.inner.settings.open_at
    }

    /// Whether costs are distances and preferences, and not the caller's own.
    #[must_use]
    pub fn is_by_distance(&self) -> bool {
        !self.inner.settings.has_own_costs
    }

    /// How many sites were listed for each order, if the plan is the best over those alone: the nearest so many that
    /// were eligible, after its home.
    ///
    /// ```
    /// use catchment::order::Order;
    /// use catchment::plan::{Cost, Router};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Distance;
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::units::Units;
    /// # let at = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// let sites = [1, 2, 3].map(|id| Site::store(SiteId(id), at, Units(9)));
    /// let (network, orders) = (Network::builder().sites(sites).build()?, [Order::new(OrderId(1), at)]);
    /// let by_bus = |_: &Order, _: &Site, _: Distance| Some(Cost::from_millimetres(960_000));
    /// assert_eq!(Router::new(&network).listed(2).route(&orders)?.listed(), None);
    /// assert_eq!(Router::new(&network).listed(2).costs(&by_bus).route(&orders)?.listed(), Some(2));
    /// assert_eq!(Router::new(&network).listed(3).costs(&by_bus).route(&orders)?.listed(), None); // all three
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn listed(&self) -> Option<usize> {
        self.inner.settings.listed
    }

    /// The decisions, one for each order, in the order of their ids. O(1).
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.inner.decisions
    }

    /// The decision on one order; `None` if it was not in the batch. O(log n).
    #[must_use]
    pub fn decision(&self, order: OrderId) -> Option<&Decision> {
        let decisions = self.decisions();
        let at = decisions.binary_search_by_key(&order, |decision| decision.order);
        decisions.get(at.ok()?)
    }

    /// What the orders asked, one for each decision.
    pub(crate) fn asked(&self) -> &[Asked] {
        &self.inner.asked
    }

    /// The loads of all sites of the network, in the order of their ids. O(1).
    #[must_use]
    pub fn loads(&self) -> &[SiteLoad] {
        &self.inner.loads
    }

    /// The load of one site; `None` if it is not in the network. O(log n).
    #[must_use]
    pub fn load(&self, site: SiteId) -> Option<&SiteLoad> {
        let loads = self.loads();
        let at = loads.binary_search_by_key(&site, |load| load.site);
        loads.get(at.ok()?)
    }

    /// The value of the plan: how many orders go nowhere, and what the others cost, those that chose their site
    /// included.
    #[must_use]
    pub fn total(&self) -> Total {
        self.inner.total
    }

    /// What is proven of it.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.inner.proof
    }

    /// By how much a better plan could be better at most; `None` if nothing is proven over all eligible sites.
    ///
    /// Under [`UnassignedAt`](Objective::UnassignedAt) the orders that go nowhere are in the cost, at their price.
    ///
    /// ```
    /// use catchment::plan::{Router, Total};
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// assert_eq!(Router::new(&network).route(&[])?.gap(), Some(Total::default()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn gap(&self) -> Option<Total> {
        let Proof::Bounded { bound } = self.proof() else {
            return (self.proof() == Proof::Optimal).then(Total::default);
        };
        let Total { unassigned, cost } = self.total();
        let (unassigned, priced) = match self.objective() {
            Objective::FewestUnassigned => (unassigned.0.saturating_sub(bound.unassigned.0), 0),
            Objective::UnassignedAt(price) => {
                let price = Cost::from(price).as_millimetres();
                (0, i64::from(unassigned.0).saturating_mul(price))
            }
        };
        let cost = cost.as_millimetres().saturating_add(priced);
        Some(Total {
            unassigned: Orders(unassigned),
            cost: Cost::from_millimetres(cost.saturating_sub(bound.cost.as_millimetres())),
        })
    }
}
