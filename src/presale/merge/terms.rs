use crate::money::Amount;

/// What a community must reach to form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Threshold {
    /// Distinct customers.
    pub participants: Option<u32>,
    /// Units of the article.
    pub units: Option<u64>,
    /// Money, in minor units.
    pub amount: Option<Amount>,
    /// Whether all of those named must be reached, or any.
    pub combine: Combine,
}

/// How the parts of a threshold go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Combine {
    /// Every part must be reached.
    All,
    /// One part is enough.
    Any,
}

/// What the pledges of a community come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tally {
    /// Distinct customers.
    pub participants: u32,
    /// Units of the article.
    pub units: u64,
    /// Money, in minor units.
    pub amount: Amount,
}

impl Threshold {
    /// Whether a tally reaches it.
    #[must_use]
    pub fn is_met_by(&self, tally: &Tally) -> bool {
        let parts = [
            self.participants.map(|need| tally.participants >= need),
            self.units.map(|need| tally.units >= need),
            self.amount.map(|need| tally.amount >= need),
        ];
        let mut named = parts.into_iter().flatten();
        match self.combine {
            Combine::All => named.all(|met| met),
            Combine::Any => named.any(|met| met),
        }
    }
}
