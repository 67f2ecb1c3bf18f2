//! Logs beside the commands that are said to have led to them: whatever is missing, made up or mixed up is found.

use catchment::desk::{self, Policy};
use catchment::fulfil::dispatch::{Action, Choice, Command, Event, Refusal, Step};
use catchment::fulfil::{Deed, Life};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::verify::DispatchViolation;

use crate::fulfil_dispatch::{MELON, Play, order, street, take};

/// Order 7 is taken, confirmed, packed, fetched and returned; pledges 1 and 2 come, and there are melons for one.
fn evening() -> Play {
    let mut play = Play::new(street(), Policy::default());
    let part = OrderId(7);
    play.stock(1, MELON, 2);
    play.must(take(order(7, 5.0, &[(MELON, 1)]), Choice::Pickup));
    play.must(Action::Confirm { order: part });
    play.must(Action::Ready { part });
    play.must(Action::PickUp { part });
    play.must(Action::Return { part });
    let pledge = |id| {
        let mut pledge = Order::clone(&order(id, 5.0, &[(MELON, 1)]));
        pledge.wish = Wish::Site(SiteId(1));
        pledge.into()
    };
    let orders = vec![pledge(1), pledge(2)];
    play.must(Action::TakeSettled { orders });
    play.tick(1);
    play.end();
    play
}

#[test]
fn what_commands_do_is_told_and_nothing_else() {
    type Lie = (&'static str, fn(&mut Play), fn(&DispatchViolation) -> bool);
    let is_undone = |found: &DispatchViolation| matches!(found, DispatchViolation::Undone { .. });
    let is_unasked = |found: &DispatchViolation| matches!(found, DispatchViolation::Unasked { .. });
    let is_other =
        |found: &DispatchViolation| matches!(found, DispatchViolation::OtherCommand { .. });
    let is_in_vain = |found: &DispatchViolation| {
        let order = OrderId(1);
        matches!(found, DispatchViolation::LostInVain { order: lost, .. } if *lost == order)
    };
    let lies: [Lie; 9] = [
        ("not packed", |play| play.log[3].events.clear(), is_undone),
        ("not returned", |play| play.log[5].events.clear(), is_undone),
        (
            "not confirmed",
            |play| play.log[2].events.clear(),
            is_undone,
        ),
        (
            "a pledge is hushed up",
            |play| without(&mut play.log[6], 2),
            is_undone,
        ),
        (
            "a pledge could have been taken",
            |play| {
                without(&mut play.log[6], 1);
                let refusal = Refusal::Desk(desk::Refusal::EverySiteFull);
                let order = OrderId(1);
                play.log[6].events.push(Event::NotTaken { order, refusal });
            },
            is_in_vain,
        ),
        (
            "a pledge that nobody made",
            |play| {
                let refusal = Refusal::Desk(desk::Refusal::EverySiteFull);
                let order = OrderId(3);
                play.log[6].events.push(Event::NotTaken { order, refusal });
            },
            is_unasked,
        ),
        (
            "packed by itself",
            |play| {
                let (part, deed, to) = (OrderId(7), Deed::Ready, Life::Ready);
                play.log[2].events.push(Event::Turned { part, deed, to });
            },
            is_unasked,
        ),
        (
            "another command",
            |play| {
                let action = Action::Ready { part: OrderId(8) };
                play.told[3] = Some(Command::new(CommandId(4), action));
            },
            is_other,
        ),
        ("no command", |play| play.told[3] = None, is_other),
    ];
    for (name, lie, is_found) in lies {
        let mut play = evening();
        lie(&mut play);
        let mut sequence = 0;
        for step in &mut play.log {
            step.sequence = sequence;
            sequence = step.sequence_after();
        }
        let violations = play.verdict(&play.log).expect_err(name);
        assert!(
            violations.kept().iter().any(is_found),
            "{name}: {violations:#}"
        );
    }
}

/// The step with nothing about an order.
fn without(step: &mut Step, order: u64) {
    step.events
        .retain(|event| event.part() != Some(OrderId(order)));
}
