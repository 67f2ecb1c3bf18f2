//! A plan that is left and taken up again, and changes that are made only if their outcome is accepted.
//!
//! What a [`Balancer`] decides is a function of its rows, its capacities, where its orders are, and its prices, and of
//! the order in which they are numbered. Its queues only find it: of equally cheap moves the order with the smallest
//! number goes first, of equally near sites the one with the smallest number is taken. So a plan taken up from these
//! goes on as if it had never been left.

use crate::balance::engine::{ABSENT, Engine, NowhereCosts};
use crate::balance::{
    Balancer, Candidate, Changed, Edit, EditError, Objective, Price, Problem, ProblemError, Rows,
};

use super::{NeedsPrices, table::Table};

impl Balancer {
    /// The plan with these orders, given by their rows, at these sites with these prices, which must be those that a
    /// balancer with [`Objective::FewestUnassigned`] had. O(candidates).
    ///
    /// `stride` is a typical step of cost between two candidates of an order: it decides how far queues look ahead, and
    /// nothing else.
    pub(crate) fn resume(
        capacities: Vec<u32>,
        orders: impl ExactSizeIterator<Item = (Vec<Candidate>, u32)>,
        prices: &[Price],
        stride: i64,
    ) -> Result<Self, ProblemError> {
        let count = orders.len();
        let mut rows = Rows::default();
        let mut sites = Vec::with_capacity(count);
        for (row, site) in orders {
            rows.push(row);
            sites.push(site);
        }
        let problem = Problem::new(capacities, rows, Objective::FewestUnassigned)?;
        let level = problem.largest_level()?;
        let source = Table::of(problem.rows());
        let costs = NowhereCosts::of(problem.objective());
        let mut engine = Engine::new(source, problem.capacities(), count, costs, level);
        engine.set_stride(stride);
        engine.set_prices(prices.iter().map(|price| price.to_sum(level)));
        for (order, site) in (0..).zip(sites) {
            let row = problem.rows().row(order as usize).iter();
            let found = row
                .filter(|candidate| candidate.site() == site)
                .map(|found| found.cost());
            let cost = found.min().ok_or(ProblemError::NoSuchSite {
                site,
                sites: problem.sites() as u32,
            })?;
            engine.place(order, site, cost);
        }
        Ok(Self {
            engine,
            locked: vec![ABSENT; count],
            locked_at: vec![0; problem.sites()],
            capacities: problem.capacities().to_vec(),
            needs_prices: NeedsPrices::No,
            at_anchor: 0,
        })
    }

    /// What the plan is taken up with again, beside rows and sites.
    pub(crate) fn prices(&self) -> Vec<Price> {
        let level = self.engine.level();
        let sums = self.engine.prices().into_iter();
        sums.map(|sum| Price::from_sum(sum, level)).collect()
    }

    /// The price of one site as one number: levels and costs. O(1).
    pub(crate) fn price_sum(&self, site: u32) -> i64 {
        self.engine.nodes[site as usize].price
    }

    /// The candidates of an order. O(1).
    pub(crate) fn row(&self, order: u32) -> &[Candidate] {
        self.engine.source.row(order)
    }

    /// How many orders a site can take. O(1).
    pub(crate) fn capacity_of(&self, site: u32) -> u32 {
        self.capacities[site as usize]
    }

    /// Makes a change if `accept` holds for what it does; otherwise the plan stays as it is, with all it decides.
    pub(crate) fn apply_if(
        &mut self,
        edit: Edit,
        accept: impl FnOnce(&Self, &Changed) -> bool,
    ) -> Result<Option<Changed>, EditError> {
        let prices = self.engine.prices();
        let (changed, inverse, steps) = self.make(edit)?;
        if accept(self, &changed) {
            return Ok(Some(changed));
        }
        self.count_anchored(&steps, -1);
        self.take_back(inverse, &steps, &prices);
        Ok(None)
    }

    /// An order goes away and takes its place with it: the capacity of its site is smaller by one, and nobody moves.
    pub(crate) fn withdraw(&mut self, order: u32) -> Result<(), EditError> {
        self.check_unlocked(order)?;
        let place = self.engine.remove(order);
        self.engine.take_room(place, 1);
        if let Some(capacity) = self.capacities.get_mut(place as usize) {
            *capacity -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of its own, so that ties are many and runs repeat.
    struct Draw(u64);

    impl Draw {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            (self.0 >> 33) % bound
        }
    }

    const SITES: u64 = 5;

    fn row(draw: &mut Draw) -> Vec<Candidate> {
        let sites = (0..SITES)
            .filter(|site| *site == 0 || draw.below(3) > 0)
            .collect::<Vec<_>>();
        let costs = sites
            .iter()
            .map(|site| Candidate::new(*site as u32, draw.below(4) as i64));
        costs.collect::<Result<_, _>>().expect("in range")
    }

    /// Live orders as (number, row) in the order of their numbers.
    fn taken_up(balancer: &Balancer, live: &[(u32, Vec<Candidate>)]) -> Balancer {
        let orders = live.iter().map(|(order, row)| {
            (
                row.clone(),
                balancer.site(*order).expect("nobody is left out"),
            )
        });
        let orders: Vec<_> = orders.collect();
        let prices = balancer.prices();
        Balancer::resume(balancer.capacities.clone(), orders.into_iter(), &prices, 1)
            .expect("the same")
    }

    #[test]
    fn a_plan_taken_up_again_goes_on_as_if_never_left() {
        for seed in 0..3_000 {
            let mut draw = Draw(seed);
            let capacities: Vec<u32> = (0..SITES).map(|_| 1 + draw.below(4) as u32).collect();
            let blank = vec![Price::default(); SITES as usize];
            let mut live = Balancer::resume(capacities, [].into_iter(), &blank, 1).expect("empty");
            let mut numbers: Vec<(u32, Vec<Candidate>)> = Vec::new();
            let mut other = live.clone();
            let mut others: Vec<u32> = Vec::new();
            for _ in 0..40 {
                if draw.below(6) == 0 {
                    other = taken_up(&live, &numbers);
                    others = (0..numbers.len() as u32).collect();
                }
                let place = draw.below(numbers.len().max(1) as u64) as usize;
                let site = draw.below(SITES) as u32;
                match draw.below(5) {
                    0 if !numbers.is_empty() => {
                        let edit = |order| Edit::Remove { order };
                        live.apply(edit(numbers.remove(place).0)).expect("live");
                        other.apply(edit(others.remove(place))).expect("live");
                    }
                    1 if !numbers.is_empty() => {
                        live.withdraw(numbers.remove(place).0).expect("live");
                        other.withdraw(others.remove(place)).expect("live");
                    }
                    2 => {
                        let capacity = live.capacity_of(site) + draw.below(3) as u32;
                        let edit = || Edit::SetCapacity { site, capacity };
                        live.apply(edit()).expect("a site");
                        other.apply(edit()).expect("a site");
                    }
                    _ => {
                        let row = row(&mut draw);
                        // Refused changes must leave no trace, so only one of the two sees some.
                        for _ in 0..draw.below(3) {
                            let tried = live
                                .apply_if(Edit::add(super::tests::row(&mut draw)), |_, _| false);
                            assert_eq!(tried, Ok(None));
                        }
                        let nobody_out =
                            |_: &Balancer, changed: &Changed| changed.after.unassigned == 0;
                        let made = live
                            .apply_if(Edit::add(row.clone()), nobody_out)
                            .expect("sound");
                        let again = other
                            .apply_if(Edit::add(row.clone()), nobody_out)
                            .expect("sound");
                        assert_eq!(made.is_some(), again.is_some(), "seed {seed}");
                        if let (Some(made), Some(again)) = (made, again) {
                            numbers.push((made.order.expect("added"), row));
                            others.push(again.order.expect("added"));
                        }
                    }
                }
                let sites = |balancer: &Balancer, orders: Vec<u32>| {
                    orders
                        .iter()
                        .map(|order| balancer.site(*order))
                        .collect::<Vec<_>>()
                };
                let lives = numbers.iter().map(|order| order.0).collect();
                assert_eq!(
                    sites(&live, lives),
                    sites(&other, others.clone()),
                    "seed {seed}"
                );
                assert_eq!(live.prices(), other.prices(), "seed {seed}");
            }
        }
    }
}
