//! Totals of pieces.

use core::fmt;

use crate::units::Quantity;

/// How many pieces of an article many pledges ask for together.
///
/// One pledge's [`Quantity`] has 32 bits; a sum of them needs more.
///
/// ```
/// use catchment::presale::Pieces;
/// use catchment::units::Quantity;
/// let most = Pieces::from(Quantity(u32::MAX));
/// assert_eq!(most.checked_add(most), Some(Pieces(8_589_934_590)));
/// assert_eq!(Pieces(u64::MAX).checked_add(Pieces(1)), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Pieces(pub u64);

impl Pieces {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` if it does not fit 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// How many more these are than `other`; zero if they are not.
    ///
    /// ```
    /// use catchment::presale::Pieces;
    /// assert_eq!(Pieces(60).saturating_sub(Pieces(50)), Pieces(10));
    /// assert_eq!(Pieces(50).saturating_sub(Pieces(60)), Pieces::ZERO);
    /// ```
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Quantity> for Pieces {
    fn from(quantity: Quantity) -> Self {
        Self(u64::from(quantity.0))
    }
}

impl fmt::Display for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
