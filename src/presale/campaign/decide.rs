//! From actions to events: pure, in the documented order of refusals.

use crate::id::{PledgeId, SiteId, SupplierId};
use crate::money::Amount;
use crate::presale::campaign::Campaign;
use crate::presale::{
    Action, Amendment, Because, CommunityFailure, CommunityStage, CommunityTerms, Decision, Event,
    Extension, PaymentState, Phase, Pieces, PledgeState, Refusal, Tally, Threshold, Verdict,
};
use crate::time::Timestamp;

/// More communities than any network has sites.
const COMMUNITIES_MAX: usize = 1 << 30;

impl Campaign {
    /// What an action brings about at `now`, when nothing is due.
    pub(super) fn decide(
        &self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        match action {
            Action::Pledge(new) => self.decide_pledge(now, new, events),
            Action::RecordPayment(new) => self.decide_payment(now, new, events),
            Action::Withdraw { pledge } => self.decide_withdrawal(*pledge, events),
            Action::Return { pledge } => self.decide_return(*pledge, events),
            Action::RecordRefund { refund, amount } => {
                let available = self
                    .refund(*refund)
                    .ok_or(Refusal::UnknownRefund)?
                    .remaining();
                if *amount > available {
                    return Err(Refusal::RefundTooLarge { available });
                }
                events.push(Event::RefundPaid {
                    refund: *refund,
                    amount: *amount,
                });
                Ok(())
            }
            Action::RecordRefundFailure { refund } => {
                let remaining = self
                    .refund(*refund)
                    .ok_or(Refusal::UnknownRefund)?
                    .remaining();
                if remaining == Amount::ZERO {
                    return Err(Refusal::RefundTooLarge {
                        available: remaining,
                    });
                }
                events.push(Event::RefundFailed { refund: *refund });
                Ok(())
            }
            Action::RefundPart { payment, amount } => {
                let slot = self.find_payment(*payment).ok_or(Refusal::UnknownPayment)?;
                let record = &self.payments[slot];
                let (state, available) = (record.state(), record.captured);
                if state != PaymentState::Captured {
                    return Err(Refusal::PaymentIs { state });
                }
                if record.parts == u16::MAX {
                    return Err(Refusal::Overflow);
                }
                if *amount > available {
                    return Err(Refusal::RefundTooLarge { available });
                }
                events.push(Event::PartRefunded {
                    payment: *payment,
                    amount: *amount,
                });
                Ok(())
            }
            Action::Extend { closes_at } => self.decide_extension(*closes_at, events),
            Action::Amend(amendment) => self.decide_amendment(amendment, events),
            Action::AddCommunity(terms) => self.decide_addition(terms, events),
            Action::RemoveCommunity { site } => self.decide_removal(*site, events),
            Action::Cancel => self.decide_cancellation(events),
            Action::Decide(verdict) => self.decide_verdict(*verdict, events),
            Action::Merge { groups } => self.decide_merge(groups, events),
            Action::RecordDelivery { supplier, units } => {
                self.decide_delivery(*supplier, *units, events)
            }
        }
    }

    /// That customers may still do what belongs before the close.
    pub(super) fn require_open(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Scheduled => Err(Refusal::NotOpenYet {
                opens_at: self.terms.opens_at,
            }),
            Phase::Open | Phase::ConfirmedOpen => Ok(()),
            _ => Err(Refusal::Closed),
        }
    }

    /// That operators may still change the terms.
    fn require_before_close(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Scheduled | Phase::Open | Phase::ConfirmedOpen => Ok(()),
            _ => Err(Refusal::Closed),
        }
    }

    fn decide_withdrawal(&self, id: PledgeId, events: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_open()?;
        let slot = self.find_pledge(id).ok_or(Refusal::UnknownPledge)?;
        let pledge = &self.pledges[slot];
        match pledge.state {
            PledgeState::Waiting | PledgeState::Reserved => {
                events.push(Event::Withdrawn { pledge: id });
            }
            PledgeState::Active => {
                events.push(Event::Withdrawn { pledge: id });
                let community = self.group(pledge.community);
                let last = self.counting(pledge.customer, pledge.community) == 1;
                let after = community.paid.less(&self.tally_of(pledge, last));
                self.push_edge(pledge.community, &after, Because::Left, events);
            }
            state => return Err(Refusal::PledgeIs { state }),
        }
        Ok(())
    }

    fn decide_return(&self, id: PledgeId, events: &mut Vec<Event>) -> Result<(), Refusal> {
        if !self.is_reached {
            return Err(Refusal::NotConfirmed);
        }
        let slot = self.find_pledge(id).ok_or(Refusal::UnknownPledge)?;
        match self.pledges[slot].state {
            PledgeState::Confirmed => {
                events.push(Event::Returned { pledge: id });
                Ok(())
            }
            state => Err(Refusal::PledgeIs { state }),
        }
    }

    fn decide_extension(
        &self,
        closes_at: Timestamp,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_before_close()?;
        let fits = self
            .terms
            .last_deadline(closes_at)
            .is_some_and(|last| last <= self.terms.horizon);
        if closes_at <= self.closes_at || !fits {
            return Err(Refusal::NotAnExtension {
                closes_at: self.closes_at,
            });
        }
        events.push(Event::Extended {
            closes_at,
            why: Extension::Operator,
        });
        Ok(())
    }

    fn decide_amendment(
        &self,
        amendment: &Amendment,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_before_close()?;
        match *amendment {
            Amendment::Community { site, threshold } => {
                let slot = self.collecting_at(site)?;
                if !self.threshold_of(self.group(slot)).covers(&threshold) {
                    return Err(Refusal::AsksForMore);
                }
                events.push(Event::Amended(*amendment));
                self.push_formed_by(slot, &threshold, events);
            }
            Amendment::Default { threshold } => {
                if !self.threshold.covers(&threshold) {
                    return Err(Refusal::AsksForMore);
                }
                events.push(Event::Amended(*amendment));
                for (slot, community) in self.collecting() {
                    if community.terms.threshold.is_none() {
                        self.push_formed_by(slot, &threshold, events);
                    }
                }
            }
            Amendment::CommunitiesMin { communities } => {
                if communities > self.communities_min {
                    return Err(Refusal::AsksForMore);
                }
                events.push(Event::Amended(*amendment));
            }
        }
        Ok(())
    }

    fn decide_addition(
        &self,
        terms: &CommunityTerms,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_before_close()?;
        if self
            .terms
            .suppliers
            .iter()
            .all(|known| known.supplier != terms.supplier)
        {
            return Err(Refusal::UnknownSupplier);
        }
        if self.find_community(terms.site).is_some() {
            return Err(Refusal::CommunityExists);
        }
        if self.communities.len() >= COMMUNITIES_MAX {
            return Err(Refusal::Overflow);
        }
        events.push(Event::CommunityAdded(*terms));
        Ok(())
    }

    fn decide_removal(&self, site: SiteId, events: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_before_close()?;
        self.collecting_at(site)?;
        events.push(Event::CommunityFailed {
            site,
            why: CommunityFailure::Removed,
        });
        Ok(())
    }

    fn decide_cancellation(&self, events: &mut Vec<Event>) -> Result<(), Refusal> {
        if self.is_reached {
            return Err(Refusal::AlreadyConfirmed);
        }
        if self.phase.is_terminal() {
            return Err(Refusal::Closed);
        }
        for (_, community) in self.collecting() {
            let (site, why) = (community.site(), CommunityFailure::Cancelled);
            events.push(Event::CommunityFailed { site, why });
        }
        events.push(Event::Cancelled);
        Ok(())
    }

    fn decide_verdict(&self, verdict: Verdict, events: &mut Vec<Event>) -> Result<(), Refusal> {
        if !matches!(
            self.phase,
            Phase::Deciding {
                decision: Decision::Verdict,
                ..
            }
        ) {
            return Err(Refusal::NothingToDecide);
        }
        let judgement = self.judge();
        match verdict {
            Verdict::Confirm if judgement.failure.is_some() => Err(Refusal::NotEnough {
                formed: judgement.formed,
            }),
            Verdict::Confirm => {
                self.conclude(&judgement, events);
                Ok(())
            }
            Verdict::Fail => {
                self.fail(
                    crate::presale::CampaignFailure::Rejected,
                    &judgement,
                    events,
                );
                Ok(())
            }
        }
    }

    fn decide_delivery(
        &self,
        supplier: SupplierId,
        units: Pieces,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.phase != Phase::Confirmed {
            return Err(Refusal::NotConfirmed);
        }
        if self
            .terms
            .suppliers
            .iter()
            .all(|known| known.supplier != supplier)
        {
            return Err(Refusal::UnknownSupplier);
        }
        if self.deliveries.contains_key(&supplier) {
            return Err(Refusal::DeliveryExists);
        }
        events.push(Event::Delivered { supplier, units });
        Ok(())
    }

    /// The community at a site, if its terms may still change.
    fn collecting_at(&self, site: SiteId) -> Result<u32, Refusal> {
        let slot = self.find_community(site).ok_or(Refusal::UnknownCommunity)?;
        match self.group(slot).stage {
            CommunityStage::Collecting => Ok(slot),
            CommunityStage::Confirmed(_) => Err(Refusal::AlreadyConfirmed),
            CommunityStage::Failed(_) | CommunityStage::MergedInto(_) => {
                Err(Refusal::CommunityRemoved)
            }
        }
    }

    fn push_formed_by(&self, slot: u32, threshold: &Threshold, events: &mut Vec<Event>) {
        let community = self.group(slot);
        if !community.is_formed && threshold.is_met_by(&community.paid) {
            let (site, epoch) = (community.site(), community.epoch.saturating_add(1));
            events.push(Event::CommunityFormed {
                site,
                epoch,
                because: Because::Amended,
            });
        }
    }

    /// The event of forming or un-forming, if what is gathered after a change makes one. A confirmed community keeps
    /// what it is.
    pub(super) fn push_edge(
        &self,
        slot: u32,
        after: &Tally,
        because: Because,
        events: &mut Vec<Event>,
    ) {
        let community = self.group(slot);
        let is_formed = self.threshold_of(community).is_met_by(after);
        if community.stage != CommunityStage::Collecting || is_formed == community.is_formed {
            return;
        }
        let (site, epoch) = (community.site(), community.epoch.saturating_add(1));
        events.push(if is_formed {
            Event::CommunityFormed {
                site,
                epoch,
                because,
            }
        } else {
            Event::CommunityUnformed {
                site,
                epoch,
                because,
            }
        });
    }
}
