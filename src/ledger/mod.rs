//! What every state machine here that is driven by commands shares: commands in, events out, time passed in.
//!
//! A service that takes money or promises places can't afford to do a thing twice because a message came twice, to
//! forget it because a process died, or to answer differently because a timer was late. The rules that prevent this do
//! not depend on what the machine is about, so they live here, once:
//!
//! 1. **Time is a value.** A command carries the instant `at`. It is processed at `t = max(now, at)`: time never goes
//!    back. Before it is decided, every deadline up to `t` takes effect, in order, as of its own instant. So it does
//!    not matter whether a timer was early, late, doubled or missed: [`tick`](Ledger::tick) is only a hint.
//! 2. **Horizon.** An `at` beyond the machine's horizon changes nothing. One message with microseconds where
//!    milliseconds belong must not make every deadline fire. (Seconds in their place lie in the past, and are taken
//!    for now.)
//! 3. **Identity.** The caller makes the id of a command. The same id with the same body is answered with the first
//!    outcome, whatever has happened since; the same id with another body is a conflict. A refusal that depends on the
//!    state is remembered as well, so a retry can't change the answer. A command that makes no sense in any state is
//!    not remembered.
//! 4. **Events are the truth.** A command that is accepted yields events; the state changes through events only, and
//!    [`follow`](Ledger::follow) rebuilds it from stored [`Step`]s without deciding anything again. A refused command
//!    yields none.
//! 5. **Snapshots are checked.** A [`Snapshot`] names its format and carries a hash of the state; a damaged one is a
//!    typed error and never another state.
//!
//! ```text
//!            horizon?     makes sense?    id known?         deadlines ≤ t       decide
//! command ──→ ─────── ──→ ──────────── ──→ ───────── ──────→ ──────────── ────→ ────── ──→ Step (due, events, outcome)
//!              │ no          │ no           │ yes
//!              ▼             ▼              ▼
//!         BeyondHorizon   Malformed    Replayed, or IdConflict if the body differs          nothing changes
//! ```
//!
//! A [`Machine`] says what its commands do; [`Ledger`] runs it. A presale is one such machine, the live desk another.

mod deadlines;
mod encoding;
mod machine;
mod memory;
mod pages;
mod snapshot;
mod step;

pub use encoding::{Canonical, Encoder, StateHash};
pub use machine::{Ledger, Machine};
pub use snapshot::{Remembered, Snapshot, SnapshotError, Storable};
pub use step::{Answer, Command, CommandError, Decided, FollowError, Outcome, Step};

#[allow(unused_imports, reason = "used by the machines")]
pub(crate) use deadlines::Deadlines;
pub(crate) use pages::{IdTable, Pages};
