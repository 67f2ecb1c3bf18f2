use core::fmt;

use crate::geo::{Address, Chord};
use crate::site::{Record, Site, SiteKind, SiteStatus, Tags};
use crate::time::Timestamp;
use crate::units::{Distance, Units};

/// What a site must fulfil to be eligible.
///
/// The default asks what every order asks: the site is open (not paused), has room for size 1 at all, and its
/// service area contains the address. Each method adds one demand. The demands are checked in this order, and
/// the first that fails is the one that an explanation names: status, kind, capacity, tags, hours, distance,
/// service area, predicate.
///
/// Capacity is what the site can take in the window when nothing is there yet; how much room is *left* is the
/// business of plans and desks.
///
/// ```
/// use catchment::candidates::Filter;
/// use catchment::site::{SiteKind, Tag, Tags};
/// use catchment::units::Distance;
///
/// let frozen_goods = Filter::default()
///     .kind(SiteKind::Store)
///     .tags(Tags::from_iter([Tag::FROZEN]))
///     .max_distance(Distance::from_metres(2_000))
///     .matching(&|site| site.id.0 != 13);
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Filter<'a> {
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
pub(super) enum Demand {
    Status,
    Kind,
    Capacity,
    Tags,
    Hours,
    Distance,
    Area,
    Predicate,
}

impl<'a> Filter<'a> {
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
    pub fn matching(self, predicate: &'a Predicate<'a>) -> Self {
        Self {
            predicate: Some(predicate),
            ..self
        }
    }

    /// The first demand that the site does not meet for this address.
    #[inline]
    pub(super) fn first_unmet(
        &self,
        record: &Record,
        address: &Address,
        chord: Chord,
    ) -> Option<Demand> {
        let site = &record.site;
        if site.status == SiteStatus::Paused {
            Some(Demand::Status)
        } else if self.kind.is_some_and(|kind| kind != site.kind) {
            Some(Demand::Kind)
        } else if self.capacity_of(site) < self.size {
            Some(Demand::Capacity)
        } else if !site.tags.contains_all(self.tags) {
            Some(Demand::Tags)
        } else if self.open_at.is_some_and(|at| !site.schedule.is_open_at(at)) {
            Some(Demand::Hours)
        } else if self
            .max_distance
            .is_some_and(|limit| chord.distance() > limit)
        {
            Some(Demand::Distance)
        } else if !record.area.contains(address, chord) {
            Some(Demand::Area)
        } else if self.predicate.is_some_and(|holds| !holds(site)) {
            Some(Demand::Predicate)
        } else {
            None
        }
    }

    /// What the site takes in the window that is asked for.
    pub(super) fn capacity_of(&self, site: &Site) -> Units {
        let opening = self.open_at.and_then(|at| site.schedule.opening_at(at));
        opening
            .and_then(|opening| opening.capacity)
            .unwrap_or(site.capacity)
    }
}

impl Default for Filter<'_> {
    fn default() -> Self {
        Self {
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
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("tags", &self.tags)
            .field("open_at", &self.open_at)
            .field("max_distance", &self.max_distance)
            .field("predicate", &self.predicate.map(|_| "…"))
            .finish()
    }
}
