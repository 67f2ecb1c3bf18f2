//! Fulfilment: what it costs to divide an order, and what a dispatch does in a second.
//!
//! ```sh
//! cargo bench --bench fulfil                  # tables, then criterion
//! cargo bench --bench fulfil -- split/half
//! ```

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod commands;
mod splits;
mod workload;

use core::hint::black_box;
use std::time::{Duration, Instant};

use catchment::fulfil::{SplitProof, split};
use criterion::{BenchmarkId, Criterion};

use crate::splits::{Case, KINDS, Kind};

/// Orders of each kind.
const ORDERS: u64 = 2_000;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    commands::table();
    println!("| 10 lines over 30 stores | stores, mean | p50 µs | p99 µs | most µs | not proven |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for kind in KINDS {
        let cases: Vec<Case> = (0..ORDERS).map(|number| kind.case(number)).collect();
        latencies(&kind, &cases);
        let mut group = criterion.benchmark_group("split");
        let mut cycle = cases.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(kind.name), |bencher| {
            bencher.iter(|| divided(cycle.next().expect("a cycle has no end")));
        });
    }
    criterion.final_summary();
}

/// Asks every store for its stock and divides the order: the stores that it takes, if there is a way.
fn divided(case: &Case) -> (Option<usize>, SplitProof) {
    match split(&case.sources(), &case.policy) {
        Ok(split) => (Some(split.parts.len()), split.proof),
        Err(_) => (None, SplitProof::Exact),
    }
}

fn latencies(kind: &Kind, cases: &[Case]) {
    let mut spans = Vec::with_capacity(cases.len());
    let (mut stores, mut filled, mut bounded) = (0, 0, 0);
    for case in cases {
        // The caller has just looked the stock up.
        black_box(divided(case));
        let clock = Instant::now();
        let (parts, proof) = black_box(divided(case));
        spans.push(clock.elapsed());
        stores += parts.unwrap_or(0);
        filled += usize::from(parts.is_some());
        bounded += usize::from(proof == SplitProof::Bounded);
    }
    spans.sort_unstable();
    let micros = |rank: usize| spans[(spans.len() - 1) * rank / 100].as_secs_f64() * 1e6;
    println!(
        "| {} | {:.2} | {:.1} | {:.1} | {:.1} | {bounded} |",
        kind.name,
        stores as f64 / filled.max(1) as f64,
        micros(50),
        micros(99),
        micros(100),
    );
}
