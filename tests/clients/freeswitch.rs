//! FreeSWITCH: mod_httapi (H), mod_http_cache and mod_shout (C).

use super::Check::{Each, Once};
use super::rules;
use super::site::{FORMATS, Site, State, header};
use crate::client::Answer;
use crate::running::Server;
use std::io::Read;
use std::time::Duration;
use tempfile::TempDir;

rules! { "FreeSWITCH":
    h1 "mod_httapi reads the right extension off the whole URL" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "disposition_name=a%2Eb/ch=1");
            assert_eq!(httapi_extension(&url(&link)), Some(format), "{link}");
            assert_eq!(httapi_extension(&url(&format!("{link}?x=1"))), Some(format));
            assert_eq!(head(site, &link).status, 200, "{link}");
        }
    });
    h2 "no `@` is needed in a URL" Each(|site, state| {
        let link = site.link(state, "wav", "disposition_name=a%40b");
        assert!(!url(&link).contains('@'), "{link}");
        let name = header(&head(site, &link), "content-disposition");
        assert!(name.contains("a@b"), "{name}");
    });
    h3 "HEAD first: 200 on every variant, 404 only where nothing is" Each(|site, state| {
        for format in FORMATS {
            let answer = head(site, &site.link(state, format, ""));
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{format}");
        }
        assert_eq!(head(site, "/f/00000000-0000-4000-8000-000000000000/x.wav").status, 404);
    });
    h4 "types are plain and those of its mime.types" Each(|site, state| {
        for (format, extension) in [("wav", "wav"), ("mp3", "mp3"), ("ogg", "oga")] {
            let kind = header(&head(site, &site.link(state, format, "")), "content-type");
            assert_eq!(of_mime_types(&kind), Some(extension), "{format}: {kind}");
            for link in site.misdeclared(format) {
                let kind = header(&head(site, &link), "content-type");
                assert_eq!(of_mime_types(&kind), Some(extension), "{link}: {kind}");
            }
        }
        for format in FORMATS {
            let kind = header(&head(site, &site.link(state, format, "")), "content-type");
            assert!(!kind.contains(';'), "{format}: {kind}");
        }
    });
    h5 "HEAD and GET say the same, also after a restart without the cache" Once(|site| {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let server = Server::start(&data, &[]);
        let link = server.upload("call.wav", &site.call);
        let links: Vec<_> = FORMATS.iter().map(|f| format!("{link}/t=0-30000/x.{f}")).collect();
        let links: Vec<_> = links.iter().chain([&link]).collect();
        let before: Vec<_> = links.iter().map(|l| compared(&server.head(l))).collect();
        let got: Vec<_> = links.iter().map(|l| compared(&server.get(l))).collect();
        server.stop();
        std::fs::remove_dir_all(data.join("cache")).unwrap();
        let server = Server::start(&data, &[]);
        let after: Vec<_> = links.iter().map(|l| compared(&server.head(l))).collect();
        assert!(before == got && got == after, "{before:?}\n{got:?}\n{after:?}");
    });
    h6 "URL within 700 bytes, ETag within 64" Each(|site, state| {
        let every = "f=mp3/br=128/rate=44100/ch=2/disposition=attachment\
                     /cache_control=public%2C%20max-age%3D31536000%2C%20immutable\
                     /content_type=application%2Foctet-stream";
        let link = site.link(state, "mp3", every);
        assert!(url(&link).len() <= 700, "{} bytes", url(&link).len());
        let answer = head(site, &link);
        assert_eq!(answer.status, 200, "{link}");
        assert!(header(&answer, "etag").len() <= 64);
    });
    h7 "a prompt's headers do not have it deleted after each play" Each(|site, state| {
        let control = header(&head(site, &site.link(state, "wav", "p=asterisk")), "cache-control");
        assert!(!control.contains("no-cache") && !control.contains("no-store"), "{control}");
    });
    h8 "the type of a URL never changes" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            let first = header(&head(site, &link), "content-type");
            let (whole, part) = (site.get(&link, &[]), site.server.range(&link, "bytes=5-9"));
            for answer in [whole, part, head(site, &link)] {
                assert_eq!(header(&answer, "content-type"), first, "{format}");
            }
            for link in site.misdeclared(format) {
                assert_eq!(header(&head(site, &link), "content-type"), first, "{link}");
            }
        }
    });
    c1 "mod_http_cache reads the right extension off the last path segment" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "content_type=application%2Foctet-stream");
            assert_eq!(cache_extension(&url(&link)), Some(format), "{link}");
        }
    });
    c2 "one GET, no HEAD before it, is enough" Each(|site, state| {
        for format in FORMATS {
            let answer = cache_get(site, &site.link(state, format, ""));
            assert_eq!((answer.status, answer.whole), (200, true), "{format}");
        }
    });
    c3 "`max-age` is there, and changed content has another URL" Each(|site, state| {
        let answer = cache_get(site, &site.link(state, "wav", "p=asterisk"));
        assert!(header(&answer, "cache-control").contains("max-age="));
        let (one, other) = (&site.call[..60_000], &site.call[..70_000]);
        let links = [one, other].map(|bytes| site.server.upload("greeting.wav", bytes));
        assert!(links[0] != links[1], "one URL for two contents");
    });
    c4 "signing the same thing twice gives the same URL" Each(|site, state| {
        let link = site.link(state, "wav", "p=asterisk");
        // An hour may begin between the first two.
        let links = [(); 3].map(|()| site.signed(&link));
        assert!(links[0] == links[1] || links[1] == links[2], "{links:#?}");
        let answer = cache_get(site, &links[1]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(header(&answer, "cache-control").contains("max-age="));
        assert_eq!(cache_extension(&url(&links[1])), Some("wav"));
        assert_eq!(httapi_extension(&url(&links[1])), Some("wav"));
    });
    c5 "MP3 flows from its first byte to its last without a stall" Each(|site, state| {
        streamed(site, &site.link(state, "mp3", ""));
    });
}

/// Reads as libcurl does for mod_shout, which gives up after 30 s without a byte, while others keep the
/// encoders busy.
fn streamed(site: &Site, link: &str) {
    let length = site.server.head(link).length();
    let busy = (0..8)
        .map(|_| site.link(State::Cold, "mp3", "br=128"))
        .map(|link| site.server.request("GET", &link).send_part(0).expect("a connection"));
    let busy: Vec<_> = busy.collect();
    let request = site.server.request("GET", link).header("Icy-MetaData", "1");
    let mut stream = request.header("User-Agent", "mod_shout").send_part(0).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (mut got, mut some) = (Vec::new(), [0; 1400]);
    loop {
        match stream.read(&mut some).expect("bytes within 30 s") {
            0 => break,
            read => got.extend(&some[..read]),
        }
    }
    drop(busy);
    let head = got.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    assert!(got.starts_with(b"HTTP/1.1 200 "), "{link}");
    assert_eq!((got.len() - head) as u64, length, "{link}");
    assert!(got[head..] == site.server.get(link).body, "{link}: other bytes than in one go");
}

fn url(link: &str) -> String {
    format!("http://media.example.com{link}")
}

fn head(site: &Site, link: &str) -> Answer {
    site.ask("HEAD", link, &[("User-Agent", "mod_httapi/1.0"), ("Accept", "*/*")])
}

fn cache_get(site: &Site, link: &str) -> Answer {
    site.get(link, &[("User-Agent", "freeswitch-http-cache/1.0"), ("Accept", "*/*")])
}

/// After the last `.` behind the last `/` of the whole URL, cut at `?`.
fn httapi_extension(url: &str) -> Option<&str> {
    let last = url.rsplit('/').next()?;
    let extension = last.rsplit_once('.')?.1;
    extension.split('?').next()
}

/// After the last `.` behind the last `/`.
fn cache_extension(url: &str) -> Option<&str> {
    url.rsplit('/').next()?.rsplit_once('.').map(|(_, extension)| extension)
}

/// The stock mime.types, as far as audio goes.
fn of_mime_types(kind: &str) -> Option<&'static str> {
    match kind {
        "audio/mpeg" => Some("mp3"),
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        "audio/ogg" => Some("oga"),
        "audio/x-flac" => Some("flac"),
        "audio/basic" => Some("au"),
        "audio/mp4" => Some("mp4a"),
        _ => None,
    }
}

/// What mod_httapi makes its cache key of.
fn compared(answer: &Answer) -> [String; 4] {
    ["last-modified", "etag", "content-length", "content-type"].map(|name| header(answer, name))
}
