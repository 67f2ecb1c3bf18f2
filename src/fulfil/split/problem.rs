//! What is searched: how many units of each item each source has.

use crate::fulfil::{Missing, Part, Pieces, Sources, Split, SplitProof};
use crate::money::Amount;
use crate::order::OrderLine;
use crate::units::{Distance, Quantity};

/// Sources in the order of (distance, id), items in units that can't be divided.
///
/// As no article is in two items, what a source gives of one item leaves untouched what it has of the others. So some
/// sources together can fill an order if and only if, item by item, their sum is enough.
pub(super) struct Problem<'a> {
    sources: &'a Sources<'a>,
    /// Units wanted, by item.
    pub(super) wanted: Vec<u32>,
    /// What a unit is worth, by item.
    pub(super) values: Vec<u64>,
    /// The sets in a unit, by item.
    sets: Vec<u32>,
    /// The rank of each source.
    ranks: Vec<usize>,
    /// Units that a source has, at most those wanted; a row for each source.
    units: Vec<u32>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(sources: &'a Sources<'a>, pieces: Pieces) -> Self {
        let items = &sources.basket.items;
        let sets: Vec<u32> = match pieces {
            Pieces::FromSeveral => vec![1; items.len()],
            Pieces::FromOne => items.iter().map(|item| item.sets).collect(),
        };
        let in_units = items.iter().zip(&sets);
        let mut ranks: Vec<usize> = (0..sources.len()).collect();
        ranks.sort_unstable_by_key(|rank| {
            let (site, distance) = sources.sites[*rank];
            (distance, site)
        });
        let mut units = Vec::with_capacity(sources.sets.len());
        for rank in &ranks {
            let row = &sources.sets[rank * items.len()..][..items.len()];
            units.extend(row.iter().zip(&sets).map(|(has, unit)| has / unit));
        }
        Self {
            sources,
            wanted: in_units
                .clone()
                .map(|(item, sets)| item.sets / sets)
                .collect(),
            // Fits: the value of all sets does.
            values: in_units
                .map(|(item, sets)| item.value * u64::from(*sets))
                .collect(),
            sets,
            ranks,
            units,
        }
    }

    /// The number of sources.
    pub(super) fn len(&self) -> usize {
        self.ranks.len()
    }

    /// The number of items.
    pub(super) fn items(&self) -> usize {
        self.wanted.len()
    }

    /// What a source has.
    pub(super) fn row(&self, source: usize) -> &[u32] {
        &self.units[source * self.items()..][..self.items()]
    }

    pub(super) fn distance(&self, source: usize) -> Distance {
        self.sources.sites[self.ranks[source]].1
    }

    pub(super) fn site(&self, source: usize) -> crate::id::SiteId {
        self.sources.sites[self.ranks[source]].0
    }

    /// The nearest source that has everything.
    pub(super) fn single(&self) -> Option<usize> {
        (0..self.len()).find(|source| self.row(*source) == self.wanted)
    }

    /// How many units of each item there are, at most those wanted.
    pub(super) fn found(&self) -> Vec<u32> {
        let mut found = vec![0_u32; self.items()];
        for source in 0..self.len() {
            for ((found, has), wanted) in found.iter_mut().zip(self.row(source)).zip(&self.wanted) {
                *found = found.saturating_add(*has).min(*wanted);
            }
        }
        found
    }

    /// The same problem where less is wanted.
    pub(super) fn reduced_to(mut self, wanted: Vec<u32>) -> Self {
        let items = self.items();
        for (place, has) in self.units.iter_mut().enumerate() {
            *has = (*has).min(wanted[place % items]);
        }
        self.wanted = wanted;
        self
    }

    /// What so many units of all items are worth.
    pub(super) fn value(&self, units: &[u32]) -> u64 {
        let worth = units.iter().zip(&self.values);
        worth.map(|(units, value)| u64::from(*units) * value).sum()
    }

    /// Puts sources into their rank.
    pub(super) fn rank(&self, sources: &mut [usize]) {
        sources.sort_unstable_by_key(|source| self.ranks[*source]);
    }

    /// The lines of which fewer units are found than were wanted at first.
    pub(super) fn missing(&self, found: &[u32]) -> Vec<Missing> {
        let lines = self.lines(found, Lines::All);
        let wanted = self.sources.basket.lines.iter();
        let both = wanted.zip(lines).map(|(wanted, found)| Missing {
            sku: wanted.line.sku,
            wanted: wanted.line.quantity,
            found: found.quantity,
        });
        both.filter(|missing| missing.found < missing.wanted)
            .collect()
    }

    /// The answer in which the sources, in their rank, give so many units, a row each.
    pub(super) fn assemble(&self, sources: &[usize], given: &[u32], proof: SplitProof) -> Split {
        let rows = sources.iter().zip(given.chunks(self.items()));
        let parts: Vec<Part> = rows
            .map(|(source, row)| Part {
                site: self.site(*source),
                distance: self.distance(*source),
                lines: self.lines(row, Lines::Given),
                value: Amount(self.value(row)),
            })
            .collect();
        let mut sums = vec![0; self.items()];
        for row in given.chunks(self.items()) {
            for (sum, given) in sums.iter_mut().zip(row) {
                *sum += given;
            }
        }
        let unfilled = self.missing(&sums).into_iter().map(|missing| OrderLine {
            sku: missing.sku,
            quantity: missing.short(),
        });
        let distance = parts
            .iter()
            .map(|part| part.distance.as_millimetres())
            .sum();
        Split {
            unfilled: unfilled.collect(),
            distance: Distance::from_millimetres(distance),
            parts,
            proof,
        }
    }

    /// So many units as lines of the basket, in its order.
    fn lines(&self, units: &[u32], which: Lines) -> Vec<OrderLine> {
        let basket = self.sources.basket;
        let mut lines: Vec<OrderLine> = basket.lines.iter().map(|line| line.line).collect();
        for ((item, units), sets) in basket.items.iter().zip(units).zip(&self.sets) {
            for &(line, pieces) in &item.content {
                lines[line as usize].quantity = Quantity(units * sets * pieces);
            }
        }
        match which {
            Lines::All => {}
            Lines::Given => lines.retain(|line| line.quantity.0 > 0),
        }
        lines
    }
}

/// Which lines are listed.
#[derive(Clone, Copy)]
enum Lines {
    All,
    Given,
}
