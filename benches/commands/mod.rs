//! Commands through the dispatch: every order is taken, confirmed, packed, and fetched or brought.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catchment::desk::{self, Goods};
use catchment::fulfil::dispatch::{
    Action, Choice, Command, Dispatch, DispatchHandle, Service, Terms,
};
use catchment::fulfil::{
    Courier, CourierKind, DeliveryWindow, DeliveryWindows, Fleet, Parcels, WindowWish,
};
use catchment::geo::Position;
use catchment::id::{CommandId, CourierId, OrderId, SiteId, SkuId};
use catchment::limits::Limits;
use catchment::order::{Order, OrderLine};
use catchment::site::{Network, Site, Tag};
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Orders, Quantity, Units};

use crate::workload::World;

const SITES: usize = 1_000;
/// Every twentieth site is a store, with riders and goods.
const STORES_EVERY: usize = 20;
const SKUS: u64 = 20;
const ORDERS: u64 = 10_000;
const THREADS: usize = 2;
const NOW: Timestamp = Timestamp::from_unix_millis(0);
const DELIVER: Choice = Choice::Deliver {
    when: WindowWish::Earliest,
};

/// One table: each command by itself, then all of them, by one thread and by several.
pub(crate) fn table() {
    let steps = "take p50 µs | take p99 µs | confirm | ready | out | end";
    println!("| {ORDERS} orders, {SITES} sites | taken | {steps} | commands a second |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let positions = World::City.positions(9, ORDERS as usize);
    for (name, choice) in [("fetched", Choice::Pickup), ("brought", DELIVER)] {
        one_by_one(name, choice, &positions);
        together(name, choice, &positions);
    }
    println!();
}

fn one_by_one(name: &str, choice: Choice, positions: &[Position]) {
    let mut dispatch = open();
    let mut spans = [const { Vec::new() }; 5];
    for (id, at) in (1..).zip(positions) {
        for (step, action) in life(id, *at, choice).into_iter().enumerate() {
            let command = Command::new(CommandId(10 * id + step as u64), action);
            let clock = Instant::now();
            let answer = dispatch.apply(NOW, &command).expect("it makes sense");
            spans[step].push(clock.elapsed());
            if !answer.outcome().is_accepted() {
                spans[step].pop();
                break;
            }
        }
    }
    let total: Duration = spans.iter().flatten().sum();
    let count: usize = spans.iter().map(Vec::len).sum();
    let taken = spans[0].len();
    let mut micros = spans.map(|mut spans| {
        spans.sort_unstable();
        let at = |percent: usize| {
            let rank = spans.len().saturating_sub(1) * percent / 100;
            spans.get(rank).map_or(0.0, |span| span.as_secs_f64() * 1e6)
        };
        (at(50), at(99))
    });
    let [take, confirm, ready, out, end] = &mut micros;
    println!(
        "| {name} | {taken} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        take.0,
        take.1,
        confirm.0,
        ready.0,
        out.0,
        end.0,
        count as f64 / total.as_secs_f64(),
    );
}

fn together(name: &str, choice: Choice, positions: &[Position]) {
    let handle = DispatchHandle::new(open());
    let lives: Vec<Vec<Command>> = (1..)
        .zip(positions)
        .map(|(id, at)| {
            let actions = (0..).zip(life(id, *at, choice));
            let commands = actions.map(|(step, action)| (CommandId(10 * id + step), action));
            commands
                .map(|(id, action)| Command::new(id, action))
                .collect()
        })
        .collect();
    let clock = Instant::now();
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (handle, lives) = (&handle, &lives);
                scope.spawn(move || {
                    let (mut taken, mut done) = (0, 0);
                    for life in lives.iter().skip(thread).step_by(THREADS) {
                        let is_accepted = |command: &&Command| {
                            let answer = handle.apply(NOW, command).expect("it makes sense");
                            answer.outcome().is_accepted()
                        };
                        let accepted = life.iter().take_while(is_accepted).count();
                        taken += accepted.min(1);
                        done += accepted;
                    }
                    (taken, done)
                })
            })
            .collect();
        let threads = threads.into_iter();
        let counts = threads.map(|thread| thread.join().expect("no panic"));
        counts.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    });
    let (taken, done): (usize, usize) = counts;
    println!(
        "| {name}, {THREADS} threads | {taken} | | | | | | | {:.0} |",
        done as f64 / clock.elapsed().as_secs_f64(),
    );
}

/// From the order to its end.
fn life(id: u64, at: Position, choice: Choice) -> Vec<Action> {
    let part = OrderId(id);
    let mut order = Order::new(part, at);
    order.lines = [id % SKUS, (id + 7) % SKUS]
        .map(|sku| OrderLine {
            sku: SkuId(sku),
            quantity: Quantity(1),
        })
        .to_vec();
    let order = Arc::new(order);
    let take = Action::Take {
        order,
        choice,
        division: None,
    };
    let mut actions = vec![
        take,
        Action::Confirm { order: part },
        Action::Ready { part },
    ];
    actions.extend(match choice {
        Choice::Pickup => vec![Action::PickUp { part }, Action::Return { part }],
        _ => vec![Action::SendOut { part }, Action::Deliver { part }],
    });
    actions
}

fn open() -> Dispatch {
    let positions = World::City.positions(1, SITES);
    let is_store = |id: usize| id.is_multiple_of(STORES_EVERY);
    let stores = (0..SITES).filter(|id| is_store(*id)).map(|id| {
        let mut store = Site::store(SiteId(id as u64), positions[id], Units(1_000));
        store.tags = Tag::DELIVERY.into();
        store
    });
    let stores: Vec<Site> = stores.collect();
    let of_stores = Network::builder().sites(stores.iter().cloned()).build();
    let of_stores = of_stores.expect("sound sites");
    let leaders = (0..SITES).filter(|id| !is_store(*id)).map(|id| {
        let mut leader = Site::leader(SiteId(id as u64), positions[id], Units(60));
        let store = of_stores.nearest_site(positions[id]);
        leader.supplied_by = store.map(|store| store.site);
        leader
    });
    let sites = Network::builder().sites(stores.iter().cloned());
    let network = sites.sites(leaders).build().expect("sound sites");
    network.prepare();
    let terms = Terms {
        fleet: fleet(&stores),
        service: Service::default(),
        ..Terms::default()
    };
    let mut dispatch = Dispatch::open(network, terms);
    let goods = stores
        .iter()
        .flat_map(|store| (0..SKUS).map(|sku| (store.id, SkuId(sku))));
    for (id, (site, sku)) in (1 << 40..).zip(goods) {
        let pieces = Quantity(5_000);
        let action = Action::Desk(desk::Action::Deliver(Goods { site, sku, pieces }));
        let answer = dispatch.apply(NOW, &Command::new(CommandId(id), action));
        answer.expect("it makes sense");
    }
    dispatch
}

/// Riders at every store, and windows of two hours all day.
fn fleet(stores: &[Site]) -> Fleet {
    let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
    let windows = (0..6).map(|from| DeliveryWindow {
        window: Window::new(hour(2 * from), hour(2 * from + 2)).expect("not empty"),
        order_by: hour(2 * from + 1),
    });
    let limits = Limits::default();
    let windows = DeliveryWindows::new(windows, &limits).expect("sound windows");
    let capacity = Parcels {
        orders: Orders(100),
        units: Units(1_000),
    };
    let riders = stores.iter().map(|store| {
        let kind = CourierKind::Riders { store: store.id };
        let mut riders = Courier::new(CourierId(store.id.0), kind, capacity);
        riders.promised = Span::from_minutes(90);
        riders
    });
    Fleet::new(windows, riders.collect(), &limits).expect("a sound fleet")
}
