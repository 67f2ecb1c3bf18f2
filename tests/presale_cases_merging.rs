//! Presale: what has a right answer, rules 39 to 44: neighbours, operators, edges. 42 is with those who step back.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use catchment::id::{CustomerId, SiteId};
use catchment::money::Amount;
use catchment::presale::merge::{self, ShortCommunity, ShortPledge, Walk};
use catchment::presale::{
    Action, Because, CampaignFailure, CommunityFailure, CommunityStage, Confirm, ConfirmedAs,
    Decision, Event, GuestSite, IfUnformed, MergeFault, MergedSites, Overflow, Phase, Pieces,
    PledgeState, RefundCause, Refusal, Stragglers, Terms, Threshold, Verdict,
};
use catchment::units::Distance;

use crate::presale_script::{
    CLOSE, Case, HOLD, Line, PRICE, See, at, check_all, end, joins, no, ok, pay, pledge, ruled,
    see, span, terms, tick, told, walker, withdraw,
};

/// How long operators have.
const WITHIN: i64 = 200;

#[test]
fn every_case_has_its_right_end() {
    let cases = [merging(), competing(), operators(), places(), edges()].concat();
    let numbers = check_all(&cases);
    assert_eq!(numbers, [39, 40, 41, 43, 44]);
}

/// So many communities at 3 participants each, of which one must form, with help of neighbours up to 300 m away.
fn neighbours(communities: u64) -> Terms {
    ruled(terms(communities, 1), |policy| {
        policy.threshold = Threshold::participants(3);
        policy.stragglers = Stragglers::Merge {
            walk_max: Distance::from_metres(300),
            within: span(WITHIN),
        };
    })
}

fn group(host: u64, guests: &[u64]) -> MergedSites {
    let guest = |site: &u64| GuestSite {
        site: SiteId(*site),
        walk: Distance::from_metres(300),
    };
    MergedSites {
        host: SiteId(host),
        guests: guests.iter().map(guest).collect(),
    }
}

fn merged(groups: &[MergedSites]) -> Action {
    let groups = groups.to_vec();
    Action::Merge { groups }
}

/// Joins and would walk to a neighbour.
fn walks(when: i64, number: u64, customer: u64, site: u64) -> Vec<Line> {
    let mut lines = ok(when, walker(pledge(number, customer, site, 1)));
    lines.extend(ok(when, pay(number, number, PRICE, when)));
    lines
}

fn merging() -> Vec<Case> {
    let asked = Phase::Deciding {
        decision: Decision::Merge,
        until: at(CLOSE + WITHIN),
    };
    let stays = Refusal::Merge(MergeFault::StaysUnder);
    let formed = Event::CommunityFormed {
        site: SiteId(1),
        epoch: 1,
        because: Because::Merged,
    };
    vec![
        Case {
            numbers: &[39],
            name: "a customer of both neighbours is one: two and two are three, and form",
            terms: neighbours(2),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                walks(21, 3, 2, 2),
                walks(21, 4, 3, 2),
                see(CLOSE, See::Phase(asked)),
                see(CLOSE, See::Wake(Some(CLOSE))),
                ok(CLOSE + 1, merged(&[group(1, &[2])])),
                told(1, formed),
                see(CLOSE + 1, See::Paid(1, 3, 4)),
                see(CLOSE + 1, See::Paid(2, 0, 0)),
                see(
                    CLOSE + 1,
                    See::Stage(1, CommunityStage::Confirmed(ConfirmedAs::Merged)),
                ),
                see(
                    CLOSE + 1,
                    See::Stage(2, CommunityStage::MergedInto(SiteId(1))),
                ),
            ],
            end: end(Phase::Confirmed, [1], [40, 0, 40, 0, 0], &[]).by(CLOSE + 1),
        },
        Case {
            numbers: &[39],
            name: "the same two customers at both sites are two, and stay below",
            terms: neighbours(2),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                walks(21, 3, 2, 2),
                walks(21, 4, 1, 2),
                no(CLOSE + 1, merged(&[group(1, &[2])]), stays),
                tick(CLOSE + WITHIN),
            ],
            end: end(
                Phase::Failed(CampaignFailure::TooFewCommunities { formed: 0 }),
                [],
                [40, 0, 0, 40, 0],
                &[1, 2, 3, 4].map(|payment| (payment, RefundCause::Failed, 10)),
            )
            .by(CLOSE + WITHIN),
        },
        Case {
            numbers: &[40],
            name: "who does not consent leaves before the test, refunded; those at the host stay",
            terms: neighbours(3),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                joins(21, 3, 3, 2, 1),
                walks(21, 4, 4, 3),
                joins(21, 5, 5, 3, 1),
                no(CLOSE + 1, merged(&[group(1, &[2])]), stays),
                ok(CLOSE + 2, merged(&[group(1, &[3])])),
                see(CLOSE + 2, See::Pledge(4, PledgeState::Confirmed)),
                see(CLOSE + 2, See::Pledge(5, PledgeState::Failed)),
                no(CLOSE + 3, merged(&[]), Refusal::NothingToDecide),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [50, 0, 30, 20, 0],
                &[(5, RefundCause::Failed, 10), (3, RefundCause::Failed, 10)],
            )
            .by(CLOSE + 3),
        },
        Case {
            numbers: &[40],
            name: "an answer that comes too late is none, and silence merges nobody",
            terms: neighbours(2),
            script: vec![
                walks(20, 1, 1, 1),
                walks(20, 2, 2, 1),
                walks(21, 3, 3, 2),
                no(
                    CLOSE + WITHIN,
                    merged(&[group(1, &[2])]),
                    Refusal::NothingToDecide,
                ),
            ],
            end: end(
                Phase::Failed(CampaignFailure::TooFewCommunities { formed: 0 }),
                [],
                [30, 0, 0, 30, 0],
                &[1, 2, 3].map(|payment| (payment, RefundCause::Failed, 10)),
            )
            .by(CLOSE + WITHIN),
        },
    ]
}

/// Two neighbours could each host the one between them: the tie goes to the smaller, whatever the order of the input.
fn competing() -> Vec<Case> {
    let short = |site: u64, customers: [u64; 2], if_unformed| ShortCommunity {
        site: SiteId(site),
        threshold: Threshold::participants(3),
        pledges: customers
            .map(|customer| ShortPledge {
                customer: CustomerId(customer),
                units: Pieces(1),
                amount: Amount(PRICE),
                if_unformed,
            })
            .to_vec(),
    };
    let walk = |one, other| Walk {
        sites: [SiteId(one), SiteId(other)],
        distance: Distance::from_metres(300),
    };
    let mut communities = [
        short(1, [1, 2], IfUnformed::Refund),
        short(2, [3, 4], IfUnformed::MoveNearby),
        short(3, [5, 6], IfUnformed::Refund),
    ];
    let mut walked = [walk(1, 2), walk(2, 3)];
    let plan = merge::plan(&communities, &walked).expect("all are short");
    communities.reverse();
    walked.reverse();
    assert_eq!(merge::plan(&communities, &walked), Ok(plan.clone()));
    let groups: Vec<MergedSites> = plan
        .groups
        .iter()
        .map(|found| MergedSites {
            host: found.host,
            guests: found
                .guests
                .iter()
                .map(|guest| GuestSite {
                    site: guest.site,
                    walk: guest.walk,
                })
                .collect(),
        })
        .collect();
    assert_eq!(groups, [group(1, &[2])]);
    vec![Case {
        numbers: &[41],
        name: "of two hosts the smaller has the guest, the other fails",
        terms: neighbours(3),
        script: vec![
            joins(20, 1, 1, 1, 1),
            joins(20, 2, 2, 1, 1),
            walks(21, 3, 3, 2),
            walks(21, 4, 4, 2),
            joins(22, 5, 5, 3, 1),
            joins(22, 6, 6, 3, 1),
            ok(CLOSE, merged(&groups)),
            see(
                CLOSE,
                See::Stage(3, CommunityStage::Failed(CommunityFailure::UnderThreshold)),
            ),
        ],
        end: end(
            Phase::Confirmed,
            [1],
            [60, 0, 40, 20, 0],
            &[(5, RefundCause::Failed, 10), (6, RefundCause::Failed, 10)],
        ),
    }]
}

/// What no number asks for: other ways to confirm, and to treat those below their threshold.
fn operators() -> Vec<Case> {
    let manual = |least| {
        ruled(terms(2, least), |policy| {
            policy.confirm = Confirm::Manual {
                within: span(WITHIN),
            };
        })
    };
    let fulfilled = CommunityStage::Confirmed(ConfirmedAs::FulfilledAnyway);
    vec![
        Case {
            numbers: &[],
            name: "an operator confirms, and only once",
            terms: manual(1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                no(
                    30,
                    Action::Decide(Verdict::Confirm),
                    Refusal::NothingToDecide,
                ),
                ok(CLOSE + 1, Action::Decide(Verdict::Confirm)),
                no(
                    CLOSE + 2,
                    Action::Decide(Verdict::Fail),
                    Refusal::NothingToDecide,
                ),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]).by(CLOSE + 2),
        },
        Case {
            numbers: &[],
            name: "an operator who says nothing has said no",
            terms: manual(1),
            script: vec![
                joins(20, 1, 1, 1, 1),
                no(CLOSE + 1, withdraw(1), Refusal::Closed),
            ],
            end: end(
                Phase::Failed(CampaignFailure::Undecided),
                [1],
                [10, 0, 0, 10, 0],
                &[(1, RefundCause::Failed, 10)],
            )
            .by(CLOSE + WITHIN),
        },
        Case {
            numbers: &[],
            name: "nobody is asked whether too few are enough",
            terms: manual(2),
            script: vec![joins(20, 1, 1, 1, 1)],
            end: end(
                Phase::Failed(CampaignFailure::TooFewCommunities { formed: 1 }),
                [1],
                [10, 0, 0, 10, 0],
                &[(1, RefundCause::Failed, 10)],
            ),
        },
        Case {
            numbers: &[],
            name: "served all the same: flagged, nobody and nothing is made up",
            terms: ruled(terms(2, 1), |policy| {
                policy.threshold = Threshold::participants(2);
                policy.stragglers = Stragglers::FulfilAnyway;
            }),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                joins(20, 3, 3, 2, 1),
                see(CLOSE, See::Stage(2, fulfilled)),
                see(CLOSE, See::Paid(2, 1, 1)),
                see(CLOSE, See::Participants(2)),
                see(CLOSE, See::Order(1, 3, 0, 0)),
            ],
            end: end(Phase::Confirmed, [1], [30, 0, 30, 0, 0], &[]),
        },
        Case {
            numbers: &[],
            name: "those served all the same do not make up the number of communities",
            terms: ruled(terms(2, 2), |policy| {
                policy.threshold = Threshold::participants(2);
                policy.stragglers = Stragglers::FulfilAnyway;
            }),
            script: vec![
                joins(20, 1, 1, 1, 1),
                joins(20, 2, 2, 1, 1),
                joins(20, 3, 3, 2, 1),
            ],
            end: end(
                Phase::Failed(CampaignFailure::TooFewCommunities { formed: 1 }),
                [1],
                [30, 0, 0, 30, 0],
                &[1, 2, 3].map(|payment| (payment, RefundCause::Failed, 10)),
            ),
        },
    ]
}

/// One pledge's place is no other's.
fn places() -> Vec<Case> {
    let caps = |terms| {
        ruled(terms, |policy| {
            policy.overflow = Overflow::Waitlist;
            policy.caps.per_community = Some(Pieces(5));
        })
    };
    vec![
        Case {
            numbers: &[],
            name: "the end of one hold ends no neighbour's",
            terms: terms(2, 1),
            script: vec![
                ok(20, pledge(1, 1, 1, 1)),
                ok(21, pledge(2, 2, 2, 1)),
                ok(22, pledge(3, 3, 1, 1)),
                see(20 + HOLD, See::Pledge(1, PledgeState::Expired)),
                see(20 + HOLD, See::Held(1, 1)),
                ok(20 + HOLD, pay(2, 2, PRICE, 30)),
                ok(21 + HOLD, pay(3, 3, PRICE, 30)),
            ],
            end: end(Phase::Confirmed, [1, 2], [20, 0, 20, 0, 0], &[]),
        },
        Case {
            numbers: &[],
            name: "who would fit waits behind who does not, and nowhere else",
            terms: caps(terms(2, 1)),
            script: vec![
                joins(20, 1, 1, 1, 4),
                ok(21, pledge(2, 2, 1, 2)),
                ok(22, pledge(3, 3, 1, 1)),
                ok(22, pledge(4, 4, 2, 1)),
                see(22, See::Pledge(2, PledgeState::Waiting)),
                see(22, See::Pledge(3, PledgeState::Waiting)),
                see(22, See::Pledge(4, PledgeState::Reserved)),
                // Who stands before them gives up, and the next has a place.
                ok(23, withdraw(2)),
                see(23, See::Pledge(3, PledgeState::Reserved)),
                ok(24, pay(3, 3, PRICE, 24)),
            ],
            end: end(Phase::Confirmed, [1], [50, 0, 50, 0, 0], &[]),
        },
    ]
}

fn edges() -> Vec<Case> {
    // "Ends 25 May" in Shanghai: the first instant of 26 May there is 16:00 of the 25th, universal time.
    const MIDNIGHT: i64 = 1_779_724_800_000;
    let until_25_may = Terms {
        closes_at: at(MIDNIGHT),
        horizon: at(MIDNIGHT + 86_400_000),
        ..terms(1, 1)
    };
    vec![
        Case {
            numbers: &[43],
            name: "the whole of 25 May counts, 26 May does not",
            terms: until_25_may,
            script: vec![
                joins(MIDNIGHT - 1, 1, 1, 1, 1),
                no(MIDNIGHT, pledge(2, 2, 1, 1), Refusal::Closed),
            ],
            end: end(Phase::Confirmed, [1], [10, 0, 10, 0, 0], &[]).by(MIDNIGHT),
        },
        Case {
            numbers: &[44],
            name: "restored at every step, and the tail followed twice: refused by its sequence",
            terms: terms(2, 1),
            script: vec![
                joins(20, 1, 1, 1, 2),
                ok(21, pledge(2, 2, 2, 1)),
                no(22, pledge(2, 2, 2, 1), Refusal::PledgeExists),
                ok(21 + HOLD, pay(2, 2, 10, 22)),
                ok(400, withdraw(1)),
                joins(401, 3, 1, 1, 1),
            ],
            end: end(
                Phase::Confirmed,
                [1],
                [40, 0, 10, 30, 0],
                &[
                    (2, RefundCause::NoPlace, 10),
                    (1, RefundCause::Withdrawn, 20),
                ],
            ),
        },
    ]
}
