//! What the plan says of each order and site, beside what is so.

use crate::order::{Order, Wish};
use crate::plan::{Asked, Assigned, Cost, Decision, Method, Outcome, Plan, Proof, Unassigned};
use crate::units::{Orders, Units};
use crate::verify::rules::{Asker, Rules};
use crate::verify::{Violation, Violations};

/// The decisions on the orders of the batch, and the sums over them.
pub(super) struct Claims<'a> {
    rules: &'a Rules<'a>,
    plan: &'a Plan,
    /// Each order with the decision on it, in the order of ids.
    pub(super) decided: Vec<(&'a Order, &'a Decision)>,
    /// By slot.
    pub(super) sums: Vec<Sums>,
    /// What the plan says each assigned order costs, summed up, and how many are unassigned.
    total: (u32, i128),
}

/// What the plan sends to one site.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) load: u64,
    /// Of the load, the orders that chose the site.
    pub(super) locked: u64,
}

impl<'a> Claims<'a> {
    /// Finds the decision on each order, and whether the plan remembers what it asks. O(n log n), O(n) if the orders
    /// come in the order of their ids.
    pub(super) fn match_up(
        rules: &'a Rules<'a>,
        orders: &'a [Order],
        plan: &'a Plan,
        violations: &mut Violations,
    ) -> Self {
        let mut by_id: Vec<&Order> = orders.iter().collect();
        by_id.sort_by_key(|order| order.id);
        let mut decisions = plan.decisions().iter().zip(plan.asked()).peekable();
        let mut decided = Vec::with_capacity(orders.len());
        let mut last = None;
        for order in by_id {
            if last.replace(order.id) == Some(order.id) {
                violations.push(Violation::OrderTwice { order: order.id });
                continue;
            }
            while let Some((other, _)) = decisions.next_if(|(other, _)| other.order < order.id) {
                violations.push(Violation::UnknownOrder { order: other.order });
            }
            match decisions.next_if(|(decision, _)| decision.order == order.id) {
                Some((decision, remembered)) => {
                    compare(order, remembered, violations);
                    decided.push((order, decision));
                }
                None => violations.push(Violation::NotDecided { order: order.id }),
            }
        }
        for (other, _) in decisions {
            violations.push(Violation::UnknownOrder { order: other.order });
        }
        let mut claims = Self {
            rules,
            plan,
            decided,
            sums: vec![Sums::default(); rules.sites.len()],
            total: (0, 0),
        };
        claims.add_up(violations);
        claims
    }

    /// Sums up all decisions, and gives those who chose their sites their places in the order of ids.
    fn add_up(&mut self, violations: &mut Violations) {
        for (order, decision) in &self.decided {
            let expected = match order.wish {
                Wish::Site(_) => Some(self.place_of_chosen(order)),
                _ => None,
            };
            let claimed = match &decision.outcome {
                Outcome::Assigned(assigned) => {
                    self.total.1 += i128::from(assigned.cost.as_millimetres());
                    if let Some(slot) = self.rules.slot(assigned.site) {
                        let sums = &mut self.sums[slot];
                        sums.load += u64::from(order.size.0);
                        if order.wish == Wish::Site(assigned.site) {
                            sums.locked += u64::from(order.size.0);
                        }
                    }
                    None
                }
                Outcome::Unassigned(why) => {
                    self.total.0 += 1;
                    Some(*why)
                }
            };
            if let Some(expected) = expected
                && expected != claimed
            {
                violations.push(Violation::ChosenSite {
                    order: order.id,
                    claimed,
                    expected,
                });
            }
        }
    }

    /// Why an order is not at the site that it chose; `None` if it should be there.
    fn place_of_chosen(&self, order: &Order) -> Option<Unassigned> {
        let Wish::Site(chosen) = order.wish else {
            return None;
        };
        let Some(slot) = self.rules.slot(chosen) else {
            return Some(Unassigned::ChosenSiteUnknown);
        };
        let asker = Asker::new(order);
        if self.rules.cost_if_eligible(&asker, slot).is_none() {
            return Some(Unassigned::ChosenSiteRefuses);
        }
        let full = self.sums[slot].locked + u64::from(order.size.0)
            > u64::from(self.rules.sites[slot].capacity.0);
        (full && self.plan.method() != Method::Nearest).then_some(Unassigned::ChosenSiteFull)
    }

    /// Whether the order may go where the plan says, is as far from there, and costs as much. Returns the slot and what
    /// it costs in truth.
    pub(super) fn check_assigned(
        &self,
        asker: &Asker<'_>,
        assigned: &Assigned,
        violations: &mut Violations,
    ) -> Option<(usize, i64)> {
        let (order, site) = (asker.order.id, assigned.site);
        let Some(slot) = self.rules.slot(site) else {
            violations.push(Violation::UnknownSite { order, site });
            return None;
        };
        let distance = self.rules.distance(asker, slot);
        if distance != assigned.distance {
            violations.push(Violation::Distance {
                order,
                site,
                claimed: assigned.distance,
                actual: distance,
            });
        }
        if let Some(why) = self.rules.rejection(asker, slot, distance) {
            violations.push(Violation::NotEligible { order, site, why });
            return None;
        }
        let Some(cost) = self.rules.cost(asker, slot, distance) else {
            violations.push(Violation::NoCost { order, site });
            return None;
        };
        let actual = Cost::from_millimetres(cost);
        if actual != assigned.cost {
            violations.push(Violation::Cost {
                order,
                site,
                claimed: assigned.cost,
                actual,
            });
        }
        Some((slot, cost))
    }

    /// How much more the site takes.
    pub(super) fn room(&self, slot: usize) -> u64 {
        let capacity = u64::from(self.rules.sites[slot].capacity.0);
        capacity.saturating_sub(self.sums[slot].load)
    }

    /// Whether loads, capacities and the total are what they should be.
    pub(super) fn check_sums(&self, violations: &mut Violations) {
        let mut loads = self.plan.loads().iter().peekable();
        for (rules, sums) in self.rules.sites.iter().zip(&self.sums) {
            let site = rules.site.id;
            while let Some(other) = loads.next_if(|other| other.site < site) {
                violations.push(Violation::UnknownLoad { site: other.site });
            }
            let Some(claimed) = loads.next_if(|load| load.site == site) else {
                violations.push(Violation::NoLoad { site });
                continue;
            };
            let mut expect = |what, claimed: Units, actual: u64| {
                if u64::from(claimed.0) != actual {
                    violations.push(Violation::Load {
                        site,
                        what,
                        claimed,
                        actual,
                    });
                }
            };
            expect("capacity", claimed.capacity, u64::from(rules.capacity.0));
            expect("load", claimed.load, sums.load);
            expect("locked load", claimed.locked, sums.locked);
            if sums.load > u64::from(rules.capacity.0) && self.plan.method() != Method::Nearest {
                violations.push(Violation::OverCapacity {
                    site,
                    load: sums.load,
                    capacity: rules.capacity,
                });
            }
        }
        for other in loads {
            violations.push(Violation::UnknownLoad { site: other.site });
        }
        self.check_total(violations);
        self.check_proof(violations);
    }

    fn check_total(&self, violations: &mut Violations) {
        let claimed = self.plan.total();
        let (unassigned, cost) = self.total;
        let actual = i64::try_from(cost).map(Cost::from_millimetres);
        if claimed.unassigned != Orders(unassigned) || Ok(claimed.cost) != actual {
            violations.push(Violation::Total {
                claimed,
                unassigned: Orders(unassigned),
                millimetres: cost,
            });
        }
        if let Proof::Bounded { bound } = self.plan.proof()
            && self.value()
                < (
                    bound.unassigned.0.into(),
                    bound.cost.as_millimetres().into(),
                )
        {
            violations.push(Violation::BoundAbove { bound });
        }
    }

    /// Whether method, proof and lists belong together for such orders and costs.
    fn check_proof(&self, violations: &mut Violations) {
        let (method, proof) = (self.plan.method(), self.plan.proof());
        let free = self.decided.iter().map(|(order, _)| order);
        let free = free.filter(|order| !matches!(order.wish, Wish::Site(_)));
        let mut sizes = free.map(|order| order.size);
        let first = sizes.next();
        let is_equal = sizes.all(|size| Some(size) == first);
        let is_bounded = self.rules.is_bounded();
        let belong = match (method, proof) {
            (Method::Balanced, Proof::Optimal) => is_equal,
            (Method::Balanced, Proof::OverListedCandidates) => is_equal && !is_bounded,
            (Method::Balanced, Proof::Bounded { .. }) => !is_equal && is_bounded,
            (Method::Balanced, Proof::Nothing) => !is_equal && !is_bounded,
            (_, proof) => proof == Proof::Nothing,
        };
        if !belong {
            violations.push(Violation::Proof { method, proof });
        }
        let listed = self.plan.listed();
        let is_over_lists = proof == Proof::OverListedCandidates;
        if listed.is_some() != is_over_lists || listed == Some(0) {
            violations.push(Violation::Listed { proof, listed });
        }
    }

    /// The value of the plan as its objective counts it.
    fn value(&self) -> (i128, i128) {
        let (unassigned, cost) = (i128::from(self.total.0), self.total.1);
        let nowhere = self.rules.nowhere;
        (
            unassigned * i128::from(nowhere.unassigned),
            cost + unassigned * i128::from(nowhere.cost),
        )
    }
}

/// Whether the plan remembers of an order what it asks.
fn compare(order: &Order, remembered: &Asked, violations: &mut Violations) {
    // Not every reader of JSON gives a number its last bit back.
    const LAST_BITS: f64 = 1e-12;
    let (here, there) = (order.position, remembered.position);
    let (lng, lat) = (here.lng() - there.lng(), here.lat() - there.lat());
    let same = [
        ("position", lng.abs().max(lat.abs()) <= LAST_BITS),
        ("size", order.size == remembered.size),
        (
            "set of required tags",
            order.required_tags == remembered.required_tags,
        ),
        ("wish", order.wish == remembered.wish),
        ("home", order.home == remembered.home),
    ];
    for (what, _) in same.into_iter().filter(|(_, same)| !same) {
        let order = order.id;
        violations.push(Violation::Remembered { order, what });
    }
}
