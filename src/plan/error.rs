use crate::balance::ProblemError;
use crate::id::{OrderId, SiteId};
use crate::order::OrderFaults;
use crate::plan::Cost;
use crate::units::Distance;

/// A batch that can't be routed, because the call makes no sense or asks for too much. Trying again does not help.
///
/// An order that can't be served is no error: its decision says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The batch is not sound: see [`check_batch`](crate::order::check_batch).
    #[error(transparent)]
    Orders(#[from] OrderFaults),
    /// A preference beyond [`Preferences::WORTH_MAX`](crate::plan::Preferences::WORTH_MAX).
    #[error("preference {preference} is worth {worth}, limit is {limit}")]
    PreferenceTooLarge {
        /// Which: `home`, `store`, `leader`, `sites`, or `unassigned` for the price of the objective.
        preference: &'static str,
        /// What it is worth.
        worth: Distance,
        /// The most that it may be worth.
        limit: Distance,
    },
    /// More candidates an order than [`Limits::candidates_max`](crate::limits::Limits::candidates_max), or none.
    #[error("asked to list {listed} candidates for each order, limit is 1 to {limit}")]
    ListLength {
        /// The candidates asked for.
        listed: usize,
        /// The most that may be.
        limit: usize,
    },
    /// The caller's [`Costs`](crate::plan::Costs) named a cost out of range.
    #[error("order {order} at site {site} costs {} mm, limit is {} mm", cost.as_millimetres(), limit.as_millimetres())]
    CostTooLarge {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// The cost.
        cost: Cost,
        /// The largest cost and, negative, the largest reward: half of what a
        /// [candidate](crate::balance::Candidate::COST_MAX) may cost, as preferences come on top.
        limit: Cost,
    },
    /// The caller's [`Costs`](crate::plan::Costs) named a cost below their own bound.
    #[error(
        "order {order} at site {site} costs {} mm, below the bound of {} mm",
        cost.as_millimetres(),
        bound.as_millimetres()
    )]
    CostBelowBound {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// The cost.
        cost: Cost,
        /// The share of [`least_per_kilometre`](crate::plan::Costs::least_per_kilometre).
        bound: Cost,
    },
    /// The caller's [`Costs`](crate::plan::Costs) named a cost, and none when asked again.
    #[error(
        "order {order} at site {site} had a cost and then has none: costs must not change while a batch is routed"
    )]
    CostGone {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
    },
    /// The sum of all costs does not fit into 64 bits.
    #[error("the sum of all costs does not fit into 64 bits")]
    TotalTooLarge,
    /// The optimiser's limits: too many sites, or costs too large to be summed.
    #[error(transparent)]
    Problem(#[from] ProblemError),
}
