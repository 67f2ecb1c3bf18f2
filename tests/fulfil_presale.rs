//! From the pledge to the pickup: what a presale settles comes to the dispatch in one step, and nobody is forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;

use catchment::desk::{self, OrderState, Policy, Told};
use catchment::fulfil::Life;
use catchment::fulfil::dispatch::{Action, Choice, Event, Refusal};
use catchment::id::{
    CampaignId, CommandId, CustomerId, OrderId, PaymentId, PledgeId, SiteId, SupplierId,
};
use catchment::limits::Limits;
use catchment::money::{Amount, Currency, Money};
use catchment::order::Order;
use catchment::presale::{
    self, CommunityTerms, IfUnformed, NewPayment, NewPledge, Presale, PresaleCommand, Settlement,
    SupplierTerms, Terms, Threshold,
};
use catchment::site::Network;
use catchment::units::Quantity;

use crate::fulfil_dispatch::{MELON, Play, at, street};

const DAY: i64 = 86_400_000;

/// A campaign for melons at sites 17 and 18, in which so many customers have paid for so many at each.
fn settled(pledges: &[(u64, u64, u32)], network: &Network) -> Vec<Arc<Order>> {
    let community = |site| CommunityTerms {
        site: SiteId(site),
        supplier: SupplierId(4),
        threshold: None,
    };
    let terms = Terms {
        id: CampaignId(1),
        sku: MELON,
        currency: Currency::CNY,
        unit_price: Amount(990),
        opens_at: at(0),
        closes_at: at(DAY),
        horizon: at(30 * DAY),
        policy: presale::Policy::new(Threshold::participants(1)),
        suppliers: vec![SupplierTerms::new(SupplierId(4))],
        communities: vec![community(17), community(18)],
    };
    let mut presale = Presale::open(terms, &Limits::default()).expect("sound terms");
    let mut commands = 0;
    let mut tell = |action| {
        commands += 1;
        let command = PresaleCommand::new(CommandId(commands), action);
        let answer = presale.apply(at(1_000), &command).expect("it makes sense");
        assert!(answer.outcome().is_accepted());
    };
    for &(number, site, pieces) in pledges {
        tell(presale::Action::Pledge(NewPledge {
            pledge: PledgeId(number),
            customer: CustomerId(number),
            site: SiteId(site),
            units: Quantity(pieces),
            if_unformed: IfUnformed::Refund,
        }));
        let amount = Amount(990 * u64::from(pieces));
        tell(presale::Action::RecordPayment(NewPayment {
            payment: PaymentId(number),
            pledge: PledgeId(number),
            money: Money {
                amount,
                currency: Currency::CNY,
            },
            paid_at: at(1_000),
        }));
    }
    let over = presale.as_of(at(2 * DAY));
    let settlement = Settlement::of(&over).expect("it is over");
    let orders = settlement.orders(network, |_| None);
    let orders = orders.expect("all sites are there").into_iter();
    orders.map(Arc::new).collect()
}

#[test]
fn settled_pledges_are_placed_confirmed_and_announced_in_one_step_and_none_is_forgotten() {
    let mut play = Play::new(street(), Policy::default());
    let pledges = [(1, 17, 2), (2, 17, 1), (3, 18, 2), (4, 18, 2), (5, 18, 1)];
    let orders = settled(&pledges, &play.network);
    assert_eq!(orders.len(), pledges.len());
    play.stock(1, MELON, 9);
    play.stock(18, MELON, 3);
    let steps = play.log.len();
    let events = play.must(Action::TakeSettled {
        orders: orders.clone(),
    });
    assert_eq!(play.log.len(), steps + 1);
    let (mut taken, mut lost) = (BTreeSet::new(), Vec::new());
    for event in &events {
        match *event {
            Event::Taken { part, .. } => assert!(taken.insert(part)),
            Event::NotTaken { order, refusal } => lost.push((order, refusal)),
            _ => {}
        }
    }
    let site = SiteId(18);
    let none = desk::Refusal::OutOfStock {
        site,
        sku: MELON,
        free: Quantity(1),
    };
    assert_eq!(lost, [(OrderId(4), Refusal::Desk(none))]);
    for order in orders.iter().filter(|order| order.id != OrderId(4)) {
        assert!(taken.contains(&order.id));
        let view = play.machine().counter().order(order.id);
        let view = view.expect("it was placed");
        assert_eq!(
            (view.state, view.told),
            (OrderState::Confirmed, Told::Announced)
        );
        let wish = catchment::order::Wish::Site(view.site.expect("it has a place"));
        assert_eq!(wish, order.wish);
    }
    // The one that was not taken comes again when there are melons, and goes its way like the others.
    play.stock(18, MELON, 2);
    let again = orders.iter().find(|order| order.id == OrderId(4));
    play.must(Action::Take {
        order: Arc::clone(again.expect("it was settled")),
        choice: Choice::Pickup,
        division: None,
    });
    play.must(Action::Confirm { order: OrderId(4) });
    for part in (1..=5).map(OrderId) {
        play.must(Action::Ready { part });
        play.must(Action::PickUp { part });
    }
    assert!(
        play.machine()
            .parts()
            .all(|part| part.life == Life::PickedUp)
    );
    play.end();
}
