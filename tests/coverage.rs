//! Sites, demand, holes and catchments by cell against plain loops.

use std::collections::BTreeMap;
use std::sync::Arc;

use catchment::candidates::{Filter, Verdict};
use catchment::coverage::{CatchmentMap, CoverageError, Demand, DemandMap, DemandPoint, Holes};
use catchment::geo::{Cell, CellError, Position, Region, Resolution};
use catchment::id::{OrderId, SiteId};
use catchment::limits::Limits;
use catchment::order::Order;
use catchment::site::{Change, Network, Site};
use catchment::units::Units;
use geo::{MultiPolygon, Rect};
use proptest::prelude::*;

use crate::brute::Brute;
use crate::workload::{Areas, Random, World, pause_half, site, sites};

pub(crate) fn resolution(number: u8) -> Resolution {
    Resolution::new(number).expect("0 to 15")
}

fn build(sites: impl IntoIterator<Item = Site>) -> Network {
    let builder = Network::builder().sites(sites);
    builder.build().expect("the sites of a workload are valid")
}

/// A box in degrees, or two, one on either side of the antimeridian.
pub(crate) fn boxes(corners: &[(f64, f64, f64, f64)]) -> Region {
    let boxes = corners
        .iter()
        .map(|(west, south, east, north)| Rect::new((*west, *south), (*east, *north)).to_polygon());
    Region::new(Arc::new(boxes.collect::<MultiPolygon>())).expect("a valid region")
}

fn orders(world: World, draw: u64, count: usize) -> Vec<Order> {
    let mut random = Random::new(draw);
    let numbered = (1..).zip(world.positions(draw, count));
    numbered
        .map(|(id, at)| {
            let mut order = Order::new(OrderId(id), at);
            order.size = Units(1 + random.below(5) as u32);
            order
        })
        .collect()
}

/// Asks for the cells of all sites and of their neighbourhood, at every resolution.
fn check_sites_in_cells(network: &Network) {
    for number in 0..=15 {
        let mut expected: BTreeMap<Cell, Vec<SiteId>> = BTreeMap::new();
        for site in network.sites() {
            let cell = Cell::at(site.position, resolution(number));
            expected.entry(cell).or_default().push(site.id);
            // Usually empty, and the likeliest to be given what is not theirs.
            for sibling in cell
                .parent(resolution(number.saturating_sub(1)))
                .and_then(|parent| parent.children(resolution(number), 200).ok())
                .unwrap_or_default()
            {
                expected.entry(sibling).or_default();
            }
        }
        let mut counted = 0;
        for (cell, sites) in expected {
            let found = network.sites_in_cell(cell);
            assert_eq!(found, sites, "{cell} at {number}");
            counted += found.len();
        }
        assert_eq!(counted, network.len(), "every site lies in one cell");
    }
}

#[test]
fn every_site_lies_in_its_cell_at_every_resolution() {
    for world in [
        World::City,
        World::Globe,
        World::Antimeridian,
        World::Poles,
        World::GridTies,
        World::Duplicates,
    ] {
        check_sites_in_cells(&build(sites(world, 1, 150, &[Areas::Unlimited])));
    }
    check_sites_in_cells(&build([]));
}

#[test]
fn cells_know_of_changes() {
    let mut random = Random::new(11);
    let mut network = build(sites(World::City, 2, 300, &[Areas::Radii]));
    let mut held = Vec::new();
    for round in 0..12 {
        let ids: Vec<SiteId> = network.sites().map(|site| site.id).collect();
        let places = World::City.positions(100 + round, 30);
        let mut changes = Vec::new();
        for (place, number) in places.into_iter().zip(0_u64..) {
            let chosen = ids[(7 * number as usize + round as usize) % ids.len()];
            changes.push(match number % 3 {
                0 => Change::Open(site(
                    1_000 + 100 * round + number,
                    place,
                    &[Areas::Radii],
                    &mut random,
                )),
                1 => Change::Move {
                    site: chosen,
                    to: place,
                },
                _ => Change::Close(chosen),
            });
        }
        network = network.with_changes(changes).expect("valid changes");
        held.push(network.clone());
        if round % 4 == 3 {
            check_sites_in_cells(&network);
        }
    }
    // Older versions answer as they did.
    check_sites_in_cells(&held[0]);
}

#[test]
fn cells_are_served_by_those_who_serve_their_centre() {
    let stores = sites(World::City, 3, 200, &[Areas::Mixed]);
    let (network, brute) = (build(stores.clone()), Brute::new(stores));
    let mut served = 0;
    for at in World::City.positions(4, 300) {
        let cell = Cell::at(at, resolution(9));
        let expected = brute.serving(cell.centre());
        assert_eq!(network.sites_serving_cell(cell), expected);
        served += usize::from(!expected.is_empty());
    }
    assert!((30..300).contains(&served), "{served}");
}

#[test]
fn demand_is_counted_where_it_is() {
    for (world, number) in [(World::City, 9), (World::Globe, 1), (World::Duplicates, 15)] {
        let mut orders = orders(world, 5, 40_000);
        let mut expected: BTreeMap<Cell, Demand> = BTreeMap::new();
        for order in &orders {
            let sum = expected
                .entry(Cell::at(order.position, resolution(number)))
                .or_default();
            sum.orders += 1;
            sum.units += u64::from(order.size.0);
        }
        let count = |orders: &[Order]| {
            DemandMap::of(orders, resolution(number), &Limits::default()).expect("few cells")
        };
        let map = count(&orders);
        assert!(map.iter().eq(expected), "{world:?}");
        Random::new(1).shuffle(&mut orders);
        assert_eq!(count(&orders), map, "the order of orders means nothing");
        let points: Vec<DemandPoint> = map
            .iter()
            .map(|(cell, demand)| DemandPoint {
                position: cell.centre(),
                demand,
            })
            .collect();
        let again = DemandMap::of(&points, resolution(number), &Limits::default());
        assert_eq!(again, Ok(map), "a cell's centre lies in it");
    }
}

#[test]
fn too_many_cells_are_refused() {
    let orders = orders(World::Globe, 6, 1_000);
    let all = DemandMap::of(&orders, resolution(9), &Limits::default()).expect("few cells");
    let cells = all.iter().len();
    let limits = |map_cells_max| Limits {
        map_cells_max,
        ..Limits::default()
    };
    let too_many = |cells_max| {
        let cells = cells_max as u64 + 1;
        CoverageError::Cells(CellError::TooMany { cells, cells_max })
    };
    let count = |cells_max| DemandMap::of(&orders, resolution(9), &limits(cells_max));
    assert_eq!(count(cells), Ok(all.clone()));
    assert_eq!(count(cells - 1), Err(too_many(cells - 1)));
    assert_eq!(
        all.clone()
            .merge(&all, &limits(cells))
            .map(|both| both.total().orders),
        Ok(2_000)
    );

    let small = Network::builder().limits(limits(9)).build().expect("valid");
    let holes = Holes::of(&small, &orders, &Filter::default(), resolution(9));
    assert_eq!(holes, Err(too_many(9)));
    let region = boxes(&[(0.0, 0.0, 1.0, 1.0)]);
    let map = CatchmentMap::of(&small, &region, resolution(9), None);
    assert!(matches!(
        map,
        Err(CoverageError::Cells(CellError::TooMany {
            cells_max: 9,
            ..
        }))
    ));
}

#[test]
fn maps_of_different_resolutions_do_not_mix() {
    let count = |number| {
        DemandMap::of(
            &orders(World::City, 7, 1),
            resolution(number),
            &Limits::default(),
        )
        .expect("one cell")
    };
    let (coarse, fine) = (count(7), count(8));
    assert_eq!(
        coarse.roll_up(resolution(8)),
        Err(CoverageError::Finer {
            from: resolution(7),
            to: resolution(8)
        })
    );
    let refused = coarse.merge(&fine, &Limits::default());
    assert!(matches!(
        refused,
        Err(CoverageError::OtherResolution { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rolling_up_conserves_demand(draw in any::<u64>(), finest in 0..=15_u8, globe in any::<bool>()) {
        let world = if globe { World::Globe } else { World::City };
        let map = DemandMap::of(&orders(world, draw, 300), resolution(finest), &Limits::default())
            .expect("few cells");
        for coarse in 0..=finest {
            let rolled = map.roll_up(resolution(coarse)).expect("coarser");
            prop_assert_eq!(rolled.total(), map.total());
            for (cell, demand) in rolled.iter() {
                let below = map.iter().filter(|(fine, _)| cell.is_ancestor_or_self_of(*fine));
                prop_assert_eq!(below.map(|(_, demand)| demand).sum::<Demand>(), demand);
            }
            // In one step or in two.
            for between in coarse..=finest {
                let step = map.roll_up(resolution(between)).expect("coarser");
                prop_assert_eq!(step.roll_up(resolution(coarse)).expect("coarser"), rolled.clone());
            }
        }
    }

    #[test]
    fn halves_merge_to_the_whole(draw in any::<u64>(), cut in 0..=300_usize) {
        let orders = orders(World::City, draw, 300);
        let count = |orders: &[Order]| {
            DemandMap::of(orders, resolution(8), &Limits::default()).expect("few cells")
        };
        let (a, b) = (count(&orders[..cut]), count(&orders[cut..]));
        prop_assert_eq!(a.merge(&b, &Limits::default()), Ok(count(&orders)));
    }
}

#[test]
fn holes_are_where_brute_force_finds_nobody() {
    for (world, number, areas) in [
        (World::City, 8, &[Areas::Mixed]),
        (World::Province, 6, &[Areas::Mixed]),
        (World::Antimeridian, 5, &[Areas::Radii]),
    ] {
        let mut stores = sites(world, 8, 300, areas);
        pause_half(&mut stores);
        let (network, brute) = (build(stores.clone()), Brute::new(stores));
        let mut orders = orders(world, 9, 3_000);
        let room = |site: &Site| site.capacity.0 >= 1;

        let mut expected: BTreeMap<Cell, (Demand, Position)> = BTreeMap::new();
        for order in &orders {
            if brute.eligible(order.position, 1, room).is_empty() {
                let cell = Cell::at(order.position, resolution(number));
                let worst = |at| brute.nearest(at, 1)[0].distance;
                let (sum, at) = expected
                    .entry(cell)
                    .or_insert((Demand::default(), order.position));
                *sum = sum.merge(Demand::of_order(order.size));
                if worst(order.position) > worst(*at) {
                    *at = order.position;
                }
            }
        }
        let find = |orders: &[Order]| {
            Holes::of(&network, orders, &Filter::default(), resolution(number)).expect("few cells")
        };
        let holes = find(&orders);
        assert!(
            !expected.is_empty() && holes.served().orders > 0,
            "{world:?}"
        );
        assert_eq!(holes.as_slice().len(), expected.len());
        for hole in holes.as_slice() {
            let (unserved, at) = expected[&hole.cell];
            assert_eq!(hole.unserved, unserved);
            assert_eq!(
                brute.nearest(hole.worst_at, 1)[0].distance,
                brute.nearest(at, 1)[0].distance
            );
            let nearest = hole.nearest.as_ref().expect("the network has sites");
            assert_eq!(nearest.neighbour, brute.nearest(hole.worst_at, 1)[0]);
            assert!(matches!(nearest.verdict, Verdict::Rejected(_)));
        }
        let ranks = holes.as_slice().iter();
        assert!(ranks.is_sorted_by_key(|hole| (u64::MAX - hole.unserved.orders, hole.cell)));
        let all: Demand = orders
            .iter()
            .map(|order| Demand::of_order(order.size))
            .sum();
        assert_eq!(holes.served().merge(holes.unserved()), all);
        Random::new(2).shuffle(&mut orders);
        assert_eq!(find(&orders), holes, "the order of orders means nothing");
    }
}

#[test]
fn a_network_without_sites_is_one_hole() {
    let orders = orders(World::City, 10, 100);
    let holes =
        Holes::of(&build([]), &orders, &Filter::default(), resolution(0)).expect("one cell");
    assert_eq!(holes.served(), Demand::default());
    assert_eq!(holes.unserved().orders, 100);
    assert!(holes.as_slice().iter().all(|hole| hole.nearest.is_none()));
}

/// Regions of a few hundred to some thousand cells.
pub(crate) fn regions() -> [(World, Region, u8); 4] {
    [
        (World::City, boxes(&[(121.3, 31.1, 121.6, 31.4)]), 8),
        (
            World::Antimeridian,
            boxes(&[(178.0, -19.0, 180.0, -16.0), (-180.0, -19.0, -178.0, -16.0)]),
            6,
        ),
        (World::Globe, boxes(&[(-180.0, -90.0, 180.0, 90.0)]), 2),
        (World::Poles, boxes(&[(-180.0, 88.0, 180.0, 90.0)]), 5),
    ]
}

#[test]
fn every_cell_belongs_to_the_site_nearest_to_its_centre() {
    for (world, region, number) in regions() {
        let mut stores = sites(world, 12, 60, &[Areas::Radii]);
        pause_half(&mut stores);
        let (network, brute) = (build(stores.clone()), Brute::new(stores));
        let filter = Filter::default();
        let nearest = CatchmentMap::of(&network, &region, resolution(number), None);
        let eligible = CatchmentMap::of(&network, &region, resolution(number), Some(&filter));
        let (nearest, eligible) = (nearest.expect("few cells"), eligible.expect("few cells"));

        let cells = region.cells(resolution(number), 10_000).expect("few cells");
        assert!(
            nearest
                .iter()
                .map(|(cell, _)| cell)
                .eq(cells.iter().copied())
        );
        assert!(
            eligible
                .iter()
                .map(|(cell, _)| cell)
                .eq(cells.iter().copied())
        );
        let room = |site: &Site| site.capacity.0 >= 1;
        for cell in &cells {
            let centre = cell.centre();
            assert_eq!(nearest.owner(*cell), brute.nearest(centre, 1).pop());
            assert_eq!(eligible.owner(*cell), brute.eligible(centre, 1, room).pop());
        }
        for map in [nearest, eligible] {
            let owned: usize = map.sizes().map(|(_, cells)| cells).sum();
            assert_eq!(owned + map.cells_of_nobody().len(), cells.len());
            for (site, size) in map.sizes() {
                assert_eq!(map.cells_of(site).len(), size);
                assert!(map.cells_of(site).is_sorted());
                let owners = map.cells_of(site).iter().map(|cell| map.owner(*cell));
                assert!(
                    owners
                        .into_iter()
                        .all(|owner| owner.is_some_and(|owner| owner.site == site))
                );
            }
        }
    }
}

#[test]
fn shapes_hold_their_own_cells_and_no_others() {
    for (world, region, number) in regions() {
        let network = build(sites(world, 13, 25, &[Areas::Unlimited]));
        let map = CatchmentMap::of(&network, &region, resolution(number), None).expect("few cells");
        let shapes: Vec<(SiteId, Region)> = map
            .sizes()
            .map(|(site, _)| {
                let shape = Region::new(Arc::new(map.shape_of(site)));
                (site, shape.expect("a valid region"))
            })
            .collect();
        for (cell, owner) in map.iter() {
            let holders: Vec<SiteId> = (shapes.iter())
                .filter_map(|(site, shape)| shape.contains(cell.centre()).then_some(*site))
                .collect();
            assert_eq!(holders, [owner.expect("nobody is refused").site], "{cell}");
        }
    }
    assert!(
        build([])
            .sites_in_cell(Cell::at(World::City.positions(1, 1)[0], resolution(0)))
            .is_empty()
    );
}

#[test]
#[cfg(feature = "serde")]
fn maps_survive_serde_and_mixed_ones_are_refused() {
    fn check<T>(map: &T)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let text = serde_json::to_string(map).expect("serializes");
        assert_eq!(&serde_json::from_str::<T>(&text).expect("reads back"), map);
        // Resolution 6 in front of cells of resolution 8.
        let mixed = text.replacen("\"resolution\":8", "\"resolution\":6", 1);
        assert_ne!(mixed, text);
        let error = serde_json::from_str::<T>(&mixed).expect_err("mixed");
        assert!(
            error
                .to_string()
                .contains("has resolution 8, the map has 6"),
            "{error}"
        );
    }
    let (_, region, number) = &regions()[0];
    let network = build(sites(World::City, 14, 40, &[Areas::Radii]));
    let orders = orders(World::City, 15, 500);
    let filter = Filter::default();
    let at = resolution(*number);
    check(&DemandMap::of(&orders, at, &Limits::default()).expect("few cells"));
    check(&Holes::of(&network, &orders, &filter, at).expect("few cells"));
    check(&CatchmentMap::of(&network, region, at, Some(&filter)).expect("few cells"));
}
