//! Signatures of published links (apis/publish/README.md §9): HMAC-SHA256 of the link's text, and when it ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::{self, Debug, Formatter};

/// A secret that links are signed with.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// Bytes that a secret has at least: those of the hash (RFC 2104 §3).
pub const SHORTEST_SECRET_BYTES: usize = 32;

impl Secret {
    /// A secret of these bytes; `None` if they are too few.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let long_enough = bytes.len() >= SHORTEST_SECRET_BYTES;
        long_enough.then(|| Hmac::new_from_slice(bytes).ok().map(Self)).flatten()
    }

    /// The signature of a text, base64url without padding.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.of(text).finalize().into_bytes())
    }

    /// Whether a signature is the text's. How long that takes tells nothing of the right one.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let decoded = URL_SAFE_NO_PAD.decode(signature);
        decoded.is_ok_and(|bytes| self.of(text).verify_slice(&bytes).is_ok())
    }

    fn of(&self, text: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(text)
    }
}

/// A secret is not for logs.
impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// When a link ends that is to live so long, in Unix seconds: rounded up to a whole window, so that what is
/// signed twice within one has the same end. A window of 0 rounds nothing.
#[must_use]
pub fn end(now_s: u64, life_s: u64, window_s: u64) -> u64 {
    let end = now_s.saturating_add(life_s);
    match window_s {
        0 => end,
        window => end.checked_next_multiple_of(window).unwrap_or(end),
    }
}

/// `exp` as a number of Unix seconds: digits alone.
#[must_use]
pub fn expiry(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
