use std::sync::Arc;

use crate::desk::{Goods, SafetyLevel};
use crate::id::{CustomerId, OrderId, SiteId};
use crate::ledger;
use crate::order::{Order, Wish};
use crate::plan::Cost;
use crate::site::Change;
use crate::time::Timestamp;
use crate::units::Quantity;

/// What a command, or time, did to the desk: all events of one instant, to be stored and told together.
pub type Step = ledger::Step<Event, crate::desk::Refusal>;

/// Something that has happened at the desk.
///
/// ```
/// use catchment::desk::Event;
/// use catchment::id::OrderId;
/// assert_eq!(Event::Confirmed { order: OrderId(7) }.order(), Some(OrderId(7)));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// An order has a place, with capacity and all its goods.
    Placed {
        /// The order.
        order: Arc<Order>,
        /// Where.
        site: SiteId,
        /// The walk and all preferences and prices.
        cost: Cost,
        /// When the hold ends unless it is confirmed.
        until: Timestamp,
    },
    /// The order no longer expires.
    Confirmed {
        /// Which.
        order: OrderId,
    },
    /// The customer has it.
    HandedOver {
        /// Which.
        order: OrderId,
    },
    /// It was given up.
    Released {
        /// Which.
        order: OrderId,
    },
    /// It was not confirmed in time.
    Expired {
        /// Which.
        order: OrderId,
    },
    /// The buyer has agreed to another wish.
    Consented {
        /// Which order.
        order: OrderId,
        /// The wish from now on.
        wish: Wish,
    },
    /// A site refused the order; where it goes is in the next event.
    Rejected {
        /// Which.
        order: OrderId,
        /// Who refused.
        site: SiteId,
        /// Until when that site gets no new orders.
        cools_until: Option<Timestamp>,
    },
    /// The site that had rejected an order gets orders again.
    Cooled {
        /// Which.
        site: SiteId,
    },
    /// The order has gone elsewhere, its capacity and goods with it.
    Moved {
        /// Which.
        order: OrderId,
        /// From where; `None` if it was stranded.
        from: Option<SiteId>,
        /// To where.
        to: SiteId,
        /// Why.
        because: Cause,
    },
    /// The order has lost its place and there is no other, or the buyer must agree to it.
    Stranded {
        /// Which.
        order: OrderId,
        /// From where.
        from: SiteId,
        /// Why.
        because: Cause,
    },
    /// Too many sites rejected it.
    Failed {
        /// Which.
        order: OrderId,
    },
    /// The tentative plan was compared with all sites, not only with those listed for each order. What it gained by
    /// that is in the moves that follow.
    Weighed,
    /// Buyer and leader are told.
    Announced {
        /// Which order.
        order: OrderId,
        /// Where it stays.
        site: SiteId,
    },
    /// A customer belongs to a leader: *a new neighbour*.
    HandedOff {
        /// Who.
        customer: CustomerId,
        /// To whom they belonged, if to anybody.
        from: Option<SiteId>,
        /// To whom they belong.
        to: SiteId,
    },
    /// All customers of a leader belong to another.
    Transferred {
        /// Who had them.
        leaver: SiteId,
        /// Who has them.
        heir: SiteId,
    },
    /// The network has changed.
    NetworkChanged {
        /// How.
        changes: Vec<Change>,
    },
    /// Sites have other prices.
    PricesSet {
        /// All that are not 0.
        prices: Vec<(SiteId, Cost)>,
    },
    /// Goods arrived.
    Delivered(Goods),
    /// Goods were sold on the shop floor.
    Sold(Goods),
    /// Goods were counted.
    Counted(Goods),
    /// Other safety stock.
    SafetySet {
        /// Of what.
        level: SafetyLevel,
        /// How many pieces.
        pieces: Option<Quantity>,
    },
}

/// Why an order left its site.
///
/// ```
/// assert_eq!(catchment::desk::Cause::Rejected.to_string(), "rejected");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Cause {
    /// The site rejected it.
    Rejected,
    /// The site has closed.
    SiteClosed,
    /// Its goods are not there.
    OutOfStock,
    /// The buyer agreed.
    Consent,
    /// The whole plan is better so.
    Balance,
}

impl core::fmt::Display for Cause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Rejected => "rejected",
            Self::SiteClosed => "site closed",
            Self::OutOfStock => "out of stock",
            Self::Consent => "consent",
            Self::Balance => "balance",
        })
    }
}

impl Event {
    /// The order it is about, if it is about one.
    #[must_use]
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Placed { order, .. } => Some(order.id),
            Self::Confirmed { order }
            | Self::HandedOver { order }
            | Self::Released { order }
            | Self::Expired { order }
            | Self::Consented { order, .. }
            | Self::Rejected { order, .. }
            | Self::Moved { order, .. }
            | Self::Stranded { order, .. }
            | Self::Failed { order }
            | Self::Announced { order, .. } => Some(*order),
            _ => None,
        }
    }
}

/// An event that can't have happened: the log is damaged, or another desk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// An order that is not known, or not in a state for this.
    #[error("no such order as {order}, or it is past that")]
    Order {
        /// Which.
        order: OrderId,
    },
    /// An order that was placed before.
    #[error("order {order} was placed before")]
    KnownOrder {
        /// Which.
        order: OrderId,
    },
    /// A site that is not in the network.
    #[error("site {site} is not in the network")]
    Site {
        /// Which.
        site: SiteId,
    },
    /// Goods that are not there.
    #[error("goods are not there at site {site}")]
    Stock {
        /// Where.
        site: SiteId,
    },
    /// Changes that don't fit the network.
    #[error("changes do not fit the network: {faults} faults")]
    Changes {
        /// How many things are wrong.
        faults: usize,
    },
    /// The plan has moved orders of which the log does not tell, or tells otherwise.
    #[error("the plan has moved other orders than the log says")]
    Untold,
    /// More of something than can be numbered.
    #[error("more than can be numbered")]
    TooMany,
}
