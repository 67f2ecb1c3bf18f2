//! Orders divided over several sites: the documented cases as tables, and everything small against trying everything.

use core::num::NonZeroU8;
use std::collections::HashMap;

use catchment::fulfil::{
    Basket, BasketFault, Bundle, Pieces, PricedLine, SourceFault, Sources, Split, SplitMode,
    SplitPolicy, SplitProof, Unsplit, split,
};
use catchment::id::{SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::OrderLine;
use catchment::units::{Distance, Quantity};

use crate::fulfil_brute::{Order, random_order};
use crate::workload::Random;

fn at_most(sources: u8) -> NonZeroU8 {
    NonZeroU8::new(sources).expect("one or more")
}

/// One article at several sites, the n-th n hundred metres away.
fn of_one_article(
    wanted: u32,
    stocks: &[(u64, u32)],
    policy: &SplitPolicy,
) -> Result<Split, Unsplit> {
    let melons = OrderLine {
        sku: SkuId(9),
        quantity: Quantity(wanted),
    };
    let priced = PricedLine {
        line: melons,
        price: Amount(10),
    };
    let limits = Limits::default();
    let basket = Basket::new(&[priced], &[], &limits).expect("a sound line");
    let mut sources = Sources::new(&basket, &limits);
    for (place, (site, free)) in (1..).zip(stocks) {
        let distance = Distance::from_metres(100 * place);
        sources
            .add(SiteId(*site), distance, |_| Quantity(*free))
            .expect("new sites");
    }
    split(&sources, policy)
}

/// Sites with pieces as text: `1:55 2:30`.
fn shares(split: &Split) -> String {
    let parts = split.parts.iter().map(|part| {
        let pieces: u32 = part.lines.iter().map(|line| line.quantity.0).sum();
        format!("{}:{pieces}", part.site)
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn stocks(text: &str) -> Vec<(u64, u32)> {
    let both = text.split_whitespace().map(|stock| {
        let (site, pieces) = stock.split_once(':').expect("site:pieces");
        (
            site.parse().expect("a site"),
            pieces.parse().expect("pieces"),
        )
    });
    both.collect()
}

#[test]
fn one_article_is_filled_as_documented() {
    let all = SplitPolicy::default();
    let partial = SplitPolicy {
        mode: SplitMode::Partial,
        ..all
    };
    let whole = SplitPolicy {
        mode: SplitMode::Whole,
        ..all
    };
    for (what, policy, wanted, stock, expected, unfilled) in [
        (
            "5.5 and 3, want 7, in tenths",
            all,
            70,
            "1:55 2:30",
            "1:55 2:15",
            0,
        ),
        (
            "the same in another rank",
            all,
            70,
            "2:30 1:55",
            "2:30 1:40",
            0,
        ),
        (
            "want 15: all there is",
            partial,
            150,
            "1:55 2:30",
            "1:55 2:30",
            65,
        ),
        (
            "partial, nothing missing",
            partial,
            70,
            "1:55 2:30",
            "1:55 2:15",
            0,
        ),
        ("stocks 4 and 3", all, 5, "1:4 2:3", "1:4 2:1", 0),
        ("the same with 4 held", all, 3, "1:1 2:2", "1:1 2:2", 0),
        ("the fewest sites: C alone", all, 5, "1:2 2:4 3:5", "3:5", 0),
        ("C is closed: A and B", all, 5, "1:2 2:4", "1:2 2:3", 0),
        (
            "all alike: the nearest two",
            all,
            2,
            "7:1 5:1 3:1",
            "7:1 5:1",
            0,
        ),
        (
            "kept whole where least is missing",
            whole,
            9,
            "1:2 2:4 3:4",
            "2:4",
            5,
        ),
        ("kept whole where nothing is", whole, 9, "1:0", "1:0", 9),
        ("whole, and one has all", whole, 4, "1:2 2:4 3:4", "2:4", 0),
        (
            "partial, the fewest sites",
            partial,
            9,
            "1:1 2:1 3:5 4:5",
            "3:5 4:4",
            0,
        ),
        ("partial, one has any", partial, 9, "1:0 2:5", "2:5", 4),
        (
            "partial, no more than three",
            partial,
            9,
            "1:1 2:2 3:2 4:2",
            "1:1 2:2 3:2",
            4,
        ),
    ] {
        let split = of_one_article(wanted, &stocks(stock), &policy).expect(what);
        assert_eq!(shares(&split), expected, "{what}");
        let open: u32 = split.unfilled.iter().map(|line| line.quantity.0).sum();
        assert_eq!(open, unfilled, "{what}");
    }
}

#[test]
fn refusals_say_what_is_in_the_way() {
    let all = SplitPolicy::default();
    let two = SplitPolicy {
        sources_max: at_most(2),
        ..all
    };
    let refuse = SplitPolicy {
        mode: SplitMode::Refuse,
        ..all
    };
    let from_one = SplitPolicy {
        pieces: Pieces::FromOne,
        ..all
    };
    let worth = |amount| SplitPolicy {
        part_value_min: Amount(amount),
        ..all
    };
    let missing = "too little of sku 9:";
    for (what, policy, wanted, stock, expected) in [
        (
            "too little",
            all,
            150,
            "1:55 2:30",
            format!("{missing} 150 wanted, 85 there"),
        ),
        (
            "nobody at all",
            all,
            150,
            "",
            format!("{missing} 150 wanted, 0 there"),
        ),
        (
            "a line from one",
            from_one,
            70,
            "1:55 2:30",
            format!("{missing} 70 wanted, 0 there"),
        ),
        (
            "three needed",
            two,
            9,
            "1:3 2:3 3:3 4:3",
            "more than 2 sites are needed, 3 are enough".into(),
        ),
        (
            "not divided",
            refuse,
            5,
            "1:4 2:3",
            "no single site has everything".into(),
        ),
        (
            "a small remainder",
            worth(301),
            70,
            "1:55 2:30",
            "the part of site 2 is worth 150, less than 301".into(),
        ),
        (
            "less than half each",
            worth(351),
            70,
            "1:55 2:50",
            "the part of site 2 is worth 150, less than 351".into(),
        ),
    ] {
        let refused = of_one_article(wanted, &stocks(stock), &policy).expect_err(what);
        assert_eq!(refused.to_string(), expected, "{what}");
    }
    // The remainder of 15 is worth 150; up to 300 the first gives less, so that the second has enough.
    for (amount, expected) in [(150, "1:55 2:15"), (151, "1:54 2:16"), (300, "1:40 2:30")] {
        let split = of_one_article(70, &stocks("1:55 2:30"), &worth(amount)).expect("a way");
        assert_eq!(shares(&split), expected, "at least {amount}");
    }
    // Nothing is asked of an order that stays whole.
    assert!(of_one_article(1, &[(1, 55)], &worth(351)).is_ok());
    assert!(
        of_one_article(
            5,
            &[(1, 5)],
            &SplitPolicy {
                sources_max: at_most(1),
                ..refuse
            }
        )
        .is_ok()
    );
}

#[test]
fn nonsense_is_refused_and_all_of_it_named() {
    let line = |sku, pieces| {
        PricedLine::from(OrderLine {
            sku: SkuId(sku),
            quantity: Quantity(pieces),
        })
    };
    let dear = |sku| PricedLine {
        price: Amount(u64::MAX),
        ..line(sku, 1)
    };
    let bundle = |skus: &[u64], sets| Bundle {
        skus: skus.iter().copied().map(SkuId).collect(),
        sets: Quantity(sets),
    };
    let limits = Limits {
        order_lines_max: 6,
        line_quantity_max: 100,
        ..Limits::default()
    };
    let sku = SkuId(1);
    for (lines, bundles, expected) in [
        (vec![], vec![], vec![BasketFault::Empty]),
        (
            vec![line(1, 1); 7],
            vec![],
            vec![BasketFault::TooManyLines { lines: 7, limit: 6 }],
        ),
        (
            vec![line(1, 1)],
            vec![bundle(&[1; 7], 1)],
            vec![BasketFault::TooManyLines { lines: 7, limit: 6 }],
        ),
        (
            vec![line(1, 0), line(1, 101), dear(2), dear(3)],
            vec![],
            vec![
                BasketFault::NoPieces { sku },
                BasketFault::TooManyPieces {
                    sku,
                    quantity: Quantity(101),
                    limit: Quantity(100),
                },
                BasketFault::RepeatedSku { sku },
                BasketFault::TooMuchValue { sku: SkuId(3) },
            ],
        ),
        (
            vec![line(1, 4), line(2, 6)],
            vec![
                bundle(&[], 1),
                bundle(&[1], 0),
                bundle(&[1, 3], 2),
                bundle(&[1, 2], 4),
            ],
            vec![
                BasketFault::EmptyBundle,
                BasketFault::EmptyBundle,
                BasketFault::UnknownSku { sku: SkuId(3) },
                BasketFault::TwiceBundled { sku },
                BasketFault::UnequalSets {
                    sku: SkuId(2),
                    quantity: Quantity(6),
                    sets: Quantity(4),
                },
            ],
        ),
    ] {
        let faults = Basket::new(&lines, &bundles, &limits).expect_err("nonsense");
        assert_eq!(faults.kept(), expected);
        assert_eq!(faults.total(), expected.len());
    }
    let basket = Basket::new(&[line(1, 1)], &[], &limits).expect("a sound line");
    let mut sources = Sources::new(
        &basket,
        &Limits {
            candidates_max: 1,
            ..limits
        },
    );
    let site = SiteId(1);
    let mut add = |distance| sources.add(site, distance, |_| Quantity(1));
    let distance = Distance::from_millimetres(Sources::DISTANCE_MAX.as_millimetres() + 1);
    assert_eq!(add(distance), Err(SourceFault::TooFar { site, distance }));
    assert_eq!(add(Distance::ZERO), Ok(()));
    assert_eq!(add(Distance::ZERO), Err(SourceFault::TooMany { limit: 1 }));
}

#[test]
fn bundles_come_whole() {
    let line = |sku, pieces| {
        PricedLine::from(OrderLine {
            sku: SkuId(sku),
            quantity: Quantity(pieces),
        })
    };
    let lines = [line(1, 4), line(2, 8), line(3, 2)];
    let kit = |sets| Bundle {
        skus: vec![SkuId(1), SkuId(2)],
        sets: Quantity(sets),
    };
    let limits = Limits::default();
    // Pieces of articles 1, 2 and 3 at sites 1 and 2.
    let stocks = [[3, 5, 9], [9, 4, 0]];
    for (bundles, expected) in [
        (
            vec![],
            Some([vec![(1, 3), (2, 5), (3, 2)], vec![(1, 1), (2, 3)]]),
        ),
        // Two sets of (1, 2) at each: the fifth piece of article 2 at site 1 makes no set.
        (
            vec![kit(4)],
            Some([vec![(1, 2), (2, 4), (3, 2)], vec![(1, 2), (2, 4)]]),
        ),
        (
            vec![kit(2)],
            Some([vec![(1, 2), (2, 4), (3, 2)], vec![(1, 2), (2, 4)]]),
        ),
        (vec![kit(1)], None),
    ] {
        let basket = Basket::new(&lines, &bundles, &limits).expect("sound lines");
        let mut sources = Sources::new(&basket, &limits);
        for (site, free) in (1..).zip(stocks) {
            let free = |sku: SkuId| Quantity(free[sku.0 as usize - 1]);
            sources
                .add(SiteId(site), Distance::from_metres(10), free)
                .expect("new sites");
        }
        let split = split(&sources, &SplitPolicy::default()).ok();
        let given = split.map(|split| {
            let parts = split.parts.into_iter();
            let lines = parts.map(|part| {
                part.lines
                    .iter()
                    .map(|line| (line.sku.0, line.quantity.0))
                    .collect()
            });
            lines.collect::<Vec<Vec<_>>>()
        });
        assert_eq!(given, expected.map(Vec::from), "{bundles:?}");
    }
}

/// The fewest sites, then the least distance, then the smallest ids, on 60,000 orders with everything mixed; and a
/// refusal where trying everything finds nothing, for the reason that holds.
#[test]
fn no_small_order_has_a_better_split() {
    let mut random = Random::new(6);
    let mut seen = HashMap::new();
    for _ in 0..60_000 {
        let order = random_order(&mut random);
        let answer = order.compare();
        *seen.entry(core::mem::discriminant(&answer)).or_insert(0) += 1;
    }
    let seen: Vec<u32> = seen.into_values().collect();
    assert!(
        seen.len() == 4 && seen.iter().all(|count| *count > 1_000),
        "{seen:?}"
    );
}

#[test]
fn nothing_is_over_stock_in_any_mode() {
    let mut random = Random::new(7);
    for _ in 0..5_000 {
        let mut order = random_order(&mut random);
        let basket = order.basket();
        for mode in [SplitMode::Partial, SplitMode::Whole, SplitMode::Refuse] {
            order.policy.mode = mode;
            if let Ok(split) = split(&order.sources(&basket), &order.policy) {
                order.check(&split);
                assert!(mode != SplitMode::Refuse || split.unfilled.is_empty());
                assert!(mode == SplitMode::Partial || split.parts.len() == 1);
            }
        }
    }
}

/// What the sequence of the sources may change is who gives how much, never who gives.
#[test]
fn the_rank_does_not_change_the_sites() {
    let mut random = Random::new(8);
    for _ in 0..2_000 {
        let mut order = random_order(&mut random);
        let basket = order.basket();
        let sites = |order: &Order| {
            let split = split(&order.sources(&basket), &order.policy);
            let sites = split.map(|split| {
                let mut sites: Vec<SiteId> = split.parts.iter().map(|part| part.site).collect();
                sites.sort_unstable();
                (sites, split.distance)
            });
            sites.map_err(|why| core::mem::discriminant(&why))
        };
        let forwards = sites(&order);
        order.stocks.reverse();
        assert_eq!(sites(&order), forwards);
    }
}

#[test]
fn large_searches_end_and_say_so() {
    let mut random = Random::new(9);
    let mut bounded = 0;
    for _ in 0..4 {
        let order = Order::large(&mut random, 60, 300);
        let basket = order.basket();
        let split = split(&order.sources(&basket), &order.policy).expect("there is plenty");
        order.check(&split);
        assert!(split.parts.len() <= order.greedy(), "{}", split.parts.len());
        bounded += usize::from(split.proof == SplitProof::Bounded);
    }
    assert!(bounded > 0);
}

#[cfg(feature = "serde")]
#[test]
fn policies_and_answers_survive_json() {
    let policy = SplitPolicy {
        mode: SplitMode::Partial,
        sources_max: at_most(5),
        part_value_min: Amount(3_000),
        pieces: Pieces::FromOne,
    };
    let text = serde_json::to_string(&policy).expect("plain data");
    assert_eq!(
        text,
        r#"{"mode":"partial","sources_max":5,"part_value_min":3000,"pieces":"from_one"}"#
    );
    assert_eq!(
        serde_json::from_str::<SplitPolicy>(&text).ok(),
        Some(policy)
    );
    assert_eq!(
        serde_json::from_str::<SplitPolicy>("{}").ok(),
        Some(SplitPolicy::default())
    );
    for nonsense in [
        r#"{"sources_max":0}"#,
        r#"{"sources_max":256}"#,
        r#"{"parts":2}"#,
        r#"{"mode":"maybe"}"#,
    ] {
        assert!(
            serde_json::from_str::<SplitPolicy>(nonsense).is_err(),
            "{nonsense}"
        );
    }
    for found in [
        of_one_article(70, &[(1, 55), (2, 30)], &policy),
        of_one_article(150, &[(1, 55), (2, 30)], &SplitPolicy::default()),
    ] {
        let text = serde_json::to_string(&found).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Result<Split, Unsplit>>(&text).ok(),
            Some(found)
        );
    }
}
