use core::fmt;

use crate::limits::Limits;
use crate::order::Order;
use crate::plan::result::Settings;
use crate::plan::{Costs, Plan, Preferences, RouteError};
use crate::site::Network;
use crate::time::Timestamp;
use crate::units::Distance;

/// Routes batches of orders over one version of a network.
#[derive(Clone)]
#[must_use]
pub struct Router<'a> {
    pub(super) network: &'a Network,
    pub(super) settings: Settings,
    pub(super) costs: Option<&'a dyn Costs>,
    pub(super) listed: usize,
    pub(super) limits: Limits,
}

impl fmt::Debug for Router<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("network", &self.network)
            .field("settings", &self.settings)
            .field("costs", &self.costs.map(|_| "…"))
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
    /// The candidates that are listed for each order to start from, if nothing else is asked.
    pub const LISTED: usize = 8;

    /// Routes over this version, by walking distance alone, with the network's limits.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            settings: Settings::default(),
            costs: None,
            listed: Self::LISTED,
            limits: *network.limits(),
        }
    }

    /// Only sites that are open at this instant, with what they take in that window. Without this, hours are not
    /// asked and sites take their capacity.
    pub fn open_at(mut self, at: Timestamp) -> Self {
        self.settings.open_at = Some(at);
        self
    }

    /// What is preferred, in metres.
    pub fn preferences(mut self, preferences: Preferences) -> Self {
        self.settings.preferences = preferences;
        self
    }

    /// What is to be least.
    pub fn objective(mut self, objective: Objective) -> Self {
        self.settings.objective = objective;
        self
    }

    /// How sites are chosen.
    pub fn method(mut self, method: Method) -> Self {
        self.settings.method = method;
        self
    }

    /// Costs of the caller's own in place of the distance.
    pub fn costs(mut self, costs: &'a dyn Costs) -> Self {
        self.costs = Some(costs);
        self.settings.has_own_costs = true;
        self
    }

    /// How many candidates to list for each order. The answer depends on it only where costs have no
    /// [lower bound](Costs::least_per_kilometre); elsewhere it trades time for memory.
    pub fn listed(mut self, candidates: usize) -> Self {
        self.listed = candidates;
        self
    }

    /// Other limits than the network's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Decides for every order of a batch.
    ///
    /// # Errors
    ///
    /// [`RouteError`] if the batch is not sound or a setting is out of range.
    pub fn route(&self, orders: &[Order]) -> Result<Plan, RouteError> {
        self.plan(orders)
    }
}
