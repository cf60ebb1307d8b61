//! Contents: what files refer to. Kept as long as one does.
//!
//! A content is bytes and how they are read, so several may have one blob: it goes with the last of them.
//!
//! The blob appears and goes within the transaction that decides it, so a new file of the same
//! content and the deletion of the last old one can't cross: one comes wholly before the other.

use crate::{Catalog, Error};
use rusqlite::{Connection, params};

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
    /// When it was stored first, by whomever.
    pub stored_at_ms: i64,
}

impl ContentRow {
    /// Content that is there already stays as it is, but facts that were not found then (MP3 that is known
    /// by its name alone) are added: whether they were, and so all files of the content changed.
    pub(crate) fn keep(&self, db: &Connection) -> rusqlite::Result<bool> {
        let sql = "UPDATE contents SET facts = ?2, probe_error = ?3, seek_index = ?4
            WHERE content_hash = ?1 AND facts IS NULL AND ?2 IS NOT NULL";
        let found = params![self.content_hash, self.facts, self.probe_error, self.seek_index];
        if db.prepare_cached(sql)?.execute(found)? > 0 {
            return Ok(true);
        }
        let sql = "INSERT INTO contents (content_hash, length_bytes, facts, probe_error, seek_index, stored_at)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (content_hash) DO NOTHING";
        let length = i64::try_from(self.length_bytes).unwrap_or(i64::MAX);
        db.prepare_cached(sql)?.execute(params![
            self.content_hash,
            length,
            self.facts,
            self.probe_error,
            self.seek_index,
            self.stored_at_ms
        ])?;
        Ok(false)
    }
}

impl Catalog {
    /// Whether anything is stored.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_contents(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM contents)";
        Ok(self.read_one(sql, Vec::new(), |row| row.get(0)).await?.unwrap_or(false))
    }

    /// The contents that no file refers to; a crash between a deletion and its end leaves such.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn unreferenced(&self) -> Result<Vec<String>, Error> {
        self.scan(|db| {
            let sql = "SELECT content_hash FROM contents n WHERE NOT EXISTS
                (SELECT 1 FROM files f WHERE f.content_hash = n.content_hash)";
            let mut query = db.prepare_cached(sql)?;
            let hashes = query.query_map([], |row| row.get(0))?;
            Ok(hashes.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Forgets those of these contents that no file refers to, and what was learned of their outputs.
    /// `remove` takes the blob at an address away once no content has it, and says whether it is gone: if
    /// not, its content stays and is [`Catalog::unreferenced`] from then on. Returns how many contents went.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn forget(
        &self,
        contents: Vec<String>,
        remove: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<u64, Error> {
        self.write(move |db| {
            let sql = "SELECT 1 FROM contents WHERE content_hash = ?1 AND NOT EXISTS
                (SELECT 1 FROM files WHERE content_hash = ?1)";
            let mut unreferenced = db.prepare_cached(sql)?;
            let shared =
                format!("SELECT 1 FROM contents WHERE {HAS_ADDRESS} AND content_hash <> ?2");
            let mut shared = db.prepare_cached(&shared)?;
            let mut delete = db.prepare_cached("DELETE FROM contents WHERE content_hash = ?")?;
            let mut gone = 0;
            for content in &contents {
                let address = blob_address(content);
                if unreferenced.exists([content])?
                    && (shared.exists([address, content])? || remove(address))
                {
                    gone += delete.execute([content])? as u64;
                }
            }
            Ok(gone)
        })
        .await
    }

    /// `remove`s the blobs at those of these addresses that no content has, and says whether they are gone.
    /// Returns how many went.
    ///
    /// No upload loses its blob by it. An upload puts its blob in place within the transaction that writes the
    /// content's row, and that holds the write lock from its beginning to its commit, as this one does: an upload
    /// that came before has its row here, one that comes after puts its blob in place anew.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn remove_strays(
        &self,
        addresses: Vec<String>,
        remove: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<u64, Error> {
        // Looked for without the lock first: as a rule there are none.
        let found = self.scan(move |db| strays(db, addresses)).await?;
        if found.is_empty() {
            return Ok(0);
        }
        self.write(move |db| {
            let still = strays(db, found)?;
            Ok(still.iter().filter(|address| remove(address)).count() as u64)
        })
        .await
    }
}

/// Those of these addresses that no content has.
fn strays(db: &Connection, addresses: Vec<String>) -> Result<Vec<String>, Error> {
    let sql = format!("SELECT 1 FROM contents WHERE {HAS_ADDRESS}");
    let mut kept = db.prepare_cached(&sql)?;
    let mut strays = Vec::new();
    for address in addresses {
        if !kept.exists([&address])? {
            strays.push(address);
        }
    }
    Ok(strays)
}
