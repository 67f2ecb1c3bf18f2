//! Did every order live as it should? The log of a dispatch, gone through from the first step to the last.

mod lives;

use crate::desk::{OrderState, Policy};
use crate::faults::Faults;
use crate::fulfil::dispatch::Step;
use crate::fulfil::{Deed, Life};
use crate::id::{OrderId, SkuId};
use crate::site::Network;
use crate::verify::DeskViolation;

use lives::Lives;

/// Everything wrong with a log, in its order: of each step first what is wrong at the desk.
pub type DispatchViolations = Faults<DispatchViolation>;

/// One thing wrong with the log of a dispatch.
///
/// ```
/// use catchment::fulfil::{Deed, Life};
/// use catchment::id::OrderId;
/// use catchment::verify::DispatchViolation;
/// let leap = DispatchViolation::Leap {
///     sequence: 4, part: OrderId(7), from: Some(Life::Accepted), deed: Deed::PickUp, to: Life::PickedUp,
/// };
/// assert_eq!(leap.to_string(), "step 4: order 7 is accepted, pick up leads not to picked up");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchViolation {
    /// At the desk.
    #[error(transparent)]
    Desk(DeskViolation),
    /// A life went on as none does.
    #[error(
        "step {sequence}: order {part} is {}, {deed} leads not to {to}",
        from.map_or("not there".into(), |from| from.to_string())
    )]
    Leap {
        /// The step.
        sequence: u64,
        /// Whose.
        part: OrderId,
        /// Where it stood.
        from: Option<Life>,
        /// What is said to have happened.
        deed: Deed,
        /// Where that is said to have led.
        to: Life,
    },
    /// A life is not what the desk says of the order: its goods are elsewhere than it tells.
    #[error(
        "step {sequence}: order {part} is {life}, at the desk {} {}",
        state.map_or("unknown".into(), |state| state.to_string()),
        if *is_placed { "with a place" } else { "without a place" }
    )]
    Apart {
        /// The step.
        sequence: u64,
        /// Whose.
        part: OrderId,
        /// What its life says.
        life: Life,
        /// What the desk says.
        state: Option<OrderState>,
        /// Whether it has a place there.
        is_placed: bool,
    },
    /// An order that the desk has moved lies packed somewhere else.
    #[error("step {sequence}: order {part} has moved and is ready")]
    MovedWhenReady {
        /// The step.
        sequence: u64,
        /// Which.
        part: OrderId,
    },
    /// An order was placed and has no life.
    #[error("step {sequence}: order {order} was placed and not taken")]
    Lifeless {
        /// The step.
        sequence: u64,
        /// Which.
        order: OrderId,
    },
    /// An order or a part was taken twice, or is a part of nothing.
    #[error("step {sequence}: order {part} is taken twice, or a part of nothing")]
    Stray {
        /// The step.
        sequence: u64,
        /// Which.
        part: OrderId,
    },
    /// A part of an order is missing in the step that takes the others.
    #[error("step {sequence}: part {part} of order {order} is missing")]
    MissingPart {
        /// The step.
        sequence: u64,
        /// The order.
        order: OrderId,
        /// What is missing.
        part: OrderId,
    },
    /// The parts are not the order: more or less of an article, or another buyer's.
    #[error("order {order} has {wanted} pieces of sku {sku}, its parts have {found}")]
    NotTheOrder {
        /// The order.
        order: OrderId,
        /// Of what.
        sku: SkuId,
        /// What was ordered.
        wanted: u64,
        /// What the parts hold.
        found: u64,
    },
    /// Some parts of an order are confirmed, and others that could be are not.
    #[error("step {sequence}: order {order} is confirmed in part")]
    HalfConfirmed {
        /// The step.
        sequence: u64,
        /// Which.
        order: OrderId,
    },
    /// An order was reported as not taken, and is there.
    #[error("step {sequence}: order {order} was taken and reported as not")]
    FalselyLost {
        /// The step.
        sequence: u64,
        /// Which.
        order: OrderId,
    },
}

/// Checks the whole log of a dispatch, from its opening on this network with this policy.
///
/// Nothing of the dispatch is asked, and nothing is decided as it decides. Of the desk's events all is checked that
/// [`verify::desk`](crate::verify::desk()) checks: sums, places, causes, times. Beyond that: lives go on only along
/// the arrows that are drawn at [`Life`]; after every step each life is what the desk says of the order; every order
/// that was placed is one life's, and of one order; the parts of an order are taken together, hold together what it
/// holds, and are confirmed together.
///
/// O(events · log orders), and O(sites) for each order that was told at once.
///
/// # Errors
///
/// [`DispatchViolations`]: all that is wrong, in the order of the log.
///
/// ```
/// use std::sync::Arc;
/// use catchment::desk::Policy;
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch};
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
/// let mut dispatch = Dispatch::open(network.clone(), Policy::default());
/// let order = Arc::new(Order::new(OrderId(7), door));
/// let take = Command::new(CommandId(1), Action::Take { order, choice: Choice::Pickup });
/// let Answer::Decided(mut step) = dispatch.apply(Timestamp::from_unix_millis(0), &take)? else { return Ok(()) };
/// assert_eq!(verify::dispatch(&network, &Policy::default(), [&step]), Ok(()));
///
/// step.events.pop(); // it was placed, and nobody hears of its life
/// assert!(verify::dispatch(&network, &Policy::default(), [&step]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dispatch<'a>(
    network: &Network,
    policy: &Policy,
    log: impl IntoIterator<Item = &'a Step>,
) -> Result<(), DispatchViolations> {
    let mut lives = Lives::new(network, policy);
    for step in log {
        lives.hear(step);
    }
    lives.into_violations().into_result()
}
