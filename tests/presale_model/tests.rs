//! Many short logs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::laws::order_does_not_matter;
use super::run::{Log, again, begin, go_on, replay, run};
use super::worlds::{Bytes, Doing, Draw, Seeded};

/// Runs one log; if library and model disagree, the shortest log that shows it is printed.
fn check(seed: u64) -> u64 {
    if HAS_FAILED.load(Ordering::Relaxed) {
        return 0;
    }
    let mut draw = Seeded(seed << 20);
    let mut log = begin(&mut draw);
    let agreed = catch_unwind(AssertUnwindSafe(|| {
        go_on(&mut draw, &mut log);
        again(&log);
    }));
    if agreed.is_err() && !HAS_FAILED.swap(true, Ordering::Relaxed) {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let shortest = shrink(&log);
        std::panic::set_hook(hook);
        show(&log, &shortest);
        again(&replay(&log.terms, log.limits, &shortest));
        unreachable!("seed {seed} fails");
    }
    log.doings.len() as u64
}

/// The first failure is looked into, the others are not.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

fn fails(log: &Log, doings: &[Doing]) -> bool {
    catch_unwind(|| again(&replay(&log.terms, log.limits, doings))).is_err()
}

/// Leaves out what is not needed to fail, from the end.
fn shrink(log: &Log) -> Vec<Doing> {
    let mut doings = log.doings.clone();
    let mut place = doings.len();
    while place > 0 {
        place -= 1;
        let taken = doings.remove(place);
        if !fails(log, &doings) {
            doings.insert(place, taken);
        }
    }
    doings
}

#[allow(clippy::print_stderr, reason = "the failing log")]
fn show(log: &Log, doings: &[Doing]) {
    eprintln!("{:?}", log.terms);
    for doing in doings {
        eprintln!("{doing:?}");
    }
}

/// How many steps are compared.
fn steps_wanted() -> u64 {
    let wanted = std::env::var("CATCHMENT_STEPS").ok();
    wanted
        .and_then(|steps| steps.parse().ok())
        .unwrap_or(1_000_000)
}

#[test]
fn library_and_model_agree_after_every_step() {
    let wanted = steps_wanted();
    // In rounds, because a log is as long as it gets.
    let (mut steps, mut seed) = (0, 0);
    while steps < wanted {
        let round = seed..seed + 512;
        seed = round.end;
        steps += round.into_par_iter().map(check).sum::<u64>();
    }
}

#[test]
fn i9_the_order_of_commands_does_not_matter_before_the_close() {
    let worlds = (0..3_000_u64).into_par_iter();
    worlds.for_each(|seed| order_does_not_matter(&mut Seeded(seed << 20)));
}

#[test]
fn any_bytes_are_a_log() {
    let mut draw = Seeded(7);
    for length in 0..400 {
        let bytes: Vec<u8> = (0..length).map(|_| draw.below(256) as u8).collect();
        again(&run(&mut Bytes(&bytes)));
    }
}
