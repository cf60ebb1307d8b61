//! One line a request, written when its body is done or given up. Paths are logged without the query,
//! which may hold a signature, and without one that stands in the path; headers are not logged, which may hold a token.
//!
//! Lines are collected and written by a thread of their own a few times a second, so that a slow log
//! holds no answer up. They look like the log's other lines, and `--log` counts for them as for any:
//! their target is `access`.

use http::{HeaderValue, Method, Response, Uri};
use std::io::{self, Write};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(200);

/// Room for lines that is kept between them.
const SPARE_BYTES: usize = 4 << 20;

/// Bytes of waiting lines; more are lost, and counted.
const MOST_BYTES: usize = 16 << 20;

/// A request's line in the making.
pub struct Entry {
    pub started: Instant,
    /// The client's address and port.
    pub remote: Arc<str>,
    pub method: Method,
    /// Without the query. A copy: a piece of the connection's read buffer would keep that from being used again.
    pub path: Box<str>,
    pub status: u16,
    pub cache: Option<HeaderValue>,
    /// Bytes of body given to the connection.
    pub bytes: u64,
}

impl Entry {
    /// A request that came just now.
    pub fn begin(remote: Arc<str>, method: Method, uri: &Uri) -> Self {
        let path = without_signature(uri.path());
        let started = Instant::now();
        Self { started, remote, method, path, status: 0, cache: None, bytes: 0 }
    }

    /// Writes the line of an answer that ended, after so long.
    pub fn write(&self, ended: Instant, duration: Duration) {
        if tracing::enabled!(target: "access", tracing::Level::INFO) {
            JOURNAL.add(self, ended, duration);
        }
    }

    /// Takes down what is answered.
    pub fn answered<B>(&mut self, response: &Response<B>) {
        self.status = response.status().as_u16();
        self.cache = response.headers().get("cache-status").cloned();
    }
}

/// A path whose signature, if it has one, is left out: whoever reads a log must not be able to use the links in it.
fn without_signature(path: &str) -> Box<str> {
    const BEGINS: &str = "/sig=";
    let Some(begins) = path.find(BEGINS).map(|at| at + BEGINS.len()) else { return path.into() };
    let ends = path[begins..].find('/').map_or(path.len(), |length| begins + length);
    [&path[..begins], "-", &path[ends..]].concat().into()
}

/// Writes what is waiting; for the end of the process.
pub fn flush() {
    JOURNAL.write();
}

static JOURNAL: LazyLock<Journal> = LazyLock::new(Journal::start);

struct Journal {
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
    /// The present second, and how a line of it begins.
    second: u64,
    stamp: String,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            written: Vec::new(),
            lost: 0,
            clock: clock(),
            second: 0,
            stamp: String::new(),
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

    fn add(&self, entry: &Entry, ended: Instant, duration: Duration) {
        let mut lines = self.lines();
        if lines.text.len() >= MOST_BYTES {
            lines.lost += 1;
            return;
        }
        let first = lines.text.is_empty();
        lines.add(entry, ended, duration);
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

impl Lines {
    fn add(&mut self, entry: &Entry, ended: Instant, duration: Duration) {
        let now = self.clock.1 + ended.saturating_duration_since(self.clock.0);
        if self.second != now.as_secs() {
            self.second = now.as_secs();
            let second = jiff::Timestamp::from_second(self.second.cast_signed());
            self.stamp = second.unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        }
        let tenths = u64::try_from(duration.as_micros() / 100).unwrap_or(u64::MAX);
        let cache = entry.cache.as_ref().and_then(|value| value.to_str().ok()).unwrap_or("-");
        let mut digits = itoa::Buffer::new();
        let Self { text, stamp, .. } = self;
        text.extend_from_slice(stamp.as_bytes());
        text.push(b'.');
        // A million more: six digits after the first.
        text.extend_from_slice(&digits.format(1_000_000 + now.subsec_micros()).as_bytes()[1..]);
        text.extend_from_slice(b"Z  INFO access: remote=");
        text.extend_from_slice(entry.remote.as_bytes());
        text.extend_from_slice(b" method=");
        text.extend_from_slice(entry.method.as_str().as_bytes());
        text.extend_from_slice(b" path=");
        quote(text, &entry.path);
        text.extend_from_slice(b" status=");
        text.extend_from_slice(digits.format(entry.status).as_bytes());
        text.extend_from_slice(b" bytes=");
        text.extend_from_slice(digits.format(entry.bytes).as_bytes());
        text.extend_from_slice(b" duration_ms=\"");
        text.extend_from_slice(digits.format(tenths / 10).as_bytes());
        text.push(b'.');
        text.extend_from_slice(digits.format(tenths % 10).as_bytes());
        text.extend_from_slice(b"\" cache=");
        quote(text, cache);
        text.push(b'\n');
    }
}

/// Quotes a text; the usual one, which needs no escapes, at the cost of a copy.
fn quote(text: &mut Vec<u8>, value: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    // Without a way out in between, which many bytes at a time wouldn't have.
    if value.bytes().fold(true, |all, byte| all & plain(byte)) {
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
    } else {
        // Writing to memory doesn't fail.
        let _ = write!(text, "{value:?}");
    }
}
