//! Purchases: confirmed pieces become whole cases of a supplier, or a shortfall that says what is missing.

use core::num::NonZeroU32;

use crate::id::{SiteId, SupplierId};
use crate::presale::{Pick, Pieces, PurchaseOrder};

/// What to do with the pieces that fill the last case and that nobody pledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Surplus {
    /// They are ordered as well and go into stock.
    #[default]
    ToStock,
    /// There must be none: what is confirmed fills whole cases, or nothing is ordered.
    Reject,
}

/// How a supplier sells an article.
///
/// The size of a case and the least order are different things: of cases of 12 one may have to take 60 pieces.
///
/// ```
/// use catchment::id::SupplierId;
/// use catchment::presale::{Pieces, SupplierTerms, Surplus};
/// let loose = SupplierTerms::new(SupplierId(4));
/// assert_eq!((loose.case_size.get(), loose.units_min, loose.surplus), (1, Pieces::ZERO, Surplus::ToStock));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct SupplierTerms {
    /// Whose terms.
    pub supplier: SupplierId,
    /// The pieces in a case; only whole cases are sold.
    pub case_size: NonZeroU32,
    /// The least number of pieces that is sold, surplus included; zero for any.
    pub units_min: Pieces,
    /// What to do with the rest of the last case.
    pub surplus: Surplus,
}

impl SupplierTerms {
    /// Single pieces, any number of them.
    #[must_use]
    pub const fn new(supplier: SupplierId) -> Self {
        Self {
            supplier,
            case_size: NonZeroU32::MIN,
            units_min: Pieces::ZERO,
            surplus: Surplus::ToStock,
        }
    }
}

/// Confirmed pieces of one site that come from one supplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct ConfirmedPieces {
    /// Who delivers them.
    pub supplier: SupplierId,
    /// Where they are picked up.
    pub site: SiteId,
    /// How many.
    pub units: Pieces,
}

/// Why nothing is ordered although pieces are confirmed. A failure that somebody has to decide about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Shortfall {
    /// Even in whole cases it is less than the supplier sells.
    #[error(
        "{ordered} pieces in whole cases are {short_by} short of the supplier's minimum of {units_min}"
    )]
    BelowMinimum {
        /// The confirmed pieces, rounded up to whole cases.
        ordered: Pieces,
        /// The least the supplier sells.
        units_min: Pieces,
        /// The difference.
        short_by: Pieces,
    },
    /// The confirmed pieces do not fill whole cases, and no surplus is wanted.
    #[error(
        "{beyond_cases} pieces beyond whole cases; {missing_to_next_case} more would fill the last"
    )]
    SurplusRejected {
        /// The pieces that are in no full case.
        beyond_cases: Pieces,
        /// The pieces that would be surplus: so many more confirmed, and there is none.
        missing_to_next_case: Pieces,
    },
}

/// An order that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Unordered {
    /// The order as it would have been.
    pub order: PurchaseOrder,
    /// Why it was not made.
    pub why: Shortfall,
}

/// The outcome for all suppliers: each with confirmed pieces is in one of the two lists, by ascending supplier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Purchases {
    /// To be sent.
    pub orders: Vec<PurchaseOrder>,
    /// Not to be sent as they are.
    pub shortfalls: Vec<Unordered>,
}

/// Makes one purchase order for each supplier of confirmed pieces, or says what it falls short of.
///
/// Rows may come in any order, and several of one site are summed. A supplier without confirmed pieces gets no order
/// and is no shortfall, whatever its minimum: nobody waits for anything. If an order is below the minimum and leaves an
/// unwanted surplus as well, the minimum is named, because filling the case may not be enough.
///
/// O(n) for rows by supplier, then site, else O(n log n); t terms add O(t log t). The rows are sorted in place.
///
/// # Errors
///
/// The first that applies, each for the smallest supplier: [`PurchaseError::SameTerms`], [`PurchaseError::NoTerms`],
/// [`PurchaseError::TooMuch`].
///
/// ```
/// use std::num::NonZeroU32;
/// use catchment::id::{SiteId, SupplierId};
/// use catchment::presale::{ConfirmedPieces, Pieces, Shortfall, SupplierTerms, purchases};
///
/// let supplier = SupplierId(4);
/// let mut terms = SupplierTerms::new(supplier);
/// terms.case_size = NonZeroU32::new(12).expect("not zero");
/// let rows = [(7, 20), (17, 30)]
///     .map(|(site, units)| ConfirmedPieces { supplier, site: SiteId(site), units: Pieces(units) });
///
/// let made = purchases(&[terms], rows.into())?;
/// assert_eq!((made.orders[0].ordered(), made.orders[0].surplus()), (Pieces(60), Pieces(10)));
///
/// terms.units_min = Pieces(100);
/// let made = purchases(&[terms], rows.into())?;
/// let (ordered, units_min, short_by) = (Pieces(60), Pieces(100), Pieces(40));
/// assert_eq!(made.shortfalls[0].why, Shortfall::BelowMinimum { ordered, units_min, short_by });
/// # Ok::<(), catchment::presale::PurchaseError>(())
/// ```
pub fn purchases(
    terms: &[SupplierTerms],
    mut rows: Vec<ConfirmedPieces>,
) -> Result<Purchases, PurchaseError> {
    let mut terms: Vec<&SupplierTerms> = terms.iter().collect();
    terms.sort_unstable_by_key(|terms| terms.supplier);
    if let Some(pair) = terms
        .windows(2)
        .find(|pair| pair[0].supplier == pair[1].supplier)
    {
        let supplier = pair[0].supplier;
        return Err(PurchaseError::SameTerms { supplier });
    }
    rows.sort_unstable();
    let terms_of = |supplier| {
        let at = terms.binary_search_by_key(&supplier, |terms| terms.supplier);
        at.map(|at| terms[at])
            .map_err(|_| PurchaseError::NoTerms { supplier })
    };
    let by_supplier = || rows.chunk_by(|one, next| one.supplier == next.supplier);
    for rows in by_supplier() {
        terms_of(rows[0].supplier)?;
    }
    let mut made = Purchases::default();
    for rows in by_supplier() {
        let terms = terms_of(rows[0].supplier)?;
        let Some(order) = order(terms, rows)? else {
            continue;
        };
        match shortfall(terms, &order) {
            None => made.orders.push(order),
            Some(why) => made.shortfalls.push(Unordered { order, why }),
        }
    }
    Ok(made)
}

/// Terms and rows that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PurchaseError {
    /// A supplier has terms twice.
    #[error("supplier {supplier} has terms twice")]
    SameTerms {
        /// The supplier.
        supplier: SupplierId,
    },
    /// A row is of a supplier without terms.
    #[error("supplier {supplier} has no terms")]
    NoTerms {
        /// The supplier.
        supplier: SupplierId,
    },
    /// The pieces to order do not fit 64 bits.
    #[error("the pieces to order from supplier {supplier} do not fit 64 bits")]
    TooMuch {
        /// The supplier.
        supplier: SupplierId,
    },
}

/// The order of one supplier from its rows by site; `None` if they come to nothing.
fn order(
    terms: &SupplierTerms,
    rows: &[ConfirmedPieces],
) -> Result<Option<PurchaseOrder>, PurchaseError> {
    let supplier = terms.supplier;
    let too_much = PurchaseError::TooMuch { supplier };
    let mut picks: Vec<Pick> = Vec::new();
    for &ConfirmedPieces { site, units, .. } in rows.iter().filter(|row| row.units > Pieces::ZERO) {
        match picks.last_mut() {
            Some(pick) if pick.site == site => {
                pick.units = pick.units.checked_add(units).ok_or(too_much)?;
            }
            _ => picks.push(Pick { site, units }),
        }
    }
    if picks.is_empty() {
        return Ok(None);
    }
    // The picks are of ascending sites with pieces each: nothing is left to be wrong but their sum.
    let order = PurchaseOrder::new(supplier, terms.case_size, picks);
    order.map(Some).map_err(|_| too_much)
}

/// Why a supplier with these terms does not sell this, if so.
fn shortfall(terms: &SupplierTerms, order: &PurchaseOrder) -> Option<Shortfall> {
    let short_by = terms.units_min.saturating_sub(order.ordered());
    if short_by > Pieces::ZERO {
        return Some(Shortfall::BelowMinimum {
            ordered: order.ordered(),
            units_min: terms.units_min,
            short_by,
        });
    }
    let rejected = terms.surplus == Surplus::Reject && order.surplus() > Pieces::ZERO;
    rejected.then(|| Shortfall::SurplusRejected {
        beyond_cases: Pieces(order.confirmed().0 % u64::from(terms.case_size.get())),
        missing_to_next_case: order.missing_to_next_case(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Supplier 1: cases, minimum, surplus.
    fn terms(case: u32, units_min: u64, surplus: Surplus) -> SupplierTerms {
        SupplierTerms {
            supplier: SupplierId(1),
            case_size: NonZeroU32::new(case).expect("not zero"),
            units_min: Pieces(units_min),
            surplus,
        }
    }

    /// Rows as (supplier, site, units).
    fn rows(rows: &[(u64, u64, u64)]) -> Vec<ConfirmedPieces> {
        let row = |&(supplier, site, units)| ConfirmedPieces {
            supplier: SupplierId(supplier),
            site: SiteId(site),
            units: Pieces(units),
        };
        rows.iter().map(row).collect()
    }

    /// Expects (cases, ordered, surplus).
    #[track_caller]
    fn check(terms: SupplierTerms, confirmed: u64, expected: Result<(u64, u64, u64), Shortfall>) {
        let made = purchases(&[terms], rows(&[(1, 7, confirmed)])).expect("sound input");
        let (order, why) = match (&made.orders[..], &made.shortfalls[..]) {
            ([order], []) => (order, None),
            ([], [unordered]) => (&unordered.order, Some(unordered.why)),
            _ => unreachable!("one supplier: {made:?}"),
        };
        let numbers = (order.cases(), order.ordered().0, order.surplus().0);
        assert_eq!(why.map_or(Ok(numbers), Err), expected);
        assert_eq!(order.missing_to_next_case(), order.surplus());
        assert_eq!(order.confirmed(), Pieces(confirmed));
    }

    #[test]
    fn whole_cases_are_ordered_or_nothing() {
        use Surplus::{Reject, ToStock};
        let below = |ordered, units_min, short_by| {
            Err(Shortfall::BelowMinimum {
                ordered: Pieces(ordered),
                units_min: Pieces(units_min),
                short_by: Pieces(short_by),
            })
        };
        let rejected = |beyond, missing| {
            Err(Shortfall::SurplusRejected {
                beyond_cases: Pieces(beyond),
                missing_to_next_case: Pieces(missing),
            })
        };
        check(terms(12, 0, ToStock), 50, Ok((5, 60, 10)));
        check(terms(12, 0, ToStock), 48, Ok((4, 48, 0)));
        check(terms(12, 0, ToStock), 49, Ok((5, 60, 11)));
        check(terms(12, 0, ToStock), 1, Ok((1, 12, 11)));
        check(terms(1, 0, Reject), 50, Ok((50, 50, 0)));
        // The minimum is compared with what is ordered, not with what is confirmed.
        check(terms(12, 60, ToStock), 50, Ok((5, 60, 10)));
        check(terms(12, 60, ToStock), 48, below(48, 60, 12));
        check(terms(12, 61, ToStock), 60, below(60, 61, 1));
        check(
            terms(12, u64::MAX, ToStock),
            12,
            below(12, u64::MAX, u64::MAX - 12),
        );
        check(terms(12, 0, Reject), 48, Ok((4, 48, 0)));
        check(terms(12, 0, Reject), 50, rejected(2, 10));
        check(terms(12, 60, Reject), 50, rejected(2, 10));
        check(terms(12, 61, Reject), 50, below(60, 61, 1));
    }

    #[test]
    fn nothing_confirmed_is_neither_ordered_nor_short() {
        let terms = [terms(12, 100, Surplus::Reject)];
        for rows in [rows(&[]), rows(&[(1, 7, 0), (1, 8, 0)])] {
            assert_eq!(purchases(&terms, rows), Ok(Purchases::default()));
        }
    }

    #[test]
    fn each_supplier_has_its_own_outcome_and_each_site_its_sum() {
        let mut second = terms(10, 0, Surplus::ToStock);
        second.supplier = SupplierId(2);
        let terms = [second, terms(12, 100, Surplus::ToStock)];
        let given = [
            (2, 9, 5),
            (1, 8, 30),
            (2, 7, 0),
            (2, 3, 4),
            (1, 7, 20),
            (2, 9, 6),
        ];
        let made = purchases(&terms, rows(&given)).expect("sound input");
        let picks = |order: &PurchaseOrder| {
            let pick = |pick: &Pick| (order.supplier().0, pick.site.0, pick.units.0);
            order.picks().iter().map(pick).collect::<Vec<_>>()
        };
        assert_eq!(
            made.orders.iter().map(picks).collect::<Vec<_>>(),
            [[(2, 3, 4), (2, 9, 11)]]
        );
        let short: Vec<_> = made
            .shortfalls
            .iter()
            .map(|short| picks(&short.order))
            .collect();
        assert_eq!(short, [[(1, 7, 20), (1, 8, 30)]]);
    }

    #[test]
    fn faults_are_named_in_their_order_for_the_smallest_supplier() {
        let one = terms(2, 0, Surplus::ToStock);
        let [two, three] = [2, 3].map(|supplier| SupplierTerms {
            supplier: SupplierId(supplier),
            ..one
        });
        let supplier = SupplierId;
        let most = u64::MAX;
        for (terms, given, expected) in [
            (
                &[three, two, one, three, two][..],
                &[(9, 1, 1)][..],
                PurchaseError::SameTerms {
                    supplier: supplier(2),
                },
            ),
            (
                &[one],
                &[(9, 1, 1), (8, 1, 0), (1, 1, most)],
                PurchaseError::NoTerms {
                    supplier: supplier(8),
                },
            ),
            (
                &[three, one, two],
                &[(3, 1, most), (2, 1, most), (2, 1, 1), (1, 1, 1)],
                PurchaseError::TooMuch {
                    supplier: supplier(2),
                },
            ),
            (
                &[one],
                &[(1, 2, most), (1, 1, most)],
                PurchaseError::TooMuch {
                    supplier: supplier(1),
                },
            ),
        ] {
            assert_eq!(purchases(terms, rows(given)), Err(expected));
        }
    }
}
