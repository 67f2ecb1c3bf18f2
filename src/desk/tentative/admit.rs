//! An order comes to the plan.

use crate::balance::{Candidate, Edit};
use crate::desk::counter::Counter;
use crate::desk::market::Found;
use crate::desk::places::NOWHERE;
use crate::desk::tentative::{Shift, Tentative};
use crate::desk::{Cause, Mismatch, Refusal};
use crate::order::{Order, Wish};
use crate::units::Units;

/// Where the plan takes an order, its number ([`NOWHERE`] if it is pinned there), and who has moved for it.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    place: u32,
    number: u32,
    moves: Vec<Shift>,
}

impl Counter {
    /// Finds a place for an order, moving others if that is best. Those have moved when this returns; the order itself
    /// has its number, and its place is waited for by [`take_up`](Self::take_up).
    ///
    /// `because` is why it has to leave the place that it has, if it has one.
    pub(in crate::desk) fn admit(
        &mut self,
        order: &Order,
        slot: u32,
        because: Option<Cause>,
    ) -> Result<Found, Refusal> {
        self.make_room_for_numbers();
        if because == Some(Cause::OutOfStock) {
            self.shun(slot);
        }
        if let Wish::Site(site) = order.wish {
            let place = self.open_site(site)?;
            let home = self.home_of(order);
            self.market
                .at_site(order, home, site)
                .ok_or(Refusal::NotEligible { site })?;
            if self.places[place].effective() == 0 {
                return Err(Refusal::SiteFull {
                    site,
                    room: Units(0),
                });
            }
        }
        if order.size == Units(1) {
            let listed = self.policy.listed.max(1);
            for wanted in [listed, 8 * listed] {
                let row = self.row(order, slot, because, wanted);
                if row.is_empty() {
                    break;
                }
                let exact = row.len() < wanted || wanted > listed;
                if let Some(found) = self.add(order, slot, &row, exact) {
                    return Ok(found);
                }
            }
        }
        let found = match because {
            None => self.choose(order, None)?,
            Some(because) => self
                .elsewhere(order, slot, because)
                .ok_or(Refusal::EverySiteFull)?,
        };
        if order.size == Units(1)
            && let Some(found) = self.add(order, slot, &[found], true)
        {
            return Ok(found);
        }
        self.set_admitted(Admitted {
            place: found.place,
            number: NOWHERE,
            moves: Vec::new(),
        });
        Ok(found)
    }

    /// The number of an order that goes to a place, as the plan has decided; `NOWHERE` without a plan.
    pub(in crate::desk) fn take_up(
        &mut self,
        order: &Order,
        slot: u32,
        because: Option<Cause>,
        place: u32,
    ) -> Result<u32, Mismatch> {
        let Some(plan) = &mut self.plan else {
            return Ok(NOWHERE);
        };
        let mismatch = Mismatch::Order { order: order.id };
        if plan.admitted.is_none() {
            self.admit(order, slot, because).map_err(|_| mismatch)?;
        }
        let admitted = self.plan.as_mut().and_then(|plan| plan.admitted.take());
        let admitted = admitted.filter(|admitted| admitted.place == place);
        let admitted = admitted.ok_or(mismatch)?;
        if let Some(plan) = &mut self.plan {
            plan.moves.extend(admitted.moves);
        }
        Ok(admitted.number)
    }

    /// The cheapest sites for an order, with room or not: the plan may make some.
    fn row(&self, order: &Order, slot: u32, because: Option<Cause>, wanted: usize) -> Vec<Found> {
        let own = because.map(|_| slot);
        let may = |place: u32| {
            self.places[place].effective() > 0
                && own.is_none_or(|own| self.may_go(own, place, because))
                && self.has_goods(order, place, own)
        };
        self.market.listed(order, self.home_of(order), wanted, may)
    }

    /// Adds an order with these candidates, if everybody keeps a place and all find their goods. Unless the row is
    /// `exact`, no site beyond it may be better at the prices of now.
    fn add(&mut self, order: &Order, slot: u32, row: &[Found], exact: bool) -> Option<Found> {
        let candidates = row
            .iter()
            .map(|found| Candidate::new(found.place, found.cost));
        let mut candidates = candidates.collect::<Result<Vec<_>, _>>().ok()?;
        candidates.sort_unstable();
        let last = row.last()?.cost;
        let mut plan = self.plan.take()?;
        let Tentative {
            balancer,
            slots,
            shunned,
            ..
        } = &mut plan;
        let mut shifts = None;
        let mut site = NOWHERE;
        let edit = Edit::Add {
            row: candidates,
            unassigned_at: None,
        };
        let made = balancer.apply_if(edit, |balancer, changed| {
            let at = changed.order.and_then(|number| balancer.site(number));
            site = at.unwrap_or(NOWHERE);
            let cost = row
                .iter()
                .find(|found| found.place == site)
                .map(|found| found.cost);
            let is_best = exact || cost.is_some_and(|cost| cost + balancer.price_sum(site) <= last);
            if is_best && changed.after.unassigned == 0 {
                shifts = self.sequence(slots, *shunned, Some((order, slot, site)), changed);
            }
            shifts.is_some()
        });
        let number = made.ok().flatten().and_then(|made| made.order);
        if number.is_some() {
            plan.slots.push(slot);
            plan.managed[site as usize] += 1;
        }
        self.plan = Some(plan);
        let number = number?;
        let moves = shifts.unwrap_or_default();
        self.book(&moves);
        self.set_admitted(Admitted {
            place: site,
            number,
            moves,
        });
        row.iter().find(|found| found.place == site).copied()
    }

    fn set_admitted(&mut self, admitted: Admitted) {
        if let Some(plan) = &mut self.plan {
            plan.admitted = Some(admitted);
        }
    }
}
