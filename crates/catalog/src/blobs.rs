//! Where bytes lie: the object that holds them, as long as a file has them, and the leftovers that are to go.
//!
//! Bytes are put into the store before the transaction that refers to them, and removed after the one that ends that.
//! Here is only told which object that is. A reference and the leftover of its object change in one transaction, so no
//! object is both.

use crate::contents::HAS_ADDRESS;
use crate::{Catalog, ContentRow, Error, blob_address};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Bytes of a file that are in the store already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContent {
    /// Their row.
    pub row: ContentRow,
    /// The object that holds them; no content had it before.
    pub object: Object,
    /// Whether it was [announced](Catalog::announce): the leftover goes with the reference that comes.
    pub is_announced: bool,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The sid of the container in whose bucket it lies; empty for the server's own store.
    pub store: String,
    /// Its name.
    pub name: String,
    /// The ETag that the store gave it, if it gives such.
    pub e_tag: Option<String>,
}

/// An object that nothing refers to any more. Once somebody has taken it to remove it, no content can be kept in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The sid of the container in whose bucket it lies; empty for the server's own store.
    pub store: String,
    /// The object's name.
    pub object: String,
    /// The multipart upload by which it came, if it came by one.
    pub upload: Option<String>,
}

/// Since when nothing refers to what is to go, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftSince {
    /// In the server's own store.
    pub own_ms: i64,
    /// In the buckets of containers; no later than in the server's own store.
    pub external_ms: i64,
}

fn leftover(row: &Row<'_>) -> rusqlite::Result<Leftover> {
    Ok(Leftover { store: row.get(0)?, object: row.get(1)?, upload: row.get(2)? })
}

/// The time, Unix milliseconds: since then nothing refers to a leftover.
const NOW_MS: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

impl NewContent {
    /// From now on the object holds the content's bytes. One that held the same bytes so far is `left`: so whatever
    /// became of it, the bytes are whole again. Returns whether more is known of the content now.
    pub(crate) fn keep(&self, db: &Connection, left: &mut Left) -> rusqlite::Result<bool> {
        let hash = blob_address(&self.row.content_hash);
        let Object { store, name, e_tag } = &self.object;
        let sql = "DELETE FROM blobs WHERE store = ? AND hash = ? RETURNING object";
        let mut replaced = db.prepare_cached(sql)?;
        let replaced = replaced.query_row(params![store, hash], |row| row.get(0)).optional()?;
        replaced.map_or(Ok(()), |object| left.add(db, store, object))?;
        let sql =
            "INSERT INTO blobs (object, store, hash, length_bytes, e_tag) VALUES (?, ?, ?, ?, ?)";
        let length = i64::try_from(self.row.length_bytes).unwrap_or(i64::MAX);
        db.prepare_cached(sql)?.execute(params![name, store, hash, length, e_tag])?;
        if self.is_announced {
            // No row is an error that rolls all back: the object is being removed.
            let sql = "DELETE FROM leftovers WHERE object = ? AND taken = 0 RETURNING object";
            db.prepare_cached(sql)?.query_row([name], |_| Ok(()))?;
        }
        self.row.keep(db)
    }
}

/// The objects that a transaction makes leftovers. Whoever runs it removes them; what comes in between, a sweep.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left(pub Vec<Leftover>);

impl Left {
    fn add(&mut self, db: &Connection, store: &str, object: String) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT INTO leftovers (object, store, due_at) VALUES (?, ?, {NOW_MS})
             ON CONFLICT (object) DO UPDATE SET due_at = excluded.due_at"
        );
        db.prepare_cached(&sql)?.execute([&*object, store])?;
        self.0.push(Leftover { store: store.to_owned(), object, upload: None });
        Ok(())
    }

    /// Forgets a content that no file has, and what was learned of its outputs; with the last file of a store that has
    /// its bytes their object there is left.
    pub(crate) fn forget(
        &mut self,
        db: &Connection,
        store: &str,
        content_id: &str,
    ) -> rusqlite::Result<()> {
        let sql = "DELETE FROM contents WHERE content_hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE content_hash = ?1)";
        db.prepare_cached(sql)?.execute([content_id])?;
        let sql = format!(
            "DELETE FROM blobs WHERE store = ?2 AND hash = ?1
            AND NOT EXISTS (SELECT 1 FROM files WHERE store = ?2 AND {HAS_ADDRESS}) RETURNING object"
        );
        let mut unreferenced = db.prepare_cached(&sql)?;
        let object = unreferenced.query_row([blob_address(content_id), store], |row| row.get(0));
        object.optional()?.map_or(Ok(()), |object| self.add(db, store, object))
    }
}

impl Catalog {
    /// The object that holds a content's bytes in a store, if the content is there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn object_of(&self, store: &str, content_id: &str) -> Result<Option<Object>, Error> {
        let sql = "SELECT store, object, e_tag FROM blobs WHERE store = ? AND hash = ?";
        let object = |row: &Row<'_>| {
            Ok(Object { store: row.get(0)?, name: row.get(1)?, e_tag: row.get(2)? })
        };
        let parameters = vec![store.to_owned(), blob_address(content_id).to_owned()];
        self.read_one(sql, parameters, object).await
    }
    /// Notes an object before it is put: a leftover from then on, Unix milliseconds, unless a content is kept in it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn announce(
        &self,
        store: String,
        object: String,
        due_at_ms: i64,
    ) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "INSERT INTO leftovers (object, store, due_at) VALUES (?, ?, ?)";
            db.prepare_cached(sql)?.execute(params![object, store, due_at_ms])?;
            Ok(())
        })
        .await
    }

    /// Notes the multipart upload by which an announced object comes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn announce_upload(&self, object: String, upload: String) -> Result<(), Error> {
        self.write(move |db| {
            let sql = "UPDATE leftovers SET upload = ? WHERE object = ?";
            db.prepare_cached(sql)?.execute([upload, object])?;
            Ok(())
        })
        .await
    }

    /// At most so many of the objects of the server's own store that hold contents, in the order of their names,
    /// behind this one; each with its length in bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn objects_after(
        &self,
        object: String,
        max: u32,
    ) -> Result<Vec<(String, u64)>, Error> {
        self.scan(move |db| {
            let sql = "SELECT object, length_bytes FROM blobs WHERE object > ? AND store = ''
                ORDER BY object LIMIT ?";
            let mut query = db.prepare_cached(sql)?;
            let object_row =
                |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()));
            let objects = query.query_map(params![object, max], object_row)?;
            Ok(objects.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Whether anything is stored in the server's own store.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn has_objects(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM blobs WHERE store = '')";
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
    pub async fn leave(&self, store: String, object: String) -> Result<Left, Error> {
        self.write(move |db| {
            let mut left = Left::default();
            let mut kept = db.prepare_cached("SELECT 1 FROM blobs WHERE object = ?")?;
            if !kept.exists([&object])? {
                left.add(db, &store, object)?;
            }
            Ok(left)
        })
        .await
    }

    /// Takes at most so many of the leftovers that nothing has referred to for long enough, the longest left first.
    /// They are due again at `again_ms`, in case whoever took them fails.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn take_leftovers(
        &self,
        left: LeftSince,
        again_ms: i64,
        max: u32,
    ) -> Result<Vec<Leftover>, Error> {
        self.write(move |db| {
            let sql = "UPDATE leftovers SET taken = 1, due_at = ?3 WHERE object IN
                (SELECT object FROM leftovers WHERE due_at <= ?1 AND (store = '' OR due_at <= ?2)
                 ORDER BY due_at LIMIT ?4) RETURNING store, object, upload";
            let mut take = db.prepare_cached(sql)?;
            let LeftSince { own_ms, external_ms } = left;
            let taken = take.query_map(params![own_ms, external_ms, again_ms, max], leftover)?;
            Ok(taken.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Takes all leftovers of a store, due or not.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn take_all_leftovers(&self, store: String) -> Result<Vec<Leftover>, Error> {
        self.write(move |db| {
            let sql =
                "UPDATE leftovers SET taken = 1 WHERE store = ? RETURNING store, object, upload";
            let mut take = db.prepare_cached(sql)?;
            let taken = take.query_map([store], leftover)?;
            Ok(taken.collect::<Result<_, _>>()?)
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
