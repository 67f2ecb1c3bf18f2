//! Instants and windows. The library has no clock: every timestamp is an argument.

mod timestamp;
mod window;

pub use timestamp::{TimeError, Timestamp};
pub use window::{Window, WindowError};
