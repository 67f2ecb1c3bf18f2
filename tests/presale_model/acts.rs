//! What commands do: every reason against one is collected, and the first of the documented order is given.

use catchment::id::{CommandId, PledgeId, RefundId, SiteId};
use catchment::ledger::Outcome;
use catchment::money::Amount;
use catchment::presale::{
    Action, Amendment, CampaignFailure, CommunityFailure, CommunityStage, CommunityTerms, Decision,
    IfUnformed, Malformed, MergeFault, MergedSites, NewPayment, NewPledge, Overflow, PaymentState,
    Phase, PledgeState, PresaleCommand, RefundCause, Refusal, Stragglers, Verdict,
};
use catchment::time::Timestamp;

use super::facts::{Community, Key, Model, Payment, Pledge, asks_no_more, is_enough, later};
use super::rank::{nonsense, rank};

/// What a ledger is expected to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    BeyondHorizon,
    Malformed(Malformed),
    IdConflict,
    TooManyCommands,
    Replayed(Outcome<Refusal>),
    Decided(Outcome<Refusal>),
}

type Refusals = Vec<Refusal>;

impl Model {
    /// What the ledger does with a command before, and instead of, deciding it.
    pub(crate) fn apply(
        &mut self,
        at: Timestamp,
        command: &PresaleCommand,
        key_of: &dyn Fn(RefundId) -> Option<Key>,
    ) -> Expected {
        if at > self.terms.horizon {
            return Expected::BeyondHorizon;
        }
        if let Some(malformed) = nonsense(&command.action) {
            return Expected::Malformed(malformed);
        }
        if let Some((action, outcome)) = self.commands.get(&command.id) {
            return if *action == command.action {
                Expected::Replayed(*outcome)
            } else {
                Expected::IdConflict
            };
        }
        if self.commands.len() >= self.commands_max {
            return Expected::TooManyCommands;
        }
        self.now = self.now.max(at);
        self.pass(self.now);
        let outcome = self.decide(&command.action, key_of);
        self.note(command.id, &command.action, outcome);
        Expected::Decided(outcome)
    }

    fn note(&mut self, id: CommandId, action: &Action, outcome: Outcome<Refusal>) {
        self.commands.insert(id, (action.clone(), outcome));
    }

    pub(crate) fn tick(&mut self, at: Timestamp) -> Result<Option<Timestamp>, Expected> {
        if at > self.terms.horizon {
            return Err(Expected::BeyondHorizon);
        }
        let last = self.pass(at);
        self.now = self.now.max(last.unwrap_or(self.now));
        Ok(last)
    }

    fn decide(
        &mut self,
        action: &Action,
        key_of: &dyn Fn(RefundId) -> Option<Key>,
    ) -> Outcome<Refusal> {
        let refund = match action {
            Action::RecordRefund { refund, .. } | Action::RecordRefundFailure { refund } => {
                let key = key_of(*refund);
                self.refunds
                    .iter()
                    .position(|refund| Some(refund.key()) == key)
            }
            _ => None,
        };
        let against = self.against(action, refund);
        if let Some(first) = against.into_iter().min_by_key(rank) {
            return Outcome::Refused(first);
        }
        self.carry_out(action, refund);
        self.follow_up(self.now);
        Outcome::Accepted
    }

    /// Every reason against an action.
    fn against(&self, action: &Action, refund: Option<usize>) -> Refusals {
        match action {
            Action::Pledge(new) => self.against_pledge(new),
            Action::RecordPayment(new) => {
                let exists = self.payment(new.payment).is_some();
                exists
                    .then_some(Refusal::PaymentExists)
                    .into_iter()
                    .collect()
            }
            Action::Withdraw { pledge } => {
                use PledgeState::{Active, Reserved, Waiting};
                let mut against = self.against_customers();
                against.extend(self.against_state(*pledge, &[Waiting, Reserved, Active]));
                against
            }
            Action::Return { pledge } => {
                let state = self.against_state(*pledge, &[PledgeState::Confirmed]);
                let mut against = Vec::from_iter(state);
                against.extend((!self.is_reached).then_some(Refusal::NotConfirmed));
                against
            }
            Action::RecordRefund { amount, .. } => {
                let Some(refund) = refund.map(|place| &self.refunds[place]) else {
                    return vec![Refusal::UnknownRefund];
                };
                too_large(amount.0, refund.amount - refund.paid)
            }
            Action::RecordRefundFailure { .. } => match refund.map(|place| &self.refunds[place]) {
                None => vec![Refusal::UnknownRefund],
                Some(refund) => too_large(1, refund.amount - refund.paid),
            },
            Action::RefundPart { payment, amount } => match self.payment(*payment) {
                None => vec![Refusal::UnknownPayment],
                Some(payment) => {
                    let buckets = self.buckets(payment);
                    let mut against = too_large(amount.0, buckets.captured);
                    let state = buckets.state();
                    if state != PaymentState::Captured {
                        against.push(Refusal::PaymentIs { state });
                    }
                    against
                }
            },
            Action::Extend { closes_at } => self.against_extension(*closes_at),
            Action::Amend(amendment) => self.against_amendment(amendment),
            Action::AddCommunity(new) => self.against_community(new),
            Action::RemoveCommunity { site } => {
                let mut against = self.against_rules();
                against.extend(self.against_site(*site));
                let stage = self.communities.get(site).map(|community| community.stage);
                if let Some(CommunityStage::Confirmed(_)) = stage {
                    against.push(Refusal::AlreadyConfirmed);
                }
                against
            }
            Action::Cancel => match self.phase {
                Phase::Cancelled | Phase::Failed(_) => vec![Refusal::Closed],
                _ if self.is_reached => vec![Refusal::AlreadyConfirmed],
                _ => Vec::new(),
            },
            Action::Decide(verdict) => self.against_verdict(*verdict),
            Action::Merge { groups } => self.against_merge(groups),
            Action::RecordDelivery { supplier, .. } => {
                let mut against = Vec::new();
                if self.phase != Phase::Confirmed {
                    against.push(Refusal::NotConfirmed);
                }
                if !self.has_supplier(*supplier) {
                    against.push(Refusal::UnknownSupplier);
                }
                if self.delivered.contains(supplier) {
                    against.push(Refusal::DeliveryExists);
                }
                against
            }
            _ => Vec::new(),
        }
    }

    /// What customers do belongs between opening and close.
    fn against_customers(&self) -> Refusals {
        let opens_at = self.terms.opens_at;
        match self.phase {
            Phase::Scheduled => vec![Refusal::NotOpenYet { opens_at }],
            _ => self.against_rules(),
        }
    }

    /// What retailers change belongs before the close.
    fn against_rules(&self) -> Refusals {
        let is_before = self.is_open() || self.phase == Phase::Scheduled;
        (!is_before)
            .then_some(Refusal::Closed)
            .into_iter()
            .collect()
    }

    fn against_state(&self, pledge: PledgeId, allowed: &[PledgeState]) -> Option<Refusal> {
        let Some(pledge) = self.pledge(pledge) else {
            return Some(Refusal::UnknownPledge);
        };
        let state = pledge.state;
        (!allowed.contains(&state)).then_some(Refusal::PledgeIs { state })
    }

    fn against_site(&self, site: SiteId) -> Option<Refusal> {
        let Some(community) = self.communities.get(&site) else {
            return Some(Refusal::UnknownCommunity);
        };
        match community.stage {
            CommunityStage::Failed(_) | CommunityStage::MergedInto(_) => {
                Some(Refusal::CommunityRemoved)
            }
            _ => None,
        }
    }

    fn against_pledge(&self, new: &NewPledge) -> Refusals {
        let mut against = self.against_customers();
        if self.pledge(new.pledge).is_some() {
            against.push(Refusal::PledgeExists);
        }
        against.extend(self.against_site(new.site));
        // Who is beyond a cap alone would wait in vain.
        let caps = self.terms.policy.caps;
        let caps = [caps.per_customer, caps.per_community, caps.per_campaign];
        let in_vain = caps
            .into_iter()
            .flatten()
            .any(|cap| cap.0 < u64::from(new.units.0));
        if self.terms.policy.overflow == Overflow::Reject || in_vain {
            against.extend(self.cap_beyond(new));
        }
        if !self.sum_fits(new) {
            against.push(Refusal::Overflow);
        }
        against
    }

    fn against_extension(&self, closes_at: Timestamp) -> Refusals {
        let mut against = self.against_rules();
        let is_later = closes_at > self.closes_at;
        let last = self.last_due(closes_at);
        if !is_later || last.is_none_or(|last| last > self.terms.horizon) {
            against.push(Refusal::NotAnExtension {
                closes_at: self.closes_at,
            });
        }
        against
    }

    /// The last instant at which anything could happen by itself after a close.
    pub(crate) fn last_due(&self, closes_at: Timestamp) -> Option<Timestamp> {
        let policy = &self.terms.policy;
        let mut last = later(closes_at, policy.grace)?;
        match policy.stragglers {
            Stragglers::Merge { within, .. } => last = later(last, within)?,
            Stragglers::ExtendOnce { by } => last = later(later(last, by)?, policy.grace)?,
            _ => {}
        }
        match policy.confirm {
            catchment::presale::Confirm::Manual { within } => later(last, within),
            _ => Some(last),
        }
    }

    fn against_amendment(&self, amendment: &Amendment) -> Refusals {
        let mut against = self.against_rules();
        let asks_more = match amendment {
            Amendment::Community { site, threshold } => match self.communities.get(site) {
                None => {
                    against.push(Refusal::UnknownCommunity);
                    false
                }
                Some(community) => {
                    if let CommunityStage::Confirmed(_) = community.stage {
                        against.push(Refusal::AlreadyConfirmed);
                    }
                    against.extend(self.against_site(*site));
                    !asks_no_more(threshold, &self.threshold_of(community))
                }
            },
            Amendment::Default { threshold } => !asks_no_more(threshold, &self.threshold),
            Amendment::CommunitiesMin { communities } => *communities > self.communities_min,
            _ => false,
        };
        if asks_more {
            against.push(Refusal::AsksForMore);
        }
        against
    }

    fn has_supplier(&self, supplier: catchment::id::SupplierId) -> bool {
        let mut suppliers = self.terms.suppliers.iter();
        suppliers.any(|terms| terms.supplier == supplier)
    }

    fn against_community(&self, new: &CommunityTerms) -> Refusals {
        let mut against = self.against_rules();
        if !self.has_supplier(new.supplier) {
            against.push(Refusal::UnknownSupplier);
        }
        if self.communities.contains_key(&new.site) {
            against.push(Refusal::CommunityExists);
        }
        against
    }

    fn against_verdict(&self, verdict: Verdict) -> Refusals {
        let is_due = matches!(
            self.phase,
            Phase::Deciding {
                decision: Decision::Verdict,
                ..
            }
        );
        let mut against = Vec::new();
        if !is_due {
            against.push(Refusal::NothingToDecide);
        }
        if verdict == Verdict::Confirm && !self.is_reached && self.failure().is_some() {
            let formed = self.formed().len() as u32;
            against.push(Refusal::NotEnough { formed });
        }
        against
    }

    fn against_merge(&self, groups: &[MergedSites]) -> Refusals {
        let is_due = matches!(
            self.phase,
            Phase::Deciding {
                decision: Decision::Merge,
                ..
            }
        );
        let mut against = Vec::new();
        if !is_due {
            against.push(Refusal::NothingToDecide);
        }
        let under = self.stragglers();
        for MergedSites { host, guests } in groups {
            let mut sites = guests.iter().map(|guest| guest.site).chain([*host]);
            if sites.any(|site| !self.communities.contains_key(&site)) {
                against.push(Refusal::UnknownCommunity);
                continue;
            }
            let mut sites = guests.iter().map(|guest| guest.site).chain([*host]);
            let Stragglers::Merge { walk_max, .. } = self.terms.policy.stragglers else {
                continue;
            };
            let guest_sites: Vec<SiteId> = guests.iter().map(|guest| guest.site).collect();
            if sites.any(|site| !under.contains(&site)) {
                against.push(Refusal::Merge(MergeFault::NotUnderThreshold));
            } else if guests.iter().any(|guest| guest.walk > walk_max) {
                against.push(Refusal::Merge(MergeFault::TooFar));
            } else if !self.would_form(&self.communities[host], &guest_sites) {
                against.push(Refusal::Merge(MergeFault::StaysUnder));
            }
        }
        against
    }

    /// Whether a host forms with those of the guests that would come.
    fn would_form(&self, host: &Community, guests: &[SiteId]) -> bool {
        let mut merged = self.clone();
        merged.pledges.retain(|pledge| {
            pledge.site == host.terms.site
                || guests.contains(&pledge.site) && pledge.new.if_unformed == IfUnformed::MoveNearby
        });
        is_enough(&self.threshold_of(host), &merged.tally(|_| true))
    }

    fn carry_out(&mut self, action: &Action, refund: Option<usize>) {
        match action {
            Action::Pledge(new) => self.pledge_now(*new),
            Action::RecordPayment(new) => self.pay(new),
            Action::Withdraw { pledge } => {
                self.set(*pledge, PledgeState::Withdrawn);
                self.give_all_back(*pledge, RefundCause::Withdrawn);
            }
            Action::Return { pledge } => {
                self.set(*pledge, PledgeState::Returned);
                self.give_all_back(*pledge, RefundCause::Returned);
            }
            Action::RecordRefund { amount, .. } => {
                if let Some(place) = refund {
                    self.refunds[place].paid += amount.0;
                }
            }
            Action::RefundPart { payment, amount } => {
                let parts = self.refunds.iter();
                let parts = parts.filter(|refund| {
                    refund.payment == *payment && refund.cause == RefundCause::Part
                });
                let line = parts.count() as u16;
                self.give_back(*payment, RefundCause::Part, line, amount.0);
            }
            Action::Extend { closes_at } => self.closes_at = *closes_at,
            Action::Amend(amendment) => self.amend(amendment),
            Action::AddCommunity(new) => {
                self.communities.insert(new.site, Community::new(*new));
            }
            Action::RemoveCommunity { site } => {
                self.fail_community(*site, CommunityFailure::Removed);
            }
            Action::Cancel => {
                self.fail_all(CommunityFailure::Cancelled);
                self.phase = Phase::Cancelled;
            }
            Action::Decide(Verdict::Confirm) => self.go_ahead(),
            Action::Decide(Verdict::Fail) => self.fail(CampaignFailure::Rejected),
            Action::Merge { groups } => self.merge(groups),
            Action::RecordDelivery { supplier, units } => {
                self.delivered.insert(*supplier);
                let theirs = |model: &Self, site: SiteId| {
                    model.communities[&site].terms.supplier == *supplier
                };
                self.share_out(theirs, units.0);
            }
            _ => {}
        }
    }

    fn give_all_back(&mut self, pledge: PledgeId, cause: RefundCause) {
        if let Some(payment) = self.pledge(pledge).and_then(|pledge| pledge.payment) {
            self.give_back(payment, cause, 0, u64::MAX);
        }
    }

    fn pledge_now(&mut self, new: NewPledge) {
        let waits = self.is_awaited(new.site) || self.cap_beyond(&new).is_some();
        let hold_until = later(self.now, self.terms.policy.hold).unwrap_or(Timestamp::MAX);
        self.pledges.push(Pledge {
            new,
            state: if waits {
                PledgeState::Waiting
            } else {
                PledgeState::Reserved
            },
            placed_at: if waits { Timestamp::MIN } else { self.now },
            hold_until,
            site: new.site,
            payment: None,
        });
    }

    fn pay(&mut self, new: &NewPayment) {
        let useless = self.useless(new);
        self.payments.push(Payment {
            id: new.payment,
            pledge: self.pledge(new.pledge).map(|pledge| pledge.new.pledge),
            money: new.money,
        });
        if let Some(cause) = useless {
            self.give_back(new.payment, cause, 0, u64::MAX);
            return;
        }
        let site = self.pledge(new.pledge).map(|pledge| pledge.site);
        let stage = site.map(|site| self.communities[&site].stage);
        if let Some(pledge) = self.pledge_mut(new.pledge) {
            pledge.payment = Some(new.payment);
            pledge.state = match stage {
                Some(CommunityStage::Confirmed(_)) => PledgeState::Confirmed,
                _ => PledgeState::Active,
            };
        }
    }

    /// Why a payment makes no pledge count.
    fn useless(&self, new: &NewPayment) -> Option<RefundCause> {
        let Some(pledge) = self.pledge(new.pledge) else {
            return Some(RefundCause::UnknownPledge);
        };
        let is_in_time = match self.phase {
            // Only what can be true is believed, and what came now came after the close.
            Phase::Closing => pledge.placed_at <= new.paid_at && new.paid_at < self.closes_at,
            _ => self.is_open(),
        };
        let price = Amount(self.price(pledge.new.units.0.into()));
        if pledge.payment.is_some() {
            Some(RefundCause::SecondPayment)
        } else if !is_in_time {
            Some(RefundCause::TooLate)
        } else if pledge.state != PledgeState::Reserved {
            Some(RefundCause::NoPlace)
        } else if new.money.amount != price || new.money.currency != self.terms.currency {
            Some(RefundCause::WrongAmount)
        } else {
            None
        }
    }

    fn amend(&mut self, amendment: &Amendment) {
        match amendment {
            Amendment::Community { site, threshold } => {
                if let Some(community) = self.communities.get_mut(site) {
                    community.terms.threshold = Some(*threshold);
                }
            }
            Amendment::Default { threshold } => self.threshold = *threshold,
            Amendment::CommunitiesMin { communities } => self.communities_min = *communities,
            _ => {}
        }
    }

    fn merge(&mut self, groups: &[MergedSites]) {
        for MergedSites { host, guests } in groups {
            let guests: Vec<SiteId> = guests.iter().map(|guest| guest.site).collect();
            for guest in &guests {
                let tally = self.tally(|site| site == *guest);
                let community = self.communities.get_mut(guest).expect("was checked");
                community.stage = CommunityStage::MergedInto(*host);
                community.at_freeze = Some(tally);
            }
            let stays = IfUnformed::MoveNearby;
            self.fail_pledges(|pledge| {
                guests.contains(&pledge.site) && pledge.new.if_unformed != stays
            });
            for pledge in &mut self.pledges {
                if pledge.state == PledgeState::Active && guests.contains(&pledge.site) {
                    pledge.site = *host;
                }
            }
            let host = self.communities.get_mut(host).expect("was checked");
            host.is_host = true;
        }
        self.note_edges();
        self.after_merging(self.now);
    }
}

fn too_large(amount: u64, available: u64) -> Refusals {
    let available = Amount(available);
    let is_more = amount > available.0;
    is_more
        .then_some(Refusal::RefundTooLarge { available })
        .into_iter()
        .collect()
}
