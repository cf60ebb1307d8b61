//! What the command line says to who errs, and what it tells of itself.

use crate::command_line::{chime, fails};
use crate::running::{run, run_with_input, stderr, stdout, tonearm};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use tempfile::TempDir;

#[test]
fn without_a_command_the_help_is_shown_and_the_exit_is_2() {
    for args in [&[][..], &["token"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains("Usage: tonearm"), "{}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    assert!(stderr(&run(&[])).contains("backup"));
}

#[test]
fn what_is_almost_right_is_answered_with_what_may_be_meant() {
    for (args, meant) in [
        (&["serv"][..], "`serve`"),
        (&["serve", "--listn", "x"], "`--listen`"),
        (&["token", "create", "--role", "manger"], "`manager`"),
    ] {
        let said = fails(args, 2);
        assert!(said.contains(&format!("did you mean {meant}?")), "{said}");
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.toml");
    fs::write(&file, "lisen = \"x\"").unwrap();
    let said = fails(&["config", "check", file.to_str().unwrap()], 2);
    assert!(said.contains("did you mean `listen`?"), "{said}");
}

#[test]
fn a_misspelt_variable_is_named_and_one_of_a_cluster_is_not() {
    let told = |name: &str| {
        let output = tonearm().arg("config").env(name, "1").output().unwrap();
        assert!(output.status.success());
        stderr(&output)
    };
    let said = told("TONEARM_LISTN");
    assert!(
        said.contains("TONEARM_LISTN") && said.contains("did you mean `TONEARM_LISTEN`?"),
        "{said}"
    );
    assert!(told("TONEARM_FROBNICATE").contains("TONEARM_FROBNICATE is no setting"));
    for known in
        ["TONEARM_SERVICE_HOST", "TONEARM_PORT", "TONEARM_PORT_80_TCP", "TONEARM_MOST_HEADERS"]
    {
        assert_eq!(told(known), "", "{known}");
    }
}

#[test]
fn a_target_that_nothing_is_written_as_is_an_error_that_says_what_is() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("out.xyz");
    let said = fails(&["transcode", &chime(), target.to_str().unwrap()], 2);
    assert!(said.contains(".xyz") && said.contains(".mp3") && said.contains(".sln16"), "{said}");
    assert!(!target.exists());
    let named = said.matches(".sln16,").count() + said.matches(".wav49,").count();
    assert_eq!(named, 2, "each is named once: {said}");
    // Where the format is said, a name is a name.
    let output = run(&["transcode", &chime(), target.to_str().unwrap(), "--f", "mp3"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_source_is_not_written_over_by_whatever_name_it_is_called() {
    let folder = TempDir::new().unwrap();
    let (source, other) = (folder.path().join("a.wav"), folder.path().join("b.wav"));
    fs::copy(chime(), &source).unwrap();
    fs::hard_link(&source, &other).unwrap();
    let before = fs::read(&source).unwrap();
    for target in [&source, &other] {
        let args = ["transcode", source.to_str().unwrap(), target.to_str().unwrap(), "--f", "mp3"];
        let said = fails(&args, 2);
        assert!(said.contains("is the source"), "{said}");
        assert!(fs::read(&source).unwrap() == before);
    }
}

#[test]
fn a_file_is_checked_for_all_that_a_start_would_refuse() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.toml");
    for (wrong, code, told) in [
        ("log = \"verbose\"", 2, "`verbose` is no level"),
        ("tls_cert = \"none.pem\"\ntls_key = \"none.pem\"", 1, "--tls-cert: none.pem"),
        ("acme_domain = \"example.com\"\nacme_ca = \"none.pem\"", 1, "--acme-ca"),
    ] {
        fs::write(&file, wrong).unwrap();
        let said = fails(&["config", "check", file.to_str().unwrap()], code);
        assert!(said.contains(told) && said.contains("a.toml"), "{wrong}: {said}");
    }
}

#[test]
fn lists_are_lists_and_values_of_another_kind_are_told_by_their_setting() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.toml");
    let path = file.to_str().unwrap();
    let good = "apis = [\"carrierx\", \"voipbin\"]\npresets = [\"hold?f=mp3&br=32\", \"menu?f=wav\"]\n\
                external_endpoints = [\"s3.example.com\"]\ncache_bytes = 1048576\nmax_headers = 50\n";
    fs::write(&file, good).unwrap();
    let checked = run(&["config", "check", path]);
    assert!(checked.status.success(), "{}", stderr(&checked));
    let shown = stdout(&run(&["config", "show", "--config", path]));
    assert!(shown.contains("presets = \"hold?f=mp3&br=32 menu?f=wav\"  # the file"), "{shown}");
    for (wrong, told) in [
        ("listen = 127.0.0.1:8190", "quotes"),
        ("data = [\"a\", \"b\"]", "`data`: one value is expected, not a list"),
        ("[presets]\nhold = \"f=mp3\"", "`presets`: a text or a list is expected, not a table"),
        ("apis = [1]", "a list of texts is expected, not of a number"),
        ("max_headers = \"many\"", "max-headers"),
        ("voipbin_link_days = 400\nlink_max_days = 30", "--voipbin-link-days"),
        ("smtp_url = \"smtps://mail.example.com\"", "--mail-from"),
    ] {
        fs::write(&file, wrong).unwrap();
        let said = fails(&["config", "check", path], 2);
        assert!(said.contains(told) && said.contains("a.toml"), "{wrong}: {said}");
    }
}

#[test]
fn the_configuration_in_force_is_shown_with_where_each_value_comes_from_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a.toml");
    fs::write(&file, "queue_length = 9\nread_ahead = 3\nlink_secrets = \"a-secret-of-links\"")
        .unwrap();
    let mut command = tonearm();
    command.args(["config", "show", "--max-headers", "50", "--config"]).arg(&file);
    let output = command.env("TONEARM_READ_AHEAD", "4").output().unwrap();
    let shown = stdout(&output);
    for line in [
        "max_headers = 50  # --max-headers",
        "read_ahead = 4  # TONEARM_READ_AHEAD",
        "queue_length = 9  # the file",
        "send_rate = 128  # default",
        "# link_secrets is set  # the file",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}{}", stderr(&output));
    }
    assert!(!shown.contains("a-secret"), "{shown}");
    fs::write(&file, shown).unwrap();
    assert!(run(&["config", "check", file.to_str().unwrap()]).status.success());
}

#[test]
fn headerless_bytes_on_stdin_are_what_from_says() {
    let raw = run(&["transcode", &chime(), "-", "--f", "sln", "--rate", "16000"]).stdout;
    let probed = |args: &[&str]| {
        let output = run_with_input(&[&["probe", "-"], args].concat(), &raw);
        let facts = serde_json::from_str::<serde_json::Value>(&stdout(&output));
        facts.unwrap_or_else(|_| panic!("{}", stderr(&output)))
    };
    let facts = probed(&["--from", "sln:16000"]);
    assert_eq!((&facts["codec"], &facts["rate_hz"]), (&"pcm_s16le".into(), &16000.into()));
    assert_eq!(probed(&["--from", "ulaw:8000"])["codec"], "ulaw");
    let wav =
        run_with_input(&["transcode", "-", "-", "--from", "sln:16000", "--f", "wav"], &raw).stdout;
    assert!(wav.ends_with(&raw), "other samples");
    for wrong in ["ulaw:16000", "nonsense", "sln:x", "sln:17000"] {
        let output = run_with_input(&["transcode", "-", "-", "--f", "wav", "--from", wrong], &raw);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", stderr(&output));
    }
}

#[test]
fn manual_pages_and_completions_come_from_the_declarations() {
    let page = stdout(&run(&["man", "serve"]));
    assert!(page.contains(".TH") && page.contains("min\\-free\\-bytes"), "{page}");
    assert!(stdout(&run(&["man"])).contains("tonearm"));
    assert!(fails(&["man", "nonsense"], 2).contains("serve"));
    let script = stdout(&run(&["completions", "bash"]));
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success(), "bash does not read it");
    assert!(script.contains("backup"));
}
