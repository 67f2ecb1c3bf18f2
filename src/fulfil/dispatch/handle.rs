use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, TryLockError};

use crate::desk::lock_awake;
use crate::fulfil::dispatch::{
    Action, Command, Dispatch, Dispatcher, Event, Malformed, Refusal, Step,
};
use crate::ledger::{Answer, CommandError, Encoder, Machine};
use crate::time::Timestamp;

/// A dispatch for many threads: they look without waiting and decide one at a time.
///
/// # What is locked
///
/// There are two copies of the state. One decides, behind a lock. The other is for looking: whoever
/// [looks](Self::look) first lets the events happen there that have been decided since, if nobody else is looking just
/// then. So the lock that decides is never held for a search, and a search may see a state that is a few commands old.
///
/// [`apply`](Self::apply) looks for the place, the route or the parts of an order before it takes the lock. Behind the
/// lock what was found is asked again, which is short: a place to be fetched from is taken only if it is surely what
/// the dispatch would choose itself, a route if its store and a courier in its window still can, parts if all of them
/// can and nothing has become better since. Whatever does not hold is looked for anew, and then the others wait.
///
/// So with one thread all is as with a [`Dispatch`]. With several a delivery may get a route that was the best a moment
/// ago; nothing is ever promised twice, and the steps come out in the sequence in which they were decided, from which
/// the dispatch can be [rebuilt](crate::ledger::Ledger::follow).
///
/// # Cost
///
/// It is for not waiting, not for speed. Every event happens twice, the state takes twice its memory, and the cores
/// pass it to and fro: two threads on two cores decided 1.1 million commands a second about orders to be fetched, and
/// 0.46 million about orders to be brought, where one thread without a handle decides 3.3 and 0.82 million
/// (`cargo bench --bench fulfil`).
///
/// ```
/// use std::sync::Arc;
/// use catchment::fulfil::{OptionsFinder, OptionsPolicy};
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch, DispatchHandle, Terms};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(60))).build()?;
/// let handle = DispatchHandle::new(Dispatch::open(network, Terms::default()));
/// let (now, policy) = (Timestamp::from_unix_millis(0), OptionsPolicy::default());
/// let taken: usize = std::thread::scope(|scope| {
///     let threads: Vec<_> = (0..4).map(|thread| {
///         let (handle, policy) = (&handle, &policy);
///         scope.spawn(move || (0..20).filter(|number| {
///             let id = thread * 100 + number;
///             let order = Arc::new(Order::new(OrderId(id), door));
///             let _offered = handle.look(|dispatcher| {
///                 OptionsFinder::new(dispatcher.counter(), dispatcher.couriers(), policy).options(now, &order)
///             });
///             let take = Action::Take { order, choice: Choice::Pickup, division: None };
///             let answer = handle.apply(now, &Command::new(CommandId(id), take));
///             answer.is_ok_and(|answer| answer.outcome().is_accepted())
///         }).count())
///     }).collect();
///     threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
/// });
/// assert_eq!(taken, 60); // and never one more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DispatchHandle {
    dispatch: Mutex<Dispatch>,
    /// Decided, and not yet seen by those who look.
    unseen: Mutex<Vec<Event>>,
    seen: RwLock<Dispatcher>,
}

impl DispatchHandle {
    /// So many events may be unseen before everybody who looks is waited for.
    const UNSEEN_MAX: usize = 4_096;

    /// A handle to a dispatch. O(state).
    #[must_use]
    pub fn new(dispatch: Dispatch) -> Self {
        Self {
            seen: RwLock::new(dispatch.machine().clone()),
            unseen: Mutex::default(),
            dispatch: Mutex::new(dispatch),
        }
    }

    /// Looks at the dispatch as it was a moment ago: for options, lives, rides. It waits for nobody who decides, and
    /// they wait for it only when thousands of events could not be seen for somebody who always looks; so don't give
    /// commands from within.
    pub fn look<T>(&self, look: impl FnOnce(&Dispatcher) -> T) -> T {
        if !self.unseen().is_empty() {
            match self.seen.try_write() {
                Ok(seen) => self.catch_up(seen),
                Err(TryLockError::Poisoned(poisoned)) => self.catch_up(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        look(&self.seen.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides a command, with a search beforehand if an order comes.
    ///
    /// # Errors
    ///
    /// As [`Ledger::apply`](crate::ledger::Ledger::apply).
    pub fn apply(
        &self,
        at: Timestamp,
        command: &Command,
    ) -> Result<Answer<Event, Refusal>, CommandError<Malformed>> {
        self.apply_then(at, command, |answer| answer)
    }

    /// The same, and hands the answer to `then` before another command is decided: so that steps are stored in their
    /// order. Keep it short, everybody waits.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply); `then` is not called.
    pub fn apply_then<T>(
        &self,
        at: Timestamp,
        command: &Command,
        then: impl FnOnce(Answer<Event, Refusal>) -> T,
    ) -> Result<T, CommandError<Malformed>> {
        let advice = match command.action {
            Action::Take { .. } => self.look(|now| now.advise(at, &command.action)),
            _ => None,
        };
        // Outside the lock as well: it reads nothing but the command.
        let body = Encoder::hash_of(&command.action);
        let mut dispatch = self.lock();
        dispatch.machine_mut().advice = advice;
        let answer = dispatch.apply_hashed(at, command, body);
        dispatch.machine_mut().advice = None;
        let answer = answer?;
        let unseen = match &answer {
            Answer::Decided(step) => self.publish(step),
            Answer::Replayed { .. } => 0,
        };
        let told = then(answer);
        drop(dispatch);
        self.wait_for_those_who_look(unseen);
        Ok(told)
    }

    /// Lets pass what is due, and hands the step to `then`.
    ///
    /// # Errors
    ///
    /// [`CommandError::BeyondHorizon`].
    pub fn tick_then<T>(
        &self,
        at: Timestamp,
        then: impl FnOnce(Option<Step>) -> T,
    ) -> Result<T, CommandError<Malformed>> {
        let mut dispatch = self.lock();
        let step = dispatch.tick(at)?;
        let unseen = step.as_ref().map_or(0, |step| self.publish(step));
        let told = then(step);
        drop(dispatch);
        self.wait_for_those_who_look(unseen);
        Ok(told)
    }

    /// Reads the dispatch while nobody changes it.
    pub fn read<T>(&self, read: impl FnOnce(&Dispatch) -> T) -> T {
        read(&self.lock())
    }

    /// The dispatch itself again.
    #[must_use]
    pub fn into_dispatch(self) -> Dispatch {
        let dispatch = self.dispatch.into_inner();
        dispatch.unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the events of a step to those who look; how many they have not seen.
    fn publish(&self, step: &Step) -> usize {
        let mut unseen = self.unseen();
        unseen.extend(step.all_events().cloned());
        unseen.len()
    }

    fn catch_up(&self, mut seen: RwLockWriteGuard<'_, Dispatcher>) {
        let events = core::mem::take(&mut *self.unseen());
        for event in &events {
            let happened = seen.evolve(event);
            happened.expect("what has happened there happens here");
        }
    }

    /// Where somebody always looks, the events would pile up.
    fn wait_for_those_who_look(&self, unseen: usize) {
        if unseen > Self::UNSEEN_MAX {
            self.catch_up(self.seen.write().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn unseen(&self) -> MutexGuard<'_, Vec<Event>> {
        lock_awake(&self.unseen)
    }

    fn lock(&self) -> MutexGuard<'_, Dispatch> {
        lock_awake(&self.dispatch)
    }
}

impl fmt::Debug for DispatchHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatchHandle").finish_non_exhaustive()
    }
}
