//! `catchment` decides which pickup point every order belongs to.

#![forbid(unsafe_code)]

pub mod faults;
pub mod geo;
pub mod id;
pub mod limits;
pub mod time;
pub mod units;
