//! The outline of a set of H3 cells: hexagons in, polygons out.
//!
//! # How
//!
//! Three cells meet at every corner of the grid, and H3 numbers the corners. So a side between two cells of the set
//! appears twice, once in each direction, and cancels; what remains is the outline. At each of its corners one
//! or two of the three cells are in the set, so exactly one side arrives and one leaves: following them closes
//! simple rings that never touch each other, whatever the coordinates. Cells that share a side belong to one polygon:
//! its largest ring is the outer one, the others are holes. O(n log n) for n cells, about 8 µs each.
//!
//! `GeoJSON` (RFC 7946 §3.1.9) wants shapes cut at the antimeridian. Cells that cross it are left out of all this and
//! become polygons of their own, one on either side; the cell round a pole reaches up to it. The others lie in the
//! plane of longitudes and latitudes, where rings have an inside.

use geo::{Coord, LineString, MultiPolygon, Polygon};

use crate::geo::cell::Vertex;
use crate::geo::covering::{boxes_round, reach_of};
use crate::geo::{Cell, Position};

/// The area that H3 cells cover, as polygons in WGS 84 degrees (`x` is longitude) for maps.
///
/// Cells that share a side are joined, holes stay holes, outer rings run counterclockwise and holes clockwise
/// (the right-hand rule of RFC 7946). Cells that cross the antimeridian are cut at it and not joined. Corners have
/// seven decimals: 1.1 cm. Cells of several resolutions are joined with their own only. The order of the cells does not
/// matter, repeated ones count once.
///
/// Sides of cells are great circles; drawn between corners as straight lines of longitude and latitude they deviate by
/// L² tan φ / 8R for a side of length L at latitude φ: at 60°, 3 m at resolution 5 and 1 mm at resolution 9.
///
/// ```
/// use catchment::geo::{Cell, Resolution, dissolve};
/// let cell: Cell = "88309958adfffff".parse()?;
/// let mut children = cell.children(Resolution::new(9)?, 7)?;
/// let flower = dissolve(children.iter().copied());
/// assert_eq!(flower.0.len(), 1);
/// assert_eq!(flower.0[0].exterior().0.len(), 18 + 1); // the last corner repeats the first
///
/// children.remove(0); // the middle
/// assert_eq!(dissolve(children).0[0].interiors().len(), 1);
/// # Ok::<(), catchment::geo::CellError>(())
/// ```
#[must_use]
pub fn dissolve(cells: impl IntoIterator<Item = Cell>) -> MultiPolygon<f64> {
    let mut cells: Vec<Cell> = cells.into_iter().collect();
    cells.sort_unstable();
    cells.dedup();
    let (cut, whole): (Vec<Cell>, Vec<Cell>) = cells
        .into_iter()
        .partition(|cell| crosses_antimeridian(*cell));
    let mut polygons = Mosaic::of(&whole).into_polygons();
    polygons.extend(cut.into_iter().flat_map(cut_at_antimeridian));
    MultiPolygon(polygons)
}

/// Cells none of which crosses the antimeridian, and the sides that only one of them has.
struct Mosaic<'a> {
    cells: &'a [Cell],
    /// By the corner they leave.
    outline: Vec<Side>,
    /// For each cell one of the cells it is joined with, itself at the end of such a chain.
    joined: Vec<u32>,
}

/// A side of a cell, counterclockwise.
#[derive(Clone, Copy)]
struct Side {
    from: Vertex,
    to: Vertex,
    cell: u32,
}

impl<'a> Mosaic<'a> {
    fn of(cells: &'a [Cell]) -> Self {
        let mut mosaic = Self {
            cells,
            outline: Vec::new(),
            joined: (0..cells.len() as u32).collect(),
        };
        let mut sides: Vec<Side> = (0..).zip(cells).flat_map(sides_of).collect();
        let ends = |side: &Side| (side.from.min(side.to), side.from.max(side.to));
        sides.sort_unstable_by_key(ends);
        for same in sides.chunk_by(|a, b| ends(a) == ends(b)) {
            match same {
                [a, b] => mosaic.join(a.cell, b.cell),
                alone => mosaic.outline.extend(alone),
            }
        }
        mosaic.outline.sort_unstable_by_key(|side| side.from);
        mosaic
    }

    /// Union-find with path halving (R. E. Tarjan, J. van Leeuwen, J. ACM 31 (1984), p. 245); the smaller cell leads.
    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.leader(a), self.leader(b));
        self.joined[a.max(b) as usize] = a.min(b);
    }

    fn leader(&mut self, mut cell: u32) -> u32 {
        while self.joined[cell as usize] != cell {
            let next = self.joined[cell as usize];
            self.joined[cell as usize] = self.joined[next as usize];
            cell = next;
        }
        cell
    }

    fn into_polygons(mut self) -> Vec<Polygon> {
        let mut rings: Vec<(u32, LineString)> = Vec::new();
        let mut taken = vec![false; self.outline.len()];
        for start in 0..self.outline.len() {
            if !taken[start] {
                let leader = self.leader(self.outline[start].cell);
                rings.push((leader, self.trace(start, &mut taken)));
            }
        }
        rings.sort_by_key(|(leader, _)| *leader);
        rings
            .chunk_by(|a, b| a.0 == b.0)
            .map(|rings| polygon_of(rings.iter().map(|(_, ring)| ring.clone()).collect()))
            .collect()
    }

    /// Follows the outline from one of its sides until it closes.
    fn trace(&self, start: usize, taken: &mut [bool]) -> LineString {
        let mut ring = Vec::new();
        let mut at = start;
        let mut drawing = Drawing::of(self.cell_at(start));
        while !taken[at] {
            taken[at] = true;
            if drawing.cell != self.cell_at(at) {
                drawing = Drawing::of(self.cell_at(at));
            }
            drawing.draw(self.outline[at].from, &mut ring);
            let to = self.outline[at].to;
            at = self
                .outline
                .binary_search_by_key(&to, |next| next.from)
                .expect("a side leaves every corner of the outline that one arrives at");
        }
        closed(ring)
    }

    fn cell_at(&self, side: usize) -> Cell {
        self.cells[self.outline[side].cell as usize]
    }
}

fn sides_of((number, cell): (u32, &Cell)) -> impl Iterator<Item = Side> {
    let corners: Vec<Vertex> = cell.vertices().collect();
    (0..corners.len()).map(move |at| Side {
        from: corners[at],
        to: corners[(at + 1) % corners.len()],
        cell: number,
    })
}

/// A cell about to be drawn. On an edge of the icosahedron some of its sides bend.
struct Drawing {
    cell: Cell,
    /// Corners and bends.
    boundary: Vec<Position>,
    /// Corners only; left empty if there is no bend.
    corners: Vec<Position>,
}

impl Drawing {
    fn of(cell: Cell) -> Self {
        let boundary = cell.boundary();
        // Hexagons have six corners. Pentagons have no bends at all, or five.
        let corners = if boundary.len() > 6 {
            cell.vertices().map(Vertex::position).collect()
        } else {
            Vec::new()
        };
        Self {
            cell,
            boundary,
            corners,
        }
    }

    /// Draws a corner, and the bends of the side that leaves it.
    fn draw(&self, from: Vertex, into: &mut Vec<Coord>) {
        let corner = from.position();
        into.push(rounded(corner));
        if self.corners.is_empty() {
            return;
        }
        let twice_round = self.boundary.iter().chain(&self.boundary);
        let bends = twice_round
            .skip_while(|at| !self.is_at(**at, corner))
            .skip(1)
            .take_while(|at| !self.corners.iter().any(|next| self.is_at(**at, *next)));
        into.extend(bends.copied().map(rounded));
    }

    /// Whether a point of the boundary is this corner.
    fn is_at(&self, at: Position, corner: Position) -> bool {
        // A thousandth of the cell's size: far above all rounding, and far below a side.
        let apart2 = at.unit_vector().chord2(corner.unit_vector());
        apart2.sqrt() < 1e-3 * reach_of(self.cell.resolution())
    }
}

/// One polygon of the rings round one joined set of cells.
fn polygon_of(mut rings: Vec<LineString>) -> Polygon {
    let size = |ring: &LineString| doubled_area(&ring.0).abs();
    // The outer ring encloses all others.
    rings.sort_by(|a, b| size(b).total_cmp(&size(a)));
    for (place, ring) in rings.iter_mut().enumerate() {
        if (place == 0) != (doubled_area(&ring.0) > 0.0) {
            ring.0.reverse();
        }
    }
    let holes = rings.split_off(1);
    Polygon::new(rings.remove(0), holes)
}

/// Whether the cell has points on both sides of the antimeridian, or a pole.
fn crosses_antimeridian(cell: Cell) -> bool {
    let near = match boxes_round(cell.centre(), reach_of(cell.resolution())) {
        [Some(whole), None] => whole.width() >= 360.0,
        _ => true,
    };
    near && {
        let ring = ring_of(cell);
        (0..ring.len()).any(|at| jumps(ring[at], ring[(at + 1) % ring.len()]))
    }
}

/// The parts of a cell east and west of the antimeridian, or the one part of a cell round a pole.
fn cut_at_antimeridian(cell: Cell) -> Vec<Polygon> {
    let ring = ring_of(cell);
    let jumps_at: Vec<usize> = (0..ring.len())
        .filter(|at| jumps(ring[*at], ring[(at + 1) % ring.len()]))
        .collect();
    let parts = match jumps_at[..] {
        [only] => vec![round_pole(&ring, only)],
        _ => split(&ring),
    };
    let parts = parts.into_iter().map(closed);
    parts
        .filter(|part| doubled_area(&part.0) > 0.0)
        .map(|part| Polygon::new(part, Vec::new()))
        .collect()
}

/// Cuts a ring that crosses the antimeridian there and back.
fn split(ring: &[Coord]) -> Vec<Vec<Coord>> {
    let mut parts = vec![Vec::new(), Vec::new()];
    for (at, &corner) in ring.iter().enumerate() {
        let next = ring[(at + 1) % ring.len()];
        let part = usize::from(corner.x < 0.0);
        parts[part].push(corner);
        if jumps(corner, next) {
            let side = 180.0_f64.copysign(corner.x);
            let y = crossing(corner, next);
            parts[part].push(Coord { x: side, y });
            parts[1 - part].push(Coord { x: -side, y });
        }
    }
    parts
}

/// Opens a ring round a pole at its one jump across the antimeridian, and leads it over the pole.
fn round_pole(ring: &[Coord], jump: usize) -> Vec<Coord> {
    let next = (jump + 1) % ring.len();
    // Counterclockwise seen from above is eastwards round the north pole and westwards round the south pole.
    let side = 180.0_f64.copysign(ring[jump].x);
    let y = crossing(ring[jump], ring[next]);
    let pole = 90.0_f64.copysign(side);
    let mut opened = vec![Coord { x: -side, y }];
    opened.extend(ring[next..].iter().chain(&ring[..next]));
    opened.extend([(side, y), (side, pole), (-side, pole)].map(Coord::from));
    opened
}

/// No side of a cell is half a turn long, so one that seems longer takes the other way.
fn jumps(a: Coord, b: Coord) -> bool {
    (a.x - b.x).abs() > 180.0
}

/// The latitude at which a side crosses the antimeridian, the same for both directions.
fn crossing(a: Coord, b: Coord) -> f64 {
    let (east, west) = if a.x > 0.0 { (a, b) } else { (b, a) };
    let share = (180.0 - east.x) / (west.x + 360.0 - east.x);
    seven_decimals(east.y + share * (west.y - east.y))
}

/// All corners and bends of a cell, the first not repeated.
fn ring_of(cell: Cell) -> Vec<Coord> {
    let drawing = Drawing::of(cell);
    let mut ring = Vec::new();
    for corner in cell.vertices() {
        drawing.draw(corner, &mut ring);
    }
    ring
}

/// A ring without repeated corners, the first one at its end again.
fn closed(mut corners: Vec<Coord>) -> LineString {
    corners.dedup();
    let mut ring = LineString(corners);
    ring.close();
    ring
}

/// Twice the area in square degrees (the shoelace formula), positive if counterclockwise. Of a closed ring.
fn doubled_area(ring: &[Coord]) -> f64 {
    let Some(&origin) = ring.first() else {
        return 0.0;
    };
    ring.windows(2)
        .map(|side| {
            let (a, b) = (side[0] - origin, side[1] - origin);
            a.x * b.y - b.x * a.y
        })
        .sum()
}

fn rounded(at: Position) -> Coord {
    Coord {
        x: seven_decimals(at.lng()),
        y: seven_decimals(at.lat()),
    }
}

/// The precision that RFC 7946 §11.2 has in mind, and no -0.0.
pub(crate) fn seven_decimals(degrees: f64) -> f64 {
    libm::round(degrees * 1e7) / 1e7 + 0.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::geo::{LngLat, Region, Resolution};

    /// All cells near a place.
    fn disk(lng: f64, lat: f64, resolution: u8, k: u32) -> Vec<Cell> {
        let at = Position::new(LngLat { lng, lat }).expect("in range");
        let cell = Cell::at(at, Resolution::new(resolution).expect("0 to 15"));
        disk_round(cell, k)
    }

    fn disk_round(cell: Cell, k: u32) -> Vec<Cell> {
        let middle = h3o::CellIndex::try_from(cell.to_u64()).expect("a cell");
        let cells = middle.grid_disk::<Vec<_>>(k).into_iter();
        cells
            .map(|cell| Cell::try_from(u64::from(cell)).expect("a cell"))
            .collect()
    }

    /// A valid region that holds the middles of its cells and not those of the cells around.
    fn check(cells: &[Cell]) -> MultiPolygon {
        let shape = dissolve(cells.iter().copied());
        for polygon in &shape {
            assert!(doubled_area(&polygon.exterior().0) > 0.0);
            let holes = polygon.interiors().iter();
            assert!(holes.into_iter().all(|hole| doubled_area(&hole.0) < 0.0));
        }
        let region = Region::new(Arc::new(shape.clone())).expect("a valid region");
        for cell in cells.iter().flat_map(|cell| disk_round(*cell, 1)) {
            let inside = cells.contains(&cell);
            assert_eq!(region.contains(cell.centre()), inside, "{cell}");
        }
        shape
    }

    #[test]
    fn disks_all_over_the_globe_dissolve_into_one_ring() {
        for (lng, lat) in [
            (121.47, 31.23),
            (0.0, 0.0),
            (-70.0, -33.0),
            (10.5, 64.7),
            (37.0, 77.0),
        ] {
            for resolution in [3, 5, 8, 9, 12, 15] {
                for k in [0, 1, 4] {
                    let shape = check(&disk(lng, lat, resolution, k));
                    assert_eq!(shape.0.len(), 1);
                    assert!(shape.0[0].interiors().is_empty());
                    // A disk of k rings has 6 (2k + 1) corners, one round a pentagon 5 (2k + 1), and bends on the
                    // icosahedron's edges.
                    assert!(shape.0[0].exterior().0.len() > 5 * (2 * k as usize + 1));
                }
            }
        }
    }

    #[test]
    fn single_cells_keep_all_their_corners_and_bends() {
        for resolution in [1, 2, 3, 4, 5, 8, 9, 14, 15] {
            let resolution = h3o::Resolution::try_from(resolution).expect("0 to 15");
            for pentagon in resolution.pentagons() {
                for cell in pentagon.grid_disk::<Vec<_>>(2) {
                    let cell = Cell::try_from(u64::from(cell)).expect("a cell");
                    if crosses_antimeridian(cell) {
                        continue;
                    }
                    let mut ring = dissolve([cell]).0.remove(0).exterior().0.clone();
                    ring.pop();
                    let boundary = cell.boundary();
                    assert_eq!(ring.len(), boundary.len(), "{cell}");
                    let start = ring.iter().position(|at| is_near(*at, boundary[0]));
                    ring.rotate_left(start.expect("the first corner"));
                    let mut pairs = ring.into_iter().zip(boundary);
                    assert!(pairs.all(|(ours, corner)| is_near(ours, corner)), "{cell}");
                }
            }
        }
    }

    fn is_near(ours: Coord, corner: Position) -> bool {
        (ours.x - corner.lng()).abs() < 2e-7 && (ours.y - corner.lat()).abs() < 2e-7
    }

    #[test]
    fn pentagons_and_their_neighbours_dissolve() {
        for resolution in [1, 2, 3, 4, 5, 8, 9, 14, 15] {
            let resolution = h3o::Resolution::try_from(resolution).expect("0 to 15");
            for pentagon in resolution.pentagons() {
                let cell = Cell::try_from(u64::from(pentagon)).expect("a cell");
                check(&[cell]);
                for k in [1, 2] {
                    let cells = disk_round(cell, k);
                    check(&cells);
                    check(&cells[1..]);
                }
            }
        }
    }

    #[test]
    fn scattered_cells_keep_their_holes() {
        let cells = disk(121.47, 31.23, 9, 12);
        for step in [2, 3, 5, 7, 100] {
            let some: Vec<Cell> = cells.iter().step_by(step).copied().collect();
            let most: Vec<Cell> = (cells.iter().enumerate())
                .filter_map(|(at, cell)| (at % step != 0).then_some(*cell))
                .collect();
            check(&some);
            check(&most);
        }
    }

    #[test]
    fn the_antimeridian_cuts_and_poles_are_reached() {
        for resolution in [0, 1, 2, 4, 7, 9] {
            for lat in [-90.0, -75.0, -17.0, 0.0, 52.0, 66.5, 90.0] {
                for lng in [180.0, -179.999, 179.99] {
                    check(&disk(lng, lat, resolution, 0));
                }
            }
        }
        for lat in [-60.0, -17.0, 0.0, 52.0, 66.5] {
            for resolution in [2, 3, 6, 9] {
                check(&disk(180.0, lat, resolution, 5));
            }
        }
        for lat in [-90.0, 90.0] {
            for resolution in [3, 5, 9] {
                check(&disk(0.0, lat, resolution, 3));
            }
        }
    }

    #[test]
    fn nothing_and_repetition() {
        assert!(dissolve([]).0.is_empty());
        let mut cells = disk(121.47, 31.23, 9, 2);
        let shape = dissolve(cells.iter().copied());
        cells.extend_from_within(..);
        cells.reverse();
        assert_eq!(dissolve(cells), shape);
    }
}
