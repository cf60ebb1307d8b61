//! Pictures of recordings: audiowaveform's numbers and the drawing made of them.

use crate::bad_input::wav;
use crate::judge;
use crate::running::{Server, text, until};
use crate::sources;
use tempfile::TempDir;

/// A server with the stereo melody; its link.
fn melody(folder: &TempDir) -> (Server, String) {
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("melody.flac", &std::fs::read(sources::melody()).unwrap());
    (server, link)
}

/// Lowest and highest of every `step` samples, each channel in turn, as 16 bits.
fn expected(step: usize) -> Vec<i64> {
    let sound = judge::decode(&sources::melody(), &[], None);
    let value = |sample: f32| (sample * 32768.0).round() as i64;
    let mut values = Vec::new();
    for start in (0..sound.frames()).step_by(step) {
        for channel in &sound.channels {
            let samples = &channel[start..channel.len().min(start + step)];
            values.push(samples.iter().copied().map(value).min().expect("samples"));
            values.push(samples.iter().copied().map(value).max().expect("samples"));
        }
    }
    values
}

fn numbers(json: &serde_json::Value) -> Vec<i64> {
    let data = json["data"].as_array().expect("data");
    data.iter().map(|n| n.as_i64().expect("a number")).collect()
}

#[test]
fn peaks_are_the_extremes_of_the_samples_of_each_channel() {
    let folder = TempDir::new().unwrap();
    let (server, link) = melody(&folder);
    for step in [256, 1024, 44_032] {
        let answer = server.get(&format!("{link}/peaks.json?samples_per_pixel={step}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let json = answer.json();
        let facts = ["version", "channels", "sample_rate", "samples_per_pixel", "bits"];
        let facts = facts.map(|name| json[name].as_u64().expect("a number"));
        assert_eq!(facts, [2, 2, 44_100, step as u64, 16]);
        let expected = expected(step);
        assert_eq!(json["length"].as_u64(), Some(expected.len() as u64 / 4));
        assert!(numbers(&json) == expected, "{step}: other peaks");
    }
    let coarse = server.get(&format!("{link}/peaks.json?samples_per_pixel=1024&bits=8")).json();
    assert_eq!(coarse["bits"], 8);
    let expected: Vec<_> = expected(1024).iter().map(|v| v >> 8).collect();
    assert!(numbers(&coarse) == expected, "other peaks in 8 bits");
}

#[test]
fn pictures_show_the_channels_that_the_link_stands_for() {
    let folder = TempDir::new().unwrap();
    let (server, link) = melody(&folder);
    let right = server.get(&format!("{link}/peaks.json?ch=right&samples_per_pixel=1024")).json();
    assert_eq!(right["channels"], 1);
    let expected = expected(1024);
    let expected: Vec<_> = expected.chunks(4).flat_map(|peak| peak[2..].to_vec()).collect();
    assert!(numbers(&right) == expected, "other peaks");
    let refused = server.get(&format!("{link}/waveform.svg?t=99999999-"));
    assert_eq!(refused.status, 400, "a clip behind the end");
}

#[test]
fn peaks_and_waveform_are_made_once_and_validated_like_the_file() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--log", "media=debug"]);
    let link = server.upload("melody.flac", &std::fs::read(sources::melody()).unwrap());
    for name in ["peaks.json", "peaks.json?bits=8", "waveform.svg"] {
        let first = server.get(&format!("{link}/{name}"));
        let etag = first.header("etag").expect("an ETag");
        let again = server.request("GET", &format!("{link}/{name}"));
        assert_eq!(again.header("If-None-Match", etag).send().status, 304, "{name}");
        assert_eq!(server.head(&format!("{link}/{name}")).length(), first.body.len() as u64);
        let part = server.range(&format!("{link}/{name}"), "bytes=3-7");
        assert_eq!((part.status, &part.body[..]), (206, &first.body[3..=7]), "{name}");
    }
    let made = || {
        let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
        log.lines().filter(|l| l.contains("a segment was encoded")).count()
    };
    let segments = judge::decode(&sources::melody(), &[], None).frames().div_ceil(256 * 5000);
    // The log tells of it after the answer.
    until("the peaks are made", || made() >= segments);
    assert_eq!(made(), segments, "peaks were made more than once");
}

#[test]
fn the_waveform_is_an_svg_with_a_lane_for_each_channel() {
    let folder = TempDir::new().unwrap();
    let (server, link) = melody(&folder);
    let answer = server.get(&format!("{link}/waveform.svg"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    let svg = answer.text();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{}", &svg[..80]);
    assert_eq!(svg.matches("<path ").count(), 2, "a lane a channel");
}

#[test]
fn a_picture_is_refused_where_it_can_t_be_drawn_and_says_why() {
    let folder = TempDir::new().unwrap();
    let (server, link) = melody(&folder);
    for (query, field) in [
        ("samples_per_pixel=100", "samples_per_pixel"),
        ("samples_per_pixel=0", "samples_per_pixel"),
        ("samples_per_pixel=+256", "samples_per_pixel"),
        ("bits=12", "bits"),
    ] {
        let answer = server.get(&format!("{link}/peaks.json?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(text(&answer.json()["errors"][0]["field"]), field);
    }
    let no_audio = server.upload("letter.bin", b"no audio at all");
    assert_eq!(server.get(&format!("{no_audio}/waveform.svg")).status, 415);
    let unknown = "/f/00000000-0000-4000-8000-000000000000/peaks.json";
    assert_eq!(server.get(unknown).status, 404);
}

/// Half an hour in stereo: 14.4 million frames.
fn half_an_hour() -> Vec<u8> {
    let noise = (0..28_800_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    let mut bytes = wav(28_800_000, &noise.collect::<Vec<_>>());
    // 8 bits twice instead of 16 once.
    (bytes[22], bytes[34]) = (2, 8);
    bytes
}

#[test]
fn a_picture_finer_than_anybody_draws_is_refused_and_says_how_fine_it_may_be() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("call.wav", &half_an_hour());
    let finest = server.get(&format!("{link}/peaks.json?samples_per_pixel=256"));
    assert_eq!((finest.status, &finest.json()["length"]), (200, &56_250.into()));
    for step in [256, 512] {
        let answer = server.get(&format!("{link}/waveform.svg?samples_per_pixel={step}"));
        assert_eq!(answer.status, 400, "{step}");
        let message = text(&answer.json()["errors"][0]["message"]);
        assert!(message.contains("from 768 on"), "{message}");
    }
    let svg = server.get(&format!("{link}/waveform.svg?samples_per_pixel=768"));
    assert_eq!(svg.status, 200, "{}", svg.text());
    assert!(svg.body.len() < 4 << 20, "{} bytes", svg.body.len());
}

#[test]
fn a_picture_is_drawn_once_for_all_and_not_at_all_for_who_has_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let log = ["--log", "server=debug"];
    let server = Server::start(&data, &log);
    let link = server.upload("call.wav", &half_an_hour());
    let drawn = || {
        let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
        log.lines().filter(|line| line.contains("a picture was drawn")).count()
    };
    let path = format!("{link}/peaks.json?samples_per_pixel=256");
    let etag = std::thread::scope(|scope| {
        let ask = || server.get(&path).header("etag").expect("an ETag").to_owned();
        let asking: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).next().expect("an answer")
    });
    assert_eq!(server.head(&path).status, 200);
    assert_eq!(server.range(&path, "bytes=-1").body, b"}");
    server.stop();
    assert_eq!(drawn(), 1);
    let server = Server::start(&data, &log);
    for (condition, status) in [("If-None-Match", 304), ("If-Match", 200)] {
        let asked = server.request("GET", &path).header(condition, &etag).send();
        assert_eq!(asked.status, status);
    }
    assert_eq!(server.request("GET", &path).header("If-Match", "\"x\"").send().status, 412);
    server.stop();
    assert_eq!(drawn(), 2, "only for who is sent it");
}

#[test]
fn a_file_published_by_name_has_pictures_too_unless_a_file_has_their_name() {
    let folder = TempDir::new().unwrap();
    let (server, link) = melody(&folder);
    let named = server.upload_named("menu%2Fmelody", &std::fs::read(sources::melody()).unwrap());
    for picture in ["peaks.json?bits=8", "waveform.svg"] {
        let by_name = server.get(&format!("{named}/{picture}"));
        assert_eq!(by_name.status, 200, "{}", by_name.text());
        assert!(by_name.body == server.get(&format!("{link}/{picture}")).body, "{picture}");
    }
    let letter = server.upload_named("menu%2Fmelody%2Fwaveform.svg", b"a letter");
    assert_eq!(server.get(&letter).body, b"a letter");
    assert_eq!(server.get(&format!("{named}/waveform.svg")).body, b"a letter");
    assert_eq!(server.get(&format!("{named}x/waveform.svg")).status, 404);
}
