//! Every byte is the right one: whole files, ranges and multipart answers of every size, mixed and
//! pipelined over one connection.

use crate::client::Connection;
use crate::running::Server;
use std::fmt::Write;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;
use tempfile::TempDir;

/// Sizes around what is held in memory, copied, and sent by the kernel; some that cross its pages.
const SIZES: [usize; 10] = [0, 1, 2048, 2049, 4095, 4096, 8193, 65_536, 1_048_577, 3_000_001];

/// Bytes that tell their own place and file.
fn pattern(seed: usize, length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32.wrapping_mul(seed as u32 + 1) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    (0..length).map(|_| next()).collect()
}

struct Served {
    server: Server,
    files: Vec<(String, Vec<u8>)>,
    _folder: TempDir,
}

fn served() -> Served {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let files = SIZES.iter().enumerate().map(|(i, length)| {
        let bytes = pattern(i, *length);
        (server.upload(&format!("{length}.bin"), &bytes), bytes)
    });
    let files = files.collect();
    Served { server, files, _folder: folder }
}

#[test]
fn pipelined_wholes_and_ranges_over_many_files_are_each_the_right_bytes() {
    let Served { server, files, _folder } = served();
    let mut state = 12_345_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut connection = Connection::open(server.address);
    for _ in 0..30 {
        let mut requests = String::new();
        let mut expected = Vec::new();
        for _ in 0..1 + random(24) {
            let (link, bytes) = &files[random(files.len())];
            let _ = write!(requests, "GET {link} HTTP/1.1\r\nHost: x\r\n");
            if random(4) > 0 && !bytes.is_empty() {
                let first = random(bytes.len());
                let last = first + random((bytes.len() - first).min(100_000));
                let _ = write!(requests, "Range: bytes={first}-{last}\r\n");
                expected.push((206, &bytes[first..=last]));
            } else {
                expected.push((200, &bytes[..]));
            }
            requests += "\r\n";
        }
        connection.send(requests.as_bytes());
        for (status, bytes) in expected {
            let answer = connection.answer(false).unwrap();
            assert_eq!(answer.status, status, "{}", answer.text());
            assert!(answer.body == bytes, "{} wrong bytes of {}", answer.body.len(), bytes.len());
        }
    }
}

#[test]
fn the_parts_of_a_multipart_answer_are_each_the_right_bytes() {
    let Served { server, files, _folder } = served();
    let mut connection = Connection::open(server.address);
    for (link, bytes) in files.iter().filter(|(_, bytes)| bytes.len() > 60_000) {
        let end = bytes.len() - 1;
        let ranges = [(end - 20_000, end), (0, 0), (10, 30_000), (40_000, 45_000)];
        let asked: Vec<_> = ranges.iter().map(|(a, b)| format!("{a}-{b}")).collect();
        for _ in 0..2 {
            let request = format!(
                "GET {link} HTTP/1.1\r\nHost: x\r\nRange: bytes={}\r\n\r\n",
                asked.join(",")
            );
            connection.send(request.as_bytes());
        }
        for _ in 0..2 {
            let answer = connection.answer(false).unwrap();
            assert_eq!(answer.status, 206);
            let mut rest = &answer.body[..];
            for (first, last) in ranges {
                let head = rest.windows(4).position(|w| w == b"\r\n\r\n").expect("a part's head");
                let claimed = format!("bytes {first}-{last}/{}", bytes.len());
                assert!(String::from_utf8_lossy(&rest[..head]).contains(&claimed), "{claimed}");
                let (part, after) = rest[head + 4..].split_at(last + 1 - first);
                assert!(part == &bytes[first..=last], "{claimed}: wrong bytes");
                rest = after;
            }
            assert!(rest.starts_with(b"\r\n--") && rest.ends_with(b"--\r\n"));
        }
    }
}

#[test]
fn a_cached_transcode_is_the_same_bytes_in_pipelined_ranges() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let speech = std::fs::read(crate::sources::speech(folder.path())).unwrap();
    let link = server.upload("speech.wav", &speech);
    for options in ["f=wav&rate=16000", "f=mp3", "f=ogg", "f=flac"] {
        let path = format!("{link}?{options}");
        let whole = server.get(&path).body;
        let step = whole.len() / 7 + 1;
        let starts: Vec<_> = (0..whole.len()).step_by(step).collect();
        let mut connection = Connection::open(server.address);
        for start in &starts {
            let end = (start + step).min(whole.len()) - 1;
            let range = format!("Range: bytes={start}-{end}\r\n");
            connection.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{range}\r\n").as_bytes());
        }
        let mut joined = Vec::new();
        for _ in &starts {
            joined.extend(connection.answer(false).unwrap().body);
        }
        assert!(joined == whole, "{options}: the ranges differ from the whole");
    }
}

/// A published file of this length, of which only what `fill` writes takes space on the disk.
fn sparse(server: &Server, length: u64, fill: impl FnOnce(&File)) -> String {
    let model = server.upload("model.bin", b"x");
    let draft = server.data.join("tmp/sparse");
    let file = File::create(&draft).unwrap();
    file.set_len(length).unwrap();
    fill(&file);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(&draft).unwrap()).unwrap();
    let hash = hasher.finalize().to_hex().to_string();
    let path = server.data.join("blobs").join(&hash[..2]).join(&hash[2..4]).join(&hash);
    std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    std::fs::rename(draft, path).unwrap();
    let catalog = catalog::Catalog::open(server.data.join("catalog.sqlite")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let sid = model.trim_start_matches("/f/").parse().unwrap();
        let mut row = catalog.file(sid).await.unwrap().expect("the model");
        row.file_sid = uuid::Uuid::new_v4();
        row.file_access_name = row.file_sid.to_string();
        row.content_hash.clone_from(&hash);
        row.file_bytes = length;
        let content = catalog::ContentRow {
            content_hash: hash.clone(),
            length_bytes: length,
            facts: None,
            probe_error: Some("not audio".into()),
            probe_revision: 0,
            seek_index: Vec::new(),
            stored_at_ms: 0,
        };
        let link = format!("/f/{}", row.file_sid);
        let content = catalog::NewContent {
            row: content,
            object: catalog::Object { store: String::new(), name: hash, e_tag: None },
            is_announced: false,
        };
        let admit = |_: &catalog::ContainerRow| Ok::<_, catalog::Error>(Default::default());
        catalog.insert_file(row, catalog::Beside::Nothing, content, admit).await.unwrap();
        link
    })
}

#[test]
fn a_file_of_more_than_4_gib_is_right_on_both_sides_of_the_border_and_at_its_end() {
    const BORDER: u64 = 1 << 32;
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let marks = pattern(99, 3_000_000);
    let length = BORDER + 2_000_000;
    let link = sparse(&server, length, |file| {
        file.write_all_at(&marks, BORDER - 1_000_000).unwrap();
    });
    let from = |first: u64| &marks[(first - (BORDER - 1_000_000)) as usize..];
    assert_eq!(server.head(&link).length(), length);
    for (range, first, bytes) in [
        (format!("bytes={}-", BORDER - 1_000_000), BORDER - 1_000_000, 3_000_000),
        (format!("bytes={}-{}", BORDER - 1, BORDER), BORDER - 1, 2),
        (format!("bytes={BORDER}-{}", BORDER + 99_999), BORDER, 100_000),
        ("bytes=-70000".into(), length - 70_000, 70_000),
    ] {
        let answer = server.range(&link, &range);
        let claimed = format!("bytes {first}-{}/{length}", first + bytes as u64 - 1);
        assert_eq!(answer.header("content-range"), Some(claimed.as_str()));
        assert!(answer.body == from(first)[..bytes], "{range}: wrong bytes");
    }
}

#[test]
fn files_that_left_the_page_cache_are_sent_whole_and_in_ranges() {
    let Served { server, files, _folder } = served();
    let drop_pages = || {
        let drop = "find . -type f -exec dd if={} iflag=nocache count=0 status=none ';'";
        let blobs = _folder.path().join("data/blobs");
        let status = Command::new("sh").args(["-c", drop]).current_dir(blobs).status();
        assert!(status.unwrap().success());
    };
    for (link, bytes) in &files {
        drop_pages();
        assert!(server.get(link).body == *bytes, "{link}");
        if let Some(last) = bytes.len().checked_sub(1) {
            drop_pages();
            let (first, last) = (last / 3, last - last / 5);
            let answer = server.range(link, &format!("bytes={first}-{last}"));
            assert!(answer.status == 206 && answer.body == bytes[first..=last], "{link}");
        }
    }
}
