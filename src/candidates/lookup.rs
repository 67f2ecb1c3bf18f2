//! Eligible look-ups: the nearest sites that may take the order.

use core::cell::LazyCell;

use crate::candidates::{Filter, Verdict};
use crate::geo::{Address, Position, chord2_reaching};
use crate::id::SiteId;
use crate::index::{Ranked, Ranking, map_in_order};
use crate::site::{Neighbour, Network, Record, TOGETHER};

impl Network {
    /// The nearest site that meets every demand of the filter, or `None` if no site does.
    ///
    /// Exact, ties go to the smallest id. The filter is applied inside the search, which skips all sites whose
    /// service areas can't reach the address: O(log n + sites nearer than the answer that are not eligible) expected.
    /// The tiles of [`prepare`](Self::prepare) spare the search where one of the few sites that they list is eligible.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position, ServiceArea};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site, SiteStatus};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let mut paused = Site::leader(SiteId(1), at(121.40)?, Units(60));
    /// paused.status = SiteStatus::Paused;
    /// let open = Site::leader(SiteId(2), at(121.45)?, Units(60));
    /// let network = Network::builder().site(paused).site(open).build()?;
    ///
    /// let chosen = network.nearest_eligible_site(at(121.41)?, &Filter::default());
    /// assert_eq!(chosen.map(|found| found.site), Some(SiteId(2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_eligible_site(&self, from: Position, filter: &Filter<'_>) -> Option<Neighbour> {
        if let Some(chosen) = filter.chosen {
            return self.chosen_if_eligible(from, chosen, filter);
        }
        // Most look-ups are answered without it.
        let address = LazyCell::new(|| Address::from(from));
        let bound = bound_of(filter);
        let eligible = |record: &Record, ranked: &Ranked| {
            filter.first_unmet(record, &address, ranked.chord).is_none()
        };
        let any_will_do = filter.asks_nothing_more();
        self.state
            .nearest_open(from, bound, eligible, |_| any_will_do)
            .map(Neighbour::from)
    }

    /// The `k` nearest sites that meet every demand of the filter, nearest first; fewer if there are fewer.
    ///
    /// Costs as [`nearest_eligible_site`](Self::nearest_eligible_site), plus O(k log k).
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site, SiteKind};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), at(121.40)?, Units(60)))
    ///     .site(Site::store(SiteId(2), at(121.42)?, Units(500)))
    ///     .build()?;
    /// let stores = network.nearest_eligible(at(121.40)?, 3, &Filter::default().kind(SiteKind::Store));
    /// assert_eq!(stores.len(), 1);
    /// assert_eq!(stores[0].site, SiteId(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_eligible(
        &self,
        from: Position,
        k: usize,
        filter: &Filter<'_>,
    ) -> Vec<Neighbour> {
        if let Some(chosen) = filter.chosen {
            let found = self.chosen_if_eligible(from, chosen, filter);
            return found.into_iter().take(k).collect();
        }
        let mut ranking = Ranking::new(k, self.len(), bound_of(filter));
        let address = Address::from(from);
        self.state
            .search_open(address.at, &mut ranking, |record, ranked| {
                filter.first_unmet(record, &address, ranked.chord).is_none()
            });
        ranking
            .into_sorted()
            .into_iter()
            .map(Neighbour::from)
            .collect()
    }

    /// [`nearest_eligible_site`](Self::nearest_eligible_site) for many positions, in their order, with all
    /// threads of the current rayon pool (feature `rayon`); the answer is the same for any number of them.
    ///
    /// Never builds the tiles; [`prepare`](Self::prepare) does.
    ///
    /// ```
    /// use catchment::candidates::Filter;
    /// use catchment::geo::{LngLat, Position, ServiceArea};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let mut leader = Site::leader(SiteId(1), at(121.40)?, Units(60));
    /// leader.area = ServiceArea::Radius(Distance::from_metres(1_000));
    /// let network = Network::builder().site(leader).build()?;
    /// let chosen = network.nearest_eligible_site_batch(&[at(121.41)?, at(121.42)?], &Filter::default());
    /// assert_eq!(chosen[0].map(|found| found.site), Some(SiteId(1)));
    /// assert_eq!(chosen[1], None); // 1.9 km away
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_eligible_site_batch(
        &self,
        from: &[Position],
        filter: &Filter<'_>,
    ) -> Vec<Option<Neighbour>> {
        map_in_order(from, TOGETHER, |from| {
            self.nearest_eligible_site(*from, filter)
        })
    }

    /// [`nearest_eligible`](Self::nearest_eligible) for many positions, in their order, with all threads.
    #[must_use]
    pub fn nearest_eligible_batch(
        &self,
        from: &[Position],
        k: usize,
        filter: &Filter<'_>,
    ) -> Vec<Vec<Neighbour>> {
        map_in_order(from, TOGETHER, |from| {
            self.nearest_eligible(*from, k, filter)
        })
    }

    /// The one site that can pass a filter which names it: a search would ask all the others for nothing.
    fn chosen_if_eligible(
        &self,
        from: Position,
        chosen: SiteId,
        filter: &Filter<'_>,
    ) -> Option<Neighbour> {
        let candidate = self.explain_site(from, chosen, filter)?;
        (candidate.verdict == Verdict::Eligible).then_some(candidate.neighbour)
    }
}

/// A squared chord that no eligible site can exceed.
fn bound_of(filter: &Filter<'_>) -> f64 {
    filter.max_distance.map_or(f64::INFINITY, chord2_reaching)
}
