//! Fulfilment: what a buyer may choose, and what becomes of the order afterwards, as policies on top of the
//! [`desk`](crate::desk).

mod courier;
pub mod dispatch;
mod life;
mod window;

pub use courier::*;
pub use life::{Deed, Life, Way};
pub use window::*;
