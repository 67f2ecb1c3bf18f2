//! Options by rules of the retailer's own: case by case, as a policy that is data, and in random towns by `verify`.

// A table is as long as it is.
#![allow(clippy::too_many_lines)]

use catchment::fulfil::Way::{Delivery, Pickup};
use catchment::fulfil::{
    Condition, ExcludedBy, Options, OptionsFault, OptionsPolicy, OptionsSettings, RankBy, Relaxed,
    RulesData, RulesProblem, Way, WhyNot,
};
use catchment::id::SiteId;
use catchment::limits::Limits;
use catchment::order::Order;
use catchment::plan::Preferences;
use catchment::site::{SiteKind, Tag, Tags};
use catchment::units::{Distance, Quantity, Units};
use catchment::verify::{self, OptionsViolation};
use proptest::prelude::*;

use crate::fulfil_options::{Place, line, minute, order, shape, village};
use crate::fulfil_options_laws::{Town, any_case, build};

const fn metres(metres: u32) -> Distance {
    Distance::from_metres(metres)
}

fn policy(change: impl FnOnce(&mut OptionsSettings)) -> OptionsPolicy {
    let mut settings = village().policy.settings().clone();
    change(&mut settings);
    OptionsPolicy::new(settings, &Limits::default()).expect("sound")
}

/// The answer in the village, verified.
fn answer(place: &Place, order: &Order) -> Options {
    let finder = place.finder();
    let options = finder.options(minute(0), order);
    let verified = verify::options(&finder, minute(0), order, &options);
    assert_eq!(verified, Ok(()), "{options:#?}");
    options
}

/// From west to east: leader 11, store 1 (where the order is), leader 12, store 2, store 3, which delivers nothing.
#[test]
fn rules_rank_exclude_and_relax() {
    struct Case {
        name: &'static str,
        rules: RulesData,
        pickups_max: usize,
        offers: Vec<(Way, u64)>,
        reasons: Vec<(Way, u64, WhyNot)>,
        relaxed: Vec<(Way, usize)>,
    }
    let data = RulesData::default;
    let hard = |place| WhyNot::ByRule(ExcludedBy::Hard(place));
    let soft = |place| WhyNot::ByRule(ExcludedBy::Soft(place));
    let plain = vec![
        (Pickup, 1),
        (Pickup, 11),
        (Pickup, 12),
        (Delivery, 1),
        (Delivery, 2),
    ];
    let case = |name, rules, offers| Case {
        name,
        rules,
        pickups_max: 4,
        offers,
        reasons: vec![],
        relaxed: vec![],
    };
    let leaders_first = RulesData {
        rank: vec![RankBy::Kind(SiteKind::Leader)],
        ..data()
    };
    let near_first = RulesData {
        rank: vec![RankBy::Bucket(metres(500))],
        ..data()
    };
    let cases = [
        case("none", data(), plain.clone()),
        case(
            "leaders first",
            leaders_first,
            vec![
                (Pickup, 11),
                (Pickup, 12),
                (Pickup, 1),
                (Delivery, 1),
                (Delivery, 2),
            ],
        ),
        case(
            "the nearest half kilometre first, then price",
            near_first,
            vec![
                (Pickup, 1),
                (Delivery, 1),
                (Pickup, 11),
                (Pickup, 12),
                (Delivery, 2),
            ],
        ),
        case(
            "home first, which nobody has: the rule abstains",
            RulesData {
                rank: vec![RankBy::Home],
                ..data()
            },
            plain,
        ),
        Case {
            reasons: vec![(Pickup, 11, hard(0)), (Pickup, 12, hard(0))],
            ..case(
                "stores only",
                RulesData {
                    hard: vec![Condition::Kind(SiteKind::Store)],
                    ..data()
                },
                vec![(Pickup, 1), (Delivery, 1), (Delivery, 2)],
            )
        },
        Case {
            reasons: vec![(Pickup, 1, soft(0))],
            relaxed: vec![(Delivery, 0)],
            ..case(
                "leaders, where there are any",
                RulesData {
                    soft: vec![Condition::Kind(SiteKind::Leader)],
                    ..data()
                },
                vec![(Pickup, 11), (Pickup, 12), (Delivery, 1), (Delivery, 2)],
            )
        },
        Case {
            reasons: vec![(Pickup, 1, soft(1)), (Delivery, 2, soft(0))],
            relaxed: vec![(Delivery, 1)],
            ..case(
                "only the last is relaxed, if that is enough",
                RulesData {
                    soft: vec![
                        Condition::Within(metres(1_000)),
                        Condition::Kind(SiteKind::Leader),
                    ],
                    ..data()
                },
                vec![(Pickup, 11), (Pickup, 12), (Delivery, 1)],
            )
        },
        Case {
            pickups_max: 1,
            reasons: vec![(Pickup, 1, WhyNot::Behind), (Pickup, 11, WhyNot::Behind)],
            ..case(
                "this one, however many are nearer",
                RulesData {
                    rank: vec![RankBy::Sites(vec![SiteId(12)])],
                    ..data()
                },
                vec![(Pickup, 12), (Delivery, 1), (Delivery, 2)],
            )
        },
        Case {
            pickups_max: 1,
            reasons: vec![(Pickup, 1, WhyNot::Behind)],
            ..case(
                "a store costs 1,500 m",
                RulesData {
                    preferences: Preferences {
                        store: metres(1_500),
                        ..Preferences::default()
                    },
                    ..data()
                },
                vec![(Pickup, 11), (Delivery, 1), (Delivery, 2)],
            )
        },
        Case {
            reasons: vec![
                (Pickup, 11, hard(0)),
                (Pickup, 12, hard(0)),
                (Delivery, 2, hard(1)),
            ],
            ..case(
                "room for two orders, and not store 2",
                RulesData {
                    hard: vec![Condition::Room(Units(2)), Condition::Not(vec![SiteId(2)])],
                    ..data()
                },
                vec![(Pickup, 1), (Delivery, 1)],
            )
        },
    ];
    for case in cases {
        let name = case.name;
        let mut village = village();
        village.policy = policy(|settings| {
            settings.pickups_max = case.pickups_max;
            settings.rules = case.rules;
        });
        let options = answer(&village, &order());
        let (offers, reasons) = shape(&options);
        assert_eq!(offers, case.offers, "{name}");
        for reason in case.reasons {
            assert!(reasons.contains(&reason), "{name}: {reasons:#?}");
        }
        let relaxed = case.relaxed.into_iter();
        let relaxed: Vec<Relaxed> = relaxed.map(|(way, soft)| Relaxed { way, soft }).collect();
        assert_eq!(options.relaxed, relaxed, "{name}");
    }
}

#[test]
fn rules_count_for_a_chosen_site_and_for_pieces() {
    let mut village = village();
    village.policy = policy(|settings| {
        settings.rules.hard = vec![Condition::Stock(Quantity(2))];
    });
    let mut order = order();
    order.lines = vec![line(9, 1)];
    assert_eq!(answer(&village, &order).offers, []);
    order.lines = vec![line(9, 2)];
    assert_eq!(answer(&village, &order).offers.len(), 5);
    order.wish = catchment::order::Wish::Site(SiteId(2));
    assert_eq!(
        shape(&answer(&village, &order)).0,
        [(Pickup, 2), (Delivery, 2)]
    );
    order.wish = catchment::order::Wish::Site(SiteId(99));
    let (offers, reasons) = shape(&answer(&village, &order));
    assert_eq!(offers, []);
    let unknown = |way| (way, 99, WhyNot::UnknownSite);
    assert_eq!(reasons, [unknown(Pickup), unknown(Delivery)]);
}

#[test]
fn a_policy_names_everything_that_is_wrong_with_it_and_its_rules() {
    let nonsense = OptionsSettings {
        metres_per_hour: 0,
        rules: RulesData {
            rank: vec![RankBy::Bucket(Distance::ZERO)],
            hard: vec![Condition::Tags(Tags::NONE)],
            soft: vec![Condition::Among(vec![])],
            preferences: Preferences {
                home: Distance::MAX,
                ..Preferences::default()
            },
        },
        ..OptionsSettings::default()
    };
    let faults = OptionsPolicy::new(nonsense.clone(), &Limits::default()).expect_err("faults");
    let named: Vec<String> = faults.kept().iter().map(ToString::to_string).collect();
    assert_eq!(named[0], "metres_per_hour is 0: couriers never arrive");
    assert_eq!(named[1], "rules.rank[0]: buckets without width");
    assert_eq!(named[2], "rules.hard[0]: no tags");
    assert_eq!(named[3], "rules.soft[0]: no sites");
    assert!(named[4].starts_with("rules.preferences.home: worth "));
    assert_eq!(named.len(), 5);
    assert!(matches!(
        &faults.kept()[1],
        OptionsFault::Rules(fault) if fault.problem == RulesProblem::NoWidth
    ));
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&nonsense).expect("plain data");
        let refused = serde_json::from_str::<OptionsPolicy>(&text).expect_err("as above");
        assert!(refused.to_string().contains("rules.rank[0]"), "{refused}");
        let policy = policy(|settings| {
            settings.rules.rank = vec![RankBy::Tags(Tag::COLD_CHAIN.into()), RankBy::Home];
            settings.rules.soft = vec![Condition::Within(metres(3_000))];
        });
        let text = serde_json::to_string(&policy).expect("plain data");
        let again: OptionsPolicy = serde_json::from_str(&text).expect("it was written");
        assert_eq!(again, policy);
    }
}

#[test]
fn verify_finds_lies_about_rules() {
    let mut village = village();
    village.policy = policy(|settings| {
        settings.pickups_max = 1;
        settings.rules = RulesData {
            rank: vec![RankBy::Sites(vec![SiteId(12)])],
            soft: vec![Condition::Within(metres(1)), Condition::Room(Units(5))],
            hard: vec![Condition::Not(vec![SiteId(2)])],
            ..RulesData::default()
        };
    });
    let mut order = order();
    order.position = crate::fulfil_options::spot(0, 1);
    let options = answer(&village, &order);
    assert!(!options.relaxed.is_empty() && !options.rejected.is_empty());
    let finder = village.finder();
    let found = |tamper: &dyn Fn(&mut Options)| {
        let mut tampered = options.clone();
        tamper(&mut tampered);
        let verdict = verify::options(&finder, minute(0), &order, &tampered);
        let verdict = verdict.expect_err("tampered with");
        verdict.kept().to_vec()
    };
    let hidden = found(&|options| options.relaxed.clear());
    assert!(matches!(hidden[..], [OptionsViolation::Relaxed { .. }]));
    let other = found(&|options| options.relaxed[0].soft = 1);
    assert!(matches!(other[..], [OptionsViolation::Relaxed { .. }]));
    for why in [WhyNot::Behind, WhyNot::ByRule(ExcludedBy::Soft(1))] {
        let lie = found(&|options| options.rejected[0].why = why.clone());
        assert!(
            matches!(lie[..], [OptionsViolation::Reason { .. }]),
            "{lie:?}"
        );
    }
    // Without the rule another is offered.
    let settings = OptionsSettings {
        rules: RulesData::default(),
        ..village.policy.settings().clone()
    };
    let plain = OptionsPolicy::new(settings, &Limits::default()).expect("sound");
    let finder =
        catchment::fulfil::OptionsFinder::new(village.desk.machine(), &village.couriers, &plain);
    assert!(verify::options(&finder, minute(0), &order, &options).is_err());
}

pub(crate) fn any_rules() -> impl Strategy<Value = RulesData> {
    let kind = prop_oneof![Just(SiteKind::Store), Just(SiteKind::Leader)];
    let sites = prop::collection::btree_set((0..14_u64).prop_map(SiteId), 1..5);
    let sites = sites.prop_map(|sites| sites.into_iter().rev().collect::<Vec<_>>());
    let distance = (1..6_u32).prop_map(|steps| metres(700 * steps));
    let rank = prop_oneof![
        kind.clone().prop_map(RankBy::Kind),
        Just(RankBy::Tags(Tag::COLD_CHAIN.into())),
        Just(RankBy::Home),
        sites.clone().prop_map(RankBy::Sites),
        distance.clone().prop_map(RankBy::Bucket),
        Just(RankBy::Stock),
        Just(RankBy::Room),
    ];
    let condition = || {
        prop_oneof![
            kind.clone().prop_map(Condition::Kind),
            Just(Condition::Tags(Tag::COLD_CHAIN.into())),
            distance.clone().prop_map(Condition::Within),
            (1..5_u32).prop_map(|room| Condition::Room(Units(room))),
            (1..4_u32).prop_map(|pieces| Condition::Stock(Quantity(pieces))),
            sites.clone().prop_map(Condition::Among),
            sites.clone().prop_map(Condition::Not),
        ]
    };
    let lists = (
        prop::collection::vec(rank, 0..4),
        prop::collection::vec(condition(), 0..2),
        prop::collection::vec(condition(), 0..4),
        0..4_u32,
    );
    lists.prop_map(|(rank, hard, soft, worth)| RulesData {
        rank,
        hard,
        soft,
        preferences: Preferences {
            leader: metres(500 * worth),
            home: metres(300 * worth),
            ..Preferences::default()
        },
    })
}

pub(crate) fn as_verify_says(
    town: &Town,
    order: &Order,
    rules: RulesData,
) -> Result<(), TestCaseError> {
    let mut place = build(town);
    let plain = place.finder().options(minute(0), order);
    let mut with = |rules: RulesData| {
        let rules = RulesData {
            rank: without_twins(rules.rank),
            hard: without_twins(rules.hard),
            soft: without_twins(rules.soft),
            ..rules
        };
        let settings = OptionsSettings {
            rules,
            ..town.settings.clone()
        };
        // Rules that contradict each other are refused, as a test of their own says.
        let policy = OptionsPolicy::new(settings, &Limits::default()).ok()?;
        place.policy = policy;
        let finder = place.finder();
        let options = finder.options(minute(0), order);
        let verified = verify::options(&finder, minute(0), order, &options);
        Some((options, verified))
    };
    if let Some((_, verified)) = with(rules) {
        prop_assert_eq!(verified, Ok(()));
    }
    // A rule that puts all equal changes nothing, though all sites are looked at.
    let equal = RulesData {
        rank: vec![RankBy::Bucket(Distance::MAX)],
        ..RulesData::default()
    };
    let (options, verified) = with(equal).expect("sound");
    prop_assert_eq!(verified, Ok(()));
    prop_assert_eq!(options, plain);
    Ok(())
}

fn without_twins<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    list.into_iter().fold(Vec::new(), |mut kept, rule| {
        if !kept.contains(&rule) {
            kept.push(rule);
        }
        kept
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rules_in_random_towns_as_verify_asks_them((town, order, _) in any_case(), rules in any_rules()) {
        as_verify_says(&town, &order, rules)?;
    }
}
