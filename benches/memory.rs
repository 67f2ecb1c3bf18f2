//! Bytes counted by the allocator: a site in the network, without and with the accelerator; an order held by the live
//! desk, and a command that it remembers.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod workload;

use std::alloc::System;

use catchment::desk::{Action, Command, Desk, Policy};
use catchment::id::{CommandId, OrderId};
use catchment::order::Order;
use catchment::site::Network;
use catchment::time::Timestamp;
use catchment::units::Units;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::workload::{Areas, World, sites};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    println!("| bytes a site | sites | built, limit 200 | prepared, limit 400 |");
    println!("| --- | --- | --- | --- |");
    for size in [800, 20_000, 200_000, 1_000_000] {
        for areas in [Areas::Unlimited, Areas::Radii] {
            let region = Region::new(ALLOCATOR);
            let builder =
                Network::builder().sites(sites(World::clustered(size), 1, size, &[areas]));
            let network = builder.build().expect("a valid network");
            let built = resident(&region) / size as f64;
            network.prepare();
            let prepared = resident(&region) / size as f64;
            println!("| areas: {areas:?} | {size} | {built:.0} | {prepared:.0} |");
            drop(network);
        }
    }
    desk(200_000);
}

/// Orders that are placed, then confirmed: the second command of each leaves nothing but the memory of it.
fn desk(count: usize) {
    println!("\n| the live desk | bytes |");
    println!("| --- | --- |");
    let world = World::clustered(20_000);
    let mut places = sites(world, 1, 20_000, &[Areas::Unlimited]);
    for site in &mut places {
        site.capacity = Units(20);
    }
    let network = Network::builder().sites(places).build();
    let positions = world.positions(77, count);
    let mut desk = Desk::open(network.expect("a valid network"), Policy::default());
    let now = Timestamp::from_unix_millis(1_000);
    let region = Region::new(ALLOCATOR);
    for (id, at) in positions.into_iter().enumerate() {
        let order = Order::new(OrderId(id as u64), at);
        desk.apply(now, &Command::place(CommandId(id as u64), order))
            .expect("new ids");
    }
    let placed = resident(&region) / count as f64;
    for id in 0..count as u64 {
        let action = Action::Confirm { order: OrderId(id) };
        desk.apply(now, &Command::new(CommandId(1 << 40 | id), action))
            .expect("new ids");
    }
    let remembered = resident(&region) / count as f64 - placed;
    println!("| one remembered command | {remembered:.0} |");
    println!(
        "| one live hold beside its command | {:.0} |",
        placed - remembered
    );
}

fn resident(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    change.bytes_allocated as f64 - change.bytes_deallocated as f64
}
