use std::sync::Arc;

use catchment::geo::{Position, ServiceArea};
use catchment::site::Site;
use geo::{BoundingRect, Distance, Haversine, Intersects, MultiPolygon, Point};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

use super::metres;

/// Every area is tested for every address.
pub(crate) struct Scan {
    areas: Vec<Area>,
}

/// As `PostGIS` does it: an R-tree of boxes in degrees, then the exact test of those that hold the address.
pub(crate) struct Boxes {
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    areas: Vec<Area>,
}

/// What serves an address, with the site's own place for the ranking.
struct Area {
    site: Point<f64>,
    shape: Shape,
}

enum Shape {
    Everywhere,
    Circle { metres: f64 },
    Polygon(Arc<MultiPolygon<f64>>),
}

impl Scan {
    pub(crate) fn new(sites: &[Site]) -> Self {
        Self {
            areas: sites.iter().map(Area::of).collect(),
        }
    }

    pub(crate) fn serving(&self, from: Position) -> Vec<u32> {
        let from = Point::from(from);
        let numbered = self.areas.iter().zip(0..);
        ranked(numbered.filter_map(|(area, slot)| Some((area.serves(from)?, slot))))
    }
}

impl Boxes {
    /// Only for areas away from the poles and the antimeridian, where a box in degrees is a box.
    pub(crate) fn new(sites: &[Site]) -> Self {
        let areas: Vec<Area> = sites.iter().map(Area::of).collect();
        let numbered = areas.iter().zip(0..);
        let boxes = numbered.map(|(area, slot)| GeomWithData::new(area.bounds(), slot));
        Self {
            tree: RTree::bulk_load(boxes.collect()),
            areas,
        }
    }

    pub(crate) fn serving(&self, from: Position) -> Vec<u32> {
        let from = Point::from(from);
        let boxes = self.tree.locate_all_at_point([from.x(), from.y()]);
        ranked(
            boxes.filter_map(|found| {
                Some((self.areas[found.data as usize].serves(from)?, found.data))
            }),
        )
    }
}

impl Area {
    fn of(site: &Site) -> Self {
        Self {
            site: site.position.into(),
            shape: match &site.area {
                ServiceArea::Radius(radius) => Shape::Circle {
                    metres: metres(*radius),
                },
                ServiceArea::Polygon(polygon) => Shape::Polygon(Arc::clone(polygon)),
                _ => Shape::Everywhere,
            },
        }
    }

    /// How far the site is, if it serves the address.
    fn serves(&self, from: Point<f64>) -> Option<f64> {
        match &self.shape {
            Shape::Everywhere => Some(Haversine.distance(self.site, from)),
            Shape::Circle { metres } => {
                Some(Haversine.distance(self.site, from)).filter(|distance| distance <= metres)
            }
            Shape::Polygon(polygon) => polygon
                .intersects(&from)
                .then(|| Haversine.distance(self.site, from)),
        }
    }

    fn bounds(&self) -> Rectangle<[f64; 2]> {
        // A little more than 360° of a great circle, so that the box is never too small.
        const METRES_PER_DEGREE: f64 = 111_190.0;
        match &self.shape {
            Shape::Everywhere => Rectangle::from_corners([-180.0, -90.0], [180.0, 90.0]),
            Shape::Circle { metres } => {
                let north = metres / METRES_PER_DEGREE;
                let poleward = (self.site.y().abs() + north).to_radians();
                let east = north / poleward.cos();
                let (lng, lat) = self.site.x_y();
                Rectangle::from_corners([lng - east, lat - north], [lng + east, lat + north])
            }
            Shape::Polygon(polygon) => {
                let bounds = polygon.bounding_rect().expect("a polygon with corners");
                Rectangle::from_corners(bounds.min().x_y().into(), bounds.max().x_y().into())
            }
        }
    }
}

/// Nearest first, as the library answers.
fn ranked(found: impl Iterator<Item = (f64, u32)>) -> Vec<u32> {
    let mut found: Vec<(f64, u32)> = found.collect();
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, slot)| slot).collect()
}
