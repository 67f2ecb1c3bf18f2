//! Cells and resolutions against h3o itself, at every resolution, all over the globe.

use std::sync::Arc;

use catchment::geo::{Cell, CellError, LngLat, Position, Region, Resolution};
use geo::{MultiPolygon, Polygon, polygon};
use proptest::prelude::*;

fn place(lng: f64, lat: f64) -> Position {
    Position::new(LngLat { lng, lat }).expect("test coordinates are in range")
}

fn resolutions() -> impl Iterator<Item = (Resolution, h3o::Resolution)> {
    (0..=15).map(|number| {
        (
            Resolution::new(number).expect("0 to 15"),
            h3o::Resolution::try_from(number).expect("0 to 15"),
        )
    })
}

fn wrapped(cell: h3o::CellIndex) -> Cell {
    Cell::try_from(u64::from(cell)).expect("a cell of h3o")
}

/// The same cell as h3o, at every resolution, and consistent with its relatives.
fn check_place(at: Position) {
    let oracle = h3o::LatLng::new(at.lat(), at.lng()).expect("finite");
    let finest = Cell::at(at, Resolution::FINEST);
    for (resolution, h3o_resolution) in resolutions() {
        let cell = Cell::at(at, resolution);
        let expected = oracle.to_cell(h3o_resolution);
        assert_eq!(cell.to_u64(), u64::from(expected), "{at:?} at {resolution}");
        assert_eq!(cell.resolution(), resolution);
        assert!(cell.contains(at));
        let ancestor = finest.parent(resolution).expect("coarser");
        assert!(ancestor.is_ancestor_or_self_of(finest));
        assert_eq!(ancestor == cell, cell.is_ancestor_or_self_of(finest));
        check_cell(expected);
    }
}

/// Everything a cell says about itself, against h3o.
fn check_cell(expected: h3o::CellIndex) {
    let cell = wrapped(expected);
    assert_eq!(cell.to_string(), expected.to_string());
    assert_eq!(cell.to_string().parse(), Ok(cell));

    let near = |ours: Position, theirs: h3o::LatLng| {
        let theirs = place(theirs.lng(), theirs.lat());
        assert!(
            ours.distance_to(theirs).as_millimetres() <= 1,
            "{cell}: {ours}"
        );
    };
    near(cell.centre(), h3o::LatLng::from(expected));
    assert!(cell.contains(cell.centre()), "{cell}");
    let corners = cell.boundary();
    let theirs = expected.boundary();
    assert_eq!(corners.len(), theirs.len());
    assert!((5..=10).contains(&corners.len()), "{cell}");
    for (ours, theirs) in corners.into_iter().zip(theirs.iter()) {
        near(ours, *theirs);
    }
    for (resolution, h3o_resolution) in resolutions() {
        assert_eq!(
            cell.children_count(resolution),
            expected.children_count(h3o_resolution)
        );
        let parent = expected.parent(h3o_resolution).map(wrapped);
        assert_eq!(cell.parent(resolution), parent);
    }
}

#[test]
fn awkward_places_have_cells() {
    for lat in [-90.0, -89.999_999_9, -45.0, 0.0, 45.0, 89.999_999_9, 90.0] {
        for lng in [
            -180.0,
            -179.999_999_9,
            -90.0,
            0.0,
            90.0,
            179.999_999_9,
            180.0,
        ] {
            check_place(place(lng, lat));
        }
    }
}

#[test]
fn both_names_of_the_antimeridian_are_in_the_same_cell() {
    for step in -89..=89 {
        let lat = f64::from(step);
        for (resolution, _) in resolutions() {
            let (east, west) = (place(180.0, lat), place(-180.0, lat));
            assert_eq!(Cell::at(east, resolution), Cell::at(west, resolution));
        }
    }
}

#[test]
fn cells_round_poles_pentagons_and_the_antimeridian_are_whole() {
    for (_, resolution) in resolutions() {
        let ends = [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (66.5, 180.0)].map(|(lat, lng)| {
            h3o::LatLng::new(lat, lng)
                .expect("finite")
                .to_cell(resolution)
        });
        for cell in ends.into_iter().chain(resolution.pentagons()) {
            for neighbour in cell.grid_disk::<Vec<_>>(5) {
                check_cell(neighbour);
            }
        }
    }
}

#[test]
fn children_are_counted_before_they_are_made() {
    let pentagon = h3o::Resolution::Five.pentagons().next().expect("twelve");
    let hexagon = pentagon.grid_disk::<Vec<_>>(1)[1];
    for top in [pentagon, hexagon] {
        for (resolution, h3o_resolution) in resolutions().skip(5).take(4) {
            let children = wrapped(top).children(resolution, 400).expect("at most 343");
            let mut expected: Vec<Cell> = top.children(h3o_resolution).map(wrapped).collect();
            expected.sort_unstable();
            assert_eq!(children, expected);
            let limit = children.len() - 1;
            assert_eq!(
                wrapped(top).children(resolution, limit),
                Err(CellError::TooMany {
                    cells: children.len() as u64,
                    cells_max: limit
                })
            );
        }
        let cell = wrapped(top);
        let coarser = Resolution::new(4).expect("0 to 15");
        assert_eq!(
            cell.children(coarser, usize::MAX),
            Err(CellError::Coarser {
                cell,
                resolution: coarser
            })
        );
        assert_eq!(cell.children_count(coarser), 0);
        // 7^10 cells would be eight gigabytes if they were made first.
        let too_many = cell.children(Resolution::FINEST, 1_000_000);
        assert!(matches!(too_many, Err(CellError::TooMany { .. })));
    }
}

fn region(shape: impl Into<MultiPolygon>) -> Region {
    Region::new(Arc::new(shape.into())).expect("a valid shape")
}

/// The slow twin: every cell of the globe, one by one.
fn check_cells_of(region: &Region, resolution: u8) {
    let h3o_resolution = h3o::Resolution::try_from(resolution).expect("0 to 15");
    let expected: Vec<Cell> = h3o::CellIndex::base_cells()
        .flat_map(|base| base.children(h3o_resolution))
        .map(wrapped)
        .filter(|cell| region.contains(cell.centre()))
        .collect();
    let resolution = Resolution::new(resolution).expect("0 to 15");
    let found = region.cells(resolution, 1_000_000).expect("few cells");
    assert!(
        found.iter().eq(expected.iter()),
        "{region:?} at {resolution}"
    );
}

#[test]
fn the_cells_of_a_region_are_those_whose_centre_it_contains() {
    let rect = |west: f64, south: f64, east: f64, north: f64| {
        let (low, high) = (
            geo::coord! { x: west, y: south },
            geo::coord! { x: east, y: north },
        );
        geo::Rect::new(low, high).to_polygon()
    };
    let ring = Polygon::new(
        rect(60.0, -20.0, 130.0, 50.0).exterior().clone(),
        vec![rect(80.0, 0.0, 110.0, 30.0).exterior().clone()],
    );
    for shape in [
        rect(-180.0, -90.0, 180.0, 90.0).into(),
        ring.into(),
        // Two halves that meet at the antimeridian; both polar caps; a parallel next to a pole.
        MultiPolygon::new(vec![
            rect(170.0, -25.0, 180.0, 5.0),
            rect(-180.0, -25.0, -165.0, 5.0),
        ]),
        MultiPolygon::new(vec![
            rect(-180.0, 75.0, 180.0, 90.0),
            rect(-180.0, -90.0, 180.0, -80.0),
        ]),
        rect(-180.0, 88.0, 180.0, 89.5).into(),
        // Long and thin, with edges that graze many boxes.
        polygon![(x: -85.0, y: -80.0), (x: 85.0, y: 79.0), (x: 85.0, y: 80.0)].into(),
        rect(3.0, -0.000_1, 3.000_1, 0.000_1).into(),
    ] {
        let region = region(shape);
        for resolution in 0..=4 {
            check_cells_of(&region, resolution);
        }
    }
}

#[test]
fn neighbouring_regions_share_no_cell_and_miss_none() {
    let resolution = Resolution::new(9).expect("0 to 15");
    let half = |west: f64, east: f64| {
        region(polygon![(x: west, y: 31.1), (x: east, y: 31.1), (x: east, y: 31.4), (x: west, y: 31.4)])
            .cells(resolution, 100_000)
            .expect("few cells")
    };
    let (left, right, whole) = (half(121.3, 121.47), half(121.47, 121.6), half(121.3, 121.6));
    assert!(left.is_disjoint(&right));
    assert!(left.union(&right).eq(&whole));
    // Their areas add up to that of the box: 951.2 km² on the sphere.
    let area: f64 = whole
        .iter()
        .map(|cell| {
            h3o::CellIndex::try_from(cell.to_u64())
                .expect("a cell")
                .area_km2()
        })
        .sum();
    assert!((area - 951.2).abs() < 5.0, "{area}");
}

#[test]
fn a_region_of_too_many_cells_is_refused_at_once() {
    let world = region(
        polygon![(x: -180.0, y: -90.0), (x: 180.0, y: -90.0), (x: 180.0, y: 90.0), (x: -180.0, y: 90.0)],
    );
    let thin = region(polygon![(x: -80.0, y: 10.0), (x: 80.0, y: 20.0), (x: 80.0, y: 20.000_001)]);
    for region in [world, thin] {
        for number in 9..=15 {
            let resolution = Resolution::new(number).expect("0 to 15");
            let refused = region.cells(resolution, 10_000);
            assert!(
                matches!(
                    refused,
                    Err(CellError::TooMany {
                        cells: 10_001..,
                        cells_max: 10_000
                    })
                ),
                "{number}"
            );
        }
    }
    // A limit that is just enough is enough.
    let point =
        region(polygon![(x: 121.4, y: 31.2), (x: 121.400_1, y: 31.2), (x: 121.4, y: 31.200_1)]);
    assert_eq!(
        point
            .cells(Resolution::COARSEST, 122)
            .map(|cells| cells.len()),
        Ok(0)
    );
}

#[test]
fn what_is_no_resolution_is_refused() {
    for resolution in 16..=u8::MAX {
        let refused = Resolution::new(resolution);
        assert_eq!(refused, Err(CellError::Resolution { resolution }));
    }
    let message = CellError::Resolution { resolution: 16 }.to_string();
    assert_eq!(message, "h3 resolution 16 is outside 0 to 15");
}

#[test]
fn what_is_no_cell_is_refused() {
    for text in [
        "",
        "+89309958ac7ffff",
        "0x89309958ac7ffff",
        "89309958ac7fffg",
        "1 2",
        "团长",
        "ffffffffffffffffff",
    ] {
        let text = text.to_owned();
        assert_eq!(text.parse::<Cell>(), Err(CellError::Text { text }));
    }
    // No mode, a directed edge, a wrong base cell, a digit 7 inside, a digit beyond, a pentagon's missing child.
    for index in [
        0,
        u64::MAX,
        0x1189_3099_58ac_7fff,
        0x08ff_ffff_ffff_ffff,
        0x0893_0995_8aff_ffff,
        0x0893_0995_8ac7_fffe,
        0x0810_87ff_ffff_ffff,
    ] {
        assert!(h3o::CellIndex::try_from(index).is_err(), "{index:x}");
        assert_eq!(Cell::try_from(index), Err(CellError::Index { index }));
        let text = format!("{index:x}");
        assert_eq!(text.parse::<Cell>(), Err(CellError::Index { index }));
    }
    let long = "z".repeat(1_000_000).parse::<Cell>();
    assert_eq!(
        long,
        Err(CellError::Text {
            text: "z".repeat(32)
        })
    );
}

#[test]
fn the_order_is_that_of_the_numbers() {
    let mut cells: Vec<Cell> = resolutions()
        .flat_map(|(resolution, _)| {
            [(121.5, 31.2), (-0.1, 51.5), (180.0, -16.5)]
                .map(|(lng, lat)| Cell::at(place(lng, lat), resolution))
        })
        .collect();
    cells.sort_unstable();
    assert!(
        cells
            .windows(2)
            .all(|pair| pair[0].to_u64() < pair[1].to_u64())
    );
    assert!(
        cells
            .windows(2)
            .all(|pair| pair[0].resolution() <= pair[1].resolution())
    );
}

#[cfg(feature = "serde")]
#[test]
fn serde_checks_what_it_reads() {
    let cell: Cell = "89309958ac7ffff".parse().expect("a cell");
    let json = serde_json::to_string(&cell).expect("text");
    assert_eq!(json, r#""89309958ac7ffff""#);
    assert_eq!(serde_json::from_str::<Cell>(&json).expect("a cell"), cell);
    for wrong in [
        r#""89309958ac7fffe""#,
        r#""""#,
        "617700169958293503",
        "null",
    ] {
        assert!(serde_json::from_str::<Cell>(wrong).is_err(), "{wrong}");
    }
    let nine = Resolution::new(9).expect("0 to 15");
    assert_eq!(serde_json::to_string(&nine).expect("a number"), "9");
    assert_eq!(
        serde_json::from_str::<Resolution>("9").expect("0 to 15"),
        nine
    );
    for wrong in ["16", "-1", "9.5", r#""9""#] {
        assert!(
            serde_json::from_str::<Resolution>(wrong).is_err(),
            "{wrong}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn places_all_over_the_globe_have_h3os_cells(z in -1.0..=1.0_f64, lng in -180.0..=180.0_f64) {
        check_place(place(lng, z.asin().to_degrees()));
    }

    #[test]
    fn any_number_is_a_cell_exactly_if_h3o_says_so(
        index in any::<u64>(),
        resolution in 0_u64..=15,
        base in 0_u64..=127,
    ) {
        prop_assert_eq!(Cell::try_from(index).is_ok(), h3o::CellIndex::try_from(index).is_ok());
        // Random digits under a valid head: most are cells at a fine resolution only by luck, so cut the tail.
        let tail = (1_u64 << (3 * (15 - resolution))) - 1;
        let index = (1 << 59) | (resolution << 52) | (base << 45) | (index >> 19) & 0o333_333_333_333_333 | tail;
        let ours = Cell::try_from(index);
        prop_assert_eq!(ours.is_ok(), h3o::CellIndex::try_from(index).is_ok());
        if let Ok(cell) = ours {
            prop_assert_eq!(cell.to_u64(), index);
            check_cell(h3o::CellIndex::try_from(index).expect("just seen"));
        }
    }

    #[test]
    fn the_cells_of_any_triangle_are_those_whose_centre_it_contains(
        corners in prop::array::uniform3((-180.0..=180.0_f64, -90.0..=90.0_f64)),
        resolution in 0_u8..=2,
    ) {
        let ring = corners.iter().copied().collect::<geo::LineString>();
        if let Ok(region) = Region::new(Arc::new(Polygon::new(ring, vec![]).into())) {
            check_cells_of(&region, resolution);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        if let Ok(cell) = text.parse::<Cell>() {
            prop_assert_eq!(cell.to_string().parse::<Cell>(), Ok(cell));
        }
    }
}
