//! ffmpeg, GStreamer and SoX over curl: the duration, and what is heard after a seek near the end of a
//! transcode that nobody asked for before.

use super::site::FORMATS;
use super::tones;
use crate::judge::ffmpeg;
use crate::running::Server;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Where the seeks go: a quarter into this second, for half a second.
const SECOND: u32 = 113;
const POSITION: f64 = SECOND as f64 + 0.25;

struct Tones {
    server: Server,
    link: String,
    folder: TempDir,
}

impl Tones {
    /// A fresh server: every transcode is cold.
    fn served() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tones.wav");
        tones::write(&path);
        let server = Server::start(&folder.path().join("data"), &["--learn-timeout-ms", "60000"]);
        let link = server.upload("tones.wav", &std::fs::read(&path).unwrap());
        Self { server, link, folder }
    }

    /// As `wav` at its own rate, the recording would be the original.
    fn url(&self, format: &str) -> String {
        let rate = if format == "wav" { "/rate=24000" } else { "" };
        format!("http://{}{}{rate}/tones.{format}", self.server.address, self.link)
    }
}

/// Options that read a headerless format.
fn ffmpeg_input(format: &str) -> &'static [&'static str] {
    match format {
        "ulaw" => &["-f", "mulaw", "-ar", "8000"],
        "alaw" => &["-f", "alaw", "-ar", "8000"],
        "g722" => &["-f", "g722"],
        _ => &[],
    }
}

/// Checks the duration, and what is heard from a position on, in seconds.
fn judged(program: &str, format: &str, seconds: f64, from: f64, samples: &[u8]) {
    let wanted = f64::from(tones::SECONDS);
    // These two play an MP3's packets whole, with what the encoder put before and after the recording.
    let padded = format == "mp3" && program != "GStreamer";
    let slack = if padded { 0.11 } else { 0.05 };
    assert!(
        (seconds - wanted).abs() < slack,
        "{program}, {format}: {seconds} s instead of {wanted}"
    );
    // After a seek a decoder may take a moment to swing in.
    let (heard, wanted) = (tones::heard_hz(&samples[3200..]), tones::hz(from as u32));
    // GStreamer's Ogg seeks by pages over HTTP: it may come out behind the position, and be wrong about
    // where that is by a page, which has a second here.
    let by_pages = program == "GStreamer" && format == "ogg";
    let slack = if by_pages { 12.0 + tones::hz(1) - tones::hz(0) } else { 12.0 };
    assert!((heard - wanted).abs() < slack, "{program}, {format}: {heard} Hz instead of {wanted}");
    let late = from - POSITION;
    assert!((0.0..1.5).contains(&late), "{program}, {format}: it began {late} s late");
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|e| panic!("{command:?}: {e} (scripts/setup installs it)"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output.stdout
}

fn number(text: &[u8]) -> f64 {
    let text = String::from_utf8_lossy(text);
    text.trim().parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

#[test]
fn ffmpeg_knows_the_duration_and_hears_the_second_that_it_seeks() {
    let tones = Tones::served();
    let start = format!("{SECOND}.25");
    for format in FORMATS {
        let (url, input) = (tones.url(format), ffmpeg_input(format));
        let mut args = input.to_vec();
        args.extend(["-ss", &start, "-t", "0.5", "-i", &url]);
        args.extend(["-ar", "16000", "-ac", "1", "-f", "s16le", "-"]);
        let samples = ffmpeg(&args);
        let asked = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
        let mut probe = Command::new("ffprobe");
        let seconds = number(&output(probe.args(asked).args(input).arg(&url)));
        judged("ffmpeg", format, seconds, POSITION, &samples);
    }
}

#[test]
fn gstreamer_knows_the_duration_and_hears_the_second_that_it_seeks() {
    let tones = Tones::served();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/players/gstreamer.py");
    // Without a header it knows no duration.
    for format in ["wav", "mp3", "ogg", "flac", "mp4"] {
        let target = tones.folder.path().join("heard.raw");
        let (url, start) = (tones.url(format), format!("{SECOND}.25"));
        let mut command = Command::new("/usr/bin/python3");
        command.arg(&script).args([url.as_str(), &start, "0.5"]).arg(&target);
        let told = String::from_utf8(output(&mut command)).expect("numbers");
        let (seconds, from) = told.trim().split_once(' ').expect("two numbers");
        let (seconds, from) = (number(seconds.as_bytes()), number(from.as_bytes()));
        judged("GStreamer", format, seconds, from, &std::fs::read(&target).unwrap());
    }
}

#[test]
fn sox_over_curl_knows_the_duration_and_hears_the_second_where_it_is() {
    let tones = Tones::served();
    // Debian's reads neither G.722 nor MP4 nor Opus.
    for format in ["wav", "ulaw", "alaw", "mp3", "flac"] {
        let kind = match format {
            "ulaw" => "-t ul -r 8000 -c 1",
            "alaw" => "-t al -r 8000 -c 1",
            other => &format!("-t {other}"),
        };
        let url = tones.url(format);
        let line = format!("curl -sS --fail '{url}' | sox -V1 {kind} - -t s16 -r 16000 -c 1 -");
        let whole = output(Command::new("bash").args(["-o", "pipefail", "-c", &line]));
        let seconds = whole.len() as f64 / 32_000.0;
        let start = (SECOND * 32_000 + 8000) as usize;
        let samples = &whole[start..start + 16_000];
        judged("SoX", format, seconds, POSITION, samples);
    }
}
