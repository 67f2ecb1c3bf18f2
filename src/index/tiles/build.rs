use core::ops::Range;

use crate::index::tiles::Tiles;
use crate::index::tiles::candidates::Candidates;
use crate::index::tiles::geometry::{Frame, LEVEL_FINEST, Tile};
use crate::index::tiles::sources::Sources;
use crate::index::tiles::table::{Entry, SLOTS_MAX, Table, USUAL};
use crate::index::{PackedTree, Unpacked, map_in_order};

/// Tiles wider than 45° have corners that do not bound them.
const LEVEL_MIN: u32 = 3;

/// Tiles of this level are 2 m wide: no customer gains from smaller ones.
const LEVEL_MAX: u32 = 24;

/// A tree of fewer points is a bucket or two: there is nothing to gain.
const POINTS_MIN: usize = 16;

/// A grid is at least this full of tiles that are really as small as its entries. From an eighth to
/// four fifths the look-ups took the same time within a tenth, on 200,000 points.
const FILL_MIN: f64 = 0.25;

/// Entries of a root grid: a mebibyte, so that every look-up finds its own in the second cache.
const ROOT_MAX: u64 = 1 << 17;

/// Grids are at most 2^8 on a side, so that a tile takes a few steps and an entry's bits suffice.
const GRID_BITS_MAX: u32 = 8;

impl Tiles {
    /// Tiles for the `k` nearest points. `None` if there are too few points to pay, or too many to number.
    ///
    /// O(n) expected, some microseconds a point, on all threads.
    pub(crate) fn build(tree: &PackedTree, k: usize) -> Option<Self> {
        let distinct = Distinct::of(tree, k);
        let tree = distinct.tree();
        let points = tree.points();
        if points.len() < POINTS_MIN.max(2 * k) || distinct.slots_max > SLOTS_MAX {
            return None;
        }
        let frame = Frame::of(points)?;
        let mut table = root_grid(&frame, points.len());
        let sources = Sources::of(points);
        let rows: Vec<u32> = (table.row..table.row + table.rows).collect();
        let built = map_in_order(&rows, 1, |row| {
            Row::build(&distinct, &sources, k, &frame, &table, *row)
        });
        table.append(built);
        Some(Self { k, frame, table })
    }
}

/// The points without those that k others at the very same place beat everywhere: where a thousand sites share a tower,
/// only k of them can ever be among the k nearest.
struct Distinct<'a> {
    all: &'a PackedTree,
    /// A tree of the others with their slots among all, unless nobody is beaten.
    unbeaten: Option<(PackedTree, Vec<u32>)>,
    slots_max: usize,
}

impl<'a> Distinct<'a> {
    fn of(all: &'a PackedTree, k: usize) -> Self {
        let points = all.points();
        let place = |slot: &u32| points[*slot as usize].at.0.map(f64::to_bits);
        let mut slots: Vec<u32> = (0..points.len() as u32).collect();
        slots.sort_unstable_by_key(|slot| (place(slot), points[*slot as usize].id));
        let beaten: usize = slots
            .chunk_by(|a, b| place(a) == place(b))
            .map(|same| same.len().saturating_sub(k))
            .sum();
        let unbeaten = (beaten > 0).then(|| {
            let mut unbeaten: Vec<Unpacked> = slots
                .chunk_by(|a, b| place(a) == place(b))
                .flat_map(|same| same.iter().take(k))
                .map(|slot| Unpacked {
                    point: points[*slot as usize],
                    reach2: 0.0,
                    source: *slot,
                })
                .collect();
            let tree = PackedTree::build(&mut unbeaten);
            (
                tree,
                unbeaten.iter().map(|unpacked| unpacked.source).collect(),
            )
        });
        Self {
            all,
            unbeaten,
            slots_max: points.len(),
        }
    }

    fn tree(&self) -> &PackedTree {
        self.unbeaten.as_ref().map_or(self.all, |(tree, _)| tree)
    }

    /// Turns slots of [`tree`](Self::tree) into slots among all.
    fn number(&self, listed: &mut [u32]) {
        if let Some((_, slots)) = &self.unbeaten {
            for slot in listed {
                *slot = slots[*slot as usize];
            }
        }
    }
}

/// The finest grid over the frame with at most one entry a point and [`ROOT_MAX`]: a look-up then starts near its leaf.
fn root_grid(frame: &Frame, points: usize) -> Table {
    let grid = |level: u32| {
        let [[west, east], [south, north]] = frame.span(level);
        Table {
            level,
            column: west,
            row: south,
            columns: east - west + 1,
            rows: north - south + 1,
            ..Table::default()
        }
    };
    let fits = |table: &Table| {
        u64::from(table.columns) * u64::from(table.rows) <= ROOT_MAX.min(points as u64)
    };
    (LEVEL_MIN..=LEVEL_MAX)
        .rev()
        .map(grid)
        .find(fits)
        .unwrap_or_else(|| grid(LEVEL_MIN))
}

impl Table {
    /// Puts the root entries of all rows first and everything below them after.
    fn append(&mut self, rows: Vec<Row>) {
        let below: usize = rows
            .iter()
            .map(|row| row.roots.len() + row.entries.len())
            .sum();
        self.entries = Vec::with_capacity(below + 1);
        let mut entries = self.columns as usize * self.rows as usize;
        let mut lists = 0;
        for row in &rows {
            self.entries
                .extend(row.roots.iter().map(|entry| entry.moved(entries, lists)));
            entries += row.entries.len();
            lists += row.lists.len();
        }
        self.lists = Vec::with_capacity(lists + USUAL);
        let mut entries = self.entries.len();
        for row in rows {
            let lists = self.lists.len();
            let from = entries;
            entries += row.entries.len();
            self.entries
                .extend(row.entries.iter().map(|entry| entry.moved(from, lists)));
            self.lists.extend(row.lists);
        }
        // Lists are read many words at a time.
        self.lists.resize(self.lists.len() + USUAL, 0);
        // For positions outside the grid.
        self.entries.push(Entry::UNKNOWN);
    }
}

/// One row of the root grid with all that lies below, offsets counted from its own start.
#[derive(Debug, Default)]
struct Row {
    roots: Vec<Entry>,
    entries: Vec<Entry>,
    lists: Vec<u16>,
}

/// The quadtree below one root tile.
#[derive(Clone, Debug)]
enum Node {
    /// Listed slots in the arena.
    Leaf(Range<usize>),
    /// The first of four nodes.
    Inner(usize),
}

struct Grower<'a> {
    frame: &'a Frame,
    candidates: Candidates<'a>,
    /// A leaf lists no more, if splitting can help it.
    short: usize,
    nodes: Vec<Node>,
    /// The lists of the leaves, and on top of them those of the tiles being split.
    arena: Vec<u32>,
}

/// Points that a list for the `k` nearest holds where it can be helped.
fn short(k: usize) -> usize {
    if k == 1 { Tiles::SHORT } else { USUAL }
}

impl Row {
    fn build(
        distinct: &Distinct<'_>,
        sources: &Sources<'_>,
        k: usize,
        frame: &Frame,
        grid: &Table,
        row: u32,
    ) -> Self {
        let points = distinct.tree().points();
        let short = short(k);
        let mut grower = Grower {
            frame,
            candidates: Candidates::new(points, k, short),
            short,
            nodes: Vec::new(),
            arena: Vec::new(),
        };
        let mut built = Self::default();
        for column in grid.column..grid.column + grid.columns {
            let tile = Tile {
                level: grid.level,
                column,
                row,
            };
            let source = sources.gather(&frame.outline(tile), k, grower.candidates.far_max());
            grower.nodes.clear();
            grower.arena.clear();
            let root = grower.grow(tile, &source);
            distinct.number(&mut grower.arena);
            let entry = built.pack(&grower, &root);
            built.roots.push(entry);
        }
        built
    }

    fn pack(&mut self, grower: &Grower<'_>, node: &Node) -> Entry {
        match node {
            Node::Leaf(listed) => self.pack_leaf(&grower.arena[listed.clone()]),
            Node::Inner(first) => {
                let bits = grower.grid_bits(*first);
                let at = self.entries.len();
                self.entries.resize(at + (1 << (2 * bits)), Entry::UNKNOWN);
                self.fill(
                    grower,
                    node,
                    Square {
                        at,
                        bits,
                        left: bits,
                        column: 0,
                        row: 0,
                    },
                );
                Entry::grid(at, bits)
            }
        }
    }

    fn pack_leaf(&mut self, listed: &[u32]) -> Entry {
        if listed.is_empty() {
            return Entry::UNKNOWN;
        }
        Entry::inline(listed).unwrap_or_else(|| Table::write_list(&mut self.lists, listed))
    }

    /// Writes the part of a grid that a node covers.
    fn fill(&mut self, grower: &Grower<'_>, node: &Node, square: Square) {
        match node {
            Node::Inner(first) if square.left > 0 => {
                for (quarter, node) in square.quarters().into_iter().zip(&grower.nodes[*first..]) {
                    self.fill(grower, node, quarter);
                }
            }
            _ => {
                let entry = self.pack(grower, node);
                for row in 0..1 << square.left {
                    let start = square.at + ((square.row + row) << square.bits) + square.column;
                    self.entries[start..start + (1 << square.left)].fill(entry);
                }
            }
        }
    }
}

/// A square part of a grid: 2^left entries on a side.
#[derive(Clone, Copy)]
struct Square {
    at: usize,
    bits: u32,
    left: u32,
    column: usize,
    row: usize,
}

impl Square {
    fn quarters(self) -> [Self; 4] {
        let left = self.left - 1;
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(east, north)| Self {
            left,
            column: self.column + (east << left),
            row: self.row + (north << left),
            ..self
        })
    }
}

impl Grower<'_> {
    /// The quadtree of a tile, given a superset of what it must list.
    fn grow(&mut self, tile: Tile, source: &[u32]) -> Node {
        let outline = self.frame.outline(tile);
        let mut listed = Vec::with_capacity(source.len());
        let kth = self.candidates.select(&outline, source, &mut listed);
        // Far from all points, or where they lie on top of each other, lists stay as they are however small the tile.
        let hopeless = tile.level >= LEVEL_MAX
            || (outline.radius < kth / 64.0 && listed.len() <= Tiles::LONG)
            || (outline.is_far(kth) && listed.len() > Tiles::LONG);
        if listed.len() <= self.short || hopeless {
            return self.leaf(&listed);
        }
        let (nodes, arena) = (self.nodes.len(), self.arena.len());
        self.nodes.resize(nodes + 4, Node::Leaf(0..0));
        for (place, quarter) in (nodes..).zip(tile.quarters()) {
            self.nodes[place] = self.grow(quarter, &listed);
        }
        let no_shorter = |node: &Node| match node {
            Node::Leaf(quarter) => {
                quarter.len() == listed.len() || (quarter.is_empty() && listed.len() > Tiles::LONG)
            }
            Node::Inner(_) => false,
        };
        if self.nodes[nodes..nodes + 4].iter().all(no_shorter) {
            self.nodes.truncate(nodes);
            self.arena.truncate(arena);
            return self.leaf(&listed);
        }
        Node::Inner(nodes)
    }

    fn leaf(&mut self, listed: &[u32]) -> Node {
        let start = self.arena.len();
        if listed.len() <= Tiles::LONG {
            self.arena.extend_from_slice(listed);
        }
        Node::Leaf(start..self.arena.len())
    }

    /// How fine a grid the inner node with these quarters deserves: the finest that is well filled.
    fn grid_bits(&self, first: usize) -> u32 {
        let mut bits = 1;
        let mut row = vec![first];
        for depth in 2..=GRID_BITS_MAX.min(LEVEL_FINEST) {
            row = row
                .iter()
                .flat_map(|first| &self.nodes[*first..*first + 4])
                .filter_map(|node| match node {
                    Node::Inner(first) => Some(*first),
                    Node::Leaf(_) => None,
                })
                .collect();
            if row.is_empty() {
                break;
            }
            if (4 * row.len()) as f64 >= FILL_MIN * f64::from(1_u32 << (2 * depth)) {
                bits = depth;
            }
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::{LngLat, UnitVector, random};
    use crate::id::SiteId;
    use crate::index::Point;

    const POINTS: usize = 2_000;

    /// Points in squares of `side` degrees, in turn in each of the `corners`.
    fn tree(corners: &[(f64, f64)], side: f64) -> PackedTree {
        let mut state = 3;
        let mut points: Vec<Unpacked> = (0..POINTS)
            .map(|number| {
                let (lng, lat) = corners[number % corners.len()];
                let at = UnitVector::of_degrees(LngLat {
                    lng: lng + side * random(&mut state),
                    lat: lat + side * random(&mut state),
                });
                Unpacked {
                    point: Point {
                        at,
                        id: SiteId(number as u64),
                    },
                    reach2: 0.0,
                    source: number as u32,
                }
            })
            .collect();
        PackedTree::build(&mut points)
    }

    /// The work of the build and the size of what it makes, per point.
    fn check(corners: &[(f64, f64)], side: f64) {
        let tree = tree(corners, side);
        for k in [1, 8] {
            let tiles = Tiles::build(&tree, k).expect("points enough");
            let (frame, table) = (&tiles.frame, &tiles.table);
            let size = table.entries.len() + table.lists.len() / 4;
            assert!(
                size <= 100 * POINTS,
                "{corners:?} {side} {k}: a table of {size}"
            );

            let sources = Sources::of(tree.points());
            let most = Candidates::new(tree.points(), k, short(k)).far_max();
            let gathered: usize = (table.row..table.row + table.rows)
                .flat_map(|row| {
                    (table.column..table.column + table.columns).map(move |column| (column, row))
                })
                .map(|(column, row)| {
                    let tile = Tile {
                        level: table.level,
                        column,
                        row,
                    };
                    sources.gather(&frame.outline(tile), k, most).len()
                })
                .sum();
            assert!(
                gathered <= 150 * POINTS,
                "{corners:?} {side} {k}: gathered {gathered}"
            );
        }
    }

    #[test]
    fn the_build_is_linear_wherever_the_points_are() {
        let (shanghai, london, beijing) = ((121.4, 31.2), (-0.1, 51.5), (116.4, 39.9));
        let antipode = (-58.6, -31.2);
        for side in [0.3, 0.001, 0.000_03] {
            check(&[shanghai, london], side);
            check(&[shanghai, antipode], side);
            check(&[shanghai, beijing, london, antipode], side);
        }
        // Forty towers with fifty lockers each, some kilometres apart.
        let mut state = 5;
        let towers = [(); 40].map(|()| (100.0 + random(&mut state), 30.0 + random(&mut state)));
        check(&towers, 0.000_03);
    }
}
