//! Where things are: positions with a datum, distance on the sphere and on the ellipsoid, H3 cells, service areas.

mod area;
mod cell;
mod covering;
mod datum;
mod dissolve;
mod geodesic;
#[cfg(feature = "serde")]
mod named;
mod position;
mod region;
mod sphere;
mod trig;

pub use area::{AreaError, ServiceArea};
pub use cell::{Cell, CellError, Resolution};
pub use datum::{Bd09, Gcj02};
pub use dissolve::dissolve;
pub use position::{LngLat, Position, PositionError};
pub use region::{Region, RegionError, RingIndex};
pub use sphere::EARTH_RADIUS;

pub(crate) use area::{Address, CompiledArea};
pub(crate) use covering::reach_of;
#[cfg(feature = "geojson")]
pub(crate) use dissolve::seven_decimals;
pub(crate) use sphere::{Chord, UnitVector, chord2_reaching, chord2_tied};
#[cfg(test)]
pub(crate) use trig::tests::random;
