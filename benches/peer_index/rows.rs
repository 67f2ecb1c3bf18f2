use std::num::NonZero;
use std::rc::Rc;

use catchment::candidates::Filter;
use catchment::geo::Position;
use catchment::site::{Network, Site};

use super::areas::{Boxes, Scan};
use super::points::{Kiddo, Rstar};
use super::{Rival, Target};
use crate::workload::{Areas, World, pause_half, sites};

/// The sizes of the table: a city, a province, a country, a large country.
pub(crate) const SIZES: [usize; 4] = [800, 20_000, 200_000, 1_000_000];

/// The rows of the table for one size, those on one network together.
pub(crate) const GROUPS: [fn(usize) -> Vec<Row>; 3] = [points, eligible, serving];

/// One row of the speed table: the library first, then its peers.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) sites: Rc<Vec<Site>>,
    /// More than anyone's caches hold, in random order.
    pub(crate) queries: Vec<Position>,
    pub(crate) rivals: Vec<Rival>,
}

impl Row {
    /// Whether the library is asked all queries at once.
    pub(crate) fn is_batch(&self) -> bool {
        self.queries.len() == BATCH
    }
}

const QUERIES: usize = 200_000;
const BATCH: usize = 1_000_000;
const K: usize = 8;

// Floor and goal per size.
type Targets = [(f64, f64); 4];
const ONE_RSTAR: Targets = [(12.0, 16.0), (8.0, 12.0), (9.0, 13.0), (9.0, 16.0)];
const ONE_KIDDO: Targets = [(2.5, 3.5), (1.4, 2.0), (2.0, 3.0), (2.5, 4.0)];
const BATCH_KIDDO: Targets = [(3.0, 3.5), (3.5, 4.0), (5.5, 7.0), (8.0, 11.0)];
const ELIGIBLE_RSTAR: Targets = [(5.0, 8.0), (5.0, 8.0), (4.0, 6.0), (4.0, 6.0)];
// Floors only.
const EIGHT_RSTAR: [f64; 4] = [9.0, 5.5, 4.0, 5.0];
const EIGHT_KIDDO: [f64; 4] = [3.0, 2.0, 1.6, 2.2];
const SERVING_BOXES: [Option<f64>; 4] = [None, Some(1.5), Some(1.5), None];

fn points(size: usize) -> Vec<Row> {
    let world = World::clustered(size);
    let sites = Rc::new(sites(world, 1, size, &[Areas::Unlimited]));
    let network = prepared(&sites);
    let rstar = Rc::new(Rstar::new(&sites));
    let kiddo = Rc::new(Kiddo::new(&sites));
    let row = |name, queries, rivals| Row {
        name,
        sites: Rc::clone(&sites),
        queries: world.positions(2, queries),
        rivals,
    };

    let one = network.clone();
    let one_rstar = Rc::clone(&rstar);
    let one_kiddo = Rc::clone(&kiddo);
    let nearest = vec![
        Rival::new("catchment", move |from| one.nearest_site(from)),
        Rival::new("rstar", move |from| one_rstar.nearest(from)).aim(Some(both(ONE_RSTAR, size))),
        Rival::new("kiddo", move |from| one_kiddo.nearest(from)).aim(Some(both(ONE_KIDDO, size))),
    ];

    let eight = network.clone();
    let eight_kiddo = Rc::clone(&kiddo);
    let k = NonZero::new(K).expect("eight");
    let nearest_eight = vec![
        Rival::new("catchment", move |from| eight.nearest(from, K)),
        Rival::new("rstar", move |from| rstar.nearest_k(from, K))
            .aim(Some(floor(of(EIGHT_RSTAR, size)))),
        Rival::new("kiddo", move |from| eight_kiddo.nearest_k(from, k))
            .aim(Some(floor(of(EIGHT_KIDDO, size)))),
    ];

    let batch = vec![
        Rival::batch("catchment", move |from| network.nearest_site_batch(from)),
        Rival::new("kiddo one by one", move |from| kiddo.nearest(from))
            .aim(Some(both(BATCH_KIDDO, size))),
    ];
    vec![
        row("nearest, k = 1", QUERIES, nearest),
        row("nearest, k = 8", QUERIES, nearest_eight),
        row("nearest, batch of a million", BATCH, batch),
    ]
}

fn eligible(size: usize) -> Vec<Row> {
    let world = World::clustered(size);
    let mut stores = sites(world, 1, size, &[Areas::Radii]);
    pause_half(&mut stores);
    let network = prepared(&stores);
    let rstar = Rstar::new(&stores);
    let rstar = Rc::new(rstar);
    let filter = Filter::default();
    vec![Row {
        name: "nearest eligible, radii of 1 to 3 km, half open",
        sites: Rc::new(stores),
        queries: world.positions(2, QUERIES),
        rivals: vec![
            Rival::new("catchment", move |from| {
                network.nearest_eligible_site(from, &filter)
            }),
            Rival::new("rstar's iterator", move |from| rstar.nearest_eligible(from))
                .aim(Some(both(ELIGIBLE_RSTAR, size))),
        ],
    }]
}

fn serving(size: usize) -> Vec<Row> {
    let world = World::clustered(size);
    let stores = sites(world, 1, size, &[Areas::Mixed]);
    let network = prepared(&stores);
    let boxes = Rc::new(Boxes::new(&stores));
    let scan = Rc::new(Scan::new(&stores));
    vec![
        Row {
            name: "sites that serve an address",
            sites: Rc::new(stores.clone()),
            queries: world.positions(2, QUERIES / 10),
            rivals: vec![
                Rival::new("catchment", {
                    let network = network.clone();
                    move |from| network.serving_sites(from)
                }),
                Rival::new("box, then test", move |from| boxes.serving(from))
                    .aim(of(SERVING_BOXES, size).map(floor)),
            ],
        },
        Row {
            name: "sites that serve an address, few queries",
            // A scan is so slow that more would take minutes.
            queries: world.positions(3, (2_000_000 / size).clamp(5, 2_000)),
            sites: Rc::new(stores),
            rivals: vec![
                Rival::new("catchment", move |from| network.serving_sites(from)),
                Rival::new("linear scan", move |from| scan.serving(from)),
            ],
        },
    ]
}

fn prepared(sites: &[Site]) -> Network {
    let built = Network::builder().sites(sites.iter().cloned()).build();
    let network = built.expect("a valid network");
    network.prepare();
    network
}

fn both(targets: Targets, size: usize) -> Target {
    let (floor, goal) = of(targets, size);
    Target {
        floor,
        goal: Some(goal),
    }
}

fn floor(floor: f64) -> Target {
    Target { floor, goal: None }
}

/// The entry of a size; other sizes are measured against the next larger one of the table.
fn of<T: Copy>(targets: [T; 4], size: usize) -> T {
    targets[SIZES.partition_point(|listed| *listed < size).min(3)]
}
