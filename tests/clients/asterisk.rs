//! Asterisk's `Playback(http://…)`: res_http_media_cache over libcurl.

use super::Check::{Each, Once};
use super::rules;
use super::site::{FORMATS, Site, State, header, telephone_wav_rate};
use crate::client::Answer;
use crate::running::Server;
use std::thread;
use tempfile::TempDir;

rules! { "Asterisk":
    a1 "every variant has a URL without `&` and `,`" Each(|site, state| {
        for link in every_option(site, state) {
            assert!(!link.contains(['&', ',', ';', '@', '?']), "{link}");
            assert_eq!(link.matches('.').count(), 1, "{link}");
            assert_eq!(fetch(site, &link).status, 200, "{link}");
        }
    });
    a2 "the path ends with the format's lower-case extension" Each(|site, state| {
        for format in FORMATS {
            let link = site.link(state, format, "");
            assert!(link.ends_with(&format!(".{format}")), "{link}");
            let name = header(&fetch(site, &link), "content-disposition");
            assert!(name.contains(&format!(".{}", written(format))), "{format}: {name}");
        }
    });
    a3 "Content-Type and extension never disagree" Each(|site, state| {
        for format in FORMATS {
            let answer = fetch(site, &site.link(state, format, ""));
            let kind = header(&answer, "content-type");
            let taken_for = of_type(&kind).unwrap_or(format);
            assert_eq!(taken_for, format, "Asterisk takes {format} typed {kind} for {taken_for}");
            for link in site.misdeclared(format) {
                let kind = header(&fetch(site, &link), "content-type");
                let taken_for = of_type(&kind).unwrap_or(format);
                assert_eq!(taken_for, format, "{link} typed {kind}");
            }
        }
    });
    a4 "only what Asterisk knows by type has that type" Each(|site, state| {
        for format in ["alaw", "g722", "mp3", "ogg", "flac", "mp4"] {
            let kind = header(&fetch(site, &site.link(state, format, "")), "content-type");
            assert_eq!(of_type(&kind), None, "{format} is typed {kind}");
            for link in site.misdeclared(format) {
                let kind = header(&fetch(site, &link), "content-type");
                assert_eq!(of_type(&kind), None, "{link} is typed {kind}");
            }
        }
        for format in ["wav", "ulaw"] {
            for link in site.misdeclared(format) {
                let kind = header(&fetch(site, &link), "content-type");
                assert_eq!(of_type(&kind), Some(format), "{link} is typed {kind}");
            }
        }
        let wide = fetch(site, &wav16(site, state));
        assert_eq!(of_type(&header(&wide, "content-type")), Some("wav16"));
    });
    a5 "`.wav` is 16-bit mono PCM at 8 kHz with true sizes, `.wav16` at 16 kHz" Each(|site, state| {
        let narrow = fetch(site, &site.link(state, "wav", "p=asterisk"));
        assert_eq!(telephone_wav_rate(&narrow.body), 8000);
        assert_eq!(telephone_wav_rate(&fetch(site, &wav16(site, state)).body), 16_000);
    });
    a6 "a plain GET of its user agent is the whole body, without a redirect" Each(|site, state| {
        for format in FORMATS {
            let answer = fetch(site, &site.link(state, format, ""));
            assert_eq!((answer.status, answer.whole), (200, true), "{format}");
            assert_eq!(answer.body.len() as u64, answer.length());
        }
    });
    a7 "HEAD with the stored ETag is 304 without a body" Each(|site, state| {
        let link = site.link(state, "wav", "p=asterisk");
        let etag = header(&fetch(site, &link), "etag");
        let again = site.ask("HEAD", &link, &[AGENT, ("Accept", "*/*"), ("If-None-Match", &etag)]);
        assert_eq!((again.status, again.body.len()), (304, 0));
    });
    a8 "a prompt may be kept: `max-age`, no `no-cache`, no `must-revalidate`" Each(|site, state| {
        let answer = fetch(site, &site.link(state, "wav", "p=asterisk"));
        let control = header(&answer, "cache-control");
        assert!(control.contains("max-age=300"), "{control}");
        assert!(!control.contains("no-cache") && !control.contains("must-revalidate"), "{control}");
    });
    a9 "no header line over 1023 bytes, ETag within 200" Each(|site, state| {
        let name = "x".repeat(250);
        let link = site.link(state, "wav", &format!("disposition_name={name}"));
        let answer = fetch(site, &link);
        assert_eq!(answer.status, 200);
        assert!(answer.headers.iter().all(|(n, v)| n.len() + v.len() + 4 <= 1000));
        assert!(header(&answer, "etag").len() <= 200);
    });
    a10 "the URL has at least 48 characters" Each(|site, state| {
        let link = site.link(state, "wav", "");
        let shortest = match state {
            State::Original => link.replace("/prompt.wav", ".wav"),
            State::Cold | State::Cached => link.replace("/prompt.wav", "/p.wav"),
        };
        assert_eq!(fetch(site, &shortest).status, 200);
        assert!("http://h".len() + shortest.len() >= 48, "{shortest}");
    });
    a11 "64 parallel GETs of a cold variant: 64 identical bodies, one encode" Once(|site| {
        for format in ["wav", "mp3", "g722", "flac"] {
            one_encode_for_64(site, format);
        }
    });
    a12 "`.wav49` is what its reader of GSM in WAV takes" Each(|site, state| {
        let link = site.link(state, "wav", "").replace("prompt.wav", "prompt.wav49");
        let answer = fetch(site, &link);
        // Any type that it knows would have it read as PCM.
        assert_eq!(of_type(&header(&answer, "content-type")), None);
        assert!(is_wav49(&answer.body), "{:?}", &answer.body[..60]);
    });
}

const AGENT: (&str, &str) = ("User-Agent", "asterisk-libcurl-agent/1.0");

fn fetch(site: &Site, link: &str) -> Answer {
    site.get(link, &[AGENT, ("Accept", "*/*")])
}

/// The extension in file names of a format.
fn written(format: &str) -> &str {
    audio::formats::by_name(format).expect("a format").extensions[0]
}

fn wav16(site: &Site, state: State) -> String {
    site.link(state, "wav", "").replace("prompt.wav", "prompt.wav16")
}

/// Whether format_wav_gsm.c takes it: a header of 60 bytes in this very order, then blocks of 65 bytes.
fn is_wav49(body: &[u8]) -> bool {
    let at = |at: usize, wanted: &[u8]| body[at..].starts_with(wanted);
    let sixteen = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
    at(0, b"RIFF")
        && at(8, b"WAVEfmt \x14\0\0\0")
        && [sixteen(20), sixteen(22), sixteen(24), sixteen(26)] == [49, 1, 8000, 0]
        && at(40, b"fact")
        && at(52, b"data")
        // A byte too much is RIFF's padding.
        && (body.len() - 60) % 65 <= 1
        && body.len().is_multiple_of(2)
}

/// A link for every option of the path form.
fn every_option(site: &Site, state: State) -> Vec<String> {
    let options = [
        ("wav", "f=wav"),
        ("wav", "rate=16000"),
        ("wav", "ch=1"),
        ("wav", "ch=2"),
        ("wav", "ch=mix"),
        ("mp3", "br=32"),
        ("wav", "t=1500-4000"),
        ("wav", "p=asterisk"),
        ("wav", "p=asterisk16"),
        ("wav", "p=cisco"),
        ("wav", "codec=alaw"),
        ("ulaw", "p=ulaw"),
        ("alaw", "p=alaw"),
        ("g722", "p=g722"),
        ("mp3", "p=web"),
        ("wav", "disposition=attachment"),
        ("wav", "disposition_name=greeting"),
        ("wav", "content_type=audio%2Fwav"),
        ("wav", "cache_headers=60"),
        ("wav", "cache_control=max-age%3D60"),
    ];
    let links = options.iter().map(|(format, option)| site.link(state, format, option));
    // The call has one leg.
    let legs = ["left", "right", "swap"].map(|leg| format!("{}/ch={leg}/x.wav", site.stereo));
    links.chain(legs).collect()
}

/// The format that Asterisk takes a Content-Type for; `None` where it goes by the extension.
fn of_type(content_type: &str) -> Option<&'static str> {
    match content_type {
        "audio/wav" | "audio/x-wav" => Some("wav"),
        "audio/basic" => Some("ulaw"),
        "audio/gsm" => Some("gsm"),
        "audio/x-vox" => Some("vox"),
        "audio/x-wav;codec=pcm;bit=16;rate=16000" => Some("wav16"),
        _ => None,
    }
}

/// A server of its own tells in its log what was encoded.
fn one_encode_for_64(site: &Site, format: &str) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--log", "media=debug"]);
    let prompt = server.upload("prompt.wav", &site.call);
    let link = format!("{prompt}/t=0-25000/prompt.{format}");
    let ask = || server.request("GET", &link).header(AGENT.0, AGENT.1).send();
    let answers: Vec<_> = thread::scope(|scope| {
        let askers: Vec<_> = (0..64).map(|_| scope.spawn(ask)).collect();
        askers.into_iter().map(|asker| asker.join().expect("an answer")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.whole), (200, true), "{format}: {}", answer.text());
        assert!(answer.body == answers[0].body, "{format}: other bytes");
    }
    // It ends what it has begun: then all of it is in the log.
    server.stop();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    let mut encoded: Vec<_> = log
        .lines()
        .filter(|line| line.contains("a segment was encoded"))
        .filter_map(|line| line.split("segment=").nth(1))
        .collect();
    let all = encoded.len();
    encoded.sort_unstable();
    encoded.dedup();
    assert!(
        all >= 1 && all == encoded.len(),
        "{format}: {all} encodes of {} segments",
        encoded.len()
    );
}
