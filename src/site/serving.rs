use crate::geo::{Address, Position};
use crate::index::{All, Among};
use crate::site::areas::Served;
use crate::site::network::Record;
use crate::site::{Neighbour, Network};

/// As many sites as serve an address in a city.
const USUAL: usize = 16;

impl Network {
    /// Every site whose service area contains the address, nearest first; whether it is open or has room is not asked.
    /// (For the verdict on each site see [`explain`](Self::explain).)
    ///
    /// O(log n + areas near the address) expected: an address that nobody serves costs a descent of a tree of caps
    /// round areas, wherever the sites are. Sites without a limited area serve every address, so each adds to the
    /// answer.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position, ServiceArea};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let mut near = Site::leader(SiteId(1), at(121.40)?, Units(60));
    /// near.area = ServiceArea::Radius(Distance::from_metres(1_000));
    /// let mut far = Site::store(SiteId(2), at(121.45)?, Units(500));
    /// far.area = ServiceArea::Radius(Distance::from_metres(10_000));
    /// let network = Network::builder().site(near).site(far).build()?;
    ///
    /// let serving = network.serving_sites(at(121.42)?); // 1.9 km from the leader
    /// assert_eq!(serving.iter().map(|found| found.site).collect::<Vec<_>>(), [SiteId(2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn serving_sites(&self, address: Position) -> Vec<Neighbour> {
        let address = Address::from(address);
        let state = &*self.state;
        let mut found = Vec::with_capacity(USUAL);
        let points = state.generation.tree.points();
        state
            .generation
            .areas
            .candidates(address.at, |slot, served| {
                if state.stale_areas > 0 && !state.served.contains(slot) {
                    return;
                }
                let point = &points[slot as usize];
                let chord = address.at.chord(point.at);
                let contains = |record: &Record| record.area.contains(&address, chord);
                if served == Served::Certainly || state.record(slot).is_some_and(contains) {
                    found.push(Neighbour {
                        distance: chord.distance(),
                        site: point.id,
                    });
                }
            });
        let mut aside = All::new(f64::INFINITY);
        state
            .overlay
            .search_reaching(address.at, Among::All, &mut aside, |_, ranked| {
                let contains = |record: &Record| record.area.contains(&address, ranked.chord);
                state.record(ranked.slot).is_some_and(contains)
            });
        found.extend(aside.found.into_iter().map(Neighbour::from));
        found.sort_unstable();
        found
    }
}
