//! A campaign as plain data, and back.

use crate::id::{CustomerId, PaymentId, PledgeId, SupplierId};
use crate::ledger::{IdTable, Storable};
use crate::limits::Limits;
use crate::money::{Amount, Currency};
use crate::presale::campaign::{Campaign, Sets};
use crate::presale::records::{
    CommunityRecord, CustomerRecord, Delivery, NONE, PaymentRecord, PledgeRecord, RefundRecord,
};
use crate::presale::{
    CommunityFailure, CommunityStage, CommunityTerms, IfUnformed, Phase, Pieces, PledgeState,
    RefundCause, Tally, Terms, TermsFaults, Threshold,
};
use crate::time::Timestamp;
use crate::units::Quantity;

/// A campaign as plain data. Whatever follows from other parts (tallies, claims, queues, indexes) is not stored but
/// computed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct StoredCampaign {
    terms: Terms,
    threshold: Threshold,
    communities_min: u32,
    closes_at: Timestamp,
    phase: Phase,
    is_reached: bool,
    is_extended: bool,
    sets: Sets,
    communities: Vec<StoredCommunity>,
    pledges: Vec<StoredPledge>,
    payments: Vec<StoredPayment>,
    refunds: Vec<StoredRefund>,
    deliveries: Vec<(SupplierId, Delivery)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct StoredCommunity {
    terms: CommunityTerms,
    stage: CommunityStage,
    is_formed: bool,
    is_host: bool,
    epoch: u32,
    at_freeze: Option<Tally>,
    confirmed: Pieces,
    returned: Pieces,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct StoredPledge {
    id: PledgeId,
    customer: CustomerId,
    /// The place of the community in the list.
    community: u32,
    units: Quantity,
    state: PledgeState,
    hold_until: Timestamp,
    if_unformed: IfUnformed,
    /// The place of the payment in the list.
    payment: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct StoredPayment {
    id: PaymentId,
    /// The place of the pledge in the list.
    pledge: Option<u32>,
    currency: Currency,
    held: Amount,
    captured: Amount,
    due: Amount,
    refunded: Amount,
    parts: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct StoredRefund {
    payment: u32,
    cause: RefundCause,
    line: u16,
    amount: Amount,
    paid: Amount,
}

/// Data that is no campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredFault {
    /// The terms could not have been opened.
    #[error(transparent)]
    Terms(TermsFaults),
    /// A community is named twice, or more than the limit.
    #[error("community {place} of the list is named before, or beyond the limit")]
    Community {
        /// Its place in the list, from 0.
        place: usize,
    },
    /// A pledge names what is not there, or is named twice, or its sums do not fit.
    #[error("pledge {pledge} does not fit the rest")]
    Pledge {
        /// Which.
        pledge: PledgeId,
    },
    /// A payment names what is not there, or is named twice, or its sum does not fit.
    #[error("payment {payment} does not fit the rest")]
    Payment {
        /// Which.
        payment: PaymentId,
    },
    /// A refund names what is not there, or has paid more than it is.
    #[error("refund {place} of the list does not fit the rest")]
    Refund {
        /// Its place in the list, from 0.
        place: usize,
    },
}

impl Storable for Campaign {
    type Stored = StoredCampaign;
    type Fault = StoredFault;
    const FORMAT: u32 = 1;

    fn store(&self) -> StoredCampaign {
        StoredCampaign {
            terms: self.terms.clone(),
            threshold: self.threshold,
            communities_min: self.communities_min,
            closes_at: self.closes_at,
            phase: self.phase,
            is_reached: self.is_reached,
            is_extended: self.is_extended,
            sets: self.sets,
            communities: self.communities.iter().map(StoredCommunity::of).collect(),
            pledges: self
                .pledges
                .iter()
                .map(|pledge| self.stored_pledge(pledge))
                .collect(),
            payments: self.payments.iter().map(StoredPayment::of).collect(),
            refunds: self.refunds.iter().map(StoredRefund::of).collect(),
            deliveries: self
                .deliveries
                .iter()
                .map(|(supplier, delivery)| (*supplier, *delivery))
                .collect(),
        }
    }

    fn restore(stored: StoredCampaign, limits: &Limits) -> Result<Self, StoredFault> {
        stored.terms.check(limits).map_err(StoredFault::Terms)?;
        let mut campaign = Self::new(stored.terms);
        campaign.threshold = stored.threshold;
        campaign.communities_min = stored.communities_min;
        campaign.closes_at = stored.closes_at;
        campaign.phase = stored.phase;
        campaign.is_reached = stored.is_reached;
        campaign.is_extended = stored.is_extended;
        campaign.sets = stored.sets;
        campaign.communities.clear();
        campaign.slots_of_sites.clear();
        campaign.slot_of_site = IdTable::default();
        for (place, community) in stored.communities.iter().enumerate() {
            campaign.restore_community(place, community, limits)?;
        }
        for pledge in &stored.pledges {
            campaign.restore_pledge(pledge)?;
        }
        for payment in &stored.payments {
            campaign.restore_payment(payment)?;
        }
        for (place, refund) in stored.refunds.iter().enumerate() {
            campaign.restore_refund(place, refund)?;
        }
        campaign.deliveries = stored.deliveries.into_iter().collect();
        campaign.restore_links(&stored.pledges)?;
        Ok(campaign)
    }
}

impl Campaign {
    fn stored_pledge(&self, pledge: &PledgeRecord) -> StoredPledge {
        StoredPledge {
            id: pledge.id,
            customer: self.customers[pledge.customer].id,
            community: pledge.community,
            units: pledge.units,
            state: pledge.state,
            hold_until: pledge.hold_until,
            if_unformed: pledge.if_unformed,
            payment: (pledge.payment != NONE).then_some(pledge.payment),
        }
    }

    fn restore_community(
        &mut self,
        place: usize,
        stored: &StoredCommunity,
        limits: &Limits,
    ) -> Result<(), StoredFault> {
        if place >= limits.sites_max || self.find_community(stored.terms.site).is_some() {
            return Err(StoredFault::Community { place });
        }
        let is_counted = stored.is_formed
            && !matches!(
                stored.stage,
                CommunityStage::Failed(CommunityFailure::Removed)
            );
        self.formed += u32::from(is_counted);
        self.add_community(CommunityRecord {
            stage: stored.stage,
            is_formed: stored.is_formed,
            is_host: stored.is_host,
            epoch: stored.epoch,
            at_freeze: stored.at_freeze,
            confirmed: stored.confirmed,
            returned: stored.returned,
            ..CommunityRecord::new(stored.terms)
        });
        Ok(())
    }

    fn restore_pledge(&mut self, stored: &StoredPledge) -> Result<(), StoredFault> {
        let fault = StoredFault::Pledge { pledge: stored.id };
        let is_known = self.find_pledge(stored.id).is_some();
        if is_known || stored.community as usize >= self.communities.len() {
            return Err(fault);
        }
        let customer = self.restore_customer(stored).ok_or_else(|| fault.clone())?;
        let record = PledgeRecord {
            id: stored.id,
            hold_until: stored.hold_until,
            units: stored.units,
            customer,
            community: stored.community,
            payment: stored.payment.unwrap_or(NONE),
            next: NONE,
            state: stored.state,
            if_unformed: stored.if_unformed,
        };
        let slot = self.pledges.push(record).ok_or(fault)?;
        self.slots_of_pledges.insert(stored.id.0, slot);
        Ok(())
    }

    fn restore_customer(&mut self, stored: &StoredPledge) -> Option<u32> {
        if let Some(slot) = self.find_customer(stored.customer) {
            return Some(slot);
        }
        let (id, home) = (stored.customer, stored.community);
        let record = CustomerRecord {
            id,
            claimed: Pieces::ZERO,
            home,
            at_home: 0,
        };
        let slot = self.customers.push(record)?;
        self.slots_of_customers.insert(id.0, slot);
        Some(slot)
    }

    fn restore_payment(&mut self, stored: &StoredPayment) -> Result<(), StoredFault> {
        let fault = StoredFault::Payment { payment: stored.id };
        let parts = [stored.held, stored.captured, stored.due, stored.refunded];
        let sum = |sum: Option<Amount>, part: &Amount| sum?.checked_add(*part);
        let recorded = parts.iter().fold(Some(Amount::ZERO), sum);
        let names_pledge = stored
            .pledge
            .is_none_or(|pledge| self.pledges.get(pledge).is_some());
        let (Some(recorded), None, true) = (recorded, self.find_payment(stored.id), names_pledge)
        else {
            return Err(fault);
        };
        let record = PaymentRecord {
            id: stored.id,
            recorded,
            held: stored.held,
            captured: stored.captured,
            due: stored.due,
            refunded: stored.refunded,
            pledge: stored.pledge.unwrap_or(NONE),
            currency: stored.currency,
            parts: stored.parts,
        };
        let slot = self.payments.push(record).ok_or(fault)?;
        self.slots_of_payments.insert(stored.id.0, slot);
        Ok(())
    }

    fn restore_refund(&mut self, place: usize, stored: &StoredRefund) -> Result<(), StoredFault> {
        let StoredRefund {
            payment,
            cause,
            line,
            amount,
            paid,
        } = *stored;
        if self.payments.get(payment).is_none() || paid > amount {
            return Err(StoredFault::Refund { place });
        }
        let record = RefundRecord {
            amount,
            paid,
            payment,
            cause,
            line,
        };
        let slot = self.refunds.push(record);
        slot.map(|_| ()).ok_or(StoredFault::Refund { place })
    }

    /// What follows from the records: lists, tallies, claims, queues and holds.
    fn restore_links(&mut self, pledges: &[StoredPledge]) -> Result<(), StoredFault> {
        for (slot, stored) in (0_u32..).zip(pledges) {
            let fault = StoredFault::Pledge { pledge: stored.id };
            let paid = stored
                .payment
                .map(|payment| self.payments.get(payment).is_some());
            let needs_payment = matches!(
                stored.state,
                PledgeState::Active | PledgeState::Confirmed | PledgeState::Returned
            );
            if paid == Some(false) || (needs_payment && paid.is_none()) {
                return Err(fault);
            }
            self.append(stored.community, slot);
            match stored.state {
                PledgeState::Waiting => {
                    self.communities[stored.community as usize]
                        .waiting
                        .push_back(slot);
                    self.waiting += 1;
                }
                PledgeState::Reserved => {
                    self.reserve(slot, stored.hold_until).map_err(|_| fault)?;
                }
                PledgeState::Active | PledgeState::Confirmed => {
                    self.reserve(slot, stored.hold_until).map_err(|_| fault)?;
                    self.unreserve(slot);
                    self.pledges[slot].state = stored.state;
                    self.count(slot);
                }
                _ => {}
            }
        }
        self.settle_holds();
        Ok(())
    }
}

impl StoredCommunity {
    fn of(community: &CommunityRecord) -> Self {
        Self {
            terms: community.terms,
            stage: community.stage,
            is_formed: community.is_formed,
            is_host: community.is_host,
            epoch: community.epoch,
            at_freeze: community.at_freeze,
            confirmed: community.confirmed,
            returned: community.returned,
        }
    }
}

impl StoredPayment {
    fn of(payment: &PaymentRecord) -> Self {
        Self {
            id: payment.id,
            pledge: (payment.pledge != NONE).then_some(payment.pledge),
            currency: payment.currency,
            held: payment.held,
            captured: payment.captured,
            due: payment.due,
            refunded: payment.refunded,
            parts: payment.parts,
        }
    }
}

impl StoredRefund {
    fn of(refund: &RefundRecord) -> Self {
        Self {
            payment: refund.payment,
            cause: refund.cause,
            line: refund.line,
            amount: refund.amount,
            paid: refund.paid,
        }
    }
}
