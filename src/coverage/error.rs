use crate::geo::{Cell, CellError, Resolution};

/// A map of cells that makes no sense, or is too large. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoverageError {
    /// More cells than [`Limits::map_cells_max`](crate::limits::Limits::map_cells_max), as [`CellError::TooMany`].
    #[error(transparent)]
    Cells(#[from] CellError),
    /// A roll-up to a finer resolution: what is inside a cell is not known any more.
    #[error("can't roll resolution {from} up to the finer resolution {to}")]
    Finer {
        /// What the map has.
        from: Resolution,
        /// What was asked for.
        to: Resolution,
    },
    /// A cell in a map of another resolution.
    #[error("cell {cell} has resolution {}, the map has {resolution}", cell.resolution())]
    OtherResolution {
        /// The cell.
        cell: Cell,
        /// The map's.
        resolution: Resolution,
    },
}

impl CoverageError {
    /// Fails if a map has more cells than it may.
    pub(crate) fn check_count(cells: usize, cells_max: usize) -> Result<(), Self> {
        if cells <= cells_max {
            return Ok(());
        }
        Err(CellError::TooMany {
            cells: cells as u64,
            cells_max,
        }
        .into())
    }

    /// Fails if a cell is not of the map's resolution.
    pub(super) fn check_resolution(cell: Cell, resolution: Resolution) -> Result<(), Self> {
        if cell.resolution() == resolution {
            Ok(())
        } else {
            Err(Self::OtherResolution { cell, resolution })
        }
    }
}
