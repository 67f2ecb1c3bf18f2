//! Presale: everything that is wrong with terms is told at once and in order; and what only a forged state can bring
//! about is refused all the same.

#![allow(clippy::panic, reason = "what is not as it should be fails the test")]

use std::num::NonZeroU32;

use catchment::id::{SiteId, SupplierId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Confirm, Pieces, Presale, Stragglers, SupplierTerms, Surplus, Terms, TermsFault, Threshold,
};
use catchment::time::Span;

use crate::presale_script::{CLOSE, HOLD, HORIZON, at, community, ruled, span, terms};

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

#[cfg(feature = "serde")]
mod forged {
    use catchment::id::{CommandId, PaymentId};
    use catchment::ledger::{Outcome, SnapshotError};
    use catchment::limits::Limits;
    use catchment::money::Amount;
    use catchment::presale::{
        Action, Confirm, Presale, PresaleCommand, PresaleSnapshot, Refusal, Terms, Verdict,
    };
    use serde_json::{Value, json};

    use crate::presale_script::{CLOSE, Line, at, fill, ruled, span, terms};

    /// A presale with a changed state, under the hash of the change.
    fn forge(presale: &Presale, change: impl Fn(&mut Value)) -> Presale {
        let mut value = serde_json::to_value(presale.snapshot()).expect("it is data");
        change(&mut value["state"]);
        let read = |value: &Value| -> PresaleSnapshot {
            serde_json::from_value(value.clone()).expect("it has the shape of a snapshot")
        };
        let Err(SnapshotError::WrongHash { found, .. }) =
            Presale::restore(read(&value), &Limits::default())
        else {
            panic!("the hash tells the change")
        };
        value["hash"] = serde_json::to_value(found).expect("a hash is data");
        Presale::restore(read(&value), &Limits::default()).expect("the hash is that of the change")
    }

    /// One community has formed, and the close has come.
    fn closed(terms: Terms) -> Presale {
        let mut presale = Presale::open(terms, &Limits::default()).expect("terms");
        for (place, line) in (0..).zip(fill(20, [1])) {
            if let Line::Do {
                at: when, action, ..
            } = line
            {
                let command = PresaleCommand::new(CommandId(place), action);
                presale.apply(at(when), &command).expect("a command");
            }
        }
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
}
