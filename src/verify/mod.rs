//! Is a plan what it says it is? A second opinion that shares no code with what it checks.
//!
//! Nothing here calls the optimiser, the indexes or the look-ups. Sites are read one by one, who may go where is
//! decided from their definitions, areas are tested edge by edge and cell by cell, sums are added up again, and
//! the nearest and cheapest are found with a plain search tree of its own. Only the definition of
//! [distance](crate::geo::Position::distance_to) and the words (orders, sites, schedules, tags) are shared.
//!
//! # What is checked
//!
//! 1. The plan is of this version of the network, decides on every order of the batch exactly once, and on no other,
//!    and remembers of each what it asks: by that it is [explained](Plan::explain).
//! 2. Every order goes to a site that may take it, as far away and at such a cost as the plan says; whoever chose a
//!    site is there, while there is room, in the order of ids; whoever goes nowhere does so for the reason given.
//! 3. Loads, locked loads, capacities and totals are what they should be, no site is overfull, and method and
//!    [proof](crate::plan::Proof) belong together.
//! 4. The certificate: prices are not negative, zero where another order fits in, and every order is where cost + price
//!    is least of *all* eligible sites and nowhere (see [`balance`](crate::balance#the-certificate)). Then no plan is
//!    better, whoever made this one and however. And no smaller prices would do.
//!
//! # Prices are the least
//!
//! Say that an order *holds up* a site if it goes elsewhere but would do just as well there, price included. If some
//! sites with a price are held up by nobody outside of them, all their prices could be a little less. So prices are
//! the least if and only if from every site with a price a chain of such orders leads to a place without one.
//!
//! # What is not
//!
//! Of a plan [over listed candidates](crate::plan::Proof::OverListedCandidates) the certificate is checked over the
//! sites that its rule [lists](Plan::listed), not over all. A [bound](crate::plan::Proof::Bounded) must not be above
//! the plan's value; that nothing is below it is not shown. A [greedy](crate::plan::Method::Greedy) plan claims nothing
//! but that no order is dearer than at a site that has room at the end.
//!
//! By costs without a [lower bound](crate::plan::Costs::least_per_kilometre) such a plan, and one of orders of several
//! sizes, knows the sites on a list only and does not say how many those were. It claims nothing of who goes where.
//! Of an order that goes nowhere, the first of its list (its home, else the nearest eligible site) must be too dear,
//! or full if that is the reason; and if the first is too dear but all are said to be full, there must be a full one
//! that is not. Whether that one was listed, and whether others were that have room, is not checked.
//!
//! What was wished for is taken from the plan: its objective, preferences and opening time are what it
//! [says](Plan::preferences), and one by the method nearest may call itself greedy if nothing is overfull. Where costs
//! are the caller's own, nothing shows that the plan was by these and not by others with the same decisions.

mod areas;
mod certificate;
mod claims;
mod desk;
mod fulfil;
mod options;
mod rules;
mod split;
mod tree;
mod violation;

use crate::order::Order;
use crate::plan::{Costs, Plan};
use crate::site::Network;

use certificate::Certificate;
use claims::Claims;
use rules::Rules;

pub use desk::{DeskViolation, DeskViolations, desk};
pub use fulfil::{DispatchViolation, DispatchViolations, dispatch, dispatch_by_commands};
pub use options::{OptionsViolation, OptionsViolations, options};
pub use split::{SiteStock, SplitTask, SplitViolation, SplitViolations, split};
pub use violation::{Violation, Violations};

/// Checks a plan by walking distance against the network and the orders that it was made for.
///
/// O((n + m) log m) for n orders and m sites where service areas and prices are as local as in a city. On all threads
/// with the feature `rayon`; the answer is the same for any number of them. 24 bytes of memory an order, and 8 for each
/// that would do as well at another site with a price.
///
/// # Errors
///
/// [`Violations`]: all that is wrong. First come orders that are missing, too many or other than the plan remembers,
/// then those that are not where their buyers chose, then all other faults order by order, then loads site by site, the
/// total, the proof, and prices site by site, always in the order of ids. Of a plan for another version of the network,
/// or by [costs of the caller's own](Violation::OwnCosts), nothing else is looked at.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::Router;
/// use catchment::site::{Network, Site};
/// use catchment::units::Units;
/// use catchment::verify;
///
/// let at = |lng| Position::new(LngLat { lng, lat: 31.2 });
/// let sites = [Site::leader(SiteId(1), at(121.40)?, Units(1)), Site::leader(SiteId(2), at(121.42)?, Units(9))];
/// let network = Network::builder().sites(sites).build()?;
/// let mut orders = [Order::new(OrderId(1), at(121.405)?), Order::new(OrderId(2), at(121.40)?)];
/// let plan = Router::new(&network).route(&orders)?;
/// assert_eq!(verify::plan(&network, &orders, &plan), Ok(()));
///
/// orders[0].position = at(121.42)?; // not where the plan thinks it is
/// let violations = verify::plan(&network, &orders, &plan).unwrap_err();
/// let said: Vec<String> = violations.kept().iter().take(2).map(|violation| violation.to_string()).collect();
/// assert_eq!(said[0], "order 1 has another position than the plan remembers");
/// assert_eq!(said[1], "order 1 is 0.000 m from site 2, not 1,426.684 m");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(network: &Network, orders: &[Order], plan: &Plan) -> Result<(), Violations> {
    if !plan.is_by_distance() && plan.version() == network.version() {
        let mut violations = Violations::none();
        violations.push(Violation::OwnCosts);
        return violations.into_result();
    }
    check(&Rules::new(network, plan, None), orders, plan)
}

/// Checks a plan by the caller's own costs: the same costs that it was routed by.
///
/// As [`plan`]. Where the costs have a [lower bound](Costs::least_per_kilometre) it is relied upon.
///
/// # Errors
///
/// [`Violations`], as [`plan`]. Of a plan [by distance](Violation::ByDistance), nothing else is looked at.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{OrderId, SiteId};
/// use catchment::order::Order;
/// use catchment::plan::{Cost, Router};
/// use catchment::site::{Network, Site};
/// use catchment::units::{Distance, Units};
/// use catchment::verify;
///
/// let home = Position::new(LngLat { lng: 121.40, lat: 31.2 })?;
/// let network = Network::builder().site(Site::leader(SiteId(1), home, Units(1))).build()?;
/// let orders = [Order::new(OrderId(1), home)];
/// let ten_minutes = |_: &Order, _: &Site, _: Distance| Some(Cost::from_millimetres(800_000));
/// let plan = Router::new(&network).costs(&ten_minutes).route(&orders)?;
/// assert_eq!(verify::plan_by_costs(&network, &orders, &plan, &ten_minutes), Ok(()));
/// let without = verify::plan(&network, &orders, &plan).unwrap_err();
/// assert_eq!(without.kept(), [verify::Violation::OwnCosts]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan_by_costs(
    network: &Network,
    orders: &[Order],
    plan: &Plan,
    costs: &dyn Costs,
) -> Result<(), Violations> {
    if plan.is_by_distance() && plan.version() == network.version() {
        let mut violations = Violations::none();
        violations.push(Violation::ByDistance);
        return violations.into_result();
    }
    check(&Rules::new(network, plan, Some(costs)), orders, plan)
}

fn check(rules: &Rules<'_>, orders: &[Order], plan: &Plan) -> Result<(), Violations> {
    let mut violations = Violations::none();
    if plan.version() != rules.version {
        violations.push(Violation::OtherVersion {
            plan: plan.version(),
            network: rules.version,
        });
        return violations.into_result();
    }
    let claims = Claims::match_up(rules, orders, plan, &mut violations);
    let certificate = Certificate::new(rules, plan, &claims);
    let held_up = certificate.check_orders(&mut violations);
    claims.check_sums(&mut violations);
    certificate.check_prices(&held_up, &mut violations);
    violations.into_result()
}
