//! What is known of a campaign, as plain lists, and everything that is counted from them, each time anew.

use std::collections::{BTreeMap, BTreeSet};

use catchment::id::{CommandId, CustomerId, PaymentId, PledgeId, SiteId, SupplierId};
use catchment::ledger::Outcome;
use catchment::money::{Amount, Money};
use catchment::presale::{
    Action, Cap, Combine, CommunityFailure, CommunityStage, CommunityTerms, NewPledge,
    PaymentState, Phase, Pieces, PledgeState, RefundCause, Refusal, Tally, Terms, Threshold,
};
use catchment::time::{Span, Timestamp};

/// A campaign as lists of facts. No total is ever kept.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) terms: Terms,
    pub(crate) commands_max: usize,
    pub(crate) threshold: Threshold,
    pub(crate) communities_min: u32,
    pub(crate) closes_at: Timestamp,
    pub(crate) phase: Phase,
    /// Whether something is confirmed, so that the campaign can't fail any more.
    pub(crate) is_reached: bool,
    pub(crate) is_extended: bool,
    pub(crate) now: Timestamp,
    pub(crate) communities: BTreeMap<SiteId, Community>,
    pub(crate) pledges: Vec<Pledge>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) delivered: BTreeSet<SupplierId>,
    pub(crate) commands: BTreeMap<CommandId, (Action, Outcome<Refusal>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Community {
    pub(crate) terms: CommunityTerms,
    pub(crate) stage: CommunityStage,
    /// What was said last; the next look may differ.
    pub(crate) was_formed: bool,
    pub(crate) epoch: u32,
    pub(crate) is_host: bool,
    pub(crate) at_freeze: Option<Tally>,
}

impl Community {
    pub(crate) fn new(terms: CommunityTerms) -> Self {
        Self {
            terms,
            stage: CommunityStage::Collecting,
            was_formed: false,
            epoch: 0,
            is_host: false,
            at_freeze: None,
        }
    }

    pub(crate) fn is_collecting(&self) -> bool {
        self.stage == CommunityStage::Collecting
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Pledge {
    pub(crate) new: NewPledge,
    pub(crate) state: PledgeState,
    /// When the place was given; the beginning of time if none was.
    pub(crate) placed_at: Timestamp,
    pub(crate) hold_until: Timestamp,
    pub(crate) site: SiteId,
    pub(crate) payment: Option<PaymentId>,
}

impl Pledge {
    pub(crate) fn counts(&self) -> bool {
        matches!(self.state, PledgeState::Active | PledgeState::Confirmed)
    }

    fn claims(&self) -> bool {
        self.counts() || self.state == PledgeState::Reserved
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) pledge: Option<PledgeId>,
    pub(crate) money: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) payment: PaymentId,
    pub(crate) cause: RefundCause,
    pub(crate) line: u16,
    pub(crate) amount: u64,
    pub(crate) paid: u64,
}

/// What tells refunds apart.
pub(crate) type Key = (PaymentId, RefundCause, u16);

impl Refund {
    pub(crate) fn key(&self) -> Key {
        (self.payment, self.cause, self.line)
    }
}

/// Where the money of a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buckets {
    pub(crate) held: u64,
    pub(crate) captured: u64,
    pub(crate) due: u64,
    pub(crate) refunded: u64,
}

impl Buckets {
    pub(crate) fn state(self) -> PaymentState {
        match self {
            Self { held: 1.., .. } => PaymentState::Held,
            Self { captured: 1.., .. } => PaymentState::Captured,
            Self { due: 1.., .. } => PaymentState::RefundDue,
            _ => PaymentState::Refunded,
        }
    }
}

pub(crate) fn later(at: Timestamp, by: Span) -> Option<Timestamp> {
    let sum = i128::from(at.as_unix_millis()) + i128::from(by.as_millis());
    i64::try_from(sum).ok().map(Timestamp::from_unix_millis)
}

/// Whether a tally is enough, written out case by case.
pub(crate) fn is_enough(threshold: &Threshold, tally: &Tally) -> bool {
    let mut asked = Vec::new();
    if let Some(participants) = threshold.participants {
        asked.push(tally.participants >= participants);
    }
    if let Some(units) = threshold.units {
        asked.push(tally.units >= units);
    }
    if let Some(amount) = threshold.amount {
        asked.push(tally.amount >= amount);
    }
    match threshold.combine {
        Combine::All => !asked.contains(&false),
        Combine::Any => asked.contains(&true),
    }
}

/// Whether whatever is just enough for one threshold is enough for the other.
pub(crate) fn asks_no_more(new: &Threshold, present: &Threshold) -> bool {
    let parts = [
        present.participants.map(|participants| Tally {
            participants,
            ..Tally::default()
        }),
        present.units.map(|units| Tally {
            units,
            ..Tally::default()
        }),
        present.amount.map(|amount| Tally {
            amount,
            ..Tally::default()
        }),
    ];
    let least: Vec<Tally> = parts.into_iter().flatten().collect();
    match present.combine {
        Combine::Any => least.iter().all(|tally| is_enough(new, tally)),
        Combine::All => {
            let together = Tally {
                participants: present.participants.unwrap_or(0),
                units: present.units.unwrap_or_default(),
                amount: present.amount.unwrap_or_default(),
            };
            is_enough(new, &together)
        }
    }
}

impl Model {
    pub(crate) fn new(terms: Terms, commands_max: usize) -> Self {
        let communities = terms.communities.iter();
        Self {
            commands_max,
            threshold: terms.policy.threshold,
            communities_min: terms.policy.communities_min,
            closes_at: terms.closes_at,
            phase: Phase::Scheduled,
            is_reached: false,
            is_extended: false,
            now: Timestamp::MIN,
            communities: communities
                .map(|terms| (terms.site, Community::new(*terms)))
                .collect(),
            pledges: Vec::new(),
            payments: Vec::new(),
            refunds: Vec::new(),
            delivered: BTreeSet::new(),
            commands: BTreeMap::new(),
            terms,
        }
    }

    pub(crate) fn pledge(&self, id: PledgeId) -> Option<&Pledge> {
        self.pledges.iter().find(|pledge| pledge.new.pledge == id)
    }

    pub(crate) fn pledge_mut(&mut self, id: PledgeId) -> Option<&mut Pledge> {
        self.pledges
            .iter_mut()
            .find(|pledge| pledge.new.pledge == id)
    }

    pub(crate) fn payment(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    pub(crate) fn price(&self, units: u64) -> u64 {
        self.terms.unit_price.0.saturating_mul(units)
    }

    /// The money of a payment, from the state of its pledge and the list of refunds.
    pub(crate) fn buckets(&self, payment: &Payment) -> Buckets {
        let recorded = payment.money.amount.0;
        let is_held = self.pledges.iter().any(|pledge| {
            pledge.payment == Some(payment.id) && pledge.state == PledgeState::Active
        });
        let own = || {
            self.refunds
                .iter()
                .filter(|refund| refund.payment == payment.id)
        };
        let given: u64 = own().map(|refund| refund.amount).sum();
        let refunded = own().map(|refund| refund.paid).sum();
        let held = if is_held { recorded } else { 0 };
        Buckets {
            held,
            captured: recorded - held - given,
            due: given - refunded,
            refunded,
        }
    }

    /// What counts, at these sites together: everybody once.
    pub(crate) fn tally(&self, at: impl Fn(SiteId) -> bool) -> Tally {
        let counting = || {
            self.pledges
                .iter()
                .filter(|pledge| pledge.counts() && at(pledge.site))
        };
        let units = counting().map(|pledge| u64::from(pledge.new.units.0)).sum();
        let mut people: Vec<CustomerId> = counting().map(|pledge| pledge.new.customer).collect();
        people.sort_unstable();
        people.dedup();
        Tally {
            participants: people.len() as u32,
            units: Pieces(units),
            amount: Amount(self.price(units)),
        }
    }

    /// Pledges and pieces in a state.
    pub(crate) fn count(&self, state: PledgeState, at: impl Fn(SiteId) -> bool) -> (u32, Pieces) {
        let all = self
            .pledges
            .iter()
            .filter(|pledge| pledge.state == state && at(pledge.site));
        all.fold((0, Pieces::ZERO), |(pledges, units), pledge| {
            let more = u64::from(pledge.new.units.0);
            (pledges + 1, Pieces(units.0 + more))
        })
    }

    pub(crate) fn threshold_of(&self, community: &Community) -> Threshold {
        community.terms.threshold.unwrap_or(self.threshold)
    }

    /// The oracle: whether what counts is enough. Only asked while nothing is frozen.
    pub(crate) fn is_enough_at(&self, site: SiteId) -> bool {
        let tally = self.tally(|other| other == site);
        is_enough(&self.threshold_of(&self.communities[&site]), &tally)
    }

    /// Whether a community is formed: by a count while it collects, by what was frozen afterwards.
    pub(crate) fn is_formed(&self, site: SiteId) -> bool {
        let community = &self.communities[&site];
        match community.stage {
            CommunityStage::Collecting => self.is_enough_at(site),
            _ => community.was_formed,
        }
    }

    /// The sites that count towards the campaign's minimum.
    pub(crate) fn formed(&self) -> Vec<SiteId> {
        let removed = CommunityStage::Failed(CommunityFailure::Removed);
        let formed = |(site, community): &(&SiteId, &Community)| {
            community.stage != removed && self.is_formed(**site)
        };
        let sites = self.communities.iter().filter(formed);
        sites.map(|(site, _)| *site).collect()
    }

    /// The pieces that a customer, a community or everybody has claimed.
    pub(crate) fn claimed(&self, by: impl Fn(&Pledge) -> bool) -> u64 {
        let claiming = self
            .pledges
            .iter()
            .filter(|pledge| pledge.claims() && by(pledge));
        claiming.map(|pledge| u64::from(pledge.new.units.0)).sum()
    }

    /// The first cap that a pledge would go beyond.
    pub(crate) fn cap_beyond(&self, new: &NewPledge) -> Option<Refusal> {
        let caps = self.terms.policy.caps;
        let mine = self.claimed(|pledge| pledge.new.customer == new.customer);
        let here = self.claimed(|pledge| pledge.site == new.site);
        let all = self.claimed(|_| true);
        let claims = [
            (Cap::Customer, caps.per_customer, mine),
            (Cap::Community, caps.per_community, here),
            (Cap::Campaign, caps.per_campaign, all),
        ];
        claims.into_iter().find_map(|(cap, limit, claimed)| {
            let limit = limit?;
            let is_beyond = claimed + u64::from(new.units.0) > limit.0;
            is_beyond.then_some(Refusal::CapReached { cap, limit })
        })
    }

    /// Whether all claims together still have a price.
    pub(crate) fn sum_fits(&self, new: &NewPledge) -> bool {
        let units = self.claimed(|_| true) + u64::from(new.units.0);
        self.terms.unit_price.0.checked_mul(units).is_some()
    }

    pub(crate) fn is_awaited(&self, site: SiteId) -> bool {
        let mut pledges = self.pledges.iter();
        pledges.any(|pledge| pledge.state == PledgeState::Waiting && pledge.site == site)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::ConfirmedOpen)
    }

    /// What happens next by itself: instant, kind and pledge, in the order in which it does.
    pub(crate) fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut due = Vec::new();
        match self.phase {
            Phase::Scheduled => due.push((self.terms.opens_at, Due::Open)),
            Phase::Open | Phase::ConfirmedOpen => due.push((self.closes_at, Due::Close)),
            Phase::Closing => {
                let freeze = later(self.closes_at, self.terms.policy.grace);
                due.push((freeze.expect("within the horizon"), Due::Freeze));
            }
            Phase::Deciding { until, .. } => due.push((until, Due::Silence)),
            _ => {}
        }
        // What is kept at the close is kept until the freeze.
        for pledge in self.pledges.iter().filter(|_| self.is_open()) {
            if pledge.state == PledgeState::Reserved {
                due.push((pledge.hold_until, Due::HoldEnds(pledge.new.pledge)));
            }
        }
        due.into_iter().min()
    }
}

/// What time brings about, in the documented order of one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Open,
    HoldEnds(PledgeId),
    Close,
    Freeze,
    Silence,
}
