//! From events to state: the only place where a campaign changes.

use crate::id::{PaymentId, PledgeId, RefundId, SiteId};
use crate::presale::campaign::{Campaign, Sets};
use crate::presale::records::{CommunityRecord, CustomerRecord, NONE, PledgeRecord};
use crate::presale::{
    Amendment, Because, CommunityFailure, CommunityStage, ConfirmedAs, Event, Extension, NewPledge,
    Phase, Pieces, Place, PledgeState, RefundCause,
};
use crate::time::Timestamp;

/// An event that can't have happened to the campaign: it is another campaign's, or the log is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventMismatch {
    /// No pledge has this id, or its state does not allow the event.
    #[error("event does not fit pledge {pledge}")]
    Pledge {
        /// Which.
        pledge: PledgeId,
    },
    /// No payment has this id, or its money is not where the event takes it from.
    #[error("event does not fit payment {payment}")]
    Payment {
        /// Which.
        payment: PaymentId,
    },
    /// No refund has this id, or less is due.
    #[error("event does not fit refund {refund}")]
    Refund {
        /// Which.
        refund: RefundId,
    },
    /// No community is at the site, or its stage does not allow the event.
    #[error("event does not fit the community at site {site}")]
    Community {
        /// Where.
        site: SiteId,
    },
    /// A sum does not fit, or there are too many records.
    #[error("event makes a number too large")]
    Overflow,
}

type Changed = Result<(), EventMismatch>;

impl Campaign {
    /// Changes the state as an event says.
    pub(super) fn evolve(&mut self, event: &Event) -> Changed {
        match *event {
            Event::Opened => self.phase = Phase::Open,
            Event::Pledged { ref new, place } => self.add_pledge(new, place)?,
            Event::Promoted { pledge, hold_until } => self.give_place(pledge, hold_until)?,
            Event::PledgeExpired { pledge } => self.end(pledge, PledgeState::Expired)?,
            Event::Withdrawn { pledge } => self.end(pledge, PledgeState::Withdrawn)?,
            Event::Returned { pledge } => self.give_back(pledge)?,
            Event::PaymentHeld { ref new } => self.activate(new)?,
            Event::PaymentUnusable { ref new, why } => self.bounce(new, why)?,
            Event::PledgeConfirmed { pledge } => {
                let slot = self.known_pledge(pledge, PledgeState::Active)?;
                self.confirm_pledge(slot);
            }
            Event::CommunityFormed {
                site,
                epoch,
                because,
            } => {
                self.form(site, epoch, true)?;
                let slot = self.known_community(site)?;
                self.group_mut(slot).is_host |= because == Because::Merged;
            }
            Event::CommunityUnformed { site, epoch, .. } => self.form(site, epoch, false)?,
            Event::CommunityAdded(terms) => {
                if self.find_community(terms.site).is_some() {
                    return Err(EventMismatch::Community { site: terms.site });
                }
                self.add_community(CommunityRecord::new(terms));
            }
            Event::CommunityMerged { site, into } => self.merge(site, into)?,
            Event::CommunityConfirmed { site, how } => self.confirm_community(site, how)?,
            Event::CommunityFailed { site, why } => self.fail_community(site, why)?,
            Event::Amended(amendment) => self.amend(amendment)?,
            Event::Extended { closes_at, why } => {
                self.closes_at = closes_at;
                self.is_extended |= why == Extension::Stragglers;
            }
            Event::Reached { .. } => {
                self.phase = Phase::ConfirmedOpen;
                self.is_reached = true;
            }
            Event::Closed => {
                self.phase = Phase::Closing;
                self.stop_waiting();
            }
            Event::Frozen => {
                self.sets = Sets::Frozen;
                self.expire_all();
            }
            Event::DecisionAwaited { decision, until } => {
                self.phase = Phase::Deciding { decision, until };
            }
            Event::MergeDecided { .. } => {
                self.phase = Phase::Closing;
                self.sets = Sets::Merged;
            }
            Event::Confirmed { discount, .. } => {
                self.phase = Phase::Confirmed;
                self.is_reached = true;
                self.refund_tier(discount)?;
            }
            Event::Failed { why } => self.phase = Phase::Failed(why),
            Event::Cancelled => {
                // The communities have failed already; who is reserved in none of them can't be.
                self.phase = Phase::Cancelled;
            }
            Event::RefundPaid { refund, amount } => self.pay_refund(refund, amount)?,
            Event::RefundFailed { refund } => {
                self.refund(refund)
                    .ok_or(EventMismatch::Refund { refund })?;
            }
            Event::PartRefunded { payment, amount } => self.refund_part(payment, amount)?,
            Event::Delivered { supplier, units } => self.share_out(supplier, units)?,
        }
        Ok(())
    }

    pub(super) fn known_community(&self, site: SiteId) -> Result<u32, EventMismatch> {
        self.find_community(site)
            .ok_or(EventMismatch::Community { site })
    }

    pub(super) fn known_pledge(
        &self,
        pledge: PledgeId,
        state: PledgeState,
    ) -> Result<u32, EventMismatch> {
        self.find_pledge(pledge)
            .filter(|slot| self.pledges[*slot].state == state)
            .ok_or(EventMismatch::Pledge { pledge })
    }

    fn add_pledge(&mut self, new: &NewPledge, place: Place) -> Changed {
        if self.find_pledge(new.pledge).is_some() {
            return Err(EventMismatch::Pledge { pledge: new.pledge });
        }
        let community = self.known_community(new.site)?;
        let customer = self.customer_slot(new, community)?;
        let record = PledgeRecord {
            id: new.pledge,
            hold_until: Timestamp::MIN,
            units: new.units,
            customer,
            community,
            payment: NONE,
            next: NONE,
            state: PledgeState::Waiting,
            if_unformed: new.if_unformed,
        };
        let slot = self.pledges.push(record).ok_or(EventMismatch::Overflow)?;
        self.slots_of_pledges.insert(new.pledge.0, slot);
        self.append(community, slot);
        match place {
            Place::Reserved { hold_until } => self.reserve(slot, hold_until),
            Place::Waiting => {
                self.group_mut(community).waiting.push_back(slot);
                self.waiting += 1;
                Ok(())
            }
        }
    }

    fn customer_slot(&mut self, new: &NewPledge, community: u32) -> Result<u32, EventMismatch> {
        if let Some(slot) = self.find_customer(new.customer) {
            return Ok(slot);
        }
        let id = new.customer;
        let (claimed, home) = (Pieces::ZERO, community);
        let record = CustomerRecord {
            id,
            claimed,
            home,
            at_home: 0,
        };
        let slot = self.customers.push(record).ok_or(EventMismatch::Overflow)?;
        self.slots_of_customers.insert(id.0, slot);
        Ok(slot)
    }

    /// Puts a pledge at the end of its community's list.
    pub(super) fn append(&mut self, community: u32, slot: u32) {
        let last = core::mem::replace(&mut self.group_mut(community).last, slot);
        if last == NONE {
            self.group_mut(community).first = slot;
        } else {
            self.pledges[last].next = slot;
        }
    }

    pub(super) fn reserve(&mut self, slot: u32, hold_until: Timestamp) -> Changed {
        let pledge = &mut self.pledges[slot];
        pledge.state = PledgeState::Reserved;
        pledge.hold_until = hold_until;
        let (id, units, customer) = (pledge.id, Pieces::from(pledge.units), pledge.customer);
        let community = pledge.community;
        // First what can fail.
        let claimed = self
            .claimed
            .checked_add(units)
            .ok_or(EventMismatch::Overflow)?;
        self.terms
            .unit_price
            .checked_mul(claimed.0)
            .ok_or(EventMismatch::Overflow)?;
        self.claimed = claimed;
        self.customers[customer].claimed.0 += units.0;
        let community = self.group_mut(community);
        community.reserved.0 += units.0;
        community.reserved_pledges += 1;
        self.reserved += 1;
        self.holds.push(hold_until, id);
        Ok(())
    }

    fn give_place(&mut self, id: PledgeId, hold_until: Timestamp) -> Changed {
        let slot = self.known_pledge(id, PledgeState::Waiting)?;
        self.leave_queue(slot);
        self.reserve(slot, hold_until)
    }

    fn leave_queue(&mut self, slot: u32) {
        let community = self.pledges[slot].community;
        let queue = &mut self.group_mut(community).waiting;
        // Mostly the first: a customer who gives up waiting may be anywhere.
        if let Some(place) = queue.iter().position(|waiting| *waiting == slot) {
            queue.remove(place);
            self.waiting -= 1;
        }
    }

    /// Takes a pledge out of the reserved ones. What it claimed stays claimed.
    pub(super) fn unreserve(&mut self, slot: u32) {
        let pledge = &self.pledges[slot];
        let (units, community) = (Pieces::from(pledge.units), pledge.community);
        let community = self.group_mut(community);
        community.reserved.0 -= units.0;
        community.reserved_pledges -= 1;
        self.reserved -= 1;
    }

    /// Gives the pieces of a pledge free for others.
    fn unclaim(&mut self, slot: u32) {
        let pledge = &self.pledges[slot];
        let (units, customer) = (Pieces::from(pledge.units), pledge.customer);
        self.claimed.0 -= units.0;
        self.customers[customer].claimed.0 -= units.0;
    }

    /// Drops holds that no longer count from the front of the queue.
    pub(super) fn settle_holds(&mut self) {
        let (pledges, slots) = (&self.pledges, &self.slots_of_pledges);
        self.holds.settle(self.reserved, |at, id| {
            let slot = slots.find(id.0, |slot| pledges[slot].id.0);
            slot.is_some_and(|slot| {
                let pledge = &pledges[slot];
                pledge.state == PledgeState::Reserved && pledge.hold_until == at
            })
        });
    }

    /// Ends a pledge before the freeze. What was paid falls due.
    fn end(&mut self, id: PledgeId, state: PledgeState) -> Changed {
        let slot = self
            .find_pledge(id)
            .ok_or(EventMismatch::Pledge { pledge: id })?;
        self.end_slot(slot, state, RefundCause::Withdrawn)?;
        self.settle_holds();
        Ok(())
    }

    pub(super) fn end_slot(
        &mut self,
        slot: u32,
        state: PledgeState,
        cause: RefundCause,
    ) -> Changed {
        match self.pledges[slot].state {
            PledgeState::Waiting => self.leave_queue(slot),
            PledgeState::Reserved => {
                self.unreserve(slot);
                self.unclaim(slot);
            }
            PledgeState::Active => {
                self.uncount(slot);
                self.unclaim(slot);
                self.release_held(slot, cause)?;
            }
            _ => {
                return Err(EventMismatch::Pledge {
                    pledge: self.pledges[slot].id,
                });
            }
        }
        self.pledges[slot].state = state;
        Ok(())
    }

    /// Adds a pledge to the tallies of what counts.
    pub(super) fn count(&mut self, slot: u32) {
        let pledge = self.pledges[slot];
        let before = self.change_counting(pledge.customer, pledge.community, 1);
        let gained = self.tally_of(&pledge, before == 0);
        let community = self.group_mut(pledge.community);
        // Bounded by what is claimed, whose sum was checked.
        community.paid = community.paid.plus(&gained).unwrap_or(community.paid);
    }

    /// Takes a pledge out of the tallies of what counts.
    pub(super) fn uncount(&mut self, slot: u32) {
        let pledge = self.pledges[slot];
        let before = self.change_counting(pledge.customer, pledge.community, -1);
        let lost = self.tally_of(&pledge, before == 1);
        let community = self.group_mut(pledge.community);
        community.paid = community.paid.less(&lost);
    }

    /// Changes the number of counting pledges of a customer in a community; returns what it was.
    fn change_counting(&mut self, customer: u32, community: u32, by: i32) -> u32 {
        let record = &mut self.customers[customer];
        if record.home == community {
            let before = record.at_home;
            record.at_home = before.saturating_add_signed(by);
            return before;
        }
        let count = self.elsewhere.entry((customer, community)).or_insert(0);
        let before = *count;
        *count = before.saturating_add_signed(by);
        if *count == 0 {
            self.elsewhere.remove(&(customer, community));
        }
        before
    }

    fn give_back(&mut self, id: PledgeId) -> Changed {
        let slot = self.known_pledge(id, PledgeState::Confirmed)?;
        self.uncount(slot);
        self.unclaim(slot);
        let pledge = &mut self.pledges[slot];
        pledge.state = PledgeState::Returned;
        let (units, community) = (Pieces::from(pledge.units), pledge.community);
        self.group_mut(community).returned.0 += units.0;
        self.refund_captured(slot, RefundCause::Returned)
    }

    fn form(&mut self, site: SiteId, epoch: u32, is_formed: bool) -> Changed {
        let slot = self.known_community(site)?;
        let community = self.group_mut(slot);
        if community.is_formed == is_formed || community.stage != CommunityStage::Collecting {
            return Err(EventMismatch::Community { site });
        }
        community.is_formed = is_formed;
        community.epoch = epoch;
        self.formed = self
            .formed
            .saturating_add_signed(if is_formed { 1 } else { -1 });
        Ok(())
    }

    fn amend(&mut self, amendment: Amendment) -> Changed {
        match amendment {
            Amendment::Community { site, threshold } => {
                let slot = self.known_community(site)?;
                self.group_mut(slot).terms.threshold = Some(threshold);
            }
            Amendment::Default { threshold } => self.threshold = threshold,
            Amendment::CommunitiesMin { communities } => self.communities_min = communities,
        }
        Ok(())
    }

    fn confirm_community(&mut self, site: SiteId, how: ConfirmedAs) -> Changed {
        let slot = self.known_community(site)?;
        let community = self.group_mut(slot);
        if community.stage != CommunityStage::Collecting {
            return Err(EventMismatch::Community { site });
        }
        community.stage = CommunityStage::Confirmed(how);
        community.at_freeze = Some(community.paid);
        let mut next = community.first;
        while let Some(pledge) = self.pledges.get(next) {
            let (here, after) = (next, pledge.next);
            if pledge.state == PledgeState::Active {
                self.confirm_pledge(here);
            }
            next = after;
        }
        Ok(())
    }

    fn confirm_pledge(&mut self, slot: u32) {
        let pledge = &mut self.pledges[slot];
        pledge.state = PledgeState::Confirmed;
        let (units, community) = (Pieces::from(pledge.units), pledge.community);
        self.group_mut(community).confirmed.0 += units.0;
        self.capture(slot);
    }

    fn fail_community(&mut self, site: SiteId, why: CommunityFailure) -> Changed {
        let slot = self.known_community(site)?;
        let community = self.group_mut(slot);
        if community.stage != CommunityStage::Collecting {
            return Err(EventMismatch::Community { site });
        }
        community.stage = CommunityStage::Failed(why);
        community.at_freeze = Some(community.paid);
        // What formed and fails at the freeze stays formed; what is taken out does not count any more.
        if why == CommunityFailure::Removed && core::mem::take(&mut community.is_formed) {
            self.formed -= 1;
        }
        let mut next = self.group(slot).first;
        while let Some(pledge) = self.pledges.get(next) {
            let (here, after) = (next, pledge.next);
            let state = match pledge.state {
                PledgeState::Active => Some(PledgeState::Failed),
                PledgeState::Waiting | PledgeState::Reserved => Some(PledgeState::Expired),
                _ => None,
            };
            if let Some(state) = state {
                self.end_slot(here, state, RefundCause::Failed)?;
            }
            next = after;
        }
        self.settle_holds();
        Ok(())
    }

    /// Who waits at the close has waited in vain.
    fn stop_waiting(&mut self) {
        for community in 0..self.communities.len() as u32 {
            for slot in core::mem::take(&mut self.group_mut(community).waiting) {
                self.pledges[slot].state = PledgeState::Expired;
            }
        }
        self.waiting = 0;
    }

    /// Whoever has not paid by the freeze does not count.
    fn expire_all(&mut self) {
        for slot in 0..self.pledges.len() as u32 {
            if self.pledges[slot].state == PledgeState::Reserved {
                self.unreserve(slot);
                self.unclaim(slot);
                self.pledges[slot].state = PledgeState::Expired;
            }
        }
        self.settle_holds();
    }
}
