//! What came of it, in numbers for programs and in words for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use catchment::plan::{Plan, SiteLoad};
use catchment::report::Report;
use catchment::site::SiteKind;
use catchment::units::Units;
use serde::Serialize;

use crate::city::{City, UNLIMITED};
use crate::routing::{self, Reason};
use crate::tally::Tally;

/// What a table says of a method.
type Cell = fn(&Tally) -> String;

/// How many of the busiest sites are listed.
const BUSIEST: usize = 5;

/// The numbers of one run, those of the method that was asked for at the top. Its JSON form is the last line that
/// `--json` prints.
#[derive(Serialize)]
pub(crate) struct Summary {
    sites: usize,
    stores: usize,
    leaders: usize,
    /// Good rows of the orders.
    orders: usize,
    /// What all sites take together; null if one of them has no limit.
    capacity: Option<u64>,
    #[serde(flatten)]
    chosen: Tally,
    unassigned_by: BTreeMap<Reason, usize>,
    /// Bad rows of both files.
    pub(crate) bad_rows: u64,
    /// Of the orders whose real site is known, the share assigned to it; absent if the file has no such column.
    #[serde(skip_serializing_if = "Option::is_none")]
    agree: Option<f64>,
    #[serde(flatten)]
    pub(crate) times: Times,
    /// All methods, to be compared.
    methods: Vec<Tally>,
    /// The sites with most orders, in that order.
    #[serde(skip)]
    busiest: Vec<Busy>,
}

/// The methods side by side, for people: names of the methods, and rows that begin with what they say.
#[derive(Serialize)]
pub(crate) struct Compared {
    methods: Vec<&'static str>,
    rows: Vec<(&'static str, Vec<String>)>,
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
    /// The look-ups of the nearest sites alone.
    pub(crate) seconds_lookup: f64,
    /// The candidate that every order starts from and its cost: what all methods have in common, which is the plan by
    /// the nearest site. Further candidates are found while solving.
    pub(crate) seconds_candidates: f64,
    /// Checking the plans of all methods.
    pub(crate) seconds_verify: f64,
    pub(crate) lookups_per_second: f64,
}

struct Busy {
    name: String,
    kind: SiteKind,
    load: Units,
    /// `None` is without limit.
    capacity: Option<Units>,
}

impl Summary {
    /// Puts together what was added up: `methods` are the tallies of all plans, of which the report has one. O(orders).
    ///
    /// # Panics
    ///
    /// If an order is not accounted for exactly once, or if a plan is better than the one that is proven the best.
    pub(crate) fn of(
        city: &City,
        report: &Report<'_>,
        methods: Vec<Tally>,
        unassigned_by: BTreeMap<Reason, usize>,
    ) -> Self {
        let plan = report.plan();
        let chosen = methods
            .iter()
            .find(|tally| tally.method == routing::name(plan.method()))
            .expect("the plan is one of those compared")
            .clone();
        let orders = city.orders().len();
        let counted: usize = unassigned_by.values().sum();
        assert_eq!(
            chosen.assigned + counted,
            orders,
            "every order is assigned or has a reason why not"
        );
        let loads = plan.loads().iter().map(|load| u64::from(load.load.0));
        assert_eq!(
            loads.sum::<u64>(),
            chosen.assigned as u64,
            "every assigned order is in one site's load"
        );
        assert!(
            methods
                .iter()
                .all(|tally| tally.gap.is_none_or(|gap| gap >= 0.0)),
            "no plan is better than the best"
        );

        let stores = city
            .sites()
            .iter()
            .filter(|site| site.kind == SiteKind::Store)
            .count();
        let capacities = city.sites().iter().map(|site| limited(site.capacity));
        Self {
            sites: city.sites().len(),
            stores,
            leaders: city.sites().len() - stores,
            orders,
            capacity: capacities
                .map(|capacity| Some(u64::from(capacity?.0)))
                .sum(),
            chosen,
            unassigned_by,
            bad_rows: 0,
            agree: agreement(city, report),
            times: Times::default(),
            methods,
            busiest: busiest(city, plan),
        }
    }
}

/// A capacity that is one.
fn limited(capacity: Units) -> Option<Units> {
    (capacity != UNLIMITED).then_some(capacity)
}

fn busiest(city: &City, plan: &Plan) -> Vec<Busy> {
    let mut ranked: Vec<_> = plan.loads().iter().filter(|load| load.load.0 > 0).collect();
    ranked.sort_by_key(|load| (Reverse(load.load), load.site));
    ranked.truncate(BUSIEST);
    let busy = |load: &SiteLoad| Busy {
        name: city.site_name(load.site).to_owned(),
        kind: city.site(load.site).kind,
        load: load.load,
        capacity: limited(load.capacity),
    };
    ranked.into_iter().map(busy).collect()
}

/// The share of orders assigned to the site that really served them, among those of which that is known.
fn agreement(city: &City, report: &Report<'_>) -> Option<f64> {
    let agreement = report.agreement(&city.really());
    let [same, known] = [agreement.same, agreement.known].map(|orders| f64::from(orders.0));
    (known > 0.0).then(|| same / known)
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} s: input {:.2} s, network {:.2} s, look-ups {:.3} s ({} a second), checks {:.2} s",
            self.seconds,
            self.seconds_read,
            self.seconds_build,
            self.seconds_lookup,
            grouped(self.lookups_per_second as usize),
            self.seconds_verify,
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, what: &str, number: usize| {
            writeln!(f, "  {what:<24}{:>12}", grouped(number))
        };
        // A file that does not tell stores from leaders is not worth the two lines.
        let both_kinds = self.stores > 0 && self.leaders > 0;
        row(f, "Orders", self.orders)?;
        row(f, "Pickup points", self.sites)?;
        if both_kinds {
            row(f, "  stores", self.stores)?;
            row(f, "  leaders", self.leaders)?;
        }
        if let Some(capacity) = self.capacity {
            row(f, "Room for", capacity as usize)?;
        }
        if self.bad_rows > 0 {
            row(f, "Bad rows, left out", self.bad_rows as usize)?;
        }
        self.write_methods(f)?;
        let method = self.chosen.method;
        if !self.unassigned_by.is_empty() {
            writeln!(f, "\nUnassigned ({method})")?;
        }
        for (reason, orders) in &self.unassigned_by {
            writeln!(f, "  {:>10}  {reason}", grouped(*orders))?;
        }
        if let Some(agree) = self.agree {
            let percent = 100.0 * agree;
            writeln!(
                f,
                "\n  {percent:.1} % of orders go to the pickup point that really served them"
            )?;
        }
        if !self.busiest.is_empty() {
            writeln!(f, "\nBusiest pickup points ({method})")?;
        }
        for busy in &self.busiest {
            let kind = both_kinds.then(|| format!(" ({})", busy.kind));
            let what = format!("{}{}", busy.name, kind.unwrap_or_default());
            write!(f, "  {what:<24}{:>12}", grouped(busy.load.0 as usize))?;
            match busy.capacity {
                Some(capacity) => writeln!(f, " of {}", grouped(capacity.0 as usize))?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

impl Summary {
    /// What there is, in a line.
    pub(crate) fn title(&self) -> String {
        format!(
            "{} orders, {} pickup points",
            grouped(self.orders),
            grouped(self.sites)
        )
    }

    pub(crate) fn method(&self) -> &'static str {
        self.chosen.method
    }

    pub(crate) fn proven(&self) -> bool {
        self.chosen.proven
    }

    /// What matters most, each with its name.
    pub(crate) fn key_numbers(&self) -> Vec<(&'static str, String)> {
        let tally = &self.chosen;
        vec![
            ("Assigned", grouped(tally.assigned)),
            ("Unassigned", grouped(tally.unassigned)),
            ("Full pickup points", grouped(tally.full_sites)),
            ("Mean walk", whole_metres(tally.mean_m)),
            ("95 % are within", whole_metres(tally.p95_m)),
            ("Mean detour", whole_metres(tally.detour_m)),
        ]
    }

    pub(crate) fn compared(&self) -> Compared {
        let rows: [(&str, Cell); 11] = [
            ("Assigned", |tally| grouped(tally.assigned)),
            ("Unassigned", |tally| grouped(tally.unassigned)),
            ("Beyond capacity", |tally| {
                grouped(tally.beyond_capacity as usize)
            }),
            ("Full pickup points", |tally| grouped(tally.full_sites)),
            ("All walks", |tally| {
                format!("{} km", grouped((tally.total_m / 1e3).round() as usize))
            }),
            ("Mean walk", |tally| whole_metres(tally.mean_m)),
            ("  95 % are within", |tally| whole_metres(tally.p95_m)),
            ("  farthest", |tally| whole_metres(tally.max_m)),
            ("Mean detour", |tally| whole_metres(tally.detour_m)),
            ("Proven", |tally| tally.proof().to_owned()),
            ("Seconds", |tally| format!("{:.3}", tally.seconds_solve)),
        ];
        let cells = |cell: Cell| self.methods.iter().map(cell).collect();
        Compared {
            methods: self.methods.iter().map(|tally| tally.method).collect(),
            rows: rows
                .into_iter()
                .map(|(what, cell)| (what, cells(cell)))
                .collect(),
        }
    }

    /// The methods side by side.
    fn write_methods(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = self.compared();
        let row = |f: &mut fmt::Formatter<'_>, what: &str, cells: &[&str]| {
            write!(f, "  {what:<22}")?;
            cells.iter().try_for_each(|cell| write!(f, "{cell:>14}"))?;
            writeln!(f)
        };
        writeln!(f)?;
        row(f, "", &compared.methods)?;
        for (what, cells) in &compared.rows {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            row(f, what, &cells)?;
        }
        writeln!(
            f,
            "  (as the crow flies; a detour is what is beyond the nearest)"
        )?;
        match self.methods.iter().find(|tally| tally.proven) {
            Some(tally) => writeln!(
                f,
                "\nNo plan leaves fewer orders unassigned, or as few with less to walk, than the {} one.\n\
                 Its prices prove it; they were checked by code that shares none with the optimiser.",
                tally.method
            ),
            None => Ok(()),
        }
    }
}

/// A length for people: whole metres, with separators.
fn whole_metres(metres: Option<f64>) -> String {
    metres.map_or("none".to_owned(), |metres| {
        format!("{} m", grouped(metres.round() as usize))
    })
}

/// A count with separators: 336,927.
pub(crate) fn grouped(number: usize) -> String {
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
