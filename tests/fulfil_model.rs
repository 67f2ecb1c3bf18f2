//! Random evenings of a dispatch: whatever is commanded, every promise holds, nothing is lost, and all can be rebuilt.

// What a test draws is small; a surprise ends it.
#![allow(clippy::cast_possible_wrap, clippy::panic, clippy::print_stderr)]

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use catchment::desk::{self, Goods, OrderState, Policy, Promise, Scope};
use catchment::fulfil::dispatch::{
    Action, Choice, Dispatcher, Division, Event, Refusal, Share, Step, Terms,
};
use catchment::fulfil::{Deed, Fleet, Life, RideState, Way, WindowWish};
use catchment::id::{CourierId, CustomerId, OrderId, SiteId, SkuId};
use catchment::ledger::Ledger;
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::{Order, Wish};
use catchment::plan::{Cost, Preferences};
use catchment::site::{Change, SiteStatus};
use catchment::units::{Distance, Quantity, Units};

use crate::fulfil_delivery::{fleet, service, slot};
use crate::fulfil_dispatch::{MELON, Play, RICE, order, share, spot, street};
use crate::workload::Random;

const SITES: [u64; 4] = [1, 2, 17, 18];
const MINUTE: i64 = 60_000;

fn town(random: &mut Random) -> Play {
    let mut sites = street();
    for site in &mut sites {
        site.capacity = Units(1 + random.below(5) as u32);
    }
    let minutes = |minutes: usize| Duration::from_secs(60 * minutes as u64);
    let desk = Policy {
        promise: [Promise::Firm, Promise::Tentative][random.below(2)],
        hold_for: minutes(10 + random.below(30)),
        cooling_off: minutes(random.below(20)),
        attempts_max: 1 + random.below(3) as u8,
        preferences: Preferences {
            home: Distance::from_metres(1_000 * random.below(2) as u32),
            ..Preferences::default()
        },
        ..Policy::default()
    };
    let service = service(1 + random.below(3));
    let fleet = fleet(1 + random.below(3) as u32);
    Play::on(
        sites,
        Terms {
            desk,
            fleet,
            service,
        },
    )
}

fn one_of<T: Copy>(items: &[T], random: &mut Random) -> T {
    items[random.below(items.len())]
}

fn lines(random: &mut Random) -> Vec<(SkuId, u32)> {
    let mut lines = vec![(MELON, 1), (RICE, 2)];
    lines.truncate(random.below(3));
    lines
}

fn choice(random: &mut Random) -> Choice {
    let when = match random.below(4) {
        0 => WindowWish::In(slot(2 * random.below(4) as i64)),
        _ => WindowWish::Earliest,
    };
    let site = SiteId(one_of(&SITES, random));
    match random.below(6) {
        0 => Choice::PickupAt(site),
        1 => Choice::DeliverFrom { store: site, when },
        2 | 3 => Choice::Deliver { when },
        _ => Choice::Pickup,
    }
}

fn drawn(id: u64, random: &mut Random) -> Arc<Order> {
    let mut order = Order::clone(&order(id, random.below(24) as f64, &lines(random)));
    order.size = Units(1 + u32::from(random.one_in(8)));
    order.customer = random.one_in(2).then_some(CustomerId(id % 7));
    if random.one_in(4) {
        order.wish = Wish::Within(Distance::from_metres(200 + random.below(2_000) as u32));
    }
    Arc::new(order)
}

fn in_parts(id: u64, random: &mut Random) -> Action {
    let melons = 1 + random.below(2) as u32;
    let hundreds = random.below(24) as f64;
    let mut parts: Vec<Share> = vec![
        share(1_000 + 2 * id, &[(MELON, melons)], choice(random)),
        share(1_001 + 2 * id, &[(RICE, 2)], choice(random)),
    ];
    if random.one_in(2) {
        parts.reverse();
    }
    let mut order = Order::clone(&order(id, hundreds, &[(RICE, 2), (MELON, melons)]));
    order.customer = random.one_in(2).then_some(CustomerId(id % 7));
    Action::TakeParts {
        order: Arc::new(order),
        parts,
    }
}

fn settled(first: u64, random: &mut Random) -> Action {
    let pledge = |number| {
        let mut order = Order::clone(&order(first + number, 5.0, &[(MELON, 1)]));
        order.wish = Wish::Site(SiteId(SITES[number as usize % 4]));
        Arc::new(order)
    };
    let orders = (0..=random.below(4) as u64).map(pledge).collect();
    Action::TakeSettled { orders }
}

fn of_desk(random: &mut Random) -> desk::Action {
    let site = SiteId(one_of(&SITES, random));
    let goods = Goods {
        site,
        sku: one_of(&[MELON, RICE], random),
        pieces: Quantity(1 + random.below(6) as u32),
    };
    match random.below(12) {
        0 => desk::Action::Sell(goods),
        1 | 2 => desk::Action::Count(goods),
        3 => desk::Action::Announce { scope: Scope::All },
        4 => {
            let price = Cost::from_millimetres(1_000 * random.below(2_000) as i64);
            desk::Action::SetPrices {
                prices: vec![(site, price)],
            }
        }
        5 | 6 => {
            let capacity = Units(random.below(5) as u32);
            let status = [SiteStatus::Open, SiteStatus::Paused][random.below(2)];
            let changes = [
                Change::SetCapacity { site, capacity },
                Change::SetStatus { site, status },
                Change::Close(site),
                Change::Move {
                    site,
                    to: spot(random.below(24) as f64),
                },
                Change::Open(street()[random.below(4)].clone()),
            ];
            let changes = vec![changes[random.below(5)].clone()];
            desk::Action::Adopt { changes }
        }
        _ => desk::Action::Deliver(goods),
    }
}

/// Something that is told, mostly about a part that is there.
fn action(play: &Play, new: u64, random: &mut Random) -> Action {
    let parts: Vec<_> = play.machine().parts().collect();
    let known = parts.get(random.below(parts.len().max(1)));
    let part = known.map_or(OrderId(new), |view| view.part);
    let order = known.map_or(part, |view| one_of(&[view.of, view.of, view.part], random));
    let site = known.and_then(|view| view.site).unwrap_or(SiteId(1));
    if let Some(view) = known.filter(|_| random.one_in(3)) {
        let state = play.machine().counter().order(part);
        let is_held = state.is_some_and(|order| order.state == OrderState::Held);
        match (view.life, view.way) {
            (Life::Accepted, _) if is_held => return Action::Confirm { order: view.of },
            (Life::Accepted, _) => return Action::Ready { part },
            (Life::Ready, Way::Pickup) => return Action::PickUp { part },
            (Life::Ready, Way::Delivery) => return Action::SendOut { part },
            (Life::OutForDelivery, _) => return Action::Deliver { part },
            _ => {}
        }
    }
    match random.below(30) {
        0..=7 => {
            let id = if random.one_in(12) { part.0 } else { new };
            let (order, choice) = (drawn(id, random), choice(random));
            let ids = [OrderId(1_000 + 2 * id), OrderId(1_001 + 2 * id)];
            let division = Division {
                parts: ids.into(),
                ..Division::default()
            };
            let is_divisible = !order.lines.is_empty() && random.one_in(2);
            Action::Take {
                order,
                choice,
                division: is_divisible.then_some(division),
            }
        }
        8 | 9 => in_parts(new, random),
        10 => settled(new, random),
        11..=14 => Action::Confirm { order },
        15 => Action::Cancel { order },
        16 => Action::Choose {
            part,
            choice: choice(random),
        },
        17..=19 => Action::Ready { part },
        20 => Action::PickUp { part },
        21 | 22 => Action::SendOut { part },
        23 => Action::Deliver { part },
        24 => Action::Return { part },
        25 => Action::Reject { part, site },
        26 if random.one_in(3) => {
            let fleet = Arc::new(fleet(1 + random.below(3) as u32));
            Action::Staff { fleet }
        }
        _ => Action::Desk(of_desk(random)),
    }
}

fn evening(seed: u64, steps: u64, outcomes: &mut BTreeMap<String, u32>) -> Play {
    let mut random = Random::new(seed);
    let mut play = town(&mut random);
    for number in 0..steps {
        step(&mut play, 10 * number, &mut random, outcomes);
    }
    play
}

/// An evening of which each step is drawn by itself, so that one can change and the others stay.
pub(crate) fn evening_of(seed: u64, steps: impl IntoIterator<Item = u64>) -> Play {
    let mut play = town(&mut Random::new(seed));
    for (number, seed) in (0..).zip(steps) {
        let random = &mut Random::new(seed);
        step(&mut play, 10 * number, random, &mut BTreeMap::new());
    }
    play
}

fn step(play: &mut Play, new: u64, random: &mut Random, outcomes: &mut BTreeMap<String, u32>) {
    play.now += random.below(4 * MINUTE as usize) as i64;
    if random.one_in(20) {
        play.tick(play.now);
    }
    let action = action(play, new, random);
    let name = format!("{action:?}");
    let name = name.split([' ', '(']).next().unwrap_or("").to_owned();
    let outcome = match play.tell(action) {
        Ok(_) => "accepted",
        Err(Refusal::Desk(_)) => "desk",
        Err(_) => "refused",
    };
    *outcomes.entry(format!("{name} {outcome}")).or_default() += 1;
    if random.one_in(40) {
        through_a_snapshot(play);
    }
}

/// The process dies and another takes over.
fn through_a_snapshot(play: &mut Play) {
    let text = serde_json::to_string(&play.dispatch.snapshot()).expect("it can be written");
    let snapshot = serde_json::from_str(&text).expect("it can be read");
    let restored = Ledger::<Dispatcher>::restore(snapshot, &Limits::default());
    play.dispatch = restored.expect("it is whole");
}

/// All that is still open is given up or brought to its end.
fn close(play: &mut Play) {
    let parts: Vec<_> = play.machine().parts().collect();
    for view in parts {
        let part = view.part;
        match view.life {
            Life::OutForDelivery => {
                play.must(Action::Deliver { part });
            }
            life if life.is_open() => {
                play.must(Action::Cancel { order: part });
            }
            _ => {}
        }
    }
}

/// What is left is what customers have.
fn check_the_rest(play: &Play) {
    let counter = play.machine().counter();
    for level in counter.stock() {
        assert_eq!(level.held, Quantity(0));
    }
    let mut fetched: BTreeMap<SiteId, u32> = BTreeMap::new();
    for order in counter.orders() {
        let is_gone = order.state == OrderState::HandedOver;
        assert_eq!(order.site.is_some(), is_gone);
        if let Some(site) = order.site {
            // Sizes are 1 or 2; loads are checked between the two.
            *fetched.entry(site).or_default() += 1;
        }
    }
    for site in counter.sites() {
        let orders = fetched.get(&site.site).copied().unwrap_or(0);
        assert!((orders..=2 * orders).contains(&site.load.0));
    }
    for held in play.machine().couriers().rides() {
        let view = play.machine().part(held.order).expect("a ride is a part's");
        assert_eq!(held.state, RideState::Done, "{}", view.life);
    }
}

#[test]
fn random_evenings_keep_every_promise_and_can_be_rebuilt() {
    let mut outcomes = BTreeMap::new();
    for seed in 0..150 {
        let result = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            let mut play = evening(seed, 150, &mut outcomes);
            play.end();
            close(&mut play);
            check_the_rest(&play);
            play.end();
        }));
        if let Err(panic) = result {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
    // The evenings are about something.
    for often in [
        "Take accepted",
        "TakeParts accepted",
        "TakeParts desk",
        "TakeParts refused",
        "TakeSettled accepted",
        "Confirm accepted",
        "Cancel accepted",
        "Choose accepted",
        "Choose desk",
        "Ready accepted",
        "PickUp accepted",
        "SendOut accepted",
        "Deliver accepted",
        "Return accepted",
        "Reject accepted",
        "Staff accepted",
    ] {
        let times = outcomes.get(often).copied().unwrap_or(0);
        assert!(times >= 10, "{often}: {times} of {outcomes:#?}");
    }
}

/// The log with another step in place of one, and all numbers as they would be.
fn with_step(log: &[Step], at: usize, step: Step) -> Vec<Step> {
    let mut log = log.to_vec();
    log[at] = step;
    let mut sequence = 0;
    for step in &mut log {
        step.sequence = sequence;
        sequence = step.sequence_after();
    }
    log
}

/// What could be said in place of an event, and is not true.
fn lies(event: &Event) -> Vec<Event> {
    match event.clone() {
        Event::Taken { part, of, way } => {
            let other = match way {
                Way::Pickup => Way::Delivery,
                Way::Delivery => Way::Pickup,
            };
            let stranger = OrderId(of.0 + 999_999);
            let way_else = Event::Taken {
                part,
                of,
                way: other,
            };
            let of_else = Event::Taken {
                part,
                of: stranger,
                way,
            };
            vec![way_else, of_else]
        }
        Event::Turned { part, deed, to } => {
            let deed_else = match deed {
                Deed::Cancel => Deed::Ready,
                _ => Deed::Cancel,
            };
            let to_else = match to {
                Life::Ready => Life::Accepted,
                _ => Life::Ready,
            };
            let deed_else = Event::Turned {
                part,
                deed: deed_else,
                to,
            };
            let to_else = Event::Turned {
                part,
                deed,
                to: to_else,
            };
            vec![deed_else, to_else]
        }
        Event::RideHeld { part, ride, size } => {
            let mut rides = [ride; 4];
            rides[0].fee = Amount(ride.fee.0 + 1);
            rides[1].latest = ride.earliest;
            rides[2].courier = CourierId(77);
            rides[3].window = slot(9);
            let said = |ride| Event::RideHeld { part, ride, size };
            rides.map(said).to_vec()
        }
        Event::NotTaken { order, refusal } => {
            let refusal_else = match refusal {
                Refusal::KnownOrder { .. } => Refusal::Desk(desk::Refusal::EverySiteFull),
                _ => Refusal::KnownOrder { order },
            };
            let order_else = OrderId(order.0 + 999_999);
            [(order_else, refusal), (order, refusal_else)]
                .map(|(order, refusal)| Event::NotTaken { order, refusal })
                .to_vec()
        }
        Event::Staffed { fleet } => {
            let couriers = fleet.couriers().iter().skip(1).cloned().collect();
            let fewer = Fleet::new(fleet.windows().clone(), couriers, &Limits::default());
            let fleet = Arc::new(fewer.expect("it was sound"));
            vec![Event::Staffed { fleet }]
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_log_that_lies_or_leaves_something_out_is_found_out() {
    let mut kinds = BTreeMap::new();
    for seed in 1_000..1_012 {
        let play = evening(seed, 80, &mut BTreeMap::new());
        for (at, step) in play.log.iter().enumerate() {
            for (number, event) in step.events.iter().enumerate() {
                if matches!(event, Event::Desk(_)) {
                    continue;
                }
                let mut told = vec![step.clone()];
                told[0].events.remove(number);
                for lie in lies(event) {
                    let mut step = step.clone();
                    step.events[number] = lie;
                    told.push(step);
                }
                for (lie, step) in told.into_iter().enumerate() {
                    // The rest of the log would only tell more.
                    let log = with_step(&play.log[..=at], at, step);
                    let found = play.verdict(&log);
                    assert!(found.is_err(), "seed {seed}, lie {lie} about {event:?}");
                }
                let kind = format!("{event:?}");
                let kind = kind.split(' ').next().unwrap_or("").to_owned();
                *kinds.entry(kind).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}
