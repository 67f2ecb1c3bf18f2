//! Plans: which site every order of an evening goes to, under the capacity of all sites.
//!
//! # From a loop to a plan
//!
//! One order after the other to the nearest site that has room left: that is [`Method::Greedy`], and what it costs is
//! paid by those who come late. Two orders on a street with two leaders, one of whom has one place left:
//!
//! ```
//! use catchment::geo::{LngLat, Position};
//! use catchment::id::{OrderId, SiteId};
//! use catchment::order::Order;
//! use catchment::plan::{Method, Router};
//! use catchment::site::{Network, Site};
//! use catchment::units::Units;
//!
//! let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
//! let network = Network::builder()
//!     .site(Site::leader(SiteId(1), at(121.400)?, Units(1)))
//!     .site(Site::leader(SiteId(2), at(121.410)?, Units(60)))
//!     .build()?;
//! let orders = [Order::new(OrderId(1), at(121.404)?), Order::new(OrderId(2), at(121.399)?)];
//!
//! let walks = |method| {
//!     let plan = Router::new(&network).method(method).route(&orders)?;
//!     Ok::<_, catchment::plan::RouteError>(plan.total().cost.to_string())
//! };
//! assert_eq!(walks(Method::Nearest)?, "476 m"); // both at leader 1, who has no room for both
//! assert_eq!(walks(Method::Greedy)?, "1,427 m"); // order 1 took the place that order 2 needed
//! assert_eq!(walks(Method::Balanced)?, "666 m");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a plan does
//!
//! 1. **Hard rules first.** A site is a candidate for an order if [`Filter::for_order`] lets it pass: status, the
//!    buyer's wish, capacity, tags, hours, distance, service area.
//! 2. **Whoever chose a site gets it** ([`Wish::Site`]), before everyone else: the places are taken off the capacity.
//!    If more chose a site than it has room for, those with the smallest ids get it.
//! 3. **One currency.** What an order costs at a site is the walk in millimetres and all [`Preferences`], in metres of
//!    walk too, or whatever the caller's own [`Costs`] say.
//! 4. **The best for all together**, by [`balance`](crate::balance): first the fewest orders without a site, then the
//!    least cost; over *all* eligible sites, not over a list of near ones, with the prices that prove it.
//! 5. **Every order is accounted for**, once, with a reason if it goes nowhere.
//!
//! Orders are numbered by id and sites by id before anything is decided, so the sequence in which they come changes no
//! byte of the plan, nor does the number of threads.
//!
//! # Where candidates come from
//!
//! The optimiser starts from the cheapest site of each order and asks for more where capacity runs out: *which sites
//! cost this order less than so much, prices of capacity included?* A tree of the open sites answers with as many
//! as there are, however far. So a million orders and 20,000 sites never become 20 billion pairs, and the answer is
//! that of all pairs.
//!
//! [`Filter::for_order`]: crate::candidates::Filter::for_order
//! [`Wish::Site`]: crate::order::Wish::Site

mod balanced;
mod batch;
mod cost;
mod costs;
mod decision;
mod error;
mod everywhere;
mod exchange;
mod explain;
mod explanation;
mod preferences;
mod result;
mod router;
mod routing;
#[cfg(feature = "serde")]
mod stored;
mod study;
mod terms;

pub use cost::Cost;
pub use costs::Costs;
pub use decision::{Assigned, Decision, Outcome, SiteLoad, Total, Unassigned};
pub use error::RouteError;
pub use explanation::{
    Because, Considered, Counted, Exchange, ExplainError, Explanation, Merit, Remedy, Step,
};
pub use preferences::Preferences;
pub(crate) use result::Asked;
pub use result::{Plan, Proof};
pub use router::{Method, Objective, Router};
#[cfg(feature = "serde")]
pub use stored::PlanError;
