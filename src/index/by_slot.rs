use hashbrown::HashTable;

/// What knows the slot that it is about.
pub(crate) trait HasSlot {
    fn slot(&self) -> u32;
}

/// Values by slot, for so few of the slots that an array over all would be mostly empty.
#[derive(Clone, Debug)]
pub(crate) struct BySlot<T> {
    values: HashTable<T>,
}

impl<T: HasSlot> BySlot<T> {
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.values.find(hash(slot), |value| value.slot() == slot)
    }

    /// Puts in a value, in place of the one before.
    pub(crate) fn insert(&mut self, value: T) {
        let slot = value.slot();
        self.remove(slot);
        let hash_of = |value: &T| hash(value.slot());
        self.values.insert_unique(hash(slot), value, hash_of);
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let found = self
            .values
            .find_entry(hash(slot), |value| value.slot() == slot);
        Some(found.ok()?.remove().0)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

impl<T> Default for BySlot<T> {
    fn default() -> Self {
        Self {
            values: HashTable::new(),
        }
    }
}

/// Slots are numbered from zero and nobody's choice: this spreads them over all bits (Knuth, *The Art of Computer
/// Programming* 3, section 6.4).
#[inline]
fn hash(slot: u32) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    u64::from(slot).wrapping_mul(GOLDEN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::geo::random;

    impl HasSlot for (u32, u32) {
        fn slot(&self) -> u32 {
            self.0
        }
    }

    #[test]
    fn it_does_what_a_map_does() {
        let mut state = 3;
        let (mut own, mut map) = (BySlot::default(), BTreeMap::new());
        for value in 0..5_000 {
            let slot = (500.0 * random(&mut state)) as u32 * 1_000;
            if random(&mut state) < 0.4 {
                assert_eq!(own.remove(slot), map.remove(&slot));
            } else {
                own.insert((slot, value));
                map.insert(slot, (slot, value));
            }
            assert_eq!(own.len(), map.len());
            assert_eq!((own.get(slot), own.get(slot + 1)), (map.get(&slot), None));
        }
    }
}
