use std::collections::BTreeMap;

use crate::coverage::CoverageError;
use crate::geo::{Cell, Resolution};
use crate::id::{CustomerId, SiteId};
use crate::money::Amount;
use crate::presale::{Campaign, CommunityStage, Pieces, PledgeState};
use crate::site::Network;

/// How far the neighbourhoods of a campaign are: its communities by H3 cell, all cells of one resolution.
///
/// A community lies in the ancestor of its site's cell at the finest resolution, never in whatever cell its coordinates
/// fall into at a coarser one. So a map rolled up is the map made anew at that resolution, and nothing is counted twice
/// or lost: communities, pledges, pieces and amounts add up to the campaign's at every resolution.
///
/// **People don't add up**: whoever pledged in two cells is one person in the cell above. A map made from a campaign
/// counts them all apart ([`People::Distinct`]); one that was rolled up says that it can't ([`People::AtMost`]).
///
/// ```
/// use catchment::geo::{LngLat, Position, Resolution};
/// use catchment::id::{CampaignId, SiteId, SkuId, SupplierId};
/// use catchment::limits::Limits;
/// use catchment::money::{Amount, Currency};
/// use catchment::presale::{
///     CommunityTerms, Pieces, Policy, Presale, ProgressMap, SupplierTerms, Terms, Threshold,
/// };
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
///
/// let (at, supplier) = (Timestamp::from_unix_millis, SupplierId(4));
/// let presale = Presale::open(Terms {
///     id: CampaignId(1),
///     sku: SkuId(9),
///     currency: Currency::CNY,
///     unit_price: Amount(990),
///     opens_at: at(0),
///     closes_at: at(1_000),
///     horizon: at(9_000),
///     policy: Policy::new(Threshold::participants(10)),
///     suppliers: vec![SupplierTerms::new(supplier)],
///     communities: [1, 2].map(|site| CommunityTerms { site: SiteId(site), supplier, threshold: None }).into(),
/// }, &Limits::default())?;
/// let door = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder()
///     .site(Site::leader(SiteId(1), door(121.40)?, Units(60)))
///     .site(Site::leader(SiteId(2), door(121.48)?, Units(60)))
///     .build()?;
///
/// let map = ProgressMap::of(presale.campaign(), &network, Resolution::new(8)?)?;
/// assert_eq!(map.iter().len(), 2);
/// let (_, cell) = map.iter().next().expect("two cells");
/// assert_eq!((cell.communities, cell.formed, cell.lacking), (1, 0, Pieces(10)));
/// assert_eq!(map.roll_up(Resolution::COARSEST)?.total().lacking, Pieces(20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ProgressMap {
    resolution: Resolution,
    cells: BTreeMap<Cell, CellProgress>,
}

/// How far the communities of a cell are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CellProgress {
    /// Communities that collect or are confirmed.
    pub communities: u32,
    /// Those of them that are formed.
    pub formed: u32,
    /// Paid pledges.
    pub pledges: u64,
    /// Pledges that are reserved and not paid yet.
    pub held: u64,
    /// Pieces of paid pledges.
    pub units: Pieces,
    /// What they cost, in minor units of the campaign's currency.
    pub amount: Amount,
    /// The pieces that still have to be sold for all communities to form: see
    /// [`pieces_missing`](crate::presale::Threshold::pieces_missing). Stops at 2⁶⁴ − 1.
    pub lacking: Pieces,
    /// The community that is closest to forming, the smaller site of several; `None` if all are formed.
    pub closest: Option<Closest>,
    /// Customers with paid pledges.
    pub people: People,
}

/// A community that is close to forming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Closest {
    /// The pieces that it lacks.
    pub lacking: Pieces,
    /// Where it is.
    pub site: SiteId,
}

/// A number of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum People {
    /// So many: everybody was counted once.
    Distinct(u64),
    /// So many or fewer: somebody may have been counted in several places.
    AtMost(u64),
}

impl People {
    /// The number, exact or not.
    #[must_use]
    pub const fn count(self) -> u64 {
        match self {
            Self::Distinct(count) | Self::AtMost(count) => count,
        }
    }

    /// Both together, not knowing who is in both.
    ///
    /// ```
    /// use catchment::presale::People;
    /// let (two, none) = (People::Distinct(2), People::Distinct(0));
    /// assert_eq!(two.merge(none), two);
    /// assert_eq!(two.merge(two), People::AtMost(4));
    /// ```
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        match (self, other) {
            (people, Self::Distinct(0)) | (Self::Distinct(0), people) => people,
            _ => Self::AtMost(self.count().saturating_add(other.count())),
        }
    }
}

impl Default for People {
    fn default() -> Self {
        Self::Distinct(0)
    }
}

impl CellProgress {
    /// Both together. Sums stop at the largest number; those of one campaign don't come near.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let closest = [self.closest, other.closest].into_iter().flatten().min();
        Self {
            communities: self.communities.saturating_add(other.communities),
            formed: self.formed.saturating_add(other.formed),
            pledges: self.pledges.saturating_add(other.pledges),
            held: self.held.saturating_add(other.held),
            units: Pieces(self.units.0.saturating_add(other.units.0)),
            amount: Amount(self.amount.0.saturating_add(other.amount.0)),
            lacking: Pieces(self.lacking.0.saturating_add(other.lacking.0)),
            closest,
            people: self.people.merge(other.people),
        }
    }
}

impl ProgressMap {
    /// The communities of a campaign by the cells of their sites. Those that failed, were removed or merged into a
    /// neighbour are not on the map.
    ///
    /// O(p log p + c log c) for p pledges and c communities; 16 bytes a paid pledge besides the map.
    ///
    /// # Errors
    ///
    /// [`GeographyError::UnknownSite`] if a community's site is not in the network, [`GeographyError::Map`] if there
    /// are more cells than the network's [`map_cells_max`](crate::limits::Limits::map_cells_max).
    pub fn of(
        campaign: &Campaign,
        network: &Network,
        resolution: Resolution,
    ) -> Result<Self, GeographyError> {
        let mut cells: BTreeMap<Cell, CellProgress> = BTreeMap::new();
        let mut cell_of: BTreeMap<SiteId, Cell> = BTreeMap::new();
        let price = campaign.terms().unit_price;
        for community in campaign.communities() {
            let site = community.terms.site;
            let is_live = matches!(
                community.stage,
                CommunityStage::Collecting | CommunityStage::Confirmed(_)
            );
            if !is_live {
                continue;
            }
            let cell = cell_at(network, site, resolution)?;
            let lacking = community.threshold.pieces_missing(&community.paid, price);
            let is_open = !community.is_formed && community.stage == CommunityStage::Collecting;
            let progress = CellProgress {
                communities: 1,
                formed: community.is_formed.into(),
                held: community.held.pledges.into(),
                units: community.paid.units,
                amount: community.paid.amount,
                lacking: if is_open { lacking } else { Pieces::ZERO },
                closest: is_open.then_some(Closest { lacking, site }),
                ..CellProgress::default()
            };
            let sum = cells.entry(cell).or_default();
            *sum = sum.merge(progress);
            CoverageError::check_count(cells.len(), network.limits().map_cells_max)?;
            cell_of.insert(site, cell);
        }
        for (cell, customers) in customers_by_cell(campaign, &cell_of) {
            let progress = cells.entry(cell).or_default();
            progress.pledges += 1;
            progress.people = People::Distinct(progress.people.count() + u64::from(customers));
        }
        Ok(Self { resolution, cells })
    }

    /// The resolution of all its cells.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// How far a cell is; nothing at all where the map has none. O(log n).
    #[must_use]
    pub fn get(&self, cell: Cell) -> CellProgress {
        self.cells.get(&cell).copied().unwrap_or_default()
    }

    /// Cells with their progress, in ascending order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Cell, CellProgress)> {
        self.cells.iter().map(|(cell, progress)| (*cell, *progress))
    }

    /// All cells together. O(n).
    #[must_use]
    pub fn total(&self) -> CellProgress {
        let cells = self.cells.values().copied();
        cells.fold(CellProgress::default(), CellProgress::merge)
    }

    /// The same communities in the cells of a coarser resolution that these descend from. O(n log n).
    ///
    /// All but people is as in a map made anew.
    ///
    /// # Errors
    ///
    /// [`CoverageError::Finer`], as [`GeographyError::Map`], if the resolution is finer.
    pub fn roll_up(&self, resolution: Resolution) -> Result<Self, GeographyError> {
        let finer = CoverageError::Finer {
            from: self.resolution,
            to: resolution,
        };
        let mut cells: BTreeMap<Cell, CellProgress> = BTreeMap::new();
        for (cell, progress) in self.iter() {
            let parent = cell.parent(resolution).ok_or_else(|| finer.clone())?;
            let sum = cells.entry(parent).or_default();
            *sum = sum.merge(progress);
        }
        if resolution > self.resolution {
            return Err(finer.into());
        }
        Ok(Self { resolution, cells })
    }
}

fn cell_at(
    network: &Network,
    site: SiteId,
    resolution: Resolution,
) -> Result<Cell, GeographyError> {
    let unknown = GeographyError::UnknownSite { site };
    let position = network.site(site).ok_or(unknown)?.position;
    let finest = Cell::at(position, Resolution::FINEST);
    // Every cell of the finest resolution has an ancestor at all others.
    Ok(finest.parent(resolution).unwrap_or(finest))
}

/// The cell of each paid pledge, and whether its customer is new there.
fn customers_by_cell(
    campaign: &Campaign,
    cell_of: &BTreeMap<SiteId, Cell>,
) -> impl Iterator<Item = (Cell, bool)> {
    let paid = campaign
        .pledges()
        .filter(|pledge| matches!(pledge.state, PledgeState::Active | PledgeState::Confirmed));
    let placed = paid.filter_map(|pledge| Some((*cell_of.get(&pledge.site)?, pledge.customer)));
    let mut rows: Vec<(Cell, CustomerId)> = placed.collect();
    rows.sort_unstable();
    let mut before = None;
    rows.into_iter().map(move |row| {
        let is_new = before.replace(row) != Some(row);
        (row.0, is_new)
    })
}

/// A map that can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GeographyError {
    /// A community's site is not in the network, so that nobody knows where it is.
    #[error("site {site} is not in the network")]
    UnknownSite {
        /// Which.
        site: SiteId,
    },
    /// The map makes no sense, or is too large.
    #[error(transparent)]
    Map(#[from] CoverageError),
}

impl GeographyError {
    /// Whether the same call can succeed later: never, but it is asked of every error.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }
}
