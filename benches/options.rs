//! Options for one address: what an answer costs at 20,000 sites with stock of 2,000 articles per store.
//!
//! ```text
//! cargo bench --bench options             # both worlds
//! cargo bench --bench options -- --quick  # few articles, few questions
//! ```
//!
//! A thousand stores of the seeded world have stock and riders, and supply 19,000 leaders; three carriers help out.
//! Latencies are of the wall clock, one answer at a time; the median and the tail are printed, and beside them how good
//! the answers are: how many offers, how many reasons, and that `verify` finds nothing wrong with a sample.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod workload;

use std::time::Instant;

use catchment::desk::{Action, Command, Desk, Goods, Policy};
use catchment::fulfil::{
    Condition, Courier, CourierKind, Couriers, DeliveryWindow, DeliveryWindows, Fleet,
    OptionsFinder, OptionsPolicy, OptionsSettings, Parcels, RankBy, RulesData, Tariff,
};
use catchment::geo::{Position, ServiceArea};
use catchment::id::{CommandId, CourierId, OrderId, SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::{Order, OrderLine};
use catchment::site::{Network, Site, SiteKind, Tag};
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Distance, Orders, Quantity, Units};
use catchment::verify;
use clap::Parser;

use crate::workload::{Random, World};

#[derive(Debug, Parser)]
struct Arguments {
    /// Few articles, few questions.
    #[arg(long)]
    quick: bool,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

const SITES: usize = 20_000;
/// How many answers are verified.
const SAMPLE: usize = 25;
/// Every twentieth site is a store.
const STORES_EVERY: usize = 20;

fn main() {
    let arguments = Arguments::parse();
    let (skus, questions) = if arguments.quick {
        (50, 5_000)
    } else {
        (2_000, 50_000)
    };
    println!("| options | skus a store | lines | p50 ns | p99 ns | p99.9 ns | offers | reasons |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, world) in [("province", World::Province), ("city", World::City)] {
        let desk = desk(world, skus);
        let couriers = couriers();
        let by_price = RulesData::default();
        for lines in [0, 1, 3, 5] {
            let asked = (world, skus, lines);
            table(name, &desk, &couriers, &by_price, asked, questions);
        }
        // All sites within reach are judged and ranked.
        let rules = RulesData {
            rank: vec![
                RankBy::Bucket(Distance::from_metres(500)),
                RankBy::Kind(SiteKind::Store),
            ],
            soft: vec![Condition::Within(Distance::from_metres(1_500))],
            ..RulesData::default()
        };
        let name = format!("{name}, by rules");
        let asked = (world, skus, 3);
        table(&name, &desk, &couriers, &rules, asked, questions / 10);
    }
}

/// Sites of which most have room, and orders that have taken the rest.
fn desk(world: World, skus: usize) -> Desk {
    let mut random = Random::new(11);
    let positions = world.positions(1, SITES);
    let stores: Vec<Site> = (0..SITES)
        .step_by(STORES_EVERY)
        .map(|id| {
            let mut store = Site::store(SiteId(id as u64), positions[id], Units(200));
            store.tags = Tag::DELIVERY.into();
            store
        })
        .collect();
    let of_stores = network(stores.clone());
    let mut sites = stores;
    for (id, at) in positions.iter().enumerate() {
        if id % STORES_EVERY == 0 {
            continue;
        }
        let capacity = Units(1 + random.below(4) as u32);
        let mut leader = Site::leader(SiteId(id as u64), *at, capacity);
        let radius = Distance::from_metres(500 + random.below(2_500) as u32);
        leader.area = ServiceArea::Radius(radius);
        leader.supplied_by = of_stores.nearest_site(*at).map(|store| store.site);
        sites.push(leader);
    }
    let network = network(sites);
    network.prepare();
    let mut desk = Desk::open(network, Policy::default());
    let mut commands = 0;
    let mut apply = |action: Action| {
        commands += 1;
        let answer = desk.apply(NOW, &Command::new(CommandId(commands), action));
        answer.expect("new ids");
    };
    for store in (0..SITES).step_by(STORES_EVERY) {
        for sku in 0..skus {
            // One in fifty is not there.
            let pieces = Quantity(random.below(50) as u32);
            if pieces.0 > 0 {
                apply(Action::Deliver(Goods {
                    site: SiteId(store as u64),
                    sku: SkuId(sku as u64),
                    pieces,
                }));
            }
        }
    }
    for (id, at) in world.positions(5, SITES).into_iter().enumerate() {
        let order = Order::new(OrderId((1 << 40) + id as u64), at);
        apply(Action::Place {
            order: order.into(),
            proposal: None,
        });
    }
    desk
}

fn network(sites: Vec<Site>) -> Network {
    let network = Network::builder().sites(sites).build();
    network.expect("sound sites")
}

const NOW: Timestamp = Timestamp::from_unix_millis(8 * 3_600_000);

/// Riders at every store, three carriers, and windows of two hours all day.
fn couriers() -> Couriers {
    let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
    let windows = (4..11).map(|from| DeliveryWindow {
        window: Window::new(hour(2 * from), hour(2 * from + 2)).expect("not empty"),
        order_by: hour(2 * from + 1),
    });
    let limits = Limits::default();
    let windows = DeliveryWindows::new(windows, &limits).expect("sound windows");
    let tariff = |base, per_kilometre| Tariff {
        base: Amount(base),
        per_kilometre: Amount(per_kilometre),
    };
    let parcels = |orders| Parcels {
        orders: Orders(orders),
        units: Units(10 * orders),
    };
    let mut fleet = Vec::new();
    for store in (0..SITES as u64).step_by(STORES_EVERY) {
        let kind = CourierKind::Riders {
            store: SiteId(store),
        };
        let mut riders = Courier::new(CourierId(100 + store), kind, parcels(20));
        riders.distance_max = Distance::from_metres(3_000);
        riders.promised = Span::from_minutes(45);
        riders.tariff = tariff(300, 100);
        fleet.push(riders);
    }
    for (id, far) in [(1, 4_000), (2, 6_000), (3, 20_000)] {
        let kind = CourierKind::Carrier {
            preference: id as u32,
        };
        let mut carrier = Courier::new(CourierId(id), kind, parcels(2_000));
        carrier.distance_max = Distance::from_metres(far);
        carrier.promised = Span::from_minutes(90);
        carrier.tariff = tariff(600 + 100 * id, 150);
        fleet.push(carrier);
    }
    Couriers::new(Fleet::new(windows, fleet, &limits).expect("a sound fleet"))
}

fn table(
    name: &str,
    desk: &Desk,
    couriers: &Couriers,
    rules: &RulesData,
    (world, skus, lines): (World, usize, usize),
    questions: usize,
) {
    let settings = OptionsSettings {
        pickup_discount: Amount(200),
        rules: rules.clone(),
        ..OptionsSettings::default()
    };
    let policy = OptionsPolicy::new(settings, &Limits::default()).expect("sound settings");
    let finder = OptionsFinder::new(desk.machine(), couriers, &policy);
    let mut random = Random::new(7);
    let orders: Vec<Order> = world
        .positions(77, questions)
        .into_iter()
        .zip(0..)
        .map(|(at, id)| order(id, at, lines, skus, &mut random))
        .collect();
    for order in orders.iter().step_by(orders.len() / SAMPLE) {
        let options = finder.options(NOW, order);
        let verified = verify::options(&finder, NOW, order, &options);
        assert_eq!(verified, Ok(()), "an answer is not what it should be");
    }
    let (mut offers, mut reasons) = (0, 0);
    let mut spans = Vec::with_capacity(orders.len());
    for order in &orders {
        let start = Instant::now();
        let options = finder.options(NOW, order);
        spans.push(start.elapsed().as_nanos() as u64);
        offers += options.offers.len();
        reasons += options.rejected.len();
    }
    spans.sort_unstable();
    let share = |permille: usize| spans[(spans.len() - 1) * permille / 1_000];
    let mean = |sum: usize| sum as f64 / spans.len() as f64;
    println!(
        "| {name} | {skus} | {lines} | {} | {} | {} | {:.2} | {:.2} |",
        share(500),
        share(990),
        share(999),
        mean(offers),
        mean(reasons),
    );
}

fn order(id: u64, at: Position, lines: usize, skus: usize, random: &mut Random) -> Order {
    let mut order = Order::new(OrderId(id), at);
    for _ in 0..lines {
        let sku = SkuId(random.below(skus) as u64);
        if order.lines.iter().all(|line| line.sku != sku) {
            let quantity = Quantity(1 + random.below(2) as u32);
            order.lines.push(OrderLine { sku, quantity });
        }
    }
    order
}
