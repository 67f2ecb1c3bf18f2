//! What a log comes to is what the desk says of itself: states, places and loads are held against the desk, pieces
//! against the commands that it accepted.

use std::collections::BTreeMap;

use catchment::desk::{Action, Command, Counter, Desk, OrderState, Policy, Promise, Step};
use catchment::fulfil::dispatch::{self, Choice, Dispatch, PartView};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::ledger::Answer;
use catchment::order::Order;
use catchment::report::{Evening, EveningRow, Interval, Ppm, lives};
use catchment::site::Network;
use catchment::time::Span;
use catchment::units::Units;

use crate::desk::{SITES, action, at, policy, rules, site};
use crate::workload::Random;

/// A log, the desk that wrote it, and what was accepted.
struct Log {
    desk: Desk,
    steps: Vec<Step>,
    refused: u64,
    pieces: BTreeMap<OrderId, u64>,
    sold: BTreeMap<SiteId, u64>,
}

impl Log {
    fn draw(promise: Promise, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let sites: Vec<_> = (0..SITES).map(|id| site(id, &mut random)).collect();
        let network = Network::builder()
            .sites(sites)
            .build()
            .expect("sound sites");
        let policy = Policy {
            promise,
            ..policy(&rules(&mut random))
        };
        let mut log = Self {
            desk: Desk::open(network, policy),
            steps: Vec::new(),
            refused: 0,
            pieces: BTreeMap::new(),
            sold: BTreeMap::new(),
        };
        let mut clock = 0;
        for id in 0..120 {
            clock += i64::from(random.below(12) as u32);
            let command = Command::new(CommandId(id), action(&mut random));
            if let Ok(Answer::Decided(step)) = log.desk.apply(at(clock), &command) {
                log.take(&command.action, step);
            }
        }
        log
    }

    fn take(&mut self, action: &Action, step: Step) {
        let outcome = step.decided.expect("a command was decided").outcome;
        self.steps.push(step);
        if outcome.refusal().is_some() {
            self.refused += 1;
            return;
        }
        match action {
            Action::Place { order, .. } => self.take_pieces(order),
            Action::Sell(goods) => {
                *self.sold.entry(goods.site).or_default() += u64::from(goods.pieces.0);
            }
            _ => {}
        }
    }

    fn take_pieces(&mut self, order: &Order) {
        let pieces = order.lines.iter().map(|line| u64::from(line.quantity.0));
        self.pieces.insert(order.id, pieces.sum());
    }

    fn check(&self) {
        let evening = Evening::of(&self.steps);
        self.check_against(self.desk.machine(), &evening);
        check_timeline(&evening, |every| Evening::timeline(&self.steps, every));
    }

    fn check_against(&self, counter: &Counter, evening: &Evening) {
        let count = |state| {
            counter
                .orders()
                .filter(|order| order.state == state)
                .count() as u64
        };
        let states = [
            (OrderState::Held, evening.held),
            (OrderState::Confirmed, evening.waiting),
            (OrderState::HandedOver, evening.handed_over),
            (OrderState::Released, evening.released),
            (OrderState::Expired, evening.expired),
            (OrderState::Failed, evening.failed),
        ];
        for (state, found) in states {
            assert_eq!(found, count(state), "{state}");
        }
        assert_eq!(
            evening.placed,
            states.iter().map(|(_, count)| count).sum::<u64>()
        );
        let stranded = counter
            .orders()
            .filter(|order| order.state.is_live() && order.site.is_none());
        assert_eq!(evening.stranded, stranded.count() as u64);
        assert_eq!(evening.refused, self.refused);

        let kept = |order: &OrderId| {
            let state = counter.order(*order).expect("placed").state;
            state.is_live() || state == OrderState::HandedOver
        };
        let online: u64 = self
            .pieces
            .iter()
            .filter(|(id, _)| kept(id))
            .map(|(_, pieces)| pieces)
            .sum();
        assert_eq!(evening.pieces_online, online);
        assert_eq!(evening.pieces_shop, self.sold.values().sum::<u64>());
        self.check_sites(counter, evening);
    }

    fn check_sites(&self, counter: &Counter, evening: &Evening) {
        let row = |id: SiteId| evening.sites.iter().find(|row| row.site == id);
        for shown in counter.sites() {
            let load = row(shown.site).map_or(Units(0), |row| row.load);
            assert_eq!(load, shown.load, "site {}", shown.site);
            let shop = row(shown.site).map_or(0, |row| row.pieces_shop);
            assert_eq!(shop, self.sold.get(&shown.site).copied().unwrap_or(0));
            let there = counter
                .orders()
                .filter(|order| order.site == Some(shown.site))
                .count();
            let row = row(shown.site).map_or(0, |row| row.held + row.waiting + row.handed_over);
            assert_eq!(row, there as u64);
        }
        let sum = |field: fn(&EveningRow) -> u64| evening.sites.iter().map(field).sum::<u64>();
        let moved = evening.moves.iter().map(|count| count.moved).sum::<u64>();
        assert_eq!(sum(|row| row.placed), evening.placed);
        assert_eq!(sum(|row| row.came), moved);
        // Whoever has a place got it when it was placed or moved, and left it or ended there.
        let stay = sum(|row| row.held + row.waiting + row.handed_over);
        let ended = sum(|row| row.placed + row.came) - sum(|row| row.left) - stay;
        assert!(ended <= evening.released + evening.expired + evening.failed);
        assert!(evening.sites.is_sorted_by_key(|row| row.site));
    }
}

fn check_timeline(evening: &Evening, timeline: impl Fn(Span) -> Vec<Interval>) {
    for every in [0, 1, 7, 100, 1_000_000] {
        let timeline = timeline(Span::from_millis(every));
        let sum = |field: fn(&Interval) -> u64| timeline.iter().map(field).sum::<u64>();
        assert_eq!(sum(|interval| interval.placed), evening.placed);
        assert_eq!(sum(|interval| interval.handed_over), evening.handed_over);
        assert_eq!(sum(|interval| interval.released), evening.released);
        assert_eq!(sum(|interval| interval.expired), evening.expired);
        assert_eq!(sum(|interval| interval.failed), evening.failed);
        assert_eq!(sum(|interval| interval.refused), evening.refused);
        assert_eq!(sum(|interval| interval.pieces_shop), evening.pieces_shop);
        let moves = &evening.moves;
        assert_eq!(
            sum(|interval| interval.moved),
            moves.iter().map(|one| one.moved).sum::<u64>()
        );
        assert_eq!(
            sum(|interval| interval.stranded),
            moves.iter().map(|one| one.stranded).sum::<u64>()
        );
        let live = timeline.last().map_or(0, |last| last.live);
        assert_eq!(live, evening.held + evening.waiting);
        assert!(timeline.is_sorted_by(|one, next| one.from_ms < next.from_ms));
        let whole = i64::try_from(every.max(1)).expect("short");
        assert!(
            timeline
                .iter()
                .all(|interval| interval.from_ms % whole == 0)
        );
    }
}

#[test]
fn evenings_are_what_the_desk_says_of_itself() {
    for promise in [Promise::Firm, Promise::Tentative] {
        for seed in 0..80 {
            Log::draw(promise, seed).check();
        }
    }
}

/// The same doings, as a dispatch has them.
fn dispatched(action: Action) -> Vec<dispatch::Action> {
    match action {
        Action::Place { order, .. } => {
            let choice = Choice::Pickup;
            let division = None;
            vec![dispatch::Action::Take {
                order,
                choice,
                division,
            }]
        }
        Action::Confirm { order } if order.0.is_multiple_of(2) => vec![
            dispatch::Action::Confirm { order },
            dispatch::Action::Ready { part: order },
            dispatch::Action::PickUp { part: order },
        ],
        Action::Confirm { order } => vec![dispatch::Action::Confirm { order }],
        Action::Release { order } => vec![dispatch::Action::Cancel { order }],
        Action::HandOver { order: part } => {
            vec![
                dispatch::Action::Ready { part },
                dispatch::Action::PickUp { part },
            ]
        }
        Action::Reject { order: part, site } => vec![dispatch::Action::Reject { part, site }],
        other => vec![dispatch::Action::Desk(other)],
    }
}

#[test]
fn evenings_of_a_dispatch_are_those_of_its_desk() {
    let mut handed_over = 0;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut log = Log::draw(Promise::Firm, seed);
        (log.refused, log.pieces, log.sold) = Default::default();
        let network = log.desk.machine().network();
        let sites = (0..SITES).map(|id| site(id, &mut random));
        let network = Network::builder()
            .limits(*network.limits())
            .sites(sites)
            .build();
        let desk = policy(&rules(&mut random));
        let terms = dispatch::Terms {
            desk,
            ..dispatch::Terms::default()
        };
        let mut dispatch = Dispatch::open(network.expect("sound sites"), terms);
        let (mut steps, mut clock) = (Vec::new(), 0);
        let doings = (0..150).flat_map(|_| dispatched(action(&mut random)));
        let doings: Vec<dispatch::Action> = doings.collect();
        for (id, action) in (0..).zip(doings) {
            clock += i64::from(random.below(12) as u32);
            let command = dispatch::Command::new(CommandId(id), action);
            let Ok(Answer::Decided(step)) = dispatch.apply(at(clock), &command) else {
                continue;
            };
            let is_accepted = step
                .decided
                .expect("a command was decided")
                .outcome
                .is_accepted();
            steps.push(step);
            log.refused += u64::from(!is_accepted);
            match &command.action {
                dispatch::Action::Take { order, .. } if is_accepted => log.take_pieces(order),
                dispatch::Action::Desk(Action::Sell(goods)) if is_accepted => {
                    *log.sold.entry(goods.site).or_default() += u64::from(goods.pieces.0);
                }
                _ => {}
            }
        }
        let evening = Evening::of_dispatch(&steps);
        log.check_against(dispatch.machine().counter(), &evening);
        check_timeline(&evening, |every| {
            Evening::timeline_of_dispatch(&steps, every)
        });
        handed_over += evening.handed_over;

        let rows = lives(&steps);
        for row in &rows {
            let is_there = |part: &PartView| (part.way, part.life) == (row.way, row.life);
            let there = dispatch.machine().parts().filter(is_there).count();
            assert_eq!(row.parts, there as u64);
        }
        let all = dispatch.machine().parts().count() as u64;
        assert_eq!(rows.iter().map(|row| row.parts).sum::<u64>(), all);
    }
    assert!(handed_over > 10, "{handed_over}");
}

#[test]
fn rates_are_parts_of_what_they_are_of() {
    let evening = Evening {
        placed: 10,
        expired: 1,
        waiting: 2,
        handed_over: 6,
        pieces_online: 30,
        pieces_shop: 90,
        ..Evening::default()
    };
    assert_eq!(evening.pickup_rate(), Some(Ppm(750_000)));
    assert_eq!(evening.expiry_rate(), Some(Ppm(100_000)));
    assert_eq!(evening.online_share(), Some(Ppm(250_000)));
    let nothing = Evening::of([]);
    assert_eq!(
        nothing
            .pickup_rate()
            .or(nothing.expiry_rate())
            .or(nothing.online_share()),
        None
    );
}

#[test]
fn a_log_that_begins_late_is_counted_as_far_as_it_goes() {
    for seed in 0..40 {
        let log = Log::draw(Promise::Firm, seed);
        let late = Evening::of(&log.steps[log.steps.len() / 2..]);
        let whole = Evening::of(&log.steps);
        assert!(late.placed <= whole.placed && late.handed_over <= whole.handed_over);
        let states = [
            late.held,
            late.waiting,
            late.handed_over,
            late.released,
            late.expired,
            late.failed,
        ];
        assert_eq!(late.placed, states.iter().sum::<u64>());
    }
}
