//! The laws of settlement: pieces and money are conserved, whatever is pledged, ordered and delivered.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use catchment::id::{CampaignId, PledgeId, SiteId, SupplierId};
use catchment::money::Amount;
use catchment::presale::{
    Action, BasisPoints, BasisPointsError, Claim, ConfirmedPieces, PaidPledge, Phase, Pick, Pieces,
    Policy, Presale, PurchaseError, PurchaseOrder, PurchaseOrderError, Purchases, SettlementError,
    Share, ShortSupply, Shortfall, SupplierTerms, Surplus, Threshold, Tier, TierRefund, Tiers,
    TiersError, Unordered, purchases, tier_refunds,
};
use catchment::units::Quantity;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::presale_town::{accept, finish, paid};

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<(BasisPoints, BasisPointsError, Claim, ConfirmedPieces)>();
    check::<(PaidPledge, Pick, Pieces, PurchaseError, PurchaseOrder)>();
    check::<(PurchaseOrderError, Purchases, Share, Shortfall)>();
    check::<(ShortSupply<std::vec::IntoIter<Claim>>, SupplierTerms)>();
    check::<(Surplus, Tier, TierRefund, Tiers, TiersError, Unordered)>();
}

#[cfg(feature = "serde")]
#[test]
fn nothing_unsound_is_read() {
    fn check<T: serde::de::DeserializeOwned>(sound: &str, unsound: &[(&str, &str)]) {
        assert!(serde_json::from_str::<T>(sound).is_ok(), "{sound}");
        for (part, with) in unsound {
            let text = sound.replace(part, with);
            assert!(serde_json::from_str::<T>(&text).is_err(), "{text}");
        }
    }
    check::<BasisPoints>("10000", &[("10000", "10001"), ("10000", "-1")]);
    check::<Tiers>(
        r#"[{"units_min":10,"discount":100},{"units_min":20,"discount":200}]"#,
        &[("20,", "10,"), ("200", "100"), ("200", "10001")],
    );
    check::<SupplierTerms>(
        r#"{"supplier":1,"case_size":12,"units_min":0,"surplus":"to_stock"}"#,
        &[("12", "0"), ("12", "4294967296"), ("to_stock", "burn")],
    );
}

fn points(points: u16) -> BasisPoints {
    BasisPoints::new(points).expect("at most all")
}

/// Amounts that often have equal remainders, and some that strain 64 bits.
fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..20_u64,
        4 => prop::sample::select(vec![990, 1_990, 995]),
        2 => 0..200_000_u64,
        1 => any::<u64>(),
    ]
}

fn discount() -> impl Strategy<Value = u16> {
    prop_oneof![
        prop::sample::select(vec![0, 1, 500, 1_000, 3_333, 5_000, 9_999, 10_000]),
        0..=10_000_u16
    ]
}

/// Pledges with different ids, in any order of them.
fn pledges() -> impl Strategy<Value = Vec<PaidPledge>> {
    btree_map(any::<u64>(), amount(), 0..40)
        .prop_map(|pledges| {
            let pledge = |(id, paid)| PaidPledge {
                pledge: PledgeId(id),
                paid: Amount(paid),
            };
            pledges.into_iter().map(pledge).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn by_id(refunds: Vec<TierRefund>) -> BTreeMap<PledgeId, Amount> {
    refunds
        .into_iter()
        .map(|refund| (refund.pledge, refund.refund))
        .collect()
}

fn sum(amounts: impl IntoIterator<Item = Amount>) -> u128 {
    amounts.into_iter().map(|amount| u128::from(amount.0)).sum()
}

/// Largest remainder by its definition, one minor unit after the other, in exact fractions of 10,000.
fn remainders_one_by_one(pledges: &[PaidPledge], discount: u16) -> BTreeMap<PledgeId, Amount> {
    let due = |paid: Amount| u128::from(paid.0) * u128::from(discount);
    let total = sum(pledges.iter().map(|pledge| pledge.paid)) * u128::from(discount) / 10_000;
    let mut given: BTreeMap<PledgeId, (u128, u128)> = pledges
        .iter()
        .map(|pledge| (pledge.pledge, (due(pledge.paid) / 10_000, due(pledge.paid))))
        .collect();
    while given.values().map(|(given, _)| given).sum::<u128>() < total {
        // What is still owed, in ten-thousandths; below zero after one unit more. The first of equals has the least id.
        let owed = |(given, due): (u128, u128)| due.cast_signed() - (given * 10_000).cast_signed();
        let most = given
            .values()
            .map(|pair| owed(*pair))
            .max()
            .expect("somebody is owed");
        let next = given
            .values_mut()
            .find(|pair| owed(**pair) == most)
            .expect("the one just seen");
        next.0 += 1;
    }
    let fits = |given: u128| Amount(u64::try_from(given).expect("at most what was paid"));
    given
        .into_iter()
        .map(|(id, (given, _))| (id, fits(given)))
        .collect()
}

/// Mostly small claims, some of no pieces, a few as large as they get.
fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let units = prop_oneof![8 => 0..6_u32, 1 => any::<u32>()];
    vec((any::<u64>(), units, amount()), 0..30).prop_map(|claims| {
        let claim = |(id, units, paid)| Claim {
            pledge: PledgeId(id),
            units: Quantity(units),
            paid: Amount(paid),
        };
        claims.into_iter().map(claim).collect()
    })
}

fn delivered(claims: &[Claim], permille: u64) -> Pieces {
    let confirmed: u64 = claims.iter().map(|claim| u64::from(claim.units.0)).sum();
    Pieces(confirmed * permille / 1_000)
}

fn shares(claims: &[Claim], delivered: Pieces) -> Vec<Share> {
    let supply = ShortSupply::new(delivered, claims.iter().copied());
    assert_eq!(supply.len(), claims.len());
    ShortSupply::new(delivered, claims.iter().copied()).collect()
}

fn terms() -> impl Strategy<Value = SupplierTerms> {
    let surplus = prop::sample::select(vec![Surplus::ToStock, Surplus::Reject]);
    (1..15_u32, 0..120_u64, surplus).prop_map(|(case, units_min, surplus)| SupplierTerms {
        supplier: SupplierId(0),
        case_size: NonZeroU32::new(case).expect("from 1"),
        units_min: Pieces(units_min),
        surplus,
    })
}

/// Terms of suppliers 0 to 3, and rows of them.
fn buying() -> impl Strategy<Value = ([SupplierTerms; 4], Vec<ConfirmedPieces>)> {
    let terms = [terms(), terms(), terms(), terms()].prop_map(|mut terms| {
        for (terms, supplier) in terms.iter_mut().zip(0..) {
            terms.supplier = SupplierId(supplier);
        }
        terms
    });
    let row = (0..4_u64, 0..5_u64, 0..30_u64).prop_map(|(supplier, site, units)| ConfirmedPieces {
        supplier: SupplierId(supplier),
        site: SiteId(site),
        units: Pieces(units),
    });
    (terms, vec(row, 0..20))
}

/// What each supplier owes each site, summed in a map; places without pieces left out.
fn summed(rows: &[ConfirmedPieces]) -> BTreeMap<(SupplierId, SiteId), u64> {
    let mut sums = BTreeMap::new();
    for row in rows.iter().filter(|row| row.units.0 > 0) {
        *sums.entry((row.supplier, row.site)).or_default() += row.units.0;
    }
    sums
}

fn all(made: &Purchases) -> impl Iterator<Item = &PurchaseOrder> + Clone {
    made.orders
        .iter()
        .chain(made.shortfalls.iter().map(|short| &short.order))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn tier_refunds_are_those_of_the_definition(pledges in pledges(), discount in discount()) {
        let refunds = tier_refunds(&pledges, points(discount));
        prop_assert_eq!(by_id(refunds), remainders_one_by_one(&pledges, discount));
    }

    #[test]
    fn tier_refunds_conserve_the_total(pledges in pledges(), discount in discount()) {
        let refunds = tier_refunds(&pledges, points(discount));
        let paid = sum(pledges.iter().map(|pledge| pledge.paid));
        let total = sum(refunds.iter().map(|refund| refund.refund));
        prop_assert_eq!(total, paid * u128::from(discount) / 10_000);
        let ids = refunds.iter().map(|refund| refund.pledge);
        prop_assert!(ids.eq(pledges.iter().map(|pledge| pledge.pledge)));
    }

    /// Hence also: nobody pays more than pledged, nobody is refunded more than paid.
    #[test]
    fn everybody_gets_their_own_discount_rounded_down_or_up(pledges in pledges(), discount in discount()) {
        for (refund, pledge) in tier_refunds(&pledges, points(discount)).iter().zip(&pledges) {
            let due = u128::from(pledge.paid.0) * u128::from(discount);
            let refund_of = u128::from(refund.refund.0);
            prop_assert!(due / 10_000 <= refund_of && refund_of <= due.div_ceil(10_000));
            prop_assert!(refund.refund <= pledge.paid);
        }
    }

    #[test]
    fn shuffling_pledges_changes_no_tier_refund(
        (pledges, shuffled) in pledges().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        discount in discount(),
    ) {
        let discount = points(discount);
        prop_assert_eq!(by_id(tier_refunds(&pledges, discount)), by_id(tier_refunds(&shuffled, discount)));
    }

    #[test]
    fn a_higher_discount_never_refunds_less_in_total(pledges in pledges(), one in discount(), other in discount()) {
        let total = |discount| {
            sum(tier_refunds(&pledges, points(discount)).into_iter().map(|refund| refund.refund))
        };
        prop_assert!(total(one.min(other)) <= total(one.max(other)));
    }

    #[test]
    fn who_paid_more_gets_no_less_back(pledges in pledges(), discount in discount()) {
        let refunds = tier_refunds(&pledges, points(discount));
        let mut pairs: Vec<_> = pledges.iter().map(|pledge| pledge.paid).zip(refunds).collect();
        pairs.sort_by_key(|(paid, _)| *paid);
        for pair in pairs.windows(2).filter(|pair| pair[0].0 < pair[1].0) {
            prop_assert!(pair[0].1.refund <= pair[1].1.refund, "{:?}", pair);
        }
    }

    #[test]
    fn more_confirmed_pieces_never_reach_a_lower_tier(
        steps in vec((1..50_u64, 1..900_u16), 0..11),
        one in 0..600_u64,
        other in 0..600_u64,
    ) {
        let mut last = (0, 0);
        let tiers = steps.iter().map(|(units, discount)| {
            last = (last.0 + units, last.1 + discount);
            Tier { units_min: Pieces(last.0), discount: points(last.1) }
        });
        let tiers = Tiers::new(tiers.collect()).expect("ascending");
        let reached = |confirmed| tiers.reached(Pieces(confirmed)).copied();
        let looked_for = |confirmed| {
            tiers.as_slice().iter().rev().find(|tier| tier.units_min.0 <= confirmed).copied()
        };
        prop_assert_eq!(reached(one), looked_for(one));
        let discount = |confirmed| reached(confirmed).map(|tier| tier.discount);
        prop_assert!(discount(one.min(other)) <= discount(one.max(other)));
    }

    /// Pieces are handed out one by one, and a claim pays for what it got by cross multiplication.
    #[test]
    fn shares_are_those_of_handing_out_one_by_one(mut claims in claims(), permille in 0..1_200_u64) {
        for claim in &mut claims {
            claim.units.0 %= 7;
        }
        let pieces = delivered(&claims, permille);
        let mut left = pieces.0;
        for (claim, share) in claims.iter().zip(shares(&claims, pieces)) {
            let mut got = 0_u32;
            while got < claim.units.0 && left > 0 {
                got += 1;
                left -= 1;
            }
            prop_assert_eq!((share.pledge, share.units), (claim.pledge, Quantity(got)));
            // The most that may be kept: kept / paid <= got / units.
            let [paid, units, got]: [u128; 3] = [claim.paid.0.into(), claim.units.0.into(), got.into()];
            let kept = paid - u128::from(share.refund.0);
            prop_assert!(kept * units <= paid * got);
            prop_assert!(got == units || (kept + 1) * units > paid * got);
            prop_assert!(got < units || share.refund == Amount::ZERO);
        }
    }

    #[test]
    fn short_supply_conserves_pieces(claims in claims(), permille in 0..1_200_u64) {
        let pieces = delivered(&claims, permille);
        let mut supply = ShortSupply::new(pieces, claims.iter().copied());
        let shares: Vec<Share> = supply.by_ref().collect();
        prop_assert_eq!(shares.len(), claims.len());
        let given: u64 = shares.iter().map(|share| u64::from(share.units.0)).sum();
        prop_assert_eq!(given + supply.left().0, pieces.0);
        prop_assert_eq!(given, pieces.0.min(delivered(&claims, 1_000).0));
        // At most one is served in part, and nobody after somebody who is not served in full.
        let part = |(claim, share): (&Claim, &Share)| claim.units > share.units && share.units.0 > 0;
        prop_assert!(claims.iter().zip(&shares).filter(|pair| part(*pair)).count() <= 1);
        let short = claims.iter().zip(&shares).position(|(claim, share)| claim.units > share.units);
        let after = short.map_or(&[][..], |at| &shares[at + 1..]);
        prop_assert!(after.iter().all(|share| share.units.0 == 0));
    }

    #[test]
    fn nobody_is_refunded_more_than_paid(claims in claims(), permille in 0..1_200_u64) {
        for (claim, share) in claims.iter().zip(shares(&claims, delivered(&claims, permille))) {
            prop_assert!(share.refund <= claim.paid);
            prop_assert!(share.units.0 > 0 || claim.units.0 == 0 || share.refund == claim.paid);
        }
    }

    #[test]
    fn a_larger_delivery_serves_nobody_worse(claims in claims(), one in 0..1_200_u64, other in 0..1_200_u64) {
        let shares = |permille| shares(&claims, delivered(&claims, permille));
        let (less, more) = (shares(one.min(other)), shares(one.max(other)));
        for (less, more) in less.iter().zip(&more) {
            prop_assert!(less.units <= more.units && less.refund >= more.refund);
        }
    }

    #[test]
    fn purchases_conserve_pieces((terms, rows) in buying()) {
        let made = purchases(&terms, rows.clone()).expect("sound input");
        let picked = all(&made).flat_map(|order| {
            order.picks().iter().map(|pick| ((order.supplier(), pick.site), pick.units.0))
        });
        prop_assert_eq!(picked.clone().count(), summed(&rows).len());
        prop_assert_eq!(picked.collect::<BTreeMap<_, _>>(), summed(&rows));
        for order in all(&made) {
            let case = u64::from(order.case_size().get());
            let picked: u64 = order.picks().iter().map(|pick| pick.units.0).sum();
            prop_assert_eq!(order.confirmed().0, picked);
            prop_assert_eq!(order.ordered().0, picked + order.surplus().0);
            prop_assert_eq!(order.ordered().0, order.cases() * case);
            prop_assert!(order.surplus().0 < case);
            prop_assert!(order.picks().is_sorted_by_key(|pick| pick.site));
        }
    }

    #[test]
    fn what_is_ordered_is_what_the_terms_allow((terms, rows) in buying()) {
        let made = purchases(&terms, rows).expect("sound input");
        let allowed = |order: &PurchaseOrder| {
            let terms = &terms[order.supplier().0 as usize];
            let fills = order.confirmed().0.is_multiple_of(u64::from(terms.case_size.get()));
            order.ordered() >= terms.units_min && (fills || terms.surplus == Surplus::ToStock)
        };
        prop_assert!(made.orders.iter().all(allowed));
        prop_assert!(!made.shortfalls.iter().any(|short| allowed(&short.order)));
        prop_assert!(made.orders.is_sorted_by_key(PurchaseOrder::supplier));
        prop_assert!(made.shortfalls.is_sorted_by_key(|short| short.order.supplier()));
    }

    /// A shortfall says by how much: with so many pieces more, there is an order.
    #[test]
    fn what_is_missing_is_enough_and_no_less_is(terms in terms(), confirmed in 1..200_u64) {
        let buy = |units| {
            let row = ConfirmedPieces { supplier: terms.supplier, site: SiteId(1), units: Pieces(units) };
            purchases(&[terms], vec![row]).expect("sound input").shortfalls.first().map(|short| short.why)
        };
        match buy(confirmed) {
            Some(Shortfall::SurplusRejected { beyond_cases, missing_to_next_case }) => {
                prop_assert_eq!(buy(confirmed + missing_to_next_case.0), None);
                prop_assert!((0..missing_to_next_case.0).all(|more| buy(confirmed + more).is_some()));
                prop_assert_eq!(beyond_cases.0 + missing_to_next_case.0, u64::from(terms.case_size.get()));
            }
            Some(Shortfall::BelowMinimum { ordered, units_min, short_by }) => {
                prop_assert_eq!(ordered.0 + short_by.0, units_min.0);
                // Pieces that fill the last case do not raise what is ordered; after them, each lacking one counts.
                let below = |why| matches!(why, Some(Shortfall::BelowMinimum { .. }));
                prop_assert!(!below(buy(ordered.0 + short_by.0)));
                prop_assert!((confirmed..=ordered.0).all(|units| below(buy(units))));
            }
            _ => {}
        }
    }

    /// Nor does it change what is refused: suppliers may lack terms here, and sums overflow.
    #[test]
    fn shuffling_rows_and_terms_changes_no_purchase(
        (terms, rows, shuffled) in buying().prop_flat_map(|(terms, mut rows)| {
            for row in rows.iter_mut().filter(|row| row.units.0 > 27) {
                row.units.0 = u64::MAX / 2;
            }
            (Just(terms), Just(rows.clone()), Just(rows).prop_shuffle())
        }),
        known in 2..=4_usize,
    ) {
        let mut turned = terms[..known].to_vec();
        turned.reverse();
        prop_assert_eq!(purchases(&terms[..known], rows), purchases(&turned, shuffled));
    }
}

/// Who paid first is served first, and whoever comes after the last piece gets none.
#[test]
fn a_short_delivery_is_told_by_pledge() {
    let policy = Policy::new(Threshold::participants(1));
    let terms = crate::presale_town::terms(1, 1..=6, policy);
    let mut confirmed = paid(terms, &[(1, 2, 3), (2, 4, 3), (3, 2, 3)]);
    finish(&mut confirmed);
    let served = |presale: &Presale| -> Vec<_> {
        let pledges = presale.campaign().confirmed_pledges();
        pledges.map(|pledge| pledge.served).collect()
    };
    assert_eq!(served(&confirmed), [None; 3]);
    for (units, expected) in [
        (9, [3, 3, 3]),
        (7, [3, 3, 1]),
        (6, [3, 3, 0]),
        (4, [3, 1, 0]),
        (0, [0, 0, 0]),
    ] {
        let mut presale = confirmed.clone();
        let (supplier, units) = (SupplierId(4), Pieces(units));
        let delivery = Action::RecordDelivery { supplier, units };
        accept(&mut presale, 20_000, delivery);
        let expected = expected.map(|units| Some(Quantity(units)));
        assert_eq!(served(&presale), expected);
    }
}

#[test]
fn settling_helps_only_after_the_end() {
    let (campaign, site) = (CampaignId(1), SiteId(1));
    let phase = Phase::Open;
    assert!(SettlementError::NotOver { campaign, phase }.is_transient());
    assert!(!SettlementError::UnknownSite { site }.is_transient());
}
