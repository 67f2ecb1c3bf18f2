use core::fmt;
use std::collections::BTreeMap;

use crate::id::{OrderId, SiteId};
use crate::report::{Ppm, Report};
use crate::units::{Distance, Orders};

/// How a plan agrees with what really happened: over the orders of the plan whose real site is known.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::report::{Ppm, Report};
/// use catchment::site::{Network, Site};
/// use catchment::units::{Orders, Units};
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let network = Network::builder()
///     .site(Site::leader(SiteId(1), at(121.40)?, Units(60)))
///     .site(Site::leader(SiteId(2), at(121.41)?, Units(60)))
///     .build()?;
/// let orders = [1, 2].map(|id| Order::new(OrderId(id), at(121.40).expect("in range")));
/// let plan = Router::new(&network).route(&orders)?;
///
/// let really = BTreeMap::from([(OrderId(1), SiteId(1)), (OrderId(2), SiteId(2))]);
/// let agreement = Report::of(&network, &orders, &plan)?.agreement(&really);
/// assert_eq!((agreement.same, agreement.elsewhere), (Orders(1), Orders(1)));
/// assert_eq!(agreement.share(), Some(Ppm(500_000)));
/// assert_eq!(agreement.to_string(), "50.0 % of 2 orders go where they went; they walked 951 m, planned are 0 m");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Agreement {
    /// Orders of the plan whose real site is known: the sum of the next three.
    pub known: Orders,
    /// Orders that the plan sends where they really went.
    pub same: Orders,
    /// Orders that it sends elsewhere.
    pub elsewhere: Orders,
    /// Orders that it sends nowhere.
    pub unassigned: Orders,
    /// Of the known: orders that really went to a site which the network doesn't have.
    pub unknown_site: Orders,
    /// What was really walked, as far as both are known: over orders with a site in the plan that went to a site of
    /// the network.
    #[cfg_attr(feature = "serde", serde(rename = "walked_mm"))]
    pub walked: Distance,
    /// What the same orders walk in the plan.
    #[cfg_attr(feature = "serde", serde(rename = "planned_mm"))]
    pub planned: Distance,
}

impl Report<'_> {
    /// Holds the plan against the sites to which orders really went. Orders that are not in the plan are skipped. O(n
    /// log m) for n orders of which m are known.
    #[must_use]
    pub fn agreement(&self, really: &BTreeMap<OrderId, SiteId>) -> Agreement {
        let mut agreement = Agreement::default();
        let (mut walked, mut planned) = (0_u64, 0_u64);
        for (order, decision) in self.decided() {
            let Some(site) = really.get(&order.id) else {
                continue;
            };
            let assigned = decision.assigned();
            let counted = match assigned {
                None => &mut agreement.unassigned,
                Some(assigned) if assigned.site == *site => &mut agreement.same,
                Some(_) => &mut agreement.elsewhere,
            };
            counted.0 += 1;
            agreement.known.0 += 1;
            match (self.network.site(*site), assigned) {
                (None, _) => agreement.unknown_site.0 += 1,
                (Some(_), None) => {}
                (Some(site), Some(assigned)) => {
                    walked += order.position.distance_to(site.position).as_millimetres();
                    planned += assigned.distance.as_millimetres();
                }
            }
        }
        agreement.walked = Distance::from_millimetres(walked);
        agreement.planned = Distance::from_millimetres(planned);
        agreement
    }
}

impl Agreement {
    /// The share of known orders that go where they went; `None` if none is known.
    #[must_use]
    pub fn share(&self) -> Option<Ppm> {
        Ppm::of(self.same.0.into(), self.known.0.into())
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(share) = self.share() else {
            return f.write_str("of no order it is known where it went");
        };
        let Self {
            known,
            walked,
            planned,
            ..
        } = self;
        write!(
            f,
            "{share} of {known} orders go where they went; they walked {walked}, planned are {planned}"
        )
    }
}
