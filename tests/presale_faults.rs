//! Presale: everything that is wrong with terms is told at once and in order; and what only a forged state can bring
//! about is refused all the same.

#![allow(clippy::panic, reason = "what is not as it should be fails the test")]

use std::num::NonZeroU32;

use catchment::id::{CommandId, RefundId, SiteId, SupplierId};
use catchment::ledger::FollowError;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Because, Confirm, Event, EventMismatch, Pieces, Presale, PresaleCommand, PresaleStep,
    Stragglers, SupplierTerms, Surplus, Terms, TermsFault, Threshold,
};
use catchment::time::Span;

use crate::presale_script::{
    CLOSE, HOLD, HORIZON, Line, at, community, fill, ok, pay, refunded, ruled, span, terms,
};

/// A presale after the commands of a script.
fn played(terms: Terms, lines: Vec<Line>) -> Presale {
    let mut presale = Presale::open(terms, &Limits::default()).expect("terms");
    for (place, line) in (0..).zip(lines) {
        if let Line::Do {
            at: when, action, ..
        } = line
        {
            let command = PresaleCommand::new(CommandId(place), action);
            presale.apply(at(when), &command).expect("a command");
        }
    }
    presale
}

/// Terms with one thing wrong each, in the order in which faults are told.
fn faulty() -> Vec<(TermsFault, Terms)> {
    let site = Some(SiteId(2));
    let supplier = SupplierId(1);
    let horizon = at(HORIZON);
    let changed = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms(2, 1);
        change(&mut terms);
        terms
    };
    let empty_window = TermsFault::EmptyWindow {
        opens_at: at(CLOSE),
        closes_at: at(CLOSE),
    };
    let too_early = TermsFault::HorizonTooEarly {
        closes_at: at(CLOSE),
        horizon,
    };
    vec![
        (empty_window, changed(&|terms| terms.opens_at = at(CLOSE))),
        (
            too_early,
            changed(&|terms| terms.policy.grace = span(HORIZON - CLOSE + 1)),
        ),
        (
            TermsFault::FreeOfCharge,
            changed(&|terms| terms.unit_price = Amount(0)),
        ),
        (
            TermsFault::NoCommunitiesMin,
            changed(&|terms| terms.policy.communities_min = 0),
        ),
        (
            TermsFault::NoHold,
            changed(&|terms| terms.policy.hold = Span::ZERO),
        ),
        (
            TermsFault::EmptyThreshold { site: None },
            changed(&|terms| terms.policy.threshold = Threshold::units(Pieces(0))),
        ),
        (
            TermsFault::EmptyThreshold { site },
            changed(&|terms| terms.communities[1].threshold = Some(Threshold::participants(0))),
        ),
        (
            TermsFault::EmptyOverall,
            changed(&|terms| terms.policy.overall = Some(Threshold::amount(Amount(0)))),
        ),
        (
            TermsFault::SurplusUnforeseeable { supplier },
            changed(&|terms| {
                terms.policy.confirm = Confirm::OnReach;
                terms.suppliers[0].surplus = Surplus::Reject;
            }),
        ),
        (
            TermsFault::ExtensionNeedsClose,
            changed(&|terms| {
                terms.policy.confirm = Confirm::OnReach;
                terms.policy.stragglers = Stragglers::ExtendOnce { by: span(HOLD) };
            }),
        ),
        (
            TermsFault::RepeatedSupplier { supplier },
            changed(&|terms| terms.suppliers.push(SupplierTerms::new(supplier))),
        ),
        (
            TermsFault::RepeatedCommunity { site: SiteId(1) },
            changed(&|terms| terms.communities.push(community(1))),
        ),
        (
            TermsFault::UnknownSupplier {
                site: SiteId(1),
                supplier: SupplierId(9),
            },
            changed(&|terms| terms.communities[0].supplier = SupplierId(9)),
        ),
    ]
}

#[test]
fn each_fault_of_terms_is_told_by_itself() {
    for (fault, terms) in faulty() {
        let faults = Presale::open(terms, &Limits::default()).expect_err("something is wrong");
        assert_eq!(faults.kept(), [fault]);
        let message = fault.to_string();
        assert!(
            !message.ends_with('.') && !message.starts_with(char::is_uppercase),
            "{message}"
        );
    }
}

#[test]
fn an_empty_threshold_is_told_with_its_community() {
    let message = |site| TermsFault::EmptyThreshold { site }.to_string();
    let of_policy = "threshold asks for nothing, or for 0 of something";
    assert_eq!(message(None), of_policy);
    let of_site = format!("{of_policy} for the community at site 2");
    assert_eq!(message(Some(SiteId(2))), of_site);
}

#[test]
fn all_faults_of_terms_are_told_at_once_and_in_order() {
    let mut terms = ruled(terms(3, 0), |policy| {
        policy.grace = span(HORIZON);
        policy.hold = Span::ZERO;
        policy.threshold = Threshold::participants(0);
        policy.overall = Some(Threshold::participants(0));
        policy.confirm = Confirm::OnReach;
        policy.stragglers = Stragglers::ExtendOnce { by: span(1) };
    });
    terms.opens_at = terms.closes_at;
    terms.unit_price = Amount(0);
    terms.suppliers.push(SupplierTerms {
        surplus: Surplus::Reject,
        ..terms.suppliers[0]
    });
    // Two of a kind, the later site first: those of one kind are told in the order of the terms.
    terms.communities.reverse();
    terms.communities[0].threshold = Some(Threshold::amount(Amount(0)));
    terms.communities[0].supplier = SupplierId(9);
    terms.communities[1].threshold = Some(Threshold::amount(Amount(0)));
    terms.communities[1].supplier = SupplierId(8);
    terms.communities.insert(2, terms.communities[0]);

    let (closes_at, horizon) = (at(CLOSE), at(HORIZON));
    let supplier = SupplierId(1);
    let empty = |site: Option<u64>| TermsFault::EmptyThreshold {
        site: site.map(SiteId),
    };
    let unknown = |site, supplier| TermsFault::UnknownSupplier {
        site: SiteId(site),
        supplier: SupplierId(supplier),
    };
    let faults = Presale::open(terms, &Limits::default()).expect_err("everything is wrong");
    let expected = [
        TermsFault::EmptyWindow {
            opens_at: closes_at,
            closes_at,
        },
        TermsFault::HorizonTooEarly { closes_at, horizon },
        TermsFault::FreeOfCharge,
        TermsFault::NoCommunitiesMin,
        TermsFault::NoHold,
        empty(None),
        empty(Some(3)),
        empty(Some(2)),
        empty(Some(3)),
        TermsFault::EmptyOverall,
        TermsFault::SurplusUnforeseeable { supplier },
        TermsFault::ExtensionNeedsClose,
        TermsFault::RepeatedSupplier { supplier },
        TermsFault::RepeatedCommunity { site: SiteId(3) },
        unknown(3, 9),
        unknown(2, 8),
        unknown(3, 9),
    ];
    assert_eq!(faults.kept(), expected);
    assert_eq!(faults.total(), expected.len());
}

#[test]
fn too_many_members_are_not_looked_at() {
    let limits = Limits {
        sites_max: 2,
        ..Limits::default()
    };
    assert!(Presale::open(terms(2, 1), &limits).is_ok());
    let faults = Presale::open(terms(3, 0), &limits).expect_err("too many");
    let expected = TermsFault::TooManyMembers {
        members: 3,
        limit: 2,
    };
    assert_eq!(faults.kept(), [expected]);
    let mut suppliers = terms(1, 1);
    for number in 2..=3 {
        suppliers.suppliers.push(SupplierTerms {
            case_size: NonZeroU32::MIN,
            ..SupplierTerms::new(SupplierId(number))
        });
    }
    let faults = Presale::open(suppliers, &limits).expect_err("too many");
    assert_eq!(faults.kept(), [expected]);
}

/// The horizon is just far enough for everything that the policy can still make happen after the close.
#[test]
fn the_last_deadline_may_be_at_the_horizon_and_not_after_it() {
    let within = span(7_000);
    let walk_max = catchment::units::Distance::from_metres(300);
    let manual = Confirm::Manual { within };
    let merge = Stragglers::Merge { walk_max, within };
    let longer = Stragglers::ExtendOnce { by: span(900) };
    let table = [
        (Confirm::AtClose, Stragglers::Refund, 50),
        (Confirm::AtClose, Stragglers::FulfilAnyway, 50),
        (Confirm::OnReach, Stragglers::Refund, 50),
        (manual, Stragglers::Refund, 50 + 7_000),
        (Confirm::AtClose, merge, 50 + 7_000),
        (manual, merge, 50 + 14_000),
        (Confirm::AtClose, longer, 50 + 900 + 50),
    ];
    for (confirm, stragglers, after) in table {
        for (missing, fits) in [(0, true), (1, false)] {
            let mut terms = ruled(terms(1, 1), |policy| {
                policy.grace = span(50);
                policy.confirm = confirm;
                policy.stragglers = stragglers;
            });
            terms.horizon = at(CLOSE + after - missing);
            let opened = Presale::open(terms, &Limits::default());
            assert_eq!(opened.is_ok(), fits, "{confirm:?} {stragglers:?}");
        }
    }
}

/// Events that no state brings about, followed as if they had been stored.
#[test]
fn an_event_that_does_not_fit_is_refused() {
    let (one, two, refund) = (SiteId(1), SiteId(2), RefundId(1));
    let (because, epoch) = (Because::Joined, 9);
    let formed = |site| Event::CommunityFormed {
        site,
        epoch,
        because,
    };
    let unformed = |site| Event::CommunityUnformed {
        site,
        epoch,
        because,
    };
    let merged = |site, into| Event::CommunityMerged { site, into };
    let paid = |amount| Event::RefundPaid {
        refund,
        amount: Amount(amount),
    };
    let community = |site| EventMismatch::Community { site };
    // Site 1 has formed, site 2 has not; of a refund of 10 to nobody's pledge, 4 are paid out.
    let lines = [
        fill(20, [1]),
        ok(21, pay(7, 7, 10, 21)),
        ok(22, refunded(1, 4)),
    ];
    let open = played(terms(2, 1), lines.concat());
    let mut over = open.clone();
    over.tick(at(CLOSE)).expect("before the horizon");
    let table = [
        (&open, formed(one), Some(community(one))),
        (&open, formed(two), None),
        (&open, unformed(one), None),
        (&open, unformed(two), Some(community(two))),
        (&open, merged(one, one), Some(community(one))),
        (&open, merged(two, two), Some(community(two))),
        (&open, merged(two, one), None),
        (&open, paid(6), None),
        (&open, paid(7), Some(EventMismatch::Refund { refund })),
        (&over, formed(two), Some(community(two))),
        (&over, unformed(one), Some(community(one))),
        (&over, merged(two, one), Some(community(two))),
        (&over, merged(one, two), Some(community(one))),
    ];
    for (presale, event, mismatch) in table {
        let step = PresaleStep {
            sequence: presale.sequence(),
            at: presale.now(),
            due: vec![event.clone()],
            decided: None,
            events: Vec::new(),
        };
        let followed = presale.clone().follow(&step);
        assert_eq!(
            followed.err(),
            mismatch.map(FollowError::Event),
            "{event:?}"
        );
    }
}

#[cfg(feature = "serde")]
mod forged {
    use catchment::id::{CommandId, PaymentId, PledgeId, SupplierId};
    use catchment::ledger::{Outcome, SnapshotError};
    use catchment::limits::Limits;
    use catchment::money::Amount;
    use catchment::presale::{
        Action, Confirm, Pieces, Presale, PresaleCommand, PresaleSnapshot, Refusal, StoredFault,
        Terms, Verdict,
    };
    use serde_json::{Value, json};

    use crate::presale_script::{CLOSE, at, fill, ruled, span, terms};

    fn read(value: &Value) -> Result<Presale, SnapshotError<StoredFault>> {
        let snapshot: PresaleSnapshot =
            serde_json::from_value(value.clone()).expect("it has the shape of a snapshot");
        Presale::restore(snapshot, &Limits::default())
    }

    /// A presale with a changed state, under the hash of the change.
    fn forge(presale: &Presale, change: impl Fn(&mut Value)) -> Presale {
        let mut value = serde_json::to_value(presale.snapshot()).expect("it is data");
        change(&mut value["state"]);
        let Err(SnapshotError::WrongHash { found, .. }) = read(&value) else {
            panic!("the hash tells the change")
        };
        value["hash"] = serde_json::to_value(found).expect("a hash is data");
        read(&value).expect("the hash is that of the change")
    }

    /// One community has formed, and the close has come.
    fn closed(terms: Terms) -> Presale {
        let mut presale = super::played(terms, fill(20, [1]));
        presale.tick(at(CLOSE)).expect("before the horizon");
        presale
    }

    fn outcome(presale: &mut Presale, action: Action) -> Outcome<Refusal> {
        let command = PresaleCommand::new(CommandId(99), action);
        let answer = presale.apply(at(CLOSE), &command);
        answer.expect("a command").outcome()
    }

    #[test]
    fn the_last_line_of_refunds_is_used_up_before_the_money_is_looked_at() {
        let part = |amount| Action::RefundPart {
            payment: PaymentId(1),
            amount: Amount(amount),
        };
        let lines = |lines: u16| {
            forge(&closed(terms(1, 1)), move |state| {
                state["payments"][0]["parts"] = json!(lines);
            })
        };
        let overflow = Outcome::Refused(Refusal::Overflow);
        assert_eq!(outcome(&mut lines(u16::MAX), part(11)), overflow);
        assert_eq!(outcome(&mut lines(u16::MAX), part(1)), overflow);
        assert_eq!(
            outcome(&mut lines(u16::MAX - 1), part(1)),
            Outcome::Accepted
        );
    }

    #[test]
    fn what_an_operator_confirms_is_judged_again() {
        let manual = ruled(terms(1, 1), |policy| {
            policy.confirm = Confirm::Manual { within: span(200) };
        });
        let mut forged = forge(&closed(manual), |state| state["communities_min"] = json!(2));
        let refused = Outcome::Refused(Refusal::NotEnough { formed: 1 });
        assert_eq!(
            outcome(&mut forged, Action::Decide(Verdict::Confirm)),
            refused
        );
    }

    /// All places of numbers and truths in a value.
    fn leaves(value: &Value, path: &str, to: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    leaves(value, &format!("{path}/{name}"), to);
                }
            }
            Value::Array(items) => {
                for (place, value) in items.iter().enumerate() {
                    leaves(value, &format!("{path}/{place}"), to);
                }
            }
            Value::Number(_) | Value::Bool(_) => to.push(path.to_owned()),
            Value::Null | Value::String(_) => {}
        }
    }

    /// Whatever is stored of a state is in its hash, even what says nothing new.
    #[test]
    fn no_number_of_a_state_can_be_another() {
        let mut delivered = closed(terms(2, 1));
        let (supplier, units) = (SupplierId(1), Pieces(5));
        outcome(&mut delivered, Action::RecordDelivery { supplier, units });
        let within = span(200);
        let awaiting = closed(ruled(terms(2, 1), |policy| {
            policy.confirm = Confirm::Manual { within };
        }));
        let failed = closed(terms(2, 2));
        for presale in [delivered, awaiting, failed] {
            let stored = serde_json::to_value(presale.snapshot()).expect("it is data");
            let mut places = Vec::new();
            leaves(&stored["state"], "/state", &mut places);
            assert!(places.len() > 40, "{stored}");
            for place in places {
                let mut changed = stored.clone();
                let leaf = changed.pointer_mut(&place).expect("a place");
                *leaf = match leaf.as_i64() {
                    Some(number) => json!(number + 1),
                    None => json!(leaf == &json!(false)),
                };
                let read = serde_json::from_value::<PresaleSnapshot>(changed).ok();
                let restored = read.map(|it| Presale::restore(it, &Limits::default()).is_ok());
                assert_ne!(restored, Some(true), "{place}");
            }
        }
    }

    /// Debug builds count small campaigns anew after every command.
    #[cfg(debug_assertions)]
    #[test]
    fn a_broken_invariant_is_noticed() {
        let stranger = crate::presale_script::pay(7, 7, 10, 30);
        let open = super::played(terms(2, 1), fill(20, [1]));
        let confirmed = closed(terms(2, 1));
        for (presale, path, with, told) in [
            (
                &open,
                "/communities/1/is_formed",
                json!(true),
                "forming is a predicate",
            ),
            (&open, "/payments/0/due", json!(5), "what is due is told"),
            (
                &confirmed,
                "/communities_min",
                json!(2),
                "enough had formed",
            ),
        ] {
            let mut forged = forge(presale, |state| {
                *state.pointer_mut(path).expect(path) = with.clone();
            });
            let work = core::panic::AssertUnwindSafe(|| outcome(&mut forged, stranger.clone()));
            let panic = std::panic::catch_unwind(work).expect_err(path);
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            assert!(
                message.is_some_and(|message| message.contains(told)),
                "{message:?}"
            );
        }
    }

    #[test]
    fn a_state_whose_records_do_not_fit_is_none() {
        // A payment of site 1 is captured, one of a pledge nobody made is due.
        let mut presale = closed(terms(2, 1));
        outcome(&mut presale, crate::presale_script::pay(7, 7, 10, CLOSE));
        let stored = serde_json::to_value(presale.snapshot()).expect("it is data");
        let (pledge, place) = (PledgeId(1), 1);
        let table = [
            (
                "/communities/1/terms/site",
                json!(1),
                StoredFault::Community { place },
            ),
            (
                "/pledges/0/community",
                json!(2),
                StoredFault::Pledge { pledge },
            ),
            (
                "/pledges/0/payment",
                Value::Null,
                StoredFault::Pledge { pledge },
            ),
            (
                "/pledges/0/payment",
                json!(2),
                StoredFault::Pledge { pledge },
            ),
            (
                "/payments/0/pledge",
                json!(1),
                StoredFault::Payment {
                    payment: PaymentId(1),
                },
            ),
            (
                "/refunds/0/payment",
                json!(2),
                StoredFault::Refund { place: 0 },
            ),
            (
                "/refunds/0/paid",
                json!(11),
                StoredFault::Refund { place: 0 },
            ),
        ];
        for (path, with, fault) in table {
            let mut forged = stored.clone();
            *forged["state"].pointer_mut(path).expect(path) = with;
            let found = read(&forged).err();
            assert_eq!(found, Some(SnapshotError::State(fault)), "{path}");
        }
        let limits = Limits {
            sites_max: 1,
            ..Limits::default()
        };
        assert!(Presale::restore(presale.snapshot(), &limits).is_err());
    }
}
