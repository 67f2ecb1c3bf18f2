//! The one place where work meets threads: mapping in order, so that their number can't change an answer.

/// `answer` of each query, in the order of the queries. No fewer than `together` are handed to a thread at a time.
#[cfg(feature = "rayon")]
pub(crate) fn map_in_order<Q: Sync, A: Send>(
    queries: &[Q],
    together: usize,
    answer: impl Fn(&Q) -> A + Sync + Send,
) -> Vec<A> {
    use rayon::prelude::*;

    queries
        .par_iter()
        .with_min_len(together)
        .map(answer)
        .collect()
}

/// `answer` of each query, in the order of the queries.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_in_order<Q, A>(
    queries: &[Q],
    _together: usize,
    answer: impl Fn(&Q) -> A,
) -> Vec<A> {
    queries.iter().map(answer).collect()
}
