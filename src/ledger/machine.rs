//! The ledger itself: identity, time and sequence round a machine that knows what commands mean.

use core::fmt;
use std::borrow::Cow;

use crate::id::CommandId;
use crate::ledger::memory::Memory;
use crate::ledger::snapshot::Remembered;
use crate::ledger::step::Decided;
use crate::ledger::{
    Answer, Canonical, Command, CommandError, Encoder, FollowError, Outcome, StateHash, Step,
};
use crate::limits::Limits;
use crate::time::Timestamp;

/// What a command means: the part of a ledger that differs from one to the next.
///
/// A machine never asks for the time and never draws lots, so the same calls in the same order give the same state and
/// the same events. All changes of its state go through events: what [`act`](Self::act) and [`fire`](Self::fire) do
/// must be what [`evolve`](Self::evolve) does with the events that they emit.
///
/// ```
/// use catchment::id::CommandId;
/// use catchment::ledger::{Canonical, Command, Encoder, Ledger, Machine, Outcome};
/// use catchment::limits::Limits;
/// use catchment::time::Timestamp;
///
/// /// A jar that takes coins until it is full.
/// #[derive(Clone)]
/// struct Jar { coins: u64 }
///
/// #[derive(Clone, Copy)]
/// struct Put(u64);
///
/// impl Canonical for Put {
///     fn encode(&self, to: &mut Encoder) { to.u64(self.0) }
/// }
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Full;
///
/// impl Canonical for Full {
///     fn encode(&self, _: &mut Encoder) {}
/// }
///
/// impl Canonical for Jar {
///     fn encode(&self, to: &mut Encoder) { to.u64(self.coins) }
/// }
///
/// impl Machine for Jar {
///     type Action = Put;
///     type Event = u64;
///     type Refusal = Full;
///     type Malformed = std::convert::Infallible;
///     type Mismatch = std::convert::Infallible;
///
///     fn horizon(&self) -> Timestamp { Timestamp::MAX }
///     fn next_deadline(&self) -> Option<Timestamp> { None }
///     fn check(&self, _: &Put) -> Result<(), Self::Malformed> { Ok(()) }
///     fn act(&mut self, _: Timestamp, put: &Put, events: &mut Vec<u64>) -> Result<(), Full> {
///         if self.coins + put.0 > 10 {
///             return Err(Full);
///         }
///         self.coins += put.0;
///         events.push(put.0);
///         Ok(())
///     }
///     fn fire(&mut self, _: Timestamp, _: &mut Vec<u64>) {}
///     fn evolve(&mut self, event: &u64) -> Result<(), Self::Mismatch> {
///         self.coins += event;
///         Ok(())
///     }
/// }
///
/// let mut jar = Ledger::new(Jar { coins: 0 }, &Limits::default());
/// let now = Timestamp::from_unix_millis(0);
/// let put = Command::new(CommandId(1), Put(7));
/// assert_eq!(jar.apply(now, &put)?.outcome(), Outcome::Accepted);
/// assert_eq!(jar.apply(now, &put)?.events().count(), 0); // a repetition puts nothing in
/// assert_eq!(jar.apply(now, &Command::new(CommandId(2), Put(7)))?.outcome(), Outcome::Refused(Full));
/// assert_eq!(jar.machine().coins, 7);
/// # Ok::<(), catchment::ledger::CommandError<std::convert::Infallible>>(())
/// ```
pub trait Machine: Canonical + Clone {
    /// What it can be told to do.
    type Action: Canonical;
    /// What can happen to it.
    type Event;
    /// Why it may refuse a command, as things stand.
    type Refusal: Canonical + Copy;
    /// Why an action makes no sense, however things stand.
    type Malformed;
    /// Why an event can't have happened to it.
    type Mismatch: fmt::Debug;

    /// The last instant that is believed.
    fn horizon(&self) -> Timestamp;

    /// The first instant at which something happens by itself.
    fn next_deadline(&self) -> Option<Timestamp>;

    /// Whether the action makes sense at all. May not depend on what has happened.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    fn check(&self, action: &Self::Action) -> Result<(), Self::Malformed>;

    /// Carries the action out at `now`, or refuses it.
    ///
    /// # Errors
    ///
    /// The reason; the state is then as before and no event was emitted.
    fn act(
        &mut self,
        now: Timestamp,
        action: &Self::Action,
        events: &mut Vec<Self::Event>,
    ) -> Result<(), Self::Refusal>;

    /// Lets the first deadline take effect, which is `now`. Emits at least one event, so that it is the first no more.
    fn fire(&mut self, now: Timestamp, events: &mut Vec<Self::Event>);

    /// Changes the state as an event says.
    ///
    /// # Errors
    ///
    /// If the event can't have happened in this state: it comes from elsewhere or was damaged.
    fn evolve(&mut self, event: &Self::Event) -> Result<(), Self::Mismatch>;

    /// What [`act`](Self::act) would do at `now`, if the machine can tell without doing it. Only asked when no deadline
    /// is due.
    fn foresee(
        &self,
        _now: Timestamp,
        _action: &Self::Action,
        _events: &mut Vec<Self::Event>,
    ) -> Option<Result<(), Self::Refusal>> {
        None
    }

    /// A machine to try one action on, after what is due at `now`: it emits and answers what this one would. A copy, or
    /// less: whatever neither the deadlines nor the action touch may be left out.
    #[must_use]
    fn excerpt(&self, _now: Timestamp, _action: &Self::Action) -> Self {
        self.clone()
    }
}

/// What a ledger answers, by its machine.
type AnswerOf<M> = Answer<<M as Machine>::Event, <M as Machine>::Refusal>;
/// What a ledger stores, by its machine.
type StepOf<M> = Step<<M as Machine>::Event, <M as Machine>::Refusal>;

/// A machine with a memory of commands, a time and a sequence. See the [module](crate::ledger) for the rules and
/// [`Machine`] for an example.
#[derive(Clone, Debug)]
pub struct Ledger<M: Machine> {
    machine: M,
    now: Timestamp,
    sequence: u64,
    memory: Memory<M::Refusal>,
    commands_max: usize,
    /// For the bodies of commands, kept for its buffer.
    encoder: Encoder,
}

impl<M: Machine> Ledger<M> {
    /// A ledger at the beginning of time, whose machine is in its first state.
    #[must_use]
    pub fn new(machine: M, limits: &Limits) -> Self {
        Self {
            machine,
            now: Timestamp::MIN,
            sequence: 0,
            memory: Memory::default(),
            commands_max: commands_max(limits),
            encoder: Encoder::new(),
        }
    }

    /// The state, for reading.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The state, for what is beside it: nothing that a hash or an answer depends on may be changed.
    pub(crate) const fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The time of the last step: what comes later is processed at this time or after it.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How many events and decided commands there were.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How many commands are remembered.
    pub fn remembered(&self) -> usize {
        self.memory.len()
    }

    /// The first instant at which something happens without a command: when to call [`tick`](Self::tick).
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.machine.next_deadline()
    }

    /// Decides a command. O(1) and the machine's own work, and O(1) for each deadline that passed.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if there was nothing to decide; it is checked in the order of its variants, and the ledger is
    /// as before. A *refusal* is no error but an [`Outcome`].
    pub fn apply(
        &mut self,
        at: Timestamp,
        command: &Command<M::Action>,
    ) -> Result<AnswerOf<M>, CommandError<M::Malformed>> {
        command.action.encode(&mut self.encoder);
        let body = self.encoder.finish();
        self.apply_hashed(at, command, body)
    }

    /// [`apply`](Self::apply) for whoever has the hash of the action already.
    pub(crate) fn apply_hashed(
        &mut self,
        at: Timestamp,
        command: &Command<M::Action>,
        body: StateHash,
    ) -> Result<AnswerOf<M>, CommandError<M::Malformed>> {
        let body = body.low();
        if let Some(replayed) = self.recall(at, command, body)? {
            return Ok(replayed);
        }

        let now = self.now.max(at);
        let mut due = Vec::new();
        pass(&mut self.machine, now, &mut due);
        let mut events = Vec::new();
        let outcome = match self.machine.act(now, &command.action, &mut events) {
            Ok(()) => Outcome::Accepted,
            Err(refusal) => {
                debug_assert!(events.is_empty(), "a refused command emits nothing");
                Outcome::Refused(refusal)
            }
        };
        let step = self.decided(now, due, (command.id, body, outcome), events);
        self.close(&step);
        Ok(Answer::Decided(step))
    }

    /// What [`apply`](Self::apply) would answer. The ledger stays as it is.
    ///
    /// As fast as `apply` if no deadline is due and the machine can tell; otherwise as slow as an
    /// [excerpt](Machine::excerpt) of the machine.
    ///
    /// # Errors
    ///
    /// As `apply`.
    pub fn what_if(
        &self,
        at: Timestamp,
        command: &Command<M::Action>,
    ) -> Result<AnswerOf<M>, CommandError<M::Malformed>> {
        let body = Encoder::hash_of(&command.action).low();
        if let Some(replayed) = self.recall(at, command, body)? {
            return Ok(replayed);
        }

        let now = self.now.max(at);
        let (mut due, mut events) = (Vec::new(), Vec::new());
        let nothing_is_due = self.next_deadline().is_none_or(|deadline| deadline > now);
        let foreseen = if nothing_is_due {
            self.machine.foresee(now, &command.action, &mut events)
        } else {
            None
        };
        let result = foreseen.unwrap_or_else(|| {
            let mut machine = self.machine.excerpt(now, &command.action);
            events.clear();
            pass(&mut machine, now, &mut due);
            machine.act(now, &command.action, &mut events)
        });
        let outcome = result.map_or_else(Outcome::Refused, |()| Outcome::Accepted);
        let decided = (command.id, body, outcome);
        Ok(Answer::Decided(self.decided(now, due, decided, events)))
    }

    /// The machine as it will stand at a later instant if no command comes until then. Beyond the horizon it is that of
    /// the horizon. O(1) if nothing is due by then, otherwise as slow as a copy of the machine.
    pub fn as_of(&self, at: Timestamp) -> Cow<'_, M> {
        let at = at.min(self.machine.horizon());
        if self.next_deadline().is_none_or(|deadline| deadline > at) {
            return Cow::Borrowed(&self.machine);
        }
        let mut later = self.machine.clone();
        pass(&mut later, at, &mut Vec::new());
        Cow::Owned(later)
    }

    /// Lets pass what is due at `at`. `None`, and no change at all, if nothing is.
    ///
    /// # Errors
    ///
    /// [`CommandError::BeyondHorizon`].
    pub fn tick(&mut self, at: Timestamp) -> Result<Option<StepOf<M>>, CommandError<M::Malformed>> {
        self.believe(at)?;
        let mut due = Vec::new();
        // As of the last deadline, not of the tick: a tick is not an event.
        let Some(last) = pass(&mut self.machine, at, &mut due) else {
            return Ok(None);
        };
        let at = self.now.max(last);
        let step = Step {
            sequence: self.sequence,
            at,
            due,
            decided: None,
            events: Vec::new(),
        };
        self.close(&step);
        Ok(Some(step))
    }

    /// Goes on by a step that was decided before, without deciding it again.
    ///
    /// # Errors
    ///
    /// [`FollowError`], in the order of its variants. Only after [`FollowError::Event`] may the ledger have changed.
    pub fn follow(&mut self, step: &StepOf<M>) -> Result<(), FollowError<M::Mismatch>> {
        if step.sequence != self.sequence {
            let (expected, found) = (self.sequence, step.sequence);
            return Err(FollowError::OutOfSequence { expected, found });
        }
        if step.at < self.now {
            return Err(FollowError::OutOfTime {
                at: step.at,
                now: self.now,
            });
        }
        if let Some(known) = step
            .decided
            .and_then(|decided| self.memory.recall(decided.command))
        {
            return Err(FollowError::KnownCommand { id: known.id });
        }
        for event in step.all_events() {
            self.machine.evolve(event).map_err(FollowError::Event)?;
        }
        self.close(step);
        Ok(())
    }

    /// The hash of everything that decides what the ledger will answer. O(n) in the size of the state.
    pub fn hash(&self) -> StateHash {
        let mut encoder = Encoder::new();
        encoder.i64(self.now.as_unix_millis());
        encoder.u64(self.sequence);
        encoder.len(self.memory.len());
        for record in self.memory.iter() {
            record.encode(&mut encoder);
        }
        self.machine.encode(&mut encoder);
        encoder.finish()
    }

    /// The answer to a command that has been decided already; an error if it can't be decided.
    fn recall(
        &self,
        at: Timestamp,
        command: &Command<M::Action>,
        body: u64,
    ) -> Result<Option<AnswerOf<M>>, CommandError<M::Malformed>> {
        self.believe(at)?;
        self.machine
            .check(&command.action)
            .map_err(CommandError::Malformed)?;
        let id = command.id;
        match self.memory.recall(id) {
            Some(&Remembered {
                sequence,
                body: known,
                outcome,
                ..
            }) if known == body => Ok(Some(Answer::Replayed { sequence, outcome })),
            Some(&Remembered { sequence, .. }) => Err(CommandError::IdConflict { id, sequence }),
            None if self.memory.len() >= self.commands_max => Err(CommandError::TooManyCommands {
                limit: self.commands_max,
            }),
            None => Ok(None),
        }
    }

    fn believe(&self, at: Timestamp) -> Result<(), CommandError<M::Malformed>> {
        let horizon = self.machine.horizon();
        if at > horizon {
            Err(CommandError::BeyondHorizon { at, horizon })
        } else {
            Ok(())
        }
    }

    /// The step that decides a command next: its id, the hash of its body, and what became of it.
    fn decided(
        &self,
        at: Timestamp,
        due: Vec<M::Event>,
        (command, body, outcome): (CommandId, u64, Outcome<M::Refusal>),
        events: Vec<M::Event>,
    ) -> StepOf<M> {
        Step {
            sequence: self.sequence,
            at,
            due,
            decided: Some(Decided {
                command,
                body,
                outcome,
            }),
            events,
        }
    }

    /// The machine has changed; so do the rest.
    fn close(&mut self, step: &StepOf<M>) {
        if let Some(Decided {
            command: id,
            body,
            outcome,
        }) = step.decided
        {
            // After what time brought about: a tick that came before makes that a step of its own, but no difference.
            let sequence = step.sequence + step.due.len() as u64;
            self.memory.keep(Remembered {
                id,
                body,
                sequence,
                outcome,
            });
        }
        self.now = step.at;
        self.sequence = step.sequence_after();
    }

    pub(super) fn parts(&self) -> (&M, &Memory<M::Refusal>) {
        (&self.machine, &self.memory)
    }

    pub(super) fn from_parts(
        machine: M,
        (now, sequence): (Timestamp, u64),
        memory: Memory<M::Refusal>,
        limits: &Limits,
    ) -> Self {
        let commands_max = commands_max(limits);
        Self {
            machine,
            now,
            sequence,
            memory,
            commands_max,
            encoder: Encoder::new(),
        }
    }
}

/// Slots of remembered commands have 32 bits.
fn commands_max(limits: &Limits) -> usize {
    limits.commands_max.min(u32::MAX as usize)
}

/// Lets every deadline up to `now` take effect, in order, each as of its own instant; returns the last.
fn pass<M: Machine>(machine: &mut M, now: Timestamp, due: &mut Vec<M::Event>) -> Option<Timestamp> {
    let mut last = None;
    while let Some(deadline) = machine.next_deadline().filter(|deadline| *deadline <= now) {
        let before = due.len();
        machine.fire(deadline, due);
        debug_assert!(due.len() > before, "a deadline has an effect");
        last = Some(deadline);
    }
    last
}
