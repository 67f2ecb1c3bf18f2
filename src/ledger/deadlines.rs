//! What is due when, among many that will never be due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Timestamp;

/// Deadlines in order of instant, then of whatever falls due.
///
/// Most holds end by payment long before their deadline. Taking an entry out of the middle of a queue is dear, so an
/// entry that no longer counts stays until it comes to the front ([`settle`](Self::settle)) or until the dead are more
/// than the living. Both are O(1) a deadline, amortised, where deadlines come in their order, O(log n) otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines<K> {
    queue: BinaryHeap<Reverse<(Timestamp, K)>>,
}

impl<K: Ord + Copy> Default for Deadlines<K> {
    fn default() -> Self {
        Self {
            queue: BinaryHeap::new(),
        }
    }
}

impl<K: Ord + Copy> Deadlines<K> {
    /// Dead entries that are not worth a sweep.
    const DEAD_MIN: usize = 64;

    pub(crate) fn push(&mut self, at: Timestamp, what: K) {
        self.queue.push(Reverse((at, what)));
    }

    /// The first deadline. It counts if [`settle`](Self::settle) was called since the last change.
    pub(crate) fn first(&self) -> Option<(Timestamp, K)> {
        self.queue.peek().map(|entry| entry.0)
    }

    /// All that is due at `now`, in no order; entries that no longer count may be among them. O(1) each.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<(Timestamp, K)> {
        // No entry of a heap is later than the two below it, so below one that is not due nothing is.
        let heap = self.queue.as_slice();
        let is_due = |at: &usize| heap.get(*at).is_some_and(|entry| entry.0.0 <= now);
        let mut open: Vec<usize> = [0].into_iter().filter(is_due).collect();
        let mut due = Vec::new();
        while let Some(at) = open.pop() {
            due.push(heap[at].0);
            open.extend([2 * at + 1, 2 * at + 2].into_iter().filter(is_due));
        }
        due
    }

    /// Drops what no longer counts from the front, and everywhere if it is more than half of the queue.
    /// `living` is the number of entries that do count.
    pub(crate) fn settle(&mut self, living: usize, counts: impl Fn(Timestamp, K) -> bool) {
        while let Some(Reverse((at, what))) = self.queue.peek()
            && !counts(*at, *what)
        {
            self.queue.pop();
        }
        if self.queue.len() > 2 * living + Self::DEAD_MIN {
            self.queue.retain(|Reverse((at, what))| counts(*at, *what));
            // A quarter is left for growth: the memory of a rush is given back.
            self.queue
                .shrink_to(self.queue.len() + self.queue.len() / 4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_come_in_order_and_the_dead_do_not_pile_up() {
        let at = Timestamp::from_unix_millis;
        let mut deadlines = Deadlines::default();
        for number in 0..10_000_u64 {
            deadlines.push(at((number % 100).cast_signed()), number);
        }
        for now in [-1, 0, 3, 98, 99] {
            let mut due = deadlines.due(at(now));
            due.sort_unstable();
            let earlier = |number: &u64| (number % 100).cast_signed() <= now;
            assert_eq!(due.len(), (0..10_000).filter(earlier).count());
            assert!(due.is_sorted() && due.iter().all(|(when, _)| *when <= at(now)));
        }
        let counts = |_, number: u64| number % 1_000 == 7;
        deadlines.settle(10, counts);
        assert_eq!(deadlines.first(), Some((at(7), 7)));
        assert_eq!(deadlines.queue.len(), 10);
        deadlines.settle(9, |at, number| counts(at, number) && number != 7);
        assert_eq!(deadlines.first(), Some((at(7), 1_007)));
    }
}
