//! Who may go where, and what that costs, from the definitions of the sites and the settings of the plan.

use crate::balance::Price;
use crate::candidates::Rejection;
use crate::geo::{ServiceArea, UnitVector};
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::plan::{Cost, Costs, Objective, Plan};
use crate::site::{Network, Site, SiteKind, SiteStatus, Tag, Tags, Version};
use crate::time::Timestamp;
use crate::units::{Distance, Units};
use crate::verify::areas::{Address, Area};
use crate::verify::tree::{Leaf, Tree};

/// The sites in the order of their ids; a *slot* is a place in it.
pub(super) struct Rules<'a> {
    pub(super) version: Version,
    pub(super) sites: Vec<SiteRules<'a>>,
    ids: Vec<SiteId>,
    /// What an order counts that goes nowhere.
    pub(super) nowhere: Price,
    open_at: Option<Timestamp>,
    /// What it is worth to stay at home, in millimetres.
    home_worth: i64,
    costs: Option<&'a dyn Costs>,
}

/// One site.
pub(super) struct SiteRules<'a> {
    pub(super) site: &'a Site,
    pub(super) at: UnitVector,
    /// What it takes in the window.
    pub(super) capacity: Units,
    /// What it adds to every walk, in millimetres.
    surcharge: i64,
    area: Area<'a>,
}

/// An order under test.
pub(super) struct Asker<'a> {
    pub(super) order: &'a Order,
    pub(super) address: Address,
    needed_tags: Tags,
}

impl<'a> Asker<'a> {
    pub(super) fn new(order: &'a Order) -> Self {
        let needed_tags = match order.wish {
            Wish::Deliver => order.required_tags.with(Tag::DELIVERY),
            _ => order.required_tags,
        };
        Self {
            order,
            address: Address::new(order.position),
            needed_tags,
        }
    }
}

impl<'a> Rules<'a> {
    /// O(m), and the vertices and cells of all areas.
    pub(super) fn new(network: &'a Network, plan: &Plan, costs: Option<&'a dyn Costs>) -> Self {
        let preferences = plan.preferences();
        let sites = network.sites().map(|site| {
            let by_kind = match site.kind {
                SiteKind::Store => preferences.store,
                SiteKind::Leader => preferences.leader,
            };
            let own = preferences.sites.get(&site.id).copied();
            let opening = plan.open_at().and_then(|at| site.schedule.opening_at(at));
            let special = opening.and_then(|opening| opening.capacity);
            SiteRules {
                site,
                at: site.position.unit_vector(),
                capacity: special.unwrap_or(site.capacity),
                surcharge: millimetres(by_kind)
                    .saturating_add(millimetres(own.unwrap_or_default())),
                area: Area::from(&site.area),
            }
        });
        let sites: Vec<SiteRules<'_>> = sites.collect();
        Self {
            version: network.version(),
            ids: sites.iter().map(|rules| rules.site.id).collect(),
            sites,
            nowhere: match plan.objective() {
                Objective::FewestUnassigned => Price {
                    unassigned: 1,
                    cost: 0,
                },
                Objective::UnassignedAt(price) => Price {
                    unassigned: 0,
                    cost: millimetres(price),
                },
            },
            open_at: plan.open_at(),
            home_worth: millimetres(preferences.home),
            costs,
        }
    }

    /// Whether distance bounds the costs, so that all sites can be searched.
    pub(super) fn is_bounded(&self) -> bool {
        self.per_kilometre().is_some()
    }

    fn per_kilometre(&self) -> Option<u64> {
        match self.costs {
            None => Some(1_000_000),
            Some(costs) => costs.least_per_kilometre().map(Distance::as_millimetres),
        }
    }

    /// The slot of a site.
    pub(super) fn slot(&self, id: SiteId) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    pub(super) fn distance(&self, asker: &Asker<'_>, slot: usize) -> Distance {
        asker.address.at.distance_to(self.sites[slot].at)
    }

    /// Why the order may not go to the site.
    pub(super) fn rejection(
        &self,
        asker: &Asker<'_>,
        slot: usize,
        distance: Distance,
    ) -> Option<Rejection> {
        let rules = &self.sites[slot];
        let (site, order) = (rules.site, asker.order);
        if site.status == SiteStatus::Paused {
            return Some(Rejection::Paused);
        }
        match order.wish {
            Wish::Site(chosen) if chosen != site.id => {
                return Some(Rejection::NotChosen { chosen });
            }
            _ => {}
        }
        if rules.capacity < order.size {
            let (capacity, size) = (rules.capacity, order.size);
            return Some(Rejection::TooSmall { capacity, size });
        }
        let missing = asker.needed_tags.missing_from(site.tags);
        if missing != Tags::NONE {
            return Some(Rejection::MissingTags { missing });
        }
        if let Some(at) = self.open_at.filter(|at| !site.schedule.is_open_at(*at)) {
            let next = site.schedule.next_opening_after(at);
            let opens_at = next.map(|opening| opening.window.opens_at());
            return Some(Rejection::Closed { at, opens_at });
        }
        match order.wish {
            Wish::Within(limit) if distance > limit => {
                return Some(Rejection::TooFar { distance, limit });
            }
            _ => {}
        }
        if rules.area.serves(&asker.address, distance) {
            return None;
        }
        Some(match site.area {
            ServiceArea::Radius(radius) => Rejection::OutsideRadius { distance, radius },
            ServiceArea::Cells(_) => Rejection::OutsideCells,
            _ => Rejection::OutsidePolygon,
        })
    }

    /// What it costs to send the order to the site; `None` if the caller's own costs say that it can't go there.
    pub(super) fn cost(&self, asker: &Asker<'_>, slot: usize, distance: Distance) -> Option<i64> {
        let rules = &self.sites[slot];
        let walk = match self.costs {
            None => millimetres(distance),
            Some(costs) => costs
                .cost(asker.order, rules.site, distance)?
                .as_millimetres(),
        };
        let is_home = asker.order.home == Some(rules.site.id);
        let reward = if is_home { self.home_worth } else { 0 };
        Some(walk.saturating_add(rules.surcharge).saturating_sub(reward))
    }

    /// What the order costs at the site, if it may go there.
    pub(super) fn cost_if_eligible(&self, asker: &Asker<'_>, slot: usize) -> Option<i64> {
        let distance = self.distance(asker, slot);
        let cost = self.cost(asker, slot, distance)?;
        self.rejection(asker, slot, distance)
            .is_none()
            .then_some(cost)
    }

    /// Whether the site takes any order at all.
    fn is_open(&self, rules: &SiteRules<'_>) -> bool {
        let site = rules.site;
        site.status == SiteStatus::Open
            && self.open_at.is_none_or(|at| site.schedule.is_open_at(at))
    }

    /// The open sites in a tree that knows distances alone.
    pub(super) fn tree_of_distances(&self) -> Tree {
        self.tree_of(1_000_000, |_| Price::default())
    }

    /// The open sites in a tree that knows these prices, by slot, beside the surcharges. What it is worth to stay at
    /// home it does not know.
    pub(super) fn tree(&self, price: impl Fn(usize) -> Price) -> Tree {
        let weight = |slot: usize| plus(price(slot), self.sites[slot].surcharge);
        self.tree_of(self.per_kilometre().unwrap_or(0), weight)
    }

    fn tree_of(&self, per_kilometre: u64, weight: impl Fn(usize) -> Price) -> Tree {
        let open = self
            .sites
            .iter()
            .enumerate()
            .filter(|(_, rules)| self.is_open(rules));
        let leaves = open.map(|(slot, rules)| Leaf {
            slot: slot as u32,
            at: rules.at,
            weight: weight(slot),
            chord_max: rules.area.chord_max(rules.site.position),
        });
        Tree::build(leaves.collect(), per_kilometre)
    }
}

/// A price and a cost together.
pub(super) fn plus(price: Price, cost: i64) -> Price {
    Price {
        cost: price.cost.saturating_add(cost),
        ..price
    }
}

fn millimetres(distance: Distance) -> i64 {
    Cost::from(distance).as_millimetres()
}
