//! `tonearm transcode`: one representation of a local file, the bytes of the published one.
//!
//! Order: open and hash the source → probe → decide (as a link would) → convert → put the result in
//! place.

use super::output::Output;
use super::probe::{is_dash, open, probe, spool_stdin};
use crate::cli::Transcode;
use crate::failure::Failure;
use crate::options::preferences;
use audio::Source;
use audio::source::Cursor;
use audio::tags::cover::USUAL_BYTES;
use audio::transcode::Input;
use indicatif::ProgressBar;
use media::{Refusal, Representation, Resource};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

pub fn run(args: &Transcode) -> Result<(), Failure> {
    let wanted = preferences(args)?;
    let name = args.source.display();
    let file = if is_dash(&args.source) { spool_stdin()? } else { open(&args.source)? };
    if is_same_file(&file, &args.target) {
        let told = "is the source, which would be lost; name another target";
        return Err(Failure::Usage(format!("{}: {told}", args.target.display())));
    }
    let hash = content_hash(&file).map_err(|e| Failure::failed(&name, e))?;
    let source: Source = Arc::new(file);
    let probed = probe(&source, &args.source, args.from.as_ref())?;
    let probed = probed.with_picture_up_to(USUAL_BYTES);
    let facts = Arc::new(probed.facts);
    let content = catalog::content_id(&hash, audio::formats::read_as(&facts).as_deref());
    let resource =
        Arc::new(Resource::of_content(content, source.length_bytes(), Some(Arc::clone(&facts))));
    let mut target =
        if is_dash(&args.target) { Output::stdout() } else { Output::begin(&args.target)? };
    match media::select(&resource, &wanted).map_err(refused)? {
        Representation::Original(_) => {
            io::copy(&mut Cursor::new(source), &mut target)
                .map_err(|e| Failure::failed("copying", e))?;
        }
        Representation::Transcode(chosen) => {
            let input = Input { source, facts, index: Arc::new(probed.index) };
            let serial = media::serial(&chosen.key);
            let transcode = audio::Transcode::new(input, chosen.format, chosen.target, serial)
                .map_err(|e| Failure::Usage(format!("--{}: {}", e.option, e.message)))?;
            convert(&transcode, threads(args), &mut target)?;
        }
    }
    target.finish().map_err(|e| Failure::failed(args.target.display(), e))
}

/// Whether a file lies at that path, under whatever name it was opened. A device may be both ends.
fn is_same_file(file: &File, path: &Path) -> bool {
    let (Ok(opened), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    there.is_file() && (opened.dev(), opened.ino()) == (there.dev(), there.ino())
}

fn threads(args: &Transcode) -> usize {
    let all = std::thread::available_parallelism();
    args.threads.or(all.ok()).map_or(1, Into::into)
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::BadOption { option, message } => Failure::Usage(format!("--{option}: {message}")),
        Refusal::Unplayable { message } => Failure::Failed(message),
    }
}

fn convert(transcode: &audio::Transcode, threads: usize, out: &mut Output) -> Result<(), Failure> {
    let bar = ProgressBar::new(0);
    let mut progress = |done: u32, of: u32| {
        bar.set_length(of.into());
        bar.set_position(done.into());
    };
    let converted = media::convert(transcode, threads, &mut progress, out);
    bar.finish_and_clear();
    converted.map(|_| ()).map_err(|e| Failure::failed("transcoding", e))
}

fn content_hash(file: &File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut whole = Cursor::new(Arc::new(file.try_clone()?));
    io::copy(&mut whole, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}
