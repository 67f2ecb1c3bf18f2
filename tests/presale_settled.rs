//! What campaigns come to: pieces and money conserved, pledges become orders, and the cheapest way is the cheapest.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use catchment::geo::{LngLat, Position};
use catchment::id::{
    CommandId, CustomerId, OrderId, PaymentId, PledgeId, SiteId, SkuId, SupplierId,
};
use catchment::limits::Limits;
use catchment::money::{Amount, Currency};
use catchment::order::{Order, OrderLine, Wish, check_batch};
use catchment::plan::Router;
use catchment::presale::{
    Action, Caps, Cheapest, CommunityFailure, CommunityStage, CommunityTerms, Confirm, ConfirmedAs,
    Phase, Pieces, PledgeState, Policy, Presale, PresaleCommand, RefundCause, Settlement,
    SettlementError, Shortfall, SupplierTerms, Supply, Tally, Threshold,
};
use catchment::site::{Network, Site};
use catchment::units::{Quantity, Units};
use proptest::prelude::*;

use crate::presale_town::{
    CLOSES, PRICE, accept, at, finish, paid, pay_out, payment, pledge, policies, scripts, terms,
};

fn network() -> Network {
    let door = |id: u32| {
        Position::new(LngLat {
            lng: 121.4 + 0.01 * f64::from(id),
            lat: 31.2,
        })
    };
    let site = |id: u32| Site::leader(SiteId(id.into()), door(id).expect("on Earth"), Units(60));
    Network::builder()
        .sites((1..=6).map(site))
        .build()
        .expect("valid")
}

/// Pieces and money of a settlement against plain sums over the campaign.
fn check_conserved(presale: &Presale, settlement: &Settlement) {
    let campaign = presale.campaign();
    let mut confirmed: BTreeMap<(SupplierId, SiteId), u64> = BTreeMap::new();
    let mut returned: BTreeMap<SupplierId, u64> = BTreeMap::new();
    for pledge in campaign.pledges() {
        let community = campaign.community(pledge.site).expect("known");
        let supplier = community.terms.supplier;
        if matches!(pledge.state, PledgeState::Confirmed | PledgeState::Returned) {
            let units = u64::from(pledge.units.0);
            *confirmed.entry((supplier, pledge.site)).or_default() += units;
            let is_returned = u64::from(pledge.state == PledgeState::Returned);
            *returned.entry(supplier).or_default() += is_returned * units;
        }
    }

    // Pick lists are what is confirmed, site by site; orders are that and less than a case.
    let orders = &settlement.purchases.orders;
    let unordered = settlement
        .purchases
        .shortfalls
        .iter()
        .map(|short| &short.order);
    let mut picked = BTreeMap::new();
    for order in orders.iter().chain(unordered) {
        for pick in order.picks() {
            picked.insert((order.supplier(), pick.site), pick.units.0);
        }
        assert_eq!(order.ordered().0, order.confirmed().0 + order.surplus().0);
        assert!(order.surplus().0 < u64::from(order.case_size().get()));
        assert!(
            order
                .ordered()
                .0
                .is_multiple_of(order.case_size().get().into())
        );
    }
    assert_eq!(picked, confirmed);

    // What comes is what customers get and what goes into stock.
    for supply in &settlement.supplies {
        let of_supplier = confirmed
            .iter()
            .filter(|((supplier, _), _)| *supplier == supply.supplier);
        assert_eq!(
            supply.confirmed.0,
            of_supplier.map(|(_, units)| units).sum::<u64>()
        );
        assert_eq!(supply.returned.0, returned[&supply.supplier]);
        let delivered = campaign
            .deliveries()
            .find(|(supplier, _)| *supplier == supply.supplier);
        assert_eq!(supply.delivered, delivered.map(|(_, units)| units));
        assert_eq!(supply.available().0, supply.served.0 + supply.stock.0);
        if supply.delivered.is_none() && supply.ordered > Pieces::ZERO {
            let surplus = supply.ordered.0 - supply.confirmed.0;
            assert_eq!(supply.stock.0, surplus + supply.returned.0);
        }
    }

    // Money: all of it somewhere, nothing held, and each refund its payment's.
    for totals in settlement.money.values() {
        assert_eq!(totals.held, 0);
        assert_eq!(
            totals.recorded,
            totals.captured + totals.due + totals.refunded
        );
    }
    let captured: u128 = settlement
        .pledges
        .iter()
        .map(|pledge| u128::from(pledge.captured.0))
        .sum();
    let all: u128 = settlement
        .money
        .values()
        .map(|totals| totals.captured)
        .sum();
    assert_eq!(captured, all);
    for (id, refunds) in settlement.refunds_by_payment() {
        let due: u64 = refunds.iter().map(|refund| refund.remaining().0).sum();
        assert_eq!(campaign.payment(id).expect("known").due, Amount(due));
        assert!(refunds.iter().all(|refund| refund.payment == id));
    }
    let due: u128 = settlement.money.values().map(|totals| totals.due).sum();
    let refunds = settlement.refunds.iter();
    assert_eq!(
        refunds
            .map(|refund| u128::from(refund.remaining().0))
            .sum::<u128>(),
        due
    );
}

/// Orders are the pieces that customers get, each at its site, and a router gives each to its site.
fn check_orders(settlement: &Settlement) {
    let network = network();
    let orders = settlement
        .orders(&network, |_| None)
        .expect("all sites are known");
    assert_eq!(check_batch(&orders, &Limits::default()), Ok(()));
    let sold: u64 = orders
        .iter()
        .flat_map(|order| &order.lines)
        .map(|line| u64::from(line.quantity.0))
        .sum();
    assert_eq!(
        sold,
        settlement
            .supplies
            .iter()
            .map(|supply| supply.served.0)
            .sum::<u64>()
    );
    let plan = Router::new(&network).route(&orders).expect("sound orders");
    for order in &orders {
        let Wish::Site(site) = order.wish else {
            unreachable!("{order:?}")
        };
        let decision = plan.decision(order.id).expect("every order is decided");
        let assigned = decision.assigned().map(|assigned| assigned.site);
        assert_eq!(assigned, Some(site));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn settlements_conserve(
        policy in policies(),
        case_size in 1..13_u32,
        units_min in 0..6_u64,
        pledges in proptest::collection::vec((0..6_u64, 1..7_u64, 1..4_u32), 0..14),
        script in scripts(1, 30),
        later in proptest::collection::vec(afterwards(), 0..12),
    ) {
        let mut terms = terms(1, 1..=6, policy);
        for supplier in &mut terms.suppliers {
            supplier.case_size = NonZeroU32::new(case_size).expect("not zero");
            supplier.units_min = Pieces(units_min);
        }
        let mut presale = paid(terms, &pledges);
        for (_, at, command) in script {
            let _ = presale.apply(at, &command);
        }
        let end = 100 * CLOSES;
        presale.tick(at(end)).expect("within the horizon");
        let settled = |presale: &Presale| {
            let settlement = Settlement::of(presale.campaign()).expect("over");
            check_conserved(presale, &settlement);
            check_orders(&settlement);
            settlement
        };
        let before = settled(&presale);
        for (id, action) in (10_000..).zip(later) {
            let _ = presale.apply(at(end), &PresaleCommand::new(CommandId(id), action));
            settled(&presale);
        }
        let last = settled(&presale);
        // Nothing that comes later changes what was frozen.
        prop_assert_eq!(&last.purchases, &before.purchases);
        prop_assert_eq!(last.verdict, before.verdict);
        // A stored campaign settles the same, with what each pledge got.
        let stored = Presale::restore(presale.snapshot(), &Limits::default()).expect("as stored");
        prop_assert_eq!(Settlement::of(stored.campaign()), Ok(last));
        pay_out(&mut presale);
        prop_assert!(settled(&presale).refunds.is_empty());
    }
}

/// What may still come when a campaign is over.
fn afterwards() -> impl Strategy<Value = Action> {
    let deliveries = (4..6_u64, 0..16_u64).prop_map(|(supplier, units)| Action::RecordDelivery {
        supplier: SupplierId(supplier),
        units: Pieces(units),
    });
    let parts = (1..15_u64, 1..500_u64).prop_map(|(payment, amount)| Action::RefundPart {
        payment: PaymentId(payment),
        amount: Amount(amount),
    });
    let late =
        (100..103_u64, 1..15_u64).prop_map(|(number, of)| payment(number, of, 1, 2 * CLOSES));
    let returns = (1..15_u64).prop_map(PledgeId);
    prop_oneof![
        2 => deliveries,
        2 => parts,
        1 => late,
        4 => returns.prop_map(|pledge| Action::Return { pledge }),
    ]
}

/// Customers 1 to 3 with 3 pieces each at sites 2 and 4, both of supplier 4, in cases of 12; frozen.
fn three() -> Presale {
    let mut terms = terms(1, 1..=6, Policy::new(Threshold::participants(1)));
    terms.suppliers[0].case_size = NonZeroU32::new(12).expect("not zero");
    let mut presale = paid(terms, &[(1, 2, 3), (2, 4, 3), (3, 2, 3)]);
    finish(&mut presale);
    presale
}

#[test]
fn a_confirmed_campaign_is_ordered_delivered_and_routed() {
    let mut presale = three();
    let supply = |presale: &Presale| Settlement::of(presale.campaign()).expect("over").supplies[0];
    let ordered = Supply {
        supplier: SupplierId(4),
        confirmed: Pieces(9),
        returned: Pieces(0),
        ordered: Pieces(12),
        delivered: None,
        served: Pieces(9),
        stock: Pieces(3),
    };
    assert_eq!(supply(&presale), ordered);

    // Seven come: the last to pay gets one of three, and 1,980 back.
    let (supplier, units) = (SupplierId(4), Pieces(7));
    accept(
        &mut presale,
        20_000,
        Action::RecordDelivery { supplier, units },
    );
    let short = Supply {
        delivered: Some(units),
        served: Pieces(7),
        stock: Pieces(0),
        ..ordered
    };
    assert_eq!(supply(&presale), short);
    let settlement = Settlement::of(presale.campaign()).expect("over");
    assert_eq!(settlement.verdict, Phase::Confirmed);
    let (payment, refunds) = settlement.refunds_by_payment().next().expect("one");
    assert_eq!(
        (payment, refunds.len(), refunds[0].cause),
        (PaymentId(3), 1, RefundCause::ShortSupply)
    );
    assert_eq!(refunds[0].remaining(), Amount(2 * PRICE));

    // The first gives theirs back: three for the shelf, and nobody else's share changes.
    accept(
        &mut presale,
        30_000,
        Action::Return {
            pledge: PledgeId(1),
        },
    );
    let back = Supply {
        returned: Pieces(3),
        served: Pieces(4),
        stock: Pieces(3),
        ..short
    };
    assert_eq!(supply(&presale), back);

    let settlement = Settlement::of(presale.campaign()).expect("over");
    let home = Position::new(LngLat {
        lng: 121.42,
        lat: 31.21,
    })
    .expect("on Earth");
    let known = |customer| (customer == CustomerId(3)).then_some(home);
    let network = network();
    let orders = settlement
        .orders(&network, known)
        .expect("all sites are known");
    let door = network.site(SiteId(4)).expect("known").position;
    let expected =
        [(2, 2, 4, 3, door), (3, 3, 2, 1, home)].map(|(id, customer, site, quantity, position)| {
            let mut order = Order::new(OrderId(id), position);
            order.customer = Some(CustomerId(customer));
            order.wish = Wish::Site(SiteId(site));
            order.lines = vec![OrderLine {
                sku: SkuId(9),
                quantity: Quantity(quantity),
            }];
            order
        });
    assert_eq!(orders, expected);
    let nowhere = Network::builder().build().expect("valid");
    let unknown = settlement.orders(&nowhere, known);
    assert_eq!(
        unknown,
        Err(SettlementError::UnknownSite { site: SiteId(4) })
    );
}

#[test]
fn a_failed_campaign_owes_every_payment() {
    let policy = Policy {
        communities_min: 3,
        ..Policy::new(Threshold::participants(1))
    };
    let mut presale = paid(terms(1, 1..=6, policy), &[(1, 2, 3), (2, 4, 1), (1, 4, 2)]);
    let (campaign, phase) = (catchment::id::CampaignId(1), Phase::Open);
    let early = Settlement::of(presale.campaign());
    assert_eq!(early, Err(SettlementError::NotOver { campaign, phase }));
    presale.tick(at(CLOSES)).expect("within the horizon");
    let settlement = Settlement::of(presale.campaign()).expect("over");
    let due = settlement.refunds_by_payment();
    let due: Vec<_> = due
        .map(|(payment, refunds)| (payment.0, refunds[0].money.amount.0))
        .collect();
    assert_eq!(due, [(1, 3 * PRICE), (2, PRICE), (3, 2 * PRICE)]);
    assert!(settlement.pledges.is_empty() && settlement.supplies.is_empty());
    assert_eq!(settlement.money[&Currency::CNY].due, u128::from(6 * PRICE));
    check_conserved(&presale, &settlement);
}

#[test]
fn who_joins_a_supplier_below_its_minimum_is_refunded_and_not_ordered() {
    // On reach: supplier 4 alone makes the campaign; a community of supplier 5 joins, with less than its minimum.
    let policy = Policy {
        confirm: Confirm::OnReach,
        ..Policy::new(Threshold::participants(1))
    };
    let mut terms = terms(1, 1..=6, policy);
    terms.suppliers[1].units_min = Pieces(10);
    let mut presale = paid(terms, &[(1, 2, 3)]);
    accept(&mut presale, 2, pledge(7, 7, 3, 4));
    accept(&mut presale, 2, payment(7, 7, 4, 2));
    presale.tick(at(CLOSES)).expect("within the horizon");
    let settlement = Settlement::of(presale.campaign()).expect("over");
    let fate = |site| {
        let communities = &settlement.communities;
        let community = communities.iter().find(|it| it.terms.site == SiteId(site));
        community.map(|community| community.stage)
    };
    let formed = CommunityStage::Confirmed(ConfirmedAs::Formed);
    let below = CommunityStage::Failed(CommunityFailure::SupplierMinimum);
    assert_eq!((fate(2), fate(3)), (Some(formed), Some(below)));
    let due = settlement.refunds_by_payment();
    assert_eq!(due.map(|(payment, _)| payment.0).collect::<Vec<_>>(), [7]);
    let orders = settlement
        .orders(&network(), |_| None)
        .expect("all sites are known");
    assert_eq!(
        orders.iter().map(|order| order.id.0).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(settlement.supplies.len(), 1);
    assert!(settlement.purchases.shortfalls.is_empty());
}

// ---- the cheapest way ----

/// The least number of pieces to confirm, by forming every set of communities; `None` if no set is enough.
fn by_brute_force(presale: &Presale) -> Option<u64> {
    let campaign = presale.campaign();
    let policy = &campaign.terms().policy;
    let open: Vec<_> = campaign
        .communities()
        .filter(|community| !community.is_formed)
        .collect();
    let formed = campaign.progress().formed;
    let room = policy
        .caps
        .per_campaign
        .map_or(u64::MAX, |cap| cap.0 - campaign.progress().units.0);
    let mut best = None;
    for set in 0..1_u32 << open.len() {
        if formed + set.count_ones() < policy.communities_min {
            continue;
        }
        let mut total = 0;
        for (_, community) in open
            .iter()
            .enumerate()
            .filter(|(bit, _)| set & 1 << bit != 0)
        {
            let mut tally = community.paid;
            while !community.threshold.is_met_by(&tally) {
                let one = Tally {
                    participants: 1,
                    units: Pieces(1),
                    amount: Amount(PRICE),
                };
                tally = tally.plus(&one).expect("few");
                total += 1;
            }
            if policy
                .caps
                .per_community
                .is_some_and(|cap| tally.units > cap)
            {
                total = u64::MAX / 2;
            }
        }
        if total <= room.min(1_000_000) {
            best = Some(best.map_or(total, |least: u64| least.min(total)));
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_set_of_communities_is_cheaper(
        policy in policies(),
        own in proptest::collection::vec(proptest::option::of(policies()), 6),
        communities_min in 1..9_u32,
        pledges in proptest::collection::vec((0..6_u64, 1..7_u64, 1..3_u32), 0..14),
        caps in (proptest::option::of(4..9_u64), proptest::option::of(28..40_u64)),
    ) {
        let caps = Caps { per_customer: None, per_community: caps.0.map(Pieces), per_campaign: caps.1.map(Pieces) };
        let mut terms = terms(1, 1..=6, Policy { communities_min, confirm: Confirm::AtClose, ..policy });
        for (community, own) in terms.communities.iter_mut().zip(own) {
            community.threshold = own.map(|policy| policy.threshold);
        }
        // First without caps, so that all can pay.
        let campaign = |terms| paid(terms, &pledges);
        let free = campaign(terms.clone());
        let check = |presale: &Presale| match presale.campaign().cheapest_way() {
            Cheapest::Way(way) => {
                assert_eq!(Some(way.total.0), by_brute_force(presale));
                assert!(way.is_exact());
                let sum: u64 = way.communities.iter().map(|lacking| lacking.pieces.0).sum();
                assert_eq!(sum, way.total.0);
            }
            Cheapest::Infeasible { short_by } => {
                assert_eq!(by_brute_force(presale), None);
                // One community fewer to form makes it feasible, and no more than that.
                let mut terms = presale.campaign().terms().clone();
                terms.policy.communities_min -= short_by;
                if terms.policy.communities_min > 0 {
                    let fewer = paid(terms, &pledges);
                    assert!(matches!(fewer.campaign().cheapest_way(), Cheapest::Way(_)));
                }
            }
        };
        check(&free);
        let most = free.campaign().communities().map(|community| community.paid.units).max();
        terms.policy.caps = Caps { per_community: caps.per_community.max(most), ..caps };
        check(&campaign(terms));
    }
}

#[test]
fn the_cheapest_way_is_exact_and_says_when_it_is_not() {
    /// Communities by (site, people needed), pledges by (customer, site, units).
    fn check(
        needs: &[(u64, u32)],
        pledges: &[(u64, u64, u32)],
        policy: Policy,
        expected: Result<(&[u64], u64, u64, bool), u32>,
    ) {
        let mut terms = terms(1, 1..=1, policy);
        terms.communities = needs
            .iter()
            .map(|&(site, people)| CommunityTerms {
                site: SiteId(site),
                supplier: SupplierId(4),
                threshold: Some(Threshold::participants(people)),
            })
            .collect();
        match (paid(terms, pledges).campaign().cheapest_way(), expected) {
            (Cheapest::Way(way), Ok((sites, overall, total, exact))) => {
                let found: Vec<u64> = way
                    .communities
                    .iter()
                    .map(|lacking| lacking.site.0)
                    .collect();
                assert_eq!(
                    (&*found, way.overall.0, way.total.0, way.is_exact()),
                    (sites, overall, total, exact)
                );
            }
            (Cheapest::Infeasible { short_by }, expected) => assert_eq!(Err(short_by), expected),
            (found, expected) => unreachable!("{found:?} {expected:?}"),
        }
    }
    let at_least = |communities_min| Policy {
        communities_min,
        ..Policy::new(Threshold::participants(9))
    };
    let needs = [(1, 5), (2, 3), (3, 3), (4, 8)];
    check(&needs, &[], at_least(2), Ok((&[2, 3], 0, 6, true)));
    check(
        &needs,
        &[(1, 1, 1), (2, 1, 9), (3, 1, 1)],
        at_least(2),
        Ok((&[1, 2], 0, 5, true)),
    );
    check(
        &needs,
        &[(1, 1, 1), (1, 1, 1)],
        at_least(1),
        Ok((&[2], 0, 3, true)),
    );
    check(&needs, &[], at_least(5), Err(1));
    check(&needs, &[], at_least(50), Err(46));
    check(
        &[(1, 1), (2, 4)],
        &[(1, 1, 1)],
        at_least(1),
        Ok((&[], 0, 0, true)),
    );

    // Together they must sell 20: which communities are best is then not asked, and no proof is claimed.
    let together = |units| Policy {
        overall: Some(Threshold::units(Pieces(units))),
        ..at_least(2)
    };
    check(&needs, &[], together(6), Ok((&[2, 3], 0, 6, true)));
    check(&needs, &[], together(20), Ok((&[2, 3], 14, 20, false)));
    // Customer 1 is in both and one person.
    let people = Policy {
        overall: Some(Threshold::participants(5)),
        ..at_least(2)
    };
    let both = [(1, 2, 1), (1, 3, 1), (2, 2, 1), (3, 3, 1)];
    check(&[(2, 2), (3, 2)], &both, people, Ok((&[], 2, 2, false)));
    // A campaign's cap of 7 pieces has room for two of them, not for three.
    let capped = |communities_min| Policy {
        caps: Caps {
            per_campaign: Some(Pieces(7)),
            ..Caps::default()
        },
        ..at_least(communities_min)
    };
    check(&needs, &[], capped(2), Ok((&[2, 3], 0, 6, true)));
    check(&needs, &[], capped(3), Err(1));
    let small = Policy {
        caps: Caps {
            per_community: Some(Pieces(4)),
            ..Caps::default()
        },
        ..at_least(3)
    };
    check(&needs, &[], small, Err(1));
}

#[test]
fn a_supplier_that_sells_no_less_stands_in_the_way() {
    let mut terms = terms(1, 2..=2, Policy::new(Threshold::participants(3)));
    terms.suppliers[0] = SupplierTerms {
        units_min: Pieces(10),
        ..SupplierTerms::new(SupplierId(4))
    };
    let presale = paid(terms, &[(1, 2, 2)]);
    let Cheapest::Way(way) = presale.campaign().cheapest_way() else {
        unreachable!("one community is enough");
    };
    assert_eq!(
        (way.total, way.floor, way.is_exact()),
        (Pieces(2), Pieces(2), false)
    );
    let (ordered, units_min, short_by) = (Pieces(4), Pieces(10), Pieces(6));
    assert_eq!(
        way.shortfalls[0].why,
        Shortfall::BelowMinimum {
            ordered,
            units_min,
            short_by
        }
    );
}
