//! The same objective as the peers on small random instances of every kind.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::file::{self, FileError};
use crate::instance::Objective;
use crate::measure::Report;
use crate::peers::{Peer, PeerError, Tools};
use crate::selection;
use crate::small;

/// A command line has a limit.
const FILES_MAX: usize = 1_000;

#[derive(Debug, Error)]
pub(crate) enum EqualError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(
        "{} is solved differently, cost and unassigned: {first} {:?}, {second} {:?}",
        file.display(), said.0, said.1
    )]
    Disagreement {
        file: PathBuf,
        first: String,
        second: String,
        said: ((i64, u64), (i64, u64)),
    },
}

/// Instances of consecutive numbers from `first`, left in the folder.
pub(crate) fn equal(
    first: u64,
    count: u64,
    solvers: &[Peer],
    tools: &Tools,
    folder: &Path,
) -> Result<(), EqualError> {
    selection::create(folder)?;
    let mut files = Vec::new();
    let mut objectives = Vec::new();
    for number in first..first + count {
        let instance = small::instance(number);
        let path = folder.join(format!("{number}.bal"));
        file::write(&instance, &path)?;
        files.push(path);
        objectives.push(instance.objective);
    }
    let mut expected: Option<Vec<Report>> = None;
    for peer in solvers {
        let mut reports = Vec::new();
        for some in files.chunks(FILES_MAX) {
            reports.extend(tools.run(*peer, some)?);
        }
        if let Some(expected) = &expected {
            for ((one, other), objective) in expected.iter().zip(&reports).zip(&objectives) {
                same(one, other, *objective)?;
            }
        } else {
            expected = Some(reports);
        }
    }
    Ok(())
}

fn same(one: &Report, other: &Report, objective: Objective) -> Result<(), EqualError> {
    let unassigned_too = objective == Objective::Fewest;
    let equal =
        one.objective == other.objective && (one.unassigned == other.unassigned || !unassigned_too);
    if equal {
        return Ok(());
    }
    Err(EqualError::Disagreement {
        file: one.file.clone(),
        first: one.solver.clone(),
        second: other.solver.clone(),
        said: (
            (one.objective, one.unassigned),
            (other.objective, other.unassigned),
        ),
    })
}
