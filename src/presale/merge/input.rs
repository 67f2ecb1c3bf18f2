use crate::id::{CustomerId, SiteId};
use crate::money::Amount;
use crate::presale::{IfUnformed, Pieces, Threshold};

/// A community that does not meet its own threshold, with the pledges that count at the freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShortCommunity {
    /// The community's site.
    pub site: SiteId,
    /// What it would have to reach, alone or as a host.
    pub threshold: Threshold,
    /// Its pledges in any order; a customer may have several. May be empty.
    pub pledges: Vec<ShortPledge>,
}

/// One pledge of a short community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShortPledge {
    /// Whose pledge it is.
    pub customer: CustomerId,
    /// Units of the article.
    pub units: Pieces,
    /// What they cost.
    pub amount: Amount,
    /// Whether it may move to a neighbouring site.
    pub if_unformed: IfUnformed,
}

/// Communities that can't be planned for, because the call makes no sense. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Two communities at one site.
    #[error("site {site} has more than one community")]
    DuplicateSite {
        /// The site.
        site: SiteId,
    },
    /// More pledges than participants can be counted.
    #[error("{pledges} pledges to merge, limit is {limit}")]
    TooManyPledges {
        /// The pledges of all communities.
        pledges: usize,
        /// The most that may be.
        limit: u32,
    },
    /// The units or amounts of all communities together do not fit into 64 bits.
    #[error("the units or amounts of all communities together do not fit into 64 bits")]
    TotalTooLarge,
    /// A community that meets its threshold and has nothing to be merged for.
    #[error("the community at site {site} meets its threshold alone")]
    NotShort {
        /// Its site.
        site: SiteId,
    },
    /// A site that is not in the network, so that nobody knows how far it is.
    #[error("site {site} is not in the network")]
    UnknownSite {
        /// The site.
        site: SiteId,
    },
    /// No campaign asks for this: its policy does not merge neighbours, it is not frozen yet, or it has been decided.
    #[error("no decision about merging is due")]
    NothingToDecide,
}

impl MergeError {
    /// Whether the same call can succeed later: only when no decision is due yet.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NothingToDecide)
    }
}
