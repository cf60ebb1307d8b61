//! A disk that gets full, and a data folder that is its owner's alone.

use crate::running::{Server, stderr, stdout, text, tonearm, until};
use crate::sources;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A small file system under a folder, which those alone see whom it lets in. It goes when it is dropped.
pub struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("/proc").uid() == 0
}

impl SmallDisk {
    pub fn mount(mib: u32, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("unshare");
        if !is_root() {
            command.arg("--map-root-user");
        }
        let mount = format!("mount -t tmpfs -o size={mib}m tonearm \"$0\"");
        let script = format!("{mount} && echo mounted && exec sleep 3600");
        command.args(["--mount", "sh", "-c", &script]).arg(folder);
        let mut holder = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(
            said, "mounted\n",
            "no file system can be mounted here; user namespaces do without root"
        );
        Self { holder, folder: folder.to_owned() }
    }

    /// The binary, run where the disk is seen.
    pub fn tonearm(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg(tonearm().get_program());
        command
    }

    fn server(&self) -> Server {
        self.server_with(&[])
    }

    pub fn server_with(&self, args: &[&str]) -> Server {
        let mut server = Server::start_by(self.tonearm(), "127.0.0.1:0", &self.folder, args);
        server.data = self.seen(".");
        server
    }

    /// Where the tests see what lies in the folder.
    pub fn seen(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").unwrap()).join(name)
    }

    /// Fills the disk to its last byte.
    pub fn fill(&self) {
        let mut filler = std::fs::File::create(self.seen("filler")).unwrap();
        for block in [vec![1; 1 << 16], vec![1]] {
            while filler.write_all(&block).is_ok() {}
        }
    }

    pub fn empty(&self) {
        std::fs::remove_file(self.seen("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// An upload that has no room is refused by that name.
fn assert_full(server: &Server) {
    let answer = server.upload_request("large.bin", &vec![3; 6_000_000]).send();
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(text(&answer.json()["message"]).contains("the disk is full"), "{}", answer.text());
}

fn delete(server: &Server, link: &str) -> u16 {
    let path = format!("/core/v2/storage/files/{}", link.trim_start_matches("/f/"));
    server.request("DELETE", &path).token(&server.token()).send().status
}

#[test]
fn on_a_full_disk_it_starts_and_serves_and_takes_files_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let disk = SmallDisk::mount(40, &folder.path().join("data"));
    let server = disk.server();
    let link = server.upload("call.wav", &recording);
    let expected = server.get(&format!("{link}?f=mp3")).body;
    until("no reserve is kept", || disk.seen("reserve").exists());
    server.stop();
    disk.fill();
    let server = disk.server();
    assert!(server.get(&link).body == recording);
    assert!(server.get(&format!("{link}?f=mp3")).body == expected);
    assert_full(&server);
    disk.empty();
    let new = server.upload("new.bin", &[4; 6_000_000]);
    assert_eq!(server.get(&new).length(), 6_000_000);
}

#[test]
fn on_a_disk_that_is_full_before_a_server_has_run_it_starts_and_serves() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let disk = SmallDisk::mount(40, &data);
    let mut import = disk.tonearm();
    import.args(["import", &crate::command_line::chime(), "--data"]).arg(&data);
    let imported = import.output().unwrap();
    assert!(imported.status.success(), "{}", stderr(&imported));
    let link = &stdout(&imported).split("/f/").nth(1).unwrap()[..36].to_owned();
    disk.fill();
    let server = disk.server();
    assert_eq!(server.get(&format!("/f/{link}")).status, 200);
}

#[test]
fn on_a_full_disk_files_can_be_deleted() {
    let folder = TempDir::new().unwrap();
    let disk = SmallDisk::mount(40, &folder.path().join("data"));
    let server = disk.server();
    let links: Vec<_> =
        (0..20_u8).map(|n| server.upload(&format!("{n}.bin"), &[n; 300_000])).collect();
    until("no reserve is kept", || disk.seen("reserve").exists());
    disk.fill();
    assert_full(&server);
    for link in &links {
        assert_eq!(delete(&server, link), 204);
        assert_eq!(server.get(link).status, 404);
    }
    until("what is deleted takes room", || {
        server.upload_request("small.bin", &[5; 2_000_000]).send().status == 201
    });
}

#[test]
fn too_little_room_is_told_by_readyz_while_healthz_lives() {
    let folder = TempDir::new().unwrap();
    let disk = SmallDisk::mount(40, &folder.path().join("data"));
    let server = disk.server();
    assert_eq!((server.get("/readyz").status, server.get("/healthz").status), (200, 200));
    disk.fill();
    let answer = server.get("/readyz");
    assert_eq!((answer.status, server.get("/healthz").status), (503, 200));
    assert_eq!(answer.json()["status"], "full");
    assert!(text(&answer.json()["message"]).contains("0 bytes free"), "{}", answer.text());
    disk.empty();
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn uploads_leave_free_what_is_to_be_left() {
    let folder = TempDir::new().unwrap();
    let disk = SmallDisk::mount(60, &folder.path().join("data"));
    let server = disk.server_with(&["--min-free-bytes", "30MiB"]);
    let link = server.upload("small.bin", &[1; 1_000_000]);
    // It is looked at again while a long one comes.
    let answer = server.upload_request("large.bin", &vec![2; 50_000_000]).send();
    assert_eq!(answer.status, 507, "{}", answer.text());
    std::fs::write(disk.seen("filler"), vec![3; 30_000_000]).unwrap();
    let answer = server.upload_request("small.bin", &[4; 1000]).send();
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get(&link).length(), 1_000_000);
    assert_eq!(delete(&server, &link), 204);
    disk.empty();
    server.upload("small.bin", &[4; 1000]);
}

#[test]
fn an_upload_keeps_what_came_before_the_disk_was_full_and_goes_on_once_there_is_room() {
    let folder = TempDir::new().unwrap();
    let disk = SmallDisk::mount(40, &folder.path().join("data"));
    let server = disk.server();
    until("no reserve is kept", || disk.seen("reserve").exists());
    let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let uploads = "/core/v2/storage/uploads";
    let tus = |method: &str, path: &str| {
        server.request(method, path).token(&server.token()).header("Tus-Resumable", "1.0.0")
    };
    let begun = tus("POST", uploads).header("Upload-Length", &bytes.len().to_string()).send();
    let place = begun.header("location").expect("a place");
    let path = format!("/core/v2/storage/{place}");
    let bring = |from: usize, to: usize| {
        let request = tus("PATCH", &path).header("Upload-Offset", &from.to_string());
        let request = request.header("Content-Type", "application/offset+octet-stream");
        request.body(&bytes[from..to]).send()
    };
    assert_eq!(bring(0, 3_000_000).status, 204);
    disk.fill();
    let full = bring(3_000_000, bytes.len());
    assert_eq!(full.status, 507, "{}", full.text());
    let told = tus("HEAD", &path).send();
    let come: usize = told.header("upload-offset").expect("an offset").parse().unwrap();
    assert!((3_000_000..bytes.len()).contains(&come), "{come}");
    disk.empty();
    let last = bring(come, bytes.len());
    assert_eq!(last.status, 204, "{}", last.text());
    let file =
        last.header("x-file-uri").expect("a file").trim_start_matches("../files/").to_owned();
    assert!(server.get(&format!("/f/{file}")).body == bytes);
}

#[test]
fn the_output_cache_gives_way_to_files_on_the_same_disk() {
    let folder = TempDir::new().unwrap();
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let disk = SmallDisk::mount(40, &folder.path().join("data"));
    let server = disk.server();
    let link = server.upload("call.wav", &recording);
    let expected = server.get(&format!("{link}?f=flac")).body;
    until("nothing is cached", || server.metric("tonearm_cache_bytes") > 0);
    let filler = vec![1; 30_000_000];
    std::fs::write(disk.seen("filler"), filler).unwrap();
    until("the cache keeps its room", || server.metric("tonearm_cache_bytes") == 0);
    assert!(server.get(&format!("{link}?f=flac")).body == expected);
    assert_eq!(server.metric("tonearm_cache_bytes"), 0, "it takes the room again");
}

#[test]
fn what_comes_in_may_lie_on_a_disk_of_its_own_meanwhile() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let disk = SmallDisk::mount(8, &data.join("tmp"));
    let server = Server::start_where(disk.tonearm(), &data, &data);
    let link = server.upload("a.bin", &[1; 5_000_000]);
    assert!(server.get(&link).body == [1; 5_000_000]);
    let answer = server.upload_request("large.bin", &vec![2; 12_000_000]).send();
    assert_eq!(answer.status, 507, "{}", answer.text());
    server.upload("b.bin", &[3; 5_000_000]);
    let objects = Command::new("find").arg(data.join("blobs")).args(["-type", "f"]).output();
    assert_eq!(
        String::from_utf8(objects.unwrap().stdout).unwrap().lines().count(),
        2,
        "a rest stays"
    );
}

#[test]
fn a_full_disk_of_the_cache_alone_costs_neither_answers_nor_uploads() {
    let folder = TempDir::new().unwrap();
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let disk = SmallDisk::mount(40, &data.join("cache"));
    let server = Server::start_where(disk.tonearm(), &data, &data);
    let link = server.upload("call.wav", &recording);
    disk.fill();
    let get = |format: &str| {
        let answer = server.get(&format!("{link}?f={format}"));
        assert_eq!((answer.status, answer.whole), (200, true), "{format}: {}", answer.text());
        answer.body
    };
    let made = ["mp3", "flac"].map(get);
    assert_eq!(server.metric("tonearm_cache_bytes"), 0);
    assert_eq!(server.get("/readyz").status, 200);
    server.upload("another.bin", &[3; 5_000_000]);
    disk.empty();
    until("nothing is kept though there is room", || {
        assert!(["mp3", "flac"].map(get) == made);
        server.metric("tonearm_cache_bytes") > 0
    });
}

/// What lies in a folder, and the folder.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| if path.is_dir() { all_in(&path) } else { vec![path] });
    below.chain([folder.to_owned()]).collect()
}

#[test]
fn nothing_of_the_data_folder_is_for_others_whatever_the_umask_or_an_earlier_version_left() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let start = || {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000 && exec \"$0\" \"$@\""]).arg(tonearm().get_program());
        Server::start_where(command, &data, &data)
    };
    let for_others =
        |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0;
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let server = start();
    let link = server.upload("call.wav", &recording);
    assert_eq!(server.get(&format!("{link}?f=mp3")).status, 200);
    until("nothing is cached", || std::fs::read_dir(data.join("cache")).unwrap().count() >= 2);
    let open: Vec<_> = all_in(&data).into_iter().filter(for_others).collect();
    assert_eq!(open, [] as [PathBuf; 0]);
    server.stop();
    let earlier: Vec<_> = all_in(&data.join("cache"))
        .into_iter()
        .chain(["", "catalog.sqlite", "blobs", "tmp"].map(|name| data.join(name)))
        .collect();
    for path in &earlier {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let _server = start();
    let open: Vec<_> = earlier.into_iter().filter(for_others).collect();
    assert_eq!(open, [] as [PathBuf; 0]);
}
