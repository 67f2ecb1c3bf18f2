//! Whether the prices of a plan prove it.

use crate::balance::Price;
use crate::id::SiteId;
use crate::order::{Order, Wish};
use crate::plan::{Cost, Decision, Method, Outcome, Plan, Proof, Unassigned};
use crate::verify::claims::Claims;
use crate::verify::rules::{Asker, Rules, plus};
use crate::verify::tree::Tree;
use crate::verify::{Violation, Violations};

/// What is held against every order.
pub(super) struct Certificate<'a> {
    rules: &'a Rules<'a>,
    plan: &'a Plan,
    claims: &'a Claims<'a>,
    /// By slot: those of the plan, where it claims any.
    prices: Vec<Price>,
    /// Knows the prices.
    priced: Tree,
    /// Knows the surcharges only.
    free: Tree,
    /// Knows distances only, where costs can't be searched by price.
    by_distance: Option<(Tree, Lists)>,
    claim: Claim,
}

/// Which sites a plan knows of where distance bounds no cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    /// Of each order its home and then the nearest, so many in all.
    Nearest(usize),
    /// All.
    All,
    /// The plan does not say how many: the first of those at least.
    Unsaid,
}

/// What a plan claims of each order that goes somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// No eligible site is better, prices included; or none of those listed.
    Least,
    /// It is at least as good as to go nowhere.
    BetterThanNowhere,
    /// No eligible site that has room is better.
    LeastWithRoom,
    /// Nothing beyond its being eligible.
    Nothing,
}

/// An order that is at the first place, or nowhere, and would do just as well at the second, which has a price.
pub(super) type Hold = (u32, u32);

const NOWHERE: u32 = u32::MAX;

/// A limit that no cost is beyond.
const EVERYWHERE: Price = Price {
    unassigned: 0,
    cost: i64::MAX,
};

/// Orders handed to a thread together.
const TOGETHER: usize = 4_096;

impl<'a> Certificate<'a> {
    /// O(m log m).
    pub(super) fn new(rules: &'a Rules<'a>, plan: &'a Plan, claims: &'a Claims<'a>) -> Self {
        let is_proven = matches!(plan.proof(), Proof::Optimal | Proof::OverListedCandidates);
        let price = |slot: usize| match plan.load(rules.sites[slot].site.id) {
            Some(load) if is_proven => load.price,
            _ => Price::default(),
        };
        let prices: Vec<Price> = (0..rules.sites.len()).map(price).collect();
        let lists = match plan.proof() {
            Proof::OverListedCandidates => plan.listed().map(Lists::Nearest),
            Proof::Optimal if !rules.is_bounded() => Some(Lists::All),
            Proof::Nothing if !rules.is_bounded() => Some(Lists::Unsaid),
            _ => None,
        };
        let claim = match (plan.proof(), plan.method()) {
            (Proof::Optimal, _) => Claim::Least,
            (Proof::OverListedCandidates, _) if lists.is_some() => Claim::Least,
            (Proof::OverListedCandidates, _) => Claim::BetterThanNowhere,
            (Proof::Nothing, Method::Nearest) if rules.is_bounded() => Claim::Least,
            (Proof::Nothing, Method::Greedy) if rules.is_bounded() => Claim::LeastWithRoom,
            _ => Claim::Nothing,
        };
        Self {
            rules,
            plan,
            claims,
            priced: rules.tree(|slot| prices[slot]),
            free: rules.tree(|_| Price::default()),
            by_distance: lists.map(|lists| (rules.tree_of_distances(), lists)),
            prices,
            claim,
        }
    }

    /// Checks order by order, and returns who holds up which site.
    pub(super) fn check_orders(&self, violations: &mut Violations) -> Vec<Hold> {
        let runs: Vec<_> = self.claims.decided.chunks(TOGETHER).collect();
        let checked = map_in_order(&runs, |run| {
            let (mut found, mut holds) = (Violations::none(), Vec::new());
            for (order, decision) in *run {
                self.check_order(order, decision, &mut found, &mut holds);
            }
            holds.sort_unstable();
            holds.dedup();
            (found, holds)
        });
        let mut held_up = Vec::new();
        for (found, holds) in checked {
            violations.append(found);
            held_up.extend(holds);
        }
        held_up
    }

    fn check_order(
        &self,
        order: &Order,
        decision: &Decision,
        violations: &mut Violations,
        holds: &mut Vec<Hold>,
    ) {
        let asker = Asker::new(order);
        let (slot, own) = match &decision.outcome {
            Outcome::Assigned(assigned) => {
                let checked = self.claims.check_assigned(&asker, assigned, violations);
                let Some((slot, cost)) = checked else {
                    return;
                };
                (slot as u32, plus(self.prices[slot], cost))
            }
            Outcome::Unassigned(why) => {
                if !matches!(order.wish, Wish::Site(_)) {
                    self.check_reason(&asker, *why, violations);
                }
                (NOWHERE, self.rules.nowhere)
            }
        };
        if matches!(order.wish, Wish::Site(_)) {
            return;
        }
        match self.claim {
            Claim::Least => self.check_least(&asker, slot, own, violations, holds),
            Claim::LeastWithRoom => self.check_least_with_room(&asker, slot, own, violations),
            Claim::BetterThanNowhere | Claim::Nothing => {}
        }
        if self.claim != Claim::Nothing && own > self.rules.nowhere {
            violations.push(Violation::BetterNowhere {
                order: order.id,
                own,
                nowhere: self.rules.nowhere,
            });
        }
    }

    /// Whether no eligible site is better than the order's own place, and which are as good.
    fn check_least(
        &self,
        asker: &Asker<'_>,
        own_slot: u32,
        own: Price,
        violations: &mut Violations,
        holds: &mut Vec<Hold>,
    ) {
        let mut best = (own, own_slot);
        self.each_known(asker, own, |slot, cost| {
            let price = self.prices[slot as usize];
            let value = plus(price, cost);
            if slot != own_slot && value == own && price > Price::default() {
                holds.push((own_slot, slot));
            }
            if value < own {
                best = best.min((value, slot));
            }
            own
        });
        self.object_to(asker, (own, own_slot), best, violations);
    }

    /// As [`each_eligible`](Self::each_eligible) with prices; for a plan over listed sites, each of those.
    fn each_known(
        &self,
        asker: &Asker<'_>,
        limit: Price,
        mut visit: impl FnMut(u32, i64) -> Price,
    ) {
        match &self.by_distance {
            None => self.each_eligible(&self.priced, asker, limit, visit),
            Some((near, Lists::Nearest(count))) => {
                for (_, slot, cost) in self.nearest(near, asker, *count) {
                    visit(slot, cost);
                }
            }
            Some((near, Lists::All | Lists::Unsaid)) => {
                self.each_eligible(near, asker, EVERYWHERE, |slot, cost| {
                    visit(slot, cost);
                    EVERYWHERE
                });
            }
        }
    }

    /// The order's home and then the nearest eligible sites, so many in all, with their distances and costs.
    fn nearest(&self, near: &Tree, asker: &Asker<'_>, count: usize) -> Vec<(i64, u32, i64)> {
        let mut found: Vec<(i64, u32, i64)> = Vec::with_capacity(count.saturating_add(1).min(64));
        let home = asker.order.home.and_then(|home| self.rules.slot(home));
        self.each_eligible(near, asker, EVERYWHERE, |slot, cost| {
            let distance = self.rules.distance(asker, slot as usize);
            let rank = match home {
                Some(home) if home == slot as usize => -1,
                _ => Cost::from(distance).as_millimetres(),
            };
            let place = found.partition_point(|other| (other.0, other.1) < (rank, slot));
            found.insert(place, (rank, slot, cost));
            found.truncate(count);
            let farthest = found.last().filter(|_| found.len() == count);
            farthest.map_or(EVERYWHERE, |(rank, ..)| plus(Price::default(), *rank))
        });
        found
    }

    /// Whether no eligible site that has room at the end is better.
    fn check_least_with_room(
        &self,
        asker: &Asker<'_>,
        own_slot: u32,
        own: Price,
        violations: &mut Violations,
    ) {
        let mut best = (own, own_slot);
        let size = u64::from(asker.order.size.0);
        let room_counts = self.plan.method() != Method::Nearest;
        let mut note = |slot: u32, cost: i64| {
            let value = plus(Price::default(), cost);
            if value < best.0 && (!room_counts || self.claims.room(slot as usize) >= size) {
                best = (value, slot);
            }
            best.0
        };
        match &self.by_distance {
            // Of those that the plan knows of, the first alone is known.
            Some((near, _)) => {
                for (_, slot, cost) in self.nearest(near, asker, 1) {
                    note(slot, cost);
                }
            }
            None => self.each_eligible(&self.free, asker, own, note),
        }
        self.object_to(asker, (own, own_slot), best, violations);
    }

    fn object_to(
        &self,
        asker: &Asker<'_>,
        own: (Price, u32),
        best: (Price, u32),
        violations: &mut Violations,
    ) {
        if best.0 < own.0 {
            violations.push(Violation::BetterElsewhere {
                order: asker.order.id,
                site: self.id(own.1),
                value: own.0,
                better_site: self.rules.sites[best.1 as usize].site.id,
                better_value: best.0,
            });
        }
    }

    fn id(&self, slot: u32) -> Option<SiteId> {
        self.rules
            .sites
            .get(slot as usize)
            .map(|rules| rules.site.id)
    }

    /// Whether the order goes nowhere for the reason that the plan gives.
    fn check_reason(&self, asker: &Asker<'_>, claimed: Unassigned, violations: &mut Violations) {
        let expected = match &self.by_distance {
            Some((near, Lists::Unsaid)) => self.reason_over_some(near, asker, claimed),
            _ => self.reason(self.least_known(asker)),
        };
        if claimed != expected {
            let order = asker.order.id;
            violations.push(Violation::Reason {
                order,
                claimed,
                expected,
            });
        } else if self.claim == Claim::Nothing && expected == Unassigned::NoRoom {
            self.check_least_with_room(asker, NOWHERE, self.rules.nowhere, violations);
        }
    }

    /// Why an order goes nowhere that costs so much at the cheapest site that the plan knows of.
    fn reason(&self, least: Option<i64>) -> Unassigned {
        match least {
            None => Unassigned::NoEligibleSite,
            Some(cost) if !self.is_worth(cost) => Unassigned::TooDear,
            Some(_) => Unassigned::NoRoom,
        }
    }

    /// Whether it is better to serve an order at this cost than to leave it.
    fn is_worth(&self, cost: i64) -> bool {
        plus(Price::default(), cost) < self.rules.nowhere
    }

    /// What the order costs at the cheapest eligible site that the plan knows of.
    fn least_known(&self, asker: &Asker<'_>) -> Option<i64> {
        let mut least: Option<i64> = None;
        let mut note = |cost: i64| {
            let cheapest = least.map_or(cost, |least| least.min(cost));
            least = Some(cheapest);
            plus(Price::default(), cheapest)
        };
        match &self.by_distance {
            Some(_) => self.each_known(asker, EVERYWHERE, |_, cost| note(cost)),
            None => self.each_eligible(&self.free, asker, EVERYWHERE, |_, cost| note(cost)),
        }
        least
    }

    /// The reason where the plan may have known all eligible sites, or only the first of the list: the one claimed, if
    /// it is true of some list.
    fn reason_over_some(&self, near: &Tree, asker: &Asker<'_>, claimed: Unassigned) -> Unassigned {
        let first = self.nearest(near, asker, 1).first().copied();
        let over_first = self.reason(first.map(|(.., cost)| cost));
        if over_first != Unassigned::TooDear || claimed != Unassigned::NoRoom {
            return over_first;
        }
        // Some site farther away must be worth its cost, but full.
        let size = u64::from(asker.order.size.0);
        let mut is_kept_out = false;
        if self.plan.method() != Method::Nearest {
            self.each_known(asker, EVERYWHERE, |slot, cost| {
                is_kept_out |= self.is_worth(cost) && self.claims.room(slot as usize) < size;
                EVERYWHERE
            });
        }
        if is_kept_out { claimed } else { over_first }
    }

    /// Calls `visit(slot, cost)` for every eligible site whose cost and price may be at most the limit, which `visit`
    /// may lower.
    fn each_eligible(
        &self,
        tree: &Tree,
        asker: &Asker<'_>,
        limit: Price,
        mut visit: impl FnMut(u32, i64) -> Price,
    ) {
        let mut limit = limit;
        let home = asker.order.home.and_then(|home| self.rules.slot(home));
        if let Some(home) = home
            && let Some(cost) = self.rules.cost_if_eligible(asker, home)
        {
            limit = visit(home as u32, cost);
        }
        tree.search(asker.address.at, limit, |slot| {
            if home != Some(slot as usize)
                && let Some(cost) = self.rules.cost_if_eligible(asker, slot as usize)
            {
                limit = visit(slot, cost);
            }
            limit
        });
    }

    /// Whether prices are those of a certificate, and no smaller ones would do.
    pub(super) fn check_prices(&self, holds: &[Hold], violations: &mut Violations) {
        let size = self.common_size();
        let is_held = self.held_up_from_below(holds);
        for (slot, rules) in self.rules.sites.iter().enumerate() {
            let site = rules.site.id;
            let Some(load) = self.plan.load(site) else {
                continue;
            };
            let (price, room) = (load.price, self.claims.room(slot));
            if price == Price::default() {
                continue;
            }
            if self.prices[slot] != price {
                violations.push(Violation::PriceUnproven { site, price });
            } else if price < Price::default() {
                violations.push(Violation::PriceNegative { site, price });
            } else if room >= size {
                violations.push(Violation::PriceDespiteRoom { site, price, room });
            } else if self.claim == Claim::Least && !is_held[slot] {
                violations.push(Violation::PriceNotLeast { site, price });
            }
        }
    }

    /// What one place is: the size of the orders that share the prices.
    fn common_size(&self) -> u64 {
        let free = self
            .claims
            .decided
            .iter()
            .filter(|(order, _)| !matches!(order.wish, Wish::Site(_)));
        free.map(|(order, _)| u64::from(order.size.0))
            .min()
            .unwrap_or(1)
    }

    /// By slot: whether a chain of orders, each as well off at the next site, leads there from a place without a price.
    fn held_up_from_below(&self, holds: &[Hold]) -> Vec<bool> {
        let mut by_holder = holds.to_vec();
        by_holder.sort_unstable();
        by_holder.dedup();
        let mut is_held: Vec<bool> = self
            .prices
            .iter()
            .map(|price| *price == Price::default())
            .collect();
        let mut open: Vec<u32> = (0..)
            .zip(&is_held)
            .filter(|(_, held)| **held)
            .map(|(slot, _)| slot)
            .collect();
        open.push(NOWHERE);
        while let Some(holder) = open.pop() {
            let first = by_holder.partition_point(|hold| hold.0 < holder);
            for (_, site) in by_holder[first..]
                .iter()
                .take_while(|hold| hold.0 == holder)
            {
                if !core::mem::replace(&mut is_held[*site as usize], true) {
                    open.push(*site);
                }
            }
        }
        is_held
    }
}

/// The answers in the order of the runs, on all threads.
#[cfg(feature = "rayon")]
fn map_in_order<Q: Sync, A: Send>(runs: &[Q], answer: impl Fn(&Q) -> A + Sync + Send) -> Vec<A> {
    use rayon::prelude::*;

    runs.par_iter().map(answer).collect()
}

#[cfg(not(feature = "rayon"))]
fn map_in_order<Q, A>(runs: &[Q], answer: impl Fn(&Q) -> A) -> Vec<A> {
    runs.iter().map(answer).collect()
}
