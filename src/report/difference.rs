use core::cmp::Reverse;
use core::fmt;

use crate::candidates::{Rejection, Verdict};
use crate::id::{DisplayWith, Names, Numbers, OrderId, SiteId};
use crate::order::Order;
use crate::plan::{Assigned, Cost, SiteLoad, Total};
use crate::report::plan::filter_of;
use crate::report::{Align, Report, Table};
use crate::site::Network;

/// What changed from one plan to another: who moved, why, and what it cost. `Display` is a table by cause.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::report::{Report, Why};
/// use catchment::site::{Change, Network, Site};
/// use catchment::units::Units;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let monday = Network::builder()
///     .site(Site::leader(SiteId(1), at(121.40)?, Units(60)))
///     .site(Site::leader(SiteId(2), at(121.41)?, Units(60)))
///     .build()?;
/// let tuesday = monday.with_changes([Change::Close(SiteId(1))])?;
/// let orders = [Order::new(OrderId(7), at(121.40)?)];
/// let (before, after) = (Router::new(&monday).route(&orders)?, Router::new(&tuesday).route(&orders)?);
/// let before = Report::of(&monday, &orders, &before)?;
/// let after = Report::of(&tuesday, &orders, &after)?;
///
/// let difference = after.difference_from(&before);
/// assert_eq!(difference.moves[0].why, Why::SiteGone);
/// assert_eq!(difference.moves[0].to_string(), "order 7 goes from site 1 to site 2, 951 m farther: the site is gone");
/// assert!(before.difference_from(&before).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Difference {
    /// The value of the plan before.
    pub before: Total,
    /// The value of the plan after.
    pub after: Total,
    /// The orders of both plans that go elsewhere, by id. An order that stays at a site which has itself moved is not
    /// among them.
    pub moves: Vec<Move>,
    /// The orders of the first plan alone, by id.
    pub only_before: Vec<OrderId>,
    /// The orders of the second plan alone, by id.
    pub only_after: Vec<OrderId>,
    /// The sites whose load or capacity has changed, by id.
    pub loads: Vec<LoadChange>,
}

/// An order that goes elsewhere, or nowhere any more, or somewhere at last. `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Move {
    /// Which.
    pub order: OrderId,
    /// Where it went; `None` is nowhere.
    pub from: Option<Assigned>,
    /// Where it goes; `None` is nowhere.
    pub to: Option<Assigned>,
    /// Why: the first of the reasons, in the order in which they are listed, that applies.
    pub why: Why,
}

/// Why an order moved, from what can be seen of both plans.
///
/// ```
/// use catchment::report::Why;
/// assert_eq!((Why::GaveWay.name(), Why::GaveWay.to_string()), ("gave_way", "it gave way to others".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Why {
    /// The address of the order is another one.
    AddressChanged,
    /// The network does not have the site any more.
    SiteGone,
    /// The site may not take the order any more.
    Refused(Rejection),
    /// It went nowhere before.
    PlaceFound,
    /// It goes nowhere, because others have its place.
    PlaceLost,
    /// It goes to a site that is new, or might not take it before, and costs no more there.
    SiteNew,
    /// It costs less where it goes: room has become free there.
    RoomFound,
    /// It costs more where it goes: others have its place, who would lose more without it.
    GaveWay,
    /// It costs the same.
    AsGood,
}

/// A site before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct LoadChange {
    /// Which.
    pub site: SiteId,
    /// What it had; `None` if the network did not have it.
    pub before: Option<SiteLoad>,
    /// What it has; `None` if the network does not have it.
    pub after: Option<SiteLoad>,
}

/// A [`Move`] as a row of `moves.csv`.
///
/// The header: `order,from,from_mm,to,to_mm,extra_walk_mm,extra_cost_mm,why`. A site that is nowhere is an empty
/// field, and so is what is extra then; `why` is the [name](Why::name) of the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MoveRow {
    /// The order.
    pub order: OrderId,
    /// Where it went.
    pub from: Option<SiteId>,
    /// How far that was.
    pub from_mm: Option<u64>,
    /// Where it goes.
    pub to: Option<SiteId>,
    /// How far that is.
    pub to_mm: Option<u64>,
    /// How much farther, negative if it is nearer.
    pub extra_walk_mm: Option<i64>,
    /// How much more it costs.
    pub extra_cost_mm: Option<i64>,
    /// Why.
    pub why: String,
}

impl Report<'_> {
    /// What changed since another plan. O(n) for n orders of both.
    #[must_use]
    pub fn difference_from(&self, before: &Report<'_>) -> Difference {
        let mut difference = Difference {
            before: before.plan.total(),
            after: self.plan.total(),
            moves: Vec::new(),
            only_before: Vec::new(),
            only_after: Vec::new(),
            loads: self.load_changes(before),
        };
        let (mut was, mut is) = (before.decided().peekable(), self.decided().peekable());
        loop {
            let ids = (
                was.peek().map(|(was, _)| was.id),
                is.peek().map(|(is, _)| is.id),
            );
            match ids {
                (None, None) => return difference,
                (Some(was_id), is_id) if is_id.is_none_or(|is_id| was_id < is_id) => {
                    difference.only_before.push(was_id);
                    was.next();
                }
                (was_id, Some(is_id)) if was_id.is_none_or(|was_id| is_id < was_id) => {
                    difference.only_after.push(is_id);
                    is.next();
                }
                _ => {
                    let pair = was.next().zip(is.next());
                    difference
                        .moves
                        .extend(pair.and_then(|((was, from), (order, to))| {
                            let (from, to) = (from.assigned().copied(), to.assigned().copied());
                            self.moved(before, (was, from), (order, to))
                        }));
                }
            }
        }
    }

    /// The move of one order, if it goes elsewhere.
    fn moved(
        &self,
        before: &Report<'_>,
        (was, from): (&Order, Option<Assigned>),
        (order, to): (&Order, Option<Assigned>),
    ) -> Option<Move> {
        let site = |assigned: Option<Assigned>| assigned.map(|assigned| assigned.site);
        if site(from) == site(to) {
            return None;
        }
        let why = if was.position == order.position {
            let lost = from.and_then(|from| self.refusal(order, from.site));
            lost.unwrap_or_else(|| match (from, to) {
                (None, _) => Why::PlaceFound,
                (_, None) => Why::PlaceLost,
                (Some(from), Some(to)) if to.cost > from.cost => Why::GaveWay,
                (Some(_), Some(to)) if before.refusal(was, to.site).is_some() => Why::SiteNew,
                (Some(from), Some(to)) if to.cost < from.cost => Why::RoomFound,
                _ => Why::AsGood,
            })
        } else {
            Why::AddressChanged
        };
        Some(Move {
            order: order.id,
            from,
            to,
            why,
        })
    }

    /// Why a site may not take the order at all.
    fn refusal(&self, order: &Order, site: SiteId) -> Option<Why> {
        let filter = filter_of(order, self.plan);
        let network: &Network = self.network;
        match network.explain_site(order.position, site, &filter) {
            None => Some(Why::SiteGone),
            Some(candidate) => match candidate.verdict {
                Verdict::Eligible => None,
                Verdict::Rejected(rejection) => Some(Why::Refused(rejection)),
            },
        }
    }

    fn load_changes(&self, before: &Report<'_>) -> Vec<LoadChange> {
        let (was, is) = (before.plan.loads().iter(), self.plan.loads().iter());
        let mut sites: Vec<SiteId> = was.chain(is).map(|load| load.site).collect();
        sites.sort_unstable();
        sites.dedup();
        let changes = sites.into_iter().map(|site| LoadChange {
            site,
            before: before.plan.load(site).copied(),
            after: self.plan.load(site).copied(),
        });
        let counted = |load: Option<SiteLoad>| load.map(|load| (load.capacity, load.load));
        changes
            .filter(|change| counted(change.before) != counted(change.after))
            .collect()
    }
}

impl Difference {
    /// Whether nothing has changed for anybody: no order came, left or moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.only_before.is_empty() && self.only_after.is_empty()
    }

    /// The orders that lost most: first those that lost their place, then those that walk farther than before, the
    /// farthest first; of equals those with smaller ids. No more than `wanted`. O(n log n).
    #[must_use]
    pub fn most_affected(&self, wanted: usize) -> Vec<&Move> {
        let mut worse: Vec<(Option<Reverse<Cost>>, &Move)> = self
            .moves
            .iter()
            .filter(|one| one.from.is_some())
            .map(|one| (one.extra_walk().map(Reverse), one))
            .filter(|(extra, _)| extra.is_none_or(|Reverse(extra)| extra > Cost::ZERO))
            .collect();
        // `None`, which is a lost place, comes first; the sort keeps the order of ids.
        worse.sort_by_key(|(extra, _)| *extra);
        worse.into_iter().take(wanted).map(|(_, one)| one).collect()
    }

    /// All moves as rows, by id.
    #[must_use]
    pub fn rows(&self) -> Vec<MoveRow> {
        self.moves.iter().map(MoveRow::from).collect()
    }

    /// How many orders moved for each reason, and how much farther they walk together (negative if less), those that
    /// have a site before and after. In the order in which reasons are listed. O(n).
    #[must_use]
    pub fn by_cause(&self) -> Vec<(Why, u32, Cost)> {
        let mut causes: Vec<(&Why, u32, i64)> = Vec::new();
        for one in &self.moves {
            let extra = one.extra_walk().map_or(0, Cost::as_millimetres);
            match causes
                .iter_mut()
                .find(|(why, ..)| why.name() == one.why.name())
            {
                Some((_, count, sum)) => {
                    *count += 1;
                    *sum = sum.saturating_add(extra);
                }
                None => causes.push((&one.why, 1, extra)),
            }
        }
        causes.sort_by_key(|(why, ..)| why.rank());
        let causes = causes.into_iter();
        causes
            .map(|(why, count, sum)| (why.clone(), count, Cost::from_millimetres(sum)))
            .collect()
    }
}

impl Move {
    /// How much farther the order walks, negative if it is nearer; `None` if it goes or went nowhere.
    #[must_use]
    pub fn extra_walk(&self) -> Option<Cost> {
        let walk = |assigned: Assigned| Cost::from(assigned.distance);
        self.extra(walk)
    }

    /// How much more it costs; `None` if it goes or went nowhere.
    #[must_use]
    pub fn extra_cost(&self) -> Option<Cost> {
        self.extra(|assigned| assigned.cost)
    }

    fn extra(&self, measure: impl Fn(Assigned) -> Cost) -> Option<Cost> {
        let (from, to) = (measure(self.from?), measure(self.to?));
        let more = to.as_millimetres().saturating_sub(from.as_millimetres());
        Some(Cost::from_millimetres(more))
    }
}

impl Why {
    /// The name of the reason, without what belongs to the single case: that of the serde form.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddressChanged => "address_changed",
            Self::SiteGone => "site_gone",
            Self::Refused(_) => "refused",
            Self::PlaceFound => "place_found",
            Self::PlaceLost => "place_lost",
            Self::SiteNew => "site_new",
            Self::RoomFound => "room_found",
            Self::GaveWay => "gave_way",
            Self::AsGood => "as_good",
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::AddressChanged => 0,
            Self::SiteGone => 1,
            Self::Refused(_) => 2,
            Self::PlaceFound => 3,
            Self::PlaceLost => 4,
            Self::SiteNew => 5,
            Self::RoomFound => 6,
            Self::GaveWay => 7,
            Self::AsGood => 8,
        }
    }
}

impl From<&Move> for MoveRow {
    fn from(one: &Move) -> Self {
        let walk = |assigned: Option<Assigned>| assigned.map(|to| to.distance.as_millimetres());
        Self {
            order: one.order,
            from: one.from.map(|from| from.site),
            from_mm: walk(one.from),
            to: one.to.map(|to| to.site),
            to_mm: walk(one.to),
            extra_walk_mm: one.extra_walk().map(Cost::as_millimetres),
            extra_cost_mm: one.extra_cost().map(Cost::as_millimetres),
            why: one.why.name().to_owned(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "before: {}", self.before)?;
        writeln!(f, "after:  {}", self.after)?;
        for (what, orders) in [("gone", &self.only_before), ("new", &self.only_after)] {
            if !orders.is_empty() {
                writeln!(f, "{} orders are {what}", orders.len())?;
            }
        }
        let columns = ["moved", "farther together"].map(|heading| (heading, Align::Right));
        let mut table = Table::new(columns.into_iter().chain([("because", Align::Left)]));
        for (why, count, extra) in self.by_cause() {
            let why = match why {
                Why::Refused(_) => "the site may not take them any more".to_owned(),
                other => other.name().replace('_', " "),
            };
            table.row([count.to_string(), extra.to_string(), why]);
        }
        if table.is_empty() {
            Ok(())
        } else {
            write!(f, "{table}")
        }
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Move {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} goes ", names.order(self.order))?;
        let site = |assigned: Assigned| names.site(assigned.site);
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "from site {} to site {}", site(from), site(to))?,
            (None, Some(to)) => write!(f, "from nowhere to site {} at {}", site(to), to.distance)?,
            (Some(from), None) => {
                write!(f, "from site {} at {} nowhere", site(from), from.distance)?;
            }
            (None, None) => f.write_str("nowhere as before")?,
        }
        if let Some(extra) = self.extra_walk() {
            let size = Cost::from_millimetres(extra.as_millimetres().saturating_abs());
            let how = if extra < Cost::ZERO {
                "nearer"
            } else {
                "farther"
            };
            write!(f, ", {size} {how}")?;
        }
        write!(f, ": {}", self.why.display_with(names))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Why {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressChanged => "its address has changed",
            Self::SiteGone => "the site is gone",
            Self::Refused(rejection) => {
                let rejection = rejection.display_with(names);
                return write!(f, "the site may not take it any more: {rejection}");
            }
            Self::PlaceFound => "there is a place for it now",
            Self::PlaceLost => "others have its place",
            Self::SiteNew => "a site is there for it that was not before",
            Self::RoomFound => "room has become free there",
            Self::GaveWay => "it gave way to others",
            Self::AsGood => "it costs the same there",
        })
    }
}
