use crate::id::SiteId;
use crate::plan::Cost;
use crate::site::{Site, SiteKind, Tags};
use crate::units::{Distance, Quantity, Units};

/// A site that may fill an order, and what the rules ask about it.
///
/// ```
/// use catchment::fulfil::Contender;
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::site::Site;
/// use catchment::units::{Distance, Units};
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let store = Site::store(SiteId(1), door, Units(500));
/// let contender = Contender { room: Some(Units(12)), ..Contender::of(&store, Distance::from_metres(650)) };
/// assert_eq!(contender.stock, None); // not known: no rule holds that against it
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Contender {
    /// Which site.
    pub site: SiteId,
    /// Store or leader.
    pub kind: SiteKind,
    /// What it offers.
    pub tags: Tags,
    /// How far it is from the address.
    pub distance: Distance,
    /// How much it still takes, if that is known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub room: Option<Units>,
    /// Pieces of the order that it has, all lines summed, if that is known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub stock: Option<Quantity>,
}

impl Contender {
    /// A site at this distance, of which neither room nor stock is known.
    #[must_use]
    pub const fn of(site: &Site, distance: Distance) -> Self {
        Self {
            site: site.id,
            kind: site.kind,
            tags: site.tags,
            distance,
            room: None,
            stock: None,
        }
    }
}

/// A rule that puts some sites before others. Between sites that it puts equal the next rule decides.
///
/// A rule *abstains* from an order if it does not know of every site what it asks for: then it puts all equal, because
/// an opinion about some of them is no order of all.
///
/// In serde form for example `"home"`, `{"kind": "store"}` or `{"bucket": 500000}`, in millimetres.
///
/// ```
/// use catchment::fulfil::RankBy;
/// use catchment::site::SiteKind;
/// assert_ne!(RankBy::Kind(SiteKind::Store), RankBy::Kind(SiteKind::Leader));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RankBy {
    /// Sites of this kind first.
    Kind(SiteKind),
    /// Sites first that offer all of these; at least one tag.
    Tags(Tags),
    /// The order's home leader first. Abstains if the order has none.
    Home,
    /// These sites first, in this sequence, each once; all others after them.
    Sites(Vec<SiteId>),
    /// The nearer bucket first: a bucket is so wide and begins with its lower end. At least a millimetre.
    Bucket(Distance),
    /// The most pieces of the order first. Abstains if the stock of a site is not known.
    Stock,
    /// The most room first. Abstains if the room of a site is not known.
    Room,
}

impl RankBy {
    /// The place of a site under this rule, 0 being best; `None` if the rule does not know.
    pub(super) fn place(&self, contender: &Contender, home: Option<SiteId>) -> Option<u64> {
        let first_if = |holds: bool| Some(u64::from(!holds));
        let most = |count: u32| u64::from(u32::MAX - count);
        match self {
            Self::Kind(kind) => first_if(contender.kind == *kind),
            Self::Tags(tags) => first_if(contender.tags.contains_all(*tags)),
            Self::Home => first_if(home? == contender.site),
            Self::Sites(sites) => {
                let named = sites.iter().position(|site| *site == contender.site);
                Some(named.unwrap_or(sites.len()) as u64)
            }
            Self::Bucket(width) => contender
                .distance
                .as_millimetres()
                .checked_div(width.as_millimetres()),
            Self::Stock => contender.stock.map(|pieces| most(pieces.0)),
            Self::Room => contender.room.map(|room| most(room.0)),
        }
    }
}

/// What a site must meet. What is not known of a site is not held against it.
///
/// In serde form for example `{"kind": "store"}` or `{"within": 3000000}`, in millimetres.
///
/// ```
/// use catchment::fulfil::Condition;
/// use catchment::units::Distance;
/// let near = Condition::Within(Distance::from_metres(3_000));
/// assert_ne!(near, Condition::Within(Distance::from_metres(5_000)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Condition {
    /// It is of this kind.
    Kind(SiteKind),
    /// It offers all of these; at least one tag.
    Tags(Tags),
    /// It is at most so far away.
    Within(Distance),
    /// It takes at least so much, 1 or more.
    Room(Units),
    /// It has at least so many pieces of the order, 1 or more.
    Stock(Quantity),
    /// It is one of these.
    Among(Vec<SiteId>),
    /// It is none of these.
    Not(Vec<SiteId>),
}

impl Condition {
    pub(super) fn is_met(&self, contender: &Contender) -> bool {
        match self {
            Self::Kind(kind) => contender.kind == *kind,
            Self::Tags(tags) => contender.tags.contains_all(*tags),
            Self::Within(limit) => contender.distance <= *limit,
            Self::Room(least) => contender.room.is_none_or(|room| room >= *least),
            Self::Stock(least) => contender.stock.is_none_or(|stock| stock >= *least),
            Self::Among(sites) => sites.contains(&contender.site),
            Self::Not(sites) => !sites.contains(&contender.site),
        }
    }
}

/// The sites that may fill an order, the best first, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Ranking {
    /// The best first.
    pub ranked: Vec<Ranked>,
    /// Who may not, in the sequence in which they were given.
    pub excluded: Vec<Excluded>,
    /// The soft rules that were relaxed: places in the list of soft rules, each broken by some ranked site.
    pub relaxed: Vec<usize>,
}

/// A site in its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Ranked {
    /// Which.
    pub site: SiteId,
    /// How far it is.
    pub distance: Distance,
    /// The distance with all preferences.
    pub cost: Cost,
    /// Why it is before the next.
    pub ahead: Ahead,
}

/// Why a site is before the next one.
///
/// ```
/// use catchment::fulfil::Ahead;
/// assert_eq!(Ahead::Rule(2).to_string(), "rank[2]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Ahead {
    /// This rule of the list says so, and those before it put both equal.
    Rule(usize),
    /// It costs less; all rules put both equal.
    Cost,
    /// Its id is smaller; all else is equal.
    Id,
    /// There is no next one.
    OfNobody,
}

impl core::fmt::Display for Ahead {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Rule(place) => write!(f, "rank[{place}]"),
            Self::Cost => f.pad("cost"),
            Self::Id => f.pad("id"),
            Self::OfNobody => f.pad("last"),
        }
    }
}

/// A site that may not fill the order, with the first rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Excluded {
    /// Which.
    pub site: SiteId,
    /// By what.
    pub by: ExcludedBy,
}

/// A rule that excludes.
///
/// ```
/// use catchment::fulfil::ExcludedBy;
/// assert_eq!(ExcludedBy::Hard(2).to_string(), "hard[2]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ExcludedBy {
    /// The hard rule at this place of their list.
    Hard(usize),
    /// The soft rule at this place of theirs.
    Soft(usize),
}

impl core::fmt::Display for ExcludedBy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Hard(place) => write!(f, "hard[{place}]"),
            Self::Soft(place) => write!(f, "soft[{place}]"),
        }
    }
}
