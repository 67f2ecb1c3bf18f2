//! What can be wrong with a row, and with a whole file.

use std::io;

use catchment::geo::PositionError;
use catchment::units::UnitError;

use super::columns::ColumnError;
use super::rows::RowFault;

/// Why a row is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Cause {
    #[error(transparent)]
    Row(#[from] RowFault),
    #[error("{found} fields where the header has {expected}")]
    FieldCount { found: usize, expected: usize },
    #[error("column `{column}` is empty")]
    Missing { column: String },
    #[error("column `{column}` has {value:?}, which is not a number")]
    NotANumber { column: String, value: String },
    #[error(
        "column `{column}` has {value:?}, which is not a whole number from 0 to {}",
        u32::MAX
    )]
    NotACapacity { column: String, value: String },
    #[error(transparent)]
    Position(#[from] PositionError),
    #[error("column `{column}`: {reason}")]
    Radius { column: String, reason: UnitError },
    #[error("id {id:?} is already on line {line}")]
    DuplicateId { id: String, line: u64 },
}

/// A row that is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub(crate) struct BadRow {
    /// The line the row begins on, from 1; the header is on line 1.
    pub(crate) line: u64,
    pub(crate) cause: Cause,
}

/// Every bad row is counted; the first ones are kept for the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BadRows {
    pub(crate) count: u64,
    /// How many of them repeat an id: often a sign that another column is the id.
    pub(crate) duplicate_ids: u64,
    /// The first [`LISTED_MAX`](Self::LISTED_MAX), in the order of the file.
    pub(crate) first: Vec<BadRow>,
}

impl BadRows {
    pub(crate) const LISTED_MAX: usize = 20;

    pub(super) fn push(&mut self, row: BadRow) {
        self.count += 1;
        self.duplicate_ids += u64::from(matches!(row.cause, Cause::DuplicateId { .. }));
        if self.first.len() < Self::LISTED_MAX {
            self.first.push(row);
        }
    }
}

/// Why a file can't be read as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    #[error("the file is empty: not even a header line")]
    Empty,
    #[error("the header (line {line}): {fault}")]
    Header { line: u64, fault: RowFault },
    #[error(transparent)]
    Column(#[from] ColumnError),
    #[error("more than {limit} rows")]
    TooManyRows { limit: usize },
    /// Only with [`OnBadRow::Stop`](super::OnBadRow::Stop).
    #[error(transparent)]
    BadRow(#[from] BadRow),
}

/// The beginning of a value, short enough to be kept and shown.
pub(super) fn excerpt(value: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match value.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
