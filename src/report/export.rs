//! Plans as `GeoJSON` (RFC 7946, feature `geojson`): points and lines for whatever draws maps, in the same form as the
//! cells of [`coverage`](crate::coverage).
//!
//! Properties are the columns of the rows, in alphabetical order; what is an empty field there is null here. Positions
//! have seven decimals, about a centimetre.

use geojson::feature::Id;
use geojson::{Geometry, JsonValue};

use crate::coverage::export::{feature, text_of};
use crate::geo::{LngLat, Position, seven_decimals};
use crate::order::Order;
use crate::plan::{Assigned, Cost, Unassigned};
use crate::report::{DecisionRow, Report, SiteRow};
use crate::site::SiteStatus;
use crate::units::Distance;

/// An order, what was decided, and where the site is that it goes to.
type Way<'a> = (&'a Order, &'a Assigned, Position);

impl Report<'_> {
    /// The sites as points, by id, with the columns of [`SiteRow`] but `lng` and `lat`. O(n log n) for n orders.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    /// let door = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(60))).build()?;
    /// let plan = Router::new(&network).route(&[])?;
    /// let text = Report::of(&network, &[], &plan)?.sites_to_geojson();
    /// assert!(text.contains(r#""geometry":{"type":"Point","coordinates":[121.4,31.2]}"#), "{text}");
    /// assert!(text.contains(r#""capacity":60,"fill_ppm":0,"kind":"leader""#), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sites_to_geojson(&self) -> String {
        text_of(&self.sites(), |row: &SiteRow| {
            let properties = [
                ("capacity", row.capacity.0.into()),
                ("fill_ppm", row.fill.map(|fill| fill.0).into()),
                ("kind", row.kind.to_string().into()),
                ("load", row.load.0.into()),
                ("locked", row.locked.0.into()),
                ("orders", row.orders.0.into()),
                ("price_mm", row.price_mm.into()),
                ("price_orders", row.price_orders.into()),
                ("room", row.room.0.into()),
                ("site", row.site.0.into()),
                ("status", status(row.status).into()),
                ("walk_longest_mm", length(row.walk_longest)),
                ("walk_mean_mm", length(row.walk_mean)),
                ("walk_p50_mm", length(row.walk_p50)),
                ("walk_p95_mm", length(row.walk_p95)),
            ];
            let at = point(row.lng, row.lat);
            feature(at, Some(Id::Number(row.site.0.into())), properties)
        })
    }

    /// The orders as points, by id, with the columns of [`DecisionRow`] but `lng` and `lat`. O(n).
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::OrderId;
    /// use catchment::order::Order;
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let orders = [Order::new(OrderId(7), Position::new(LngLat { lng: 121.4, lat: 31.2 })?)];
    /// let plan = Router::new(&network).route(&orders)?;
    /// let text = Report::of(&network, &orders, &plan)?.orders_to_geojson();
    /// assert!(text.contains(r#""order":7,"site":null,"size":1,"unassigned":"no_eligible_site"}"#), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn orders_to_geojson(&self) -> String {
        text_of(&self.decisions(), |row: &DecisionRow| {
            let properties = [
                ("cost_mm", row.cost.map(Cost::as_millimetres).into()),
                ("detour_mm", length(row.detour)),
                ("distance_mm", length(row.distance)),
                ("nearest", row.nearest.map(|site| site.0).into()),
                ("nearest_mm", length(row.nearest_distance)),
                ("order", row.order.0.into()),
                ("site", row.site.map(|site| site.0).into()),
                ("size", row.size.0.into()),
                ("unassigned", row.unassigned.map(Unassigned::name).into()),
            ];
            let at = point(row.lng, row.lat);
            feature(at, Some(Id::Number(row.order.0.into())), properties)
        })
    }

    /// A straight line from every assigned order to its site, by id of the order: properties `distance_mm`, `order`
    /// and `site`. A line across the antimeridian is cut there, as the RFC asks. O(n log s) for s sites.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder().site(Site::leader(SiteId(17), at(121.5)?, Units(60))).build()?;
    /// let orders = [Order::new(OrderId(7), at(121.4)?)];
    /// let plan = Router::new(&network).route(&orders)?;
    /// let text = Report::of(&network, &orders, &plan)?.lines_to_geojson();
    /// assert!(text.contains(r#""coordinates":[[121.4,31.2],[121.5,31.2]]"#), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lines_to_geojson(&self) -> String {
        let decided = self.decided().filter_map(|(order, decision)| {
            let assigned = decision.assigned()?;
            Some((
                order,
                assigned,
                self.network().site(assigned.site)?.position,
            ))
        });
        let ways: Vec<Way<'_>> = decided.collect();
        text_of(&ways, |(order, assigned, door)| {
            let properties = [
                ("distance_mm", assigned.distance.as_millimetres().into()),
                ("order", order.id.0.into()),
                ("site", assigned.site.0.into()),
            ];
            let id = Some(Id::Number(order.id.0.into()));
            feature(line(order.position.into(), (*door).into()), id, properties)
        })
    }
}

const fn status(status: SiteStatus) -> &'static str {
    match status {
        SiteStatus::Open => "open",
        SiteStatus::Paused => "paused",
    }
}

fn length(length: Option<Distance>) -> JsonValue {
    length.map(Distance::as_millimetres).into()
}

fn point(lng: f64, lat: f64) -> Geometry {
    Geometry::new_point([seven_decimals(lng), seven_decimals(lat)])
}

/// The straight line between two places, the short way round.
fn line(from: LngLat, to: LngLat) -> Geometry {
    let ends = [from, to].map(|end| [seven_decimals(end.lng), seven_decimals(end.lat)]);
    let [[west, _], [east, _]] = ends;
    if (west - east).abs() <= 180.0 {
        return Geometry::new_line_string(ends);
    }
    // From the side of the first end: the second is beyond the edge there, by what is missing to the whole round.
    let edge = if from.lng < 0.0 { -180.0 } else { 180.0 };
    let (before, after) = ((edge - from.lng).abs(), (edge + to.lng).abs());
    let share = if before + after > 0.0 {
        before / (before + after)
    } else {
        0.0
    };
    let lat = seven_decimals(from.lat + (to.lat - from.lat) * share);
    Geometry::new_multi_line_string([[ends[0], [edge, lat]], [[-edge, lat], ends[1]]])
}
