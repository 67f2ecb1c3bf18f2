//! Presale: whenever a service dies, what it has stored is enough to go on as if it had not; and what was damaged on
//! the way is never taken for something else.

#![allow(clippy::panic, reason = "what is not as it should be fails the test")]

use std::num::NonZeroU32;

use catchment::id::{CommandId, PaymentId, RefundId, SiteId, SupplierId};
use catchment::ledger::FollowError;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::presale::{
    Action, Amendment, BasisPoints, Caps, CommunityTerms, Confirm, GuestSite, MergedSites,
    Overflow, Pieces, Presale, PresaleAnswer, PresaleCommand, PresaleSnapshot, PresaleStep,
    Stragglers, SupplierTerms, Terms, Threshold, Tier, Tiers, Verdict,
};
use catchment::time::Timestamp;
use catchment::units::Distance;

use crate::presale_script::{
    CLOSE, PRICE, at, community, extend, give_back, pay, pledge, refunded, ruled, span, terms,
    walker, withdraw,
};

/// A sequence of numbers that depends on nothing but its seed: Steele, Lea and Flood, "Fast Splittable Pseudorandom
/// Number Generators", OOPSLA 2014.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn small(&mut self, sides: u64) -> u32 {
        u32::try_from(self.throw(sides)).expect("few sides")
    }
}

/// One of each way to confirm and to treat stragglers, with caps, cases, tiers and a grace.
fn some_terms(dice: &mut Dice) -> Terms {
    let within = span(150);
    let (confirm, stragglers) = match dice.throw(6) {
        0 => (Confirm::AtClose, Stragglers::Refund),
        1 => (Confirm::OnReach, Stragglers::Refund),
        2 => (Confirm::Manual { within }, Stragglers::FulfilAnyway),
        3 => (Confirm::AtClose, Stragglers::ExtendOnce { by: span(300) }),
        _ => {
            let walk_max = Distance::from_metres(300);
            (Confirm::AtClose, Stragglers::Merge { walk_max, within })
        }
    };
    let tier = Tier {
        units_min: Pieces(5),
        discount: BasisPoints::new(1_500).expect("at most all"),
    };
    let mut terms = ruled(terms(3, 1 + dice.small(2)), |policy| {
        policy.threshold = Threshold::participants(2);
        policy.confirm = confirm;
        policy.stragglers = stragglers;
        policy.grace = span(60);
        policy.hold = span(300);
        policy.tiers = Tiers::new(vec![tier]).expect("one tier");
        policy.caps = Caps {
            per_customer: Some(Pieces(5)),
            per_community: None,
            per_campaign: Some(Pieces(11)),
        };
    });
    if dice.throw(2) == 0 {
        terms.policy.overflow = Overflow::Waitlist;
    }
    terms.suppliers[0].case_size = NonZeroU32::new(4).expect("not 0");
    terms.suppliers.push(SupplierTerms::new(SupplierId(2)));
    terms.communities[2] = CommunityTerms {
        supplier: SupplierId(2),
        threshold: Some(Threshold::units(Pieces(3))),
        ..terms.communities[2]
    };
    terms
}

/// Mostly pledges and payments, with ids that collide at times.
fn some_action(dice: &mut Dice, now: i64) -> Action {
    let known = 1 + dice.throw(9);
    let site = 1 + dice.throw(3);
    let units = 1 + u32::from(known.is_multiple_of(4));
    match dice.throw(32) {
        0..=6 => pledge(known, 1 + known % 7, 1 + known % 3, units),
        7..=10 => walker(pledge(known, 1 + known % 7, 1 + known % 3, units)),
        11..=20 => pay(known, known, PRICE * u64::from(units), now - 20),
        21 => pay(
            1 + dice.throw(16),
            known,
            PRICE * (1 + dice.throw(2)),
            now + 20,
        ),
        22 | 23 => withdraw(known),
        24 => give_back(known),
        25 => refunded(1 + dice.throw(4), 1 + dice.throw(10)),
        26 => Action::RecordRefundFailure {
            refund: RefundId(known),
        },
        27 => Action::RefundPart {
            payment: PaymentId(known),
            amount: Amount(3),
        },
        28 => Action::RecordDelivery {
            supplier: SupplierId(1 + dice.throw(2)),
            units: Pieces(3),
        },
        29 => match dice.throw(9) {
            0 => Action::Cancel,
            1..=3 => Action::AddCommunity(community(4)),
            4 => Action::RemoveCommunity { site: SiteId(site) },
            _ => Action::Decide(Verdict::Confirm),
        },
        30 => match dice.throw(3) {
            0 => extend(CLOSE + 100),
            1 => Action::Amend(Amendment::CommunitiesMin { communities: 1 }),
            _ => Action::Amend(Amendment::Community {
                site: SiteId(site),
                threshold: Threshold::participants(1),
            }),
        },
        _ => Action::Merge {
            groups: vec![MergedSites {
                host: SiteId(site),
                guests: vec![GuestSite {
                    site: SiteId(site % 3 + 1),
                    walk: Distance::from_metres(200),
                }],
            }],
        },
    }
}

/// What reached the service, and what it answered and stored.
struct Log {
    seed: u64,
    entries: Vec<(Timestamp, PresaleCommand)>,
    answers: Vec<PresaleAnswer>,
    /// Before each entry, and after the last.
    snapshots: Vec<PresaleSnapshot>,
    last: Presale,
}

impl Log {
    /// Commands from before the opening to after the last deadline; every fifth comes a second time, later.
    fn new(seed: u64, length: usize) -> Self {
        let mut dice = Dice(seed);
        let mut last = Presale::open(some_terms(&mut dice), &Limits::default()).expect("terms");
        let mut log = (Vec::new(), Vec::new(), Vec::new());
        let mut now = 0;
        let rush = 1 + CLOSE.unsigned_abs() / length as u64;
        for number in 0..length as u64 {
            now += i64::from(dice.small(rush * 3));
            let id = if dice.throw(5) == 0 {
                number / 2
            } else {
                number
            };
            let command = match log
                .0
                .iter()
                .find(|(_, before): &&(_, PresaleCommand)| before.id.0 == id)
            {
                Some((_, before)) => before.clone(),
                None => PresaleCommand::new(CommandId(id), some_action(&mut dice, now)),
            };
            log.2.push(last.snapshot());
            log.1
                .push(last.apply(at(now), &command).expect("it makes sense"));
            log.0.push((at(now), command));
        }
        log.2.push(last.snapshot());
        Self {
            seed,
            entries: log.0,
            answers: log.1,
            snapshots: log.2,
            last,
        }
    }

    fn restored(&self, cut: usize) -> Presale {
        let restored = Presale::restore(self.snapshots[cut].clone(), &Limits::default());
        restored.unwrap_or_else(|error| panic!("seed {}, cut {cut}: {error}", self.seed))
    }

    fn check_end(&self, presale: &Presale, cut: usize) {
        assert_eq!(
            presale.hash(),
            self.last.hash(),
            "seed {}, cut {cut}",
            self.seed
        );
        let snapshot = self
            .snapshots
            .last()
            .expect("there is one after the last entry");
        assert_eq!(
            &presale.snapshot(),
            snapshot,
            "seed {}, cut {cut}",
            self.seed
        );
    }

    /// A service that died before an entry is restored and goes on, by the commands and by the steps.
    fn check_cut(&self, cut: usize) {
        let mut again = self.restored(cut);
        let mut following = self.restored(cut);
        for ((when, command), answer) in self.entries.iter().zip(&self.answers).skip(cut) {
            let found = again.apply(*when, command).expect("it made sense before");
            assert_eq!(&found, answer, "seed {}, cut {cut}", self.seed);
            if let PresaleAnswer::Decided(step) = answer {
                following.follow(step).expect("it follows");
            }
        }
        self.check_end(&again, cut);
        self.check_end(&following, cut);
    }
}

#[test]
fn whoever_is_restored_goes_on_as_if_nothing_had_happened() {
    const LENGTH: usize = 24;
    const LOGS: u64 = 4_000;
    let mut pairs = 0;
    let mut ends = std::collections::BTreeSet::new();
    for seed in 0..LOGS {
        let log = Log::new(seed, LENGTH);
        for cut in 0..=LENGTH {
            log.check_cut(cut);
            pairs += 1;
        }
        ends.insert(format!("{:?}", log.last.campaign().phase()));
    }
    assert_eq!(pairs, 100_000);
    // The logs get somewhere.
    for phase in [
        "Open",
        "ConfirmedOpen",
        "Closing",
        "Deciding",
        "Confirmed",
        "Failed",
        "Cancelled",
    ] {
        let found = ends
            .iter()
            .filter(|end| end.split([' ', '(']).next() == Some(phase));
        assert!(found.count() > 0, "{phase} is not among {ends:?}");
    }
}

/// Steps that come twice, late or out of turn are refused by their sequence and change nothing.
#[test]
fn a_step_that_does_not_go_on_is_refused() {
    for seed in 0..200 {
        let log = Log::new(seed, 24);
        let decided = |answer: &PresaleAnswer| match answer {
            PresaleAnswer::Decided(step) => Some(step.clone()),
            PresaleAnswer::Replayed { .. } => None,
        };
        let steps: Vec<PresaleStep> = log.answers.iter().filter_map(decided).collect();
        let mut following = log.restored(0);
        for (place, step) in steps.iter().enumerate() {
            let expected = following.sequence();
            for other in &steps[..place] {
                let found = other.sequence;
                let refused = FollowError::OutOfSequence { expected, found };
                assert_eq!(following.follow(other), Err(refused), "seed {seed}");
            }
            if let Some(next) = steps.get(place + 1) {
                let found = next.sequence;
                let refused = FollowError::OutOfSequence { expected, found };
                assert_eq!(following.follow(next), Err(refused), "seed {seed}");
            }
            following.follow(step).expect("it is its turn");
        }
        log.check_end(&following, 0);
    }
}

/// Long enough for every phase, with holds, queues, refunds of all kinds, and a merge.
#[cfg(feature = "serde")]
mod damage {
    use super::{Limits, Log, Presale, PresaleSnapshot};

    /// Neither a panic nor another state: an error, or what was stored.
    fn check(original: &Log, what: &str, read: impl FnOnce() -> Option<PresaleSnapshot>) {
        let Some(snapshot) = read() else {
            return;
        };
        if let Ok(found) = Presale::restore(snapshot, &Limits::default()) {
            assert_eq!(
                found.hash(),
                original.last.hash(),
                "seed {}: {what}",
                original.seed
            );
            let stored = original.last.snapshot();
            assert_eq!(found.snapshot(), stored, "seed {}: {what}", original.seed);
        }
    }

    /// Every truncation, and every one-bit flip of the whole.
    fn damage(log: &Log, bytes: &[u8], read: impl Fn(&[u8]) -> Option<PresaleSnapshot>) {
        let whole = read(bytes).expect("it was written");
        assert_eq!(whole, log.last.snapshot());
        for length in 0..bytes.len() {
            check(log, &format!("first {length} bytes"), || {
                read(&bytes[..length])
            });
        }
        let mut flipped = bytes.to_vec();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                flipped[place] ^= 1 << bit;
                check(log, &format!("bit {bit} of byte {place}"), || {
                    read(&flipped)
                });
                flipped[place] ^= 1 << bit;
            }
        }
    }

    const SEEDS: core::ops::Range<u64> = 0..12;

    #[test]
    fn no_damaged_text_is_another_state() {
        for seed in SEEDS {
            let log = Log::new(seed, 24);
            let text = serde_json::to_vec(&log.last.snapshot()).expect("it is data");
            damage(&log, &text, |bytes| serde_json::from_slice(bytes).ok());
        }
    }

    #[test]
    fn no_damaged_bytes_are_another_state() {
        for seed in SEEDS {
            let log = Log::new(seed, 24);
            let bytes = postcard::to_allocvec(&log.last.snapshot()).expect("it is data");
            damage(&log, &bytes, |bytes| postcard::from_bytes(bytes).ok());
        }
    }
}
