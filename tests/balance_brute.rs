//! Oracles for the optimiser: small problems in plain lists, solved by trying everything and by a textbook flow.
//!
//! Values are single numbers here: an unassigned order counts 2⁸⁰ under the lexicographic objective, which no sum of
//! costs in these tests comes near.

// The tests and the fuzz target each use their part of it.
#![allow(dead_code)]

use std::collections::VecDeque;

use catchment::balance::{Candidate, Objective, Price, Problem, Rows, Solution, Total};

const UNASSIGNED: i128 = 1 << 80;

/// A problem as anybody would write it down.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) capacities: Vec<u32>,
    /// (site, cost) of each order, in any order, with repetitions.
    pub(crate) rows: Vec<Vec<(u32, i64)>>,
    pub(crate) objective: Objective,
}

pub(crate) fn value_of_total(total: Total) -> i128 {
    i128::from(total.unassigned) * UNASSIGNED + i128::from(total.cost)
}

pub(crate) fn value_of_price(price: Price) -> i128 {
    i128::from(price.unassigned) * UNASSIGNED + i128::from(price.cost)
}

/// Rows as the optimiser takes them.
pub(crate) fn rows(lists: &[Vec<(u32, i64)>]) -> Rows {
    let mut rows = Rows::default();
    for list in lists {
        rows.push(list.iter().map(|(site, cost)| candidate(*site, *cost)));
    }
    rows
}

pub(crate) fn candidate(site: u32, cost: i64) -> Candidate {
    Candidate::new(site, cost).expect("in range")
}

impl Instance {
    pub(crate) fn problem(&self) -> Problem {
        let (capacities, objective) = (self.capacities.clone(), self.objective.clone());
        Problem::new(capacities, rows(&self.rows), objective).expect("a small problem")
    }

    /// The same with one place more at a site.
    pub(crate) fn with_one_more(&self, site: usize) -> Self {
        let mut larger = self.clone();
        larger.capacities[site] = larger.capacities[site].saturating_add(1);
        larger
    }

    /// What it counts to leave the order.
    fn nowhere(&self, order: usize) -> i128 {
        match &self.objective {
            Objective::UnassignedAt(price) => i128::from(*price),
            Objective::UnassignedAtEach(prices) => i128::from(prices[order]),
            _ => UNASSIGNED,
        }
    }

    /// What it costs to send the order to the site: the least if the row names it more than once.
    fn cost(&self, order: usize, site: u32) -> Option<i64> {
        let named = self.rows[order].iter().filter(|(named, _)| *named == site);
        named.map(|(_, cost)| *cost).min()
    }

    /// The least value of any plan, by trying all of them.
    pub(crate) fn least_by_trying_all(&self) -> i128 {
        self.try_from(0, &mut self.capacities.clone())
    }

    fn try_from(&self, order: usize, room: &mut [u32]) -> i128 {
        let Some(row) = self.rows.get(order) else {
            return 0;
        };
        let mut least = self.nowhere(order) + self.try_from(order + 1, room);
        for (site, cost) in row {
            let site = *site as usize;
            if room[site] > 0 {
                room[site] -= 1;
                least = least.min(i128::from(*cost) + self.try_from(order + 1, room));
                room[site] += 1;
            }
        }
        least
    }

    /// The least value of any plan, as a flow of least cost from a source through orders and sites to a sink.
    pub(crate) fn least_by_flow(&self) -> i128 {
        let (orders, sites) = (self.rows.len(), self.capacities.len());
        let [source, sink] = [orders + sites, orders + sites + 1];
        let mut flow = Flow::new(orders + sites + 2);
        for (order, row) in self.rows.iter().enumerate() {
            flow.arc(source, order, 1, 0);
            flow.arc(order, sink, 1, self.nowhere(order));
            for (site, cost) in row {
                flow.arc(order, orders + *site as usize, 1, i128::from(*cost));
            }
        }
        for (site, capacity) in self.capacities.iter().enumerate() {
            flow.arc(orders + site, sink, *capacity, 0);
        }
        (0..orders)
            .map(|_| {
                let path = flow.augment(source, sink);
                path.expect("every order can go nowhere")
            })
            .sum()
    }

    /// The solution keeps the rules, its total is what its plan costs, its prices prove that nothing is less, and no
    /// smaller prices would do.
    pub(crate) fn check(&self, solution: &Solution) {
        assert_eq!(solution.sites().len(), self.rows.len());
        assert_eq!(solution.prices().len(), self.capacities.len());
        let prices: Vec<i128> = solution
            .prices()
            .iter()
            .map(|p| value_of_price(*p))
            .collect();
        let mut loads = vec![0_u32; self.capacities.len()];
        let (mut total, mut dual, mut unassigned) = (0, 0, 0);
        for (order, site) in solution.sites().enumerate() {
            assert_eq!(site, solution.site(order));
            let (value, price) = match site {
                None => {
                    unassigned += 1;
                    (self.nowhere(order), 0)
                }
                Some(site) => {
                    loads[site as usize] += 1;
                    let cost = self.cost(order, site);
                    let cost = cost.expect("an order goes to a site of its row");
                    (i128::from(cost), prices[site as usize])
                }
            };
            let best = self.best_at(order, &prices);
            assert_eq!(
                value + price,
                best,
                "order {order} at {site:?} could do better: {self:?}"
            );
            total += value;
            dual += best;
        }
        assert_eq!(solution.unassigned(), unassigned);
        for (site, load) in loads.iter().enumerate() {
            let (capacity, price) = (self.capacities[site], prices[site]);
            assert!(
                *load <= capacity,
                "site {site}: {load} > {capacity}: {self:?}"
            );
            assert!(price >= 0, "site {site}: {price}: {self:?}");
            assert!(*load == capacity || price == 0, "site {site}: {self:?}");
            dual -= i128::from(capacity) * price;
        }
        assert_eq!(value_of_total(solution.total()), total, "{self:?}");
        assert_eq!(total, dual, "{self:?}");
        self.check_least(solution, &prices);
    }

    /// From every site with a price a chain of orders, each of which would do as well at the next site, leads to a
    /// place without one. (If all chains from some sites stayed among them, their prices could all be less.)
    fn check_least(&self, solution: &Solution, prices: &[i128]) {
        let nowhere = self.capacities.len();
        let mut holds = vec![Vec::new(); nowhere + 1];
        for (order, site) in solution.sites().enumerate() {
            let best = self.best_at(order, prices);
            for (other, cost) in &self.rows[order] {
                if i128::from(*cost) + prices[*other as usize] == best {
                    holds[site.map_or(nowhere, |site| site as usize)].push(*other as usize);
                }
            }
        }
        let mut is_held: Vec<bool> = prices.iter().map(|price| *price == 0).collect();
        is_held.push(true);
        let mut open: Vec<usize> = (0..=nowhere).filter(|place| is_held[*place]).collect();
        while let Some(holder) = open.pop() {
            for site in core::mem::take(&mut holds[holder]) {
                if !core::mem::replace(&mut is_held[site], true) {
                    open.push(site);
                }
            }
        }
        let loose = is_held.iter().position(|is_held| !is_held);
        assert_eq!(loose, None, "the price of a site could be less: {self:?}");
    }

    /// The least cost and price of all candidates and nowhere.
    fn best_at(&self, order: usize, prices: &[i128]) -> i128 {
        let row = self.rows[order].iter();
        let at_sites = row.map(|(site, cost)| i128::from(*cost) + prices[*site as usize]);
        at_sites.fold(self.nowhere(order), i128::min)
    }
}

/// Successive shortest paths after Bellman and Ford (R. K. Ahuja, T. L. Magnanti and J. B. Orlin, *Network Flows*,
/// 1993, sections 5.4 and 9.7).
struct Flow {
    /// An arc and its reverse are neighbours: 0 and 1, 2 and 3 …
    arcs: Vec<Arc>,
    /// Of each node, the arcs that leave it.
    leaving: Vec<Vec<usize>>,
}

struct Arc {
    to: usize,
    room: u32,
    cost: i128,
}

impl Flow {
    fn new(nodes: usize) -> Self {
        Self {
            arcs: Vec::new(),
            leaving: vec![Vec::new(); nodes],
        }
    }

    fn arc(&mut self, from: usize, to: usize, room: u32, cost: i128) {
        self.leaving[from].push(self.arcs.len());
        self.arcs.push(Arc { to, room, cost });
        self.leaving[to].push(self.arcs.len());
        self.arcs.push(Arc {
            to: from,
            room: 0,
            cost: -cost,
        });
    }

    /// Sends one unit along a shortest path and returns its length.
    fn augment(&mut self, source: usize, sink: usize) -> Option<i128> {
        let nodes = self.leaving.len();
        let mut lengths: Vec<Option<i128>> = vec![None; nodes];
        let mut arrived_by = vec![usize::MAX; nodes];
        lengths[source] = Some(0);
        let mut queue = VecDeque::from([source]);
        let mut is_queued = vec![false; nodes];
        while let Some(node) = queue.pop_front() {
            is_queued[node] = false;
            let length = lengths[node].expect("queued nodes have been reached");
            for &number in &self.leaving[node] {
                let arc = &self.arcs[number];
                let longer = length + arc.cost;
                if arc.room == 0 || lengths[arc.to].is_some_and(|known| known <= longer) {
                    continue;
                }
                lengths[arc.to] = Some(longer);
                arrived_by[arc.to] = number;
                if !is_queued[arc.to] {
                    is_queued[arc.to] = true;
                    queue.push_back(arc.to);
                }
            }
        }
        let length = lengths[sink]?;
        let mut node = sink;
        while node != source {
            let number = arrived_by[node];
            self.arcs[number].room -= 1;
            self.arcs[number ^ 1].room += 1;
            node = self.arcs[number ^ 1].to;
        }
        Some(length)
    }
}
