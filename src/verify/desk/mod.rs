//! Was every promise of an evening kept? The log of a desk, gone through from the first step to the last.

mod evening;
mod terms;

use crate::desk::{OrderState, Policy, Step};
use crate::faults::Faults;
use crate::id::{CommandId, OrderId, SiteId, SkuId};
use crate::plan::Cost;
use crate::site::Network;
use crate::time::Timestamp;
use crate::units::Units;

pub(super) use evening::Evening;

/// Everything wrong with a log, in its order.
pub type DeskViolations = Faults<DeskViolation>;

/// One thing wrong with the log of a desk.
///
/// ```
/// use catchment::id::SiteId;
/// use catchment::units::Units;
/// use catchment::verify::DeskViolation;
/// let overfull = DeskViolation::OverCapacity { site: SiteId(17), load: 61, capacity: Units(60) };
/// assert_eq!(overfull.to_string(), "site 17 has 61, capacity is 60");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskViolation {
    /// A step is missing, doubled or out of order.
    #[error("step {found} comes where {expected} should")]
    Sequence {
        /// The sequence that should come.
        expected: u64,
        /// The sequence that comes.
        found: u64,
    },
    /// A step is earlier than the one before it.
    #[error("step {sequence} is earlier than the one before")]
    Time {
        /// Which.
        sequence: u64,
    },
    /// A command was decided twice.
    #[error("command {command} was decided twice")]
    CommandTwice {
        /// Which.
        command: CommandId,
    },
    /// A refused command did something.
    #[error("command {command} was refused and has events")]
    RefusedWithEvents {
        /// Which.
        command: CommandId,
    },
    /// Something happened to an order that can't happen to it any more, or not yet.
    #[error("step {sequence}: order {order} is {}", state.map_or("not there".into(), |state| state.to_string()))]
    Fate {
        /// The step.
        sequence: u64,
        /// Which order.
        order: OrderId,
        /// Where it stood.
        state: Option<OrderState>,
    },
    /// An order was confirmed after its time was up, or expired before.
    #[error("step {sequence}: order {order} against its time")]
    Deadline {
        /// The step.
        sequence: u64,
        /// Which order.
        order: OrderId,
    },
    /// An order is held for longer or shorter than the policy says.
    #[error("order {order} is held until {until}, not {expected}")]
    HeldUntil {
        /// Which order.
        order: OrderId,
        /// According to the log.
        until: Timestamp,
        /// According to the policy.
        expected: Timestamp,
    },
    /// A site is named that is not there.
    #[error("no site {site}")]
    UnknownSite {
        /// Which.
        site: SiteId,
    },
    /// An order is at a site that may not take it.
    #[error("order {order} may not be at site {site}")]
    NotEligible {
        /// Which order.
        order: OrderId,
        /// Where it is.
        site: SiteId,
    },
    /// An order costs something else than the log says.
    #[error("order {order} costs {} mm, not {} mm", cost.as_millimetres(), claimed.as_millimetres())]
    WrongCost {
        /// Which order.
        order: OrderId,
        /// What it costs.
        cost: Cost,
        /// What the log says.
        claimed: Cost,
    },
    /// An order was told another site than the best that had room and goods.
    #[error("order {order} was told site {site} when site {better} was better")]
    NotTheBest {
        /// Which order.
        order: OrderId,
        /// Where it was told to go.
        site: SiteId,
        /// What was better.
        better: SiteId,
    },
    /// An order was moved though its site was promised, or for a cause that was none, or from where it was not.
    #[error("step {sequence}: order {order} was moved without cause")]
    MovedWithoutCause {
        /// The step.
        sequence: u64,
        /// Which order.
        order: OrderId,
    },
    /// A site has taken more than it takes.
    #[error("site {site} has {load}, capacity is {capacity}")]
    OverCapacity {
        /// Which.
        site: SiteId,
        /// What it has.
        load: u64,
        /// What it takes.
        capacity: Units,
    },
    /// More is held than there is.
    #[error("site {site} has {on_hand} pieces of sku {sku}, {held} are held")]
    Oversold {
        /// Whose stock.
        site: SiteId,
        /// The article.
        sku: SkuId,
        /// What is there.
        on_hand: u64,
        /// What orders hold.
        held: u64,
    },
}

/// Checks the whole log of a desk, from its opening on this network with this policy.
///
/// Nothing of the desk is asked: sites, loads, stock, homes and prices are followed from the events alone, with sums
/// of its own. Checked is that steps and times follow each other and no command was decided twice; that every order
/// has one fate, is held as long as the policy says, and keeps its time; that it is where it may be, at the cost that
/// was told; under [`Firm`](crate::desk::Promise::Firm), that it was told the best site with room and goods, and moved
/// for no other cause than a rejection, a closing, missing goods or the buyer's consent; and that after every step no
/// site has taken more than it takes and nobody holds goods that are not there. (A capacity that is lowered below the
/// load, or safety stock raised, breaks no promise: it only ends new ones.)
///
/// O(events), and O(sites) for each order that was told at once.
///
/// # Errors
///
/// [`DeskViolations`]: all that is wrong, in the order of the log.
///
/// ```
/// use catchment::desk::{Command, Desk, Policy};
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::{CommandId, OrderId, SiteId};
/// use catchment::ledger::Answer;
/// use catchment::order::Order;
/// use catchment::site::{Network, Site};
/// use catchment::time::Timestamp;
/// use catchment::units::Units;
/// use catchment::verify;
///
/// let door = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let network = Network::builder().site(Site::leader(SiteId(17), door, Units(1))).build()?;
/// let mut desk = Desk::open(network.clone(), Policy::default());
/// let mut log = Vec::new();
/// for id in 1..=2 {
///     let command = Command::place(CommandId(id), Order::new(OrderId(id), door));
///     if let Answer::Decided(step) = desk.apply(Timestamp::from_unix_millis(0), &command)? {
///         log.push(step);
///     }
/// }
/// assert_eq!(verify::desk(&network, &Policy::default(), &log), Ok(()));
/// assert!(verify::desk(&network, &Policy::default(), &log[1..]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn desk<'a>(
    network: &Network,
    policy: &Policy,
    log: impl IntoIterator<Item = &'a Step>,
) -> Result<(), DeskViolations> {
    let mut evening = Evening::new(network, policy);
    for step in log {
        evening.hear(step, |event| Some(event));
    }
    evening.into_violations().into_result()
}
