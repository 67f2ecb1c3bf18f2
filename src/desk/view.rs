use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;

use crate::desk::counter::Counter;
use crate::desk::market::{Found, Market};
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::plan::Cost;

/// What can be known of a desk without waiting for it: a version of the network with its prices, and about how much
/// room there is.
///
/// ```
/// use catchment::desk::{Desk, DeskHandle, Policy};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
/// let desk = DeskHandle::new(Desk::open(network, Policy::default()));
/// let choices = desk.view().suggest(&Order::new(OrderId(1), door), 3);
/// assert_eq!(choices[0].0, SiteId(17));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct View {
    pub(super) market: Arc<Market>,
    pub(super) rooms: Arc<Rooms>,
}

/// About how much room each place has, as the writer last said, never less than it has, and how often anything had
/// become better.
#[derive(Debug)]
pub(super) struct Rooms {
    pub(super) by_place: Box<[AtomicU32]>,
    gains: AtomicU64,
}

/// What a [`View`] found for an order: see [`View::propose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub(super) found: Found,
    pub(super) home: Option<SiteId>,
    /// The version of the market that was asked.
    pub(super) version: u64,
    pub(super) gains: u64,
}

impl Rooms {
    pub(super) fn of(counter: &Counter) -> Self {
        Self {
            by_place: counter
                .places
                .iter()
                .map(|place| AtomicU32::new(rounded(place.room())))
                .collect(),
            gains: AtomicU64::new(counter.gains),
        }
    }

    /// Says how much room a place has now.
    ///
    /// What does not change is not written, and room is told roughly: whoever looks has to fetch each line anew that
    /// was written since.
    pub(super) fn tell(&self, place: u32, room: u32) {
        if let Some(told) = self.by_place.get(place as usize) {
            let room = rounded(room);
            if told.load(Ordering::Relaxed) != room {
                told.store(room, Ordering::Relaxed);
            }
        }
    }

    /// Says how often anything has become better, after the rooms.
    pub(super) fn tell_gains(&self, gains: u64) {
        if self.gains.load(Ordering::Relaxed) != gains {
            self.gains.store(gains, Ordering::Release);
        }
    }
}

/// Room as it is told: exact up to 15, above that rounded up to three significant bits. Rounded up, because a place
/// with more room than it has is only asked in vain; one with less would be passed over.
const fn rounded(room: u32) -> u32 {
    let spare = 32 - room.leading_zeros();
    if spare <= 4 {
        return room;
    }
    let step = 1 << (spare - 3);
    match room.checked_next_multiple_of(step) {
        Some(rounded) => rounded,
        None => u32::MAX,
    }
}

impl View {
    /// The cheapest sites with room, for a buyer to choose from (选择自提点), cheapest first. Nothing is held; stock is not
    /// asked.
    #[must_use]
    pub fn suggest(&self, order: &Order, wanted: usize) -> Vec<(SiteId, Cost)> {
        let has_room = |place: u32| self.has_room(order, place);
        let found = self
            .market
            .listed(order, order.home, wanted.max(1), has_room);
        let shown = found
            .iter()
            .map(|found| (found.site, Cost::from_millimetres(found.cost)));
        shown.take(wanted).collect()
    }

    /// Looks for the site that the desk would choose, to go with [`Action::Place`](crate::desk::Action::Place).
    ///
    /// Costs one search and no waiting. `None` if the desk has to look for itself.
    #[must_use]
    pub fn propose(&self, order: &Order) -> Option<Proposal> {
        if let Wish::Site(_) = order.wish {
            return None;
        }
        // Read before the search: what becomes better meanwhile makes the proposal void.
        let gains = self.rooms.gains.load(Ordering::Acquire);
        let found = self
            .market
            .cheapest(order, order.home, |place| self.has_room(order, place))?;
        Some(Proposal {
            found,
            home: order.home,
            version: self.market.version,
            gains,
        })
    }

    /// The version of the network that it shows.
    #[must_use]
    pub fn network(&self) -> &crate::site::Network {
        &self.market.network
    }

    fn has_room(&self, order: &Order, place: u32) -> bool {
        let room = self.rooms.by_place.get(place as usize);
        room.is_some_and(|room| room.load(Ordering::Relaxed) >= order.size.0)
    }
}

impl Proposal {
    /// The site that was found.
    #[must_use]
    pub const fn site(&self) -> SiteId {
        self.found.site
    }

    /// What it costs the order there.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        Cost::from_millimetres(self.found.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_exactly_when_it_is_short_and_never_too_small() {
        for (room, told) in [
            (0, 0),
            (1, 1),
            (15, 15),
            (16, 16),
            (17, 20),
            (33, 40),
            (40, 40),
            (1_000, 1_024),
            (u32::MAX, u32::MAX),
        ] {
            assert_eq!(rounded(room), told, "{room}");
        }
        for room in 0..100_000 {
            let told = rounded(room);
            assert!(told >= room && told - room <= room / 4, "{room} {told}");
            assert!(told <= rounded(room + 1), "{room}");
        }
    }
}
