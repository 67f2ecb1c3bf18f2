//! No look-up ever differs from brute force: over a million of them, on worlds where look-ups go wrong.
//!
//! Each world is one test, so that they run side by side. Seeds are fixed; a failure names world, size and query.

use catchment::candidates::Filter;
use catchment::geo::Position;
use catchment::id::SiteId;
use catchment::site::{Change, Neighbour, Network, Site, SiteKind, SiteStatus, Tag, Tags};
use catchment::units::{Distance, Units};

use crate::brute::Brute;
use crate::workload::{Areas, Random, World, degrees, pause_half, site, sites};

/// The networks of a world: how many sites, how many queries.
const SIZES: [(usize, usize); 8] = [
    (0, 10),
    (1, 500),
    (2, 1_000),
    (9, 4_000),
    (100, 8_000),
    (1_000, 12_000),
    (5_000, 2_000),
    (20_000, 490),
];
const QUERIES: usize = 28_000;
/// `nearest`, `nearest_site`, `within`, `serving_sites`, `nearest_eligible`, `nearest_eligible_site`.
const LOOK_UPS: usize = 6;
const WORLDS: usize = 8;
const _: () = assert!(WORLDS * QUERIES * LOOK_UPS >= 1_000_000);

/// The areas of the sites of a world: each draws one of these.
const ON_LAND: [Areas; 6] = [
    Areas::Unlimited,
    Areas::Radii,
    Areas::Mixed,
    Areas::Mixed,
    Areas::Boxes,
    Areas::Cells,
];
/// Stars know nothing of the antimeridian.
const ANYWHERE: [Areas; 4] = [Areas::Unlimited, Areas::Radii, Areas::Boxes, Areas::Cells];
/// Nor do boxes of a pole.
const POLAR: [Areas; 3] = [Areas::Unlimited, Areas::Radii, Areas::Cells];

#[test]
fn city() {
    check_world(World::City, &ON_LAND);
}

#[test]
fn province() {
    check_world(World::Province, &ON_LAND);
}

#[test]
fn country() {
    check_world(World::Country, &ON_LAND);
}

#[test]
fn globe() {
    check_world(World::Globe, &ANYWHERE);
}

#[test]
fn antimeridian() {
    check_world(World::Antimeridian, &ANYWHERE);
}

#[test]
fn poles() {
    check_world(World::Poles, &POLAR);
}

#[test]
fn exact_ties() {
    check_world(World::GridTies, &ON_LAND);
}

#[test]
fn duplicates() {
    check_world(World::Duplicates, &ON_LAND);
}

/// A row of a file that lacks its coordinates puts a site at 0° N 0° E: a city and nothing for 12,000 km.
#[test]
fn outliers() {
    for (size, areas) in [(250, Areas::Unlimited), (5_000, Areas::Radii)] {
        for world in [World::City, World::Duplicates] {
            let mut stores = sites(world, 5, size, &[areas]);
            stores[17].position = degrees(0.0, 0.0);
            stores[18].position = degrees(-58.5, -31.2);
            check_network(world, stores, 2_000);
        }
    }
}

/// Cities with nothing between them, one of them on the other side of the Earth, and towers with dozens of lockers.
#[test]
fn far_cities() {
    for (size, side) in [(200, 0.3), (2_000, 0.3), (2_000, 1e-4)] {
        let mut random = Random::new(size);
        let cities = [(121.4, 31.2), (-0.1, 51.5), (-58.6, -31.2), (121.7, 31.2)];
        let store = |id| {
            let (lng, lat) = cities[id as usize % cities.len()];
            let at = degrees(lng + side * random.unit(), lat + side * random.unit());
            Site::store(SiteId(id), at, Units(5))
        };
        let stores: Vec<Site> = (0..size).map(store).collect();
        // Who asks is in or near one of them, or anywhere on Earth.
        for world in [World::City, World::Globe] {
            check_network(world, stores.clone(), 1_000);
        }
    }
}

/// Lockers within a few metres of each other, also as seen from the other side of the Earth.
#[test]
fn one_building() {
    for size in [10, 33, 60, 200] {
        let mut random = Random::new(size);
        let mut near = |degrees: f64| degrees + 1e-4 * random.unit();
        let stores = (0..size).map(|id| {
            let at = degrees(near(121.47), near(31.23));
            Site::store(SiteId(id), at, Units(5))
        });
        check_network(World::City, stores.collect(), 4_000);
    }
}

#[test]
fn ten_thousand_changes() {
    for (seed, world, areas) in [
        (1, World::City, &ON_LAND[..]),
        (2, World::Antimeridian, &ANYWHERE[..]),
        (3, World::Duplicates, &ON_LAND[..]),
    ] {
        check_changes(seed, world, areas);
    }
}

#[test]
fn batches_answer_like_single_look_ups() {
    for world in [
        World::City,
        World::Country,
        World::Globe,
        World::Poles,
        World::GridTies,
    ] {
        let mut stores = sites(world, 21, 3_000, &[Areas::Radii]);
        pause_half(&mut stores);
        let network = build(&stores);
        for prepared in [false, true] {
            if prepared {
                network.prepare();
            }
            // Not a multiple of any block of the batches.
            let queries = world.positions(22, 10_007);
            let filter = Filter::default();
            let one: Vec<_> = queries.iter().map(|at| network.nearest_site(*at)).collect();
            let some: Vec<_> = queries.iter().map(|at| network.nearest(*at, 5)).collect();
            let eligible: Vec<_> = queries
                .iter()
                .map(|at| network.nearest_eligible(*at, 2, &filter))
                .collect();
            assert!(network.nearest_site_batch(&queries) == one, "{world:?}");
            assert!(network.nearest_batch(&queries, 5) == some, "{world:?}");
            assert!(
                network.nearest_eligible_batch(&queries, 2, &filter) == eligible,
                "{world:?}"
            );
        }
    }
}

fn check_world(world: World, areas: &[Areas]) {
    let mut asked = 0;
    for (size, queries) in SIZES {
        let mut stores = sites(world, size as u64, size, areas);
        pause_half(&mut stores);
        for store in stores.iter_mut().step_by(50) {
            store.capacity = Units(0);
        }
        asked += check_network(world, stores, queries);
    }
    assert_eq!(asked, QUERIES);
}

fn check_network(world: World, mut stores: Vec<Site>, queries: usize) -> usize {
    let brute = Brute::new(stores.clone());
    // The order of arrival is not the order of ids, and means nothing.
    Random::new(7).shuffle(&mut stores);
    let network = build(&stores);
    let mut questions = Questions::new(world, stores.len() as u64 + 1);
    for number in 0..queries {
        // The first half meets the network as it is built, the second with all accelerators.
        if number == queries / 2 {
            network.prepare();
        }
        questions.compare(&network, &brute);
    }
    queries
}

fn check_changes(seed: u64, world: World, areas: &[Areas]) {
    const CHANGES: usize = 10_000;
    let mut random = Random::new(seed);
    let mut brute = Brute::new(sites(world, seed, 600, areas));
    let mut network = build(
        &(0..brute.len())
            .map(|at| brute.site(at).clone())
            .collect::<Vec<_>>(),
    );
    let mut questions = Questions::new(world, seed);
    let mut fresh_id = 600;
    let mut changed = 0;
    let mut kept = Vec::new();
    while changed < CHANGES {
        let count = 1 + random.below(100);
        let mut changes = Vec::with_capacity(count);
        for _ in 0..count {
            let change = change(&brute, world, areas, &mut fresh_id, &mut random);
            brute.apply(&change);
            changes.push(change);
        }
        changed += count;
        let before = network.version();
        network = network
            .with_changes(changes)
            .expect("every change is valid");
        assert_ne!(network.version(), before);
        assert_eq!(network.len(), brute.len());
        if random.one_in(4) {
            network.prepare();
        }
        for _ in 0..40 {
            questions.compare(&network, &brute);
        }
        if random.one_in(20) {
            kept.push((network.clone(), brute.clone()));
        }
    }
    // Older versions answer as they did.
    for (network, brute) in kept {
        for _ in 0..40 {
            questions.compare(&network, &brute);
        }
    }
}

/// A change that is valid now. Closings and openings keep about as many sites as there were.
fn change(
    brute: &Brute,
    world: World,
    areas: &[Areas],
    fresh_id: &mut u64,
    random: &mut Random,
) -> Change {
    let chosen = brute.site(random.below(brute.len()));
    let site_id = chosen.id;
    match random.below(if brute.len() < 400 { 6 } else { 7 }) {
        0 => {
            *fresh_id += 1;
            let at = world.positions(random.next(), 1)[0];
            Change::Open(site(*fresh_id, at, areas, random))
        }
        1 => Change::SetStatus {
            site: site_id,
            status: if random.one_in(2) {
                SiteStatus::Open
            } else {
                SiteStatus::Paused
            },
        },
        // Out of the world at times, and onto another site at others.
        2 => Change::Move {
            site: site_id,
            to: World::Globe.positions(random.next(), 1)[0],
        },
        3 => Change::Move {
            site: site_id,
            to: brute.site(random.below(brute.len())).position,
        },
        4 => Change::SetCapacity {
            site: site_id,
            capacity: Units(random.below(100) as u32),
        },
        5 => Change::SetArea {
            site: site_id,
            area: areas[random.below(areas.len())].draw(chosen.position, random),
        },
        _ => Change::Close(site_id),
    }
}

fn build(stores: &[Site]) -> Network {
    let built = Network::builder().sites(stores.iter().cloned()).build();
    built.expect("a valid network")
}

/// An endless stream of questions about one world.
struct Questions {
    world: World,
    random: Random,
    positions: Vec<Position>,
}

impl Questions {
    fn new(world: World, seed: u64) -> Self {
        Self {
            world,
            random: Random::new(seed),
            positions: Vec::new(),
        }
    }

    /// Asks one position all questions, and brute force the same.
    fn compare(&mut self, network: &Network, brute: &Brute) {
        let at = self.position(brute);
        let k = self.count(brute.len());
        let nearest = brute.nearest(at, k);
        self.same("nearest", at, k, &network.nearest(at, k), &nearest);

        let first = brute.nearest(at, 1);
        let site = network.nearest_site(at);
        self.same("nearest_site", at, 1, site.as_slice(), &first);

        let radius = self.radius(nearest.last());
        self.same(
            "within",
            at,
            radius,
            &network.within(at, radius),
            &brute.within(at, radius),
        );

        self.same(
            "serving_sites",
            at,
            "",
            &network.serving_sites(at),
            &brute.serving(at),
        );

        let k = k.max(1);
        let (filter, expected) = self.eligible(at, k, brute);
        self.same(
            "nearest_eligible",
            at,
            k,
            &network.nearest_eligible(at, k, &filter),
            &expected,
        );
        let site = network.nearest_eligible_site(at, &filter);
        self.same(
            "nearest_eligible_site",
            at,
            1,
            site.as_slice(),
            &expected[..expected.len().min(1)],
        );
    }

    #[track_caller]
    fn same(
        &self,
        look_up: &str,
        at: Position,
        asked: impl core::fmt::Debug,
        found: &[Neighbour],
        expected: &[Neighbour],
    ) {
        assert!(
            found == expected,
            "{:?}: {look_up}({at:?}, {asked:?})\n found    {found:?}\n expected {expected:?}",
            self.world
        );
    }

    fn position(&mut self, brute: &Brute) -> Position {
        if self.positions.is_empty() {
            self.positions = self.world.positions(self.random.next(), 1_000);
        }
        let near = self.positions.pop().expect("just filled");
        match self.random.below(20) {
            // From anywhere on Earth, and from a site's own doorstep.
            0 => World::Globe.positions(self.random.next(), 1)[0],
            1 if brute.len() > 0 => brute.site(self.random.below(brute.len())).position,
            // Where squared chords tell little, all of them being nearly 4.
            2 if brute.len() > 0 => {
                let site = brute.site(self.random.below(brute.len())).position;
                let mut nearly = |degrees: f64| degrees + 1e-5 * self.random.unit();
                let lng = nearly(site.lng() - 180.0_f64.copysign(site.lng()));
                degrees(lng, nearly(-site.lat()).clamp(-90.0, 90.0))
            }
            _ => near,
        }
    }

    fn count(&mut self, sites: usize) -> usize {
        match self.random.below(40) {
            0 => 0,
            1 => sites.min(2_000),
            2 => sites.min(2_000) + 3,
            3..=12 => 1,
            13..=22 => 8,
            _ => self.random.below(20),
        }
    }

    /// Any order of magnitude, or just as far as the last site found, which is then within.
    fn radius(&mut self, last: Option<&Neighbour>) -> Distance {
        match (self.random.below(4), last) {
            (0, Some(last)) => last.distance,
            (1, Some(last)) => last.distance.saturating_sub(Distance::from_millimetres(1)),
            (2, _) if self.random.one_in(20) => Distance::from_metres(30_000_000),
            _ => {
                let shift = 30 + self.random.below(34);
                Distance::from_millimetres(self.random.next() >> shift)
            }
        }
    }

    /// A filter, and what it leaves of the eligible sites.
    fn eligible(
        &mut self,
        at: Position,
        k: usize,
        brute: &Brute,
    ) -> (Filter<'static>, Vec<Neighbour>) {
        let cold_chain = Tags::from_iter([Tag::COLD_CHAIN]);
        let filter = Filter::default();
        match self.random.below(6) {
            0 => {
                let expected = brute.eligible(at, k, |site| site.kind == SiteKind::Leader);
                (filter.kind(SiteKind::Leader), expected)
            }
            1 => {
                let expected = brute.eligible(at, k, |site| site.tags == cold_chain);
                (filter.tags(cold_chain), expected)
            }
            2 => {
                let size = Units(1 + self.random.below(100) as u32);
                (
                    filter.size(size),
                    brute.eligible(at, k, |site| site.capacity >= size),
                )
            }
            3 => {
                let limit = Distance::from_metres(1 << self.random.below(24));
                let mut expected = brute.eligible(at, k, |_| true);
                expected.retain(|neighbour| neighbour.distance <= limit);
                (filter.max_distance(limit), expected)
            }
            4 => {
                let expected = brute.eligible(at, k, odd);
                (filter.matching(&odd), expected)
            }
            _ => (filter, brute.eligible(at, k, |_| true)),
        }
    }
}

fn odd(site: &Site) -> bool {
    let SiteId(id) = site.id;
    id % 2 == 1
}
