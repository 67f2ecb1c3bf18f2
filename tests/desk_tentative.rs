//! The tentative plan: optimal after every command, nobody without a place, and the same after a restart.

// What a test draws is small; a surprise ends it.
#![allow(clippy::cast_possible_wrap, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::sync::Arc;

use catchment::balance::{Candidate, Objective, Problem, Rows, solve};
use catchment::desk::{
    Action, Cause, Command, Desk, Event, OrderState, Policy, Promise, Scope, Step, Told,
};
use catchment::geo::ServiceArea;
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::ledger::{Answer, CommandError, Ledger};
use catchment::limits::Limits;
use catchment::order::{Order, Wish};
use catchment::plan::Cost;
use catchment::site::{Change, Network, Site};
use catchment::units::Units;
use catchment::verify;

use crate::desk::{
    ORDERS, SITES, action, at, foreseen, order, policy, rules, run_seed, site, spot,
};
use crate::workload::Random;

pub(crate) fn open(sites: &[Site], random: &mut Random) -> Desk {
    let network = Network::builder()
        .sites(sites.iter().cloned())
        .build()
        .expect("sound");
    let listed = if random.one_in(2) { 16 } else { 3 };
    let policy = Policy {
        promise: Promise::Tentative,
        listed,
        ..policy(&rules(random))
    };
    Desk::open(network, policy)
}

/// One log, and what its events say.
pub(crate) struct Evening {
    first: Desk,
    desk: Desk,
    steps: Vec<Step>,
    clock: i64,
    commands: u64,
    /// The site of every order that has a place, and its wish.
    told_by_events: BTreeMap<OrderId, (SiteId, Wish)>,
}

impl Evening {
    pub(crate) fn new(desk: Desk) -> Self {
        Self {
            first: desk.clone(),
            desk,
            steps: Vec::new(),
            clock: 0,
            commands: 0,
            told_by_events: BTreeMap::new(),
        }
    }

    pub(crate) fn apply(&mut self, action: Action, random: &mut Random) -> Option<Step> {
        self.clock += random.below(12) as i64;
        let command = Command::new(CommandId(self.commands), action);
        self.commands += 1;
        let answer = if random.one_in(8) {
            foreseen(&mut self.desk, self.clock, &command)
        } else {
            self.desk.apply(at(self.clock), &command)
        };
        match answer {
            Ok(Answer::Decided(step)) => {
                step.all_events().for_each(|event| self.hear(event));
                self.check();
                self.steps.push(step.clone());
                Some(step)
            }
            Err(CommandError::Malformed(_)) => None,
            other => panic!("{other:?}"),
        }
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Placed { order, site, .. } => {
                assert!(
                    self.told_by_events
                        .insert(order.id, (*site, order.wish))
                        .is_none()
                );
            }
            Event::Moved {
                order,
                from,
                to,
                because,
            } => {
                let wish = match from {
                    Some(from) => {
                        let before = self
                            .told_by_events
                            .get(order)
                            .copied()
                            .expect("it had a place");
                        assert_eq!(before.0, *from);
                        before.1
                    }
                    None => Wish::Any,
                };
                let is_chosen = matches!(wish, Wish::Site(site) if site != *to);
                assert!(
                    !is_chosen || *because == Cause::Consent,
                    "{order} was chosen for"
                );
                self.told_by_events.insert(*order, (*to, wish));
            }
            Event::Consented { order, wish } => {
                if let Some(known) = self.told_by_events.get_mut(order) {
                    known.1 = *wish;
                }
            }
            Event::Stranded { order, .. }
            | Event::Released { order }
            | Event::Expired { order }
            | Event::Failed { order } => {
                self.told_by_events.remove(order);
            }
            _ => {}
        }
    }

    /// What the desk shows is what its events said, and no sum is off.
    fn check(&self) {
        let counter = self.desk.machine();
        let mut loads: BTreeMap<SiteId, u32> = BTreeMap::new();
        for order in counter.orders() {
            let known = self.told_by_events.get(&order.order).map(|known| known.0);
            assert_eq!(order.site, known, "{}", order.order);
            let is_placed = order.site.is_some();
            assert!(!is_placed || order.state.is_live() || order.state == OrderState::HandedOver);
            if let Some(site) = order.site {
                *loads.entry(site).or_default() += 1;
            }
        }
        for site in counter.sites() {
            assert!(site.load.0 >= loads.get(&site.site).copied().unwrap_or(0));
        }
        for level in counter.stock() {
            assert!(level.held <= level.on_hand);
        }
    }

    /// From a prefix on, by way of a snapshot: the same events, the same bytes and the same decisions afterwards.
    pub(crate) fn replay(&self, random: &mut Random) {
        let (network, policy) = (
            self.first.machine().network(),
            self.first.machine().policy(),
        );
        assert_eq!(verify::desk(network, policy, &self.steps), Ok(()));
        let cut = random.below(self.steps.len() + 1);
        let mut again = self.first.clone();
        self.steps[..cut]
            .iter()
            .for_each(|step| again.follow(step).expect("its own steps"));
        let text = serde_json::to_string(&again.snapshot()).expect("plain data");
        let snapshot = serde_json::from_str(&text).expect("what was written");
        let mut restored: Desk = Ledger::restore(snapshot, &Limits::default()).expect("a desk");
        assert_eq!(restored.hash(), again.hash());
        for step in &self.steps[cut..] {
            restored.follow(step).expect("its own steps");
        }
        assert_eq!(restored.hash(), self.desk.hash());
        // They part ways with what they remember of searches, and must not in what they decide.
        let mut live = self.desk.clone();
        for number in 0..20 {
            let command = Command::new(CommandId(1 << 40 | number), action(random));
            let now = at(self.clock + 3 * number as i64);
            assert_eq!(restored.apply(now, &command), live.apply(now, &command));
        }
        assert_eq!(restored.hash(), live.hash());
    }
}

#[test]
fn whatever_happens_the_plan_holds_and_is_the_same_after_a_restart() {
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        run_seed(seed, || {
            let sites: Vec<Site> = (0..SITES).map(|id| site(id, &mut random)).collect();
            let mut evening = Evening::new(open(&sites, &mut random));
            for _ in 0..40 {
                let action = action(&mut random);
                evening.apply(action, &mut random);
            }
            evening.replay(&mut random);
        });
    }
}

/// The least (unassigned, cost) of these orders over all sites, less what the told ones take.
fn optimum(desk: &Desk, sites: &[Site], orders: &[Order]) -> (u64, i64) {
    let counter = desk.machine();
    let mut capacities: Vec<u32> = Vec::new();
    for site in sites {
        let shown = counter.site(site.id).expect("known");
        let told = counter
            .orders()
            .filter(|order| order.site == Some(site.id) && order.told == Told::Announced);
        capacities.push(shown.capacity.0 - told.count() as u32);
    }
    let mut rows = Rows::default();
    for order in orders {
        let row = sites.iter().enumerate().filter_map(|(slot, site)| {
            let cost = cost(desk, order, site.id)?;
            Some(Candidate::new(slot as u32, cost).expect("in range"))
        });
        rows.push(row.collect::<Vec<_>>());
    }
    let problem = Problem::new(capacities, rows, Objective::FewestUnassigned).expect("sound");
    let total = solve(&problem).total();
    (total.unassigned, total.cost)
}

fn cost(desk: &Desk, order: &Order, site: SiteId) -> Option<i64> {
    let network = desk.machine().network();
    let filter = catchment::candidates::Filter::for_order(order);
    let candidate = network.explain_site(order.position, site, &filter)?;
    let is_eligible = candidate.verdict == catchment::candidates::Verdict::Eligible;
    is_eligible.then(|| Cost::from(candidate.neighbour.distance).as_millimetres())
}

#[test]
fn after_every_command_nothing_would_be_better() {
    for seed in 0..1_500 {
        let mut random = Random::new(seed);
        run_seed(seed, || {
            let mut sites: Vec<Site> = (0..SITES).map(|id| site(id, &mut random)).collect();
            for site in &mut sites {
                site.area = ServiceArea::Unlimited;
            }
            let network = Network::builder()
                .sites(sites.clone())
                .build()
                .expect("sound");
            let policy = Policy {
                promise: Promise::Tentative,
                hold_for: core::time::Duration::from_millis(80),
                ..Policy::default()
            };
            let mut evening = Evening::new(Desk::open(network, policy));
            let mut asked: BTreeMap<OrderId, Order> = BTreeMap::new();
            for _ in 0..30 {
                let id = OrderId(random.below(ORDERS as usize) as u64);
                let action = plain_action(id, &mut random);
                let Some(step) = evening.apply(action.clone(), &mut random) else {
                    continue;
                };
                let is_accepted = step
                    .decided
                    .is_some_and(|decided| decided.outcome.is_accepted());
                if let Action::Place { order, .. } = &action
                    && is_accepted
                {
                    asked.insert(id, (**order).clone());
                }
                compare(&evening.desk, &sites, &asked, &action, &step);
            }
        });
    }
}

fn plain_action(id: OrderId, random: &mut Random) -> Action {
    match random.below(10) {
        0..=5 => {
            let mut order = Order::new(id, spot(random));
            if random.one_in(5) {
                order.wish = self::order(id.0, random).wish;
            }
            Action::Place {
                order: Arc::new(order),
                proposal: None,
            }
        }
        6 => Action::Confirm { order: id },
        7 => Action::Release { order: id },
        8 => Action::Announce {
            scope: Scope::Order(id),
        },
        _ => {
            let site = SiteId(random.below(SITES as usize) as u64);
            // Never less than any site begins with.
            let capacity = Units(4 + random.below(3) as u32);
            Action::Adopt {
                changes: vec![Change::SetCapacity { site, capacity }],
            }
        }
    }
}

fn compare(
    desk: &Desk,
    sites: &[Site],
    asked: &BTreeMap<OrderId, Order>,
    action: &Action,
    step: &Step,
) {
    let counter = desk.machine();
    let managed = counter
        .orders()
        .filter(|order| order.state.is_live() && order.told == Told::NotYet);
    let mut orders: Vec<Order> = Vec::new();
    let mut total = 0;
    for order in managed {
        let site = order.site.expect("nobody is without a place");
        orders.push(asked[&order.order].clone());
        total += cost(desk, &asked[&order.order], site).expect("eligible");
    }
    let best = optimum(desk, sites, &orders);
    assert_eq!(best, (0, total), "{action:?}");
    // And who was refused could not have had a place beside the others.
    let is_refused = step
        .decided
        .is_some_and(|decided| !decided.outcome.is_accepted());
    if let Action::Place { order, .. } = action
        && is_refused
        && counter.order(order.id).is_none()
    {
        orders.push((**order).clone());
        assert!(
            optimum(desk, sites, &orders).0 > 0,
            "{action:?} could be placed"
        );
    }
}
