//! `tonearm probe`: the facts of a file as JSON.

use crate::cli::{From, Probe};
use crate::failure::{Failure, print};
use audio::{Facts, Hint, Probed, Source};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub fn run(args: &Probe) -> Result<(), Failure> {
    let file = if is_dash(&args.file) { spool_stdin()? } else { open(&args.file)? };
    let probed = probe(&(Arc::new(file) as Source), &args.file, args.from.as_ref())?;
    print(&format!("{:#}\n", json(&probed.facts)))
}

/// Whether a path means stdin or stdout.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What a file is: by what is said of it, or else by its name.
pub fn probe(source: &Source, path: &Path, from: Option<&From>) -> Result<Probed, Failure> {
    let named = path.extension().and_then(|extension| extension.to_str());
    let extension = from.map(|from| from.extension.as_str()).or(named);
    let probed = audio::probe(source, Hint { extension, mime_type: None });
    let probed = probed.map_err(|e| Failure::failed(path.display(), e))?;
    match from.and_then(|from| from.rate_hz) {
        Some(rate) if rate != probed.facts.rate_hz => Err(Failure::Usage(format!(
            "--from: {} has {} Hz, not {rate}",
            probed.facts.format, probed.facts.rate_hz
        ))),
        _ => Ok(probed),
    }
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

/// A file without a name: gone when closed.
fn unnamed() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("tonearm-{}", uuid::Uuid::new_v4()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// What comes on stdin, in a file, because it's read at any place.
pub fn spool_stdin() -> Result<File, Failure> {
    let spool = || -> io::Result<File> {
        let mut file = unnamed()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    spool().map_err(|e| Failure::failed("reading stdin", e))
}
