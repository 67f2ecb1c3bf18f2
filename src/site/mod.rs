//! Sites and the network of them: an immutable, versioned snapshot with exact look-ups.
//!
//! [`Network::builder`] checks all sites at once; [`Network::with_changes`] makes the next version;
//! [`Network::nearest_site`], [`Network::nearest`], [`Network::within`] and [`Network::serving_sites`] ask where
//! sites are.

mod areas;
mod builder;
mod change;
#[cfg(feature = "tz")]
mod civil;
mod definition;
mod directory;
mod heirs;
#[cfg(feature = "tz")]
mod local_hours;
mod lookup;
mod network;
mod paged;
mod rivals;
mod schedule;
mod serving;
mod slots;
mod state;
mod tags;

pub use builder::{NetworkBuilder, NetworkFault, NetworkFaults};
pub use change::Change;
#[cfg(feature = "tz")]
pub use civil::{CivilError, LocalDate, LocalTime, Weekday};
pub use definition::{Site, SiteKind, SiteStatus};
#[cfg(feature = "tz")]
pub use local_hours::{LocalHours, LocalHoursError, LocalOpening, LocalRules, tz_database_version};
pub use lookup::Neighbour;
pub use network::{Network, Version};
pub use schedule::{Opening, Schedule, ScheduleError};
pub use tags::{Tag, TagError, Tags, TagsIter};

pub(crate) use lookup::TOGETHER;
pub(crate) use network::Record;
