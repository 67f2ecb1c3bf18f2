//! Orders of any kind divided, against trying everything and `verify`; rules of any kind, their laws and their stored
//! form; a dispatch with any commands, of which nothing is promised twice and all can be rebuilt.

#![no_main]
// The tests' helpers are used in part; what they ask of JSON is for the tests.
#![allow(dead_code, unused_imports, unexpected_cfgs)]

use core::num::NonZeroU8;

use catchment::fulfil::{
    Bundle, Contender, ExcludedBy, Pieces, PricedLine, Ranking, Rules, SplitMode, SplitPolicy,
    split,
};
use catchment::id::{SiteId, SkuId};
use catchment::money::Amount;
use catchment::order::OrderLine;
use catchment::site::{SiteKind, Tag, Tags};
use catchment::units::{Distance, Quantity, Units};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fulfil_brute.rs"]
mod fulfil_brute;
#[path = "../../tests/fulfil_delivery.rs"]
mod fulfil_delivery;
#[path = "../../tests/fulfil_dispatch.rs"]
mod fulfil_dispatch;
#[path = "../../tests/fulfil_model.rs"]
mod fulfil_model;
#[path = "../../tests/fulfil_split_verify.rs"]
mod fulfil_split_verify;
#[path = "../../benches/workload/mod.rs"]
mod workload;

use fulfil_brute::Order;

fuzz_target!(|case: Case| {
    let mut order = case.order();
    order.compare();
    let basket = order.basket();
    for mode in [SplitMode::Partial, SplitMode::Whole, SplitMode::Refuse] {
        order.policy.mode = mode;
        if let Ok(split) = split(&order.sources(&basket), &order.policy) {
            order.check(&split);
        }
        let _ = fulfil_split_verify::check(&order);
    }
    let steps = case.steps.iter().take(STEPS_MAX);
    let play = fulfil_model::evening_of(case.town.into(), steps.map(|step| u64::from(*step)));
    play.end();
    if let Ok(rules) = serde_json::from_str::<Rules>(&case.rules) {
        let text = serde_json::to_string(&rules).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Rules>(&text).ok().as_ref(),
            Some(&rules)
        );
        let contenders = case.contenders();
        check(
            &rules,
            &contenders,
            case.home.map(|home| SiteId(home.into())),
        );
    }
});

/// So many commands take milliseconds, with their log verified and replayed.
const STEPS_MAX: usize = 60;

#[derive(Arbitrary, Debug)]
struct Case {
    lines: Vec<(u8, u8)>,
    bundles: Vec<(u8, u8, u8)>,
    stores: Vec<(u8, [u8; 4])>,
    sources_max: u8,
    minimum: u8,
    from_one: bool,
    /// Rules as JSON: the fuzzer finds the words.
    rules: String,
    contenders: Vec<(bool, u8, u16, Option<u8>, Option<u8>)>,
    home: Option<u8>,
    /// A town, and a number from which each of its commands is drawn.
    town: u8,
    steps: Vec<u16>,
}

impl Case {
    /// At most 4 lines of at most 4 pieces, 5 stores and a low minimum, so that trying everything takes milliseconds.
    fn order(&self) -> Order {
        let given = self.lines.iter().take(4);
        let mut lines: Vec<PricedLine> = (100..)
            .zip(given)
            .map(|(sku, (pieces, price))| PricedLine {
                line: OrderLine {
                    sku: SkuId(sku),
                    quantity: Quantity(1 + u32::from(pieces % 4)),
                },
                price: Amount(u64::from(price % 4)),
            })
            .collect();
        if lines.is_empty() {
            lines.push(
                OrderLine {
                    sku: SkuId(100),
                    quantity: Quantity(2),
                }
                .into(),
            );
        }
        let mut free: Vec<SkuId> = lines.iter().map(|line| line.line.sku).collect();
        let mut bundles = Vec::new();
        for (first, count, sets) in &self.bundles {
            let sets = 1 + u32::from(sets % 5);
            let fits = |sku: &SkuId| {
                let line = lines.iter().find(|line| line.line.sku == *sku);
                line.is_some_and(|line| line.line.quantity.0.is_multiple_of(sets))
            };
            let skip = usize::from(*first) % 4;
            let named: Vec<SkuId> = free
                .iter()
                .copied()
                .filter(fits)
                .skip(skip)
                .take(usize::from(count % 5))
                .collect();
            if !named.is_empty() {
                free.retain(|sku| !named.contains(sku));
                bundles.push(Bundle {
                    skus: named,
                    sets: Quantity(sets),
                });
            }
        }
        let stores = self.stores.iter().take(5).enumerate();
        let stocks = stores.map(|(place, (distance, has))| {
            let site = SiteId([13, 2, 8, 21, 1][place]);
            let has = has
                .iter()
                .take(lines.len())
                .map(|has| u32::from(has % 6))
                .collect();
            (site, Distance::from_millimetres(u64::from(*distance)), has)
        });
        Order {
            stocks: stocks.collect(),
            bundles,
            policy: SplitPolicy {
                sources_max: NonZeroU8::new(self.sources_max).unwrap_or(NonZeroU8::MIN),
                part_value_min: Amount(u64::from(self.minimum % 8)),
                pieces: if self.from_one {
                    Pieces::FromOne
                } else {
                    Pieces::FromSeveral
                },
                ..SplitPolicy::default()
            },
            lines,
        }
    }

    fn contenders(&self) -> Vec<Contender> {
        let numbered = (0..).zip(self.contenders.iter().take(40));
        let contenders =
            numbered.map(
                |(site, (is_store, tags, distance, room, stock))| Contender {
                    site: SiteId(site),
                    kind: if *is_store {
                        SiteKind::Store
                    } else {
                        SiteKind::Leader
                    },
                    tags: Tags::of(
                        &[Tag::COLD_CHAIN, Tag::FROZEN, Tag::DELIVERY][..usize::from(tags % 4)],
                    ),
                    distance: Distance::from_metres(u32::from(*distance)),
                    room: room.map(|room| Units(room.into())),
                    stock: stock.map(|stock| Quantity(stock.into())),
                },
            );
        contenders.collect()
    }
}

/// Everybody is ranked or excluded, whatever the sequence; nothing is relaxed in vain.
fn check(rules: &Rules, contenders: &[Contender], home: Option<SiteId>) {
    let ranking: Ranking = rules.rank(contenders, home);
    assert_eq!(
        ranking.ranked.len() + ranking.excluded.len(),
        contenders.len()
    );
    let backwards: Vec<Contender> = contenders.iter().rev().copied().collect();
    assert_eq!(rules.rank(&backwards, home).ranked, ranking.ranked);
    let relaxed = rules.rank_relaxed(contenders, home);
    assert_eq!(relaxed.ranked.is_empty(), ranking.ranked.is_empty());
    let soft = ranking
        .excluded
        .iter()
        .filter_map(|excluded| match excluded.by {
            ExcludedBy::Soft(place) => Some(place),
            ExcludedBy::Hard(_) => None,
        });
    let last_kept = soft.max();
    if let (Some(first), Some(last)) = (ranking.relaxed.first(), last_kept) {
        assert!(last < *first);
    }
}
