//! What holds of two logs or of two states, beside what holds of one.

use std::collections::{BTreeMap, BTreeSet};

use catchment::id::{CommandId, CustomerId, PaymentId, PledgeId, RefundId, SiteId};
use catchment::limits::Limits;
use catchment::money::{Amount, Money};
use catchment::presale::{
    Action, Campaign, Caps, CommunityProgress, CommunityStage, Confirm, ConfirmedPieces, Event,
    IfUnformed, NewPayment, NewPledge, PaymentView, Phase, Pieces, PledgeState, PledgeView,
    Presale, PresaleCommand, PresaleStep, Terms, purchases,
};
use catchment::time::Span;
use catchment::units::Quantity;

use super::facts::Key;
use super::worlds::{Draw, at, terms};

/// I12: whoever counted before a merge and consented, or was at home, counts at the host; everybody else is refunded.
/// No payment is lost.
pub(crate) fn merges_conserve(before: &Campaign, after: &Campaign, step: &PresaleStep) {
    let mut hosts: BTreeMap<SiteId, SiteId> = BTreeMap::new();
    for event in &step.events {
        if let Event::CommunityMerged { site, into } = event {
            hosts.insert(*site, *into);
        }
    }
    for pledge in before.pledges() {
        let view = after.pledge(pledge.pledge).expect("I12: still there");
        let host = hosts.get(&pledge.site);
        let was_active = pledge.state == PledgeState::Active;
        let moves = was_active && pledge.if_unformed == IfUnformed::MoveNearby;
        let site = host.filter(|_| moves).unwrap_or(&pledge.site);
        assert_eq!(view.site, *site, "I12");
        if host.is_some() && was_active && !moves {
            assert_eq!(
                view.state,
                PledgeState::Failed,
                "I12: who stays is refunded"
            );
        }
    }
    for host in hosts.values().collect::<BTreeSet<_>>() {
        let at_host = after.pledges_at(*host).filter(|pledge| {
            let before = before.pledge(pledge.pledge);
            before.is_some_and(|before| before.state == PledgeState::Active)
        });
        let at_host: Vec<PledgeView> = at_host.collect();
        let units = at_host.iter().map(|pledge| u64::from(pledge.units.0)).sum();
        let people: BTreeSet<CustomerId> = at_host.iter().map(|pledge| pledge.customer).collect();
        let progress = after.community(*host).expect("known");
        let tally = progress.at_freeze.unwrap_or(progress.paid);
        assert_eq!(tally.units, Pieces(units), "I12: pieces");
        assert_eq!(tally.participants, people.len() as u32, "I12: people");
    }
    let recorded = |campaign: &Campaign| {
        let totals = campaign.money().into_iter();
        totals
            .map(|(currency, totals)| (currency, totals.recorded))
            .collect::<Vec<_>>()
    };
    assert_eq!(recorded(before), recorded(after), "I12: money");
}

/// I13: what is confirmed can be ordered, never less than a supplier sells; ordered = confirmed + surplus.
pub(crate) fn orders_conserve(campaign: &Campaign) {
    if !matches!(campaign.phase(), Phase::Confirmed | Phase::ConfirmedOpen) {
        return;
    }
    let confirmed = |community: CommunityProgress| ConfirmedPieces {
        supplier: community.terms.supplier,
        site: community.terms.site,
        units: community.confirmed,
    };
    let rows: Vec<ConfirmedPieces> = campaign.communities().map(confirmed).collect();
    let units: u64 = rows.iter().map(|row| row.units.0).sum();
    let suppliers = &campaign.terms().suppliers;
    let made = purchases(suppliers, rows).expect("small numbers");
    assert!(made.shortfalls.is_empty(), "I13: {:?}", made.shortfalls);
    let mut sum = 0;
    for order in &made.orders {
        let mut terms = suppliers.iter();
        let terms = terms.find(|terms| terms.supplier == order.supplier());
        let case = terms.map_or(0, |terms| u64::from(terms.case_size.get()));
        assert!(
            order.surplus().0 < case && order.ordered().0 % case == 0,
            "I13"
        );
        sum += order.ordered().0 - order.surplus().0;
    }
    assert_eq!(sum, units, "I13");
}

/// I16: what is confirmed has formed as often as it must, or was served on purpose.
pub(crate) fn confirmed_is_enough(campaign: &Campaign) {
    if !matches!(campaign.phase(), Phase::Confirmed | Phase::ConfirmedOpen) {
        return;
    }
    use catchment::presale::ConfirmedAs::{Formed, Merged};
    let is_good = |community: &CommunityProgress| {
        matches!(community.stage, CommunityStage::Confirmed(Formed | Merged))
    };
    let good: Vec<_> = campaign.communities().filter(is_good).collect();
    assert!(
        good.len() as u32 >= campaign.progress().communities_min,
        "I16"
    );
    for community in good {
        assert!(community.is_formed, "I16");
        let at_freeze = community.at_freeze.expect("confirmed");
        assert!(community.threshold.is_met_by(&at_freeze), "I16");
    }
}

/// What may not depend on the order of commands: all but epochs, holds and numbers of refunds.
#[derive(Debug, PartialEq)]
struct Sets {
    phase: Phase,
    communities: Vec<CommunityProgress>,
    pledges: BTreeMap<PledgeId, PledgeView>,
    payments: BTreeMap<PaymentId, PaymentView>,
    refunds: BTreeMap<Key, Amount>,
}

impl Sets {
    fn of(campaign: &Campaign) -> Self {
        let communities = campaign.communities();
        let pledges = campaign.pledges().map(|mut pledge| {
            pledge.hold_until = None;
            (pledge.pledge, pledge)
        });
        let refunds = campaign.refunds_from(RefundId(1));
        let keyed = refunds.map(|refund| {
            let key = (refund.payment, refund.cause, refund.line);
            (key, refund.money.amount)
        });
        Self {
            phase: campaign.phase(),
            communities: communities
                .map(|community| CommunityProgress {
                    epoch: 0,
                    ..community
                })
                .collect(),
            pledges: pledges.collect(),
            payments: campaign
                .payments()
                .map(|payment| (payment.payment, payment))
                .collect(),
            refunds: keyed.collect(),
        }
    }
}

/// I9: under `AtClose`, with no deadline crossed and no cap, in whatever order the pledges' commands come.
pub(crate) fn order_does_not_matter(draw: &mut impl Draw) {
    let mut terms = terms(draw);
    terms.policy.confirm = Confirm::AtClose;
    terms.policy.caps = Caps::default();
    terms.policy.hold = Span::from_millis(u64::from(draw.from(5, 300)));
    terms.unit_price = terms.unit_price.min(Amount(990));
    let lives: Vec<Vec<PresaleCommand>> =
        (1..=12).map(|number| life(draw, &terms, number)).collect();
    let mut first = None;
    for _ in 0..3 {
        let mut presale =
            Presale::open(terms.clone(), &Limits::default()).expect("terms are sound");
        let mut left: Vec<&[PresaleCommand]> = lives.iter().map(Vec::as_slice).collect();
        while !left.is_empty() {
            let next = draw.below(left.len() as u32) as usize;
            if let Some((command, rest)) = left[next].split_first() {
                let then = at(1_000 + i64::from(draw.below(4)));
                presale.apply(then, command).expect("sound and new");
                left[next] = rest;
            } else {
                left.swap_remove(next);
            }
        }
        let while_open = Sets::of(presale.campaign());
        presale.tick(terms.horizon).expect("within the horizon");
        let sets = (while_open, Sets::of(presale.campaign()));
        match &first {
            None => first = Some(sets),
            Some(first) => assert_eq!(&sets, first, "I9"),
        }
    }
}

/// What one customer does with one pledge.
fn life(draw: &mut impl Draw, terms: &Terms, number: u64) -> Vec<PresaleCommand> {
    let pledge = PledgeId(number);
    let units = draw.from(1, 3);
    let new = NewPledge {
        pledge,
        customer: CustomerId(u64::from(draw.from(1, 5))),
        site: SiteId(u64::from(draw.from(1, terms.communities.len() as u32))),
        units: Quantity(units),
        if_unformed: IfUnformed::Refund,
    };
    let mut actions = vec![Action::Pledge(new)];
    for payment in 0..draw.below(3) {
        actions.push(Action::RecordPayment(NewPayment {
            payment: PaymentId(2 * number + u64::from(payment)),
            pledge,
            money: Money {
                amount: Amount(terms.unit_price.0 * u64::from(units)),
                currency: terms.currency,
            },
            paid_at: terms.opens_at,
        }));
    }
    if draw.one_in(5) {
        let place = draw.from(1, actions.len() as u32) as usize;
        actions.insert(place, Action::Withdraw { pledge });
    }
    let commands = (10 * number..).zip(actions);
    commands
        .map(|(id, action)| PresaleCommand::new(CommandId(id), action))
        .collect()
}
