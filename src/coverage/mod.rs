//! Coverage: the network seen through H3 cells. Who is where, where demand is, where nobody serves it, and whose
//! catchment each cell is.
//!
//! | question | answer | judged at |
//! | --- | --- | --- |
//! | which sites lie in a cell? | [`Network::sites_in_cell`] | the sites: exact |
//! | which sites serve a cell? | [`Network::sites_serving_cell`] | the cell's centre |
//! | how much is ordered in each cell? | [`DemandMap`] | the addresses: exact |
//! | where is demand that no site may serve? | [`Holes`] | the addresses: exact |
//! | which site is nearest, cell by cell? | [`CatchmentMap`] | the cell's centre |
//!
//! [`Network::sites_in_cell`]: crate::site::Network::sites_in_cell
//! [`Network::sites_serving_cell`]: crate::site::Network::sites_serving_cell
//!
//! # Exact and approximate
//!
//! Decisions about orders are never made by cell: two addresses of one cell may have different nearest sites. Cells
//! are for *looking*: for sums that can be compared and for maps that can be drawn. So whatever can be judged at real
//! positions is, and is exact; what colours a whole cell is judged at its centre, and says `approximate` in every
//! export. At resolution 9 the centre is at most 0.25 km from any address of the cell.
//!
//! # In a cell, and below it
//!
//! A position is in a cell if [`Cell::at`](crate::geo::Cell::at) says so, at that cell's own resolution; that is what
//! every H3 database has in its column. Seven hexagons don't tile a hexagon: for 7 % of all addresses, the cell at
//! resolution 9 does not descend from the cell at resolution 8. Rolling up ([`DemandMap::roll_up`]) goes by descent, as
//! is usual, and so conserves every sum; but a cell rolled up and the same cell counted directly differ by the
//! addresses along its edge.
//!
//! # Maps
//!
//! With the feature `geojson`, [`DemandMap`], [`Holes`] and [`CatchmentMap`] write `GeoJSON` (RFC 7946) with
//! `to_geojson`: the same map, the same bytes.
//!
//! ```
//! use catchment::candidates::Filter;
//! use catchment::coverage::{CatchmentMap, DemandMap, Holes};
//! use catchment::geo::{LngLat, Position, Region, Resolution, ServiceArea};
//! use catchment::id::{OrderId, SiteId};
//! use catchment::limits::Limits;
//! use catchment::order::Order;
//! use catchment::site::{Network, Site};
//! use catchment::units::{Distance, Units};
//! use geo::polygon;
//!
//! let at = |lng, lat| Position::new(LngLat { lng, lat });
//! let mut leader = Site::leader(SiteId(17), at(121.47, 31.23)?, Units(60));
//! leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
//! let network = Network::builder().site(leader).build()?;
//! let orders = [
//!     Order::new(OrderId(1), at(121.471, 31.231)?),
//!     Order::new(OrderId(2), at(121.49, 31.25)?), // nearly 3 km away
//! ];
//! let resolution = Resolution::new(8)?;
//!
//! let demand = DemandMap::of(&orders, resolution, &Limits::default())?;
//! assert_eq!(demand.total().orders, 2);
//!
//! let holes = Holes::of(&network, &orders, &Filter::default(), resolution)?;
//! assert_eq!((holes.served().orders, holes.unserved().orders), (1, 1));
//!
//! let block = polygon![(x: 121.4, y: 31.2), (x: 121.5, y: 31.2), (x: 121.5, y: 31.3), (x: 121.4, y: 31.3)];
//! let region = Region::new(std::sync::Arc::new(block.into()))?;
//! let catchments = CatchmentMap::of(&network, &region, resolution, None)?;
//! assert_eq!(catchments.cells_of(SiteId(17)).len(), 186);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catchments;
mod demand;
mod error;
#[cfg(feature = "geojson")]
pub(crate) mod export;
mod holes;
mod sites;

pub use catchments::CatchmentMap;
pub use demand::{Demand, DemandMap, DemandPoint};
pub use error::CoverageError;
pub use holes::{Hole, Holes};
