//! What is due when, among many that will never be due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::Timestamp;

/// Deadlines in order of instant, then of whatever falls due.
///
/// Most holds end by payment long before their deadline. Taking an entry out of the middle of a queue is dear, so an
/// entry that no longer counts stays until it comes to the front ([`settle`](Self::settle)) or until the dead are more
/// than the living. Both are O(1) a deadline, amortised, where deadlines come in their order, O(log n) otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines<K> {
    /// Those that came in their order, as all do that last equally long.
    in_order: VecDeque<(Timestamp, K)>,
    others: BinaryHeap<Reverse<(Timestamp, K)>>,
}

impl<K: Ord + Copy> Default for Deadlines<K> {
    fn default() -> Self {
        Self {
            in_order: VecDeque::new(),
            others: BinaryHeap::new(),
        }
    }
}

impl<K: Ord + Copy> Deadlines<K> {
    /// Dead entries that are not worth a sweep.
    const DEAD_MIN: usize = 64;

    #[inline]
    pub(crate) fn push(&mut self, at: Timestamp, what: K) {
        if self.in_order.back().is_none_or(|last| *last <= (at, what)) {
            self.in_order.push_back((at, what));
        } else {
            self.others.push(Reverse((at, what)));
        }
    }

    /// The first deadline. It counts if [`settle`](Self::settle) was called since the last change.
    pub(crate) fn first(&self) -> Option<(Timestamp, K)> {
        let other = self.others.peek().map(|entry| entry.0);
        let in_order = self.in_order.front().copied();
        in_order.into_iter().chain(other).min()
    }

    /// All that is due at `now`, in no order; entries that no longer count may be among them. O(1) each.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<(Timestamp, K)> {
        let in_order = self.in_order.iter().copied();
        let mut due: Vec<_> = in_order.take_while(|(at, _)| *at <= now).collect();
        // No entry of a heap is later than the two below it, so below one that is not due nothing is.
        let heap = self.others.as_slice();
        let is_due = |at: &usize| heap.get(*at).is_some_and(|entry| entry.0.0 <= now);
        let mut open: Vec<usize> = [0].into_iter().filter(is_due).collect();
        while let Some(at) = open.pop() {
            due.push(heap[at].0);
            open.extend([2 * at + 1, 2 * at + 2].into_iter().filter(is_due));
        }
        due
    }

    /// Drops what no longer counts from the front, and everywhere if it is more than half of the queue.
    /// `living` is the number of entries that do count.
    pub(crate) fn settle(&mut self, living: usize, counts: impl Fn(Timestamp, K) -> bool) {
        while let Some((at, what)) = self.in_order.front()
            && !counts(*at, *what)
        {
            self.in_order.pop_front();
        }
        while let Some(Reverse((at, what))) = self.others.peek()
            && !counts(*at, *what)
        {
            self.others.pop();
        }
        if self.len() > 2 * living + Self::DEAD_MIN {
            self.in_order.retain(|(at, what)| counts(*at, *what));
            self.others.retain(|Reverse((at, what))| counts(*at, *what));
            // A quarter is left for growth: the memory of a rush is given back.
            let with_spare = |len: usize| len + len / 4;
            self.in_order.shrink_to(with_spare(self.in_order.len()));
            self.others.shrink_to(with_spare(self.others.len()));
        }
    }

    fn len(&self) -> usize {
        self.in_order.len() + self.others.len()
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
        assert!(deadlines.in_order.len() > 100 && deadlines.others.len() > 9_000);
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
        assert_eq!(deadlines.len(), 10);
        deadlines.settle(9, |at, number| counts(at, number) && number != 7);
        assert_eq!(deadlines.first(), Some((at(7), 1_007)));
    }
}
