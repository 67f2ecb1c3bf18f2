//! One evening at the live desk: orders stream in from several threads while sites close, reject and sell on the shop
//! floor, every step is appended to a log, and a process that is killed goes on where it was. Then the same evening with
//! all its service: settled pledges, deliveries, orders in parts, and every order followed to its end.
//!
//! ```text
//! cargo run --release --example live_evening                                  # a seeded city
//! cargo run --release --example live_evening -- --data ../shared/data/shanghai # real parcels
//! cargo run --release --example live_evening -- --promise tentative
//! cargo run --release --example live_evening -- --log evening.log --resume     # go on after a kill
//! cargo run --release --example live_evening -- --kills 20                     # kill it 20 times, and look
//! ```

// An example prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod evening;
mod journal;
mod kills;
mod service;
mod summary;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use catchment::desk::Promise;
use clap::{Parser, ValueEnum};

/// Stream an evening's orders through the live desk.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Arguments {
    /// A folder with `pickup_points.csv` and `cainiao_spots.csv` [default: a seeded city]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// How many orders come at most
    #[arg(long, default_value_t = 20_000)]
    orders: usize,
    /// Of a seeded city: how many sites
    #[arg(long, default_value_t = 800)]
    sites: usize,
    /// What all sites together take, in percent of the orders
    #[arg(long, default_value_t = 120)]
    capacity: usize,
    /// How many threads take orders
    #[arg(long, default_value_t = 4)]
    threads: usize,
    /// When buyers are told where
    #[arg(long, value_enum, default_value_t = When::Firm)]
    promise: When,
    /// Orders a second at most, over all threads; 0 is as fast as it goes
    #[arg(long, default_value_t = 0)]
    pace: u64,
    /// Every step is appended to this file and synced before anybody is answered [default: none is kept]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Go on with the log that is there
    #[arg(long, requires = "log")]
    resume: bool,
    /// Start this program again and again, kill it at a random moment so many times, and see that nothing is lost or
    /// doubled
    #[arg(long, value_name = "TIMES", conflicts_with_all = ["log", "resume"])]
    kills: Option<u32>,
    /// What is drawn is drawn from this
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// At once, and never moved
    Firm,
    /// When all have come
    Tentative,
}

impl From<When> for Promise {
    fn from(when: When) -> Self {
        match when {
            When::Firm => Self::Firm,
            When::Tentative => Self::Tentative,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.kills {
        Some(times) => kills::survive(&arguments, times),
        None => evening::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
