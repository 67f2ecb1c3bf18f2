//! Sites and orders: real ones, or a city drawn from a seed.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use catchment::geo::{LngLat, Position};
use catchment::id::{CustomerId, OrderId, SiteId, SkuId};
use catchment::order::{Order, OrderLine};
use catchment::site::{Network, Site, SiteKind, Tag};
use catchment::units::{Quantity, Units};

use crate::Arguments;

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) orders: Vec<Arc<Order>>,
}

/// `SplitMix64`, as in Steele, Lea and Flood (2014).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl World {
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let mut draw = Draw(arguments.seed);
        let (places, mut doors) = match &arguments.data {
            Some(folder) => (real_sites(folder)?, real_doors(folder)?),
            None => city(arguments, &mut draw)?,
        };
        // Buyers come in no order of place.
        for last in (1..doors.len()).rev() {
            doors.swap(last, draw.below(last as u64 + 1) as usize);
        }
        doors.truncate(arguments.orders);
        let capacity = (doors.len() * arguments.capacity / 100).div_ceil(places.len());
        let network = network(&places, Units(capacity as u32))?;
        let orders = doors.into_iter().enumerate().map(|(number, door)| {
            let mut order = Order::new(OrderId(number as u64), door);
            order.customer = Some(CustomerId(draw.below(arguments.orders as u64)));
            if draw.below(4) == 0 {
                let sku = SkuId(draw.below(3));
                order.lines = vec![OrderLine {
                    sku,
                    quantity: Quantity(1),
                }];
            }
            Arc::new(order)
        });
        let orders = orders.collect();
        Ok(Self { network, orders })
    }
}

/// Leaders draw on the stock of the nearest store.
fn network(places: &[(SiteKind, Position)], capacity: Units) -> Result<Network, Box<dyn Error>> {
    let numbered = || (0..).map(SiteId).zip(places);
    let stores = numbered().filter(|(_, (kind, _))| *kind == SiteKind::Store);
    let stores: Vec<Site> = stores
        .map(|(id, (_, at))| {
            let mut store = Site::store(id, *at, capacity);
            store.tags = Tag::DELIVERY.into();
            store
        })
        .collect();
    let of_stores = Network::builder().sites(stores.clone()).build()?;
    let leaders = numbered().filter(|(_, (kind, _))| *kind == SiteKind::Leader);
    let leaders = leaders.map(|(id, (_, at))| {
        let mut leader = Site::leader(id, *at, capacity);
        leader.supplied_by = of_stores.nearest_site(*at).map(|store| store.site);
        leader
    });
    let network = Network::builder().sites(stores).sites(leaders).build()?;
    network.prepare();
    Ok(network)
}

fn position(lng: f64, lat: f64) -> Result<Position, catchment::geo::PositionError> {
    Position::new(LngLat { lng, lat })
}

type Places = Vec<(SiteKind, Position)>;

/// Fifteen quarters of different size; one site in forty is a store.
fn city(arguments: &Arguments, draw: &mut Draw) -> Result<(Places, Vec<Position>), Box<dyn Error>> {
    let quarters: Vec<(f64, f64, f64)> = (0..15)
        .map(|_| {
            (
                121.3 + 0.3 * draw.unit(),
                31.1 + 0.25 * draw.unit(),
                0.005 + 0.02 * draw.unit(),
            )
        })
        .collect();
    let door = |draw: &mut Draw| {
        let (lng, lat, width) = quarters[draw.below(15) as usize];
        // The sum of a few uniform draws is normal enough.
        let mut offset = || width * ((0..4).map(|_| draw.unit()).sum::<f64>() - 2.0);
        position(lng + offset(), lat + offset())
    };
    let mut places = Places::new();
    for number in 0..arguments.sites {
        let kind = if number % 40 == 0 {
            SiteKind::Store
        } else {
            SiteKind::Leader
        };
        places.push((kind, door(draw)?));
    }
    let doors = (0..arguments.orders)
        .map(|_| door(draw))
        .collect::<Result<_, _>>()?;
    Ok((places, doors))
}

fn real_sites(folder: &Path) -> Result<Places, Box<dyn Error>> {
    let mut places = Places::new();
    for row in csv::Reader::from_path(folder.join("pickup_points.csv"))?.records() {
        let row = row?;
        let kind = if &row[1] == "site" {
            SiteKind::Store
        } else {
            SiteKind::Leader
        };
        places.push((kind, position(row[2].parse()?, row[3].parse()?)?));
    }
    Ok(places)
}

/// One door for every parcel.
fn real_doors(folder: &Path) -> Result<Vec<Position>, Box<dyn Error>> {
    let mut doors = Vec::new();
    for row in csv::Reader::from_path(folder.join("cainiao_spots.csv"))?.records() {
        let row = row?;
        let parcels: usize = row[6].parse()?;
        let door = position(row[1].parse()?, row[2].parse()?)?;
        doors.extend(std::iter::repeat_n(door, parcels));
    }
    Ok(doors)
}
