//! The same bytes on every processor: the running binary under QEMU's, of two vendors, with and without AVX, against
//! this machine's own. (QEMU's approximate reciprocals differ from AMD's and Intel's, too.)

use crate::judge::ffmpeg;
use crate::running::tonearm;
use crate::sources::speech;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// SSE2 alone, Intel's without and with AVX2 and FMA, AMD's with them.
const PROCESSORS: [&str; 4] = ["qemu64", "Nehalem", "Haswell", "EPYC"];

/// Makes `to` of `from` with the binary, on a processor of QEMU's or on this machine's.
fn transcode(processor: Option<&str>, from: &Path, to: &Path, options: &[&str]) -> Vec<u8> {
    let own = tonearm();
    let mut command = match processor {
        None => tonearm(),
        Some(name) => {
            let mut command = Command::new("qemu-x86_64");
            command.args(["-cpu", name]).arg(own.get_program());
            command
        }
    };
    let output = command
        .args(["transcode", "--threads", "1"])
        .args(options)
        .args([from, to])
        .output()
        .expect("qemu-user must be installed");
    assert!(output.status.success(), "{processor:?}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(to).unwrap()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_transcode_has_the_same_bytes_on_every_processor() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let said = speech(folder.path());
    let cut = |name: &str, options: &[&str]| {
        let (from, to) = (said.to_str().unwrap(), path(name));
        let options = [&["-i", from, "-t", "3"], options, &[to.to_str().unwrap()]].concat();
        ffmpeg(&options);
        to
    };
    let narrow = cut("narrow.wav", &["-c:a", "pcm_s16le"]);
    let wide = cut("wide.wav", &["-c:a", "pcm_s16le", "-ar", "48000", "-ac", "2"]);
    let cases = [
        (&narrow, "silk.ogg", &["--br", "16"][..]),
        (&wide, "celt.ogg", &["--br", "96"]),
        (&cut("wide.opus", &["-c:a", "libopus", "-b:a", "32k"]), "opus.wav", &["--rate", "44100"]),
        (&cut("wide.mp3", &["-c:a", "libmp3lame", "-ar", "44100"]), "mp3.flac", &[]),
        (&cut("wide.m4a", &["-c:a", "aac", "-ar", "44100"]), "aac.mp3", &[]),
        (&cut("wide.ogg", &["-c:a", "libvorbis", "-ar", "44100"]), "vorbis.m4a", &[]),
    ];
    for (from, to, options) in cases {
        let ours = transcode(None, from, &path(to), options);
        for processor in PROCESSORS {
            let theirs = transcode(Some(processor), from, &path(to), options);
            assert!(ours == theirs, "{to} on {processor}");
        }
    }
}
