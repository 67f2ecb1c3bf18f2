use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk;
use crate::fulfil::Fleet;
use crate::fulfil::dispatch::Choice;
use crate::id::{OrderId, SiteId, SkuId};
use crate::ledger;
use crate::order::{Order, OrderLine, Wish};
use crate::site::Tag;
use crate::units::Units;

/// A command to the dispatch.
pub type Command = ledger::Command<Action>;

/// What a dispatch can be told to do.
///
/// `order` is the id of a whole order or of one part; where only a part can be meant it is called `part`. An order
/// that is not divided is its own only part.
///
/// ```
/// use catchment::fulfil::dispatch::{Action, Command};
/// use catchment::id::{CommandId, OrderId};
/// let confirm = Command::new(CommandId(2), Action::Confirm { order: OrderId(4711) });
/// assert_eq!(confirm.action, Action::Confirm { order: OrderId(4711) });
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// An order comes whole: it gets a site with all its goods, and a courier if it is to be brought.
    Take {
        /// What is ordered. Its id must be new.
        order: Arc<Order>,
        /// What the buyer has chosen.
        choice: Choice,
    },
    /// An order comes in parts, some fetched and some brought: all of them are taken, or none.
    TakeParts {
        /// What is ordered: its id names all parts together, and is none of theirs.
        order: Arc<Order>,
        /// The parts: two or more, which together are the order.
        parts: Vec<Share>,
    },
    /// The pledges of a presale come as orders that are paid, each for the site that its community has: in one step
    /// they are placed, confirmed and announced. One that can't be placed is reported and keeps no other from it.
    TakeSettled {
        /// As [`Settlement::orders`](crate::presale::Settlement::orders) makes them.
        orders: Vec<Arc<Order>>,
    },
    /// The order is paid or agreed: all its parts, or none.
    Confirm {
        /// Which: a whole one.
        order: OrderId,
    },
    /// The order is given up: all parts that are not over, or none. By the id of a part, that part alone.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// The buyer chooses again, the same way as before: another site, or another window. What waits may so find a
    /// place.
    Choose {
        /// Which.
        part: OrderId,
        /// What instead.
        choice: Choice,
    },
    /// The site has packed it.
    Ready {
        /// Which.
        part: OrderId,
    },
    /// The customer has fetched it: the goods leave the stock.
    PickUp {
        /// Which.
        part: OrderId,
    },
    /// The rider has it: the goods leave the stock.
    SendOut {
        /// Which.
        part: OrderId,
    },
    /// The customer has it.
    Deliver {
        /// Which.
        part: OrderId,
    },
    /// It came back. What of it can be sold again comes into the stock by
    /// [`desk::Action::Deliver`].
    Return {
        /// Which.
        part: OrderId,
    },
    /// A site refuses an order that it was given.
    Reject {
        /// Which.
        part: OrderId,
        /// Who refuses.
        site: SiteId,
    },
    /// From now on these couriers bring orders, in these windows. What was promised stays promised.
    Staff {
        /// Who.
        fleet: Arc<Fleet>,
    },
    /// Something for the desk that is about no single order: stock, prices, the network, announcements. What happens
    /// to orders by it is followed.
    Desk(desk::Action),
}

/// One part of an order that comes divided.
///
/// ```
/// use catchment::fulfil::dispatch::{Choice, Share};
/// use catchment::id::{OrderId, SiteId, SkuId};
/// use catchment::order::OrderLine;
/// use catchment::units::{Quantity, Units};
/// let fetched = Share {
///     part: OrderId(47_111),
///     lines: vec![OrderLine { sku: SkuId(9), quantity: Quantity(2) }],
///     size: Units(1),
///     choice: Choice::PickupAt(SiteId(17)),
/// };
/// assert_eq!(fetched.lines.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Share {
    /// The id of the part, made by the caller: new, like an order's.
    pub part: OrderId,
    /// What is in it.
    pub lines: Vec<OrderLine>,
    /// How much room it takes at its site.
    pub size: Units,
    /// How the buyer gets it.
    pub choice: Choice,
}

/// An action that makes no sense, however things stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The desk can make nothing of it.
    #[error(transparent)]
    Desk(#[from] desk::Malformed),
    /// An action on one order goes past its life, if it is given to the desk.
    #[error("what becomes of order {order} is not told the desk directly")]
    PastItsLife {
        /// Which order.
        order: OrderId,
    },
    /// An order that is to be delivered can't be chosen to be fetched.
    #[error("order {order} wishes delivery and is to be fetched")]
    WishesDelivery {
        /// Which.
        order: OrderId,
    },
    /// A settled pledge has a site.
    #[error("settled order {order} has no site")]
    NoSite {
        /// Which.
        order: OrderId,
    },
    /// Two parts at least make an order in parts.
    #[error("order {order} comes in {parts} parts")]
    TooFewParts {
        /// Which.
        order: OrderId,
        /// How many.
        parts: usize,
    },
    /// A part has the id of another, or of the order.
    #[error("part {part} has an id that is not its own")]
    RepeatedPart {
        /// The id.
        part: OrderId,
    },
    /// The parts hold more or less of an article than the order.
    #[error("order {order} has {wanted} pieces of sku {sku}, its parts have {found}")]
    NotTheOrder {
        /// Which.
        order: OrderId,
        /// The first article that differs.
        sku: SkuId,
        /// What was ordered.
        wanted: u64,
        /// What the parts hold together.
        found: u64,
    },
}

impl Action {
    /// Whether it makes sense at all, as far as the desk is not asked: that is the second half of the check.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        match self {
            Self::Take { order, choice } => check_wish(order, choice),
            Self::TakeParts { order, parts } => check_parts(order, parts),
            Self::TakeSettled { orders } => {
                let is_loose = |order: &&Arc<Order>| !matches!(order.wish, Wish::Site(_));
                let loose = orders.iter().find(is_loose).map(|order| order.id);
                loose.map_or(Ok(()), |order| Err(Malformed::NoSite { order }))
            }
            Self::Desk(action) => match *action {
                desk::Action::Place { ref order, .. } => {
                    Err(Malformed::PastItsLife { order: order.id })
                }
                desk::Action::Confirm { order }
                | desk::Action::Release { order }
                | desk::Action::HandOver { order }
                | desk::Action::Consent { order, .. }
                | desk::Action::Reject { order, .. } => Err(Malformed::PastItsLife { order }),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Share {
    /// The part as an order of its own: whose, where to and what it needs are those of the whole.
    pub(super) fn of(&self, whole: &Order) -> Order {
        Order {
            id: self.part,
            lines: self.lines.clone(),
            size: self.size,
            ..whole.clone()
        }
    }
}

fn check_wish(order: &Order, choice: &Choice) -> Result<(), Malformed> {
    let is_brought = order.wish == Wish::Deliver || order.required_tags.contains(Tag::DELIVERY);
    if *choice == Choice::Pickup && is_brought {
        return Err(Malformed::WishesDelivery { order: order.id });
    }
    Ok(())
}

fn check_parts(order: &Order, parts: &[Share]) -> Result<(), Malformed> {
    let id = order.id;
    if parts.len() < 2 {
        let parts = parts.len();
        return Err(Malformed::TooFewParts { order: id, parts });
    }
    let mut ids: Vec<OrderId> = parts.iter().map(|share| share.part).collect();
    ids.push(id);
    ids.sort_unstable();
    if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Malformed::RepeatedPart { part: pair[0] });
    }
    for share in parts {
        check_wish(order, &share.choice)?;
    }
    let mut sums: BTreeMap<SkuId, (u64, u64)> = BTreeMap::new();
    for line in &order.lines {
        sums.entry(line.sku).or_default().0 += u64::from(line.quantity.0);
    }
    for line in parts.iter().flat_map(|share| &share.lines) {
        sums.entry(line.sku).or_default().1 += u64::from(line.quantity.0);
    }
    let differs = sums.iter().find(|(_, (wanted, found))| wanted != found);
    differs.map_or(Ok(()), |(sku, (wanted, found))| {
        Err(Malformed::NotTheOrder {
            order: id,
            sku: *sku,
            wanted: *wanted,
            found: *found,
        })
    })
}
