//! Presale: everything that can be wrong, in the order in which it is told.

use std::collections::BTreeSet;

use catchment::id::{CommandId, PaymentId, SiteId, SupplierId};
use catchment::ledger::{Encoder, Outcome};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Action, Amendment, Cap, Caps, CommunityTerms, Confirm, GuestSite, MergeFault, MergedSites,
    PaymentState, Pieces, PledgeState, Presale, PresaleCommand, Refusal, Stragglers, Terms,
    Threshold, Verdict,
};
use catchment::time::Timestamp;
use catchment::units::Distance;

use crate::presale_script::{
    CLOSE, Line, OPEN, at, community, extend, fill, give_back, joins, ok, pay, pledge, refunded,
    ruled, span, terms, walker, withdraw,
};

/// Every refusal in the order of precedence, with whether it helps to wait.
const ORDER: [(Refusal, bool); 30] = [
    (
        Refusal::NotOpenYet {
            opens_at: Timestamp::MIN,
        },
        true,
    ),
    (Refusal::Closed, false),
    (Refusal::AlreadyConfirmed, false),
    (Refusal::NotConfirmed, false),
    (Refusal::NothingToDecide, false),
    (Refusal::PledgeExists, false),
    (Refusal::PaymentExists, false),
    (Refusal::UnknownPledge, false),
    (Refusal::UnknownPayment, false),
    (Refusal::UnknownRefund, false),
    (Refusal::UnknownCommunity, false),
    (Refusal::UnknownSupplier, false),
    (Refusal::CommunityExists, false),
    (Refusal::CommunityRemoved, false),
    (
        Refusal::PledgeIs {
            state: PledgeState::Expired,
        },
        false,
    ),
    (
        Refusal::PledgeIs {
            state: PledgeState::Returned,
        },
        false,
    ),
    (
        Refusal::PaymentIs {
            state: PaymentState::Held,
        },
        false,
    ),
    (
        Refusal::PaymentIs {
            state: PaymentState::Refunded,
        },
        false,
    ),
    (
        Refusal::CapReached {
            cap: Cap::Customer,
            limit: Pieces(1),
        },
        true,
    ),
    (
        Refusal::CapReached {
            cap: Cap::Community,
            limit: Pieces(1),
        },
        true,
    ),
    (
        Refusal::CapReached {
            cap: Cap::Campaign,
            limit: Pieces(1),
        },
        true,
    ),
    (Refusal::Overflow, false),
    (
        Refusal::RefundTooLarge {
            available: Amount(1),
        },
        false,
    ),
    (
        Refusal::NotAnExtension {
            closes_at: Timestamp::MIN,
        },
        false,
    ),
    (Refusal::AsksForMore, false),
    (Refusal::NotEnough { formed: 1 }, false),
    (Refusal::Merge(MergeFault::NotUnderThreshold), false),
    (Refusal::Merge(MergeFault::TooFar), false),
    (Refusal::Merge(MergeFault::StaysUnder), false),
    (Refusal::DeliveryExists, false),
];

/// The place of a refusal of this kind in the order.
fn rank(refusal: &Refusal) -> usize {
    use core::mem::discriminant;
    let alike = |other: &Refusal| match (refusal, other) {
        (Refusal::CapReached { cap, .. }, Refusal::CapReached { cap: other, .. }) => cap == other,
        (Refusal::Merge(fault), Refusal::Merge(other)) => fault == other,
        _ => discriminant(refusal) == discriminant(other),
    };
    let place = ORDER.iter().position(|(other, _)| alike(other));
    place.expect("every refusal has a place")
}

#[test]
fn waiting_helps_before_the_opening_and_at_a_cap() {
    for (refusal, is_transient) in ORDER {
        assert_eq!(refusal.is_transient(), is_transient, "{refusal}");
        let message = refusal.to_string();
        assert!(
            !message.ends_with('.') && !message.starts_with(char::is_uppercase),
            "{message}"
        );
    }
}

/// What is remembered of a refusal tells it from all others.
#[test]
fn every_refusal_has_bytes_of_its_own() {
    use {PaymentState as Payment, PledgeState as Pledge};
    let pledges = [
        (Pledge::Waiting, "waiting"),
        (Pledge::Reserved, "reserved"),
        (Pledge::Active, "active"),
        (Pledge::Confirmed, "confirmed"),
        (Pledge::Returned, "returned"),
        (Pledge::Withdrawn, "withdrawn"),
        (Pledge::Expired, "expired"),
        (Pledge::Failed, "failed"),
    ];
    let payments = [
        (Payment::Held, "held"),
        (Payment::Captured, "captured"),
        (Payment::RefundDue, "due for refund"),
        (Payment::Refunded, "refunded"),
    ];
    let mut refusals = ORDER.map(|(refusal, _)| refusal).to_vec();
    for (state, name) in pledges {
        refusals.push(Refusal::PledgeIs { state });
        assert_eq!(
            refusals.last().map(ToString::to_string),
            Some(format!("pledge is {name}"))
        );
    }
    for (state, name) in payments {
        refusals.push(Refusal::PaymentIs { state });
        assert_eq!(
            refusals.last().map(ToString::to_string),
            Some(format!("payment is {name}"))
        );
    }
    for cap in [Cap::Customer, Cap::Community, Cap::Campaign] {
        let limits = (0..8).map(Pieces);
        refusals.extend(limits.map(|limit| Refusal::CapReached { cap, limit }));
    }
    refusals.extend((0..8).map(|millis| Refusal::NotOpenYet {
        opens_at: at(millis),
    }));
    let kinds: BTreeSet<_> = refusals.iter().map(|it| format!("{it:?}")).collect();
    let hashes: BTreeSet<_> = refusals.iter().map(Encoder::hash_of).collect();
    assert_eq!(hashes.len(), kinds.len());
}

/// Commands of one kind that are refused, each next one without the reason of the one before.
struct Chain {
    terms: Terms,
    links: Vec<(Vec<Line>, i64, Action, Refusal)>,
}

fn check(chain: &Chain) {
    let mut last = None;
    for (before, when, action, refusal) in &chain.links {
        let mut presale = Presale::open(chain.terms.clone(), &Limits::default()).expect("terms");
        for (place, line) in (0..).zip(before) {
            if let Line::Do {
                at: when, action, ..
            } = line
            {
                let command = PresaleCommand::new(CommandId(place), action.clone());
                let answer = presale.apply(at(*when), &command).expect("a command");
                assert_eq!(answer.outcome(), Outcome::Accepted, "{command:?}");
            }
        }
        let command = PresaleCommand::new(CommandId(1_000), action.clone());
        let foreseen = presale.what_if(at(*when), &command);
        let answer = presale.apply(at(*when), &command);
        assert_eq!(foreseen, answer);
        let outcome = answer.expect("a command").outcome();
        assert_eq!(outcome, Outcome::Refused(*refusal), "{action:?} at {when}");
        assert!(last < Some(rank(refusal)), "{refusal} comes in its place");
        last = Some(rank(refusal));
    }
}

#[test]
fn of_several_reasons_the_first_is_given() {
    let chains = [
        pledging(),
        at_caps(),
        paying(),
        leaving(),
        returning(),
        refunding(),
        refunding_parts(),
        extending(),
        amending(),
        amending_the_confirmed(),
        adding(),
        removing(),
        deciding(),
        merging(),
        delivering(),
    ];
    for chain in &chains {
        check(chain);
    }
    check_cancelling();
}

const NOT_OPEN: Refusal = Refusal::NotOpenYet {
    opens_at: Timestamp::from_unix_millis(OPEN),
};

fn removed(site: u64) -> Vec<Line> {
    ok(21, Action::RemoveCommunity { site: SiteId(site) })
}

fn capped(cap: Cap) -> Refusal {
    let limit = Pieces(3 + 2 * cap as u64);
    Refusal::CapReached { cap, limit }
}

/// Three, five and seven pieces.
fn with_caps(communities: u64) -> Terms {
    ruled(terms(communities, 1), |policy| {
        policy.caps = Caps {
            per_customer: Some(Pieces(3)),
            per_community: Some(Pieces(5)),
            per_campaign: Some(Pieces(7)),
        };
    })
}

fn pledging() -> Chain {
    let gone = || [joins(20, 1, 1, 1, 1), removed(2)].concat();
    let unknown_site = |number| pledge(number, 1, 99, 4);
    Chain {
        terms: with_caps(3),
        links: vec![
            (vec![], 5, unknown_site(1), NOT_OPEN),
            (gone(), CLOSE, unknown_site(1), Refusal::Closed),
            (gone(), 30, unknown_site(1), Refusal::PledgeExists),
            (gone(), 30, unknown_site(2), Refusal::UnknownCommunity),
            (gone(), 30, pledge(2, 1, 2, 4), Refusal::CommunityRemoved),
            (gone(), 30, pledge(2, 1, 1, 4), capped(Cap::Customer)),
        ],
    }
}

fn at_caps() -> Chain {
    let mut terms = with_caps(3);
    terms.unit_price = Amount(u64::MAX / 7);
    let full = || {
        [
            ok(20, pledge(1, 1, 1, 3)),
            ok(20, pledge(2, 2, 1, 2)),
            ok(20, pledge(3, 3, 2, 2)),
        ]
        .concat()
    };
    Chain {
        terms,
        links: vec![
            (full(), 30, pledge(4, 1, 1, 1), capped(Cap::Customer)),
            (full(), 30, pledge(4, 4, 1, 1), capped(Cap::Community)),
            (full(), 30, pledge(4, 4, 2, 1), capped(Cap::Campaign)),
        ],
    }
}

/// What does not fit has no cap to be refused by first.
#[test]
fn a_cap_comes_before_an_overflow() {
    let mut terms = with_caps(1);
    terms.unit_price = Amount(u64::MAX / 2);
    check(&Chain {
        terms,
        links: vec![
            (vec![], 20, pledge(1, 1, 1, 4), capped(Cap::Customer)),
            (vec![], 20, pledge(1, 1, 1, 3), Refusal::Overflow),
        ],
    });
}

fn paying() -> Chain {
    Chain {
        terms: terms(1, 1),
        links: vec![(
            joins(20, 1, 1, 1, 1),
            30,
            pay(1, 9, 77, 30),
            Refusal::PaymentExists,
        )],
    }
}

fn leaving() -> Chain {
    let left = || [joins(20, 1, 1, 1, 1), ok(21, withdraw(1))].concat();
    let state = PledgeState::Withdrawn;
    Chain {
        terms: terms(1, 1),
        links: vec![
            (vec![], 5, withdraw(9), NOT_OPEN),
            (left(), CLOSE, withdraw(9), Refusal::Closed),
            (left(), 30, withdraw(9), Refusal::UnknownPledge),
            (left(), 30, withdraw(1), Refusal::PledgeIs { state }),
        ],
    }
}

fn returning() -> Chain {
    let left = || [fill(20, 1..=2), ok(21, withdraw(2))].concat();
    let state = PledgeState::Withdrawn;
    Chain {
        terms: terms(2, 1),
        links: vec![
            (left(), 30, give_back(9), Refusal::NotConfirmed),
            (left(), CLOSE, give_back(9), Refusal::UnknownPledge),
            (left(), CLOSE, give_back(2), Refusal::PledgeIs { state }),
        ],
    }
}

fn refunding() -> Chain {
    let left = || [joins(20, 1, 1, 1, 1), ok(21, withdraw(1))].concat();
    let available = Amount(10);
    Chain {
        terms: terms(1, 1),
        links: vec![
            (left(), 30, refunded(2, 99), Refusal::UnknownRefund),
            (
                left(),
                30,
                refunded(1, 11),
                Refusal::RefundTooLarge { available },
            ),
        ],
    }
}

fn refunding_parts() -> Chain {
    let part = |payment, amount| Action::RefundPart {
        payment: PaymentId(payment),
        amount: Amount(amount),
    };
    let available = Amount(10);
    let state = PaymentState::Held;
    Chain {
        terms: terms(1, 1),
        links: vec![
            (vec![], 30, part(1, 11), Refusal::UnknownPayment),
            (fill(20, [1]), 30, part(1, 11), Refusal::PaymentIs { state }),
            (
                fill(20, [1]),
                CLOSE,
                part(1, 11),
                Refusal::RefundTooLarge { available },
            ),
        ],
    }
}

fn extending() -> Chain {
    let closes_at = at(CLOSE);
    Chain {
        terms: terms(1, 1),
        links: vec![
            (vec![], CLOSE, extend(CLOSE), Refusal::Closed),
            (
                vec![],
                30,
                extend(CLOSE),
                Refusal::NotAnExtension { closes_at },
            ),
        ],
    }
}

fn amend(site: u64, people: u32) -> Action {
    let (site, threshold) = (SiteId(site), Threshold::participants(people));
    Action::Amend(Amendment::Community { site, threshold })
}

fn amending() -> Chain {
    Chain {
        terms: terms(2, 1),
        links: vec![
            (removed(2), CLOSE, amend(9, 2), Refusal::Closed),
            (removed(2), 30, amend(9, 2), Refusal::UnknownCommunity),
            (removed(2), 30, amend(2, 2), Refusal::CommunityRemoved),
            (removed(2), 30, amend(1, 2), Refusal::AsksForMore),
        ],
    }
}

fn amending_the_confirmed() -> Chain {
    Chain {
        terms: ruled(terms(2, 1), |policy| policy.confirm = Confirm::OnReach),
        links: vec![
            (fill(20, [1]), CLOSE, amend(1, 2), Refusal::Closed),
            (fill(20, [1]), 30, amend(1, 2), Refusal::AlreadyConfirmed),
            (fill(20, [1]), 30, amend(2, 2), Refusal::AsksForMore),
        ],
    }
}

fn adding() -> Chain {
    let add = |site, supplier| {
        Action::AddCommunity(CommunityTerms {
            supplier: SupplierId(supplier),
            ..community(site)
        })
    };
    Chain {
        terms: terms(2, 1),
        links: vec![
            (vec![], CLOSE, add(1, 9), Refusal::Closed),
            (vec![], 30, add(1, 9), Refusal::UnknownSupplier),
            (vec![], 30, add(1, 1), Refusal::CommunityExists),
        ],
    }
}

fn removing() -> Chain {
    let remove = |site| Action::RemoveCommunity { site: SiteId(site) };
    let gone = || [fill(20, [1]), removed(2)].concat();
    Chain {
        terms: ruled(terms(3, 1), |policy| policy.confirm = Confirm::OnReach),
        links: vec![
            (gone(), CLOSE, remove(1), Refusal::Closed),
            (gone(), 30, remove(1), Refusal::AlreadyConfirmed),
            (gone(), 30, remove(9), Refusal::UnknownCommunity),
            (gone(), 30, remove(2), Refusal::CommunityRemoved),
        ],
    }
}

/// Closed is a campaign that is over without having been confirmed; a confirmed one says so, open or not.
fn check_cancelling() {
    let on_reach = ruled(terms(2, 1), |policy| policy.confirm = Confirm::OnReach);
    let closed = (vec![], CLOSE, Action::Cancel, Refusal::Closed);
    let twice = (ok(20, Action::Cancel), 30, Action::Cancel, Refusal::Closed);
    let open = (fill(20, [1]), 30, Action::Cancel, Refusal::AlreadyConfirmed);
    let over = (
        fill(20, [1]),
        CLOSE,
        Action::Cancel,
        Refusal::AlreadyConfirmed,
    );
    for link in [closed, twice, open, over] {
        let (terms, links) = (on_reach.clone(), vec![link]);
        check(&Chain { terms, links });
    }
}

fn deciding() -> Chain {
    Chain {
        terms: terms(1, 1),
        links: vec![(
            vec![],
            CLOSE,
            Action::Decide(Verdict::Confirm),
            Refusal::NothingToDecide,
        )],
    }
}

fn merging() -> Chain {
    let group = |host, guests: &[(u64, u32)]| MergedSites {
        host: SiteId(host),
        guests: guests
            .iter()
            .map(|(site, metres)| GuestSite {
                site: SiteId(*site),
                walk: Distance::from_metres(*metres),
            })
            .collect(),
    };
    let merge = |groups: &[MergedSites]| Action::Merge {
        groups: groups.to_vec(),
    };
    let fault = |fault| Refusal::Merge(fault);
    let terms = ruled(terms(4, 1), |policy| {
        policy.threshold = Threshold::participants(2);
        policy.stragglers = Stragglers::Merge {
            walk_max: Distance::from_metres(300),
            within: span(100),
        };
    });
    // Site 1 formed; 2 and 3 are one short, with somebody at 3 who would not walk.
    let before = || {
        let mut lines = [fill(20, 1..=3), joins(20, 4, 4, 1, 1)].concat();
        lines.extend(ok(21, walker(pledge(5, 5, 4, 1))));
        lines.extend(ok(21, pay(5, 5, 10, 21)));
        lines
    };
    let worst = [group(2, &[(3, 301)]), group(1, &[(9, 301)])];
    Chain {
        terms,
        links: vec![
            (before(), 30, merge(&worst), Refusal::NothingToDecide),
            (before(), CLOSE, merge(&worst), Refusal::UnknownCommunity),
            (
                before(),
                CLOSE,
                merge(&[group(2, &[(3, 301), (1, 1)])]),
                fault(MergeFault::NotUnderThreshold),
            ),
            (
                before(),
                CLOSE,
                merge(&[group(2, &[(3, 301)])]),
                fault(MergeFault::TooFar),
            ),
            (
                before(),
                CLOSE,
                merge(&[group(2, &[(3, 300)])]),
                fault(MergeFault::StaysUnder),
            ),
        ],
    }
}

fn delivering() -> Chain {
    let delivery = |supplier| Action::RecordDelivery {
        supplier: SupplierId(supplier),
        units: Pieces(1),
    };
    let delivered = || [fill(20, [1]), ok(CLOSE, delivery(1))].concat();
    Chain {
        terms: terms(1, 1),
        links: vec![
            (fill(20, [1]), 30, delivery(9), Refusal::NotConfirmed),
            (delivered(), CLOSE, delivery(9), Refusal::UnknownSupplier),
            (delivered(), CLOSE, delivery(1), Refusal::DeliveryExists),
        ],
    }
}
