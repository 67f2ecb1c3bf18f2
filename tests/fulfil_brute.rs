//! Small orders to be divided, and the plain search through all sets of sites and all ways to share.

use core::num::NonZeroU8;

use catchment::fulfil::{
    Basket, Bundle, Missing, Pieces, PricedLine, Sources, Split, SplitPolicy, SplitProof, Unsplit,
    split,
};
use catchment::id::{SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::OrderLine;
use catchment::units::{Distance, Quantity};

use crate::workload::Random;

/// An order with everything that matters for dividing it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) lines: Vec<PricedLine>,
    pub(crate) bundles: Vec<Bundle>,
    /// Sites, their distance, and the pieces of each line that they have.
    pub(crate) stocks: Vec<(SiteId, Distance, Vec<u32>)>,
    pub(crate) policy: SplitPolicy,
}

/// What trying everything finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Over(Vec<SiteId>, Distance),
    Short(Vec<Missing>),
    TooMany,
    Below,
    Otherwise(Unsplit),
}

/// What comes in whole sets: how many, and the lines with the pieces of one set.
struct Unit {
    sets: u32,
    content: Vec<(usize, u32)>,
}

pub(crate) fn random_order(random: &mut Random) -> Order {
    let count = 1 + random.below(4);
    let lines: Vec<PricedLine> = (0..count)
        .map(|line| PricedLine {
            line: OrderLine {
                sku: SkuId(100 + line as u64),
                quantity: Quantity([1, 1, 2, 2, 3, 4][random.below(6)]),
            },
            price: Amount(random.below(4) as u64),
        })
        .collect();
    let mut bundles = Vec::new();
    if random.below(3) == 0 {
        let from = random.below(count);
        let to = from + 1 + random.below(count - from);
        let sets = [1, 1, 2, 3][random.below(4)];
        let skus = lines[from..to]
            .iter()
            .filter(|line| line.line.quantity.0.is_multiple_of(sets));
        let skus: Vec<SkuId> = skus.map(|line| line.line.sku).collect();
        if !skus.is_empty() {
            let sets = Quantity(sets);
            bundles.push(Bundle { skus, sets });
        }
    }
    let richness = 2 + random.below(4);
    let stocks = (0..random.below(7))
        .map(|place| {
            let site = SiteId([13, 2, 8, 21, 1, 34, 5][place]);
            // Few distances, so that there are ties.
            let distance = Distance::from_metres(random.below(6) as u32);
            let has = lines
                .iter()
                .map(|_| random.below(richness) as u32)
                .collect();
            (site, distance, has)
        })
        .collect();
    let policy = SplitPolicy {
        sources_max: NonZeroU8::MIN.saturating_add(random.below(5) as u8),
        part_value_min: Amount([0, 0, 1, 2, 3, 5][random.below(6)]),
        pieces: [Pieces::FromSeveral, Pieces::FromSeveral, Pieces::FromOne][random.below(3)],
        ..SplitPolicy::default()
    };
    Order {
        lines,
        bundles,
        stocks,
        policy,
    }
}

impl Order {
    /// Many lines, each at a few of many sites.
    pub(crate) fn large(random: &mut Random, lines: u64, sites: u64) -> Self {
        let line = |sku| {
            OrderLine {
                sku: SkuId(100 + sku),
                quantity: Quantity(3),
            }
            .into()
        };
        let stocks = (0..sites).map(|site| {
            let has = (0..lines)
                .map(|_| [0, 0, 0, 0, 1, 2][random.below(6)])
                .collect();
            (
                SiteId(site),
                Distance::from_metres(random.below(5_000) as u32),
                has,
            )
        });
        Self {
            stocks: stocks.collect(),
            lines: (0..lines).map(line).collect(),
            bundles: Vec::new(),
            policy: SplitPolicy {
                sources_max: NonZeroU8::MAX,
                ..SplitPolicy::default()
            },
        }
    }

    pub(crate) fn basket(&self) -> Basket {
        Basket::new(&self.lines, &self.bundles, &Limits::default()).expect("a sound order")
    }

    pub(crate) fn sources<'a>(&self, basket: &'a Basket) -> Sources<'a> {
        let mut sources = Sources::new(basket, &Limits::default());
        for (site, distance, has) in &self.stocks {
            let free = |sku: SkuId| Quantity(has[sku.0 as usize - 100]);
            sources.add(*site, *distance, free).expect("each site once");
        }
        sources
    }

    /// A split is sound: no part is over stock or splits a set, all sums are right, the policy is kept.
    pub(crate) fn check(&self, split: &Split) {
        let mut sums = vec![0; self.lines.len()];
        let mut distance = 0;
        for part in &split.parts {
            let stock = self.stocks.iter().find(|(site, ..)| *site == part.site);
            let (_, away, has) = stock.expect("a source");
            assert_eq!(*away, part.distance);
            distance += away.as_millimetres();
            let mut value = 0;
            let mut given = vec![0; self.lines.len()];
            for line in &part.lines {
                let at = line.sku.0 as usize - 100;
                assert!(0 < line.quantity.0 && line.quantity.0 <= has[at]);
                assert_eq!(given[at], 0, "an article twice in a part");
                given[at] = line.quantity.0;
                value += u64::from(line.quantity.0) * self.lines[at].price.0;
            }
            assert_eq!(part.value, Amount(value));
            assert!(split.parts.len() == 1 || part.value >= self.policy.part_value_min);
            let whole = self.policy.pieces == Pieces::FromOne && split.parts.len() > 1;
            for unit in self.units(whole) {
                let (line, pieces) = unit.content[0];
                let sets = given[line] / pieces;
                assert!(
                    unit.content
                        .iter()
                        .all(|&(line, pieces)| given[line] == sets * pieces)
                );
            }
            for (sum, given) in sums.iter_mut().zip(given) {
                *sum += given;
            }
        }
        for line in &split.unfilled {
            assert!(line.quantity.0 > 0);
            sums[line.sku.0 as usize - 100] += line.quantity.0;
        }
        assert!(
            self.lines
                .iter()
                .zip(&sums)
                .all(|(line, sum)| line.line.quantity.0 == *sum)
        );
        assert_eq!(split.distance.as_millimetres(), distance);
        assert!(split.parts.len() <= usize::from(self.policy.sources_max.get()));
        let mut sites: Vec<SiteId> = split.parts.iter().map(|part| part.site).collect();
        sites.sort_unstable();
        sites.dedup();
        assert_eq!(sites.len(), split.parts.len());
    }

    /// Divides the order, checks what comes of it and compares it with what trying everything finds.
    pub(crate) fn compare(&self) -> Answer {
        let basket = self.basket();
        let found = split(&self.sources(&basket), &self.policy);
        let exact = SplitProof::Exact;
        let answer = match found {
            Ok(split) => {
                self.check(&split);
                assert!(split.unfilled.is_empty());
                assert_eq!(split.proof, exact);
                let mut used: Vec<SiteId> = split.parts.iter().map(|part| part.site).collect();
                used.sort_unstable();
                Answer::Over(used, split.distance)
            }
            Err(Unsplit::Short { missing }) => Answer::Short(missing),
            Err(Unsplit::TooManySources {
                proof,
                enough,
                limit,
            }) if proof == exact => {
                assert!(enough > u16::from(limit));
                Answer::TooMany
            }
            Err(Unsplit::BelowMinimum {
                proof,
                value,
                minimum,
                ..
            }) if proof == exact => {
                assert!(value < minimum);
                Answer::Below
            }
            Err(other) => Answer::Otherwise(other),
        };
        assert_eq!(answer, self.best(), "{self:?}");
        answer
    }

    /// Tries all sets of sites, and for each all ways to share.
    pub(crate) fn best(&self) -> Answer {
        let units = self.units(self.policy.pieces == Pieces::FromOne);
        let missing = self.missing(&units);
        let single = (0..self.stocks.len()).any(|site| self.can_fill(&units, &[site], 0));
        if !single && !missing.is_empty() {
            return Answer::Short(missing);
        }
        let over = |minimum| {
            let sets = 1..1_u32 << self.stocks.len();
            let sites = |set: u32| -> Vec<usize> {
                (0..self.stocks.len())
                    .filter(|site| set >> site & 1 == 1)
                    .collect()
            };
            let keyed =
                sets.filter(|set| set.count_ones() <= u32::from(self.policy.sources_max.get()));
            let mut keyed: Vec<_> = keyed.map(|set| (self.key(&sites(set)), set)).collect();
            keyed.sort();
            let best = keyed
                .into_iter()
                .find(|(_, set)| self.can_fill(&units, &sites(*set), minimum));
            best.map(|((_, distance, ids), _)| (ids, Distance::from_millimetres(distance)))
        };
        match (over(self.policy.part_value_min.0), over(0)) {
            (Some((ids, distance)), _) => Answer::Over(ids, distance),
            (None, Some(_)) => Answer::Below,
            (None, None) => Answer::TooMany,
        }
    }

    /// How many sites it takes if each gives the most of what is still wanted, in pieces.
    pub(crate) fn greedy(&self) -> usize {
        let mut wanted: Vec<u32> = self.lines.iter().map(|line| line.line.quantity.0).collect();
        let mut left = self.stocks.clone();
        for count in 0.. {
            if wanted.iter().all(|wanted| *wanted == 0) {
                return count;
            }
            let gives = |has: &[u32]| -> u32 {
                let both = has.iter().zip(&wanted);
                both.map(|(has, wanted)| *has.min(wanted)).sum()
            };
            let best = (0..left.len()).max_by_key(|site| gives(&left[*site].2));
            let (.., has) = left.swap_remove(best.expect("there is enough"));
            for (wanted, has) in wanted.iter_mut().zip(has) {
                *wanted -= has.min(*wanted);
            }
        }
        0
    }

    fn key(&self, sites: &[usize]) -> (usize, u64, Vec<SiteId>) {
        let mut ids: Vec<SiteId> = sites.iter().map(|site| self.stocks[*site].0).collect();
        ids.sort_unstable();
        let distance = sites
            .iter()
            .map(|site| self.stocks[*site].1.as_millimetres())
            .sum();
        (sites.len(), distance, ids)
    }

    fn units(&self, whole: bool) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        for bundle in &self.bundles {
            let sets = if whole { 1 } else { bundle.sets.0 };
            let lines = (0..self.lines.len())
                .filter(|line| bundle.skus.contains(&self.lines[*line].line.sku));
            let content = lines
                .map(|line| (line, self.lines[line].line.quantity.0 / sets))
                .collect();
            units.push(Unit { sets, content });
        }
        for (
            line,
            PricedLine {
                line: OrderLine { sku, quantity },
                ..
            },
        ) in self.lines.iter().enumerate()
        {
            if self.bundles.iter().any(|bundle| bundle.skus.contains(sku)) {
                continue;
            }
            let sets = if whole { 1 } else { quantity.0 };
            units.push(Unit {
                sets,
                content: vec![(line, quantity.0 / sets)],
            });
        }
        units
    }

    fn has(&self, site: usize, unit: &Unit) -> u32 {
        let sets = unit
            .content
            .iter()
            .map(|(line, pieces)| self.stocks[site].2[*line] / pieces);
        sets.min().unwrap_or(0)
    }

    fn missing(&self, units: &[Unit]) -> Vec<Missing> {
        let mut missing = Vec::new();
        for unit in units {
            let sets: u32 = (0..self.stocks.len())
                .map(|site| self.has(site, unit))
                .sum();
            if sets < unit.sets {
                missing.extend(unit.content.iter().map(|&(line, pieces)| Missing {
                    sku: self.lines[line].line.sku,
                    wanted: self.lines[line].line.quantity,
                    found: Quantity(sets * pieces),
                }));
            }
        }
        missing.sort_by_key(|missing| missing.sku);
        missing
    }

    /// Whether these sites can share all units so that each has a part of so much value, unless it is the only one.
    fn can_fill(&self, units: &[Unit], sites: &[usize], minimum: u64) -> bool {
        let minimum = if sites.len() == 1 { 0 } else { minimum };
        self.share(units, sites, 0, &mut vec![(0, 0); sites.len()], minimum)
    }

    /// Shares the first unit in every way, then the others. Each site has (sets, value).
    fn share(
        &self,
        units: &[Unit],
        sites: &[usize],
        from: usize,
        parts: &mut Vec<(u32, u64)>,
        minimum: u64,
    ) -> bool {
        let Some(unit) = units.first() else {
            return parts
                .iter()
                .all(|(sets, value)| *sets > 0 && *value >= minimum);
        };
        self.give(units, unit.sets, sites, from, parts, minimum)
    }

    fn give(
        &self,
        units: &[Unit],
        left: u32,
        sites: &[usize],
        from: usize,
        parts: &mut Vec<(u32, u64)>,
        minimum: u64,
    ) -> bool {
        if from == sites.len() {
            return left == 0 && self.share(&units[1..], sites, 0, parts, minimum);
        }
        let unit = &units[0];
        let worth = unit.content.iter();
        let worth: u64 = worth
            .map(|(line, pieces)| self.lines[*line].price.0 * u64::from(*pieces))
            .sum();
        (0..=left.min(self.has(sites[from], unit))).any(|sets| {
            parts[from].0 += sets;
            parts[from].1 += u64::from(sets) * worth;
            let found = self.give(units, left - sets, sites, from + 1, parts, minimum);
            parts[from].0 -= sets;
            parts[from].1 -= u64::from(sets) * worth;
            found
        })
    }
}
