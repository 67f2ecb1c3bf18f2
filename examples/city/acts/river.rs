//! An encore: a river with few bridges. As the crow flies a pickup point on the other bank is near, on foot it is not.

use catchment::geo::{LngLat, Position, PositionError};
use catchment::order::Order;
use catchment::plan::{Cost, Costs, Plan, Proof, Router};
use catchment::report::{Align, Spread, Table};
use catchment::site::Site;
use catchment::units::Distance;
use catchment::verify;

use crate::acts::{Evening, Told, grouped, indented};

/// Where the river enters the city and where it leaves it: straight, from south to north.
const COURSE: [LngLat; 2] = [
    LngLat {
        lng: 121.478,
        lat: 31.0,
    },
    LngLat {
        lng: 121.508,
        lat: 31.5,
    },
];
/// The latitudes of the bridges.
const BRIDGES: [f64; 3] = [31.19, 31.232, 31.275];

/// Who has to walk farther than this would rather not have ordered.
const FAR: Distance = Distance::from_metres(3_000);

/// A river, as a cost of its own: who has to cross it walks to a bridge and on from there.
struct River {
    bridges: [Position; 3],
}

/// Where the river runs, for maps: its course and its bridges, each from south to north.
pub(crate) fn on_the_map() -> ([LngLat; 2], [LngLat; 3]) {
    let bridge = |lat| LngLat {
        lng: longitude_at(lat),
        lat,
    };
    (COURSE, BRIDGES.map(bridge))
}

/// Which side of the river a place is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bank {
    West,
    East,
}

impl River {
    fn new() -> Result<Self, PositionError> {
        let (_, bridges) = on_the_map();
        let [south, middle, north] = bridges.map(Position::new);
        Ok(Self {
            bridges: [south?, middle?, north?],
        })
    }

    /// How far it is on foot. Never less than as the crow flies.
    fn walk(&self, from: Position, to: Position) -> Distance {
        let straight = from.distance_to(to);
        if bank(from) == bank(to) {
            return straight;
        }
        let by = |bridge: &Position| {
            let both = [from, to].map(|end| end.distance_to(*bridge).as_millimetres());
            Distance::from_millimetres(both[0] + both[1])
        };
        let shortest = self.bridges.iter().map(by).min();
        // Two roundings may be a millimetre short of one.
        shortest.expect("there are bridges").max(straight)
    }
}

/// Where the river is at a latitude.
fn longitude_at(lat: f64) -> f64 {
    let [from, to] = COURSE;
    from.lng + (to.lng - from.lng) * (lat - from.lat) / (to.lat - from.lat)
}

fn bank(place: Position) -> Bank {
    if place.lng() < longitude_at(place.lat()) {
        Bank::West
    } else {
        Bank::East
    }
}

impl Costs for River {
    fn cost(&self, order: &Order, site: &Site, _: Distance) -> Option<Cost> {
        Some(self.walk(order.position, site.position).into())
    }

    /// With this bound the plan is the best over all pickup points, not only over the nearest.
    fn least_per_kilometre(&self) -> Option<Distance> {
        Some(Distance::from_metres(1_000))
    }
}

/// Plans the evening again by the walks over the bridges, and compares what people really walk.
pub(super) fn play(evening: Evening<'_>) -> Told {
    let river = River::new()?;
    let blind = evening.report.plan();
    let seeing = Router::new(evening.network)
        .costs(&river)
        .route(evening.orders)?;
    verify::plan_by_costs(evening.network, evening.orders, &seeing, &river)?;
    assert_eq!(seeing.proof(), Proof::Optimal);
    let (by_crow, by_bridge) = (
        walks(evening, &river, blind),
        walks(evening, &river, &seeing),
    );
    assert_eq!(by_crow.len(), by_bridge.len(), "as many find a place");
    let spread = |walks: &[(Distance, bool)]| Spread::of(walks.iter().map(|(walk, _)| *walk));
    let (Some(crow), Some(bridge)) = (spread(&by_crow), spread(&by_bridge)) else {
        return Ok(String::new());
    };
    assert!(
        bridge.sum <= crow.sum,
        "no plan walks less over the bridges"
    );

    let far =
        |walks: &[(Distance, bool)]| grouped(walks.iter().filter(|(walk, _)| *walk > FAR).count());
    let crossing =
        |walks: &[(Distance, bool)]| grouped(walks.iter().filter(|(_, crosses)| *crosses).count());
    let mut table = Table::new([
        ("", Align::Left),
        ("as the crow flies", Align::Right),
        ("over the bridges", Align::Right),
    ]);
    for (what, cells) in [
        (
            "Orders across the river",
            [crossing(&by_crow), crossing(&by_bridge)],
        ),
        (
            "Mean walk on foot",
            [crow.mean(), bridge.mean()].map(|walk| walk.to_string()),
        ),
        (
            "  99 % are within",
            [crow.p99, bridge.p99].map(|walk| walk.to_string()),
        ),
        (
            "Orders that walk over 3 km",
            [far(&by_crow), far(&by_bridge)],
        ),
    ] {
        table.row([what.to_owned()].into_iter().chain(cells));
    }
    Ok(format!(
        "\nEncore: the same orders in a city with a river and {} bridges, planned without and with them\n\n{}  \
         The second plan is proven, by costs that the library knew nothing of.\n",
        BRIDGES.len(),
        indented(&table),
    ))
}

/// How far everybody really walks, and whether over a bridge.
fn walks(evening: Evening<'_>, river: &River, plan: &Plan) -> Vec<(Distance, bool)> {
    let decisions = evening.orders.iter().zip(plan.decisions());
    let walk = |(order, decision): (&Order, &catchment::plan::Decision)| {
        let site = evening.city.site(decision.assigned()?.site);
        let crosses = bank(order.position) != bank(site.position);
        Some((river.walk(order.position, site.position), crosses))
    };
    decisions.filter_map(walk).collect()
}
