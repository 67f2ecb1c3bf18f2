//! Presale: commands that are errors: told in order, remembered nowhere.

use catchment::id::{CommandId, PaymentId, PledgeId, RefundId, SiteId, SupplierId};
use catchment::ledger::CommandError;
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Amendment, Combine, CommunityTerms, GuestSite, Malformed, MergedSites, NewPayment,
    Pieces, Presale, PresaleCommand, Threshold, Verdict,
};
use catchment::units::Distance;

use crate::presale_script::{
    CLOSE, HORIZON, at, community, extend, give_back, pay, pledge, refunded, terms, walker,
    withdraw, yuan,
};

/// Commands that make no sense whatever has happened, before the opening and after the end.
#[test]
fn nonsense_is_told_before_anything_else_and_burns_no_id() {
    let empty = Threshold {
        participants: None,
        ..Threshold::participants(1)
    };
    let site = SiteId(99);
    let half = Threshold {
        units: Some(Pieces(0)),
        ..Threshold::participants(1)
    };
    let add = |threshold| {
        let threshold = Some(threshold);
        Action::AddCommunity(CommunityTerms {
            threshold,
            ..community(99)
        })
    };
    let guests = |sites: &[u64]| {
        let guest = |site: &u64| GuestSite {
            site: SiteId(*site),
            walk: Distance::ZERO,
        };
        sites.iter().map(guest).collect()
    };
    let group = |host, sites| MergedSites {
        host: SiteId(host),
        guests: guests(sites),
    };
    let merge = |groups: Vec<MergedSites>| Action::Merge { groups };
    let free = Action::RecordPayment(NewPayment {
        payment: PaymentId(4),
        pledge: PledgeId(99),
        money: yuan(0),
        paid_at: at(20),
    });
    let (refund, payment, nothing) = (RefundId(9), PaymentId(9), Amount(0));
    let no_group = |host| Malformed::NoGroup { host: SiteId(host) };
    let pledge_of = |id| PledgeId(id);
    let min = Amendment::CommunitiesMin { communities: 0 };
    let table = [
        (
            pledge(3, 3, 99, 0),
            Malformed::NoUnits {
                pledge: pledge_of(3),
            },
        ),
        (
            free,
            Malformed::NoMoney {
                payment: PaymentId(4),
            },
        ),
        (refunded(9, 0), Malformed::NoRefund),
        (
            Action::RecordRefund {
                refund,
                amount: nothing,
            },
            Malformed::NoRefund,
        ),
        (
            Action::RefundPart {
                payment,
                amount: nothing,
            },
            Malformed::NoRefund,
        ),
        (
            Action::Amend(Amendment::Default { threshold: empty }),
            Malformed::EmptyThreshold,
        ),
        (
            Action::Amend(Amendment::Community {
                site,
                threshold: half,
            }),
            Malformed::EmptyThreshold,
        ),
        (Action::Amend(min), Malformed::EmptyThreshold),
        (add(empty), Malformed::EmptyThreshold),
        (add(half), Malformed::EmptyThreshold),
        (merge(vec![group(1, &[])]), no_group(1)),
        (merge(vec![group(1, &[1])]), no_group(1)),
        (merge(vec![group(1, &[2, 2])]), no_group(1)),
        (merge(vec![group(1, &[2]), group(2, &[3])]), no_group(2)),
    ];
    for (action, malformed) in table {
        for when in [5, 30, CLOSE] {
            let limits = Limits::default();
            let mut presale = Presale::open(terms(1, 1), &limits).expect("terms");
            let command = PresaleCommand::new(CommandId(1), action.clone());
            let error = Err(CommandError::Malformed(malformed));
            assert_eq!(presale.apply(at(when), &command), error, "{action:?}");
            assert_eq!((presale.sequence(), presale.remembered()), (0, 0));
        }
    }
}

/// Each error of a command comes before those after it in the list, and none of them passes.
#[test]
fn of_several_errors_the_first_is_given() {
    let limits = Limits {
        commands_max: 1,
        ..Limits::default()
    };
    let mut presale = Presale::open(terms(1, 1), &limits).expect("terms");
    let first = PresaleCommand::new(CommandId(1), pledge(1, 1, 1, 1));
    let outcome = presale.apply(at(20), &first).expect("a command").outcome();
    let hash = presale.hash();

    let horizon = at(HORIZON);
    let late = at(HORIZON + 1);
    let beyond = CommandError::BeyondHorizon { at: late, horizon };
    let no_units = Malformed::NoUnits {
        pledge: PledgeId(1),
    };
    let conflict = CommandError::IdConflict {
        id: CommandId(1),
        sequence: 1,
    };
    let nonsense = pledge(1, 1, 1, 0);
    let table = [
        (late, 1, nonsense.clone(), beyond),
        (horizon, 1, nonsense, CommandError::Malformed(no_units)),
        (horizon, 1, pledge(1, 1, 1, 2), conflict),
        (
            horizon,
            2,
            pledge(1, 1, 1, 2),
            CommandError::TooManyCommands { limit: 1 },
        ),
    ];
    for (when, id, action, error) in table {
        let command = PresaleCommand::new(CommandId(id), action);
        assert_eq!(presale.what_if(when, &command), Err(error));
        assert_eq!(presale.apply(when, &command), Err(error));
        assert!(!error.is_transient());
        assert_eq!(presale.hash(), hash, "{error} changes nothing");
    }
    assert_eq!(presale.tick(late), Err(beyond));
    // What is remembered is answered though nothing more can be.
    let again = presale.apply(horizon, &first).expect("a command").outcome();
    assert_eq!((again, presale.hash()), (outcome, hash));
}

/// Thresholds that differ in one thing each.
fn thresholds() -> Vec<Threshold> {
    let one = Threshold::participants(1);
    let (units, combine) = (Some(Pieces(1)), Combine::Any);
    vec![
        one,
        Threshold::participants(2),
        Threshold::units(Pieces(1)),
        Threshold::amount(Amount(1)),
        Threshold { units, ..one },
        Threshold {
            units,
            combine,
            ..one
        },
    ]
}

/// Commands about pledges and money of which no two are the same.
fn about_pledges() -> Vec<Action> {
    let dollars = Action::RecordPayment(NewPayment {
        payment: PaymentId(1),
        pledge: PledgeId(1),
        money: Money {
            currency: Currency::new("USD").expect("a code"),
            ..yuan(10)
        },
        paid_at: at(20),
    });
    let part = |payment, amount| Action::RefundPart {
        payment: PaymentId(payment),
        amount: Amount(amount),
    };
    let failed = |refund| Action::RecordRefundFailure {
        refund: RefundId(refund),
    };
    vec![
        pledge(1, 1, 1, 1),
        pledge(2, 1, 1, 1),
        pledge(1, 2, 1, 1),
        pledge(1, 1, 2, 1),
        pledge(1, 1, 1, 2),
        walker(pledge(1, 1, 1, 1)),
        pay(1, 1, 10, 20),
        pay(2, 1, 10, 20),
        pay(1, 2, 10, 20),
        pay(1, 1, 20, 20),
        pay(1, 1, 10, 21),
        dollars,
        withdraw(1),
        withdraw(2),
        give_back(1),
        give_back(2),
        refunded(1, 1),
        refunded(2, 1),
        refunded(1, 2),
        failed(1),
        failed(2),
        part(1, 1),
        part(2, 1),
        part(1, 2),
    ]
}

/// Commands about the campaign of which no two are the same.
fn about_the_campaign() -> Vec<Action> {
    let mut actions = vec![
        extend(CLOSE + 1),
        extend(CLOSE + 2),
        Action::AddCommunity(community(1)),
        Action::AddCommunity(community(2)),
        Action::AddCommunity(CommunityTerms {
            supplier: SupplierId(2),
            ..community(1)
        }),
        Action::Cancel,
        Action::Decide(Verdict::Confirm),
        Action::Decide(Verdict::Fail),
    ];
    for threshold in thresholds() {
        actions.push(Action::Amend(Amendment::Default { threshold }));
        actions.push(Action::AddCommunity(CommunityTerms {
            threshold: Some(threshold),
            ..community(1)
        }));
        for site in [1, 2].map(SiteId) {
            actions.push(Action::Amend(Amendment::Community { site, threshold }));
        }
    }
    for number in [1, 2] {
        let (communities, site) = (number, SiteId(number.into()));
        actions.push(Action::Amend(Amendment::CommunitiesMin { communities }));
        actions.push(Action::RemoveCommunity { site });
        for units in [1, 2].map(Pieces) {
            let supplier = SupplierId(number.into());
            actions.push(Action::RecordDelivery { supplier, units });
        }
    }
    let group = |host, guests: &[u64], metres| MergedSites {
        host: SiteId(host),
        guests: guests
            .iter()
            .map(|site| GuestSite {
                site: SiteId(*site),
                walk: Distance::from_metres(metres),
            })
            .collect(),
    };
    for groups in [
        vec![],
        vec![group(1, &[2], 5)],
        vec![group(1, &[2], 6)],
        vec![group(1, &[3], 5)],
        vec![group(3, &[2], 5)],
        vec![group(1, &[2, 3], 5)],
        vec![group(1, &[3, 2], 5)],
        vec![group(1, &[2], 5), group(3, &[4], 5)],
        vec![group(3, &[4], 5), group(1, &[2], 5)],
    ] {
        actions.push(Action::Merge { groups });
    }
    actions
}

/// A retry says all that was said: who says anything else under the same id is told so, whatever it is.
#[test]
fn an_id_with_anything_else_in_its_command_is_a_conflict() {
    let actions = [about_pledges(), about_the_campaign()].concat();
    let (id, limits) = (CommandId(1), Limits::default());
    for first in &actions {
        let mut presale = Presale::open(terms(2, 1), &limits).expect("terms");
        for other in [core::slice::from_ref(first), &actions].concat() {
            let answer = presale.apply(at(5), &PresaleCommand::new(id, other.clone()));
            if other == *first {
                assert!(answer.is_ok(), "{first:?}");
            } else {
                let sequence = 0;
                let conflict = CommandError::IdConflict { id, sequence };
                assert_eq!(answer, Err(conflict), "{first:?} {other:?}");
            }
        }
    }
}
