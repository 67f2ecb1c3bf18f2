//! Reports: what a plan, a desk's log or a book of presales comes to, in numbers, tables and sentences.
//!
//! Everything here is a pure function of results: it decides nothing, and it can be asked again tomorrow.
//!
//! # A plan
//!
//! A [`Report`] lays a plan beside the network and the orders that it was made for. Its [`summary`](Report::summary)
//! fits on a screen; [`sites`](Report::sites) and [`decisions`](Report::decisions) are tables with a row for each;
//! [`agreement`](Report::agreement) holds it against what really happened, and [`difference`](Report::difference_from)
//! against another plan: who moved, why, and what it cost. Why *one* order goes where it goes is for
//! [`Plan::explain`](crate::plan::Plan::explain) to say.
//!
//! ```
//! use catchment::geo::{LngLat, Position};
//! use catchment::id::{OrderId, SiteId};
//! use catchment::order::Order;
//! use catchment::plan::Router;
//! use catchment::report;
//! use catchment::site::{Network, Site};
//! use catchment::units::Units;
//!
//! let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
//! let network = Network::builder()
//!     .site(Site::leader(SiteId(1), at(121.400)?, Units(1)))
//!     .site(Site::store(SiteId(2), at(121.410)?, Units(60)))
//!     .build()?;
//! let orders = [Order::new(OrderId(1), at(121.404)?), Order::new(OrderId(2), at(121.399)?)];
//! let plan = Router::new(&network).route(&orders)?;
//!
//! let summary = report::summary(&network, &orders, &plan)?;
//! assert_eq!((summary.assigned.0, summary.loads.full), (2, 1));
//! let walk = summary.walk.expect("somebody walks");
//! assert_eq!((walk.p50.to_string(), walk.longest.to_string()), ("95 m".into(), "571 m".into()));
//! println!("{summary}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A desk's log
//!
//! An [`Evening`] is what the steps of a [`Desk`](crate::desk::Desk) come to: what became of all orders, pickup and
//! expiry rates, the share of the stream, moves by their cause, a row for each site, and a
//! [timeline](Evening::timeline).
//!
//! The log of a [`dispatch`](crate::fulfil::dispatch) is counted in the same way, and [`lives`] says where its orders
//! stand.
//!
//! # Presales
//!
//! [`campaigns`] has a row for each campaign of a book, [`CommunityRow::of`] one for each community of a campaign, and
//! [`forming`] says how they formed over time.
//!
//! # With your own names
//!
//! Sentences and tables print ids as numbers. With the names that your service has for them
//! ([`Names`](crate::id::Names)) they are printed by [`display_with`](crate::id::DisplayWith::display_with).
//!
//! # For other programs
//!
//! All results are plain structs with serde forms. Rows ([`SiteRow`], [`DecisionRow`], [`MoveRow`]) are flat, so that
//! any CSV writer can write them: the header is the names of the fields as they are documented, units included
//! (`distance_mm`), and does not change within a major version. What is not known is an empty field. With the feature
//! `geojson` the same rows are points and lines on a map.
//!
//! Numbers are whole: lengths in millimetres, parts of a whole in [`Ppm`], percentiles by [nearest
//! rank](crate::report::Spread).

mod agreement;
mod difference;
mod error;
mod evening;
#[cfg(feature = "geojson")]
mod export;
mod fairness;
mod lives;
mod plan;
mod presales;
mod rows;
mod spread;
mod summary;
mod table;
mod timeline;
pub mod what_if;

pub use agreement::Agreement;
pub use difference::{Difference, LoadChange, Move, MoveRow, Why};
pub use error::ReportError;
pub use evening::{Evening, EveningRow, MoveCount};
pub use fairness::{Fairness, Ppm};
pub use lives::{LifeRow, lives};
pub use plan::{Report, summary};
pub use presales::{CampaignRow, CommunityRow, FormingRow, campaigns, forming};
pub use rows::{DecisionRow, SiteRow};
pub use spread::Spread;
pub use summary::{Loads, Summary, side_by_side};
pub use table::{Align, Table};
pub use timeline::Interval;
pub use what_if::{Gain, NextPlaces, Pick, Supposition, WhatIf, WhatIfError};
