//! The source keeps its shape: layers look one way, and every file can be read in one sitting.
//!
//! Each rule is a function from text to faults, so that the rules are tested on bad snippets as well as on the
//! source. The rules read lines, not syntax: they hold for text that rustfmt has laid out.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `src/`, each of which may name itself and those before it.
const LAYERS: [&str; 20] = [
    "id",
    "units",
    "money",
    "time",
    "limits",
    "faults",
    // The optimiser and the command ledger know nothing of geography.
    "balance",
    "ledger",
    "geo",
    "index",
    "site",
    "order",
    "candidates",
    "coverage",
    "plan",
    "presale",
    "desk",
    "fulfil",
    "report",
    "verify",
];

/// What the library may not contain outside its tests, and why.
const FORBIDDEN: [(&str, &str); 12] = [
    (".unwrap()", "say why it holds with `expect`"),
    ("panic!(", "a state that can't be is not buildable"),
    ("todo!(", "finish it"),
    ("dbg!(", "a trace left behind"),
    ("unsafe ", "the crate is safe Rust"),
    ("println!(", "the library does not print"),
    ("std::fs", "the library reads and writes no file"),
    ("std::env", "answers do not depend on the environment"),
    ("std::time::", "time is an argument"),
    ("Instant::now", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("thread_rng", "seeds are arguments"),
];

const SOURCE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 600;
const LINE_CHARS_MAX: usize = 120;
const FILE_BYTES_MAX: u64 = 1 << 20;

const TOP_LEVEL: [&str; 15] = [
    ".ci",
    ".git",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "SECURITY.md",
    "benches",
    "examples",
    "fuzz",
    "src",
    "tests",
];

#[test]
fn every_layer_names_only_itself_and_earlier_ones() {
    accept(&over(&["src"], layer_faults));
}

#[test]
fn the_library_holds_nothing_forbidden() {
    accept(&over(&["src"], |_, text| forbidden_faults(text)));
}

#[test]
fn files_and_lines_are_short() {
    accept(&over(&["src"], |_, text| {
        length_faults(text, SOURCE_LINES_MAX)
    }));
    accept(&over(
        &["tests", "benches", "examples", "fuzz"],
        |_, text| length_faults(text, TEST_LINES_MAX),
    ));
}

#[test]
fn the_top_level_holds_what_belongs_there() {
    let names = fs::read_dir(root())
        .expect("the package's folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
    let strangers = names.filter_map(|name| top_level_fault(&name, &ignored()));
    accept(&strangers.collect::<Vec<_>>());
}

#[test]
fn no_file_is_large() {
    let large = files(&root()).into_iter().filter_map(|file| {
        let bytes = fs::metadata(&file).expect("a file's size").len();
        (bytes > FILE_BYTES_MAX).then(|| format!("{}: {bytes} bytes", shown(&file)))
    });
    accept(&large.collect::<Vec<_>>());
}

/// A rule broken at a line, counted from 1.
type Fault = (usize, String);

fn layer_faults(file: &str, text: &str) -> Vec<Fault> {
    let Some(own) = layer_of(file) else {
        return Vec::new();
    };
    let Some(reach) = LAYERS.iter().position(|layer| *layer == own) else {
        return vec![(1, format!("`{own}` is not in the table of layers"))];
    };
    let mut faults = Vec::new();
    for (line, code) in code_lines(text) {
        for (at, path) in code.match_indices("crate::") {
            let rest = &code[at + path.len()..];
            let named = &rest[..rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())];
            match LAYERS.iter().position(|layer| *layer == named) {
                Some(layer) if layer <= reach => {}
                Some(_) => faults.push((line, format!("`{own}` names the later layer `{named}`"))),
                None => faults.push((line, format!("`crate::{rest}` does not begin with a layer"))),
            }
        }
    }
    let at_the_top = !file.contains('/') || file.ends_with("/mod.rs");
    for (line, code) in library_lines(text) {
        if code.contains("super::super::") || (at_the_top && code.contains("super::")) {
            faults.push((
                line,
                "`super::` may leave the layer: write `crate::`".to_owned(),
            ));
        }
    }
    faults
}

/// The layer a file under `src/` belongs to; the crate's root belongs to none.
fn layer_of(file: &str) -> Option<&str> {
    let first = file.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib").then_some(name)
}

fn forbidden_faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (line, code) in library_lines(text) {
        for (word, why) in FORBIDDEN {
            if code.contains(word) {
                faults.push((line, format!("`{word}`: {why}")));
            }
        }
    }
    faults
}

fn length_faults(text: &str, lines_max: usize) -> Vec<Fault> {
    let count = text.lines().count();
    let long_file =
        (count > lines_max).then(|| (count, format!("{count} lines, limit {lines_max}")));
    let long_lines = text.lines().enumerate().filter_map(|(index, line)| {
        let chars = line.chars().count();
        (chars > LINE_CHARS_MAX).then(|| {
            (
                index + 1,
                format!("{chars} characters, limit {LINE_CHARS_MAX}"),
            )
        })
    });
    long_file.into_iter().chain(long_lines).collect()
}

fn top_level_fault(name: &str, ignored: &[String]) -> Option<String> {
    let belongs = TOP_LEVEL.contains(&name)
        || name.starts_with("LICENSE-")
        || ignored.iter().any(|pattern| pattern == name);
    (!belongs).then(|| format!("{name} does not belong at the top level"))
}

/// The lines that are not comments, with trailing comments cut off.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let code = line.find(" //").map_or(line, |comment| &line[..comment]);
        let is_code = !code.trim().is_empty() && !code.trim_start().starts_with("//");
        is_code.then_some((index + 1, code))
    })
}

/// The lines of code outside items marked `#[cfg(test)]`.
///
/// Such an item ends with its first line if that ends in a semicolon, else at the brace that closes it, which
/// rustfmt puts below its first letter.
fn library_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut code = code_lines(text);
    while let Some((line, first)) = code.next() {
        if first.trim() != "#[cfg(test)]" {
            lines.push((line, first));
            continue;
        }
        let indent = &first[..first.len() - first.trim_start().len()];
        let item = code.find(|(_, line)| !line.trim_start().starts_with("#["));
        if item.is_some_and(|(_, line)| line.ends_with('{')) {
            let close = format!("{indent}}}");
            code.find(|(_, line)| *line == close);
        }
    }
    lines
}

/// Applies a rule to every Rust file of the folders, those there are.
fn over(folders: &[&str], rule: impl Fn(&str, &str) -> Vec<Fault>) -> Vec<String> {
    let mut faults = Vec::new();
    for folder in folders.iter().map(|name| root().join(name)) {
        for path in files(&folder) {
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            let inside = path.strip_prefix(&folder).expect("a file of the folder");
            for (line, fault) in rule(&slashed(inside), &text) {
                faults.push(format!("{}:{line}: {fault}", shown(&path)));
            }
        }
    }
    faults
}

/// All files below a folder in the order of their names, without what git ignores.
fn files(folder: &Path) -> Vec<PathBuf> {
    let ignored: Vec<PathBuf> = ignored().iter().map(|name| root().join(name)).collect();
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        // A packaged crate has no `fuzz`.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if ignored.contains(&path) || path.ends_with(".git") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The paths that `.gitignore` anchors at the top level.
fn ignored() -> Vec<String> {
    let text = fs::read_to_string(root().join(".gitignore")).unwrap_or_default();
    let anchored = text.lines().filter_map(|line| line.strip_prefix('/'));
    anchored
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shown(path: &Path) -> String {
    slashed(path.strip_prefix(root()).unwrap_or(path))
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[track_caller]
fn accept(faults: &[String]) {
    let listed = faults.iter().fold(String::new(), |mut all, fault| {
        let _ = write!(all, "\n  {fault}");
        all
    });
    assert!(faults.is_empty(), "{} faults:{listed}", faults.len());
}

/// Bad snippets: the rules see what they are for, and only that.
mod rules {
    use super::*;

    fn lines(faults: &[Fault]) -> Vec<usize> {
        faults.iter().map(|(line, _)| *line).collect()
    }

    #[test]
    fn the_layer_rule_sees_references_backwards_and_sideways() {
        for (file, text, expected) in [
            (
                "geo/area.rs",
                "use crate::units::Distance;\nuse crate::geo::Cell;",
                vec![],
            ),
            (
                "geo/area.rs",
                "use crate::units::Distance;\nuse crate::site::Site;",
                vec![2],
            ),
            ("geo/area.rs", "fn f(site: &crate::site::Site) {}", vec![1]),
            (
                "geo/area.rs",
                "use crate::{units::Distance, site::Site};",
                vec![1],
            ),
            ("geo/area.rs", "use crate::Network;", vec![1]),
            (
                "geo/area.rs",
                "/// See [`crate::site`].\n// crate::site",
                vec![],
            ),
            ("geo/area.rs", "let a = 1; // crate::site::Site", vec![]),
            ("geo/area.rs", "use super::position::Position;", vec![]),
            ("geo/area.rs", "use super::super::site::Site;", vec![1]),
            ("units.rs", "use super::site::Site;", vec![1]),
            (
                "units.rs",
                "#[cfg(test)]\nmod tests {\n    use super::*;\n}",
                vec![],
            ),
            (
                "units.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::site::Site;\n}",
                vec![3],
            ),
            ("balance/mod.rs", "use crate::geo::Position;", vec![1]),
            ("gossip.rs", "", vec![1]),
            ("lib.rs", "pub use crate::verify::plan;", vec![]),
        ] {
            assert_eq!(lines(&layer_faults(file, text)), expected, "{file}: {text}");
        }
    }

    #[test]
    fn forbidden_words_are_seen_in_the_library_only() {
        for (text, expected) in [
            ("let a = b.unwrap();", vec![1]),
            (
                "let a = b.unwrap_or(1);\nlet c = d.expect(\"why\");",
                vec![],
            ),
            ("// never .unwrap()\n/// panic!(\nfn f() {}", vec![]),
            (
                "#[cfg(test)]\nmod tests {\n    fn f() {\n        a.unwrap();\n    }\n}\nb.unwrap();",
                vec![7],
            ),
            (
                "    #[cfg(test)]\n    fn f() {\n        a.unwrap();\n    }\n    panic!(\"b\");",
                vec![5],
            ),
            ("#[cfg(test)]\nmod tests;\nprintln!(\"a\");", vec![3]),
            (
                "#[cfg(test)]\n#[path = \"a.rs\"]\nmod a {\n    x.unwrap();\n}\nunsafe {}",
                vec![6],
            ),
            ("let now = std::time::SystemTime::now();", vec![1, 1]),
            ("#![forbid(unsafe_code)]", vec![]),
        ] {
            assert_eq!(lines(&forbidden_faults(text)), expected, "{text}");
        }
    }

    #[test]
    fn lengths_are_counted_in_lines_and_characters() {
        let fits = "界".repeat(LINE_CHARS_MAX);
        assert_eq!(lines(&length_faults(&format!("{fits}\n{fits}x"), 2)), [2]);
        assert_eq!(lines(&length_faults("a\nb\nc\n", 2)), [3]);
        assert_eq!(lines(&length_faults("a\nb\n", 2)), [0; 0]);
    }

    #[test]
    fn strangers_at_the_top_level_are_seen() {
        let ignored = ["target".to_owned()];
        for (name, belongs) in [
            ("src", true),
            ("LICENSE-MIT", true),
            ("target", true),
            ("notes.txt", false),
            ("scripts", false),
        ] {
            assert_eq!(top_level_fault(name, &ignored).is_none(), belongs, "{name}");
        }
    }
}
