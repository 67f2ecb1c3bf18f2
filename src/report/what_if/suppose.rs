use core::fmt;

use crate::id::{DisplayWith, Names, Numbers, OrderId};
use crate::order::{Order, Wish};
use crate::plan::{Costs, Plan, Router};
use crate::report::{Difference, Ppm, Report, WhatIfError};
use crate::site::{Change, Network};
use crate::units::Distance;

/// What is supposed to be otherwise.
///
/// *Close site 17 on Friday* is `Change::Close(SiteId(17)).into()` supposed of Friday's plan; *a new leader here with
/// 60 places* is [`Change::Open`].
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::report::{Ppm, Supposition};
/// use catchment::site::Change;
/// let closed: Supposition = Change::Close(SiteId(17)).into();
/// let busier = Supposition::MoreOrders(Ppm(200_000)); // 20 % more orders
/// assert_ne!(closed, busier);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Supposition {
    /// The network is another. Changes are made in their order, all together.
    Change(Change),
    /// There are so many more orders.
    ///
    /// Which are repeated is a rule, not chance: with a share of p, the order at rank r (from 0, by id) is repeated
    /// ⌊(r + 1) p⌋ − ⌊r p⌋ times, which for 20 % is every fifth order. The repeated ones are the same but for their
    /// ids, which go on from the largest one, in the order of ranks.
    MoreOrders(Ppm),
    /// Nobody walks farther than this. Buyers who chose a site, or want delivery, are not asked, and who set a limit
    /// that is shorter keeps it.
    Within(Distance),
}

/// The plan as it would be. `Display` tells the difference and the ten orders that lose most.
#[derive(Clone, Debug)]
pub struct WhatIf {
    network: Network,
    orders: Vec<Order>,
    plan: Plan,
    difference: Difference,
}

impl Report<'_> {
    /// Plans again as supposed, beginning at the present plan, and tells the difference.
    ///
    /// Costs what the plan costs, or less: where little changes, a part of it.
    ///
    /// # Errors
    ///
    /// [`WhatIfError`] if what is supposed makes no sense.
    ///
    /// ```
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::Router;
    /// use catchment::report::{Ppm, Report, Supposition};
    /// use catchment::site::{Change, Network, Site};
    /// use catchment::units::{Distance, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
    /// let network = Network::builder()
    ///     .site(Site::leader(SiteId(17), at(121.40)?, Units(60)))
    ///     .site(Site::leader(SiteId(18), at(121.41)?, Units(60)))
    ///     .build()?;
    /// let orders = [1, 2, 3, 4, 5].map(|id| Order::new(OrderId(id), at(121.403).expect("in range")));
    /// let plan = Router::new(&network).route(&orders)?;
    /// let report = Report::of(&network, &orders, &plan)?;
    ///
    /// let closed = report.what_if(&[Change::Close(SiteId(17)).into()])?;
    /// let worst = closed.difference().most_affected(10);
    /// assert_eq!(
    ///     worst[0].to_string(),
    ///     "order 1 goes from site 17 to site 18, 380 m farther: the site is gone",
    /// );
    /// let busier = report.what_if(&[Supposition::MoreOrders(Ppm(200_000))])?;
    /// assert_eq!(busier.difference().only_after, [OrderId(6)]);
    /// let nearer = report.what_if(&[Supposition::Within(Distance::from_metres(200))])?;
    /// assert_eq!(nearer.plan().total().unassigned.0, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn what_if(&self, suppositions: &[Supposition]) -> Result<WhatIf, WhatIfError> {
        if self.plan.is_by_distance() {
            self.supposed(suppositions, None)
        } else {
            Err(WhatIfError::OwnCosts)
        }
    }

    /// [`what_if`](Self::what_if) for a plan with the caller's own costs.
    ///
    /// # Errors
    ///
    /// As [`what_if`](Self::what_if).
    ///
    /// ```
    /// use catchment::order::Order;
    /// use catchment::plan::{Cost, Router};
    /// use catchment::report::{Ppm, Report, Supposition, WhatIfError};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::Distance;
    /// let network = Network::builder().build()?;
    /// let by_bus = |_: &Order, _: &Site, _: Distance| Some(Cost::from_millimetres(960_000));
    /// let plan = Router::new(&network).costs(&by_bus).route(&[])?;
    /// let report = Report::of(&network, &[], &plan)?;
    /// let busier = [Supposition::MoreOrders(Ppm(200_000))];
    /// assert_eq!(report.what_if(&busier).err(), Some(WhatIfError::OwnCosts));
    /// assert!(report.what_if_by_costs(&busier, &by_bus)?.difference().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn what_if_by_costs(
        &self,
        suppositions: &[Supposition],
        costs: &dyn Costs,
    ) -> Result<WhatIf, WhatIfError> {
        self.supposed(suppositions, Some(costs))
    }

    fn supposed(
        &self,
        suppositions: &[Supposition],
        costs: Option<&dyn Costs>,
    ) -> Result<WhatIf, WhatIfError> {
        let mut changes = Vec::new();
        let mut orders: Vec<Order> = self.orders().iter().map(|order| (*order).clone()).collect();
        for supposition in suppositions {
            match supposition {
                Supposition::Change(change) => changes.push(change.clone()),
                Supposition::MoreOrders(more) => {
                    repeat(&mut orders, *more, self.network().limits().orders_max)?;
                }
                Supposition::Within(limit) => keep_within(&mut orders, *limit),
            }
        }
        let network = if changes.is_empty() {
            self.network().clone()
        } else {
            self.network().with_changes(changes)?
        };
        let mut router = Router::like(&network, self.plan()).starting_at(self.plan());
        if let Some(costs) = costs {
            router = router.costs(costs);
        }
        let plan = router.route(&orders)?;
        let difference = Report::trusted(&network, &orders, &plan).difference_from(self);
        Ok(WhatIf {
            network,
            orders,
            plan,
            difference,
        })
    }
}

impl WhatIf {
    /// What would change.
    #[must_use]
    pub const fn difference(&self) -> &Difference {
        &self.difference
    }

    /// The plan as it would be.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The network as it would be.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The orders as they would be, by id.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// A report on the plan as it would be: for its summary, and to suppose more. O(n).
    ///
    /// ```
    /// use catchment::plan::Router;
    /// use catchment::report::Report;
    /// use catchment::site::Network;
    /// let network = Network::builder().build()?;
    /// let plan = Router::new(&network).route(&[])?;
    /// let report = Report::of(&network, &[], &plan)?;
    /// let unchanged = report.what_if(&[])?;
    /// assert_eq!(unchanged.report().summary(), report.summary());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report::trusted(&self.network, &self.orders, &self.plan)
    }
}

impl From<Change> for Supposition {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

/// Adds the orders that are repeated to orders by id; they stay in that order.
fn repeat(orders: &mut Vec<Order>, more: Ppm, orders_max: usize) -> Result<(), WhatIfError> {
    // What was repeated up to a rank, in whole orders: 2⁶⁴ ranks of 2⁶⁴ millionths fit.
    let until = |rank: usize| rank as u128 * u128::from(more.0) / 1_000_000;
    let before = orders.len();
    let all = before as u128 + until(before);
    if all > orders_max as u128 {
        return Err(WhatIfError::TooManyOrders {
            orders: u64::try_from(all).unwrap_or(u64::MAX),
            limit: orders_max,
        });
    }
    let Some(largest) = orders.last().map(|order| order.id) else {
        return Ok(());
    };
    let mut id = largest.0;
    for rank in 0..before {
        for _ in until(rank)..until(rank + 1) {
            id = id.checked_add(1).ok_or(WhatIfError::NoIdLeft { largest })?;
            let mut order = orders[rank].clone();
            order.id = OrderId(id);
            orders.push(order);
        }
    }
    Ok(())
}

fn keep_within(orders: &mut [Order], limit: Distance) {
    for order in orders {
        match &mut order.wish {
            Wish::Any => order.wish = Wish::Within(limit),
            Wish::Within(own) => *own = limit.min(*own),
            Wish::Site(_) | Wish::Deliver => {}
        }
    }
}

impl fmt::Display for WhatIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for WhatIf {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// How many orders are named.
        const NAMED: usize = 10;
        write!(f, "{}", self.difference)?;
        for one in self.difference.most_affected(NAMED) {
            writeln!(f, "{}", one.display_with(names))?;
        }
        Ok(())
    }
}
