use core::fmt;
use core::time::Duration;

use crate::time::{TimeError, Timestamp};

/// A length of time in whole milliseconds. Serde form is the number.
///
/// ```
/// use catchment::time::{Span, Timestamp};
/// let hold = Span::from_minutes(15);
/// assert_eq!(hold.as_millis(), 900_000);
/// assert_eq!(hold.to_string(), "900 s");
/// let later = hold.after(Timestamp::from_unix_millis(0))?;
/// assert_eq!(later, Timestamp::from_unix_millis(900_000));
/// # Ok::<(), catchment::time::TimeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// So many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds as u64 * 1_000)
    }

    /// So many minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u32) -> Self {
        Self(minutes as u64 * 60_000)
    }

    /// So many hours.
    #[must_use]
    pub const fn from_hours(hours: u32) -> Self {
        Self(hours as u64 * 3_600_000)
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The instant so much later than `start`.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] past [`Timestamp::MAX`].
    pub fn after(self, start: Timestamp) -> Result<Timestamp, TimeError> {
        start.checked_add(Duration::from_millis(self.0))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1_000 {
            0 => write!(f, "{} s", self.0 / 1_000),
            millis => write!(f, "{}.{millis:03} s", self.0 / 1_000),
        }
    }
}
