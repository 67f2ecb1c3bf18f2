//! Presales (预售): communities form, a campaign confirms.

pub mod merge;

pub use merge::terms::{Combine, Tally, Threshold};
