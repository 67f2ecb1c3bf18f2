//! Candidates: the sites an order could go to, nearest first, and why each of the others could not.
//!
//! A [`Filter`] says what a site must fulfil. The look-ups apply it inside the search, so that the k nearest *eligible*
//! sites are found even where none of the k nearest is. [`Network::explain`](crate::site::Network::explain) and
//! [`Network::explain_choice`](crate::site::Network::explain_choice) give the same judgement in words and numbers.

mod explain;
mod filter;
mod lookup;

pub use explain::{Candidate, Rejection, Verdict};
pub use filter::Filter;

pub(crate) use explain::rejection;
pub(crate) use filter::Demand;
