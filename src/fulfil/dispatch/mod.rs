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
//! happens to one later does not touch the others. Where no single site has all the goods, an order that comes whole is
//! [divided](Division) over the fewest, if the caller has sent ids for its parts and the
//! [policy](crate::fulfil::SplitPolicy) lets it. A policy that keeps orders whole refuses, and names the site where the
//! fewest pieces are missing; one that would leave something unfilled refuses too, as an order at a desk has all its
//! goods.
//!
//! # Couriers
//!
//! What is brought needs three things together: room at a store, its goods there, and a courier in a window. They are
//! held, confirmed and released together. At the desk such an order is one that has chosen its store. What the
//! [`OptionsFinder`](crate::fulfil::OptionsFinder) offers of a store is what [`Choice::DeliverFrom`] holds.
//!
//! # What is followed
//!
//! The desk moves orders, strands them, lets them expire and gives them up after the last attempt; lives and couriers
//! follow. A packed order that moves has to be packed again. What was announced or packed stays where it is, unless its
//! site rejects it, closes or lacks the goods. A delivery that loses its store is offered again from another, in the
//! window that was promised; if that can't be, it waits for the buyer's [choice](Action::Choose).
//!
//! # Limits
//!
//! - For many threads there is the [`DispatchHandle`]. Parts that come as such are looked for while everybody waits.
//! - One desk serves one window of pickups: its capacity is that of the window, and a picked-up order keeps its share.
//! - A courier brings an order once. What comes back from a closed door is returned.
//! - Only [`stores_asked`](Service::stores_asked) stores are asked for a delivery, those that the desk finds cheapest.
//! - Couriers travel at the speed of the policy, not in the caller's travel times: a log has to mean the same to all.
//! - Parts for which room, goods or couriers may not be enough together, and all parts at a tentative desk, are tried
//!   on a copy of the state, O(orders), so that none or all are taken.
//! - What comes back is not put into the stock: the caller says with [`desk::Action::Deliver`] what of it can be sold
//!   again.
//! - An order is fetched or brought as it was taken. To have it the other way it is cancelled and comes anew.
//!
//! [`desk::Action::Deliver`]: crate::desk::Action::Deliver

mod action;
mod advice;
mod canonical;
mod choice;
mod decide;
mod deliver;
mod dispatcher;
mod divide;
mod event;
mod follow;
mod handle;
mod parts;
mod refusal;
mod stored;
mod terms;
mod together;

pub use action::{Action, Command, Division, Malformed, Share};
pub use choice::Choice;
pub use dispatcher::{Dispatch, Dispatcher, PartView};
pub use event::{Event, Mismatch, Step};
pub use handle::DispatchHandle;
pub use refusal::{NotDivided, Refusal};
pub use stored::{DispatchFault, StoredDispatch, StoredPart};
pub use terms::{Service, Terms};
