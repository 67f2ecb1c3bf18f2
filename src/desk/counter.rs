use std::sync::Arc;

use crate::desk::due::Due;
use crate::desk::holds::{Hold, Holds};
use crate::desk::homes::Homes;
use crate::desk::market::{Found, Market};
use crate::desk::places::{NOWHERE, Place, Places};
use crate::desk::stock::Stock;
use crate::desk::tentative::Tentative;
use crate::desk::{
    Action, Event, Malformed, Mismatch, OrderState, Policy, Promise, Refusal, StockLevel, Told,
};
use crate::id::{CustomerId, OrderId, SiteId, SkuId};
use crate::ledger::{Canonical, Deadlines, Encoder, Ledger, Machine};
use crate::limits::Limits;
use crate::order::{Order, OrderLine, check_batch};
use crate::plan::{Cost, Preferences};
use crate::site::Network;
use crate::time::Timestamp;
use crate::units::{Orders, Quantity, Units};

/// The live desk: a [`Ledger`] round a [`Counter`].
///
/// ```
/// use catchment::desk::{Command, Desk, Policy, Refusal};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::ledger::Outcome;
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
/// let mut desk = Desk::open(network, Policy::default());
/// let now = Timestamp::from_unix_millis(0);
///
/// let first = desk.apply(now, &Command::place(CommandId(1), Order::new(OrderId(7), door)))?;
/// assert_eq!(first.outcome(), Outcome::Accepted);
/// let second = desk.apply(now, &Command::place(CommandId(2), Order::new(OrderId(8), door)))?;
/// assert_eq!(second.outcome(), Outcome::Refused(Refusal::EverySiteFull));
/// assert_eq!(desk.machine().order(OrderId(7)).and_then(|order| order.site), Some(SiteId(17)));
///
/// // Nobody confirms the order, so after 15 minutes its place is free again.
/// let later = Timestamp::from_unix_millis(900_000);
/// let third = desk.apply(later, &Command::place(CommandId(3), Order::new(OrderId(9), door)))?;
/// assert_eq!(third.outcome(), Outcome::Accepted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Desk = Ledger<Counter>;

/// The state of a desk: the sites with their loads, the stock, the orders and whose customers are whose.
#[derive(Clone, Debug)]
pub struct Counter {
    pub(super) policy: Arc<Policy>,
    pub(super) limits: Limits,
    pub(super) market: Arc<Market>,
    pub(super) places: Places,
    pub(super) stock: Stock,
    pub(super) holds: Holds,
    pub(super) homes: Homes,
    /// By [number](Due::number).
    pub(super) due: Deadlines<u64>,
    /// How many sites get no orders because they rejected one.
    pub(super) cooling: usize,
    /// Counts whatever may have made a site better for an order than it was: what was found before may not be the best.
    pub(super) gains: u64,
    /// The places whose room has changed, as long as somebody asks for them.
    pub(super) touched: Option<Vec<u32>>,
    /// The plan of the orders that nobody was told of; `None` if all are told at once.
    pub(super) plan: Option<Tentative>,
}

/// An order as the desk shows it.
///
/// ```
/// use catchment::desk::{OrderState, OrderView, Told};
/// use catchment::id::{OrderId, SiteId};
/// let view = OrderView {
///     order: OrderId(7), state: OrderState::Held, told: Told::Announced, site: Some(SiteId(17)), attempts: 0,
/// };
/// assert!(view.state.is_live());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Its id.
    pub order: OrderId,
    /// Where it stands.
    pub state: OrderState,
    /// Whether the buyer knows the site.
    pub told: Told,
    /// Where it is; `None` if it has no place, or none any more.
    pub site: Option<SiteId>,
    /// How many sites have rejected it.
    pub attempts: u8,
}

/// A site as the desk shows it.
///
/// ```
/// use catchment::desk::SiteView;
/// use catchment::id::SiteId;
/// use catchment::plan::Cost;
/// use catchment::units::Units;
/// let view = SiteView {
///     site: SiteId(17), capacity: Units(60), load: Units(59), room: Units(1), price: Cost::ZERO, cools_until: None,
/// };
/// assert_eq!(view.room, Units(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteView {
    /// Its id.
    pub site: SiteId,
    /// What it takes in the window; 0 if it has closed.
    pub capacity: Units,
    /// What it has. More than the capacity only if that was lowered since.
    pub load: Units,
    /// What it still takes.
    pub room: Units,
    /// Its price.
    pub price: Cost,
    /// Until when it gets no new orders, because it rejected one.
    pub cools_until: Option<Timestamp>,
}

impl Ledger<Counter> {
    /// A desk with all sites empty and no stock. O(sites).
    #[must_use]
    pub fn open(network: Network, policy: Policy) -> Self {
        let limits = *network.limits();
        Self::new(Counter::new(network, policy), &limits)
    }
}

impl Counter {
    pub(crate) fn new(network: Network, policy: Policy) -> Self {
        let mut places = Places::default();
        for site in network.sites().filter(|site| site.supplied_by.is_none()) {
            places.learn(site, &policy);
        }
        for site in network.sites().filter(|site| site.supplied_by.is_some()) {
            places.learn(site, &policy);
        }
        let market = Market::new(network, &places, &policy);
        let plan = (policy.promise == Promise::Tentative).then(|| Tentative::new(&places));
        Self {
            plan,
            limits: *market.network.limits(),
            stock: Stock::new(policy.safety_stock),
            policy: Arc::new(policy),
            market: Arc::new(market),
            places,
            holds: Holds::default(),
            homes: Homes::default(),
            due: Deadlines::default(),
            cooling: 0,
            gains: 0,
            touched: None,
        }
    }

    /// How it decides.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The version of the network that it works with.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.market.network
    }

    /// One order, ended ones included. O(1).
    #[must_use]
    pub fn order(&self, order: OrderId) -> Option<OrderView> {
        self.holds
            .find(order)
            .map(|slot| self.view(&self.holds[slot]))
    }

    /// All orders in the order in which they came.
    pub fn orders(&self) -> impl Iterator<Item = OrderView> + '_ {
        self.holds.iter().map(|(_, hold)| self.view(hold))
    }

    /// How many orders are live: held or confirmed.
    #[must_use]
    pub fn live(&self) -> Orders {
        Orders(self.holds.live as u32)
    }

    /// One site, closed ones included. O(1).
    #[must_use]
    pub fn site(&self, site: SiteId) -> Option<SiteView> {
        self.places
            .find(site)
            .map(|place| site_view(&self.places[place]))
    }

    /// All sites that the desk has ever known, in the order in which it came to know them.
    pub fn sites(&self) -> impl Iterator<Item = SiteView> + '_ {
        self.places.iter().map(site_view)
    }

    /// What the stream may still promise of an article at a site. O(1).
    #[must_use]
    pub fn free_stock(&self, site: SiteId, sku: SkuId) -> Quantity {
        let place = self.places.find(site);
        place.map_or(Quantity(0), |place| {
            self.stock.free(self.places[place].pool, sku)
        })
    }

    /// The numbers by which the stock knows the articles of an order: to ask many sites for them.
    pub(crate) fn article_numbers(&self, lines: &[OrderLine]) -> Vec<Option<u32>> {
        let numbers = lines.iter().map(|line| self.stock.number(line.sku));
        numbers.collect()
    }

    /// The first line of which too little may be promised at a site, with what may be.
    pub(crate) fn short_of(
        &self,
        site: SiteId,
        lines: &[OrderLine],
        numbers: &[Option<u32>],
    ) -> Option<(OrderLine, Quantity)> {
        let pool = self.places.find(site).map(|place| self.places[place].pool);
        let free = |number: &Option<u32>| match pool {
            Some(pool) => self.stock.free_of(pool, *number),
            None => Quantity(0),
        };
        let mut asked = lines.iter().zip(numbers.iter().map(free));
        let short = asked.find(|(line, free)| *free < line.quantity);
        short.map(|(line, free)| (*line, free))
    }

    /// All stock. O(articles of all sites).
    #[must_use]
    pub fn stock(&self) -> Vec<StockLevel> {
        self.stock.levels(&self.places)
    }

    /// What a live order asks, with the wish that its buyer has now; `None` once it is over. O(1).
    #[must_use]
    pub fn asked(&self, order: OrderId) -> Option<&Arc<Order>> {
        self.holds.get(self.holds.find(order)?)?.order.as_ref()
    }

    /// The cheapest sites that would take an order now, cheapest first; nobody moves for it. One that is at the desk
    /// already finds none that has rejected it. One search, as a placement.
    ///
    /// # Errors
    ///
    /// What a placement would be refused for, if there is none.
    pub fn choices(&self, order: &Order, wanted: usize) -> Result<Vec<(SiteId, Cost)>, Refusal> {
        let own = self.holds.find(order.id);
        let rejected_by = own.map_or(&[][..], |own| self.holds.rejected_by(own));
        let may = |place: u32| !rejected_by.contains(&place) && self.can_take(order, place, own);
        let home = self.home_of(order);
        let mut found = self.market.listed(order, home, wanted.max(1), may);
        if found.is_empty() {
            found.push(self.choose(order, own)?);
        }
        let shown = |found: Found| (found.site, Cost::from_millimetres(found.cost));
        Ok(found.into_iter().map(shown).collect())
    }

    /// The leader to whom a customer belongs. O(1).
    #[must_use]
    pub fn home(&self, customer: CustomerId) -> Option<SiteId> {
        self.homes.of(customer).map(|place| self.places[place].id)
    }

    /// How often anything may have become better for an order: as long as it stays, what was not there is not there.
    pub(crate) const fn gains(&self) -> u64 {
        self.gains
    }

    /// The home that counts for an order: the customer's, or else the one that the order names; none that has closed.
    pub(crate) fn home_of(&self, order: &Order) -> Option<SiteId> {
        let known = order.customer.and_then(|customer| self.homes.of(customer));
        let named = || order.home.and_then(|home| self.places.open(home));
        let home = known
            .filter(|place| !self.places[*place].is_closed)
            .or_else(named);
        home.map(|place| self.places[place].id)
    }

    fn view(&self, hold: &Hold) -> OrderView {
        OrderView {
            order: hold.id,
            state: hold.state,
            told: hold.told,
            site: hold.is_placed().then(|| self.places[hold.place].id),
            attempts: hold.attempts,
        }
    }
}

fn site_view(place: &Place) -> SiteView {
    SiteView {
        site: place.id,
        capacity: Units(place.capacity),
        load: Units(place.load),
        room: Units(place.room()),
        price: Cost::from_millimetres(place.price),
        cools_until: place.cools_until,
    }
}

impl Machine for Counter {
    type Action = Action;
    type Event = Event;
    type Refusal = Refusal;
    type Malformed = Malformed;
    type Mismatch = Mismatch;

    fn horizon(&self) -> Timestamp {
        self.policy.horizon
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| at)
    }

    fn check(&self, action: &Action) -> Result<(), Malformed> {
        match action {
            Action::Place { order, .. } => {
                if order.size.0 > 0 && order.lines.is_empty() {
                    return Ok(());
                }
                Ok(check_batch(
                    core::slice::from_ref(order.as_ref()),
                    &self.limits,
                )?)
            }
            Action::SetPrices { prices } => {
                let limit = Cost::from(Preferences::WORTH_MAX);
                let fault = prices
                    .iter()
                    .find(|(_, price)| *price < Cost::ZERO || *price > limit);
                fault.map_or(Ok(()), |&(site, price)| {
                    Err(Malformed::Price { site, price, limit })
                })
            }
            Action::Deliver(pieces) | Action::Sell(pieces) if pieces.pieces.0 == 0 => {
                Err(Malformed::NoPieces {
                    site: pieces.site,
                    sku: pieces.sku,
                })
            }
            Action::Transfer { leaver, heir } if leaver == heir => {
                Err(Malformed::OwnHeir { site: *heir })
            }
            _ => Ok(()),
        }
    }

    fn act(
        &mut self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.decide(now, action, events)
    }

    fn fire(&mut self, _now: Timestamp, events: &mut Vec<Event>) {
        let event = match self.due.first().map(|(_, number)| Due::of(number)) {
            Some(Due::Hold(slot)) => Event::Expired {
                order: self.holds[slot].id,
            },
            Some(Due::Site(place)) => Event::Cooled {
                site: self.places[place].id,
            },
            None => return,
        };
        self.emit(event, events);
    }

    fn evolve(&mut self, event: &Event) -> Result<(), Mismatch> {
        self.enact(event)?;
        self.merge_moves();
        self.settle_due();
        Ok(())
    }

    fn foresee(
        &self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Option<Result<(), Refusal>> {
        self.look_ahead(now, action, events)
    }

    fn excerpt(&self, now: Timestamp, action: &Action) -> Self {
        self.cut_out(now, action)
    }
}

impl Counter {
    /// Makes events happen that were foretold, the last of these.
    pub(super) fn happen(&mut self, from: usize, events: &mut Vec<Event>) {
        if self.plan.is_none() {
            for event in &events[from..] {
                self.evolve(event).expect("what was decided on can happen");
            }
            return;
        }
        // What the plan moves is told between them.
        for event in events.split_off(from) {
            self.emit(event, events);
        }
    }

    /// Makes an event happen that was decided on.
    pub(super) fn emit(&mut self, event: Event, events: &mut Vec<Event>) {
        self.evolve(&event).expect("what was decided on can happen");
        events.push(event);
        self.tell_moves(events);
    }

    /// Tells whom the plan has moved.
    pub(super) fn tell_moves(&mut self, events: &mut Vec<Event>) {
        while let Some(moved) = self.next_move() {
            self.evolve(&moved).expect("the plan has moved it");
            events.push(moved);
        }
    }

    /// The first deadline is always one that counts.
    pub(super) fn settle_due(&mut self) {
        let (holds, places) = (&self.holds, &self.places);
        self.due.settle(holds.held + self.cooling, |at, number| {
            match Due::of(number) {
                Due::Hold(slot) => holds[slot].state == OrderState::Held && holds[slot].until == at,
                Due::Site(place) => places[place].cools_until == Some(at),
            }
        });
    }

    /// The room of a place has changed.
    #[inline]
    pub(super) fn touch(&mut self, place: u32) {
        if let Some(touched) = &mut self.touched {
            touched.push(place);
        }
    }

    /// Whether a buyer is told at once.
    pub(super) fn told_at_once(&self) -> Told {
        match self.policy.promise {
            Promise::Firm => Told::Announced,
            Promise::Tentative => Told::NotYet,
        }
    }

    /// Whether an order would find its goods: those that it holds already are its own.
    pub(super) fn has_goods(&self, order: &Order, place: u32, own: Option<u32>) -> bool {
        order.lines.is_empty() || {
            let pool = self.places[place].pool;
            let is_held = own.is_some_and(|own| {
                let hold = &self.holds[own];
                hold.place != NOWHERE && hold.pool == pool
            });
            is_held || self.stock.missing(pool, &order.lines).is_none()
        }
    }
}

impl Canonical for Counter {
    fn encode(&self, to: &mut Encoder) {
        self.policy.encode(to);
        let sites: Vec<_> = self.market.network.sites().collect();
        to.len(sites.len());
        for site in sites {
            site.encode(to);
        }
        self.places.encode(to);
        self.stock.encode(to);
        self.holds.encode(to);
        self.homes.encode(to);
        to.option(self.plan.as_ref(), |to, plan| plan.encode(to));
    }
}
