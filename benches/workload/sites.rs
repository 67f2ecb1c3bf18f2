use catchment::geo::{Cell, Position, Resolution, ServiceArea};
use catchment::id::SiteId;
use catchment::site::{Site, SiteKind, SiteStatus, Tag, Tags};
use catchment::units::{Distance, Units};

use super::{Random, World, degrees, offset_km};

/// Which addresses the sites of a workload serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Areas {
    /// Any.
    Unlimited,
    /// Those within 1 to 3 km.
    Radii,
    /// As radii, or polygons of 20 or of 200 corners of that size, a third each.
    Mixed,
    /// Boxes of that size in degrees, in two halves where they cross the antimeridian.
    Boxes,
    /// H3 cells round the site, of one resolution or of several.
    Cells,
}

impl Areas {
    pub(crate) fn draw(self, at: Position, random: &mut Random) -> ServiceArea {
        let metres = 1_000 + random.below(2_001) as u32;
        let radius_km = f64::from(metres) / 1_000.0;
        match self {
            Self::Unlimited => ServiceArea::Unlimited,
            Self::Radii => ServiceArea::Radius(Distance::from_metres(metres)),
            Self::Mixed => match random.below(3) {
                0 => ServiceArea::Radius(Distance::from_metres(metres)),
                1 => ServiceArea::polygon(star(at, radius_km, 20, random)),
                _ => ServiceArea::polygon(star(at, radius_km, 200, random)),
            },
            Self::Boxes => ServiceArea::polygon(cut_box(at, radius_km)),
            Self::Cells => ServiceArea::cells(disk(at, random)),
        }
    }
}

/// Open stores with ids 0, 1, 2 … at positions of the world; each draws one of the kinds of areas.
pub(crate) fn sites(world: World, draw: u64, count: usize, areas: &[Areas]) -> Vec<Site> {
    let mut random = Random::new(draw ^ 0x5173);
    let positions = world.positions(draw, count).into_iter();
    let numbered = positions.enumerate();
    numbered
        .map(|(id, at)| site(id as u64, at, areas, &mut random))
        .collect()
}

/// One site, its kind, capacity and tags drawn too.
pub(crate) fn site(id: u64, at: Position, areas: &[Areas], random: &mut Random) -> Site {
    let capacity = Units(1 + random.below(100) as u32);
    let mut site = Site::store(SiteId(id), at, capacity);
    if random.one_in(3) {
        site.kind = SiteKind::Leader;
    }
    if random.one_in(2) {
        site.tags = Tags::from_iter([Tag::COLD_CHAIN]);
    }
    site.area = areas[random.below(areas.len())].draw(at, random);
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

/// A box round a place, cut as RFC 7946 asks where it crosses the antimeridian.
fn cut_box(at: Position, radius_km: f64) -> geo::MultiPolygon<f64> {
    let (east, north) = offset_km((at.lng(), at.lat()), radius_km, radius_km);
    let (west, south) = offset_km((at.lng(), at.lat()), -radius_km, -radius_km);
    let part = |west: f64, east: f64| geo::Rect::new((west, south), (east, north)).to_polygon();
    let parts = if east > 180.0 {
        vec![part(west, 180.0), part(-180.0, east - 360.0)]
    } else if west < -180.0 {
        vec![part(west + 360.0, 180.0), part(-180.0, east)]
    } else {
        vec![part(west, east)]
    };
    geo::MultiPolygon(parts)
}

/// The cells at nine places round a site, each of a resolution from 7 (edge of 1.2 km) to 9 (0.2 km).
fn disk(at: Position, random: &mut Random) -> impl Iterator<Item = Cell> {
    let finest = 7 + random.below(3);
    (0..9).map(move |_| {
        let resolution = (finest - random.below(finest - 6)) as u8;
        let resolution = Resolution::new(resolution).expect("7 to 9");
        let (east, north) = (0.5 * random.normal(), 0.5 * random.normal());
        let (lng, lat) = offset_km((at.lng(), at.lat()), east, north);
        Cell::at(degrees(lng.rem_euclid(360.0), lat), resolution)
    })
}
