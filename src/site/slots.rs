use crate::site::paged::Paged;

/// A set of packed sites, one bit a slot.
///
/// A look-up that asks it need not fetch records from memory: the bits of a million sites fit the second cache.
/// Versions share them as they share the records.
#[derive(Clone, Debug)]
pub(crate) struct SlotSet {
    words: Paged<u64, WORDS>,
}

/// Words of a page: few, because a page that has been copied is at first in nobody's cache.
const WORDS: usize = 64;

impl SlotSet {
    /// By slot.
    pub(crate) fn of(held: impl Iterator<Item = bool>) -> Self {
        let mut held = held.peekable();
        let words = core::iter::from_fn(|| {
            held.peek()?;
            let bits = (0..u64::BITS).zip(&mut held);
            Some(bits.fold(0, |word, (bit, held)| word | u64::from(held) << bit))
        });
        Self {
            words: Paged::from_iter(words),
        }
    }

    #[inline]
    pub(crate) fn contains(&self, slot: u32) -> bool {
        let word = self.words.get(slot / u64::BITS);
        word.is_some_and(|word| word >> (slot % u64::BITS) & 1 == 1)
    }

    /// Slots that were not there when the sites were packed are left out. O(page).
    pub(crate) fn set(&mut self, slot: u32, held: bool) {
        if self.contains(slot) != held
            && let Some(word) = self.words.get_mut(slot / u64::BITS)
        {
            *word ^= 1 << (slot % u64::BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_that_were_set() {
        for count in [0, 1, 63, 64, 65, 40_000_u32] {
            let third = |slot: u32| slot.is_multiple_of(3);
            let old = SlotSet::of((0..count).map(third));
            let mut new = old.clone();
            for slot in (0..count).step_by(7) {
                new.set(slot, slot.is_multiple_of(2));
            }
            for slot in 0..count {
                let set = if slot.is_multiple_of(7) {
                    slot.is_multiple_of(2)
                } else {
                    third(slot)
                };
                assert_eq!(
                    (old.contains(slot), new.contains(slot)),
                    (third(slot), set),
                    "{slot}"
                );
            }
            assert!(!old.contains(count));
        }
    }
}
