//! What `--out` writes: the map as one page, tables, layers for other maps, and plots.

mod cells;
mod layers;
mod page;
mod plots;
mod story;
mod tables;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use catchment::geo::Position;
use catchment::id::SiteId;
use catchment::order::Order;
use catchment::plan::{Assigned, Plan};
use catchment::report::Report;
use catchment::site::{Neighbour, Network, SiteStatus};
use catchment::units::Distance;
use serde::Serialize;

use crate::acts::Forming;
use crate::city::City;
use crate::failure::Failure;
use crate::summary::Summary;

use cells::Cells;
use story::Stories;

/// The city with its plan: all that is drawn and listed.
pub(crate) struct Planned<'a> {
    pub(crate) city: &'a City,
    pub(crate) orders: &'a [Order],
    pub(crate) report: &'a Report<'a>,
    pub(crate) summary: &'a Summary,
    pub(crate) forming: Option<&'a Forming>,
    /// Whether the city has a river.
    pub(crate) river: bool,
    /// Where the city comes from, for people.
    pub(crate) about: String,
}

/// What became of an order, as maps colour it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Nearest,
    Detour,
    Unassigned,
}

/// One order of a plan.
#[derive(Clone, Copy)]
struct Routed {
    /// Its place in the city.
    place: usize,
    position: Position,
    assigned: Option<Assigned>,
    /// The nearest site that may take it, full or not.
    nearest: Option<Neighbour>,
}

/// Writes everything into a folder, which is made if it is not there.
///
/// # Errors
///
/// [`Failure`] if a file can't be written, or the plan not be mapped.
pub(crate) fn write(folder: &Path, planned: &Planned<'_>) -> Result<(), Failure> {
    let writing = |path: &Path, error: io::Error| Failure::Write {
        path: path.to_owned(),
        error: error.into(),
    };
    fs::create_dir_all(folder).map_err(|error| writing(folder, error))?;
    let cells = Cells::of(planned)?;
    let stories = Stories::of(planned)?;
    tables::write_assignments(&folder.join("plan.csv"), planned.city, planned.plan())?;
    let file = |name: &str, content: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        let path = folder.join(name);
        let write = || {
            let mut file = BufWriter::new(File::create(&path)?);
            content(&mut file)?;
            file.flush()
        };
        write().map_err(|error| writing(&path, error))
    };
    file("sites.csv", &|file| tables::sites(file, planned))?;
    file("decisions.jsonl", &|file| {
        tables::decisions(file, planned, &stories)
    })?;
    file("sites.geojson", &|file| layers::sites(file, planned))?;
    file("orders.geojson", &|file| layers::orders(file, planned))?;
    file("cells.geojson", &|file| layers::cells(file, &cells))?;
    file("catchments.geojson", &|file| {
        layers::catchments(file, planned.city, &cells)
    })?;
    for plot in plots::all(planned)? {
        file(plot.name, &|file| file.write_all(plot.svg.as_bytes()))?;
    }
    file("city.html", &|file| {
        page::write(file, planned, &cells, &stories)
    })
}

pub(crate) use tables::write_assignments;

impl<'a> Planned<'a> {
    fn network(&self) -> &'a Network {
        self.report.network()
    }

    fn plan(&self) -> &'a Plan {
        self.report.plan()
    }

    /// The orders with what became of them, in their order.
    fn routed(&self) -> impl Iterator<Item = Routed> {
        let decisions = self.plan().decisions().iter().zip(self.report.nearest());
        let orders = self.orders.iter().zip(decisions).enumerate();
        orders.map(|(place, (order, (decision, nearest)))| Routed {
            place,
            position: order.position,
            assigned: decision.assigned().copied(),
            nearest: *nearest,
        })
    }
}

impl Routed {
    fn site(&self) -> Option<SiteId> {
        self.assigned.map(|assigned| assigned.site)
    }

    fn distance(&self) -> Option<Distance> {
        self.assigned.map(|assigned| assigned.distance)
    }

    /// How much farther than to the nearest.
    fn detour(&self) -> Option<Distance> {
        Some(self.distance()?.saturating_sub(self.nearest?.distance))
    }

    fn verdict(&self) -> Verdict {
        match self.detour() {
            None if self.assigned.is_none() => Verdict::Unassigned,
            None | Some(Distance::ZERO) => Verdict::Nearest,
            Some(_) => Verdict::Detour,
        }
    }
}

/// Whether a site takes orders, in a word.
fn status(status: SiteStatus) -> &'static str {
    match status {
        SiteStatus::Open => "open",
        SiteStatus::Paused => "paused",
    }
}
