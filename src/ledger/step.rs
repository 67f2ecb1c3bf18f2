//! What goes into a ledger and what comes out.

use crate::id::CommandId;
use crate::ledger::{Canonical, Encoder};
use crate::time::Timestamp;

/// What is to be done, under an id that its sender made.
///
/// ```
/// use catchment::id::CommandId;
/// use catchment::ledger::Command;
/// let command = Command::new(CommandId(1), "ring the bell");
/// assert_eq!(command.action, "ring the bell");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Command<A> {
    /// The same for every repetition of this command, and for no other command.
    pub id: CommandId,
    /// What to do.
    pub action: A,
}

impl<A> Command<A> {
    /// An action under an id.
    #[must_use]
    pub const fn new(id: CommandId, action: A) -> Self {
        Self { id, action }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome<R> {
    /// It was carried out.
    Accepted,
    /// It was refused for this reason, and changed nothing.
    Refused(R),
}

impl<R> Outcome<R> {
    /// Whether the command was carried out.
    ///
    /// ```
    /// use catchment::ledger::Outcome;
    /// assert!(Outcome::<u8>::Accepted.is_accepted());
    /// assert_eq!(Outcome::Refused(7).refusal(), Some(&7));
    /// ```
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// Why not, if it was refused.
    pub const fn refusal(&self) -> Option<&R> {
        match self {
            Self::Accepted => None,
            Self::Refused(refusal) => Some(refusal),
        }
    }
}

impl<R: Canonical> Canonical for Outcome<R> {
    fn encode(&self, to: &mut Encoder) {
        to.option(self.refusal(), |to, refusal| refusal.encode(to));
    }
}

/// One step of a ledger: what time brought about, then what a command did. Whoever stores every step can rebuild the
/// ledger with [`follow`](crate::ledger::Ledger::follow).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Step<E, R> {
    /// How many events and decided commands came before.
    pub sequence: u64,
    /// When it was processed: never before the step before it.
    pub at: Timestamp,
    /// The events of deadlines that had passed, in their order.
    pub due: Vec<E>,
    /// The command that was decided then; `None` for a tick.
    pub decided: Option<Decided<R>>,
    /// The events of the command, none if it was refused.
    pub events: Vec<E>,
}

impl<E, R> Step<E, R> {
    /// The `sequence` of the step that comes next.
    #[must_use]
    pub const fn sequence_after(&self) -> u64 {
        let decided = self.decided.is_some() as u64;
        self.sequence + self.due.len() as u64 + self.events.len() as u64 + decided
    }

    /// All events in order, those that time brought about first.
    pub fn all_events(&self) -> impl Iterator<Item = &E> {
        self.due.iter().chain(&self.events)
    }
}

/// A command that was decided, with the hash of its body and the outcome.
///
/// ```
/// use catchment::id::CommandId;
/// use catchment::ledger::{Decided, Outcome};
/// let decided = Decided { command: CommandId(1), body: 0x5eed, outcome: Outcome::<()>::Accepted };
/// assert!(decided.outcome.is_accepted());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Decided<R> {
    /// Which command.
    pub command: CommandId,
    /// The lower 64 bits of the hash of its action.
    pub body: u64,
    /// What became of it.
    pub outcome: Outcome<R>,
}

/// A ledger's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<E, R> {
    /// The command was decided now, and the step is to be stored.
    Decided(Step<E, R>),
    /// It had been decided before: this is the first outcome, and nothing changed.
    Replayed {
        /// The `sequence` at which it was decided.
        sequence: u64,
        /// What became of it then.
        outcome: Outcome<R>,
    },
}

impl<E, R: Copy> Answer<E, R> {
    /// What became of the command, now or when it first came.
    pub fn outcome(&self) -> Outcome<R> {
        match self {
            Self::Decided(Step {
                decided: Some(decided),
                ..
            }) => decided.outcome,
            // No ledger answers a command with a step that decided none.
            Self::Decided(_) => Outcome::Accepted,
            Self::Replayed { outcome, .. } => *outcome,
        }
    }

    /// The events to be told to the world: of this step, none if the command was replayed.
    pub fn events(&self) -> impl Iterator<Item = &E> {
        let step = match self {
            Self::Decided(step) => Some(step),
            Self::Replayed { .. } => None,
        };
        step.into_iter().flat_map(Step::all_events)
    }
}

/// A command that was not decided. It changed nothing and its id stays free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError<M> {
    /// The instant lies beyond the horizon: a clock or a unit is wrong.
    #[error("{at} lies beyond the horizon {horizon}")]
    BeyondHorizon {
        /// The instant passed in.
        at: Timestamp,
        /// The last that is believed.
        horizon: Timestamp,
    },
    /// The action makes no sense in any state.
    #[error(transparent)]
    Malformed(M),
    /// A command with this id and another body was decided before.
    #[error("command {id} was decided before with another body, at sequence {sequence}")]
    IdConflict {
        /// The id.
        id: CommandId,
        /// The `sequence` at which the first was decided.
        sequence: u64,
    },
    /// The ledger remembers as many commands as it may.
    #[error("{limit} commands are remembered, which is the limit")]
    TooManyCommands {
        /// [`Limits::commands_max`](crate::limits::Limits::commands_max).
        limit: usize,
    },
}

impl<M> CommandError<M> {
    /// Whether the same command may succeed later: never, since each of them lies in the command or in a limit.
    pub const fn is_transient(&self) -> bool {
        false
    }
}

/// A stored step that does not go on from the state of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError<F> {
    /// The step comes too early, too late or a second time. Nothing changed.
    #[error("step {found} does not follow, expected {expected}")]
    OutOfSequence {
        /// The sequence of the ledger.
        expected: u64,
        /// The sequence of the step.
        found: u64,
    },
    /// The step was processed before the step before it. Nothing changed.
    #[error("step at {at} comes after one at {now}")]
    OutOfTime {
        /// The time of the step.
        at: Timestamp,
        /// The time of the ledger.
        now: Timestamp,
    },
    /// The command of the step is already remembered. Nothing changed.
    #[error("command {id} was decided before")]
    KnownCommand {
        /// The id.
        id: CommandId,
    },
    /// An event does not fit the state: the log is damaged or another machine's. Part of the step may have been
    /// followed, so begin again from a snapshot.
    #[error(transparent)]
    Event(F),
}
