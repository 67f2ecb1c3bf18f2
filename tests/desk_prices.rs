//! Prices of a forecast: what they gain on an evening, and what room they are asked for.

use std::sync::Arc;

use catchment::desk::{Action, Command, Desk, Outlook, Policy};
use catchment::geo::{LngLat, Position};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::limits::Limits;
use catchment::order::Order;
use catchment::plan::{Cost, Preferences, RouteError, Router};
use catchment::site::{Network, Opening, Schedule, Site, SiteStatus};
use catchment::time::{Timestamp, Window};
use catchment::units::{Distance, Orders, Units};

use crate::workload::{Areas, Random, World, sites};

const NOW: Timestamp = Timestamp::from_unix_millis(1_000);
const UNASSIGNED: Distance = Distance::from_metres(20_000);
const ORDERS: usize = 2_000;

struct Day {
    network: Network,
    yesterday: Vec<Order>,
    today: Vec<Order>,
}

/// A city of 80 sites with 25 orders each and room for so many percent of them.
fn day(seed: u64, percent: usize) -> Day {
    let mut places = sites(World::City, seed, ORDERS / 25, &[Areas::Unlimited]);
    for site in &mut places {
        site.capacity = Units((25 * percent).div_ceil(100) as u32);
    }
    let orders = |seed| {
        let homes = World::City.positions(seed, ORDERS).into_iter().enumerate();
        let orders = homes.map(|(id, at)| Order::new(OrderId(id as u64), at));
        orders.collect()
    };
    Day {
        network: Network::builder().sites(places).build().expect("sound"),
        yesterday: orders(100 + seed),
        today: orders(200 + seed),
    }
}

impl Day {
    /// What the day costs more than the best plan of it, with prices for the rest of the evening set so many times.
    fn regret(&self, times: usize, arrival: u64) -> i64 {
        let mut random = Random::new(arrival);
        let mut orders = self.today.clone();
        for last in (1..orders.len()).rev() {
            orders.swap(last, random.below(last + 1));
        }
        let mut desk = Desk::open(self.network.clone(), Policy::default());
        let mut cost = 0;
        for (number, order) in orders.into_iter().enumerate() {
            if times > 0 && number.is_multiple_of(ORDERS / times) {
                let outlook = Outlook {
                    to_come: Orders((ORDERS - number) as u32),
                    draws: 8,
                    unassigned: UNASSIGNED,
                    seed: arrival << 32 | number as u64,
                };
                let left = desk.machine().network_left();
                let prices = outlook.prices(&left, &Preferences::default(), &self.yesterday);
                let prices = prices.expect("sound");
                let set = Command::new(
                    CommandId(1 << 40 | number as u64),
                    Action::SetPrices { prices },
                );
                desk.apply(NOW, &set).expect("a new id");
            }
            let order = Arc::new(order);
            let place = Command::place(CommandId(number as u64), Arc::clone(&order));
            desk.apply(NOW, &place).expect("a new id");
            let site = desk.machine().order(order.id).and_then(|shown| shown.site);
            let site = site.and_then(|site| self.network.site(site));
            let walk = site.map_or(UNASSIGNED, |site| order.position.distance_to(site.position));
            cost += Cost::from(walk).as_millimetres();
        }
        cost - self.best()
    }

    fn best(&self) -> i64 {
        let plan = Router::new(&self.network).route(&self.today);
        let total = plan.expect("sound").total();
        assert_eq!(total.unassigned, Orders(0));
        total.cost.as_millimetres()
    }
}

#[test]
fn prices_of_yesterday_save_two_thirds_of_the_regret() {
    for percent in [101, 110, 150] {
        let (mut plain, mut priced) = (0, 0);
        for seed in 1..=2 {
            let day = day(seed, percent);
            for arrival in 0..2 {
                plain += day.regret(0, arrival);
                priced += day.regret(10, arrival);
            }
        }
        assert!(
            100 * priced <= 33 * plain,
            "{percent} %: {priced} of {plain}"
        );
    }
}

#[test]
fn where_there_is_room_prices_do_no_harm() {
    let day = day(3, 400);
    let (plain, priced) = (day.regret(0, 1), day.regret(10, 1));
    assert!(priced <= plain + day.best() / 200, "{priced}, {plain}");
}

fn outlook(to_come: u32, draws: u8, seed: u64) -> Outlook {
    Outlook {
        to_come: Orders(to_come),
        draws,
        unassigned: UNASSIGNED,
        seed,
    }
}

#[test]
fn prices_depend_on_nothing_but_what_is_asked() {
    let day = day(1, 105);
    let none = Preferences::default();
    let prices = |to_come, draws, seed| {
        let prices = outlook(to_come, draws, seed).prices(&day.network, &none, &day.yesterday);
        prices.expect("sound")
    };
    assert_eq!(prices(2_000, 3, 7), prices(2_000, 3, 7));
    assert_ne!(prices(2_000, 3, 7), prices(2_000, 3, 8));
    assert!(prices(2_000, 3, 7).is_sorted_by_key(|(site, _)| *site));
    assert!(
        prices(2_000, 3, 7)
            .iter()
            .all(|(_, price)| *price > Cost::ZERO)
    );
    // Nobody to come, nothing drawn, nothing to draw from.
    assert_eq!(prices(0, 3, 7), []);
    assert_eq!(prices(2_000, 0, 7), []);
    assert_eq!(
        outlook(2_000, 3, 7).prices(&day.network, &none, &[]),
        Ok(Vec::new())
    );
    // More than there is room for: prices stay in range, so that they can be set.
    let too_many = prices(4_000, 2, 7);
    let mut desk = Desk::open(day.network.clone(), Policy::default());
    let set = Command::new(CommandId(1), Action::SetPrices { prices: too_many });
    assert!(
        desk.apply(NOW, &set)
            .is_ok_and(|answer| answer.outcome().is_accepted())
    );
}

#[test]
fn more_orders_than_the_limit_are_an_error() {
    let at = Position::new(LngLat {
        lng: 121.4,
        lat: 31.2,
    })
    .expect("in range");
    let limits = Limits {
        orders_max: 5,
        ..Limits::default()
    };
    let network = Network::builder()
        .limits(limits)
        .site(Site::leader(SiteId(1), at, Units(9)));
    let network = network.build().expect("sound");
    let forecast = [Order::new(OrderId(1), at)];
    let none = Preferences::default();
    assert!(outlook(5, 1, 0).prices(&network, &none, &forecast).is_ok());
    let refused = outlook(6, 1, 0).prices(&network, &none, &forecast);
    assert!(matches!(refused, Err(RouteError::Orders(_))), "{refused:?}");
    // Known before the memory for so many is asked for.
    let refused = outlook(u32::MAX, 255, 0).prices(&network, &none, &forecast);
    assert!(matches!(refused, Err(RouteError::Orders(_))), "{refused:?}");
}

#[test]
fn a_forecast_is_checked_as_a_whole_and_by_its_own_ids() {
    let at = Position::new(LngLat {
        lng: 121.4,
        lat: 31.2,
    })
    .expect("in range");
    let site = Site::leader(SiteId(1), at, Units(9));
    let network = Network::builder().site(site).build().expect("sound");
    let mut forecast: Vec<Order> = (0..100)
        .map(|id| Order::new(OrderId(1_000 + id), at))
        .collect();
    forecast[2].size = Units(0);
    for seed in 0..5 {
        let refused = outlook(1, 1, seed).prices(&network, &Preferences::default(), &forecast);
        let is_named = matches!(
            &refused,
            Err(RouteError::Orders(faults)) if faults.kept()[0].order() == Some(OrderId(1_002))
        );
        assert!(is_named, "{refused:?}");
    }
}

#[test]
fn the_room_that_is_left_is_that_of_the_window() {
    let at = |lng| Position::new(LngLat { lng, lat: 31.2 }).expect("in range");
    let millis = Timestamp::from_unix_millis;
    let opening = |from, to, capacity| Opening {
        window: Window::new(millis(from), millis(to)).expect("in order"),
        capacity,
    };
    let hours = |openings: Vec<Opening>| Schedule::from_openings(openings).expect("in order");
    let mut places: Vec<Site> = (0..5)
        .map(|id| Site::leader(SiteId(id), at(121.4), Units(9)))
        .collect();
    places[1].schedule = hours(vec![opening(0, 100, Some(Units(4)))]);
    places[2].schedule = hours(vec![opening(100, 200, None)]);
    places[3].status = SiteStatus::Paused;
    let network = Network::builder().sites(places).build().expect("sound");
    let policy = Policy {
        open_at: Some(millis(50)),
        ..Policy::default()
    };
    let mut desk = Desk::open(network, policy);
    let mut number = 0;
    let mut apply = |action| {
        number += 1;
        let answer = desk.apply(NOW, &Command::new(CommandId(number), action));
        assert!(answer.expect("a new id").outcome().is_accepted());
    };
    for (id, site) in [(1, 0), (2, 0), (3, 1), (4, 4)] {
        let mut order = Order::new(OrderId(id), at(121.4));
        order.wish = catchment::order::Wish::Site(SiteId(site));
        let order = Arc::new(order);
        apply(Action::Place {
            order,
            proposal: None,
        });
    }
    // It cools off.
    apply(Action::Reject {
        order: OrderId(4),
        site: SiteId(4),
    });
    let left = desk.machine().network_left();
    let room = |id| {
        left.site(SiteId(id))
            .map(|site| (site.capacity.0, site.schedule.is_always()))
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(room),
        [(7, true), (3, true), (0, true), (0, true), (0, true)].map(Some)
    );
}
