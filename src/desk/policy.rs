use core::time::Duration;

use crate::plan::Preferences;
use crate::time::Timestamp;
use crate::units::Quantity;

/// How a desk decides. Fixed when it opens, except for what commands change.
///
/// More may be added: end with `..Policy::default()`.
///
/// ```
/// use core::time::Duration;
/// use catchment::desk::{Policy, Promise};
/// use catchment::plan::Preferences;
/// use catchment::units::Distance;
///
/// let policy = Policy {
///     promise: Promise::Tentative,
///     hold_for: Duration::from_secs(600),
///     preferences: Preferences { home: Distance::from_metres(400), ..Preferences::default() },
///     ..Policy::default()
/// };
/// assert_eq!(policy.attempts_max, 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Policy {
    /// What the buyer is told when. By default a [firm](Promise::Firm) site at once.
    pub promise: Promise,
    /// How long a hold waits for its confirmation. By default 15 minutes.
    pub hold_for: Duration,
    /// The window of the pickup, named by an instant in it: sites must be open then, and their capacity is that of
    /// their window. `None`: hours are not asked.
    pub open_at: Option<Timestamp>,
    /// What is worth how many metres. `home` is the loyalty between a customer and the leader who knows them.
    pub preferences: Preferences,
    /// Pieces of every article at every site that are not promised, but for what commands say of single sites and
    /// articles. By default 0.
    pub safety_stock: Quantity,
    /// How many sites may reject an order before it fails. By default 3.
    pub attempts_max: u8,
    /// How long a site that rejected an order gets no new ones. By default 10 minutes.
    pub cooling_off: Duration,
    /// The last instant that is believed, by default the end of the year 2099: it catches microseconds that are sent as
    /// milliseconds. A service does well to set it to the end of the evening.
    ///
    /// Commands and ticks after it are refused as [`BeyondHorizon`](crate::ledger::CommandError::BeyondHorizon), so a
    /// hold that would end later never ends by itself: leave at least `hold_for` and `cooling_off` after the last
    /// order. There is no other lower bound; a desk whose horizon has passed is opened, and decides nothing.
    pub horizon: Timestamp,
    /// How many of the cheapest sites a tentative order is weighed against at first; more are listed when these are
    /// full. By default 16.
    pub listed: usize,
}

/// When the buyer's site is final.
///
/// ```
/// assert_eq!(catchment::desk::Promise::default(), catchment::desk::Promise::Firm);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Promise {
    /// At once: the order is never moved, unless its site rejects it or closes.
    #[default]
    Firm,
    /// When it is announced: until then a place is certain and which one is not, so that the whole plan stays the best.
    Tentative,
}

/// 2099-12-31T23:59:59.999Z.
const END_OF_2099: Timestamp = Timestamp::from_unix_millis(4_102_444_799_999);

impl Default for Policy {
    /// Firm; holds of 15 minutes, 3 attempts, 10 minutes of cooling off, no safety stock, no preferences, hours not
    /// asked, instants until the end of 2099, 16 sites listed.
    fn default() -> Self {
        Self {
            promise: Promise::Firm,
            hold_for: Duration::from_secs(900),
            open_at: None,
            preferences: Preferences::default(),
            safety_stock: Quantity(0),
            attempts_max: 3,
            cooling_off: Duration::from_secs(600),
            horizon: END_OF_2099,
            listed: 16,
        }
    }
}
