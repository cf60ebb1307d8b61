//! What was learned of outputs: layouts and encoder states. Both can be made again.

use crate::{Catalog, Error};
use rusqlite::params;

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
        let sql = "SELECT header, offsets FROM output_layouts WHERE key = ?";
        self.read_one(sql, vec![key.to_owned()], |row| {
            let packed: Vec<u8> = row.get(1)?;
            let offsets = packed.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
            Ok(StoredLayout { header: row.get(0)?, offsets: offsets.collect() })
        })
        .await
    }

    /// Keeps a learned layout.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_layout(&self, key: &str, layout: StoredLayout) -> Result<(), Error> {
        let key = key.to_owned();
        let offsets: Vec<u8> = layout.offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
        self.write(move |db| {
            let sql =
                "INSERT OR REPLACE INTO output_layouts (key, header, offsets) VALUES (?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![key, layout.header, offsets])?;
            Ok(())
        })
        .await
    }

    /// The encoder states kept for a representation, by ascending segment.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn checkpoints(&self, key: &str) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let key = key.to_owned();
        self.read(move |db| {
            let sql =
                "SELECT segment, state FROM output_checkpoints WHERE key = ? ORDER BY segment";
            let mut query = db.prepare_cached(sql)?;
            let rows = query.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Keeps encoder states.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_checkpoints(
        &self,
        key: &str,
        states: Vec<(u32, Vec<u8>)>,
    ) -> Result<(), Error> {
        let key = key.to_owned();
        self.write(move |db| {
            let sql =
                "INSERT OR REPLACE INTO output_checkpoints (key, segment, state) VALUES (?, ?, ?)";
            let mut insert = db.prepare_cached(sql)?;
            for (segment, state) in states {
                insert.execute(params![key, segment, state])?;
            }
            Ok(())
        })
        .await
    }
}
