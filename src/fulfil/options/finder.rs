use crate::desk::Counter;
use crate::fulfil::options::asking::Asking;
use crate::fulfil::options::by_rules;
use crate::fulfil::{Couriers, Options, OptionsPolicy, Way, WindowWish};
use crate::order::Order;
use crate::site::Site;
use crate::time::{Span, Timestamp};
use crate::units::Distance;

/// How long it takes from a store to a buyer, by whoever knows the streets; `None` if there is no way.
///
/// Must give the same answer for the same question. Any closure of this form will do:
///
/// ```
/// use catchment::fulfil::TravelTimes;
/// use catchment::order::Order;
/// use catchment::site::Site;
/// use catchment::time::Span;
/// use catchment::units::Distance;
/// let on_foot = |_: &Order, _: &Site, distance: Distance| Some(Span::from_millis(distance.as_millimetres() * 9 / 10));
/// let _: &dyn TravelTimes = &on_foot;
/// ```
pub trait TravelTimes: Sync {
    /// From the store to the order's address, which is so far away.
    fn travel(&self, order: &Order, store: &Site, distance: Distance) -> Option<Span>;
}

impl<F> TravelTimes for F
where
    F: Fn(&Order, &Site, Distance) -> Option<Span> + Sync,
{
    fn travel(&self, order: &Order, store: &Site, distance: Distance) -> Option<Span> {
        self(order, store, distance)
    }
}

/// Finds what a buyer may choose: looks from an address at the desk's sites, room and stock and at the couriers, and
/// gives one ranked answer, with a reason for every other site near the address.
///
/// # What is offered
///
/// 1. Pickup at the nearest sites that may take the order (by the rules by which the desk places it: open, in its area,
///    with room and with all the goods) and that are no farther than anybody should walk.
/// 2. Delivery from the nearest stores that may take the order, offer [`Tag::DELIVERY`](crate::site::Tag::DELIVERY),
///    are no farther than the policy says, and for which there is a courier in the window that is asked for.
///
/// So whatever is offered the desk would accept if it was the next to be placed, with a wish for that site.
/// (A [tentative](crate::desk::Promise::Tentative) desk may take more, as it can still make room.)
///
/// # In which order
///
/// By price (the fee, or less than nothing by the discount), then by the instant at which the promise ends, then by
/// distance, then by the id of the site; pickup before delivery.
///
/// A policy may have [rules](crate::fulfil::OptionsSettings::rules) of its own. Then all sites within reach that can
/// serve the order are ranked by them, each way, and the best are offered, not the nearest: hard rules exclude sites,
/// and soft ones do unless no site meets them all, when as few as it takes are relaxed, which the answer tells. Among
/// all offers the rules come first, then price and promise, then the cost in metres in place of the distance. As all
/// sites within reach are judged, that takes longer: half a millisecond in a city with 20,000 sites.
///
/// # Many threads
///
/// A finder reads a desk and couriers, which nobody must change meanwhile. A [`DispatchHandle`] lets it
/// [look][`DispatchHandle::look`] at a copy of both that is a few commands old, while others decide. With a desk alone
/// and couriers of the caller's, both are behind the caller's lock, or cloned from time to time: whatever is offered is
/// asked again when the order comes.
///
/// [`DispatchHandle`]: crate::fulfil::dispatch::DispatchHandle
/// [`DispatchHandle::look`]: crate::fulfil::dispatch::DispatchHandle::look
///
/// # What is said of the others
///
/// Each way, the nearest sites that are not offered, up to the farthest that is (if as many are as may be) and no more
/// than the policy says, each with the first reason against it, its value and its limit. For delivery these are stores
/// only.
///
/// ```
/// use catchment::desk::{Desk, Policy};
/// use catchment::fulfil::{
///     Courier, CourierKind, Couriers, DeliveryWindow, DeliveryWindows, Fleet, OptionsFinder, OptionsPolicy,
///     OptionsSettings, Parcels,
/// };
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CourierId, OrderId, SiteId};
/// use catchment::limits::Limits;
/// use catchment::money::Amount;
/// use catchment::order::Order;
/// use catchment::site::{Network, Site, Tag};
/// use catchment::time::{Timestamp, Window};
/// use catchment::units::{Orders, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let mut store = Site::store(SiteId(1), at(121.41)?, Units(500));
/// store.tags = Tag::DELIVERY.into();
/// let leaders = [(2, 121.402), (3, 121.45)];
/// let mut network = Network::builder().site(store);
/// for (id, lng) in leaders {
///     network = network.site(Site::leader(SiteId(id), at(lng)?, Units(60)));
/// }
/// let desk = Desk::open(network.build()?, Policy::default());
///
/// let hour = |hour: i64| Timestamp::from_unix_millis(hour * 3_600_000);
/// let evening = DeliveryWindow { window: Window::new(hour(18), hour(21))?, order_by: hour(19) };
/// let capacity = Parcels { orders: Orders(20), units: Units(60) };
/// let mut riders = Courier::new(CourierId(1), CourierKind::Riders { store: SiteId(1) }, capacity);
/// riders.tariff.base = Amount(500);
/// let limits = Limits::default();
/// let fleet = Fleet::new(DeliveryWindows::new([evening], &limits)?, vec![riders], &limits)?;
/// let couriers = Couriers::new(fleet);
///
/// let settings = OptionsSettings { pickup_discount: Amount(200), ..OptionsSettings::default() };
/// let policy = OptionsPolicy::new(settings, &limits)?;
/// let finder = OptionsFinder::new(desk.machine(), &couriers, &policy);
/// let options = finder.options(hour(18), &Order::new(OrderId(7), at(121.40)?));
/// let offers: Vec<String> = options.offers.iter().map(|offer| offer.to_string()).collect();
/// assert_eq!(offers, [
///     "pickup at site 1, 951 m away, from 1970-01-01T18:15:00Z, saves 200",
///     "pickup at site 2, 190 m away, from 1970-01-01T22:00:00Z, saves 200",
///     "delivery from site 1, 951 m away, by courier 1 from 1970-01-01T18:19:45.337Z to 1970-01-01T20:15:00Z, \
///         costs 500",
/// ]);
/// assert_eq!(options.rejected[0].to_string(), "no pickup at site 3, 4,756 m away: too far: 4,756 m > 2,000 m");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct OptionsFinder<'a> {
    pub(super) counter: &'a Counter,
    pub(super) couriers: &'a Couriers,
    pub(super) policy: &'a OptionsPolicy,
    pub(super) window: WindowWish,
    pub(super) travel_times: Option<&'a dyn TravelTimes>,
}

impl<'a> OptionsFinder<'a> {
    /// Looks at a desk and at couriers as they stand.
    pub const fn new(
        counter: &'a Counter,
        couriers: &'a Couriers,
        policy: &'a OptionsPolicy,
    ) -> Self {
        Self {
            counter,
            couriers,
            policy,
            window: WindowWish::Earliest,
            travel_times: None,
        }
    }

    /// Deliveries in the window that the buyer asks for. Without this, in the earliest that works.
    pub fn window(self, window: WindowWish) -> Self {
        Self { window, ..self }
    }

    /// Travel times of the caller's instead of the speed of the policy.
    pub fn travel_times(self, travel_times: &'a dyn TravelTimes) -> Self {
        Self {
            travel_times: Some(travel_times),
            ..self
        }
    }

    /// The desk that it looks at.
    #[must_use]
    pub const fn counter(&self) -> &'a Counter {
        self.counter
    }

    /// The couriers that it looks at.
    #[must_use]
    pub const fn couriers(&self) -> &'a Couriers {
        self.couriers
    }

    /// What it offers.
    #[must_use]
    pub const fn policy(&self) -> &'a OptionsPolicy {
        self.policy
    }

    /// The window that the buyer asks for.
    #[must_use]
    pub const fn asked_window(&self) -> WindowWish {
        self.window
    }

    /// The caller's travel times, if they count.
    #[must_use]
    pub const fn asked_travel_times(&self) -> Option<&'a dyn TravelTimes> {
        self.travel_times
    }

    /// What the buyer may choose at `at`. Changes nothing and promises nothing: the desk is asked when the order comes.
    ///
    /// The buyer's wish counts: a chosen site is the only one that is considered, a longest walk limits pickups, and
    /// who wants delivery is offered no pickup.
    ///
    /// O(log sites + sites nearer than the last offer) expected, and for each of these its room and the order's lines.
    /// Where too few sites can serve the order, or rules rank them, all are looked at that are no farther than the
    /// policy says.
    #[must_use]
    pub fn options(&self, at: Timestamp, order: &Order) -> Options {
        let asking = Asking::new(*self, at, order);
        let mut options = Options {
            order: order.id,
            at,
            offers: Vec::with_capacity(8),
            rejected: Vec::with_capacity(8),
            relaxed: Vec::new(),
        };
        if !self.policy.rules().is_plain() {
            by_rules::answer(&asking, &mut options);
            return options;
        }
        for way in [Way::Pickup, Way::Delivery] {
            asking.consider(way, &mut options);
        }
        options.offers.sort_unstable_by_key(|offer| {
            let terms = &offer.terms;
            let (distance, site) = (offer.distance, offer.site);
            (
                terms.price(),
                terms.promised_by(),
                distance,
                site,
                terms.way(),
            )
        });
        options
    }
}

impl core::fmt::Debug for OptionsFinder<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OptionsFinder")
            .field("policy", &self.policy)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
