use crate::id::{SiteId, SkuId};
use crate::money::Amount;
use crate::order::OrderLine;
use crate::units::{Distance, Quantity};

/// An order, divided.
///
/// The parts come in the rank of their sites, and the first gives all that it has. What they hold and what is unfilled
/// sum to the order, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Split {
    /// Who gives what; never empty.
    pub parts: Vec<Part>,
    /// What nobody gives, in the order of lines. Empty but for [`Partial`](crate::fulfil::SplitMode::Partial) and
    /// [`Whole`](crate::fulfil::SplitMode::Whole).
    pub unfilled: Vec<OrderLine>,
    /// The distances of all sites with a part, summed.
    pub distance: Distance,
    /// Whether there may be anything better.
    pub proof: SplitProof,
}

/// What one site gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Part {
    /// Who.
    pub site: SiteId,
    /// How far away.
    pub distance: Distance,
    /// Which pieces, in the order of the basket's lines, each article once. Empty only if a whole order waits where
    /// nothing of it is there yet.
    pub lines: Vec<OrderLine>,
    /// What they are worth.
    pub value: Amount,
}

/// Whether an answer is the best, or the best that was found.
///
/// ```
/// assert!(catchment::fulfil::SplitProof::Exact < catchment::fulfil::SplitProof::Bounded);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SplitProof {
    /// Proven: nothing takes fewer sites, or as few with less distance. Of a refusal: there is no way.
    Exact,
    /// The search was ended before that was proven.
    Bounded,
}

/// Why an order is not divided.
///
/// ```
/// use catchment::fulfil::{SplitProof, Unsplit};
/// let refused = Unsplit::TooManySources { limit: 2, enough: 4, proof: SplitProof::Exact };
/// assert_eq!(refused.to_string(), "more than 2 sites are needed, 4 are enough");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Unsplit {
    /// All sources together have too little.
    #[error("too little of {}", listed(missing))]
    Short {
        /// The lines of which there is too little, in the order of lines.
        missing: Vec<Missing>,
    },
    /// No single site has everything, and the policy does not divide.
    #[error("no single site has everything")]
    NoSingleSource,
    /// It would take more sites than the policy allows.
    #[error("more than {limit} sites are needed, {enough} are enough")]
    TooManySources {
        /// [`SplitPolicy::sources_max`](crate::fulfil::SplitPolicy::sources_max).
        limit: u8,
        /// So many would do, if parts of any value were allowed.
        enough: u16,
        /// Whether it is proven that so few as the limit won't.
        proof: SplitProof,
    },
    /// Wherever it is divided, some part is worth too little.
    #[error("the part of site {site} is worth {}, less than {}", value.0, minimum.0)]
    BelowMinimum {
        /// A part of the split that there would be without the minimum.
        site: SiteId,
        /// What it is worth there.
        value: Amount,
        /// [`SplitPolicy::part_value_min`](crate::fulfil::SplitPolicy::part_value_min).
        minimum: Amount,
        /// Whether it is proven that there is no other way.
        proof: SplitProof,
    },
}

/// A line of which there is too little.
///
/// ```
/// use catchment::fulfil::Missing;
/// use catchment::id::SkuId;
/// use catchment::units::Quantity;
/// let missing = Missing { sku: SkuId(9), wanted: Quantity(150), found: Quantity(85) };
/// assert_eq!(missing.to_string(), "sku 9: 150 wanted, 85 there");
/// assert_eq!(missing.short(), Quantity(65));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("sku {sku}: {wanted} wanted, {found} there")]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Missing {
    /// Which article.
    pub sku: SkuId,
    /// The pieces of the line.
    pub wanted: Quantity,
    /// The pieces that all sources can give together, in whole sets and, where a line comes from one site, at one.
    pub found: Quantity,
}

impl Missing {
    /// The pieces that are missing.
    #[must_use]
    pub const fn short(&self) -> Quantity {
        Quantity(self.wanted.0.saturating_sub(self.found.0))
    }
}

/// The first in full, and how many there are behind it.
fn listed(missing: &[Missing]) -> String {
    match missing {
        [] => "nothing".to_owned(),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first}; and of {} more", others.len()),
    }
}
