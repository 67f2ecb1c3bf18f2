//! The rivals of the speed table: the library and its peers with the same sites and the same queries.
//!
//! A peer gets what a careful user would write with it: unit vectors in three dimensions, so that it is as exact as
//! the library, converted with `std`'s sine and cosine inside the measured time, as a service would have to.

// Each bench uses its part of it.
#![allow(dead_code)]

mod areas;
mod points;
mod rows;

pub(crate) use rows::{GROUPS, Row, SIZES};

use std::hint::black_box;

use catchment::geo::Position;
use catchment::site::Neighbour;
use catchment::units::Distance;

/// One way to answer the queries of a row.
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    /// How many times as fast the library is to be at the row's size.
    pub(crate) target: Option<Target>,
    run: Run,
    answer: Find,
}

type Run = Box<dyn Fn(&[Position])>;
type Find = Box<dyn Fn(Position) -> Vec<u64>>;

/// Ratios to be met and to be aimed at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) floor: f64,
    pub(crate) goal: Option<f64>,
}

impl Rival {
    /// A rival that takes queries one by one.
    pub(crate) fn new<A: Answer>(
        name: &'static str,
        look_up: impl Fn(Position) -> A + Clone + 'static,
    ) -> Self {
        let answer = look_up.clone();
        Self {
            name,
            target: None,
            run: Box::new(move |queries| {
                for from in queries {
                    black_box(look_up(*from));
                }
            }),
            answer: Box::new(move |from| answer(from).sites()),
        }
    }

    /// A rival that takes all queries at once.
    pub(crate) fn batch<A: Answer>(
        name: &'static str,
        look_up: impl Fn(&[Position]) -> Vec<A> + Clone + 'static,
    ) -> Self {
        let answer = look_up.clone();
        Self {
            name,
            target: None,
            run: Box::new(move |queries| {
                black_box(look_up(queries));
            }),
            answer: Box::new(move |from| answer(&[from]).iter().flat_map(Answer::sites).collect()),
        }
    }

    pub(crate) fn aim(self, target: Option<Target>) -> Self {
        Self { target, ..self }
    }

    /// Answers the queries and throws the answers away.
    pub(crate) fn run(&self, queries: &[Position]) {
        (self.run)(queries);
    }

    /// The ids of the sites found, nearest first.
    pub(crate) fn answer(&self, from: Position) -> Vec<u64> {
        (self.answer)(from)
    }
}

/// What a look-up returns: the ids in it, nearest first.
pub(crate) trait Answer {
    fn sites(&self) -> Vec<u64>;
}

impl Answer for Neighbour {
    fn sites(&self) -> Vec<u64> {
        vec![self.site.0]
    }
}

/// The index of a peer, whose sites have the ids 0, 1, 2 …
impl Answer for u32 {
    fn sites(&self) -> Vec<u64> {
        vec![u64::from(*self)]
    }
}

impl<One: Answer> Answer for Option<One> {
    fn sites(&self) -> Vec<u64> {
        self.iter().flat_map(Answer::sites).collect()
    }
}

impl<Each: Answer> Answer for Vec<Each> {
    fn sites(&self) -> Vec<u64> {
        self.iter().flat_map(Answer::sites).collect()
    }
}

/// A radius for peers that do not round: whatever is nearer is within it to the nearest millimetre.
fn metres(radius: Distance) -> f64 {
    radius.as_metres_f64() + 0.000_5
}
