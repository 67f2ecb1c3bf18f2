//! `GeoJSON` that others can read: parsed back with the `geojson` crate and checked against RFC 7946.

use std::sync::Arc;

use catchment::candidates::Filter;
use catchment::coverage::{CatchmentMap, DemandMap, Holes};
use catchment::geo::{Cell, LngLat, Position, Region};
use catchment::id::OrderId;
use catchment::limits::Limits;
use catchment::order::Order;
use catchment::site::{Network, Site};
use geo::{MultiPolygon, Polygon};
use geojson::{Feature, FeatureCollection, GeometryValue};

use crate::coverage::{regions, resolution};
use crate::workload::{Areas, World, pause_half, sites};

/// The features of a text that keeps the rules: names its type, closed rings, right-hand rule, within bounds,
/// cut at the antimeridian, seven decimals.
fn read(text: &str) -> Vec<(Feature, MultiPolygon)> {
    let collection: FeatureCollection = text.parse().expect("GeoJSON");
    let features = collection.features.into_iter();
    features
        .map(|feature| {
            let shape = shape_of(&feature);
            (feature, shape)
        })
        .collect()
}

fn shape_of(feature: &Feature) -> MultiPolygon {
    let geometry = feature.geometry.as_ref().expect("a geometry");
    let GeometryValue::MultiPolygon { coordinates } = &geometry.value else {
        unreachable!("{}", geometry.value.type_name())
    };
    let mut shape = Vec::new();
    for polygon in coordinates {
        let mut rings = Vec::new();
        for (place, ring) in polygon.iter().enumerate() {
            let ring: Vec<(f64, f64)> = ring.iter().map(|at| (at[0], at[1])).collect();
            assert!(ring.len() >= 4 && ring.first() == ring.last());
            for &(lng, lat) in &ring {
                assert!(lng.abs() <= 180.0 && lat.abs() <= 90.0);
                for number in [lng, lat] {
                    let printed = number.to_string();
                    let decimals = printed
                        .split_once('.')
                        .map_or(0, |(_, decimals)| decimals.len());
                    assert!(decimals <= 7, "{printed}");
                }
            }
            let sides = ring.windows(2);
            let doubled_area: f64 = sides.map(|s| (s[0].0 - s[1].0) * (s[0].1 + s[1].1)).sum();
            assert_eq!(doubled_area > 0.0, place == 0, "right-hand rule");
            rings.push(ring.into());
        }
        let holes = rings.split_off(1);
        shape.push(Polygon::new(rings.remove(0), holes));
    }
    // Strict about everything else: crossings, holes outside their shells, jumps across the antimeridian.
    Region::new(Arc::new(MultiPolygon(shape)))
        .expect("a valid region")
        .shape()
        .clone()
}

fn number(feature: &Feature, name: &str) -> Option<u64> {
    feature.property(name).expect("a property").as_u64()
}

#[test]
fn catchments_read_back() {
    for (world, region, at) in regions() {
        let mut stores = sites(world, 16, 40, &[Areas::Radii]);
        pause_half(&mut stores);
        let network = Network::builder().sites(stores).build().expect("valid");
        let filter = Filter::default();
        for filter in [None, Some(&filter)] {
            let map = CatchmentMap::of(&network, &region, resolution(at), filter).expect("few");
            let text = map.to_geojson();
            assert_eq!(
                text,
                map.clone().to_geojson(),
                "the same map, the same bytes"
            );
            let features = read(&text);
            let nobody = usize::from(!map.cells_of_nobody().is_empty());
            assert_eq!(features.len(), map.sizes().count() + nobody);
            let expected = map.sizes().map(|(site, cells)| (Some(site.0), cells));
            let expected =
                expected.chain((nobody > 0).then_some((None, map.cells_of_nobody().len())));
            for ((feature, _), (site, cells)) in features.iter().zip(expected) {
                assert_eq!(number(feature, "site"), site);
                assert_eq!(number(feature, "cells"), Some(cells as u64));
                assert_eq!(number(feature, "resolution"), Some(u64::from(at)));
                assert_eq!(feature.property("approximate"), Some(&true.into()));
            }
            let regions: Vec<(Option<u64>, Region)> = features
                .into_iter()
                .map(|(feature, shape)| {
                    let region = Region::new(Arc::new(shape)).expect("checked before");
                    (number(&feature, "site"), region)
                })
                .collect();
            for (cell, owner) in map.iter() {
                let holders = regions
                    .iter()
                    .filter(|(_, shape)| shape.contains(cell.centre()));
                let holders: Vec<Option<u64>> = holders.map(|(site, _)| *site).collect();
                assert_eq!(holders, [owner.map(|owner| owner.site.0)]);
            }
        }
    }
}

#[test]
fn demand_and_holes_read_back() {
    for (world, at) in [
        (World::City, 9),
        (World::Antimeridian, 5),
        (World::Poles, 3),
        (World::Globe, 0),
    ] {
        let orders: Vec<Order> = (0..)
            .zip(world.positions(17, 500))
            .map(|(id, at)| Order::new(OrderId(id), at))
            .collect();
        let network = Network::builder()
            .sites(sites(world, 18, 20, &[Areas::Radii]))
            .build()
            .expect("valid");
        let map = DemandMap::of(&orders, resolution(at), &Limits::default()).expect("few");
        let holes = Holes::of(&network, &orders, &Filter::default(), resolution(at)).expect("few");

        let features = read(&map.to_geojson());
        assert_eq!(features.len(), map.iter().len());
        for ((feature, shape), (cell, demand)) in features.iter().zip(map.iter()) {
            assert_eq!(feature.property("cell"), Some(&cell.to_string().into()));
            assert_eq!(number(feature, "orders"), Some(demand.orders));
            assert_eq!(number(feature, "units"), Some(demand.units));
            assert!(
                Region::new(Arc::new(shape.clone()))
                    .expect("checked")
                    .contains(cell.centre())
            );
        }
        let features = read(&holes.to_geojson());
        assert_eq!(features.len(), holes.as_slice().len());
        for ((feature, _), hole) in features.iter().zip(holes.as_slice()) {
            let nearest = hole.nearest.as_ref().expect("the network has sites");
            assert_eq!(number(feature, "orders"), Some(hole.unserved.orders));
            assert_eq!(number(feature, "site"), Some(nearest.neighbour.site.0));
            assert_eq!(
                feature.property("reason"),
                Some(&nearest.to_string().into())
            );
        }
    }
}

#[test]
fn a_cell_on_the_antimeridian_is_cut_in_two() {
    let order = |lng, lat| {
        let at = Position::new(LngLat { lng, lat }).expect("in range");
        assert_eq!(Cell::at(at, resolution(5)).boundary().len(), 6);
        Order::new(OrderId(1), at)
    };
    for (order, parts) in [
        (order(180.0, -17.0), 2),
        (order(121.47, 31.23), 1),
        (order(0.0, 90.0), 1),
    ] {
        let map = DemandMap::of(&[order], resolution(5), &Limits::default()).expect("one cell");
        assert_eq!(read(&map.to_geojson())[0].1.0.len(), parts);
    }
}

#[test]
fn nothing_is_an_empty_collection() {
    let empty = r#"{"type":"FeatureCollection","features":[]}"#;
    let none: [Order; 0] = [];
    let map = DemandMap::of(&none, resolution(9), &Limits::default()).expect("no cell");
    assert_eq!(map.to_geojson(), empty);
    let network = Network::builder()
        .sites(Vec::<Site>::new())
        .build()
        .expect("valid");
    let holes = Holes::of(&network, &none, &Filter::default(), resolution(9)).expect("no cell");
    assert_eq!(holes.to_geojson(), empty);
}
