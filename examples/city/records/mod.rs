//! Reading a city from CSV: pickup points and orders, one row each.
//!
//! A file is read as a stream, plain or gzip (told apart by its first bytes), with memory bounded by the rows it
//! really has. A row that makes no sense is left out, counted, and reported with its line and the cause: nothing
//! is dropped silently, and no input whatever makes the reader panic (it is fuzzed).

pub(crate) mod columns;
pub(crate) mod fault;
pub(crate) mod rows;

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::sync::Arc;

use catchment::geo::{Bd09, Gcj02, LngLat, Position, PositionError};
use catchment::limits::Limits;
use catchment::site::SiteKind;
use catchment::units::{Distance, Units};

use columns::{ColumnNames, Columns};
use fault::{BadRow, BadRows, Cause, ReadError, excerpt};
use rows::{Fields, Rows};

/// A pickup point as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pickup {
    pub(crate) id: Arc<str>,
    pub(crate) position: Position,
    /// From the column `kind`; a leader unless the file says that it is a store.
    pub(crate) kind: SiteKind,
    /// From the column `radius_m`: how far it serves. `None` is without limit.
    pub(crate) radius: Option<Distance>,
    /// From the column named for it: how much it takes. `None` is without limit.
    pub(crate) capacity: Option<Units>,
}

/// An order as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Demand {
    pub(crate) id: Arc<str>,
    pub(crate) position: Position,
    /// From the column `actual_site_id`: where the order really went.
    pub(crate) actual_site: Option<Arc<str>>,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Records<T> {
    /// The good rows, in the order of the file. No two have the same id.
    pub(crate) rows: Vec<T>,
    pub(crate) bad: BadRows,
    pub(crate) columns: Columns,
}

/// How to read a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Format {
    pub(crate) columns: ColumnNames,
    pub(crate) datum: Datum,
    pub(crate) on_bad_row: OnBadRow,
}

/// What the longitudes and latitudes of a file refer to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Datum {
    /// GPS, and most of the world.
    #[default]
    Wgs84,
    /// Amap and Tencent.
    Gcj02,
    /// Baidu.
    Bd09,
}

/// What happens when a row makes no sense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnBadRow {
    /// Count it and go on.
    #[default]
    Count,
    /// Stop with [`ReadError::BadRow`].
    Stop,
}

/// Reads pickup points. O(bytes).
///
/// # Errors
///
/// [`ReadError`] if the source fails, has no header, or lacks a column; with [`OnBadRow::Stop`] at the first bad row.
pub(crate) fn read_pickups(
    source: impl Read,
    format: &Format,
) -> Result<Records<Pickup>, ReadError> {
    read(source, format, |id, position, fields, columns| {
        let kind = match columns.kind {
            Some(index) => site_kind(fields.get(index)?),
            None => SiteKind::Leader,
        };
        let radius = match columns.radius {
            Some(index) => radius(fields, columns, index)?,
            None => None,
        };
        let capacity = columns
            .capacity
            .map(|index| capacity(fields, columns, index))
            .transpose()?;
        Ok(Pickup {
            id,
            position,
            kind,
            radius,
            capacity,
        })
    })
}

/// Reads orders. O(bytes).
///
/// # Errors
///
/// As [`read_pickups`].
pub(crate) fn read_orders(
    source: impl Read,
    format: &Format,
) -> Result<Records<Demand>, ReadError> {
    // Many orders, few sites: equal names share their memory.
    let mut sites: HashSet<Arc<str>> = HashSet::new();
    read(source, format, |id, position, fields, columns| {
        let actual_site = match columns
            .actual_site
            .map(|index| fields.get(index))
            .transpose()?
        {
            None | Some("") => None,
            Some(name) => Some(sites.get(name).cloned().unwrap_or_else(|| {
                let name: Arc<str> = name.into();
                sites.insert(Arc::clone(&name));
                name
            })),
        };
        Ok(Demand {
            id,
            position,
            actual_site,
        })
    })
}

/// The part that both kinds of file share: header, id, position, and the account of bad rows.
fn read<T>(
    source: impl Read,
    format: &Format,
    mut record: impl FnMut(Arc<str>, Position, Fields<'_>, &Columns) -> Result<T, Cause>,
) -> Result<Records<T>, ReadError> {
    let rows_max = Limits::default().orders_max;
    let mut rows = Rows::new(plain(source)?);
    let columns = read_header(&mut rows, format)?;
    let mut records = Records {
        rows: Vec::new(),
        bad: BadRows::default(),
        columns,
    };
    let mut line_of_id: HashMap<Arc<str>, u64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let line = row.line;
        let good = row.fields.map_err(Cause::from).and_then(|fields| {
            let columns = &records.columns;
            let (found, expected) = (fields.len(), columns.len());
            if found != expected {
                return Err(Cause::FieldCount { found, expected });
            }
            let id = id(line, fields, columns, &line_of_id)?;
            let position = position(fields, columns, format.datum)?;
            Ok((Arc::clone(&id), record(id, position, fields, columns)?))
        });
        match good {
            Ok(_) if records.rows.len() == rows_max => {
                return Err(ReadError::TooManyRows { limit: rows_max });
            }
            Ok((id, row)) => {
                line_of_id.insert(id, line);
                records.rows.push(row);
            }
            Err(cause) if format.on_bad_row == OnBadRow::Stop => {
                return Err(BadRow { line, cause }.into());
            }
            Err(cause) => records.bad.push(BadRow { line, cause }),
        }
    }
    Ok(records)
}

fn read_header(rows: &mut Rows<impl Read>, format: &Format) -> Result<Columns, ReadError> {
    let row = rows.next()?.ok_or(ReadError::Empty)?;
    let line = row.line;
    let names = row
        .fields
        .and_then(|fields| {
            (0..fields.len())
                .map(|index| fields.get(index).map(str::to_owned))
                .collect()
        })
        .map_err(|fault| ReadError::Header { line, fault })?;
    Ok(Columns::find(names, &format.columns, format.datum)?)
}

/// The id of a row, if no good row before it has the same.
fn id(
    line: u64,
    fields: Fields<'_>,
    columns: &Columns,
    line_of_id: &HashMap<Arc<str>, u64>,
) -> Result<Arc<str>, Cause> {
    let Some(index) = columns.id else {
        return Ok(line.to_string().into());
    };
    let id = present(fields, columns, index)?;
    match line_of_id.get(id) {
        Some(&line) => Err(Cause::DuplicateId {
            id: excerpt(id),
            line,
        }),
        None => Ok(id.into()),
    }
}

fn position(fields: Fields<'_>, columns: &Columns, datum: Datum) -> Result<Position, Cause> {
    let lng = number(fields, columns, columns.longitude)?;
    let lat = number(fields, columns, columns.latitude)?;
    Ok(datum.position(LngLat { lng, lat })?)
}

/// A field that has something in it.
fn present<'a>(fields: Fields<'a>, columns: &Columns, index: usize) -> Result<&'a str, Cause> {
    match fields.get(index)? {
        "" => Err(Cause::Missing {
            column: columns.name(index).to_owned(),
        }),
        value => Ok(value),
    }
}

fn number(fields: Fields<'_>, columns: &Columns, index: usize) -> Result<f64, Cause> {
    let value = present(fields, columns, index)?;
    value.parse().map_err(|_| Cause::NotANumber {
        column: columns.name(index).to_owned(),
        value: excerpt(value),
    })
}

/// A service radius in metres; an empty field is no limit.
fn radius(fields: Fields<'_>, columns: &Columns, index: usize) -> Result<Option<Distance>, Cause> {
    if fields.get(index)?.is_empty() {
        return Ok(None);
    }
    let metres = number(fields, columns, index)?;
    Distance::from_metres_f64(metres)
        .map(Some)
        .map_err(|reason| Cause::Radius {
            column: columns.name(index).to_owned(),
            reason,
        })
}

fn capacity(fields: Fields<'_>, columns: &Columns, index: usize) -> Result<Units, Cause> {
    let value = present(fields, columns, index)?;
    let capacity = value.parse().map_err(|_| Cause::NotACapacity {
        column: columns.name(index).to_owned(),
        value: excerpt(value),
    })?;
    Ok(Units(capacity))
}

/// Whatever is not called a store is somebody who hands out parcels.
fn site_kind(name: &str) -> SiteKind {
    match name.to_lowercase().as_str() {
        "store" | "shop" | "门店" => SiteKind::Store,
        _ => SiteKind::Leader,
    }
}

impl Datum {
    pub(crate) const ALL: [Self; 3] = [Self::Wgs84, Self::Gcj02, Self::Bd09];

    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    /// The end of the name of a column that says which datum it is in.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Wgs84 => "_wgs84",
            Self::Gcj02 => "_gcj02",
            Self::Bd09 => "_bd09",
        }
    }

    /// The place that coordinates of this datum name.
    fn position(self, LngLat { lng, lat }: LngLat) -> Result<Position, PositionError> {
        match self {
            Self::Wgs84 => Position::new(LngLat { lng, lat }),
            Self::Gcj02 => Gcj02 { lng, lat }.to_wgs84(),
            Self::Bd09 => Bd09 { lng, lat }.to_wgs84(),
        }
    }
}

/// The bytes themselves, or what they hold if they are gzip.
fn plain<'a>(mut source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    const GZIP: &[u8] = &[0x1F, 0x8B];
    let mut head = Vec::with_capacity(GZIP.len());
    source
        .by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut head)?;
    let gzip = head == GZIP;
    let whole = io::Cursor::new(head).chain(source);
    Ok(if gzip {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else {
        Box::new(whole)
    })
}
