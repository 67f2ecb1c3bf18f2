//! The command line.

use std::path::{Path, PathBuf};

use catchment::plan::Method;
use catchment::units::Units;
use clap::builder::PossibleValue;
use clap::{Args, Parser, ValueEnum, value_parser};

use crate::capacity::{Capacity, Factor};
use crate::records::columns::ColumnNames;
use crate::records::{Datum, Format, OnBadRow};
use crate::routing;
use crate::seeded::Blueprint;

/// Assign every order of a city to a pickup point that may take it and has room.
///
/// Without files, a synthetic city is made: always the same for the same seed and numbers. Distances are
/// great circles, as the crow flies. Three methods are compared; the numbers, the explanation and `--out` are those of
/// `--method`. The summary goes to stdout; progress and notes go to stderr.
#[derive(Parser, Debug)]
#[command(name = "city", after_long_help = FILES)]
pub(crate) struct Arguments {
    /// Stop at the first bad row, with exit code 1
    #[arg(long)]
    strict: bool,
    /// Print the numbers as one JSON object, on the last line of stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a map (`city.html`), tables, GeoJSON layers and plots to this folder; if the name ends in `.csv`, only
    /// `order_id,site_id,distance_m` to that file, a row for every order
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    routing: Routing,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    synthetic: Synthetic,
}

const FILES: &str = "\
`--out FOLDER` writes city.html (a map that explains itself; one file, no network), plan.csv, sites.csv,
decisions.jsonl, the layers sites, orders, cells and catchments as .geojson, and the plots walks, loads, evening and
forming as .svg. The map shows single orders up to 60,000 of them, and cells if there are more.

Files are CSV with a header, UTF-8, plain or gzip. Columns called `lon`, `lng` or `longitude` and `lat` or
`latitude` are found, capitals or not; with `--datum gcj02`, columns `lon_gcj02` and `lat_gcj02` come first (the
same for bd09). The first column is the id; if that is a coordinate, the line number is. Pickup points may have a
column `kind` (`store`; anything else is a leader) and `radius_m` (how far a site serves; empty is without limit).
If orders have a column `actual_site_id`, the share that agrees with it is reported.

A bad row is left out, counted and reported on stderr with its line and the cause: wrong number of fields, nothing
or no number where one belongs, a place not on Earth, text that is not UTF-8, or an id that a good row above has
already (the first one counts; if the rows of a file have no id of their own, say `--order-id '#'`).

Exit codes: 0 done; 1 a bad row with --strict; 2 a wrong command line, or a file that can't be read at all.";

#[derive(Args, Debug)]
#[command(next_help_heading = "Capacity")]
struct Routing {
    /// How sites are chosen: each order's nearest, full or not; one after the other where there is still room; or
    /// the best for all together, which is proven
    #[arg(long, value_enum, default_value_t)]
    method: By,
    /// What every pickup point takes [default: of a file, no limit; of a synthetic city, its own]
    #[arg(long, value_name = "ORDERS", conflicts_with_all = ["capacity_column", "capacity_factor"])]
    capacity: Option<u32>,
    /// Column of what a pickup point takes
    #[arg(long, value_name = "COLUMN", requires = "pickups")]
    capacity_column: Option<String>,
    /// So many times what each would take if all took the same; with --capacity-column, so many times that column.
    /// Rounded up
    #[arg(long, value_name = "FACTOR")]
    capacity_factor: Option<Factor>,
    /// Explain this order [default: an order whose nearest pickup point is full]
    #[arg(long, value_name = "ORDER")]
    explain: Option<String>,
}

/// A method by its name.
#[derive(Clone, Copy, Debug, Default)]
struct By(Method);

#[derive(Args, Debug)]
#[command(next_help_heading = "Real files")]
struct Files {
    /// Pickup points
    #[arg(long, value_name = "FILE.csv", requires = "orders")]
    pickups: Option<PathBuf>,
    /// Orders
    #[arg(long, value_name = "FILE.csv", requires = "pickups")]
    orders: Option<PathBuf>,
    /// What the coordinates in the files refer to: GPS, Amap, or Baidu
    #[arg(long, value_enum, default_value_t, requires = "pickups")]
    datum: Datum,
    /// Column of a pickup point's id, `#` for the line number [default: the first column]
    #[arg(long, value_name = "COLUMN", requires = "pickups")]
    pickup_id: Option<String>,
    /// Column of a pickup point's longitude
    #[arg(long, value_name = "COLUMN", requires_all = ["pickups", "pickup_lat"])]
    pickup_lon: Option<String>,
    /// Column of a pickup point's latitude
    #[arg(long, value_name = "COLUMN", requires_all = ["pickups", "pickup_lon"])]
    pickup_lat: Option<String>,
    /// Column of an order's id, `#` for the line number [default: the first column]
    #[arg(long, value_name = "COLUMN", requires = "orders")]
    order_id: Option<String>,
    /// Column of an order's longitude
    #[arg(long, value_name = "COLUMN", requires_all = ["orders", "order_lat"])]
    order_lon: Option<String>,
    /// Column of an order's latitude
    #[arg(long, value_name = "COLUMN", requires_all = ["orders", "order_lon"])]
    order_lat: Option<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Synthetic city")]
struct Synthetic {
    /// Another seed, another city
    #[arg(long, default_value_t = 1, conflicts_with = "pickups")]
    seed: u64,
    /// Number of orders, at most as many as can be balanced together
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 20_000,
        conflicts_with = "pickups"
    )]
    #[arg(value_parser = value_parser!(u32).range(..=16_777_216))]
    orders_count: u32,
    /// Number of community leaders
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 800,
        conflicts_with = "pickups"
    )]
    #[arg(value_parser = value_parser!(u32).range(..=5_000_000))]
    leaders: u32,
    /// Number of stores
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 20,
        conflicts_with = "pickups"
    )]
    #[arg(value_parser = value_parser!(u32).range(..=5_000_000))]
    stores: u32,
    /// Let a river with three bridges run through the city, and plan once more by the walks over them
    #[arg(long, conflicts_with = "pickups")]
    river: bool,
}

/// Where the city comes from.
#[allow(clippy::large_enum_variant, reason = "there is one in a run")]
pub(crate) enum Source {
    Synthetic(Blueprint),
    Files { pickups: CsvFile, orders: CsvFile },
}

/// A file and how to read it.
pub(crate) struct CsvFile {
    pub(crate) path: PathBuf,
    pub(crate) format: Format,
}

impl Arguments {
    /// Whose numbers are wanted.
    pub(crate) fn method(&self) -> Method {
        self.routing.method.0
    }

    /// The order that is to be explained, if a certain one.
    pub(crate) fn explain(&self) -> Option<&str> {
        self.routing.explain.as_deref()
    }

    /// Whether there is a river to be crossed.
    pub(crate) fn river(&self) -> bool {
        self.synthetic.river
    }

    /// What the sites take.
    pub(crate) fn capacity(&self) -> Capacity {
        let Routing {
            capacity,
            capacity_column,
            capacity_factor,
            ..
        } = &self.routing;
        match (*capacity, capacity_column, *capacity_factor) {
            (Some(orders), ..) => Capacity::Each(Units(orders)),
            (None, Some(_), Some(factor)) => Capacity::OwnTimes(factor),
            (None, None, Some(factor)) => Capacity::ShareTimes(factor),
            (None, _, None) => Capacity::Own,
        }
    }

    /// The city that was asked for.
    pub(crate) fn source(&self) -> Source {
        let Self {
            files, synthetic, ..
        } = self;
        match (&files.pickups, &files.orders) {
            (Some(pickups), Some(orders)) => Source::Files {
                pickups: self.file(
                    pickups,
                    [&files.pickup_id, &files.pickup_lon, &files.pickup_lat],
                    self.routing.capacity_column.clone(),
                ),
                orders: self.file(
                    orders,
                    [&files.order_id, &files.order_lon, &files.order_lat],
                    None,
                ),
            },
            _ => Source::Synthetic(Blueprint {
                seed: synthetic.seed,
                homes: synthetic.orders_count,
                leaders: synthetic.leaders,
                stores: synthetic.stores,
            }),
        }
    }

    /// Where the city comes from, for people.
    pub(crate) fn about(&self) -> String {
        let name = |path: &PathBuf| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        match (&self.files.pickups, &self.files.orders) {
            (Some(pickups), Some(orders)) => format!("{} and {}", name(pickups), name(orders)),
            _ => format!("made-up city, seed {}", self.synthetic.seed),
        }
    }

    fn file(
        &self,
        path: &Path,
        columns: [&Option<String>; 3],
        capacity: Option<String>,
    ) -> CsvFile {
        let [id, longitude, latitude] = columns.map(Clone::clone);
        CsvFile {
            path: path.to_owned(),
            format: Format {
                columns: ColumnNames {
                    id,
                    longitude,
                    latitude,
                    capacity,
                },
                datum: self.files.datum,
                on_bad_row: if self.strict {
                    OnBadRow::Stop
                } else {
                    OnBadRow::Count
                },
            },
        }
    }
}

impl ValueEnum for By {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Method::Nearest),
            Self(Method::Greedy),
            Self(Method::Balanced),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(routing::name(self.0)))
    }
}

impl ValueEnum for Datum {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
