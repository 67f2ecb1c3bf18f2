//! The one integration test binary: every module tests one promise against an oracle.

mod shared_data;
mod tidy;
