//! Any numbers and any text as positions, datums, distances, cells and sites.
//!
//! Whatever is accepted is on Earth and survives a round trip; nothing panics.

#![no_main]

use catchment::geo::{Bd09, Cell, Gcj02, LngLat, Position, Region, Resolution};
use catchment::site::{Network, Site};
use catchment::units::Distance;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fuzz_target!(|input: Input<'_>| match input {
    Input::Numbers {
        lng,
        lat,
        resolution,
        polygon,
    } => {
        numbers(lng, lat, resolution);
        shape(polygon);
    }
    Input::Degrees {
        lng,
        lat,
        resolution,
    } => {
        // Most random bits are no degrees at all.
        let share = |number: i32| f64::from(number) / f64::from(i32::MAX);
        numbers(181.0 * share(lng), 91.0 * share(lat), resolution);
    }
    Input::Text(text) => parse(text),
});

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Numbers {
        lng: f64,
        lat: f64,
        resolution: u8,
        polygon: Vec<(f64, f64)>,
    },
    Degrees {
        lng: i32,
        lat: i32,
        resolution: u8,
    },
    Text(&'a str),
}

fn numbers(lng: f64, lat: f64, resolution: u8) {
    let position = Position::new(LngLat { lng, lat });
    let in_range = (-180.0..=180.0).contains(&lng) && (-90.0..=90.0).contains(&lat);
    assert_eq!(position.is_ok(), in_range);
    assert_eq!(
        Position::try_from(geo::Point::new(lng, lat)).is_ok(),
        in_range
    );
    assert_eq!(Gcj02 { lng, lat }.to_wgs84().is_ok(), in_range);
    assert_eq!(Bd09 { lng, lat }.to_wgs84().is_ok(), in_range);
    if let Ok(distance) = Distance::from_metres_f64(lng) {
        assert!(lng >= 0.0);
        assert!((distance.as_metres_f64() - lng).abs() <= 0.000_6);
    }

    let Ok(position) = position else { return };
    check(position);
    round_trip(&position);
    if !beside_the_datum_edge(lng, lat) {
        for back in [
            Gcj02::from_wgs84(position).to_wgs84(),
            Bd09::from_wgs84(position).to_wgs84(),
        ] {
            let error = back
                .expect("a shifted place is a place")
                .distance_to(position);
            assert!(
                error < Distance::from_millimetres(10),
                "{position:?}: {error:#}"
            );
        }
    }
    let other = Position::new(LngLat {
        lng: lat,
        lat: lng / 2.0,
    })
    .expect("half of 180 is 90");
    assert_eq!(position.distance_to(position), Distance::ZERO);
    assert_eq!(position.distance_to(other), other.distance_to(position));
    assert_eq!(position.geodesic_to(other), other.geodesic_to(position));
    assert!(position.distance_to(other) <= Distance::from_metres(20_015_115));
    if let Ok(resolution) = Resolution::new(resolution) {
        let cell = Cell::at(position, resolution);
        assert!(cell.contains(position));
        assert_eq!(cell.to_string().parse(), Ok(cell));
        round_trip(&cell);
    }
}

/// Just outside the rectangle of the Chinese datums, where some coordinates have two origins (see [`Gcj02`]): the only
/// places that need not survive a round trip.
fn beside_the_datum_edge(lng: f64, lat: f64) -> bool {
    let within = |margin: f64| {
        (72.004 - margin..=137.8347 + margin).contains(&lng)
            && (0.8293 - margin..=55.8271 + margin).contains(&lat)
    };
    within(0.02) && !within(0.0)
}

/// Any ring: refused, or a region that answers.
fn shape(corners: Vec<(f64, f64)>) {
    let places: Vec<_> = corners
        .iter()
        .filter_map(|(lng, lat)| {
            Position::new(LngLat {
                lng: *lng,
                lat: *lat,
            })
            .ok()
        })
        .collect();
    let polygon = geo::Polygon::new(corners.into(), Vec::new());
    if let Ok(region) = Region::new(std::sync::Arc::new(polygon.into())) {
        for corner in places {
            assert!(region.contains(corner), "corners belong to the region");
        }
    }
}

fn parse(text: &str) {
    if let Some(position) = read::<Position>(text) {
        check(position);
    }
    read::<Distance>(text);
    read::<Resolution>(text);
    let _ = text.parse::<Cell>().map(|cell| round_trip(&cell));
    if let Some(site) = read::<Site>(text) {
        check(site.position);
        let _ = Network::builder().site(site).build();
    }
}

/// What is read can be written, and read again.
fn read<T: DeserializeOwned + Serialize + PartialEq + core::fmt::Debug>(text: &str) -> Option<T> {
    let value = serde_json::from_str(text).ok()?;
    round_trip(&value);
    Some(value)
}

fn round_trip<T: DeserializeOwned + Serialize + PartialEq + core::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("plain data");
    let back: T = serde_json::from_str(&text).expect("what was written");
    assert_eq!(*value, back);
}

fn check(position: Position) {
    assert!(position.lng() > -180.0 && position.lng() <= 180.0);
    assert!(position.lat().abs() <= 90.0);
    assert!(position.lng().to_bits() != (-0.0_f64).to_bits());
    assert!(position.lat().to_bits() != (-0.0_f64).to_bits());
}
