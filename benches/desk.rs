//! The live desk: what a placement costs, what a hold weighs, and how good the outcome is.
//!
//! ```text
//! cargo bench --bench desk                # all tables
//! cargo bench --bench desk -- --quick     # small and few
//! cargo bench --bench desk -- --only firm
//! ```
//!
//! Latencies are of the wall clock, one placement at a time; the median and the tail are printed. One evening is a city
//! or a province of seeded sites; orders are other draws of the same people.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod desk_quality;
mod workload;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use catchment::desk::{Action, Command, Desk, DeskHandle, Policy, Promise};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::order::Order;
use catchment::site::{Change, Network, Site, SiteStatus};
use catchment::time::Timestamp;
use catchment::units::Units;
use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::workload::{Areas, Random, World, sites};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

#[derive(Debug, Parser)]
struct Options {
    /// Small and few.
    #[arg(long)]
    quick: bool,
    /// Only the table whose name contains this: firm, threads, tentative, memory, quality.
    #[arg(long, default_value = "")]
    only: String,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    let wanted = |name: &str| name.contains(&options.only);
    let share = if options.quick { 10 } else { 1 };
    if wanted("firm") {
        firm(200_000 / share);
    }
    if wanted("threads") {
        threads(400_000 / share);
    }
    if wanted("memory") {
        memory(200_000 / share);
    }
    if wanted("quality") {
        desk_quality::table(20_000 / share, 20 / share as u64);
    }
    if wanted("tentative") {
        tentative(20_000 / share);
    }
}

/// Capacities that sum up to so many percent of the orders.
fn with_room(mut sites: Vec<Site>, orders: usize, percent: usize) -> Network {
    let mean = (orders * percent / 100 / sites.len()).max(1);
    let mut random = Random::new(5);
    for site in &mut sites {
        site.capacity = Units((mean / 2 + random.below(mean + 1)).max(1) as u32);
    }
    Network::builder()
        .sites(sites)
        .build()
        .expect("sound sites")
}

fn orders(world: World, count: usize) -> Vec<Arc<Order>> {
    let positions = world.positions(77, count).into_iter().enumerate();
    positions
        .map(|(id, at)| Arc::new(Order::new(OrderId(id as u64), at)))
        .collect()
}

fn commands(orders: &[Arc<Order>]) -> Vec<Command> {
    let numbered = orders.iter().enumerate();
    numbered
        .map(|(id, order)| Command::place(CommandId(id as u64), Arc::clone(order)))
        .collect()
}

const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

fn firm(count: usize) {
    println!(
        "\n| firm, one thread | sites | places | p50 ns | p99 ns | p99.9 ns | a second | refused |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (size, percent) in [(20_000, 1_000), (20_000, 125), (800, 125)] {
        let world = World::clustered(size);
        let network = with_room(sites(world, 1, size, &[Areas::Unlimited]), count, percent);
        network.prepare();
        let orders = orders(world, count);
        let commands = commands(&orders);
        let mut desk = Desk::open(network, Policy::default());
        let (spans, total, refused) = timed(&commands, |command| {
            let answer = desk.apply(NOW, command).expect("new ids");
            answer.outcome().is_accepted()
        });
        row("placing", size, percent, &spans, total, refused);
    }
}

/// The span of each call in nanoseconds, sorted, the time of all of them, and how many were refused.
fn timed(
    commands: &[Command],
    mut apply: impl FnMut(&Command) -> bool,
) -> (Vec<u64>, Duration, usize) {
    let mut spans = Vec::with_capacity(commands.len());
    let mut refused = 0;
    let begin = Instant::now();
    for command in commands {
        let start = Instant::now();
        refused += usize::from(!apply(command));
        spans.push(start.elapsed().as_nanos() as u64);
    }
    let total = begin.elapsed();
    spans.sort_unstable();
    (spans, total, refused)
}

fn row(name: &str, size: usize, percent: usize, spans: &[u64], total: Duration, refused: usize) {
    let share = |permille: usize| spans[(spans.len() - 1) * permille / 1_000];
    let rate = spans.len() as f64 / total.as_secs_f64();
    println!(
        "| {name} | {size} | {percent} % | {} | {} | {} | {rate:.0} | {refused} |",
        share(500),
        share(990),
        share(999),
    );
}

/// Two threads place while sites pause, open and change their capacities a thousand times a second.
fn threads(count: usize) {
    println!("\n| threads | changes | places a second |");
    println!("| --- | --- | --- |");
    let world = World::clustered(20_000);
    let network = with_room(sites(world, 1, 20_000, &[Areas::Unlimited]), count, 400);
    network.prepare();
    let orders = orders(world, count);
    for (threads, changes) in [(1, false), (1, true), (2, false), (2, true)] {
        let handle = DeskHandle::new(Desk::open(network.clone(), Policy::default()));
        let done = AtomicBool::new(false);
        let (mut changed, mut rate) = (0_u64, 0.0);
        std::thread::scope(|scope| {
            let changer = changes.then(|| scope.spawn(|| change(&handle, &done)));
            let begin = Instant::now();
            let placers: Vec<_> = orders
                .chunks(orders.len().div_ceil(threads))
                .map(|part| {
                    let handle = &handle;
                    scope.spawn(move || {
                        for order in part {
                            let command = Command::place(CommandId(order.id.0), Arc::clone(order));
                            handle.apply(NOW, command).expect("new ids");
                        }
                    })
                })
                .collect();
            for placer in placers {
                placer.join().expect("no panic");
            }
            rate = orders.len() as f64 / begin.elapsed().as_secs_f64();
            done.store(true, Ordering::Relaxed);
            changed = changer.map_or(0, |changer| changer.join().expect("no panic"));
        });
        let desk = handle.into_desk();
        let counter = desk.machine();
        let held: u64 = counter.sites().map(|site| u64::from(site.load.0)).sum();
        assert_eq!(
            held,
            counter.orders().count() as u64,
            "nothing lost, nothing doubled"
        );
        println!("| {threads} | {changed} | {rate:.0} |");
    }
}

fn change(handle: &DeskHandle, done: &AtomicBool) -> u64 {
    let mut random = Random::new(3);
    let begin = Instant::now();
    let mut count = 0;
    while !done.load(Ordering::Relaxed) {
        let site = SiteId(random.below(20_000) as u64);
        let change = match random.below(3) {
            0 => Change::SetStatus {
                site,
                status: SiteStatus::Paused,
            },
            1 => Change::SetStatus {
                site,
                status: SiteStatus::Open,
            },
            _ => Change::SetCapacity {
                site,
                capacity: Units(10 + random.below(100) as u32),
            },
        };
        let command = Command::new(
            CommandId(1 << 40 | count),
            Action::Adopt {
                changes: vec![change],
            },
        );
        handle.apply(NOW, command).expect("new ids");
        count += 1;
        let due = begin + Duration::from_millis(count);
        if let Some(rest) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(rest);
        }
    }
    count
}

fn memory(count: usize) {
    println!("\n| memory | bytes |");
    println!("| --- | --- |");
    let world = World::clustered(20_000);
    let network = with_room(sites(world, 1, 20_000, &[Areas::Unlimited]), count, 200);
    let positions = world.positions(77, count);
    let mut desk = Desk::open(network, Policy::default());
    let region = Region::new(ALLOCATOR);
    let used = |region: &Region<'_, _>| {
        let change = region.change();
        change.bytes_allocated.cast_signed() - change.bytes_deallocated.cast_signed()
    };
    for (id, at) in positions.into_iter().enumerate() {
        let order = Order::new(OrderId(id as u64), at);
        desk.apply(NOW, &Command::place(CommandId(id as u64), order))
            .expect("new ids");
    }
    let live = used(&region);
    for id in 0..count as u64 {
        let confirm = Command::new(
            CommandId(1 << 40 | id),
            Action::Confirm { order: OrderId(id) },
        );
        desk.apply(NOW, &confirm).expect("new ids");
    }
    let remembered = (used(&region) - live) / count.cast_signed();
    println!("| one remembered command | {remembered} |");
    println!(
        "| one live hold beside its command | {} |",
        live / count.cast_signed() - remembered
    );
}

/// Orders one by one under a plan that is kept optimal.
fn tentative(count: usize) {
    println!(
        "\n| tentative, one thread | sites | places | p50 ns | p99 ns | p99.9 ns | a second | refused |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let size = count / 25;
    let world = World::clustered(size);
    for percent in [250, 125, 105] {
        let network = with_room(sites(world, 1, size, &[Areas::Unlimited]), count, percent);
        let commands = commands(&orders(world, count));
        let policy = Policy {
            promise: Promise::Tentative,
            ..Policy::default()
        };
        let mut desk = Desk::open(network, policy);
        let (spans, total, refused) = timed(&commands, |command| {
            let answer = desk.apply(NOW, command).expect("new ids");
            answer.outcome().is_accepted()
        });
        row("placing", size, percent, &spans, total, refused);
    }
}
