//! Every solver on every instance, and the tables of what they took.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

use crate::city::{City, Kind, Size};
use crate::file::FileError;
use crate::measure::{Report, median};
use crate::peers::{Peer, PeerError, Tools};
use crate::selection::{Selection, value};

#[derive(Debug, Error)]
pub(crate) enum CompareError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("objectives differ on {}: {objectives:?}", file.display())]
    Disagreement {
        file: PathBuf,
        objectives: Vec<(String, i64)>,
    },
}

/// All that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Comparison {
    /// Medians over the seeds, a size and kind after the other.
    pub(crate) rows: Vec<Row>,
    pub(crate) reports: Vec<Report>,
}

/// The solvers on the instances of a size and kind.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    size: String,
    kind: String,
    seeds: usize,
    /// By title. A solver that did not finish every instance in time has no entry.
    solvers: BTreeMap<&'static str, Figures>,
}

/// Medians over the seeds.
#[derive(Debug, Serialize)]
struct Figures {
    /// CPU seconds.
    build: f64,
    /// CPU seconds.
    solve: f64,
    /// Each seed's time over catchment's on the same instance, ascending.
    ratios: Vec<f64>,
    /// The median of `ratios`.
    ratio: Option<f64>,
    /// Bytes an order that the process had at its peak, all counted.
    peak_bytes: f64,
}

/// Runs every solver on every instance, one after the other. Objectives have to agree.
pub(crate) fn compare(
    selection: &Selection,
    solvers: &[Peer],
    tools: &Tools,
) -> Result<Comparison, CompareError> {
    let mut comparison = Comparison::default();
    for size in &selection.sizes {
        for kind in &selection.kinds {
            let cities: Vec<City> = selection.cities(*size, *kind).collect();
            let mut results = Vec::new();
            for city in &cities {
                results.push(run_all(selection.file(city)?, *size, solvers, tools)?);
            }
            comparison.rows.push(row(*size, *kind, solvers, &results));
            comparison
                .reports
                .extend(results.into_iter().flatten().map(|(_, report)| report));
        }
    }
    Ok(comparison)
}

/// The reports of those that finish in time. Each is also a line on the standard error stream, as soon as it is there.
fn run_all(
    file: PathBuf,
    size: Size,
    solvers: &[Peer],
    tools: &Tools,
) -> Result<Vec<(Peer, Report)>, CompareError> {
    let files = [file];
    let mut results = Vec::new();
    for peer in solvers
        .iter()
        .filter(|peer| size.orders() <= peer.orders_max())
    {
        match tools.run(*peer, &files) {
            Ok(reports) => {
                for report in reports {
                    eprintln!("{}", serde_json::to_string(&report)?);
                    results.push((*peer, report));
                }
            }
            Err(slow @ PeerError::TooSlow { .. }) => eprintln!("{slow}: {}", files[0].display()),
            Err(other) => return Err(other.into()),
        }
    }
    if results
        .windows(2)
        .all(|two| two[0].1.objective == two[1].1.objective)
    {
        return Ok(results);
    }
    let [file] = files;
    let said = results
        .into_iter()
        .map(|(_, report)| (report.solver, report.objective));
    Err(CompareError::Disagreement {
        file,
        objectives: said.collect(),
    })
}

/// `results` has an entry for each seed.
fn row(size: Size, kind: Kind, solvers: &[Peer], results: &[Vec<(Peer, Report)>]) -> Row {
    let report_of = |seed: &'_ [(Peer, Report)], peer| {
        let found = seed.iter().find(|(other, _)| *other == peer);
        found.map(|(_, report)| report.clone())
    };
    let mut row = Row {
        size: value(&size),
        kind: value(&kind),
        seeds: results.len(),
        solvers: BTreeMap::new(),
    };
    for peer in solvers {
        let reports: Option<Vec<Report>> =
            results.iter().map(|seed| report_of(seed, *peer)).collect();
        let Some(reports) = reports else {
            continue;
        };
        let own = results.iter().map(|seed| report_of(seed, Peer::Catchment));
        let pairs = reports.iter().zip(own);
        let pairs = pairs.filter(|_| *peer != Peer::Catchment);
        let mut ratios: Vec<f64> = pairs
            .filter_map(|(report, own)| Some(report.solve / own?.solve))
            .collect();
        ratios.sort_by(f64::total_cmp);
        let times = |time: fn(&Report) -> f64| {
            median(reports.iter().map(time).collect()).unwrap_or_default()
        };
        let figures = Figures {
            build: times(|report| report.build),
            solve: times(|report| report.solve),
            ratio: median(ratios.clone()),
            ratios,
            peak_bytes: times(|report| report.peak_mib * f64::from(1 << 20) / report.orders as f64),
        };
        row.solvers.insert(peer.title(), figures);
    }
    row
}

impl Comparison {
    /// Two tables: times with ratios, and memory.
    pub(crate) fn markdown(&self, solvers: &[Peer]) -> String {
        let mut text = String::new();
        let titles: Vec<&str> = solvers.iter().map(|peer| peer.title()).collect();
        let table = |text: &mut String, heading: &str, cell: fn(&Figures) -> String| {
            let _ = writeln!(text, "| {heading} | {} |", titles.join(" | "));
            let _ = writeln!(text, "| --- |{}", " ---: |".repeat(titles.len()));
            for row in &self.rows {
                let cells = titles
                    .iter()
                    .map(|title| row.solvers.get(title).map_or_else(|| "–".to_owned(), cell));
                let cells: Vec<String> = cells.collect();
                let _ = writeln!(
                    text,
                    "| {} {} | {} |",
                    row.size,
                    row.kind,
                    cells.join(" | ")
                );
            }
        };
        table(&mut text, "CPU time to solve", Figures::time);
        text.push('\n');
        table(&mut text, "peak bytes an order", |figures| {
            format!("{:.0}", figures.peak_bytes)
        });
        text
    }
}

impl Figures {
    /// Such as `6.3 s, 412×`.
    fn time(&self) -> String {
        match self.ratio {
            Some(ratio) => format!("{}, {}×", Seconds(self.solve), Digits(ratio)),
            None => Seconds(self.solve).to_string(),
        }
    }
}

/// A duration in the unit that suits it.
struct Seconds(f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            short if short < 1e-3 => write!(f, "{} µs", Digits(short * 1e6)),
            short if short < 1.0 => write!(f, "{} ms", Digits(short * 1e3)),
            long => write!(f, "{} s", Digits(long)),
        }
    }
}

/// A number with two or three digits that count.
struct Digits(f64);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = match self.0 {
            small if small < 1.0 => 2,
            small if small < 10.0 => 1,
            _ => 0,
        };
        write!(f, "{:.places$}", self.0)
    }
}
