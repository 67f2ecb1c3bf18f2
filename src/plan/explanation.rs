use core::fmt;

use crate::balance::Price;
use crate::candidates::Rejection;
use crate::id::{DisplayWith, Names, Numbers, OrderId, SiteId};
use crate::plan::{Cost, Outcome, Unassigned};
use crate::site::{Neighbour, Version};
use crate::units::{Distance, Units};

/// Why an order goes where it goes, as data. `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Explanation {
    /// The order.
    pub order: OrderId,
    /// What was decided.
    pub outcome: Outcome,
    /// The nearest eligible site, full or not; `None` if no site is eligible. If the buyer [chose a
    /// site](crate::order::Wish::Site), the nearest that would be eligible without that choice: so it can be told how
    /// much farther the chosen one is, and where the order could go instead of one that can't take it.
    pub nearest: Option<Neighbour>,
    /// How much farther than that the order goes; `None` if it goes nowhere.
    pub detour: Option<Distance>,
    /// The reason that decided.
    pub because: Because,
    /// The sites that were considered, nearest first: all that are no farther than the site of the order, the nearest
    /// [`CONSIDERED_MAX`](Self::CONSIDERED_MAX) of them at most, and those named elsewhere in this explanation.
    pub considered: Vec<Considered>,
    /// What it would cost to give the order its place at the cheaper site that is full.
    pub exchange: Option<Exchange>,
    /// What would make a place for an order that has none, each for itself.
    pub remedies: Vec<Remedy>,
    /// What all costs here are costs of.
    #[cfg_attr(feature = "serde", serde(default))]
    pub counted: Counted,
}

/// What the costs of a plan are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Counted {
    /// Walks and preferences.
    #[default]
    Walks,
    /// The caller's own [`Costs`](crate::plan::Costs), and preferences.
    OwnCosts,
}

/// The reason for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Because {
    /// The buyer chose the site.
    Chosen,
    /// No eligible site is nearer, none is cheaper.
    Nearest,
    /// The nearest eligible site is nearer, but preferences make this one the cheapest.
    Preferred {
        /// How much less it costs than the nearest.
        saves: Cost,
    },
    /// The nearest eligible site is nearer, but by the caller's own costs none is cheaper than this one.
    Cheapest {
        /// How much less it costs than the nearest.
        saves: Cost,
    },
    /// A site would be cheaper by the caller's own costs, but the plan did not know of it: only so many sites are
    /// listed for each order where costs have no [lower bound](crate::plan::Costs::least_per_kilometre).
    NotListed {
        /// Which, and how far it is.
        cheapest: Neighbour,
    },
    /// The nearest eligible site would be the cheapest, but other orders fill it.
    NearestWasFull {
        /// Which, and how far it is.
        nearest: Neighbour,
        /// What one more place there would save.
        price: Price,
    },
    /// A site that is not the nearest would be the cheapest, but other orders fill it.
    CheapestWasFull {
        /// Which, and how far it is.
        cheapest: Neighbour,
        /// What one more place there would save.
        price: Price,
    },
    /// Orders differ in size, and a cheaper site has room: the plan is the best that was found, and not the best for
    /// each order.
    Packed,
    /// The order goes nowhere.
    Unassigned(Unassigned),
}

/// A site that was considered for the order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Considered {
    /// The site and how far it is.
    pub neighbour: Neighbour,
    /// What speaks for and against it.
    pub merit: Merit,
}

/// What speaks for and against a site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Merit {
    /// The order may go there.
    Eligible {
        /// What the order costs there.
        cost: Cost,
        /// What one more place there would save. In a plan that is proven optimal, the order is where cost and price
        /// together are least.
        price: Price,
        /// How much room the plan leaves there.
        room: Units,
    },
    /// It may not, because of the first demand that the site does not meet.
    Rejected(Rejection),
}

/// How the order would get its place at a site that is full, at the least cost of all ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exchange {
    /// The order itself first, then those that would give way, one for the other, then those that would take the place
    /// that it left, if that pays.
    pub steps: Vec<Step>,
    /// What all steps together would change: never less than nothing, as the plan is optimal.
    pub costs: Price,
}

/// One order that would go elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// Which.
    pub order: OrderId,
    /// Where it is in the plan; `None` is nowhere.
    pub from: Option<SiteId>,
    /// Where it would go; `None` is nowhere.
    pub to: Option<SiteId>,
}

/// What would make a place for an order, other things being equal. (If it makes places for others as well, as a longer
/// service radius does, some of them may be better off with it.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Remedy {
    /// So much more capacity at this site.
    Capacity {
        /// The site.
        site: SiteId,
        /// How much more.
        more: Units,
    },
    /// A service radius so much longer at this site, which has room.
    Reach {
        /// The site.
        site: SiteId,
        /// How much longer.
        more: Distance,
    },
    /// A walk so much longer than the buyer's limit, to this site, which has room.
    Walk {
        /// The site.
        site: SiteId,
        /// How much longer.
        more: Distance,
    },
    /// Another wish: this is the nearest site that is eligible without it and has room.
    OtherSite {
        /// The site and how far it is.
        neighbour: Neighbour,
    },
    /// A price of staying unassigned above this cost, at which a site with room takes it.
    Price {
        /// The site.
        site: SiteId,
        /// What the order costs there.
        above: Cost,
    },
}

/// Why a plan can't be explained. Trying again does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The order was not in the batch.
    #[error("order {order} is not in the plan")]
    UnknownOrder {
        /// The order.
        order: OrderId,
    },
    /// The network is another version than the plan's.
    #[error("the plan is for version {} of the network, not {}", plan.0, network.0)]
    OtherVersion {
        /// The version that the plan was made for.
        plan: Version,
        /// The version given.
        network: Version,
    },
    /// The plan was made with the caller's own costs, which it does not keep: give them again
    /// ([`explain_by_costs`](crate::plan::Plan::explain_by_costs)).
    #[error("the plan was made with costs of the caller's own: explain_by_costs takes them")]
    OwnCosts,
    /// The sites of the network are not those of the plan, though its version is: what is stored has been changed.
    #[error("site {site} is not in both the network and the plan")]
    OtherSites {
        /// The first site that is missing or too many.
        site: SiteId,
    },
    /// The orders given with the costs are not those of the plan.
    #[error("order {order} is not in both the orders and the plan, once and asking for the same")]
    OtherOrders {
        /// The first order that is missing, too many, or asks for something else.
        order: OrderId,
    },
    /// The costs given are not those that the plan was made with, as far as that shows.
    #[error(
        "the costs are not the plan's: at site {site} order {order} costs other than in the plan, or too little"
    )]
    OtherCosts {
        /// The order.
        order: OrderId,
        /// Where it goes, or where it would go by these costs.
        site: SiteId,
    },
    /// The caller's costs named a cost out of range, or below their own bound, where routing had not asked.
    #[error("order {order} costs {} mm at site {site}, which is out of range", cost.as_millimetres())]
    CostOutOfRange {
        /// The order.
        order: OrderId,
        /// The site.
        site: SiteId,
        /// The cost.
        cost: Cost,
    },
}

impl Explanation {
    /// The largest number of nearest sites in [`considered`](Self::considered).
    pub const CONSIDERED_MAX: usize = 32;
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Explanation {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {} ", names.order(self.order))?;
        match &self.outcome {
            Outcome::Assigned(assigned) => {
                let site = names.site(assigned.site);
                write!(f, "goes to site {site} at {}", assigned.distance)?;
                if let Some(detour) = self.detour.filter(|detour| *detour > Distance::ZERO) {
                    write!(f, ", {detour} farther than to the nearest,")?;
                }
            }
            Outcome::Unassigned(_) => f.write_str("goes nowhere")?,
        }
        write!(f, " because {}", self.because.display_with(names))?;
        if let Some(exchange) = &self.exchange {
            f.write_str("; ")?;
            exchange.tell(self.counted, names, f)?;
        }
        match self.remedies.first() {
            Some(remedy) => write!(f, "; {} would help", remedy.display_with(names)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Because {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen => f.write_str("the buyer chose it"),
            Self::Nearest => f.write_str("it is the nearest that may take it"),
            Self::Preferred { saves } => {
                write!(f, "preferences make it {saves} cheaper than the nearest")
            }
            Self::Cheapest { saves } => write!(f, "it costs {saves} less than the nearest"),
            Self::NotListed { cheapest } => write!(
                f,
                "site {} at {}, which is cheaper, was not listed for it",
                names.site(cheapest.site),
                cheapest.distance
            ),
            Self::NearestWasFull { nearest, .. } => write!(
                f,
                "the nearest, site {} at {}, is full",
                names.site(nearest.site),
                nearest.distance
            ),
            Self::CheapestWasFull { cheapest, .. } => write!(
                f,
                "the preferred site {} at {} is full",
                names.site(cheapest.site),
                cheapest.distance
            ),
            Self::Packed => f.write_str("orders of different sizes fit best so"),
            Self::Unassigned(why) => fmt::Display::fmt(why, f),
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Exchange {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(Counted::Walks, names, f)
    }
}

impl Exchange {
    fn tell(&self, counted: Counted, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.steps.first().and_then(|step| step.to) else {
            return Ok(());
        };
        write!(f, "to give it a place at site {}, ", names.site(first))?;
        for step in self.steps.iter().skip(1) {
            write!(f, "order {} would go ", names.order(step.order))?;
            match step.to {
                Some(site) => write!(f, "to site {} and ", names.site(site))?,
                None => f.write_str("nowhere and ")?,
            }
        }
        let cost = Cost::from_millimetres(self.costs.cost);
        match self.costs.unassigned {
            0 => match counted {
                Counted::Walks => write!(f, "all together would walk {cost} more"),
                Counted::OwnCosts => write!(f, "all together would cost {cost} more"),
            },
            more => write!(f, "{more} more would go nowhere"),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_with(&Numbers, f)
    }
}

impl DisplayWith for Remedy {
    fn fmt_with(&self, names: &dyn Names, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity { site, more } => {
                write!(f, "{more} more capacity at site {}", names.site(*site))
            }
            Self::Reach { site, more } => {
                let site = names.site(*site);
                write!(f, "a service radius {more:#} longer at site {site}")
            }
            Self::Walk { site, more } => {
                write!(f, "a walk {more:#} longer, to site {},", names.site(*site))
            }
            Self::OtherSite { neighbour } => {
                let site = names.site(neighbour.site);
                write!(f, "site {site} at {}", neighbour.distance)
            }
            Self::Price { site, above } => {
                let site = names.site(*site);
                write!(f, "a price of more than {above}, at site {site},")
            }
        }
    }
}
