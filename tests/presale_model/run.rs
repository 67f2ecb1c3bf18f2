//! One log, step by step: the library beside the model, then the log once more in other ways.

use std::collections::BTreeMap;

use catchment::id::SiteId;
use catchment::ledger::{Answer, FollowError, StateHash};
use catchment::limits::Limits;
use catchment::presale::{
    Action, Because, Event, Presale, PresaleCommand, PresaleSnapshot, PresaleStep, Terms,
};
use catchment::time::Timestamp;

use super::check::{as_expected, key_of, same, same_campaign};
use super::facts::Model;
use super::laws::{confirmed_is_enough, merges_conserve, orders_conserve};
use super::worlds::{Doing, Draw, Script, at, terms};

/// The most steps of one log.
const STEPS: usize = 60;
/// How many of them after the campaign's end.
const AFTER_END: usize = 10;

/// A log as it was run.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) terms: Terms,
    pub(crate) limits: Limits,
    pub(crate) doings: Vec<Doing>,
    pub(crate) steps: Vec<PresaleStep>,
    /// Which of the doings made each step.
    made_by: Vec<usize>,
    pub(crate) presale: Presale,
    /// Taken somewhere: how much was done and how many steps there were.
    cut: Option<(PresaleSnapshot, usize, usize)>,
}

/// Draws a campaign and a log and compares after every step.
pub(crate) fn run(draw: &mut impl Draw) -> Log {
    let mut log = begin(draw);
    go_on(draw, &mut log);
    log
}

pub(crate) fn begin(draw: &mut impl Draw) -> Log {
    let terms = terms(draw);
    let mut limits = Limits::default();
    if draw.one_in(20) {
        limits.commands_max = draw.from(1, 30) as usize;
    }
    Log::open(terms, limits)
}

pub(crate) fn go_on(draw: &mut impl Draw, log: &mut Log) {
    let mut script = Script::new(draw);
    let cut_at = draw.below(STEPS as u32) as usize;
    let mut left = AFTER_END;
    let mut model = Model::new(log.terms.clone(), log.limits.commands_max);
    while log.doings.len() < STEPS && left > 0 && !draw.is_dry() {
        let doing = script.next(draw, &model);
        log.doings.push(doing);
        log.step(&mut model, draw.below(16));
        if log.doings.len() == cut_at {
            let cut = (log.presale.snapshot(), log.doings.len(), log.steps.len());
            log.cut = Some(cut);
        }
        left -= usize::from(log.presale.campaign().phase().is_terminal());
    }
}

/// The same doings once more beside the model.
#[cfg(test)]
pub(crate) fn replay(terms: &Terms, limits: Limits, doings: &[Doing]) -> Log {
    let mut log = Log::open(terms.clone(), limits);
    let mut model = Model::new(terms.clone(), limits.commands_max);
    for (place, doing) in doings.iter().enumerate() {
        log.doings.push(doing.clone());
        log.step(&mut model, place as u32 % 4);
    }
    log
}

impl Log {
    pub(crate) fn open(terms: Terms, limits: Limits) -> Self {
        let presale = Presale::open(terms.clone(), &limits).expect("terms are sound");
        Self {
            terms,
            limits,
            doings: Vec::new(),
            steps: Vec::new(),
            made_by: Vec::new(),
            presale,
            cut: None,
        }
    }

    /// What was added last is done by both.
    pub(crate) fn step(&mut self, model: &mut Model, look: u32) {
        let doing = self.doings.last().expect("something to do");
        let (now, sequence) = (self.presale.now(), self.presale.sequence());
        let is_merge = matches!(doing, Doing::Apply(_, command)
            if matches!(command.action, Action::Merge { .. }));
        let before = is_merge.then(|| self.presale.campaign().clone());
        let step = match doing {
            Doing::Apply(at, command) => apply(&mut self.presale, model, *at, command, look),
            Doing::Tick(at) => tick(&mut self.presale, model, *at),
        };
        if let Some(step) = step {
            // I15.
            assert!(step.at >= now && step.sequence == sequence);
            assert_eq!(step.sequence_after(), self.presale.sequence());
            assert_eq!(step.at, self.presale.now());
            if let Some(before) = before.filter(|_| step.due.is_empty()) {
                merges_conserve(&before, self.presale.campaign(), &step);
            }
            orders_conserve(self.presale.campaign());
            confirmed_is_enough(self.presale.campaign());
            self.steps.push(step);
            self.made_by.push(self.doings.len() - 1);
        } else {
            assert_eq!(
                (self.presale.now(), self.presale.sequence()),
                (now, sequence)
            );
        }
        same(&self.presale, model);
        let next = model.next_due().map(|(at, _)| at);
        assert_eq!(self.presale.next_deadline(), next, "next deadline");
        if look == 1 {
            see_ahead(&self.presale, model);
        }
    }
}

fn apply(
    presale: &mut Presale,
    model: &mut Model,
    at: Timestamp,
    command: &PresaleCommand,
    look: u32,
) -> Option<PresaleStep> {
    let foreseen = (look < 4).then(|| presale.what_if(at, command));
    let answer = presale.apply(at, command);
    if let Some(foreseen) = foreseen {
        assert_eq!(foreseen, answer, "what_if");
    }
    let keys = |id| key_of(presale.campaign(), id);
    let expected = model.apply(at, command, &keys);
    assert_eq!(as_expected(&answer), expected, "{command:?}");
    match answer {
        Ok(Answer::Decided(step)) => {
            // I14.
            let is_refused = step
                .decided
                .is_some_and(|decided| !decided.outcome.is_accepted());
            assert!(!is_refused || step.events.is_empty(), "I14");
            Some(step)
        }
        _ => None,
    }
}

fn tick(presale: &mut Presale, model: &mut Model, at: Timestamp) -> Option<PresaleStep> {
    let before = presale.hash();
    let step = presale.tick(at);
    let expected = model.tick(at);
    assert_eq!(step.is_err(), expected.is_err());
    let step = step.ok().flatten();
    assert_eq!(step.is_some(), expected.ok().flatten().is_some());
    if step.is_none() {
        assert_eq!(presale.hash(), before, "I8: an idle tick");
    }
    step
}

/// A read at a later instant sees what is due by then, and changes nothing.
fn see_ahead(presale: &Presale, model: &Model) {
    let Some((due, _)) = model.next_due() else {
        return;
    };
    for later in [
        due.as_unix_millis() - 1,
        due.as_unix_millis(),
        due.as_unix_millis() + 30,
    ] {
        let mut ahead = model.clone();
        ahead.pass(at(later).min(model.terms.horizon));
        same_campaign(&presale.as_of(at(later)), &ahead);
    }
}

/// I7 and I8: the log again, in every other way that must come to the same.
pub(crate) fn again(log: &Log) {
    let hash = log.presale.hash();
    let open = || Presale::open(log.terms.clone(), &log.limits).expect("terms are sound");
    let repeated = repeat(open(), &log.doings);
    assert_eq!(repeated.hash(), hash, "I7: from the start");
    let followed = follow(open(), &log.steps);
    assert_eq!(followed.hash(), hash, "I7: followed from the start");
    assert_eq!(followed.snapshot(), log.presale.snapshot(), "I7");
    if let Some((snapshot, doings, steps)) = &log.cut {
        let restore = || Presale::restore(snapshot.clone(), &log.limits).expect("what was stored");
        let repeated = repeat(restore(), &log.doings[*doings..]);
        assert_eq!(repeated.hash(), hash, "I7: from a snapshot");
        let mut followed = follow(restore(), &log.steps[*steps..]);
        assert_eq!(followed.hash(), hash, "I7: followed from a snapshot");
        twice(&mut followed, log);
    }
    without_hints(log, open());
    with_more_hints(log, open());
    edges(log);
}

fn repeat(mut presale: Presale, doings: &[Doing]) -> Presale {
    for doing in doings {
        match doing {
            Doing::Apply(at, command) => drop(presale.apply(*at, command)),
            Doing::Tick(at) => drop(presale.tick(*at)),
        }
    }
    presale
}

fn follow(mut presale: Presale, steps: &[PresaleStep]) -> Presale {
    for step in steps {
        presale.follow(step).expect("its own steps");
    }
    presale
}

/// Case 44: a tail that is followed twice is refused by its sequence.
fn twice(presale: &mut Presale, log: &Log) {
    let hash = presale.hash();
    for step in log.steps.iter().rev().take(3) {
        let refused = presale.follow(step);
        assert!(matches!(refused, Err(FollowError::OutOfSequence { .. })));
    }
    assert_eq!(presale.hash(), hash);
}

/// The commands that were decided, each at the instant at which it was.
fn decided(log: &Log) -> impl Iterator<Item = (Timestamp, &PresaleCommand)> {
    let made_by = log.steps.iter().zip(&log.made_by);
    made_by.filter_map(|(step, doing)| match &log.doings[*doing] {
        Doing::Apply(_, command) => Some((step.at, command)),
        Doing::Tick(_) => None,
    })
}

/// The state when all that is due by the end of the log has taken effect: a command may make something due at once.
fn settled(mut presale: Presale, log: &Log) -> StateHash {
    drop(presale.tick(log.presale.now()));
    presale.hash()
}

/// I8: no ticks, no retries, nothing malformed.
fn without_hints(log: &Log, mut presale: Presale) {
    for (at, command) in decided(log) {
        presale.apply(at, command).expect("it was decided before");
    }
    assert_eq!(
        settled(presale, log),
        settled(log.presale.clone(), log),
        "I8: without ticks and retries"
    );
}

/// I8: ticks early, late and twice, and every command three times.
fn with_more_hints(log: &Log, mut presale: Presale) {
    for (at, command) in decided(log) {
        if let Some(deadline) = presale.next_deadline().filter(|next| *next <= at) {
            drop(presale.tick(deadline));
        }
        drop(presale.tick(at));
        drop(presale.tick(at));
        let first = presale.apply(at, command).expect("it was decided before");
        for _ in 0..2 {
            let again = presale.apply(at, command).expect("it was decided before");
            assert_eq!(again.outcome(), first.outcome());
            assert_eq!(again.events().count(), 0, "I8: a retry");
        }
    }
    assert_eq!(
        settled(presale, log),
        settled(log.presale.clone(), log),
        "I8: with ticks and retries"
    );
}

/// I10 and I16, from what was told to the world.
fn edges(log: &Log) {
    let mut told: BTreeMap<SiteId, (bool, u32)> = BTreeMap::new();
    for event in log.steps.iter().flat_map(PresaleStep::all_events) {
        match event {
            Event::CommunityFormed {
                site,
                epoch,
                because,
            } => {
                let before = told.insert(*site, (true, *epoch)).unwrap_or_default();
                assert_eq!(before, (false, epoch - 1), "edges alternate");
                assert_ne!(*because, Because::Left, "I10");
            }
            Event::CommunityUnformed {
                site,
                epoch,
                because,
            } => {
                let before = told.insert(*site, (false, *epoch)).unwrap_or_default();
                assert_eq!(before, (true, epoch - 1), "edges alternate");
                assert_eq!(*because, Because::Left, "I10");
            }
            _ => {}
        }
    }
    enough_at_freeze(log);
}

fn enough_at_freeze(log: &Log) {
    let mut least = log.terms.policy.communities_min;
    let mut is_reached = false;
    for event in log.steps.iter().flat_map(PresaleStep::all_events) {
        match event {
            Event::Amended(catchment::presale::Amendment::CommunitiesMin { communities }) => {
                least = *communities;
            }
            Event::Reached { formed } => {
                assert!(*formed >= least, "I16");
                is_reached = true;
            }
            Event::Confirmed { formed, .. } => assert!(is_reached || *formed >= least, "I16"),
            _ => {}
        }
    }
}
