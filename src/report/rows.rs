use core::fmt;

use crate::balance::Price;
use crate::geo::LngLat;
use crate::id::{DisplayWith, Names, Numbers, OrderId, SiteId};
use crate::plan::{Cost, Outcome, Unassigned};
use crate::report::{Align, Ppm, Report, Spread, Table};
use crate::site::{SiteKind, SiteStatus};
use crate::units::{Distance, Orders, Units, grouped};

/// What a plan sends to one site: a row of `sites.csv`.
///
/// The header: `site,kind,status,lng,lat,capacity,load,locked,room,fill_ppm,orders,price_orders,price_mm,walk_mean_mm,
/// walk_p50_mm,walk_p95_mm,walk_longest_mm`.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::report::Report;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
///
/// let home = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), home, Units(60))).build()?;
/// let orders = [Order::new(OrderId(1), home)];
/// let plan = Router::new(&network).route(&orders)?;
/// let rows = Report::of(&network, &orders, &plan)?.sites();
/// # #[cfg(feature = "serde")] {
/// let mut csv = csv::Writer::from_writer(Vec::new());
/// for row in &rows {
///     csv.serialize(row)?;
/// }
/// let text = String::from_utf8(csv.into_inner()?)?;
/// assert!(text.ends_with("\n17,leader,open,121.4,31.2,60,1,0,59,16666,1,0,0,0,0,0,0\n"), "{text}");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SiteRow {
    /// The site.
    pub site: SiteId,
    /// `store` or `leader`.
    pub kind: SiteKind,
    /// `open` or `paused`.
    pub status: SiteStatus,
    /// Degrees east.
    pub lng: f64,
    /// Degrees north.
    pub lat: f64,
    /// What it takes in the window.
    pub capacity: Units,
    /// What it has.
    pub load: Units,
    /// How much of that is orders whose buyers chose it.
    pub locked: Units,
    /// How much more it takes.
    pub room: Units,
    /// Load by capacity; empty if it takes nothing.
    #[cfg_attr(feature = "serde", serde(rename = "fill_ppm"))]
    pub fill: Option<Ppm>,
    /// How many orders it has.
    pub orders: Orders,
    /// The price of capacity, first part: how many more orders one more place here would serve. Both parts are 0 where
    /// room is left, and wherever the plan is not proven optimal.
    pub price_orders: i64,
    /// Second part: what one more place here would save, in millimetres of cost.
    pub price_mm: i64,
    /// The mean walk of its orders.
    #[cfg_attr(feature = "serde", serde(rename = "walk_mean_mm"))]
    pub walk_mean: Option<Distance>,
    /// Half of its orders walk no farther.
    #[cfg_attr(feature = "serde", serde(rename = "walk_p50_mm"))]
    pub walk_p50: Option<Distance>,
    /// 95 % of its orders walk no farther.
    #[cfg_attr(feature = "serde", serde(rename = "walk_p95_mm"))]
    pub walk_p95: Option<Distance>,
    /// The longest walk.
    #[cfg_attr(feature = "serde", serde(rename = "walk_longest_mm"))]
    pub walk_longest: Option<Distance>,
}

/// What a plan decided about one order: a row of `decisions.csv`. `Display` is the plan's sentence.
///
/// The header: `order,lng,lat,size,site,distance_mm,cost_mm,nearest,nearest_mm,detour_mm,unassigned`. Of `site` and
/// `unassigned` one is empty.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::OrderId;
/// use catchment::order::Order;
/// use catchment::plan::{Router, Unassigned};
/// use catchment::report::Report;
/// use catchment::site::Network;
/// let network = Network::builder().build()?;
/// let orders = [Order::new(OrderId(7), Position::new(LngLat { lng: 121.4, lat: 31.2 })?)];
/// let plan = Router::new(&network).route(&orders)?;
/// let rows = Report::of(&network, &orders, &plan)?.decisions();
/// assert_eq!((rows[0].site, rows[0].unassigned), (None, Some(Unassigned::NoEligibleSite)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DecisionRow {
    /// The order.
    pub order: OrderId,
    /// Degrees east.
    pub lng: f64,
    /// Degrees north.
    pub lat: f64,
    /// What it takes of a site's capacity.
    pub size: Units,
    /// Where it goes.
    pub site: Option<SiteId>,
    /// How far that is.
    #[cfg_attr(feature = "serde", serde(rename = "distance_mm"))]
    pub distance: Option<Distance>,
    /// What it costs: the distance with all preferences.
    #[cfg_attr(feature = "serde", serde(rename = "cost_mm"))]
    pub cost: Option<Cost>,
    /// The nearest eligible site, full or not.
    pub nearest: Option<SiteId>,
    /// How far that is.
    #[cfg_attr(feature = "serde", serde(rename = "nearest_mm"))]
    pub nearest_distance: Option<Distance>,
    /// How much farther the order goes.
    #[cfg_attr(feature = "serde", serde(rename = "detour_mm"))]
    pub detour: Option<Distance>,
    /// Why it goes nowhere, in snake case: `no_room`.
    pub unassigned: Option<Unassigned>,
}

impl Report<'_> {
    /// A row for each site, by id. O(n log n) for n orders.
    #[must_use]
    pub fn sites(&self) -> Vec<SiteRow> {
        let mut walks: Vec<(SiteId, Distance)> = self
            .plan
            .decisions()
            .iter()
            .filter_map(|decision| decision.assigned())
            .map(|assigned| (assigned.site, assigned.distance))
            .collect();
        walks.sort_unstable();
        let mut walks = walks.chunk_by(|one, other| one.0 == other.0).peekable();
        let sites = self.network.sites().zip(self.plan.loads());
        sites
            .map(|(site, load)| {
                let own = walks.next_if(|walks| walks[0].0 == site.id).unwrap_or(&[]);
                let spread = Spread::of(own.iter().map(|(_, walk)| *walk));
                let LngLat { lng, lat } = site.position.into();
                let Price { unassigned, cost } = load.price;
                SiteRow {
                    site: site.id,
                    kind: site.kind,
                    status: site.status,
                    lng,
                    lat,
                    capacity: load.capacity,
                    load: load.load,
                    locked: load.locked,
                    room: load.room(),
                    fill: Ppm::of(load.load.0.into(), load.capacity.0.into()),
                    orders: Orders(own.len() as u32),
                    price_orders: unassigned,
                    price_mm: cost,
                    walk_mean: spread.map(|spread| spread.mean()),
                    walk_p50: spread.map(|spread| spread.p50),
                    walk_p95: spread.map(|spread| spread.p95),
                    walk_longest: spread.map(|spread| spread.longest),
                }
            })
            .collect()
    }

    /// A row for each order, by id. O(n).
    #[must_use]
    pub fn decisions(&self) -> Vec<DecisionRow> {
        let detours = self.detours().zip(self.nearest());
        let rows = self.decided().zip(detours);
        rows.map(|((order, decision), (detour, nearest))| {
            let LngLat { lng, lat } = order.position.into();
            let assigned = decision.assigned();
            DecisionRow {
                order: order.id,
                lng,
                lat,
                size: order.size,
                site: assigned.map(|assigned| assigned.site),
                distance: assigned.map(|assigned| assigned.distance),
                cost: assigned.map(|assigned| assigned.cost),
                nearest: nearest.map(|nearest| nearest.site),
                nearest_distance: nearest.map(|nearest| nearest.distance),
                detour,
                unassigned: match decision.outcome {
                    Outcome::Assigned(_) => None,
                    Outcome::Unassigned(why) => Some(why),
                },
            }
        })
        .collect()
    }
}

impl SiteRow {
    /// The rows as a table for people, in the sequence given: names are the caller's.
    ///
    /// ```
    /// use catchment::plan::Router;
    /// use catchment::report::{Report, SiteRow};
    /// use catchment::id::SiteId;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let plan = Router::new(&network).route(&[])?;
    /// let rows = Report::of(&network, &[], &plan)?.sites();
    /// let table = SiteRow::table(&rows, &|site: SiteId| format!("站点 {site}"));
    /// assert!(table.to_string().starts_with("site  kind  load  capacity  fill"), "{table}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(rows: &[Self], names: &dyn Names) -> Table {
        let right = ["load", "capacity", "fill", "mean walk", "one more place"];
        let right = right.into_iter().map(|heading| (heading, Align::Right));
        let left = [("site", Align::Left), ("kind", Align::Left)];
        let mut table = Table::new(left.into_iter().chain(right));
        for row in rows {
            table.row([
                names.site(row.site).into_owned(),
                row.kind.to_string(),
                grouped(row.load.0.into()),
                grouped(row.capacity.0.into()),
                row.fill.map(|fill| fill.to_string()).unwrap_or_default(),
                row.walk_mean
                    .map(|walk| walk.to_string())
                    .unwrap_or_default(),
                row.worth_of_a_place(),
            ]);
        }
        table
    }

    /// What one more place here would bring, in words: `serves 1 more` or `saves 120 m`; nothing where room is left.
    fn worth_of_a_place(&self) -> String {
        match (self.price_orders, self.price_mm) {
            (0, 0) => String::new(),
            (0, saved) => format!("saves {}", Cost::from_millimetres(saved)),
            (more, _) => format!("serves {more} more"),
        }
    }
}

impl fmt::Display for DecisionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for DecisionRow {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}: ", names.order(self.order))?;
        match (self.site, self.distance, self.unassigned) {
            (Some(site), Some(distance), _) => {
                write!(f, "site {} at {distance}", names.site(site))
            }
            (_, _, Some(why)) => fmt::Display::fmt(&why, f),
            _ => f.write_str("not decided"),
        }
    }
}
