//! Small random instances of every kind that a solver may trip over.

use crate::instance::{Instance, Objective};
use crate::random::Random;

/// What is special about an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Plain,
    /// Half the room that would be needed.
    Shortage,
    /// Two in three sites take nothing.
    ZeroCapacities,
    /// Every capacity is 0.
    NoRoom,
    /// Three different costs.
    Ties,
    /// Every cost is the same.
    AllEqual,
    /// Orders come in copies, sites at the same costs.
    Duplicates,
    /// Rows name sites twice.
    Repeats,
    OneSite,
    OneOrder,
    /// Many orders have one candidate or none.
    ShortRows,
    /// Some costs are negative: an order gains by going there.
    Gains,
    /// Staying unassigned is often cheaper than going anywhere.
    CheapToLeave,
    /// Exactly as much room as orders.
    NoSlack,
}

const SHAPES: [Shape; 14] = [
    Shape::Plain,
    Shape::Shortage,
    Shape::ZeroCapacities,
    Shape::NoRoom,
    Shape::Ties,
    Shape::AllEqual,
    Shape::Duplicates,
    Shape::Repeats,
    Shape::OneSite,
    Shape::OneOrder,
    Shape::ShortRows,
    Shape::Gains,
    Shape::CheapToLeave,
    Shape::NoSlack,
];

/// How much leaving an order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prices {
    Common,
    EachItsOwn,
    FewestFirst,
}

const PRICES: [Prices; 3] = [Prices::Common, Prices::EachItsOwn, Prices::FewestFirst];

/// The instance of a number; its shape and its prices change with every step, its size grows now and then.
pub(crate) fn instance(number: u64) -> Instance {
    let shape = SHAPES[number as usize % SHAPES.len()];
    let round = number as usize / SHAPES.len();
    let prices = PRICES[round % PRICES.len()];
    let scale = [1, 1, 1, 8][round % 4];
    Draw {
        shape,
        prices,
        random: Random::new(&[number]),
    }
    .instance(scale)
}

struct Draw {
    shape: Shape,
    prices: Prices,
    random: Random,
}

impl Draw {
    fn instance(mut self, scale: u64) -> Instance {
        let orders = match self.shape {
            Shape::OneOrder => 1,
            _ => 1 + self.random.below(40 * scale),
        };
        let sites = match self.shape {
            Shape::OneSite => 1,
            _ => 1 + self.random.below(8 * scale),
        };
        let mut instance = Instance {
            capacities: self.capacities(sites, orders),
            ..Instance::default()
        };
        let common = self.price();
        let mut row = Vec::new();
        for _ in 0..orders {
            let again = self.shape == Shape::Duplicates && self.random.below(3) > 0;
            if !again || instance.orders() == 0 {
                row = self.row(sites);
            }
            let price = match self.prices {
                Prices::EachItsOwn => self.price(),
                Prices::Common | Prices::FewestFirst => common,
            };
            instance.push(price, &row);
        }
        if self.prices == Prices::FewestFirst {
            instance.objective = Objective::Fewest;
            let price = dearer_than_any_detour(&instance);
            instance.prices.fill(price);
        }
        instance
    }

    fn capacities(&mut self, sites: u64, orders: u64) -> Vec<u32> {
        let mean = orders.div_ceil(sites);
        let mut capacities: Vec<u32> = (0..sites)
            .map(|_| {
                let capacity = match self.shape {
                    Shape::NoRoom | Shape::NoSlack => 0,
                    Shape::ZeroCapacities if self.random.below(3) > 0 => 0,
                    Shape::Shortage => self.random.below(mean + 1),
                    _ => self.random.below(3 * mean + 1),
                };
                capacity as u32
            })
            .collect();
        if self.shape == Shape::NoSlack {
            for _ in 0..orders {
                capacities[self.random.below(sites) as usize] += 1;
            }
        }
        capacities
    }

    /// In no sequence.
    fn row(&mut self, sites: u64) -> Vec<(i32, u32)> {
        let odds = match self.shape {
            Shape::ShortRows => 1 + sites,
            Shape::OneSite => 1,
            _ => 1 + sites / 6,
        };
        let mut row: Vec<(i32, u32)> = Vec::new();
        for site in 0..sites as u32 {
            let times = if self.shape == Shape::Repeats { 2 } else { 1 };
            for _ in 0..times {
                if self.random.below(odds) > 0 {
                    continue;
                }
                let alike = self.shape == Shape::Duplicates && self.random.below(3) > 0;
                let cost = match row.last() {
                    Some((before, _)) if alike => *before,
                    _ => self.cost(),
                };
                row.push((cost, site));
            }
        }
        row
    }

    fn cost(&mut self) -> i32 {
        let cost = match self.shape {
            Shape::AllEqual => 7,
            Shape::Ties => self.random.below(3),
            _ => self.random.below(1_000),
        };
        let gain = if self.shape == Shape::Gains { 500 } else { 0 };
        cost as i32 - gain
    }

    fn price(&mut self) -> i64 {
        let end = match self.shape {
            Shape::CheapToLeave => 400,
            Shape::Ties | Shape::AllEqual => 12,
            _ => 3_000,
        };
        self.random.below(end).cast_signed()
    }
}

/// More than any two plans can differ by in cost, so that one unassigned order less always pays.
fn dearer_than_any_detour(instance: &Instance) -> i64 {
    let spread = 2 * instance
        .costs
        .iter()
        .map(|cost| i64::from(cost.abs()))
        .max()
        .unwrap_or(0);
    1 + spread * i64::from(instance.orders() as u32)
}
