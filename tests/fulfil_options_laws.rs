//! What a buyer may choose in random towns, against the desk itself and the couriers, site by site, and `verify`.

use catchment::desk::{Action, Command, Desk, Goods, Policy};
use catchment::fulfil::{
    Courier, CourierKind, Couriers, DeliveryWindow, DeliveryWindows, Fleet, OfferTerms,
    OptionsPolicy, OptionsSettings, Trip, Way, WindowWish,
};
use catchment::geo::ServiceArea;
use catchment::id::{CommandId, CourierId, OrderId, SiteId, SkuId};
use catchment::limits::Limits;
use catchment::money::Amount;
use catchment::order::{Order, Wish};
use catchment::site::{Change, Network, Site, SiteKind, SiteStatus, Tag};
use catchment::time::Span;
use catchment::units::{Distance, Quantity, Units};
use catchment::verify;
use proptest::prelude::*;

use crate::fulfil_options::{Place, line, minute, parcels, place, spot, window};

/// A random town, as what is needed to build it.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    sites: Vec<Site>,
    later: Vec<Change>,
    goods: Vec<Goods>,
    orders: Vec<Order>,
    rejected: Vec<u64>,
    couriers: Vec<Courier>,
    slots: Vec<DeliveryWindow>,
    rides: u64,
    pub(crate) settings: OptionsSettings,
}

fn any_site(id: u64) -> impl Strategy<Value = Site> {
    let place = (0..9_u32, 0..3_u32);
    let kind = (0..3_u32, 1..4_u32, 0..6_u32);
    let rest = (0..4_u32, 0..8_u32, any::<bool>());
    (place, kind, rest).prop_map(
        move |(place, (kind, capacity, radius), (tag, paused, own))| {
            let at = spot(place.0, place.1);
            // Stores have the smaller ids, so that they are there before whom they supply.
            let mut site = if id < 4 {
                Site::store(SiteId(id), at, Units(2 * capacity))
            } else {
                Site::leader(SiteId(id), at, Units(capacity))
            };
            if tag > 0 {
                site.tags = Tag::DELIVERY.into();
            }
            if kind == 0 {
                site.tags = site.tags.with(Tag::COLD_CHAIN);
            }
            if radius > 0 {
                site.area = ServiceArea::Radius(Distance::from_metres(radius * 800));
            }
            if paused == 0 {
                site.status = SiteStatus::Paused;
            }
            site.supplied_by = (id >= 4 && own).then_some(SiteId(u64::from(paused) % 3));
            site
        },
    )
}

fn any_order(id: u64) -> impl Strategy<Value = Order> {
    let wish = prop_oneof![
        4 => Just(Wish::Any),
        1 => (0..14_u64).prop_map(|site| Wish::Site(SiteId(site))),
        1 => (0..5_000_u32).prop_map(|metres| Wish::Within(Distance::from_metres(metres))),
        1 => Just(Wish::Deliver),
    ];
    let lines = prop::collection::btree_map(0..3_u64, 1..4_u32, 0..3);
    (0..9_u32, 0..3_u32, wish, lines, 1..3_u32, 0..5_u32).prop_map(
        move |(step, north, wish, lines, size, tag)| {
            let mut order = Order::new(OrderId(id), spot(step, north));
            order.wish = wish;
            order.lines = lines
                .into_iter()
                .map(|(sku, pieces)| line(sku, pieces))
                .collect();
            order.size = Units(size);
            if tag == 0 {
                order.required_tags = Tag::COLD_CHAIN.into();
            }
            order
        },
    )
}

fn any_courier(id: u64) -> impl Strategy<Value = Courier> {
    let kind = prop_oneof![
        (0..4_u64).prop_map(|store| CourierKind::Riders {
            store: SiteId(store)
        }),
        (0..2_u32).prop_map(|preference| CourierKind::Carrier { preference }),
    ];
    (kind, 0..4_u32, 15..120_u32, 1..5_u32, 0..4_u32).prop_map(
        move |(kind, orders, promised, far, radius)| {
            let mut courier = Courier::new(CourierId(id), kind, parcels(orders));
            courier.promised = Span::from_minutes(promised);
            courier.distance_max = Distance::from_metres(far * 2_000);
            courier.tariff.per_kilometre = Amount(id);
            if radius > 0 {
                courier.area = ServiceArea::Radius(Distance::from_metres(radius * 2_000));
            }
            courier
        },
    )
}

fn any_change() -> impl Strategy<Value = Change> {
    let place = (0..9_u32, 0..3_u32);
    prop_oneof![
        2 => (0..12_u64, place).prop_map(|(site, (step, north))| Change::Move {
            site: SiteId(site),
            to: spot(step, north),
        }),
        1 => (4..12_u64).prop_map(|site| Change::Close(SiteId(site))),
        1 => (20..24_u64, 0..9_u32).prop_map(|(id, step)| {
            let mut store = Site::store(SiteId(id), spot(step, 1), Units(3));
            store.tags = Tag::DELIVERY.into();
            Change::Open(store)
        }),
    ]
}

fn any_town() -> impl Strategy<Value = Town> {
    let sites: Vec<_> = (0..12).map(any_site).collect();
    let orders: Vec<_> = (0..8).map(|id| any_order(100 + id)).collect();
    let couriers: Vec<_> = (0..4).map(any_courier).collect();
    let goods = (0..12_u64, 0..3_u64, 1..6_u32).prop_map(|(site, sku, pieces)| Goods {
        site: SiteId(site),
        sku: SkuId(sku),
        pieces: Quantity(pieces),
    });
    let slots = prop::collection::btree_map(0..4_i64, 1..4_i64, 0..4);
    let settings = ((0..4_usize, 0..4_usize, 0..4_usize), (0..3_u32, 1..4_u32));
    (
        sites,
        prop::collection::vec(any_change(), 0..5),
        prop::collection::vec(goods, 0..20),
        orders,
        prop::collection::vec(100..108_u64, 0..2),
        (couriers, slots, 0..6_u64),
        settings,
    )
        .prop_map(|(sites, later, goods, orders, rejected, fleet, settings)| {
            let (couriers, slots, rides) = fleet;
            let slots = slots.into_iter().map(|(from, hours)| DeliveryWindow {
                window: window(60 * from, 60 * (from + hours)),
                order_by: minute(60 * from + 30),
            });
            let ((pickups_max, deliveries_max, rejected_max), (walk, far)) = settings;
            Town {
                sites,
                later,
                goods,
                orders,
                rejected,
                couriers,
                slots: slots.collect(),
                rides,
                settings: OptionsSettings {
                    pickups_max: pickups_max.max(usize::from(deliveries_max == 0)),
                    deliveries_max,
                    rejected_max,
                    walk_max: Distance::from_metres(walk * 1_500),
                    delivery_distance_max: Distance::from_metres(far * 2_000),
                    ..OptionsSettings::default()
                },
            }
        })
}

pub(crate) fn build(town: &Town) -> Place {
    let network = Network::builder().sites(town.sites.iter().cloned()).build();
    let limits = Limits::default();
    let windows = DeliveryWindows::new(town.slots.iter().copied(), &limits).expect("sound");
    let fleet = Fleet::new(windows, town.couriers.clone(), &limits).expect("sound");
    let mut town_place = Place {
        desk: Desk::open(network.expect("sound"), Policy::default()),
        couriers: Couriers::new(fleet),
        policy: OptionsPolicy::new(town.settings.clone(), &limits).expect("sound"),
    };
    for goods in &town.goods {
        town_place.do_it(Action::Deliver(*goods));
    }
    for order in &town.orders {
        town_place.do_it(place(order.clone()));
    }
    for order in town.rejected.iter().map(|order| OrderId(*order)) {
        if let Some(site) = town_place
            .desk
            .machine()
            .order(order)
            .and_then(|order| order.site)
        {
            town_place.do_it(Action::Reject { order, site });
        }
    }
    for change in &town.later {
        let changes = vec![change.clone()];
        town_place.do_it(Action::Adopt { changes });
    }
    for order in 0..town.rides {
        let finder = town_place.finder();
        let asked = Order::new(OrderId(order), spot(order as u32, 1));
        let options = finder.options(minute(0), &asked);
        let ride = options.offers.iter().find_map(|offer| match offer.terms {
            OfferTerms::Delivery(ride) => Some(ride),
            OfferTerms::Pickup { .. } => None,
        });
        if let Some(ride) = ride {
            let held = town_place.couriers.hold(OrderId(order), &ride, Units(1));
            held.expect("it was offered");
        }
    }
    town_place
}

/// Whether the desk would take the order at a site, if the buyer chose it.
fn would_take(desk: &Desk, order: &Order, site: SiteId) -> bool {
    let mut chosen = order.clone();
    chosen.wish = Wish::Site(site);
    let command = Command::new(CommandId(u64::MAX), place(chosen));
    let answer = desk.what_if(minute(0), &command).expect("a new id");
    answer.outcome().is_accepted()
}

/// Way and site of everything that should be offered, by asking the desk and the couriers about every site there is.
fn by_asking(place: &Place, order: &Order) -> Vec<(Way, SiteId)> {
    let settings = place.policy.settings();
    let network = place.desk.machine().network();
    let mut sites: Vec<(Distance, &Site)> = network
        .sites()
        .map(|site| (order.position.distance_to(site.position), site))
        .filter(|(_, site)| would_take(&place.desk, order, site.id))
        .collect();
    sites.sort_by_key(|(distance, site)| (*distance, site.id));
    sites.retain(|(_, site)| match order.wish {
        Wish::Site(chosen) => site.id == chosen,
        _ => true,
    });
    let pickups = sites.iter().filter(|(distance, _)| match order.wish {
        Wish::Site(_) => true,
        Wish::Within(limit) => *distance <= limit && *distance <= settings.walk_max,
        Wish::Deliver => false,
        _ => *distance <= settings.walk_max,
    });
    let deliveries = sites.iter().filter(|(distance, site)| {
        let trip = Trip {
            store: site.id,
            from: site.position,
            to: order.position,
            size: order.size,
            ready_at: minute(15),
            travel: Span::from_millis(distance.as_millimetres().div_ceil(10) * 3),
        };
        site.kind == SiteKind::Store
            && site.tags.contains(Tag::DELIVERY)
            && *distance <= settings.delivery_distance_max
            && place
                .couriers
                .choose(minute(0), &trip, WindowWish::Earliest)
                .is_some()
    });
    let pickups = pickups.take(settings.pickups_max);
    let deliveries = deliveries.take(settings.deliveries_max);
    let mut offered: Vec<(Way, SiteId)> = pickups.map(|(_, site)| (Way::Pickup, site.id)).collect();
    offered.extend(deliveries.map(|(_, site)| (Way::Delivery, site.id)));
    offered.sort_unstable();
    offered
}

/// A town, who asks in it, and perhaps for one of its windows.
pub(crate) fn any_case() -> impl Strategy<Value = (Town, Order, Option<usize>)> {
    (any_town(), any_order(7), prop::option::of(0..4_usize))
}

pub(crate) fn as_desk_and_couriers_would(
    town: &Town,
    order: &Order,
    asked: Option<usize>,
) -> Result<(), TestCaseError> {
    let place = build(town);
    let wish = asked.and_then(|slot| town.slots.get(slot));
    let wish = wish.map_or(WindowWish::Earliest, |slot| WindowWish::In(slot.window));
    let finder = place.finder();
    let options = finder.options(minute(0), order);
    let offers = options.offers.iter();
    let mut offered: Vec<(Way, SiteId)> = offers
        .map(|offer| (offer.terms.way(), offer.site))
        .collect();
    offered.sort_unstable();
    prop_assert_eq!(offered, by_asking(&place, order));
    let verified = verify::options(&finder, minute(0), order, &options);
    prop_assert_eq!(verified, Ok(()));

    // In the window that is asked for, before cut-offs and after.
    for at in [minute(0), minute(31), minute(95)] {
        let finder = finder.window(wish);
        let options = finder.options(at, order);
        prop_assert_eq!(verify::options(&finder, at, order, &options), Ok(()));
        for offer in &options.offers {
            if let OfferTerms::Delivery(ride) = offer.terms {
                let held = place.couriers.clone().hold(OrderId(7), &ride, order.size);
                prop_assert_eq!(held, Ok(()));
            }
        }
    }
    Ok(())
}

pub(crate) fn whatever_the_sequence(town: &Town, order: &Order) -> Result<(), TestCaseError> {
    let place = build(town);
    let mut shuffled = town.clone();
    shuffled.sites.reverse();
    shuffled.couriers.reverse();
    shuffled.slots.reverse();
    let other = build(&shuffled);
    let options = place.finder().options(minute(0), order);
    other.desk.machine().network().prepare();
    prop_assert_eq!(&other.finder().options(minute(0), order), &options);
    place.desk.machine().network().prepare();
    prop_assert_eq!(&place.finder().options(minute(0), order), &options);
    #[cfg(feature = "serde")]
    {
        let text = serde_json::to_string(&options).expect("plain data");
        let again: catchment::fulfil::Options =
            serde_json::from_str(&text).expect("it was written");
        prop_assert_eq!(again, options);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn offers_are_what_the_desk_and_the_couriers_would_take((town, order, asked) in any_case()) {
        as_desk_and_couriers_would(&town, &order, asked)?;
    }

    #[test]
    fn the_sequence_of_sites_and_the_tiles_change_nothing((town, order, _) in any_case()) {
        whatever_the_sequence(&town, &order)?;
    }
}
