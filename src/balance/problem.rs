use core::ops::RangeInclusive;

use crate::balance::{Candidate, Rows};

/// What is to be least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Objective {
    /// First the number of unassigned orders, then the cost of the others.
    #[default]
    FewestUnassigned,
    /// The cost of the assigned orders, and this price for every other one. An order stays unassigned rather than
    /// cost more.
    UnassignedAt(i64),
    /// The same with a price for each order, in the order of the rows.
    UnassignedAtEach(Vec<i64>),
}

/// Why a problem makes no sense, or is larger than whole numbers of 64 bits can prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// A site slot that is not there.
    #[error("no site {site}: there are {sites}")]
    NoSuchSite {
        /// The slot asked for.
        site: u32,
        /// The number of sites.
        sites: u32,
    },
    /// A site slot that no problem has, whatever its sites.
    #[error("site {site} is beyond the limit of {max} sites", max = Candidate::SITES_MAX)]
    SiteTooLarge {
        /// The slot.
        site: u32,
    },
    /// A cost or price that is out of range.
    #[error("cost {cost} is beyond the limit of {max}", max = Candidate::COST_MAX)]
    CostTooLarge {
        /// The cost.
        cost: i64,
    },
    /// More sites than candidates can tell apart.
    #[error("{sites} sites are more than the limit of {max}", max = Candidate::SITES_MAX)]
    TooManySites {
        /// The number of sites.
        sites: usize,
    },
    /// More orders than the solver can number.
    #[error("{orders} orders are more than the limit of {max}", max = Problem::ORDERS_MAX)]
    TooManyOrders {
        /// The number of orders.
        orders: usize,
    },
    /// A [`CandidateSource`](crate::balance::CandidateSource) may name, or has named, what costs more or less than
    /// anything in the problem: see [`with_costs_within`](Problem::with_costs_within).
    #[error("cost {cost} is outside the costs of the problem, {least} to {greatest}")]
    CostOutOfRange {
        /// The cost.
        cost: i64,
        /// The least cost of the problem.
        least: i64,
        /// Its greatest.
        greatest: i64,
    },
    /// A price of moves that is negative, or so large that a cost less the price is out of range.
    #[error("move price {price} is negative or takes a cost below the limit of -{max}", max = Candidate::COST_MAX)]
    MovePrice {
        /// The price.
        price: i64,
    },
    /// The first row does not start at 0.
    #[error("the first row starts at {start}, not at 0")]
    StartMisfit {
        /// Where it starts.
        start: u32,
    },
    /// The starts of rows don't divide the arrays of sites and costs.
    #[error("row {row} does not fit into arrays of lengths {sites} and {costs}")]
    RowMisfit {
        /// The first row that does not, or the last of all.
        row: usize,
        /// The length of the array of sites.
        sites: usize,
        /// The length of the array of costs.
        costs: usize,
    },
    /// Not one price for each order.
    #[error("{prices} prices for {orders} orders")]
    PricesMissing {
        /// The number of prices.
        prices: usize,
        /// The number of orders.
        orders: usize,
    },
    /// The costs are so far apart that the solver could not tell sums of them apart in 64 bits.
    #[error(
        "costs of up to {range} for each of {items} sites or orders leave no room to count with 64 bits"
    )]
    CostsTooFarApart {
        /// The number of orders, if the sum of their costs could reach 2⁶², or else of sites, if the costs of a chain
        /// through all of them could reach 2⁵⁸.
        items: usize,
        /// How large each item may be.
        range: i64,
    },
}

/// Orders with candidates, sites with capacities, and what is to be least. Checked: whatever is one can be solved.
///
/// ```
/// use catchment::balance::{Candidate, Objective, Problem, Rows, solve};
/// // Two orders, both nearest to site 0, which has one place.
/// let mut rows = Rows::default();
/// rows.push([Candidate::new(0, 100)?, Candidate::new(1, 250)?]);
/// rows.push([Candidate::new(0, 110)?, Candidate::new(1, 400)?]);
/// let problem = Problem::new(vec![1, 5], rows, Objective::FewestUnassigned)?;
/// let solution = solve(&problem);
/// assert_eq!(solution.site(0), Some(1));
/// assert_eq!(solution.site(1), Some(0));
/// assert_eq!(solution.total().cost, 360);
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    capacities: Vec<u32>,
    rows: Rows,
    objective: Objective,
    /// The least and the largest cost of a candidate, 0 included.
    costs: (i64, i64),
}

impl Problem {
    /// The largest number of orders: 2²⁴, so that a queue can hold a difference of costs and an order in 8 bytes.
    pub const ORDERS_MAX: usize = 1 << 24;

    /// A problem of sites with these capacities, and of orders that take one unit each.
    ///
    /// O(1), or O(orders) if each has a price.
    ///
    /// # Errors
    ///
    /// [`ProblemError`] if a candidate names a site that is not there, or if numbers are too large: the sum of all
    /// costs must fit into 62 bits, and so must the longest chain of exchanges, one cost difference for each site
    /// (see the [module](crate::balance#limits)).
    pub fn new(
        capacities: Vec<u32>,
        rows: Rows,
        objective: Objective,
    ) -> Result<Self, ProblemError> {
        let (sites, orders) = (capacities.len(), rows.len());
        if sites > Candidate::SITES_MAX as usize {
            return Err(ProblemError::TooManySites { sites });
        }
        if orders > Self::ORDERS_MAX {
            return Err(ProblemError::TooManyOrders { orders });
        }
        let mut costs = (0, 0);
        let extent = rows.extent();
        if let Some((_, least, greatest)) = extent {
            costs = (least.min(0), greatest.max(0));
        }
        let mut problem = Self {
            capacities,
            rows,
            objective: Objective::FewestUnassigned,
            costs,
        };
        if let Some((site, ..)) = extent {
            problem.check_site(site)?;
        }
        match &objective {
            Objective::FewestUnassigned => {}
            Objective::UnassignedAt(price) => problem.include(*price)?,
            Objective::UnassignedAtEach(prices) => {
                if prices.len() != orders {
                    let prices = prices.len();
                    return Err(ProblemError::PricesMissing { prices, orders });
                }
                prices
                    .iter()
                    .try_for_each(|price| problem.include(*price))?;
            }
        }
        problem.objective = objective;
        problem.check_sums()?;
        Ok(problem)
    }

    /// The same problem with room for costs in this range, besides those of its rows: what a
    /// [`CandidateSource`](crate::balance::CandidateSource) may name that knows more than the rows. O(1).
    ///
    /// Under [`Objective::FewestUnassigned`] one order more with a site must outweigh any costs, so the solver has to
    /// know how large they can be.
    ///
    /// # Errors
    ///
    /// [`ProblemError::CostTooLarge`] and [`ProblemError::CostsTooFarApart`] as in [`new`](Self::new).
    ///
    /// ```
    /// use catchment::balance::{Candidate, Objective, Problem, ProblemError, Rows};
    /// let mut rows = Rows::default();
    /// rows.push([Candidate::new(0, 100)?]);
    /// let problem = Problem::new(vec![1, 5], rows, Objective::FewestUnassigned)?;
    /// assert!(problem.clone().with_costs_within(0..=40_000_000).is_ok());
    /// assert!(problem.with_costs_within(0..=i64::MAX).is_err());
    /// # Ok::<(), ProblemError>(())
    /// ```
    pub fn with_costs_within(mut self, costs: RangeInclusive<i64>) -> Result<Self, ProblemError> {
        self.include(*costs.start())?;
        self.include(*costs.end())?;
        self.check_sums()?;
        Ok(self)
    }

    /// All costs of candidates, and what it costs to stay unassigned, are within.
    #[must_use]
    pub fn costs(&self) -> RangeInclusive<i64> {
        self.costs.0..=self.costs.1
    }

    /// How many orders each site can take.
    #[must_use]
    pub fn capacities(&self) -> &[u32] {
        &self.capacities
    }

    /// The candidates of each order.
    #[must_use]
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// What is to be least.
    #[must_use]
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// The number of orders.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.rows.len()
    }

    /// The number of sites.
    #[must_use]
    pub fn sites(&self) -> usize {
        self.capacities.len()
    }

    /// The price of staying unassigned, without its [`level`](Self::level).
    pub(super) fn unassigned_at(&self, order: usize) -> i64 {
        match &self.objective {
            Objective::FewestUnassigned => 0,
            Objective::UnassignedAt(price) => *price,
            Objective::UnassignedAtEach(prices) => prices[order],
        }
    }

    /// What one unassigned order is worth beyond its price: 0, or so much under
    /// [`FewestUnassigned`](Objective::FewestUnassigned) that no exchange of sites makes up for it.
    ///
    /// Two plans differ by chains of moves. A chain visits a site at most once, so it has at most m + 1 moves, each
    /// of which changes the cost by at most the range of the costs. A level above (m + 2) ranges on either side thus
    /// can't be confused with costs, and a sum of both can be told apart again.
    pub(super) fn level(&self) -> i64 {
        match self.objective {
            Objective::FewestUnassigned => 4 * self.longest_chain(),
            Objective::UnassignedAt(_) | Objective::UnassignedAtEach(_) => 0,
        }
    }

    /// A [`level`](Self::level) that is enough for costs of any size.
    pub(super) fn largest_level(&self) -> Result<i64, ProblemError> {
        let (items, range) = (self.sites(), 2 * Candidate::COST_MAX + 1);
        match (items as i64 + 2).checked_mul(range) {
            _ if self.level() == 0 => Ok(0),
            Some(chain) if chain < CHAIN_MAX => Ok(4 * chain),
            _ => Err(ProblemError::CostsTooFarApart { items, range }),
        }
    }

    /// No chain of moves changes the cost by more than this.
    fn longest_chain(&self) -> i64 {
        (self.sites() as i64 + 2) * (self.range() + 1)
    }

    fn range(&self) -> i64 {
        self.costs.1 - self.costs.0
    }

    /// Whether there is such a site.
    #[inline]
    pub(super) fn check_site(&self, site: u32) -> Result<(), ProblemError> {
        let sites = self.sites() as u32;
        if site < sites {
            Ok(())
        } else {
            Err(ProblemError::NoSuchSite { site, sites })
        }
    }

    /// Whether a cost is in the range of all costs.
    #[inline]
    pub(super) fn check_cost(&self, cost: i64) -> Result<(), ProblemError> {
        let (least, greatest) = self.costs;
        if (least..=greatest).contains(&cost) {
            Ok(())
        } else {
            Err(ProblemError::CostOutOfRange {
                cost,
                least,
                greatest,
            })
        }
    }

    /// Widens the range of costs.
    fn include(&mut self, cost: i64) -> Result<(), ProblemError> {
        if cost.unsigned_abs() > Candidate::COST_MAX.unsigned_abs() {
            return Err(ProblemError::CostTooLarge { cost });
        }
        self.costs = (self.costs.0.min(cost), self.costs.1.max(cost));
        Ok(())
    }

    fn check_sums(&self) -> Result<(), ProblemError> {
        let too_far = |items: usize, range: i64| ProblemError::CostsTooFarApart { items, range };
        let range = self.range() + 1;
        let (sites, orders) = (self.sites(), self.orders());
        if (sites as i64 + 2)
            .checked_mul(range)
            .is_none_or(|chain| chain >= CHAIN_MAX)
        {
            return Err(too_far(sites, range));
        }
        let largest = self.costs.0.abs().max(self.costs.1);
        match (orders as i64).checked_mul(largest) {
            Some(sum) if sum < 1 << 62 => Ok(()),
            _ => Err(too_far(orders, largest)),
        }
    }
}

/// Sums stay below 2⁶²: the level is four chains, and a price at most a level and a chain.
const CHAIN_MAX: i64 = 1 << 58;
