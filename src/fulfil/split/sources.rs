use std::collections::BTreeSet;

use crate::fulfil::Basket;
use crate::id::{SiteId, SkuId};
use crate::limits::Limits;
use crate::units::{Distance, Quantity};

/// The sites that a basket may come from, ranked: the best first, as [`Rules`](crate::fulfil::Rules) or the caller put
/// them.
///
/// Each holds stock of its own: of sites that draw from one stock only one may be here, or the stock is promised twice.
/// Which sites are enough and nearest does not depend on the rank; it decides who of the chosen gives how much.
///
/// ```
/// use catchment::fulfil::{Basket, SourceFault, Sources};
/// use catchment::id::{SiteId, SkuId};
/// use catchment::limits::Limits;
/// use catchment::order::OrderLine;
/// use catchment::units::{Distance, Quantity};
///
/// let melons = OrderLine { sku: SkuId(9), quantity: Quantity(70) };
/// let basket = Basket::new(&[melons.into()], &[], &Limits::default())?;
/// let mut sources = Sources::new(&basket, &Limits::default());
/// sources.add(SiteId(1), Distance::from_metres(400), |_| Quantity(55))?;
/// let again = sources.add(SiteId(1), Distance::from_metres(500), |_| Quantity(30));
/// assert_eq!(again, Err(SourceFault::Repeated { site: SiteId(1) }));
/// assert_eq!(sources.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    pub(super) basket: &'a Basket,
    pub(super) sites: Vec<(SiteId, Distance)>,
    /// How many sets of each item a site has, at most as many as are wanted; a row for each site.
    pub(super) sets: Vec<u32>,
    known: BTreeSet<SiteId>,
    limit: usize,
}

impl<'a> Sources<'a> {
    /// The greatest distance of a source, 10¹² m: sums of any number of them fit.
    pub const DISTANCE_MAX: Distance = Distance::from_millimetres(1_000_000_000_000_000);

    /// No source yet. [`Limits::candidates_max`] says how many there may be.
    #[must_use]
    pub fn new(basket: &'a Basket, limits: &Limits) -> Self {
        Self {
            basket,
            sites: Vec::new(),
            sets: Vec::new(),
            known: BTreeSet::new(),
            limit: limits.candidates_max,
        }
    }

    /// Adds a site behind all others. `free` is asked once for every article of the basket: the pieces that the site
    /// can give. O(lines).
    ///
    /// # Errors
    ///
    /// [`SourceFault`]; the site is then not added.
    pub fn add(
        &mut self,
        site: SiteId,
        distance: Distance,
        mut free: impl FnMut(SkuId) -> Quantity,
    ) -> Result<(), SourceFault> {
        let limit = self.limit;
        if self.sites.len() >= limit {
            return Err(SourceFault::TooMany { limit });
        }
        if distance > Self::DISTANCE_MAX {
            return Err(SourceFault::TooFar { site, distance });
        }
        if !self.known.insert(site) {
            return Err(SourceFault::Repeated { site });
        }
        self.sites.push((site, distance));
        let Basket { lines, items } = self.basket;
        let sets = items.iter().map(|item| {
            let of_line = item.content.iter().map(|&(line, pieces)| {
                let sku = lines[line as usize].line.sku;
                free(sku).0 / pieces
            });
            of_line.min().unwrap_or(0).min(item.sets)
        });
        self.sets.extend(sets);
        Ok(())
    }

    /// How many sites there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.sites.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }
}

/// Why a site is not added to the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceFault {
    /// As many as there may be are there.
    #[error("more sources than {limit}, which is the limit")]
    TooMany {
        /// [`Limits::candidates_max`].
        limit: usize,
    },
    /// Farther away than anything.
    #[error("source {site} is {distance} away, more than 10^12 m")]
    TooFar {
        /// Which.
        site: SiteId,
        /// How far.
        distance: Distance,
    },
    /// It is there already.
    #[error("source {site} was named before")]
    Repeated {
        /// Which.
        site: SiteId,
    },
}
