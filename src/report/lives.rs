use std::collections::BTreeMap;

use crate::fulfil::dispatch::{Event, Step};
use crate::fulfil::{Life, Way};
use crate::id::OrderId;

/// How many parts (or orders that are whole) stand where in their lives: a row of `lives.csv`.
///
/// The header: `way,life,parts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LifeRow {
    /// `pickup` or `delivery`.
    pub way: Way,
    /// Where they stand, in snake case: `picked_up`.
    pub life: Life,
    /// How many.
    pub parts: u64,
}

/// What became of all parts, by the end of a dispatch's log: by the way, then by the state. Those that nobody is in
/// are left out. O(n log m) for n events about m parts.
///
/// ```
/// use std::sync::Arc;
///
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch, Terms};
/// use catchment::fulfil::{Life, Way};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::ledger::Answer;
/// use catchment::order::Order;
/// use catchment::report::{LifeRow, lives};
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(9))).build()?;
/// let mut dispatch = Dispatch::open(network, Terms::default());
/// let order = Arc::new(Order::new(OrderId(7), door));
/// let take = Command::new(CommandId(1), Action::Take { order, choice: Choice::Pickup, division: None });
/// if let Answer::Decided(step) = dispatch.apply(Timestamp::from_unix_millis(0), &take)? {
///     assert_eq!(lives([&step]), [LifeRow { way: Way::Pickup, life: Life::Accepted, parts: 1 }]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn lives<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Vec<LifeRow> {
    let mut parts: BTreeMap<OrderId, (Way, Life)> = BTreeMap::new();
    for event in steps.into_iter().flat_map(Step::all_events) {
        match event {
            Event::Taken { part, way, .. } => {
                parts.insert(*part, (*way, Life::FIRST));
            }
            Event::Turned { part, to, .. } => {
                if let Some((_, life)) = parts.get_mut(part) {
                    *life = *to;
                }
            }
            _ => {}
        }
    }
    let mut counts: BTreeMap<(Way, Life), u64> = BTreeMap::new();
    for state in parts.into_values() {
        *counts.entry(state).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|((way, life), parts)| LifeRow { way, life, parts })
        .collect()
}
