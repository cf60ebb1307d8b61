//! `tonearm import` at the paths that files have, told before it is done, and run again.

use crate::command_line::chime;
use crate::running::{Server, run, stderr, stdout};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with prompts in two languages, and a data folder beside it.
struct Prompts {
    folder: TempDir,
}

impl Prompts {
    fn new() -> Self {
        let prompts = Self { folder: TempDir::new().unwrap() };
        for (path, bytes) in
            [("en/digits/1.bin", "one"), ("fr/digits/1.bin", "un"), ("fr/é 2.bin", "deux")]
        {
            prompts.write(path, bytes);
        }
        prompts
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("prompts").join(path)
    }

    fn write(&self, path: &str, bytes: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), bytes).unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What an import prints, and its exit code.
    fn import(&self, args: &[&str]) -> (Vec<String>, String, Option<i32>) {
        let (prompts, data) = (self.at(""), self.data());
        let given = [prompts.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let output = run(&[&["import"][..], &given, args].concat());
        let lines = stdout(&output).lines().map(str::to_owned).collect();
        (lines, stderr(&output), output.status.code())
    }
}

/// The path of a link that a line begins with.
fn path(line: &str) -> String {
    let link = line.split("  ").next().unwrap();
    link[link.find("/c/").unwrap_or_else(|| panic!("no path in {line}"))..].to_owned()
}

#[test]
fn files_are_published_at_their_paths_and_keep_their_links_when_they_change() {
    let prompts = Prompts::new();
    let (lines, told, code) = prompts.import(&["--keep-paths"]);
    assert_eq!((lines.len(), code), (3, Some(0)), "{told}");
    let links: Vec<_> = lines.iter().map(|line| path(line)).collect();
    assert!(
        links[0].ends_with("/en/digits/1.bin") && links[1].ends_with("/fr/digits/1.bin"),
        "{lines:?}"
    );
    prompts.write("en/digits/1.bin", "one, anew");
    prompts.write("en/digits/3.bin", "three");
    let (again, told, code) = prompts.import(&["--keep-paths"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!([&again[0], &again[2], &again[3]], [&lines[0], &lines[1], &lines[2]]);
    let server = Server::start(&prompts.data(), &[]);
    assert_eq!(server.get(&links[0]).body, b"one, anew");
    assert_eq!(server.get(&links[1]).body, b"un");
    assert_eq!(server.get(&links[2]).body, b"deux");
    assert_eq!(server.get("/c/nothing/en/digits/1.bin").status, 404);
    let listed = server.request("GET", "/core/v2/storage/files").token(&server.token()).send();
    assert_eq!(listed.json()["total"], 4);
}

#[test]
fn a_dry_run_tells_what_is_new_changed_and_the_same_and_brings_nothing_in() {
    let prompts = Prompts::new();
    let dry = |args: &[&str]| prompts.import(&[&["--dry-run"], args].concat()).0;
    assert_eq!(dry(&["--keep-paths"])[0], "new      en/digits/1.bin");
    assert_eq!(dry(&[]), ["new      1.bin", "new      1.bin", "new      é 2.bin"]);
    prompts.import(&["--keep-paths"]);
    prompts.write("fr/digits/1.bin", "une");
    let expected = ["same     en/digits/1.bin", "changed  fr/digits/1.bin", "same     fr/é 2.bin"];
    assert_eq!(dry(&["--keep-paths"]), expected);
    assert_eq!(dry(&["--keep-paths"]), expected);
}

#[test]
fn what_has_no_path_of_a_link_is_told_and_the_rest_comes_in() {
    let prompts = Prompts::new();
    // Names of 255 bytes, three deep, are longer than a path may be.
    let long = ["x".repeat(255), "y".repeat(255), "z".repeat(251) + ".bin"].join("/");
    prompts.write(&long, "long");
    symlink("/etc/passwd", prompts.at("link.txt")).unwrap();
    let (lines, told, code) = prompts.import(&["--keep-paths"]);
    assert_eq!((lines.len(), code), (3, Some(1)), "{told}");
    assert!(told.contains("512 bytes") && told.contains("a symbolic link"), "{told}");
    // One that is named itself has its name.
    let data = prompts.data();
    let one = run(&["import", &chime(), "--keep-paths", "--data", data.to_str().unwrap()]);
    assert!(path(&stdout(&one)).ends_with("/chime-8k.wav"), "{}{}", stdout(&one), stderr(&one));
    let (lines, ..) = prompts.import(&[]);
    assert!(
        lines.iter().any(|line| line.contains("/f/")),
        "a name of 255 bytes is a name: {lines:?}"
    );
}

#[test]
fn a_name_that_was_made_to_look_like_another_line_stands_on_its_own() {
    let prompts = Prompts::new();
    prompts.write("a\nsame     b\u{1b}[31m.bin", "x");
    for args in [&["--keep-paths", "--dry-run"][..], &["--keep-paths"]] {
        let (lines, ..) = prompts.import(args);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(
            lines.iter().any(|line| line.ends_with("a\\nsame     b\\u{1b}[31m.bin")),
            "{lines:?}"
        );
    }
}
