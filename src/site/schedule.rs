use std::sync::Arc;

use crate::time::{Timestamp, Window};
use crate::units::Units;

/// One window in which a site is open, and how much it takes in it.
///
/// ```
/// use catchment::site::Opening;
/// use catchment::time::{Timestamp, Window};
/// use catchment::units::Units;
/// let at = Timestamp::from_unix_millis;
/// let window = Window::new(at(0), at(3_600_000))?;
/// assert_eq!(Opening::from(window).capacity, None);
/// let short = Opening { window, capacity: Some(Units(20)) };
/// assert!(short.window.contains(at(0)));
/// # Ok::<(), catchment::time::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Opening {
    /// When the site is open, in UTC.
    pub window: Window,
    /// What the site takes in this window; `None` is the site's own capacity. Zero is allowed: the door is open
    /// (parcels are handed out) and no new order comes in.
    #[cfg_attr(feature = "serde", serde(default))]
    pub capacity: Option<Units>,
}

impl From<Window> for Opening {
    /// An opening with the site's own capacity.
    fn from(window: Window) -> Self {
        Self {
            window,
            capacity: None,
        }
    }
}

/// When a site is open: always, or in a list of openings in the order of time, none of which overlap.
///
/// Openings may touch. They are not merged when they do, because each is a window with a capacity of its own: a
/// site open from 8 to 12 and from 12 to 18 takes its capacity twice a day. A schedule of no openings is never open.
///
/// A clone shares the list, so it is O(1). Local hours ("weekdays 9 to 21, closed at New Year") expand into a
/// schedule with the feature `tz`.
///
/// In serde form a schedule is `"always"` or `{"openings": [..]}`; a list is checked as in
/// [`from_openings`](Self::from_openings).
///
/// ```
/// use catchment::site::{Opening, Schedule};
/// use catchment::time::{Timestamp, Window};
/// let at = Timestamp::from_unix_millis;
/// let morning = Opening::from(Window::new(at(8), at(12))?);
/// let evening = Opening::from(Window::new(at(17), at(21))?);
/// let schedule = Schedule::from_openings([evening, morning])?;
/// assert!(schedule.is_open_at(at(8)));
/// assert!(!schedule.is_open_at(at(12)));
/// assert_eq!(schedule.next_opening_after(at(12)), Some(evening));
/// assert!(Schedule::default().is_open_at(at(12)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "RawSchedule", into = "RawSchedule")
)]
pub struct Schedule {
    /// `None` is always: the common case costs a network of a million sites no allocation.
    openings: Option<Arc<[Opening]>>,
}

impl Schedule {
    /// Open at every instant, with the site's own capacity: the default.
    ///
    /// ```
    /// use catchment::site::Schedule;
    /// use catchment::time::Timestamp;
    /// assert_eq!(Schedule::always(), Schedule::default());
    /// assert!(Schedule::always().is_open_at(Timestamp::MIN));
    /// ```
    #[must_use]
    pub const fn always() -> Self {
        Self { openings: None }
    }

    /// Open in these windows, given in any order. No windows at all is a site that is never open. O(n log n), O(n)
    /// if they come in the order of time.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::Overlap`] if two windows share an instant: the earliest such pair.
    ///
    /// ```
    /// use catchment::site::{Schedule, ScheduleError};
    /// use catchment::time::{Timestamp, Window};
    /// let at = Timestamp::from_unix_millis;
    /// let (first, second) = (Window::new(at(0), at(9))?, Window::new(at(8), at(12))?);
    /// assert_eq!(
    ///     Schedule::from_openings([second.into(), first.into()]),
    ///     Err(ScheduleError::Overlap { first, second })
    /// );
    /// # Ok::<(), catchment::time::WindowError>(())
    /// ```
    pub fn from_openings(
        openings: impl IntoIterator<Item = Opening>,
    ) -> Result<Self, ScheduleError> {
        let mut openings: Vec<Opening> = openings.into_iter().collect();
        openings.sort_by_key(|opening| opening.window);
        for pair in openings.windows(2) {
            let (first, second) = (pair[0].window, pair[1].window);
            if first.overlaps(second) {
                return Err(ScheduleError::Overlap { first, second });
            }
        }
        Ok(Self::from_disjoint(openings))
    }

    /// Openings known to come in the order of time and not to overlap.
    pub(super) fn from_disjoint(openings: Vec<Opening>) -> Self {
        let ends_before =
            |pair: &[Opening]| pair[0].window.closes_at() <= pair[1].window.opens_at();
        debug_assert!(openings.windows(2).all(ends_before));
        Self {
            openings: Some(openings.into()),
        }
    }

    /// Whether this is [`always`](Self::always) and not a list.
    ///
    /// ```
    /// use catchment::site::Schedule;
    /// assert!(!Schedule::from_openings([])?.is_always());
    /// # Ok::<(), catchment::site::ScheduleError>(())
    /// ```
    #[must_use]
    pub const fn is_always(&self) -> bool {
        self.openings.is_none()
    }

    /// The list in the order of time; empty if the site is never open, and if it [is always](Self::is_always). O(1).
    ///
    /// ```
    /// use catchment::site::Schedule;
    /// use catchment::time::{Timestamp, Window};
    /// let window = Window::new(Timestamp::MIN, Timestamp::MAX)?;
    /// assert_eq!(Schedule::from_openings([window.into()])?.openings(), [window.into()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn openings(&self) -> &[Opening] {
        self.openings.as_deref().unwrap_or_default()
    }

    /// Whether the site is open. O(log n).
    ///
    /// ```
    /// use catchment::site::Schedule;
    /// use catchment::time::Timestamp;
    /// let never = Schedule::from_openings([])?;
    /// assert!(!never.is_open_at(Timestamp::from_unix_millis(0)));
    /// # Ok::<(), catchment::site::ScheduleError>(())
    /// ```
    #[must_use]
    pub fn is_open_at(&self, at: Timestamp) -> bool {
        self.opening_at(at).is_some()
    }

    /// The opening in progress, or `None` if the site is closed. O(log n).
    ///
    /// For [`always`](Self::always) it is one opening from the first to the last instant, so that a caller who
    /// counts what a window has taken needs no special case.
    ///
    /// ```
    /// use catchment::site::{Opening, Schedule};
    /// use catchment::time::{Timestamp, Window};
    /// use catchment::units::Units;
    /// let at = Timestamp::from_unix_millis;
    /// let opening = Opening { window: Window::new(at(0), at(9))?, capacity: Some(Units(5)) };
    /// assert_eq!(Schedule::from_openings([opening])?.opening_at(at(8)), Some(opening));
    /// assert_eq!(Schedule::always().opening_at(at(8)).unwrap().capacity, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn opening_at(&self, at: Timestamp) -> Option<Opening> {
        let Some(openings) = &self.openings else {
            return Some(all_time());
        };
        let begun = begun_by(openings, at);
        let latest = *openings[..begun].last()?;
        latest.window.contains(at).then_some(latest)
    }

    /// The first opening that begins later than `at`, whether or not the site is open at `at`; `None` if there is none,
    /// as for [`always`](Self::always). O(log n).
    ///
    /// ```
    /// use catchment::site::{Opening, Schedule};
    /// use catchment::time::{Timestamp, Window};
    /// let at = Timestamp::from_unix_millis;
    /// let opening = Opening::from(Window::new(at(3), at(9))?);
    /// let schedule = Schedule::from_openings([opening])?;
    /// assert_eq!(schedule.next_opening_after(at(2)), Some(opening));
    /// assert_eq!(schedule.next_opening_after(at(3)), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next_opening_after(&self, at: Timestamp) -> Option<Opening> {
        let openings = self.openings();
        openings.get(begun_by(openings, at)).copied()
    }
}

/// How many openings have begun at or before the instant.
fn begun_by(openings: &[Opening], at: Timestamp) -> usize {
    openings.partition_point(|opening| opening.window.opens_at() <= at)
}

fn all_time() -> Opening {
    let window = Window::new(Timestamp::MIN, Timestamp::MAX);
    Opening::from(window.expect("the first instant comes before the last"))
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawSchedule {
    Always,
    Openings(Vec<Opening>),
}

#[cfg(feature = "serde")]
impl TryFrom<RawSchedule> for Schedule {
    type Error = ScheduleError;

    fn try_from(raw: RawSchedule) -> Result<Self, ScheduleError> {
        match raw {
            RawSchedule::Always => Ok(Self::always()),
            RawSchedule::Openings(openings) => Self::from_openings(openings),
        }
    }
}

#[cfg(feature = "serde")]
impl From<Schedule> for RawSchedule {
    fn from(schedule: Schedule) -> Self {
        match schedule.openings {
            None => Self::Always,
            Some(openings) => Self::Openings(openings.to_vec()),
        }
    }
}

/// Openings that make no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Two windows share an instant.
    #[error(
        "opening from {} to {} overlaps opening from {} to {} (unix time in ms)",
        .first.opens_at().as_unix_millis(),
        .first.closes_at().as_unix_millis(),
        .second.opens_at().as_unix_millis(),
        .second.closes_at().as_unix_millis()
    )]
    Overlap {
        /// The window that opens first (of two that open together, the one that closes first).
        first: Window,
        /// The window that opens before `first` closes.
        second: Window,
    },
}
