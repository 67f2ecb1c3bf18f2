use std::sync::Arc;

use catchment::geo::{Position, ServiceArea};
use catchment::id::SiteId;
use catchment::site::{Site, SiteKind, SiteStatus, Tag, Tags};
use catchment::units::{Distance, Units};

use super::{Random, World, offset_km};

/// Which addresses the sites of a workload serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Areas {
    /// Any.
    Unlimited,
    /// Those within 1 to 3 km.
    Radii,
    /// As radii, or polygons of 20 or of 200 corners of that size, a third each.
    Mixed,
}

impl Areas {
    pub(crate) fn draw(self, at: Position, random: &mut Random) -> ServiceArea {
        let corners = match (self, random.below(3)) {
            (Self::Unlimited, _) => return ServiceArea::Unlimited,
            (Self::Radii, _) | (Self::Mixed, 0) => {
                return ServiceArea::Radius(Distance::from_metres(
                    1_000 + random.below(2_001) as u32,
                ));
            }
            (Self::Mixed, 1) => 20,
            (Self::Mixed, _) => 200,
        };
        let radius_km = 1.0 + 2.0 * random.unit();
        ServiceArea::Polygon(Arc::new(star(at, radius_km, corners, random).into()))
    }
}

/// Open stores with ids 0, 1, 2 … at positions of the world.
pub(crate) fn sites(world: World, draw: u64, count: usize, areas: Areas) -> Vec<Site> {
    let mut random = Random::new(draw ^ 0x5173);
    let positions = world.positions(draw, count).into_iter();
    let numbered = positions.enumerate();
    numbered
        .map(|(id, at)| site(id as u64, at, areas, &mut random))
        .collect()
}

/// One site, its kind, capacity and tags drawn too.
pub(crate) fn site(id: u64, at: Position, areas: Areas, random: &mut Random) -> Site {
    let capacity = Units(random.below(100) as u32);
    let mut site = Site::store(SiteId(id), at, capacity);
    if random.one_in(3) {
        site.kind = SiteKind::Leader;
    }
    if random.one_in(2) {
        site.tags = Tags::from_iter([Tag::COLD_CHAIN]);
    }
    site.area = areas.draw(at, random);
    site
}

/// Pauses every other site by the toss of a coin.
pub(crate) fn pause_half(sites: &mut [Site]) {
    let mut random = Random::new(sites.len() as u64);
    for site in sites {
        if random.one_in(2) {
            site.status = SiteStatus::Paused;
        }
    }
}

/// A polygon round a place whose corners lie in all directions at 60 to 100 % of a radius: it never meets itself.
fn star(at: Position, radius_km: f64, corners: usize, random: &mut Random) -> geo::Polygon<f64> {
    let corner = |direction: usize| {
        let angle = core::f64::consts::TAU * direction as f64 / corners as f64;
        let reach = radius_km * (0.6 + 0.4 * random.unit());
        offset_km(
            (at.lng(), at.lat()),
            reach * libm::cos(angle),
            reach * libm::sin(angle),
        )
    };
    let ring: Vec<(f64, f64)> = (0..corners).map(corner).collect();
    geo::Polygon::new(ring.into(), Vec::new())
}
