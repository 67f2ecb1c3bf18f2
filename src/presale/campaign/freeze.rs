//! What time brings about: opening, the end of holds, close, freeze and verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::SupplierId;
use crate::presale::campaign::{Campaign, Due, Sets};
use crate::presale::records::CommunityRecord;
use crate::presale::{
    BasisPoints, CampaignFailure, CommunityFailure, CommunityStage, Confirm, ConfirmedAs,
    ConfirmedPieces, Decision, Event, Extension, Phase, Pieces, PledgeState, Shortfall, Stragglers,
    Tally, purchases,
};
use crate::time::Timestamp;

/// What a campaign comes to with what has gathered.
pub(super) struct Judgement {
    /// How many communities are formed, not counting those whose supplier would not deliver.
    pub(super) formed: u32,
    /// Why it fails, if it does.
    pub(super) failure: Option<CampaignFailure>,
    /// Suppliers that would not deliver.
    unsupplied: BTreeMap<SupplierId, CommunityFailure>,
}

impl Campaign {
    /// The events of what is due.
    pub(super) fn fall_due(&self, now: Timestamp, due: Due, events: &mut Vec<Event>) {
        match due {
            Due::Opening => events.push(Event::Opened),
            Due::HoldEnd(pledge) => events.push(Event::PledgeExpired { pledge }),
            Due::Close => events.push(Event::Closed),
            Due::Freeze => self.freeze(now, events),
            Due::Decision => match self.phase {
                Phase::Deciding {
                    decision: Decision::Merge,
                    ..
                } => {
                    events.push(Event::MergeDecided { groups: 0 });
                }
                _ => self.fail(CampaignFailure::Undecided, &self.judge(), events),
            },
        }
    }

    /// What the state brings about by itself, after the events from a place in the list on.
    pub(super) fn react(&self, now: Timestamp, from: usize, events: &mut Vec<Event>) {
        match self.phase {
            Phase::Closing if self.sets != Sets::Moving => self.go_on(now, events),
            Phase::Open | Phase::ConfirmedOpen => {
                if self.waiting > 0 {
                    self.promote(now, events);
                }
                if self.terms.policy.confirm == Confirm::OnReach || self.is_extended {
                    self.join(from, events);
                }
            }
            _ => {}
        }
    }

    /// Confirms what has formed and would be delivered, once enough has.
    fn join(&self, from: usize, events: &mut Vec<Event>) {
        if self.phase == Phase::ConfirmedOpen {
            if events[from..].iter().any(|event| self.may_join(event)) {
                self.confirm_formed(&self.judge(), events);
            }
        } else if self.formed >= self.communities_min {
            let judgement = self.judge();
            if judgement.failure.is_none() {
                self.reach(&judgement, events);
            }
        }
    }

    /// Whether an event can let a community join those that are confirmed: it has formed, or it had and now its
    /// supplier may be asked for enough.
    fn may_join(&self, event: &Event) -> bool {
        match event {
            Event::CommunityFormed { .. } => true,
            Event::PaymentHeld { new } => self.find_pledge(new.pledge).is_some_and(|slot| {
                let community = self.group(self.pledges[slot].community);
                community.is_formed && community.stage == CommunityStage::Collecting
            }),
            _ => false,
        }
    }

    fn reach(&self, judgement: &Judgement, events: &mut Vec<Event>) {
        events.push(Event::Reached {
            formed: judgement.formed,
        });
        self.confirm_formed(judgement, events);
    }

    /// Confirms a batch. Whose supplier would not deliver yet goes on collecting.
    fn confirm_formed(&self, judgement: &Judgement, events: &mut Vec<Event>) {
        for (_, community) in self.collecting() {
            let is_supplied = !judgement.unsupplied.contains_key(&community.terms.supplier);
            if community.is_formed && is_supplied {
                let (site, how) = (community.site(), ConfirmedAs::Formed);
                events.push(Event::CommunityConfirmed { site, how });
            }
        }
    }

    /// The end of the grace: the sets freeze, unless stragglers get more time.
    fn freeze(&self, now: Timestamp, events: &mut Vec<Event>) {
        if let Stragglers::ExtendOnce { by } = self.terms.policy.stragglers
            && !self.is_extended
            && self.collecting().any(|(_, community)| !community.is_formed)
        {
            let judgement = self.judge();
            // From now on: time that the grace has used up would be none.
            if let (None, Ok(closes_at)) = (judgement.failure, by.after(now)) {
                self.reach(&judgement, events);
                events.push(Event::Extended {
                    closes_at,
                    why: Extension::Stragglers,
                });
                return;
            }
        }
        events.push(Event::Frozen);
    }

    /// The next step after the freeze: operators are asked, then the verdict falls.
    fn go_on(&self, now: Timestamp, events: &mut Vec<Event>) {
        if let Stragglers::Merge { within, .. } = self.terms.policy.stragglers
            && self.sets == Sets::Frozen
        {
            let short = |community: &CommunityRecord| {
                !community.is_formed && community.paid.participants > 0
            };
            if self
                .collecting()
                .filter(|(_, community)| short(community))
                .count()
                >= 2
            {
                let until = within.after(now).unwrap_or(Timestamp::MAX);
                events.push(Event::DecisionAwaited {
                    decision: Decision::Merge,
                    until,
                });
                return;
            }
        }
        let judgement = self.judge();
        match (judgement.failure, self.terms.policy.confirm) {
            (Some(why), _) => self.fail(why, &judgement, events),
            (None, Confirm::Manual { within }) => {
                let until = within.after(now).unwrap_or(Timestamp::MAX);
                events.push(Event::DecisionAwaited {
                    decision: Decision::Verdict,
                    until,
                });
            }
            (None, _) => self.conclude(&judgement, events),
        }
    }

    /// Whether the campaign would be confirmed with what has gathered, and which suppliers would not deliver.
    /// O(communities), and O(customers) if people are counted over all of them.
    pub(super) fn judge(&self) -> Judgement {
        let unsupplied = self.unsupplied();
        let counts = |community: &CommunityRecord| {
            community.is_formed
                && !matches!(community.stage, CommunityStage::Failed(_))
                && !unsupplied.contains_key(&community.terms.supplier)
        };
        let formed = self
            .communities
            .iter()
            .filter(|community| counts(community))
            .count() as u32;
        let overall = self.terms.policy.overall;
        let failure = if self.is_reached {
            None
        } else if formed < self.communities_min {
            Some(CampaignFailure::TooFewCommunities { formed })
        } else if overall.is_some_and(|overall| !overall.is_met_by(&self.tally_over(counts))) {
            Some(CampaignFailure::OverallUnmet)
        } else {
            None
        };
        Judgement {
            formed,
            failure,
            unsupplied,
        }
    }

    /// What communities have gathered together, with everybody counted once.
    pub(super) fn tally_over(&self, counts: impl Fn(&CommunityRecord) -> bool) -> Tally {
        let mut tally = Tally::default();
        let mut people = BTreeSet::new();
        for (slot, community) in self.communities.iter().enumerate() {
            if counts(community) {
                tally.units.0 += community.paid.units.0;
                tally.amount.0 += community.paid.amount.0;
                let counting = self.pledges_in(slot as u32).filter(|(_, pledge)| {
                    matches!(pledge.state, PledgeState::Active | PledgeState::Confirmed)
                });
                people.extend(counting.map(|(_, pledge)| pledge.customer));
            }
        }
        // No more than customers, of whom there are fewer than 2^32.
        tally.participants = people.len() as u32;
        tally
    }

    /// The suppliers that would be asked for too little, or whose cases would not be filled.
    fn unsupplied(&self) -> BTreeMap<SupplierId, CommunityFailure> {
        let units = |community: &CommunityRecord| match community.stage {
            CommunityStage::Collecting => {
                let is_served = community.is_formed || self.is_fulfilled_anyway(community);
                is_served.then_some(community.paid.units)
            }
            // What was given back is ordered all the same.
            CommunityStage::Confirmed(_) => Some(community.confirmed),
            CommunityStage::Failed(_) | CommunityStage::MergedInto(_) => None,
        };
        let rows: Vec<ConfirmedPieces> = self
            .communities
            .iter()
            .filter_map(|community| {
                Some(ConfirmedPieces {
                    supplier: community.terms.supplier,
                    site: community.site(),
                    units: units(community)?,
                })
            })
            .collect();
        // Suppliers were checked when the campaign was opened and sums when pledges were made.
        let Ok(purchases) = purchases(&self.terms.suppliers, rows) else {
            return BTreeMap::new();
        };
        let shortfalls = purchases.shortfalls.iter().map(|unordered| {
            let why = match unordered.why {
                Shortfall::BelowMinimum { .. } => CommunityFailure::SupplierMinimum,
                Shortfall::SurplusRejected { .. } => CommunityFailure::SupplierSurplus,
            };
            (unordered.order.supplier(), why)
        });
        shortfalls.collect()
    }

    /// Known at the freeze: until then it may empty, and does not make its supplier's least order.
    fn is_fulfilled_anyway(&self, community: &CommunityRecord) -> bool {
        self.terms.policy.stragglers == Stragglers::FulfilAnyway
            && self.sets != Sets::Moving
            && !community.is_formed
            && community.paid.participants > 0
    }

    /// Why a community fails that would not by the verdict alone, or how it is confirmed.
    fn fate_of(
        &self,
        community: &CommunityRecord,
        judgement: &Judgement,
    ) -> Result<ConfirmedAs, CommunityFailure> {
        if !community.is_formed && !self.is_fulfilled_anyway(community) {
            return Err(CommunityFailure::UnderThreshold);
        }
        if let Some(why) = judgement.unsupplied.get(&community.terms.supplier) {
            return Err(*why);
        }
        Ok(match (community.is_formed, community.is_host) {
            (false, _) => ConfirmedAs::FulfilledAnyway,
            (true, false) => ConfirmedAs::Formed,
            (true, true) => ConfirmedAs::Merged,
        })
    }

    /// The campaign goes ahead: each community has its fate, then the price is known.
    pub(super) fn conclude(&self, judgement: &Judgement, events: &mut Vec<Event>) {
        let mut units = Pieces::ZERO;
        for community in &self.communities {
            units.0 += community.confirmed.0 - community.returned.0;
        }
        for (_, community) in self.collecting() {
            let site = community.site();
            events.push(match self.fate_of(community, judgement) {
                Ok(how) => {
                    units.0 += community.paid.units.0;
                    Event::CommunityConfirmed { site, how }
                }
                Err(why) => Event::CommunityFailed { site, why },
            });
        }
        let tier = self.terms.policy.tiers.reached(units);
        let discount = tier.map_or(BasisPoints::default(), |tier| tier.discount);
        events.push(Event::Confirmed {
            formed: judgement.formed,
            discount,
        });
    }

    /// The campaign fails, and every community with it.
    pub(super) fn fail(
        &self,
        why: CampaignFailure,
        judgement: &Judgement,
        events: &mut Vec<Event>,
    ) {
        for (_, community) in self.collecting() {
            let fate = self.fate_of(community, judgement);
            let why = fate.err().unwrap_or(CommunityFailure::CampaignFailed);
            events.push(Event::CommunityFailed {
                site: community.site(),
                why,
            });
        }
        events.push(Event::Failed { why });
    }
}
