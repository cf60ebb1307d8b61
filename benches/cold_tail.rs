//! How soon a seek into an hour that nobody has asked for yet is answered: the last 64 KB of each
//! format, cold, through the running binary, beside ffmpeg encoding the whole hour first.
//!
//! `cargo bench --bench cold_tail`

#[path = "../tests/client.rs"]
#[allow(dead_code)]
mod client;
#[path = "../tests/running.rs"]
#[allow(dead_code)]
mod running;

use running::Server;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Format, our options, and ffmpeg's for the same codec, rate and bit rate.
const FORMATS: [(&str, &str, &str); 8] = [
    ("wav", "f=wav&rate=16000", "-c:a pcm_s16le -ar 16000 -f wav"),
    ("ulaw", "f=ulaw", "-f mulaw"),
    ("alaw", "f=alaw", "-f alaw"),
    ("g722", "f=g722", "-c:a g722 -ar 16000 -f g722"),
    ("mp3", "f=mp3&br=32", "-c:a libmp3lame -b:a 32k -f mp3"),
    ("ogg", "f=ogg", "-c:a libopus -b:a 32k -vbr off -f ogg"),
    ("flac", "f=flac", "-c:a flac -f flac"),
    ("mp4", "f=mp4", "-c:a aac -b:a 64k -f mp4 -movflags faststart"),
];
/// A Debian package's prompt, 73.35 s, repeated to an hour.
const PROMPT: &str = "/usr/share/asterisk/sounds/en/demo-instruct.wav";
const REPEATS: &str = "48";
const ROUNDS: usize = 3;

fn main() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let hour = folder.path().join("hour.wav");
    ffmpeg(&["-stream_loop", REPEATS, "-i", PROMPT, "-c:a", "pcm_s16le"], &hour);
    let ours: Vec<_> = (0..ROUNDS).map(|round| round_of(folder.path(), &hour, round)).collect();
    println!(
        "\n1 h of 8 kHz mono; the last 64 KB, cold, median of {ROUNDS}; ffmpeg for all of it\n"
    );
    println!("| format | tail, ms | ffmpeg, ms | times |");
    println!("|---|---|---|---|");
    for (index, (name, _, options)) in FORMATS.iter().enumerate() {
        let mut times: Vec<_> = ours.iter().map(|round| round[index]).collect();
        times.sort_by(f64::total_cmp);
        let tail = times[ROUNDS / 2];
        let whole = whole_by_ffmpeg(&hour, options, &folder.path().join("whole"));
        println!("| {name} | {tail:.1} | {whole:.0} | {:.0} |", whole / tail);
    }
}

/// Milliseconds to the last byte of each format's tail, on a server that has encoded nothing yet.
fn round_of(folder: &Path, hour: &Path, round: usize) -> Vec<f64> {
    let server = Server::start(&folder.join(format!("data-{round}")), &["--log", "error"]);
    let link = server.upload("hour.wav", &std::fs::read(hour).expect("the hour"));
    let time = |(name, options, _): &(&str, &str, &str)| {
        let start = Instant::now();
        let answer = server.range(&format!("{link}?{options}"), "bytes=-65536");
        let took = start.elapsed().as_secs_f64() * 1000.0;
        assert_eq!((answer.status, answer.body.len()), (206, 65_536), "{name}");
        took
    };
    FORMATS.iter().map(time).collect()
}

fn whole_by_ffmpeg(hour: &Path, options: &str, target: &Path) -> f64 {
    let mut args = vec!["-i", hour.to_str().expect("a path")];
    args.extend(options.split_whitespace());
    let start = Instant::now();
    ffmpeg(&args, target);
    start.elapsed().as_secs_f64() * 1000.0
}

fn ffmpeg(args: &[&str], target: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(args)
        .arg(target)
        .stdin(Stdio::null())
        .status()
        .expect("ffmpeg must be installed");
    assert!(status.success(), "ffmpeg {args:?}");
}
