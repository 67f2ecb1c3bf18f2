//! Why the program ends without a summary.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use catchment::coverage::CoverageError;
use catchment::geo::{PositionError, RegionError};
use catchment::plan::{ExplainError, RouteError};
use catchment::report::ReportError;
use catchment::site::NetworkFaults;
use catchment::verify::Violations;

use crate::records::fault::ReadError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: {error}", path.display())]
    Read { path: PathBuf, error: ReadError },
    #[error("there is no pickup point, so no order can go anywhere")]
    NoSites,
    #[error("the synthetic city: {0}")]
    Synthetic(#[from] PositionError),
    #[error("the network: {0}")]
    Network(#[from] NetworkFaults),
    #[error("routing: {0}")]
    Route(#[from] RouteError),
    #[error("the plan is not what it says: {0}")]
    Untrue(#[from] Violations),
    #[error("there is no order {name:?} to explain")]
    NoSuchOrder { name: String },
    #[error("the explanation: {0}")]
    Explain(#[from] ExplainError),
    #[error("{}: {error}", path.display())]
    Write { path: PathBuf, error: csv::Error },
    #[error("the report: {0}")]
    Report(#[from] ReportError),
    #[error("the map by cell: {0}")]
    Cells(#[from] CoverageError),
    #[error("the map's region: {0}")]
    Region(#[from] RegionError),
    #[error("{name}: {error}")]
    Act {
        name: &'static str,
        error: Box<dyn Error>,
    },
    #[error("the plot {name}: {error}")]
    Plot { name: &'static str, error: String },
    #[error("writing the summary: {0}")]
    Summary(#[from] io::Error),
}

impl Failure {
    /// 1 if a bad row stopped a strict run; 2 for everything else, as for a wrong command line.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Read {
                error: ReadError::BadRow(_),
                ..
            } => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}
