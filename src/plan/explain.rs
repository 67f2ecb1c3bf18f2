//! Explanations, computed when asked.

use core::cmp::Ordering;

use crate::id::OrderId;
use crate::order::Order;
use crate::plan::batch::Batch;
use crate::plan::result::Asked;
use crate::plan::study::Study;
use crate::plan::terms::Terms;
use crate::plan::{Costs, ExplainError, Explanation, Plan};
use crate::site::Network;

impl Plan {
    /// Why an order goes where it goes: the reason, the alternatives with their numbers, who holds the place at the
    /// better site and what it would cost to have it, and what would help an order without a site.
    ///
    /// O(sites · log sites) to prepare, and O(orders) where an exchange is to be found, which looks at the orders of
    /// the sites around. For many orders [`explain_each`](Self::explain_each) prepares once.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] if the order is not in the plan, the network not of its version, or the costs were the
    /// caller's: then [`explain_by_costs`](Self::explain_by_costs) takes them again.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::{Because, Router};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Units;
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), at(121.400)?, Units(1)))
    ///     .site(Site::leader(SiteId(2), at(121.410)?, Units(60)))
    ///     .build()?;
    /// let orders = [Order::new(OrderId(7), at(121.404)?), Order::new(OrderId(8), at(121.399)?)];
    /// let plan = Router::new(&network).route(&orders)?;
    /// let why = plan.explain(&network, OrderId(7))?;
    /// assert!(matches!(why.because, Because::NearestWasFull { .. }));
    /// assert_eq!(
    ///     why.to_string(),
    ///     "order 7 goes to site 2 at 571 m, 190 m farther than to the nearest, because the nearest, site 1 at \
    ///      380 m, is full; to give it a place at site 1, order 8 would go to site 2 and all together would walk \
    ///      761 m more",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, network: &Network, order: OrderId) -> Result<Explanation, ExplainError> {
        let mut explained = self.explain_each(network, &[order])?;
        explained.pop().ok_or(ExplainError::UnknownOrder { order })
    }

    /// [`explain`](Self::explain) for many orders, in the sequence given.
    ///
    /// # Errors
    ///
    /// As [`explain`](Self::explain), for the first order that is not in the plan.
    pub fn explain_each(
        &self,
        network: &Network,
        orders: &[OrderId],
    ) -> Result<Vec<Explanation>, ExplainError> {
        if self.inner.settings.has_own_costs {
            self.check_version(network)?;
            return Err(ExplainError::OwnCosts);
        }
        let batch = Batch::Remembered {
            decisions: self.decisions(),
            asked: &self.inner.asked,
        };
        self.explain_over(network, batch, None, orders)
    }

    /// [`explain`](Self::explain) for a plan by the caller's own costs: the same costs, and all orders of the batch in
    /// any sequence, as costs may ask for more than the plan remembers of an order.
    ///
    /// A site for which there is no cost is [refused by the predicate](crate::candidates::Rejection::Predicate). A plan
    /// [over listed candidates](crate::plan::Proof::OverListedCandidates) knows of no other sites: its reasons,
    /// exchanges and remedies are true of those. For the remedies costs are also asked of sites that would be eligible
    /// with a longer radius or walk.
    ///
    /// As [`explain`](Self::explain), and the cost of every order at its site is asked once. For many orders
    /// [`explain_each_by_costs`](Self::explain_each_by_costs) prepares once.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] if the order is not in the plan, or network, orders or costs are not those of the plan.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::{Cost, Router};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(1), at(121.400)?, Units(1)))
    ///     .site(Site::leader(SiteId(2), at(121.410)?, Units(60)))
    ///     .build()?;
    /// let orders = [Order::new(OrderId(7), at(121.404)?), Order::new(OrderId(8), at(121.399)?)];
    /// // The road is half as long again as the way of a bird.
    /// let by_road = |_: &Order, _: &Site, walk: Distance| {
    ///     Some(Cost::from_millimetres(walk.as_millimetres() as i64 * 3 / 2))
    /// };
    /// let plan = Router::new(&network).costs(&by_road).route(&orders)?;
    /// let why = plan.explain_by_costs(&network, &orders, &by_road, OrderId(7))?;
    /// assert_eq!(
    ///     why.to_string(),
    ///     "order 7 goes to site 2 at 571 m, 190 m farther than to the nearest, because the nearest, site 1 at \
    ///      380 m, is full; to give it a place at site 1, order 8 would go to site 2 and all together would cost \
    ///      1,141 m more",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain_by_costs(
        &self,
        network: &Network,
        orders: &[Order],
        costs: &dyn Costs,
        order: OrderId,
    ) -> Result<Explanation, ExplainError> {
        let mut explained = self.explain_each_by_costs(network, orders, costs, &[order])?;
        explained.pop().ok_or(ExplainError::UnknownOrder { order })
    }

    /// [`explain_by_costs`](Self::explain_by_costs) for many orders, in the sequence given: `orders` is the batch, `of`
    /// are those to explain.
    ///
    /// # Errors
    ///
    /// As [`explain_by_costs`](Self::explain_by_costs), for the first order that is not in the plan.
    pub fn explain_each_by_costs(
        &self,
        network: &Network,
        orders: &[Order],
        costs: &dyn Costs,
        of: &[OrderId],
    ) -> Result<Vec<Explanation>, ExplainError> {
        self.check_version(network)?;
        let batch = Batch::given(orders);
        self.check_batch(&batch)?;
        self.explain_over(network, batch, Some(costs), of)
    }

    fn explain_over(
        &self,
        network: &Network,
        batch: Batch<'_>,
        costs: Option<&dyn Costs>,
        of: &[OrderId],
    ) -> Result<Vec<Explanation>, ExplainError> {
        self.check_version(network)?;
        self.check_sites(network)?;
        let terms = Terms::new(network, batch, &self.inner.settings, costs);
        if costs.is_some() {
            self.check_costs(&terms)?;
        }
        let study = Study::new(self, network, &terms);
        let ranks = of.iter().map(|order| {
            let decisions = self.decisions();
            let found = decisions.binary_search_by_key(order, |decision| decision.order);
            found.map_err(|_| ExplainError::UnknownOrder { order: *order })
        });
        let explained: Result<Vec<_>, _> =
            ranks.map(|rank| Ok(study.explain(rank? as u32))).collect();
        if let Some((order, site, cost, _)) = terms.fault() {
            return Err(ExplainError::CostOutOfRange { order, site, cost });
        }
        if let Some((rank, slot)) = study.refuted() {
            let order = self.decisions()[rank as usize].order;
            let site = self.loads()[slot as usize].site;
            return Err(ExplainError::OtherCosts { order, site });
        }
        explained
    }

    fn check_version(&self, network: &Network) -> Result<(), ExplainError> {
        if self.version() == network.version() {
            return Ok(());
        }
        Err(ExplainError::OtherVersion {
            plan: self.version(),
            network: network.version(),
        })
    }

    /// That the plan has a load for each site and no other, which what is stored need not have.
    fn check_sites(&self, network: &Network) -> Result<(), ExplainError> {
        let mut ids = network.sites().map(|site| site.id);
        for load in self.loads() {
            let site = match ids.next() {
                Some(id) if id == load.site => continue,
                Some(id) => id.min(load.site),
                None => load.site,
            };
            return Err(ExplainError::OtherSites { site });
        }
        let left = ids.next();
        left.map_or(Ok(()), |site| Err(ExplainError::OtherSites { site }))
    }

    /// That these are the plan's own orders, as far as it remembers them.
    fn check_batch(&self, batch: &Batch<'_>) -> Result<(), ExplainError> {
        let known = self.decisions().iter().zip(&self.inner.asked);
        for ((_, given), (decision, asked)) in batch.ranked().zip(known) {
            if given.id != decision.order || Asked::from(&*given) != *asked {
                let order = given.id.min(decision.order);
                return Err(ExplainError::OtherOrders { order });
            }
        }
        let (given, known) = (batch.len(), self.decisions().len());
        let order = match given.cmp(&known) {
            Ordering::Less => self.decisions()[given].order,
            Ordering::Equal => return Ok(()),
            Ordering::Greater => batch.order(known as u32).id,
        };
        Err(ExplainError::OtherOrders { order })
    }

    /// That every order costs at its site what the plan says.
    fn check_costs(&self, terms: &Terms<'_>) -> Result<(), ExplainError> {
        for (rank, decision) in (0..).zip(self.decisions()) {
            let Some(assigned) = decision.assigned() else {
                continue;
            };
            let cost = terms.slot(assigned.site).and_then(|slot| {
                let (asker, site) = (terms.asker(rank), terms.site(slot));
                let cost = terms.cost(&asker, slot, asker.at.chord(site.at));
                cost.filter(|_| site.is_open)
            });
            if cost != Some(assigned.cost.as_millimetres()) {
                let (order, site) = (decision.order, assigned.site);
                return Err(ExplainError::OtherCosts { order, site });
            }
        }
        Ok(())
    }
}
