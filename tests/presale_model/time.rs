//! What time brings about, and what follows from any change.

use catchment::id::{PaymentId, PledgeId, SiteId};
use catchment::money::Amount;
use catchment::presale::{
    CampaignFailure, CommunityFailure, CommunityStage, Confirm, ConfirmedAs, Decision, Phase,
    Pieces, PledgeState, RefundCause, Stragglers, SupplierTerms, Surplus,
};
use catchment::time::Timestamp;

use super::facts::{Due, Model, Refund, is_enough, later};

impl Model {
    /// Everything that is due by an instant, each as of its own.
    pub(crate) fn pass(&mut self, until: Timestamp) -> Option<Timestamp> {
        let mut last = None;
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= until) {
            match due {
                Due::Open => self.phase = Phase::Open,
                Due::HoldEnds(pledge) => self.set(pledge, PledgeState::Expired),
                Due::Close => {
                    self.expire(PledgeState::Waiting, |_| true);
                    self.phase = Phase::Closing;
                }
                Due::Freeze => self.freeze(at),
                Due::Silence => self.stay_silent(at),
            }
            self.follow_up(at);
            last = Some(at);
        }
        last
    }

    pub(crate) fn set(&mut self, id: PledgeId, state: PledgeState) {
        if let Some(pledge) = self.pledge_mut(id) {
            pledge.state = state;
        }
    }

    pub(crate) fn expire(&mut self, from: PledgeState, at: impl Fn(SiteId) -> bool) {
        for pledge in &mut self.pledges {
            if pledge.state == from && at(pledge.site) {
                pledge.state = PledgeState::Expired;
            }
        }
    }

    /// What any change brings about: places are given out, communities form and un-form, a campaign is reached.
    pub(crate) fn follow_up(&mut self, at: Timestamp) {
        self.give_places(at);
        self.note_edges();
        self.reach();
    }

    fn give_places(&mut self, at: Timestamp) {
        if !self.is_open() {
            return;
        }
        // The first of each queue, if it fits; of these the one made first.
        while let Some(first) = self.first_that_fits() {
            let hold_until = later(at, self.terms.policy.hold).unwrap_or(Timestamp::MAX);
            if let Some(pledge) = self.pledge_mut(first) {
                pledge.state = PledgeState::Reserved;
                pledge.placed_at = at;
                pledge.hold_until = hold_until;
            }
        }
    }

    fn first_that_fits(&self) -> Option<PledgeId> {
        let mut queues = Vec::new();
        for pledge in &self.pledges {
            if pledge.state == PledgeState::Waiting && !queues.contains(&pledge.site) {
                queues.push(pledge.site);
                if self.cap_beyond(&pledge.new).is_none() && self.sum_fits(&pledge.new) {
                    return Some(pledge.new.pledge);
                }
            }
        }
        None
    }

    pub(crate) fn note_edges(&mut self) {
        let sites: Vec<SiteId> = self.communities.keys().copied().collect();
        for site in sites {
            let is_formed = self.is_formed(site);
            let community = self.communities.get_mut(&site).expect("of the list");
            if community.is_collecting() && community.was_formed != is_formed {
                community.was_formed = is_formed;
                community.epoch += 1;
            }
        }
    }

    /// Where a campaign confirms on reach, while it is open.
    fn reach(&mut self) {
        if self.terms.policy.confirm != Confirm::OnReach && !self.is_extended || !self.is_open() {
            return;
        }
        if !self.is_reached && self.failure().is_some() {
            return;
        }
        self.confirm_batch();
    }

    /// Whoever is formed and would be delivered to is confirmed for good; others may follow.
    fn confirm_batch(&mut self) {
        self.is_reached = true;
        self.phase = Phase::ConfirmedOpen;
        for site in self.deliverable() {
            self.confirm(site, ConfirmedAs::Formed);
        }
    }

    /// What is wrong with the campaign as it stands.
    pub(crate) fn failure(&self) -> Option<CampaignFailure> {
        let good = self.deliverable();
        if (good.len() as u32) < self.communities_min {
            let formed = good.len() as u32;
            return Some(CampaignFailure::TooFewCommunities { formed });
        }
        let overall = self.terms.policy.overall?;
        let tally = self.tally(|site| good.contains(&site));
        (!is_enough(&overall, &tally)).then_some(CampaignFailure::OverallUnmet)
    }

    /// Formed communities whose supplier would deliver.
    fn deliverable(&self) -> Vec<SiteId> {
        let mut formed = self.formed();
        formed.retain(|site| self.supply_fault(*site).is_none());
        formed
    }

    /// Whether a community under its threshold is served all the same, once the sets are frozen.
    fn is_served_anyway(&self, site: SiteId) -> bool {
        self.terms.policy.stragglers == Stragglers::FulfilAnyway
            && !self.is_open()
            && self.stragglers().contains(&site)
            && self.tally(|other| other == site).participants > 0
    }

    /// Why the supplier of a community would not deliver what would be ordered for all that are served. What was given
    /// back is ordered all the same.
    fn supply_fault(&self, site: SiteId) -> Option<CommunityFailure> {
        let supplier = self.communities[&site].terms.supplier;
        let formed = self.formed();
        let is_served = |site: SiteId| formed.contains(&site) || self.is_served_anyway(site);
        let mut sites: Vec<SiteId> = self.communities.keys().copied().collect();
        sites.retain(|site| self.communities[site].terms.supplier == supplier && is_served(*site));
        let theirs = |site| sites.contains(&site);
        let units = self.tally(theirs).units.0 + self.count(PledgeState::Returned, theirs).1.0;
        let terms = self.terms.suppliers.iter();
        let terms = terms.copied().find(|terms| terms.supplier == supplier)?;
        shortfall(&terms, Pieces(units))
    }

    fn freeze(&mut self, at: Timestamp) {
        if let Stragglers::ExtendOnce { by } = self.terms.policy.stragglers
            && !self.is_extended
            && !self.stragglers().is_empty()
            && self.failure().is_none()
        {
            self.confirm_batch();
            self.is_extended = true;
            for pledge in &mut self.pledges {
                if pledge.state == PledgeState::Reserved && pledge.hold_until <= at {
                    pledge.state = PledgeState::Expired;
                }
            }
            self.closes_at = later(at, by).expect("within the horizon");
            return;
        }
        self.expire(PledgeState::Reserved, |_| true);
        let mut with_people = self.stragglers();
        with_people.retain(|site| self.tally(|other| other == *site).participants > 0);
        if let Stragglers::Merge { within, .. } = self.terms.policy.stragglers
            && with_people.len() > 1
        {
            self.await_decision(Decision::Merge, later(at, within));
        } else {
            self.after_merging(at);
        }
    }

    /// Who still collects and is under the threshold.
    pub(crate) fn stragglers(&self) -> Vec<SiteId> {
        let collecting = self.communities.iter();
        let collecting = collecting.filter(|(_, community)| community.is_collecting());
        let sites = collecting.map(|(site, _)| *site);
        sites.filter(|site| !self.is_formed(*site)).collect()
    }

    fn await_decision(&mut self, decision: Decision, until: Option<Timestamp>) {
        let until = until.expect("within the horizon");
        self.phase = Phase::Deciding { decision, until };
    }

    fn stay_silent(&mut self, at: Timestamp) {
        match self.phase {
            Phase::Deciding {
                decision: Decision::Merge,
                ..
            } => self.after_merging(at),
            _ => self.fail(CampaignFailure::Undecided),
        }
    }

    pub(crate) fn after_merging(&mut self, at: Timestamp) {
        let failure = if self.is_reached {
            None
        } else {
            self.failure()
        };
        match (failure, self.terms.policy.confirm) {
            (Some(why), _) => self.fail(why),
            (None, Confirm::Manual { within }) => {
                self.await_decision(Decision::Verdict, later(at, within));
            }
            (None, _) => self.go_ahead(),
        }
    }

    /// The frozen sets are confirmed.
    pub(crate) fn go_ahead(&mut self) {
        self.is_reached = true;
        for (site, fate) in self.fates() {
            match fate {
                Ok(how) => self.confirm(site, how),
                Err(why) => self.fail_community(site, why),
            }
        }
        self.phase = Phase::Confirmed;
        self.lower_prices();
    }

    pub(crate) fn fail(&mut self, why: CampaignFailure) {
        for (site, fate) in self.fates() {
            let why = fate.err().unwrap_or(CommunityFailure::CampaignFailed);
            self.fail_community(site, why);
        }
        self.phase = Phase::Failed(why);
    }

    /// What becomes of who still collects, if the campaign goes ahead.
    fn fates(&self) -> Vec<(SiteId, Result<ConfirmedAs, CommunityFailure>)> {
        let fate = |site: SiteId| {
            let is_formed = self.is_formed(site);
            if !is_formed && !self.is_served_anyway(site) {
                Err(CommunityFailure::UnderThreshold)
            } else if let Some(why) = self.supply_fault(site) {
                Err(why)
            } else if is_formed {
                Ok(ConfirmedAs::Formed)
            } else {
                Ok(ConfirmedAs::FulfilledAnyway)
            }
        };
        let collecting = self.communities.iter();
        let collecting = collecting.filter(|(_, community)| community.is_collecting());
        collecting.map(|(site, _)| (*site, fate(*site))).collect()
    }

    pub(crate) fn fail_all(&mut self, why: CommunityFailure) {
        let sites: Vec<SiteId> = self.communities.keys().copied().collect();
        for site in sites {
            self.fail_community(site, why);
        }
    }

    fn confirm(&mut self, site: SiteId, how: ConfirmedAs) {
        let tally = self.tally(|other| other == site);
        let community = self.communities.get_mut(&site).expect("of the list");
        if !community.is_collecting() {
            return;
        }
        let how = if community.is_host {
            ConfirmedAs::Merged
        } else {
            how
        };
        community.stage = CommunityStage::Confirmed(how);
        community.at_freeze = Some(tally);
        for pledge in &mut self.pledges {
            if pledge.site == site && pledge.state == PledgeState::Active {
                pledge.state = PledgeState::Confirmed;
            }
        }
    }

    pub(crate) fn fail_community(&mut self, site: SiteId, why: CommunityFailure) {
        let tally = self.tally(|other| other == site);
        let community = self.communities.get_mut(&site).expect("of the list");
        if !community.is_collecting() {
            return;
        }
        community.stage = CommunityStage::Failed(why);
        // What formed and fails at the freeze did form; what is taken out does not count.
        community.was_formed &= why != CommunityFailure::Removed;
        community.at_freeze = Some(tally);
        self.expire(PledgeState::Waiting, |other| other == site);
        self.expire(PledgeState::Reserved, |other| other == site);
        self.fail_pledges(|pledge| pledge.site == site);
    }

    pub(crate) fn fail_pledges(&mut self, which: impl Fn(&super::facts::Pledge) -> bool) {
        let active = self.pledges.iter_mut();
        let active = active.filter(|pledge| pledge.state == PledgeState::Active && which(pledge));
        let mut paid = Vec::new();
        for pledge in active {
            pledge.state = PledgeState::Failed;
            paid.extend(pledge.payment);
        }
        for payment in paid {
            self.give_back(payment, RefundCause::Failed, 0, u64::MAX);
        }
    }

    /// Makes a refund of what is still captured, at most so much; nothing is no refund.
    pub(crate) fn give_back(
        &mut self,
        payment: PaymentId,
        cause: RefundCause,
        line: u16,
        most: u64,
    ) {
        let Some(known) = self.payment(payment) else {
            return;
        };
        let amount = most.min(self.buckets(known).captured);
        if amount > 0 {
            self.refunds.push(Refund {
                payment,
                cause,
                line,
                amount,
                paid: 0,
            });
        }
    }

    /// The tier price: shares of the whole, rounded down; what is left over goes to the largest remainders.
    fn lower_prices(&mut self) {
        let units = self.count(PledgeState::Confirmed, |_| true).1;
        let mut tiers = self.terms.policy.tiers.as_slice().iter();
        let reached = tiers.rfind(|tier| units >= tier.units_min);
        let Some(points) = reached.map(|tier| u128::from(tier.discount.get())) else {
            return;
        };
        let confirmed = self.pledges.iter();
        let confirmed = confirmed.filter(|pledge| pledge.state == PledgeState::Confirmed);
        let mut shares: Vec<(u128, PledgeId, Option<PaymentId>, u128)> = confirmed
            .map(|pledge| {
                let paid = u128::from(self.price(pledge.new.units.0.into()));
                let (share, rest) = (paid * points / 10_000, paid * points % 10_000);
                (rest, pledge.new.pledge, pledge.payment, share)
            })
            .collect();
        let mut left = shares.iter().map(|share| share.0).sum::<u128>() / 10_000;
        shares.sort_by_key(|(rest, pledge, ..)| (core::cmp::Reverse(*rest), *pledge));
        for (_, _, payment, share) in shares {
            let more = left.min(1);
            left -= more;
            let amount = u64::try_from(share + more).unwrap_or(u64::MAX);
            if let Some(payment) = payment {
                self.give_back(payment, RefundCause::TierPrice, 0, amount);
            }
        }
    }

    /// A delivery: the first to have paid are the first to be served.
    pub(crate) fn share_out(&mut self, at: impl Fn(&Self, SiteId) -> bool, delivered: u64) {
        let mut left = u128::from(delivered);
        for payment in self.payments.clone() {
            let pledge = self.pledges.iter().find(|pledge| {
                pledge.payment == Some(payment.id)
                    && pledge.state == PledgeState::Confirmed
                    && at(self, pledge.site)
            });
            let Some(pledge) = pledge else { continue };
            let units = u128::from(pledge.new.units.0);
            let served = units.min(left);
            left -= served;
            let Amount(paid) = Amount(self.buckets(&payment).captured);
            let kept = u128::from(paid) * served / units;
            let back = paid - u64::try_from(kept).unwrap_or(paid);
            self.give_back(payment.id, RefundCause::ShortSupply, 0, back);
        }
    }
}

/// Why a supplier would not take an order of so many pieces; nobody orders nothing.
fn shortfall(terms: &SupplierTerms, units: Pieces) -> Option<CommunityFailure> {
    let case = u64::from(terms.case_size.get());
    let ordered = units.0.div_ceil(case) * case;
    if units == Pieces::ZERO {
        None
    } else if ordered < terms.units_min.0 {
        Some(CommunityFailure::SupplierMinimum)
    } else if ordered > units.0 && terms.surplus == Surplus::Reject {
        Some(CommunityFailure::SupplierSurplus)
    } else {
        None
    }
}
