//! GCJ-02 and BD-09: published numbers, round trips, the edge of the rectangle, and real coordinates.
#![allow(clippy::float_cmp, reason = "unchanged means unchanged to the bit")]

use catchment::geo::{Bd09, Gcj02, LngLat, Position, PositionError};
use proptest::prelude::*;

use crate::shared_data::shared_data;

const WEST: f64 = 72.004;
const EAST: f64 = 137.8347;
const SOUTH: f64 = 0.8293;
const NORTH: f64 = 55.8271;

fn place(lng: f64, lat: f64) -> Position {
    Position::new(LngLat { lng, lat }).expect("test coordinates are in range")
}

/// Both datums lead back to where they came from.
fn check_round_trip(from: Position) {
    for (datum, back) in [
        ("GCJ-02", Gcj02::from_wgs84(from).to_wgs84()),
        ("BD-09", Bd09::from_wgs84(from).to_wgs84()),
    ] {
        let back = back.expect("a shifted place is a place");
        let error = back.distance_to(from);
        assert!(
            error.as_millimetres() <= 1,
            "{datum}: {from:?} -> {back:?}, {error:#}"
        );
    }
}

fn check_unchanged(from: Position) {
    let (gcj, bd) = (Gcj02::from_wgs84(from), Bd09::from_wgs84(from));
    assert_eq!((gcj.lng, gcj.lat), (from.lng(), from.lat()));
    assert_eq!((bd.lng, bd.lat), (from.lng(), from.lat()));
}

#[test]
fn published_numbers_come_out() {
    // The tests of googollee/eviltransform, and the example that Baidu's converters share.
    for ((lng, lat), (gcj_lng, gcj_lat)) in [
        (
            (121.527_210_6, 31.177_427_6),
            (121.531_541_859_215, 31.175_303_983_645_97),
        ),
        (
            (113.912_316, 22.543_847),
            (113.917_176_480_836_3, 22.540_796_131_694_766),
        ),
        (
            (116.377_817, 39.911_954),
            (116.384_047_224_556_57, 39.913_345_455_360_69),
        ),
        (
            (116.404, 39.915),
            (116.410_244_499_169_38, 39.916_404_281_501_64),
        ),
        (
            (118.0, 32.0),
            (118.005_431_013_838_46, 31.997_964_381_055_795),
        ),
    ] {
        let gcj = Gcj02::from_wgs84(place(lng, lat));
        assert!((gcj.lng - gcj_lng).abs() < 1e-12, "{gcj:?}");
        assert!((gcj.lat - gcj_lat).abs() < 1e-12, "{gcj:?}");
        check_round_trip(place(lng, lat));
    }
    let bd = Bd09::from_wgs84(place(116.404, 39.915));
    assert!((bd.lng - 116.416_627_243_787_33).abs() < 1e-12, "{bd:?}");
    assert!((bd.lat - 39.922_699_552_216_216).abs() < 1e-12, "{bd:?}");
}

#[test]
fn the_inverse_from_baidu_beats_the_published_approximation() {
    let pin = Bd09 {
        lng: 116.404,
        lat: 39.915,
    };
    let gcj = pin.to_gcj02().expect("in range");
    // The one-step inverse of the converters is up to two decimetres away ...
    assert!((gcj.lng - 116.397_627_291_193_15).abs() < 3e-6, "{gcj:?}");
    assert!((gcj.lat - 39.908_656_739_576_31).abs() < 3e-6, "{gcj:?}");
    // ... and does not lead back; ours does.
    let back = gcj.to_bd09().expect("in range");
    assert!((back.lng - pin.lng).abs() < 1e-12, "{back:?}");
    assert!((back.lat - pin.lat).abs() < 1e-12, "{back:?}");
}

#[test]
fn every_place_of_a_dense_grid_survives_the_round_trip() {
    // Grid lines include both edges, and 105° E, where the offset has a cusp.
    for column in 0..=658 {
        for row in 0..=550 {
            check_round_trip(place(
                (WEST + 0.1 * f64::from(column)).min(EAST),
                (SOUTH + 0.1 * f64::from(row)).min(NORTH),
            ));
        }
    }
    for step in 0..=1_000 {
        let lat = SOUTH + (NORTH - SOUTH) * f64::from(step) / 1_000.0;
        check_round_trip(place(105.0, lat));
        check_round_trip(place(105.0 + 1e-9 * f64::from(step), lat));
    }
}

#[test]
fn the_edge_is_inside_and_the_next_number_beyond_is_not() {
    let (lng, lat) = (100.0, 30.0);
    for (inside, outside) in [
        ((WEST, lat), (WEST.next_down(), lat)),
        ((EAST, lat), (EAST.next_up(), lat)),
        ((lng, SOUTH), (lng, SOUTH.next_down())),
        ((lng, NORTH), (lng, NORTH.next_up())),
        ((WEST, SOUTH), (WEST.next_down(), SOUTH.next_down())),
        ((EAST, NORTH), (EAST.next_up(), NORTH.next_up())),
    ] {
        let inside = place(inside.0, inside.1);
        let moved = Gcj02::from_wgs84(inside);
        let jump = place(moved.lng, moved.lat).distance_to(inside);
        assert!(jump.as_millimetres() > 10_000, "{inside:?} moves {jump}");
        check_round_trip(inside);
        check_unchanged(place(outside.0, outside.1));
    }
}

/// A walk across each edge: what the inverse answers is near the coordinate, the same at every call, and, where the
/// coordinate has an origin, an origin.
#[test]
fn the_inverse_answers_everywhere_along_the_edge() {
    for step in -400..=400_i32 {
        let off = f64::from(step) * 1e-4;
        for along in 0..=50 {
            let share = f64::from(along) / 50.0;
            let lng = WEST + (EAST - WEST) * share;
            let lat = SOUTH + (NORTH - SOUTH) * share;
            for (lng, lat) in [
                (WEST + off, lat),
                (EAST + off, lat),
                (lng, SOUTH + off),
                (lng, NORTH + off),
            ] {
                check_answer_near_the_edge(Gcj02 { lng, lat });
            }
        }
    }
}

fn check_answer_near_the_edge(gcj: Gcj02) {
    let Gcj02 { lng, lat } = gcj;
    let origin = gcj.to_wgs84().expect("in range");
    assert_eq!(gcj.to_wgs84(), Ok(origin));
    assert!(origin.distance_to(place(lng, lat)).as_millimetres() < 2_000_000);
    let bd = Bd09 { lng, lat };
    assert_eq!(bd.to_wgs84(), bd.to_wgs84());

    let again = Gcj02::from_wgs84(origin);
    let leads_back = (again.lng - lng).abs() < 1e-9 && (again.lat - lat).abs() < 1e-9;
    let inside =
        |lng: f64, lat: f64| (WEST..=EAST).contains(&lng) && (SOUTH..=NORTH).contains(&lat);
    // Only a coordinate in the gap leads nowhere: inside the rectangle, come from outside it.
    let gap = inside(lng, lat) && !inside(origin.lng(), origin.lat());
    assert!(leads_back || gap, "{gcj:?} -> {origin:?} -> {again:?}");
}

#[test]
fn numbers_that_are_no_place_are_refused() {
    let check = |lng: f64, lat: f64| {
        let expected = Position::new(LngLat { lng, lat }).expect_err("no place");
        let same = |error: PositionError| {
            // NaN differs from itself, so compare what is printed.
            assert_eq!(error.to_string(), expected.to_string());
        };
        let (gcj, bd) = (Gcj02 { lng, lat }, Bd09 { lng, lat });
        same(gcj.to_wgs84().expect_err("no place"));
        same(gcj.to_bd09().expect_err("no place"));
        same(bd.to_wgs84().expect_err("no place"));
        same(bd.to_gcj02().expect_err("no place"));
    };
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -181.0] {
        check(wrong, 31.0);
        check(121.0, wrong);
    }
    check(31.24, 121.49);
}

#[cfg(feature = "serde")]
#[test]
fn raw_coordinates_are_plain_fields_in_serde() {
    let gcj: Gcj02 = serde_json::from_str(r#"{"lat":31.2,"lng":121.5}"#).expect("plain fields");
    assert_eq!((gcj.lng, gcj.lat), (121.5, 31.2));
    let bd = Bd09 {
        lng: 121.5,
        lat: 31.2,
    };
    let json = serde_json::to_string(&bd).expect("plain fields");
    assert_eq!(json, r#"{"lng":121.5,"lat":31.2}"#);
    assert!(serde_json::from_str::<Bd09>(r#"{"lng":1,"lat":2,"alt":3}"#).is_err());
}

#[cfg(feature = "serde")]
#[test]
fn two_bare_numbers_are_coordinates_in_no_text() {
    fn check<T>(coordinates: &T)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let error = serde_json::from_str::<T>("[1.0, 0.5]").expect_err("no names");
        let said = "invalid type: sequence, expected coordinates by name, `lng` and `lat`";
        assert!(error.to_string().starts_with(said), "{error}");
        assert!(serde_json::from_value::<T>(serde_json::json!([1.0, 0.5])).is_err());
        let text = serde_json::to_string(coordinates).expect("plain fields");
        assert_eq!(text, r#"{"lng":1.0,"lat":0.5}"#);
        assert_eq!(
            serde_json::from_str::<T>(&text).expect("by name"),
            *coordinates
        );
        for wrong in [
            r#"{"lng":1.0}"#,
            r#"{"lng":1,"lat":2,"lat":2}"#,
            "7",
            "null",
        ] {
            assert!(serde_json::from_str::<T>(wrong).is_err(), "{wrong}");
        }
        // A compact format has no names, and writes the two numbers alone.
        let bytes = postcard::to_allocvec(coordinates).expect("plain fields");
        assert_eq!(bytes.len(), 16);
        assert_eq!(
            postcard::from_bytes::<T>(&bytes).expect("as written"),
            *coordinates
        );
    }
    let (lng, lat) = (1.0, 0.5);
    check(&LngLat { lng, lat });
    check(&Gcj02 { lng, lat });
    check(&Bd09 { lng, lat });
    check(&Position::new(LngLat { lng, lat }).expect("in range"));
}

/// Files of `../shared/data` that carry both datums: GCJ-02 as published, WGS 84 rounded to six decimals (0.08 m)
/// after an inverse that was not ours.
#[test]
fn real_coordinates_agree_to_two_decimetres() {
    for path in [
        "shanghai/cainiao_spots.csv",
        "shanghai/cainiao_sites.csv",
        "shanghai/cainiao_shops.csv",
        "shanghai/lade_orders.csv",
        "chongqing/lade_orders.csv",
        "jilin/lade_orders.csv",
    ] {
        let Some(file) = shared_data(path) else {
            continue;
        };
        let mut rows = csv::Reader::from_path(file).expect("a readable file");
        let header = rows.headers().expect("a header").clone();
        let columns = ["lon", "lat", "lon_gcj02", "lat_gcj02"].map(|name| {
            let column = header.iter().position(|title| title == name);
            column.expect("a column of this name")
        });
        let mut count = 0;
        for row in rows.records() {
            let row = row.expect("a row");
            let [lng, lat, gcj_lng, gcj_lat] =
                columns.map(|column| row[column].parse::<f64>().expect("a number"));
            let gcj = Gcj02 {
                lng: gcj_lng,
                lat: gcj_lat,
            };
            let error = gcj
                .to_wgs84()
                .expect("in range")
                .distance_to(place(lng, lat));
            assert!(
                error.as_millimetres() < 200,
                "{path}: {row:?} is off by {error:#}"
            );
            count += 1;
        }
        assert!(count > 100, "{path} has only {count} rows");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn round_trips_inside_the_rectangle(lng in WEST..=EAST, lat in SOUTH..=NORTH) {
        check_round_trip(place(lng, lat));
    }

    #[test]
    fn outside_the_rectangle_all_datums_agree(lng in -180.0..=180.0_f64, lat in -90.0..=90.0_f64) {
        // Beyond this no coordinate is ambiguous.
        const MARGIN: f64 = 0.02;
        let near = (WEST - MARGIN..=EAST + MARGIN).contains(&lng)
            && (SOUTH - MARGIN..=NORTH + MARGIN).contains(&lat);
        if near {
            return Ok(());
        }
        let from = place(lng, lat);
        check_unchanged(from);
        prop_assert_eq!(Gcj02 { lng, lat }.to_wgs84(), Ok(from));
        prop_assert_eq!(Bd09 { lng, lat }.to_wgs84(), Ok(from));
    }

    #[test]
    fn the_shift_is_between_ten_metres_and_a_few_kilometres(lng in WEST..=EAST, lat in SOUTH..=NORTH) {
        let from = place(lng, lat);
        let (gcj, bd) = (Gcj02::from_wgs84(from), Bd09::from_wgs84(from));
        for (lng, lat) in [(gcj.lng, gcj.lat), (bd.lng, bd.lat)] {
            let shift = place(lng, lat).distance_to(from).as_millimetres();
            prop_assert!((1_000..3_000_000).contains(&shift), "{shift}");
        }
    }

    #[test]
    fn any_number_gets_an_answer(lng in any::<f64>(), lat in any::<f64>()) {
        let valid = Position::new(LngLat { lng, lat }).is_ok();
        prop_assert_eq!(Gcj02 { lng, lat }.to_wgs84().is_ok(), valid);
        prop_assert_eq!(Bd09 { lng, lat }.to_wgs84().is_ok(), valid);
    }
}
