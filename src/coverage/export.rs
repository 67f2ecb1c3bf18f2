//! Maps as `GeoJSON` (RFC 7946, feature `geojson`): feature collections for whatever draws maps.
//!
//! Every feature is a `MultiPolygon` of joined cells as [`dissolve`] draws them: right-hand rule, cut at the
//! antimeridian, seven decimals. Features and their properties come in a fixed order.

use geo::{LineString, MultiPolygon};
use geojson::feature::Id;
use geojson::{Feature, FeatureCollection, Geometry, JsonObject, JsonValue};

use crate::coverage::{CatchmentMap, Demand, DemandMap, Holes};
use crate::geo::{Cell, Resolution, dissolve};
use crate::index::map_in_order;

impl CatchmentMap {
    /// The map as `GeoJSON` text: a feature for each site with a catchment, by id; then one, with `"site": null`,
    /// of the cells that nobody is eligible for, if there are any.
    ///
    /// Properties: `approximate` (true, because cells are judged at their centres), `cells` (how many),
    /// `resolution`, `site`. O(n log n) for n cells, some 8 µs each.
    ///
    /// ```
    /// use catchment::coverage::CatchmentMap;
    /// use catchment::geo::{LngLat, Position, Region, Resolution};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    /// use geo::polygon;
    ///
    /// let store = Position::new(LngLat { lng: 121.42, lat: 31.25 })?;
    /// let network = Network::builder().site(Site::store(SiteId(1), store, Units(500))).build()?;
    /// let block = polygon![(x: 121.4, y: 31.2), (x: 121.5, y: 31.2), (x: 121.5, y: 31.3), (x: 121.4, y: 31.3)];
    /// let region = Region::new(std::sync::Arc::new(block.into()))?;
    /// let map = CatchmentMap::of(&network, &region, Resolution::new(8)?, None)?;
    /// let text = map.to_geojson();
    /// assert!(text.contains(r#""properties":{"approximate":true,"cells":186,"resolution":8,"site":1}"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_geojson(&self) -> String {
        let (nobody, sites): (Vec<_>, Vec<_>) = self
            .catchments()
            .iter()
            .partition(|(site, _)| site.is_none());
        let catchments: Vec<_> = sites.into_iter().chain(nobody).collect();
        text_of(&catchments, |(site, cells)| {
            let site = site.map(|site| site.0);
            let properties = [
                ("approximate", true.into()),
                ("cells", cells.len().into()),
                ("resolution", number(self.resolution())),
                ("site", site.into()),
            ];
            let id = site.map(|site| Id::Number(site.into()));
            feature(shape_of(cells), id, properties)
        })
    }
}

impl DemandMap {
    /// The map as `GeoJSON` text: a feature for each cell, in ascending order.
    ///
    /// Properties: `cell`, `orders`, `resolution`, `units`. O(n) for n cells, some 15 µs each.
    ///
    /// ```
    /// use catchment::coverage::DemandMap;
    /// use catchment::geo::{LngLat, Position, Resolution};
    /// use catchment::id::OrderId;
    /// use catchment::limits::Limits;
    /// use catchment::order::Order;
    ///
    /// let bund = Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?;
    /// let orders = [Order::new(OrderId(1), bund)];
    /// let text = DemandMap::of(&orders, Resolution::new(9)?, &Limits::default())?.to_geojson();
    /// assert!(text.contains(r#""cell":"89309958ac7ffff","orders":1,"resolution":9,"units":1"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_geojson(&self) -> String {
        let cells: Vec<(Cell, Demand)> = self.iter().collect();
        text_of(&cells, |&(cell, Demand { orders, units })| {
            let properties = [
                ("cell", cell.to_string().into()),
                ("orders", orders.into()),
                ("resolution", number(self.resolution())),
                ("units", units.into()),
            ];
            cell_feature(cell, properties)
        })
    }
}

impl Holes {
    /// The holes as `GeoJSON` text: a feature for each cell, most orders first.
    ///
    /// Properties: `cell`, `orders` and `units` (both unserved), `reason` (the sentence about the site nearest to the
    /// worst-off address), `resolution`, `site` (that site). In a network without sites, site and reason are null.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::coverage::Holes;
    /// use catchment::geo::{LngLat, Position, Resolution};
    /// use catchment::id::OrderId;
    /// use catchment::order::Order;
    /// use catchment::site::Network;
    ///
    /// let network = Network::builder().build()?; // opens next month
    /// let orders = [Order::new(OrderId(1), Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?)];
    /// let holes = Holes::of(&network, &orders, &Filter::default(), Resolution::new(9)?)?;
    /// assert!(holes.to_geojson().contains(r#""cell":"89309958ac7ffff","orders":1,"reason":null"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_geojson(&self) -> String {
        text_of(self.as_slice(), |hole| {
            let nearest = hole.nearest.as_ref();
            let properties = [
                ("cell", hole.cell.to_string().into()),
                ("orders", hole.unserved.orders.into()),
                ("reason", nearest.map(ToString::to_string).into()),
                ("resolution", number(self.resolution())),
                (
                    "site",
                    nearest.map(|nearest| nearest.neighbour.site.0).into(),
                ),
                ("units", hole.unserved.units.into()),
            ];
            cell_feature(hole.cell, properties)
        })
    }
}

/// A feature for each of the things, in their order.
pub(crate) fn text_of<T: Sync>(
    things: &[T],
    feature_of: impl Fn(&T) -> Feature + Sync + Send,
) -> String {
    let collection = FeatureCollection {
        bbox: None,
        features: map_in_order(things, 1, feature_of),
        foreign_members: None,
    };
    collection.to_string()
}

pub(crate) fn cell_feature<const N: usize>(
    cell: Cell,
    properties: [(&str, JsonValue); N],
) -> Feature {
    feature(
        shape_of(&[cell]),
        Some(Id::String(cell.to_string())),
        properties,
    )
}

/// One feature. The properties are in alphabetical order, so that it does not matter whether `serde_json` keeps theirs.
pub(crate) fn feature<const N: usize>(
    geometry: Geometry,
    id: Option<Id>,
    properties: [(&str, JsonValue); N],
) -> Feature {
    debug_assert!(properties.is_sorted_by_key(|(name, _)| *name));
    let named = properties.map(|(name, value)| (name.to_owned(), value));
    Feature {
        bbox: None,
        geometry: Some(geometry),
        id,
        properties: Some(JsonObject::from_iter(named)),
        foreign_members: None,
    }
}

fn shape_of(cells: &[Cell]) -> Geometry {
    let shape: MultiPolygon = dissolve(cells.iter().copied());
    let ring = |ring: &LineString| ring.coords().map(|at| [at.x, at.y]).collect::<Vec<_>>();
    Geometry::new_multi_polygon(shape.iter().map(|polygon| {
        let rings = core::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(ring).collect::<Vec<_>>()
    }))
}

pub(crate) fn number(resolution: Resolution) -> JsonValue {
    resolution.as_u8().into()
}
