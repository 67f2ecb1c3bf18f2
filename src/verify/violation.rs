use crate::balance::Price;
use crate::candidates::Rejection;
use crate::faults::Faults;
use crate::id::{OrderId, SiteId};
use crate::plan::{Cost, Method, Proof, Total, Unassigned};
use crate::site::Version;
use crate::units::{Distance, Orders, Units};

/// Everything wrong with a plan, in the order that [`verify::plan`](crate::verify::plan) states.
pub type Violations = Faults<Violation>;

/// One thing wrong with a plan: what it says, and what is so.
///
/// ```
/// use catchment::id::{OrderId, SiteId};
/// use catchment::units::Units;
/// use catchment::verify::Violation;
/// let overfull = Violation::OverCapacity { site: SiteId(17), load: 61, capacity: Units(60) };
/// assert_eq!(overfull.to_string(), "site 17 takes 61, capacity is 60");
/// assert_eq!((overfull.order(), overfull.site()), (None, Some(SiteId(17))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The plan was made for another version of the network. Nothing else was looked at.
    #[error("plan is for version {} of the network, not {}", plan.0, network.0)]
    OtherVersion {
        /// The version that the plan was made for.
        plan: Version,
        /// The version that it is checked against.
        network: Version,
    },
    /// The plan was made with costs of the caller's own, which [`plan_by_costs`](crate::verify::plan_by_costs) takes
    /// again. Nothing else was looked at.
    #[error("plan is by costs of the caller's own: check it with verify::plan_by_costs")]
    OwnCosts,
    /// The plan is by distance, and was to be checked by costs of the caller's own. Nothing else was looked at.
    #[error("plan is by distance, not by costs of the caller's own: check it with verify::plan")]
    ByDistance,
    /// Two orders of the batch have one id. The first was looked at.
    #[error("order {order} is in the batch twice")]
    OrderTwice {
        /// The order.
        order: OrderId,
    },
    /// An order of the batch that the plan does not decide on.
    #[error("order {order} is not decided on")]
    NotDecided {
        /// The order.
        order: OrderId,
    },
    /// A decision on an order that is not in the batch.
    #[error("order {order} is decided on but not in the batch")]
    UnknownOrder {
        /// The order.
        order: OrderId,
    },
    /// An order that asks for something else than the plan remembers of it, by which it is
    /// [explained](crate::plan::Plan::explain). Positions may differ by 10⁻¹² degrees, as not every format that stores
    /// plans [keeps their last bits](crate::geo::Position).
    #[error("order {order} has another {what} than the plan remembers")]
    Remembered {
        /// The order.
        order: OrderId,
        /// `position`, `size`, `set of required tags`, `wish` or `home`.
        what: &'static str,
    },
    /// An order whose buyer chose a site is not there though it should be, or is though it should not, or for another
    /// reason than the plan gives.
    #[error(
        "order {order} chose its site: {}, not {}",
        chosen_outcome(*expected),
        chosen_outcome(*claimed)
    )]
    ChosenSite {
        /// The order.
        order: OrderId,
        /// Why it goes nowhere, according to the plan; `None` if it goes to the site.
        claimed: Option<Unassigned>,
        /// Why it must go nowhere; `None` if it must go to the site.
        expected: Option<Unassigned>,
    },
    /// An order at a site that the network does not have.
    #[error("order {order} goes to site {site}, which is not in the network")]
    UnknownSite {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
    },
    /// An order at a site that may not take it.
    #[error("order {order} goes to site {site}: {why}")]
    NotEligible {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// The first rule that is broken, with its numbers.
        why: Rejection,
    },
    /// An order at a site where it can't go by the caller's own costs.
    #[error("order {order} goes to site {site}, for which there is no cost")]
    NoCost {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
    },
    /// An order that is nearer or farther than the plan says.
    #[error("order {order} is {actual:#} from site {site}, not {claimed:#}")]
    Distance {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// According to the plan.
        claimed: Distance,
        /// In truth.
        actual: Distance,
    },
    /// An order that costs more or less than the plan says.
    #[error("order {order} costs {} mm at site {site}, not {} mm", actual.as_millimetres(), claimed.as_millimetres())]
    Cost {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// According to the plan.
        claimed: Cost,
        /// In truth.
        actual: Cost,
    },
    /// An order that goes nowhere for another reason than the plan gives.
    #[error("order {order} goes nowhere because {expected}, not because {claimed}")]
    Reason {
        /// The order.
        order: OrderId,
        /// According to the plan.
        claimed: Unassigned,
        /// In truth.
        expected: Unassigned,
    },
    /// An order that would do better elsewhere, prices included: the plan is not the best, or its prices are wrong.
    #[error("order {order} counts {} where it is, and {} at site {better_site}", pair(*value), pair(*better_value))]
    BetterElsewhere {
        /// The order.
        order: OrderId,
        /// Where it is; `None` if it goes nowhere.
        site: Option<SiteId>,
        /// Its cost there and the price of the site together, or what it counts nowhere.
        value: Price,
        /// Where it would do best.
        better_site: SiteId,
        /// Its cost there and the price of the site together.
        better_value: Price,
    },
    /// An order that would do better nowhere, prices included.
    #[error("order {order} counts {} where it is, and {} nowhere", pair(*own), pair(*nowhere))]
    BetterNowhere {
        /// The order.
        order: OrderId,
        /// Its cost and the price of its site together.
        own: Price,
        /// What it counts nowhere.
        nowhere: Price,
    },
    /// A site without a load in the plan.
    #[error("site {site} has no load")]
    NoLoad {
        /// The site.
        site: SiteId,
    },
    /// A load of a site that the network does not have.
    #[error("site {site} has a load but is not in the network")]
    UnknownLoad {
        /// The site.
        site: SiteId,
    },
    /// A capacity, load or locked load that is not what it should be.
    #[error("site {site} has {what} {actual}, not {claimed}")]
    Load {
        /// The site.
        site: SiteId,
        /// `capacity`, `load` or `locked load`.
        what: &'static str,
        /// According to the plan.
        claimed: Units,
        /// In truth, which may be more than fits into 32 bits.
        actual: u64,
    },
    /// A site that takes more than it can.
    #[error("site {site} takes {load}, capacity is {capacity}")]
    OverCapacity {
        /// The site.
        site: SiteId,
        /// The sizes of its orders together.
        load: u64,
        /// What it takes in the window.
        capacity: Units,
    },
    /// A total that is not the sum of the decisions.
    #[error(
        "{unassigned} orders go nowhere and the others cost {millimetres} mm, not {} and {} mm",
        claimed.unassigned, claimed.cost.as_millimetres()
    )]
    Total {
        /// According to the plan.
        claimed: Total,
        /// How many orders go nowhere.
        unassigned: Orders,
        /// What the others cost, which may be more than fits into 64 bits.
        millimetres: i128,
    },
    /// A bound that is above the value of the plan itself.
    #[error("bound of {} unassigned and {} mm is above the plan", bound.unassigned, bound.cost.as_millimetres())]
    BoundAbove {
        /// The bound.
        bound: Total,
    },
    /// A proof that the method does not have for such orders and costs: see [`Proof`] for which belong together.
    #[error(
        "plan by the method {} is {}, which these orders and costs rule out",
        method_name(*method),
        proof_name(*proof)
    )]
    Proof {
        /// How the plan was made, as it says.
        method: Method,
        /// What it says is proven.
        proof: Proof,
    },
    /// A number of listed sites in a plan that is not over listed sites, or none in one that is.
    #[error("plan is {}, and says that {} sites are listed for each order", proof_name(*proof), listed.unwrap_or(0))]
    Listed {
        /// What it says is proven.
        proof: Proof,
        /// How many sites are listed for each order, as it says.
        listed: Option<usize>,
    },
    /// A price in a plan that is not proven.
    #[error("site {site} has price {} in a plan without proof", pair(*price))]
    PriceUnproven {
        /// The site.
        site: SiteId,
        /// Its price.
        price: Price,
    },
    /// A price below zero.
    #[error("site {site} has price {}, below 0", pair(*price))]
    PriceNegative {
        /// The site.
        site: SiteId,
        /// Its price.
        price: Price,
    },
    /// A price at a site that has room left.
    #[error("site {site} has price {} and room for {room}", pair(*price))]
    PriceDespiteRoom {
        /// The site.
        site: SiteId,
        /// Its price.
        price: Price,
        /// How much more it takes.
        room: u64,
    },
    /// A price that could be less, with those of other sites perhaps.
    #[error("site {site} has price {}, and less would do", pair(*price))]
    PriceNotLeast {
        /// The site.
        site: SiteId,
        /// Its price.
        price: Price,
    },
}

impl Violation {
    /// The order concerned, if it is one.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match self {
            Self::OrderTwice { order }
            | Self::NotDecided { order }
            | Self::UnknownOrder { order }
            | Self::Remembered { order, .. }
            | Self::ChosenSite { order, .. }
            | Self::UnknownSite { order, .. }
            | Self::NotEligible { order, .. }
            | Self::NoCost { order, .. }
            | Self::Distance { order, .. }
            | Self::Cost { order, .. }
            | Self::Reason { order, .. }
            | Self::BetterElsewhere { order, .. }
            | Self::BetterNowhere { order, .. } => Some(*order),
            _ => None,
        }
    }

    /// The site concerned, if it is one: where the order is, or whose load or price is wrong.
    #[must_use]
    pub const fn site(&self) -> Option<SiteId> {
        match self {
            Self::UnknownSite { site, .. }
            | Self::NotEligible { site, .. }
            | Self::NoCost { site, .. }
            | Self::Distance { site, .. }
            | Self::Cost { site, .. }
            | Self::NoLoad { site }
            | Self::UnknownLoad { site }
            | Self::Load { site, .. }
            | Self::OverCapacity { site, .. }
            | Self::PriceUnproven { site, .. }
            | Self::PriceNegative { site, .. }
            | Self::PriceDespiteRoom { site, .. }
            | Self::PriceNotLeast { site, .. } => Some(*site),
            Self::BetterElsewhere { site, .. } => *site,
            _ => None,
        }
    }
}

fn chosen_outcome(why: Option<Unassigned>) -> String {
    match why {
        None => "it goes there".to_owned(),
        Some(why) => why.to_string(),
    }
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Nearest => "nearest",
        Method::Greedy => "greedy",
        Method::Balanced => "balanced",
    }
}

fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::Optimal => "optimal",
        Proof::OverListedCandidates => "optimal over listed sites",
        Proof::Bounded { .. } => "within a bound",
        Proof::Nothing => "not proven",
    }
}

/// The cost, and beside it the unassigned orders if the price counts any.
fn pair(price: Price) -> String {
    match price.unassigned {
        0 => format!("{} mm", price.cost),
        orders => format!("{orders} unassigned and {} mm", price.cost),
    }
}
