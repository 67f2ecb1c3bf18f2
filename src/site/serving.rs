use crate::geo::{Address, Position};
use crate::index::Ranked;
use crate::site::network::Record;
use crate::site::{Neighbour, Network};

impl Network {
    /// Every site whose service area contains the address, nearest first; whether it is open or has room is not asked.
    /// (For the verdict on each site see [`explain`](Self::explain).)
    ///
    /// O(log n + areas near the address) expected: an address that nobody serves costs a descent of an R-tree of area
    /// envelopes, wherever the sites are. Sites without a limited area serve every address, so each adds to the answer.
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
        let state = &self.state;
        let serving = |slot, record: &Record| {
            let chord = address.at.chord(state.vector(slot, record));
            let ranked = Ranked {
                chord,
                id: record.site.id,
                slot,
            };
            record
                .area
                .contains(&address, chord)
                .then(|| Neighbour::from(ranked))
        };
        let packed = state.generation.areas.candidates(address.at);
        let packed = packed.filter_map(|slot| {
            state
                .record(slot)
                .filter(|record| record.packed)
                .map(|record| (slot, record))
        });
        let moved = state.overlay.areas.candidates(address.at);
        let moved = moved.filter_map(|slot| state.record(slot).map(|record| (slot, record)));
        let mut found: Vec<Neighbour> = packed
            .chain(moved)
            .filter_map(|(slot, record)| serving(slot, record))
            .collect();
        found.sort_unstable();
        found
    }
}
