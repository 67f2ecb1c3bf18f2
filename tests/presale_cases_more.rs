//! Presale: what has a right answer, rules 23 to 38, and 42.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use std::num::NonZeroU32;

use catchment::id::{PaymentId, PledgeId, RefundId, SiteId, SupplierId};
use catchment::ledger::CommandError;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Action, Amendment, Because, CampaignFailure, Cap, Caps, CommunityFailure, CommunityStage,
    Event, Malformed, Overflow, Phase, Pieces, PledgeState, Presale, RefundCause, Refusal,
    SupplierTerms, Surplus, Terms, TermsFault, Threshold,
};

use crate::presale_script::{
    CLOSE, Case, HOLD, See, Want, at, check_all, community, end, extend, fill, give_back, joins,
    named, no, ok, pay, pledge, refunded, ruled, see, span, terms, told, wanted, withdraw,
};

const FAILED: fn(u32) -> Phase =
    |formed| Phase::Failed(CampaignFailure::TooFewCommunities { formed });

#[test]
fn every_case_has_its_right_end() {
    let parts = [
        leaving(),
        people(),
        caps(),
        sense(),
        amending(),
        communities(),
        refunds(),
        supply(),
    ];
    let cases = parts.concat();
    let mut numbers = check_all(&cases);
    // No campaign begins.
    for (fault, wrong) in refused_terms() {
        let faults = Presale::open(wrong, &Limits::default()).expect_err("something is wrong");
        assert_eq!(faults.kept(), [fault]);
        numbers.push(30);
    }
    numbers.sort_unstable();
    numbers.dedup();
    let all = (23..=38).chain([42]);
    assert_eq!(numbers, all.collect::<Vec<u32>>());
}

/// Who steps back, and when that is too late.
fn leaving() -> Vec<Case> {
    let is = |state| Refusal::PledgeIs { state };
    vec![
        Case {
            numbers: &[23],
            name: "stepping back at the instant of the close: the close comes first",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                no(CLOSE, withdraw(1), Refusal::Closed),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]),
        },
        Case {
            numbers: &[24],
            name: "after the freeze it is a return: one refund, nothing un-forms",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                no(30, give_back(1), Refusal::NotConfirmed),
                ok(CLOSE + 5, give_back(1)),
                no(CLOSE + 6, give_back(1), is(PledgeState::Returned)),
                see(CLOSE + 6, See::Formed(&[1])),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [10, 0, 0, 10, 0],
                &[(1, RefundCause::Returned, 10)],
            )
            .by(CLOSE + 6),
        },
        Case {
            numbers: &[42],
            name: "called off within the grace: what was held and what comes is due, each by itself",
            terms: ruled(terms(2, 1), |policy| policy.grace = span(50)),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 1, 2, 1),
                ok(CLOSE - 1, pledge(3, 1, 1, 2)),
                ok(CLOSE + 10, Action::Cancel),
                ok(CLOSE + 11, pay(3, 3, 20, CLOSE - 1)),
                ok(CLOSE + 12, pay(4, 3, 20, CLOSE - 1)),
                no(CLOSE + 13, Action::Cancel, Refusal::Closed),
            ],
            end: end(
                Phase::Cancelled,
                [1, 2],
                [60, 0, 0, 60, 0],
                &[
                    (1, RefundCause::Failed, 10),
                    (2, RefundCause::Failed, 10),
                    (3, RefundCause::TooLate, 20),
                    (4, RefundCause::TooLate, 20),
                ],
            )
            .by(CLOSE + 50),
        },
    ]
}

/// Who counts as one.
fn people() -> Vec<Case> {
    let two = |terms| {
        ruled(terms, |policy| {
            policy.threshold = Threshold::participants(2);
        })
    };
    vec![
        Case {
            numbers: &[25],
            name: "two pledges of one customer are one participant with the pieces of both",
            terms: two(terms(1, 1)),
            script: vec![
                joins(20, 1, 7, 1, 2),
                joins(21, 2, 7, 1, 3),
                see(21, See::Paid(1, 1, 5)),
                see(21, See::Formed(&[])),
                // The first goes, and the customer is still there.
                ok(22, withdraw(1)),
                see(22, See::Paid(1, 1, 3)),
                joins(23, 3, 8, 1, 1),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [60, 0, 40, 20, 0],
                &[(1, RefundCause::Withdrawn, 20)],
            ),
        },
        Case {
            numbers: &[26],
            name: "one customer in two communities is one in each, and one in the campaign",
            terms: ruled(terms(2, 2), |policy| {
                policy.overall = Some(Threshold::participants(2));
            }),
            script: vec![
                joins(20, 1, 7, 1, 1),
                joins(20, 2, 7, 2, 1),
                see(20, See::Paid(1, 1, 1)),
                see(20, See::Paid(2, 1, 1)),
                see(20, See::Participants(1)),
            ],
            end: end(
                Phase::Failed(CampaignFailure::OverallUnmet),
                [1, 2],
                [20, 0, 0, 20, 0],
                // The second order has its own refund.
                &[(1, RefundCause::Failed, 10), (2, RefundCause::Failed, 10)],
            ),
        },
    ]
}

fn caps() -> Vec<Case> {
    let reached = |cap, limit| Refusal::CapReached {
        cap,
        limit: Pieces(limit),
    };
    let capped = |overflow| {
        ruled(terms(2, 1), move |policy| {
            policy.overflow = overflow;
            policy.caps = Caps {
                per_customer: Some(Pieces(3)),
                per_community: Some(Pieces(5)),
                per_campaign: Some(Pieces(7)),
            };
        })
    };
    vec![
        Case {
            numbers: &[27],
            name: "caps count what is reserved and paid, and are freed by both ways out",
            terms: capped(Overflow::Reject),
            script: vec![
                no(20, pledge(1, 1, 1, 4), reached(Cap::Customer, 3)),
                joins(21, 1, 1, 1, 3),
                no(22, pledge(2, 1, 2, 1), reached(Cap::Customer, 3)),
                ok(23, pledge(3, 2, 1, 2)),
                no(24, pledge(4, 3, 1, 1), reached(Cap::Community, 5)),
                ok(25, pledge(5, 3, 2, 2)),
                no(26, pledge(6, 4, 2, 1), reached(Cap::Campaign, 7)),
                // Pledge 3 ends.
                ok(23 + HOLD, pledge(7, 4, 2, 1)),
                ok(24 + HOLD, withdraw(1)),
                joins(24 + HOLD, 8, 1, 1, 3),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [60, 0, 30, 30, 0],
                &[(1, RefundCause::Withdrawn, 30)],
            ),
        },
        Case {
            numbers: &[27],
            name: "beyond a cap one waits, is served in turn, and not after the close",
            terms: capped(Overflow::Waitlist),
            script: vec![
                joins(20, 1, 1, 1, 3),
                joins(20, 2, 2, 1, 2),
                ok(21, pledge(3, 3, 1, 2)),
                ok(22, pledge(4, 4, 1, 1)),
                see(22, See::Pledge(3, PledgeState::Waiting)),
                ok(23, pay(3, 3, 20, 23)),
                ok(24, withdraw(2)),
                see(24, See::Pledge(3, PledgeState::Reserved)),
                see(24, See::Pledge(4, PledgeState::Waiting)),
                ok(25, pay(13, 3, 20, 25)),
                see(CLOSE, See::Pledge(4, PledgeState::Expired)),
                no(26, pledge(5, 5, 1, 4), reached(Cap::Customer, 3)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [90, 0, 50, 40, 0],
                &[
                    (3, RefundCause::NoPlace, 20),
                    (2, RefundCause::Withdrawn, 20),
                ],
            ),
        },
    ]
}

/// What makes no sense, or is too large.
fn sense() -> Vec<Case> {
    let nothing = Malformed::NoUnits {
        pledge: PledgeId(1),
    };
    let malformed = Want::Error(CommandError::Malformed(nothing));
    vec![
        Case {
            numbers: &[28],
            name: "a pledge for nothing is no command, and its id stays free",
            terms: terms(1, 1),
            script: vec![
                named(7, wanted(20, pledge(1, 1, 1, 0), malformed)),
                named(7, ok(21, pledge(1, 1, 1, 1))),
                ok(22, pay(1, 1, 10, 22)),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]),
        },
        Case {
            numbers: &[29],
            name: "what would not fit is refused, whatever was paid stays whole",
            terms: {
                let mut terms = terms(2, 1);
                terms.unit_price = Amount(u64::MAX / 3);
                terms
            },
            script: vec![
                ok(20, pledge(1, 1, 1, 2)),
                no(21, pledge(2, 2, 1, 2), Refusal::Overflow),
                no(21, pledge(2, 2, 2, u32::MAX), Refusal::Overflow),
                ok(22, pay(1, 1, u64::MAX / 3 * 2, 22)),
                ok(23, pay(2, 9, u64::MAX, 23)),
                ok(23, pay(3, 9, u64::MAX, 23)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [
                    u128::from(u64::MAX) * 2 + u128::from(u64::MAX / 3 * 2),
                    0,
                    u128::from(u64::MAX / 3 * 2),
                    u128::from(u64::MAX) * 2,
                    0,
                ],
                &[
                    (2, RefundCause::UnknownPledge, u64::MAX),
                    (3, RefundCause::UnknownPledge, u64::MAX),
                ],
            ),
        },
    ]
}

/// Rule 30.
fn refused_terms() -> Vec<(TermsFault, Terms)> {
    let of_policy = TermsFault::EmptyThreshold { site: None };
    let empty = Threshold {
        participants: None,
        ..Threshold::participants(1)
    };
    let mut by_site = terms(2, 1);
    by_site.communities[1].threshold = Some(Threshold::units(Pieces(0)));
    let site = Some(SiteId(2));
    let with = |threshold| ruled(terms(1, 1), move |policy| policy.threshold = threshold);
    vec![
        (of_policy, with(Threshold::participants(0))),
        (of_policy, with(Threshold::amount(Amount(0)))),
        (of_policy, with(empty)),
        (TermsFault::EmptyThreshold { site }, by_site),
        (TermsFault::NoCommunitiesMin, terms(1, 0)),
    ]
}

/// Terms that change.
fn amending() -> Vec<Case> {
    let default = |people| {
        let threshold = Threshold::participants(people);
        Action::Amend(Amendment::Default { threshold })
    };
    let at_least = |communities| Action::Amend(Amendment::CommunitiesMin { communities });
    let formed = |site, because| Event::CommunityFormed {
        site: SiteId(site),
        epoch: 1,
        because,
    };
    let own = |site, people| {
        let (site, threshold) = (SiteId(site), Threshold::participants(people));
        Action::Amend(Amendment::Community { site, threshold })
    };
    let late = Refusal::NotAnExtension {
        closes_at: at(CLOSE),
    };
    vec![
        Case {
            numbers: &[31],
            name: "lowered, it forms at once and says why; raised, it is refused",
            terms: {
                let mut terms = ruled(terms(3, 3), |policy| {
                    policy.threshold = Threshold::participants(3);
                });
                terms.communities[2].threshold = Some(Threshold::participants(2));
                terms
            },
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                joins(20, 3, 3, 2, 1),
                joins(20, 4, 4, 3, 1),
                no(30, default(4), Refusal::AsksForMore),
                ok(31, default(2)),
                told(1, formed(1, Because::Amended)),
                see(31, See::Formed(&[1])),
                no(32, own(3, 3), Refusal::AsksForMore),
                ok(33, own(3, 1)),
                told(1, formed(3, Because::Amended)),
                no(34, at_least(4), Refusal::AsksForMore),
                ok(35, at_least(2)),
                see(35, See::Missing(0)),
                no(CLOSE, default(1), Refusal::Closed),
            ],
            end: end(
                Phase::Confirmed,
                [1, 3],
                [40, 0, 30, 10, 0],
                &[(3, RefundCause::Failed, 10)],
            ),
        },
        Case {
            numbers: &[32],
            name: "extended before the close: the old close is nothing; after it, refused",
            terms: terms(1, 1),
            script: vec![
                no(20, extend(CLOSE), late),
                no(20, extend(99_999_999), late),
                ok(21, extend(CLOSE * 2)),
                see(21, See::Wake(Some(CLOSE * 2))),
                joins(CLOSE + 1, 1, 1, 1, 1),
                see(CLOSE + 1, See::Phase(Phase::Open)),
                no(CLOSE * 2, extend(CLOSE * 3), Refusal::Closed),
                no(CLOSE * 2 + 1, extend(CLOSE * 4), Refusal::Closed),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]).by(CLOSE * 2 + 1),
        },
    ]
}

fn communities() -> Vec<Case> {
    let remove = |site| Action::RemoveCommunity { site: SiteId(site) };
    vec![
        Case {
            numbers: &[33],
            name: "one is added, another taken out: refunded, counted anew, and not to be had again",
            terms: terms(2, 2),
            script: vec![
                fill(20, [1, 2]),
                ok(21, pledge(12, 12, 2, 1)),
                see(21, See::Missing(0)),
                ok(30, remove(2)),
                see(30, See::Missing(1)),
                see(30, See::Formed(&[1])),
                see(30, See::Held(2, 0)),
                see(
                    30,
                    See::Stage(2, CommunityStage::Failed(CommunityFailure::Removed)),
                ),
                ok(31, pay(12, 12, 10, 31)),
                no(31, pledge(13, 13, 2, 1), Refusal::CommunityRemoved),
                no(
                    32,
                    Action::AddCommunity(community(2)),
                    Refusal::CommunityExists,
                ),
                ok(33, Action::AddCommunity(community(3))),
                joins(34, 3, 3, 3, 1),
            ],
            end: end(
                Phase::Confirmed,
                [1, 3],
                [40, 0, 20, 20, 0],
                &[(2, RefundCause::Failed, 10), (12, RefundCause::NoPlace, 10)],
            ),
        },
        Case {
            numbers: &[34],
            name: "who leads a community counts when a pledge of their own is paid, not before",
            terms: ruled(terms(1, 1), |policy| {
                policy.threshold = Threshold::participants(2);
            }),
            script: vec![
                see(20, See::Paid(1, 0, 0)),
                ok(20, pledge(1, 1, 1, 1)),
                joins(21, 2, 2, 1, 1),
                see(21, See::Paid(1, 1, 1)),
                see(21, See::Formed(&[])),
                ok(22, pay(1, 1, 10, 22)),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 20, 0, 0], &[]),
        },
    ]
}

/// Money on its way back.
fn refunds() -> Vec<Case> {
    let failure = |refund| Action::RecordRefundFailure {
        refund: RefundId(refund),
    };
    let part = |payment, amount| Action::RefundPart {
        payment: PaymentId(payment),
        amount: Amount(amount),
    };
    let left = |amount| Refusal::RefundTooLarge {
        available: Amount(amount),
    };
    vec![
        Case {
            numbers: &[35],
            name: "a refund that fails stays due under its key, and is paid the next time",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                ok(21, withdraw(1)),
                see(21, See::Refund(1, (1, RefundCause::Withdrawn, 0), 10)),
                ok(22, failure(1)),
                ok(23, failure(1)),
                see(23, See::Refund(1, (1, RefundCause::Withdrawn, 0), 10)),
                ok(24, refunded(1, 10)),
                no(25, failure(1), left(0)),
                no(25, refunded(1, 1), left(0)),
                no(26, refunded(2, 1), Refusal::UnknownRefund),
            ],
            end: end(
                FAILED(0),
                [],
                [10, 0, 0, 0, 10],
                &[(1, RefundCause::Withdrawn, 10)],
            ),
        },
        Case {
            numbers: &[36],
            name: "parts never exceed the payment, nor what is paid out a part",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 2),
                ok(CLOSE, part(1, 8)),
                no(CLOSE, part(1, 13), left(12)),
                ok(CLOSE, part(1, 7)),
                see(CLOSE, See::Refund(2, (1, RefundCause::Part, 1), 7)),
                ok(CLOSE, refunded(1, 5)),
                no(CLOSE, refunded(1, 4), left(3)),
                ok(CLOSE, refunded(1, 3)),
                // What is returned afterwards is worth what is left.
                ok(CLOSE, give_back(1)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [20, 0, 0, 12, 8],
                &[
                    (1, RefundCause::Part, 8),
                    (1, RefundCause::Part, 7),
                    (1, RefundCause::Returned, 5),
                ],
            ),
        },
    ]
}

/// What suppliers sell and deliver.
fn supply() -> Vec<Case> {
    let delivery = |units| Action::RecordDelivery {
        supplier: SupplierId(1),
        units: Pieces(units),
    };
    let dozens = |surplus, units_min| {
        let mut terms = terms(2, 1);
        terms.suppliers = vec![SupplierTerms {
            case_size: NonZeroU32::new(12).expect("not 0"),
            units_min: Pieces(units_min),
            surplus,
            ..terms.suppliers[0]
        }];
        terms
    };
    vec![
        Case {
            numbers: &[37],
            name: "short by three: who paid last goes without, and what is served is what came",
            terms: terms(2, 1),
            script: vec![
                ok(20, pledge(1, 1, 1, 2)),
                joins(21, 2, 2, 2, 3),
                joins(22, 3, 3, 1, 2),
                ok(23, pay(1, 1, 20, 23)),
                no(24, delivery(4), Refusal::NotConfirmed),
                // In the order of payments: 3, 2, 2. Four pieces serve 3 and 1.
                ok(CLOSE, delivery(4)),
                no(CLOSE, delivery(7), Refusal::DeliveryExists),
            ],
            end: end(
                Phase::Confirmed,
                [1, 2],
                [70, 0, 40, 30, 0],
                &[
                    (3, RefundCause::ShortSupply, 10),
                    (1, RefundCause::ShortSupply, 20),
                ],
            ),
        },
        Case {
            numbers: &[38],
            name: "fifty in cases of twelve: sixty ordered, ten over",
            terms: dozens(Surplus::ToStock, 0),
            script: vec![
                joins(20, 1, 1, 1, 20),
                joins(20, 2, 2, 2, 30),
                see(CLOSE, See::Order(1, 60, 10, 10)),
            ],
            end: end(Phase::Confirmed, [1, 2], [500, 0, 500, 0, 0], &[]),
        },
        Case {
            numbers: &[38],
            name: "forty-eight in cases of twelve: nothing over, nothing missing",
            terms: dozens(Surplus::Reject, 48),
            script: vec![
                joins(20, 1, 1, 1, 20),
                joins(20, 2, 2, 2, 28),
                see(CLOSE, See::Order(1, 48, 0, 0)),
            ],
            end: end(Phase::Confirmed, [1, 2], [480, 0, 480, 0, 0], &[]),
        },
        Case {
            numbers: &[38],
            name: "below the supplier's minimum is a failure, with everybody refunded",
            terms: dozens(Surplus::ToStock, 61),
            script: vec![
                joins(20, 1, 1, 1, 50),
                see(
                    CLOSE,
                    See::Stage(1, CommunityStage::Failed(CommunityFailure::SupplierMinimum)),
                ),
            ],
            end: end(
                FAILED(0),
                [1],
                [500, 0, 0, 500, 0],
                &[(1, RefundCause::Failed, 500)],
            ),
        },
    ]
}
