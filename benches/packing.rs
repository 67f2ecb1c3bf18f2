//! How far from the bound plans for orders of sizes 1 to 8 are, in Markdown.
//!
//! ```text
//! cargo bench --bench packing                          # all instances
//! cargo bench --bench packing -- --orders 20000        # one size
//! cargo bench --bench packing -- --file a.spa b.spa    # instances of the peers' generator
//! cargo bench --bench packing -- --export folder       # writes instances and plans as text, for other solvers
//! ```
//!
//! Times are of the thread's processor; "unit" is the exact solve of the same orders if each had size 1.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod instances;

use std::fs;
use std::path::PathBuf;

use catchment::balance::{Objective, Packing, Problem, pack, solve};
use clap::Parser;
use cpu_time::ThreadTime;
use instances::{Instance, Kind};

/// Orders, sites, and how many seeds.
const SHAPES: [(usize, usize, u64); 5] = [
    (100, 5, 5),
    (500, 20, 5),
    (2_000, 80, 5),
    (20_000, 800, 4),
    (200_000, 4_000, 3),
];

#[derive(Debug, Parser)]
struct Options {
    /// Only this number of orders.
    #[arg(long)]
    orders: Option<usize>,
    /// Only this kind: base, tight or hard.
    #[arg(long)]
    kind: Option<String>,
    /// Files of the peers' generator instead.
    #[arg(long, num_args = 1..)]
    file: Vec<PathBuf>,
    /// How much room there is for each unit of orders.
    #[arg(long, default_value_t = 1.15)]
    room: f64,
    /// Where to write each instance and its plan.
    #[arg(long)]
    export: Option<PathBuf>,
    /// What an unassigned order costs; without it, as few as possible are.
    #[arg(long)]
    unassigned_at: Option<i64>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    println!(
        "| instance | unassigned | bound | cost | bound | gap % | unit s | packing s | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut gaps = Vec::new();
    for (number, path) in options.file.iter().enumerate() {
        gaps.push(measure(&Instance::read(path, number as u64 + 1), &options));
    }
    if options.file.is_empty() {
        for (orders, sites, seeds) in SHAPES {
            if options.orders.is_some_and(|only| only != orders) {
                continue;
            }
            for kind in Kind::ALL {
                if options
                    .kind
                    .as_ref()
                    .is_some_and(|only| only != kind.name())
                {
                    continue;
                }
                for seed in 1..=seeds {
                    gaps.push(measure(
                        &Instance::city(kind, orders, sites, seed, options.room),
                        &options,
                    ));
                }
            }
        }
    }
    gaps.sort_by(f64::total_cmp);
    if let Some(worst) = gaps.last() {
        println!(
            "\n{} instances: median {:.4} %, worst {worst:.4} %",
            gaps.len(),
            gaps[gaps.len() / 2]
        );
    }
}

/// Prints a row and returns the gap in per cent.
fn measure(instance: &Instance, options: &Options) -> f64 {
    let objective = options
        .unassigned_at
        .map_or(Objective::FewestUnassigned, Objective::UnassignedAt);
    let problem = |capacities: &[u32]| {
        Problem::new(
            capacities.to_vec(),
            instance.rows.clone(),
            objective.clone(),
        )
        .expect("a sound problem")
    };
    let units = problem(&instance.places);
    let start = ThreadTime::now();
    let unit = solve(&units);
    let unit_seconds = start.elapsed().as_secs_f64();
    drop((units, unit));
    let problem = problem(&instance.capacities);
    let start = ThreadTime::now();
    let packing = pack(&problem, &instance.sizes).expect("a size for each order");
    let seconds = start.elapsed().as_secs_f64();
    check(instance, &packing);
    let (total, bound) = (packing.total(), packing.bound());
    let gap = 100.0 * (total.cost - bound.cost) as f64 / bound.cost as f64;
    let name = &instance.name;
    println!(
        "| {name} | {} | {} | {} | {} | {gap:.4} | {unit_seconds:.4} | {seconds:.4} | {:.1} |",
        packing.sites().filter(Option::is_none).count(),
        bound.unassigned,
        total.cost,
        bound.cost,
        seconds / unit_seconds
    );
    if let Some(folder) = &options.export {
        let stem = name.replace(" × ", "x").replace(' ', "_");
        instance.write(&folder.join(format!("{stem}.txt")));
        let sites = packing
            .sites()
            .map(|site| site.map_or("-".to_owned(), |site| site.to_string()));
        let plan: Vec<String> = sites.collect();
        let head = format!(
            "{} {} {} {}",
            total.unassigned, total.cost, bound.unassigned, bound.cost
        );
        fs::write(
            folder.join(format!("{stem}.plan")),
            format!("{head}\n{}\n", plan.join(" ")),
        )
        .expect("written");
    }
    gap
}

/// Nobody is where there is no room.
fn check(instance: &Instance, packing: &Packing) {
    let mut room = instance.capacities.clone();
    for (order, site) in packing.sites().enumerate() {
        if let Some(site) = site {
            let left = room[site as usize].checked_sub(instance.sizes[order]);
            room[site as usize] = left.expect("no site is over its capacity");
        }
    }
}
