//! The same evening with all its service: settled pledges first, then orders that are fetched or brought, whole or in
//! parts, each followed through its life.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catchment::desk::{self, Goods, Policy};
use catchment::fulfil::dispatch::{
    Action, Choice, Command, Dispatch, Division, Event, Refusal, Service, Step, Terms,
};
use catchment::fulfil::{
    Courier, CourierKind, Deed, DeliveryWindow, DeliveryWindows, Fleet, Life, Parcels, Tariff, Way,
    WindowWish,
};
use catchment::id::{CommandId, CourierId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, Outcome};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::{Order, OrderLine, Wish};
use catchment::site::{Change, Network, SiteKind};
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Orders, Quantity, Units};
use catchment::verify;

use crate::Arguments;
use crate::evening::{EVENING, TOGETHER, kind};
use crate::journal::{self, Journal};
use crate::world::{Draw, World};

/// A process that goes on makes the same ids again: the kind of a command is in the upper bits of its id.
const CONFIRM: u64 = 1 << 40;
const READY: u64 = 2 << 40;
const GONE: u64 = 3 << 40;
const ENDED: u64 = 4 << 40;
const OPENING: u64 = 5 << 40;
const TROUBLE: u64 = 6 << 40;

/// The ids of parts, two for each order.
const PARTS: u64 = 1 << 40;

/// A site packs an order when so many others have come, and it goes out when twice as many have.
const LAG: usize = 1_000;

/// Settled pledges of a presale, which come first.
const PLEDGES: usize = 100;

/// So many orders, one trouble.
const CALM: usize = 250;

pub(crate) fn run(
    world: &World,
    desk: Policy,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let terms = Terms {
        desk,
        fleet: fleet(&world.network, world.orders.len())?,
        service: Service::default(),
    };
    let mut dispatch = Dispatch::open(world.network.clone(), terms.clone());
    let (known, file) = match &arguments.log {
        Some(path) => {
            let (known, file) = journal::open(&path.with_extension("service"), arguments.resume)?;
            (known, Some(file))
        }
        None => (Vec::new(), None),
    };
    for step in &known {
        dispatch.follow(step)?;
    }
    let journal = Journal::new(known);
    let mut shift = Shift {
        world,
        dispatch,
        journal: &journal,
        draw: Draw(arguments.seed ^ 0x5e71),
        last: 0,
        spans: Vec::new(),
        refused: BTreeMap::new(),
    };
    let begun = Instant::now();
    std::thread::scope(|scope| -> std::io::Result<()> {
        let writer = scope.spawn(|| journal.write(file));
        let served = shift.serve();
        journal.close();
        writer.join().expect("the writer does not panic");
        served
    })?;
    let took = begun.elapsed();
    let Shift {
        dispatch,
        spans,
        refused,
        ..
    } = shift;
    let steps = journal.into_steps();
    print(&dispatch, &steps, &refused, (spans, took));
    let known = dispatch.machine().parts().map(|part| part.of);
    let known: BTreeSet<OrderId> = known.collect();
    let refused: usize = refused.values().sum();
    assert_eq!(
        known.len() + refused,
        world.orders.len(),
        "every order was taken or refused, once"
    );
    verify::dispatch(&world.network, &terms, &steps)?;
    println!("verified: {} steps of every life", steps.len());
    Ok(())
}

/// Three windows of two hours from now; own riders at each store, and a carrier for all.
fn fleet(network: &Network, orders: usize) -> Result<Fleet, Box<dyn Error>> {
    let limits = Limits::default();
    let windows = (0..3).map(window).map(|window| {
        let order_by = window.opens_at().max(at_hour(1));
        DeliveryWindow { window, order_by }
    });
    let windows = DeliveryWindows::new(windows, &limits)?;
    let takes = |orders: usize| Parcels {
        orders: Orders(orders as u32),
        units: Units(orders as u32),
    };
    let stores = network.sites().filter(|site| site.kind == SiteKind::Store);
    let stores: Vec<SiteId> = stores.map(|site| site.id).collect();
    let share = orders / 40 / stores.len().max(1) + 1;
    let mut couriers: Vec<Courier> = stores
        .iter()
        .map(|store| {
            let kind = CourierKind::Riders { store: *store };
            let mut riders = Courier::new(CourierId(store.0), kind, takes(share));
            riders.promised = Span::from_minutes(60);
            riders
        })
        .collect();
    let kind = CourierKind::Carrier { preference: 1 };
    let mut carrier = Courier::new(CourierId(u64::MAX), kind, takes(orders / 20));
    carrier.promised = Span::from_minutes(90);
    carrier.tariff = Tariff {
        base: Amount(600),
        per_kilometre: Amount(100),
    };
    couriers.push(carrier);
    Ok(Fleet::new(windows, couriers, &limits)?)
}

fn at_hour(hour: i64) -> Timestamp {
    Timestamp::from_unix_millis(hour * 3_600_000)
}

fn window(number: i64) -> Window {
    let window = Window::new(at_hour(2 * number), at_hour(2 * number + 2));
    window.expect("two hours are not empty")
}

/// The one who takes orders and sees to them.
struct Shift<'a> {
    world: &'a World,
    dispatch: Dispatch,
    journal: &'a Journal<Step>,
    draw: Draw,
    /// The last step that was handed to the journal.
    last: u64,
    spans: Vec<u64>,
    refused: BTreeMap<String, usize>,
}

impl Shift<'_> {
    fn serve(&mut self) -> std::io::Result<()> {
        self.open();
        let orders = self.world.orders.len();
        for number in 0..orders + 3 * LAG {
            if (PLEDGES..orders).contains(&number) {
                self.take(number);
                if number % CALM == 0 {
                    self.trouble(number);
                }
            }
            for (later, kind) in (1..).zip([READY, GONE, ENDED]) {
                if let Some(number) = number.checked_sub(later * LAG) {
                    self.go_on(number, kind);
                }
            }
            if number % TOGETHER == 0 {
                // Only what is safe is answered.
                self.journal.wait(self.last)?;
            }
        }
        self.journal.wait(self.last)
    }

    /// What came of a command that was sent when so many orders had come.
    fn tell(&mut self, number: usize, id: u64, action: Action) -> Option<Outcome<Refusal>> {
        let orders = self.world.orders.len().max(1);
        let passed = EVENING.as_millis() as usize * number / orders;
        let at = Timestamp::from_unix_millis(passed.cast_signed() as i64);
        let command = Command::new(CommandId(id), action);
        match self.dispatch.apply(at, &command).ok()? {
            Answer::Decided(step) => {
                let outcome = step.decided.map(|decided| decided.outcome);
                self.last = self.journal.hand(step);
                outcome
            }
            Answer::Replayed { outcome, .. } => Some(outcome),
        }
    }

    /// Stores have room for what they send out as well, and goods: but of two articles each has only one. Settled
    /// pledges come first.
    fn open(&mut self) {
        let orders = self.world.orders.len();
        let network = &self.world.network;
        let stores = network.sites().filter(|site| site.kind == SiteKind::Store);
        let stores: Vec<(SiteId, Units)> = stores.map(|site| (site.id, site.capacity)).collect();
        let more = (orders / 3 / stores.len().max(1)) as u32;
        let changes = stores.iter().map(|(site, capacity)| Change::SetCapacity {
            site: *site,
            capacity: Units(capacity.0 + more),
        });
        let changes = changes.collect();
        let mut actions = vec![desk::Action::Adopt { changes }];
        let pieces = Quantity((orders / stores.len().max(1) + 5) as u32);
        for (number, (site, _)) in (0..).zip(&stores) {
            for sku in [0, 1, 2, 3 + number % 2].map(SkuId) {
                let site = *site;
                actions.push(desk::Action::Deliver(Goods { site, sku, pieces }));
            }
        }
        let pledges = self.world.orders.iter().take(PLEDGES).map(|order| {
            let mut order = Order::clone(order);
            let nearest = network.nearest_site(order.position);
            order.wish = nearest.map_or(Wish::Any, |found| Wish::Site(found.site));
            Arc::new(order)
        });
        let orders = pledges.collect();
        let actions = actions.into_iter().map(Action::Desk);
        let actions = actions.chain([Action::TakeSettled { orders }]);
        for (id, action) in (OPENING..).zip(actions.collect::<Vec<_>>()) {
            self.tell(0, id, action);
        }
        let machine = self.dispatch.machine();
        let orders = self.world.orders.iter().take(PLEDGES);
        let lost = orders.filter(|order| machine.parts_of(order.id).is_empty());
        let lost = lost.count();
        if lost > 0 {
            self.refused.insert("settled, not taken".to_owned(), lost);
        }
    }

    /// One order in five is brought, and one in fifty can't come from one store. Most are confirmed.
    fn take(&mut self, number: usize) {
        let mut order = Arc::clone(&self.world.orders[number]);
        let mut draw = Draw(number as u64);
        let (id, mut division) = (order.id, None);
        if draw.below(50) == 0 {
            let line = |sku| OrderLine {
                sku: SkuId(sku),
                quantity: Quantity(1),
            };
            Arc::make_mut(&mut order).lines = [3, 4].map(line).to_vec();
            let parts = [0, 1].map(|part| OrderId(PARTS + 2 * id.0 + part));
            division = Some(Division {
                parts: parts.into(),
                ..Division::default()
            });
        }
        let when = match draw.below(4) {
            0 => WindowWish::In(window(1)),
            _ => WindowWish::Earliest,
        };
        let choice = match draw.below(5) {
            0 => Choice::Deliver { when },
            _ => Choice::Pickup,
        };
        let start = Instant::now();
        let action = Action::Take {
            order,
            choice,
            division,
        };
        let outcome = self.tell(number, id.0, action);
        self.spans.push(start.elapsed().as_nanos() as u64);
        match outcome {
            Some(Outcome::Accepted) if number % 20 > 1 => {
                let confirm = Action::Confirm { order: id };
                self.tell(number, CONFIRM + id.0, confirm);
            }
            Some(Outcome::Refused(refusal)) => {
                let reason = match refusal {
                    Refusal::Desk(refusal) => kind(&refusal),
                    refusal => kind(&refusal),
                };
                *self.refused.entry(reason).or_default() += 1;
            }
            _ => {}
        }
    }

    /// The next thing happens to an order: what that is its life says.
    fn go_on(&mut self, number: usize, kind: u64) {
        let Some(order) = self.world.orders.get(number) else {
            return;
        };
        let machine = self.dispatch.machine();
        let parts = machine.parts_of(order.id).into_iter();
        let parts: Vec<_> = parts.filter_map(|part| machine.part(part)).collect();
        for (id, view) in (kind + 3 * number as u64..).zip(parts) {
            let part = view.part;
            let action = match (kind, view.life) {
                (READY, _) if number % 50 == 2 => Action::Cancel { order: part },
                (READY, Life::Accepted) => Action::Ready { part },
                (GONE, Life::Ready) if view.way == Way::Pickup => Action::PickUp { part },
                (GONE, Life::Ready) => Action::SendOut { part },
                (ENDED, Life::OutForDelivery) if number % 30 != 4 => Action::Deliver { part },
                (ENDED, Life::OutForDelivery) => Action::Return { part },
                (ENDED, Life::PickedUp) if number % 100 == 5 => Action::Return { part },
                _ => continue,
            };
            let orders = self.world.orders.len();
            self.tell((number + LAG).min(orders), id, action);
        }
    }

    /// A leader closes, or a site rejects what it has.
    fn trouble(&mut self, number: usize) {
        let site = SiteId(self.draw.below(self.world.network.len() as u64));
        let is_leader = self
            .world
            .network
            .site(site)
            .is_some_and(|site| site.kind == SiteKind::Leader);
        let action = if is_leader && self.draw.below(8) == 0 {
            let changes = vec![Change::Close(site)];
            Some(Action::Desk(desk::Action::Adopt { changes }))
        } else {
            let order = OrderId(number as u64 - self.draw.below(LAG.min(number) as u64));
            let view = self.dispatch.machine().part(order);
            let at = view.and_then(|view| view.site);
            at.map(|site| Action::Reject { part: order, site })
        };
        if let Some(action) = action {
            self.tell(number, TROUBLE + number as u64, action);
        }
    }
}

fn print(
    dispatch: &Dispatch,
    steps: &[Step],
    refused: &BTreeMap<String, usize>,
    (mut spans, took): (Vec<u64>, Duration),
) {
    let machine = dispatch.machine();
    println!("with all its service, in {took:.1?}");
    let mut lives: BTreeMap<(Way, Life), usize> = BTreeMap::new();
    for part in machine.parts() {
        *lives.entry((part.way, part.life)).or_default() += 1;
    }
    for ((way, life), count) in lives {
        println!("  {:<26} {count:>8}", format!("{way}, {life}"));
    }
    let events = || steps.iter().flat_map(Step::all_events);
    let divided = events().filter(|event| matches!(event, Event::Divided { .. }));
    let turned = |wanted: Deed, brought: bool| {
        let turned = events().filter(move |event| match event {
            Event::Turned { part, deed, .. } => {
                let way = machine.part(*part).map(|view| view.way);
                *deed == wanted && (way == Some(Way::Delivery)) == brought
            }
            _ => false,
        });
        turned.count()
    };
    println!("  orders in parts {}", divided.count());
    println!(
        "  deliveries that lost their store {}, found another {}",
        turned(Deed::Strand, true),
        turned(Deed::Move, true)
    );
    let (mut riders, mut carriers) = (0, 0);
    for held in machine.couriers().rides() {
        let courier = machine.couriers().fleet().courier(held.ride.courier);
        match courier.map(|courier| courier.kind) {
            Some(CourierKind::Riders { .. }) => riders += 1,
            _ => carriers += 1,
        }
    }
    println!("  rides: own riders {riders}, carrier {carriers}");
    for (reason, count) in refused {
        println!("  refused: {reason} {count}");
    }
    spans.sort_unstable();
    if let Some(last) = spans.len().checked_sub(1) {
        let share = |permille: usize| spans[last * permille / 1_000] as f64 / 1_000.0;
        let (half, tail, end) = (share(500), share(990), share(999));
        println!("  taking: p50 {half:.1} µs, p99 {tail:.1} µs, p99.9 {end:.1} µs");
    }
}
