use crate::order::Order;
use crate::plan::Cost;
use crate::site::Site;
use crate::units::Distance;

/// The caller's own costs in place of the distance: minutes by bus, walks along streets, a matrix.
///
/// Preferences are added to them, so count in their currency: millimetres of walk, or whatever you take for it (at
/// 80 m a minute, a second is 1,333 mm). Any function or closure from (order, site, distance) to a cost is one; a
/// matrix is a closure that looks it up.
///
/// What is asked for are eligible sites only; of those, `None` means that the order can't go there. The same question
/// must always have the same answer, from any thread. If it has another within a batch, the plan is not what its proof
/// says, which [`verify`](crate::verify::plan_by_costs) tells, or routing fails.
///
/// A cost or reward is at most 137,438,953,471 mm, half of what a [candidate](crate::balance::Candidate::COST_MAX) may
/// cost: preferences come on top.
///
/// ```
/// use catchment::order::Order;
/// use catchment::plan::{Cost, Costs};
/// use catchment::site::Site;
/// use catchment::units::Distance;
///
/// /// Nobody walks more slowly than the crow flies: twice the distance after dark.
/// struct AfterDark;
///
/// impl Costs for AfterDark {
///     fn cost(&self, _: &Order, _: &Site, distance: Distance) -> Option<Cost> {
///         Some(Cost::from_millimetres(2 * Cost::from(distance).as_millimetres()))
///     }
///
///     fn least_per_kilometre(&self) -> Option<Distance> {
///         Some(Distance::from_metres(2_000))
///     }
/// }
/// ```
pub trait Costs: Sync {
    /// What it costs to send the order to the site, which is so far away; `None` if that can't be.
    fn cost(&self, order: &Order, site: &Site, distance: Distance) -> Option<Cost>;

    /// What every kilometre of great circle costs at least, and so each fraction of it: `cost` is never less than its
    /// share, rounded down to a millimetre.
    ///
    /// With such a bound a plan is the best over *all* eligible sites. Without (`None`, the default) it is the best
    /// over the nearest few, listed for each order; over all, if those are all that an order may go to.
    fn least_per_kilometre(&self) -> Option<Distance> {
        None
    }
}

impl<F> Costs for F
where
    F: Fn(&Order, &Site, Distance) -> Option<Cost> + Sync,
{
    fn cost(&self, order: &Order, site: &Site, distance: Distance) -> Option<Cost> {
        self(order, site, distance)
    }
}
