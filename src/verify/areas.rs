//! Service areas, tested the plain way: edge by edge, cell by cell.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use geo::algorithm::kernels::RobustKernel;
use geo::{Coord, Kernel, LineString, MultiPolygon, Orientation};

use crate::geo::{Cell, EARTH_RADIUS, Position, Resolution, ServiceArea, UnitVector};
use crate::units::Distance;

/// Where an order is, and its cells as far as somebody has asked for them.
pub(super) struct Address {
    pub(super) position: Position,
    pub(super) at: UnitVector,
    cells: OnceCell<Box<[OnceCell<Cell>; 16]>>,
}

impl Address {
    pub(super) fn new(position: Position) -> Self {
        Self {
            position,
            at: position.unit_vector(),
            cells: OnceCell::new(),
        }
    }

    /// To find a cell costs more than all other tests together.
    fn cell(&self, resolution: Resolution) -> Cell {
        let cells = self.cells.get_or_init(Box::default);
        *cells[usize::from(resolution.as_u8())].get_or_init(|| Cell::at(self.position, resolution))
    }
}

/// A service area with what spares most tests.
pub(super) enum Area<'a> {
    Everywhere,
    Radius(Distance),
    Polygons {
        shape: &'a MultiPolygon<f64>,
        /// The least and the largest corner.
        corners: [Coord<f64>; 2],
    },
    Cells {
        cells: &'a BTreeSet<Cell>,
        /// Of the cells, the finest last.
        resolutions: Vec<Resolution>,
    },
}

impl<'a> From<&'a ServiceArea> for Area<'a> {
    /// O(vertices or cells).
    fn from(area: &'a ServiceArea) -> Self {
        match area {
            ServiceArea::Unlimited => Self::Everywhere,
            ServiceArea::Radius(radius) => Self::Radius(*radius),
            ServiceArea::Polygon(shape) => Self::Polygons {
                shape,
                corners: corners(shape),
            },
            ServiceArea::Cells(cells) => {
                let resolutions: BTreeSet<Resolution> =
                    cells.iter().map(|cell| cell.resolution()).collect();
                Self::Cells {
                    cells,
                    resolutions: resolutions.into_iter().collect(),
                }
            }
        }
    }
}

impl Area<'_> {
    /// Whether an address at this distance from the site is served.
    pub(super) fn serves(&self, address: &Address, distance: Distance) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Radius(radius) => distance <= *radius,
            Self::Polygons { shape, corners } => {
                let (x, y) = (address.position.lng(), address.position.lat());
                let [low, high] = corners;
                if y < low.y || y > high.y {
                    false
                } else if y.abs() >= 90.0 {
                    // A pole has all longitudes.
                    true
                } else {
                    let covers =
                        |x: f64| (low.x..=high.x).contains(&x) && covers(shape, Coord { x, y });
                    covers(x) || (x >= 180.0 && covers(-180.0))
                }
            }
            Self::Cells { cells, resolutions } => {
                let Some(finest) = resolutions.last() else {
                    return false;
                };
                let cell = address.cell(*finest);
                let mut ancestors = resolutions.iter().filter_map(|coarse| cell.parent(*coarse));
                ancestors.any(|ancestor| cells.contains(&ancestor))
            }
        }
    }

    /// No address beyond this chord from the site is served.
    pub(super) fn chord_max(&self, site: Position) -> f64 {
        // No chord is longer than its arc, and no arc than a way along it or round two sides.
        let arc = match self {
            Self::Everywhere => f64::INFINITY,
            // One millimetre more for the rounding of both.
            Self::Radius(radius) => {
                (radius.as_millimetres() as f64 + 1.0) / EARTH_RADIUS.as_millimetres() as f64
            }
            Self::Polygons { corners, .. } => {
                let farther = |from: f64, [a, b]: [f64; 2]| (a - from).abs().max((b - from).abs());
                let east = farther(site.lng(), corners.map(|corner| corner.x));
                let north = farther(site.lat(), corners.map(|corner| corner.y));
                (east + north).to_radians()
            }
            Self::Cells { cells, .. } => reach_of(cells, site),
        };
        arc * (1.0 + 1e-9) + 1e-12
    }
}

/// An arc from the site that no address in the cells is beyond, nor in a descendant that sticks out.
fn reach_of(cells: &BTreeSet<Cell>, site: Position) -> f64 {
    let arc = |from: Position, to: Position| {
        from.distance_to(to).as_millimetres() as f64 / EARTH_RADIUS.as_millimetres() as f64
    };
    // Cells of one resolution differ by less than a factor of two in length, and no descendant sticks out by half.
    let mut widths: [Option<f64>; 16] = [None; 16];
    let reaches = cells.iter().map(|cell| {
        let centre = cell.centre();
        let width = widths[usize::from(cell.resolution().as_u8())].get_or_insert_with(|| {
            let corners = cell.boundary();
            let radii = corners.iter().map(|corner| arc(centre, *corner));
            4.0 * radii.fold(0.0, f64::max)
        });
        arc(site, centre) + *width
    });
    reaches.fold(0.0, f64::max)
}

fn corners(shape: &MultiPolygon<f64>) -> [Coord<f64>; 2] {
    let all = shape.iter().flat_map(|polygon| polygon.exterior().coords());
    let nothing = [f64::INFINITY, f64::NEG_INFINITY].map(|x| Coord { x, y: x });
    all.fold(nothing, |[low, high], corner| {
        let low = Coord {
            x: low.x.min(corner.x),
            y: low.y.min(corner.y),
        };
        let high = Coord {
            x: high.x.max(corner.x),
            y: high.y.max(corner.y),
        };
        [low, high]
    })
}

/// Whether a point is in one of the polygons, rims included.
fn covers(shape: &MultiPolygon<f64>, point: Coord<f64>) -> bool {
    shape.iter().any(|polygon| {
        let mut holes = polygon.interiors().iter();
        side(polygon.exterior(), point) != Side::Outside
            && holes.all(|hole| side(hole, point) != Side::Inside)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Inside,
    Rim,
    Outside,
}

/// By the even-odd rule: how many edges are crossed on the way east? Orientations are exact.
fn side(ring: &LineString<f64>, point: Coord<f64>) -> Side {
    let corners = &ring.0;
    let mut is_inside = false;
    for (number, from) in corners.iter().enumerate() {
        let to = corners[(number + 1) % corners.len()];
        if from.y.max(to.y) < point.y || from.y.min(to.y) > point.y {
            continue;
        }
        let turn = RobustKernel::orient2d(*from, to, point);
        let spans_x = from.x.min(to.x) <= point.x && point.x <= from.x.max(to.x);
        if turn == Orientation::Collinear && spans_x {
            return Side::Rim;
        }
        let goes_up = to.y > from.y;
        let is_crossed = (from.y > point.y) != (to.y > point.y);
        let is_to_the_east = (turn == Orientation::CounterClockwise) == goes_up;
        is_inside ^= is_crossed && is_to_the_east;
    }
    if is_inside {
        Side::Inside
    } else {
        Side::Outside
    }
}
