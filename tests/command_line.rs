//! The commands: exit codes, messages, tokens, import.

use crate::bad_input::{noise, wav};
use crate::matrix::links;
use crate::running::{PATIENCE, Server, run, run_with_input, stderr, stdout, tonearm, until};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

pub fn chime() -> String {
    assets().join("chime-8k.wav").to_str().unwrap().to_owned()
}

/// Exit code and a single line on stderr.
pub fn fails(args: &[&str], code: i32) -> String {
    let output = run(args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?}: {}", stdout(&output));
    said
}

#[test]
fn wrong_usage_is_exit_2_and_failure_exit_1_each_in_one_line() {
    for args in [&["nonsense"][..], &["serve", "--nonsense"], &["import"], &["transcode", "a"]] {
        fails(args, 2);
    }
    assert!(fails(&["serve", "--cache-bytes", "much"], 2).contains("cache-bytes"));
    assert!(fails(&["probe", "/nowhere/x.wav"], 1).contains("/nowhere/x.wav"));
    fails(&["transcode", "/nowhere/x.wav", "/tmp/x.mp3"], 1);
}

#[test]
fn help_and_version_go_to_stdout_with_exit_0() {
    for args in
        [&["--help"][..], &["--version"], &["serve", "--help"], &["token", "create", "--help"]]
    {
        let output = run(args);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{args:?}");
        assert!(!output.stdout.is_empty());
    }
    let version = stdout(&run(&["--version"]));
    assert!(version.starts_with(concat!("tonearm ", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let data = data.to_str().unwrap();
    let said = fails(&["serve", "--data", data, "--listen", "127.0.0.1:0"], 1);
    assert!(said.contains(data), "{said}");
    fails(&["import", &chime(), "--data", data], 1);
    assert_eq!(server.get("/healthz").status, 200);
    server.stop();
}

#[test]
fn the_page_has_no_origin_where_the_links_are() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data").display().to_string();
    let links = ["--public-url", "https://media.example.com"];
    let page = ["--page-origin", "https://MEDIA.example.com:443"];
    let same =
        run(&[&["serve", "--listen", "127.0.0.1:0", "--data", &data][..], &links, &page].concat());
    assert_eq!(same.status.code(), Some(2));
    assert!(stderr(&same).contains("https://media.example.com"), "{}", stderr(&same));
}

#[test]
fn the_first_start_welcomes_with_a_line_to_paste_and_keeps_the_token_out_of_pipes() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &[]);
    let welcome = server.welcome.join("\n");
    assert!(!welcome.contains(&server.token()), "a journal would keep it: {welcome}");
    assert!(welcome.contains("admin.token"), "{welcome}");
    assert!(welcome.contains("curl") && welcome.contains(&server.container()), "{welcome}");
    assert!(welcome.contains(&server.address.to_string()), "{welcome}");
    let mode = std::fs::metadata(data.join("admin.token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.stop();
    let again = Server::start(&data, &[]);
    assert!(!again.welcome.join("\n").contains(&again.token()), "the token is shown once");
}

/// `folder` holds these files, a link to nothing, one to itself, one to the folder, and a file that
/// can't be read.
fn troubled(folder: &Path, files: &[&str]) {
    std::fs::create_dir(folder).unwrap();
    for name in files {
        std::fs::copy(chime(), folder.join(name)).unwrap();
    }
    for (link, to) in [
        ("b-gone.wav", "nowhere"),
        ("c-self.wav", "c-self.wav"),
        ("d-loop", "."),
        ("e.wav", "/proc/self/mem"),
    ] {
        symlink(to, folder.join(link)).unwrap();
    }
}

#[test]
fn what_cannot_be_brought_in_is_told_and_all_else_is_brought_in() {
    let folder = TempDir::new().unwrap();
    let recordings = folder.path().join("recordings");
    troubled(&recordings, &["a.wav", "z.wav"]);
    let (recordings, data) = (recordings.to_str().unwrap(), folder.path().join("data"));
    let imported = run(&["import", recordings, "/nowhere/x.wav", "--data", data.to_str().unwrap()]);
    let (brought_in, told) = (stdout(&imported), stderr(&imported));
    assert_eq!(imported.status.code(), Some(1), "{told}");
    let names: Vec<_> = brought_in.lines().filter_map(|l| l.split("  ").nth(1)).collect();
    assert_eq!(names, ["a.wav", "z.wav"], "{told}");
    for name in ["b-gone.wav", "c-self.wav", "d-loop", "e.wav", "/nowhere/x.wav"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    assert_eq!(told.lines().count(), 6, "{told}");
    let server = Server::start(&data, &[recordings, "/nowhere/x.wav"]);
    assert_eq!(links(&server.welcome).len(), 2);
    for name in ["b-gone.wav", "/nowhere/x.wav"] {
        until("what was not brought in is not told", || server.log().contains(name));
    }
}

#[test]
fn links_in_a_folder_publish_nothing_and_a_link_that_is_given_is_followed() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["spool", "private", "private/deeper"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    for name in ["spool/own.wav", "private/secret.wav", "private/deeper/secret.wav"] {
        std::fs::copy(chime(), at(name)).unwrap();
    }
    symlink(at("private/secret.wav"), at("spool/file.wav")).unwrap();
    symlink(at("private"), at("spool/folder")).unwrap();
    symlink("../private", at("spool/relative")).unwrap();
    symlink("own.wav", at("spool/inside.wav")).unwrap();
    symlink(at("spool"), at("given")).unwrap();
    let data = at("data");
    let import = |path: &Path| {
        let imported = run(&["import", path.to_str().unwrap(), "--data", data.to_str().unwrap()]);
        let names = stdout(&imported);
        let names = names.lines().filter_map(|l| Some(l.split("  ").nth(1)?.to_owned()));
        (names.collect::<Vec<_>>(), stderr(&imported), imported.status.code())
    };
    let (names, told, code) = import(&at("given"));
    assert_eq!((&names[..], code), (&["own.wav".to_owned()][..], Some(1)), "{told}");
    for link in ["file.wav", "folder", "relative", "inside.wav"] {
        assert!(told.contains(&format!("{link}: a symbolic link")), "{link}: {told}");
    }
    // Whoever names a link himself means its target.
    let (names, told, code) = import(&at("spool/file.wav"));
    assert_eq!((&names[..], code), (&["file.wav".to_owned()][..], Some(0)), "{told}");
}

#[test]
fn a_container_that_is_not_there_is_told_once() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let nowhere = "6e930ad8-c3d0-49db-801e-86d64fedd2c2";
    let assets = assets();
    let args = ["import", assets.to_str().unwrap(), "--container", nowhere, "--data"];
    let said = fails(&[&args[..], &[data.to_str().unwrap()]].concat(), 1);
    assert!(said.contains(nowhere), "{said}");
}

#[test]
fn import_prints_links_and_brings_nothing_in_twice() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let import = || {
        let output = run(&["import", assets().to_str().unwrap(), "--data", data.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        let lines: Vec<_> = stdout(&output).lines().map(str::to_owned).collect();
        links(&lines)
    };
    let first = import();
    // The demo page lies in a folder of its own.
    let entries = std::fs::read_dir(assets()).unwrap().map(|entry| entry.unwrap().path());
    let recordings = entries.filter(|path| path.is_file());
    assert_eq!(first.len(), recordings.count());
    assert_eq!(import(), first, "the same links the second time");
    let server = Server::start(&data, &[assets().to_str().unwrap()]);
    assert_eq!(links(&server.welcome), first, "and at a server's start");
    let link = &first["chime-8k.wav"];
    assert!(server.get(link).body == std::fs::read(chime()).unwrap());
}

#[test]
fn a_stop_while_files_are_brought_in_is_a_stop() {
    let folder = TempDir::new().unwrap();
    let (data, recordings) = (folder.path().join("data"), folder.path().join("recordings"));
    std::fs::create_dir(&recordings).unwrap();
    std::fs::copy(chime(), recordings.join("a.wav")).unwrap();
    // A file with a hole in place of a terabyte takes longer to read than anybody waits.
    let endless = std::fs::File::create(recordings.join("b.wav")).unwrap();
    endless.set_len(1 << 40).unwrap();
    let mut command = tonearm();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).arg(&recordings);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let link = lines.find(|line| line.ends_with("  a.wav")).expect("the first file's link");
    let link = link[link.find("/f/").unwrap()..].trim_end_matches("  a.wav").to_owned();
    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    let until = Instant::now() + PATIENCE;
    let code = loop {
        if let Some(status) = server.try_wait().unwrap() {
            break status.code();
        }
        if Instant::now() > until {
            let _ = server.kill();
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(code, Some(0), "it does not stop");
    assert_eq!(
        std::fs::read_dir(data.join("tmp")).unwrap().count(),
        0,
        "something half done stays"
    );
    let server = Server::start(&data, &[]);
    assert!(server.get(&link).body == std::fs::read(chime()).unwrap());
}

#[test]
fn probe_prints_the_facts() {
    let output = run(&["probe", &chime()]);
    let facts: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let expected = serde_json::json!({
        "format": "wav", "codec": "pcm_s16le", "rate_hz": 8000, "channels": 1,
        "frame_count": 51_200, "duration_seconds": 6.4, "bitrate_bps": 128_000,
        "classification": "media", "repaired": [],
    });
    assert_eq!(facts, expected);
}

#[test]
fn transcode_reads_stdin_and_writes_stdout() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("chime.mp3");
    let by_name = run(&["transcode", &chime(), target.to_str().unwrap()]);
    assert!(by_name.status.success(), "{}", stderr(&by_name));
    let expected = std::fs::read(&target).unwrap();
    assert!(expected.len() > 10_000);
    let piped =
        run_with_input(&["transcode", "-", "-", "--f", "mp3"], &std::fs::read(chime()).unwrap());
    assert!(piped.status.success(), "{}", stderr(&piped));
    assert!(piped.stdout == expected, "other bytes through the pipe");
}

#[test]
fn a_transcode_that_fails_leaves_no_target_behind() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("x.mp3");
    let text = folder.path().join("letter.wav");
    std::fs::write(&text, "no recording").unwrap();
    for args in [[text.to_str().unwrap(), "--br=64"], [&chime(), "--br=33"]] {
        let code = run(&["transcode", args[0], target.to_str().unwrap(), args[1]]).status.code();
        assert!(matches!(code, Some(1 | 2)), "{code:?}");
        assert!(!target.exists());
    }
}

#[test]
fn a_transcode_replaces_what_a_link_points_to_and_keeps_its_mode() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("there")).unwrap();
    std::fs::write(at("there/old.wav"), "old").unwrap();
    std::fs::set_permissions(at("there/old.wav"), std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("there/old.wav", at("old.wav")).unwrap();
    symlink("there/new.wav", at("new.wav")).unwrap();
    for name in ["old.wav", "new.wav"] {
        let output = run(&["transcode", &chime(), at(name).to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(at(name).is_symlink(), "{name} is no link any more");
        let target = at("there").join(name);
        assert!(std::fs::read(target).unwrap() == std::fs::read(chime()).unwrap(), "{name}");
    }
    let mode = std::fs::metadata(at("there/old.wav")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(at("there")).unwrap().count(), 2);
    symlink("loop.wav", at("loop.wav")).unwrap();
    fails(&["transcode", &chime(), at("loop.wav").to_str().unwrap()], 1);
}

#[test]
fn who_reads_a_fifo_gets_the_whole_transcode() {
    let folder = TempDir::new().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for format in ["wav", "mp3", "flac", "mp4"] {
        let expected = run(&["transcode", &chime(), "-", "--f", format]).stdout;
        let mut reader = Command::new("timeout");
        let reader = reader.args(["60", "cat"]).arg(&fifo).stdout(Stdio::piped()).spawn().unwrap();
        let output = run(&["transcode", &chime(), fifo.to_str().unwrap(), "--f", format]);
        assert!(output.status.success(), "{format}: {}", stderr(&output));
        assert!(reader.wait_with_output().unwrap().stdout == expected, "{format}: other bytes");
        assert!(!fifo.is_file(), "{format}: a file took its place");
    }
}

#[test]
fn a_transcode_that_is_told_to_stop_leaves_what_was_there() {
    let folder = TempDir::new().unwrap();
    let (source, there) = (folder.path().join("long.wav"), folder.path().join("there"));
    // An hour, which is not made before the signal comes.
    std::fs::write(&source, wav(57_600_000, &noise(57_600_000))).unwrap();
    std::fs::create_dir(&there).unwrap();
    let target = there.join("long.mp3");
    std::fs::write(&target, "old").unwrap();
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut transcode = tonearm();
        transcode.arg("transcode").args([&source, &target]).args(["--threads", "1"]);
        let mut child = transcode.spawn().unwrap();
        until("nothing is written", || {
            std::fs::read_dir(&there).unwrap().any(|e| e.unwrap().metadata().unwrap().len() > 5000)
        });
        let id = child.id().to_string();
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 1, "{signal}: a part stays");
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
    }
}
