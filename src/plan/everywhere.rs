//! All eligible sites of an order, cheapest first and as far as they are asked for.

use core::ops::RangeInclusive;

use crate::balance::{Candidate, CandidateSource, Named, Rows};
use crate::geo::UnitVector;
use crate::index::{Point, Shown, Unpacked, WeightedTree, map_in_order};
use crate::plan::terms::{Asker, Terms};

/// Orders handed to a thread together, as a look-up takes less than a microsecond.
const TOGETHER: usize = 256;

/// The open sites in a tree that knows their surcharges and prices.
#[derive(Clone)]
pub(super) struct Everywhere<'a> {
    terms: &'a Terms<'a>,
    tree: WeightedTree,
    ranked_by: RankedBy,
    /// How many candidates a row has if it matters.
    listed: usize,
}

/// What comes first in a short list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RankedBy {
    /// The cheapest, as distance bounds the cost.
    Cost,
    /// The nearest, as it does not.
    Distance,
}

impl<'a> Everywhere<'a> {
    /// O(n log n).
    pub(super) fn new(terms: &'a Terms<'a>, listed: usize) -> Self {
        let open = (0..).zip(&terms.sites).filter(|(_, site)| site.is_open);
        let mut unpacked: Vec<Unpacked> = open
            .map(|(source, site)| Unpacked {
                point: Point {
                    at: site.at,
                    id: site.record.site.id,
                },
                reach2: site.record.area.reach2(site.at),
                source,
            })
            .collect();
        let (ranked_by, per_kilometre) = match terms.least_per_kilometre() {
            // No cost is as large as this, and what is larger does not fit into the tree's numbers.
            Some(least) => (
                RankedBy::Cost,
                least.min(Candidate::COST_MAX.unsigned_abs()),
            ),
            None => (RankedBy::Distance, 1_000_000),
        };
        let weight = |slot| match ranked_by {
            RankedBy::Cost => terms.site(slot).surcharge,
            RankedBy::Distance => 0,
        };
        Self {
            terms,
            tree: WeightedTree::build(&mut unpacked, per_kilometre, weight),
            ranked_by,
            listed,
        }
    }

    /// Whether distance bounds the cost, so that more candidates than the listed can be asked for.
    pub(super) fn is_bounded(&self) -> bool {
        self.ranked_by == RankedBy::Cost
    }

    /// From now on sites for which `is_out` are not looked for: they may still be found. O(sites).
    pub(super) fn leave_out(&mut self, is_out: impl Fn(u32) -> bool) {
        const FAR: i64 = i64::MAX / 2;
        self.tree
            .set_floors(|slot| if is_out(slot) { FAR } else { 0 });
    }

    /// What the optimiser needs of each order: the cheapest site, as it asks for more itself, or else the listed ones.
    pub(super) fn rows(&self, askers: &[Asker]) -> Rows {
        self.rows_with(askers, self.listed_at_least(), |_| None)
    }

    /// The listed sites of each order, and where the list may not be all, `elsewhere` for the cost of the last.
    ///
    /// Whatever plan there is with sites that are not listed, with all of them at `elsewhere` it costs no more.
    pub(super) fn listed_rows(&self, askers: &[Asker], elsewhere: Option<u32>) -> Rows {
        self.rows_with(askers, self.listed, |row| {
            let last = row.last().filter(|_| row.len() == self.listed)?;
            Candidate::new(elsewhere?, last.cost()).ok()
        })
    }

    /// Whether these lists leave no site out that an order may go to.
    pub(super) fn lists_all(&self, rows: &Rows) -> bool {
        let open = self.terms.sites.iter().filter(|site| site.is_open).count();
        open <= self.listed || (0..rows.len()).all(|order| rows.row(order).len() < self.listed)
    }

    /// The sites of each order, cheapest first, and one more for each row. On all threads.
    fn rows_with(
        &self,
        askers: &[Asker],
        listed: usize,
        more: impl Fn(&[Candidate]) -> Option<Candidate>,
    ) -> Rows {
        /// Lists are copied block by block, so that there never are two of all.
        const BLOCK: usize = 1 << 16;
        let mut rows = Rows::with_capacity(askers.len(), askers.len() * listed);
        for block in askers.chunks(BLOCK) {
            let runs: Vec<&[Asker]> = block.chunks(TOGETHER).collect();
            let lists = map_in_order(&runs, 1, |run| {
                let mut rows = Rows::with_capacity(run.len(), run.len() * listed);
                let mut shortlist = Shortlist::new(listed);
                for asker in *run {
                    self.list(asker, &mut shortlist, |_| true);
                    rows.push(shortlist.drain());
                }
                rows
            });
            for list in &lists {
                for order in 0..list.len() {
                    let row = list.row(order);
                    rows.push(row.iter().copied().chain(more(row)));
                }
            }
        }
        rows
    }

    /// The cheapest site of each order. On all threads.
    pub(super) fn cheapest_each(&self, askers: &[Asker]) -> Vec<Option<Candidate>> {
        map_in_order(askers, TOGETHER, |asker| self.cheapest(asker, |_| true))
    }

    /// The cheapest site for which `accept` holds: of all where distance bounds the cost, else of the listed.
    pub(super) fn cheapest(
        &self,
        asker: &Asker,
        accept: impl Fn(u32) -> bool,
    ) -> Option<Candidate> {
        let mut shortlist = Shortlist::new(self.listed_at_least());
        self.list(asker, &mut shortlist, accept);
        shortlist.drain().next()
    }

    /// Calls `found(slot, cost)` for every site that the order may use and for which cost + price is below the limit,
    /// and for some others.
    #[inline]
    pub(super) fn each_below(
        &self,
        asker: &Asker,
        limit: i64,
        mut found: impl FnMut(u32, i64),
    ) -> Named {
        if let Some((slot, cost)) = self.at_home(asker) {
            found(slot, cost);
        }
        let shown = self.tree.search(asker.at, limit, |slot, chord| {
            if slot != asker.home
                && let Some(cost) = self.terms.cost(asker, slot, chord)
            {
                found(slot, cost);
            }
            limit
        });
        match shown {
            Shown::All => Named::All,
            Shown::Below => Named::Below,
        }
    }

    /// As [`each_below`](Self::each_below), but where distance bounds no cost, no site beyond those listed.
    pub(super) fn each_known_below(
        &self,
        asker: &Asker,
        limit: i64,
        mut found: impl FnMut(u32, i64),
    ) {
        if self.is_bounded() {
            self.each_below(asker, limit, found);
            return;
        }
        let mut shortlist = Shortlist::new(self.listed);
        self.list(asker, &mut shortlist, |_| true);
        for candidate in shortlist.drain() {
            found(candidate.site(), candidate.cost());
        }
    }

    /// From now on [`each_below`](Self::each_below) counts these prices, one a slot. O(sites).
    ///
    /// Only where distance bounds the cost: elsewhere lists are by distance alone.
    pub(super) fn set_prices(&mut self, prices: &[i64]) {
        debug_assert!(self.is_bounded(), "lists by distance know no prices");
        self.tree.set_floors(|slot| prices[slot as usize]);
    }

    fn list(&self, asker: &Asker, shortlist: &mut Shortlist, accept: impl Fn(u32) -> bool) {
        if let Some((slot, cost)) = self.at_home(asker)
            && accept(slot)
        {
            // A home is listed first where distance ranks, as nothing says how much cheaper than near it is.
            let key = if self.is_bounded() { cost } else { i64::MIN };
            shortlist.offer(key, slot, cost);
        }
        self.tree
            .search(asker.at, shortlist.limit(), |slot, chord| {
                if slot != asker.home
                    && accept(slot)
                    && let Some(cost) = self.terms.cost(asker, slot, chord)
                {
                    let key = match self.ranked_by {
                        RankedBy::Cost => cost,
                        RankedBy::Distance => chord.distance().as_millimetres().cast_signed(),
                    };
                    shortlist.offer(key, slot, cost);
                }
                shortlist.limit()
            });
    }

    /// As many candidates as make sure of the cheapest.
    fn listed_at_least(&self) -> usize {
        if self.is_bounded() { 1 } else { self.listed }
    }

    /// No order costs more or less at any site. O(orders + sites).
    pub(super) fn costs(&self, askers: &[Asker]) -> RangeInclusive<i64> {
        -self.terms.reward_max()..=self.cost_max(askers)
    }

    fn cost_max(&self, askers: &[Asker]) -> i64 {
        // The caller's own costs are bounded from below only, whatever the bound.
        if self.terms.has_own_costs() {
            return Candidate::COST_MAX;
        }
        let sites = || self.terms.sites.iter().filter(|site| site.is_open);
        let Some(middle) = sites().next().map(|site| site.at) else {
            return 0;
        };
        let farthest = |ats: &mut dyn Iterator<Item = UnitVector>| {
            let far = ats.max_by(|a, b| middle.chord2(*a).total_cmp(&middle.chord2(*b)));
            far.map_or(0, |far| {
                middle.distance_to(far).as_millimetres().cast_signed()
            })
        };
        let surcharge = sites().map(|site| site.surcharge).max();
        farthest(&mut sites().map(|site| site.at))
            + farthest(&mut askers.iter().map(|asker| asker.at))
            + surcharge.unwrap_or(0)
            + 3
    }

    /// The order's home, if it may go there, and the cost with its reward, which the tree knows nothing of.
    #[inline]
    fn at_home(&self, asker: &Asker) -> Option<(u32, i64)> {
        if asker.home == Asker::NO_HOME {
            return None;
        }
        let site = self.terms.site(asker.home);
        let chord = asker.at.chord(site.at);
        let cost = site
            .is_open
            .then(|| self.terms.cost(asker, asker.home, chord))?;
        Some((asker.home, cost?))
    }
}

impl CandidateSource for (&mut Everywhere<'_>, &[Asker]) {
    fn costs(&self) -> RangeInclusive<i64> {
        self.0.costs(self.1)
    }

    #[inline]
    fn below(&mut self, order: u32, limit: i64, found: impl FnMut(u32, i64)) -> Named {
        self.0.each_below(&self.1[order as usize], limit, found)
    }

    fn floors_changed(&mut self, floors: &[i64]) {
        self.0.set_prices(floors);
    }
}

/// The few candidates with the least (key, slot).
struct Shortlist {
    wanted: usize,
    found: Vec<(i64, Candidate)>,
}

impl Shortlist {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            found: Vec::with_capacity(wanted + 1),
        }
    }

    /// No candidate is wanted whose key is not below this.
    #[inline]
    fn limit(&self) -> i64 {
        match self.found.get(self.wanted - 1) {
            Some((key, _)) => key.saturating_add(1),
            None => i64::MAX,
        }
    }

    #[inline]
    fn offer(&mut self, key: i64, slot: u32, cost: i64) {
        let Ok(candidate) = Candidate::new(slot, cost) else {
            debug_assert!(false, "costs and slots were checked");
            return;
        };
        let precedes =
            |(other_key, other): &(i64, Candidate)| (*other_key, other.site()) < (key, slot);
        let place = self.found.iter().rposition(precedes).map_or(0, |at| at + 1);
        if place < self.wanted {
            self.found.insert(place, (key, candidate));
            self.found.truncate(self.wanted);
        }
    }

    /// The candidates, cheapest first, and an empty list again.
    fn drain(&mut self) -> impl Iterator<Item = Candidate> + '_ {
        self.found.sort_unstable_by_key(|(_, candidate)| *candidate);
        self.found.drain(..).map(|(_, candidate)| candidate)
    }
}
