//! The live desk: capacity and stock promised together, one order at a time, to many threads.
//!
//! A [`Desk`] is a [`Ledger`](crate::ledger::Ledger) round a [`Counter`]: commands with ids of their senders go in, at
//! an instant that is passed in, and [`Event`]s come out. Whoever stores the steps can rebuild it. An order is
//! *placed*, which holds capacity of a site and all of its goods or neither, and then confirmed, released or, when its
//! time is up, expired. The buyer's wish comes first: a chosen site is never replaced without a consent.
//!
//! # Two ways to promise
//!
//! [`Firm`](Promise::Firm): the buyer is told at once and never moved: the cheapest site with room, by walk,
//! preferences and prices. [`Tentative`](Promise::Tentative): a place is certain and which one is not until it is
//! announced, so that the plan of all orders stays the best there is.
//!
//! # Trouble
//!
//! A site that [rejects](Action::Reject) an order loses it for good and gets no new ones for a while. A site that
//! closes loses all its orders, and only those move, to where they walk least together. Where too little is
//! [counted](Action::Count) the last orders leave first. An order for which there is no place, or whose buyer chose
//! the site, is *stranded*: it keeps its rights and waits for a [consent](Action::Consent) or its release.
//!
//! # Who decides what, and when
//!
//! The search for a site asks only an immutable [`View`], outside the lock of a [`DeskHandle`]; what it found goes with
//! the command as a [`Proposal`]. The desk takes it if nothing has become better for anybody since, and searches again
//! otherwise. So a proposal saves time and never changes an outcome, and check and commit can't disagree.
//!
//! # Looking ahead
//!
//! [`what_if`](crate::ledger::Ledger::what_if) costs a firm desk what the command would, or less. Only where orders
//! have to move (a site with orders closes, a count finds too little), or where something has fallen due meanwhile, is
//! it tried on a copy of the sites and of the orders and goods that are touched. A tentative desk is copied whole,
//! since there everybody may move for everybody.

mod action;
mod canonical;
mod counter;
mod decide;
mod due;
mod enact;
mod event;
mod excerpt;
mod explain;
mod handle;
mod holds;
mod homes;
mod market;
mod outlook;
mod pace;
mod places;
mod policy;
mod refusal;
mod stock;
mod stored;
mod tentative;
mod trouble;
mod view;

pub use action::{Action, Command, Goods, Malformed, SafetyLevel, Scope};
pub use counter::{Counter, Desk, OrderView, SiteView};
pub use event::{Cause, Event, Mismatch, Step};
pub use explain::{Considered, Reasons, Remedy, Standing};
pub use handle::DeskHandle;
pub(crate) use handle::lock_awake;
pub use holds::{OrderState, Told};
pub use outlook::Outlook;
pub use pace::Pace;
pub use policy::{Policy, Promise};
pub use refusal::Refusal;
pub use stock::StockLevel;
pub use stored::{DeskFault, StoredDesk, StoredOrder, StoredPlan, StoredSite};
pub use view::{Proposal, View};
