//! Policies as data: who is ranked before whom and because of what, who is excluded, what is relaxed, what is refused.

use catchment::fulfil::{
    Ahead, Condition, Contender, ExcludedBy, RadiusRule, RankBy, Ranking, Rules, RulesData,
    RulesProblem, smallest_radius,
};
use catchment::geo::{LngLat, Position};
use catchment::id::SiteId;
use catchment::plan::Preferences;
use catchment::site::{SiteKind, Tag, Tags};
use catchment::units::{Distance, Quantity, Units};
use proptest::prelude::*;

const STORE: SiteKind = SiteKind::Store;
const LEADER: SiteKind = SiteKind::Leader;

fn metres(metres: u32) -> Distance {
    Distance::from_metres(metres)
}

fn contender(id: u64, kind: SiteKind, distance: u32) -> Contender {
    Contender {
        site: SiteId(id),
        kind,
        tags: Tags::NONE,
        distance: metres(distance),
        room: None,
        stock: None,
    }
}

/// Five sites: two stores, three leaders.
fn town() -> Vec<Contender> {
    let with = |contender: Contender, room, stock, tags: &[Tag]| Contender {
        room: Some(Units(room)),
        stock: Some(Quantity(stock)),
        tags: Tags::of(tags),
        ..contender
    };
    vec![
        with(contender(1, STORE, 900), 100, 9, &[Tag::COLD_CHAIN]),
        with(contender(2, LEADER, 300), 10, 0, &[]),
        with(contender(3, LEADER, 450), 40, 5, &[Tag::COLD_CHAIN]),
        with(
            contender(4, STORE, 2_100),
            100,
            9,
            &[Tag::COLD_CHAIN, Tag::FROZEN],
        ),
        with(contender(5, LEADER, 300), 20, 5, &[]),
    ]
}

fn rules(rank: Vec<RankBy>) -> Rules {
    Rules::new(RulesData {
        rank,
        ..RulesData::default()
    })
    .expect("sound rules")
}

#[track_caller]
fn ranked(rank: Vec<RankBy>, home: Option<u64>, expected: &[u64], ahead: &[Ahead]) {
    let ranking = rules(rank).rank(&town(), home.map(SiteId));
    let sites: Vec<u64> = ranking.ranked.iter().map(|ranked| ranked.site.0).collect();
    assert_eq!(sites, expected);
    let why: Vec<Ahead> = ranking.ranked.iter().map(|ranked| ranked.ahead).collect();
    assert_eq!(&why[..4], ahead);
    assert_eq!(why[4], Ahead::OfNobody);
}

#[test]
fn the_first_rule_with_an_opinion_decides() {
    use Ahead::{Cost, Id, Rule};
    let bucket = |width| RankBy::Bucket(metres(width));
    for (rank, home, expected, ahead) in [
        // No rule: the nearest, and of equally near ones the smaller id.
        (vec![], None, [2, 5, 3, 1, 4], [Id, Cost, Cost, Cost]),
        (
            vec![RankBy::Kind(STORE)],
            None,
            [1, 4, 2, 5, 3],
            [Cost, Rule(0), Id, Cost],
        ),
        (
            vec![RankBy::Kind(LEADER)],
            None,
            [2, 5, 3, 1, 4],
            [Id, Cost, Rule(0), Cost],
        ),
        (
            vec![bucket(500), RankBy::Room],
            None,
            [3, 5, 2, 1, 4],
            [Rule(1), Rule(1), Rule(0), Rule(0)],
        ),
        (
            vec![bucket(1_000), RankBy::Stock],
            None,
            [1, 5, 3, 2, 4],
            [Rule(1), Cost, Rule(1), Rule(0)],
        ),
        (
            vec![RankBy::Tags(Tags::from(Tag::COLD_CHAIN))],
            None,
            [3, 1, 4, 2, 5],
            [Cost, Cost, Rule(0), Id],
        ),
        (
            vec![RankBy::Sites(vec![SiteId(4), SiteId(9), SiteId(5)])],
            None,
            [4, 5, 2, 3, 1],
            [Rule(0), Rule(0), Cost, Cost],
        ),
        (
            vec![RankBy::Home, RankBy::Kind(STORE)],
            Some(3),
            [3, 1, 4, 2, 5],
            [Rule(0), Cost, Rule(1), Id],
        ),
        // Abstains: there is no home. The home is not among them: all are put equal.
        (
            vec![RankBy::Home, RankBy::Kind(STORE)],
            None,
            [1, 4, 2, 5, 3],
            [Cost, Rule(1), Id, Cost],
        ),
        (
            vec![RankBy::Home, RankBy::Kind(STORE)],
            Some(77),
            [1, 4, 2, 5, 3],
            [Cost, Rule(1), Id, Cost],
        ),
        // All alike: the ids.
        (
            vec![bucket(9_000)],
            None,
            [2, 5, 3, 1, 4],
            [Id, Cost, Cost, Cost],
        ),
    ] {
        ranked(rank, home, &expected, &ahead);
    }
}

#[test]
fn a_rule_that_does_not_know_everything_abstains() {
    let mut sites = town();
    for rule in [RankBy::Stock, RankBy::Room] {
        let by = rules(vec![rule, RankBy::Kind(STORE)]);
        assert_eq!(by.rank(&sites, None).ranked[0].ahead, Ahead::Cost);
        sites[1] = contender(2, LEADER, 300);
        let ranking = by.rank(&sites, None);
        assert_eq!(ranking.ranked[1].ahead, Ahead::Rule(1));
        sites = town();
    }
    let twins: Vec<Contender> = [9, 3, 7].map(|id| contender(id, LEADER, 100)).into();
    let ranking = rules(vec![RankBy::Home, RankBy::Stock, RankBy::Room]).rank(&twins, None);
    let ids: Vec<u64> = ranking.ranked.iter().map(|ranked| ranked.site.0).collect();
    assert_eq!(ids, [3, 7, 9], "all tie: the lowest id");
}

#[test]
fn costs_are_metres_with_preferences() {
    let preferences = Preferences {
        home: metres(400),
        leader: metres(150),
        sites: [(SiteId(2), metres(1_000))].into(),
        ..Preferences::default()
    };
    let rules = Rules::new(RulesData {
        preferences,
        ..RulesData::default()
    })
    .expect("sound rules");
    let ranking = rules.rank(&town(), Some(SiteId(3)));
    let costs = ranking
        .ranked
        .iter()
        .map(|ranked| (ranked.site.0, ranked.cost.as_millimetres() / 1_000));
    assert_eq!(
        costs.collect::<Vec<_>>(),
        [(3, 200), (5, 450), (1, 900), (2, 1_450), (4, 2_100)]
    );
    let far = Contender {
        distance: Distance::MAX,
        ..contender(2, LEADER, 0)
    };
    assert_eq!(rules.cost(&far, None).as_millimetres(), i64::MAX);
}

#[test]
fn soft_rules_are_relaxed_from_the_last_up_and_named() {
    let hard = vec![Condition::Not(vec![SiteId(1)])];
    let cold = Condition::Tags(Tag::COLD_CHAIN.into());
    let near = Condition::Within(metres(400));
    let stocked = Condition::Stock(Quantity(6));
    let room = Condition::Room(Units(15));
    for (soft, expected, relaxed) in [
        (vec![], vec![2, 5, 3, 4], vec![]),
        (vec![cold.clone()], vec![3, 4], vec![]),
        (vec![near.clone(), room.clone()], vec![5], vec![]),
        // Nobody near has cold storage: then anybody with cold storage, or anybody near.
        (vec![cold.clone(), near.clone()], vec![3, 4], vec![1]),
        (vec![near.clone(), cold.clone()], vec![2, 5], vec![1]),
        // Between the two stands a rule that goes with them, broken by a ranked site or not.
        (
            vec![near.clone(), cold.clone(), room.clone()],
            vec![2, 5],
            vec![1, 2],
        ),
        (
            vec![near.clone(), stocked.clone(), Condition::Kind(LEADER)],
            vec![2, 5],
            vec![1],
        ),
        (
            vec![Condition::Among(vec![SiteId(77)]), near.clone()],
            vec![2, 5, 3, 4],
            vec![0, 1],
        ),
        (
            vec![Condition::Kind(STORE), Condition::Kind(LEADER)],
            vec![4],
            vec![1],
        ),
    ] {
        let data = RulesData {
            hard: hard.clone(),
            soft: soft.clone(),
            ..RulesData::default()
        };
        let rules = Rules::new(data).expect("sound rules");
        let ranking = rules.rank(&town(), None);
        let ids: Vec<u64> = ranking.ranked.iter().map(|ranked| ranked.site.0).collect();
        assert_eq!((ids, &ranking.relaxed), (expected, &relaxed), "{soft:?}");
        let hard = ranking
            .excluded
            .iter()
            .filter(|excluded| excluded.by == ExcludedBy::Hard(0));
        assert_eq!(
            hard.map(|excluded| excluded.site.0).collect::<Vec<_>>(),
            [1]
        );
        assert_eq!(ranking.excluded.len() + ranking.ranked.len(), 5);
        let relaxed = rules.rank_relaxed(&town(), None);
        assert_eq!(relaxed.ranked.len(), 4);
    }
    let nobody = Rules::new(RulesData {
        hard: vec![Condition::Within(metres(10))],
        ..RulesData::default()
    });
    let ranking = nobody.expect("sound rules").rank(&town(), None);
    assert_eq!((ranking.ranked.len(), ranking.excluded.len()), (0, 5));
    assert_eq!(
        rules(vec![RankBy::Stock]).rank(&[], None),
        Ranking::default()
    );
}

#[test]
fn every_rejected_field_is_named() {
    let site = SiteId(7);
    let too_much = metres(10_000_001);
    let data = RulesData {
        rank: vec![
            RankBy::Home,
            RankBy::Bucket(Distance::ZERO),
            RankBy::Home,
            RankBy::Tags(Tags::NONE),
            RankBy::Sites(vec![]),
            RankBy::Sites(vec![site, SiteId(1), site]),
        ],
        hard: vec![
            Condition::Kind(STORE),
            Condition::Kind(LEADER),
            Condition::Room(Units(0)),
            Condition::Room(Units(0)),
        ],
        soft: vec![
            Condition::Kind(LEADER),
            Condition::Stock(Quantity(0)),
            Condition::Not((0..1_001).map(SiteId).collect()),
        ],
        preferences: Preferences {
            store: too_much,
            sites: [(site, too_much)].into(),
            ..Preferences::default()
        },
    };
    let faults = Rules::new(data).expect_err("nonsense");
    let named: Vec<String> = faults.kept().iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        [
            "rank[1]: buckets without width",
            "rank[2]: the same as rank[0]",
            "rank[3]: no tags",
            "rank[4]: no sites",
            "rank[5]: site 7 twice",
            "hard[1]: another kind than hard[0], so that no site is left",
            "hard[2]: asks for 0",
            "hard[3]: the same as hard[2]",
            "hard[3]: asks for 0",
            "soft[0]: the same as hard[1]",
            "soft[0]: another kind than hard[0], so that no site is left",
            "soft[1]: asks for 0",
            "soft[2]: 1001 sites, limit is 1000",
            "preferences.store: worth 10,000,001 m, limit is 10,000,000 m",
            "preferences.sites[7]: worth 10,000,001 m, limit is 10,000,000 m",
        ]
    );
    let long = RulesData {
        rank: vec![RankBy::Home; 65],
        ..RulesData::default()
    };
    let faults = Rules::new(long).expect_err("too long");
    assert_eq!(
        faults.kept()[0].problem,
        RulesProblem::TooManyRules {
            rules: 65,
            limit: 64
        }
    );
    assert_eq!(
        (faults.kept()[0].field.as_str(), faults.total()),
        ("rank", 1)
    );
}

#[test]
fn the_smallest_of_overlapping_circles_wins() {
    let at = |lng| Position::new(LngLat { lng, lat: 31.23 }).expect("a place");
    let rule = |lng, radius, then| RadiusRule {
        centre: at(lng),
        radius: metres(radius),
        then,
    };
    // At 121.47 circles of 1, 3 and 5 km, and one of 3 km at 121.50, 2.85 km to the east.
    let rules = [
        rule(121.47, 5_000, 'c'),
        rule(121.47, 1_000, 'a'),
        rule(121.47, 3_000, 'b'),
        rule(121.50, 3_000, 'd'),
        rule(121.50, 3_000, 'e'),
    ];
    for (lng, expected) in [
        (121.470, Some('a')),
        (121.475, Some('a')),
        (121.484, Some('b')),
        (121.486, Some('d')),
        (121.510, Some('d')),
        (121.440, Some('b')),
        (121.430, Some('c')),
        (121.380, None),
    ] {
        assert_eq!(
            smallest_radius(&rules, at(lng)).map(|rule| rule.then),
            expected,
            "at {lng}"
        );
    }
}

fn any_kind() -> impl Strategy<Value = SiteKind> {
    prop_oneof![Just(STORE), Just(LEADER)]
}

fn any_sites() -> impl Strategy<Value = Vec<SiteId>> {
    proptest::collection::vec((0_u64..6).prop_map(SiteId), 0..4)
}

fn any_tags() -> impl Strategy<Value = Tags> {
    (0_usize..4).prop_map(|count| Tags::of(&[Tag::COLD_CHAIN, Tag::FROZEN, Tag::DELIVERY][..count]))
}

fn any_rank() -> impl Strategy<Value = RankBy> {
    prop_oneof![
        any_kind().prop_map(RankBy::Kind),
        any_tags().prop_map(RankBy::Tags),
        Just(RankBy::Home),
        any_sites().prop_map(RankBy::Sites),
        (0_u32..4).prop_map(|width| RankBy::Bucket(metres(width))),
        Just(RankBy::Stock),
        Just(RankBy::Room),
    ]
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        any_kind().prop_map(Condition::Kind),
        any_tags().prop_map(Condition::Tags),
        (0_u32..8).prop_map(|limit| Condition::Within(metres(limit))),
        (0_u32..4).prop_map(|room| Condition::Room(Units(room))),
        (0_u32..4).prop_map(|stock| Condition::Stock(Quantity(stock))),
        any_sites().prop_map(Condition::Among),
        any_sites().prop_map(Condition::Not),
    ]
}

fn any_data() -> impl Strategy<Value = RulesData> {
    let conditions = || proptest::collection::vec(any_condition(), 0..3);
    let rank = proptest::collection::vec(any_rank(), 0..4);
    (rank, conditions(), conditions(), 0_u32..3).prop_map(|(rank, hard, soft, store)| RulesData {
        rank,
        hard,
        soft,
        preferences: Preferences {
            store: metres(store),
            ..Preferences::default()
        },
    })
}

fn any_contenders() -> impl Strategy<Value = Vec<Contender>> {
    let known = |most: u32| proptest::option::weighted(0.9, 0..most);
    let one = (any_kind(), any_tags(), 0_u32..8, known(4), known(4));
    proptest::collection::vec(one, 0..7).prop_map(|all| {
        let numbered = (0..).zip(all);
        let contenders = numbered.map(|(id, (kind, tags, distance, room, stock))| Contender {
            tags,
            room: room.map(Units),
            stock: stock.map(Quantity),
            ..contender(id, kind, distance)
        });
        contenders.collect()
    })
}

proptest! {
    /// Everybody is ranked or excluded; the sequence in which sites come does not matter; nothing is relaxed in vain;
    /// more hard rules never let more sites through.
    #[test]
    fn laws_of_rankings(data in any_data(), mut sites in any_contenders(), home in proptest::option::of(0_u64..6)) {
        let Ok(rules) = Rules::new(data) else { return Ok(()) };
        let home = home.map(SiteId);
        let ranking = rules.rank(&sites, home);
        prop_assert_eq!(ranking.ranked.len() + ranking.excluded.len(), sites.len());
        let relaxed = rules.rank_relaxed(&sites, home);
        prop_assert!(relaxed.ranked.len() >= ranking.ranked.len());
        prop_assert_eq!(relaxed.ranked.is_empty(), ranking.ranked.is_empty());
        if !ranking.relaxed.is_empty() {
            // Whoever was left out for a soft rule breaks one that was kept.
            let first = ranking.relaxed[0];
            let soft = ranking.excluded.iter().filter_map(|excluded| match excluded.by {
                ExcludedBy::Soft(place) => Some(place),
                ExcludedBy::Hard(_) => None,
            });
            prop_assert!(soft.max().is_none_or(|last| last < first));
        }
        sites.reverse();
        let backwards = rules.rank(&sites, home);
        prop_assert_eq!(backwards.ranked, ranking.ranked);
        prop_assert_eq!(backwards.relaxed, ranking.relaxed);
    }

    /// Sound rules survive storage; unsound ones are refused on the way in as they are by `new`.
    #[cfg(feature = "serde")]
    #[test]
    fn rules_survive_json(data in any_data(), sites in any_contenders()) {
        let text = serde_json::to_string(&data).expect("plain data");
        let read = serde_json::from_str::<Rules>(&text);
        match Rules::new(data) {
            Ok(rules) => {
                prop_assert_eq!(serde_json::to_string(&rules).expect("plain data"), text);
                let ranking = rules.rank(&sites, None);
                let stored = serde_json::to_string(&ranking).expect("plain data");
                prop_assert_eq!(serde_json::from_str(&stored).ok(), Some(ranking));
                prop_assert_eq!(read.ok(), Some(rules));
            }
            Err(faults) => {
                let message = read.expect_err("nonsense").to_string();
                prop_assert!(message.contains(&faults.kept()[0].to_string()), "{}", message);
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn rules_read_as_they_are_written_by_hand() {
    let text = r#"{
        "rank": ["home", {"bucket": 500000}, {"kind": "store"}, {"sites": [4, 5]},
                 "stock", "room", {"tags": ["frozen"]}],
        "hard": [{"not": [9]}, {"within": 5000000}],
        "soft": [{"tags": ["cold-chain"]}, {"stock": 1}, {"room": 2}, {"among": [1, 2]}, {"kind": "leader"}],
        "preferences": {"home": 400000}
    }"#;
    let rules: Rules = serde_json::from_str(text).expect("sound rules");
    assert_eq!(rules.data().rank[1], RankBy::Bucket(metres(500)));
    assert_eq!(rules.data().soft[4], Condition::Kind(LEADER));
    assert_eq!(
        serde_json::from_str::<Rules>("{}").ok(),
        Some(Rules::default())
    );
    for nonsense in [
        r#"{"rang": []}"#,
        r#"{"rank": ["nearest"]}"#,
        r#"{"rank": [{"bucket": 0}]}"#,
        r#"{"soft": [{"among": []}]}"#,
    ] {
        assert!(
            serde_json::from_str::<Rules>(nonsense).is_err(),
            "{nonsense}"
        );
    }
}
