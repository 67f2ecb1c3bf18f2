//! The state of one campaign, and what drives it.
//!
//! [`decide`](Campaign::decide) says what an action would bring about, [`evolve`](Campaign::evolve) changes the state
//! as events say, and [`react`](Campaign::react) says what the state that was reached brings about in turn.

mod decide;
mod encoding;
mod evolve;
mod freeze;
mod look;
mod merging;
mod money;
mod pledging;
mod settled;
mod sound;
mod stored;

pub use evolve::EventMismatch;
pub use look::{
    CampaignProgress, CommunityProgress, Held, MoneyTotals, PaymentView, PledgeView, RefundView,
};
pub use settled::ConfirmedPledge;
pub use stored::{StoredCampaign, StoredFault};

use std::collections::BTreeMap;

use crate::id::{CustomerId, PaymentId, PledgeId, SiteId, SupplierId};
use crate::ledger::{Deadlines, IdTable, Machine, Pages};
use crate::presale::records::{
    CommunityRecord, CustomerRecord, Delivery, PaymentRecord, PledgeRecord, RefundRecord,
};
use crate::presale::{
    Action, CommunityStage, Event, Malformed, Phase, Pieces, Refusal, Terms, Threshold,
};
use crate::time::Timestamp;

/// The state of one campaign at one instant, for reading. [`Presale`](crate::presale::Presale) changes it.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// As it was opened. What may be amended since is beside it.
    terms: Terms,
    threshold: Threshold,
    communities_min: u32,
    closes_at: Timestamp,

    phase: Phase,
    /// Whether communities are confirmed, so that the campaign can't fail any more.
    is_reached: bool,
    is_extended: bool,
    sets: Sets,

    communities: Vec<CommunityRecord>,
    /// In the order of sites; the table finds one faster.
    slots_of_sites: BTreeMap<SiteId, u32>,
    slot_of_site: IdTable,
    /// How many communities are formed and not removed.
    formed: u32,

    pledges: Pages<PledgeRecord>,
    slots_of_pledges: IdTable,
    payments: Pages<PaymentRecord>,
    slots_of_payments: IdTable,
    customers: Pages<CustomerRecord>,
    slots_of_customers: IdTable,
    /// Counting pledges of a customer in a community, where that is not the customer's first.
    elsewhere: BTreeMap<(u32, u32), u32>,
    refunds: Pages<RefundRecord>,
    deliveries: BTreeMap<SupplierId, Delivery>,

    /// Pieces of reserved, active and confirmed pledges.
    claimed: Pieces,
    waiting: usize,
    reserved: usize,
    holds: Deadlines<PledgeId>,
}

/// Whether customers still change who belongs where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
enum Sets {
    /// They do.
    Moving,
    /// They do not; neighbours may still be merged.
    Frozen,
    /// Nothing does.
    Merged,
}

/// What falls due, in the order of precedence at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Opening,
    HoldEnd(PledgeId),
    Close,
    Freeze,
    Decision,
}

impl Campaign {
    /// A campaign that has not begun, on terms that were checked.
    pub(crate) fn new(terms: Terms) -> Self {
        let mut campaign = Self {
            threshold: terms.policy.threshold,
            communities_min: terms.policy.communities_min,
            closes_at: terms.closes_at,
            phase: Phase::Scheduled,
            is_reached: false,
            is_extended: false,
            sets: Sets::Moving,
            communities: Vec::new(),
            slots_of_sites: BTreeMap::new(),
            slot_of_site: IdTable::default(),
            formed: 0,
            pledges: Pages::default(),
            slots_of_pledges: IdTable::default(),
            payments: Pages::default(),
            slots_of_payments: IdTable::default(),
            customers: Pages::default(),
            slots_of_customers: IdTable::default(),
            elsewhere: BTreeMap::new(),
            refunds: Pages::default(),
            deliveries: BTreeMap::new(),
            claimed: Pieces::ZERO,
            waiting: 0,
            reserved: 0,
            holds: Deadlines::default(),
            terms,
        };
        for place in 0..campaign.terms.communities.len() {
            let community = CommunityRecord::new(campaign.terms.communities[place]);
            campaign.add_community(community);
        }
        campaign
    }

    fn add_community(&mut self, community: CommunityRecord) {
        // Communities are bounded by the limit on sites, far below 2^32.
        let slot = self.communities.len() as u32;
        self.slots_of_sites.insert(community.site(), slot);
        self.slot_of_site.insert(community.site().0, slot);
        self.communities.push(community);
    }

    /// The threshold that counts for a community.
    fn threshold_of(&self, community: &CommunityRecord) -> Threshold {
        community.terms.threshold.unwrap_or(self.threshold)
    }

    /// The record of the community in a slot.
    fn group(&self, slot: u32) -> &CommunityRecord {
        &self.communities[slot as usize]
    }

    fn group_mut(&mut self, slot: u32) -> &mut CommunityRecord {
        &mut self.communities[slot as usize]
    }

    fn find_community(&self, site: SiteId) -> Option<u32> {
        self.slot_of_site
            .find(site.0, |slot| self.group(slot).site().0)
    }

    fn find_pledge(&self, id: PledgeId) -> Option<u32> {
        self.slots_of_pledges
            .find(id.0, |slot| self.pledges[slot].id.0)
    }

    fn find_payment(&self, id: PaymentId) -> Option<u32> {
        self.slots_of_payments
            .find(id.0, |slot| self.payments[slot].id.0)
    }

    fn find_customer(&self, id: CustomerId) -> Option<u32> {
        self.slots_of_customers
            .find(id.0, |slot| self.customers[slot].id.0)
    }

    /// How many counting pledges a customer has in a community.
    fn counting(&self, customer: u32, community: u32) -> u32 {
        let record = &self.customers[customer];
        if record.home == community {
            record.at_home
        } else {
            self.elsewhere
                .get(&(customer, community))
                .copied()
                .unwrap_or(0)
        }
    }

    /// The slots of communities in the order of their sites.
    fn slots_by_site(&self) -> impl Iterator<Item = u32> {
        self.slots_of_sites.values().copied()
    }

    /// The communities that may still form or are formed, and are not confirmed yet.
    fn collecting(&self) -> impl Iterator<Item = (u32, &CommunityRecord)> {
        self.slots_by_site()
            .map(|slot| (slot, self.group(slot)))
            .filter(|(_, community)| community.stage == CommunityStage::Collecting)
    }

    /// The pledges of a community, the first made first.
    fn pledges_in(&self, community: u32) -> impl Iterator<Item = (u32, &PledgeRecord)> {
        let first = self.group(community).first;
        let mut next = first;
        core::iter::from_fn(move || {
            let slot = next;
            let pledge = self.pledges.get(slot)?;
            next = pledge.next;
            Some((slot, pledge))
        })
    }

    /// The first thing that is due by itself, and when.
    fn first_due(&self) -> Option<(Timestamp, Due)> {
        let of_phase = match self.phase {
            Phase::Scheduled => Some((self.terms.opens_at, Due::Opening)),
            Phase::Open | Phase::ConfirmedOpen => Some((self.closes_at, Due::Close)),
            Phase::Closing => {
                let freezes_at = self.terms.policy.grace.after(self.closes_at);
                Some((freezes_at.unwrap_or(Timestamp::MAX), Due::Freeze))
            }
            Phase::Deciding { until, .. } => Some((until, Due::Decision)),
            Phase::Confirmed | Phase::Failed(_) | Phase::Cancelled => None,
        };
        // A place that is kept at the close is kept until the freeze, or payments under way would come in vain.
        let of_holds = match self.phase {
            Phase::Open | Phase::ConfirmedOpen => self.holds.first(),
            _ => None,
        };
        let of_holds = of_holds.map(|(at, pledge)| (at, Due::HoldEnd(pledge)));
        of_phase.into_iter().chain(of_holds).min()
    }

    /// Lets own events take effect, from a place in the list on.
    fn follow_own(&mut self, events: &[Event]) {
        for event in events {
            self.evolve(event)
                .expect("what was decided fits the state that it was decided in");
        }
    }

    /// Lets the state bring about what it brings about, until it rests.
    fn settle(&mut self, now: Timestamp, events: &mut Vec<Event>, mut from: usize) {
        loop {
            let here = events.len();
            self.react(now, from, events);
            if events.len() == here {
                return;
            }
            from = here;
            self.follow_own(&events[here..]);
        }
    }
}

impl Machine for Campaign {
    type Action = Action;
    type Event = Event;
    type Refusal = Refusal;
    type Malformed = Malformed;
    type Mismatch = EventMismatch;

    fn horizon(&self) -> Timestamp {
        self.terms.horizon
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.first_due().map(|(at, _)| at)
    }

    fn check(&self, action: &Action) -> Result<(), Malformed> {
        action.check()
    }

    fn act(
        &mut self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.decide(now, action, events)?;
        self.follow_own(events);
        self.settle(now, events, 0);
        self.assert_sound();
        Ok(())
    }

    fn fire(&mut self, now: Timestamp, events: &mut Vec<Event>) {
        let Some((_, due)) = self.first_due() else {
            return;
        };
        let from = events.len();
        self.fall_due(now, due, events);
        self.follow_own(&events[from..]);
        self.settle(now, events, from);
        self.assert_sound();
    }

    fn evolve(&mut self, event: &Event) -> Result<(), EventMismatch> {
        self.evolve(event)
    }

    fn foresee(
        &self,
        now: Timestamp,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Option<Result<(), Refusal>> {
        // Nothing follows from an event but what `react` says, and it has nothing to say here.
        let at_rest = self.phase == Phase::Open
            && self.waiting == 0
            && self.terms.policy.confirm != crate::presale::Confirm::OnReach;
        at_rest.then(|| self.decide(now, action, events))
    }
}
