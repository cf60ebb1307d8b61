//! How lossy transcodes sound beside what ffmpeg makes with the reference encoders at the same settings: by the noise
//! that is heard, on real prompts, our melody and castanets. `scripts/bench-sound` measures more, and more slowly.

use crate::judge::{Sound, decode, ffmpeg};
use crate::noise::noise;
use crate::running::run;
use crate::sources::{g722_prompt, melody, speech};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What is encoded.
#[derive(Debug, Clone, Copy)]
enum Material {
    /// Prompts at 8 kHz.
    Narrow,
    /// Prompts at 16 kHz.
    Wide,
    /// Ten seconds of melody at 48 kHz in stereo.
    Melody,
    /// Sharp attacks at 48 kHz in stereo.
    Castanets,
}

use Material::{Castanets, Melody, Narrow, Wide};

/// A transcode, and the most by which it may be noisier than the reference, in dB: what was measured, and half a
/// decibel.
struct Case {
    material: Material,
    kbps: u32,
    most_db: f64,
}

const fn case(material: Material, kbps: u32, measured_db: f64) -> Case {
    Case { material, kbps, most_db: measured_db + 0.5 }
}

impl Material {
    fn make(self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{self:?}.wav"));
        let made = path.to_str().expect("a path");
        let music = ["-ar", "48000", "-ac", "2", "-c:a", "pcm_s16le", made];
        match self {
            Narrow => return speech(folder),
            Wide => g722_prompt(&["vm-intro", "conf-adminmenu"], "13.0", &path),
            Melody => {
                let melody = melody();
                let from = ["-ss", "2", "-t", "10", "-i", melody.to_str().expect("a path")];
                ffmpeg(&[&from[..], &music].concat());
            }
            Castanets => {
                let clap = "0.5*sin(2*PI*2500*mod(t,0.17))*exp(-120*mod(t,0.17))";
                let source = format!("aevalsrc={clap}|{clap}:s=48000:d=6").replace(',', "\\,");
                ffmpeg(&[&["-f", "lavfi", "-i", &source][..], &music].concat());
            }
        }
        path
    }
}

/// Makes the case with the binary, and with ffmpeg; both as they are heard.
fn encoded(from: &Path, said: &Sound, kbps: u32, extension: &str, reference: &str) -> [Sound; 2] {
    let folder = TempDir::new().unwrap();
    let [ours, theirs] =
        ["ours", "theirs"].map(|n| folder.path().join(n).with_extension(extension));
    let path = |p: &Path| p.to_str().expect("a path").to_owned();
    let rate = said.rate_hz.to_string();
    let made =
        run(&["transcode", "--br", &kbps.to_string(), "--rate", &rate, &path(from), &path(&ours)]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (input, output, bitrate) = (path(from), path(&theirs), format!("{kbps}k"));
    let options: Vec<_> = reference.split_whitespace().collect();
    ffmpeg(&[&["-i", &input][..], &options, &["-b:a", &bitrate, &output]].concat());
    let shape = Some((said.rate_hz, said.channels.len() as u16));
    [ours, theirs].map(|file| decode(&file, &[], shape))
}

/// Asserts that no case is noisier than it may be. `burst_db`: how far the worst window may be above the reference's.
fn judge(extension: &str, reference: &str, burst_db: f64, cases: &[Case]) {
    let folder = TempDir::new().unwrap();
    let mut faults = Vec::new();
    for case in cases {
        let from = case.material.make(folder.path());
        let said = decode(&from, &[], None);
        let [ours, theirs] = encoded(&from, &said, case.kbps, extension, reference)
            .map(|heard| noise(&said, &heard));
        let more = ours.mean_db - theirs.mean_db;
        let line = format!(
            "{extension} {:?} {}: {more:+.2} dB, {ours:.2?}, {theirs:.2?}",
            case.material, case.kbps
        );
        println!("{line}");
        if more > case.most_db || ours.worst_db > theirs.worst_db + burst_db {
            faults.push(line);
        }
    }
    assert!(faults.is_empty(), "noisier than the reference: {faults:#?}");
}

#[test]
fn opus_sounds_as_libopus_does() {
    let cases = [
        case(Narrow, 8, 0.0),
        case(Narrow, 24, 0.0),
        case(Wide, 16, 0.0),
        case(Wide, 24, 0.0),
        case(Wide, 32, 0.0),
        case(Melody, 32, 0.0),
        case(Melody, 96, 0.0),
        case(Castanets, 64, 0.0),
    ];
    judge("ogg", "-c:a libopus -vbr off -compression_level 7", 3.0, &cases);
}

#[test]
fn mp3_sounds_as_lame_does() {
    let cases = [
        case(Narrow, 16, 0.0),
        case(Narrow, 32, 0.0),
        case(Wide, 32, 0.0),
        case(Wide, 64, 0.0),
        case(Melody, 64, 0.0),
        case(Melody, 192, 0.0),
        case(Castanets, 128, 0.0),
    ];
    judge("mp3", "-c:a libmp3lame -compression_level 5", 6.0, &cases);
}

#[test]
fn aac_sounds_as_it_was_measured_beside_ffmpegs() {
    // At 8 and 16 kHz ffmpeg's spends up to 15 % more than it is told.
    let cases = [
        case(Narrow, 32, 3.7),
        case(Wide, 32, -0.6),
        case(Wide, 48, 1.1),
        case(Melody, 64, -2.5),
        case(Melody, 128, 0.3),
        case(Castanets, 128, -12.1),
    ];
    judge("mp4", "-c:a aac", 10.0, &cases);
}
