//! Plans: which site every order of a batch goes to, under the capacity of all sites.

mod balanced;
mod batch;
mod cost;
mod costs;
mod decision;
mod error;
mod everywhere;
mod preferences;
mod result;
mod router;
mod routing;
#[cfg(feature = "serde")]
mod stored;
mod terms;

pub use cost::Cost;
pub use costs::Costs;
pub use decision::{Assigned, Decision, Outcome, SiteLoad, Total, Unassigned};
pub use error::RouteError;
pub use preferences::Preferences;
pub use result::{Plan, Proof};
pub use router::{Method, Objective, Router};
#[cfg(feature = "serde")]
pub use stored::PlanError;
