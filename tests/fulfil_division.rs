//! Orders that no single site can fill, through the dispatch: divided over the fewest, or refused for a reason.

// A surprise ends a test.
#![allow(clippy::panic)]

use core::num::NonZeroU8;
use std::sync::Arc;

use catchment::desk::{self, Policy};
use catchment::fulfil::dispatch::{
    Action, Choice, Division, Event, Malformed, NotDivided, Refusal, Service, Terms,
};
use catchment::fulfil::{Bundle, SplitMode, SplitPolicy, Way};
use catchment::id::{CommandId, OrderId, SiteId, SkuId};
use catchment::ledger::CommandError;
use catchment::money::Amount;
use catchment::units::Quantity;

use crate::fulfil_delivery::{EARLIEST, town};
use crate::fulfil_dispatch::{MELON, Play, RICE, at, order, share, street};

const TEA: SkuId = SkuId(7);

fn ids(parts: &[u64]) -> Division {
    Division {
        parts: parts.iter().copied().map(OrderId).collect(),
        ..Division::default()
    }
}

fn take(lines: &[(SkuId, u32)], choice: Choice, division: Division) -> Action {
    Action::Take {
        order: order(1, 4.0, lines),
        choice,
        division: Some(division),
    }
}

/// A street with so many pieces at its sites, and this policy.
fn stocked(stock: &[(u64, SkuId, u32)], split: SplitPolicy) -> Play {
    let service = Service {
        split,
        ..Service::default()
    };
    let terms = Terms {
        service,
        ..Terms::default()
    };
    let mut play = Play::on(street(), terms);
    for &(site, sku, pieces) in stock {
        play.stock(site, sku, pieces);
    }
    play
}

/// The parts with their sites, and so many pieces of which article.
fn parts(play: &Play) -> Vec<String> {
    let machine = play.machine();
    let parts = machine.parts().map(|view| {
        let asked = machine.counter().asked(view.part).expect("it is live");
        let lines = asked.lines.iter();
        let lines = lines.map(|line| format!(" {} of {}", line.quantity, line.sku));
        let site = view.site.expect("it has a place");
        format!("{} at {site}:{}", view.part, lines.collect::<String>())
    });
    parts.collect()
}

#[test]
fn an_order_is_divided_over_the_fewest_sites_and_only_if_it_must_be() {
    let stock = [(1, MELON, 5), (18, MELON, 3), (18, RICE, 2), (2, TEA, 1)];
    let check = |wanted: &[(SkuId, u32)], expected: &[&str]| {
        let mut play = stocked(&stock, SplitPolicy::default());
        let taken = take(wanted, Choice::Pickup, ids(&[11, 12, 13]));
        play.must(taken);
        assert_eq!(parts(&play), expected, "{wanted:?}");
        let order = OrderId(1);
        play.must(Action::Confirm { order });
        play.must(Action::Cancel { order });
        for level in play.machine().counter().stock() {
            assert_eq!(level.held, Quantity(0));
        }
        play.end();
    };
    // Whole, at the nearest that has it: site 17 draws on site 1.
    check(&[(MELON, 5)], &["1 at 17: 5 of 9"]);
    check(&[(MELON, 3), (RICE, 1)], &["1 at 18: 3 of 9 1 of 8"]);
    // The first gives all that it has.
    check(&[(MELON, 7)], &["11 at 17: 5 of 9", "12 at 18: 2 of 9"]);
    check(
        &[(MELON, 5), (RICE, 2)],
        &["11 at 17: 5 of 9", "12 at 18: 2 of 8"],
    );
    check(
        &[(MELON, 1), (RICE, 1), (TEA, 1)],
        &["11 at 18: 1 of 9 1 of 8", "12 at 2: 1 of 7"],
    );
}

#[test]
fn what_can_t_be_divided_is_refused_for_its_reason_and_nothing_is_held() {
    let stock = [(1, MELON, 5), (18, MELON, 3), (18, RICE, 2), (2, TEA, 1)];
    let two = SplitPolicy {
        sources_max: NonZeroU8::MIN.saturating_add(1),
        ..SplitPolicy::default()
    };
    let kept_whole = SplitPolicy {
        mode: SplitMode::Whole,
        ..two
    };
    let dear = SplitPolicy {
        part_value_min: Amount(40),
        ..two
    };
    let all = [(MELON, 5), (RICE, 2), (TEA, 1)];
    let melons_and_rice = [(MELON, 5), (RICE, 2)];
    let because = |because| Refusal::NotDivided {
        order: OrderId(1),
        because,
    };
    let check = |split, wanted: &[(SkuId, u32)], division, expected| {
        let mut play = stocked(&stock, split);
        let refused = play.refused(take(wanted, Choice::Pickup, division));
        assert_eq!(refused, expected, "{wanted:?}");
        assert_eq!(play.machine().parts().count(), 0);
        play.end();
    };
    let short = NotDivided::Short { missing: 1 };
    check(two, &[(MELON, 9)], ids(&[11, 12]), because(short));
    let (limit, enough) = (2, 3);
    let many = NotDivided::TooManySites { limit, enough };
    check(two, &all, ids(&[11, 12]), because(many));
    let (parts, given) = (3, 2);
    let few = NotDivided::TooFewIds { parts, ids: given };
    check(SplitPolicy::default(), &all, ids(&[11, 12]), because(few));
    let kept = |site, missing| NotDivided::KeptWhole {
        site: SiteId(site),
        missing: Quantity(missing),
    };
    // Site 17 draws on site 1 and is nearer.
    check(kept_whole, &all, ids(&[11, 12]), because(kept(17, 3)));
    check(
        kept_whole,
        &[(MELON, 9)],
        ids(&[11, 12]),
        because(kept(17, 4)),
    );
    check(
        kept_whole,
        &[(MELON, 1), (RICE, 3)],
        ids(&[11, 12]),
        because(kept(18, 1)),
    );
    for mode in [SplitMode::Refuse, SplitMode::Partial] {
        let policy = SplitPolicy { mode, ..two };
        check(
            policy,
            &[(MELON, 9)],
            ids(&[11, 12]),
            because(NotDivided::ByPolicy),
        );
    }
    let refuses = SplitPolicy {
        mode: SplitMode::Refuse,
        ..two
    };
    check(refuses, &all, ids(&[11, 12]), because(NotDivided::ByPolicy));
    let cheap_rice = Division {
        prices: vec![Amount(10), Amount(14)],
        ..ids(&[11, 12])
    };
    let site = SiteId(18);
    let below = NotDivided::BelowMinimum { site };
    check(dear, &melons_and_rice, cheap_rice, because(below));
    let together = Division {
        bundles: vec![Bundle {
            skus: vec![MELON, RICE],
            sets: Quantity(1),
        }],
        ..ids(&[11, 12])
    };
    let refusal = because(NotDivided::Short { missing: 2 });
    check(two, &melons_and_rice, together, refusal);
}

/// What one site has comes whole in every mode, what several have only if the policy divides, and so do parts that the
/// buyer has chosen.
#[test]
fn each_mode_divides_keeps_whole_or_refuses() {
    let taken = Ok(2);
    let by_policy = Err(NotDivided::ByPolicy);
    let kept = Err(NotDivided::KeptWhole {
        site: SiteId(17),
        missing: Quantity(2),
    });
    let cases = [
        (SplitMode::Split, taken, taken),
        (SplitMode::Partial, taken, taken),
        (SplitMode::Whole, kept, by_policy),
        (SplitMode::Refuse, by_policy, by_policy),
    ];
    for (mode, divided, in_parts) in cases {
        let stock = [(1, MELON, 5), (18, RICE, 2)];
        let policy = SplitPolicy {
            mode,
            ..SplitPolicy::default()
        };
        let both = [(MELON, 5), (RICE, 2)];
        let shares = vec![
            share(11, &[(MELON, 5)], Choice::PickupAt(SiteId(1))),
            share(12, &[(RICE, 2)], Choice::PickupAt(SiteId(18))),
        ];
        let parts = Action::TakeParts {
            order: order(1, 4.0, &both),
            parts: shares,
        };
        for (action, expected) in [
            (take(&both, Choice::Pickup, ids(&[11, 12])), divided),
            (parts, in_parts),
            (take(&[(MELON, 5)], Choice::Pickup, ids(&[11, 12])), Ok(1)),
        ] {
            let mut play = stocked(&stock, policy);
            let found = match play.tell(action) {
                Ok(_) => Ok(play.machine().parts().count()),
                Err(Refusal::NotDivided { because, .. }) => Err(because),
                Err(other) => panic!("{mode:?}: {other}"),
            };
            assert_eq!(found, expected, "{mode:?}");
            play.end();
            // What is kept whole comes again when the goods are there.
            if let Err(NotDivided::KeptWhole { .. }) = found {
                play.stock(1, RICE, 2);
                play.must(take(&both, Choice::PickupAt(SiteId(17)), ids(&[11, 12])));
                assert_eq!(play.machine().parts().count(), 1);
                play.end();
            }
        }
    }
}

#[test]
fn a_part_that_nobody_brings_keeps_all_others_from_being_taken() {
    let mut play = town(1, Policy::default());
    play.stock(1, MELON, 1);
    play.stock(2, RICE, 1);
    let both = [(MELON, 1), (RICE, 1)];
    let division = || ids(&[11, 12]);
    let taken = play.must(take(&both, EARLIEST, division()));
    let held = taken
        .iter()
        .filter(|event| matches!(event, Event::RideHeld { .. }));
    assert_eq!(held.count(), 2);
    for part in play.machine().parts() {
        assert_eq!(part.way, Way::Delivery);
    }
    play.must(Action::Cancel { order: OrderId(1) });
    assert_eq!(play.machine().couriers().rides().count(), 0);
    // A site that was chosen is not replaced by several.
    let choice = Choice::PickupAt(SiteId(1));
    let action = Action::Take {
        order: order(2, 4.0, &both),
        choice,
        division: Some(division()),
    };
    assert!(matches!(
        play.refused(action),
        Refusal::Desk(desk::Refusal::OutOfStock { .. })
    ));
    // Ids that were used before are not used again.
    let action = Action::Take {
        order: order(2, 4.0, &both),
        choice: EARLIEST,
        division: Some(division()),
    };
    let order = OrderId(11);
    assert_eq!(play.refused(action), Refusal::KnownOrder { order });
    play.end();
}

#[test]
fn a_division_that_makes_no_sense_is_malformed() {
    let mut play = stocked(&[], SplitPolicy::default());
    let lines = [(MELON, 5), (RICE, 2)];
    let order_id = OrderId(1);
    let prices = Division {
        prices: vec![Amount(1)],
        ..ids(&[11, 12])
    };
    let cases = [
        (
            ids(&[11]),
            Malformed::TooFewParts {
                order: order_id,
                parts: 1,
            },
        ),
        (ids(&[11, 1]), Malformed::RepeatedPart { part: order_id }),
        (
            prices,
            Malformed::Prices {
                order: order_id,
                lines: 2,
                prices: 1,
            },
        ),
    ];
    for (number, (division, expected)) in (1..).zip(cases) {
        let action = take(&lines, Choice::Pickup, division);
        let command = catchment::fulfil::dispatch::Command::new(CommandId(number), action);
        let found = play.dispatch.apply(at(0), &command);
        assert_eq!(found, Err(CommandError::Malformed(expected)));
    }
    let no_lines = Action::Take {
        order: Arc::clone(&order(1, 4.0, &[])),
        choice: Choice::Pickup,
        division: Some(ids(&[11, 12])),
    };
    let command = catchment::fulfil::dispatch::Command::new(CommandId(9), no_lines);
    let found = play.dispatch.apply(at(0), &command);
    assert!(matches!(
        found,
        Err(CommandError::Malformed(Malformed::Basket { .. }))
    ));
}
