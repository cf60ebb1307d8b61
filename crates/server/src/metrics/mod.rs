//! What the server counts, for `GET /metrics`: plain counters that an answer adds to, and what they are called. Names
//! follow Prometheus' conventions, and no label has more values than this crate knows of, or says.

mod process;
mod stored;
mod text;

use library::{Library, MailState};
use media::{Durations, Media, StoreOperation, StoreRequests};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};
pub use stored::Stored;
use stored::uploads;
use text::Text;

/// Media type of the text.
pub const CONTENT_TYPE: &str = text::CONTENT_TYPE;

/// The classes of status codes; what ends before it has one comes first.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The methods that are told apart; all others are the last.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// What requests are for: links, the server's own health, these figures, each storage API, and the page with all else.
const ROUTES: [&str; 8] =
    ["link", "health", "metrics", "carrierx", "voipbin", "evovoice", "voxbone", "page"];

/// What a request is for.
#[derive(Debug, Clone, Copy)]
pub struct Route(usize);

impl Route {
    /// Published links.
    pub const LINK: Self = Self(0);

    /// The one of a name; the page's for one that has none.
    pub fn named(name: &str) -> Self {
        Self(ROUTES.iter().position(|route| *route == name).unwrap_or(ROUTES.len() - 1))
    }
}

/// The answers of this process.
pub static ANSWERS: Answers = Answers::new();

/// Logins by a password that is no token.
pub static FAILED_LOGINS: AtomicU64 = AtomicU64::new(0);

/// When the process began, as far as its first answer tells.
pub static BEGAN: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);

/// Counters of answers.
pub struct Answers {
    by_kind: [[[AtomicU64; CLASSES.len()]; METHODS.len()]; ROUTES.len()],
    body_bytes: [AtomicU64; ROUTES.len()],
    durations: [Durations; ROUTES.len()],
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    connections_refused: AtomicU64,
}

/// An answer that has ended, whole or given up.
pub struct Ended<'a> {
    pub route: Route,
    pub method: &'a str,
    pub status: u16,
    pub body_bytes: u64,
    pub duration: Duration,
    /// Whether a link's answer was there before it was asked for, where a cache has to do with it.
    pub was_there: Option<bool>,
}

impl Answers {
    const fn new() -> Self {
        Self {
            by_kind: [const { [const { [const { AtomicU64::new(0) }; CLASSES.len()] }; METHODS.len()] };
                ROUTES.len()],
            body_bytes: [const { AtomicU64::new(0) }; ROUTES.len()],
            durations: [const { Durations::new() }; ROUTES.len()],
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
        }
    }

    /// Counts an answer.
    pub fn count(&self, ended: &Ended<'_>) {
        let Route(route) = ended.route;
        let method = METHODS.iter().position(|method| *method == ended.method);
        let class = usize::from(ended.status / 100).min(CLASSES.len() - 1);
        let kind = &self.by_kind[route][method.unwrap_or(METHODS.len() - 1)][class];
        kind.fetch_add(1, Relaxed);
        self.body_bytes[route].fetch_add(ended.body_bytes, Relaxed);
        self.durations[route].count(ended.duration);
        if let Some(was_there) = ended.was_there {
            let counter = if was_there { &self.cache_hits } else { &self.cache_misses };
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Counts a connection that was one too many.
    pub fn count_refusal(&self) {
        self.connections_refused.fetch_add(1, Relaxed);
    }
}

/// What is asked for when the figures are.
pub struct Now<'a> {
    /// Connections that are open.
    pub connections: usize,
    /// How many mails are in each state.
    pub mails: Vec<(MailState, u64)>,
    /// What is stored, where the catalog tells.
    pub stored: Option<Stored>,
    /// Bytes that are free on the disk that has least.
    pub disk_free_bytes: Option<u64>,
    pub library: &'a Library,
    pub media: &'a Media,
    pub version: &'a str,
}

/// The text of all figures.
pub fn render(now: &Now<'_>) -> String {
    let mut text = Text::new();
    let (version, commit) = parts(now.version);
    let labels = format!("version=\"{version}\",commit=\"{commit}\"");
    text.family("tonearm_build_info", "gauge", "The version that runs.");
    text.sample("tonearm_build_info", &labels, 1);
    process::write(&mut text, *BEGAN);
    answers(&mut text, &ANSWERS);
    let failed = FAILED_LOGINS.load(Relaxed);
    text.counter("tonearm_failed_logins_total", "Logins by a password that is no token.", failed);
    text.gauge("tonearm_connections", "Connections that are open.", now.connections);
    let lost = now.library.lost_count();
    let help = "Times that a stored file was found missing or damaged.";
    text.counter("tonearm_blobs_missing_total", help, lost);
    text.family("tonearm_mails", "gauge", "Mails of recordings that are known, by state.");
    for (state, count) in &now.mails {
        text.sample("tonearm_mails", &format!("state=\"{state}\""), count);
    }
    if let Some(stored) = &now.stored {
        stored.write(&mut text);
    }
    uploads(&mut text);
    if let Some(free) = now.disk_free_bytes {
        let help = "Bytes free on the disk of the data folder that has least.";
        text.gauge("tonearm_disk_free_bytes", help, free);
    }
    media_figures(&mut text, now.media);
    store_figures(&mut text);
    text.end()
}

/// Version and commit of `0.1.0 (abc)`, as `--version` says it; a debug build names no commit.
fn parts(version: &str) -> (&str, &str) {
    let (version, rest) = version.split_once(" (").unwrap_or((version, ""));
    (version, rest.trim_end_matches(')'))
}

fn answers(text: &mut Text, answers: &Answers) {
    let class_sum = |class: usize| -> u64 {
        let methods = answers.by_kind.iter().flatten();
        methods.map(|classes| classes[class].load(Relaxed)).sum()
    };
    let name = "tonearm_answers_total";
    text.family(name, "counter", "Answers that have ended, by class of status code.");
    for (class, label) in CLASSES.iter().enumerate() {
        text.sample(name, &format!("class=\"{label}\""), class_sum(class));
    }
    let name = "tonearm_http_requests_total";
    text.family(name, "counter", "Requests whose answers have ended, by route, method and class.");
    for (route, methods) in ROUTES.iter().zip(&answers.by_kind) {
        for (method, classes) in METHODS.iter().zip(methods) {
            for (class, count) in CLASSES.iter().zip(classes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    let labels = format!("route=\"{route}\",method=\"{method}\",code=\"{class}\"");
                    text.sample(name, &labels, count);
                }
            }
        }
    }
    let name = "tonearm_http_response_bytes_total";
    text.family(name, "counter", "Bytes of bodies sent, by route.");
    for (route, bytes) in ROUTES.iter().zip(&answers.body_bytes) {
        text.sample(name, &format!("route=\"{route}\""), bytes.load(Relaxed));
    }
    let bytes: u64 = answers.body_bytes.iter().map(|bytes| bytes.load(Relaxed)).sum();
    text.counter("tonearm_answer_body_bytes_total", "Bytes of bodies sent.", bytes);
    let help = "Time from a request's head to its answer's last byte.";
    text.family("tonearm_answer_duration_seconds", "histogram", help);
    text.histogram("tonearm_answer_duration_seconds", "", &answers.durations);
    let name = "tonearm_http_request_duration_seconds";
    text.family(name, "histogram", "The same, by route.");
    for (route, durations) in ROUTES.iter().zip(&answers.durations) {
        text.histogram(name, &format!("route=\"{route}\""), std::slice::from_ref(durations));
    }
    let [hits, misses, refused] =
        [&answers.cache_hits, &answers.cache_misses, &answers.connections_refused]
            .map(|counter| counter.load(Relaxed));
    let help = "Answers of links that were there before they were asked for.";
    text.counter("tonearm_cache_hits_total", help, hits);
    let help = "Answers of links that had to be made, in part at least.";
    text.counter("tonearm_cache_misses_total", help, misses);
    text.counter("tonearm_connections_refused_total", "Connections over a limit.", refused);
}

fn store_figures(text: &mut Text) {
    let all = StoreOperation::ALL.map(|(operation, name)| (name, StoreRequests::of(operation)));
    let name = "tonearm_store_requests_total";
    text.family(name, "counter", "Requests to buckets, by what they do and how they went.");
    for (operation, requests) in all {
        let [done, failed] =
            [&requests.done, &requests.failed].map(|counter| counter.load(Relaxed));
        text.sample(name, &format!("op=\"{operation}\",outcome=\"done\""), done);
        text.sample(name, &format!("op=\"{operation}\",outcome=\"failed\""), failed);
    }
    let name = "tonearm_store_seconds";
    text.family(name, "histogram", "Time that requests to buckets took, until their answer began.");
    for (operation, requests) in all {
        let durations = std::slice::from_ref(&requests.durations);
        text.histogram(name, &format!("op=\"{operation}\""), durations);
    }
}

fn media_figures(text: &mut Text, media: &Media) {
    text.gauge("tonearm_cache_bytes", "Bytes of outputs in the cache.", media.cached_bytes());
    let help = "Bytes of outputs that the cache may hold.";
    text.gauge("tonearm_cache_limit_bytes", help, media.cache_limit_bytes());
    let load = media.load();
    text.gauge("tonearm_queue_jobs", "Jobs that wait for a thread that encodes.", load.waiting);
    text.gauge("tonearm_encoders_busy", "Threads that encode now.", load.running);
    text.gauge("tonearm_encoders", "Threads that may encode.", load.threads);
    let counters = media.counters();
    let name = "tonearm_encode_seconds";
    text.family(name, "histogram", "Time that a thread took for a segment, by format.");
    for (format, encoded) in counters.encoded.iter() {
        let durations = std::slice::from_ref(&encoded.durations);
        text.histogram(name, &format!("format=\"{format}\""), durations);
    }
    let name = "tonearm_encoded_audio_seconds_total";
    text.family(name, "counter", "Audio that the segments hold that were encoded, by format.");
    for (format, encoded) in counters.encoded.iter() {
        let seconds = encoded.audio_us.load(Relaxed) as f64 / 1e6;
        text.sample(name, &format!("format=\"{format}\""), seconds);
    }
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
        text.counter(&format!("tonearm_{name}_total"), help, counter.load(Relaxed));
    }
}
