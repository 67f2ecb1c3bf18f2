//! What is kept of pledges, payments, refunds, customers and communities.

use core::fmt;

use crate::id::{CustomerId, PaymentId, PledgeId, SiteId};
use crate::ledger::{Canonical, Encoder};
use crate::money::{Amount, Currency};
use crate::presale::{CommunityTerms, ConfirmedAs, IfUnformed, Pieces, Tally};
use crate::time::Timestamp;
use crate::units::Quantity;

/// The life of a pledge.
///
/// ```text
///            ┌──────────────────────────── too late, or removed ─────────┐
///            │                                                           ▼
/// Waiting ───┴→ Reserved ──────────── not paid in time ──────────────→ Expired
///    │             │ paid
///    │             ├──────→ Active ──── campaign confirmed ──→ Confirmed ──→ Returned
///    └──┐          │           │  └─── not ───→ Failed
///       └───────→ Withdrawn ←──┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PledgeState {
    /// Beyond a cap: waits for room.
    Waiting,
    /// A place is kept until the payment is due.
    Reserved,
    /// Paid: the pledge counts.
    Active,
    /// The campaign confirmed and the customer gets the goods.
    Confirmed,
    /// The customer gave the goods back.
    Returned,
    /// The customer stepped back before the close.
    Withdrawn,
    /// It was not paid in time.
    Expired,
    /// It was paid, but its community or the campaign failed.
    Failed,
}

impl fmt::Display for PledgeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Reserved => "reserved",
            Self::Active => "active",
            Self::Confirmed => "confirmed",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Failed => "failed",
        })
    }
}

/// Where the money of a payment lies. Several may apply; the first does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PaymentState {
    /// Held for an active pledge.
    Held,
    /// Captured, at least in part.
    Captured,
    /// None is left with the retailer; some of it is due for refund.
    RefundDue,
    /// All of it is refunded.
    Refunded,
}

impl fmt::Display for PaymentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Captured => "captured",
            Self::RefundDue => "due for refund",
            Self::Refunded => "refunded",
        })
    }
}

/// Why money is given back. With the payment and the line it is the key of a refund.
///
/// If a payment is of no use for several reasons, the first of these is given: unknown pledge, second payment, too
/// late, no place, wrong amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RefundCause {
    /// No pledge had the id that the payment named.
    UnknownPledge,
    /// The pledge had been paid before.
    SecondPayment,
    /// The amount or the currency was not that of the pledge.
    WrongAmount,
    /// The place was given up before the payment came, or never given.
    NoPlace,
    /// The payment was made, or came, too late. One that came after the close and claims to have been made before its
    /// pledge had a place counts as made when it came.
    TooLate,
    /// The customer stepped back.
    Withdrawn,
    /// The community or the campaign failed.
    Failed,
    /// The customer gave the goods back.
    Returned,
    /// The tier that was reached makes it cheaper.
    TierPrice,
    /// The supplier delivered too little.
    ShortSupply,
    /// A reason of the retailer's own.
    Part,
}

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// A pledge. 40 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PledgeRecord {
    pub(crate) id: PledgeId,
    /// Until when the place is kept, while it is reserved.
    pub(crate) hold_until: Timestamp,
    pub(crate) units: Quantity,
    /// Slots, `NONE` for none.
    pub(crate) customer: u32,
    pub(crate) community: u32,
    pub(crate) payment: u32,
    /// The next pledge of the community, in the order in which they came to it.
    pub(crate) next: u32,
    pub(crate) state: PledgeState,
    pub(crate) if_unformed: IfUnformed,
}

/// A payment. Always `recorded = held + captured + due + refunded`. 56 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaymentRecord {
    pub(crate) id: PaymentId,
    pub(crate) recorded: Amount,
    pub(crate) held: Amount,
    pub(crate) captured: Amount,
    pub(crate) due: Amount,
    pub(crate) refunded: Amount,
    /// The slot of the pledge it was made for; `NONE` if there is none.
    pub(crate) pledge: u32,
    pub(crate) currency: Currency,
    /// How many refunds of parts there were: the line of the next.
    pub(crate) parts: u16,
}

impl PaymentRecord {
    pub(crate) fn state(&self) -> PaymentState {
        if self.held > Amount::ZERO {
            PaymentState::Held
        } else if self.captured > Amount::ZERO {
            PaymentState::Captured
        } else if self.due > Amount::ZERO {
            PaymentState::RefundDue
        } else {
            PaymentState::Refunded
        }
    }
}

/// A refund. Its number is its slot and 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefundRecord {
    pub(crate) amount: Amount,
    pub(crate) paid: Amount,
    /// The slot of the payment.
    pub(crate) payment: u32,
    pub(crate) cause: RefundCause,
    /// Tells refunds of one payment and cause apart.
    pub(crate) line: u16,
}

/// What a supplier delivered, and how far it reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Delivery {
    pub(crate) units: Pieces,
    /// Where it ran out, if it did.
    pub(crate) cut: Option<Cut>,
}

/// The first payment whose pledge did not get all its pieces. Those behind it got none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(crate) struct Cut {
    /// Its slot.
    pub(crate) at: u32,
    /// What its pledge did get.
    pub(crate) kept: Quantity,
}

impl Canonical for Delivery {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.units.0);
        to.option(self.cut, |to, cut| {
            to.u32(cut.at);
            to.u32(cut.kept.0);
        });
    }
}

/// A customer. 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CustomerRecord {
    pub(crate) id: CustomerId,
    /// Pieces of reserved, active and confirmed pledges.
    pub(crate) claimed: Pieces,
    /// Counting pledges in the community where the customer pledged first; those elsewhere are in a table of their own.
    pub(crate) home: u32,
    pub(crate) at_home: u32,
}

/// A community with its running totals.
#[derive(Clone, Debug)]
pub(crate) struct CommunityRecord {
    pub(crate) terms: CommunityTerms,
    pub(crate) stage: CommunityStage,
    /// Whether the threshold is met by what is paid.
    pub(crate) is_formed: bool,
    /// Whether neighbours were merged into it.
    pub(crate) is_host: bool,
    pub(crate) epoch: u32,
    /// What active or confirmed pledges gathered.
    pub(crate) paid: Tally,
    /// Pledges and pieces of reserved pledges.
    pub(crate) reserved_pledges: u32,
    pub(crate) reserved: Pieces,
    /// Pieces that were confirmed, and of them those given back.
    pub(crate) confirmed: Pieces,
    pub(crate) returned: Pieces,
    /// What had gathered when it was confirmed, failed or merged.
    pub(crate) at_freeze: Option<Tally>,
    /// The list of its pledges, the first made first.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Pledges that wait for room, the first to come first.
    pub(crate) waiting: std::collections::VecDeque<u32>,
}

impl CommunityRecord {
    pub(crate) fn new(terms: CommunityTerms) -> Self {
        Self {
            terms,
            stage: CommunityStage::Collecting,
            is_formed: false,
            is_host: false,
            epoch: 0,
            paid: Tally::default(),
            reserved_pledges: 0,
            reserved: Pieces::ZERO,
            confirmed: Pieces::ZERO,
            returned: Pieces::ZERO,
            at_freeze: None,
            first: NONE,
            last: NONE,
            waiting: std::collections::VecDeque::new(),
        }
    }

    pub(crate) const fn site(&self) -> SiteId {
        self.terms.site
    }

    /// Pieces of reserved and counting pledges.
    pub(crate) fn claimed(&self) -> Pieces {
        // A sum that was checked when the pledges were made.
        Pieces(self.reserved.0.saturating_add(self.paid.units.0))
    }
}

/// Where a community is in its life.
///
/// ```text
/// Collecting (formed or not) ──freeze──→ Confirmed | Failed | Merged into a host
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CommunityStage {
    /// It gathers pledges, and forms and un-forms with them.
    Collecting,
    /// It is confirmed for good.
    Confirmed(ConfirmedAs),
    /// It failed.
    Failed(crate::presale::CommunityFailure),
    /// Who consented has moved to a neighbour.
    MergedInto(SiteId),
}

impl Canonical for CommunityStage {
    fn encode(&self, to: &mut Encoder) {
        let (variant, value) = match *self {
            Self::Collecting => (0, 0),
            Self::Confirmed(how) => (1, how as u64),
            Self::Failed(why) => (2, why as u64),
            Self::MergedInto(host) => (3, host.0),
        };
        to.u8(variant);
        to.u64(value);
    }
}

/// Where a campaign is in its life.
///
/// ```text
/// Scheduled ──→ Open ──→ ConfirmedOpen ──→ Closing ──→ Deciding ──→ Confirmed
///     │          │ └──────────────────────→ │ └──────────→ │  └────→ Failed
///     └──────────┴──────────────────────────┴──────────────┴───────→ Cancelled
/// ```
///
/// Closing lasts as long as the grace; nothing is left to decide unless the policy asks an operator. From
/// `ConfirmedOpen` on a campaign can't fail or be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Phase {
    /// Pledges are not taken yet.
    Scheduled,
    /// Pledges are taken.
    Open,
    /// Enough communities formed; others may still join.
    ConfirmedOpen,
    /// Closed; payments that were under way may still arrive.
    Closing,
    /// Frozen; an operator is to answer.
    Deciding {
        /// What.
        decision: crate::presale::Decision,
        /// Until when.
        until: Timestamp,
    },
    /// It goes ahead.
    Confirmed,
    /// It does not, and everybody is refunded.
    Failed(crate::presale::CampaignFailure),
    /// It was called off, and everybody is refunded.
    Cancelled,
}

impl Phase {
    /// Whether nothing but refunds, returns and deliveries can follow.
    ///
    /// ```
    /// use catchment::presale::Phase;
    /// assert!(Phase::Confirmed.is_terminal() && !Phase::Closing.is_terminal());
    /// ```
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed(_) | Self::Cancelled)
    }
}
