use core::fmt;

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table in plain text: columns as wide as their widest cell, two spaces between them, no lines and no colours.
///
/// Chinese, Japanese and Korean characters and common emoji count as two columns, marks that combine with the letter
/// before them as none (the ranges of wide characters in Unicode's UAX #11, coarsely). What a terminal makes of a
/// sequence that joins several emoji into one is not known here: such cells may stand a little off. Control characters
/// are shown as spaces, so that no name can break a row.
///
/// ```
/// use catchment::report::{Align, Table};
/// let mut table = Table::new([("site", Align::Left), ("orders", Align::Right)]);
/// table.row(["王阿姨", "1,204"]);
/// table.row(["Müller", "9"]);
/// assert_eq!(
///     table.to_string(),
///     "site    orders\n\
///      王阿姨   1,204\n\
///      Müller       9\n",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    headings: Vec<String>,
    aligned: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. If all headings are empty, none are printed.
    #[must_use]
    pub fn new<H: Into<String>>(columns: impl IntoIterator<Item = (H, Align)>) -> Self {
        let columns = columns.into_iter();
        let (headings, aligned) = columns
            .map(|(heading, align)| (heading.into(), align))
            .unzip();
        Self {
            headings,
            aligned,
            rows: Vec::new(),
        }
    }

    /// Adds a row. A row may be shorter than the table; what is beyond its columns is left out.
    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells = cells.into_iter().map(Into::into);
        self.rows.push(cells.take(self.aligned.len()).collect());
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_headings = self.headings.iter().any(|heading| !heading.is_empty());
        let headings = has_headings.then_some(&self.headings);
        let lines = || headings.into_iter().chain(&self.rows);
        let mut widths = vec![0; self.aligned.len()];
        for line in lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(columns_of(cell));
            }
        }
        for line in lines() {
            let mut text = String::new();
            // Spaces are written before a cell, never after the last one.
            let mut owed = 0;
            for ((cell, width), align) in line.iter().zip(&widths).zip(&self.aligned) {
                let free = width - columns_of(cell);
                let (before, after) = match align {
                    Align::Left => (0, free),
                    Align::Right => (free, 0),
                };
                text.extend(core::iter::repeat_n(' ', owed + before));
                text.extend(cell.chars().map(printable));
                owed = after + 2;
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

fn printable(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}

/// How many columns of a terminal a text takes.
fn columns_of(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(character: char) -> usize {
    match u32::from(character) {
        // Combining marks, joiners, variation selectors.
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        // Hangul, radicals, kana, ideographs, full-width forms, emoji.
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x2_0000..=0x3_FFFD => 2,
        _ => 1,
    }
}
