//! What customers, payment services and clumsy networks send in a week.

use catchment::id::{CommandId, CustomerId, PaymentId, PledgeId, SiteId};
use catchment::money::{Amount, Currency, Money};
use catchment::presale::{Action, IfUnformed, NewPayment, NewPledge, PresaleCommand};
use catchment::time::Timestamp;
use catchment::units::Quantity;

use crate::seeded::SplitMix64;
use crate::world::{CLOSES_AT, GRACE, HOLD, OPENS_AT, PRICE, World};

/// A message and when it arrives.
pub(crate) type Message = (Timestamp, PresaleCommand);

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The messages of the week, in the order in which they arrive.
pub(crate) fn write(world: &World) -> Vec<Message> {
    let mut author = Author {
        random: SplitMix64(50),
        messages: Vec::new(),
        people: 0,
    };
    for community in &world.communities {
        for place in 0..community.faithful + community.fickle {
            let pledge = author.pledges_some_time(community.site);
            if place < community.faithful {
                author.stays(&pledge);
            } else {
                author.goes(&pledge, place % 3);
            }
        }
    }
    // Two who pay a minute before the close: one message comes within the grace, the other after it.
    let grace = GRACE.as_millis().cast_signed();
    for delay in [grace / 2, grace + 30 * MINUTE] {
        author.pays_at_the_last_minute(world.communities[0].site, delay);
    }
    author
        .messages
        .sort_by_key(|(at, command)| (*at, command.id));
    author.messages
}

struct Author {
    random: SplitMix64,
    messages: Vec<Message>,
    people: u64,
}

/// A pledge that was made.
struct Made {
    number: u64,
    at: Timestamp,
    units: Quantity,
}

impl Author {
    /// Somebody new pledges, at some time up to half an hour before the close.
    fn pledges_some_time(&mut self, site: SiteId) -> Made {
        let week = CLOSES_AT.as_unix_millis() - OPENS_AT.as_unix_millis();
        let millis = self.random.below((week - HOUR / 2) as u64).cast_signed();
        self.pledges(site, later(OPENS_AT, millis))
    }

    fn pledges(&mut self, site: SiteId, at: Timestamp) -> Made {
        self.people += 1;
        let number = self.people;
        let units = Quantity(1 + self.random.below(3) as u32);
        let made = Made { number, at, units };
        let new = NewPledge {
            pledge: PledgeId(number),
            customer: CustomerId(number),
            site,
            units: made.units,
            // Three in four would walk; in the two communities that merge, enough of them.
            if_unformed: match number % 4 {
                0 => IfUnformed::Refund,
                _ => IfUnformed::MoveNearby,
            },
        };
        self.send(made.at, 10 * number, Action::Pledge(new));
        made
    }

    /// Pays within the hold. One in five messages of payment comes twice.
    fn stays(&mut self, made: &Made) {
        let pause = 1 + self.random.below(HOLD.as_millis() - 1).cast_signed();
        let at = later(made.at, pause);
        self.pay(made, at, at);
        if self.random.below(5) == 0 {
            self.messages.push((
                later(at, HOUR),
                self.messages[self.messages.len() - 1].1.clone(),
            ));
        }
    }

    /// Never pays, pays too late, or pays and then steps back before anybody could be misled for long.
    fn goes(&mut self, made: &Made, how: u64) {
        match how {
            0 => {}
            1 => {
                let at = later(made.at, HOLD.as_millis().cast_signed());
                self.pay(made, at, at);
            }
            _ => {
                let at = later(made.at, MINUTE);
                self.pay(made, at, at);
                let pledge = PledgeId(made.number);
                // Before the close, however late the pledge came.
                self.send(
                    later(at, 10 * MINUTE),
                    10 * made.number + 2,
                    Action::Withdraw { pledge },
                );
            }
        }
    }

    /// Pays in time; the message takes until so long after the close.
    fn pays_at_the_last_minute(&mut self, site: SiteId, delay: i64) {
        // The hold outlasts the grace only where the message comes within it.
        let made = self.pledges(site, later(CLOSES_AT, -2 * MINUTE));
        self.pay(&made, later(CLOSES_AT, delay), later(CLOSES_AT, -MINUTE));
    }

    fn pay(&mut self, made: &Made, at: Timestamp, paid_at: Timestamp) {
        let amount = Amount(PRICE.0 * u64::from(made.units.0));
        let new = NewPayment {
            payment: PaymentId(made.number),
            pledge: PledgeId(made.number),
            money: Money {
                amount,
                currency: Currency::CNY,
            },
            paid_at,
        };
        self.send(at, 10 * made.number + 1, Action::RecordPayment(new));
    }

    fn send(&mut self, at: Timestamp, id: u64, action: Action) {
        self.messages
            .push((at, PresaleCommand::new(CommandId(id), action)));
    }
}

fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(at.as_unix_millis() + millis)
}
