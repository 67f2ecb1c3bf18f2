//! The job itself: every order to its nearest eligible pickup point, and the proof that it is.

use std::collections::BTreeMap;
use std::fmt;

use catchment::candidates::{Filter, Rejection, Verdict};
use catchment::geo::{Position, ServiceArea};
use catchment::site::{Neighbour, Network, Site, SiteStatus};
use catchment::units::Distance;
use serde::Serialize;

use crate::city::City;
use crate::progress::Progress;
use crate::synthetic::SplitMix64;

/// Orders per batch: enough to keep all cores busy, few enough for the progress bar to move.
const BATCH: usize = 1 << 17;

/// Where every order goes.
pub(crate) struct Assignment {
    /// One for each order, in their order; `None` if no site serves the address.
    pub(crate) nearest: Vec<Option<Neighbour>>,
}

/// What the nearest site has against an order that no site takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    OutsideRadius,
    NearestPaused,
    Other,
}

impl Assignment {
    /// Looks up the nearest eligible site of every address, on all cores.
    pub(crate) fn of(network: &Network, addresses: &[Position]) -> Self {
        let filter = Filter::default();
        let progress = Progress::orders(addresses.len());
        let mut nearest = Vec::with_capacity(addresses.len());
        for batch in addresses.chunks(BATCH) {
            nearest.extend(network.nearest_eligible_site_batch(batch, &filter));
            progress.advance(batch.len() as u64);
        }
        Self { nearest }
    }

    /// The orders that no site takes, counted by what their nearest site has against them.
    pub(crate) fn unassigned(
        &self,
        network: &Network,
        addresses: &[Position],
    ) -> BTreeMap<Reason, usize> {
        let filter = Filter::default();
        let mut orders_by_reason = BTreeMap::new();
        for (address, _) in addresses
            .iter()
            .zip(&self.nearest)
            .filter(|(_, site)| site.is_none())
        {
            for nearest in network.explain(*address, 1, &filter) {
                *orders_by_reason
                    .entry(Reason::from(&nearest.verdict))
                    .or_insert(0) += 1;
            }
        }
        orders_by_reason
    }

    /// Checks the result without the index that found it.
    ///
    /// # Panics
    ///
    /// If an order is missing, or if a site is not the nearest eligible one for an order of a random sample.
    pub(crate) fn check(&self, city: &City) {
        const SAMPLE_MAX: usize = 500;
        const DISTANCES_MAX: usize = 5_000_000;
        assert_eq!(
            self.nearest.len(),
            city.orders().len(),
            "an answer for each order"
        );
        let sample = SAMPLE_MAX.min(1 + DISTANCES_MAX / city.sites().len().max(1));
        let mut random = SplitMix64(self.nearest.len() as u64);
        for _ in 0..sample.min(self.nearest.len()) {
            let order = random.index(self.nearest.len());
            let address = city.orders()[order].position;
            assert_eq!(
                self.nearest[order],
                nearest_by_scan(city, address),
                "the nearest site of order {}",
                city.orders()[order].id,
            );
        }
    }
}

/// The nearest eligible site by looking at every site: slow, and hard to get wrong.
fn nearest_by_scan(city: &City, address: Position) -> Option<Neighbour> {
    city.sites()
        .iter()
        .filter(|site| site.status == SiteStatus::Open)
        .map(|site| (site, address.distance_to(site.position)))
        .filter(|(site, distance)| reaches(site, *distance))
        .map(|(site, distance)| Neighbour {
            distance,
            site: site.id,
        })
        .min()
}

/// The sites of this example serve a radius, or everybody.
fn reaches(site: &Site, distance: Distance) -> bool {
    match site.area {
        ServiceArea::Radius(radius) => distance <= radius,
        ServiceArea::Unlimited => true,
        _ => false,
    }
}

impl From<&Verdict> for Reason {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Rejected(Rejection::Paused) => Self::NearestPaused,
            Verdict::Rejected(Rejection::OutsideRadius { .. }) => Self::OutsideRadius,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutsideRadius => "outside the service radius of the nearest pickup point",
            Self::NearestPaused => "nearest pickup point paused, and no other serves the address",
            Self::Other => "refused by the nearest pickup point",
        })
    }
}
