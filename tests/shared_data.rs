//! Real data beside the repository, in `../shared/data`. Tests that want it pass without it, and say so.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where a file below `../shared/data` lies, or `None` after a visible `skipped:` line if it is not there.
///
/// The line goes to stderr directly, because libtest swallows what a passing test prints with `eprintln!`.
pub(crate) fn shared_data(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(path);
    if file.exists() {
        return Some(file);
    }
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test");
    let line = format!("skipped: {test}: ../shared/data/{path} is not present\n");
    // A closed stderr is no reason to fail.
    let _ = std::io::stderr().write_all(line.as_bytes());
    None
}
