use crate::id::OrderId;
use crate::plan::RouteError;
use crate::site::NetworkFaults;

/// A supposition that makes no sense or asks for too much. Trying again does not help.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIfError {
    /// The plan was made with the caller's own costs, which it does not keep: give them again
    /// ([`what_if_by_costs`](crate::report::Report::what_if_by_costs),
    /// [`next_places_by_costs`](crate::report::Report::next_places_by_costs)).
    #[error(
        "the plan was made with costs of the caller's own: what_if_by_costs and next_places_by_costs take them"
    )]
    OwnCosts,
    /// The plan was made by distance, so that the costs given are not its own.
    #[error("the plan was made by distance, not with costs of the caller's own")]
    ByDistance,
    /// The network as supposed is not sound.
    #[error(transparent)]
    Network(#[from] NetworkFaults),
    /// More orders than [`Limits::orders_max`](crate::limits::Limits::orders_max).
    #[error("{orders} orders, limit is {limit}")]
    TooManyOrders {
        /// As supposed.
        orders: u64,
        /// The most that may be.
        limit: usize,
    },
    /// A repeated order gets an id above the largest, and there is none.
    #[error("no id is left above that of order {largest}")]
    NoIdLeft {
        /// The order with the largest id.
        largest: OrderId,
    },
    /// The orders as supposed can't be routed.
    #[error(transparent)]
    Route(#[from] RouteError),
}
