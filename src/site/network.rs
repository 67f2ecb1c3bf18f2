use core::fmt;
use std::sync::Arc;

use crate::geo::CompiledArea;
use crate::id::SiteId;
use crate::limits::Limits;
use crate::site::state::State;
use crate::site::{NetworkBuilder, Site};

/// An immutable snapshot of all sites with their indexes.
///
/// Cloning is one reference count. A change makes a new version that shares all it can with the old one
/// ([`with_changes`](Self::with_changes)); whoever holds the old one goes on reading it, undisturbed and without
/// waiting. To publish versions to many threads keep the current one in a `RwLock<Network>` or an `arc_swap::ArcSwap`.
///
/// Look-ups come in two families. *Geometric* ones ask only where sites are: [`nearest_site`](Self::nearest_site),
/// [`nearest`](Self::nearest), [`within`](Self::within), [`serving_sites`](Self::serving_sites). *Eligible* ones also
/// ask whether the site may take the order: see [`candidates`](crate::candidates). All are exact on the sphere and
/// rank by distance in whole millimetres, then by site id, so every answer is unique.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::SiteId;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
///
/// let at = |lng, lat| Position::new(LngLat { lng, lat });
/// let network = Network::builder()
///     .site(Site::store(SiteId(1), at(121.4737, 31.2304)?, Units(500)))
///     .site(Site::leader(SiteId(2), at(121.4801, 31.2290)?, Units(60)))
///     .build()?;
/// let nearest = network.nearest_site(at(121.4790, 31.2300)?).expect("the network has sites");
/// assert_eq!((nearest.site, nearest.distance.to_string()), (SiteId(2), "153 m".to_string()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Network {
    pub(crate) state: Arc<State>,
}

/// Which version of a network this is: 0 when built, one more with every [`Network::with_changes`], even with one that
/// changes nothing.
///
/// It tells the versions of one line apart, no more: every network that is built starts at 0, and two lines from one
/// version go through the same numbers. The key of a cache over several networks needs a name for the network besides.
///
/// ```
/// use catchment::site::Network;
/// let network = Network::builder().build()?;
/// assert_eq!(network.version().0, 0);
/// # Ok::<(), catchment::site::NetworkFaults>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Version(pub u64);

/// A site with what the look-ups need of it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) site: Site,
    pub(crate) area: CompiledArea,
    pub(crate) packed: Packed,
}

/// What of a record the packed generation has right; the overlay has the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Packed {
    Nothing,
    Position,
    PositionAndArea,
}

impl Network {
    /// Starts a new network.
    pub fn builder() -> NetworkBuilder {
        NetworkBuilder::default()
    }

    /// The version of this snapshot.
    #[must_use]
    pub fn version(&self) -> Version {
        self.state.version
    }

    /// The limits it was built with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.state.limits
    }

    /// How many sites there are, paused ones included. O(1).
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.live
    }

    /// Whether there is no site at all. Every look-up then answers with nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One site by its id. O(log n).
    ///
    /// ```
    /// use catchment::id::SiteId;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// assert!(network.site(SiteId(1)).is_none());
    /// # Ok::<(), catchment::site::NetworkFaults>(())
    /// ```
    #[must_use]
    pub fn site(&self, id: SiteId) -> Option<&Site> {
        let slot = self.state.directory.slot(id)?;
        self.state.record(slot).map(|record| &record.site)
    }

    /// All sites in the order of their ids. O(1) to begin, O(n) to the end.
    ///
    /// Site by site this is also how a network is stored: it has no serde form of its own, but its sites have. What a
    /// collected list does not hold is the version and the limits.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
    /// let sites = [2, 1].map(|id| Site::store(SiteId(id), door, Units(10)));
    /// let network = Network::builder().sites(sites).build()?;
    /// let kept: Vec<Site> = network.sites().cloned().collect();
    /// assert_eq!(kept.iter().map(|site| site.id).collect::<Vec<_>>(), [SiteId(1), SiteId(2)]);
    ///
    /// let again = Network::builder().limits(*network.limits()).sites(kept).build()?;
    /// assert_eq!(again.nearest(door, 2), network.nearest(door, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        let slots = self.state.directory.slots_by_id();
        slots
            .filter_map(|slot| self.state.record(slot))
            .map(|record| &record.site)
    }

    /// Builds the *tiles* now: tables that list, for each small piece of the map, the few sites that can be nearest
    /// anywhere in it. With them look-ups need no search.
    ///
    /// There is one table for the nearest site ([`nearest_site`](Self::nearest_site)) and one for up to eight
    /// neighbours, which answers [`nearest`](Self::nearest) and
    /// [`nearest_eligible_site`](Self::nearest_eligible_site), too. They never change an answer, only its cost. A
    /// single look-up never builds them; a batch of nearest sites builds the table it needs if it has at least 50
    /// look-ups for every site.
    ///
    /// O(n) expected, about 9 µs a site on one core: 0.2 s for 20,000 sites, some 9 s for a million; a third more
    /// where they are in cities far apart, and in the empty land between those a look-up still searches. That pays
    /// before many look-ups one by one, for example on another thread with a clone of the network, which shares the
    /// tables. A second call costs nothing.
    ///
    /// The next versions share the tables until the sites are packed anew, which [`with_changes`](Self::with_changes)
    /// does once in a while; then `prepare` has to be called again. Until then a look-up near a site that has closed or
    /// moved may have to search.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
    /// let network = Network::builder().site(Site::store(SiteId(1), door, Units(10))).build()?;
    /// let before = network.nearest_site(door);
    /// let background = network.clone();
    /// std::thread::spawn(move || background.prepare()).join().expect("no panic");
    /// assert_eq!(network.nearest_site(door), before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prepare(&self) {
        self.state.generation.prepare();
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("version", &self.version())
            .field("sites", &self.len())
            .finish_non_exhaustive()
    }
}
