//! How soon a change is visible, and whether readers notice: part of the `ratios` bench.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use catchment::candidates::Filter;
use catchment::geo::Position;
use catchment::id::SiteId;
use catchment::site::{Change, Neighbour, Network, SiteStatus};
use catchment::units::Units;

use crate::workload::{Areas, Random, World, sites};

const SITES: usize = 20_000;
const WORLD: World = World::Province;
const AREAS: Areas = Areas::Radii;

pub(crate) fn measure() {
    println!("\n| one change at {SITES} sites | median | p99 | largest | limit |");
    println!("| --- | --- | --- | --- | --- |");
    for (kind, limit) in [
        (Kind::Status, "20 µs"),
        (Kind::Capacity, "20 µs"),
        (Kind::Move, "1 ms"),
        (Kind::Area, "1 ms"),
    ] {
        let Quantiles {
            median,
            p99,
            largest,
        } = latency(kind);
        println!("| {kind:?} | {median:.1?} | {p99:.1?} | {largest:.1?} | {limit} |");
    }
    println!(
        "\n| one reader, 1,000 changes a second | quiet p50 | p99 | busy p50 | p99 | p99 ratio, limit 2 |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let filter = Filter::default();
    read("nearest", Network::nearest_site);
    read("nearest eligible", |network, from| {
        network.nearest_eligible_site(from, &filter)
    });
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Status,
    Capacity,
    Move,
    Area,
}

impl Kind {
    fn draw(self, random: &mut Random) -> Change {
        let site = SiteId(random.below(SITES) as u64);
        let position = |random: &mut Random| WORLD.positions(random.next(), 1)[0];
        match self {
            Self::Status if random.one_in(2) => Change::SetStatus {
                site,
                status: SiteStatus::Open,
            },
            Self::Status => Change::SetStatus {
                site,
                status: SiteStatus::Paused,
            },
            Self::Capacity => Change::SetCapacity {
                site,
                capacity: Units(random.below(100) as u32),
            },
            Self::Move => Change::Move {
                site,
                to: position(random),
            },
            Self::Area => Change::SetArea {
                site,
                area: AREAS.draw(position(random), random),
            },
        }
    }
}

fn latency(kind: Kind) -> Quantiles {
    // Enough for the changes to be packed several times.
    const CHANGES: usize = 20_000;
    let mut network = network();
    let mut random = Random::new(1);
    let times = (0..CHANGES).map(|_| {
        let change = kind.draw(&mut random);
        let start = Instant::now();
        network = network.with_changes([change]).expect("a valid change");
        start.elapsed()
    });
    Quantiles::of(times.collect())
}

/// One reader asks without pause, first alone and then while a writer publishes a thousand versions a second.
fn read(name: &str, look_up: impl Fn(&Network, Position) -> Option<Neighbour> + Sync) {
    let quiet = read_while(&look_up, false);
    let busy = read_while(&look_up, true);
    let ratio = busy.p99.as_secs_f64() / quiet.p99.as_secs_f64();
    println!(
        "| {name} | {:.0?} | {:.0?} | {:.0?} | {:.0?} | {ratio:.2} |",
        quiet.median, quiet.p99, busy.median, busy.p99
    );
}

fn read_while(
    look_up: &(impl Fn(&Network, Position) -> Option<Neighbour> + Sync),
    changing: bool,
) -> Quantiles {
    const CHANGES: u32 = 3_000;
    const PACE: Duration = Duration::from_millis(1);
    let published = ArcSwap::from_pointee(network());
    let queries = WORLD.positions(2, 200_000);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut times = Vec::new();
            for from in queries.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let start = Instant::now();
                std::hint::black_box(look_up(&published.load(), *from));
                times.push(start.elapsed());
            }
            Quantiles::of(times)
        });
        let mut random = Random::new(3);
        let start = Instant::now();
        for number in 1..=CHANGES {
            if changing {
                let kinds = [Kind::Status, Kind::Capacity, Kind::Move, Kind::Area];
                let change = kinds[random.below(kinds.len())].draw(&mut random);
                let next = published
                    .load()
                    .with_changes([change])
                    .expect("a valid change");
                published.store(next.into());
            }
            std::thread::sleep((PACE * number).saturating_sub(start.elapsed()));
        }
        done.store(true, Ordering::Relaxed);
        reader.join().expect("the reader ends with the changes")
    })
}

fn network() -> Network {
    let built = Network::builder()
        .sites(sites(WORLD, 1, SITES, &[AREAS]))
        .build();
    let network = built.expect("a valid network");
    network.prepare();
    network
}

struct Quantiles {
    median: Duration,
    p99: Duration,
    largest: Duration,
}

impl Quantiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            median: times[times.len() / 2],
            p99: times[times.len() * 99 / 100],
            largest: times[times.len() - 1],
        }
    }
}
