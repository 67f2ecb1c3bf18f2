//! Capacities in the example `city`: how they are given, and what the three methods make of them.

use std::fs;

use catchment::units::Units;
use serde_json::Value;

use crate::city_run::{Folder, city, numbers, stdout};
use crate::shared_data::shared_data;

#[path = "../examples/city/capacity.rs"]
mod capacity;

use capacity::{Capacity, Factor, FactorError};

#[test]
fn capacities_are_rounded_up_and_nothing_else() {
    let factor = |text: &str| text.parse::<Factor>().expect(text);
    for (capacity, own, orders, sites, expected) in [
        (Capacity::Own, 60, 100, 3, 60),
        (Capacity::Each(Units(7)), 60, 100, 3, 7),
        (Capacity::ShareTimes(factor("1")), 60, 100, 3, 34),
        (Capacity::ShareTimes(factor("1.00")), 60, 99, 3, 33),
        // In binary fractions, 1.1 times 10 is a little more than 11.
        (Capacity::ShareTimes(factor("1.1")), 60, 10, 1, 11),
        (Capacity::ShareTimes(factor("1.05")), 0, 336_927, 124, 2_854),
        (Capacity::ShareTimes(factor("0")), 60, 100, 3, 0),
        (Capacity::ShareTimes(factor("2")), 60, 0, 3, 0),
        (Capacity::OwnTimes(factor("1.05")), 60, 100, 3, 63),
        (Capacity::OwnTimes(factor("1.05")), 61, 100, 3, 65),
        (Capacity::OwnTimes(factor(".5")), 61, 100, 3, 31),
        (Capacity::OwnTimes(factor("0.000001")), 61, 100, 3, 1),
        (
            Capacity::OwnTimes(factor("1000000")),
            u32::MAX,
            1,
            1,
            u32::MAX,
        ),
    ] {
        assert_eq!(
            capacity.of(Units(own), orders, sites),
            Units(expected),
            "{capacity:?}, own {own}, {orders} orders, {sites} sites"
        );
    }
}

#[test]
fn what_is_no_factor_is_refused() {
    for (text, expected) in [
        ("", FactorError::NotANumber),
        (".", FactorError::NotANumber),
        ("-1", FactorError::NotANumber),
        ("+1", FactorError::NotANumber),
        ("1e3", FactorError::NotANumber),
        ("1.0.5", FactorError::NotANumber),
        ("inf", FactorError::NotANumber),
        ("1,05", FactorError::NotANumber),
        ("1.0000001", FactorError::TooManyDecimals),
        ("1000000.000001", FactorError::TooLarge),
        ("99999999999999999999999", FactorError::TooLarge),
    ] {
        assert_eq!(text.parse::<Factor>(), Err(expected), "{text:?}");
    }
}

/// The numbers of one method.
fn method<'a>(run: &'a Value, name: &str) -> &'a Value {
    let methods = run["methods"].as_array().expect("methods");
    let found = methods.iter().find(|method| method["method"] == name);
    found.expect("a method of that name")
}

/// A number of one method.
fn of(run: &Value, name: &str, what: &str) -> f64 {
    let number = method(run, name)[what].as_f64();
    number.expect(what)
}

/// What holds of every run: nearest is the shortest, balanced the best that keeps capacities.
fn check_methods(run: &Value) {
    let orders = run["orders"].as_u64().map(|orders| orders as f64);
    for name in ["nearest", "greedy", "balanced"] {
        let counted = of(run, name, "assigned") + of(run, name, "unassigned");
        assert_eq!(Some(counted), orders, "{name} accounts for every order");
        assert_eq!(
            method(run, name)["proven"].as_bool(),
            Some(name == "balanced"),
            "{name}"
        );
    }
    for name in ["greedy", "balanced"] {
        assert_eq!(method(run, name)["beyond_capacity"], 0, "{name}");
    }
    let pair = |name: &str| (of(run, name, "unassigned"), of(run, name, "total_m"));
    assert!(pair("nearest") <= pair("balanced"), "no capacity is easier");
    assert!(pair("balanced") <= pair("greedy"), "balanced is the best");
    assert_eq!(method(run, "balanced")["gap"], 0.0);
    assert_eq!(method(run, "nearest")["detour_m"], 0.0);
}

#[test]
fn the_default_run_ends_with_a_proven_plan_and_an_explanation() {
    let output = city(&["--json"]);
    let run = numbers(&output);
    assert_eq!(run["method"], "balanced");
    assert_eq!(run["proven"], true);
    assert_eq!(run["orders"], 20_000);
    check_methods(&run);
    // Capacity binds, or there would be nothing to balance.
    assert!(of(&run, "nearest", "beyond_capacity") > 1_000.0);
    assert!(of(&run, "balanced", "unassigned") < of(&run, "greedy", "unassigned"));

    let text = stdout(&output);
    for part in [
        "Its prices prove it",
        "Why order ",
        "The nearest that may take it is L00",
        ", and that is full.",
        "others would have to move, and all together would walk",
        "full; one more place there would save",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn each_method_prints_its_own_numbers() {
    let args = |method| {
        [
            "--orders-count",
            "3000",
            "--capacity-factor",
            "1",
            "--json",
            "--method",
            method,
        ]
    };
    for name in ["nearest", "greedy", "balanced"] {
        let run = numbers(&city(&args(name)));
        check_methods(&run);
        assert_eq!(run["capacity"], 820 * 4);
        for (key, value) in method(&run, name).as_object().expect("an object") {
            assert_eq!(&run[key], value, "{name}: {key}");
        }
    }
}

/// Two orders on a street with two pickup points, the first of which has one place: order A is between them, order B
/// beyond the first. A takes the place if it may choose first; together they are better off if B has it.
#[test]
fn a_street_is_balanced_by_hand() {
    let folder = Folder::new("street");
    let pickups = folder.file(
        "pickups.csv",
        "id,lon,lat,places,carried\nS1,0,0,1,1\nS2,1,0,2,1\n",
    );
    let orders = folder.file("orders.csv", "id,lon,lat\nA,0.4,0\nB,-0.1,0\n");
    let out = folder.file("out.csv", "");
    let check = |arguments: &[&str], expected: [&str; 2]| {
        let files = ["--pickups", &pickups, "--orders", &orders, "--out", &out];
        let output = city(&[&files, arguments].concat());
        assert!(output.status.success(), "{arguments:?}");
        let rows = fs::read_to_string(&out).expect("assignments");
        let sites: Vec<_> = rows
            .lines()
            .skip(1)
            .filter_map(|row| row.split(',').nth(1))
            .collect();
        assert_eq!(sites, expected, "{arguments:?}");
        stdout(&output)
    };
    check(&[], ["S1", "S1"]);
    check(&["--capacity", "2"], ["S1", "S1"]);
    let text = check(&["--capacity-column", "places"], ["S2", "S1"]);
    assert!(
        text.contains(
            "Why order A goes to S2\n  \
             The nearest that may take it is S1 at 44,478 m, and that is full.\n  \
             So it goes 22,239 m farther, 66,717 m in all.\n  \
             For a place at S1 others would have to move, and all together would walk 88,956 m more:\n    \
             order B from S1 to S2\n"
        ),
        "{text}"
    );
    check(&["--capacity", "1"], ["S2", "S1"]);
    check(&["--capacity-factor", "1"], ["S2", "S1"]);
    check(&["--capacity-factor", "1.5"], ["S1", "S1"]);
    check(
        &["--capacity-factor", "2", "--capacity-column", "carried"],
        ["S1", "S1"],
    );
    check(&["--capacity", "1", "--method", "greedy"], ["S1", "S2"]);
    check(&["--capacity", "1", "--method", "nearest"], ["S1", "S1"]);

    let text = check(&["--capacity", "1", "--explain", "B"], ["S2", "S1"]);
    assert!(
        text.contains("Why order B goes to S1\n  It is 11,120 m away, and no pickup point"),
        "{text}"
    );
    let text = check(&["--capacity", "0", "--explain", "B"], ["", ""]);
    assert!(
        text.contains("Why order B goes nowhere\n  Because no site may take it."),
        "{text}"
    );
    let text = check(
        &["--capacity-column", "places", "--capacity-factor", "0.5"],
        ["S2", "S1"],
    );
    let rounded_up = format!("{:<24}{:>12}", "Room for", 2);
    assert!(text.contains(&rounded_up), "{text}");
}

#[test]
fn shanghai_is_balanced() {
    let (Some(sites), Some(parcels)) = (
        shared_data("shanghai/cainiao_sites.csv"),
        shared_data("shanghai/cainiao_parcels.csv.gz"),
    ) else {
        return;
    };
    let (sites, parcels) = (sites.to_string_lossy(), parcels.to_string_lossy());
    let output = city(&[
        "--pickups",
        &sites,
        "--orders",
        &parcels,
        "--capacity-column",
        "parcels_assigned",
        "--capacity-factor",
        "1.05",
        "--json",
    ]);
    let run = numbers(&output);
    check_methods(&run);
    assert_eq!(run["unassigned"], 0);
    assert_eq!(run["capacity"], 353_828);
    assert_eq!(run["total_m"], 871_021_342.641);
}
