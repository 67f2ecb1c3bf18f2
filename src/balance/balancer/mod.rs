//! A plan that is kept optimal while orders and sites change.

mod edit;
mod keep;
mod table;

use core::fmt;

use crate::balance::engine::{ABSENT, Engine, Step};
use crate::balance::solve::{optimal_engine, solution};
use crate::balance::{Candidate, Objective, Price, Problem, ProblemError, Solution, Total};
pub use edit::{Changed, Edit, EditError, Marginal, Moved};
use table::Table;

/// A plan that is kept optimal while orders come and go.
///
/// After every change the plan is as good as one made from scratch, and only what the change reaches is touched: an
/// order that arrives pushes along one chain of moves, one that leaves pulls one up. Orders are numbered in the order
/// of their arrival, those of the problem first; numbers are not used again. Sites are those of the problem: give one
/// that may open later a capacity of 0.
///
/// # Complexity
///
/// A change of one order or one place costs one search: O(s log s + x) for the s sites nearer than the nearest room or
/// taker and the x exits between them. The first time that a place becomes free, every site is listed once. Memory:
/// that of the problem, and about 16 bytes for each candidate that is near enough to matter.
///
/// ```
/// use catchment::balance::{Balancer, Candidate, Edit, Objective, Problem, Rows};
/// let problem = Problem::new(vec![1, 5], Rows::default(), Objective::FewestUnassigned)?;
/// let mut balancer = Balancer::new(&problem)?;
/// balancer.apply(Edit::add([Candidate::new(0, 100)?, Candidate::new(1, 250)?]))?;
/// assert_eq!(balancer.site(0), Some(0));
///
/// // The second order needs the place more than the first does.
/// let changed = balancer.apply(Edit::add([Candidate::new(0, 110)?, Candidate::new(1, 400)?]))?;
/// assert_eq!((balancer.site(0), balancer.site(1)), (Some(1), Some(0)));
/// assert_eq!(changed.moved.len(), 2);
/// assert_eq!((changed.before.cost, changed.after.cost), (100, 360));
///
/// // What would a second place there save? What if the second order were cancelled?
/// assert_eq!(balancer.marginal(0)?.one_more.cost, 150);
/// let cancelled = balancer.what_if(Edit::Remove { order: 1 })?;
/// assert_eq!((cancelled.after.cost, balancer.total().cost), (100, 360));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Balancer {
    engine: Engine<Table>,
    /// Where locked orders are, a site or nowhere; [`ABSENT`] for the others.
    locked: Vec<u32>,
    /// How many of them are at each site.
    locked_at: Vec<u32>,
    capacities: Vec<u32>,
    needs_prices: NeedsPrices,
    /// How many orders are at the site that they would pay for leaving.
    at_anchor: i64,
}

/// Whether every order has its own price for staying unassigned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NeedsPrices {
    Yes,
    No,
}

/// What has to be taken back with an edit, apart from the steps of orders.
enum Inverse {
    Nothing,
    PopOrder,
    SetRow(u32, Box<[Candidate]>),
    SetCapacity(u32, u32),
    Lock(u32, u32),
    Unlock(u32, u32),
}

impl Balancer {
    /// The optimal plan of a problem, ready for changes.
    ///
    /// # Errors
    ///
    /// [`ProblemError::CostsTooFarApart`] for more than 524,286 sites under [`Objective::FewestUnassigned`]: costs of
    /// any size may come later, so the limits of the problem must hold for the largest. [`ProblemError::TooManyOrders`]
    /// beyond [`ORDERS_MAX`](Problem::ORDERS_MAX).
    pub fn new(problem: &Problem) -> Result<Self, ProblemError> {
        let orders = problem.orders();
        let level = problem.largest_level()?;
        Ok(Self {
            engine: optimal_engine(problem, Table::of(problem.rows()), level, &[]),
            locked: vec![ABSENT; orders],
            locked_at: vec![0; problem.sites()],
            capacities: problem.capacities().to_vec(),
            needs_prices: match problem.objective() {
                Objective::UnassignedAtEach(_) => NeedsPrices::Yes,
                _ => NeedsPrices::No,
            },
            at_anchor: 0,
        })
    }

    /// The site of an order; `None` if it is unassigned or not there. O(1).
    #[must_use]
    pub fn site(&self, order: u32) -> Option<u32> {
        let order = order as usize;
        let place = match self.locked.get(order)? {
            &ABSENT => self.engine.spots[order].place,
            place => *place,
        };
        Some(place).filter(|place| *place < self.engine.nowhere())
    }

    /// The value of the plan without locked orders and without prices of moves. O(1).
    #[must_use]
    pub fn total(&self) -> Total {
        let mut total = self.engine.total();
        total.cost += self.at_anchor * self.engine.source.move_price;
        total
    }

    /// The plan and its least prices. Locked and removed orders have no site in it.
    ///
    /// O(orders + sites), and after something became free O(exits log sites) once.
    pub fn solution(&mut self) -> Solution {
        self.engine.make_prices_least();
        let mut solution = solution(&self.engine);
        solution.total = self.total();
        solution
    }

    /// What one place more or less at a site is worth. One search in each direction.
    ///
    /// # Errors
    ///
    /// [`ProblemError::NoSuchSite`].
    pub fn marginal(&mut self, site: u32) -> Result<Marginal, ProblemError> {
        let capacity = self.capacity(site)?;
        let level = self.engine.level();
        let node = self.engine.nodes[site as usize];
        let (_, above_least) = self.engine.best_taker(site);
        let one_more = Price::from_sum(node.price - above_least, level);
        let one_less = if node.room > 0 {
            Some(Price::default())
        } else if self.locked_at[site as usize] == capacity {
            None
        } else {
            let (_, below_greatest) = self.engine.nearest_room(site);
            Some(Price::from_sum(node.price + below_greatest, level))
        };
        Ok(Marginal { one_more, one_less })
    }

    /// Makes a change, and the plan optimal again.
    ///
    /// # Errors
    ///
    /// [`EditError`] if the change makes no sense; then nothing has changed.
    pub fn apply(&mut self, edit: Edit) -> Result<Changed, EditError> {
        self.make(edit).map(|(changed, ..)| changed)
    }

    /// What a change would do: exactly the result of [`apply`](Self::apply), but the plan stays as it is.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    pub fn what_if(&mut self, edit: Edit) -> Result<Changed, EditError> {
        let prices = self.engine.prices();
        let (changed, inverse, steps) = self.make(edit)?;
        self.count_anchored(&steps, -1);
        self.take_back(inverse, &steps, &prices);
        Ok(changed)
    }

    /// From now on every order that has a site pays this price for being anywhere else, until this is called again.
    ///
    /// With a price at least that of before, the plan stays as it is; later changes then move an order only where
    /// that saves more than the price. With a smaller one, orders that were held back move. Prices of capacity and
    /// [`marginal`](Self::marginal) values count what is paid for moves, [`total`](Self::total) does not.
    /// O(candidates).
    ///
    /// # Errors
    ///
    /// [`ProblemError::MovePrice`] if a cost less the price is out of range, or the price is negative.
    pub fn set_move_price(&mut self, price: i64) -> Result<(), ProblemError> {
        if price < 0 {
            return Err(ProblemError::MovePrice { price });
        }
        let engine = &mut self.engine;
        let nowhere = engine.nowhere();
        let (old_price, anchors) = (engine.source.move_price, &engine.source.anchors);
        let mut costs = Vec::with_capacity(anchors.len());
        for (spot, anchor) in engine.spots.iter().zip(anchors) {
            let mut cost = spot.cost;
            if spot.place < nowhere {
                cost += if *anchor == spot.place { old_price } else { 0 };
                cost = cost.saturating_sub(price);
                if cost < -Candidate::COST_MAX {
                    return Err(ProblemError::MovePrice { price });
                }
            }
            costs.push(cost);
        }
        let spots = engine.spots.iter();
        engine.source.anchors = spots.map(|spot| spot.place.min(nowhere)).collect();
        engine.source.move_price = price;
        engine.reprice(costs.into_iter());
        engine.begin_journal();
        engine.settle();
        let steps = engine.end_journal();
        let anchors = engine.source.anchors.iter();
        self.at_anchor = anchors.filter(|anchor| **anchor < nowhere).count() as i64;
        self.count_anchored(&steps, 1);
        Ok(())
    }

    fn make(&mut self, edit: Edit) -> Result<(Changed, Inverse, Vec<Step>), EditError> {
        let before = self.total();
        let order = match &edit {
            Edit::Add { .. } => Some(self.locked.len() as u32),
            Edit::SetCapacity { .. } => None,
            Edit::Remove { order }
            | Edit::SetRow { order, .. }
            | Edit::Lock { order }
            | Edit::Unlock { order } => Some(*order),
        };
        self.engine.begin_journal();
        let inverse = self.edit(edit);
        let steps = self.engine.end_journal();
        let inverse = inverse?;
        self.count_anchored(&steps, 1);
        let changed = Changed {
            order,
            moved: self.moved(&inverse, &steps),
            before,
            after: self.total(),
        };
        Ok((changed, inverse, steps))
    }

    fn edit(&mut self, edit: Edit) -> Result<Inverse, EditError> {
        match edit {
            Edit::Add { row, unassigned_at } => self.add(row, unassigned_at),
            Edit::Remove { order } => self.remove(order),
            Edit::SetRow { order, row } => self.set_row(order, row),
            Edit::SetCapacity { site, capacity } => self.set_capacity(site, capacity),
            Edit::Lock { order } => self.lock(order),
            Edit::Unlock { order } => self.unlock(order),
        }
    }

    fn add(&mut self, row: Vec<Candidate>, price: Option<i64>) -> Result<Inverse, EditError> {
        let order = self.locked.len() as u32;
        if self.locked.len() == Problem::ORDERS_MAX {
            let orders = self.locked.len() + 1;
            return Err(ProblemError::TooManyOrders { orders }.into());
        }
        self.check_row(&row)?;
        let price = match (self.needs_prices, price) {
            (NeedsPrices::No, _) => 0,
            (NeedsPrices::Yes, None) => return Err(EditError::PriceMissing { order }),
            (NeedsPrices::Yes, Some(price)) => price,
        };
        if !(-Candidate::COST_MAX..=Candidate::COST_MAX).contains(&price) {
            return Err(ProblemError::CostTooLarge { cost: price }.into());
        }
        self.engine.push_order(price);
        self.engine.source.push(row);
        self.locked.push(ABSENT);
        self.engine.admit(order);
        Ok(Inverse::PopOrder)
    }

    fn remove(&mut self, order: u32) -> Result<Inverse, EditError> {
        match self.lock_of(order)? {
            ABSENT => {
                let place = self.engine.remove(order);
                self.refill(place);
                Ok(Inverse::Nothing)
            }
            place => {
                self.set_lock(order, ABSENT);
                self.engine.take_room(place, -1);
                self.refill(place);
                Ok(Inverse::Lock(order, place))
            }
        }
    }

    fn set_row(&mut self, order: u32, row: Vec<Candidate>) -> Result<Inverse, EditError> {
        self.check_unlocked(order)?;
        self.check_row(&row)?;
        let anchor = self.engine.source.anchors[order as usize];
        let price = self.engine.source.move_price;
        let rewarded = row.iter().find(|candidate| candidate.site() == anchor);
        if let Some(cost) = rewarded.map(|candidate| candidate.cost() - price)
            && cost < -Candidate::COST_MAX
        {
            return Err(ProblemError::CostTooLarge { cost }.into());
        }
        let place = self.engine.remove(order);
        let row = self.engine.source.set_row(order, row.into());
        self.engine.admit(order);
        self.refill(place);
        Ok(Inverse::SetRow(order, row))
    }

    fn set_capacity(&mut self, site: u32, capacity: u32) -> Result<Inverse, EditError> {
        let before = self.capacity(site)?;
        let locked = self.locked_at[site as usize];
        if capacity < locked {
            return Err(EditError::TooManyLocked {
                site,
                capacity,
                locked,
            });
        }
        self.capacities[site as usize] = capacity;
        let less = i64::from(before) - i64::from(capacity);
        self.engine.take_room(site, less);
        self.engine.relieve_site(site);
        self.refill(site);
        Ok(Inverse::SetCapacity(site, before))
    }

    fn lock(&mut self, order: u32) -> Result<Inverse, EditError> {
        self.check_unlocked(order)?;
        let place = self.engine.remove(order);
        self.engine.take_room(place, 1);
        self.set_lock(order, place);
        Ok(Inverse::Unlock(order, place))
    }

    fn unlock(&mut self, order: u32) -> Result<Inverse, EditError> {
        let place = self.lock_of(order)?;
        if place == ABSENT {
            return Err(EditError::NotLocked { order });
        }
        self.set_lock(order, ABSENT);
        self.engine.take_room(place, -1);
        self.engine.admit(order);
        self.refill(place);
        Ok(Inverse::Lock(order, place))
    }

    /// Returns to the plan before an edit. The steps include those of the order that was added or removed.
    fn take_back(&mut self, inverse: Inverse, steps: &[Step], prices: &[i64]) {
        // Orders find their candidates in their rows, so these come first.
        let inverse = match inverse {
            Inverse::SetRow(order, row) => {
                self.engine.source.set_row(order, row);
                Inverse::Nothing
            }
            inverse => inverse,
        };
        self.engine.undo(steps, prices);
        match inverse {
            Inverse::Nothing | Inverse::SetRow(..) => {}
            Inverse::PopOrder => {
                self.engine.pop_order();
                self.engine.source.pop();
                self.locked.pop();
            }
            Inverse::SetCapacity(site, capacity) => {
                let now = core::mem::replace(&mut self.capacities[site as usize], capacity);
                let less = i64::from(now) - i64::from(capacity);
                self.engine.take_room(site, less);
            }
            Inverse::Lock(order, place) => {
                self.engine.take_room(place, 1);
                self.set_lock(order, place);
            }
            Inverse::Unlock(order, place) => {
                self.engine.take_room(place, -1);
                self.set_lock(order, ABSENT);
            }
        }
    }

    /// The orders whose site has changed, by number.
    fn moved(&self, inverse: &Inverse, steps: &[Step]) -> Vec<Moved> {
        let mut first: Vec<(u32, u32)> = Vec::with_capacity(steps.len() + 1);
        if let Inverse::Lock(order, place) = inverse {
            first.push((*order, *place));
        }
        first.extend(steps.iter().map(|step| (step.order, step.from)));
        first.sort_by_key(|(order, _)| *order);
        first.dedup_by_key(|(order, _)| *order);
        let nowhere = self.engine.nowhere();
        let moved = first.into_iter().map(|(order, from)| Moved {
            order,
            from: Some(from).filter(|from| *from < nowhere),
            to: self.site(order),
        });
        moved.filter(|moved| moved.from != moved.to).collect()
    }

    /// Counts the orders that steps have brought to the site that they would pay for leaving.
    fn count_anchored(&mut self, steps: &[Step], sign: i64) {
        for step in steps {
            let anchor = self.engine.source.anchors[step.order as usize];
            if anchor < self.engine.nowhere() {
                self.at_anchor += sign * i64::from(step.to == anchor);
                self.at_anchor -= sign * i64::from(step.from == anchor);
            }
        }
    }

    fn refill(&mut self, place: u32) {
        if place < self.engine.nowhere() {
            self.engine.fill(core::iter::once(place));
        }
    }

    fn set_lock(&mut self, order: u32, place: u32) {
        let before = core::mem::replace(&mut self.locked[order as usize], place);
        if let Some(count) = self.locked_at.get_mut(before as usize) {
            *count -= 1;
        }
        if let Some(count) = self.locked_at.get_mut(place as usize) {
            *count += 1;
        }
    }

    fn capacity(&self, site: u32) -> Result<u32, ProblemError> {
        let sites = self.capacities.len() as u32;
        let capacity = self.capacities.get(site as usize).copied();
        capacity.ok_or(ProblemError::NoSuchSite { site, sites })
    }

    /// Where the order is locked, [`ABSENT`] if it is not.
    fn lock_of(&self, order: u32) -> Result<u32, EditError> {
        match self.locked.get(order as usize) {
            Some(&ABSENT) if self.engine.spots[order as usize].place == ABSENT => {
                Err(EditError::NoSuchOrder { order })
            }
            Some(lock) => Ok(*lock),
            None => Err(EditError::NoSuchOrder { order }),
        }
    }

    fn check_unlocked(&self, order: u32) -> Result<(), EditError> {
        match self.lock_of(order)? {
            ABSENT => Ok(()),
            _ => Err(EditError::Locked { order }),
        }
    }

    fn check_row(&self, row: &[Candidate]) -> Result<(), ProblemError> {
        row.iter()
            .try_for_each(|candidate| self.capacity(candidate.site()).map(|_| ()))
    }
}

impl fmt::Debug for Balancer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balancer")
            .field("orders", &self.locked.len())
            .field("sites", &self.capacities.len())
            .field("total", &self.total())
            .finish_non_exhaustive()
    }
}
