//! What if: the plan as it would be with other sites or other orders, and what that changes for whom.
//!
//! # The idea
//!
//! Nothing is estimated. A [`Supposition`] makes another version of the network or other orders, those are planned by
//! the settings of the present plan, beginning at its prices and places
//! ([`Router::starting_at`](crate::plan::Router::starting_at)), and the [difference](crate::report::Difference) is
//! told. The value of the supposed plan is that of a plan from scratch; of several best plans it is one near the
//! present one, so that nobody is reported to move without a reason.
//!
//! # Where the next leader should be
//!
//! [`Report::next_places`](crate::report::Report::next_places) chooses among candidate sites, one after the other the
//! one that gains most with those already chosen. With *v(S)* for what the best plan gains when the sites *S* open:
//!
//! - *v* is exact: each gain is the difference of two optimal plans.
//! - *v* is monotone (a site more can be left empty) and submodular (a site gains less where others have opened
//!   already). The best value of an assignment is submodular in the agents of one side (L. S. Shapley, "Complements
//!   and Substitutes in the Optimal Assignment Problem", Naval Research Logistics Quarterly 9, 1962), and a site with
//!   room for *u* orders is *u* such agents. This holds where plans are proven
//!   [`Optimal`](crate::plan::Proof::Optimal): orders of one size.
//! - So of *k* chosen sites, the gain is at least (1 − 1/e) of that of the best *k* (G. L. Nemhauser, L. A. Wolsey, M.
//!   L. Fisher, "An analysis of approximations for maximizing submodular set functions – I", Mathematical Programming
//!   14, 1978). Under [`UnassignedAt`](crate::plan::Objective::UnassignedAt) that is so for *v*, which then is one
//!   number. Under [`FewestUnassigned`](crate::plan::Objective::FewestUnassigned) it is so for the number of orders
//!   that find a place, and, where no choice of sites would find a place for anybody, for what is saved.
//! - The guarantee is for the worst case; [`NextPlaces::bound`] says how good *this* choice is: no *k* candidates gain
//!   more than the chosen so far and the *k* largest bounds of what the others could add to them, for any step.
//! - Few plans are made. What a candidate gained earlier bounds what it gains now, so it is planned again only when it
//!   comes first by that bound (M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions",
//!   Optimization Techniques, LNCIS 7, 1978). The first bounds cost no plan at all: with the prices of the present
//!   one, a site with room for *u* orders gains at most what the *u* orders with most to gain pay now, cost and price
//!   of their place together, above their cost at the new site (weak duality).
//!
//! Orders whose buyers chose a candidate come first there, whatever that costs. Where there are any, gains are exact
//! and the bound holds as before, but *v* need not be monotone, and the guarantee is void.

mod error;
mod places;
mod suppose;

pub use error::WhatIfError;
pub use places::{Gain, NextPlaces, Pick};
pub use suppose::{Supposition, WhatIf};
