use super::laplacian::Laplacian;
use crate::balance::{Problem, Rows};

/// Added to the diagonal of the linear system, as a share of the curvature of a site whose orders are spread evenly
/// over eight strides. It keeps the steps of sites short which hardly anybody shares with another.
const DAMPING: f64 = 0.5;

/// The smoothed dual function of a problem at some prices.
pub(super) struct Dual<'a> {
    problem: &'a Problem,
    /// The candidates that count.
    rows: Rows,
    level: f64,
    prices: Vec<f64>,
    /// The loads that the prices are to lead to.
    targets: Vec<f64>,
    loads: Vec<f64>,
    /// The sites that an order is between, for every such order.
    shared: Vec<(u32, u32)>,
    /// For each site how many orders are between it and nowhere.
    leaving: Vec<u32>,
}

/// The two best places of an order. A site, or none for nowhere.
struct Best {
    first: (f64, Option<u32>),
    second: (f64, Option<u32>),
}

impl<'a> Dual<'a> {
    /// `lean` times the capacities are the loads to aim at.
    pub(super) fn new(problem: &'a Problem, rows: Rows, prices: &[i64], lean: f64) -> Self {
        let capacities = problem.capacities().iter();
        let sites = problem.sites();
        Self {
            problem,
            rows,
            level: problem.level() as f64,
            prices: prices.iter().map(|price| *price as f64).collect(),
            targets: capacities.map(|room| f64::from(*room) * lean).collect(),
            loads: vec![0.0; sites],
            shared: Vec::new(),
            leaving: vec![0; sites],
        }
    }

    /// The prices in whole numbers.
    pub(super) fn prices(&self) -> Vec<i64> {
        self.prices
            .iter()
            .map(|price| price.round() as i64)
            .collect()
    }

    /// One step of Newton's method on the dual smoothed over `width`. No price changes by more than the width.
    pub(super) fn step(&mut self, width: f64, stride: f64) {
        self.share_out(width);
        let excess: Vec<f64> = (self.loads.iter().zip(&self.targets))
            .map(|(load, target)| load - target)
            .collect();
        // A price of 0 with room left stays 0.
        let is_free: Vec<bool> = excess
            .iter()
            .zip(&self.prices)
            .map(|(excess, price)| *excess > 0.0 || *price > 0.0)
            .collect();
        let evenly = self.problem.orders() as f64 / self.problem.sites() as f64 / (8.0 * stride);
        let weight = 1.0 / (2.0 * width);
        let ground: Vec<f64> = self
            .leaving
            .iter()
            .map(|orders| f64::from(*orders) * weight + DAMPING * evenly)
            .collect();
        let steps = Laplacian::new(&self.shared, weight, ground).solve(&excess, &is_free);
        for (price, step) in self.prices.iter_mut().zip(steps) {
            *price = (*price + step.clamp(-width, width)).max(0.0);
        }
    }

    /// Loads at the present prices, with orders in shares between two places whose values differ by less than `width`.
    fn share_out(&mut self, width: f64) {
        self.loads.fill(0.0);
        self.leaving.fill(0);
        self.shared.clear();
        for order in 0..self.problem.orders() {
            let best = self.best(order);
            let gap = best.second.0 - best.first.0;
            let share = (0.5 - gap / (2.0 * width)).max(0.0);
            for (place, share) in [(best.first.1, 1.0 - share), (best.second.1, share)] {
                if let Some(site) = place {
                    self.loads[site as usize] += share;
                }
            }
            if share > 0.0 {
                match (best.first.1, best.second.1) {
                    (Some(one), Some(other)) => self.shared.push((one, other)),
                    (Some(site), None) | (None, Some(site)) => self.leaving[site as usize] += 1,
                    (None, None) => {}
                }
            }
        }
    }

    fn best(&self, order: usize) -> Best {
        let unassigned = self.problem.unassigned_at(order) as f64;
        let mut first = (unassigned + self.level, None);
        let mut second = (f64::MAX, None);
        for candidate in self.rows.row(order) {
            let cost = candidate.cost() as f64;
            if cost >= second.0 {
                // Rows are sorted, and prices are not negative.
                break;
            }
            let site = candidate.site();
            let value = (cost + self.prices[site as usize], Some(site));
            if value.0 < first.0 {
                second = first;
                first = value;
            } else if value.0 < second.0 {
                second = value;
            }
        }
        Best { first, second }
    }

    /// Lowers the price of every site with room to the value at which the room is taken, or to 0.
    pub(super) fn sell(&mut self) {
        // A width of almost nothing: every order is at its best place.
        self.share_out(f64::MIN_POSITIVE);
        let rooms: Vec<usize> = (self.problem.capacities().iter().zip(&self.loads))
            .map(|(capacity, load)| (f64::from(*capacity) - load).max(0.0) as usize)
            .collect();
        let mut takers: Vec<Vec<f64>> = vec![Vec::new(); self.problem.sites()];
        for order in 0..self.problem.orders() {
            let best = self.best(order).first;
            for candidate in self.rows.row(order) {
                let site = candidate.site() as usize;
                if candidate.cost() as f64 >= best.0 {
                    break;
                }
                if rooms[site] > 0 && self.prices[site] > 0.0 && best.1 != Some(candidate.site()) {
                    takers[site].push(candidate.cost() as f64 + self.prices[site] - best.0);
                }
            }
        }
        for (site, gaps) in takers.iter_mut().enumerate() {
            if rooms[site] == 0 {
                continue;
            }
            gaps.sort_unstable_by(f64::total_cmp);
            let fall = gaps.get(rooms[site] - 1).copied().unwrap_or(f64::MAX);
            self.prices[site] = (self.prices[site] - fall).max(0.0);
        }
    }
}
