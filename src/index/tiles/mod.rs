//! Tiles: the nearest point without a search.
//!
//! # Idea
//!
//! Cut the map into tiles so small that only a few points can be nearest anywhere in one; list them per tile, with a
//! proof that no other can win. A look-up finds its tile by integer arithmetic on longitude and latitude, without
//! trigonometry, and compares the few. This is a Voronoi diagram rasterised on a quadtree; with k > 1 it is one of
//! order k: the list holds every point that can be among the k nearest.
//!
//! # Which points a tile must list
//!
//! Let c be the tile's centre, R the chord from it to the farthest corner, d the chord from c to the k-th
//! nearest point.
//!
//! 1. *Range.* From any place v in the tile the k-th nearest is within d + R, so a point that is among the k nearest
//!    somewhere lies within d + 2R of c.
//! 2. *Dominance.* For unit vectors, |v − b|² − |v − a|² = 2 v·(a − b) is linear in v. If it is at least m at
//!    every corner of a spherically convex polygon round the tile, it is at least m everywhere in it: there every v
//!    is a sum of corners with weights that add up to at least 1. Then a beats b all over the tile, and once k
//!    listed points beat b, it is dropped. The margin m makes that certain for distances rounded to millimetres, too.
//!
//! Of points at the very same place the one with the smaller id beats the other.
//!
//! # Shape
//!
//! A tile is bounded by two meridians and two parallels. Its corners span a spherical quadrilateral whose edge on the
//! poleward side runs outside the tile, and on the equatorward side inside; there the corners are moved towards the
//! equator to latitude φ' with tan φ' = tan φ · cos(Δλ/2), so that the great circle between them touches the parallel.
//! Tiles stop at [`LATITUDE_MAX`]; beyond, and outside the envelope of the points, the tree answers.
//!
//! A tile splits in four until its list is short: four points for k = 1, two dozen for k = 8; splitting stops where it
//! no longer helps. A tile that is small for its distance from the nearest point and still has a town in range lists
//! nothing, so that the empty land between two cities costs next to nothing; there the tree answers.
//! The quadtree is then packed into one table of 8-byte entries: a root grid, and below it grids of up to 2⁸ ×
//! 2⁸ wherever they would be well filled. A list of up to four neighbouring points lives in the entry itself, a longer
//! one in a side array of 16-bit words.
//!
//! # Speed
//!
//! Beyond some ten thousand points a look-up waits for memory, and what helps is that the next begins meanwhile. So a
//! single look-up is kept short, by vectors four numbers wide; nothing branches on what only memory can tell, but for
//! what is nearly always so; and nothing is written that is read back wider than it was written. A batch goes stage by
//! stage ([`Staged`]). Stages, single look-ups and the build are compiled once for each width of vectors;
//! `fearless_simd` chooses by the processor. No arithmetic in them is fused, so the bits are the same for all.
//!
//! Build O(n) expected: some 4 µs a point for k = 1, some 5 µs for k = 8. Sources: bisectors and Voronoi
//! diagrams of order k as in Okabe, Boots, Sugihara and Chiu, *Spatial Tessellations*, 2nd ed. 2000, ch. 3;
//! grids of candidate lists go back to Bentley, Weide and Yao, *Optimal expected-time algorithms for closest
//! point problems*, 1980.

mod batch;
mod build;
mod candidates;
mod geometry;
mod nearest;
mod several;
mod sources;
mod table;

pub(crate) use batch::{STAGED, Staged};
use geometry::Frame;
pub(crate) use several::Passing;
use table::Table;

/// Poleward of this, tiles degenerate into slivers.
const LATITUDE_MAX: f64 = 85.0;

/// The tiles of one packed tree, whose slots they list.
#[derive(Debug)]
pub(crate) struct Tiles {
    /// How many nearest points the lists vouch for.
    k: usize,
    frame: Frame,
    table: Table,
}

impl Tiles {
    /// Points that one entry of the table can hold, and at which tiles for k = 1 stop splitting.
    pub(crate) const SHORT: usize = table::INLINE_MAX;
    /// A longer list is not worth having: the tree is faster.
    const LONG: usize = table::LIST_MAX;
}
