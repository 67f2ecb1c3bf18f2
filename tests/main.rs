//! The one integration test binary: every module tests one promise against an oracle.

mod brute;
mod cells;
mod city_files;
mod city_laws;
mod city_run;
mod datum;
mod oracle;
mod region_faults;
mod regions;
mod shared_data;
mod tidy;
#[path = "../benches/workload/mod.rs"]
mod workload;
