//! Why a campaign refuses a command, as things stand.

use crate::ledger::{Canonical, Encoder};
use crate::money::Amount;
use crate::presale::{PaymentState, Pieces, PledgeState};
use crate::time::Timestamp;

/// Why a campaign refuses a command, as things stand.
///
/// The variants are in the order of precedence: of several reasons the first is given. A refusal is remembered with
/// its command, so it is for a *new* command that [`is_transient`](Self::is_transient) tells whether to try again.
///
/// ```
/// use catchment::presale::Refusal;
/// use catchment::time::Timestamp;
/// let early = Refusal::NotOpenYet { opens_at: Timestamp::from_unix_millis(0) };
/// assert!(early.is_transient() && !Refusal::Closed.is_transient());
/// assert_eq!(early.to_string(), "campaign opens at 1970-01-01T00:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Refusal {
    /// The campaign has not opened.
    #[error("campaign opens at {opens_at}")]
    NotOpenYet {
        /// When it does.
        opens_at: Timestamp,
    },
    /// The campaign has closed; what was asked for belongs before the close.
    #[error("campaign has closed")]
    Closed,
    /// Communities are confirmed already; what was asked for belongs before that.
    #[error("communities of the campaign are confirmed")]
    AlreadyConfirmed,
    /// Only a confirmed campaign does this.
    #[error("campaign is not confirmed")]
    NotConfirmed,
    /// Nobody has asked for a decision of this kind, or it has been made.
    #[error("no such decision is due")]
    NothingToDecide,
    /// A pledge with this id was made before.
    #[error("pledge exists")]
    PledgeExists,
    /// A payment with this id was recorded before.
    #[error("payment exists")]
    PaymentExists,
    /// No pledge has this id.
    #[error("no such pledge")]
    UnknownPledge,
    /// No payment has this id.
    #[error("no such payment")]
    UnknownPayment,
    /// No refund has this id.
    #[error("no such refund")]
    UnknownRefund,
    /// No community is at this site.
    #[error("no community at this site")]
    UnknownCommunity,
    /// The campaign has no such supplier.
    #[error("no such supplier")]
    UnknownSupplier,
    /// A community at this site exists or existed.
    #[error("community exists")]
    CommunityExists,
    /// The community takes no pledges any more: it was removed.
    #[error("community was removed")]
    CommunityRemoved,
    /// The state of the pledge does not allow it.
    #[error("pledge is {state}")]
    PledgeIs {
        /// Its state.
        state: PledgeState,
    },
    /// The state of the payment does not allow it.
    #[error("payment is {state}")]
    PaymentIs {
        /// Its state.
        state: PaymentState,
    },
    /// More pieces than a cap allows.
    #[error("{cap} cap of {limit} pieces is reached")]
    CapReached {
        /// Which.
        cap: Cap,
        /// Its limit.
        limit: Pieces,
    },
    /// A sum would not fit 64 bits, or there are too many records.
    #[error("number too large")]
    Overflow,
    /// More is to be paid out than is due, or given back than was captured.
    #[error("more than the {available} minor units available", available = .available.0)]
    RefundTooLarge {
        /// How much there is.
        available: Amount,
    },
    /// The new close is not later than the present one, or too late for the horizon.
    #[error("close can move from {closes_at} to a later instant within the horizon")]
    NotAnExtension {
        /// The present close.
        closes_at: Timestamp,
    },
    /// An amendment may only ask for less.
    #[error("amendment asks for more than the present terms")]
    AsksForMore,
    /// Fewer communities have formed than must, or less was gathered.
    #[error("{formed} communities have formed, which is not enough")]
    NotEnough {
        /// How many have.
        formed: u32,
    },
    /// A merged group is not possible.
    #[error("merge is not possible: {0}")]
    Merge(MergeFault),
    /// The supplier has delivered already.
    #[error("delivery exists")]
    DeliveryExists,
}

impl Refusal {
    /// Whether a new command for the same thing may be accepted later without anybody else's doing more than to wait,
    /// to pay or to step back: before the opening, and where a cap is reached.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::NotOpenYet { .. } | Self::CapReached { .. })
    }
}

/// A cap on pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Cap {
    /// Of one customer.
    #[error("customer's")]
    Customer,
    /// Of one community.
    #[error("community's")]
    Community,
    /// Of the campaign.
    #[error("campaign's")]
    Campaign,
}

/// Why a merged group is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MergeFault {
    /// A site has no community that is under its threshold.
    #[error("a community is not under its threshold")]
    NotUnderThreshold,
    /// A guest would have to walk farther than the policy allows.
    #[error("a walk is too far")]
    TooFar,
    /// The group would not reach the host's threshold.
    #[error("a group stays under its host's threshold")]
    StaysUnder,
}

impl Canonical for Refusal {
    fn encode(&self, to: &mut Encoder) {
        // The number of a variant never changes; new ones are added at the end.
        let (variant, value) = match *self {
            Self::NotOpenYet { opens_at } => (0, opens_at.as_unix_millis() as u64),
            Self::Closed => (1, 0),
            Self::AlreadyConfirmed => (2, 0),
            Self::NotConfirmed => (3, 0),
            Self::NothingToDecide => (4, 0),
            Self::PledgeExists => (5, 0),
            Self::PaymentExists => (6, 0),
            Self::UnknownPledge => (7, 0),
            Self::UnknownPayment => (8, 0),
            Self::UnknownRefund => (9, 0),
            Self::UnknownCommunity => (10, 0),
            Self::UnknownSupplier => (11, 0),
            Self::CommunityExists => (12, 0),
            Self::CommunityRemoved => (13, 0),
            Self::PledgeIs { state } => (14, state as u64),
            Self::PaymentIs { state } => (15, state as u64),
            Self::CapReached { cap, limit } => (16 + cap as u8, limit.0),
            Self::Overflow => (19, 0),
            Self::RefundTooLarge { available } => (20, available.0),
            Self::NotAnExtension { closes_at } => (21, closes_at.as_unix_millis() as u64),
            Self::AsksForMore => (22, 0),
            Self::NotEnough { formed } => (23, u64::from(formed)),
            Self::Merge(fault) => (24, fault as u64),
            Self::DeliveryExists => (25, 0),
        };
        to.u8(variant);
        to.u64(value);
    }
}
