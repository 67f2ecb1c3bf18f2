//! The map as one page that needs no network: a skeleton, a style, a script, and the data.

use std::io::{self, Write};

use catchment::geo::{Cell, LngLat, Position, ServiceArea};
use catchment::site::{SiteKind, SiteStatus};
use catchment::units::Distance;
use geo::{LineString, MultiPolygon};
use serde::Serialize;

use crate::acts::river;
use crate::city::UNLIMITED;
use crate::export::cells::Cells;
use crate::export::story::{self, ORDERS_MAX, Stories, Story};
use crate::export::{Planned, Routed};
use crate::seeded::EVENING;
use crate::summary::Compared;

const SKELETON: &str = include_str!("../web/map.html");
const STYLE: &str = include_str!("../web/map.css");
/// In the order in which they build on each other.
const SCRIPTS: [&str; 5] = [
    include_str!("../web/selftest.js"),
    include_str!("../web/data.js"),
    include_str!("../web/draw.js"),
    include_str!("../web/panel.js"),
    include_str!("../web/map.js"),
];
/// When the made-up stream begins, in minutes since midnight.
const STARTS_AT: u64 = 20 * 60;

/// All that the page knows. Lists of a kind belong together: the n-th name and the n-th place are of the same order.
#[derive(Serialize)]
struct Data<'a> {
    title: String,
    about: String,
    method: &'static str,
    proven: bool,
    /// What is said at the top: name and number.
    numbers: Vec<(&'static str, String)>,
    compared: Compared,
    /// Longitude and latitude of the first site in millionths of a degree; all other places are relative to it.
    origin: [i64; 2],
    evening: Option<Evening>,
    river: Option<River>,
    sites: Sites<'a>,
    /// Nothing if there are too many to be shown one by one.
    orders: Option<Orders<'a>>,
    texts: &'a [String],
    stories: Vec<(usize, &'a Story)>,
    cells: CellList,
    /// Site and outline: rings of steps east and north, the first from the origin.
    catchments: Vec<(u64, Vec<Vec<i64>>)>,
}

#[derive(Serialize)]
struct Evening {
    /// In minutes since midnight.
    starts_at: u64,
    minutes: u64,
}

/// Steps east and north, the first from the origin.
#[derive(Serialize)]
struct River {
    course: Vec<i64>,
    bridges: Vec<i64>,
}

#[derive(Default, Serialize)]
struct Sites<'a> {
    name: Vec<&'a str>,
    lng: Vec<i64>,
    lat: Vec<i64>,
    store: Vec<u8>,
    open: Vec<u8>,
    /// Null is without limit.
    capacity: Vec<Option<u32>>,
    load: Vec<u32>,
    radius_m: Vec<Option<u64>>,
    text: Vec<String>,
}

/// Distances are in millimetres.
#[derive(Default, Serialize)]
struct Orders<'a> {
    name: Vec<&'a str>,
    lng: Vec<i64>,
    lat: Vec<i64>,
    site: Vec<Option<u64>>,
    walk: Vec<Option<u64>>,
    nearest: Vec<Option<u64>>,
    /// How far the nearest site is, where the order goes to another.
    near: Vec<Option<u64>>,
    /// In seconds since the evening began.
    placed: &'a [u32],
}

#[derive(Default, Serialize)]
struct CellList {
    resolution: u8,
    cell: Vec<String>,
    /// The corners as steps east and north, the first from the origin.
    ring: Vec<Vec<i64>>,
    orders: Vec<u32>,
    unassigned: Vec<u32>,
    detoured: Vec<u32>,
    /// The mean, in metres.
    walk: Vec<Option<u64>>,
}

pub(super) fn write(
    file: &mut dyn Write,
    planned: &Planned<'_>,
    cells: &Cells,
    stories: &Stories,
) -> io::Result<()> {
    let data = serde_json::to_string(&Data::of(planned, cells, stories))?;
    let parts = [
        ("{{title}}", planned.summary.title()),
        ("/*{{style}}*/", STYLE.to_owned()),
        // Inside a string, `</script>` would end the element, and `<!--` keep it from ending.
        ("{{data}}", data.replace('<', "\\u003c")),
        ("/*{{script}}*/", SCRIPTS.concat()),
    ];
    let mut rest = SKELETON;
    for (place, content) in parts {
        let (before, after) = rest
            .split_once(place)
            .expect("the skeleton has a place for each part");
        file.write_all(before.as_bytes())?;
        file.write_all(content.as_bytes())?;
        rest = after;
    }
    file.write_all(rest.as_bytes())
}

impl<'a> Data<'a> {
    fn of(planned: &Planned<'a>, cells: &Cells, stories: &'a Stories) -> Self {
        let summary = planned.summary;
        let origin = Origin::of(planned.city.sites()[0].position);
        Self {
            title: summary.title(),
            about: planned.about.clone(),
            method: summary.method(),
            proven: summary.proven(),
            numbers: summary.key_numbers(),
            compared: summary.compared(),
            origin: [origin.lng, origin.lat],
            evening: (!planned.city.placed().is_empty()).then_some(Evening {
                starts_at: STARTS_AT,
                minutes: EVENING,
            }),
            river: planned.river.then(|| River::of(origin)),
            sites: Sites::of(planned, origin),
            orders: (planned.orders.len() <= ORDERS_MAX).then(|| Orders::of(planned, origin)),
            texts: &stories.texts,
            stories: stories
                .orders
                .iter()
                .map(|(place, story)| (*place, story))
                .collect(),
            cells: CellList::of(cells, origin),
            catchments: cells
                .catchments
                .iter()
                .map(|(site, shape)| (site.0, outline(shape, origin)))
                .collect(),
        }
    }
}

impl River {
    fn of(origin: Origin) -> Self {
        let (course, bridges) = river::on_the_map();
        let to = |at: LngLat| origin.to_degrees(at.lng, at.lat);
        Self {
            course: steps(course.into_iter().map(to)),
            bridges: steps(bridges.into_iter().map(to)),
        }
    }
}

impl<'a> Sites<'a> {
    fn of(planned: &Planned<'a>, origin: Origin) -> Self {
        let mut sites = Self::default();
        for load in planned.plan().loads() {
            let site = planned.city.site(load.site);
            let [lng, lat] = origin.to(site.position);
            sites.name.push(planned.city.site_name(load.site));
            sites.lng.push(lng);
            sites.lat.push(lat);
            sites.store.push(u8::from(site.kind == SiteKind::Store));
            sites.open.push(u8::from(site.status == SiteStatus::Open));
            sites
                .capacity
                .push((load.capacity != UNLIMITED).then_some(load.capacity.0));
            sites.load.push(load.load.0);
            sites.radius_m.push(match site.area {
                ServiceArea::Radius(radius) => Some(radius.as_millimetres().div_ceil(1_000)),
                _ => None,
            });
            sites.text.push(story::of_site(planned, load));
        }
        sites
    }
}

impl<'a> Orders<'a> {
    fn of(planned: &Planned<'a>, origin: Origin) -> Self {
        let mut orders = Self {
            placed: planned.city.placed(),
            ..Self::default()
        };
        for order in planned.routed() {
            orders.push(&planned.city.orders()[order.place].id, &order, origin);
        }
        orders
    }

    fn push(&mut self, name: &'a str, order: &Routed, origin: Origin) {
        let [lng, lat] = origin.to(order.position);
        let elsewhere = order
            .nearest
            .filter(|nearest| order.site() != Some(nearest.site));
        self.name.push(name);
        self.lng.push(lng);
        self.lat.push(lat);
        self.site.push(order.site().map(|site| site.0));
        self.walk
            .push(order.distance().map(Distance::as_millimetres));
        self.nearest
            .push(order.nearest.map(|nearest| nearest.site.0));
        self.near
            .push(elsewhere.map(|nearest| nearest.distance.as_millimetres()));
    }
}

impl CellList {
    fn of(cells: &Cells, origin: Origin) -> Self {
        let mut list = Self {
            resolution: cells.resolution.as_u8(),
            ..Self::default()
        };
        for (cell, count) in &cells.counts {
            let assigned = u64::from(count.orders - count.unassigned);
            list.cell.push(cell.to_string());
            list.ring.push(corners(*cell, origin));
            list.orders.push(count.orders);
            list.unassigned.push(count.unassigned);
            list.detoured.push(count.detoured);
            list.walk.push(count.walk.checked_div(assigned * 1_000));
        }
        list
    }
}

/// Where all other places are counted from, in millionths of a degree.
#[derive(Clone, Copy)]
struct Origin {
    lng: i64,
    lat: i64,
}

impl Origin {
    const ROUND: i64 = 360_000_000;

    fn of(position: Position) -> Self {
        let [lng, lat] = [position.lng(), position.lat()].map(millionths);
        Self { lng, lat }
    }

    fn to(self, position: Position) -> [i64; 2] {
        self.to_degrees(position.lng(), position.lat())
    }

    /// The shorter way round.
    fn to_degrees(self, lng: f64, lat: f64) -> [i64; 2] {
        let east = millionths(lng) - self.lng + Self::ROUND / 2;
        [
            east.rem_euclid(Self::ROUND) - Self::ROUND / 2,
            millionths(lat) - self.lat,
        ]
    }
}

fn millionths(degrees: f64) -> i64 {
    (degrees * 1e6).round() as i64
}

fn corners(cell: Cell, origin: Origin) -> Vec<i64> {
    steps(cell.boundary().into_iter().map(|corner| origin.to(corner)))
}

fn outline(shape: &MultiPolygon<f64>, origin: Origin) -> Vec<Vec<i64>> {
    let rings = shape
        .iter()
        .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
    let open = |ring: &LineString<f64>| {
        let corners = &ring.0[..ring.0.len().saturating_sub(1)];
        steps(corners.iter().map(|at| origin.to_degrees(at.x, at.y)))
    };
    rings.map(open).collect()
}

/// From places to the steps between them, which are shorter to write.
fn steps(places: impl Iterator<Item = [i64; 2]>) -> Vec<i64> {
    let mut before = [0, 0];
    let step = |place: [i64; 2]| {
        let step = [place[0] - before[0], place[1] - before[1]];
        before = place;
        step
    };
    places.flat_map(step).collect()
}
