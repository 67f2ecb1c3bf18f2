//! The CSV reader of the example `city`, on any bytes.
//!
//! It never panics, accounts for every row, lets no place into the city that is not on Earth, and reads the same
//! bytes the same way, in whatever pieces they arrive.

#![no_main]

use std::collections::HashSet;
use std::io::Read;

use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../examples/city/records/mod.rs"]
mod records;

use records::fault::{BadRows, ReadError};
use records::{Datum, Format, OnBadRow, Records, read_orders, read_pickups};

/// A good header most of the time, so that the rows below it are looked at.
const HEADER: &[u8] = b"id,lon,lat,kind,radius_m,actual_site_id\n";

fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else {
        return;
    };
    let datum = Datum::ALL[usize::from(choice) % Datum::ALL.len()];
    let format = Format {
        datum,
        ..Format::default()
    };
    let file = if choice & 0x80 == 0 {
        [HEADER, bytes].concat()
    } else {
        bytes.to_vec()
    };

    let pickups = read_pickups(&file[..], &format).map(|records| {
        check(
            &records,
            records
                .rows
                .iter()
                .map(|pickup| (&*pickup.id, pickup.position)),
        );
        records.rows.len() as u64 + records.bad.count
    });
    let orders = read_orders(&file[..], &format).map(|records| {
        check(
            &records,
            records
                .rows
                .iter()
                .map(|order| (&*order.id, order.position)),
        );
        records.rows.len() as u64 + records.bad.count
    });
    assert_eq!(
        text(&pickups),
        text(&orders),
        "both readers see the same rows"
    );

    let pieces = Pieces {
        bytes: &file,
        length: 1 + usize::from(choice % 7),
    };
    assert_eq!(
        text(&read_orders(pieces, &format)),
        text(&read_orders(&file[..], &format))
    );

    let strict = Format {
        on_bad_row: OnBadRow::Stop,
        ..format
    };
    if let Ok(records) = read_orders(&file[..], &strict) {
        assert_eq!(records.bad, BadRows::default());
    }
});

fn check<'a, T>(
    records: &Records<T>,
    rows: impl Iterator<Item = (&'a str, catchment::geo::Position)>,
) {
    let mut ids = HashSet::new();
    for (id, position) in rows {
        assert!(!id.is_empty() && ids.insert(id), "an id twice");
        assert!(position.lat().abs() <= 90.0 && position.lng().abs() <= 180.0);
    }
    let listed = records.bad.first.len();
    assert_eq!(
        listed as u64,
        records.bad.count.min(BadRows::LISTED_MAX as u64)
    );
    assert!(
        records.bad.first.is_sorted_by(|a, b| a.line < b.line),
        "a bad row per line, in order"
    );
}

/// A result in full, or why there is none.
fn text<T: std::fmt::Debug>(result: &Result<T, ReadError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

/// Gives a few bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    length: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.length);
        self.bytes.read(&mut buffer[..length])
    }
}
