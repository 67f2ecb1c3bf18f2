//! What the example `city` writes with `--out`: that the files agree with each other, and that the page explains what
//! is clicked. A real browser looks at the page where one is installed.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use geojson::GeoJson;
use serde_json::Value;

use crate::city_run::{Folder, city, stderr};

/// A city that is small and still has orders of all kinds.
const SMALL: [&str; 6] = ["--orders-count", "2000", "--leaders", "80", "--stores", "4"];

/// Writes a city into a folder.
fn write(arguments: &[&str], folder: &Folder) -> PathBuf {
    let path = folder.path().join("out");
    let out = path.to_string_lossy();
    let output = city(&[arguments, &["--out", &out]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    path
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect(name)
}

fn lines_of_json(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// The data that a page holds.
fn data(page: &str) -> Value {
    let (_, after) = page
        .split_once(r#"<script id="data" type="application/json">"#)
        .expect("the data begin");
    let (data, _) = after.split_once("</script>").expect("the data end");
    serde_json::from_str(data).expect("the data are JSON")
}

#[test]
fn the_files_agree() {
    let folder = Folder::new("city-page");
    let out = write(&SMALL, &folder);
    let decisions = lines_of_json(&read(&out, "decisions.jsonl"));
    assert_eq!(decisions.len(), 2_000);

    let mut loads = BTreeMap::<String, u64>::new();
    let mut verdicts = BTreeMap::<String, usize>::new();
    for decision in &decisions {
        if let Some(site) = decision["site"].as_str() {
            *loads.entry(site.to_owned()).or_default() += 1;
        }
        let verdict = decision["verdict"].as_str().expect("a verdict");
        *verdicts.entry(verdict.to_owned()).or_default() += 1;
        assert_eq!(
            verdict == "nearest",
            decision["why"].is_null(),
            "{decision}"
        );
        assert_eq!(
            verdict == "unassigned",
            decision["site"].is_null(),
            "{decision}"
        );
        let nearest = decision["nearest"] == decision["site"];
        assert!(
            nearest || verdict != "nearest" || decision["detour_m"] == 0.0,
            "{decision}"
        );
    }
    assert!(verdicts.values().all(|orders| *orders > 20), "{verdicts:?}");

    let plan = read(&out, "plan.csv");
    let rows = decisions.iter().zip(plan.lines().skip(1));
    for (decision, row) in rows {
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(decision["order"], fields[0]);
        assert_eq!(decision["site"].as_str().unwrap_or(""), fields[1]);
        let distance = fields[2].parse().ok();
        assert_eq!(decision["distance_m"].as_f64(), distance, "{row}");
    }

    let sites = read(&out, "sites.csv");
    let mut sites = csv::Reader::from_reader(sites.as_bytes());
    let sites: Vec<BTreeMap<String, String>> =
        sites.deserialize().map(|row| row.expect("a row")).collect();
    assert_eq!(sites.len(), 84);
    for site in &sites {
        let load = loads.get(&site["site_id"]).copied().unwrap_or(0);
        assert_eq!(site["load"], load.to_string(), "{site:?}");
    }

    for (name, features) in [("sites.geojson", 84), ("orders.geojson", 2_000)] {
        assert_eq!(layer(&out, name).len(), features, "{name}");
    }
    let cells = layer(&out, "cells.geojson");
    let sum = |what: &str| -> usize {
        let numbers = cells
            .iter()
            .map(|cell| cell.property(what).and_then(Value::as_u64));
        numbers
            .map(|number| number.expect("a number") as usize)
            .sum()
    };
    assert_eq!(
        [sum("orders"), sum("unassigned"), sum("detoured")],
        [2_000, verdicts["unassigned"], verdicts["detour"]],
    );
    assert!(layer(&out, "catchments.geojson").len() > 40);
    for plot in ["walks.svg", "loads.svg", "evening.svg"] {
        let plot = read(&out, plot);
        assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
        assert!(
            !plot.contains("NaN") && plot.contains("sans-serif"),
            "{plot}"
        );
    }
    check_page(&read(&out, "city.html"), &decisions);
}

fn layer(folder: &Path, name: &str) -> Vec<geojson::Feature> {
    match read(folder, name).parse().expect("GeoJSON") {
        GeoJson::FeatureCollection(layer) => layer.features,
        other => unreachable!("{name} is {other}"),
    }
}

/// The page needs no other file, and holds what the decisions say.
fn check_page(page: &str, decisions: &[Value]) {
    for outside in [
        "http:", "https:", " src=", " href=", "url(", "@import", "fetch(",
    ] {
        assert!(!page.contains(outside), "the page asks for {outside}");
    }
    assert!(
        !page.contains("{{") && !page.contains("*/}"),
        "all places are filled"
    );
    let data = data(page);
    let orders = &data["orders"];
    let text = |index: &Value| data["texts"][index.as_u64().expect("an index") as usize].clone();
    let stories = data["stories"].as_array().expect("stories").iter();
    let stories: BTreeMap<u64, Value> = stories
        .map(|story| {
            (
                story[0].as_u64().expect("a place"),
                text(&story[1]["reasons"]),
            )
        })
        .collect();
    for (place, decision) in decisions.iter().enumerate() {
        assert_eq!(orders["name"][place], decision["order"]);
        let site = orders["site"][place].as_u64();
        let site = site.map(|site| data["sites"]["name"][site as usize].clone());
        assert_eq!(site.unwrap_or_default(), decision["site"]);
        let why = stories.get(&(place as u64)).cloned().unwrap_or_default();
        assert_eq!(why, decision["why"], "order {}", decision["order"]);
    }
}

#[test]
fn names_can_hold_anything() {
    let folder = Folder::new("city-page-names");
    let name = r#"</script><!--<script><b>"&{{data}}"#;
    let quoted = name.replace('"', "\"\"");
    let pickups = folder.file(
        "pickups.csv",
        format!("id,lon,lat\n\"{quoted}\",179.99,0\n"),
    );
    let orders = folder.file(
        "orders.csv",
        format!("id,lon,lat\n\"{quoted}\",-179.99,0.01\n"),
    );
    let out = write(&["--pickups", &pickups, "--orders", &orders], &folder);
    let data = data(&read(&out, "city.html"));
    assert_eq!(data["sites"]["name"][0], name);
    assert_eq!(data["orders"]["name"][0], name);
    assert_eq!(
        data["orders"]["lng"][0], 20_000,
        "the antimeridian is no edge"
    );
    assert_eq!(data["evening"], Value::Null);
}

#[test]
fn a_city_without_orders_has_a_page() {
    let folder = Folder::new("city-page-empty");
    let out = write(
        &["--orders-count", "0", "--leaders", "3", "--stores", "0"],
        &folder,
    );
    assert_eq!(read(&out, "decisions.jsonl"), "");
    assert_eq!(layer(&out, "cells.geojson").len(), 0);
    browsers_find(&out.join("city.html"), "passed: 0 orders, 3 sites");
}

#[test]
fn a_browser_finds_every_explanation_where_it_is_clicked() {
    let folder = Folder::new("city-page-browser");
    let out = write(&SMALL, &folder);
    browsers_find(&out.join("city.html"), "passed: 2000 orders, 84 sites");

    // The same check sees a page that is wrong.
    let page = read(&out, "city.html");
    for (right, wrong) in [
        ("...sentences(said)", "...sentences('trust us')"),
        (
            "const site = orders.site[i], nearest",
            "const site = orders.site[i + 1], nearest",
        ),
        (
            "function siteCard(i) {",
            "function siteCard(i) { i = (i + 1) % sites.length;",
        ),
        ("if (orders.placed[i] > time) break;", ""),
        (
            "function drawCells(",
            "console.error('no cells'); function drawCells(",
        ),
        (
            "function drawSelected(pen) {",
            "function drawSelected(pen) { missing();",
        ),
    ] {
        assert_eq!(page.matches(right).count(), 1, "{right}");
        let broken = folder.file("broken.html", page.replace(right, wrong));
        if let Some(outcome) = outcome(Path::new(&broken)) {
            assert!(
                outcome.contains("selftest failed"),
                "{outcome} with {wrong}"
            );
        }
    }
}

#[test]
fn a_browser_shows_what_the_decisions_say() {
    let folder = Folder::new("city-page-cards");
    let out = write(&SMALL, &folder);
    let decisions = lines_of_json(&read(&out, "decisions.jsonl"));
    for verdict in ["detour", "unassigned"] {
        let decision = decisions
            .iter()
            .find(|decision| decision["verdict"] == verdict);
        let decision = decision.expect("there is one");
        let order = decision["order"].as_str().expect("a name");
        let Some(page) = dumped(&out.join("city.html"), &format!("order={order}")) else {
            return;
        };
        let card = page.split_once(r#"<section id="card""#).expect("a card").1;
        let card = card.split_once("</section>").expect("an end of the card").0;
        assert!(card.contains(&format!("Order {order}")), "{card}");
        for line in decision["why"].as_str().expect("a reason").lines() {
            assert!(card.contains(line.trim()), "{line:?} in {card}");
        }
    }
}

#[test]
fn a_river_is_on_the_map_if_there_is_one() {
    let folder = Folder::new("city-page-river");
    let out = write(&[&SMALL[..], &["--river"]].concat(), &folder);
    let data = data(&read(&out, "city.html"));
    let numbers = |what: &str| data["river"][what].as_array().map(Vec::len);
    assert_eq!([numbers("course"), numbers("bridges")], [Some(4), Some(6)]);
    browsers_find(&out.join("city.html"), "passed: 2000 orders, 84 sites");
}

#[test]
fn of_very_many_orders_a_browser_shows_cells() {
    let folder = Folder::new("city-page-cells");
    let arguments = [
        "--orders-count",
        "60001",
        "--leaders",
        "800",
        "--method",
        "nearest",
    ];
    let out = write(&arguments, &folder);
    let page = fs::metadata(out.join("city.html")).expect("a page");
    assert!(page.len() < 1_500_000, "{} bytes", page.len());
    browsers_find(&out.join("city.html"), "passed: 0 orders, 820 sites");
}

/// Opens a page that tries itself, and compares the outcome. Without a browser it says so, and that is all.
#[track_caller]
fn browsers_find(page: &Path, expected: &str) {
    if let Some(outcome) = outcome(page) {
        assert!(
            outcome.contains(&format!("selftest {expected}")),
            "{outcome}"
        );
    }
}

/// What a page says of itself.
fn outcome(page: &Path) -> Option<String> {
    let page = dumped(page, "selftest")?;
    let title = page.split_once("<title>").expect("a title").1;
    let title = title.split_once("</title>").expect("an end of the title").0;
    Some(title.to_owned())
}

/// What a browser makes of a page, after its scripts ran; `None` if no browser is installed.
fn dumped(page: &Path, hash: &str) -> Option<String> {
    let Some(browser) = browser() else {
        // Directly, because libtest swallows what a passing test prints with `eprintln!`.
        let line =
            b"skipped: no chromium is installed (or named by CHROMIUM) to look at the page\n";
        let _ = io::stderr().write_all(line);
        return None;
    };
    let profile = Folder::new(&format!("browser-{hash}-{:?}", std::thread::current().id()));
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1200,800",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}#{hash}", page.display()))
        .stderr(Stdio::null())
        .output()
        .expect("a browser starts");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The browser named by `CHROMIUM`, or the first that is installed.
fn browser() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let all = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|file| file.is_file())
}
