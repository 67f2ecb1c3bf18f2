//! All the faults of one input at once, in bounded memory.
//!
//! Whoever loads 800 sites wants every mistake of the file in one answer, not the first of them eight hundred
//! times. Whoever is sent a hundred million bad orders wants no report of a hundred million lines. So a report
//! keeps the first faults in the order of its check and counts the rest.

use core::fmt;

/// What is wrong with an input: at least one fault, the first [`KEPT_MAX`](Faults::KEPT_MAX) of them in full and
/// the number of all.
///
/// Which faults come first is said where the check is, and is the same on every run. `Display` names the first
/// three in one line for a log; `{:#}` lists every kept one on a line of its own.
///
/// ```
/// use catchment::geo::{LngLat, Position};
/// use catchment::id::OrderId;
/// use catchment::limits::Limits;
/// use catchment::order::{Order, check_batch};
/// use catchment::units::Units;
///
/// let home = Position::new(LngLat { lng: 121.47, lat: 31.23 })?;
/// let mut order = Order::new(OrderId(7), home);
/// order.size = Units(0);
/// let faults = check_batch(&[order], &Limits::default()).unwrap_err();
/// assert_eq!(faults.total(), 1);
/// assert_eq!(faults.to_string(), "1 fault: order 7 at index 0 has size 0");
/// # Ok::<(), catchment::geo::PositionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults<F> {
    kept: Vec<F>,
    total: usize,
}

impl<F> Faults<F> {
    /// How many faults are kept in full: more than anybody reads, and little memory.
    pub const KEPT_MAX: usize = 1_000;

    /// How many faults the one-line form names.
    const NAMED_MAX: usize = 3;

    /// The first faults, at most [`KEPT_MAX`](Self::KEPT_MAX), in the order of the check. O(1).
    #[must_use]
    pub fn kept(&self) -> &[F] {
        &self.kept
    }

    /// The number of all faults, kept or not. O(1).
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The report before the check: nothing wrong yet.
    pub(crate) const fn none() -> Self {
        Self {
            kept: Vec::new(),
            total: 0,
        }
    }

    /// Counts one more fault and keeps it if there is room.
    pub(crate) fn push(&mut self, fault: F) {
        if self.kept.len() < Self::KEPT_MAX {
            self.kept.push(fault);
        }
        self.total = self.total.saturating_add(1);
    }

    /// Goes on with the faults of a later part of the input.
    pub(crate) fn append(&mut self, later: Self) {
        let room = Self::KEPT_MAX - self.kept.len();
        self.kept.extend(later.kept.into_iter().take(room));
        self.total = self.total.saturating_add(later.total);
    }

    /// The verdict of the check: the report is an error if it holds a fault, so no caller ever sees an empty one.
    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.total == 0 { Ok(()) } else { Err(self) }
    }
}

impl<F: fmt::Display> fmt::Display for Faults<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown_max, separator) = if f.alternate() {
            (Self::KEPT_MAX, "\n")
        } else {
            (Self::NAMED_MAX, "; ")
        };
        let plural = if self.total == 1 { "" } else { "s" };
        write!(f, "{} fault{plural}:", self.total)?;
        let shown = &self.kept[..self.kept.len().min(shown_max)];
        for (place, fault) in shown.iter().enumerate() {
            // Only the one-line form goes on behind the colon.
            let before = match (place, f.alternate()) {
                (0, false) => " ",
                _ => separator,
            };
            write!(f, "{before}{fault}")?;
        }
        match self.total - shown.len() {
            0 => Ok(()),
            more => write!(f, "{separator}and {more} more"),
        }
    }
}

impl<F: fmt::Debug + fmt::Display> std::error::Error for Faults<F> {}

impl<F> IntoIterator for Faults<F> {
    type Item = F;
    type IntoIter = std::vec::IntoIter<F>;

    /// The kept faults.
    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(count: usize) -> Faults<usize> {
        let mut faults = Faults::none();
        for number in 0..count {
            faults.push(number);
        }
        faults
    }

    #[test]
    fn a_report_without_faults_is_no_error() {
        assert_eq!(faults(0).into_result(), Ok(()));
        assert_eq!(faults(1).into_result(), Err(faults(1)));
    }

    #[test]
    fn the_first_are_kept_and_all_are_counted() {
        for count in [1, 999, 1_000, 1_001, 50_000] {
            let faults = faults(count);
            assert_eq!(faults.total(), count);
            let kept: Vec<usize> = (0..count.min(1_000)).collect();
            assert_eq!(faults.kept(), kept);
            assert_eq!(faults.into_iter().collect::<Vec<_>>(), kept);
        }
    }

    #[test]
    fn reports_read_well_in_one_line_and_in_many() {
        for (count, line) in [
            (1, "1 fault: 0"),
            (3, "3 faults: 0; 1; 2"),
            (4, "4 faults: 0; 1; 2; and 1 more"),
            (1_500, "1500 faults: 0; 1; 2; and 1497 more"),
        ] {
            assert_eq!(faults(count).to_string(), line);
        }
        assert_eq!(format!("{:#}", faults(4)), "4 faults:\n0\n1\n2\n3");
        let long = format!("{:#}", faults(1_500));
        assert_eq!(long.lines().count(), 1 + 1_000 + 1);
        assert!(long.ends_with("\n999\nand 500 more"));
    }
}
