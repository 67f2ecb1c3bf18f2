//! Presale: commands that are errors: told in order, remembered nowhere.

use catchment::id::{CommandId, PaymentId, PledgeId, RefundId, SiteId};
use catchment::ledger::CommandError;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Action, Amendment, CommunityTerms, GuestSite, Malformed, MergedSites, NewPayment, Pieces,
    Presale, PresaleCommand, Threshold,
};
use catchment::units::Distance;

use crate::presale_script::{CLOSE, HORIZON, at, community, pledge, refunded, terms, yuan};

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
