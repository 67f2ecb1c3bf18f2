//! Brute force: what the library promises, written down a second time with plain loops.
//!
//! Nothing here calls the library's geometry: distances follow the definition in its documentation with `libm`, and
//! areas are tested with the plain even-odd rule.

use std::cell::OnceCell;

use catchment::geo::{Position, ServiceArea};
use catchment::site::{Change, Neighbour, Site, SiteStatus};
use catchment::units::{Distance, Units};

const RADIUS_MM: f64 = 6_371_008_800.0;

/// A point of the unit sphere.
pub(crate) type Vector = [f64; 3];

/// All sites of a network in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brute {
    sites: Vec<Plain>,
}

#[derive(Clone, Debug)]
struct Plain {
    site: Site,
    at: Vector,
    area: Shape,
}

impl Brute {
    pub(crate) fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let sites = sites.into_iter().map(Plain::new).collect();
        Self { sites }
    }

    pub(crate) fn len(&self) -> usize {
        self.sites.len()
    }

    pub(crate) fn site(&self, at: usize) -> &Site {
        &self.sites[at].site
    }

    /// What `with_changes` promises for one change.
    pub(crate) fn apply(&mut self, change: &Change) {
        let id = match change {
            Change::Open(site) => return self.sites.push(Plain::new(site.clone())),
            Change::Close(id) => return self.sites.retain(|plain| plain.site.id != *id),
            Change::SetStatus { site, .. }
            | Change::Move { site, .. }
            | Change::SetCapacity { site, .. }
            | Change::SetArea { site, .. }
            | Change::SetTags { site, .. } => *site,
            other => unreachable!("{other:?}"),
        };
        let found = self.sites.iter_mut().find(|plain| plain.site.id == id);
        let plain = found.expect("changes name sites that exist");
        match change {
            Change::SetStatus { status, .. } => plain.site.status = *status,
            Change::Move { to, .. } => plain.site.position = *to,
            Change::SetCapacity { capacity, .. } => plain.site.capacity = *capacity,
            Change::SetArea { area, .. } => plain.site.area = area.clone(),
            Change::SetTags { tags, .. } => plain.site.tags = *tags,
            _ => {}
        }
        *plain = Plain::new(plain.site.clone());
    }

    pub(crate) fn nearest(&self, from: Position, k: usize) -> Vec<Neighbour> {
        self.ranked(from, k, |_, _| true)
    }

    pub(crate) fn within(&self, from: Position, radius: Distance) -> Vec<Neighbour> {
        let reach = Reach::of(radius);
        self.ranked(from, usize::MAX, |from, plain| {
            reach.covers(from.at, plain.at)
        })
    }

    pub(crate) fn serving(&self, from: Position) -> Vec<Neighbour> {
        self.ranked(from, usize::MAX, |from, plain| plain.serves(from))
    }

    /// The nearest `k` that are open, take something, serve the address and pass the caller's own rule.
    pub(crate) fn eligible(
        &self,
        from: Position,
        k: usize,
        rule: impl Fn(&Site) -> bool,
    ) -> Vec<Neighbour> {
        let takes_orders =
            |site: &Site| site.status == SiteStatus::Open && site.capacity > Units(0);
        self.ranked(from, k, |from, plain| {
            takes_orders(&plain.site) && rule(&plain.site) && plain.serves(from)
        })
    }

    /// The nearest `k` of the accepted sites: (distance, id) decides.
    fn ranked(
        &self,
        from: Position,
        k: usize,
        accept: impl Fn(&Address, &Plain) -> bool,
    ) -> Vec<Neighbour> {
        let from = &Address::new(from);
        let at = from.at;
        let accepted = self.sites.iter().filter(|plain| accept(from, plain));
        let mut ranked: Vec<_> = accepted
            .map(|plain| (sum2(at, plain.at, -1.0), plain))
            .collect();
        if k == 0 {
            return Vec::new();
        }
        if k < ranked.len() {
            // Far more than rounding to millimetres can reorder: 1 % of the k-th squared chord, and 6 m.
            let (_, kth, _) = ranked.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0));
            let limit = kth.0 * 1.01 + 1e-12;
            ranked.retain(|(chord2, _)| *chord2 <= limit);
        }
        let mut neighbours: Vec<Neighbour> = ranked
            .iter()
            .map(|(_, plain)| Neighbour {
                distance: Distance::from_millimetres(rounded(at, plain.at)),
                site: plain.site.id,
            })
            .collect();
        neighbours.sort_unstable_by_key(|neighbour| (neighbour.distance, neighbour.site));
        neighbours.truncate(k);
        neighbours
    }
}

impl Plain {
    fn new(site: Site) -> Self {
        Self {
            at: vector(site.position),
            area: Shape::of(&site.area),
            site,
        }
    }

    fn serves(&self, from: &Address) -> bool {
        match &self.area {
            Shape::Everywhere => true,
            Shape::Circle(reach) => reach.covers(from.at, self.at),
            Shape::Rings(bounds, rings) => {
                bounds.hold(from.position) && inside(rings, from.position)
            }
            Shape::Cells(finest, cells) => {
                let own = from.cell(*finest);
                cells
                    .iter()
                    .any(|cell| own.parent(cell.resolution()) == Some(*cell))
            }
        }
    }
}

/// What is asked about, with what is computed of it once.
struct Address {
    position: Position,
    at: Vector,
    cells: [OnceCell<h3o::CellIndex>; 16],
}

impl Address {
    fn new(position: Position) -> Self {
        Self {
            position,
            at: vector(position),
            cells: Default::default(),
        }
    }

    fn cell(&self, resolution: h3o::Resolution) -> h3o::CellIndex {
        *self.cells[usize::from(resolution)].get_or_init(|| {
            let at = h3o::LatLng::new(self.position.lat(), self.position.lng());
            at.expect("degrees").to_cell(resolution)
        })
    }
}

/// A service area, ready for the slow tests.
#[derive(Clone, Debug)]
enum Shape {
    Everywhere,
    Circle(Reach),
    Rings(Bounds, Vec<Vec<(f64, f64)>>),
    Cells(h3o::Resolution, Vec<h3o::CellIndex>),
}

impl Shape {
    fn of(area: &ServiceArea) -> Self {
        match area {
            ServiceArea::Unlimited => Self::Everywhere,
            ServiceArea::Radius(radius) => Self::Circle(Reach::of(*radius)),
            ServiceArea::Polygon(shape) => {
                let rings = shape.iter().flat_map(|polygon| {
                    std::iter::once(polygon.exterior()).chain(polygon.interiors())
                });
                let rings: Vec<Vec<(f64, f64)>> = rings
                    .map(|ring| ring.coords().map(|corner| (corner.x, corner.y)).collect())
                    .collect();
                Self::Rings(Bounds::of(&rings), rings)
            }
            ServiceArea::Cells(cells) => {
                let cells = cells
                    .iter()
                    .map(|cell| h3o::CellIndex::try_from(cell.to_u64()));
                let cells: Vec<_> = cells.map(|cell| cell.expect("a cell of H3")).collect();
                let finest = cells.iter().map(|cell| cell.resolution()).max();
                Self::Cells(finest.expect("at least one cell"), cells)
            }
            other => unreachable!("{other:?}"),
        }
    }
}

/// A radius, with the squared chords that are certainly within and beyond it: most tests need no arc sine.
#[derive(Clone, Copy, Debug)]
struct Reach {
    millimetres: u64,
    surely_within: f64,
    surely_beyond: f64,
}

impl Reach {
    fn of(radius: Distance) -> Self {
        let millimetres = radius.as_millimetres();
        let half = (0.5 * millimetres as f64 / RADIUS_MM).min(0.5 * core::f64::consts::PI);
        let chord2 = 4.0 * half.sin() * half.sin();
        Self {
            millimetres,
            surely_within: chord2 * 0.99 - 1e-12,
            surely_beyond: chord2 * 1.01 + 1e-12,
        }
    }

    fn covers(self, a: Vector, b: Vector) -> bool {
        let chord2 = sum2(a, b, -1.0);
        chord2 < self.surely_within
            || (chord2 <= self.surely_beyond && rounded(a, b) <= self.millimetres)
    }
}

/// The box round all rings, in degrees.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    fn of(rings: &[Vec<(f64, f64)>]) -> Self {
        let corners = || rings.iter().flatten();
        Self {
            west: corners()
                .map(|corner| corner.0)
                .fold(f64::INFINITY, f64::min),
            south: corners()
                .map(|corner| corner.1)
                .fold(f64::INFINITY, f64::min),
            east: corners()
                .map(|corner| corner.0)
                .fold(f64::NEG_INFINITY, f64::max),
            north: corners()
                .map(|corner| corner.1)
                .fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn hold(self, at: Position) -> bool {
        (self.west..=self.east).contains(&at.lng()) && (self.south..=self.north).contains(&at.lat())
    }
}

/// The even-odd rule: a ray to the north crosses the rings of a shape an odd number of times from inside it.
///
/// Points on an edge may fall either way: the worlds of the tests have none there but on the antimeridian, where
/// a hair's breadth beside it decides, as no area of theirs ends there.
fn inside(rings: &[Vec<(f64, f64)>], at: Position) -> bool {
    let (x, y) = (at.lng().min(180.0 - 1e-12), at.lat());
    let edges = rings.iter().flat_map(|ring| ring.windows(2));
    let crossed = edges.filter(|edge| {
        let ((x1, y1), (x2, y2)) = (edge[0], edge[1]);
        (x1 > x) != (x2 > x) && y < y1 + (x - x1) / (x2 - x1) * (y2 - y1)
    });
    crossed.count() % 2 == 1
}

/// The great-circle distance as the library defines it, in millimetres.
fn rounded(a: Vector, b: Vector) -> u64 {
    (RADIUS_MM * angle(a, b) + 0.5).floor() as u64
}

/// The central angle by step 3 of the definition, before it is rounded.
fn angle(a: Vector, b: Vector) -> f64 {
    let chord2 = sum2(a, b, -1.0);
    if chord2 <= 2.0 {
        2.0 * libm::asin(0.5 * chord2.sqrt())
    } else {
        core::f64::consts::PI - 2.0 * libm::asin(0.5 * sum2(a, b, 1.0).sqrt())
    }
}

/// |a + sign·b|², summed in the order x, y, z.
fn sum2(a: Vector, b: Vector, sign: f64) -> f64 {
    let [x, y, z] = [0, 1, 2].map(|axis| a[axis] + sign * b[axis]);
    x * x + y * y + z * z
}

fn vector(position: Position) -> Vector {
    let (sin_lat, cos_lat) = sin_cos_degrees(position.lat());
    let (sin_lng, cos_lng) = sin_cos_degrees(position.lng());
    [cos_lat * cos_lng, cos_lat * sin_lng, sin_lat]
}

/// Reduced to 45° either side of a multiple of 90°, then `libm`.
fn sin_cos_degrees(degrees: f64) -> (f64, f64) {
    let turns = libm::rint(degrees * (1.0 / 90.0));
    let radians = (degrees - 90.0 * turns) * (core::f64::consts::PI / 180.0);
    let (sine, cosine) = (libm::sin(radians), libm::cos(radians));
    match (turns as i32).rem_euclid(4) {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

/// Checks the definition against formulas that have nothing in common with it.
#[cfg(test)]
mod definition {
    use super::*;
    use crate::workload::{World, degrees};

    #[test]
    fn it_is_the_angle_that_vincentys_formula_gives() {
        for world in [
            World::City,
            World::Country,
            World::Globe,
            World::Poles,
            World::Antimeridian,
        ] {
            let (from, to) = (
                world.positions(11, 20_000),
                World::Globe.positions(12, 20_000),
            );
            let near = from.windows(2).map(|pair| (pair[0], pair[1]));
            for (a, b) in near.chain(from.iter().copied().zip(to)) {
                check(a, b, RADIUS_MM * vincenty(a, b));
            }
        }
    }

    #[test]
    fn it_is_the_haversine_away_from_antipodes() {
        let (from, to) = (
            World::Country.positions(13, 20_000),
            World::Country.positions(14, 20_000),
        );
        for (a, b) in from.into_iter().zip(to) {
            check(a, b, RADIUS_MM * haversine(a, b));
        }
    }

    #[test]
    fn it_has_the_digits_of_high_precision_arithmetic() {
        // By mpmath 1.3 with 60 digits, as the arc tangent of cross and dot product, in millimetres.
        for (from, to, exact) in [
            ((121.4737, 31.2304), (121.4903, 31.2397), 1_886_890.711_025),
            (
                (121.4737, 31.2304),
                (116.4074, 39.9042),
                1_067_311_645.158_727,
            ),
            ((121.5, 31.2), (121.500_001, 31.2), 95.112_297),
            ((0.0, 0.0), (90.0, 0.0), 10_007_557_221.017_962),
            ((0.0, 0.0), (180.0, 0.0), 20_015_114_442.035_925),
            ((179.9999, -17.0), (-179.9999, -17.0), 21_267.276_814),
            ((10.0, 89.9999), (-170.0, 89.9999), 22_239.016_047),
            ((13.4, 52.5), (-166.6, -52.4999), 20_015_103_322.527_9),
            ((45.0, 45.0), (-135.0, 45.0), 10_007_557_221.017_962),
            (
                (-74.006, 40.7128),
                (139.6917, 35.6895),
                10_848_822_982.691_438,
            ),
        ] {
            check(degrees(from.0, from.1), degrees(to.0, to.1), exact);
        }
    }

    #[test]
    fn the_library_computes_the_same_millimetres() {
        for world in [
            World::City,
            World::Globe,
            World::Poles,
            World::Antimeridian,
            World::GridTies,
        ] {
            let (from, to) = (world.positions(15, 50_000), world.positions(16, 50_000));
            for (a, b) in from.into_iter().zip(to) {
                assert_eq!(
                    a.distance_to(b).as_millimetres(),
                    rounded(vector(a), vector(b)),
                    "{a:?} {b:?}"
                );
            }
        }
    }

    #[track_caller]
    fn check(a: Position, b: Position, exact_mm: f64) {
        let error = (RADIUS_MM * angle(vector(a), vector(b)) - exact_mm).abs();
        assert!(error < 0.001, "{a:?} {b:?}: {error} mm");
    }

    /// T. Vincenty (1975) on a sphere: well conditioned at every angle.
    fn vincenty(a: Position, b: Position) -> f64 {
        let (sin_a, cos_a) = libm::sincos(a.lat().to_radians());
        let (sin_b, cos_b) = libm::sincos(b.lat().to_radians());
        let (sin_lng, cos_lng) = libm::sincos((b.lng() - a.lng()).to_radians());
        let across = libm::hypot(cos_b * sin_lng, cos_a * sin_b - sin_a * cos_b * cos_lng);
        libm::atan2(across, sin_a * sin_b + cos_a * cos_b * cos_lng)
    }

    fn haversine(a: Position, b: Position) -> f64 {
        let lat = libm::sin(0.5 * (b.lat() - a.lat()).to_radians());
        let lng = libm::sin(0.5 * (b.lng() - a.lng()).to_radians());
        let cosines = libm::cos(a.lat().to_radians()) * libm::cos(b.lat().to_radians());
        2.0 * libm::asin((lat * lat + cosines * lng * lng).sqrt())
    }
}
