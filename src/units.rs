//! Quantities as whole numbers of a named unit.
//!
//! Floats enter the library in [`Distance::from_metres_f64`] and in [`geo`](crate::geo), nowhere else. Everything
//! that is compared, summed or optimised afterwards is an integer, so sums are exact and neither the order of
//! addition nor the number of threads can change a result.

use core::fmt::{self, Write};

/// A length in whole millimetres.
///
/// Millimetres are finer than any address is known and coarse enough for sums: 2⁶⁴ mm is 18 trillion
/// kilometres, so a sum of distances on Earth can't overflow before 900 million million terms.
///
/// `Display` prints whole metres with thousands separators; `{:#}` prints all three decimals. Serde form is the
/// number of millimetres.
///
/// ```
/// use catchment::units::Distance;
/// let walk = Distance::from_millimetres(1_240_499);
/// assert_eq!(walk.to_string(), "1,240 m");
/// assert_eq!(format!("{walk:#}"), "1,240.499 m");
/// assert!(walk > Distance::from_metres(1_000));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Distance(u64);

impl Distance {
    /// No distance at all.
    pub const ZERO: Self = Self(0);
    /// More than any distance on Earth: the limit that limits nothing.
    pub const MAX: Self = Self(u64::MAX);

    /// A distance of whole millimetres.
    #[must_use]
    pub const fn from_millimetres(millimetres: u64) -> Self {
        Self(millimetres)
    }

    /// A distance of whole metres.
    ///
    /// ```
    /// use catchment::units::Distance;
    /// assert_eq!(Distance::from_metres(2).as_millimetres(), 2_000);
    /// ```
    #[must_use]
    pub const fn from_metres(metres: u32) -> Self {
        Self(metres as u64 * 1_000)
    }

    /// The nearest whole millimetre to a number of metres, halves away from zero.
    ///
    /// # Errors
    ///
    /// [`UnitError::NotADistance`] for a number that is not finite, is negative, or exceeds 10¹² m.
    ///
    /// ```
    /// use catchment::units::Distance;
    /// assert_eq!(Distance::from_metres_f64(0.0014)?.as_millimetres(), 1);
    /// assert!(Distance::from_metres_f64(f64::NAN).is_err());
    /// # Ok::<(), catchment::units::UnitError>(())
    /// ```
    pub fn from_metres_f64(metres: f64) -> Result<Self, UnitError> {
        // 10^12 m is 10^15 mm, below 2^53: every whole number of millimetres up to there is exact in an f64.
        if (0.0..=1e12).contains(&metres) {
            Ok(Self(libm::round(metres * 1_000.0) as u64))
        } else {
            Err(UnitError::NotADistance { metres })
        }
    }

    /// The length in whole millimetres.
    #[must_use]
    pub const fn as_millimetres(self) -> u64 {
        self.0
    }

    /// The length in metres, for people and for formulas; not for comparing or summing.
    ///
    /// ```
    /// use catchment::units::Distance;
    /// assert_eq!(Distance::from_millimetres(1_500).as_metres_f64(), 1.5);
    /// ```
    #[must_use]
    pub fn as_metres_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// The sum, or `None` if it does not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// How much longer this is than `other`; zero if it is not.
    ///
    /// ```
    /// use catchment::units::Distance;
    /// let (chosen, nearest) = (Distance::from_metres(900), Distance::from_metres(650));
    /// assert_eq!(chosen.saturating_sub(nearest), Distance::from_metres(250)); // the detour
    /// ```
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (metres, fraction) = if f.alternate() {
            (self.0 / 1_000, Some(self.0 % 1_000))
        } else {
            (self.0 / 1_000 + u64::from(self.0 % 1_000 >= 500), None)
        };
        let mut text = grouped(metres);
        if let Some(fraction) = fraction {
            write!(text, ".{fraction:03}")?;
        }
        text.push_str(" m");
        f.pad(&text)
    }
}

/// A number with separators between thousands: 336,927.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 8);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Debug for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}mm", self.0)
    }
}

macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name(pub u32);

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

count! {
    /// A number of orders, each counted once whatever its size.
    ///
    /// ```
    /// use catchment::units::Orders;
    /// assert_eq!(Orders(3).to_string(), "3");
    /// ```
    Orders
}
count! {
    /// Room at a site, and what an order takes of it: the unit of capacity, load and size.
    ///
    /// An ordinary parcel has size 1. What one unit stands for (a parcel, a crate, a slot of ten minutes) is
    /// the caller's choice, the same for every site of a network.
    ///
    /// ```
    /// use catchment::units::Units;
    /// assert!(Units(2) < Units(60));
    /// ```
    Units
}
count! {
    /// How many pieces of one SKU an order line asks for.
    ///
    /// ```
    /// use catchment::units::Quantity;
    /// assert_eq!(Quantity(4).0, 4);
    /// ```
    Quantity
}

/// A number that can't be a quantity.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Not finite, negative, or beyond 10¹² m.
    #[error("{metres} m is not a distance from 0 to 10^12 m")]
    NotADistance {
        /// The number given, in metres.
        metres: f64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_print_with_separators() {
        for (millimetres, plain, exact) in [
            (0, "0 m", "0.000 m"),
            (499, "0 m", "0.499 m"),
            (500, "1 m", "0.500 m"),
            (999_499, "999 m", "999.499 m"),
            (999_500, "1,000 m", "999.500 m"),
            (
                20_015_114_442_000,
                "20,015,114,442 m",
                "20,015,114,442.000 m",
            ),
        ] {
            let distance = Distance::from_millimetres(millimetres);
            assert_eq!(distance.to_string(), plain);
            assert_eq!(format!("{distance:#}"), exact);
        }
    }

    #[test]
    fn only_numbers_that_are_lengths_become_distances() {
        for metres in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.001, 1.1e12] {
            assert!(Distance::from_metres_f64(metres).is_err(), "{metres}");
        }
        for (metres, millimetres) in [
            (-0.0, 0),
            (0.0005, 1),
            (0.000_499, 0),
            (1e12, 1_000_000_000_000_000),
        ] {
            assert_eq!(
                Distance::from_metres_f64(metres).map(Distance::as_millimetres),
                Ok(millimetres)
            );
        }
    }
}
