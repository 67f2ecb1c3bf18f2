//! `catchment` decides which pickup point every order belongs to.

#![forbid(unsafe_code)]

pub mod candidates;
pub mod coverage;
pub mod faults;
pub mod geo;
pub mod id;
mod index;
pub mod limits;
pub mod order;
pub mod site;
pub mod time;
pub mod units;
