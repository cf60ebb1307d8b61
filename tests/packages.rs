//! What is shipped (scripts/package): a package for Debian in a root of its own, the licences and the bill of materials
//! of all that is linked.

use crate::docs::{at, read};
use crate::running::{stderr, stdout, tonearm, tools};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn done(command: &mut Command) -> String {
    let ran = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(ran.status.success(), "{command:?}: {}{}", stdout(&ran), stderr(&ran));
    stdout(&ran)
}

/// What scripts/package makes of the program under test.
fn packed(folder: &Path) -> PathBuf {
    let out = folder.join("package");
    let mut package = Command::new(at("scripts/package"));
    package.arg(tonearm().get_program()).arg(&out);
    // What is tried is not how small it is.
    done(package.envs([("DPKG_DEB_COMPRESSOR_TYPE", "gzip"), ("DPKG_DEB_COMPRESSOR_LEVEL", "1")]));
    out
}

/// A system that has dpkg's folders and root alone; packages' scripts run beside it, as `DPKG_ROOT` (dpkg(1)) is meant.
struct Root(PathBuf);

impl Root {
    fn new(folder: &Path) -> Self {
        let root = folder.join("root");
        for name in ["etc", "var/lib/dpkg/updates", "var/lib/dpkg/info", "tmp"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\n").unwrap();
        fs::write(root.join("etc/shadow"), "root:*:19000:0:99999:7:::\n").unwrap();
        fs::write(root.join("etc/gshadow"), "root:*::\n").unwrap();
        Self(root)
    }

    /// Runs dpkg, then tells whose the data folder is and its mode. The C library is none of this root's packages.
    fn dpkg(&self, args: &str) -> String {
        const RUN: &str = "export PATH=$PATH:/usr/sbin:/sbin; \
            dpkg --root=\"$0\" --force-script-chrootless --force-depends --log=/dev/null $1 2>&1 && \
            { stat -c 'data of %u, %a' \"$0/var/lib/tonearm\" 2>/dev/null || true; }";
        let mut fakeroot = Command::new("fakeroot");
        done(fakeroot.args(["bash", "-c", RUN]).arg(&self.0).arg(args))
    }

    fn has(&self, path: &str) -> bool {
        self.0.join(path).symlink_metadata().is_ok()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }
}

#[test]
fn the_package_for_debian_installs_runs_and_leaves_recordings_behind() {
    let folder = TempDir::new().unwrap();
    let out = packed(folder.path());
    let mut names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
    let package = names.find(|path| path.extension().is_some_and(|e| e == "deb")).unwrap();
    let (root, package) = (Root::new(folder.path()), package.display());

    let mut lintian = Command::new("lintian");
    done(lintian.args(["--allow-root", "--fail-on", "error", &package.to_string()]));
    let said = root.dpkg(&format!("--install {package}"));
    let user = root.read("etc/passwd");
    let user: Vec<_> =
        user.lines().find(|line| line.starts_with("tonearm:")).unwrap().split(':').collect();
    assert_eq!(user[5..], ["/var/lib/tonearm", "/usr/sbin/nologin"]);
    assert!(user[2].parse::<u32>().unwrap() < 1000, "a user of the system: {user:?}");
    assert!(said.ends_with(&format!("data of {}, 700\n", user[2])), "{said}");

    let unit = root.read("lib/systemd/system/tonearm.service");
    let line = |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let program = line("ExecStart=/").split(' ').next().unwrap();
    let version = done(Command::new(root.0.join(program)).arg("--version"));
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    assert_eq!((line("User="), line("Group=")), ("tonearm", "tonearm"));
    assert!(root.has(line("EnvironmentFile=-/")) && root.has("lib/systemd/system/tonearm.socket"));
    let page = root.0.join("usr/share/man/man1/tonearm-serve.1.gz");
    assert!(
        done(Command::new("man").arg("-l").arg(page).env("MANPAGER", "cat")).contains("--listen")
    );
    let completions = root.0.join("usr/share/bash-completion/completions/tonearm");
    done(Command::new("bash").arg("-n").arg(completions));
    for path in ["zsh/vendor-completions/_tonearm", "fish/vendor_completions.d/tonearm.fish"] {
        assert!(root.has(&format!("usr/share/{path}")), "{path}");
    }
    for name in ["copyright", "LICENSES", "changelog.gz", "CHANGELOG.md.gz"] {
        assert!(root.has(&format!("usr/share/doc/tonearm/{name}")), "{name}");
    }

    // An upgrade keeps what the operator wrote.
    fs::write(root.0.join("etc/tonearm/environment"), "TONEARM_PUBLIC_URL=https://x.example\n")
        .unwrap();
    root.dpkg(&format!("--install --force-confold {package}"));
    assert!(root.read("etc/tonearm/environment").contains("x.example"));
    assert_eq!(root.read("etc/passwd").matches("\ntonearm:").count(), 1);

    fs::write(root.0.join("var/lib/tonearm/catalog.sqlite"), "recordings").unwrap();
    root.dpkg("--remove tonearm");
    assert!(!root.has(program) && root.has("etc/tonearm/environment"));
    let said = root.dpkg("--purge tonearm");
    assert!(said.contains("holds recordings, and stays"), "{said}");
    assert_eq!(root.read("var/lib/tonearm/catalog.sqlite"), "recordings");
    for gone in ["etc/tonearm", "lib/systemd/system/tonearm.service", "usr/share/doc/tonearm"] {
        assert!(!root.has(gone), "{gone}");
    }

    fs::remove_file(root.0.join("var/lib/tonearm/catalog.sqlite")).unwrap();
    root.dpkg(&format!("--install {package}"));
    root.dpkg("--purge tonearm");
    assert!(!root.has("var/lib/tonearm"), "an empty folder goes");
}

/// What scripts/inventory makes.
fn inventory(folder: &Path) -> (PathBuf, Value) {
    done(Command::new(at("scripts/inventory")).arg(folder));
    let bill = fs::read(folder.join("tonearm.cdx.json")).unwrap();
    (folder.join("LICENSES"), serde_json::from_slice(&bill).unwrap())
}

/// Names and versions of the crates whose code the program holds: each tells in its panics where in it they are.
fn held() -> BTreeSet<String> {
    let program = fs::read(tonearm().get_program()).unwrap();
    let text = String::from_utf8_lossy(&program);
    let paths = text.split("/registry/src/").skip(1);
    let crates = paths.filter_map(|path| path.split('/').nth(1));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    crates
        .filter(|name| name.contains('-') && name.chars().all(is_name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_bill_of_materials_names_what_the_program_holds() {
    let folder = TempDir::new().unwrap();
    let (_, bill) = inventory(folder.path());
    let components = bill["components"].as_array().unwrap();
    let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let named = |one: &Value| format!("{}-{}", text(one, "name"), text(one, "version"));
    let listed: BTreeSet<_> = components.iter().map(named).collect();
    let held = held();
    assert!(held.len() > 100, "{held:?}");
    let missing: Vec<_> = held.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let within = |name: &str| components.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(within("mp3lame-sys")["components"][0]["purl"], "pkg:generic/lame@3.100");
    assert_eq!(within("libsqlite3-sys")["components"][0]["name"], "sqlite");

    const CHECK: &str = "import sys; from cyclonedx.validation.json import JsonStrictValidator as V; \
        from cyclonedx.schema import SchemaVersion as S; \
        sys.exit(V(S.V1_5).validate_str(open(sys.argv[1]).read()))";
    let mut judge = Command::new(tools().join("cyclonedx-python-lib/bin/python"));
    done(judge.args(["-c", CHECK]).arg(folder.path().join("tonearm.cdx.json")));
}

#[test]
fn each_work_that_is_linked_has_the_text_of_its_licence() {
    let folder = TempDir::new().unwrap();
    let (texts, bill) = inventory(folder.path());
    let table = fs::read_to_string(texts.join("README.md")).unwrap();
    let rows: Vec<Vec<_>> =
        table.lines().map(|row| row.split('|').map(str::trim).collect()).collect();
    for one in bill["components"].as_array().unwrap() {
        let (name, version) = (one["name"].as_str().unwrap(), one["version"].as_str().unwrap());
        if ["audio", "blob", "catalog", "library", "mail", "media", "semantics", "server"]
            .contains(&name)
        {
            continue;
        }
        let row = rows.iter().find(|row| row.len() > 4 && row[1] == name && row[2] == version);
        let row = row.unwrap_or_else(|| panic!("no row of {name} {version}"));
        let links: Vec<_> =
            row[4].split("](").skip(1).map(|link| link.split(')').next().unwrap()).collect();
        assert!(!links.is_empty() && !row[3].is_empty(), "{row:?}");
        for link in links {
            assert!(fs::metadata(texts.join(link)).unwrap().len() > 100, "{name}: {link}");
        }
    }
    let lame = |begins: &str| {
        let texts =
            fs::read_dir(&texts).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        texts.filter(|text| String::from_utf8_lossy(text).contains(begins)).count()
    };
    assert!(
        lame("GNU LIBRARY GENERAL PUBLIC LICENSE") > 0
            && lame("GNU LESSER GENERAL PUBLIC LICENSE") > 0
    );
    assert!(texts.join("relink-lame.md").is_file());
}

#[test]
fn another_lame_can_be_linked_as_the_note_says() {
    let note = read("contrib/relink-lame.md");
    let (_, config) = note.split_once("--config '").expect("a setting of cargo");
    let (config, _) = config.split_once('\'').unwrap();
    let folder = TempDir::new().unwrap();
    // The tree's manifests alone, since the lock changes with the source.
    done(
        Command::new("cp")
            .arg("-r")
            .args(["Cargo.toml", "Cargo.lock", "crates", "tests"].map(at))
            .arg(folder.path()),
    );
    let asked = |arguments: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--offline", "--format-version", "1"]).args(arguments);
        let told: Value = serde_json::from_str(&done(cargo.current_dir(folder.path()))).unwrap();
        let packages = told["packages"].as_array().unwrap().clone();
        packages.into_iter().find(|package| package["name"] == "mp3lame-sys").unwrap()
    };
    let manifest = asked(&[])["manifest_path"].as_str().unwrap().to_owned();
    let published = Path::new(&manifest).parent().unwrap();
    done(Command::new("cp").arg("-r").arg(published).arg(folder.path().join("lame")));
    let own = asked(&["--config", config]);
    assert_eq!(own["source"], Value::Null);
    let manifest = folder.path().canonicalize().unwrap().join("lame/Cargo.toml");
    assert_eq!(own["manifest_path"], manifest.to_str().unwrap());
}
