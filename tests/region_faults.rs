//! What is no region is refused, with its place; what only looks odd is not.

use catchment::geo::{RegionError, RingIndex};
use geo::{LineString, MultiPolygon, Polygon};

use crate::regions::{Random, at, compile};

/// A square with sides of nine degrees.
const SQUARE: &str = "0 0, 9 0, 9 9, 0 9";

/// Reads rings as in `0 0, 9 0, 9 9 | 1 1, 2 1, 2 2`: longitude before latitude, the shell before its holes.
fn polygon(text: &str) -> Polygon {
    let number = |text: &str| -> f64 { text.parse().expect("a number") };
    let vertex = |text: &str| {
        text.trim()
            .split_once(' ')
            .map(|(lng, lat)| (number(lng), number(lat)))
    };
    let mut rings = text
        .split('|')
        .map(|ring| ring.split(',').filter_map(vertex).collect());
    let shell = rings.next().expect("splitting yields one part at least");
    Polygon::new(shell, rings.collect())
}

fn check(rings: &str, message: &str) {
    // The faulty polygon comes second, so that its number shows.
    let shape = vec![polygon("20 0, 21 0, 20 1"), polygon(rings)];
    let error = compile(shape).expect_err(rings);
    assert_eq!(error.to_string(), message, "{rings}");
}

#[test]
fn vertices_must_be_on_earth() {
    for (shell, message) in [
        (
            "0 0, NaN 1, 1 1",
            "a vertex at lng NaN, lat 1, which is not finite",
        ),
        (
            "0 0, 1 inf, 1 1",
            "a vertex at lng 1, lat inf, which is not finite",
        ),
        (
            "31.2 121.5, 31.3 121.5, 31.3 121.6",
            "a vertex at lng 31.2, lat 121.5, outside -180 to 180 and -90 to 90 degrees",
        ),
        (
            "179 0, 181 0, 181 1",
            "a vertex at lng 181, lat 0, outside -180 to 180 and -90 to 90 degrees",
        ),
    ] {
        check(shell, &format!("outer ring of polygon 1 has {message}"));
    }
}

#[test]
fn rings_must_enclose_something() {
    for (rings, message) in [
        (
            "",
            "outer ring of polygon 1 has 0 distinct vertices in a row, needs 3",
        ),
        (
            "1 1",
            "outer ring of polygon 1 has 1 distinct vertices in a row, needs 3",
        ),
        (
            "1 1, 1 1, 1 1, 1 1",
            "outer ring of polygon 1 has 1 distinct vertices in a row, needs 3",
        ),
        (
            "0 0, 9 0, 9 9 | 1 1, 2 2",
            "hole 0 of polygon 1 has 2 distinct vertices in a row, needs 3",
        ),
        (
            "1 1, 2 2, 1 1, 2 2",
            "outer ring of polygon 1 lies on one line and has no area",
        ),
        (
            "1 1, 2 2, 4 4",
            "outer ring of polygon 1 lies on one line and has no area",
        ),
    ] {
        check(rings, message);
    }
    let error = compile(MultiPolygon::new(vec![])).expect_err("no polygon");
    assert_eq!(error, RegionError::Empty);
    let error = compile(polygon("0 0, 9 0, 9 9 | 1 1")).expect_err("a hole of one vertex");
    let ring = RingIndex {
        polygon: 0,
        ring: 1,
    };
    assert_eq!(error, RegionError::TooFewVertices { ring, vertices: 1 });
}

/// Across it without a cut; round a pole without the way to it, with and without a vertex on the antimeridian.
#[test]
fn rings_must_be_cut_at_the_antimeridian() {
    for (shell, jump) in [
        (
            "179 0, -179 0, -179 1, 179 1",
            "lng 179, lat 0 to lng -179, lat 0",
        ),
        (
            "0 80, 120 80, -120 80",
            "lng 120, lat 80 to lng -120, lat 80",
        ),
        (
            "-100 80, 0 80, 100 80",
            "lng 100, lat 80 to lng -100, lat 80",
        ),
        (
            "0 80, 90 80, 180 80, -90 80",
            "lng 180, lat 80 to lng -90, lat 80",
        ),
    ] {
        let message = format!("jumps across the antimeridian from {jump}: cut it at 180 degrees");
        check(shell, &format!("outer ring of polygon 1 {message}"));
    }
}

#[test]
fn rings_must_not_meet_themselves() {
    for (what, ring, place) in [
        ("a bow tie", "0 0, 2 2, 2 0, 0 2", "lng 1, lat 1"),
        (
            "a spike outwards",
            "0 0, 4 0, 4 4, 2 4, 2 6, 2 4, 0 4",
            "lng 2, lat 4",
        ),
        (
            "a spike inwards",
            "0 0, 4 0, 4 4, 2 4, 2 2, 2 5",
            "lng 2, lat 2",
        ),
        (
            "a spike to the west",
            "0 0, 2 1, -2 1, 2 1, 2 2",
            "lng -2, lat 1",
        ),
        (
            "a vertex on an edge",
            "0 0, 4 0, 4 4, 2 0, 0 4",
            "lng 2, lat 0",
        ),
        (
            "a vertex met twice",
            "0 0, 2 1, 4 0, 4 2, 2 1, 0 2",
            "lng 2, lat 1",
        ),
        (
            "an edge on an edge",
            "0 0, 4 0, 4 4, 3 4, 3 0, 1 0, 0 4",
            "lng 1, lat 0",
        ),
    ] {
        let message = format!("crosses or touches itself at {place}");
        check(ring, &format!("outer ring of polygon 1 {message}"));
        let holed = format!("-9 -9, 9 -9, 9 9, -9 9 | {ring}");
        let error = compile(polygon(&holed)).expect_err(what);
        assert_eq!(error.to_string(), format!("hole 0 of polygon 0 {message}"));
    }
}

#[test]
fn holes_must_lie_apart_in_their_shell() {
    let rings_cross = "outer ring of polygon 1 crosses hole 0 of polygon 1";
    let outside = "hole 0 of polygon 1 is outside the outer ring";
    let overlap = "hole 1 of polygon 1 overlaps hole 0 of polygon 1";
    let (small, large) = ("2 2, 3 2, 2 3", "1 1, 5 1, 5 5, 1 5");
    for (rings, message, place) in [
        (
            format!("{SQUARE} | 8 4, 10 4, 10 6"),
            rings_cross,
            "lng 9, lat 4",
        ),
        (format!("{SQUARE} | {SQUARE}"), rings_cross, "lng 0, lat 0"),
        (
            format!("{SQUARE} | 3 0, 5 0, 4 2"),
            rings_cross,
            "lng 3, lat 0",
        ),
        (
            format!("{SQUARE} | 10 4, 11 4, 10 6"),
            outside,
            "lng 10, lat 4",
        ),
        (
            format!("{SQUARE} | 9 4, 11 4, 11 6"),
            outside,
            "lng 9, lat 4",
        ),
        (format!("{small} | {SQUARE}"), outside, "lng 0, lat 0"),
        (
            format!("{SQUARE} | {large} | {small}"),
            overlap,
            "lng 2, lat 2",
        ),
        (
            format!("{SQUARE} | {small} | {large}"),
            overlap,
            "lng 2, lat 2",
        ),
        (
            format!("{SQUARE} | 1 1, 5 1, 5 5 | 3 0.5, 4 0.5, 4 3"),
            "hole 0 of polygon 1 crosses hole 1 of polygon 1",
            "lng 3.2, lat 1",
        ),
    ] {
        check(&rings, &format!("{message} at {place}"));
    }
}

/// Products of such coordinates underflow, so the oracle itself is not exact here; but nothing may panic or hang.
#[test]
fn wild_coordinates_do_no_harm() {
    let values = [
        [
            0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-160, -1e-160, 1e-16, 1.0,
        ]
        .as_slice(),
        &[1.0_f64.next_up(), 89.999, 90.0, -90.0],
        &[180.0, -180.0],
        &[180.0_f64.next_up(), f64::MAX, f64::INFINITY, f64::NAN],
    ]
    .concat();
    let mut random = Random(6);
    let mut valid = 0;
    for _ in 0..200_000 {
        // The last six are no latitudes and the last four no longitudes: these are rare.
        let mut value = |usual| {
            let count = if random.below(50) == 0 { 19 } else { usual };
            values[random.below(count) as usize]
        };
        let mut ring =
            |corners| -> LineString { (0..corners).map(|_| (value(15), value(13))).collect() };
        let shape = Polygon::new(ring(4), vec![ring(3)]);
        for shape in [
            shape.clone(),
            Polygon::new(shape.exterior().clone(), vec![]),
        ] {
            let Ok(region) = compile(shape) else {
                continue;
            };
            valid += 1;
            for lng in &values[..15] {
                for lat in &values[..13] {
                    let _ = region.contains(at(*lng, *lat));
                }
            }
        }
    }
    assert!(valid > 1_000, "{valid}");
}
