//! The summary, to stdout.

use std::io::{self, Write};

use crate::acts::Acts;
use crate::summary::Summary;

/// Prints the summary and what follows it for people and, if asked for, the line for programs.
///
/// # Errors
///
/// What stdout says, except that a reader who has seen enough (`| head`) is no error.
pub(crate) fn print(summary: &Summary, story: &str, acts: &Acts, json: bool) -> io::Result<()> {
    let Acts { before, after, .. } = acts;
    let mut text = format!("{before}{summary}{story}{after}");
    if json {
        text += "\n";
        text += &serde_json::to_string(summary)?;
        text += "\n";
    }
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
