//! Splits, and refusals of them, counted again by `verify`: all that are made are right, and every lie is found.

// A table is as long as it is.
#![allow(clippy::too_many_lines)]

use core::num::NonZeroU8;

use catchment::fulfil::{
    Bundle, Pieces, PricedLine, Split, SplitMode, SplitPolicy, SplitProof, Unsplit, split,
};
use catchment::id::{SiteId, SkuId};
use catchment::money::Amount;
use catchment::order::OrderLine;
use catchment::units::{Distance, Quantity};
use catchment::verify::{self, SiteStock, SplitTask, SplitViolation};

use crate::fulfil_brute::{Order, random_order};
use crate::workload::Random;

fn stock(order: &Order) -> Vec<SiteStock> {
    let stocks = order.stocks.iter();
    let stocks = stocks.map(|(site, distance, pieces)| SiteStock {
        site: *site,
        distance: *distance,
        pieces: pieces.iter().map(|pieces| Quantity(*pieces)).collect(),
    });
    stocks.collect()
}

fn task<'a>(order: &'a Order, stock: &'a [SiteStock]) -> SplitTask<'a> {
    SplitTask {
        lines: &order.lines,
        bundles: &order.bundles,
        stock,
        policy: &order.policy,
    }
}

fn answer(order: &Order) -> Result<Split, Unsplit> {
    split(&order.sources(&order.basket()), &order.policy)
}

/// Divides an order and has the answer verified.
pub(crate) fn check(order: &Order) -> Result<Split, Unsplit> {
    let (answer, stock) = (answer(order), stock(order));
    let verified = verify::split(&task(order, &stock), &answer);
    assert_eq!(verified, Ok(()), "{answer:#?} of {order:#?}");
    answer
}

const MODES: [SplitMode; 4] = [
    SplitMode::Split,
    SplitMode::Partial,
    SplitMode::Whole,
    SplitMode::Refuse,
];

#[test]
fn every_answer_to_small_orders_is_right() {
    let mut random = Random::new(606);
    let (mut divided, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let mut order = random_order(&mut random);
        for mode in MODES {
            order.policy.mode = mode;
            match check(&order) {
                Ok(split) => divided += usize::from(split.parts.len() > 1),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(divided > 700 && refused > 1_000, "{divided}, {refused}");
}

#[test]
fn answers_to_large_orders_are_right() {
    let mut random = Random::new(607);
    for lines in [10, 20, 40] {
        let order = Order::large(&mut random, lines, 60);
        assert!(check(&order).is_ok());
    }
}

/// Whatever a claim is changed to that is not true, is found: all numbers of all answers, one by one.
#[test]
fn no_changed_number_is_believed() {
    let mut random = Random::new(608);
    for _ in 0..300 {
        let order = random_order(&mut random);
        let Ok(split) = answer(&order) else { continue };
        let stock = stock(&order);
        let lie = |change: &dyn Fn(&mut Split)| {
            let mut changed = split.clone();
            change(&mut changed);
            let verdict = verify::split(&task(&order, &stock), &Ok(changed));
            assert!(verdict.is_err(), "{split:#?} of {order:#?}");
        };
        for place in 0..split.parts.len() {
            lie(&|split| split.parts[place].site = SiteId(99));
            lie(&|split| split.parts[place].distance = Distance::from_metres(77));
            lie(&|split| split.parts[place].value.0 += 1);
            lie(&|split| split.parts[place].lines[0].quantity.0 += 1);
            lie(&|split| split.parts[place].lines[0].quantity.0 -= 1);
            lie(&|split| drop(split.parts.remove(place)));
            lie(&|split| split.parts.push(split.parts[place].clone()));
        }
        lie(&|split| split.distance = Distance::from_metres(77_000));
        lie(&|split| {
            split.unfilled = vec![OrderLine {
                sku: order.lines[0].line.sku,
                quantity: Quantity(1),
            }];
        });
    }
}

/// Two lines that stay together, one by the piece; worth something; four sites, the last has nothing of the first two.
fn order() -> Order {
    let line = |sku, pieces, price| PricedLine {
        line: OrderLine {
            sku: SkuId(sku),
            quantity: Quantity(pieces),
        },
        price: Amount(price),
    };
    let site = |id, metres, has: [u32; 3]| (SiteId(id), Distance::from_metres(metres), has.into());
    Order {
        lines: vec![line(100, 2, 5), line(101, 2, 5), line(102, 6, 1)],
        bundles: vec![Bundle {
            skus: vec![SkuId(100), SkuId(101)],
            sets: Quantity(2),
        }],
        stocks: vec![
            site(1, 100, [1, 1, 2]),
            site(2, 200, [2, 1, 3]),
            site(3, 300, [2, 2, 3]),
            site(4, 900, [0, 0, 6]),
        ],
        policy: SplitPolicy {
            sources_max: NonZeroU8::MIN.saturating_add(2),
            part_value_min: Amount(3),
            pieces: Pieces::FromSeveral,
            ..SplitPolicy::default()
        },
    }
}

/// What is said, and how that is found.
type Lie = (&'static str, Split, fn(&SplitViolation) -> bool);

#[test]
fn every_kind_of_lie_is_named() {
    let truth = answer(&order()).expect("sites 2 and 3");
    let sites: Vec<u64> = truth.parts.iter().map(|part| part.site.0).collect();
    assert_eq!(sites, [2, 3]);
    let part = |id: u64, metres, lines: &[(u64, u32)], value| catchment::fulfil::Part {
        site: SiteId(id),
        distance: Distance::from_metres(metres),
        lines: lines
            .iter()
            .map(|(sku, pieces)| OrderLine {
                sku: SkuId(*sku),
                quantity: Quantity(*pieces),
            })
            .collect(),
        value: Amount(value),
    };
    let over = |parts: Vec<catchment::fulfil::Part>| {
        let sum = parts
            .iter()
            .map(|part| part.distance.as_millimetres())
            .sum();
        Split {
            parts,
            unfilled: vec![],
            distance: Distance::from_millimetres(sum),
            proof: SplitProof::Exact,
        }
    };
    let lies: Vec<Lie> = vec![
        ("nothing", over(vec![]), |found| {
            *found == SplitViolation::NoParts
        }),
        (
            "more than there is",
            over(vec![
                part(2, 200, &[(100, 2), (101, 2), (102, 3)], 23),
                part(3, 300, &[(102, 3)], 3),
            ]),
            |found| {
                matches!(
                    found,
                    SplitViolation::OverStock {
                        sku: SkuId(101),
                        ..
                    }
                )
            },
        ),
        (
            "a kit torn apart",
            over(vec![
                part(2, 200, &[(100, 2), (101, 1), (102, 3)], 18),
                part(3, 300, &[(101, 1), (102, 3)], 8),
            ]),
            |found| matches!(found, SplitViolation::Torn { site: SiteId(2) }),
        ),
        (
            "a part worth too little",
            over(vec![
                part(1, 100, &[(102, 2)], 2),
                part(3, 300, &[(100, 2), (101, 2), (102, 3)], 23),
                part(4, 900, &[(102, 1)], 1),
            ]),
            |found| {
                matches!(
                    found,
                    SplitViolation::BelowMinimum {
                        site: SiteId(1),
                        ..
                    }
                )
            },
        ),
        (
            "a line forgotten",
            over(vec![
                part(2, 200, &[(100, 1), (101, 1), (102, 3)], 13),
                part(3, 300, &[(100, 1), (101, 1)], 10),
            ]),
            |found| {
                matches!(
                    found,
                    SplitViolation::Sum {
                        sku: SkuId(102),
                        found: 3,
                        ..
                    }
                )
            },
        ),
        (
            "not the turn of the first",
            over(vec![
                part(2, 200, &[(102, 3)], 3),
                part(3, 300, &[(100, 2), (101, 2), (102, 3)], 23),
            ]),
            |found| matches!(found, SplitViolation::Turn { site: SiteId(2) }),
        ),
        (
            "not in their rank",
            over(vec![
                part(3, 300, &[(100, 1), (101, 1), (102, 3)], 13),
                part(2, 200, &[(100, 1), (101, 1), (102, 3)], 13),
            ]),
            |found| *found == SplitViolation::Rank { place: 0 },
        ),
        (
            "farther than need be",
            over(vec![
                part(3, 300, &[(100, 2), (101, 2), (102, 3)], 23),
                part(4, 900, &[(102, 3)], 3),
            ]),
            |found| {
                let best = vec![SiteId(2), SiteId(3)];
                *found == SplitViolation::NotBest { best }
            },
        ),
        (
            "more sites than need be",
            over(vec![
                part(1, 100, &[(100, 1), (101, 1), (102, 2)], 12),
                part(2, 200, &[(100, 1), (101, 1), (102, 3)], 13),
                part(4, 900, &[(102, 1)], 1),
            ]),
            |found| matches!(found, SplitViolation::BelowMinimum { .. }),
        ),
        (
            "an article that was not ordered",
            over(vec![
                part(2, 200, &[(100, 1), (101, 1), (102, 3)], 13),
                part(3, 300, &[(100, 1), (101, 1), (102, 3), (103, 1)], 13),
            ]),
            |found| *found == SplitViolation::Lines { site: SiteId(3) },
        ),
    ];
    for (name, lie, is_found) in lies {
        let order = order();
        let stock = stock(&order);
        let verdict = verify::split(&task(&order, &stock), &Ok(lie));
        let violations = verdict.expect_err(name);
        assert!(
            violations.kept().iter().any(is_found),
            "{name}: {violations:#}"
        );
    }
    let mut fewer = order();
    fewer.policy.sources_max = NonZeroU8::MIN;
    let stock = stock(&fewer);
    let verdict = verify::split(&task(&fewer, &stock), &Ok(truth));
    let too_many = SplitViolation::TooManyParts { parts: 2, limit: 1 };
    assert_eq!(verdict.expect_err("two parts").kept(), [too_many]);
}

#[test]
fn false_refusals_are_named() {
    let refused = |change: fn(&mut Order), why: Unsplit| {
        let mut order = order();
        change(&mut order);
        let stock = stock(&order);
        verify::split(&task(&order, &stock), &Err(why))
    };
    let too_many = |limit, enough| Unsplit::TooManySources {
        limit,
        enough,
        proof: SplitProof::Exact,
    };
    let best = vec![SiteId(2), SiteId(3)];
    let divisible = SplitViolation::Divisible { best };
    let lie = refused(|_| (), too_many(3, 4)).expect_err("sites 2 and 3 do");
    assert_eq!(lie.kept(), [divisible]);
    let alone: fn(&mut Order) = |order| order.policy.sources_max = NonZeroU8::MIN;
    assert_eq!(refused(alone, too_many(1, 2)), Ok(()));
    for why in [
        too_many(2, 3),
        too_many(1, 9),
        Unsplit::NoSingleSource,
        Unsplit::Short { missing: vec![] },
    ] {
        let lie = refused(alone, why).expect_err("another reason");
        assert_eq!(lie.kept(), [SplitViolation::Reason]);
    }
    let refuses: fn(&mut Order) = |order| order.policy.mode = SplitMode::Refuse;
    assert_eq!(refused(refuses, Unsplit::NoSingleSource), Ok(()));
}
