//! Regions contain what an independent implementation says they contain, and refuse what is no region.

use std::sync::Arc;

use catchment::geo::{LngLat, Position, Region, RegionError, RingIndex};
use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon, Relate};

use crate::shared_data::shared_data;

/// A seeded generator: SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
struct Random(u64);

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

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }
}

fn at(lng: f64, lat: f64) -> Position {
    Position::new(LngLat { lng, lat }).unwrap()
}

fn compile(shape: impl Into<MultiPolygon>) -> Result<Region, RegionError> {
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
        let region = compile(shape).unwrap();
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
        let shell = grid_ring(&mut random, 5, 3 + random_corners(4));
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
        let mut ring = |size| loop {
            let corners = 3 + random.below(3) as usize;
            let ring = grid_ring(&mut random, size, corners);
            if is_simple(&ring) {
                break ring;
            }
        };
        let shape = Polygon::new(ring(7), vec![ring(6), ring(6)]);
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

fn random_corners(max: usize) -> usize {
    max
}

fn grid_ring(random: &mut Random, size: u64, corners: usize) -> LineString {
    (0..corners)
        .map(|_| (random.below(size) as f64, random.below(size) as f64))
        .collect()
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
