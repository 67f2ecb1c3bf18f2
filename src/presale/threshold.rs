//! How many make a community.

use crate::ledger::{Canonical, Encoder};
use crate::money::Amount;
use crate::presale::Pieces;

/// What has gathered: people, pieces and money of paid pledges.
///
/// ```
/// use catchment::money::Amount;
/// use catchment::presale::{Pieces, Tally};
/// let tally = Tally { participants: 12, units: Pieces(19), amount: Amount(18_810) };
/// assert_eq!(tally.plus(&Tally::default()), Some(tally));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Tally {
    /// Distinct customers.
    pub participants: u32,
    /// Pieces.
    pub units: Pieces,
    /// Money, in minor units of the campaign's currency.
    pub amount: Amount,
}

impl Tally {
    /// The sum, or `None` if it does not fit. Of people it is the sum only where nobody is in both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            participants: self.participants.checked_add(other.participants)?,
            units: self.units.checked_add(other.units)?,
            amount: self.amount.checked_add(other.amount)?,
        })
    }

    /// The difference; what would be negative is 0.
    #[must_use]
    pub const fn less(&self, other: &Self) -> Self {
        Self {
            participants: self.participants.saturating_sub(other.participants),
            units: self.units.saturating_sub(other.units),
            amount: Amount(self.amount.0.saturating_sub(other.amount.0)),
        }
    }
}

impl Canonical for Tally {
    fn encode(&self, to: &mut Encoder) {
        to.u32(self.participants);
        to.u64(self.units.0);
        to.u64(self.amount.0);
    }
}

/// When a community forms (成团): so many people, so many pieces, so much money, or several of them.
///
/// At least one part is asked for and none of them is 0, which the [terms](crate::presale::Terms) check.
///
/// ```
/// use catchment::money::Amount;
/// use catchment::presale::{Combine, Pieces, Tally, Threshold};
///
/// let ten_people = Threshold::participants(10);
/// let twelve = Tally { participants: 12, units: Pieces(19), amount: Amount(18_810) };
/// assert!(ten_people.is_met_by(&twelve));
///
/// let also_20_pieces = Threshold { units: Some(Pieces(20)), ..ten_people };
/// assert!(!also_20_pieces.is_met_by(&twelve));
/// assert_eq!(also_20_pieces.missing(&twelve).units, Pieces(1));
/// assert!(Threshold { combine: Combine::Any, ..also_20_pieces }.is_met_by(&twelve));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Threshold {
    /// At least so many distinct customers.
    #[cfg_attr(feature = "serde", serde(default))]
    pub participants: Option<u32>,
    /// At least so many pieces.
    #[cfg_attr(feature = "serde", serde(default))]
    pub units: Option<Pieces>,
    /// At least so much money.
    #[cfg_attr(feature = "serde", serde(default))]
    pub amount: Option<Amount>,
    /// Whether all parts or any of them are asked for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub combine: Combine,
}

impl Threshold {
    /// At least so many distinct customers.
    #[must_use]
    pub const fn participants(participants: u32) -> Self {
        Self {
            participants: Some(participants),
            units: None,
            amount: None,
            combine: Combine::All,
        }
    }

    /// At least so many pieces.
    #[must_use]
    pub const fn units(units: Pieces) -> Self {
        Self {
            participants: None,
            units: Some(units),
            amount: None,
            combine: Combine::All,
        }
    }

    /// At least so much money, in minor units of the campaign's currency.
    #[must_use]
    pub const fn amount(amount: Amount) -> Self {
        Self {
            participants: None,
            units: None,
            amount: Some(amount),
            combine: Combine::All,
        }
    }

    /// Whether so much is enough: a predicate of what there is, never of how it came about.
    #[must_use]
    pub fn is_met_by(&self, tally: &Tally) -> bool {
        let parts = [
            self.participants.map(|least| tally.participants >= least),
            self.units.map(|least| tally.units >= least),
            self.amount.map(|least| tally.amount >= least),
        ];
        let mut asked = parts.into_iter().flatten();
        match self.combine {
            Combine::All => asked.all(|met| met),
            Combine::Any => asked.any(|met| met),
        }
    }

    /// What each part that is asked for still lacks. Under [`Combine::Any`] one of them is enough.
    #[must_use]
    pub fn missing(&self, tally: &Tally) -> Tally {
        let least = Tally {
            participants: self.participants.unwrap_or(0),
            units: self.units.unwrap_or(Pieces::ZERO),
            amount: self.amount.unwrap_or(Amount::ZERO),
        };
        least.less(tally)
    }

    /// Whether at least one part is asked for, and none with 0.
    #[must_use]
    pub fn asks_for_something(&self) -> bool {
        let parts = [
            self.participants.map(u64::from),
            self.units.map(|units| units.0),
            self.amount.map(|amount| amount.0),
        ];
        parts.iter().any(Option::is_some) && !parts.contains(&Some(0))
    }

    /// Whether every tally that meets `self` meets `other`: it asks for nothing more. People, pieces and money are seen
    /// as independent of each other.
    #[must_use]
    pub(crate) fn covers(&self, other: &Self) -> bool {
        // More is never worse, so it is enough to look at the tallies that just meet `self`.
        let parts = [
            self.participants.map(|participants| Tally {
                participants,
                ..Tally::default()
            }),
            self.units.map(|units| Tally {
                units,
                ..Tally::default()
            }),
            self.amount.map(|amount| Tally {
                amount,
                ..Tally::default()
            }),
        ];
        let mut parts = parts.into_iter().flatten();
        match self.combine {
            // The parts are of different kinds: nothing is added up.
            Combine::All => {
                let least = parts.try_fold(Tally::default(), |sum, part| sum.plus(&part));
                least.is_some_and(|least| other.is_met_by(&least))
            }
            Combine::Any => parts.all(|part| other.is_met_by(&part)),
        }
    }
}

impl Canonical for Threshold {
    fn encode(&self, to: &mut Encoder) {
        to.option(self.participants, Encoder::u32);
        to.option(self.units, |to, units| to.u64(units.0));
        to.option(self.amount, |to, amount| to.u64(amount.0));
        to.u8(self.combine as u8);
    }
}

/// How the parts of a threshold go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Combine {
    /// Every part must be met: the default.
    #[default]
    All,
    /// One part is enough.
    Any,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever covers another is met by fewer tallies: checked over all small thresholds and tallies.
    #[test]
    fn covering_is_implication_on_every_small_tally() {
        let parts = [None, Some(1), Some(2)];
        let mut thresholds = Vec::new();
        for participants in parts {
            for units in parts {
                for combine in [Combine::All, Combine::Any] {
                    let units = units.map(|units| Pieces(units.into()));
                    let threshold = Threshold {
                        participants,
                        units,
                        amount: None,
                        combine,
                    };
                    if threshold.asks_for_something() {
                        thresholds.push(threshold);
                    }
                }
            }
        }
        let tallies = (0..4).flat_map(|participants| {
            (0..4).map(move |units| Tally {
                participants,
                units: Pieces(units),
                amount: Amount::ZERO,
            })
        });
        let tallies: Vec<Tally> = tallies.collect();
        for own in &thresholds {
            for other in &thresholds {
                let implied = tallies
                    .iter()
                    .all(|tally| !own.is_met_by(tally) || other.is_met_by(tally));
                assert_eq!(own.covers(other), implied, "{own:?} {other:?}");
            }
        }
    }
}
