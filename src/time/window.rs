use crate::time::Timestamp;

/// A half-open span of time, `[opens_at, closes_at)`: it contains its start and not its end.
///
/// Two windows that touch therefore share no instant, and an order at exactly closing time is late.
///
/// ```
/// use catchment::time::{Timestamp, Window};
/// let at = Timestamp::from_unix_millis;
/// let evening = Window::new(at(1_000), at(2_000))?;
/// assert!(evening.contains(at(1_000)));
/// assert!(!evening.contains(at(2_000)));
/// assert!(Window::new(at(5), at(5)).is_err());
/// # Ok::<(), catchment::time::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "RawWindow"))]
pub struct Window {
    opens_at: Timestamp,
    closes_at: Timestamp,
}

impl Window {
    /// The span from `opens_at` (in) to `closes_at` (out).
    ///
    /// # Errors
    ///
    /// [`WindowError::Empty`] unless `opens_at < closes_at`.
    pub fn new(opens_at: Timestamp, closes_at: Timestamp) -> Result<Self, WindowError> {
        if opens_at < closes_at {
            Ok(Self {
                opens_at,
                closes_at,
            })
        } else {
            Err(WindowError::Empty {
                opens_at,
                closes_at,
            })
        }
    }

    /// The first instant inside.
    #[must_use]
    pub const fn opens_at(self) -> Timestamp {
        self.opens_at
    }

    /// The first instant after the window.
    #[must_use]
    pub const fn closes_at(self) -> Timestamp {
        self.closes_at
    }

    /// Whether the instant lies in the window.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.opens_at <= at && at < self.closes_at
    }

    /// Whether the two windows share an instant.
    ///
    /// ```
    /// use catchment::time::{Timestamp, Window};
    /// let at = Timestamp::from_unix_millis;
    /// let (first, second) = (Window::new(at(0), at(5))?, Window::new(at(5), at(9))?);
    /// assert!(!first.overlaps(second));
    /// # Ok::<(), catchment::time::WindowError>(())
    /// ```
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.opens_at < other.closes_at && other.opens_at < self.closes_at
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    opens_at: Timestamp,
    closes_at: Timestamp,
}

#[cfg(feature = "serde")]
impl TryFrom<RawWindow> for Window {
    type Error = WindowError;

    fn try_from(raw: RawWindow) -> Result<Self, WindowError> {
        Self::new(raw.opens_at, raw.closes_at)
    }
}

/// Two instants that make no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The end is not after the start.
    #[error("window from {opens_at} to {closes_at} holds no instant")]
    Empty {
        /// The start given.
        opens_at: Timestamp,
        /// The end given.
        closes_at: Timestamp,
    },
}
