//! Orders: what customers bought, where they are, and what they wish; and the check of a whole batch.

mod batch;
mod purchase;

pub use batch::{OrderFault, OrderFaults, check_batch};
pub use purchase::{Order, OrderLine, Wish};
