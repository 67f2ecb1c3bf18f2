//! Bytes to rows of text, with bounded memory and no trust in the bytes.
//!
//! Rows are split into fields by the core of the `csv` crate (RFC 4180, as lenient as spreadsheets need).
//! `csv::Reader` itself lets one record grow without end: a single quotation mark that is never closed would
//! swallow the rest of the file, and with it every order below. Here such a row is a fault of its own line, and
//! reading goes on with the next one.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

/// The longest row, in bytes, line breaks inside quotation marks included.
pub(crate) const ROW_BYTES_MAX: usize = 64 * 1024;
/// The most lines one row may span with line breaks inside quotation marks.
pub(crate) const ROW_LINES_MAX: u64 = 100;
/// The most fields of one row.
pub(crate) const FIELDS_MAX: usize = 1_024;

/// The UTF-8 byte-order mark that some spreadsheets put at the start of a file. Files that were joined have it
/// in the middle too.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The rows of a CSV source, one at a time. Empty lines are skipped.
pub(super) struct Rows<R> {
    source: R,
    splitter: csv_core::Reader,
    /// Bytes from the source; those before `start` are done with, those from `end` on are free.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The source has no more bytes than those in the buffer.
    exhausted: bool,
    /// Lines before `start`.
    lines_done: u64,
    /// The fields of the current row one after another, and where each ends.
    text: Vec<u8>,
    field_ends: Vec<usize>,
}

/// What begins on one line.
pub(super) struct Row<'a> {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// Its fields, or why there are none.
    pub(super) fields: Result<Fields<'a>, RowFault>,
}

/// The fields of one row, without the quotation marks around them.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
}

/// Why bytes are no row. Of a row that spans several lines only the first is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowFault {
    #[error("row longer than {ROW_BYTES_MAX} bytes")]
    TooLong,
    #[error("row of more than {FIELDS_MAX} fields")]
    TooManyFields,
    #[error("quotation mark opened but not closed within {ROW_LINES_MAX} lines")]
    QuoteNotClosed,
    #[error("not UTF-8 text")]
    NotUtf8,
}

/// What the bytes from `start` on are.
enum Split {
    /// A row; its fields are in `text` and `field_ends`.
    Row(Extent),
    /// The bytes in the buffer end before the row does.
    Unfinished,
    Fault(RowFault),
}

/// How much a row takes of the buffers.
#[derive(Default)]
struct Extent {
    bytes: usize,
    lines: u64,
    text: usize,
    fields: usize,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            splitter: csv_core::Reader::new(),
            buffer: vec![0; ROW_BYTES_MAX],
            start: 0,
            end: 0,
            exhausted: false,
            lines_done: 0,
            text: vec![0; ROW_BYTES_MAX + 1],
            field_ends: vec![0; FIELDS_MAX + 1],
        }
    }

    /// The next row; `None` at the end of the source.
    ///
    /// # Errors
    ///
    /// What the source says when reading fails, such as a damaged gzip stream.
    pub(super) fn next(&mut self) -> io::Result<Option<Row<'_>>> {
        loop {
            self.skip_to_row();
            if self.start == self.end && self.exhausted {
                return Ok(None);
            }
            let line = self.lines_done + 1;
            let fault = match self.split() {
                Split::Unfinished if !self.exhausted => {
                    self.fill()?;
                    continue;
                }
                Split::Unfinished => RowFault::QuoteNotClosed,
                Split::Fault(fault) => fault,
                Split::Row(extent) => {
                    self.start += extent.bytes;
                    self.lines_done += extent.lines;
                    let ends = &self.field_ends[..extent.fields];
                    let fields = str::from_utf8(&self.text[..extent.text])
                        .map(|text| Fields { text, ends })
                        .map_err(|_| RowFault::NotUtf8);
                    return Ok(Some(Row { line, fields }));
                }
            };
            self.skip_line()?;
            return Ok(Some(Row {
                line,
                fields: Err(fault),
            }));
        }
    }

    /// Splits the row at `start`, line by line, so that a quotation mark reaches no further than it may.
    fn split(&mut self) -> Split {
        self.splitter.reset();
        let mut row = Extent::default();
        while row.lines < ROW_LINES_MAX {
            let unread = &self.buffer[self.start + row.bytes..self.end];
            let Some(line_length) = line_length(unread, self.exhausted) else {
                let full = self.start == 0 && self.end == ROW_BYTES_MAX;
                return match (full, row.lines) {
                    (false, _) => Split::Unfinished,
                    (true, 0) => Split::Fault(RowFault::TooLong),
                    (true, _) => Split::Fault(RowFault::QuoteNotClosed),
                };
            };
            let (result, _, text, fields) = self.splitter.read_record(
                &unread[..line_length],
                &mut self.text[row.text..],
                &mut self.field_ends[row.fields..],
            );
            row.bytes += line_length;
            row.lines += 1;
            row.text += text;
            row.fields += fields;
            match result {
                ReadRecordResult::Record if row.fields <= FIELDS_MAX => return Split::Row(row),
                ReadRecordResult::Record | ReadRecordResult::OutputEndsFull => {
                    return Split::Fault(RowFault::TooManyFields);
                }
                ReadRecordResult::InputEmpty => {}
                // Neither happens: the text of a row is no longer than its bytes, and a line is never empty.
                ReadRecordResult::OutputFull | ReadRecordResult::End => {
                    return Split::Fault(RowFault::TooLong);
                }
            }
        }
        Split::Fault(RowFault::QuoteNotClosed)
    }

    /// Moves what is left to the front of the buffer and reads until it is full or the source ends.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < self.buffer.len() && !self.exhausted {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.end_last_line(),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The source is exhausted: gives its last line the line break it may lack. There is a free byte in the buffer.
    fn end_last_line(&mut self) {
        self.exhausted = true;
        if self.end > 0 && !is_line_break(self.buffer[self.end - 1]) {
            self.buffer[self.end] = b'\n';
            self.end += 1;
        }
    }

    /// Skips empty lines and byte-order marks.
    fn skip_to_row(&mut self) {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if unread.starts_with(BYTE_ORDER_MARK) {
                self.start += BYTE_ORDER_MARK.len();
                continue;
            }
            match unread.first() {
                Some(&byte) if is_line_break(byte) => {}
                _ => return,
            }
            let Some(length) = line_length(unread, self.exhausted) else {
                return;
            };
            self.start += length;
            self.lines_done += 1;
        }
    }

    /// Skips to the start of the next line, however far it is.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(length) = line_length(unread, self.exhausted) {
                self.start += length;
                break;
            }
            // A carriage return stays, for the line feed that may follow.
            self.start = self.end - usize::from(unread.last() == Some(&b'\r'));
            if self.exhausted {
                break;
            }
            self.fill()?;
        }
        self.lines_done += 1;
        Ok(())
    }
}

impl<'a> Fields<'a> {
    pub(super) fn len(self) -> usize {
        self.ends.len()
    }

    /// Field `index` without the blanks around it.
    ///
    /// # Errors
    ///
    /// [`RowFault::NotUtf8`] where two damaged fields only together look like text.
    pub(super) fn get(self, index: usize) -> Result<&'a str, RowFault> {
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        self.text
            .get(start..self.ends[index])
            .map(str::trim)
            .ok_or(RowFault::NotUtf8)
    }
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The length of the first line of `bytes` with its line break (LF, CR LF or CR); `None` if more bytes are needed.
fn line_length(bytes: &[u8], exhausted: bool) -> Option<usize> {
    let at = bytes.iter().position(|&byte| is_line_break(byte))?;
    match (bytes[at], bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at + 2),
        (b'\r', None) if !exhausted => None,
        _ => Some(at + 1),
    }
}
