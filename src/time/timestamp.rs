use core::fmt;
use core::time::Duration;

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (Unix time).
///
/// ```
/// use catchment::time::Timestamp;
/// use core::time::Duration;
/// let ten_at_night = Timestamp::from_unix_seconds(1_795_294_800)?;
/// let later = ten_at_night.checked_add(Duration::from_secs(90))?;
/// assert_eq!(later.as_unix_millis() - ten_at_night.as_unix_millis(), 90_000);
/// # Ok::<(), catchment::time::TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant so many milliseconds after (before, if negative) the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant so many seconds after (before, if negative) the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if the milliseconds do not fit 64 bits.
    pub const fn from_unix_seconds(seconds: i64) -> Result<Self, TimeError> {
        match seconds.checked_mul(1_000) {
            Some(millis) => Ok(Self(millis)),
            None => Err(TimeError::OutOfRange),
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// The instant `duration` later; fractions of a millisecond are dropped.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] past [`Timestamp::MAX`].
    pub fn checked_add(self, duration: Duration) -> Result<Self, TimeError> {
        i64::try_from(duration.as_millis())
            .ok()
            .and_then(|millis| self.0.checked_add(millis))
            .map(Self)
            .ok_or(TimeError::OutOfRange)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms since the Unix epoch", self.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}ms", self.0)
    }
}

/// An instant that can't be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// More than 2⁶³ milliseconds from the Unix epoch.
    #[error("the instant is more than 2^63 ms from the Unix epoch")]
    OutOfRange,
}
