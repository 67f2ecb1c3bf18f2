use crate::geo::{LngLat, UnitVector};
use crate::index::Point;
use crate::index::tiles::LATITUDE_MAX;

/// Tiles of level L are 360°/2^L on a side; coordinates of level [`LEVEL_FINEST`] fit 32 bits.
pub(super) const LEVEL_FINEST: u32 = 30;

const UNITS_PER_DEGREE: f64 = (1_u64 << LEVEL_FINEST) as f64 / 360.0;

/// The part of the map that has tiles, in degrees east of its own meridian and north of the south pole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The meridian at which x starts: the middle of the widest stretch without points, so that no tile near a point
    /// is cut by it, wherever the points lie.
    west: f64,
    pub(super) x: [f64; 2],
    pub(super) y: [f64; 2],
}

/// A square of the map: column and row at a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) level: u32,
    pub(super) column: u32,
    pub(super) row: u32,
}

/// What the proofs need of a tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    pub(super) centre: UnitVector,
    /// The chord from the centre to the farthest corner.
    pub(super) radius: f64,
    /// Corners of a spherically convex polygon that contains the tile.
    pub(super) corners: [UnitVector; 4],
}

impl Frame {
    /// The frame of the points, with a margin for customers who live outside it. `None` if all lie near the poles.
    pub(super) fn of(points: &[Point]) -> Option<Self> {
        let mut places: Vec<(f64, f64)> = points.iter().map(|point| degrees_of(point.at)).collect();
        places.retain(|(_, lat)| lat.abs() < LATITUDE_MAX);
        places.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (first, last) = (places.first()?.0, places.last()?.0);
        let mut widest = (first + 360.0 - last, last);
        for pair in places.windows(2) {
            let gap = pair[1].0 - pair[0].0;
            if gap > widest.0 {
                widest = (gap, pair[0].0);
            }
        }
        let (gap, before) = widest;
        let west = before + 0.5 * gap;

        let south = places
            .iter()
            .map(|place| place.1)
            .fold(f64::INFINITY, f64::min)
            + 90.0;
        let north = places
            .iter()
            .map(|place| place.1)
            .fold(f64::NEG_INFINITY, f64::max)
            + 90.0;
        // An eighth of the extent, and at least some kilometres.
        let margin = |extent: f64| 0.125 * extent + 0.05;
        let (x_margin, y_margin) = (margin(360.0 - gap), margin(north - south));
        Some(Self {
            west,
            x: [
                (0.5 * gap - x_margin).max(0.0),
                (360.0 - 0.5 * gap + x_margin).min(360.0),
            ],
            y: [
                (south - y_margin).max(90.0 - LATITUDE_MAX),
                (north + y_margin).min(90.0 + LATITUDE_MAX),
            ],
        })
    }

    /// Column and row of a position at the finest level; both may lie outside the frame.
    #[inline(always)]
    pub(super) fn finest(&self, at: LngLat) -> (u32, u32) {
        let east = at.lng - self.west;
        let east = if east < 0.0 { east + 360.0 } else { east };
        let east = if east >= 360.0 { east - 360.0 } else { east };
        (finest(east), finest(at.lat + 90.0))
    }

    /// Columns and rows of a level that the frame touches, as first and last.
    pub(super) fn span(&self, level: u32) -> [[u32; 2]; 2] {
        [self.x, self.y].map(|ends| ends.map(|degrees| finest(degrees) >> (LEVEL_FINEST - level)))
    }

    pub(super) fn outline(&self, tile: Tile) -> Outline {
        // A rounding of the key can put a position a hair outside its tile: 10^-11 degrees are a micrometre.
        const HAIR: f64 = 1e-11;
        let side = 360.0 / f64::from(1_u32 << tile.level);
        let [x0, x1] =
            [tile.column, tile.column + 1].map(|column| f64::from(column) * side + self.west);
        let [y0, y1] = [tile.row, tile.row + 1].map(|row| f64::from(row) * side - 90.0);
        let ([x0, y0], [x1, y1]) = ([x0 - HAIR, y0 - HAIR], [x1 + HAIR, y1 + HAIR]);
        let centre = vector(0.5 * (x0 + x1), 0.5 * (y0 + y1));

        let half_width = libm::cos((0.5 * (x1 - x0)).to_radians());
        let bowed = |lat: f64| libm::atan(libm::tan(lat.to_radians()) * half_width).to_degrees();
        let south = if y0 > 0.0 { bowed(y0) } else { y0 };
        let north = if y1 < 0.0 { bowed(y1) } else { y1 };
        let corners = [
            vector(x0, south),
            vector(x1, south),
            vector(x0, north),
            vector(x1, north),
        ];
        let radius2 = corners
            .iter()
            .map(|corner| centre.chord2(*corner))
            .fold(0.0, f64::max);
        Outline {
            centre,
            radius: radius2.sqrt() * (1.0 + 1e-12),
            corners,
        }
    }
}

impl Outline {
    /// Whether the tile is small for its distance from the k-th nearest point, `kth`: its quarters hardly have fewer
    /// points in range than itself. Of a size, only a few dozen tiles round each point are not far.
    pub(super) fn is_far(&self, kth: f64) -> bool {
        self.radius < kth / 4.0
    }
}

impl Tile {
    pub(super) fn quarters(self) -> [Self; 4] {
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(east, north)| Self {
            level: self.level + 1,
            column: 2 * self.column + east,
            row: 2 * self.row + north,
        })
    }
}

/// The number of a strip one unit wide, from 0 to 2^30. On the border of two it may be either.
///
/// From 2^52 to 2^53 floats are whole numbers, so adding one from the middle rounds, and leaves the number in the
/// lowest bits: two operations that vectorise, where a conversion takes a handful.
#[inline(always)]
fn finest(degrees: f64) -> u32 {
    const MIDDLE: f64 = 1.5 * (1_u64 << 52) as f64;
    ((degrees * UNITS_PER_DEGREE - 0.5) + MIDDLE).to_bits() as u32
}

fn vector(lng: f64, lat: f64) -> UnitVector {
    // Back into the range of a position; adding a turn is exact enough for a hair.
    let lng = lng - 360.0 * libm::rint(lng / 360.0);
    UnitVector::of_degrees(LngLat {
        lng,
        lat: lat.clamp(-90.0, 90.0),
    })
}

/// Longitude and latitude of a unit vector, good to a few units in the last place: for the frame only.
fn degrees_of(at: UnitVector) -> (f64, f64) {
    let [x, y, z] = at.0;
    (
        libm::atan2(y, x).to_degrees(),
        libm::atan2(z, libm::hypot(x, y)).to_degrees(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;

    #[test]
    fn strips_are_numbered_from_zero() {
        let unit = 1.0 / UNITS_PER_DEGREE;
        for (units, number) in [
            (0.0, 0),
            (0.49, 0),
            (0.99, 0),
            (1.01, 1),
            (7.5, 7),
            (1e9, 1_000_000_000),
        ] {
            assert_eq!(finest(units * unit), number, "{units}");
        }
        assert_eq!(finest(360.0), 1 << LEVEL_FINEST);
    }

    fn cross(a: UnitVector, b: UnitVector) -> [f64; 3] {
        let ([ax, ay, az], [bx, by, bz]) = (a.0, b.0);
        [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
    }

    /// What both proofs rest on: no place of a tile is beyond its radius, nor outside the polygon of its corners.
    #[test]
    fn the_outline_contains_its_tile() {
        let mut state = 7;
        for _ in 0..200_000 {
            let level = 3 + (random(&mut state) * 22.0) as u32;
            let count = f64::from(1_u32 << level);
            let side = 360.0 / count;
            let lat = (2.0 * random(&mut state) - 1.0) * LATITUDE_MAX;
            let tile = Tile {
                level,
                column: (random(&mut state) * count) as u32,
                row: ((lat + 90.0) / side) as u32,
            };
            let frame = Frame {
                west: 360.0 * random(&mut state) - 180.0,
                x: [0.0, 360.0],
                y: [5.0, 175.0],
            };
            let Outline {
                centre,
                radius,
                corners: [sw, se, nw, ne],
            } = frame.outline(tile);
            for place in 0..8 {
                // Corners and edges too, where it is tightest.
                let share = |state: &mut u64| match place {
                    0..3 => random(state).round(),
                    _ => random(state),
                };
                let lng = (f64::from(tile.column) + share(&mut state)) * side + frame.west;
                let lat = (f64::from(tile.row) + random(&mut state)) * side - 90.0;
                let v = vector(lng, lat);
                assert!(centre.chord2(v).sqrt() <= radius, "{tile:?} {lng} {lat}");
                for (a, b) in [(sw, se), (se, ne), (ne, nw), (nw, sw)] {
                    let [x, y, z] = cross(a, b);
                    let inside = x * v.0[0] + y * v.0[1] + z * v.0[2];
                    assert!(inside >= -1e-15, "{tile:?} {lng} {lat}: {inside:e}");
                }
            }
        }
    }
}
