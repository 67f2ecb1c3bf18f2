use core::ops::RangeInclusive;

use crate::balance::{Candidate, CandidateSource, Named, Problem, ProblemError, Rows};

/// The candidates of every order in arrays of the caller's, which are read where they lie: nothing is copied.
///
/// Row i is what `sites` and `costs` hold from `starts[i]` up to `starts[i + 1]`. So there is one start more than there
/// are orders (or none at all, for no orders), the first of them 0, and at most 2³² − 1 candidates. Costs are whole
/// numbers of any type that fits into `i64`. As in [`Rows`], a row may be empty, and if it names a site twice, the
/// cheaper one counts. Its candidates may come in any order; the solver looks at fewer of them if the costs ascend in
/// every row.
///
/// [`solve_arrays`](crate::balance::solve_arrays) takes them.
#[derive(Clone, Copy, Debug)]
pub struct Arrays<'a, C> {
    /// Where each row begins, and, last, how many candidates there are.
    pub starts: &'a [u32],
    /// The site slots of all rows, row after row.
    pub sites: &'a [u32],
    /// What each of them costs.
    pub costs: &'a [C],
}

impl<C: Copy + Ord + Into<i64>> Arrays<'_, C> {
    fn orders(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The sites and costs from one start to another.
    #[inline]
    fn between(&self, starts: &[u32]) -> (&[u32], &[C]) {
        let (Some(begin), Some(end)) = (starts.first(), starts.last()) else {
            return (&[], &[]);
        };
        let range = *begin as usize..*end as usize;
        (&self.sites[range.clone()], &self.costs[range])
    }

    /// Whether the starts divide the arrays into rows.
    fn check(&self) -> Result<(), ProblemError> {
        let orders = self.orders();
        if orders > Problem::ORDERS_MAX {
            return Err(ProblemError::TooManyOrders { orders });
        }
        if let Some(start) = self.starts.first().copied().filter(|first| *first != 0) {
            return Err(ProblemError::StartMisfit { start });
        }
        let (sites, costs) = (self.sites.len(), self.costs.len());
        let last = self.starts.last().copied().unwrap_or(0);
        let wrong = if last as usize != sites || sites != costs {
            Some(orders.saturating_sub(1))
        } else {
            self.starts.windows(2).position(|row| row[0] > row[1])
        };
        wrong.map_or(Ok(()), |row| {
            Err(ProblemError::RowMisfit { row, sites, costs })
        })
    }

    /// Whether the costs of each of these rows ascend: they descend nowhere but from one row to the next.
    fn ascend(&self, starts: &[u32]) -> bool {
        let (_, costs) = self.between(starts);
        let pairs = costs.iter().zip(costs.iter().skip(1));
        let descents: usize = pairs.map(|(one, next)| usize::from(one > next)).sum();
        let begin = starts[0];
        let between = starts.windows(2).filter(|row| {
            let start = row[0] as usize;
            begin < row[0] && row[0] < row[1] && self.costs[start - 1] > self.costs[start]
        });
        descents == between.count()
    }
}

/// Arrays that have been looked through.
pub(super) struct ArraySource<'a, C> {
    arrays: Arrays<'a, C>,
    costs: RangeInclusive<i64>,
    /// Whether the costs of every row ascend.
    ascend: bool,
}

impl<'a, C: Copy + Ord + Into<i64>> ArraySource<'a, C> {
    /// Looks through the arrays once. The rows that come with the source know the cheapest candidates only.
    pub(super) fn new(arrays: Arrays<'a, C>) -> Result<(Self, Rows), ProblemError> {
        /// Few enough rows to be in the cache when they are read again, and enough for long loops over all of them.
        const BLOCK: usize = 128;
        arrays.check()?;
        let orders = arrays.orders();
        let mut firsts = Vec::with_capacity(orders);
        let (mut last_site, mut extent, mut ascend) = (0, None, true);
        for begin in (0..orders).step_by(BLOCK) {
            let starts = &arrays.starts[begin..=orders.min(begin + BLOCK)];
            let (sites, _) = arrays.between(starts);
            last_site = sites.iter().fold(last_site, |last, site| last.max(*site));
            let block_ascends = arrays.ascend(starts);
            ascend &= block_ascends;
            for row in starts.windows(2) {
                let (sites, costs) = arrays.between(row);
                let found = if block_ascends {
                    ends_of_ascending(sites, costs)
                } else {
                    ends(sites, costs)
                };
                let Some(((least, site), greatest)) = found else {
                    firsts.push(Candidate::NONE);
                    continue;
                };
                let (low, high) = extent.unwrap_or((least, greatest));
                extent = Some((low.min(least), high.max(greatest)));
                firsts.push(Candidate::pack(site, least.into()));
            }
        }
        let mut ends = None;
        if let Some((low, high)) = extent {
            let end = |cost: C| Candidate::new(last_site, cost.into());
            ends = Some((end(low)?, end(high)?));
        }
        let rows = Rows::of_firsts(firsts, ends);
        let source = Self {
            arrays,
            costs: ends.map_or(0..=0, |(low, high)| low.cost()..=high.cost()),
            ascend,
        };
        Ok((source, rows))
    }
}

/// The least cost of a row with the first site that has it, and the greatest cost.
fn ends<C: Copy + Ord>(sites: &[u32], costs: &[C]) -> Option<((C, u32), C)> {
    let candidates = costs.iter().copied().zip(sites.iter().copied());
    candidates.min().zip(costs.iter().copied().max())
}

/// The same where costs ascend.
#[inline]
fn ends_of_ascending<C: Copy + Ord>(sites: &[u32], costs: &[C]) -> Option<((C, u32), C)> {
    let (least, greatest) = (*costs.first()?, *costs.last()?);
    let cheapest = costs.iter().take_while(|cost| **cost == least);
    let site = sites.iter().zip(cheapest).map(|(site, _)| *site).min()?;
    Some(((least, site), greatest))
}

impl<C: Copy + Ord + Into<i64>> CandidateSource for ArraySource<'_, C> {
    const PRUNES: bool = false;

    fn costs(&self) -> RangeInclusive<i64> {
        self.costs.clone()
    }

    #[inline]
    fn below(&mut self, order: u32, limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let row = &self.arrays.starts[order as usize..][..2];
        let (sites, costs) = self.arrays.between(row);
        let mut named = Named::All;
        for (site, cost) in sites.iter().zip(costs) {
            let cost = (*cost).into();
            if cost < limit {
                found(*site, cost);
                continue;
            }
            // No floor is negative.
            named = Named::Below;
            if self.ascend {
                break;
            }
        }
        named
    }

    fn expect(&mut self, orders: &[u32]) {
        core::hint::black_box(self.touch(orders));
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}

impl<C: Copy + Ord + Into<i64>> ArraySource<'_, C> {
    /// Fetches rows from memory, as for [`RowSource`](crate::balance::source::RowSource).
    #[inline(never)]
    fn touch(&self, orders: &[u32]) -> i64 {
        let read = |order: &u32| {
            let row = &self.arrays.starts[*order as usize..][..2];
            let (sites, costs) = self.arrays.between(row);
            let cost: i64 = costs.first().map_or(0, |cost| (*cost).into());
            cost + sites.first().map_or(0, |site| i64::from(*site))
        };
        orders.iter().map(read).sum()
    }
}
