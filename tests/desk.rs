//! The desk step by step beside its model, over random commands in many short logs.

// What a test draws is small; a surprise ends it.
#![allow(clippy::cast_possible_wrap, clippy::panic, clippy::print_stderr)]

use std::sync::Arc;

use catchment::desk::{
    Action, Command, Desk, DeskHandle, Event, Goods, Malformed, OrderState, Policy, Refusal,
    SafetyLevel, Scope, Step, Told,
};
use catchment::geo::{LngLat, Position, ServiceArea};
use catchment::id::{CommandId, CustomerId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, CommandError, Ledger};
use catchment::limits::Limits;
use catchment::order::{Order, OrderLine, Wish};
use catchment::plan::{Cost, Preferences};
use catchment::site::{Change, Network, Site, SiteStatus};
use catchment::time::Timestamp;
use catchment::units::{Distance, Quantity, Units};
use catchment::verify;

use crate::desk_model::Model;
use crate::workload::Random;

/// What the model is told of the policy.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) hold_for: i64,
    pub(crate) cooling_off: i64,
    pub(crate) attempts_max: u8,
    pub(crate) loyalty: i64,
    pub(crate) store: i64,
    pub(crate) safety: u32,
}

pub(crate) const SITES: u64 = 8;
pub(crate) const ORDERS: u64 = 24;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

/// On a lattice, so that many walks are equally long.
pub(crate) fn spot(random: &mut Random) -> Position {
    let lng = 121.4 + 0.005 * random.below(5) as f64;
    let lat = 31.2 + 0.004 * random.below(4) as f64;
    Position::new(LngLat { lng, lat }).expect("in range")
}

pub(crate) fn site(id: u64, random: &mut Random) -> Site {
    let capacity = Units(1 + random.below(4) as u32);
    let mut site = if id < 2 {
        Site::store(SiteId(id), spot(random), capacity)
    } else {
        Site::leader(SiteId(id), spot(random), capacity)
    };
    // The last leaders have stock of their own.
    site.supplied_by = (2..SITES - 1).contains(&id).then_some(SiteId(id % 2));
    if random.one_in(3) {
        site.area = radius(random);
    }
    site
}

fn radius(random: &mut Random) -> ServiceArea {
    ServiceArea::Radius(Distance::from_metres(300 + random.below(1_500) as u32))
}

pub(crate) fn order(id: u64, random: &mut Random) -> Order {
    let mut order = Order::new(OrderId(id), spot(random));
    if random.one_in(6) {
        order.size = Units(2 + random.below(2) as u32);
    }
    let lines = random.below(4).saturating_sub(1) as u64;
    let line = |sku| OrderLine {
        sku: SkuId(sku),
        quantity: Quantity(1 + sku as u32),
    };
    order.lines = (0..lines).map(line).collect();
    order.wish = wish(random);
    order.customer = random.one_in(2).then(|| CustomerId(random.below(6) as u64));
    order.home = random
        .one_in(5)
        .then(|| SiteId(random.below(SITES as usize + 1) as u64));
    order
}

fn wish(random: &mut Random) -> Wish {
    match random.below(6) {
        0 => Wish::Site(SiteId(random.below(SITES as usize + 1) as u64)),
        1 => Wish::Within(Distance::from_metres(200 + random.below(1_000) as u32)),
        _ => Wish::Any,
    }
}

fn any_site(random: &mut Random) -> SiteId {
    SiteId(random.below(SITES as usize + 1) as u64)
}

pub(crate) fn action(random: &mut Random) -> Action {
    let id = OrderId(random.below(ORDERS as usize) as u64);
    let site = any_site(random);
    let sku = SkuId(random.below(2) as u64);
    let pieces = Goods {
        site,
        sku,
        pieces: Quantity(1 + random.below(6) as u32),
    };
    match random.below(32) {
        0..=11 => {
            let order = Arc::new(order(id.0, random));
            Action::Place {
                order,
                proposal: None,
            }
        }
        12..=14 => Action::Confirm { order: id },
        15 | 16 => Action::Release { order: id },
        17 => Action::HandOver { order: id },
        18 => Action::Consent {
            order: id,
            wish: wish(random),
        },
        19..=21 => Action::Reject { order: id, site },
        22 => {
            let scopes = [Scope::All, Scope::Site(site), Scope::Order(id)];
            Action::Announce {
                scope: scopes[random.below(3)],
            }
        }
        23 | 24 => Action::Adopt {
            changes: vec![change(site, random)],
        },
        25 => {
            let prices = (0..random.below(4)).map(|_| {
                let price = Cost::from_millimetres(1_000 * random.below(900) as i64);
                (any_site(random), price)
            });
            Action::SetPrices {
                prices: prices.collect(),
            }
        }
        26 | 27 => Action::Deliver(pieces),
        28 => Action::Sell(pieces),
        29 => Action::Count(pieces),
        30 => {
            let levels = [
                SafetyLevel::Network,
                SafetyLevel::Site(site),
                SafetyLevel::Sku { site, sku },
            ];
            let pieces = random.one_in(2).then(|| Quantity(random.below(3) as u32));
            Action::SetSafety {
                level: levels[random.below(3)],
                pieces,
            }
        }
        _ => Action::Transfer {
            leaver: site,
            heir: SiteId((site.0 + 1) % SITES),
        },
    }
}

/// Of one site, never of the stores' being there: leaders draw on them.
fn change(site: SiteId, random: &mut Random) -> Change {
    match random.below(6) {
        0 if site.0 >= 2 => Change::Close(site),
        1 if site.0 >= 2 => Change::Open(self::site(site.0.min(SITES - 1), random)),
        2 => Change::SetArea {
            site,
            area: radius(random),
        },
        3 => {
            let status = if random.one_in(2) {
                SiteStatus::Paused
            } else {
                SiteStatus::Open
            };
            Change::SetStatus { site, status }
        }
        _ => Change::SetCapacity {
            site,
            capacity: Units(random.below(5) as u32),
        },
    }
}

pub(crate) fn rules(random: &mut Random) -> Rules {
    Rules {
        hold_for: 50,
        cooling_off: if random.one_in(3) { 0 } else { 40 },
        attempts_max: 2,
        loyalty: 400_000,
        store: if random.one_in(2) { 0 } else { 150_000 },
        safety: random.below(2) as u32,
    }
}

pub(crate) fn policy(rules: &Rules) -> Policy {
    let millis = |millis: i64| core::time::Duration::from_millis(millis as u64);
    let metres = |mm: i64| Distance::from_millimetres(mm as u64);
    let preferences = Preferences {
        home: metres(rules.loyalty),
        store: metres(rules.store),
        ..Preferences::default()
    };
    Policy {
        hold_for: millis(rules.hold_for),
        cooling_off: millis(rules.cooling_off),
        attempts_max: rules.attempts_max,
        safety_stock: Quantity(rules.safety),
        preferences,
        horizon: at(1_000_000),
        ..Policy::default()
    }
}

/// Applies a command after looking what it would do: that happens, and looking has changed nothing.
pub(crate) fn foreseen(
    desk: &mut Desk,
    clock: i64,
    command: &Command,
) -> Result<Answer<Event, Refusal>, CommandError<Malformed>> {
    let before = desk.hash();
    let foreseen = desk.what_if(at(clock), command);
    assert_eq!(desk.hash(), before, "looking ahead changes nothing");
    let answer = desk.apply(at(clock), command);
    assert_eq!(foreseen, answer, "what was foreseen happens");
    answer
}

/// A desk and its model, for one short log.
pub(crate) struct Pair {
    desk: Desk,
    model: Model,
    steps: Vec<Step>,
    first: Desk,
    clock: i64,
    commands: Vec<(i64, Command)>,
}

impl Pair {
    pub(crate) fn new(random: &mut Random) -> Self {
        let sites: Vec<Site> = (0..SITES).map(|id| site(id, random)).collect();
        let rules = rules(random);
        let network = Network::builder()
            .sites(sites.clone())
            .build()
            .expect("sound");
        let desk = Desk::open(network, policy(&rules));
        Self {
            first: desk.clone(),
            desk,
            model: Model::new(&sites, rules),
            steps: Vec::new(),
            clock: 0,
            commands: Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, random: &mut Random) {
        self.clock += random.below(12) as i64;
        let command = Command::new(CommandId(self.commands.len() as u64), action(random));
        let answer = if random.one_in(4) {
            foreseen(&mut self.desk, self.clock, &command)
        } else {
            self.desk.apply(at(self.clock), &command)
        };
        self.commands.push((self.clock, command.clone()));
        let step = match answer {
            Ok(Answer::Decided(step)) => step,
            // Nothing was decided and nothing has passed.
            Err(CommandError::Malformed(_)) => return,
            other => panic!("{other:?}"),
        };
        self.model.pass(self.clock);
        let expected = self.model.act(self.clock, &command.action, &step.events);
        let outcome = step.decided.expect("a command was decided").outcome;
        assert_eq!(
            outcome.refusal().copied(),
            expected.err(),
            "{:?}",
            command.action
        );
        self.steps.push(step);
        self.compare();
    }

    fn compare(&self) {
        let counter = self.desk.machine();
        for expected in &self.model.orders {
            let id = expected.order.id;
            let shown = counter.order(id).expect("placed");
            assert_eq!(shown.state, expected.state, "{id}");
            assert_eq!(shown.site, expected.at.map(|at| at.0), "{id}");
            assert_eq!(shown.told, Told::Announced);
        }
        assert_eq!(counter.orders().count(), self.model.orders.len());
        for (id, expected) in &self.model.sites {
            let shown = counter.site(*id).expect("known");
            let capacity = if expected.closed {
                0
            } else {
                expected.site.capacity.0
            };
            assert_eq!(
                (shown.load.0, shown.capacity.0),
                (self.model.load(*id), capacity),
                "{id}"
            );
            assert_eq!(shown.room.0, self.model.room(*id));
            assert_eq!(shown.price.as_millimetres(), expected.price);
        }
        for level in counter.stock() {
            let (pool, sku) = (level.site, level.sku);
            let there = self.model.on_hand.get(&(pool, sku)).copied().unwrap_or(0);
            assert_eq!(
                (level.on_hand.0, level.held.0),
                (there, self.model.held(pool, sku))
            );
            assert!(level.held <= level.on_hand);
            if self.model.sites[&pool].site.supplied_by.is_none() {
                assert_eq!(counter.free_stock(pool, sku).0, self.model.free(pool, sku));
            }
        }
        for customer in (0..6).map(CustomerId) {
            assert_eq!(
                counter.home(customer),
                self.model.homes.get(&customer).copied()
            );
        }
        let due = self.model.next_due().map(|due| at(due.0));
        assert_eq!(self.desk.next_deadline(), due);
    }

    /// From any prefix: the snapshot there, and the steps from there on.
    pub(crate) fn replay(&self, random: &mut Random) {
        let (network, policy) = (
            self.first.machine().network(),
            self.first.machine().policy(),
        );
        assert_eq!(verify::desk(network, policy, &self.steps), Ok(()));
        let mut again = self.first.clone();
        let cut = random.below(self.steps.len() + 1);
        for step in &self.steps[..cut] {
            again.follow(step).expect("the desk's own steps");
        }
        let snapshot = again.snapshot();
        let text = serde_json::to_string(&snapshot).expect("plain data");
        let snapshot = serde_json::from_str(&text).expect("what was written");
        let mut restored: Desk = Ledger::restore(snapshot, &Limits::default()).expect("a desk");
        assert_eq!(restored.hash(), again.hash());
        for step in &self.steps[cut..] {
            again.follow(step).expect("the desk's own steps");
            restored.follow(step).expect("the desk's own steps");
        }
        assert_eq!(again.hash(), self.desk.hash());
        assert_eq!(restored.hash(), self.desk.hash());
        // It decides on as the first would have.
        let command = Command::new(CommandId(u64::MAX), action(random));
        let mut live = self.desk.clone();
        let now = at(self.clock + 60);
        assert_eq!(restored.apply(now, &command), live.apply(now, &command));
        for (clock, command) in self.commands.iter().take(5) {
            let repeated = live.apply(at(*clock), command);
            assert!(matches!(
                repeated,
                Ok(Answer::Replayed { .. }) | Err(CommandError::Malformed(_))
            ));
        }
    }
}

/// How many commands are compared: `CATCHMENT_STEPS` for a longer run.
fn steps_wanted() -> u64 {
    let wanted = std::env::var("CATCHMENT_STEPS").ok();
    wanted
        .and_then(|steps| steps.parse().ok())
        .unwrap_or(240_000)
}

#[test]
fn the_desk_does_what_its_model_does() {
    const LOG: u64 = 40;
    for seed in 0..steps_wanted().div_ceil(LOG) {
        let mut random = Random::new(seed);
        let run = || {
            let mut pair = Pair::new(&mut random);
            for _ in 0..LOG {
                pair.step(&mut random);
            }
            pair.replay(&mut random);
        };
        run_seed(seed, run);
    }
}

pub(crate) fn run_seed(seed: u64, run: impl FnOnce()) {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    if let Err(cause) = result {
        eprintln!("seed {seed}");
        std::panic::resume_unwind(cause);
    }
}

/// Many threads, and afterwards the same commands one after the other in the order in which they were decided.
#[test]
fn threads_decide_as_if_one_after_the_other() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let pair = Pair::new(&mut random);
        let handle = DeskHandle::new(pair.desk.clone());
        let log = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..6_u64 {
                let (handle, log) = (&handle, &log);
                scope.spawn(move || {
                    let mut random = Random::new(seed * 100 + thread);
                    for number in 0..120 {
                        let command =
                            Command::new(CommandId(thread << 32 | number), action(&mut random));
                        let now = at(number as i64);
                        let _ = handle.apply_then(now, command.clone(), |answer| {
                            log.lock().expect("no panic").push((now, command, answer));
                        });
                    }
                });
            }
        });
        let mut serial = pair.desk.clone();
        for (now, command, answer) in log.into_inner().expect("no panic") {
            assert_eq!(serial.apply(now, &command), Ok(answer));
        }
        assert_eq!(serial.hash(), handle.into_desk().hash());
    }
}

#[test]
fn an_order_has_one_fate() {
    let mut random = Random::new(7);
    let mut pair = Pair::new(&mut random);
    let mut fates = std::collections::BTreeMap::new();
    for _ in 0..2_000 {
        pair.step(&mut random);
        for order in pair
            .desk
            .machine()
            .orders()
            .filter(|order| !order.state.is_live())
        {
            assert_eq!(
                *fates.entry(order.order).or_insert(order.state),
                order.state
            );
        }
    }
    assert!(fates.values().any(|state| *state == OrderState::Expired));
    assert!(pair.steps.iter().any(|step| {
        let refusal = step
            .decided
            .and_then(|decided| decided.outcome.refusal().copied());
        refusal.is_some_and(|refusal| matches!(refusal, Refusal::KnownOrder { .. }))
    }));
}
