use core::fmt;

use crate::limits::Limits;
use crate::order::Order;
use crate::plan::result::Settings;
use crate::plan::{Costs, Plan, Preferences, RouteError};
use crate::site::Network;
use crate::time::Timestamp;
use crate::units::Distance;

/// Routes batches of orders over one version of a network.
///
/// A router is a few settings and can be kept; each method changes one. See the [module](crate::plan) for what is
/// decided and how.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::{Proof, Router};
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder().site(Site::leader(SiteId(1), at(121.40)?, Units(1))).build()?;
/// let orders = [Order::new(OrderId(2), at(121.40)?), Order::new(OrderId(1), at(121.41)?)];
/// let plan = Router::new(&network).route(&orders)?;
/// assert_eq!(plan.proof(), Proof::Optimal);
/// let said: Vec<String> = plan.decisions().iter().map(|decision| decision.to_string()).collect();
/// assert_eq!(said, ["order 1: every eligible site is full", "order 2: site 1 at 0 m"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Router<'a> {
    pub(super) network: &'a Network,
    pub(super) settings: Settings,
    pub(super) costs: Option<&'a dyn Costs>,
    pub(super) start: Option<&'a Plan>,
    pub(super) listed: usize,
    pub(super) limits: Limits,
}

impl fmt::Debug for Router<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("network", &self.network)
            .field("settings", &self.settings)
            .field("costs", &self.costs.map(|_| "…"))
            .field("start", &self.start.map(Plan::total))
            .field("listed", &self.listed)
            .field("limits", &self.limits)
            .finish()
    }
}

/// What is to be least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Objective {
    /// First the number of orders that go nowhere, then the cost of the others: the default.
    #[default]
    FewestUnassigned,
    /// The cost of the assigned orders and so much for every other one: an order goes nowhere rather than cost more.
    UnassignedAt(Distance),
}

/// How sites are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Method {
    /// Each order at its cheapest eligible site, whatever the capacity: a yardstick, not a plan to carry out.
    Nearest,
    /// Order by order, in the sequence of ids, the cheapest eligible site that has room left: what a shop does by hand.
    Greedy,
    /// The best plan for all together: the default.
    #[default]
    Balanced,
}

impl<'a> Router<'a> {
    /// The candidates that are [`listed`](Self::listed) for each order if nothing else is asked.
    pub const LISTED: usize = 16;

    /// Routes over this version, by walking distance alone, with the network's limits.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            settings: Settings::default(),
            costs: None,
            start: None,
            listed: Self::LISTED,
            limits: *network.limits(),
        }
    }

    /// Routes over this version as another plan was made: by its method, objective, preferences and hours. The caller's
    /// own [`costs`](Self::costs) and other limits must be given again.
    ///
    /// ```
    /// use catchment::plan::{Method, Router};
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let by_hand = Router::new(&network).method(Method::Greedy).route(&[])?;
    /// assert_eq!(Router::like(&network, &by_hand).route(&[])?.method(), Method::Greedy);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn like(network: &'a Network, plan: &Plan) -> Self {
        let settings = Settings {
            has_own_costs: false,
            listed: None,
            ..plan.inner.settings.clone()
        };
        Self {
            settings,
            listed: plan.listed().unwrap_or(Self::LISTED),
            ..Self::new(network)
        }
    }

    /// Begins at the prices and places of an earlier plan, for another version of the network or other orders: the less
    /// has changed since, the sooner it is done.
    ///
    /// The plan is as good as one that begins from nothing, and as well proven. Of several best plans it is one near
    /// the earlier one, so that nobody moves without a reason: it may be another than without this. Methods other than
    /// [`Method::Balanced`], orders of several sizes, and costs without a [lower bound](Costs::least_per_kilometre)
    /// begin from nothing.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::Units;
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::Router;
    /// use catchment::site::Change;
    ///
    /// let before = Router::new(&network).route(&orders)?;
    /// let larger = network.with_changes([Change::SetCapacity { site: SiteId(2), capacity: Units(90) }])?;
    /// let after = Router::new(&larger).starting_at(&before).route(&orders)?;
    /// assert_eq!(after.decisions(), before.decisions());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn starting_at(mut self, plan: &'a Plan) -> Self {
        self.start = Some(plan);
        self
    }

    /// Only sites that are open at this instant, with what they take in that window. Without this, hours are not
    /// asked and sites take their capacity.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::{Distance, Units};
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::Router;
    /// use catchment::site::{Change, Schedule};
    /// use catchment::time::Timestamp;
    ///
    /// let closed = Change::SetSchedule { site: SiteId(1), schedule: Schedule::from_openings([])? };
    /// let network = network.with_changes([closed])?;
    /// let plan = Router::new(&network).open_at(Timestamp::from_unix_millis(0)).route(&orders)?;
    /// assert!(plan.decisions().iter().flat_map(|decision| decision.assigned()).all(|a| a.site == SiteId(2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_at(mut self, at: Timestamp) -> Self {
        self.settings.open_at = Some(at);
        self
    }

    /// What is preferred, in metres.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::{Distance, Units};
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::{Preferences, Router};
    ///
    /// let leader = Distance::from_metres(1_000); // a store is worth so long a walk
    /// let preferences = Preferences { leader, ..Preferences::default() };
    /// let plan = Router::new(&network).preferences(preferences).route(&orders)?;
    /// assert_eq!(plan.load(SiteId(2)).map(|load| load.load), Some(Units(2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn preferences(mut self, preferences: Preferences) -> Self {
        self.settings.preferences = preferences;
        self
    }

    /// What is to be least.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::{Distance, Units};
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::{Objective, Router};
    ///
    /// let at_most = Objective::UnassignedAt(Distance::from_metres(500));
    /// let plan = Router::new(&network).objective(at_most).route(&orders)?;
    /// assert_eq!(plan.total().unassigned.0, 1); // the second leader is 951 m away
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn objective(mut self, objective: Objective) -> Self {
        self.settings.objective = objective;
        self
    }

    /// How sites are chosen.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::{Distance, Units};
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::{Method, Router};
    ///
    /// let plan = Router::new(&network).method(Method::Nearest).route(&orders)?;
    /// assert_eq!(plan.load(SiteId(1)).map(|load| load.load), Some(Units(2))); // has room for one
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn method(mut self, method: Method) -> Self {
        self.settings.method = method;
        self
    }

    /// Costs of the caller's own in place of the distance.
    ///
    /// ```
    /// # use catchment::geo::{LngLat, Position};
    /// # use catchment::id::{OrderId, SiteId};
    /// # use catchment::order::Order;
    /// # use catchment::site::{Network, Site};
    /// # use catchment::units::{Distance, Units};
    /// # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// # let network = Network::builder()
    /// #     .site(Site::leader(SiteId(1), at(121.40)?, Units(1)))
    /// #     .site(Site::store(SiteId(2), at(121.41)?, Units(60)))
    /// #     .build()?;
    /// # let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
    /// use catchment::plan::{Cost, Proof, Router};
    /// use catchment::site::SiteKind;
    ///
    /// // Minutes by bus, in millimetres at 80 m a minute; no bus goes to the stores.
    /// let by_bus = |_: &Order, site: &Site, _: Distance| {
    ///     (site.kind == SiteKind::Leader).then_some(Cost::from_millimetres(12 * 80_000))
    /// };
    /// let plan = Router::new(&network).costs(&by_bus).route(&orders)?;
    /// assert_eq!(plan.total().to_string(), "1 unassigned, 960 m");
    /// assert_eq!(plan.proof(), Proof::Optimal); // so few sites are all listed
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn costs(mut self, costs: &'a dyn Costs) -> Self {
        self.costs = Some(costs);
        self.settings.has_own_costs = true;
        self
    }

    /// How many candidates to list for each order where not all can be asked for: where costs have no
    /// [lower bound](Costs::least_per_kilometre), the nearest so many that are eligible; where orders differ in size,
    /// the cheapest. Elsewhere nothing depends on it.
    pub fn listed(mut self, candidates: usize) -> Self {
        self.listed = candidates;
        self
    }

    /// Other limits than the network's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Decides for every order of a batch, the buyers' choices first.
    ///
    /// Candidates are found on all threads (feature `rayon`), for about a microsecond an order; what balancing takes
    /// depends on how many sites are full, and on how far orders have to go then: thousands at one address, such as a
    /// geocoder's fallback, take much longer than as many all over the city (all of 20,000: seconds in place of 30 ms).
    /// O(orders + sites) memory.
    ///
    /// # Errors
    ///
    /// [`RouteError`] if the batch is not sound or a setting is out of range.
    pub fn route(&self, orders: &[Order]) -> Result<Plan, RouteError> {
        self.plan(orders)
    }
}
