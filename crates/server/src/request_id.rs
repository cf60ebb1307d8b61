//! What a request is called, in the log and by its client: the name that came with it, or one of our own.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use uuid::Uuid;

/// The header that holds it.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is taken.
const MAX_BYTES: usize = 128;

/// What the names of this process begin with, and how many it has given.
static PROCESS: LazyLock<String> =
    LazyLock::new(|| format!("{:016x}-", Uuid::new_v4().as_u64_pair().0));
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// The name of a request.
pub enum RequestId {
    /// That of its client, or of an API with rules of its own.
    Said(HeaderValue),
    /// The number that it has in this process, which is written where it is told.
    Own(u64),
}

impl RequestId {
    /// That of a request with these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let is_sane = |value: &&HeaderValue| {
            let text = value.as_bytes();
            matches!(text.len(), 1..=MAX_BYTES) && text.iter().all(u8::is_ascii_graphic)
        };
        match headers.get(X_REQUEST_ID).filter(is_sane) {
            Some(said) => Self::Said(said.clone()),
            None => Self::Own(GIVEN.fetch_add(1, Relaxed)),
        }
    }

    /// As the header says it.
    pub fn header(&self) -> HeaderValue {
        match self {
            Self::Said(value) => value.clone(),
            Self::Own(number) => {
                let mut text = Vec::with_capacity(PROCESS.len() + 20);
                write_own(&mut text, *number);
                HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("-"))
            }
        }
    }
}

/// Appends a name of our own to a text.
pub fn write_own(text: &mut Vec<u8>, number: u64) {
    text.extend_from_slice(PROCESS.as_bytes());
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
