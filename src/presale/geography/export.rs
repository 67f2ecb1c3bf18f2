//! The map as `GeoJSON` (feature `geojson`), in the same form as those of [`coverage`](crate::coverage).

use crate::coverage::export::{cell_feature, number, text_of};
use crate::geo::Cell;
use crate::presale::{CellProgress, People, ProgressMap};

impl ProgressMap {
    /// The map as `GeoJSON` text (RFC 7946): a feature for each cell, in ascending order.
    ///
    /// Properties: `amount` (minor units), `cell`, `closest_lacking` and `closest_site` (of the community that lacks
    /// least; null if all are formed), `communities`, `formed`, `held`, `lacking` (pieces), `people`, `people_exact`
    /// (false if `people` is an upper bound), `pledges`, `resolution`, `units`. O(n) for n cells, some 15 µs each.
    ///
    /// ```
    /// use catchment::geo::Resolution;
    /// use catchment::presale::ProgressMap;
    /// # fn check(campaign: &catchment::presale::Campaign, network: &catchment::site::Network)
    /// #     -> Result<(), Box<dyn std::error::Error>> {
    /// let text = ProgressMap::of(campaign, network, Resolution::new(9)?)?.to_geojson();
    /// assert!(text.starts_with(r#"{"type":"FeatureCollection""#));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_geojson(&self) -> String {
        let cells: Vec<(Cell, CellProgress)> = self.iter().collect();
        text_of(&cells, |(cell, progress)| {
            let closest = progress.closest;
            let is_exact = matches!(progress.people, People::Distinct(_));
            let properties = [
                ("amount", progress.amount.0.into()),
                ("cell", cell.to_string().into()),
                (
                    "closest_lacking",
                    closest.map(|closest| closest.lacking.0).into(),
                ),
                ("closest_site", closest.map(|closest| closest.site.0).into()),
                ("communities", progress.communities.into()),
                ("formed", progress.formed.into()),
                ("held", progress.held.into()),
                ("lacking", progress.lacking.0.into()),
                ("people", progress.people.count().into()),
                ("people_exact", is_exact.into()),
                ("pledges", progress.pledges.into()),
                ("resolution", number(self.resolution())),
                ("units", progress.units.0.into()),
            ];
            cell_feature(*cell, properties)
        })
    }
}
