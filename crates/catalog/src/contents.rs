//! Contents: what files refer to. Kept as long as one does.
//!
//! A content is bytes and how they are read, so several may have one blob: it goes with the last of them (`blobs.rs`).

use crate::Error;
use crate::column::values;
use crate::sql::Db;

/// The id of a content, which is what every `content_hash` holds: the hash of the bytes in hex or, where
/// they don't say themselves what they are, the hash, a dot and what they are `read_as` (`ulaw`, `alaw`,
/// `g722`). Earlier versions kept those, too, under the hash alone.
#[must_use]
pub fn content_id(hash: &str, read_as: Option<&str>) -> String {
    read_as.map_or_else(|| hash.to_owned(), |codec| format!("{hash}.{codec}"))
}

/// The address of a content's blob, hex: its id up to the dot.
#[must_use]
pub fn blob_address(content_id: &str) -> &str {
    content_id.split_once('.').map_or(content_id, |(hash, _)| hash)
}

/// That a content's blob has the address ?1. In a form that the index answers: `/` comes after `.`.
pub(crate) const HAS_ADDRESS: &str = "content_hash >= ?1 AND content_hash < ?1 || '/'";

/// A content as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRow {
    /// Its id ([`content_id`]).
    pub content_hash: String,
    /// Its length.
    pub length_bytes: u64,
    /// Its facts, JSON.
    pub facts: Option<String>,
    /// Why it has none.
    pub probe_error: Option<String>,
    /// The demuxer's own index.
    pub seek_index: Vec<u8>,
    /// The revision of the probe that found all this.
    pub probe_revision: u32,
    /// When it was stored first, by whomever.
    pub stored_at_ms: i64,
}

impl ContentRow {
    /// Content that is there already stays as it is, but facts that were not found then (MP3 that is known
    /// by its name alone) are added: whether they were, and so all files of the content changed.
    pub(crate) fn keep(&self, db: &Db) -> Result<bool, Error> {
        let sql =
            "UPDATE contents SET facts = ?2, probe_error = ?3, seek_index = ?4, probe_revision = ?5
            WHERE content_hash = ?1 AND facts IS NULL AND CAST(?2 AS TEXT) IS NOT NULL";
        let found = values![
            self.content_hash,
            self.facts,
            self.probe_error,
            self.seek_index,
            self.probe_revision
        ];
        if db.execute(sql, &found)? > 0 {
            return Ok(true);
        }
        let sql = "INSERT INTO contents
            (content_hash, length_bytes, facts, probe_error, seek_index, stored_at, probe_revision)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (content_hash) DO NOTHING";
        let row = values![
            self.content_hash,
            self.length_bytes,
            self.facts,
            self.probe_error,
            self.seek_index,
            self.stored_at_ms,
            self.probe_revision
        ];
        db.execute(sql, &row)?;
        Ok(false)
    }
}
