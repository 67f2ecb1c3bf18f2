//! The operator's answer to merging neighbours.

use std::collections::BTreeSet;

use crate::id::SiteId;
use crate::presale::campaign::{Campaign, EventMismatch};
use crate::presale::records::{NONE, PledgeRecord};
use crate::presale::{
    Because, CommunityStage, Decision, Event, IfUnformed, MergeFault, MergedSites, Phase,
    PledgeState, RefundCause, Refusal, Stragglers, Tally,
};

impl Campaign {
    pub(super) fn decide_merge(
        &self,
        groups: &[MergedSites],
        events: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let Phase::Deciding {
            decision: Decision::Merge,
            ..
        } = self.phase
        else {
            return Err(Refusal::NothingToDecide);
        };
        for group in groups {
            for site in group.sites() {
                self.find_community(site).ok_or(Refusal::UnknownCommunity)?;
            }
        }
        for group in groups {
            self.check_group(group)?;
        }
        for MergedSites { host, guests } in groups {
            for guest in guests {
                events.push(Event::CommunityMerged {
                    site: guest.site,
                    into: *host,
                });
            }
            let epoch = self
                .find_community(*host)
                .map_or(0, |slot| self.group(slot).epoch.saturating_add(1));
            events.push(Event::CommunityFormed {
                site: *host,
                epoch,
                because: Because::Merged,
            });
        }
        events.push(Event::MergeDecided {
            groups: groups.len() as u32,
        });
        Ok(())
    }

    /// That host and guests are short of their thresholds, near each other, and together not short any more.
    fn check_group(&self, group: &MergedSites) -> Result<(), Refusal> {
        let Stragglers::Merge { walk_max, .. } = self.terms.policy.stragglers else {
            return Err(Refusal::NothingToDecide);
        };
        let host = self.short_at(group.host)?;
        let mut guests = Vec::with_capacity(group.guests.len());
        for guest in &group.guests {
            guests.push(self.short_at(guest.site)?);
        }
        if group.guests.iter().any(|guest| guest.walk > walk_max) {
            return Err(Refusal::Merge(MergeFault::TooFar));
        }
        let mut tally = self.group(host).paid;
        let mut people: BTreeSet<u32> =
            self.active_in(host).map(|pledge| pledge.customer).collect();
        for slot in guests {
            for pledge in self.active_in(slot) {
                if pledge.if_unformed == IfUnformed::MoveNearby {
                    let is_new = people.insert(pledge.customer);
                    let sum: Option<Tally> = tally.plus(&self.tally_of(pledge, is_new));
                    tally = sum.ok_or(Refusal::Overflow)?;
                }
            }
        }
        if self.threshold_of(self.group(host)).is_met_by(&tally) {
            Ok(())
        } else {
            Err(Refusal::Merge(MergeFault::StaysUnder))
        }
    }

    fn short_at(&self, site: SiteId) -> Result<u32, Refusal> {
        let slot = self.find_community(site).ok_or(Refusal::UnknownCommunity)?;
        let community = self.group(slot);
        if community.stage == CommunityStage::Collecting && !community.is_formed {
            Ok(slot)
        } else {
            Err(Refusal::Merge(MergeFault::NotUnderThreshold))
        }
    }

    fn active_in(&self, slot: u32) -> impl Iterator<Item = &PledgeRecord> {
        self.pledges_in(slot)
            .map(|(_, pledge)| pledge)
            .filter(|pledge| pledge.state == PledgeState::Active)
    }

    /// Moves who consented to the host; who did not is refunded.
    pub(super) fn merge(&mut self, site: SiteId, into: SiteId) -> Result<(), EventMismatch> {
        let (guest, host) = (self.known_community(site)?, self.known_community(into)?);
        let both = [guest, host].map(|slot| self.group(slot).stage);
        if guest == host || both != [CommunityStage::Collecting; 2] {
            return Err(EventMismatch::Community { site });
        }
        self.group_mut(guest).at_freeze = Some(self.group(guest).paid);
        let slots: Vec<u32> = self.pledges_in(guest).map(|(slot, _)| slot).collect();
        let (mut moving, mut staying) = (Vec::new(), Vec::new());
        for slot in slots {
            let pledge = &self.pledges[slot];
            let is_active = pledge.state == PledgeState::Active;
            if is_active && pledge.if_unformed == IfUnformed::MoveNearby {
                self.uncount(slot);
                self.pledges[slot].community = host;
                self.count(slot);
                moving.push(slot);
            } else {
                if is_active {
                    self.end_slot(slot, PledgeState::Failed, RefundCause::Failed)?;
                }
                staying.push(slot);
            }
        }
        let mut gathered: Vec<u32> = self.pledges_in(host).map(|(slot, _)| slot).collect();
        gathered.extend(moving);
        // The first made first, whoever came from where.
        gathered.sort_unstable();
        self.relink(host, &gathered);
        self.relink(guest, &staying);
        self.group_mut(guest).stage = CommunityStage::MergedInto(into);
        Ok(())
    }

    fn relink(&mut self, community: u32, slots: &[u32]) {
        let record = self.group_mut(community);
        (record.first, record.last) = (NONE, NONE);
        for slot in slots {
            self.pledges[*slot].next = NONE;
            self.append(community, *slot);
        }
    }
}
