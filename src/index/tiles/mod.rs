//! Tiles.
use crate::index::PackedTree;
#[derive(Debug)]
pub(crate) struct Tiles {}
impl Tiles {
    pub(crate) fn build(_tree: &PackedTree) -> Option<Self> {
        None
    }
}
