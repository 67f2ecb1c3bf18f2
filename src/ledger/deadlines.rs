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
        let counts = |_, number: u64| number % 1_000 == 7;
        deadlines.settle(10, counts);
        assert_eq!(deadlines.first(), Some((at(7), 7)));
        assert_eq!(deadlines.queue.len(), 10);
        deadlines.settle(9, |at, number| counts(at, number) && number != 7);
        assert_eq!(deadlines.first(), Some((at(7), 1_007)));
    }
}
