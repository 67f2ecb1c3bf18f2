//! Instance files, little endian.
//!
//! | `.bal` | |
//! | --- | --- |
//! | 8 bytes | `BALANCE1` |
//! | `u32` × 3 | orders n, sites m, candidates c |
//! | `u32` | objective: 0 least sum of costs and prices, 1 fewest unassigned first |
//! | `u32` | places: 0 none, 1 at the end |
//! | `u32[m]` | capacities |
//! | `i64[n]` | the price of leaving each order unassigned |
//! | `u32[n + 1]` | where each order's row of candidates begins; the last is c |
//! | `u32[c]` | the rows: sites |
//! | `i32[c]` | their costs |
//! | `f64[m][2]`, `f64[n][2]` | with places: latitude and longitude of sites and orders, degrees |
//!
//! Also read: `.spa` files, in which every order has k candidates and one price holds for all: `SPA1` and four zero
//! bytes; `u32` n, m, k, price; `u32[m]` capacities; `f64[m][2]`, `f64[n][2]` places; `u32[n][k]` sites;
//! `u32[n][k]` costs.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::instance::{Instance, InstanceError, Objective, Places};

const OWN: [u8; 8] = *b"BALANCE1";
const SPA: [u8; 8] = *b"SPA1\0\0\0\0";

#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {fault}", path.display())]
    Format { path: PathBuf, fault: FormatError },
}

#[derive(Debug, Error)]
pub(crate) enum FormatError {
    #[error("begins with {0:?}, which is neither of the formats")]
    Magic([u8; 8]),
    #[error("has {bytes} bytes, its header promises {expected}")]
    Length { bytes: u64, expected: u64 },
    #[error("{field} is {value}, which is not 0 or 1")]
    Choice { field: &'static str, value: u32 },
    #[error("a cost is {0}, more than a signed 32-bit number can hold")]
    Cost(u32),
    #[error(transparent)]
    Arrays(#[from] InstanceError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads either format and checks it.
pub(crate) fn read(path: &Path) -> Result<Instance, FileError> {
    let io = |source| FileError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    read_any(&mut reader, bytes).map_err(|fault| FileError::Format {
        path: path.to_owned(),
        fault,
    })
}

/// Writes the `.bal` format, in whole or not at all.
pub(crate) fn write(instance: &Instance, path: &Path) -> Result<(), FileError> {
    let half = path.with_extension("part");
    let written = File::create(&half).and_then(|file| {
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        write_own(instance, &mut writer)?;
        writer.flush()?;
        std::fs::rename(&half, path)
    });
    written.map_err(|source| FileError::Io {
        path: path.to_owned(),
        source,
    })
}

fn read_any(reader: &mut impl Read, bytes: u64) -> Result<Instance, FormatError> {
    let magic = take::<8>(reader)?;
    let instance = match magic {
        OWN => read_own(reader, bytes)?,
        SPA => read_spa(reader, bytes)?,
        _ => return Err(FormatError::Magic(magic)),
    };
    instance.check()?;
    Ok(instance)
}

fn read_own(reader: &mut impl Read, bytes: u64) -> Result<Instance, FormatError> {
    let [orders, sites, candidates, objective, places] = header(reader)?;
    let (n, m, c) = (u64::from(orders), u64::from(sites), u64::from(candidates));
    let placed = choice("places", places, [false, true])?;
    let objective = choice(
        "objective",
        objective,
        [Objective::Priced, Objective::Fewest],
    )?;
    let expected = 8 + 20 + 4 * m + 8 * n + 4 * (n + 1) + 8 * c + u64::from(places) * 16 * (n + m);
    same_length(bytes, expected)?;
    Ok(Instance {
        objective,
        capacities: array(reader, sites, u32::from_le_bytes)?,
        prices: array(reader, orders, i64::from_le_bytes)?,
        starts: [
            array(reader, orders, u32::from_le_bytes)?,
            array(reader, 1, u32::from_le_bytes)?,
        ]
        .concat(),
        sites: array(reader, candidates, u32::from_le_bytes)?,
        costs: array(reader, candidates, i32::from_le_bytes)?,
        places: if placed {
            Some(read_places(reader, sites, orders)?)
        } else {
            None
        },
    })
}

fn read_spa(reader: &mut impl Read, bytes: u64) -> Result<Instance, FormatError> {
    let [orders, sites, k, price] = header(reader)?;
    let (n, m, c) = (
        u64::from(orders),
        u64::from(sites),
        u64::from(orders) * u64::from(k),
    );
    same_length(bytes, 8 + 16 + 4 * m + 16 * (n + m) + 8 * c)?;
    let capacities = array(reader, sites, u32::from_le_bytes)?;
    let places = read_places(reader, sites, orders)?;
    let cells = u32::try_from(c).map_err(|_| FormatError::Length {
        bytes: c,
        expected: u64::from(u32::MAX),
    })?;
    let candidates = array(reader, cells, u32::from_le_bytes)?;
    let costs: Vec<u32> = array(reader, cells, u32::from_le_bytes)?;
    let costs: Result<Vec<i32>, _> = costs
        .into_iter()
        .map(|cost| i32::try_from(cost).map_err(|_| FormatError::Cost(cost)))
        .collect();
    Ok(Instance {
        objective: Objective::Priced,
        capacities,
        prices: vec![i64::from(price); orders as usize],
        starts: (0..=orders).map(|order| order * k).collect(),
        sites: candidates,
        costs: costs?,
        places: Some(places),
    })
}

fn write_own(instance: &Instance, writer: &mut impl Write) -> io::Result<()> {
    let objective = match instance.objective {
        Objective::Priced => 0,
        Objective::Fewest => 1,
    };
    let header = [
        instance.orders() as u32,
        instance.capacities.len() as u32,
        instance.sites.len() as u32,
        objective,
        u32::from(instance.places.is_some()),
    ];
    writer.write_all(&OWN)?;
    let words = header.iter().chain(&instance.capacities);
    put(writer, words, |word| word.to_le_bytes())?;
    put(writer, &instance.prices, |price| price.to_le_bytes())?;
    let words = instance.starts.iter().chain(&instance.sites);
    put(writer, words, |word| word.to_le_bytes())?;
    put(writer, &instance.costs, |cost| cost.to_le_bytes())?;
    let places = instance.places.iter();
    let degrees = places.flat_map(|places| places.sites.iter().chain(&places.orders).flatten());
    put(writer, degrees, |degree| degree.to_le_bytes())
}

fn put<'a, T: 'a, const N: usize>(
    writer: &mut impl Write,
    values: impl IntoIterator<Item = &'a T>,
    bytes: impl Fn(&T) -> [u8; N],
) -> io::Result<()> {
    values
        .into_iter()
        .try_for_each(|value| writer.write_all(&bytes(value)))
}

fn header<const N: usize>(reader: &mut impl Read) -> io::Result<[u32; N]> {
    let mut fields = [0; N];
    for field in &mut fields {
        *field = u32::from_le_bytes(take(reader)?);
    }
    Ok(fields)
}

fn choice<T: Copy>(field: &'static str, value: u32, values: [T; 2]) -> Result<T, FormatError> {
    let chosen = values.get(value as usize).copied();
    chosen.ok_or(FormatError::Choice { field, value })
}

/// The header's sizes must be the file's before anything is allocated by them.
fn same_length(bytes: u64, expected: u64) -> Result<(), FormatError> {
    if bytes == expected {
        Ok(())
    } else {
        Err(FormatError::Length { bytes, expected })
    }
}

fn read_places(reader: &mut impl Read, sites: u32, orders: u32) -> io::Result<Places> {
    let place = |bytes: [u8; 16]| {
        let (latitude, longitude) = bytes.split_at(8);
        [latitude, longitude].map(|half| {
            f64::from_le_bytes(
                half.try_into()
                    .expect("sixteen bytes were split in the middle"),
            )
        })
    };
    Ok(Places {
        sites: array(reader, sites, place)?,
        orders: array(reader, orders, place)?,
    })
}

fn array<T, const N: usize>(
    reader: &mut impl Read,
    count: u32,
    value: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    let mut values = Vec::with_capacity(count as usize);
    for _ in 0..count {
        values.push(value(take(reader)?));
    }
    Ok(values)
}

fn take<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
