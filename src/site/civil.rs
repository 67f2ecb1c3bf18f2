//! Days and times as people in one place write them. Only [`LocalHours`](crate::site::LocalHours) gives them a meaning.

use core::fmt;
use core::str::FromStr;

use jiff::civil::Date;

/// A day of the week.
///
/// ```
/// use catchment::site::Weekday;
/// assert_eq!(Weekday::ALL[6], Weekday::Sunday);
/// assert_eq!(Weekday::Sunday.next(), Weekday::Monday);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// The week from Monday, as in ISO 8601.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % 7]
    }

    pub(super) fn of(date: Date) -> Self {
        Self::ALL[date.weekday().to_monday_zero_offset() as usize]
    }
}

/// A time of day on a wall clock, to the minute: 00:00 to 23:59.
///
/// The fields are checked where hours are made of them; text, also in serde form, is `22:30`.
///
/// ```
/// use catchment::site::LocalTime;
/// let half_past_ten = LocalTime { hour: 22, minute: 30 };
/// assert_eq!("22:30".parse(), Ok(half_past_ten));
/// assert_eq!(half_past_ten.to_string(), "22:30");
/// assert!("24:00".parse::<LocalTime>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl LocalTime {
    /// The start of a day, and as a closing time its end.
    pub const MIDNIGHT: Self = Self { hour: 0, minute: 0 };

    /// Minutes since midnight, on a day on which the clock is not changed.
    pub(super) fn minute_of_day(self) -> u16 {
        u16::from(self.hour) * 60 + u16::from(self.minute)
    }

    pub(super) fn check(self) -> Result<Self, CivilError> {
        if self.hour < 24 && self.minute < 60 {
            Ok(self)
        } else {
            Err(CivilError::NoSuchTime { time: self })
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl FromStr for LocalTime {
    type Err = CivilError;

    /// Reads `hh:mm`.
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let malformed = || CivilError::NotATime { text: text.into() };
        let [hour, minute] = numbers(text, ':', [2, 2]).ok_or_else(malformed)?;
        let (hour, minute) = (hour as u8, minute as u8);
        Self { hour, minute }.check()
    }
}

/// A date of the Gregorian calendar in the years 1 to 9999.
///
/// The fields are checked where hours are made of them; text, also in serde form, is `2027-02-06`.
///
/// ```
/// use catchment::site::LocalDate;
/// let new_year = LocalDate { year: 2027, month: 2, day: 6 };
/// assert_eq!("2027-02-06".parse(), Ok(new_year));
/// assert_eq!(new_year.to_string(), "2027-02-06");
/// assert!("2027-02-29".parse::<LocalDate>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct LocalDate {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the last of the month.
    pub day: u8,
}

impl LocalDate {
    /// The date in the library that knows the calendar.
    pub(super) fn to_civil(self) -> Result<Date, CivilError> {
        let no_such_date = || CivilError::NoSuchDate { date: self };
        let year = i16::try_from(self.year).ok().filter(|year| *year > 0);
        let (month, day) = (i8::try_from(self.month), i8::try_from(self.day));
        let (Some(year), Ok(month), Ok(day)) = (year, month, day) else {
            return Err(no_such_date());
        };
        Date::new(year, month, day).map_err(|_| no_such_date())
    }

    pub(super) fn of(date: Date) -> Self {
        Self {
            year: date.year() as u16,
            month: date.month() as u8,
            day: date.day() as u8,
        }
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for LocalDate {
    type Err = CivilError;

    /// Reads `yyyy-mm-dd`.
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let malformed = || CivilError::NotADate { text: text.into() };
        let [year, month, day] = numbers(text, '-', [4, 2, 2]).ok_or_else(malformed)?;
        let date = Self {
            year,
            month: month as u8,
            day: day as u8,
        };
        date.to_civil().map(|_| date)
    }
}

/// The numbers of a text in which each has its fixed count of digits (at most four), as ISO 8601 demands.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u16; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        // `parse` would take a sign.
        let all_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| all_digits)?;
    }
    parts.next().is_none().then_some(numbers)
}

macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = CivilError;

            fn try_from(text: String) -> Result<Self, CivilError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

as_text!(LocalTime);
as_text!(LocalDate);

/// A date or time that no calendar or clock shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CivilError {
    /// Not written as `hh:mm`.
    #[error("{text:?} is not a time like 22:30")]
    NotATime {
        /// The text given.
        text: String,
    },
    /// Outside 00:00 to 23:59.
    #[error("there is no time {time}, times go from 00:00 to 23:59")]
    NoSuchTime {
        /// The time given.
        time: LocalTime,
    },
    /// Not written as `yyyy-mm-dd`.
    #[error("{text:?} is not a date like 2027-02-06")]
    NotADate {
        /// The text given.
        text: String,
    },
    /// Not in the calendar, or outside the years 1 to 9999.
    #[error("there is no date {date} in the years 1 to 9999")]
    NoSuchDate {
        /// The date given.
        date: LocalDate,
    },
}
