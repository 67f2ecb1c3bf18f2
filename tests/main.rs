//! The integration tests: every module tests one promise against an oracle. What optional features add is tested in
//! `features.rs`, so that this large binary is built once.

mod auto_traits;
mod balance_arrays;
mod balance_brute;
mod balance_limits;
mod balancer;
mod balancing;
mod brute;
mod cells;
mod changes;
mod city_capacity;
mod city_files;
mod city_laws;
mod city_page;
mod city_run;
mod coverage;
mod datum;
#[cfg(feature = "serde")]
mod desk;
#[cfg(feature = "serde")]
mod desk_model;
mod desk_prices;
mod desk_refusals;
#[cfg(feature = "serde")]
mod desk_tentative;
mod eligibility;
mod explain_costs;
mod explanations;
mod fulfil_brute;
mod fulfil_couriers;
mod fulfil_couriers_laws;
#[cfg(feature = "serde")]
mod fulfil_delivery;
mod fulfil_dispatch;
#[cfg(feature = "serde")]
mod fulfil_division;
#[cfg(feature = "serde")]
mod fulfil_handle;
mod fulfil_life;
#[cfg(feature = "serde")]
mod fulfil_model;
mod fulfil_options;
mod fulfil_options_laws;
mod fulfil_options_rules;
mod fulfil_presale;
mod fulfil_rules;
mod fulfil_split;
mod fulfil_split_verify;
mod fulfil_told;
mod oracle;
mod orders;
mod packing;
mod plan_settings;
mod plans;
mod presale_book;
mod presale_cases;
mod presale_cases_merging;
mod presale_cases_more;
mod presale_crash;
mod presale_faults;
mod presale_geography;
mod presale_merge;
mod presale_merge_cases;
mod presale_model;
mod presale_nonsense;
mod presale_refusals;
mod presale_script;
mod presale_settled;
mod presale_settlement;
mod presale_town;
mod region_faults;
mod regions;
mod report;
#[cfg(feature = "serde")]
mod report_evening;
#[cfg(all(feature = "geojson", feature = "serde"))]
mod report_maps;
mod report_presales;
#[cfg(feature = "serde")]
mod report_rows;
mod report_what_if;
mod resume;
mod schedules;
mod shared_data;
#[cfg(feature = "serde")]
mod tampering;
#[cfg(feature = "serde")]
mod tampering_claims;
mod tidy;
mod verifying;
#[path = "../benches/workload/mod.rs"]
mod workload;
