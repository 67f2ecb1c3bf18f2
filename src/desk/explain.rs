//! Why an order is where it is, computed when asked.

use core::fmt;

use crate::candidates::{Rejection, Verdict};
use crate::desk::counter::Counter;
use crate::id::{DisplayWith, Names, Numbers, OrderId, SiteId, SkuId};
use crate::order::Order;
use crate::plan::Cost;
use crate::site::Neighbour;
use crate::time::Timestamp;
use crate::units::{Quantity, Units};

/// What the desk says of an order: where it is, and what speaks for and against the sites near it, as things stand now.
///
/// `Display` is a sentence for each site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// Which order.
    pub order: OrderId,
    /// Where it is, if it has a place.
    pub site: Option<SiteId>,
    /// The sites near it, nearest first, up to the one where it is or would be.
    pub candidates: Vec<Considered>,
    /// What would give it a place, or a better one.
    pub remedy: Option<Remedy>,
}

/// A site that was considered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The site and how far it is.
    pub neighbour: Neighbour,
    /// The walk with preferences and prices; `None` if the site may not take the order.
    pub cost: Option<Cost>,
    /// What is the matter with it.
    pub standing: Standing,
}

/// What is the matter with a site for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The order is there.
    Here,
    /// It would take the order.
    Free,
    /// A rule is against it: see [`Rejection`].
    NotEligible(Rejection),
    /// It rejected this order before.
    RejectedIt,
    /// It rejected another order and gets none until then.
    Cooling {
        /// Until when.
        until: Timestamp,
    },
    /// It is full.
    Full {
        /// What it has.
        load: Units,
        /// What it takes.
        capacity: Units,
        /// Who came last and so took the place.
        displaced_by: Option<OrderId>,
    },
    /// The goods are not there.
    OutOfStock {
        /// The first article that is short.
        sku: SkuId,
        /// What may still be promised.
        free: Quantity,
    },
}

/// What would help an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// So much more room at a site.
    Room {
        /// Where.
        site: SiteId,
        /// How much.
        more: Units,
    },
    /// So many more pieces at a site.
    Goods {
        /// Where.
        site: SiteId,
        /// Of what.
        sku: SkuId,
        /// How many.
        more: Quantity,
    },
}

impl Counter {
    /// Why an order is where it is, or has no place, judged at its nearest sites, at most `considered_max`.
    ///
    /// O(log sites + considered), and O(orders) for each site that is full.
    ///
    /// ```
    /// use catchment::desk::{Command, Desk, Policy};
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CommandId, OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::site::{Network, Site};
    /// use catchment::time::Timestamp;
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let sites = [Site::leader(SiteId(1), at(121.40)?, Units(1)), Site::leader(SiteId(2), at(121.42)?, Units(9))];
    /// let mut desk = Desk::open(Network::builder().sites(sites).build()?, Policy::default());
    /// for id in [7, 8] {
    ///     let command = Command::place(CommandId(id), Order::new(OrderId(id), at(121.40)?));
    ///     desk.apply(Timestamp::from_unix_millis(0), &command)?;
    /// }
    /// let why = desk.machine().explain(&Order::new(OrderId(8), at(121.40)?), 5);
    /// assert_eq!(why.to_string(), "order 8 is at site 2\n\
    ///     site 1 at 0 m: has 1 of 1, the last is order 7\n\
    ///     site 2 at 1,902 m: here");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self, order: &Order, considered_max: usize) -> Reasons {
        let slot = self.holds.find(order.id);
        let hold = slot
            .map(|slot| &self.holds[slot])
            .filter(|hold| hold.is_placed());
        let site = hold.map(|hold| self.places[hold.place].id);
        let filter = self.market.filter(order);
        let near = self
            .market
            .network
            .explain(order.position, considered_max, &filter);
        let mut candidates: Vec<Considered> = Vec::new();
        for candidate in near {
            let id = candidate.neighbour.site;
            let standing = match candidate.verdict {
                _ if site == Some(id) => Standing::Here,
                Verdict::Rejected(rejection) => Standing::NotEligible(rejection),
                Verdict::Eligible => self.standing(order, slot, id),
            };
            let found = self.market.at_site(order, self.home_of(order), id);
            let is_last = matches!(standing, Standing::Here | Standing::Free);
            candidates.push(Considered {
                neighbour: candidate.neighbour,
                cost: found.map(|found| Cost::from_millimetres(found.cost)),
                standing,
            });
            // Where prices or preferences count, a farther site may be the better one.
            if is_last && (site.is_none() || site == Some(id)) {
                break;
            }
        }
        let remedy = candidates
            .iter()
            .find_map(|considered| self.remedy(order, considered));
        Reasons {
            order: order.id,
            site,
            candidates,
            remedy,
        }
    }

    fn standing(&self, order: &Order, slot: Option<u32>, site: SiteId) -> Standing {
        let Some(place) = self.places.find(site) else {
            return Standing::Free;
        };
        let there = &self.places[place];
        if slot.is_some_and(|slot| self.holds.rejected_by(slot).contains(&place)) {
            return Standing::RejectedIt;
        }
        if let Some(until) = there.cools_until {
            return Standing::Cooling { until };
        }
        if there.room() < order.size.0 {
            let last = self.holds.at(place).last().map(|slot| self.holds[slot].id);
            let (load, capacity) = (Units(there.load), Units(there.capacity));
            return Standing::Full {
                load,
                capacity,
                displaced_by: last,
            };
        }
        if self.has_goods(order, place, slot) {
            return Standing::Free;
        }
        match self.stock.missing(there.pool, &order.lines) {
            Some(sku) => Standing::OutOfStock {
                sku,
                free: self.stock.free(there.pool, sku),
            },
            None => Standing::Free,
        }
    }

    fn remedy(&self, order: &Order, considered: &Considered) -> Option<Remedy> {
        let site = considered.neighbour.site;
        match considered.standing {
            Standing::Full { .. } => {
                let room = self.places[self.places.find(site)?].room();
                Some(Remedy::Room {
                    site,
                    more: Units(order.size.0.saturating_sub(room)),
                })
            }
            Standing::OutOfStock { sku, free } => {
                let line = order.lines.iter().find(|line| line.sku == sku)?;
                let more = Quantity(line.quantity.0.saturating_sub(free.0));
                Some(Remedy::Goods { site, sku, more })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Reasons {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = names.order(self.order);
        match self.site {
            Some(site) => write!(f, "order {order} is at site {}", names.site(site))?,
            None => write!(f, "order {order} has no place")?,
        }
        for considered in &self.candidates {
            let Neighbour { distance, site } = considered.neighbour;
            let (site, standing) = (names.site(site), considered.standing.display_with(names));
            write!(f, "\nsite {site} at {distance}: {standing}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Standing {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("here"),
            Self::Free => f.write_str("free"),
            Self::NotEligible(rejection) => rejection.fmt_with(names, f),
            Self::RejectedIt => f.write_str("rejected it"),
            Self::Cooling { until } => write!(f, "takes no orders until {until}"),
            Self::Full {
                load,
                capacity,
                displaced_by,
            } => {
                write!(f, "has {load} of {capacity}")?;
                match displaced_by {
                    Some(order) => write!(f, ", the last is order {}", names.order(*order)),
                    None => Ok(()),
                }
            }
            Self::OutOfStock { sku, free } => write!(f, "has {free} pieces of sku {sku}"),
        }
    }
}
