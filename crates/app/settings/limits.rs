//! The settings that bound what clients may take.

use super::values::{byte_count, header_bytes, header_count};
use clap::Args;
use server::{BodyLimits, ConnectionLimits};
use std::num::NonZeroUsize;
use std::time::Duration;

/// What clients may take.
#[derive(Debug, Args)]
pub struct Limits {
    /// Connections at a time, with requests that share one of HTTP/2, as `ulimit -n` allows; more are answered 503
    #[arg(long, value_name = "N", env = "TONEARM_MAX_CONNECTIONS", default_value_t = 10_000)]
    pub max_connections: usize,
    /// The same from one address (IPv6: from one /64 network); more are answered 503
    #[arg(
        long,
        value_name = "N",
        env = "TONEARM_MAX_CONNECTIONS_PER_ADDRESS",
        default_value_t = 1024
    )]
    pub max_connections_per_address: usize,
    /// Bytes that a request's head may have; more are answered 431
    #[arg(long, value_name = "N", env = "TONEARM_MAX_HEADER_BYTES", default_value = "16KiB",
          value_parser = header_bytes)]
    pub max_header_bytes: usize,
    /// Headers that a request may have; more are answered 431
    #[arg(long, value_name = "N", env = "TONEARM_MAX_HEADERS", default_value = "100",
          value_parser = header_count)]
    pub max_headers: usize,
    /// How long a request's head may take from its first byte on; then it is answered 408
    #[arg(long, value_name = "MS", env = "TONEARM_HEADER_TIMEOUT_MS", default_value_t = 30_000)]
    pub header_timeout_ms: u64,
    /// How long a connection may rest between requests; then it is closed
    #[arg(long, value_name = "MS", env = "TONEARM_IDLE_TIMEOUT_MS", default_value_t = 75_000)]
    pub idle_timeout_ms: u64,
    /// A client that keeps an answer waiting must take `send-rate` within each such time, or is cut off
    #[arg(long, value_name = "MS", env = "TONEARM_SEND_TIMEOUT_MS", default_value_t = 60_000)]
    pub send_timeout_ms: u64,
    /// Bytes a second that a client must take; 0 lets it wait for ever
    #[arg(long, value_name = "N", env = "TONEARM_SEND_RATE", default_value_t = 128)]
    pub send_rate: u64,
    /// Bytes that an upload may have; more are answered 413
    #[arg(long, value_name = "N", env = "TONEARM_UPLOAD_BYTES", default_value = "4GiB",
          value_parser = byte_count)]
    pub upload_bytes: u64,
    /// How long an upload may stand still; then it is answered 408
    #[arg(long, value_name = "MS", env = "TONEARM_UPLOAD_TIMEOUT_MS", default_value_t = 30_000)]
    pub upload_timeout_ms: u64,
    /// Bytes a second that an upload must bring within each such time; else it is answered 408
    #[arg(long, value_name = "N", env = "TONEARM_UPLOAD_RATE", default_value_t = 128)]
    pub upload_rate: u64,
    /// Published links that are kept ready, each with its file open
    #[arg(long, value_name = "N", env = "TONEARM_OPEN_LINKS", default_value = "1024")]
    pub open_links: NonZeroUsize,
}

impl Limits {
    /// Those of connections.
    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
            header_timeout: Duration::from_millis(self.header_timeout_ms),
            idle_timeout: Duration::from_millis(self.idle_timeout_ms),
            send_timeout: Duration::from_millis(self.send_timeout_ms),
            send_rate: self.send_rate,
        }
    }

    /// Those of requests' bodies.
    pub fn bodies(&self) -> BodyLimits {
        BodyLimits {
            max_bytes: self.upload_bytes,
            stall_timeout: Duration::from_millis(self.upload_timeout_ms),
            min_rate: self.upload_rate,
        }
    }
}

/// Descriptors that the catalog, the output cache, the runtimes, and clients being refused need.
const RESERVED: usize = 640;

/// Has connections and open links make do with the descriptors that the system allows, and says so in the log:
/// connections that only rest must not keep files from being opened.
pub fn fit(config: &mut server::Config, descriptors: u64) {
    let descriptors = usize::try_from(descriptors).unwrap_or(usize::MAX);
    let most_links = NonZeroUsize::new(descriptors / 8).unwrap_or(NonZeroUsize::MIN);
    let links = config.publish.open_links.min(most_links);
    config.publish.open_links = links;
    // A connection may need a second one, for the file that it reads or writes.
    let reserved = RESERVED.min(descriptors * 5 / 8);
    let room = descriptors.saturating_sub(links.get() + reserved).min(descriptors / 2).max(1);
    let wanted = config.connections.max_connections;
    if room < wanted {
        tracing::warn!(
            "at most {room} connections instead of {wanted}: the system allows {descriptors} open files (ulimit -n)"
        );
        config.connections.max_connections = room;
    }
}
