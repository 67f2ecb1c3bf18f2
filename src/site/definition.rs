use crate::geo::{Position, ServiceArea};
use crate::id::SiteId;
use crate::site::{Schedule, Tags};
use crate::units::Units;

/// A pickup point: a place where orders can be fetched.
///
/// A site starts open, serving everywhere, at all hours, with nothing special to offer; set the fields that differ.
///
/// ```
/// use catchment::geo::{LngLat, Position, ServiceArea};
/// use catchment::id::SiteId;
/// use catchment::site::{Site, Tag, Tags};
/// use catchment::units::{Distance, Units};
///
/// let door = Position::new(LngLat { lng: 121.4737, lat: 31.2304 })?;
/// let mut leader = Site::leader(SiteId(17), door, Units(60));
/// leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
/// leader.tags = Tags::from_iter([Tag::COLD_CHAIN]);
/// leader.supplied_by = Some(SiteId(1));
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Site {
    /// The caller's number for it, unique in a network.
    pub id: SiteId,
    /// Store or leader: asked by `Filter::kind` and by the check of `supplied_by`.
    pub kind: SiteKind,
    /// Where customers come to.
    pub position: Position,
    /// How much it takes in one window, unless its schedule says otherwise for that window.
    pub capacity: Units,
    /// Whether it takes orders at all at the moment.
    #[cfg_attr(feature = "serde", serde(default))]
    pub status: SiteStatus,
    /// Which addresses it may serve.
    #[cfg_attr(feature = "serde", serde(default))]
    pub area: ServiceArea,
    /// What it offers.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Tags,
    /// The store whose stock a leader draws on. A network checks that it is one of its stores and that no store has a
    /// supplier; no look-up asks for it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub supplied_by: Option<SiteId>,
    /// When it is open, with the capacity of each interval.
    #[cfg_attr(feature = "serde", serde(default))]
    pub schedule: Schedule,
}

impl Site {
    /// A store (门店) that takes `capacity` in one window.
    #[must_use]
    pub fn store(id: SiteId, position: Position, capacity: Units) -> Self {
        Self::new(SiteKind::Store, id, position, capacity)
    }

    /// A community leader (团长) who takes `capacity` in one window.
    #[must_use]
    pub fn leader(id: SiteId, position: Position, capacity: Units) -> Self {
        Self::new(SiteKind::Leader, id, position, capacity)
    }

    fn new(kind: SiteKind, id: SiteId, position: Position, capacity: Units) -> Self {
        Self {
            id,
            kind,
            position,
            capacity,
            status: SiteStatus::default(),
            area: ServiceArea::default(),
            tags: Tags::default(),
            supplied_by: None,
            schedule: Schedule::default(),
        }
    }
}

/// What a pickup point is.
///
/// ```
/// use catchment::site::SiteKind;
/// assert_eq!(SiteKind::Leader.to_string(), "leader");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SiteKind {
    /// A shop of the retailer's (门店), with stock of its own.
    Store,
    /// A community leader (团长): a neighbour who hands out parcels, supplied by a store.
    Leader,
}

impl core::fmt::Display for SiteKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Store => "store",
            Self::Leader => "leader",
        })
    }
}

/// Whether a site takes orders.
///
/// ```
/// use catchment::site::SiteStatus;
/// assert_eq!(SiteStatus::default(), SiteStatus::Open);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SiteStatus {
    /// It does, within its hours.
    #[default]
    Open,
    /// It does not until further notice, whatever its hours; it keeps its place in the network.
    Paused,
}
