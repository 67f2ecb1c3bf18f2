//! Delivery windows (配送时段): when something can be brought, and until when it must be ordered.

mod list;
mod wish;

pub use list::{DeliveryWindow, DeliveryWindows, WindowFault, WindowFaults};
pub use wish::WindowWish;
