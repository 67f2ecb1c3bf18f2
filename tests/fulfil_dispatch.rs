//! Orders through the dispatch: taken, followed through what happens at the desk, over; and what is refused.

// What a test draws is small; a surprise ends it.
#![allow(clippy::panic)]

use std::sync::Arc;

use catchment::desk::{self, Goods, OrderState, Policy, Promise};
use catchment::fulfil::dispatch::{
    Action, Choice, Command, Dispatch, Dispatcher, Event, Malformed, Refusal, Share, Step, Terms,
};
use catchment::fulfil::{Deed, Life, Way};
use catchment::geo::{LngLat, Position};
use catchment::id::{CommandId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, CommandError, Encoder, Ledger};
use catchment::limits::Limits;
use catchment::order::{Order, OrderLine, Wish};
use catchment::site::{Change, Network, Site, Tag, Tags};
use catchment::time::Timestamp;
use catchment::units::{Quantity, Units};
use catchment::verify;

pub(crate) const MELON: SkuId = SkuId(9);
pub(crate) const RICE: SkuId = SkuId(8);

/// A dispatch with its log.
pub(crate) struct Play {
    pub(crate) network: Network,
    pub(crate) terms: Terms,
    pub(crate) dispatch: Dispatch,
    pub(crate) log: Vec<Step>,
    /// What led to each step, if time alone did not.
    pub(crate) told: Vec<Option<Command>>,
    pub(crate) now: i64,
    commands: u64,
}

impl Play {
    pub(crate) fn new(sites: impl IntoIterator<Item = Site>, desk: Policy) -> Self {
        let terms = Terms {
            desk,
            ..Terms::default()
        };
        Self::on(sites, terms)
    }

    pub(crate) fn on(sites: impl IntoIterator<Item = Site>, terms: Terms) -> Self {
        let network = Network::builder().sites(sites).build();
        let network = network.expect("sound sites");
        Self {
            dispatch: Dispatch::open(network.clone(), terms.clone()),
            network,
            terms,
            log: Vec::new(),
            told: Vec::new(),
            now: 0,
            commands: 0,
        }
    }

    pub(crate) fn machine(&self) -> &Dispatcher {
        self.dispatch.machine()
    }

    /// Tells the dispatch something; the events of it alone.
    pub(crate) fn tell(&mut self, action: Action) -> Result<Vec<Event>, Refusal> {
        self.commands += 1;
        let command = Command::new(CommandId(self.commands), action);
        let hash = Encoder::hash_of(self.machine());
        let answer = self.dispatch.apply(at(self.now), &command);
        let Answer::Decided(step) = answer.expect("it makes sense") else {
            panic!("a new command is decided");
        };
        let outcome = step.decided.expect("a command").outcome;
        let events = step.events.clone();
        let nothing_was_due = step.due.is_empty();
        self.log.push(step);
        self.told.push(Some(command));
        match outcome.refusal() {
            Some(refusal) => {
                assert!(events.is_empty(), "{refusal} and {events:?}");
                let is_same = Encoder::hash_of(self.machine()) == hash;
                assert!(is_same || !nothing_was_due, "{refusal} changed something");
                Err(*refusal)
            }
            None => Ok(events),
        }
    }

    /// The same, of what is accepted.
    pub(crate) fn must(&mut self, action: Action) -> Vec<Event> {
        let shown = format!("{action:?}");
        let events = self.tell(action);
        events.unwrap_or_else(|refusal| panic!("{shown}: {refusal}"))
    }

    /// The same, of what is refused.
    pub(crate) fn refused(&mut self, action: Action) -> Refusal {
        self.tell(action).expect_err("it is refused")
    }

    pub(crate) fn stock(&mut self, site: u64, sku: SkuId, pieces: u32) {
        let (site, pieces) = (SiteId(site), Quantity(pieces));
        let delivered = desk::Action::Deliver(Goods { site, sku, pieces });
        self.must(Action::Desk(delivered));
    }

    pub(crate) fn tick(&mut self, now: i64) {
        self.now = now;
        if let Some(step) = self.dispatch.tick(at(now)).expect("before the horizon") {
            self.log.push(step);
            self.told.push(None);
        }
    }

    pub(crate) fn life(&self, part: u64) -> Life {
        let part = self.machine().part(OrderId(part));
        part.expect("it was taken").life
    }

    pub(crate) fn site(&self, part: u64) -> Option<u64> {
        let part = self.machine().part(OrderId(part));
        Some(part.expect("it was taken").site?.0)
    }

    /// What `verify` says of a log that these commands are said to have led to, or the first of them.
    pub(crate) fn verdict(&self, log: &[Step]) -> Result<(), verify::DispatchViolations> {
        let told = self.told.iter().map(Option::as_ref);
        verify::dispatch_by_commands(&self.network, &self.terms, told.zip(log))
    }

    /// What must hold at the end of every play: its log is sound and rebuilds the dispatch, and so does a snapshot.
    pub(crate) fn end(&self) {
        assert_eq!(self.verdict(&self.log), Ok(()));
        let mut again = Dispatch::open(self.network.clone(), self.terms.clone());
        for step in &self.log {
            again.follow(step).expect("the log is whole");
        }
        assert_eq!(again.hash(), self.dispatch.hash());
        let snapshot = self.dispatch.snapshot();
        let restored = Ledger::<Dispatcher>::restore(snapshot, &Limits::default());
        let restored = restored.expect("the snapshot is whole");
        assert_eq!(restored.hash(), self.dispatch.hash());
    }
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

/// So many hundred metres along a street.
pub(crate) fn spot(hundreds: f64) -> Position {
    let lng = 121.40 + hundreds * 0.001_052;
    Position::new(LngLat { lng, lat: 31.2 }).expect("in range")
}

/// Two stores that deliver, a leader that the first supplies, and one with goods of their own.
pub(crate) fn street() -> Vec<Site> {
    let mut near = Site::store(SiteId(1), spot(0.0), Units(4));
    let mut far = Site::store(SiteId(2), spot(20.0), Units(4));
    near.tags = Tags::NONE.with(Tag::DELIVERY);
    far.tags = Tags::NONE.with(Tag::DELIVERY);
    let mut supplied = Site::leader(SiteId(17), spot(5.0), Units(3));
    supplied.supplied_by = Some(SiteId(1));
    let own = Site::leader(SiteId(18), spot(8.0), Units(3));
    vec![near, far, supplied, own]
}

pub(crate) fn order(id: u64, hundreds: f64, lines: &[(SkuId, u32)]) -> Arc<Order> {
    let mut order = Order::new(OrderId(id), spot(hundreds));
    order.lines = lines_of(lines);
    Arc::new(order)
}

pub(crate) fn lines_of(lines: &[(SkuId, u32)]) -> Vec<OrderLine> {
    let line = |&(sku, pieces)| OrderLine {
        sku,
        quantity: Quantity(pieces),
    };
    lines.iter().map(line).collect()
}

pub(crate) fn take(order: Arc<Order>, choice: Choice) -> Action {
    Action::Take {
        order,
        choice,
        division: None,
    }
}

pub(crate) fn share(part: u64, lines: &[(SkuId, u32)], choice: Choice) -> Share {
    Share {
        part: OrderId(part),
        lines: lines_of(lines),
        size: Units(1),
        choice,
    }
}

pub(crate) fn turns(events: &[Event]) -> Vec<(u64, Deed, Life)> {
    let turned = events.iter().filter_map(|event| match *event {
        Event::Turned { part, deed, to } => Some((part.0, deed, to)),
        _ => None,
    });
    turned.collect()
}

pub(crate) fn wrong(part: u64, way: Way, life: Life, deed: Deed) -> Refusal {
    let part = OrderId(part);
    Refusal::WrongLife {
        part,
        way,
        life,
        deed,
    }
}

#[test]
fn an_order_is_taken_confirmed_packed_fetched_and_brought_back() {
    let mut play = Play::new(street(), Policy::default());
    play.stock(1, MELON, 2);
    let part = OrderId(7);
    play.must(take(order(7, 4.0, &[(MELON, 2)]), Choice::Pickup));
    assert_eq!((play.life(7), play.site(7)), (Life::Accepted, Some(17)));
    let early = play.tell(Action::Ready { part });
    assert_eq!(early, Err(Refusal::NotConfirmed { part }));
    play.must(Action::Confirm { order: part });
    let early = play.refused(Action::PickUp { part });
    assert_eq!(early, wrong(7, Way::Pickup, Life::Accepted, Deed::PickUp));
    assert!(early.is_transient());
    let packed = play.must(Action::Ready { part });
    assert_eq!(turns(&packed), [(7, Deed::Ready, Life::Ready)]);
    assert_eq!(
        play.tell(Action::SendOut { part }),
        Err(wrong(7, Way::Pickup, Life::Ready, Deed::SendOut))
    );
    play.must(Action::PickUp { part });
    assert_eq!(play.machine().counter().stock()[0].on_hand, Quantity(0));
    let late = play.refused(Action::Cancel { order: part });
    assert_eq!(late, wrong(7, Way::Pickup, Life::PickedUp, Deed::Cancel));
    assert!(!late.is_transient());
    play.must(Action::Return { part });
    assert_eq!(play.life(7), Life::Returned);
    play.end();
}

#[test]
fn a_place_that_is_cancelled_or_not_confirmed_is_free_again() {
    let mut play = Play::new(street(), Policy::default());
    play.stock(1, MELON, 1);
    let melon = |id| take(order(id, 4.0, &[(MELON, 1)]), Choice::Pickup);
    play.must(melon(1));
    let refused = play.refused(melon(2));
    assert!(matches!(
        refused,
        Refusal::Desk(desk::Refusal::OutOfStock { .. })
    ));
    play.must(Action::Cancel { order: OrderId(1) });
    play.must(melon(3));
    play.tick(900_000);
    assert_eq!(
        (play.life(1), play.life(3)),
        (Life::Cancelled, Life::Cancelled)
    );
    let due = &play.log.last().expect("a step").due;
    assert_eq!(turns(due), [(3, Deed::Expire, Life::Cancelled)]);
    play.must(melon(4));
    play.end();
}

#[test]
fn a_rejected_site_is_excluded_until_its_cooling_off_ends_and_the_last_attempt_is_the_last() {
    let policy = Policy {
        attempts_max: 2,
        ..Policy::default()
    };
    let mut play = Play::new(street(), policy);
    let part = OrderId(1);
    play.must(take(order(1, 5.0, &[]), Choice::Pickup));
    play.must(Action::Confirm { order: part });
    play.must(Action::Ready { part });
    let site = SiteId(17);
    let moved = play.must(Action::Reject { part, site });
    assert_eq!(turns(&moved), [(1, Deed::Move, Life::Accepted)]);
    assert_eq!(play.site(1), Some(18));
    // Another order finds the nearest site cooling, and after ten minutes not.
    play.must(take(order(2, 5.0, &[]), Choice::Pickup));
    assert_eq!(play.site(2), Some(18));
    play.tick(600_000);
    play.must(take(order(3, 5.0, &[]), Choice::Pickup));
    assert_eq!(play.site(3), Some(17));
    // Order 1 never goes back to whom rejected it, and the second rejection is the last.
    let site = SiteId(18);
    let failed = play.must(Action::Reject { part, site });
    assert_eq!(turns(&failed), [(1, Deed::Reject, Life::Rejected)]);
    let state = play
        .machine()
        .counter()
        .order(part)
        .map(|order| order.state);
    assert_eq!(state, Some(OrderState::Failed));
    let late = play.refused(Action::Reject { part, site });
    assert_eq!(late, wrong(1, Way::Pickup, Life::Rejected, Deed::Reject));
    play.end();
}

#[test]
fn a_chosen_site_that_closes_leaves_the_order_waiting_for_another_choice() {
    let mut play = Play::new(street(), Policy::default());
    let part = OrderId(1);
    play.must(take(order(1, 5.0, &[]), Choice::PickupAt(SiteId(18))));
    play.must(Action::Confirm { order: part });
    play.must(Action::Ready { part });
    let changes = vec![Change::Close(SiteId(18))];
    let closed = play.must(Action::Desk(desk::Action::Adopt { changes }));
    assert_eq!(turns(&closed), [(1, Deed::Strand, Life::Waiting)]);
    assert_eq!(
        play.tell(Action::Ready { part }),
        Err(wrong(1, Way::Pickup, Life::Waiting, Deed::Ready))
    );
    let choice = Choice::PickupAt(SiteId(17));
    let chosen = play.must(Action::Choose { part, choice });
    assert_eq!(turns(&chosen), [(1, Deed::Move, Life::Accepted)]);
    assert_eq!(play.site(1), Some(17));
    play.end();
}

#[test]
fn parts_are_taken_together_or_not_at_all() {
    let mut play = Play::new(street(), Policy::default());
    play.stock(1, MELON, 2);
    play.stock(18, RICE, 1);
    let both = order(1, 5.0, &[(MELON, 2), (RICE, 1)]);
    let whole = play.tell(take(Arc::clone(&both), Choice::Pickup));
    assert!(whole.is_err(), "no site has both");
    let parts = |rice| {
        let melons = share(11, &[(MELON, 2)], Choice::Pickup);
        let rice = share(12, &[(RICE, 1)], Choice::PickupAt(SiteId(rice)));
        Action::TakeParts {
            order: Arc::clone(&both),
            parts: vec![melons, rice],
        }
    };
    // The first part would find its melons, the second finds no rice at site 2: neither is taken.
    assert!(play.tell(parts(2)).is_err());
    assert_eq!(play.machine().parts().count(), 0);
    let taken = play.must(parts(18));
    assert!(matches!(taken[0], Event::Divided { .. }));
    assert_eq!((play.site(11), play.site(12)), (Some(17), Some(18)));
    assert_eq!(
        play.tell(parts(18)),
        Err(Refusal::KnownOrder { order: OrderId(1) })
    );
    let (part, of) = (OrderId(11), OrderId(1));
    assert_eq!(
        play.tell(Action::Confirm { order: part }),
        Err(Refusal::NotWhole { part, of })
    );
    assert_eq!(
        play.tell(Action::Ready { part: of }),
        Err(Refusal::InParts { order: of })
    );
    play.must(Action::Confirm { order: of });
    for part in [11, 12] {
        let state = play.machine().counter().order(OrderId(part));
        assert_eq!(state.map(|order| order.state), Some(OrderState::Confirmed));
    }
    // Each lives its own life; what is over stays out of it when the rest is cancelled.
    play.must(Action::Ready { part });
    play.must(Action::PickUp { part });
    play.must(Action::Cancel { order: of });
    assert_eq!(
        (play.life(11), play.life(12)),
        (Life::PickedUp, Life::Cancelled)
    );
    let free = play.machine().counter().free_stock(SiteId(18), RICE);
    assert_eq!(free, Quantity(1));
    play.end();
}

#[test]
fn settled_pledges_come_in_one_step_and_none_is_lost() {
    for promise in [Promise::Firm, Promise::Tentative] {
        let policy = Policy {
            promise,
            ..Policy::default()
        };
        let mut play = Play::new(street(), policy);
        play.stock(1, MELON, 3);
        let pledge = |id, site| {
            let mut order = Order::clone(&order(id, 5.0, &[(MELON, 1)]));
            order.wish = Wish::Site(SiteId(site));
            Arc::new(order)
        };
        // Site 2 has no melons, the fourth finds none at 17, and one comes twice.
        let orders = [(1, 17), (2, 2), (3, 1), (1, 17), (4, 17), (5, 17)];
        let orders = orders.map(|(id, site)| pledge(id, site)).to_vec();
        let events = play.must(Action::TakeSettled { orders });
        let lost = events.iter().filter_map(|event| match event {
            Event::NotTaken { order, refusal } => Some((order.0, *refusal)),
            _ => None,
        });
        let none = |site| {
            Refusal::Desk(desk::Refusal::OutOfStock {
                site: SiteId(site),
                sku: MELON,
                free: Quantity(0),
            })
        };
        let known = Refusal::KnownOrder { order: OrderId(1) };
        assert_eq!(
            lost.collect::<Vec<_>>(),
            [(2, none(2)), (1, known), (5, none(17))],
            "{promise:?}"
        );
        for part in [1, 3, 4] {
            let view = play.machine().counter().order(OrderId(part));
            let view = view.expect("it was placed");
            assert_eq!(view.state, OrderState::Confirmed);
            assert_eq!(view.told, desk::Told::Announced);
        }
        // Confirmed as they are, they do not expire.
        play.tick(10_000_000);
        assert_eq!(play.life(4), Life::Accepted);
        play.end();
    }
}

#[test]
fn a_packed_order_is_not_moved_by_a_better_plan() {
    for (is_packed, stays_at) in [(true, 17), (false, 18)] {
        let policy = Policy {
            promise: Promise::Tentative,
            ..Policy::default()
        };
        let mut sites = street();
        sites[2].capacity = Units(1);
        let mut play = Play::new(sites, policy);
        let part = OrderId(1);
        play.must(take(order(1, 6.0, &[]), Choice::Pickup));
        play.must(Action::Confirm { order: part });
        if is_packed {
            play.must(Action::Ready { part });
        }
        assert_eq!(play.site(1), Some(17));
        // Order 2 is nearer to site 17, and all together walk least if order 1 goes to 18.
        play.must(take(order(2, 4.0, &[]), Choice::Pickup));
        assert_eq!(play.site(1), Some(stays_at));
        play.end();
    }
}

#[test]
fn what_makes_no_sense_is_malformed() {
    let mut play = Play::new(street(), Policy::default());
    let one = || order(1, 5.0, &[(MELON, 2)]);
    let id = OrderId(1);
    let parts = |parts: Vec<Share>| Action::TakeParts {
        order: one(),
        parts,
    };
    let half = |part| share(part, &[(MELON, 1)], Choice::Pickup);
    let mut brought = Order::clone(&one());
    brought.wish = Wish::Deliver;
    let past = Malformed::PastItsLife { order: id };
    let differs = Malformed::NotTheOrder {
        order: id,
        sku: MELON,
        wanted: 2,
        found: 3,
    };
    let cases = [
        (
            Action::Desk(desk::Action::Release { order: id }),
            past.clone(),
        ),
        (Action::Desk(desk::Action::Confirm { order: id }), past),
        (
            take(Arc::new(brought), Choice::Pickup),
            Malformed::WishesDelivery { order: id },
        ),
        (
            Action::TakeSettled {
                orders: vec![one()],
            },
            Malformed::NoSite { order: id },
        ),
        (
            parts(vec![half(2)]),
            Malformed::TooFewParts {
                order: id,
                parts: 1,
            },
        ),
        (
            parts(vec![half(2), half(2)]),
            Malformed::RepeatedPart { part: OrderId(2) },
        ),
        (
            parts(vec![half(2), half(1)]),
            Malformed::RepeatedPart { part: id },
        ),
        (parts(vec![half(2), half(3), half(4)]), differs),
    ];
    for (number, (action, expected)) in (100..).zip(cases) {
        let shown = format!("{action:?}");
        let command = Command::new(CommandId(number), action);
        match play.dispatch.apply(at(0), &command) {
            Err(CommandError::Malformed(found)) => assert_eq!(found, expected, "{shown}"),
            other => panic!("{shown}: {other:?}"),
        }
    }
    play.tick(0);
    play.end();
}
