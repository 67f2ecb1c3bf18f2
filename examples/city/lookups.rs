//! The nearest eligible pickup point of every order, whatever the capacity, and the proof that it is.

use catchment::candidates::Filter;
use catchment::geo::{Position, ServiceArea};
use catchment::site::{Neighbour, Network, Site, SiteStatus};
use catchment::units::{Distance, Units};

use crate::city::City;
use crate::progress::Progress;
use crate::seeded::SplitMix64;

/// Orders per batch: enough to keep all cores busy, few enough for the progress bar to move.
const BATCH: usize = 1 << 17;

/// What is nearest, which is where everybody would like to go.
pub(crate) struct Lookups {
    /// One for each order, in their order; `None` if no site serves the address.
    pub(crate) nearest: Vec<Option<Neighbour>>,
}

impl Lookups {
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
    eligible(city, address).min()
}

/// All eligible sites in the same way, nearest first.
pub(crate) fn eligible_by_scan(city: &City, address: Position) -> Vec<Neighbour> {
    let mut all: Vec<_> = eligible(city, address).collect();
    all.sort_unstable();
    all
}

fn eligible(city: &City, address: Position) -> impl Iterator<Item = Neighbour> {
    city.sites()
        .iter()
        .filter(|site| site.status == SiteStatus::Open && site.capacity >= Units(1))
        .map(move |site| (site, address.distance_to(site.position)))
        .filter(|(site, distance)| reaches(site, *distance))
        .map(|(site, distance)| Neighbour {
            distance,
            site: site.id,
        })
}

/// The sites of this example serve a radius, or everybody.
fn reaches(site: &Site, distance: Distance) -> bool {
    match site.area {
        ServiceArea::Radius(radius) => distance <= radius,
        ServiceArea::Unlimited => true,
        _ => false,
    }
}
