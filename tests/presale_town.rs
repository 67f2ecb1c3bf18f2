//! Small campaigns and random commands for them: few customers, sites and ids, so that everything collides.

use catchment::id::{
    CampaignId, CommandId, CustomerId, PaymentId, PledgeId, RefundId, SiteId, SkuId, SupplierId,
};
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Amendment, BasisPoints, Combine, CommunityTerms, Confirm, IfUnformed, NewPayment,
    NewPledge, Phase, Pieces, Policy, Presale, PresaleCommand, Stragglers, SupplierTerms, Terms,
    Threshold, Tier, Tiers, Verdict,
};
use catchment::time::{Span, Timestamp};
use catchment::units::{Distance, Quantity};
use proptest::prelude::*;

pub(crate) const PRICE: u64 = 990;
pub(crate) const CLOSES: i64 = 10_000;
pub(crate) const WALK_MAX: u32 = 400;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

/// A campaign over these sites, supplied in turn by two suppliers, open from 0 to [`CLOSES`].
pub(crate) fn terms(id: u64, sites: core::ops::RangeInclusive<u64>, policy: Policy) -> Terms {
    Terms {
        id: CampaignId(id),
        sku: SkuId(9),
        currency: Currency::CNY,
        unit_price: Amount(PRICE),
        opens_at: at(0),
        closes_at: at(CLOSES),
        horizon: at(100 * CLOSES),
        policy,
        suppliers: [4, 5].map(|id| SupplierTerms::new(SupplierId(id))).into(),
        communities: sites
            .map(|site| CommunityTerms {
                site: SiteId(site),
                supplier: SupplierId(4 + site % 2),
                threshold: None,
            })
            .collect(),
    }
}

pub(crate) fn pledge(number: u64, customer: u64, site: u64, units: u32) -> Action {
    Action::Pledge(NewPledge {
        pledge: PledgeId(number),
        customer: CustomerId(customer),
        site: SiteId(site),
        units: Quantity(units),
        if_unformed: if number.is_multiple_of(4) {
            IfUnformed::Refund
        } else {
            IfUnformed::MoveNearby
        },
    })
}

pub(crate) fn payment(number: u64, of: u64, units: u32, paid_at: i64) -> Action {
    Action::RecordPayment(NewPayment {
        payment: PaymentId(number),
        pledge: PledgeId(of),
        money: Money {
            amount: Amount(PRICE * u64::from(units)),
            currency: Currency::CNY,
        },
        paid_at: at(paid_at),
    })
}

/// An open presale with one paid pledge for each (customer, site, units), pledges and payments numbered from 1.
pub(crate) fn paid(terms: Terms, pledges: &[(u64, u64, u32)]) -> Presale {
    let mut presale = Presale::open(terms, &Limits::default()).expect("sound terms");
    for (number, &(customer, site, units)) in (1..).zip(pledges) {
        let actions = [
            pledge(number, customer, site, units),
            payment(number, number, units, 1),
        ];
        for (half, action) in (0..).zip(actions) {
            let command = PresaleCommand::new(CommandId(2 * number + half), action);
            let answer = presale.apply(at(1), &command).expect("decided");
            assert!(answer.outcome().is_accepted(), "{command:?} {answer:?}");
        }
    }
    presale
}

/// Applies an action that is accepted, under a new command id.
#[track_caller]
pub(crate) fn accept(presale: &mut Presale, millis: i64, action: Action) {
    let id = CommandId(1_000_000 + presale.remembered() as u64);
    let answer = presale.apply(at(millis), &PresaleCommand::new(id, action));
    assert!(
        answer
            .as_ref()
            .is_ok_and(|answer| answer.outcome().is_accepted()),
        "{answer:?}"
    );
}

pub(crate) fn policies() -> impl Strategy<Value = Policy> {
    let threshold = prop_oneof![
        (1..4_u32).prop_map(Threshold::participants),
        (1..8_u64).prop_map(|units| Threshold::units(Pieces(units))),
        (1..8_u64).prop_map(|times| Threshold::amount(Amount(PRICE * times - 1))),
        (1..4_u32, 1..8_u64, any::<bool>()).prop_map(|(people, units, any)| Threshold {
            units: Some(Pieces(units)),
            combine: if any { Combine::Any } else { Combine::All },
            ..Threshold::participants(people)
        }),
    ];
    let confirm = prop_oneof![
        4 => Just(Confirm::AtClose),
        1 => Just(Confirm::OnReach),
        1 => Just(Confirm::Manual { within: Span::from_millis(500) }),
    ];
    let merge = Stragglers::Merge {
        walk_max: Distance::from_metres(WALK_MAX),
        within: Span::from_millis(500),
    };
    let by = Span::from_millis(700);
    let stragglers = prop_oneof![
        Just(Stragglers::Refund),
        Just(merge),
        Just(Stragglers::ExtendOnce { by }),
        Just(Stragglers::FulfilAnyway),
    ];
    let tiers = prop_oneof![
        Just(Vec::new()),
        Just(vec![Tier {
            units_min: Pieces(6),
            discount: BasisPoints::new(777).expect("a share"),
        }]),
    ];
    (threshold, 1..4_u32, confirm, stragglers, 0..3_u64, tiers).prop_map(
        |(threshold, communities_min, confirm, stragglers, grace, tiers)| Policy {
            communities_min,
            // Extensions need a close to extend.
            stragglers: match (confirm, stragglers) {
                (Confirm::AtClose, _) => stragglers,
                (_, Stragglers::ExtendOnce { .. }) => Stragglers::Refund,
                _ => stragglers,
            },
            confirm,
            grace: Span::from_millis(100 * grace),
            tiers: Tiers::new(tiers).expect("ascending"),
            hold: Span::from_millis(400),
            ..Policy::new(threshold)
        },
    )
}

/// Any action on six sites, six customers and a dozen pledges.
pub(crate) fn actions() -> impl Strategy<Value = Action> {
    let (id, site) = (0..12_u64, 1..7_u64);
    let pledges = (id.clone(), 0..6_u64, site.clone(), 0..4_u32)
        .prop_map(|(id, customer, site, units)| pledge(id, customer, site, units));
    let payments = (id.clone(), id.clone(), 1..4_u32, 0..2 * CLOSES)
        .prop_map(|(id, of, units, paid_at)| payment(id, of, units, paid_at));
    let refunds = (id.clone(), 0..3_000_u64).prop_map(|(id, amount)| Action::RecordRefund {
        refund: RefundId(id),
        amount: Amount(amount),
    });
    let parts = (id.clone(), 0..500_u64).prop_map(|(id, amount)| Action::RefundPart {
        payment: PaymentId(id),
        amount: Amount(amount),
    });
    let deliveries = (4..6_u64, 0..9_u64).prop_map(|(id, units)| Action::RecordDelivery {
        supplier: SupplierId(id),
        units: Pieces(units),
    });
    let withdrawals = id.clone().prop_map(PledgeId);
    let returns = id.prop_map(PledgeId);
    prop_oneof![
        12 => pledges,
        14 => payments,
        2 => withdrawals.prop_map(|pledge| Action::Withdraw { pledge }),
        1 => returns.prop_map(|pledge| Action::Return { pledge }),
        2 => refunds,
        1 => parts,
        1 => site.prop_map(|site| Action::RemoveCommunity { site: SiteId(site) }),
        1 => Just(Action::Amend(Amendment::Default { threshold: Threshold::participants(1) })),
        1 => Just(Action::Extend { closes_at: at(CLOSES + 1_000) }),
        1 => Just(Action::Decide(Verdict::Confirm)),
        1 => Just(Action::Merge { groups: Vec::new() }),
        1 => deliveries,
    ]
}

/// Commands for campaigns 1 to `campaigns` and one that does not exist, with repeated ids; the clock mostly advances.
pub(crate) fn scripts(
    campaigns: u64,
    length: usize,
) -> impl Strategy<Value = Vec<(CampaignId, Timestamp, PresaleCommand)>> {
    let step = (1..campaigns + 2, actions(), -200..900_i64, 0..20_u64);
    proptest::collection::vec(step, 0..length).prop_map(|steps| {
        let mut now = 0;
        let commands = (100..)
            .zip(steps)
            .map(|(number, (campaign, action, later, again))| {
                now += later;
                let id = if again == 0 { 100 } else { number };
                let command = PresaleCommand::new(CommandId(id), action);
                (CampaignId(campaign), at(now), command)
            });
        commands.collect()
    })
}

/// Ends a campaign: the clock passes every deadline, and all refunds are paid out.
pub(crate) fn finish(presale: &mut Presale) {
    let horizon = presale.campaign().terms().horizon;
    presale.tick(horizon).expect("within the horizon");
    assert!(presale.campaign().phase().is_terminal());
    assert!(!matches!(presale.campaign().phase(), Phase::Open));
    pay_out(presale);
}

pub(crate) fn pay_out(presale: &mut Presale) {
    let due: Vec<_> = presale.campaign().refunds_due().collect();
    for refund in due {
        let action = Action::RecordRefund {
            refund: refund.refund,
            amount: refund.remaining(),
        };
        let now = presale.now().as_unix_millis();
        accept(presale, now, action);
    }
}
