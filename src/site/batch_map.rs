//! The one place where look-ups meet threads: mapping in order, so that their number can't change an answer.

/// `answer` of each query, in the order of the queries.
#[cfg(feature = "rayon")]
pub(crate) fn map_in_order<Q: Sync, A: Send>(
    queries: &[Q],
    answer: impl Fn(&Q) -> A + Sync + Send,
) -> Vec<A> {
    use rayon::prelude::*;

    // A look-up takes less than a microsecond; handing one over alone would cost as much.
    const TOGETHER: usize = 256;
    queries
        .par_iter()
        .with_min_len(TOGETHER)
        .map(|query| answer(query))
        .collect()
}

/// `answer` of each query, in the order of the queries.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_in_order<Q, A>(queries: &[Q], answer: impl Fn(&Q) -> A) -> Vec<A> {
    queries.iter().map(answer).collect()
}
