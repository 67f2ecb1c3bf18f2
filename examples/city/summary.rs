//! What came of it, in numbers for programs and in words for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use catchment::id::SiteId;
use catchment::site::SiteKind;
use catchment::units::Distance;
use serde::Serialize;

use crate::assignment::{Assignment, Reason};
use crate::city::City;

/// How many of the busiest sites are listed.
const BUSIEST: usize = 5;

/// The numbers of one run. Its JSON form is the last line that `--json` prints.
///
/// Distances are in metres with three decimals, from whole millimetres; null if no order was assigned. A
/// percentile is the nearest rank: the smallest distance that is not exceeded by at least so many per cent of
/// the assigned orders. The mean is the exact sum, divided once and rounded to the millimetre.
#[derive(Serialize)]
pub(crate) struct Summary {
    sites: usize,
    stores: usize,
    leaders: usize,
    /// Good rows of the orders.
    orders: usize,
    assigned: usize,
    unassigned: usize,
    unassigned_by: BTreeMap<Reason, usize>,
    /// Bad rows of both files.
    bad_rows: u64,
    mean_m: Option<f64>,
    p50_m: Option<f64>,
    p95_m: Option<f64>,
    max_m: Option<f64>,
    /// Of the orders whose real site is known, the share assigned to it; absent if the file has no such column.
    #[serde(skip_serializing_if = "Option::is_none")]
    agree: Option<f64>,
    #[serde(flatten)]
    pub(crate) times: Times,
    /// The sites with most orders, in that order.
    #[serde(skip)]
    busiest: Vec<Busy>,
}

/// How long it took, in seconds.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Times {
    /// Everything, from the start of the program.
    pub(crate) seconds: f64,
    /// Reading the files, or making the synthetic city.
    pub(crate) seconds_read: f64,
    /// Building the network and its indexes.
    pub(crate) seconds_build: f64,
    /// The look-ups alone.
    pub(crate) seconds_lookup: f64,
    pub(crate) lookups_per_second: f64,
}

struct Busy {
    name: String,
    kind: SiteKind,
    orders: usize,
}

impl Summary {
    /// Adds up a run. O(orders log orders).
    ///
    /// # Panics
    ///
    /// If an order is not accounted for exactly once.
    pub(crate) fn of(
        city: &City,
        assignment: &Assignment,
        unassigned_by: BTreeMap<Reason, usize>,
        bad_rows: u64,
    ) -> Self {
        let walks = Walks::of(assignment);
        let loads = loads(city, assignment);
        let (orders, assigned) = (city.orders().len(), walks.0.len());
        let unassigned: usize = unassigned_by.values().sum();
        assert_eq!(
            assigned + unassigned,
            orders,
            "every order is assigned or has a reason why not"
        );
        assert_eq!(
            loads.iter().sum::<usize>(),
            assigned,
            "every assigned order is in one site's load"
        );

        let stores = city
            .sites()
            .iter()
            .filter(|site| site.kind == SiteKind::Store)
            .count();
        Self {
            sites: city.sites().len(),
            stores,
            leaders: city.sites().len() - stores,
            orders,
            assigned,
            unassigned,
            unassigned_by,
            bad_rows,
            mean_m: walks.mean(),
            p50_m: walks.percentile(50),
            p95_m: walks.percentile(95),
            max_m: walks.percentile(100),
            agree: agreement(city, assignment),
            times: Times::default(),
            busiest: busiest(city, &loads),
        }
    }
}

/// How far assigned orders are from their sites, in ascending order.
struct Walks(Vec<Distance>);

impl Walks {
    fn of(assignment: &Assignment) -> Self {
        let mut walks: Vec<_> = assignment
            .nearest
            .iter()
            .flatten()
            .map(|nearest| nearest.distance)
            .collect();
        walks.sort_unstable();
        Self(walks)
    }

    fn mean(&self) -> Option<f64> {
        let count = self.0.len() as u64;
        // A hundred million walks round half the Earth are a ninth of what 64 bits hold.
        let sum: u64 = self.0.iter().map(|walk| walk.as_millimetres()).sum();
        let mean = (sum + count / 2).checked_div(count)?;
        Some(Distance::from_millimetres(mean).as_metres_f64())
    }

    /// The nearest rank: at least `percent` of the walks are no longer than this one.
    fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100);
        let walk = self.0.get(rank.checked_sub(1)?)?;
        Some(walk.as_metres_f64())
    }
}

/// Orders per site, in the order of the sites.
fn loads(city: &City, assignment: &Assignment) -> Vec<usize> {
    let mut loads = vec![0; city.sites().len()];
    for nearest in assignment.nearest.iter().flatten() {
        loads[nearest.site.0 as usize] += 1;
    }
    loads
}

fn busiest(city: &City, loads: &[usize]) -> Vec<Busy> {
    let mut ranked: Vec<_> = (0..)
        .map(SiteId)
        .zip(loads)
        .filter(|(_, load)| **load > 0)
        .collect();
    ranked.sort_by_key(|(site, load)| (Reverse(**load), *site));
    ranked.truncate(BUSIEST);
    let busy = |(site, orders): (SiteId, &usize)| Busy {
        name: city.site_name(site).to_owned(),
        kind: city.site(site).kind,
        orders: *orders,
    };
    ranked.into_iter().map(busy).collect()
}

/// The share of orders assigned to the site that really served them, among those of which that is known.
fn agreement(city: &City, assignment: &Assignment) -> Option<f64> {
    let (mut known, mut same) = (0_u64, 0_u64);
    for (order, nearest) in city.orders().iter().zip(&assignment.nearest) {
        let Some(actual) = order.actual_site.as_deref() else {
            continue;
        };
        let assigned = nearest.map(|nearest| city.site_name(nearest.site));
        known += 1;
        same += u64::from(assigned == Some(actual));
    }
    (known > 0).then(|| same as f64 / known as f64)
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} s: input {:.2} s, network {:.2} s, look-ups {:.3} s ({} a second)",
            self.seconds,
            self.seconds_read,
            self.seconds_build,
            self.seconds_lookup,
            grouped(self.lookups_per_second as usize),
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, what: &str, number: usize| {
            writeln!(f, "  {what:<24}{:>12}", grouped(number))
        };
        let share = |f: &mut fmt::Formatter<'_>, what: &str, number: usize| {
            let percent = 100.0 * number as f64 / self.orders.max(1) as f64;
            writeln!(f, "  {what:<24}{:>12}   {percent:>5.1} %", grouped(number))
        };
        // A file that does not tell stores from leaders is not worth the two lines.
        let both_kinds = self.stores > 0 && self.leaders > 0;
        row(f, "Orders", self.orders)?;
        row(f, "Pickup points", self.sites)?;
        if both_kinds {
            row(f, "  stores", self.stores)?;
            row(f, "  leaders", self.leaders)?;
        }
        if self.bad_rows > 0 {
            row(f, "Bad rows, left out", self.bad_rows as usize)?;
        }
        writeln!(f)?;
        share(f, "Assigned", self.assigned)?;
        share(f, "Unassigned", self.unassigned)?;
        for (reason, orders) in &self.unassigned_by {
            writeln!(f, "    {:>10}  {reason}", grouped(*orders))?;
        }
        self.write_walks(f)?;
        if let Some(agree) = self.agree {
            let percent = 100.0 * agree;
            writeln!(
                f,
                "\n  {percent:.1} % of orders go to the pickup point that really served them"
            )?;
        }
        if !self.busiest.is_empty() {
            writeln!(f, "\nBusiest pickup points")?;
        }
        for busy in &self.busiest {
            let what = if both_kinds {
                format!("{} ({})", busy.name, busy.kind)
            } else {
                busy.name.clone()
            };
            row(f, &what, busy.orders)?;
        }
        Ok(())
    }
}

impl Summary {
    fn write_walks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let walks = [
            ("median", self.p50_m),
            ("95 % are within", self.p95_m),
            ("farthest", self.max_m),
            ("mean", self.mean_m),
        ];
        writeln!(f, "\nWalk, as the crow flies")?;
        for (what, metres) in walks {
            let walk = metres.map_or("none".to_owned(), |metres| {
                // Whole metres, with separators.
                format!("{} m", grouped(metres.round() as usize))
            });
            writeln!(f, "  {what:<24}{walk:>14}")?;
        }
        Ok(())
    }
}

/// A count with separators: 336,927.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
