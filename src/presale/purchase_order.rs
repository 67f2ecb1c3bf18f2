//! The order to one supplier, with the pick list of each site.

use core::num::NonZeroU32;

use crate::id::{SiteId, SupplierId};
use crate::presale::Pieces;

/// One line of a pick list: what a site gets of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Pick {
    /// The site.
    pub site: SiteId,
    /// How many pieces; never zero.
    pub units: Pieces,
}

/// What is ordered from one supplier, and for whom.
///
/// The picks sum to what is confirmed, `ordered = confirmed + surplus` in whole cases, and `surplus` is less than a
/// case. Deserializing checks all of that.
///
/// ```
/// use std::num::NonZeroU32;
/// use catchment::id::{SiteId, SupplierId};
/// use catchment::presale::{Pick, Pieces, PurchaseOrder};
///
/// let dozen = NonZeroU32::new(12).expect("not zero");
/// let picks = [(7, 20), (17, 30)].map(|(site, units)| Pick { site: SiteId(site), units: Pieces(units) });
/// let order = PurchaseOrder::new(SupplierId(4), dozen, picks.into())?;
/// assert_eq!(order.confirmed(), Pieces(50));
/// assert_eq!(order.ordered(), Pieces(60));
/// assert_eq!(order.cases(), 5);
/// assert_eq!(order.surplus(), Pieces(10));
/// # Ok::<(), catchment::presale::PurchaseOrderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Inner"))]
pub struct PurchaseOrder {
    supplier: SupplierId,
    case_size: NonZeroU32,
    cases: u64,
    ordered: Pieces,
    confirmed: Pieces,
    surplus: Pieces,
    picks: Vec<Pick>,
}

impl PurchaseOrder {
    /// The order of as few cases as cover the picks. O(n).
    ///
    /// Whether the supplier sells so little is not asked here but in [`purchases`](crate::presale::purchases).
    ///
    /// # Errors
    ///
    /// The first that applies: [`PurchaseOrderError::Nothing`] without picks, [`PicksNotAscending`] by site,
    /// [`NothingToPick`] at a site, [`TooMuch`] for 64 bits.
    ///
    /// [`PicksNotAscending`]: PurchaseOrderError::PicksNotAscending
    /// [`NothingToPick`]: PurchaseOrderError::NothingToPick
    /// [`TooMuch`]: PurchaseOrderError::TooMuch
    pub fn new(
        supplier: SupplierId,
        case_size: NonZeroU32,
        picks: Vec<Pick>,
    ) -> Result<Self, PurchaseOrderError> {
        if picks.is_empty() {
            return Err(PurchaseOrderError::Nothing { supplier });
        }
        if let Some(pair) = picks.windows(2).find(|pair| pair[0].site >= pair[1].site) {
            return Err(PurchaseOrderError::PicksNotAscending {
                supplier,
                before: pair[0].site,
                found: pair[1].site,
            });
        }
        if let Some(&Pick { site, .. }) = picks.iter().find(|pick| pick.units == Pieces::ZERO) {
            return Err(PurchaseOrderError::NothingToPick { supplier, site });
        }
        let too_much = PurchaseOrderError::TooMuch { supplier };
        let confirmed = picks
            .iter()
            .try_fold(Pieces::ZERO, |sum, pick| sum.checked_add(pick.units))
            .ok_or(too_much)?;
        let case = u64::from(case_size.get());
        let cases = confirmed.0.div_ceil(case);
        let ordered = Pieces(cases.checked_mul(case).ok_or(too_much)?);
        Ok(Self {
            supplier,
            case_size,
            cases,
            ordered,
            confirmed,
            surplus: ordered.saturating_sub(confirmed),
            picks,
        })
    }

    /// From whom. O(1).
    #[must_use]
    pub const fn supplier(&self) -> SupplierId {
        self.supplier
    }

    /// The pieces in a case. O(1).
    #[must_use]
    pub const fn case_size(&self) -> NonZeroU32 {
        self.case_size
    }

    /// How many cases are ordered. O(1).
    #[must_use]
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    /// How many pieces are in them. O(1).
    #[must_use]
    pub const fn ordered(&self) -> Pieces {
        self.ordered
    }

    /// How many of them customers have confirmed: the sum of the picks. O(1).
    #[must_use]
    pub const fn confirmed(&self) -> Pieces {
        self.confirmed
    }

    /// How many of them nobody has pledged: less than a case. O(1).
    #[must_use]
    pub const fn surplus(&self) -> Pieces {
        self.surplus
    }

    /// How many more pledged pieces the last case would hold: the surplus, as those who still sell it see it. O(1).
    #[must_use]
    pub const fn missing_to_next_case(&self) -> Pieces {
        self.surplus
    }

    /// What each site gets, by ascending site. O(1).
    #[must_use]
    pub fn picks(&self) -> &[Pick] {
        &self.picks
    }
}

/// A purchase order as stored.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename = "PurchaseOrder")]
struct Inner {
    supplier: SupplierId,
    case_size: NonZeroU32,
    cases: u64,
    ordered: Pieces,
    confirmed: Pieces,
    surplus: Pieces,
    picks: Vec<Pick>,
}

#[cfg(feature = "serde")]
impl TryFrom<Inner> for PurchaseOrder {
    type Error = PurchaseOrderError;

    fn try_from(inner: Inner) -> Result<Self, PurchaseOrderError> {
        let stored = (inner.cases, inner.ordered, inner.confirmed, inner.surplus);
        let order = Self::new(inner.supplier, inner.case_size, inner.picks)?;
        if stored == (order.cases, order.ordered, order.confirmed, order.surplus) {
            Ok(order)
        } else {
            Err(PurchaseOrderError::DoesNotAddUp {
                supplier: order.supplier,
            })
        }
    }
}

/// Picks that make no purchase order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PurchaseOrderError {
    /// There are no picks.
    #[error("nothing to order from supplier {supplier}")]
    Nothing {
        /// The supplier.
        supplier: SupplierId,
    },
    /// A site does not come after the one before it.
    #[error("of supplier {supplier}, site {found} is listed after site {before}")]
    PicksNotAscending {
        /// The supplier.
        supplier: SupplierId,
        /// The site before.
        before: SiteId,
        /// The same site again, or a smaller one.
        found: SiteId,
    },
    /// A pick of no pieces.
    #[error("of supplier {supplier}, site {site} is listed with nothing to pick")]
    NothingToPick {
        /// The supplier.
        supplier: SupplierId,
        /// The site.
        site: SiteId,
    },
    /// The pieces to order do not fit 64 bits.
    #[error("the pieces to order from supplier {supplier} do not fit 64 bits")]
    TooMuch {
        /// The supplier.
        supplier: SupplierId,
    },
    /// The stored totals are not those of the stored picks.
    #[error("the stored totals of the order from supplier {supplier} are not those of its picks")]
    DoesNotAddUp {
        /// The supplier.
        supplier: SupplierId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUPPLIER: SupplierId = SupplierId(4);

    fn build(case: u32, picks: &[(u64, u64)]) -> Result<PurchaseOrder, PurchaseOrderError> {
        let pick = |&(site, units)| Pick {
            site: SiteId(site),
            units: Pieces(units),
        };
        let case = NonZeroU32::new(case).expect("not zero");
        PurchaseOrder::new(SUPPLIER, case, picks.iter().map(pick).collect())
    }

    #[test]
    fn picks_that_make_no_order_are_refused() {
        let supplier = SUPPLIER;
        let not_ascending = |before, found| PurchaseOrderError::PicksNotAscending {
            supplier,
            before: SiteId(before),
            found: SiteId(found),
        };
        let nothing = PurchaseOrderError::NothingToPick {
            supplier,
            site: SiteId(2),
        };
        let too_much = PurchaseOrderError::TooMuch { supplier };
        let most = u64::MAX;
        for (case, picks, expected) in [
            (1, &[][..], PurchaseOrderError::Nothing { supplier }),
            (1, &[(1, 1), (1, 1)], not_ascending(1, 1)),
            (1, &[(1, 1), (3, 1), (2, 0)], not_ascending(3, 2)),
            (1, &[(1, 1), (2, 0)], nothing),
            (1, &[(1, most), (2, 1)], too_much),
            // The pieces fit, the case they begin does not.
            (2, &[(1, most)], too_much),
        ] {
            assert_eq!(build(case, picks), Err(expected), "{picks:?}");
        }
        assert_eq!(
            build(5, &[(1, most)]).map(|order| order.surplus()),
            Ok(Pieces(0))
        );
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_stored_order_adds_up() {
        let order = build(12, &[(1, 20), (2, 30)]).expect("sound picks");
        let stored = serde_json::to_value(&order).expect("an order can be stored");
        let read = |value| serde_json::from_value::<PurchaseOrder>(value);
        assert_eq!(read(stored.clone()).ok(), Some(order));
        for (field, value) in [
            ("cases", 4),
            ("ordered", 48),
            ("confirmed", 49),
            ("surplus", 0),
            ("case_size", 0),
        ] {
            let mut changed = stored.clone();
            changed[field] = value.into();
            assert!(read(changed).is_err(), "{field}");
        }
    }
}
