//! Which site takes which order, when there is not room for everybody where they would like to be: the optimum, with
//! a proof. Whole numbers only; this module knows nothing of geography.
//!
//! # The problem
//!
//! There are n orders and m sites. Site j has room for u(j) orders. Order i may go to the sites of its row, at an
//! integer cost c(i, j), or to no site at all. Choose for every order, so that no site is over its capacity and the
//! [`Objective`] is least. This is the transportation problem; its linear relaxation has whole solutions, so prices
//! prove optimality.
//!
//! # The certificate
//!
//! "Nowhere" is one more place with unlimited room and price 0. A plan is optimal if and only if there are prices
//! p(j) for which
//!
//! 1. p(j) ≥ 0, and p(j) = 0 where room is left;
//! 2. every order is where c(i, j) + p(j) is least of all its candidates and nowhere.
//!
//! Then the cost of the plan equals Σᵢ minⱼ (c(i, j) + p(j)) − Σⱼ u(j) p(j), which no plan can go below. Under
//! [`Objective::FewestUnassigned`] costs and prices are pairs (unassigned orders, cost) and are compared as such.
//!
//! # Limits
//!
//! | what | at most | because |
//! | --- | --- | --- |
//! | sites | 2²⁴ | a candidate has 8 bytes |
//! | orders | 2²⁴ | an entry of a queue has 8 bytes |
//! | cost | 2³⁸ − 1 in size | differences of costs have 40 bits |
//! | (m + 2) × (range of the costs + 1) | 2⁵⁸ | pairs of counts and costs are added as one number of 64 bits |
//! | n × largest cost | 2⁶² | the total has 64 bits |
//!
//! What is beyond is refused with a [`ProblemError`], before anything is allocated for it.

// Counts are far below 2⁶³, and `Problem::new` checks the sums.
#![allow(clippy::cast_possible_wrap)]

mod arrays;
mod balancer;
mod candidate;
mod engine;
mod estimate;
pub mod packing;
mod problem;
mod solution;
mod solve;
mod source;

pub use arrays::Arrays;
pub use balancer::{Balancer, Changed, Edit, EditError, Marginal, Moved};
pub use candidate::{Candidate, Rows};
pub use packing::{Gap, Packing, PackingError, pack};
pub use problem::{Objective, Problem, ProblemError};
pub use solution::{Price, Solution, Total};
pub use solve::{
    Start, resume, resume_over, solve, solve_arrays, solve_from, solve_over, solve_over_from,
};
pub use source::{CandidateSource, Named};
