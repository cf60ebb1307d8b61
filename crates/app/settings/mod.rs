//! The settings, each declared once as a clap argument: its flag, environment variable, default and explanation stand
//! together, and the configuration file's key is the flag's name in snake case (see `config.rs`).

mod acme;
mod limits;
mod links;
mod mail;
mod network;
mod values;
mod voipbin;

pub use acme::Acme;
pub use limits::{Limits, fit};
pub use links::Links;
pub use mail::Mail;
pub use network::Network;
pub use values::seconds;

use crate::log::Filter;
use crate::traces;
use blob::{Endpoints, Place};
use clap::{ArgAction, Args};
use server::{Apis, LogFormat, PageOrigin, Presets};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use values::{block_cache_bytes, byte_count, picture_bytes, public_url};
use voipbin::Voipbin;

/// All of them, as a server has them.
#[derive(Debug, Args)]
pub struct Settings {
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub links: Links,
    #[command(flatten)]
    pub mail: Mail,
}

/// Where things are kept and under what address they are published.
#[derive(Debug, Args)]
pub struct Store {
    /// The data folder; made if it isn't there
    #[arg(long, value_name = "DIR", env = "TONEARM_DATA", default_value = "./tonearm-data")]
    pub data: PathBuf,
    /// Where the catalog lies: file: (the data folder), or postgres://USER@HOST/DATABASE?sslmode=verify-full, which
    /// many nodes may share; the password in the URL or in PGPASSWORD [default: file:]
    #[arg(long, value_name = "URL", env = "TONEARM_CATALOG", hide_env_values = true)]
    pub catalog: Option<String>,
    /// How long links in use are answered while a PostgreSQL that has the catalog is not heard
    #[arg(long, value_name = "MS", env = "TONEARM_STALE_LINKS_MS", default_value_t = 5000)]
    pub stale_links_ms: u64,
    /// Where the bytes of files lie: file: (the data folder), s3://BUCKET/PREFIX?region=R&endpoint=URL,
    /// gs://BUCKET/PREFIX or az://ACCOUNT/CONTAINER/PREFIX, with the credentials that the cloud's own environment
    /// variables or roles give
    #[arg(long, value_name = "URL", env = "TONEARM_BLOBS", default_value_t = Place::default())]
    pub blobs: Place,
    /// Hosts where buckets of containers may lie, parted by commas; `*` is anything, `http://` is said where it may be
    #[arg(long, value_name = "HOSTS", env = "TONEARM_EXTERNAL_ENDPOINTS", default_value_t = Endpoints::default())]
    pub external_endpoints: Endpoints,
    /// The key that seals the secrets of containers' buckets, 64 hex digits [default: one that is made at the first
    /// start and kept in the data folder]
    #[arg(
        long,
        value_name = "KEY",
        env = "TONEARM_SECRET_KEY",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub secret_key: Option<String>,
    /// Bytes of the disk that uploads leave free, or with KiB, MiB, GiB, TiB; where fewer are, they are answered 507
    #[arg(long, value_name = "N", env = "TONEARM_MIN_FREE_BYTES", default_value = "0",
          value_parser = byte_count)]
    pub min_free_bytes: u64,
    /// Bytes of a recording's picture that goes along in its transcodes, up to 1MiB; one that has more when it comes in
    /// stays behind
    #[arg(long, value_name = "N", env = "TONEARM_MAX_PICTURE_BYTES", default_value = "40KiB",
          value_parser = picture_bytes)]
    pub max_picture_bytes: usize,
    /// Base of the publish links, such as https://media.example.com [default: where a request for them came in; of what
    /// is printed, the address listened on]
    #[arg(long, value_name = "URL", env = "TONEARM_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// A TOML file with settings (see `tonearm config`)
    #[arg(long, value_name = "FILE", env = "TONEARM_CONFIG")]
    pub config: Option<PathBuf>,
}

impl Store {
    /// Base of the publish links where no server listens.
    pub fn base(&self) -> &str {
        self.public_url.as_deref().unwrap_or("http://127.0.0.1:8080")
    }
}

/// How the server runs.
#[derive(Debug, Args)]
pub struct Server {
    #[command(flatten)]
    pub network: Network,
    /// Disk space for finished transcodes, in bytes or with KiB, MiB, GiB, TiB
    #[arg(long, value_name = "N", env = "TONEARM_CACHE_BYTES", default_value = "10GiB",
          value_parser = byte_count)]
    pub cache_bytes: u64,
    /// Disk space for blocks of files that lie in a bucket, at least 256MiB
    #[arg(long, value_name = "N", env = "TONEARM_BLOB_CACHE_BYTES", default_value = "10GiB",
          value_parser = block_cache_bytes)]
    pub blob_cache_bytes: u64,
    /// How long an answer waits for the bucket, before it is answered 503
    #[arg(long, value_name = "MS", env = "TONEARM_STORE_TIMEOUT_MS", default_value_t = 10_000)]
    pub store_timeout_ms: u64,
    /// Threads that transcode [default: all cores]
    #[arg(long, value_name = "N", env = "TONEARM_TRANSCODE_THREADS")]
    pub transcode_threads: Option<NonZeroUsize>,
    /// Segments that may wait for a thread; more are answered 503
    #[arg(long, value_name = "N", env = "TONEARM_QUEUE_LENGTH", default_value_t = 256)]
    pub queue_length: usize,
    /// Segments of about ten seconds that are made ahead of a reading client
    #[arg(long, value_name = "N", env = "TONEARM_READ_AHEAD", default_value_t = 2)]
    pub read_ahead: u32,
    /// How long the first request for a flac or mp4 waits for its encoding, before it is answered 503
    #[arg(long, value_name = "MS", env = "TONEARM_LEARN_TIMEOUT_MS", default_value_t = 25_000)]
    pub learn_timeout_ms: u64,
    /// Cache-Control of published links that ask for none; the default is what the reference service sends
    #[arg(long, value_name = "DIRECTIVES", env = "TONEARM_CACHE_CONTROL", default_value = "None",
          value_parser = server::cache_control)]
    pub cache_control: String,
    /// Presets beside the built-in ones, such as `hold?f=mp3&br=32 menu?f=wav&rate=16000`
    #[arg(long, value_name = "PRESETS", env = "TONEARM_PRESETS", default_value = "")]
    pub presets: Presets,
    /// Answer signed links alone, whatever is published
    #[arg(long, value_name = "BOOL", env = "TONEARM_REQUIRE_SIGNED_LINKS", default_value_t = false,
          action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub require_signed_links: bool,
    /// Hours of audio that a file may have, at most 8784; a longer one is served only as it is stored,
    /// and asked for in another form it is answered 415
    #[arg(long, value_name = "N", env = "TONEARM_MAX_AUDIO_HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u64).range(1..=8784))]
    pub max_audio_hours: u64,
    /// Origin of the page and the storage APIs, such as https://console.example.com, if it is not that of the links
    /// (`public-url`): each is then answered at its own alone
    #[arg(long, value_name = "URL", env = "TONEARM_PAGE_ORIGIN")]
    pub page_origin: Option<PageOrigin>,
    /// Storage APIs that are on, parted by commas; what is off answers 404
    #[arg(long, value_name = "NAMES", env = "TONEARM_APIS", default_value_t = Apis::default())]
    pub apis: Apis,
    /// How long answers under way may take to finish after SIGTERM or SIGINT
    #[arg(long, value_name = "MS", env = "TONEARM_DRAIN_TIMEOUT_MS", default_value_t = 30_000)]
    pub drain_timeout_ms: u64,
    /// What is logged on stderr: error, warn, info, debug, or a filter such as `info,media=debug`
    #[arg(long, value_name = "FILTER", env = "TONEARM_LOG", default_value = "info")]
    pub log: Filter,
    /// How it is written: text, json (an object a line), or common (requests in the Combined Log Format)
    #[arg(long, value_name = "FORM", env = "TONEARM_LOG_FORMAT", default_value_t = LogFormat::default())]
    pub log_format: LogFormat,
    /// Collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318: a span for each stage of a link's answer
    // A user and a password may stand in it.
    #[arg(long, value_name = "URL", env = "TONEARM_OTLP", hide_env_values = true,
          value_parser = traces::base)]
    pub otlp: Option<String>,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub voipbin: Voipbin,
}
