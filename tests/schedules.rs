//! Schedules against a plain list of windows.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::site::{Opening, Schedule, ScheduleError};
use catchment::time::{Timestamp, Window};
use catchment::units::Units;
use proptest::prelude::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn opening(opens_at: i64, closes_at: i64) -> Opening {
    Opening::from(Window::new(at(opens_at), at(closes_at)).unwrap())
}

fn any_opening() -> impl Strategy<Value = Opening> {
    (0..40_i64, 1..6_i64, prop::option::of(0..3_u32)).prop_map(|(opens_at, length, capacity)| {
        Opening {
            capacity: capacity.map(Units),
            ..opening(opens_at, opens_at + length)
        }
    })
}

/// Up to twelve openings that do not overlap, in any order; some touch.
fn disjoint_openings() -> impl Strategy<Value = Vec<Opening>> {
    let gaps_and_lengths = prop::collection::vec((0..3_i64, 1..4_i64), 0..12);
    let openings = gaps_and_lengths.prop_map(|stretches| {
        let mut end = 0;
        let mut next = |(gap, length)| {
            let opens_at = end + gap;
            end = opens_at + length;
            opening(opens_at, end)
        };
        stretches.into_iter().map(&mut next).collect::<Vec<_>>()
    });
    openings.prop_shuffle()
}

proptest! {
    #[test]
    fn openings_make_a_schedule_unless_two_overlap(openings in prop::collection::vec(any_opening(), 0..8)) {
        let pairs = (0..openings.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let overlap = pairs.into_iter().any(|(a, b)| openings[a].window.overlaps(openings[b].window));
        match Schedule::from_openings(openings.clone()) {
            Ok(schedule) => {
                prop_assert!(!overlap);
                let mut sorted = openings;
                sorted.sort_by_key(|opening| opening.window);
                prop_assert_eq!(schedule.openings(), sorted);
            }
            Err(ScheduleError::Overlap { first, second }) => {
                prop_assert!(first <= second && first.overlaps(second));
                let given = |window| openings.iter().filter(|opening| opening.window == window).count();
                prop_assert!(given(first) > 0 && given(second) > 0 && given(first) + given(second) > 1);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn look_ups_agree_with_a_walk_through_the_list(openings in disjoint_openings()) {
        let schedule = Schedule::from_openings(openings.clone()).unwrap();
        for now in (-1..80).map(at).chain([Timestamp::MIN, Timestamp::MAX]) {
            let current = openings.iter().find(|opening| opening.window.contains(now)).copied();
            prop_assert_eq!(schedule.opening_at(now), current);
            prop_assert_eq!(schedule.is_open_at(now), current.is_some());
            let later = openings.iter().filter(|opening| opening.window.opens_at() > now);
            let next = later.min_by_key(|opening| opening.window.opens_at()).copied();
            prop_assert_eq!(schedule.next_opening_after(now), next);
        }
    }
}

#[test]
fn always_is_open_at_every_instant_and_never_at_none() {
    let never = Schedule::from_openings([]).unwrap();
    for now in [Timestamp::MIN, at(0), Timestamp::MAX] {
        assert!(Schedule::always().is_open_at(now));
        assert_eq!(Schedule::always().next_opening_after(now), None);
        assert!(!never.is_open_at(now));
        assert_eq!(never.next_opening_after(now), None);
    }
    assert_ne!(Schedule::always(), never);
    assert!(Schedule::always().openings().is_empty() && never.openings().is_empty());
}

#[test]
fn an_overlap_names_both_windows() {
    let error = Schedule::from_openings([opening(8, 12), opening(0, 9)]).unwrap_err();
    let message = "opening from 0 to 9 overlaps opening from 8 to 12 (unix time in ms)";
    assert_eq!(error.to_string(), message);
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Schedule>();
    check::<Opening>();
    check::<ScheduleError>();
    assert!(size_of::<Schedule>() <= 16);
}

#[cfg(feature = "serde")]
#[test]
fn the_serde_form_is_checked() {
    let openings = [
        Opening {
            capacity: Some(Units(5)),
            ..opening(0, 9)
        },
        opening(9, 12),
    ];
    let list = concat!(
        r#"{"openings":[{"window":{"opens_at":0,"closes_at":9},"capacity":5},"#,
        r#"{"window":{"opens_at":9,"closes_at":12},"capacity":null}]}"#
    );
    for (schedule, json) in [
        (Schedule::always(), r#""always""#),
        (Schedule::from_openings([]).unwrap(), r#"{"openings":[]}"#),
        (Schedule::from_openings(openings).unwrap(), list),
    ] {
        assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        assert_eq!(serde_json::from_str::<Schedule>(json).unwrap(), schedule);
    }
    for bad in [
        r#""never""#,
        "[]",
        r#"{"openings":[{"window":{"opens_at":9,"closes_at":9}}]}"#,
        r#"{"openings":[{"window":{"opens_at":0,"closes_at":9}},{"window":{"opens_at":8,"closes_at":12}}]}"#,
        r#"{"openings":[{"window":{"opens_at":0,"closes_at":9},"capacity":-1}]}"#,
    ] {
        assert!(serde_json::from_str::<Schedule>(bad).is_err(), "{bad}");
    }
}
