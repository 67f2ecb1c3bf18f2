//! Regions contain what an independent implementation says they contain.

use std::sync::Arc;

use catchment::geo::{Cell, LngLat, Position, Region, RegionError, Resolution, ServiceArea};
use catchment::units::Distance;
use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon, Relate};

use crate::shared_data::shared_data;

/// A seeded generator: `SplitMix64` (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }
}

pub(crate) fn at(lng: f64, lat: f64) -> Position {
    Position::new(LngLat { lng, lat }).expect("a valid position")
}

fn region(shape: impl Into<MultiPolygon>) -> Region {
    compile(shape).expect("a valid region")
}

pub(crate) fn compile(shape: impl Into<MultiPolygon>) -> Result<Region, RegionError> {
    Region::new(Arc::new(shape.into()))
}

fn line(vertices: &[(f64, f64)]) -> LineString {
    vertices.iter().copied().collect()
}

fn polygon(rings: &[&[(f64, f64)]]) -> Polygon {
    Polygon::new(
        line(rings[0]),
        rings[1..].iter().map(|ring| line(ring)).collect(),
    )
}

/// `region.contains` must agree with `geo`, whose `intersects` counts the boundary in.
fn check_point(region: &Region, lng: f64, lat: f64) {
    let expected = region.shape().intersects(&Point::new(lng, lat));
    assert_eq!(
        region.contains(at(lng, lat)),
        expected,
        "lng {lng:?}, lat {lat:?}"
    );
}

/// A ring whose vertices go once round `centre`, at random distances: simple, and seldom convex.
fn star(random: &mut Random, centre: Coord, radii: (f64, f64), corners: usize) -> LineString {
    let turn = |slot: usize| std::f64::consts::TAU * slot as f64 / corners as f64;
    (0..corners)
        .map(|slot| {
            let radius = random.between(radii.0, radii.1);
            let angle = turn(slot);
            (
                centre.x + radius * angle.cos(),
                centre.y + radius * angle.sin(),
            )
        })
        .collect()
}

fn star_with_holes(random: &mut Random, centre: Coord, size: f64, corners: usize) -> Polygon {
    let shell = star(random, centre, (0.5 * size, size), corners);
    let holes = (0..random.below(4)).map(|quarter| {
        let (dx, dy) = [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)][quarter as usize];
        let centre = Coord {
            x: centre.x + 0.15 * size * dx,
            y: centre.y + 0.15 * size * dy,
        };
        let corners = 3 + random.below(9) as usize;
        star(random, centre, (0.02 * size, 0.14 * size), corners)
    });
    let holes = holes.collect();
    Polygon::new(shell, holes)
}

#[test]
fn random_stars_agree_with_the_oracle() {
    let mut random = Random(1);
    let mut inside = 0;
    for _ in 0..300 {
        let polygons = 1 + random.below(4);
        let shape: Vec<_> = (0..polygons)
            .map(|_| {
                let centre = Coord {
                    x: random.between(-2.0, 2.0) + 120.0,
                    y: random.between(-2.0, 2.0) + 30.0,
                };
                let size = random.between(0.5, 2.0);
                let corners = 8 + random.below(60) as usize;
                star_with_holes(&mut random, centre, size, corners)
            })
            .collect();
        let region = region(shape);
        for _ in 0..1_000 {
            let (lng, lat) = (random.between(116.0, 124.0), random.between(26.0, 34.0));
            check_point(&region, lng, lat);
            inside += u32::from(region.contains(at(lng, lat)));
        }
        check_boundary(&region);
    }
    assert!(inside > 30_000, "the test must hit: {inside}");
}

/// Every vertex is inside; a point between two, rounded to the grid of floats, is where the oracle says, and so are its
/// neighbours on that grid.
fn check_boundary(region: &Region) {
    for polygon in region.shape() {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            for edge in ring.lines() {
                assert!(
                    region.contains(at(edge.start.x, edge.start.y)),
                    "{:?}",
                    edge.start
                );
                for share in [0.5, 0.25, 1.0 / 3.0] {
                    let (x, y) = (
                        edge.start.x + share * edge.dx(),
                        edge.start.y + share * edge.dy(),
                    );
                    for (lng, lat) in [
                        (x, y),
                        (x.next_up(), y),
                        (x.next_down(), y),
                        (x, y.next_up()),
                    ] {
                        check_point(region, lng, lat);
                    }
                }
            }
        }
    }
}

/// On a small grid nearly everything is degenerate: vertices on edges, collinear edges, rays through vertices.
#[test]
fn grid_polygons_agree_with_brute_force() {
    let mut random = Random(2);
    let (mut valid, mut invalid) = (0, 0);
    for _ in 0..60_000 {
        let corners = 3 + random.below(5) as usize;
        let shell = grid_ring(&mut random, 0, 6, corners);
        let expected = is_simple(&shell);
        let shape = Polygon::new(shell, vec![]);
        let region = compile(shape.clone());
        assert_eq!(region.is_ok(), expected, "{shape:?}: {region:?}");
        let Ok(region) = region else {
            invalid += 1;
            continue;
        };
        valid += 1;
        for x in -1..12 {
            for y in -1..12 {
                check_point(&region, f64::from(x) * 0.5, f64::from(y) * 0.5);
            }
        }
    }
    assert!(valid > 2_000 && invalid > 2_000, "{valid} {invalid}");
}

#[test]
fn grid_holes_agree_with_brute_force() {
    let mut random = Random(3);
    let (mut valid, mut invalid) = (0, 0);
    while valid + invalid < 60_000 {
        let mut ring = |corner, size, corners| loop {
            let ring = grid_ring(&mut random, corner, size, corners);
            if is_simple(&ring) {
                break ring;
            }
        };
        let shape = Polygon::new(ring(0, 9, 4), vec![ring(2, 4, 3), ring(3, 4, 4)]);
        let expected = are_nested(&shape);
        let region = compile(shape.clone());
        assert_eq!(region.is_ok(), expected, "{shape:?}: {region:?}");
        let Ok(region) = region else {
            invalid += 1;
            continue;
        };
        valid += 1;
        for x in 0..16 {
            for y in 0..16 {
                check_point(&region, f64::from(x) * 0.5, f64::from(y) * 0.5);
            }
        }
    }
    assert!(valid > 100 && invalid > 100, "{valid} {invalid}");
}

/// A ring of any vertices of a square grid.
fn grid_ring(random: &mut Random, corner: u64, size: u64, corners: usize) -> LineString {
    let mut coordinate = || (corner + random.below(size)) as f64;
    (0..corners).map(|_| (coordinate(), coordinate())).collect()
}

/// Every edge of a ring against every other. Coordinates are small whole numbers: all is exact.
fn is_simple(ring: &LineString) -> bool {
    let mut ring = ring.clone();
    ring.close();
    ring.0.dedup();
    let edges: Vec<_> = ring.lines().collect();
    let count = edges.len();
    if count < 3 {
        return false;
    }
    for (i, a) in edges.iter().enumerate() {
        for (j, b) in edges.iter().enumerate().skip(i + 1) {
            let follows = j == i + 1;
            let precedes = i == 0 && j == count - 1;
            if follows || precedes {
                let (before, vertex, after) = if follows {
                    (a.start, a.end, b.end)
                } else {
                    (b.start, b.end, a.end)
                };
                let (u, v) = (vertex - before, after - vertex);
                let turn = u.x * v.y - u.y * v.x;
                if turn == 0.0 && u.x * v.x + u.y * v.y < 0.0 {
                    return false;
                }
            } else if a.intersects(b) {
                return false;
            }
        }
    }
    true
}

/// Simple rings: holes within the shell, disjoint interiors, common points only where rings touch.
fn are_nested(polygon: &Polygon) -> bool {
    use geo::coordinate_position::CoordPos::{Inside, OnBoundary};
    use geo::dimensions::Dimensions::{OneDimensional, TwoDimensional};
    let alone = |ring: &LineString| Polygon::new(ring.clone(), vec![]);
    let shell = alone(polygon.exterior());
    let holes: Vec<_> = polygon.interiors().iter().map(alone).collect();
    holes.iter().enumerate().all(|(slot, hole)| {
        let matrix = shell.relate(hole);
        matrix.is_contains()
            && matrix.get(OnBoundary, OnBoundary) != OneDimensional
            && holes[..slot].iter().all(|other| {
                let matrix = hole.relate(other);
                matrix.get(Inside, Inside) != TwoDimensional
                    && matrix.get(OnBoundary, OnBoundary) != OneDimensional
            })
    })
}

#[test]
fn the_boundary_belongs_to_the_region() {
    let square = |low: f64, high: f64| [(low, low), (high, low), (high, high), (low, high)];
    let region = region(polygon(&[&square(0.0, 8.0), &square(2.0, 6.0)]));
    for (lng, lat, inside) in [
        (0.0, 0.0, true), // the corners of the shell
        (8.0, 0.0, true),
        (8.0, 8.0, true),
        (0.0, 8.0, true),
        (4.0, 0.0, true), // its sides
        (4.0, 8.0, true),
        (0.0, 2.0, true),
        (8.0, 6.0, true),
        (2.0, 2.0, true), // the rim of the hole
        (6.0, 6.0, true),
        (4.0, 2.0, true),
        (2.0, 5.0, true),
        (6.0, 3.0, true),
        (1.0, 1.0, true),
        (7.0, 2.0, true), // level with sides of the hole
        (7.0, 6.0, true),
        (4.0, 4.0, false),
        (5.999_999_999, 4.0, false),
        (-1.0, 2.0, false), // level with vertices, outside
        (-1.0, 0.0, false),
        (9.0, 8.0, false),
        (8.000_000_001, 4.0, false),
        (4.0, -0.000_000_001, false),
    ] {
        assert_eq!(region.contains(at(lng, lat)), inside, "{lng} {lat}");
        check_point(&region, lng, lat);
    }
}

#[test]
fn vertices_may_repeat_and_rings_may_run_either_way_and_stay_open() {
    let corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)];
    let mut repeated: Vec<_> = corners.iter().flat_map(|&corner| [corner; 3]).collect();
    repeated.push(corners[0]);
    let backwards: Vec<_> = corners.iter().rev().copied().collect();
    let hole = [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)];
    let hole_backwards: Vec<_> = hole.iter().rev().copied().collect();
    for shell in [&corners[..], &repeated, &backwards] {
        for hole in [&hole[..], &hole_backwards] {
            let region = region(polygon(&[shell, hole]));
            assert!(region.contains(at(3.0, 1.5)));
            assert!(!region.contains(at(1.75, 1.25)));
            assert!(!region.contains(at(5.0, 1.0)));
        }
    }
}

#[test]
fn overlapping_polygons_mean_their_union() {
    let square = |low: f64, high: f64| [(low, low), (high, low), (high, high), (low, high)];
    let holed = polygon(&[&square(0.0, 6.0), &square(2.0, 4.0)]);
    let patch = polygon(&[&square(3.0, 8.0)]);
    let region = region(vec![holed.clone(), patch, holed]);
    for (lng, lat, inside) in [
        (5.0, 5.0, true),  // in all three
        (3.5, 3.5, true),  // in the hole, but in the patch
        (2.5, 2.5, false), // in the hole only
        (3.0, 2.5, false),
        (3.0, 3.0, true), // a corner of the patch
        (7.0, 7.0, true),
        (7.0, 2.0, false),
    ] {
        assert_eq!(region.contains(at(lng, lat)), inside, "{lng} {lat}");
        check_point(&region, lng, lat);
    }
}

#[test]
fn the_antimeridian_is_one_line_and_a_pole_one_point() {
    let boxed = |west: f64, south: f64, east: f64, north: f64| {
        polygon(&[&[(west, south), (east, south), (east, north), (west, north)]])
    };
    let fiji = region(vec![
        boxed(177.0, -20.0, 180.0, -15.0),
        boxed(-180.0, -20.0, -178.0, -15.0),
    ]);
    let samoa = region(boxed(-180.0, -20.0, -178.0, -15.0));
    let north = region(boxed(-180.0, 80.0, 180.0, 90.0));
    let wedge = region(boxed(0.0, -90.0, 10.0, -80.0));
    let world = region(boxed(-180.0, -90.0, 180.0, 90.0));
    for (region, lng, lat, inside) in [
        (&fiji, 180.0, -17.0, true),
        (&fiji, -180.0, -17.0, true),
        (&fiji, -179.0, -17.0, true),
        (&fiji, 179.0, -17.0, true),
        (&fiji, 176.0, -17.0, false),
        (&fiji, 180.0, -21.0, false),
        (&fiji, 0.0, -17.0, false),
        (&samoa, 180.0, -17.0, true),
        (&samoa, -180.0, -20.0, true),
        (&samoa, 179.999, -17.0, false),
        (&north, 180.0, 80.0, true),
        (&north, -180.0, 85.0, true),
        (&north, 12.0, 90.0, true),
        (&north, 0.0, 79.9, false),
        (&wedge, 5.0, -85.0, true),
        (&wedge, 50.0, -85.0, false),
        (&wedge, 50.0, -90.0, true),
        (&wedge, 50.0, 90.0, false),
        (&world, -180.0, 90.0, true),
        (&world, 12.0, -34.0, true),
    ] {
        assert_eq!(region.contains(at(lng, lat)), inside, "{lng} {lat}");
    }
}

#[test]
fn rings_may_touch_in_points() {
    let shell: &[(f64, f64)] = &[(0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)];
    for holes in [
        &[&[(0.0, 4.0), (3.0, 2.0), (3.0, 6.0)][..]][..], // a vertex on a side
        &[&[(0.0, 0.0), (3.0, 1.0), (1.0, 3.0)]],         // a vertex on a corner
        &[&[(0.0, 4.0), (4.0, 2.0), (8.0, 4.0), (4.0, 6.0)]], // two: the interior falls apart
        &[
            &[(1.0, 1.0), (4.0, 4.0), (1.0, 7.0)],
            &[(7.0, 1.0), (7.0, 7.0), (4.0, 4.0)],
        ],
        &[
            &[(1.0, 1.0), (4.0, 4.0), (1.0, 7.0)],
            &[(4.0, 1.0), (7.0, 1.0), (4.0, 7.0)],
        ],
    ] {
        let rings: Vec<_> = std::iter::once(shell)
            .chain(holes.iter().copied())
            .collect();
        let region = region(polygon(&rings));
        for x in -1..18 {
            for y in -1..18 {
                check_point(&region, f64::from(x) * 0.5, f64::from(y) * 0.5);
            }
        }
        check_boundary(&region);
    }
}

#[test]
fn large_outlines_stay_exact() {
    let mut random = Random(4);
    let circle: LineString = (0..100_000)
        .map(|slot| std::f64::consts::TAU * f64::from(slot) / 100_000.0)
        .map(|angle| (121.0 + angle.cos(), 31.0 + angle.sin()))
        .collect();
    // Teeth as long as the shape is high, and slanted, so that all their boxes overlap.
    let teeth = (0..20_000).map(|slot| {
        let (x, y) = (f64::from(slot) * 1e-4, f64::from(slot % 2) * 4.0);
        (120.0 - y + x, 29.0 + y)
    });
    let comb: LineString = teeth
        .chain([(123.0, 33.5), (123.0, 28.5), (120.0, 28.5)])
        .collect();
    for ring in [circle, comb] {
        let corners: Vec<_> = ring.0.iter().copied().step_by(997).collect();
        let region = region(Polygon::new(ring, vec![]));
        for _ in 0..300 {
            check_point(
                &region,
                random.between(116.0, 123.0),
                random.between(29.5, 33.0),
            );
            let angle = random.between(0.0, std::f64::consts::TAU);
            let radius = random.between(1.0 - 1e-9, 1.0);
            check_point(
                &region,
                121.0 + radius * angle.cos(),
                31.0 + radius * angle.sin(),
            );
        }
        for corner in corners {
            assert!(region.contains(at(corner.x, corner.y)));
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn rings_read_without_their_last_vertex_are_closed() {
    let text = r#"{"exterior":[{"x":0,"y":0},{"x":4,"y":0},{"x":0,"y":4}],"interiors":[]}"#;
    let open: Polygon = serde_json::from_str(text).expect("a polygon");
    assert!(!open.exterior().is_closed());
    let region = region(open);
    for (lng, lat, inside) in [
        (1.0, 1.0, true),
        (0.0, 2.0, true),
        (-1.0, 2.0, false),
        (3.0, 3.0, false),
    ] {
        assert_eq!(region.contains(at(lng, lat)), inside, "{lng} {lat}");
    }
}

#[test]
fn districts_of_real_cities_agree_with_the_oracle() {
    for city in ["shanghai", "beijing", "chongqing"] {
        let Some(path) = shared_data(&format!("{city}/districts.geojson")) else {
            continue;
        };
        let text = std::fs::read_to_string(path).expect("a readable file");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut random = Random(5);
        for feature in json["features"].as_array().expect("a list") {
            let region = region(multi_polygon(&feature["geometry"]));
            let vertices = region
                .shape()
                .iter()
                .flat_map(|polygon| &polygon.exterior().0);
            let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
            for vertex in vertices {
                assert!(region.contains(at(vertex.x, vertex.y)));
                low = (low.0.min(vertex.x), low.1.min(vertex.y));
                high = (high.0.max(vertex.x), high.1.max(vertex.y));
            }
            for _ in 0..2_000 {
                check_point(
                    &region,
                    random.between(low.0, high.0),
                    random.between(low.1, high.1),
                );
            }
        }
    }
}

fn multi_polygon(geometry: &serde_json::Value) -> MultiPolygon {
    let list = |value: &serde_json::Value| value.as_array().expect("a list").clone();
    let ring = |ring: &serde_json::Value| -> LineString {
        let coordinate = |value: &serde_json::Value| value.as_f64().expect("a number");
        list(ring)
            .iter()
            .map(|pair| (coordinate(&pair[0]), coordinate(&pair[1])))
            .collect()
    };
    let polygon = |rings: &serde_json::Value| {
        let mut rings = list(rings).iter().map(ring).collect::<Vec<_>>().into_iter();
        Polygon::new(rings.next().expect("a shell"), rings.collect())
    };
    match geometry["type"].as_str() {
        Some("Polygon") => polygon(&geometry["coordinates"]).into(),
        Some("MultiPolygon") => list(&geometry["coordinates"]).iter().map(polygon).collect(),
        other => unreachable!("{other:?}"),
    }
}

#[cfg(feature = "serde")]
#[test]
fn areas_survive_serde() {
    for area in [
        ServiceArea::Unlimited,
        ServiceArea::Radius(Distance::from_metres(1_500)),
        ServiceArea::polygon(polygon(&[&[(0.1, 0.0), (1.0, 0.0), (0.0, 1.0)]])),
        ServiceArea::cells([Cell::at(at(121.47, 31.23), Resolution::FINEST)]),
    ] {
        let text = serde_json::to_string(&area).expect("serializable");
        let back: ServiceArea = serde_json::from_str(&text).expect(&text);
        assert_eq!(back, area, "{text}");
    }
}
