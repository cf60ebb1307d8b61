//! The publish link as clients see it: conditions, ranges, forms of the URL, errors, headers.

mod conditions;
mod refusals;
mod tags;
mod types;

use crate::client::Answer;
use crate::running::{Server, text};
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// One server with our two sample recordings.
struct Site {
    server: Server,
    chime: String,
    melody: String,
    _folder: TempDir,
}

impl Site {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(site) = shared.upgrade() {
            return site;
        }
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data"), &[]);
        let chime = server.upload("chime-8k.wav", &asset("chime-8k.wav"));
        let melody = server.upload("melody.flac", &asset("melody.flac"));
        let site = Arc::new(Self { server, chime, melody, _folder: folder });
        *shared = Arc::downgrade(&site);
        site
    }

    fn with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.server.request("GET", path);
        headers.iter().fold(request, |r, (n, v)| r.header(n, v)).send()
    }
}

fn asset(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    std::fs::read(path).expect("a sample recording")
}

fn header(answer: &Answer, name: &str) -> String {
    answer.header(name).unwrap_or_else(|| panic!("no {name}: {:?}", answer.headers)).to_owned()
}

/// A 400 whose body names the field.
fn refused(answer: &Answer, field: &str) {
    assert_eq!(answer.status, 400, "{field}: {}", answer.text());
    assert_eq!(header(answer, "content-type"), "application/json");
    assert_eq!(header(answer, "cache-control"), "no-store");
    assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text());
    assert!(!text(&answer.json()["errors"][0]["message"]).is_empty());
}

#[test]
fn query_path_form_extension_and_preset_are_one_representation() {
    let site = Site::shared();
    let link = &site.melody;
    let expected = site.server.get(&format!("{link}?f=wav&rate=8000&ch=mix"));
    assert_eq!(expected.status, 200, "{}", expected.text());
    for path in [
        format!("{link}/f=wav/rate=8000/ch=mix/prompt.wav"),
        format!("{link}/rate=8000/ch=mix/prompt.wav"),
        format!("{link}.wav?rate=8000&ch=1"),
        format!("{link}?p=asterisk"),
        format!("{link}.mp3?f=WAV&rate=8000&ch=mix&unknown=1&br="),
    ] {
        let answer = site.server.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(header(&answer, "etag"), header(&expected, "etag"), "{path}");
        assert!(answer.body == expected.body, "{path}");
    }
    assert_eq!(site.server.get(&format!("{link}/unknown=1/prompt.wav")).status, 404);
}

#[test]
fn what_cannot_be_decoded_is_415_also_under_its_own_extension() {
    let site = Site::shared();
    let link = site.server.upload("broken.wav", b"RIFF and then nothing of the kind");
    assert_eq!(site.server.get(&link).status, 200);
    for form in [".wav", "?f=wav", "/x.wav", "?p=asterisk"] {
        assert_eq!(site.server.get(&format!("{link}{form}")).status, 415, "{form}");
    }
}

#[test]
fn a_suffix_of_audio_that_is_not_written_is_400_and_named() {
    let site = Site::shared();
    for path in [".amr", ".g729", "/rate=8000/x.wma"] {
        let answer = site.server.get(&format!("{}{path}", site.chime));
        refused(&answer, "f");
        assert!(answer.text().contains(&path[path.len() - 3..]), "{}", answer.text());
    }
    assert_eq!(site.server.get(&format!("{}/f=mp3/x.amr", site.chime)).status, 200);
    assert_eq!(site.server.get(&format!("{}.pdf", site.chime)).status, 200);
}

#[test]
fn values_may_be_written_as_people_write_them() {
    let site = Site::shared();
    for (written, meant) in [
        ("f=aac", "f=mp4"),
        ("f=wav&ch=mono", "f=wav&ch=1"),
        ("f=wav&ch=stereo", "f=wav&ch=2"),
        ("f=wav&rate=8k", "f=wav&rate=8000"),
        ("f=wav&rate=16kHz", "f=wav&rate=16000"),
        ("f=wav&rate=44.1k", "f=wav&rate=44100"),
        ("f=mp3&br=64k", "f=mp3&br=64"),
    ] {
        let [written, meant] =
            [written, meant].map(|options| site.server.head(&format!("{}?{options}", site.melody)));
        assert_eq!(written.status, 200, "{}", written.text());
        assert_eq!(header(&written, "etag"), header(&meant, "etag"));
    }
    for wrong in ["rate=k", "rate=8.0001", "rate=7k", "br=64kk", "br=k", "rate=-8k"] {
        let answer = site.server.get(&format!("{}?f=mp3&{wrong}", site.melody));
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[test]
fn channels_are_chosen_by_their_numbers() {
    let site = Site::shared();
    // Frame n of channel c is 1000 c + n.
    let samples = (0..2000_i16).flat_map(|n| (1..=4).map(move |c| 1000 * c + n % 100));
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut wav = crate::bad_input::wav(data.len() as u32, &data);
    wav[22] = 4;
    wav[28..32].copy_from_slice(&64_000_u32.to_le_bytes());
    wav[32] = 8;
    let link = site.server.upload("four.wav", &wav);
    let heard = |options: &str| {
        let answer = site.server.get(&format!("{link}?{options}"));
        assert_eq!(answer.status, 200, "{options}: {}", answer.text());
        let (frames, _) = answer.body[44..].as_chunks::<2>();
        (answer.body[22], frames.iter().map(|b| i16::from_le_bytes(*b)).take(4).collect::<Vec<_>>())
    };
    assert_eq!(heard("f=wav&ch=c3"), (1, vec![3000, 3001, 3002, 3003]));
    assert_eq!(heard("f=wav&ch=c4c2"), (2, vec![4000, 2000, 4001, 2001]));
    assert_eq!(heard("f=wav&ch=c1c1"), (2, vec![1000, 1000, 1001, 1001]));
    let ulaw = site.server.get(&format!("{link}?f=ulaw&ch=c4c2")).body;
    let meant = site.server.get(&format!("{link}?f=ulaw&ch=c3")).body;
    assert!(ulaw == meant, "the mean of the fourth and the second is the third");
    let etag =
        |options: &str| header(&site.server.head(&format!("{}?{options}", site.melody)), "etag");
    assert_eq!(etag("f=wav&ch=c1"), etag("f=wav&ch=left"));
    assert_eq!(etag("f=wav&ch=c2c1"), etag("f=wav&ch=swap"));
    assert_eq!(etag("ch=c1c2"), etag(""));
    for wrong in ["c5", "c1c5", "c0", "c01", "c", "c1c", "cc1", "c1c2c3", "c-1", "c99999"] {
        refused(&site.server.get(&format!("{link}?f=wav&ch={wrong}")), "ch");
    }
    refused(&site.server.get(&format!("{}?f=wav&ch=c2", site.chime)), "ch");
}

#[test]
fn a_wav_holds_g711_and_gsm_if_it_is_asked_to() {
    let site = Site::shared();
    let get = |options: &str| {
        let answer = site.server.get(&format!("{}{options}", site.melody));
        assert_eq!(answer.status, 200, "{options}: {}", answer.text());
        answer
    };
    // What is behind the header is what the headerless format has.
    for codec in ["ulaw", "alaw"] {
        let wav = get(&format!("?f=wav&codec={codec}&rate=8000&ch=1"));
        let raw = get(&format!("?f={codec}"));
        assert_eq!(header(&wav, "content-type"), "audio/x-wav");
        assert!(wav.body[58..58 + raw.body.len()] == raw.body[..], "{codec}");
    }
    let gsm = get("?f=wav&codec=gsm");
    for form in [".wav49", "/codec=gsm/x.wav", "/x.wav49?f=WAV", "?codec=gsm&f=wav&rate=8k&ch=mix"]
    {
        let answer = get(form);
        assert_eq!(header(&answer, "etag"), header(&gsm, "etag"), "{form}");
        // Asterisk takes audio/x-wav for PCM, whatever the extension is.
        assert_eq!(header(&answer, "content-type"), "audio/vnd.wave", "{form}");
    }
    assert_eq!(header(&get("/x.wav49?f=mp3"), "etag"), header(&get("?f=mp3"), "etag"));
    // Stored just so, it is sent as it is: a second coding would sound worse.
    let stored = site.server.upload("call.wav49", &gsm.body);
    for form in ["", ".wav49", "?f=wav&codec=gsm"] {
        let answer = site.server.get(&format!("{stored}{form}"));
        assert!(answer.status == 200 && answer.body == gsm.body, "{form}");
    }
    let decoded = site.server.get(&format!("{stored}?f=wav"));
    assert_eq!((decoded.body[20], header(&decoded, "content-type").as_str()), (1, "audio/x-wav"));
}

#[test]
fn a_name_that_looks_like_an_option_is_told_of() {
    let site = Site::shared();
    let answer = site.server.get(&format!("{}?format=mp3&start=5&utm=x", site.chime));
    assert_eq!((answer.status, &*header(&answer, "x-tonearm-ignored")), (200, "format, start"));
    let part = site.server.range(&format!("{}?bitrate=64", site.chime), "bytes=0-9");
    assert_eq!((part.status, &*header(&part, "x-tonearm-ignored")), (206, "bitrate"));
    let capitals = site.server.get(&format!("{}?F=mp3&T=0-9&f=wav", site.chime));
    assert_eq!((capitals.status, &*header(&capitals, "x-tonearm-ignored")), (200, "f, t"));
    assert_eq!(site.server.get(&format!("{}?utm=x", site.chime)).header("x-tonearm-ignored"), None);
}

#[test]
fn the_built_in_presets_say_format_and_cache_time() {
    let site = Site::shared();
    for (preset, kind) in
        // `audio/basic` is mu-law by RFC 2046 §4.3, so A-law never has that name.
        [
            ("asterisk", "audio/x-wav"),
            ("ulaw", "audio/basic"),
            ("alaw", "audio/pcma"),
            ("g722", "audio/G722"),
            ("gsm", "audio/gsm"),
            ("sln16", "audio/x-sln"),
            ("cisco", "audio/x-wav"),
        ]
    {
        let answer = site.server.get(&format!("{}?p={preset}", site.melody));
        assert_eq!(answer.status, 200, "{preset}");
        assert_eq!(header(&answer, "content-type"), kind, "{preset}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=300", "{preset}");
    }
    let web = site.server.get(&format!("{}?p=web", site.melody));
    assert_eq!(header(&web, "content-type"), "audio/mpeg");
    let explicit = site.server.get(&format!("{}?p=asterisk&f=mp3&cache_headers=7", site.melody));
    assert_eq!(header(&explicit, "content-type"), "audio/mpeg");
    assert_eq!(header(&explicit, "cache-control"), "public, max-age=7");
}

#[test]
fn options_that_change_nothing_give_the_original() {
    let site = Site::shared();
    for options in ["f=wav", "rate=8000", "ch=1", "t=0-", "f=wav&rate=8000&ch=mix"] {
        let answer = site.server.get(&format!("{}?{options}", site.chime));
        assert!(answer.body == asset("chime-8k.wav"), "{options}");
    }
}

#[test]
fn a_value_that_is_not_allowed_is_400_and_names_the_option() {
    let site = Site::shared();
    for (options, field) in [
        ("f=xyz", "f"),
        ("f=mp3&br=33", "br"),
        ("f=wav&br=64", "br"),
        ("br=64", "br"),
        ("f=wav&rate=1", "rate"),
        ("f=wav&codec=opus", "codec"),
        ("f=wav&bits=8", "bits"),
        ("f=mp3&tags=all", "tags"),
        ("f=mp3&tag-title=a%0Ab", "tag-title"),
        ("f=wav&tag-date=2026", "tag-date"),
        ("f=ogg&bits=24", "bits"),
        ("f=wav&codec=ulaw&bits=16", "bits"),
        ("f=flac&codec=gsm", "codec"),
        ("f=mp3&codec=ulaw", "codec"),
        ("f=wav&codec=gsm&rate=16000", "rate"),
        ("f=wav&codec=gsm&br=16", "br"),
        ("f=wav&ch=3", "ch"),
        ("f=wav&ch=left", "ch"),
        ("f=wav&t=5000-1000", "t"),
        ("f=wav&t=99999999-", "t"),
        ("f=wav&t=x", "t"),
        ("p=nothing", "p"),
        ("disposition=no", "disposition"),
        ("content_type=text/html", "content_type"),
        ("cache_headers=x", "cache_headers"),
        ("cache_control=bogus%0d%0aX:1", "cache_control"),
        ("cache_control=no-store%0a", "cache_control"),
    ] {
        let answer = site.server.get(&format!("{}?{options}", site.chime));
        refused(&answer, field);
    }
}

#[test]
fn a_clip_is_exact_to_the_sample() {
    let site = Site::shared();
    let whole = asset("chime-8k.wav");
    let samples = &whole[whole.len() - 6400 * 16..];
    let clip = site.server.get(&format!("{}?t=1500-4000", site.chime));
    assert_eq!(clip.status, 200);
    assert!(clip.body[44..] == samples[1500 * 16..4000 * 16], "other samples");
    let seconds = site.server.get(&format!("{}?t=1.5,4", site.chime));
    assert!(seconds.body == clip.body, "media-fragment seconds");
}

#[test]
fn header_options_are_echoed() {
    let site = Site::shared();
    let path = format!(
        "{}?f=mp3&disposition=attachment&disposition_name=na%C3%AFve&cache_control=min-fresh=3600&\
         content_type=application/octet-stream",
        site.chime
    );
    let answer = site.server.get(&path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let disposition = header(&answer, "content-disposition");
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''na%C3%AFve"), "{disposition}");
    assert_eq!(header(&answer, "cache-control"), "min-fresh=3600");
    assert_eq!(header(&answer, "content-type"), "application/octet-stream");
    assert_eq!(header(&answer, "content-security-policy"), "sandbox");
    let plain = site.server.get(&format!("{}?f=mp3", site.chime));
    assert_eq!(header(&plain, "cache-control"), "None");
    assert_eq!(header(&plain, "x-content-type-options"), "nosniff");
    assert_eq!(header(&plain, "access-control-allow-origin"), "*");
    assert!(header(&plain, "content-disposition").contains("chime-8k.mp3"));
}

#[test]
fn whatever_is_not_there_is_one_and_the_same_404() {
    let site = Site::shared();
    let unknown = site.server.get("/f/00000000-0000-4000-8000-000000000000");
    assert_eq!(unknown.status, 404);
    assert_eq!(header(&unknown, "content-type"), "application/json");
    for path in ["/f/nonsense", "/c/00000000-0000-4000-8000-000000000000/x.wav"] {
        let answer = site.server.get(path);
        assert_eq!((answer.status, answer.body), (404, unknown.body.clone()), "{path}");
    }
    assert_eq!(site.server.get("/nothing").status, 404);
}

#[test]
fn a_deleted_file_is_404_at_once() {
    let site = Site::shared();
    let link = site.server.upload("gone.wav", &asset("chime-8k.wav"));
    assert_eq!(site.server.get(&link).status, 200);
    let sid = link.trim_start_matches("/f/");
    let path = format!("/core/v2/storage/files/{sid}");
    let answer = site.server.request("DELETE", &path).token(&site.server.token()).send();
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(site.server.get(&link).status, 404);
    assert_eq!(site.server.get(&site.chime).status, 200, "the same content under another name");
}

#[test]
fn other_methods_are_405_and_a_preflight_is_answered() {
    let site = Site::shared();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = site.server.request(method, &site.chime).send();
        assert_eq!(answer.status, 405, "{method}");
        let allow = header(&answer, "allow");
        assert!(["GET", "HEAD", "OPTIONS"].iter().all(|m| allow.contains(m)), "{allow}");
    }
    let preflight = site
        .server
        .request("OPTIONS", &site.chime)
        .header("Origin", "https://player.example")
        .header("Access-Control-Request-Method", "GET")
        .header("Access-Control-Request-Headers", "range")
        .send();
    assert!([200, 204].contains(&preflight.status), "{}", preflight.status);
    assert_eq!(header(&preflight, "access-control-allow-origin"), "*");
    let methods = header(&preflight, "access-control-allow-methods");
    assert!(["GET", "HEAD", "OPTIONS"].iter().all(|m| methods.contains(m)), "{methods}");
}

#[test]
fn what_watches_the_server_reads_alone() {
    let site = Site::shared();
    for path in ["/healthz", "/readyz", "/metrics", "/", "/docs", "/openapi.json"] {
        assert_eq!(site.server.head(path).status, 200, "{path}");
        let answer = site.server.request("DELETE", path).send();
        assert_eq!(answer.status, 405, "{path}");
        assert!(!answer.body.is_empty(), "{path} says why");
    }
}

#[test]
fn health_is_answered() {
    let site = Site::shared();
    let answer = site.server.get("/healthz");
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"status\":\"ok\"}"));
}
