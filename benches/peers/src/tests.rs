//! Instances are what they say they are, and files keep them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::city::{City, Kind, Size, Unit};
use crate::file::{self, FileError, FormatError};
use crate::instance::{Instance, InstanceError, Places};
use crate::small;

const CITY: City = City {
    size: Size::Thousands2,
    kind: Kind::Base,
    seed: 1,
    nearest: 16,
    unit: Unit::Metres,
};

#[test]
fn a_city_is_the_same_on_every_machine() {
    // FNV-1a, G. Fowler, L. C. Noll and K.-P. Vo.
    let digest = |bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let path = scratch("city");
    file::write(&CITY.generate(), path.as_ref()).expect("writable");
    let bytes = fs::read(&path).expect("readable");
    assert_eq!(digest(&bytes), 0xe04a_703e_dcf4_5c89);
}

#[test]
fn kinds_share_places_and_differ_in_how_much_overflows() {
    // Shares of orders that their nearest site has no room for, over ten seeds of 20k × 800: 2.4, 17.8 and 27.7 %.
    for (kind, low, high) in [
        (Kind::Base, 0.01, 0.05),
        (Kind::Tight, 0.15, 0.25),
        (Kind::Hard, 0.24, 0.34),
    ] {
        let instance = City { kind, ..CITY }.generate();
        assert_eq!(instance.check(), Ok(()));
        assert_eq!(instance.places, CITY.generate().places);
        assert_eq!(instance.capacities.iter().sum::<u32>(), 2_300);
        assert!(instance.capacities.iter().all(|capacity| *capacity > 0));
        let mut overflow: Vec<i64> = instance.capacities.iter().map(|c| -i64::from(*c)).collect();
        for order in 0..instance.orders() {
            let costs: Vec<i32> = instance.row(order).map(|(_, cost)| cost).collect();
            assert!(costs.len() == 16 && costs.is_sorted(), "{order}: {costs:?}");
            let nearest = instance.row(order).next().expect("sixteen candidates").0;
            overflow[nearest as usize] += 1;
        }
        let sum: i64 = overflow.into_iter().filter(|over| *over > 0).sum();
        let share = sum as f64 / 2_000.0;
        assert!(low < share && share < high, "{kind:?}: {share}");
    }
}

#[test]
fn candidates_are_the_nearest_of_all_sites() {
    let instance = CITY.generate();
    let places = instance.places.as_ref().expect("a city has places");
    for order in (0..instance.orders()).step_by(37) {
        let mut costs: Vec<i32> = places
            .sites
            .iter()
            .map(|site| haversine(places.orders[order], *site).round() as i32)
            .collect();
        costs.sort_unstable();
        let listed: Vec<i32> = instance.row(order).map(|(_, cost)| cost).collect();
        assert_eq!(listed, costs[..16], "order {order}");
    }
}

#[test]
fn files_keep_instances() {
    let path = scratch("round");
    let small = (0..200).map(small::instance);
    for instance in small.chain([CITY.generate()]) {
        assert_eq!(instance.check(), Ok(()));
        file::write(&instance, path.as_ref()).expect("writable");
        assert_eq!(file::read(path.as_ref()).expect("readable"), instance);
    }
}

#[test]
fn files_of_the_other_format_are_read() {
    // Two orders, three sites, two candidates each.
    let mut bytes = b"SPA1\0\0\0\0".to_vec();
    for word in [2_u32, 3, 2, 1_000_000, 5, 0, 7] {
        bytes.extend(word.to_le_bytes());
    }
    for half_degrees in 0..10 {
        bytes.extend((f64::from(half_degrees) / 2.0).to_le_bytes());
    }
    for word in [1_u32, 0, 2, 1, 10, 20, 30, 40] {
        bytes.extend(word.to_le_bytes());
    }
    let path = scratch("spa");
    fs::write(&path, bytes).expect("writable");
    let instance = file::read(path.as_ref()).expect("readable");
    assert_eq!(instance.capacities, [5, 0, 7]);
    assert_eq!(instance.prices, [1_000_000; 2]);
    assert_eq!(instance.row(0).collect::<Vec<_>>(), [(1, 10), (0, 20)]);
    assert_eq!(instance.row(1).collect::<Vec<_>>(), [(2, 30), (1, 40)]);
    let places = Places {
        sites: vec![[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]],
        orders: vec![[3.0, 3.5], [4.0, 4.5]],
    };
    assert_eq!(instance.places, Some(places));
}

#[test]
fn bad_files_are_refused() {
    let path = scratch("bad");
    file::write(&small::instance(0), path.as_ref()).expect("writable");
    let good = fs::read(&path).expect("readable");
    let fault = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(&path, bytes).expect("writable");
        match file::read(path.as_ref()) {
            Err(FileError::Format { fault, .. }) => fault,
            other => unreachable!("not a fault of the format: {other:?}"),
        }
    };
    assert!(matches!(
        fault(|bytes| bytes[0] = b'X'),
        FormatError::Magic(_)
    ));
    assert!(matches!(
        fault(|bytes| bytes.push(0)),
        FormatError::Length { .. }
    ));
    assert!(matches!(
        fault(|bytes| bytes[8..12].fill(0xff)),
        FormatError::Length { .. }
    ));
    assert!(matches!(
        fault(|bytes| bytes[20] = 2),
        FormatError::Choice { value: 2, .. }
    ));
    let arrays = [
        Instance {
            starts: vec![0, 2],
            ..Instance::default()
        },
        Instance {
            prices: vec![1],
            starts: vec![0, 1],
            sites: vec![0],
            costs: vec![3],
            ..Instance::default()
        },
    ];
    let faults = arrays.map(|instance| instance.check());
    assert!(matches!(faults[0], Err(InstanceError::Starts { .. })));
    assert!(matches!(faults[1], Err(InstanceError::Site { .. })));
}

fn haversine([lat, lng]: [f64; 2], [other_lat, other_lng]: [f64; 2]) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let parallels = lat.to_radians().cos() * other_lat.to_radians().cos();
    let square = half(lat, other_lat) + parallels * half(lng, other_lng);
    2.0 * 6_371_008.8 * square.sqrt().asin()
}

/// A file that goes when the test ends.
struct Scratch(PathBuf);

fn scratch(name: &str) -> Scratch {
    let name = format!("catchment-peers-{}-{name}", std::process::id());
    Scratch(std::env::temp_dir().join(name))
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
