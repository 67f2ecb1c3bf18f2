//! What a filter asks: each demand, the order in which they are asked, and the words of a refusal.

#![allow(clippy::unwrap_used, reason = "what can't be unwrapped fails the test")]

use catchment::candidates::{Candidate, Filter, Verdict};
use catchment::geo::{Cell, LngLat, Position, ServiceArea};
use catchment::id::{OrderId, SiteId};
use catchment::order::{Order, Wish};
use catchment::site::{Network, Opening, Schedule, Site, SiteKind, SiteStatus, Tag, Tags};
use catchment::time::{Timestamp, Window};
use catchment::units::{Distance, Units};
use geo::polygon;

const HOUR: i64 = 3_600_000;

fn at(lng: f64) -> Position {
    Position::new(LngLat { lng, lat: 31.2 }).expect("on Earth")
}

/// Where the order is: 951.123 m from the site.
fn home() -> Position {
    at(121.41)
}

fn leader() -> Site {
    Site::leader(SiteId(17), at(121.40), Units(60))
}

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_unix_millis(hour * HOUR)
}

/// Open from 8 to 10 o'clock, for few, and from 12 to 18.
fn schedule() -> Schedule {
    let opening = |from, to, capacity| Opening {
        window: Window::new(hour(from), hour(to)).expect("not empty"),
        capacity,
    };
    Schedule::from_openings([opening(8, 10, Some(Units(5))), opening(12, 18, None)])
        .expect("no overlap")
}

fn wishing(wish: Wish) -> Filter<'static> {
    let mut order = Order::new(OrderId(1), home());
    order.wish = wish;
    Filter::for_order(&order)
}

fn never(_: &Site) -> bool {
    false
}

/// The site's verdict in words, from every look-up that judges, with tiles and without.
fn check(site: &Site, filter: &Filter<'_>, expected: &str) {
    let network = Network::builder()
        .site(site.clone())
        .build()
        .expect("a valid network");
    for prepared in [false, true] {
        if prepared {
            network.prepare();
        }
        let explained = network.explain(home(), 1, filter);
        assert_eq!(explained[0].verdict.to_string(), expected, "{filter:?}");
        assert_eq!(network.explain_choice(home(), 1, filter), explained);
        let alone = network.explain_site(home(), site.id, filter);
        assert_eq!(alone.as_ref(), explained.first());

        let eligible = alone.filter(is_eligible).map(|alone| alone.neighbour);
        assert_eq!(network.nearest_eligible_site(home(), filter), eligible);
        let eligible = Vec::from_iter(eligible);
        assert_eq!(network.nearest_eligible(home(), 9, filter), eligible);
        assert_eq!(network.nearest_eligible(home(), 0, filter), []);
    }
}

fn is_eligible(candidate: &Candidate) -> bool {
    candidate.verdict == Verdict::Eligible
}

type Spoil = fn(&mut Site);
type Ask = fn(Filter<'static>) -> Filter<'static>;

/// A site that breaks a demand, the demand, and the refusal: in the order in which they are asked.
const DEMANDS: [(Spoil, Ask, &str); 9] = [
    (
        |site| site.status = SiteStatus::Paused,
        |filter| filter,
        "paused",
    ),
    (
        |_| {},
        // A filter can only begin with it.
        |_| wishing(Wish::Site(SiteId(2))),
        "not chosen: the buyer wants site 2",
    ),
    (
        |_| {},
        |filter| filter.kind(SiteKind::Store),
        "wrong kind: leader, not store",
    ),
    (
        |site| site.capacity = Units(5),
        |filter| filter.size(Units(6)),
        "too small: size 6 > capacity 5",
    ),
    (
        |site| site.tags = Tag::COLD_CHAIN.into(),
        |filter| filter.tags(Tags::of(&[Tag::COLD_CHAIN, Tag::FROZEN, Tag::AGE_CHECK])),
        "does not offer: frozen, age-check",
    ),
    (
        |site| site.schedule = schedule(),
        |filter| filter.open_at(hour(11)),
        "closed at 1970-01-01T11:00:00Z, opens at 1970-01-01T12:00:00Z",
    ),
    (
        |_| {},
        |filter| filter.max_distance(Distance::from_metres(950)),
        "too far: 951 m > 950 m",
    ),
    (
        |site| site.area = ServiceArea::Radius(Distance::from_metres(900)),
        |filter| filter,
        "outside service area: 951 m > 900 m",
    ),
    (
        |_| {},
        |filter| filter.matching(&never),
        "refused by the caller's predicate",
    ),
];

#[test]
fn each_demand_is_asked_and_named() {
    check(&leader(), &Filter::default(), "eligible");
    for (spoil, ask, refusal) in DEMANDS {
        let mut site = leader();
        spoil(&mut site);
        check(&site, &ask(Filter::default()), refusal);
    }
}

#[test]
fn the_first_broken_demand_is_named() {
    for first in 0..DEMANDS.len() {
        let (mut site, mut filter) = (leader(), Filter::default());
        for (spoil, ask, _) in &DEMANDS[first..] {
            spoil(&mut site);
            filter = ask(filter);
        }
        check(&site, &filter, DEMANDS[first].2);
    }
}

#[test]
fn limits_are_allowed_and_the_next_value_is_not() {
    let walk = home().distance_to(at(121.40));
    let shorter = Distance::from_millimetres(walk.as_millimetres() - 1);
    let mut site = leader();
    site.schedule = schedule();
    let ask = Filter::default();
    for (filter, expected) in [
        (ask.size(Units(60)), "eligible"),
        (ask.size(Units(61)), "too small: size 61 > capacity 60"),
        (ask.open_at(hour(8)).size(Units(5)), "eligible"),
        (
            ask.open_at(hour(8)).size(Units(6)),
            "too small: size 6 > capacity 5",
        ),
        (ask.open_at(hour(12)).size(Units(60)), "eligible"),
        (
            ask.open_at(hour(18)),
            "closed at 1970-01-01T18:00:00Z and for good",
        ),
        (ask.max_distance(walk), "eligible"),
        (ask.max_distance(shorter), "too far: 951.123 m > 951.122 m"),
    ] {
        check(&site, &filter, expected);
    }
    let far = polygon![(x: 10.0, y: 10.0), (x: 11.0, y: 10.0), (x: 10.0, y: 11.0)];
    let bund: Cell = "89309958ac7ffff".parse().unwrap();
    for (area, expected) in [
        (ServiceArea::Radius(walk), "eligible"),
        (
            ServiceArea::Radius(shorter),
            "outside service area: 951.123 m > 951.122 m",
        ),
        (
            ServiceArea::polygon(far),
            "outside service area: not in its polygons",
        ),
        (
            ServiceArea::cells([bund]),
            "outside service area: not in its cells",
        ),
    ] {
        let mut site = leader();
        site.area = area;
        check(&site, &Filter::default(), expected);
    }
    let mut full = leader();
    full.capacity = Units(0);
    check(&full, &ask, "too small: size 1 > capacity 0");
    check(&full, &ask.size(Units(0)), "eligible");
}

#[test]
fn an_order_asks_for_its_size_its_tags_and_its_wish() {
    let mut site = leader();
    site.tags = Tag::FROZEN.into();
    for (size, tags, wish, expected) in [
        (60, Tags::NONE, Wish::Any, "eligible"),
        (
            61,
            Tags::NONE,
            Wish::Any,
            "too small: size 61 > capacity 60",
        ),
        (0, Tags::NONE, Wish::Any, "eligible"),
        (1, Tag::FROZEN.into(), Wish::Any, "eligible"),
        (
            1,
            Tag::AGE_CHECK.into(),
            Wish::Any,
            "does not offer: age-check",
        ),
        (
            1,
            Tag::FROZEN.into(),
            Wish::Deliver,
            "does not offer: delivery",
        ),
        (
            1,
            Tag::AGE_CHECK.into(),
            Wish::Deliver,
            "does not offer: delivery, age-check",
        ),
        (1, Tags::NONE, Wish::Site(SiteId(17)), "eligible"),
        (
            99,
            Tags::NONE,
            Wish::Site(SiteId(18)),
            "not chosen: the buyer wants site 18",
        ),
        (
            1,
            Tags::NONE,
            Wish::Within(Distance::from_metres(952)),
            "eligible",
        ),
        (
            1,
            Tags::NONE,
            Wish::Within(Distance::from_metres(800)),
            "too far: 951 m > 800 m",
        ),
    ] {
        let mut order = Order::new(OrderId(1), home());
        (order.size, order.required_tags, order.wish) = (Units(size), tags, wish);
        check(&site, &Filter::for_order(&order), expected);
    }
}

/// Sites in a row, several at each place; the choice is explained by asking one after the other.
#[test]
fn a_choice_is_explained_up_to_the_chosen_one() {
    let place = |id: u64| at(121.40 + (id / 3) as f64 / 1_000.0);
    let sites = (0..60).map(|id| Site::leader(SiteId(id), place(id), Units(1 + id as u32 % 7)));
    let network = Network::builder().sites(sites).build().unwrap();
    for wish in [Wish::Any, Wish::Site(SiteId(31)), Wish::Site(SiteId(99))] {
        for size in 1..9 {
            for max in [0, 1, 2, 20, 60, usize::MAX] {
                let from = place(3 * u64::from(size));
                let filter = wishing(wish).size(Units(size));
                let mut one_by_one = Vec::new();
                for near in network.nearest(from, max) {
                    one_by_one.extend(network.explain_site(from, near.site, &filter));
                    if one_by_one.last().is_some_and(is_eligible) {
                        break;
                    }
                }
                assert_eq!(network.explain_choice(from, max, &filter), one_by_one);
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn verdicts_have_the_serde_forms_that_are_documented() {
    use catchment::candidates::Rejection;
    let far = Rejection::TooFar {
        distance: Distance::from_metres(900),
        limit: Distance::from_metres(800),
    };
    for (verdict, json) in [
        (Verdict::Eligible, r#""eligible""#),
        (
            Verdict::Rejected(Rejection::Paused),
            r#"{"rejected":"paused"}"#,
        ),
        (
            Verdict::Rejected(far),
            r#"{"rejected":{"too_far":{"distance":900000,"limit":800000}}}"#,
        ),
        (
            Verdict::Rejected(Rejection::NotChosen { chosen: SiteId(2) }),
            r#"{"rejected":{"not_chosen":{"chosen":2}}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&verdict).unwrap(), json);
        assert_eq!(serde_json::from_str::<Verdict>(json).unwrap(), verdict);
    }
}
