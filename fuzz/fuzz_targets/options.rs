//! Couriers beside the loop over all of them, and options beside the desk and `verify`, in towns that grow from a seed.

#![no_main]
// The tests' helpers are used in part; what they ask of JSON is for the tests.
#![allow(dead_code, unused_imports, unexpected_cfgs)]

use libfuzzer_sys::fuzz_target;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../tests/fulfil_couriers.rs"]
mod fulfil_couriers;
#[path = "../../tests/fulfil_couriers_laws.rs"]
mod fulfil_couriers_laws;
#[path = "../../tests/fulfil_options.rs"]
mod fulfil_options;
#[path = "../../tests/fulfil_options_laws.rs"]
mod fulfil_options_laws;
#[path = "../../tests/fulfil_options_rules.rs"]
mod fulfil_options_rules;

fuzz_target!(|seed: [u8; 32]| {
    // Not the bytes themselves: where they run out, drawing from a range would go on for ever.
    let choices = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), choices);
    let Ok(case) = fulfil_options_laws::any_case().new_tree(&mut runner) else {
        return;
    };
    let (town, order, asked) = case.current();
    let law = fulfil_options_laws::as_desk_and_couriers_would(&town, &order, asked);
    law.expect("offers are what the desk and the couriers would take");
    let law = fulfil_options_laws::whatever_the_sequence(&town, &order);
    law.expect("the sequence of sites and the tiles change nothing");

    let Ok(rules) = fulfil_options_rules::any_rules().new_tree(&mut runner) else {
        return;
    };
    let law = fulfil_options_rules::as_verify_says(&town, &order, rules.current());
    law.expect("rules are asked as `verify` asks them");

    let Ok(case) = fulfil_couriers_laws::any_evening().new_tree(&mut runner) else {
        return;
    };
    let (fleet, other, deeds) = case.current();
    let law = fulfil_couriers_laws::as_the_loop(fleet, other, deeds);
    law.expect("the choice is that of the loop and nobody is over capacity");
});
