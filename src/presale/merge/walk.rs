use crate::id::SiteId;
use crate::presale::merge::MergeError;
use crate::site::Network;
use crate::units::Distance;

/// Two sites within the walking limit of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Walk {
    /// The two sites. Which is first is of no account; [`walks`] puts the smaller id first.
    pub sites: [SiteId; 2],
    /// How far apart they are.
    pub distance: Distance,
}

/// All pairs of the given sites that are no farther apart than the limit, in the order of ids.
///
/// Distances are the network's: great circles in whole millimetres, the same in both directions; a pair at exactly the
/// limit is in. One radius search a site, O(log n + found · log found) expected for n sites in the network. Sites that
/// are given twice count once, and whether a site is open is of no account.
///
/// # Errors
///
/// [`MergeError::UnknownSite`] with the smallest id that is not in the network.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::presale::merge::{MergeError, walks};
/// use catchment::site::{Network, Site};
/// use catchment::units::{Distance, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder()
///     .site(Site::leader(SiteId(1), at(121.400)?, Units(60)))
///     .site(Site::leader(SiteId(2), at(121.402)?, Units(60)))
///     .site(Site::leader(SiteId(3), at(121.409)?, Units(60)))
///     .build()?;
/// let found = walks(&network, &[1, 2, 3].map(SiteId), Distance::from_metres(300))?;
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].sites, found[0].distance.to_string()), ([SiteId(1), SiteId(2)], "190 m".to_string()));
///
/// let unknown = walks(&network, &[SiteId(7)], Distance::from_metres(300));
/// assert_eq!(unknown, Err(MergeError::UnknownSite { site: SiteId(7) }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn walks(
    network: &Network,
    sites: &[SiteId],
    limit: Distance,
) -> Result<Vec<Walk>, MergeError> {
    let mut sites = sites.to_vec();
    sites.sort_unstable();
    sites.dedup();
    let mut walks = Vec::new();
    for (place, &site) in sites.iter().enumerate() {
        let unknown = MergeError::UnknownSite { site };
        let position = network.site(site).ok_or(unknown)?.position;
        let later = &sites[place + 1..];
        for found in network.within(position, limit) {
            if later.binary_search(&found.site).is_ok() {
                walks.push(Walk {
                    sites: [site, found.site],
                    distance: found.distance,
                });
            }
        }
    }
    walks.sort_unstable();
    Ok(walks)
}
