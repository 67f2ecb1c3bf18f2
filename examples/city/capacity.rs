//! How much the pickup points take, as the command line says it.

use std::str::FromStr;

use catchment::units::Units;

/// What the capacities of a city are set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    /// As the city has them: from the column given, or made up; without either there is no limit.
    Own,
    /// The city's own, so many times.
    OwnTimes(Factor),
    /// The same for every site.
    Each(Units),
    /// The orders divided evenly among the sites, so many times.
    ShareTimes(Factor),
}

/// A decimal number that is not negative, exact to the millionth: 1.05 times 20 is 21, and not a little more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor {
    millionths: u64,
}

/// Why a text is no [`Factor`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FactorError {
    #[error("not a number such as 1.05")]
    NotANumber,
    #[error("more than {} decimals", Factor::DECIMALS_MAX)]
    TooManyDecimals,
    #[error("larger than {}", Factor::MAX)]
    TooLarge,
}

impl Capacity {
    /// What a site takes whose own capacity is `own`, in a city of so many orders and sites. Rounded up.
    pub(crate) fn of(self, own: Units, orders: usize, sites: usize) -> Units {
        match self {
            Self::Own => own,
            Self::OwnTimes(factor) => factor.times(u64::from(own.0), 1),
            Self::Each(capacity) => capacity,
            Self::ShareTimes(factor) => factor.times(orders as u64, sites as u64),
        }
    }
}

impl Factor {
    const DECIMALS_MAX: usize = 6;
    const MAX: u64 = 1_000_000;

    /// So many times `whole / parts`, rounded up; no more than the largest capacity there is.
    fn times(self, whole: u64, parts: u64) -> Units {
        let parts = u128::from(parts.max(1)) * 1_000_000;
        let times = (u128::from(self.millionths) * u128::from(whole)).div_ceil(parts);
        Units(u32::try_from(times).unwrap_or(u32::MAX))
    }
}

impl FromStr for Factor {
    type Err = FactorError;

    fn from_str(text: &str) -> Result<Self, FactorError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let mut digits = [whole, decimals].concat();
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(FactorError::NotANumber);
        }
        if decimals.len() > Self::DECIMALS_MAX {
            return Err(FactorError::TooManyDecimals);
        }
        digits.push_str(&"0".repeat(Self::DECIMALS_MAX - decimals.len()));
        let millionths = digits.parse().map_err(|_| FactorError::TooLarge)?;
        if millionths > Self::MAX * 1_000_000 {
            return Err(FactorError::TooLarge);
        }
        Ok(Self { millionths })
    }
}
