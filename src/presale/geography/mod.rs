//! A campaign on the map: which community an address belongs to, and which neighbourhoods are close to forming.

mod choose;
#[cfg(feature = "geojson")]
mod export;
mod map;

pub use choose::{NoCommunity, Unchosen};
pub use map::{CellProgress, Closest, GeographyError, People, ProgressMap};
