//! A made-up city that always comes out the same for the same plan; the examples share it.
//!
//! It is no map of a real place, but it has what makes real cities hard: districts of very different density,
//! tower blocks whose many households share one coordinate, leaders where people live, outskirts that nobody
//! serves, a few leaders who are on holiday, and more orders in places than the leaders there have room for.

use catchment::geo::{LngLat, Position, PositionError, ServiceArea};
use catchment::id::SiteId;
use catchment::site::{Site, SiteStatus};
use catchment::units::{Distance, Units};

/// A city as it is drawn: named sites without numbers, where customers live, and when they order.
pub(crate) struct Drawn {
    pub(crate) sites: Vec<(String, Site)>,
    pub(crate) homes: Vec<Position>,
    /// One for each home: seconds since the stream began.
    pub(crate) placed: Vec<u32>,
}

/// How large a city, and which one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blueprint {
    pub(crate) seed: u64,
    pub(crate) homes: u32,
    pub(crate) leaders: u32,
    pub(crate) stores: u32,
}

/// The middle of the city, about where Shanghai's is.
const CENTRE: LngLat = LngLat {
    lng: 121.47,
    lat: 31.23,
};
/// Kilometres in a degree of latitude, and in one of longitude at the latitude of the centre.
const KM_PER_DEGREE: Offset = Offset {
    east: 95.08,
    north: 111.19,
};
const DISTRICTS: usize = 16;
const TOWERS_PER_DISTRICT: usize = 150;
const OUTSKIRTS_KM: f64 = 12.0;
/// One leader in so many is on holiday.
const PAUSED_ONE_IN: u64 = 30;
const LEADER_CAPACITY: Units = Units(30);
const STORE_CAPACITY: Units = Units(300);
/// How long the stream takes, in minutes.
pub(crate) const EVENING: u64 = 120;
/// When something new is shown, in minutes since the stream began; people order most in the minutes after it.
const SHOWN_AT: [u64; 4] = [3, 25, 52, 85];
/// Who makes a city of names and sites numbers them.
const UNNUMBERED: SiteId = SiteId(0);

/// A place relative to the centre, in kilometres.
#[derive(Clone, Copy, Debug)]
struct Offset {
    east: f64,
    north: f64,
}

/// Where people live together: a bell curve round a middle, dense or not, with tower blocks in it.
struct District {
    middle: Offset,
    spread_km: f64,
    /// How many live here, compared with other districts.
    people: u64,
    towers: Vec<Offset>,
}

impl Blueprint {
    /// Makes the city. O(homes + sites).
    ///
    /// # Errors
    ///
    /// [`PositionError`] does not happen: nothing is farther than 200 km from the centre.
    pub(crate) fn draw(self) -> Result<Drawn, PositionError> {
        let mut random = SplitMix64(self.seed);
        let districts: Vec<District> = (0..DISTRICTS)
            .map(|number| District::found(number, &mut random))
            .collect();
        let mut sites = Vec::new();
        for number in 1..=self.stores {
            sites.push((format!("S{number:03}"), store(&districts, &mut random)?));
        }
        for number in 1..=self.leaders {
            sites.push((format!("L{number:05}"), leader(&districts, &mut random)?));
        }
        let homes = (0..self.homes).map(|_| home(&districts, &mut random).position());
        let homes = homes.collect::<Result<_, _>>()?;
        // Numbers of their own, so that the hours change no place.
        let mut random = SplitMix64(!self.seed);
        let placed = (0..self.homes).map(|_| placed(&mut random)).collect();
        Ok(Drawn {
            sites,
            homes,
            placed,
        })
    }
}

/// When somebody orders: soon after something was shown, and hardly ever half an hour later.
fn placed(random: &mut SplitMix64) -> u32 {
    let shown = 60 * SHOWN_AT[random.index(SHOWN_AT.len())];
    let pause = random
        .below(60 * 35)
        .min(random.below(60 * 35))
        .min(random.below(60 * 35));
    (shown + pause).min(60 * EVENING - 1) as u32
}

/// A store near the middle of a district.
fn store(districts: &[District], random: &mut SplitMix64) -> Result<Site, PositionError> {
    let district = populous(districts, random);
    let at = district.middle.scattered(0.5 * district.spread_km, random);
    let mut site = Site::store(UNNUMBERED, at.position()?, STORE_CAPACITY);
    site.area = ServiceArea::Radius(Distance::from_metres(3_000));
    Ok(site)
}

/// A leader lives where customers live, and hands out parcels to those within one to three kilometres.
fn leader(districts: &[District], random: &mut SplitMix64) -> Result<Site, PositionError> {
    let at = home(districts, random);
    let mut site = Site::leader(UNNUMBERED, at.position()?, LEADER_CAPACITY);
    site.area = ServiceArea::Radius(Distance::from_millimetres(
        1_000_000 + random.below(2_000_001),
    ));
    if random.below(PAUSED_ONE_IN) == 0 {
        site.status = SiteStatus::Paused;
    }
    Ok(site)
}

/// Where somebody lives: in a tower block, elsewhere in the district, or in the outskirts.
fn home(districts: &[District], random: &mut SplitMix64) -> Offset {
    let district = populous(districts, random);
    match random.below(100) {
        0..40 => district.towers[random.index(district.towers.len())],
        40..96 => district.middle.scattered(district.spread_km, random),
        _ => Offset::CENTRE.scattered(OUTSKIRTS_KM, random),
    }
}

/// A district, the more likely the more people it has.
fn populous<'a>(districts: &'a [District], random: &mut SplitMix64) -> &'a District {
    let people: u64 = districts.iter().map(|district| district.people).sum();
    let mut nth = random.below(people);
    for district in districts {
        match nth.checked_sub(district.people) {
            Some(rest) => nth = rest,
            None => return district,
        }
    }
    &districts[0]
}

impl District {
    /// The first district is the centre of the city; the others lie round it.
    fn found(number: usize, random: &mut SplitMix64) -> Self {
        let middle = match number {
            0 => Offset::CENTRE,
            _ => Offset::CENTRE.scattered(8.0, random),
        };
        let spread_km = 0.8 + 2.2 * random.fraction();
        Self {
            middle,
            spread_km,
            people: 1 + random.below(20),
            towers: (0..TOWERS_PER_DISTRICT)
                .map(|_| middle.scattered(spread_km, random))
                .collect(),
        }
    }
}

impl Offset {
    const CENTRE: Self = Self {
        east: 0.0,
        north: 0.0,
    };

    /// Somewhere near, with a standard deviation of `spread_km` in either direction.
    fn scattered(self, spread_km: f64, random: &mut SplitMix64) -> Self {
        Self {
            east: self.east + spread_km * random.bell(),
            north: self.north + spread_km * random.bell(),
        }
    }

    /// To six decimals of a degree (0.1 m), as map services give them.
    fn position(self) -> Result<Position, PositionError> {
        let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
        Position::new(LngLat {
            lng: rounded(CENTRE.lng + self.east / KM_PER_DEGREE.east),
            lat: rounded(CENTRE.lat + self.north / KM_PER_DEGREE.north),
        })
    }
}

/// `SplitMix64` of G. L. Steele, D. Lea and C. H. Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA
/// 2014, figure 16: a counter and a mixing function. Small, and the same numbers everywhere and for ever.
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. The bias, below bound / 2⁶⁴, does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A place in a slice of `length` items, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// From 0 to 1, without 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, with mean 0 and variance 1: the sum of twelve uniform numbers, less six. Needs no logarithm
    /// and no cosine, whose last bits differ between platforms.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.fraction()).sum::<f64>() - 6.0
    }
}
