//! Networks, changes and look-ups, of any order, against brute force.
//!
//! A network is built exactly if its sites are valid, a batch of changes is taken exactly if each of them is and the
//! suppliers are all there in the end, and every answer is that of brute force, prepared or not.

#![no_main]

use std::collections::BTreeMap;

use catchment::candidates::Filter;
use catchment::geo::{LngLat, Position, ServiceArea};
use catchment::id::SiteId;
use catchment::site::{Change, Neighbour, Network, Site, SiteKind, SiteStatus, Tag, Tags};
use catchment::units::{Distance, Units};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../tests/brute.rs"]
mod brute;
#[path = "../../benches/workload/mod.rs"]
mod workload;

use brute::Brute;
use workload::{Areas, Random, World, degrees};

fuzz_target!(|case: Case| {
    let sites = case.sites();
    let built = Network::builder().sites(sites.iter().cloned()).build();
    assert_eq!(built.is_ok(), are_valid(&sites), "{built:?}");
    let Ok(mut network) = built else { return };
    let mut brute = Brute::new(sites);

    for step in case.steps {
        match step {
            Step::Prepare => network.prepare(),
            Step::Ask(question) => question.compare(&network, &brute),
            Step::Change(changes) => {
                let changes: Vec<Change> = changes.iter().map(RawChange::change).collect();
                let expected = changed(&brute, &changes);
                let next = network.with_changes(changes);
                assert_eq!(next.is_ok(), expected.is_some(), "{next:?}");
                if let (Ok(next), Some(expected)) = (next, expected) {
                    assert_eq!(next.len(), expected.len());
                    (network, brute) = (next, expected);
                }
            }
        }
    }
});

#[derive(Arbitrary, Debug)]
struct Case {
    /// So many sites of a world beside those spelled out: enough for the accelerators.
    crowd: u8,
    world: u8,
    /// Ids as given meet now and then; otherwise they are numbers in a row.
    ids_as_given: bool,
    sites: Vec<RawSite>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Prepare,
    Ask(Question),
    Change(Vec<RawChange>),
}

#[derive(Arbitrary, Debug)]
struct RawSite {
    /// Small, so that ids meet.
    id: u8,
    place: Place,
    is_leader: bool,
    is_paused: bool,
    is_cold: bool,
    capacity: u8,
    supplied_by: Option<u8>,
    area: RawArea,
}

#[derive(Arbitrary, Debug)]
enum RawChange {
    Open(RawSite),
    Close(u8),
    Pause(u8),
    Resume(u8),
    Move(u8, Place),
    Capacity(u8, u8),
    Area(u8, Place, RawArea),
}

/// Where ties, poles and the antimeridian are likely.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Place {
    QuarterDegrees(i8, i8),
    Millionths(i16, i16),
    NearPole { north: bool, lng: i8, from_pole: u8 },
    NearAntimeridian { east: i8, lat: i8 },
    Anywhere(i32, i32),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum RawArea {
    Unlimited,
    Radius(u16),
    HugeRadius(u32),
    Star(u8),
    Box(u8),
    Cells(u8),
}

#[derive(Arbitrary, Debug)]
struct Question {
    from: Place,
    k: u8,
    radius: RawArea,
    demand: Demand,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Demand {
    None,
    Leader,
    Cold,
    Size(u8),
    OddId,
}

impl Case {
    fn sites(&self) -> Vec<Site> {
        const WORLDS: [World; 6] = [
            World::City,
            World::Globe,
            World::Antimeridian,
            World::Poles,
            World::GridTies,
            World::Duplicates,
        ];
        let world = WORLDS[usize::from(self.world) % WORLDS.len()];
        let mut sites = workload::sites(world, 1, self.crowd.into(), &[Areas::Radii]);
        for (number, raw) in (0..).zip(&self.sites) {
            let mut site = raw.site();
            if !self.ids_as_given {
                site.id = SiteId(number);
            }
            sites.push(site);
        }
        // The ids of the crowd begin where those of one byte end.
        for (number, site) in (256..).zip(&mut sites[..self.crowd.into()]) {
            site.id = SiteId(number);
        }
        sites
    }
}

impl RawSite {
    fn site(&self) -> Site {
        let at = self.place.position();
        let mut site = Site::store(SiteId(self.id.into()), at, Units(self.capacity.into()));
        if self.is_leader {
            site.kind = SiteKind::Leader;
        }
        if self.is_paused {
            site.status = SiteStatus::Paused;
        }
        if self.is_cold {
            site.tags = Tags::from_iter([Tag::COLD_CHAIN]);
        }
        site.supplied_by = self.supplied_by.map(|id| SiteId(id.into()));
        site.area = self.area.area(at);
        site
    }
}

impl RawChange {
    fn change(&self) -> Change {
        let site = |id: &u8| SiteId((*id).into());
        match self {
            Self::Open(raw) => Change::Open(raw.site()),
            Self::Close(id) => Change::Close(site(id)),
            Self::Pause(id) => Change::SetStatus {
                site: site(id),
                status: SiteStatus::Paused,
            },
            Self::Resume(id) => Change::SetStatus {
                site: site(id),
                status: SiteStatus::Open,
            },
            Self::Move(id, place) => Change::Move {
                site: site(id),
                to: place.position(),
            },
            Self::Capacity(id, units) => Change::SetCapacity {
                site: site(id),
                capacity: Units((*units).into()),
            },
            Self::Area(id, place, area) => Change::SetArea {
                site: site(id),
                area: area.area(place.position()),
            },
        }
    }
}

impl Place {
    fn position(self) -> Position {
        let (lng, lat) = match self {
            Self::QuarterDegrees(lng, lat) => (0.25 * f64::from(lng), 0.25 * f64::from(lat)),
            Self::Millionths(lng, lat) => {
                (121.5 + 1e-6 * f64::from(lng), 31.2 + 1e-6 * f64::from(lat))
            }
            Self::NearPole {
                north,
                lng,
                from_pole,
            } => {
                let lat = 90.0 - 0.001 * f64::from(from_pole);
                (1.4 * f64::from(lng), if north { lat } else { -lat })
            }
            Self::NearAntimeridian { east, lat } => {
                (180.0 + 0.001 * f64::from(east), 0.5 * f64::from(lat))
            }
            Self::Anywhere(lng, lat) => {
                let share = |number: i32| f64::from(number) / f64::from(i32::MAX);
                let at = LngLat {
                    lng: 180.0 * share(lng),
                    lat: 90.0 * share(lat),
                };
                // The smallest number lies a little outside.
                return Position::new(at).unwrap_or(degrees(0.0, 0.0));
            }
        };
        degrees(lng, lat)
    }
}

impl RawArea {
    fn area(self, at: Position) -> ServiceArea {
        let draw = |kind: Areas, seed: u8| kind.draw(at, &mut Random::new(seed.into()));
        let polar = at.lat().abs() > 80.0;
        match self {
            Self::Unlimited => ServiceArea::Unlimited,
            // A star would not know that it crosses a pole or the antimeridian.
            Self::Star(seed) if polar || at.lng().abs() > 179.0 => draw(Areas::Radii, seed),
            Self::Star(seed) => draw(Areas::Mixed, seed),
            Self::Box(seed) if polar => draw(Areas::Cells, seed),
            Self::Box(seed) => draw(Areas::Boxes, seed),
            Self::Cells(seed) => draw(Areas::Cells, seed),
            _ => ServiceArea::Radius(self.radius()),
        }
    }

    /// Up to 65 m, or up to 25,000 km.
    fn radius(self) -> Distance {
        match self {
            Self::Radius(millimetres) => Distance::from_millimetres(millimetres.into()),
            Self::HugeRadius(metres) => Distance::from_metres(metres % 25_000_000),
            _ => Distance::from_metres(30_000),
        }
    }
}

impl Question {
    fn compare(&self, network: &Network, brute: &Brute) {
        let from = self.from.position();
        let k = usize::from(self.k);
        let first = |found: &[Neighbour]| found.first().copied();

        let nearest = brute.nearest(from, k);
        assert_eq!(network.nearest(from, k), nearest);
        assert_eq!(network.nearest_site(from), first(&brute.nearest(from, 1)));
        assert_eq!(network.serving_sites(from), brute.serving(from));
        let reached = nearest.last().map(|last| last.distance);
        for radius in reached.into_iter().chain([self.radius.radius()]) {
            assert_eq!(network.within(from, radius), brute.within(from, radius));
        }

        let (filter, eligible) = self.demand.answer(from, k, brute);
        assert_eq!(network.nearest_eligible(from, k, &filter), eligible);
        let (_, eligible) = self.demand.answer(from, 1, brute);
        assert_eq!(
            network.nearest_eligible_site(from, &filter),
            first(&eligible)
        );
        let ranked = network.explain(from, k, &filter);
        assert!(
            ranked
                .iter()
                .map(|candidate| candidate.neighbour)
                .eq(nearest)
        );
    }
}

impl Demand {
    fn answer(self, from: Position, k: usize, brute: &Brute) -> (Filter<'static>, Vec<Neighbour>) {
        let cold = Tags::from_iter([Tag::COLD_CHAIN]);
        let filter = match self {
            Self::None => Filter::default(),
            Self::Leader => Filter::default().kind(SiteKind::Leader),
            Self::Cold => Filter::default().tags(cold),
            Self::Size(size) => Filter::default().size(Units(1 + u32::from(size))),
            Self::OddId => Filter::default().matching(&|site| site.id.0 % 2 == 1),
        };
        let eligible = brute.eligible(from, k, |site| match self {
            Self::None => true,
            Self::Leader => site.kind == SiteKind::Leader,
            Self::Cold => site.tags == cold,
            Self::Size(size) => site.capacity > Units(size.into()),
            Self::OddId => site.id.0 % 2 == 1,
        });
        (filter, eligible)
    }
}

/// The network after all changes, or `None` if one of them can't be or a supplier is missing in the end.
fn changed(brute: &Brute, changes: &[Change]) -> Option<Brute> {
    let mut brute = brute.clone();
    for change in changes {
        let exists = sites_of(&brute).any(|site| site.id == change.site());
        if exists == matches!(change, Change::Open(_)) {
            return None;
        }
        brute.apply(change);
    }
    are_suppliers_valid(sites_of(&brute)).then_some(brute)
}

fn are_valid(sites: &[Site]) -> bool {
    let ids: BTreeMap<SiteId, &Site> = sites.iter().map(|site| (site.id, site)).collect();
    ids.len() == sites.len() && are_suppliers_valid(sites.iter())
}

/// Leaders may name a store of the network, stores nobody.
fn are_suppliers_valid<'a>(sites: impl Iterator<Item = &'a Site>) -> bool {
    let sites: BTreeMap<SiteId, &Site> = sites.map(|site| (site.id, site)).collect();
    sites.values().all(|site| match site.supplied_by {
        None => true,
        Some(supplier) => {
            let store = sites
                .get(&supplier)
                .is_some_and(|found| found.kind == SiteKind::Store);
            site.kind == SiteKind::Leader && store
        }
    })
}

fn sites_of(brute: &Brute) -> impl Iterator<Item = &Site> {
    (0..brute.len()).map(|at| brute.site(at))
}
