use std::collections::BTreeMap;
use std::sync::Arc;

use crate::desk;
use crate::fulfil::dispatch::Choice;
use crate::fulfil::{Basket, BasketFaults, Bundle, Fleet, PricedLine};
use crate::id::{OrderId, SiteId, SkuId};
use crate::ledger;
use crate::limits::Limits;
use crate::money::Amount;
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
    /// An order comes: it gets a site with all its goods, and a courier if it is to be brought.
    Take {
        /// What is ordered. Its id must be new.
        order: Arc<Order>,
        /// What the buyer has chosen.
        choice: Choice,
        /// How it may be divided if no single site has all its goods; `None`: it comes whole or not at all.
        division: Option<Division>,
    },
    /// An order comes in parts, some fetched and some brought: all of them are taken, or none. Refused where the
    /// [policy](crate::fulfil::SplitMode) keeps orders whole or refuses to divide them.
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

/// How an order may be divided that no single site can fill: over the fewest sites, then the nearest, as the
/// [policy](crate::fulfil::SplitPolicy) of the [terms](crate::fulfil::dispatch::Terms) says.
///
/// Each part is for a site of its own and stays there as if the buyer had chosen it; it has the size of the order. The
/// parts get the ids in their order, in the rank of their sites; those that are not needed stay free.
///
/// ```
/// use catchment::fulfil::dispatch::Division;
/// use catchment::id::OrderId;
/// let division = Division { parts: vec![OrderId(71), OrderId(72)], ..Division::default() };
/// assert!(division.bundles.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Division {
    /// Ids for as many parts as there may be, made by the caller: new, like an order's.
    pub parts: Vec<OrderId>,
    /// What a piece of each line is worth, line by line, for the minimum value of a part; empty: nothing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub prices: Vec<Amount>,
    /// Which lines belong together.
    #[cfg_attr(feature = "serde", serde(default))]
    pub bundles: Vec<Bundle>,
}

impl Division {
    /// The lines of an order with their prices and bundles.
    pub(super) fn basket(&self, order: &Order, limits: &Limits) -> Result<Basket, BasketFaults> {
        let prices = self
            .prices
            .iter()
            .copied()
            .chain(core::iter::repeat(Amount::ZERO));
        let lines = order.lines.iter().zip(prices);
        let lines: Vec<PricedLine> = lines
            .map(|(line, price)| PricedLine { line: *line, price })
            .collect();
        Basket::new(&lines, &self.bundles, limits)
    }
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
    /// There are prices, and not one for each line.
    #[error("order {order} has {lines} lines and {prices} prices")]
    Prices {
        /// Which.
        order: OrderId,
        /// How many lines.
        lines: usize,
        /// How many prices.
        prices: usize,
    },
    /// The order is nothing that can be divided.
    #[error("order {order}: {faults}")]
    Basket {
        /// Which.
        order: OrderId,
        /// Why.
        faults: BasketFaults,
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
    pub(super) fn check(&self, limits: &Limits) -> Result<(), Malformed> {
        match self {
            Self::Take {
                order,
                choice,
                division,
            } => {
                check_wish(order, choice)?;
                let division = division.as_ref();
                division.map_or(Ok(()), |division| check_division(order, division, limits))
            }
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

/// The ids of parts are their own.
fn check_ids(order: OrderId, parts: impl Iterator<Item = OrderId>) -> Result<(), Malformed> {
    let mut ids: Vec<OrderId> = parts.chain([order]).collect();
    ids.sort_unstable();
    let twice = ids.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map_or(Ok(()), |pair| {
        Err(Malformed::RepeatedPart { part: pair[0] })
    })
}

fn check_division(order: &Order, division: &Division, limits: &Limits) -> Result<(), Malformed> {
    let id = order.id;
    let (lines, prices, parts) = (
        order.lines.len(),
        division.prices.len(),
        division.parts.len(),
    );
    if parts < 2 {
        return Err(Malformed::TooFewParts { order: id, parts });
    }
    check_ids(id, division.parts.iter().copied())?;
    if prices != 0 && prices != lines {
        return Err(Malformed::Prices {
            order: id,
            lines,
            prices,
        });
    }
    let basket = division.basket(order, limits);
    basket.map_or_else(
        |faults| Err(Malformed::Basket { order: id, faults }),
        |_| Ok(()),
    )
}

fn check_parts(order: &Order, parts: &[Share]) -> Result<(), Malformed> {
    let id = order.id;
    if parts.len() < 2 {
        let parts = parts.len();
        return Err(Malformed::TooFewParts { order: id, parts });
    }
    check_ids(id, parts.iter().map(|share| share.part))?;
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
