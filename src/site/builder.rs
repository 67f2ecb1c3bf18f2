use std::sync::Arc;

use crate::faults::Faults;
use crate::geo::{AreaError, CompiledArea};
use crate::id::SiteId;
use crate::limits::Limits;
use crate::site::network::{Packed, Record, Version};
use crate::site::state::State;
use crate::site::{Network, Schedule, Site, SiteKind};

/// Gathers sites and checks them all at once.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::site::{Network, NetworkFault, Site};
/// use catchment::units::Units;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let mut leader = Site::leader(SiteId(2), door, Units(60));
/// leader.supplied_by = Some(SiteId(99));
/// let twins = [Site::store(SiteId(1), door, Units(10)), Site::store(SiteId(1), door, Units(20))];
///
/// let faults = Network::builder().sites(twins).site(leader).build().unwrap_err();
/// assert_eq!(faults.kept(), [
///     NetworkFault::DuplicateId { site: SiteId(1), times: 2 },
///     NetworkFault::UnknownSupplier { site: SiteId(2), supplier: SiteId(99) },
/// ]);
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct NetworkBuilder {
    limits: Limits,
    sites: Vec<Site>,
}

/// All that is wrong with a set of sites, in the order of the site ids.
pub type NetworkFaults = Faults<NetworkFault>;

/// One thing that is wrong with one site, or with their number.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFault {
    /// More sites than [`Limits::sites_max`] or [`Limits::SITES_CEILING`].
    #[error("{sites} sites, limit is {limit}")]
    TooManySites {
        /// How many there are.
        sites: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The same id more than once.
    #[error("site {site} is given {times} times")]
    DuplicateId {
        /// The id.
        site: SiteId,
        /// How often it occurs.
        times: usize,
    },
    /// The service area can't be used.
    #[error("site {site}: {error}")]
    Area {
        /// Whose area.
        site: SiteId,
        /// What is wrong with it.
        error: AreaError,
    },
    /// More opening intervals than [`Limits::openings_max`].
    #[error("site {site} has {openings} opening intervals, limit is {limit}")]
    TooManyOpenings {
        /// Whose schedule.
        site: SiteId,
        /// How many intervals it has.
        openings: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The supplying store is not in the network.
    #[error("site {site} is supplied by site {supplier}, which is not in the network")]
    UnknownSupplier {
        /// Who is supplied.
        site: SiteId,
        /// By whom.
        supplier: SiteId,
    },
    /// The supplying site is a leader.
    #[error("site {site} is supplied by site {supplier}, which is no store")]
    SupplierIsNoStore {
        /// Who is supplied.
        site: SiteId,
        /// By whom.
        supplier: SiteId,
    },
    /// A store that names a supplier: stores have stock of their own.
    #[error("site {site} is a store and can't be supplied by site {supplier}")]
    SuppliedStore {
        /// The store.
        site: SiteId,
        /// Its supposed supplier.
        supplier: SiteId,
    },
    /// A change to a site that is not in the network.
    #[error("site {site} is not in the network")]
    UnknownSite {
        /// The id.
        site: SiteId,
    },
    /// A site opened under an id that is taken.
    #[error("site {site} is in the network already")]
    AlreadyOpen {
        /// The id.
        site: SiteId,
    },
}

impl NetworkBuilder {
    /// Other limits than the default ones.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::limits::Limits;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
    /// let sites = [1, 2].map(|id| Site::store(SiteId(id), door, Units(10)));
    /// let limits = Limits { sites_max: 1, ..Limits::default() };
    /// let faults = Network::builder().limits(limits).sites(sites).build().unwrap_err();
    /// assert_eq!(faults.to_string(), "1 fault: 2 sites, limit is 1");
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds one site.
    pub fn site(mut self, site: Site) -> Self {
        self.sites.push(site);
        self
    }

    /// Adds many sites, in any order: it makes no difference to any answer.
    pub fn sites(mut self, sites: impl IntoIterator<Item = Site>) -> Self {
        self.sites.extend(sites);
        self
    }

    /// Checks everything and packs the network. No site at all is a valid network.
    ///
    /// O(n log n + vertices log vertices) time; about 170 bytes a site, its own polygons and schedule
    /// and the tiles of [`Network::prepare`] apart.
    ///
    /// # Errors
    ///
    /// [`NetworkFaults`] with *all* that is wrong, in the order of the site ids.
    pub fn build(self) -> Result<Network, NetworkFaults> {
        let Self { limits, mut sites } = self;
        let mut faults = Faults::none();
        check_count(sites.len(), &limits, &mut faults);
        faults.into_result()?;

        let mut faults = Faults::none();
        sites.sort_by_key(|site| site.id);
        for same in sites
            .chunk_by(|a, b| a.id == b.id)
            .filter(|same| same.len() > 1)
        {
            faults.push(NetworkFault::DuplicateId {
                site: same[0].id,
                times: same.len(),
            });
        }
        let supplier = |id| {
            let at = sites
                .binary_search_by_key(&id, |site: &Site| site.id)
                .ok()?;
            Some(sites[at].kind)
        };
        let mut areas = Vec::with_capacity(sites.len());
        for site in &sites {
            check_supplier(site, supplier, &mut faults);
            areas.extend(compile(site, &limits, &mut faults));
        }
        faults.into_result()?;

        let records = sites.into_iter().zip(areas);
        let records = records
            .map(|(site, area)| Record {
                site,
                area,
                packed: Packed::Nothing,
            })
            .collect();
        Ok(Network {
            state: Arc::new(State::pack(Version(0), limits, records)),
        })
    }
}

/// Notes more sites than the limits allow.
pub(super) fn check_count(sites: usize, limits: &Limits, faults: &mut NetworkFaults) {
    let limit = limits.sites_max.min(Limits::SITES_CEILING);
    if sites > limit {
        faults.push(NetworkFault::TooManySites { sites, limit });
    }
}

/// Notes a supplier that is none; `kind_of` knows the sites of the network.
pub(super) fn check_supplier(
    site: &Site,
    kind_of: impl Fn(SiteId) -> Option<SiteKind>,
    faults: &mut NetworkFaults,
) {
    let Some(supplier) = site.supplied_by else {
        return;
    };
    if site.kind == SiteKind::Store {
        faults.push(NetworkFault::SuppliedStore {
            site: site.id,
            supplier,
        });
        return;
    }
    match kind_of(supplier) {
        Some(SiteKind::Store) => {}
        Some(SiteKind::Leader) => faults.push(NetworkFault::SupplierIsNoStore {
            site: site.id,
            supplier,
        }),
        None => faults.push(NetworkFault::UnknownSupplier {
            site: site.id,
            supplier,
        }),
    }
}

/// The compiled area of a site; notes what is wrong with the site on its own.
pub(super) fn compile(
    site: &Site,
    limits: &Limits,
    faults: &mut NetworkFaults,
) -> Option<CompiledArea> {
    check_openings(site.id, &site.schedule, limits, faults);
    match CompiledArea::compile(&site.area, limits) {
        Ok(area) => Some(area),
        Err(error) => {
            faults.push(NetworkFault::Area {
                site: site.id,
                error,
            });
            None
        }
    }
}

/// Notes a schedule that is too long.
pub(super) fn check_openings(
    site: SiteId,
    schedule: &Schedule,
    limits: &Limits,
    faults: &mut NetworkFaults,
) {
    let (openings, limit) = (schedule.openings().len(), limits.openings_max);
    if openings > limit {
        faults.push(NetworkFault::TooManyOpenings {
            site,
            openings,
            limit,
        });
    }
}
