//! Presale: what has a right answer, rules 1 to 22.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use catchment::id::{CommandId, PaymentId, PledgeId, SiteId};
use catchment::ledger::{CommandError, Outcome};
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Because, CampaignFailure, CommunityStage, Confirm, ConfirmedAs, Event, NewPayment,
    Phase, PledgeState, RefundCause, Refusal, SupplierTerms, Threshold,
};

use crate::presale_script::{
    CLOSE, Case, HOLD, HORIZON, OPEN, See, Want, at, check_all, end, fill, give_back, joins, named,
    no, ok, pay, pledge, ruled, see, span, terms, tick, told, wanted, withdraw,
};

const TOO_FEW: fn(u32) -> Phase =
    |formed| Phase::Failed(CampaignFailure::TooFewCommunities { formed });

#[test]
fn every_case_has_its_right_end() {
    let cases = [identity(), payments(), windows(), forming(), counting()].concat();
    let numbers = check_all(&cases);
    assert_eq!(numbers, (1..=22).collect::<Vec<u32>>());
}

fn formed(site: u64, epoch: u32, because: Because) -> Event {
    let site = SiteId(site);
    Event::CommunityFormed {
        site,
        epoch,
        because,
    }
}

fn unformed(site: u64, epoch: u32) -> Event {
    let (site, because) = (SiteId(site), Because::Left);
    Event::CommunityUnformed {
        site,
        epoch,
        because,
    }
}

/// Commands that come again.
fn identity() -> Vec<Case> {
    let conflict = CommandError::IdConflict {
        id: CommandId(1),
        sequence: 1,
    };
    vec![
        Case {
            numbers: &[1],
            name: "the same command twice is replayed",
            terms: terms(1, 1),
            script: vec![
                named(1, ok(20, pledge(1, 1, 1, 2))),
                named(
                    1,
                    wanted(21, pledge(1, 1, 1, 2), Want::Replayed(Outcome::Accepted)),
                ),
                named(2, ok(30, pay(1, 1, 20, 30))),
                named(
                    2,
                    wanted(
                        CLOSE + 9,
                        pay(1, 1, 20, 30),
                        Want::Replayed(Outcome::Accepted),
                    ),
                ),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 20, 0, 0], &[]),
        },
        Case {
            numbers: &[2],
            name: "the same id with other units is a conflict",
            terms: terms(1, 1),
            script: vec![
                named(1, ok(20, pledge(1, 1, 1, 2))),
                named(1, wanted(21, pledge(1, 1, 1, 3), Want::Error(conflict))),
                ok(30, pay(1, 1, 20, 30)),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 20, 0, 0], &[]),
        },
        Case {
            numbers: &[3],
            name: "a known pledge under a new command is refused, and the id is burned",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                named(7, no(21, pledge(1, 2, 1, 1), Refusal::PledgeExists)),
                named(
                    7,
                    wanted(22, pledge(1, 2, 1, 1), again(Refusal::PledgeExists)),
                ),
                named(7, wanted(22, pledge(2, 2, 1, 1), conflict_at(7, 6))),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]),
        },
        Case {
            numbers: &[4],
            name: "what was refused is refused again after everything has changed",
            terms: terms(1, 1),
            script: vec![
                named(
                    7,
                    no(
                        5,
                        pledge(1, 1, 1, 1),
                        Refusal::NotOpenYet { opens_at: at(OPEN) },
                    ),
                ),
                named(
                    7,
                    wanted(
                        20,
                        pledge(1, 1, 1, 1),
                        again(Refusal::NotOpenYet { opens_at: at(OPEN) }),
                    ),
                ),
                named(8, no(21, withdraw(1), Refusal::UnknownPledge)),
                joins(22, 1, 1, 1, 1),
                named(8, wanted(23, withdraw(1), again(Refusal::UnknownPledge))),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]),
        },
        Case {
            numbers: &[4],
            name: "refused as closed between close and the stragglers' extension, and so after it",
            terms: ruled(terms(2, 1), |policy| {
                policy.grace = span(50);
                policy.stragglers = catchment::presale::Stragglers::ExtendOnce { by: span(500) };
            }),
            script: vec![
                joins(20, 1, 1, 1, 1),
                named(7, no(CLOSE, pledge(2, 2, 2, 1), Refusal::Closed)),
                named(
                    7,
                    wanted(CLOSE + 60, pledge(2, 2, 2, 1), again(Refusal::Closed)),
                ),
                see(CLOSE + 60, See::Phase(Phase::ConfirmedOpen)),
                joins(CLOSE + 60, 3, 2, 2, 1),
            ],
            end: end(Phase::Confirmed, [1, 2], [20, 0, 20, 0, 0], &[]).by(CLOSE + 600),
        },
    ]
}

fn again(refusal: Refusal) -> Want {
    Want::Replayed(Outcome::Refused(refusal))
}

fn conflict_at(id: u64, sequence: u64) -> Want {
    let id = CommandId(id);
    Want::Error(CommandError::IdConflict { id, sequence })
}

/// Money that comes twice, late, wrong or for nothing.
fn payments() -> Vec<Case> {
    let dollars = Action::RecordPayment(NewPayment {
        payment: PaymentId(2),
        pledge: PledgeId(1),
        money: Money {
            amount: Amount(10),
            currency: Currency::new("USD").expect("three letters"),
        },
        paid_at: at(20),
    });
    vec![
        Case {
            numbers: &[5],
            name: "a payment told again is replayed, under a new command it exists",
            terms: terms(1, 1),
            script: vec![
                ok(20, pledge(1, 1, 1, 1)),
                named(7, ok(21, pay(1, 1, 10, 21))),
                named(
                    7,
                    wanted(500, pay(1, 1, 10, 21), Want::Replayed(Outcome::Accepted)),
                ),
                no(501, pay(1, 1, 10, 21), Refusal::PaymentExists),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]),
        },
        Case {
            numbers: &[6],
            name: "a second payment is due for refund, and the first is not lost",
            terms: terms(1, 1),
            script: vec![joins(20, 1, 1, 1, 1), ok(21, pay(2, 1, 10, 21))],
            end: end(
                Phase::Confirmed,
                [1],
                [20, 0, 10, 10, 0],
                &[(2, RefundCause::SecondPayment, 10)],
            ),
        },
        Case {
            numbers: &[6],
            name: "of a failed campaign both payments are due",
            terms: terms(2, 2),
            script: vec![joins(20, 1, 1, 1, 1), ok(21, pay(2, 1, 10, 21))],
            end: end(
                TOO_FEW(1),
                [1],
                [20, 0, 0, 20, 0],
                &[
                    (2, RefundCause::SecondPayment, 10),
                    (1, RefundCause::Failed, 10),
                ],
            ),
        },
        Case {
            numbers: &[7],
            name: "a payment for nothing is recorded and due, and makes no later pledge count",
            terms: terms(1, 1),
            script: vec![
                ok(20, pay(1, 1, 10, 20)),
                ok(21, pledge(1, 1, 1, 1)),
                see(21, See::Pledge(1, PledgeState::Reserved)),
                no(22, pay(1, 1, 10, 20), Refusal::PaymentExists),
            ],
            end: end(
                TOO_FEW(0),
                [],
                [10, 0, 0, 10, 0],
                &[(1, RefundCause::UnknownPledge, 10)],
            ),
        },
        Case {
            numbers: &[8],
            name: "too little, too much and another currency are wholly due; the right one counts",
            terms: terms(1, 1),
            script: vec![
                ok(20, pledge(1, 1, 1, 1)),
                ok(20, dollars),
                ok(21, pay(3, 1, 9, 21)),
                ok(22, pay(4, 1, 11, 22)),
                see(22, See::Pledge(1, PledgeState::Reserved)),
                ok(23, pay(5, 1, 10, 23)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                // The dollars have buckets of their own.
                [30, 0, 10, 20, 0],
                &[
                    (2, RefundCause::WrongAmount, 10),
                    (3, RefundCause::WrongAmount, 9),
                    (4, RefundCause::WrongAmount, 11),
                ],
            ),
        },
    ]
}

/// What is in time, and what time does by itself.
fn windows() -> Vec<Case> {
    let late = &[(2, RefundCause::TooLate, 10)];
    vec![
        Case {
            numbers: &[9],
            name: "paid when the hold had ended: due, though the campaign is open",
            terms: terms(1, 1),
            script: vec![
                ok(20, pledge(1, 1, 1, 1)),
                see(19 + HOLD, See::Held(1, 1)),
                see(20 + HOLD, See::Held(1, 0)),
                ok(20 + HOLD, pay(1, 1, 10, 25)),
                see(20 + HOLD, See::Pledge(1, PledgeState::Expired)),
            ],
            end: end(
                TOO_FEW(0),
                [],
                [10, 0, 0, 10, 0],
                &[(1, RefundCause::NoPlace, 10)],
            ),
        },
        Case {
            numbers: &[10],
            name: "half-open: the last instant before the end counts, the end does not",
            terms: terms(2, 1),
            script: vec![
                no(
                    OPEN - 1,
                    pledge(1, 1, 1, 1),
                    Refusal::NotOpenYet { opens_at: at(OPEN) },
                ),
                ok(OPEN, pledge(1, 1, 1, 1)),
                ok(OPEN + HOLD - 1, pay(1, 1, 10, OPEN)),
                ok(200, pledge(2, 2, 2, 1)),
                ok(200 + HOLD, pay(2, 2, 10, 200)),
                ok(CLOSE - 1, pledge(3, 3, 1, 1)),
                ok(CLOSE - 1, pay(3, 3, 10, CLOSE - 1)),
                no(CLOSE, pledge(4, 4, 1, 1), Refusal::Closed),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [30, 0, 20, 10, 0],
                &[(2, RefundCause::NoPlace, 10)],
            ),
        },
        Case {
            numbers: &[11],
            name: "paid before the close and told within the grace counts; paid at it does not",
            terms: ruled(terms(1, 1), |policy| policy.grace = span(50)),
            script: vec![
                ok(CLOSE - 1, pledge(1, 1, 1, 1)),
                ok(CLOSE - 1, pledge(2, 2, 1, 1)),
                ok(CLOSE + 49, pay(1, 1, 10, CLOSE - 1)),
                ok(CLOSE + 49, pay(2, 2, 10, CLOSE)),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 10, 10, 0], late).by(CLOSE + 50),
        },
        Case {
            numbers: &[11],
            name: "told at the end of the grace is too late, and revives nothing",
            terms: ruled(terms(1, 1), |policy| policy.grace = span(50)),
            script: vec![
                ok(CLOSE - 1, pledge(2, 2, 1, 1)),
                ok(CLOSE + 50, pay(2, 2, 10, CLOSE - 1)),
                see(CLOSE + 50, See::Pledge(2, PledgeState::Expired)),
                see(CLOSE + 50, See::Formed(&[])),
            ],
            end: end(TOO_FEW(0), [], [10, 0, 0, 10, 0], late).by(CLOSE + 50),
        },
        Case {
            numbers: &[12],
            name: "paid in the future is paid now: before the close it counts, after it does not",
            terms: ruled(terms(1, 1), |policy| policy.grace = span(50)),
            script: vec![
                ok(CLOSE - 10, pledge(1, 1, 1, 1)),
                ok(CLOSE - 9, pledge(2, 2, 1, 1)),
                ok(CLOSE - 8, pay(1, 1, 10, CLOSE + 40)),
                ok(CLOSE + 2, pay(2, 2, 10, HORIZON * 9)),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 10, 10, 0], late).by(CLOSE + 50),
        },
        Case {
            numbers: &[12],
            name: "paid before there was a place is paid when it comes: before the close it counts, after it does not",
            terms: ruled(terms(1, 1), |policy| policy.grace = span(50)),
            script: vec![
                ok(CLOSE - 10, pledge(1, 1, 1, 1)),
                ok(CLOSE - 9, pledge(2, 2, 1, 1)),
                ok(CLOSE - 8, pledge(3, 3, 1, 1)),
                ok(CLOSE - 7, pledge(4, 4, 1, 1)),
                ok(CLOSE - 6, pay(1, 1, 10, 0)),
                ok(CLOSE + 2, pay(2, 2, 10, 0)),
                ok(CLOSE + 2, pay(3, 3, 10, CLOSE - 9)),
                ok(CLOSE + 2, pay(4, 4, 10, CLOSE - 7)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [40, 0, 20, 20, 0],
                &[(2, RefundCause::TooLate, 10), (3, RefundCause::TooLate, 10)],
            )
            .by(CLOSE + 50),
        },
        Case {
            numbers: &[13],
            name: "a timer that was missed for hours has decided nothing",
            terms: terms(1, 1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                ok(30, pledge(2, 2, 1, 1)),
                ok(90_000, pay(2, 2, 10, 40)),
                tick(30),
                tick(99_000),
                tick(99_000),
            ],
            end: end(Phase::Confirmed, [1], [20, 0, 10, 10, 0], late).by(99_000),
        },
        Case {
            numbers: &[14],
            name: "an instant that goes back is processed at the present one",
            terms: terms(1, 1),
            script: vec![
                ok(500, pledge(1, 1, 1, 1)),
                ok(20, pledge(2, 2, 1, 1)),
                // Its hold began at 500, not at 20.
                ok(499 + HOLD, pay(2, 2, 10, 20)),
                ok(CLOSE, pay(1, 1, 10, CLOSE - 1)),
                no(20, pledge(3, 3, 1, 1), Refusal::Closed),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [20, 0, 10, 10, 0],
                &[(1, RefundCause::TooLate, 10)],
            ),
        },
        Case {
            numbers: &[15],
            name: "when nothing comes, the next deadline drives it, and readers see it before",
            terms: ruled(terms(1, 1), |policy| policy.grace = span(50)),
            script: vec![
                see(0, See::Wake(Some(OPEN))),
                joins(20, 1, 1, 1, 1),
                see(20, See::Wake(Some(CLOSE))),
                ok(30, pledge(2, 2, 1, 1)),
                see(30, See::Wake(Some(30 + HOLD))),
                see(CLOSE - 1, See::Phase(Phase::Open)),
                see(CLOSE - 1, See::Pledge(2, PledgeState::Expired)),
                see(CLOSE + 49, See::Phase(Phase::Closing)),
                see(CLOSE + 50, See::Phase(Phase::Confirmed)),
                see(30, See::Phase(Phase::Open)),
                tick(CLOSE),
                see(CLOSE, See::Wake(Some(CLOSE + 50))),
                tick(CLOSE + 50),
                see(CLOSE + 50, See::Wake(None)),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]).by(CLOSE + 50),
        },
    ]
}

/// When communities form, and how many must.
fn forming() -> Vec<Case> {
    let three = || {
        ruled(terms(1, 1), |policy| {
            policy.threshold = Threshold::participants(3);
        })
    };
    let last = |first, second| Case {
        numbers: &[16],
        name: "two who join last, in either order: formed once",
        terms: three(),
        script: vec![
            joins(20, 1, 1, 1, 1),
            ok(21, pledge(2, 2, 1, 1)),
            ok(21, pledge(3, 3, 1, 1)),
            ok(22, pay(first, first, 10, 22)),
            told(0, formed(1, 1, Because::Joined)),
            ok(22, pay(second, second, 10, 22)),
            told(1, formed(1, 1, Because::Joined)),
        ],
        end: end(Phase::Confirmed, [1], [30, 0, 30, 0, 0], &[]),
    };
    vec![
        last(2, 3),
        last(3, 2),
        Case {
            numbers: &[17],
            name: "who comes after keeps it formed, in pieces as well as in people",
            terms: ruled(terms(1, 1), |policy| {
                policy.threshold = Threshold::units(catchment::presale::Pieces(3));
            }),
            script: vec![
                joins(20, 1, 1, 1, 2),
                // From 2 to 7 pieces: never 3.
                joins(21, 2, 2, 1, 5),
                joins(22, 3, 1, 1, 1),
                told(1, formed(1, 1, Because::Joined)),
                told(0, formed(1, 2, Because::Joined)),
                see(22, See::Paid(1, 2, 8)),
            ],
            end: end(Phase::Confirmed, [1], [80, 0, 80, 0, 0], &[]),
        },
        Case {
            numbers: &[18],
            name: "stepping back un-forms, the next forms again; each has its epoch",
            terms: three(),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                joins(20, 3, 3, 1, 1),
                ok(30, withdraw(3)),
                told(1, unformed(1, 2)),
                see(30, See::Formed(&[])),
                see(30, See::Paid(1, 2, 2)),
                joins(40, 4, 4, 1, 1),
                told(1, formed(1, 3, Because::Joined)),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [40, 0, 30, 10, 0],
                &[(3, RefundCause::Withdrawn, 10)],
            ),
        },
        Case {
            numbers: &[19],
            name: "the fiftieth un-forms just before the close: all fail",
            terms: terms(50, 50),
            script: vec![
                fill(20, 1..=50),
                see(30, See::Missing(0)),
                ok(CLOSE - 1, withdraw(50)),
                see(CLOSE - 1, See::Missing(1)),
            ],
            end: end(TOO_FEW(49), 1..=49, [500, 0, 0, 500, 0], &refunds_with(50)),
        },
        Case {
            numbers: &[20],
            name: "fifty of fifty confirm",
            terms: terms(60, 50),
            script: vec![fill(20, 1..=50)],
            end: end(Phase::Confirmed, 1..=50, [500, 0, 500, 0, 0], &[]),
        },
        Case {
            numbers: &[20],
            name: "forty-nine of fifty fail, and all forty-nine are refunded",
            terms: terms(60, 50),
            script: vec![
                fill(20, 1..=49),
                ok(CLOSE - 1, pledge(50, 50, 50, 1)),
                ok(CLOSE, pay(50, 50, 10, CLOSE - 1)),
            ],
            end: end(TOO_FEW(49), 1..=49, [500, 0, 0, 500, 0], &late_fiftieth()),
        },
        Case {
            numbers: &[21],
            name: "the fifty-first is confirmed with the rest",
            terms: terms(60, 50),
            script: vec![
                fill(20, 1..=51),
                see(
                    CLOSE,
                    See::Stage(51, CommunityStage::Confirmed(ConfirmedAs::Formed)),
                ),
            ],
            end: end(Phase::Confirmed, 1..=51, [510, 0, 510, 0, 0], &[]),
        },
    ]
}

/// First the refund of who stepped back, then those of the others.
fn refunds_with(withdrawn: u64) -> Vec<(u64, RefundCause, u64)> {
    let others = (1..withdrawn).map(|payment| (payment, RefundCause::Failed, 10));
    let first = core::iter::once((withdrawn, RefundCause::Withdrawn, 10));
    first.chain(others).collect()
}

fn late_fiftieth() -> Vec<(u64, RefundCause, u64)> {
    let others = (1..50).map(|payment| (payment, RefundCause::Failed, 10));
    let last = core::iter::once((50, RefundCause::TooLate, 10));
    others.chain(last).collect()
}

/// What confirmed on reach stays.
fn counting() -> Vec<Case> {
    let reached = |formed| Event::Reached { formed };
    vec![Case {
        numbers: &[22],
        name: "on reach: who gives back un-forms nothing, and the pieces become surplus",
        terms: {
            let mut terms = ruled(terms(3, 2), |policy| policy.confirm = Confirm::OnReach);
            let case_size = std::num::NonZeroU32::new(4).expect("not 0");
            terms.suppliers = vec![SupplierTerms {
                case_size,
                ..terms.suppliers[0]
            }];
            terms
        },
        script: vec![
            joins(20, 1, 1, 1, 2),
            see(20, See::Phase(Phase::Open)),
            joins(21, 2, 2, 2, 2),
            told(1, reached(2)),
            see(21, See::Phase(Phase::ConfirmedOpen)),
            see(21, See::Pledge(1, PledgeState::Confirmed)),
            // Paid now, confirmed now.
            joins(22, 3, 3, 1, 3),
            see(22, See::Pledge(3, PledgeState::Confirmed)),
            joins(23, 4, 4, 3, 1),
            told(1, reached(2)),
            no(
                30,
                withdraw(2),
                Refusal::PledgeIs {
                    state: PledgeState::Confirmed,
                },
            ),
            ok(31, give_back(2)),
            told(0, unformed(2, 2)),
            see(31, See::Formed(&[1, 2, 3])),
            // Two, three and one confirmed, and two that nobody wants any more.
            see(31, See::Order(1, 8, 0, 0)),
        ],
        end: end(
            Phase::Confirmed,
            [1, 2, 3],
            [80, 0, 60, 20, 0],
            &[(2, RefundCause::Returned, 20)],
        ),
    }]
}
