//! What a buyer may choose, case by case, and what `verify` finds in an answer that was tampered with.

// A surprise ends the test; a table is as long as it is.
#![allow(clippy::panic, clippy::too_many_lines)]

use std::sync::Arc;

use catchment::candidates::Rejection;
use catchment::desk::{Action, Command, Desk, Goods, Policy};
use catchment::fulfil::Way::{Delivery, Pickup};
use catchment::fulfil::{
    Courier, CourierKind, Couriers, DeliveryWindow, DeliveryWindows, Fleet, NoRide, NotOffered,
    Offer, OfferTerms, Options, OptionsFault, OptionsFinder, OptionsPolicy, OptionsSettings,
    Parcels, Tariff, Way, WhyNot, WindowWish,
};
use catchment::geo::{LngLat, Position};
use catchment::id::{CommandId, CourierId, OrderId, SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::{Order, OrderLine, Wish};
use catchment::site::{Change, Network, Site, SiteStatus, Tag, Tags};
use catchment::time::{Span, Timestamp, Window};
use catchment::units::{Distance, Orders, Quantity, Units};
use catchment::verify::{self, OptionsViolation};

pub(crate) fn minute(minute: i64) -> Timestamp {
    Timestamp::from_unix_millis(minute * 60_000)
}

pub(crate) fn window(from: i64, to: i64) -> Window {
    Window::new(minute(from), minute(to)).expect("not empty")
}

/// A hundredth of a degree is 951 m here, from west to east.
pub(crate) fn spot(step: u32, north: u32) -> Position {
    let lng = 121.4 + 0.01 * f64::from(step);
    let lat = 31.2 + 0.01 * f64::from(north);
    Position::new(LngLat { lng, lat }).expect("in range")
}

pub(crate) fn parcels(orders: u32) -> Parcels {
    Parcels {
        orders: Orders(orders),
        units: Units(9),
    }
}

/// Everything that options are made from.
pub(crate) struct Place {
    pub(crate) desk: Desk,
    pub(crate) couriers: Couriers,
    pub(crate) policy: OptionsPolicy,
}

impl Place {
    pub(crate) fn finder(&self) -> OptionsFinder<'_> {
        OptionsFinder::new(self.desk.machine(), &self.couriers, &self.policy)
    }

    pub(crate) fn do_it(&mut self, action: Action) {
        let id = CommandId(1_000_000 + self.desk.remembered() as u64);
        let answer = self.desk.apply(minute(0), &Command::new(id, action));
        answer.expect("a new id");
    }
}

pub(crate) fn place(order: Order) -> Action {
    Action::Place {
        order: Arc::new(order),
        proposal: None,
    }
}

pub(crate) fn line(sku: u64, pieces: u32) -> OrderLine {
    OrderLine {
        sku: SkuId(sku),
        quantity: Quantity(pieces),
    }
}

/// Store 1 delivers and supplies leaders 11 and 12, store 2 delivers, store 3 does not; from west to east 11, 1, 12, 2,
/// 3. SKU 9 is at store 1 (2 pieces) and 2 (9 pieces). Riders of store 1 take one order, carrier 5 comes from anywhere.
pub(crate) fn village() -> Place {
    let store = |id, step, tags| {
        let mut store = Site::store(SiteId(id), spot(step, 0), Units(9));
        store.tags = tags;
        store
    };
    let leader = |id, step| {
        let mut leader = Site::leader(SiteId(id), spot(step, 0), Units(1));
        leader.supplied_by = Some(SiteId(1));
        leader
    };
    let sites = [
        leader(11, 0),
        store(1, 1, Tag::DELIVERY.into()),
        leader(12, 2),
        store(2, 4, Tag::DELIVERY.into()),
        store(3, 5, Tags::NONE),
    ];
    let network = Network::builder().sites(sites).build().expect("sound");
    let slot = |from, to| DeliveryWindow {
        window: window(from, to),
        order_by: minute(from + 60),
    };
    let limits = Limits::default();
    let windows = DeliveryWindows::new([slot(0, 120), slot(120, 240)], &limits);
    let riders = CourierKind::Riders { store: SiteId(1) };
    let mut riders = Courier::new(CourierId(1), riders, parcels(1));
    riders.promised = Span::from_minutes(60);
    riders.tariff.base = Amount(300);
    let carrier = CourierKind::Carrier { preference: 0 };
    let mut carrier = Courier::new(CourierId(5), carrier, parcels(2));
    carrier.promised = Span::from_minutes(90);
    carrier.tariff = Tariff {
        base: Amount(400),
        per_kilometre: Amount(100),
    };
    let fleet = Fleet::new(windows.expect("sound"), vec![riders, carrier], &limits);
    let settings = OptionsSettings {
        pickups_max: 4,
        pickup_discount: Amount(200),
        ..OptionsSettings::default()
    };
    let mut village = Place {
        desk: Desk::open(network, Policy::default()),
        couriers: Couriers::new(fleet.expect("sound")),
        policy: OptionsPolicy::new(settings, &limits).expect("sound"),
    };
    for (site, pieces) in [(1, 2), (2, 9)] {
        village.do_it(Action::Deliver(Goods {
            site: SiteId(site),
            sku: SkuId(9),
            pieces: Quantity(pieces),
        }));
    }
    village
}

pub(crate) fn order() -> Order {
    Order::new(OrderId(7), spot(1, 0))
}

/// Way and site of each offer, and of each reason.
pub(crate) type Shape = (Vec<(Way, u64)>, Vec<(Way, u64, WhyNot)>);

pub(crate) fn shape(options: &Options) -> Shape {
    let offers = options.offers.iter();
    let offers = offers.map(|offer| (offer.terms.way(), offer.site.0));
    let reasons = options.rejected.iter();
    let reasons = reasons.map(|reason| (reason.way, reason.site.0, reason.why.clone()));
    (offers.collect(), reasons.collect())
}

#[test]
fn each_thing_that_can_be_the_matter_is_told() {
    /// What changes, what is offered, and one reason that is given.
    type Case = (
        &'static str,
        fn(&mut Place, &mut Order),
        Vec<(Way, u64)>,
        Option<(Way, u64, WhyNot)>,
    );
    let too_far = |site: u64, limit| {
        let step = if site == 2 { 4 } else { 5 };
        let distance = spot(1, 0).distance_to(spot(step, 0));
        WhyNot::NotEligible(Rejection::TooFar { distance, limit })
    };
    let walk_max = Distance::from_metres(2_000);
    let short = |free| WhyNot::OutOfStock {
        sku: SkuId(9),
        wanted: Quantity(3),
        free: Quantity(free),
    };
    let both = vec![(Pickup, 1), (Pickup, 11), (Pickup, 12)];
    let all = [both.clone(), vec![(Delivery, 1), (Delivery, 2)]].concat();
    let without = |gone: &[(Way, u64)]| {
        let left = all.iter().filter(|offer| !gone.contains(offer));
        left.copied().collect::<Vec<_>>()
    };
    let cases: Vec<Case> = vec![
        (
            "as it is",
            |_, _| (),
            all.clone(),
            Some((
                Delivery,
                3,
                WhyNot::NotEligible(Rejection::MissingTags {
                    missing: Tag::DELIVERY.into(),
                }),
            )),
        ),
        (
            "only to be brought",
            |_, order| order.wish = Wish::Deliver,
            vec![(Delivery, 1), (Delivery, 2)],
            None,
        ),
        (
            "a chosen site, however far",
            |_, order| order.wish = Wish::Site(SiteId(3)),
            vec![(Pickup, 3)],
            Some((
                Delivery,
                3,
                WhyNot::NotEligible(Rejection::MissingTags {
                    missing: Tag::DELIVERY.into(),
                }),
            )),
        ),
        (
            "a site that is not there",
            |_, order| order.wish = Wish::Site(SiteId(99)),
            vec![],
            Some((Delivery, 99, WhyNot::UnknownSite)),
        ),
        (
            "a chosen site that has closed",
            |village, order| {
                order.wish = Wish::Site(SiteId(12));
                let changes = vec![Change::Close(SiteId(12))];
                village.do_it(Action::Adopt { changes });
            },
            vec![],
            Some((Pickup, 12, WhyNot::UnknownSite)),
        ),
        (
            "a short walk",
            |_, order| order.wish = Wish::Within(Distance::from_metres(1)),
            without(&[(Pickup, 11), (Pickup, 12)]),
            Some((Pickup, 2, too_far(2, Distance::from_metres(1)))),
        ),
        (
            "a long walk is not longer than the policy's",
            |_, order| order.wish = Wish::Within(Distance::MAX),
            all.clone(),
            None,
        ),
        (
            "three pieces",
            |_, order| order.lines = vec![line(9, 3)],
            vec![(Delivery, 2)],
            Some((Pickup, 11, short(2))),
        ),
        (
            "pieces that nobody has",
            |_, order| order.lines = vec![line(9, 1), line(8, 1)],
            vec![],
            Some((
                Delivery,
                2,
                WhyNot::OutOfStock {
                    sku: SkuId(8),
                    wanted: Quantity(1),
                    free: Quantity(0),
                },
            )),
        ),
        (
            "a full leader",
            |village, _| {
                let mut first = Order::new(OrderId(1), spot(0, 0));
                first.wish = Wish::Site(SiteId(11));
                village.do_it(place(first));
            },
            without(&[(Pickup, 11)]),
            Some((
                Pickup,
                11,
                WhyNot::NoRoom {
                    room: Units(0),
                    size: Units(1),
                },
            )),
        ),
        (
            "a leader who has rejected",
            |village, _| {
                village.do_it(place(Order::new(OrderId(1), spot(0, 0))));
                village.do_it(Action::Reject {
                    order: OrderId(1),
                    site: SiteId(11),
                });
            },
            without(&[(Pickup, 11)]),
            Some((Pickup, 11, WhyNot::Cooling { until: minute(10) })),
        ),
        (
            "a paused store",
            |village, _| {
                let (site, status) = (SiteId(1), SiteStatus::Paused);
                let changes = vec![Change::SetStatus { site, status }];
                village.do_it(Action::Adopt { changes });
            },
            without(&[(Pickup, 1), (Delivery, 1)]),
            Some((Delivery, 1, WhyNot::NotEligible(Rejection::Paused))),
        ),
        (
            "an order too large for leaders and couriers",
            |_, order| order.size = Units(10),
            vec![],
            Some((
                Pickup,
                1,
                WhyNot::NotEligible(Rejection::TooSmall {
                    capacity: Units(9),
                    size: Units(10),
                }),
            )),
        ),
    ];
    for (name, change, offers, reason) in cases {
        let (mut village, mut order) = (village(), order());
        change(&mut village, &mut order);
        let finder = village.finder();
        let options = finder.options(minute(0), &order);
        let (offered, reasons) = shape(&options);
        assert_eq!(offered, offers, "{name}: {options:#?}");
        if let Some(reason) = reason {
            assert!(reasons.contains(&reason), "{name}: {reasons:#?}");
        }
        let verified = verify::options(&finder, minute(0), &order, &options);
        assert_eq!(verified, Ok(()), "{name}");
    }
    // Whoever is beyond the walk is told how far it is.
    let village = village();
    let (_, reasons) = shape(&village.finder().options(minute(0), &order()));
    assert_eq!(reasons[0], (Pickup, 2, too_far(2, walk_max)));
    assert_eq!(reasons[1], (Pickup, 3, too_far(3, walk_max)));
}

#[test]
fn full_windows_come_with_reasons_and_alternatives() {
    let mut village = village();
    let (first, second) = (window(0, 120), window(120, 240));
    let mut only_store_1 = order();
    only_store_1.wish = Wish::Site(SiteId(1));
    let delivery = |village: &Place, wish| {
        let options = village
            .finder()
            .window(wish)
            .options(minute(0), &only_store_1);
        let ride = options.offers.iter().find_map(|offer| match offer.terms {
            OfferTerms::Delivery(ride) => Some((ride.courier.0, ride.window, ride.fee.0)),
            OfferTerms::Pickup { .. } => None,
        });
        let verified = verify::options(
            &village.finder().window(wish),
            minute(0),
            &only_store_1,
            &options,
        );
        assert_eq!(verified, Ok(()));
        (ride, options.rejected)
    };
    // Own riders, then the carrier, then the next window; the fee follows.
    for (order, expected) in (0..).zip([
        (1, first, 300),
        (5, first, 400),
        (5, first, 400),
        (1, second, 300),
    ]) {
        let (ride, _) = delivery(&village, WindowWish::Earliest);
        assert_eq!(ride, Some(expected), "order {order}");
        let finder = village.finder();
        let options = finder.options(minute(0), &only_store_1);
        let ride = options.offers.iter().find_map(|offer| match offer.terms {
            OfferTerms::Delivery(ride) => Some(ride),
            OfferTerms::Pickup { .. } => None,
        });
        let ride = ride.expect("it was just there");
        village
            .couriers
            .hold(OrderId(order), &ride, Units(1))
            .expect("room");
    }
    let (ride, rejected) = delivery(&village, WindowWish::In(first));
    assert_eq!(ride, None);
    let WhyNot::NoCourier(choice) = &rejected[0].why else {
        panic!("{rejected:?}");
    };
    let why: Vec<(u64, NoRide)> = choice
        .passed_over
        .iter()
        .filter(|passed| passed.window == Some(first))
        .map(|passed| (passed.courier.map_or(0, |id| id.0), passed.why))
        .collect();
    let full = |count| NoRide::FullOrders {
        load: Orders(count),
        capacity: Orders(count),
    };
    assert_eq!(why, [(1, full(1)), (5, full(2))]);
    let alternative = choice.alternatives[0];
    assert_eq!((alternative.courier.0, alternative.window), (5, second));
}

#[test]
fn offers_are_ranked_by_price_then_promise_then_distance_then_site() {
    let mut village = village();
    let mut settings = village.policy.settings().clone();
    // Site 12 has it as early as the stores, 11 later.
    settings.preparation.leader = Span::from_minutes(15);
    settings.preparation.sites = [(SiteId(11), Span::from_minutes(20))].into();
    village.policy = OptionsPolicy::new(settings, &Limits::default()).expect("sound");
    let finder = village.finder();
    let options = finder.options(minute(0), &order());
    let expected = [
        (Pickup, 1),
        (Pickup, 12),
        (Pickup, 11),
        (Delivery, 1),
        (Delivery, 2),
    ];
    assert_eq!(shape(&options).0, expected);
    let last = options.offers.last().expect("five").to_string();
    let promised = "delivery from site 2, 2,853 m away, by courier 5 \
        from 1970-01-01T00:29:16.011Z to 1970-01-01T01:45:00Z, costs 700";
    assert_eq!(last, promised);

    // The caller knows the streets: twice as long to store 1, and no way from store 2.
    let streets = |_: &Order, store: &Site, _: Distance| match store.id {
        SiteId(1) => Some(Span::from_minutes(50)),
        _ => None,
    };
    let finder = finder.travel_times(&streets);
    let options = finder.options(minute(0), &order());
    let (offers, reasons) = shape(&options);
    assert_eq!(offers, expected[..4]);
    assert!(reasons.contains(&(Delivery, 2, WhyNot::NoWay)));
    let OfferTerms::Delivery(ride) = options.offers[3].terms else {
        panic!("{options:?}");
    };
    assert_eq!((ride.earliest, ride.latest), (minute(65), minute(75)));
    assert_eq!(
        verify::options(&finder, minute(0), &order(), &options),
        Ok(())
    );
}

#[test]
fn every_fault_of_the_settings_is_named() {
    let limits = Limits {
        candidates_max: 9,
        ..Limits::default()
    };
    let nonsense = OptionsSettings {
        pickups_max: 0,
        deliveries_max: 0,
        rejected_max: 10,
        metres_per_hour: 0,
        ..OptionsSettings::default()
    };
    let faults = OptionsPolicy::new(nonsense.clone(), &limits).expect_err("three faults");
    let many = OptionsFault::TooMany {
        field: "rejected_max",
        count: 10,
        limit: 9,
    };
    let expected = [many, OptionsFault::NothingToOffer, OptionsFault::NoSpeed];
    assert_eq!(faults.kept(), expected);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&nonsense).expect("plain data");
        assert!(serde_json::from_str::<OptionsPolicy>(&text).is_err());
        let text = serde_json::to_string(&OptionsPolicy::default()).expect("plain data");
        let again: OptionsPolicy = serde_json::from_str(&text).expect("it was written");
        assert_eq!(again, OptionsPolicy::default());
        let empty: OptionsPolicy = serde_json::from_str("{}").expect("all defaults");
        assert_eq!(empty, OptionsPolicy::default());
    }
}

#[test]
fn verify_finds_what_was_tampered_with() {
    let village = village();
    let finder = village.finder();
    let options = finder.options(minute(0), &order());
    let found = |tamper: fn(&mut Options)| {
        let mut tampered = options.clone();
        tamper(&mut tampered);
        let verdict = verify::options(&finder, minute(0), &order(), &tampered);
        verdict.expect_err("tampered with").kept()[0].clone()
    };
    let way = Pickup;
    let missing = found(|options| options.offers.truncate(0));
    let site = SiteId(1);
    assert_eq!(missing, OptionsViolation::NotOffered { way, site });
    let twice = found(|options| options.offers.insert(0, options.offers[0]));
    assert_eq!(twice, OptionsViolation::Offered { way, site });
    let other = found(|options| options.at = minute(1));
    assert_eq!(other, OptionsViolation::OtherQuestion);
    let order = found(|options| options.offers.swap(0, 4));
    assert_eq!(order, OptionsViolation::Order { place: 0 });
    let reasons = found(|options| options.rejected.swap(0, 1));
    assert_eq!(reasons, OptionsViolation::ReasonsOrder);
    let cheaper = found(|options| match &mut options.offers[3].terms {
        OfferTerms::Delivery(ride) => ride.fee = Amount(1),
        OfferTerms::Pickup { .. } => panic!("deliveries come last"),
    });
    assert!(
        matches!(cheaper, OptionsViolation::Terms { .. }),
        "{cheaper}"
    );
    let nearer = found(|options| options.offers[1].distance = Distance::ZERO);
    assert!(
        matches!(nearer, OptionsViolation::Distance { .. }),
        "{nearer}"
    );
    for tamper in [
        (|options| options.rejected[0].why = WhyNot::NoWay) as fn(&mut Options),
        |options| drop(options.rejected.pop()),
        |options| options.rejected.push(options.rejected[0].clone()),
    ] {
        let lie = found(tamper);
        assert!(matches!(lie, OptionsViolation::Reason { .. }), "{lie}");
    }
}

/// Types of the answer can be sent and compared.
#[test]
fn answers_are_plain_data() {
    fn check<T: Send + Sync + Clone + PartialEq + core::fmt::Debug>() {}
    check::<Options>();
    check::<Offer>();
    check::<NotOffered>();
    check::<OptionsPolicy>();
    check::<Fleet>();
}
