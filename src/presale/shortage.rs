//! Short supply: fewer pieces arrive than were confirmed.

use crate::id::PledgeId;
use crate::money::Amount;
use crate::presale::Pieces;
use crate::units::Quantity;

/// What a confirmed pledge is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Claim {
    /// Whose.
    pub pledge: PledgeId,
    /// The pieces confirmed.
    pub units: Quantity,
    /// What was paid for all of them, less what the price tier gave back.
    pub paid: Amount,
}

/// What a pledge gets of a delivery, and gets back for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Share {
    /// Whose.
    pub pledge: PledgeId,
    /// The pieces it gets: all, some or none of those confirmed.
    pub units: Quantity,
    /// What is refunded for those that it does not get; zero if it gets all.
    pub refund: Amount,
}

/// Shares out a delivery in the order of the claims, and each claim as far as the pieces last.
///
/// With claims in the order of payment that is "first paid, first served". At most one claim is met in part. It keeps
/// to pay ⌊paid × delivered / confirmed⌋ and is refunded the rest, so a fraction of a minor unit goes to the customer.
/// A claim of no pieces gets none and no refund.
///
/// The shares come in the order of the claims, one each. Their pieces and what is [`left`](Self::left) sum to what was
/// delivered; a delivery that covers every claim refunds nothing. O(1) a claim, nothing allocated.
///
/// ```
/// use catchment::id::PledgeId;
/// use catchment::money::Amount;
/// use catchment::presale::{Claim, Pieces, Share, ShortSupply};
/// use catchment::units::Quantity;
///
/// // Three pledges of 3 melons at 9.90 yuan each; 4 melons of 9 arrive.
/// let paid = Amount(2_970);
/// let claims = [11, 12, 13].map(|id| Claim { pledge: PledgeId(id), units: Quantity(3), paid });
/// let mut shares = ShortSupply::new(Pieces(4), claims);
/// let mut next = || shares.next().map(|share| (share.units, share.refund));
/// assert_eq!(next(), Some((Quantity(3), Amount::ZERO)));
/// assert_eq!(next(), Some((Quantity(1), Amount(1_980))));
/// assert_eq!(next(), Some((Quantity(0), Amount(2_970))));
/// assert_eq!(next(), None);
/// assert_eq!(shares.left(), Pieces::ZERO);
/// ```
#[derive(Clone, Debug)]
#[must_use = "shares are made as they are asked for"]
pub struct ShortSupply<I> {
    left: Pieces,
    claims: I,
}

impl<I: Iterator<Item = Claim>> ShortSupply<I> {
    /// So many pieces have arrived for these claims.
    pub fn new(delivered: Pieces, claims: impl IntoIterator<IntoIter = I>) -> Self {
        Self {
            left: delivered,
            claims: claims.into_iter(),
        }
    }

    /// The pieces that no claim so far has taken. O(1).
    #[must_use]
    pub const fn left(&self) -> Pieces {
        self.left
    }
}

impl<I: Iterator<Item = Claim>> Iterator for ShortSupply<I> {
    type Item = Share;

    fn next(&mut self) -> Option<Share> {
        let claim = self.claims.next()?;
        let units =
            u32::try_from(self.left.0).map_or(claim.units, |left| claim.units.min(left.into()));
        self.left = self.left.saturating_sub(units.into());
        Some(Share {
            pledge: claim.pledge,
            units,
            refund: refund(claim, units),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.claims.size_hint()
    }
}

impl<I: ExactSizeIterator<Item = Claim>> ExactSizeIterator for ShortSupply<I> {}

impl<I: core::iter::FusedIterator<Item = Claim>> core::iter::FusedIterator for ShortSupply<I> {}

/// What is refunded of a claim that gets so many of its pieces.
fn refund(claim: Claim, kept: Quantity) -> Amount {
    if kept == claim.units {
        return Amount::ZERO;
    }
    // 64 by 32 bits fit 128; the quotient is below the 64 bits paid, because fewer pieces are kept than paid for.
    let price = u128::from(claim.paid.0) * u128::from(kept.0) / u128::from(claim.units.0);
    Amount(claim.paid.0.saturating_sub(price as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Claims and shares as (pieces, money).
    #[track_caller]
    fn check(delivered: u64, claims: &[(u32, u64)], expected: &[(u32, u64)], left: u64) {
        let claims = claims.iter().enumerate().map(|(id, &(units, paid))| Claim {
            pledge: PledgeId(id as u64),
            units: Quantity(units),
            paid: Amount(paid),
        });
        let mut shares = ShortSupply::new(Pieces(delivered), claims);
        let found: Vec<_> = shares.by_ref().collect();
        let pairs = found.iter().map(|share| (share.units.0, share.refund.0));
        assert_eq!(pairs.collect::<Vec<_>>(), expected);
        assert!(
            found
                .iter()
                .zip(0..)
                .all(|(share, id)| share.pledge == PledgeId(id))
        );
        assert_eq!(shares.left(), Pieces(left));
    }

    #[test]
    fn first_paid_is_first_served() {
        const ALL: u64 = u64::MAX;
        let (most, three) = (u32::MAX, [(2, 200), (3, 300), (1, 100)]);
        check(0, &[], &[], 0);
        check(5, &[], &[], 5);
        check(0, &three, &[(0, 200), (0, 300), (0, 100)], 0);
        check(1, &three, &[(1, 100), (0, 300), (0, 100)], 0);
        check(2, &three, &[(2, 0), (0, 300), (0, 100)], 0);
        check(4, &three, &[(2, 0), (2, 100), (0, 100)], 0);
        check(5, &three, &[(2, 0), (3, 0), (0, 100)], 0);
        check(6, &three, &[(2, 0), (3, 0), (1, 0)], 0);
        check(9, &three, &[(2, 0), (3, 0), (1, 0)], 3);
        // A third of 100 is 33 and a fraction; the customer gets the fraction.
        check(1, &[(3, 100)], &[(1, 67)], 0);
        check(2, &[(3, 100)], &[(2, 34)], 0);
        // Given away, and no pieces at all.
        check(1, &[(2, 0), (0, 70), (1, 5)], &[(1, 0), (0, 0), (0, 5)], 0);
        // The largest numbers there are.
        check(
            u64::from(most) - 1,
            &[(most, ALL)],
            &[(most - 1, ALL / u64::from(most))],
            0,
        );
        check(ALL, &[(most, ALL)], &[(most, 0)], ALL - u64::from(most));
    }
}
