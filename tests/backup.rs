//! Backups beside a running server, and what is restored from them.

use crate::command_line::fails;
use crate::disk::SmallDisk;
use crate::lost::place;
use crate::running::{Server, run, stderr, stdout, text, tonearm, until};
use crate::s3::S3;
use crate::sources;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A data folder's server, and places beside it.
struct Kept {
    server: Server,
    folder: TempDir,
}

impl Kept {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), &[]);
        Self { server, folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn back_up(&self, to: &str) -> String {
        let done = run(&["backup", to, "--data", &self.at("data")]);
        assert!(done.status.success(), "{}", stderr(&done));
        stdout(&done)
    }

    fn restore(&self, from: &str, name: &str) -> Server {
        let done = run(&["restore", from, "--data", &self.at(name)]);
        assert!(done.status.success(), "{}", stderr(&done));
        Server::start(&self.folder.path().join(name), &[])
    }

    fn delete(&self, link: &str) {
        let path = format!("/core/v2/storage/files/{}", link.trim_start_matches("/f/"));
        assert_eq!(
            self.server.request("DELETE", &path).token(&self.server.token()).send().status,
            204
        );
    }
}

/// The stored objects of a folder.
fn objects(folder: &str) -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let paths = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    below(&Path::new(folder).join("blobs"))
}

#[test]
fn what_was_acknowledged_before_a_backup_began_is_restored_and_plays() {
    let kept = Kept::start();
    let recording = fs::read(sources::speech(kept.folder.path())).unwrap();
    let call = kept.server.upload("call.wav", &recording);
    let (is_over, acknowledged) =
        (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let uploader = {
        let (is_over, acknowledged) = (Arc::clone(&is_over), Arc::clone(&acknowledged));
        let first = kept.server.upload_request("0.bin", b"0");
        assert_eq!(first.send().status, 201);
        let upload =
            |n: u32| kept.server.upload_request(&format!("{n}.bin"), &n.to_le_bytes().repeat(5000));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 1.. {
                    if is_over.load(SeqCst) {
                        return;
                    }
                    let answer = upload(n).send();
                    assert_eq!(answer.status, 201, "{}", answer.text());
                    acknowledged.lock().unwrap().push((text(&answer.json()["file_sid"]), n));
                }
            });
            // Files that go meanwhile take their bytes along.
            scope.spawn(|| {
                while !is_over.load(SeqCst) {
                    let link = kept.server.upload("short.bin", b"soon gone");
                    kept.delete(&link);
                }
            });
            until("nothing is uploaded", || acknowledged.lock().unwrap().len() > 20);
            let before = acknowledged.lock().unwrap().clone();
            kept.back_up(&kept.at("backup"));
            is_over.store(true, SeqCst);
            before
        })
    };
    let restored = kept.restore(&kept.at("backup"), "restored");
    for (sid, n) in uploader {
        assert!(restored.get(&format!("/f/{sid}")).body == n.to_le_bytes().repeat(5000), "{n}");
    }
    assert!(restored.get(&call).body == recording);
    let played = restored.get(&format!("{call}?f=mp3"));
    assert!(played.body == kept.server.get(&format!("{call}?f=mp3")).body);
    // It is the same server: its tokens, and what it signs with.
    assert_eq!(restored.token(), kept.server.token());
    let signed = |data: &str| {
        let url = format!("http://127.0.0.1{call}");
        stdout(&run(&[
            "sign",
            &url,
            "--until",
            "4000000000",
            "--link-max-days",
            "36500",
            "--data",
            data,
        ]))
    };
    assert_eq!(signed(&kept.at("restored")), signed(&kept.at("data")));
    assert!(run(&["check", "--deep", "--data", &kept.at("restored")]).status.success());
}

#[test]
fn the_next_backup_takes_what_is_new_and_loses_what_is_gone() {
    let kept = Kept::start();
    let links: Vec<_> = (0..3_u8).map(|n| kept.server.upload("a.bin", &[n; 1000])).collect();
    let backup = kept.at("backup");
    assert!(
        kept.back_up(&backup).contains("3 stored objects are new (0 copied, 3 linked), 0 were")
    );
    kept.delete(&links[0]);
    kept.server.upload("b.bin", b"new");
    assert!(
        kept.back_up(&backup).contains("1 stored objects are new (0 copied, 1 linked), 2 were")
    );
    assert_eq!(objects(&backup).len(), 3);
    let files = fs::read_dir(&backup).unwrap().map(|entry| entry.unwrap().path());
    for path in files {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is for others", path.display());
    }
    let restored = kept.restore(&backup, "restored");
    assert_eq!(restored.get(&links[0]).status, 404);
    assert_eq!(restored.get(&links[1]).body, [1; 1000]);
}

#[test]
fn a_backup_that_was_killed_leaves_the_one_before_and_is_run_again() {
    let kept = Kept::start();
    let first = kept.server.upload("first.bin", b"first");
    // Another file system, so that there is something to copy.
    let elsewhere = TempDir::new_in("/dev/shm").unwrap();
    let backup = elsewhere.path().join("backup").to_str().unwrap().to_owned();
    assert!(kept.back_up(&backup).contains("1 copied"));
    let links: Vec<_> = (0..150_u8).map(|n| kept.server.upload("a.bin", &[n; 100_000])).collect();
    let mut command = tonearm();
    let mut child = command.args(["backup", &backup, "--data", &kept.at("data")]).spawn().unwrap();
    until("nothing is copied", || objects(&backup).len() > 3);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was not killed in the middle");
    let restored = kept.restore(&backup, "before");
    assert_eq!(restored.get(&first).body, b"first");
    assert_eq!(restored.get(&links[0]).status, 404);
    kept.back_up(&backup);
    let restored = kept.restore(&backup, "after");
    for (n, link) in links.iter().enumerate() {
        assert_eq!(restored.get(link).body, vec![n as u8; 100_000]);
    }
}

#[test]
fn a_restore_that_was_broken_off_is_no_data_folder_until_it_is_run_again() {
    let kept = Kept::start();
    let link = kept.server.upload("a.bin", b"kept");
    let (backup, data) = (kept.at("backup"), kept.at("restored"));
    kept.back_up(&backup);
    // As a kill leaves it: objects, one of them torn, and no catalog.
    fs::create_dir_all(&data).unwrap();
    fs::write(format!("{data}/restoring"), "").unwrap();
    let object = &objects(&backup)[0];
    let torn = Path::new(&data).join(object.strip_prefix(&backup).unwrap());
    fs::create_dir_all(torn.parent().unwrap()).unwrap();
    fs::write(&torn, "kepX").unwrap();
    fs::write(format!("{data}/catalog.new"), "torn").unwrap();
    let said = fails(&["serve", "--listen", "127.0.0.1:0", "--data", &data], 1);
    assert!(said.contains("run it again"), "{said}");
    assert_eq!(kept.restore(&backup, "restored").get(&link).body, b"kept");
}

#[test]
fn a_full_disk_ends_a_backup_by_that_name() {
    let kept = Kept::start();
    (0..8_u8).for_each(|n| drop(kept.server.upload("a.bin", &[n; 1_000_000])));
    let disk = SmallDisk::mount(4, &kept.folder.path().join("small"));
    let mut backup = disk.tonearm();
    let to = kept.at("small/backup");
    let done = backup.args(["backup", &to, "--data", &kept.at("data")]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(stderr(&done).contains("the disk is full"), "{}", stderr(&done));
    assert!(run(&["check", "--data", &kept.at("data")]).status.success());
}

#[test]
fn a_backup_goes_where_nothing_else_is_and_never_into_what_it_keeps() {
    let kept = Kept::start();
    kept.server.upload("a.bin", b"kept");
    let data = kept.at("data");
    symlink(&data, kept.at("link")).unwrap();
    fs::create_dir(kept.at("other")).unwrap();
    fs::write(kept.at("other/letter.txt"), "dear").unwrap();
    fs::write(kept.at("file"), "").unwrap();
    let (inside, linked, around) = (kept.at("data/backup"), kept.at("link/blobs"), kept.at("."));
    let (other, file) = (kept.at("other"), kept.at("file"));
    for to in [&data, &inside, &linked, &around, &other, &file] {
        let said = fails(&["backup", to, "--data", &data], 1);
        assert!(said.contains(kept.folder.path().to_str().unwrap()), "{said}");
    }
    assert!(!Path::new(&inside).exists());
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
    // What is removed from a backup must not be another's.
    let backup = kept.at("backup");
    kept.back_up(&backup);
    fs::remove_dir_all(format!("{backup}/blobs")).unwrap();
    symlink(format!("{data}/blobs"), format!("{backup}/blobs")).unwrap();
    fails(&["backup", &backup, "--data", &data], 1);
    assert_eq!(objects(&data).len(), 1);
    // No server runs on a backup.
    let said = fails(&["serve", "--listen", "127.0.0.1:0", "--data", &backup], 1);
    assert!(said.contains("there is no catalog"), "{said}");
}

#[test]
fn the_backup_of_another_catalog_is_left_alone_and_a_restored_one_goes_on_with_its_own() {
    let kept = Kept::start();
    let link = kept.server.upload("a.bin", b"kept");
    let backup = kept.at("backup");
    kept.back_up(&backup);
    // As a start makes it where the disk of the data folder isn't mounted.
    drop(Server::start(&kept.folder.path().join("unmounted"), &[]));
    let said = fails(&["backup", &backup, "--data", &kept.at("unmounted")], 1);
    assert!(said.contains("is the backup of another catalog"), "{said}");
    assert_eq!(kept.restore(&backup, "restored").get(&link).body, b"kept");
    let done = run(&["backup", &backup, "--data", &kept.at("restored")]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stdout(&done).contains("1 were there"), "{}", stdout(&done));
}

#[test]
fn a_restore_takes_a_whole_backup_and_overwrites_nothing() {
    let kept = Kept::start();
    kept.server.upload("a.bin", b"kept");
    let (data, backup) = (kept.at("data"), kept.at("backup"));
    kept.back_up(&backup);
    fs::create_dir(kept.at("used")).unwrap();
    fs::write(kept.at("used/letter.txt"), "dear").unwrap();
    let restore = |from: &str, to: &str| fails(&["restore", from, "--data", to], 1);
    restore(&backup, &data);
    restore(&backup, &kept.at("used"));
    restore(&backup, &kept.at("backup/inside"));
    assert!(restore(&kept.at("used"), &kept.at("new")).contains("is no backup"));
    assert!(restore(&kept.at("nowhere"), &kept.at("new")).contains("is no backup"));
    // A backup that was broken off before it was whole.
    fs::create_dir(kept.at("begun")).unwrap();
    fs::write(kept.at("begun/backup.json"), r#"{"catalog": null}"#).unwrap();
    assert!(restore(&kept.at("begun"), &kept.at("new")).contains("broken off"));
    assert!(!Path::new(&kept.at("new")).exists(), "something is left of a refusal");
    // A catalog that a disk has changed.
    let entries = fs::read_dir(&backup).unwrap().map(|entry| entry.unwrap().path());
    let catalog = entries.into_iter().find(|path| path.extension().is_some_and(|e| e == "sqlite"));
    let catalog = catalog.unwrap();
    let mut bytes = fs::read(&catalog).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&catalog, bytes).unwrap();
    assert!(restore(&backup, &kept.at("new")).contains("is damaged"));
}

#[test]
fn lost_bytes_are_named_by_a_backup_and_a_restore_and_the_rest_is_kept() {
    let kept = Kept::start();
    let link = kept.server.upload("sound.bin", b"sound");
    for name in ["missing", "spoiled"] {
        kept.server.upload(name, name.as_bytes());
    }
    fs::remove_file(place(&kept.server, b"missing")).unwrap();
    let backup = kept.at("backup");
    let done = run(&["backup", &backup, "--data", &kept.at("data")]);
    let lost = blake3::hash(b"missing").to_hex();
    assert_eq!(done.status.code(), Some(1));
    assert!(stderr(&done).contains(&format!("lost: {lost}")), "{}", stderr(&done));
    // The disk of the backup spoils an object. Its name is taken from it, because the data folder has it, too.
    let spoiled = blake3::hash(b"spoiled").to_hex();
    let object =
        objects(&backup).into_iter().find(|path| path.to_str().unwrap().contains(&*spoiled));
    let object = object.unwrap();
    fs::remove_file(&object).unwrap();
    fs::write(&object, b"spoilXd").unwrap();
    let done = Command::new(tonearm().get_program())
        .args(["restore", &backup, "--data", &kept.at("restored")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    for hash in [lost, spoiled] {
        assert!(stderr(&done).contains(&format!("lost: {hash}")), "{}", stderr(&done));
    }
    assert_eq!(Server::start(Path::new(&kept.at("restored")), &[]).get(&link).body, b"sound");
}

#[test]
fn a_backup_of_files_in_a_bucket_is_their_catalog_and_the_bucket_keeps_the_bytes() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let server = Server::start_on_bucket(&s3.url(), Path::new(&at("data")), &[]);
    let link = server.upload("a.bin", b"in the bucket");
    let succeeds = |args: &[&str]| {
        let done = run(args);
        assert!(done.status.success(), "{args:?}: {}", stderr(&done));
    };
    succeeds(&["backup", &at("backup"), "--data", &at("data")]);
    succeeds(&["check", "--deep", "--data", &at("data")]);
    server.stop();
    succeeds(&["restore", &at("backup"), "--data", &at("restored")]);
    assert_eq!(objects(&at("restored")), [] as [PathBuf; 0]);
    let restored = Server::start_on_bucket(&s3.url(), Path::new(&at("restored")), &[]);
    assert_eq!(restored.get(&link).body, b"in the bucket");
}
