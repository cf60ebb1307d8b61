//! The lines that wait to be written, and the thread that writes them: those of requests, and all others, because a
//! thread that writes to a log which nobody reads stands still.

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

/// How long the end of the process waits for the last lines.
const LAST: Duration = Duration::from_secs(2);

/// Has what is waiting written; for the end of the process, which no log holds up.
pub fn flush() {
    let mut lines = JOURNAL.lines();
    lines.is_last = true;
    JOURNAL.news.notify_all();
    let owes = |lines: &mut Lines| !lines.text.is_empty() || lines.is_writing;
    drop(JOURNAL.done.wait_timeout_while(lines, LAST, owes));
}

/// Where the log's lines go that are about no request.
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        JOURNAL.add_with(|lines| lines.text.extend_from_slice(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this process.
pub static JOURNAL: LazyLock<Journal> = LazyLock::new(Journal::start);

/// Lines on their way.
pub struct Journal {
    lines: Mutex<Lines>,
    /// There is something to write.
    news: Condvar,
    /// It is written.
    done: Condvar,
}

struct Lines {
    text: Vec<u8>,
    /// The buffer of the lines written last, for the next ones.
    written: Vec<u8>,
    lost: u64,
    is_writing: bool,
    /// Whether the process ends, so that nothing is collected any more.
    is_last: bool,
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
            is_writing: false,
            is_last: false,
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
                JOURNAL.write();
            }
        };
        let spawned = std::thread::Builder::new().name("access-log".into()).spawn(writer);
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for the access log: its lines come at the end");
        }
        Self { lines: Mutex::default(), news: Condvar::new(), done: Condvar::new() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the line of an answer that ended, after so long.
    pub fn add(&self, entry: &Entry, said: &Said, ended: Instant, duration: Duration) {
        self.add_with(|lines| {
            let Lines { text, stamp, clock, .. } = lines;
            let now = clock.1 + ended.saturating_duration_since(clock.0);
            line::write(text, stamp, entry, said, [now, duration]);
        });
    }

    fn add_with(&self, add: impl FnOnce(&mut Lines)) {
        let mut lines = self.lines();
        if lines.text.len() >= MOST_BYTES {
            lines.lost += 1;
            return;
        }
        let first = lines.text.is_empty();
        add(&mut lines);
        drop(lines);
        if first {
            self.news.notify_all();
        }
    }

    /// Waits for lines, and a while for more of them.
    fn wait(&self) {
        let lines = self.lines();
        let waited = self.news.wait_while(lines, |lines| lines.text.is_empty());
        let lines = waited.unwrap_or_else(PoisonError::into_inner);
        drop(self.news.wait_timeout_while(lines, WAIT, |lines| !lines.is_last));
    }

    fn write(&self) {
        let mut lines = self.lines();
        let Lines { text, written, is_writing, .. } = &mut *lines;
        let mut text = std::mem::replace(text, std::mem::take(written));
        *is_writing = true;
        let lost = std::mem::take(&mut lines.lost);
        lines.clock = clock();
        drop(lines);
        // There is nobody to tell of a log that can't be written.
        let _ = io::stderr().lock().write_all(&text);
        text.clear();
        text.shrink_to(SPARE_BYTES);
        let mut lines = self.lines();
        (lines.written, lines.is_writing) = (text, false);
        drop(lines);
        self.done.notify_all();
        if lost > 0 {
            tracing::warn!(lost, "lines of the log were lost: stderr takes too little");
        }
    }
}
