//! A plan as data, for services that keep it.

use serde::{Serialize, Serializer};

use crate::id::{OrderId, SiteId};
use crate::plan::result::Inner;
use crate::plan::{Plan, Preferences};
use crate::units::Distance;

/// What is stored is not a plan.
///
/// Only the form is checked. Whether loads, totals and proof are true is for a check of the plan against its network
/// and orders to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A decision that does not come after the one before it in the order of ids.
    #[error("decision on order {order} is out of order")]
    DecisionOutOfOrder {
        /// The order.
        order: OrderId,
    },
    /// A load that does not come after the one before it in the order of ids.
    #[error("load of site {site} is out of order")]
    LoadOutOfOrder {
        /// The site.
        site: SiteId,
    },
    /// An order at a site without a load.
    #[error("order {order} goes to site {site}, which has no load")]
    UnknownSite {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
    },
    /// A preference beyond [`Preferences::WORTH_MAX`](crate::plan::Preferences::WORTH_MAX), which no plan is routed by.
    #[error("preference {preference} is worth {worth}, limit is {limit}", limit = Preferences::WORTH_MAX)]
    PreferenceTooLarge {
        /// Which: `home`, `store`, `leader`, `sites`, or `unassigned` for the price of the objective.
        preference: &'static str,
        /// What it is worth.
        worth: Distance,
    },
    /// Not one order for each decision.
    #[error("{orders} orders for {decisions} decisions")]
    OrdersMissing {
        /// The orders.
        orders: usize,
        /// The decisions.
        decisions: usize,
    },
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(serializer)
    }
}

impl TryFrom<Inner> for Plan {
    type Error = PlanError;

    fn try_from(inner: Inner) -> Result<Self, PlanError> {
        if let Some((preference, worth)) = inner.settings.too_large() {
            return Err(PlanError::PreferenceTooLarge { preference, worth });
        }
        let (orders, decisions) = (inner.asked.len(), inner.decisions.len());
        if orders != decisions {
            return Err(PlanError::OrdersMissing { orders, decisions });
        }
        for pair in inner.decisions.windows(2) {
            if pair[0].order >= pair[1].order {
                let order = pair[1].order;
                return Err(PlanError::DecisionOutOfOrder { order });
            }
        }
        for pair in inner.loads.windows(2) {
            if pair[0].site >= pair[1].site {
                let site = pair[1].site;
                return Err(PlanError::LoadOutOfOrder { site });
            }
        }
        let plan = Self::new(inner);
        for decision in plan.decisions() {
            if let Some(assigned) = decision.assigned()
                && plan.load(assigned.site).is_none()
            {
                return Err(PlanError::UnknownSite {
                    order: decision.order,
                    site: assigned.site,
                });
            }
        }
        Ok(plan)
    }
}
