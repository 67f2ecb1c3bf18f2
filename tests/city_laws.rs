//! The CSV reader of the example `city`: what holds for every file, however damaged.

use std::fmt::Debug;
use std::io::{self, Read};

use catchment::geo::{LngLat, Position};
use proptest::prelude::*;

use crate::city_files::orders;
use crate::city_files::records::fault::ReadError;
use crate::city_files::records::{Format, Records, read_orders};

/// Gives a byte at a time, and is interrupted before each.
struct Trickle<'a> {
    bytes: &'a [u8],
    interrupted: bool,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.bytes.read(&mut buffer[..length])
    }
}

/// Bytes that are often nearly a CSV file.
fn nearly_csv() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"id,lon,lat\n"[..]),
        Just(&b"A,1,2\n"[..]),
        Just(&b",\"3\",4"[..]),
        Just(&b"\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"\""[..]),
        Just(&b","[..]),
        Just(&b"\xFF\xC3"[..]),
        Just(&b"-7.5"[..]),
        Just(&b"\xEF\xBB\xBF"[..]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| {
        let mut bytes = b"id,lon,lat\n".to_vec();
        bytes.extend(pieces.concat());
        bytes
    })
}

fn same<T: PartialEq + Debug>(a: Result<T, ReadError>, b: Result<T, ReadError>) {
    match (a, b) {
        (Ok(a), Ok(b)) => assert_eq!(a, b),
        (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
        (a, b) => assert_eq!(a.is_ok(), b.is_ok()),
    }
}

/// A row as another program would write it.
fn written() -> impl Strategy<Value = (String, f64, f64, String)> {
    (
        "[a-zA-Z0-9\",\u{e9}\u{4e2d} ]{0,6}",
        -200.0..200.0_f64,
        -95.0..95.0_f64,
        "[a-z\",\r\n]{0,8}",
    )
}

proptest! {
    #[test]
    fn pieces_in_which_bytes_arrive_make_no_difference(bytes in nearly_csv()) {
        let trickle = Trickle { bytes: &bytes, interrupted: false };
        same(
            read_orders(trickle, &Format::default()),
            read_orders(&bytes[..], &Format::default()),
        );
    }

    #[test]
    fn every_line_is_accounted_for(bytes in nearly_csv()) {
        let Records { rows, bad, .. } = orders(&bytes);
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> =
            text.split('\n').map(|line| line.trim_start_matches('\u{feff}')).collect();
        let rows_max = lines.iter().filter(|line| !line.is_empty()).count() as u64 - 1;
        // Only quotation marks make one row of several lines.
        prop_assert!(rows.len() as u64 + bad.count <= rows_max);
        prop_assert!(text.contains('"') || rows.len() as u64 + bad.count == rows_max);
        let line_max = lines.len() as u64;
        prop_assert!(bad.first.iter().all(|row| (2..=line_max).contains(&row.line)));
        prop_assert!(bad.first.is_sorted_by(|a, b| a.line < b.line));
    }

    /// The slow twin: the `csv` crate's own writer and reader, and the rules once more in plain words.
    #[test]
    fn files_of_the_csv_crate_are_read_as_it_reads_them(
        rows in prop::collection::vec(written(), 0..40),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "lon", "lat", "note"]).expect("memory");
        for (id, lng, lat, note) in &rows {
            writer.write_record([id, &lng.to_string(), &lat.to_string(), note]).expect("memory");
        }
        let file = writer.into_inner().expect("memory");

        let mut expected: Vec<(String, Position)> = Vec::new();
        let mut bad = 0;
        for row in csv::Reader::from_reader(&file[..]).records() {
            let row = row.expect("a file that was just written");
            let number = |index: usize| row[index].parse().expect("a number that was just written");
            let id = row[0].trim();
            match Position::new(LngLat { lng: number(1), lat: number(2) }) {
                Ok(position) if !id.is_empty() && expected.iter().all(|(taken, _)| taken != id) => {
                    expected.push((id.to_owned(), position));
                }
                _ => bad += 1,
            }
        }
        let records = orders(&file);
        let found: Vec<_> =
            records.rows.iter().map(|order| (order.id.to_string(), order.position)).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(records.bad.count, bad);
    }
}
