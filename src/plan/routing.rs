//! From a batch to a plan: candidates, costs, balance, decisions.

use crate::balance::{Candidate, Price, Problem, ProblemError};
use crate::id::SiteId;
use crate::index::map_in_order;
use crate::order::{Order, Wish, check_batch};
use crate::plan::batch::Batch;
use crate::plan::everywhere::Everywhere;
use crate::plan::result::{Inner, Settings};
use crate::plan::terms::{Asker, Terms};
use crate::plan::{
    Assigned, Cost, Decision, Method, Objective, Outcome, Plan, Preferences, Proof, RouteError,
    Router, SiteLoad, Total, Unassigned, balanced,
};
use crate::units::{Distance, Orders, Units};

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) terms: &'a Terms<'a>,
    /// By rank.
    pub(super) decisions: Vec<Decision>,
    /// By slot.
    pub(super) loads: Vec<SiteLoad>,
    pub(super) proof: Proof,
}

impl Router<'_> {
    pub(super) fn plan(&self, orders: &[Order]) -> Result<Plan, RouteError> {
        self.check(orders)?;
        let terms = Terms::new(
            self.network,
            Batch::given(orders),
            &self.settings,
            self.costs,
        );
        let mut draft = Draft::new(&terms);
        draft.lock_chosen();
        let askers = terms.free_along_curve();
        let mut everywhere = Everywhere::new(&terms, self.listed);
        let mut done = Ok(());
        match self.settings.method {
            Method::Nearest => draft.nearest(&askers, &everywhere),
            Method::Greedy => draft.greedy(askers, everywhere),
            Method::Balanced => {
                done = balanced::balance(&mut draft, &askers, &mut everywhere, self.start);
            }
        }
        // If a cost was out of range, whatever else failed did so for that reason.
        terms.check()?;
        done?;
        let total = draft.total()?;
        let mut settings = self.settings.clone();
        settings.listed = Some(self.listed).filter(|_| draft.proof == Proof::OverListedCandidates);
        Ok(Plan::new(Inner {
            version: self.network.version(),
            settings,
            asked: terms.batch.asked(),
            decisions: draft.decisions,
            loads: draft.loads,
            total,
            proof: draft.proof,
        }))
    }

    /// What each order costs at one site, in the order of ids; `None` if it may not go there, full or not.
    pub(crate) fn costs_at(&self, orders: &[Order], site: SiteId) -> Vec<Option<Cost>> {
        let batch = Batch::given(orders);
        let terms = Terms::new(self.network, batch, &self.settings, self.costs);
        let slot = terms.slot(site).filter(|slot| terms.site(*slot).is_open);
        let ranks: Vec<u32> = (0..orders.len() as u32).collect();
        map_in_order(&ranks, 1_024, |rank| {
            let (asker, slot) = (terms.asker(*rank), slot?);
            let chord = asker.at.chord(terms.site(slot).at);
            terms.cost(&asker, slot, chord).map(Cost::from_millimetres)
        })
    }

    fn check(&self, orders: &[Order]) -> Result<(), RouteError> {
        check_batch(orders, &self.limits)?;
        check_size(self.network.len(), orders.len())?;
        let (listed, limit) = (self.listed, self.limits.candidates_max);
        if listed == 0 || listed > limit {
            return Err(RouteError::ListLength { listed, limit });
        }
        self.settings.check()
    }
}

/// The optimiser numbers sites and orders with fewer bits than a network does.
fn check_size(sites: usize, orders: usize) -> Result<(), ProblemError> {
    if sites > Candidate::SITES_MAX as usize {
        return Err(ProblemError::TooManySites { sites });
    }
    if orders > Problem::ORDERS_MAX {
        return Err(ProblemError::TooManyOrders { orders });
    }
    Ok(())
}

impl Settings {
    fn check(&self) -> Result<(), RouteError> {
        let limit = Preferences::WORTH_MAX;
        self.too_large().map_or(Ok(()), |(preference, worth)| {
            Err(RouteError::PreferenceTooLarge {
                preference,
                worth,
                limit,
            })
        })
    }

    /// The first preference that is worth more than may be.
    pub(super) fn too_large(&self) -> Option<(&'static str, Distance)> {
        let Preferences {
            home,
            store,
            leader,
            sites,
        } = &self.preferences;
        let sites = sites.values().map(|worth| ("sites", *worth));
        let all = [("home", *home), ("store", *store), ("leader", *leader)];
        let priced = match self.objective {
            Objective::FewestUnassigned => Distance::ZERO,
            Objective::UnassignedAt(price) => price,
        };
        let mut all = all.into_iter().chain([("unassigned", priced)]).chain(sites);
        all.find(|(_, worth)| *worth > Preferences::WORTH_MAX)
    }

    /// What it is worth to serve an order: the pair of unassigned orders and cost that it has nowhere.
    pub(super) fn nowhere(&self) -> (i64, i64) {
        match self.objective {
            Objective::FewestUnassigned => (1, 0),
            Objective::UnassignedAt(price) => (0, Cost::from(price).as_millimetres()),
        }
    }

    /// What an order may cost before it rather goes nowhere.
    pub(super) fn price_of_nowhere(&self) -> i64 {
        match self.objective {
            Objective::FewestUnassigned => i64::MAX,
            Objective::UnassignedAt(price) => Cost::from(price).as_millimetres(),
        }
    }
}

impl<'a> Draft<'a> {
    /// All sites empty, and no order anywhere.
    fn new(terms: &'a Terms<'a>) -> Self {
        let decisions = terms.batch.ranked().map(|(_, order)| Decision {
            order: order.id,
            outcome: Outcome::Unassigned(Unassigned::NoEligibleSite),
        });
        let loads = terms.sites.iter().map(|site| SiteLoad {
            site: site.record.site.id,
            capacity: site.capacity,
            load: Units(0),
            locked: Units(0),
            price: Price::default(),
        });
        Self {
            terms,
            decisions: decisions.collect(),
            loads: loads.collect(),
            proof: Proof::Nothing,
        }
    }

    /// Whoever chose a site gets its place there before all others, in the order of ids while there is room.
    fn lock_chosen(&mut self) {
        for (rank, order) in self.terms.batch.ranked() {
            let Wish::Site(chosen) = order.wish else {
                continue;
            };
            let asker = self.terms.asker(rank);
            match self.place_of_chosen(&asker, &order, chosen) {
                Ok((slot, cost)) => {
                    self.assign(&asker, slot, cost);
                    let locked = &mut self.loads[slot as usize].locked;
                    *locked = Units(locked.0.saturating_add(order.size.0));
                }
                Err(why) => self.leave(rank, why),
            }
        }
    }

    fn place_of_chosen(
        &self,
        asker: &Asker,
        order: &Order,
        chosen: SiteId,
    ) -> Result<(u32, i64), Unassigned> {
        let slot = self.terms.slot(chosen);
        let slot = slot.ok_or(Unassigned::ChosenSiteUnknown)?;
        let site = self.terms.site(slot);
        let cost = self.terms.cost(asker, slot, asker.at.chord(site.at));
        match cost.filter(|_| site.is_open) {
            None => Err(Unassigned::ChosenSiteRefuses),
            Some(_) if !self.has_room(slot, order.size) => Err(Unassigned::ChosenSiteFull),
            Some(cost) => Ok((slot, cost)),
        }
    }

    /// Each to its cheapest site.
    fn nearest(&mut self, askers: &[Asker], everywhere: &Everywhere<'_>) {
        let cheapest = everywhere.cheapest_each(askers);
        for (asker, cheapest) in askers.iter().zip(cheapest) {
            self.settle(asker, cheapest, cheapest);
        }
    }

    /// One after the other, in the order of ids, to the cheapest site with room.
    fn greedy(&mut self, mut askers: Vec<Asker>, mut everywhere: Everywhere<'_>) {
        askers.sort_unstable_by_key(|asker| asker.rank);
        let cheapest = everywhere.cheapest_each(&askers);
        let mut filled = 0;
        for (asker, cheapest) in askers.iter().zip(cheapest) {
            let size = self.size(asker);
            let found = cheapest.and_then(|first| {
                if self.has_room(first.site(), size) {
                    Some(first)
                } else {
                    everywhere.cheapest(asker, |slot| self.has_room(slot, size))
                }
            });
            self.settle(asker, found, cheapest);
            let is_full = |found: Candidate| !self.has_room(found.site(), Units(1));
            filled += usize::from(found.is_some_and(is_full));
            // Full sites are left out once they are many enough to pay for it: 64 times in all.
            if filled > self.loads.len() / 64 {
                filled = 0;
                everywhere.leave_out(|slot| !self.has_room(slot, Units(1)));
            }
        }
    }

    /// Whether the site takes so much more. There always is room if capacity does not count.
    pub(super) fn has_room(&self, slot: u32, size: Units) -> bool {
        self.loads[slot as usize].room() >= size || self.terms.settings.method == Method::Nearest
    }

    /// The order goes to the site found, unless it rather goes nowhere.
    pub(super) fn settle(
        &mut self,
        asker: &Asker,
        found: Option<Candidate>,
        cheapest: Option<Candidate>,
    ) {
        match found {
            Some(found) if found.cost() < self.terms.settings.price_of_nowhere() => {
                self.assign(asker, found.site(), found.cost());
            }
            _ => self.leave_for_want_of(asker.rank, cheapest),
        }
    }

    /// The order goes to the site, at the cost there. Only if the caller's costs have changed there can be none.
    pub(super) fn send(&mut self, asker: &Asker, slot: u32) -> Result<(), RouteError> {
        let chord = asker.at.chord(self.terms.site(slot).at);
        let cost = self.terms.cost(asker, slot, chord);
        let cost = cost.ok_or_else(|| RouteError::CostGone {
            order: self.terms.order(asker.rank).id,
            site: self.loads[slot as usize].site,
        })?;
        self.assign(asker, slot, cost);
        Ok(())
    }

    fn assign(&mut self, asker: &Asker, slot: u32, cost: i64) {
        let size = self.size(asker);
        let load = &mut self.loads[slot as usize];
        load.load = Units(load.load.0.saturating_add(size.0));
        self.decisions[asker.rank as usize].outcome = Outcome::Assigned(Assigned {
            site: load.site,
            distance: asker.at.distance_to(self.terms.site(slot).at),
            cost: Cost::from_millimetres(cost),
        });
    }

    pub(super) fn size(&self, asker: &Asker) -> Units {
        if asker.is_plain {
            Units(1)
        } else {
            self.terms.order(asker.rank).size
        }
    }

    /// The order goes nowhere; what it would cost at its cheapest site if that were empty says why.
    pub(super) fn leave_for_want_of(&mut self, rank: u32, cheapest: Option<Candidate>) {
        let price = self.terms.settings.price_of_nowhere();
        let why = match cheapest {
            None => Unassigned::NoEligibleSite,
            Some(cheapest) if cheapest.cost() >= price => Unassigned::TooDear,
            Some(_) => Unassigned::NoRoom,
        };
        self.leave(rank, why);
    }

    fn leave(&mut self, rank: u32, why: Unassigned) {
        self.decisions[rank as usize].outcome = Outcome::Unassigned(why);
    }

    pub(super) fn total(&self) -> Result<Total, RouteError> {
        let mut total = Total::default();
        for decision in &self.decisions {
            total = total
                .with(&decision.outcome)
                .ok_or(RouteError::TotalTooLarge)?;
        }
        Ok(total)
    }
}

impl Total {
    /// The total with one outcome more; `None` if the sum does not fit.
    pub(super) fn with(self, outcome: &Outcome) -> Option<Self> {
        Some(match outcome {
            Outcome::Assigned(assigned) => {
                let sum = self.cost.as_millimetres();
                let sum = sum.checked_add(assigned.cost.as_millimetres())?;
                Self {
                    cost: Cost::from_millimetres(sum),
                    ..self
                }
            }
            Outcome::Unassigned(_) => Self {
                unassigned: Orders(self.unassigned.0.checked_add(1)?),
                ..self
            },
        })
    }
}
