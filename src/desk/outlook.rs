use crate::desk::Counter;
use crate::id::{OrderId, SiteId};
use crate::order::{Order, OrderFault, OrderFaults, check_batch};
use crate::plan::{Cost, Objective, Preferences, RouteError, Router};
use crate::site::{Change, Network, Schedule};
use crate::units::{Distance, Orders, Units};

/// What is expected of the rest of the evening, for prices that [prepare](Self::prices) for it.
///
/// ```
/// use catchment::desk::Outlook;
/// use catchment::units::{Distance, Orders};
/// let outlook = Outlook {
///     to_come: Orders(20_000), draws: 8, unassigned: Distance::from_metres(20_000), seed: 1,
/// };
/// assert_eq!(outlook.draws, 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Outlook {
    /// How many orders are still expected.
    pub to_come: Orders,
    /// How many evenings are drawn from the forecast. 8 do; each costs a plan of the orders to come.
    pub draws: u8,
    /// What an order counts that gets no place.
    pub unassigned: Distance,
    /// Where the draws begin: another number at every call of one evening.
    pub seed: u64,
}

impl Counter {
    /// The network as those who are still to come find it: each site with the room that it has left, and none if it is
    /// not open in the window or cools off. For [`Outlook::prices`]. O(sites).
    ///
    /// ```
    /// use catchment::desk::{Command, Desk, Policy};
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CommandId, OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::site::{Network, Site};
    /// use catchment::time::Timestamp;
    /// use catchment::units::Units;
    /// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
    /// let network = Network::builder().site(Site::leader(SiteId(1), door, Units(4))).build()?;
    /// let mut desk = Desk::open(network, Policy::default());
    /// desk.apply(Timestamp::from_unix_millis(0), &Command::place(CommandId(1), Order::new(OrderId(1), door)))?;
    /// let left = desk.machine().network_left();
    /// assert_eq!(left.site(SiteId(1)).map(|site| site.capacity), Some(Units(3)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn network_left(&self) -> Network {
        let network = &self.market.network;
        let known = network
            .sites()
            .filter_map(|site| Some((site, self.places.find(site.id)?)));
        let changes = known.flat_map(|(site, place)| {
            let place = &self.places[place];
            let room = if place.is_shut { 0 } else { place.room() };
            let (site, has_hours) = (site.id, !site.schedule.is_always());
            let capacity = Units(room);
            // The window may have a capacity of its own, which would count instead.
            let always = has_hours.then(|| Change::SetSchedule {
                site,
                schedule: Schedule::always(),
            });
            always
                .into_iter()
                .chain([Change::SetCapacity { site, capacity }])
        });
        with_room(network, changes)
    }
}

/// No site is unknown, and none may have too much room or be open for too long.
fn with_room(network: &Network, changes: impl Iterator<Item = Change>) -> Network {
    let left = network.with_changes(changes);
    left.expect("its own sites with the room that they had or less")
}

impl Outlook {
    /// Prices that prepare a firm desk for those still to come, for [`SetPrices`](crate::desk::Action::SetPrices):
    /// before the first order and some ten times in an evening, with what is [left](Counter::network_left) then.
    ///
    /// The orders of a forecast, those of yesterday say, are one draw of what may come, and the optimal prices of one
    /// draw follow its chances. So as many orders as are still to come are drawn from the forecast, with replacement,
    /// several times; each draw is planned over the room that is left; and the price of a site is the mean of its least
    /// optimal prices.
    ///
    /// Measured on clustered cities of 80 and 800 sites with 25 orders each and room for 101, 110 and 150 % (regret
    /// against the best plan of the day, in percent of that of the nearest site with room): 44 to 57 with the prices of
    /// yesterday's plan. With these prices 42 to 54 if they are set once; if they are set ten times, 20 to 26 with 8
    /// draws and 38 with one.
    ///
    /// Without draws or forecast there are no prices. Orders of several sizes have no optimal prices
    /// ([`Proof::Bounded`](crate::plan::Proof::Bounded)), and a draw of such counts as one where all are 0: forecast
    /// the commonest size alone.
    ///
    /// Deterministic: the same arguments give the same prices. O(draws) plans; it needs neither desk nor lock.
    ///
    /// Prices from a sample of orders, learnt again while they come, are from Agrawal, Wang & Ye, *A dynamic
    /// near-optimal algorithm for online linear programming* (2014); means over draws with replacement from Breiman,
    /// *Bagging predictors* (1996).
    ///
    /// # Errors
    ///
    /// [`RouteError`] if the forecast (see [`check_batch`]) or a preference is not sound, or if more orders are to come
    /// than the network's [`Limits::orders_max`](crate::limits::Limits::orders_max).
    ///
    /// ```
    /// use catchment::desk::Outlook;
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::{Cost, Preferences};
    /// use catchment::site::{Network, Site};
    /// use catchment::units::{Distance, Orders, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.23 });
    /// let sites = [Site::leader(SiteId(1), at(121.47)?, Units(4)), Site::leader(SiteId(2), at(121.48)?, Units(4))];
    /// let network = Network::builder().sites(sites).build()?;
    /// // All of yesterday's buyers lived at site 1, which has not room for all.
    /// let yesterday = [Order::new(OrderId(1), at(121.47)?)];
    /// let outlook = Outlook { to_come: Orders(6), draws: 2, unassigned: Distance::from_metres(20_000), seed: 0 };
    /// let prices = outlook.prices(&network, &Preferences::default(), &yesterday)?;
    /// // One more place there would save the way from door to door.
    /// assert_eq!(prices, [(SiteId(1), Cost::from(at(121.47)?.distance_to(at(121.48)?)))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prices(
        &self,
        left: &Network,
        preferences: &Preferences,
        forecast: &[Order],
    ) -> Result<Vec<(SiteId, Cost)>, RouteError> {
        if forecast.is_empty() || self.draws == 0 {
            return Ok(Vec::new());
        }
        let (orders, limit) = (self.to_come.0 as usize, left.limits().orders_max);
        if orders > limit {
            let mut faults = OrderFaults::none();
            faults.push(OrderFault::TooManyOrders { orders, limit });
            return Err(faults.into());
        }
        // All of it, and by the caller's own ids: not only what is drawn.
        check_batch(forecast, left.limits())?;
        let router = Router::new(left)
            .preferences(preferences.clone())
            .objective(Objective::UnassignedAt(self.unassigned));
        let mut sums: Vec<(SiteId, i64)> = left.sites().map(|site| (site.id, 0)).collect();
        sums.sort_unstable();
        let mut lot = self.seed;
        for _ in 0..self.draws {
            let plan = router.route(&self.drawn(forecast, &mut lot))?;
            for ((_, sum), load) in sums.iter_mut().zip(plan.loads()) {
                *sum += load.price.cost.max(0);
            }
        }
        let limit = Cost::from(Preferences::WORTH_MAX).as_millimetres();
        let means = sums
            .into_iter()
            .map(|(site, sum)| (site, sum / i64::from(self.draws)));
        Ok(means
            .filter(|(_, price)| *price > 0)
            .map(|(site, price)| (site, Cost::from_millimetres(price.min(limit))))
            .collect())
    }

    fn drawn(&self, forecast: &[Order], lot: &mut u64) -> Vec<Order> {
        let ids = (0..u64::from(self.to_come.0)).map(OrderId);
        let orders = ids.map(|id| Order {
            id,
            ..forecast[below(forecast.len(), lot)].clone()
        });
        orders.collect()
    }
}

/// A number below `end` by `SplitMix64`: G. Steele, D. Lea, C. Flood, *Fast splittable pseudorandom number generators*,
/// OOPSLA 2014, figure 6; constants of D. Stafford's `Mix13` therein.
fn below(end: usize, lot: &mut u64) -> usize {
    *lot = lot.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*lot ^ (*lot >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ (mixed >> 31);
    // The upper half of the product: no remainder, and a bias below 2⁻³² for any batch.
    ((u128::from(mixed) * end as u128) >> 64) as usize
}
