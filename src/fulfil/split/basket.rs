use std::collections::{BTreeMap, BTreeSet};

use crate::faults::Faults;
use crate::id::SkuId;
use crate::limits::Limits;
use crate::money::Amount;
use crate::order::OrderLine;
use crate::units::Quantity;

/// Everything that is wrong with a basket.
pub type BasketFaults = Faults<BasketFault>;

/// A line of an order with the price of a piece, for the minimum value of a part.
///
/// ```
/// use catchment::fulfil::PricedLine;
/// use catchment::id::SkuId;
/// use catchment::money::Amount;
/// use catchment::order::OrderLine;
/// use catchment::units::Quantity;
/// let line = OrderLine { sku: SkuId(9), quantity: Quantity(2) };
/// assert_eq!(PricedLine::from(line), PricedLine { line, price: Amount::ZERO });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct PricedLine {
    /// Which article, and how many pieces.
    pub line: OrderLine,
    /// What a piece is worth, in minor units of one currency for the whole order.
    #[cfg_attr(feature = "serde", serde(default))]
    pub price: Amount,
}

impl From<OrderLine> for PricedLine {
    /// A line without a price.
    fn from(line: OrderLine) -> Self {
        Self {
            line,
            price: Amount::ZERO,
        }
    }
}

/// Lines of an order that belong together: `sets` equal sets, each of which comes whole from one site.
///
/// One set of several lines: these lines stay together. Several sets of several lines: whole kits only. Several sets of
/// one line: a line that goes in multiples.
///
/// ```
/// use catchment::fulfil::Bundle;
/// use catchment::id::SkuId;
/// use catchment::units::Quantity;
/// let stays_together = Bundle { skus: vec![SkuId(1), SkuId(2)], sets: Quantity(1) };
/// let by_the_crate = Bundle { skus: vec![SkuId(3)], sets: Quantity(4) };
/// assert_ne!(stays_together, by_the_crate);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Bundle {
    /// Articles of the order, each in this bundle only.
    pub skus: Vec<SkuId>,
    /// Into how many equal sets their pieces go; divides the quantity of each.
    pub sets: Quantity,
}

/// What is to be divided: the lines of one order, and which of them belong together. Sound by construction.
///
/// ```
/// use catchment::fulfil::{Basket, BasketFault, Bundle};
/// use catchment::id::SkuId;
/// use catchment::limits::Limits;
/// use catchment::order::OrderLine;
/// use catchment::units::Quantity;
///
/// let line = |sku, pieces| OrderLine { sku: SkuId(sku), quantity: Quantity(pieces) }.into();
/// let kit = |sets| Bundle { skus: vec![SkuId(1), SkuId(2)], sets: Quantity(sets) };
/// let lines = [line(1, 4), line(2, 8), line(3, 1)];
/// assert!(Basket::new(&lines, &[kit(4)], &Limits::default()).is_ok());
/// let faults = Basket::new(&lines, &[kit(3)], &Limits::default()).unwrap_err();
/// assert_eq!(faults.total(), 2); // neither 4 nor 8 pieces make 3 sets
/// assert!(matches!(faults.kept()[0], BasketFault::UnequalSets { sku: SkuId(1), .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    pub(super) lines: Vec<PricedLine>,
    pub(super) items: Vec<Item>,
}

/// What is divided only into whole sets: a bundle, or a line by the piece. No article is in two items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) sets: u32,
    /// What a set is worth.
    pub(super) value: u64,
    /// A set's content: the number of the line, and pieces.
    pub(super) content: Vec<(u32, u32)>,
}

impl Basket {
    /// The lines of an order, and the bundles of those that belong together; others go by the piece.
    ///
    /// O(n log n) in lines.
    ///
    /// # Errors
    ///
    /// [`BasketFaults`]: those of the lines in their order, then those of the bundles in theirs. Of a basket with too
    /// many lines nothing else is looked at.
    pub fn new(
        lines: &[PricedLine],
        bundles: &[Bundle],
        limits: &Limits,
    ) -> Result<Self, BasketFaults> {
        let mut faults = BasketFaults::none();
        let named = bundles.iter().map(|bundle| bundle.skus.len().max(1)).sum();
        let count = lines.len().max(named);
        if lines.is_empty() {
            faults.push(BasketFault::Empty);
        } else if count > limits.order_lines_max {
            let limit = limits.order_lines_max;
            faults.push(BasketFault::TooManyLines {
                lines: count,
                limit,
            });
        }
        faults.into_result()?;

        let mut faults = BasketFaults::none();
        let mut check = Check::of(lines, limits, &mut faults);
        let mut items: Vec<Item> = Vec::with_capacity(lines.len());
        for bundle in bundles {
            items.extend(check.bundle(lines, bundle, &mut faults));
        }
        faults.into_result()?;
        let bundled = check.bundled;
        let single = (0..).zip(lines).filter(|(at, _)| !bundled.contains(at));
        items.extend(single.map(|(at, line)| Item {
            sets: line.line.quantity.0,
            value: line.price.0,
            content: vec![(at, 1)],
        }));
        Ok(Self {
            lines: lines.to_vec(),
            items,
        })
    }

    /// The lines, as they were given.
    #[must_use]
    pub fn lines(&self) -> &[PricedLine] {
        &self.lines
    }
}

/// What was seen of a basket so far.
struct Check {
    line_of: BTreeMap<SkuId, u32>,
    /// The lines that are in a bundle.
    bundled: BTreeSet<u32>,
}

impl Check {
    fn of(lines: &[PricedLine], limits: &Limits, faults: &mut BasketFaults) -> Self {
        let mut line_of = BTreeMap::new();
        let mut total = Some(Amount::ZERO);
        let limit = limits.line_quantity_max;
        for (at, PricedLine { line, price }) in (0..).zip(lines) {
            let OrderLine { sku, quantity } = *line;
            if quantity.0 == 0 {
                faults.push(BasketFault::NoPieces { sku });
            }
            if quantity.0 > limit {
                faults.push(BasketFault::TooManyPieces {
                    sku,
                    quantity,
                    limit: Quantity(limit),
                });
            }
            if line_of.insert(sku, at).is_some() {
                faults.push(BasketFault::RepeatedSku { sku });
            }
            let worth = price.checked_mul(quantity.0.into());
            let sum = total
                .zip(worth)
                .and_then(|(total, worth)| total.checked_add(worth));
            if sum.is_none() && total.is_some() {
                faults.push(BasketFault::TooMuchValue { sku });
            }
            total = sum;
        }
        Self {
            line_of,
            bundled: BTreeSet::new(),
        }
    }

    /// The item of a bundle; `None` if something is wrong with it.
    fn bundle(
        &mut self,
        lines: &[PricedLine],
        bundle: &Bundle,
        faults: &mut BasketFaults,
    ) -> Option<Item> {
        let sets = bundle.sets;
        let before = faults.total();
        if bundle.skus.is_empty() || sets.0 == 0 {
            faults.push(BasketFault::EmptyBundle);
            return None;
        }
        let (mut content, mut value) = (Vec::with_capacity(bundle.skus.len()), 0_u64);
        for sku in bundle.skus.iter().copied() {
            let Some(at) = self.line_of.get(&sku).copied() else {
                faults.push(BasketFault::UnknownSku { sku });
                continue;
            };
            if !self.bundled.insert(at) {
                faults.push(BasketFault::TwiceBundled { sku });
            }
            let PricedLine { line, price } = lines[at as usize];
            let quantity = line.quantity;
            if quantity.0.is_multiple_of(sets.0) {
                let pieces = quantity.0 / sets.0;
                content.push((at, pieces));
                // Fits: the check of lines has summed up more than that.
                value = value.saturating_add(price.0.saturating_mul(pieces.into()));
            } else {
                faults.push(BasketFault::UnequalSets {
                    sku,
                    quantity,
                    sets,
                });
            }
        }
        let sets = sets.0;
        (faults.total() == before).then_some(Item {
            sets,
            value,
            content,
        })
    }
}

/// One thing wrong with a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BasketFault {
    /// There is nothing to divide.
    #[error("no lines")]
    Empty,
    /// Too many lines, or too many named in bundles. Nothing else was looked at.
    #[error("{lines} lines, limit is {limit}")]
    TooManyLines {
        /// The lines given or named.
        lines: usize,
        /// [`Limits::order_lines_max`].
        limit: usize,
    },
    /// A line asks for nothing.
    #[error("0 pieces of sku {sku}")]
    NoPieces {
        /// The article.
        sku: SkuId,
    },
    /// A line asks for too much.
    #[error("{quantity} pieces of sku {sku}, limit is {limit}")]
    TooManyPieces {
        /// The article.
        sku: SkuId,
        /// The pieces asked for.
        quantity: Quantity,
        /// [`Limits::line_quantity_max`].
        limit: Quantity,
    },
    /// An earlier line has the same article.
    #[error("sku {sku} is in two lines")]
    RepeatedSku {
        /// The article of both.
        sku: SkuId,
    },
    /// The value of all lines up to this one does not fit 64 bits.
    #[error("the value up to sku {sku} does not fit 64 bits")]
    TooMuchValue {
        /// The article of the first line that is too much.
        sku: SkuId,
    },
    /// A bundle of no lines, or of no sets.
    #[error("a bundle without lines or without sets")]
    EmptyBundle,
    /// A bundle names an article that is in no line.
    #[error("a bundle names sku {sku}, which is in no line")]
    UnknownSku {
        /// The article.
        sku: SkuId,
    },
    /// An article is in two bundles, or twice in one.
    #[error("sku {sku} is bundled twice")]
    TwiceBundled {
        /// The article.
        sku: SkuId,
    },
    /// The pieces can't be divided into so many equal sets.
    #[error("{quantity} pieces of sku {sku} are not {sets} equal sets")]
    UnequalSets {
        /// The article.
        sku: SkuId,
        /// The pieces of its line.
        quantity: Quantity,
        /// The sets of its bundle.
        sets: Quantity,
    },
}
