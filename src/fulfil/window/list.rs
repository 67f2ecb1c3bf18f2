use crate::faults::Faults;
use crate::ledger::{Canonical, Encoder};
use crate::limits::Limits;
use crate::time::{Timestamp, Window};

/// A span of time in which orders are brought, and the last instant at which they can be ordered for it (截单时间).
///
/// ```
/// use catchment::fulfil::DeliveryWindow;
/// use catchment::time::{Timestamp, Window};
/// let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
/// let evening = DeliveryWindow { window: Window::new(hour(18), hour(20))?, order_by: hour(17) };
/// assert!(evening.takes_orders_at(hour(17)));
/// assert!(!evening.takes_orders_at(hour(18)));
/// # Ok::<(), catchment::time::WindowError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct DeliveryWindow {
    /// From the first instant at which an order may arrive to the first at which it is late.
    pub window: Window,
    /// The cut-off: the last instant at which it can be ordered, itself included.
    pub order_by: Timestamp,
}

impl DeliveryWindow {
    /// Whether the cut-off is not past.
    #[must_use]
    pub fn takes_orders_at(&self, at: Timestamp) -> bool {
        at <= self.order_by
    }
}

/// All windows of a fleet, the earliest first. They may overlap; no two are the same span.
///
/// Serde form is the list.
///
/// ```
/// use catchment::fulfil::{DeliveryWindow, DeliveryWindows};
/// use catchment::limits::Limits;
/// use catchment::time::{Timestamp, Window};
/// let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
/// let slot = |from: i64| -> Result<_, catchment::time::WindowError> {
///     Ok(DeliveryWindow { window: Window::new(hour(from), hour(from + 2))?, order_by: hour(from - 1) })
/// };
/// let windows = DeliveryWindows::new([slot(20)?, slot(18)?], &Limits::default())?;
/// assert_eq!(windows.as_slice()[0], slot(18)?);
/// assert_eq!(windows.find(slot(20)?.window), Some(&slot(20)?));
///
/// let twice = DeliveryWindows::new([slot(18)?, slot(18)?], &Limits::default());
/// assert_eq!(
///     twice.unwrap_err().to_string(),
///     "1 fault: window from 1970-01-01T18:00:00Z to 1970-01-01T20:00:00Z is there twice",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(try_from = "Vec<DeliveryWindow>", into = "Vec<DeliveryWindow>")
)]
pub struct DeliveryWindows {
    /// In the order of their opening, then of their closing.
    list: Vec<DeliveryWindow>,
}

impl DeliveryWindows {
    /// The windows, given in any order. O(n log n).
    ///
    /// # Errors
    ///
    /// [`WindowFaults`]: all that is wrong, in the order of the windows.
    pub fn new(
        windows: impl IntoIterator<Item = DeliveryWindow>,
        limits: &Limits,
    ) -> Result<Self, WindowFaults> {
        let limit = limits.windows_max;
        let mut list: Vec<DeliveryWindow> =
            windows.into_iter().take(limit.saturating_add(1)).collect();
        let mut faults = WindowFaults::none();
        if list.len() > limit {
            faults.push(WindowFault::TooMany { limit });
            faults.into_result()?;
            return Ok(Self::default());
        }
        list.sort_unstable();
        for pair in list.windows(2) {
            if pair[0].window == pair[1].window {
                faults.push(WindowFault::Repeated {
                    window: pair[0].window,
                });
            }
        }
        for late in list
            .iter()
            .filter(|slot| slot.order_by >= slot.window.closes_at())
        {
            faults.push(WindowFault::LateCutOff {
                window: late.window,
                order_by: late.order_by,
            });
        }
        faults.into_result().map(|()| Self { list })
    }

    /// The list, the earliest first.
    #[must_use]
    pub fn as_slice(&self) -> &[DeliveryWindow] {
        &self.list
    }

    /// The window with this span. O(log n).
    #[must_use]
    pub fn find(&self, window: Window) -> Option<&DeliveryWindow> {
        self.index(window).map(|index| &self.list[index])
    }

    /// Where a window is in the list.
    pub(crate) fn index(&self, window: Window) -> Option<usize> {
        self.list
            .binary_search_by_key(&window, |slot| slot.window)
            .ok()
    }
}

impl Canonical for DeliveryWindows {
    fn encode(&self, to: &mut Encoder) {
        to.len(self.list.len());
        for slot in &self.list {
            to.i64(slot.window.opens_at().as_unix_millis());
            to.i64(slot.window.closes_at().as_unix_millis());
            to.i64(slot.order_by.as_unix_millis());
        }
    }
}

impl TryFrom<Vec<DeliveryWindow>> for DeliveryWindows {
    type Error = WindowFaults;

    /// Within the default limits.
    fn try_from(list: Vec<DeliveryWindow>) -> Result<Self, WindowFaults> {
        Self::new(list, &Limits::default())
    }
}

impl From<DeliveryWindows> for Vec<DeliveryWindow> {
    fn from(windows: DeliveryWindows) -> Self {
        windows.list
    }
}

/// Everything that is wrong with a list of delivery windows.
pub type WindowFaults = Faults<WindowFault>;

/// One thing wrong with a list of delivery windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowFault {
    /// More windows than the limit. Nothing else was looked at.
    #[error("more than {limit} windows")]
    TooMany {
        /// [`Limits::windows_max`].
        limit: usize,
    },
    /// Two windows are the same span.
    #[error("window from {} to {} is there twice", window.opens_at(), window.closes_at())]
    Repeated {
        /// Which.
        window: Window,
    },
    /// Orders would be taken when the window has closed.
    #[error("window from {} to {} takes orders until {order_by}", window.opens_at(), window.closes_at())]
    LateCutOff {
        /// Which.
        window: Window,
        /// Its cut-off.
        order_by: Timestamp,
    },
}
