//! Instants, windows and lengths of time. The library has no clock: every timestamp is an argument.

mod span;
mod timestamp;
mod window;

pub use span::Span;
pub use timestamp::{TimeError, Timestamp};
pub use window::{Window, WindowError};
