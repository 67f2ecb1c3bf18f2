//! The speed table as medians of ratios, in Markdown.
//!
//! ```text
//! cargo bench --bench ratios                     # all sizes
//! cargo bench --bench ratios -- --size 20000     # one size
//! cargo bench --bench ratios -- --quick          # small sizes, few rounds
//! ```
//!
//! In every round each rival answers the same queries once, in turn, timed by the thread's processor time; the
//! ratio of a round is one rival's time by the library's, and the median over the rounds is printed. So neither
//! other processes nor a drifting clock shift a ratio. All answers are compared first: a wrong one ends the
//! bench.

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod changes;
mod peer_index;
mod workload;

use catchment::site::Network;
use clap::Parser;
use cpu_time::ThreadTime;

use crate::peer_index::{GROUPS, Rival, Row, SIZES};
use crate::workload::{Areas, World, sites};

#[derive(Debug, Parser)]
struct Options {
    /// Two small sizes and few rounds.
    #[arg(long)]
    quick: bool,
    /// Only this number of sites.
    #[arg(long)]
    size: Option<usize>,
    /// How often each rival answers all queries of a row.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only rows whose name contains this.
    #[arg(long, default_value = "")]
    row: String,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let mut options = Options::parse();
    let sizes = match options.size {
        Some(size) => vec![size],
        None if options.quick => SIZES[..2].to_vec(),
        None => SIZES.to_vec(),
    };
    if options.quick {
        options.rounds = options.rounds.min(3);
    }
    // Everything is measured on the one thread of a pool, so that a batch has one core like everyone else.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool of one thread");
    pool.install(|| {
        look_ups(&sizes, &options);
        if options.row.is_empty() {
            builds(&sizes);
        }
    });
    if options.row.is_empty() {
        changes::measure();
    }
}

fn look_ups(sizes: &[usize], options: &Options) {
    println!("| look-up | sites | rival | ns a query | ratio | floor / goal | |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for size in sizes {
        for row in GROUPS.iter().flat_map(|group| group(*size)) {
            if row.name.contains(&options.row) {
                check(&row);
                time(&row, *size, options.rounds);
            }
        }
    }
}

/// All rivals find sites at the same distances as the library. Of equally distant sites a peer may take any.
fn check(row: &Row) {
    const CHECKED: usize = 200_000;
    let (library, peers) = row.rivals.split_first().expect("the library is a rival");
    for peer in peers {
        let queries = row.queries.iter().take(CHECKED);
        let wrong = queries.filter(|from| {
            let distances = |rival: &Rival| -> Vec<_> {
                let found = rival.answer(**from).into_iter();
                found
                    .map(|id| row.sites[id as usize].position.distance_to(**from))
                    .collect()
            };
            distances(library) != distances(peer)
        });
        let wrong = wrong.count();
        assert_eq!(
            wrong, 0,
            "{}: {wrong} answers differ from {}",
            row.name, peer.name
        );
    }
}

fn time(row: &Row, size: usize, rounds: usize) {
    let mut times = vec![Vec::new(); row.rivals.len()];
    // The first round warms caches and branch predictors, and is not counted.
    for round in 0..=rounds {
        for turn in 0..row.rivals.len() {
            let rival = (round + turn) % row.rivals.len();
            let start = ThreadTime::now();
            row.rivals[rival].run(&row.queries);
            let nanoseconds = start.elapsed().as_nanos() as f64 / row.queries.len() as f64;
            if round > 0 {
                times[rival].push(nanoseconds);
            }
        }
    }
    for (rival, own) in row.rivals.iter().zip(&times) {
        let ratio = median(
            own.iter()
                .zip(&times[0])
                .map(|(own, library)| own / library)
                .collect(),
        );
        let nanoseconds = median(own.clone());
        let (target, verdict) = match rival.target {
            None => (String::new(), ""),
            Some(target) => {
                let goal = target
                    .goal
                    .map_or(String::new(), |goal| format!(" / {goal}"));
                let verdict = match target.goal {
                    Some(goal) if ratio >= goal => "goal",
                    _ if ratio >= target.floor => "floor",
                    _ => "below",
                };
                (format!("{}{goal}", target.floor), verdict)
            }
        };
        println!(
            "| {} | {size} | {} | {nanoseconds:.0} | {ratio:.2} | {target} | {verdict} |",
            row.name, rival.name
        );
    }
}

fn builds(sizes: &[usize]) {
    println!("\n| one core | sites | build | prepare | together |");
    println!("| --- | --- | --- | --- | --- |");
    for size in sizes {
        for areas in [Areas::Unlimited, Areas::Radii] {
            let builder =
                Network::builder().sites(sites(World::clustered(*size), 1, *size, &[areas]));
            let start = ThreadTime::now();
            let network = builder.build().expect("a valid network");
            let built = start.elapsed();
            network.prepare();
            let together = start.elapsed();
            let prepared = together.saturating_sub(built);
            println!(
                "| areas: {areas:?} | {size} | {built:.1?} | {prepared:.1?} | {together:.1?} |"
            );
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
