//! Local hours in UTC: cases worked out by hand for nights on which the clock is changed, and rules that are refused.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::site::{
    CivilError, LocalDate, LocalHours, LocalHoursError, LocalOpening, LocalRules, LocalTime,
    Weekday,
};
use catchment::time::{Timestamp, Window};

fn instant(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_unix_millis(instant.as_millisecond())
}

/// A window from text like `2024-03-31T01:00Z/2024-03-31T03:00Z`.
fn window(text: &str) -> Window {
    let (opens_at, closes_at) = text.split_once('/').unwrap();
    Window::new(instant(opens_at), instant(closes_at)).unwrap()
}

/// Hours from text like `22:00-02:00`.
fn hours(text: &str) -> LocalOpening {
    let (opens_at, closes_at) = text.split_once('-').unwrap();
    LocalOpening {
        opens_at: opens_at.parse().unwrap(),
        closes_at: closes_at.parse().unwrap(),
        capacity: None,
    }
}

fn daily(zone: &str, texts: &[&str]) -> LocalRules {
    LocalRules::daily(zone, texts.iter().map(|text| hours(text)))
}

#[track_caller]
fn check(rules: LocalRules, span: &str, expected: &[&str]) {
    let schedule = LocalHours::new(rules)
        .unwrap()
        .expand(window(span), 100)
        .unwrap();
    let windows: Vec<Window> = schedule
        .openings()
        .iter()
        .map(|opening| opening.window)
        .collect();
    let expected: Vec<Window> = expected.iter().map(|text| window(text)).collect();
    assert_eq!(windows, expected);
}

#[test]
fn shanghai_keeps_one_time_all_year() {
    check(
        daily("Asia/Shanghai", &["09:00-21:00"]),
        "2026-01-01T00:00Z/2026-01-03T00:00Z",
        &[
            "2026-01-01T01:00Z/2026-01-01T13:00Z",
            "2026-01-02T01:00Z/2026-01-02T13:00Z",
        ],
    );
    check(
        daily("Asia/Shanghai", &["09:00-12:00", "12:00-21:00"]),
        "2026-07-01T00:00Z/2026-07-02T00:00Z",
        &[
            "2026-07-01T01:00Z/2026-07-01T04:00Z",
            "2026-07-01T04:00Z/2026-07-01T13:00Z",
        ],
    );
    // It had summer time until 1991.
    check(
        daily("Asia/Shanghai", &["09:00-21:00"]),
        "1991-07-01T00:00Z/1991-07-02T00:00Z",
        &["1991-07-01T00:00Z/1991-07-01T12:00Z"],
    );
}

#[test]
fn helsinki_skips_3_to_4_in_spring() {
    let check = |hours: &str, expected: &[&str]| {
        let night = "2024-03-30T22:00Z/2024-03-31T06:00Z";
        check(daily("Europe/Helsinki", &[hours]), night, expected);
    };
    check("03:30-05:00", &["2024-03-31T01:00Z/2024-03-31T02:00Z"]);
    check("02:00-03:30", &["2024-03-31T00:00Z/2024-03-31T01:00Z"]);
    check("03:00-04:00", &[]);
    check("03:10-03:50", &[]);
    check("02:00-05:00", &["2024-03-31T00:00Z/2024-03-31T02:00Z"]);
}

#[test]
fn helsinki_shows_3_to_4_twice_in_autumn() {
    let check = |hours: &str, expected: &[&str]| {
        let night = "2024-10-26T20:00Z/2024-10-27T06:00Z";
        check(daily("Europe/Helsinki", &[hours]), night, expected);
    };
    check("03:30-05:00", &["2024-10-27T00:30Z/2024-10-27T03:00Z"]);
    check("01:00-03:30", &["2024-10-26T22:00Z/2024-10-27T00:30Z"]);
    check("03:10-03:50", &["2024-10-27T00:10Z/2024-10-27T00:50Z"]);
    check("03:00-04:00", &["2024-10-27T00:00Z/2024-10-27T02:00Z"]);
}

#[test]
fn new_york_changes_at_2_on_a_sunday() {
    let bar = || daily("America/New_York", &["22:00-02:30"]);
    check(
        bar(),
        "2024-03-10T00:00Z/2024-03-10T12:00Z",
        &["2024-03-10T03:00Z/2024-03-10T07:00Z"],
    );
    check(
        bar(),
        "2024-11-03T00:00Z/2024-11-03T12:00Z",
        &["2024-11-03T02:00Z/2024-11-03T07:30Z"],
    );
    check(
        daily("America/New_York", &["00:00-00:00"]),
        "2024-11-03T04:00Z/2024-11-05T05:00Z",
        &[
            "2024-11-03T04:00Z/2024-11-04T05:00Z",
            "2024-11-04T05:00Z/2024-11-05T05:00Z",
        ],
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    let check = |hours: &str, span: &str, expected: &[&str]| {
        check(daily("Australia/Lord_Howe", &[hours]), span, expected);
    };
    let (spring, autumn) = (
        "2024-10-05T12:00Z/2024-10-05T18:00Z",
        "2024-04-06T12:00Z/2024-04-06T18:00Z",
    );
    check(
        "02:10-04:00",
        spring,
        &["2024-10-05T15:30Z/2024-10-05T17:00Z"],
    );
    check("02:10-02:30", spring, &[]);
    check(
        "01:45-03:00",
        autumn,
        &["2024-04-06T14:45Z/2024-04-06T16:30Z"],
    );
    check(
        "01:30-02:00",
        autumn,
        &["2024-04-06T14:30Z/2024-04-06T15:30Z"],
    );
}

#[test]
fn apia_skipped_the_30th_of_december_2011() {
    let check = |hours: &str, expected: &[&str]| {
        let days = "2011-12-29T10:00Z/2011-12-31T10:00Z";
        check(daily("Pacific/Apia", &[hours]), days, expected);
    };
    check(
        "09:00-17:00",
        &[
            "2011-12-29T19:00Z/2011-12-30T03:00Z",
            "2011-12-30T19:00Z/2011-12-31T03:00Z",
        ],
    );
    check(
        "00:00-00:00",
        &[
            "2011-12-29T10:00Z/2011-12-30T10:00Z",
            "2011-12-30T10:00Z/2011-12-31T10:00Z",
        ],
    );
    check(
        "22:00-02:00",
        &[
            "2011-12-29T10:00Z/2011-12-29T12:00Z",
            "2011-12-30T08:00Z/2011-12-30T10:00Z",
            // What the night of the 30th has left after midnight; its evening was skipped.
            "2011-12-30T10:00Z/2011-12-30T12:00Z",
            "2011-12-31T08:00Z/2011-12-31T10:00Z",
        ],
    );
}

#[test]
fn hours_belong_to_the_day_they_begin_on() {
    // Friday night and Saturday noon, seen from Friday noon to Sunday noon.
    let mut rules = daily("UTC", &[]);
    rules
        .weekly
        .insert(Weekday::Friday, vec![hours("22:00-02:00")]);
    rules
        .weekly
        .insert(Weekday::Saturday, vec![hours("11:00-13:00")]);
    let weekend = "2026-05-15T12:00Z/2026-05-17T12:00Z";
    let (night, noon) = (
        "2026-05-15T22:00Z/2026-05-16T02:00Z",
        "2026-05-16T11:00Z/2026-05-16T13:00Z",
    );
    check(rules.clone(), weekend, &[night, noon]);

    let exception = |date: &str, hours: &[LocalOpening]| {
        let mut rules = rules.clone();
        rules
            .exceptions
            .insert(date.parse().unwrap(), hours.to_vec());
        rules
    };
    check(exception("2026-05-15", &[]), weekend, &[noon]);
    check(exception("2026-05-16", &[]), weekend, &[night]);
    check(exception("2026-05-09", &[]), weekend, &[night, noon]);
    let early = "2026-05-16T02:00Z/2026-05-16T03:00Z";
    check(
        exception("2026-05-16", &[hours("02:00-03:00")]),
        weekend,
        &[night, early],
    );
    let sunday = "2026-05-17T08:00Z/2026-05-17T12:00Z";
    check(
        exception("2026-05-17", &[hours("08:00-20:00")]),
        weekend,
        &[night, noon, sunday],
    );
}

#[test]
fn openings_are_cut_at_the_ends_of_the_span() {
    let check =
        |span: &str, expected: &[&str]| check(daily("UTC", &["08:00-20:00"]), span, expected);
    check(
        "2026-05-15T09:00Z/2026-05-15T10:00Z",
        &["2026-05-15T09:00Z/2026-05-15T10:00Z"],
    );
    check("2026-05-15T20:00Z/2026-05-16T08:00Z", &[]);
    check(
        "2026-05-15T19:59Z/2026-05-16T08:01Z",
        &[
            "2026-05-15T19:59Z/2026-05-15T20:00Z",
            "2026-05-16T08:00Z/2026-05-16T08:01Z",
        ],
    );
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let check = |rules: LocalRules, expected: LocalHoursError| {
        assert_eq!(LocalHours::new(rules), Err(expected));
    };
    let zone = |zone: &str| LocalHoursError::UnknownZone { zone: zone.into() };
    for name in [
        "",
        "Mars/Olympus",
        "CST6CDT,M3.2.0,M11.1.0",
        "../etc/passwd",
    ] {
        check(daily(name, &[]), zone(name));
    }

    let mut rules = daily("UTC", &["08:00-20:00"]);
    let time = LocalTime {
        hour: 24,
        minute: 0,
    };
    rules.weekly.insert(
        Weekday::Friday,
        vec![LocalOpening {
            closes_at: time,
            ..LocalOpening::ALL_DAY
        }],
    );
    check(rules, CivilError::NoSuchTime { time }.into());

    for (year, month, day) in [
        (2026, 2, 29),
        (2026, 13, 1),
        (2026, 0, 1),
        (0, 1, 1),
        (10_000, 1, 1),
        (2026, 1, 255),
    ] {
        let mut rules = daily("UTC", &[]);
        let date = LocalDate { year, month, day };
        rules.exceptions.insert(date, vec![]);
        check(rules, CivilError::NoSuchDate { date }.into());
    }
}

#[test]
fn hours_that_overlap_are_refused() {
    let weekly = |day: Weekday, first: &str, second: &str| LocalHoursError::OverlapInWeek {
        day,
        first: hours(first),
        second: hours(second),
    };
    let check = |rules: &LocalRules, expected| assert_eq!(LocalHours::new(rules.clone()), expected);
    let refused = |rules: &LocalRules, error| check(rules, Err(error));
    refused(
        &daily("UTC", &["12:00-20:00", "08:00-12:01"]),
        weekly(Weekday::Monday, "08:00-12:01", "12:00-20:00"),
    );
    refused(
        &daily("UTC", &["22:00-08:01", "08:00-12:00"]),
        weekly(Weekday::Monday, "22:00-08:01", "08:00-12:00"),
    );
    refused(
        &daily("UTC", &["06:00-06:00", "05:00-06:00"]),
        weekly(Weekday::Monday, "06:00-06:00", "05:00-06:00"),
    );
    let mut sunday = daily("UTC", &[]);
    sunday
        .weekly
        .insert(Weekday::Sunday, vec![hours("22:00-08:01")]);
    sunday
        .weekly
        .insert(Weekday::Monday, vec![hours("08:00-12:00")]);
    refused(
        &sunday,
        weekly(Weekday::Sunday, "22:00-08:01", "08:00-12:00"),
    );

    let mut rules = daily("UTC", &["20:00-02:00"]);
    for (date, exception, (date_first, first, second)) in [
        (
            "2026-05-16",
            "01:00-05:00",
            ("2026-05-15", "20:00-02:00", "01:00-05:00"),
        ),
        (
            "2026-05-16",
            "22:00-21:00",
            ("2026-05-16", "22:00-21:00", "20:00-02:00"),
        ),
        (
            "9999-12-31",
            "01:00-05:00",
            ("9999-12-30", "20:00-02:00", "01:00-05:00"),
        ),
    ] {
        rules.exceptions = [(date.parse().unwrap(), vec![hours(exception)])].into();
        refused(
            &rules,
            LocalHoursError::OverlapOnDate {
                date: date_first.parse().unwrap(),
                first: hours(first),
                second: hours(second),
            },
        );
    }
    rules.exceptions = [("2026-05-16".parse().unwrap(), vec![hours("02:00-20:00")])].into();
    assert!(LocalHours::new(rules).is_ok());
}

#[test]
fn spans_and_results_are_bounded() {
    let hours = LocalHours::new(daily("Pacific/Kiritimati", &["08:00-20:00"])).unwrap();
    let days = window("2026-05-01T00:00Z/2026-05-11T00:00Z");
    let count = hours.expand(days, 1_000).unwrap().openings().len();
    assert!(hours.expand(days, count).is_ok());
    for limit in [0, 1, count - 1] {
        assert_eq!(
            hours.expand(days, limit),
            Err(LocalHoursError::TooManyOpenings { limit })
        );
    }

    let [first, last] = ["0001-01-01T00:00Z", "9999-01-01T00:00Z"].map(instant);
    let one =
        |millis: i64, at: Timestamp| Timestamp::from_unix_millis(at.as_unix_millis() + millis);
    for (opens_at, closes_at, fits) in [
        (first, one(1, first), true),
        (one(-1, last), last, true),
        (one(-1, first), one(1, first), false),
        (one(-1, last), one(1, last), false),
        (Timestamp::MIN, Timestamp::MAX, false),
    ] {
        let span = Window::new(opens_at, closes_at).unwrap();
        let expected = if fits {
            None
        } else {
            Some(LocalHoursError::SpanOutOfRange { span })
        };
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
            let hours = LocalHours::new(daily(zone, &["00:00-00:00"])).unwrap();
            assert_eq!(hours.expand(span, 2).err(), expected);
        }
    }
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<LocalHours>();
    check::<LocalRules>();
    check::<LocalHoursError>();
}

#[cfg(feature = "serde")]
#[test]
fn the_serde_form_is_checked() {
    let json = concat!(
        r#"{"zone":"Asia/Shanghai","weekly":{"friday":[{"opens_at":"22:00","closes_at":"02:00","capacity":40}]},"#,
        r#""exceptions":{"2027-02-06":[]}}"#
    );
    let hours: LocalHours = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&hours).unwrap(), json);
    for (good, bad) in [
        ("Shanghai", "Shangai"),
        ("friday", "freitag"),
        ("22:00", "24:00"),
        ("22:00", "2:00"),
        ("22:00", "+2:00"),
        ("22:00", "22:00:00"),
        ("2027-02-06", "2027-02-30"),
        ("2027-02-06", "2027-2-6"),
        ("weekly", "week"),
        (
            r#""closes_at":"02:00""#,
            r#""closes_at":"02:00"},{"opens_at":"23:00","closes_at":"01:00""#,
        ),
    ] {
        let changed = json.replace(good, bad);
        assert_ne!(changed, json);
        assert!(
            serde_json::from_str::<LocalHours>(&changed).is_err(),
            "{changed}"
        );
    }
}
