//! Seeded worlds of sites and buyers, the same on every machine: for benches, oracle tests and ratios.
//!
//! People live in clusters, so sites and queries are draws of one mixture of Gaussians: a city, a province of
//! 60 towns, a country of 400 cities, sizes after Zipf's law. The other worlds are where look-ups go wrong:
//! poles, antimeridian, ties, duplicates.

// Each bench and the tests use their part of it.
#![allow(dead_code, unused_imports)]

use catchment::geo::{LngLat, Position};

mod sites;

pub(crate) use sites::{Areas, pause_half, site, sites};

/// Where positions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Fifteen quarters of one city, 30 km across.
    City,
    /// Sixty towns within 500 km.
    Province,
    /// Four hundred cities within 2,300 km, and one position in twenty anywhere between them.
    Country,
    /// Uniform on the sphere.
    Globe,
    /// Fiji and its surroundings: both sides of the antimeridian, and on it.
    Antimeridian,
    /// Round both poles, and on them.
    Poles,
    /// Multiples of half a degree: every query has exact ties.
    GridTies,
    /// A dozen coordinates shared by all.
    Duplicates,
}

impl World {
    /// The clustered world for a number of sites.
    pub(crate) fn clustered(sites: usize) -> Self {
        match sites {
            0..=2_000 => Self::City,
            2_001..=50_000 => Self::Province,
            _ => Self::Country,
        }
    }

    /// `count` positions: the same for the same `draw`, independent for different ones.
    pub(crate) fn positions(self, draw: u64, count: usize) -> Vec<Position> {
        // The mixture is fixed by the world; only the draws from it differ.
        let mixture = Mixture::of(self);
        let mut random = Random::new(draw);
        (0..count)
            .map(|_| self.position(&mixture, &mut random))
            .collect()
    }

    fn position(self, mixture: &Mixture, random: &mut Random) -> Position {
        let (lng, lat) = match self {
            Self::City | Self::Province | Self::Country => mixture.draw(random),
            Self::Globe => on_the_sphere(random),
            Self::Antimeridian if random.one_in(16) => (180.0, -17.0 + random.normal()),
            Self::Antimeridian => (180.0 + 0.5 * random.normal(), -17.0 + 2.0 * random.normal()),
            Self::Poles => {
                let from_pole = if random.one_in(16) {
                    0.0
                } else {
                    0.5 * random.normal().abs()
                };
                let north = if random.one_in(2) { 1.0 } else { -1.0 };
                (360.0 * random.unit(), north * (90.0 - from_pole))
            }
            Self::GridTies => (
                0.5 * random.below(61) as f64 - 15.0,
                0.5 * random.below(61) as f64 - 15.0,
            ),
            Self::Duplicates => {
                let place = random.below(12) as f64;
                (121.0 + 0.01 * place, 31.0 + 0.003 * place * place)
            }
        };
        degrees(lng, lat)
    }
}

/// `SplitMix64`: G. L. Steele, D. Lea and C. H. Flood, *Fast splittable pseudorandom number generators*,
/// OOPSLA 2014, figure 17.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    pub(crate) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    /// Standard normal, after G. E. P. Box and M. E. Muller (1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    /// Fisher and Yates.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Gaussian clusters of Zipf sizes over a box, and a uniform rest.
struct Mixture {
    clusters: Vec<Cluster>,
    /// The sum of the clusters' sizes up to and including each.
    sizes: Vec<f64>,
    uniform_share: f64,
    west: f64,
    south: f64,
    extent: f64,
}

struct Cluster {
    lng: f64,
    lat: f64,
    sigma_km: f64,
}

impl Mixture {
    fn of(world: World) -> Self {
        // Sigmas grow with the root of the size, so that big towns are denser, but not without bound.
        match world {
            World::Province => Self::new(60, (115.0, 29.0, 5.0), (2.0, 10.0), 0.0),
            World::Country => Self::new(400, (98.0, 22.0, 22.0), (3.0, 30.0), 0.05),
            _ => Self::new(15, (121.35, 31.1, 0.25), (1.5, 4.0), 0.0),
        }
    }

    fn new(count: usize, area: (f64, f64, f64), sigma_km: (f64, f64), uniform_share: f64) -> Self {
        let mut random = Random::new(count as u64);
        let (west, south, extent) = area;
        let mut clusters = Vec::with_capacity(count);
        let mut sizes = Vec::with_capacity(count);
        let mut total = 0.0;
        for rank in 1..=count {
            let size = 1.0 / rank as f64;
            total += size;
            sizes.push(total);
            clusters.push(Cluster {
                lng: west + extent * random.unit(),
                lat: south + extent * random.unit(),
                sigma_km: sigma_km.0 + sigma_km.1 * size.sqrt(),
            });
        }
        Self {
            clusters,
            sizes,
            uniform_share,
            west,
            south,
            extent,
        }
    }

    fn draw(&self, random: &mut Random) -> (f64, f64) {
        if random.unit() < self.uniform_share {
            return (
                self.west + self.extent * random.unit(),
                self.south + self.extent * random.unit(),
            );
        }
        let total = self.sizes[self.sizes.len() - 1];
        let at = total * random.unit();
        let cluster = &self.clusters[self.sizes.partition_point(|size| *size <= at)];
        offset_km(
            (cluster.lng, cluster.lat),
            cluster.sigma_km * random.normal(),
            cluster.sigma_km * random.normal(),
        )
    }
}

/// A place some kilometres east and north of another, on the plane that touches there.
pub(crate) fn offset_km(from: (f64, f64), east: f64, north: f64) -> (f64, f64) {
    const DEGREE_KM: f64 = 111.195;
    let (lng, lat) = from;
    (
        lng + east / (DEGREE_KM * libm::cos(lat.to_radians())),
        lat + north / DEGREE_KM,
    )
}

/// A position at degrees that may have gone over the antimeridian or a pole.
pub(crate) fn degrees(lng: f64, lat: f64) -> Position {
    let lng = if lng > 180.0 {
        lng - 360.0
    } else if lng < -180.0 {
        lng + 360.0
    } else {
        lng
    };
    let lat = lat.clamp(-90.0, 90.0);
    Position::new(LngLat { lng, lat }).expect("degrees within one turn")
}

fn on_the_sphere(random: &mut Random) -> (f64, f64) {
    let height = 2.0 * random.unit() - 1.0;
    (
        360.0 * random.unit() - 180.0,
        libm::asin(height).to_degrees(),
    )
}
