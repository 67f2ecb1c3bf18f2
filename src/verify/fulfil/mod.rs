//! Did every order live as it should? The log of a dispatch, gone through from the first step to the last.

mod commands;
mod lives;
mod rides;

use crate::desk::OrderState;
use crate::faults::Faults;
use crate::fulfil::dispatch::{Command, Step, Terms};
use crate::fulfil::{Deed, Life};
use crate::id::{CourierId, OrderId, SkuId};
use crate::site::Network;
use crate::time::Window;
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
    /// The desk did something to an order that its life does not tell, or the life tells what the desk did not do.
    #[error("step {sequence}: order {part}: {deed} is not told, or not true")]
    Untold {
        /// The step.
        sequence: u64,
        /// Whose.
        part: OrderId,
        /// What.
        deed: Deed,
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
    /// A part that is to be brought has no courier, one that is not has one, or a ride went on as none does.
    #[error("step {sequence}: order {part} has a ride that it should not have, or lacks one")]
    Ride {
        /// The step.
        sequence: u64,
        /// Which part.
        part: OrderId,
    },
    /// A ride is not what its courier gives from that store, at that time, for that fee.
    #[error("step {sequence}: the ride of order {part} is not one of its courier")]
    WrongRide {
        /// The step.
        sequence: u64,
        /// Whose.
        part: OrderId,
    },
    /// A courier has been given more than they take.
    #[error("courier {courier} has {orders} orders of {units} units, more than they take")]
    OverLoaded {
        /// Who.
        courier: CourierId,
        /// In which window.
        window: Window,
        /// How many orders.
        orders: u64,
        /// How large together.
        units: u64,
    },
    /// An order was reported as not taken, and is there.
    #[error("step {sequence}: order {order} was taken and reported as not")]
    FalselyLost {
        /// The step.
        sequence: u64,
        /// Which.
        order: OrderId,
    },
    /// A step is of another command than the one that is said to have led to it, or of none.
    #[error("step {sequence} is not what its command led to")]
    OtherCommand {
        /// The step.
        sequence: u64,
    },
    /// A step does not tell all that its command must bring about.
    #[error("step {sequence} does not tell all that its command asks for")]
    Undone {
        /// The step.
        sequence: u64,
    },
    /// A step tells what only a command brings about, and its own doesn't: a fleet that nobody sent, say.
    #[error("step {sequence} tells what its command does not ask for")]
    Unasked {
        /// The step.
        sequence: u64,
    },
    /// An order was reported as not taken, and nothing was against it; or as taken before, and was not.
    #[error("step {sequence}: order {order} was not taken, for no reason")]
    LostInVain {
        /// The step.
        sequence: u64,
        /// Which.
        order: OrderId,
    },
}

/// Checks the whole log of a dispatch, from its opening on this network on these terms.
///
/// Nothing of the dispatch is asked, and nothing is decided as it decides. Of the desk's events all is checked that
/// [`verify::desk`](crate::verify::desk()) checks: sums, places, causes, times. Beyond that: lives go on only along
/// the arrows that are drawn at [`Life`]; after every step each life is what the desk says of the order; every order
/// that was placed is one life's, and of one order; the parts of an order are taken together, hold together what it
/// holds, and are confirmed together; whoever is to be brought has one courier, and one who goes there, with room, in
/// time and for that fee, and nobody else has one.
///
/// What nobody but the sender of a command knows is not found: that an order was packed or came back and no event says
/// so, that a pledge was not taken or a fleet came. For that there is [`dispatch_by_commands`].
///
/// O(events · log orders), and O(sites) for each order that was told at once.
///
/// # Errors
///
/// [`DispatchViolations`]: all that is wrong, in the order of the log.
///
/// ```
/// use std::sync::Arc;
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch, Terms};
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
/// let mut dispatch = Dispatch::open(network.clone(), Terms::default());
/// let order = Arc::new(Order::new(OrderId(7), door));
/// let take = Command::new(CommandId(1), Action::Take { order, choice: Choice::Pickup, division: None });
/// let Answer::Decided(mut step) = dispatch.apply(Timestamp::from_unix_millis(0), &take)? else { return Ok(()) };
/// assert_eq!(verify::dispatch(&network, &Terms::default(), [&step]), Ok(()));
///
/// step.events.pop(); // it was placed, and nobody hears of its life
/// assert!(verify::dispatch(&network, &Terms::default(), [&step]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dispatch<'a>(
    network: &Network,
    terms: &Terms,
    log: impl IntoIterator<Item = &'a Step>,
) -> Result<(), DispatchViolations> {
    let mut lives = Lives::new(network, terms);
    for step in log {
        lives.hear(step);
    }
    lives.into_violations().into_result()
}

/// Checks a log against the commands that led to it as well: of each step the command, or none if time alone did.
///
/// As [`dispatch`]; beyond that each step is that of its command, by id and content, and an accepted one has done what
/// it was asked with orders and lives, all of it and nothing else: what was packed, sent out, fetched, brought or
/// returned is told, every pledge is taken or reported with reason, and the fleet is the one that was sent. What a
/// command of the desk asks about stock, prices and sites, and whether a refusal was right, is not compared.
///
/// # Errors
///
/// [`DispatchViolations`], as [`dispatch`]; of each step last what its command is about.
///
/// ```
/// use std::sync::Arc;
/// use catchment::fulfil::dispatch::{Action, Choice, Command, Dispatch, Terms};
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
/// let (terms, part) = (Terms::default(), OrderId(7));
/// let mut dispatch = Dispatch::open(network.clone(), terms.clone());
/// let order = Arc::new(Order::new(part, door));
/// let mut log = Vec::new();
/// for (number, action) in (1..).zip([
///     Action::Take { order, choice: Choice::Pickup, division: None },
///     Action::Confirm { order: part },
///     Action::Ready { part },
/// ]) {
///     let command = Command::new(CommandId(number), action);
///     if let Answer::Decided(step) = dispatch.apply(Timestamp::from_unix_millis(0), &command)? {
///         log.push((command, step));
///     }
/// }
/// let verify = |log: &[(Command, _)]| {
///     verify::dispatch_by_commands(&network, &terms, log.iter().map(|(command, step)| (Some(command), step)))
/// };
/// assert_eq!(verify(&log), Ok(()));
///
/// log[2].1.events.clear(); // nobody hears that it is packed
/// assert_eq!(verify(&log).unwrap_err().to_string(), "1 fault: step 5 does not tell all that its command asks for");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dispatch_by_commands<'a>(
    network: &Network,
    terms: &Terms,
    log: impl IntoIterator<Item = (Option<&'a Command>, &'a Step)>,
) -> Result<(), DispatchViolations> {
    let mut lives = Lives::new(network, terms);
    for (command, step) in log {
        lives.hear_told(command, step);
    }
    lives.into_violations().into_result()
}
