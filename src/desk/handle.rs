use core::fmt;
use core::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::desk::view::Rooms;
use crate::desk::{Action, Command, Desk, Event, Malformed, Refusal, View};
use crate::ledger::{Answer, CommandError};
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
    desk: Mutex<Desk>,
    view: RwLock<View>,
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
            desk: Mutex::new(desk),
            view: RwLock::new(view),
        }
    }

    /// What is known now, for looking without waiting. Two reference counts.
    #[must_use]
    pub fn view(&self) -> View {
        self.view
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
            *proposal = self.view().propose(order);
        }
        let mut desk = self.lock();
        let answer = desk.apply(at, &command)?;
        self.publish(&mut desk);
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
        let mut desk = self.lock();
        let step = desk.tick(at)?;
        self.publish(&mut desk);
        Ok(then(step))
    }

    /// Reads the desk while nobody changes it.
    pub fn read<T>(&self, read: impl FnOnce(&Desk) -> T) -> T {
        read(&self.lock())
    }

    /// The desk itself again.
    #[must_use]
    pub fn into_desk(self) -> Desk {
        let mut desk = self
            .desk
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        desk.machine_mut().touched = None;
        desk
    }

    /// Tells those who look what has changed: first the rooms, then that something is better.
    fn publish(&self, desk: &mut Desk) {
        let counter = desk.machine_mut();
        let mut touched = counter.touched.take().unwrap_or_default();
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        if view.market.version == counter.market.version {
            for place in touched.drain(..) {
                if let Some(room) = view.rooms.by_place.get(place as usize) {
                    room.store(counter.places[place].room(), Ordering::Relaxed);
                }
            }
            view.rooms.gains.store(counter.gains, Ordering::Release);
        } else {
            drop(view);
            let next = View {
                market: Arc::clone(&counter.market),
                rooms: Arc::new(Rooms::of(counter)),
            };
            *self.view.write().unwrap_or_else(PoisonError::into_inner) = next;
            touched.clear();
        }
        counter.touched = Some(touched);
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DeskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskHandle").finish_non_exhaustive()
    }
}
