use std::collections::BTreeMap;

use crate::id::{CampaignId, RefundId};
use crate::ledger::{CommandError, FollowError, SnapshotError, StateHash};
use crate::money::Amount;
use crate::presale::{Compacted, EventMismatch, Malformed, Phase, StoredFault, TermsFaults};

/// A presale that can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The id is that of another campaign, which may have been compacted.
    #[error("campaign {campaign} exists")]
    Exists {
        /// The id.
        campaign: CampaignId,
    },
    /// The book has as many campaigns as it may, compacted ones included.
    #[error("the book has {limit} campaigns, which is the limit")]
    TooManyCampaigns {
        /// [`Limits::campaigns_max`](crate::limits::Limits::campaigns_max).
        limit: usize,
    },
    /// The terms are not sound.
    #[error(transparent)]
    Terms(#[from] TermsFaults),
}

/// A command that was not decided, or a step that was not followed. But for a step that does not fit half-way
/// ([`FollowError::Event`]) nothing changed, and the command's id stays free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// No campaign has this id.
    #[error("no campaign {campaign}")]
    UnknownCampaign {
        /// The id.
        campaign: CampaignId,
    },
    /// The campaign was compacted; it can be [reopened](crate::presale::PresaleBook::reopen).
    #[error("campaign {campaign} was compacted")]
    Compacted {
        /// Which.
        campaign: CampaignId,
    },
    /// The campaign had nothing to decide.
    #[error(transparent)]
    Command(#[from] CommandError<Malformed>),
    /// A stored step does not go on from where the campaign is.
    #[error(transparent)]
    Follow(#[from] FollowError<EventMismatch>),
}

impl BookError {
    /// Why a book does not have a campaign.
    pub(super) fn absent(
        campaign: CampaignId,
        compacted: &BTreeMap<CampaignId, Compacted>,
    ) -> Self {
        if compacted.contains_key(&campaign) {
            Self::Compacted { campaign }
        } else {
            Self::UnknownCampaign { campaign }
        }
    }

    /// Whether the same command may succeed later: once somebody has opened or reopened the campaign.
    ///
    /// ```
    /// use catchment::id::CampaignId;
    /// use catchment::presale::BookError;
    /// assert!(BookError::Compacted { campaign: CampaignId(7) }.is_transient());
    /// ```
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::UnknownCampaign { .. } | Self::Compacted { .. } => true,
            Self::Command(error) => error.is_transient(),
            Self::Follow(_) => false,
        }
    }
}

/// A campaign that can't be compacted yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// The book does not have it.
    #[error(transparent)]
    Absent(#[from] BookError),
    /// It is not over.
    #[error("campaign {campaign} is not over: {phase:?}")]
    NotTerminal {
        /// Which.
        campaign: CampaignId,
        /// Where it is in its life.
        phase: Phase,
    },
    /// Somebody is owed money.
    #[error("of refund {refund} of campaign {campaign}, {amount} minor units are due", amount = .amount.0)]
    MoneyDue {
        /// Which.
        campaign: CampaignId,
        /// The first refund that is not wholly paid out.
        refund: RefundId,
        /// How much of it is due.
        amount: Amount,
    },
}

impl CompactError {
    /// Whether it may be compacted later, if nobody does more than to wait and to pay out.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        !matches!(self, Self::Absent(_))
    }
}

/// A snapshot that is not that of a compacted campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReopenError {
    /// No compacted campaign had this hash: it is another book's, an older snapshot, or the campaign is open already.
    #[error("no campaign was compacted with hash {hash}")]
    NotCompacted {
        /// What the snapshot says.
        hash: StateHash,
    },
    /// The data is not what was stored.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError<StoredFault>),
}
