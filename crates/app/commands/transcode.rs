//! `tonearm transcode`: one representation of a local file, the bytes of the published one.
//!
//! Order: open and hash the source → probe → decide (as a link would) → encode segments, a few at a
//! time, in order → put the result in place.

use super::probe::open;
use crate::cli::Transcode;
use crate::failure::{Failure, print_bytes};
use crate::options::preferences;
use audio::transcode::{Assembly, Input, Segment};
use audio::{Hint, Source};
use indicatif::ProgressBar;
use media::{Refusal, Representation, Resource};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn run(args: &Transcode) -> Result<(), Failure> {
    let wanted = preferences(args)?;
    let name = args.source.display();
    let file = if is_dash(&args.source) { spool_stdin()? } else { open(&args.source)? };
    let hash = content_hash(&file).map_err(|e| Failure::failed(&name, e))?;
    let source: Source = Arc::new(file);
    let hint =
        Hint { extension: args.source.extension().and_then(|e| e.to_str()), mime_type: None };
    let probed = audio::probe(&source, hint).map_err(|e| Failure::failed(&name, e))?;
    let resource = resource(hash, source.length_bytes(), &probed.facts);
    let mut target = Output::begin(&args.target)?;
    match media::select(&resource, &wanted).map_err(refused)? {
        Representation::Original { .. } => copy(&source, &mut target)?,
        Representation::Transcode { target: shape, serial, .. } => {
            let input =
                Input { source, facts: Arc::new(probed.facts), index: Arc::new(probed.index) };
            let transcode = audio::Transcode::new(input, shape, serial)
                .map_err(|e| Failure::Failed(format!("--{}: {}", e.option, e.message)))?;
            encode(&transcode, threads(args), &mut target)?;
        }
    }
    target.finish()
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
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

/// What a published file with these bytes would be.
fn resource(content_hash: String, length_bytes: u64, facts: &audio::Facts) -> Resource {
    let row = catalog::ResourceRow {
        file_sid: uuid::Uuid::nil(),
        container_sid: uuid::Uuid::nil(),
        name: String::new(),
        mime_type: String::new(),
        publish: "none".into(),
        file_access_name: String::new(),
        allow_publish: false,
        content_hash,
        length_bytes,
        stored_at_ms: 0,
        expires_at_ms: None,
        facts: None,
        probe_error: None,
    };
    Resource { row, facts: Some(facts.clone()) }
}

fn content_hash(file: &File) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut whole = audio::source::Cursor::new(Arc::new(file.try_clone()?));
    io::copy(&mut whole, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// A file without a name: gone when closed.
fn unnamed() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("tonearm-{}", uuid::Uuid::new_v4()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn spool_stdin() -> Result<File, Failure> {
    let spool = || -> io::Result<File> {
        let mut file = unnamed()?;
        io::copy(&mut io::stdin().lock(), &mut file)?;
        Ok(file)
    };
    spool().map_err(|e| Failure::failed("reading stdin", e))
}

fn copy(source: &Source, target: &mut Output) -> Result<(), Failure> {
    let mut whole = audio::source::Cursor::new(source.clone());
    let mut block = vec![0; 1 << 16];
    loop {
        let read = whole.read(&mut block).map_err(|e| Failure::failed("reading the source", e))?;
        if read == 0 {
            return Ok(());
        }
        target.write(&block[..read])?;
    }
}

/// Encodes all segments. Where the header depends on their sizes, they wait in a file.
fn encode(
    transcode: &audio::Transcode,
    threads: usize,
    target: &mut Output,
) -> Result<(), Failure> {
    let bar = ProgressBar::new(u64::from(transcode.encoding().segment_count()));
    match (transcode.layout(), transcode.encoding().assembly()) {
        (Some(layout), _) => {
            target.write(&layout.header)?;
            segments(transcode, threads, |segment, bytes| {
                bar.inc(1);
                drop(segment);
                target.write(&bytes)
            })?;
        }
        (None, Some(assembly)) => learned(transcode, threads, assembly, &bar, target)?,
        (None, None) => return Err(Failure::Failed("the format has no layout".into())),
    }
    bar.finish_and_clear();
    Ok(())
}

fn learned(
    transcode: &audio::Transcode,
    threads: usize,
    mut assembly: Box<dyn Assembly>,
    bar: &ProgressBar,
    target: &mut Output,
) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::failed("keeping the encoded segments", e);
    let mut waiting = unnamed().map_err(failed)?;
    segments(transcode, threads, |segment, bytes| {
        bar.inc(1);
        assembly.add(segment);
        waiting.write_all(&bytes).map_err(failed)
    })?;
    let layout = assembly.finish().map_err(|e| Failure::failed("encoding", e))?;
    target.write(&layout.header)?;
    copy(&(Arc::new(waiting) as Source), target)
}

/// Hands over every segment in order; as many are encoded at once as there are threads, or one where
/// each needs the state in which the one before it ended.
fn segments(
    transcode: &audio::Transcode,
    threads: usize,
    mut take: impl FnMut(Segment, Vec<u8>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let count = transcode.encoding().segment_count();
    let at_once = if transcode.encoding().chained() { 1 } else { threads as u32 };
    let mut checkpoint: Option<Vec<u8>> = None;
    let mut next = 0;
    while next < count {
        let batch = next..count.min(next.saturating_add(at_once));
        next = batch.end;
        for made in encode_batch(transcode, batch, checkpoint.as_deref()) {
            let (segment, bytes) = made.map_err(|e| Failure::failed("encoding", e))?;
            checkpoint.clone_from(&segment.checkpoint);
            take(segment, bytes)?;
        }
    }
    Ok(())
}

type Made = Result<(Segment, Vec<u8>), audio::EncodeError>;

fn encode_batch(
    transcode: &audio::Transcode,
    batch: std::ops::Range<u32>,
    checkpoint: Option<&[u8]>,
) -> Vec<Made> {
    let one = |segment| -> Made {
        let mut bytes = Vec::new();
        let report = transcode.encode(segment, checkpoint, &mut |packet: &[u8]| {
            bytes.extend_from_slice(packet);
            ControlFlow::Continue(())
        })?;
        Ok((report.segment, bytes))
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = batch.map(|segment| scope.spawn(move || one(segment))).collect();
        let broken = || audio::EncodeError::Cancelled;
        running.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(broken()))).collect()
    })
}

/// Where the result goes: stdout, or a file that appears once it is whole.
enum Output {
    Stdout,
    File { file: File, part: PathBuf, path: PathBuf },
}

impl Output {
    fn begin(path: &Path) -> Result<Self, Failure> {
        if is_dash(path) {
            return Ok(Self::Stdout);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&part).map_err(|e| Failure::failed(path.display(), e))?;
        Ok(Self::File { file, part, path: path.to_owned() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => print_bytes(bytes),
            Self::File { file, path, .. } => {
                file.write_all(bytes).map_err(|e| Failure::failed(path.display(), e))
            }
        }
    }

    fn finish(self) -> Result<(), Failure> {
        match &self {
            Self::Stdout => Ok(()),
            Self::File { part, path, .. } => {
                std::fs::rename(part, path).map_err(|e| Failure::failed(path.display(), e))
            }
        }
    }
}

impl Drop for Output {
    /// Once it is in place there is no part any more.
    fn drop(&mut self) {
        if let Self::File { part, .. } = self {
            let _ = std::fs::remove_file(part);
        }
    }
}
