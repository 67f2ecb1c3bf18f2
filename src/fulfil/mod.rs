//! Fulfilment: what a buyer may choose, and what becomes of the order afterwards, as policies on top of the
//! [`desk`](crate::desk).

mod courier;
pub mod dispatch;
mod life;
mod options;
mod window;

pub use courier::*;
pub use life::{Deed, Life, Way};
pub use options::*;
pub use window::*;
