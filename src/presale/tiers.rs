//! Tier prices: the more is confirmed, the less a piece costs, and the difference goes back to those who paid.

use core::cmp::Ordering;
use core::fmt;

use crate::id::PledgeId;
use crate::money::Amount;
use crate::presale::Pieces;

/// A share of a price in hundredths of a percent, from none to all of it.
///
/// ```
/// use catchment::presale::{BasisPoints, BasisPointsError};
/// let tenth = BasisPoints::new(1_000)?;
/// assert_eq!(tenth.get(), 1_000);
/// assert!(tenth < BasisPoints::ALL);
/// assert_eq!(BasisPoints::new(10_001), Err(BasisPointsError::MoreThanAll { found: 10_001 }));
/// # Ok::<(), BasisPointsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u16", into = "u16"))]
pub struct BasisPoints(u16);

impl BasisPoints {
    /// The whole price.
    pub const ALL: Self = Self(10_000);

    /// So many hundredths of a percent.
    ///
    /// # Errors
    ///
    /// [`BasisPointsError::MoreThanAll`] above 10,000.
    pub const fn new(points: u16) -> Result<Self, BasisPointsError> {
        if points <= Self::ALL.0 {
            Ok(Self(points))
        } else {
            Err(BasisPointsError::MoreThanAll { found: points })
        }
    }

    /// The number of hundredths of a percent, 0 to 10,000.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for BasisPoints {
    type Error = BasisPointsError;

    fn try_from(points: u16) -> Result<Self, BasisPointsError> {
        Self::new(points)
    }
}

impl From<BasisPoints> for u16 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bp", self.0)
    }
}

/// A number that is no share of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BasisPointsError {
    /// Above 10,000.
    #[error("{found} bp is more than the whole price of 10000 bp")]
    MoreThanAll {
        /// The number given.
        found: u16,
    },
}

/// A discount and how many confirmed pieces it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Tier {
    /// From so many pieces on.
    pub units_min: Pieces,
    /// What is taken off the pledged price.
    pub discount: BasisPoints,
}

/// The price tiers of a campaign: each takes more pieces than the one before, and gives more. None by default.
///
/// ```
/// use catchment::presale::{BasisPoints, Pieces, Tier, Tiers};
/// let tier = |units, points| {
///     Ok::<_, Box<dyn std::error::Error>>(Tier { units_min: Pieces(units), discount: BasisPoints::new(points)? })
/// };
/// let tiers = Tiers::new(vec![tier(1_000, 500)?, tier(5_000, 1_200)?])?;
/// assert_eq!(tiers.reached(Pieces(999)), None);
/// assert_eq!(tiers.reached(Pieces(1_000)), Some(&tier(1_000, 500)?));
/// assert_eq!(tiers.reached(Pieces(70_000)), Some(&tier(5_000, 1_200)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Vec<Tier>", into = "Vec<Tier>"))]
pub struct Tiers(Vec<Tier>);

impl Tiers {
    /// These tiers, in ascending order. There can't be more than 10,001, because there are no more discounts. O(n).
    ///
    /// # Errors
    ///
    /// [`TiersError::NotAscending`] at the first tier that does not take more pieces and give more than the one
    /// before: if more pledges raised the price, somebody would pay for his neighbour's joining.
    pub fn new(tiers: Vec<Tier>) -> Result<Self, TiersError> {
        let ascend = |pair: &[Tier]| {
            pair[0].units_min < pair[1].units_min && pair[0].discount < pair[1].discount
        };
        match tiers.windows(2).position(|pair| !ascend(pair)) {
            Some(at) => Err(TiersError::NotAscending {
                before: tiers[at],
                found: tiers[at + 1],
            }),
            None => Ok(Self(tiers)),
        }
    }

    /// The highest tier that so many confirmed pieces reach, if any. O(log n).
    #[must_use]
    pub fn reached(&self, confirmed: Pieces) -> Option<&Tier> {
        let reached = self.0.partition_point(|tier| tier.units_min <= confirmed);
        self.0[..reached].last()
    }

    /// All tiers, ascending. O(1).
    #[must_use]
    pub fn as_slice(&self) -> &[Tier] {
        &self.0
    }
}

impl TryFrom<Vec<Tier>> for Tiers {
    type Error = TiersError;

    fn try_from(tiers: Vec<Tier>) -> Result<Self, TiersError> {
        Self::new(tiers)
    }
}

impl From<Tiers> for Vec<Tier> {
    fn from(tiers: Tiers) -> Self {
        tiers.0
    }
}

/// Tiers that can't be those of one campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TiersError {
    /// A tier does not take more pieces and give more than the one before.
    #[error(
        "{} off from {} pieces does not go beyond {} off from {} pieces",
        found.discount, found.units_min, before.discount, before.units_min
    )]
    NotAscending {
        /// The tier before.
        before: Tier,
        /// The one that should go beyond it.
        found: Tier,
    },
}

/// What was paid for a pledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct PaidPledge {
    /// The pledge.
    pub pledge: PledgeId,
    /// The amount paid, which is the amount pledged.
    pub paid: Amount,
}

/// What goes back to a pledge because of a tier; zero is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct TierRefund {
    /// The pledge.
    pub pledge: PledgeId,
    /// How much.
    pub refund: Amount,
}

/// Gives the discount back: one refund for each pledge, in the order given.
///
/// Together they are ⌊sum paid × discount / 10,000⌋, to the minor unit, and no two agreeing parties can come to
/// different sums. Everybody gets their own discount rounded down or up, hence never more than they paid.
///
/// # Method
///
/// Largest remainder (Hamilton's method): everybody first gets ⌊paid × discount / 10,000⌋; the minor units that are
/// then missing from the total go, one each, to the largest remainders, and among equal remainders to the smaller
/// pledge ids. The quota (what must have been paid for one minor unit back) is Hare's, 10,000 / discount, *before* the
/// total is rounded down. After it, the quota would be a little larger, and who paid 100 of 109 at a discount of a
/// tenth could get 9 back while the other gets 1 for his 9: less and more than was promised.
///
/// Balinski and Young, *Fair Representation*, 2nd edition, Brookings 2001, appendix A. The last of those who get one
/// more is found by counting remainders, of which there are 10,000, and among equal ones by selection (Hoare,
/// Algorithm 65, *Communications of the ACM* 4(7), 1961).
///
/// A pledge that is named twice counts as two; with equal remainders the first of them comes first. O(n), and beside
/// the result the ids of the pledges that share the last remainder.
///
/// ```
/// use catchment::id::PledgeId;
/// use catchment::money::Amount;
/// use catchment::presale::{BasisPoints, PaidPledge, tier_refunds};
///
/// // A tenth of 999, 995 and 995 fen is 298.9 together: 298 go back, 99 to each and one more to the largest remainder.
/// let paid = [(1, 995), (2, 999), (3, 995)];
/// let paid = paid.map(|(id, fen)| PaidPledge { pledge: PledgeId(id), paid: Amount(fen) });
/// let refunds = tier_refunds(&paid, BasisPoints::new(1_000)?);
/// assert_eq!(refunds.iter().map(|refund| refund.refund.0).collect::<Vec<_>>(), [99, 100, 99]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn tier_refunds(pledges: &[PaidPledge], discount: BasisPoints) -> Vec<TierRefund> {
    let mut with_remainder = vec![0_usize; usize::from(BasisPoints::ALL.0)];
    let mut refunds: Vec<TierRefund> = pledges
        .iter()
        .map(|&PaidPledge { pledge, paid }| {
            let (whole, remainder) = part(paid, discount);
            with_remainder[usize::from(remainder)] += 1;
            TierRefund {
                pledge,
                refund: whole,
            }
        })
        .collect();
    let Some(cut) = Cut::of(&with_remainder) else {
        return refunds;
    };
    let remainder_of = |pledge: &PaidPledge| part(pledge.paid, discount).1;
    let mut tied = Vec::with_capacity(with_remainder[usize::from(cut.remainder)]);
    let at_cut = pledges
        .iter()
        .filter(|pledge| remainder_of(pledge) == cut.remainder);
    tied.extend(at_cut.map(|pledge| pledge.pledge));
    let (before, &mut last, _) = tied.select_nth_unstable(cut.extra - 1);
    // More than one only if a pledge is named twice.
    let mut named_last = 1 + before.iter().filter(|pledge| **pledge == last).count();
    for (pledge, refund) in pledges.iter().zip(&mut refunds) {
        let more = match remainder_of(pledge).cmp(&cut.remainder) {
            Ordering::Equal if pledge.pledge == last && named_last > 0 => {
                named_last -= 1;
                true
            }
            Ordering::Equal => pledge.pledge < last,
            order => order == Ordering::Greater,
        };
        refund.refund.0 += u64::from(more);
    }
    refunds
}

/// Where the minor units that are missing from the total run out.
struct Cut {
    /// Every larger remainder gets one.
    remainder: u16,
    /// So many pledges with this remainder get one, at least one of them.
    extra: usize,
}

impl Cut {
    /// From the number of pledges with each remainder; `None` if nothing is missing. O(10,000).
    fn of(with_remainder: &[usize]) -> Option<Self> {
        let weighted = (0..)
            .zip(with_remainder)
            .map(|(remainder, count)| remainder * (*count as u128));
        let sum: u128 = weighted.sum();
        // Each remainder is below 10,000, so there are more of them above zero than minor units missing.
        let mut extra = (sum / u128::from(BasisPoints::ALL.0)) as usize;
        for (remainder, &count) in (0..BasisPoints::ALL.0).zip(with_remainder).rev() {
            if extra <= count {
                return (extra > 0).then_some(Self { remainder, extra });
            }
            extra -= count;
        }
        None
    }
}

/// The discount on an amount: whole minor units, and the remainder in ten-thousandths of one.
fn part(paid: Amount, discount: BasisPoints) -> (Amount, u16) {
    let (all, points) = (u64::from(BasisPoints::ALL.0), u64::from(discount.0));
    // By whole ten-thousands and the rest, so that nothing exceeds 64 bits.
    let (ten_thousands, rest) = (paid.0 / all, paid.0 % all);
    let product = rest * points;
    let whole = ten_thousands * points + product / all;
    (Amount(whole), (product % all) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(points: u16) -> BasisPoints {
        BasisPoints::new(points).expect("at most all")
    }

    fn tier((units, discount): (u64, u16)) -> Tier {
        Tier {
            units_min: Pieces(units),
            discount: points(discount),
        }
    }

    /// Pledges as (id, paid).
    #[track_caller]
    fn check(discount: u16, pledges: &[(u64, u64)], expected: &[u64]) {
        let pledges: Vec<_> = pledges
            .iter()
            .map(|&(id, paid)| PaidPledge {
                pledge: PledgeId(id),
                paid: Amount(paid),
            })
            .collect();
        let refunds = tier_refunds(&pledges, points(discount));
        let ids = |refund: &TierRefund| refund.pledge;
        assert!(
            refunds
                .iter()
                .map(ids)
                .eq(pledges.iter().map(|paid| paid.pledge))
        );
        let amounts = refunds.iter().map(|refund| refund.refund.0);
        assert_eq!(amounts.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn discounts_go_back_to_the_minor_unit() {
        const ALL: u64 = u64::MAX;
        check(1_000, &[], &[]);
        check(0, &[(1, 990), (2, ALL)], &[0, 0]);
        check(10_000, &[(1, 990), (2, ALL), (3, 0)], &[990, ALL, 0]);
        check(1_000, &[(1, 990), (2, 990)], &[99, 99]);
        // Half a minor unit each: the smaller ids get it, wherever they stand.
        check(5_000, &[(9, 1), (4, 1), (7, 1), (2, 1)], &[0, 1, 0, 1]);
        check(5_000, &[(9, 1), (4, 1), (7, 1)], &[0, 1, 0]);
        // The largest remainder first, then the smaller id.
        check(1_000, &[(1, 995), (2, 999), (3, 995)], &[99, 100, 99]);
        check(1_000, &[(3, 996), (2, 996), (1, 998)], &[99, 100, 100]);
        // Nobody gets less than the whole part of their own discount.
        check(1_000, &[(1, 100), (2, 9)], &[10, 0]);
        // A single pledge is rounded down.
        check(9_999, &[(1, 9_999)], &[9_998]);
        check(1, &[(1, 9_999)], &[0]);
        check(
            9_999,
            &[(1, ALL), (2, ALL)],
            &[ALL - 1_844_674_407_370_955, ALL - 1_844_674_407_370_956],
        );
        // The same pledge several times counts as several.
        check(5_000, &[(1, 1), (1, 1), (1, 1), (1, 1)], &[1, 1, 0, 0]);
        check(5_000, &[(1, 1), (1, 1), (1, 3)], &[1, 0, 1]);
    }

    #[test]
    fn the_highest_tier_reached_applies() {
        let tiers = Tiers::new([(0, 0), (10, 100), (20, 250)].map(tier).into()).expect("ascending");
        for (confirmed, discount) in [
            (0, 0),
            (9, 0),
            (10, 100),
            (19, 100),
            (20, 250),
            (u64::MAX, 250),
        ] {
            let reached = tiers.reached(Pieces(confirmed)).map(|tier| tier.discount);
            assert_eq!(reached, Some(points(discount)), "{confirmed}");
        }
        assert_eq!(Tiers::default().reached(Pieces(u64::MAX)), None);
    }

    #[test]
    fn tiers_ascend_in_pieces_and_discount() {
        for pair in [
            [(10, 100), (10, 200)],
            [(10, 100), (9, 200)],
            [(10, 100), (20, 100)],
            [(10, 100), (20, 99)],
        ] {
            let [before, found] = pair.map(tier);
            let first = tier((1, 1));
            assert_eq!(
                Tiers::new(vec![first, before, found]),
                Err(TiersError::NotAscending { before, found })
            );
        }
        let error = TiersError::NotAscending {
            before: tier((10, 100)),
            found: tier((9, 200)),
        };
        assert_eq!(
            error.to_string(),
            "200 bp off from 9 pieces does not go beyond 100 bp off from 10 pieces"
        );
    }
}
