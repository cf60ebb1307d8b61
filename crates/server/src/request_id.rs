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
static PROCESS: LazyLock<u64> = LazyLock::new(|| Uuid::new_v4().as_u64_pair().0);
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// The name of a request.
pub fn of(headers: &HeaderMap) -> HeaderValue {
    let is_sane = |value: &&HeaderValue| {
        let text = value.as_bytes();
        matches!(text.len(), 1..=MAX_BYTES) && text.iter().all(u8::is_ascii_graphic)
    };
    headers.get(X_REQUEST_ID).filter(is_sane).cloned().unwrap_or_else(|| {
        let name = format!("{:016x}-{:x}", *PROCESS, GIVEN.fetch_add(1, Relaxed));
        HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("-"))
    })
}
