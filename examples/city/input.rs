//! Where a city comes from, and what there is to say about it on stderr.

use std::fs::File;

use crate::city::City;
use crate::cli::{CsvFile, Source};
use crate::failure::Failure;
use crate::progress::{Progress, Watched};
use crate::records::fault::ReadError;
use crate::records::{self, Format, Records};

/// Makes or reads a city. Also returns the number of rows that did not make it into the city.
///
/// # Errors
///
/// [`Failure`] if a file can't be opened, or can't be read as a whole.
pub(crate) fn city(source: Source) -> Result<(City, u64), Failure> {
    match source {
        Source::Synthetic(blueprint) => Ok((City::drawn(blueprint.draw()?), 0)),
        Source::Files { pickups, orders } => {
            let pickups = read(&pickups, records::read_pickups)?;
            let orders = read(&orders, records::read_orders)?;
            let bad_rows = pickups.bad.count + orders.bad.count;
            Ok((City::from_records(pickups.rows, orders.rows), bad_rows))
        }
    }
}

/// Reads one file with a reader of [`records`], and reports what was found and what was left out.
fn read<T>(
    file: &CsvFile,
    reader: impl FnOnce(Watched<File>, &Format) -> Result<Records<T>, ReadError>,
) -> Result<Records<T>, Failure> {
    let read = || {
        let bytes = File::open(&file.path)?;
        let length = bytes.metadata()?.len();
        reader(Progress::bytes(length).reading(bytes), &file.format)
    };
    let records = read().map_err(|error| Failure::Read {
        path: file.path.clone(),
        error,
    })?;
    report(file, &records);
    Ok(records)
}

/// Tells the user which columns were taken for what, and names the rows that were left out.
fn report<T>(file: &CsvFile, records: &Records<T>) {
    let path = file.path.display();
    let Records { rows, bad, columns } = records;
    let datum = file.format.datum.name();
    eprintln!("{path}: {} good rows; {columns}; datum {datum}", rows.len());
    for row in &bad.first {
        eprintln!("{path}: {row}");
    }
    match bad.count - bad.first.len() as u64 {
        _ if bad.count == 0 => {}
        0 => eprintln!("{path}: bad rows left out: {}", bad.count),
        more => eprintln!(
            "{path}: bad rows left out: {}, with {more} not listed",
            bad.count
        ),
    }
    if bad.duplicate_ids > rows.len() as u64 {
        eprintln!(
            "{path}: most ids repeat; is the id in another column? `#` takes the line number"
        );
    }
}
