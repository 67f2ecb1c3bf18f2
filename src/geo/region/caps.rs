//! Two caps of a region round one centre: the region lies within the outer one, and the inner one within the region.
//!
//! # The cap of a box
//!
//! Measure longitude λ from the centre of a box, at latitude φ₀; let no point of the box have |λ| > 90°. The distance d
//! to a point (λ, φ) is given by cos d = sin φ₀ sin φ + cos φ₀ cos φ cos λ. As cos φ₀ cos φ ≥ 0, it grows with |λ|: the
//! farthest point lies on the western or eastern side, |λ| = w. There cos d = C cos(φ − φ*) with φ* = atan2(sin φ₀,
//! cos φ₀ cos w), within ±90° as cos w ≥ 0. So |φ − φ*| ≤ 180°, where the cosine falls: d grows away from φ* both ways
//! and is largest at an end of the side. Hence the farthest point of the box from its centre is a corner.
//!
//! # The caps of edges
//!
//! An edge is the diagonal of a box, and corners of the same latitude are equally far from the centre: so the edge lies
//! in a cap round its middle that reaches its farther end. By the triangle inequality all of it is no farther from any
//! point than the middle is, plus that reach, and no nearer than the middle is, less that reach. The farthest point of
//! a region that does not go half round the Earth is on an edge. And where the centre is inside, a cap round it that no
//! edge enters is inside as a whole: there is no other way out, as edges run along the antimeridian and the poles, too.

use geo::Coord;

use super::outline::Outline;
use super::{CHORD_ERROR, WHOLE_SPHERE};
use crate::geo::LngLat;
use crate::geo::sphere::UnitVector;

/// The squared chords of both caps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    pub(super) centre: UnitVector,
    /// No point of the region has a larger squared chord to the centre.
    pub(super) outer2: f64,
    /// Every point with no larger squared chord to the centre is in the region; negative if there is none.
    pub(super) inner2: f64,
}

/// An edge with no more than this between its ends has a cap: a degree less than the proof allows, for rounding.
const WIDTH_MAX: f64 = 179.0;

/// How often an edge near the centre is halved, so that a long one does not seem nearer than it is.
const HALVINGS: u32 = 4;

/// More than the error of a sum of three chords between middles that are rounded, too.
const SUM_ERROR: f64 = 4.0 * CHORD_ERROR;

impl Caps {
    /// O(n); `contains` says what lies in the region.
    pub(super) fn of(outline: &Outline, contains: impl Fn(Coord<f64>) -> bool) -> Self {
        let (west, east) = outline.longitudes();
        let (south_west, north_east) = outline.bounds();
        let (south, north) = (south_west.y, north_east.y);
        let middle = Coord {
            x: 0.5 * (west + east),
            y: 0.5 * (south + north),
        };
        let centre = unit(middle);
        if east - west > WIDTH_MAX {
            return Self {
                centre,
                outer2: WHOLE_SPHERE,
                inner2: -1.0,
            };
        }
        let corner = |x, y| centre.chord2(unit(Coord { x, y }));
        let corners = [corner(west, south), corner(west, north)];
        let corners = corners
            .into_iter()
            .chain([corner(east, south), corner(east, north)]);
        let mut edges = Edges {
            centre,
            outer: 0.0,
            inner: f64::INFINITY,
        };
        for ring in outline.rings() {
            edges.pass(&ring.vertices);
        }
        let outer = edges.outer.min(corners.fold(0.0, f64::max).sqrt()) + SUM_ERROR;
        let inner = edges.inner - SUM_ERROR;
        let has_inner = inner > 0.0 && contains(within_half_turn(middle));
        Self {
            centre,
            outer2: outer * outer,
            inner2: if has_inner { inner * inner } else { -1.0 },
        }
    }
}

/// What the edges passed so far leave.
struct Edges {
    centre: UnitVector,
    /// They reach no farther.
    outer: f64,
    /// They come no nearer.
    inner: f64,
}

/// A vertex, or the middle of an edge.
#[derive(Clone, Copy)]
struct Place {
    plane: Coord<f64>,
    sphere: UnitVector,
}

impl Place {
    fn of(plane: Coord<f64>) -> Self {
        let sphere = unit(plane);
        Self { plane, sphere }
    }

    fn chord(self, other: UnitVector) -> f64 {
        self.sphere.chord2(other).sqrt()
    }
}

impl Edges {
    fn pass(&mut self, ring: &[Coord<f64>]) {
        let mut places = ring.iter().map(|vertex| Place::of(*vertex));
        let Some(mut from) = places.next() else {
            return;
        };
        for to in places {
            let (middle, near, far) = self.between(from, to);
            self.outer = self.outer.max(far);
            self.approach(near, [from, middle, to], HALVINGS);
            from = to;
        }
    }

    /// The middle of an edge, and how near and how far the edge can be.
    fn between(&self, from: Place, to: Place) -> (Place, f64, f64) {
        let middle = Place::of(Coord {
            x: 0.5 * (from.plane.x + to.plane.x),
            y: 0.5 * (from.plane.y + to.plane.y),
        });
        let reach = from.chord(middle.sphere).max(to.chord(middle.sphere));
        let chord = middle.chord(self.centre);
        (middle, chord - reach, chord + reach)
    }

    fn approach(&mut self, near: f64, [from, middle, to]: [Place; 3], halvings: u32) {
        if near >= self.inner {
            return;
        }
        if halvings == 0 || self.inner <= 0.0 {
            self.inner = near;
            return;
        }
        for (from, to) in [(from, middle), (middle, to)] {
            let (middle, near, _) = self.between(from, to);
            self.approach(near, [from, middle, to], halvings - 1);
        }
    }
}

fn unit(at: Coord<f64>) -> UnitVector {
    let Coord { x: lng, y: lat } = within_half_turn(at);
    UnitVector::of_degrees(LngLat { lng, lat })
}

/// The same place with a longitude up to 180°.
fn within_half_turn(at: Coord<f64>) -> Coord<f64> {
    let x = if at.x > 180.0 { at.x - 360.0 } else { at.x };
    Coord { x, y: at.y }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use geo::{LineString, Polygon};
    use proptest::prelude::*;

    use super::*;
    use crate::geo::{Position, Region};

    /// A ring round a place, its corners at shares of a radius in degrees.
    fn star(centre: (f64, f64), radius: f64, shares: &[f64]) -> LineString<f64> {
        let angle = core::f64::consts::TAU / shares.len() as f64;
        let corners = shares.iter().zip(0_u32..).map(|(share, number)| {
            let (sin, cos) = libm::sincos(angle * f64::from(number));
            let (x, y) = (
                centre.0 + share * radius * cos,
                centre.1 + share * radius * sin,
            );
            (x.clamp(-180.0, 180.0), y.clamp(-90.0, 90.0))
        });
        corners.collect()
    }

    fn position(at: Coord<f64>) -> Option<Position> {
        let Coord { x: lng, y: lat } = at;
        Position::new(LngLat { lng, lat }).ok()
    }

    fn squared(metres: f64) -> f64 {
        (metres / 6_371_008.8).powi(2)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_region_lies_between_its_caps(
            centre in (-180.0..180.0_f64, -90.0..90.0_f64), radius in 0.001..1.0_f64, wide in 0.01..60.0_f64,
            shares in prop::collection::vec(0.3..1.0_f64, 3..12), hole in 0.0..0.3_f64, off in 0.0..1.0_f64,
            looks in prop::collection::vec((0.0..1.0_f64, -1.1..1.1_f64, -1.1..1.1_f64), 40),
        ) {
            let radius = radius * wide;
            let aside = (centre.0 + 0.2 * off * radius, centre.1);
            let holes = if hole < 0.1 { vec![] } else { vec![star(aside, 0.3 * hole * radius, &[1.0; 5])] };
            let shape = Polygon::new(star(centre, radius, &shares), holes);
            let region = Region::new(Arc::new(shape.into()));
            // Clamped at the rim of the map, some are not simple.
            prop_assume!(region.is_ok());
            let region = region.expect("checked above");
            let Caps { centre: middle, outer2, inner2 } = region.caps;
            for polygon in region.shape() {
                for edge in polygon.exterior().lines() {
                    for (share, _, _) in &looks {
                        let on_edge = edge.start + (edge.end - edge.start) * *share;
                        prop_assert!(middle.chord2(unit(on_edge)) <= outer2);
                        prop_assert!(inner2 < 0.0 || middle.chord2(unit(on_edge)) >= inner2);
                    }
                }
            }
            for (share, east, north) in &looks {
                let reach = share * share * radius;
                let place = Coord { x: centre.0 + reach * east, y: centre.1 + reach * north };
                let Some(at) = position(place) else { continue };
                let chord2 = middle.chord2(at.unit_vector());
                prop_assert!(chord2 > inner2 || region.contains(at), "{place:?} is within the inner cap");
                prop_assert!(chord2 <= outer2 || !region.contains(at), "{place:?} is beyond the outer cap");
            }
        }
    }

    #[test]
    fn caps_are_tight() {
        let kilometre = 0.008_993;
        for (name, shares, metres) in [
            ("a disc", vec![1.0; 200], [980.0, 1_020.0]),
            ("a star", [1.0, 0.6].repeat(10), [550.0, 1_050.0]),
            ("a lozenge", vec![1.0; 4], [600.0, 1_415.0]),
        ] {
            let shape = Polygon::new(star((0.0, 0.0), kilometre, &shares), vec![]);
            let caps = Region::new(Arc::new(shape.into())).expect("a ring").caps;
            assert!(caps.inner2 >= squared(metres[0]), "{name} {caps:?}");
            assert!(caps.outer2 <= squared(metres[1]), "{name} {caps:?}");
        }
        let octagon = |radius| star((0.0, 0.0), radius, &[1.0; 8]);
        let ring = Polygon::new(octagon(1.0), vec![octagon(0.1)]);
        let caps = Region::new(Arc::new(ring.into())).expect("a ring").caps;
        assert!(caps.inner2 < 0.0, "the centre lies in a hole: {caps:?}");
    }
}
