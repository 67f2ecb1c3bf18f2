//! `catchment` decides which pickup point every order belongs to.
//!
//! A retailer has pickup points (自提点): stores (门店) and community leaders (团长), neighbours who hand out parcels.
//! Orders come with an address. Each must go to a pickup point that is near, open, allowed to serve that street and
//! able to take it, and someone will ask why it went there. This crate holds the pickup points in a
//! [`Network`](site::Network) and answers such questions exactly, fast and with reasons: for one address, or for all
//! orders of an evening together.
//!
//! # From a loop to a network
//!
//! The nearest site is the minimum of a loop:
//!
//! ```
//! use catchment::geo::{LngLat, Position};
//! use catchment::id::SiteId;
//! use catchment::site::Site;
//! use catchment::units::Units;
//!
//! let at = |lng, lat| Position::new(LngLat { lng, lat });
//! let sites = [
//!     Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500)),
//!     Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60)),
//! ];
//! let home = at(121.4910, 31.2290)?;
//! let nearest = sites.iter().min_by_key(|site| (home.distance_to(site.position), site.id));
//! assert_eq!(nearest.map(|site| site.id), Some(SiteId(17)));
//! # Ok::<(), catchment::geo::PositionError>(())
//! ```
//!
//! There is nothing wrong with this loop but its cost: every order asks every site. (There would be if it compared
//! differences of longitude and latitude: degrees are not metres, and east of 180° they start again.) Distances are
//! great circles in whole millimetres, so two sites can be equally far, and the smaller id wins. A network gives
//! the answer of the loop, always, without asking every site:
//!
//! ```
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::SiteId;
//! # use catchment::site::Site;
//! # use catchment::units::Units;
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let sites = [
//! #     Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500)),
//! #     Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60)),
//! # ];
//! # let home = at(121.4910, 31.2290)?;
//! use catchment::site::Network;
//!
//! let network = Network::builder().sites(sites).build()?;
//! let nearest = network.nearest_site(home).expect("the network has sites");
//! assert_eq!(nearest.site, SiteId(17));
//! assert_eq!(nearest.distance.to_string(), "1,036 m");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From near to eligible
//!
//! Near is not enough. This leader serves a radius (服务半径) of one kilometre, and the address is beyond it. A
//! [`Filter`](candidates::Filter) says what an order asks of a site; the default asks that the site is open, takes
//! orders of size 1 and serves the address. It is applied inside the search, so the answer is the nearest site that
//! passes, even where the hundred nearest do not.
//!
//! ```
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::SiteId;
//! # use catchment::site::{Network, Site};
//! # use catchment::units::Units;
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let store = Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500));
//! # let mut leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! # let home = at(121.4910, 31.2290)?;
//! use catchment::candidates::Filter;
//! use catchment::geo::ServiceArea;
//! use catchment::units::Distance;
//!
//! leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
//! let network = Network::builder().sites([store, leader]).build()?;
//! let chosen = network.nearest_eligible_site(home, &Filter::default());
//! assert_eq!(chosen.map(|chosen| chosen.site), Some(SiteId(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why not the nearest?
//!
//! [`explain`](site::Network::explain) judges the nearest sites by the same rules and names the first rule that each
//! of them breaks, with the value and the limit. The verdict is data; its `Display` is a sentence.
//!
//! ```
//! # use catchment::candidates::Filter;
//! # use catchment::geo::{LngLat, Position, ServiceArea};
//! # use catchment::id::SiteId;
//! # use catchment::site::{Network, Site};
//! # use catchment::units::{Distance, Units};
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let store = Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500));
//! # let mut leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! # leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
//! # let home = at(121.4910, 31.2290)?;
//! # let network = Network::builder().sites([store, leader]).build()?;
//! let near = network.explain(home, 2, &Filter::default());
//! assert_eq!(near[0].to_string(), "site 17 at 1,036 m: outside service area: 1,036 m > 1,000 m");
//! assert_eq!(near[1].to_string(), "site 1 at 1,652 m: eligible");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When sites change
//!
//! A network never changes. [`with_changes`](site::Network::with_changes) makes the next version, which shares with
//! this one all that stays the same; whoever holds this one goes on reading it and never sees half a change.
//!
//! ```
//! # use catchment::candidates::Filter;
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::SiteId;
//! # use catchment::site::{Network, Site};
//! # use catchment::units::Units;
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let store = Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500));
//! # let leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! # let home = at(121.4910, 31.2290)?;
//! # let network = Network::builder().sites([store, leader]).build()?;
//! use catchment::site::{Change, SiteStatus};
//!
//! let holiday = network.with_changes([
//!     Change::SetStatus { site: SiteId(17), status: SiteStatus::Paused },
//! ])?;
//! let chosen = |network: &Network| network.nearest_eligible_site(home, &Filter::default());
//! assert_eq!(chosen(&network).map(|found| found.site), Some(SiteId(17)));
//! assert_eq!(chosen(&holiday).map(|found| found.site), Some(SiteId(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # An evening's orders at once
//!
//! The `_batch` look-ups take a slice of addresses and answer in its order, on all cores with the feature `rayon`. The
//! answers are those of single look-ups, whatever the number of threads.
//!
//! ```
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::SiteId;
//! # use catchment::site::{Network, Site};
//! # use catchment::units::Units;
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let store = Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500));
//! # let leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! # let network = Network::builder().sites([store, leader]).build()?;
//! use catchment::candidates::Filter;
//!
//! let addresses = [at(121.4910, 31.2290)?, at(121.4720, 31.2300)?];
//! let chosen = network.nearest_eligible_site_batch(&addresses, &Filter::default());
//! assert_eq!(chosen.iter().flatten().map(|found| found.site.0).collect::<Vec<_>>(), [17, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From nearest to balanced
//!
//! The nearest leader has one place left, and two orders are near. If order 7 comes first and takes it, order 8 has a
//! long way to the store; if order 7 walks a little farther, all together walk 406 m less. A
//! [`Router`](plan::Router) weighs all orders of a batch against the room of all sites: no other plan leaves fewer
//! orders without a site, or as few with less to walk.
//!
//! ```
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::{OrderId, SiteId};
//! # use catchment::site::{Network, Site};
//! # use catchment::units::Units;
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let store = Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500));
//! # let mut leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! use catchment::order::Order;
//! use catchment::plan::{Because, Method, Proof, Router};
//! use catchment::verify;
//!
//! leader.capacity = Units(1);
//! let network = Network::builder().sites([store, leader]).build()?;
//! let orders = [
//!     Order::new(OrderId(7), at(121.4780, 31.2295)?),
//!     Order::new(OrderId(8), at(121.4850, 31.2290)?),
//! ];
//! let greedy = Router::new(&network).method(Method::Greedy).route(&orders)?;
//! let plan = Router::new(&network).route(&orders)?;
//! assert_eq!(greedy.total().cost.to_string(), "1,293 m");
//! assert_eq!(plan.total().cost.to_string(), "887 m");
//!
//! // Why? And is it true that nothing is better?
//! let why = plan.explain(&network, OrderId(7))?;
//! assert!(matches!(why.because, Because::NearestWasFull { .. }));
//! assert_eq!(plan.proof(), Proof::Optimal);
//! assert_eq!(verify::plan(&network, &orders, &plan), Ok(()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The proof is a price for every site: what one more place there would save. Where every order is at the site of
//! least distance and price together, no plan is better; [`verify`] checks that by itself. How the plan is found is in
//! [`balance`].
//!
//! # Seen from above
//!
//! [`coverage`] sums up by H3 cell: where demand is, where nobody serves it, and whose catchment each cell is. Cells
//! are for looking at a city; an order still goes by its own address.
//!
//! ```
//! # use catchment::geo::{LngLat, Position, ServiceArea};
//! # use catchment::id::{OrderId, SiteId};
//! # use catchment::site::{Network, Site};
//! # use catchment::units::{Distance, Units};
//! # let at = |lng, lat| Position::new(LngLat { lng, lat });
//! # let mut leader = Site::leader(SiteId(17), at(121.4801, 31.2290)?, Units(60));
//! # leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
//! # let network = Network::builder().site(leader).build()?;
//! use catchment::candidates::Filter;
//! use catchment::coverage::Holes;
//! use catchment::geo::Resolution;
//! use catchment::order::Order;
//!
//! let orders = [
//!     Order::new(OrderId(1), at(121.4810, 31.2300)?),
//!     Order::new(OrderId(2), at(121.4910, 31.2290)?), // 1,036 m away, and the leader serves 1,000 m
//! ];
//! let holes = Holes::of(&network, &orders, &Filter::default(), Resolution::new(8)?)?;
//! assert_eq!((holes.served().orders, holes.unserved().orders), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Coordinates from a Chinese map service
//!
//! They are not WGS 84 but [`Gcj02`](geo::Gcj02) (Amap, `WeChat`, Tencent) or [`Bd09`](geo::Bd09) (Baidu), some hundred
//! metres off. Those are types of their own, so that they can't be taken for a [`Position`](geo::Position) by mistake.
//!
//! ```
//! use catchment::geo::{Gcj02, LngLat, Position};
//!
//! let pin = Gcj02 { lng: 121.4955, lat: 31.2378 };
//! let door = pin.to_wgs84()?;
//! let misread = Position::new(LngLat { lng: pin.lng, lat: pin.lat })?;
//! assert_eq!(door.distance_to(misread).to_string(), "479 m");
//! # Ok::<(), catchment::geo::PositionError>(())
//! ```
//!
//! # When orders come one by one
//!
//! A [`Desk`](desk::Desk) holds capacity and stock for each order as it comes, and answers a repeated message with its
//! first answer. Time is passed in; what happened comes out as events, which a service stores.
//!
//! ```
//! use catchment::desk::{Command, Desk, Policy};
//! use catchment::geo::{LngLat, Position};
//! use catchment::id::{CommandId, OrderId, SiteId};
//! use catchment::order::Order;
//! use catchment::site::{Network, Site};
//! use catchment::time::Timestamp;
//! use catchment::units::Units;
//!
//! let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
//! let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
//! let mut desk = Desk::open(network, Policy::default());
//! let now = Timestamp::from_unix_millis(0);
//! let place = |number| Command::place(CommandId(number), Order::new(OrderId(number), door));
//! assert!(desk.apply(now, &place(1))?.outcome().is_accepted());
//! assert!(!desk.apply(now, &place(2))?.outcome().is_accepted()); // the only place is taken
//! assert!(desk.apply(now, &place(1))?.outcome().is_accepted()); // said before, and said again
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When enough must come together
//!
//! In a [`Presale`](presale::Presale) customers pledge and pay; a community forms when enough of them have, and the
//! campaign is confirmed when enough communities have formed. Whatever happens, every payment is either earned or given
//! back. Its page has an example to begin with.
//!
//! # What becomes of an order
//!
//! The customer fetches it or has it brought. [`fulfil`] lists what an address can choose, divides what no single site
//! has, counts couriers as capacity, and follows every order to its end.
//!
//! ```
//! use catchment::fulfil::{Deed, Life, Way};
//! let packed = Life::Accepted.after(Way::Delivery, Deed::Ready).expect("it can be packed");
//! assert_eq!(packed.after(Way::Delivery, Deed::SendOut), Some(Life::OutForDelivery));
//! assert_eq!(packed.after(Way::Delivery, Deed::PickUp), None); // it is brought, nobody fetches it
//! ```
//!
//! # What it all comes to
//!
//! [`report`] has the numbers and tables of plans, evenings and presales, and the answer to *what if*.
//!
//! ```
//! # use catchment::geo::{LngLat, Position};
//! # use catchment::id::{OrderId, SiteId};
//! # use catchment::order::Order;
//! # use catchment::plan::Router;
//! # use catchment::site::{Network, Site};
//! # use catchment::units::Units;
//! # let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
//! use catchment::report::Report;
//! use catchment::site::Change;
//!
//! let sites = [Site::leader(SiteId(17), at(121.40)?, Units(60)), Site::leader(SiteId(18), at(121.41)?, Units(60))];
//! let network = Network::builder().sites(sites).build()?;
//! let orders = [Order::new(OrderId(1), at(121.403)?)];
//! let plan = Router::new(&network).route(&orders)?;
//! let closed = Report::of(&network, &orders, &plan)?.what_if(&[Change::Close(SiteId(17)).into()])?;
//! let worst = closed.difference().most_affected(10)[0].to_string();
//! assert_eq!(worst, "order 1 goes from site 17 to site 18, 380 m farther: the site is gone");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules, in the order in which to read them
//!
//! | module | what it is about |
//! | --- | --- |
//! | [`site`] | sites, their hours and tags; the network, its look-ups and changes |
//! | [`candidates`] | eligible look-ups, filters, explanations |
//! | [`plan`] | a whole batch under capacity: methods, preferences, decisions, proof, explanations |
//! | [`desk`] | one order at a time, from many threads: capacity and stock held together |
//! | [`fulfil`] | what a buyer may choose, and what becomes of the order: couriers, windows, options |
//! | [`presale`] | communities that form, campaigns that confirm, money that is accounted for |
//! | [`ledger`] | commands, time, replay and snapshots: what the two have in common |
//! | [`report`] | what a plan comes to, how two plans differ, and what if |
//! | `cookbook` (with `serde`) | string ids, own costs, travel times, logs, snapshots, threads: pieces to copy |
//! | [`verify`] | is a plan what it says it is? |
//! | [`balance`] | the optimiser behind it, for any costs |
//! | [`geo`] | positions, datums, service areas, polygons, H3 cells |
//! | [`order`] | what customers bought, and the check of a whole batch |
//! | [`coverage`] | demand, holes and catchments by H3 cell |
//! | [`units`], [`money`], [`id`], [`time`] | millimetres, minor units, numbers and instants that can't be mixed up |
//! | [`limits`], [`faults`] | how much one call may ask for; all that is wrong with an input |
//!
//! # What holds everywhere
//!
//! - **Exact.** An answer is that of the loop, to the millimetre and with its ties, at poles and at the antimeridian
//!   as well. The indexes behind it may be absent or stale; they never change an answer.
//! - **Deterministic.** The same input gives the same answer for any order of sites, any number of threads and on any
//!   platform. (One method says otherwise of its last millimetre: [`geodesic_to`](geo::Position::geodesic_to).)
//! - **Nothing from outside.** No clock, file, environment variable or random number is read; time is an argument.
//! - **Checked once.** A [`Position`](geo::Position) is on Earth, a [`Window`](time::Window) is not empty, and serde
//!   goes through the same checks. A network is built from sound sites or not at all, and names all faults at once.
//! - **No surprise.** No unsafe code; input never makes it panic; limits are checked before memory is allocated.
//!
//! # Features
//!
//! | feature | default | |
//! | --- | --- | --- |
//! | `rayon` | yes | batches on all cores; without it on the calling thread, with the same answers |
//! | `serde` | yes | `Serialize` and `Deserialize` for the data types |
//! | `geojson` | no | maps of demand, holes, catchments and plans as GeoJSON text |
//! | `tz` | no | opening hours in local time, with bundled time-zone data |

#![forbid(unsafe_code)]

pub mod balance;
pub mod candidates;
pub mod coverage;
pub mod desk;
pub mod faults;
pub mod fulfil;
pub mod geo;
pub mod id;
mod index;
pub mod ledger;
pub mod limits;
pub mod money;
pub mod order;
pub mod plan;
pub mod presale;
pub mod report;
pub mod site;
pub mod time;
pub mod units;
pub mod verify;

#[cfg(feature = "serde")]
#[doc = include_str!("cookbook.md")]
pub mod cookbook {}

/// The examples of the README, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
