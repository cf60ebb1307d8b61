//! The lines that wait to be written, and the thread that writes them.

use super::line::{self, Stamp};
use super::{Entry, Said};
use std::io::{self, Write};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(200);

/// Room for lines that is kept between them.
const SPARE_BYTES: usize = 4 << 20;

/// Bytes of waiting lines; more are lost, and counted.
const MOST_BYTES: usize = 16 << 20;

/// Writes what is waiting; for the end of the process.
pub fn flush() {
    JOURNAL.write();
}

/// The log of this process.
pub static JOURNAL: LazyLock<Journal> = LazyLock::new(Journal::start);

/// Lines on their way.
pub struct Journal {
    lines: Mutex<Lines>,
    news: Condvar,
}

struct Lines {
    text: Vec<u8>,
    /// The buffer of the lines written last, for the next ones.
    written: Vec<u8>,
    lost: u64,
    /// An instant and its time since 1970, so that a line takes one look at a clock.
    clock: (Instant, Duration),
    stamp: Stamp,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            written: Vec::new(),
            lost: 0,
            clock: clock(),
            stamp: Stamp::default(),
        }
    }
}

fn clock() -> (Instant, Duration) {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    (Instant::now(), time.unwrap_or_default())
}

impl Journal {
    fn start() -> Self {
        let writer = || {
            loop {
                JOURNAL.wait();
                std::thread::sleep(WAIT);
                JOURNAL.write();
            }
        };
        let spawned = std::thread::Builder::new().name("access-log".into()).spawn(writer);
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for the access log: its lines come at the end");
        }
        Self { lines: Mutex::default(), news: Condvar::new() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the line of an answer that ended, after so long.
    pub fn add(&self, entry: &Entry, said: &Said, ended: Instant, duration: Duration) {
        let mut lines = self.lines();
        if lines.text.len() >= MOST_BYTES {
            lines.lost += 1;
            return;
        }
        let first = lines.text.is_empty();
        let Lines { text, stamp, clock, .. } = &mut *lines;
        let now = clock.1 + ended.saturating_duration_since(clock.0);
        line::write(text, stamp, entry, said, [now, duration]);
        drop(lines);
        if first {
            self.news.notify_one();
        }
    }

    fn wait(&self) {
        let lines = self.lines();
        let waited = self.news.wait_while(lines, |lines| lines.text.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn write(&self) {
        let mut lines = self.lines();
        let Lines { text, written, .. } = &mut *lines;
        let mut text = std::mem::replace(text, std::mem::take(written));
        let lost = std::mem::take(&mut lines.lost);
        lines.clock = clock();
        drop(lines);
        // There is nobody to tell of a log that can't be written.
        let _ = io::stderr().lock().write_all(&text);
        text.clear();
        text.shrink_to(SPARE_BYTES);
        self.lines().written = text;
        if lost > 0 {
            tracing::warn!(lost, "lines of the access log were lost: stderr takes too little");
        }
    }
}
