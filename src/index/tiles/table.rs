/// Points that an entry can list by itself.
pub(super) const INLINE_MAX: usize = 4;

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
    pub(super) lists: Vec<u32>,
}

/// Eight bytes of the table. The top two bits tell what the rest means.
///
/// ```text
/// 63 62 | 61 … 59 | 58 … 36 | 35 … 24 | 23 … 12 | 11 … 0
///  0  0 |  count  |  base   | delta 3 | delta 2 | delta 1    slots base, base + delta 1, …; count 0: ask the tree
///  0  1 |  offset of a grid in the table          | bits     the grid's sides are 2^bits
///  1  0 |  offset of a list in the side array     | length
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
    /// A list in the side array: offset and length.
    List(usize, usize),
}

impl Entry {
    pub(super) const UNKNOWN: Self = Self(0);
    const TAG_SHIFT: u32 = 62;
    const GRID: u64 = 1;
    const LIST: u64 = 2;
    const LOW_BITS: u32 = 8;

    pub(super) fn grid(offset: usize, bits: u32) -> Self {
        Self(Self::GRID << Self::TAG_SHIFT | (offset as u64) << Self::LOW_BITS | u64::from(bits))
    }

    pub(super) fn list(offset: usize, len: usize) -> Self {
        Self(Self::LIST << Self::TAG_SHIFT | (offset as u64) << Self::LOW_BITS | len as u64)
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

    /// As an entry of a table that starts `entries` and `lists` later.
    pub(super) fn moved(self, entries: usize, lists: usize) -> Self {
        match self.0 >> Self::TAG_SHIFT {
            Self::GRID => Self(self.0 + ((entries as u64) << Self::LOW_BITS)),
            Self::LIST => Self(self.0 + ((lists as u64) << Self::LOW_BITS)),
            _ => self,
        }
    }

    #[inline]
    pub(super) fn meaning(self) -> Meaning {
        match self.0 >> Self::TAG_SHIFT {
            Self::GRID => Meaning::Grid(self.offset(), self.low()),
            Self::LIST => Meaning::List(self.offset(), self.low() as usize),
            _ if self == Self::UNKNOWN => Meaning::Unknown,
            _ => Meaning::Inline(self.count(), self.slots()),
        }
    }
}

impl Table {
    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.entries.as_slice()) + size_of_val(self.lists.as_slice())
    }

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
        for (offset, low) in [(0, 1), (123_456_789, 8), ((1 << 40) - 1, 64)] {
            assert_eq!(
                Entry::grid(offset, low as u32).meaning(),
                Meaning::Grid(offset, low as u32)
            );
            assert_eq!(
                Entry::list(offset, low).meaning(),
                Meaning::List(offset, low)
            );
            assert_eq!(
                Entry::list(offset, low).moved(9, 5).meaning(),
                Meaning::List(offset + 5, low)
            );
            assert_eq!(
                Entry::grid(offset, 3).moved(9, 5).meaning(),
                Meaning::Grid(offset + 9, 3)
            );
        }
    }
}
