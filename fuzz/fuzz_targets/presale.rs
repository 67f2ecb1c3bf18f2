//! Any bytes as the terms of a presale and what is done in it, against the reference model of the tests.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/presale_model/mod.rs"]
mod presale_model;

use presale_model::{Bytes, again, run};

fuzz_target!(|bytes: &[u8]| {
    again(&run(&mut Bytes(bytes)));
});
