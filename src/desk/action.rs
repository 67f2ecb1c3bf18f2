use std::sync::Arc;

use crate::desk::Proposal;
use crate::id::{CommandId, OrderId, SiteId, SkuId};
use crate::ledger;
use crate::order::{Order, OrderFault, OrderFaults, Wish};
use crate::plan::Cost;
use crate::site::Change;
use crate::units::Quantity;

/// A command to the desk.
pub type Command = ledger::Command<Action>;

/// What a desk can be told to do.
///
/// ```
/// use catchment::desk::{Action, Command};
/// use catchment::id::{CommandId, OrderId};
/// let confirm = Command::new(CommandId(2), Action::Confirm { order: OrderId(4711) });
/// assert_eq!(confirm.action, Action::Confirm { order: OrderId(4711) });
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// An order comes: it gets a place with capacity and stock of every line, or a reason.
    Place {
        /// What is ordered. Its id must be new.
        order: Arc<Order>,
        /// What was found for it [beforehand](crate::desk::View::propose). It saves work and decides nothing, and is
        /// not part of the command's body.
        #[cfg_attr(feature = "serde", serde(skip))]
        proposal: Option<Proposal>,
    },
    /// The order is paid or agreed: its hold no longer expires.
    Confirm {
        /// Which.
        order: OrderId,
    },
    /// The order is given up, and its place and goods are free again.
    Release {
        /// Which.
        order: OrderId,
    },
    /// The customer has fetched the order: its goods leave the stock. The window's capacity stays used.
    HandOver {
        /// Which.
        order: OrderId,
    },
    /// The buyer agrees to this wish in place of the one before. The order moves if it has to.
    Consent {
        /// Which.
        order: OrderId,
        /// The wish from now on.
        wish: Wish,
    },
    /// A site refuses an order that it was given. It goes elsewhere, and never back.
    Reject {
        /// Which.
        order: OrderId,
        /// Who refuses.
        site: SiteId,
    },
    /// Buyers and leaders are told: from now on the orders in this scope stay where they are.
    Announce {
        /// Which orders.
        scope: Scope,
    },
    /// The network changes, all changes or none.
    Adopt {
        /// In this order.
        changes: Vec<Change>,
    },
    /// Sites get these prices, all others none: a site is chosen by cost + price.
    SetPrices {
        /// Site and price; none negative.
        prices: Vec<(SiteId, Cost)>,
    },
    /// Goods arrive.
    Deliver(Goods),
    /// Goods are sold on the shop floor. Those that orders hold can't be.
    Sell(Goods),
    /// Goods were counted: so many are there, whatever the books say. Orders that can't be served any more go
    /// elsewhere.
    Count(Goods),
    /// From now on so many pieces are not promised.
    SetSafety {
        /// Of what.
        level: SafetyLevel,
        /// How many; `None` leaves it to the level above.
        pieces: Option<Quantity>,
    },
    /// All customers of one leader belong to another.
    Transfer {
        /// Who had them.
        leaver: SiteId,
        /// Who gets them.
        heir: SiteId,
    },
}

/// Pieces of one article at one site, or at the store that supplies it.
///
/// ```
/// use catchment::desk::{Action, Goods};
/// use catchment::id::{SiteId, SkuId};
/// use catchment::units::Quantity;
/// let melons = Goods { site: SiteId(1), sku: SkuId(9), pieces: Quantity(40) };
/// assert_ne!(Action::Deliver(melons), Action::Sell(melons));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Goods {
    /// Where.
    pub site: SiteId,
    /// Of what.
    pub sku: SkuId,
    /// How many.
    pub pieces: Quantity,
}

/// What a safety stock is for. The most specific one counts.
///
/// ```
/// use catchment::desk::SafetyLevel;
/// use catchment::id::SiteId;
/// assert_ne!(SafetyLevel::Network, SafetyLevel::Site(SiteId(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SafetyLevel {
    /// Every article everywhere.
    Network,
    /// Every article at one site.
    Site(SiteId),
    /// One article at one site.
    Sku {
        /// The site.
        site: SiteId,
        /// The article.
        sku: SkuId,
    },
}

/// Which orders are announced.
///
/// ```
/// use catchment::desk::Scope;
/// use catchment::id::OrderId;
/// assert_ne!(Scope::All, Scope::Order(OrderId(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Scope {
    /// All that have a place.
    All,
    /// Those at one site.
    Site(SiteId),
    /// This one.
    Order(OrderId),
}

/// An action that makes no sense, however things stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The order is not sound: see [`check_batch`](crate::order::check_batch).
    #[error("{}", of_one_order(.0))]
    Order(#[source] OrderFaults),
    /// A price that is negative or above [`Preferences::WORTH_MAX`](crate::plan::Preferences::WORTH_MAX).
    #[error("price of site {site} is {} mm, must be 0 to {} mm", price.as_millimetres(), limit.as_millimetres())]
    Price {
        /// Whose.
        site: SiteId,
        /// The price.
        price: Cost,
        /// The most that it may be.
        limit: Cost,
    },
    /// No pieces are delivered or sold.
    #[error("0 pieces of sku {sku} at site {site}")]
    NoPieces {
        /// Where.
        site: SiteId,
        /// Of what.
        sku: SkuId,
    },
    /// A leader can't be their own heir.
    #[error("site {site} can't hand its customers over to itself")]
    OwnHeir {
        /// The leader.
        site: SiteId,
    },
}

impl From<OrderFaults> for Malformed {
    fn from(faults: OrderFaults) -> Self {
        Self::Order(faults)
    }
}

/// Faults of an order that came alone, where an index says nothing.
fn of_one_order(faults: &OrderFaults) -> String {
    let kept: Vec<String> = faults.kept().iter().map(OrderFault::alone).collect();
    kept.join("; ")
}

impl ledger::Command<Action> {
    /// The command that places an order.
    ///
    /// ```
    /// use catchment::desk::{Action, Command};
    /// use catchment::geo::{LngLat, Position};
    /// use catchment::id::{CommandId, OrderId};
    /// use catchment::order::Order;
    /// let home = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
    /// let command = Command::place(CommandId(1), Order::new(OrderId(4711), home));
    /// assert!(matches!(command.action, Action::Place { proposal: None, .. }));
    /// # Ok::<(), catchment::geo::PositionError>(())
    /// ```
    #[must_use]
    pub fn place(id: CommandId, order: impl Into<Arc<Order>>) -> Self {
        Self::new(
            id,
            Action::Place {
                order: order.into(),
                proposal: None,
            },
        )
    }
}
