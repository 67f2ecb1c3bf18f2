use core::ops::RangeInclusive;

use crate::balance::{Problem, ProblemError};

/// Where the solver finds candidates: a list, or a map that is asked on demand.
///
/// The solver never needs all pairs of orders and sites. It asks for what is cheap enough to matter, with the prices
/// it has so far, and asks again when that was not enough; so its result holds over **all** pairs that the source
/// knows, however many they are.
pub trait CandidateSource {
    /// Whether higher floors make [`below`](Self::below) name fewer sites. It decides how close to the prices the
    /// solver keeps them; the result is the same.
    const PRUNES: bool = true;

    /// No candidate that it can name costs more or less. The problem must know: see [`Problem::with_costs_within`].
    fn costs(&self) -> RangeInclusive<i64>;

    /// Calls `found(site, cost)` for every site that the order may use and for which cost + floor of the site's
    /// price is below `limit`.
    ///
    /// It may also be called for other allowed sites; the result says whether it was for all. If a site is named
    /// twice, the cheaper cost counts.
    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64)) -> Named;

    /// Announces the orders that [`below`](Self::below) will be asked for next, so that their rows can be fetched from
    /// memory all at once. Nothing need be done.
    fn expect(&mut self, _orders: &[u32]) {}

    /// From now on no price is below these floors, one a site, none of them negative: [`below`](Self::below) may leave
    /// out what they exclude. Every solution begins with a call that sets them to 0.
    fn floors_changed(&mut self, floors: &[i64]);
}

/// Which candidates of an order a [`CandidateSource`] has named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Every one there is.
    All,
    /// At least all below the limit.
    Below,
}

impl<S: CandidateSource> CandidateSource for &mut S {
    const PRUNES: bool = S::PRUNES;

    fn costs(&self) -> RangeInclusive<i64> {
        (**self).costs()
    }

    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64)) -> Named {
        (**self).below(order, limit, found)
    }

    fn expect(&mut self, orders: &[u32]) {
        (**self).expect(orders);
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        (**self).floors_changed(floors);
    }
}

/// A source of which only what fits the problem is used. The first candidate that does not is remembered.
pub(super) struct Checked<'a, S> {
    problem: &'a Problem,
    source: S,
    fault: &'a mut Option<ProblemError>,
}

impl<'a, S: CandidateSource> Checked<'a, S> {
    /// # Errors
    ///
    /// [`ProblemError::CostOutOfRange`] if costs of the source may be outside those of the problem.
    pub(super) fn new(
        problem: &'a Problem,
        source: S,
        fault: &'a mut Option<ProblemError>,
    ) -> Result<Self, ProblemError> {
        let costs = source.costs();
        problem.check_cost(*costs.start())?;
        problem.check_cost(*costs.end())?;
        Ok(Self {
            problem,
            source,
            fault,
        })
    }
}

impl<S: CandidateSource> CandidateSource for Checked<'_, S> {
    const PRUNES: bool = S::PRUNES;

    fn costs(&self) -> RangeInclusive<i64> {
        self.source.costs()
    }

    #[inline]
    fn below(&mut self, order: u32, limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        let (problem, fault) = (self.problem, &mut *self.fault);
        self.source.below(order, limit, |site, cost| {
            match problem.check_site(site).and(problem.check_cost(cost)) {
                Ok(()) => found(site, cost),
                Err(error) => *fault = fault.or(Some(error)),
            }
        })
    }

    fn expect(&mut self, orders: &[u32]) {
        self.source.expect(orders);
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        self.source.floors_changed(floors);
    }
}

/// The rows of a problem, and nothing else.
pub(super) struct RowSource<'a>(pub(super) &'a Problem);

impl RowSource<'_> {
    /// The rows of one site's orders lie far apart. Reading one number of each before anything is done with them lets
    /// the processor wait for many at a time: a third less time at 200,000 orders.
    #[inline(never)]
    fn touch(&self, orders: &[u32]) -> i64 {
        let rows = self.0.rows();
        let firsts = orders.iter().map(|order| rows.row(*order as usize).first());
        firsts
            .map(|first| first.map_or(0, |first| first.cost()))
            .sum()
    }
}

impl CandidateSource for RowSource<'_> {
    const PRUNES: bool = false;

    fn costs(&self) -> RangeInclusive<i64> {
        self.0.costs()
    }

    #[inline]
    fn below(&mut self, order: u32, limit: i64, mut found: impl FnMut(u32, i64)) -> Named {
        for candidate in self.0.rows().row(order as usize) {
            let cost = candidate.cost();
            if cost >= limit {
                // Rows are sorted, and no floor is negative.
                return Named::Below;
            }
            found(candidate.site(), cost);
        }
        Named::All
    }

    fn expect(&mut self, orders: &[u32]) {
        core::hint::black_box(self.touch(orders));
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}
