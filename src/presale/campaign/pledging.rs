//! Pledges and payments: where the time goes.

use crate::money::Amount;
use crate::presale::campaign::{Campaign, Sets};
use crate::presale::records::{CommunityRecord, NONE, PledgeRecord};
use crate::presale::{
    Because, Cap, CommunityStage, Event, NewPayment, NewPledge, Overflow, Phase, Pieces, Place,
    PledgeState, RefundCause, Refusal, Tally,
};
use crate::time::Timestamp;
use crate::units::Quantity;

impl Campaign {
    pub(super) fn decide_pledge(
        &self,
        now: Timestamp,
        new: &NewPledge,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_open()?;
        if self.find_pledge(new.pledge).is_some() {
            return Err(Refusal::PledgeExists);
        }
        let slot = self
            .find_community(new.site)
            .ok_or(Refusal::UnknownCommunity)?;
        let community = self.group(slot);
        if let CommunityStage::Failed(_) | CommunityStage::MergedInto(_) = community.stage {
            return Err(Refusal::CommunityRemoved);
        }
        let has_room = self.check_caps(new, community);
        if let Err(refusal) = has_room
            && (self.terms.policy.overflow == Overflow::Reject || self.never_fits(new.units))
        {
            return Err(refusal);
        }
        if !self.sums_fit(new.units) || self.pledges.len() >= NONE as usize {
            return Err(Refusal::Overflow);
        }
        // Nobody overtakes in a community.
        let place = if has_room.is_ok() && community.waiting.is_empty() {
            Place::Reserved {
                hold_until: self.hold_from(now),
            }
        } else {
            Place::Waiting
        };
        events.push(Event::Pledged { new: *new, place });
        Ok(())
    }

    pub(super) fn decide_payment(
        &self,
        now: Timestamp,
        new: &NewPayment,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.find_payment(new.payment).is_some() {
            return Err(Refusal::PaymentExists);
        }
        if self.payments.len() >= NONE as usize || self.refunds.len() >= NONE as usize {
            return Err(Refusal::Overflow);
        }
        let slot = match self.judge_payment(now, new) {
            Ok(slot) => slot,
            Err(why) => {
                events.push(Event::PaymentUnusable { new: *new, why });
                return Ok(());
            }
        };
        events.push(Event::PaymentHeld { new: *new });
        let pledge = &self.pledges[slot];
        let community = self.group(pledge.community);
        if let CommunityStage::Confirmed(_) = community.stage {
            events.push(Event::PledgeConfirmed { pledge: pledge.id });
        } else {
            let first = self.counting(pledge.customer, pledge.community) == 0;
            let gained = self.tally_of(pledge, first);
            // Sums were checked when the pledge was made.
            let after = community.paid.plus(&gained).unwrap_or(community.paid);
            self.push_edge(pledge.community, &after, Because::Joined, events);
        }
        Ok(())
    }

    /// The slot of the pledge that the payment makes count, or why it does not.
    fn judge_payment(&self, now: Timestamp, new: &NewPayment) -> Result<u32, RefundCause> {
        let slot = self
            .find_pledge(new.pledge)
            .ok_or(RefundCause::UnknownPledge)?;
        let pledge = &self.pledges[slot];
        if pledge.payment != NONE {
            return Err(RefundCause::SecondPayment);
        }
        let in_time = match self.phase {
            Phase::Open | Phase::ConfirmedOpen => true,
            Phase::Closing => {
                self.sets == Sets::Moving && self.made_at(now, new, pledge) < self.closes_at
            }
            _ => false,
        };
        if !in_time {
            return Err(RefundCause::TooLate);
        }
        if pledge.state != PledgeState::Reserved {
            return Err(RefundCause::NoPlace);
        }
        let is_right = new.money.currency == self.terms.currency
            && new.money.amount == self.price_of(pledge.units);
        if is_right {
            Ok(slot)
        } else {
            Err(RefundCause::WrongAmount)
        }
    }

    /// When a payment was made, as far as it can be believed: an instant before the pledge had its place, or after now,
    /// proves nothing, and then all that is known is that it came by now. (A pledge that never had a place can't be
    /// paid anyhow.)
    fn made_at(&self, now: Timestamp, new: &NewPayment, pledge: &PledgeRecord) -> Timestamp {
        let hold = i64::try_from(self.terms.policy.hold.as_millis()).unwrap_or(i64::MAX);
        let held_until = pledge.hold_until.as_unix_millis();
        let held_from = Timestamp::from_unix_millis(held_until.saturating_sub(hold));
        if (held_from..=now).contains(&new.paid_at) {
            new.paid_at
        } else {
            now
        }
    }

    /// The price of so many pieces. It was checked to fit when the pledge was made.
    pub(super) fn price_of(&self, units: Quantity) -> Amount {
        Amount(self.terms.unit_price.0.saturating_mul(u64::from(units.0)))
    }

    /// What a pledge adds to its community's tally.
    pub(super) fn tally_of(&self, pledge: &PledgeRecord, counts_as_participant: bool) -> Tally {
        Tally {
            participants: u32::from(counts_as_participant),
            units: Pieces::from(pledge.units),
            amount: self.price_of(pledge.units),
        }
    }

    pub(super) fn hold_from(&self, now: Timestamp) -> Timestamp {
        self.terms.policy.hold.after(now).unwrap_or(Timestamp::MAX)
    }

    fn check_caps(&self, new: &NewPledge, community: &CommunityRecord) -> Result<(), Refusal> {
        let customer = self.find_customer(new.customer);
        let by_customer = customer.map_or(Pieces::ZERO, |slot| self.customers[slot].claimed);
        self.check_room(new.units, by_customer, community)
    }

    /// Whether so many pieces fit the caps, beside what is claimed.
    fn check_room(
        &self,
        units: Quantity,
        by_customer: Pieces,
        community: &CommunityRecord,
    ) -> Result<(), Refusal> {
        let caps = &self.terms.policy.caps;
        for (cap, limit, claimed) in [
            (Cap::Customer, caps.per_customer, by_customer),
            (Cap::Community, caps.per_community, community.claimed()),
            (Cap::Campaign, caps.per_campaign, self.claimed),
        ] {
            let Some(limit) = limit else {
                continue;
            };
            if claimed
                .checked_add(Pieces::from(units))
                .is_none_or(|claimed| claimed > limit)
            {
                return Err(Refusal::CapReached { cap, limit });
            }
        }
        Ok(())
    }

    /// Whether so many pieces are beyond a cap by themselves: waiting would be in vain.
    fn never_fits(&self, units: Quantity) -> bool {
        let caps = &self.terms.policy.caps;
        [caps.per_customer, caps.per_community, caps.per_campaign]
            .into_iter()
            .flatten()
            .any(|limit| Pieces::from(units) > limit)
    }

    /// Whether no total can overflow with so many pieces more, whatever is paid later.
    fn sums_fit(&self, units: Quantity) -> bool {
        let claimed = self.claimed.checked_add(Pieces::from(units));
        claimed.is_some_and(|claimed| self.terms.unit_price.checked_mul(claimed.0).is_some())
    }

    /// Gives places to pledges that wait, the first to come first, as far as there is room. In each community nobody
    /// overtakes; of several communities whose first pledge fits, the one with the oldest is served.
    pub(super) fn promote(&self, now: Timestamp, events: &mut Vec<Event>) {
        let heads = self.collecting_or_confirmed().filter_map(|community| {
            let slot = *community.waiting.front()?;
            let pledge = &self.pledges[slot];
            let by_customer = self.customers[pledge.customer].claimed;
            self.check_room(pledge.units, by_customer, community).ok()?;
            self.sums_fit(pledge.units).then_some((slot, pledge.id))
        });
        // One at a time: each takes room, and this is asked again.
        if let Some((_, pledge)) = heads.min() {
            events.push(Event::Promoted {
                pledge,
                hold_until: self.hold_from(now),
            });
        }
    }

    fn collecting_or_confirmed(&self) -> impl Iterator<Item = &CommunityRecord> {
        self.communities.iter().filter(|community| {
            matches!(
                community.stage,
                CommunityStage::Collecting | CommunityStage::Confirmed(_)
            )
        })
    }
}
