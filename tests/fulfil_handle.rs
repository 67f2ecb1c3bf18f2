//! The dispatch for many threads: alone it decides as a dispatch does, together nothing is promised twice, and the log
//! has the whole story.

// A surprise ends a test.
#![allow(clippy::panic, clippy::cast_precision_loss, clippy::redundant_closure)]

use std::sync::Mutex;

use catchment::desk::{self, Goods, Policy};
use catchment::fulfil::dispatch::{
    Action, Choice, Command, Dispatch, DispatchHandle, Division, Step, Terms,
};
use catchment::fulfil::{Life, OptionsFinder, OptionsPolicy, Way};
use catchment::id::{CommandId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, Encoder};
use catchment::site::Network;
use catchment::units::{Quantity, Units};
use catchment::verify;

use crate::fulfil_delivery::{EARLIEST, fleet, service};
use crate::fulfil_dispatch::{MELON, RICE, at, order, street};
use crate::fulfil_model::evening_of;

#[test]
fn alone_it_decides_as_a_dispatch_does() {
    for seed in 2_000..2_016 {
        let play = evening_of(seed, (0..120).map(|step| 1_000 * seed + step));
        let handle = DispatchHandle::new(Dispatch::open(play.network.clone(), play.terms.clone()));
        for (told, step) in play.told.iter().zip(&play.log) {
            let again = match told {
                Some(command) => match handle.apply(step.at, command) {
                    Ok(Answer::Decided(again)) => Some(again),
                    other => panic!("seed {seed}: {other:?}"),
                },
                None => handle.tick_then(step.at, |step| step).expect("in time"),
            };
            assert_eq!(again.as_ref(), Some(step), "seed {seed}");
        }
        let seen = handle.look(|dispatcher| Encoder::hash_of(dispatcher));
        assert_eq!(seen, Encoder::hash_of(play.machine()), "seed {seed}");
        assert_eq!(handle.into_dispatch().hash(), play.dispatch.hash());
    }
}

const THREADS: u64 = 8;
const ORDERS: u64 = 30;

/// Everything one buyer does, and the sites with them; what each thread stores is in the order of all decisions.
fn buyer(handle: &DispatchHandle, log: &Mutex<Vec<(Command, Step)>>, id: u64) {
    let mut commands = (1_000 * id..).map(CommandId);
    let mut tell = |action| {
        let command = Command::new(commands.next().expect("enough"), action);
        let answer = handle.apply_then(at(0), &command, |answer| {
            let outcome = answer.outcome();
            if let Answer::Decided(step) = answer {
                log.lock().expect("no panic").push((command.clone(), step));
            }
            outcome
        });
        answer.expect("it makes sense").is_accepted()
    };
    let way = [Choice::Pickup, EARLIEST][(id % 2) as usize];
    let both: &[(SkuId, u32)] = &[(MELON, 1), (RICE, 1)];
    let lines = [both, &both[..1], &both[1..]][(id % 3) as usize];
    let parts: Vec<OrderId> = (1..3).map(|part| OrderId(10_000 * part + id)).collect();
    let order = order(id, (id % 24) as f64, lines);
    let whole = order.id;
    let policy = OptionsPolicy::default();
    handle.look(|dispatcher| {
        let finder = OptionsFinder::new(dispatcher.counter(), dispatcher.couriers(), &policy);
        let options = finder.options(at(0), &order);
        assert_eq!(options.order, whole);
    });
    let division = Some(Division {
        parts,
        ..Division::default()
    });
    let taken = tell(Action::Take {
        order,
        choice: way,
        division,
    });
    if !taken {
        return;
    }
    if id.is_multiple_of(5) {
        assert!(tell(Action::Cancel { order: whole }));
        return;
    }
    assert!(tell(Action::Confirm { order: whole }));
    for part in handle.read(|dispatch| dispatch.machine().parts_of(whole)) {
        assert!(tell(Action::Ready { part }));
        if way.way() == Way::Pickup {
            assert!(tell(Action::PickUp { part }));
        } else {
            assert!(tell(Action::SendOut { part }));
            assert!(tell(Action::Deliver { part }));
        }
    }
}

#[test]
fn more_threads_than_cores_promise_nothing_twice_and_their_log_rebuilds_the_state() {
    let mut sites = street();
    for site in &mut sites {
        site.capacity = Units(60);
    }
    let network = Network::builder().sites(sites).build().expect("sound");
    let terms = Terms {
        desk: Policy::default(),
        fleet: fleet(30),
        service: service(4),
    };
    let mut dispatch = Dispatch::open(network.clone(), terms.clone());
    let mut first = Vec::new();
    for (number, (site, sku)) in (900_000..).zip([(1, MELON), (18, RICE), (2, MELON), (2, RICE)]) {
        let (site, pieces) = (SiteId(site), Quantity(40));
        let action = Action::Desk(desk::Action::Deliver(Goods { site, sku, pieces }));
        let command = Command::new(CommandId(number), action);
        if let Ok(Answer::Decided(step)) = dispatch.apply(at(0), &command) {
            first.push((command, step));
        }
    }
    let (handle, log) = (DispatchHandle::new(dispatch), Mutex::new(first));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (handle, log) = (&handle, &log);
            scope.spawn(move || {
                for number in 0..ORDERS {
                    buyer(handle, log, 1 + THREADS * number + thread);
                }
            });
        }
    });
    let log = log.into_inner().expect("no panic");
    let verified = verify::dispatch_by_commands(
        &network,
        &terms,
        log.iter().map(|(command, step)| (Some(command), step)),
    );
    assert_eq!(verified, Ok(()));
    let mut again = Dispatch::open(network, terms);
    for (_, step) in &log {
        again.follow(step).expect("the log is whole");
    }
    let seen = handle.look(|dispatcher| Encoder::hash_of(dispatcher));
    let dispatch = handle.into_dispatch();
    assert_eq!(again.hash(), dispatch.hash());
    assert_eq!(seen, Encoder::hash_of(dispatch.machine()));
    // It was crowded: some were divided, some found nothing, and many came to their end.
    let machine = dispatch.machine();
    let lives = |life| machine.parts().filter(|part| part.life == life).count();
    let in_parts = machine.parts().filter(|part| part.of != part.part).count();
    assert!(lives(Life::PickedUp) > 20 && lives(Life::Delivered) > 10);
    assert!(in_parts > 4, "{in_parts}");
    let refused = |step: &Step| {
        step.decided
            .is_some_and(|decided| !decided.outcome.is_accepted())
    };
    assert!(log.iter().any(|(_, step)| refused(step)));
}
