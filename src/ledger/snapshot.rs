//! The whole of a ledger as data, checked when it comes back.

use core::fmt;

use crate::id::CommandId;
use crate::ledger::memory::Memory;
use crate::ledger::{Canonical, Encoder, Ledger, Machine, Outcome, StateHash};
use crate::limits::Limits;
use crate::time::Timestamp;

/// A machine whose state can be stored.
pub trait Storable: Machine {
    /// The state as plain data.
    type Stored;
    /// Why stored data is no state.
    type Fault: fmt::Display;
    /// The format of `Stored`, counted up whenever it changes.
    const FORMAT: u32;

    /// The state as plain data.
    fn store(&self) -> Self::Stored;

    /// The state again. All that follows from other parts is computed anew rather than believed.
    ///
    /// # Errors
    ///
    /// What is wrong with the data.
    fn restore(stored: Self::Stored, limits: &Limits) -> Result<Self, Self::Fault>;
}

/// A ledger as data: format, time, sequence, remembered commands, state and the hash of them all. With the `serde`
/// feature it can be written in any format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Snapshot<S, R> {
    format: u32,
    hash: StateHash,
    now: Timestamp,
    sequence: u64,
    remembered: Vec<Remembered<R>>,
    state: S,
}

impl<S, R> Snapshot<S, R> {
    /// The format of the state.
    pub const fn format(&self) -> u32 {
        self.format
    }

    /// The hash of the ledger that was stored.
    pub const fn hash(&self) -> StateHash {
        self.hash
    }

    /// The sequence of the ledger that was stored: the first stored step to follow.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// A command that was decided, as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Remembered<R> {
    /// Which command.
    pub id: CommandId,
    /// The lower 64 bits of the hash of its action.
    pub body: u64,
    /// The sequence at which it was decided.
    pub sequence: u64,
    /// What became of it.
    pub outcome: Outcome<R>,
}

impl<R: Canonical> Canonical for Remembered<R> {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.id.0);
        to.u64(self.body);
        to.u64(self.sequence);
        self.outcome.encode(to);
    }
}

impl<M: Storable> Ledger<M> {
    /// The whole ledger as data. O(n) in the size of the state.
    pub fn snapshot(&self) -> Snapshot<M::Stored, M::Refusal> {
        let (machine, memory) = self.parts();
        Snapshot {
            format: M::FORMAT,
            hash: self.hash(),
            now: self.now(),
            sequence: self.sequence(),
            remembered: memory.iter().copied().collect(),
            state: machine.store(),
        }
    }

    /// The ledger that was stored. O(n) in the size of the state.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the format is unknown or the data is not what was stored.
    pub fn restore(
        snapshot: Snapshot<M::Stored, M::Refusal>,
        limits: &Limits,
    ) -> Result<Self, SnapshotError<M::Fault>> {
        let Snapshot {
            format,
            hash,
            now,
            sequence,
            remembered,
            state,
        } = snapshot;
        if format != M::FORMAT {
            let known = M::FORMAT;
            return Err(SnapshotError::UnknownFormat { format, known });
        }
        if remembered.len() > limits.commands_max {
            let (commands, limit) = (remembered.len(), limits.commands_max);
            return Err(SnapshotError::TooManyCommands { commands, limit });
        }
        let mut memory = Memory::default();
        for record in remembered {
            if memory.recall(record.id).is_some() {
                return Err(SnapshotError::RepeatedCommand { id: record.id });
            }
            memory.keep(record);
        }
        let machine = M::restore(state, limits).map_err(SnapshotError::State)?;
        let ledger = Self::from_parts(machine, (now, sequence), memory, limits);
        let found = ledger.hash();
        if found == hash {
            Ok(ledger)
        } else {
            Err(SnapshotError::WrongHash {
                expected: hash,
                found,
            })
        }
    }
}

/// Data that is no snapshot of this kind of ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError<F: fmt::Display> {
    /// The format is not the one that this version reads.
    #[error("snapshot has format {format}, known is {known}")]
    UnknownFormat {
        /// What the snapshot says.
        format: u32,
        /// What this version writes and reads.
        known: u32,
    },
    /// More commands than the limit.
    #[error("snapshot remembers {commands} commands, limit is {limit}")]
    TooManyCommands {
        /// In the snapshot.
        commands: usize,
        /// [`Limits::commands_max`].
        limit: usize,
    },
    /// One command is remembered twice.
    #[error("command {id} is remembered twice")]
    RepeatedCommand {
        /// Which.
        id: CommandId,
    },
    /// The state is none.
    #[error("no state: {0}")]
    State(F),
    /// The data differs from what was stored.
    #[error("snapshot has hash {found}, should have {expected}")]
    WrongHash {
        /// Of what was stored.
        expected: StateHash,
        /// Of what came.
        found: StateHash,
    },
}
