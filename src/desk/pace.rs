use crate::desk::Counter;
use crate::id::SiteId;
use crate::plan::Cost;
use crate::units::{Distance, Orders};

/// How far the evening is, for prices that [keep pace](Counter::paced_prices) with it.
///
/// ```
/// use catchment::desk::Pace;
/// use catchment::units::{Distance, Orders};
/// let pace = Pace { come: Orders(5_000), expected: Orders(20_000), worth: Distance::from_metres(700) };
/// assert!(pace.come < pace.expected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Pace {
    /// How many orders have come so far.
    pub come: Orders,
    /// How many are expected in all, those included.
    pub expected: Orders,
    /// What it is worth to bring a site back in step: about one and a half mean walks of the forecast plan.
    ///
    /// Measured on clustered cities with 25 orders a site and room for 101, 110 and 150 %: from 1 to 2 mean walks the
    /// result hardly changes, at 0.5 and at 3 it is worse.
    pub worth: Distance,
}

impl Counter {
    /// The prices of a forecast, corrected for what has happened since: for
    /// [`SetPrices`](crate::desk::Action::SetPrices), fifty times or so in an evening.
    ///
    /// Prices of yesterday's plan spread today's orders as yesterday's would have been. Chance makes today differ: some
    /// sites fill faster than the evening passes and are full before the orders come that need them most. So a site
    /// whose room runs ahead of the clock becomes dearer and one that lags cheaper, never below 0, by
    ///
    /// ```text
    /// worth · (share of orders still to come − share of room left) / √(share of orders still to come)
    /// ```
    ///
    /// The root is the yardstick because chance deviations of what is still to come shrink with it: the same lead means
    /// more the later it is. With half a percent to come or less the divisor stays as it is there.
    ///
    /// This needs no plan. [`Outlook::prices`](crate::desk::Outlook::prices) need some, and leave less regret.
    ///
    /// Sites without capacity are left out; a site that `forecast` does not name has the price 0 there, and of one that
    /// it names several times the last price counts, as of [`SetPrices`](crate::desk::Action::SetPrices). Costs
    /// O(sites · log forecast). Whole numbers throughout: the same desk gives the same prices.
    ///
    /// The idea of prices learnt from past orders is from Devanur & Hayes (2009) and Agrawal, Wang & Ye, *A dynamic
    /// near-optimal algorithm for online linear programming* (2014); steering them back by what is left, without
    /// solving again, is as in Balseiro, Lu & Mirrokni, *Dual mirror descent for online allocation problems* (2020).
    ///
    /// ```
    /// use catchment::desk::{Command, Desk, Pace, Policy};
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CommandId, OrderId, SiteId};
    /// use catchment::order::Order;
    /// use catchment::plan::Cost;
    /// use catchment::site::{Network, Site};
    /// use catchment::time::Timestamp;
    /// use catchment::units::{Distance, Orders, Units};
    ///
    /// let at = |lng| Position::new(LngLat { lng, lat: 31.23 });
    /// let sites = [Site::leader(SiteId(1), at(121.47)?, Units(4)), Site::leader(SiteId(2), at(121.48)?, Units(4))];
    /// let mut desk = Desk::open(Network::builder().sites(sites).build()?, Policy::default());
    /// let now = Timestamp::from_unix_millis(0);
    /// for number in 0..3 {
    ///     desk.apply(now, &Command::place(CommandId(number), Order::new(OrderId(number), at(121.47)?)))?;
    /// }
    /// // 3 of 8 orders have come, and all of them to site 1, which should not be three quarters full yet.
    /// let pace = Pace { come: Orders(3), expected: Orders(8), worth: Distance::from_metres(700) };
    /// let prices = desk.machine().paced_prices(&[(SiteId(2), Cost::from(Distance::from_metres(50)))], pace);
    /// assert_eq!(prices, [(SiteId(1), Cost::from_millimetres(332_039))]); // and site 2 has become free
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn paced_prices(&self, forecast: &[(SiteId, Cost)], pace: Pace) -> Vec<(SiteId, Cost)> {
        let mut known: Vec<_> = forecast.to_vec();
        // Stable: of one site the later price stays behind the earlier.
        known.sort_by_key(|(site, _)| *site);
        let to_come = ToCome::of(pace);
        let priced = self.places.iter().filter_map(|place| {
            let capacity = i128::from(place.capacity);
            let left = (i128::from(place.room()) * ONE).checked_div(capacity)?;
            let end = known.partition_point(|(site, _)| *site <= place.id);
            let last = known[..end].last().filter(|(site, _)| *site == place.id);
            let base = last.map_or(0, |(_, price)| price.as_millimetres());
            let lead =
                i128::from(pace.worth.as_millimetres()) * (to_come.share - left) / to_come.root;
            let limit = i128::from(crate::plan::Preferences::WORTH_MAX.as_millimetres());
            let price = (i128::from(base) + lead).clamp(0, limit);
            (price > 0).then(|| (place.id, Cost::from_millimetres(price as i64)))
        });
        priced.collect()
    }
}

/// Shares are counted in millionths.
const ONE: i128 = 1_000_000;

/// The least share that is still to come when it divides.
const END: i128 = ONE / 200;

/// Which part of the orders is still to come, and the root of it.
struct ToCome {
    share: i128,
    root: i128,
}

impl ToCome {
    fn of(pace: Pace) -> Self {
        let left = i128::from(pace.expected.0.saturating_sub(pace.come.0)) * ONE;
        let share = left.checked_div(i128::from(pace.expected.0)).unwrap_or(0);
        Self {
            share,
            root: (share.max(END) * ONE).isqrt(),
        }
    }
}
