use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::SiteId;

/// From ids to slots: two sorted arrays for the sites of the packed generation, a small map for those opened since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    packed: Arc<Sorted>,
    opened: Arc<BTreeMap<SiteId, u32>>,
}

#[derive(Debug, Default)]
struct Sorted {
    ids: Box<[SiteId]>,
    slots: Box<[u32]>,
}

impl Directory {
    /// The directory of a packed generation, given its ids by slot.
    pub(crate) fn of(ids_by_slot: impl Iterator<Item = SiteId>) -> Self {
        let mut pairs: Vec<(SiteId, u32)> = ids_by_slot.zip(0..).collect();
        pairs.sort_unstable();
        let (ids, slots): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Self {
            packed: Arc::new(Sorted {
                ids: ids.into(),
                slots: slots.into(),
            }),
            opened: Arc::default(),
        }
    }

    /// O(log n).
    pub(crate) fn slot(&self, id: SiteId) -> Option<u32> {
        match self.packed.ids.binary_search(&id) {
            Ok(at) => Some(self.packed.slots[at]),
            Err(_) => self.opened.get(&id).copied(),
        }
    }

    /// Adds a site that has never been in this generation. O(sites opened since it was packed).
    pub(crate) fn open(&mut self, id: SiteId, slot: u32) {
        Arc::make_mut(&mut self.opened).insert(id, slot);
    }

    /// All slots in the order of their ids, those of closed sites included.
    pub(crate) fn slots_by_id(&self) -> impl Iterator<Item = u32> {
        let mut packed = self.packed.ids.iter().zip(&self.packed.slots).peekable();
        let mut opened = self.opened.iter().peekable();
        core::iter::from_fn(move || match (packed.peek(), opened.peek()) {
            (Some((a, _)), Some((b, _))) if b < a => opened.next(),
            (Some(_), _) => packed.next(),
            (None, _) => opened.next(),
        })
        .map(|(_, slot)| *slot)
    }
}
