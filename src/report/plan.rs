use core::cmp::Reverse;
use std::sync::OnceLock;

use crate::candidates::Filter;
use crate::coverage::{CoverageError, DemandMap, DemandPoint, Holes};
use crate::geo::Resolution;
use crate::id::OrderId;
use crate::index::map_in_order;
use crate::order::Order;
use crate::plan::{Decision, Plan};
use crate::report::{ReportError, Summary};
use crate::site::{Neighbour, Network, Site, TOGETHER};
use crate::units::Distance;

/// A plan beside the network and the orders that it was made for.
///
/// Detours are measured from the [nearest](Self::nearest) eligible site of every order, full or not.
///
/// ```
/// use catchment::geo::{LngLat, Position, Resolution};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::report::{Report, ReportError};
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder().site(Site::leader(SiteId(1), at(121.40)?, Units(1))).build()?;
/// let orders = [Order::new(OrderId(1), at(121.40)?), Order::new(OrderId(2), at(121.41)?)];
/// let plan = Router::new(&network).route(&orders)?;
///
/// let report = Report::of(&network, &orders, &plan)?;
/// assert_eq!(report.sites()[0].load, Units(1));
/// assert_eq!(report.decisions()[1].to_string(), "order 2: every eligible site is full");
/// assert_eq!(report.unassigned_demand(Resolution::new(9)?)?.total().orders, 1);
/// let missing = Report::of(&network, &orders[..1], &plan).expect_err("one order is missing");
/// assert_eq!(missing, ReportError::OtherOrders { order: OrderId(2) });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report<'a> {
    pub(super) network: &'a Network,
    pub(super) plan: &'a Plan,
    /// By id, as the decisions are.
    pub(super) orders: Vec<&'a Order>,
    /// The nearest eligible site of each order, once it was asked for.
    nearest: OnceLock<Vec<Option<Neighbour>>>,
}

/// The numbers of a plan: [`Report::summary`] in one call.
///
/// # Errors
///
/// As [`Report::of`].
///
/// ```
/// use catchment::plan::Router;
/// use catchment::report;
/// use catchment::site::Network;
/// let network = Network::builder().build()?;
/// let plan = Router::new(&network).route(&[])?;
/// assert_eq!(report::summary(&network, &[], &plan)?.assigned.0, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn summary(network: &Network, orders: &[Order], plan: &Plan) -> Result<Summary, ReportError> {
    Ok(Report::of(network, orders, plan)?.summary())
}

impl<'a> Report<'a> {
    /// Lays a plan beside the network and the orders that it was made for. The orders may come in any sequence.
    ///
    /// O(n log n) for n orders, O(n) if they come in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`ReportError`] if they do not belong together.
    pub fn of(
        network: &'a Network,
        orders: &'a [Order],
        plan: &'a Plan,
    ) -> Result<Self, ReportError> {
        check_network(network, plan)?;
        let report = Self::trusted(network, orders, plan);
        check_orders(&report.orders, plan.decisions())?;
        Ok(report)
    }

    /// The same for what is known to belong together.
    pub(super) fn trusted(network: &'a Network, orders: &'a [Order], plan: &'a Plan) -> Self {
        let mut orders: Vec<&Order> = orders.iter().collect();
        orders.sort_by_key(|order| order.id);
        Self {
            network,
            plan,
            orders,
            nearest: OnceLock::new(),
        }
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &'a Network {
        self.network
    }

    /// The orders by id, as the plan's decisions are.
    #[must_use]
    pub fn orders(&self) -> &[&'a Order] {
        &self.orders
    }

    /// The nearest eligible site of each order, full or not, in the order of ids; `None` where no site is eligible.
    ///
    /// That is by the hard rules alone (status, wish, capacity, tags, hours, distance, service area); preferences and
    /// the caller's own costs are not asked. The first call looks them up, on all threads of the current rayon pool
    /// (feature `rayon`), about a microsecond each.
    #[must_use]
    pub fn nearest(&self) -> &[Option<Neighbour>] {
        self.nearest.get_or_init(|| {
            map_in_order(&self.orders, TOGETHER, |order| {
                let filter = filter_of(order, self.plan);
                self.network.nearest_eligible_site(order.position, &filter)
            })
        })
    }

    /// The order that goes farthest out of its way, and how far: somebody will ask. Of several the one with the
    /// smallest id; `None` if all go to the nearest. O(n).
    ///
    /// ```
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let plan = Router::new(&network).route(&[])?;
    /// assert_eq!(Report::of(&network, &[], &plan)?.farthest_out_of_its_way(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn farthest_out_of_its_way(&self) -> Option<(OrderId, Distance)> {
        let decisions = self.plan.decisions().iter().zip(self.detours());
        let detours = decisions.filter_map(|(decision, detour)| Some((detour?, decision.order)));
        let farthest = detours.max_by_key(|(detour, order)| (*detour, Reverse(*order)));
        let (detour, order) = farthest.filter(|(detour, _)| *detour > Distance::ZERO)?;
        Some((order, detour))
    }

    /// Where demand has no eligible site (服务盲区), by cell: what more capacity would not cure. The hours are those of
    /// the plan; what single orders wish or require is not asked. See [`Holes::of`].
    ///
    /// # Errors
    ///
    /// As [`Holes::of`].
    pub fn holes(&self, resolution: Resolution) -> Result<Holes, CoverageError> {
        let filter = match self.plan.open_at() {
            Some(at) => Filter::default().open_at(at),
            None => Filter::default(),
        };
        let points: Vec<DemandPoint> = self.orders.iter().map(|order| (*order).into()).collect();
        Holes::of(self.network, &points, &filter, resolution)
    }

    /// The demand that goes nowhere, for whatever reason, by cell.
    ///
    /// # Errors
    ///
    /// As [`DemandMap::of`].
    pub fn unassigned_demand(&self, resolution: Resolution) -> Result<DemandMap, CoverageError> {
        let decided = self.decided();
        let unassigned = decided.filter(|(_, decision)| decision.assigned().is_none());
        let points: Vec<DemandPoint> = unassigned.map(|(order, _)| order.into()).collect();
        DemandMap::of(&points, resolution, self.network.limits())
    }

    /// Orders with their decisions, by id.
    pub(super) fn decided(&self) -> impl Iterator<Item = (&'a Order, &'a Decision)> {
        self.orders.iter().copied().zip(self.plan.decisions())
    }

    /// How much farther than to the nearest eligible site each order goes; `None` if it goes nowhere.
    pub(super) fn detours(&self) -> impl Iterator<Item = Option<Distance>> {
        let decided = self.plan.decisions().iter().zip(self.nearest());
        decided.map(|(decision, nearest)| {
            let walk = decision.assigned()?.distance;
            Some(walk.saturating_sub(nearest.map_or(walk, |nearest| nearest.distance)))
        })
    }
}

/// What the plan asked of a site for this order.
pub(super) fn filter_of<'f>(order: &Order, plan: &Plan) -> Filter<'f> {
    let filter = Filter::for_order(order);
    match plan.open_at() {
        Some(at) => filter.open_at(at),
        None => filter,
    }
}

fn check_network(network: &Network, plan: &Plan) -> Result<(), ReportError> {
    if plan.version() != network.version() {
        return Err(ReportError::OtherVersion {
            plan: plan.version(),
            network: network.version(),
        });
    }
    let sites: Vec<_> = network.sites().map(|site: &Site| site.id).collect();
    let loads: Vec<_> = plan.loads().iter().map(|load| load.site).collect();
    match first_difference(&sites, &loads) {
        None => Ok(()),
        Some(site) => Err(ReportError::OtherSites { site }),
    }
}

fn check_orders(orders: &[&Order], decisions: &[Decision]) -> Result<(), ReportError> {
    let given: Vec<_> = orders.iter().map(|order| order.id).collect();
    let decided: Vec<_> = decisions.iter().map(|decision| decision.order).collect();
    match first_difference(&given, &decided) {
        None => Ok(()),
        Some(order) => Err(ReportError::OtherOrders { order }),
    }
}

/// The smallest element that two ascending lists don't have equally often.
fn first_difference<T: Copy + Ord>(one: &[T], other: &[T]) -> Option<T> {
    let differs = one.iter().zip(other).position(|(one, other)| one != other);
    let at = differs.unwrap_or_else(|| one.len().min(other.len()));
    match (one.get(at), other.get(at)) {
        (Some(one), Some(other)) => Some(*one.min(other)),
        (one, other) => one.or(other).copied(),
    }
}
