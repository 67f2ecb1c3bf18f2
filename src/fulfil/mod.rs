//! Fulfilment: what a buyer may choose, and what becomes of the order afterwards.

pub mod dispatch;
mod life;

pub use life::{Deed, Life, Way};
