use core::fmt;

use crate::balance::{Problem, ProblemError};

/// One place an order could go to: a site slot and what it costs to send the order there. 8 bytes.
///
/// The cost is a whole number of any unit (millimetres, where the orders come from a map), at most
/// [`COST_MAX`](Self::COST_MAX) in size and negative if need be. Candidates sort by cost, then by site.
///
/// ```
/// use catchment::balance::Candidate;
/// let near = Candidate::new(3, 120)?;
/// assert_eq!((near.site(), near.cost()), (3, 120));
/// assert!(near < Candidate::new(1, 121)?);
/// assert!(Candidate::new(0, Candidate::COST_MAX + 1).is_err());
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidate(u64);

impl Candidate {
    /// The largest cost, and the largest reward: 2³⁸ − 1, which is 274,877 km in millimetres.
    ///
    /// So the difference of two costs fits into the 40 bits that the solver's queues have for it.
    pub const COST_MAX: i64 = (1 << 38) - 1;

    /// The number of site slots that can be told apart: 2²⁴.
    pub const SITES_MAX: u32 = 1 << Self::SITE_BITS;

    /// Later than every candidate.
    pub(super) const NONE: Self = Self(u64::MAX);
    const SITE_BITS: u32 = 24;
    const BIAS: i64 = Self::COST_MAX + 1;

    /// A candidate at a site slot. O(1).
    ///
    /// # Errors
    ///
    /// [`ProblemError::CostTooLarge`] and [`ProblemError::SiteTooLarge`] for what 8 bytes can't hold.
    pub const fn new(site: u32, cost: i64) -> Result<Self, ProblemError> {
        if cost < -Self::COST_MAX || cost > Self::COST_MAX {
            return Err(ProblemError::CostTooLarge { cost });
        }
        if site >= Self::SITES_MAX {
            return Err(ProblemError::SiteTooLarge { site });
        }
        Ok(Self::pack(site, cost))
    }

    /// A candidate if both are in range, else nothing of use.
    #[inline]
    pub(super) const fn pack(site: u32, cost: i64) -> Self {
        let biased = cost.wrapping_add(Self::BIAS) as u64;
        Self(biased << Self::SITE_BITS | site as u64)
    }

    /// The site slot.
    #[must_use]
    #[inline]
    pub const fn site(self) -> u32 {
        self.0 as u32 & (Self::SITES_MAX - 1)
    }

    /// What it costs.
    #[must_use]
    #[inline]
    pub const fn cost(self) -> i64 {
        (self.0 >> Self::SITE_BITS) as i64 - Self::BIAS
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site {} for {}", self.site(), self.cost())
    }
}

/// The candidates of every order: one row an order, in the order of their numbers.
///
/// A row may be empty (the order can only stay unassigned). If it names a site twice, the cheaper one counts. Rows are
/// kept sorted by cost, then site: one that comes sorted costs nothing more. Memory: 8 bytes a candidate and 16 a row;
/// 8 a row if all rows are equally long, and none if each has one candidate.
///
/// ```
/// use catchment::balance::{Candidate, Rows};
/// let mut rows = Rows::default();
/// rows.push([Candidate::new(0, 300)?, Candidate::new(1, 120)?]);
/// rows.push([]);
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows.row(0), [Candidate::new(1, 120)?, Candidate::new(0, 300)?]);
/// assert!(rows.row(7).is_empty());
/// # Ok::<(), catchment::balance::ProblemError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    candidates: Vec<Candidate>,
    /// The number of rows.
    count: usize,
    /// How long all rows are, while they are equally long.
    width: usize,
    /// Where each row ends, which is where the next begins; empty while all rows are equally long.
    ends: Vec<usize>,
    /// The cheapest candidate of each row once more, because that is all that most orders are asked for. Empty while
    /// each row has one.
    firsts: Vec<Candidate>,
    /// The largest site slot, the cheapest and the dearest candidate so far, so that a problem need not look again.
    last_site: u32,
    cheapest: Candidate,
    dearest: Candidate,
}

impl Default for Rows {
    fn default() -> Self {
        Self::with_capacity(0, 0)
    }
}

impl Rows {
    /// No rows yet, and memory for so many, as far as there is any and a [problem](Problem::ORDERS_MAX) may have them.
    /// O(1).
    #[must_use]
    pub fn with_capacity(orders: usize, candidates: usize) -> Self {
        let firsts = if candidates > orders { orders } else { 0 };
        Self {
            candidates: reserved(candidates),
            count: 0,
            width: 0,
            ends: Vec::new(),
            firsts: reserved(firsts.min(Problem::ORDERS_MAX)),
            last_site: 0,
            cheapest: Candidate::NONE,
            dearest: Candidate(0),
        }
    }

    /// Rows of which only the cheapest candidates are known ([`Candidate::NONE`] for an empty one) and, if there is any
    /// candidate, the least and the greatest cost at the last site that is named: all that a solver needs whose source
    /// knows the rest.
    pub(super) fn of_firsts(firsts: Vec<Candidate>, ends: Option<(Candidate, Candidate)>) -> Self {
        let mut rows = Self {
            count: firsts.len(),
            firsts,
            ..Self::default()
        };
        if let Some((cheapest, dearest)) = ends {
            rows.last_site = dearest.site();
            (rows.cheapest, rows.dearest) = (cheapest, dearest);
        }
        rows
    }

    /// The next order's candidates. O(length of the row), or a sort of it.
    pub fn push(&mut self, row: impl IntoIterator<Item = Candidate>) {
        let begin = self.candidates.len();
        let mut seen = Seen::default();
        let row = row.into_iter();
        let mut last_site = 0;
        self.candidates.extend(row.inspect(|candidate| {
            last_site = last_site.max(candidate.site());
            seen.see(*candidate);
        }));
        self.end_row(begin, last_site, &seen);
    }

    /// The same for sites and costs that nobody has checked yet: the quickest way from arrays to rows.
    ///
    /// # Errors
    ///
    /// As [`Candidate::new`], for one of those that fit no candidate. Then there is no new row.
    ///
    /// ```
    /// use catchment::balance::{Candidate, Rows};
    /// let (sites, costs) = ([0, 1, 0, 2], [300, 120, 80, 95]);
    /// let mut rows = Rows::with_capacity(2, sites.len());
    /// for row in [0..2, 2..4] {
    ///     rows.push_costs(sites[row.clone()].iter().copied().zip(costs[row].iter().copied()))?;
    /// }
    /// assert_eq!(rows.row(0), [Candidate::new(1, 120)?, Candidate::new(0, 300)?]);
    /// # Ok::<(), catchment::balance::ProblemError>(())
    /// ```
    pub fn push_costs(
        &mut self,
        row: impl IntoIterator<Item = (u32, i64)>,
    ) -> Result<(), ProblemError> {
        let begin = self.candidates.len();
        let mut seen = Seen::default();
        let (mut last_site, mut too_large) = (0, 0);
        let row = row.into_iter().map(|(site, cost)| {
            // Checked below, for the whole row at once.
            let candidate = Candidate::pack(site, cost);
            last_site = last_site.max(site);
            if !(-Candidate::COST_MAX..=Candidate::COST_MAX).contains(&cost) {
                too_large = cost;
            }
            seen.see(candidate);
            candidate
        });
        self.candidates.extend(row);
        if let Err(error) = Candidate::new(last_site, too_large) {
            self.candidates.truncate(begin);
            return Err(error);
        }
        self.end_row(begin, last_site, &seen);
        Ok(())
    }

    /// Ends the row that begins here.
    #[inline]
    fn end_row(&mut self, begin: usize, last_site: u32, seen: &Seen) {
        let row = &mut self.candidates[begin..];
        if !seen.is_sorted {
            row.sort_unstable();
        }
        let first = row.first().copied().unwrap_or(Candidate::NONE);
        let last = row.last().copied().unwrap_or(Candidate(0));
        let length = row.len();
        if self.count == 0 {
            self.width = length;
        }
        if self.ends.is_empty() && length != self.width {
            self.note_ends();
        }
        if !self.ends.is_empty() || self.width != 1 {
            self.firsts.push(first);
        }
        if !self.ends.is_empty() {
            self.ends.push(self.candidates.len());
        }
        self.count += 1;
        self.cheapest = self.cheapest.min(first);
        self.dearest = self.dearest.max(last);
        self.last_site = self.last_site.max(last_site);
    }

    /// Writes down where each row ends, all being equally long so far, and what is first there.
    #[cold]
    fn note_ends(&mut self) {
        let expected = match self.width {
            1 => self.candidates.capacity(),
            _ => self.firsts.capacity(),
        };
        let orders = expected.min(Problem::ORDERS_MAX).max(self.count + 1);
        self.firsts.reserve_exact(orders - self.firsts.len());
        self.ends.reserve_exact(orders);
        self.ends
            .extend((1..=self.count).map(|row| row * self.width));
        if self.width == 1 {
            self.firsts.extend(&self.candidates[..self.count]);
        }
    }

    /// The candidates of an order, cheapest first; nothing for an order that is not there. O(1).
    #[must_use]
    #[inline]
    pub fn row(&self, order: usize) -> &[Candidate] {
        if self.ends.is_empty() {
            let width = if order < self.count { self.width } else { 0 };
            let begin = order.min(self.count) * self.width;
            return &self.candidates[begin..begin + width];
        }
        let begin = match order {
            0 => 0,
            _ => self.ends.get(order - 1).copied().unwrap_or(0),
        };
        let end = self.ends.get(order).copied().unwrap_or(begin);
        &self.candidates[begin..end]
    }

    /// The cheapest candidate of an order. O(1).
    #[inline]
    pub(super) fn first(&self, order: u32) -> Option<Candidate> {
        let firsts = if self.firsts.is_empty() {
            &self.candidates
        } else {
            &self.firsts
        };
        let first = firsts.get(order as usize).copied();
        first.filter(|first| *first != Candidate::NONE)
    }

    /// The number of orders.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The candidates of all rows, row after row.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The largest site slot and the ends of the range of costs, if there is a candidate.
    pub(super) fn extent(&self) -> Option<(u32, i64, i64)> {
        let costs = (self.cheapest.cost(), self.dearest.cost());
        (self.cheapest != Candidate::NONE).then_some((self.last_site, costs.0, costs.1))
    }
}

/// An empty list with memory for so many, or with none if there is not so much.
fn reserved(count: usize) -> Vec<Candidate> {
    let mut list = Vec::new();
    match list.try_reserve_exact(count) {
        Ok(()) => list,
        Err(_) => Vec::new(),
    }
}

/// Whether the candidates of a row come sorted.
struct Seen {
    is_sorted: bool,
    before: Candidate,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            is_sorted: true,
            before: Candidate(0),
        }
    }
}

impl Seen {
    #[inline]
    fn see(&mut self, candidate: Candidate) {
        self.is_sorted &= self.before <= candidate;
        self.before = candidate;
    }
}
