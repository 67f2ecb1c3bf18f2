//! What a campaign can be told to do.

use crate::id::{CustomerId, PaymentId, PledgeId, RefundId, SiteId, SupplierId};
use crate::ledger::{Canonical, Encoder};
use crate::money::{Amount, Money};
use crate::presale::{CommunityTerms, Pieces, Threshold};
use crate::time::Timestamp;
use crate::units::Quantity;

/// What a campaign can be told to do.
///
/// Each variant says when it is refused; the order of precedence is that of [`Refusal`](crate::presale::Refusal).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// A customer promises to buy; the place is kept until the payment is due. Only while the campaign is open.
    Pledge(NewPledge),
    /// Money came in. Never refused because it is of no use: then it is recorded and due for refund.
    RecordPayment(NewPayment),
    /// The customer steps back before the close. Whatever was paid is due for refund.
    Withdraw {
        /// Which pledge.
        pledge: PledgeId,
    },
    /// The customer gives goods back after the campaign confirmed. Nothing un-forms; what is still captured is due.
    Return {
        /// Which pledge.
        pledge: PledgeId,
    },
    /// The payment service has paid out (part of) a refund.
    RecordRefund {
        /// Which refund.
        refund: RefundId,
        /// How much of it.
        amount: Amount,
    },
    /// The payment service could not pay a refund out: it stays due under the same key.
    RecordRefundFailure {
        /// Which refund.
        refund: RefundId,
    },
    /// Part of a captured payment is to be given back, for a reason of the retailer's own.
    RefundPart {
        /// Of which payment.
        payment: PaymentId,
        /// How much.
        amount: Amount,
    },
    /// The close moves to a later instant, before it has come.
    Extend {
        /// The new first instant at which no pledges are taken.
        closes_at: Timestamp,
    },
    /// A threshold is lowered while the campaign is open.
    Amend(Amendment),
    /// One more community may form, while the campaign is open or before.
    AddCommunity(CommunityTerms),
    /// A community is taken out, while the campaign is open or before; its pledges fail and are refunded.
    RemoveCommunity {
        /// Which.
        site: SiteId,
    },
    /// The retailer calls the campaign off before anything is confirmed; everything is due for refund. Closed is what
    /// has failed or was called off; what is confirmed is refused as such.
    Cancel,
    /// The operator's answer where campaigns are confirmed by hand.
    Decide(Verdict),
    /// The operator's answer to merging neighbours: these groups, or none.
    Merge {
        /// Which communities go together; none at all to reject merging.
        groups: Vec<MergedSites>,
    },
    /// A supplier has delivered. If it is short, the first to have paid are the first to be served.
    RecordDelivery {
        /// Who.
        supplier: SupplierId,
        /// How many pieces.
        units: Pieces,
    },
}

/// A customer's promise to buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct NewPledge {
    /// Its number, unique in the campaign; the number of the order that it becomes.
    pub pledge: PledgeId,
    /// Who promises.
    pub customer: CustomerId,
    /// In which community.
    pub site: SiteId,
    /// How many pieces, at least 1.
    pub units: Quantity,
    /// Whether the customer would walk to a neighbouring community if this one does not form.
    #[cfg_attr(feature = "serde", serde(default))]
    pub if_unformed: IfUnformed,
}

/// What a customer wants if the community does not form.
///
/// Where one customer's pledges differ, each goes its own way: of a merged community some move, the others fail.
///
/// ```
/// use catchment::presale::IfUnformed;
/// assert_eq!(IfUnformed::default(), IfUnformed::Refund); // nobody is moved who was not asked
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum IfUnformed {
    /// The money back: the default.
    #[default]
    Refund,
    /// To be moved to a neighbouring community within the walking limit.
    MoveNearby,
}

/// A payment as it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct NewPayment {
    /// The payment service's number.
    pub payment: PaymentId,
    /// What it is for.
    pub pledge: PledgeId,
    /// How much, more than nothing.
    pub money: Money,
    /// When the customer paid, by the payment service's clock. It is only asked for during the grace, where it decides
    /// whether the payment was made before the close; what comes earlier was made earlier.
    ///
    /// A payment can't have been made before its pledge had a place (so not before the campaign opened either), and
    /// not in the future. Such an instant, say 1970 for a missing field or seconds taken for milliseconds, is not
    /// believed: the payment counts as made when it came, and during the grace is due for refund as
    /// [`RefundCause::TooLate`](crate::presale::RefundCause::TooLate).
    pub paid_at: Timestamp,
}

/// A lower threshold, and how far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Amendment {
    /// The threshold of one community.
    Community {
        /// Which.
        site: SiteId,
        /// Asks for nothing more than the present one.
        threshold: Threshold,
    },
    /// The threshold of all communities that have none of their own.
    Default {
        /// Asks for nothing more than the present one.
        threshold: Threshold,
    },
    /// The number of communities that must form.
    CommunitiesMin {
        /// At least 1 and at most the present number.
        communities: u32,
    },
}

/// What an operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// The campaign goes ahead.
    Confirm,
    /// The campaign fails.
    Fail,
}

/// Communities that become one: the guests walk to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct MergedSites {
    /// Whose site and threshold count.
    pub host: SiteId,
    /// Who comes, and how far it is for them, as the network measures it.
    pub guests: Vec<GuestSite>,
}

/// A community that joins a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct GuestSite {
    /// Which.
    pub site: SiteId,
    /// From its site to the host's.
    pub walk: crate::units::Distance,
}

/// An action that makes no sense in any state. It changes nothing and its command id stays free.
///
/// ```
/// use catchment::id::PledgeId;
/// use catchment::presale::Malformed;
/// let error = Malformed::NoUnits { pledge: PledgeId(3) };
/// assert_eq!(error.to_string(), "pledge 3 is for 0 pieces");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A pledge for nothing.
    #[error("pledge {pledge} is for 0 pieces")]
    NoUnits {
        /// Which.
        pledge: PledgeId,
    },
    /// A payment of nothing.
    #[error("payment {payment} is of 0 minor units")]
    NoMoney {
        /// Which.
        payment: PaymentId,
    },
    /// A refund of nothing.
    #[error("refund of 0 minor units")]
    NoRefund,
    /// A threshold that asks for nothing, or for 0 of something, or a minimum of 0 communities.
    #[error("threshold asks for nothing, or for 0 of something")]
    EmptyThreshold,
    /// A merged group without guests, or a site named twice.
    #[error("merged group of host {host} has no guests, or names a site that is named before")]
    NoGroup {
        /// Of which group.
        host: SiteId,
    },
}

impl Action {
    /// What makes no sense in any state of any campaign.
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let asks = |threshold: &Threshold| {
            threshold
                .asks_for_something()
                .then_some(())
                .ok_or(Malformed::EmptyThreshold)
        };
        match self {
            Self::Pledge(new) if new.units.0 == 0 => Err(Malformed::NoUnits { pledge: new.pledge }),
            Self::RecordPayment(new) if new.money.amount == Amount::ZERO => {
                Err(Malformed::NoMoney {
                    payment: new.payment,
                })
            }
            Self::RecordRefund { amount, .. } | Self::RefundPart { amount, .. }
                if *amount == Amount::ZERO =>
            {
                Err(Malformed::NoRefund)
            }
            Self::Amend(Amendment::CommunitiesMin { communities: 0 }) => {
                Err(Malformed::EmptyThreshold)
            }
            Self::AddCommunity(CommunityTerms {
                threshold: Some(threshold),
                ..
            })
            | Self::Amend(
                Amendment::Community { threshold, .. } | Amendment::Default { threshold },
            ) => asks(threshold),
            Self::Merge { groups } => check_groups(groups),
            _ => Ok(()),
        }
    }
}

impl MergedSites {
    /// The host's site, then those of the guests.
    pub(crate) fn sites(&self) -> impl Iterator<Item = SiteId> {
        core::iter::once(self.host).chain(self.guests.iter().map(|guest| guest.site))
    }
}

fn check_groups(groups: &[MergedSites]) -> Result<(), Malformed> {
    let mut named = std::collections::BTreeSet::new();
    for group in groups {
        let mut is_new = true;
        for site in group.sites() {
            is_new &= named.insert(site);
        }
        if group.guests.is_empty() || !is_new {
            return Err(Malformed::NoGroup { host: group.host });
        }
    }
    Ok(())
}

impl Canonical for Action {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Pledge(new) => {
                to.u8(0);
                to.u64(new.pledge.0);
                to.u64(new.customer.0);
                to.u64(new.site.0);
                to.u32(new.units.0);
                to.u8(new.if_unformed as u8);
            }
            Self::RecordPayment(new) => {
                to.u8(1);
                to.u64(new.payment.0);
                to.u64(new.pledge.0);
                to.u64(new.money.amount.0);
                for letter in new.money.currency.code().bytes() {
                    to.u8(letter);
                }
                to.i64(new.paid_at.as_unix_millis());
            }
            Self::Withdraw { pledge } => tagged(to, 2, pledge.0),
            Self::Return { pledge } => tagged(to, 3, pledge.0),
            Self::RecordRefund { refund, amount } => {
                tagged(to, 4, refund.0);
                to.u64(amount.0);
            }
            Self::RecordRefundFailure { refund } => tagged(to, 5, refund.0),
            Self::RefundPart { payment, amount } => {
                tagged(to, 6, payment.0);
                to.u64(amount.0);
            }
            Self::Extend { closes_at } => {
                to.u8(7);
                to.i64(closes_at.as_unix_millis());
            }
            Self::Amend(amendment) => {
                to.u8(8);
                amendment.encode(to);
            }
            Self::AddCommunity(terms) => {
                to.u8(9);
                terms.encode(to);
            }
            Self::RemoveCommunity { site } => tagged(to, 10, site.0),
            Self::Cancel => to.u8(11),
            Self::Decide(verdict) => {
                to.u8(12);
                to.u8(*verdict as u8);
            }
            Self::Merge { groups } => {
                to.u8(13);
                to.all(groups.iter());
            }
            Self::RecordDelivery { supplier, units } => {
                tagged(to, 14, supplier.0);
                to.u64(units.0);
            }
        }
    }
}

fn tagged(to: &mut Encoder, variant: u8, id: u64) {
    to.u8(variant);
    to.u64(id);
}

impl Canonical for Amendment {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Community { site, threshold } => {
                tagged(to, 0, site.0);
                threshold.encode(to);
            }
            Self::Default { threshold } => {
                to.u8(1);
                threshold.encode(to);
            }
            Self::CommunitiesMin { communities } => {
                to.u8(2);
                to.u32(*communities);
            }
        }
    }
}

impl Canonical for MergedSites {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.host.0);
        to.all(self.guests.iter());
    }
}

impl Canonical for GuestSite {
    fn encode(&self, to: &mut Encoder) {
        to.u64(self.site.0);
        to.u64(self.walk.as_millimetres());
    }
}
