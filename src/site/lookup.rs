//! Geometric look-ups: where sites are, whoever they serve and whether they are open.

use crate::geo::{Position, UnitVector, chord2_reaching};
use crate::id::SiteId;
use crate::index::{All, Found, Ranked, Ranking, STAGED, Staged, map_by_runs, map_in_order};
use crate::site::Network;
use crate::units::Distance;

/// A site that was found and how far away it is. The order is by distance, then by site id.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::site::Neighbour;
/// use catchment::units::Distance;
/// let tied = |id| Neighbour { distance: Distance::from_metres(5), site: SiteId(id) };
/// assert!(tied(1) < tied(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Neighbour {
    /// Great-circle distance between the two positions.
    pub distance: Distance,
    /// The site.
    pub site: SiteId,
}

/// A look-up takes less than a microsecond; handing one to a thread alone would cost as much.
pub(crate) const TOGETHER: usize = 256;

impl From<(Distance, SiteId)> for Neighbour {
    #[inline(always)]
    fn from((distance, site): (Distance, SiteId)) -> Self {
        Self { distance, site }
    }
}

impl From<Ranked> for Neighbour {
    #[inline]
    fn from(ranked: Ranked) -> Self {
        Self {
            distance: ranked.distance(),
            site: ranked.id,
        }
    }
}

impl Found for Neighbour {
    #[inline(always)]
    fn near(point: Ranked, distance: Distance) -> Self {
        Self {
            distance,
            site: point.id,
        }
    }
}

impl Network {
    /// The site nearest to a position, or `None` if the network is empty.
    ///
    /// Exact: of several at the same distance in millimetres, the one with the smallest id. O(log n) expected; with the
    /// tiles built ([`prepare`](Self::prepare)) a table look-up and a comparison of a few sites. Sites at one point are
    /// all compared by their ids: with k of them nearest, O(k) more, some 10 ms for a million.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 0.0 });
    /// let network = Network::builder()
    ///     .site(Site::store(SiteId(1), at(-179.0)?, Units(10)))
    ///     .site(Site::store(SiteId(2), at(177.0)?, Units(10)))
    ///     .build()?;
    /// let nearest = network.nearest_site(at(179.5)?).expect("the network has sites");
    /// assert_eq!(nearest.site, SiteId(1)); // across the antimeridian
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_site(&self, from: Position) -> Option<Neighbour> {
        let state = &*self.state;
        match state.generation.for_one() {
            Some(tiles) => state.nearest_by_tiles(tiles, from),
            None => state.nearest_by_tree(from),
        }
    }

    /// The `k` sites nearest to a position, nearest first; all sites if there are no more than `k`.
    ///
    /// O(log n + k) expected for small k, O(n + k log k) at most; up to k = 8 without a search while the tiles for
    /// several neighbours are built and in use, see [`prepare`](Self::prepare).
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::store(SiteId(1), at(121.40)?, Units(10)))
    ///     .site(Site::store(SiteId(2), at(121.41)?, Units(10)))
    ///     .site(Site::store(SiteId(3), at(121.42)?, Units(10)))
    ///     .build()?;
    /// let ranked = network.nearest(at(121.43)?, 2);
    /// assert_eq!(ranked.iter().map(|found| found.site).collect::<Vec<_>>(), [SiteId(3), SiteId(2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest(&self, from: Position, k: usize) -> Vec<Neighbour> {
        if k == 1 {
            return self.nearest_site(from).into_iter().collect();
        }
        self.state.nearest_k_by_tiles(from, k).unwrap_or_else(|| {
            self.nearest_ranked(from.unit_vector(), k)
                .into_iter()
                .map(Neighbour::from)
                .collect()
        })
    }

    /// Every site no farther than `radius`, nearest first; one at exactly that distance is in.
    ///
    /// O(log n + found · log found) expected. A radius beyond half the Earth's circumference finds all sites.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let home = Position::new(LngLat { lng: 121.4, lat: 31.2 })?;
    /// let network = Network::builder().site(Site::store(SiteId(1), home, Units(10))).build()?;
    /// assert_eq!(network.within(home, Distance::ZERO).len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn within(&self, from: Position, radius: Distance) -> Vec<Neighbour> {
        let mut all = All::new(chord2_reaching(radius));
        self.state.search_all(from.unit_vector(), &mut all);
        let mut found: Vec<Neighbour> = all.found.into_iter().map(Neighbour::from).collect();
        found.retain(|neighbour| neighbour.distance <= radius);
        found.sort_unstable();
        found
    }

    /// [`nearest_site`](Self::nearest_site) for many positions, in their order.
    ///
    /// Uses all threads of the current rayon pool (feature `rayon`); the answer is the same for any number. A batch of
    /// at least 50 look-ups for every site builds the tiles first.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::store(SiteId(1), at(121.40)?, Units(10)))
    ///     .site(Site::store(SiteId(2), at(121.45)?, Units(10)))
    ///     .build()?;
    /// let homes = [at(121.46)?, at(121.41)?, at(121.44)?];
    /// let nearest = network.nearest_site_batch(&homes);
    /// assert_eq!(nearest.iter().flatten().map(|found| found.site.0).collect::<Vec<_>>(), [2, 1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_site_batch(&self, from: &[Position]) -> Vec<Option<Neighbour>> {
        self.state.generation.prepare_for(from.len(), 1);
        let Some(tiles) = self
            .state
            .generation
            .for_one()
            .filter(|_| self.state.is_as_packed())
        else {
            return map_in_order(from, TOGETHER, |from| self.nearest_site(*from));
        };
        let points = self.state.generation.tree.points();
        map_by_runs(
            from,
            TOGETHER / STAGED,
            Staged::new,
            |staged, run: &[Position; STAGED]| {
                tiles.nearest_staged(points, run, staged);
                // All alike, and then again where that was not enough: copying what two ways lead to would cost more.
                let mut answers = core::array::from_fn(|query| Some(staged.found(query)));
                for query in staged.doubtful() {
                    answers[query] = self.nearest_site(run[query]);
                }
                answers
            },
        )
    }

    /// [`nearest`](Self::nearest) for many positions, in their order, with all threads. A batch of at least 50 look-ups
    /// for every site builds the tiles first, if `k` is at most 8.
    #[must_use]
    pub fn nearest_batch(&self, from: &[Position], k: usize) -> Vec<Vec<Neighbour>> {
        self.state.generation.prepare_for(from.len(), k);
        map_in_order(from, TOGETHER, |from| self.nearest(*from, k))
    }

    pub(crate) fn nearest_ranked(&self, from: UnitVector, k: usize) -> Vec<Ranked> {
        let mut ranking = Ranking::new(k, self.len(), f64::INFINITY);
        self.state.search_all(from, &mut ranking);
        ranking.into_sorted()
    }
}
