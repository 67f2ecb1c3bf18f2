//! Bytes a site, counted by the allocator: the network with its sites, without and with the accelerator.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod workload;

use std::alloc::System;

use catchment::site::Network;
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
}

fn resident(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    change.bytes_allocated as f64 - change.bytes_deallocated as f64
}
