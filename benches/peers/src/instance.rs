//! An instance as plain arrays: what every solver starts from.

use thiserror::Error;

/// Orders, sites and the candidates of every order, one row an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Instance {
    pub(crate) objective: Objective,
    /// How many orders each site can take.
    pub(crate) capacities: Vec<u32>,
    /// What leaving each order unassigned costs.
    pub(crate) prices: Vec<i64>,
    /// Where each order's row begins, and, last, the number of candidates.
    pub(crate) starts: Vec<u32>,
    /// The rows: sites, in any sequence, and some perhaps twice.
    pub(crate) sites: Vec<u32>,
    /// The costs of `sites`, in metres or millimetres.
    pub(crate) costs: Vec<i32>,
    /// Latitudes and longitudes in degrees. Small instances have none.
    pub(crate) places: Option<Places>,
}

/// What `catchment` is asked for. Other solvers always minimise costs plus prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Objective {
    /// The least sum of costs and of prices of the unassigned.
    #[default]
    Priced,
    /// The fewest unassigned, then the least cost. The prices are all one that is higher than any detour.
    Fewest,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Places {
    pub(crate) sites: Vec<[f64; 2]>,
    pub(crate) orders: Vec<[f64; 2]>,
}

/// What makes arrays no instance.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum InstanceError {
    #[error("{orders} orders have {starts} row starts instead of one more than orders")]
    Starts { orders: usize, starts: usize },
    #[error("row {order} ends at {end}, before its start or behind the {candidates} candidates")]
    Row {
        order: usize,
        end: u32,
        candidates: usize,
    },
    #[error("there are {sites} candidate sites but {costs} costs")]
    Costs { sites: usize, costs: usize },
    #[error("row {order} names site {site}, there are {sites}")]
    Site {
        order: usize,
        site: u32,
        sites: usize,
    },
    #[error("{places} places for {expected}")]
    Places { places: usize, expected: usize },
}

impl Instance {
    /// Adds an order with its candidates: costs and sites.
    pub(crate) fn push(&mut self, price: i64, row: &[(i32, u32)]) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.prices.push(price);
        self.sites.extend(row.iter().map(|(_, site)| site));
        self.costs.extend(row.iter().map(|(cost, _)| cost));
        self.starts.push(self.sites.len() as u32);
    }

    pub(crate) fn orders(&self) -> usize {
        self.prices.len()
    }

    /// Sites and costs of an order's candidates.
    pub(crate) fn row(&self, order: usize) -> impl Iterator<Item = (u32, i32)> {
        let row = self.starts[order] as usize..self.starts[order + 1] as usize;
        let costs = self.costs[row.clone()].iter().copied();
        self.sites[row].iter().copied().zip(costs)
    }

    /// The price of all orders, if they have the same.
    pub(crate) fn common_price(&self) -> Option<i64> {
        let first = *self.prices.first()?;
        self.prices
            .iter()
            .all(|price| *price == first)
            .then_some(first)
    }

    /// Checks what other code relies on.
    pub(crate) fn check(&self) -> Result<(), InstanceError> {
        let (orders, candidates) = (self.orders(), self.sites.len());
        if self.starts.len() != orders + 1 || self.starts.first() != Some(&0) {
            let starts = self.starts.len();
            return Err(InstanceError::Starts { orders, starts });
        }
        if self.costs.len() != candidates {
            let costs = self.costs.len();
            return Err(InstanceError::Costs {
                sites: candidates,
                costs,
            });
        }
        for (order, bounds) in self.starts.windows(2).enumerate() {
            let end = bounds[1];
            let last = order + 1 == orders;
            if end < bounds[0] || end as usize > candidates || (last && end as usize != candidates)
            {
                return Err(InstanceError::Row {
                    order,
                    end,
                    candidates,
                });
            }
            self.check_row(order)?;
        }
        for (places, expected) in self.places.iter().flat_map(|places| {
            [
                (places.sites.len(), self.capacities.len()),
                (places.orders.len(), orders),
            ]
        }) {
            if places != expected {
                return Err(InstanceError::Places { places, expected });
            }
        }
        Ok(())
    }

    fn check_row(&self, order: usize) -> Result<(), InstanceError> {
        let sites = self.capacities.len();
        match self.row(order).find(|(site, _)| *site as usize >= sites) {
            Some((site, _)) => Err(InstanceError::Site { order, site, sites }),
            None => Ok(()),
        }
    }
}
