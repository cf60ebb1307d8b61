//! VLC, mpv and ffmpeg, ExoPlayer.

use super::Check::{Each, Once};
use super::rules;
use super::site::{FORMATS, Site, header, u32_at};
use crate::client::Answer;
use crate::running::Server;
use std::io::Read;
use tempfile::TempDir;

rules! { "VLC, mpv, ExoPlayer":
    p1 "mpv opens with `bytes=0-`: 206 or 200, never 406" Each(|site, state| {
        for format in FORMATS {
            let headers = [("User-Agent", "libmpv"), ("Icy-MetaData", "1"), ("Range", "bytes=0-")];
            let answer = site.get(&site.link(state, format, ""), &headers);
            assert_eq!((answer.status, answer.whole), (206, true), "{format}");
        }
    });
    p2 "VLC seeks with If-Unmodified-Since: 206, or 412 once changed" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            let date = header(&site.server.head(&link), "last-modified");
            assert_eq!(vlc_seek(site, &link, &date).status, 206, "{format}");
            let early = "Thu, 01 Jan 1998 00:00:00 GMT";
            assert_eq!(vlc_seek(site, &link, early).status, 412, "{format}");
        }
    });
    p3 "Content-Length on every audio variant" Each(|site, state| {
        for format in FORMATS {
            let answer = site.get(&site.link(state, format, ""), &[("User-Agent", "VLC/3.0.21 LibVLC/3.0.21")]);
            assert_eq!(answer.length(), answer.body.len() as u64, "{format}");
        }
    });
    p4 "times map to bytes: MP3 constant with `Info`, true sizes, totals and last granules" Each(|site, state| {
        let body = |format| site.get(&site.link(state, format, ""), &[]).body;
        let mp3 = body("mp3");
        assert!(mp3[..200].windows(4).any(|w| w == b"Info"), "no Info frame");
        assert!(!mp3[..200].windows(4).any(|w| w == b"Xing"), "a variable rate");
        let flac = body("flac");
        let total = u64::from(flac[21] & 15) << 32 | u64::from(u32::from_be_bytes(flac[22..26].try_into().unwrap()));
        assert!(total > 8000 * 20, "FLAC tells {total} samples");
        let wav = body("wav");
        assert_eq!(u32_at(&wav, 4) as usize, wav.len() - 8);
        let ogg = body("ogg");
        let last = ogg.windows(4).rposition(|w| w == b"OggS").expect("a page");
        let granule = u64::from_le_bytes(ogg[last + 6..last + 14].try_into().unwrap());
        assert!(ogg[last + 5] & 4 != 0, "the last page does not say so");
        assert!(granule > 48_000 * 20, "the last granule is {granule}");
    });
    p5 "a download cut anywhere 200 times and resumed is the same bytes, also across a restart" Once(|site| {
        resumed(site);
    });
}

fn vlc_seek(site: &Site, link: &str, since: &str) -> Answer {
    let agent = ("User-Agent", "VLC/3.0.21 LibVLC/3.0.21");
    site.get(link, &[agent, ("Range", "bytes=20000-"), ("If-Unmodified-Since", since)])
}

/// Cuts made per representation; eight formats and an original make over 200.
const CUTS: usize = 24;

fn resumed(site: &Site) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[]);
    let link = server.upload("call.wav", &site.call);
    let mut random = Random(1);
    let original = (link.clone(), site.call.clone());
    let transcodes = FORMATS.iter().map(|format| {
        // What another server makes of it, in one go.
        let options = format!("/t=0-55555/x.{format}");
        (format!("{link}{options}"), site.server.get(&format!("{}{options}", site.link)).body)
    });
    for (link, expected) in std::iter::once(original).chain(transcodes) {
        let etag = header(&server.head(&link), "etag");
        let mut have: Vec<u8> = Vec::new();
        for cut in 0..CUTS {
            let left = expected.len() - have.len();
            let take = random.below(left / (CUTS - cut).max(1) * 2).min(left);
            have.extend(taken(&server, &link, have.len(), &etag, take));
            if cut == CUTS / 2 {
                server.stop();
                server = Server::start(&data, &[]);
            }
        }
        let rest = resume(&server, &link, have.len(), &etag).send();
        if have.len() < expected.len() {
            assert_eq!(rest.status, 206, "{link}");
            have.extend(rest.body);
        }
        assert!(have == expected, "{link}: the pieces do not join to the whole");
    }
}

fn resume(server: &Server, link: &str, from: usize, etag: &str) -> crate::client::Request {
    server.request("GET", link).range(&format!("bytes={from}-")).header("If-Range", etag)
}

/// So many bytes from `from` on; then the connection is cut.
fn taken(server: &Server, link: &str, from: usize, etag: &str, count: usize) -> Vec<u8> {
    let mut stream = resume(server, link, from, etag).send_part(0).unwrap();
    let mut bytes = vec![0; 4096];
    let mut got = Vec::new();
    loop {
        let head = got.windows(4).position(|w: &[u8]| w == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = head
            && got.len() >= head + count
        {
            assert!(
                got.starts_with(b"HTTP/1.1 206"),
                "{link}: {}",
                String::from_utf8_lossy(&got[..head])
            );
            return got[head..head + count].to_vec();
        }
        let read = stream.read(&mut bytes).unwrap();
        assert!(read > 0, "{link}: the answer ended early");
        got.extend(&bytes[..read]);
    }
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}
