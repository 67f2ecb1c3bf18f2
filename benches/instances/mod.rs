//! Seeded orders and pickup sites of one clustered city, with candidates and capacities: the same on every machine.
//!
//! Three kinds of capacity: `base` follows the demand around a site, `tight` follows it by half, `hard` ignores it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use catchment::balance::{Candidate, Rows};
use kiddo::{ImmutableKdTree, SquaredEuclidean};

/// How capacities relate to demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Base,
    Tight,
    Hard,
}

/// Orders with sizes and candidates, and sites with capacities.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) sites: usize,
    /// Room for orders that all have size 1.
    pub(crate) places: Vec<u32>,
    /// Room for the sizes.
    pub(crate) capacities: Vec<u32>,
    pub(crate) sizes: Vec<u32>,
    pub(crate) rows: Rows,
}

/// Side of the city, in metres.
const SIDE: f64 = 30_000.0;
const CANDIDATES: usize = 16;

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Base, Self::Tight, Self::Hard];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Tight => "tight",
            Self::Hard => "hard",
        }
    }
}

impl Instance {
    /// `orders` orders and `sites` sites in a city of forty quarters.
    ///
    /// There is so much room for each unit of orders.
    pub(crate) fn city(kind: Kind, orders: usize, sites: usize, seed: u64, ratio: f64) -> Self {
        let mut random = Random(seed << 40 ^ (orders as u64) << 8 ^ sites as u64);
        let quarters = Quarter::draw(&mut random);
        let buyers: Vec<[f64; 2]> = (0..orders)
            .map(|_| place(&mut random, &quarters, 0.1))
            .collect();
        let leaders: Vec<[f64; 2]> = (0..sites)
            .map(|_| place(&mut random, &quarters, 0.2))
            .collect();
        let tree: ImmutableKdTree<f64, 2> =
            ImmutableKdTree::new_from_slice(&leaders).expect("a tree of finite points");
        let (rows, nearest) = candidates(&tree, &buyers, &leaders);
        let mut demand = vec![0.0; sites];
        for site in nearest {
            demand[site as usize] += 1.0;
        }
        let even = orders as f64 / sites as f64;
        let around: Vec<f64> = leaders
            .iter()
            .map(|leader| {
                let near = nearest_of(&tree, leader, 6);
                near.iter().map(|site| demand[*site as usize]).sum::<f64>() / near.len() as f64
            })
            .collect();
        let weights: Vec<f64> = (0..sites)
            .map(|site| match kind {
                Kind::Base => {
                    let own = 0.75 * demand[site] + 0.25 * around[site] + 0.02 * even;
                    own * (0.15 * random.normal()).exp()
                }
                Kind::Tight => (0.5 * around[site] + 0.5 * even) * (0.3 * random.normal()).exp(),
                Kind::Hard => (0.5 * random.normal()).exp(),
            })
            .collect();
        let sizes = sizes(orders, seed);
        let total: u32 = sizes.iter().sum();
        Self {
            name: format!("{orders} × {sites} {} {seed}", kind.name()),
            sites,
            places: share_out(&weights, ratio * orders as f64),
            capacities: share_out(&weights, ratio * f64::from(total)),
            sizes,
            rows,
        }
    }

    /// An instance from a file of the peers' generator: see its header.
    pub(crate) fn read(path: &Path, seed: u64) -> Self {
        let bytes = fs::read(path).expect("the file can be read");
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        let [orders, sites, k] = [number(8), number(12), number(16)].map(|number| number as usize);
        let places: Vec<u32> = (0..sites).map(|site| number(24 + 4 * site)).collect();
        let candidates = 24 + 4 * sites + 16 * sites + 16 * orders;
        let costs = candidates + 4 * orders * k;
        let mut rows = Rows::with_capacity(orders, orders * k);
        for order in 0..orders {
            rows.push((order * k..(order + 1) * k).map(|at| {
                let cost = i64::from(number(costs + 4 * at));
                Candidate::new(number(candidates + 4 * at), cost).expect("metres in a city")
            }));
        }
        let sizes = sizes(orders, seed);
        let total: u32 = sizes.iter().sum();
        let room: u64 = places.iter().map(|places| u64::from(*places)).sum();
        let weights: Vec<f64> = places.iter().map(|places| f64::from(*places)).collect();
        let ratio = room as f64 / orders as f64;
        Self {
            name: path
                .file_stem()
                .map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            sites,
            capacities: share_out(&weights, ratio * f64::from(total)),
            places,
            sizes,
            rows,
        }
    }

    /// Writes it as text: numbers of orders and sites, capacities, then a line an order: size, site, cost, ….
    pub(crate) fn write(&self, path: &Path) {
        let mut text = format!("{} {}\n", self.sizes.len(), self.sites);
        let capacities: Vec<String> = self.capacities.iter().map(u32::to_string).collect();
        let _ = writeln!(text, "{}", capacities.join(" "));
        for (order, size) in self.sizes.iter().enumerate() {
            let _ = write!(text, "{size}");
            for candidate in self.rows.row(order) {
                let _ = write!(text, " {} {}", candidate.site(), candidate.cost());
            }
            text.push('\n');
        }
        fs::write(path, text).expect("the file can be written");
    }
}

/// Sizes from 1 to 8, each as likely as the inverse of its square.
fn sizes(orders: usize, seed: u64) -> Vec<u32> {
    const SHARES: [f64; 8] = [
        1.0,
        1.0 / 4.0,
        1.0 / 9.0,
        1.0 / 16.0,
        0.04,
        1.0 / 36.0,
        1.0 / 49.0,
        1.0 / 64.0,
    ];
    let total: f64 = SHARES.iter().sum();
    let mut random = Random(seed.wrapping_mul(0x5eed) ^ orders as u64);
    let mut draw = || {
        let mut at = random.unit() * total;
        SHARES.iter().position(|share| {
            at -= share;
            at < 0.0
        })
    };
    (0..orders)
        .map(|_| draw().map_or(1, |at| at as u32 + 1))
        .collect()
}

/// Whole numbers in proportion to weights, at least 1, that sum up to `total`.
fn share_out(weights: &[f64], total: f64) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let mut before = 0.0;
    let shares = weights.iter().map(|weight| {
        let from = (before * total / sum).round();
        before += weight;
        ((before * total / sum).round() - from).max(1.0) as u32
    });
    shares.collect()
}

/// Rows of the nearest sites in metres, and each order's nearest site.
fn candidates(
    tree: &ImmutableKdTree<f64, 2>,
    buyers: &[[f64; 2]],
    leaders: &[[f64; 2]],
) -> (Rows, Vec<u32>) {
    let mut rows = Rows::with_capacity(buyers.len(), buyers.len() * CANDIDATES);
    let mut nearest = Vec::with_capacity(buyers.len());
    for buyer in buyers {
        let near = nearest_of(tree, buyer, CANDIDATES);
        nearest.push(near[0]);
        rows.push(near.into_iter().map(|site| {
            let leader = leaders[site as usize];
            let metres = (buyer[0] - leader[0]).hypot(buyer[1] - leader[1]);
            Candidate::new(site, metres.round() as i64).expect("metres in a city")
        }));
    }
    (rows, nearest)
}

fn nearest_of(tree: &ImmutableKdTree<f64, 2>, from: &[f64; 2], count: usize) -> Vec<u32> {
    let count = std::num::NonZeroUsize::new(count).expect("at least one");
    let near = tree
        .query(from)
        .nearest_n::<SquaredEuclidean<f64>>(count)
        .execute();
    near.into_iter().map(|near| near.item).collect()
}

struct Quarter {
    centre: [f64; 2],
    sigma: f64,
    /// The share of all people who live here or in a quarter before.
    until: f64,
}

impl Quarter {
    fn draw(random: &mut Random) -> Vec<Self> {
        const QUARTERS: usize = 40;
        let mut until = 0.0;
        let draw = |_| {
            // Exponential weights make the shares uniform on the simplex.
            until -= (1.0 - random.unit()).ln();
            Self {
                centre: [6_000.0 * random.normal(), 6_000.0 * random.normal()],
                sigma: 500.0 + 2_500.0 * random.unit(),
                until,
            }
        };
        let mut quarters: Vec<Self> = (0..QUARTERS).map(draw).collect();
        for quarter in &mut quarters {
            quarter.until /= until;
        }
        quarters
    }
}

/// Somewhere in a quarter, or with this probability anywhere in the city.
fn place(random: &mut Random, quarters: &[Quarter], anywhere: f64) -> [f64; 2] {
    let half = SIDE / 2.0;
    if random.unit() >= anywhere {
        let at = random.unit();
        let quarter = &quarters[quarters
            .partition_point(|quarter| quarter.until <= at)
            .min(quarters.len() - 1)];
        let east = quarter.centre[0] + quarter.sigma * random.normal();
        let north = quarter.centre[1] + quarter.sigma * random.normal();
        if east.abs() <= half && north.abs() <= half {
            return [east, north];
        }
    }
    [SIDE * (random.unit() - 0.5), SIDE * (random.unit() - 0.5)]
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (core::f64::consts::TAU * self.unit()).cos()
    }
}
