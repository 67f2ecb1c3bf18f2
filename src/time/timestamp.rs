use core::fmt;
use core::time::Duration;

/// An instant: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (Unix time).
///
/// `Display` is RFC 3339 in UTC, with milliseconds where there are any. Before the year 0000 and after 9999, where RFC
/// 3339 ends, the year has a sign as in ISO 8601, counted astronomically: `-0001` is 2 BC. Serde form is the number.
///
/// ```
/// use catchment::time::Timestamp;
/// use core::time::Duration;
/// let ten_at_night = Timestamp::from_unix_seconds(1_795_294_800)?;
/// let later = ten_at_night.checked_add(Duration::from_secs(90))?;
/// assert_eq!(later.as_unix_millis() - ten_at_night.as_unix_millis(), 90_000);
/// assert_eq!(later.to_string(), "2026-11-21T21:01:30Z");
/// # Ok::<(), catchment::time::TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant so many milliseconds after (before, if negative) the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant so many seconds after (before, if negative) the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] if the milliseconds do not fit 64 bits.
    pub const fn from_unix_seconds(seconds: i64) -> Result<Self, TimeError> {
        match seconds.checked_mul(1_000) {
            Some(millis) => Ok(Self(millis)),
            None => Err(TimeError::OutOfRange),
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// The instant `duration` later; fractions of a millisecond are dropped.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`] past [`Timestamp::MAX`].
    pub fn checked_add(self, duration: Duration) -> Result<Self, TimeError> {
        i64::try_from(duration.as_millis())
            .ok()
            .and_then(|millis| self.0.checked_add(millis))
            .map(Self)
            .ok_or(TimeError::OutOfRange)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000;
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let since_midnight = self.0.rem_euclid(DAY);
        let seconds = since_midnight / 1_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let year = match year {
            0..=9_999 => format!("{year:04}"),
            _ => format!("{year:+05}"),
        };
        let fraction = match since_midnight % 1_000 {
            0 => String::new(),
            millis => format!(".{millis:03}"),
        };
        let text =
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z");
        f.pad(&text)
    }
}

/// Year, month and day of the proleptic Gregorian calendar, so many days after 1970-01-01.
///
/// After H. Hinnant, *chrono-Compatible Low-Level Date Algorithms* (2013), `civil_from_days`. A year begins in March
/// there, so that the leap day is its last; an era is the 400 years, or 146,097 days, after which the calendar repeats.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // From 0000-03-01. No overflow: 64 bits of milliseconds are fewer than 2^38 days.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next_year) = match month_from_march {
        0..=9 => (month_from_march + 3, 0),
        _ => (month_from_march - 9, 1),
    };
    (era * 400 + year_of_era + next_year, month, day)
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}ms", self.0)
    }
}

/// An instant that can't be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// More than 2⁶³ milliseconds from the Unix epoch.
    #[error("the instant is more than 2^63 ms from the Unix epoch")]
    OutOfRange,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_rfc_3339() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_005, "1970-01-01T00:00:01.005Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+10000-01-01T00:00:00Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_001, "-0001-12-31T23:59:59.999Z"),
            (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
            (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
        ] {
            let text = Timestamp::from_unix_millis(millis).to_string();
            assert_eq!(text, expected, "{millis}");
        }
        assert_eq!(format!("{:>21}", Timestamp(0)), " 1970-01-01T00:00:00Z");
    }

    /// The calendar leafed through day by day, from 1970 on and back.
    #[test]
    fn days_are_those_of_the_calendar() {
        fn length(year: i64, month: i64) -> i64 {
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            match month {
                2 => 28 + i64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            }
        }
        let mut days = 0;
        for (year, month) in (1970..2801).flat_map(|year| (1..13).map(move |month| (year, month))) {
            for day in 1..=length(year, month) {
                assert_eq!(civil_from_days(days), (year, month, day));
                days += 1;
            }
        }
        let mut days = 0;
        for (year, month) in (-801..1970)
            .rev()
            .flat_map(|year| (1..13).rev().map(move |month| (year, month)))
        {
            for day in (1..=length(year, month)).rev() {
                days -= 1;
                assert_eq!(civil_from_days(days), (year, month, day));
            }
        }
    }
}
