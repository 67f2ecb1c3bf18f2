//! Many campaigns in one book are as many presales side by side, whatever the number of threads.

use catchment::id::{CampaignId, CommandId, RefundId};
use catchment::ledger::{CommandError, FollowError};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Action, BookError, BookSnapshotError, CompactError, OpenError, Phase, Policy, Presale,
    PresaleBook, PresaleCommand, ReopenError, Threshold,
};
use catchment::time::Timestamp;
use proptest::prelude::*;

use crate::presale_town::{CLOSES, at, paid, policies, scripts, terms};

type Script = Vec<(CampaignId, Timestamp, PresaleCommand)>;

fn book(policies: &[Policy]) -> PresaleBook {
    let mut book = PresaleBook::new(Limits::default());
    for (id, policy) in (1..).zip(policies) {
        book.open(terms(id, 1..=6, policy.clone()))
            .expect("sound terms");
    }
    book
}

/// All that two books can differ in.
#[track_caller]
fn same(one: &PresaleBook, other: &PresaleBook) {
    assert_eq!(one.hash(), other.hash());
    assert_eq!(one.snapshot(), other.snapshot());
    assert_eq!(one.next_deadline(), other.next_deadline());
}

/// The first deadline of all campaigns by asking each.
fn earliest(book: &PresaleBook) -> Option<Timestamp> {
    book.presales()
        .filter_map(|(_, presale)| presale.next_deadline())
        .min()
}

#[cfg(feature = "rayon")]
fn with_threads<A: Send>(threads: usize, work: impl FnOnce() -> A + Send) -> A {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().expect("a pool").install(work)
}

#[cfg(not(feature = "rayon"))]
fn with_threads<A>(_: usize, work: impl FnOnce() -> A) -> A {
    work()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_batch_is_one_after_the_other(
        policies in proptest::collection::vec(policies(), 1..5),
        script in scripts(4, 120),
        cuts in proptest::collection::vec(0..120_usize, 0..4),
    ) {
        let mut single = book(&policies);
        let mut alone: Vec<Presale> = single.presales().map(|(_, presale)| presale.clone()).collect();
        let mut expected = Vec::new();
        for (campaign, at, command) in &script {
            let answer = single.apply(*at, *campaign, command);
            if let Some(presale) = alone.get_mut(campaign.0 as usize - 1) {
                prop_assert_eq!(&answer, &presale.apply(*at, command).map_err(BookError::from));
            } else {
                prop_assert_eq!(&answer, &Err(BookError::UnknownCampaign { campaign: *campaign }));
            }
            expected.push(answer);
            prop_assert_eq!(single.next_deadline(), earliest(&single));
        }
        for threads in [1, 2, 8] {
            let mut batched = book(&policies);
            let answers = with_threads(threads, || {
                let mut answers = Vec::new();
                for batch in chunks(&script, &cuts) {
                    answers.extend(batched.apply_batch(batch));
                }
                answers
            });
            prop_assert_eq!(&answers, &expected);
            same(&batched, &single);
        }
    }

    #[test]
    fn ticks_of_the_book_are_ticks_of_its_campaigns(
        policies in proptest::collection::vec(policies(), 1..5),
        script in scripts(4, 80),
        ticks in proptest::collection::vec(0..80_usize, 0..8),
    ) {
        let mut book = book(&policies);
        let mut alone: Vec<Presale> = book.presales().map(|(_, presale)| presale.clone()).collect();
        for (place, (campaign, at, command)) in script.iter().enumerate() {
            let _ = book.apply(*at, *campaign, command);
            if let Some(presale) = alone.get_mut(campaign.0 as usize - 1) {
                let _ = presale.apply(*at, command);
            }
            if ticks.contains(&place) {
                let steps = book.tick(*at);
                let expected = (1..).zip(&mut alone).filter_map(|(id, presale)| {
                    let step = presale.tick(*at).map_err(BookError::from).transpose()?;
                    Some((CampaignId(id), step))
                });
                prop_assert_eq!(steps, expected.collect::<Vec<_>>());
            }
        }
        // Driven by its own queue, the book comes to rest where each campaign does.
        while let Some(deadline) = book.next_deadline() {
            prop_assert_eq!(Some(deadline), earliest(&book));
            prop_assert!(!book.tick(deadline).is_empty());
        }
        for ((_, presale), alone) in book.presales().zip(&mut alone) {
            alone.tick(alone.campaign().terms().horizon).expect("within the horizon");
            prop_assert!(presale.campaign().phase().is_terminal());
            prop_assert_eq!(presale.hash(), alone.hash());
        }
    }

    #[test]
    fn a_stored_book_goes_on_as_the_book(
        policies in proptest::collection::vec(policies(), 1..5),
        script in scripts(4, 80),
        cut in 0..80_usize,
    ) {
        let (head, tail) = script.split_at(cut.min(script.len()));
        let mut whole = book(&policies);
        whole.apply_batch(head);
        let mut restored = PresaleBook::restore(whole.snapshot(), Limits::default()).expect("as stored");
        same(&restored, &whole);
        let mut followed = restored.clone();
        for (place, answer) in whole.apply_batch(tail).into_iter().enumerate() {
            if let Ok(catchment::presale::PresaleAnswer::Decided(step)) = &answer {
                followed.follow(tail[place].0, step).expect("the next step");
                let again = followed.follow(tail[place].0, step);
                prop_assert!(matches!(again, Err(BookError::Follow(_))));
            }
        }
        restored.apply_batch(tail);
        same(&restored, &whole);
        same(&followed, &whole);
    }
}

/// The script in batches that end at the cuts.
fn chunks<'a>(
    script: &'a Script,
    cuts: &[usize],
) -> Vec<&'a [(CampaignId, Timestamp, PresaleCommand)]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(script.len())).collect();
    cuts.extend([0, script.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| &script[pair[0]..pair[1]])
        .collect()
}

/// A book with campaign 1, where one customer has paid and two are needed.
fn book_of_one() -> PresaleBook {
    let mut book = book(&[Policy::new(Threshold::participants(2))]);
    let presale = paid(
        terms(1, 1..=6, Policy::new(Threshold::participants(2))),
        &[(1, 1, 2)],
    );
    let snapshot = presale.snapshot();
    let restored = Presale::restore(snapshot, &Limits::default()).expect("as stored");
    assert_eq!(restored.hash(), presale.hash());
    let commands = [
        crate::presale_town::pledge(1, 1, 1, 2),
        crate::presale_town::payment(1, 1, 2, 1),
    ];
    for (id, action) in (2..).zip(commands) {
        let command = PresaleCommand::new(CommandId(id), action);
        book.apply(at(1), CampaignId(1), &command).expect("decided");
    }
    assert_eq!(
        book.presale(CampaignId(1)).map(Presale::hash),
        Some(presale.hash())
    );
    book
}

#[test]
fn a_campaign_is_put_away_when_nobody_is_owed_anything() {
    let campaign = CampaignId(1);
    let mut book = book_of_one();
    let absent = CampaignId(7);
    let unknown = BookError::UnknownCampaign { campaign: absent };
    assert_eq!(book.compact(absent), Err(CompactError::Absent(unknown)));
    let phase = Phase::Open;
    assert_eq!(
        book.compact(campaign),
        Err(CompactError::NotTerminal { campaign, phase })
    );

    // It fails: 1,980 are due.
    assert_eq!(book.tick(at(CLOSES)).len(), 1);
    let (refund, amount) = (RefundId(1), Amount(1_980));
    let due = CompactError::MoneyDue {
        campaign,
        refund,
        amount,
    };
    assert_eq!(book.compact(campaign), Err(due));
    assert_eq!(
        due.to_string(),
        "of refund 1 of campaign 1, 1980 minor units are due"
    );
    let pay = Action::RecordRefund { refund, amount };
    book.apply(
        at(CLOSES),
        campaign,
        &PresaleCommand::new(CommandId(9), pay),
    )
    .expect("decided");

    let before = book.hash();
    let archived = book.compact(campaign).expect("settled");
    assert_eq!(book.presales().len(), 0);
    let record = *book.compacted().next().expect("a record");
    assert_eq!((record.campaign, record.hash), (campaign, archived.hash()));
    assert!(record.phase.is_terminal());
    assert_eq!(book.next_deadline(), None);

    // Its id stays taken, and whoever still comes is told.
    let gone = BookError::Compacted { campaign };
    let late = PresaleCommand::new(CommandId(10), crate::presale_town::payment(8, 1, 2, 1));
    assert_eq!(book.apply(at(CLOSES), campaign, &late), Err(gone));
    assert_eq!(
        book.apply_batch(&[(campaign, at(CLOSES), late.clone())]),
        [Err(gone)]
    );
    assert_eq!(book.tick_one(at(CLOSES), campaign), Err(gone));
    assert_eq!(book.compact(campaign), Err(CompactError::Absent(gone)));
    let again = terms(1, 1..=6, Policy::new(Threshold::participants(2)));
    assert_eq!(book.open(again), Err(OpenError::Exists { campaign }));

    // The record outlives a restart; the late payment is recorded and due once the archive is back.
    let mut book = PresaleBook::restore(book.snapshot(), Limits::default()).expect("as stored");
    let other = book_of_one().presale(campaign).expect("open").snapshot();
    let hash = other.hash();
    assert_eq!(book.reopen(other), Err(ReopenError::NotCompacted { hash }));
    book.reopen(archived.clone()).expect("as archived");
    assert_eq!(book.hash(), before);
    assert!(
        book.apply(at(CLOSES), campaign, &late)
            .expect("decided")
            .outcome()
            .is_accepted()
    );
    assert!(matches!(
        book.compact(campaign),
        Err(CompactError::MoneyDue { .. })
    ));
    let hash = archived.hash();
    assert_eq!(
        book.reopen(archived),
        Err(ReopenError::NotCompacted { hash })
    );
}

#[test]
fn a_clock_that_ran_away_wakes_nobody() {
    let mut book = book_of_one();
    let before = book.hash();
    let horizon = at(100 * CLOSES);
    let far = at(1_000 * CLOSES);
    let beyond = BookError::Command(CommandError::BeyondHorizon { at: far, horizon });
    assert_eq!(book.tick(far), [(CampaignId(1), Err(beyond))]);
    assert_eq!(
        (book.hash(), book.next_deadline()),
        (before, Some(at(CLOSES)))
    );
    // Whoever did sleep so long goes to the horizon.
    assert!(
        book.tick_one(horizon, CampaignId(1))
            .expect("believed")
            .is_some()
    );
    assert_eq!(book.tick_one(horizon, CampaignId(1)), Ok(None));
    assert_eq!((book.next_deadline(), book.tick(far)), (None, Vec::new()));
}

#[test]
fn a_book_has_its_limits() {
    let limits = Limits {
        campaigns_max: 2,
        ..Limits::default()
    };
    let mut book = PresaleBook::new(limits);
    let policy = Policy::new(Threshold::participants(2));
    for id in [1, 2] {
        book.open(terms(id, 1..=2, policy.clone())).expect("room");
    }
    assert_eq!(book.limits(), &limits);
    let too_many = Err(OpenError::TooManyCampaigns { limit: 2 });
    assert_eq!(book.open(terms(3, 1..=2, policy.clone())), too_many);
    assert!(matches!(
        book.open(terms(2, 1..=2, policy)),
        Err(OpenError::Exists { .. })
    ));
    let snapshot = book.snapshot();
    assert!(PresaleBook::restore(snapshot.clone(), limits).is_ok());
    // What was put away counts: its id stays taken.
    book.tick(at(CLOSES));
    book.compact(CampaignId(1)).expect("nobody came");
    let policy = Policy::new(Threshold::participants(2));
    assert_eq!(book.open(terms(3, 1..=2, policy)), too_many);
    let limits = Limits {
        campaigns_max: 1,
        ..limits
    };
    let refused = PresaleBook::restore(snapshot, limits);
    let (campaigns, limit) = (2, 1);
    assert_eq!(
        refused.err(),
        Some(BookSnapshotError::TooManyCampaigns { campaigns, limit })
    );

    let mut faulty = terms(4, 1..=2, Policy::new(Threshold::participants(0)));
    faulty.communities.clear();
    assert!(matches!(
        PresaleBook::default().open(faulty),
        Err(OpenError::Terms(_))
    ));
}

#[test]
fn it_helps_to_open_a_campaign_and_to_wait_for_its_end() {
    let campaign = CampaignId(1);
    let (unknown, gone) = (
        BookError::UnknownCampaign { campaign },
        BookError::Compacted { campaign },
    );
    let (id, limit, sequence) = (CommandId(1), 1, 1);
    let full = BookError::Command(CommandError::TooManyCommands { limit });
    let conflict = BookError::Command(CommandError::IdConflict { id, sequence });
    let out = BookError::Follow(FollowError::OutOfSequence {
        expected: 1,
        found: 2,
    });
    for (error, is_transient) in [
        (unknown, true),
        (gone, true),
        (full, false),
        (conflict, false),
        (out, false),
    ] {
        assert_eq!(error.is_transient(), is_transient, "{error}");
    }
    let phase = Phase::Open;
    let due = CompactError::MoneyDue {
        campaign,
        refund: RefundId(1),
        amount: Amount(1),
    };
    assert!(CompactError::NotTerminal { campaign, phase }.is_transient());
    assert!(due.is_transient());
    assert!(!CompactError::Absent(unknown).is_transient());
}

#[cfg(feature = "serde")]
#[test]
fn a_damaged_snapshot_is_an_error() {
    let mut book = book_of_one();
    let policy = Policy::new(Threshold::participants(1));
    book.open(terms(2, 1..=2, policy)).expect("sound terms");
    book.tick(at(CLOSES));
    book.compact(CampaignId(2)).expect("nobody came");
    let text = serde_json::to_string(&book.snapshot()).expect("text");
    let read = |text: &str| -> Option<PresaleBook> {
        let snapshot = serde_json::from_str(text).ok()?;
        PresaleBook::restore(snapshot, Limits::default()).ok()
    };
    same(&read(&text).expect("as stored"), &book);
    let mut refused = 0;
    for (place, byte) in text.bytes().enumerate() {
        for changed in [byte ^ 1, byte ^ 2] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = changed;
            let Ok(damaged) = String::from_utf8(bytes) else {
                continue;
            };
            match read(&damaged) {
                // Another name of the same value, no other value.
                Some(other) => assert_eq!(other.snapshot(), book.snapshot(), "{place}"),
                None => refused += 1,
            }
        }
    }
    assert!(refused > text.len());
}
