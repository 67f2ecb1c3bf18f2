//! The dispatch: a desk whose orders have a life.
//!
//! A [`Dispatch`] is a [`Ledger`](crate::ledger::Ledger) round a [`Dispatcher`], which holds a desk's
//! [`Counter`](crate::desk::Counter) and, of every order, where it stands in its [`Life`](crate::fulfil::Life). All
//! that the desk does is in its [`Event`]s as well, so one log has the whole story: other systems hang on it, and the
//! dispatch can be rebuilt from it.
//!
//! ```text
//!              refused? ──→ Refusal, and nothing has changed
//! Action ──→ Dispatcher ──→ desk's Counter ──→ Event::Desk …
//!                 ▲                               │ what it means for this order
//!                 └───────────────────────────────┴──→ Event::Turned …
//! ```
//!
//! # Parts
//!
//! An order can come whole or in [parts](Action::TakeParts), each an order at the desk, with an id of its own that the
//! caller makes and a life of its own. They are taken together or not at all, confirmed and cancelled together; what
//! happens to one later does not touch the others.
//!
//! # What is followed
//!
//! The desk moves orders, strands them, lets them expire and gives them up after the last attempt; the lives follow. A
//! packed order that moves has to be packed again. What was announced or packed stays where it is, unless its site
//! rejects it, closes or lacks the goods.
//!
//! # Limits
//!
//! - One desk serves one window of pickups: its capacity is that of the window, and a picked-up order keeps its share.
//! - Orders in parts are tried on a copy of the state, O(orders), so that none or all are taken.
//! - What comes back is not put into the stock: the caller says with [`desk::Action::Deliver`] what of it can be sold
//!   again.
//! - An order is fetched or brought as it was taken. To have it the other way it is cancelled and comes anew.
//!
//! [`desk::Action::Deliver`]: crate::desk::Action::Deliver

mod action;
mod canonical;
mod choice;
mod decide;
mod dispatcher;
mod event;
mod parts;
mod refusal;
mod stored;

pub use action::{Action, Command, Malformed, Share};
pub use choice::Choice;
pub use dispatcher::{Dispatch, Dispatcher, PartView};
pub use event::{Event, Mismatch, Step};
pub use refusal::Refusal;
pub use stored::{DispatchFault, StoredDispatch, StoredPart};
