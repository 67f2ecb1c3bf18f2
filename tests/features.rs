//! What the optional features add: local hours in named time zones, and maps as GeoJSON.
// The helpers of other tests are used in part.
#![allow(dead_code)]

mod brute;
mod coverage;
mod geojson_maps;
mod local_hours;
mod wall_clock;
#[path = "../benches/workload/mod.rs"]
mod workload;
