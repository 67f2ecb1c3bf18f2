use std::num::NonZero;

use catchment::geo::{EARTH_RADIUS, Position, ServiceArea};
use catchment::site::{Site, SiteStatus};
use kiddo::{ImmutableKdTree, SquaredEuclidean};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::metres;

/// rstar 0.14 over unit vectors.
pub(crate) struct Rstar {
    tree: RTree<GeomWithData<[f64; 3], u32>>,
    rules: Rules,
}

/// Which sites are eligible where, ready to be compared with squared chords.
struct Rules {
    /// The farthest eligible address of each site; a paused site has none.
    reach: Vec<f64>,
    farthest: f64,
}

impl Rstar {
    pub(crate) fn new(sites: &[Site]) -> Self {
        let numbered = sites.iter().zip(0..);
        let points =
            numbered.map(|(site, slot)| GeomWithData::new(unit_vector(site.position), slot));
        Self {
            tree: RTree::bulk_load(points.collect()),
            rules: Rules::of(sites),
        }
    }

    pub(crate) fn nearest(&self, from: Position) -> Option<u32> {
        let found = self.tree.nearest_neighbor(unit_vector(from));
        found.map(|found| found.data)
    }

    pub(crate) fn nearest_k(&self, from: Position, k: usize) -> Vec<u32> {
        let ranked = self.tree.nearest_neighbor_iter(unit_vector(from));
        ranked.take(k).map(|found| found.data).collect()
    }

    /// Walks outwards to the first eligible site, and stops where no site reaches any more: without that, an
    /// address that nobody serves would walk through all of them.
    pub(crate) fn nearest_eligible(&self, from: Position) -> Option<u32> {
        let ranked = self
            .tree
            .nearest_neighbor_iter_with_distance_2(unit_vector(from));
        ranked
            .take_while(|(_, chord2)| *chord2 <= self.rules.farthest)
            .find(|(found, chord2)| *chord2 <= self.rules.reach[found.data as usize])
            .map(|(found, _)| found.data)
    }
}

impl Rules {
    fn of(sites: &[Site]) -> Self {
        let reach: Vec<f64> = sites.iter().map(reach).collect();
        let farthest = reach.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { reach, farthest }
    }
}

fn reach(site: &Site) -> f64 {
    match (site.status, &site.area) {
        (SiteStatus::Paused, _) => -1.0,
        (SiteStatus::Open, ServiceArea::Radius(radius)) => {
            let half = 0.5 * metres(*radius) / EARTH_RADIUS.as_metres_f64();
            4.0 * half.sin() * half.sin()
        }
        (SiteStatus::Open, _) => 4.0,
    }
}

/// kiddo 6.3 over unit vectors.
pub(crate) struct Kiddo {
    tree: ImmutableKdTree<f64, 3>,
}

impl Kiddo {
    pub(crate) fn new(sites: &[Site]) -> Self {
        let points: Vec<[f64; 3]> = sites
            .iter()
            .map(|site| unit_vector(site.position))
            .collect();
        Self {
            tree: ImmutableKdTree::new_from_slice(&points).expect("a tree of finite points"),
        }
    }

    pub(crate) fn nearest(&self, from: Position) -> u32 {
        let query = unit_vector(from);
        self.tree
            .query(&query)
            .nearest_one::<SquaredEuclidean<f64>>()
            .execute()
            .item
    }

    pub(crate) fn nearest_k(&self, from: Position, k: NonZero<usize>) -> Vec<u32> {
        let query = unit_vector(from);
        let ranked = self
            .tree
            .query(&query)
            .nearest_n::<SquaredEuclidean<f64>>(k)
            .execute();
        ranked.into_iter().map(|found| found.item).collect()
    }
}

fn unit_vector(position: Position) -> [f64; 3] {
    let (sin_lat, cos_lat) = position.lat().to_radians().sin_cos();
    let (sin_lng, cos_lng) = position.lng().to_radians().sin_cos();
    [cos_lat * cos_lng, cos_lat * sin_lng, sin_lat]
}
