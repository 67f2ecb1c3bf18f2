use crate::faults::Faults;
use crate::id::{OrderId, SkuId};
use crate::limits::Limits;
use crate::order::{Order, OrderLine};
use crate::units::Quantity;

/// Everything wrong with a batch of orders, in the order that [`check_batch`] states.
pub type OrderFaults = Faults<OrderFault>;

/// Checks a batch of orders as a whole and reports every fault of every order.
///
/// A batch is sound if it has at most [`orders_max`](Limits::orders_max) orders, no two with the same id; every
/// order has size 1 or more and at most [`order_lines_max`](Limits::order_lines_max) lines; and every line asks for
/// 1 to [`line_quantity_max`](Limits::line_quantity_max) pieces of an article that no other line of the order names.
/// (Two lines of one SKU would each be within limits that their sum is not: add them up.) An empty batch is sound.
///
/// O(n log n + l log l) time for n orders with l lines, about 0.1 s a million; 16 bytes of scratch memory an order,
/// 32 if most ids are duplicates.
///
/// # Errors
///
/// [`OrderFaults`]: the faults by place in the batch, those of one order as in the list of [`OrderFault`], with the
/// lines' faults in the order of lines. Two exceptions bound the work: of a batch with too many orders and of an order
/// with too many lines nothing else is looked at.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::OrderId;
/// use catchment::limits::Limits;
/// use catchment::order::{Order, OrderFault, check_batch};
///
/// let home = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let orders = [7, 5, 7].map(|id| Order::new(OrderId(id), home));
/// let faults = check_batch(&orders, &Limits::default()).unwrap_err();
/// assert_eq!(faults.kept(), [OrderFault::DuplicateId { id: OrderId(7), index: 2, first_index: 0 }]);
/// assert_eq!(check_batch(&orders[1..], &Limits::default()), Ok(()));
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
pub fn check_batch(orders: &[Order], limits: &Limits) -> Result<(), OrderFaults> {
    let mut faults = OrderFaults::none();
    if orders.len() > limits.orders_max {
        faults.push(OrderFault::TooManyOrders {
            orders: orders.len(),
            limit: limits.orders_max,
        });
        return faults.into_result();
    }

    let mut lines = LineCheck::default();
    let mut duplicates = duplicates(orders).into_iter().peekable();
    for (index, order) in orders.iter().enumerate() {
        let id = order.id;
        if let Some((_, first_index)) = duplicates.next_if(|duplicate| duplicate.0 == index) {
            faults.push(OrderFault::DuplicateId {
                id,
                index,
                first_index,
            });
        }
        if order.size.0 == 0 {
            faults.push(OrderFault::ZeroSize { id, index });
        }
        lines.check(order, index, limits, &mut faults);
    }
    faults.into_result()
}

/// For every order whose id came before: (its place, the place of the first order with the id), by place.
fn duplicates(orders: &[Order]) -> Vec<(usize, usize)> {
    if orders.len() < 2 {
        return Vec::new();
    }
    let places = orders.iter().enumerate();
    let mut by_id: Vec<(OrderId, usize)> = places.map(|(index, order)| (order.id, index)).collect();
    by_id.sort_unstable();
    let mut duplicates = Vec::new();
    for same_id in by_id.chunk_by(|a, b| a.0 == b.0) {
        let (first_index, later) = (same_id[0].1, &same_id[1..]);
        duplicates.extend(later.iter().map(|&(_, index)| (index, first_index)));
    }
    duplicates.sort_unstable();
    duplicates
}

/// The check of one order's lines, with memory that is used again for the next order.
#[derive(Default)]
struct LineCheck {
    /// (SKU, line) of the order in hand, sorted.
    by_sku: Vec<(SkuId, usize)>,
    /// For each line, the first line of the same SKU.
    first_of_sku: Vec<usize>,
}

impl LineCheck {
    /// So few lines are compared with each other, which needs no memory: a desk checks each order by itself.
    const FEW: usize = 8;

    fn check(&mut self, order: &Order, index: usize, limits: &Limits, faults: &mut OrderFaults) {
        let (id, lines) = (order.id, &order.lines);
        if lines.len() > limits.order_lines_max {
            faults.push(OrderFault::TooManyLines {
                id,
                index,
                lines: lines.len(),
                limit: limits.order_lines_max,
            });
            return;
        }
        let are_few = lines.len() <= Self::FEW;
        if !are_few {
            self.find_repeats(lines);
        }
        for (line, &OrderLine { sku, quantity }) in lines.iter().enumerate() {
            if quantity.0 == 0 {
                faults.push(OrderFault::ZeroQuantity {
                    id,
                    index,
                    line,
                    sku,
                });
            }
            if quantity.0 > limits.line_quantity_max {
                faults.push(OrderFault::QuantityTooLarge {
                    id,
                    index,
                    line,
                    sku,
                    quantity,
                    limit: Quantity(limits.line_quantity_max),
                });
            }
            let first_line = if are_few {
                let same = lines[..line].iter().position(|before| before.sku == sku);
                same.unwrap_or(line)
            } else {
                self.first_of_sku[line]
            };
            if first_line != line {
                faults.push(OrderFault::RepeatedSku {
                    id,
                    index,
                    line,
                    sku,
                    first_line,
                });
            }
        }
    }

    fn find_repeats(&mut self, lines: &[OrderLine]) {
        let placed = lines.iter().enumerate().map(|(line, l)| (l.sku, line));
        self.by_sku.clear();
        self.by_sku.extend(placed);
        self.by_sku.sort_unstable();
        self.first_of_sku.clear();
        self.first_of_sku.resize(lines.len(), 0);
        for same_sku in self.by_sku.chunk_by(|a, b| a.0 == b.0) {
            for &(_, line) in same_sku {
                self.first_of_sku[line] = same_sku[0].1;
            }
        }
    }
}

/// One thing wrong with a batch of orders. Indexes and lines count from 0.
///
/// ```
/// use catchment::id::OrderId;
/// use catchment::order::OrderFault;
/// let fault = OrderFault::TooManyLines { id: OrderId(7), index: 3, lines: 20_000, limit: 10_000 };
/// assert_eq!(fault.to_string(), "order 7 at index 3 has 20000 lines, limit is 10000");
/// assert_eq!(fault.order(), Some(OrderId(7)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderFault {
    /// The batch is too large. Nothing else was looked at.
    #[error("batch has {orders} orders, limit is {limit}")]
    TooManyOrders {
        /// The orders given.
        orders: usize,
        /// [`Limits::orders_max`].
        limit: usize,
    },
    /// An earlier order of the batch has the same id.
    #[error("order {id} at index {index} has the id of the order at index {first_index}")]
    DuplicateId {
        /// The id of both.
        id: OrderId,
        /// Where the later order is.
        index: usize,
        /// Where the first order with this id is.
        first_index: usize,
    },
    /// The order takes no room.
    #[error("order {id} at index {index} has size 0")]
    ZeroSize {
        /// The order.
        id: OrderId,
        /// Where it is.
        index: usize,
    },
    /// The order has too many lines. They were not looked at.
    #[error("order {id} at index {index} has {lines} lines, limit is {limit}")]
    TooManyLines {
        /// The order.
        id: OrderId,
        /// Where it is.
        index: usize,
        /// The lines given.
        lines: usize,
        /// [`Limits::order_lines_max`].
        limit: usize,
    },
    /// A line asks for nothing.
    #[error("order {id} at index {index} asks for 0 pieces of sku {sku} in line {line}")]
    ZeroQuantity {
        /// The order.
        id: OrderId,
        /// Where it is.
        index: usize,
        /// The line.
        line: usize,
        /// The article.
        sku: SkuId,
    },
    /// A line asks for too much.
    #[error(
        "order {id} at index {index} asks for {quantity} pieces of sku {sku} in line {line}, limit is {limit}"
    )]
    QuantityTooLarge {
        /// The order.
        id: OrderId,
        /// Where it is.
        index: usize,
        /// The line.
        line: usize,
        /// The article.
        sku: SkuId,
        /// The pieces asked for.
        quantity: Quantity,
        /// [`Limits::line_quantity_max`].
        limit: Quantity,
    },
    /// An earlier line of the order names the same article.
    #[error(
        "order {id} at index {index} names sku {sku} in line {line} and before in line {first_line}"
    )]
    RepeatedSku {
        /// The order.
        id: OrderId,
        /// Where it is.
        index: usize,
        /// The later line.
        line: usize,
        /// The article of both.
        sku: SkuId,
        /// The first line with this article.
        first_line: usize,
    },
}

impl OrderFault {
    /// The fault in words without the index, for an order that is in no batch.
    ///
    /// ```
    /// use catchment::id::OrderId;
    /// use catchment::order::OrderFault;
    /// let fault = OrderFault::ZeroSize { id: OrderId(7), index: 0 };
    /// assert_eq!(fault.to_string(), "order 7 at index 0 has size 0");
    /// assert_eq!(fault.alone(), "order 7 has size 0");
    /// ```
    #[must_use]
    pub fn alone(&self) -> String {
        match self.index() {
            Some(index) => self
                .to_string()
                .replacen(&format!(" at index {index}"), "", 1),
            None => self.to_string(),
        }
    }

    /// Where in the batch the order at fault is, or `None` if it is the batch.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        match *self {
            Self::TooManyOrders { .. } => None,
            Self::DuplicateId { index, .. }
            | Self::ZeroSize { index, .. }
            | Self::TooManyLines { index, .. }
            | Self::ZeroQuantity { index, .. }
            | Self::QuantityTooLarge { index, .. }
            | Self::RepeatedSku { index, .. } => Some(index),
        }
    }

    /// The order at fault, or `None` if it is the batch.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match *self {
            Self::TooManyOrders { .. } => None,
            Self::DuplicateId { id, .. }
            | Self::ZeroSize { id, .. }
            | Self::TooManyLines { id, .. }
            | Self::ZeroQuantity { id, .. }
            | Self::QuantityTooLarge { id, .. }
            | Self::RepeatedSku { id, .. } => Some(id),
        }
    }
}
