//! The one integration test binary: every module tests one promise against an oracle.

mod cells;
mod datum;
mod regions;
mod shared_data;
mod tidy;
