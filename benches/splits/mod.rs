//! Seeded orders to be divided, the same on every machine: for the bench and for the comparison with a MIP solver.

use core::num::NonZeroU8;

use catchment::fulfil::{Basket, Pieces, PricedLine, Sources, SplitPolicy};
use catchment::id::{SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::OrderLine;
use catchment::units::{Distance, Quantity};

/// An order and the stores round its address.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) basket: Basket,
    /// Site, distance, and the pieces of each line that it has.
    pub(crate) stores: Vec<(SiteId, Distance, Vec<u32>)>,
    pub(crate) policy: SplitPolicy,
}

/// How hard it is to fill an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) lines: u64,
    pub(crate) stores: u64,
    /// How many of a hundred stores have an article.
    pub(crate) stocked: u64,
    /// What a part must be worth, in hundredths of the whole order.
    pub(crate) part_min: u64,
    pub(crate) pieces: Pieces,
}

/// The kinds that are measured. All may take as many stores as they need, which is more work than a limit.
pub(crate) const KINDS: [Kind; 5] = {
    let base = Kind {
        name: "most stores have most",
        lines: 10,
        stores: 30,
        stocked: 80,
        part_min: 0,
        pieces: Pieces::FromSeveral,
    };
    [
        base,
        Kind {
            name: "half of the stores have an article",
            stocked: 50,
            ..base
        },
        Kind {
            name: "a quarter",
            stocked: 25,
            ..base
        },
        Kind {
            name: "half, each line from one store",
            stocked: 50,
            pieces: Pieces::FromOne,
            ..base
        },
        Kind {
            name: "half, each part worth a fifth",
            stocked: 50,
            part_min: 20,
            ..base
        },
    ]
};

impl Kind {
    /// The order of this number.
    pub(crate) fn case(&self, number: u64) -> Case {
        let mut draw = Draws(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 6);
        let lines: Vec<PricedLine> = (0..self.lines)
            .map(|line| PricedLine {
                line: OrderLine {
                    sku: SkuId(line),
                    quantity: Quantity(1 + draw.below(6) as u32),
                },
                price: Amount(100 + draw.below(5_000)),
            })
            .collect();
        let value: u64 = lines
            .iter()
            .map(|line| line.price.0 * u64::from(line.line.quantity.0))
            .sum();
        let stores = (0..self.stores).map(|site| {
            let distance = Distance::from_millimetres(100_000 + draw.below(5_000_000));
            let has = (0..self.lines).map(|_| match draw.below(100) {
                rank if rank < self.stocked => 1 + draw.below(8) as u32,
                _ => 0,
            });
            (SiteId(site), distance, has.collect())
        });
        Case {
            stores: stores.collect(),
            basket: Basket::new(&lines, &[], &Limits::default()).expect("sound lines"),
            policy: SplitPolicy {
                sources_max: NonZeroU8::MAX,
                part_value_min: Amount(value * self.part_min / 100),
                pieces: self.pieces,
                ..SplitPolicy::default()
            },
        }
    }
}

impl Case {
    pub(crate) fn sources(&self) -> Sources<'_> {
        let mut sources = Sources::new(&self.basket, &Limits::default());
        for (site, distance, has) in &self.stores {
            let free = |sku: SkuId| Quantity(has[sku.0 as usize]);
            sources
                .add(*site, *distance, free)
                .expect("each store once");
        }
        sources
    }
}

/// `SplitMix64`, by G. L. Steele, D. Lea and C. H. Flood (2014).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(word ^ (word >> 31)) * u128::from(bound)) >> 64) as u64
    }
}
