//! What is no region is refused, with its place; what only looks odd is not.

use catchment::geo::{RegionError, RingIndex};
use geo::{LineString, MultiPolygon, Polygon};

use crate::regions::{Random, at, compile, polygon};

#[test]
fn what_is_no_region_is_refused_with_its_place() {
    type Rings<'a> = &'a [&'a [(f64, f64)]];
    let shell: &[(f64, f64)] = &[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)];
    let check = |rings: Rings<'_>, message: &str| {
        // The faulty polygon comes second, so that its number shows.
        let sound = polygon(&[&[(20.0, 0.0), (21.0, 0.0), (20.0, 1.0)]]);
        let error = compile(vec![sound, polygon(rings)]).expect_err(message);
        assert_eq!(error.to_string(), message);
    };
    let cases: &[(Rings<'_>, &str)] = &[
        (
            &[&[(0.0, 0.0), (f64::NAN, 1.0), (1.0, 1.0)]],
            "outer ring of polygon 1 has a vertex at lng NaN, lat 1, which is not finite",
        ),
        (
            &[&[(0.0, 0.0), (1.0, f64::INFINITY), (1.0, 1.0)]],
            "outer ring of polygon 1 has a vertex at lng 1, lat inf, which is not finite",
        ),
        (
            &[&[(31.2, 121.5), (31.3, 121.5), (31.3, 121.6)]],
            "outer ring of polygon 1 has a vertex at lng 31.2, lat 121.5, outside -180 to 180 and -90 to 90 degrees",
        ),
        (
            &[&[(179.0, 0.0), (181.0, 0.0), (181.0, 1.0)]],
            "outer ring of polygon 1 has a vertex at lng 181, lat 0, outside -180 to 180 and -90 to 90 degrees",
        ),
        (
            &[&[]],
            "outer ring of polygon 1 has 0 distinct vertices in a row, needs 3",
        ),
        (
            &[&[(1.0, 1.0)]],
            "outer ring of polygon 1 has 1 distinct vertices in a row, needs 3",
        ),
        (
            &[&[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]],
            "outer ring of polygon 1 has 1 distinct vertices in a row, needs 3",
        ),
        (
            &[shell, &[(1.0, 1.0), (2.0, 2.0)]],
            "hole 0 of polygon 1 has 2 distinct vertices in a row, needs 3",
        ),
        (
            &[&[(1.0, 1.0), (2.0, 2.0), (1.0, 1.0), (2.0, 2.0)]],
            "outer ring of polygon 1 lies on one line and has no area",
        ),
        (
            &[&[(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)]],
            "outer ring of polygon 1 lies on one line and has no area",
        ),
        // Across the antimeridian without a cut, and round the pole without the way to it.
        (
            &[&[(179.0, 0.0), (-179.0, 0.0), (-179.0, 1.0), (179.0, 1.0)]],
            "outer ring of polygon 1 jumps across the antimeridian from lng 179, lat 0 to lng -179, lat 0: cut it at 180 degrees",
        ),
        (
            &[&[(0.0, 80.0), (120.0, 80.0), (-120.0, 80.0)]],
            "outer ring of polygon 1 jumps across the antimeridian from lng 120, lat 80 to lng -120, lat 80: cut it at 180 degrees",
        ),
        (
            &[&[(-100.0, 80.0), (0.0, 80.0), (100.0, 80.0)]],
            "outer ring of polygon 1 jumps across the antimeridian from lng 100, lat 80 to lng -100, lat 80: cut it at 180 degrees",
        ),
        (
            &[&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]],
            "outer ring of polygon 1 crosses or touches itself at lng 1, lat 1",
        ),
        // A spike outwards, a spike inwards, a vertex on an edge, a vertex met twice, an edge on an edge.
        (
            &[&[
                (0.0, 0.0),
                (4.0, 0.0),
                (4.0, 4.0),
                (2.0, 4.0),
                (2.0, 6.0),
                (2.0, 4.0),
                (0.0, 4.0),
            ]],
            "outer ring of polygon 1 crosses or touches itself at lng 2, lat 4",
        ),
        (
            &[&[
                (0.0, 0.0),
                (4.0, 0.0),
                (4.0, 4.0),
                (2.0, 4.0),
                (2.0, 2.0),
                (2.0, 5.0),
            ]],
            "outer ring of polygon 1 crosses or touches itself at lng 2, lat 2",
        ),
        (
            &[&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 0.0), (0.0, 4.0)]],
            "outer ring of polygon 1 crosses or touches itself at lng 2, lat 0",
        ),
        (
            &[&[
                (0.0, 0.0),
                (2.0, 1.0),
                (4.0, 0.0),
                (4.0, 2.0),
                (2.0, 1.0),
                (0.0, 2.0),
            ]],
            "outer ring of polygon 1 crosses or touches itself at lng 2, lat 1",
        ),
        (
            &[&[
                (0.0, 0.0),
                (4.0, 0.0),
                (4.0, 4.0),
                (3.0, 4.0),
                (3.0, 0.0),
                (1.0, 0.0),
                (0.0, 4.0),
            ]],
            "outer ring of polygon 1 crosses or touches itself at lng 1, lat 0",
        ),
        (
            &[shell, &[(1.0, 1.0), (2.0, 2.0), (2.0, 1.0), (1.0, 2.0)]],
            "hole 0 of polygon 1 crosses or touches itself at lng 1.5, lat 1.5",
        ),
        (
            &[shell, &[(8.0, 4.0), (10.0, 4.0), (10.0, 6.0)]],
            "outer ring of polygon 1 crosses hole 0 of polygon 1 at lng 9, lat 4",
        ),
        (
            &[shell, shell],
            "outer ring of polygon 1 crosses hole 0 of polygon 1 at lng 0, lat 0",
        ),
        (
            &[shell, &[(3.0, 0.0), (5.0, 0.0), (4.0, 2.0)]],
            "outer ring of polygon 1 crosses hole 0 of polygon 1 at lng 3, lat 0",
        ),
        (
            &[shell, &[(10.0, 4.0), (11.0, 4.0), (10.0, 6.0)]],
            "hole 0 of polygon 1 is outside the outer ring at lng 10, lat 4",
        ),
        (
            &[shell, &[(9.0, 4.0), (11.0, 4.0), (11.0, 6.0)]],
            "hole 0 of polygon 1 is outside the outer ring at lng 9, lat 4",
        ),
        (
            &[&[(1.0, 1.0), (2.0, 1.0), (1.0, 2.0)], shell],
            "hole 0 of polygon 1 is outside the outer ring at lng 0, lat 0",
        ),
        (
            &[
                shell,
                &[(1.0, 1.0), (5.0, 1.0), (5.0, 5.0), (1.0, 5.0)],
                &[(2.0, 2.0), (3.0, 2.0), (2.0, 3.0)],
            ],
            "hole 1 of polygon 1 overlaps hole 0 of polygon 1 at lng 2, lat 2",
        ),
        (
            &[
                shell,
                &[(2.0, 2.0), (3.0, 2.0), (2.0, 3.0)],
                &[(1.0, 1.0), (5.0, 1.0), (5.0, 5.0), (1.0, 5.0)],
            ],
            "hole 1 of polygon 1 overlaps hole 0 of polygon 1 at lng 2, lat 2",
        ),
        (
            &[
                shell,
                &[(1.0, 1.0), (5.0, 1.0), (5.0, 5.0)],
                &[(3.0, 0.5), (4.0, 0.5), (4.0, 3.0)],
            ],
            "hole 0 of polygon 1 crosses hole 1 of polygon 1 at lng 3.2, lat 1",
        ),
    ];
    for (rings, message) in cases {
        check(rings, message);
    }
    assert_eq!(
        compile(MultiPolygon::new(vec![])).unwrap_err(),
        RegionError::Empty
    );
    let error = compile(polygon(&[shell, &[(1.0, 1.0)]])).unwrap_err();
    let ring = RingIndex {
        polygon: 0,
        ring: 1,
    };
    assert_eq!(error, RegionError::TooFewVertices { ring, vertices: 1 });
}

/// Products of such coordinates underflow, so the oracle itself is not exact here; but nothing may panic or hang.
#[test]
fn wild_coordinates_do_no_harm() {
    let values = [
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        1e-310,
        1e-160,
        -1e-160,
        1e-16,
        1.0,
        1.0_f64.next_up(),
        89.999,
        90.0,
        -90.0,
        180.0,
        -180.0,
        180.0_f64.next_up(),
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let mut random = Random(6);
    let mut valid = 0;
    for _ in 0..200_000 {
        // The last six are no latitudes, the last four no longitudes: mostly leave them out.
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
