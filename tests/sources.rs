//! Recordings of every kind that must play, made by ffmpeg from real telephone prompts (8 kHz mono)
//! and from our own melody (44.1 kHz stereo); all long enough for two segments of the grid.

use crate::judge::ffmpeg;
use std::path::{Path, PathBuf};

/// Where Debian's packages keep Asterisk's prompts.
const PROMPTS: &str = "/usr/share/asterisk/sounds/en";

/// What a recording is made from.
#[derive(Debug, Clone, Copy)]
pub enum Material {
    Speech,
    Melody,
}

/// One kind of source.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// File name; its extension is what the server sees.
    pub file: &'static str,
    pub from: Material,
    /// ffmpeg's options that make it.
    pub make: &'static str,
    /// ffmpeg's options that read it: headerless files need them.
    pub read: &'static str,
    /// Frames by which ffmpeg's count of what it holds may differ from the exact one: whole packets
    /// where ffmpeg does not trim the encoder's padding.
    pub slack: u64,
    /// Codec as `tonearm probe` names it.
    pub codec: &'static str,
}

const fn kind(
    file: &'static str,
    from: Material,
    make: &'static str,
    slack: u64,
    codec: &'static str,
) -> Kind {
    Kind { file, from, make, read: "", slack, codec }
}

use Material::{Melody, Speech};

/// Every kind that apis/publish/README.md §3 names, rates and channels spread over them.
pub const KINDS: &[Kind] = &[
    kind("pcm16.wav", Speech, "-c:a pcm_s16le", 0, "pcm_s16le"),
    kind("pcm8.wav", Speech, "-c:a pcm_u8 -ar 11025", 0, "pcm_u8"),
    kind("pcm24.wav", Melody, "-c:a pcm_s24le -ar 48000", 0, "pcm_s24le"),
    kind("pcm32.wav", Speech, "-c:a pcm_s32le -ar 22050", 0, "pcm_s32le"),
    kind("float.wav", Melody, "-c:a pcm_f32le", 0, "pcm_f32le"),
    kind("alaw.wav", Speech, "-c:a pcm_alaw", 0, "alaw"),
    kind("ulaw.wav", Melody, "-c:a pcm_mulaw -ar 16000", 0, "ulaw"),
    kind("ima.wav", Speech, "-c:a adpcm_ima_wav -ar 22050", 4096, "ima_adpcm"),
    kind("ms.wav", Melody, "-c:a adpcm_ms", 4096, "ms_adpcm"),
    kind("prompt.aiff", Speech, "-c:a pcm_s16be -ar 16000", 0, "pcm_s16be"),
    kind("melody.au", Melody, "-c:a pcm_s16be -ar 8000", 0, "pcm_s16be"),
    kind("melody.flac", Melody, "-c:a flac", 0, "flac"),
    kind("prompt.flac", Speech, "-c:a flac", 0, "flac"),
    kind("cbr.mp3", Speech, "-c:a libmp3lame -b:a 32k", 0, "mp3"),
    kind("cbr-stereo.mp3", Melody, "-c:a libmp3lame -b:a 128k", 0, "mp3"),
    kind("vbr.mp3", Speech, "-c:a libmp3lame -q:a 4 -ar 22050", 0, "mp3"),
    kind(
        "untagged.mp3",
        Melody,
        "-c:a libmp3lame -b:a 96k -ar 48000 -write_xing 0 -id3v2_version 0",
        1152,
        "mp3",
    ),
    kind("vorbis.ogg", Melody, "-c:a libvorbis -q:a 4", 0, "vorbis"),
    kind("opus.ogg", Speech, "-c:a libopus -b:a 32k", 0, "opus"),
    kind("aac.m4a", Melody, "-c:a aac -b:a 128k", 1024, "aac"),
    kind("alac.m4a", Speech, "-c:a alac -ar 16000", 0, "alac"),
    kind("browser.webm", Speech, "-c:a libopus -b:a 32k", 960, "opus"),
    Kind { read: "-f mulaw -ar 8000 -ac 1", ..kind("raw.ulaw", Speech, "-f mulaw", 0, "ulaw") },
    Kind { read: "-f alaw -ar 8000 -ac 1", ..kind("raw.alaw", Speech, "-f alaw", 0, "alaw") },
    Kind { read: "-f g722", ..kind("raw.g722", Speech, "-c:a g722 -ar 16000 -f g722", 0, "g722") },
];

/// A made recording.
#[derive(Debug, Clone)]
pub struct Recording {
    pub kind: Kind,
    pub path: PathBuf,
}

impl Recording {
    /// ffmpeg's options that read it.
    pub fn read_options(&self) -> Vec<&'static str> {
        self.kind.read.split_whitespace().collect()
    }
}

/// About 13 s of prompts as one 8 kHz WAV.
pub fn speech(folder: &Path) -> PathBuf {
    let path = folder.join("speech.wav");
    if !path.exists() {
        prompt(&["vm-intro", "conf-adminmenu"], Some("13.0"), &path);
    }
    path
}

/// Prompts one after the other, cut to `seconds`, as 16-bit WAV.
pub fn prompt(names: &[&str], seconds: Option<&str>, path: &Path) {
    let inputs: Vec<_> = names.iter().map(|n| format!("{PROMPTS}/{n}.wav")).collect();
    let mut args: Vec<&str> = inputs.iter().flat_map(|i| ["-i", i.as_str()]).collect();
    let join = format!("concat=n={}:v=0:a=1", names.len());
    args.extend(["-filter_complex", &join]);
    if let Some(seconds) = seconds {
        args.extend(["-t", seconds]);
    }
    args.extend(["-c:a", "pcm_s16le", path.to_str().expect("a path")]);
    ffmpeg(&args);
}

/// The same prompts at 16 kHz, of G.722.
pub fn g722_prompt(names: &[&str], seconds: &str, path: &Path) {
    let inputs: Vec<_> = names.iter().map(|n| format!("{PROMPTS}/{n}.g722")).collect();
    let mut args: Vec<&str> =
        inputs.iter().flat_map(|i| ["-f", "g722", "-i", i.as_str()]).collect();
    let join = format!("concat=n={}:v=0:a=1", names.len());
    args.extend(["-filter_complex", &join, "-t", seconds, "-c:a", "pcm_s16le"]);
    args.push(path.to_str().expect("a path"));
    ffmpeg(&args);
}

/// Our own melody.
pub fn melody() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/melody.flac")
}

/// Makes one recording in `folder`.
pub fn make(kind: Kind, folder: &Path) -> Recording {
    let from = match kind.from {
        Speech => speech(folder.parent().expect("a folder")),
        Melody => melody(),
    };
    let path = folder.join(kind.file);
    let mut args = vec!["-i", from.to_str().expect("a path")];
    args.extend(kind.make.split_whitespace());
    args.push(path.to_str().expect("a path"));
    ffmpeg(&args);
    Recording { kind, path }
}

/// Makes them all.
pub fn make_all(folder: &Path) -> Vec<Recording> {
    std::fs::create_dir_all(folder).expect("a folder");
    KINDS.iter().map(|&kind| make(kind, folder)).collect()
}
