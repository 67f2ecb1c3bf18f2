//! The lives of an order: the drawing in the documentation is the code, nothing is out of reach, and nothing is stuck.

// A drawing that can't be read ends the test.
#![allow(clippy::panic)]

use std::collections::BTreeSet;

use catchment::fulfil::{Deed, Life, Way};

/// An arrow of a life: from, by, to.
type Arrow = (Life, Deed, Life);

/// The arrows that the code has.
fn coded(way: Way) -> BTreeSet<Arrow> {
    let pairs = Life::ALL
        .into_iter()
        .flat_map(|from| Deed::ALL.map(|deed| (from, deed)));
    let arrows = pairs.filter_map(|(from, deed)| Some((from, deed, from.after(way, deed)?)));
    arrows.collect()
}

/// The arrows of a drawing: under its way's name come chains like `Accepted ─ready→ Ready`.
fn drawn(drawing: &str, way: Way) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    let mut current = None;
    for line in drawing.lines() {
        let mut chain = line;
        for named in Way::ALL {
            if let Some(rest) = line.trim_start().strip_prefix(&format!("{named}:")) {
                (current, chain) = (Some(named), rest);
            }
        }
        if current != Some(way) {
            continue;
        }
        let mut links = chain.split('─').map(str::trim);
        let mut from = links.next().filter(|first| !first.is_empty()).map(life);
        for link in links {
            let (deed, to) = link.split_once('→').expect("every line ends in an arrow");
            let to = life(to.trim());
            arrows.insert((from.expect("a chain begins with a state"), named(deed), to));
            from = Some(to);
        }
    }
    arrows
}

fn life(name: &str) -> Life {
    let is_it = |life: &Life| format!("{life:?}") == name;
    let found = Life::ALL.into_iter().find(is_it);
    found.unwrap_or_else(|| panic!("no state {name:?}"))
}

fn named(name: &str) -> Deed {
    let is_it = |deed: &Deed| deed.to_string() == name;
    let found = Deed::ALL.into_iter().find(is_it);
    found.unwrap_or_else(|| panic!("no deed {name:?}"))
}

/// The drawing beside the type.
fn drawing() -> String {
    let source = include_str!("../src/fulfil/life.rs");
    let (_, rest) = source.split_once("/// ```text\n").expect("a drawing");
    let (drawing, _) = rest.split_once("/// ```\n").expect("it ends");
    let lines = drawing.lines().map(|line| line.trim_start_matches("///"));
    lines.collect::<Vec<_>>().join("\n")
}

/// All states that can come after these.
fn reach(from: impl IntoIterator<Item = Life>, arrows: &BTreeSet<Arrow>) -> BTreeSet<Life> {
    let mut reached: BTreeSet<Life> = from.into_iter().collect();
    loop {
        let next = arrows
            .iter()
            .filter(|arrow| reached.contains(&arrow.0))
            .map(|arrow| arrow.2);
        let next: BTreeSet<Life> = next.chain(reached.iter().copied()).collect();
        if next == reached {
            return reached;
        }
        reached = next;
    }
}

#[test]
fn every_arrow_that_is_drawn_is_coded_and_every_one_that_is_coded_is_drawn() {
    for way in Way::ALL {
        let (drawn, coded) = (drawn(&drawing(), way), coded(way));
        let only_drawn: Vec<_> = drawn.difference(&coded).collect();
        let only_coded: Vec<_> = coded.difference(&drawn).collect();
        assert!(only_drawn.is_empty(), "{way}: {only_drawn:?}");
        assert!(only_coded.is_empty(), "{way}: {only_coded:?}");
    }
}

#[test]
fn a_drawing_that_lacks_an_arrow_is_found_out() {
    let short = drawing().replace("Waiting ─cancel→ Cancelled", "");
    for way in Way::ALL {
        let missing: Vec<_> = coded(way)
            .difference(&drawn(&short, way))
            .copied()
            .collect();
        assert_eq!(
            missing,
            [(Life::Waiting, Deed::Cancel, Life::Cancelled)],
            "{way}"
        );
    }
}

#[test]
fn every_state_can_be_reached_and_every_deed_done() {
    let mut all = BTreeSet::new();
    let mut deeds = BTreeSet::new();
    for way in Way::ALL {
        let arrows = coded(way);
        let reached = reach([Life::FIRST], &arrows);
        deeds.extend(arrows.iter().map(|arrow| arrow.1));
        // No arrow leaves a state that is never reached this way.
        for arrow in &arrows {
            assert!(reached.contains(&arrow.0), "{way}: {arrow:?}");
        }
        all.extend(reached);
    }
    assert!(
        all.iter()
            .eq(&Life::ALL.into_iter().collect::<BTreeSet<_>>())
    );
    assert!(
        deeds
            .iter()
            .eq(&Deed::ALL.into_iter().collect::<BTreeSet<_>>())
    );
}

#[test]
fn no_state_is_a_trap_and_what_is_over_stays_over() {
    for way in Way::ALL {
        let arrows = coded(way);
        for state in reach([Life::FIRST], &arrows) {
            let next = reach([state], &arrows);
            assert!(next.iter().any(|state| state.is_final()), "{way}: {state}");
            assert!(
                next.iter().any(|state| !state.is_open()),
                "{way}: {state} is never over"
            );
            let leaves = arrows.iter().filter(|arrow| arrow.0 == state).count();
            assert_eq!(state.is_final(), leaves == 0, "{way}: {state}");
            if !state.is_open() {
                assert!(next.iter().all(|state| !state.is_open()), "{way}: {state}");
            }
        }
    }
}

#[test]
fn the_ways_differ_only_in_how_the_goods_come_to_the_customer() {
    let of_one_way = |way, other| {
        let only = &coded(way) - &coded(other);
        only.into_iter()
            .map(|(from, deed, to)| format!("{from} -{deed}- {to}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of_one_way(Way::Pickup, Way::Delivery),
        ["ready -pick up- picked up", "picked up -return- returned"]
    );
    assert_eq!(
        of_one_way(Way::Delivery, Way::Pickup),
        [
            "ready -send out- out for delivery",
            "out for delivery -deliver- delivered",
            "out for delivery -return- returned",
            "delivered -return- returned"
        ]
    );
}
