//! What an object is called.

use crate::{Hash, InvalidHash};
use std::fmt;
use std::io;
use std::str::FromStr;

/// The name of a stored object: the hash of its bytes and, after a dot, 16 hex digits of chance. A name is used once
/// and never again, because then no race can mix up an object that comes with one of the same bytes that goes. Earlier
/// versions named objects by their hash alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    hash: Hash,
    nonce: Option<u64>,
}

/// Neither 64 lower-case hex digits nor these, a dot and 16 more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object's name is 64 lower-case hex digits, or these, a dot and 16 more")]
pub struct InvalidName;

impl ObjectName {
    /// A name that no object had before.
    ///
    /// # Errors
    /// If the system has no chance to give.
    pub fn fresh(hash: Hash) -> io::Result<Self> {
        let nonce = getrandom::u64().map_err(io::Error::other)?;
        Ok(Self { hash, nonce: Some(nonce) })
    }

    /// The hash of the object's bytes.
    #[must_use]
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    pub(crate) fn nonce(&self) -> Option<u64> {
        self.nonce
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash.fmt(f)?;
        self.nonce.map_or(Ok(()), |nonce| write!(f, ".{nonce:016x}"))
    }
}

impl FromStr for ObjectName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (hash, nonce) = match text.split_once('.') {
            Some((hash, nonce)) => (hash, Some(nonce)),
            None => (text, None),
        };
        let hash = hash.parse().map_err(|InvalidHash| InvalidName)?;
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let nonce = nonce.map(|digits| match digits.len() == 16 && digits.bytes().all(is_hex) {
            true => u64::from_str_radix(digits, 16).map_err(|_| InvalidName),
            false => Err(InvalidName),
        });
        Ok(Self { hash, nonce: nonce.transpose()? })
    }
}
