//! Presales: commands a second, bytes a pledge, freeze, snapshot and restore.
//!
//! ```sh
//! cargo bench --bench presale                           # the tables
//! cargo bench --bench presale -- --only-stream 1000000  # commands alone, for a profiler that counts instructions
//! ```

// A bench is read on the terminal.
#![allow(clippy::print_stdout)]

mod pledges;

use std::alloc::System;
use std::time::{Duration, Instant};

use catchment::id::CampaignId;
use catchment::limits::Limits;
use catchment::presale::{Phase, Presale, PresaleBook};
use clap::Parser;
use cpu_time::ProcessTime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// As many communities as a large city has leaders.
const COMMUNITIES: u64 = 1_000;
/// A book of as many campaigns as a retailer has on one evening.
const CAMPAIGNS: u64 = 64;
const BOOK_PLEDGES: u64 = 640_000;
/// Commands made before the clock starts: making them costs about as much as carrying them out.
const CHUNK: usize = 100_000;

#[derive(Parser)]
struct Options {
    /// Only stream the commands of so many pledges.
    #[arg(long)]
    only_stream: Option<u64>,
    /// Times each figure is taken; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Communities of each campaign in a book.
    #[arg(long, default_value_t = 50)]
    communities_of_a_book: u64,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if let Some(pledges) = options.only_stream {
        let (presale, _) = stream(pledges);
        println!("{} events and commands", presale.sequence());
        return;
    }

    println!(
        "| pledges | commands a second | ns a command | bytes a pledge | bytes a command id |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for pledges in [10_000, 100_000, 1_000_000] {
        let times = (0..options.rounds).map(|_| stream(pledges).1).collect();
        let commands = 2.0 * pledges as f64;
        let seconds = median(times).as_secs_f64();
        let (a_pledge, an_id) = memory(pledges);
        let (rate, nanoseconds) = (commands / seconds, seconds / commands * 1e9);
        println!("| {pledges} | {rate:.0} | {nanoseconds:.0} | {a_pledge:.0} | {an_id:.0} |");
    }

    let rates = (0..options.rounds).map(|_| book(&options)).collect();
    let seconds = median(rates).as_secs_f64();
    let rate = 2.0 * BOOK_PLEDGES as f64 / seconds;
    println!(
        "\n{CAMPAIGNS} campaigns, {BOOK_PLEDGES} pledges, all cores: {rate:.0} commands a second"
    );

    println!("\n| a million pledges | seconds |\n| --- | ---: |");
    let (presale, _) = stream(1_000_000);
    report(&options, "freeze and settle", || {
        let mut presale = presale.clone();
        let clock = ProcessTime::now();
        presale.tick(pledges::CLOSE).expect("within the horizon");
        let time = clock.elapsed();
        assert_eq!(presale.campaign().phase(), Phase::Confirmed);
        time
    });
    report(&options, "snapshot", || {
        let clock = ProcessTime::now();
        let snapshot = presale.snapshot();
        let time = clock.elapsed();
        assert_eq!(snapshot.sequence(), presale.sequence());
        time
    });
    report(&options, "restore", || {
        let snapshot = presale.snapshot();
        let clock = ProcessTime::now();
        let restored = Presale::restore(snapshot, &Limits::default()).expect("just stored");
        let time = clock.elapsed();
        assert_eq!(restored.sequence(), presale.sequence());
        time
    });
}

fn report(options: &Options, what: &str, run: impl Fn() -> Duration) {
    let times = (0..options.rounds).map(|_| run()).collect();
    println!("| {what} | {:.3} |", median(times).as_secs_f64());
}

/// Plays a campaign up to its last payment; the time that the commands took.
fn stream(pledges: u64) -> (Presale, Duration) {
    let terms = pledges::terms(1, COMMUNITIES);
    let mut presale = Presale::open(terms, &Limits::default()).expect("sound terms");
    let mut commands = pledges::commands(pledges, COMMUNITIES, 0).zip(0..);
    let mut time = Duration::ZERO;
    loop {
        let chunk: Vec<_> = commands.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        let clock = ProcessTime::now();
        for (command, number) in &chunk {
            let answer = presale.apply(pledges::instant(*number), command);
            assert!(answer.is_ok_and(|answer| answer.outcome().is_accepted()));
        }
        time += clock.elapsed();
    }
    let progress = presale.campaign().progress();
    assert_eq!(progress.held.pledges, 0, "everybody has paid");
    assert_eq!(progress.missing, 0, "enough communities have formed");
    (presale, time)
}

/// Plays many campaigns in batches on all cores; the time by the clock on the wall that the commands took.
fn book(options: &Options) -> Duration {
    let mut book = PresaleBook::new(Limits::default());
    let pledges = BOOK_PLEDGES / CAMPAIGNS;
    let mut streams = Vec::new();
    for campaign in 0..CAMPAIGNS {
        let terms = pledges::terms(campaign, options.communities_of_a_book);
        book.open(terms).expect("sound terms");
        let first = campaign * pledges;
        streams.push(pledges::commands(pledges, options.communities_of_a_book, first).zip(0..));
    }
    let mut time = Duration::ZERO;
    loop {
        // A turn of each campaign, as a shared queue would hold them.
        let mut batch = Vec::with_capacity(CHUNK);
        for (campaign, stream) in (0..).zip(&mut streams) {
            let turn = stream.by_ref().take(CHUNK / CAMPAIGNS as usize);
            batch.extend(turn.map(|(command, number)| {
                (CampaignId(campaign), pledges::instant(number), command)
            }));
        }
        if batch.is_empty() {
            return time;
        }
        let clock = Instant::now();
        let answers = book.apply_batch(&batch);
        time += clock.elapsed();
        for answer in answers {
            assert!(answer.is_ok_and(|answer| answer.outcome().is_accepted()));
        }
    }
}

/// Resident bytes an active pledge, and a remembered command id.
fn memory(pledges: u64) -> (f64, f64) {
    let region = Region::new(ALLOCATOR);
    let (presale, _) = stream(pledges);
    let all = resident(&region);
    let ids = presale.remembered() as f64;
    // A campaign without its memory of commands is what a copy of its state takes.
    let region = Region::new(ALLOCATOR);
    let campaign = presale.campaign().clone();
    let state = resident(&region);
    drop(campaign);
    (state / pledges as f64, (all - state) / ids)
}

fn resident(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    change.bytes_allocated as f64 - change.bytes_deallocated as f64
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
