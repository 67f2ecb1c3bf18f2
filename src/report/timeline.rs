use crate::desk::Event;
use crate::report::evening::Happened;
use crate::time::{Span, Timestamp};

/// What happened in one interval of an evening: a row of `timeline.csv`.
///
/// The header: `from_ms,placed,confirmed,handed_over,released,expired,failed,moved,stranded,refused,pieces_shop,live`.
/// What fell due between two commands counts when it was processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// Where it begins, in milliseconds since the Unix epoch; a multiple of its length.
    pub from_ms: i64,
    /// Orders that got a place.
    pub placed: u64,
    /// Orders that were confirmed.
    pub confirmed: u64,
    /// Orders that were handed over.
    pub handed_over: u64,
    /// Orders that were given up.
    pub released: u64,
    /// Orders that were not confirmed in time.
    pub expired: u64,
    /// Orders that too many sites rejected.
    pub failed: u64,
    /// Moves to another site.
    pub moved: u64,
    /// Orders that were left without a place.
    pub stranded: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Pieces that were sold on shop floors.
    pub pieces_shop: u64,
    /// Orders held or waiting when it ends.
    pub live: u64,
}

impl Interval {
    fn count(&mut self, event: &Event) {
        let (counted, live) = match event {
            Event::Placed { .. } => (&mut self.placed, 1),
            Event::Confirmed { .. } => (&mut self.confirmed, 0),
            Event::HandedOver { .. } => (&mut self.handed_over, -1),
            Event::Released { .. } => (&mut self.released, -1),
            Event::Expired { .. } => (&mut self.expired, -1),
            Event::Failed { .. } => (&mut self.failed, -1),
            Event::Moved { .. } => (&mut self.moved, 0),
            Event::Stranded { .. } => (&mut self.stranded, 0),
            Event::Sold(goods) => return self.pieces_shop += u64::from(goods.pieces.0),
            _ => return,
        };
        *counted += 1;
        self.live = self.live.saturating_add_signed(live);
    }
}

/// The intervals of a log.
pub(super) fn intervals<'a, E: Iterator<Item = &'a Event>>(
    steps: impl Iterator<Item = Happened<E>>,
    every: Span,
) -> Vec<Interval> {
    let mut intervals: Vec<Interval> = Vec::new();
    let mut live = 0_u64;
    for step in steps {
        let from_ms = begin_of(step.at, every);
        if intervals.last().is_none_or(|last| last.from_ms != from_ms) {
            intervals.push(Interval {
                from_ms,
                live,
                ..Interval::default()
            });
        }
        if let Some(interval) = intervals.last_mut() {
            interval.refused += u64::from(step.is_refused);
            step.events.for_each(|event| interval.count(event));
            live = interval.live;
        }
    }
    intervals
}

/// The multiple of the length at or before an instant; the first instant there is where that would be before it.
pub(super) fn begin_of(at: Timestamp, every: Span) -> i64 {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let at = at.as_unix_millis();
    at.saturating_sub(at.rem_euclid(every))
}
