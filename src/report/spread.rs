use crate::units::Distance;

/// How lengths are spread: exact, in whole millimetres.
///
/// A percentile is the *nearest rank*: the shortest length that is not exceeded by at least so many per cent of all.
/// It is always a length that occurs, nothing is interpolated (definition 1 of R. J. Hyndman and Y. Fan, "Sample
/// Quantiles in Statistical Packages", The American Statistician 50(4), 1996).
///
/// ```
/// use catchment::report::Spread;
/// use catchment::units::Distance;
/// let walks = (1..=200).map(Distance::from_metres);
/// let spread = Spread::of(walks).expect("200 walks");
/// assert_eq!((spread.p50, spread.p95), (Distance::from_metres(100), Distance::from_metres(190)));
/// assert_eq!(spread.mean().to_string(), "101 m"); // 100.5 m
/// assert_eq!(Spread::of([]), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Spread {
    /// How many lengths, at least 1.
    pub count: u64,
    /// All together.
    #[cfg_attr(feature = "serde", serde(rename = "sum_mm"))]
    pub sum: Distance,
    /// The shortest.
    #[cfg_attr(feature = "serde", serde(rename = "shortest_mm"))]
    pub shortest: Distance,
    /// Half of them are no longer.
    #[cfg_attr(feature = "serde", serde(rename = "p50_mm"))]
    pub p50: Distance,
    /// 90 % are no longer.
    #[cfg_attr(feature = "serde", serde(rename = "p90_mm"))]
    pub p90: Distance,
    /// 95 % are no longer.
    #[cfg_attr(feature = "serde", serde(rename = "p95_mm"))]
    pub p95: Distance,
    /// 99 % are no longer.
    #[cfg_attr(feature = "serde", serde(rename = "p99_mm"))]
    pub p99: Distance,
    /// The longest.
    #[cfg_attr(feature = "serde", serde(rename = "longest_mm"))]
    pub longest: Distance,
}

impl Spread {
    /// Sorts the lengths and reads the ranks; `None` if there are none. O(n log n).
    #[must_use]
    pub fn of(lengths: impl IntoIterator<Item = Distance>) -> Option<Self> {
        let mut sorted: Vec<Distance> = lengths.into_iter().collect();
        sorted.sort_unstable();
        let (shortest, longest) = (*sorted.first()?, *sorted.last()?);
        let percentile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted[rank - 1]
        };
        // A sum of lengths on Earth does not overflow: see `Distance`. Others stop at the largest.
        let sum = sorted.iter().fold(0, |sum: u64, length| {
            sum.saturating_add(length.as_millimetres())
        });
        Some(Self {
            count: sorted.len() as u64,
            sum: Distance::from_millimetres(sum),
            shortest,
            p50: percentile(50),
            p90: percentile(90),
            p95: percentile(95),
            p99: percentile(99),
            longest,
        })
    }

    /// The sum divided by the count, once, to the nearest millimetre.
    #[must_use]
    pub const fn mean(&self) -> Distance {
        let (sum, count) = (self.sum.as_millimetres(), self.count);
        // Read from outside a count may be 0.
        let divided = match sum.saturating_add(count / 2).checked_div(count) {
            Some(mean) => mean,
            None => 0,
        };
        Distance::from_millimetres(divided)
    }
}
