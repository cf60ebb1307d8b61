//! Where bytes lie: the object that holds them, as long as a file has them, and the leftovers that are to go.
//!
//! Bytes are put into the store before the transaction that refers to them, and removed after the one that ends that.
//! Here is only told which object that is. A reference and the leftover of its object change in one transaction, so no
//! object is both.

use crate::contents::HAS_ADDRESS;
use crate::{Catalog, ContentRow, Error, blob_address};
use rusqlite::{Connection, OptionalExtension, params};

/// Bytes of a file that are in the store already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContent {
    /// Their row.
    pub row: ContentRow,
    /// The name of the object that holds them; no content had it before.
    pub object: String,
}

/// When a leftover of the server's own store is due: at once, because readers hold its file open.
const AT_ONCE_MS: i64 = 0;

impl NewContent {
    /// From now on the object holds the content's bytes. One that held the same bytes so far is `left`: so whatever
    /// became of it, the bytes are whole again. Returns whether more is known of the content now.
    pub(crate) fn keep(&self, db: &Connection, left: &mut Left) -> rusqlite::Result<bool> {
        let hash = blob_address(&self.row.content_hash);
        let mut replaced =
            db.prepare_cached("DELETE FROM blobs WHERE store = '' AND hash = ? RETURNING object")?;
        let replaced = replaced.query_row([hash], |row| row.get(0)).optional()?;
        replaced.map_or(Ok(()), |object| left.add(db, object))?;
        let sql = "INSERT INTO blobs (object, store, hash, length_bytes) VALUES (?, '', ?, ?)";
        let length = i64::try_from(self.row.length_bytes).unwrap_or(i64::MAX);
        db.prepare_cached(sql)?.execute(params![self.object, hash, length])?;
        self.row.keep(db)
    }
}

/// The objects that a transaction makes leftovers. Whoever runs it removes them; what comes in between, a sweep.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left(pub Vec<String>);

impl Left {
    fn add(&mut self, db: &Connection, object: String) -> rusqlite::Result<()> {
        let sql = "INSERT INTO leftovers (object, store, due_at) VALUES (?, '', ?)";
        db.prepare_cached(sql)?.execute(params![object, AT_ONCE_MS])?;
        self.0.push(object);
        Ok(())
    }

    /// Forgets a content that no file has, and what was learned of its outputs; with the last file of its bytes their
    /// object is left.
    pub(crate) fn forget(&mut self, db: &Connection, content_id: &str) -> rusqlite::Result<()> {
        let sql = "DELETE FROM contents WHERE content_hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE content_hash = ?1)";
        if db.prepare_cached(sql)?.execute([content_id])? == 0 {
            return Ok(());
        }
        let sql = format!(
            "DELETE FROM blobs WHERE store = '' AND hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE store = '' AND {HAS_ADDRESS}) RETURNING object"
        );
        let mut unreferenced = db.prepare_cached(&sql)?;
        let object = unreferenced.query_row([blob_address(content_id)], |row| row.get(0));
        object.optional()?.map_or(Ok(()), |object| self.add(db, object))
    }
}

impl Catalog {
    /// The object that holds a content's bytes, if the content is there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn object_of(&self, content_id: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT object FROM blobs WHERE store = '' AND hash = ?";
        self.read_one(sql, vec![blob_address(content_id).to_owned()], |row| row.get(0)).await
    }

    /// At most so many of the objects that hold contents, in the order of their names, behind this one.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn objects_after(&self, object: String, max: u32) -> Result<Vec<String>, Error> {
        self.scan(move |db| {
            let sql = "SELECT object FROM blobs WHERE object > ? ORDER BY object LIMIT ?";
            let mut query = db.prepare_cached(sql)?;
            let objects = query.query_map(params![object, max], |row| row.get(0))?;
            Ok(objects.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Whether anything is stored.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_objects(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blobs)";
        Ok(self.read_one(sql, Vec::new(), |row| row.get(0)).await?.unwrap_or(false))
    }

    /// Those of these objects of which the catalog knows nothing: they hold no content and are no leftovers.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn unknown_objects(&self, mut objects: Vec<String>) -> Result<Vec<String>, Error> {
        self.scan(move |db| {
            let sql = "SELECT 1 FROM blobs WHERE object = ?1
                UNION ALL SELECT 1 FROM leftovers WHERE object = ?1";
            let mut known = db.prepare_cached(sql)?;
            let mut failed = None;
            objects.retain(|object| match known.exists([object]) {
                Ok(known) => !known,
                Err(error) => {
                    failed = Some(error);
                    false
                }
            });
            failed.map_or(Ok(objects), |error| Err(error.into()))
        })
        .await
    }

    /// Makes an object a leftover unless it holds a content: the transaction that was to refer to it may have failed.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn leave(&self, object: String) -> Result<Left, Error> {
        self.write(move |db| {
            let mut left = Left::default();
            let mut kept = db.prepare_cached("SELECT 1 FROM blobs WHERE object = ?")?;
            if !kept.exists([&object])? {
                left.add(db, object)?;
            }
            Ok(left)
        })
        .await
    }

    /// At most so many of the leftovers that are due, those due first first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn leftovers(&self, now_ms: i64, max: u32) -> Result<Left, Error> {
        self.read(move |db| {
            let sql = "SELECT object FROM leftovers WHERE due_at <= ? ORDER BY due_at LIMIT ?";
            let mut query = db.prepare_cached(sql)?;
            let objects = query.query_map(params![now_ms, max], |row| row.get(0))?;
            Ok(Left(objects.collect::<Result<_, _>>()?))
        })
        .await
    }

    /// Leftovers that are gone are forgotten; others are due again later.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn settle_leftovers(
        &self,
        gone: Vec<String>,
        others: Vec<String>,
        due_at_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let mut forget = db.prepare_cached("DELETE FROM leftovers WHERE object = ?")?;
            for object in gone {
                forget.execute([object])?;
            }
            let sql = "UPDATE leftovers SET due_at = ?2 WHERE object = ?1";
            let mut put_off = db.prepare_cached(sql)?;
            for object in others {
                put_off.execute(params![object, due_at_ms])?;
            }
            Ok(())
        })
        .await
    }
}
