//! Safari, iOS and AVPlayer.

use super::Check::{Each, Once};
use super::rules;
use super::site::{AT_ONCE, FORMATS, Site, content_range, header};
use crate::client::Answer;
use crate::running::Server;
use tempfile::TempDir;

rules! { "Safari":
    s1 "`bytes=0-1` is 206 with two bytes and the exact total" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            let probe = range(site, &link, "bytes=0-1");
            assert_eq!((probe.status, probe.body.len()), (206, 2), "{format}");
            let (first, last, total) = content_range(&probe);
            assert_eq!((first, last), (0, 1));
            assert_eq!(total, site.server.head(&link).length(), "{format}");
        }
    });
    s2 "first and last 16 KiB, then the middle: the same total each time" Each(|site, state| {
        for format in AT_ONCE {
            let link = site.link(state, format, "");
            let total = content_range(&range(site, &link, "bytes=0-1")).2;
            let spans = [(0, 16_383), (total - 16_384, total - 1), (total / 2, total / 2 + 65_535)];
            for (first, last) in spans {
                let answer = range(site, &link, &format!("bytes={first}-{last}"));
                let last = last.min(total - 1);
                assert_eq!(answer.status, 206, "{format}");
                assert_eq!(content_range(&answer), (first, last, total), "{format}");
            }
        }
    });
    s3 "every 206 has exactly the declared length" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            for asked in ["bytes=0-1", "bytes=1000-70000", "bytes=-1", "bytes=3-"] {
                let answer = range(site, &link, asked);
                let (first, last, _) = content_range(&answer);
                assert_eq!(answer.body.len() as u64, last + 1 - first, "{format} {asked}");
                assert_eq!(answer.length(), last + 1 - first, "{format} {asked}");
            }
        }
    });
    s4 "one ETag, one sequence of bytes, also after eviction" Once(evicted_and_made_again);
    s5 "audio is never compressed on the wire" Each(|site, state| {
        let link = site.link(state, "wav", "");
        for coding in ["identity", "gzip, deflate, br", "identity;q=0, *;q=1"] {
            let answer = site.get(&link, &[("Accept-Encoding", coding)]);
            assert_eq!(answer.header("content-encoding"), None);
            assert!(answer.body.starts_with(b"RIFF"), "{coding}");
        }
    });
    s6 "right types and an extension; mp3, mp4 and wav are at hand" Each(|site, state| {
        for (format, kinds) in [
            ("mp3", &["audio/mpeg"][..]),
            ("mp4", &["video/mp4", "audio/mp4"]),
            ("wav", &["audio/x-wav", "audio/wav"]),
        ] {
            let kind = header(&range(site, &site.link(state, format, ""), "bytes=0-1"), "content-type");
            assert!(kinds.contains(&kind.as_str()), "{format}: {kind}");
        }
    });
    s7 "MP4 has its index before the media data" Each(|site, state| {
        let bytes = site.get(&site.link(state, "mp4", ""), &[]).body;
        let at = |name: &[u8]| bytes.windows(4).position(|w| w == name).expect("a box");
        assert!(at(b"moov") < at(b"mdat"));
    });
}

fn range(site: &Site, link: &str, range: &str) -> Answer {
    let agent = "AppleCoreMedia/1.0.0.21F79 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)";
    site.get(
        link,
        &[
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", agent),
            ("Range", range),
            ("X-Playback-Session-Id", "6B1A0C3E-6A5B-4C0E-9A8F-2D1B3C4D5E6F"),
        ],
    )
}

/// A cache that holds one transcode and a half loses each for the next.
fn evicted_and_made_again(site: &Site) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--cache-bytes", "600000"]);
    let link = server.upload("call.wav", &site.call);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for round in [&mut first, &mut second] {
        for format in FORMATS {
            let answer = server.get(&format!("{link}/t=0-40000/x.{format}"));
            assert_eq!((answer.status, answer.whole), (200, true), "{format}");
            round.push((header(&answer, "etag"), answer.body));
        }
    }
    let status = server.get(&format!("{link}/t=0-40000/x.wav"));
    assert_eq!(header(&status, "cache-status"), "tonearm; fwd=miss", "nothing was evicted");
    assert!(first == second, "other bytes after eviction");
}
