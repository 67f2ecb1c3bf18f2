//! GeoJSON (RFC 7946), one feature a line: layers for any map.

use std::io::{self, Write};

use catchment::geo::{Cell, Position};
use catchment::units::Distance;
use geo::{LineString, MultiPolygon};
use serde_json::{Value, json};

use crate::city::{City, UNLIMITED};
use crate::export::cells::Cells;
use crate::export::{Planned, status};

/// The sites as points.
pub(super) fn sites(file: &mut dyn Write, planned: &Planned<'_>) -> io::Result<()> {
    let city = planned.city;
    let features = planned.plan().loads().iter().map(|load| {
        let site = city.site(load.site);
        let properties = json!({
            "site": city.site_name(load.site),
            "kind": site.kind.to_string(),
            "status": status(site.status),
            "capacity": (load.capacity != UNLIMITED).then_some(load.capacity.0),
            "load": load.load.0,
        });
        feature("Point", &json!(lng_lat(site.position)), &properties)
    });
    collection(file, features)
}

/// The orders: each a line to its site, or a point if it goes nowhere.
pub(super) fn orders(file: &mut dyn Write, planned: &Planned<'_>) -> io::Result<()> {
    let city = planned.city;
    let features = planned.routed().map(|order| {
        let properties = json!({
            "order": &*city.orders()[order.place].id,
            "verdict": order.verdict(),
            "site": order.site().map(|site| city.site_name(site)),
            "distance_m": order.distance().map(Distance::as_metres_f64),
            "detour_m": order.detour().map(Distance::as_metres_f64),
        });
        let from = lng_lat(order.position);
        match order.site() {
            Some(site) => {
                let to = lng_lat(city.site(site).position);
                feature("LineString", &json!([from, to]), &properties)
            }
            None => feature("Point", &json!(from), &properties),
        }
    });
    collection(file, features)
}

/// The cells in which anybody orders.
pub(super) fn cells(file: &mut dyn Write, cells: &Cells) -> io::Result<()> {
    let features = cells.counts.iter().map(|(cell, count)| {
        let assigned = count.orders - count.unassigned;
        let properties = json!({
            "cell": cell.to_string(),
            "orders": count.orders,
            "unassigned": count.unassigned,
            "detoured": count.detoured,
            "mean_walk_m": (assigned > 0).then(|| count.walk as f64 / 1e3 / f64::from(assigned)),
        });
        feature("Polygon", &json!([ring(*cell)]), &properties)
    });
    collection(file, features)
}

/// The catchments of the nearest eligible site, judged at the centres of cells.
pub(super) fn catchments(file: &mut dyn Write, city: &City, cells: &Cells) -> io::Result<()> {
    let features = cells.catchments.iter().map(|(site, shape)| {
        let properties = json!({ "site": city.site_name(*site), "approximate": true });
        feature("MultiPolygon", &coordinates(shape), &properties)
    });
    collection(file, features)
}

fn collection(file: &mut dyn Write, features: impl Iterator<Item = Value>) -> io::Result<()> {
    file.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    for (number, feature) in features.enumerate() {
        file.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *file, &feature)?;
    }
    file.write_all(b"\n]}\n")
}

fn feature(kind: &str, coordinates: &Value, properties: &Value) -> Value {
    json!({
        "type": "Feature",
        "geometry": { "type": kind, "coordinates": coordinates },
        "properties": properties,
    })
}

fn lng_lat(position: Position) -> [f64; 2] {
    [position.lng(), position.lat()]
}

/// The corners of a cell, closed.
fn ring(cell: Cell) -> Vec<[f64; 2]> {
    let mut corners: Vec<_> = cell.boundary().into_iter().map(lng_lat).collect();
    corners.extend(corners.first().copied());
    corners
}

fn coordinates(shape: &MultiPolygon<f64>) -> Value {
    let ring = |ring: &LineString<f64>| {
        ring.coords()
            .map(|at| json!([at.x, at.y]))
            .collect::<Value>()
    };
    let polygons = shape.iter().map(|polygon| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(ring).collect::<Value>()
    });
    polygons.collect()
}
