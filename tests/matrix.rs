//! Every source × every target, through the running server, judged by ffmpeg.

use crate::judge::{self, Floor, Sound};
use crate::running::{Server, run, stderr, stdout};
use crate::sources::{self, Recording};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// How the length of a result relates to the exact count of frames.
#[derive(Clone, Copy)]
enum Length {
    Exact,
    /// The last packet may be padded.
    Packet(u64),
}

struct Target {
    name: &'static str,
    /// ffmpeg's options that read it.
    read: &'static str,
    codec: &'static str,
    /// The only rate that it has.
    rate_hz: Option<u32>,
    mono: bool,
    length: Length,
    floor: Floor,
}

const fn floor(snr_db: f64) -> Floor {
    Floor { snr_db, delay: 0, slack: 0 }
}

/// A target that keeps the source's rate and channels.
const fn keeping(name: &'static str, codec: &'static str, length: Length, snr_db: f64) -> Target {
    Target { name, read: "", codec, rate_hz: None, mono: false, length, floor: floor(snr_db) }
}

/// A headerless target for telephones.
const fn raw(name: &'static str, read: &'static str, codec: &'static str, rate_hz: u32) -> Target {
    let rate_hz = Some(rate_hz);
    Target { name, read, codec, rate_hz, mono: true, length: Length::Exact, floor: floor(28.0) }
}

/// The filters of G.722 delay by 22 frames between them, and the bytes have no header to say so.
const G722: Floor = Floor { snr_db: 12.0, delay: 22, slack: 0 };

/// Opus codes the speech of 48 kHz at 16 kHz, half a frame early (libopus's own programs, too).
const OPUS: Floor = Floor { snr_db: 10.0, delay: 0, slack: 1 };

/// GSM 06.10 leaves little of music, and what it makes of speech sounds better than it measures.
const GSM: Floor = Floor { snr_db: 3.0, delay: 0, slack: 0 };

const TARGETS: [Target; 14] = [
    keeping("wav", "pcm_s16le", Length::Exact, 60.0),
    raw("ulaw", "-f mulaw -ar 8000 -ac 1", "pcm_mulaw", 8000),
    raw("alaw", "-f alaw -ar 8000 -ac 1", "pcm_alaw", 8000),
    Target { floor: G722, ..raw("g722", "-f g722", "adpcm_g722", 16_000) },
    raw("sln", "-f s16le -ar 8000 -ac 1", "pcm_s16le", 8000),
    Target { floor: GSM, length: Length::Packet(160), ..raw("gsm", "-f gsm", "gsm", 8000) },
    keeping("wav&codec=ulaw", "pcm_mulaw", Length::Exact, 28.0),
    keeping("wav&codec=alaw", "pcm_alaw", Length::Exact, 28.0),
    Target { floor: GSM, length: Length::Packet(320), ..raw("wav&codec=gsm", "", "gsm_ms", 8000) },
    keeping("mp3", "mp3", Length::Exact, 18.0),
    keeping("flac", "flac", Length::Exact, 60.0),
    Target {
        rate_hz: Some(48_000),
        floor: OPUS,
        ..keeping("ogg", "opus", Length::Packet(960), 10.0)
    },
    Target {
        rate_hz: Some(48_000),
        floor: OPUS, // A frame at 24 kHz is two of them.
        ..keeping("webm", "opus", Length::Packet(1), 10.0)
    },
    keeping("mp4", "aac", Length::Packet(1024), 15.0),
];

/// The recordings and a server that has them all; lives as long as a test uses it.
struct World {
    folder: TempDir,
    server: Server,
    recordings: Vec<Recording>,
    links: HashMap<String, String>,
}

impl World {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(world) = shared.upgrade() {
            return world;
        }
        let world = Arc::new(Self::make());
        *shared = Arc::downgrade(&world);
        world
    }

    fn make() -> Self {
        let folder = TempDir::new().expect("a folder");
        let recordings = sources::make_all(&folder.path().join("recordings"));
        let path = folder.path().join("recordings");
        let data = folder.path().join("data");
        let server = Server::start(&data, &[path.to_str().expect("a path")]);
        let links = links(&server.welcome);
        Self { folder, server, recordings, links }
    }

    fn facts(&self, recording: &Recording) -> Result<serde_json::Value, String> {
        let output = run(&["probe", recording.path.to_str().expect("a path")]);
        if output.status.success() {
            return Ok(serde_json::from_str(&stdout(&output)).expect("JSON"));
        }
        Err(stderr(&output))
    }
}

/// The paths of publish links by name, from lines `link  name`.
pub fn links(lines: &[String]) -> HashMap<String, String> {
    let pairs = lines.iter().filter_map(|l| l.split_once("  "));
    let pairs = pairs.filter_map(|(link, name)| {
        let path = link.trim().split_once("://")?.1.split_once('/')?.1;
        Some((name.trim().to_owned(), format!("/{path}")))
    });
    pairs.collect()
}

/// All sources to one target; every mismatch is told, not only the first.
fn every_source_to(name: &str) {
    let world = World::shared();
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target");
    let wrong: Vec<_> = world
        .recordings
        .iter()
        .filter_map(|r| {
            let said = one(&world, r, target).err()?;
            Some(format!("{} → {name}: {said}", r.kind.file))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn one(world: &World, recording: &Recording, target: &Target) -> Result<(), String> {
    let facts = world.facts(recording)?;
    let link = world.links.get(recording.kind.file).ok_or("no link was printed")?;
    let answer = world.server.get(&format!("{link}?f={}", target.name));
    if answer.status != 200 || !answer.whole {
        return Err(format!(
            "{} {}",
            answer.status,
            answer.text().chars().take(300).collect::<String>()
        ));
    }
    let is_stored =
        audio::formats::by_name(target.name).is_some_and(|row| facts["format"] == row.name);
    // Asked for in the format that it's stored in, it's sent as it is, whatever codec is inside; wav
    // only if it is what we would write.
    if is_stored && target.name != "wav" {
        let stored = std::fs::read(&recording.path).expect("the recording");
        return if answer.body == stored { Ok(()) } else { Err("other bytes than stored".into()) };
    }
    let heard_in = world.folder.path().join(format!("{}.{}", recording.kind.file, target.name));
    std::fs::write(&heard_in, &answer.body).expect("written");
    let channels = if target.mono { 1 } else { facts["channels"].as_u64().unwrap_or(0) as u16 };
    let own_rate = facts["rate_hz"].as_u64().unwrap_or(0) as u32;
    let rate = match (target.name, channels) {
        // The default of 128 kbit/s for stereo is legal from 16 kHz on.
        ("mp3", 2) => own_rate.max(16_000),
        _ => target.rate_hz.unwrap_or(own_rate),
    };
    let heard = judged_stream(&heard_in, target, rate, channels)?;
    let exact = facts["frame_count"].as_u64().unwrap_or(0);
    let exact = (exact * u64::from(rate)).div_ceil(facts["rate_hz"].as_u64().unwrap_or(1));
    check_length(heard.frames() as u64, exact, target)?;
    let wanted = judge::decode(&recording.path, &recording.read_options(), Some((rate, channels)));
    judge::compare(&wanted, &heard, target.floor).map(|_| ())
}

fn judged_stream(file: &Path, target: &Target, rate: u32, channels: u16) -> Result<Sound, String> {
    let read: Vec<_> = target.read.split_whitespace().collect();
    let found = judge::stream(file, &read);
    let wanted = judge::Stream { codec: target.codec.into(), rate_hz: rate, channels };
    if found != wanted {
        return Err(format!("{found:?} instead of {wanted:?}"));
    }
    Ok(judge::decode(file, &read, None))
}

fn check_length(heard: u64, exact: u64, target: &Target) -> Result<(), String> {
    // G.722 holds two frames a byte.
    let exact = if target.name == "g722" { exact.next_multiple_of(2) } else { exact };
    let fits = match target.length {
        Length::Exact => heard == exact,
        Length::Packet(frames) => (exact..=exact + frames).contains(&heard),
    };
    if fits { Ok(()) } else { Err(format!("{heard} frames instead of {exact}")) }
}

#[test]
fn probe_agrees_with_ffmpeg_on_every_kind() {
    let world = World::shared();
    let wrong: Vec<_> = world
        .recordings
        .iter()
        .filter_map(|r| Some(format!("{}: {}", r.kind.file, agrees(&world, r).err()?)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn agrees(world: &World, recording: &Recording) -> Result<(), String> {
    let facts = world.facts(recording)?;
    let seen = judge::decode(&recording.path, &recording.read_options(), None);
    let expected = (recording.kind.codec, u64::from(seen.rate_hz), seen.channels.len() as u64);
    let number = |name: &str| facts[name].as_u64().unwrap_or(0);
    let told = (facts["codec"].as_str().unwrap_or(""), number("rate_hz"), number("channels"));
    if told != expected {
        return Err(format!("{told:?} instead of {expected:?}"));
    }
    let (count, frames) = (number("frame_count"), seen.frames() as u64);
    if count.abs_diff(frames) > recording.kind.slack {
        return Err(format!("{count} frames, ffmpeg counts {frames}"));
    }
    Ok(())
}

#[test]
fn every_source_plays_as_wav() {
    every_source_to("wav");
}

#[test]
fn every_source_plays_as_ulaw() {
    every_source_to("ulaw");
}

#[test]
fn every_source_plays_as_alaw() {
    every_source_to("alaw");
}

#[test]
fn every_source_plays_as_g722() {
    every_source_to("g722");
}

#[test]
fn every_source_plays_as_sln() {
    every_source_to("sln");
}

#[test]
fn every_source_plays_as_gsm() {
    every_source_to("gsm");
}

#[test]
fn every_source_plays_as_g711_in_wav() {
    every_source_to("wav&codec=ulaw");
    every_source_to("wav&codec=alaw");
}

#[test]
fn every_source_plays_as_gsm_in_wav() {
    every_source_to("wav&codec=gsm");
}

#[test]
fn every_source_plays_as_mp3() {
    every_source_to("mp3");
}

#[test]
fn every_source_plays_as_flac() {
    every_source_to("flac");
}

#[test]
fn every_source_plays_as_ogg() {
    every_source_to("ogg");
}

#[test]
fn every_source_plays_as_webm() {
    every_source_to("webm");
}

#[test]
fn every_source_plays_as_mp4() {
    every_source_to("mp4");
}
