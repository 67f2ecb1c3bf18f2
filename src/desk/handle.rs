use core::fmt;
use core::hint::spin_loop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

use crate::desk::view::Rooms;
use crate::desk::{Action, Command, Desk, Event, Malformed, Refusal, View};
use crate::ledger::{Answer, CommandError, Encoder};
use crate::time::Timestamp;

/// A desk for many threads: they look without waiting and decide one at a time.
///
/// Searching happens outside the lock, on a [`View`]; a placement then takes one short critical section, which checks
/// what the search was based on. The outcome is that of some sequence of the same commands, and the steps come out in
/// that sequence.
///
/// ```
/// use std::sync::Arc;
/// use catchment::desk::{Command, Desk, DeskHandle, Policy};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(60))).build()?;
/// let desk = Arc::new(DeskHandle::new(Desk::open(network, Policy::default())));
/// let now = Timestamp::from_unix_millis(0);
/// let placed: usize = std::thread::scope(|scope| {
///     let threads: Vec<_> = (0..4).map(|thread| {
///         let desk = &desk;
///         scope.spawn(move || (0..20).filter(|number| {
///             let id = thread * 100 + number;
///             let command = Command::place(CommandId(id), Order::new(OrderId(id), door));
///             desk.apply(now, command).is_ok_and(|answer| answer.outcome().is_accepted())
///         }).count())
///     }).collect();
///     threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
/// });
/// assert_eq!(placed, 60); // and never one more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DeskHandle {
    /// In a box, so that whoever waits for the lock does not take the desk's own memory out of its cache.
    shared: Mutex<Box<Shared>>,
    /// The same view as the writer's, for all others.
    view: RwLock<Arc<View>>,
}

/// What one thread at a time has to itself.
struct Shared {
    desk: Desk,
    /// What was published last: whoever has the desk does not ask the others' lock for it.
    view: View,
}

impl DeskHandle {
    /// A handle to a desk. O(sites).
    #[must_use]
    pub fn new(mut desk: Desk) -> Self {
        desk.machine_mut().touched = Some(Vec::new());
        let counter = desk.machine();
        let view = View {
            market: Arc::clone(&counter.market),
            rooms: Arc::new(Rooms::of(counter)),
        };
        Self {
            view: RwLock::new(Arc::new(view.clone())),
            shared: Mutex::new(Box::new(Shared { desk, view })),
        }
    }

    /// What is known now, for looking without waiting. Three reference counts.
    #[must_use]
    pub fn view(&self) -> View {
        View::clone(&self.shown())
    }

    /// Decides a command, with a search beforehand if an order is to be placed.
    ///
    /// # Errors
    ///
    /// As [`Ledger::apply`](crate::ledger::Ledger::apply).
    pub fn apply(
        &self,
        at: Timestamp,
        command: Command,
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
        mut command: Command,
        then: impl FnOnce(Answer<Event, Refusal>) -> T,
    ) -> Result<T, CommandError<Malformed>> {
        if let Action::Place { order, proposal } = &mut command.action
            && proposal.is_none()
        {
            *proposal = self.shown().propose(order);
        }
        // Outside the lock as well: it reads nothing but the command.
        let body = Encoder::hash_of(&command.action);
        let mut shared = self.lock();
        let answer = shared.desk.apply_hashed(at, &command, body)?;
        self.publish(&mut shared);
        Ok(then(answer))
    }

    /// Lets pass what is due, and hands the step to `then`.
    ///
    /// # Errors
    ///
    /// [`CommandError::BeyondHorizon`].
    pub fn tick_then<T>(
        &self,
        at: Timestamp,
        then: impl FnOnce(Option<crate::desk::Step>) -> T,
    ) -> Result<T, CommandError<Malformed>> {
        let mut shared = self.lock();
        let step = shared.desk.tick(at)?;
        self.publish(&mut shared);
        Ok(then(step))
    }

    /// Reads the desk while nobody changes it.
    pub fn read<T>(&self, read: impl FnOnce(&Desk) -> T) -> T {
        read(&self.lock().desk)
    }

    /// The desk itself again.
    #[must_use]
    pub fn into_desk(self) -> Desk {
        let shared = self.shared.into_inner();
        let mut desk = shared.unwrap_or_else(PoisonError::into_inner).desk;
        desk.machine_mut().touched = None;
        desk
    }

    /// Tells those who look what has changed: first the rooms, then that something is better.
    fn publish(&self, shared: &mut Shared) {
        let Shared { desk, view } = shared;
        let counter = desk.machine_mut();
        let is_known = view.market.version == counter.market.version;
        // The rooms of a new version are told in place as well: sites come rarely, versions do not.
        let is_complete = view.rooms.by_place.len() == counter.places.len() as usize;
        if is_complete {
            for place in counter
                .touched
                .iter_mut()
                .flat_map(|touched| touched.drain(..))
            {
                view.rooms.tell(place, counter.places[place].room());
            }
            view.rooms.tell_gains(counter.gains);
        } else {
            view.rooms = Arc::new(Rooms::of(counter));
            counter.touched.iter_mut().for_each(Vec::clear);
        }
        if !(is_known && is_complete) {
            view.market = Arc::clone(&counter.market);
            let shown = Arc::new(view.clone());
            *self.view.write().unwrap_or_else(PoisonError::into_inner) = shown;
        }
    }

    fn shown(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, Box<Shared>> {
        lock_awake(&self.shared)
    }
}

/// Waits for a state machine, awake for as long as some commands take.
///
/// A command takes less than going to sleep and being woken. The standard mutex stays awake as well, but no longer
/// once anybody sleeps, and as every sleeper leaves it as it found it, two busy threads go on sleeping by turns: a
/// fifth of their time was spent in the kernel. Tries and pauses were chosen with two threads on two cores.
pub(crate) fn lock_awake<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    const TRIES: usize = 64;
    const PAUSES: usize = 8;
    for _ in 0..TRIES {
        match mutex.try_lock() {
            Ok(locked) => return locked,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => (0..PAUSES).for_each(|_| spin_loop()),
        }
    }
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for DeskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskHandle").finish_non_exhaustive()
    }
}
