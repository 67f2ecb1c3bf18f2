//! Records by number, and ids by record: what the machines keep a million of.

use hashbrown::HashTable;

/// A growing list of records that never moves them: no pause for copying a million, no half-empty buffer.
///
/// Only the first page grows by doubling, so a small machine stays small.
#[derive(Clone, Debug)]
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T> Pages<T> {
    /// A page is some tens of kilobytes: below what the allocator hands back to the system one by one, and few enough
    /// for their list to stay in the cache.
    const PAGE: usize = 1 << Self::SHIFT;
    const SHIFT: u32 = 10;

    pub(crate) fn len(&self) -> usize {
        match self.pages.split_last() {
            Some((last, full)) => full.len() * Self::PAGE + last.len(),
            None => 0,
        }
    }

    /// Adds a record and returns its slot; `None` past 2³² − 1 of them.
    pub(crate) fn push(&mut self, record: T) -> Option<u32> {
        let slot = u32::try_from(self.len())
            .ok()
            .filter(|slot| *slot < u32::MAX)?;
        match self.pages.last_mut() {
            Some(last) if last.len() < Self::PAGE => last.push(record),
            Some(_) => {
                let mut page = Vec::with_capacity(Self::PAGE);
                page.push(record);
                self.pages.push(page);
            }
            None => self.pages.push(vec![record]),
        }
        Some(slot)
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.pages
            .get((slot >> Self::SHIFT) as usize)?
            .get(slot as usize % Self::PAGE)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.pages
            .get_mut((slot >> Self::SHIFT) as usize)?
            .get_mut(slot as usize % Self::PAGE)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.pages.iter().flatten()
    }
}

impl<T> core::ops::Index<u32> for Pages<T> {
    type Output = T;

    #[inline]
    fn index(&self, slot: u32) -> &T {
        &self.pages[(slot >> Self::SHIFT) as usize][slot as usize % Self::PAGE]
    }
}

impl<T> core::ops::IndexMut<u32> for Pages<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.pages[(slot >> Self::SHIFT) as usize][slot as usize % Self::PAGE]
    }
}

/// Finds the slot of an id: a hash table of slots with 32 bits of each id's hash, nine bytes an entry; the ids are in
/// the records themselves.
///
/// With the hash beside the slot the table grows without a look at the records, which at a million of them lie all over
/// memory: that took a third of the time of all commands.
///
/// Never iterated, so the order of the table can't reach a result.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdTable {
    entries: HashTable<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    slot: u32,
}

impl IdTable {
    /// The slot with this id. `id_of` reads a record's id.
    #[inline]
    pub(crate) fn find(&self, id: u64, id_of: impl Fn(u32) -> u64) -> Option<u32> {
        let hash = mix(id);
        let is_it = |entry: &Entry| entry.hash == hash && id_of(entry.slot) == id;
        self.entries
            .find(spread(hash), is_it)
            .map(|entry| entry.slot)
    }

    /// Enters the slot of an id that is not there yet.
    #[inline]
    pub(crate) fn insert(&mut self, id: u64, slot: u32) {
        let hash = mix(id);
        self.entries
            .insert_unique(spread(hash), Entry { hash, slot }, |entry| {
                spread(entry.hash)
            });
    }
}

/// The upper half of the finaliser of `SplitMix64`, by which every bit of the id reaches every bit.
///
/// G. Steele, D. Lea, C. Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014, figure 6; constants of
/// D. Stafford's `Mix13` therein.
#[inline]
const fn mix(id: u64) -> u32 {
    let id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((id ^ (id >> 31)) >> 32) as u32
}

/// The table takes its place from the lower bits of a hash and a tag from the upper seven: both get the 32 bits.
#[inline]
const fn spread(hash: u32) -> u64 {
    (hash as u64) << 32 | hash as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_slots_over_pages() {
        let mut pages = Pages::default();
        for number in 0..5_000_u64 {
            assert_eq!(pages.push(number * 3), Some(number as u32));
        }
        assert_eq!(pages.len(), 5_000);
        for slot in [0, 1, 1_023, 1_024, 4_999] {
            assert_eq!(pages[slot], u64::from(slot) * 3);
        }
        assert_eq!(pages.get(5_000), None);
        assert!(
            pages
                .iter()
                .copied()
                .eq((0..5_000).map(|number| number * 3))
        );
        assert!(
            pages
                .iter()
                .rev()
                .copied()
                .eq((0..5_000).rev().map(|number| number * 3))
        );
    }

    #[test]
    fn ids_find_their_records() {
        let ids: Vec<u64> = (0..10_000).map(|number| number * number).collect();
        let mut table = IdTable::default();
        for (slot, id) in ids.iter().enumerate() {
            assert_eq!(table.find(*id, |slot| ids[slot as usize]), None);
            table.insert(*id, slot as u32);
        }
        for (slot, id) in ids.iter().enumerate() {
            assert_eq!(
                table.find(*id, |slot| ids[slot as usize]),
                Some(slot as u32)
            );
        }
        assert_eq!(table.find(2, |slot| ids[slot as usize]), None);
    }
}
