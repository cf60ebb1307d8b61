//! What holds while uploads break, encoders fail and everybody comes at once.

use super::Check::{Each, Later, Once};
use super::rules;
use super::site::{AT_ONCE, Site, header};
use crate::client::Request;
use crate::running::Server;
use crate::spread::files_below;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;

rules! { "Operations":
    u1 "a broken upload tells how much is stored" Later("resumable uploads");
    u2 "killed during an encode, no partial variant is ever served" Once(|_| {
        crate::crash::killed_during_transcodes_it_serves_nothing_partial_afterwards();
    });
    u3 "a source that can't be read midway breaks the transfer off; nothing is cached" Once(broken_midway);
    u4 "600 parallel distinct encodes: whole answers or 503 with Retry-After; health and metrics answer"
        Once(all_at_once);
    u5 "the cache never passes its limit by more than what is being made" Once(bounded_cache);
    u6 "header options can't inject; empty ones count as none; HEAD says the same" Each(|site, state| {
        let link = site.link(state, "wav", "");
        for bad in ["content_type=text/html", "cache_control=x%0D%0AX-Evil:1", "disposition_name=a%0Db"] {
            assert_eq!(site.server.get(&format!("{link}?{bad}")).status, 400, "{bad}");
        }
        let long = format!("{link}?disposition_name={}", "%C3%A4".repeat(255));
        assert_eq!(site.server.get(&long).status, 400);
        let plain = site.server.get(&link);
        let empty = format!("{link}?content_type=&cache_control=&disposition_name=");
        let chosen = format!("{link}?content_type=audio/wav&cache_headers=9&disposition=attachment");
        for name in ["content-type", "cache-control", "content-disposition"] {
            assert_eq!(site.server.get(&empty).header(name), plain.header(name));
            assert_eq!(site.server.get(&chosen).header(name), site.server.head(&chosen).header(name));
        }
        assert_eq!(header(&plain, "x-content-type-options"), "nosniff");
    });
    u7 "names with `+`, quotes and other scripts come back whole" Each(|site, state| {
        let link = site.link(state, "wav", "");
        let name = "a%2Bb%20%22%C3%A4%E6%97%A5%22.wav";
        let answer = site.server.get(&format!("{link}?disposition_name={name}"));
        let value = header(&answer, "content-disposition");
        assert!(value.contains("filename*=UTF-8''a+b%20%22%C3%A4%E6%97%A5%22.wav"), "{value}");
        let quoted = site.server.get(&format!("{link}?disposition_name=a%22b.wav"));
        let value = header(&quoted, "content-disposition");
        assert!(value.contains(r#"filename="a\"b.wav""#), "{value}");
    });
}

/// Half of a recording vanishes from the disk, and comes back.
fn broken_midway(site: &Site) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // That of a bucket is in tests/buckets.rs.
    let server = Server::start(&data, &["--transcode-threads", "1", "--blobs", "file:"]);
    let link = server.upload("call.wav", &site.call);
    let blob = files_below(&data.join("blobs")).pop().expect("a blob");
    let blob = std::fs::File::options().write(true).open(blob).unwrap();
    blob.set_len(site.call.len() as u64 / 2).unwrap();
    let broken = |link: &str| {
        let answer = server.request("GET", link).try_send();
        assert!(answer.is_err() || answer.is_ok_and(|a| a.status != 200 || !a.whole), "{link}");
    };
    // An original that lost its end can't be sent whole, and no transcode ends in silence instead.
    broken(&link);
    let transcodes = AT_ONCE.map(|format| format!("{link}/t=0-99000/x.{format}"));
    for link in transcodes.iter().chain(&transcodes) {
        broken(link);
    }
    blob.write_all_at(&site.call, 0).unwrap();
    for link in &transcodes {
        let whole = site.server.get(&link.replace(server_path(link), &site.link));
        let answer = server.get(link);
        assert!(answer.status == 200 && answer.body == whole.body, "{link}: something was kept");
    }
}

/// `/f/{file_sid}` of a link.
fn server_path(link: &str) -> &str {
    &link[..link.find("/t=").expect("options")]
}

fn all_at_once(site: &Site) {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &["--queue-length", "32"]);
    let link = server.upload("call.wav", &site.call[..44 + 16_000 * 12]);
    let askers: Vec<_> = (0..600)
        .map(|n| {
            let path = format!("{link}/t={n}-11000/x.mp3");
            let request = Request::new(server.address, "GET", &path);
            thread::Builder::new().stack_size(256 * 1024).spawn(move || request.send())
        })
        .collect();
    for path in ["/healthz", "/metrics"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let unanswered = askers.iter().filter(|a| a.as_ref().is_ok_and(|a| !a.is_finished())).count();
    assert!(unanswered > 0, "health and metrics waited behind the encodes");
    let mut refused = 0;
    for asker in askers {
        let answer = asker.unwrap().join().expect("an answer");
        match answer.status {
            200 => assert!(answer.whole),
            503 => {
                assert!(answer.header("retry-after").is_some(), "no Retry-After");
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(refused > 0, "nobody was refused: the queue has no limit");
    assert_eq!(server.get(&format!("{link}/t=0-11000/x.mp3")).status, 200, "it does not recover");
    assert_eq!(server.children(), 0, "processes were left behind");
}

/// Bytes that the cache may hold in this test.
const LIMIT: u64 = 2_000_000;

fn bounded_cache(site: &Site) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let limit = LIMIT.to_string();
    let server = Server::start(&data, &["--cache-bytes", &limit]);
    let link = server.upload("call.wav", &site.call);
    let done = Arc::new(AtomicBool::new(false));
    let (watching, cache) = (Arc::clone(&done), data.join("cache"));
    let watcher = thread::spawn(move || {
        let mut most = 0;
        while !watching.load(Ordering::Relaxed) {
            most = most.max(disk_bytes(&cache));
            thread::sleep(std::time::Duration::from_millis(2));
        }
        most
    });
    for n in 0..12 {
        assert_eq!(server.get(&format!("{link}/t={n}-60000/rate=16000/x.wav")).status, 200);
    }
    done.store(true, Ordering::Relaxed);
    let most = watcher.join().expect("the watcher");
    // Two threads make segments of 320 kB; the maps beside the data take a page each.
    let slack = 4 * 320_000 + 12 * 8192;
    assert!(most > LIMIT / 2, "the cache was not used");
    assert!(most <= LIMIT + slack, "{most} bytes on the disk, {LIMIT} allowed");
}

/// Space that the files of a folder take on the disk.
fn disk_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let sizes = files_below(folder).into_iter().filter_map(|p| std::fs::metadata(p).ok());
    sizes.map(|m| m.blocks() * 512).sum()
}
