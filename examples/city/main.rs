//! The main job, as an evening in four acts: where one buyer may pick up; every order of a city to a pickup point that
//! may take it and has room, the best for all together; the same orders live; a presale.
//!
//! ```text
//! cargo run --release --example city                    # a made-up evening: 20,000 orders, 800 leaders, 20 stores
//! cargo run --release --example city -- --out evening   # and a map of it: open evening/city.html
//! cargo run --release --example city -- --pickups sites.csv --orders orders.csv.gz --capacity-factor 1.05 --json
//! cargo run --release --example city -- --help
//! ```
//!
//! What a service that embeds the library does is in [`run`]: sites into a network, orders into a plan. Around it
//! are reading files ([`records`]), making a city ([`seeded`]), adding up ([`tally`], [`summary`]), the words of an
//! explanation ([`explain`]), the other [`acts`], and what `--out` writes ([`export`]; the sources of the page are in
//! `web`). Plans by three methods are compared; each is checked, and the look-ups against a plain scan, before
//! anything is printed.

// A program talks to people; only the library keeps quiet.
#![allow(clippy::print_stderr)]

mod acts;
mod capacity;
mod city;
mod cli;
mod explain;
mod export;
mod failure;
mod input;
mod lookups;
mod output;
mod progress;
mod records;
mod routing;
#[path = "../seeded/mod.rs"]
mod seeded;
mod summary;
mod tally;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use catchment::id::OrderId;
use catchment::plan::Plan;
use catchment::report::Report;
use catchment::site::Network;
use clap::Parser;

use crate::acts::{Acts, Evening};
use crate::city::City;
use crate::cli::Arguments;
use crate::explain::InWords;
use crate::export::Planned;
use crate::failure::Failure;
use crate::lookups::Lookups;
use crate::routing::{METHODS, Routed};
use crate::summary::{Summary, Times};
use crate::tally::Tally;

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
    let (mut city, bad_rows) = input::city(arguments.source())?;
    if city.sites().is_empty() {
        return Err(Failure::NoSites);
    }
    city.set_capacity(arguments.capacity());
    let asked = order_to_explain(arguments, &city)?;
    let seconds_read = started.elapsed().as_secs_f64();

    let building = Instant::now();
    let network = Network::builder()
        .sites(city.sites().iter().cloned())
        .build()?;
    network.prepare();
    let seconds_build = building.elapsed().as_secs_f64();

    let addresses = city.addresses();
    let looking_up = Instant::now();
    let lookups = Lookups::of(&network, &addresses);
    let seconds_lookup = looking_up.elapsed().as_secs_f64();

    let orders = city.batch();
    let routed = METHODS.map(|method| Routed::by(method, &network, &orders));
    let [nearest, greedy, balanced] = routed;
    let routed = [nearest?, greedy?, balanced?];

    let checking = Instant::now();
    lookups.check(&city);
    for routed in &routed {
        routed.check(&network, &orders, &lookups)?;
    }
    let seconds_verify = checking.elapsed().as_secs_f64();

    let [nearest, _, balanced] = &routed;
    let methods = routed.iter().map(|routed| {
        let report = Report::of(&network, &orders, &routed.plan)?;
        Ok(Tally::of(&report, routed.seconds, &balanced.plan))
    });
    let methods = methods.collect::<Result<_, Failure>>()?;
    let chosen = routed
        .iter()
        .find(|routed| routed.plan.method() == arguments.method());
    let chosen = chosen.unwrap_or(balanced);
    let report = Report::of(&network, &orders, &chosen.plan)?;
    let unassigned_by = chosen.unassigned(&network, &orders);
    let mut summary = Summary::of(&city, &report, methods, unassigned_by);
    let acts = Acts::play(Evening {
        city: &city,
        network: &network,
        orders: &orders,
        report: &Report::of(&network, &orders, &balanced.plan)?,
        river: arguments.river(),
    })?;
    if let Some(path) = &arguments.out {
        let planned = Planned {
            city: &city,
            orders: &orders,
            report: &report,
            summary: &summary,
            forming: acts.forming.as_ref(),
            river: arguments.river(),
            about: arguments.about(),
        };
        write(path, &planned)?;
    }
    let order = asked.or_else(|| Some(report.farthest_out_of_its_way()?.0));
    let story = order.map(|order| story(&city, &network, &chosen.plan, order));
    let story = story.transpose()?.unwrap_or_default();
    summary.bad_rows = bad_rows;
    summary.times = Times {
        seconds: started.elapsed().as_secs_f64(),
        seconds_read,
        seconds_build,
        seconds_lookup,
        lookups_per_second: addresses.len() as f64 / seconds_lookup,
        seconds_candidates: nearest.seconds,
        seconds_verify,
    };
    eprintln!("{}", summary.times);
    Ok(output::print(&summary, &story, &acts, arguments.json)?)
}

/// The order that the command line names, if it names one.
fn order_to_explain(arguments: &Arguments, city: &City) -> Result<Option<OrderId>, Failure> {
    let Some(name) = arguments.explain() else {
        return Ok(None);
    };
    let order = city.order_named(name);
    order.map(Some).ok_or_else(|| Failure::NoSuchOrder {
        name: name.to_owned(),
    })
}

/// The plan alone to a CSV file, everything to a folder.
fn write(path: &Path, planned: &Planned<'_>) -> Result<(), Failure> {
    if path.extension().is_some_and(|extension| extension == "csv") {
        return export::write_assignments(path, planned.city, planned.report.plan());
    }
    export::write(path, planned)?;
    eprintln!(
        "{}: the map, tables, layers and plots",
        path.join("city.html").display()
    );
    Ok(())
}

/// Why one order goes where it goes.
fn story(city: &City, network: &Network, plan: &Plan, order: OrderId) -> Result<String, Failure> {
    let explanation = &plan.explain(network, order)?;
    Ok(format!("\n{}", InWords { city, explanation }))
}
