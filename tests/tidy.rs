//! The rules of the house, held: what may depend on what, where a word may stand, how long a thing may be. Reads the
//! tree; needs no crate and no server. Each list of exceptions is exact: one that is no longer needed fails as well.

#[path = "tidy/circles.rs"]
mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// Where status codes may be named: the renderers of answers and refusals, and those who route.
const KNOW_STATUS_CODES: [&str; 15] = [
    "crates/server/src/apis/carrierx/containers.rs",
    "crates/server/src/apis/carrierx/errors.rs",
    "crates/server/src/apis/carrierx/files.rs",
    "crates/server/src/apis/carrierx/upload.rs",
    "crates/server/src/apis/carrierx/uploads.rs",
    "crates/server/src/apis/evovoice/answers.rs",
    "crates/server/src/apis/evovoice/errors.rs",
    "crates/server/src/apis/storage/cors.rs",
    "crates/server/src/apis/voipbin/errors.rs",
    "crates/server/src/apis/voxbone/errors.rs",
    "crates/server/src/apis/voxbone/profiles.rs",
    "crates/server/src/apis/voxbone/recordings.rs",
    "crates/server/src/handler.rs",
    "crates/server/src/page/assets.rs",
    "crates/server/src/respond.rs",
];

/// The files that argue for `unsafe`.
const ARGUE_FOR_UNSAFE: [&str; 4] = [
    "crates/audio/src/codecs/opus/libopus.rs",
    "crates/audio/src/elementary.rs",
    "crates/audio/src/formats/mp3/lame.rs",
    "crates/server/src/connection/system.rs",
];

/// Files that are longer than [`FILE_LINES`] for now.
const LONG_FILES: [&str; 0] = [];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;
const LINE_CHARACTERS: usize = 120;

/// Names that say nothing of what is in it.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "common", "core", "helper", "helpers", "manager", "misc"];

/// Statements of SQL, by how they begin.
const SQL: [&str; 6] =
    ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "];

/// Path → text of every file below the folders that are written by hand, and of those at the top.
fn tree() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["crates", "tests", "scripts", "benches", "docs", "contrib", ".ci"] {
        read(top, &top.join(folder), &mut files);
    }
    for entry in std::fs::read_dir(top).expect("the tree").flatten() {
        keep(top, &entry.path(), &mut files);
    }
    files
}

fn read(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.file_type().expect("its type").is_dir() {
            true => read(top, &entry.path(), files),
            false => keep(top, &entry.path(), files),
        }
    }
}

/// Files that are not text are none of our business.
fn keep(top: &Path, path: &Path, files: &mut BTreeMap<String, String>) {
    if let (true, Ok(text)) = (path.is_file(), std::fs::read_to_string(path)) {
        let name = path.strip_prefix(top).expect("below the top").to_string_lossy();
        files.insert(name.into_owned(), text);
    }
}

/// Rust files but this one, which names what it forbids.
fn sources(tree: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    let rust = tree.iter().filter(|(path, _)| path.ends_with(".rs") && *path != "tests/tidy.rs");
    rust.map(|(path, text)| (path.as_str(), text.as_str()))
}

fn fails_with(faults: &str) {
    assert!(faults.is_empty(), "\n{faults}");
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text has a word that is not a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    })
}

/// Fails unless exactly the files of a list have a line of code of which something holds.
fn stands_only_in(allowed: &[&str], what: &str, holds: impl Fn(&str) -> bool) {
    let tree = tree();
    let production = sources(&tree).filter(|(path, _)| path.contains("/src/"));
    let found: BTreeSet<_> = production
        .filter(|(_, text)| text.lines().any(|line| holds(code(line))))
        .map(|(path, _)| path)
        .collect();
    let allowed: BTreeSet<_> = allowed.iter().copied().collect();
    let more: Vec<_> = found.difference(&allowed).collect();
    let fewer: Vec<_> = allowed.difference(&found).collect();
    assert!(
        more.is_empty() && fewer.is_empty(),
        "{what}: not allowed in {more:?}; gone from {fewer:?}"
    );
}

/// The names of a manifest's sections whose title has a word, each dependency's key alone.
fn dependencies<'a>(manifest: &'a str, title: &str) -> Vec<&'a str> {
    let mut is_in = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            is_in = section.rsplit('.').next() == Some(title) && !section.starts_with("workspace");
        } else if let (true, Some((name, _))) = (is_in, line.split_once(['.', ' ', '='])) {
            names.push(name);
        }
    }
    names
}

/// Each crate: its name, its manifest, and what its paths begin with.
fn crates(tree: &BTreeMap<String, String>) -> Vec<(&str, &str, String)> {
    let manifest = |path: &str| tree.get(path).map(String::as_str);
    let mut crates =
        vec![("app", manifest("Cargo.toml").expect("the manifest"), "crates/app/".into())];
    for path in tree.keys() {
        let name = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        if let Some(name) = name {
            crates.push((name, manifest(path).unwrap_or_default(), format!("crates/{name}/")));
        }
    }
    crates
}

#[test]
fn crates_depend_on_lower_floors_alone_as_the_code_map_draws_them() {
    let tree = tree();
    let map = tree["crates/README.md"].lines().find(|line| line.starts_with("app →"));
    let floors: Vec<BTreeSet<_>> = map
        .expect("the code map draws the crates")
        .split('→')
        .map(|floor| floor.split(|c: char| !is_word(c)).filter(|name| !name.is_empty()).collect())
        .collect();
    let floor_of = |name: &str| floors.iter().position(|floor| floor.contains(name));
    let mut faults = String::new();
    for (name, manifest, _) in crates(&tree) {
        let own = floor_of(name).unwrap_or_else(|| panic!("the code map does not draw `{name}`"));
        for other in dependencies(manifest, "dependencies") {
            if floor_of(other).is_some_and(|floor| floor <= own) {
                let _ = writeln!(faults, "{name} depends on {other}, which is not below it");
            }
        }
    }
    fails_with(&faults);
}

#[test]
fn every_declared_dependency_is_used_by_its_crate() {
    let tree = tree();
    let mut faults = String::new();
    for (name, manifest, folder) in crates(&tree) {
        // The end-to-end tests belong to the package of the binary.
        let tests = if name == "app" { "tests/".to_owned() } else { format!("{folder}tests/") };
        for (title, in_tests) in [("dependencies", false), ("dev-dependencies", true)] {
            for dependency in dependencies(manifest, title) {
                let module = match dependency {
                    "md-5" => "md5".to_owned(),
                    other => other.replace('-', "_"),
                };
                let mut places = sources(&tree).filter(|(path, _)| {
                    path.starts_with(&folder) && !path.starts_with(&tests)
                        || in_tests && path.starts_with(&tests)
                });
                if !places.any(|(_, text)| text.lines().any(|line| has_word(code(line), &module))) {
                    let _ = writeln!(faults, "{name}: {dependency} is declared and not used");
                }
            }
        }
    }
    fails_with(&faults);
}

#[test]
fn the_code_map_gives_a_reason_for_every_dependency_from_outside() {
    let tree = tree();
    let (_, table) = tree["crates/README.md"].split_once("\n## Dependencies\n").expect("a table");
    let named: BTreeSet<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .flat_map(|(names, _)| names.split(", "))
        .collect();
    let own: Vec<_> = crates(&tree).into_iter().map(|(name, ..)| name).collect();
    let mut faults = String::new();
    for (name, manifest, _) in crates(&tree) {
        for title in ["dependencies", "dev-dependencies"] {
            for other in dependencies(manifest, title) {
                if !own.contains(&other) && !named.contains(other) {
                    let _ =
                        writeln!(faults, "{name}: why {other}? A row of crates/README.md says it");
                }
            }
        }
    }
    fails_with(&faults);
}

#[test]
fn sql_stands_in_the_catalog_alone() {
    let tree = tree();
    let mut faults = String::new();
    for (path, text) in sources(&tree).filter(|(path, _)| path.contains("/src/")) {
        for (number, line) in
            (1..).zip(text.lines()).filter(|_| !path.starts_with("crates/catalog/"))
        {
            if SQL.iter().any(|word| code(line).contains(word)) || has_word(code(line), "rusqlite")
            {
                let _ = writeln!(faults, "{path}:{number}: {line}");
            }
        }
    }
    fails_with(&faults);
}

#[test]
fn status_codes_are_named_where_answers_are_rendered() {
    stands_only_in(&KNOW_STATUS_CODES, "status codes", |line| has_word(line, "StatusCode"));
}

#[test]
fn unsafe_stands_in_the_files_that_argue_for_it() {
    stands_only_in(&ARGUE_FOR_UNSAFE, "unsafe", |line| has_word(line, "unsafe"));
}

#[test]
fn files_open_with_what_they_are_and_are_short() {
    let tree = tree();
    let mut faults = String::new();
    for (path, text) in sources(&tree) {
        if !text.starts_with("//! ") {
            let _ = writeln!(faults, "{path}: does not open with `//! ` and what it is");
        }
        let length = text.lines().count();
        if (length > FILE_LINES) != LONG_FILES.contains(&path) {
            let _ = writeln!(faults, "{path}: {length} lines (allowed: {FILE_LINES})");
        }
    }
    fails_with(&faults);
}

#[test]
fn functions_and_lines_are_short() {
    let tree = tree();
    let mut faults = String::new();
    for (path, text) in sources(&tree) {
        for (number, line) in (1..).zip(text.lines()) {
            let length = line.chars().count();
            if length > LINE_CHARACTERS {
                let _ = writeln!(
                    faults,
                    "{path}:{number}: {length} characters (allowed: {LINE_CHARACTERS})"
                );
            }
        }
        for (number, length) in functions(text) {
            if length > FUNCTION_LINES {
                let _ =
                    writeln!(faults, "{path}:{number}: {length} lines (allowed: {FUNCTION_LINES})");
            }
        }
    }
    fails_with(&faults);
}

/// (first line, lines) of each function. rustfmt puts the brace that ends it under the beginning of its first line.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        // `fn` without a name is a pointer's type.
        let before = code(head).split('(').next().unwrap_or_default();
        let is_named = before.split_once("fn ").is_some_and(|(_, name)| !name.is_empty());
        if !is_named || head.ends_with([';', '}']) {
            continue;
        }
        let indent = &line[..line.len() - head.len()];
        let (brace, declared) = (format!("{indent}}}"), format!("{indent})"));
        let is_last =
            |line: &&str| **line == brace || line.starts_with(&declared) && line.ends_with(';');
        let length = lines[at..].iter().position(is_last).map_or(0, |last| last + 1);
        functions.push((at + 1, length));
    }
    functions
}

#[test]
fn names_say_what_a_thing_is_and_nothing_is_left_to_do() {
    let tree = tree();
    let mut faults = String::new();
    let is_empty = |name: &str| {
        let words = name.split(|c: char| !c.is_alphanumeric());
        words.clone().any(|word| EMPTY_NAMES.contains(&word.to_lowercase().as_str()))
    };
    for (path, text) in sources(&tree) {
        let folders_and_file = path.trim_end_matches(".rs");
        if is_empty(folders_and_file) {
            let _ = writeln!(faults, "{path}: says nothing of what is in it");
        }
        for (number, line) in (1..).zip(text.lines()) {
            let mut words =
                code(line).split_whitespace().skip_while(|word| word.starts_with("pub"));
            let declares =
                matches!(words.next(), Some("struct" | "enum" | "trait" | "mod" | "type"));
            if declares && words.next().is_some_and(is_empty) {
                let _ = writeln!(faults, "{path}:{number}: a name that says nothing: {line}");
            }
            if ["TODO", "FIXME", "XXX"].iter().any(|word| has_word(line, word)) {
                let _ = writeln!(faults, "{path}:{number}: left to do: {line}");
            }
        }
    }
    fails_with(&faults);
}

#[test]
fn files_that_the_documents_and_comments_name_are_there() {
    let tree = tree();
    // The code map leaves out what all have in common.
    let known: Vec<_> =
        tree.keys().map(|path| format!("/{}", path.replace("/src/", "/"))).collect();
    let mut faults = String::new();
    let written = tree.iter().filter(|(path, _)| {
        path.ends_with(".md") && !path.starts_with("benches/runs/") && *path != "CHANGELOG.md"
            || path.ends_with(".rs")
    });
    for (path, text) in written {
        for (number, line) in (1..).zip(text.lines()) {
            let prose = if path.ends_with(".md") {
                line
            } else {
                line.split_once("//").map_or("", |(_, c)| c)
            };
            let words = prose.split(|c: char| !is_word(c) && !matches!(c, '/' | '.' | '-'));
            // A link may go up first.
            let words = words.map(|word| word.trim_start_matches("../").trim_matches('.'));
            for name in words.filter(|name| names_a_file(name)) {
                let end = format!("/{}", name.replace("/src/", "/"));
                if !known.iter().any(|file| file.ends_with(&end)) {
                    let _ = writeln!(faults, "{path}:{number}: there is no {name}");
                }
            }
        }
    }
    fails_with(&faults);
}

/// README has its reader write these.
const READERS_OWN: [&str; 2] = ["sign.sh", "sign.py"];

fn names_a_file(word: &str) -> bool {
    let ends = [".rs", ".md", ".sh", ".py", ".cjs"];
    !READERS_OWN.contains(&word)
        && ends.iter().any(|end| word.ends_with(end) && word.len() > end.len())
}
