//! One site after the other, by its definition.

use crate::candidates::Rejection;
use crate::fulfil::{OfferTerms, OptionsFinder, Way, WhyNot};
use crate::geo::ServiceArea;
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::site::{Site, SiteKind, SiteStatus, Tag, Tags};
use crate::time::{Span, Timestamp};
use crate::units::{Distance, Units};
use crate::verify::areas::{Address, Area};
use crate::verify::options::rides::{Errand, Rides};

/// One question.
pub(super) struct Judge<'a> {
    pub(super) finder: &'a OptionsFinder<'a>,
    pub(super) order: &'a Order,
    at: Timestamp,
    address: Address,
    rides: Rides<'a>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(finder: &'a OptionsFinder<'a>, at: Timestamp, order: &'a Order) -> Self {
        Self {
            finder,
            order,
            at,
            address: Address::new(order.position),
            rides: Rides::new(finder.couriers()),
        }
    }

    /// Whoever is considered for a way, the nearest first.
    pub(super) fn by_distance(&self, way: Way) -> Vec<(Distance, &'a Site)> {
        let is_considered = |site: &&Site| match self.order.wish {
            Wish::Site(chosen) => site.id == chosen,
            _ => way == Way::Pickup || site.kind == SiteKind::Store,
        };
        let sites = self.finder.counter().network().sites();
        let mut sites: Vec<(Distance, &Site)> = sites
            .filter(is_considered)
            .map(|site| (self.order.position.distance_to(site.position), site))
            .collect();
        sites.sort_by_key(|(distance, site)| (*distance, site.id));
        sites
    }

    /// The site that the buyer chose, if there is none of that id.
    pub(super) fn missing_site(&self) -> Option<SiteId> {
        match self.order.wish {
            Wish::Site(chosen) => {
                let mut sites = self.finder.counter().network().sites();
                sites.all(|site| site.id != chosen).then_some(chosen)
            }
            _ => None,
        }
    }

    /// What a site offers, or why it does not.
    pub(super) fn verdict(
        &self,
        way: Way,
        site: &Site,
        distance: Distance,
    ) -> Result<OfferTerms, WhyNot> {
        if let Some(rejection) = self.rejection(way, site, distance) {
            return Err(WhyNot::NotEligible(rejection));
        }
        let counter = self.finder.counter();
        let view = counter.site(site.id).ok_or(WhyNot::NoWay)?;
        if let Some(until) = view.cools_until {
            return Err(WhyNot::Cooling { until });
        }
        let room = Units(view.capacity.0.saturating_sub(view.load.0));
        let size = self.order.size;
        if room < size {
            return Err(WhyNot::NoRoom { room, size });
        }
        for line in &self.order.lines {
            let (sku, wanted) = (line.sku, line.quantity);
            let free = counter.free_stock(site.id, sku);
            if free < wanted {
                return Err(WhyNot::OutOfStock { sku, wanted, free });
            }
        }
        let settings = self.finder.policy().settings();
        let preparation = &settings.preparation;
        let needed = match (preparation.sites.get(&site.id), site.kind) {
            (Some(own), _) => *own,
            (None, SiteKind::Store) => preparation.store,
            (None, SiteKind::Leader) => preparation.leader,
        };
        let ready_at = needed.after(self.at).unwrap_or(Timestamp::MAX);
        if way == Way::Pickup {
            return Ok(OfferTerms::Pickup {
                discount: settings.pickup_discount,
                ready_at,
            });
        }
        let travel = match self.finder.asked_travel_times() {
            Some(times) => times.travel(self.order, site, distance),
            None => Some(at_speed(distance, settings.metres_per_hour)),
        };
        let errand = Errand {
            store: site.id,
            distance,
            size,
            ready_at,
            travel: travel.ok_or(WhyNot::NoWay)?,
        };
        let wish = self.finder.asked_window();
        let more = settings.alternatives_max;
        let choice = self
            .rides
            .choice(self.at, &errand, &self.address, (wish, more));
        match choice.ride {
            Some(ride) => Ok(OfferTerms::Delivery(ride)),
            None => Err(WhyNot::NoCourier(choice)),
        }
    }

    /// The first rule that is against a site.
    fn rejection(&self, way: Way, site: &Site, distance: Distance) -> Option<Rejection> {
        let settings = self.finder.policy().settings();
        let order = self.order;
        let (needed, limit) = match (way, order.wish) {
            (Way::Pickup, Wish::Site(_)) => (order.required_tags, Distance::MAX),
            (Way::Pickup, Wish::Within(limit)) => {
                (order.required_tags, limit.min(settings.walk_max))
            }
            (Way::Pickup, _) => (order.required_tags, settings.walk_max),
            (Way::Delivery, _) => {
                let needed = order.required_tags.with(Tag::DELIVERY);
                (needed, settings.delivery_distance_max)
            }
        };
        let open_at = self.finder.counter().policy().open_at;
        let opening = open_at.and_then(|at| site.schedule.opening_at(at));
        let special = opening.and_then(|opening| opening.capacity);
        let (capacity, size) = (special.unwrap_or(site.capacity), order.size);
        let missing = needed.missing_from(site.tags);
        if site.status == SiteStatus::Paused {
            return Some(Rejection::Paused);
        }
        if way == Way::Delivery && site.kind != SiteKind::Store {
            return Some(Rejection::WrongKind {
                kind: site.kind,
                wanted: SiteKind::Store,
            });
        }
        if capacity < size {
            return Some(Rejection::TooSmall { capacity, size });
        }
        if missing != Tags::NONE {
            return Some(Rejection::MissingTags { missing });
        }
        if let Some(at) = open_at.filter(|at| !site.schedule.is_open_at(*at)) {
            let next = site.schedule.next_opening_after(at);
            let opens_at = next.map(|opening| opening.window.opens_at());
            return Some(Rejection::Closed { at, opens_at });
        }
        if distance > limit {
            return Some(Rejection::TooFar { distance, limit });
        }
        if Area::from(&site.area).serves(&self.address, distance) {
            return None;
        }
        Some(match site.area {
            ServiceArea::Radius(radius) => Rejection::OutsideRadius { distance, radius },
            ServiceArea::Cells(_) => Rejection::OutsideCells,
            _ => Rejection::OutsidePolygon,
        })
    }
}

/// The span in which so many metres an hour make so many millimetres: the least whole number of milliseconds.
fn at_speed(distance: Distance, metres_per_hour: u32) -> Span {
    let (way, speed) = (
        u128::from(distance.as_millimetres()),
        u128::from(metres_per_hour),
    );
    let whole = way * 3_600 / speed;
    let rest = u128::from(whole * speed < way * 3_600);
    Span::from_millis(u64::try_from(whole + rest).unwrap_or(u64::MAX))
}
