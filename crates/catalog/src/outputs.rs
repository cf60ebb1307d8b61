//! What was learned of outputs: layouts and encoder states. Both can be made again, so there is an end to
//! them: they go with their content and, once there are [`OUTPUTS_BYTES`] of them, those of the outputs
//! registered first go first.

use crate::column::values;
use crate::sql::Db;
use crate::{Catalog, Error};
use std::ops::ControlFlow;

/// Bytes that all of it may take: whoever has a link can have ever new outputs made by asking for other
/// clips. An hour of telephone speech takes 9 KB as FLAC, 115 KB as MP4 and 230 KB as G.722.
pub const OUTPUTS_BYTES: u64 = 256 << 20;

/// What an output takes beside its bytes: its row and its entries in the indexes.
const ROW_BYTES: u64 = 256;

/// A layout as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLayout {
    /// The bytes before the first segment.
    pub header: Vec<u8>,
    /// Offset of each segment, and of the end.
    pub offsets: Vec<u64>,
}

impl Catalog {
    /// The layout learned for a representation.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn layout(&self, key: &str) -> Result<Option<StoredLayout>, Error> {
        let sql =
            "SELECT header, offsets FROM outputs JOIN output_layouts USING (output) WHERE key = ?";
        self.read_one(sql, values![key], |row| {
            let packed: Vec<u8> = row.take(1)?;
            let offsets = packed.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
            Ok(StoredLayout { header: row.take(0)?, offsets: offsets.collect() })
        })
        .await
    }

    /// Keeps the layout learned for a representation of a content, in the place of an earlier one; but not
    /// if the content is gone, nor if it is larger than [`OUTPUTS_BYTES`].
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_layout(
        &self,
        key: &str,
        content_id: &str,
        layout: StoredLayout,
    ) -> Result<(), Error> {
        let (key, content) = (key.to_owned(), content_id.to_owned());
        let offsets: Vec<u8> = layout.offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
        self.write(move |db| {
            db.lock_contents([&*content])?;
            db.execute("DELETE FROM outputs WHERE key = ?", &values![&key])?;
            let Some(output) = register(db, &key, &content)? else { return Ok(()) };
            let sql = "INSERT INTO output_layouts (output, header, offsets) VALUES (?, ?, ?)";
            db.execute(sql, &values![output, layout.header, offsets])?;
            count(db, output, layout.header.len() + offsets.len())
        })
        .await
    }

    /// The encoder states kept for a representation: those at the starts of segments 1, 2, 3, … up to the
    /// first that is missing. Behind it there may be more, if a write in between failed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn checkpoints(&self, key: &str) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let key = key.to_owned();
        self.read(move |db| {
            let sql = "SELECT segment, state FROM outputs JOIN output_checkpoints USING (output)
                WHERE key = ? ORDER BY segment";
            let mut states: Vec<(u32, Vec<u8>)> = Vec::new();
            db.each(sql, &values![key], |row| {
                let segment = row.take(0)?;
                if segment as usize != states.len() + 1 {
                    return Ok(ControlFlow::Break(()));
                }
                states.push((segment, row.take(1)?));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(states)
        })
        .await
    }

    /// Keeps encoder states of a representation of a content, at the starts of segments; one that is there
    /// already stays. If the content is gone, or they are more than [`OUTPUTS_BYTES`], none are kept.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_checkpoints(
        &self,
        key: &str,
        content_id: &str,
        states: Vec<(u32, Vec<u8>)>,
    ) -> Result<(), Error> {
        let (key, content) = (key.to_owned(), content_id.to_owned());
        self.write(move |db| {
            db.lock_contents([&*content])?;
            let Some(output) = register(db, &key, &content)? else { return Ok(()) };
            let sql = "INSERT INTO output_checkpoints (output, segment, state) VALUES (?, ?, ?)
                ON CONFLICT (output, segment) DO NOTHING";
            let mut added = 0;
            for (segment, state) in states {
                let bytes = state.len();
                added += db.execute(sql, &values![output, segment, state])? as usize * bytes;
            }
            count(db, output, added)
        })
        .await
    }
}

/// The number of an output, a new one if it has none; `None` if its content is gone.
fn register(db: &Db, key: &str, content_id: &str) -> Result<Option<i64>, Error> {
    let sql = "INSERT INTO outputs (key, content_hash, length_bytes)
        SELECT ?1, content_hash, ?3 FROM contents WHERE content_hash = ?2 ON CONFLICT (key) DO NOTHING";
    db.execute(sql, &values![key, content_id, ROW_BYTES as i64])?;
    db.value("SELECT output FROM outputs WHERE key = ?", &values![key])
}

/// Counts bytes that were added to an output. If it alone is too large now, it goes; else those registered
/// first go until the rest is not.
fn count(db: &Db, output: i64, added_bytes: usize) -> Result<(), Error> {
    let most = OUTPUTS_BYTES as i64;
    let sql = "UPDATE outputs SET length_bytes = length_bytes + ?2 WHERE output = ?1";
    db.execute(sql, &values![output, added_bytes as i64])?;
    let sql = "DELETE FROM outputs WHERE output = ?1 AND length_bytes > ?2";
    db.execute(sql, &values![output, most])?;
    let sql = format!(
        "DELETE FROM outputs WHERE output = (SELECT output FROM outputs ORDER BY output LIMIT 1 {})",
        db.skip_locked()
    );
    while total(db)? > most && db.execute(&sql, &[])? > 0 {}
    Ok(())
}

fn total(db: &Db) -> Result<i64, Error> {
    Ok(db.value("SELECT length_bytes FROM outputs_total", &[])?.unwrap_or(0))
}
