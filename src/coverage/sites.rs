//! Sites by cell.

use crate::geo::{Cell, reach_of};
use crate::id::SiteId;
use crate::index::{All, map_in_order};
use crate::site::{Neighbour, Network, TOGETHER};

impl Network {
    /// The sites that lie in a cell, open or not, in the order of their ids.
    ///
    /// Exact: those for whose position [`Cell::contains`] holds. So every site lies in one cell of each resolution.
    /// The trees find the sites round the cell's centre, then each is tested: O(log n + found), about 2 µs for each
    /// site found, on all threads where there are many.
    ///
    /// ```
    /// use catchment::geo::{Cell, LngLat, Position, Resolution};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let bund = Position::new(LngLat { lng: 121.4903, lat: 31.2397 })?;
    /// let network = Network::builder().site(Site::store(SiteId(7), bund, Units(500))).build()?;
    /// let cell = Cell::at(bund, Resolution::new(9)?);
    /// assert_eq!(network.sites_in_cell(cell), [SiteId(7)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sites_in_cell(&self, cell: Cell) -> Vec<SiteId> {
        // The reach is an angle, and no chord is longer than its angle.
        let reach = reach_of(cell.resolution());
        let mut near = All::new(reach * reach);
        self.state
            .search_all(cell.centre().unit_vector(), &mut near);
        let inside = map_in_order(&near.found, TOGETHER, |ranked| {
            self.state
                .record(ranked.slot)
                .is_some_and(|record| cell.contains(record.site.position))
        });
        let mut sites: Vec<SiteId> = (near.found.iter().zip(inside))
            .filter_map(|(ranked, inside)| inside.then_some(ranked.id))
            .collect();
        sites.sort_unstable();
        sites
    }

    /// The sites whose service area contains the centre of a cell, nearest to it first: an approximation of who
    /// serves the cell, by one of its addresses.
    ///
    /// Costs and rules as [`serving_sites`](Self::serving_sites).
    ///
    /// ```
    /// use catchment::geo::{Cell, Resolution, ServiceArea};
    /// use catchment::id::SiteId;
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let cell: Cell = "89309958ac7ffff".parse()?;
    /// let mut site = Site::leader(SiteId(7), cell.centre(), Units(60));
    /// site.area = ServiceArea::Radius(Distance::from_metres(1_000));
    /// let network = Network::builder().site(site).build()?;
    /// assert_eq!(network.sites_serving_cell(cell).len(), 1);
    /// let whole_city = cell.parent(Resolution::new(5)?).expect("coarser");
    /// assert!(network.sites_serving_cell(whole_city).is_empty(), "its centre is 4 km away");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sites_serving_cell(&self, cell: Cell) -> Vec<Neighbour> {
        self.serving_sites(cell.centre())
    }
}
