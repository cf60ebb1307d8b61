//! `tonearm probe`: the facts of a file as JSON.

use crate::cli::Probe;
use crate::failure::{Failure, print};
use audio::{Facts, Hint};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub fn run(args: &Probe) -> Result<(), Failure> {
    let name = args.file.display();
    let file = open(&args.file)?;
    let hint = Hint { extension: args.file.extension().and_then(|e| e.to_str()), mime_type: None };
    let probed = audio::probe(&(Arc::new(file) as audio::Source), hint)
        .map_err(|e| Failure::failed(name, e))?;
    print(&format!("{:#}\n", json(&probed.facts)))
}

/// Opens a regular file.
pub fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|e| Failure::failed(path.display(), e))?;
    match file.metadata() {
        Ok(m) if m.is_dir() => {
            Err(Failure::Failed(format!("{}: is a folder; name a file", path.display())))
        }
        Ok(_) => Ok(file),
        Err(e) => Err(Failure::failed(path.display(), e)),
    }
}

fn json(facts: &Facts) -> serde_json::Value {
    serde_json::json!({
        "format": facts.format,
        "codec": facts.codec,
        "rate_hz": facts.rate_hz,
        "channels": facts.channels,
        "frame_count": facts.frame_count,
        "duration_seconds": facts.duration_seconds(),
        "bitrate_bps": facts.bitrate_bps,
        "classification": "media",
        "repaired": facts.repaired,
    })
}
