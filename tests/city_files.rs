//! The CSV reader of the example `city`, case by case: files as shops have them, and files nobody should have.

use std::io::Write as _;

use catchment::geo::{Gcj02, LngLat, Position};
use catchment::site::SiteKind;
use catchment::units::{Distance, Units};

#[allow(dead_code, reason = "the example uses the rest")]
#[path = "../examples/city/records/mod.rs"]
pub(crate) mod records;

use records::columns::{ColumnError, ColumnNames};
use records::fault::{BadRows, Cause, ReadError};
use records::rows::{FIELDS_MAX, ROW_BYTES_MAX, ROW_LINES_MAX, RowFault};
use records::{Datum, Demand, Format, OnBadRow, Records, read_orders, read_pickups};

pub(crate) fn orders(bytes: impl AsRef<[u8]>) -> Records<Demand> {
    read_orders(bytes.as_ref(), &Format::default()).expect("a file with a good header")
}

fn at(lng: f64, lat: f64) -> Position {
    Position::new(LngLat { lng, lat }).expect("a place on Earth")
}

/// What is left of a file: the ids of good rows, and line and cause of bad ones.
fn check(name: &str, bytes: impl AsRef<[u8]>, good: &[&str], bad: &[(u64, &str)]) {
    let records = orders(bytes);
    let ids: Vec<&str> = records.rows.iter().map(|order| &*order.id).collect();
    let causes: Vec<(u64, String)> = records
        .bad
        .first
        .iter()
        .map(|row| (row.line, row.cause.to_string()))
        .collect();
    let causes: Vec<(u64, &str)> = causes
        .iter()
        .map(|(line, cause)| (*line, &**cause))
        .collect();
    assert_eq!(ids, good, "good rows of {name}");
    assert_eq!(causes, bad, "bad rows of {name}");
    assert_eq!(records.bad.count, bad.len() as u64, "{name}");
}

#[test]
fn good_rows_are_kept_however_they_are_written() {
    for (name, bytes) in [
        ("plain", "id,lon,lat\nA,1,2\nB,3,4\n"),
        ("no line break at the end", "id,lon,lat\nA,1,2\nB,3,4"),
        ("windows", "id,lon,lat\r\nA,1,2\r\nB,3,4\r\n"),
        ("old mac", "id,lon,lat\rA,1,2\rB,3,4\r"),
        ("byte-order mark", "\u{feff}id,lon,lat\nA,1,2\nB,3,4\n"),
        (
            "mark and quotes",
            "\u{feff}\"id\",\"lon\",\"lat\"\nA,1,2\nB,3,4\n",
        ),
        (
            "quotes",
            "\"id\",\"lon\",\"lat\"\n\"A\",\"1\",\"2\"\n\"B\",\"3\",\"4\"\n",
        ),
        ("blanks", "id , lon, lat\n A ,1 , 2\nB,\t3,4\n"),
        ("empty lines", "\n\nid,lon,lat\n\nA,1,2\r\n\r\n\nB,3,4\n\n"),
        ("other columns", "id,lat,name,lon\nA,2,x,1\nB,4,,3\n"),
        (
            "line break in quotes",
            "id,lon,lat,note\nA,1,2,\"two\nlines\"\nB,3,4,\"\"\n",
        ),
        (
            "quotation mark in a field",
            "id,lon,lat,note\nA,1,2,5\" pipe\nB,3,4,\"say \"\"hi\"\"\"\n",
        ),
        (
            "exponents and signs",
            "id,lon,lat\nA,+1e0,2.000\nB,.3e1,4\n",
        ),
        (
            "joined files",
            "id,lon,lat\nA,1,2\n\u{feff}\n\u{feff}B,3,4\n",
        ),
        ("capitals", "ID,LON,Latitude\nA,1,2\nB,3,4\n"),
        ("Chinese", "编号,经度,纬度\nA,1,2\nB,3,4\n"),
    ] {
        check(name, bytes, &["A", "B"], &[]);
        let records = orders(bytes);
        assert_eq!(records.rows[0].position, at(1.0, 2.0), "{name}");
        assert_eq!(records.rows[1].position, at(3.0, 4.0), "{name}");
    }
}

#[test]
fn bad_rows_are_named_with_line_and_cause() {
    check(
        "a file with everything wrong in it",
        b"id,lon,lat\n\
          A,1,2\n\
          B,1\n\
          C,1,2,3\n\
          D,,2\n\
          ,1,2\n\
          E,east,2\n\
          F,1,NaN\n\
          G,inf,2\n\
          H,1,90.5\n\
          I,-180.1,2\n\
          A,9,9\n\
          \xFF,1,2\n\
          J,1,2\xC3\n\
          K,121,4,31\n\
          L,1,2\n",
        &["A", "L"],
        &[
            (3, "2 fields where the header has 3"),
            (4, "4 fields where the header has 3"),
            (5, "column `lon` is empty"),
            (6, "column `id` is empty"),
            (7, "column `lon` has \"east\", which is not a number"),
            (8, "position lng 1, lat NaN is not finite"),
            (9, "position lng inf, lat 2 is not finite"),
            (10, "latitude 90.5 is outside -90 to 90 degrees"),
            (11, "longitude -180.1 is outside -180 to 180 degrees"),
            (12, "id \"A\" is already on line 2"),
            (13, "not UTF-8 text"),
            (14, "not UTF-8 text"),
            (15, "4 fields where the header has 3"),
        ],
    );
}

#[test]
fn the_first_good_row_owns_an_id() {
    check(
        "a bad row does not take the id",
        "id,lon,lat\nA,1,x\nA,1,2\nA,3,4\n",
        &["A"],
        &[
            (2, "column `lat` has \"x\", which is not a number"),
            (4, "id \"A\" is already on line 3"),
        ],
    );
}

#[test]
fn text_split_between_damaged_fields_is_no_text() {
    // Two halves of one character, each no UTF-8 alone, side by side in neighbouring fields.
    let records = orders(b"id,lon,lat\n\xC3,\xA9,2\n");
    assert_eq!(records.bad.first[0].cause, Cause::Row(RowFault::NotUtf8));
}

#[test]
fn a_quotation_mark_that_is_never_closed_costs_one_row() {
    let cause = "quotation mark opened but not closed within 100 lines";
    check(
        "near the end",
        "id,lon,lat\nA,1,2\n\"B,1,2\nC,1,2\n",
        &["A", "C"],
        &[(3, cause)],
    );
    check(
        "on the last line",
        "id,lon,lat\nA,1,2\nB,1,\"2",
        &["A"],
        &[(3, cause)],
    );

    let long = "lon,lat\n\"1,2\n".to_owned() + &"1,2\n".repeat(10_000);
    let records = orders(&long);
    assert_eq!(records.rows.len(), 10_000);
    assert_eq!(
        records.bad.first[0].cause,
        Cause::Row(RowFault::QuoteNotClosed)
    );
    assert_eq!((records.bad.count, records.bad.first[0].line), (1, 2));
}

#[test]
fn line_numbers_count_lines_not_rows() {
    check(
        "after line breaks in quotes and empty lines",
        "id,lon,lat,note\r\nA,1,2,\"a\r\nb\r\nc\"\r\n\r\nB,1,x,\n\nC,1,\n",
        &["A"],
        &[
            (6, "column `lat` has \"x\", which is not a number"),
            (8, "3 fields where the header has 4"),
        ],
    );
}

#[test]
fn limits_of_a_row_are_exact() {
    let wide = |fields: usize| format!("id,lon,lat{}\n", ",x".repeat(fields - 3));
    let columns = |fields| read_orders(wide(fields).as_bytes(), &Format::default());
    assert!(columns(FIELDS_MAX).is_ok());
    assert!(matches!(
        columns(FIELDS_MAX + 1),
        Err(ReadError::Header {
            line: 1,
            fault: RowFault::TooManyFields
        })
    ));

    let padded = |bytes: usize| format!("id,lon,lat\n{},1,2\nB,1,2\n", "A".repeat(bytes - 5));
    check(
        "as long as allowed",
        padded(ROW_BYTES_MAX),
        &["A".repeat(ROW_BYTES_MAX - 5).as_str(), "B"],
        &[],
    );
    let cause = "row longer than 65536 bytes";
    check(
        "one byte longer",
        padded(ROW_BYTES_MAX + 1),
        &["B"],
        &[(2, cause)],
    );
    check(
        "many times longer",
        padded(10 * ROW_BYTES_MAX + 7),
        &["B"],
        &[(2, cause)],
    );
    check(
        "longer than the file",
        format!("id,lon,lat\n{}", "A".repeat(ROW_BYTES_MAX)),
        &[],
        &[(2, cause)],
    );

    let lines = ROW_LINES_MAX as usize;
    let tall = |breaks: usize| format!("id,lon,lat\nA,1,\"2{}\"\nB,1,2\n", "\n".repeat(breaks));
    check(
        "as many lines as allowed",
        tall(lines - 1),
        &["A", "B"],
        &[],
    );
    // Then the first line is a bad row, the last one another; those between are empty.
    let records = orders(tall(lines));
    assert_eq!(records.bad.count, 2);
    assert_eq!(records.bad.first[1].line, 2 + ROW_LINES_MAX);
}

#[test]
fn only_the_first_bad_rows_are_listed_but_all_are_counted() {
    let file = "id,lon,lat\n".to_owned() + &"A,1,2\n".repeat(1_001);
    let BadRows {
        count,
        duplicate_ids,
        first,
    } = orders(&file).bad;
    assert_eq!(
        (count, duplicate_ids, first.len()),
        (1_000, 1_000, BadRows::LISTED_MAX)
    );
    assert_eq!(first.last().map(|row| row.line), Some(22));
}

#[test]
fn long_and_wild_values_are_quoted_short() {
    let records = orders(format!("id,lon,lat\nA,\u{1b}[31m{},2\n", "9x".repeat(500)));
    let cause = records.bad.first[0].to_string();
    assert!(cause.len() < 160 && !cause.contains('\u{1b}'), "{cause}");
}

#[test]
fn strict_stops_at_the_first_bad_row() {
    let format = Format {
        on_bad_row: OnBadRow::Stop,
        ..Format::default()
    };
    let file = "id,lon,lat\nA,1,2\nB,1,x\nC,y,2\n";
    let error = read_orders(file.as_bytes(), &format).expect_err("line 3 is bad");
    assert_eq!(
        error.to_string(),
        "line 3: column `lat` has \"x\", which is not a number"
    );
}

#[test]
fn files_that_are_no_tables_are_errors() {
    let message = |bytes: &[u8]| match read_orders(bytes, &Format::default()) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    for (bytes, expected) in [
        (&b""[..], "the file is empty: not even a header line"),
        (b"\r\n\n", "the file is empty: not even a header line"),
        (b"\xEF\xBB\xBF", "the file is empty: not even a header line"),
        (
            b"id,lat\nA,2\n",
            "no column `lon`; the header is: `id`, `lat`",
        ),
        (
            b"id;lon;lat\n",
            "no column `lon`; the header is: `id;lon;lat`",
        ),
        (b"id,lon,LON,lat\n", "two columns are called `lon`"),
        (b"id,lon,lat\xFF\n", "the header (line 1): not UTF-8 text"),
        (
            b"PK\x03\x04\xFF\xFE,\n",
            "the header (line 1): not UTF-8 text",
        ),
    ] {
        assert_eq!(message(bytes), expected, "{bytes:?}");
    }
    assert_eq!(
        message(b"id,lon,lat\n"),
        "",
        "a header alone is a table without rows"
    );
}

#[test]
fn columns_are_found_or_given() {
    let given = |id: Option<&str>, longitude: Option<&str>, latitude: Option<&str>| ColumnNames {
        id: id.map(str::to_owned),
        longitude: longitude.map(str::to_owned),
        latitude: latitude.map(str::to_owned),
        capacity: None,
    };
    let none = given(None, None, None);
    let both = "id,lon,lat,lon_gcj02,lat_gcj02\nA,1,2,3,4\n";
    for (file, columns, datum, expected) in [
        (both, &none, Datum::Wgs84, "id `id`; position `lon`, `lat`"),
        (
            both,
            &none,
            Datum::Gcj02,
            "id `id`; position `lon_gcj02`, `lat_gcj02`",
        ),
        (both, &none, Datum::Bd09, "id `id`; position `lon`, `lat`"),
        (
            both,
            &given(None, Some("lon"), Some("LAT")),
            Datum::Gcj02,
            "id `id`; position `lon`, `lat`",
        ),
        (
            both,
            &given(Some("#"), None, None),
            Datum::Wgs84,
            "id = line number; position `lon`, `lat`",
        ),
        (
            both,
            &given(Some("lat"), None, None),
            Datum::Wgs84,
            "id `lat`; position `lon`, `lat`",
        ),
        (
            "Lng,Lat,id\n1,2,A\n",
            &none,
            Datum::Wgs84,
            "id = line number; position `Lng`, `Lat`",
        ),
        (
            "id,lat,lon_gcj02,lon\n",
            &none,
            Datum::Gcj02,
            "id `id`; position `lon`, `lat`",
        ),
        (
            "id,lon,lat,actual_site_id\n",
            &none,
            Datum::Wgs84,
            "id `id`; position `lon`, `lat`; `actual_site_id`",
        ),
    ] {
        let format = Format {
            columns: columns.clone(),
            datum,
            ..Format::default()
        };
        let records = read_orders(file.as_bytes(), &format).expect("columns");
        assert_eq!(records.columns.to_string(), expected, "{file}");
    }
    let format = Format {
        columns: given(Some("name"), None, None),
        ..Format::default()
    };
    assert!(matches!(
        read_orders(both.as_bytes(), &format),
        Err(ReadError::Column(ColumnError::Missing { wanted, .. })) if wanted == "name"
    ));
}

#[test]
fn line_numbers_are_ids_where_there_are_none() {
    check("no id column", "lon,lat\n1,2\n\n1,2\n", &["2", "4"], &[]);
}

#[test]
fn coordinates_are_converted_from_the_datum_asked_for() {
    let format = Format {
        datum: Datum::Gcj02,
        ..Format::default()
    };
    let file = "id,lon,lat\nA,121.486181,31.270203\n";
    let records = read_orders(file.as_bytes(), &format).expect("a good file");
    let expected = Gcj02 {
        lng: 121.486_181,
        lat: 31.270_203,
    }
    .to_wgs84();
    assert_eq!(Ok(records.rows[0].position), expected);
    assert!(
        records.rows[0]
            .position
            .distance_to(at(121.481_681, 31.272_149))
            < Distance::from_metres(1)
    );
}

#[test]
fn pickup_points_have_kinds_and_radii() {
    let file = "id,lon,lat,kind,radius_m\n\
                A,1,2,Store,1500\n\
                B,1,2,leader,\n\
                C,1,2,门店,0\n\
                D,1,2,depot,0.5\n\
                E,1,2,store,-1\n\
                F,1,2,store,far\n";
    let records = read_pickups(file.as_bytes(), &Format::default()).expect("a good header");
    let found: Vec<_> = records
        .rows
        .iter()
        .map(|pickup| {
            (
                &*pickup.id,
                pickup.kind,
                pickup.radius.map(Distance::as_millimetres),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("A", SiteKind::Store, Some(1_500_000)),
            ("B", SiteKind::Leader, None),
            ("C", SiteKind::Store, Some(0)),
            ("D", SiteKind::Leader, Some(500)),
        ]
    );
    let lines: Vec<u64> = records.bad.first.iter().map(|row| row.line).collect();
    assert_eq!(lines, [6, 7]);
}

#[test]
fn pickup_points_have_capacities_in_the_column_named() {
    let format = |capacity: Option<&str>| Format {
        columns: ColumnNames {
            capacity: capacity.map(str::to_owned),
            ..ColumnNames::default()
        },
        ..Format::default()
    };
    let file = "id,lon,lat,Places\n\
                A,1,2,60\n\
                B,1,2,0\n\
                C,1,2,4294967295\n\
                D,1,2,\n\
                E,1,2,-1\n\
                F,1,2,1.5\n\
                G,1,2,4294967296\n";
    let read = |capacity| read_pickups(file.as_bytes(), &format(capacity));
    let records = read(Some("places")).expect("the column is there");
    let capacities: Vec<_> = records.rows.iter().map(|pickup| pickup.capacity).collect();
    assert_eq!(
        capacities,
        [Some(Units(60)), Some(Units(0)), Some(Units(u32::MAX))]
    );
    let causes: Vec<_> = records.bad.first.iter().map(ToString::to_string).collect();
    let not_whole = |value| {
        format!("column `Places` has {value:?}, which is not a whole number from 0 to 4294967295")
    };
    assert_eq!(
        causes,
        [
            "line 5: column `Places` is empty".to_owned(),
            format!("line 6: {}", not_whole("-1")),
            format!("line 7: {}", not_whole("1.5")),
            format!("line 8: {}", not_whole("4294967296")),
        ]
    );

    let unnamed = read(None).expect("a good header").rows;
    assert_eq!(unnamed.len(), 7);
    assert!(unnamed.iter().all(|pickup| pickup.capacity.is_none()));
    assert!(matches!(
        read(Some("room")),
        Err(ReadError::Column(ColumnError::Missing { wanted, .. })) if wanted == "room"
    ));
}

#[test]
fn the_real_site_is_kept_where_it_is_known() {
    let records = orders("id,lon,lat,actual_site_id\nA,1,2,S1\nB,1,2,\nC,1,2,S1\n");
    let sites: Vec<_> = records
        .rows
        .iter()
        .map(|order| order.actual_site.as_deref())
        .collect();
    assert_eq!(sites, [Some("S1"), None, Some("S1")]);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes all bytes")
}

#[test]
fn gzip_is_told_by_its_bytes() {
    let file = b"id,lon,lat\nA,1,2\nB,3,x\n";
    assert_eq!(orders(gzip(file)), orders(file));
    // Files of several members, as parallel compressors write them.
    let members = [gzip(&file[..14]), gzip(&file[14..])].concat();
    assert_eq!(orders(members), orders(file));

    let mut damaged = gzip(file);
    damaged.truncate(damaged.len() - 9);
    let error = read_orders(&damaged[..], &Format::default());
    assert!(matches!(error, Err(ReadError::Io(_))));
}
