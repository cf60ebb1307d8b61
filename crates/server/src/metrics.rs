//! What the server counts, for `GET /metrics`: plain counters that an answer adds to, and the text that a
//! Prometheus server reads (its exposition format 0.0.4).

use library::{Library, MailState};
use media::Media;
use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Media type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the histogram of answers' durations, in microseconds.
const BOUNDS_US: [u64; 10] =
    [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The classes of status codes; what ends before it has one comes first.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The answers of this process.
pub static ANSWERS: Answers = Answers::new();

/// Logins by a password that is no token.
pub static FAILED_LOGINS: AtomicU64 = AtomicU64::new(0);

/// Counters of answers.
pub struct Answers {
    by_class: [AtomicU64; CLASSES.len()],
    body_bytes: AtomicU64,
    /// Answers up to each bound and above the one before; the last ones are above all.
    by_duration: [AtomicU64; BOUNDS_US.len() + 1],
    duration_us: AtomicU64,
    connections_refused: AtomicU64,
}

impl Answers {
    const fn new() -> Self {
        Self {
            by_class: [const { AtomicU64::new(0) }; CLASSES.len()],
            body_bytes: AtomicU64::new(0),
            by_duration: [const { AtomicU64::new(0) }; BOUNDS_US.len() + 1],
            duration_us: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
        }
    }

    /// Counts an answer that has ended, whole or given up.
    pub fn count(&self, status: u16, body_bytes: u64, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        let class = usize::from(status / 100).min(CLASSES.len() - 1);
        self.by_class[class].fetch_add(1, Relaxed);
        self.body_bytes.fetch_add(body_bytes, Relaxed);
        self.by_duration[bucket].fetch_add(1, Relaxed);
        self.duration_us.fetch_add(us, Relaxed);
    }

    /// Counts a connection that was one too many.
    pub fn count_refusal(&self) {
        self.connections_refused.fetch_add(1, Relaxed);
    }
}

/// The text; `connections` are open, so many mails are in each state.
pub fn render(
    connections: usize,
    mails: &[(MailState, u64)],
    library: &Library,
    media: &Media,
) -> String {
    let mut text = Text(String::with_capacity(4096));
    let answers = &ANSWERS;
    text.family(
        "tonearm_answers_total",
        "counter",
        "Answers that have ended, by class of status code.",
    );
    for (class, count) in CLASSES.iter().zip(&answers.by_class) {
        text.sample(
            "tonearm_answers_total",
            &format!("{{class=\"{class}\"}}"),
            count.load(Relaxed),
        );
    }
    let body_bytes = answers.body_bytes.load(Relaxed);
    text.single("tonearm_answer_body_bytes_total", "counter", "Bytes of bodies sent.", body_bytes);
    text.durations(answers);
    let refused = answers.connections_refused.load(Relaxed);
    text.single(
        "tonearm_connections_refused_total",
        "counter",
        "Connections over a limit.",
        refused,
    );
    let failed = FAILED_LOGINS.load(Relaxed);
    let help = "Logins by a password that is no token.";
    text.single("tonearm_failed_logins_total", "counter", help, failed);
    text.single("tonearm_connections", "gauge", "Connections that are open.", connections);
    let lost = library.lost_count();
    let help = "Times that a stored file was found missing or damaged.";
    text.single("tonearm_blobs_missing_total", "counter", help, lost);
    text.mails(mails);
    let cached = media.cached_bytes();
    text.single("tonearm_cache_bytes", "gauge", "Bytes of outputs in the cache.", cached);
    let counters = media.counters();
    for (name, help, counter) in [
        ("segments_encoded", "Segments encoded to their end.", &counters.segments_encoded),
        ("segments_failed", "Segments that failed.", &counters.segments_failed),
        (
            "segments_cancelled",
            "Segments that nobody waited for any more.",
            &counters.segments_cancelled,
        ),
        (
            "checksum_repairs",
            "Cached segments that were damaged and made again.",
            &counters.checksum_repairs,
        ),
        (
            "frames_missing",
            "Frames of silence in place of what sources lacked.",
            &counters.frames_missing,
        ),
        (
            "blocks_fetched",
            "Blocks of stored files that were fetched from a bucket.",
            &counters.blocks_fetched,
        ),
        ("outputs_evicted", "Outputs evicted from the cache.", &counters.outputs_evicted),
    ] {
        text.single(&format!("tonearm_{name}_total"), "counter", help, counter.load(Relaxed));
    }
    text.0
}

struct Text(String);

// Writing to a string can't fail.
impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    fn mails(&mut self, mails: &[(MailState, u64)]) {
        self.family("tonearm_mails", "gauge", "Mails of recordings that are known, by state.");
        for (state, count) in mails {
            self.sample("tonearm_mails", &format!("{{state=\"{state}\"}}"), count);
        }
    }

    fn durations(&mut self, answers: &Answers) {
        const NAME: &str = "tonearm_answer_duration_seconds";
        let seconds = |us: u64| us as f64 / 1e6;
        self.family(NAME, "histogram", "Time from a request's head to its answer's last byte.");
        let bounds = BOUNDS_US.iter().map(|us| seconds(*us).to_string());
        let mut total = 0;
        for (bound, count) in bounds.chain(["+Inf".into()]).zip(&answers.by_duration) {
            total += count.load(Relaxed);
            self.sample(NAME, &format!("_bucket{{le=\"{bound}\"}}"), total);
        }
        self.sample(NAME, "_sum", seconds(answers.duration_us.load(Relaxed)));
        self.sample(NAME, "_count", total);
    }
}
