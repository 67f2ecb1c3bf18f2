//! Tables: the plan, the sites, and every decision with its reason.

use std::io::{self, Write};
use std::path::Path;

use catchment::geo::ServiceArea;
use catchment::plan::Plan;
use catchment::units::Distance;
use serde::Serialize;

use crate::city::{City, UNLIMITED};
use crate::export::story::Stories;
use crate::export::{Planned, Verdict, status};
use crate::failure::Failure;

/// Writes one row for every order, in their order; those that are not assigned have no site and no distance.
///
/// # Errors
///
/// [`Failure::Write`] if the file can't be written.
pub(crate) fn write_assignments(path: &Path, city: &City, plan: &Plan) -> Result<(), Failure> {
    let write = || {
        let mut file = csv::Writer::from_path(path)?;
        file.write_record(["order_id", "site_id", "distance_m"])?;
        for (order, decision) in city.orders().iter().zip(plan.decisions()) {
            let (site, distance) = match decision.assigned() {
                Some(assigned) => (
                    city.site_name(assigned.site),
                    format!("{:.3}", assigned.distance.as_metres_f64()),
                ),
                None => ("", String::new()),
            };
            file.write_record([&*order.id, site, &distance])?;
        }
        file.flush()?;
        Ok(())
    };
    write().map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}

/// A row for every site: where it is, what it takes and what it has, and how far its customers walk.
#[derive(Serialize)]
struct SiteLine<'a> {
    site_id: &'a str,
    kind: String,
    status: &'static str,
    lon: f64,
    lat: f64,
    radius_m: Option<f64>,
    /// Nothing is without limit.
    capacity: Option<u32>,
    load: u32,
    walk_mean_m: Option<f64>,
    walk_p95_m: Option<f64>,
    walk_max_m: Option<f64>,
    /// What one more place would save.
    price_m: f64,
    /// Orders that one more place would serve.
    price_orders: i64,
}

pub(super) fn sites(file: &mut dyn Write, planned: &Planned<'_>) -> io::Result<()> {
    let mut lines = csv::Writer::from_writer(file);
    for row in planned.report.sites() {
        let metres = |walk: Option<Distance>| walk.map(Distance::as_metres_f64);
        lines.serialize(SiteLine {
            site_id: planned.city.site_name(row.site),
            kind: row.kind.to_string(),
            status: status(row.status),
            lon: row.lng,
            lat: row.lat,
            radius_m: match planned.city.site(row.site).area {
                ServiceArea::Radius(radius) => Some(radius.as_metres_f64()),
                _ => None,
            },
            capacity: (row.capacity != UNLIMITED).then_some(row.capacity.0),
            load: row.load.0,
            walk_mean_m: metres(row.walk_mean),
            walk_p95_m: metres(row.walk_p95),
            walk_max_m: metres(row.walk_longest),
            price_m: row.price_mm as f64 / 1e3,
            price_orders: row.price_orders,
        })?;
    }
    lines.flush()
}

/// One order with what became of it and why.
#[derive(Serialize)]
struct DecisionLine<'a> {
    order: &'a str,
    verdict: Verdict,
    site: Option<&'a str>,
    distance_m: Option<f64>,
    nearest: Option<&'a str>,
    detour_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// One line of JSON for every order.
pub(super) fn decisions(
    file: &mut dyn Write,
    planned: &Planned<'_>,
    stories: &Stories,
) -> io::Result<()> {
    let city = planned.city;
    for order in planned.routed() {
        let story = stories.orders.get(&order.place);
        let line = DecisionLine {
            order: &city.orders()[order.place].id,
            verdict: order.verdict(),
            site: order.site().map(|site| city.site_name(site)),
            distance_m: order.distance().map(Distance::as_metres_f64),
            nearest: order.nearest.map(|nearest| city.site_name(nearest.site)),
            detour_m: order.detour().map(Distance::as_metres_f64),
            why: story.map(|story| stories.texts[story.reasons].as_str()),
        };
        serde_json::to_writer(&mut *file, &line)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}
