//! Changes to a network: which are refused, in which words, and that a refused batch changes nothing.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::geo::{LngLat, Position, ServiceArea};
use catchment::id::SiteId;
use catchment::limits::Limits;
use catchment::site::{Change, Network, Schedule, Site, SiteKind, SiteStatus, Tags, Version};
use catchment::units::{Distance, Units};

fn at(lng: f64) -> Position {
    Position::new(LngLat { lng, lat: 31.2 }).expect("on Earth")
}

fn store(id: u64) -> Site {
    Site::store(SiteId(id), at(121.40 + id as f64 / 1_000.0), Units(500))
}

fn leader(id: u64, supplier: u64) -> Site {
    let mut leader = Site::leader(SiteId(id), at(121.40 + id as f64 / 1_000.0), Units(60));
    leader.supplied_by = Some(SiteId(supplier));
    leader
}

fn close(id: u64) -> Change {
    Change::Close(SiteId(id))
}

fn supply(site: u64, by: Option<u64>) -> Change {
    Change::SetSupplier {
        site: SiteId(site),
        supplied_by: by.map(SiteId),
    }
}

/// Stores 1 and 2, and leaders 11 and 12 whom store 1 supplies; room for one more.
fn network() -> Network {
    Network::builder()
        .limits(Limits {
            sites_max: 5,
            ..Limits::default()
        })
        .sites([store(1), store(2), leader(11, 1), leader(12, 1)])
        .build()
        .expect("a valid network")
}

/// The ids after the changes, or the faults.
type Outcome = Result<&'static [u64], &'static str>;

fn check(changes: &[Change], expected: Outcome) {
    let before = network();
    let sites: Vec<Site> = before.sites().cloned().collect();
    match (before.with_changes(changes.iter().cloned()), expected) {
        (Ok(after), Ok(ids)) => {
            let found: Vec<u64> = after.sites().map(|site| site.id.0).collect();
            assert_eq!(found, ids, "{changes:?}");
            assert_eq!((after.len(), after.version()), (ids.len(), Version(1)));
            assert_eq!(after.nearest(at(121.4), 9).len(), ids.len());
        }
        (Err(faults), Err(expected)) => assert_eq!(faults.to_string(), expected, "{changes:?}"),
        (found, _) => assert_eq!(found.is_ok(), expected.is_ok(), "{changes:?}"),
    }
    let unchanged: Vec<Site> = before.sites().cloned().collect();
    assert_eq!((unchanged, before.version()), (sites, Version(0)));
}

#[test]
fn faults_are_named_and_the_rest_is_done() {
    let cases: Vec<(Vec<Change>, Outcome)> = vec![
        (vec![], Ok(&[1, 2, 11, 12])),
        (vec![close(3)], Err("1 fault: site 3 is not in the network")),
        (
            vec![Change::Open(store(2))],
            Err("1 fault: site 2 is in the network already"),
        ),
        (
            vec![close(2), close(2)],
            Err("1 fault: site 2 is not in the network"),
        ),
        (
            vec![close(2), Change::Open(leader(2, 1))],
            Ok(&[1, 2, 11, 12]),
        ),
        (
            vec![Change::Open(store(3)), close(3), Change::Open(store(3))],
            Ok(&[1, 2, 3, 11, 12]),
        ),
        (
            vec![Change::Open(store(3)), Change::Open(store(4))],
            Err("1 fault: 6 sites, limit is 5"),
        ),
        (
            vec![Change::Open(store(3)), Change::Open(store(4)), close(2)],
            Ok(&[1, 3, 4, 11, 12]),
        ),
        // One sound change and one that is not: neither is made.
        (
            vec![close(2), close(3), Change::Open(store(12))],
            Err("2 faults: site 3 is not in the network; site 12 is in the network already"),
        ),
    ];
    for (changes, expected) in cases {
        check(&changes, expected);
    }
}

#[test]
fn suppliers_are_stores_of_the_finished_version() {
    let cases: Vec<(Vec<Change>, Outcome)> = vec![
        (
            vec![close(1)],
            Err(
                "2 faults: site 11 is supplied by site 1, which is not in the network; \
                 site 12 is supplied by site 1, which is not in the network",
            ),
        ),
        (
            vec![close(1), supply(11, Some(2)), supply(12, None)],
            Ok(&[2, 11, 12]),
        ),
        (
            vec![supply(11, Some(3)), Change::Open(store(3))],
            Ok(&[1, 2, 3, 11, 12]),
        ),
        (vec![close(1), Change::Open(store(1))], Ok(&[1, 2, 11, 12])),
        (
            vec![close(1), Change::Open(leader(1, 2)), close(12)],
            Err("1 fault: site 11 is supplied by site 1, which is no store"),
        ),
        (
            vec![supply(11, Some(12))],
            Err("1 fault: site 11 is supplied by site 12, which is no store"),
        ),
        (
            vec![supply(11, Some(3))],
            Err("1 fault: site 11 is supplied by site 3, which is not in the network"),
        ),
        (
            vec![supply(2, Some(1))],
            Err("1 fault: site 2 is a store and can't be supplied by site 1"),
        ),
        (
            vec![supply(3, Some(1))],
            Err("1 fault: site 3 is not in the network"),
        ),
        (
            vec![Change::Open(leader(13, 3))],
            Err("1 fault: site 13 is supplied by site 3, which is not in the network"),
        ),
        (
            vec![supply(11, Some(3)), supply(11, Some(2))],
            Ok(&[1, 2, 11, 12]),
        ),
        (vec![supply(11, Some(3)), close(11)], Ok(&[1, 2, 12])),
    ];
    for (changes, expected) in cases {
        check(&changes, expected);
    }
    let resupplied = network().with_changes([supply(11, Some(2))]).unwrap();
    let supplier = |network: &Network| network.site(SiteId(11)).unwrap().supplied_by;
    assert_eq!(supplier(&resupplied), Some(SiteId(2)));
    assert_eq!(supplier(&network()), Some(SiteId(1)));
}

/// Each change names its site, so each is refused for a site that is not there.
#[test]
fn every_change_to_an_unknown_site_is_refused() {
    let site = SiteId(3);
    for change in [
        close(3),
        supply(3, None),
        Change::SetStatus {
            site,
            status: SiteStatus::Paused,
        },
        Change::Move { site, to: at(0.0) },
        Change::SetCapacity {
            site,
            capacity: Units(1),
        },
        Change::SetArea {
            site,
            area: ServiceArea::Radius(Distance::ZERO),
        },
        Change::SetTags {
            site,
            tags: Tags::NONE,
        },
        Change::SetSchedule {
            site,
            schedule: Schedule::always(),
        },
    ] {
        assert_eq!(change.site(), site);
        check(&[change], Err("1 fault: site 3 is not in the network"));
    }
}

#[test]
fn an_empty_network_opens_its_first_sites() {
    let empty = Network::builder().build().unwrap();
    assert_eq!(empty.nearest_site(at(121.4)), None);
    let opened = empty
        .with_changes([Change::Open(leader(11, 1)), Change::Open(store(1))])
        .unwrap();
    assert_eq!((empty.len(), opened.len()), (0, 2));
    let nearest = opened.nearest_site(at(121.4)).unwrap();
    assert_eq!(nearest.site, SiteId(1));
    assert_eq!(opened.site(SiteId(11)).unwrap().kind, SiteKind::Leader);

    let emptied = opened.with_changes([close(11), close(1)]).unwrap();
    assert!(emptied.is_empty() && emptied.sites().next().is_none());
    assert_eq!(emptied.nearest_site(at(121.4)), None);
    assert_eq!(emptied.version(), Version(2));
}

#[cfg(feature = "serde")]
#[test]
fn changes_have_the_serde_forms_that_are_documented() {
    let site = SiteId(17);
    let radius = ServiceArea::Radius(Distance::from_metres(1_000));
    for (change, json) in [
        (close(17), r#"{"close":17}"#),
        (
            Change::Move {
                site,
                to: at(121.5),
            },
            r#"{"move":{"site":17,"to":{"lng":121.5,"lat":31.2}}}"#,
        ),
        (
            Change::SetArea { site, area: radius },
            r#"{"set_area":{"site":17,"area":{"radius":1000000}}}"#,
        ),
        (
            supply(17, None),
            r#"{"set_supplier":{"site":17,"supplied_by":null}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&change).unwrap(), json);
        assert_eq!(serde_json::from_str::<Change>(json).unwrap(), change);
    }
}
