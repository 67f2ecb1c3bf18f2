use crate::balance::Problem;

/// Where the solver finds candidates: a list, or a map that is asked on demand.
///
/// The solver never needs all pairs of orders and sites. It asks for what is cheap enough to matter, with the prices
/// it has so far, and asks again when that was not enough; so its result holds over **all** pairs that the source
/// knows, however many they are.
pub trait CandidateSource {
    /// Whether [`below`](Self::below) always names every site that the order may use, whatever the limit.
    const COMPLETE: bool = false;

    /// Calls `found(site, cost)` for every site that the order may use and for which cost + floor of the site's
    /// price is below `limit`.
    ///
    /// It may also be called for other allowed sites. If a site is named twice, the cheaper cost counts.
    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64));

    /// From now on no price is below these floors, one a site: [`below`](Self::below) may leave out what they
    /// exclude.
    fn floors_changed(&mut self, floors: &[i64]);
}

impl<S: CandidateSource> CandidateSource for &mut S {
    const COMPLETE: bool = S::COMPLETE;

    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64)) {
        (**self).below(order, limit, found);
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        (**self).floors_changed(floors);
    }
}

/// The rows of a problem, and nothing else.
pub(super) struct RowSource<'a>(pub(super) &'a Problem);

impl CandidateSource for RowSource<'_> {
    const COMPLETE: bool = true;

    #[inline]
    fn below(&mut self, order: u32, _limit: i64, mut found: impl FnMut(u32, i64)) {
        for candidate in self.0.rows().row(order as usize) {
            found(candidate.site(), candidate.cost());
        }
    }

    fn floors_changed(&mut self, _floors: &[i64]) {}
}
