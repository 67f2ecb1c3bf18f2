//! Maps of plans say what the rows say: `GeoJSON` is parsed back and held against them, field by field.

use catchment::id::{OrderId, SiteId};
use catchment::order::Order;
use catchment::plan::{Method, Router};
use catchment::report::Report;
use catchment::site::{Network, Site};
use catchment::units::{Distance, Units};
use geojson::{Feature, FeatureCollection, GeometryValue, JsonValue};
use serde::Serialize;

use crate::plans::{Case, World};
use crate::workload::degrees;

fn features(text: &str) -> Vec<Feature> {
    let collection: FeatureCollection = text.parse().expect("GeoJSON");
    collection.features
}

/// Every feature is a point with the fields of its row.
fn check_points<R: Serialize>(text: &str, rows: &[R]) {
    let found = features(text);
    assert_eq!(found.len(), rows.len());
    for (feature, row) in found.iter().zip(rows) {
        let JsonValue::Object(mut row) = serde_json::to_value(row).expect("plain numbers") else {
            unreachable!("a row is an object")
        };
        let place = [row.remove("lng"), row.remove("lat")];
        let place = place.map(|degrees| degrees.and_then(|degrees| degrees.as_f64()));
        let geometry = feature.geometry.as_ref().expect("a geometry");
        let GeometryValue::Point { coordinates } = &geometry.value else {
            unreachable!("{}", geometry.value.type_name())
        };
        for (there, here) in coordinates.as_slice().iter().zip(place) {
            assert!((there - here.expect("a number")).abs() <= 0.5e-7);
        }
        assert_eq!(feature.properties.as_ref(), Some(&row));
    }
}

#[test]
fn maps_say_what_rows_say() {
    for seed in 0..30 {
        let case = Case::draw(World::Full, seed);
        let (network, plan) = (case.network(), case.route(Method::Balanced));
        let report = Report::of(&network, &case.orders, &plan).expect("they belong together");
        check_points(&report.sites_to_geojson(), &report.sites());
        check_points(&report.orders_to_geojson(), &report.decisions());
        let lines = features(&report.lines_to_geojson());
        let rows = report.decisions();
        let assigned: Vec<_> = rows.iter().filter(|row| row.site.is_some()).collect();
        assert_eq!(lines.len(), assigned.len());
        for (line, row) in lines.iter().zip(assigned) {
            let number = |name: &str| line.property(name).and_then(JsonValue::as_u64);
            assert_eq!(number("order"), Some(row.order.0));
            assert_eq!(number("site"), row.site.map(|site| site.0));
            assert_eq!(
                number("distance_mm"),
                row.distance.map(Distance::as_millimetres)
            );
        }
    }
}

#[test]
fn lines_are_cut_at_the_antimeridian() {
    let check = |from: f64, to: f64, expected: &str| {
        let site = Site::leader(SiteId(1), degrees(to, -17.0), Units(9));
        let network = Network::builder().site(site).build().expect("one site");
        let orders = [Order::new(OrderId(1), degrees(from, -16.0))];
        let plan = Router::new(&network).route(&orders).expect("a sound batch");
        let report = Report::of(&network, &orders, &plan).expect("they belong together");
        let found = features(&report.lines_to_geojson());
        let geometry = found[0].geometry.as_ref().expect("a geometry");
        assert_eq!(geometry.to_string(), expected);
    };
    let line = |points: &str| format!(r#"{{"type":"LineString","coordinates":{points}}}"#);
    let lines = |points: &str| format!(r#"{{"type":"MultiLineString","coordinates":{points}}}"#);
    check(179.0, 179.5, &line("[[179.0,-16.0],[179.5,-17.0]]"));
    let eastward = "[[[179.5,-16.0],[180.0,-16.25]],[[-180.0,-16.25],[-178.5,-17.0]]]";
    check(179.5, -178.5, &lines(eastward));
    let westward = "[[[-179.0,-16.0],[-180.0,-16.5]],[[180.0,-16.5],[179.0,-17.0]]]";
    check(-179.0, 179.0, &lines(westward));
}
