//! The library beside the model: what both say must be the same.

use std::collections::{BTreeMap, BTreeSet};

use catchment::id::RefundId;
use catchment::ledger::{Answer, CommandError};
use catchment::money::Amount;
use catchment::presale::{
    Campaign, CommunityStage, Malformed, MoneyTotals, PledgeState, Presale, PresaleAnswer,
};

use super::acts::Expected;
use super::facts::{Buckets, Key, Model, Refund};

/// What a library's answer would be called by the model.
pub(crate) fn as_expected(answer: &Result<PresaleAnswer, CommandError<Malformed>>) -> Expected {
    match answer {
        Err(CommandError::BeyondHorizon { .. }) => Expected::BeyondHorizon,
        Err(CommandError::Malformed(malformed)) => Expected::Malformed(*malformed),
        Err(CommandError::IdConflict { .. }) => Expected::IdConflict,
        Err(_) => Expected::TooManyCommands,
        Ok(Answer::Replayed { outcome, .. }) => Expected::Replayed(*outcome),
        Ok(decided @ Answer::Decided(_)) => Expected::Decided(decided.outcome()),
    }
}

/// The key of a refund: the same in library and model, whose numbers are the library's own.
pub(crate) fn key_of(campaign: &Campaign, id: RefundId) -> Option<Key> {
    let refund = campaign.refund(id)?;
    Some((refund.payment, refund.cause, refund.line))
}

/// I1 to I6: every total and state of the library is what the model counts anew.
pub(crate) fn same(presale: &Presale, model: &Model) {
    let campaign = presale.campaign();
    assert_eq!(presale.now(), model.now, "now");
    assert_eq!(presale.remembered(), model.commands.len(), "remembered");
    same_campaign(campaign, model);
}

/// The same but for what belongs to the ledger.
pub(crate) fn same_campaign(campaign: &Campaign, model: &Model) {
    same_progress(campaign, model);
    same_communities(campaign, model);
    same_pledges(campaign, model);
    same_payments(campaign, model);
    same_refunds(campaign, model);
    if campaign.phase().is_terminal() {
        nothing_is_live(campaign);
    }
}

fn same_progress(campaign: &Campaign, model: &Model) {
    assert_eq!(campaign.phase(), model.phase, "phase");
    assert_eq!(campaign.closes_at(), model.closes_at, "closes_at");
    let progress = campaign.progress();
    assert_eq!(progress.phase, model.phase);
    assert_eq!(progress.communities_min, model.communities_min);
    let formed = model.formed();
    assert_eq!(progress.formed, formed.len() as u32, "formed");
    assert_eq!(
        progress.missing,
        model.communities_min.saturating_sub(progress.formed)
    );
    let held = model.count(PledgeState::Reserved, |_| true);
    assert_eq!((progress.held.pledges, progress.held.units), held);
    let all = model.tally(|_| true);
    assert_eq!((progress.units, progress.amount), (all.units, all.amount));
    let overall = model.tally(|site| formed.contains(&site));
    assert_eq!(campaign.overall(), overall, "overall");
}

fn same_communities(campaign: &Campaign, model: &Model) {
    let mut seen = 0;
    for progress in campaign.communities() {
        let site = progress.terms.site;
        let community = &model.communities[&site];
        let here = |other| other == site;
        assert_eq!(progress.terms, community.terms, "terms at {site}");
        assert_eq!(progress.stage, community.stage, "stage at {site}");
        assert_eq!(
            progress.is_formed,
            model.is_formed(site),
            "formed at {site}"
        );
        assert_eq!(progress.epoch, community.epoch, "epoch at {site}");
        let held = model.count(PledgeState::Reserved, here);
        assert_eq!((progress.held.pledges, progress.held.units), held);
        let waiting = model.count(PledgeState::Waiting, here).0;
        assert_eq!(progress.waiting, waiting, "waiting at {site}");
        let paid = model.tally(here);
        assert_eq!(progress.paid, paid, "paid at {site}");
        let threshold = model.threshold_of(community);
        assert_eq!(progress.threshold, threshold);
        let missing = [
            threshold
                .participants
                .unwrap_or(0)
                .saturating_sub(paid.participants)
                .into(),
            threshold
                .units
                .unwrap_or_default()
                .0
                .saturating_sub(paid.units.0),
            threshold
                .amount
                .unwrap_or_default()
                .0
                .saturating_sub(paid.amount.0),
        ];
        let found = progress.missing;
        assert_eq!(
            [found.participants.into(), found.units.0, found.amount.0],
            missing
        );
        assert_eq!(
            progress.at_freeze, community.at_freeze,
            "at_freeze at {site}"
        );
        let returned = model.count(PledgeState::Returned, here).1;
        let confirmed = model.count(PledgeState::Confirmed, here).1.0 + returned.0;
        assert_eq!(
            (progress.confirmed.0, progress.returned),
            (confirmed, returned)
        );
        seen += 1;
    }
    assert_eq!(seen, model.communities.len());
}

fn same_pledges(campaign: &Campaign, model: &Model) {
    let mut pledges = campaign.pledges();
    for pledge in &model.pledges {
        let id = pledge.new.pledge;
        let view = pledges.next().expect("as many pledges");
        assert_eq!((view.pledge, view.customer), (id, pledge.new.customer));
        assert_eq!(
            (view.units, view.if_unformed),
            (pledge.new.units, pledge.new.if_unformed)
        );
        assert_eq!(view.state, pledge.state, "state of pledge {id}");
        assert_eq!(view.site, pledge.site, "site of pledge {id}");
        assert_eq!(view.payment, pledge.payment, "payment of pledge {id}");
        let is_reserved = pledge.state == PledgeState::Reserved;
        let hold_until = is_reserved.then_some(pledge.hold_until);
        assert_eq!(view.hold_until, hold_until, "hold of pledge {id}");
    }
    assert!(pledges.next().is_none());
}

fn same_payments(campaign: &Campaign, model: &Model) {
    let mut payments = campaign.payments();
    let mut totals = BTreeMap::new();
    for payment in &model.payments {
        let view = payments.next().expect("as many payments");
        let id = payment.id;
        assert_eq!((view.payment, view.pledge), (id, payment.pledge));
        assert_eq!(view.currency, payment.money.currency);
        assert_eq!(view.recorded, payment.money.amount);
        let buckets = model.buckets(payment);
        let found = Buckets {
            held: view.held.0,
            captured: view.captured.0,
            due: view.due.0,
            refunded: view.refunded.0,
        };
        assert_eq!(found, buckets, "payment {id}");
        assert_eq!(view.state, buckets.state(), "payment {id}");
        let total: &mut MoneyTotals = totals.entry(view.currency).or_default();
        total.recorded += u128::from(view.recorded.0);
        total.held += u128::from(buckets.held);
        total.captured += u128::from(buckets.captured);
        total.due += u128::from(buckets.due);
        total.refunded += u128::from(buckets.refunded);
    }
    assert!(payments.next().is_none());
    assert_eq!(campaign.money(), totals);
}

fn same_refunds(campaign: &Campaign, model: &Model) {
    let mut keys = BTreeSet::new();
    let mut due = 0;
    for (place, refund) in campaign.refunds_from(RefundId(0)).enumerate() {
        let id = RefundId(place as u64 + 1);
        assert_eq!(refund.refund, id, "numbers go on");
        assert_eq!(campaign.refund(id), Some(refund));
        let key = (refund.payment, refund.cause, refund.line);
        assert!(keys.insert(key), "I5: key {key:?} twice");
        let known = model.refunds.iter().find(|refund| refund.key() == key);
        let found = Refund {
            payment: refund.payment,
            cause: refund.cause,
            line: refund.line,
            amount: refund.money.amount.0,
            paid: refund.paid.0,
        };
        assert_eq!(Some(&found), known, "refund {id}");
        due += u32::from(refund.remaining() > Amount::ZERO);
    }
    assert_eq!(
        keys.len(),
        model.refunds.len(),
        "refunds: {:?}",
        model.refunds
    );
    assert_eq!(campaign.refunds_due().count(), due as usize);
}

/// I6.
fn nothing_is_live(campaign: &Campaign) {
    use PledgeState::{Active, Reserved, Waiting};
    for pledge in campaign.pledges() {
        let is_live = matches!(pledge.state, Waiting | Reserved | Active);
        assert!(!is_live, "I6: {pledge:?}");
    }
    for community in campaign.communities() {
        assert_ne!(
            community.stage,
            CommunityStage::Collecting,
            "I6: {community:?}"
        );
    }
    for payment in campaign.payments() {
        assert_eq!(payment.held, Amount::ZERO, "I6: {payment:?}");
    }
}
