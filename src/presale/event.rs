//! What can happen to a campaign.

use crate::id::{PaymentId, PledgeId, RefundId, SiteId, SupplierId};
use crate::money::Amount;
use crate::presale::{
    Amendment, BasisPoints, CommunityTerms, NewPayment, NewPledge, Pieces, RefundCause,
};
use crate::time::Timestamp;

/// What can happen to a campaign. Its state is a function of the events and of nothing else.
///
/// What follows from an event for many pledges at once is not told one by one: of a community that fails, every paid
/// pledge fails and every payment falls due, under refund numbers that go on from the last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// The campaign takes pledges.
    Opened,
    /// A pledge was made.
    Pledged {
        /// As it was made.
        new: NewPledge,
        /// Whether there is room.
        place: Place,
    },
    /// A waiting pledge got a place.
    Promoted {
        /// Which.
        pledge: PledgeId,
        /// How long the place is kept.
        hold_until: Timestamp,
    },
    /// A pledge was not paid in time.
    PledgeExpired {
        /// Which.
        pledge: PledgeId,
    },
    /// A customer stepped back before the close.
    Withdrawn {
        /// From which pledge.
        pledge: PledgeId,
    },
    /// A customer gave goods back after the confirmation.
    Returned {
        /// Of which pledge.
        pledge: PledgeId,
    },
    /// A payment came that makes its pledge count.
    PaymentHeld {
        /// As it came.
        new: NewPayment,
    },
    /// A payment came that is of no use: it is due for refund.
    PaymentUnusable {
        /// As it came.
        new: NewPayment,
        /// Why.
        why: RefundCause,
    },
    /// A pledge was paid in a community that is confirmed already, and is confirmed with it.
    PledgeConfirmed {
        /// Which.
        pledge: PledgeId,
    },
    /// A community has reached its threshold (成团).
    CommunityFormed {
        /// Where.
        site: SiteId,
        /// Counts the community's changes of being formed, from 1.
        epoch: u32,
        /// What did it.
        because: Because,
    },
    /// A community has fallen below its threshold.
    CommunityUnformed {
        /// Where.
        site: SiteId,
        /// Counts the community's changes of being formed.
        epoch: u32,
        /// What did it.
        because: Because,
    },
    /// A community was added.
    CommunityAdded(CommunityTerms),
    /// A community was merged into another: who consented walks there, who did not is refunded.
    CommunityMerged {
        /// Which.
        site: SiteId,
        /// Its host.
        into: SiteId,
    },
    /// A community is confirmed for good, with all its paid pledges.
    CommunityConfirmed {
        /// Where.
        site: SiteId,
        /// How it came to be.
        how: ConfirmedAs,
    },
    /// A community failed, with all its pledges.
    CommunityFailed {
        /// Where.
        site: SiteId,
        /// Why.
        why: CommunityFailure,
    },
    /// The terms ask for less.
    Amended(Amendment),
    /// The close moved.
    Extended {
        /// To this instant.
        closes_at: Timestamp,
        /// By whom.
        why: Extension,
    },
    /// Enough communities have formed while the campaign is open; it goes on, and can't fail any more.
    Reached {
        /// How many.
        formed: u32,
    },
    /// The close has come; payments under way may still arrive. Who still waits for a place has waited in vain.
    Closed,
    /// Nothing that customers do changes the sets any more. What is not paid by now has expired.
    Frozen,
    /// An operator is to decide.
    DecisionAwaited {
        /// What.
        decision: Decision,
        /// Until when; then the answer is no.
        until: Timestamp,
    },
    /// The operator (or, by silence, the policy) has said which neighbours are merged.
    MergeDecided {
        /// How many groups there are.
        groups: u32,
    },
    /// The campaign is confirmed.
    Confirmed {
        /// How many communities have formed.
        formed: u32,
        /// What the tier that was reached takes off every price.
        discount: BasisPoints,
    },
    /// The campaign failed.
    Failed {
        /// Why.
        why: CampaignFailure,
    },
    /// The campaign was called off.
    Cancelled,
    /// (Part of) a refund was paid out.
    RefundPaid {
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Amount,
    },
    /// A refund could not be paid out and stays due.
    RefundFailed {
        /// Which.
        refund: RefundId,
    },
    /// Part of a payment is to be given back.
    PartRefunded {
        /// Of which.
        payment: PaymentId,
        /// How much.
        amount: Amount,
    },
    /// A supplier delivered.
    Delivered {
        /// Who.
        supplier: SupplierId,
        /// How much.
        units: Pieces,
    },
}

/// Whether there is room for a pledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Place {
    /// There is, until this instant.
    Reserved {
        /// The first instant at which it is given up.
        hold_until: Timestamp,
    },
    /// Not yet.
    Waiting,
}

/// What made a community form or un-form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Because {
    /// Somebody paid.
    Joined,
    /// Somebody stepped back.
    Left,
    /// The threshold was lowered.
    Amended,
    /// Neighbours were merged.
    Merged,
}

/// How a community came to be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ConfirmedAs {
    /// It reached its threshold.
    Formed,
    /// It did so with its neighbours' help.
    Merged,
    /// It did not, and is served all the same.
    FulfilledAnyway,
}

/// Why a community failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CommunityFailure {
    /// It did not reach its threshold.
    UnderThreshold,
    /// Its supplier would have been asked for less than the least order.
    SupplierMinimum,
    /// Its supplier's cases would not have been filled.
    SupplierSurplus,
    /// The campaign failed as a whole.
    CampaignFailed,
    /// The campaign was called off.
    Cancelled,
    /// It was taken out by the retailer.
    Removed,
}

/// Why a campaign failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CampaignFailure {
    /// Too few communities formed, or too few whose supplier would deliver.
    TooFewCommunities {
        /// How many did.
        formed: u32,
    },
    /// The formed communities together did not gather enough.
    OverallUnmet,
    /// The operator said no.
    Rejected,
    /// The operator did not answer in time.
    Undecided,
}

/// Who moved the close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Extension {
    /// An operator, for everybody.
    Operator,
    /// The policy, for communities under their threshold, once.
    Stragglers,
}

/// What an operator is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Decision {
    /// Whether neighbours are merged, and which.
    Merge,
    /// Whether the campaign is confirmed.
    Verdict,
}
