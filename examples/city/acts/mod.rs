//! What happens round the plan of an evening: somebody asks where to pick up, the same orders come one by one, and
//! neighbours gather for a presale. Every claim that is printed was asserted.

mod address;
mod live;
mod presale;
pub(crate) mod river;

use std::error::Error;

use catchment::order::Order;
use catchment::report::{Align, Report, Table};
use catchment::site::Network;
use catchment::time::Timestamp;
use catchment::units::Distance;

use crate::city::City;
use crate::failure::Failure;
use crate::seeded::EVENING;
use crate::summary::grouped;

pub(crate) use presale::Forming;

/// Acts with one step for each order are about so many at most: the first.
const ORDERS_MAX: usize = 20_000;
/// When the stream begins: a Friday in June 2026, at eight in the evening in Shanghai.
const STARTS_AT: i64 = 1_781_870_400_000;

/// The city and its plan, which all acts are about.
#[derive(Clone, Copy)]
pub(crate) struct Evening<'a> {
    pub(crate) city: &'a City,
    pub(crate) network: &'a Network,
    pub(crate) orders: &'a [Order],
    /// Of the balanced plan.
    pub(crate) report: &'a Report<'a>,
    /// Whether the city has a river.
    pub(crate) river: bool,
}

/// What is printed of an act.
type Told = Result<String, Box<dyn Error>>;

/// The acts before and after the plan.
pub(crate) struct Acts {
    pub(crate) before: String,
    pub(crate) after: String,
    /// How the presale formed, if there was one.
    pub(crate) forming: Option<Forming>,
}

impl Acts {
    /// Plays all acts that the city has enough orders for. O(orders log sites).
    ///
    /// # Errors
    ///
    /// [`Failure::Act`] if the library refuses what it has to accept.
    ///
    /// # Panics
    ///
    /// If something that is claimed does not hold.
    pub(crate) fn play(evening: Evening<'_>) -> Result<Self, Failure> {
        let act = |name| move |error: Box<dyn Error>| Failure::Act { name, error };
        if evening.orders.is_empty() {
            return Ok(Self {
                before: String::new(),
                after: String::new(),
                forming: None,
            });
        }
        let address = address::suggest(evening);
        let live = live::play(evening).map_err(act("the live desk"))?;
        let (presale, forming) = presale::play(evening).map_err(act("the presale"))?.unzip();
        let river = if evening.river {
            river::play(evening).map_err(act("the river"))?
        } else {
            String::new()
        };
        Ok(Self {
            before: format!("{address}\nAct two: all orders of the evening, planned together\n\n"),
            after: [live, presale.unwrap_or_default(), river].concat(),
            forming,
        })
    }
}

impl Evening<'_> {
    /// The first orders in the sequence in which they were placed, as far as anybody knows, with the time.
    fn in_time(&self) -> Vec<(Timestamp, &Order)> {
        let placed = self.city.placed();
        let known = !placed.is_empty();
        let count = self.orders.len().min(ORDERS_MAX);
        let after = |place: usize| {
            if known {
                1_000 * u64::from(placed[place])
            } else {
                60_000 * EVENING * place as u64 / count as u64
            }
        };
        let orders = self.orders[..count].iter().enumerate();
        let mut orders: Vec<_> = orders.map(|(place, order)| (after(place), order)).collect();
        orders.sort_by_key(|(after, order)| (*after, order.id));
        let at = |after: u64| Timestamp::from_unix_millis(STARTS_AT + after.cast_signed());
        orders
            .into_iter()
            .map(|(after, order)| (at(after), order))
            .collect()
    }
}

/// The time of day in Shanghai.
fn clock(at: Timestamp) -> String {
    let minutes = (at.as_unix_millis() - STARTS_AT) / 60_000 + 20 * 60;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

/// A table of two columns: what, and how much.
fn numbers<const N: usize>(rows: [(&str, String); N]) -> String {
    let mut table = Table::new([("", Align::Left), ("", Align::Right)]);
    for (what, number) in rows {
        table.row([format!("{what:<28}"), number]);
    }
    indented(&table)
}

fn indented(table: &Table) -> String {
    let mut text = String::new();
    for line in table.to_string().lines() {
        text += "  ";
        text += line;
        text += "\n";
    }
    text
}

fn mean(walks: &[Distance]) -> Distance {
    let sum: u64 = walks.iter().map(|walk| walk.as_millimetres()).sum();
    Distance::from_millimetres(sum / walks.len().max(1) as u64)
}
