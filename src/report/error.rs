use crate::id::{OrderId, SiteId};
use crate::site::Version;

/// A network, orders and a plan that do not belong together. Trying again does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The network is another version than the plan's.
    #[error("the plan is for version {} of the network, not {}", plan.0, network.0)]
    OtherVersion {
        /// The version that the plan was made for.
        plan: Version,
        /// The version given.
        network: Version,
    },
    /// A site of the plan that the network doesn't have, or the other way round.
    #[error("site {site} is in the plan or in the network, not in both")]
    OtherSites {
        /// The site with the smallest id.
        site: SiteId,
    },
    /// An order that the plan doesn't know, or an order of the plan that was not given, or one given twice.
    #[error("order {order} is in the plan or among the orders, not once in both")]
    OtherOrders {
        /// The order with the smallest id.
        order: OrderId,
    },
}
