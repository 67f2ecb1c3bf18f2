//! A campaign as bytes, for its hash.

use crate::ledger::{Canonical, Encoder};
use crate::money::Currency;
use crate::presale::campaign::Campaign;
use crate::presale::{CampaignFailure, Decision, Phase};

impl Canonical for Campaign {
    /// All that is stored, in the same order.
    fn encode(&self, to: &mut Encoder) {
        self.terms.encode(to);
        self.threshold.encode(to);
        to.u32(self.communities_min);
        to.i64(self.closes_at.as_unix_millis());
        self.phase.encode(to);
        to.u8(u8::from(self.is_reached));
        to.u8(u8::from(self.is_extended));
        to.u8(self.sets as u8);
        to.len(self.communities.len());
        for community in &self.communities {
            community.terms.encode(to);
            community.stage.encode(to);
            to.u8(u8::from(community.is_formed));
            to.u8(u8::from(community.is_host));
            to.u32(community.epoch);
            to.option(community.at_freeze, |to, tally| tally.encode(to));
            to.u64(community.confirmed.0);
            to.u64(community.returned.0);
        }
        to.len(self.pledges.len());
        for pledge in self.pledges.iter() {
            to.u64(pledge.id.0);
            to.u64(self.customers[pledge.customer].id.0);
            to.u32(pledge.community);
            to.u32(pledge.units.0);
            to.u8(pledge.state as u8);
            to.i64(pledge.hold_until.as_unix_millis());
            to.u8(pledge.if_unformed as u8);
            to.u32(pledge.payment);
        }
        to.len(self.payments.len());
        for payment in self.payments.iter() {
            to.u64(payment.id.0);
            to.u32(payment.pledge);
            payment.currency.encode(to);
            for part in [
                payment.held,
                payment.captured,
                payment.due,
                payment.refunded,
            ] {
                to.u64(part.0);
            }
            to.u32(u32::from(payment.parts));
        }
        to.len(self.refunds.len());
        for refund in self.refunds.iter() {
            to.u32(refund.payment);
            to.u8(refund.cause as u8);
            to.u32(u32::from(refund.line));
            to.u64(refund.amount.0);
            to.u64(refund.paid.0);
        }
        to.len(self.deliveries.len());
        for (supplier, delivery) in &self.deliveries {
            to.u64(supplier.0);
            delivery.encode(to);
        }
    }
}

impl Canonical for Phase {
    fn encode(&self, to: &mut Encoder) {
        let variant = match self {
            Self::Scheduled => 0,
            Self::Open => 1,
            Self::ConfirmedOpen => 2,
            Self::Closing => 3,
            Self::Deciding {
                decision: Decision::Merge,
                ..
            } => 4,
            Self::Deciding {
                decision: Decision::Verdict,
                ..
            } => 5,
            Self::Confirmed => 6,
            Self::Failed(_) => 7,
            Self::Cancelled => 8,
        };
        to.u8(variant);
        match self {
            Self::Deciding { until, .. } => to.i64(until.as_unix_millis()),
            Self::Failed(why) => {
                let (variant, formed) = match *why {
                    CampaignFailure::TooFewCommunities { formed } => (0, formed),
                    CampaignFailure::OverallUnmet => (1, 0),
                    CampaignFailure::Rejected => (2, 0),
                    CampaignFailure::Undecided => (3, 0),
                };
                to.u8(variant);
                to.u32(formed);
            }
            _ => {}
        }
    }
}

impl Canonical for Currency {
    fn encode(&self, to: &mut Encoder) {
        for letter in self.code().bytes() {
            to.u8(letter);
        }
    }
}
