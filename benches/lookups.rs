//! The speed table under criterion: every look-up with its peers beside it.
//!
//! Criterion runs rivals one after the other, so a drift of the machine's clock ends up in their ratios. For
//! ratios that hold see the `ratios` bench, which interleaves them; this one is for watching a single number
//! over time.

mod peer_index;
mod workload;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};

use crate::peer_index::{GROUPS, Row, SIZES};

/// Queries per iteration: enough to lose the cost of the call, few enough for criterion to repeat it.
const TOGETHER: usize = 1_000;

fn main() {
    // Batches on one core, as the table compares them.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build_global().expect("the first pool of the process");
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for size in SIZES {
        for group in GROUPS {
            for row in group(size) {
                // What takes too long for many queries takes too long for criterion.
                if row.queries.len() >= TOGETHER {
                    bench(&mut criterion, &row, size);
                }
            }
        }
    }
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion, row: &Row, size: usize) {
    let mut group = criterion.benchmark_group(row.name);
    for rival in &row.rivals {
        // A batch has to be large to be one.
        let together = if row.is_batch() {
            50 * TOGETHER
        } else {
            TOGETHER
        };
        let together = together.min(row.queries.len());
        let mut chunks = row.queries.chunks_exact(together).cycle();
        group.throughput(Throughput::Elements(together as u64));
        group.bench_function(BenchmarkId::new(rival.name, size), |bencher| {
            bencher.iter(|| rival.run(chunks.next().expect("a cycle has no end")));
        });
    }
    group.finish();
}
