//! The desk beside its model, and the tentative desk before and after a restart, over commands of any kind.

#![no_main]
// The tests' helpers are used in part.
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/desk.rs"]
mod desk;
#[path = "../../tests/desk_model.rs"]
mod desk_model;
#[path = "../../tests/desk_tentative.rs"]
mod desk_tentative;
#[path = "../../benches/workload/mod.rs"]
mod workload;

use workload::Random;

/// A world and what happens in it, each drawn from a number.
#[derive(Arbitrary, Debug)]
struct Case {
    world: u64,
    draws: Vec<u64>,
    cut: u64,
}

/// Longer logs find nothing that short ones do not, and slowly.
const STEPS_MAX: usize = 80;

fuzz_target!(|case: Case| {
    let mut world = Random::new(case.world);
    let draws = || case.draws.iter().take(STEPS_MAX);
    let mut pair = desk::Pair::new(&mut world);
    for draw in draws() {
        pair.step(&mut Random::new(*draw));
    }
    pair.replay(&mut Random::new(case.cut));

    let sites: Vec<_> = (0..desk::SITES)
        .map(|id| desk::site(id, &mut world))
        .collect();
    let mut evening = desk_tentative::Evening::new(desk_tentative::open(&sites, &mut world));
    for draw in draws() {
        let mut random = Random::new(*draw);
        let action = desk::action(&mut random);
        evening.apply(action, &mut random);
    }
    evening.replay(&mut Random::new(case.cut));
});
