//! Chrome and Firefox.

use super::Check::Each;
use super::rules;
use super::site::{FORMATS, Site, content_range, header, telephone_wav_rate};
use crate::client::Answer;
use crate::judge::ffmpeg;

rules! { "Chrome, Firefox":
    g1 "`bytes=0-` is 206 with the full length, then a range in the middle is" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            let first = range(site, &link, "bytes=0-");
            assert_eq!((first.status, first.whole), (206, true), "{format}");
            assert_eq!(header(&first, "accept-ranges"), "bytes");
            let total = content_range(&first).2;
            assert_eq!(first.body.len() as u64, total, "{format}");
            let middle = range(site, &link, &format!("bytes={}-", total / 2));
            assert_eq!(middle.status, 206, "{format}");
            assert!(middle.body == first.body[(total / 2) as usize..], "{format}");
        }
    });
    g2 "If-Range: the current ETag 206, an old or weak one 200" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            let etag = header(&site.server.head(&link), "etag");
            let status = |value: &str| {
                site.get(&link, &[("Range", "bytes=100-"), ("If-Range", value)]).status
            };
            assert_eq!(status(&etag), 206, "{format}");
            assert_eq!(status("\"old\""), 200, "{format}");
            assert_eq!(status(&format!("W/{etag}")), 200, "{format}");
        }
    });
    g3 "cross-origin: Range may be sent, lengths and ETags may be read" Each(|site, state| {
        let link = site.link(state, "mp3", "");
        let origin = ("Origin", "https://player.example");
        let asked = ("Access-Control-Request-Headers", "range,if-range");
        let method = ("Access-Control-Request-Method", "GET");
        let preflight = site.ask("OPTIONS", &link, &[origin, method, asked]);
        assert!(preflight.status < 300);
        let allowed = header(&preflight, "access-control-allow-headers").to_lowercase();
        assert!(allowed.contains("range") && allowed.contains("if-range"), "{allowed}");
        let answer = site.get(&link, &[origin, ("Range", "bytes=0-")]);
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        let exposed = header(&answer, "access-control-expose-headers");
        for name in ["Content-Range", "Accept-Ranges", "Content-Length", "ETag", "Content-Disposition"] {
            assert!(exposed.contains(name), "{name}: {exposed}");
        }
    });
    g4 "WAV is 16-bit PCM; a mu-law WAV is converted" Each(|site, state| {
        let plain = site.get(&site.link(state, "wav", ""), &[]);
        assert_eq!(telephone_wav_rate(&plain.body), 8000);
        let (from, to) = (site.folder.path().join("call.wav"), site.folder.path().join("law.wav"));
        if !to.exists() {
            let path = |p: &std::path::Path| p.to_str().expect("a path").to_owned();
            ffmpeg(&["-i", &path(&from), "-c:a", "pcm_mulaw", &path(&to)]);
        }
        let law = site.server.upload("law.wav", &std::fs::read(&to).unwrap());
        assert_eq!(telephone_wav_rate(&site.get(&format!("{law}.wav"), &[]).body), 8000);
    });
    g5 "bad ranges 200, beyond the end 416, suffixes work, several are multipart" Each(|site, state| {
        let link = site.link(state, "mp3", "");
        let total = site.server.head(&link).length();
        for ignored in ["bytes=9-5", "bytes=x-y", "bites=0-1"] {
            assert_eq!(range(site, &link, ignored).status, 200, "{ignored}");
        }
        let beyond = range(site, &link, &format!("bytes={total}-"));
        assert_eq!(beyond.status, 416);
        assert_eq!(header(&beyond, "content-range"), format!("bytes */{total}"));
        assert_eq!(content_range(&range(site, &link, "bytes=-10")), (total - 10, total - 1, total));
        let more = format!("bytes=-{}", total + 1);
        assert_eq!(content_range(&range(site, &link, &more)), (0, total - 1, total));
        let several = range(site, &link, "bytes=0-9,100-109");
        assert!(header(&several, "content-type").starts_with("multipart/byteranges"));
    });
}

fn range(site: &Site, link: &str, range: &str) -> Answer {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    site.get(
        link,
        &[
            ("User-Agent", agent),
            ("Accept-Encoding", "identity;q=1, *;q=0"),
            ("Accept", "*/*"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Dest", "audio"),
            ("Range", range),
        ],
    )
}
