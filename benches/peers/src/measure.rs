//! How a solver is measured, and the line it prints.

use std::path::PathBuf;

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::instance::Instance;

/// A solver is run again until so many seconds of solving were measured …
const SECONDS_MEASURED: f64 = 1.0;
/// … or so often.
const RUNS_MAX: usize = 9;

/// What a run of a solver found, and its CPU times in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Turning the arrays into the solver's model.
    pub(crate) build: f64,
    /// Everything that counts.
    pub(crate) solve: f64,
    pub(crate) objective: i64,
    pub(crate) unassigned: u64,
}

/// One line of JSON, the same from every runner in every language. Times are medians over `runs`, in CPU seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) file: PathBuf,
    pub(crate) solver: String,
    pub(crate) orders: usize,
    pub(crate) sites: usize,
    pub(crate) candidates: usize,
    pub(crate) runs: usize,
    pub(crate) build: f64,
    pub(crate) solve: f64,
    pub(crate) objective: i64,
    pub(crate) unassigned: u64,
    /// The most memory the process had when it had loaded the instance.
    pub(crate) loaded_mib: f64,
    /// The most memory the process ever had.
    pub(crate) peak_mib: f64,
}

/// CPU seconds of this process.
pub(crate) struct Stopwatch(ProcessTime);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(ProcessTime::now())
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Runs a solver as often as its speed asks for.
pub(crate) fn measure<E>(
    file: PathBuf,
    solver: &str,
    instance: &Instance,
    run: impl Fn(&Instance) -> Result<Run, E>,
) -> Result<Report, E> {
    let loaded_mib = peak_mib();
    let mut runs = vec![run(instance)?];
    while runs.len() < RUNS_MAX && runs.iter().map(|run| run.solve).sum::<f64>() < SECONDS_MEASURED
    {
        runs.push(run(instance)?);
    }
    let times = |time: fn(&Run) -> f64| median(runs.iter().map(time).collect()).unwrap_or_default();
    Ok(Report {
        file,
        solver: solver.to_owned(),
        orders: instance.orders(),
        sites: instance.capacities.len(),
        candidates: instance.sites.len(),
        runs: runs.len(),
        build: times(|run| run.build),
        solve: times(|run| run.solve),
        objective: runs[0].objective,
        unassigned: runs[0].unassigned,
        loaded_mib,
        peak_mib: peak_mib(),
    })
}

/// The middle value, or the mean of the two in the middle; nothing of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// The most memory this process ever had resident, where the system says so as Linux does, else 0.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.map_or(0.0, |kib| kib / 1024.0)
}
