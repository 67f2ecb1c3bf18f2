//! Reading a campaign.

use std::collections::BTreeMap;

use crate::id::{CustomerId, PaymentId, PledgeId, RefundId, SiteId};
use crate::money::{Amount, Currency, Money};
use crate::presale::campaign::Campaign;
use crate::presale::records::{CommunityRecord, PaymentRecord, PledgeRecord};
use crate::presale::{
    CommunityStage, CommunityTerms, IfUnformed, PaymentState, Phase, Pieces, PledgeState,
    RefundCause, Tally, Terms, Threshold,
};
use crate::time::Timestamp;
use crate::units::Quantity;

impl Campaign {
    /// The terms as the campaign was opened; what was amended since is in the progress.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where the campaign is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The first instant at which pledges are not taken any more, as extended.
    #[must_use]
    pub const fn closes_at(&self) -> Timestamp {
        self.closes_at
    }

    /// How the campaign stands. O(communities).
    #[must_use]
    pub fn progress(&self) -> CampaignProgress {
        let mut progress = CampaignProgress {
            phase: self.phase,
            communities_min: self.communities_min,
            formed: self.formed,
            missing: self.communities_min.saturating_sub(self.formed),
            held: Held::default(),
            units: Pieces::ZERO,
            amount: Amount::ZERO,
        };
        for community in &self.communities {
            // Sums of sums that were checked when pledges were made.
            progress.held.pledges += community.reserved_pledges;
            progress.held.units.0 += community.reserved.0;
            progress.units.0 += community.paid.units.0;
            progress.amount.0 += community.paid.amount.0;
        }
        progress
    }

    /// What all formed communities have gathered together, everybody counted once. O(pledges) in them.
    #[must_use]
    pub fn overall(&self) -> Tally {
        let counts = |community: &CommunityRecord| {
            community.is_formed && !matches!(community.stage, CommunityStage::Failed(_))
        };
        self.tally_over(counts)
    }

    /// How a community stands; `None` if there is none at the site. O(log n).
    #[must_use]
    pub fn community(&self, site: SiteId) -> Option<CommunityProgress> {
        let slot = self.find_community(site)?;
        Some(self.community_progress(&self.communities[slot as usize]))
    }

    /// How all communities stand, in the order of their sites.
    pub fn communities(&self) -> impl Iterator<Item = CommunityProgress> {
        self.slots_by_site()
            .map(|slot| self.community_progress(&self.communities[slot as usize]))
    }

    /// A pledge; `None` if there is none with this id. O(1).
    #[must_use]
    pub fn pledge(&self, id: PledgeId) -> Option<PledgeView> {
        let slot = self.find_pledge(id)?;
        Some(self.pledge_view(&self.pledges[slot]))
    }

    /// All pledges, the first made first.
    pub fn pledges(&self) -> impl Iterator<Item = PledgeView> {
        self.pledges.iter().map(|record| self.pledge_view(record))
    }

    /// The pledges of a community, the first made first. Who was merged into it is among them.
    pub fn pledges_at(&self, site: SiteId) -> impl Iterator<Item = PledgeView> {
        let slot = self.find_community(site);
        slot.into_iter()
            .flat_map(|slot| self.pledges_in(slot))
            .map(|(_, record)| self.pledge_view(record))
    }

    /// A payment; `None` if there is none with this id. O(1).
    #[must_use]
    pub fn payment(&self, id: PaymentId) -> Option<PaymentView> {
        let slot = self.find_payment(id)?;
        Some(self.payment_view(&self.payments[slot]))
    }

    /// All payments, the first to come first.
    pub fn payments(&self) -> impl Iterator<Item = PaymentView> {
        self.payments.iter().map(|record| self.payment_view(record))
    }

    /// A refund; `None` if there is none with this number. O(1).
    #[must_use]
    pub fn refund(&self, id: RefundId) -> Option<RefundView> {
        let record = &self.refunds[self.refund_slot(id)?];
        let payment = &self.payments[record.payment];
        Some(RefundView {
            refund: id,
            payment: payment.id,
            cause: record.cause,
            line: record.line,
            money: Money {
                amount: record.amount,
                currency: payment.currency,
            },
            paid: record.paid,
        })
    }

    /// The refunds from a number on, in the order in which they fell due. What was done after the last one seen is
    /// `refunds_from(last + 1)`.
    ///
    /// ```
    /// use catchment::id::RefundId;
    /// use catchment::presale::RefundView;
    /// # fn pay_out(_: RefundView) {}
    /// # fn run(campaign: &catchment::presale::Campaign, seen: u64) {
    /// for refund in campaign.refunds_from(RefundId(seen + 1)) {
    ///     pay_out(refund);
    /// }
    /// # }
    /// ```
    pub fn refunds_from(&self, first: RefundId) -> impl Iterator<Item = RefundView> {
        let last = self.refunds.len() as u64;
        (first.0.max(1)..=last).filter_map(|number| self.refund(RefundId(number)))
    }

    /// The refunds that are not wholly paid out, in the order in which they fell due.
    pub fn refunds_due(&self) -> impl Iterator<Item = RefundView> {
        self.refunds_from(RefundId(1))
            .filter(|refund| refund.remaining() > Amount::ZERO)
    }

    /// Where all the money is, by currency. O(payments).
    #[must_use]
    pub fn money(&self) -> BTreeMap<Currency, MoneyTotals> {
        let mut totals = BTreeMap::<Currency, MoneyTotals>::new();
        for payment in self.payments.iter() {
            let total = totals.entry(payment.currency).or_default();
            total.recorded += u128::from(payment.recorded.0);
            total.held += u128::from(payment.held.0);
            total.captured += u128::from(payment.captured.0);
            total.due += u128::from(payment.due.0);
            total.refunded += u128::from(payment.refunded.0);
        }
        totals
    }

    fn community_progress(&self, community: &CommunityRecord) -> CommunityProgress {
        let threshold = self.threshold_of(community);
        CommunityProgress {
            terms: community.terms,
            stage: community.stage,
            is_formed: community.is_formed,
            epoch: community.epoch,
            held: Held {
                pledges: community.reserved_pledges,
                units: community.reserved,
            },
            waiting: community.waiting.len() as u32,
            paid: community.paid,
            threshold,
            missing: threshold.missing(&community.paid),
            at_freeze: community.at_freeze,
            confirmed: community.confirmed,
            returned: community.returned,
        }
    }

    fn pledge_view(&self, record: &PledgeRecord) -> PledgeView {
        PledgeView {
            pledge: record.id,
            customer: self.customers[record.customer].id,
            site: self.communities[record.community as usize].site(),
            units: record.units,
            if_unformed: record.if_unformed,
            state: record.state,
            hold_until: (record.state == PledgeState::Reserved).then_some(record.hold_until),
            payment: self.payments.get(record.payment).map(|payment| payment.id),
        }
    }

    fn payment_view(&self, record: &PaymentRecord) -> PaymentView {
        PaymentView {
            payment: record.id,
            pledge: self.pledges.get(record.pledge).map(|pledge| pledge.id),
            currency: record.currency,
            state: record.state(),
            recorded: record.recorded,
            held: record.held,
            captured: record.captured,
            due: record.due,
            refunded: record.refunded,
        }
    }
}

/// How a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CampaignProgress {
    /// Where it is in its life.
    pub phase: Phase,
    /// How many communities must form, as amended.
    pub communities_min: u32,
    /// How many are formed.
    pub formed: u32,
    /// How many are missing.
    pub missing: u32,
    /// What is reserved and not paid yet.
    pub held: Held,
    /// Pieces of paid pledges, in all communities.
    pub units: Pieces,
    /// What they cost.
    pub amount: Amount,
}

/// What is reserved and not paid yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Held {
    /// Pledges.
    pub pledges: u32,
    /// Their pieces.
    pub units: Pieces,
}

/// How a community stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CommunityProgress {
    /// Its terms, as amended.
    pub terms: CommunityTerms,
    /// Where it is in its life.
    pub stage: CommunityStage,
    /// Whether its threshold is met.
    pub is_formed: bool,
    /// How often it formed and un-formed.
    pub epoch: u32,
    /// What is reserved and not paid yet.
    pub held: Held,
    /// Pledges that wait for a place.
    pub waiting: u32,
    /// What counts: paid pledges.
    pub paid: Tally,
    /// The threshold that it is measured by.
    pub threshold: Threshold,
    /// What is missing, part by part.
    pub missing: Tally,
    /// What had gathered when it was confirmed, failed or merged.
    pub at_freeze: Option<Tally>,
    /// Pieces confirmed, those given back included.
    pub confirmed: Pieces,
    /// Pieces confirmed and then given back.
    pub returned: Pieces,
}

/// A pledge, for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PledgeView {
    /// Its number.
    pub pledge: PledgeId,
    /// Who promised.
    pub customer: CustomerId,
    /// In which community; after a merge, that of the host.
    pub site: SiteId,
    /// How many pieces.
    pub units: Quantity,
    /// What the customer wants if the community does not form.
    pub if_unformed: IfUnformed,
    /// Where it is in its life.
    pub state: PledgeState,
    /// How long its place is kept, while it is reserved.
    pub hold_until: Option<Timestamp>,
    /// What paid it.
    pub payment: Option<PaymentId>,
}

/// A payment, for reading: `recorded = held + captured + due + refunded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PaymentView {
    /// Its number.
    pub payment: PaymentId,
    /// What it was made for, if such a pledge existed.
    pub pledge: Option<PledgeId>,
    /// Of which currency all the amounts are.
    pub currency: Currency,
    /// Where the money lies.
    pub state: PaymentState,
    /// What came in.
    pub recorded: Amount,
    /// What is held for an active pledge.
    pub held: Amount,
    /// What is the retailer's.
    pub captured: Amount,
    /// What is to be paid out.
    pub due: Amount,
    /// What was paid out.
    pub refunded: Amount,
}

/// A refund, for reading. Its key towards the payment service is (payment, cause, line).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RefundView {
    /// Its number.
    pub refund: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Why.
    pub cause: RefundCause,
    /// Tells refunds of one payment and cause apart.
    pub line: u16,
    /// How much.
    pub money: Money,
    /// How much of it was paid out.
    pub paid: Amount,
}

impl RefundView {
    /// What is still to be paid out.
    #[must_use]
    pub const fn remaining(&self) -> Amount {
        Amount(self.money.amount.0 - self.paid.0)
    }
}

/// Where the money of a currency is, in minor units: `recorded = held + captured + due + refunded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MoneyTotals {
    /// What came in.
    pub recorded: u128,
    /// What is held for active pledges.
    pub held: u128,
    /// What is the retailer's.
    pub captured: u128,
    /// What is to be paid out.
    pub due: u128,
    /// What was paid out.
    pub refunded: u128,
}
