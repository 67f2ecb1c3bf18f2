//! What must hold after every change, counted anew from the records.

use std::collections::{BTreeMap, BTreeSet};

use crate::money::Amount;
use crate::presale::campaign::{Campaign, Sets};
use crate::presale::records::NONE;
use crate::presale::{
    CommunityFailure, CommunityStage, Phase, Pieces, PledgeState, RefundCause, Tally,
};

/// Campaigns up to so many pledges are counted anew after every command of a debug build: more would make tests
/// quadratic without finding more.
const COUNTED_MAX: usize = 64;

impl Campaign {
    /// In debug builds: every invariant of a small campaign.
    pub(super) fn assert_sound(&self) {
        if cfg!(debug_assertions) && self.pledges.len() <= COUNTED_MAX {
            self.assert_tallies();
            self.assert_money();
            self.assert_phase();
        }
    }

    /// Running tallies equal a recount; participants are distinct customers with a counting pledge.
    fn assert_tallies(&self) {
        let mut claimed = Pieces::ZERO;
        let (mut waiting, mut reserved) = (0, 0);
        let mut formed = 0;
        for (slot, community) in (0_u32..).zip(&self.communities) {
            let mut paid = Tally::default();
            let (mut held, mut people) = (Pieces::ZERO, BTreeSet::new());
            for (_, pledge) in self.pledges_in(slot) {
                assert_eq!(
                    pledge.community, slot,
                    "a pledge is in the list of its community"
                );
                match pledge.state {
                    PledgeState::Waiting => waiting += 1,
                    PledgeState::Reserved => {
                        reserved += 1;
                        held.0 += u64::from(pledge.units.0);
                    }
                    PledgeState::Active | PledgeState::Confirmed => {
                        let is_new = people.insert(pledge.customer);
                        paid = paid.plus(&self.tally_of(pledge, is_new)).expect("it fits");
                    }
                    _ => {}
                }
            }
            assert_eq!(
                (community.paid, community.reserved),
                (paid, held),
                "tallies"
            );
            claimed.0 += paid.units.0 + held.0;
            let removed = CommunityStage::Failed(CommunityFailure::Removed);
            formed += u32::from(community.is_formed && community.stage != removed);
            if community.stage == CommunityStage::Collecting && self.sets == Sets::Moving {
                let is_met = self.threshold_of(community).is_met_by(&paid);
                assert_eq!(community.is_formed, is_met, "forming is a predicate");
            }
        }
        assert_eq!(
            (self.claimed, self.waiting, self.reserved),
            (claimed, waiting, reserved)
        );
        assert_eq!(self.formed, formed, "formed communities");
    }

    /// No money is in limbo: by payment, by pledge and by refund.
    fn assert_money(&self) {
        let mut due = BTreeMap::<u32, u64>::new();
        let mut keys = BTreeSet::<(u32, RefundCause, u16)>::new();
        for refund in self.refunds.iter() {
            *due.entry(refund.payment).or_default() += refund.amount.0 - refund.paid.0;
            let key = (refund.payment, refund.cause, refund.line);
            assert!(keys.insert(key), "keys of refunds are unique");
        }
        for (slot, payment) in (0_u32..).zip(self.payments.iter()) {
            let parts = [
                payment.held,
                payment.captured,
                payment.due,
                payment.refunded,
            ];
            let sum: u64 = parts.iter().map(|part| part.0).sum();
            assert_eq!(payment.recorded, Amount(sum), "a payment is whole");
            assert_eq!(
                payment.due.0,
                due.get(&slot).copied().unwrap_or(0),
                "what is due is told"
            );
            let pledge = self
                .pledges
                .get(payment.pledge)
                .filter(|pledge| pledge.payment == slot);
            let is_active = pledge.is_some_and(|pledge| pledge.state == PledgeState::Active);
            assert_eq!(
                payment.held > Amount::ZERO,
                is_active,
                "held while its pledge is active"
            );
        }
    }

    /// Nothing lives in a terminal campaign; a confirmed one had enough communities.
    fn assert_phase(&self) {
        let lives = |state| {
            matches!(
                state,
                PledgeState::Waiting | PledgeState::Reserved | PledgeState::Active
            )
        };
        if self.phase.is_terminal() {
            assert!(
                !self.pledges.iter().any(|pledge| lives(pledge.state)),
                "nothing lives on"
            );
            assert!(self.holds.first().is_none(), "nothing is due");
        }
        if self.phase == Phase::Confirmed {
            assert!(self.formed >= self.communities_min, "enough had formed");
        }
        assert!(self.pledges.iter().all(|pledge| pledge.community != NONE));
    }
}
