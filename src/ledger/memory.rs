//! The ids of all commands that were decided, with what was decided.

use crate::id::CommandId;
use crate::ledger::snapshot::Remembered;
use crate::ledger::{IdTable, Pages};

/// Remembers the outcome of every decided command. O(1) each; a record and 9 bytes an entry of a table that doubles.
#[derive(Clone, Debug)]
pub(crate) struct Memory<R> {
    records: Pages<Remembered<R>>,
    by_id: IdTable,
}

impl<R> Default for Memory<R> {
    fn default() -> Self {
        Self {
            records: Pages::default(),
            by_id: IdTable::default(),
        }
    }
}

impl<R: Copy> Memory<R> {
    pub(crate) fn recall(&self, id: CommandId) -> Option<&Remembered<R>> {
        let slot = self.by_id.find(id.0, |slot| self.records[slot].id.0)?;
        self.records.get(slot)
    }

    /// Keeps the outcome of a command whose id is new. Past 2³² − 1 ids: `None`, and nothing is kept.
    pub(crate) fn keep(&mut self, record: Remembered<R>) -> Option<()> {
        let slot = self.records.push(record)?;
        self.by_id.insert(record.id.0, slot);
        Some(())
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// In the order in which they were decided.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Remembered<R>> {
        self.records.iter()
    }
}
