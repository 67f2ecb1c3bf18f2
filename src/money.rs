//! Money in whole minor units, with its currency.
//!
//! A price is 990 fen, never 9.9 yuan: sums are exact, and no rounding hides in them.

use core::fmt;

/// A sum of money in minor units (fen, cents) of a currency that the context names. Never negative.
///
/// ```
/// use catchment::money::Amount;
/// let price = Amount(990);
/// assert_eq!(price.checked_mul(3), Some(Amount(2_970)));
/// assert_eq!(Amount(1).checked_sub(price), None);
/// assert_eq!(Amount(u64::MAX).checked_add(price), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Amount(pub u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` if it does not fit 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` if `other` is more.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// So many times this amount, or `None` if that does not fit 64 bits.
    #[must_use]
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
}

/// A currency by its three-letter code (ISO 4217).
///
/// Only the form is checked, not whether the code is in the standard's list, which changes.
///
/// ```
/// use catchment::money::{Currency, CurrencyError};
/// assert_eq!(Currency::new("CNY")?, Currency::CNY);
/// assert_eq!(Currency::CNY.to_string(), "CNY");
/// assert!(Currency::new("yuan").is_err());
/// # Ok::<(), CurrencyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Currency([u8; 3]);

impl Currency {
    /// The renminbi yuan.
    pub const CNY: Self = Self(*b"CNY");

    /// The currency with this code: three capital letters.
    ///
    /// # Errors
    ///
    /// [`CurrencyError::NotACode`] for any other text.
    pub fn new(code: &str) -> Result<Self, CurrencyError> {
        match code.as_bytes() {
            &[a, b, c] if code.bytes().all(|letter| letter.is_ascii_uppercase()) => {
                Ok(Self([a, b, c]))
            }
            _ => Err(CurrencyError::NotACode {
                found: code.chars().take(16).collect(),
            }),
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        // A code is three ASCII letters by construction.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(code: String) -> Result<Self, CurrencyError> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of a currency.
///
/// `Display` prints minor units, because how many of them make a major one differs by currency.
///
/// ```
/// use catchment::money::{Amount, Currency, Money};
/// let price = Money { amount: Amount(990), currency: Currency::CNY };
/// assert_eq!(price.to_string(), "990 CNY minor units");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} minor units", self.amount.0, self.currency)
    }
}

/// A text that is no currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurrencyError {
    /// Not three capital letters; `found` holds the first 16 characters.
    #[error("{found:?} is not a currency code of three capital letters")]
    NotACode {
        /// What was found.
        found: String,
    },
}
