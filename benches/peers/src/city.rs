//! Instances of a city: places are clustered, sites follow demand, candidates are the nearest sites.
//!
//! Orders are drawn from a mixture of 40 Gaussians with Dirichlet weights on a square of 30 km, one in ten uniformly.
//! Sites come from the same mixture, flattened and wider, one in five uniformly. Capacities sum to 1.15 × orders.

use clap::ValueEnum;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::instance::{Instance, Places};
use crate::random::Random;

/// The mean radius of the Earth in metres: H. Moritz, *Geodetic Reference System 1980*, table "Geometric constants".
const EARTH_METRES: f64 = 6_371_008.8;
/// The middle of the square: latitude, longitude.
const CENTRE: [f64; 2] = [31.230_4, 121.473_7];
const HALF_METRES: f64 = 15_000.0;
const CLUSTERS: usize = 40;
/// Capacity over orders.
const ROOM: f64 = 1.15;
/// A site and those whose demand its planner saw.
const NEIGHBOURS: usize = 6;
/// What an unassigned order costs, in metres.
const UNASSIGNED_METRES: i64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Size {
    #[value(name = "2k")]
    Thousands2,
    #[value(name = "20k")]
    Thousands20,
    #[value(name = "200k")]
    Thousands200,
    #[value(name = "1m")]
    Million,
}

impl Size {
    pub(crate) fn orders(self) -> usize {
        match self {
            Self::Thousands2 => 2_000,
            Self::Thousands20 => 20_000,
            Self::Thousands200 => 200_000,
            Self::Million => 1_000_000,
        }
    }

    pub(crate) fn sites(self) -> usize {
        match self {
            Self::Thousands2 => 80,
            Self::Thousands20 => 800,
            Self::Thousands200 => 4_000,
            Self::Million => 20_000,
        }
    }
}

/// Where capacity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Planned for the demand of the neighbourhood, within 15 %: about a fifth of the sites overflow.
    Base,
    /// Half planned, half alike everywhere, within 30 %: a third of the sites overflow by a sixth of all orders.
    Tight,
    /// Regardless of demand, within 50 %: two in five sites overflow by a quarter of all orders.
    Hard,
}

/// What costs are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    Metres,
    Millimetres,
}

impl Unit {
    fn per_metre(self) -> u32 {
        match self {
            Self::Metres => 1,
            Self::Millimetres => 1_000,
        }
    }
}

/// What an instance is drawn from: the same text on every machine gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct City {
    pub(crate) size: Size,
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    /// The nearest sites that are candidates of an order.
    pub(crate) nearest: usize,
    pub(crate) unit: Unit,
}

impl City {
    pub(crate) fn generate(&self) -> Instance {
        let (n, m) = (self.size.orders(), self.size.sites());
        // Kinds of one seed share their places.
        let mut random = Random::new(&[self.seed, n as u64, m as u64]);
        let mixture = Mixture::draw(&mut random);
        let orders = mixture.places(n, &mut random);
        let sites = mixture.flattened().places(m, &mut random);

        let tree = Tree::new(&sites);
        let mut nearest_counts = vec![0_u32; m];
        let mut instance = Instance::default();
        let price = UNASSIGNED_METRES * i64::from(self.unit.per_metre());
        let mut row = Vec::new();
        for order in &orders {
            row.clear();
            row.extend(
                tree.nearest(*order)
                    .take(self.nearest)
                    .map(|(site, metres)| {
                        let cost = metres * f64::from(self.unit.per_metre());
                        (libm::rint(cost) as i32, site)
                    }),
            );
            nearest_counts[row[0].1 as usize] += 1;
            instance.push(price, &row);
        }
        let wishes = self.wishes(&sites, &tree, &nearest_counts, &mut random);
        instance.capacities = shares(&wishes, libm::rint(ROOM * n as f64) as u32);
        instance.places = Some(Places { sites, orders });
        instance
    }

    /// What each site's capacity is proportional to. `nearest_counts` are the orders nearest to each.
    fn wishes(
        &self,
        sites: &[[f64; 2]],
        tree: &Tree,
        nearest_counts: &[u32],
        random: &mut Random,
    ) -> Vec<f64> {
        let mean = self.size.orders() as f64 / sites.len() as f64;
        let around = |place: [f64; 2]| {
            let near = tree.nearest(place).take(NEIGHBOURS);
            let counts = near.map(|(site, _)| f64::from(nearest_counts[site as usize]));
            counts.sum::<f64>() / NEIGHBOURS as f64
        };
        let demand = sites.iter().zip(nearest_counts);
        demand
            .map(|(place, own)| match self.kind {
                Kind::Base => {
                    let planned = 0.75 * f64::from(*own) + 0.25 * around(*place) + 0.02 * mean;
                    planned * random.log_normal(0.15)
                }
                Kind::Tight => (0.5 * around(*place) + 0.5 * mean) * random.log_normal(0.3),
                Kind::Hard => random.log_normal(0.5),
            })
            .collect()
    }
}

/// Whole numbers of at least 1 and of this sum, as near to proportional as cutting and filling up makes them.
fn shares(wishes: &[f64], sum: u32) -> Vec<u32> {
    let wished: f64 = wishes.iter().sum();
    let share = |wish: &f64| (wish * f64::from(sum) / wished) as u32;
    let mut shares: Vec<u32> = wishes.iter().map(|wish| share(wish).max(1)).collect();
    let mut largest_first: Vec<usize> = (0..wishes.len()).collect();
    largest_first.sort_by(|a, b| wishes[*b].total_cmp(&wishes[*a]).then(a.cmp(b)));
    let mut given: u32 = shares.iter().sum();
    for site in largest_first.into_iter().cycle() {
        if given < sum {
            shares[site] += 1;
            given += 1;
        } else if given > sum && shares[site] > 1 {
            shares[site] -= 1;
            given -= 1;
        } else if given == sum {
            break;
        }
    }
    shares
}

/// Where people live.
struct Mixture {
    clusters: Vec<Cluster>,
    /// The part that lives anywhere on the square.
    uniform: f64,
}

struct Cluster {
    centre: [f64; 2],
    deviation: f64,
    weight: f64,
}

impl Mixture {
    fn draw(random: &mut Random) -> Self {
        let cluster = |_| Cluster {
            centre: [6_000.0 * random.normal(), 6_000.0 * random.normal()],
            deviation: random.between(500.0, 3_000.0),
            // Exponential weights, divided by their sum, are Dirichlet with all parameters 1.
            weight: random.exponential(),
        };
        Self {
            clusters: (0..CLUSTERS).map(cluster).collect(),
            uniform: 0.1,
        }
    }

    /// Sites are spread more evenly than people.
    fn flattened(&self) -> Self {
        let sum: f64 = self.clusters.iter().map(|cluster| cluster.weight).sum();
        let flatter = |cluster: &Cluster| Cluster {
            centre: cluster.centre,
            deviation: 1.2 * cluster.deviation,
            weight: libm::pow(cluster.weight / sum, 0.7),
        };
        Self {
            clusters: self.clusters.iter().map(flatter).collect(),
            uniform: 0.2,
        }
    }

    fn places(&self, count: usize, random: &mut Random) -> Vec<[f64; 2]> {
        (0..count).map(|_| degrees(self.point(random))).collect()
    }

    /// Metres east and north of the centre.
    fn point(&self, random: &mut Random) -> [f64; 2] {
        if random.unit() >= self.uniform {
            let cluster = self.cluster(random);
            let point = cluster
                .centre
                .map(|at| at + cluster.deviation * random.normal());
            if point.iter().all(|at| at.abs() <= HALF_METRES) {
                return point;
            }
        }
        [0; 2].map(|_| random.between(-HALF_METRES, HALF_METRES))
    }

    fn cluster(&self, random: &mut Random) -> &Cluster {
        let sum: f64 = self.clusters.iter().map(|cluster| cluster.weight).sum();
        let mut left = sum * random.unit();
        let mut chosen = &self.clusters[0];
        for cluster in &self.clusters {
            chosen = cluster;
            left -= cluster.weight;
            if left < 0.0 {
                break;
            }
        }
        chosen
    }
}

/// Sites by place.
struct Tree(RTree<GeomWithData<[f64; 3], u32>>);

impl Tree {
    fn new(sites: &[[f64; 2]]) -> Self {
        let points = sites.iter().zip(0..);
        let points = points.map(|(place, site)| GeomWithData::new(on_sphere(*place), site));
        Self(RTree::bulk_load(points.collect()))
    }

    /// Sites with their distances in metres, ascending.
    fn nearest(&self, place: [f64; 2]) -> impl Iterator<Item = (u32, f64)> {
        let near = self
            .0
            .nearest_neighbor_iter_with_distance_2(on_sphere(place));
        near.map(|(site, chord_squared)| {
            let half_angle = libm::asin(libm::sqrt(chord_squared) / 2.0);
            (site.data, 2.0 * EARTH_METRES * half_angle)
        })
    }
}

/// Latitude and longitude of a point given in metres east and north of the centre.
fn degrees([east, north]: [f64; 2]) -> [f64; 2] {
    let parallel = EARTH_METRES * libm::cos(CENTRE[0].to_radians());
    [
        CENTRE[0] + (north / EARTH_METRES).to_degrees(),
        CENTRE[1] + (east / parallel).to_degrees(),
    ]
}

fn on_sphere(place: [f64; 2]) -> [f64; 3] {
    let [latitude, longitude] = place.map(f64::to_radians);
    let parallel = libm::cos(latitude);
    [
        parallel * libm::cos(longitude),
        parallel * libm::sin(longitude),
        libm::sin(latitude),
    ]
}
