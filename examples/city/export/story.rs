//! The explanations that the map shows: of every order that does not go to the nearest site, and of every site.

use std::collections::{BTreeMap, HashMap};

use catchment::id::OrderId;
use catchment::plan::{ExplainError, SiteLoad};
use catchment::site::SiteStatus;
use rayon::prelude::*;
use serde::Serialize;

use crate::city::UNLIMITED;
use crate::explain::{self, InWords, LISTED_MAX};
use crate::export::{Planned, Verdict};
use crate::progress::Progress;

/// With more orders than this the map shows cells, and explains sites only.
pub(super) const ORDERS_MAX: usize = 60_000;
/// Explained together at least: what explanations share is prepared once for so many, on one thread.
const BATCH_MIN: usize = 256;
/// As many batches for each thread, so that all are done at about the same time.
const BATCHES: usize = 3;

pub(super) struct Stories {
    /// What is said, each text once.
    pub(super) texts: Vec<String>,
    /// By the place of the order.
    pub(super) orders: BTreeMap<usize, Story>,
}

/// Why one order goes where it goes.
#[derive(Serialize)]
pub(super) struct Story {
    /// Which of the texts has the sentences.
    pub(super) reasons: usize,
    /// Site, distance in millimetres, and which of the texts says what there is to say of it; nearest first.
    considered: Vec<(u64, u64, usize)>,
    /// How many more sites were considered.
    more: usize,
}

impl Stories {
    /// One explanation for each order that needs one.
    pub(super) fn of(planned: &Planned<'_>) -> Result<Self, ExplainError> {
        let mut stories = Self {
            texts: Vec::new(),
            orders: BTreeMap::new(),
        };
        if planned.orders.len() > ORDERS_MAX {
            return Ok(stories);
        }
        let asking = planned
            .routed()
            .filter(|order| order.verdict() != Verdict::Nearest);
        let asking: Vec<OrderId> = asking.map(|order| OrderId(order.place as u64)).collect();
        let progress = Progress::explanations(asking.len());
        let batches = BATCHES * rayon::current_num_threads();
        let together = asking.len().div_ceil(batches).max(BATCH_MIN);
        let explained = asking.par_chunks(together).map(|batch| {
            let explained = planned.plan().explain_each(planned.network(), batch);
            progress.advance(batch.len() as u64);
            explained
        });
        let explained: Vec<_> = explained.collect::<Result<_, _>>()?;
        let mut known = HashMap::new();
        for explanation in explained.iter().flatten() {
            let city = planned.city;
            let reasons = InWords { city, explanation }.reasons();
            let considered = explanation.considered.iter();
            let listed = considered.clone().take(LISTED_MAX).map(|one| {
                let verdict = explain::verdict(&one.merit);
                let distance = one.neighbour.distance.as_millimetres();
                (
                    one.neighbour.site.0,
                    distance,
                    stories.text(&mut known, verdict),
                )
            });
            let story = Story {
                considered: listed.collect(),
                reasons: stories.text(&mut known, reasons),
                more: considered.len().saturating_sub(LISTED_MAX),
            };
            stories.orders.insert(explanation.order.0 as usize, story);
        }
        Ok(stories)
    }

    /// The place of a text, which is added if it is new.
    fn text(&mut self, known: &mut HashMap<String, usize>, text: String) -> usize {
        *known.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.texts.len() - 1
        })
    }
}

/// What there is to say of a site.
pub(super) fn of_site(planned: &Planned<'_>, load: &SiteLoad) -> String {
    let site = planned.city.site(load.site);
    if site.status != SiteStatus::Open {
        return "It is paused and takes nothing.".to_owned();
    }
    let (orders, capacity) = (load.load.0, load.capacity.0);
    match load.room().0 {
        _ if load.capacity == UNLIMITED => format!("It takes {orders} orders; it has no limit."),
        0 if orders > capacity => format!("It is sent {} more than it takes.", orders - capacity),
        0 => {
            let full = explain::full(load.price);
            format!("It is {full}.")
        }
        room => format!("It has room for {room} more."),
    }
}
