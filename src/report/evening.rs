use core::fmt;
use std::collections::BTreeMap;

use crate::desk::{Cause, Event, OrderState, Step};
use crate::fulfil::dispatch;
use crate::id::{OrderId, SiteId};
use crate::ledger::Outcome;
use crate::order::Order;
use crate::report::timeline::intervals;
use crate::report::{Align, Interval, Ppm, Table};
use crate::time::{Span, Timestamp};
use crate::units::{Units, grouped};

/// What a desk's log comes to: how many orders came, what became of them, who had to move. `Display` is a screen of
/// text.
///
/// Counted from the steps alone, from the first one of the desk on; a log that begins later knows nothing of the
/// orders before, and events about those are skipped.
///
/// ```
/// use catchment::desk::{Action, Command, Desk, Policy};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::ledger::Answer;
/// use catchment::order::Order;
/// use catchment::report::{Evening, Ppm};
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(60))).build()?;
/// let mut desk = Desk::open(network, Policy::default());
/// let commands = [
///     Command::place(CommandId(1), Order::new(OrderId(7), door)),
///     Command::new(CommandId(2), Action::Confirm { order: OrderId(7) }),
///     Command::place(CommandId(3), Order::new(OrderId(8), door)),
///     Command::new(CommandId(4), Action::HandOver { order: OrderId(7) }),
/// ];
/// let mut steps = Vec::new();
/// for command in &commands {
///     if let Answer::Decided(step) = desk.apply(Timestamp::from_unix_millis(0), command)? {
///         steps.push(step);
///     }
/// }
/// let evening = Evening::of(&steps);
/// assert_eq!((evening.placed, evening.held, evening.handed_over), (2, 1, 1));
/// assert_eq!(evening.pickup_rate(), Some(Ppm::ONE));
/// assert_eq!(evening.sites[0].load, Units(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Evening {
    /// Orders that got a place: each ends in one of the next six.
    pub placed: u64,
    /// At the end of the log: orders that wait for their confirmation.
    pub held: u64,
    /// Orders that are confirmed and wait for their pickup.
    pub waiting: u64,
    /// Orders that the customers have.
    pub handed_over: u64,
    /// Orders that were given up.
    pub released: u64,
    /// Orders that were not confirmed in time.
    pub expired: u64,
    /// Orders that too many sites rejected.
    pub failed: u64,
    /// Of those held or waiting: orders without a place.
    pub stranded: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// How often orders left their sites, by the cause.
    pub moves: Vec<MoveCount>,
    /// Pieces of orders that were not given up: what the stream sold. An order without lines has none.
    pub pieces_online: u64,
    /// Pieces that were sold on shop floors.
    pub pieces_shop: u64,
    /// The sites that any of this is about, by id.
    pub sites: Vec<EveningRow>,
}

/// How often orders left their sites for one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MoveCount {
    /// Why.
    pub because: Cause,
    /// Moves to another site, also from nowhere.
    pub moved: u64,
    /// Orders that were left without a place.
    pub stranded: u64,
}

/// What a desk's log says of one site: a row of `evening.csv`.
///
/// The header: `site,placed,came,left,rejected,held,waiting,handed_over,load,pieces_online,pieces_shop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EveningRow {
    /// The site.
    pub site: SiteId,
    /// Orders that got their first place here.
    pub placed: u64,
    /// Orders that came from another site, or from nowhere.
    pub came: u64,
    /// Orders that left for another site or nowhere, those that ended here not counted.
    pub left: u64,
    /// Orders that the site rejected.
    pub rejected: u64,
    /// At the end of the log: orders that wait for their confirmation here.
    pub held: u64,
    /// Orders that wait for their pickup here.
    pub waiting: u64,
    /// Orders that were handed over here.
    pub handed_over: u64,
    /// What the site has: orders that are held, waiting or handed over here.
    pub load: Units,
    /// Pieces of those orders.
    pub pieces_online: u64,
    /// Pieces that were sold on the shop floor.
    pub pieces_shop: u64,
}

/// What is known of an order on the way through the log.
struct Track {
    size: Units,
    pieces: u64,
    site: Option<SiteId>,
    state: OrderState,
}

impl Evening {
    /// Adds up a desk's log. O(n log m) for n events about m orders and sites.
    #[must_use]
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        Self::sum(steps.into_iter().map(Happened::at_desk))
    }

    /// Adds up a dispatch's log as that of its desk: an order that comes in parts is as many orders. What became of
    /// them after they left the desk is in [`lives`](crate::report::lives).
    ///
    /// ```
    /// use catchment::report::Evening;
    /// assert_eq!(Evening::of_dispatch([]), Evening::default());
    /// ```
    #[must_use]
    pub fn of_dispatch<'a>(steps: impl IntoIterator<Item = &'a dispatch::Step>) -> Self {
        Self::sum(steps.into_iter().map(Happened::at_dispatch))
    }

    fn sum<'a, E: Iterator<Item = &'a Event>>(steps: impl Iterator<Item = Happened<E>>) -> Self {
        let mut evening = Self::default();
        let mut sites: BTreeMap<SiteId, EveningRow> = BTreeMap::new();
        let mut orders: BTreeMap<OrderId, Track> = BTreeMap::new();
        for step in steps {
            evening.refused += u64::from(step.is_refused);
            for event in step.events {
                evening.count(event, &mut sites);
                follow(event, &mut orders);
            }
        }
        for track in orders.values() {
            evening.close(track, &mut sites);
        }
        evening.moves.sort_by_key(|count| rank(count.because));
        evening.sites = sites.into_values().collect();
        evening
    }

    /// What happened at a desk, interval by interval, in their order. Intervals in which nothing was done are left
    /// out. An interval has at least a millisecond. O(n) for n events.
    ///
    /// ```
    /// use catchment::report::Evening;
    /// use catchment::time::Span;
    /// assert_eq!(Evening::timeline([], Span::from_minutes(5)), []);
    /// ```
    #[must_use]
    pub fn timeline<'a>(steps: impl IntoIterator<Item = &'a Step>, every: Span) -> Vec<Interval> {
        intervals(steps.into_iter().map(Happened::at_desk), every)
    }

    /// The same of a dispatch's log.
    #[must_use]
    pub fn timeline_of_dispatch<'a>(
        steps: impl IntoIterator<Item = &'a dispatch::Step>,
        every: Span,
    ) -> Vec<Interval> {
        intervals(steps.into_iter().map(Happened::at_dispatch), every)
    }

    /// Of the orders that were confirmed and not given up, the share that was handed over (提货率); `None` without any.
    #[must_use]
    pub fn pickup_rate(&self) -> Option<Ppm> {
        Ppm::of(self.handed_over, self.handed_over + self.waiting)
    }

    /// Of the orders that got a place, the share that was not confirmed in time; `None` without any.
    #[must_use]
    pub fn expiry_rate(&self) -> Option<Ppm> {
        Ppm::of(self.expired, self.placed)
    }

    /// Of all pieces sold, the share that the stream sold and not the shop floor; `None` if none were.
    #[must_use]
    pub fn online_share(&self) -> Option<Ppm> {
        Ppm::of(self.pieces_online, self.pieces_online + self.pieces_shop)
    }

    /// Counts what an event says by itself.
    fn count(&mut self, event: &Event, sites: &mut BTreeMap<SiteId, EveningRow>) {
        match event {
            Event::Placed { site, .. } => {
                self.placed += 1;
                row(sites, *site).placed += 1;
            }
            Event::Moved {
                from, to, because, ..
            } => {
                if let Some(from) = from {
                    row(sites, *from).left += 1;
                }
                row(sites, *to).came += 1;
                self.moves_for(*because).moved += 1;
            }
            Event::Stranded { from, because, .. } => {
                row(sites, *from).left += 1;
                self.moves_for(*because).stranded += 1;
            }
            Event::Rejected { site, .. } => row(sites, *site).rejected += 1,
            Event::Sold(goods) => {
                let pieces = u64::from(goods.pieces.0);
                self.pieces_shop += pieces;
                row(sites, goods.site).pieces_shop += pieces;
            }
            _ => {}
        }
    }

    fn moves_for(&mut self, because: Cause) -> &mut MoveCount {
        let known = self.moves.iter().position(|count| count.because == because);
        let place = known.unwrap_or_else(|| {
            self.moves.push(MoveCount {
                because,
                moved: 0,
                stranded: 0,
            });
            self.moves.len() - 1
        });
        &mut self.moves[place]
    }

    /// Counts what became of an order.
    fn close(&mut self, track: &Track, sites: &mut BTreeMap<SiteId, EveningRow>) {
        let (all, own): (&mut u64, fn(&mut EveningRow) -> &mut u64) = match track.state {
            OrderState::Held => (&mut self.held, |row| &mut row.held),
            OrderState::Confirmed => (&mut self.waiting, |row| &mut row.waiting),
            OrderState::HandedOver => (&mut self.handed_over, |row| &mut row.handed_over),
            OrderState::Released => return self.released += 1,
            OrderState::Expired => return self.expired += 1,
            OrderState::Failed => return self.failed += 1,
        };
        *all += 1;
        self.pieces_online += track.pieces;
        match track.site {
            None => self.stranded += 1,
            Some(site) => {
                let row = row(sites, site);
                *own(row) += 1;
                row.load = Units(row.load.0.saturating_add(track.size.0));
                row.pieces_online += track.pieces;
            }
        }
    }
}

impl EveningRow {
    const fn at(site: SiteId) -> Self {
        Self {
            site,
            placed: 0,
            came: 0,
            left: 0,
            rejected: 0,
            held: 0,
            waiting: 0,
            handed_over: 0,
            load: Units(0),
            pieces_online: 0,
            pieces_shop: 0,
        }
    }

    /// Of the orders that were to be picked up here, the share that was; `None` without any.
    #[must_use]
    pub fn pickup_rate(&self) -> Option<Ppm> {
        Ppm::of(self.handed_over, self.handed_over + self.waiting)
    }
}

/// The row of a site.
fn row(sites: &mut BTreeMap<SiteId, EveningRow>, site: SiteId) -> &mut EveningRow {
    sites.entry(site).or_insert(EveningRow::at(site))
}

/// Takes an event about an order into what is known of it.
fn follow(event: &Event, orders: &mut BTreeMap<OrderId, Track>) {
    if let Event::Placed { order, site, .. } = event {
        orders.insert(order.id, Track::of(order, *site));
        return;
    }
    let Some(track) = event.order().and_then(|order| orders.get_mut(&order)) else {
        return;
    };
    match event {
        Event::Confirmed { .. } => track.state = OrderState::Confirmed,
        Event::HandedOver { .. } => track.state = OrderState::HandedOver,
        Event::Released { .. } => track.end(OrderState::Released),
        Event::Expired { .. } => track.end(OrderState::Expired),
        Event::Failed { .. } => track.end(OrderState::Failed),
        Event::Moved { to, .. } => track.site = Some(*to),
        Event::Stranded { .. } => track.site = None,
        _ => {}
    }
}

impl Track {
    fn of(order: &Order, site: SiteId) -> Self {
        let pieces = order.lines.iter().map(|line| u64::from(line.quantity.0));
        Self {
            size: order.size,
            pieces: pieces.sum(),
            site: Some(site),
            state: OrderState::Held,
        }
    }

    fn end(&mut self, state: OrderState) {
        (self.state, self.site) = (state, None);
    }
}

/// What a step did at the desk.
pub(super) struct Happened<E> {
    pub(super) at: Timestamp,
    pub(super) is_refused: bool,
    pub(super) events: E,
}

impl<'a> Happened<()> {
    fn at_desk(step: &'a Step) -> Happened<impl Iterator<Item = &'a Event>> {
        Happened {
            at: step.at,
            is_refused: step
                .decided
                .as_ref()
                .is_some_and(|decided| matches!(decided.outcome, Outcome::Refused(_))),
            events: step.all_events(),
        }
    }

    fn at_dispatch(step: &'a dispatch::Step) -> Happened<impl Iterator<Item = &'a Event>> {
        Happened {
            at: step.at,
            is_refused: step
                .decided
                .as_ref()
                .is_some_and(|decided| matches!(decided.outcome, Outcome::Refused(_))),
            events: step.all_events().filter_map(|event| match event {
                dispatch::Event::Desk(event) => Some(event),
                _ => None,
            }),
        }
    }
}

const fn rank(because: Cause) -> u8 {
    match because {
        Cause::Rejected => 0,
        Cause::SiteClosed => 1,
        Cause::OutOfStock => 2,
        Cause::Consent => 3,
        Cause::Balance => 4,
    }
}

impl fmt::Display for Evening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [("", Align::Left), ("", Align::Right), ("", Align::Right)];
        let mut table = Table::new(columns);
        let mut row = |what: &str, number: u64, share: Option<Ppm>| {
            let share = share.map(|share| share.to_string()).unwrap_or_default();
            table.row([what.to_owned(), grouped(number), share]);
        };
        row("Orders placed", self.placed, None);
        row("  held", self.held, None);
        row("  waiting for pickup", self.waiting, None);
        row("  handed over", self.handed_over, self.pickup_rate());
        row("  released", self.released, None);
        row("  expired", self.expired, self.expiry_rate());
        row("  failed", self.failed, None);
        row("Without a place", self.stranded, None);
        row("Commands refused", self.refused, None);
        row(
            "Pieces sold online",
            self.pieces_online,
            self.online_share(),
        );
        row("  on shop floors", self.pieces_shop, None);
        for MoveCount {
            because,
            moved,
            stranded,
        } in &self.moves
        {
            row(&format!("Moved: {because}"), *moved, None);
            if *stranded > 0 {
                row("  to nowhere", *stranded, None);
            }
        }
        write!(f, "{table}")
    }
}
