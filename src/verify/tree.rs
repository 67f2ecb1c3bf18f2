//! A plain k-d tree of sites, each of which has a weight (J. L. Bentley, *Multidimensional binary search trees used for
//! associative searching*, 1975), with the least weight of every branch.

use crate::balance::Price;
use crate::geo::{EARTH_RADIUS, UnitVector};

/// A site as the tree is told of it.
pub(super) struct Leaf {
    pub(super) slot: u32,
    pub(super) at: UnitVector,
    /// What the site adds to every walk.
    pub(super) weight: Price,
    /// No order beyond this chord is of interest.
    pub(super) chord_max: f64,
}

pub(super) struct Tree {
    /// Depth first: the first child of a node follows it.
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    /// What a squared chord of 1 costs at least, squared.
    scale2: f64,
    /// More than the error of all roundings, in millimetres.
    margin: f64,
}

struct Node {
    low: [f64; 3],
    high: [f64; 3],
    weight: Price,
    chord_max: f64,
    /// The second child of a branch; 0 in a leaf.
    second: u32,
    /// The leaves below.
    first_leaf: u32,
    last_leaf: u32,
}

/// Leaves to a node: not tuned beyond a factor of two.
const BUCKET: usize = 6;

impl Tree {
    /// A tree for costs of at least so much for each kilometre, in millimetres. O(m log m).
    pub(super) fn build(leaves: Vec<Leaf>, per_kilometre: u64) -> Self {
        let rate = per_kilometre as f64 / 1e6;
        let scale = EARTH_RADIUS.as_millimetres() as f64 * rate;
        let mut tree = Self {
            nodes: Vec::with_capacity(leaves.len()),
            leaves,
            scale2: scale * scale,
            // A distance is rounded to a millimetre, and its share of the cost is rounded down to another.
            margin: 2.0 + rate,
        };
        if !tree.leaves.is_empty() {
            tree.grow(0, tree.leaves.len());
        }
        tree
    }

    fn grow(&mut self, first: usize, last: usize) {
        let leaves = &mut self.leaves[first..last];
        let node = Node::over(leaves, first, last);
        let extent = |axis: &usize| node.high[*axis] - node.low[*axis];
        let widest = (0..3_usize).max_by(|a, b| extent(a).total_cmp(&extent(b)));
        let axis = widest.unwrap_or(0);
        let number = self.nodes.len();
        self.nodes.push(node);
        if leaves.len() <= BUCKET {
            return;
        }
        let middle = leaves.len() / 2;
        leaves.select_nth_unstable_by(middle, |a, b| {
            let by_place = a.at.0[axis].total_cmp(&b.at.0[axis]);
            by_place.then(a.slot.cmp(&b.slot))
        });
        self.grow(first, first + middle);
        self.nodes[number].second = self.nodes.len() as u32;
        self.grow(first + middle, last);
    }

    /// Calls `visit` for every slot whose weight and walk together may be at most the limit, and for some others.
    /// What it returns is the limit from then on.
    pub(super) fn search(
        &self,
        from: UnitVector,
        limit: Price,
        mut visit: impl FnMut(u32) -> Price,
    ) {
        let mut limit = limit;
        if !self.nodes.is_empty() {
            self.descend(0, from, &mut limit, &mut visit);
        }
    }

    fn descend(
        &self,
        number: usize,
        from: UnitVector,
        limit: &mut Price,
        visit: &mut impl FnMut(u32) -> Price,
    ) {
        let node = &self.nodes[number];
        if node.second == 0 {
            for leaf in &self.leaves[node.first_leaf as usize..node.last_leaf as usize] {
                if self.reaches(from.chord2(leaf.at), leaf.weight, leaf.chord_max, *limit) {
                    *limit = visit(leaf.slot);
                }
            }
            return;
        }
        let [near, far] =
            [number + 1, node.second as usize].map(|child| (child, self.nodes[child].chord2(from)));
        let in_order = if far.1 < near.1 {
            [far, near]
        } else {
            [near, far]
        };
        for (child, chord2) in in_order {
            let Node {
                weight, chord_max, ..
            } = self.nodes[child];
            if self.reaches(chord2, weight, chord_max, *limit) {
                self.descend(child, from, limit, visit);
            }
        }
    }

    /// Whether something this far away may be within the limit.
    fn reaches(&self, chord2: f64, weight: Price, chord_max: f64, limit: Price) -> bool {
        // Chords are off by a few units in the last place.
        if chord2 > chord_max * chord_max * (1.0 + 1e-12) {
            return false;
        }
        if weight.unassigned != limit.unassigned {
            return weight.unassigned < limit.unassigned;
        }
        let left = limit.cost.saturating_sub(weight.cost) as f64 + self.margin;
        left >= 0.0 && chord2 * self.scale2 <= left * left
    }
}

impl Node {
    fn over(leaves: &[Leaf], first: usize, last: usize) -> Self {
        let nothing = Self {
            low: [f64::INFINITY; 3],
            high: [f64::NEG_INFINITY; 3],
            weight: Price {
                unassigned: i64::MAX,
                cost: i64::MAX,
            },
            chord_max: 0.0,
            second: 0,
            first_leaf: first as u32,
            last_leaf: last as u32,
        };
        leaves.iter().fold(nothing, |node, leaf| Self {
            low: [0, 1, 2].map(|axis| node.low[axis].min(leaf.at.0[axis])),
            high: [0, 1, 2].map(|axis| node.high[axis].max(leaf.at.0[axis])),
            weight: node.weight.min(leaf.weight),
            chord_max: node.chord_max.max(leaf.chord_max),
            ..node
        })
    }

    /// The squared chord to the box: nothing in it is nearer.
    fn chord2(&self, from: UnitVector) -> f64 {
        let beyond = |axis: usize| {
            let at = from.0[axis];
            (self.low[axis] - at).max(at - self.high[axis]).max(0.0)
        };
        let [x, y, z] = [0, 1, 2].map(beyond);
        x * x + y * y + z * z
    }
}
