//! What a buyer may choose, and what becomes of the order afterwards: policies on top of the desk.

mod courier;
mod window;

pub use courier::*;
pub use window::*;
