//! Is this what a buyer may choose? Every site judged anew, and every courier.

mod ranking;
mod rides;
mod sites;

use core::cmp::Ordering;

use crate::faults::Faults;
use crate::fulfil::{NotOffered, Offer, OfferTerms, Options, OptionsFinder, Relaxed, Way, WhyNot};
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::time::Timestamp;
use crate::units::Distance;

use ranking::{Able, Ruling};
use sites::Judge;

/// Everything wrong with an answer, in the order that [`verify::options`](crate::verify::options()) states.
pub type OptionsViolations = Faults<OptionsViolation>;

/// One thing wrong with the options of an order.
///
/// ```
/// use catchment::fulfil::Way;
/// use catchment::id::SiteId;
/// use catchment::verify::OptionsViolation;
/// let missing = OptionsViolation::NotOffered { way: Way::Pickup, site: SiteId(17) };
/// assert_eq!(missing.to_string(), "pickup at site 17 is not offered");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsViolation {
    /// The answer is to another question. Nothing else was looked at.
    #[error("the answer is for another order or another instant")]
    OtherQuestion,
    /// A site should be offered, and is not.
    #[error("{way} at site {site} is not offered")]
    NotOffered {
        /// How.
        way: Way,
        /// Which.
        site: SiteId,
    },
    /// A site is offered that can't, or before which enough others come, or twice.
    #[error("{way} at site {site} is offered")]
    Offered {
        /// How.
        way: Way,
        /// Which.
        site: SiteId,
    },
    /// A site is offered on other terms than it has.
    #[error("terms of site {site} are {actual:?}, not {claimed:?}")]
    Terms {
        /// Which.
        site: SiteId,
        /// According to the answer.
        claimed: OfferTerms,
        /// In truth.
        actual: OfferTerms,
    },
    /// A site is nearer or farther than the answer says.
    #[error("site {site} is {} away, not {}", metres(*actual), metres(*claimed))]
    Distance {
        /// Which.
        site: SiteId,
        /// According to the answer.
        claimed: Option<Distance>,
        /// In truth.
        actual: Option<Distance>,
    },
    /// An offer comes before a better one.
    #[error("the offers at {place} and after it are not in their order")]
    Order {
        /// The first of the two, counted from 0.
        place: usize,
    },
    /// The reason against a site is another one, or is not given, or there is none.
    #[error("what is said against {way} at site {site} is not so")]
    Reason {
        /// How.
        way: Way,
        /// Which site.
        site: SiteId,
        /// According to the answer.
        claimed: Option<Box<WhyNot>>,
        /// In truth, as far as it should be said.
        actual: Option<Box<WhyNot>>,
    },
    /// Other soft rules are relaxed than the answer says.
    #[error("{} rules are relaxed, not these {}", actual.len(), claimed.len())]
    Relaxed {
        /// According to the answer.
        claimed: Vec<Relaxed>,
        /// In truth.
        actual: Vec<Relaxed>,
    },
    /// All reasons are right, and not in their order.
    #[error("the reasons are not in their order")]
    ReasonsOrder,
}

/// Checks what a finder has answered, as things stand.
///
/// Nothing of the search is asked. Every site of the network is measured and judged by its definition, by what the desk
/// says of its room and its stock, and by the couriers' definitions and rides, which are summed up again; then the
/// policy's rules are asked one by one, and the offers must be the best that there are, on the terms that follow, in
/// their order, and the reasons those of the nearest that are not offered.
///
/// O(n log n · rules) for n sites, and for each site within reach O(lines + couriers × windows); O(rides) once.
///
/// # Errors
///
/// [`OptionsViolations`]: all that is wrong. First pickups, then deliveries: offers that are missing, too many, or on
/// other terms, then reasons; then what was relaxed; then the order of the offers and of the reasons.
///
/// ```
/// use catchment::desk::{Desk, Policy};
/// use catchment::fulfil::{Couriers, DeliveryWindows, Fleet, OptionsFinder, OptionsPolicy};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::limits::Limits;
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
/// use catchment::verify;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
/// let desk = Desk::open(network, Policy::default());
/// let couriers = Couriers::new(Fleet::new(DeliveryWindows::default(), Vec::new(), &Limits::default())?);
/// let policy = OptionsPolicy::default();
/// let finder = OptionsFinder::new(desk.machine(), &couriers, &policy);
/// let (now, order) = (Timestamp::from_unix_millis(0), Order::new(OrderId(7), door));
/// let mut options = finder.options(now, &order);
/// assert_eq!(verify::options(&finder, now, &order, &options), Ok(()));
///
/// options.offers.clear();
/// let violations = verify::options(&finder, now, &order, &options).unwrap_err();
/// assert_eq!(violations.to_string(), "1 fault: pickup at site 17 is not offered");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn options(
    finder: &OptionsFinder<'_>,
    at: Timestamp,
    order: &Order,
    options: &Options,
) -> Result<(), OptionsViolations> {
    let mut violations = OptionsViolations::none();
    if (options.order, options.at) != (order.id, at) {
        violations.push(OptionsViolation::OtherQuestion);
        return violations.into_result();
    }
    let judge = Judge::new(finder, at, order);
    let ruling = Ruling::new(&judge);
    let mut relaxed = Vec::new();
    for way in [Way::Pickup, Way::Delivery] {
        let expected = expected(&judge, &ruling, way);
        check_offers(way, &expected.offers, options, &mut violations);
        check_reasons(way, &expected.reasons, options, &mut violations);
        relaxed.extend(expected.relaxed);
    }
    if options.relaxed != relaxed {
        violations.push(OptionsViolation::Relaxed {
            claimed: options.relaxed.clone(),
            actual: relaxed,
        });
    }
    let able = |offer: &Offer| {
        let site = finder.counter().network().site(offer.site)?;
        Some(Able::new(&judge, site, *offer))
    };
    for (place, pair) in options.offers.windows(2).enumerate() {
        // Who is not there was named above.
        if let (Some(first), Some(second)) = (able(&pair[0]), able(&pair[1]))
            && ruling.which_first(&first, &second) == Ordering::Greater
        {
            violations.push(OptionsViolation::Order { place });
        }
    }
    let rank = |reason: &NotOffered| (reason.way, reason.distance, reason.site);
    if !options.rejected.is_sorted_by_key(rank) {
        violations.push(OptionsViolation::ReasonsOrder);
    }
    violations.into_result()
}

fn metres(distance: Option<Distance>) -> String {
    distance.map_or_else(|| "nowhere".to_owned(), |distance| format!("{distance:#}"))
}

/// What should be offered one way, what should be said of the others, and which rules are relaxed.
#[derive(Default)]
struct Expected {
    offers: Vec<Offer>,
    reasons: Vec<NotOffered>,
    relaxed: Vec<Relaxed>,
}

fn expected(judge: &Judge<'_>, ruling: &Ruling<'_>, way: Way) -> Expected {
    let settings = judge.finder.policy().settings();
    let wanted = match way {
        Way::Pickup if judge.order.wish == Wish::Deliver => 0,
        Way::Pickup => settings.pickups_max,
        Way::Delivery => settings.deliveries_max,
    };
    let mut expected = Expected::default();
    if wanted == 0 {
        return expected;
    }
    let reason = |site, distance, why| NotOffered {
        site,
        distance,
        way,
        why,
    };
    if let Some(site) = judge.missing_site() {
        let missing = reason(site, None, WhyNot::UnknownSite);
        expected.reasons.push(missing);
    }
    let near = judge.by_distance(way).into_iter();
    let judged = near.map(|(distance, site)| (distance, site, judge.verdict(way, site, distance)));
    let judged: Vec<_> = judged.collect();
    let able = judged.iter().filter_map(|(distance, site, verdict)| {
        let offer = Offer {
            site: site.id,
            distance: *distance,
            terms: *verdict.as_ref().ok()?,
        };
        Some(Able::new(judge, site, offer))
    });
    let ruled = ruling.ruled(&able.collect::<Vec<_>>());
    let best = ruled.left.iter().take(wanted);
    expected.offers = best.map(|able| able.offer).collect();
    let places = ruled.relaxed.into_iter();
    expected.relaxed = places.map(|soft| Relaxed { way, soft }).collect();
    let farthest = expected
        .offers
        .iter()
        .map(|offer| (offer.distance, offer.site));
    let last = farthest.max().filter(|_| expected.offers.len() == wanted);
    for (distance, site, verdict) in judged {
        let (place, id) = ((distance, site.id), site.id);
        if last.is_some_and(|last| place > last) {
            break;
        }
        let excluded = ruled.excluded.iter().find(|(gone, _)| *gone == id);
        let why = match (verdict, excluded) {
            (Err(why), _) => why,
            (Ok(_), Some((_, by))) => WhyNot::ByRule(*by),
            (Ok(_), None) if expected.offers.iter().any(|offer| offer.site == id) => continue,
            (Ok(_), None) => WhyNot::Behind,
        };
        expected.reasons.push(reason(id, Some(distance), why));
    }
    expected.reasons.truncate(settings.rejected_max);
    expected
}

fn check_offers(
    way: Way,
    expected: &[Offer],
    options: &Options,
    violations: &mut OptionsViolations,
) {
    let claimed: Vec<&Offer> = options
        .offers
        .iter()
        .filter(|offer| offer.terms.way() == way)
        .collect();
    for offer in expected {
        let site = offer.site;
        let Some(claim) = claimed.iter().find(|claim| claim.site == site) else {
            violations.push(OptionsViolation::NotOffered { way, site });
            continue;
        };
        if claim.distance != offer.distance {
            violations.push(OptionsViolation::Distance {
                site,
                claimed: Some(claim.distance),
                actual: Some(offer.distance),
            });
        }
        if claim.terms != offer.terms {
            violations.push(OptionsViolation::Terms {
                site,
                claimed: claim.terms,
                actual: offer.terms,
            });
        }
    }
    for (place, claim) in claimed.iter().enumerate() {
        let site = claim.site;
        let is_twice = claimed[..place].iter().any(|other| other.site == site);
        if is_twice || expected.iter().all(|offer| offer.site != site) {
            violations.push(OptionsViolation::Offered { way, site });
        }
    }
}

fn check_reasons(
    way: Way,
    expected: &[NotOffered],
    options: &Options,
    violations: &mut OptionsViolations,
) {
    let claimed: Vec<&NotOffered> = options
        .rejected
        .iter()
        .filter(|rejected| rejected.way == way)
        .collect();
    let boxed = |reason: &NotOffered| Some(Box::new(reason.why.clone()));
    for reason in expected {
        let site = reason.site;
        let claim = claimed.iter().find(|claim| claim.site == site);
        if let Some(claim) = claim.filter(|claim| claim.distance != reason.distance) {
            violations.push(OptionsViolation::Distance {
                site,
                claimed: claim.distance,
                actual: reason.distance,
            });
        }
        if claim.is_none_or(|claim| claim.why != reason.why) {
            violations.push(OptionsViolation::Reason {
                way,
                site,
                claimed: claim.and_then(|claim| boxed(claim)),
                actual: boxed(reason),
            });
        }
    }
    for (place, claim) in claimed.iter().enumerate() {
        let site = claim.site;
        let is_twice = claimed[..place].iter().any(|other| other.site == site);
        if is_twice || expected.iter().all(|reason| reason.site != site) {
            violations.push(OptionsViolation::Reason {
                way,
                site,
                claimed: boxed(claim),
                actual: None,
            });
        }
    }
}
