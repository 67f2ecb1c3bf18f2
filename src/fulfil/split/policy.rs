use core::num::NonZeroU8;

use crate::money::Amount;

/// Whether and how an order may be divided. Every combination is a policy.
///
/// More may be added: end with `..SplitPolicy::default()`.
///
/// ```
/// use core::num::NonZeroU8;
/// use catchment::fulfil::{SplitMode, SplitPolicy};
/// use catchment::money::Amount;
/// let policy = SplitPolicy {
///     sources_max: NonZeroU8::MIN.saturating_add(1), // two
///     part_value_min: Amount(3_000),
///     ..SplitPolicy::default()
/// };
/// assert_eq!(policy.mode, SplitMode::Split);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct SplitPolicy {
    /// What is done where no single site has everything.
    pub mode: SplitMode,
    /// Over how many sites an order may be divided.
    pub sources_max: NonZeroU8,
    /// What each part must be worth if there are several. An order that stays whole is not asked.
    pub part_value_min: Amount,
    /// Whether the pieces of one line may come from several sites.
    pub pieces: Pieces,
}

/// What is done with an order for which no single site has everything.
///
/// ```
/// assert_eq!(catchment::fulfil::SplitMode::default(), catchment::fulfil::SplitMode::Split);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SplitMode {
    /// It is divided over the fewest sites: all of it, or it is refused.
    #[default]
    Split,
    /// It is divided, and what nobody has stays unfilled.
    Partial,
    /// It is kept whole: it goes to the site where the fewest pieces are missing and waits for them.
    Whole,
    /// It is refused.
    Refuse,
}

/// Whether the pieces of one line may come from several sites.
///
/// ```
/// assert_eq!(catchment::fulfil::Pieces::default(), catchment::fulfil::Pieces::FromSeveral);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Pieces {
    /// They may, and the sets of a bundle too.
    #[default]
    FromSeveral,
    /// A line, or a whole bundle, comes from one site.
    FromOne,
}

impl Default for SplitPolicy {
    fn default() -> Self {
        Self {
            mode: SplitMode::Split,
            sources_max: NonZeroU8::MIN.saturating_add(2),
            part_value_min: Amount::ZERO,
            pieces: Pieces::FromSeveral,
        }
    }
}
