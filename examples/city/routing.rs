//! The job itself: a plan by each method, and the proof that it is what it says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use catchment::candidates::{Filter, Rejection, Verdict};
use catchment::order::Order;
use catchment::plan::{Decision, Method, Outcome, Plan, RouteError, Router, Unassigned};
use catchment::site::{Neighbour, Network};
use catchment::verify::{self, Violations};
use serde::Serialize;

use crate::lookups::Lookups;

/// The methods that are compared, in the order of the columns.
pub(crate) const METHODS: [Method; 3] = [Method::Nearest, Method::Greedy, Method::Balanced];

/// A plan and how long it took to make.
pub(crate) struct Routed {
    pub(crate) plan: Plan,
    pub(crate) seconds: f64,
}

/// Why an order goes nowhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    NoRoom,
    OutsideRadius,
    NearestPaused,
    Other,
}

/// The name of a method, on the command line and in the output.
pub(crate) const fn name(method: Method) -> &'static str {
    match method {
        Method::Nearest => "nearest",
        Method::Greedy => "greedy",
        _ => "balanced",
    }
}

impl Routed {
    /// Routes the orders by one method, on all cores.
    pub(crate) fn by(
        method: Method,
        network: &Network,
        orders: &[Order],
    ) -> Result<Self, RouteError> {
        let started = Instant::now();
        let plan = Router::new(network).method(method).route(orders)?;
        Ok(Self {
            plan,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Has the plan checked by the code that shares none with the optimiser, and compares it with the look-ups.
    ///
    /// # Errors
    ///
    /// [`Violations`] if the plan is not what it says: capacities, distances, sums or the proof.
    ///
    /// # Panics
    ///
    /// If an order goes where it would be nearer than at its nearest site, or if the plan by [`Method::Nearest`] is
    /// not that of the look-ups.
    pub(crate) fn check(
        &self,
        network: &Network,
        orders: &[Order],
        lookups: &Lookups,
    ) -> Result<(), Violations> {
        for (decision, nearest) in self.plan.decisions().iter().zip(&lookups.nearest) {
            let found = decision.assigned().map(|assigned| Neighbour {
                distance: assigned.distance,
                site: assigned.site,
            });
            let order = decision.order;
            if self.plan.method() == Method::Nearest {
                assert_eq!(found, *nearest, "the nearest site of order {order}");
            } else if found.is_some() {
                assert!(found >= *nearest, "nothing is nearer for order {order}");
            }
        }
        verify::plan(network, orders, &self.plan)
    }

    /// The orders that go nowhere, counted by the cause: no room, or what the nearest site has against them.
    pub(crate) fn unassigned(
        &self,
        network: &Network,
        orders: &[Order],
    ) -> BTreeMap<Reason, usize> {
        let mut orders_by_reason = BTreeMap::new();
        for (order, decision) in orders.iter().zip(self.plan.decisions()) {
            if let Some(reason) = reason(network, order, decision) {
                *orders_by_reason.entry(reason).or_insert(0) += 1;
            }
        }
        orders_by_reason
    }
}

/// Why an order goes nowhere; `None` if it goes somewhere.
fn reason(network: &Network, order: &Order, decision: &Decision) -> Option<Reason> {
    match decision.outcome {
        Outcome::Assigned(_) => None,
        Outcome::Unassigned(Unassigned::NoRoom) => Some(Reason::NoRoom),
        Outcome::Unassigned(_) => {
            let near = network.explain(order.position, 1, &Filter::default());
            let verdict = near.first().map(|nearest| &nearest.verdict);
            Some(verdict.map_or(Reason::Other, Reason::from))
        }
    }
}

impl From<&Verdict> for Reason {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Rejected(Rejection::Paused) => Self::NearestPaused,
            Verdict::Rejected(Rejection::OutsideRadius { .. }) => Self::OutsideRadius,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "every pickup point that may take them is full",
            Self::OutsideRadius => "outside the service radius of the nearest pickup point",
            Self::NearestPaused => "nearest pickup point paused, and no other serves the address",
            Self::Other => "refused by the nearest pickup point",
        })
    }
}
