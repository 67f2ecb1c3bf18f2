use core::fmt;

use crate::geo::{Address, Chord};
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::site::{Record, Site, SiteKind, SiteStatus, Tag, Tags};
use crate::time::Timestamp;
use crate::units::{Distance, Units};

/// What a site must fulfil to be eligible.
///
/// The default asks what every order asks: the site is open (not paused), has room for size 1 at all, and its
/// service area contains the address. [`for_order`](Self::for_order) asks what one order asks; each method adds one
/// demand. The demands are checked in this order, and the first that fails is the one that an explanation names:
/// status, chosen site, kind, capacity, tags, hours, distance, service area, predicate.
///
/// Capacity is what the site can take in the window when nothing is there yet; how much room is *left* is the
/// business of plans and desks. So a site of capacity 0, whose door is open and which takes no new order, is found
/// only with [`size`](Self::size) 0.
///
/// ```
/// use catchment::candidates::Filter;
/// use catchment::site::{SiteKind, Tag, Tags};
/// use catchment::units::Distance;
///
/// let frozen_goods = Filter::default()
///     .kind(SiteKind::Store)
///     .tags(Tags::of(&[Tag::FROZEN]))
///     .max_distance(Distance::from_metres(2_000))
///     .matching(&|site| site.id.0 != 13);
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Filter<'a> {
    pub(super) chosen: Option<SiteId>,
    pub(super) kind: Option<SiteKind>,
    pub(super) size: Units,
    pub(super) tags: Tags,
    pub(super) open_at: Option<Timestamp>,
    pub(super) max_distance: Option<Distance>,
    predicate: Option<&'a Predicate<'a>>,
}

/// A demand of the caller's own, asked from many threads at once.
type Predicate<'a> = dyn Fn(&Site) -> bool + Sync + 'a;

/// The demands in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Status,
    Chosen,
    Kind,
    Capacity,
    Tags,
    Hours,
    Distance,
    Area,
    Predicate,
}

impl<'a> Filter<'a> {
    /// What the order asks of a site: room for its size, its required tags, and the buyer's wish.
    ///
    /// A wish for a [`Site`](Wish::Site) lets only that site pass, [`Within`](Wish::Within) sets
    /// [`max_distance`](Self::max_distance), and [`Deliver`](Wish::Deliver) requires [`Tag::DELIVERY`]. Lines are not
    /// asked (a filter knows no stock), nor is the hour: add it with [`open_at`](Self::open_at).
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::{Order, Wish};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), at(121.40)?, Units(60)))
    ///     .site(Site::leader(SiteId(2), at(121.42)?, Units(60)))
    ///     .build()?;
    /// let mut order = Order::new(OrderId(4711), at(121.40)?);
    /// order.wish = Wish::Site(SiteId(2));
    ///
    /// let filter = Filter::for_order(&order);
    /// let chosen = network.nearest_eligible_site(order.position, &filter);
    /// assert_eq!(chosen.map(|found| found.site), Some(SiteId(2)));
    /// let why = network.explain(order.position, 1, &filter);
    /// assert_eq!(why[0].to_string(), "site 1 at 0 m: not chosen: the buyer wants site 2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_order(order: &Order) -> Self {
        let filter = Self::default().size(order.size).tags(order.required_tags);
        match order.wish {
            Wish::Any => filter,
            Wish::Site(chosen) => Self {
                chosen: Some(chosen),
                ..filter
            },
            Wish::Within(limit) => filter.max_distance(limit),
            Wish::Deliver => filter.tags(order.required_tags.with(Tag::DELIVERY)),
        }
    }

    /// Only stores, or only leaders.
    pub fn kind(self, kind: SiteKind) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }

    /// Only sites that can take an order of this size at all.
    pub fn size(self, size: Units) -> Self {
        Self { size, ..self }
    }

    /// Only sites that offer all of these.
    pub fn tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// Only sites whose schedule is open at this instant. Without this, hours are not asked.
    ///
    /// It also decides which capacity is asked: that of the window which is open then, if it has one of its own.
    /// Outside all windows it is the site's, and as capacity comes before hours, a site that is too small *and*
    /// closed is reported as too small.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Opening, Schedule, Site};
    /// use catchment::time::{Timestamp, Window};
    /// use catchment::units::Units;
    ///
    /// let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
    /// let evening = Opening { window: Window::new(hour(17), hour(21))?, capacity: Some(Units(5)) };
    /// let door = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// let mut leader = Site::leader(SiteId(17), door, Units(60));
    /// leader.schedule = Schedule::from_openings([evening])?;
    /// let network = Network::builder().site(leader).build()?;
    ///
    /// let why = |filter: Filter<'_>| network.explain(door, 1, &filter)[0].verdict.to_string();
    /// let large = Filter::default().size(Units(6));
    /// assert_eq!(why(large), "eligible");
    /// assert_eq!(why(large.open_at(hour(18))), "too small: size 6 > capacity 5");
    /// assert_eq!(
    ///     why(large.open_at(hour(12))),
    ///     "closed at 1970-01-01T12:00:00Z, opens at 1970-01-01T17:00:00Z",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_at(self, at: Timestamp) -> Self {
        Self {
            open_at: Some(at),
            ..self
        }
    }

    /// Only sites no farther than this; one at exactly this distance is eligible.
    pub fn max_distance(self, max_distance: Distance) -> Self {
        Self {
            max_distance: Some(max_distance),
            ..self
        }
    }

    /// Only sites for which `predicate` holds. It is asked last, possibly from many threads, and must always
    /// give the same answer for the same site.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let door = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// let sites = [1, 2].map(|id| Site::store(SiteId(id), door, Units(10)));
    /// let network = Network::builder().sites(sites).build()?;
    /// let tried = [SiteId(1)];
    /// let untried = |site: &Site| !tried.contains(&site.id);
    /// let next = network.nearest_eligible_site(door, &Filter::default().matching(&untried));
    /// assert_eq!(next.map(|found| found.site), Some(SiteId(2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matching(self, predicate: &'a Predicate<'a>) -> Self {
        Self {
            predicate: Some(predicate),
            ..self
        }
    }

    /// Whether the caller's own demand is met, if there is one.
    pub(crate) fn predicate_holds(&self, site: &Site) -> bool {
        self.predicate.is_none_or(|holds| holds(site))
    }

    /// The first demand that the site does not meet for this address.
    #[inline]
    pub(crate) fn first_unmet(
        &self,
        record: &Record,
        address: &Address,
        chord: Chord,
    ) -> Option<Demand> {
        let site = &record.site;
        if let Some(demand) = self.first_unmet_anywhere(site) {
            Some(demand)
        } else if self
            .max_distance
            .is_some_and(|limit| chord.distance() > limit)
        {
            Some(Demand::Distance)
        } else if !record.area.contains(address, chord) {
            Some(Demand::Area)
        } else if !self.predicate_holds(site) {
            Some(Demand::Predicate)
        } else {
            None
        }
    }

    /// Whether any open site with room for a unit will do that serves the address.
    #[inline]
    pub(crate) fn asks_nothing_more(&self) -> bool {
        self.chosen.is_none()
            && self.kind.is_none()
            && self.size <= Units(1)
            && self.tags.is_empty()
            && self.open_at.is_none()
            && self.max_distance.is_none()
            && self.predicate.is_none()
    }

    /// The first demand that the site meets for no address at all.
    #[inline]
    pub(crate) fn first_unmet_anywhere(&self, site: &Site) -> Option<Demand> {
        if site.status == SiteStatus::Paused {
            Some(Demand::Status)
        } else if self.chosen.is_some_and(|chosen| chosen != site.id) {
            Some(Demand::Chosen)
        } else if self.kind.is_some_and(|kind| kind != site.kind) {
            Some(Demand::Kind)
        } else if self.capacity_of(site) < self.size {
            Some(Demand::Capacity)
        } else if !site.tags.contains_all(self.tags) {
            Some(Demand::Tags)
        } else if self.open_at.is_some_and(|at| !site.schedule.is_open_at(at)) {
            Some(Demand::Hours)
        } else {
            None
        }
    }

    /// What the site takes in the window that is asked for.
    pub(crate) fn capacity_of(&self, site: &Site) -> Units {
        let opening = self.open_at.and_then(|at| site.schedule.opening_at(at));
        opening
            .and_then(|opening| opening.capacity)
            .unwrap_or(site.capacity)
    }
}

impl Default for Filter<'_> {
    fn default() -> Self {
        Self {
            chosen: None,
            kind: None,
            size: Units(1),
            tags: Tags::default(),
            open_at: None,
            max_distance: None,
            predicate: None,
        }
    }
}

impl fmt::Debug for Filter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("chosen", &self.chosen)
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("tags", &self.tags)
            .field("open_at", &self.open_at)
            .field("max_distance", &self.max_distance)
            .field("predicate", &self.predicate.map(|_| "…"))
            .finish()
    }
}
