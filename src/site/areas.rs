//! Which service areas of a packed generation contain an address: a packed tree of caps.
//!
//! Every limited area lies between two caps round one centre: nothing in it is beyond the outer one, and the inner one
//! is served for certain. Most addresses are told apart by these two alone; the exact test of the others follows at the
//! caller's. Caps are balls in three dimensions, so that neither a pole nor the antimeridian is special.
//!
//! The packed tree is static, like the packed R-trees of Kamel and Faloutsos, *On packing R-trees* (CIKM 1993), but of
//! balls, [`WIDTH`] to a node: a node's caps lie axis by axis in four cache lines and are compared all at once. They
//! are kept in single precision, rounded outwards and inwards by more than that can be off.

use crate::geo::{CompiledArea, UnitVector};

/// Caps of a node: a cache line an axis.
const WIDTH: usize = 16;

/// Areas are packed with others of about their size, up to this power of two of the squared chord: one wide area would
/// blow up the ball round fifteen small ones.
const SIZES: i32 = 4;

/// What a candidate's cap says of its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// The address lies in it.
    Certainly,
    /// Only the exact test can tell.
    Perhaps,
}

/// The caps of a service area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AreaCap {
    centre: UnitVector,
    /// No address of the area has a larger squared chord to the centre.
    outer2: f64,
    /// Every address with no larger squared chord to the centre is in the area; negative if there is none.
    inner2: f64,
}

impl AreaCap {
    /// Of the area of a site at `site`; `None` if it has no limit.
    pub(crate) fn of(area: &CompiledArea, site: UnitVector) -> Option<Self> {
        area.cap(site).map(|(centre, outer2)| Self {
            centre,
            outer2,
            inner2: area.core2(),
        })
    }
}

/// The balls of a node, axis by axis.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Balls {
    centres: [[f32; WIDTH]; 3],
    radii2: [f32; WIDTH],
}

impl Balls {
    /// A place that holds no ball has a negative radius.
    const EMPTY: Self = Self {
        centres: [[0.0; WIDTH]; 3],
        radii2: [-1.0; WIDTH],
    };

    #[inline(always)]
    fn chords2(&self, at: [f32; 3]) -> [f32; WIDTH] {
        let [xs, ys, zs] = &self.centres;
        core::array::from_fn(|place| {
            let (x, y, z) = (at[0] - xs[place], at[1] - ys[place], at[2] - zs[place]);
            x * x + y * y + z * z
        })
    }
}

/// A ball at build time.
#[derive(Clone, Copy, Debug)]
struct Ball {
    centre: [f64; 3],
    radius: f64,
}

impl Ball {
    /// Round the middle of the box of the centres: not the smallest one, but near.
    fn around(balls: &[Self]) -> Self {
        let centre = [0, 1, 2].map(|axis| {
            let along = balls.iter().map(|ball| ball.centre[axis]);
            let low = along.clone().fold(f64::INFINITY, f64::min);
            0.5 * (low + along.fold(f64::NEG_INFINITY, f64::max))
        });
        let far = |ball: &Self| {
            (UnitVector(centre).chord2(UnitVector(ball.centre)).sqrt() + ball.radius)
                * (1.0 + 1e-15)
        };
        Self {
            centre,
            radius: balls.iter().map(far).fold(0.0, f64::max),
        }
    }
}

/// More than the chord between two points can be off when both are rounded to single precision: no coordinate exceeds
/// 1, so each is off by 2⁻²⁵ at most, and a point by √3 times as much. 0.7 m on the Earth.
const ROUNDED: f64 = 1.1e-7;

/// More than the relative error of a squared chord computed in single precision: a few times 2⁻²⁴.
const ROUNDED2: f64 = 1e-6;

/// No point within the chord `radius` seems beyond the result in single precision.
fn outwards2(radius: f64) -> f32 {
    let outer = radius + ROUNDED;
    ((outer * outer * (1.0 + ROUNDED2)) as f32).next_up()
}

/// No point beyond the chord `radius` seems within the result in single precision.
fn inwards2(radius: f64) -> f32 {
    let inner = radius - ROUNDED;
    if inner > 0.0 {
        ((inner * inner * (1.0 - ROUNDED2)) as f32).next_down()
    } else {
        -1.0
    }
}

/// The areas of one packed generation, by slot.
#[derive(Debug, Default)]
pub(crate) struct PackedAreas {
    /// From the areas' own caps up to one node: a ball at place p of node n holds all of node 16 n + p of the level
    /// below.
    levels: Vec<Box<[Balls]>>,
    /// The squared inner caps of the areas, node by node of the lowest level.
    inner2: Box<[[f32; WIDTH]]>,
    /// The slots of the areas.
    slots: Box<[[u32; WIDTH]]>,
    /// Slots whose areas have no limit.
    everywhere: Box<[u32]>,
}

impl PackedAreas {
    /// Packs the areas of the slots in order; `None` is an area without limit. Neighbouring slots should lie close
    /// to each other. O(n log n).
    pub(crate) fn build(caps: impl Iterator<Item = Option<AreaCap>>) -> Self {
        let mut everywhere = Vec::new();
        let mut limited = Vec::new();
        for (slot, cap) in (0..).zip(caps) {
            match cap {
                Some(cap) => limited.push((cap, slot)),
                None => everywhere.push(slot),
            }
        }
        // The sort is stable, so that slots stay in order within a size.
        let size = |cap: &AreaCap| libm::ilogb(cap.outer2).div_euclid(SIZES);
        limited.sort_by_key(|(cap, _)| size(cap));
        let nodes: Vec<&[(AreaCap, u32)]> = limited
            .chunk_by(|(a, _), (b, _)| size(a) == size(b))
            .flat_map(|same_size| same_size.chunks(WIDTH))
            .collect();
        let inner2 = |(cap, _): &(AreaCap, u32)| inwards2(cap.inner2.max(0.0).sqrt());
        Self {
            levels: levels(&nodes),
            inner2: nodes.iter().map(|node| places(node, inner2)).collect(),
            slots: nodes
                .iter()
                .map(|node| places(node, |(_, slot)| *slot))
                .collect(),
            everywhere: everywhere.into(),
        }
    }

    /// Shows `into` the slots whose areas may contain a point, in no particular order: all that do, and a few more.
    #[inline]
    pub(crate) fn candidates(&self, at: UnitVector, mut into: impl FnMut(u32, Served)) {
        for slot in &self.everywhere {
            into(*slot, Served::Perhaps);
        }
        if let Some(top) = self.levels.len().checked_sub(1) {
            self.descend(top, 0, at.0.map(|coordinate| coordinate as f32), &mut into);
        }
    }

    fn descend(&self, level: usize, node: usize, at: [f32; 3], into: &mut impl FnMut(u32, Served)) {
        let balls = &self.levels[level][node];
        let chords2 = balls.chords2(at);
        // Without a branch, as they can't be foretold.
        let mut within = [0; WIDTH];
        let mut count = 0;
        for (place, (chord2, radius2)) in chords2.iter().zip(&balls.radii2).enumerate() {
            within[count] = place;
            count += usize::from(chord2 <= radius2);
        }
        for &place in &within[..count] {
            if level > 0 {
                self.descend(level - 1, WIDTH * node + place, at, into);
            } else if chords2[place] <= self.inner2[node][place] {
                into(self.slots[node][place], Served::Certainly);
            } else {
                into(self.slots[node][place], Served::Perhaps);
            }
        }
    }
}

/// What belongs to the areas of a node, place by place; there may be fewer of them.
fn places<A, B: Copy + Default>(areas: &[A], of: impl Fn(&A) -> B) -> [B; WIDTH] {
    let mut places = [B::default(); WIDTH];
    for (place, area) in places.iter_mut().zip(areas) {
        *place = of(area);
    }
    places
}

/// The tree over the nodes of areas, from the lowest level to one node.
fn levels(nodes: &[&[(AreaCap, u32)]]) -> Vec<Box<[Balls]>> {
    let mut levels = Vec::new();
    let cap = |(cap, _): &(AreaCap, u32)| Ball {
        centre: cap.centre.0,
        radius: cap.outer2.sqrt() * (1.0 + 1e-15),
    };
    let mut below: Vec<Vec<Ball>> = nodes
        .iter()
        .map(|node| node.iter().map(cap).collect())
        .collect();
    while !below.is_empty() {
        levels.push(below.iter().map(|balls| side_by_side(balls)).collect());
        if below.len() == 1 {
            break;
        }
        let around: Vec<Ball> = below.iter().map(|balls| Ball::around(balls)).collect();
        below = around.chunks(WIDTH).map(<[Ball]>::to_vec).collect();
    }
    levels
}

fn side_by_side(balls: &[Ball]) -> Balls {
    let mut all = Balls::EMPTY;
    for (place, ball) in balls.iter().enumerate() {
        for axis in 0..3 {
            all.centres[axis][place] = ball.centre[axis] as f32;
        }
        all.radii2[place] = outwards2(ball.radius);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::random;

    /// Caps of all sizes all over the sphere, many round the places of others.
    fn caps(count: usize, state: &mut u64) -> Vec<Option<AreaCap>> {
        let mut caps: Vec<Option<AreaCap>> = Vec::new();
        for _ in 0..count {
            let spread = if random(state) < 0.5 { 2.0 } else { 0.001 };
            let near = caps.get((random(state) * count as f64) as usize);
            let near = near
                .and_then(|cap| cap.as_ref())
                .map_or([0.0, 0.0, 1.0], |cap| cap.centre.0);
            let outer = match (random(state) * 8.0) as u32 {
                0 => 0.0,
                1 => 2.0 * random(state),
                _ => 0.001 * random(state),
            };
            let inner = outer * random(state);
            let centre = on_the_sphere(near.map(|axis| axis + spread * (random(state) - 0.5)));
            let cap = AreaCap {
                centre,
                outer2: outer * outer,
                inner2: inner * inner,
            };
            caps.push((random(state) > 0.01).then_some(cap));
        }
        caps
    }

    fn on_the_sphere(at: [f64; 3]) -> UnitVector {
        let length = at.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
        UnitVector(at.map(|axis| axis / length))
    }

    #[test]
    fn candidates_are_those_that_their_caps_can_not_exclude() {
        let mut state = 1;
        for count in [0, 1, 16, 17, 300, 5_000] {
            let caps = caps(count, &mut state);
            let packed = PackedAreas::build(caps.iter().copied());
            let (mut certain, mut doubtful) = (0, 0);
            for _ in 0..400 {
                let near = caps
                    .get((random(&mut state) * count as f64) as usize)
                    .copied()
                    .flatten();
                let centre = near.map_or([1.0, 0.0, 0.0], |cap| cap.centre.0);
                // On the edge of a cap, or next to it.
                let reach =
                    near.map_or(1.0, |cap| cap.outer2.sqrt()) * (2.0 * random(&mut state)).min(1.0);
                let at =
                    on_the_sphere(centre.map(|axis| axis + reach * (random(&mut state) - 0.5)));
                let mut found = vec![None; count];
                packed.candidates(at, |slot, served| {
                    assert_eq!(found[slot as usize].replace(served), None, "shown twice");
                });
                for (cap, found) in caps.iter().zip(found) {
                    let Some(cap) = cap else {
                        assert_eq!(found, Some(Served::Perhaps));
                        continue;
                    };
                    let chord2 = cap.centre.chord2(at);
                    match found {
                        None => assert!(chord2 > cap.outer2, "{cap:?} {at:?}"),
                        Some(Served::Certainly) => assert!(chord2 <= cap.inner2, "{cap:?} {at:?}"),
                        // Two metres are more than single precision takes.
                        Some(Served::Perhaps) => {
                            assert!(chord2.sqrt() <= cap.outer2.sqrt() + 3e-7 + 1e-6 * chord2);
                            assert!(chord2.sqrt() >= cap.inner2.sqrt() - 3e-7 - 1e-6 * chord2);
                        }
                    }
                    certain += u32::from(found == Some(Served::Certainly));
                    doubtful += u32::from(found == Some(Served::Perhaps));
                }
            }
            assert!(
                count < 300 || certain.min(doubtful) > 1_000,
                "{certain} {doubtful}"
            );
        }
    }
}
