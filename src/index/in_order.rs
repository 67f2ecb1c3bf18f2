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

/// Answers all queries by runs: `answer` gets up to `together` of them and fills the answers beside them.
#[cfg(feature = "rayon")]
pub(crate) fn fill_in_order<Q: Sync, A: Send>(
    queries: &[Q],
    answers: &mut [A],
    together: usize,
    answer: impl Fn(&[Q], &mut [A]) + Sync + Send,
) {
    use rayon::prelude::*;

    let runs = queries
        .par_chunks(together)
        .zip(answers.par_chunks_mut(together));
    runs.for_each(|(queries, answers)| answer(queries, answers));
}

/// Answers all queries by runs: `answer` gets up to `together` of them and fills the answers beside them.
#[cfg(not(feature = "rayon"))]
pub(crate) fn fill_in_order<Q, A>(
    queries: &[Q],
    answers: &mut [A],
    together: usize,
    answer: impl Fn(&[Q], &mut [A]),
) {
    let runs = queries.chunks(together).zip(answers.chunks_mut(together));
    runs.for_each(|(queries, answers)| answer(queries, answers));
}
