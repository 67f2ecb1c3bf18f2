//! Fulfilment: what a buyer may choose, and what becomes of the order afterwards.

mod life;

pub use life::{Deed, Life, Way};
