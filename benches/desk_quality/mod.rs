//! How good an evening ends when orders come one by one, against the best plan of the same day.

use std::path::Path;
use std::sync::Arc;

use catchment::desk::{Action, Command, Desk, Outlook, Pace, Policy, Promise, Scope};
use catchment::geo::{LngLat, Position};
use catchment::id::{CommandId, OrderId, SiteId};
use catchment::order::Order;
use catchment::plan::{Cost, Preferences, Router};
use catchment::site::{Network, Site};
use catchment::time::Timestamp;
use catchment::units::{Distance, Orders, Units};

use crate::workload::{Areas, Random, World, sites};

/// What an order counts that has no place. Both the desk and the best plan leave as few so as they can: a plan that may
/// leave out whoever lives farther than this solves another problem.
const UNASSIGNED: Distance = Distance::from_metres(20_000);

const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

struct Days {
    name: String,
    network: Network,
    yesterday: Vec<Order>,
    today: Vec<Order>,
    /// One and a half mean walks of yesterday's plan.
    worth: Distance,
}

/// The value of a day: what all walk, and the price of those who have no place.
#[derive(Clone, Copy, Debug, Default)]
struct Value {
    cost: i64,
    unassigned: usize,
}

impl Value {
    fn total(self) -> i64 {
        self.cost + self.unassigned.cast_signed() as i64 * Cost::from(UNASSIGNED).as_millimetres()
    }
}

pub(crate) fn table(orders: usize, arrivals: u64) {
    println!(
        "\n| evening | best, m | way to promise | worse by, % | regret of plain, % | unassigned |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for percent in [150, 110, 101] {
        compare(&city(orders, percent), arrivals);
    }
    for percent in [150, 110, 101] {
        if let Some(day) = shanghai(percent) {
            compare(&day, arrivals);
        }
    }
}

fn compare(day: &Days, arrivals: u64) {
    let best = optimum(&day.network, &day.today).total();
    let mut plain = 0;
    for way in Way::ALL {
        let setting = setting(way, day);
        let mut sum = 0;
        let mut unassigned = 0;
        let runs = if way == Way::Tentative { 1 } else { arrivals };
        for arrival in 0..runs {
            let value = evening(way, day, setting.as_ref(), arrival);
            sum += value.total() - best;
            unassigned += value.unassigned;
        }
        let regret = sum / runs.cast_signed();
        if way == Way::Plain {
            plain = regret;
        }
        println!(
            "| {} | {:.1} | {} | {:.2} | {:.1} | {:.1} |",
            day.name,
            best as f64 / 1_000.0 / day.today.len() as f64,
            way.name(),
            100.0 * regret as f64 / best as f64,
            100.0 * regret as f64 / plain.max(1) as f64,
            unassigned as f64 / runs as f64,
        );
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Yesterday,
    Paced,
    Relearnt,
    Drawn,
    Foreseen,
    Tentative,
}

impl Way {
    const ALL: [Self; 7] = [
        Self::Plain,
        Self::Yesterday,
        Self::Paced,
        Self::Relearnt,
        Self::Drawn,
        Self::Foreseen,
        Self::Tentative,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "firm, nearest with room",
            Self::Yesterday => "firm, prices of yesterday",
            Self::Paced => "firm, prices of yesterday, kept in step at every fiftieth",
            Self::Relearnt => "firm, prices of yesterday, learnt again at every tenth",
            Self::Drawn => "firm, mean prices of draws from yesterday",
            Self::Foreseen => {
                "firm, mean prices of draws from yesterday, learnt again at every tenth"
            }
            Self::Tentative => "tentative until all have come",
        }
    }
}

type Prices = Vec<(SiteId, Cost)>;

fn setting(way: Way, day: &Days) -> Option<Prices> {
    match way {
        Way::Plain | Way::Tentative => None,
        Way::Yesterday | Way::Paced | Way::Relearnt => Some(prices(&day.network, &day.yesterday)),
        Way::Drawn | Way::Foreseen => Some(foreseen(&day.network, day, 0, 0)),
    }
}

/// The least optimal prices of a plan.
fn prices(network: &Network, orders: &[Order]) -> Prices {
    let plan = route(network, orders);
    let priced = plan.loads().iter().map(|load| {
        let price = load.price.cost.max(0);
        (load.site, Cost::from_millimetres(price))
    });
    priced.filter(|(_, price)| *price > Cost::ZERO).collect()
}

fn route(network: &Network, orders: &[Order]) -> catchment::plan::Plan {
    Router::new(network).route(orders).expect("sound orders")
}

fn optimum(network: &Network, orders: &[Order]) -> Value {
    let total = route(network, orders).total();
    Value {
        cost: total.cost.as_millimetres(),
        unassigned: total.unassigned.0 as usize,
    }
}

fn evening(way: Way, day: &Days, yesterday: Option<&Prices>, arrival: u64) -> Value {
    let promise = if way == Way::Tentative {
        Promise::Tentative
    } else {
        Promise::Firm
    };
    let policy = Policy {
        promise,
        ..Policy::default()
    };
    let mut desk = Desk::open(day.network.clone(), policy);
    let mut commands = 0;
    let mut apply = |desk: &mut Desk, action: Action| {
        commands += 1;
        let answer = desk.apply(NOW, &Command::new(CommandId(commands), action));
        answer.expect("new ids").outcome().is_accepted()
    };
    let mut orders = day.today.clone();
    let mut random = Random::new(arrival);
    for last in (1..orders.len()).rev() {
        orders.swap(last, random.below(last + 1));
    }
    if let Some(prices) = yesterday {
        apply(
            &mut desk,
            Action::SetPrices {
                prices: prices.clone(),
            },
        );
    }
    let mut unassigned = 0;
    for (number, order) in orders.iter().enumerate() {
        if way == Way::Relearnt && number > 0 && number.is_multiple_of(orders.len() / 10) {
            let prices = relearnt(&desk, day, number, orders.len());
            apply(&mut desk, Action::SetPrices { prices });
        }
        if way == Way::Foreseen && number > 0 && number.is_multiple_of(orders.len() / 10) {
            let prices = foreseen(&desk.machine().network_left(), day, number, arrival);
            apply(&mut desk, Action::SetPrices { prices });
        }
        if let Some(forecast) = yesterday
            && way == Way::Paced
            && number > 0
            && number.is_multiple_of(orders.len() / 50)
        {
            let pace = Pace {
                come: Orders(number as u32),
                expected: Orders(day.yesterday.len() as u32),
                worth: day.worth,
            };
            let prices = desk.machine().paced_prices(forecast, pace);
            apply(&mut desk, Action::SetPrices { prices });
        }
        let order = Arc::new(order.clone());
        unassigned += usize::from(!apply(
            &mut desk,
            Action::Place {
                order,
                proposal: None,
            },
        ));
    }
    apply(&mut desk, Action::Announce { scope: Scope::All });
    let counter = desk.machine();
    let mut at: Vec<(OrderId, Position)> = day
        .today
        .iter()
        .map(|order| (order.id, order.position))
        .collect();
    at.sort_unstable_by_key(|(id, _)| *id);
    let cost = counter.orders().map(|order| {
        let found = at
            .binary_search_by_key(&order.order, |(id, _)| *id)
            .expect("of today");
        let site = order
            .site
            .and_then(|site| day.network.site(site))
            .expect("it has a place");
        Cost::from(at[found].1.distance_to(site.position)).as_millimetres()
    });
    Value {
        cost: cost.sum(),
        unassigned,
    }
}

/// Mean prices of what may still come. Where hundreds of orders come to a site, chance is small, and one draw does.
fn foreseen(left: &Network, day: &Days, come: usize, arrival: u64) -> Prices {
    let expected = day.yesterday.len();
    let outlook = Outlook {
        to_come: Orders((expected - come) as u32),
        draws: if expected > 100 * left.len() { 1 } else { 8 },
        unassigned: UNASSIGNED,
        seed: arrival << 32 | come as u64,
    };
    let prices = outlook.prices(left, &Preferences::default(), &day.yesterday);
    prices.expect("sound orders")
}

/// The prices at which as many of yesterday's orders as are still to come fit into the room that is left.
fn relearnt(desk: &Desk, day: &Days, come: usize, all: usize) -> Prices {
    let left: Vec<Site> = day
        .network
        .sites()
        .cloned()
        .map(|mut site| {
            site.capacity = desk
                .machine()
                .site(site.id)
                .map_or(Units(0), |shown| shown.room);
            site
        })
        .collect();
    let network = Network::builder().sites(left).build().expect("sound sites");
    let rest = day.yesterday.len() * (all - come) / all;
    prices(&network, &day.yesterday[..rest])
}

fn days(name: &str, places: &[Position], mut doors: Vec<Position>, percent: usize) -> Days {
    let mut random = Random::new(9);
    for last in (1..doors.len()).rev() {
        doors.swap(last, random.below(last + 1));
    }
    let half = doors.len() / 2;
    let capacity = (half * percent).div_ceil(100 * places.len()) as u32;
    let site = |(id, at): (usize, &Position)| Site::leader(SiteId(id as u64), *at, Units(capacity));
    let network = Network::builder().sites(places.iter().enumerate().map(site));
    let orders = |doors: &[Position]| {
        let numbered = doors.iter().enumerate();
        numbered
            .map(|(id, at)| Order::new(OrderId(id as u64), *at))
            .collect()
    };
    let network = network.build().expect("sound sites");
    network.prepare();
    let yesterday: Vec<Order> = orders(&doors[..half]);
    let walks = optimum(&network, &yesterday).cost.unsigned_abs();
    Days {
        name: format!("{name}, room for {percent} %"),
        network,
        worth: Distance::from_millimetres(walks * 3 / 2 / half.max(1) as u64),
        yesterday,
        today: orders(&doors[half..2 * half]),
    }
}

fn city(orders: usize, percent: usize) -> Days {
    let places = sites(World::City, 1, orders / 25, &[Areas::Unlimited]);
    let places: Vec<Position> = places.iter().map(|site| site.position).collect();
    days(
        "city",
        &places,
        World::City.positions(8, 2 * orders),
        percent,
    )
}

/// The real parcels, if they lie beside the repository.
fn shanghai(percent: usize) -> Option<Days> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/shanghai");
    let rows = |file: &str| csv::Reader::from_path(folder.join(file)).ok();
    let position = |row: &csv::StringRecord, lng: usize| {
        let (lng, lat) = (row[lng].parse().ok()?, row[lng + 1].parse().ok()?);
        Position::new(LngLat { lng, lat }).ok()
    };
    let sites = rows("pickup_points.csv")?
        .into_records()
        .filter_map(Result::ok);
    let places: Vec<Position> = sites.filter_map(|row| position(&row, 2)).collect();
    let spots = rows("cainiao_spots.csv")?
        .into_records()
        .filter_map(Result::ok);
    let parcels = spots.filter_map(|row| {
        Some(std::iter::repeat_n(
            position(&row, 1)?,
            row[6].parse::<usize>().ok()?,
        ))
    });
    Some(days(
        "Shanghai",
        &places,
        parcels.flatten().collect(),
        percent,
    ))
}
