//! The live desk: what a placement costs and how good the outcome is. What a hold weighs is in the bench `memory`:
//! counting allocations would slow these down, and threads most.
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

use crate::workload::{Areas, Random, World, sites};

#[derive(Debug, Parser)]
struct Options {
    /// Small and few.
    #[arg(long)]
    quick: bool,
    /// Only the table whose name contains this: firm, threads, tentative, quality.
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

/// Two threads place while sites pause, open and change their capacities a thousand times a second. Each setting in
/// turn, and the median of the rounds.
fn threads(count: usize) {
    const ROUNDS: usize = 5;
    println!("\n| threads | changes | places a second | of one thread with changes, % |");
    println!("| --- | --- | --- | --- |");
    let world = World::clustered(20_000);
    let network = with_room(sites(world, 1, 20_000, &[Areas::Unlimited]), count, 400);
    network.prepare();
    let orders = orders(world, count);
    let settings = [(1, true), (1, false), (2, false), (2, true)];
    let mut rounds = [[(0.0, 0); ROUNDS]; 4];
    for round in 0..ROUNDS {
        for (results, (threads, changes)) in rounds.iter_mut().zip(settings) {
            results[round] = place_by(threads, changes, &network, &orders);
        }
    }
    let median = |results: &mut [(f64, u64); ROUNDS]| {
        results.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        results[ROUNDS / 2]
    };
    let medians = rounds.each_mut().map(median);
    for ((threads, _), (rate, changed)) in settings.into_iter().zip(medians) {
        let share = 100.0 * rate / medians[0].0;
        println!("| {threads} | {changed} | {rate:.0} | {share:.0} |");
    }
}

/// Placements a second, and how many changes came meanwhile.
fn place_by(threads: usize, changes: bool, network: &Network, orders: &[Arc<Order>]) -> (f64, u64) {
    let handle = DeskHandle::new(Desk::open(network.clone(), Policy::default()));
    let done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
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
        let rate = orders.len() as f64 / begin.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        let changed = changer.map_or(0, |changer| changer.join().expect("no panic"));
        (rate, changed)
    });
    let desk = handle.into_desk();
    let counter = desk.machine();
    let held: u64 = counter.sites().map(|site| u64::from(site.load.0)).sum();
    assert_eq!(
        held,
        counter.orders().count() as u64,
        "nothing lost, nothing doubled"
    );
    result
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
