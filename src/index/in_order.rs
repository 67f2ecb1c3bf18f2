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

/// `answer` of each thing, which it may change, in the order of the things.
#[cfg(feature = "rayon")]
pub(crate) fn map_in_order_mut<T: Send, A: Send>(
    things: &mut [T],
    answer: impl Fn(&mut T) -> A + Sync + Send,
) -> Vec<A> {
    use rayon::prelude::*;

    things.par_iter_mut().map(answer).collect()
}

/// `answer` of each thing, which it may change, in the order of the things.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_in_order_mut<T, A>(things: &mut [T], answer: impl Fn(&mut T) -> A) -> Vec<A> {
    things.iter_mut().map(answer).collect()
}

/// The answers to all queries in their order, found `RUN` at a time: `answer` gets as many queries, the last repeated
/// if there are fewer, and something of its own to work with. No fewer than `together` runs are handed to a thread at
/// a time.
pub(crate) fn map_by_runs<Q, A, S, const RUN: usize>(
    queries: &[Q],
    together: usize,
    start: impl Fn() -> S + Sync + Send,
    answer: impl Fn(&mut S, &[Q; RUN]) -> [A; RUN] + Sync + Send,
) -> Vec<A>
where
    Q: Copy + Sync,
    A: Send,
{
    let answer = |state: &mut S, run: &[Q]| match run.first_chunk() {
        Some(run) => answer(state, run),
        None => answer(
            state,
            &core::array::from_fn(|at| run[at.min(run.len() - 1)]),
        ),
    };
    #[cfg(feature = "rayon")]
    let runs: Vec<[A; RUN]> = {
        use rayon::prelude::*;

        let runs = queries.par_chunks(RUN).with_min_len(together);
        runs.map_init(start, answer).collect()
    };
    #[cfg(not(feature = "rayon"))]
    let runs: Vec<[A; RUN]> = {
        let _ = together;
        let mut state = start();
        queries
            .chunks(RUN)
            .map(|run| answer(&mut state, run))
            .collect()
    };
    let mut answers = runs.into_flattened();
    answers.truncate(queries.len());
    answers
}
