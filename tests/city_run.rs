//! The example `city` from outside, as a shopkeeper runs it: what it prints, what it refuses, and with which code.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use serde_json::Value;

use crate::shared_data::shared_data;

/// The built example beside this test binary.
///
/// `cargo test` has built it already; `cargo test --test catchment` has not, and may have left an old one. So cargo
/// is asked once more, with the same profile and features, which takes no time where there is nothing to do.
fn example() -> &'static Path {
    static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = env::current_exe().expect("a test has a path");
        let profile = test
            .ancestors()
            .nth(2)
            .expect("target/<profile>/deps/<test>");
        let target = profile.parent().expect("target/<profile>");
        let mut build = Command::new(env!("CARGO"));
        build
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_TARGET_DIR", target);
        build.args([
            "build",
            "--quiet",
            "--example",
            "city",
            "--no-default-features",
            "--features",
        ]);
        let features = [
            ("rayon", cfg!(feature = "rayon")),
            ("serde", cfg!(feature = "serde")),
            ("tz", cfg!(feature = "tz")),
        ];
        let on: Vec<&str> = features
            .iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| *name)
            .collect();
        build.arg(on.join(","));
        build.args([
            "--profile",
            if profile.ends_with("release") {
                "release"
            } else {
                "test"
            },
        ]);
        let status = build.stderr(Stdio::null()).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{build:?} fails"
        );
        profile
            .join("examples")
            .join("city")
            .with_extension(env::consts::EXE_EXTENSION)
    });
    &EXAMPLE
}

pub(crate) fn city(arguments: &[&str]) -> Output {
    Command::new(example())
        .args(arguments)
        .output()
        .expect("the example runs")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The numbers of a run with `--json`: the last line of stdout.
pub(crate) fn numbers(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    let stdout = stdout(output);
    let line = stdout.lines().last().expect("a last line");
    serde_json::from_str(line).expect("the last line is JSON")
}

/// Files that are gone when the test is over.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let path = env::temp_dir().join(format!("catchment-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a temporary file");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A file left behind is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_synthetic_city_is_the_same_every_time() {
    let output = city(&["--json"]);
    let mut first = numbers(&output);
    let mut again = numbers(&city(&["--json"]));
    let mut other = numbers(&city(&["--json", "--seed", "2"]));
    for run in [&mut first, &mut again, &mut other] {
        take_times(
            run,
            &[
                "",
                "_read",
                "_build",
                "_lookup",
                "_candidates",
                "_solve",
                "_verify",
            ],
        );
        let rate = run
            .as_object_mut()
            .expect("an object")
            .remove("lookups_per_second");
        assert!(rate.is_some_and(|rate| rate.as_f64() >= Some(0.0)));
        for method in run["methods"].as_array_mut().expect("methods") {
            take_times(method, &["_solve"]);
        }
    }
    assert_eq!(first, again);
    assert_ne!(first, other);

    assert_eq!(first["orders"], 20_000);
    assert_eq!(
        (&first["sites"], &first["stores"]),
        (&820.into(), &20.into())
    );
    let count = |name: &str| first[name].as_u64().expect(name);
    assert_eq!(count("assigned") + count("unassigned"), 20_000);
    assert!(
        count("unassigned") > 0 && count("unassigned") < 2_000,
        "something to explain"
    );
    let reasons = first["unassigned_by"].as_object().expect("reasons");
    assert_eq!(
        reasons.values().filter_map(Value::as_u64).sum::<u64>(),
        count("unassigned")
    );
    assert!(reasons.contains_key("outside_radius") && reasons.contains_key("nearest_paused"));
    assert!(stdout(&output).contains("Busiest pickup points"));
    assert!(
        first.get("agree").is_none(),
        "nobody knows the real sites of a made-up city"
    );
}

#[test]
fn an_evening_has_four_acts_and_a_river_if_asked() {
    let told = || {
        let output = city(&["--river", "--orders-count", "6000", "--leaders", "300"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        let is_timed = |line: &str| line.contains("Seconds") || line.contains("µs");
        let lines = text.lines().filter(|line| !is_timed(line));
        lines.flat_map(|line| [line, "\n"]).collect::<String>()
    };
    let first = told();
    for act in [
        "Act one: where the buyer of order",
        "  offered as number 3\n",
        "Act two: all orders of the evening",
        "Act three: the same orders, live",
        " orders moved and no others",
        "Act four: a presale of watermelons, ",
        "Encore: the same orders in a city with a river",
    ] {
        assert!(first.contains(act), "{act:?} in {first}");
    }
    assert_eq!(first, told(), "the same city, the same evening");
}

/// Takes the times out, which are the one thing that differs between equal runs.
fn take_times(numbers: &mut Value, of: &[&str]) {
    let numbers = numbers.as_object_mut().expect("an object");
    for what in of {
        let time = numbers.remove(&format!("seconds{what}"));
        assert!(
            time.is_some_and(|time| time.as_f64() >= Some(0.0)),
            "{what}"
        );
    }
}

#[test]
fn files_are_read_and_every_number_is_right() {
    let folder = Folder::new("numbers");
    // Sites on the equator, a degree (111,195.080 m) apart; an order a tenth of a degree from each third one.
    let pickups = folder.file("pickups.csv", "id,lon,lat\nS1,0,0\nS2,1,0\nS3,2,0\n");
    let orders = folder.file(
        "orders.csv",
        "id,lon,lat,actual_site_id\n\
         A,0,0,S1\n\
         B,1.1,0,S2\n\
         C,1.2,0,S3\n\
         D,2.4,0,S3\n\
         E,2,0,\n\
         bad,2,x,S3\n\
         A,2,0,S3\n",
    );
    let out = folder.file("out.csv", "");
    let output = city(&[
        "--pickups",
        &pickups,
        "--orders",
        &orders,
        "--json",
        "--out",
        &out,
    ]);
    let found = numbers(&output);
    for (name, expected) in [
        ("sites", 3.0),
        ("orders", 5.0),
        ("assigned", 5.0),
        ("unassigned", 0.0),
        ("bad_rows", 2.0),
        ("p50_m", 11_119.508),
        ("p95_m", 44_478.032),
        ("max_m", 44_478.032),
        ("total_m", 77_836.556),
        ("gap", 0.0),
        // (0 + 1 + 2 + 4 + 0) tenths of a degree, divided by five.
        ("mean_m", 15_567.311),
        ("agree", 0.75),
    ] {
        assert_eq!(found[name].as_f64(), Some(expected), "{name}");
    }
    assert_eq!(
        fs::read_to_string(out).expect("assignments"),
        "order_id,site_id,distance_m\n\
         A,S1,0.000\nB,S2,11119.508\nC,S2,22239.016\nD,S3,44478.032\nE,S3,0.000\n",
    );
    let notes = stderr(&output);
    assert!(
        notes.contains("orders.csv: line 7: column `lat` has \"x\", which is not a number"),
        "{notes}"
    );
    assert!(
        notes.contains("orders.csv: line 8: id \"A\" is already on line 2"),
        "{notes}"
    );
    assert!(
        stdout(&output).contains("75.0 % of orders go to"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn the_order_of_pickup_rows_decides_nothing() {
    let folder = Folder::new("shuffle");
    let orders = folder.file("orders.csv", "id,lon,lat\nA,0,0\nB,0.5,0\n");
    let out = folder.file("out.csv", "");
    let assigned = ["S2,1,0\nS1,-1,0\nS3,0,1\n", "S3,0,1\nS1,-1,0\nS2,1,0\n"].map(|rows| {
        let pickups = folder.file("pickups.csv", format!("id,lon,lat\n{rows}"));
        assert!(
            city(&["--pickups", &pickups, "--orders", &orders, "--out", &out])
                .status
                .success()
        );
        fs::read_to_string(&out).expect("assignments")
    });
    assert_eq!(assigned[0], assigned[1]);
    assert!(
        assigned[0].contains("A,S1,"),
        "all three are equally near; the first name wins"
    );
}

#[test]
fn a_city_without_orders_has_no_distances() {
    let folder = Folder::new("empty");
    let pickups = folder.file("pickups.csv", "id,lon,lat\nS1,0,0\n");
    let orders = folder.file("orders.csv", "id,lon,lat\n");
    let found = numbers(&city(&[
        "--pickups",
        &pickups,
        "--orders",
        &orders,
        "--json",
    ]));
    assert_eq!(found["orders"], 0);
    for distance in ["mean_m", "p50_m", "p95_m", "max_m"] {
        assert!(found[distance].is_null(), "{distance}");
    }
}

#[test]
fn what_cannot_be_done_is_said_with_a_code() {
    let folder = Folder::new("refused");
    let good = &*folder.file("good.csv", "id,lon,lat\nA,1,2\n");
    let spoilt = &*folder.file("spoilt.csv", "id,lon,lat\nA,1,2\nB,1\n");
    let header = &*folder.file("header.csv", "id,lon,lat\n");
    let empty = &*folder.file("empty.csv", "");
    let no_latitude = &*folder.file("no_latitude.csv", "id,lon\nA,1\n");
    let missing = &*folder.0.join("missing.csv").to_string_lossy().into_owned();
    let inside_a_file = &*format!("{good}/out");
    let directory = &*folder.0.to_string_lossy().into_owned();
    let files = |pickups, orders| vec!["--pickups", pickups, "--orders", orders];
    let strict = |pickups, orders| vec!["--strict", "--pickups", pickups, "--orders", orders];
    for (arguments, code, message) in [
        (files(good, missing), 2, "missing.csv: reading failed:"),
        (files(directory, good), 2, "reading failed:"),
        (files(good, empty), 2, "empty.csv: the file is empty"),
        (
            files(no_latitude, good),
            2,
            "no_latitude.csv: no column `lat`; the header is: `id`, `lon`",
        ),
        (files(header, good), 2, "there is no pickup point"),
        (
            vec!["--leaders", "0", "--stores", "0"],
            2,
            "there is no pickup point",
        ),
        (
            strict(good, spoilt),
            1,
            "spoilt.csv: line 3: 2 fields where the header has 3",
        ),
        (vec!["--pickups", good], 2, "--orders"),
        (
            vec!["--datum", "mars"],
            2,
            "possible values: wgs84, gcj02, bd09",
        ),
        (
            vec!["--seed", "1", "--pickups", good, "--orders", good],
            2,
            "cannot be used with",
        ),
        (
            vec!["--capacity", "1", "--capacity-factor", "2"],
            2,
            "cannot be used with",
        ),
        (vec!["--capacity", "-1"], 2, "unexpected argument"),
        (vec!["--capacity", "some"], 2, "invalid value 'some'"),
        (
            vec!["--capacity-factor", "1,05"],
            2,
            "not a number such as 1.05",
        ),
        (
            vec!["--capacity-column", "places"],
            2,
            "--pickups <FILE.csv>",
        ),
        (
            [files(good, good), vec!["--capacity-column", "places"]].concat(),
            2,
            "good.csv: no column `places`; the header is: `id`, `lon`, `lat`",
        ),
        (
            vec!["--method", "random"],
            2,
            "possible values: nearest, greedy, balanced",
        ),
        (
            vec!["--explain", "nobody"],
            2,
            "there is no order \"nobody\" to explain",
        ),
        (
            vec!["--orders-count", "16777217"],
            2,
            "16777217 is not in 0..=16777216",
        ),
        (vec!["--out", inside_a_file, "--orders-count", "1"], 2, ""),
    ] {
        let output = city(&arguments);
        let stderr = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(
            output.stdout.is_empty(),
            "{arguments:?}: no summary of what was not done"
        );
    }
    assert!(city(&strict(good, good)).status.success());
}

#[test]
fn shanghai_comes_out_as_it_was_served() {
    let (Some(sites), Some(parcels)) = (
        shared_data("shanghai/cainiao_sites.csv"),
        shared_data("shanghai/cainiao_parcels.csv.gz"),
    ) else {
        return;
    };
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let output = city(&[
        "--pickups",
        &text(&sites),
        "--orders",
        &text(&parcels),
        "--strict",
        "--json",
    ]);
    let found = numbers(&output);
    assert_eq!(found["sites"], 124);
    assert_eq!(found["assigned"], 336_927);
    assert_eq!(found["unassigned"], 0);
    assert_eq!(found["mean_m"], 2_582.349);
    assert_eq!(found["p50_m"], 1_806.25);
    let agree = found["agree"].as_f64().expect("the real depots are known");
    assert_eq!(format!("{agree:.3}"), "0.944");
}
