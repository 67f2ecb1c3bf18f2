/// Points that an entry can list by itself.
pub(super) const INLINE_MAX: usize = 4;

/// Points that a list for several neighbours holds where it can be helped.
///
/// Of 16, 24, 32 and 40 the best from 20,000 sites on. At 16 tiles are so small that three times as many are needed:
/// for eight neighbours about a dozen points have to be listed however small the tile.
pub(super) const USUAL: usize = 24;

/// Points that a list in the side array can hold.
pub(super) const LIST_MAX: usize = 64;

/// Slots above this can't be listed.
pub(super) const SLOTS_MAX: usize = 1 << BASE_BITS;

const BASE_BITS: u32 = 23;
const DELTA_BITS: u32 = 12;

/// The packed quadtree: a root grid and below it grids of 2^b × 2^b entries.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) level: u32,
    pub(super) column: u32,
    pub(super) row: u32,
    pub(super) columns: u32,
    pub(super) rows: u32,
    pub(super) entries: Vec<Entry>,
    pub(super) lists: Vec<u16>,
}

/// Eight bytes of the table. The top two bits tell what the rest means.
///
/// ```text
/// 63 62 | 61 … 59 | 58 … 36 | 35 … 24 | 23 … 12 | 11 … 0
///  0  0 |  count  |  base   | delta 3 | delta 2 | delta 1    slots base, base + delta 1, …; count 0: ask the tree
///  0  1 |  offset of a grid in the table          | bits     the grid's sides are 2^bits
///  1  0 |  base   |  offset in the side array (32) | length (7)         so many slots, less the base
///  1  1 |    0    |  offset in the side array (32) | length (7)         so many slots, in two halves each
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Entry(u64);

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing is proven here.
    Unknown,
    /// So many of these slots; the others repeat the first.
    Inline(usize, [u32; INLINE_MAX]),
    /// A grid: offset and bits.
    Grid(usize, u32),
    /// A list in the side array.
    List(List),
}

/// Where a list is in the side array, and how it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) start: usize,
    pub(super) len: usize,
    /// What to add to each word, or nothing if a slot takes two words, the lower half first.
    pub(super) base: Option<u32>,
}

impl Entry {
    pub(super) const UNKNOWN: Self = Self(0);
    const TAG_SHIFT: u32 = 62;
    const GRID: u64 = 1;
    const NEAR_LIST: u64 = 2;
    const WIDE_LIST: u64 = 3;
    const LOW_BITS: u32 = 8;
    const LEN_BITS: u32 = 7;
    const START_BITS: u32 = 32;

    pub(super) fn grid(offset: usize, bits: u32) -> Self {
        Self(Self::GRID << Self::TAG_SHIFT | (offset as u64) << Self::LOW_BITS | u64::from(bits))
    }

    pub(super) fn list(list: List) -> Self {
        let (tag, base) = match list.base {
            Some(base) => (Self::NEAR_LIST, base),
            None => (Self::WIDE_LIST, 0),
        };
        let bits = u64::from(base) << Self::START_BITS | list.start as u64;
        Self(tag << Self::TAG_SHIFT | bits << Self::LEN_BITS | list.len as u64)
    }

    /// The list in the entry itself, if it is short enough and its slots close enough.
    pub(super) fn inline(list: &[u32]) -> Option<Self> {
        let base = *list.iter().min()?;
        if list.len() > INLINE_MAX || base as usize >= SLOTS_MAX {
            return None;
        }
        let mut bits = (list.len() as u64) << (BASE_BITS + 3 * DELTA_BITS)
            | u64::from(base) << (3 * DELTA_BITS);
        let deltas = list
            .iter()
            .map(|slot| slot - base)
            .filter(|delta| *delta > 0);
        for (place, delta) in (0_u32..).zip(deltas) {
            if delta >> DELTA_BITS > 0 {
                return None;
            }
            bits |= u64::from(delta) << (place * DELTA_BITS);
        }
        Some(Self(bits))
    }

    /// Whether one to [`INLINE_MAX`] slots are listed in the entry itself.
    #[inline(always)]
    pub(super) fn is_few(self) -> bool {
        self.count().wrapping_sub(1) < INLINE_MAX
    }

    #[inline(always)]
    pub(super) fn is_grid(self) -> bool {
        self.0 >> Self::TAG_SHIFT == Self::GRID
    }

    /// Where the entry one grid further down is; a leaf is its own.
    ///
    /// Nothing branches here. Whether an entry is a leaf is known when it has come from memory and not before, and
    /// after a wrong guess the processor has to start over with look-ups whose memory it could have been fetching.
    #[inline(always)]
    pub(super) fn descend(self, at: Cursor, column: u32, row: u32) -> Cursor {
        let (offset, bits) = if self.is_grid() {
            (self.offset() as u32, self.low())
        } else {
            (at.at, 0)
        };
        let (below, mask) = (at.below - bits, (1 << bits) - 1);
        let (east, north) = ((column >> below) & mask, (row >> below) & mask);
        Cursor {
            at: offset + ((north << bits) | east),
            below,
        }
    }

    #[inline(always)]
    fn low(self) -> u32 {
        (self.0 & ((1 << Self::LOW_BITS) - 1)) as u32
    }

    #[inline(always)]
    fn offset(self) -> usize {
        ((self.0 & !(3 << Self::TAG_SHIFT)) >> Self::LOW_BITS) as usize
    }

    /// How many slots are listed in the entry itself; none, or more than [`INLINE_MAX`], if they are elsewhere.
    #[inline(always)]
    pub(super) fn count(self) -> usize {
        (self.0 >> (BASE_BITS + 3 * DELTA_BITS)) as usize
    }

    /// The slots of an entry that lists them itself; the first stands in for those that are not there.
    #[inline(always)]
    pub(super) fn slots(self) -> [u32; INLINE_MAX] {
        let base = (self.0 >> (3 * DELTA_BITS)) as u32 & ((1 << BASE_BITS) - 1);
        let delta = |place: u32| (self.0 >> (place * DELTA_BITS)) as u32 & ((1 << DELTA_BITS) - 1);
        [base, base + delta(0), base + delta(1), base + delta(2)]
    }

    /// The slot at one of the places of an entry that lists them itself.
    #[inline(always)]
    pub(super) fn slot(self, place: u32) -> u32 {
        let base = (self.0 >> (3 * DELTA_BITS)) as u32 & ((1 << BASE_BITS) - 1);
        let delta = (self.0 << DELTA_BITS) >> (place * DELTA_BITS);
        base + (delta as u32 & ((1 << DELTA_BITS) - 1))
    }

    /// As an entry of a table that starts `entries` and `lists` later.
    pub(super) fn moved(self, entries: usize, lists: usize) -> Self {
        match self.0 >> Self::TAG_SHIFT {
            Self::GRID => Self(self.0 + ((entries as u64) << Self::LOW_BITS)),
            Self::NEAR_LIST | Self::WIDE_LIST => Self(self.0 + ((lists as u64) << Self::LEN_BITS)),
            _ => self,
        }
    }

    #[inline]
    pub(super) fn meaning(self) -> Meaning {
        match self.0 >> Self::TAG_SHIFT {
            Self::GRID => Meaning::Grid(self.offset(), self.low()),
            tag @ (Self::NEAR_LIST | Self::WIDE_LIST) => {
                let bits = self.0 >> Self::LEN_BITS;
                let base = (bits >> Self::START_BITS) as u32 & ((1 << BASE_BITS) - 1);
                Meaning::List(List {
                    start: (bits & u64::from(u32::MAX)) as usize,
                    len: (self.0 & ((1 << Self::LEN_BITS) - 1)) as usize,
                    base: (tag == Self::NEAR_LIST).then_some(base),
                })
            }
            _ if self == Self::UNKNOWN => Meaning::Unknown,
            _ => Meaning::Inline(self.count(), self.slots()),
        }
    }
}

impl Table {
    /// Where the root entry for a finest column and row is; outside the grid, where the last entry is, which knows
    /// nothing.
    #[inline(always)]
    pub(super) fn root(&self, column: u32, row: u32) -> Cursor {
        let below = super::geometry::LEVEL_FINEST - self.level;
        let east = (column >> below).wrapping_sub(self.column);
        let north = (row >> below).wrapping_sub(self.row);
        let inside = east < self.columns && north < self.rows;
        let at = north.wrapping_mul(self.columns).wrapping_add(east);
        Cursor {
            at: if inside {
                at
            } else {
                self.entries.len() as u32 - 1
            },
            below,
        }
    }

    /// The slots of a list as usual: close to each other and no more than [`USUAL`]; the first stands in for those that
    /// are not there. How many there are comes with them.
    #[inline(always)]
    pub(super) fn usual(&self, entry: Entry) -> Option<([u32; USUAL], usize)> {
        let Meaning::List(List {
            start,
            len,
            base: Some(base),
        }) = entry.meaning()
        else {
            return None;
        };
        if len > USUAL {
            return None;
        }
        let words: &[u16; USUAL] = self.lists.get(start..)?.first_chunk()?;
        let first = u32::from(words[0]);
        let mut slots = [0; USUAL];
        for (place, (slot, word)) in (0..).zip(slots.iter_mut().zip(words)) {
            // Not an if: which places are taken is anybody's guess.
            let taken = u32::from(place < len as u32).wrapping_neg();
            *slot = base + ((u32::from(*word) & taken) | (first & !taken));
        }
        Some((slots, len))
    }

    /// The slots that an entry lists, if any.
    #[inline]
    pub(super) fn listed<'a>(
        &self,
        entry: Entry,
        slots: &'a mut [u32; LIST_MAX],
    ) -> Option<&'a [u32]> {
        let len = match entry.meaning() {
            Meaning::Unknown | Meaning::Grid(..) => return None,
            Meaning::Inline(count, few) => {
                slots[..INLINE_MAX].copy_from_slice(&few);
                count
            }
            Meaning::List(List { start, len, base }) => {
                if let Some(base) = base {
                    let words = &self.lists[start..start + len];
                    for (slot, word) in slots.iter_mut().zip(words) {
                        *slot = base + u32::from(*word);
                    }
                } else {
                    let (pairs, _) = self.lists[start..start + 2 * len].as_chunks();
                    for (slot, [low, high]) in slots.iter_mut().zip(pairs) {
                        *slot = u32::from(*high) << u16::BITS | u32::from(*low);
                    }
                }
                len
            }
        };
        slots.get(..len)
    }

    /// Adds a list to the side array and returns the entry for it.
    pub(super) fn write_list(lists: &mut Vec<u16>, listed: &[u32]) -> Entry {
        let (start, len) = (lists.len(), listed.len());
        let least = listed.iter().copied().min().unwrap_or(0);
        let near = listed
            .iter()
            .all(|slot| u16::try_from(slot - least).is_ok());
        if near {
            lists.extend(listed.iter().map(|slot| (slot - least) as u16));
        } else {
            lists.extend(
                listed
                    .iter()
                    .flat_map(|slot| [*slot as u16, (slot >> u16::BITS) as u16]),
            );
        }
        Entry::list(List {
            start,
            len,
            base: near.then_some(least),
        })
    }

    /// The leaf entry for a finest column and row.
    #[inline(always)]
    pub(super) fn leaf(&self, column: u32, row: u32) -> Entry {
        let mut cursor = self.root(column, row);
        let mut entry = self.entries[cursor.at as usize];
        // Of a hundred look-ups four end at the root, eighty-six after one step and ten after two: the first step is
        // taken in any case, the next is left to the processor's guess.
        cursor = entry.descend(cursor, column, row);
        entry = self.entries[cursor.at as usize];
        while entry.is_grid() {
            cursor = entry.descend(cursor, column, row);
            entry = self.entries[cursor.at as usize];
        }
        entry
    }
}

/// A place in the table on the way down.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    pub(super) at: u32,
    /// Levels between this entry's tile and the finest.
    pub(super) below: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_say_what_was_put_in() {
        for list in [
            &[7][..],
            &[7, 9],
            &[9, 7],
            &[4_096, 1, 4_095],
            &[0, 1, 2, 3],
            &[8_388_607],
        ] {
            let entry = Entry::inline(list).expect("the list fits");
            let Meaning::Inline(count, slots) = entry.meaning() else {
                unreachable!("{entry:?}")
            };
            let (mut expected, mut found) = (list.to_vec(), slots[..count].to_vec());
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected);
            assert!(slots[count..].iter().all(|slot| list.contains(slot)));
        }
        for list in [&[][..], &[1, 2, 3, 4, 5], &[0, 4_096], &[8_388_608]] {
            assert_eq!(Entry::inline(list), None, "{list:?}");
        }
        for (offset, bits) in [(0, 1), (123_456_789, 8), ((1 << 40) - 1, 64)] {
            let grid = Entry::grid(offset, bits);
            assert_eq!(grid.meaning(), Meaning::Grid(offset, bits));
            assert_eq!(grid.moved(9, 5).meaning(), Meaning::Grid(offset + 9, bits));
        }
        let lists = [
            (0, 1, None),
            (123_456_789, 64, Some(8_388_607)),
            ((1 << 32) - 10, 0, Some(0)),
        ];
        for (start, len, base) in lists {
            let list = List { start, len, base };
            let moved = List {
                start: start + 5,
                ..list
            };
            assert_eq!(Entry::list(list).meaning(), Meaning::List(list));
            assert_eq!(
                Entry::list(list).moved(9, 5).meaning(),
                Meaning::List(moved)
            );
        }
    }

    #[test]
    fn lists_are_read_as_they_were_written() {
        let mut table = Table::default();
        let lists = [
            &[5, 3, 9, 70_000 - 4_500, 4][..],
            &[8_388_607, 0, 65_536],
            &[1_000_000; LIST_MAX],
            &[7, 65_542],
            &[7, 65_543],
        ];
        let entries = lists.map(|listed| Table::write_list(&mut table.lists, listed));
        for (entry, listed) in entries.into_iter().zip(lists) {
            assert!(!entry.is_few());
            assert_eq!(table.listed(entry, &mut [0; LIST_MAX]), Some(listed));
        }
        let few = Entry::inline(&[7, 9]).expect("the list fits");
        assert_eq!(table.listed(few, &mut [0; LIST_MAX]), Some(&[7, 9][..]));
        assert_eq!(table.listed(Entry::UNKNOWN, &mut [0; LIST_MAX]), None);
        assert_eq!(table.lists.len(), 5 + 2 * 3 + LIST_MAX + 2 + 2 * 2);
    }
}
