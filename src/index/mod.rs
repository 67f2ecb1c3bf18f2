//! Where the nearest points are: structures over bare points, which know nothing of sites, areas or hours.
//!
//! | structure | holds | answers |
//! | --- | --- | --- |
//! | [`PackedTree`] | all points of a generation, in an order that fixes their slots | any look-up, filter inside |
//! | [`Overlay`] | the few that changed since: an R-tree and a short list | the same, for those |
//! | [`WeightedTree`] | points with weights | all whose distance + weight is below a limit |
//! | [`Tiles`] | for each tile of an adaptive grid, the points that can be nearest in it | the nearest, no search |
//!
//! All rank by the same total order, [`Ranked`]: distance in whole millimetres, then id. The tiles are a cache with a
//! proof: they can be absent, and are never asked for what they can't prove.

mod around;
mod by_slot;
mod in_order;
mod overlay;
mod packed;
mod ranking;
mod tiles;
mod weighted;

pub(crate) use by_slot::{BySlot, HasSlot};
pub(crate) use in_order::{map_by_runs, map_in_order, map_in_order_mut};
pub(crate) use overlay::{Among, Changed, Overlay, OverlayPoint};
pub(crate) use packed::{PackedTree, Point, Unpacked, Within};
pub(crate) use ranking::{All, Best, Collect, Found, Ranked, Ranking};
pub(crate) use tiles::{Passing, STAGED, Staged, Tiles};
pub(crate) use weighted::{Shown, WeightedTree};
