//! Progress bars for long work, on stderr, and only where somebody watches.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when the work turns out to be long and stderr is a terminal, and goes when it is done.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// For reading a file of so many bytes.
    pub(crate) fn bytes(total: u64) -> Self {
        Self::new(
            total,
            "reading {wide_bar} {bytes} of {total_bytes}, {eta} left",
        )
    }

    /// For looking up so many orders.
    pub(crate) fn orders(total: usize) -> Self {
        Self::new(
            total as u64,
            "assigning {wide_bar} {human_pos} of {human_len} orders, {eta} left",
        )
    }

    /// For placing so many orders one by one.
    pub(crate) fn placing(total: usize) -> Self {
        Self::new(
            total as u64,
            "placing {wide_bar} {human_pos} of {human_len} orders, {eta} left",
        )
    }

    /// For explaining so many orders.
    pub(crate) fn explanations(total: usize) -> Self {
        Self::new(
            total as u64,
            "explaining {wide_bar} {human_pos} of {human_len} orders, {eta} left",
        )
    }

    fn new(total: u64, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        // A template that does not parse costs its looks, not the work.
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            bar,
            started: Instant::now(),
        }
    }

    pub(crate) fn advance(&self, steps: u64) {
        if self.bar.is_hidden() && self.started.elapsed() > PATIENCE {
            // Stays hidden if stderr is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(steps);
    }

    /// A reader that advances this bar by the bytes it reads.
    pub(crate) fn reading<R: Read>(self, inner: R) -> Watched<R> {
        Watched {
            inner,
            progress: self,
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Made by [`Progress::reading`].
pub(crate) struct Watched<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}
