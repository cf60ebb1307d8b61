//! Where a result goes: stdout, what stands there already (a FIFO, a device), or a file that takes its
//! place once it is whole.

use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a new file may be for whom, before the umask.
const NEW_MODE: u32 = 0o666;

const INTERRUPT: SignalKind = SignalKind::interrupt();
const TERMINATE: SignalKind = SignalKind::terminate();

/// Unix milliseconds as RFC 3339 in UTC, to the second.
pub fn time(ms: i64) -> String {
    let time = Timestamp::from_second(ms / 1000).unwrap_or(Timestamp::MAX);
    time.to_string()
}

/// A bar of bytes on stderr, if that is a terminal; its length is set once it is known.
pub fn bytes_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A result on its way.
pub struct Output {
    file: Box<dyn Write>,
    part: Option<Part>,
}

/// A file that is not in its place yet; dropped, it is gone.
struct Part {
    file: File,
    path: PathBuf,
    place: PathBuf,
}

impl Output {
    /// To stdout.
    pub fn stdout() -> Self {
        Self { file: Box::new(io::stdout()), part: None }
    }

    /// To a path. Only a regular file is replaced, and keeps its mode.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        Self::try_begin(path).map_err(|e| Failure::failed(path.display(), e))
    }

    fn try_begin(path: &Path) -> io::Result<Self> {
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e),
        };
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            let file = File::options().write(true).open(path)?;
            return Ok(Self { file: Box::new(file), part: None });
        }
        let part = Part::make(&place_of(path)?, there.map(|there| there.permissions()))?;
        Ok(Self { file: Box::new(part.file.try_clone()?), part: Some(part) })
    }

    /// All of it is written: puts it in its place, durably.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        match self.part {
            Some(part) => part.put_in_place(),
            None => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where a path leads by its links, whether or not something is there.
fn place_of(path: &Path) -> io::Result<PathBuf> {
    /// As many as the system follows.
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(to) => place = folder_of(&place).join(to),
            // The place is no link: a file, a device, or nothing yet.
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many links"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != "" => folder,
        _ => Path::new("."),
    }
}

impl Part {
    /// Beside its place, with the mode of what it replaces.
    fn make(place: &Path, mode: Option<Permissions>) -> io::Result<Self> {
        let path = folder_of(place).join(format!(".tonearm-{}.part", uuid::Uuid::new_v4()));
        let signals = Signals::listen()?;
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(mode.as_ref().map_or(NEW_MODE, Permissions::mode))
            .open(&path)?;
        signals.remove(path.clone());
        let part = Self { file, path, place: place.to_owned() };
        if let Some(mode) = mode {
            part.file.set_permissions(mode)?;
        }
        Ok(part)
    }

    fn put_in_place(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.place)?;
        File::open(folder_of(&self.place))?.sync_all()
    }
}

impl Drop for Part {
    /// Once it is in place there is no part any more.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// SIGINT and SIGTERM, kept from ending the process before its part is gone.
struct Signals {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let listen = async { io::Result::Ok((signal(INTERRUPT)?, signal(TERMINATE)?)) };
        let (interrupt, terminate) = runtime.block_on(listen)?;
        Ok(Self { runtime, interrupt, terminate })
    }

    /// From now on a signal removes this file and ends the process, with the code that a shell gives one
    /// that a signal ended.
    fn remove(mut self, path: PathBuf) {
        std::thread::spawn(move || {
            let signal = self.runtime.block_on(async {
                tokio::select! {
                    _ = self.interrupt.recv() => INTERRUPT,
                    _ = self.terminate.recv() => TERMINATE,
                }
            });
            let _ = fs::remove_file(path);
            std::process::exit(128 + signal.as_raw_value());
        });
    }
}
