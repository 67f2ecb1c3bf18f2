use core::cmp::Ordering;

use crate::geo::{Chord, chord2_tied};
use crate::id::SiteId;
use crate::units::Distance;

/// A point that was found. Ordered by its distance in whole millimetres and then by its id.
///
/// Squared chords decide wherever they are far enough apart to prove which distance is smaller, which is nearly
/// always; only near-ties are converted to millimetres. So the order is total, and cheap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    pub(crate) chord: Chord,
    pub(crate) id: SiteId,
    pub(crate) slot: u32,
}

impl Ranked {
    pub(crate) fn distance(&self) -> Distance {
        self.chord.distance()
    }

    /// A squared chord beyond which nothing can precede this point.
    #[inline]
    pub(crate) fn bound(&self) -> f64 {
        chord2_tied(self.chord.chord2)
    }

    #[inline]
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Less
    }

    #[cold]
    fn cmp_tied(&self, other: &Self) -> Ordering {
        if self.chord == other.chord {
            return self.id.cmp(&other.id);
        }
        (self.distance(), self.id).cmp(&(other.distance(), other.id))
    }
}

/// What a look-up makes of a point that it found.
pub(crate) trait Found: From<Ranked> {
    /// Of a point within [`Chord::NEAR`] whose distance is known already.
    fn near(point: Ranked, distance: Distance) -> Self;
}

impl Found for Ranked {
    #[inline(always)]
    fn near(point: Ranked, _: Distance) -> Self {
        point
    }
}

impl Ord for Ranked {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let (mine, theirs) = (self.chord.chord2, other.chord.chord2);
        if chord2_tied(mine) < theirs {
            Ordering::Less
        } else if chord2_tied(theirs) < mine {
            Ordering::Greater
        } else {
            self.cmp_tied(other)
        }
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

/// What a search gathers. It is shown points and says how far away they may be.
pub(crate) trait Collect {
    /// A squared chord beyond which no point is wanted any more.
    fn bound(&self) -> f64;

    /// Considers a point whose squared chord does not exceed the bound.
    fn offer(&mut self, point: Ranked);
}

/// The best single point, without allocating.
#[derive(Debug)]
pub(crate) struct Best {
    found: Option<Ranked>,
    bound: f64,
}

impl Best {
    /// Wants nothing beyond the squared chord `bound`.
    #[inline]
    pub(crate) fn new(bound: f64) -> Self {
        Self { found: None, bound }
    }

    #[inline]
    pub(crate) fn into_found(self) -> Option<Ranked> {
        self.found
    }
}

impl Collect for Best {
    #[inline]
    fn bound(&self) -> f64 {
        self.bound
    }

    #[inline]
    fn offer(&mut self, point: Ranked) {
        if self.found.is_none_or(|best| point.precedes(&best)) {
            self.bound = self.bound.min(point.bound());
            self.found = Some(point);
        }
    }
}

/// Every point within a fixed squared chord.
#[derive(Debug)]
pub(crate) struct All {
    pub(crate) found: Vec<Ranked>,
    bound: f64,
}

impl All {
    pub(crate) fn new(bound: f64) -> Self {
        Self {
            found: Vec::new(),
            bound,
        }
    }
}

impl Collect for All {
    #[inline]
    fn bound(&self) -> f64 {
        self.bound
    }

    #[inline]
    fn offer(&mut self, point: Ranked) {
        self.found.push(point);
    }
}

/// The k best points.
///
/// Up to [`Self::SORTED_MAX`] are kept sorted by insertion. Larger sets gather up to twice as many as wanted and
/// then drop the worse half by selection, so that n points cost O(n) plus a final O(k log k).
#[derive(Debug)]
pub(crate) struct Ranking {
    wanted: usize,
    found: Vec<Ranked>,
    bound: f64,
}

impl Ranking {
    /// Insertion is ahead of selection while the list spans a few cache lines.
    const SORTED_MAX: usize = 32;

    /// Wants `k` points, of which no more than `available` exist, none beyond the squared chord `bound`.
    pub(crate) fn new(k: usize, available: usize, bound: f64) -> Self {
        let wanted = k.min(available);
        let capacity = if wanted <= Self::SORTED_MAX {
            wanted
        } else {
            2 * wanted
        };
        // A negative bound lets nothing in.
        let bound = if wanted == 0 { -1.0 } else { bound };
        Self {
            wanted,
            found: Vec::with_capacity(capacity),
            bound,
        }
    }

    /// The points in order.
    pub(crate) fn into_sorted(mut self) -> Vec<Ranked> {
        if self.wanted > Self::SORTED_MAX {
            self.found.sort_unstable();
            self.found.truncate(self.wanted);
        }
        self.found
    }

    fn insert(&mut self, point: Ranked) {
        if self.found.len() == self.wanted {
            match self.found.last() {
                Some(worst) if point.precedes(worst) => self.found.pop(),
                _ => return,
            };
        }
        let place = self
            .found
            .iter()
            .rposition(|better| better.precedes(&point))
            .map_or(0, |at| at + 1);
        self.found.insert(place, point);
        if self.found.len() == self.wanted {
            self.tighten();
        }
    }

    fn gather(&mut self, point: Ranked) {
        self.found.push(point);
        if self.found.len() == 2 * self.wanted {
            self.found.select_nth_unstable(self.wanted - 1);
            self.found.truncate(self.wanted);
            self.tighten();
        }
    }

    fn tighten(&mut self) {
        self.bound = self.bound.min(self.found[self.wanted - 1].bound());
    }
}

impl Collect for Ranking {
    #[inline]
    fn bound(&self) -> f64 {
        self.bound
    }

    #[inline]
    fn offer(&mut self, point: Ranked) {
        if self.wanted <= Self::SORTED_MAX {
            self.insert(point);
        } else {
            self.gather(point);
        }
    }
}
