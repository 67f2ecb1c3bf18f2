//! A language for presale cases: terms, a script of commands with the outcomes that are right, and the right end. One
//! function runs a case in every way in which a service may run it, and none may differ.

#![allow(clippy::panic, reason = "what is not as it should be fails the test")]

use catchment::id::{
    CampaignId, CommandId, CustomerId, PaymentId, PledgeId, RefundId, SiteId, SkuId, SupplierId,
};
use catchment::ledger::{CommandError, FollowError, Outcome, StateHash};
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{
    Action, Campaign, CommunityStage, CommunityTerms, ConfirmedPieces, Event, IfUnformed,
    Malformed, NewPayment, NewPledge, Phase, Pieces, PledgeState, Policy, Presale, PresaleAnswer,
    PresaleCommand, PresaleStep, RefundCause, Refusal, SupplierTerms, Terms, Threshold, purchases,
};
use catchment::time::{Span, Timestamp};
use catchment::units::Quantity;

/// The instants of [`terms`]: milliseconds, small enough to be read.
pub(crate) const OPEN: i64 = 10;
pub(crate) const CLOSE: i64 = 1_000;
pub(crate) const HOLD: i64 = 100;
pub(crate) const HORIZON: i64 = 100_000;
/// Of a piece, in minor units.
pub(crate) const PRICE: u64 = 10;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

pub(crate) fn span(millis: i64) -> Span {
    Span::from_millis(millis.unsigned_abs())
}

/// Communities at sites 1 to `communities`, of which `least` must form, with one participant each; supplier 1.
pub(crate) fn terms(communities: u64, least: u32) -> Terms {
    let policy = Policy::new(Threshold::participants(1));
    Terms {
        id: CampaignId(1),
        sku: SkuId(9),
        currency: Currency::CNY,
        unit_price: Amount(PRICE),
        opens_at: at(OPEN),
        closes_at: at(CLOSE),
        horizon: at(HORIZON),
        policy: Policy {
            communities_min: least,
            hold: span(HOLD),
            ..policy
        },
        suppliers: vec![SupplierTerms::new(SupplierId(1))],
        communities: (1..=communities).map(community).collect(),
    }
}

/// The same with other rules.
pub(crate) fn ruled(mut terms: Terms, change: impl Fn(&mut Policy)) -> Terms {
    change(&mut terms.policy);
    terms
}

pub(crate) fn community(site: u64) -> CommunityTerms {
    CommunityTerms {
        site: SiteId(site),
        supplier: SupplierId(1),
        threshold: None,
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The numbers of the rules that it stands for.
    pub numbers: &'static [u32],
    pub name: &'static str,
    pub terms: Terms,
    pub script: Vec<Vec<Line>>,
    pub end: End,
}

#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// A command; ids that nobody names are made.
    Do {
        at: i64,
        id: Option<u64>,
        action: Action,
        want: Want,
    },
    Tick {
        at: i64,
    },
    /// What is read as of an instant.
    See {
        at: i64,
        what: See,
    },
    /// How often an event has been told so far.
    Told {
        times: usize,
        event: Event,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Want {
    Accepted,
    Refused(Refusal),
    Replayed(Outcome<Refusal>),
    Error(CommandError<Malformed>),
}

#[derive(Clone, Debug)]
pub(crate) enum See {
    Phase(Phase),
    /// Sites whose threshold is met.
    Formed(&'static [u64]),
    /// Site, participants, pieces.
    Paid(u64, u32, u64),
    /// Site, pledges reserved.
    Held(u64, u32),
    Pledge(u64, PledgeState),
    Stage(u64, CommunityStage),
    /// Of all formed communities together.
    Participants(u32),
    /// Missing communities.
    Missing(u32),
    /// When to wake up.
    Wake(Option<i64>),
    /// Supplier, pieces ordered, surplus, missing to the next case.
    Order(u64, u64, u64, u64),
    /// Key (payment, cause, line) of a refund, and what remains of it.
    Refund(u64, (u64, RefundCause, u16), u64),
}

/// How a case ends. Buckets are those of the campaign's currency: recorded, held, captured, due, refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub at: i64,
    pub phase: Phase,
    pub formed: Vec<u64>,
    pub money: [u128; 5],
    pub refunds: Vec<(u64, RefundCause, u64)>,
}

pub(crate) fn end(
    phase: Phase,
    formed: impl IntoIterator<Item = u64>,
    money: [u128; 5],
    refunds: &[(u64, RefundCause, u64)],
) -> End {
    End {
        at: CLOSE,
        phase,
        formed: formed.into_iter().collect(),
        money,
        refunds: refunds.to_vec(),
    }
}

impl End {
    pub(crate) fn by(self, at: i64) -> Self {
        Self { at, ..self }
    }
}

pub(crate) fn wanted(at: i64, action: Action, want: Want) -> Vec<Line> {
    let id = None;
    vec![Line::Do {
        at,
        id,
        action,
        want,
    }]
}

pub(crate) fn ok(at: i64, action: Action) -> Vec<Line> {
    wanted(at, action, Want::Accepted)
}

pub(crate) fn no(at: i64, action: Action, refusal: Refusal) -> Vec<Line> {
    wanted(at, action, Want::Refused(refusal))
}

/// The same lines with the command's id given.
pub(crate) fn named(command: u64, mut lines: Vec<Line>) -> Vec<Line> {
    for line in &mut lines {
        if let Line::Do { id, .. } = line {
            *id = Some(command);
        }
    }
    lines
}

pub(crate) fn see(at: i64, what: See) -> Vec<Line> {
    vec![Line::See { at, what }]
}

pub(crate) fn tick(at: i64) -> Vec<Line> {
    vec![Line::Tick { at }]
}

pub(crate) fn told(times: usize, event: Event) -> Vec<Line> {
    vec![Line::Told { times, event }]
}

/// A pledge and its payment under the same number, both at one instant.
pub(crate) fn joins(at: i64, number: u64, customer: u64, site: u64, units: u32) -> Vec<Line> {
    let mut lines = ok(at, pledge(number, customer, site, units));
    lines.extend(ok(at, pay(number, number, PRICE * u64::from(units), at)));
    lines
}

/// One participant each at many sites; pledge, payment and customer have the site's number.
pub(crate) fn fill(from: i64, sites: impl IntoIterator<Item = u64>) -> Vec<Line> {
    let one = |site| joins(from, site, site, site, 1);
    sites.into_iter().flat_map(one).collect()
}

pub(crate) fn pledge(number: u64, customer: u64, site: u64, units: u32) -> Action {
    Action::Pledge(NewPledge {
        pledge: PledgeId(number),
        customer: CustomerId(customer),
        site: SiteId(site),
        units: Quantity(units),
        if_unformed: IfUnformed::Refund,
    })
}

/// The same from a customer who would walk to a neighbour.
pub(crate) fn walker(mut action: Action) -> Action {
    if let Action::Pledge(new) = &mut action {
        new.if_unformed = IfUnformed::MoveNearby;
    }
    action
}

pub(crate) fn yuan(amount: u64) -> Money {
    Money {
        amount: Amount(amount),
        currency: Currency::CNY,
    }
}

pub(crate) fn pay(payment: u64, pledge: u64, amount: u64, paid_at: i64) -> Action {
    Action::RecordPayment(NewPayment {
        payment: PaymentId(payment),
        pledge: PledgeId(pledge),
        money: yuan(amount),
        paid_at: at(paid_at),
    })
}

pub(crate) fn withdraw(pledge: u64) -> Action {
    let pledge = PledgeId(pledge);
    Action::Withdraw { pledge }
}

pub(crate) fn give_back(pledge: u64) -> Action {
    let pledge = PledgeId(pledge);
    Action::Return { pledge }
}

pub(crate) fn extend(closes_at: i64) -> Action {
    let closes_at = at(closes_at);
    Action::Extend { closes_at }
}

pub(crate) fn refunded(refund: u64, amount: u64) -> Action {
    let (refund, amount) = (RefundId(refund), Amount(amount));
    Action::RecordRefund { refund, amount }
}

/// Checks all cases; the numbers that they have in the list of right answers, each once.
pub(crate) fn check_all(cases: &[Case]) -> Vec<u32> {
    for case in cases {
        check(case);
    }
    let numbers = cases.iter().flat_map(|case| case.numbers).copied();
    let numbers: std::collections::BTreeSet<u32> = numbers.collect();
    numbers.into_iter().collect()
}

/// Runs a case: as it stands; with a tick before, at and twice after every deadline; following the stored steps; and
/// going on from snapshots. All end alike, and as they should.
pub(crate) fn check(case: &Case) {
    let plain = Run::of(case, Ticks::AsWritten);
    assert_eq!(
        end_of(&plain.presale, case.end.at),
        case.end,
        "{}",
        case.name
    );
    let ticked = Run::of(case, Ticks::Everywhere);
    assert_eq!(ticked.presale.hash(), plain.presale.hash(), "{}", case.name);

    let mut follower = open(case);
    for step in &plain.steps {
        let copy = Presale::restore(follower.snapshot(), &Limits::default());
        follower = copy.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        follower.follow(step).expect(case.name);
    }
    assert_eq!(follower.hash(), plain.presale.hash(), "{}", case.name);
    assert_eq!(
        follower.snapshot(),
        plain.presale.snapshot(),
        "{}",
        case.name
    );
    for step in plain.steps.iter().rev().take(5) {
        let (expected, found) = (follower.sequence(), step.sequence);
        let refused = FollowError::OutOfSequence { expected, found };
        assert_eq!(follower.follow(step), Err(refused), "{}", case.name);
    }
    assert_eq!(follower.hash(), plain.presale.hash(), "{}", case.name);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ticks {
    AsWritten,
    Everywhere,
}

struct Run<'a> {
    case: &'a Case,
    presale: Presale,
    steps: Vec<PresaleStep>,
}

fn open(case: &Case) -> Presale {
    Presale::open(case.terms.clone(), &Limits::default()).expect(case.name)
}

impl<'a> Run<'a> {
    fn of(case: &'a Case, ticks: Ticks) -> Self {
        let mut run = Self {
            case,
            presale: open(case),
            steps: Vec::new(),
        };
        for (place, line) in case.script.iter().flatten().enumerate() {
            if ticks == Ticks::Everywhere {
                run.tick_to(line);
            }
            run.follow(place as u64, line);
        }
        run.tick(case.end.at);
        run
    }

    fn follow(&mut self, place: u64, line: &Line) {
        match line {
            Line::Do {
                at: when,
                id,
                action,
                want,
            } => {
                let id = CommandId(id.unwrap_or(1_000 + place));
                let command = PresaleCommand::new(id, action.clone());
                self.apply(*when, &command, want);
            }
            Line::Tick { at } => self.tick(*at),
            Line::See { at, what } => self.see(*at, what),
            Line::Told { times, event } => {
                let events = self.steps.iter().flat_map(PresaleStep::all_events);
                let found = events.filter(|found| *found == event).count();
                assert_eq!(found, *times, "{}: {event:?}", self.case.name);
            }
        }
    }

    fn apply(&mut self, when: i64, command: &PresaleCommand, want: &Want) {
        let foreseen = self.presale.what_if(at(when), command);
        let before = (self.presale.hash(), self.presale.sequence());
        let answer = self.presale.apply(at(when), command);
        let name = self.case.name;
        assert_eq!(foreseen, answer, "{name} at {when}: {command:?}");
        match (want, &answer) {
            (Want::Error(error), Err(found)) => assert_eq!(found, error, "{name}"),
            (Want::Replayed(outcome), Ok(PresaleAnswer::Replayed { outcome: found, .. })) => {
                assert_eq!(found, outcome, "{name}");
            }
            (Want::Accepted, Ok(PresaleAnswer::Decided(step))) => {
                assert_eq!(
                    outcome(step),
                    Outcome::Accepted,
                    "{name} at {when}: {command:?}"
                );
                assert!(
                    !step.events.is_empty(),
                    "{name}: what is accepted has an effect"
                );
            }
            (Want::Refused(refusal), Ok(PresaleAnswer::Decided(step))) => {
                assert_eq!(
                    outcome(step),
                    Outcome::Refused(*refusal),
                    "{name} at {when}"
                );
                assert!(step.events.is_empty(), "{name}: what is refused has none");
            }
            _ => panic!("{name} at {when}: wanted {want:?}, got {answer:?} for {command:?}"),
        }
        match answer {
            Ok(PresaleAnswer::Decided(step)) => self.steps.push(step),
            // Neither a repetition nor an error changes anything.
            _ => assert_eq!(before, self.marks(), "{name}"),
        }
    }

    fn marks(&self) -> (StateHash, u64) {
        (self.presale.hash(), self.presale.sequence())
    }

    fn tick(&mut self, when: i64) {
        let step = self.presale.tick(at(when)).expect(self.case.name);
        self.steps.extend(step);
    }

    /// Ticks early, at, late and twice for whatever is due before the line.
    fn tick_to(&mut self, line: &Line) {
        let Line::Do { at: when, .. } = line else {
            return;
        };
        if at(*when) > at(HORIZON) && self.case.terms.horizon == at(HORIZON) {
            return;
        }
        while let Some(deadline) = self.presale.next_deadline()
            && deadline <= at(*when)
        {
            let deadline = deadline.as_unix_millis();
            self.tick(deadline - 1);
            self.tick(deadline);
            self.tick(deadline);
            self.tick(deadline - 5);
            let next = self.presale.next_deadline();
            assert_ne!(
                next,
                Some(at(deadline)),
                "{}: it has passed",
                self.case.name
            );
        }
        self.tick(*when);
    }

    fn see(&self, when: i64, what: &See) {
        let before = self.marks();
        let campaign = self.presale.as_of(at(when));
        let name = self.case.name;
        match *what {
            See::Phase(phase) => assert_eq!(campaign.phase(), phase, "{name}"),
            See::Formed(sites) => assert_eq!(formed(&campaign), sites, "{name}"),
            See::Paid(site, participants, units) => {
                let paid = campaign.community(SiteId(site)).expect(name).paid;
                let found = (paid.participants, paid.units.0, paid.amount.0);
                assert_eq!(found, (participants, units, units * PRICE), "{name}");
            }
            See::Held(site, pledges) => {
                let held = campaign.community(SiteId(site)).expect(name).held;
                assert_eq!(held.pledges, pledges, "{name}");
            }
            See::Pledge(pledge, state) => {
                let found = campaign.pledge(PledgeId(pledge)).expect(name).state;
                assert_eq!(found, state, "{name}: pledge {pledge}");
            }
            See::Stage(site, stage) => {
                let found = campaign.community(SiteId(site)).expect(name).stage;
                assert_eq!(found, stage, "{name}");
            }
            See::Participants(people) => {
                assert_eq!(campaign.overall().participants, people, "{name}");
            }
            See::Missing(communities) => {
                assert_eq!(campaign.progress().missing, communities, "{name}");
            }
            See::Wake(instant) => {
                assert_eq!(self.presale.next_deadline(), instant.map(at), "{name}");
            }
            See::Order(supplier, ordered, surplus, missing) => {
                let orders = orders(&campaign);
                let found = orders.iter().find(|row| row.0 == supplier);
                assert_eq!(
                    found,
                    Some(&(supplier, ordered, surplus, missing)),
                    "{name}"
                );
            }
            See::Refund(refund, key, remaining) => {
                let found = campaign.refund(RefundId(refund)).expect(name);
                let found_key = (found.payment.0, found.cause, found.line);
                assert_eq!((found_key, found.remaining().0), (key, remaining), "{name}");
            }
        }
        assert_eq!(before, self.marks(), "{name}: reading changes nothing");
    }
}

fn outcome(step: &PresaleStep) -> Outcome<Refusal> {
    step.decided.expect("a command was decided").outcome
}

fn formed(campaign: &Campaign) -> Vec<u64> {
    let communities = campaign.communities();
    let formed = communities.filter(|community| community.is_formed);
    formed.map(|community| community.terms.site.0).collect()
}

/// Of everything that was confirmed: supplier, ordered, surplus, missing to the next case.
fn orders(campaign: &Campaign) -> Vec<(u64, u64, u64, u64)> {
    let rows = campaign.communities().map(|community| ConfirmedPieces {
        supplier: community.terms.supplier,
        site: community.terms.site,
        units: community.confirmed,
    });
    let rows: Vec<ConfirmedPieces> = rows.filter(|row| row.units > Pieces::ZERO).collect();
    let purchases = purchases(&campaign.terms().suppliers, rows).expect("terms were checked");
    let row = |order: &catchment::presale::PurchaseOrder| {
        let [ordered, surplus, missing] = [
            order.ordered(),
            order.surplus(),
            order.missing_to_next_case(),
        ]
        .map(|pieces| pieces.0);
        (order.supplier().0, ordered, surplus, missing)
    };
    purchases.orders.iter().map(row).collect()
}

fn end_of(presale: &Presale, when: i64) -> End {
    let campaign = presale.campaign();
    let money = campaign.money().get(&Currency::CNY).copied();
    let money = money.unwrap_or_default();
    for payment in campaign.payments() {
        let parts = [
            payment.held,
            payment.captured,
            payment.due,
            payment.refunded,
        ];
        let sum: u64 = parts.iter().map(|part| part.0).sum();
        assert_eq!(payment.recorded, Amount(sum), "a payment is whole");
    }
    End {
        at: when,
        phase: campaign.phase(),
        formed: formed(campaign),
        money: [
            money.recorded,
            money.held,
            money.captured,
            money.due,
            money.refunded,
        ],
        refunds: campaign
            .refunds_from(RefundId(1))
            .map(|refund| (refund.payment.0, refund.cause, refund.money.amount.0))
            .collect(),
    }
}
