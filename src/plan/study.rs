//! One explanation after the other: what decided, who is in the way, what would help.

use core::cell::OnceCell;

use crate::balance::Candidate;
use crate::candidates::{Filter, Rejection, Verdict};
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::plan::everywhere::Everywhere;
use crate::plan::exchange::Exchanges;
use crate::plan::terms::{Asker, Terms};
use crate::plan::{
    Assigned, Because, Considered, Cost, Counted, Explanation, Merit, Method, Outcome, Plan, Proof,
    Remedy, SiteLoad, Unassigned,
};
use crate::site::{Neighbour, Network, Site};
use crate::units::{Distance, Units};

/// All that explanations of one plan share.
pub(super) struct Study<'a> {
    plan: &'a Plan,
    network: &'a Network,
    terms: &'a Terms<'a>,
    /// The sites that the plan knows of.
    everywhere: Everywhere<'a>,
    /// Made when first needed; `None` if the plan has no prices.
    exchanges: OnceCell<Option<Exchanges<'a>>>,
}

/// Which sites the caller's costs let the order go to; `None` if costs are distances, which let it go anywhere.
type CanGo<'f> = Option<&'f (dyn Fn(&Site) -> bool + Sync)>;

/// The order in question.
struct Subject<'a> {
    asker: Asker,
    order: Order,
    can_go: CanGo<'a>,
    filter: Filter<'a>,
    /// The nearest and the cheapest of the eligible sites; without the buyer's choice if there was one.
    nearest: Option<Neighbour>,
    cheapest: Option<Candidate>,
}

impl<'a> Study<'a> {
    /// O(sites · log sites).
    pub(super) fn new(plan: &'a Plan, network: &'a Network, terms: &'a Terms<'a>) -> Self {
        // Where distance bounds no cost, a plan that does not say how many sites it listed may know of all.
        let listed = match terms.least_per_kilometre() {
            Some(_) => 1,
            None => plan
                .listed()
                .unwrap_or(usize::MAX)
                .clamp(1, plan.loads().len().max(1)),
        };
        Self {
            plan,
            network,
            terms,
            everywhere: Everywhere::new(terms, listed),
            exchanges: OnceCell::new(),
        }
    }

    pub(super) fn explain(&self, rank: u32) -> Explanation {
        let asker = self.terms.asker(rank);
        let terms = self.terms;
        let has_cost = |site: &Site| {
            let slot = terms.slot(site.id);
            slot.is_some_and(|slot| {
                let walk = asker.at.distance_to(terms.site(slot).at);
                terms.cost_of_walk(&asker, slot, walk).is_some()
            })
        };
        let own = terms.has_own_costs();
        let subject = self.subject(asker, own.then_some(&has_cost));
        self.explain_to(&subject)
    }

    fn explain_to(&self, subject: &Subject<'_>) -> Explanation {
        let outcome = self.plan.decisions()[subject.asker.rank as usize].outcome;
        let (because, target) = match &outcome {
            Outcome::Assigned(assigned) => self.because(subject, assigned),
            Outcome::Unassigned(why) => {
                let target = (*why == Unassigned::NoRoom)
                    .then(|| self.best_with_price(subject))
                    .flatten();
                (Because::Unassigned(*why), target)
            }
        };
        let from = match &outcome {
            Outcome::Assigned(assigned) => self.terms.slot(assigned.site),
            Outcome::Unassigned(_) => None,
        };
        let exchange = target.and_then(|to| {
            let exchanges = self.exchanges()?;
            exchanges.cheapest(&subject.asker, from, to)
        });
        let remedies = match outcome {
            Outcome::Assigned(_) => Vec::new(),
            Outcome::Unassigned(why) => self.remedies(subject, why, target),
        };
        let assigned = match &outcome {
            Outcome::Assigned(assigned) => Some(assigned),
            Outcome::Unassigned(_) => None,
        };
        let detour =
            |assigned: &Assigned| Some(assigned.distance.saturating_sub(subject.nearest?.distance));
        Explanation {
            order: subject.order.id,
            outcome,
            nearest: subject.nearest,
            detour: assigned.and_then(detour),
            because,
            considered: self.considered(subject, assigned, target),
            exchange,
            remedies,
            counted: if self.terms.has_own_costs() {
                Counted::OwnCosts
            } else {
                Counted::Walks
            },
        }
    }

    fn subject<'f>(&self, asker: Asker, can_go: CanGo<'f>) -> Subject<'f> {
        let order = self.terms.order(asker.rank).into_owned();
        let filter = self.filter(&order, can_go);
        let without_choice = match order.wish {
            Wish::Site(_) => self.filter(&freed(&order), can_go),
            _ => filter,
        };
        Subject {
            can_go,
            nearest: self
                .network
                .nearest_eligible_site(order.position, &without_choice),
            cheapest: self.everywhere.cheapest(&asker, |_| true),
            asker,
            filter,
            order,
        }
    }

    /// The reason for a site, and the slot that would be better if it were not full.
    fn because(&self, subject: &Subject<'_>, assigned: &Assigned) -> (Because, Option<u32>) {
        if matches!(subject.order.wish, Wish::Site(_)) {
            return (Because::Chosen, None);
        }
        let (Some(nearest), Some(cheapest)) = (subject.nearest, subject.cheapest) else {
            // Not so of a plan that is true, but what is stored need not be.
            return (Because::Nearest, None);
        };
        if assigned.cost.as_millimetres() <= cheapest.cost() {
            let because = if assigned.distance == nearest.distance {
                Because::Nearest
            } else {
                let slot = self.terms.slot(nearest.site);
                let at_nearest = slot.and_then(|slot| self.cost(&subject.asker, slot));
                let saves = at_nearest
                    .unwrap_or(0)
                    .saturating_sub(assigned.cost.as_millimetres());
                let is_listed = saves >= 0;
                let saves = Cost::from_millimetres(saves);
                if !self.terms.has_own_costs() {
                    Because::Preferred { saves }
                } else if is_listed {
                    Because::Cheapest { saves }
                } else {
                    Because::NotListed { cheapest: nearest }
                }
            };
            return (because, None);
        }
        let better = self.load(cheapest.site());
        let distance = self.distance(&subject.asker, cheapest.site());
        let has_room = better.room() >= subject.order.size;
        match self.plan.method() {
            Method::Balanced if has_room => return (Because::Packed, None),
            // Room is not asked, or there is some: then only what was not asked for can be cheaper.
            Method::Nearest | Method::Greedy
                if has_room || self.plan.method() == Method::Nearest =>
            {
                let site = better.site;
                let cheapest = Neighbour { distance, site };
                return (Because::NotListed { cheapest }, None);
            }
            _ => {}
        }
        let price = better.price;
        let because = if better.site == nearest.site {
            Because::NearestWasFull { nearest, price }
        } else {
            let site = better.site;
            let cheapest = Neighbour { distance, site };
            Because::CheapestWasFull { cheapest, price }
        };
        (because, Some(cheapest.site()))
    }

    /// The eligible slot where cost and price together are least.
    fn best_with_price(&self, subject: &Subject<'_>) -> Option<u32> {
        let mut best = None;
        self.everywhere
            .each_known_below(&subject.asker, i64::MAX, |slot, cost| {
                let price = self.load(slot).price;
                let value = (price.unassigned, price.cost.saturating_add(cost), slot);
                if best.is_none_or(|best| value < best) {
                    best = Some(value);
                }
            });
        best.map(|(_, _, slot)| slot)
    }

    fn remedies(&self, subject: &Subject<'_>, why: Unassigned, target: Option<u32>) -> Vec<Remedy> {
        match why {
            Unassigned::ChosenSiteUnknown => self.other_site(subject).into_iter().collect(),
            Unassigned::ChosenSiteRefuses => {
                let reach = self.reach(subject).into_iter();
                reach.chain(self.other_site(subject)).collect()
            }
            Unassigned::ChosenSiteFull => {
                let capacity = self.capacity_for_choice(subject).into_iter();
                capacity.chain(self.other_site(subject)).collect()
            }
            Unassigned::NoEligibleSite => self.reach(subject),
            Unassigned::NoRoom => {
                let capacity = target.and_then(|slot| self.capacity_for_one(subject, slot));
                capacity.into_iter().chain(self.reach(subject)).collect()
            }
            Unassigned::TooDear => self.price(subject).into_iter().collect(),
        }
    }

    /// One place more than for those who chose the site, where that is what keeps this very order away: cost and price
    /// together are then what it is worth to serve an order.
    fn capacity_for_one(&self, subject: &Subject<'_>, slot: u32) -> Option<Remedy> {
        let load = self.load(slot);
        let cost = self.cost(&subject.asker, slot)?;
        let value = (load.price.unassigned, load.price.cost.saturating_add(cost));
        let is_next = value == self.terms.settings.nowhere();
        let queue = self.queue(load.site, self.terms.batch.len());
        // Room that is too small for one order is left.
        let more = queue.checked_add(subject.order.size.0)?;
        let more = Units(more.saturating_sub(load.room().0));
        let is_full = load.room() < subject.order.size;
        let remedy = Remedy::Capacity {
            site: load.site,
            more,
        };
        (is_next && is_full && self.is_proven()).then_some(remedy)
    }

    /// How much more capacity the site would need for all that chose it, may have it, and are among the first so many.
    fn queue(&self, site: SiteId, ranks: usize) -> u32 {
        let decisions = self.plan.decisions()[..ranks].iter();
        let asked = self.plan.inner.asked.iter();
        let full = Outcome::Unassigned(Unassigned::ChosenSiteFull);
        let queue = decisions
            .zip(asked)
            .filter(|(decision, asked)| decision.outcome == full && asked.wish == Wish::Site(site));
        queue.fold(0, |sum: u32, (_, asked)| sum.saturating_add(asked.size.0))
    }

    /// Places for all that chose the site and come before this order, and for itself.
    fn capacity_for_choice(&self, subject: &Subject<'_>) -> Option<Remedy> {
        let Wish::Site(site) = subject.order.wish else {
            return None;
        };
        let queue = self.queue(site, subject.asker.rank as usize + 1);
        let load = self.plan.load(site)?;
        let more = Units(queue.saturating_sub(load.capacity.0.saturating_sub(load.locked.0)));
        Some(Remedy::Capacity { site, more })
    }

    /// The least that a radius or the buyer's limit lacks, for sites with room.
    fn reach(&self, subject: &Subject<'_>) -> Vec<Remedy> {
        let home = subject.order.position;
        let freely = self.filter(&freed(&subject.order), subject.can_go);
        let mut radius: Option<(Distance, Neighbour)> = None;
        let mut walk: Option<(Distance, Neighbour)> = None;
        for candidate in self
            .network
            .explain(home, self.network.len(), &subject.filter)
        {
            let neighbour = candidate.neighbour;
            let (least, more) = match candidate.verdict {
                Verdict::Rejected(Rejection::OutsideRadius {
                    distance,
                    radius: reach,
                }) => (&mut radius, distance.saturating_sub(reach)),
                Verdict::Rejected(Rejection::TooFar { distance, limit }) => {
                    let freely = self.network.explain_site(home, neighbour.site, &freely);
                    if freely.is_none_or(|freely| freely.verdict != Verdict::Eligible) {
                        continue;
                    }
                    (&mut walk, distance.saturating_sub(limit))
                }
                _ => continue,
            };
            if self.would_take(subject, neighbour)
                && least.is_none_or(|(least, _)| more < least)
                && self.would_list(subject, neighbour, &freely)
            {
                *least = Some((more, neighbour));
            }
        }
        let radius = radius.map(|(more, near)| Remedy::Reach {
            site: near.site,
            more,
        });
        let walk = walk.map(|(more, near)| Remedy::Walk {
            site: near.site,
            more,
        });
        radius.into_iter().chain(walk).collect()
    }

    /// The nearest site with room that is eligible without the buyer's choice.
    fn other_site(&self, subject: &Subject<'_>) -> Option<Remedy> {
        let freely = freed(&subject.order);
        let has_room = |site: &Site| {
            let load = self.plan.load(site.id);
            load.is_some_and(|load| load.room() >= freely.size)
                && subject.can_go.is_none_or(|can_go| can_go(site))
        };
        let filter = self.filter(&freely, None).matching(&has_room);
        let neighbour = self
            .network
            .nearest_eligible_site(freely.position, &filter)?;
        Some(Remedy::OtherSite { neighbour })
    }

    /// What it costs to be served by the cheapest site, if that has room.
    fn price(&self, subject: &Subject<'_>) -> Option<Remedy> {
        let cheapest = subject.cheapest?;
        let load = self.load(cheapest.site());
        (load.room() >= subject.order.size).then(|| Remedy::Price {
            site: load.site,
            above: Cost::from_millimetres(cheapest.cost()),
        })
    }

    /// Whether a site has room for the order and is worth its cost.
    fn would_take(&self, subject: &Subject<'_>, neighbour: Neighbour) -> bool {
        let Some(slot) = self.terms.slot(neighbour.site) else {
            return false;
        };
        self.load(slot).room() >= subject.order.size
            && self
                .terms
                .cost_of_walk(&subject.asker, slot, neighbour.distance)
                .is_some_and(|cost| cost < self.terms.settings.price_of_nowhere())
    }

    /// Whether the plan would know of a site if it were eligible: of no more than the nearest few, if it is over listed
    /// candidates. `freely` is what holds without the buyer's limit.
    fn would_list(&self, subject: &Subject<'_>, site: Neighbour, freely: &Filter<'_>) -> bool {
        let Some(listed) = self.plan.listed() else {
            return true;
        };
        // One is for the order's home, wherever that is.
        let near = listed - usize::from(subject.order.home.is_some() && listed > 0);
        let found = self
            .network
            .nearest_eligible(subject.order.position, near, freely);
        found.len() < near || found.last().is_some_and(|last| site <= *last)
    }

    /// The nearest sites as far as the assigned one, and those that the explanation names.
    fn considered(
        &self,
        subject: &Subject<'_>,
        assigned: Option<&Assigned>,
        target: Option<u32>,
    ) -> Vec<Considered> {
        let home = subject.order.position;
        let near = self
            .network
            .explain(home, Explanation::CONSIDERED_MAX, &subject.filter);
        let is_near = |near: &Distance| assigned.is_none_or(|assigned| *near <= assigned.distance);
        let near = near
            .into_iter()
            .filter(|near| is_near(&near.neighbour.distance));
        let named = [
            assigned.map(|assigned| assigned.site),
            subject.nearest.map(|nearest| nearest.site),
            target.map(|slot| self.load(slot).site),
        ];
        let named = named.into_iter().flatten();
        let named = named.filter_map(|site| self.network.explain_site(home, site, &subject.filter));
        let mut all: Vec<_> = near.chain(named).collect();
        all.sort_by_key(|candidate| candidate.neighbour);
        all.dedup_by_key(|candidate| candidate.neighbour);
        let considered = all.into_iter().filter_map(|candidate| {
            let merit = match candidate.verdict {
                Verdict::Rejected(rejection) => Merit::Rejected(rejection),
                Verdict::Eligible => {
                    let slot = self.terms.slot(candidate.neighbour.site)?;
                    let load = self.load(slot);
                    Merit::Eligible {
                        cost: Cost::from_millimetres(self.cost(&subject.asker, slot)?),
                        price: load.price,
                        room: load.room(),
                    }
                }
            };
            Some(Considered {
                neighbour: candidate.neighbour,
                merit,
            })
        });
        considered.collect()
    }

    /// An order and the slot where it would cost less than the plan's prices allow, if any was met.
    pub(super) fn refuted(&self) -> Option<(u32, u32)> {
        self.exchanges.get()?.as_ref()?.refuted()
    }

    fn exchanges(&self) -> Option<&Exchanges<'a>> {
        let made = self.exchanges.get_or_init(|| {
            self.is_proven()
                .then(|| Exchanges::new(self.plan, self.terms, self.everywhere.clone()))
                .flatten()
        });
        made.as_ref()
    }

    /// Whether prices prove the plan, be it over listed sites.
    fn is_proven(&self) -> bool {
        matches!(
            self.plan.proof(),
            Proof::Optimal | Proof::OverListedCandidates
        )
    }

    fn filter<'f>(&self, order: &Order, can_go: CanGo<'f>) -> Filter<'f> {
        let filter = self.terms.settings.filter(Filter::for_order(order));
        match can_go {
            Some(can_go) => filter.matching(can_go),
            None => filter,
        }
    }

    fn load(&self, slot: u32) -> &SiteLoad {
        &self.plan.loads()[slot as usize]
    }

    fn cost(&self, asker: &Asker, slot: u32) -> Option<i64> {
        let site = self.terms.site(slot);
        let cost = self.terms.cost(asker, slot, asker.at.chord(site.at));
        cost.filter(|_| site.is_open)
    }

    fn distance(&self, asker: &Asker, slot: u32) -> Distance {
        asker.at.distance_to(self.terms.site(slot).at)
    }
}

/// The order as if the buyer had not limited where it goes.
fn freed(order: &Order) -> Order {
    let wish = match order.wish {
        Wish::Site(_) | Wish::Within(_) => Wish::Any,
        wish => wish,
    };
    Order {
        wish,
        ..order.clone()
    }
}
