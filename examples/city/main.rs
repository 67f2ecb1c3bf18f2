//! The main job: every order of a city to its nearest eligible pickup point.
//!
//! ```text
//! cargo run --release --example city                 # a synthetic evening: 20,000 orders, 800 leaders, 20 stores
//! cargo run --release --example city -- --pickups sites.csv --orders orders.csv.gz --json
//! cargo run --release --example city -- --help
//! ```
//!
//! What a service that embeds the library does is in [`run`]: sites into a network, addresses into a batch of
//! look-ups. Around it are reading files ([`records`]), making a city ([`synthetic`]) and adding up
//! ([`summary`]). The result is checked against a plain scan before anything is printed.

// A program talks to people; only the library keeps quiet.
#![allow(clippy::print_stderr)]

mod assignment;
mod city;
mod cli;
mod failure;
mod input;
mod output;
mod progress;
mod records;
mod summary;
mod synthetic;

use std::process::ExitCode;
use std::time::Instant;

use catchment::site::Network;
use clap::Parser;

use crate::assignment::Assignment;
use crate::cli::Arguments;
use crate::failure::Failure;
use crate::summary::{Summary, Times};

fn main() -> ExitCode {
    let started = Instant::now();
    match run(&Arguments::parse(), started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn run(arguments: &Arguments, started: Instant) -> Result<(), Failure> {
    let (city, bad_rows) = input::city(arguments.source())?;
    if city.sites().is_empty() {
        return Err(Failure::NoSites);
    }
    let seconds_read = started.elapsed().as_secs_f64();

    let building = Instant::now();
    let network = Network::builder()
        .sites(city.sites().iter().cloned())
        .build()?;
    network.prepare();
    let seconds_build = building.elapsed().as_secs_f64();

    let addresses = city.addresses();
    let looking_up = Instant::now();
    let assignment = Assignment::of(&network, &addresses);
    let seconds_lookup = looking_up.elapsed().as_secs_f64();

    let unassigned_by = assignment.unassigned(&network, &addresses);
    assignment.check(&city);
    if let Some(path) = &arguments.out {
        output::write_assignments(path, &city, &assignment)?;
    }
    let mut summary = Summary::of(&city, &assignment, unassigned_by, bad_rows);
    summary.times = Times {
        seconds: started.elapsed().as_secs_f64(),
        seconds_read,
        seconds_build,
        seconds_lookup,
        lookups_per_second: addresses.len() as f64 / seconds_lookup,
    };
    eprintln!("{}", summary.times);
    Ok(output::print(&summary, arguments.json)?)
}
